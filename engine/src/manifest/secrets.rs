//! Which values must never be shown, and text with such places blacked out.
//! Knows nothing of changes or reports.

mod comments;
mod elsewhere;
mod inline;
mod made;
mod mask;
mod shown;
mod spelling;
mod told;

use std::collections::BTreeSet;

use super::{Entry, Node, NodeValue, Object};
use crate::model::{Span, step_of};

pub use elsewhere::{decoded, secrets_of_all};
pub use inline::{without_secrets, without_secrets_since};
pub use mask::{MASK, SHOWN, SHOWN_CHANGED, mask, written};
pub(super) use shown::shown_by_alias;

/// What is secret in one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    /// Of each object, in order: RFC 6901 pointers of the scalars that are secret.
    pub pointers: Vec<BTreeSet<String>>,
    /// Where values and keys stand that are secret as a whole.
    pub values: Vec<Span>,
    /// Where secret parts of texts stand, and the comments beside secrets.
    pub parts: Vec<Span>,
}

impl Secrets {
    /// Every place that must not be seen, in order.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        let mut spans = [&*self.values, &*self.parts].concat();
        spans.retain(|span| span.start < span.end);
        spans.sort_unstable();
        spans
    }
}

/// What is secret in the objects of one file: all that a Secret holds beside its name and type, what others hold
/// of which one is made, patches, variables and values of charts that Flux and Argo CD are told, as far as they are of a Secret
/// or sound like one, what `kubectl apply` left behind of earlier values, variables of containers and data of a `ConfigMap` whose name
/// sounds like a secret, and whatever else an alias makes of these. Of what [`without_secrets`] cuts out of longer
/// texts only the places are told, those in keys and comments too.
#[must_use]
pub fn secrets_of(objects: &[Object], text: &str) -> Secrets {
    let mut secrets = whole(objects, text);
    spelling::add(objects, text, &mut secrets);
    secrets
}

/// The secrets that are whole values.
fn whole(objects: &[Object], text: &str) -> Secrets {
    let mut values = Vec::new();
    let mut pointers: Vec<BTreeSet<String>> = objects
        .iter()
        .map(|object| {
            let mut pointers = BTreeSet::new();
            visit(object, &mut |pointer, node| {
                pointers.insert(pointer.to_owned());
                values.push(node.span);
            });
            pointers
        })
        .collect();
    let parts = Vec::new();
    if values.is_empty() {
        return Secrets {
            pointers,
            values,
            parts,
        };
    }
    values.sort_unstable();
    values.dedup();
    // An alias has the span of what it stands for.
    for (object, pointers) in objects.iter().zip(&mut pointers) {
        leaves(&object.node, &mut String::new(), &mut |pointer, node| {
            if values.binary_search(&node.span).is_ok() {
                pointers.insert(pointer.to_owned());
            }
        });
    }
    let whole_lines = objects.iter().any(is_secret);
    let all = comments::comments(objects, text);
    Secrets {
        parts: comments::beside(all, &values, text, whole_lines).collect(),
        pointers,
        values,
    }
}

/// Whether a variable of this name holds a secret.
#[must_use]
pub fn is_secret_name(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    let mut words = name.split(|c: char| !c.is_ascii_alphanumeric());
    SECRET_PARTS.iter().any(|part| name.contains(part))
        || name.ends_with("_KEY")
        || words.any(|word| SECRET_WORDS.contains(&word) || word.ends_with("PASS"))
}

type Found<'found> = dyn FnMut(&str, &Node) + 'found;

fn visit(object: &Object, found: &mut Found<'_>) {
    let node = &object.node;
    if let (true, NodeValue::Mapping(entries)) = (is_secret(object), &node.value) {
        // A field that Kubernetes does not know may be a known one misspelt.
        let hidden = entries
            .iter()
            .filter(|entry| !SHOWN_OF_SECRET.contains(&&*entry.key));
        for entry in hidden {
            let mut pointer = String::from("/");
            pointer.push_str(&step_of(&entry.key));
            leaves(&entry.value, &mut pointer, found);
        }
    }
    made::values(object, found);
    told::values(object, found);
    let annotations = node
        .get("metadata")
        .and_then(|node| node.get("annotations"));
    if let Some(applied) = annotations.and_then(|node| node.get(LAST_APPLIED)) {
        let name = step_of(LAST_APPLIED);
        leaves(applied, &mut format!("/metadata/annotations/{name}"), found);
    }
    variables(node, &mut String::new(), found);
    if is_of_core(object, "ConfigMap") {
        for field in ["data", "binaryData"] {
            named(node, field, found);
        }
    }
}

/// The values of a field whose names sound like a secret. A name that only speaks of one
/// (`password_encryption`) or ends like that of a file does not.
fn named(node: &Node, field: &str, found: &mut Found<'_>) {
    let Some(NodeValue::Mapping(entries)) = node.get(field).map(|field| &field.value) else {
        return;
    };
    for entry in entries {
        if inline::is_name_of_secret(&entry.key) {
            let mut pointer = format!("/{field}/{}", step_of(&entry.key));
            leaves(&entry.value, &mut pointer, found);
        }
    }
}

/// Every scalar of `node`.
fn leaves(node: &Node, pointer: &mut String, found: &mut Found<'_>) {
    match &node.value {
        NodeValue::Sequence(_) | NodeValue::Mapping(_) => {
            children(node, pointer, &mut |child, pointer| {
                leaves(child, pointer, found);
            });
        }
        NodeValue::Null => {}
        _ => found(pointer, node),
    }
}

/// The values of `env` at any depth: containers stand in many places, and kinds that nobody has
/// heard of hold them too. An Application gives values to a chart in a list `parameters`.
fn variables(node: &Node, pointer: &mut String, found: &mut Found<'_>) {
    for key in ["env", "parameters"] {
        match node.get(key).map(|list| &list.value) {
            Some(NodeValue::Sequence(list)) => {
                for (index, one) in list.iter().enumerate() {
                    variable(one, &format!("{pointer}/{key}/{index}"), found);
                }
            }
            Some(NodeValue::Mapping(entries)) if key == "env" => {
                variable_of(entries, &format!("{pointer}/env"), found);
            }
            _ => {}
        }
    }
    children(node, pointer, &mut |child, pointer| {
        variables(child, pointer, found);
    });
}

/// One variable; lists of such that are nested by mistake are none to Kubernetes.
fn variable(node: &Node, pointer: &str, found: &mut Found<'_>) {
    if let NodeValue::Mapping(entries) = &node.value {
        variable_of(entries, pointer, found);
    }
}

/// A variable as `name` and `value`, or variables as keys with their values, as charts write them.
fn variable_of(entries: &[Entry], pointer: &str, found: &mut Found<'_>) {
    let of = |key: &str| entries.iter().find(|entry| &*entry.key == key);
    let named = of("name").and_then(|entry| entry.value.as_str());
    for entry in entries {
        let secret = match &*entry.key {
            "name" | "valueFrom" => false,
            "value" => named.is_some_and(is_secret_name),
            key => is_secret_name(key),
        };
        if secret {
            let mut pointer = format!("{pointer}/{}", step_of(&entry.key));
            leaves(&entry.value, &mut pointer, found);
        }
    }
}

fn is_secret(object: &Object) -> bool {
    is_of_core(object, "Secret")
}

fn is_of_core(object: &Object, kind: &str) -> bool {
    object.reference.kind == kind && object.reference.group().is_empty()
}

fn children(node: &Node, pointer: &mut String, visit: &mut dyn FnMut(&Node, &mut String)) {
    let length = pointer.len();
    match &node.value {
        NodeValue::Sequence(items) => {
            for (index, item) in items.iter().enumerate() {
                pointer.push_str(&format!("/{index}"));
                visit(item, pointer);
                pointer.truncate(length);
            }
        }
        NodeValue::Mapping(entries) => {
            for entry in entries {
                pointer.push('/');
                pointer.push_str(&step_of(&entry.key));
                visit(&entry.value, pointer);
                pointer.truncate(length);
            }
        }
        _ => {}
    }
}

const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
const SHOWN_OF_SECRET: [&str; 5] = ["apiVersion", "kind", "metadata", "type", "immutable"];
const SECRET_PARTS: [&str; 9] = [
    "PASSWORD",
    "PASSWD",
    "PASSPHRASE",
    "TOKEN",
    "SECRET",
    "CREDENTIAL",
    "PRIVATE",
    "APIKEY",
    "ACCESSKEY",
];
/// Words that are a secret by themselves or between underscores.
const SECRET_WORDS: [&str; 2] = ["PW", "PWD"];

#[cfg(test)]
mod tests;
