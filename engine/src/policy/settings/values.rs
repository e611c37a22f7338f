//! The values of settings: as the file spells them, with defaults, with amounts as integers.
//! Checks nothing; a schema does that in between.

use serde_json::Value;

use super::view::View;
use crate::manifest::{Node, NodeValue};

/// The JSON of `node`, where a number that the schema takes for a quantity stays as it is spelled:
/// `0.1` is no float.
pub(super) fn spelled(view: &View<'_>, node: &Node) -> Value {
    match &node.value {
        NodeValue::Number { value, literal } if view.measure().is_some() => {
            // `0x10` is a quantity only after it was read as a number.
            if value.is_i64() || value.is_u64() {
                Value::String(value.to_string())
            } else {
                Value::String(literal.replace('_', ""))
            }
        }
        NodeValue::Sequence(items) => {
            let view = view.items();
            items.iter().map(|item| spelled(&view, item)).collect()
        }
        NodeValue::Mapping(entries) => Value::Object(
            entries
                .iter()
                .map(|entry| {
                    let view = view.property(&entry.key);
                    (entry.key.to_string(), spelled(&view, &entry.value))
                })
                .collect(),
        ),
        _ => node.to_json(),
    }
}

/// Puts the defaults where nothing is given: each key has its own, so that naming one key of a map
/// leaves the others as they are.
pub(super) fn fill(view: &View<'_>, value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (name, property) in view.properties() {
                if let (None, Some(default)) = (map.get(name), property.default()) {
                    map.insert(name.to_owned(), default.clone());
                }
            }
            for (name, item) in map.iter_mut() {
                fill(&view.property(name), item);
            }
        }
        Value::Array(items) => {
            let view = view.items();
            items.iter_mut().for_each(|item| fill(&view, item));
        }
        _ => {}
    }
}

/// Turns quantities into integers; they are valid by now.
pub(super) fn convert(view: &View<'_>, value: &mut Value) {
    match value {
        Value::String(text) => {
            let amount = view.measure().and_then(|measure| measure.amount(text).ok());
            if let Some(amount) = amount {
                *value = Value::from(amount);
            }
        }
        Value::Object(map) => {
            for (name, item) in map.iter_mut() {
                convert(&view.property(name), item);
            }
        }
        Value::Array(items) => {
            let view = view.items();
            items.iter_mut().for_each(|item| convert(&view, item));
        }
        _ => {}
    }
}
