//! Files that tell kustomize which fields of objects are names of others, which it writes anew where those are called
//! otherwise, as by a hash. Builds nothing.
//!
//! Source: kustomize, `nameReference` in "Transformer Configurations".

use super::{Load, document, mapping};
use crate::manifest::{Entry, Node, NodeValue, Object};

/// Whether what the file at a path says may change an object: it says more than names, or names one that the object holds.
pub(super) fn may_hit(path: &str, object: &Object, load: Load<'_>) -> bool {
    let root = load(path).and_then(|bytes| document(&bytes));
    let fields = root.as_ref().and_then(fields);
    fields.is_none_or(|fields| fields.iter().any(|field| field.may_be_of(object)))
}

/// Where the name of another object may stand.
struct Field<'n> {
    group: Option<&'n str>,
    kind: Option<&'n str>,
    path: &'n str,
}

/// All that a file names; nothing where it says anything else.
fn fields(root: &Node) -> Option<Vec<Field<'_>>> {
    let mut fields = Vec::new();
    for entry in mapping(root)? {
        if &*entry.key != "nameReference" {
            return None;
        }
        for item in entry.value.items()? {
            let keys = known(item, &["group", "version", "kind", "fieldSpecs"])?;
            let specs = keys.iter().find(|entry| &*entry.key == "fieldSpecs")?;
            for spec in specs.value.items()? {
                fields.push(Field::read(spec)?);
            }
        }
    }
    Some(fields)
}

/// The entries of a mapping that has only these keys.
fn known<'n>(node: &'n Node, keys: &[&str]) -> Option<&'n [Entry]> {
    let entries = mapping(node)?;
    let is_known = |key: &str| keys.contains(&key);
    entries
        .iter()
        .all(|entry| is_known(&entry.key))
        .then_some(entries)
}

impl<'n> Field<'n> {
    fn read(node: &'n Node) -> Option<Self> {
        known(node, &["group", "version", "kind", "path"])?;
        let text = |key: &str| match node.get(key) {
            None => Some(None),
            Some(value) => value.as_str().map(Some),
        };
        Some(Self {
            group: text("group")?,
            kind: text("kind")?,
            path: text("path")??,
        })
    }

    fn may_be_of(&self, object: &Object) -> bool {
        let reference = &object.reference;
        let is_it = |own: Option<&str>, other| own.is_none_or(|own| own.is_empty() || own == other);
        // A name in a path may hold what parts it.
        let is_plain = !self.path.contains(['\\', '*']);
        is_it(self.group, reference.group())
            && is_it(self.kind, &reference.kind)
            && (!is_plain || holds(&object.node, &mut self.path.split('/')))
    }
}

/// Whether something stands at a path, which leads through lists.
fn holds<'p>(node: &Node, path: &mut (impl Iterator<Item = &'p str> + Clone)) -> bool {
    if let NodeValue::Sequence(items) = &node.value {
        return items.iter().any(|item| holds(item, &mut path.clone()));
    }
    match path.next().map(|step| step.trim_end_matches("[]")) {
        None => true,
        Some("") => holds(node, path),
        Some(step) => node.get(step).is_some_and(|inner| holds(inner, path)),
    }
}
