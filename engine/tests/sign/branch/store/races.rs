//! Who comes second, and a branch that moves while it is looked at.

use std::fs;

use tidegate::attest::UnitId;
use tidegate::model::{Digest, GitId, code_of};
use tidegate::store::Store as _;

use super::super::BRANCH;
use super::{Shared, code, contents, names, script, store, store_at, unit};
use crate::support::Repo;

#[test]
fn a_link_follows_the_one_that_it_was_judged_from_or_is_not_put_down() {
    let shared = Shared::new();
    let (one, two) = (shared.another(), shared.another());
    let (first, second) = (store(&one), store(&two));
    let (web, db) = (unit(), UnitId::new("prod", "db").unwrap());
    first.publish_link(&web, 0, b"0").unwrap();
    first.settle().unwrap();
    second.refresh().unwrap();
    // One height for both, and then a lower and a higher one.
    for (height, other) in [(1, 1), (2, 3)] {
        first.publish_link(&web, height, b"first").unwrap();
        second.publish_link(&web, other, b"second").unwrap();
        first.settle().unwrap();
        assert_eq!(code(second.settle()), "store.conflict");
        second.refresh().unwrap();
    }
    // Links of other units come beside it.
    first.publish_link(&web, 3, b"first").unwrap();
    second.publish_link(&db, 0, b"second").unwrap();
    first.settle().unwrap();
    second.settle().unwrap();
    assert_eq!(shared.commits(), 5);
    assert_eq!(second.units().unwrap(), [db, web.clone()]);
    let all = [&b"0"[..], b"first", b"first", b"first"];
    assert_eq!(contents(second.links(&web)), all);
}

#[test]
fn what_two_put_and_take_away_alike_is_one_commit() {
    let shared = Shared::new();
    let (one, two) = (shared.another(), shared.another());
    let (first, second) = (store(&one), store_at(&two, 1));
    let digest = Digest::of(b"link");
    for store in [&first, &second] {
        store.publish_withdrawal(digest, b"x").unwrap();
    }
    for store in [&first, &second] {
        store.settle().unwrap();
    }
    assert_eq!(shared.commits(), 1);
    first.publish_link(&unit(), 0, b"x").unwrap();
    first.settle().unwrap();
    second.refresh().unwrap();
    for store in [&first, &second] {
        store.retire(&unit(), &[(0, digest)]).unwrap();
    }
    for store in [&first, &second] {
        store.settle().unwrap();
    }
    assert_eq!(shared.commits(), 3);
}

#[test]
fn what_was_published_is_forgotten_by_who_looks_again() {
    let shared = Shared::new();
    let repo = shared.another();
    let store = store(&repo);
    store.publish_link(&unit(), 0, b"x").unwrap();
    store.refresh().unwrap();
    store.settle().unwrap();
    assert_eq!(shared.0.git(&["for-each-ref"]), "");
    store.publish_link(&unit(), 0, b"x").unwrap();
}

#[test]
fn a_branch_that_does_not_follow_what_was_seen_is_not_believed() {
    let shared = Shared::new();
    let first = shared.plant(&[("100644", "links/prod/web/0.json", b"0")]);
    let tip = shared.plant(&[("100644", "links/prod/web/1.json", b"1")]);
    let repo = shared.another();
    let seen = store(&repo);
    assert_eq!(names(seen.links(&unit())), ["0.json", "1.json"]);
    for other in [Some(first), Some(shared.stranger()), None] {
        match other {
            Some(other) => shared.moves_to(other),
            None => drop(shared.0.git(&["update-ref", "-d", BRANCH])),
        }
        assert_eq!(code(seen.refresh()), "store.rewritten");
        // Another process remembers what this one saw.
        assert_eq!(code(store(&repo).links(&unit())), "store.rewritten");
    }
    shared.moves_to(tip);
    seen.refresh().unwrap();
    shared.plant(&[("100644", "links/prod/web/2.json", b"2")]);
    seen.refresh().unwrap();
    assert_eq!(names(seen.links(&unit())).len(), 3);
}

/// Runs `change` on the server's side when the branch is fetched, which is after the remote was asked for it.
fn while_it_is_fetched(repo: &Repo, change: &str) {
    let (asked, serve) = (repo.beside("asked"), repo.beside("serve"));
    let asked = asked.display();
    let text = format!(
        "if [ -e '{asked}' ]; then {change}; fi\n: > '{asked}'\nexec git upload-pack \"$@\""
    );
    script(&serve, &text);
    let serve = serve.to_str().unwrap();
    repo.git(&["config", "remote.origin.uploadpack", serve]);
}

#[test]
fn a_branch_that_is_rewritten_between_question_and_answer_is_asked_for_again() {
    let shared = Shared::new();
    shared.plant(&[("100644", "links/prod/web/0.json", b"0")]);
    let other = shared.stranger();
    let repo = shared.another();
    let bare = shared.0.path().display();
    let change = format!("git --git-dir '{bare}' update-ref {BRANCH} {other}");
    while_it_is_fetched(&repo, &change);
    assert_eq!(names(store(&repo).links(&unit())), [""; 0]);
    assert_eq!(repo.id(RECORD), other);
}

/// The remote holds it, but `git` believes that it is here.
#[test]
fn an_object_that_is_missing_here_is_no_rewritten_branch() {
    let shared = Shared::new();
    let commits = [0, 1, 2, 3].map(|height| {
        let path = format!("links/prod/web/{height}.json");
        shared.plant(&[("100644", &path, b"x")])
    });
    let repo = shared.another();
    shared.moves_to(commits[0]);
    assert_eq!(names(store(&repo).links(&unit())), ["0.json"]);
    shared.moves_to(commits[2]);
    let into = format!("{BRANCH}:refs/heads/other");
    repo.git(&["fetch", "-q", "origin", &into]);
    let id = commits[1].to_string();
    let (folder, file) = id.split_at(2);
    let object = repo.path().join(".git/objects").join(folder).join(file);
    fs::remove_file(object).unwrap();
    shared.moves_to(commits[3]);
    let error = store(&repo).links(&unit()).unwrap_err();
    assert_eq!(code_of(&error), "git.object-missing");
    assert!(error.to_string().contains(&id), "{error}");
}

#[test]
fn what_another_process_saw_in_between_counts() {
    let shared = Shared::new();
    let older = shared.plant(&[("100644", "links/prod/web/0.json", b"0")]);
    let tip = shared.plant(&[("100644", "links/prod/web/1.json", b"1")]);
    let newer = shared.plant(&[("100644", "links/prod/web/2.json", b"2")]);
    let stranger = shared.stranger();
    shared.moves_to(tip);
    for (name, id) in [("newer", newer), ("stranger", stranger)] {
        let name = format!("refs/heads/{name}");
        shared.0.git(&["update-ref", &name, &id.to_string()]);
    }
    for (saw, remembered) in [
        (older, Some(tip)),
        (newer, Some(newer)),
        (stranger, None::<GitId>),
    ] {
        let repo = shared.another();
        repo.git(&["fetch", "-q", "origin"]);
        let folder = repo.path().display();
        let change = format!("git --git-dir '{folder}/.git' update-ref {RECORD} {saw}");
        while_it_is_fetched(&repo, &change);
        let links = store(&repo).links(&unit());
        if let Some(remembered) = remembered {
            assert_eq!(names(links), ["0.json", "1.json"]);
            assert_eq!(repo.id(RECORD), remembered);
        } else {
            assert_eq!(code(links), "store.rewritten");
            assert_eq!(repo.id(RECORD), saw);
        }
    }
}

const RECORD: &str = "refs/tidegate/remotes/origin/tidegate/verdicts";
