//! Why a file cannot be read, and where.
//! Never holds what the file says: a document that does not parse may be a Secret.

use std::fmt;

use miette::Diagnostic;

use crate::model::{LineColumn, Span};

/// A file that cannot be read, by place only.
#[derive(Debug)]
pub struct ParseError {
    problem: Problem,
    place: Place,
    other: Option<Place>,
}

/// Where, in bytes and for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The bytes.
    pub span: Span,
    /// Line and column of the first byte.
    pub position: LineColumn,
}

impl Place {
    pub(super) fn of(span: Span, text: &str) -> Self {
        Self {
            span,
            position: span.line_column(text),
        }
    }
}

impl ParseError {
    pub(super) fn new(problem: Problem, span: Span, text: &str) -> Self {
        Self {
            problem,
            place: Place::of(span, text),
            other: None,
        }
    }

    pub(super) fn too_big(bytes: usize, limit: usize) -> Self {
        Self::new(Problem::FileTooBig { bytes, limit }, Span::default(), "")
    }

    /// `valid` bytes of the file are UTF-8.
    pub(super) fn encoding(bytes: &[u8], valid: usize) -> Self {
        let before = bytes.get(..valid).unwrap_or_default();
        let before = std::str::from_utf8(before).unwrap_or_default();
        let span = Span {
            start: valid,
            end: valid,
        };
        Self::new(Problem::Encoding, span, before)
    }

    pub(super) fn and(mut self, span: Span, text: &str) -> Self {
        self.other = Some(Place::of(span, text));
        self
    }

    /// Says it of another place for people; a second place is as many lines away from it as before.
    pub(super) fn tell_of(&mut self, place: LineColumn) {
        let was = std::mem::replace(&mut self.place.position, place);
        if let Some(other) = &mut self.other {
            let line = &mut other.position.line;
            *line = (*line + place.line).saturating_sub(was.line).max(1);
        }
    }

    /// What is wrong.
    #[must_use]
    pub fn problem(&self) -> &Problem {
        &self.problem
    }

    /// Where it is wrong.
    #[must_use]
    pub fn place(&self) -> Place {
        self.place
    }

    /// The second place, where two do not agree: the first of two equal keys, the overridden value.
    #[must_use]
    pub fn other(&self) -> Option<Place> {
        self.other
    }
}

/// `3:7: duplicate key (the other is at 1:7)`; whoever knows the path writes it before.
impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LineColumn { line, column } = self.place.position;
        write!(f, "{line}:{column}: {}", self.problem)?;
        match self.other {
            Some(Place { position, .. }) => {
                write!(
                    f,
                    " (the other is at {}:{})",
                    position.line, position.column
                )
            }
            None => Ok(()),
        }
    }
}

impl std::error::Error for ParseError {}

impl Diagnostic for ParseError {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.problem.code()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.problem.help()
    }
}

/// What can be wrong with the text of a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub enum Problem {
    /// The YAML grammar.
    #[error("this is not YAML: {reason}")]
    #[diagnostic(
        code(yaml::syntax),
        help("a template (`{{{{ … }}}}`) belongs below a Helm chart; other text in another file")
    )]
    YamlSyntax {
        /// The parser's words.
        reason: String,
    },
    /// A quoted text whose further lines stand too far left.
    #[error("this is not YAML: a line of a quoted text is not indented deeper than its key")]
    #[diagnostic(
        code(yaml::syntax),
        help(
            "indent the further lines of the text deeper than its key: readers of YAML do not agree whether this may be"
        )
    )]
    QuotedIndent,
    /// Not UTF-8.
    #[error("the file is not UTF-8")]
    #[diagnostic(code(yaml::encoding), help("save it as UTF-8"))]
    Encoding,
    /// What no YAML reader takes.
    #[error("control character or misplaced byte order mark")]
    #[diagnostic(
        code(yaml::control_character),
        help("write it as an escape in double quotes")
    )]
    ControlCharacter,
    /// A carriage return alone.
    #[error("carriage return without line feed")]
    #[diagnostic(
        code(yaml::lone_cr),
        help("Kubernetes tools do not agree where this line ends; use LF or CRLF")
    )]
    LoneCarriageReturn,
    /// U+0085, U+2028, U+2029.
    #[error("line break that is not ASCII (U+0085, U+2028 or U+2029)")]
    #[diagnostic(
        code(yaml::line_break),
        help(
            "YAML versions do not agree whether a line ends here; use an escape in double quotes"
        )
    )]
    LineBreak,
    /// `%YAML` and others.
    #[error("directive")]
    #[diagnostic(
        code(yaml::directive),
        help("remove the line; Kubernetes tools cut it from its document and fail")
    )]
    Directive,
    /// Content after the end of a document.
    #[error("content after the end of the document")]
    #[diagnostic(
        code(yaml::trailing),
        help("Kubernetes tools may drop it silently; begin a new document with `---`")
    )]
    Trailing,
    /// Content on a `---` line.
    #[error("`---` with anything but a comment on its line")]
    #[diagnostic(code(yaml::separator), help("put the content on the next line"))]
    Separator,
    /// The same key twice.
    #[error("duplicate key")]
    #[diagnostic(
        code(yaml::duplicate_key),
        help("readers do not agree which one counts; remove one")
    )]
    DuplicateKey,
    /// A merge that overrides.
    #[error("the merge overrides a key")]
    #[diagnostic(
        code(yaml::merge_conflict),
        help("readers do not agree which value counts; put `<<` first and each key in one place")
    )]
    MergeConflict,
    /// A merge of something else.
    #[error("`<<` merges mappings and lists of mappings only")]
    #[diagnostic(code(yaml::merge))]
    Merge,
    /// A key that has no string.
    #[error("this cannot be a key")]
    #[diagnostic(
        code(yaml::key),
        help("a key is a string, a boolean or a number; quote it if it should be a string")
    )]
    Key,
    /// A tag outside the core schema.
    #[error("tag that is not of the core schema, or does not fit its value")]
    #[diagnostic(
        code(yaml::tag),
        help("only !!str, !!int, !!float, !!bool, !!null, !!map and !!seq are read")
    )]
    Tag,
    /// Infinity and NaN.
    #[error("infinity or not a number")]
    #[diagnostic(
        code(yaml::non_finite),
        help("JSON has no such number; quote it if it should be a string")
    )]
    NonFinite,
    /// An alias to nothing.
    #[error("alias without an anchor before it in this document")]
    #[diagnostic(code(yaml::unknown_alias))]
    UnknownAlias,
    /// An alias within its own anchor.
    #[error("alias to a value that contains it")]
    #[diagnostic(code(yaml::alias_cycle))]
    AliasCycle,
    /// Names that other readers do not take.
    #[error("anchor or alias with other characters than letters, digits, `-` and `_`")]
    #[diagnostic(code(yaml::anchor), help("rename it"))]
    AnchorName,
    /// The JSON grammar.
    #[error("this is not JSON: {reason}")]
    #[diagnostic(
        code(json::syntax),
        help(
            "JSON has no comments and no comma at the end; a file for other tools belongs outside the unit's paths"
        )
    )]
    JsonSyntax {
        /// What was expected.
        reason: &'static str,
    },
    /// The same key twice.
    #[error("duplicate key")]
    #[diagnostic(
        code(json::duplicate_key),
        help("readers do not agree which one counts; remove one")
    )]
    JsonDuplicateKey,
    /// A string that is no text.
    #[error("lone surrogate in a string")]
    #[diagnostic(code(json::string))]
    JsonString,
    /// A number that no reader holds.
    #[error("number out of range")]
    #[diagnostic(code(json::number))]
    JsonNumber,
    /// Text behind the value.
    #[error("content after the end of the value")]
    #[diagnostic(code(json::trailing), help("one file holds one value"))]
    JsonTrailing,
    /// The file is too big.
    #[error("the file is {bytes} bytes, the limit is {limit}")]
    #[diagnostic(code(limit::blob))]
    FileTooBig {
        /// Its size.
        bytes: usize,
        /// The bound.
        limit: usize,
    },
    /// Too deep.
    #[error("more than {limit} lists and mappings within each other")]
    #[diagnostic(code(limit::yaml_depth))]
    Depth {
        /// The bound.
        limit: usize,
    },
    /// Too many documents.
    #[error("more than {limit} documents in one file")]
    #[diagnostic(code(limit::yaml_documents))]
    Documents {
        /// The bound.
        limit: usize,
    },
    /// Too many expanded aliases.
    #[error("aliases expand to more than {limit} values")]
    #[diagnostic(code(limit::yaml_aliases))]
    Aliases {
        /// The bound.
        limit: usize,
    },
    /// A scalar is too long.
    #[error("value of more than {limit} bytes")]
    #[diagnostic(code(limit::yaml_scalar))]
    Scalar {
        /// The bound.
        limit: usize,
    },
}
