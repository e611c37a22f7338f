//! The functions of templates that are evaluated here: those of text, and what picks from lists and maps.
//! Each does what Go, sprig or Argo CD does with plain values, and refuses the others.

use serde_json::Value;

pub(super) fn call(name: &str, arguments: &[Value]) -> Result<Value, String> {
    if name == "printf" {
        return printf(arguments);
    }
    match (name, arguments) {
        ("default", [default, given]) => Ok(if is_empty(given) { default } else { given }.clone()),
        ("index", [first, keys @ ..]) => index(first, keys),
        ("first", [Value::Array(items)]) => Ok(items.first().cloned().unwrap_or_default()),
        ("last", [Value::Array(items)]) => Ok(items.last().cloned().unwrap_or_default()),
        ("join", [Value::String(by), Value::Array(items)]) => {
            let items: Vec<String> = items.iter().map(printed).collect::<Result<_, _>>()?;
            Ok(Value::from(items.join(by)))
        }
        ("splitList", [Value::String(by), Value::String(text)]) if !by.is_empty() => {
            Ok(text.split(by.as_str()).map(Value::from).collect())
        }
        ("trunc", [length, Value::String(text)]) => {
            let length = length
                .as_u64()
                .and_then(|length| usize::try_from(length).ok());
            let length = length.ok_or("`trunc` is given no length")?;
            match text.is_ascii() {
                true => Ok(Value::from(text.get(..length).unwrap_or(text))),
                false => Err("`trunc` would cut a letter".to_owned()),
            }
        }
        ("toString", [value]) => printed(value).map(Value::from),
        ("quote", [value]) => Ok(Value::from(format!("\"{}\"", unescaped(&printed(value)?)?))),
        ("squote", [value]) => Ok(Value::from(format!("'{}'", printed(value)?))),
        (name, [rest @ .., Value::String(text)]) => of_text(name, rest, text),
        ("if" | "range" | "with" | "end" | "else" | "define" | "block" | "template", _) => {
            Err(format!("`{name}` is no pipeline"))
        }
        _ => Err(format!(
            "`{name}` is no function here, or is given something else than text"
        )),
    }
}

fn of_text(name: &str, rest: &[Value], text: &str) -> Result<Value, String> {
    let text = match (name, rest) {
        ("lower", []) => text.to_lowercase(),
        ("upper", []) => text.to_uppercase(),
        ("trim", []) => text.trim().to_owned(),
        ("base", []) => base(text).to_owned(),
        ("normalize", []) => normalized(text),
        ("replace", [Value::String(old), Value::String(new)]) if !old.is_empty() => {
            text.replace(old.as_str(), new)
        }
        ("trimPrefix", [Value::String(start)]) => {
            text.strip_prefix(start.as_str()).unwrap_or(text).to_owned()
        }
        ("trimSuffix", [Value::String(end)]) => {
            text.strip_suffix(end.as_str()).unwrap_or(text).to_owned()
        }
        _ => {
            return Err(format!(
                "`{name}` is no function here, or is given other arguments"
            ));
        }
    };
    Ok(Value::from(text))
}

/// What Go prints for a value.
pub(super) fn printed(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(value) => Ok(value.to_string()),
        Value::Number(number) if number.is_i64() || number.is_u64() => Ok(number.to_string()),
        Value::Null => Err("a parameter that it prints is not there".to_owned()),
        Value::Number(_) => Err("it prints a number with a fraction".to_owned()),
        Value::Array(_) | Value::Object(_) => Err("it prints a list or a map".to_owned()),
    }
}

/// The last segment of a path.
pub(super) fn base(path: &str) -> &str {
    match path.trim_end_matches('/').rsplit('/').next() {
        Some("") if path.is_empty() => ".",
        Some("") => "/",
        name => name.unwrap_or_default(),
    }
}

/// A name that Kubernetes takes, as Argo CD makes it.
pub(super) fn normalized(name: &str) -> String {
    let kept = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let name = name.to_lowercase();
    let name: String = name
        .chars()
        .map(|c| if kept(c) { c } else { '-' })
        .take(LONGEST)
        .collect();
    name.trim_matches(['-', '.']).to_owned()
}

fn index(first: &Value, keys: &[Value]) -> Result<Value, String> {
    let mut value = first;
    for key in keys {
        let found = match (value, key) {
            (Value::Array(items), Value::Number(at)) => {
                let at = at.as_u64().and_then(|at| usize::try_from(at).ok());
                at.and_then(|at| items.get(at))
            }
            (Value::Object(keys), Value::String(key)) => keys.get(key),
            _ => None,
        };
        value = found.ok_or_else(|| format!("`index` finds nothing at `{key}`"))?;
    }
    Ok(value.clone())
}

/// `%s`, `%d` and `%v` of plain values.
fn printf(arguments: &[Value]) -> Result<Value, String> {
    let Some((Value::String(format), values)) = arguments.split_first() else {
        return Err("`printf` is given no format".to_owned());
    };
    let mut values = values.iter();
    let mut text = String::new();
    let mut rest = format.as_str();
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        let mut after = after.chars();
        match (after.next(), values.len()) {
            (Some('%'), _) => text.push('%'),
            (Some(verb @ ('s' | 'd' | 'v')), 1..) => {
                let value = values.next().unwrap_or(&Value::Null);
                let fits = match verb {
                    's' => value.is_string(),
                    'd' => value.is_i64() || value.is_u64(),
                    _ => true,
                };
                match fits {
                    true => text.push_str(&printed(value)?),
                    false => return Err(format!("`%{verb}` is given something else")),
                }
            }
            _ => {
                return Err(
                    "`printf` has a verb that is not known here, or too few values".to_owned(),
                );
            }
        }
        rest = after.as_str();
    }
    text.push_str(rest);
    match values.next() {
        None => Ok(Value::from(text)),
        Some(_) => Err("`printf` is given too many values".to_owned()),
    }
}

/// What Go's quotes leave as it is.
fn unescaped(text: &str) -> Result<&str, String> {
    let plain = |c: char| (c.is_ascii_graphic() || c == ' ') && c != '"' && c != '\\';
    match text.chars().all(plain) {
        true => Ok(text),
        false => Err("`quote` would escape letters".to_owned()),
    }
}

/// What Go counts as nothing.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Bool(value) => !value,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(keys) => keys.is_empty(),
    }
}

const LONGEST: usize = 253;
