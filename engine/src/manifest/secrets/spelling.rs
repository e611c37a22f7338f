//! Where the secrets inside of longer texts stand in a file, however the file spells those texts.
//! Knows nothing of what makes a part of a text secret.

use std::ops::Range;

use super::Secrets;
use super::inline::hidden;
use crate::manifest::{Node, NodeValue, Object};
use crate::model::Span;

/// Adds the places in the texts and keys of the objects, and in what stands between them: comments.
pub(super) fn add(objects: &[Object], file: &str, secrets: &mut Secrets) {
    let texts = texts(objects);
    for gap in gaps(&texts, file.len()) {
        secrets.parts.extend(between(file, gap));
    }
    for (span, text) in texts {
        match inside(file, span, text) {
            Spelt::Parts(parts) => secrets.parts.extend(parts),
            Spelt::Otherwise => secrets.values.push(span),
        }
    }
}

/// Every key and every text of the objects, with its place, in the order of the file.
pub(super) fn texts(objects: &[Object]) -> Vec<(Span, &str)> {
    let mut texts = Vec::new();
    for object in objects {
        collect(&object.node, &mut texts);
    }
    texts.sort_unstable();
    texts
}

/// What of a file of `length` bytes stands between such.
pub(super) fn gaps(texts: &[(Span, &str)], length: usize) -> Vec<Range<usize>> {
    let mut gaps = Vec::new();
    let mut end = 0;
    for (span, _) in texts {
        // An alias has the span of what it stands for: that was there before.
        if span.start > end {
            gaps.push(end..span.start);
        }
        end = end.max(span.end);
    }
    gaps.push(end..length.max(end));
    gaps
}

/// Every key and every text below `node`, with its place.
fn collect<'n>(node: &'n Node, texts: &mut Vec<(Span, &'n str)>) {
    match &node.value {
        NodeValue::Sequence(items) => items.iter().for_each(|item| collect(item, texts)),
        NodeValue::Mapping(entries) => {
            for entry in entries {
                texts.push((entry.key_span, &entry.key));
                collect(&entry.value, texts);
            }
        }
        NodeValue::String(text) => texts.push((node.span, text)),
        _ => {}
    }
}

fn between(file: &str, gap: Range<usize>) -> Vec<Span> {
    let start = gap.start;
    let text = file.get(gap).unwrap_or_default();
    moved(hidden(text), start)
}

/// How a text spells the secrets in it.
enum Spelt {
    /// Letter for letter: there they are.
    Parts(Vec<Span>),
    /// In another way: a quote or a blank of the spelling may be none of the text, and the other way round.
    Otherwise,
}

fn inside(file: &str, span: Span, text: &str) -> Spelt {
    let secrets = hidden(text);
    if secrets.is_empty() {
        return Spelt::Parts(Vec::new());
    }
    let spelt = file.get(span.start..span.end).unwrap_or_default();
    if let Some(at) = spelt.find(text) {
        return Spelt::Parts(moved(secrets, span.start + at));
    }
    // Lines of a block are indented, and nothing else of them differs.
    let same_words = spelt.split_whitespace().eq(text.split_whitespace());
    let in_one_word = |secret: &Range<usize>| {
        let secret = text.get(secret.clone());
        secret.is_some_and(|secret| !secret.contains(char::is_whitespace))
    };
    if same_words && secrets.iter().all(in_one_word) {
        return Spelt::Parts(moved(hidden(spelt), span.start));
    }
    Spelt::Otherwise
}

fn moved(ranges: Vec<Range<usize>>, by: usize) -> Vec<Span> {
    let spans = ranges.into_iter().map(|range| Span {
        start: by + range.start,
        end: by + range.end,
    });
    spans.collect()
}
