//! Flux: which repository an object follows, of several with one name, and charts that lie in a repository.

use super::{Installation, PLATFORM, shipped};

/// The example with another text behind it.
fn flux(more: &str) -> Vec<String> {
    let example = shipped("argocd/example/flux.yaml");
    Installation::shipped()
        .and(PLATFORM, "flux.yaml", &example)
        .and(PLATFORM, "more.yaml", more)
        .opened()
}

fn repository(metadata: &str, branch: &str) -> String {
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{{metadata}}}\n\
         spec: {{url: 'https://git.example/acme/shop.git', ref: {{branch: {branch}}}}}\n---\n"
    )
}

fn kustomization(metadata: &str, source: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: more, {metadata}}}\n\
         spec: {{sourceRef: {{kind: GitRepository, {source}}}, path: apps/shop}}\n"
    )
}

#[test]
fn of_two_repositories_with_one_name_that_of_the_namespace_is_followed() {
    let team = repository("name: shop-prod, namespace: team", "main");
    let told = ["not-gated more.yaml:4"];
    for (metadata, source) in [
        ("namespace: team", "name: shop-prod"),
        ("namespace: other", "name: shop-prod, namespace: team"),
        ("labels: {}", "name: shop-prod"),
    ] {
        let text = team.clone() + &kustomization(metadata, source);
        assert_eq!(flux(&text), told, "{metadata} {source}");
    }
    let system = team.clone() + &kustomization("namespace: flux-system", "name: shop-prod");
    assert_eq!(flux(&system), [""; 0]);
    let nowhere =
        repository("name: shop-prod", "main") + &kustomization("namespace: a", "name: shop-prod");
    assert_eq!(
        flux(&nowhere),
        [told[0], told[0]],
        "it may be that namespace, for both"
    );
    let hidden = kustomization("namespace: other", "name: shop-prod");
    assert_eq!(flux(&hidden), ["gate-elsewhere? more.yaml:4"]);
}

#[test]
fn a_chart_of_the_judged_repository_must_follow_a_promoted_branch() {
    let release = |branch: &str, chart: &str, more: &str| {
        let text = repository("name: m, namespace: a", branch);
        let release = format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: w, namespace: a}}\nspec:\n  \
             chart: {{spec: {{chart: {chart}, sourceRef: {{kind: GitRepository, name: m}}}}}}\n{more}"
        );
        flux(&(text + &release))
    };
    let told = ["not-gated more.yaml:4"];
    for chart in ["./apps/shop", "apps//shop", "apps/shop"] {
        assert_eq!(release("main", chart, ""), told, "{chart}");
    }
    assert_eq!(release("main", "./apps/other", ""), [""; 0]);
    assert_eq!(release("gated/prod/shop", "./apps/shop", ""), [""; 0]);
    for more in [
        "values: {a: b}",
        "postRenderers: [{}]",
        "targetNamespace: b",
    ] {
        let made = release("gated/prod/shop", "./apps/shop", &format!("  {more}\n"));
        assert_eq!(made, ["promoted-override more.yaml:11"], "{more}");
    }
    let chart = repository("name: m, namespace: a", "main")
        + "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmChart\nmetadata: {name: w, namespace: a}\n\
           spec: {chart: ./apps/shop, sourceRef: {kind: GitRepository, name: m}}\n";
    assert_eq!(flux(&chart), told);
    let named = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: w, namespace: a}\n\
                 spec: {chart: {spec: {chart: apps/shop, sourceRef: {kind: HelmRepository, name: m}}}}\n";
    assert_eq!(flux(named), [""; 0], "a name, and no folder");
}
