//! What anchors name, and how much their aliases may copy.
//! Knows nothing of syntax.

use std::collections::BTreeMap;

use super::super::{Node, NodeValue};

/// The anchors of one document, and the budget of the file.
pub(super) struct Anchors {
    kept: BTreeMap<usize, Anchored>,
    /// Copies still allowed, in nodes.
    budget: usize,
}

/// A value with an anchor.
pub(super) struct Anchored {
    /// The value.
    pub(super) node: Node,
    /// What it is as a key, where it can be one.
    pub(super) key: Option<Box<str>>,
    /// Lists and mappings within each other, itself included.
    pub(super) height: usize,
    weight: usize,
}

/// The budget is spent.
pub(super) struct NotKept;

impl Anchors {
    pub(super) fn new(budget: usize) -> Self {
        Self {
            kept: BTreeMap::new(),
            budget,
        }
    }

    /// Anchors end with their document.
    pub(super) fn clear(&mut self) {
        self.kept.clear();
    }

    /// Keeps a copy. It is paid for as well: anchors within anchors would multiply a file otherwise.
    pub(super) fn keep(
        &mut self,
        anchor: usize,
        node: &Node,
        key: Option<&str>,
    ) -> Result<(), NotKept> {
        let (weight, height) = measure(node);
        self.budget = self.budget.checked_sub(weight).ok_or(NotKept)?;
        let kept = Anchored {
            node: node.clone(),
            key: key.map(Into::into),
            height,
            weight,
        };
        self.kept.insert(anchor, kept);
        Ok(())
    }

    /// A value that is complete; `None` while it is still being read.
    pub(super) fn get(&self, anchor: usize) -> Option<&Anchored> {
        self.kept.get(&anchor)
    }

    /// One more copy, while the budget lasts.
    pub(super) fn expand(&mut self, anchor: usize) -> Option<Node> {
        let kept = self.kept.get(&anchor)?;
        self.budget = self.budget.checked_sub(kept.weight)?;
        Some(kept.node.clone())
    }
}

/// Nodes, a long text counting as several, and height. The depth limit bounds the recursion.
fn measure(node: &Node) -> (usize, usize) {
    let mut weight = 1;
    let mut height = 0;
    let mut add = |child: &Node| {
        let (child_weight, child_height) = measure(child);
        weight += child_weight;
        height = height.max(child_height);
    };
    match &node.value {
        NodeValue::Sequence(items) => items.iter().for_each(add),
        NodeValue::Mapping(entries) => {
            let mut keys = 0;
            for entry in entries {
                add(&entry.value);
                keys += entry.key.len() / TEXT_PER_NODE;
            }
            weight += keys;
        }
        NodeValue::String(text) | NodeValue::Number { literal: text, .. } => {
            return (1 + text.len() / TEXT_PER_NODE, 0);
        }
        NodeValue::Null | NodeValue::Bool(_) => return (1, 0),
    }
    (weight, height + 1)
}

const TEXT_PER_NODE: usize = 256;
