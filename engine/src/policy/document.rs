//! The input document in the form that the engine reads.
//! Knows nothing of what the document holds.

use std::collections::BTreeMap;

use regorus::Value;
use serde_json::Value as Json;

use super::known::Known;
use crate::model::Piece;

/// What one evaluation sees as `input`; a clone costs nothing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Input {
    value: Value,
    size: usize,
}

impl Input {
    pub(super) fn value(&self) -> &Value {
        &self.value
    }

    /// About as many bytes as its JSON has, without escapes.
    pub(super) fn size(&self) -> usize {
        self.size
    }
}

/// Converts documents; a part that it has met before is not converted again.
#[derive(Debug)]
pub(super) struct Converter {
    known: Known<Input>,
}

impl Default for Converter {
    fn default() -> Self {
        Self {
            known: Known::new(|part| Input {
                value: value(part.value()),
                size: size(part.value()),
            }),
        }
    }
}

impl Converter {
    pub(super) fn input(&mut self, document: &Piece) -> Input {
        match document {
            Piece::Json(part) => self.known.of(part),
            Piece::List(items) => {
                self.known.meet(items);
                let mut list = Vec::with_capacity(items.len());
                let mut size = BRACKETS;
                for item in items.iter() {
                    let item = self.input(item);
                    size = joined(size, item.size);
                    list.push(item.value);
                }
                let value = Value::from(list);
                Input { value, size }
            }
            Piece::Object(entries) => {
                let mut map = BTreeMap::new();
                let mut size = BRACKETS;
                for (key, part) in entries.iter() {
                    let part = self.input(part);
                    size = joined(joined(size, key.len() + QUOTES), part.size);
                    map.insert(Value::from(key.as_str()), part.value);
                }
                let value = Value::from(map);
                Input { value, size }
            }
        }
    }
}

/// About as many bytes as the JSON has.
fn size(json: &Json) -> usize {
    match json {
        Json::Null | Json::Bool(_) | Json::Number(_) => SCALAR,
        Json::String(text) => text.len() + QUOTES,
        Json::Array(items) => items.iter().map(size).fold(BRACKETS, joined),
        Json::Object(map) => map.iter().fold(BRACKETS, |sum, (key, item)| {
            joined(joined(sum, key.len() + QUOTES), size(item))
        }),
    }
}

/// One more with a comma or a colon behind it.
fn joined(sum: usize, more: usize) -> usize {
    sum.saturating_add(more).saturating_add(1)
}

fn value(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::from(*value),
        Json::Number(number) => number
            .as_i64()
            .map(Value::from)
            .or_else(|| number.as_u64().map(Value::from))
            .or_else(|| number.as_f64().map(Value::from))
            .unwrap_or(Value::Null),
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => Value::from(items.iter().map(value).collect::<Vec<_>>()),
        Json::Object(map) => {
            let map: BTreeMap<Value, Value> = map
                .iter()
                .map(|(key, item)| (Value::from(key.as_str()), value(item)))
                .collect();
            Value::from(map)
        }
    }
}

const BRACKETS: usize = 2;
const QUOTES: usize = 2;
/// The longest words; most numbers are shorter.
const SCALAR: usize = 5;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn parts_make_the_same_document_as_the_whole() {
        let change = json!({"object": {"name": "odoo"}, "n": [1, -2, 18_446_744_073_709_551_615_u64, null, true]});
        let whole = json!({"changes": [change, change], "mode": "merge"});
        let part = Piece::new(change);
        let parts = Piece::object([
            ("mode", Piece::new("merge")),
            ("changes", Piece::list([part.clone(), part])),
        ]);
        let mut converter = Converter::default();
        let input = converter.input(&parts);
        assert_eq!(
            input,
            Converter::default().input(&Piece::new(whole.clone()))
        );
        assert_eq!(input, converter.input(&parts));
        let back: Json = serde_json::from_str(&input.value().to_json_str().unwrap()).unwrap();
        assert_eq!(back, whole);
        assert_eq!(parts.to_json(), whole);
    }
}
