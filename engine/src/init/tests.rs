//! Layouts as people keep them, and what is proposed for each.

use std::collections::BTreeMap;

use super::*;
use crate::config::Config;

const OBJECT: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";

fn proposal(files: &[(&str, &str)]) -> Proposal {
    let files: BTreeMap<RepoPath, &str> = files
        .iter()
        .map(|(path, text)| ((*path).into(), *text))
        .collect();
    let paths: Vec<RepoPath> = files.keys().cloned().collect();
    let mut read = |path: &RepoPath| Some(files[path].as_bytes().to_vec());
    let proposal = propose(&paths, &mut read).unwrap();
    // Whatever is proposed is valid.
    let text = proposal.to_yaml("main", Profile::Recommended);
    let config = Config::parse(&"tidegate.yaml".into(), text.as_bytes()).unwrap();
    assert_eq!(config.environments.len(), proposal.environments.len());
    proposal
}

fn paths(proposal: &Proposal, name: &str) -> Vec<String> {
    let environment = proposal
        .environments
        .iter()
        .find(|one| one.name == name)
        .unwrap();
    match &environment.claim {
        Claim::Paths(paths) => paths.clone(),
        Claim::Sources(sources) => sources
            .iter()
            .map(|source| format!("{} {} {}", source.name, source.kind, source.path))
            .collect(),
    }
}

fn stages(proposal: &Proposal) -> Vec<(&str, Stage)> {
    let all = proposal.environments.iter();
    all.map(|one| (one.name.as_str(), one.stage)).collect()
}

#[test]
fn kustomize_overlays_are_environments_with_the_bases_that_they_name() {
    let overlay = "resources: [../../base]";
    let found = proposal(&[
        ("apps/odoo/base/kustomization.yaml", "resources: [x.yaml]"),
        ("apps/odoo/base/x.yaml", OBJECT),
        ("apps/odoo/overlays/prod/kustomization.yaml", overlay),
        ("apps/odoo/overlays/staging/kustomization.yaml", overlay),
        ("apps/web/overlays/prod/x.yaml", OBJECT),
        ("docs/example.yaml", OBJECT),
    ]);
    assert_eq!(
        stages(&found),
        [("prod", Stage::Production), ("staging", Stage::Staging)]
    );
    assert_eq!(
        paths(&found, "prod"),
        ["apps/*/overlays/prod/**", "apps/odoo/base/**"]
    );
    assert_eq!(
        paths(&found, "staging"),
        ["apps/odoo/base/**", "apps/odoo/overlays/staging/**"]
    );
    assert_eq!(found.unmanaged, ["docs/**"]);
}

#[test]
fn argo_cd_applications_are_units_of_the_environment_they_are_deployed_to() {
    let application = |name: &str, path: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\n\
             spec: {{source: {{path: {path}, targetRevision: main}}, destination: {{name: in-cluster}}}}\n"
        )
    };
    let (one, two) = (
        application("odoo", "apps/odoo/prod"),
        application("elsewhere", "not/here"),
    );
    let found = proposal(&[
        ("argocd/prod/odoo.yaml", &one),
        ("argocd/prod/elsewhere.yaml", &two),
        ("apps/odoo/prod/x.yaml", OBJECT),
        ("apps/odoo/dev/x.yaml", OBJECT),
    ]);
    assert_eq!(
        paths(&found, "prod"),
        [
            "odoo Application apps/odoo/prod",
            "argocd-prod Paths argocd/prod"
        ]
    );
    assert_eq!(paths(&found, "dev"), ["apps/odoo/dev/**"]);
}

#[test]
fn one_production_is_one_environment_however_its_applications_are_called() {
    let application = |name: &str, namespace: &str, path: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}}}\n\
             spec: {{source: {{path: {path}}}, destination: {{server: 'https://kubernetes.default.svc', namespace: {namespace}}}}}\n"
        )
    };
    // The folders say nothing.
    let side = |stage: &str| if stage == "qa" { "one" } else { "two" };
    let files: Vec<(String, String)> = ["api", "web", "shop"]
        .iter()
        .flat_map(|name| {
            let at = |stage: &str| {
                (
                    format!("argo/{name}-{stage}.yaml"),
                    application(
                        &format!("{name}-{stage}"),
                        name,
                        &format!("k8s/{name}/{}", side(stage)),
                    ),
                )
            };
            let object = |stage: &str| {
                (
                    format!("k8s/{name}/{}/d.yaml", side(stage)),
                    OBJECT.to_owned(),
                )
            };
            [at("prod"), object("prod"), at("qa"), object("qa")]
        })
        .collect();
    let files: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    let found = proposal(&files);
    assert_eq!(
        stages(&found),
        [("prod", Stage::Production), ("qa", Stage::Qa)]
    );
}

#[test]
fn a_generator_of_applications_makes_a_unit_of_each_folder() {
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: all}\nspec:\n  generators:\n  \
               - git: {directories: [{path: apps/*}, {path: apps/old, exclude: true}]}\n  template:\n    \
               spec: {source: {path: '{{ path }}'}, destination: {namespace: '{{ path.basename }}'}}\n";
    let found = proposal(&[
        ("sets/all.yaml", set),
        ("apps/web/x.yaml", OBJECT),
        ("apps/dev/x.yaml", OBJECT),
    ]);
    // A single `dev` is the name of a folder, not of an environment.
    assert_eq!(stages(&found), [("prod", Stage::Production)]);
    assert_eq!(
        paths(&found, "prod"),
        [
            "dev Application apps/dev",
            "web Application apps/web",
            "sets Paths sets"
        ]
    );
}

#[test]
fn flux_names_clusters_and_the_folders_that_they_run() {
    let kustomization = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: apps}\n\
                         spec: {path: ./apps/home}\n";
    let found = proposal(&[
        ("clusters/home/apps.yaml", kustomization),
        ("apps/home/x.yaml", OBJECT),
    ]);
    assert_eq!(stages(&found), [("home", Stage::Production)]);
    assert_eq!(paths(&found, "home"), ["apps/home/**", "clusters/home/**"]);
}

#[test]
fn helm_values_name_environments_that_share_a_chart() {
    let found = proposal(&[
        ("shop/Chart.yaml", ""),
        ("shop/templates/x.yaml", "kind: {{ .Values.kind }}"),
        ("shop/values.yaml", "a: 1"),
        ("shop/values-prod.yaml", "a: 2"),
        ("shop/values-uat.yaml", "a: 3"),
    ]);
    let shared = ["shop/Chart.yaml", "shop/templates/**"];
    let with = |own: &str| {
        let mut all = shared.map(str::to_owned).to_vec();
        all.extend([own.to_owned(), "shop/values.yaml".to_owned()]);
        all
    };
    assert_eq!(paths(&found, "prod"), with("shop/values-prod.yaml"));
    assert_eq!(paths(&found, "uat"), with("shop/values-uat.yaml"));
}

#[test]
fn rendered_folders_are_environments_and_the_rest_goes_to_production() {
    let found = proposal(&[
        ("environments/prod-eu/x.yaml", OBJECT),
        ("environments/dev/x.yaml", OBJECT),
        ("shared/x.yaml", OBJECT),
        ("top.yaml", OBJECT),
        (".tool/x.yaml", OBJECT),
    ]);
    assert_eq!(
        paths(&found, "prod-eu"),
        ["environments/prod-eu/**", "shared/**", "top.yaml"]
    );
    assert_eq!(paths(&found, "dev"), ["environments/dev/**"]);
    assert_eq!(found.unmanaged, [".tool/**"]);
}

#[test]
fn without_any_sign_of_an_environment_there_is_one() {
    let found = proposal(&[("web/x.yaml", OBJECT), ("web/dev/y.yaml", OBJECT)]);
    assert_eq!(stages(&found), [("prod", Stage::Production)]);
    assert_eq!(paths(&found, "prod"), ["web/**"]);
}

#[test]
fn names_that_yaml_or_we_would_take_for_something_else_still_make_a_valid_file() {
    let found = proposal(&[
        ("envs/no/x.yaml", OBJECT),
        ("envs/gate/x.yaml", OBJECT),
        ("envs/007/x.yaml", OBJECT),
        ("envs/Q.A*/x.yaml", OBJECT),
        ("envs/it's \"odd\" # here/x.yaml", OBJECT),
        ("envs/[x]/{y}.yaml", OBJECT),
        ("envs/\u{202e}left\u{2066}/x.yaml", OBJECT),
        (&format!("envs/{}/x.yaml", "long".repeat(40)), OBJECT),
    ]);
    // Two names have characters that no glob can spell.
    assert_eq!(found.environments.len(), 6);
    let text = found.to_yaml("main", Profile::Recommended);
    assert!(text.contains("\"envs/\\u202eleft\\u2066/**\"") && !text.contains('\u{202e}'));
}

#[test]
fn a_tree_without_manifests_proposes_nothing() {
    let paths: [RepoPath; 2] = ["README.md".into(), "settings.yaml".into()];
    assert_eq!(propose(&paths, &mut |_| Some(b"a: 1".to_vec())), None);
}
