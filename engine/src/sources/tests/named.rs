//! What units are called, and that no two things are called the same.

use super::*;

fn names(units: &[ResolvedUnit]) -> Vec<&str> {
    units.iter().map(|unit| unit.name.as_str()).collect()
}

/// A `HelmRelease` of that namespace, with a chart of this repository.
fn released(name: &str, namespace: &str) -> String {
    let chart = "chart: charts/web, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}";
    release(chart, "suspend: false").replace(
        "{name: web, namespace: shop}",
        &format!("{{name: {name}, namespace: {namespace}}}"),
    )
}

#[test]
fn a_kustomization_and_releases_of_one_name_are_units_of_their_own() {
    let web = kustomization("path: apps/web, targetNamespace: shop").replace("apps,", "web,");
    let here = git(
        "flux-system",
        &format!("url: '{HERE}', ref: {{branch: main}}"),
    );
    let applied = (
        "apps/web/kustomization.yaml",
        "resources: [release.yaml]".to_owned(),
    );
    let mut files = vec![
        ("clusters/web.yaml", web + &here),
        applied,
        ("apps/web/release.yaml", released("web", "shop")),
        ("charts/web/Chart.yaml", "name: web".to_owned()),
    ];
    let found = |files: &[(&str, String)]| {
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, &**text)).collect();
        units(FLUX, &files).unwrap()
    };
    let one = found(&files);
    assert_eq!(names(&one), ["helmrelease--shop--web", "web"]);
    assert!(
        told(&one).iter().all(|line| !line.contains("unknown")),
        "{:?}",
        told(&one)
    );
    // What comes beside it, in another namespace, changes no name.
    files.push(("clusters/other.yaml", released("web", "bar")));
    let moved = kustomization("path: apps/web, suspend: true")
        .replace(
            "name: apps, namespace: flux-system",
            "name: web, namespace: bar",
        )
        .replace(
            "name: flux-system}",
            "name: flux-system, namespace: flux-system}",
        );
    files.push(("clusters/moved.yaml", moved));
    let wanted = [
        "bar--web",
        "helmrelease--bar--web",
        "helmrelease--shop--web",
        "web",
    ];
    assert_eq!(names(&found(&files)), wanted);
}

#[test]
fn applications_of_one_name_follow_their_own_branches() {
    let of = |namespace: &str, branch: &str| {
        of_source(&format!("path: plain, targetRevision: {branch}"))
            .replace("namespace: argocd", &format!("namespace: {namespace}"))
    };
    let home = of("argocd", "gated/prod/web");
    for (branch, wanted) in [
        ("gated/prod/shop--web", "shop--web: plain"),
        ("gated/prod/web", "shop--web: external"),
    ] {
        let away = of("shop", branch);
        let files = [
            ("argo/a.yaml", away.as_str()),
            ("argo/b.yaml", &home),
            PLAIN,
        ];
        let found = told(&units(ARGO, &files).unwrap());
        assert!(found[0].starts_with(wanted), "{branch}: {found:?}");
        assert!(found[1].starts_with("web: plain"), "{found:?}");
    }
    // The namespace that the environment selects need not be said.
    let config = ARGO.replace("paths", "namespace: shop, paths");
    let files = [
        ("argo/a.yaml", of("shop", "gated/prod/web")),
        ("argo/b.yaml", home),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, &**text)).collect();
    let found = told(&units(&config, &[&files[..], &[PLAIN]].concat()).unwrap());
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("web: plain"), "{found:?}");
}

#[test]
fn an_application_of_a_set_that_is_not_followed_keeps_its_name() {
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: web, namespace: argocd}\nspec: {generators: [{git: {}}], template: {}}\n";
    let web = of_source("path: plain");
    let found = told(&units(ARGO, &[("argo/a.yaml", set), ("argo/b.yaml", &web), PLAIN]).unwrap());
    assert!(
        found[0].starts_with("applicationset--web: unknown"),
        "{found:?}"
    );
    assert!(found[1].starts_with("web: plain"), "{found:?}");
}

#[test]
fn a_source_that_overrides_an_application_of_another_namespace_is_unknown() {
    let web = of_source("path: apps/web").replace("namespace: argocd", "namespace: shop");
    let over = ("apps/web/.argocd-source-shop_web.yaml", "");
    let found = argo(&web, &[OVERLAY, over]);
    assert!(
        found[0].contains("`apps/web/.argocd-source-shop_web.yaml` overrides"),
        "{found:?}"
    );
}

/// A parent lists a folder, in which a kustomization lists only what says where the children are.
#[test]
fn what_another_one_applies_of_a_listed_folder_is_its_own() {
    let parent = kustomization("path: apps").replace("name: apps,", "name: all,");
    let child = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: web}\nspec: {path: apps/shop/web/app, targetNamespace: shop, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}}\n";
    let files = [
        ("clusters/all.yaml", parent),
        (
            "apps/shop/kustomization.yaml",
            "{namespace: shop, resources: [web/ks.yaml]}".to_owned(),
        ),
        ("apps/shop/web/ks.yaml", child.to_owned()),
        (
            "apps/shop/web/app/kustomization.yaml",
            "resources: [release.yaml]".to_owned(),
        ),
        (
            "apps/shop/web/app/release.yaml",
            released("web", "shop").replace("name: web, namespace: shop", "name: web"),
        ),
        ("charts/web/Chart.yaml", "name: web".to_owned()),
    ];
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (*path, &**text)).collect();
    let found = units(FLUX, &files).unwrap();
    assert_eq!(
        names(&found),
        ["all", "helmrelease--shop--web", "shop--web"]
    );
    let by = |unit: &ResolvedUnit| unit.deployment.as_ref()?.generated_by.clone();
    assert_eq!(by(&found[1]).as_deref(), Some("shop--web"));
    assert!(
        told(&found)[1].contains("charts/web {"),
        "{:?}",
        told(&found)
    );
}
