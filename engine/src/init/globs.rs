//! Folders and globs: the fewest that say the same.
//! Knows nothing of what lies there.

use std::collections::{BTreeMap, BTreeSet};

use super::survey::parent;

/// Where a group of files lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Root {
    Folder(String),
    File(String),
}

impl Root {
    pub(super) fn path(&self) -> &str {
        match self {
            Self::Folder(path) | Self::File(path) => path,
        }
    }

    pub(super) fn glob(self) -> String {
        match self {
            Self::Folder(folder) => format!("{folder}/**"),
            Self::File(file) => file,
        }
    }
}

/// Whether `folder` is `root`, or lies below it.
pub(super) fn lies_in(folder: &str, root: &str) -> bool {
    let rest = folder.strip_prefix(root);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// The outermost folders that hold some of `own` and none of `others`; files that have no such folder.
pub(super) fn outermost(own: &[&str], others: &[&str]) -> Vec<Root> {
    let mut shared: BTreeSet<&str> = BTreeSet::from([""]);
    for other in others {
        let mut folder = parent(other);
        while !folder.is_empty() && shared.insert(folder) {
            folder = parent(folder);
        }
    }
    let mut roots = BTreeSet::new();
    for file in own {
        let mut root = None;
        let mut folder = parent(file);
        while !shared.contains(folder) {
            root = Some(folder);
            folder = parent(folder);
        }
        roots.insert(match root {
            Some(folder) => Root::Folder(folder.to_owned()),
            None => Root::File((*file).to_owned()),
        });
    }
    roots.into_iter().collect()
}

/// Those that lie in no other.
pub(super) fn without_nested(folders: &BTreeSet<String>) -> Vec<String> {
    let above = |folder: &str| {
        let mut above = parent(folder);
        while !above.is_empty() {
            if folders.contains(above) {
                return true;
            }
            above = parent(above);
        }
        false
    };
    folders
        .iter()
        .filter(|folder| !above(folder))
        .cloned()
        .collect()
}

/// Globs of everything below these folders. Folders that differ in one segment which is not their
/// last are one glob with `*`.
pub(super) fn collapse(mut folders: Vec<String>) -> Vec<String> {
    // So many are cut down to their top folders anyway.
    while folders.len() <= MOST_FOLDERS {
        let mut groups: BTreeMap<String, usize> = BTreeMap::new();
        for folder in &folders {
            for starred in starred(folder) {
                *groups.entry(starred).or_default() += 1;
            }
        }
        let largest = groups.into_iter().max_by_key(|(_, count)| *count);
        let Some((glob, _)) = largest.filter(|(_, count)| *count > 1) else {
            break;
        };
        folders.retain(|folder| starred(folder).all(|starred| starred != glob));
        folders.push(glob);
    }
    folders.sort_unstable();
    folders
        .iter()
        .map(|folder| format!("{folder}/**"))
        .collect()
}

/// As many globs as a configuration takes: whole top folders, where there are more.
pub(super) fn bounded(globs: Vec<String>) -> Vec<String> {
    if globs.len() <= MOST_GLOBS {
        return globs;
    }
    let top = |glob: &String| match glob.split_once('/') {
        Some((top, _)) => format!("{top}/**"),
        None => glob.clone(),
    };
    let globs: BTreeSet<String> = globs.iter().map(top).collect();
    globs.into_iter().take(MOST_GLOBS).collect()
}

/// A folder with one of its segments, not the last, as `*`. Two segments are too few to say what is meant.
fn starred(folder: &str) -> impl Iterator<Item = String> {
    let segments: Vec<&str> = folder.split('/').collect();
    let last = segments.len().saturating_sub(1);
    (0..if last > 1 { last } else { 0 }).filter_map(move |at| {
        let mut starred = segments.clone();
        let segment = starred.get_mut(at).filter(|segment| **segment != "*")?;
        *segment = "*";
        Some(starred.join("/"))
    })
}

const MOST_GLOBS: usize = 500;
const MOST_FOLDERS: usize = 2_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_together_is_one_folder_and_never_takes_what_is_not_its_own() {
        let roots = outermost(
            &[
                "a/b/x.yaml",
                "a/c/y.yaml",
                "d/e/z.yaml",
                "top.yaml",
                "d/f.yaml",
            ],
            &["d/g/other.yaml"],
        );
        let globs: Vec<String> = roots.into_iter().map(Root::glob).collect();
        assert_eq!(globs, ["a/**", "d/e/**", "d/f.yaml", "top.yaml"]);
    }

    #[test]
    fn folders_of_many_apps_are_one_glob() {
        let folders = [
            "apps/a/overlays/prod",
            "apps/b/overlays/prod",
            "clusters/prod",
        ];
        let globs = collapse(folders.map(str::to_owned).to_vec());
        assert_eq!(globs, ["apps/*/overlays/prod/**", "clusters/prod/**"]);
        // Names of environments and of apps are never wild.
        let globs = collapse(vec!["apps/prod-a".to_owned(), "apps/prod-b".to_owned()]);
        assert_eq!(globs, ["apps/prod-a/**", "apps/prod-b/**"]);
    }
}
