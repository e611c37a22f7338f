//! Places in text.
//! Knows nothing of what stands there.

use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Serialize, Serializer};

use super::RepoPath;

/// Bytes `start..end` of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// The place of the first byte, one-based, columns counted in characters.
    #[must_use]
    pub fn line_column(self, text: &str) -> LineColumn {
        let before = text.get(..self.start.min(text.len())).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        LineColumn {
            line: before.bytes().filter(|byte| *byte == b'\n').count() + 1,
            column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

impl From<Span> for miette::SourceSpan {
    fn from(span: Span) -> Self {
        (span.start, span.end.saturating_sub(span.start)).into()
    }
}

/// A line and a column, both one-based; columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct LineColumn {
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1.
    pub column: usize,
}

/// Where the lines of a text begin, found when it is first asked for: many places in one long text
/// cost no more than reading it once.
#[derive(Debug, Default)]
pub struct Lines(OnceLock<Vec<usize>>);

impl Lines {
    /// As [`Span::line_column`]; `text` must be the same each time.
    #[must_use]
    pub fn line_column(&self, text: &str, span: Span) -> LineColumn {
        let starts = self.0.get_or_init(|| {
            let breaks = text.match_indices('\n').map(|(at, _)| at + 1);
            std::iter::once(0).chain(breaks).collect()
        });
        let before = text.get(..span.start.min(text.len())).unwrap_or(text);
        let line = starts.partition_point(|start| *start <= before.len());
        let start = starts.get(line - 1).copied().unwrap_or_default();
        LineColumn {
            line,
            column: before.get(start..).unwrap_or_default().chars().count() + 1,
        }
    }
}

/// A place in a file of the tree that was judged.
///
/// It carries the text of its file, secret values masked, so that a report can draw it whichever
/// side of a range it is on.
#[derive(Clone)]
pub struct Location {
    /// The file.
    pub path: RepoPath,
    /// The line of the first byte, from 1.
    pub line: usize,
    /// The column of the first byte, from 1, in characters.
    pub column: usize,
    /// The bytes, for drawing.
    pub span: Span,
    text: Arc<str>,
    note: Option<String>,
}

impl Location {
    /// The place of `span` in the file `path`, whose text is `text`.
    #[must_use]
    pub fn new(path: &RepoPath, text: &Arc<str>, span: Span) -> Self {
        Self::of_many(path, text, &Lines::default(), span)
    }

    /// The place of `span`, one of many in the same file; `lines` are those of `text`.
    #[must_use]
    pub fn of_many(path: &RepoPath, text: &Arc<str>, lines: &Lines, span: Span) -> Self {
        let LineColumn { line, column } = lines.line_column(text, span);
        Self {
            path: path.clone(),
            line,
            column,
            span,
            text: Arc::clone(text),
            note: None,
        }
    }

    /// The beginning of a line, with no text to draw.
    #[must_use]
    pub fn of_line(path: &RepoPath, line: usize) -> Self {
        Self {
            path: path.clone(),
            line,
            column: 1,
            span: Span::default(),
            text: Arc::default(),
            note: None,
        }
    }

    /// The same place, with what there is to say about it.
    #[must_use]
    pub fn with_note(self, note: String) -> Self {
        let note = Some(note);
        Self { note, ..self }
    }

    /// What there is to say about the place, for drawing.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }

    /// The text of the file, secret values masked.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl Serialize for Location {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = Written {
            path: &self.path,
            path_bytes: self
                .path
                .is_shown_changed()
                .then(|| STANDARD.encode(self.path.as_bytes())),
            line: self.line,
            column: self.column,
        };
        written.serialize(serializer)
    }
}

impl JsonSchema for Location {
    fn schema_name() -> Cow<'static, str> {
        Written::schema_name()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Written::json_schema(generator)
    }
}

/// A place in a file of the tree that was judged.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Location", deny_unknown_fields)]
struct Written<'a> {
    /// The file, with what is no text and no printable character of it escaped.
    path: &'a RepoPath,
    /// The path as it is, in base64, where `path` shows it escaped.
    #[serde(skip_serializing_if = "Option::is_none")]
    path_bytes: Option<String>,
    /// The line of the first byte, from 1.
    line: usize,
    /// The column of the first byte, from 1, in characters.
    column: usize,
}

/// By path and span: a text is one file of one side.
impl PartialEq for Location {
    fn eq(&self, other: &Self) -> bool {
        (&self.path, self.span, self.line) == (&other.path, other.span, other.line)
    }
}

impl Eq for Location {}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// `path:line:column`.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.path, self.line, self.column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters_and_lines_start_at_one() {
        let text = "a: ü\nbc: d";
        let at = |start| {
            let span = Span { start, end: start };
            let place = span.line_column(text);
            assert_eq!(Lines::default().line_column(text, span), place);
            (place.line, place.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(5), (1, 5));
        assert_eq!(at(6), (2, 1));
        assert_eq!(at(10), (2, 5));
        assert_eq!(at(99), (2, 6));
    }
}
