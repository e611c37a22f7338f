//! A process without a clone, as the hook is: it fetches what it asks, and no more.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

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

/// What is asked of a folder in which no repository is yet.
fn asked_anew(remote: &Remote, work: &Path) -> Command {
    let head = remote.world.repo.id("HEAD");
    let origin = format!("file://{}", remote.bare.display());
    let more = format!(
        "--unit web --revision {head} --repository {origin} --work {}",
        work.display()
    );
    remote.admission(remote.world.repo.path(), &more)
}

#[test]
fn a_repository_that_was_half_made_is_made_anew() {
    let remote = Remote::started();
    let url = format!(
        "[remote \"origin\"]\n\turl = file://{}\n",
        remote.bare.display()
    );
    for (number, files) in [
        vec![],
        vec![("HEAD.lock", "")],
        vec![("HEAD", "ref: refs/heads/main\n"), ("config.lock", "")],
        vec![
            ("HEAD", "ref: refs/heads/main\n"),
            ("config", "[core]\n\tbare = true\n"),
        ],
        vec![("HEAD", "ref: refs/heads/main\n"), ("config", &url)],
    ]
    .into_iter()
    .enumerate()
    {
        let work = remote.world.repo.beside(&format!("work-{number}"));
        let half = work.join("repository.git");
        fs::create_dir_all(half.join("objects/pack")).unwrap();
        for (name, content) in files {
            fs::write(half.join(name), content).unwrap();
        }
        let (exit, said) = remote.ends(asked_anew(&remote, &work));
        assert_eq!(exit, 0, "{number}: {said}");
    }
    // What is something else is nobody's to throw away.
    let work = remote.world.repo.beside("other");
    let other = work.join("repository.git/notes.txt");
    fs::create_dir_all(other.parent().unwrap()).unwrap();
    fs::write(&other, "mine").unwrap();
    assert_eq!(remote.ends(asked_anew(&remote, &work)).0, 3);
    assert_eq!(fs::read_to_string(&other).unwrap(), "mine");
}

#[test]
fn what_a_killed_run_left_locked_is_free_again_where_nobody_else_is_at_work() {
    let remote = Remote::started();
    let work = remote.world.repo.beside("work");
    let (exit, said) = remote.ends(asked_anew(&remote, &work));
    assert_eq!(exit, 0, "{said}");
    let clone = work.join("repository.git");
    let locks = [
        "config.lock",
        "packed-refs.lock",
        "shallow.lock",
        "HEAD.lock",
        "refs/remotes/origin/main.lock",
        "refs/tidegate/remotes/origin/tidegate/verdicts.lock",
    ];
    let left = || {
        locks
            .iter()
            .filter(|name| clone.join(name).exists())
            .count()
    };
    // The branches move, so that each is locked by who follows them.
    let moves = |from, to| {
        remote.world.label(APP, from, to);
        remote.push();
        assert_eq!(remote.signs("baseline", &[]).0, 0);
        for name in locks {
            fs::create_dir_all(clone.join(name).parent().unwrap()).unwrap();
            fs::write(clone.join(name), "").unwrap();
        }
    };
    moves("a", "b");
    let other = File::create(work.join("repository.use")).unwrap();
    other.lock_shared().unwrap();
    let (exit, said) = remote.ends(asked_anew(&remote, &work));
    assert_ne!(exit, 0, "{said}");
    assert_eq!(left(), locks.len(), "of one that is at work");
    drop(other);
    let (exit, said) = remote.ends(asked_anew(&remote, &work));
    assert_eq!(exit, 0, "{said}");
    assert_eq!(left(), 0);
    // What lies among objects is Git's own business.
    moves("b", "c");
    let elsewhere = clone.join("objects/info/a.lock");
    fs::write(&elsewhere, "").unwrap();
    let (exit, said) = remote.ends(asked_anew(&remote, &work));
    assert_eq!(exit, 0, "{said}");
    assert!(elsewhere.exists());
}

#[test]
fn a_repository_that_was_cut_is_told_and_not_asked_again_for_ever() {
    let remote = Remote::started();
    let work = remote.world.repo.beside("work");
    assert_eq!(remote.ends(asked_anew(&remote, &work)).0, 0);
    for name in ["HEAD", "config"] {
        let file = work.join("repository.git").join(name);
        let text = fs::read(&file).unwrap();
        fs::write(&file, "").unwrap();
        let (exit, said) = remote.ends(asked_anew(&remote, &work));
        assert_eq!(exit, 3, "{name}: {said}");
        assert!(said.contains("error[work.broken]"), "{said}");
        fs::write(&file, text).unwrap();
    }
    assert_eq!(remote.ends(asked_anew(&remote, &work)).0, 0);
}

#[test]
fn what_is_no_lock_is_not_waited_for() {
    let remote = Remote::started();
    let work = remote.world.repo.beside("work");
    fs::create_dir(&work).unwrap();
    fs::write(work.join("repository.new"), "").unwrap();
    let (exit, said) = remote.ends(asked_anew(&remote, &work));
    assert_eq!(exit, 0, "{said}");
    let lock = work.join("repository.lock");
    fs::remove_file(&lock).unwrap();
    let made = Command::new("mkfifo").arg(&lock).status().unwrap();
    assert!(made.success());
    let (exit, said) = remote.ends(asked_anew(&remote, &work));
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("repository.lock"), "{said}");
}

#[test]
#[ignore = "takes a minute: .ci/run runs it"]
fn a_lock_that_another_holds_is_waited_for_a_minute() {
    let remote = Remote::started();
    let work = remote.world.repo.beside("work");
    fs::create_dir(&work).unwrap();
    let other = File::create(work.join("repository.lock")).unwrap();
    other.lock().unwrap();
    let (exit, said) = remote.ends(asked_anew(&remote, &work));
    assert_eq!(exit, 75, "{said}");
    assert!(said.contains("error[work.busy]"), "{said}");
}

#[test]
fn several_that_begin_at_once_in_one_folder_all_get_their_answer() {
    let remote = Remote::started();
    let work = remote.world.repo.beside("work");
    // The trust file is written for each.
    let commands: Vec<Command> = (0..6).map(|_| asked_anew(&remote, &work)).collect();
    let mut begun = Vec::new();
    for mut command in commands {
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped());
        begun.push(piped.spawn().unwrap());
    }
    for child in begun {
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{said}");
    }
}
