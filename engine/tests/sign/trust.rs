//! Whose signature counts, and how that changes hands.

use tidegate::attest::{self, Role, TrustFile, TrustedKey};

use super::world::{APP, TRUST, World, key, trust};

#[test]
fn the_trust_file_of_an_attacker_in_the_same_push_trusts_nobody_yet() {
    let world = World::started();
    let running = world.repo.id("HEAD");
    let mallory = key(9);
    world.repo.write(TRUST, trust(&[(&mallory, &[])]).print());
    world.label(APP, "a", "b");
    for unit in [None, Some("gate"), Some("web")] {
        assert_eq!(
            world.sign_with(&mallory, "prod", unit),
            "key.not-trusted exit 3"
        );
        assert_eq!(
            world.baseline_with(&mallory, "prod", unit),
            "key.not-trusted exit 3"
        );
    }
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    let payload = attest::unverified_payload(&world.envelope("main/gate", 1)).unwrap();
    std::fs::remove_file(world.link("main/gate", 1)).unwrap();
    world.plant("main/gate", 1, &attest::sign(&payload, &mallory));
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate store.blocked exit 3",
        "what lies there was signed by nobody that the link before it trusts"
    );
    assert_eq!(world.admit("web", running, None), "baseline 0 low");
}

#[test]
fn a_key_is_rotated_by_a_link_of_the_gate_that_the_old_one_signs() {
    let world = World::started();
    let running = world.repo.id("HEAD");
    let (old, new) = (key(1), key(2));
    world
        .repo
        .write(TRUST, trust(&[(&old, &[]), (&new, &[])]).print());
    let head = world.label(APP, "a", "b");
    assert_eq!(
        world.sign_with(&new, "prod", None),
        "key.not-trusted exit 3"
    );
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    assert_eq!(
        world.sign_with(&new, "prod", Some("web")),
        "prod/web link 1 medium"
    );
    let both = trust(&[(&old, &[]), (&new, &[])]);
    let admitted = world.admit_by(&both, "prod", Some("web"), head, Some(running));
    assert_eq!(admitted, "judged 1 medium");
    let only_old = world.admit("web", head, Some(running));
    assert_eq!(only_old, "refused signature", "the deployer's file decides");
}

#[test]
fn what_a_dropped_key_signed_counts_no_more_and_a_baseline_stands_above_it() {
    let world = World::started();
    let (old, new) = (key(1), key(2));
    world
        .repo
        .write(TRUST, trust(&[(&old, &[]), (&new, &[])]).print());
    world.repo.commit("two keys");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    world.repo.write(TRUST, trust(&[(&new, &[])]).print());
    world.repo.commit("one key");
    assert_eq!(
        world.sign_with(&new, "prod", Some("gate")),
        "main/gate link 2 critical"
    );
    assert_eq!(world.sign("prod", None), "key.not-trusted exit 3");
    let head = world.label(APP, "a", "b");
    assert_eq!(
        world.sign_with(&new, "prod", Some("web")),
        "prod/web sign.no-baseline exit 3"
    );
    assert_eq!(
        world.baseline_with(&new, "prod", None),
        "main/gate baseline 3; prod/web baseline 1; prod/db baseline 1"
    );
    let only_new = trust(&[(&new, &[])]);
    let admit =
        |revision, deployed| world.admit_by(&only_new, "prod", Some("web"), revision, deployed);
    assert_eq!(admit(head, None), "baseline 1 low");
    let next = world.label(APP, "b", "c");
    assert_eq!(
        world.sign_with(&new, "prod", None),
        "main/gate nothing new 3; prod/web link 2 medium; prod/db nothing new 1"
    );
    assert_eq!(admit(next, Some(head)), "judged 2 medium");
}

#[test]
fn a_key_that_nobody_trusts_signs_nothing_even_where_nothing_is_new() {
    let world = World::started();
    assert_eq!(
        world.sign_with(&key(9), "prod", None),
        "key.not-trusted exit 3"
    );
}

#[test]
fn the_first_baseline_is_signed_by_a_key_of_its_own_trust_file() {
    let world = World::new();
    assert_eq!(
        world.baseline_with(&key(9), "prod", None),
        "key.not-trusted exit 3"
    );
    world.repo.remove(TRUST);
    world.repo.commit("no trust");
    assert_eq!(world.baseline("prod", None), "trust-root.missing exit 3");
}

#[test]
fn an_approver_signs_no_link() {
    let world = World::started();
    let approver = key(3);
    let file = |role| {
        TrustFile::new(vec![
            TrustedKey {
                public: approver.public(),
                role,
                principal: "ada".to_owned(),
                environments: None,
                validity: attest::Validity::default(),
            },
            trust(&[(&world.key, &[])]).keys()[0].clone(),
        ])
        .unwrap()
    };
    world.repo.write(TRUST, file(Role::Approver).print());
    let head = world.label(APP, "a", "b");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    assert_eq!(
        world.sign_with(&approver, "prod", Some("web")),
        "key.not-trusted exit 3"
    );
    world.sign("prod", Some("web"));
    let payload = attest::unverified_payload(&world.envelope("prod/web", 1)).unwrap();
    std::fs::remove_file(world.link("prod/web", 1)).unwrap();
    world.plant("prod/web", 1, &attest::sign(&payload, &approver));
    let admitted = world.admit_by(&file(Role::Approver), "prod", Some("web"), head, None);
    assert_eq!(admitted, "refused signer-not-trusted-for");
}

#[test]
fn a_key_for_some_environments_signs_only_there_and_the_gate_is_listed_by_branch() {
    let world = World::new();
    let (prod, gate) = (key(4), key(5));
    let file = trust(&[
        (&world.key, &[]),
        (&prod, &["prod"]),
        (&gate, &["main/gate"]),
    ]);
    world.repo.write(TRUST, file.print());
    world.repo.commit("three keys");
    world.baseline("prod", None);
    world.baseline("twin", None);
    assert_eq!(
        world.sign_with(&prod, "prod", None),
        "main/gate nothing new 0; prod/web nothing new 0; prod/db nothing new 0"
    );
    world.repo.write("CODEOWNERS", "* @ada\n");
    world.label(APP, "a", "b");
    assert_eq!(
        world.sign_with(&prod, "twin", Some("twin")),
        "key.not-trusted exit 3"
    );
    assert_eq!(
        world.sign_with(&prod, "prod", None),
        "prod/web link 1 medium; prod/db nothing new 0; main/gate key.not-trusted exit 3"
    );
    assert_eq!(
        world.sign_with(&gate, "prod", Some("gate")),
        "main/gate link 1 critical"
    );
    world.label(APP, "b", "c");
    assert_eq!(
        world.sign_with(&gate, "prod", Some("web")),
        "key.not-trusted exit 3"
    );
}

#[test]
fn a_gate_is_never_locked_for_ever() {
    let world = World::started();
    world
        .repo
        .write(TRUST, trust(&[(&world.key, &["prod", "main"])]).print());
    world.repo.commit("limit the key");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate trust-root.no-gate-signer exit 3"
    );
}

#[test]
fn a_store_without_its_newest_links_is_refused_where_their_height_is_pinned() {
    let world = World::started();
    let running = world.repo.id("HEAD");
    let head = world.edit(super::world::DATABASE, "instances: 3", "instances: 4");
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 1 high");
    world.edit(super::world::CONFIG, "max-tier: high", "max-tier: low");
    world.sign("prod", Some("gate"));
    let pinned = |heights| TrustFile::parse(pinning(&world, heights).as_bytes()).unwrap();
    let admit = |heights| world.admit_by(&pinned(heights), "prod", Some("db"), head, Some(running));
    assert_eq!(admit(r#"{"main/gate": 1}"#), "refused held");
    std::fs::remove_file(world.link("main/gate", 1)).unwrap();
    assert_eq!(
        admit("{}"),
        "judged 1 high",
        "nothing tells that it was there"
    );
    assert_eq!(admit(r#"{"main/gate": 1}"#), "refused.store-gap exit 4");
    assert_eq!(admit(r#"{"main/gate": 0, "prod/db": 1}"#), "judged 1 high");
    assert_eq!(admit(r#"{"prod/db": 2}"#), "refused superseded");
    assert_eq!(admit(r#"{"prod/dbb": 1}"#), "usage.unknown-name exit 2");
}

/// The trust file with these heights.
fn pinning(world: &World, heights: &str) -> String {
    let keys = trust(&[(&world.key, &[])]).print();
    let end = format!("],\n  \"heights\": {heights}\n}}\n");
    keys.replacen("]\n}\n", &end, 1)
}

#[test]
fn a_verdict_below_the_pinned_height_is_not_verified() {
    let world = World::started();
    let head = world.label(APP, "a", "b");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
    let envelope = world.envelope("prod/web", 1);
    let verify = |heights: &str| {
        let trust = TrustFile::parse(pinning(&world, heights).as_bytes()).unwrap();
        world.verify_by(&trust, &envelope, ("prod", Some("web")), head, None)
    };
    assert_eq!(verify(r#"{"prod/web": 1}"#), "link 1");
    assert_eq!(verify(r#"{"prod/web": 2}"#), "refused superseded");
}

#[test]
fn nothing_is_signed_on_top_where_the_accepted_trust_file_knows_of_more_links() {
    let world = World::started();
    world.label(APP, "a", "b");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
    world
        .repo
        .write(TRUST, pinning(&world, r#"{"prod/web": 1, "main/gate": 9}"#));
    world.repo.commit("pin the height");
    assert_eq!(
        world.sign("prod", None),
        "main/gate link 1 critical; prod/web nothing new 1; prod/db nothing new 0"
    );
    std::fs::remove_file(world.link("prod/web", 1)).unwrap();
    world.label(APP, "b", "c");
    let missing = "prod/web store.links-missing exit 3";
    assert_eq!(world.sign("prod", Some("web")), missing);
    assert_eq!(world.baseline("prod", Some("web")), missing);
    world.repo.write(TRUST, trust(&[(&world.key, &[])]).print());
    world.repo.commit("they are lost");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 2 critical"
    );
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
}
