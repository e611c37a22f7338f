//! Data that goes though the manifest of what holds it stays: with its namespace, with the definition of its kind, or
//! with replicas of its set. Decides nothing.

use serde_json::Value;

use super::assess::State;
use super::loss::Loss;
use super::near::text;
use super::rules::Data;
use crate::change::Change;
use crate::model::{ObjectRef, Operation};

/// The changes of a range that delete what other objects cannot be without: few of many.
pub(super) struct Sweeping<'c>(Vec<(usize, &'c Change)>);

impl<'c> Sweeping<'c> {
    pub(super) fn of(changes: &'c [Change]) -> Self {
        let changes = changes.iter().enumerate();
        Self(changes.filter(|(_, change)| sweeps(change)).collect())
    }

    /// The one with which an object goes.
    pub(super) fn by(&self, object: &ObjectRef) -> Option<(usize, &'c Change)> {
        let mut all = self.0.iter().copied();
        all.find(|(_, change)| goes_with(object, change))
    }

    /// What a range takes of an object that stands in the tree on, and changes itself as `own` says.
    pub(super) fn losses(
        &self,
        object: &ObjectRef,
        old: &State,
        own: Option<(usize, &Change)>,
    ) -> Vec<Loss> {
        if old.data == Data::Cache || !old.has_claims() {
            return Vec::new();
        }
        let swept = self.by(object).map(|(index, by)| {
            let text = format!(
                "holds data and goes with {}, which is deleted, though its own manifest stays",
                by.object
            );
            loss("source-deleted", index, text)
        });
        let scaled = own.and_then(|(index, change)| {
            let fewer = scaled(change)?;
            let text = format!(
                "holds data, and its claims of {fewer} replicas are deleted with these (`whenScaled: Delete`)"
            );
            Some(loss("source-shrunk", index, text))
        });
        swept.into_iter().chain(scaled).collect()
    }
}

/// Whether a change deletes what other objects cannot be without.
pub(super) fn sweeps(change: &Change) -> bool {
    let kind = change.object.group_kind().to_string();
    change.operation == Operation::Delete && [NAMESPACE, DEFINITION].contains(&kind.as_str())
}

fn goes_with(object: &ObjectRef, change: &Change) -> bool {
    if change.object.group_kind().to_string() == NAMESPACE {
        return object.namespace.as_ref() == Some(&change.object.name);
    }
    let said = |pointer: &str| text(change.old.as_ref()?, pointer);
    said("/spec/group") == Some(object.group())
        && said("/spec/names/kind") == Some(object.kind.as_str())
}

/// How many replicas go, where their claims go with them.
fn scaled(change: &Change) -> Option<i64> {
    let (old, new) = (change.old.as_ref()?, change.new.as_ref()?);
    if change.object.group_kind().to_string() != "StatefulSet.apps"
        || text(new, "/spec/persistentVolumeClaimRetentionPolicy/whenScaled") != Some("Delete")
    {
        return None;
    }
    let replicas = |set: &Value| set.pointer("/spec/replicas").map_or(Some(1), Value::as_i64);
    let fewer = replicas(old)?.checked_sub(replicas(new)?)?;
    (fewer > 0).then_some(fewer)
}

fn loss(kind: &'static str, index: usize, text: String) -> Loss {
    Loss {
        kind,
        changes: vec![index],
        text,
        replaced_by: None,
    }
}

const NAMESPACE: &str = "Namespace";
const DEFINITION: &str = "CustomResourceDefinition.apiextensions.k8s.io";
