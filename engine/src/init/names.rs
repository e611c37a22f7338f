//! Names that the configuration takes, made from names that were found.
//! Knows nothing of what they stand for.

use std::collections::{BTreeMap, BTreeSet};

use super::survey::parent;
use crate::config::{ComponentTable, GATE};

/// The DNS label nearest to `text`, another one than those `taken`, and none that is reserved.
pub(super) fn label(text: &str, taken: &BTreeSet<String>) -> String {
    let mut label = String::new();
    for letter in text.to_ascii_lowercase().chars() {
        if letter.is_ascii_alphanumeric() {
            label.push(letter);
        } else if !label.is_empty() && !label.ends_with('-') {
            label.push('-');
        }
    }
    label.truncate(LONGEST);
    let label = match label.trim_matches('-') {
        "" => "unnamed",
        GATE => "gate-source",
        label => label,
    };
    let numbered = (2..).map(|number| format!("{label}-{number}"));
    std::iter::once(label.to_owned())
        .chain(numbered)
        .find(|name| !taken.contains(name))
        .unwrap_or_default()
}

/// Folders that are called as a component is, where the built-in table does not see that itself.
pub(super) fn components<'p>(
    manifests: impl Iterator<Item = &'p str>,
) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let Some(table) = ComponentTable::built_in() else {
        return found;
    };
    for manifest in manifests {
        let mut folder = parent(manifest);
        while !folder.is_empty() {
            let name = folder.rsplit('/').next().unwrap_or_default();
            let known = table.names().contains(name) && name != GATE;
            if known && !table.sees(name, &manifest.into()) {
                let globs = found.entry(name.to_owned()).or_default();
                let glob = format!("{folder}/**");
                if !globs.contains(&glob) && globs.len() < MOST_FOLDERS {
                    globs.push(glob);
                }
            }
            folder = parent(folder);
        }
    }
    found
}

/// Room for a number behind it, within the 63 letters of a DNS label.
const LONGEST: usize = 58;
const MOST_FOLDERS: usize = 50;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_one_that_a_cluster_takes_and_nobody_else_has() {
        let taken = BTreeSet::from(["web".to_owned(), "web-2".to_owned()]);
        for (text, expected) in [
            ("Prod_EU.1", "prod-eu-1"),
            ("web", "web-3"),
            ("gate", "gate-source"),
            ("--", "unnamed"),
            ("ünï", "n"),
        ] {
            assert_eq!(label(text, &taken), expected, "{text}");
        }
        assert!(label(&"x".repeat(300), &taken).len() < 63);
    }
}
