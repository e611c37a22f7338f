//! Functions of types, of plain values alone: the types of lists and maps depend on what made them.

use super::super::compare::deep;
use super::super::value::{Value, Width};
use super::{Function, exactly, text};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("typeOf", |given, _| {
        let [value] = exactly(given)?;
        type_of(value).map(Value::text)
    }),
    ("typeIs", |given, _| {
        let [name, value] = exactly(given)?;
        Ok(Value::Bool(text(name)? == type_of(value)?))
    }),
    ("typeIsLike", |given, _| {
        // No type here is a pointer.
        let [name, value] = exactly(given)?;
        Ok(Value::Bool(text(name)? == type_of(value)?))
    }),
    ("kindOf", |given, _| {
        let [value] = exactly(given)?;
        Ok(Value::text(kind_of(value)))
    }),
    ("kindIs", |given, _| {
        let [name, value] = exactly(given)?;
        Ok(Value::Bool(text(name)? == kind_of(value)))
    }),
    ("deepEqual", |given, cx| {
        let [one, other] = exactly(given)?;
        deep(one, other, cx).map(Value::Bool)
    }),
];

fn type_of(value: &Value) -> Result<&'static str, String> {
    match value {
        Value::Missing | Value::Nil => Ok("<nil>"),
        Value::List(_) | Value::Map(_) => {
            Err("the type of a list or a map depends on what made it: use `kindOf`".to_owned())
        }
        plain => Ok(kind_of(plain)),
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Missing | Value::Nil => "invalid",
        Value::Bool(_) => "bool",
        Value::Int(_, Width::Int) => "int",
        Value::Int(_, Width::Int64) => "int64",
        Value::Int(_, Width::Byte) => "uint8",
        Value::Float(_) => "float64",
        Value::Text(_) => "string",
        Value::List(_) => "slice",
        Value::Map(_) => "map",
    }
}
