//! Parents that take their folder from another revision of this repository: what changes there is of the tree alone.

use super::left::{LEAVES, PRUNES, argo, flux};
use super::unpruned::{application, is_unpruned, kustomization};
use super::{CONFIG_MAP, checked_after, judged_after, unjudged};
use crate::support::Repo;

const AUTOMATED: &str = "{automated: {prune: true}}";
const COMMIT: &str = "0c7d2f1b9d3e4a5f60718293a4b5c6d7e8f90123";

/// A root of Argo CD at a revision.
fn root(revision: &str) -> String {
    application("apps", "children", "", AUTOMATED).replace(
        "targetRevision: main",
        &format!("targetRevision: {revision}"),
    )
}

fn child(path: &str) -> String {
    application("child", path, "", AUTOMATED)
}

/// A child whose root is at a revision.
fn pinned_argo(repo: &Repo, revision: &str) {
    argo(repo, AUTOMATED, AUTOMATED);
    repo.write("clusters/apps.yaml", root(revision));
}

/// A source of Flux that follows something of this repository, or of another.
fn source(url: &str, follows: &str) -> String {
    format!(
        "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: frozen, namespace: flux-system}}\nspec: {{interval: 1m, url: 'https://git.example/acme/{url}.git', ref: {{{follows}}}}}\n"
    )
}

fn from_frozen(name: &str, path: &str, spec: &str) -> String {
    kustomization(name, path, spec).replace(
        "kind: GitRepository, name: flux-system",
        "kind: GitRepository, name: frozen",
    )
}

/// A child of Flux whose parent takes its folder from a source of that kind.
fn pinned_flux(repo: &Repo, parent: &str, follows: &str) {
    flux(repo, PRUNES, PRUNES);
    repo.write(
        "clusters/apps.yaml",
        from_frozen("apps", "children", parent),
    )
    .write("clusters/frozen.yaml", source("shop", follows));
}

#[test]
fn an_application_moves_in_the_tree_alone_while_its_root_is_at_another_revision() {
    for (revision, stays) in [
        ("main", false),
        ("HEAD", false),
        ("refs/heads/main", false),
        ("v1.0.0", true),
        ("develop", true),
        ("refs/tags/main", true),
        (COMMIT, true),
    ] {
        let found = judged_after(
            |repo| pinned_argo(repo, revision),
            |repo| {
                repo.write("children/child.yaml", child("other"));
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{revision}: {found:?}");
    }
}

#[test]
fn a_child_of_flux_moves_in_the_tree_alone_while_its_parent_is_at_another_revision() {
    for (url, follows, stays) in [
        ("shop", "branch: main", false),
        ("shop", "name: refs/heads/main", false),
        ("shop", "branch: develop", true),
        ("shop", "branch: main, tag: v1.0.0", true),
        ("shop", "branch: main, semver: '1.x'", true),
        ("shop", &format!("branch: main, commit: {COMMIT}"), true),
        ("elsewhere", "tag: v1.0.0", false),
    ] {
        let found = judged_after(
            |repo| {
                pinned_flux(repo, PRUNES, follows);
                repo.write("clusters/frozen.yaml", source(url, follows));
            },
            |repo| {
                repo.write(
                    "children/child.yaml",
                    kustomization("child", "other", PRUNES),
                );
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{url}; {follows}: {found:?}");
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn whatever_becomes_of_a_child_is_of_the_tree_alone() {
    type Change<'c> = (&'c str, &'c dyn Fn(&Repo), bool);
    let at_rest = application("child", "plain", "", "{}");
    let elsewhere = child("plain").replace("kubernetes.default.svc", "there.example");
    let labelled = child("plain").replace("namespace: argocd", "namespace: argocd, labels: {a: b}");
    let changes: [Change<'_>; 7] = [
        (
            "goes",
            &|repo| {
                repo.remove("children/child.yaml")
                    .write("children/kustomization.yaml", "resources: [x.yaml]\n");
            },
            true,
        ),
        (
            "is left",
            &|repo| {
                repo.write("children/kustomization.yaml", "resources: [x.yaml]\n");
            },
            true,
        ),
        (
            "is renamed",
            &|repo| {
                repo.write(
                    "children/child.yaml",
                    child("plain").replace("name: child", "name: other"),
                );
            },
            true,
        ),
        (
            "comes to rest",
            &|repo| {
                repo.write("children/child.yaml", &at_rest);
            },
            true,
        ),
        (
            "has another target",
            &|repo| {
                repo.write("children/child.yaml", &elsewhere);
            },
            true,
        ),
        (
            "says the same",
            &|repo| {
                repo.write("children/child.yaml", &labelled);
            },
            false,
        ),
        (
            "is not touched",
            &|repo| {
                repo.write("plain/x.yaml", CONFIG_MAP.replace("name: x", "name: y"));
            },
            false,
        ),
    ];
    for (what, change, stays) in changes {
        let found = judged_after(|repo| pinned_argo(repo, "v1"), change);
        assert_eq!(is_unpruned(&found), stays, "{what}: {found:?}");
    }
}

#[test]
fn a_child_at_rest_may_not_be_so_at_the_other_revision() {
    let found = judged_after(
        |repo| {
            pinned_argo(repo, "v1");
            repo.write(
                "children/child.yaml",
                application("child", "plain", "", "{}"),
            );
        },
        |repo| {
            repo.write(
                "children/child.yaml",
                application("child", "other", "", "{}"),
            );
        },
    );
    assert!(is_unpruned(&found), "{found:?}");
}

#[test]
fn what_another_parent_applies_too_goes_on_being_applied_as_it_was() {
    for (parent, to, stays) in [
        ("branch: main", "other", false),
        ("tag: v1", "other", true),
        ("tag: v1", "plain", false),
    ] {
        let found = judged_after(
            |repo| {
                pinned_flux(repo, PRUNES, parent);
                repo.write(
                    "clusters/more.yaml",
                    kustomization("more", "children", PRUNES),
                );
            },
            |repo| {
                repo.write("children/child.yaml", kustomization("child", to, PRUNES))
                    .write("children/x.yaml", CONFIG_MAP.replace("name: x", "name: q"));
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{parent}; {to}: {found:?}");
    }
}

#[test]
fn no_other_parent_takes_a_child_over_from_one_at_another_revision() {
    for (parent, stays) in [("branch: main", false), ("tag: v1", true)] {
        let found = judged_after(
            |repo| {
                pinned_flux(repo, PRUNES, parent);
                repo.write("clusters/more.yaml", kustomization("more", "more", PRUNES))
                    .write("more/x.yaml", CONFIG_MAP);
            },
            |repo| {
                repo.remove("children/child.yaml")
                    .write("children/kustomization.yaml", "resources: [x.yaml]\n")
                    .write("more/child.yaml", kustomization("child", "plain", PRUNES));
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{parent}: {found:?}");
    }
}

#[test]
fn a_parent_comes_to_the_judged_revision_before_its_children_change() {
    let unchanged = child("plain");
    let moved = child("other");
    for (before, after, child, stays) in [
        ("v1", "v1", &unchanged, false),
        // What the next revision says of its children, nobody judges.
        ("v1", "v2", &unchanged, true),
        ("v1", "v2", &moved, true),
        ("v1", "main", &unchanged, false),
        ("v1", "main", &moved, true),
    ] {
        let found = judged_after(
            |repo| pinned_argo(repo, before),
            |repo| {
                repo.write("clusters/apps.yaml", root(after))
                    .write("children/child.yaml", child)
                    .write("clusters/note.yaml", CONFIG_MAP);
            },
        );
        let case = format!("{before}; {after}; {child}: {found:?}");
        assert_eq!(is_unpruned(&found), stays, "{case}");
    }
    let found = judged_after(
        |repo| pinned_argo(repo, "main"),
        |repo| {
            repo.write("clusters/apps.yaml", root("v1"));
        },
    );
    assert!(is_unpruned(&found), "{found:?}");
}

/// An Application at a revision, in a repository whose children lie beside it.
fn at(name: &str, path: &str, revision: &str, policy: &str) -> String {
    application(name, path, "", policy).replace(
        "targetRevision: main",
        &format!("targetRevision: {revision}"),
    )
}

#[test]
fn a_parent_leaves_its_pin_in_the_tree_alone_where_it_applies_itself_from_there() {
    for (path, top, before, after, stays) in [
        ("clusters", None, "v1", "main", true),
        ("clusters", None, "v1", "HEAD", true),
        ("clusters", Some("main"), "v1", "main", true),
        ("clusters", None, "main", "HEAD", false),
        // Nobody applies it: whoever did so by hand does so again.
        ("children", None, "v1", "main", false),
    ] {
        let found = judged_after(
            |repo| {
                argo(repo, AUTOMATED, AUTOMATED);
                repo.write("clusters/apps.yaml", at("apps", path, before, AUTOMATED))
                    .write("clusters/web.yaml", at("web", "plain", "main", AUTOMATED));
                if let Some(revision) = top {
                    let top = at("top", "clusters", revision, AUTOMATED);
                    repo.write("clusters/top.yaml", top);
                }
            },
            |repo| {
                repo.write("clusters/apps.yaml", at("apps", path, after, AUTOMATED));
            },
        );
        let case = format!("{path}; {top:?}; {before}; {after}: {found:?}");
        assert_eq!(is_unpruned(&found), stays, "{case}");
    }
}

#[test]
fn one_that_another_applies_changes_its_revision_with_what_applies_it() {
    let pinned =
        "{repoURL: 'https://git.example/acme/shop.git', targetRevision: v1, path: children}";
    let leaf = |source: &str| {
        at("mid", "plain", "main", AUTOMATED).replace(
            "  source: {repoURL",
            &format!("  sources:\n  - {source}\n  - {{repoURL"),
        )
    };
    let parents = [at("mid", "children", "v1", AUTOMATED), leaf(pinned)];
    for before in &parents {
        for (top, policy, stays) in [
            ("main", AUTOMATED, false),
            ("main", "{}", true),
            ("v1", AUTOMATED, true),
        ] {
            let found = judged_after(
                |repo| {
                    argo(repo, AUTOMATED, AUTOMATED);
                    repo.write(
                        "clusters/apps.yaml",
                        at("top", "clusters/mids", top, policy),
                    )
                    .write("clusters/mids/mid.yaml", before);
                },
                |repo| {
                    repo.write(
                        "clusters/mids/mid.yaml",
                        before.replace("targetRevision: v1", "targetRevision: main"),
                    );
                },
            );
            let case = format!("{before}; {top}; {policy}: {found:?}");
            assert_eq!(is_unpruned(&found), stays, "{case}");
        }
    }
}

#[test]
fn one_that_applies_no_others_follows_another_revision_in_the_tree_alone() {
    for (policy, after, stays) in [
        (AUTOMATED, "v2", false),
        ("{}", "HEAD", false),
        ("{}", "v2", true),
    ] {
        let found = judged_after(
            |repo| {
                argo(repo, policy, AUTOMATED);
            },
            |repo| {
                repo.write(
                    "children/child.yaml",
                    at("child", "plain", after, AUTOMATED),
                );
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{policy}; {after}: {found:?}");
    }
}

#[test]
fn it_is_said_what_to_do_of_one_that_applies_itself() {
    let report = checked_after(
        |repo| {
            argo(repo, AUTOMATED, AUTOMATED);
            repo.write(
                "clusters/apps.yaml",
                at("apps", "clusters", "v1", AUTOMATED),
            )
            .write("clusters/web.yaml", at("web", "plain", "main", AUTOMATED));
        },
        |repo| {
            repo.write(
                "clusters/apps.yaml",
                at("apps", "clusters", "main", AUTOMATED),
            );
        },
    );
    let errors = report.unwrap().errors;
    let helps: Vec<String> = errors
        .iter()
        .filter_map(|it| it.error.help().map(|help| help.to_string()))
        .collect();
    let by_hand = "`apps` takes back what the tree says of it by applying itself as it is at that revision: as soon as `main` says what it is to be, apply that by hand, and accept the state by `tidegate baseline`";
    assert_eq!(helps, [by_hand], "{errors:?}");
}

#[test]
fn a_new_parent_at_another_revision_brings_what_nobody_judges() {
    for (revision, stays) in [("main", false), (COMMIT, true)] {
        let found = judged_after(
            |repo| argo(repo, AUTOMATED, AUTOMATED),
            |repo| {
                let more = root(revision).replace("name: apps", "name: more");
                repo.write("clusters/more.yaml", more);
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{revision}: {found:?}");
    }
}

#[test]
fn a_folder_of_another_revision_that_is_not_understood_holds_what_lies_in_it() {
    for options in [
        "plugin: {name: any}",
        "directory: {jsonnet: {libs: [any]}}",
        "kustomize: {namePrefix: a-}",
    ] {
        let parent = root("v1").replace("path: children", &format!("path: children, {options}"));
        let found = judged_after(
            |repo| {
                pinned_argo(repo, "v1");
                repo.write("clusters/apps.yaml", &parent);
            },
            |repo| {
                repo.write("children/child.yaml", child("other"));
            },
        );
        assert_eq!(found.0, unjudged("").0, "{options}: {found:?}");
    }
}

#[test]
fn what_a_parent_at_another_revision_does_not_hold_moves() {
    let lists = |repo: &Repo| {
        pinned_argo(repo, "v1");
        repo.write("children/kustomization.yaml", "resources: [x.yaml]\n");
    };
    let is_gone = |repo: &Repo| {
        pinned_argo(repo, "v1");
        repo.write(
            "clusters/apps.yaml",
            root("v1").replace("path: children", "path: long-gone"),
        );
    };
    let befores: [&dyn Fn(&Repo); 2] = [&lists, &is_gone];
    for before in befores {
        let found = judged_after(before, |repo| {
            repo.write("children/child.yaml", child("other"));
        });
        assert!(!is_unpruned(&found), "{found:?}");
    }
}

#[test]
fn children_of_the_same_revision_are_not_of_this_one() {
    let both = |path: &str| child(path).replace("targetRevision: main", "targetRevision: v1");
    let found = judged_after(
        |repo| {
            pinned_argo(repo, "v1");
            repo.write("children/child.yaml", both("plain")).write(
                "clusters/more.yaml",
                application("more", "other", "", AUTOMATED),
            );
        },
        |repo| {
            repo.write("children/child.yaml", both("other"))
                .write("clusters/apps.yaml", root("v2"));
        },
    );
    assert!(!is_unpruned(&found), "{found:?}");
}

#[test]
fn an_environment_of_paths_asks_no_parent() {
    let found = judged_after(
        |repo| {
            pinned_argo(repo, "v1");
            repo.write(
                "tidegate.yaml",
                "environments:\n  - name: prod\n    units: [{name: all, paths: ['clusters/**', 'children/**', 'plain/**', 'other/**']}]\n",
            );
        },
        |repo| {
            repo.write("children/child.yaml", child("other"));
        },
    );
    assert!(!is_unpruned(&found), "{found:?}");
}

#[test]
fn a_parent_of_elsewhere_that_applies_a_judged_one_changes_in_the_tree_alone() {
    let mid = |revision: &str, path: &str| {
        application("mid", path, "", AUTOMATED).replace(
            "targetRevision: main",
            &format!("targetRevision: {revision}"),
        )
    };
    for (top, path, stays) in [("main", "children", false), ("v1", "other", true)] {
        let top = application("top", "tops", "", AUTOMATED)
            .replace("targetRevision: main", &format!("targetRevision: {top}"));
        let found = judged_after(
            |repo| {
                argo(repo, AUTOMATED, AUTOMATED);
                repo.remove("clusters/apps.yaml")
                    .write("clusters/top.yaml", &top)
                    .write("clusters/mids/mid.yaml", mid("v1", "children"))
                    .write(
                        "tops/kustomization.yaml",
                        "resources: [../clusters/mids/mid.yaml]\n",
                    );
            },
            |repo| {
                let labelled = mid("v1", path)
                    .replace("namespace: argocd", "namespace: argocd, labels: {a: b}");
                repo.write("clusters/mids/mid.yaml", labelled);
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{path}: {found:?}");
    }
}

#[test]
fn a_parent_of_elsewhere_that_applies_no_judged_one_changes_as_it_likes() {
    let at = |name: &str, path: &str, revision: &str, policy: &str| {
        application(name, path, "", policy).replace(
            "targetRevision: main",
            &format!("targetRevision: {revision}"),
        )
    };
    for (of_child, stays) in [("develop", false), ("main", true)] {
        let found = judged_after(
            |repo| {
                argo(repo, AUTOMATED, AUTOMATED);
                repo.remove("clusters/apps.yaml")
                    .write("clusters/top.yaml", at("top", "tops", "main", "{}"))
                    .write("tops/mid.yaml", at("mid", "children", "develop", AUTOMATED))
                    .write(
                        "children/child.yaml",
                        at("child", "plain", of_child, AUTOMATED),
                    );
            },
            |repo| {
                repo.write("tops/mid.yaml", at("mid", "other", "develop", AUTOMATED));
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{of_child}: {found:?}");
    }
}

#[test]
fn values_and_sources_change_in_the_tree_alone_at_another_revision() {
    let vars = |role: &str| {
        CONFIG_MAP
            .replace("name: x", "name: vars, namespace: flux-system")
            .replace("data: {}", &format!("data: {{ROLE: {role}}}"))
    };
    let takes = "prune: true, postBuild: {substituteFrom: [{kind: ConfigMap, name: vars}]}";
    for (follows, stays) in [("branch: main", false), ("tag: v1", true)] {
        let found = judged_after(
            |repo| {
                pinned_flux(repo, LEAVES, follows);
                repo.write("children/vars.yaml", vars("view"))
                    .write(
                        "children/kustomization.yaml",
                        "resources: [x.yaml, vars.yaml]\n",
                    )
                    .remove("children/child.yaml")
                    .write(
                        "clusters/taker.yaml",
                        kustomization("taker", "plain", takes),
                    );
            },
            |repo| {
                repo.write("children/vars.yaml", vars("admin"));
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{follows}: {found:?}");
    }
}

#[test]
fn it_is_said_what_to_write() {
    for (argo_cd, wanted) in [
        (
            true,
            "let `apps` follow the branch that is judged (`targetRevision: main`)",
        ),
        (
            false,
            "let the source of `apps` follow the branch that is judged (`ref: {branch: main}`)",
        ),
    ] {
        let report = checked_after(
            |repo| match argo_cd {
                true => pinned_argo(repo, "v1"),
                false => pinned_flux(repo, PRUNES, "tag: v1"),
            },
            |repo| {
                let moved = match argo_cd {
                    true => child("other"),
                    false => kustomization("child", "other", PRUNES),
                };
                repo.write("children/child.yaml", moved);
            },
        );
        let errors = report.unwrap().errors;
        let mut helps = errors.iter().filter_map(|it| it.error.help());
        assert!(
            helps.any(|help| help.to_string().contains(wanted)),
            "{errors:?}"
        );
    }
}
