//! A server that says no or nothing, a branch that was rewritten, and what else may lie on it.

use std::fs;

use super::{APP, BRANCH, Remote, World};

#[test]
fn a_branch_that_takes_no_push_is_told_with_the_words_of_the_server_and_without_its_colours() {
    let remote = Remote::new();
    remote.hook(
        "pre-receive",
        "printf '\\033[31mGH006: protected branch\\n' >&2; exit 1",
    );
    let (exit, said) = remote.signs("baseline", &[]);
    assert_eq!(exit, 3, "{said}");
    assert!(
        said.contains("store.rejected") && said.contains("GH006: protected branch"),
        "{said}"
    );
    assert!(!said.contains('\u{1b}'), "{said}");
    fs::remove_dir_all(&remote.bare).unwrap();
    let (exit, said) = remote.signs("baseline", &[]);
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("store.denied"), "{said}");
}

#[test]
fn a_remote_that_does_not_answer_is_temporary() {
    let remote = Remote::new();
    remote
        .world
        .repo
        .git(&["remote", "set-url", "origin", "git://127.0.0.1:1/x"]);
    let (exit, said) = remote.signs("baseline", &[]);
    assert_eq!(exit, 75, "{said}");
    assert!(said.contains("store.unreachable"), "{said}");
    remote
        .world
        .repo
        .git(&["remote", "set-url", "origin", "ext::touch pwned"]);
    let (exit, said) = remote.signs("baseline", &[]);
    assert_eq!(exit, 3, "{said}");
    assert!(!remote.world.repo.path().join("pwned").exists());
}

#[test]
fn without_such_a_remote_the_way_out_is_named() {
    let world = World::new();
    let key = world.key_file();
    let sign = |store: &str| {
        let line = [
            "baseline",
            "--env",
            "prod",
            "--key-file",
            &key,
            "--verdicts",
            store,
        ];
        let (exit, _, said) = world.run(&line);
        (exit, said)
    };
    let (exit, said) = sign("branch");
    assert_eq!(exit, 3, "{said}");
    assert!(
        said.contains("store.no-remote") && said.contains("folder:DIR"),
        "{said}"
    );
    for text in [
        "branch:--upload-pack=x",
        "branch:ext::x",
        "branch:../x",
        "branches",
        "branch:o:-x",
    ] {
        assert_eq!(sign(text).0, 2, "{text}");
    }
}

#[test]
fn a_branch_that_went_back_is_no_branch_to_believe() {
    let remote = Remote::started();
    let deployer = remote.clone_as("deployer");
    remote.world.label(APP, "a", "b");
    remote.push();
    assert_eq!(remote.signs("sign", &[]).0, 0);
    let path = deployer.to_str().unwrap();
    remote.world.repo.git(&["-C", path, "pull", "-q"]);
    let admit = "--unit web --revision HEAD --deployed HEAD~1";
    let (exit, said) = remote.admits(&deployer, admit);
    assert_eq!(exit, 0, "{said}");
    let tip = remote.git(&["rev-parse", BRANCH]);
    remote.git(&["update-ref", BRANCH, &format!("{BRANCH}~1")]);
    for clone in [&deployer, remote.world.repo.path()] {
        let (exit, said) = remote.admits(clone, admit);
        assert_eq!(exit, 3, "{said}");
        assert!(
            said.contains("store.rewritten") && said.contains(&tip),
            "{said}"
        );
    }
    assert_eq!(remote.signs("sign", &[]).0, 3);
    remote.git(&["update-ref", "-d", BRANCH]);
    assert_eq!(
        remote.signs("baseline", &[]).0,
        3,
        "and deleting it is no new beginning"
    );
    let fresh = remote.clone_as("fresh");
    let (exit, said) = remote.admits(&fresh, admit);
    assert_eq!(exit, 4, "{said}");
    remote.git(&["update-ref", BRANCH, &tip]);
    assert_eq!(remote.admits(&deployer, admit).0, 0);
}

#[test]
fn a_forged_link_is_none_and_stops_the_signer_at_its_height() {
    let remote = Remote::started();
    remote.plants("help", &|clone| {
        let links = clone.join("links/prod/web");
        fs::copy(links.join("0.json"), links.join("1.json")).unwrap();
    });
    remote.world.label(APP, "a", "b");
    remote.push();
    let (exit, said) = remote.signs("sign", &["--unit", "web"]);
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("store.blocked"), "{said}");
    assert!(
        said.contains("tidegate/verdicts:links/prod/web/1.json"),
        "{said}"
    );
    assert_eq!(remote.commits(), 2, "nothing was published");
}

#[test]
fn what_else_lies_on_the_branch_is_no_verdict_and_in_nobodys_way() {
    let remote = Remote::started();
    remote.plants("mess", &|clone| {
        fs::write(clone.join("README.md"), "hello").unwrap();
        fs::write(clone.join("reports"), "no folder").unwrap();
        let links = clone.join("links/prod/web");
        fs::write(links.join("7.json"), "{").unwrap();
        fs::write(links.join("8.json"), vec![b' '; (4 << 20) + 1]).unwrap();
        std::os::unix::fs::symlink("/etc/passwd", links.join("9.json")).unwrap();
        fs::create_dir_all(links.join("10.json")).unwrap();
        fs::write(links.join("10.json/x"), "x").unwrap();
    });
    remote.world.label(APP, "a", "b");
    remote.push();
    let (exit, said) = remote.signs("sign", &["--unit", "web"]);
    assert_eq!(exit, 0, "{said}");
    remote.world.drop_limit();
    remote.push();
    let (exit, said) = remote.signs("sign", &["--unit", "web"]);
    assert_eq!(exit, 3, "a file stands where reports must lie: {said}");
    assert!(said.contains("git.no-folder"), "{said}");
    remote.plants("tidy", &|clone| {
        fs::remove_file(clone.join("reports")).unwrap();
    });
    remote.plants("a merge", &|clone| {
        let path = clone.to_str().unwrap();
        let git = |arguments: &[&str]| remote.world.repo.git(&[&["-C", path], arguments].concat());
        git(&["checkout", "-q", "-b", "side", "HEAD~1"]);
        git(&["commit", "-q", "--allow-empty", "-m", "side"]);
        git(&["checkout", "-q", "tidegate/verdicts"]);
        git(&["merge", "-q", "--no-ff", "-m", "merge", "side"]);
    });
    let (exit, said) = remote.signs("sign", &["--unit", "web"]);
    assert_eq!(exit, 1, "denied, and the report has its place: {said}");
    let more = "--unit web --revision HEAD~1 --deployed HEAD~2";
    let (exit, said) = remote.admits(remote.world.repo.path(), more);
    assert_eq!(exit, 0, "{said}");
    assert!(remote.files().contains(&"README.md".to_owned()));
}

#[test]
fn a_withdrawal_that_does_not_read_stops_who_signs_and_who_admits() {
    let remote = Remote::started();
    remote.plants("who knows", &|clone| {
        fs::create_dir_all(clone.join("withdrawals")).unwrap();
        fs::write(clone.join("withdrawals/x.json"), "\u{1b}[31m").unwrap();
    });
    let place = "tidegate/verdicts:withdrawals/x.json";
    let signed = remote.signs("sign", &["--unit", "web"]);
    let admitted = remote.admits(remote.world.repo.path(), "--unit web --revision HEAD");
    for (exit, said) in [signed, admitted] {
        assert_eq!(exit, 3, "{said}");
        assert!(said.contains("store.unread-withdrawal"), "{said}");
        assert!(said.contains(place), "{said}");
        assert!(!said.contains('\u{1b}'), "{said}");
    }
}

#[test]
fn a_slow_remote_spends_the_time_that_is_waited() {
    let remote = Remote::started();
    remote.world.label(APP, "a", "b");
    remote.push();
    let clone = remote.clone_as("cluster");
    let log = remote.world.repo.beside("looks");
    let path = remote.wrapped(&format!(
        "case \" $* \" in *' ls-remote '*) echo look >>{}; sleep 2;; esac",
        log.display()
    ));
    let looks = |wait: &str| {
        let _ = fs::remove_file(&log);
        let more = format!("--revision HEAD --wait {wait}");
        let (exit, said) = remote.ends_with(remote.admission(&clone, &more).env("PATH", &path));
        assert_eq!(exit, 4, "{said}");
        fs::read_to_string(&log).unwrap().lines().count()
    };
    // One look alone takes as long as is waited, so that there is no second one.
    assert_eq!(looks("2s"), looks("0s"));
}

#[test]
fn no_verdicts_are_put_on_a_branch_that_is_judged() {
    let remote = Remote::started();
    let before = remote.git(&["rev-parse", "main"]);
    let line = ["publish", "branch", "--verdicts", "branch:origin:main"];
    let (exit, said) = remote.ends(remote.world.command(&line));
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("error[store.judged-branch]"), "{said}");
    assert_eq!(remote.git(&["rev-parse", "main"]), before);
}
