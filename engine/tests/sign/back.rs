//! Going back: to what ran, to what never ran, and out of what may not go there any more.

use super::world::{CONFIG, DATABASE, JUDGE, World, failed};
use tidegate::model::GitId;

/// A baseline, a change of tier high that was signed and never deployed, and its revert, signed too.
fn signed_and_taken_back() -> (World, [GitId; 3]) {
    let world = World::started();
    let running = world.repo.id("HEAD");
    let changed = world.edit(DATABASE, "instances: 3", "instances: 4");
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 1 high");
    world.repo.git(&["revert", "--no-edit", "HEAD"]);
    let back = world.repo.id("HEAD");
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 2 high");
    (world, [running, changed, back])
}

#[test]
fn what_a_revert_names_is_no_rollback_target_where_it_may_never_have_run() {
    let (world, [running, changed, back]) = signed_and_taken_back();
    for deployed in [running, back] {
        assert_eq!(world.admit("db", changed, Some(deployed)), "judged 1 high");
    }
    world.edit(CONFIG, "max-tier: high", "max-tier: low");
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    assert_eq!(world.admit("db", changed, Some(running)), "refused held");
    world.set_clock("2026-11-22T10:00:00Z");
    assert_eq!(
        world.admit("db", changed, Some(running)),
        "refused expired held"
    );
    // What runs is applied again at any hour, whichever of its links it is.
    assert_eq!(world.admit("db", back, Some(running)), "running 2 high");
}

#[test]
fn what_ran_before_what_runs_is_a_rollback_target_at_any_hour() {
    let (world, [_, _, back]) = signed_and_taken_back();
    let head = world.label(DATABASE, "a", "b");
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 3 low");
    world.set_clock("2026-11-25T10:00:00Z");
    assert_eq!(world.admit("db", back, Some(head)), "rollback 2 high");
}

#[test]
fn out_of_a_held_link_leads_its_revert_with_a_baseline() {
    let world = World::started();
    world.repo.write(
        CONFIG,
        JUDGE.replacen("max-tier: high", "max-tier: critical", 1),
    );
    let running = world.repo.commit("all may go there");
    assert_eq!(
        world.baseline("prod", Some("db")),
        "prod/db nothing new 0",
        "under the first judge"
    );
    world.sign("prod", None);
    assert_eq!(world.baseline("prod", Some("db")), "prod/db baseline 1");
    let held = world.endanger_database();
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 2 critical");
    world.edit(CONFIG, "max-tier: critical", "max-tier: high");
    world.sign("prod", Some("gate"));
    assert_eq!(world.admit("db", held, Some(running)), "refused held");
    world
        .repo
        .git(&["checkout", "-q", &running.to_string(), "--", DATABASE]);
    let back = world.repo.commit("taken back");
    assert_eq!(
        world.sign("prod", Some("db")),
        "prod/db fail risk.above-max-tier"
    );
    assert!(help_of_held().contains("`tidegate baseline`"));
    assert_eq!(world.baseline("prod", Some("db")), "prod/db baseline 3");
    assert_eq!(world.admit("db", back, Some(running)), "running 3 low");
    let next = world.label(DATABASE, "a", "b");
    assert_eq!(world.sign("prod", Some("db")), "prod/db link 4 low");
    assert_eq!(world.admit("db", next, Some(back)), "judged 4 low");
}

fn help_of_held() -> &'static str {
    tidegate::verify::Reason::Held.help()
}

#[test]
fn what_admission_asks_again_takes_no_exception() {
    let exception = "\
exceptions:
  - id: once
    code: risk.above-max-tier
    match: {kind: Cluster}
    owner: shop
    reason: once
    until: \"2026-12-31\"
";
    let config = format!("{JUDGE}{exception}");
    let error = tidegate::gate::validate(&CONFIG.into(), config.as_bytes(), &[]).unwrap_err();
    assert_eq!(failed(&error), "config.no-exception exit 3");
}
