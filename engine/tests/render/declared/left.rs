//! Deployments that stay in the tree, and in the cluster as they were: what applied them does so no more, or is at rest.

use super::unpruned::{application, is_unpruned, kustomization};
use super::{CONFIG_MAP, judged_after};
use crate::support::Repo;

const LISTED: &str = "resources: [child.yaml, x.yaml]\n";
pub(super) const PRUNES: &str = "prune: true";
pub(super) const LEAVES: &str = "prune: false";
pub(super) const RESTS: &str = "prune: true, suspend: true";

fn config(kind: &str) -> String {
    format!(
        "environments:\n  - name: prod\n    {kind}: {{paths: ['clusters/**', 'children/**']}}\nrepositories: ['https://git.example/acme/shop.git']\n"
    )
}

fn objects(repo: &Repo) {
    repo.write(
        "children/x.yaml",
        CONFIG_MAP.replace("name: x", "name: two"),
    )
    .write("children/kustomization.yaml", LISTED)
    .write("plain/x.yaml", CONFIG_MAP.replace("name: x", "name: z"))
    .write("other/x.yaml", CONFIG_MAP.replace("name: x", "name: z"));
}

/// A parent that lists a child of Flux, both of them selected.
pub(super) fn flux(repo: &Repo, parent: &str, child: &str) {
    objects(repo);
    repo.write("tidegate.yaml", config("kustomizations"))
        .write(
            "clusters/apps.yaml",
            kustomization("apps", "children", parent),
        )
        .write(
            "children/child.yaml",
            kustomization("child", "plain", child),
        );
}

/// The same of Argo CD.
pub(super) fn argo(repo: &Repo, parent: &str, child: &str) {
    objects(repo);
    repo.write("tidegate.yaml", config("applications"))
        .write(
            "clusters/apps.yaml",
            application("apps", "children", "", parent),
        )
        .write(
            "children/child.yaml",
            application("child", "plain", "", child),
        );
}

fn unlist(repo: &Repo) {
    repo.write("children/kustomization.yaml", "resources: [x.yaml]\n");
}

#[test]
fn a_child_that_its_parent_lists_no_more_is_not_judged_if_nobody_deletes_it() {
    for (parent, child, stays) in [
        (PRUNES, PRUNES, false),
        (LEAVES, PRUNES, true),
        (RESTS, PRUNES, true),
        (LEAVES, RESTS, false),
    ] {
        let found = judged_after(|repo| flux(repo, parent, child), unlist);
        assert_eq!(is_unpruned(&found), stays, "{parent}; {child}: {found:?}");
    }
    for (parent, stays) in [
        ("{automated: {prune: true}}", false),
        ("{automated: {}}", true),
        ("{}", true),
    ] {
        let found = judged_after(|repo| argo(repo, parent, "{automated: {}}"), unlist);
        assert_eq!(is_unpruned(&found), stays, "{parent}: {found:?}");
    }
}

#[test]
fn a_folder_that_leaves_a_child_out_is_as_one_that_lists_it_no_more() {
    let root = |exclude: &str| {
        application("apps", "children", "", "{automated: {}}").replace(
            "path: children",
            &format!("path: children, directory: {{exclude: {exclude}}}"),
        )
    };
    let found = judged_after(
        |repo| {
            argo(repo, "{}", "{automated: {}}");
            repo.remove("children/kustomization.yaml");
            repo.write("clusters/apps.yaml", root("none.yaml"));
        },
        |repo| {
            repo.write("clusters/apps.yaml", root("child.yaml"));
        },
    );
    assert!(is_unpruned(&found), "{found:?}");
}

#[test]
fn a_child_that_another_parent_lists_from_now_on_is_not_left() {
    for (target, stays) in [
        (PRUNES, false),
        // Another cluster.
        ("prune: true, kubeConfig: {secretRef: {name: there}}", true),
    ] {
        let found = judged_after(
            |repo| {
                flux(repo, LEAVES, PRUNES);
                repo.write(
                    "clusters/other.yaml",
                    kustomization("other", "more", target),
                )
                .write("more/x.yaml", CONFIG_MAP);
            },
            |repo| {
                unlist(repo);
                repo.write(
                    "more/kustomization.yaml",
                    "resources: [x.yaml, child.yaml]\n",
                )
                .write("more/child.yaml", kustomization("child", "plain", PRUNES))
                .remove("children/child.yaml");
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{target}: {found:?}");
    }
}

#[test]
fn a_new_parent_that_nobody_applies_takes_no_child_over() {
    for (top, stays) in [(PRUNES, false), (RESTS, true)] {
        let found = judged_after(
            |repo| {
                flux(repo, LEAVES, PRUNES);
                repo.write("clusters/top.yaml", kustomization("top", "tops", top))
                    .write("tops/x.yaml", CONFIG_MAP);
            },
            |repo| {
                unlist(repo);
                repo.remove("children/child.yaml");
                repo.write("tops/late.yaml", kustomization("late", "more", PRUNES))
                    .write("more/child.yaml", kustomization("child", "plain", PRUNES));
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{top}: {found:?}");
    }
}

#[test]
fn a_parent_that_applies_to_another_cluster_leaves_its_children() {
    let there = "prune: true, kubeConfig: {secretRef: {name: there}}";
    for (child, after, stays) in [
        (PRUNES, there, true),
        (RESTS, there, false),
        (PRUNES, "prune: true, timeout: 2m", false),
    ] {
        let found = judged_after(
            |repo| flux(repo, PRUNES, child),
            |repo| {
                repo.write(
                    "clusters/apps.yaml",
                    kustomization("apps", "children", after),
                );
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{child}; {after}: {found:?}");
    }
    let policy = "{automated: {prune: true}}";
    for (from, to, stays) in [
        ("kubernetes.default.svc", "there.example", true),
        // The child names its own.
        ("namespace: shop", "namespace: other", false),
    ] {
        let root = application("apps", "children", "", policy);
        let found = judged_after(
            |repo| argo(repo, policy, policy),
            |repo| {
                repo.write("clusters/apps.yaml", root.replace(from, to));
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{to}: {found:?}");
    }
}

#[test]
fn a_child_moves_in_the_tree_alone_while_its_parent_is_at_rest() {
    let moved = |spec: &str| kustomization("child", "other", spec);
    let same = |spec: &str| kustomization("child", "plain", &format!("timeout: 2m, {spec}"));
    for (before, after, child, stays) in [
        (PRUNES, PRUNES, moved(PRUNES), false),
        (RESTS, RESTS, moved(PRUNES), true),
        (RESTS, PRUNES, moved(PRUNES), true),
        (PRUNES, RESTS, moved(PRUNES), true),
        (RESTS, RESTS, same(PRUNES), false),
        (RESTS, PRUNES, same(PRUNES), false),
    ] {
        let found = judged_after(
            |repo| flux(repo, before, PRUNES),
            |repo| {
                repo.write(
                    "clusters/apps.yaml",
                    kustomization("apps", "children", after),
                )
                .write("children/child.yaml", &child);
            },
        );
        let case = format!("{before}; {after}; {child}: {found:?}");
        assert_eq!(is_unpruned(&found), stays, "{case}");
    }
}

#[test]
fn an_application_moves_in_the_tree_alone_while_its_root_is_not_automated() {
    let automated = "{automated: {prune: true}}";
    let child = |path: &str, policy: &str| application("child", path, "", policy);
    for (root, before, after, stays) in [
        (automated, automated, child("other", automated), false),
        ("{}", automated, child("other", automated), true),
        // Nobody knows that it is at rest in the cluster.
        ("{}", automated, child("plain", "{}"), true),
        (automated, automated, child("plain", "{}"), false),
        // It deploys nothing by itself.
        ("{}", "{}", child("other", "{}"), false),
        ("{}", automated, child("plain", "{automated: {}}"), false),
    ] {
        let found = judged_after(
            |repo| argo(repo, root, before),
            |repo| {
                repo.write("children/child.yaml", &after);
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{root}; {after}: {found:?}");
    }
}

#[test]
fn what_changes_a_child_does_not_itself_change_in_the_tree_alone() {
    let patch = "patches: [{target: {kind: Kustomization}, patch: '[{op: add, path: /spec/timeout, value: 3m}]'}]";
    for (top, parent, stays) in [
        (PRUNES, format!("prune: true, {patch}"), false),
        (RESTS, format!("prune: true, {patch}"), true),
        (RESTS, LEAVES.to_owned(), true),
    ] {
        let found = judged_after(
            |repo| {
                flux(repo, PRUNES, PRUNES);
                repo.write("clusters/top.yaml", kustomization("top", "tops", top))
                    .write("tops/apps.yaml", kustomization("apps", "children", PRUNES))
                    .remove("clusters/apps.yaml");
            },
            |repo| {
                repo.write("tops/apps.yaml", kustomization("apps", "children", &parent));
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{top}; {parent}: {found:?}");
    }
}

#[test]
fn a_set_changes_in_the_tree_alone_while_its_root_is_not_automated() {
    let set = |generators: &str, path: &str| {
        let template = format!(
            "{{metadata: {{name: '{{{{path.basename}}}}'}}, spec: {{project: default, destination: {{server: 'https://kubernetes.default.svc'}}, source: {{repoURL: 'https://git.example/acme/shop.git', targetRevision: main, path: '{path}'}}, syncPolicy: {{automated: {{}}}}}}}}"
        );
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: shops, namespace: argocd}}\nspec:\n  generators: [{{git: {{repoURL: 'https://git.example/acme/shop.git', revision: main, directories: [{generators}]}}}}]\n  template: {template}\n"
        )
    };
    let all = "{path: 'sets/*'}";
    let fewer = "{path: 'sets/*'}, {path: sets/one, exclude: true}";
    let automated = "{automated: {prune: true}}";
    for (root, generators, path, stays) in [
        ("{}", all, "other", true),
        ("{}", fewer, "{{path}}", true),
        (automated, all, "other", false),
        (automated, fewer, "{{path}}", false),
    ] {
        let found = judged_after(
            |repo| {
                argo(repo, root, automated);
                repo.remove("children/kustomization.yaml");
                repo.write("children/child.yaml", set(all, "{{path}}"))
                    .write("sets/one/x.yaml", CONFIG_MAP)
                    .write("sets/two/x.yaml", CONFIG_MAP.replace("name: x", "name: w"));
            },
            |repo| {
                repo.write("children/child.yaml", set(generators, path));
            },
        );
        assert_eq!(
            is_unpruned(&found),
            stays,
            "{root}; {generators}; {path}: {found:?}"
        );
    }
    // What it says of folders is as it was.
    let found = judged_after(
        |repo| {
            argo(repo, "{}", automated);
            repo.remove("children/kustomization.yaml");
            repo.write("children/child.yaml", set(all, "{{path}}"))
                .write("sets/one/x.yaml", CONFIG_MAP)
                .write("sets/two/x.yaml", CONFIG_MAP.replace("name: x", "name: w"));
        },
        |repo| {
            repo.remove("sets/one/x.yaml");
        },
    );
    assert!(!is_unpruned(&found), "{found:?}");
}
