//! Functions of maps. Those that change a map change it for everyone who has it, as in Go.

use std::rc::Rc;

use super::super::bounds::Bounds;
use super::super::print::shown;
use super::super::value::{Entries, Map, Of, Value};
use super::merge::{Empty, merged};
use super::{Answer, Function, exactly, map, text};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("dict", |given, cx| {
        let mut entries = Entries::new();
        for pair in given.chunks(2) {
            let [key, rest @ ..] = pair else { continue };
            let value = rest.first().cloned().unwrap_or_else(|| Value::text(""));
            cx.made(ENTRY)?;
            entries.insert(Rc::from(shown(key, cx)?), value.held());
        }
        Ok(Value::map(entries, Of::Anything, cx))
    }),
    ("get", |given, _| {
        let [dict, key] = exactly(given)?;
        let found = map(dict)?.and_then(|map| text(key).ok().and_then(|key| map.get(key)));
        text(key)?;
        Ok(found.unwrap_or_else(|| Value::text("")))
    }),
    ("set", |given, cx| {
        let [dict, key, value] = exactly(given)?;
        let (found, key) = (map(dict)?.ok_or("there is no map to change")?, text(key)?);
        cx.made(ENTRY + key.len())?;
        found.insert(key, value.clone().held())?;
        Ok(dict.clone())
    }),
    ("unset", |given, _| {
        let [dict, key] = exactly(given)?;
        let (found, key) = (map(dict)?.ok_or("there is no map to change")?, text(key)?);
        found.remove(key)?;
        Ok(dict.clone())
    }),
    ("hasKey", |given, _| {
        let [dict, key] = exactly(given)?;
        let key = text(key)?;
        Ok(Value::Bool(
            map(dict)?.is_some_and(|map| map.get(key).is_some()),
        ))
    }),
    ("pluck", |given, cx| {
        let (key, dicts) = given.split_first().ok_or("it is given nothing")?;
        let key = text(key)?;
        let mut found = Vec::new();
        for dict in dicts {
            found.extend(map(dict)?.and_then(|map| map.get(key)));
        }
        cx.made(found.len())?;
        Value::list(found, Of::Anything)
    }),
    ("keys", |given, cx| {
        let mut keys = Vec::new();
        for dict in given {
            let entries = map(dict)?.map(Map::entries).unwrap_or_default();
            keys.extend(entries.into_iter().map(|(key, _)| Value::Text(key)));
            cx.made(keys.len())?;
        }
        by_chance(keys, Of::Texts)
    }),
    ("values", |given, cx| {
        let [dict] = exactly(given)?;
        let entries = map(dict)?.map(Map::entries).unwrap_or_default();
        cx.made(entries.len())?;
        by_chance(
            entries.into_iter().map(|(_, value)| value).collect(),
            Of::Anything,
        )
    }),
    ("pick", |given, cx| kept(given, |named| named, cx)),
    ("omit", |given, cx| kept(given, |named| !named, cx)),
    ("merge", |given, cx| merged(given, Empty::Filled, cx)),
    ("mergeOverwrite", |given, cx| {
        merged(given, Empty::Overwritten, cx)
    }),
    ("dig", dig),
    ("deepCopy", copied),
    ("mustDeepCopy", copied),
];

/// A list in the order that Go's maps have by chance, unless there is but one order.
fn by_chance(items: Vec<Value>, of: Of) -> Answer {
    let of = if items.len() > 1 { Of::Unsure } else { of };
    Value::list(items, of)
}

fn kept(given: &[Value], keeps: fn(bool) -> bool, cx: &mut Bounds<'_>) -> Answer {
    let (dict, keys) = given.split_first().ok_or("it is given nothing")?;
    let keys: Vec<&str> = keys.iter().map(text).collect::<Result<_, _>>()?;
    let entries = map(dict)?.map(Map::entries).unwrap_or_default();
    cx.made(entries.len() * ENTRY)?;
    let kept = entries
        .into_iter()
        .filter(|(key, _)| keeps(keys.contains(&&**key)));
    let kept = kept.collect();
    Ok(Value::map(kept, Of::Anything, cx))
}

fn dig(given: &[Value], _: &mut Bounds<'_>) -> Answer {
    let [keys @ .., default, dict] = given else {
        return Err("it takes keys, a default and a map".to_owned());
    };
    if keys.is_empty() {
        return Err("it takes keys, a default and a map".to_owned());
    }
    let keys: Vec<&str> = keys.iter().map(text).collect::<Result<_, _>>()?;
    let mut value = dict.clone();
    for key in keys {
        let Some(found) = map(&value)?.ok_or("it digs in what is not there")?.get(key) else {
            return Ok(default.clone());
        };
        value = found;
    }
    Ok(value)
}

fn copied(given: &[Value], cx: &mut Bounds<'_>) -> Answer {
    let [value] = exactly(given)?;
    match value {
        Value::Map(_) | Value::List(_) => copy(value, cx),
        Value::Missing | Value::Nil => Err("it is given nothing".to_owned()),
        plain => Ok(plain.clone()),
    }
}

fn copy(value: &Value, cx: &mut Bounds<'_>) -> Answer {
    cx.made(ENTRY)?;
    match value {
        Value::Map(map) => {
            let mut entries = Entries::new();
            for (key, value) in map.entries() {
                entries.insert(key, cx.deeper(|cx| copy(&value, cx))?);
            }
            Ok(Value::map(entries, map.of, cx))
        }
        Value::List(list) => {
            let items = list.items.iter();
            let items = items.map(|item| cx.deeper(|cx| copy(item, cx)));
            list.with(items.collect::<Result<_, _>>()?)
        }
        plain => Ok(plain.clone()),
    }
}

/// About how many bytes an entry of a map takes.
const ENTRY: usize = 64;
