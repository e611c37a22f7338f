//! What a change does that a revert of it does not undo, by the classes of fields.
//! Knows nothing of plans.

use serde::Serialize;
use serde_json::Value;

use super::{definitions, fixed, versions};
use crate::change::{Change, FieldChange};
use crate::facts::storage;
use crate::model::Operation;

/// Something that a revert does not undo.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Irreversible {
    /// The change that does it.
    pub change: usize,
    /// What it is.
    pub kind: Kind,
    /// Where it stands; absent where it is the whole object.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// What happens, for people.
    pub text: String,
}

/// Why a revert does not undo it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A volume grows, and none shrinks.
    VolumeGrown,
    /// The API server refuses to change the field of an object that is there.
    ImmutableField,
    /// The field may be set and not be taken away.
    SetOnce,
    /// A Service gives its address back.
    ServiceAddress,
    /// What a definition of resources stores, converts or serves is another.
    Definition,
    /// A database gets another version, and converts what it keeps; or that cannot be told.
    DatabaseVersion,
    /// Whatever lies in it goes with it.
    Contents,
}

/// What all changes do that a revert does not undo.
pub(super) fn all(changes: &[Change]) -> Vec<Irreversible> {
    let changes = changes.iter().enumerate();
    let all = changes.flat_map(|(index, change)| {
        let found = of(change).into_iter();
        found.map(move |(kind, pointer, text)| Irreversible {
            change: index,
            kind,
            pointer,
            text,
        })
    });
    all.collect()
}

/// Kind, place and text.
pub(super) type Told = (Kind, Option<String>, String);

fn of(change: &Change) -> Vec<Told> {
    let kind = change.object.group_kind().to_string();
    match (change.operation, change.old.as_ref(), change.new.as_ref()) {
        (Operation::Delete, _, _) => gone(&kind).into_iter().collect(),
        (Operation::Create, _, _) => begun(&kind).into_iter().collect(),
        (_, Some(old), Some(new)) => {
            let mut found = grown(change, &kind);
            found.extend(fixed::fields(change, &kind));
            found.extend(fixed::set_once(change, &kind));
            found.extend(fixed::service((old, new), &kind));
            found.extend(definitions::definition((old, new), &kind));
            found.extend(versions::versions(&change.object, (old, new)));
            found
        }
        _ => Vec::new(),
    }
}

/// What takes more with it than itself.
fn gone(kind: &str) -> Option<Told> {
    let text = match kind {
        "Namespace" => "is deleted, and all that lies in it goes with it",
        "CustomResourceDefinition.apiextensions.k8s.io" => {
            "is deleted, and every object of its kind goes with it"
        }
        _ => return None,
    };
    Some((Kind::Contents, None, text.to_owned()))
}

/// What upgrades a database by being there.
fn begun(kind: &str) -> Option<Told> {
    let upgrades = [
        "PGUpgrade.postgres-operator.crunchydata.com",
        "PerconaPGUpgrade.pgv2.percona.com",
    ];
    let text = "runs `pg_upgrade`, after which the version before does not read the data";
    upgrades
        .contains(&kind)
        .then(|| (Kind::DatabaseVersion, None, text.to_owned()))
}

/// Volumes that get larger; those of a set's templates are among its fixed fields.
fn grown(change: &Change, kind: &str) -> Vec<Told> {
    let is_set = kind == "StatefulSet.apps";
    if is_set || kind == "PersistentVolume" {
        return Vec::new();
    }
    let fields = change.fields.iter();
    let sizes = fields.filter(|field| storage::is_size(&change.object, &field.pointer));
    sizes.filter_map(growth).collect()
}

fn growth(field: &FieldChange) -> Option<Told> {
    let (old, new) = (field.old.as_ref()?, field.new.as_ref()?);
    let text = match (storage::bytes(old), storage::bytes(new)) {
        (Some(before), Some(after)) if after <= before => return None,
        (Some(_), Some(_)) => format!(
            "grows a volume from {} to {}, and no volume shrinks",
            spelt(old),
            spelt(new)
        ),
        _ => "sets the size of a volume to what cannot be compared with the one before".to_owned(),
    };
    Some((Kind::VolumeGrown, Some(field.pointer.clone()), text))
}

/// A value for people, not longer than they read.
pub(super) fn spelt(value: &Value) -> String {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("`{}…`", text.get(..end).unwrap_or_default()),
        None => format!("`{text}`"),
    }
}

const LONGEST: usize = 80;
