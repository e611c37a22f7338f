//! What takes away waits for what it says that it comes after: told by the links of its unit, and by nothing else.

use tidegate::model::GitId;
use tidegate::store::Store;

use super::world::World;

const JUDGE: &str = "\
profile: retail-prod
policies: {freeze-windows: {require-calendar: {production: false}}, migrations: {contract-stages: [production]}}
images: {signatures: of-authorities, registries: [\"**\"]}
environments:
  - {name: prod, stage: production, paths: [\"shop/**\"]}
";
const EXPAND: &str = "shop/migrations/memo.sql";
const CONTRACT: &str = "shop/migrations/V3__drop.sql";

/// A shop of the twentieth of November with one script that has run.
fn started() -> World {
    let world = World::judged_by(JUDGE);
    world.set_clock("2026-11-20T09:00:00Z");
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shop, namespace: shop}\ndata: {greeting: hello}\n";
    world.repo.write("shop/map.yaml", map);
    write(&world, "shop/migrations/V1__init.sql", "SELECT 1;\n");
    let told = world.baseline("prod", None);
    assert!(told.ends_with("prod/prod baseline 0"), "{told}");
    world
}

fn write(world: &World, path: &str, text: &str) -> GitId {
    world.repo.write(path, text);
    world.repo.commit(&format!("write {path}"))
}

fn sign(world: &World) -> String {
    world.sign("prod", Some("prod"))
}

/// The step that adds, accepted a day later.
fn expanded() -> (World, GitId) {
    let world = started();
    let text = "ALTER TABLE flag ADD memo text;\n";
    let commit = write(&world, EXPAND, text);
    world.set_clock("2026-11-21T09:00:00Z");
    let told = sign(&world);
    assert!(told.starts_with("prod/prod link 1"), "{told}");
    (world, commit)
}

/// The step that takes away, and the way back.
fn contract(world: &World, after: &str) {
    let back = "ALTER TABLE flag ADD note text;\n";
    world.repo.write("shop/migrations/U3__drop.sql", back);
    let text = format!("-- contract-after: {after}\nALTER TABLE flag DROP COLUMN note;\n");
    write(world, CONTRACT, &text);
}

/// What `check` says of the last commit about it.
fn said(world: &World, store: Option<&dyn Store>) -> String {
    world.said("migration.contract-too-early", store).concat()
}

/// Whether what is signed is denied for it; that going back needs a database is not asked here.
fn is_early(world: &World) -> bool {
    let told = sign(world);
    assert!(told.contains("rollback.needs-database"), "{told}");
    told.contains("migration.contract-too-early")
}

#[test]
fn what_takes_away_is_signed_once_what_it_comes_after_was_accepted_for_long_enough() {
    let (world, expand) = expanded();
    for after in [EXPAND.to_owned(), expand.to_string()] {
        contract(&world, &after);
        let store = world.store();
        world.set_clock("2026-11-28T08:00:00Z");
        let early = said(&world, Some(&store));
        let wanted = "only, and must be for 7d";
        assert!(early.contains(wanted), "{early}");
        assert!(is_early(&world));
        world.set_clock("2026-11-28T10:00:00Z");
        assert_eq!(said(&world, Some(&store)), "");
        let unknown = said(&world, None);
        assert!(
            unknown.contains("no store of verdicts was given"),
            "{unknown}"
        );
        assert!(!is_early(&world));
    }
}

#[test]
fn a_state_without_it_in_between_begins_the_time_anew() {
    let (world, expand) = expanded();
    world.repo.remove(EXPAND);
    world.repo.commit("gone again");
    world.set_clock("2026-11-22T09:00:00Z");
    let told = sign(&world);
    assert!(told.starts_with("prod/prod link 2"), "{told}");
    write(&world, EXPAND, "ALTER TABLE flag ADD memo text;\n");
    world.set_clock("2026-11-23T09:00:00Z");
    let told = sign(&world);
    assert!(told.starts_with("prod/prod link 3"), "{told}");
    let store = world.store();
    let at = |now: &str, after: &str| {
        world.set_clock(now);
        contract(&world, after);
        said(&world, Some(&store))
    };
    let early = at("2026-11-29T09:00:00Z", EXPAND);
    assert!(early.contains("without a gap"), "{early}");
    assert_eq!(at("2026-11-29T09:00:00Z", &expand.to_string()), "");
    assert_eq!(at("2026-12-01T09:00:00Z", EXPAND), "");
    // Taken back, it was never accepted.
    for height in [3, 2, 1] {
        world.withdraw("prod/prod", height);
    }
    let never = at("2026-12-01T10:00:00Z", &expand.to_string());
    assert!(never.contains("no state that was accepted"), "{never}");
}

#[test]
fn another_text_under_the_same_name_begins_the_time_anew() {
    let (world, _) = expanded();
    write(&world, EXPAND, "ALTER TABLE flag ADD other text;\n");
    world.set_clock("2026-11-27T09:00:00Z");
    let told = sign(&world);
    assert!(told.starts_with("prod/prod link 2"), "{told}");
    contract(&world, EXPAND);
    world.set_clock("2026-12-01T09:00:00Z");
    assert!(is_early(&world));
    world.set_clock("2026-12-05T09:00:00Z");
    assert!(!is_early(&world));
}

#[test]
fn what_no_link_of_the_unit_vouches_for_is_no_release() {
    let (world, _) = expanded();
    write(&world, "elsewhere/memo.sql", "SELECT 1;\n");
    world.set_clock("2026-12-09T09:00:00Z");
    for (after, wanted) in [
        ("elsewhere/memo.sql", "no state that was accepted"),
        ("shop/migrations/none.sql", "no state that was accepted"),
        (CONTRACT, "new or another in the same step"),
        ("shop/map.yaml", "neither a commit in full nor the path"),
        ("0000000000000000000000000000000000000001", "link 1: "),
    ] {
        contract(&world, after);
        let said = said(&world, Some(&world.store()));
        assert!(said.contains(wanted), "{after}: {said}");
    }
}
