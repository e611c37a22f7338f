//! A renewal says how long the newest link may still begin its way, and nothing else.

use std::fs;

use tidegate::attest::{self, Renewal, SigningKey};
use tidegate::gate::{self, Renewed};
use tidegate::model::{Digest, Exit, GitId};
use tidegate::store::{FolderStore, Store as _};

use super::world::{APP, CONFIG, World, key, told, trust};

/// `web` at link 1, which has just expired, and what ran before.
fn expired() -> (World, GitId, GitId) {
    let world = World::started();
    let running = world.repo.id("HEAD");
    let head = world.label(APP, "a", "b");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
    world.set_clock("2026-11-21T12:00:00Z");
    assert_eq!(world.admit("web", head, Some(running)), "refused expired");
    (world, running, head)
}

fn renew(world: &World, key: &SigningKey) -> (String, Exit) {
    let store = world.store();
    let request = world.request("prod", Some("web"), key, &store);
    let signing = match gate::renew(&world.repo.open(), &request) {
        Ok(signing) => signing,
        Err(error) => return (told(Err(error)), Exit::Unjudged),
    };
    let exit = signing.exit();
    let renewals = signing.renewals.iter().map(|unit| match &unit.result {
        Renewed::Until(renewal) => format!(
            "{} {} until {}",
            unit.unit, unit.height, renewal.valid_until
        ),
        Renewed::Denied(_) => format!("{} {} denied", unit.unit, unit.height),
    });
    let renewals: Vec<String> = renewals.collect();
    (
        format!("{}; {}", told(Ok(signing)), renewals.join("; ")),
        exit,
    )
}

#[test]
fn a_renewed_link_is_admitted_until_its_renewal_ends() {
    let (world, running, head) = expired();
    assert_eq!(
        renew(&world, &world.key),
        (
            "prod/web nothing new 1; prod/web 1 until 2026-11-22T12:00:00Z".to_owned(),
            Exit::Pass
        )
    );
    assert_eq!(world.admit("web", head, Some(running)), "judged 1 medium");
    world.set_clock("2026-11-22T12:00:00Z");
    assert_eq!(world.admit("web", head, Some(running)), "refused expired");
    renew(&world, &world.key);
    assert_eq!(world.admit("web", head, Some(running)), "judged 1 medium");
}

#[test]
fn one_envelope_is_renewed_and_withdrawn_where_a_store_is_asked() {
    let (world, _, head) = expired();
    let envelope = world.envelope("prod/web", 1);
    let web = ("prod", Some("web"));
    let store = world.store();
    let trust = trust(&[(&world.key, &[])]);
    let asked = || world.verify_by(&trust, &envelope, web, head, Some(&store));
    assert_eq!(asked(), "refused expired");
    renew(&world, &world.key);
    assert_eq!(asked(), "link 1");
    assert_eq!(
        world.verify(&envelope, web.0, web.1, head),
        "refused expired",
        "the envelope alone"
    );
    world.set_clock("2026-11-22T12:00:00Z");
    assert_eq!(asked(), "refused expired");
    world.withdraw("prod/web", 1);
    assert_eq!(asked(), "refused withdrawn expired");
}

#[test]
fn a_store_that_does_not_know_the_verdict_vouches_for_nothing() {
    let (world, _, head) = expired();
    renew(&world, &world.key);
    let envelope = world.envelope("prod/web", 1);
    let trust = trust(&[(&world.key, &[])]);
    let asked = |store: &FolderStore| {
        world.verify_by(&trust, &envelope, ("prod", Some("web")), head, Some(store))
    };
    let elsewhere = FolderStore::new(world.repo.beside("elsewhere"));
    // Not even the gate has a state there.
    assert_eq!(asked(&elsewhere), "refused.missing exit 4");
    assert_eq!(asked(&world.store()), "link 1");
    world.withdraw("prod/web", 1);
    fs::remove_file(world.link("prod/web", 1)).unwrap();
    let gone = asked(&world.store());
    assert!(
        gone.starts_with("refused") && !gone.contains("link"),
        "{gone}"
    );
}

#[test]
fn what_is_not_signed_yet_is_signed_first_and_needs_no_renewal() {
    let (world, running, head) = expired();
    renew(&world, &world.key);
    let next = world.label(APP, "b", "c");
    assert_eq!(
        renew(&world, &world.key),
        ("prod/web link 2 medium; ".to_owned(), Exit::Pass)
    );
    assert_eq!(world.admit("web", next, Some(running)), "judged 2 medium");
    assert_eq!(
        world.admit("web", head, Some(running)),
        "refused expired",
        "a renewal of a link that is not the newest any more"
    );
}

#[test]
fn what_would_be_denied_now_is_not_renewed() {
    let (world, running, head) = expired();
    world.edit(CONFIG, "max-tier: high", "max-tier: low");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    assert_eq!(
        renew(&world, &world.key),
        (
            "prod/web nothing new 1; prod/web 1 denied".to_owned(),
            Exit::Denied
        )
    );
    assert_eq!(
        world.admit("web", head, Some(running)),
        "refused expired held"
    );
}

#[test]
fn a_baseline_needs_no_renewal() {
    let world = World::started();
    assert_eq!(
        renew(&world, &world.key),
        ("prod/web nothing new 0; ".to_owned(), Exit::Pass)
    );
}

#[test]
fn a_renewal_by_another_key_of_another_link_or_from_the_future_does_not_count() {
    let (world, running, head) = expired();
    let good = renewal(&world);
    let with = |change: &dyn Fn(&mut Renewal)| {
        let mut renewal = good.clone();
        change(&mut renewal);
        renewal
    };
    let future = "2026-11-21T12:30:00Z".parse().unwrap();
    let expired = "refused expired";
    for (renewal, signer, answer) in [
        (good.clone(), key(2), expired),
        (with(&|renewal| renewal.unit = "db".into()), key(1), expired),
        (
            with(&|renewal| renewal.environment = "twin".into()),
            key(1),
            expired,
        ),
        (with(&|renewal| renewal.height = 2), key(1), expired),
        (
            with(&|renewal| renewal.link = Digest::of(b"other")),
            key(1),
            expired,
        ),
        (
            with(&|renewal| renewal.valid_from = future),
            key(1),
            expired,
        ),
        (
            with(&|renewal| renewal.gate_state = Some(Digest::of(b"x"))),
            key(1),
            "refused store-gap",
        ),
        (good.clone(), key(1), "judged 1 medium"),
    ] {
        let statement = renewal.to_statement_bytes().unwrap();
        let folder = world.verdicts().join("renewals");
        let _ = fs::remove_dir_all(folder);
        let envelope = attest::sign(&statement, &signer);
        let link = good.link;
        world
            .store()
            .publish_renewal(link, renewal.valid_from, &envelope)
            .unwrap();
        assert_eq!(
            world.admit("web", head, Some(running)),
            answer,
            "{renewal:?}"
        );
    }
}

/// A good one of link 1, by the keys of nobody yet.
fn renewal(world: &World) -> Renewal {
    let payload = attest::unverified_payload(&world.envelope("prod/web", 1)).unwrap();
    Renewal {
        engine_version: "0.1.0".into(),
        environment: "prod".into(),
        unit: "web".into(),
        link: Digest::of(&payload),
        height: 1,
        valid_from: world.now(),
        valid_until: "2026-11-22T12:00:00Z".parse().unwrap(),
        risk_tier: tidegate::model::RiskTier::Low,
        classes: None,
        gate_state: None,
        also_judged_by: None,
        policy_digest: Digest::of(b""),
        config_digest: Digest::of(b""),
        facts_digest: Digest::of(b""),
    }
}
