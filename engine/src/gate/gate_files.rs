//! The unit `gate`: each of its files is one object, changed when its bytes change.
//! Of what the files say it knows only the trust file: an accepted one that is not readable would lock everybody
//! out.

mod followed;
mod trust;

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Error;
use super::chain::{TRUST_FILE, read_trust};
use crate::change::{self, Change, Objects, Source};
use crate::git::{FileChange, Repository, TreeEntry};
use crate::manifest::{Entry, Node, NodeValue};
use crate::model::{Digest, ObjectRef, RepoPath, Span};
pub(super) use followed::check as check_followed;

/// The changes of the gate's own files.
pub(super) fn changes(repository: &Repository, files: &[FileChange]) -> Result<Vec<Change>, Error> {
    for entry in files.iter().filter_map(|file| file.new.as_ref()) {
        if entry.path == RepoPath::from(TRUST_FILE) {
            read_trust(&repository.file(entry)?)?;
        }
    }
    compare(repository, files)
}

/// As [`changes`], whatever the files say.
pub(super) fn compare(repository: &Repository, files: &[FileChange]) -> Result<Vec<Change>, Error> {
    let side = |entry: fn(&FileChange) -> Option<&TreeEntry>| -> Result<Objects, Error> {
        files
            .iter()
            .filter_map(entry)
            .map(|entry| {
                let source = source(repository, entry)?;
                Ok((source.object.clone(), source))
            })
            .collect()
    };
    let base = side(|file| file.old.as_ref())?;
    let head = side(|file| file.new.as_ref())?;
    let mut changes = change::compare(&base, &head);
    for change in &mut changes {
        change.components = BTreeSet::from(["gate".to_owned()]);
    }
    Ok(changes)
}

fn source(repository: &Repository, entry: &TreeEntry) -> Result<Source, Error> {
    let bytes = repository.file(entry)?;
    let object = ObjectRef {
        api_version: "tidegate.dev/v1".to_owned(),
        kind: "GateFile".to_owned(),
        namespace: None,
        name: entry.path.to_string(),
    };
    let mut spec = vec![
        ("mode".to_owned(), text(&format!("{:06o}", entry.mode))),
        ("sha256".to_owned(), text(&Digest::of(&bytes).to_string())),
    ];
    // One that does not read is told by its bytes alone; as an accepted one it is an error elsewhere.
    if entry.path == RepoPath::from(TRUST_FILE)
        && let Ok(trust) = read_trust(&bytes)
    {
        spec.push(("trust".to_owned(), trust::described(&trust)));
    }
    let name = map(vec![("name".to_owned(), text(&object.name))]);
    let tree = map(vec![
        ("apiVersion".to_owned(), text(&object.api_version)),
        ("kind".to_owned(), text(&object.kind)),
        ("metadata".to_owned(), name),
        ("spec".to_owned(), map(spec)),
    ]);
    Ok(Source {
        object,
        file: entry.path.clone(),
        text: Arc::from(""),
        lines: Arc::default(),
        node: Arc::new(tree),
        secrets: Arc::default(),
        origin: None,
    })
}

fn text(text: &str) -> Node {
    node(NodeValue::String(text.into()))
}

fn map(entries: Vec<(String, Node)>) -> Node {
    let entries = entries
        .into_iter()
        .map(|(key, value)| Entry {
            key: key.into_boxed_str(),
            key_span: Span::default(),
            value,
        })
        .collect();
    node(NodeValue::Mapping(entries))
}

fn node(value: NodeValue) -> Node {
    Node {
        value,
        span: Span::default(),
    }
}
