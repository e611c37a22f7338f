//! A kustomization outside of a unit that reaches into it takes nothing from what is judged.

use super::world::{APP, World};

const TOOLS: &str = "tools/kustomization.yaml";
const LIMITS: &str = "apps/web/limits.yaml";
const LIMIT_RANGE: &str = "\
apiVersion: v1
kind: LimitRange
metadata: {name: limits, namespace: shop}
spec:
  limits:
    - type: Container
      default: {memory: 256Mi}
";

/// `twin` with a container that a LimitRange gives its limit.
fn limited() -> World {
    let world = World::new();
    world.repo.write(LIMITS, LIMIT_RANGE);
    world.drop_limit();
    world.baseline("twin", None);
    world
}

fn reach_in(world: &World) {
    world
        .repo
        .write(TOOLS, "resources: [../apps/web/app.yaml]\n");
}

#[test]
fn what_it_reaches_is_judged_where_a_neighbour_goes() {
    for reaching in [false, true] {
        let world = limited();
        if reaching {
            reach_in(&world);
        }
        world.repo.remove(LIMITS);
        world.repo.commit("no limits");
        assert_eq!(
            world.sign("twin", Some("twin")),
            "twin/twin fail resources.missing-memory-limit"
        );
    }
}

#[test]
fn a_chart_around_a_unit_hides_nothing_either() {
    let world = limited();
    world
        .repo
        .write("Chart.yaml", "name: shop\nversion: 1.0.0\n");
    world.repo.remove(LIMITS);
    world.repo.commit("no limits");
    let said = world.sign("twin", Some("twin"));
    assert!(
        said.contains(" fail ") || said.ends_with("exit 3"),
        "{said}"
    );
}

#[test]
fn what_it_reaches_counts_where_the_same_object_comes_again() {
    let world = limited();
    reach_in(&world);
    let app = std::fs::read(world.repo.path().join(APP)).unwrap();
    world.repo.write("apps/web/again.yaml", app);
    world.repo.commit("twice");
    assert_eq!(
        world.sign("twin", Some("twin")),
        "twin/twin fail engine.duplicate-object"
    );
}

#[test]
fn what_it_reaches_cannot_be_changed_while_it_is_there_and_can_be_when_it_is_gone() {
    let world = limited();
    reach_in(&world);
    world.edit(super::world::WEB, "greeting: hello", "greeting: welcome");
    let said = world.sign("twin", Some("twin"));
    assert!(said.starts_with("twin/twin link 1 "), "{said}");
    world.label(APP, "a", "b");
    assert_eq!(
        world.sign("twin", Some("twin")),
        "twin/twin source.not-rendered exit 3"
    );
    world.repo.remove(TOOLS);
    world.repo.commit("no tools");
    let said = world.sign("twin", Some("twin"));
    assert!(said.starts_with("twin/twin link 2 "), "{said}");
}
