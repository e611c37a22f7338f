//! What Applications come to.

use super::*;

#[test]
fn a_folder_is_rendered_as_it_looks_or_as_the_source_says() {
    let files = [
        CHART,
        OVERLAY,
        PLAIN,
        ("charts/web/prod.yaml", "a: 1"),
        ("both/Chart.yaml", ""),
        ("both/kustomization.yml", ""),
    ];
    for (source, wanted) in [
        ("path: plain", r#"web: plain plain {"recurse":false}"#),
        (
            "path: ./plain/, directory: {recurse: true, include: '*.yaml'}",
            r#"web: plain plain {"include":"*.yaml","recurse":true}"#,
        ),
        ("path: apps/web", r#"web: apps/web {"kustomize":{}}"#),
        (
            "path: apps/web, targetRevision: main, kustomize: {namePrefix: a-, images: ['x:1']}",
            r#"web: apps/web {"kustomize":{"images":[{"name":"x","newTag":"1"}],"namePrefix":"a-"}}"#,
        ),
        (
            "path: apps/web, kustomize: {commonAnnotations: {a: 'b,c:d', e: '\"'}}",
            r#"web: apps/web {"kustomize":{"annotations":{"a":"b,c:d","e":"\""}}}"#,
        ),
        (
            "path: apps/web, directory: {include: '*'}",
            r#"web: apps/web plain {"include":"*","recurse":false}"#,
        ),
        (
            "path: plain, directory: {recurse: false}",
            r#"web: plain plain {"recurse":false}"#,
        ),
        (
            "path: apps/web, kustomize: {labelWithoutSelector: true, images: []}",
            r#"web: apps/web {"kustomize":{}}"#,
        ),
        (
            "path: both, kustomize: {namePrefix: a-}",
            r#"web: both {"kustomize":{"namePrefix":"a-"}}"#,
        ),
        (
            "path: charts/web, helm: {releaseName: r, valueFiles: [prod.yaml, ../none.yaml], valuesObject: {b: 2}}",
            r#"web: charts/web {"helm":{"apiVersions":[],"ignoreMissingValueFiles":false,"namespace":"shop","release":"r"}}"#,
        ),
    ] {
        let found = argo(&of_source(source), &files);
        if source.contains("helm") {
            assert!(
                found[0].contains(r#""valueFiles":["charts/web/prod.yaml","charts/none.yaml"]"#),
                "{found:?}"
            );
            assert!(
                found[0].contains(r#""values":{"b":2}"#) && found[0].contains(r#""release":"r""#),
                "{found:?}"
            );
        } else {
            assert_eq!(found, [wanted], "{source}");
        }
    }
}

#[test]
fn what_cannot_be_told_says_why_and_where() {
    let files = [
        CHART,
        OVERLAY,
        PLAIN,
        ("both/Chart.yaml", ""),
        ("both/kustomization.yml", ""),
        ("over/x.yaml", ""),
        ("over/.argocd-source-web.yaml", ""),
        ("jsonnet/a.jsonnet", ""),
        ("odd/myChart.yaml", ""),
        ("deep/Chart.yaml/x.yaml", ""),
        ("out", "->../../etc"),
        ("loop", "->loop"),
    ];
    for (source, wanted) in UNKNOWN {
        let found = argo(&of_source(source), &files);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(
            found[0].contains("unknown argo/web.yaml:6:") && found[0].contains(wanted),
            "{source}: {found:?}"
        );
    }
}

/// Sources, and why they are not known.
const UNKNOWN: &[(&str, &str)] = &[
    ("path: nowhere", "there is no folder `nowhere`"),
    ("path: ../x", "`../x` leads out of the repository"),
    ("path: /plain", "the path `/plain` is absolute"),
    ("path: out", "`out` leads out of the repository"),
    ("path: loop", "`loop` leads out of the repository"),
    (
        "path: both",
        "`both` holds both a chart and a kustomization",
    ),
    ("path: both, helm: {}", "`helm` says nothing that counts"),
    (
        "path: both, helm: {releaseName: '', skipCrds: false, valuesObject: {}}",
        "`helm` says nothing that counts",
    ),
    (
        "path: both, kustomize: {labelWithoutSelector: true, images: []}",
        "`kustomize` says nothing that counts",
    ),
    (
        "path: charts/web, kustomize: {forceCommonLabels: true}",
        "`kustomize` says nothing that counts",
    ),
    (
        "path: apps/web, directory: {}",
        "`directory` says nothing that counts: Argo CD goes by it once, removes it, and then takes `path` for a kustomization",
    ),
    (
        "path: apps/web, directory: {recurse: false, include: '', jsonnet: {}}",
        "and then takes `path` for a kustomization",
    ),
    (
        "path: odd, directory: {}",
        "`odd/myChart.yaml` makes Argo CD take `odd`",
    ),
    ("path: over", "`over/.argocd-source-web.yaml` overrides"),
    ("path: jsonnet", "Argo CD evaluates `jsonnet/a.jsonnet`"),
    (
        "path: plain, helm: {}, kustomize: {}",
        "options of several tools",
    ),
    ("path: plain, plugin: {name: x}", "a plugin of Argo CD"),
    (
        "path: plain, news: 1",
        "nobody here knows what `news` of a source does",
    ),
    (
        "path: plain, directory: {jsonnet: {tlas: [{name: a, value: b}]}}",
        "evaluates Jsonnet",
    ),
    (
        "path: plain, directory: {include: '[a-z]*'}",
        "the pattern of `include`",
    ),
    (
        "path: plain, directory: {exclude: '{test-*,example}.yaml'}",
        "the pattern of `exclude`",
    ),
    (
        "path: plain, directory: {include: 'x*x.yaml'}",
        "the pattern of `include`",
    ),
    (
        "path: charts/web, helm: {shiny: true}",
        "nobody here knows what `shiny` of `helm` does",
    ),
    (
        "path: charts/web, helm: {version: v2}",
        "asks for Helm `v2`",
    ),
    (
        "path: charts/web, helm: {valueFiles: ['https://x/y.yaml']}",
        "a file of values from the network",
    ),
    (
        "path: charts/web, helm: {valueFiles: ['$other/y.yaml']}",
        "Argo CD replaces variables",
    ),
    (
        "path: charts/web, helm: {valueFiles: [prod.yaml, /charts/web/prod.yaml]}",
        "`/charts/web/prod.yaml` names `charts/web/prod.yaml`, which `valueFiles` names before",
    ),
    (
        "path: charts/web, helm: {valueFiles: ['../../../x']}",
        "leads out of the repository",
    ),
    (
        "path: charts/web, helm: {parameters: [{name: a, value: $ARGOCD_APP_REVISION}]}",
        "Argo CD replaces variables",
    ),
    (
        "path: charts/web, helm: {parameters: [{name: a, value: 1}]}",
        "`value` is not a string",
    ),
    (
        "path: apps/web, kustomize: {version: v4}",
        "asks for kustomize `v4`",
    ),
    (
        "path: apps/web, kustomize: {components: ['../c/*']}",
        "take `../c/*` for a pattern",
    ),
    (
        "path: apps/web, kustomize: {components: [-h]}",
        "take `-h` for a pattern or an option",
    ),
    (
        "path: apps/web, kustomize: {commonLabels: {'a:b': c}}",
        "take `a:b` of `commonLabels` for something else",
    ),
    (
        "path: apps/web, kustomize: {commonAnnotations: {a: '\"b\"'}}",
        "take `a` of `commonAnnotations` for something else",
    ),
    (
        "path: apps/web, kustomize: {commonAnnotations: {--force: b}}",
        "take `--force` of `commonAnnotations`",
    ),
    (
        "path: apps/web, kustomize: {replicas: [{name: web, count: 1}, {name: -h, count: 1}]}",
        "`name` is not the name of an object",
    ),
    (
        "path: apps/web, kustomize: {images: ['-h=web:1']}",
        "`-h=web:1` is no image",
    ),
    (
        "path: charts/web, helm: {parameters: [{name: 'a,b', value: x}]}",
        "take the parameter `a,b` for something else",
    ),
    (
        "path: charts/web, helm: {parameters: [{name: 'a[00]', value: x}]}",
        "take the parameter `a[00]` for something else",
    ),
    (
        "path: charts/web, helm: {fileParameters: [{name: 'a\\.b', path: prod.yaml}]}",
        "take the file parameter",
    ),
    (
        "path: charts/web, ref: self, helm: {valueFiles: [$self/prod.yaml]}",
        "`$self/prod.yaml` refers to the only source",
    ),
    ("path: odd", "`odd/myChart.yaml` makes Argo CD take `odd`"),
    ("path: deep", "`deep/Chart.yaml` makes Argo CD take `deep`"),
    ("path: plain, tagPrefix: v", "follows tags"),
    ("targetRevision: main", "the source has no `path`"),
];

#[test]
fn what_is_of_elsewhere_is_named_with_its_pin() {
    let application =
        |source: &str| of_source("X").replace(&format!("{{repoURL: '{HERE}', X}}"), source);
    for (source, wanted) in [
        (
            "{repoURL: 'https://charts.example', chart: redis, targetRevision: 1.2.3}",
            true,
        ),
        (
            "{repoURL: 'https://charts.example', chart: redis, targetRevision: 1.x}",
            false,
        ),
        (
            "{repoURL: 'oci://r.example/redis', path: ., targetRevision: 'sha256:ab'}",
            true,
        ),
        (
            "{repoURL: 'https://git.example/acme/other', path: x}",
            false,
        ),
        (
            "{repoURL: 'https://git.example/acme/shop', path: x, targetRevision: v1}",
            false,
        ),
        (
            "{repoURL: 'git@git.example:acme/shop.git', path: x, targetRevision: 0123456789abcdef0123456789abcdef01234567}",
            true,
        ),
    ] {
        let found = argo(&application(source), &[]);
        assert!(found[0].contains("web: external"), "{source}: {found:?}");
        assert!(
            found[0].contains(&format!("\"pinned\":{wanted}")),
            "{source}: {found:?}"
        );
    }
}

#[test]
fn a_url_that_readers_take_for_several_repositories_is_unknown() {
    let of = |url: &str| of_source("path: plain").replace(HERE, url);
    for url in [
        "https://evil.example?@git.example/acme/shop.git",
        "https://evil.example#@git.example/acme/shop.git",
        "ssh://evil.example:22\\@git.example/acme/shop.git",
    ] {
        let found = argo(&of(url), &[PLAIN]);
        let wanted = "who reads the URL may fetch another repository than others";
        assert!(found[0].contains("unknown argo/web.yaml:6:21"), "{found:?}");
        assert!(found[0].contains(wanted), "{found:?}");
    }
    let found = argo(&of("oci://git.example/acme/shop"), &[PLAIN]);
    assert!(found[0].contains("web: external"), "{found:?}");
}

#[test]
fn values_come_from_the_source_that_a_reference_names() {
    let application = of_source("X").replace(
        &format!("  source: {{repoURL: '{HERE}', X}}"),
        &format!(
            "  sources:\n  - {{repoURL: 'https://charts.example', chart: redis, targetRevision: 1.2.3, helm: {{valueFiles: [$values/prod.yaml], fileParameters: [{{name: a, path: $values/a.txt}}]}}}}\n  - {{repoURL: '{HERE}', ref: values}}\n  - {{repoURL: '{HERE}', path: charts/web, helm: {{valueFiles: [$values/prod.yaml]}}}}"
        ),
    );
    let files = [CHART, ("prod.yaml", "a: 1"), ("a.txt", "a")];
    let found = argo(&application, &files);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(
        found[0].contains(r#""valueFiles":["prod.yaml","a.txt"]"#) && found[0].contains("external"),
        "{found:?}"
    );
    assert!(
        found[1].contains(r#""valueFiles":["prod.yaml"]"#) && found[1].contains("charts/web"),
        "{found:?}"
    );
}

#[test]
fn applications_of_applications_are_units() {
    let parent = of_source("path: children").replace("web", "parent");
    let child = of_source("path: plain").replace("argocd", "argocd, labels: {a: b}");
    let files = [
        ("argo/parent.yaml", parent.as_str()),
        ("children/web.yaml", &child),
        PLAIN,
    ];
    let found = units(ARGO, &files).unwrap();
    let names: Vec<&str> = found.iter().map(|unit| unit.name.as_str()).collect();
    assert_eq!(names, ["parent", "web"]);
    let by = found[1]
        .deployment
        .as_ref()
        .unwrap()
        .generated_by
        .as_deref();
    assert_eq!(by, Some("parent"));
    assert_eq!(found[1].globs(), ["children/web.yaml", "plain/*"]);
}

#[test]
fn what_means_something_in_patterns_is_any_character_of_a_path() {
    let application = of_source("path: '[p]lain'");
    let files = [
        ("argo/{web}!.yaml", application.as_str()),
        ("[p]lain/a.yaml", PLAIN.1),
    ];
    let found = units(ARGO, &files).unwrap();
    assert_eq!(found[0].globs(), ["?p?lain/*", "argo/?web??.yaml"]);
}

#[test]
fn two_units_of_one_name_are_an_error_that_names_both() {
    let application = of_source("path: plain");
    let files = [
        ("argo/a.yaml", application.as_str()),
        ("argo/b.yaml", &application),
        PLAIN,
    ];
    let error = units(ARGO, &files).unwrap_err().to_string();
    assert_eq!(
        error,
        "argo/b.yaml:3:18: environment `prod` has a unit `web` already, declared at argo/a.yaml:3:18"
    );
    let error = units(
        ARGO,
        &[(
            "argo/a.yaml",
            &of_source("path: plain").replace("web", "gate"),
        )],
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .contains("has a name that no unit can have")
    );
    let error = units(ARGO, &[]).unwrap_err().to_string();
    assert!(error.contains("selects no Application"), "{error}");
}

#[test]
fn labels_project_namespace_and_cluster_select() {
    let of = |name: &str, stage: &str, project: &str, cluster: &str| {
        let metadata = format!("{{name: {name}, namespace: argocd, labels: {{env: {stage}}}}}");
        let source = format!("{{repoURL: '{HERE}', path: plain}}");
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {metadata}\nspec: {{project: {project}, destination: {{name: {cluster}}}, source: {source}}}\n"
        )
    };
    let a = of("a", "prod", "shop", "us-1");
    let b = of("b", "qa", "other", "eu-1");
    let files = [("argo/a.yaml", a.as_str()), ("argo/b.yaml", &b), PLAIN];
    for (selector, wanted) in [
        ("", "a b"),
        ("match-labels: {env: prod}", "a"),
        ("project: shop", "a"),
        ("namespace: argocd", "a b"),
        ("cluster: eu-1", "b"),
    ] {
        let config = format!(
            "environments: [{{name: prod, applications: {{paths: ['argo/**'], {selector}}}}}]"
        );
        let found = units(&config, &files).unwrap();
        let names: Vec<&str> = found.iter().map(|unit| unit.name.as_str()).collect();
        assert_eq!(names.join(" "), wanted, "{selector}");
    }
}

#[test]
fn what_only_a_chart_makes_is_told_and_not_known() {
    let files = [
        (
            "argo/root.yaml",
            &*format!(
                "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: root}}\nspec: {{source: {{repoURL: '{HERE}', path: argo/apps}}}}\n"
            ),
        ),
        (
            "argo/apps/Chart.yaml",
            "apiVersion: v2\nname: apps\nversion: 1.0.0\n",
        ),
        (
            "argo/apps/templates/web.yaml",
            "{{ range .Values.shops }}\n---\napiVersion: argoproj.io/v1alpha1\nkind: Application # one a shop\nmetadata: {name: {{ . }}}\n{{ end }}\n",
        ),
        (
            "argo/apps/templates/rollout.yaml",
            "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\n",
        ),
        (
            "argo/apps/templates/flux.yaml",
            "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n",
        ),
    ];
    let units = units(ARGO, &files).unwrap();
    let lines = told(&units);
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(
        lines[0],
        "argo-apps-templates-web: unknown argo/apps/templates/web.yaml:4:1: only a chart makes this Application, which is not looked into"
    );
    assert!(
        lines[1].starts_with("root: argo/apps {\"helm\""),
        "{lines:?}"
    );
}

#[test]
fn a_template_of_any_name_that_makes_applications_is_told() {
    let of_kind = "apiVersion: argoproj.io/v1alpha1\nkind: Application\n";
    for name in [
        "child.txt",
        "Chart.yaml",
        "_app.tpl",
        "child",
        "values.yaml",
    ] {
        let path = format!("boot/templates/{name}");
        let root = of_source("path: boot");
        let files = [
            ("argo/root.yaml", root.as_str()),
            (
                "boot/Chart.yaml",
                "apiVersion: v2\nname: boot\nversion: 1.0.0\n",
            ),
            (&path, of_kind),
        ];
        let of_unit = told(&units(ARGO, &files).unwrap());
        let there = path.replacen("boot/", "argo/boot/", 1);
        let selected = [("argo/boot/Chart.yaml", files[1].1), (&there, of_kind)];
        let by_paths = told(&units(ARGO, &selected).unwrap());
        for lines in [of_unit, by_paths] {
            let of_template = |line: &String| line.contains("only a chart makes this Application");
            assert!(lines.iter().any(of_template), "{name}: {lines:?}");
        }
    }
    let readme = ("argo/boot/README.md", of_kind);
    let chart = (
        "argo/boot/Chart.yaml",
        "apiVersion: v2\nname: boot\nversion: 1.0.0\n",
    );
    assert!(matches!(
        units(ARGO, &[chart, readme]),
        Err(Error::Nothing { .. })
    ));
}
