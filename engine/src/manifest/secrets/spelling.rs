//! Where the secrets inside of longer texts stand in a file, however the file spells those texts.
//! Knows nothing of what makes a part of a text secret.

use std::ops::Range;

use super::inline::hidden;
use crate::manifest::{Node, NodeValue, Object};
use crate::model::Span;

/// The places in the texts and keys of the objects, and in what stands between them: comments.
pub(super) fn places(objects: &[Object], file: &str) -> Vec<Span> {
    let mut texts = Vec::new();
    for object in objects {
        collect(&object.node, &mut texts);
    }
    texts.sort_unstable();
    let mut found = Vec::new();
    let mut end = 0;
    for (span, text) in texts {
        // An alias has the span of what it stands for: that was there before.
        found.extend(between(file, end..span.start));
        found.extend(inside(file, span, text));
        end = end.max(span.end);
    }
    found.extend(between(file, end..file.len()));
    found
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

/// Letter for letter where the file has the letters of the text; else the text is hidden as a whole,
/// since a quote or a blank of the spelling may be none of the text, and the other way round.
fn inside(file: &str, span: Span, text: &str) -> Vec<Span> {
    let secrets = hidden(text);
    if secrets.is_empty() {
        return Vec::new();
    }
    let spelt = file.get(span.start..span.end).unwrap_or_default();
    if let Some(at) = spelt.find(text) {
        return moved(secrets, span.start + at);
    }
    // Lines of a block are indented, and nothing else of them differs.
    let same_words = spelt.split_whitespace().eq(text.split_whitespace());
    let in_one_word = |secret: &Range<usize>| {
        let secret = text.get(secret.clone());
        secret.is_some_and(|secret| !secret.contains(char::is_whitespace))
    };
    if same_words && secrets.iter().all(in_one_word) {
        return moved(hidden(spelt), span.start);
    }
    vec![span]
}

fn moved(ranges: Vec<Range<usize>>, by: usize) -> Vec<Span> {
    let spans = ranges.into_iter().map(|range| Span {
        start: by + range.start,
        end: by + range.end,
    });
    spans.collect()
}
