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

const SOURCES: &str = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: charts, namespace: flux-system}\nspec: {interval: 1h, url: 'https://charts.example'}\n---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {name: elsewhere, namespace: flux-system}\nspec: {interval: 1h, url: 'https://git.example/other/one.git', ref: {branch: main}}\n";

/// A child of Flux that is wholly of elsewhere.
fn foreign(kind: &str, metadata: &str, more: &str) -> String {
    let (group, spec) = match kind {
        "HelmRelease" => (
            "helm.toolkit.fluxcd.io/v2",
            "chart: {spec: {chart: web, version: 1.0.0, sourceRef: {kind: HelmRepository, name: charts}}}",
        ),
        _ => (
            "kustomize.toolkit.fluxcd.io/v1",
            "path: x, prune: true, sourceRef: {kind: GitRepository, name: elsewhere}",
        ),
    };
    format!(
        "apiVersion: {group}\nkind: {kind}\nmetadata: {{name: child, namespace: flux-system{metadata}}}\nspec: {{interval: 1m, {spec}{more}}}\n"
    )
}

#[test]
fn a_child_of_elsewhere_stays_with_what_it_takes_from_here() {
    let (release, kustomization) = ("HelmRelease", "Kustomization");
    let from = ", valuesFrom: [{kind: ConfigMap, name: two}]";
    let substituted = ", postBuild: {substituteFrom: [{kind: ConfigMap, name: two}]}";
    let kept = ", annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}";
    let suspended = format!("{from}, suspend: true");
    let with_variables = "prune: false, postBuild: {substitute: {a: b}}";
    for (parent, kind, metadata, more, stays) in [
        ("prune: true", release, "", from, false),
        ("prune: false", release, "", from, true),
        ("prune: true, suspend: true", release, "", from, true),
        ("prune: true", release, kept, from, true),
        ("prune: false", release, "", &suspended, false),
        ("prune: false", release, "", "", false),
        ("prune: false", release, "", ", values: {a: b}", false),
        ("prune: false", release, "", ", valuesFrom: []", false),
        (with_variables, release, "", ", values: {a: b}", false),
        // What is replaced in its values may be a name that they are taken from.
        (with_variables, release, "", ", values: {a: '${a}'}", true),
        ("prune: true", kustomization, "", substituted, false),
        ("prune: false", kustomization, "", substituted, true),
        ("prune: false", kustomization, "", "", false),
        (
            "prune: false",
            kustomization,
            "",
            ", postBuild: {substitute: {a: b}}",
            false,
        ),
    ] {
        let before = |repo: &Repo| {
            flux(repo, parent, "prune: true");
            repo.write("clusters/sources.yaml", SOURCES)
                .write("children/child.yaml", foreign(kind, metadata, more));
        };
        let goes = |repo: &Repo| {
            repo.remove("children/child.yaml");
        };
        let is_renamed = |repo: &Repo| {
            let text = foreign(kind, metadata, more).replace("name: child", "name: another");
            repo.write("children/child.yaml", text);
        };
        for found in [judged_after(before, goes), judged_after(before, is_renamed)] {
            assert_eq!(
                is_unpruned(&found),
                stays,
                "{parent}; {kind}: {metadata}{more}: {found:?}"
            );
        }
    }
}

#[test]
fn a_child_of_elsewhere_that_takes_from_here_changes_in_the_tree_alone_while_its_parent_rests() {
    let from = ", valuesFrom: [{kind: ConfigMap, name: two}]";
    for (parent, before, after, stays) in [
        ("prune: true, suspend: true", from, "", true),
        ("prune: true", from, "", false),
        ("prune: true, suspend: true", "", ", values: {a: b}", false),
    ] {
        let found = judged_after(
            |repo| {
                flux(repo, parent, "prune: true");
                repo.write("clusters/sources.yaml", SOURCES)
                    .write("children/child.yaml", foreign("HelmRelease", "", before));
            },
            |repo| {
                repo.write("children/child.yaml", foreign("HelmRelease", "", after));
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{parent}; {after}: {found:?}");
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
