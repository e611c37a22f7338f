//! What Kustomizations and `HelmReleases` of Flux come to, and what they take from elsewhere.

use super::*;

#[test]
fn a_kustomization_of_flux_adds_what_it_says() {
    let found = flux(&kustomization("path: ./plain"), &[PLAIN]);
    assert_eq!(
        found,
        [r#"apps: plain plain {"include":"{*.yaml,*.yml}","recurse":true}"#]
    );
    let variables = "\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: vars, namespace: flux-system}, data: {A: \"1\\n\", B: x}}";
    let spec = "path: apps/web, targetNamespace: shop, commonMetadata: {labels: {a: b}}, components: [../c], postBuild: {substitute: {B: z}, substituteFrom: [{kind: ConfigMap, name: vars}]}";
    let found = flux(&(kustomization(spec) + variables), &[OVERLAY]);
    for wanted in [
        r#""namespace":"shop""#,
        r#""pairs":{"a":"b"}"#,
        r#""components":["../c"]"#,
        r#""substitute":{"A":"1","B":"z"}"#,
    ] {
        assert!(found[0].contains(wanted), "{wanted}: {found:?}");
    }
}

#[test]
fn what_flux_takes_from_the_cluster_is_unknown() {
    let from = |kind: &str| {
        format!(
            "path: plain, postBuild: {{substituteFrom: [{{kind: {kind}, name: v, optional: true}}]}}"
        )
    };
    for (text, wanted) in [
        (
            kustomization(&from("Secret")),
            "is not read: its values would be shown",
        ),
        (
            kustomization(&from("ConfigMap")),
            "is not in the files that the environment selects",
        ),
        (
            kustomization("path: plain, shiny: 1"),
            "nobody here knows what `shiny`",
        ),
        (
            kustomization("path: plain").replace("name: flux-system}", "name: other}"),
            "GitRepository `flux-system/other` is not in the tree",
        ),
        (
            kustomization("path: plain").replace("GitRepository", "Tarball"),
            "a source of the kind `Tarball`",
        ),
        (
            kustomization("path: plain")
                + &git(
                    "flux-system",
                    &format!(
                        "url: '{HERE}', ref: {{branch: main}}, include: [{{repository: {{name: x}}}}]"
                    ),
                ),
            "`include` changes which files there are",
        ),
        (
            kustomization("path: plain")
                + &git(
                    "flux-system",
                    "url: 'https://evil.example?@git.example/acme/shop.git', ref: {branch: main}",
                ),
            "may fetch another repository than others",
        ),
    ] {
        let found = flux(&text, &[PLAIN]);
        assert!(
            found[0].contains("unknown") && found[0].contains(wanted),
            "{wanted}: {found:?}"
        );
    }
}

#[test]
fn a_git_repository_is_this_one_or_another() {
    for (spec, local) in [
        (
            "url: 'ssh://git@git.example/acme/shop', ref: {branch: main}".to_owned(),
            true,
        ),
        (
            format!("url: '{HERE}', ref: {{name: refs/heads/gated/prod/apps}}"),
            true,
        ),
        (format!("url: '{HERE}'"), false),
        (
            format!("url: '{HERE}', ref: {{branch: main, tag: v1}}"),
            false,
        ),
        (
            "url: 'https://git.example/acme/other', ref: {branch: main}".to_owned(),
            false,
        ),
    ] {
        let found = flux(
            &(kustomization("path: plain") + &git("flux-system", &spec)),
            &[PLAIN],
        );
        assert_eq!(
            found[0].contains("apps: plain plain"),
            local,
            "{spec}: {found:?}"
        );
        assert_eq!(found[0].contains("external"), !local, "{spec}: {found:?}");
    }
}

#[test]
fn the_configuration_tells_what_is_not_in_the_tree() {
    let config = "environments: [{name: prod, kustomizations: {paths: ['clusters/**']}}]\nvalues: {Secret/flux-system/v: {A: b}}";
    let config = config.replace("values", "render: {kube-version: 1.33.1}\nvalues");
    let text = kustomization("path: plain, postBuild: {substituteFrom: [{kind: Secret, name: v}]}");
    let found = told(&units(&config, &[("clusters/a.yaml", &text), PLAIN]).unwrap());
    assert!(found[0].contains(r#""substitute":{"A":"b"}"#), "{found:?}");
}

#[test]
fn what_the_configuration_tells_and_the_tree_declares_is_unknown() {
    let of_git = kustomization("path: plain");
    let told = "GitRepository/flux-system/flux-system";
    assert!(beside(told, &of_git)[0].contains("plain plain"));
    let elsewhere = git(
        "flux-system",
        "url: 'https://git.example/acme/other', ref: {branch: main}",
    );
    let found = beside(told, &(of_git + &elsewhere));
    let wanted = "GitRepository `flux-system/flux-system` is declared at clusters/a.yaml:6:1, and `tidegate.yaml` tells of it too: `repositories: [GitRepository/flux-system/flux-system]`";
    assert!(found[0].contains(wanted), "{found:?}");

    let told = "values: {ConfigMap/flux-system/v: {A: b}}";
    assert!(beside(told, &taking_from("ConfigMap"))[0].contains(r#"{"A":"b"}"#));
    let found = beside(told, &taking("ConfigMap", ""));
    let wanted = "ConfigMap `flux-system/v` is declared at clusters/a.yaml:6:1";
    assert!(found[0].contains(wanted), "{found:?}");
    // What an encrypted one holds, the configuration alone tells.
    let found = beside(told, &taking("ConfigMap", ", sops: {mac: x}"));
    assert!(found[0].contains(r#"{"A":"b"}"#), "{found:?}");
}

#[test]
fn a_file_that_only_speaks_of_a_secret_may_hold_anything() {
    let text = kustomization("path: plain");
    let files = [
        ("clusters/a.yaml", text.as_str()),
        ("clusters/values.yaml", "# Name of the Secret.\nsecret: x\n"),
        PLAIN,
    ];
    assert!(told(&units(FLUX, &files).unwrap())[0].contains("plain plain"));
}

const RELEASED: &str = "chart: ./charts/web, sourceRef: {kind: GitRepository, name: flux-system, namespace: flux-system}";

#[test]
fn a_helm_release_renders_a_chart_of_here() {
    let values = "---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: v, namespace: shop}, data: {values.yaml: \"{a: {b: 1, c: 2}}\"}}";
    let more = "targetNamespace: eu, values: {a: {c: 3}}, valuesFrom: [{kind: ConfigMap, name: v}]";
    let found = flux(&(release(RELEASED, more) + values), &[CHART]);
    for wanted in [
        r#""release":"eu-web""#,
        r#""namespace":"eu""#,
        r#""values":{"a":{"b":1,"c":3}}"#,
    ] {
        assert!(found[0].contains(wanted), "{wanted}: {found:?}");
    }
    let unknown = flux(
        &release(RELEASED, "postRenderers: [{kustomize: {}}]"),
        &[CHART],
    );
    assert!(
        unknown[0].contains("`postRenderers` changes what the chart gives"),
        "{unknown:?}"
    );
    let repository = "---\n{apiVersion: source.toolkit.fluxcd.io/v1, kind: HelmRepository, metadata: {name: r, namespace: shop}, spec: {url: 'https://charts.example'}}";
    for (version, pinned) in [("1.2.3", true), ("1.x", false)] {
        let chart = format!(
            "chart: redis, version: {version}, sourceRef: {{kind: HelmRepository, name: r}}"
        );
        let found = flux(
            &(release(&chart, "a: 1").replace(", a: 1", "") + repository),
            &[],
        );
        assert!(
            found[0].contains("external") && found[0].contains(&format!("\"pinned\":{pinned}")),
            "{found:?}"
        );
    }
}

#[test]
fn what_a_release_does_to_install_and_to_upgrade_is_both_judged() {
    for (more, skips) in [
        ("install: {crds: Skip}", true),
        ("install: {skipCRDs: true}", true),
        (
            "install: {crds: Skip}, upgrade: {crds: CreateReplace}",
            false,
        ),
        ("install: {skipCRDs: true}, upgrade: {crds: Create}", false),
        ("install: {crds: Create}, upgrade: {crds: Skip}", false),
        ("upgrade: {crds: Skip}", false),
    ] {
        let found = flux(&release(RELEASED, more), &[CHART]);
        assert_eq!(
            found[0].contains(r#""skipCrds":true"#),
            skips,
            "{more}: {found:?}"
        );
        assert!(!found[0].contains("unknown"), "{more}: {found:?}");
    }
    for (more, wanted) in [
        ("install: {crds: Never}", "`crds` is not `Skip`"),
        (
            "install: {crds: Create, skipCRDs: true}",
            "say two things of one",
        ),
        (
            "upgrade: {preserveValues: true}",
            "of what was deployed before",
        ),
        (
            "upgrade: {disableSchemaValidation: true}",
            "differ in `disableSchemaValidation`",
        ),
    ] {
        let found = flux(&release(RELEASED, more), &[CHART]);
        assert!(found[0].contains(wanted), "{more}: {found:?}");
    }
    for (strategy, is_known) in [("ChartVersion", true), ("Revision", false)] {
        let chart = format!("{RELEASED}, reconcileStrategy: {strategy}");
        let found = flux(&release(&chart, "suspend: false"), &[CHART]);
        assert_eq!(
            found[0].starts_with("helmrelease--shop--web: charts/web"),
            is_known,
            "{found:?}"
        );
    }
}

#[test]
fn flux_leaves_out_what_it_is_told_to() {
    let files = [
        OVERLAY,
        (".sourceignore", "# a\n/docs\n"),
        ("apps/.sourceignore", "!x.yaml\n*.md\na/b\n"),
        ("apps/+y/.sourceignore", "y"),
    ];
    let config = Config::parse(
        &"tidegate.yaml".into(),
        format!("repositories: ['{HERE}']\n{FLUX}").as_bytes(),
    )
    .unwrap();
    let text = kustomization("path: apps/web");
    let files = Memory::new(&[&files[..], &[("clusters/a.yaml", &text)]].concat());
    let tree = Tree::read(&files).unwrap();
    let units = resolve(&config.environments[0], &config, &tree).unwrap();
    let Tool::Kustomize(options) = &units[0].renderings().next().unwrap().tool else {
        panic!("no kustomization");
    };
    // Of Flux's own list nothing counts any more but what hides Git's files.
    let wanted = [
        "/docs",
        "!/apps/**/x.yaml",
        "/apps/**/*.md",
        "/apps/a/b",
        "/apps/+y/**/y",
    ];
    assert_eq!(options.ignore, wanted);
}

#[test]
fn a_secret_of_the_tree_holds_what_is_told_of_it() {
    let told = "values: {Secret/flux-system/v: {A: b}}";
    let found = beside(told, &taking("Secret", ", sops: {mac: x}"));
    assert!(found[0].contains(r#"{"A":"b"}"#), "{found:?}");
    // `c` in base64, and what wins over it.
    let secret = |more: &str| taking("Secret", more).replace("A: c", "A: Yw==");
    for (more, holds) in [("", "c"), (", stringData: {A: b}", "b")] {
        let found = beside(told, &secret(more));
        assert_eq!(found[0].contains(r#"{"A":"b"}"#), holds == "b", "{found:?}");
    }
    let found = beside(told, &secret(""));
    assert!(
        found[0].contains("Secret `flux-system/v` at clusters/a.yaml:6:1 holds something else"),
        "{found:?}"
    );
    let found = beside(told, &secret(", stringData: {A: b, B: c}"));
    assert!(found[0].contains("holds something else"), "{found:?}");
    let found = beside(&told.replace("A: b", "A: c"), &secret(""));
    assert!(found[0].contains(r#"{"A":"c"}"#), "{found:?}");
    let found = beside("", &secret(""));
    assert!(found[0].contains("its values would be shown"), "{found:?}");
    let found = beside("", &taking("Secret", ", sops: {mac: x}"));
    assert!(
        found[0].contains("Secret `flux-system/v` is encrypted"),
        "{found:?}"
    );
}

#[test]
fn patterns_that_flux_reads_otherwise_are_unknown() {
    let text = kustomization("path: apps/web");
    for (list, wanted) in [
        ("[!_]*.yaml", "`.sourceignore` has the pattern `[!_]*.yaml`"),
        ("a//b", "`.sourceignore` has the pattern `a//b`"),
    ] {
        let found = flux(&text, &[OVERLAY, (".sourceignore", list)]);
        assert!(found[0].contains(wanted), "{found:?}");
    }
    let own = git(
        "flux-system",
        &format!("url: '{HERE}', ref: {{branch: main}}, ignore: '/[a]'"),
    );
    let found = flux(&(text + &own), &[OVERLAY]);
    assert!(
        found[0].contains("`spec.ignore` has the pattern `/[a]`"),
        "{found:?}"
    );
}

#[test]
fn a_folder_whose_objects_speak_to_kustomize_is_rendered() {
    let text = kustomization("path: plain");
    let annotated = PLAIN.1.replace(
        "{name: x}",
        "{name: x, annotations: {config.kubernetes.io/local-config: \"true\"}}",
    );
    let found = flux(&text, &[("plain/x.yaml", &annotated)]);
    assert_eq!(found, [r#"apps: plain {"kustomize":{}}"#]);
    for (speaking, is_rendered) in [
        (
            "? \"config.kuber\\\nnetes.io/local-config\"\n  : \"true\"",
            true,
        ),
        ("\"config\\x2ekubernetes.io/local-config\": \"true\"", true),
        (
            "\"config\\u002ekubernetes.io/local-config\": \"true\"",
            true,
        ),
        ("note: !!binary eA==", true),
        ("'config.kubernetes.io/local-config': x", true),
        ("note: 'C:\\users! and \\x2e'", false),
        ("note: x # config.kubernetes.io/local-config", false),
    ] {
        let text = format!(
            "apiVersion: v1\nkind: Service\nmetadata:\n name: x\n annotations:\n  {speaking}\n"
        );
        let found = flux(&kustomization("path: plain"), &[("plain/x.yaml", &text)]);
        let wanted = r#"apps: plain {"kustomize":{}}"#;
        assert_eq!(found[0] == wanted, is_rendered, "{speaking}: {found:?}");
        assert_eq!(
            found[0].contains("plain plain"),
            !is_rendered,
            "{speaking}: {found:?}"
        );
    }
    let found = flux(
        &kustomization("path: 'apps/w?b'"),
        &[("apps/w?b/x.yaml", PLAIN.1)],
    );
    assert!(
        found[0].contains("`apps/w?b` would be a pattern"),
        "{found:?}"
    );
}

#[test]
fn what_a_file_that_is_not_selected_says_of_flux_system_is_not_guessed() {
    let apps = kustomization("path: apps/web");
    let with = |config: &str, spec: &str, more: &[(&str, &str)]| {
        let declared = git("flux-system", spec);
        let own = [
            ("clusters/a.yaml", apps.as_str()),
            ("bootstrap/sync.yaml", declared.as_str()),
            OVERLAY,
        ];
        let config = format!("repositories: ['{HERE}'{config}]\n{FLUX}");
        let config = Config::parse(&"tidegate.yaml".into(), config.as_bytes()).unwrap();
        let files = Memory::new(&[&own[..], more].concat());
        let tree = Tree::read(&files).unwrap();
        told_of(&config, &tree)
    };
    let here = format!("url: '{HERE}', ref: {{branch: main}}, ignore: /docs");
    let found = with("", &here, &[]);
    assert!(found[0].contains(r#""ignore":["/docs"]"#), "{found:?}");
    let other = format!("url: '{HERE}', ref: {{branch: other}}");
    for spec in [
        "url: 'https://git.example/acme/elsewhere.git', ref: {branch: main}",
        &other,
        "interval: 1m",
    ] {
        let found = with("", spec, &[]);
        let wanted = "apps: unknown clusters/a.yaml:4:19: GitRepository `flux-system/flux-system` is declared at bootstrap/sync.yaml:2:1, which the environment does not look into";
        assert!(found[0].starts_with(wanted), "{spec}: {found:?}");
        let told = with(", GitRepository/flux-system/flux-system", spec, &[]);
        assert!(told[0].starts_with("apps: apps/web"), "{spec}: {told:?}");
    }
    let escaped = git("flux-system", &other).replace("GitRepository", "\"Git\\x52epository\"");
    let found = with("", &here, &[("z/sync.yaml", &escaped)]);
    assert!(found[0].contains("is declared at z/sync.yaml"), "{found:?}");
    let patched =
        "{resources: [sync.yaml], patches: [{patch: '[]', target: {kind: GitRepository}}]}";
    let found = with("", &here, &[("bootstrap/kustomization.yaml", patched)]);
    assert!(
        found[0].contains("may be changed by `bootstrap/kustomization.yaml`"),
        "{found:?}"
    );
    let broken = git("flux-system", &other) + "a: [";
    let found = with("", &here, &[("z/sync.yaml", &broken)]);
    let wanted = "`z/sync.yaml` may declare what this names, and cannot be read";
    assert!(found[0].contains(wanted), "{found:?}");
}

#[test]
fn a_chart_that_a_helm_chart_of_the_tree_brings_is_followed() {
    let release = release("", "a: 1").replace(
        "chart: {spec: {}}, a: 1",
        "chartRef: {kind: HelmChart, name: webc}",
    );
    let chart = |spec: &str| {
        format!(
            "---\napiVersion: source.toolkit.fluxcd.io/v1\nkind: HelmChart\nmetadata: {{name: webc, namespace: shop}}\nspec: {{chart: ./charts/web, sourceRef: {{kind: GitRepository, name: shop}}{spec}}}\n"
        )
    };
    let shop = |url: &str| {
        git("shop", &format!("url: '{url}', ref: {{branch: main}}"))
            .replace("namespace: flux-system", "namespace: shop")
    };
    for (text, wanted) in [
        (chart("") + &shop(HERE), "web: charts/web {\"helm\""),
        (
            chart("") + &shop("https://git.example/other/charts.git"),
            "web: external",
        ),
        (chart(""), "GitRepository `shop/shop` is not in the tree"),
        (
            chart(", reconcileStrategy: Revision") + &shop(HERE),
            "HelmChart `shop/webc` at clusters/prod.yaml:",
        ),
        (
            chart(", valuesFiles: [x.yaml]") + &shop(HERE),
            "`valuesFiles` changes what the chart gives",
        ),
        (
            chart(", shiny: 1") + &shop(HERE),
            "nobody here knows what `shiny` of a HelmChart does",
        ),
        (
            chart("") + &chart("") + &shop(HERE),
            "is declared more than once",
        ),
        (
            shop(HERE),
            "HelmChart `shop/webc` is not in the tree, and may take its chart from this repository",
        ),
    ] {
        let found = flux(&(release.clone() + &text), &[CHART]);
        assert!(found[0].contains(wanted), "{wanted}: {found:?}");
    }
    let other = release.replace("HelmChart", "Tarball");
    let found = flux(&other, &[CHART]);
    assert!(
        found[0].contains("takes of the kind `Tarball`"),
        "{found:?}"
    );
}

#[test]
fn an_artifact_that_is_made_in_the_cluster_is_recorded_and_not_known() {
    let applied = kustomization("path: ./").replace("GitRepository", "ExternalArtifact");
    let released = release("", "a: 1").replace(
        "chart: {spec: {}}, a: 1",
        "chartRef: {kind: ExternalArtifact, name: flux-system, namespace: flux-system}",
    );
    let plain = kustomization("path: plain").replace("name: apps", "name: plain");
    for (text, unit) in [(applied, "apps"), (released, "helmrelease--shop--web")] {
        let found = flux(&format!("{text}---\n{plain}"), &[PLAIN]);
        let external = format!(
            "{unit}: external {{\"pinned\":false,\"repository\":\"ExternalArtifact/flux-system/flux-system\"}}"
        );
        assert_eq!(found[0], external, "{found:?}");
        let unknown = format!("{unit}: unknown clusters/prod.yaml:4:");
        assert!(found[1].starts_with(&unknown), "{found:?}");
        assert!(
            found[1].contains("may be made of this repository"),
            "{found:?}"
        );
        assert!(found[2].starts_with("plain: plain plain"), "{found:?}");
    }
    let units = units(
        FLUX,
        &[(
            "clusters/a.yaml",
            &kustomization("path: ./").replace("GitRepository", "ExternalArtifact"),
        )],
    )
    .unwrap();
    let unknown = units[0].unknown().next().unwrap();
    assert!(
        unknown
            .remedy
            .contains("`sources: [{name: apps, kind: Kustomization, path: FOLDER}]`"),
        "{unknown:?}"
    );
}

#[test]
fn how_old_versions_validate_what_they_apply_changes_none_of_it() {
    for strategy in ["client", "server", "none"] {
        let text = kustomization(&format!("path: plain, validation: {strategy}"));
        let found = flux(&text.replace("fluxcd.io/v1", "fluxcd.io/v1beta1"), &[PLAIN]);
        assert!(found[0].starts_with("apps: plain plain"), "{found:?}");
    }
}
