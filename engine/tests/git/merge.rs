//! Merges that are computed and not made, against those of the real `git`.

use tidegate::git::RangeKind;
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
