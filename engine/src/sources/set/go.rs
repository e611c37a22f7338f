//! Evaluates Go templates whose actions are pipelines of parameters and a few functions.
//! What Go would print as `<no value>`, and everything else that is not known for sure, is an error.

use serde_json::Value;

use super::Params;
use super::go_functions::{self, printed};
use super::go_parse::{Operand, Piece, Pipeline, parse};

pub(super) fn executed(template: &str, params: &Params, strict: bool) -> Result<String, String> {
    let root = Value::Object(params.clone());
    let mut text = String::new();
    for piece in parse(template)? {
        match piece {
            Piece::Text(plain) => text.push_str(&plain),
            Piece::Action(pipeline) => {
                let value = evaluate(&pipeline, &root, strict)?;
                text.push_str(&printed(&value)?);
            }
        }
    }
    Ok(text)
}

/// A parameter that is not there is `null`.
fn evaluate(pipeline: &Pipeline, root: &Value, strict: bool) -> Result<Value, String> {
    let mut given: Option<Value> = None;
    for command in pipeline {
        let (first, rest) = command.split_first().ok_or("a command is empty")?;
        let value = match first {
            Operand::Name(name) => {
                let rest = rest.iter().map(|operand| value_of(operand, root, strict));
                let arguments: Vec<Value> = rest.chain(given.map(Ok)).collect::<Result<_, _>>()?;
                go_functions::call(name, &arguments)?
            }
            operand if rest.is_empty() && given.is_none() => value_of(operand, root, strict)?,
            _ => return Err("a value takes no arguments".to_owned()),
        };
        given = Some(value);
    }
    given.ok_or_else(|| "a pipeline is empty".to_owned())
}

fn value_of(operand: &Operand, root: &Value, strict: bool) -> Result<Value, String> {
    match operand {
        Operand::Field(fields) => field(fields, root, strict),
        Operand::Text(text) => Ok(Value::from(text.as_str())),
        Operand::Number(number) => Ok(Value::from(*number)),
        Operand::Bool(value) => Ok(Value::from(*value)),
        Operand::Name(name) => go_functions::call(name, &[]),
        Operand::Inner(pipeline) => evaluate(pipeline, root, strict),
    }
}

fn field(fields: &[String], root: &Value, strict: bool) -> Result<Value, String> {
    let mut value = root;
    for (at, name) in fields.iter().enumerate() {
        let Value::Object(keys) = value else {
            return Err(format!("`{name}` is no field of what stands before it"));
        };
        match keys.get(name) {
            Some(found) => value = found,
            None if !strict && at + 1 == fields.len() => return Ok(Value::Null),
            None => return Err(format!("there is no parameter `.{}`", fields.join("."))),
        }
    }
    Ok(value.clone())
}
