//! What comes out of a unit and deploys in turn.

use super::*;
use crate::manifest;

/// What is told of an object that comes out of a unit of an environment, in which these files stand.
pub(super) fn told_of_made(config: &str, files: &[(&str, &str)], made: &str) -> Option<String> {
    let units = units(config, files).unwrap();
    let known = units.iter().filter_map(|unit| unit.told_from.as_deref());
    let file: RepoPath = "apps/web/made.txt".into();
    let read = manifest::read(&file, made.as_bytes()).unwrap();
    let [object] = &*read.objects else {
        panic!("one object");
    };
    let stranger = strange(&object.reference, &object.node, &file, known)?;
    let help = miette::Diagnostic::help(&stranger).unwrap().to_string();
    Some(format!("{stranger}; {help}"))
}

#[test]
fn what_deploys_in_turn_is_known_or_a_stranger() {
    let root = of_source("path: children").replace("web", "root");
    let child = of_source("path: plain");
    let files = [
        ("argo/root.yaml", root.as_str()),
        ("children/web.yaml", &child),
        PLAIN,
    ];
    let told = |made: &str| told_of_made(ARGO, &files, made);
    assert_eq!(told(&child), None);
    assert_eq!(
        told(&child.replace("metadata: {", "metadata: {labels: {a: b}, ")),
        None
    );
    assert_eq!(told(&child.replace(", namespace: argocd", "")), None);
    // Neither of them deploys anything in turn.
    for kind in ["Rollout", "AppProject"] {
        assert_eq!(
            told(&child.replace("kind: Application", &format!("kind: {kind}"))),
            None
        );
    }
    let other = "`apps/web/made.txt` makes the Application `argocd/other`, which no file that the environment looks into declares: what it deploys would be judged by nobody; write it as a plain object, as `tidegate render` prints it, into a file that the environment's `paths` select; or name the units of the environment in `tidegate.yaml` instead of selecting them: `sources: [{name: other, kind: Application, path: plain}]`";
    assert_eq!(
        told(&child.replace("name: web", "name: other")).as_deref(),
        Some(other)
    );
    let moved = "`apps/web/made.txt` makes the Application `argocd/web`, which is another one at children/web.yaml:1:1: what it deploys would be judged by nobody; write it into `children/web.yaml` as `tidegate render` prints it; or name the units";
    let told = told(&child.replace("path: plain", "path: evil")).unwrap();
    assert!(told.starts_with(moved), "{told}");
    let apart = told_of_made(ARGO, &files, &child.replace("argocd", "other"));
    assert!(apart.is_some());
}

#[test]
fn sources_of_flux_are_known_or_strangers_too() {
    let of_git = git("shop", &format!("url: '{HERE}', ref: {{branch: main}}"));
    let text = kustomization("path: plain") + &of_git;
    let files = [("clusters/a.yaml", text.as_str()), PLAIN];
    let made = of_git.trim_start_matches("---\n");
    assert_eq!(told_of_made(FLUX, &files, made), None);
    for (from, to) in [
        ("branch: main", "branch: other"),
        ("name: shop", "name: other"),
    ] {
        let told = told_of_made(FLUX, &files, &made.replace(from, to)).unwrap();
        assert!(
            told.contains("GitRepository") && !told.contains("sources:"),
            "{told}"
        );
    }
}

#[test]
fn a_helm_chart_of_flux_is_known_or_a_stranger_too() {
    let chart = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmChart\nmetadata: {name: web, namespace: shop}\nspec: {chart: ./charts/web, sourceRef: {kind: GitRepository, name: shop}}\n";
    let text = format!("{}---\n{chart}", kustomization("path: plain"));
    let files = [("clusters/a.yaml", text.as_str()), PLAIN];
    assert_eq!(told_of_made(FLUX, &files, chart), None);
    let other = chart.replace("charts/web", "charts/evil");
    let told = told_of_made(FLUX, &files, &other).unwrap();
    assert!(
        told.contains("makes the HelmChart `shop/web`, which is another one at clusters/a.yaml:"),
        "{told}"
    );
    let other = chart.replace("name: web,", "name: evil,");
    let told = told_of_made(FLUX, &files, &other).unwrap();
    assert!(
        told.contains("no file that the environment looks into declares"),
        "{told}"
    );
}

#[test]
fn what_is_changed_on_its_way_is_told_of_itself_and_no_stranger() {
    let root = of_source("path: children").replace("web", "root");
    let child = of_source("path: plain");
    let patched = "{resources: [web.yaml], patches: [{patch: x, target: {kind: Application}}]}";
    let files = [
        ("argo/root.yaml", root.as_str()),
        ("children/kustomization.yaml", patched),
        ("children/web.yaml", &child),
        PLAIN,
    ];
    let made = child.replace("path: plain", "path: evil");
    assert_eq!(told_of_made(ARGO, &files, &made), None);
}

#[test]
fn where_the_configuration_names_the_units_there_is_nothing_to_be_known() {
    let config =
        "environments: [{name: prod, sources: [{name: web, kind: Application, path: plain}]}]";
    let units = units(config, &[PLAIN]).unwrap();
    assert!(units.iter().all(|unit| unit.told_from.is_none()));
}
