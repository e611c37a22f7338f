//! YAML text to span trees, read as Kubernetes' loader reads it; whatever readers disagree on is
//! refused. Knows nothing of objects, files or Git.

mod anchors;
mod dialect;
mod fault;
mod guard;
mod mapping;
mod reader;
mod shifted;
mod tag;

use granit_parser::{Parser, ScanError};

use self::fault::Fault;
use self::reader::Reader;
use self::shifted::Shifted;
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
    /// Every alias, in the order of the text.
    pub aliases: Vec<Alias>,
}

/// A place where a value of elsewhere stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alias {
    /// The alias itself.
    pub span: Span,
    /// The value, where it is spelled out.
    pub of: Span,
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
    let mut shifted = Shifted::new(text);
    loop {
        match read_shifted(text, &shifted, limits) {
            Ok(documents) => return Ok(documents),
            Err(Stop::Reader(fault)) => return Err(fault.into_parse_error(text)),
            Err(Stop::Parser(error)) => match shifted.further(&error) {
                Some(further) => shifted = further,
                None => {
                    let at = error.marker().byte_offset();
                    let at = at.map_or(text.len(), |at| shifted.in_file(at));
                    return Err(Fault::of_parser(&error, at, limits).into_parse_error(text));
                }
            },
        }
    }
}

/// What ends a reading early.
enum Stop {
    Parser(ScanError),
    Reader(Fault),
}

fn read_shifted(text: &str, shifted: &Shifted<'_>, limits: &Limits) -> Result<Documents, Stop> {
    let mut reader = Reader::new(text, limits);
    let options = granit_parser::options! {
        disallow_directives: true,
        emit_anchor_events: true,
        emit_comments: false,
        flow_nesting_limit: limits.depth,
        block_nesting_limit: limits.depth,
    };
    for event in Parser::new_from_str_with_options(shifted.text(), options) {
        let (event, span) = event.map_err(Stop::Parser)?;
        let span = span.byte_range().unwrap_or_default();
        let span = Span {
            start: shifted.in_file(span.start),
            end: shifted.in_file(span.end),
        };
        reader.event(event, span).map_err(Stop::Reader)?;
    }
    Ok(reader.finish())
}

#[cfg(test)]
mod tests;
