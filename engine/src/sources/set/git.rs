//! The Git generator: folders of the tree, or what its files say.
//! Reads this repository as it is judged; any other one is not here.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::generators::flat;
use super::{Engine, Params, Set};
use crate::git::TreeEntry;
use crate::manifest::{Node, NodeValue};
use crate::sources::fields::{
    Read, Stop, field, flag, items, only, pairs, place, shown, text, wrong,
};
use crate::sources::go::{base, normalized};
use crate::sources::here::Revision;
use crate::sources::pattern::{Pattern, Slash};
use crate::sources::written;

pub(super) fn params(node: &Node, set: &Set<'_>) -> Read<Vec<Params>> {
    only(node, "`git`", KEYS)?;
    let url = text(node, "repoURL")?.ok_or_else(|| wrong(node, "repoURL", "given"))?;
    let judged = set.cx.here.revision(text(node, "revision")?, "") == Revision::Judged;
    if !set.cx.here.repository_at(node, "repoURL", url)? || !judged {
        return Err(Stop::unknown(
            place(node, "repoURL"),
            "the generator reads another repository, or another state of this one",
            "let it read the branch that is judged; if the URL is one of this repository, add it to `repositories` in `tidegate.yaml`",
        ));
    }
    match (field(node, "directories"), field(node, "files")) {
        (Some(_), None) => directories(node, set),
        (None, Some(_)) => files(node, set),
        _ => Err(wrong(node, "git", "given either `directories` or `files`")),
    }
}

fn directories(node: &Node, set: &Set<'_>) -> Read<Vec<Params>> {
    let mut wanted = Vec::new();
    for item in items(node, "directories")? {
        only(item, "a directory", &["path", "exclude"])?;
        wanted.push((pattern(item)?, flag(item, "exclude")?));
    }
    for item in items(node, "directories")? {
        if !flag(item, "exclude")? {
            nothing_elsewhere(item, Matched::Folders, set)?;
        }
    }
    let mut all = BTreeSet::new();
    for entry in &set.cx.tree.entries {
        let mut folder = String::new();
        let path = String::from_utf8_lossy(entry.path.parent()).into_owned();
        for name in path.split('/').filter(|name| !name.is_empty()) {
            // Argo CD does not look into hidden folders.
            if name.starts_with('.') {
                break;
            }
            folder = if folder.is_empty() {
                name.to_owned()
            } else {
                format!("{folder}/{name}")
            };
            all.insert(folder.clone());
        }
    }
    let any = |folder: &str, excludes: bool| {
        let mut wanted = wanted.iter().filter(|(_, exclude)| *exclude == excludes);
        wanted.any(|(pattern, _)| pattern.matches(folder, Slash::Separates))
    };
    let kept = all
        .iter()
        .filter(|folder| any(folder, false) && !any(folder, true));
    kept.map(|folder| of_path(Map::new(), folder, None, node, set))
        .collect()
}

fn files(node: &Node, set: &Set<'_>) -> Read<Vec<Params>> {
    let mut kept: Vec<&TreeEntry> = Vec::new();
    let mut excluded: Vec<&TreeEntry> = Vec::new();
    for item in items(node, "files")? {
        only(item, "a file", &["path", "exclude"])?;
        let found = matching_files(item, set)?;
        match flag(item, "exclude")? {
            true => excluded.extend(found),
            false => kept.extend(found),
        }
    }
    kept.retain(|entry| !excluded.iter().any(|other| other.path == entry.path));
    kept.sort_by(|a, b| a.path.cmp(&b.path));
    kept.dedup_by(|a, b| a.path == b.path);
    let mut found = Vec::new();
    for entry in kept {
        let bytes = set.cx.tree.files.content(entry)?;
        let unknown = |reason: &str| {
            let reason = format!("`{}` {reason}", entry.path);
            Stop::unknown(
                place(node, "files"),
                reason,
                "let the file hold one mapping, or a list of them, and end with a line break",
            )
        };
        let (Some(path), Ok(text)) = (entry.path.as_str(), std::str::from_utf8(&bytes)) else {
            return Err(unknown("is no text"));
        };
        set.read.borrow_mut().insert(entry.path.clone());
        let read = written::read(text).map_err(unknown)?;
        let objects: Vec<Value> = match read {
            None => vec![json!({})],
            Some(one) => match &one.value {
                NodeValue::Sequence(items) => items.iter().map(Node::to_json).collect(),
                _ => vec![one.to_json()],
            },
        };
        for object in objects {
            let Value::Object(object) = object else {
                return Err(unknown("holds something else than mappings"));
            };
            let object = match set.engine {
                Engine::Fast => flat(&object),
                Engine::Go { .. } => object,
            };
            let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
            let name = base(path);
            found.push(of_path(object, folder, Some(name), node, set)?);
        }
    }
    Ok(found)
}

/// The files that a pattern names. Older versions of Argo CD ask Git, to which `*` takes `/` too and the
/// name of a folder stands for all in it; newer ones do not.
fn matching_files<'s>(item: &Node, set: &'s Set<'_>) -> Read<Vec<&'s TreeEntry>> {
    let pattern = pattern(item)?;
    nothing_elsewhere(item, Matched::Files, set)?;
    let folder = format!(
        "{}/",
        text(item, "path")?
            .unwrap_or_default()
            .trim_end_matches('/')
    );
    let mut found = Vec::new();
    for entry in &set.cx.tree.entries {
        let Some(path) = entry.path.as_str() else {
            continue;
        };
        let new = pattern.matches(path, Slash::Separates);
        let old = pattern.matches(path, Slash::Plain) || path.starts_with(&folder);
        if new != old {
            return Err(Stop::unknown(
                place(item, "path"),
                format!(
                    "the pattern names `{}` to some versions of Argo CD, and not to others",
                    shown(path)
                ),
                "write a pattern that does not depend on whether `*` takes `/`",
            ));
        }
        if new && entry.is_link() {
            return Err(elsewhere(item, path, "a link"));
        }
        if new {
            found.push(entry);
        }
    }
    Ok(found)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Matched {
    Folders,
    Files,
}

/// Refuses a pattern that reaches into a submodule or a link: Argo CD sees what lies there, which is not in the tree.
fn nothing_elsewhere(item: &Node, matched: Matched, set: &Set<'_>) -> Read<()> {
    let wanted = text(item, "path")?.unwrap_or_default();
    let wanted: Vec<&str> = wanted.split('/').collect();
    let others = set.cx.tree.entries.iter();
    for entry in others.filter(|entry| entry.is_link() || entry.is_submodule()) {
        let path = String::from_utf8_lossy(entry.path.as_bytes());
        let names: Vec<&str> = path.split('/').collect();
        let is_hidden = names.iter().any(|name| name.starts_with('.'));
        if matched == Matched::Folders && is_hidden {
            continue;
        }
        let reaches = wanted.iter().zip(&names).all(|(part, name)| {
            Pattern::parse(part).is_none_or(|part| part.matches(name, Slash::Separates))
        });
        // A folder holds a submodule, which Argo CD has there and the tree has not.
        let is_below = names.len() > wanted.len();
        if reaches && entry.is_submodule() && (!is_below || matched == Matched::Folders) {
            return Err(elsewhere(item, &path, "a submodule"));
        }
        if reaches && entry.is_link() && !is_below {
            return Err(elsewhere(item, &path, "a link"));
        }
    }
    Ok(())
}

fn elsewhere(item: &Node, path: &str, what: &str) -> Stop {
    Stop::unknown(
        place(item, "path"),
        format!(
            "the pattern reaches `{}`, which is {what}: what Argo CD finds there is not in the tree",
            shown(path)
        ),
        "write a pattern that does not reach it, or list what it should find in a `list` generator",
    )
}

fn pattern(item: &Node) -> Read<Pattern> {
    let path = text(item, "path")?.unwrap_or_default();
    let plain = !path.contains(['{', '}']) && !path.contains("**");
    Pattern::parse(path).filter(|_| plain).ok_or_else(|| {
        let reason = "the pattern may be meant in several ways";
        Stop::unknown(place(item, "path"), reason, "use `*` and `?` alone")
    })
}

/// What the generator says of a path, beside what stands in the file.
fn of_path(
    mut params: Params,
    folder: &str,
    file: Option<&str>,
    node: &Node,
    set: &Set<'_>,
) -> Read<Params> {
    let prefix = text(node, "pathParamPrefix")?;
    let segments: Vec<&str> = folder.split('/').collect();
    let mut path: Map<String, Value> = Map::new();
    path.insert("path".to_owned(), Value::from(folder));
    path.insert("basename".to_owned(), Value::from(base(folder)));
    let name = normalized(base(folder));
    path.insert("basenameNormalized".to_owned(), Value::from(name));
    path.insert("segments".to_owned(), Value::from(segments.clone()));
    if let Some(file) = file {
        path.insert("filename".to_owned(), Value::from(file));
        path.insert(
            "filenameNormalized".to_owned(),
            Value::from(normalized(file)),
        );
    }
    match set.engine {
        Engine::Go { .. } => {
            let (key, value) = match prefix {
                Some(prefix) => (prefix, json!({"path": path})),
                None => ("path", Value::Object(path)),
            };
            params.insert(key.to_owned(), value);
        }
        Engine::Fast => {
            let name = prefix.map_or("path".to_owned(), |prefix| format!("{prefix}.path"));
            for (key, value) in &path {
                match key.as_str() {
                    "path" => params.insert(name.clone(), value.clone()),
                    "segments" => None,
                    key => params.insert(format!("{name}.{key}"), value.clone()),
                };
            }
            for (at, segment) in segments.iter().enumerate() {
                params.insert(format!("{name}[{at}]"), Value::from(*segment));
            }
        }
    }
    values(node, params, set)
}

/// Adds `values`, which see the parameters so far and not each other.
fn values(node: &Node, mut params: Params, set: &Set<'_>) -> Read<Params> {
    let mut found = Map::new();
    for (key, template) in pairs(node, "values")? {
        let value = set
            .engine
            .text(&template, &params, place(node, "values"), &set.steps)?;
        found.insert(key, Value::from(value));
    }
    match set.engine {
        Engine::Go { .. } if !found.is_empty() => {
            params.insert("values".to_owned(), Value::Object(found));
        }
        Engine::Go { .. } => {}
        Engine::Fast => {
            let named = found
                .into_iter()
                .map(|(key, value)| (format!("values.{key}"), value));
            params.extend(named);
        }
    }
    Ok(params)
}

const KEYS: &[&str] = &[
    "repoURL",
    "directories",
    "files",
    "revision",
    "requeueAfterSeconds",
    "template",
    "pathParamPrefix",
    "values",
];
