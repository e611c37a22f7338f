//! The comments of a file, and those of them that stand beside secret values.
//! Knows nothing of what is secret; it is told.

use std::ops::Range;

use super::spelling;
use crate::manifest::Object;
use crate::model::Span;

/// What comments say, behind their `#`.
pub(super) fn comments(objects: &[Object], text: &str) -> Vec<Span> {
    let gaps = spelling::gaps(&spelling::texts(objects), text.len());
    let mut found: Vec<Span> = Vec::new();
    for gap in gaps {
        let mut rest = gap.start.max(found.last().map_or(0, |last| last.end))..gap.end;
        while let Some(comment) = first(text, rest.clone()) {
            found.push(comment);
            rest.start = comment.end;
        }
    }
    found
}

/// Those beside `values`: on a line that one ends on, or between what one belongs to and the value; and with
/// `whole_lines` those with a line of their own.
pub(super) fn beside(
    comments: Vec<Span>,
    values: &[Span],
    text: &str,
    whole_lines: bool,
) -> impl Iterator<Item = Span> {
    let line_of = |at: usize| text.get(..at).and_then(|before| before.rfind('\n'));
    comments.into_iter().filter(move |comment| {
        // Values are in order, and none holds a comment.
        let next = values.partition_point(|value| value.start < comment.start);
        let blank = |start: usize, end: usize| {
            let between = text.get(start..end);
            between.is_some_and(|between| between.trim().is_empty())
        };
        let before = next.checked_sub(1).and_then(|at| values.get(at));
        let line = line_of(comment.start);
        before.is_some_and(|value| line_of(value.end) == line)
            || values
                .get(next)
                .is_some_and(|value| blank(comment.end, value.start))
            || whole_lines && blank(line.unwrap_or(0), comment.start - 1)
    })
}

/// The first comment that begins in a part of the text: it may go on behind that.
fn first(text: &str, part: Range<usize>) -> Option<Span> {
    let start = part.start + text.get(part)?.find('#')? + 1;
    let rest = text.get(start..)?;
    let line = rest.split('\n').next().unwrap_or(rest);
    Some(Span {
        start,
        end: start + line.trim_end().len(),
    })
}
