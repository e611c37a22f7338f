//! What Argo CD deletes and leaves of what goes from the tree. Knows nothing of Flux.
//!
//! Source: Argo CD, "Automated Sync Policy", "Sync Options" and "App Deletion".

use super::{Idle, Prune, is_true};
use crate::manifest::{Node, NodeValue};

impl Prune {
    /// Of an Application.
    pub(in crate::sources) fn of_application(node: &Node) -> Self {
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
}

/// Why Argo CD deletes an object neither with others nor with what applies it.
pub(super) fn kept_by_argo(node: &Node) -> (Option<&'static str>, Option<&'static str>) {
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

/// What tells Argo CD how it applies and deletes an object.
pub(in crate::sources) const SYNC_OPTIONS: &str = "argocd.argoproj.io/sync-options";
/// What tells Argo CD how it compares an object.
pub(in crate::sources) const COMPARE_OPTIONS: &str = "argocd.argoproj.io/compare-options";
/// What keeps Argo CD from looking at an Application.
pub(in crate::sources) const SKIP: &str = "argocd.argoproj.io/skip-reconcile";
/// What keeps Helm, and a deletion of Argo CD, from deleting an object.
pub(in crate::sources) const RESOURCE_POLICY: &str = "helm.sh/resource-policy";
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
}
