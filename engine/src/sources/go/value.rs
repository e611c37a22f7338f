//! Values as Go has them in templates, as far as their types show.
//! A map is shared: functions change it, as Go's do.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Map as JsonMap, Value as Json};

use super::bounds::{Bounds, too_deep};
use crate::model::limits;

#[derive(Clone)]
pub(super) enum Value {
    /// What is not there.
    Missing,
    /// A `nil` that is there.
    Nil,
    Bool(bool),
    Int(i64, Width),
    Float(f64),
    Text(Rc<str>),
    List(List),
    Map(Map),
}

/// Go's integer types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    Int,
    Int64,
    Byte,
}

#[derive(Clone)]
pub(super) struct List {
    pub(super) items: Rc<Vec<Value>>,
    pub(super) of: Of,
    /// Whether another list may have the same items in Go, which changes with it.
    pub(super) shares: bool,
    depth: usize,
}

#[derive(Clone)]
pub(super) struct Map {
    entries: Rc<RefCell<Entries>>,
    pub(super) of: Of,
    /// Part of what the template was given: others see it too.
    given: bool,
}

pub(super) type Entries = BTreeMap<Rc<str>, Value>;

/// What a list or a map holds, by Go's types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Anything,
    Texts,
    Ints,
    Lists,
    /// Texts, or maps, of the parameters: generators make some such lists of those alone, and read others from files.
    Given,
    /// Of a type that depends on who made it, or in an order that is by chance: few functions take it.
    Unsure,
}

/// The maps that a template made. They are emptied at its end, one by one: none that holds others, or itself,
/// is dropped within another.
#[derive(Default)]
pub(super) struct Maps(Vec<Rc<RefCell<Entries>>>);

impl Drop for Maps {
    fn drop(&mut self) {
        for map in &self.0 {
            let entries = map
                .try_borrow_mut()
                .map(|mut map| std::mem::take(&mut *map));
            drop(entries);
        }
    }
}

impl Value {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(Rc::from(text))
    }

    pub(super) fn int(number: i64) -> Self {
        Self::Int(number, Width::Int)
    }

    pub(super) fn int64(number: i64) -> Self {
        Self::Int(number, Width::Int64)
    }

    pub(super) fn list(items: Vec<Self>, of: Of) -> Result<Self, String> {
        let depth = 1 + items.iter().map(Self::depth).max().unwrap_or_default();
        if depth > limits::TEMPLATE_DEPTH.most {
            return Err(too_deep());
        }
        Ok(Self::List(List {
            items: Rc::new(items),
            of,
            shares: false,
            depth,
        }))
    }

    pub(super) fn texts(texts: impl IntoIterator<Item = impl AsRef<str>>) -> Result<Self, String> {
        let texts = texts.into_iter().map(|text| Self::text(text.as_ref()));
        Self::list(texts.collect(), Of::Texts)
    }

    pub(super) fn map(entries: Entries, of: Of, cx: &mut Bounds<'_>) -> Self {
        let entries = Rc::new(RefCell::new(entries));
        cx.maps.0.push(Rc::clone(&entries));
        Self::Map(Map {
            entries,
            of,
            given: false,
        })
    }

    /// As what has the items of another list.
    pub(super) fn sharing(mut self) -> Self {
        if let Self::List(list) = &mut self {
            list.shares = true;
        }
        self
    }

    /// Lists within each other; what a map holds is not counted, for a map is never dropped with it.
    fn depth(&self) -> usize {
        match self {
            Self::List(list) => list.depth,
            _ => 0,
        }
    }

    /// JSON as Go reads it: every number is a float.
    pub(super) fn of_json(json: &Json, cx: &mut Bounds<'_>) -> Result<Self, String> {
        cx.made(1)?;
        Ok(match json {
            Json::Null => Self::Nil,
            Json::Bool(value) => Self::Bool(*value),
            Json::Number(number) => Self::Float(
                number
                    .as_f64()
                    .filter(|number| *number != 0.0 || number.is_sign_positive())
                    .ok_or("it is given a number that no float holds")?,
            ),
            Json::String(text) => Self::text(text),
            Json::Array(items) => {
                let items = items.iter().map(|item| Self::of_json(item, cx));
                let items = items.collect::<Result<_, _>>()?;
                Self::list(items, Of::Anything)?
            }
            Json::Object(object) => {
                let entries = entries_of(object, cx)?;
                Self::map(entries, Of::Anything, cx)
            }
        })
    }

    /// The data of a template, which nothing may change.
    pub(super) fn given(
        params: &JsonMap<String, Json>,
        cx: &mut Bounds<'_>,
    ) -> Result<Self, String> {
        let root = Self::map(entries_of(params, cx)?, Of::Anything, cx);
        root.hold(&mut Vec::new());
        Ok(root.marked(&[]))
    }

    /// Marks all maps below as given.
    fn hold(&self, path: &mut Vec<Rc<str>>) {
        let Self::Map(map) = self else { return };
        let mut entries = map.entries.borrow_mut();
        for (key, value) in entries.iter_mut() {
            path.push(Rc::clone(key));
            value.hold(path);
            *value = std::mem::replace(value, Self::Nil).marked(path);
            if let (Self::Map(map), true) = (&mut *value, is_unsure(path)) {
                map.of = Of::Unsure;
            }
            path.pop();
        }
    }

    fn marked(self, path: &[Rc<str>]) -> Self {
        match self {
            Self::Map(map) => Self::Map(Map { given: true, ..map }),
            Self::List(list) => {
                // A flat list of clusters holds what each of them gives.
                let within = match path.iter().map(|step| &**step).eq(["clusters"]) {
                    true => Vec::new(),
                    false => vec![Rc::from("")],
                };
                let items = list.items.iter().map(|item| {
                    item.hold(&mut within.clone());
                    item.clone().marked(&[Rc::from("")])
                });
                let items: Vec<Self> = items.collect();
                let of_texts = items.iter().all(|item| matches!(item, Self::Text(_)));
                let of_maps = items.iter().all(|item| matches!(item, Self::Map(_)));
                let of = match of_texts || of_maps {
                    true => Of::Given,
                    false => list.of,
                };
                Self::List(List {
                    items: Rc::new(items),
                    of,
                    shares: true,
                    ..list
                })
            }
            other => other,
        }
    }
}

/// Generators make these of texts alone where they make them, and files of anything.
fn is_unsure(path: &[Rc<str>]) -> bool {
    let path: Vec<&str> = path.iter().map(|step| &**step).collect();
    matches!(
        path.as_slice(),
        ["values"] | ["metadata", "labels" | "annotations"]
    )
}

fn entries_of(object: &JsonMap<String, Json>, cx: &mut Bounds<'_>) -> Result<Entries, String> {
    let entries = object.iter().map(|(key, value)| {
        let value = cx.deeper(|cx| Value::of_json(value, cx))?;
        Ok((Rc::from(key.as_str()), value))
    });
    entries.collect()
}

impl List {
    /// As a list of the same type, with other items.
    pub(super) fn with(&self, items: Vec<Value>) -> Result<Value, String> {
        Value::list(items, self.of).map(Value::sharing)
    }
}

impl Map {
    pub(super) fn get(&self, key: &str) -> Option<Value> {
        self.entries.borrow().get(key).cloned()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.borrow().len()
    }

    /// All that it holds, in the order of the keys.
    pub(super) fn entries(&self) -> Vec<(Rc<str>, Value)> {
        let entries = self.entries.borrow();
        let entries = entries.iter();
        entries
            .map(|(key, value)| (Rc::clone(key), value.clone()))
            .collect()
    }

    pub(super) fn insert(&self, key: &str, value: Value) -> Result<(), String> {
        self.changeable()?;
        self.entries.borrow_mut().insert(Rc::from(key), value);
        Ok(())
    }

    pub(super) fn remove(&self, key: &str) -> Result<(), String> {
        self.changeable()?;
        self.entries.borrow_mut().remove(key);
        Ok(())
    }

    fn changeable(&self) -> Result<(), String> {
        match self.given {
            true => Err(
                "it changes the parameters, which other templates see too: change a `deepCopy` of them"
                    .to_owned(),
            ),
            false => Ok(()),
        }
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.entries, &other.entries)
    }
}
