//! Patterns of paths as Argo CD has them: `*`, `?` and `{a,b}`.
//! What its several matchers read in several ways is no pattern here.

/// Alternatives; each is letters and wildcards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    alternatives: Vec<Vec<Part>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Letter(char),
    One,
    Any,
}

/// What `/` is to a wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slash {
    /// A letter like any other.
    Plain,
    /// The end of a segment.
    Separates,
}

impl Pattern {
    /// `None` for classes, escapes, nested or open braces.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.contains(['[', ']', '\\']) || text.len() > LONGEST {
            return None;
        }
        let mut spelled = vec![String::new()];
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (inner, behind) = after.split_once('}')?;
            if inner.contains('{') || before.contains('}') {
                return None;
            }
            let each = |start: &String| {
                let start = format!("{start}{before}");
                inner
                    .split(',')
                    .map(move |one| format!("{start}{one}"))
                    .collect::<Vec<_>>()
            };
            spelled = spelled.iter().flat_map(each).collect();
            if spelled.len() > MOST {
                return None;
            }
            rest = behind;
        }
        if rest.contains('}') {
            return None;
        }
        let parts = |text: String| {
            let part = |c| match c {
                '*' => Part::Any,
                '?' => Part::One,
                c => Part::Letter(c),
            };
            text.chars().chain(rest.chars()).map(part).collect()
        };
        Some(Self {
            alternatives: spelled.into_iter().map(parts).collect(),
        })
    }

    /// As [`Self::parse`]; `None` too for what the matcher of Argo CD's folders, gobwas/glob 0.2.3, reads otherwise:
    /// alternatives that are empty or have wildcards, and an end that may begin within the beginning (`a*ab`).
    #[must_use]
    pub fn parse_of_folder(text: &str) -> Option<Self> {
        let mut inner = text
            .split('{')
            .skip(1)
            .filter_map(|rest| rest.split('}').next());
        let is_plain = |one: &str| !one.is_empty() && !one.contains(['*', '?']);
        if !inner.all(|inner| inner.split(',').all(is_plain)) {
            return None;
        }
        let pattern = Self::parse(text)?;
        let overlap = pattern.alternatives.iter().any(|parts| overlaps(parts));
        (!overlap).then_some(pattern)
    }

    /// Whether the whole path matches.
    #[must_use]
    pub fn matches(&self, path: &str, slash: Slash) -> bool {
        let path: Vec<char> = path.chars().collect();
        self.alternatives
            .iter()
            .any(|parts| matches(parts, &path, slash))
    }
}

/// Whether what stands before the first `*` may end as what stands behind the last one begins.
fn overlaps(parts: &[Part]) -> bool {
    let mut ends = parts.split(|part| *part == Part::Any);
    let (Some(before), Some(behind)) = (ends.next(), ends.next_back()) else {
        return false;
    };
    let may_be = |(a, b): (&Part, &Part)| a == b || *a == Part::One || *b == Part::One;
    (1..=before.len().min(behind.len())).any(|length| {
        let end = before.iter().skip(before.len() - length);
        end.zip(behind).all(may_be)
    })
}

/// The positions in the path that the parts so far can end at, part by part.
fn matches(parts: &[Part], path: &[char], slash: Slash) -> bool {
    let mut ends = vec![false; path.len() + 1];
    if let Some(first) = ends.first_mut() {
        *first = true;
    }
    for part in parts {
        let mut next = vec![false; path.len() + 1];
        let mut open = false;
        for (at, slot) in next.iter_mut().enumerate() {
            let here = ends.get(at).copied().unwrap_or_default();
            let before = at
                .checked_sub(1)
                .and_then(|at| Some((ends.get(at)?, path.get(at)?)));
            let wild = |c: char| slash == Slash::Plain || c != '/';
            *slot = match (part, before) {
                (Part::Any, before) => {
                    let goes_on = open && before.is_some_and(|(_, c)| wild(*c));
                    open = here || goes_on;
                    open
                }
                (Part::One, Some((ended, c))) => *ended && wild(*c),
                (Part::Letter(letter), Some((ended, c))) => *ended && letter == c,
                (_, None) => false,
            };
        }
        ends = next;
    }
    ends.last().copied().unwrap_or_default()
}

const LONGEST: usize = 1024;
const MOST: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_ends_at_a_slash_or_not() {
        let matches = |pattern: &str, path: &str, slash| {
            Pattern::parse(pattern).unwrap().matches(path, slash)
        };
        for (pattern, path, plain, separates) in [
            ("apps/*", "apps/web", true, true),
            ("apps/*", "apps/web/x", true, false),
            ("apps/*", "apps/", true, true),
            ("apps/*/x", "apps/a/b/x", true, false),
            ("*", "", true, true),
            ("a?c", "abc", true, true),
            ("a?c", "a/c", true, false),
            ("a?c", "ac", false, false),
            ("{a,b*}.yaml", "bx.yaml", true, true),
            ("{a,b}/{c,d}", "b/c", true, true),
            ("{a,b}/{c,d}", "b/e", false, false),
            ("**/x", "a/b/x", true, false),
            ("", "", true, true),
            ("", "a", false, false),
        ] {
            assert_eq!(
                matches(pattern, path, Slash::Plain),
                plain,
                "{pattern} {path}"
            );
            assert_eq!(
                matches(pattern, path, Slash::Separates),
                separates,
                "{pattern} {path}"
            );
        }
        for alike in [
            "*.yaml",
            "*.{yaml,yml}",
            "{test,prod}/*",
            "a*b",
            "*",
            "**/x",
            "{a,bc}.yaml",
        ] {
            assert!(Pattern::parse_of_folder(alike).is_some(), "{alike}");
        }
        for other in [
            "{test-*,example}.yaml",
            "*.yaml{,}",
            "{a,?}",
            "a*ab",
            "test*t.yaml",
            "a?*xb",
            "{b,ab}*b",
            "[a]",
        ] {
            assert!(Pattern::parse_of_folder(other).is_none(), "{other}");
        }
        for none in ["[a]", "a\\*", "{a", "a}", "{a{b}}"] {
            assert_eq!(Pattern::parse(none), None, "{none}");
        }
    }
}
