//! A mapping being read: unique keys, and merges that override nothing.
//! Knows nothing of syntax.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry as Slot;

use super::super::node::repeated_key;
use super::super::{Entry, Node, NodeValue};
use crate::manifest::Problem;
use crate::model::Span;

/// The entries so far.
#[derive(Default)]
pub(super) struct MappingBuilder {
    entries: Vec<Entry>,
    key: Option<Key>,
    merge: Option<Merge>,
}

/// Why it is no mapping.
pub(super) struct MappingError {
    pub(super) problem: Problem,
    pub(super) span: Span,
    pub(super) other: Option<Span>,
}

enum Key {
    Name(Box<str>, Span),
    Merge(Span),
}

struct Merge {
    /// How many entries stand before it.
    position: usize,
    span: Span,
    value: Node,
}

impl MappingBuilder {
    pub(super) fn expects_key(&self) -> bool {
        self.key.is_none()
    }

    pub(super) fn key(&mut self, key: Box<str>, span: Span) {
        self.key = Some(Key::Name(key, span));
    }

    pub(super) fn merge_key(&mut self, span: Span) -> Result<(), MappingError> {
        if let Some(first) = &self.merge {
            return Err(MappingError::two(Problem::DuplicateKey, span, first.span));
        }
        self.key = Some(Key::Merge(span));
        Ok(())
    }

    pub(super) fn value(&mut self, value: Node) -> Result<(), MappingError> {
        match self.key.take() {
            Some(Key::Name(key, key_span)) => self.entries.push(Entry {
                key,
                key_span,
                value,
            }),
            Some(Key::Merge(span)) => {
                check_mergeable(&value, span)?;
                self.merge = Some(Merge {
                    position: self.entries.len(),
                    span,
                    value,
                });
            }
            None => {}
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Vec<Entry>, MappingError> {
        check_unique(&self.entries)?;
        match self.merge {
            None => Ok(self.entries),
            Some(merge) => merged(self.entries, merge),
        }
    }
}

impl MappingError {
    fn two(problem: Problem, span: Span, other: Span) -> Self {
        Self {
            problem,
            span,
            other: Some(other),
        }
    }
}

fn check_unique(entries: &[Entry]) -> Result<(), MappingError> {
    match repeated_key(entries) {
        None => Ok(()),
        Some((second, first)) => Err(MappingError::two(
            Problem::DuplicateKey,
            second.key_span,
            first.key_span,
        )),
    }
}

fn check_mergeable(value: &Node, span: Span) -> Result<(), MappingError> {
    let is_mapping = |node: &Node| matches!(node.value, NodeValue::Mapping(_));
    let fits = is_mapping(value)
        || value
            .items()
            .is_some_and(|items| items.iter().all(is_mapping));
    if fits {
        return Ok(());
    }
    Err(MappingError {
        problem: Problem::Merge,
        span,
        other: None,
    })
}

/// Puts the merged entries where `<<` stands. A key of the mapping's own may override a merge that
/// stands before it: on that all readers agree. Every other override is refused.
fn merged(entries: Vec<Entry>, merge: Merge) -> Result<Vec<Entry>, MappingError> {
    let mut own: BTreeMap<Box<str>, (usize, Span)> = BTreeMap::new();
    for (index, entry) in entries.iter().enumerate() {
        own.insert(entry.key.clone(), (index, entry.key_span));
    }
    let sources = match merge.value.value {
        NodeValue::Mapping(_) => vec![merge.value],
        NodeValue::Sequence(items) => items,
        _ => Vec::new(),
    };
    let mut additions = Vec::new();
    let mut added: BTreeMap<Box<str>, Span> = BTreeMap::new();
    for source in sources {
        let NodeValue::Mapping(source) = source.value else {
            continue;
        };
        for entry in source {
            if let Some((index, span)) = own.get(&entry.key) {
                if *index < merge.position {
                    return Err(MappingError::two(Problem::MergeConflict, merge.span, *span));
                }
                continue;
            }
            match added.entry(entry.key.clone()) {
                Slot::Occupied(first) => {
                    let first = *first.get();
                    return Err(MappingError::two(Problem::MergeConflict, merge.span, first));
                }
                Slot::Vacant(slot) => slot.insert(entry.key_span),
            };
            additions.push(entry);
        }
    }
    let mut all = entries;
    let position = merge.position.min(all.len());
    all.splice(position..position, additions);
    Ok(all)
}
