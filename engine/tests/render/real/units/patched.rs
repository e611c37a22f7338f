//! Applications and releases that a kustomization patches or calls otherwise are what kustomize makes of them: the folder that
//! counts is the one that comes out, and the parent that holds them is judged with no stranger in it.

use serde_json::json;

use super::*;

const REPOSITORY: &str = "https://git.example/acme/shop.git";

/// What the map is made of, with a parent of the folder `apps` and two folders that its child may deploy.
fn repository(files: &[(&str, &str)]) -> Repo {
    let repo = Repo::new();
    let config = "environments:\n- {name: argo, applications: {paths: ['argo/**']}}\n- {name: flux, kustomizations: {paths: ['clusters/**']}}\n";
    repo.write(
        "tidegate.yaml",
        format!("repositories: ['{REPOSITORY}']\n{config}"),
    );
    let application = |name: &str, path: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd, labels: {{team: web}}}}\nspec:\n  project: shop\n  source: {{repoURL: '{REPOSITORY}', targetRevision: main, path: {path}}}\n  destination: {{server: 'https://kubernetes.default.svc', namespace: shop}}\n"
        )
    };
    repo.write("argo/parent.yaml", application("parent", "apps"));
    repo.write("apps/child.yaml", application("child", "own"));
    repo.write("apps/other.yaml", application("other", "others"));
    repo.write(
        "clusters/parent.yaml",
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: parent, namespace: flux-system}\nspec: {path: releases/production, prune: true, interval: 1m, sourceRef: {kind: GitRepository, name: flux-system}}\n",
    );
    let release = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web}\nspec:\n  interval: 1m\n  chart: {spec: {chart: charts/own, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}}}\n";
    repo.write("releases/base/release.yaml", release);
    repo.write(
        "releases/base/kustomization.yaml",
        "namespace: shop\nresources: [release.yaml]\n",
    );
    repo.write(
        "releases/production/kustomization.yaml",
        "resources: [../base]\n",
    );
    for folder in ["own", "moved", "others"] {
        repo.write(format!("{folder}/map.yaml"), map(folder, "1"));
        repo.write(
            format!("charts/{folder}/Chart.yaml"),
            format!("apiVersion: v2\nname: {folder}\nversion: 1.0.0\n"),
        );
        repo.write(
            format!("charts/{folder}/templates/map.yaml"),
            map(folder, "1"),
        );
    }
    for (path, text) in files {
        repo.write(path, text);
    }
    repo.commit("all");
    repo
}

fn map(name: &str, value: &str) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: shop}}\ndata: {{a: '{value}'}}\n"
    )
}

/// The units that a change of these files touches; nothing may keep any of them from being judged.
fn touched(repo: &Repo, changes: &[(&str, &str)]) -> Vec<String> {
    let base = repo.id("HEAD");
    for (path, text) in changes {
        repo.write(path, text);
    }
    repo.commit("a change");
    let report = check_in(repo, base, &workshop(true));
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    let units = report.units.iter();
    units
        .map(|unit| format!("{}/{}", unit.environment, unit.unit))
        .filter(|unit| !unit.ends_with("/gate"))
        .collect()
}

const MERGED: &str = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {name: child, namespace: argocd}\nspec: {source: {path: moved}}\n";
const STEP: &str = "- {op: replace, path: /spec/source/path, value: moved}\n";

#[test]
#[ignore = "needs kustomize"]
fn an_application_deploys_the_folder_that_a_patch_of_its_kustomization_names() {
    let resources = json!(["child.yaml", "other.yaml"]);
    let any = MERGED.replace("name: child", "name: any");
    for (patch, is_moved) in [
        (json!({"patch": MERGED}), true),
        (json!({"path": "merged.yaml"}), true),
        (
            json!({"patch": STEP, "target": {"kind": "Application", "name": "child"}}),
            true,
        ),
        (
            json!({"path": "step.yaml", "target": {"kind": "Application", "name": "ch.*"}}),
            true,
        ),
        (
            json!({"path": "step.yaml", "target": {"group": "argoproj.io", "name": "child"}}),
            true,
        ),
        (
            json!({"patch": any, "target": {"name": "child", "labelSelector": "team=web"}}),
            true,
        ),
        // These are for another one.
        (
            json!({"patch": STEP, "target": {"kind": "Application", "name": "other"}}),
            false,
        ),
        (
            json!({"path": "step.yaml", "target": {"kind": "Application", "labelSelector": "team=api"}}),
            false,
        ),
        (json!({"patch": MERGED.replace("child", "other")}), false),
    ] {
        let kustomization = json!({"resources": resources, "patches": [&patch]}).to_string();
        let repo = repository(&[
            ("apps/kustomization.yaml", &kustomization),
            ("apps/merged.yaml", MERGED),
            ("apps/step.yaml", STEP),
        ]);
        let deploys = |folder: &str| {
            let changed = (format!("{folder}/map.yaml"), map(folder, "2"));
            let units = touched(&repo, &[(&changed.0, &changed.1)]);
            units.contains(&"argo/child".to_owned())
        };
        assert_eq!(deploys("moved"), is_moved, "{patch}");
        assert_eq!(deploys("own"), !is_moved, "{patch}");
        // And the parent makes no other one than that.
        let parent = repo.path().join("apps/other.yaml");
        let other = std::fs::read_to_string(parent).unwrap();
        let other = other.replace("spec:\n", "spec:\n  revisionHistoryLimit: 3\n");
        let units = touched(&repo, &[("apps/other.yaml", &other)]);
        assert!(units.contains(&"argo/parent".to_owned()), "{units:?}");
    }
}

#[test]
#[ignore = "needs kustomize"]
fn a_patch_that_moves_an_application_is_judged_with_what_it_moves_it_to() {
    let listed = "resources: [child.yaml, other.yaml]\n";
    let repo = repository(&[("apps/kustomization.yaml", listed)]);
    let patched = format!("{listed}patches: [{{path: merged.yaml}}]\n");
    let units = touched(
        &repo,
        &[
            ("apps/kustomization.yaml", &patched),
            ("apps/merged.yaml", MERGED),
        ],
    );
    assert_eq!(units, ["argo/child", "argo/parent"]);
    let back = MERGED.replace("moved", "own");
    let units = touched(&repo, &[("apps/merged.yaml", &back)]);
    assert_eq!(units, ["argo/child", "argo/parent"]);
}

#[test]
#[ignore = "needs kustomize"]
fn an_application_is_the_unit_that_its_kustomization_calls_it() {
    let named = "{resources: [child.yaml], namePrefix: a-, nameSuffix: -eu, namespace: argocd}";
    let repo = repository(&[("apps/kustomization.yaml", named)]);
    let units = touched(&repo, &[("own/map.yaml", &map("own", "2"))]);
    assert_eq!(units, ["argo/a-child-eu"]);
    // The parent makes that one, and no stranger.
    let more = named.replace("child.yaml", "child.yaml, map.yaml");
    let units = touched(
        &repo,
        &[
            ("apps/kustomization.yaml", &more),
            ("apps/map.yaml", &map("b", "1")),
        ],
    );
    assert_eq!(units, ["argo/parent"]);
}

#[test]
#[ignore = "needs kustomize and helm"]
fn a_release_is_of_the_chart_that_a_patch_of_its_overlay_names() {
    let merged = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\nspec: {chart: {spec: {chart: charts/moved}}}\n";
    let step = "- {op: replace, path: /spec/chart/spec/chart, value: charts/moved}\n";
    for (patch, is_moved) in [
        (json!({"path": "p.yaml"}), true),
        (json!({"patch": merged}), true),
        (
            json!({"patch": step, "target": {"kind": "HelmRelease"}}),
            true,
        ),
        (
            json!({"patch": step, "target": {"kind": "HelmRelease", "name": "api"}}),
            false,
        ),
        (
            json!({"patch": merged.replace("name: web", "name: api"), "target": {"name": "a.*"}}),
            false,
        ),
    ] {
        let overlay = json!({"resources": ["../base"], "patches": [&patch]}).to_string();
        let repo = repository(&[
            ("releases/production/kustomization.yaml", &overlay),
            ("releases/production/p.yaml", merged),
        ]);
        let deploys = |chart: &str| {
            let folder = format!("charts/{chart}");
            let files = [
                (format!("{folder}/templates/map.yaml"), map(chart, "2")),
                (
                    format!("{folder}/Chart.yaml"),
                    format!("apiVersion: v2\nname: {chart}\nversion: 1.0.1\n"),
                ),
            ];
            let files = [0, 1].map(|at: usize| (&*files[at].0, &*files[at].1));
            let units = touched(&repo, &files);
            units.contains(&"flux/helmrelease--shop--web".to_owned())
        };
        assert_eq!(deploys("moved"), is_moved, "{patch}");
        assert_eq!(deploys("own"), !is_moved, "{patch}");
    }
}

#[test]
#[ignore = "needs kustomize and helm"]
fn an_image_among_the_values_is_judged_in_the_chart_that_is_rendered_and_else_where_it_stands() {
    let release = |source: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: web}}\nspec:\n  interval: 1m\n  chart: {{spec: {{chart: {source}}}}}\n  values: {{image: {{repository: r.example/web, tag: v1}}}}\n"
        )
    };
    for (source, unit) in [
        (
            "charts/own, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}",
            "helmrelease--shop--web",
        ),
        (
            "web, version: 1.0.0, sourceRef: {kind: HelmRepository, name: r}",
            "parent",
        ),
    ] {
        let repo = repository(&[
            (
                "charts/own/templates/pod.yaml",
                "apiVersion: v1\nkind: Pod\nmetadata: {name: web, namespace: shop}\nspec: {containers: [{name: web, image: '{{ .Values.image.repository }}:{{ .Values.image.tag }}'}]}\n",
            ),
            (
                "charts/own/values.yaml",
                "image: {repository: r.example/web, tag: v0}\n",
            ),
            (
                "releases/base/release.yaml",
                &release(source).replace("v1", "v0"),
            ),
        ]);
        repo.write("clusters/r.yaml", "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: r, namespace: shop}\nspec: {url: 'https://charts.example'}\n");
        let base = repo.commit("a repository of charts");
        repo.write("releases/base/release.yaml", release(source));
        repo.commit("another version");
        let report = check_in(&repo, base, &workshop(true));
        assert!(report.errors.is_empty(), "{:?}", report.errors);
        let findings = report.units.iter().flat_map(|unit| {
            let of_images = unit.findings.iter();
            let of_images = of_images.filter(|it| it.code.starts_with("image."));
            of_images.map(|it| format!("{} {}", unit.unit, it.code))
        });
        let findings: Vec<String> = findings.collect();
        assert!(!findings.is_empty(), "{source}");
        assert!(
            findings.iter().all(|it| it.starts_with(unit)),
            "{source}: {findings:?}"
        );
        assert!(
            findings.contains(&format!("{unit} image.not-pinned")),
            "{source}: {findings:?}"
        );
    }
}

#[test]
#[ignore = "needs kustomize"]
fn variables_in_values_of_a_chart_of_elsewhere_are_judged_with_their_parent() {
    let release = |tag: &str| {
        format!(
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: web}}\nspec:\n  interval: 1m\n  chart: {{spec: {{chart: web, version: 1.0.0, sourceRef: {{kind: HelmRepository, name: charts}}}}}}\n  values: {{replicas: 2, image: {{repository: r.example/web, tag: '{tag}'}}}}\n"
        )
    };
    let parent = |tag: &str| {
        format!(
            "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {{name: parent, namespace: flux-system}}\nspec: {{path: releases/production, prune: true, interval: 1m, postBuild: {{substitute: {{tag: '{tag}'}}}}, sourceRef: {{kind: GitRepository, name: flux-system}}}}\n"
        )
    };
    let pinned = format!("1@sha256:{}", "a".repeat(64));
    let release = release("${tag}");
    let repo = repository(&[
        ("releases/base/release.yaml", &release),
        ("clusters/parent.yaml", &parent(&pinned)),
        (
            "clusters/charts.yaml",
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: charts, namespace: shop}\nspec: {url: 'https://charts.example'}\n",
        ),
    ]);
    let base = repo.id("HEAD");
    repo.write("clusters/parent.yaml", parent("latest"));
    repo.commit("another tag");
    let report = check_in(&repo, base, &workshop(true));
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    let found = format!("{report:?}");
    assert!(found.contains("image.mutable-tag"), "{found}");
}
