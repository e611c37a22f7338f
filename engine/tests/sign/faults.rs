//! What keeps an answer from being given is told as such: never a pass, never a refusal.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use tidegate::attest;

use super::world::{APP, CONFIG, World, key};

fn rewritten() -> (World, [tidegate::model::GitId; 2]) {
    let world = World::started();
    let before = world.repo.id("HEAD");
    world.repo.git(&["checkout", "-q", "--orphan", "other"]);
    let after = world.repo.commit("the shop, as if it had always been so");
    world.repo.git(&["branch", "-q", "-M", "other", "main"]);
    (world, [before, after])
}

#[test]
fn a_rewritten_branch_cannot_be_signed_until_it_takes_the_accepted_commit_back() {
    let (world, [before, _]) = rewritten();
    assert_eq!(world.sign("prod", None), "store.not-on-branch exit 3");
    assert_eq!(world.baseline("prod", None), "store.not-on-branch exit 3");
    let commit = before.to_string();
    world.repo.git(&[
        "merge",
        "-q",
        "-s",
        "ours",
        "--allow-unrelated-histories",
        "-m",
        "back",
        &commit,
    ]);
    let head = world.label(APP, "a", "b");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
    assert_eq!(world.admit("web", head, Some(before)), "judged 1 medium");
}

#[test]
fn a_link_whose_commit_is_gone_decides_nothing() {
    let (world, [before, after]) = rewritten();
    world
        .repo
        .git(&["reflog", "expire", "--expire=now", "--all"]);
    world.repo.git(&["gc", "-q", "--prune=now"]);
    let said = world.sign("prod", None);
    assert!(
        said.starts_with("git.") && said.ends_with("exit 3"),
        "{said}"
    );
    for deployed in [None, Some(after)] {
        let said = world.admit("web", after, deployed);
        assert!(
            said.starts_with("git.") && said.ends_with("exit 3"),
            "{said}"
        );
    }
    assert_eq!(
        world.admit("web", before, None),
        "usage.unknown-revision exit 2"
    );
}

#[test]
fn a_clock_behind_the_newest_link_is_no_clock_to_decide_or_sign_by() {
    let world = World::started();
    let running = world.repo.id("HEAD");
    let head = world.label(APP, "a", "b");
    world.sign("prod", Some("web"));
    world.set_clock("2026-11-20T09:00:00Z");
    assert_eq!(
        world.admit("web", head, Some(running)),
        "clock.behind exit 3"
    );
    assert_eq!(world.admit("web", head, Some(head)), "running 1 medium");
    world.label(APP, "b", "c");
    assert_eq!(
        world.sign("prod", Some("web")),
        "prod/web clock.behind exit 3"
    );
}

#[test]
fn a_link_of_a_clock_that_was_ahead_is_taken_back_or_left_below_a_baseline() {
    for unit in ["main/gate", "prod/web"] {
        for withdraws in [true, false] {
            let world = World::started();
            world.edit(CONFIG, "environments:", "# team: a\nenvironments:");
            let file = if unit == "prod/web" { APP } else { CONFIG };
            let (_, name) = unit.split_once('/').unwrap();
            let signed = || world.sign("prod", Some(name));
            let is = |said: &str, wanted: &str| {
                assert!(said.starts_with(&format!("{unit} {wanted}")), "{said}");
            };
            world.set_clock("2027-11-20T10:00:00Z");
            world.label(file, "a", "b");
            is(&signed(), "link 1");
            world.set_clock("2026-11-20T11:00:00Z");
            world.label(file, "b", "c");
            is(&signed(), "clock.behind exit 3");
            if withdraws {
                let (exit, said) = world.withdraws(&world.digest(unit, 1), &[]);
                assert_eq!(exit, 0, "{said}");
                is(&signed(), "link 2");
            } else {
                is(&world.baseline("prod", Some(name)), "baseline 2");
            }
            world.label(file, "c", "d");
            is(&signed(), "link 3");
        }
    }
}

#[test]
fn a_clock_behind_the_newest_link_of_the_gate_is_none_to_sign_another_unit_by() {
    let world = World::started();
    world.edit(CONFIG, "environments:", "# team: a\nenvironments:");
    world.set_clock("2026-11-20T12:00:00Z");
    assert!(world.sign("prod", Some("gate")).contains("link 1"));
    world.label(APP, "a", "b");
    world.set_clock("2026-11-20T11:00:00Z");
    assert_eq!(
        world.sign("prod", Some("web")),
        "prod/web clock.behind exit 3"
    );
    world.set_clock("2026-11-20T12:00:00Z");
    assert!(
        world
            .sign("prod", Some("web"))
            .starts_with("prod/web link 1")
    );
}

#[test]
fn a_store_from_which_all_links_of_the_gate_were_taken_is_no_new_one() {
    let world = World::started();
    let head = world.repo.id("HEAD");
    fs::remove_dir_all(world.verdicts().join("links/main/gate")).unwrap();
    assert_eq!(world.admit("web", head, None), "refused.store-gap exit 4");
    fs::remove_dir_all(world.verdicts().join("links/prod")).unwrap();
    assert_eq!(world.admit("web", head, None), "refused.missing exit 4");
}

#[test]
fn a_store_that_is_a_file_is_none() {
    let world = World::new();
    fs::write(world.verdicts(), "").unwrap();
    assert_eq!(world.sign("prod", None), "store.not-a-folder exit 3");
    assert_eq!(world.baseline("prod", None), "store.not-a-folder exit 3");
    let head = world.repo.id("HEAD");
    assert_eq!(world.admit("web", head, None), "store.not-a-folder exit 3");
}

#[test]
fn a_link_file_that_is_garbage_is_never_a_link_and_stops_the_signer_at_its_height() {
    let world = World::started();
    let running = world.repo.id("HEAD");
    fs::write(world.link("prod/web", 1), "{}").unwrap();
    fs::write(world.verdicts().join("links/prod/web/notes.txt"), "hello").unwrap();
    assert_eq!(world.admit("web", running, None), "baseline 0 low");
    world.label(APP, "a", "b");
    assert_eq!(
        world.sign("prod", Some("web")),
        "prod/web store.blocked exit 3"
    );
}

/// What `admit` says of the head of `web`, where the first commit runs, on one line.
fn admits(world: &World) -> (i32, String) {
    let (trust, store) = (world.trust_file(), world.store_name());
    let about = [
        "admit",
        "--env",
        "prod",
        "--unit",
        "web",
        "--revision",
        "HEAD",
    ];
    let of = [
        "--deployed",
        "HEAD~1",
        "--trust",
        &trust,
        "--verdicts",
        &store,
    ];
    let (exit, out, err) = world.run(&[&about[..], &of].concat());
    let said = format!("{out}{err}");
    (exit, said.split_whitespace().collect::<Vec<_>>().join(" "))
}

#[test]
fn a_refusal_names_the_files_that_are_no_verdicts_and_says_what_to_do() {
    let world = World::started();
    world.label(APP, "a", "b");
    let (exit, said) = admits(&world);
    assert_eq!(exit, 4, "{said}");
    assert!(
        said.contains("refused[missing]") && said.contains("found none help"),
        "{said}"
    );

    fs::write(world.link("prod/web", 1), "{}").unwrap();
    let (exit, said) = admits(&world);
    assert_eq!(exit, 4, "{said}");
    assert!(
        said.contains("refused[missing]"),
        "the wait goes on: {said}"
    );
    assert!(
        said.contains("links/prod/web/1.json` does not count (malformed:"),
        "{said}"
    );
    assert!(
        said.contains("find out who put it there, then remove it"),
        "{said}"
    );

    fs::write(world.link("main/gate", 0), "[]").unwrap();
    let (exit, said) = admits(&world);
    assert_eq!(exit, 4, "{said}");
    assert!(
        said.contains("links/main/gate/0.json` does not count (malformed:"),
        "{said}"
    );
}

#[test]
fn a_refusal_names_the_file_that_claims_to_admit_it() {
    let world = World::started();
    world.label(APP, "a", "b");
    world.sign("prod", Some("web"));
    let payload = attest::unverified_payload(&world.envelope("prod/web", 1)).unwrap();
    fs::write(world.link("prod/web", 1), attest::sign(&payload, &key(9))).unwrap();
    let (exit, said) = admits(&world);
    assert_eq!(exit, 4, "{said}");
    assert!(said.contains("refused[signature]"), "{said}");
    assert!(said.contains("links/prod/web/1.json`"), "{said}");
}

#[test]
#[cfg(unix)]
fn a_store_file_that_cannot_be_read_is_named() {
    let world = World::started();
    fs::remove_file(world.link("prod/web", 0)).unwrap();
    std::os::unix::fs::symlink("/dev/zero", world.link("prod/web", 0)).unwrap();
    let (trust, store) = (world.trust_file(), world.store_name());
    let question = [
        "admit",
        "--env=prod",
        "--unit=web",
        "--revision=HEAD",
        "--trust",
        &trust,
        "--verdicts",
        &store,
    ];
    let (exit, out, err) = world.run(&question);
    let said = [out, err].concat();
    assert_eq!(exit, 4, "{said}");
    let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        said.contains("links/prod/web/0.json` does not count"),
        "{said}"
    );
    assert!(said.contains("it is no regular file"), "{said}");
}

/// A verdict of `prod/web`, and what `verify` says to a file that claims to be one.
fn verdict() -> (World, Vec<u8>) {
    let world = World::new();
    let (store, key) = (world.store_name(), world.key_file());
    let path = world.repo.beside("verdict.json");
    let (exit, ..) = world.run(&[
        "baseline",
        "--env",
        "prod",
        "--unit",
        "web",
        "--key-file",
        &key,
        "--verdicts",
        &store,
        "-o",
        path.to_str().unwrap(),
    ]);
    assert_eq!(exit, 0);
    let envelope = fs::read(path).unwrap();
    assert_eq!(envelope, world.envelope("prod/web", 0));
    (world, envelope)
}

fn verify(world: &World, file: &str, trust: &str) -> (i32, String) {
    let (exit, _, err) = world.run(&[&["verify", file, "--trust", trust], EXPECTED].concat());
    (exit, err)
}

fn beside(world: &World, name: &str, content: &[u8]) -> String {
    let path = world.repo.beside(name);
    fs::write(&path, content).unwrap();
    path.to_str().unwrap().to_owned()
}

const EXPECTED: &[&str] = &["--env", "prod", "--unit", "web", "--revision", "HEAD"];

#[test]
fn what_is_no_envelope_is_refused_and_what_cannot_be_read_is_an_error() {
    let (world, good) = verdict();
    let trust = world.trust_file();
    for (name, content, exit, code) in [
        ("good.json", &good[..], 0, ""),
        ("empty.json", b"", 4, "refused[malformed]"),
        ("list.json", b"[]", 4, "refused[malformed]"),
        (
            "half.json",
            &good[..good.len() / 2],
            4,
            "refused[malformed]",
        ),
        (
            "long.json",
            &vec![b' '; 5 * 1024 * 1024],
            3,
            "limit.envelope",
        ),
    ] {
        let (got, err) = verify(&world, &beside(&world, name, content), &trust);
        assert_eq!(got, exit, "{name}: {err}");
        assert!(err.contains(code), "{name}: {err}");
    }
    assert_eq!(verify(&world, "nowhere.json", &trust).0, 3);
    assert_eq!(verify(&world, ".", &trust).0, 3, "a folder");
}

#[test]
fn a_trust_file_that_is_none_is_an_error() {
    let (world, good) = verdict();
    let file = beside(&world, "good.json", &good);
    let long = vec![b' '; 2 * 1024 * 1024];
    for (name, content) in [("braces", &b"{}"[..]), ("empty", b""), ("long", &long)] {
        let (exit, err) = verify(&world, &file, &beside(&world, name, content));
        assert_eq!(exit, 3, "{name}");
        assert!(err.contains("trust-root.invalid"), "{name}: {err}");
    }
    assert_eq!(verify(&world, &file, "nowhere.json").0, 3);
}

#[test]
fn an_envelope_comes_through_a_pipe_too() {
    let (world, good) = verdict();
    let trust = world.trust_file();
    for (content, exit) in [(&good[..], 0), (b"nonsense", 4)] {
        let mut child = world
            .command(&[&["verify", "-", "--trust", &trust], EXPECTED].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(content).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(exit));
    }
}
