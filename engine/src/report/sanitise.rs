//! Foreign text made harmless: what comes from a repository must not steer a terminal or a log.
//! Knows nothing of where the text goes.

use crate::model::{abridged, is_harmful};

/// Control, bidirectional and invisible characters as `\u{..}`, line breaks and tabs as `\n`, `\r` and `\t`;
/// everything else as it is. Use [`lines`] for text that may have several lines.
///
/// ```
/// assert_eq!(tidegate::report::sanitise::line("a\u{1b}[2J\n"), "a\\u{1b}[2J\\n");
/// ```
#[must_use]
pub fn line(text: &str) -> String {
    text.chars().fold(String::new(), |mut clean, c| {
        match c {
            '\n' | '\r' | '\t' => clean.extend(c.escape_default()),
            c if is_harmful(c) => clean.extend(c.escape_unicode()),
            c => clean.push(c),
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

/// As [`lines`], but tabs stay: in YAML a `\t` would be another text, or none.
#[must_use]
pub fn manifest(text: &str) -> String {
    let rows = text.split('\n').map(|row| {
        let row = row.strip_suffix('\r').unwrap_or(row);
        row.split('\t').map(line).collect::<Vec<_>>().join("\t")
    });
    rows.collect::<Vec<_>>().join("\n")
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

/// One line of at most `most` characters of `text`; where it is longer, both its ends and how long it is.
#[must_use]
pub fn short(text: &str, most: usize) -> String {
    line(&abridged(text, most))
}

/// The text of a JSON document with the same values, in which nothing is invisible, and nothing that
/// a runner of GitHub takes for a command.
#[must_use]
pub fn json(text: &str) -> String {
    let text = text.replace("##[", "##\\u005b");
    let mut clean = String::with_capacity(text.len());
    let mut from = 0;
    let harmful = |(_, c): &(usize, char)| *c != '\n' && is_harmful(*c);
    for (at, c) in text.char_indices().filter(harmful) {
        clean.push_str(text.get(from..at).unwrap_or_default());
        let mut units = [0; 2];
        for unit in c.encode_utf16(&mut units) {
            clean.push_str(&format!("\\u{unit:04x}"));
        }
        from = at + c.len_utf8();
    }
    clean.push_str(text.get(from..).unwrap_or_default());
    clean
}

/// The same rows, none of which a runner of GitHub takes for a command.
#[must_use]
pub fn inert(text: &str) -> String {
    if !text.contains("::") && !text.contains("##[") {
        return text.to_owned();
    }
    let rows = text.split('\n').map(|row| {
        let row = row.replace("##[", "##\\[");
        match row.trim_start() {
            command if command.starts_with("::") => {
                let blanks = row.get(..row.len() - command.len()).unwrap_or_default();
                format!("{blanks}\\{command}")
            }
            _ => row,
        }
    });
    rows.collect::<Vec<_>>().join("\n")
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
            prop_assert!(!manifest(&text).chars().any(|c| !"\n\t".contains(c) && is_harmful(c)));
            let drawn = same_length(&text);
            prop_assert_eq!(drawn.len(), text.len());
            prop_assert!(!drawn.chars().any(|c| c != '\n' && is_harmful(c)));
        }

        #[test]
        fn a_json_document_keeps_its_values(text in any::<String>()) {
            let value = serde_json::Value::String(format!("{text}##[group]\u{202e}\u{e0041}\u{7f}"));
            let clean = json(&value.to_string());
            prop_assert!(!clean.chars().any(is_harmful) && !clean.contains("##["));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&clean).unwrap(), value);
        }

        #[test]
        fn no_row_is_a_command(text in "[:# \\[\\n\\ta-c]{0,40}") {
            let clean = inert(&text);
            prop_assert!(!clean.lines().any(|row| row.trim_start().starts_with("::")));
            prop_assert!(!clean.contains("##["));
        }
    }

    #[test]
    fn a_manifest_keeps_its_tabs_and_lines() {
        let text = "a: 1\t\nb: |\n  \tc\u{200b}\u{1b}\n";
        assert_eq!(manifest(text), "a: 1\t\nb: |\n  \tc\\u{200b}\\u{1b}\n");
        assert_eq!(manifest("a: b\r\nc: \td\r\n"), "a: b\nc: \td\n");
    }

    #[test]
    fn a_long_text_says_how_long_it_is() {
        assert_eq!(short("abc", 3), "abc");
        assert_eq!(short("ab\ncdef", 4), "ab\\n\u{2026}(7 characters)\u{2026}f");
    }
}
