//! `withdraw`: a link that was taken back admits nothing, and nothing steps into its place.

use std::fs;
use std::path::Path;

use serde_json::Value;
use tidegate::attest;
use tidegate::model::Digest;

use super::rotation::{EVER, commit, trust};
use super::world::{APP, CONFIG, DATABASE, World, key};
use crate::contracts::problems;

impl World {
    /// What the next link and a withdrawal call a link.
    pub(super) fn digest(&self, unit: &str, height: u64) -> String {
        let payload = attest::unverified_payload(&self.envelope(unit, height)).unwrap();
        Digest::of(&payload).to_string()
    }

    pub(super) fn withdraws(&self, link: &str, more: &[&str]) -> (i32, String) {
        let (key, store) = (self.key_file(), self.store_name());
        let line = ["withdraw", link, "--reason", "wrong price list"];
        let to = ["--key-file", &key, "--verdicts", &store];
        let (exit, out, errors) = self.run(&[&line, &to[..], more].concat());
        (exit, out + &errors)
    }

    fn withdrawals(&self) -> usize {
        let folder = self.verdicts().join("withdrawals");
        fs::read_dir(folder).map_or(0, Iterator::count)
    }
}

#[test]
fn a_link_is_taken_back_once_and_told_twice() {
    let world = World::started();
    let running = world.repo.id("HEAD");
    let head = world.label(DATABASE, "a", "b");
    world.sign("prod", Some("db"));
    let link = world.digest("prod/db", 1);
    let (exit, said) = world.withdraws(&link[..8], &[]);
    assert_eq!(exit, 0, "{said}");
    assert_eq!(
        said,
        "prod/db: link 1 is withdrawn: wrong price list\n\
         prod/db: link 0 is the newest that stands; `tidegate sign` judges from there\n"
    );
    assert_eq!(world.admit("db", head, Some(running)), "refused withdrawn");
    assert_eq!(world.admit("db", head, Some(head)), "refused withdrawn");
    assert_eq!(world.admit("db", running, Some(head)), "rollback 0 low");
    let (exit, said) = world.withdraws(&format!("sha256:{link}"), &["--reason", "another"]);
    assert_eq!(exit, 2, "a reason is given once: {said}");
    let (exit, said) = world.withdraws(&link, &[]);
    assert_eq!((exit, world.withdrawals()), (0, 1), "{said}");
    assert!(
        said.starts_with("prod/db: link 1 is already withdrawn, since 20"),
        "{said}"
    );
    assert!(said.contains(": wrong price list\n"), "{said}");
    // The same files are judged again, from the link below.
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 2 low");
    assert_eq!(world.admit("db", head, Some(running)), "judged 2 low");
    assert_eq!(world.admit("db", head, Some(head)), "running 2 low");
}

#[test]
fn an_older_link_of_the_same_files_does_not_step_in() {
    let world = World::started();
    let first = world.label(DATABASE, "a", "b");
    world.sign("prod", Some("db"));
    let other = world.label(DATABASE, "b", "c");
    world.sign("prod", Some("db"));
    let again = world.label(DATABASE, "c", "b");
    world.sign("prod", Some("db"));
    assert_eq!(world.admit("db", again, Some(other)), "judged 3 low");
    let newest = world.verdicts().join("links/prod/db/3.json");
    let (exit, said) = world.withdraws(newest.to_str().unwrap(), &[]);
    assert_eq!(exit, 0, "{said}");
    let label = world.label(DATABASE, "b", "d");
    assert_eq!(world.admit("db", again, Some(again)), "refused withdrawn");
    assert_eq!(world.admit("db", first, None), "refused withdrawn");
    assert_eq!(world.admit("db", first, Some(other)), "refused withdrawn");
    // What runs by the withdrawn link names where to go back to; it may as well run by the older link.
    assert_eq!(world.admit("db", other, Some(again)), "judged 2 low");
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 4 low");
    assert_eq!(world.admit("db", label, Some(other)), "judged 4 low");
}

#[test]
fn what_rests_on_a_withdrawn_link_is_applied_again_once_it_was_judged_again() {
    let world = World::started();
    let start = world.repo.id("HEAD");
    for (from, to) in [("a", "b"), ("b", "c"), ("c", "d")] {
        world.label(DATABASE, from, to);
        world.sign("prod", Some("db"));
    }
    let head = world.repo.id("HEAD");
    let below = world.repo.id("HEAD~1");
    assert_eq!(world.admit("db", head, Some(head)), "running 3 low");
    assert_eq!(world.admit("db", below, Some(head)), "rollback 2 low");
    let (exit, said) = world.withdraws(&world.digest("prod/db", 1), &["--env=prod", "--unit=db"]);
    assert_eq!(exit, 0, "{said}");
    assert!(
        said.contains("links 2, 3 rest on it and admit nothing either"),
        "{said}"
    );
    assert_eq!(world.admit("db", head, Some(head)), "refused withdrawn");
    assert_eq!(world.admit("db", below, Some(head)), "refused withdrawn");
    assert_eq!(world.admit("db", head, Some(start)), "refused withdrawn");
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 4 low");
    assert_eq!(world.admit("db", head, Some(head)), "running 4 low");
    assert_eq!(world.admit("db", head, Some(start)), "judged 4 low");
}

#[test]
fn what_a_later_link_lists_stays_withdrawn_when_the_key_that_did_it_is_gone() {
    let mut world = World::started();
    let start = world.repo.id("HEAD");
    commit(&world, &trust(&[(1, EVER), (2, EVER)]), "two keys");
    let bad = world.label(APP, "a", "b");
    assert_eq!(
        world.sign("prod", None),
        "main/gate link 1 critical; prod/web link 1 medium; prod/db nothing new 0"
    );
    world.key = key(2);
    let (exit, said) = world.withdraws(&world.digest("prod/web", 1), &[]);
    assert_eq!(exit, 0, "{said}");
    let good = world.label(APP, "b", "c");
    assert_eq!(
        world.sign_with(&key(1), "prod", Some("web")),
        "prod/web link 2 medium"
    );
    let one = trust(&[(1, EVER)]);
    let admit = |head| world.admit_by(&one, "prod", Some("web"), head, Some(start));
    assert_eq!(admit(bad), "refused withdrawn");
    assert_eq!(admit(good), "judged 2 medium");
    // The file itself is still missed.
    fs::remove_dir_all(world.verdicts().join("withdrawals")).unwrap();
    assert_eq!(admit(good), "refused store-gap");
}

#[test]
fn where_no_link_stands_a_baseline_is_the_way_out() {
    let world = World::started();
    let head = world.repo.id("HEAD");
    let (exit, said) = world.withdraws(&world.digest("prod/web", 0), &[]);
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("no link stands any more"), "{said}");
    assert_eq!(world.admit("web", head, None), "refused withdrawn");
    assert_eq!(
        world.sign("prod", Some("web")),
        "prod/web sign.no-baseline exit 3"
    );
    assert_eq!(world.baseline("prod", Some("web")), "prod/web baseline 1");
    assert_eq!(world.admit("web", head, None), "baseline 1 low");
}

#[test]
fn a_link_of_the_gate_is_taken_back_by_who_may_sign_it() {
    let world = World::started();
    let high = "max-tier: high\n    sources";
    world.edit(CONFIG, high, "max-tier: critical\n    sources");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    let link = world.digest("main/gate", 1);
    let (exit, said) = world.withdraws(&link, &["--env=main"]);
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("main/gate: link 0 is the newest"), "{said}");
    let endangered = world.endanger_database();
    assert!(
        world.sign("prod", Some("db")).contains(" fail ")
            || world.admit("db", endangered, Some(world.repo.id("HEAD~2"))) == "refused held",
        "what the withdrawn state allowed is not allowed"
    );
}

#[test]
fn what_a_withdrawn_state_of_the_gate_judged_is_refused_until_it_was_judged_again() {
    let world = World::started();
    let start = world.repo.id("HEAD");
    let raise = |from: &str, to: &str| {
        let line = |tier: &str| format!("max-tier: {tier}\n    sources");
        world.edit(CONFIG, &line(from), &line(to));
        world.sign("prod", Some("gate"))
    };
    let before = world.label(APP, "a", "b");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
    assert_eq!(raise("high", "critical"), "main/gate link 1 critical");
    assert_eq!(raise("critical", "medium"), "main/gate link 2 critical");
    let first = world.label(DATABASE, "a", "b");
    let signs = |said: &str| {
        let signed = world.sign("prod", Some("db"));
        assert!(signed.starts_with(said), "{signed}");
    };
    signs("prod/db link 1 ");
    let head = world.label(DATABASE, "b", "c");
    signs("prod/db link 2 ");
    let admits = |deployed, said: &str| {
        let answer = world.admit("db", head, Some(deployed));
        assert!(answer.starts_with(said), "{answer}");
    };
    admits(start, "judged 2 ");

    // Link 2 of the gate judged it, and rests on link 1.
    let (exit, said) = world.withdraws(&world.digest("main/gate", 1), &["--env=main"]);
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("link 2 rests on it"), "{said}");
    assert!(
        said.contains("what it judged admits nothing either"),
        "{said}"
    );
    for deployed in [None, Some(start), Some(first), Some(head)] {
        let answer = world.admit("db", head, deployed);
        assert_eq!(answer, "refused withdrawn", "{deployed:?}");
    }
    is_told_everywhere(&world, head);
    // What an accepted state judged stands, and so does what nobody judged.
    assert_eq!(world.admit("web", before, Some(start)), "judged 1 medium");
    assert_eq!(world.admit("db", start, None), "baseline 0 low");
    assert_eq!(world.admit("db", start, Some(start)), "running 0 low");

    // The next link says what was taken back, of which one statement is enough.
    assert_eq!(world.withdrawals(), 1);
    signs("prod/db link 3 ");
    assert_eq!(world.withdrawals(), 2);
    assert_eq!(
        world.payload("prod/db", 3)["withdrawals"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    admits(start, "judged 3 ");
    admits(head, "running 3 ");
    signs("prod/db nothing new 3");
}

/// What `verify` and the log say of links that a withdrawn state of the gate judged.
fn is_told_everywhere(world: &World, head: tidegate::model::GitId) {
    let envelope = world.envelope("prod/db", 2);
    let trusted = super::world::trust(&[(&world.key, &[])]);
    let db = ("prod", Some("db"));
    let store = world.store();
    let verified = world.verify_by(&trusted, &envelope, db, head, Some(&store));
    assert_eq!(verified, "refused withdrawn");
    let log = world.run(&[
        "verdict",
        "log",
        "--env=prod",
        "--unit=db",
        "--trust",
        &world.trust_file(),
        "--verdicts",
        &world.store_name(),
    ]);
    assert_eq!(log.1.matches("RESTS ON").count(), 2, "{}", log.1);
}

#[test]
fn a_baseline_accepts_what_a_withdrawn_state_of_the_gate_judged() {
    let world = World::started();
    let start = world.repo.id("HEAD");
    world.edit(CONFIG, "max-tier: low", "max-tier: medium");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    let head = world.label(DATABASE, "a", "b");
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 1 low");
    let (exit, said) = world.withdraws(&world.digest("main/gate", 1), &["--env=main"]);
    assert_eq!(exit, 0, "{said}");
    assert_eq!(world.admit("db", head, Some(start)), "refused withdrawn");
    assert_eq!(world.baseline("prod", Some("db")), "prod/db baseline 2");
    assert_eq!(world.admit("db", head, Some(start)), "baseline 2 low");
    let next = world.label(DATABASE, "b", "c");
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 3 low");
    assert_eq!(world.withdrawals(), 1, "what lies below is not asked about");
    assert_eq!(world.admit("db", next, Some(head)), "judged 3 low");
}

#[test]
fn what_is_no_link_or_no_signer_takes_nothing_back() {
    let mut world = World::started();
    world.label(APP, "a", "b");
    world.sign("prod", None);
    world.drop_limit();
    world.sign("prod", Some("web"));
    let link = world.digest("prod/web", 1);
    let reports = world.verdicts().join("reports/prod/web");
    let report = fs::read_dir(reports).unwrap().next().unwrap();
    let report = report.unwrap().path();
    for (name, more, code, expected) in [
        ("0123456", &[][..], "usage.link", 2),
        ("no-such-file", &[], "usage.link", 2),
        ("01234567", &[], "store.no-link", 3),
        (&link, &["--env", "twin"], "store.no-link", 3),
        (&link, &["--unit", "db"], "store.no-link", 3),
        (report.to_str().unwrap(), &[], "store.no-link", 3),
    ] {
        let (exit, said) = world.withdraws(name, more);
        assert_eq!(exit, expected, "{name}: {said}");
        assert!(said.contains(code), "{name}: {said}");
    }
    let (key, store) = (world.key_file(), world.store_name());
    let to = ["--key-file", &key, "--verdicts", &store];
    let silent = [&["withdraw", &link, "--reason", " "], &to[..]].concat();
    let (exit, _, said) = world.run(&silent);
    assert!(exit == 2 && said.contains("usage.reason"), "{said}");
    fs::remove_file(&key).unwrap();
    world.key = super::world::key(9);
    let (exit, said) = world.withdraws(&link, &[]);
    assert_eq!(exit, 3, "{said}");
    assert!(said.contains("key.not-trusted"), "{said}");
    assert_eq!(world.withdrawals(), 0);
}

#[test]
fn programs_read_what_was_taken_back() {
    let world = World::started();
    world.label(DATABASE, "a", "b");
    world.sign("prod", Some("db"));
    let link = world.digest("prod/db", 1);
    let documents = ["json", "json=answer.json"].map(|output| {
        let (exit, said) = world.withdraws(&link, &["--output", output]);
        assert_eq!(exit, 0, "{said}");
        let file = world.repo.path().join("answer.json");
        let text = if file.exists() { read(&file) } else { said };
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(problems("withdrawal.v1.json", &document), [""; 0]);
        document
    });
    let [first, second] = documents.map(|document| document["withdrawn"].clone());
    assert_eq!(
        (&first["link"], &first["height"], &first["newest"]),
        (&link.into(), &1.into(), &0.into())
    );
    assert_eq!(
        (&first["already"], &second["already"]),
        (&false.into(), &true.into())
    );
    let (exit, said) = world.withdraws("01234567", &["--output", "json=answer.json"]);
    assert_eq!(exit, 3, "{said}");
    let document: Value =
        serde_json::from_str(&read(&world.repo.path().join("answer.json"))).unwrap();
    assert_eq!(problems("withdrawal.v1.json", &document), [""; 0]);
    assert_eq!(document["errors"][0]["code"], "store.no-link");
    assert_eq!(document["withdrawn"], Value::Null);
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}
