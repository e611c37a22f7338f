//! The span tree: what was read, and where it stands.
//! Knows nothing of YAML or JSON; readers make it, everyone else walks it.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use super::scalar;
use crate::model::{Span, key_of};

/// One value and the bytes that spell it.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The value.
    pub value: NodeValue,
    /// Where it is written. A value that came by an alias has the span of its anchor's definition.
    pub span: Span,
}

/// A value with the reading that the Kubernetes API server would give it.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeValue {
    /// `null`, `~`, or nothing.
    Null,
    /// A boolean.
    Bool(bool),
    /// A number; `literal` is how the file spells it, since quantities are read from the text.
    Number {
        /// The value; a whole float is an integer.
        value: Number,
        /// The spelling.
        literal: Box<str>,
    },
    /// A string.
    String(Box<str>),
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping with unique string keys, in the order of the file.
    Mapping(Vec<Entry>),
}

/// One key of a mapping and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key, converted to a string as Kubernetes does.
    pub key: Box<str>,
    /// Where the key is written.
    pub key_span: Span,
    /// The value.
    pub value: Node,
}

impl Node {
    /// The value of `key`, where this is a mapping that has it.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The entry of `key`, where this is a mapping that has it.
    #[must_use]
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        match &self.value {
            NodeValue::Mapping(entries) => entries.iter().find(|entry| &*entry.key == key),
            _ => None,
        }
    }

    /// The items, where this is a list.
    #[must_use]
    pub fn items(&self) -> Option<&[Self]> {
        match &self.value {
            NodeValue::Sequence(items) => Some(items),
            _ => None,
        }
    }

    /// The text, where this is a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            NodeValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// The text that Go's loader (`sigs.k8s.io/yaml`) puts into a field for text: a number or a boolean stands there as
    /// Go prints it, `1.10` as `1.1`. `None` where this is null, a list or a mapping.
    #[must_use]
    pub fn to_field_text(&self) -> Option<Box<str>> {
        match &self.value {
            NodeValue::String(text) => Some(text.clone()),
            NodeValue::Bool(value) => Some(value.to_string().into()),
            NodeValue::Number { literal, .. } => scalar::resolve(literal).to_key(literal),
            NodeValue::Null | NodeValue::Sequence(_) | NodeValue::Mapping(_) => None,
        }
    }

    /// The node that an RFC 6901 pointer names.
    #[must_use]
    pub fn pointer(&self, pointer: &str) -> Option<&Self> {
        self.walk(pointer).ok()
    }

    /// The deepest node on the way of an RFC 6901 pointer that exists: for pointing at what is
    /// absent.
    #[must_use]
    pub fn deepest(&self, pointer: &str) -> &Self {
        self.walk(pointer).unwrap_or_else(|deepest| deepest)
    }

    /// The JSON value, without the places.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match &self.value {
            NodeValue::Null => Value::Null,
            NodeValue::Bool(value) => Value::Bool(*value),
            NodeValue::Number { value, .. } => Value::Number(value.clone()),
            NodeValue::String(text) => Value::String(text.to_string()),
            NodeValue::Sequence(items) => items.iter().map(Self::to_json).collect(),
            NodeValue::Mapping(entries) => Value::Object(
                entries
                    .iter()
                    .map(|entry| (entry.key.to_string(), entry.value.to_json()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }

    /// The JSON text with sorted keys, no white space and no null in mappings: the same for every
    /// spelling of one value.
    #[must_use]
    pub fn canonical_json(&self) -> String {
        let mut text = String::new();
        self.write_canonical(&mut text);
        text
    }

    /// About how many bytes the JSON text takes, escapes not counted.
    #[must_use]
    pub fn json_len(&self) -> usize {
        match &self.value {
            NodeValue::Null | NodeValue::Bool(_) => 4,
            NodeValue::Number { literal, .. } => literal.len(),
            NodeValue::String(text) => text.len() + 2,
            NodeValue::Sequence(items) => {
                1 + items.iter().map(|item| item.json_len() + 1).sum::<usize>()
            }
            NodeValue::Mapping(entries) => {
                let length = |entry: &Entry| entry.key.len() + 4 + entry.value.json_len();
                1 + entries.iter().map(length).sum::<usize>()
            }
        }
    }

    fn write_canonical(&self, text: &mut String) {
        match &self.value {
            NodeValue::Sequence(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        text.push(',');
                    }
                    item.write_canonical(text);
                }
                text.push(']');
            }
            NodeValue::Mapping(entries) => {
                let mut sorted: Vec<&Entry> = entries
                    .iter()
                    .filter(|entry| entry.value.value != NodeValue::Null)
                    .collect();
                sorted.sort_by(|a, b| a.key.cmp(&b.key));
                text.push('{');
                for (index, entry) in sorted.iter().enumerate() {
                    if index > 0 {
                        text.push(',');
                    }
                    text.push_str(&Value::from(&*entry.key).to_string());
                    text.push(':');
                    entry.value.write_canonical(text);
                }
                text.push('}');
            }
            _ => text.push_str(&self.to_json().to_string()),
        }
    }

    fn walk(&self, pointer: &str) -> Result<&Self, &Self> {
        let mut node = self;
        let mut steps = pointer.split('/');
        if steps.next() != Some("") {
            return Err(node);
        }
        for step in steps {
            let key = key_of(step);
            let next = match &node.value {
                NodeValue::Mapping(_) => node.get(&key),
                NodeValue::Sequence(items) => index(&key).and_then(|at| items.get(at)),
                _ => None,
            };
            node = next.ok_or(node)?;
        }
        Ok(node)
    }
}

/// The place in a list: digits alone, and no zero before others.
fn index(step: &str) -> Option<usize> {
    let first = step.bytes().next()?;
    let is_plain = step == "0" || (b'1'..=b'9').contains(&first);
    is_plain.then(|| step.parse().ok())?
}

/// The first entry, in the order of the file, whose key stands before as well, and that one.
pub(super) fn repeated_key(entries: &[Entry]) -> Option<(&Entry, &Entry)> {
    if entries.len() <= FEW {
        return entries.iter().enumerate().find_map(|(index, entry)| {
            let mut before = entries.iter().take(index);
            let first = before.find(|other| other.key == entry.key)?;
            Some((entry, first))
        });
    }
    let mut seen = BTreeMap::new();
    entries.iter().find_map(|entry| {
        let first = seen.insert(&*entry.key, entry)?;
        Some((entry, first))
    })
}

/// Up to here a loop over all pairs is faster than a tree.
const FEW: usize = 12;
