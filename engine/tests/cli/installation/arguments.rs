//! What the Job of a gate asks about: the Application in which it stands, or another.

use super::{APPLICATION, Installation};

const OVERLAY: &str = "gate/shop-prod/kustomization.yaml";

fn patched(patch: &str) -> Vec<String> {
    let text = format!("patches: [{{target: {{kind: Job}}, patch: '{patch}'}}]\nimages:\n");
    Installation::shipped()
        .with(OVERLAY, "images:\n", &text)
        .opened()
}

#[test]
fn a_gate_that_asks_about_another_is_told() {
    for (from, to) in [
        (
            "--application=argocd/shop-prod",
            "--application=argocd/other",
        ),
        (
            "--application=argocd/shop-prod",
            "--application=other/shop-prod",
        ),
        ("--env=prod", "--env=staging"),
        ("--unit=shop", "--unit=other"),
        ("- --wait=15m", "- --branch=feature"),
        (
            "--repository=https://git.example/acme/shop.git",
            "--repository=https://git.example/acme/shop",
        ),
        ("//gate/shop-prod", "//gate/other"),
    ] {
        let told = Installation::shipped()
            .with("gate/base/job.yaml", from, to)
            .opened();
        assert_eq!(told, ["gate-for-another apps/shop-prod.yaml:16"], "{to}");
    }
    let renamed = Installation::shipped().with(APPLICATION, "name: shop-prod", "name: shop-eu");
    assert_eq!(
        renamed.opened(),
        ["gate-for-another apps/shop-prod.yaml:16"]
    );
    let moved = Installation::shipped().with(APPLICATION, "  namespace: argocd\n", "");
    assert_eq!(moved.opened(), [""; 0], "the namespace is not said here");
}

#[test]
fn patches_on_the_way_say_what_is_asked_in_the_end() {
    let at = |index: usize, to: &str| {
        patched(&format!(
            "[{{op: replace, path: /spec/template/spec/containers/0/args/{index}, value: {to}}}]"
        ))
    };
    let told = ["gate-for-another apps/shop-prod.yaml:16"];
    assert_eq!(at(1, "--env=prod"), [""; 0]);
    assert_eq!(at(1, "--env=staging"), told);
    assert_eq!(at(3, "--application=argocd/other"), told);
    let all = |application: &str| {
        patched(&format!(
            "[{{op: add, path: /spec/template/spec/containers/0/args, value: [admit, --env, prod, --application, {application}]}}]"
        ))
    };
    assert_eq!(all("argocd/shop-prod"), [""; 0]);
    assert_eq!(all("argocd/other"), told);
    let merged = patched(
        "{kind: Job, metadata: {name: tidegate-admit}, spec: {template: {spec: {containers: [{name: gate, args: [admit, --env=other, --application=argocd/shop-prod]}]}}}}",
    );
    assert_eq!(merged, told);
}
