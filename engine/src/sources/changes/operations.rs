//! A JSON patch (RFC 6902), applied as kustomize applies it. What renames an object is not followed. Knows no target.
//!
//! Source: kustomize, `patchjson6902` in `api/filters`; `gopkg.in/evanphx/json-patch.v4`.

use crate::manifest::{Entry, Node, NodeValue};
use crate::model::Span;
use crate::sources::written::placed;

/// An object after all steps; `None` where kustomize refuses one, or where what it makes of it is not understood.
pub(super) fn applied(object: &Node, steps: &[Node]) -> Option<Node> {
    let mut object = object.clone();
    for step in steps {
        Step::read(step)?.apply(&mut object)?;
    }
    Some(object)
}

/// One operation.
struct Step<'s> {
    operation: Operation<'s>,
    path: Vec<String>,
}

enum Operation<'s> {
    Add(&'s Node),
    Replace(&'s Node),
    Remove,
}

impl<'s> Step<'s> {
    fn read(step: &'s Node) -> Option<Self> {
        let NodeValue::Mapping(fields) = &step.value else {
            return None;
        };
        if !fields.iter().all(|field| FIELDS.contains(&&*field.key)) {
            return None;
        }
        let path = step.get("path")?.as_str()?.strip_prefix('/')?;
        let path: Vec<String> = path.split('/').map(unescaped).collect::<Option<_>>()?;
        let is_followed = match path.first()?.as_str() {
            "apiVersion" | "kind" | "" => false,
            "metadata" => path.get(1).is_some_and(|key| LISTS.contains(&key.as_str())),
            _ => true,
        };
        let operation = match step.get("op")?.as_str()? {
            "add" => Operation::Add(step.get("value")?),
            "replace" => Operation::Replace(step.get("value")?),
            "remove" => Operation::Remove,
            _ => return None,
        };
        is_followed.then_some(Self { operation, path })
    }

    fn apply(&self, object: &mut Node) -> Option<()> {
        let (last, way) = self.path.split_last()?;
        let mut at = object;
        for key in way {
            at = below(at, key)?;
        }
        let span = at.span;
        match &mut at.value {
            NodeValue::Mapping(entries) => self.in_mapping(entries, last, span),
            NodeValue::Sequence(items) => self.in_list(items, last, span),
            _ => None,
        }
    }

    fn in_mapping(&self, entries: &mut Vec<Entry>, key: &str, span: Span) -> Option<()> {
        let at = entries.iter().position(|entry| &*entry.key == key);
        match (&self.operation, at) {
            (Operation::Remove, Some(at)) => {
                entries.remove(at);
            }
            (Operation::Add(value) | Operation::Replace(value), Some(at)) => {
                entries.get_mut(at)?.value = placed((*value).clone(), span);
            }
            // Of a mapping it replaces what is not there, too.
            (Operation::Add(value) | Operation::Replace(value), None) => entries.push(Entry {
                key: key.into(),
                key_span: span,
                value: placed((*value).clone(), span),
            }),
            (Operation::Remove, None) => return None,
        }
        Some(())
    }

    fn in_list(&self, items: &mut Vec<Node>, key: &str, span: Span) -> Option<()> {
        match &self.operation {
            Operation::Add(value) => {
                let at = match key {
                    "-" => items.len(),
                    key => index(key).filter(|at| *at <= items.len())?,
                };
                items.insert(at, placed((*value).clone(), span));
            }
            Operation::Replace(value) => {
                *items.get_mut(index(key)?)? = placed((*value).clone(), span);
            }
            Operation::Remove => {
                let at = index(key).filter(|at| *at < items.len())?;
                items.remove(at);
            }
        }
        Some(())
    }
}

fn below<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    match &mut node.value {
        NodeValue::Mapping(entries) => {
            let entry = entries.iter_mut().find(|entry| &*entry.key == key)?;
            Some(&mut entry.value)
        }
        NodeValue::Sequence(items) => items.get_mut(index(key)?),
        _ => None,
    }
}

/// A place in a list, as everybody writes it.
fn index(key: &str) -> Option<usize> {
    let at: usize = key.parse().ok()?;
    (at.to_string() == key).then_some(at)
}

fn unescaped(key: &str) -> Option<String> {
    let mut parts = key.split('~');
    let mut text = parts.next()?.to_owned();
    for part in parts {
        let (mark, rest) = part.split_at_checked(1)?;
        text.push(match mark {
            "0" => '~',
            "1" => '/',
            _ => return None,
        });
        text.push_str(rest);
    }
    Some(text)
}

const FIELDS: [&str; 3] = ["op", "path", "value"];
/// What of `metadata` neither renames nor moves an object.
const LISTS: [&str; 2] = ["labels", "annotations"];
