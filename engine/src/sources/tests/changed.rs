//! What kustomizations and deployers may change of the objects that say what is deployed.

use super::*;

/// The units of `clusters`, told; the kustomization of `flux-system` and what else there is.
fn with(config: &str, patching: &str, files: &[(&str, &str)]) -> Vec<String> {
    let sync = kustomization("path: plain")
        + &git(
            "flux-system",
            &format!("url: '{HERE}', ref: {{branch: main}}, ignore: /docs"),
        );
    let own = [
        ("clusters/flux-system/sync.yaml", sync.as_str()),
        ("clusters/flux-system/kustomization.yaml", patching),
        PLAIN,
    ];
    let config = format!("repositories: ['{HERE}'{config}]\n{FLUX}");
    let config = Config::parse(&"tidegate.yaml".into(), config.as_bytes()).unwrap();
    let files = Memory::new(&[&own, files].concat());
    let tree = Tree::read(&files).unwrap();
    told_of(&config, &tree)
}

const LISTED: &str = "resources: [sync.yaml]\n";

#[test]
fn a_patch_for_other_objects_leaves_flux_system_as_it_is() {
    let plain = with("", LISTED, &[]);
    assert!(
        plain[0].starts_with("apps: plain {\"kustomize\""),
        "{plain:?}"
    );
    let patch = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: source-controller}}";
    let component = "kind: Component\npatches: [{target: {kind: Deployment}, patch: x}]";
    let files = [
        ("clusters/flux-system/patch.yaml", patch),
        ("clusters/c/kustomization.yaml", component),
    ];
    for other in [
        "patches: [{target: {kind: Deployment}, patch: '[{op: add}]'}]",
        "patches: [{path: patch.yaml}]",
        "patchesStrategicMerge: [patch.yaml]",
        "commonLabels: {a: b}",
        "components: [../c]",
    ] {
        let found = with("", &format!("{LISTED}{other}"), &files);
        assert_eq!(found, plain, "{other}");
    }
}

#[test]
fn a_source_that_a_patch_may_change_is_unknown_and_can_be_told() {
    let component = "kind: Component\npatches: [{target: {kind: GitRepository}, patch: x}]";
    let files = [("clusters/c/kustomization.yaml", component)];
    let file = "clusters/flux-system/kustomization.yaml";
    for (hit, by) in [
        ("patches: [{target: {kind: GitRepository}, patch: x}]", file),
        (
            "patches: [{patch: '{apiVersion: source.toolkit.fluxcd.io/v1, kind: GitRepository, metadata: {name: flux-system}}'}]",
            file,
        ),
        (
            "labels: [{pairs: {branch: x}, fields: [{path: spec/ref, kind: GitRepository}]}]",
            file,
        ),
        ("components: [../c]", "clusters/c/kustomization.yaml"),
    ] {
        let found = with("", &format!("{LISTED}{hit}"), &files);
        let says = format!("may be changed by `{by}` before it is applied");
        let says_more = format!("`{by}` may change the Kustomization");
        assert!(
            found[0].contains("unknown clusters/flux-system/sync.yaml:")
                && (found[0].contains(&says) || found[0].contains(&says_more)),
            "{hit}: {found:?}"
        );
    }
    // Its own file still says what Flux leaves out.
    let patching = format!("{LISTED}patches: [{{target: {{kind: GitRepository}}, patch: x}}]");
    let told = ", GitRepository/flux-system/flux-system";
    let found = with(told, &patching, &[]);
    assert!(
        found[0].starts_with("apps: plain {\"kustomize\"") && found[0].contains("\"/docs\""),
        "{found:?}"
    );
}

#[test]
fn what_a_kustomization_of_flux_patches_is_changed_where_it_aims_at_it() {
    let parent = |spec: &str| kustomization(&format!("path: clusters, {spec}"));
    let child = kustomization("path: plain").replace("name: apps", "name: web");
    let of = |spec: &str| {
        let files = [
            ("clusters/parent.yaml", parent(spec)),
            ("clusters/web.yaml", child.clone()),
            (
                "clusters/sync.yaml",
                git(
                    "flux-system",
                    &format!("url: '{HERE}', ref: {{branch: main}}"),
                ),
            ),
        ];
        let files: Vec<(&str, &str)> = files
            .iter()
            .map(|(path, text)| (*path, text.as_str()))
            .collect();
        told(&units(FLUX, &[&files[..], &[PLAIN]].concat()).unwrap())
    };
    for leaving in [
        "patches: [{target: {kind: HelmRelease}, patch: x}]",
        "postBuild: {substitute: {A: b}}",
        "targetNamespace: flux-system",
    ] {
        let found = of(leaving);
        assert!(
            found[1].starts_with("web: plain plain"),
            "{leaving}: {found:?}"
        );
    }
    for changing in [
        "patches: [{target: {kind: GitRepository}, patch: x}]",
        "patches: [{target: {kind: Kustomization, name: web}, patch: x}]",
        "targetNamespace: other",
        "namePrefix: x-",
        "components: [../nowhere]",
    ] {
        let found = of(changing);
        assert!(
            found[1].starts_with("web: unknown"),
            "{changing}: {found:?}"
        );
    }
}

#[test]
fn charts_of_elsewhere_are_read_where_no_patch_may_change_where_they_are() {
    let repository = "{apiVersion: source.toolkit.fluxcd.io/v1, kind: HelmRepository, metadata: {name: r, namespace: shop}, spec: {url: 'https://charts.example'}}";
    let registry = repository.replace("HelmRepository", "OCIRepository");
    let chart = "chart: redis, version: 1.2.3, sourceRef: {kind: HelmRepository, name: r}";
    let by_reference = release("", "a: 1").replace(
        "chart: {spec: {}}, a: 1",
        "chartRef: {kind: OCIRepository, name: r}",
    );
    for (release, source) in [
        (release(chart, "suspend: false"), repository),
        (by_reference, &registry),
    ] {
        for (kind, wanted) in [
            ("Deployment", "helmrelease--shop--web: external"),
            (".*Repository", "helmrelease--shop--web: unknown"),
        ] {
            let patch =
                format!("resources: [r.yaml]\npatches: [{{target: {{kind: {kind}}}, patch: x}}]");
            let files = [
                ("clusters/r/r.yaml", source),
                ("clusters/r/kustomization.yaml", &patch),
                ("clusters/web.yaml", &release),
            ];
            let found = told(&units(FLUX, &files).unwrap());
            assert!(found[0].starts_with(wanted), "{kind}: {found:?}");
        }
    }
}

#[test]
fn what_a_kustomization_changes_is_not_taken_from_its_files() {
    let application = of_source("path: plain");
    let with = |kustomization: &str| {
        argo(
            &application,
            &[PLAIN, ("argo/kustomization.yaml", kustomization)],
        )
    };
    assert!(with("namespace: argo\nresources: [web.yaml]")[0].contains("plain plain"));
    let changed = with("resources: [web.yaml]\npatches: [{path: p.yaml}]");
    assert!(
        changed[0].contains("`argo/kustomization.yaml` may change the Application `web`"),
        "{changed:?}"
    );
    assert!(with("patches: [{path: p.yaml}]")[0].contains("plain plain"));
}

#[test]
fn a_kustomization_of_applications_deploys_what_its_files_say_where_it_only_lists_them() {
    let parent = of_source("path: children").replace("web", "parent");
    let child = of_source("path: plain");
    let of = |parent: &str, kustomization: &str| {
        let files = [
            ("argo/parent.yaml", parent),
            ("children/kustomization.yaml", kustomization),
            ("children/web.yaml", &child),
            ("children/patch.yaml", &child),
            PLAIN,
        ];
        told(&units(ARGO, &files).unwrap())
    };
    let listed = of(&parent, "{namespace: argocd, resources: [web.yaml]}");
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert!(listed[1].starts_with("web: plain plain"), "{listed:?}");
    assert_eq!(of(&parent, "{resources: []}").len(), 1);
    let patched = of(
        &parent,
        "{resources: [web.yaml], patches: [{path: patch.yaml}]}",
    );
    assert_eq!(patched.len(), 2, "{patched:?}");
    assert!(patched[1].starts_with("web: plain plain"), "{patched:?}");
    for (kustomization, by) in [
        (
            "{resources: [web.yaml], patches: [{patch: x}]}",
            "children/kustomization.yaml",
        ),
        (
            "{resources: [web.yaml], replacements: []}",
            "children/kustomization.yaml",
        ),
        (
            "{resources: [web.yaml, 'https://example.com/x']}",
            "children/web.yaml",
        ),
    ] {
        let found = of(&parent, kustomization);
        assert_eq!(found.len(), 2, "{kustomization}: {found:?}");
        let says = format!("`{by}` may change the Application `web`");
        assert!(found[1].contains(&says), "{kustomization}: {found:?}");
    }
    let patched = parent.replace(
        "path: children",
        "path: children, kustomize: {namePrefix: a-}",
    );
    let found = of(&patched, "{resources: [web.yaml]}");
    assert!(
        found[1].contains("`parent` may change the Application `web`"),
        "{found:?}"
    );
}

#[test]
fn a_kustomization_that_names_a_folder_through_a_link_changes_what_lies_in_it() {
    let parent = of_source("path: over").replace("web", "parent");
    let child = of_source("path: plain");
    let linked = [
        ("argo/parent.yaml", parent.as_str()),
        (
            "over/kustomization.yaml",
            "{resources: [../l], replacements: []}",
        ),
        ("l", "->children"),
        ("children/kustomization.yaml", "resources: [web.yaml]"),
        ("children/web.yaml", &child),
        PLAIN,
    ];
    let found = told(&units(ARGO, &linked).unwrap());
    assert!(
        found[1].contains("`over/kustomization.yaml` may change the Application `web`"),
        "{found:?}"
    );
}

#[test]
fn a_resource_of_any_name_deploys_something() {
    let parent = of_source("path: over").replace("web", "parent");
    let child = of_source("path: plain");
    let files = [
        ("argo/parent.yaml", parent.as_str()),
        ("over/kustomization.yaml", "resources: [app.txt]"),
        ("over/app.txt", &child),
        PLAIN,
    ];
    let found = told(&units(ARGO, &files).unwrap());
    assert!(found[1].starts_with("web: plain plain"), "{found:?}");
}

#[test]
fn what_another_overlay_of_the_same_base_changes_is_told_of_that_one_alone() {
    let parent = kustomization("path: apps/staging").replace("name: apps,", "name: all,");
    let base = release(
        "chart: charts/web, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}",
        "suspend: false",
    );
    let patching = "{resources: [../base], patches: [{patch: x, target: {kind: HelmRelease}}]}";
    let with = |staging: &str| {
        let files = [
            ("clusters/all.yaml", parent.as_str()),
            ("apps/base/kustomization.yaml", "resources: [release.yaml]"),
            ("apps/base/release.yaml", &base),
            ("apps/production/kustomization.yaml", patching),
            ("apps/staging/kustomization.yaml", staging),
            CHART,
        ];
        told(&units(FLUX, &files).unwrap())[1].clone()
    };
    let plain = with("resources: [../base]");
    assert!(
        plain.starts_with("helmrelease--shop--web: charts/web {"),
        "{plain}"
    );
    let patched = with(patching);
    assert!(
        patched.contains("`apps/staging/kustomization.yaml` may change the HelmRelease `web`"),
        "{patched}"
    );
}
