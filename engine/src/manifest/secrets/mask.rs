//! What stands in a text in the place of its secrets: one form, whatever they are and however long.
//! Knows nothing of what is secret; it is told.

use super::Secrets;
use crate::model::Span;

/// What is shown in the place of a secret.
pub const SHOWN: &str = "***";
/// What is shown in the place of a secret that is another one now.
pub const SHOWN_CHANGED: &str = "*** (changed)";
/// What stands for each byte of a secret in a text that keeps its places; no text that was read holds it.
/// Whoever shows such a text shows [`SHOWN`] for all that follow each other.
pub const MASK: char = '\u{1}';

/// The same text, as long, with each byte of a secret as [`MASK`], so that spans stay right; line breaks stay.
#[must_use]
pub fn mask(text: &str, secrets: &Secrets) -> String {
    let mut spans = secrets.spans().into_iter().peekable();
    let mut reach = 0;
    let mut masked = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        let end = at + character.len_utf8();
        while let Some(span) = spans.next_if(|span| span.start < end) {
            reach = reach.max(span.end);
        }
        if at < reach && !matches!(character, '\n' | '\r') {
            (at..end).for_each(|_| masked.push(MASK));
        } else {
            masked.push(character);
        }
    }
    masked
}

/// The text to be read on its own: [`SHOWN`] in the place of each secret, quoted where it is a value of its own, so that what
/// was YAML or JSON still is; of a value of many lines no more is left than of a short one. The text may be masked already.
#[must_use]
pub fn written(text: &str, secrets: &Secrets) -> String {
    let mut values = secrets.values.clone();
    values.sort_unstable();
    let mut written = String::with_capacity(text.len());
    let mut end = 0;
    for whole in joined(secrets.spans()) {
        let between = text.get(end..whole.start).unwrap_or_default();
        written.push_str(between);
        let first = values.partition_point(|value| value.start < whole.start);
        let is_value = values
            .get(first)
            .is_some_and(|value| value.start == whole.start);
        if is_value && !is_block(text.get(..whole.start).unwrap_or_default()) {
            written.push('"');
            written.push_str(SHOWN);
            written.push('"');
        } else {
            written.push_str(SHOWN);
        }
        end = whole.end;
    }
    written.push_str(text.get(end..).unwrap_or_default());
    written
}

/// Spans in order, those that overlap as one.
fn joined(spans: Vec<Span>) -> Vec<Span> {
    let mut joined: Vec<Span> = Vec::with_capacity(spans.len());
    for span in spans {
        match joined.last_mut() {
            Some(last) if span.start < last.end => last.end = last.end.max(span.end),
            _ => joined.push(span),
        }
    }
    joined
}

/// Whether what follows `before` is the text of a block (`|`, `>`), in which quotes would be letters.
fn is_block(before: &str) -> bool {
    let Some((head, indent)) = before.rsplit_once('\n') else {
        return false;
    };
    let head = head.trim_end();
    let line = head.rsplit('\n').next().unwrap_or(head);
    let line = line.split(" #").next().unwrap_or(line).trim_end();
    let bare = line.trim_end_matches(|c: char| c.is_ascii_digit() || "+-".contains(c));
    let bare = bare.strip_suffix(['|', '>']);
    indent.trim().is_empty() && bare.is_some_and(|bare| bare.is_empty() || bare.ends_with(' '))
}
