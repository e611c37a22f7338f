//! What Go prints for a value, and what it counts as true or empty.

use serde_json::Value as Json;

use super::bounds::Bounds;
use super::number;
use super::value::{Map, Of, Value};

/// What an action prints.
pub(super) fn printed(value: &Value, cx: &mut Bounds<'_>) -> Result<String, String> {
    match value {
        Value::Missing | Value::Nil => Ok("<no value>".to_owned()),
        value => shown(value, cx),
    }
}

/// What `%v` prints.
pub(super) fn shown(value: &Value, cx: &mut Bounds<'_>) -> Result<String, String> {
    let mut text = String::new();
    write(value, &mut text, cx)?;
    Ok(text)
}

fn write(value: &Value, text: &mut String, cx: &mut Bounds<'_>) -> Result<(), String> {
    match value {
        Value::Missing | Value::Nil => text.push_str("<nil>"),
        Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
        Value::Int(number, _) => text.push_str(&number.to_string()),
        Value::Float(number) => text.push_str(&number::float(*number)),
        Value::Text(inner) => text.push_str(inner),
        Value::List(list) => {
            text.push('[');
            for (at, item) in list.known()?.iter().enumerate() {
                if at > 0 {
                    text.push(' ');
                }
                cx.deeper(|cx| write(item, text, cx))?;
            }
            text.push(']');
        }
        Value::Map(map) => write_map(map, text, cx)?,
    }
    cx.made(text.len())
}

fn write_map(map: &Map, text: &mut String, cx: &mut Bounds<'_>) -> Result<(), String> {
    text.push_str("map[");
    for (at, (key, value)) in map.entries().into_iter().enumerate() {
        if at > 0 {
            text.push(' ');
        }
        text.push_str(&key);
        text.push(':');
        cx.deeper(|cx| write(&value, text, cx))?;
    }
    text.push(']');
    Ok(())
}

impl Value {
    /// What `if` takes for true.
    pub(super) fn is_true(&self) -> bool {
        !is_nothing(self)
    }
}

/// What sprig and `if` take for nothing.
pub(super) fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Missing | Value::Nil => true,
        Value::Bool(value) => !value,
        Value::Int(number, _) => *number == 0,
        Value::Float(number) => *number == 0.0,
        Value::Text(text) => text.is_empty(),
        Value::List(list) => list.items.is_empty(),
        Value::Map(map) => map.len() == 0,
    }
}

/// What `%v` prints for a plain value of JSON, whose numbers are floats.
pub(in crate::sources) fn printed_json(value: &Json) -> Option<String> {
    match value {
        Json::String(text) => Some(text.clone()),
        Json::Bool(value) => Some(value.to_string()),
        Json::Number(number) => number.as_f64().map(number::float),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

impl super::value::List {
    /// The items, where their order is not by chance.
    pub(super) fn known(&self) -> Result<&[Value], String> {
        match self.of {
            Of::Unsure => Err(super::run::BY_CHANCE.to_owned()),
            _ => Ok(&self.items),
        }
    }
}
