//! A verdict admits exactly what was judged, and nothing that looks like it.

use super::world::{APP, CONFIG, DATABASE, World, key, trust};
use tidegate::attest;

/// `prod/web` with one judged link above the baseline: what runs, and what may follow.
fn signed() -> (World, [tidegate::model::GitId; 2]) {
    let world = World::started();
    let running = world.repo.id("HEAD");
    let wanted = world.label(APP, "a", "b");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
    (world, [running, wanted])
}

#[test]
fn what_was_judged_is_verified_and_admitted() {
    let (world, [running, wanted]) = signed();
    assert_eq!(world.admit("web", wanted, Some(running)), "judged 1 medium");
    let envelope = world.envelope("prod/web", 1);
    assert_eq!(
        world.verify(&envelope, "prod", Some("web"), wanted),
        "link 1"
    );
}

#[test]
fn a_touched_file_and_a_new_folder_under_the_unit_are_refused() {
    let (world, [running, _]) = signed();
    let envelope = world.envelope("prod/web", 1);
    let touched = world.label(APP, "b", "c");
    assert_eq!(
        world.verify(&envelope, "prod", Some("web"), touched),
        "refused other-tree"
    );
    assert_eq!(
        world.admit("web", touched, Some(running)),
        "refused missing"
    );
    world.label(APP, "c", "b");
    world.repo.write("apps/web/new/deep/notes.txt", "");
    let widened = world.repo.commit("a folder");
    assert_eq!(
        world.verify(&envelope, "prod", Some("web"), widened),
        "refused other-tree"
    );
    assert_eq!(
        world.admit("web", widened, Some(running)),
        "refused missing"
    );
}

#[test]
fn a_merge_a_squash_and_a_rebase_of_one_proposal_are_admitted_by_one_verdict() {
    let world = World::started();
    let git = |arguments: &[&str]| world.repo.git(arguments);
    let running = world.repo.id("HEAD");
    git(&["switch", "--quiet", "--create", "proposal"]);
    world.label(APP, "a", "b");
    world.label(APP, "b", "c");
    git(&["switch", "--quiet", "main"]);
    world.repo.write("README.md", "opening hours\n");
    world.repo.commit("documents");
    git(&["switch", "--quiet", "--create", "rebased", "proposal"]);
    git(&["rebase", "--quiet", "main"]);
    git(&["switch", "--quiet", "--create", "squashed", "main"]);
    git(&["merge", "--quiet", "--squash", "proposal"]);
    world.repo.commit_index("squashed");
    git(&["switch", "--quiet", "main"]);
    git(&["merge", "--quiet", "--no-ff", "-m", "merged", "proposal"]);
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
    let ways = ["main", "squashed", "rebased"].map(|way| world.repo.id(way));
    let ids: std::collections::BTreeSet<String> = ways.iter().map(ToString::to_string).collect();
    assert_eq!(ids.len(), 3);
    for commit in ways {
        assert_eq!(world.admit("web", commit, Some(running)), "judged 1 medium");
    }
}

#[test]
fn a_mode_alone_is_another_tree() {
    let (world, [running, _]) = signed();
    world.repo.git(&["update-index", "--chmod=+x", APP]);
    let executable = world.repo.commit_index("executable");
    assert_eq!(
        world.admit("web", executable, Some(running)),
        "refused missing"
    );
}

#[test]
fn a_commit_of_documents_outside_the_unit_is_still_admitted() {
    let (world, [running, _]) = signed();
    world.repo.write("README.md", "opening hours\n");
    let documents = world.repo.commit("documents");
    assert_eq!(
        world.admit("web", documents, Some(running)),
        "judged 1 medium"
    );
    let envelope = world.envelope("prod/web", 1);
    assert_eq!(
        world.verify(&envelope, "prod", Some("web"), documents),
        "link 1"
    );
    assert_eq!(world.sign("prod", Some("web")), "prod/web nothing new 1");
}

#[test]
fn another_unit_and_another_environment_with_the_same_files_are_refused() {
    let (world, [running, wanted]) = signed();
    let envelope = world.envelope("prod/web", 1);
    for (environment, unit) in [("prod", Some("db")), ("twin", None), ("twin", Some("twin"))] {
        assert_eq!(
            world.verify(&envelope, environment, unit, wanted),
            "refused other-unit"
        );
    }
    assert_eq!(
        world.verify(&envelope, "prod", Some("gate"), wanted),
        "refused other-unit"
    );
    world.plant("twin/twin", 0, &envelope);
    world.plant("prod/db", 1, &envelope);
    let trust = trust(&[(&world.key, &[])]);
    let admitted = world.admit_by(&trust, "twin", None, wanted, Some(running));
    assert_eq!(admitted, "refused other-unit");
    // Nothing changed for the database: its baseline still holds.
    assert_eq!(world.admit("db", wanted, Some(running)), "running 0 low");
}

#[test]
fn another_selector_is_refused_until_it_is_judged_and_its_new_files_count_as_created() {
    let (world, [running, _]) = signed();
    world.repo.write("shared/notes.txt", "");
    let whole = "path: apps, render: {tool: directory, recurse: true}}";
    world.edit(CONFIG, "path: apps/web}", whole);
    assert_eq!(
        world.sign("prod", Some("gate")),
        "main/gate link 1 critical"
    );
    let head = world.repo.id("HEAD");
    assert_eq!(
        world.admit("web", head, Some(running)),
        "refused other-selector"
    );
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 2 high");
    let verdict = world.payload("prod/web", 2);
    assert_eq!(verdict["counts"]["changes"], 1, "the database came in");
    assert_eq!(world.admit("web", head, Some(running)), "judged 2 high");
}

#[test]
fn a_forged_higher_link_is_never_the_newest_and_stops_the_signer() {
    let (world, [running, wanted]) = signed();
    let forged = world.label(APP, "b", "c");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 2 medium");
    let payload = attest::unverified_payload(&world.envelope("prod/web", 2)).unwrap();
    std::fs::remove_file(world.link("prod/web", 2)).unwrap();
    world.plant("prod/web", 2, &attest::sign(&payload, &key(9)));
    assert_eq!(world.admit("web", wanted, Some(running)), "judged 1 medium");
    assert_eq!(
        world.admit("web", forged, Some(running)),
        "refused signature"
    );
    assert_eq!(
        world.sign("prod", Some("web")),
        "prod/web store.blocked exit 3"
    );
    assert_eq!(
        world.baseline("prod", Some("web")),
        "prod/web store.blocked exit 3"
    );
}

#[test]
fn two_links_of_one_height_are_refused_until_a_baseline_settles_which() {
    let (world, [running, wanted]) = signed();
    let first = world.envelope("prod/web", 1);
    std::fs::remove_file(world.link("prod/web", 1)).unwrap();
    let other = world.label(APP, "b", "c");
    assert_eq!(world.sign("prod", Some("web")), "prod/web link 1 medium");
    std::fs::write(world.verdicts().join("links/prod/web/1-again.json"), first).unwrap();
    assert_eq!(
        world.admit("web", other, Some(running)),
        "refused equivocation"
    );
    assert_eq!(
        world.admit("web", wanted, Some(running)),
        "refused inconsistent equivocation superseded"
    );
    assert_eq!(world.baseline("prod", Some("web")), "prod/web baseline 2");
    assert_eq!(world.admit("web", other, Some(running)), "baseline 2 low");
}

#[test]
fn one_flipped_byte_of_the_payload_is_refused_wherever_it_is() {
    let (world, [running, wanted]) = signed();
    let envelope = world.envelope("prod/web", 1);
    let text = String::from_utf8(envelope).unwrap();
    let start = text.find("\"payload\":\"").unwrap() + 11;
    let end = start + text[start..].find('"').unwrap();
    for at in (start..end).step_by(97) {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let answer = world.verify(&bytes, "prod", Some("web"), wanted);
        assert!(
            ["refused signature", "refused malformed"].contains(&answer.as_str()),
            "byte {at}: {answer}"
        );
    }
    let mut bytes = text.into_bytes();
    let middle = usize::midpoint(start, end);
    bytes[middle] = if bytes[middle] == b'A' { b'B' } else { b'A' };
    std::fs::write(world.link("prod/web", 1), bytes).unwrap();
    let answer = world.admit("web", wanted, Some(running));
    assert!(answer.starts_with("refused "), "{answer}");
}

#[test]
fn a_path_that_is_too_deep_stops_only_the_unit_that_selects_it() {
    let world = World::started();
    let running = world.repo.id("HEAD");
    let deep = "d/".repeat(70);
    world.repo.write(format!("{deep}x.yaml"), "a: 1\n");
    let wanted = world.label(APP, "a", "b");
    assert_eq!(
        world.sign("prod", None),
        "main/gate nothing new 0; prod/web link 1 medium; prod/db nothing new 0"
    );
    assert_eq!(world.admit("web", wanted, Some(running)), "judged 1 medium");
    let range = format!("{running}..HEAD");
    let (exit, said, _) = world.run(&["check", &range]);
    assert_eq!(exit, 0, "{said}");
    assert!(said.contains("engine.out-of-reach"), "{said}");

    world.repo.write(format!("apps/web/{deep}x.yaml"), "a: 1\n");
    world.repo.commit("too deep in a unit");
    assert_eq!(
        world.sign("prod", None),
        "main/gate nothing new 0; prod/db nothing new 0; prod/web limit.path-depth exit 3"
    );
    world.label(DATABASE, "a", "b");
    assert_eq!(
        world.sign("prod", Some("db")),
        "prod/db limit.path-depth exit 3",
        "what stands beside it in the environment is not known"
    );
}

/// An environment of Flux.
const FLUX: &str = "\
environments:
  - name: prod
    max-tier: high
    kustomizations: {paths: ['clusters/**']}
repositories: ['https://git.example/acme/shop.git']
";

/// A Kustomization that deploys a folder.
fn kustomization(name: &str, path: &str, more: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: flux-system}}\nspec:\n  interval: 1h\n  prune: true\n  path: {path}\n  sourceRef: {{kind: GitRepository, name: flux-system}}\n{more}"
    )
}

#[test]
fn what_a_parents_patch_made_of_a_unit_is_admitted_with_that_patch_alone() {
    let world = World::judged_by(FLUX);
    let patches = "  patches:\n    - target: {kind: Kustomization, labelSelector: '!aside'}\n      patch: |-\n        - {op: replace, path: /spec/path, value: ./apps/web}\n        - {op: add, path: /spec/timeout, value: 1m}\n";
    let parent = kustomization("apps", "./children", patches);
    world.repo.write("clusters/apps.yaml", parent.as_str());
    let child = kustomization("web", "./apps/none", "");
    world.repo.write("children/web.yaml", child);
    let judged = world.repo.commit("the clusters");
    assert_eq!(world.baseline("prod", Some("web")), "prod/web baseline 0");
    let envelope = world.envelope("prod/web", 0);
    let verify = |at| world.verify(&envelope, "prod", Some("web"), at);
    assert_eq!(verify(judged), "link 0");
    let aside = world
        .repo
        .write("README.md", "another shop\n")
        .commit("aside");
    assert_eq!(verify(aside), "link 0");
    for (from, to) in [
        ("value: 1m", "value: 2m"),
        ("./apps/web", "./apps/db"),
        ("'!aside'", "aside"),
    ] {
        let changed = world.edit("clusters/apps.yaml", from, to);
        assert!(
            !verify(changed).starts_with("link"),
            "{from}: {}",
            verify(changed)
        );
        let back = world.edit("clusters/apps.yaml", to, from);
        assert_eq!(verify(back), "link 0");
    }
    let later = world.edit("clusters/apps.yaml", "value: 1m", "value: 2m");
    assert_eq!(verify(later), "refused other-tree");
}
