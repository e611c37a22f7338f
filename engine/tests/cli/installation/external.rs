//! Applications and Kustomizations of repositories that are not shown.

use super::{APPLICATION, GATE_SOURCE, Installation, PLATFORM, shipped};

/// The shipped installation, whose configuration says what its repository is called, beside another Application.
fn beside(more: &str) -> Installation {
    Installation::shipped()
        .with("tidegate.yaml", "environments:", NAMED)
        .and(PLATFORM, "apps/other.yaml", more)
}

fn other(project: &str, url: &str, destination: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: other}}\nspec:\n  project: {project}\n  \
         destination: {{{destination}}}\n  source: {{repoURL: '{url}', path: apps/shop}}\n"
    )
}

const ELSEWHERE: &str = "https://git.example/other/shop.git";

#[test]
fn an_application_of_another_repository_is_told_and_open_only_where_it_reaches_what_is_judged() {
    for (project, destination, destinations, expected) in REACHING {
        let mut text = other(project, ELSEWHERE, destination);
        if !destinations.is_empty() {
            text += &format!(
                "---\napiVersion: argoproj.io/v1alpha1\nkind: AppProject\nmetadata: {{name: other}}\nspec:\n  \
                 syncWindows: [{{kind: deny}}]\n  destinations: [{destinations}]\n"
            );
        }
        let told = [format!("{expected} apps/other.yaml:7")];
        assert_eq!(beside(&text).opened(), told, "{destination} {destinations}");
    }
}

#[test]
fn a_repository_has_several_spellings_and_a_chart_has_no_folder() {
    for url in [
        "git@git.example:acme/shop.git",
        "https://git.example/ACME/shop",
    ] {
        let opened = beside(&other("shop", url, "namespace: shop")).opened();
        assert_eq!(opened, ["not-gated apps/other.yaml:5"], "{url}");
    }
    let text = other("shop", ELSEWHERE, "namespace: shop");
    let unnamed = Installation::shipped().and(PLATFORM, "apps/other.yaml", &text);
    let told = ["not-gated apps/other.yaml:5"];
    assert_eq!(unnamed.opened(), told, "it may be called so");
    let chart = other("shop", "https://charts.example", "namespace: shop")
        .replace("path: apps/shop", "chart: shop");
    let told = ["external-reaches apps/other.yaml:7"];
    assert_eq!(beside(&chart).opened(), told);
}

#[test]
fn a_gate_or_a_promoted_branch_of_another_repository_is_none() {
    let application = APPLICATION;
    let named = Installation::shipped().with("tidegate.yaml", "environments:", NAMED);
    let called = "https://git.example/acme/platform.git";
    assert_eq!(named.opened(), [""; 0]);
    let two = named.and(
        PLATFORM,
        "apps/own.yaml",
        &other("shop", called, "namespace: own"),
    );
    assert_eq!(two.called(called).opened(), [""; 0], "the platform's own");
    let elsewhere = named.with(
        application,
        called,
        "https://git.example/other/platform.git",
    );
    assert_eq!(
        elsewhere
            .called(called)
            .and(
                PLATFORM,
                "apps/own.yaml",
                &other("shop", called, "namespace: own")
            )
            .opened(),
        ["gate-elsewhere? apps/shop-prod.yaml:16"],
    );
    let promoted = named.with(application, GATE_SOURCE, "").with(
        application,
        "targetRevision: main",
        "targetRevision: refs/heads/gated/prod/shop",
    );
    assert_eq!(promoted.opened(), [""; 0]);
    let other_branch = other(
        "other",
        "https://git.example/other/shop.git",
        "namespace: shop",
    )
    .replace(
        "path: apps/shop",
        "path: apps/shop, targetRevision: gated/prod/shop",
    );
    assert_eq!(
        beside(&other_branch).opened(),
        ["external-reaches apps/other.yaml:7"]
    );
}

#[test]
fn flux_applies_another_repository_as_its_controller_unless_an_account_is_named() {
    let flux = shipped("argocd/example/flux.yaml").replace("gated/prod/shop", "main");
    let other = flux.replace(
        "https://git.example/acme/shop.git",
        "https://git.example/other/shop.git",
    );
    assert_ne!(flux, other);
    assert_eq!(beside(&flux).opened(), ["not-gated apps/other.yaml:9"]);
    assert_eq!(
        beside(&other).opened(),
        ["external-reaches apps/other.yaml:18"]
    );
    let bound = other.replace("  sourceRef:", "  serviceAccountName: other\n  sourceRef:");
    assert_eq!(beside(&bound).opened(), ["external? apps/other.yaml:19"]);
}

/// What the repository is called, before the rest of the configuration.
const NAMED: &str = "repositories: ['https://git.example/acme/shop.git']\nenvironments:";
/// A project, a destination, those of the project where it is shown, and what that opens.
const REACHING: &[(&str, &str, &str, &str)] = &[
    (
        "other",
        "server: https://kubernetes.default.svc, namespace: shop",
        "",
        "external-reaches",
    ),
    (
        "other",
        "name: in-cluster, namespace: shop",
        "",
        "external-reaches",
    ),
    ("other", "namespace: shop", "", "external-reaches"),
    ("other", "namespace: apart", "", "external?"),
    (
        "other",
        "server: https://other.example, namespace: shop",
        "",
        "external?",
    ),
    ("other", "name: other, namespace: shop", "", "external?"),
    ("default", "namespace: apart", "", "external-reaches"),
    (
        "other",
        "namespace: apart",
        "{name: '*', namespace: 'sh*'}",
        "external-reaches",
    ),
    (
        "other",
        "namespace: apart",
        "{server: 'https://kubernetes.default.svc', namespace: 's*o*p'}",
        "external-reaches",
    ),
    (
        "other",
        "namespace: apart",
        "{server: '*', namespace: apart}",
        "external?",
    ),
    (
        "other",
        "namespace: apart",
        "{server: '*', namespace: 's*x'}",
        "external?",
    ),
    (
        "other",
        "namespace: apart",
        "{server: 'https://other.example', namespace: shop}",
        "external?",
    ),
    (
        "other",
        "namespace: apart",
        "{server: '*', namespace: 'sh*'}, {server: '*', namespace: '!shop'}",
        "external?",
    ),
];
