//! A strategic merge patch, merged as kustomize merges it into an object whose kind it does not know: mappings are merged,
//! lists replaced, `null` removes. Knows no target.
//!
//! Source: kustomize, `ApplySmPatch` in `api/resource`, and `merge2` and `walk` in `kyaml/yaml`.

use super::mapping;
use crate::manifest::{Entry, Node, NodeValue};
use crate::model::Span;
use crate::sources::written::placed;

/// An object with a patch merged into it; within, nothing where the patch deletes it. `None` where what kustomize makes of it
/// is not understood. Where a comment may say how lists are merged, none is taken to be replaced.
pub(super) fn merged(object: &Node, patch: &Node, is_told_of_lists: bool) -> Option<Option<Node>> {
    let mut patch = patch.clone();
    let NodeValue::Mapping(fields) = &mut patch.value else {
        return None;
    };
    if let Some(at) = fields.iter().position(|field| &*field.key == DIRECTIVE) {
        let directive = fields.remove(at).value;
        return (directive.as_str() == Some("delete")).then_some(None);
    }
    // These stay what they are.
    fields.retain(|field| !KIND.contains(&&*field.key));
    let metadata = fields.iter_mut().find(|field| &*field.key == "metadata");
    if let Some(NodeValue::Mapping(fields)) = metadata.map(|field| &mut field.value.value) {
        fields.retain(|field| !NAME.contains(&&*field.key));
    }
    let mut object = object.clone();
    let merging = Merging { is_told_of_lists };
    merging.merge(&mut object, &patch)?;
    Some(Some(object))
}

struct Merging {
    is_told_of_lists: bool,
}

impl Merging {
    fn merge(&self, into: &mut Node, patch: &Node) -> Option<()> {
        let span = into.span;
        let NodeValue::Mapping(entries) = &mut into.value else {
            return None;
        };
        for change in mapping(patch)? {
            if change.key.starts_with('$') {
                return None;
            }
            let at = entries.iter().position(|entry| entry.key == change.key);
            if change.value.value == NodeValue::Null {
                at.map(|at| entries.remove(at));
                continue;
            }
            match at.and_then(|at| entries.get_mut(at)) {
                Some(entry) => self.replace(&mut entry.value, &change.value)?,
                None => entries.push(Entry {
                    key: change.key.clone(),
                    key_span: span,
                    value: fresh(&change.value, span)?,
                }),
            }
        }
        Some(())
    }

    fn replace(&self, into: &mut Node, by: &Node) -> Option<()> {
        use NodeValue::{Bool, Mapping, Null, Number, Sequence, String};
        match (&into.value, &by.value) {
            (Mapping(_), Mapping(_)) => {
                if has_kind(into) || has_kind(by) {
                    return None;
                }
                return self.merge(into, by);
            }
            (Sequence(_), Sequence(_)) if self.is_told_of_lists => return None,
            (Null, _) | (Sequence(_), Sequence(_)) => {}
            // kustomize merges none of these.
            (Mapping(_) | Sequence(_), _) | (_, Mapping(_) | Sequence(_)) => return None,
            // In the place of a text in quotes it makes a text of these, too.
            (String(_), Bool(_) | Number { .. }) => return None,
            _ => {}
        }
        *into = fresh(by, into.span)?;
        Some(())
    }
}

/// What is new, where something else stands in a file.
fn fresh(node: &Node, span: Span) -> Option<Node> {
    let mut node = placed(node.clone(), span);
    without_nulls(&mut node)?;
    Some(node)
}

/// Removes what says that nothing is there, but for that in lists.
fn without_nulls(node: &mut Node) -> Option<()> {
    if has_directive(node) || has_kind(node) {
        return None;
    }
    if let NodeValue::Mapping(entries) = &mut node.value {
        entries.retain(|entry| entry.value.value != NodeValue::Null);
        for entry in entries {
            without_nulls(&mut entry.value)?;
        }
    }
    Some(())
}

fn has_directive(node: &Node) -> bool {
    match &node.value {
        NodeValue::Mapping(entries) => {
            let mut entries = entries.iter();
            entries.any(|entry| entry.key.starts_with('$') || has_directive(&entry.value))
        }
        NodeValue::Sequence(items) => items.iter().any(has_directive),
        _ => false,
    }
}

/// Whether it looks like an object, whose kind kustomize may know: then it merges lists in it.
fn has_kind(node: &Node) -> bool {
    KIND.iter().all(|key| node.get(key).is_some())
}

const DIRECTIVE: &str = "$patch";
const KIND: [&str; 2] = ["apiVersion", "kind"];
const NAME: [&str; 2] = ["name", "namespace"];
