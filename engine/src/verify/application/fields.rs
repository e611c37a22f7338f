//! A value of the document together with its path, so that a refusal can name it.
//! Knows nothing of what the fields mean.

use super::ApplicationError;
use super::source::without_empty;
use crate::manifest::{Node, NodeValue};
use crate::verify::{Reason, Refusal};

/// A value and where it stands: `status.operationState.syncResult.sources[1]`.
#[derive(Clone, Debug)]
pub(super) struct Place<'d> {
    pub(super) node: &'d Node,
    pub(super) path: String,
}

impl<'d> Place<'d> {
    pub(super) fn root(node: &'d Node) -> Self {
        Self {
            node,
            path: String::new(),
        }
    }

    /// The field, unless it is absent or says nothing.
    pub(super) fn filled(&self, key: &str) -> Option<Self> {
        let node = self.node.get(key).filter(|node| !is_empty(node))?;
        Some(self.below(key, node))
    }

    /// The field, also if it says nothing.
    pub(super) fn present(&self, key: &str) -> Result<Self, ApplicationError> {
        let node = self
            .node
            .get(key)
            .filter(|node| node.value != NodeValue::Null);
        node.map(|node| self.below(key, node))
            .ok_or_else(|| self.missing(key))
    }

    pub(super) fn required(&self, key: &str) -> Result<Self, ApplicationError> {
        self.filled(key).ok_or_else(|| self.missing(key))
    }

    fn missing(&self, key: &str) -> ApplicationError {
        let path = self.below(key, self.node).path;
        ApplicationError::Malformed {
            what: format!("`{path}` is missing"),
        }
    }

    pub(super) fn text(&self) -> Result<&'d str, ApplicationError> {
        self.node.as_str().ok_or_else(|| self.malformed("a string"))
    }

    pub(super) fn items(&self) -> Result<Vec<Self>, ApplicationError> {
        let items = self.node.items().ok_or_else(|| self.malformed("a list"))?;
        let places = items.iter().enumerate().map(|(at, node)| Self {
            node,
            path: format!("{}[{at}]", self.path),
        });
        Ok(places.collect())
    }

    /// Whether both say the same, apart from what says nothing.
    pub(super) fn says_the_same(&self, other: &Self) -> bool {
        let said = |place: &Self| without_empty(place.node.to_json());
        said(self) == said(other)
    }

    /// A refusal for each field that says something and is not in `known`.
    pub(super) fn unknown(&self, known: &[&str]) -> Vec<Refusal> {
        let NodeValue::Mapping(entries) = &self.node.value else {
            return vec![refused(self)];
        };
        entries
            .iter()
            .filter(|entry| !known.contains(&&*entry.key) && !is_empty(&entry.value))
            .map(|entry| refused(&self.below(&entry.key, &entry.value)))
            .collect()
    }

    pub(super) fn malformed(&self, expected: &str) -> ApplicationError {
        ApplicationError::Malformed {
            what: format!("`{}` is not {expected}", self.path),
        }
    }

    fn below(&self, key: &str, node: &'d Node) -> Self {
        let path = if self.path.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.path)
        };
        Self { node, path }
    }
}

/// Whether a value says nothing: Argo CD writes empty settings out where none are given.
pub(super) fn is_empty(node: &Node) -> bool {
    match &node.value {
        NodeValue::Null | NodeValue::Bool(false) => true,
        NodeValue::Bool(true) | NodeValue::Number { .. } => false,
        NodeValue::String(text) => text.is_empty(),
        NodeValue::Sequence(items) => items.is_empty(),
        NodeValue::Mapping(entries) => entries.iter().all(|entry| is_empty(&entry.value)),
    }
}

fn refused(place: &Place<'_>) -> Refusal {
    Refusal::new(
        Reason::SourceUnknownField,
        "fields that this version knows",
        format!("`{}`", place.path),
    )
}
