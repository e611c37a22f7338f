//! Two signers at once make one chain, and the later one judges again.

use std::cell::Cell;
use std::thread;

use jiff::{SignedDuration, Timestamp};
use tidegate::attest::UnitId;
use tidegate::gate::{self, SignRequest};
use tidegate::git::Repository;
use tidegate::model::{Digest, GitId};
use tidegate::store::{self, FolderStore, Store, StoredFile};
use tidegate::verify::Chain;

use super::world::{APP, CONFIG, World, key, told, trust};

/// A store in which someone else's signer runs just before our link is put down, once.
struct Overtaken<'a> {
    store: FolderStore,
    other: &'a dyn Fn(),
    done: Cell<bool>,
}

impl Store for Overtaken<'_> {
    fn publish_link(
        &self,
        unit: &UnitId,
        height: u64,
        envelope: &[u8],
    ) -> Result<(), store::Error> {
        if !self.done.replace(true) {
            (self.other)();
        }
        self.store.publish_link(unit, height, envelope)
    }

    fn units(&self) -> Result<Vec<UnitId>, store::Error> {
        self.store.units()
    }

    fn links(&self, unit: &UnitId) -> Result<Vec<StoredFile>, store::Error> {
        self.store.links(unit)
    }

    fn reports(&self, unit: &UnitId) -> Result<Vec<StoredFile>, store::Error> {
        self.store.reports(unit)
    }

    fn publish_report(
        &self,
        unit: &UnitId,
        tree: GitId,
        payload: Digest,
        envelope: &[u8],
    ) -> Result<(), store::Error> {
        self.store.publish_report(unit, tree, payload, envelope)
    }

    fn renewals(&self, link: Digest) -> Result<Vec<StoredFile>, store::Error> {
        self.store.renewals(link)
    }

    fn publish_renewal(
        &self,
        link: Digest,
        time: Timestamp,
        envelope: &[u8],
    ) -> Result<(), store::Error> {
        self.store.publish_renewal(link, time, envelope)
    }

    fn withdrawals(&self) -> Result<Vec<StoredFile>, store::Error> {
        self.store.withdrawals()
    }

    fn publish_withdrawal(&self, payload: Digest, envelope: &[u8]) -> Result<(), store::Error> {
        self.store.publish_withdrawal(payload, envelope)
    }
}

fn overtaken(world: &World, unit: &str, other: &dyn Fn()) -> String {
    let store = Overtaken {
        store: world.store(),
        other,
        done: Cell::new(false),
    };
    let request = SignRequest {
        evidence: &[],
        workshop: None,
        environment: "prod",
        unit: Some(unit),
        key: &world.key,
        store: &store,
        now: world.now(),
    };
    told(gate::sign(&world.repo.open(), &request))
}

#[test]
fn who_comes_second_judges_from_the_link_that_came_first() {
    let world = World::started();
    world.label(APP, "a", "b");
    // The other signer saw an older head.
    let clone = world.repo.beside("clone");
    world
        .repo
        .git(&["clone", "-q", ".", clone.to_str().unwrap()]);
    world.label(APP, "b", "c");
    let other = || {
        let store = world.store();
        let request = world.request("prod", Some("web"), &world.key, &store);
        let said = told(gate::sign(&Repository::open(&clone).unwrap(), &request));
        assert_eq!(said, "prod/web link 1 medium");
    };
    assert_eq!(overtaken(&world, "web", &other), "prod/web link 2 medium");
    let (first, second) = (world.payload("prod/web", 1), world.payload("prod/web", 2));
    assert_eq!(second["base"], first["head"]);
    assert_eq!(second["rollbackTo"], second["previous"]);
}

#[test]
fn who_comes_second_with_the_same_files_has_nothing_new() {
    let world = World::started();
    world.label(APP, "a", "b");
    let other = || assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
    assert_eq!(overtaken(&world, "web", &other), "prod/web nothing new 1");
}

#[test]
fn who_comes_second_at_the_gate_starts_again_with_the_keys_of_the_link_that_came_first() {
    let world = World::started();
    let new = key(2);
    world
        .repo
        .write(super::world::TRUST, trust(&[(&new, &[])]).print());
    world.repo.commit("another key");
    let clone = world.repo.beside("clone");
    world
        .repo
        .git(&["clone", "-q", ".", clone.to_str().unwrap()]);
    world.edit(CONFIG, "max-tier: high", "max-tier: medium");
    let other = || {
        let store = world.store();
        let request = world.request("prod", Some("gate"), &world.key, &store);
        let said = told(gate::sign(&Repository::open(&clone).unwrap(), &request));
        assert_eq!(said, "main/gate link 1 critical");
    };
    assert_eq!(
        overtaken(&world, "gate", &other),
        "key.not-trusted exit 3",
        "the first link took the key away"
    );
    assert_eq!(
        world.sign_with(&new, "prod", Some("gate")),
        "main/gate link 2 critical"
    );
}

#[test]
fn many_signers_at_once_make_one_chain_without_gaps() {
    let world = World::started();
    for round in 1..=2_u64 {
        let (from, to) = [("a", "b"), ("b", "c")][usize::try_from(round - 1).unwrap()];
        world.label(APP, from, to);
        let (path, verdicts, now) = (world.repo.path(), world.verdicts(), world.now());
        let mut said: Vec<String> = thread::scope(|scope| {
            let signers: Vec<_> = (1..=4)
                .map(|number| {
                    let verdicts = &verdicts;
                    scope.spawn(move || {
                        let request = SignRequest {
                            evidence: &[],
                            workshop: None,
                            environment: "prod",
                            unit: Some("web"),
                            key: &key(1),
                            store: &FolderStore::new(verdicts),
                            now: now + SignedDuration::from_secs(number),
                        };
                        told(gate::sign(&Repository::open(path).unwrap(), &request))
                    })
                })
                .collect();
            signers
                .into_iter()
                .map(|signer| signer.join().unwrap())
                .collect()
        });
        said.sort();
        let nothing = format!("prod/web nothing new {round}");
        assert_eq!(said[0], format!("prod/web link {round} medium"));
        assert_eq!(said[1..], [nothing.clone(), nothing.clone(), nothing]);
    }
    let unit = UnitId::new("prod", "web").unwrap();
    let chain = Chain::read(&world.store(), &unit, &trust(&[(&world.key, &[])])).unwrap();
    let heights: Vec<u64> = chain
        .links()
        .iter()
        .map(|link| link.verdict().height)
        .collect();
    assert_eq!(heights, [0, 1, 2]);
    assert!(chain.rejected().is_empty() && chain.equivocations().is_empty());
}
