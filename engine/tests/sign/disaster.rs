//! The disaster sheet of `docs/disaster.md`, done: the cluster is gone, a freeze holds everything, every verdict is
//! over, and the store of every day cannot be reached.

use std::fs;
use std::path::Path;

use tidegate::gate::{self, AdmitRequest, SignRequest};
use tidegate::model::GitId;
use tidegate::store::FolderStore;

use super::world::{APP, JUDGE, World, told};

/// A freeze over everything, from the day after on.
const FREEZE: &str = "
calendars:
  retail:
    timezone: Europe/Berlin
    windows:
      - {id: all, kind: freeze, from: \"2026-11-21T00:00\", to: \"2027-11-21T00:00\", reason: r, owner: o, ticket: t}
";
const DURING: &str = "2026-12-24T03:00:00Z";

/// The shop with that freeze, and its baselines.
fn shop() -> World {
    let prod = "  - name: prod\n";
    let named = format!("{prod}    timezone: Europe/Berlin\n    calendars: [retail]\n");
    let world = World::judged_by(&format!("{}{FREEZE}", JUDGE.replacen(prod, &named, 1)));
    assert!(!world.baseline("prod", None).contains("exit"));
    world
}

/// Carries the verdicts to a folder, then takes the store of every day away.
fn rescue(world: &World) -> FolderStore {
    let rescue = world.repo.beside("rescue");
    let to = format!("folder:{}", rescue.display());
    let (exit, out, errors) = world.run(&["publish", &world.store_name(), "--verdicts", &to]);
    assert_eq!(exit, 0, "{out}{errors}");
    fs::remove_dir_all(world.verdicts()).unwrap();
    fs::write(world.verdicts(), "no folder").unwrap();
    FolderStore::new(&rescue)
}

/// Asks for a unit of a cluster in which nothing runs.
fn admit(world: &World, store: &FolderStore, revision: GitId) -> String {
    let answers = gate::admit(
        &world.repo.open(),
        &AdmitRequest {
            environment: "prod",
            branch: None,
            unit: Some("web"),
            revision: &revision.to_string(),
            deployed: None,
            sync: None,
            checkout: None,
            trust: &super::world::trust(&[(&world.key, &[])]),
            store,
            now: world.now(),
            witnesses: &[],
        },
    );
    super::world::answered(answers)
}

#[test]
fn a_baseline_that_was_exported_lets_a_new_cluster_begin() {
    let world = shop();
    let head = world.repo.id("HEAD");
    let store = rescue(&world);
    world.set_clock(DURING);
    let begun = world.admit("web", head, None);
    assert!(begun.contains("store."), "the store is gone: {begun}");
    assert_eq!(admit(&world, &store, head), "baseline 0 low");
    // Nothing but what was accepted.
    let other = world.label(APP, "a", "b");
    assert_eq!(admit(&world, &store, other), "refused missing");
}

#[test]
fn above_an_export_that_went_on_a_new_baseline_is_made_without_a_network() {
    let world = shop();
    let head = world.label(APP, "a", "b");
    assert!(world.sign("prod", Some("web")).contains("link 1"));
    let store = rescue(&world);
    world.set_clock(DURING);
    let refused = admit(&world, &store, head);
    assert_eq!(refused, "refused expired held frozen");
    // What runs names nothing: the state before is older than what is known.
    let before = world.repo.id("HEAD~1");
    assert_eq!(admit(&world, &store, before), "refused superseded");
    let request = SignRequest {
        evidence: &[],
        workshop: None,
        environment: "prod",
        unit: None,
        key: &world.key,
        store: &store,
        now: world.now(),
    };
    let accepted = told(gate::baseline(&world.repo.open(), &request));
    assert!(accepted.contains("prod/web baseline 2"), "{accepted}");
    assert_eq!(admit(&world, &store, head), "baseline 2 low");
    // Afterwards the store of every day takes it, and goes on from there.
    fs::remove_file(world.verdicts()).unwrap();
    let from = format!("folder:{}", world.repo.beside("rescue").display());
    let (exit, out, errors) = world.run(&["publish", &from, "--verdicts", &world.store_name()]);
    assert_eq!(exit, 0, "{out}{errors}");
    assert_eq!(world.admit("web", head, None), "baseline 2 low");
}

#[test]
fn the_sheet_says_what_was_done_here() {
    let sheet = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/disaster.md");
    let sheet = fs::read_to_string(sheet).unwrap();
    for words in [
        "tidegate publish branch --verdicts folder:",
        "tidegate baseline --env prod",
        "--verdicts folder:",
        "tidegate admit --env prod",
    ] {
        assert!(sheet.contains(words), "{words}");
    }
}
