//! Data that goes though the manifest of what holds it stays: with its namespace, with the definition of its kind, or
//! with replicas of its set; and data that goes with its object from now on. Decides nothing.

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
        (old, new): (&State, &State),
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
        let bound = own.and_then(|(index, change)| {
            let what = bound(change, (old, new))?;
            Some(loss("weakened", index, format!("holds data, and {what}")))
        });
        swept.into_iter().chain(scaled).chain(bound).collect()
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

/// What of it goes with its object, or with replicas, from this change on, and stayed before.
fn bound(change: &Change, (old, new): (&State, &State)) -> Option<String> {
    if let (None, Some(fate)) = (&old.fate, &new.fate) {
        return Some(format!("from now on, where it is deleted, {fate}"));
    }
    let goes = |set: &Option<Value>| {
        let policy = text(set.as_ref()?, WHEN_SCALED);
        (policy == Some("Delete")).then_some(())
    };
    let is_set = change.object.group_kind().to_string() == "StatefulSet.apps";
    (is_set && goes(&change.old).is_none() && goes(&change.new).is_some()).then(|| {
        "from now on the claims of its replicas are deleted with these (`whenScaled: Delete`)"
            .to_owned()
    })
}

/// How many replicas go, where their claims go with them.
fn scaled(change: &Change) -> Option<i64> {
    let (old, new) = (change.old.as_ref()?, change.new.as_ref()?);
    if change.object.group_kind().to_string() != "StatefulSet.apps"
        || text(new, WHEN_SCALED) != Some("Delete")
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

const WHEN_SCALED: &str = "/spec/persistentVolumeClaimRetentionPolicy/whenScaled";
const NAMESPACE: &str = "Namespace";
const DEFINITION: &str = "CustomResourceDefinition.apiextensions.k8s.io";
