//! Go's own functions, `and` and `or` aside.

use std::cmp::Ordering;

use super::super::bounds::Bounds;
use super::super::compare;
use super::super::print::shown;
use super::super::printf::printf;
use super::super::value::{Value, Width};
use super::{Answer, Function, exactly, list_in_any_order, made, size, text};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("not", |given, _| {
        let [value] = exactly(given)?;
        Ok(Value::Bool(!value.is_true()))
    }),
    ("len", |given, _| {
        let [value] = exactly(given)?;
        let length = match value {
            Value::Text(text) => text.len(),
            Value::Map(map) => map.len(),
            value => list_in_any_order(value)?.items.len(),
        };
        i64::try_from(length)
            .map(Value::int)
            .map_err(|_| "it is too long".to_owned())
    }),
    ("index", index),
    ("eq", |given, _| equal(given).map(Value::Bool)),
    ("ne", |given, _| {
        let [one, other] = exactly(given)?;
        let equal = compare::is_any_of(one, std::slice::from_ref(other))?;
        Ok(Value::Bool(!equal))
    }),
    ("lt", |given, _| {
        ordered(given, |order| order == Ordering::Less)
    }),
    ("le", |given, _| ordered(given, Ordering::is_le)),
    ("gt", |given, _| {
        ordered(given, |order| order == Ordering::Greater)
    }),
    ("ge", |given, _| ordered(given, Ordering::is_ge)),
    ("print", |given, cx| made(print(given, cx)?, cx)),
    ("println", |given, cx| {
        let texts: Vec<String> = given
            .iter()
            .map(|value| shown(value, cx))
            .collect::<Result<_, _>>()?;
        made(texts.join(" ") + "\n", cx)
    }),
    ("printf", |given, cx| {
        let (format, values) = given.split_first().ok_or("it is given no format")?;
        let written = printf(text(format)?, values, cx)?;
        made(written, cx)
    }),
    ("html", |given, cx| {
        let text = one_text(given, cx)?;
        let escaped: String = text.chars().map(in_html).collect::<Vec<_>>().concat();
        made(escaped, cx)
    }),
    ("urlquery", |given, cx| {
        let text = one_text(given, cx)?;
        let escaped: String = text.bytes().map(in_query).collect();
        made(escaped, cx)
    }),
    ("js", |_, _| Err("it is not built here".to_owned())),
    ("call", |_, _| Err("there is nothing to call".to_owned())),
];

fn equal(given: &[Value]) -> Result<bool, String> {
    let (first, others) = given.split_first().ok_or("there is nothing to compare")?;
    compare::is_any_of(first, others)
}

fn ordered(given: &[Value], holds: fn(Ordering) -> bool) -> Answer {
    let [one, other] = exactly(given)?;
    let order = compare::ordered(one, other)?;
    Ok(Value::Bool(order.is_some_and(holds)))
}

fn index(given: &[Value], _: &mut Bounds<'_>) -> Answer {
    let (first, keys) = given.split_first().ok_or("it is given nothing")?;
    if matches!(first, Value::Missing | Value::Nil) {
        return Err("what it looks into is not there".to_owned());
    }
    let mut value = first.clone();
    for key in keys {
        value = match (&value, key) {
            (Value::Map(map), Value::Text(key)) => match map.get(key) {
                Some(found) => found,
                None => map.of.zero()?,
            },
            (Value::List(list), Value::Int(at, _)) => {
                let found = list.known()?.get(size(*at)?).cloned();
                found.ok_or(NOTHING_THERE)?
            }
            (Value::Text(text), Value::Int(at, _)) => {
                let byte = text.as_bytes().get(size(*at)?).copied();
                let byte = byte.ok_or(NOTHING_THERE)?;
                Value::Int(i64::from(byte), Width::Byte)
            }
            _ => return Err("it looks for a key that such a value does not have".to_owned()),
        };
    }
    Ok(value)
}

/// Go's `fmt.Sprint`: a space between two values of which neither is a text.
fn print(given: &[Value], cx: &mut Bounds<'_>) -> Result<String, String> {
    let mut text = String::new();
    let mut before_is_text = true;
    for value in given {
        let is_text = matches!(value, Value::Text(_));
        if !is_text && !before_is_text {
            text.push(' ');
        }
        before_is_text = is_text;
        text.push_str(&shown(value, cx)?);
        cx.made(text.len())?;
    }
    Ok(text)
}

/// The text of arguments; what is not there is nothing that Go would print in the same way everywhere.
fn one_text(given: &[Value], cx: &mut Bounds<'_>) -> Result<String, String> {
    match given {
        [Value::Text(text)] => Ok(text.to_string()),
        given
            if given
                .iter()
                .any(|value| matches!(value, Value::Missing | Value::Nil)) =>
        {
            Err("it is given what is not there".to_owned())
        }
        given => print(given, cx),
    }
}

fn in_html(c: char) -> String {
    match c {
        '"' => "&#34;".to_owned(),
        '\'' => "&#39;".to_owned(),
        '&' => "&amp;".to_owned(),
        '<' => "&lt;".to_owned(),
        '>' => "&gt;".to_owned(),
        '\0' => "\u{fffd}".to_owned(),
        c => c.to_string(),
    }
}

fn in_query(byte: u8) -> String {
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
            char::from(byte).to_string()
        }
        b' ' => "+".to_owned(),
        byte => format!("%{byte:02X}"),
    }
}

const NOTHING_THERE: &str = "there is nothing at that place of the list or the text";
