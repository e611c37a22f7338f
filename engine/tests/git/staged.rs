//! `HEAD` against the index that Git is about to commit, in every way that a hook can be given one.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use miette::Diagnostic as _;
use tidegate::git::{RangeKind, Repository};
use tidegate::model::{Exit, GitId, code_of};

use super::{changes, code};
use crate::support::Repo;

#[test]
fn only_what_is_staged_counts() {
    let repo = Repo::new();
    let base = repo
        .write("a", "1")
        .write("b", "1")
        .write("d/e", "1")
        .commit("first");
    repo.write("a", "2").write("b", "2").write("new", "1");
    repo.remove("d/e");
    repo.git(&["add", "a", "new"]);
    repo.git(&["rm", "--quiet", "d/e"]);
    let open = repo.open();
    let range = open.staged().unwrap();
    assert_eq!(range.kind, RangeKind::Staged);
    assert_eq!(range.base.commit(), Some(base));
    assert!(range.head.is_index() && range.judge.is_index());
    assert_eq!(changes(&open, &range), ["~a", "-d/e", "+new"]);
    assert_eq!(range.head.tree().to_string(), repo.git(&["write-tree"]));
}

#[test]
fn nothing_staged_is_a_range_without_changes() {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    let open = repo.open();
    let range = open.staged().unwrap();
    assert!(changes(&open, &range).is_empty());
    assert_eq!(range.base.tree(), range.head.tree());
}

#[test]
fn before_the_first_commit_everything_is_new() {
    let repo = Repo::new();
    let open = repo.open();
    assert!(changes(&open, &open.staged().unwrap()).is_empty());
    repo.write("a", "1").git(&["add", "a"]);
    let range = open.staged().unwrap();
    assert_eq!(range.base.tree(), GitId::EMPTY_TREE);
    assert_eq!(changes(&open, &range), ["+a"]);
}

#[test]
fn an_intent_to_add_is_not_part_of_the_commit() {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    repo.write("later", "1")
        .git(&["add", "--intent-to-add", "later"]);
    let open = repo.open();
    assert!(changes(&open, &open.staged().unwrap()).is_empty());
}

#[test]
fn a_conflict_is_an_error() {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    repo.git(&["switch", "--quiet", "--create", "side"]);
    repo.write("a", "2").commit("two");
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("a", "3").commit("three");
    let merge = repo
        .command("git")
        .args(["merge", "side"])
        .output()
        .unwrap();
    assert!(!merge.status.success());
    assert_eq!(code(repo.open().staged()), "git.index-conflict");
}

#[test]
fn every_index_version_is_read_and_flags_change_nothing() {
    for version in ["2", "3", "4"] {
        let repo = Repo::new();
        repo.write("a/b/c", "1")
            .write("a/b/d", "1")
            .write("a-b", "1")
            .commit("first");
        repo.write("a/b/c", "2").git(&["add", "a/b/c"]);
        repo.git(&["update-index", "--index-version", version]);
        repo.git(&["update-index", "--skip-worktree", "a/b/d"]);
        repo.git(&["update-index", "--assume-unchanged", "a-b"]);
        let open = repo.open();
        let range = open.staged().unwrap();
        assert_eq!(changes(&open, &range), ["~a/b/c"], "version {version}");
        assert_eq!(range.head.tree().to_string(), repo.git(&["write-tree"]));
    }
}

#[test]
fn an_index_that_cannot_be_read_is_an_error() {
    let repo = Repo::new();
    repo.write("a", "1").write("b", "1").commit("first");
    let file = repo.path().join(".git/index");
    let whole = fs::read(&file).unwrap();
    for bytes in [&whole[..whole.len() / 2], &whole[..10], b"", b"DIRC"] {
        fs::write(&file, bytes).unwrap();
        assert_eq!(code(repo.open().staged()), "git.index");
    }
    let mut flipped = whole.clone();
    flipped[60] ^= 1;
    fs::write(&file, &flipped).unwrap();
    assert_eq!(code(repo.open().staged()), "git.index");

    fs::remove_file(&file).unwrap();
    assert_eq!(code(repo.open().staged()), "git.index");
}

#[test]
fn a_split_or_sparse_index_is_an_error_that_names_the_way_out() {
    for (way_in, way_out) in [
        (
            "update-index --split-index",
            "update-index --no-split-index",
        ),
        (
            "sparse-checkout set --cone --sparse-index a",
            "sparse-checkout disable",
        ),
    ] {
        let words = |line: &'static str| line.split(' ').collect::<Vec<_>>();
        let repo = Repo::new();
        repo.write("a/x", "1").write("b/x", "1").commit("first");
        repo.write("a/x", "2").git(&["add", "a/x"]);
        repo.git(&words(way_in));
        let error = repo.open().staged().unwrap_err();
        assert_eq!(code_of(&error), "git.index", "{way_in}");
        let help = error.help().unwrap().to_string();
        assert!(help.contains(&format!("`git {way_out}`")), "{help}");
        repo.git(&words(way_out));
        let open = repo.open();
        let range = open.staged().unwrap();
        assert_eq!(changes(&open, &range), ["~a/x"], "{way_out}");
    }
}

#[test]
fn an_unusable_head_is_no_empty_base() {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    fs::write(repo.path().join(".git/refs/heads/main"), "garbage\n").unwrap();
    assert_eq!(
        Exit::of_error(&repo.open().staged().unwrap_err()),
        Exit::Unjudged
    );
}

#[test]
fn the_index_of_a_hook_is_named_by_path() {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    repo.write("a", "2");
    fs::copy(
        repo.path().join(".git/index"),
        repo.path().join(".git/other"),
    )
    .unwrap();
    let add = repo
        .command("git")
        .args(["add", "a"])
        .env("GIT_INDEX_FILE", ".git/other")
        .status();
    assert!(add.unwrap().success());
    let git_dir = repo.path().join(".git");
    let of = |index: Option<&str>, tree: Option<&Path>| {
        let open = Repository::open_for_hook(&git_dir, index.map(Path::new), tree).unwrap();
        let again = open.reopen().unwrap();
        assert_eq!(
            again.staged().unwrap().head.tree(),
            open.staged().unwrap().head.tree()
        );
        changes(&open, &open.staged().unwrap())
    };
    assert_eq!(of(Some(".git/other"), Some(repo.path())), ["~a"]);
    assert_eq!(of(Some(".git/other"), None), ["~a"]);
    assert!(of(None, None).is_empty());
    let gone = Repository::open_for_hook(&git_dir, Some(Path::new("gone")), None).unwrap();
    assert_eq!(code(gone.staged()), "git.index");
}

/// Makes `git commit` write what the library sees from inside the hook to `hook-test`.
fn with_hook(repo: &Repo) {
    let hook = repo.path().join(".git/hooks/pre-commit");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    let program = std::env::current_exe().unwrap();
    let test = "git::staged::child_judges_what_is_staged";
    let script = format!(
        "#!/bin/sh\nexec '{}' --exact {test} --ignored >/dev/null\n",
        program.display()
    );
    fs::write(&hook, script).unwrap();
    fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(repo.path().join(".git/hook-test"), "").unwrap();
}

/// The tree and the changes that the hook saw.
fn seen(repo: &Repo) -> (String, Vec<String>) {
    let file = repo.path().join(".git/hook-test");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(file, "").unwrap();
    let mut lines = text.lines().map(str::to_owned);
    (lines.next().unwrap(), lines.collect())
}

#[test]
#[ignore = "runs inside the hooks of the tests below"]
fn child_judges_what_is_staged() {
    let repo = Repository::open_from_env().unwrap();
    let out = repo.common_dir().join("hook-test");
    if out.exists() {
        let range = repo.staged().unwrap();
        let mut text = format!("{}\n", range.head.tree());
        for change in changes(&repo, &range) {
            text.push_str(&change);
            text.push('\n');
        }
        fs::write(out, text).unwrap();
    }
}

#[test]
fn the_hook_of_the_first_commit_sees_everything_as_new() {
    let repo = Repo::new();
    with_hook(&repo);
    repo.write("a", "1").commit("first");
    let tree = repo.id("HEAD^{tree}").to_string();
    assert_eq!(seen(&repo), (tree, vec!["+a".into()]));
}

#[test]
fn the_hook_sees_what_each_kind_of_commit_takes() {
    let repo = Repo::new();
    repo.write("a", "1").write("b", "1").write("c", "1");
    repo.commit("first");
    with_hook(&repo);
    let committed = |expected: &[&str]| {
        let tree = repo.id("HEAD^{tree}").to_string();
        let expected = expected.iter().map(|change| (*change).to_owned());
        assert_eq!(seen(&repo), (tree, expected.collect()));
    };

    repo.write("a", "2").write("b", "2").git(&["add", "a"]);
    repo.git(&["commit", "--quiet", "-m", "index"]);
    committed(&["~a"]);

    repo.git(&["commit", "--quiet", "-a", "-m", "all"]);
    committed(&["~b"]);

    repo.write("a", "3").write("b", "3").write("c", "3");
    repo.git(&["add", "c"]);
    repo.git(&["commit", "--quiet", "-m", "one path", "--", "a"]);
    committed(&["~a"]);

    repo.git(&[
        "commit",
        "--quiet",
        "--include",
        "-m",
        "and a path",
        "--",
        "b",
    ]);
    committed(&["~b", "~c"]);

    repo.write("a", "4").git(&["add", "a"]);
    repo.git(&["commit", "--quiet", "--amend", "-m", "amended"]);
    committed(&["~a"]);
}

#[test]
fn the_hook_sees_the_index_from_a_folder_and_from_a_linked_worktree() {
    let repo = Repo::new();
    repo.write("d/a", "1").write("d/b", "1").commit("first");
    with_hook(&repo);
    let path = repo.beside("linked");
    let linked = path.display().to_string();
    repo.git(&["worktree", "add", "--quiet", "-b", "linked", &linked]);

    repo.write("d/a", "2");
    repo.git(&["-C", "d", "commit", "--quiet", "-a", "-m", "from a folder"]);
    assert_eq!(seen(&repo).1, ["~d/a"]);

    fs::write(path.join("d/b"), "linked").unwrap();
    repo.git(&["-C", &linked, "commit", "--quiet", "-a", "-m", "all"]);
    let tree = repo.id("linked^{tree}").to_string();
    assert_eq!(seen(&repo), (tree, vec!["~d/b".into()]));

    fs::write(path.join("d/a"), "linked").unwrap();
    fs::write(path.join("d/b"), "again").unwrap();
    repo.git(&["-C", &linked, "add", "d/b"]);
    repo.git(&[
        "-C", &linked, "commit", "--quiet", "-m", "path", "--", "d/a",
    ]);
    assert_eq!(seen(&repo).1, ["~d/a"]);

    let open = Repository::open(&path).unwrap();
    assert_eq!(changes(&open, &open.staged().unwrap()), ["~d/b"]);
    assert_ne!(open.git_dir(), open.common_dir());
    assert_eq!(open.reopen().unwrap().git_dir(), open.git_dir());
}
