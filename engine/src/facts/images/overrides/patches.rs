//! The images that patches of a kustomization set, of either form. Knows nothing of what is patched but what a target says.

use regex::RegexBuilder;
use serde_json::{Value, json};

use super::super::places::{Place, expand};
use super::super::shapes::{self, Found};
use super::super::{guess, table};
use super::{Deployed, KINDS};
use crate::facts::pods::reference;
use crate::model::key_of;

/// What its patches set.
pub(super) fn patched<'v>(at: &str, kustomize: &'v Value, found: &mut Found<'v>) {
    let depth = found.depth;
    for pattern in ["/patches/*", "/patchesJson6902/*"] {
        for (below, one) in expand(kustomize, pattern) {
            let target = one.get("target").unwrap_or(&Value::Null);
            let at = format!("{at}{below}/patch");
            match one.get("patch") {
                Some(Value::String(text)) => found.put(&at, of_patch(text, target, depth)),
                Some(Value::Array(steps)) => found.put(&at, of_steps(steps, target, depth)),
                _ => {}
            }
        }
    }
    for (below, one) in expand(kustomize, "/patchesStrategicMerge/*") {
        let text = one.as_str().into_iter();
        let places = text.flat_map(|text| of_patch(text, &Value::Null, depth));
        found.put(&format!("{at}{below}"), places.collect::<Vec<_>>());
    }
}

/// The images of a patch, of either form.
fn of_patch(text: &str, target: &Value, depth: usize) -> Vec<Place<'static>> {
    let documents = shapes::documents(text).filter(|_| depth < shapes::DEEPEST);
    let Some(documents) = documents else {
        return vec![shapes::unreadable(text)];
    };
    let all = documents.iter().flat_map(|document| match document {
        Value::Array(steps) => of_steps(steps, target, depth),
        document => of_patched(document, depth),
    });
    all.collect()
}

/// The images that the steps of a JSON patch set.
fn of_steps(steps: &[Value], target: &Value, depth: usize) -> Vec<Place<'static>> {
    let Some(set) = set_by(steps) else {
        return vec![shapes::unreadable(&json!(steps).to_string())];
    };
    let kinds = kinds_of(target);
    let all = set.into_iter().flat_map(|(path, value)| {
        let made = made(&path, value);
        let kinds = kinds.iter();
        let all = kinds.flat_map(move |kind| of_patched(&typed(made.clone(), kind), depth));
        all.collect::<Vec<_>>()
    });
    all.collect()
}

fn of_patched(made: &Value, depth: usize) -> Vec<Place<'static>> {
    let mut places = shapes::within(made, depth);
    let known = places.iter().map(|place| place.pointer.clone()).collect();
    let object = reference(made);
    places.extend(match object.kind.as_str() {
        "" => guess::below((made, ""), &known, depth + 1),
        _ => guess::images(&object, made, (&known, Deployed::ByOthers), depth + 1),
    });
    places.into_iter().map(shapes::owned).collect()
}

/// The values that steps set, by their paths; `None` where they copy more than is followed.
fn set_by(steps: &[Value]) -> Option<Vec<(String, Value)>> {
    let mut set: Vec<(String, Value)> = Vec::new();
    let mut copied = 0;
    for step in steps {
        let text = |key| step.get(key).and_then(Value::as_str);
        let Some(path) = text("path").filter(|it| it.matches('/').count() <= DEEPEST_PATH) else {
            continue;
        };
        match (text("op"), text("from"), step.get("value")) {
            (Some("add" | "replace"), _, Some(value)) => {
                set.push((path.to_owned(), value.clone()));
            }
            (Some("copy" | "move"), Some(from), _) => {
                let more = taken(&set, from, path);
                copied += more.len();
                if copied > MOST_COPIES {
                    return None;
                }
                match more.is_empty() {
                    // What stands there is of the one that is patched.
                    true => set.push((path.to_owned(), json!(format!("$(from {from})")))),
                    false => set.extend(more),
                }
            }
            _ => {}
        }
    }
    Some(set)
}

/// What is set at, above and below one place, at another one.
fn taken(set: &[(String, Value)], from: &str, path: &str) -> Vec<(String, Value)> {
    let is_step = |rest: &&str| rest.is_empty() || rest.starts_with('/');
    let all = set.iter().filter_map(|(own, value)| {
        if let Some(rest) = own.strip_prefix(from).filter(is_step) {
            return Some((format!("{path}{rest}"), value.clone()));
        }
        let rest = from.strip_prefix(own.as_str()).filter(is_step)?;
        Some((path.to_owned(), value.pointer(rest)?.clone()))
    });
    all.filter(|(path, _)| path.matches('/').count() <= DEEPEST_PATH)
        .take(MOST_COPIES + 1)
        .collect()
}

/// An object with nothing but what a step of a JSON patch puts into it.
fn made(path: &str, value: Value) -> Value {
    let steps: Vec<&str> = path.split('/').skip(1).collect();
    let steps = steps.into_iter().rev();
    steps.fold(value, |below, key| match key {
        "-" => json!([below]),
        key if key.bytes().all(|it| it.is_ascii_digit()) => json!([below]),
        key => json!({key_of(key): below}),
    })
}

fn typed(mut made: Value, (api_version, kind): &(String, String)) -> Value {
    if let (Value::Object(entries), false) = (&mut made, kind.is_empty()) {
        entries.insert("apiVersion".to_owned(), json!(api_version));
        entries.insert("kind".to_owned(), json!(kind));
    }
    made
}

/// The kinds that a target means, as `apiVersion` and `kind`, as far as they say where images stand: its group and its kind are
/// expressions, and where it names none it means any.
fn kinds_of(target: &Value) -> Vec<(String, String)> {
    let text = |key| {
        target
            .get(key)
            .and_then(Value::as_str)
            .filter(|it| !it.is_empty())
    };
    let is_word = |text: &str| {
        text.bytes()
            .all(|it| it.is_ascii_alphanumeric() || b".-".contains(&it))
    };
    let Some(wanted) = text("kind") else {
        return vec![Default::default()];
    };
    let group = text("group");
    let version = text("version").unwrap_or("v1");
    let fits = |pattern: Option<&str>, name: &str| pattern.is_none_or(|it| is_named(it, name));
    let own = KINDS.iter().map(|kind| (kind.group, kind.kind));
    let known = table::kinds().chain(own);
    let known = known.filter(|(own, kind)| fits(Some(wanted), kind) && fits(group, own));
    let mut kinds: Vec<(String, String)> = known
        .map(|(group, kind)| (format!("{group}/{version}"), kind.to_owned()))
        .collect();
    if kinds.is_empty() {
        kinds.push(match group.into_iter().chain([wanted]).all(is_word) {
            true => {
                let group = group.map(|group| format!("{group}/"));
                (group.unwrap_or_default() + version, wanted.to_owned())
            }
            false => Default::default(),
        });
    }
    kinds
}

/// Whether an expression means a name as a whole; one that nobody can read may.
fn is_named(pattern: &str, name: &str) -> bool {
    if pattern == name {
        return true;
    }
    let read = RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(LARGEST_EXPRESSION)
        .build();
    read.is_ok_and(|read| read.is_match(name))
}

/// How many steps the path of a patch has at most that is followed: no object is as deep.
const DEEPEST_PATH: usize = 100;
/// How many values `copy` and `move` of one patch take at most.
const MOST_COPIES: usize = 64;
const LARGEST_EXPRESSION: usize = 1 << 16;
