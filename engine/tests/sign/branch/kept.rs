//! What never leaves the branch: who takes it away by a commit on top is noticed, though nothing was rewritten.

use std::fs;
use std::path::Path;

use tidegate::attest;
use tidegate::model::Digest;

use super::{APP, BRANCH, Remote};

/// Link 1 of `web`, which was taken back.
fn withdrawn() -> (Remote, String) {
    let remote = Remote::started();
    remote.world.label(APP, "a", "b");
    remote.push();
    assert_eq!(remote.signs("sign", &[]).0, 0);
    let link = digest(&remote, "links/prod/web/1.json");
    let (exit, said) = remote.signs("withdraw", &[&link, "--reason", "x"]);
    assert_eq!(exit, 0, "{said}");
    let files = remote.files();
    let mut withdrawals = files.iter().filter(|file| file.starts_with("withdrawals/"));
    let withdrawal = withdrawals.next().unwrap().clone();
    (remote, withdrawal)
}

fn digest(remote: &Remote, path: &str) -> String {
    let envelope = remote.git(&["show", &format!("{BRANCH}:{path}")]);
    let payload = attest::unverified_payload(envelope.as_bytes()).unwrap();
    Digest::of(&payload).to_string()
}

/// `verify --all` in a clone of its own, which never saw the branch before.
fn verified(remote: &Remote, name: &str) -> (i32, String) {
    let clone = remote.clone_as(name);
    let trust = remote.world.trust_file();
    let line = ["verify", "--all", "--trust", &trust, "--verdicts", "branch"];
    let mut command = remote.world.command(&line);
    remote.ends_with(command.current_dir(clone))
}

/// The same question as [`ADMIT`], of a folder that is no clone.
fn from_work(remote: &Remote, work: &Path) -> String {
    let ids = [remote.world.repo.id("HEAD"), remote.world.repo.id("HEAD~1")];
    format!(
        "--unit web --revision {} --deployed {} --repository file://{} --work {}",
        ids[0],
        ids[1],
        remote.bare.display(),
        work.display()
    )
}

const ADMIT: &str = "--unit web --revision HEAD --deployed HEAD~1";

#[test]
fn a_withdrawal_that_a_commit_takes_away_is_missed() {
    let (remote, withdrawal) = withdrawn();
    let clone = remote.clone_as("deployer");
    let work = remote.world.repo.beside("work");
    fs::create_dir(&work).unwrap();
    let from_work = from_work(&remote, &work);
    let places: [(&Path, &str); 2] = [(&clone, ADMIT), (remote.world.repo.path(), &from_work)];
    for (place, line) in places {
        let (exit, said) = remote.admits(place, line);
        assert_eq!(exit, 4, "{said}");
        assert!(said.contains("refused[withdrawn]"), "{said}");
    }
    assert_eq!(verified(&remote, "before").0, 0);

    let kept = remote.git(&["show", &format!("{BRANCH}:{withdrawal}")]);
    let seen = remote.git(&["rev-parse", BRANCH]);
    remote.plants("tidy up", &|clone| {
        fs::remove_file(clone.join(&withdrawal)).unwrap();
    });
    for (place, line) in places {
        let (exit, said) = remote.admits(place, line);
        assert_eq!(exit, 3, "{said}");
        let told = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(told.contains("error[store.taken-away]"), "{said}");
        assert!(
            told.contains(&format!("git show {}:{withdrawal}", seen.trim())),
            "{said}"
        );
    }
    assert_eq!(
        remote.signs("sign", &[]).0,
        3,
        "nor does anybody sign on top"
    );
    let (exit, said) = verified(&remote, "after");
    assert_eq!(exit, 4, "{said}");
    assert!(said.contains("refused[store-gap]"), "{said}");
    assert!(said.contains(&withdrawal), "{said}");

    // In its place, nothing but itself will do.
    remote.plants("put something back", &|clone| {
        fs::create_dir_all(clone.join("withdrawals")).unwrap();
        fs::write(
            clone.join(&withdrawal),
            kept.replacen("\"sig\":\"", "\"sig\":\"AA", 1),
        )
        .unwrap();
    });
    assert_eq!(remote.admits(&clone, ADMIT).0, 3);
    remote.plants("put it back", &|clone| {
        fs::write(clone.join(&withdrawal), &kept).unwrap();
    });
    for (place, line) in places {
        let (exit, said) = remote.admits(place, line);
        assert_eq!(exit, 4, "{said}");
        assert!(said.contains("refused[withdrawn]"), "{said}");
    }
    let (exit, said) = verified(&remote, "again");
    assert_eq!(exit, 0, "{said}");
}

#[test]
fn a_signer_that_never_saw_the_branch_asks_its_whole_history() {
    let (remote, withdrawal) = withdrawn();
    let kept = remote.git(&["show", &format!("{BRANCH}:{withdrawal}")]);
    remote.plants("tidy up", &|clone| {
        fs::remove_file(clone.join(&withdrawal)).unwrap();
    });
    remote.world.label(APP, "b", "c");
    remote.push();
    let fresh = remote.clone_as("runner");
    for time in ["first", "second"] {
        let (exit, said) = remote.signs_in(&fresh, "sign", &[]);
        assert_eq!(exit, 3, "{time}: {said}");
        assert!(said.contains("error[store.taken-away]"), "{said}");
        assert!(said.contains(&withdrawal), "{said}");
    }
    remote.plants("put it back", &|clone| {
        fs::create_dir_all(clone.join("withdrawals")).unwrap();
        fs::write(clone.join(&withdrawal), &kept).unwrap();
    });
    let (exit, said) = remote.signs_in(&fresh, "sign", &[]);
    assert_eq!(exit, 0, "{said}");
}

#[test]
fn the_newest_link_and_those_of_the_gate_stay() {
    for path in ["links/prod/web/1.json", "links/prod", "links/main/gate"] {
        let remote = Remote::started();
        let clone = remote.clone_as("deployer");
        remote.world.label(APP, "a", "b");
        remote.push();
        assert_eq!(remote.signs("sign", &[]).0, 0);
        let pulled = clone.to_str().unwrap();
        remote.world.repo.git(&["-C", pulled, "pull", "-q"]);
        assert_eq!(remote.admits(&clone, ADMIT).0, 0);
        remote.plants("tidy up", &|clone| {
            let gone = clone.join(path);
            match gone.is_dir() {
                true => fs::remove_dir_all(gone).unwrap(),
                false => fs::remove_file(gone).unwrap(),
            }
        });
        let (exit, said) = remote.admits(&clone, ADMIT);
        assert_eq!(exit, 3, "{path}: {said}");
        assert!(said.contains("store.taken-away"), "{path}: {said}");
        let (exit, said) = verified(&remote, "fresh");
        assert_eq!(exit, 4, "{path}: {said}");
        assert!(
            said.contains("which lay in the store and had to stay"),
            "{said}"
        );
    }
}

#[test]
fn what_a_baseline_puts_aside_and_what_was_no_statement_may_go() {
    let (remote, _) = withdrawn();
    let clone = remote.clone_as("deployer");
    for strays in [true, false] {
        remote.plants("strays", &|clone| {
            let stray = clone.join("withdrawals/notes.json");
            let blocked = clone.join("links/prod/db/1.json");
            match strays {
                true => {
                    fs::write(&stray, "{}").unwrap();
                    fs::write(&blocked, "{}").unwrap();
                }
                false => {
                    fs::remove_file(&stray).unwrap();
                    fs::remove_file(&blocked).unwrap();
                }
            }
        });
        let (exit, said) = remote.admits(&clone, ADMIT);
        assert_eq!(exit, if strays { 3 } else { 4 }, "{said}");
    }
    assert_eq!(remote.signs("baseline", &[]).0, 0);
    assert!(!remote.files().contains(&"links/prod/web/0.json".to_owned()));
    let (exit, said) = remote.admits(&clone, ADMIT);
    assert_eq!(exit, 0, "{said}");
    let (exit, said) = verified(&remote, "fresh");
    assert_eq!(exit, 0, "{said}");
}
