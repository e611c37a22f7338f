//! Go's comparisons: `eq`, `lt` and their kin, and `reflect.DeepEqual`.
//! Types that Go does not compare are an error.

use std::cmp::Ordering;

use super::bounds::Bounds;
use super::value::{Of, Value};

/// `eq`: the first argument equals one of the others.
pub(super) fn is_any_of(first: &Value, others: &[Value]) -> Result<bool, String> {
    if others.is_empty() {
        return Err("there is nothing to compare with".to_owned());
    }
    for other in others {
        if are_equal(first, other)? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn are_equal(one: &Value, other: &Value) -> Result<bool, String> {
    Ok(match (one, other) {
        (Value::Bool(one), Value::Bool(other)) => one == other,
        (Value::Int(one, _), Value::Int(other, _)) => one == other,
        (Value::Float(one), Value::Float(other)) => one == other,
        (Value::Text(one), Value::Text(other)) => one == other,
        (Value::Missing | Value::Nil, Value::Missing | Value::Nil) => true,
        (Value::List(_) | Value::Map(_), _) | (_, Value::List(_) | Value::Map(_)) => {
            return Err("lists and maps are not compared".to_owned());
        }
        (Value::Missing | Value::Nil, _) | (_, Value::Missing | Value::Nil) => false,
        _ => {
            return Err(
                "values of different types are compared: a number of a parameter is a float, write it as `80.0`"
                    .to_owned(),
            );
        }
    })
}

/// `lt` and its kin.
pub(super) fn ordered(one: &Value, other: &Value) -> Result<Option<Ordering>, String> {
    match (one, other) {
        (Value::Int(one, _), Value::Int(other, _)) => Ok(Some(one.cmp(other))),
        (Value::Float(one), Value::Float(other)) => Ok(one.partial_cmp(other)),
        (Value::Text(one), Value::Text(other)) => Ok(Some(one.cmp(other))),
        _ => {
            Err("values of types that have no order, or not the same one, are compared".to_owned())
        }
    }
}

/// Go's `reflect.DeepEqual`: types count too.
pub(super) fn deep(one: &Value, other: &Value, cx: &mut Bounds<'_>) -> Result<bool, String> {
    cx.step()?;
    Ok(match (one, other) {
        (Value::Bool(one), Value::Bool(other)) => one == other,
        (Value::Int(one, width), Value::Int(other, wide)) => one == other && width == wide,
        (Value::Float(one), Value::Float(other)) => one == other,
        (Value::Text(one), Value::Text(other)) => one == other,
        (Value::Missing | Value::Nil, Value::Missing | Value::Nil) => true,
        (Value::List(one), Value::List(other)) => {
            if one.items.is_empty() && other.items.is_empty() {
                return Err("an empty list may be `nil`, which differs in Go".to_owned());
            }
            if one.items.len() != other.items.len() {
                return Ok(false);
            }
            let is_sure = sure(one.of, other.of);
            for (one, other) in one.items.iter().zip(other.items.iter()) {
                if !cx.deeper(|cx| deep(one, other, cx))? {
                    return Ok(false);
                }
            }
            is_sure?
        }
        (Value::Map(one), Value::Map(other)) => {
            let (left, right) = (one.entries(), other.entries());
            let keys = |all: &[(std::rc::Rc<str>, Value)]| -> Vec<_> {
                all.iter().map(|(key, _)| key.clone()).collect()
            };
            if keys(&left) != keys(&right) {
                return Ok(false);
            }
            for ((_, one), (_, other)) in left.iter().zip(&right) {
                if !cx.deeper(|cx| deep(one, other, cx))? {
                    return Ok(false);
                }
            }
            sure(one.of, other.of)?
        }
        _ => false,
    })
}

/// Whether the types of what they hold are the same.
fn sure(one: Of, other: Of) -> Result<bool, String> {
    let unsure = [Of::Unsure, Of::Given];
    match unsure.contains(&one) || unsure.contains(&other) {
        true => Err("whether the types are the same depends on what made the value".to_owned()),
        false => Ok(one == other),
    }
}
