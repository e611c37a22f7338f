//! The Applications that `ApplicationSet`s make of the trees, as if somebody had written them.
//! What cannot be told here stays a set, and its template is looked at.

use std::collections::BTreeMap;

use super::Tree;
use super::tree::{Document, Seen, list};
use crate::config::Config;
use crate::git::TreeEntry;
use crate::manifest::{Entry, Node, NodeValue};
use crate::model::{Digest, GitId, RepoPath, Span};
use crate::render::{Files, FilesError, Found};
use crate::sources::{self, Here};

/// What each set makes, and where in `seen.objects` the sets stand of which that is all.
pub(super) fn made<'t>(
    seen: &Seen<'t>,
    config: Option<&Config>,
) -> (Vec<Document<'t>>, Vec<usize>) {
    let (mut applications, mut sets) = (Vec::new(), Vec::new());
    for (at, set) in seen.objects.iter().enumerate() {
        if !set.is("argoproj.io", "ApplicationSet") {
            continue;
        }
        let Some(nodes) = nodes(set, seen, config) else {
            continue;
        };
        sets.push(at);
        applications.extend(nodes.into_iter().map(|node| set.with(application(node))));
    }
    (applications, sets)
}

fn nodes(set: &Document<'_>, seen: &Seen<'_>, config: Option<&Config>) -> Option<Vec<Node>> {
    let mut read = Vec::new();
    for generator in list(&set.node, "/spec/generators") {
        generators(generator, DEEPEST, &mut read);
    }
    let text = |git: &Node, key: &str| {
        git.get(key)
            .and_then(Node::as_str)
            .unwrap_or_default()
            .to_owned()
    };
    let urls: Vec<String> = read.iter().map(|git| text(git, "repoURL")).collect();
    let mut revisions: Vec<String> = read.iter().map(|git| text(git, "revision")).collect();
    revisions.retain(|revision| !["", "HEAD"].contains(&&**revision));
    revisions.dedup();
    // The state that is shown is taken for that of the branch; there is but one.
    let branch = match revisions.as_slice() {
        [] => "main",
        [one] => one,
        _ => return None,
    };
    let fits = |(at, _): &(usize, &Tree)| urls.iter().all(|url| seen.origins.may_be(*at, url));
    let (_, tree) = seen.trees.iter().enumerate().find(fits)?;
    let files = Shown(
        tree.files
            .iter()
            .map(|file| (&file.path, &*file.bytes))
            .collect(),
    );
    let here = Here::new(urls.iter().map(String::as_str), "", branch);
    let listed = sources::Tree::read(&files).ok()?;
    sources::made(
        &set.node,
        &listed,
        &here,
        config.map(|config| &config.generators),
    )
}

/// The Git generators, at whatever depth.
fn generators<'d>(generator: &'d Node, depth: usize, found: &mut Vec<&'d Node>) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    found.extend(generator.get("git"));
    for key in ["/matrix/generators", "/merge/generators"] {
        for inner in list(generator, key) {
            generators(inner, depth, found);
        }
    }
}

/// What a template comes to, with what says that it is an Application.
fn application(node: Node) -> Node {
    let entry = |key: &str, text: &str| Entry {
        key: key.into(),
        key_span: node.span,
        value: Node {
            value: NodeValue::String(text.into()),
            span: node.span,
        },
    };
    let mut entries = vec![
        entry("apiVersion", "argoproj.io/v1alpha1"),
        entry("kind", "Application"),
    ];
    let span: Span = node.span;
    if let NodeValue::Mapping(own) = node.value {
        entries.extend(own);
    }
    Node {
        value: NodeValue::Mapping(entries),
        span,
    }
}

/// The files of a tree, by their paths.
struct Shown<'t>(BTreeMap<&'t RepoPath, &'t [u8]>);

impl Files for Shown<'_> {
    fn at(&self, path: &RepoPath) -> Result<Found, FilesError> {
        Ok(match self.0.get_key_value(path) {
            Some((path, bytes)) => Found::File(entry(path, bytes)),
            None if self.below(path)?.is_empty() => Found::Nothing,
            None => Found::Folder,
        })
    }

    fn below(&self, folder: &RepoPath) -> Result<Vec<TreeEntry>, FilesError> {
        let files = self.0.iter().filter(|(path, _)| path.lies_in(folder));
        Ok(files.map(|(path, bytes)| entry(path, bytes)).collect())
    }

    fn content(&self, entry: &TreeEntry) -> Result<Vec<u8>, FilesError> {
        let bytes = self.0.get(&entry.path).copied();
        Ok(bytes.unwrap_or_default().to_vec())
    }
}

/// An id that stands for the content: nothing is looked up by it.
fn entry(path: &RepoPath, bytes: &[u8]) -> TreeEntry {
    let mut id = [0; 20];
    for (to, from) in id.iter_mut().zip(Digest::of(bytes).as_bytes()) {
        *to = *from;
    }
    TreeEntry {
        path: path.clone(),
        mode: 0o100_644,
        id: GitId::from_bytes(id),
    }
}

const DEEPEST: usize = 8;
