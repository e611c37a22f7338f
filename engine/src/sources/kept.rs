//! What an object says of itself, or what is added to it, that keeps a deployer from applying it, or from applying it
//! anew where it changed. Knows no kustomization.
//!
//! Source: kustomize, `config.kubernetes.io/local-config`; Flux, "Controlling the apply behavior of resources" of
//! `Kustomization`, and `AnyInMetadata` in `fluxcd/pkg/ssa`; Argo CD, "Resource Hooks" in its user guide.

use super::prune::{COMPARE_OPTIONS, PRUNE, RESOURCE_POLICY, SKIP, SYNC_OPTIONS};
use crate::manifest::{Node, Object};

/// Whether an object is not applied with the others as it stands.
pub(super) fn is_kept_back(object: &Object) -> bool {
    let annotation = |key: &str| object.node.pointer("/metadata/annotations")?.get(key);
    let label = |key: &str| object.node.pointer("/metadata/labels")?.get(key);
    // Flux looks for these in both, and takes any case.
    let says = |key: &str, words: &[&str]| {
        let told = [annotation(key), label(key)];
        let mut told = told.into_iter().flatten().filter_map(Node::as_str);
        told.any(|told| words.iter().any(|word| told.eq_ignore_ascii_case(word)))
    };
    annotation(LOCAL).is_some()
        || says(SSA, &["IfNotPresent", "Ignore"])
        || says(RECONCILE, &["disabled"])
        || [(HOOK, &SYNCS[..]), (HELM_HOOK, &UPGRADES[..])]
            .into_iter()
            .any(|(key, moments)| annotation(key).is_some_and(|told| !is_applied_at(told, moments)))
        || [HOOK_DELETE, HELM_HOOK_DELETE]
            .into_iter()
            .any(|key| annotation(key).is_some())
}

/// Whether an annotation or a label of this name counts here.
pub(super) fn is_heeded(key: &str) -> bool {
    HEEDED.contains(&key)
}

/// Whether a hook has these moments alone.
fn is_applied_at(told: &Node, moments: &[&str]) -> bool {
    let mut words = told.as_str().unwrap_or_default().split(',');
    words.all(|word| moments.contains(&word.trim()))
}

const LOCAL: &str = "config.kubernetes.io/local-config";
const SSA: &str = "kustomize.toolkit.fluxcd.io/ssa";
const RECONCILE: &str = "kustomize.toolkit.fluxcd.io/reconcile";
const HOOK: &str = "argocd.argoproj.io/hook";
const HOOK_DELETE: &str = "argocd.argoproj.io/hook-delete-policy";
const HELM_HOOK: &str = "helm.sh/hook";
const HELM_HOOK_DELETE: &str = "helm.sh/hook-delete-policy";
const HEEDED: [&str; 12] = [
    PRUNE,
    RESOURCE_POLICY,
    SYNC_OPTIONS,
    COMPARE_OPTIONS,
    SKIP,
    LOCAL,
    SSA,
    RECONCILE,
    HOOK,
    HOOK_DELETE,
    HELM_HOOK,
    HELM_HOOK_DELETE,
];
/// Moments of each sync of Argo CD.
const SYNCS: [&str; 3] = ["PreSync", "Sync", "PostSync"];
/// The same as Helm says it.
const UPGRADES: [&str; 5] = [
    "crd-install",
    "pre-install",
    "pre-upgrade",
    "post-install",
    "post-upgrade",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest;

    fn is_kept(metadata: &str) -> bool {
        let text = format!("{{apiVersion: v1, kind: Service, metadata: {{name: x, {metadata}}}}}");
        let file = manifest::read(&"x.yaml".into(), text.as_bytes()).unwrap();
        is_kept_back(&file.objects[0])
    }

    #[test]
    fn what_a_deployer_skips_is_kept_back() {
        for kept in [
            "annotations: {config.kubernetes.io/local-config: 'false'}",
            "annotations: {kustomize.toolkit.fluxcd.io/ssa: IfNotPresent}",
            "annotations: {kustomize.toolkit.fluxcd.io/ssa: ignore}",
            "labels: {kustomize.toolkit.fluxcd.io/ssa: IFNOTPRESENT}",
            "labels: {kustomize.toolkit.fluxcd.io/reconcile: Disabled}",
            "annotations: {argocd.argoproj.io/hook: Skip}",
            "annotations: {argocd.argoproj.io/hook: 'Skip,PreSync'}",
            "annotations: {argocd.argoproj.io/hook: 'PreSync, PostDelete'}",
            "annotations: {argocd.argoproj.io/hook: SyncFail}",
            "annotations: {argocd.argoproj.io/hook: ''}",
            "annotations: {argocd.argoproj.io/hook: Sync, argocd.argoproj.io/hook-delete-policy: HookSucceeded}",
            "annotations: {helm.sh/hook: test}",
            "annotations: {helm.sh/hook: 'pre-install,post-delete'}",
        ] {
            assert!(is_kept(kept), "{kept}");
        }
        for applied in [
            "labels: {config.kubernetes.io/local-config: 'true'}",
            "annotations: {kustomize.toolkit.fluxcd.io/ssa: Merge}",
            "annotations: {kustomize.toolkit.fluxcd.io/reconcile: enabled}",
            "annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}",
            "labels: {argocd.argoproj.io/hook: Skip}",
            "annotations: {argocd.argoproj.io/hook: 'PreSync , Sync'}",
            "annotations: {helm.sh/hook: 'pre-install,pre-upgrade'}",
            "annotations: {example.com/hook: Skip}",
        ] {
            assert!(!is_kept(applied), "{applied}");
        }
    }
}
