//! What moves: links into the history, verdicts between stores, renewals over each other.

use tidegate::attest;
use tidegate::model::Digest;

use super::{APP, BRANCH, Remote};

#[test]
fn what_is_older_than_the_newest_baseline_lies_in_the_history_and_still_counts() {
    let remote = Remote::started();
    for (from, to) in [("a", "b"), ("b", "c")] {
        remote.world.label(APP, from, to);
        remote.push();
        assert_eq!(remote.signs("sign", &[]).0, 0);
    }
    remote.world.label(APP, "c", "d");
    remote.push();
    let (exit, said) = remote.signs("baseline", &["--unit", "web"]);
    assert_eq!(exit, 0, "{said}");
    remote.world.label(APP, "d", "e");
    remote.push();
    assert_eq!(remote.signs("sign", &[]).0, 0);
    let links = [
        "links/main/gate/0.json",
        "links/prod/db/0.json",
        "links/prod/web/3.json",
        "links/prod/web/4.json",
    ];
    assert_eq!(remote.files(), links);
    let clone = remote.clone_as("deployer");
    for (deployed, exit, words) in [
        ("HEAD~1", 0, "admitted (judged), link 4, tier medium"),
        // Link 2, which is not in the tip. What a baseline accepted counts as critical.
        ("HEAD~2", 4, "refused[held]"),
        ("HEAD~4", 4, "refused[held]"),
    ] {
        let more = format!("--unit web --revision HEAD --deployed {deployed}");
        let (got, said) = remote.admits(&clone, &more);
        assert_eq!(got, exit, "{deployed}: {said}");
        assert!(said.contains(words), "{deployed}: {said}");
    }
}

#[test]
fn a_link_is_taken_back_on_the_branch_and_in_its_history() {
    let remote = Remote::started();
    for (from, to) in [("a", "b"), ("b", "c")] {
        remote.world.label(APP, from, to);
        remote.push();
        assert_eq!(remote.signs("sign", &[]).0, 0);
    }
    let clone = remote.clone_as("operator");
    let digest = |height: u64| {
        let path = format!("{BRANCH}:links/prod/web/{height}.json");
        let payload = attest::unverified_payload(remote.git(&["show", &path]).as_bytes()).unwrap();
        Digest::of(&payload).to_string()
    };
    let (first, newest) = (digest(1), digest(2));
    let withdraw = |link: &str| remote.signs_in(&clone, "withdraw", &[link, "--reason", "x"]);
    let commits = remote.commits();
    let (exit, said) = withdraw(&newest);
    assert_eq!((exit, remote.commits()), (0, commits + 1), "{said}");
    let (exit, said) = withdraw(&newest);
    assert_eq!((exit, remote.commits()), (0, commits + 1), "{said}");
    assert!(said.contains("already withdrawn"), "{said}");
    let more = "--unit web --revision HEAD --deployed HEAD~1";
    let (exit, said) = remote.admits(&clone, more);
    assert_eq!(exit, 4, "{said}");
    assert!(said.contains("refused[withdrawn]"), "{said}");
    // A baseline puts the links below it into the history, where one is still taken back.
    let (exit, said) = remote.signs("baseline", &["--unit", "web"]);
    assert_eq!(exit, 0, "{said}");
    assert!(!remote.files().contains(&"links/prod/web/1.json".to_owned()));
    let (exit, said) = withdraw(&first);
    assert_eq!(exit, 0, "{said}");
    let (exit, said) = remote.admits(&clone, "--unit web --revision HEAD~1 --deployed HEAD~1");
    assert_eq!(exit, 4, "{said}");
    assert!(said.contains("refused[withdrawn]"), "{said}");
}

#[test]
fn a_bare_repository_admits_and_keeps_nothing_but_what_it_saw() {
    let remote = Remote::started();
    remote.world.label(APP, "a", "b");
    remote.push();
    assert_eq!(remote.signs("sign", &[]).0, 0);
    let bare = remote.world.repo.beside("mirror.git");
    let from = format!("file://{}", remote.bare.display());
    let repo = &remote.world.repo;
    repo.git(&["clone", "-q", "--mirror", &from, bare.to_str().unwrap()]);
    let more = "--unit web --revision main --deployed main~1";
    let before = repo.git(&["-C", bare.to_str().unwrap(), "for-each-ref"]);
    let (exit, said) = remote.admits(&bare, more);
    assert_eq!(exit, 0, "{said}");
    let after = repo.git(&["-C", bare.to_str().unwrap(), "for-each-ref"]);
    let new: Vec<&str> = after
        .lines()
        .filter(|line| !before.contains(line))
        .collect();
    assert_eq!(new.len(), 1, "{after}");
    assert!(
        new[0].ends_with("refs/tidegate/remotes/origin/tidegate/verdicts"),
        "{after}"
    );
    assert!(!bare.join("FETCH_HEAD").exists());
}

#[test]
fn publishing_a_folder_moves_verified_links_once_and_refuses_a_fork() {
    let remote = Remote::new();
    let folder = format!("folder:{}", remote.world.verdicts().display());
    let key = remote.world.key_file();
    let local = |command: &str| {
        let line = [
            command,
            "--env=prod",
            "--key-file",
            &key,
            "--verdicts",
            &folder,
        ];
        let (exit, said, errors) = remote.world.run(&line);
        assert_eq!(exit, 0, "{said}{errors}");
    };
    let publish = || {
        let line = ["publish", &folder, "--verdicts", "branch"];
        let (exit, said, errors) = remote.world.run(&line);
        (exit, format!("{said}{errors}"))
    };
    local("baseline");
    remote.world.label(APP, "a", "b");
    remote.push();
    local("sign");
    remote.world.plant("prod/db", 5, b"{}");
    let (exit, said) = publish();
    assert_eq!(exit, 4, "{said}");
    assert!(said.contains("error[store.left-behind]"), "{said}");
    assert!(
        said.contains("prod/web: 2 links copied, the newest is link 1"),
        "{said}"
    );
    assert!(
        said.contains("5.json` does not verify and stays behind"),
        "{said}"
    );
    assert_eq!(remote.files().len(), 4);
    let (exit, said) = publish();
    assert_eq!((exit, remote.commits()), (4, 1), "{said}");
    assert!(
        said.contains("prod/web: nothing new, the newest is link 1"),
        "{said}"
    );
    let more = "--unit web --revision HEAD --deployed HEAD~1";
    assert_eq!(remote.admits(remote.world.repo.path(), more).0, 0);
}

#[test]
fn two_stores_that_went_on_by_themselves_are_a_fork() {
    let remote = Remote::started();
    let folder = format!("folder:{}", remote.world.verdicts().display());
    let key = remote.world.key_file();
    let local = |line: &[&str]| {
        let (exit, said, errors) = remote.world.run(line);
        (exit, format!("{said}{errors}"))
    };
    let (exit, said) = local(&["publish", "branch", "--verdicts", &folder]);
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("prod/web: 1 link copied"), "{said}");
    // Both go on: two links of height 1.
    remote.world.label(APP, "a", "b");
    remote.push();
    assert_eq!(remote.signs("sign", &[]).0, 0);
    remote.world.label(APP, "b", "c");
    remote.push();
    let sign = [
        "sign",
        "--env=prod",
        "--key-file",
        &key,
        "--verdicts",
        &folder,
    ];
    assert_eq!(local(&sign).0, 0);
    let (exit, said) = local(&["publish", &folder, "--verdicts", "branch"]);
    assert_eq!((exit, remote.commits()), (3, 2), "{said}");
    assert!(said.contains("store.fork"), "{said}");
}

#[test]
fn a_renewal_takes_the_place_of_the_one_before() {
    let remote = Remote::started();
    remote.world.label(APP, "a", "b");
    remote.push();
    assert_eq!(remote.signs("sign", &[]).0, 0);
    for commits in [3, 4] {
        // A renewal is named by the second in which it was made.
        std::thread::sleep(std::time::Duration::from_millis(1100));
        let (exit, said) = remote.signs("sign", &["--renew", "--unit", "web"]);
        assert_eq!((exit, remote.commits()), (0, commits), "{said}");
        assert!(
            said.contains("prod/web: link 1 renewed, tier medium"),
            "{said}"
        );
        let files = remote.files();
        let renewals = files.iter().filter(|file| file.starts_with("renewals/"));
        assert_eq!(renewals.count(), 1, "{files:?}");
    }
    let more = "--unit web --revision HEAD --deployed HEAD~1";
    assert_eq!(remote.admits(remote.world.repo.path(), more).0, 0);
}

#[test]
fn what_is_archived_is_checked_after_the_branch_was_cut_to_its_tip() {
    let remote = Remote::started();
    let sign = |from: &str, to: &str, command: &str| {
        remote.world.label(APP, from, to);
        remote.push();
        let (exit, said) = remote.signs(command, &[]);
        assert_eq!(exit, 0, "{said}");
    };
    sign("a", "b", "sign");
    sign("b", "c", "baseline");
    sign("c", "d", "sign");
    let archive = remote.world.repo.beside("archive");
    let archived = format!("folder:{}", archive.display());
    let publish = || {
        let line = ["publish", "branch", "--verdicts", &archived];
        let (exit, said, errors) = remote.world.run(&line);
        assert_eq!(exit, 0, "{said}{errors}");
        said
    };
    assert!(publish().contains("prod/web: 4 links copied, the newest is link 3"));
    let deployer = remote.clone_as("deployer");
    let admit = "--unit web --revision HEAD --deployed HEAD~1";
    assert_eq!(remote.admits(&deployer, admit).0, 0);
    let cut = remote.git(&["commit-tree", "-m", "cut", &format!("{BRANCH}^{{tree}}")]);
    remote.git(&["update-ref", BRANCH, &cut]);
    for clone in [&deployer, remote.world.repo.path()] {
        let (exit, said) = remote.admits(clone, admit);
        assert_eq!(exit, 3, "{said}");
        let accept = "update-ref -d refs/tidegate/remotes/origin/tidegate/verdicts";
        let words: Vec<&str> = said.split_whitespace().collect();
        assert!(words.join(" ").contains(accept), "{said}");
        let accept: Vec<&str> = accept.split(' ').collect();
        let at = ["-C", clone.to_str().unwrap()];
        remote.world.repo.git(&[&at[..], &accept[..]].concat());
        let (exit, said) = remote.admits(clone, admit);
        assert_eq!(exit, 0, "{said}");
    }
    sign("d", "e", "sign");
    assert!(publish().contains("prod/web: 1 link copied, the newest is link 4"));
    for height in [1, 3, 4] {
        let link = archive.join(format!("links/prod/web/{height}.json"));
        let line = ["replay", link.to_str().unwrap(), "--verdicts", &archived];
        let (exit, said, errors) = remote.world.run(&line);
        assert_eq!(exit, 0, "{said}{errors}");
    }
}
