//! What refused renderings may read.

use super::super::files::fake::FakeFiles;
use super::super::{Deployer, Helm};
use super::*;

fn kustomize(folder: &str) -> Rendering {
    Rendering {
        folder: folder.into(),
        deployer: Deployer::ArgoCd,
        tool: Tool::Kustomize(Kustomize::default()),
    }
}

fn helm(folder: &str, value_files: &[&str]) -> Rendering {
    let value_files = value_files.iter().map(|file| RepoPath::from(*file));
    Rendering {
        folder: folder.into(),
        deployer: Deployer::ArgoCd,
        tool: Tool::Helm(Helm {
            value_files: value_files.collect(),
            ..Helm::default()
        }),
    }
}

/// Whether it may read each of the paths; `None` for anything.
fn holds(files: &FakeFiles, rendering: &Rendering, paths: &[&str]) -> Option<Vec<bool>> {
    let extent = Extent::of(files, rendering)?;
    Some(
        paths
            .iter()
            .map(|path| extent.holds(&(*path).into()))
            .collect(),
    )
}

#[test]
fn whatever_a_kustomization_names_is_followed() {
    let files = FakeFiles::of(&[
        (
            "apps/web/kustomization.yaml",
            "helmCharts: [{name: x, repo: https://charts.example}]\nresources: [../../bases/web]",
        ),
        (
            "bases/web/kustomization.yml",
            "components: [../../components/a]\npatches: [{path: ../../patches/one.yaml}]",
        ),
        (
            "components/a/Kustomization",
            "configMapGenerator: [{name: x, files: ['a.txt=../../texts/b.txt']}]\nreplacements: [{path: ../../more/r.yaml}]",
        ),
        ("patches/one.yaml", "a: b"),
        ("patches/two.yaml", "a: b"),
        ("texts/b.txt", "x"),
        ("other/x.yaml", "a: b"),
    ]);
    let read = [
        "apps/web/kustomization.yaml",
        "apps/web/charts/x/values.yaml",
        "bases/web/deployment.yaml",
        "components/a/new.yaml",
        "patches/one.yaml",
        "texts/b.txt",
        // It is not there yet.
        "more/r.yaml",
        // The repository of charts may be this one.
        "docs/index.yaml",
        "docs/x-1.0.0.tgz",
    ];
    let unread = [
        "patches/two.yaml",
        "other/x.yaml",
        "apps/website/x.yaml",
        "bases/x.yaml",
        "texts/c.txt",
    ];
    let rendering = kustomize("apps/web");
    assert_eq!(
        holds(&files, &rendering, &read),
        Some(vec![true; read.len()])
    );
    assert_eq!(
        holds(&files, &rendering, &unread),
        Some(vec![false; unread.len()])
    );
}

#[test]
fn every_field_with_a_path_counts() {
    for text in [
        "resources: [../up]",
        "bases: [../up]",
        "components: [./../up]",
        "patchesStrategicMerge: [../up/x.yaml]",
        "patchesJson6902: [{path: ../up/x.yaml}]",
        "patches: [{path: ../up/x.yaml}]",
        "crds: [../up/x.yaml]",
        "configurations: [../up/x.yaml]",
        "openapi: {path: ../up/x.yaml}",
        "configMapGenerator: [{name: x, env: ../up/x.yaml}]",
        "secretGenerator: [{name: x, envs: [../up/x.yaml]}]",
        "secretGenerator: [{name: x, files: ['../up/x.yaml']}]",
        "secretGenerator: [{name: x, files: ['k=../up/x.yaml']}]",
        "helmGlobals: {chartHome: ../up}",
        "helmCharts: [{name: x, valuesFile: ../up/x.yaml}]",
        "helmCharts: [{name: x, additionalValuesFiles: [../up/x.yaml]}]",
        "helmChartInflationGenerator: [{chartName: x, values: ../up/x.yaml}]",
        "unknownField: {deep: [[../up/x.yaml]]}",
        "resources: [\"\\x2e\\x2e/up\"]",
        "x: &a ../up\nresources: [*a]",
    ] {
        let files = FakeFiles::of(&[("web/kustomization.yaml", text), ("up/x.yaml", "a: b")]);
        let read = holds(&files, &kustomize("web"), &["up/x.yaml"]);
        assert!(read.is_none_or(|read| read == [true]), "{text}");
    }
}

#[test]
fn what_cannot_be_followed_may_be_anything() {
    for text in [
        "resources: [",
        "just a text",
        "resources: [../../outside]",
        "generators: [ksops.yaml]",
        "Transformers: [x.yaml]",
        "validators: ['a: b']",
        "helmCharts: [{name: ../x}]",
        "helmCharts: [{name: x, version: ../../1}]",
        "helmChartInflationGenerator: [{chartName: x, helmBin: ./helm}]",
        "resources: ['file:///srv/repo']",
    ] {
        let files = FakeFiles::of(&[("web/kustomization.yaml", text)]);
        assert_eq!(holds(&files, &kustomize("web"), &["x"]), None, "{text}");
    }
    let files = FakeFiles::of(&[("web/.argocd-source-web.yaml", "helm: {}")]);
    assert_eq!(holds(&files, &kustomize("web"), &["x"]), None);
    let files = FakeFiles::of(&[("web/x.yaml", "a: b")]).submodule("web/sub");
    assert_eq!(holds(&files, &kustomize("web"), &["x"]), None);
    // Empty lists of plugins run none.
    let files = FakeFiles::of(&[("web/kustomization.yaml", "generators: []")]);
    assert_eq!(holds(&files, &kustomize("web"), &["x"]), Some(vec![false]));
}

#[test]
fn links_are_followed() {
    let files = FakeFiles::of(&[
        ("web/kustomization.yaml", "resources: [linked, one.yaml]"),
        ("shared/x/kustomization.yaml", "resources: [a.yaml]"),
        ("files/one.yaml", "a: b"),
        ("files/two.yaml", "a: b"),
    ])
    .link("web/linked", "../shared/x")
    .link("web/one.yaml", "../files/one.yaml");
    let paths = [
        "shared/x/a.yaml",
        "files/one.yaml",
        "web/linked",
        "files/two.yaml",
    ];
    let read = holds(&files, &kustomize("web"), &paths);
    assert_eq!(read, Some(vec![true, true, true, false]));
    // By the link or by what it leads to, `..` is another folder.
    let leading_out = FakeFiles::of(&[
        ("web/x.yaml", "a: b"),
        ("shared/x/kustomization.yaml", "resources: [../y]"),
    ]);
    let leading_out = leading_out.link("web/linked", "../shared/x");
    assert_eq!(holds(&leading_out, &kustomize("web"), &["z"]), None);
    let outside = files.link("web/out", "../../etc");
    assert_eq!(holds(&outside, &kustomize("web"), &["z"]), None);
}

#[test]
fn a_chart_reads_its_folder_its_values_and_its_neighbours() {
    let files = FakeFiles::of(&[
        (
            "web/Chart.yaml",
            "name: web\nsources: [https://git.example/acme/shop]\ndependencies:\n- {name: lib, repository: 'file://../lib'}\n- {name: db, repository: 'https://charts.example'}",
        ),
        ("web/templates/x.yaml", "{{ broken"),
        (
            "lib/Chart.yaml",
            "name: lib\ndependencies: [{name: deep, repository: 'file://../deep'}]",
        ),
        ("values/web.yaml", "a: b"),
    ]);
    let paths = [
        "web/templates/x.yaml",
        "lib/templates/_x.tpl",
        "deep/values.yaml",
        "values/web.yaml",
        "charts/db-1.tgz",
        "values/api.yaml",
        "libs/x.yaml",
    ];
    let rendering = helm("web", &["values/web.yaml"]);
    let wanted = vec![true, true, true, true, true, false, false];
    assert_eq!(holds(&files, &rendering, &paths), Some(wanted));
    for (path, text) in [
        (
            "web/Chart.lock",
            "dependencies: [{name: a, repository: '@mine'}]",
        ),
        (
            "web/requirements.yaml",
            "dependencies: [{name: a, repository: 'git+https://git.example/a'}]",
        ),
        ("web/values.schema.json", r#"{"$ref": "../../x.json"}"#),
        ("web/Chart.yaml", "name: {{ x }}"),
    ] {
        let files = FakeFiles::of(&[(path, text)]);
        assert_eq!(holds(&files, &helm("web", &[]), &["x"]), None, "{path}");
    }
    assert_eq!(
        holds(&files, &helm("web", &["values/*.yaml"]), &["x"]),
        None
    );
}

#[test]
fn other_repositories_are_told() {
    let files = FakeFiles::of(&[(
        "web/kustomization.yaml",
        "resources: ['https://github.com/acme/shop//base?ref=main', 'git@git.example:acme/x.git']\nimages: [{name: 'r.example/acme/shop:1'}]",
    )]);
    let extent = Extent::of(&files, &kustomize("web")).unwrap();
    let addresses: Vec<&str> = extent.addresses().collect();
    assert_eq!(
        addresses,
        [
            "git@git.example:acme/x.git",
            "https://github.com/acme/shop//base?ref=main"
        ]
    );
}

#[test]
fn what_the_deployer_adds_is_followed() {
    let files = FakeFiles::of(&[("web/kustomization.yaml", "resources: []")]);
    let rendering = Rendering {
        tool: Tool::Kustomize(Kustomize {
            components: vec!["../component".to_owned()],
            patches: vec![serde_json::json!({"path": "../patch.yaml"})],
            ..Kustomize::default()
        }),
        ..kustomize("web")
    };
    let read = holds(
        &files,
        &rendering,
        &["component/x.yaml", "patch.yaml", "other.yaml"],
    );
    assert_eq!(read, Some(vec![true, true, false]));
}
