//! YAML that stands in a text and that Argo CD or kustomize reads: what functions are given, patches, and files of generators.
//! Their readers and ours take another value of some texts; those are not read. Knows nothing of what a text is for.
//!
//! Source: sigs.k8s.io/yaml, which Argo CD reads all of them with, and which puts no line break at the end of a text as the
//! loader of manifests does; held against our reader over some 70,000 texts.

use crate::manifest::{Node, NodeValue, json, yaml};
use crate::model::Span;

/// The one document of a text; nothing where it says nothing. What is wrong is told without the text, which may be a secret.
pub(super) fn read(text: &str) -> Result<Option<Node>, &'static str> {
    if let Some(unlike) = unlike(text) {
        return Err(unlike);
    }
    let documents = yaml::parse(text).map_err(|_| NO_YAML)?;
    let [one] = documents.as_slice() else {
        return if documents.is_empty() {
            Ok(None)
        } else {
            Err(SEVERAL)
        };
    };
    plain(one.clone())
}

/// As [`read`], of a patch: what begins as JSON is JSON to Argo CD, and nothing else.
pub(super) fn read_patch(text: &str) -> Result<Option<Node>, &'static str> {
    if !text.trim_start().starts_with('{') {
        return read(text);
    }
    plain(json::parse(text).map_err(|_| NO_JSON)?)
}

/// Refuses a zero below zero, whose sign readers keep or lose.
pub(super) fn has_negative_zero(node: &Node) -> bool {
    match &node.value {
        NodeValue::Number { value, literal } => {
            literal.starts_with('-') && value.as_f64() == Some(0.0)
        }
        NodeValue::Sequence(items) => items.iter().any(has_negative_zero),
        NodeValue::Mapping(entries) => entries.iter().any(|entry| has_negative_zero(&entry.value)),
        NodeValue::Null | NodeValue::Bool(_) | NodeValue::String(_) => false,
    }
}

/// Where a value of a text begins that kustomize takes for another one than our reader does: to it `yes` is a text, and
/// `2001-01-01` a moment.
pub(super) fn unlike_to_kustomize(node: &Node, text: &str) -> Option<usize> {
    match &node.value {
        NodeValue::Sequence(items) => items
            .iter()
            .find_map(|item| unlike_to_kustomize(item, text)),
        NodeValue::Mapping(entries) => entries
            .iter()
            .find_map(|entry| unlike_to_kustomize(&entry.value, text)),
        _ => (!is_alike_to_kustomize(node, text)).then_some(node.span.start),
    }
}

fn is_alike_to_kustomize(node: &Node, text: &str) -> bool {
    let written = text.get(node.span.start..node.span.end);
    match (&node.value, written) {
        (NodeValue::Null, _) => true,
        (NodeValue::Bool(_), Some(written)) => ["true", "false"].contains(&written),
        (NodeValue::Number { .. }, Some(written)) => {
            serde_json::from_str::<serde_json::Number>(written).is_ok()
        }
        (NodeValue::String(_), Some(written)) => {
            let is_digit = |c: char| c.is_ascii_digit();
            let is_of_number = |c: char| is_digit(c) || "_+-.:".contains(c);
            let begins_as_one =
                written.starts_with(is_digit) || written.starts_with(['+', '-', '.']);
            let is_date = written.get(..5).is_some_and(|year| {
                year.strip_suffix('-')
                    .is_some_and(|year| year.chars().all(is_digit))
            });
            // Numbers have one dot, and moments a colon.
            let is_version = written.matches('.').count() > 1 && !written.contains(':');
            let is_number = begins_as_one && !is_version && written.chars().all(is_of_number);
            !is_date && !is_number && !written.starts_with("0o") && !written.starts_with('!')
        }
        (NodeValue::Sequence(_) | NodeValue::Mapping(_), _) | (_, None) => false,
    }
}

/// Whether the last value is a block of lines, `|` or `>`, that keeps a line break at its end.
pub(super) fn ends_in_lines(node: &Node, text: &str) -> bool {
    let last = match &node.value {
        NodeValue::Sequence(items) => items.last(),
        NodeValue::Mapping(entries) => entries.last().map(|entry| &entry.value),
        NodeValue::String(value) => {
            let written = text.get(node.span.start..node.span.end);
            let is_quoted = written.is_some_and(|it| it.starts_with(['"', '\'']));
            return value.ends_with('\n') && !is_quoted;
        }
        NodeValue::Null | NodeValue::Bool(_) | NodeValue::Number { .. } => None,
    };
    last.is_some_and(|last| ends_in_lines(last, text))
}

/// All of a tree where its text stands in a file.
pub(super) fn placed(mut node: Node, span: Span) -> Node {
    place(&mut node, span);
    node
}

fn place(node: &mut Node, span: Span) {
    node.span = span;
    match &mut node.value {
        NodeValue::Sequence(items) => items.iter_mut().for_each(|item| place(item, span)),
        NodeValue::Mapping(entries) => {
            for entry in entries {
                entry.key_span = span;
                place(&mut entry.value, span);
            }
        }
        _ => {}
    }
}

fn plain(node: Node) -> Result<Option<Node>, &'static str> {
    match node.value {
        NodeValue::Null => Ok(None),
        _ if has_negative_zero(&node) => Err(ZERO),
        _ => Ok(Some(node)),
    }
}

/// Why readers may differ about a text.
fn unlike(text: &str) -> Option<&'static str> {
    if ends_in_a_block(text) {
        return Some(BLOCK);
    }
    let is_flow = text.trim_start().starts_with(['{', '[']);
    let begins_with_tab = |line: &str| line.trim_start_matches(' ').starts_with('\t');
    if !is_flow && lines(text).any(begins_with_tab) {
        return Some(TAB);
    }
    has_bare_colon(text).then_some(COLON)
}

fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split(['\n', '\r'])
}

/// Whether a text may end within a block of lines, `|` or `>`, that keeps its last line break, and has none.
fn ends_in_a_block(text: &str) -> bool {
    let is_mark = |word: &str| {
        word.starts_with(['|', '>'])
            && word.len() < 4
            && word.chars().skip(1).all(|c| c == '+' || c.is_ascii_digit())
    };
    let opens = |line: &str| {
        let mut words = line.split_ascii_whitespace().peekable();
        while let Some(word) = words.next() {
            let is_last = words.peek().is_none_or(|next| next.starts_with('#'));
            if is_mark(word) && is_last {
                return true;
            }
        }
        false
    };
    !text.ends_with('\n') && lines(text).any(opens)
}

/// Whether a list or a mapping in brackets ends, or goes on, behind a colon that stands alone: `[a :]`.
fn has_bare_colon(text: &str) -> bool {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(':') {
        let is_alone = before.ends_with(|c: char| c.is_ascii_whitespace());
        if is_alone && after.trim_start().starts_with([',', ']', '}']) {
            return true;
        }
        rest = after;
    }
    false
}

const NO_YAML: &str = "is no YAML";
const SEVERAL: &str = "holds several documents";
const NO_JSON: &str = "begins as JSON and is none";
const ZERO: &str = "holds a zero with a minus before it, whose sign readers keep or lose";
const BLOCK: &str =
    "ends in a block of text without a line break at its end, which readers end differently";
const TAB: &str = "has a line that begins with a tab, which readers take differently";
const COLON: &str = "has a colon alone before a comma or a bracket, which readers take differently";

#[cfg(test)]
mod tests;
