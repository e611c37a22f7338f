//! Sets, sources and values that stay in the cluster as they were: what applies them deletes nothing, or is at rest.

use super::left::{LEAVES, PRUNES, RESTS, argo, flux};
use super::unpruned::{application, is_unpruned, kustomization};
use super::{CONFIG_MAP, checked_after, judged_after};
use crate::support::Repo;

const AUTOMATED: &str = "{automated: {prune: true}}";

fn set(metadata: &str, folders: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: teams, namespace: argocd{metadata}}}\nspec:\n  generators: [{{git: {{repoURL: 'https://git.example/acme/shop.git', revision: main, directories: [{{path: '{folders}'}}]}}}}]\n  template: {{metadata: {{name: '{{{{path.basename}}}}'}}, spec: {{project: default, destination: {{server: 'https://kubernetes.default.svc'}}, source: {{repoURL: 'https://git.example/acme/shop.git', targetRevision: main, path: '{{{{path}}}}'}}, syncPolicy: {{automated: {{}}}}}}}}\n"
    )
}

/// A set that makes nothing yet, and is listed by a root.
fn empty_set(repo: &Repo, root: &str, metadata: &str) {
    argo(repo, root, AUTOMATED);
    repo.write("children/set.yaml", set(metadata, "teams/*"))
        .write(
            "children/kustomization.yaml",
            "resources: [child.yaml, set.yaml, x.yaml]\n",
        );
}

#[test]
fn a_set_that_makes_nothing_yet_stays_as_its_applications_would() {
    let listed = "resources: [child.yaml, x.yaml]\n";
    let goes = |repo: &Repo| {
        repo.remove("children/set.yaml")
            .write("children/kustomization.yaml", listed);
    };
    let is_left = |repo: &Repo| {
        repo.write("children/kustomization.yaml", listed);
    };
    let changes = |repo: &Repo| {
        repo.write("children/set.yaml", set("", "none/*"));
    };
    let keep = ", annotations: {argocd.argoproj.io/sync-options: Prune=false}";
    type Case<'c> = (&'c str, &'c str, &'c dyn Fn(&Repo), bool);
    let cases: [Case<'_>; 8] = [
        (AUTOMATED, "", &goes, false),
        ("{automated: {}}", "", &goes, true),
        (AUTOMATED, keep, &goes, true),
        (AUTOMATED, "", &is_left, false),
        ("{automated: {}}", "", &is_left, true),
        (AUTOMATED, "", &changes, false),
        ("{automated: {}}", "", &changes, false),
        ("{}", "", &changes, true),
    ];
    for (at, (root, metadata, change, stays)) in cases.into_iter().enumerate() {
        let found = judged_after(|repo| empty_set(repo, root, metadata), change);
        assert_eq!(is_unpruned(&found), stays, "{at}: {root}: {found:?}");
    }
}

#[test]
fn values_change_in_the_tree_alone_while_what_applies_them_is_at_rest() {
    let values = |role: &str| {
        CONFIG_MAP
            .replace("name: x", "name: vars, namespace: flux-system")
            .replace("data: {}", &format!("data: {{ROLE: {role}}}"))
    };
    let takes = "prune: true, postBuild: {substituteFrom: [{kind: ConfigMap, name: vars}]}";
    for (parent, child, after, role, stays) in [
        (RESTS, takes, takes, "admin", true),
        (PRUNES, takes, takes, "admin", false),
        (RESTS, PRUNES, PRUNES, "admin", false),
        // What it holds in the cluster, no file says.
        (RESTS, PRUNES, takes, "view", true),
        (RESTS, takes, PRUNES, "view", false),
    ] {
        let found = judged_after(
            |repo| {
                flux(repo, PRUNES, child);
                repo.write("clusters/more.yaml", kustomization("more", "more", parent))
                    .write("more/vars.yaml", values("view"));
            },
            |repo| {
                repo.write("more/vars.yaml", values(role)).write(
                    "children/child.yaml",
                    kustomization("child", "plain", after),
                );
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{parent}; {after}: {found:?}");
    }
}

#[test]
fn a_source_changes_in_the_tree_alone_while_what_applies_it_is_at_rest() {
    let source = |name: &str, more: &str| {
        format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: shop, namespace: flux-system}}\nspec: {{interval: 1m, url: 'https://git.example/acme/{name}.git', ref: {{branch: main}}{more}}}\n"
        )
    };
    for (parent, after, stays) in [
        (RESTS, Some(source("elsewhere", "")), true),
        (RESTS, Some(source("shop", ", timeout: 2m")), false),
        (RESTS, None, true),
        (PRUNES, Some(source("elsewhere", "")), false),
        (LEAVES, Some(source("elsewhere", "")), false),
    ] {
        let found = judged_after(
            |repo| {
                flux(repo, PRUNES, PRUNES);
                repo.write("clusters/more.yaml", kustomization("more", "more", parent))
                    .write("more/x.yaml", CONFIG_MAP)
                    .write("more/shop.yaml", source("shop", ""));
            },
            |repo| {
                match &after {
                    Some(after) => repo.write("more/shop.yaml", after),
                    None => repo.remove("more/shop.yaml"),
                };
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{parent}; {after:?}: {found:?}");
    }
}

#[test]
fn options_of_a_child_that_applies_none_change_in_the_tree_alone() {
    let patch = "patches: [{target: {kind: ClusterRoleBinding}, patch: '{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: any}, $patch: delete}'}]";
    let patched = format!("prune: true, {patch}");
    for (parent, before, after, stays) in [
        (RESTS, PRUNES, patched.as_str(), true),
        (PRUNES, PRUNES, patched.as_str(), false),
        (RESTS, LEAVES, PRUNES, true),
        (RESTS, PRUNES, LEAVES, false),
        (RESTS, PRUNES, "prune: true, wait: true", false),
    ] {
        let found = judged_after(
            |repo| flux(repo, parent, before),
            |repo| {
                repo.write(
                    "children/child.yaml",
                    kustomization("child", "plain", after),
                );
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{parent}; {after}: {found:?}");
    }
    let child = application("child", "plain", "", AUTOMATED);
    for (root, stays) in [("{}", true), (AUTOMATED, false)] {
        let found = judged_after(
            |repo| {
                argo(repo, root, AUTOMATED);
                repo.write("plain/kustomization.yaml", "resources: [x.yaml]\n");
            },
            |repo| {
                repo.write(
                    "children/child.yaml",
                    child.replace("path: plain", "path: plain, kustomize: {namePrefix: a-}"),
                );
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{root}: {found:?}");
    }
}

#[test]
fn what_a_set_keeps_is_told_of_the_set() {
    let keeping = set("", "mids/*") + "  syncPolicy: {preserveResourcesOnDeletion: true}\n";
    let report = checked_after(
        |repo| {
            argo(repo, AUTOMATED, AUTOMATED);
            repo.write("clusters/set.yaml", &keeping).write(
                "mids/one/leaf.yaml",
                application("leaf", "other", "", AUTOMATED),
            );
        },
        |repo| {
            repo.remove("mids/one/leaf.yaml");
        },
    );
    let errors = report.unwrap().errors;
    let mut helps = errors.iter().filter_map(|it| it.error.help());
    assert!(
        helps.any(|help| help.to_string().contains("`teams`")),
        "{errors:?}"
    );
}
