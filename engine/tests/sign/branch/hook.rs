//! A process without a clone, as the hook is: it fetches what it asks, and no more.

use std::fs;

use tidegate::attest;
use tidegate::model::Digest;

use super::{APP, BRANCH, Remote};

#[test]
fn of_the_branch_of_verdicts_a_new_folder_gets_the_newest_commit_alone() {
    let remote = Remote::started();
    let change = |from, to| {
        remote.world.label(APP, from, to);
        remote.push();
        assert_eq!(remote.signs("sign", &[]).0, 0);
    };
    change("a", "b");
    let old = format!("{BRANCH}:links/prod/web/1.json");
    let payload = attest::unverified_payload(remote.git(&["show", &old]).as_bytes()).unwrap();
    let old = Digest::of(&payload).to_string();
    assert_eq!(remote.signs("baseline", &["--unit", "web"]).0, 0);
    change("b", "c");
    let work = remote.world.repo.beside("work");
    fs::create_dir(&work).unwrap();
    let clone = work.join("repository.git");
    let admits = |deployed: &str| {
        let ids = [remote.world.repo.id("HEAD"), remote.world.repo.id(deployed)];
        let origin = format!("file://{}", remote.bare.display());
        let more = format!(
            "--unit web --revision {} --deployed {} --repository {origin} --work {}",
            ids[0],
            ids[1],
            work.display()
        );
        remote.admits(remote.world.repo.path(), &more)
    };
    let (exit, said) = admits("HEAD~1");
    assert_eq!(exit, 0, "{said}");
    let tip = remote.git(&["rev-parse", BRANCH]);
    let cut = || fs::read_to_string(clone.join("shallow")).unwrap_or_default();
    assert_eq!(cut().trim(), tip.trim());

    // What follows is fetched up to there, and a branch that was rewritten is still noticed.
    change("c", "d");
    let (exit, said) = admits("HEAD~1");
    assert_eq!(exit, 0, "{said}");
    assert_eq!(cut().trim(), tip.trim());
    let newest = remote.git(&["rev-parse", BRANCH]);
    remote.git(&["update-ref", BRANCH, &format!("{}~3", newest.trim())]);
    let (exit, said) = admits("HEAD~1");
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("store.rewritten"), "{said}");
    remote.git(&["update-ref", BRANCH, newest.trim()]);

    // Who asks for what lies in the history only gets all of it.
    let main = remote.world.repo.id("HEAD").to_string();
    let git_dir = format!("--git-dir={}", clone.display());
    let line = [&git_dir, "update-ref", "refs/heads/main", &main];
    remote.world.repo.git(&line);
    let (exit, said) = remote.signs_in(&clone, "withdraw", &[&old, "--reason", "x"]);
    assert_eq!(exit, 0, "{said}");
    assert_eq!(cut(), "");
}

#[test]
fn a_branch_that_is_made_later_is_fetched_then() {
    let remote = Remote::new();
    let work = remote.world.repo.beside("work");
    fs::create_dir(&work).unwrap();
    let head = remote.world.repo.id("HEAD");
    let origin = format!("file://{}", remote.bare.display());
    let more = format!(
        "--unit web --revision {head} --repository {origin} --work {}",
        work.display()
    );
    // Nothing was published yet: there is no such branch.
    let admits = || remote.admits(remote.world.repo.path(), &more);
    let (exit, said) = admits();
    assert_eq!(exit, 4, "{said}");
    assert_eq!(remote.signs("baseline", &[]).0, 0);
    let (exit, said) = admits();
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("link 0"), "{said}");
}
