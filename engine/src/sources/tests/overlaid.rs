//! What the patches of kustomizations make of the objects that their units take.

use std::collections::BTreeMap;

use super::*;

const SOURCE: &str = "chart: charts/web, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}";

/// One parent for each overlay, the base with a release, and two charts.
fn with(overlays: &[&str], files: &[(&str, &str)]) -> Vec<ResolvedUnit> {
    let parents: Vec<String> = overlays
        .iter()
        .map(|overlay| {
            let parent = kustomization(&format!("path: apps/{overlay}"));
            parent.replace("name: apps,", &format!("name: {overlay},"))
        })
        .collect();
    let parents = parents.join("---\n");
    let release = release(SOURCE, "suspend: false");
    let own = [
        ("clusters/all.yaml", parents.as_str()),
        (
            "apps/base/kustomization.yaml",
            "{namespace: shop, resources: [release.yaml]}",
        ),
        ("apps/base/release.yaml", &release),
        ("charts/api/Chart.yaml", "name: api"),
        CHART,
    ];
    units(FLUX, &[&own[..], files].concat()).unwrap()
}

/// A patch for the chart of the release.
fn to(chart: &str) -> String {
    release(&format!("chart: charts/{chart}"), "timeout: 1m")
}

fn release_of(units: &[ResolvedUnit]) -> Vec<String> {
    let found = told(units).into_iter();
    found.filter(|it| it.starts_with("helmrelease")).collect()
}

const PRODUCTION: &str = "apps/production/kustomization.yaml";

#[test]
fn a_release_is_what_the_patch_of_its_overlay_makes_of_it() {
    let to_api = to("api");
    let inline = |patch: &str, target: &str| {
        json!({"resources": ["../base"], "patches": [{"patch": patch, "target": {"kind": target}}]})
            .to_string()
    };
    let by_step = "- {op: replace, path: /spec/chart/spec/chart, value: charts/api}";
    for overlay in [
        "{resources: [../base], patchesStrategicMerge: [p.yaml]}".to_owned(),
        "{resources: [../base], patches: [{path: p.yaml}]}".to_owned(),
        "{resources: [../base], patches: [{path: p.yaml, target: {kind: HelmRelease, name: w.*}}]}"
            .to_owned(),
        inline(&to_api, "HelmRelease"),
        inline(by_step, "HelmRelease"),
        // These come first.
        "{resources: [../base], patches: [{path: p.yaml}], patchesStrategicMerge: [web.yaml]}"
            .to_owned(),
    ] {
        let files = [
            (PRODUCTION, overlay.as_str()),
            ("apps/production/p.yaml", &to_api),
            ("apps/production/web.yaml", &to("web")),
        ];
        let units = with(&["production"], &files);
        let found = release_of(&units);
        assert_eq!(found.len(), 1, "{overlay}: {found:?}");
        assert!(
            found[0].starts_with("helmrelease--shop--web: charts/api {"),
            "{overlay}: {found:?}"
        );
        let unit = units.iter().find(|it| it.name == "helmrelease--shop--web");
        let declared: Vec<String> = unit
            .and_then(|unit| unit.deployment.as_ref())
            .map(|it| it.declared_in.iter().map(ToString::to_string).collect())
            .unwrap_or_default();
        assert!(declared.contains(&PRODUCTION.to_owned()), "{declared:?}");
        let by_file = overlay.contains("p.yaml");
        let patch = "apps/production/p.yaml".to_owned();
        assert_eq!(declared.contains(&patch), by_file, "{declared:?}");
    }
}

#[test]
fn each_overlay_of_a_base_is_read_for_the_units_that_take_it() {
    let patching = "{resources: [../base], patchesStrategicMerge: [p.yaml]}";
    let (api, web) = (to("api"), to("web"));
    let files = [
        (PRODUCTION, patching),
        ("apps/production/p.yaml", &*api),
        ("apps/staging/kustomization.yaml", patching),
        ("apps/staging/p.yaml", &*web),
    ];
    let of = |overlays: &[&str]| release_of(&with(overlays, &files));
    assert!(of(&["production"])[0].contains("charts/api {"));
    assert!(of(&["staging"])[0].contains("charts/web {"));
    // In one cluster both make another one of it each time.
    assert!(of(&["production", "staging"])[0].contains("unknown"));
    let deleting = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\n$patch: delete\n";
    let files = [(PRODUCTION, patching), ("apps/production/p.yaml", deleting)];
    assert_eq!(release_of(&with(&["production"], &files)), [""; 0]);
}

#[test]
fn a_release_stays_unknown_where_a_patch_of_an_overlay_is_not_understood() {
    let component = "{kind: Component, patches: [{path: ../production/p.yaml}]}";
    let to_api = to("api");
    let two = format!("{to_api}---\n{}", to_api.replace("name: web", "name: x"));
    for (overlay, patch) in [
        (
            "{resources: [../base], patchesJson6902: [{path: p.yaml, target: {version: v2, kind: HelmRelease, name: web}}]}",
            "- {op: add, path: /spec/timeout, value: 1m}",
        ),
        ("{resources: [../base], components: [../c]}", &to_api),
        ("{resources: [../base], patches: [{path: p.yaml}]}", &two),
        (
            "{resources: [../base], patches: [{path: p.yaml}], replacements: []}",
            &to_api,
        ),
        (
            "{resources: [../base], patches: [{path: p.yaml, target: {kind: HelmRelease}}]}",
            "- {op: move, from: /spec/chart, path: /spec/other}",
        ),
        (
            "{resources: [../base], patches: [{path: p.yaml, options: {allowNameChange: true}}]}",
            &to_api,
        ),
        (
            "{resources: [../base, ../schema], patches: [{path: p.yaml}]}",
            &to_api,
        ),
    ] {
        let files = [
            (PRODUCTION, overlay),
            ("apps/production/p.yaml", patch),
            ("apps/c/kustomization.yaml", component),
            (
                "apps/schema/kustomization.yaml",
                "{openapi: {path: s.json}}",
            ),
            ("apps/schema/s.json", "{}"),
        ];
        let found = release_of(&with(&["production"], &files));
        assert_eq!(found.len(), 1, "{overlay}: {found:?}");
        assert!(found[0].contains("unknown"), "{overlay}: {found:?}");
    }
}

#[test]
fn a_patch_is_followed_or_says_which_line_is_unclear() {
    let path = "{resources: [../base], patches: [{path: p.yaml}]}".to_owned();
    let inline = |patch: &str| {
        json!({"resources": ["../base"], "patches": [{"patch": patch, "target": {"kind": "HelmRelease"}}]}).to_string()
    };
    let with_value = |value: &str| {
        format!(
            "# said\napiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {{name: web, namespace: shop}}\nspec:\n  chart:\n    spec:\n      chart: charts/api\n  values:\n    a: {value}"
        )
    };
    for value in ["6.5.4\n", "10.0.0.1\n", "|\n      x\n", "|\n      x\n\n"] {
        let patch = with_value(value);
        let files = [(PRODUCTION, &*path), ("apps/production/p.yaml", &*patch)];
        let found = release_of(&with(&["production"], &files));
        assert!(found[0].contains(": charts/api {"), "{value}: {found:?}");
    }
    let block = with_value("|\n      x\n");
    for (overlay, value, why) in [
        (
            &path,
            "1_000\n",
            "line 10 of `apps/production/p.yaml` has a value that is a text to one reader",
        ),
        (
            &path,
            "|\n      x",
            "line 11 of `apps/production/p.yaml` ends in a block of lines",
        ),
        (
            &path,
            "|+\n      x\n\n",
            "line 11 of `apps/production/p.yaml` ends in a block of lines",
        ),
        (
            &inline(&block),
            "x\n",
            "line 11 of the patch ends in a block of lines",
        ),
        (
            &"{resources: [../base], replacements: []}".to_owned(),
            "x\n",
            "before it is applied: `replacements` may change any object",
        ),
    ] {
        let patch = with_value(value);
        let files = [
            (PRODUCTION, &**overlay),
            ("apps/production/p.yaml", &*patch),
        ];
        let found = release_of(&with(&["production"], &files));
        assert!(
            found[0].contains("unknown") && found[0].contains(why),
            "{value}: {found:?}"
        );
    }
}

/// A way of a release through namespaces. `render::real` holds it against the program.
#[derive(serde::Deserialize)]
struct Way {
    name: String,
    files: BTreeMap<String, String>,
    /// The chart by the namespace of the release; nothing where kustomize refuses.
    built: Option<BTreeMap<String, String>>,
    /// What is told of it, where that is less.
    told: Option<BTreeMap<String, String>>,
}

#[test]
fn a_patch_finds_a_release_by_each_namespace_that_it_was_in() {
    let ways: Vec<Way> = serde_json::from_str(WAYS).unwrap();
    for way in ways {
        let files = way.files.iter();
        let files: Vec<(String, &str)> = files
            .map(|(path, text)| (format!("apps/{path}"), text.as_str()))
            .collect();
        let parent = kustomization("path: apps/top");
        let own = [
            ("clusters/all.yaml", parent.as_str()),
            ("charts/api/Chart.yaml", "name: api"),
            CHART,
        ];
        let files = files.iter().map(|(path, text)| (path.as_str(), *text));
        let files: Vec<_> = own.into_iter().chain(files).collect();
        let found = release_of(&units(FLUX, &files).unwrap());
        let wanted = way.told.or(way.built).unwrap();
        assert_eq!(found.len(), wanted.len(), "{}: {found:?}", way.name);
        for (namespace, chart) in wanted {
            let start = format!("helmrelease--{namespace}--web: {chart} ");
            let is_told = found.iter().any(|it| it.starts_with(&start));
            assert!(is_told, "{}: {found:?}", way.name);
        }
    }
}

const WAYS: &str = include_str!("../../../tests/render/real/kustomize/namespaces.json");

#[test]
fn a_patch_that_is_listed_as_a_resource_too_is_a_declaration() {
    let patch = to("api").replace("name: web", "name: other");
    let target = "patches: [{path: p.yaml, target: {kind: HelmRelease}}]";
    let of = |resources: &str| {
        let overlay = format!("{{resources: [../base{resources}], {target}}}");
        let files = [
            (PRODUCTION, overlay.as_str()),
            ("apps/production/p.yaml", &patch),
        ];
        let found = release_of(&with(&["production"], &files));
        found
            .iter()
            .any(|it| it.starts_with("helmrelease--shop--other"))
    };
    assert!(!of(""));
    assert!(of(", p.yaml"));
    // Flux lists what lies in no folder with a kustomization.
    let parent = kustomization("path: apps");
    let files = [
        ("clusters/all.yaml", parent.as_str()),
        ("apps/patches/p.yaml", &patch),
        (
            "apps/web/kustomization.yaml",
            "{resources: [r.yaml], patches: [{path: ../patches/p.yaml, target: {kind: Service}}]}",
        ),
        ("apps/web/r.yaml", PLAIN.1),
        CHART,
    ];
    let found = release_of(&units(FLUX, &files).unwrap());
    assert!(
        found[0].starts_with("helmrelease--shop--other"),
        "{found:?}"
    );
}

#[test]
fn flux_system_is_what_its_own_kustomization_makes_of_it() {
    let sync =
        kustomization("path: clusters, interval: 10m").replace("name: apps", "name: flux-system");
    let of = |patch: &str| {
        let kustomization = json!({"resources": ["sync.yaml"], "patches": [{"patch": patch, "target": {"kind": "Kustomization"}}]});
        let kustomization = kustomization.to_string();
        let files = [
            ("clusters/flux-system/sync.yaml", sync.as_str()),
            ("clusters/flux-system/kustomization.yaml", &kustomization),
        ];
        told(&units(FLUX, &files).unwrap())[0].clone()
    };
    let found = of("- {op: add, path: /spec/postBuild, value: {substitute: {A: b}}}");
    assert!(
        found.starts_with("flux-system: clusters ") && found.contains(r#""substitute":{"A":"b"}"#),
        "{found}"
    );
    let found = of("- {op: replace, path: /spec/path, value: elsewhere}");
    assert!(found.contains("unknown"), "{found}");
}
