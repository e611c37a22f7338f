//! What becomes of a deployment, and of those that it applies, when their objects go from the tree.
//! Knows neither commits nor what is deployed.
//!
//! Source: Argo CD, "Controlling Resource Modification" of `ApplicationSet`.

mod argo;
mod flux;

use std::collections::BTreeSet;

use serde_json::Value;

pub(super) use self::argo::{COMPARE_OPTIONS, RESOURCE_POLICY, SKIP, SYNC_OPTIONS};
pub(super) use self::flux::PRUNE;

use self::argo::kept_by_argo;
use self::flux::{KEPT_BY_FLUX, is_kept_by_flux};
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
    /// Those of them that take it from another revision of this repository, whatever this one says.
    pub pinned_by: BTreeSet<String>,
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
    /// Whether any unit applies its object as it is at the revision that is judged.
    #[must_use]
    pub fn is_applied_as_judged(&self) -> bool {
        !self.applied_by.is_subset(&self.pinned_by)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::yaml;

    fn node(text: &str) -> Node {
        yaml::parse(text).unwrap().remove(0)
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
