//! What Flux deletes and leaves of what goes from the tree. Knows nothing of Argo CD.
//!
//! Source: Flux, `prune`, `deletionPolicy` and `suspend` of `Kustomization`, and `finalize` in `kustomize-controller`.

use super::{Idle, Prune, is_true};
use crate::manifest::Node;
use crate::sources::deployment::Kind;

impl Prune {
    /// Of an object of Flux.
    pub(in crate::sources) fn of_flux(node: &Node, kind: Kind) -> Self {
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
}

/// Whether Flux deletes an object with the others: it looks at annotations and labels, and takes any case.
pub(super) fn is_kept_by_flux(node: &Node) -> bool {
    ["annotations", "labels"].iter().any(|list| {
        let told = node.get("metadata").and_then(|it| it.get(list)?.get(PRUNE));
        let told = told.and_then(Node::as_str);
        told.is_some_and(|told| told.eq_ignore_ascii_case("disabled"))
    })
}

/// What keeps Flux from deleting an object.
pub(in crate::sources) const PRUNE: &str = "kustomize.toolkit.fluxcd.io/prune";
pub(super) const KEPT_BY_FLUX: &str =
    "`kustomize.toolkit.fluxcd.io/prune: disabled` keeps it from being deleted";
const SUSPENDED: Idle = Idle {
    why: "is suspended",
    remedy: "remove `suspend` from",
};

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
}
