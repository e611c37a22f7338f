//! Relaxing the judge and using that is never one step, whatever is relaxed.

use super::world::{CONFIG, JUDGE, World};
use tidegate::model::GitId;

/// How the binary ends when it is asked for a unit of an environment.
fn admitted(world: &World, environment: &str, revision: GitId) -> (i32, String) {
    let (store, trust) = (world.store_name(), world.trust_file());
    let revision = revision.to_string();
    let question = ["admit", "--env", environment, "--revision", &revision];
    let (exit, out, _) =
        world.run(&[&question[..], &["--trust", &trust, "--verdicts", &store]].concat());
    (exit, out)
}

fn observing() -> String {
    JUDGE.replacen(
        "max-tier: high",
        "max-tier: high\n    enforcement: observe",
        1,
    )
}

#[test]
fn to_observe_and_to_use_it_is_refused_until_a_link_was_signed_that_observes() {
    let world = World::started();
    world.repo.write(CONFIG, observing());
    let head = world.drop_limit();
    let said = world.sign("prod", None);
    assert!(said.starts_with("main/gate link 1 critical; "), "{said}");
    let (exit, out) = admitted(&world, "prod", head);
    assert_eq!(exit, 4, "{out}");
    assert_eq!(
        world.sign("prod", Some("web")),
        "prod/web fail resources.missing-memory-limit"
    );
    assert!(!world.link("prod/web", 1).exists());
    let (exit, out) = admitted(&world, "prod", head);
    assert_eq!(
        exit, 4,
        "under the new judge alone it would be observed: {out}"
    );
    world.repo.git(&["checkout", "-q", "HEAD~1", "--", "apps"]);
    world.repo.commit("taken back");
    assert_eq!(
        world.sign("prod", None),
        "main/gate nothing new 1; prod/web link 1 low; prod/db link 1 low"
    );
    let head = world.drop_limit();
    assert_eq!(
        world.sign("prod", Some("web")),
        "prod/web fail resources.missing-memory-limit"
    );
    let (exit, out) = admitted(&world, "prod", head);
    assert_eq!(exit, 0, "{out}");
    assert!(out.contains("prod/web: would refuse (observed)"), "{out}");
}

#[test]
fn a_denial_by_the_judge_that_enforced_ends_the_signer_with_1() {
    let world = World::started();
    world.repo.write(CONFIG, observing());
    world.drop_limit();
    world.sign("prod", Some("gate"));
    let (key, store) = (world.key_file(), world.store_name());
    let (exit, out, err) = world.run(&[
        "sign",
        "--env",
        "prod",
        "--unit",
        "web",
        "--key-file",
        &key,
        "--verdicts",
        &store,
    ]);
    assert_eq!(exit, 1, "{out}{err}");
}

#[test]
fn a_unit_that_is_new_and_observed_where_the_environment_was_enforced_needs_a_baseline_first() {
    let world = World::started();
    let judge = observing().replacen("name: web, kind", "name: site, kind", 1);
    world.repo.write(CONFIG, judge);
    let head = world.drop_limit();
    world.sign("prod", None);
    let (exit, out) = admitted(&world, "prod", head);
    assert_eq!(exit, 4, "{out}");
    assert_eq!(world.baseline("prod", Some("site")), "prod/site baseline 0");
    assert_eq!(world.baseline("prod", Some("db")), "prod/db baseline 1");
    let (exit, out) = admitted(&world, "prod", head);
    assert_eq!(exit, 0, "{out}");
}
