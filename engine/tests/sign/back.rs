//! Going back: to what ran, to what never ran, and out of what may not go there any more.

use super::world::{CONFIG, DATABASE, World};
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
