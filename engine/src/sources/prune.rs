//! What becomes of a deployment, and of those that it applies, when their objects go from the tree.
//! Knows neither commits nor what is deployed.
//!
//! Source: Flux, `prune`, `deletionPolicy` and `suspend` of `Kustomization`, and `finalize` in `kustomize-controller`; Argo CD,
//! "Automated Sync Policy", "Sync Options", "App Deletion" and "Controlling Resource Modification" of `ApplicationSet`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::deployment::Kind;
use crate::manifest::{Node, NodeValue};

/// What becomes of a deployment, and of those that it applies, when their objects go from the tree.
#[derive(Clone, Debug, Default)]
pub struct Prune {
    /// Why it leaves in the cluster what goes from its folder; nothing where it deletes that.
    pub leaves: Option<&'static str>,
    /// Why it leaves in the cluster what it applied when it is deleted itself.
    pub orphans: Option<&'static str>,
    /// Why its own object stays when what applies it deletes others.
    pub stays: Option<&'static str>,
    /// Why its own object stays when what applies it is deleted itself.
    pub outlives: Option<&'static str>,
    /// It deploys nothing until somebody says so.
    pub is_at_rest: bool,
    /// Why what changes of what it applies may not come to the cluster.
    pub idle: Option<Idle>,
    /// It deletes all that it applied, where nothing is left of that. Of Argo CD alone.
    pub empties: bool,
    /// The units that apply its object, or the set that makes it.
    pub applied_by: BTreeSet<String>,
    /// The set that makes it.
    pub set: Option<MakingSet>,
}

/// Why what a deployment applies stays as it is, and what to do about that, in words before its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idle {
    /// Why.
    pub why: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

/// An `ApplicationSet`.
#[derive(Clone, Debug)]
pub struct MakingSet {
    /// Its namespace, where it says so.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
    /// Why an Application stays that it makes no more.
    pub leaves: Option<&'static str>,
    /// All that it says of what it makes.
    pub(super) spec: Value,
}

impl Prune {
    /// Of an object of Flux.
    pub(super) fn of_flux(node: &Node, kind: Kind) -> Self {
        let is_on = |key: &str| node.pointer(&format!("/spec/{key}")).is_some_and(is_true);
        let (prunes, is_at_rest) = (is_on("prune"), is_on("suspend"));
        let policy = node
            .pointer("/spec/deletionPolicy")
            .and_then(Node::as_str)
            .unwrap_or("MirrorPrune");
        let unpruned = (!prunes).then_some("has no `prune: true`");
        let suspended = is_at_rest.then_some("is suspended");
        let orphans = match policy {
            "Delete" | "WaitForTermination" => None,
            "MirrorPrune" => unpruned,
            _ => Some("has another `deletionPolicy` than `Delete`"),
        };
        let is_builder = kind == Kind::Kustomization;
        let stays = is_kept_by_flux(node).then_some(KEPT_BY_FLUX);
        Self {
            leaves: suspended.or(unpruned).filter(|_| is_builder),
            orphans: suspended.or(orphans).filter(|_| is_builder),
            stays,
            outlives: stays,
            is_at_rest,
            idle: is_at_rest.then_some(SUSPENDED),
            ..Self::default()
        }
    }

    /// Of an Application.
    pub(super) fn of_application(node: &Node) -> Self {
        let automated = node.pointer("/spec/syncPolicy/automated");
        let is_off = |node: &Node| {
            let enabled = node.get("enabled").map(|it| &it.value);
            matches!(node.value, NodeValue::Null) || enabled == Some(&NodeValue::Bool(false))
        };
        let automated = automated.filter(|it| !is_off(it));
        let prunes = automated.is_some_and(|it| it.get("prune").is_some_and(is_true));
        let options = node.pointer("/spec/syncPolicy/syncOptions");
        let options = options.and_then(Node::items).unwrap_or_default();
        let keeps = options.iter().filter_map(Node::as_str).any(keeps_pruned);
        let (stays, outlives) = kept_by_argo(node);
        let annotations = node.pointer("/metadata/annotations");
        let told = annotations.and_then(|it| it.get(SKIP)?.as_str());
        // As Go reads what is true.
        let skips = told.is_some_and(|it| ["1", "t", "T", "true", "True", "TRUE"].contains(&it));
        Self {
            leaves: match (prunes, keeps) {
                (false, _) => Some("has no `syncPolicy: {automated: {prune: true}}`"),
                (true, true) => {
                    Some("has `Prune=false` or `Prune=confirm` among its `syncOptions`")
                }
                (true, false) => None,
            },
            orphans: (!has_finalizer(node))
                .then_some("has no finalizer `resources-finalizer.argocd.argoproj.io`"),
            stays,
            outlives,
            is_at_rest: automated.is_none() || skips,
            idle: skips
                .then_some(SKIPPING)
                .or_else(|| automated.is_none().then_some(MANUAL)),
            empties: automated.is_some_and(|it| it.get("allowEmpty").is_some_and(is_true)),
            ..Self::default()
        }
    }

    /// Of an object that deploys nothing itself.
    pub(super) fn of_object(node: &Node) -> Self {
        let (stays, outlives) = kept_by_argo(node);
        let kept = is_kept_by_flux(node).then_some(KEPT_BY_FLUX);
        Self {
            stays: stays.or(kept),
            outlives: outlives.or(kept),
            ..Self::default()
        }
    }

    /// The same of an Application that a set makes, whose controller deletes it and gives it the finalizer, unless it is told
    /// otherwise.
    pub(super) fn made_by(mut self, set: &Node, application: &Node) -> Self {
        let text = |pointer: &str| {
            let text = set.pointer(pointer).and_then(Node::as_str);
            text.filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let is_preserving = set
            .pointer("/spec/syncPolicy/preserveResourcesOnDeletion")
            .is_some_and(is_true);
        let finalizers = application.pointer("/metadata/finalizers");
        let finalizers = finalizers.and_then(Node::items).unwrap_or_default();
        if finalizers.is_empty() && !is_preserving {
            self.orphans = None;
        }
        (self.stays, self.outlives) = kept_by_argo(set);
        let keeps = text("/spec/syncPolicy/applicationsSync").is_some_and(|it| it != "sync");
        self.set = Some(MakingSet {
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name").unwrap_or_default(),
            leaves: keeps.then_some("by its `applicationsSync` deletes no Application"),
            spec: spec_of(set),
        });
        self
    }
}

/// What a set says of what it makes.
pub(super) fn spec_of(set: &Node) -> Value {
    set.get("spec").map(Node::to_json).unwrap_or_default()
}

fn is_true(node: &Node) -> bool {
    node.value == NodeValue::Bool(true)
}

/// Whether Flux deletes an object with the others: it looks at annotations and labels, and takes any case.
fn is_kept_by_flux(node: &Node) -> bool {
    ["annotations", "labels"].iter().any(|list| {
        let told = node.get("metadata").and_then(|it| it.get(list)?.get(PRUNE));
        let told = told.and_then(Node::as_str);
        told.is_some_and(|told| told.eq_ignore_ascii_case("disabled"))
    })
}

/// Why Argo CD deletes an object neither with others nor with what applies it.
fn kept_by_argo(node: &Node) -> (Option<&'static str>, Option<&'static str>) {
    let annotations = node.pointer("/metadata/annotations");
    let told = annotations.and_then(|it| it.get(SYNC_OPTIONS)?.as_str());
    let options = || told.unwrap_or_default().split(',').map(str::trim);
    let outlives = options().any(|option| matches!(option, "Delete=false" | "Delete=confirm"));
    let policy = annotations.and_then(|it| it.get(RESOURCE_POLICY)?.as_str());
    let mut policy = policy.unwrap_or_default().split(',').map(str::trim);
    let kept = policy.any(|policy| policy == "keep");
    let compared = annotations.and_then(|it| it.get(COMPARE_OPTIONS)?.as_str());
    let mut compared = compared.unwrap_or_default().split(',').map(str::trim);
    let stays = match (
        options().any(keeps_pruned),
        compared.any(|it| it == "IgnoreExtraneous"),
    ) {
        (true, _) => Some("its `argocd.argoproj.io/sync-options` keep it from being pruned"),
        (false, true) => Some(
            "by its `argocd.argoproj.io/compare-options` Argo CD does not sync where it is to be pruned",
        ),
        (false, false) => None,
    };
    (
        stays,
        match (outlives, kept) {
            (true, _) => Some("its `argocd.argoproj.io/sync-options` keep it from being deleted"),
            (false, true) => {
                Some("its `helm.sh/resource-policy: keep` keeps it from being deleted")
            }
            (false, false) => None,
        },
    )
}

fn keeps_pruned(option: &str) -> bool {
    matches!(option, "Prune=false" | "Prune=confirm")
}

fn has_finalizer(node: &Node) -> bool {
    let finalizers = node.pointer("/metadata/finalizers").and_then(Node::items);
    let mut finalizers = finalizers
        .unwrap_or_default()
        .iter()
        .filter_map(Node::as_str);
    finalizers.any(|it| it == FINALIZER || it.starts_with(FINALIZER_OF))
}

/// What keeps Flux from deleting an object.
pub(super) const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";
/// What tells Argo CD how it applies and deletes an object.
pub(super) const SYNC_OPTIONS: &str = "argocd.argoproj.io/sync-options";
/// What tells Argo CD how it compares an object.
pub(super) const COMPARE_OPTIONS: &str = "argocd.argoproj.io/compare-options";
/// What keeps Argo CD from looking at an Application.
pub(super) const SKIP: &str = "argocd.argoproj.io/skip-reconcile";
/// What keeps Helm, and a deletion of Argo CD, from deleting an object.
pub(super) const RESOURCE_POLICY: &str = "helm.sh/resource-policy";
const KEPT_BY_FLUX: &str =
    "`kustomize.toolkit.fluxcd.io/prune: disabled` keeps it from being deleted";
const SUSPENDED: Idle = Idle {
    why: "is suspended",
    remedy: "remove `suspend` from",
};
const SKIPPING: Idle = Idle {
    why: "is skipped by its `argocd.argoproj.io/skip-reconcile`",
    remedy: "remove the annotation `argocd.argoproj.io/skip-reconcile` from",
};
const MANUAL: Idle = Idle {
    why: "has no `syncPolicy.automated`",
    remedy: "add `syncPolicy: {automated: {}}` to",
};
const FINALIZER: &str = "resources-finalizer.argocd.argoproj.io";
const FINALIZER_OF: &str = "resources-finalizer.argocd.argoproj.io/";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::yaml;

    fn node(text: &str) -> Node {
        yaml::parse(text).unwrap().remove(0)
    }

    #[test]
    fn flux_deletes_what_prune_and_the_policy_of_deletion_say() {
        for (spec, leaves, orphans) in [
            ("{prune: true}", false, false),
            ("{prune: false}", true, true),
            ("{}", true, true),
            ("{prune: 'true'}", true, true),
            ("{prune: true, suspend: true}", true, true),
            ("{prune: true, deletionPolicy: Orphan}", false, true),
            ("{prune: false, deletionPolicy: Delete}", true, false),
            ("{prune: true, deletionPolicy: MirrorPrune}", false, false),
            (
                "{prune: true, deletionPolicy: WaitForTermination}",
                false,
                false,
            ),
        ] {
            let node = node(&format!("{{metadata: {{name: a}}, spec: {spec}}}"));
            let prune = Prune::of_flux(&node, Kind::Kustomization);
            let found = (prune.leaves.is_some(), prune.orphans.is_some());
            assert_eq!(found, (leaves, orphans), "{spec}");
        }
        for (metadata, stays) in [
            (
                "annotations: {kustomize.toolkit.fluxcd.io/prune: disabled}",
                true,
            ),
            (
                "labels: {kustomize.toolkit.fluxcd.io/prune: Disabled}",
                true,
            ),
            (
                "annotations: {kustomize.toolkit.fluxcd.io/prune: enabled}",
                false,
            ),
        ] {
            let node = node(&format!(
                "{{metadata: {{name: a, {metadata}}}, spec: {{}}}}"
            ));
            let prune = Prune::of_flux(&node, Kind::HelmRelease);
            assert_eq!(prune.stays.is_some(), stays, "{metadata}");
            assert!(prune.leaves.is_none());
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table")]
    fn argo_cd_prunes_what_it_is_told_to() {
        for (spec, leaves, is_at_rest) in [
            ("{syncPolicy: {automated: {prune: true}}}", false, false),
            (
                "{syncPolicy: {automated: {prune: true, enabled: false}}}",
                true,
                true,
            ),
            ("{syncPolicy: {automated: {}}}", true, false),
            ("{syncPolicy: {automated: null}}", true, true),
            ("{}", true, true),
            (
                "{syncPolicy: {automated: {prune: true}, syncOptions: [Prune=confirm]}}",
                true,
                false,
            ),
        ] {
            let node = node(&format!("{{metadata: {{name: a}}, spec: {spec}}}"));
            let prune = Prune::of_application(&node);
            let found = (prune.leaves.is_some(), prune.is_at_rest);
            assert_eq!(found, (leaves, is_at_rest), "{spec}");
        }
        for (metadata, stays, outlives, orphans) in [
            ("", false, false, true),
            (
                "finalizers: [resources-finalizer.argocd.argoproj.io]",
                false,
                false,
                false,
            ),
            (
                "finalizers: [resources-finalizer.argocd.argoproj.io/background]",
                false,
                false,
                false,
            ),
            (
                "finalizers: [post-delete-finalizer.argocd.argoproj.io]",
                false,
                false,
                true,
            ),
            (
                "annotations: {argocd.argoproj.io/sync-options: 'Validate=false, Prune=false'}",
                true,
                false,
                true,
            ),
            (
                "annotations: {argocd.argoproj.io/sync-options: Delete=false}",
                false,
                true,
                true,
            ),
            (
                "annotations: {helm.sh/resource-policy: 'keep'}",
                false,
                true,
                true,
            ),
            (
                "annotations: {helm.sh/resource-policy: delete}",
                false,
                false,
                true,
            ),
        ] {
            let prune = Prune::of_application(&node(&format!("{{metadata: {{{metadata}}}}}")));
            let found = (
                prune.stays.is_some(),
                prune.outlives.is_some(),
                prune.orphans.is_some(),
            );
            assert_eq!(found, (stays, outlives, orphans), "{metadata}");
        }
    }

    #[test]
    fn a_set_deletes_its_applications_unless_it_is_told_otherwise() {
        let application = node("{metadata: {name: a}, spec: {}}");
        for (policy, leaves, orphans) in [
            ("{}", false, false),
            ("{applicationsSync: sync}", false, false),
            ("{applicationsSync: create-update}", true, false),
            ("{preserveResourcesOnDeletion: true}", false, true),
        ] {
            let set = node(&format!(
                "{{metadata: {{name: s}}, spec: {{syncPolicy: {policy}}}}}"
            ));
            let prune = Prune::of_application(&application).made_by(&set, &application);
            let found = (
                prune.set.is_some_and(|set| set.leaves.is_some()),
                prune.orphans.is_some(),
            );
            assert_eq!(found, (leaves, orphans), "{policy}");
        }
    }
}
