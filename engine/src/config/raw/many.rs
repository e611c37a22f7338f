//! One value, or a list of them: `by-day: 4TH`, `by-day: [MO, TU]`.
//! Knows nothing of what they mean.

use schemars::{Schema, SchemaGenerator, json_schema};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// One value or several.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(in crate::config) struct Many<T>(pub(in crate::config) Vec<T>);

impl<T> Many<T> {
    pub(in crate::config) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<T> Default for Many<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Many<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items = match Value::deserialize(deserializer)? {
            Value::Array(items) => items,
            one => vec![one],
        };
        let items = items.into_iter().map(serde_json::from_value);
        items
            .collect::<Result<_, _>>()
            .map(Self)
            .map_err(D::Error::custom)
    }
}

pub(super) fn weekdays(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": ["string", "array"],
        "pattern": WEEKDAY,
        "items": {"type": "string", "pattern": WEEKDAY},
        "minItems": 1,
        "maxItems": 31,
    })
}

pub(super) fn months(_: &mut SchemaGenerator) -> Schema {
    numbers(1, 12)
}

pub(super) fn days(_: &mut SchemaGenerator) -> Schema {
    numbers(-31, 31)
}

fn numbers(least: i8, most: i8) -> Schema {
    json_schema!({
        "type": ["integer", "array"],
        "minimum": least,
        "maximum": most,
        "items": {"type": "integer", "minimum": least, "maximum": most},
        "minItems": 1,
        "maxItems": 31,
    })
}

pub(in crate::config) const WEEKDAY: &str = "^(-?[1-9])?(MO|TU|WE|TH|FR|SA|SU)$";
