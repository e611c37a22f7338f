//! Generators of generators: each with each, and those with the same keys as one.
//! Knows nothing of where parameters come from.

use std::collections::BTreeMap;

use serde_json::Value;

use super::generators::{are_alike, params};
use super::{Engine, Params, Set};
use crate::manifest::Node;
use crate::sources::fields::{Read, Stop, field, items, only, texts, wrong};

/// Each set of the first with each of the second; where both say something, the first one counts.
pub(super) fn matrix(node: &Node, set: &Set<'_>, depth: usize) -> Read<Vec<Params>> {
    only(node, "`matrix`", &["generators", "template"])?;
    let [first, second] = items(node, "generators")? else {
        return Err(wrong(
            node,
            "generators",
            "a list of two, as a matrix needs",
        ));
    };
    let alike = are_alike(first, second);
    let mut found = Vec::new();
    for outer in params(first, set, None, depth + 1)? {
        for inner in params(second, set, Some(&outer), depth + 1)? {
            set.room(found.len() + 1, node)?;
            found.push(match set.engine {
                Engine::Go { .. } => {
                    can_merge(&inner, &outer, alike, second)?;
                    over(inner, &outer)
                }
                Engine::Fast => joined(inner, &outer, node)?,
            });
        }
    }
    Ok(found)
}

/// The sets of the first, each with what the others say of the same keys; the last one counts.
pub(super) fn merge(node: &Node, set: &Set<'_>, depth: usize) -> Read<Vec<Params>> {
    only(node, "`merge`", &["generators", "mergeKeys", "template"])?;
    let keys = texts(node, "mergeKeys")?;
    let [first, others @ ..] = items(node, "generators")? else {
        return Err(wrong(
            node,
            "generators",
            "a list of two or more, as a merge needs",
        ));
    };
    if others.is_empty() || keys.is_empty() {
        return Err(wrong(node, "merge", "two generators or more, and keys"));
    }
    let is_shared = items(node, "generators")?.iter().any(|one| {
        ["matrix", "merge"]
            .iter()
            .any(|kind| field(one, kind).is_some())
    });
    let alike = others.iter().all(|other| are_alike(first, other));
    let mut merged = by_keys(params(first, set, None, depth + 1)?, &keys, first)?;
    for other in others {
        let others = by_keys(params(other, set, None, depth + 1)?, &keys, other)?;
        for (key, found) in others {
            let Some(base) = merged.get_mut(&key) else {
                continue;
            };
            if is_shared && reaches_within(base, &found) {
                let reason = "it overrides a part of a map that a matrix gave to several sets of parameters, of which Argo CD may change all";
                let remedy = "override whole parameters, with names of their own";
                return Err(Stop::unknown(other.span, reason, remedy));
            }
            *base = match set.engine {
                Engine::Go { .. } => {
                    can_merge(base, &found, alike, other)?;
                    over(std::mem::take(base), &found)
                }
                Engine::Fast => std::mem::take(base).into_iter().chain(found).collect(),
            };
        }
    }
    Ok(merged.into_values().collect())
}

/// Refuses maps of two types in the same place, which end Argo CD's reading of the set.
fn can_merge(under: &Params, over: &Params, alike: bool, of: &Node) -> Read<()> {
    let are_there = |key: &&&str| {
        let is_map = |params: &Params| params.get(**key).is_some_and(Value::is_object);
        is_map(under) && is_map(over)
    };
    match OF_TEXTS.iter().find(are_there) {
        Some(key) if !alike => {
            let reason = format!(
                "two generators give `{key}`, one of them as texts and one as anything, which Argo CD may not merge"
            );
            let remedy = "let one of them give it, or both be generators of the same kind";
            Err(Stop::unknown(of.span, reason, remedy))
        }
        _ => Ok(()),
    }
}

fn reaches_within(base: &Params, over: &Params) -> bool {
    over.iter()
        .any(|(key, value)| value.is_object() && base.get(key).is_some_and(Value::is_object))
}

/// Numbers are floats to Argo CD: whether two of them are the same shows for plain whole ones alone.
fn is_exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => number
            .as_i64()
            .is_some_and(|number| number.unsigned_abs() <= EXACT),
        Value::Array(items) => items.iter().all(is_exact),
        Value::Object(object) => object.values().all(is_exact),
        _ => true,
    }
}

fn by_keys(all: Vec<Params>, keys: &[String], node: &Node) -> Read<BTreeMap<String, Params>> {
    let mut by_keys = BTreeMap::new();
    for params in all {
        let key: Vec<Value> = keys
            .iter()
            .map(|key| params.get(key).cloned().unwrap_or_default())
            .collect();
        if !key.iter().all(is_exact) {
            let reason = "a number among the `mergeKeys` is too large, or no whole one";
            return Err(Stop::unknown(node.span, reason, "merge by texts"));
        }
        if by_keys
            .insert(Value::from(key).to_string(), params)
            .is_some()
        {
            let reason = "two sets of parameters have the same `mergeKeys`";
            return Err(Stop::unknown(
                node.span,
                reason,
                "merge by keys that tell them apart",
            ));
        }
    }
    Ok(by_keys)
}

/// `under`, with what `over` says, even where that is empty; maps are merged.
fn over(mut under: Params, over: &Params) -> Params {
    for (key, value) in over {
        match (under.get_mut(key), value) {
            (Some(Value::Object(inner)), Value::Object(value)) => {
                *inner = self::over(std::mem::take(inner), value);
            }
            _ => {
                under.insert(key.clone(), value.clone());
            }
        }
    }
    under
}

/// Flat parameters of two generators: Argo CD refuses two values for one.
fn joined(inner: Params, outer: &Params, node: &Node) -> Read<Params> {
    let mut joined = outer.clone();
    for (key, value) in inner {
        if joined.get(&key).is_some_and(|other| *other != value) {
            let reason = format!("both generators of the matrix give `{key}`, and not the same");
            return Err(Stop::unknown(
                node.span,
                reason,
                "give one of them a `pathParamPrefix`",
            ));
        }
        joined.insert(key, value);
    }
    Ok(joined)
}

/// What some generators make of texts alone.
const OF_TEXTS: [&str; 2] = ["values", "metadata"];
/// Whole numbers up to this are the same as floats.
const EXACT: u64 = 1 << 53;
