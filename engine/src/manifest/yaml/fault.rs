//! A problem on its way to an error with lines and columns.
//! Knows nothing of the tree that is being read.

use granit_parser::{ErrorKind, ScanError};

use super::mapping::MappingError;
use super::{Limits, ParseError};
use crate::manifest::Problem;
use crate::model::Span;

/// A problem, its place, and the second place.
pub(super) struct Fault {
    pub(super) problem: Problem,
    pub(super) span: Span,
    pub(super) other: Option<Span>,
}

impl Fault {
    pub(super) fn new(problem: Problem, span: Span) -> Self {
        Self {
            problem,
            span,
            other: None,
        }
    }

    pub(super) fn syntax(reason: &'static str, span: Span) -> Self {
        let reason = reason.to_owned();
        Self::new(Problem::YamlSyntax { reason }, span)
    }

    /// What the parser says of the place `start`, without what it quotes.
    pub(super) fn of_parser(error: &ScanError, start: usize, limits: &Limits) -> Self {
        let problem = match error.kind() {
            ErrorKind::RecursionLimitExceeded => Problem::Depth {
                limit: limits.depth,
            },
            ErrorKind::DirectiveDisallowed => Problem::Directive,
            ErrorKind::UnknownAnchor => Problem::UnknownAlias,
            ErrorKind::ExpectedDocumentStart | ErrorKind::InvalidDocumentEnd => Problem::Trailing,
            ErrorKind::InvalidQuotedScalarIndent => Problem::QuotedIndent,
            ErrorKind::UnexpectedCharacter { .. } => Problem::YamlSyntax {
                reason: "a value cannot start with this character".to_owned(),
            },
            kind => Problem::YamlSyntax {
                reason: kind.to_string(),
            },
        };
        Self::new(problem, Span { start, end: start })
    }

    pub(super) fn into_parse_error(self, text: &str) -> ParseError {
        let error = ParseError::new(self.problem, self.span, text);
        match self.other {
            Some(other) => error.and(other, text),
            None => error,
        }
    }
}

impl From<MappingError> for Fault {
    fn from(error: MappingError) -> Self {
        Self {
            problem: error.problem,
            span: error.span,
            other: error.other,
        }
    }
}
