//! Values of a chart as its deployer joins them: the later over the earlier, each with the place where it is written.
//! Knows nothing of charts and images.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::super::places::Place;
use super::super::shapes;
use super::parameters::{Step, pointer_to};
use crate::model::step_of;

/// What all of them make.
#[derive(Clone, Debug)]
pub(super) struct Joined {
    pub(super) tree: Value,
    /// By pointers in the tree; what has none is of what it stands in.
    written: BTreeMap<String, Origin>,
    layers: usize,
}

/// Where a value is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// The place of the value itself.
    pub(super) pointer: String,
    /// All that has a say in it.
    fields: Vec<String>,
    /// Whether what stands in the value stands below that place.
    is_tree: bool,
    /// The later counts.
    rank: usize,
}

impl Origin {
    /// Of values that stand in the object as they are.
    pub(super) fn tree(pointer: impl Into<String>) -> Self {
        Self {
            is_tree: true,
            ..Self::one(pointer)
        }
    }

    /// Of what stands at one place as a whole, as in a text.
    pub(super) fn one(pointer: impl Into<String>) -> Self {
        let pointer = pointer.into();
        Self {
            fields: vec![pointer.clone()],
            pointer,
            is_tree: false,
            rank: 0,
        }
    }

    /// The same, where more has a say in it.
    pub(super) fn with_fields(self, fields: Vec<String>) -> Self {
        Self { fields, ..self }
    }

    fn below(&self, rest: &str) -> Self {
        match self.is_tree {
            true => Self {
                rank: self.rank,
                ..Self::tree(format!("{}{rest}", self.pointer))
            },
            false => self.clone(),
        }
    }
}

impl Default for Joined {
    fn default() -> Self {
        Self {
            tree: json!({}),
            written: BTreeMap::new(),
            layers: 0,
        }
    }
}

impl Joined {
    /// Mappings are merged, anything else takes the place of what is there.
    pub(super) fn merge(&mut self, values: Map<String, Value>, origin: &Origin) {
        self.layers += 2;
        let origin = Origin {
            rank: self.layers,
            ..origin.clone()
        };
        let Self { tree, written, .. } = self;
        let values = Value::Object(values);
        merge(tree, values, &mut String::new(), (&origin, written));
    }

    /// One value by its path. A list grows to hold it.
    pub(super) fn set(&mut self, path: &[Step], value: Value, origin: &Origin) {
        let origin = self.single(origin);
        set(&mut self.tree, path, value);
        put(&mut self.written, &pointer_to(path), origin);
    }

    /// Where a value of the tree is written.
    pub(super) fn origin(&self, pointer: &str) -> Option<Origin> {
        let mut at = pointer;
        loop {
            if let Some(origin) = self.written.get(at) {
                return Some(origin.below(pointer.get(at.len()..)?));
            }
            at = at.rsplit_once('/')?.0;
        }
    }

    /// What was found in the tree, where the last of what has a say in it is written.
    pub(super) fn place(&self, place: Place<'_>) -> Option<Place<'static>> {
        let own = self.origin(&place.pointer)?;
        let parts = place.fields.iter().filter_map(|at| self.origin(at));
        let parts: Vec<Origin> = parts.collect();
        let fields = parts.iter().chain([&own]).flat_map(|it| it.fields.clone());
        let fields: BTreeSet<String> = fields.collect();
        let last = parts
            .into_iter()
            .fold(own, |last, part| match part.rank > last.rank {
                true => part,
                false => last,
            });
        let is_more = fields.len() > 1 || !fields.contains(&last.pointer);
        Some(Place {
            fields: match is_more || !place.fields.is_empty() {
                true => fields.into_iter().collect(),
                false => Vec::new(),
            },
            pointer: last.pointer,
            ..shapes::owned(place)
        })
    }

    /// Single values that follow each other are of one layer.
    fn single(&self, origin: &Origin) -> Origin {
        Origin {
            rank: self.layers + 1,
            ..origin.clone()
        }
    }
}

fn merge(
    into: &mut Value,
    from: Value,
    at: &mut String,
    (origin, written): (&Origin, &mut BTreeMap<String, Origin>),
) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            let length = at.len();
            for (key, value) in from {
                let step = format!("/{}", step_of(&key));
                at.push_str(&step);
                let origin = origin.below(&step);
                match into.get_mut(&key) {
                    Some(own) => merge(own, value, at, (&origin, written)),
                    None => {
                        into.insert(key, value);
                        put(written, at, origin);
                    }
                }
                at.truncate(length);
            }
        }
        (into, value) => {
            *into = value;
            put(written, at, origin.clone());
        }
    }
}

/// What stood in what was there before, stands there no more.
fn put(written: &mut BTreeMap<String, Origin>, at: &str, origin: Origin) {
    let below = format!("{at}/");
    let old = written.range(below.clone()..).map(|(own, _)| own);
    let old: Vec<String> = old
        .take_while(|own| own.starts_with(&below))
        .cloned()
        .collect();
    for own in old {
        written.remove(&own);
    }
    written.insert(at.to_owned(), origin);
}

/// Puts a value at a path; what is no mapping or no list on the way becomes one.
fn set(node: &mut Value, path: &[Step], value: Value) {
    match path.split_first() {
        None => *node = value,
        Some((Step::Key(key), rest)) => {
            let mut entries = match node.take() {
                Value::Object(entries) => entries,
                _ => Map::new(),
            };
            set(
                entries.entry(key.as_str()).or_insert(Value::Null),
                rest,
                value,
            );
            *node = Value::Object(entries);
        }
        Some((Step::Item(index), rest)) => {
            let mut items = match node.take() {
                Value::Array(items) => items,
                _ => Vec::new(),
            };
            if items.len() <= *index {
                items.resize(index.saturating_add(1), Value::Null);
            }
            if let Some(item) = items.get_mut(*index) {
                set(item, rest, value);
            }
            *node = Value::Array(items);
        }
    }
}
