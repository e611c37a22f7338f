//! Parents that do not apply what changed, or do not delete what goes, for other reasons than `prune` and `suspend`.

use super::left::{PRUNES, RESTS, argo, flux};
use super::unpruned::{application, is_unpruned, kustomization};
use super::{CONFIG_MAP, judged_after};
use crate::support::Repo;

const AUTOMATED: &str = "{automated: {prune: true}}";

#[test]
fn a_child_of_flux_moves_in_the_tree_alone_while_its_parent_waits() {
    for (other, parent, stays) in [
        (PRUNES, "prune: true, dependsOn: [{name: other}]", false),
        (RESTS, "prune: true, dependsOn: [{name: other}]", true),
        (PRUNES, "prune: true, dependsOn: [{name: nobody}]", true),
        (
            PRUNES,
            "prune: true, dependsOn: [{name: other, readyExpr: 'false'}]",
            true,
        ),
        // Neither of them is ever ready.
        (
            "prune: true, dependsOn: [{name: apps}]",
            "prune: true, dependsOn: [{name: other}]",
            true,
        ),
        (
            "prune: true, dependsOn: [{name: nobody}]",
            "prune: true, dependsOn: [{name: other}]",
            true,
        ),
    ] {
        let found = judged_after(
            |repo| {
                flux(repo, parent, PRUNES);
                repo.write("clusters/other.yaml", kustomization("other", "more", other))
                    .write("more/x.yaml", CONFIG_MAP);
            },
            |repo| {
                repo.write(
                    "children/child.yaml",
                    kustomization("child", "other", PRUNES),
                );
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{other}; {parent}: {found:?}");
    }
}

#[test]
fn a_parent_whose_source_is_suspended_is_at_rest() {
    for (suspend, stays) in [("", false), (", suspend: true", true)] {
        let source = format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\nmetadata: {{name: frozen, namespace: flux-system}}\nspec: {{interval: 1m, url: 'https://git.example/acme/shop.git', ref: {{branch: main}}{suspend}}}\n"
        );
        let parent = kustomization("apps", "children", PRUNES).replace(
            "kind: GitRepository, name: flux-system",
            "kind: GitRepository, name: frozen",
        );
        let found = judged_after(
            |repo| {
                flux(repo, PRUNES, PRUNES);
                repo.write("clusters/apps.yaml", &parent)
                    .write("clusters/frozen.yaml", &source);
            },
            |repo| {
                repo.write(
                    "children/child.yaml",
                    kustomization("child", "other", PRUNES),
                );
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{suspend}: {found:?}");
    }
}

#[test]
fn an_application_moves_in_the_tree_alone_while_its_root_looks_away() {
    let differences = |kind: &str, pointer: &str| {
        format!(
            "{AUTOMATED}\n  ignoreDifferences: [{{group: argoproj.io, kind: {kind}, jsonPointers: [{pointer}]}}]"
        )
    };
    let skip = ", annotations: {argocd.argoproj.io/skip-reconcile: 'true'}";
    for (metadata, policy, stays) in [
        ("", AUTOMATED.to_owned(), false),
        (skip, AUTOMATED.to_owned(), true),
        ("", differences("Application", "/spec/source/path"), true),
        ("", differences("Application", "/status"), false),
        ("", differences("AppProject", "/spec"), false),
    ] {
        let found = judged_after(
            |repo| {
                argo(repo, AUTOMATED, AUTOMATED);
                repo.write(
                    "clusters/apps.yaml",
                    application("apps", "children", metadata, &policy),
                );
            },
            |repo| {
                repo.write(
                    "children/child.yaml",
                    application("child", "other", "", AUTOMATED),
                );
            },
        );
        assert_eq!(
            is_unpruned(&found),
            stays,
            "{metadata}; {policy}: {found:?}"
        );
    }
}

#[test]
fn argo_cd_does_not_delete_the_last_one_nor_what_it_does_not_compare() {
    let empties = "{automated: {prune: true, allowEmpty: true}}";
    let ignored = ", annotations: {argocd.argoproj.io/compare-options: IgnoreExtraneous}";
    for (root, metadata, is_last, stays) in [
        (AUTOMATED, "", false, false),
        (AUTOMATED, "", true, true),
        (empties, "", true, false),
        (AUTOMATED, ignored, false, true),
    ] {
        let listed = |all: &str| format!("resources: [{all}]\n");
        let found = judged_after(
            |repo| {
                argo(repo, root, AUTOMATED);
                repo.write(
                    "children/child.yaml",
                    application("child", "plain", metadata, AUTOMATED),
                );
                if is_last {
                    repo.write("children/kustomization.yaml", listed("child.yaml"));
                }
            },
            |repo| {
                let rest = if is_last { "" } else { "x.yaml" };
                repo.write("children/kustomization.yaml", listed(rest));
            },
        );
        assert_eq!(
            is_unpruned(&found),
            stays,
            "{root}; {metadata}; {is_last}: {found:?}"
        );
    }
}

#[test]
fn a_parent_whose_folder_goes_deletes_nothing() {
    for (keeps, stays) in [(true, false), (false, true)] {
        let found = judged_after(
            |repo: &Repo| {
                flux(repo, PRUNES, PRUNES);
                repo.remove("children/kustomization.yaml");
            },
            |repo| {
                repo.remove("children/child.yaml");
                if !keeps {
                    repo.remove("children/x.yaml");
                }
            },
        );
        assert_eq!(is_unpruned(&found), stays, "{keeps}: {found:?}");
    }
}
