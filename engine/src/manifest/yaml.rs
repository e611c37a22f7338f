//! YAML text to span trees, read as Kubernetes' loader reads it; whatever readers disagree on is
//! refused. Knows nothing of objects, files or Git.

mod anchors;
mod dialect;
mod fault;
mod guard;
mod mapping;
mod reader;
mod tag;

use granit_parser::Parser;

use self::fault::Fault;
use self::reader::Reader;
use super::Node;
use super::limits::Limits;
use super::parse_error::ParseError;
use crate::model::Span;

/// What a YAML file holds.
#[derive(Debug, Default)]
pub struct Documents {
    /// The documents in order, empty ones as null.
    pub nodes: Vec<Node>,
    /// Keys that are not what they look like: `on:` is the key `true`.
    pub converted_keys: Vec<Span>,
}

/// Reads every document of `text` within the default limits.
///
/// ```
/// let documents = tidegate::manifest::yaml::parse("port: 0x50\ndebug: off\n")?;
/// assert_eq!(documents[0].to_json(), serde_json::json!({"port": 80, "debug": false}));
/// # Ok::<(), tidegate::manifest::ParseError>(())
/// ```
///
/// # Errors
/// What is not YAML, what readers of YAML disagree on, and what is out of bounds.
pub fn parse(text: &str) -> Result<Vec<Node>, ParseError> {
    read(text, &Limits::DEFAULT).map(|documents| documents.nodes)
}

/// Reads every document of `text`.
///
/// # Errors
/// As [`parse`].
pub fn read(text: &str, limits: &Limits) -> Result<Documents, ParseError> {
    guard::check(text).map_err(|(problem, span)| ParseError::new(problem, span, text))?;
    let mut reader = Reader::new(text, limits);
    let options = granit_parser::options! {
        disallow_directives: true,
        emit_anchor_events: true,
        emit_comments: false,
        flow_nesting_limit: limits.depth,
        block_nesting_limit: limits.depth,
    };
    for event in Parser::new_from_str_with_options(text, options) {
        let (event, span) =
            event.map_err(|error| Fault::of_parser(&error, text, limits).into_parse_error(text))?;
        let span = span.byte_range().unwrap_or_default();
        let span = Span {
            start: span.start,
            end: span.end,
        };
        reader
            .event(event, span)
            .map_err(|error| error.into_parse_error(text))?;
    }
    Ok(reader.finish())
}

#[cfg(test)]
mod tests;
