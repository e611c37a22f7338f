//! Data that goes though the manifest of what holds it stays: with its namespace, with the definition of its kind, or
//! with replicas of its set. Decides nothing.

use serde_json::Value;

use super::assess::State;
use super::loss::Loss;
use super::near::text;
use super::rules::Data;
use crate::change::Change;
use crate::model::{ObjectRef, Operation};

/// What a range takes of an object that stands in the tree on.
pub(super) fn losses(object: &ObjectRef, old: &State, changes: &[Change]) -> Vec<Loss> {
    if old.data == Data::Cache || !old.has_claims() {
        return Vec::new();
    }
    let swept = by(object, changes).map(|index| {
        let by = changes.get(index).map(|it| it.object.to_string());
        let text = format!(
            "holds data and goes with {}, which is deleted, though its own manifest stays",
            by.unwrap_or_default()
        );
        loss("source-deleted", index, text)
    });
    let scaled = changes.iter().enumerate().find_map(|(index, change)| {
        let fewer = (change.object == *object).then(|| scaled(change))??;
        let text = format!(
            "holds data, and its claims of {fewer} replicas are deleted with these (`whenScaled: Delete`)"
        );
        Some(loss("source-shrunk", index, text))
    });
    swept.into_iter().chain(scaled).collect()
}

/// The change that deletes what an object cannot be without.
pub(super) fn by(object: &ObjectRef, changes: &[Change]) -> Option<usize> {
    let is_it = |change: &Change| sweeps(change) && goes_with(object, change);
    changes.iter().position(is_it)
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
