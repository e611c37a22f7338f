//! What a verdict names, judged again: the same bytes, or the first input that is another.

use std::fs;

use tidegate::attest;
use tidegate::gate::{self, ReplayRequest};
use tidegate::store::FolderStore;

use super::world::{APP, CONFIG, JUDGE, World, failed, key};
use crate::support::signed;

/// Judges a file of the store again, with the links that lie in `store`.
fn replayed(world: &World, envelope: &[u8], store: &FolderStore) -> String {
    let request = ReplayRequest {
        envelope,
        store,
        workshop: None,
    };
    match gate::replay(&world.repo.open(), &request) {
        Ok(replay) => match replay.differs {
            None => format!("the same {}", replay.verdict.height),
            Some(other) if other.is_input() => format!("input {}", other.field),
            Some(other) => format!("result {}", other.field),
        },
        Err(error) => failed(&error),
    }
}

/// The verdict of `prod/web` at `height` with other words in it, signed by whoever.
fn altered(world: &World, height: u64, from: &str, to: &str) -> Vec<u8> {
    let payload = attest::unverified_payload(&world.envelope("prod/web", height)).unwrap();
    let text = String::from_utf8(payload).unwrap();
    assert!(text.contains(from), "`{from}` in {text}");
    attest::sign(text.replace(from, to).as_bytes(), &key(9))
}

#[test]
fn every_link_and_report_comes_out_as_it_was_whatever_came_later() {
    let world = World::started();
    world.label(APP, "a", "b");
    assert!(world.sign("prod", None).contains("prod/web link 1"));
    world.drop_limit();
    assert!(world.sign("prod", None).contains("prod/web fail"));
    world.edit(
        APP,
        "limits: {cpu: 200m}",
        "limits: {cpu: 200m, memory: 128Mi}",
    );
    world.edit(CONFIG, "max-tier: high", "max-tier: critical");
    assert!(world.sign("prod", None).contains("main/gate link 1"));
    world.label(APP, "b", "c");
    assert!(world.sign("prod", None).contains("prod/web link"));
    world.label(APP, "c", "d");
    assert!(
        world
            .baseline("prod", Some("web"))
            .contains("prod/web baseline")
    );
    world.label(APP, "d", "e");
    assert!(world.sign("prod", None).contains("prod/web link"));
    let store = world.store();
    let mut seen = 0;
    for folder in ["links/prod/web", "links/main/gate", "reports/prod/web"] {
        for file in fs::read_dir(world.verdicts().join(folder)).unwrap() {
            let path = file.unwrap().path();
            let envelope = fs::read(&path).unwrap();
            let said = replayed(&world, &envelope, &store);
            let baseline = said == "usage.replay exit 2";
            assert!(
                baseline || said.starts_with("the same"),
                "{}: {said}",
                path.display()
            );
            seen += usize::from(!baseline);
        }
    }
    assert!(seen >= 5, "{seen}");
}

#[test]
fn a_withdrawal_that_came_later_changes_nothing_and_one_that_was_known_does() {
    let world = World::started();
    world.label(APP, "a", "b");
    world.sign("prod", None);
    let first = world.envelope("prod/web", 1);
    world.withdraw("prod/web", 1);
    assert_eq!(replayed(&world, &first, &world.store()), "the same 1");
    world.label(APP, "b", "c");
    assert!(world.sign("prod", None).contains("prod/web link 2"));
    let second = world.envelope("prod/web", 2);
    assert_eq!(replayed(&world, &second, &world.store()), "the same 2");
    fs::remove_dir_all(world.verdicts().join("withdrawals")).unwrap();
    let said = replayed(&world, &second, &world.store());
    assert_eq!(said, "input withdrawals");
}

#[test]
fn a_signature_that_comes_after_the_report_makes_a_link_and_proves_it_again_when_it_is_gone() {
    let pem = signed::key("release").replace('\n', "\n          ");
    let judge = JUDGE.replace("max-tier: high", "max-tier: critical");
    let world = World::judged_by(&format!(
        "{judge}images:\n  authorities:\n    - name: release\n      images: [\"registry.test/**\"]\n      \
         not-after: \"2026-11-20T12:00:00Z\"\n      key:\n        pem: |\n          {pem}\n"
    ));
    world.baseline("prod", None);
    let deployed = world.repo.id("HEAD");
    let (path, bytes) = signed::recorded("sig-p256");
    let old = "registry.example/app:1.0.0@sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5";
    world.edit(APP, old, &signed::image());
    let web = |world: &World| world.sign("prod", Some("web"));
    assert_eq!(web(&world), "prod/web fail image.signature-indeterminate");
    let (other, by_another) = signed::recorded("sig-by-another");
    world.repo.write(&other, by_another).commit("of another");
    assert_eq!(web(&world), "prod/web fail image.signer-not-trusted");
    let reports = fs::read_dir(world.verdicts().join("reports/prod/web")).unwrap();
    assert_eq!(reports.count(), 2, "one for each evidence");
    let signed = world.repo.write(&path, bytes).commit("its signature");
    assert!(web(&world).starts_with("prod/web link 1 "));
    let admitted = world.admit("web", signed, Some(deployed));
    assert!(admitted.starts_with("judged 1 "), "{admitted}");
    let until = world.payload("prod/web", 1)["validUntil"].clone();
    assert_eq!(until, "2026-11-20T12:00:00Z", "the key ends then");
    let first = world.envelope("prod/web", 1);
    world.repo.remove(&path).commit("no signature");
    assert_eq!(web(&world), "prod/web nothing new 1");
    assert_eq!(replayed(&world, &first, &world.store()), "the same 1");
}

#[test]
fn the_first_input_that_differs_is_named() {
    let world = World::started();
    world.label(APP, "a", "b");
    world.sign("prod", None);
    let payload = world.payload("prod/web", 1);
    let of = |name: &str| payload[name].as_str().unwrap().to_owned();
    let zeros = "0".repeat(64);
    for (from, to, wanted) in [
        (
            concat!("\"", env!("CARGO_PKG_VERSION"), "\""),
            "\"9.9.9\"",
            "input engineVersion",
        ),
        ("\"tzdb\":\"", "\"tzdb\":\"9", "input tzdb"),
        (of("configDigest").as_str(), &zeros, "input configDigest"),
        (of("policyDigest").as_str(), &zeros, "input policyDigest"),
        (of("factsDigest").as_str(), &zeros, "input factsDigest"),
        (of("changeDigest").as_str(), &zeros, "result changeDigest"),
        (
            of("gateState").as_str(),
            &zeros,
            "replay.input-missing exit 3",
        ),
    ] {
        let said = replayed(&world, &altered(&world, 1, from, to), &world.store());
        assert_eq!(said, wanted, "{from}");
    }
}

#[test]
fn what_is_not_to_be_had_is_an_error() {
    let world = World::started();
    world.label(APP, "a", "b");
    world.sign("prod", None);
    let envelope = world.envelope("prod/web", 1);
    let nowhere = FolderStore::new(world.repo.beside("nowhere"));
    assert_eq!(
        replayed(&world, &envelope, &nowhere),
        "replay.input-missing exit 3"
    );
    let other = World::new();
    let said = replayed(&other, &envelope, &world.store());
    assert!(said.ends_with("exit 3"), "{said}");
    let head = world.repo.id("HEAD").to_string();
    let unknown = altered(&world, 1, &head, &"1".repeat(40));
    let said = replayed(&world, &unknown, &world.store());
    assert!(said.ends_with("exit 3"), "{said}");
    assert_eq!(
        replayed(&world, b"{}", &world.store()),
        "refused.malformed exit 4"
    );
}

#[test]
fn an_archive_replays_and_verifies_without_the_store_it_was_made_of() {
    let world = World::started();
    world.label(APP, "a", "b");
    world.sign("prod", None);
    let (folder, archive) = (world.store_name(), world.repo.beside("archive"));
    let archived = format!("folder:{}", archive.display());
    let (exit, said, errors) = world.run(&["publish", &folder, "--verdicts", &archived]);
    assert_eq!(exit, 0, "{said}{errors}");
    fs::remove_dir_all(world.verdicts()).unwrap();
    let link = archive.join("links/prod/web/1.json");
    let link = link.to_str().unwrap();
    let (exit, said, errors) = world.run(&["replay", link, "--verdicts", &archived]);
    assert_eq!(exit, 0, "{said}{errors}");
    assert!(said.starts_with("the same: prod/web height 1"), "{said}");
    let store = FolderStore::new(&archive);
    let trust = super::world::trust(&[(&world.key, &[])]);
    let held = world.verify_by(
        &trust,
        &fs::read(link).unwrap(),
        ("prod", Some("web")),
        world.repo.id("HEAD"),
        Some(&store),
    );
    assert_eq!(held, "link 1");
    let altered = {
        let payload = attest::unverified_payload(&fs::read(link).unwrap()).unwrap();
        let text = String::from_utf8(payload).unwrap();
        let (before, digest) = text.split_once("\"changeDigest\":\"").unwrap();
        let zeros = "0".repeat(64);
        let text = format!("{before}\"changeDigest\":\"{zeros}{}", &digest[64..]);
        attest::sign(text.as_bytes(), &key(9))
    };
    let path = world.repo.beside("altered.json");
    fs::write(&path, altered).unwrap();
    let path = path.to_str().unwrap();
    let (exit, said, _) = world.run(&["replay", path, "--verdicts", &archived]);
    assert_eq!(exit, 4, "{said}");
    assert!(
        said.contains("first result that differs is `changeDigest`"),
        "{said}"
    );
}
