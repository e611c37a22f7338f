//! Expressions of GitHub that take secrets: whether they name which ones. Looks at no job.
//!
//! Source: GitHub, "Evaluate expressions in workflows and actions"; names of contexts and secrets have no case there.

/// Whether an expression in a text takes all secrets, or one by a name that is not written out: any may come.
pub(super) fn takes_any(text: &str) -> bool {
    text.split("${{").skip(1).any(|rest| {
        let words = words(rest);
        let all = words.iter().enumerate();
        let mut secrets = all.filter(|(at, word)| {
            let below = at.checked_sub(1).and_then(|before| words.get(before));
            below != Some(&Word::Sign('.')) && is_secrets(word)
        });
        secrets.any(|(at, _)| !is_named(words.get(at + 1..).unwrap_or_default()))
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Word<'t> {
    Name(&'t str),
    Text,
    Sign(char),
}

fn is_secrets(word: &Word<'_>) -> bool {
    matches!(word, Word::Name(name) if name.eq_ignore_ascii_case("secrets"))
}

/// Whether what follows names one: `.NAME` or `['NAME']`.
fn is_named(behind: &[Word<'_>]) -> bool {
    matches!(
        behind,
        [Word::Sign('.'), Word::Name(_), ..] | [Word::Sign('['), Word::Text, Word::Sign(']'), ..]
    )
}

/// The words of an expression, to its end.
fn words(text: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if rest.starts_with("}}") {
            break;
        }
        let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
        let length = match first {
            '\'' => {
                words.push(Word::Text);
                let inner = rest.get(1..).unwrap_or_default();
                inner.find('\'').map_or(rest.len(), |end| end + 2)
            }
            c if is_name(c) => {
                let end = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
                words.extend(rest.get(..end).map(Word::Name));
                end
            }
            c => {
                words.extend((!c.is_whitespace()).then_some(Word::Sign(c)));
                c.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_is_not_named_may_be_any() {
        for text in [
            "${{ toJSON(secrets) }}",
            "${{ toJSON( SECRETS ) }}",
            "${{ secrets }}",
            "${{ secrets.* }}",
            "${{ secrets[format('TIDEGATE_{0}', 'SIGNING_KEY')] }}",
            "${{ secrets[inputs.name] }}",
            "${{ secrets['A' || 'B'] }}",
            "${{ secrets['TIDEGATE''_SIGNING_KEY'] }}",
            "a ${{ github.sha }} b ${{ '}}' && secrets [ env.X ] }}",
            "${{ secrets",
        ] {
            assert!(takes_any(text), "{text}");
        }
        for text in [
            "",
            "secrets",
            "toJSON(secrets)",
            "${{ secrets.TOKEN }}",
            "${{ secrets . TOKEN }}",
            "${{ secrets['TOKEN'] }}",
            "${{ needs.one.outputs.secrets }}",
            "${{ 'secrets' }}",
            "${{ env.MY_secrets }} secrets",
        ] {
            assert!(!takes_any(text), "{text}");
        }
    }
}
