//! Long foreign text, shortened so that everybody sees that it is.
//! Knows nothing of where the text goes.

/// At most `most` characters of `text`: its beginning and its end where it is longer, and between
/// them how many characters it has.
///
/// ```
/// assert_eq!(tidegate::model::abridged("apps/odoo/web.yaml", 8), "apps/o…(18 characters)…ml");
/// ```
#[must_use]
pub fn abridged(text: &str, most: usize) -> String {
    let count = text.chars().count();
    if count <= most {
        return text.to_owned();
    }
    let tail = most / 4;
    let byte = |nth| {
        text.char_indices()
            .nth(nth)
            .map_or(text.len(), |(at, _)| at)
    };
    let head = text.get(..byte(most - tail)).unwrap_or_default();
    let tail = text.get(byte(count - tail)..).unwrap_or_default();
    format!("{head}\u{2026}({count} characters)\u{2026}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_keeps_its_ends_and_says_how_long_it_is() {
        assert_eq!(abridged("äöüß", 4), "äöüß");
        assert_eq!(abridged("äöüßé", 4), "äöü…(5 characters)…é");
        assert_eq!(abridged("abc", 1), "a…(3 characters)…");
        assert_eq!(abridged("", 0), "");
    }
}
