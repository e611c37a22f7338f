//! The change sets of a script for Liquibase, by its comments.
//! Knows nothing of what their statements do.

use std::collections::BTreeMap;

use super::split::split;

/// A change set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ChangeSet {
    /// `author:id`.
    pub(super) id: String,
    /// How many statements of the script stand before it.
    pub(super) before: usize,
    /// Whether Liquibase runs it in a transaction.
    pub(super) wrapped: bool,
    /// Whether it runs again where it changes.
    pub(super) again: bool,
    /// What it says of being taken back.
    pub(super) rollback: Option<String>,
}

/// The change sets of a script, in its order.
pub(super) fn change_sets(text: &str) -> Vec<ChangeSet> {
    let mut sets: Vec<ChangeSet> = Vec::new();
    for comment in split(text).comments {
        let said = comment.text.trim_start_matches('-').trim();
        let (word, rest) = said.split_once(char::is_whitespace).unwrap_or((said, ""));
        match word.to_lowercase().as_str() {
            "changeset" => sets.push(set(rest.trim(), comment.before)),
            "rollback" => {
                if let Some(set) = sets.last_mut() {
                    let whole = set.rollback.get_or_insert_default();
                    whole.push_str(rest);
                    whole.push('\n');
                }
            }
            _ => {}
        }
    }
    sets
}

fn set(rest: &str, before: usize) -> ChangeSet {
    let mut words = rest.split_whitespace();
    let id = words.next().unwrap_or_default().to_owned();
    let attributes = words.filter_map(|word| word.split_once(':'));
    let attributes: BTreeMap<String, &str> = attributes
        .map(|(key, value)| (key.to_lowercase(), value))
        .collect();
    let is = |key: &str, wanted: &str| {
        let value = attributes.get(key);
        value.is_some_and(|value| value.eq_ignore_ascii_case(wanted))
    };
    ChangeSet {
        id,
        before,
        wrapped: !is("runintransaction", "false"),
        again: is("runonchange", "true") || is("runalways", "true"),
        rollback: None,
    }
}

/// The change sets that run once, and that say something else at head or are gone, or stand there twice.
pub(super) fn rewritten(base: &str, head: &str) -> Vec<String> {
    let (old, new) = (texts(base), texts(head));
    let changed = old
        .iter()
        .filter(|(id, texts)| new.get(*id) != Some(*texts));
    changed.map(|(id, _)| id.clone()).collect()
}

/// What each change set that runs once says; one that stands there twice says it all.
fn texts(text: &str) -> BTreeMap<String, Vec<String>> {
    let pieces = split(text).pieces;
    let sets = change_sets(text);
    let ends = sets
        .iter()
        .skip(1)
        .map(|set| set.before)
        .chain([pieces.len()]);
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (set, end) in sets.iter().zip(ends).filter(|(set, _)| !set.again) {
        let own = pieces.get(set.before..end).unwrap_or_default();
        let own = own.iter().map(|piece| piece.text.to_owned());
        found.entry(set.id.clone()).or_default().extend(own);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "--liquibase formatted sql\n\n--changeset ada:1\nCREATE TABLE t (a int);\n--rollback DROP TABLE t;\n\n--changeset ada:2 runInTransaction:false\nCREATE INDEX CONCURRENTLY ON t (a);\n--rollback empty\n--changeset ada:3 runOnChange:true\nCREATE OR REPLACE VIEW v AS SELECT 1;\n";

    #[test]
    fn change_sets_say_how_they_run() {
        let found = change_sets(TEXT);
        let told: Vec<_> = found
            .iter()
            .map(|set| (set.id.as_str(), set.before, set.wrapped, set.again))
            .collect();
        let wanted = [
            ("ada:1", 0, true, false),
            ("ada:2", 1, false, false),
            ("ada:3", 2, true, true),
        ];
        assert_eq!(told, wanted);
        let rollback = |nth: usize| found[nth].rollback.as_deref().map(str::trim);
        assert_eq!(
            [rollback(0), rollback(1), rollback(2)],
            [Some("DROP TABLE t;"), Some("empty"), None]
        );
    }

    #[test]
    fn what_ran_once_stays_as_it_is() {
        for (from, to, wanted) in [
            ("(a int)", "(a bigint)", vec!["ada:1"]),
            ("SELECT 1", "SELECT 2", vec![]),
            ("--rollback empty", "--rollback DROP INDEX i", vec![]),
            ("ada:2", "ada:4", vec!["ada:2"]),
            (
                "--changeset ada:3",
                "--changeset ada:1\nSELECT 1;\n--changeset ada:3",
                vec!["ada:1"],
            ),
        ] {
            assert_eq!(
                rewritten(TEXT, &TEXT.replace(from, to)),
                wanted,
                "{from} to {to}"
            );
        }
    }
}
