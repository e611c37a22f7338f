//! A push whose answer is lost or is no, a repository that cannot be written, and a remote that is asked by hand.

use std::fs;
use std::os::unix::fs::symlink;

use tidegate::store::{Pushed, Remote, Store as _};

use super::super::BRANCH;
use super::{Shared, code, contents, names, script, store, unit};
use crate::support::Repo;

/// A branch with link 0, a store that has seen it, and a hook of the server for the next push.
fn hooked(name: &str, text: &str) -> (Shared, Repo) {
    let shared = Shared::new();
    shared.plant(&[("100644", "links/prod/web/0.json", b"0")]);
    let repo = shared.another();
    assert_eq!(contents(store(&repo).links(&unit())), [b"0"]);
    let folder = shared.0.path().display().to_string();
    let text = text
        .replace("ONCE", &format!("mkdir '{folder}/once' 2>/dev/null"))
        .replace(
            "MOVE",
            &format!(
                "env -u GIT_QUARANTINE_PATH git --git-dir '{folder}' update-ref {BRANCH} refs/heads/next"
            ),
        );
    let next = shared.plant(&[("100644", "README", b"x")]);
    shared
        .0
        .git(&["update-ref", "refs/heads/next", &next.to_string()]);
    shared.0.git(&["update-ref", BRANCH, &format!("{next}^")]);
    script(&shared.0.path().join("hooks").join(name), &text);
    (shared, repo)
}

#[test]
fn what_the_branch_says_counts_where_the_answer_to_a_push_is_lost() {
    for (hook, text, ended, commits) in [
        // It was moved, and nobody said so.
        (
            "reference-transaction",
            "[ \"$1\" = committed ] && kill -9 $PPID; exit 0",
            None,
            2,
        ),
        // It was not.
        (
            "pre-receive",
            "ONCE && kill -9 $PPID; exit 0",
            Some("store.unreachable"),
            1,
        ),
        // Somebody else moved it.
        (
            "pre-receive",
            "ONCE && MOVE && kill -9 $PPID; exit 0",
            None,
            3,
        ),
    ] {
        let (shared, repo) = hooked(hook, text);
        let store = store(&repo);
        store.publish_link(&unit(), 1, b"1").unwrap();
        let settled = store.settle().err();
        let settled = settled.map(|error| tidegate::model::code_of(&error));
        assert_eq!(settled.as_deref(), ended, "{text}");
        fs::remove_dir_all(shared.0.path().join("hooks")).unwrap();
        assert_eq!(shared.commits(), commits, "{text}");
        let links = if ended.is_some() { 1 } else { 2 };
        assert_eq!(names(store.links(&unit())).len(), links, "{text}");
    }
}

#[test]
fn who_finds_on_the_branch_what_was_pushed_asks_no_more() {
    let lost = "[ \"$1\" = committed ] && kill -9 $PPID; exit 0";
    let (_shared, repo) = hooked("reference-transaction", lost);
    let (asked, serve) = (repo.beside("asked"), repo.beside("serve"));
    let text = format!("echo >> '{}'; exec git upload-pack \"$@\"", asked.display());
    script(&serve, &text);
    let serve = serve.to_str().unwrap();
    repo.git(&["config", "remote.origin.uploadpack", serve]);
    let store = store(&repo);
    store.publish_link(&unit(), 1, b"1").unwrap();
    store.settle().unwrap();
    // Where the branch stands, before the push and after it.
    assert_eq!(fs::read_to_string(asked).unwrap().lines().count(), 2);
}

#[test]
fn a_server_that_says_no_is_asked_again_only_where_the_branch_moved() {
    let (shared, repo) = hooked("pre-receive", "echo 'signed off?' >&2; exit 1");
    let first = store(&repo);
    first.publish_link(&unit(), 1, b"1").unwrap();
    let error = first.settle().unwrap_err();
    assert_eq!(tidegate::model::code_of(&error), "store.rejected");
    assert!(error.to_string().contains("signed off?"), "{error}");
    assert_eq!(shared.commits(), 1);

    let (shared, repo) = hooked("pre-receive", "ONCE && MOVE && exit 1; exit 0");
    let second = store(&repo);
    second.publish_link(&unit(), 1, b"1").unwrap();
    second.settle().unwrap();
    assert_eq!(shared.commits(), 3);
    assert_eq!(contents(second.links(&unit())), [b"0", b"1"]);
}

/// Nobody makes files in `/proc`, whoever they are.
#[cfg(target_os = "linux")]
#[test]
fn where_no_object_can_be_written_they_are_fetched_elsewhere_and_nothing_is_remembered() {
    let shared = Shared::new();
    shared.plant(&[("100644", "links/prod/web/0.json", b"0")]);
    let repo = shared.another();
    let objects = repo.path().join(".git/objects");
    fs::remove_dir_all(&objects).unwrap();
    symlink("/proc", &objects).unwrap();
    let store = store(&repo);
    assert_eq!(contents(store.links(&unit())), [b"0"]);
    assert!(repo.beside("scratch/objects").exists());
    assert!(!repo.path().join(".git/refs/tidegate").exists());
}

#[test]
fn a_remote_is_asked_fetched_from_and_moved() {
    let shared = Shared::new();
    let (one, two) = (shared.another(), shared.another());
    let (first, second) = (one.commit_index("first"), two.commit_index("second"));
    let of = |repo: &Repo| Remote::new(&repo.open(), "origin").unwrap();
    let (near, far) = (of(&one), of(&two));
    assert_eq!(near.head(BRANCH).unwrap(), None);
    assert_eq!(near.push(first, BRANCH, None).unwrap(), Pushed::Done);
    assert_eq!(far.push(second, BRANCH, None).unwrap(), Pushed::Overtaken);
    assert_eq!(far.head(BRANCH).unwrap(), Some(first));
    assert!(two.open().tree_of(first).is_err());
    far.fetch(BRANCH).unwrap();
    two.open().tree_of(first).unwrap();
    assert_eq!(code(far.fetch("refs/heads/none")), "store.unreachable");
    assert_eq!(code(Remote::new(&one.open(), "other")), "store.no-remote");
}
