//! Random trees and the difference of two, against `git ls-tree` and `git diff-tree`.
//! Knows nothing of what paths mean.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use tidegate::git::FileChange;

use crate::support::Repo;

/// Paths with modes; where a path is a folder of another, the first of them counts.
type Files = BTreeMap<Vec<u8>, &'static str>;

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn trees_and_their_differences_are_those_of_git(old in files(), mut new in files(), kept: u32) {
        // Some files of the first tree as they were.
        for (at, (path, mode)) in old.iter().enumerate().filter(|(at, _)| kept >> (at % 32) & 1 == 1) {
            new.insert(path.clone(), if at % 7 == 0 { "100755" } else { mode });
        }
        let repo = Repo::new();
        for files in [&old, &new] {
            commit(&repo, files);
        }
        let open = repo.open();
        let range = open.range("HEAD~1..HEAD").unwrap();
        for (revision, snapshot) in [("HEAD~1", &range.base), ("HEAD", &range.head)] {
            let mut ours = Vec::new();
            for entry in open.entries(snapshot).unwrap() {
                let kind = if entry.is_submodule() { "commit" } else { "blob" };
                ours.extend_from_slice(format!("{:06o} {kind} {}\t", entry.mode, entry.id).as_bytes());
                ours.extend_from_slice(entry.path.as_bytes());
                ours.push(0);
            }
            prop_assert_eq!(ours, repo.git_with(&["ls-tree", "-r", "-z", revision], b""));
        }
        let ours: Vec<u8> = open.diff(&range.base, &range.head).unwrap().iter().flat_map(row).collect();
        let git = ["diff-tree", "-r", "-z", "--no-renames", "HEAD~1", "HEAD"];
        prop_assert_eq!(rows(&ours), rows(&repo.git_with(&git, b"")));
    }
}

/// As `git diff-tree` writes it: modes, ids, a letter, the path.
fn row(change: &FileChange) -> Vec<u8> {
    let side = |entry: &Option<tidegate::git::TreeEntry>| {
        entry.as_ref().map_or((0, "0".repeat(40)), |entry| {
            (entry.mode, entry.id.to_string())
        })
    };
    let ((old_mode, old), (new_mode, new)) = (side(&change.old), side(&change.new));
    let letter = match (old_mode & 0o170_000, new_mode & 0o170_000) {
        (0, _) => 'A',
        (_, 0) => 'D',
        (old, new) if old != new => 'T',
        _ => 'M',
    };
    let mut row = format!(":{old_mode:06o} {new_mode:06o} {old} {new} {letter}\0").into_bytes();
    row.extend_from_slice(change.path.as_bytes());
    row.push(0);
    row
}

/// Pairs of a row and its path: a file that becomes a folder stands elsewhere in Git's order.
fn rows(all: &[u8]) -> BTreeSet<Vec<Vec<u8>>> {
    let pieces: Vec<Vec<u8>> = all.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
    pieces.chunks(2).map(<[_]>::to_vec).collect()
}

fn commit(repo: &Repo, files: &Files) {
    repo.git(&["read-tree", "--empty"]);
    let blobs: Vec<String> = [b"a".as_slice(), b"b"]
        .iter()
        .map(|text| {
            String::from_utf8(repo.git_with(&["hash-object", "-w", "--stdin"], text)).unwrap()
        })
        .collect();
    let mut list = Vec::new();
    for (path, mode) in files {
        let slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        if slashes
            .into_iter()
            .any(|(at, _)| files.contains_key(&path[..at]))
        {
            continue;
        }
        let blob = &blobs[path.len() % 2];
        list.extend_from_slice(format!("{mode} {blob}\t").as_bytes());
        list.extend_from_slice(path);
        list.push(0);
    }
    repo.git_with(&["update-index", "-z", "--index-info"], &list);
    repo.commit_index("random");
}

fn files() -> impl Strategy<Value = Files> {
    let name = prop::collection::vec(
        prop::sample::select(b"ab0-.+ \n\t\"\\\xff\xc3\xa9~=,".to_vec()),
        1..4,
    );
    let name = name.prop_filter("a step is no name", |name| {
        !matches!(name.as_slice(), b"." | b"..")
    });
    let path = prop::collection::vec(name, 1..5).prop_map(|names| names.join(&b'/'));
    let mode = prop::sample::select(vec!["100644", "100644", "100755", "120000", "160000"]);
    prop::collection::btree_map(path, mode, 0..40)
}
