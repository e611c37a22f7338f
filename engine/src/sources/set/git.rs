//! The Git generator: folders of the tree, or what its files say.
//! Reads this repository as it is judged; any other one is not here.

use std::borrow::Cow;
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
use crate::sources::pattern::{Pattern, Slash, Spanning};
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
            no_folders_elsewhere(item, set)?;
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

/// The files that a pattern names. Unless it is told otherwise, Argo CD asks Git, to which `*` and `**` take `/` too and the
/// name of a folder stands for all in it; with the new globbing, `**` is a segment that stands for any folders, and `*` takes no `/`.
fn matching_files<'s>(item: &Node, set: &'s Set<'_>) -> Read<Vec<&'s TreeEntry>> {
    let path = text(item, "path")?.unwrap_or_default();
    let plain = |part: &str| !["", ".", ".."].contains(&part);
    if path.starts_with(':') || !path.split('/').all(plain) {
        return Err(Stop::unknown(
            place(item, "path"),
            "the pattern may be meant in several ways",
            "write the path from the top of the repository, without `.` and `..` in it, and without `/` at its ends",
        ));
    }
    let git = pattern(item)?;
    let spanning = Spanning::parse(path).ok_or_else(|| unclear(item))?;
    no_files_elsewhere(item, &spanning, set)?;
    let below = format!("{path}/");
    let mut folders = BTreeSet::new();
    let mut found = Vec::new();
    for entry in &set.cx.tree.entries {
        let Some(path) = entry.path.as_str() else {
            continue;
        };
        folders.extend(path.match_indices('/').filter_map(|(at, _)| path.get(..at)));
        let new = spanning.matches(path);
        let old = git.matches(path, Slash::Plain) || path.starts_with(&below);
        if new != old {
            return Err(differs(item, path));
        }
        if new && entry.is_link() {
            return Err(elsewhere(item, path, "a link"));
        }
        if new {
            found.push(entry);
        }
    }
    // Files alone can be read, and Git's own are none of the tree.
    let mut others = folders.into_iter().chain(OWN_OF_GIT);
    match others.find(|path| spanning.matches(path)) {
        Some(path) => Err(differs(item, path)),
        None => Ok(found),
    }
}

fn differs(item: &Node, path: &str) -> Stop {
    Stop::unknown(
        place(item, "path"),
        format!(
            "the pattern names `{}` to some versions of Argo CD, and not to others",
            shown(path)
        ),
        "write a pattern that does not depend on whether `*` takes `/` and `**/` may stand for nothing: one for each depth (`a/x`, `a/*/x`), which ends in the name of a file",
    )
}

/// Refuses a pattern that reaches into a submodule or a link: Argo CD sees what lies there, which is not in the tree.
fn no_files_elsewhere(item: &Node, spanning: &Spanning, set: &Set<'_>) -> Read<()> {
    for (path, what) in of_elsewhere(set) {
        if spanning.reaches(&path) {
            return Err(elsewhere(item, &path, what));
        }
    }
    Ok(())
}

/// The same of one that names folders.
fn no_folders_elsewhere(item: &Node, set: &Set<'_>) -> Read<()> {
    let wanted = text(item, "path")?.unwrap_or_default();
    let wanted: Vec<&str> = wanted.split('/').collect();
    for (path, what) in of_elsewhere(set) {
        let names: Vec<&str> = path.split('/').collect();
        if names.iter().any(|name| name.starts_with('.')) {
            continue;
        }
        let reaches = wanted.iter().zip(&names).all(|(part, name)| {
            Pattern::parse(part).is_none_or(|part| part.matches(name, Slash::Separates))
        });
        // A folder holds a submodule, which Argo CD has there and the tree has not.
        let is_below = names.len() > wanted.len();
        if reaches && (what == SUBMODULE || !is_below) {
            return Err(elsewhere(item, &path, what));
        }
    }
    Ok(())
}

/// The submodules and links, and which of them each is.
fn of_elsewhere<'s>(set: &'s Set<'_>) -> impl Iterator<Item = (Cow<'s, str>, &'static str)> {
    set.cx.tree.entries.iter().filter_map(|entry| {
        let what = match (entry.is_submodule(), entry.is_link()) {
            (true, _) => SUBMODULE,
            (_, true) => "a link",
            (false, false) => return None,
        };
        Some((String::from_utf8_lossy(entry.path.as_bytes()), what))
    })
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

/// In a pattern of folders, `**` is no more than `*`.
fn pattern(item: &Node) -> Read<Pattern> {
    let path = text(item, "path")?.unwrap_or_default();
    let pattern = Pattern::parse(path).filter(|_| !path.contains(['{', '}']));
    pattern.ok_or_else(|| unclear(item))
}

fn unclear(item: &Node) -> Stop {
    let reason = "the pattern may be meant in several ways";
    Stop::unknown(place(item, "path"), reason, "use `*`, `**` and `?` alone")
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

const SUBMODULE: &str = "a submodule";
/// What Git keeps beside the files, of which Argo CD sees the names, too.
const OWN_OF_GIT: [&str; 9] = [
    ".git",
    ".git/FETCH_HEAD",
    ".git/HEAD",
    ".git/config",
    ".git/description",
    ".git/index",
    ".git/packed-refs",
    ".git/info/exclude",
    ".git/refs/heads",
];
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
