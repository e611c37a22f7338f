//! The functions of templates: Go's own, sprig's and Argo CD's, each in the file of what it works on.
//! A function does what Go's does with these arguments, or refuses them.

mod builtin;
mod choice;
mod dicts;
mod encoding;
mod kinds;
mod lists;
mod merge;
mod numbers;
pub(super) mod paths;
mod regexes;
pub(super) mod text;
mod versions;
mod yaml;

use super::bounds::Bounds;
use super::value::{List, Map, Of, Value, Width};

type Answer = Result<Value, String>;
type Function = fn(&[Value], &mut Bounds<'_>) -> Answer;

pub(super) fn call(name: &str, arguments: &[Value], cx: &mut Bounds<'_>) -> Answer {
    let plain = name.strip_prefix("must").map(|rest| {
        let mut letters = rest.chars();
        let first = letters.next().unwrap_or_default().to_ascii_lowercase();
        format!("{first}{}", letters.as_str())
    });
    let plain = plain.filter(|plain| MUST.contains(&plain.as_str()));
    let name_of_table = plain.as_deref().unwrap_or(name);
    let mut functions = TABLES.iter().flat_map(|table| table.iter());
    match functions.find(|(known, _)| *known == name_of_table) {
        Some((_, function)) => function(arguments, cx).map_err(|why| format!("`{name}`: {why}")),
        None => Err(not_built(name)),
    }
}

/// The names of all functions that are built.
#[cfg(test)]
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    let tables = TABLES.iter().flat_map(|table| table.iter());
    tables.map(|(name, _)| *name)
}

fn not_built(name: &str) -> String {
    if BY_CHANCE.contains(&name) || name.starts_with("rand") || name.starts_with("gen") {
        return format!("`{name}` gives something else each time");
    }
    if CLOCK.contains(&name) {
        return format!("`{name}` reads a clock, or writes times, which is not built here");
    }
    if REMOVED.contains(&name) {
        return format!("Argo CD has no `{name}`");
    }
    format!("`{name}` is no function, or one that is not built here")
}

/// All arguments, where there are as many.
fn exactly<const N: usize>(arguments: &[Value]) -> Result<&[Value; N], String> {
    let count = arguments.len();
    let arguments = arguments.try_into();
    arguments.map_err(|_| format!("it takes {N} arguments and is given {count}"))
}

fn text(value: &Value) -> Result<&str, String> {
    match value {
        Value::Text(text) => Ok(text),
        _ => Err("it is given something else than a text".to_owned()),
    }
}

fn boolean(value: &Value) -> Result<bool, String> {
    match value {
        Value::Bool(value) => Ok(*value),
        _ => Err("it is given something else than `true` or `false`".to_owned()),
    }
}

/// Go's `int`, which neither a parameter nor a sum is.
fn int(value: &Value) -> Result<i64, String> {
    match value {
        Value::Int(number, Width::Int) => Ok(*number),
        _ => Err("it is given something else than an `int`: convert it with `int`".to_owned()),
    }
}

/// A list whose order is known.
fn list(value: &Value) -> Result<&List, String> {
    let list = list_in_any_order(value)?;
    list.known().map(|_| list)
}

fn list_in_any_order(value: &Value) -> Result<&List, String> {
    match value {
        Value::List(list) => Ok(list),
        _ => Err("it is given something else than a list".to_owned()),
    }
}

/// A map that holds anything; nothing for what is not there, which a `nil` is.
fn map(value: &Value) -> Result<Option<&Map>, String> {
    match value {
        Value::Map(map) if map.of == Of::Anything => Ok(Some(map)),
        Value::Missing => Ok(None),
        Value::Map(map) if map.of == Of::Unsure => {
            Err("whether Go takes this map depends on what made it".to_owned())
        }
        _ => Err("it is given something else than a map of anything".to_owned()),
    }
}

/// A length, an index or a count.
fn size(number: i64) -> Result<usize, String> {
    usize::try_from(number).map_err(|_| "it is given a negative number".to_owned())
}

/// A text that was made, paid for.
fn made(text: String, cx: &Bounds<'_>) -> Answer {
    cx.made(text.len())?;
    Ok(Value::Text(text.into()))
}

const TABLES: [&[(&str, Function)]; 12] = [
    builtin::FUNCTIONS,
    choice::FUNCTIONS,
    dicts::FUNCTIONS,
    encoding::FUNCTIONS,
    kinds::FUNCTIONS,
    lists::FUNCTIONS,
    numbers::FUNCTIONS,
    paths::FUNCTIONS,
    regexes::FUNCTIONS,
    text::FUNCTIONS,
    versions::FUNCTIONS,
    yaml::FUNCTIONS,
];
/// Functions that are there as `must…` too, with errors where the plain ones panic: both end a template.
const MUST: [&str; 19] = [
    "append",
    "chunk",
    "compact",
    "first",
    "has",
    "initial",
    "last",
    "merge",
    "mergeOverwrite",
    "prepend",
    "push",
    "regexFind",
    "regexFindAll",
    "regexMatch",
    "regexReplaceAll",
    "regexReplaceAllLiteral",
    "regexSplit",
    "rest",
    "reverse",
];
const BY_CHANCE: [&str; 8] = [
    "bcrypt",
    "htpasswd",
    "shuffle",
    "uuidv4",
    "encryptAES",
    "buildCustomCert",
    "derivePassword",
    "decryptAES",
];
const CLOCK: [&str; 17] = [
    "now",
    "ago",
    "date",
    "date_in_zone",
    "date_modify",
    "dateInZone",
    "dateModify",
    "duration",
    "durationRound",
    "htmlDate",
    "htmlDateInZone",
    "must_date_modify",
    "mustDateModify",
    "mustToDate",
    "toDate",
    "unixEpoch",
    "time",
];
const REMOVED: [&str; 3] = ["env", "expandenv", "getHostByName"];
