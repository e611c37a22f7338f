//! Reads the fields of an object that is not ours: one that nobody knows, or that holds what it cannot
//! hold, makes the source unknown. Knows nothing of what the fields mean.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::deployment::{Place, Unknown};
use crate::manifest::{Node, NodeValue};
use crate::model::{RepoPath, Span, abridged};
use crate::render::{Deployer, FilesError, Kustomize, Rendering, Tool};

/// A file, for saying where something stands in it.
#[derive(Clone, Debug)]
pub struct Text {
    /// Where it lies.
    pub path: RepoPath,
    /// What it says.
    pub text: Arc<str>,
}

impl Text {
    /// The place of `span`.
    #[must_use]
    pub fn at(&self, span: Span) -> Place {
        let found = span.line_column(&self.text);
        Place {
            path: self.path.clone(),
            line: found.line,
            column: found.column,
        }
    }
}

/// Why a reading ends early.
#[derive(Debug)]
pub(super) enum Stop {
    /// It cannot be told from the tree.
    Unknown {
        /// Where.
        span: Span,
        /// Why.
        reason: String,
        /// What to do.
        remedy: String,
        /// All that it may be, as far as that is known; nothing where it may be anything.
        may_be: Vec<Rendering>,
    },
    /// The tree cannot be read.
    Files(FilesError),
}

/// What a reading gives.
pub(super) type Read<T> = Result<T, Stop>;

impl From<FilesError> for Stop {
    fn from(error: FilesError) -> Self {
        Self::Files(error)
    }
}

impl Stop {
    /// It cannot be told from the tree, for what stands at `span`.
    pub(super) fn unknown(
        span: Span,
        reason: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::Unknown {
            span,
            reason: reason.into(),
            remedy: remedy.into(),
            may_be: Vec::new(),
        }
    }

    /// The same, of what reads nothing beyond a folder, whatever renders it, and what its files name.
    pub(super) fn within(self, folder: &RepoPath) -> Self {
        self.rendered_as(Rendering {
            folder: folder.clone(),
            deployer: Deployer::default(),
            tool: Tool::Kustomize(Kustomize::default()),
        })
    }

    /// The same, of what reads nothing beyond a rendering, whatever becomes of that.
    pub(super) fn rendered_as(self, rendering: Rendering) -> Self {
        match self {
            Self::Unknown {
                span,
                reason,
                remedy,
                ..
            } => Self::Unknown {
                span,
                reason,
                remedy,
                may_be: vec![rendering],
            },
            files @ Self::Files(_) => files,
        }
    }

    /// As a source that is not known.
    pub(super) fn in_file(self, file: &Text) -> Result<Unknown, FilesError> {
        match self {
            Self::Unknown {
                span,
                reason,
                remedy,
                may_be,
            } => Ok(Unknown {
                place: file.at(span),
                reason,
                remedy,
                may_be,
            }),
            Self::Files(error) => Err(error),
        }
    }
}

/// Every key of a mapping is one of `keys`.
pub(super) fn only(node: &Node, of: &str, keys: &[&str]) -> Read<()> {
    let NodeValue::Mapping(entries) = &node.value else {
        return Err(wrong(node, of, "a mapping"));
    };
    let unknown = |key: &str| !keys.contains(&key);
    match entries.iter().find(|entry| unknown(&entry.key)) {
        Some(entry) => Err(Stop::unknown(
            entry.key_span,
            format!(
                "nobody here knows what `{}` of {of} does",
                shown(&entry.key)
            ),
            "remove the field, or use a newer tidegate that knows it",
        )),
        None => Ok(()),
    }
}

/// A field that is there, and not null.
pub(super) fn field<'n>(node: &'n Node, key: &str) -> Option<&'n Node> {
    let value = node.get(key)?;
    (value.value != NodeValue::Null).then_some(value)
}

/// A string that is there and not empty: to the controllers an empty one is none.
pub(super) fn text<'n>(node: &'n Node, key: &str) -> Read<Option<&'n str>> {
    let Some(value) = field(node, key) else {
        return Ok(None);
    };
    let text = value.as_str().ok_or_else(|| match value.value {
        NodeValue::Number { .. } | NodeValue::Bool(_) => Stop::unknown(
            value.span,
            format!("`{key}` is not a string"),
            format!("write it in quotes, which make it a text (`{key}: \"…\"`); the API server would not take it"),
        ),
        _ => wrong(value, key, "a string"),
    })?;
    Ok((!text.is_empty()).then_some(text))
}

/// As [`text`], kept.
pub(super) fn owned(node: &Node, key: &str) -> Read<Option<String>> {
    Ok(text(node, key)?.map(str::to_owned))
}

/// A boolean, false where it is absent.
pub(super) fn flag(node: &Node, key: &str) -> Read<bool> {
    match field(node, key).map(|value| (value, &value.value)) {
        None => Ok(false),
        Some((_, NodeValue::Bool(flag))) => Ok(*flag),
        Some((value, _)) => Err(wrong(value, key, "a boolean")),
    }
}

/// The items of a list, none where it is absent.
pub(super) fn items<'n>(node: &'n Node, key: &str) -> Read<&'n [Node]> {
    match field(node, key) {
        None => Ok(&[]),
        Some(value) => value.items().ok_or_else(|| wrong(value, key, "a list")),
    }
}

/// A list of strings.
pub(super) fn texts(node: &Node, key: &str) -> Read<Vec<String>> {
    let texts = items(node, key)?.iter().map(|item| {
        let text = item
            .as_str()
            .ok_or_else(|| wrong(item, key, "a list of strings"))?;
        Ok(text.to_owned())
    });
    texts.collect()
}

/// A mapping of strings.
pub(super) fn pairs(node: &Node, key: &str) -> Read<BTreeMap<String, String>> {
    let Some(value) = field(node, key) else {
        return Ok(BTreeMap::new());
    };
    let NodeValue::Mapping(entries) = &value.value else {
        return Err(wrong(value, key, "a mapping"));
    };
    let pairs = entries.iter().map(|entry| {
        let text = entry.value.as_str();
        let text = text.ok_or_else(|| wrong(&entry.value, key, "a mapping of strings"))?;
        Ok((entry.key.to_string(), text.to_owned()))
    });
    pairs.collect()
}

/// The mapping under a key, as JSON.
pub(super) fn values(node: &Node, key: &str) -> Read<Option<Value>> {
    match field(node, key) {
        None => Ok(None),
        Some(value) => match &value.value {
            NodeValue::Mapping(_) => Ok(Some(value.to_json())),
            _ => Err(wrong(value, key, "a mapping")),
        },
    }
}

/// Where a field stands, else the object it would stand in.
pub(super) fn place(node: &Node, key: &str) -> Span {
    node.get(key).unwrap_or(node).span
}

/// Foreign text for a message: short, on one line.
pub(super) fn shown(text: &str) -> String {
    let clean: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    abridged(&clean, MOST_SHOWN)
}

pub(super) fn wrong(node: &Node, key: &str, wanted: &str) -> Stop {
    Stop::unknown(
        node.span,
        format!("`{key}` is not {wanted}"),
        "write it as the controller's reference says; the API server would not take it",
    )
}

const MOST_SHOWN: usize = 120;
