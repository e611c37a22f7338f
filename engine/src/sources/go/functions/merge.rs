//! Merges maps as mergo does, which sprig uses: into the first one, those within each other too.

use super::super::bounds::Bounds;
use super::super::print::is_nothing;
use super::super::value::{Map, Of, Value};
use super::{Answer, map};

/// What a merge does with a key that is there already.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Empty {
    /// Only what is nothing is filled.
    Filled,
    /// The later one counts, even where it is empty.
    Overwritten,
}

pub(super) fn merged(given: &[Value], empty: Empty, cx: &mut Bounds<'_>) -> Answer {
    let (first, others) = given.split_first().ok_or("it is given nothing")?;
    let into = map(first)?.ok_or("there is no map to merge into")?;
    for other in others {
        let Some(other) = map(other)? else {
            return Err("it is given a map that is not there".to_owned());
        };
        merge(into, other, empty, cx)?;
    }
    Ok(first.clone())
}

fn merge(into: &Map, from: &Map, empty: Empty, cx: &mut Bounds<'_>) -> Result<(), String> {
    if into.is_same(from) {
        return Ok(());
    }
    for (key, value) in from.entries() {
        cx.made(key.len())?;
        let present = into.get(&key);
        if matches!(value, Value::Nil | Value::Missing) {
            if empty == Empty::Overwritten {
                into.insert(&key, value)?;
            }
            continue;
        }
        if let (Some(Value::Map(inner)), Value::Map(value)) = (&present, &value) {
            if inner.of != Of::Anything || value.of != Of::Anything {
                return Err("maps are merged of which one holds texts alone, or may".to_owned());
            }
            if inner.len() > 0 || value.len() > 0 {
                cx.deeper(|cx| merge(inner, value, empty, cx))?;
                continue;
            }
        }
        let fills = present.as_ref().is_none_or(is_nothing);
        if fills || empty == Empty::Overwritten {
            into.insert(&key, value)?;
        }
    }
    Ok(())
}
