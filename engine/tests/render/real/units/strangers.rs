//! What comes out of a unit and deploys in turn is a unit itself, or keeps the other one from being judged.

use tidegate::model::{Exit, code_of};

use super::*;

const FOLDER: &str = "apps/parent/prod-d";
const CHILD: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: child, namespace: argocd}\nspec:\n  project: prod-d\n  source: {repoURL: 'https://git.example/acme/shop.git', targetRevision: main, path: apps/child}\n  destination: {server: 'https://kubernetes.default.svc', namespace: brand-d}\n";
const OBJECT: &str =
    "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: parent, namespace: brand-d}\n";

/// How a change is judged of a shop with an Application whose folder is a kustomization, and what keeps it from that.
fn judged(before: &[(&str, &str)], change: &[(&str, &str)]) -> (Exit, Vec<String>) {
    let repo = shop();
    let write = |files: &[(&str, &str)]| {
        for (name, text) in files {
            repo.write(format!("{FOLDER}/{name}"), text);
        }
    };
    let application = CHILD
        .replace("name: child", "name: parent")
        .replace("apps/child", FOLDER);
    repo.write("argocd/prod-d/parent.yaml", application);
    repo.write(
        "apps/child/object.yaml",
        OBJECT.replace("name: parent", "name: child"),
    );
    write(&[
        ("object.yaml", OBJECT),
        ("kustomization.yaml", "resources: [object.yaml]"),
    ]);
    write(before);
    let base = repo.commit("a parent");
    write(change);
    repo.commit("a change");
    let report = check_in(&repo, base, &workshop(true));
    let told = report.errors.iter().map(|error| {
        let error = error.error.as_ref();
        format!("{}: {error}", code_of(error))
    });
    (report.exit, told.collect())
}

#[test]
#[ignore = "needs kustomize"]
fn an_application_that_only_a_kustomization_makes_is_no_pass_of_the_one_that_makes_it() {
    let made = |path: &str| {
        format!(
            "resources: [object.yaml]\npatches:\n- target: {{kind: ConfigMap}}\n  options: {{allowKindChange: true}}\n  patch: |\n    - {{op: replace, path: /apiVersion, value: argoproj.io/v1alpha1}}\n    - {{op: replace, path: /kind, value: Application}}\n    - {{op: add, path: /spec, value: {{project: prod-d, source: {{repoURL: 'https://git.example/acme/shop.git', targetRevision: main, path: {path}}}, destination: {{namespace: brand-d}}}}}}\n"
        )
    };
    let child = made("apps/child");
    let (exit, told) = judged(&[], &[("kustomization.yaml", &child)]);
    assert_eq!(exit, Exit::Unjudged);
    let wanted = format!(
        "source.stranger: `{FOLDER}/object.yaml` makes the Application `brand-d/parent`, which no file that the environment looks into declares"
    );
    assert!(told[0].starts_with(&wanted), "{told:?}");
    // Once it is so, each change of the parent says it, and none of others.
    let before = [("kustomization.yaml", child.as_str())];
    let (exit, _) = judged(&before, &[("kustomization.yaml", &made("apps/other"))]);
    assert_eq!(exit, Exit::Unjudged);
    let (exit, told) = judged(&before, &[("../../../README.md", "words")]);
    assert_eq!((exit, told.len()), (Exit::Pass, 0), "{told:?}");
    // And its repair is judged.
    let plain = "resources: [object.yaml]";
    let (exit, told) = judged(&before, &[("kustomization.yaml", plain)]);
    assert_ne!(exit, Exit::Unjudged, "{told:?}");
}

#[test]
#[ignore = "needs kustomize"]
fn an_application_that_a_kustomization_lists_is_a_unit_whatever_is_added_to_it() {
    let added = "resources: [object.yaml, child.yaml]\nnamespace: argocd\nlabels: [{pairs: {a: b}}]\ncommonAnnotations: {c: d}\n";
    let (exit, told) = judged(&[], &[("kustomization.yaml", added), ("child.yaml", CHILD)]);
    assert_ne!(exit, Exit::Unjudged, "{told:?}");
    let (_, told) = judged(
        &[],
        &[
            (
                "kustomization.yaml",
                "resources: [object.yaml, child.yaml, ../../../argocd/prod-d/other.yaml]",
            ),
            ("child.yaml", CHILD),
            (
                "../../../argocd/prod-d/other.yaml",
                &CHILD.replace("name: child", "name: other"),
            ),
        ],
    );
    assert!(
        told.iter().all(|line| !line.contains("stranger")),
        "{told:?}"
    );
}

#[test]
#[ignore = "needs kustomize"]
fn a_parent_that_deploys_its_own_object_is_no_duplicate_of_itself() {
    let application = CHILD
        .replace("name: child", "name: parent")
        .replace("apps/child", "argocd/prod-d");
    let repo = shop();
    repo.write("argocd/prod-d/parent.yaml", &application);
    let listed = "resources: [loyalty.yaml, parent.yaml]";
    repo.write("argocd/prod-d/kustomization.yaml", listed);
    let base = repo.commit("a parent of itself");
    repo.write(
        "argocd/prod-d/parent.yaml",
        application.replace("spec:", "spec:\n  revisionHistoryLimit: 3"),
    );
    repo.commit("a change");
    let report = check_in(&repo, base, &workshop(true));
    let findings = report.units.iter().flat_map(|unit| &unit.findings);
    let codes: Vec<&str> = findings.map(|finding| &*finding.code).collect();
    assert!(
        !report.units.is_empty() && report.errors.is_empty(),
        "{:?}",
        report.errors
    );
    assert!(!codes.contains(&"engine.duplicate-object"), "{codes:?}");
}
