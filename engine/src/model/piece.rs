//! JSON put together from parts that several documents share.
//! Knows nothing of what it says.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

/// A JSON document or a part of one. A clone costs nothing, whatever its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A part that is always used as a whole.
    Json(Arc<Value>),
    /// A list of parts.
    List(Arc<[Self]>),
    /// An object of parts.
    Object(Arc<BTreeMap<String, Self>>),
}

impl Piece {
    /// A part that is always used as a whole.
    ///
    /// ```
    /// use serde_json::json;
    /// use tidegate::model::Piece;
    /// let name = Piece::new("odoo");
    /// let document = Piece::object([("old", name.clone()), ("new", name)]);
    /// assert_eq!(document.to_json(), json!({"old": "odoo", "new": "odoo"}));
    /// ```
    #[must_use]
    pub fn new(value: impl Into<Value>) -> Self {
        Self::Json(Arc::new(value.into()))
    }

    /// A list of parts.
    #[must_use]
    pub fn list(items: impl IntoIterator<Item = Self>) -> Self {
        Self::List(items.into_iter().collect())
    }

    /// An object of parts.
    #[must_use]
    pub fn object<K: Into<String>>(entries: impl IntoIterator<Item = (K, Self)>) -> Self {
        let entries = entries.into_iter().map(|(key, part)| (key.into(), part));
        Self::Object(Arc::new(entries.collect()))
    }

    /// The whole as one JSON value.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Json(value) => Value::clone(value),
            Self::List(items) => items.iter().map(Self::to_json).collect(),
            Self::Object(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, part)| (key.clone(), part.to_json()))
                    .collect::<Map<_, _>>(),
            ),
        }
    }
}

/// Null.
impl Default for Piece {
    fn default() -> Self {
        Self::new(())
    }
}

impl From<Value> for Piece {
    fn from(value: Value) -> Self {
        Self::new(value)
    }
}
