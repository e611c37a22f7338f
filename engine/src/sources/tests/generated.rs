//! What kustomizations make, and what the configuration tells of the same objects.

use super::*;

/// Why a `ConfigMap` is not known that the configuration tells of, beside these files.
fn untold(files: &[(&str, &str)]) -> Option<String> {
    let text = taking_from("ConfigMap");
    let config =
        format!("repositories: ['{HERE}']\n{FLUX}\nvalues: {{ConfigMap/flux-system/v: {{A: b}}}}");
    let config = Config::parse(&"tidegate.yaml".into(), config.as_bytes()).unwrap();
    let own = [("clusters/a.yaml", text.as_str()), PLAIN];
    let files = Memory::new(&[&own[..], files].concat());
    let tree = Tree::read(&files).unwrap();
    let found = told_of(&config, &tree);
    found[0].contains("unknown").then(|| found[0].clone())
}

#[test]
fn what_a_kustomization_makes_is_not_told_to_be_another_thing() {
    let kustomization = "clusters/kustomization.yaml";
    let alone = |text: &str| untold(&[(kustomization, text)]);
    let wanted = "ConfigMap `flux-system/v` may be made by a generator of `clusters/kustomization.yaml`, and `tidegate.yaml` tells something else of it: `values: {\"ConfigMap/flux-system/v\": …}`";
    let found = alone("configMapGenerator: [{name: v, namespace: flux-system, literals: [A=c]}]");
    assert!(
        found.as_ref().is_some_and(|it| it.contains(wanted)),
        "{found:?}"
    );
    for (made, is_told) in [
        ("configMapGenerator: [{name: v, literals: [A=b]}]", true),
        (
            "configMapGenerator: [{name: v, literals: [A=b, B=c]}]",
            false,
        ),
        (
            "configMapGenerator: [{name: v, literals: [A=b], behavior: merge}]",
            false,
        ),
        (
            "configMapGenerator: [{name: v, literals: ['A=\"b\"']}]",
            false,
        ),
        ("configMapGenerator: [{name: v, envs: [v.env]}]", false),
        (
            "configMapGenerator: [{name: v, namespace: other, envs: [v.env]}]",
            true,
        ),
        (
            "{configMapGenerator: [{name: v, namespace: other, envs: [v.env]}], namespace: flux-system}",
            false,
        ),
        ("{configMapGenerator: [{name: w, envs: [v.env]}]}", true),
        (
            "{configMapGenerator: [{name: v, envs: [v.env]}], namePrefix: x-}",
            true,
        ),
        (
            "{configMapGenerator: [{name: '', envs: [v.env]}], nameSuffix: v}",
            false,
        ),
        ("secretGenerator: [{name: v, envs: [v.env]}]", true),
        // What kustomize reads as well, or alone.
        ("configmapGenerator: [{name: w, envs: [v.env]}]", false),
        ("{configMapGenerator: [{name: w}], NamePrefix: x}", false),
        ("generators: [gen.yaml]", false),
        ("Generators: [gen.yaml]", false),
        ("generatorſ: [gen.yaml]", false),
        ("transformers: [more.yaml]", false),
        ("helmCharts: [{name: c}]", false),
        ("%YAML 1.1\n---\nresources: []", false),
        ("resources: [", false),
        ("resources: [a.yaml]", true),
    ] {
        assert_eq!(alone(made).is_none(), is_told, "{made}: {:?}", alone(made));
    }
}

#[test]
fn what_is_built_of_a_folder_that_others_name_counts_and_nothing_that_is_built_for_others() {
    let kustomization = "clusters/kustomization.yaml";
    let base = (
        "base/kustomization.yaml",
        "configMapGenerator: [{name: v, envs: [v.env]}]",
    );
    assert_eq!(untold(&[base]), None);
    assert!(untold(&[base, (kustomization, "resources: [../base]")]).is_some());
    let called = untold(&[
        base,
        (kustomization, "{resources: [../base], namePrefix: x-}"),
    ]);
    assert_eq!(called, None);
    let built = untold(&[("plain/kustomization.yaml", base.1)]);
    assert!(built.is_some());
}

#[test]
fn kustomizations_that_name_each_other_are_followed_so_far() {
    let names: Vec<String> = (0..12).map(|at| format!("clusters/{at}")).collect();
    let all: Vec<String> = names.iter().map(|name| format!("../../{name}")).collect();
    let text = |at: usize| {
        format!(
            "{{namePrefix: p{at}-, resources: [{}], configMapGenerator: [{{name: w{at}}}]}}",
            all.join(", ")
        )
    };
    let files: Vec<(String, String)> = names
        .iter()
        .enumerate()
        .map(|(at, name)| (format!("{name}/kustomization.yaml"), text(at)))
        .collect();
    let apps = taking_from("ConfigMap");
    let mut own: Vec<(&str, &str)> = files
        .iter()
        .map(|(path, text)| (path.as_str(), text.as_str()))
        .collect();
    own.extend([("a.yaml", apps.as_str()), PLAIN]);
    let config = format!(
        "repositories: ['{HERE}']\n{}\nvalues: {{ConfigMap/flux-system/v: {{A: b}}}}",
        FLUX.replace("clusters/**", "**")
    );
    let config = Config::parse(&"tidegate.yaml".into(), config.as_bytes()).unwrap();
    let files = Memory::new(&own);
    let tree = Tree::read(&files).unwrap();
    assert!(told_of(&config, &tree)[0].contains("may be made by a generator"));
}
