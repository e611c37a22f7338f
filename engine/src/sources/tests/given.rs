//! What only changes the values that a release gives to its chart: of a chart of elsewhere, the source is known all the same.

use super::*;

const ELSEWHERE: &str =
    "chart: web, version: 1.0.0, sourceRef: {kind: HelmRepository, name: charts}";
const OF_HERE: &str = "chart: charts/web, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}";
const REPOSITORY: &str = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmRepository\nmetadata: {name: charts, namespace: shop}\nspec: {url: 'https://charts.example'}\n";
const VARIABLES: &str = "path: apps/web, postBuild: {substitute: {a: b}}, targetNamespace: shop";

/// The lines of the release in a folder whose parent has that spec and whose kustomization says `more`.
fn release_of(parent: &str, more: &str, release: &str) -> Vec<String> {
    let parent = kustomization(parent);
    let overlay = format!("{{resources: [release.yaml, charts.yaml]{more}}}");
    let files = [
        ("clusters/parent.yaml", parent.as_str()),
        ("apps/web/kustomization.yaml", &overlay),
        ("apps/web/release.yaml", release),
        ("apps/web/charts.yaml", REPOSITORY),
        (
            "apps/web/names.yaml",
            "nameReference: [{kind: ConfigMap, fieldSpecs: [{path: spec/valuesFrom/name, kind: HelmRelease}]}]",
        ),
        CHART,
    ];
    let found = told(&units(FLUX, &files).unwrap()).into_iter();
    found.filter(|it| it.starts_with("helmrelease")).collect()
}

#[test]
fn variables_in_values_leave_the_source_of_a_chart_of_elsewhere_known() {
    let images = ", images: [{name: a, newTag: b}]";
    let values = "values: {image: '${a}'}";
    let containers = "values: {containers: [{image: a}]}";
    let plain = "path: apps/web";
    let patch = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\nspec: {values: {image: '${a}'}}\n";
    let merged = format!(", patches: {}", json!([{"patch": patch}]));
    for (parent, more, given) in [
        (VARIABLES, "", values),
        (
            VARIABLES,
            "",
            "valuesFrom: [{kind: ConfigMap, name: '${a}'}]",
        ),
        (VARIABLES, images, containers),
        (plain, images, containers),
        (VARIABLES, images, "values: {containers: [{image: '${a}'}]}"),
        (VARIABLES, &merged, "suspend: false"),
        (
            plain,
            ", configurations: [names.yaml]",
            "valuesFrom: [{kind: ConfigMap, name: a}]",
        ),
    ] {
        // It is judged with what applies it, and is no unit itself.
        let found = release_of(parent, more, &release(ELSEWHERE, given));
        assert_eq!(found, [""; 0], "{more} {given}");
        // What is rendered of this repository depends on them.
        let found = release_of(parent, more, &release(OF_HERE, given));
        assert!(
            found[0].contains("may change the HelmRelease `web` before it is applied"),
            "{given}: {found:?}"
        );
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn a_patch_of_values_leaves_it_known_however_they_are_spelled() {
    let merging = |spec: &str| {
        let object = "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\nmetadata: {name: web, namespace: shop}\n";
        format!("{object}spec:\n{spec}")
    };
    let is_known = |patch: &str| {
        let patches = json!([{"patch": patch, "target": {"kind": "HelmRelease"}}]);
        let more = format!(", patches: {patches}");
        let found = release_of(
            "path: apps/web",
            &more,
            &release(ELSEWHERE, "values: {a: 1}"),
        );
        let is_any_of_here = || {
            let text = release(OF_HERE, "values: {a: 1}");
            !release_of("path: apps/web", &more, &text)[0].contains("unknown")
        };
        assert!(!is_any_of_here(), "{patch}");
        found.is_empty()
    };
    for value in ["12:30", "yes", "2024-01-01", ".5", "1_000", "0x1F"] {
        for key in ["values", "valuesFrom"] {
            let patch = merging(&format!("  {key}: {{b: {value}}}\n"));
            assert!(is_known(&patch), "{key}: {value}");
            let step = format!("- {{op: add, path: /spec/{key}/b, value: {value}}}\n");
            assert!(is_known(&step), "{key}: {value}");
        }
        for other in [
            merging(&format!("  timeout: {value}\n  values: {{b: {value}}}\n")),
            merging(&format!("  values.b: {value}\n")),
            format!("- {{op: add, path: /spec/valuesFrom2, value: {value}}}\n"),
            format!("- {{op: add, path: /spec/timeout, value: {value}}}\n"),
        ] {
            assert!(!is_known(&other), "{other}");
        }
    }
    for (step, known) in [
        (
            "{op: copy, from: /spec/values/a, path: /spec/values/b}",
            true,
        ),
        (
            "{op: move, from: /spec/valuesFrom/0, path: /spec/values/b}",
            true,
        ),
        ("{op: test, path: /spec/values/a, value: 1}", true),
        (
            "{op: copy, from: /spec/values/a, path: /spec/timeout}",
            false,
        ),
        (
            "{op: move, from: /spec/timeout, path: /spec/values/b}",
            false,
        ),
    ] {
        assert_eq!(is_known(&format!("- {step}\n")), known, "{step}");
    }
    let directive = merging("  values: {b: [{$patch: delete}]}\n");
    assert!(is_known(&directive));
    // A block at the end may end otherwise: of values that is nobody's concern here.
    assert!(is_known(&merging("  values:\n    a: |\n      b\n")));
    let both = merging("  timeout: |\n    1m\n  values:\n    a: |\n      b\n");
    assert!(!is_known(&both));
    assert!(!is_known(&merging("  $patch: replace\n  values: {a: 2}\n")));
}

#[test]
fn what_changes_more_than_values_leaves_it_unknown() {
    let moving = json!([{
        "patch": "- {op: move, from: /spec/values/chart, path: /spec/chart}",
        "target": {"kind": "HelmRelease"},
    }]);
    let patches = format!(", patches: {moving}");
    let merging = json!([{"patch": release("version: '${a}'", "timeout: 1m")}]);
    let merged = format!(", patches: {merging}");
    let values = "values: {image: '${a}'}";
    let version = ELSEWHERE.replace("1.0.0", "'${a}'");
    let labelled =
        release(ELSEWHERE, values).replace("name: web,", "name: web, labels: {a: '${a}'},");
    for (more, text) in [
        ("", &release(ELSEWHERE, "releaseName: '${a}'")),
        ("", &release(&version, values)),
        ("", &labelled),
        (&*patches, &release(ELSEWHERE, "values: {chart: '${a}'}")),
        (&*merged, &release(ELSEWHERE, values)),
        (", replacements: []", &release(ELSEWHERE, values)),
    ] {
        let found = release_of(VARIABLES, more, text);
        assert!(found[0].contains("unknown"), "{more} {text}: {found:?}");
    }
}

#[test]
fn one_that_comes_out_otherwise_but_for_its_values_is_a_stranger() {
    let parent = kustomization(VARIABLES);
    let text = release(ELSEWHERE, "values: {image: '${a}'}");
    let files = [
        ("clusters/parent.yaml", parent.as_str()),
        ("apps/web/release.yaml", &text),
        ("apps/web/charts.yaml", REPOSITORY),
    ];
    let told = |made: &str| strangers::told_of_made(FLUX, &files, made);
    assert_eq!(told(&text.replace("${a}", "b")), None);
    let other = told(&text.replace("1.0.0", "2.0.0"));
    assert!(other.is_some_and(|it| it.contains("another one at apps/web/release.yaml:1:1")),);
}
