//! What the bytes of a file tell of the kinds it may hold, before it is parsed.
//! Knows nothing of how files are read; in doubt a file may hold anything.

use std::collections::BTreeSet;

use aho_corasick::AhoCorasick;

use crate::model::Digest;

/// Looks for the names of some kinds.
#[derive(Debug)]
pub(super) struct Hint {
    names: AhoCorasick,
    mark: String,
}

impl Hint {
    /// Looks for these kinds; `None` where that cannot be done.
    pub(super) fn of(kinds: &BTreeSet<&str>) -> Option<Self> {
        let all: Vec<&str> = kinds.iter().copied().collect();
        let digest = Digest::of(all.join("\n").as_bytes()).to_string();
        Some(Self {
            names: AhoCorasick::new(all.into_iter().chain(ESCAPES)).ok()?,
            mark: digest.get(..16)?.to_owned(),
        })
    }

    /// Whether a file of these bytes may hold such a kind: its name stands there, or may be spelt by
    /// an escape, or in an encoding of its own.
    pub(super) fn may_be_in(&self, bytes: &[u8]) -> bool {
        is_utf_16(bytes) || self.names.is_match(bytes)
    }

    /// The record of a file that holds none of these kinds and was not parsed; `before` is what was
    /// known of other kinds.
    pub(super) fn mark(&self, before: Option<&str>) -> String {
        let before = before.filter(|record| is_mark(record)).into_iter();
        let before = before.flat_map(|record| record.split(ABSENT));
        let others = before.filter(|mark| !mark.is_empty() && *mark != self.mark);
        let marks = std::iter::once(self.mark.as_str()).chain(others);
        let marks: Vec<&str> = marks.take(MARKS).collect();
        format!("{ABSENT}{}", marks.join(&ABSENT.to_string()))
    }

    /// Whether such a record is about these kinds.
    pub(super) fn is_in(&self, record: &str) -> bool {
        record.split(ABSENT).any(|mark| mark == self.mark)
    }
}

/// Whether a record says no more than that some kinds are not there.
pub(super) fn is_mark(record: &str) -> bool {
    record.starts_with(ABSENT)
}

pub(super) fn is_utf_16(bytes: &[u8]) -> bool {
    UTF_16.iter().any(|mark| bytes.starts_with(mark))
}

/// What may spell a letter or join two lines.
pub(super) const ESCAPES: [&str; 5] = ["\\x", "\\u", "\\U", "\\\n", "\\\r"];
const UTF_16: [&[u8]; 2] = [b"\xfe\xff", b"\xff\xfe"];
const ABSENT: char = '-';
/// So many sets of kinds are remembered of one file.
const MARKS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest;
    use crate::model::RepoPath;

    #[test]
    fn every_spelling_of_a_kind_is_noticed() {
        let hint = Hint::of(&BTreeSet::from(["Service", "LimitRange"])).unwrap();
        for kind in [
            "Service",
            "\"Service\"",
            "'Service'",
            "!!str Service",
            "\"Ser\\x76ice\"",
            "\"Ser\\u0076ice\"",
            "\"Ser\\\n  vice\"",
            "&a Service",
        ] {
            let text = format!("apiVersion: v1\nkind: {kind}\nmetadata: {{name: a}}\n");
            let file = manifest::read(&RepoPath::from("a.yaml"), text.as_bytes()).unwrap();
            assert_eq!(file.objects[0].reference.kind, "Service", "{kind}");
            assert!(hint.may_be_in(text.as_bytes()), "{kind}");
        }
        let list = "apiVersion: v1\nkind: ServiceList\nitems: [{metadata: {name: a}}]\n";
        assert!(hint.may_be_in(list.as_bytes()));
        assert!(!hint.may_be_in(b"apiVersion: apps/v1\nkind: Deployment\nargs: [\"a\\tb\"]\n"));
    }

    #[test]
    fn marks_of_different_kinds_differ() {
        let hint = |kinds: &[&str]| Hint::of(&kinds.iter().copied().collect()).unwrap();
        let mark = |kinds: &[&str]| hint(kinds).mark(None);
        assert!(is_mark(&mark(&["A"])));
        assert_eq!(mark(&["A", "B"]), mark(&["B", "A"]));
        assert_ne!(mark(&["A", "B"]), mark(&["A"]));
        assert_ne!(mark(&["A", "B"]), mark(&["AB"]));
        let both = hint(&["B"]).mark(Some(&mark(&["A"])));
        assert!(hint(&["A"]).is_in(&both) && hint(&["B"]).is_in(&both));
        assert!(!hint(&["A", "B"]).is_in(&both));
        assert_eq!(hint(&["B"]).mark(Some(&both)), both);
    }
}
