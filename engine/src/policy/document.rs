//! The input document in the form that the engine reads.
//! Knows nothing of what the document holds.

use std::collections::BTreeMap;

use regorus::Value;
use serde_json::Value as Json;

use super::known::Known;
use crate::model::Piece;

/// What one evaluation sees as `input`; a clone costs nothing.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Input(Value);

impl Input {
    pub(super) fn value(&self) -> &Value {
        &self.0
    }
}

/// Converts documents; a part that it has met before is not converted again.
#[derive(Debug)]
pub(super) struct Converter {
    known: Known<Value>,
}

impl Default for Converter {
    fn default() -> Self {
        Self {
            known: Known::new(|part| value(part.value())),
        }
    }
}

impl Converter {
    pub(super) fn input(&mut self, document: &Piece) -> Input {
        Input(self.piece(document))
    }

    fn piece(&mut self, piece: &Piece) -> Value {
        match piece {
            Piece::Json(part) => self.known.of(part),
            Piece::List(items) => {
                self.known.meet(items);
                let items: Vec<Value> = items.iter().map(|item| self.piece(item)).collect();
                Value::from(items)
            }
            Piece::Object(entries) => {
                let entries = entries.iter();
                let map: BTreeMap<Value, Value> = entries
                    .map(|(key, part)| (Value::from(key.as_str()), self.piece(part)))
                    .collect();
                Value::from(map)
            }
        }
    }
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
