//! The state that one would go back to: told by the links of its unit, and by nothing else.

use tidegate::store::Store;

use super::world::World;

const JUDGE: &str = "\
profile: retail-prod
policies: {freeze-windows: {require-calendar: {production: false}}, rollback-readiness: {target-stages: [production]}}
images: {signatures: of-authorities, registries: [\"**\"]}
environments:
  - {name: prod, stage: production, paths: [\"shop/**\"]}
";
const MAP: &str = "shop/map.yaml";

/// A shop as it is accepted, with these files or none.
fn started(is_there: bool) -> World {
    let world = World::judged_by(JUDGE);
    if is_there {
        write(&world, "hello");
    }
    let told = world.baseline("prod", None);
    assert!(told.ends_with("prod/prod baseline 0"), "{told}");
    write(&world, "bye");
    world
}

fn write(world: &World, greeting: &str) {
    let map = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: shop, namespace: shop}}\ndata: {{greeting: {greeting}}}\n"
    );
    world.repo.write(MAP, map);
    world.repo.commit(greeting);
}

/// What `check` says of the last commit about it.
fn said(world: &World, store: Option<&dyn Store>) -> String {
    world.said("rollback.no-target", store).concat()
}

#[test]
fn one_goes_back_to_what_was_accepted_and_still_stands() {
    let world = started(true);
    let store = world.store();
    assert_eq!(said(&world, Some(&store)), "");
    let unknown = said(&world, None);
    assert!(unknown.contains("no store of verdicts"), "{unknown}");
    let told = world.sign("prod", Some("prod"));
    assert!(told.starts_with("prod/prod link 1"), "{told}");
    let target = &world.payload("prod/prod", 1)["rollbackTo"];
    assert!(target.is_string(), "{target}");
    world.withdraw("prod/prod", 1);
    world.withdraw("prod/prod", 0);
    let none = said(&world, Some(&store));
    assert!(none.contains("no state of the unit"), "{none}");
}

#[test]
fn what_held_nothing_is_nothing_to_go_back_to() {
    let world = started(false);
    let said = said(&world, Some(&world.store()));
    assert!(said.contains("link 0, holds nothing"), "{said}");
}
