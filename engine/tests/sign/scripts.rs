//! A script that takes away, in a file of a unit whose objects stay: a freeze holds it at each gate on its way.

use tidegate::gate;
use tidegate::model::{Exit, GitId};

use super::world::World;

/// Black week, from Saturday 00:00 to Monday 06:00 in Berlin.
const JUDGE: &str = "\
environments:
  - {name: prod, timezone: Europe/Berlin, calendars: [retail], paths: [\"shop/**\"]}
calendars:
  retail:
    timezone: Europe/Berlin
    windows:
      - {id: black-week, kind: freeze, from: \"2026-11-21T00:00\", to: \"2026-11-23T06:00\", allow: [low], reason: peak trading, owner: retail-ops, ticket: CHG-1}
      - {id: next-year, kind: freeze, from: \"2027-11-21T00:00\", to: \"2027-11-23T06:00\", reason: peak trading, owner: retail-ops, ticket: CHG-2}
";
const MAP: &str = "shop/map.yaml";
const WITHIN: &str = "2026-11-21T06:00:00Z";
const AFTER: &str = "2026-11-23T05:00:00Z";

/// The shop on Friday morning, all of it accepted; and what runs.
fn friday() -> (World, GitId) {
    let world = World::judged_by(JUDGE);
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop, namespace: shop, labels: {team: a}}\ndata: {greeting: hello}\n";
    world.repo.write(MAP, map);
    world.repo.write(
        "shop/migrations/V1__init.sql",
        "CREATE TABLE flag (id int);\n",
    );
    let running = world.repo.commit("a shop with a script");
    let told = world.baseline("prod", None);
    assert!(told.ends_with("prod/prod baseline 0"), "{told}");
    (world, running)
}

/// A script alone, which takes a table away and says how it comes back.
fn take_away(world: &World) -> GitId {
    world
        .repo
        .write("shop/migrations/V2__drop.sql", "DROP TABLE flag;\n")
        .write(
            "shop/migrations/U2__drop.sql",
            "CREATE TABLE flag (id int);\n",
        );
    world.repo.commit("drop the flags")
}

fn sign(world: &World) -> String {
    world.sign("prod", Some("prod"))
}

fn is_held(world: &World) -> bool {
    !world.said("freeze.window-closed", None).is_empty()
}

#[test]
fn a_script_written_within_a_freeze_waits_for_its_end() {
    let (world, running) = friday();
    world.set_clock(WITHIN);
    let head = take_away(&world);
    assert!(is_held(&world));
    assert_eq!(sign(&world), "prod/prod fail freeze.window-closed");
    let refused = world.admit("prod", head, Some(running));
    assert!(refused.starts_with("refused"), "{refused}");
    world.set_clock(AFTER);
    assert!(!is_held(&world));
    // It failed as a whole, and so it is judged as a whole again.
    assert_eq!(sign(&world), "prod/prod link 1 critical");
    assert_eq!(
        world.admit("prod", head, Some(running)),
        "judged 1 critical"
    );
}

#[test]
fn a_script_signed_before_a_freeze_is_not_admitted_within_it() {
    let (world, running) = friday();
    let head = take_away(&world);
    assert!(!is_held(&world));
    assert_eq!(sign(&world), "prod/prod link 1 critical");
    let verdict = world.payload("prod/prod", 1);
    assert_eq!(verdict["validUntil"], "2026-11-20T23:00:00Z");
    assert_eq!(
        world.admit("prod", head, Some(running)),
        "judged 1 critical"
    );
    world.set_clock(WITHIN);
    assert_eq!(
        world.admit("prod", head, Some(running)),
        "refused expired frozen"
    );
    assert_eq!(renew(&world), Exit::Denied);
    world.set_clock(AFTER);
    assert_eq!(world.admit("prod", head, Some(running)), "refused expired");
    assert_eq!(renew(&world), Exit::Pass);
    assert_eq!(
        world.admit("prod", head, Some(running)),
        "judged 1 critical"
    );
}

#[test]
fn what_the_freeze_lets_through_brings_no_script_in() {
    let (world, running) = friday();
    let label = world.label(MAP, "a", "b");
    assert_eq!(sign(&world), "prod/prod link 1 low");
    let head = take_away(&world);
    world.set_clock(WITHIN);
    assert_eq!(world.admit("prod", label, Some(running)), "judged 1 low");
    assert_eq!(sign(&world), "prod/prod fail freeze.window-closed");
    let refused = world.admit("prod", head, Some(label));
    assert!(refused.starts_with("refused"), "{refused}");
}

fn renew(world: &World) -> Exit {
    let store = world.store();
    let request = world.request("prod", Some("prod"), &world.key, &store);
    gate::renew(&world.repo.open(), &request).unwrap().exit()
}
