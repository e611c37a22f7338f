//! JSON put together from parts that several documents share.
//! Knows nothing of what it says.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use serde_json::{Map, Value};

/// A JSON document or a part of one. A clone costs nothing, whatever its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// A part that is always used as a whole.
    Json(Arc<Part>),
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
        Self::Json(Arc::new(Part::new(value.into())))
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

    /// The part, where it is one.
    pub(crate) fn part(&self) -> Option<&Arc<Part>> {
        match self {
            Self::Json(part) => Some(part),
            Self::List(_) | Self::Object(_) => None,
        }
    }

    /// The whole as one JSON value.
    #[must_use]
    pub fn to_json(&self) -> Value {
        match self {
            Self::Json(part) => part.value().clone(),
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

/// A JSON value and its text: whichever is there, the other is made when somebody looks at it.
#[derive(Clone, Debug, Default)]
pub struct Part {
    value: OnceLock<Value>,
    text: OnceLock<Box<str>>,
}

impl Part {
    /// The part of a value.
    #[must_use]
    pub fn new(value: Value) -> Self {
        Self {
            value: OnceLock::from(value),
            text: OnceLock::new(),
        }
    }

    /// The part whose text was once made of a value; what is no JSON is null.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        Self {
            value: OnceLock::new(),
            text: OnceLock::from(Box::from(text)),
        }
    }

    /// The value.
    pub fn value(&self) -> &Value {
        let parsed = || serde_json::from_str(self.text.get()?).ok();
        self.value.get_or_init(|| parsed().unwrap_or_default())
    }

    /// The text: keys sorted and no blanks, so that equal values have equal texts.
    pub fn text(&self) -> &str {
        let written = || serde_json::to_string(self.value.get()?).ok();
        let or_null = || written().unwrap_or_else(|| "null".to_owned()).into();
        self.text.get_or_init(or_null)
    }
}

impl PartialEq for Part {
    fn eq(&self, other: &Self) -> bool {
        self.value() == other.value()
    }
}

impl Eq for Part {}

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
