//! The object and field difference of two sets of Kubernetes objects.
//! Knows nothing of policies, tiers or where the objects come from.

mod digest;
mod fields;
mod keys;
mod origin;
mod path;
mod quantities;
mod repeated;
mod secrets;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde_json::{Map, Value};

pub use digest::change_digest;
pub use origin::{Layer, Origin, Part};
pub use repeated::{Repeated, repeated_item};

use crate::manifest::Node;
use crate::model::{Lines, Location, ObjectRef, Operation, RepoPath, Span, key_of, map_by_threads};

/// One object of one side, with the file it stands in.
#[derive(Clone)]
pub struct Source {
    /// Its name.
    pub object: ObjectRef,
    /// The file.
    pub file: RepoPath,
    /// The text of the file with every secret value masked; spans stay right.
    pub text: Arc<str>,
    /// The lines of that text, shared by all objects of the file.
    pub lines: Arc<Lines>,
    /// What was read, with places.
    pub node: Arc<Node>,
    /// RFC 6901 pointers of the values that nobody may see.
    pub secrets: Arc<BTreeSet<String>>,
    /// The files that made it what it is, where it was rendered; the text is then what came out.
    pub origin: Option<Arc<Origin>>,
}

/// Names the object and its file only: what was read may be secret.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.object, self.file)
    }
}

/// One object created, updated or deleted between base and head.
#[derive(Clone, Debug)]
pub struct Change {
    /// What happens to it.
    pub operation: Operation,
    /// The object; for an update as it is named at head.
    pub object: ObjectRef,
    /// The business components it belongs to, on either side.
    pub components: BTreeSet<String>,
    /// Those of them that it belongs to at base, and no more at head; of an update.
    pub components_lost: BTreeSet<String>,
    /// At base, secrets replaced; `None` for a creation.
    pub old: Option<Value>,
    /// At head, secrets replaced; `None` for a deletion.
    pub new: Option<Value>,
    /// What differs; empty for creations and deletions, whose whole object differs.
    pub fields: Vec<FieldChange>,
    /// Where the base side is written.
    pub old_source: Option<Source>,
    /// Where the head side is written.
    pub new_source: Option<Source>,
    digest_lines: Vec<String>,
}

/// One field that differs. An added or removed subtree is one field.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    /// RFC 6901 pointer at head; at base for a removal.
    pub pointer: String,
    /// For people: `spec.template.spec.containers[odoo].image`.
    pub path: String,
    /// The identity of the field: list steps named by merge key, `containers[name=odoo]`.
    pub keyed_path: String,
    /// At base; `None` when added.
    pub old: Option<Value>,
    /// At head; `None` when removed.
    pub new: Option<Value>,
    /// RFC 6901 pointer at base; `None` when added.
    pub old_pointer: Option<String>,
    /// RFC 6901 pointer at head; `None` when removed.
    pub new_pointer: Option<String>,
}

/// Objects of one side, by identity. The first of a duplicate identity counts.
pub type Objects = BTreeMap<ObjectRef, Source>;

/// Compares two sides. Objects that differ in nothing give no change; the result is in the order
/// of identities.
#[must_use]
pub fn compare(base: &Objects, head: &Objects) -> Vec<Change> {
    let names: BTreeSet<&ObjectRef> = base.keys().chain(head.keys()).collect();
    let names: Vec<&ObjectRef> = names.into_iter().collect();
    let changes = map_by_threads(&names, |_, name| match (base.get(name), head.get(name)) {
        (Some(old), Some(new)) => update(old, new),
        (None, Some(new)) => Some(whole(new, Operation::Create)),
        (Some(old), None) => Some(whole(old, Operation::Delete)),
        (None, None) => None,
    });
    changes.into_iter().flatten().collect()
}

/// An object that does not change, as a change without fields: how policies see an object that a
/// changed neighbour reaches, and every object at base.
#[must_use]
pub fn unchanged(source: &Source) -> Change {
    let value = as_it_stands(&source.node, &source.secrets);
    Change {
        operation: Operation::Update,
        object: source.object.clone(),
        components: BTreeSet::new(),
        components_lost: BTreeSet::new(),
        old: Some(value.clone()),
        new: Some(value),
        fields: Vec::new(),
        old_source: Some(source.clone()),
        new_source: Some(source.clone()),
        digest_lines: Vec::new(),
    }
}

/// An object that only moved to another file, as a change without fields.
#[must_use]
pub fn moved(old: &Source, new: &Source) -> Change {
    Change {
        old_source: Some(old.clone()),
        ..unchanged(new)
    }
}

/// Whether two objects differ in more than the namespace that they name.
#[must_use]
pub fn differ_beyond_namespace(old: &Source, new: &Source) -> bool {
    update(old, new).is_some_and(|change| {
        let mut fields = change.fields.iter();
        fields.any(|field| field.pointer != "/metadata/namespace")
    })
}

/// An object as policies see it, the values that `secrets` names replaced.
#[must_use]
pub fn as_it_stands(node: &Node, secrets: &BTreeSet<String>) -> Value {
    normalised(secrets::masked(node.to_json(), secrets, &BTreeSet::new()))
}

impl Change {
    /// The side that counts for people: head, or base for a deletion.
    #[must_use]
    pub fn source(&self) -> Option<&Source> {
        self.new_source.as_ref().or(self.old_source.as_ref())
    }

    /// The keyed path of an RFC 6901 pointer into the object as it counts for people.
    #[must_use]
    pub fn keyed_path(&self, pointer: &str) -> String {
        let value = self.new.as_ref().or(self.old.as_ref());
        path::keyed_path(&self.object, value.unwrap_or(&Value::Null), pointer)
    }
}

impl Source {
    /// The object as policies see it, and its secrets too: for who looks for what is none among them, and shows none.
    #[must_use]
    pub fn with_secrets(&self) -> Value {
        normalised(self.node.to_json())
    }

    /// The place of the value that `pointer` names. Where it is absent: of the key of what is deepest
    /// on the way to it, with a note that names what is not there.
    #[must_use]
    pub fn location(&self, pointer: &str) -> Location {
        if let Some(origin) = &self.origin
            && let Some(place) = origin.location(&self.node, pointer)
        {
            return place;
        }
        if let Some(node) = self.node.pointer(pointer) {
            return self.at(node.span);
        }
        let steps: Vec<&str> = pointer.split('/').skip(1).collect();
        let parent = |depth: usize| steps.get(..depth).map_or_else(String::new, pointer_of);
        let depth = (0..steps.len())
            .rev()
            .find(|depth| self.node.pointer(&parent(*depth)).is_some())
            .unwrap_or(0);
        let absent = steps.get(depth..).unwrap_or_default().join(".");
        let above = depth.checked_sub(1).and_then(|above| {
            let node = self.node.pointer(&parent(above))?;
            node.entry(&key_of(steps.get(above)?))
        });
        let span = above.map_or_else(|| self.node.deepest(pointer).span, |entry| entry.key_span);
        self.at(span)
            .with_note(format!("no `{}` here", key_of(&absent)))
    }

    /// The place of some bytes of this file; of an object that was rendered, the file.
    #[must_use]
    pub fn at(&self, span: Span) -> Location {
        if self.origin.is_some() {
            return Location::of_line(&self.file, 1);
        }
        Location::of_many(&self.file, &self.text, &self.lines, span)
    }
}

fn pointer_of(steps: &[&str]) -> String {
    steps.iter().map(|step| format!("/{step}")).collect()
}

fn update(old: &Source, new: &Source) -> Option<Change> {
    let old_value = normalised(old.node.to_json());
    let new_value = normalised(new.node.to_json());
    let found = fields::difference(
        &new.object,
        (&old_value, &old.secrets),
        (&new_value, &new.secrets),
    );
    if found.is_empty() {
        return None;
    }
    let changed_old = found.iter().filter_map(|field| field.old_pointer.clone());
    let changed_new = found.iter().filter_map(|field| field.new_pointer.clone());
    let masked_old = secrets::masked(old_value.clone(), &old.secrets, &changed_old.collect());
    let mut masked_new = secrets::masked(new_value.clone(), &new.secrets, &changed_new.collect());
    secrets::mark_cut(&found, &old_value, &new_value, &mut masked_new);
    let digest_lines = found
        .iter()
        .map(|field| {
            let old = side(&old_value, field.old_pointer.as_deref(), old);
            let new = side(&new_value, field.new_pointer.as_deref(), new);
            digest::line(&field.object, &field.keyed_path, old, new)
        })
        .collect();
    let fields = found
        .into_iter()
        .map(|field| field.finish(&masked_old, &masked_new))
        .collect();
    Some(Change {
        operation: Operation::Update,
        object: new.object.clone(),
        components: BTreeSet::new(),
        components_lost: BTreeSet::new(),
        old: Some(masked_old),
        new: Some(masked_new),
        fields,
        old_source: Some(old.clone()),
        new_source: Some(new.clone()),
        digest_lines,
    })
}

fn whole(source: &Source, operation: Operation) -> Change {
    let value = normalised(source.node.to_json());
    let all = BTreeSet::from([String::new()]);
    let masked = secrets::masked(value.clone(), &source.secrets, &all);
    let side = side(&value, Some(""), source);
    let (old, new) = match operation {
        Operation::Delete => (side, None),
        _ => (None, side),
    };
    let line = digest::line(&source.object, "", old, new);
    let (old, new) = match operation {
        Operation::Delete => ((Some(masked), Some(source.clone())), (None, None)),
        _ => ((None, None), (Some(masked), Some(source.clone()))),
    };
    Change {
        operation,
        object: source.object.clone(),
        components: BTreeSet::new(),
        components_lost: BTreeSet::new(),
        old: old.0,
        new: new.0,
        fields: Vec::new(),
        old_source: old.1,
        new_source: new.1,
        digest_lines: vec![line],
    }
}

fn side<'a>(
    value: &'a Value,
    pointer: Option<&str>,
    source: &'a Source,
) -> Option<digest::Side<'a>> {
    let pointer = pointer?;
    Some(digest::Side {
        value: value.pointer(pointer)?,
        pointer: pointer.to_owned(),
        secrets: &source.secrets,
    })
}

/// Without nulls (null is absent) and without what only the API server writes.
fn normalised(mut value: Value) -> Value {
    drop_nulls(&mut value);
    let Value::Object(object) = &mut value else {
        return value;
    };
    object.remove("status");
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        for field in SERVER_FIELDS {
            metadata.remove(field);
        }
    }
    value
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            let kept: Map<String, Value> = std::mem::take(map)
                .into_iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, mut value)| {
                    drop_nulls(&mut value);
                    (key, value)
                })
                .collect();
            *map = kept;
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

const SERVER_FIELDS: [&str; 5] = [
    "creationTimestamp",
    "generation",
    "managedFields",
    "resourceVersion",
    "uid",
];

#[cfg(test)]
mod tests;
