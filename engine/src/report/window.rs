//! Source text as it is drawn: secrets in one form, and of a long line what stands around its labels.
//! Knows nothing of findings and errors.

use std::collections::BTreeSet;

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::sanitise::{same_length, short};
use crate::manifest::secrets::{MASK, SHOWN};

/// A text without secrets and the middle of its long lines. Positions are told as in the whole text.
#[derive(Debug)]
pub(super) struct Window {
    name: String,
    text: String,
    /// From the whole text to the one in which secrets are short.
    secrets: Moved,
    /// From that one to this.
    moved: Moved,
}

/// From where to where what is kept of a text was moved: the offset there, and the one here.
#[derive(Debug, Default)]
struct Moved(Vec<(usize, usize)>);

impl Window {
    /// The text of the file `name`, cleaned, and its labels where they stand in it then.
    pub(super) fn of(
        name: String,
        text: &str,
        labels: impl Iterator<Item = LabeledSpan>,
    ) -> (Self, Vec<LabeledSpan>) {
        let (text, secrets) = without_masks(text);
        let text = same_length(&text);
        let at = |offset: usize| secrets.here(offset).min(text.len());
        let ends = |label: &LabeledSpan| {
            let end = label.offset().saturating_add(label.len());
            (at(label.offset()), at(end))
        };
        let labels: Vec<LabeledSpan> = labels.collect();
        let points = labels.iter().map(ends).flat_map(|(a, z)| [a, z]).collect();
        let mut window = Self::around(name, &text, &points);
        let moved = labels.iter().map(|label| {
            let (start, end) = ends(label);
            let (start, end) = (window.moved.here(start), window.moved.here(end));
            let words = label.label().map(|text| short(text, LONGEST));
            let span = (start, end.saturating_sub(start));
            if label.primary() {
                LabeledSpan::new_primary_with_span(words, span)
            } else {
                LabeledSpan::new_with_span(words, span)
            }
        });
        let moved = moved.collect();
        window.secrets = secrets;
        (window, moved)
    }

    fn around(name: String, text: &str, points: &BTreeSet<usize>) -> Self {
        let mut window = Self {
            name,
            text: String::with_capacity(text.len()),
            secrets: Moved::default(),
            moved: Moved::default(),
        };
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let end = start + line.len();
            let bare = start + line.strip_suffix('\n').unwrap_or(line).len();
            if line.len() <= LONGEST {
                window.keep(text, start, end);
            } else {
                window.keep_parts(text, (start, bare), points);
                window.keep(text, bare, end);
            }
            start = end;
        }
        window
    }

    fn keep_parts(&mut self, text: &str, line: (usize, usize), points: &BTreeSet<usize>) {
        let mut shown = line.0;
        for (start, end) in parts(text, line, points) {
            if start > shown {
                self.text.push_str(MARK);
            }
            self.keep(text, start, end);
            shown = end;
        }
        if shown < line.1 {
            self.text.push_str(MARK);
        }
    }

    fn keep(&mut self, text: &str, start: usize, end: usize) {
        self.moved.keep(start, self.text.len());
        self.text.push_str(text.get(start..end).unwrap_or_default());
    }

    /// Where an offset of this text is in the whole one.
    fn there(&self, here: usize) -> usize {
        self.secrets.there(self.moved.there(here))
    }
}

impl Moved {
    /// What follows the offset `there` is at `here`.
    fn keep(&mut self, there: usize, here: usize) {
        if self.here(there) != here {
            self.0.push((there, here));
        }
    }

    /// Where an offset of the other text is here; it is one that was kept.
    fn here(&self, there: usize) -> usize {
        let behind = self.0.partition_point(|(from, _)| *from <= there);
        let last = behind.checked_sub(1).and_then(|at| self.0.get(at));
        let here = last.map_or(there, |(from, to)| to + (there - from));
        self.0.get(behind).map_or(here, |(_, next)| here.min(*next))
    }

    /// Where an offset of this text is in the other one.
    fn there(&self, here: usize) -> usize {
        let behind = self.0.partition_point(|(_, to)| *to <= here);
        let last = behind.checked_sub(1).and_then(|at| self.0.get(at));
        last.map_or(here, |(from, to)| from + (here - to))
    }
}

/// A text that keeps the places of secrets, as it is shown.
fn without_masks(text: &str) -> (String, Moved) {
    let (mut shown, mut moved) = (String::with_capacity(text.len()), Moved::default());
    let mut start = 0;
    while let Some((between, rest)) = text.get(start..).and_then(|rest| rest.split_once(MASK)) {
        moved.keep(start, shown.len());
        shown.push_str(between);
        shown.push_str(SHOWN);
        start = text.len() - rest.trim_start_matches(MASK).len();
    }
    moved.keep(start, shown.len());
    shown.push_str(text.get(start..).unwrap_or_default());
    (shown, moved)
}

impl SourceCode for Window {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let read = self.text.read_span(span, before, after)?;
        let line = span.offset().saturating_sub(read.column());
        let column = self.there(span.offset()).saturating_sub(self.there(line));
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            read.data(),
            *read.span(),
            read.line(),
            column,
            read.line_count(),
        )))
    }
}

/// What is kept of a line: what stands around each point, or its beginning where there is none.
fn parts(
    text: &str,
    (start, end): (usize, usize),
    points: &BTreeSet<usize>,
) -> Vec<(usize, usize)> {
    let mut parts: Vec<(usize, usize)> = Vec::new();
    let mut points: Vec<usize> = points.range(start..=end).copied().collect();
    if points.is_empty() {
        points.push(start);
    }
    for point in points {
        let mut from = point.saturating_sub(AROUND).max(start);
        let mut to = (point + AROUND).min(end);
        while !text.is_char_boundary(from) {
            from -= 1;
        }
        while !text.is_char_boundary(to) {
            to += 1;
        }
        // A mark takes room too.
        if from - start <= MARK.len() {
            from = start;
        }
        if end - to <= MARK.len() {
            to = end;
        }
        match parts.last_mut() {
            Some(last) if from <= last.1 + MARK.len() => last.1 = to,
            _ => parts.push((from, to)),
        }
    }
    parts
}

/// Longer lines are cut, and the words of longer labels.
const LONGEST: usize = 320;
/// How many bytes are shown on either side of where a label begins and ends.
const AROUND: usize = 60;
const MARK: &str = "...";

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn window(text: &str, start: usize, length: usize) -> (Window, LabeledSpan) {
        let label = LabeledSpan::new_with_span(None, (start, length));
        let (window, mut labels) = Window::of("x".to_owned(), text, std::iter::once(label));
        (window, labels.remove(0))
    }

    #[test]
    fn short_lines_stay_as_they_are() {
        let text = "a: 1\n\nb: 2";
        let (window, label) = window(text, 6, 1);
        assert_eq!(
            (window.text.as_str(), label.offset(), label.len()),
            (text, 6, 1)
        );
    }

    #[test]
    fn of_a_long_line_the_ends_of_its_label_are_shown() {
        let text = format!(
            "{{\n{}<{}>{}\n}}\n",
            "a".repeat(999),
            "b".repeat(999),
            "c".repeat(999)
        );
        let (window, label) = window(&text, 1001, 1001);
        let drawn: Vec<&str> = window.text.lines().collect();
        let side = |letter: &str, count| letter.repeat(count);
        let wanted = format!(
            "...{}<{}...{}>{}...",
            side("a", 60),
            side("b", 59),
            side("b", 59),
            side("c", 60)
        );
        assert_eq!(drawn, ["{", wanted.as_str(), "}"]);
        let shown = &window.text[label.offset()..label.offset() + label.len()];
        assert!(shown.starts_with("<b") && shown.ends_with("b>"), "{shown}");
    }

    #[test]
    fn secrets_of_any_length_are_drawn_alike_and_places_stay_those_of_the_file() {
        for secret in ["x", "xx", "xxx", "x y z \u{fc}", &"x".repeat(5000)] {
            let masked = MASK.to_string().repeat(secret.len());
            let text = format!("a: 1\nb: {{c: {masked}, d: {masked}, e: 2}}\n{masked}\n{masked}");
            let before = 5 + "b: {c: ".len();
            let end = before + secret.len();
            let (first, label) = window(&text, before, secret.len());
            assert_eq!(first.text, "a: 1\nb: {c: ***, d: ***, e: 2}\n***\n***");
            let at = label.offset();
            assert_eq!(&first.text[at..at + label.len()], "***");
            let last = end + ", d: ".len() + secret.len() + ", ".len();
            let (shown, label) = window(&text, last, "e".len());
            let at = label.offset();
            assert_eq!(&shown.text[at..at + label.len()], "e");
            let read = shown.read_span(label.inner(), 0, 0).unwrap();
            assert_eq!((read.line(), read.column()), (1, last - 5));
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn a_label_is_told_where_it_stands_in_the_whole_text(
            first in "[a-zü\u{1f980}\u{7}]{0,500}",
            column in 0..200_000_usize,
            length in 0..200_000_usize,
        ) {
            let text = format!("{first}\n{}\nend", "x".repeat(200_000));
            let start = first.len() + 1 + column;
            let (window, label) = window(&text, start, length);
            let read = window.read_span(label.inner(), 0, 0).unwrap();
            prop_assert_eq!((read.line(), read.column()), (1, column));
            prop_assert!(window.text.lines().all(|line| line.len() <= 2 * LONGEST));
            prop_assert_eq!(label.is_empty(), length == 0);
        }
    }
}
