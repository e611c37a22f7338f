//! What names a commit, and what does not.

use std::fs;

use tidegate::git::{Error, Repository};
use tidegate::model::{Exit, GitId};

use super::{code, help};
use crate::support::Repo;

/// `main` with three commits, the last a merge of `side`.
fn merged() -> Repo {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    repo.git(&["switch", "--quiet", "--create", "side"]);
    repo.write("b", "1").commit("on the side");
    repo.git(&["switch", "--quiet", "main"]);
    repo.write("c", "1").commit("second");
    repo.git(&["merge", "--quiet", "--no-ff", "-m", "merge", "side"]);
    repo
}

#[test]
fn every_accepted_name_means_what_git_means() {
    let repo = merged();
    repo.git(&["tag", "light", "main~1"]);
    repo.git(&["tag", "-m", "t", "v1", "main"]);
    repo.git(&["tag", "-m", "t", "v1-again", "v1"]);
    repo.git(&["update-ref", "refs/remotes/origin/main", "side"]);
    repo.git(&["update-ref", "refs/pull/7/head", "side"]);
    let open = repo.open();
    let id = repo.id("main").to_string();
    for name in [
        "HEAD",
        "main",
        "side",
        "heads",
        "light",
        "v1",
        "v1-again",
        "origin/main",
        "refs/heads/main",
        "refs/tags/v1",
        "refs/pull/7/head",
        "refs/remotes/origin/main",
        "HEAD^",
        "HEAD^1",
        "HEAD^2",
        "HEAD^0",
        "HEAD~",
        "HEAD~2",
        "v1^2~1",
        "main^^",
        &id,
        &id[..7],
        &id[..12],
        &id.to_uppercase(),
    ] {
        if name == "heads" {
            assert_eq!(code(open.resolve(name)), "usage.unknown-revision");
            continue;
        }
        let expected = repo.id(&format!("{name}^{{commit}}"));
        assert_eq!(open.resolve(name).unwrap(), expected, "{name}");
    }
    assert_eq!(open.branch_head("main").unwrap(), repo.id("main"));
}

#[test]
fn a_branch_head_may_be_the_remote_one() {
    let repo = merged();
    repo.git(&["update-ref", "refs/remotes/origin/prod", "side"]);
    let open = repo.open();
    assert_eq!(open.branch_head("prod").unwrap(), repo.id("side"));
    repo.git(&["branch", "prod", "main"]);
    assert_eq!(open.branch_head("prod").unwrap(), repo.id("main"));
    assert_eq!(code(open.branch_head("gone")), "git.branch-missing");
    assert_eq!(code(open.branch_head("a\0b")), "git.branch-missing");
}

#[test]
fn free_text_reflogs_and_options_are_refused_at_once() {
    let repo = merged();
    let open = repo.open();
    let huge = "a".repeat(10_000_000);
    for text in [
        "HEAD^{/(a+)+$}",
        "@{1000000000}",
        "HEAD@{yesterday}",
        ":/first",
        "-h",
        "--output=x",
        "@",
        "",
        "main:a",
        "a\0b",
        &huge,
    ] {
        let error = open.resolve(text).unwrap_err();
        assert_eq!(Exit::of_error(&error), Exit::Usage);
        assert!(error.to_string().len() < 1000);
        assert_eq!(code::<()>(Err(error)), "usage.revision");
    }
}

#[test]
fn what_is_not_there_is_named() {
    let repo = merged();
    let open = repo.open();
    for text in [
        "nobody",
        "refs/heads/nobody",
        "deadbeef",
        "abc",
        "HEAD^3",
        "HEAD~9",
        "ORIG_HEAD",
        "0123456789012345678901234567890123456789",
    ] {
        let error = open.resolve(text).unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
        assert_eq!(code::<()>(Err(error)), "usage.unknown-revision");
    }
}

#[test]
fn a_step_beyond_the_first_commit_is_told_where_it_ends() {
    let repo = Repo::new();
    repo.write("a", "1").commit("first");
    let first = repo.id("HEAD");
    let said = |text: &str| repo.open().resolve(text).unwrap_err().to_string();
    let only = format!(
        "there is no revision `HEAD~1`: `{}` is the first commit",
        first.short()
    );
    assert_eq!(said("HEAD~1"), only);
    repo.write("a", "2").commit("second");
    assert!(said("HEAD~2").ends_with("is the first commit"));
    assert!(said("HEAD^2").ends_with("has one parent only"));
}

#[test]
fn two_things_of_one_name_are_ambiguous() {
    let repo = merged();
    repo.git(&["tag", "twin", "main~1"]);
    repo.git(&["branch", "twin", "main"]);
    let open = repo.open();
    assert_eq!(code(open.resolve("twin")), "usage.ambiguous-revision");
    assert_eq!(open.resolve("refs/heads/twin").unwrap(), repo.id("main"));
    repo.git(&["tag", "--force", "twin", "main"]);
    assert_eq!(open.resolve("twin").unwrap(), repo.id("main"));

    // Two blobs whose ids begin alike.
    repo.write("x", "4827\n")
        .write("y", "11742\n")
        .commit("blobs");
    assert_eq!(code(open.resolve("51d2738")), "usage.ambiguous-revision");

    let short = repo.id("side").to_string()[..8].to_owned();
    repo.git(&["branch", &short, "main"]);
    assert_eq!(code(open.resolve(&short)), "usage.ambiguous-revision");
}

#[test]
fn tags_are_followed_eight_deep_and_to_commits_only() {
    let repo = merged();
    repo.git(&["tag", "-m", "t", "t1", "main"]);
    for depth in 2..=9 {
        let (name, below) = (format!("t{depth}"), format!("t{}", depth - 1));
        repo.git(&["tag", "-m", "t", &name, &below]);
    }
    repo.git(&["tag", "-m", "t", "of-blob", "main:a"]);
    repo.git(&["tag", "of-tree", "main^{tree}"]);
    let open = repo.open();
    assert_eq!(open.resolve("t8").unwrap(), repo.id("main"));
    assert_eq!(code(open.resolve("t9")), "limit.tag-depth");
    assert_eq!(code(open.resolve("of-blob")), "usage.not-a-commit");
    assert_eq!(code(open.resolve("of-tree")), "usage.not-a-commit");
}

#[test]
fn a_repository_without_commits_says_so() {
    let repo = Repo::new();
    let open = repo.open();
    assert_eq!(code(open.resolve("HEAD")), "git.no-commits");
    assert_eq!(code(open.branch_head("main")), "git.no-commits");
    assert_eq!(code(open.range("HEAD~1..HEAD")), "git.no-commits");
    assert_eq!(code(open.range("main...side")), "git.no-commits");
}

#[test]
fn references_in_circles_end() {
    let repo = merged();
    fs::write(repo.path().join(".git/refs/heads/x"), "ref: refs/heads/y\n").unwrap();
    fs::write(repo.path().join(".git/refs/heads/y"), "ref: refs/heads/x\n").unwrap();
    assert_eq!(code(repo.open().resolve("x")), "git.ref");
}

#[test]
fn in_a_shallow_clone_what_is_missing_is_told_with_the_remedy() {
    let repo = merged();
    let url = format!("file://{}", repo.path().display());
    repo.git(&["clone", "--quiet", "--depth", "1", &url, "../shallow"]);
    let shallow = Repository::open(&repo.beside("shallow")).unwrap();
    assert!(shallow.is_shallow());
    assert_eq!(shallow.resolve("HEAD").unwrap(), repo.id("main"));
    let base = repo.id("main~1").to_string();
    for result in [
        shallow.resolve("HEAD~1"),
        shallow.resolve("nobody"),
        shallow.resolve(&base),
    ] {
        assert_eq!(code(clone(&result)), "git.shallow");
        let help = help(result);
        assert!(help.contains("fetch-depth: 0") && help.contains("git fetch --unshallow"));
    }
    assert_eq!(code(shallow.range(&format!("{base}..HEAD"))), "git.shallow");
    let all = format!("{}..HEAD", GitId::EMPTY_TREE);
    assert_eq!(code(shallow.range(&all)), "git.shallow");
}

#[test]
fn a_range_that_touches_the_boundary_is_shallow_and_one_above_it_is_not() {
    let repo = Repo::new();
    for content in ["1", "2", "3", "4"] {
        repo.write("a", content).commit(content);
    }
    let url = format!("file://{}", repo.path().display());
    repo.git(&["clone", "--quiet", "--depth", "3", &url, "../shallow"]);
    let shallow = Repository::open(&repo.beside("shallow")).unwrap();
    assert_eq!(shallow.range("HEAD~2..HEAD").unwrap().commits.len(), 2);
    assert_eq!(code(shallow.range("HEAD..HEAD~1")), "range.not-ancestor");
    repo.git(&["switch", "--quiet", "--create", "old", "main~3"]);
    repo.write("b", "1").commit("forked below the boundary");
    let path = repo.beside("shallow").display().to_string();
    repo.git(&[
        "-C", &path, "fetch", "--quiet", "--depth", "1", "origin", "old",
    ]);
    let id = repo.id("old").to_string();
    let shallow = Repository::open(&repo.beside("shallow")).unwrap();
    assert_eq!(code(shallow.range(&format!("HEAD...{id}"))), "git.shallow");
    assert_eq!(code(shallow.range(&format!("{id}..HEAD"))), "git.shallow");
}

#[test]
fn a_forged_boundary_hides_nothing() {
    let repo = Repo::new();
    for content in ["1", "2", "3"] {
        repo.write("a", content).commit(content);
    }
    let forged = repo.path().join(".git/shallow");
    fs::write(&forged, format!("{}\n", repo.id("main~1"))).unwrap();
    let open = repo.open();
    assert_eq!(code(open.range("main~2..main")), "git.shallow");
    assert_eq!(open.range("main~1..main").unwrap().commits.len(), 1);
    fs::write(&forged, "garbage\n").unwrap();
    assert_eq!(code(Repository::open(repo.path())), "git.open");
}

/// Errors cannot be cloned; their text is enough here.
fn clone(result: &Result<GitId, Error>) -> Result<GitId, Error> {
    match result {
        Ok(id) => Ok(*id),
        Err(Error::Shallow { text }) => Err(Error::Shallow { text: text.clone() }),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn the_default_branch_is_what_origin_tells_of() {
    let repo = Repo::new();
    repo.write("a", "a").commit("a");
    repo.git(&["switch", "-q", "-c", "feature"]);
    let default = || repo.open().default_branch();
    assert_eq!(default().as_deref(), Some("feature"));
    repo.git(&["update-ref", "refs/remotes/origin/trunk", "HEAD"]);
    assert_eq!(default().as_deref(), Some("trunk"));
    repo.git(&["update-ref", "refs/remotes/origin/other", "HEAD"]);
    assert_eq!(
        default().as_deref(),
        Some("feature"),
        "two, of no usual name"
    );
    repo.git(&["update-ref", "refs/remotes/origin/main", "HEAD"]);
    assert_eq!(default().as_deref(), Some("main"));
    repo.git(&[
        "symbolic-ref",
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/other",
    ]);
    assert_eq!(default().as_deref(), Some("other"));
}
