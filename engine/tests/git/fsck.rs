//! Odd trees, as `git fsck --strict` sees them: what it complains of is refused, but for what is named here.
//! Knows no file below a tree.

use std::collections::{BTreeMap, BTreeSet};

use tidegate::model::{GitId, RepoPath};

use super::{code, commit_tree, literal_tree};
use crate::support::Repo;

#[test]
fn what_fsck_complains_of_in_a_tree_is_refused() {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    let blob = *repo.id("HEAD:a").as_bytes();
    let trees: BTreeMap<GitId, RepoPath> = odd(&blob)
        .into_iter()
        .map(|bytes| (literal_tree(&repo, &bytes), RepoPath::new(bytes)))
        .collect();
    let complaints = complaints(&repo);
    let (mut accepted, mut both) = (BTreeSet::new(), 0);
    for (tree, shown) in &trees {
        let head = commit_tree(&repo, *tree);
        let open = repo.open();
        let entries = open.entries(&open.snapshot(head).unwrap());
        match (complaints.get(tree), entries) {
            // More than Git may be refused.
            (None, _) => {}
            (Some(what), Ok(_)) => accepted.extend(what.iter().map(String::as_str)),
            (Some(_), refused) => {
                let code = code(refused);
                let known = ["git.tree-invalid", "git.object-corrupt"];
                assert!(known.contains(&code.as_str()), "{shown}: {code}");
                both += 1;
            }
        }
    }
    let unknown: Vec<_> = accepted
        .iter()
        .filter(|it| !ACCEPTED.contains(it))
        .collect();
    assert_eq!(unknown, [&""; 0], "fsck complains of what is taken");
    assert!(both > 100 && trees.len() > 300, "{both} of {}", trees.len());
}

/// Entries of odd modes and names, alone and in pairs.
fn odd(blob: &[u8; 20]) -> Vec<Vec<u8>> {
    let entry =
        |mode: &str, name: &[u8], id: &[u8]| [mode.as_bytes(), b" ", name, b"\0", id].concat();
    let mut trees = Vec::new();
    for mode in MODES {
        for name in NAMES {
            trees.push(entry(mode, name, blob));
        }
    }
    for one in PAIRED {
        for two in PAIRED {
            let (first, second) = (entry(one.0, one.1, blob), entry(two.0, two.1, blob));
            trees.push([first, second].concat());
        }
    }
    trees.push(entry("100644", b"a", &[0; 20]));
    for cut in 1..entry("100644", b"a", blob).len() {
        trees.push(entry("100644", b"a", blob)[..cut].to_vec());
    }
    trees
}

/// What `fsck` says of each tree: the names of its complaints.
fn complaints(repo: &Repo) -> BTreeMap<GitId, BTreeSet<String>> {
    let output = repo
        .command("git")
        .args(["fsck", "--strict", "--no-dangling", "--no-progress"])
        .output()
        .unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    let mut found: BTreeMap<GitId, BTreeSet<String>> = BTreeMap::new();
    for line in said.lines() {
        let Some((_, rest)) = line.split_once(" in tree ") else {
            continue;
        };
        let Some((id, what)) = rest.split_once(": ") else {
            continue;
        };
        let name = what.split(':').next().unwrap().to_owned();
        // The id of the blob stands for a folder or a commit, too.
        if name == "broken links" {
            continue;
        }
        found
            .entry(GitId::parse(id).unwrap())
            .or_default()
            .insert(name);
    }
    found
}

const MODES: [&str; 16] = [
    "100644", "100755", "120000", "40000", "160000", "100664", "100600", "100777", "0100644",
    "40755", "040000", "000000", "644", "1", "", "99",
];

const NAMES: [&[u8]; 22] = [
    b"a",
    b"",
    b".",
    b"..",
    b".git",
    b".GIT",
    b".git ",
    b".git.",
    b"git~1",
    b".gitmodules",
    b".gitattributes",
    b".gitignore",
    b"a/b",
    b"/a",
    b"a\\b",
    b".git::$INDEX_ALLOCATION",
    b".git\\x",
    b"\xff",
    b"con",
    b"a\n",
    ".g\u{200c}it".as_bytes(),
    b"...",
];

const PAIRED: [(&str, &[u8]); 8] = [
    ("100644", b"a"),
    ("40000", b"a"),
    ("100644", b"a.b"),
    ("100644", b"a-"),
    ("40000", b"a0"),
    ("120000", b"a/"),
    ("100644", b"A"),
    ("160000", b"b"),
];

/// Mode 100664, which is read as 100644; links that Git does not follow for its settings, and no more are they here;
/// an id that names nothing, which is missed where it is read.
const ACCEPTED: [&str; 5] = [
    "badFilemode",
    "gitattributesSymlink",
    "gitignoreSymlink",
    "gitmodulesSymlink",
    "nullSha1",
];
