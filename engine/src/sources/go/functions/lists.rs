//! Functions of lists.

use std::rc::Rc;

use super::super::bounds::Bounds;
use super::super::compare::deep;
use super::super::print::{is_nothing, shown};
use super::super::value::{List, Of, Value};
use super::numbers::whole;
use super::{Answer, Function, exactly, int, list, list_in_any_order, made, size, text};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("list", |given, cx| anything(given.to_vec(), cx)),
    ("tuple", |given, cx| anything(given.to_vec(), cx)),
    ("first", |given, _| {
        let [items] = exactly(given)?;
        Ok(list(items)?.items.first().cloned().unwrap_or(Value::Nil))
    }),
    ("last", |given, _| {
        let [items] = exactly(given)?;
        Ok(list(items)?.items.last().cloned().unwrap_or(Value::Nil))
    }),
    ("rest", |given, cx| {
        let [items] = exactly(given)?;
        anything(filled(items)?.iter().skip(1).cloned().collect(), cx)
    }),
    ("initial", |given, cx| {
        let [items] = exactly(given)?;
        let items = filled(items)?;
        anything(
            items
                .iter()
                .take(items.len().saturating_sub(1))
                .cloned()
                .collect(),
            cx,
        )
    }),
    ("append", push),
    ("push", push),
    ("prepend", |given, cx| {
        let [items, item] = exactly(given)?;
        let mut all = vec![item.clone()];
        all.extend(list(items)?.items.iter().cloned());
        anything(all, cx)
    }),
    ("concat", |given, cx| {
        let mut all = Vec::new();
        for items in given {
            all.extend(list(items)?.items.iter().cloned());
            cx.made(all.len())?;
        }
        match all.is_empty() {
            true => Err(NO_LIST.to_owned()),
            false => anything(all, cx),
        }
    }),
    ("reverse", |given, cx| {
        let [items] = exactly(given)?;
        anything(list(items)?.items.iter().rev().cloned().collect(), cx)
    }),
    ("compact", |given, cx| {
        let [items] = exactly(given)?;
        let kept = list(items)?.items.iter().filter(|item| !is_nothing(item));
        anything(kept.cloned().collect(), cx)
    }),
    ("uniq", |given, cx| {
        let [items] = exactly(given)?;
        let mut kept: Vec<Value> = Vec::new();
        for item in list(items)?.items.iter() {
            if !is_in(item, &kept, cx)? {
                kept.push(item.clone());
            }
        }
        anything(kept, cx)
    }),
    ("without", |given, cx| {
        let (items, omitted) = given.split_first().ok_or("it is given nothing")?;
        let mut kept = Vec::new();
        for item in list(items)?.items.iter() {
            if !is_in(item, omitted, cx)? {
                kept.push(item.clone());
            }
        }
        anything(kept, cx)
    }),
    ("has", |given, cx| {
        let [item, items] = exactly(given)?;
        if matches!(items, Value::Nil | Value::Missing) {
            return Ok(Value::Bool(false));
        }
        let items = &list_in_any_order(items)?.items;
        is_in(item, items, cx).map(Value::Bool)
    }),
    ("slice", slice),
    ("mustSlice", slice),
    ("chunk", |given, cx| {
        let [length, items] = exactly(given)?;
        let (length, items) = (size(int(length)?)?, list(items)?);
        if length == 0 || items.items.is_empty() {
            return Err("it makes no pieces of that".to_owned());
        }
        cx.made(items.items.len())?;
        let pieces = items.items.chunks(length);
        let pieces = pieces.map(|piece| Value::list(piece.to_vec(), Of::Anything));
        Value::list(pieces.collect::<Result<_, _>>()?, Of::Lists)
    }),
    ("join", |given, cx| {
        let [by, items] = exactly(given)?;
        let texts = texts(items, cx)?;
        made(texts.join(text(by)?), cx)
    }),
    ("sortAlpha", |given, cx| {
        let [items] = exactly(given)?;
        let mut all = match items {
            Value::List(list) => texts_of(&list.items, cx)?,
            Value::Missing | Value::Nil => return Err("it is given nothing".to_owned()),
            other => vec![shown(other, cx)?],
        };
        let before = all.clone();
        all.sort_unstable();
        // Go sorts a list of texts where it lies: whoever has it sees that.
        let is_shared = |list: &List| {
            let is_of_texts = matches!(list.of, Of::Texts | Of::Given);
            is_of_texts && (list.shares || Rc::strong_count(&list.items) > 1)
        };
        match items {
            Value::List(list) if before != all && is_shared(list) => Err(SORTED.to_owned()),
            _ => Value::texts(all),
        }
    }),
    ("toStrings", |given, cx| {
        let [items] = exactly(given)?;
        Value::texts(texts(items, cx)?).map(Value::sharing)
    }),
    ("mustUniq", |given, cx| super::call("uniq", given, cx)),
    ("mustWithout", |given, cx| super::call("without", given, cx)),
];

fn anything(items: Vec<Value>, cx: &Bounds<'_>) -> Answer {
    cx.made(items.len() * SIZE)?;
    // What is not there is a `nil` once a list holds it.
    let items = items.into_iter().map(Value::held);
    Value::list(items.collect(), Of::Anything)
}

/// The items of a list that has some: of others, Go makes a list that is none.
fn filled(value: &Value) -> Result<&[Value], String> {
    let items = list(value)?.items.as_slice();
    match items {
        [] => Err(NO_LIST.to_owned()),
        items => Ok(items),
    }
}

fn push(given: &[Value], cx: &mut Bounds<'_>) -> Answer {
    let [items, item] = exactly(given)?;
    let mut all: Vec<Value> = list(items)?.items.to_vec();
    all.push(item.clone());
    anything(all, cx)
}

fn slice(given: &[Value], cx: &mut Bounds<'_>) -> Answer {
    let (items, bounds) = given.split_first().ok_or("it is given nothing")?;
    let items: &List = list(items)?;
    if items.items.is_empty() {
        return Ok(Value::Nil);
    }
    let start = bounds.first().map(whole).transpose()?.unwrap_or_default();
    let end = match bounds.get(1) {
        Some(end) => size(whole(end)?)?,
        None => items.items.len(),
    };
    let kept = items.items.get(size(start)?..end);
    let kept = kept.ok_or("it asks for more than there is")?;
    cx.made(kept.len())?;
    items.with(kept.to_vec())
}

fn is_in(item: &Value, items: &[Value], cx: &mut Bounds<'_>) -> Result<bool, String> {
    for other in items {
        if deep(item, other, cx)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The texts of a list; of something else, its one text.
fn texts(value: &Value, cx: &mut Bounds<'_>) -> Result<Vec<String>, String> {
    match value {
        Value::List(list) => texts_of(list.known()?, cx),
        Value::Missing | Value::Nil => Ok(Vec::new()),
        other => Ok(vec![shown(other, cx)?]),
    }
}

fn texts_of(items: &[Value], cx: &mut Bounds<'_>) -> Result<Vec<String>, String> {
    let there = items
        .iter()
        .filter(|item| !matches!(item, Value::Nil | Value::Missing));
    there.map(|item| shown(item, cx)).collect()
}

impl Value {
    /// As a list or a map holds it.
    pub(super) fn held(self) -> Self {
        match self {
            Self::Missing => Self::Nil,
            other => other,
        }
    }
}

const SORTED: &str = "it is given a list that has a name, which Go may sort itself: sort what a function gives, as `splitList`";
const NO_LIST: &str = "what it gives of no items is a `nil` to some and an empty list to others";
/// About how many bytes an item takes.
const SIZE: usize = 32;
