//! Names that look alike, or are one on some file systems. Knows single names and paths, no trees.

use unicode_normalization::{UnicodeNormalization as _, is_nfc};

use crate::model::RepoPath;

/// What two names share that are one file on a file system that ignores case or normalisation.
pub(super) fn folded(name: &str) -> String {
    let folded: String = name.nfd().collect();
    let folded = folded.to_uppercase().to_lowercase();
    folded.nfc().collect()
}

/// Why a path is not what it looks like, where that is so. Bytes that are no text look like nothing.
#[must_use]
pub fn misleads(path: &RepoPath) -> Option<&'static str> {
    let text = std::str::from_utf8(path.as_bytes()).ok()?;
    if text.chars().any(is_unseen) {
        return Some("it holds characters that are not seen or turn the others around");
    }
    if !is_nfc(text) {
        return Some("its letters are composed in an unusual way (not NFC)");
    }
    None
}

/// A path with all letters told apart: those that are not ASCII are written as `\u{301}`.
#[must_use]
pub fn escaped(path: &RepoPath) -> String {
    let text = path.to_string();
    let letters = text.chars().map(|c| match c.is_ascii() {
        true => c.to_string(),
        false => c.escape_unicode().to_string(),
    });
    letters.collect()
}

fn is_unseen(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_some_file_systems_take_for_one_fold_alike() {
        for (one, other) in [
            ("Prod", "prod"),
            ("caf\u{e9}", "cafe\u{301}"),
            ("CAF\u{c9}", "cafe\u{301}"),
            ("stra\u{df}e", "STRASSE"),
            ("\u{3a3}", "\u{3c2}"),
            ("\u{212b}", "a\u{30a}"),
        ] {
            assert_eq!(folded(one), folded(other), "{one} {other}");
        }
        for (one, other) in [("prod", "pr\u{43e}d"), ("a.yaml", "a\u{ff0e}yaml")] {
            assert_ne!(folded(one), folded(other), "{one} {other}");
        }
    }

    #[test]
    fn what_cannot_be_told_by_looking_misleads() {
        for path in ["a/caf\u{e9}.yaml", "a/\u{6f22}.yaml", "plain"] {
            assert_eq!(misleads(&path.into()), None, "{path}");
        }
        for path in ["a/cafe\u{301}.yaml", "a\u{202e}lmay.b", "a/x\u{200b}.yaml"] {
            assert!(misleads(&path.into()).is_some(), "{path}");
        }
        assert_eq!(misleads(&RepoPath::new(b"\xff".as_slice())), None);
    }
}
