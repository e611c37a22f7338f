//! Foreign text made harmless: what comes from a repository must not steer a terminal or a log.
//! Knows nothing of where the text goes.

/// Control, bidirectional and invisible characters as `\u{..}`; everything else as it is. Line
/// breaks too: use [`lines`] for text that may have several lines.
///
/// ```
/// assert_eq!(tidegate::report::sanitise::line("a\u{1b}[2J"), "a\\u{1b}[2J");
/// ```
#[must_use]
pub fn line(text: &str) -> String {
    text.chars().fold(String::new(), |mut clean, c| {
        if is_harmful(c) {
            clean.extend(c.escape_unicode());
        } else {
            clean.push(c);
        }
        clean
    })
}

/// As [`line()`], but line breaks stay.
#[must_use]
pub fn lines(text: &str) -> String {
    text.split('\n')
        .map(|text| line(text.strip_suffix('\r').unwrap_or(text)))
        .collect::<Vec<_>>()
        .join("\n")
}

/// As [`lines`], with as many `?` as the character has bytes, so that spans stay right.
#[must_use]
pub fn same_length(text: &str) -> String {
    text.chars().fold(String::new(), |mut clean, c| {
        if c == '\n' || !is_harmful(c) {
            clean.push(c);
        } else if c == '\t' || c == '\r' {
            clean.push(' ');
        } else {
            clean.extend(std::iter::repeat_n('?', c.len_utf8()));
        }
        clean
    })
}

fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nothing_harmful_is_left(text in any::<String>()) {
            prop_assert!(!line(&text).chars().any(is_harmful));
            prop_assert!(!lines(&text).chars().any(|c| c != '\n' && is_harmful(c)));
            let drawn = same_length(&text);
            prop_assert_eq!(drawn.len(), text.len());
            prop_assert!(!drawn.chars().any(|c| c != '\n' && is_harmful(c)));
        }
    }
}
