//! Deployments that go from the tree while what applies them deletes nothing: they go on deploying in the cluster.

use tidegate::model::Exit;

use super::{CONFIG_MAP, FLUX, judged_after, unjudged};
use crate::support::Repo;

pub(super) fn kustomization(name: &str, path: &str, spec: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: {name}, namespace: flux-system}}\nspec: {{interval: 1m, sourceRef: {{kind: GitRepository, name: flux-system}}, path: {path}, {spec}}}\n"
    )
}

/// A parent and a child of Flux, and what is between their metadata.
fn flux(repo: &Repo, parent: &str, child: &str) {
    repo.write("tidegate.yaml", FLUX)
        .write(
            "clusters/apps.yaml",
            kustomization("apps", "children", parent),
        )
        .write(
            "clusters/other.yaml",
            kustomization("other", "other", "prune: true"),
        )
        .write("other/x.yaml", CONFIG_MAP)
        .write(
            "children/child.yaml",
            kustomization("child", "plain", child),
        )
        .write(
            "children/x.yaml",
            CONFIG_MAP.replace("name: x", "name: two"),
        )
        .write("plain/x.yaml", CONFIG_MAP.replace("name: x", "name: z"));
}

pub(super) fn is_unpruned(found: &(Exit, Vec<String>)) -> bool {
    let is_it = |code: &String| *code == unjudged("source.unpruned").1[0];
    let is_any = found.1.iter().any(is_it);
    assert!(!is_any || found.0 == Exit::Unjudged, "{found:?}");
    is_any
}

#[test]
fn a_child_of_flux_that_its_parent_does_not_delete_is_not_judged() {
    let (prunes, leaves) = ("prune: true", "prune: false");
    for (parent, child, stays) in [
        (prunes, prunes, false),
        (prunes, leaves, false),
        (leaves, prunes, true),
        ("timeout: 1m", prunes, true),
        ("prune: true, suspend: true", prunes, true),
        ("prune: true, deletionPolicy: Orphan", prunes, false),
        (leaves, "prune: true, suspend: true", false),
        (
            "prune: true, suspend: true",
            "prune: true, suspend: true",
            true,
        ),
    ] {
        let found = judged_after(
            |repo| flux(repo, parent, child),
            |repo| {
                repo.remove("children/child.yaml");
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{parent}; {child}: {found:?}");
    }
}

#[test]
fn a_child_that_says_that_nobody_deletes_it_is_not_judged() {
    for list in ["annotations", "labels"] {
        let kept = kustomization("child", "plain", "prune: true").replace(
            "namespace: flux-system}",
            &format!(
                "namespace: flux-system, {list}: {{kustomize.toolkit.fluxcd.io/prune: disabled}}}}"
            ),
        );
        let found = judged_after(
            |repo| {
                flux(repo, "prune: true", "prune: true");
                repo.write("children/child.yaml", &kept);
            },
            |repo| {
                repo.remove("children/child.yaml");
            },
        );
        assert!(is_unpruned(&found), "{list}: {found:?}");
    }
}

#[test]
fn what_deletes_begins_to_before_the_child_goes_and_not_with_it() {
    for (before, after) in [
        ("prune: false", "prune: true"),
        ("prune: true", "prune: false"),
    ] {
        let found = judged_after(
            |repo| flux(repo, before, "prune: true"),
            |repo| {
                repo.remove("children/child.yaml");
                repo.write(
                    "clusters/apps.yaml",
                    kustomization("apps", "children", after),
                );
            },
        );
        assert!(is_unpruned(&found), "{before}: {found:?}");
    }
}

#[test]
fn a_child_goes_with_its_parent_if_that_deletes_what_it_applied() {
    for (parent, stays) in [
        ("prune: true", false),
        ("prune: false", true),
        ("prune: true, deletionPolicy: Orphan", true),
        ("prune: false, deletionPolicy: Delete", false),
    ] {
        let found = judged_after(
            |repo| flux(repo, parent, "prune: true"),
            |repo| {
                repo.remove("children/child.yaml");
                repo.remove("clusters/apps.yaml");
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{parent}: {found:?}");
    }
}

#[test]
fn a_child_that_another_one_applies_from_now_on_does_not_go() {
    let found = judged_after(
        |repo| flux(repo, "prune: false", "prune: true"),
        |repo| {
            repo.remove("children/child.yaml");
            repo.write(
                "other/child.yaml",
                kustomization("child", "plain", "prune: true"),
            );
        },
    );
    assert!(!is_unpruned(&found), "{found:?}");
}

pub(super) fn application(name: &str, path: &str, metadata: &str, policy: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd{metadata}}}\nspec:\n  project: default\n  destination: {{server: 'https://kubernetes.default.svc', namespace: shop}}\n  source: {{repoURL: 'https://git.example/acme/shop.git', targetRevision: main, path: {path}}}\n  syncPolicy: {policy}\n"
    )
}

#[test]
fn an_application_that_its_parent_does_not_prune_is_not_judged() {
    let prunes = "{automated: {prune: true}}";
    let keep = ", annotations: {argocd.argoproj.io/sync-options: Prune=false}";
    for (parent, metadata, child, stays) in [
        (prunes, "", prunes, false),
        ("{automated: {}}", "", prunes, true),
        ("{}", "", prunes, true),
        (
            "{automated: {prune: true, enabled: false}}",
            "",
            prunes,
            true,
        ),
        (prunes, keep, prunes, true),
        // It deploys nothing by itself.
        ("{}", "", "{}", false),
    ] {
        let found = judged_after(
            |repo| {
                let config = FLUX.replace("kustomizations:", "applications:");
                repo.write("tidegate.yaml", config)
                    .write(
                        "clusters/apps.yaml",
                        application("apps", "children", "", parent),
                    )
                    .write(
                        "children/child.yaml",
                        application("child", "plain", metadata, child),
                    )
                    .write(
                        "children/x.yaml",
                        CONFIG_MAP.replace("name: x", "name: two"),
                    )
                    .write("plain/x.yaml", CONFIG_MAP);
            },
            |repo| {
                repo.remove("children/child.yaml");
            },
        );
        assert_eq!(
            is_unpruned(&found),
            stays,
            "{parent}; {metadata}; {child}: {found:?}"
        );
    }
}

#[test]
fn an_application_stays_if_the_set_that_made_it_deletes_none() {
    let set = |policy: &str| {
        let spec = "template: {metadata: {name: '{{name}}'}, spec: {project: default, destination: {server: 'https://kubernetes.default.svc'}, source: {repoURL: 'https://git.example/acme/shop.git', targetRevision: main, path: '{{name}}'}, syncPolicy: {automated: {}}}}";
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: shops, namespace: argocd}}\nspec:\n  syncPolicy: {policy}\n  generators: [{{list: {{elements: [{{name: plain}}, {{name: other}}]}}}}]\n  {spec}\n"
        )
    };
    for (policy, stays) in [
        ("{}", false),
        ("{applicationsSync: sync}", false),
        ("{applicationsSync: create-update}", true),
    ] {
        let set = set(policy);
        let found = judged_after(
            |repo| {
                let config = FLUX.replace("kustomizations:", "applications:");
                repo.write("tidegate.yaml", config)
                    .write("clusters/set.yaml", &set)
                    .write("other/x.yaml", CONFIG_MAP.replace("name: x", "name: two"))
                    .write("plain/x.yaml", CONFIG_MAP);
            },
            |repo| {
                repo.write("clusters/set.yaml", set.replace(", {name: other}", ""));
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{policy}: {found:?}");
    }
}
