//! Functions of paths, as Go's `path` has them.

use super::super::value::Value;
use super::{Answer, Function, exactly, text};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("base", |given, _| of_one(given, base)),
    ("osBase", |given, _| of_one(given, base)),
    ("dir", |given, _| of_one(given, dir)),
    ("osDir", |given, _| of_one(given, dir)),
    ("clean", |given, _| of_one(given, clean)),
    ("osClean", |given, _| of_one(given, clean)),
    ("ext", |given, _| of_one(given, ext)),
    ("osExt", |given, _| of_one(given, ext)),
    ("isAbs", is_abs),
    ("osIsAbs", is_abs),
];

/// The last segment of a path.
pub(in crate::sources) fn base(path: &str) -> &str {
    match path.trim_end_matches('/').rsplit('/').next() {
        Some("") if path.is_empty() => ".",
        Some("") => "/",
        name => name.unwrap_or_default(),
    }
}

fn of_one<'v, T: AsRef<str>>(given: &'v [Value], function: impl Fn(&'v str) -> T) -> Answer {
    let [path] = exactly(given)?;
    Ok(Value::text(function(text(path)?).as_ref()))
}

fn is_abs(given: &[Value], _: &mut super::Bounds<'_>) -> Answer {
    let [path] = exactly(given)?;
    Ok(Value::Bool(text(path)?.starts_with('/')))
}

fn dir(path: &str) -> String {
    let end = path.rfind('/').map_or(0, |at| at + 1);
    clean(path.get(..end).unwrap_or_default())
}

fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match (segment, kept.last()) {
            ("" | ".", _) => {}
            ("..", Some(&last)) if last != ".." => {
                kept.pop();
            }
            ("..", _) if rooted => {}
            (segment, _) => kept.push(segment),
        }
    }
    let joined = kept.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}

fn ext(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rfind('.')
        .and_then(|at| name.get(at..))
        .unwrap_or_default()
}
