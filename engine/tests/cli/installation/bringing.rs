//! What brings the gate: the source of a hook, and the plugin that asks before it renders.

use super::{APPLICATION, GATE_SOURCE, Installation, PLATFORM, shipped};

/// The shipped Application with more said of its gate.
fn said(more: &str) -> Vec<String> {
    let source = format!("{GATE_SOURCE}      {more}\n");
    Installation::shipped()
        .with(APPLICATION, GATE_SOURCE, &source)
        .opened()
}

#[test]
fn of_the_gates_source_only_where_it_lies_may_be_said() {
    for more in [
        "kustomize: {commonAnnotations: {argocd.argoproj.io/hook: Skip}}",
        "kustomize: {patches: [{target: {kind: Job}, patch: '[{op: remove, path: /metadata/annotations}]'}]}",
        "directory: {exclude: '*'}",
        "directory: {recurse: true}",
        "directory: {recurse: false}",
        "directory: {}",
        "plugin: {}",
        "plugin: {name: other}",
        "helm: {parameters: [{name: a, value: b}]}",
        "ref: values",
        "somethingNew: true",
    ] {
        let told = ["gate-altered apps/shop-prod.yaml:20"];
        assert_eq!(said(more), told, "{more}");
    }
    for more in ["name: gate", "kustomize: {}"] {
        assert_eq!(said(more), [""; 0], "{more}");
    }
}

#[test]
fn the_gate_comes_from_a_protected_branch_or_a_commit() {
    let of = |revision: &str| {
        let source = GATE_SOURCE.replace("refs/heads/main", revision);
        Installation::shipped()
            .with(APPLICATION, GATE_SOURCE, &source)
            .opened()
    };
    let (open, unseen) = (
        "gate-unpinned apps/shop-prod.yaml:18",
        "gate-unpinned? apps/shop-prod.yaml:18",
    );
    for revision in [
        "refs/pull/7/head",
        "refs/merge-requests/7/head",
        "refs/tags/v1",
        "refs/remotes/origin/main",
    ] {
        assert_eq!(of(revision), [open], "{revision}");
    }
    for revision in ["refs/heads/feature-of-anybody", "'{{revision}}'"] {
        assert_eq!(of(revision), [unseen], "{revision}");
    }
    let commit = "a".repeat(40);
    for revision in ["refs/heads/main", "refs/heads/master", &commit] {
        assert_eq!(of(revision), [""; 0], "{revision}");
    }
}

/// An installation whose Application is rendered by the shipped plugin, changed so.
fn rendered(from: &str, to: &str) -> Vec<String> {
    Installation::shipped()
        .with(APPLICATION, GATE_SOURCE, "")
        .with(
            APPLICATION,
            "directory: {recurse: true}",
            "plugin: {name: tidegate-shop-prod}",
        )
        .and(
            PLATFORM,
            "plugin.yaml",
            &shipped("argocd/plugin/plugin.yaml"),
        )
        .with("plugin.yaml", from, to)
        .opened()
}

#[test]
fn only_the_shipped_plugin_asks() {
    for (from, to) in [
        ("- --wait=45s", "- --by-hand"),
        ("- --wait=45s", "- --deployed=main"),
        ("- --wait=45s", "- --revision=main"),
        ("- --wait=45s", "- --application=argocd/shop-prod"),
        ("- --wait=45s", "- --help"),
        ("trust=/etc/tidegate/trust.json", "trust=/work/trust.json"),
        ("--verdicts=branch", "--verdicts=folder:/tmp/x"),
        ("      - kustomize\n      - build\n      - .\n", ""),
        (
            "      - kustomize\n      - build\n      - .\n",
            "      - sh\n      - -c\n      - kustomize build . ; cat /tmp/evil\n",
        ),
        ("      - .\n", "      - --enable-exec\n      - .\n"),
        ("      - --\n      - kustomize", "      - kustomize"),
        (
            "command: [tidegate]",
            "command: [sh, -c, 'tidegate \"$@\" || true', --]",
        ),
        ("command: [tidegate]", "command: [/work/tidegate]"),
        ("  generate:", "  init: {command: [sh, -c, x]}\n  generate:"),
        ("  generate:", "  discover: {fileName: '*'}\n  generate:"),
        ("  generate:", "  parameters: {static: []}\n  generate:"),
    ] {
        let told = rendered(from, to);
        assert_eq!(told[0], "not-gated apps/shop-prod.yaml:9", "{to}");
        assert_eq!(told.len(), 2, "{to}: {told:?}");
        assert!(told[1].starts_with("gate-altered plugin.yaml:"), "{told:?}");
    }
    for (from, to) in [
        ("", ""),
        ("command: [tidegate]", "command: [/usr/local/bin/tidegate]"),
        ("--wait=45s", "--wait=60s"),
        ("  generate:", "  preserveFileMode: true\n  generate:"),
    ] {
        assert_eq!(rendered(from, to), [""; 0], "{to}");
    }
}

#[test]
fn the_plugin_asks_about_the_unit_that_it_renders() {
    for (from, to) in [
        ("--unit=shop", "--unit=docs"),
        ("--env=prod", "--env=staging"),
        ("shop.git", "docs.git"),
        ("- --wait=45s", "- --branch=feature"),
    ] {
        let told = rendered(from, to);
        assert_eq!(told, ["gate-for-another apps/shop-prod.yaml:15"], "{to}");
    }
}
