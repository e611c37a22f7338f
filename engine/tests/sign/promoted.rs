//! What comes into production has run in staging: told by the links of staging, and by nothing else.

use tidegate::attest;
use tidegate::gate;
use tidegate::store::{FolderStore, Store};

use super::world::{World, key};

const JUDGE: &str = "\
environments:
  - {name: staging, stage: staging, paths: [\"staging/**\"]}
  - {name: prod, stage: production, paths: [\"prod/**\"]}
images: {promote-from: {production: staging}}
";

/// A shop in both stages, whose images have the digit 1, with its baselines.
fn started(config: &str) -> World {
    let world = World::judged_by(config);
    for stage in ["staging", "prod"] {
        world
            .repo
            .write(format!("{stage}/app.yaml"), deployment('1'));
    }
    world.repo.commit("both stages");
    world.baseline("prod", None);
    world.baseline("staging", None);
    world
}

fn deployment(digit: char) -> String {
    format!(
        "apiVersion: apps/v1
kind: Deployment
metadata: {{name: app, namespace: shop}}
spec:
  replicas: 2
  selector: {{matchLabels: {{app: app}}}}
  template:
    metadata: {{labels: {{app: app}}}}
    spec:
      containers:
        - name: app
          image: registry.example/app:1.0.{digit}@sha256:{}
          resources: {{requests: {{cpu: 100m, memory: 128Mi}}, limits: {{cpu: 200m, memory: 128Mi}}}}
",
        digit.to_string().repeat(64)
    )
}

fn bring(world: &World, stage: &str, digit: char) {
    let path = format!("{stage}/app.yaml");
    world.repo.write(path, deployment(digit));
    world.repo.commit(&format!("{digit} into {stage}"));
}

/// What `check` says of the last commit about promotion.
fn said(world: &World, store: Option<&dyn Store>) -> Vec<String> {
    world.said("image.not-promoted", store)
}

#[test]
fn production_takes_what_a_link_of_staging_names_and_nothing_before_that() {
    let world = started(JUDGE);
    bring(&world, "staging", '2');
    bring(&world, "prod", '2');
    let store = world.store();
    let [missing] = &said(&world, Some(&store))[..] else {
        panic!("it is denied once")
    };
    assert!(
        missing.contains("staging has not run sha256:2"),
        "{missing}"
    );
    assert_eq!(
        world.sign("prod", Some("prod")),
        "prod/prod fail image.not-promoted"
    );
    assert_eq!(
        world.sign("staging", Some("staging")),
        "staging/staging link 1 medium"
    );
    assert_eq!(said(&world, Some(&store)), [""; 0]);
    assert_eq!(world.sign("prod", Some("prod")), "prod/prod link 1 medium");
}

#[test]
fn what_staging_ran_before_its_newest_link_and_in_its_baseline_counts_too() {
    let world = started(JUDGE);
    for digit in ['2', '3'] {
        bring(&world, "staging", digit);
        world.sign("staging", Some("staging"));
    }
    let store = world.store();
    for digit in ['2', '3'] {
        bring(&world, "prod", digit);
        assert_eq!(said(&world, Some(&store)), [""; 0], "{digit}");
    }
    bring(&world, "prod", '1');
    assert_eq!(said(&world, Some(&store)), [""; 0]);
}

#[test]
fn a_link_that_was_taken_back_or_forged_promotes_nothing() {
    let world = started(JUDGE);
    bring(&world, "staging", '2');
    assert_eq!(
        world.sign("staging", Some("staging")),
        "staging/staging link 1 medium"
    );
    bring(&world, "prod", '2');
    let store = world.store();
    assert_eq!(said(&world, Some(&store)), [""; 0]);
    let payload = attest::unverified_payload(&world.envelope("staging/staging", 1)).unwrap();
    for signer in [9, 1] {
        let link = world.link("staging/staging", 1);
        std::fs::write(link, attest::sign(&payload, &key(signer))).unwrap();
        assert_eq!(
            said(&world, Some(&store)).is_empty(),
            signer == 1,
            "{signer}"
        );
    }
    world.withdraw("staging/staging", 1);
    assert!(!said(&world, Some(&store)).is_empty());
}

#[test]
fn what_cannot_be_found_out_is_denied_and_says_why() {
    let world = started(JUDGE);
    bring(&world, "staging", '2');
    world.sign("staging", Some("staging"));
    bring(&world, "prod", '2');
    let of = |store: Option<&dyn Store>| said(&world, store).concat();
    assert!(
        of(None).contains("no store of verdicts was given"),
        "{}",
        of(None)
    );
    let empty = FolderStore::new(world.repo.beside("empty"));
    assert!(
        of(Some(&empty)).contains("of environment `staging`: "),
        "{}",
        of(Some(&empty))
    );
    let staging = world.verdicts().join("links/staging");
    std::fs::rename(&staging, world.repo.beside("gone")).unwrap();
    let store = world.store();
    let gone = of(Some(&store));
    assert!(gone.contains("no link of environment `staging`"), "{gone}");
}

#[test]
fn a_replay_knows_of_another_stage_what_there_was() {
    let world = started(JUDGE);
    let bring_both = |digit| {
        bring(&world, "staging", digit);
        assert!(world.sign("staging", None).contains("link"), "{digit}");
        bring(&world, "prod", digit);
    };
    bring_both('2');
    assert!(world.sign("prod", Some("prod")).contains("prod/prod link"));
    let first = world.envelope("prod/prod", 1);
    let replayed = |envelope: &[u8]| {
        let request = gate::ReplayRequest {
            envelope,
            store: &world.store(),
            workshop: None,
        };
        gate::replay(&world.repo.open(), &request).unwrap().differs
    };
    assert_eq!(replayed(&first), None);
    // Taken back later, which changes nothing of what was known.
    let later = |seconds| {
        let later = world
            .now()
            .checked_add(jiff::SignedDuration::from_secs(seconds));
        world.set_clock(&later.unwrap().to_string());
    };
    later(60);
    world.withdraw("staging/staging", 1);
    assert_eq!(replayed(&first), None);
    // And taken back before, which was known and stays so.
    later(60);
    bring(&world, "prod", '3');
    let denied = world.sign("prod", Some("prod"));
    assert_eq!(denied, "prod/prod fail image.not-promoted");
    let reports = world.verdicts().join("reports/prod/prod");
    let report = std::fs::read_dir(reports).unwrap().next().unwrap();
    let report = std::fs::read(report.unwrap().path()).unwrap();
    assert_eq!(replayed(&report), None);
    later(60);
    bring(&world, "staging", '3');
    world.sign("staging", None);
    assert_eq!(replayed(&report), None);
}

#[test]
fn a_stage_that_observes_or_is_nowhere_promotes_nothing() {
    let observing = JUDGE.replace("stage: staging,", "stage: staging, enforcement: observe,");
    let nowhere = JUDGE.replace("stage: staging,", "stage: qa,");
    for (config, why) in [
        (observing, "signed under `observe`"),
        (nowhere, "no other environment has the stage `staging`"),
    ] {
        let world = started(&config);
        bring(&world, "staging", '2');
        world.sign("staging", Some("staging"));
        bring(&world, "prod", '2');
        let store = world.store();
        let said = said(&world, Some(&store)).concat();
        assert!(said.contains(why), "{said}");
    }
}
