//! What kustomizations call the objects that their units take.

use super::*;

const PATH: &str = "path: plain";

/// A parent of each folder, each child of the name `web`, and what else there is.
fn with(overlays: &[&str], files: &[(&str, &str)]) -> Result<Vec<String>, Error> {
    let parents: Vec<(String, String)> = overlays
        .iter()
        .map(|overlay| {
            let parent = of_source(&format!("path: apps/{overlay}"));
            let file = format!("argo/{overlay}.yaml");
            (
                file,
                parent.replace("name: web", &format!("name: {overlay}")),
            )
        })
        .collect();
    let parents = parents.iter().map(|(path, text)| (&**path, &**text));
    let child = of_source(PATH);
    let own = [
        ("apps/eu/web.yaml", &*child),
        ("apps/us/web.yaml", &*child),
        (
            "apps/us/kustomization.yaml",
            "{resources: [web.yaml], nameSuffix: -us}",
        ),
        PLAIN,
    ];
    let files: Vec<_> = parents.chain(own).chain(files.iter().copied()).collect();
    let units = units(ARGO, &files)?;
    let is_child = |it: &String| {
        !overlays
            .iter()
            .any(|name| it.starts_with(&format!("{name}: ")))
    };
    Ok(told(&units).into_iter().filter(is_child).collect())
}

fn of(kustomization: &str, more: &[(&str, &str)]) -> Vec<String> {
    let own = [("apps/eu/kustomization.yaml", kustomization)];
    with(&["eu"], &[&own[..], more].concat()).unwrap()
}

#[test]
fn a_child_is_called_what_the_kustomizations_around_it_call_it() {
    for (kustomization, name) in [
        ("{resources: [web.yaml], nameSuffix: -eu}", "web-eu"),
        (
            "{namePrefix: a-, resources: [web.yaml], nameSuffix: -eu}",
            "a-web-eu",
        ),
        ("{resources: [web.yaml], nameSuffix: ''}", "web"),
        (
            "{resources: [../us], namePrefix: a-, nameSuffix: .b}",
            "a-web-us-b",
        ),
        (
            "{resources: [web.yaml], namePrefix: a-, namespace: other}",
            "other--a-web",
        ),
    ] {
        let found = of(kustomization, &[]);
        assert_eq!(found.len(), 1, "{found:?}");
        let wanted = format!("{name}: plain plain");
        assert!(found[0].starts_with(&wanted), "{kustomization}: {found:?}");
    }
}

#[test]
fn children_of_one_name_are_units_of_their_own_where_they_are_called_otherwise() {
    let eu = (
        "apps/eu/kustomization.yaml",
        "{resources: [web.yaml], nameSuffix: -eu}",
    );
    let found = with(&["eu", "us"], &[eu]).unwrap();
    let names: Vec<&str> = found.iter().filter_map(|it| it.split(':').next()).collect();
    assert_eq!(names, ["web-eu", "web-us"], "{found:?}");
    assert!(
        found.iter().all(|it| it.contains("plain plain")),
        "{found:?}"
    );
    let same = (
        "apps/eu/kustomization.yaml",
        "{resources: [web.yaml], nameSuffix: -us}",
    );
    let error = with(&["eu", "us"], &[same]).unwrap_err().to_string();
    assert!(
        error.contains("environment `prod` has a unit `web-us` already"),
        "{error}"
    );
    // One object under two names is neither.
    let found = with(
        &["eu", "us"],
        &[
            (
                "apps/eu/kustomization.yaml",
                "{resources: [../base], nameSuffix: -eu}",
            ),
            (
                "apps/us/kustomization.yaml",
                "{resources: [../base], nameSuffix: -us}",
            ),
            ("apps/base/kustomization.yaml", "{resources: [web.yaml]}"),
            ("apps/base/web.yaml", &of_source(PATH)),
        ],
    );
    let found = found.unwrap();
    assert!(
        found.len() == 1 && found[0].contains("unknown"),
        "{found:?}"
    );
}

#[test]
fn a_patch_finds_a_child_by_each_name_that_it_had() {
    let patch = |target: &str| {
        json!({
            "resources": ["../us"], "namePrefix": "a-",
            "patches": [{"patch": "- {op: replace, path: /spec/source/path, value: other}", "target": target_of(target)}]
        })
        .to_string()
    };
    let other = ("other/x.yaml", PLAIN.1);
    for (target, wanted) in [
        ("Application", "a-web-us: other plain"),
        ("Application web.*", "a-web-us: other plain"),
        ("Application api", "a-web-us: plain plain"),
        ("Service web", "a-web-us: plain plain"),
        // By some of its names.
        ("Application web", "web: unknown"),
        ("Application web-us", "web: unknown"),
    ] {
        let found = of(&patch(target), &[other]);
        assert!(found[0].starts_with(wanted), "{target}: {found:?}");
    }
    // Those come after the name is another one, and find it by that, too.
    for (name, wanted) in [
        ("web", "unknown"),
        ("a-web", "unknown"),
        ("api", "plain plain"),
    ] {
        let text = format!(
            "{{resources: [web.yaml], namePrefix: a-, patchesJson6902: [{{target: {{version: v1alpha1, kind: Application, name: {name}}}, path: p.yaml}}]}}"
        );
        let found = of(&text, &[("apps/eu/p.yaml", "[{op: remove, path: /spec}]")]);
        assert!(found[0].contains(wanted), "{name}: {found:?}");
    }
}

fn target_of(target: &str) -> Value {
    match target.split_once(' ') {
        Some((kind, name)) => json!({"kind": kind, "name": name}),
        None => json!({"kind": target}),
    }
}

#[test]
fn what_is_called_otherwise_by_what_nobody_builds_keeps_its_name() {
    // The folder is deployed as it stands, and something else lists the file.
    let parent = of_source("path: apps/eu, directory: {include: '*'}");
    let child = of_source(PATH);
    let files = [
        ("argo/eu.yaml", &*parent.replace("name: web", "name: eu")),
        ("apps/eu/web.yaml", &*child),
        (
            "apps/us/kustomization.yaml",
            "{resources: [../eu/web.yaml], nameSuffix: -us}",
        ),
        PLAIN,
    ];
    let found = told(&units(ARGO, &files).unwrap());
    assert!(found[1].starts_with("web: unknown"), "{found:?}");
}
