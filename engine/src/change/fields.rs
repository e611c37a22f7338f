//! The field difference of two versions of one object.
//! Of secrets it knows that they name nothing; nothing of what a difference means.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::FieldChange;
use super::keys::{ListKeys, MergeKey};
use super::path::FieldPath;
use super::quantities;
use crate::model::ObjectRef;

/// A difference before its values are cut from the masked objects.
pub(super) struct Found {
    pub(super) object: ObjectRef,
    pub(super) path: String,
    pub(super) keyed_path: String,
    pub(super) old_pointer: Option<String>,
    pub(super) new_pointer: Option<String>,
}

impl Found {
    pub(super) fn finish(self, old: &Value, new: &Value) -> FieldChange {
        let cut = |value: &Value, pointer: &Option<String>| {
            pointer
                .as_deref()
                .and_then(|pointer| value.pointer(pointer))
                .cloned()
        };
        FieldChange {
            pointer: self
                .new_pointer
                .clone()
                .or_else(|| self.old_pointer.clone())
                .unwrap_or_default(),
            path: self.path,
            keyed_path: self.keyed_path,
            old: cut(old, &self.old_pointer),
            new: cut(new, &self.new_pointer),
            old_pointer: self.old_pointer,
            new_pointer: self.new_pointer,
        }
    }
}

/// A version, and the pointers of what is secret in it.
type Version<'a> = (&'a Value, &'a BTreeSet<String>);

/// Every field that differs, in the order of keyed paths.
pub(super) fn difference(
    object: &ObjectRef,
    (old, old_secrets): Version<'_>,
    (new, new_secrets): Version<'_>,
) -> Vec<Found> {
    let mut walk = Walk {
        object,
        keys: ListKeys::of(object),
        old_secrets,
        new_secrets,
        found: Vec::new(),
    };
    let root = FieldPath::default();
    walk.values(old, new, &root, &root);
    walk.found.sort_by(|a, b| a.keyed_path.cmp(&b.keyed_path));
    walk.found
}

struct Walk<'a> {
    object: &'a ObjectRef,
    keys: ListKeys,
    old_secrets: &'a BTreeSet<String>,
    new_secrets: &'a BTreeSet<String>,
    found: Vec<Found>,
}

impl Walk<'_> {
    fn values(&mut self, old: &Value, new: &Value, old_at: &FieldPath, new_at: &FieldPath) {
        match (old, new) {
            (Value::Object(old), Value::Object(new)) => self.maps(old, new, old_at, new_at),
            (Value::Array(old), Value::Array(new)) => self.lists(old, new, old_at, new_at),
            (old, new) => {
                if old != new && !quantities::equal(self.object, &new_at.shape, old, new) {
                    self.report(Some(old_at), Some(new_at));
                }
            }
        }
    }

    fn maps(
        &mut self,
        old: &Map<String, Value>,
        new: &Map<String, Value>,
        old_at: &FieldPath,
        new_at: &FieldPath,
    ) {
        for (key, value) in old {
            match new.get(key) {
                Some(other) if value == other => {}
                Some(other) => self.values(value, other, &old_at.key(key), &new_at.key(key)),
                None => self.report(Some(&old_at.key(key)), None),
            }
        }
        for key in new.keys().filter(|key| !old.contains_key(*key)) {
            self.report(None, Some(&new_at.key(key)));
        }
    }

    fn lists(&mut self, old: &[Value], new: &[Value], old_at: &FieldPath, new_at: &FieldPath) {
        let name_all = |at: &FieldPath, items, secrets| {
            let names = self.keys.name_all(&at.shape, items)?;
            (!MergeKey::any_secret(&names, &at.pointer, secrets)).then_some(names)
        };
        let names = (
            name_all(old_at, old, self.old_secrets),
            name_all(new_at, new, self.new_secrets),
        );
        let (Some(old_names), Some(new_names)) = names else {
            return self.lists_by_position(old, new, old_at, new_at);
        };
        let ordered = [(old_at, old), (new_at, new)];
        if ordered
            .iter()
            .any(|(at, items)| self.keys.ordered(&at.shape, items))
            && common(&old_names, &new_names) != common(&new_names, &old_names)
        {
            self.report(Some(old_at), Some(new_at));
        }
        let mut added: BTreeMap<&MergeKey, (usize, &Value)> =
            new_names.iter().zip(new.iter().enumerate()).collect();
        for (index, (value, name)) in old.iter().zip(&old_names).enumerate() {
            let old_item = old_at.item(index, Some(name));
            match added.remove(name) {
                Some((at, other)) => {
                    self.values(value, other, &old_item, &new_at.item(at, Some(name)));
                }
                None => self.report(Some(&old_item), None),
            }
        }
        for (name, (index, _)) in added {
            self.report(None, Some(&new_at.item(index, Some(name))));
        }
    }

    fn lists_by_position(
        &mut self,
        old: &[Value],
        new: &[Value],
        old_at: &FieldPath,
        new_at: &FieldPath,
    ) {
        for index in 0..old.len().max(new.len()) {
            let (old_item, new_item) = (old_at.item(index, None), new_at.item(index, None));
            match (old.get(index), new.get(index)) {
                (Some(old), Some(new)) => self.values(old, new, &old_item, &new_item),
                (Some(_), None) => self.report(Some(&old_item), None),
                (None, Some(_)) => self.report(None, Some(&new_item)),
                (None, None) => {}
            }
        }
    }

    fn report(&mut self, old: Option<&FieldPath>, new: Option<&FieldPath>) {
        let Some(shown) = new.or(old) else { return };
        self.found.push(Found {
            object: self.object.clone(),
            path: shown.human.clone(),
            keyed_path: shown.keyed.clone(),
            old_pointer: old.map(|path| path.pointer.clone()),
            new_pointer: new.map(|path| path.pointer.clone()),
        });
    }
}

/// The names that the others hold too, in their order.
fn common<'n>(names: &'n [MergeKey], others: &[MergeKey]) -> Vec<&'n MergeKey> {
    let others: BTreeSet<&MergeKey> = others.iter().collect();
    names.iter().filter(|name| others.contains(name)).collect()
}
