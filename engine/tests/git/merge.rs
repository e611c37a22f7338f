//! Merges that are computed and not made, against those of the real `git`.

use std::fs;

use sha1::{Digest as _, Sha1};
use tidegate::git::{RangeKind, Repository};
use tidegate::model::{GitId, RepoPath};

use super::{changes, code};
use crate::support::Repo;

const LINES: &str = "1\n2\n3\n4\n5\n6\n7\n8\n";

/// `main` and `side` change both ends of one file, and a file each.
fn forked() -> Repo {
    let repo = Repo::new();
    repo.write("shared", LINES)
        .write("kept/x", "x")
        .commit("first");
    repo.git(&["switch", "--quiet", "--create", "side"]);
    repo.write("shared", LINES.replace('8', "side"))
        .write("a/side", "1")
        .commit("on the side");
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("shared", LINES.replace('1', "main"))
        .write("b", "1")
        .commit("second");
    repo
}

#[test]
fn a_merge_in_memory_is_the_one_git_makes() {
    let repo = forked();
    let objects = repo.git(&["count-objects", "-v"]);
    let open = repo.open();
    let range = open.merge_range("side", "main").unwrap();
    assert_eq!(range.kind, RangeKind::Merge);
    assert_eq!(range.base.commit(), Some(repo.id("main")));
    assert_eq!(range.judge.commit(), Some(repo.id("main")));
    assert_eq!(range.head.commit(), None);
    assert!(!range.head.is_index());
    assert_eq!(changes(&open, &range), ["+a/side", "~shared"]);
    assert_eq!(range.commits.len(), 1);
    let shared = open.entry(&range.head, &RepoPath::from("shared")).unwrap();
    let merged = LINES.replace('1', "main").replace('8', "side");
    let id = shared.unwrap().id;
    assert_eq!(open.blob(id).unwrap(), merged.as_bytes());
    // Other threads read it through handles of their own.
    assert_eq!(open.reopen().unwrap().blob(id).unwrap(), merged.as_bytes());
    assert_eq!(
        repo.git(&["count-objects", "-v"]),
        objects,
        "nothing is written"
    );
    assert_eq!(repo.git(&["status", "--porcelain"]), "");

    repo.git(&["merge", "--quiet", "--no-ff", "-m", "merged", "side"]);
    assert_eq!(range.head.tree(), repo.id("HEAD^{tree}"));
}

#[test]
fn what_descends_from_the_base_is_its_own_merge() {
    let repo = forked();
    let open = repo.open();
    let range = open.merge_range("side", "side~1").unwrap();
    assert_eq!(range.head.commit(), Some(repo.id("side")));
    assert_eq!(code(open.merge_range("side~1", "side")), "range.empty");
    assert_eq!(code(open.merge_range("side", "side")), "range.empty");
}

#[test]
fn what_does_not_go_together_is_no_answer() {
    let repo = forked();
    repo.git(&["switch", "--quiet", "side"]);
    repo.write("shared", LINES.replace('1', "other"))
        .commit("the same line");
    let error = repo.open().merge_range("side", "main").unwrap_err();
    assert_eq!(
        error.to_string(),
        "`side` cannot be merged into `main`: `shared` conflicts"
    );
    assert_eq!(code::<()>(Err(error)), "merge.conflict");
    repo.remove("shared").commit("gone here, changed there");
    assert_eq!(
        code(repo.open().merge_range("side", "main")),
        "merge.conflict"
    );
    repo.git(&["switch", "--quiet", "--orphan", "other"]);
    repo.write("z", "1").commit("another history");
    assert_eq!(
        code(repo.open().merge_range("other", "main")),
        "range.unrelated"
    );
}

#[test]
fn attributes_of_the_checkout_have_no_say() {
    let repo = forked();
    repo.git(&["switch", "--quiet", "side"]);
    repo.write("shared", LINES.replace('1', "other"))
        .write(".gitattributes", "shared merge=union\n")
        .commit("both lines, please");
    assert_eq!(
        code(repo.open().merge_range("side", "main")),
        "merge.conflict"
    );
}

#[test]
fn the_settings_of_the_repository_have_no_say() {
    let repo = forked();
    repo.git(&["switch", "--quiet", "side"]);
    repo.git(&["mv", "kept/x", "kept/y"]);
    repo.commit("renamed");
    let tree = |repo: &Repo| repo.open().merge_range("side", "main").unwrap().head.tree();
    let plain = tree(&repo);
    repo.git(&["switch", "--quiet", "--create", "same", "side"]);
    repo.write("shared", LINES.replace('1', "other"))
        .commit("the same line");
    let attributes = repo.beside("attributes");
    fs::write(&attributes, "* merge=union\n").unwrap();
    for (key, value) in [
        ("core.attributesFile", attributes.to_str().unwrap()),
        ("merge.default", "union"),
        ("merge.default", "binary"),
        ("merge.renames", "false"),
        ("diff.renames", "false"),
        ("merge.renameLimit", "1"),
        ("merge.conflictStyle", "diff3"),
        ("core.bigFileThreshold", "1"),
    ] {
        repo.git(&["config", key, value]);
        assert_eq!(tree(&repo), plain, "{key}={value}");
        let same = repo.open().merge_range("same", "main");
        assert_eq!(code(same), "merge.conflict", "{key}={value}");
        repo.git(&["config", "--unset", key]);
    }
    for line in [
        "* merge=union",
        "* -merge",
        "* merge=binary",
        "shared merge=ours",
    ] {
        fs::write(repo.path().join(".git/info/attributes"), line).unwrap();
        assert_eq!(tree(&repo), plain, "{line}");
        let same = repo.open().merge_range("same", "main");
        assert_eq!(code(same), "merge.conflict", "{line}");
    }
}

#[test]
fn a_forged_graph_of_commits_does_not_move_the_base() {
    let repo = forked();
    let plain = repo.open().merge_range("side", "main").unwrap();
    repo.git(&["commit-graph", "write", "--reachable"]);
    let file = repo.path().join(".git/objects/info/commit-graph");
    let mut graph = fs::read(&file).unwrap();
    // As if `side` came after `main`, so that nothing of `main` is left to merge.
    let number = |bytes: &[u8]| {
        bytes
            .iter()
            .fold(0, |sum, byte| sum << 8 | usize::from(*byte))
    };
    let chunk = |graph: &[u8], name: &[u8]| {
        let rows = graph[8..].chunks(12).find(|row| row.starts_with(name));
        number(&rows.unwrap()[4..12])
    };
    let (ids, data) = (chunk(&graph, b"OIDL"), chunk(&graph, b"CDAT"));
    let position = |revision: &str| {
        let id = repo.id(revision);
        let mut known = graph[ids..].chunks(20);
        known.position(|row| row == id.as_bytes()).unwrap()
    };
    let (side, main) = (position("side"), position("main"));
    let parent = data + side * 36 + 20;
    graph[parent..parent + 4].copy_from_slice(&u32::try_from(main).unwrap().to_be_bytes());
    let body = graph.len() - 20;
    let checksum = Sha1::digest(&graph[..body]);
    graph[body..].copy_from_slice(&checksum);
    fs::remove_file(&file).unwrap();
    fs::write(&file, graph).unwrap();
    let forged = repo.open().merge_range("side", "main").unwrap();
    assert_eq!(forged.head.tree(), plain.head.tree());
    assert_eq!(forged.commits, plain.commits);
}

#[test]
fn objects_of_another_folder_are_merged_too() {
    let repo = forked();
    let path = repo.beside("sharing").display().to_string();
    repo.git(&["clone", "--quiet", "--shared", ".", &path]);
    let open = Repository::open(&repo.beside("sharing")).unwrap();
    let range = open.merge_range("origin/side", "main").unwrap();
    let plain = repo.open().merge_range("side", "main").unwrap();
    assert_eq!(range.head.tree(), plain.head.tree());
}

#[test]
fn criss_cross_histories_are_merged_too() {
    let repo = forked();
    repo.git(&["merge", "--quiet", "-m", "one way", "side"]);
    let main: GitId = repo.id("main~1");
    repo.git(&["switch", "--quiet", "side"]);
    repo.git(&["merge", "--quiet", "-m", "the other way", &main.to_string()]);
    repo.write("late", "1").commit("late");
    let range = repo.open().merge_range("side", "main").unwrap();
    repo.git(&["switch", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "-m", "merged", "side"]);
    assert_eq!(range.head.tree(), repo.id("HEAD^{tree}"));
}
