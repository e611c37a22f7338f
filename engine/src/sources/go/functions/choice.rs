//! Functions that choose: defaults and conditions.

use super::super::print::is_nothing;
use super::super::value::Value;
use super::{Function, boolean, exactly, text};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("default", |given, _| {
        let (default, rest) = given.split_first().ok_or("it is given nothing")?;
        Ok(match rest.first() {
            Some(value) if !is_nothing(value) => value.clone(),
            _ => default.clone(),
        })
    }),
    ("empty", |given, _| {
        let [value] = exactly(given)?;
        Ok(Value::Bool(is_nothing(value)))
    }),
    ("coalesce", |given, _| {
        let first = given.iter().find(|value| !is_nothing(value));
        Ok(first.cloned().unwrap_or(Value::Nil))
    }),
    ("all", |given, _| {
        Ok(Value::Bool(!given.iter().any(is_nothing)))
    }),
    ("any", |given, _| {
        Ok(Value::Bool(!given.iter().all(is_nothing)))
    }),
    ("ternary", |given, _| {
        let [yes, no, which] = exactly(given)?;
        Ok(if boolean(which)? { yes } else { no }.clone())
    }),
    ("fail", |given, _| {
        let [why] = exactly(given)?;
        // Why may be made of parameters, which may be secret.
        text(why)?;
        Err("the template says `fail`".to_owned())
    }),
];
