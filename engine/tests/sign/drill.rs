//! `doctor --drill`: what it exercises works where it would work, fails where it would fail, and leaves nothing behind.

use std::fs;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tidegate::attest::{Role, TrustFile, TrustedKey, Validity};

use super::world::{APP, TRUST, World, key, trust};
use crate::contracts::problems;

/// The shop with its baselines, made now.
fn shop() -> World {
    let world = World::new();
    let (key, store) = (world.key_file(), world.store_name());
    let made = [
        "baseline",
        "--env",
        "prod",
        "--key-file",
        &key,
        "--verdicts",
        &store,
    ];
    let (exit, out, errors) = world.run(&made);
    assert_eq!(exit, 0, "{out}{errors}");
    world
}

/// The steps and what came of them, in a line; and the whole document.
fn drilled(world: &World, more: &[&str]) -> (String, Value) {
    drilled_by(world, &world.trust_file(), more)
}

fn drilled_by(world: &World, trust: &str, more: &[&str]) -> (String, Value) {
    let store = world.store_name();
    let drill = [
        "doctor",
        "--drill",
        "--env",
        "prod",
        "--trust",
        trust,
        "--verdicts",
        &store,
    ];
    let (exit, out, errors) = world.run(&[&drill, more, &["--output", "json"]].concat());
    let document: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{errors}"));
    assert_eq!(problems("drill.v1.json", &document), [""; 0], "{out}");
    assert_eq!(document["exit"], exit, "{out}");
    let steps = document["steps"].as_array().unwrap().iter();
    let steps = steps.map(|step| {
        let text = |key: &str| step[key].as_str().unwrap();
        format!("{} {}", text("name"), text("result"))
    });
    (steps.collect::<Vec<_>>().join(", "), document)
}

fn about(document: &Value, step: usize) -> &str {
    document["steps"][step]["about"].as_str().unwrap()
}

/// Every reference, and every file of the store.
fn state(world: &World) -> String {
    let mut state = world.repo.git(&["for-each-ref"]);
    state += &world.repo.git(&["count-objects", "-v"]);
    state += &world.repo.git(&["status", "--porcelain"]);
    let units = ["main/gate", "prod/web", "prod/db"];
    for unit in units {
        let mut height = 0;
        while let Ok(link) = fs::read_to_string(world.link(unit, height)) {
            state += &link;
            height += 1;
        }
    }
    state
}

const WORKS: &str =
    "archive works, restore works, running works, glass works, accept works, rotate works";

#[test]
fn what_would_work_works_and_nothing_is_left_behind() {
    let world = shop();
    let before = state(&world);
    let (steps, document) = drilled(&world, &[]);
    assert_eq!(steps, WORKS, "{document}");
    assert_eq!(state(&world), before);
    assert_eq!(
        about(&document, 3),
        "from the folder alone, without a key: prod/db begins as it stands; prod/web begins as it stands"
    );
    assert!(
        about(&document, 5).starts_with("a key of `ci` is followed by another"),
        "{document}"
    );
    let (trust, store) = (world.trust_file(), world.store_name());
    let temporary = world.repo.beside("temporary");
    fs::create_dir(&temporary).unwrap();
    let output = world
        .command(&[
            "doctor",
            "--drill",
            "--env",
            "prod",
            "--trust",
            &trust,
            "--verdicts",
            &store,
        ])
        .env("TMPDIR", &temporary)
        .output()
        .unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    assert!(
        out.ends_with("all 6 steps work; nothing was changed\n"),
        "{out}"
    );
    assert_eq!(fs::read_dir(&temporary).unwrap().count(), 0);
}

#[test]
fn a_store_that_cannot_be_reached_is_told_and_an_archive_takes_its_place() {
    let world = shop();
    let archive = format!("folder:{}", world.repo.beside("archive").display());
    let (exit, out, errors) = world.run(&["publish", &world.store_name(), "--verdicts", &archive]);
    assert_eq!(exit, 0, "{out}{errors}");
    fs::remove_dir_all(world.verdicts()).unwrap();
    fs::write(world.verdicts(), "no folder").unwrap();
    let (steps, document) = drilled(&world, &[]);
    assert_eq!(
        steps,
        "archive fails, restore skipped, running skipped, glass skipped, accept works, rotate works",
        "{document}"
    );
    let (steps, document) = drilled(&world, &["--archive", &archive]);
    assert_eq!(steps, WORKS, "{document}");
}

#[test]
fn an_archive_that_does_not_verify_is_told() {
    let world = shop();
    let link = world.link("prod/web", 0);
    let text = fs::read_to_string(&link).unwrap();
    fs::write(&link, text.replacen("\"sig\":\"", "\"sig\":\"AAAA", 1)).unwrap();
    let (steps, document) = drilled(&world, &[]);
    assert!(
        steps.starts_with("archive fails, restore skipped"),
        "{document}"
    );
    assert!(
        about(&document, 0).contains("does not verify"),
        "{document}"
    );
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the process reads the clock of the machine"
)]
fn where_time_holds_the_newest_link_the_last_baseline_begins_without_a_key() {
    let world = World::new();
    let before = Timestamp::now() - SignedDuration::from_hours(96);
    world.set_clock(&before.to_string());
    assert!(!world.baseline("prod", None).contains("exit"));
    world.label(APP, "a", "b");
    assert!(world.sign("prod", Some("web")).contains("link 1"));
    let (steps, document) = drilled(&world, &[]);
    assert_eq!(steps, WORKS, "{document}");
    assert!(
        about(&document, 3).contains("prod/web begins by its baseline 0 of "),
        "{document}"
    );
}

#[test]
fn what_keeps_a_baseline_or_a_rotation_from_helping_is_told() {
    let world = shop();
    world.repo.write("apps/web/broken.yaml", "a: [");
    world.repo.commit("broken");
    let (steps, document) = drilled(&world, &[]);
    assert!(
        steps.ends_with("glass works, accept fails, rotate skipped"),
        "{document}"
    );
    assert!(
        about(&document, 4).contains("apps/web/broken.yaml"),
        "{document}"
    );
    let world = shop();
    let ends = |until: &str| {
        TrustFile::new(vec![TrustedKey {
            public: key(1).public(),
            role: Role::MergeSigner,
            principal: "ci".into(),
            environments: None,
            validity: Validity {
                not_before: None,
                not_after: Some(until.parse().unwrap()),
            },
        }])
    };
    world
        .repo
        .write(TRUST, ends("2020-01-01T00:00:00Z").unwrap().print());
    world.repo.commit("over");
    let (steps, document) = drilled(&world, &[]);
    assert!(
        steps.ends_with("accept fails, rotate skipped"),
        "{document}"
    );
    assert!(
        about(&document, 4).starts_with("no merge-signer"),
        "{document}"
    );
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the process reads the clock of the machine"
)]
fn a_root_that_there_is_gives_way_to_another_and_is_lost() {
    let world = World::new();
    let signers = trust(&[(&world.key, &[])]).keys().to_vec();
    let roots = [21, 22, 23].map(|byte| TrustedKey {
        public: key(byte).public(),
        role: Role::Root,
        principal: format!("person-{byte}"),
        environments: None,
        validity: Validity::default(),
    });
    let file = TrustFile::new(signers.into_iter().chain(roots).collect()).unwrap();
    let file = file.with_thresholds([(Role::Root, 2)].into()).unwrap();
    let now = Timestamp::now();
    let end = now + SignedDuration::from_hours(48);
    let file = file.endorse(&key(21), None, Some(end), now).unwrap();
    let file = file.endorse(&key(23), None, None, now).unwrap();
    world.repo.write(TRUST, file.print());
    world.repo.commit("a root");
    world.set_clock(&now.to_string());
    assert!(!world.baseline("prod", None).contains("exit"));
    let given = world.repo.beside("rooted.json");
    fs::write(&given, file.print()).unwrap();
    let before = state(&world);
    let (steps, document) = drilled_by(&world, given.to_str().unwrap(), &[]);
    assert_eq!(
        steps,
        format!("{WORKS}, root works, lost works"),
        "{document}"
    );
    assert!(about(&document, 6).starts_with("the root gives way"));
    assert!(about(&document, 7).contains("a new store begins"));
    assert_eq!(state(&world), before);
}
