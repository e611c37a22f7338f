//! What is let in, when, and on what grounds.

use std::process::Stdio;

use jiff::{SignedDuration, Timestamp};

use super::world::{APP, DATABASE, World, trust};

#[test]
fn where_what_runs_is_unknown_only_the_newest_is_asked_about_and_counts_as_critical() {
    let world = World::started();
    let first = world.repo.id("HEAD");
    let second = world.label(APP, "a", "b");
    world.sign("prod", Some("web"));
    assert_eq!(world.admit("web", first, None), "refused superseded");
    assert_eq!(world.admit("web", second, None), "refused held");
    assert_eq!(world.admit("db", second, None), "baseline 0 low");
    assert_eq!(world.baseline("prod", Some("web")), "prod/web baseline 2");
    assert_eq!(world.admit("web", second, None), "baseline 2 low");
    assert_eq!(world.admit("web", first, None), "refused superseded");
}

#[test]
fn one_goes_back_to_the_rollback_target_and_no_farther() {
    let world = World::started();
    let first = world.repo.id("HEAD");
    let second = world.label(APP, "a", "b");
    world.sign("prod", Some("web"));
    let third = world.label(APP, "b", "c");
    world.sign("prod", Some("web"));
    assert_eq!(world.admit("web", second, Some(third)), "rollback 1 medium");
    assert_eq!(
        world.admit("web", first, Some(third)),
        "refused older-than-deployed"
    );
    assert_eq!(world.admit("web", third, Some(first)), "judged 2 medium");
}

#[test]
fn what_runs_without_a_verdict_is_an_unjudged_base_and_a_baseline_is_the_way_out() {
    let world = World::started();
    let unsigned = world.label(APP, "a", "b");
    let head = world.label(APP, "b", "c");
    world.sign("prod", Some("web"));
    assert_eq!(
        world.admit("web", head, Some(unsigned)),
        "refused unjudged-base"
    );
    assert_eq!(
        world.admit("web", unsigned, Some(unsigned)),
        "refused superseded"
    );
    assert_eq!(world.baseline("prod", Some("web")), "prod/web baseline 2");
    assert_eq!(world.admit("web", head, Some(unsigned)), "baseline 2 low");
}

#[test]
fn an_expired_link_is_no_first_deployment_but_what_runs_is_applied_again() {
    let world = World::started();
    let running = world.repo.id("HEAD");
    let head = world.label(APP, "a", "b");
    world.sign("prod", Some("web"));
    world.set_clock("2026-11-21T10:00:01Z");
    assert_eq!(world.admit("web", head, Some(running)), "judged 1 medium");
    world.set_clock("2026-11-21T10:00:02Z");
    assert_eq!(world.admit("web", head, Some(running)), "refused expired");
    assert_eq!(world.admit("web", head, Some(head)), "running 1 medium");
    assert_eq!(world.admit("web", running, Some(head)), "rollback 0 low");
    assert_eq!(world.admit("db", head, None), "baseline 0 low");
}

#[test]
fn a_withdrawn_link_admits_nothing_and_taking_its_change_back_is_signed() {
    let world = World::started();
    let running = world.repo.id("HEAD");
    let bad = world.edit(DATABASE, "instances: 3", "instances: 4");
    world.sign("prod", Some("db"));
    world.withdraw("prod/db", 1);
    assert_eq!(world.admit("db", bad, Some(running)), "refused withdrawn");
    assert_eq!(world.admit("db", bad, Some(bad)), "refused withdrawn");
    world.repo.git(&["revert", "--no-edit", "HEAD"]);
    let back = world.repo.id("HEAD");
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 2 low");
    let withdrawals = &world.payload("prod/db", 2)["withdrawals"];
    assert_eq!(
        withdrawals.as_array().unwrap().len(),
        1,
        "it says what it knows"
    );
    let admitted = world.admit("db", back, Some(bad));
    assert!(admitted.starts_with("judged 2 "), "{admitted}");
    assert_ne!(admitted, "judged 2 low", "taking a change back is one too");
    assert_eq!(world.sign("prod", Some("db")), "prod/db nothing new 2");
}

#[test]
fn what_a_withdrawn_link_admitted_is_judged_again_where_it_still_stands() {
    let world = World::started();
    let running = world.repo.id("HEAD");
    let head = world.label(DATABASE, "a", "b");
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 1 low");
    world.withdraw("prod/db", 1);
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 2 low");
    assert_eq!(world.admit("db", head, Some(running)), "judged 2 low");
    world.withdraw("prod/db", 2);
    assert_eq!(world.baseline("prod", Some("db")), "prod/db baseline 3");
    assert_eq!(world.admit("db", head, Some(running)), "baseline 3 low");
}

#[test]
fn a_withdrawal_by_a_stranger_takes_nothing_back() {
    let mut world = World::started();
    let running = world.repo.id("HEAD");
    let head = world.label(APP, "a", "b");
    world.sign("prod", Some("web"));
    world.key = super::world::key(9);
    world.withdraw("prod/web", 1);
    world.key = super::world::key(1);
    assert_eq!(world.admit("web", head, Some(running)), "judged 1 medium");
}

#[test]
fn without_a_unit_every_unit_of_the_environment_is_asked_about() {
    let world = World::started();
    let running = world.repo.id("HEAD");
    world.label(APP, "a", "b");
    let head = world.endanger_database();
    world.sign("prod", None);
    let file = trust(&[(&world.key, &[])]);
    assert_eq!(
        world.admit_by(&file, "prod", None, head, Some(running)),
        "judged 1 medium; refused failed"
    );
    assert_eq!(
        world.admit_by(&file, "prod", Some("none"), head, None),
        "usage.unknown-name exit 2"
    );
}

#[test]
fn a_missing_verdict_is_waited_for_also_where_there_is_no_store_yet() {
    let world = World::new();
    let (store, key, trust) = (world.store_name(), world.key_file(), world.trust_file());
    let question = [
        "admit",
        "--env",
        "prod",
        "--revision",
        "HEAD",
        "--trust",
        &trust,
        "--verdicts",
        &store,
    ];
    let (exit, _, err) = world.run(&question);
    assert_eq!(exit, 4, "{err}");
    assert!(err.contains("refused[missing]"), "{err}");
    let waiting = world
        .command(&[&question[..], &["--wait", "2m"]].concat())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (exit, ..) = world.run(&[
        "baseline",
        "--env",
        "prod",
        "--key-file",
        &key,
        "--verdicts",
        &store,
    ]);
    assert_eq!(exit, 0);
    let output = waiting.wait_with_output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{out}");
    assert!(out.contains("prod/web: admitted (a baseline)"), "{out}");
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the process reads the clock of the machine"
)]
fn a_clock_that_is_a_little_behind_the_newest_link_is_waited_for() {
    for (ahead, wait, wanted) in [(75, "60s", 0), (240, "1s", 3), (3600, "2s", 3)] {
        let world = World::new();
        world.set_clock(&Timestamp::now().to_string());
        world.baseline("prod", None);
        let head = world.label(APP, "a", "b").to_string();
        let link = Timestamp::now() + SignedDuration::from_secs(ahead);
        world.set_clock(&link.to_string());
        assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
        let (store, trust) = (world.store_name(), world.trust_file());
        let before = world.repo.id("HEAD~1").to_string();
        let question = [
            "admit",
            "--env",
            "prod",
            "--unit",
            "web",
            "--revision",
            &head,
            "--deployed",
            &before,
            "--trust",
            &trust,
            "--verdicts",
            &store,
        ];
        let (exit, out, err) = world.run(&[&question[..], &["--wait", wait]].concat());
        assert_eq!(exit, wanted, "{ahead} {wait}: {out}{err}");
        let said = out + &err;
        assert_eq!(said.contains("[clock.behind]"), wanted == 3, "{said}");
    }
}

#[test]
fn what_was_denied_is_not_waited_for() {
    let world = World::new();
    let (store, key, trust) = (world.store_name(), world.key_file(), world.trust_file());
    let signer = ["--env", "prod", "--key-file", &key, "--verdicts", &store];
    world.run(&[&["baseline"], &signer[..]].concat());
    world.drop_limit();
    let (exit, ..) = world.run(&[&["sign"], &signer[..]].concat());
    assert_eq!(exit, 1);
    let (exit, out, err) = world.run(&[
        "admit",
        "--env",
        "prod",
        "--revision",
        "HEAD",
        "--trust",
        &trust,
        "--verdicts",
        &store,
        "--wait",
        "60m",
    ]);
    assert_eq!(exit, 4, "{err}");
    assert!(out.contains("refused[failed]"), "{out}{err}");
}
