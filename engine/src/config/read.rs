//! The bytes of a configuration file to one tree, or the reason why they are none.
//! Knows nothing of what a configuration says.

use std::str::Utf8Error;
use std::sync::Arc;

use miette::Diagnostic as _;

use super::problem::{Problem, Problems, SourceText};
use crate::manifest::{Node, NodeValue, ParseError, yaml};
use crate::model::{RepoPath, Span, code_of, limits};

/// The only document of the file.
pub(super) fn document(path: &RepoPath, bytes: &[u8]) -> Result<(SourceText, Node), Problems> {
    let source = text(path, bytes)?;
    let documents = yaml::parse(source.text()).map_err(|error| unreadable(&source, &error))?;
    let mut written = documents
        .into_iter()
        .filter(|node| node.value != NodeValue::Null);
    match (written.next(), written.next()) {
        (Some(root), None) => Ok((source, root)),
        (None, _) => {
            let message = "the file says nothing";
            let problem = Problem::new(&source, Span::default(), "config.invalid", message);
            Err(problem.help(SMALLEST).into())
        }
        (Some(_), Some(second)) => {
            let message = "a second document, and the configuration is one";
            let problem = Problem::new(&source, second.span, "config.invalid", message);
            Err(problem.help("remove the `---`").into())
        }
    }
}

/// A private key in any key or value, in whatever spelling.
pub(super) fn private_key(source: &SourceText, root: &Node) -> Option<Problem> {
    key_span(root).map(|span| private_key_problem(source.path(), source.text(), span))
}

/// The text, if it may be read at all.
pub(super) fn text(path: &RepoPath, bytes: &[u8]) -> Result<SourceText, Problems> {
    let size = bytes.len();
    let limit = limits::CONFIG.most;
    if size > limit {
        let unread = SourceText::hidden(path.clone(), Arc::from(""));
        let message = format!("the file is {size} bytes, the limit is {limit}");
        return Err(Problem::new(&unread, Span::default(), "limit.config", message).into());
    }
    let text = std::str::from_utf8(bytes).map_err(|error| not_utf8(path, bytes, error))?;
    let source = SourceText::new(path.clone(), Arc::from(text));
    match text.find(PRIVATE_KEY) {
        Some(start) => {
            let end = start + PRIVATE_KEY.len();
            Err(private_key_problem(path, source.text(), Span { start, end }).into())
        }
        None => Ok(source),
    }
}

fn not_utf8(path: &RepoPath, bytes: &[u8], error: Utf8Error) -> Problem {
    let end = error.valid_up_to();
    let before = String::from_utf8_lossy(bytes.get(..end).unwrap_or_default());
    let source = SourceText::hidden(path.clone(), Arc::from(before));
    let at = Span { start: end, end };
    Problem::new(&source, at, "yaml.encoding", "the file is not UTF-8")
}

/// By place only: what does not parse is never shown.
fn unreadable(source: &SourceText, error: &ParseError) -> Problem {
    let hidden = SourceText::hidden(source.path().clone(), Arc::clone(source.text()));
    let message = error.problem().to_string();
    let mut problem = Problem::new(&hidden, error.place().span, code_of(error), message);
    if let Some(other) = error.other() {
        problem = problem.because(other.span, "the other is here");
    }
    match error.help() {
        Some(help) => problem.help(help.to_string()),
        None => problem,
    }
}

/// The place of a private key in any key or value.
fn key_span(node: &Node) -> Option<Span> {
    let is_key = |text: &str| text.contains(PRIVATE_KEY);
    match &node.value {
        NodeValue::String(text) => is_key(text).then_some(node.span),
        NodeValue::Sequence(items) => items.iter().find_map(key_span),
        NodeValue::Mapping(entries) => entries.iter().find_map(|entry| {
            let key = is_key(&entry.key).then_some(entry.key_span);
            key.or_else(|| key_span(&entry.value))
        }),
        _ => None,
    }
}

fn private_key_problem(path: &RepoPath, text: &Arc<str>, span: Span) -> Problem {
    let hidden = SourceText::hidden(path.clone(), Arc::clone(text));
    Problem::new(
        &hidden,
        span,
        "key.private-where-public",
        "a private key stands here",
    )
    .help("remove it, make a new one, and treat this one as known to everybody")
}

const PRIVATE_KEY: &str = "PRIVATE KEY-----";
const SMALLEST: &str = "three lines are enough: an environment, its `name` and its `paths`";
