//! The text of an .ics file as lines: a name, parameters, a value, unfolded.
//! Knows no names.

use std::iter::Peekable;
use std::str::CharIndices;

use super::super::fault::Fault;
use super::{MALFORMED, malformed};
use crate::model::{Span, limits};

/// One line of content.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// The name, in capitals.
    pub(super) name: String,
    /// Names, in capitals, and values.
    pub(super) parameters: Vec<(String, String)>,
    /// As it is written.
    pub(super) value: String,
    /// Where it stands.
    pub(super) span: Span,
}

impl Line {
    /// The value of a parameter that stands once at most.
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        let mut all = self.parameters.iter();
        let (_, value) = all.find(|(known, _)| known == name)?;
        Some(value)
    }
}

/// The lines of `text`, which may begin with a byte order mark.
pub(super) fn lines(text: &str) -> Result<Vec<Line>, Fault> {
    let mut all = Vec::new();
    let mut folded: Option<(String, Span)> = None;
    for (span, line) in physical(text) {
        if let Some(bad) = line.find(|c: char| c.is_control() && c != '\t') {
            let start = span.start + bad;
            return Err(malformed(
                Span {
                    start,
                    end: start + 1,
                },
                "a control character stands here",
                "lines end with CR and LF, or with LF; nothing else of the kind belongs into the file",
            ));
        }
        if let Some(more) = line.strip_prefix([' ', '\t']) {
            let Some((whole, place)) = &mut folded else {
                return Err(malformed(
                    span,
                    "a line goes on that nothing began",
                    "the file is cut off, or its lines were indented; export it again",
                ));
            };
            whole.push_str(more);
            place.end = span.end;
            if whole.len() > limits::CALENDAR_LINE.most {
                return Err(too_long(*place));
            }
            continue;
        }
        if let Some((whole, place)) = folded.take() {
            all.push(content(&whole, place)?);
        }
        if line.len() > limits::CALENDAR_LINE.most {
            return Err(too_long(span));
        }
        if !line.is_empty() {
            folded = Some((line.to_owned(), span));
        }
    }
    if let Some((whole, place)) = folded {
        all.push(content(&whole, place)?);
    }
    Ok(all)
}

/// What stands between line breaks, and where.
fn physical(text: &str) -> impl Iterator<Item = (Span, &str)> {
    let begin = if text.starts_with(MARK) {
        MARK.len_utf8()
    } else {
        0
    };
    let mut start = begin;
    let whole = text.get(begin..).unwrap_or_default();
    whole.split_inclusive('\n').map(move |line| {
        let at = start;
        start += line.len();
        let line = line.strip_suffix('\n').unwrap_or(line);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let end = at + line.len();
        (Span { start: at, end }, line)
    })
}

/// `NAME;PARAMETER=value,"value":value`
fn content(line: &str, span: Span) -> Result<Line, Fault> {
    let wrong = |why: &str| {
        malformed(
            span,
            why,
            "a line is `NAME:value`, or `NAME;PARAMETER=value:value`",
        )
    };
    let mut left = line.char_indices().peekable();
    let name = word(line, &mut left).ok_or_else(|| wrong("a line without a name"))?;
    let mut parameters: Vec<(String, String)> = Vec::new();
    loop {
        match left.next() {
            Some((at, ':')) => {
                let value = line.get(at + 1..).unwrap_or_default().to_owned();
                return Ok(Line {
                    name,
                    parameters,
                    value,
                    span,
                });
            }
            Some((_, ';')) => {
                let key =
                    word(line, &mut left).ok_or_else(|| wrong("a parameter without a name"))?;
                if left.next().is_none_or(|(_, c)| c != '=') {
                    return Err(wrong("a parameter without a value"));
                }
                let value =
                    parameter(&mut left).ok_or_else(|| wrong("a quote that does not end"))?;
                if parameters.iter().any(|(known, _)| *known == key) {
                    return Err(wrong("a parameter twice"));
                }
                parameters.push((key, value));
            }
            Some(_) | None => return Err(wrong("a line without `:`")),
        }
    }
}

/// Letters, digits and hyphens, in capitals.
fn word(line: &str, left: &mut Peekable<CharIndices<'_>>) -> Option<String> {
    let start = left.peek()?.0;
    while left
        .next_if(|(_, c)| c.is_ascii_alphanumeric() || *c == '-')
        .is_some()
    {}
    let end = left.peek().map_or(line.len(), |(at, _)| *at);
    let word = line.get(start..end)?;
    (!word.is_empty()).then(|| word.to_ascii_uppercase())
}

/// Up to `;` or `:` outside of quotes, without the quotes.
fn parameter(left: &mut Peekable<CharIndices<'_>>) -> Option<String> {
    let mut value = String::new();
    let mut quoted = false;
    while let Some((_, c)) = left.next_if(|(_, c)| quoted || !matches!(c, ';' | ':')) {
        match c {
            '"' => quoted = !quoted,
            _ => value.push(c),
        }
    }
    (!quoted).then_some(value)
}

fn too_long(span: Span) -> Fault {
    let message = format!("a line is longer than {}", limits::CALENDAR_LINE);
    Fault::new(
        MALFORMED,
        span,
        message,
        "shorten the description of the event",
    )
}

/// The byte order mark.
const MARK: char = '\u{feff}';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_unfolded_and_taken_apart() {
        let text = "\u{feff}begin:VCALENDAR\r\nDTSTART;TZID=\"Europe/Berlin\";x-a=b:2026\r\n 1120\nSUMMARY:a: b;c\n\n";
        let found = lines(text).unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|line| (line.name.as_str(), line.value.as_str()))
            .collect();
        assert_eq!(
            told,
            [
                ("BEGIN", "VCALENDAR"),
                ("DTSTART", "20261120"),
                ("SUMMARY", "a: b;c")
            ]
        );
        assert_eq!(found[1].parameter("TZID"), Some("Europe/Berlin"));
        assert_eq!(found[1].parameter("X-A"), Some("b"));
        assert_eq!(found[1].span.line_column(text).line, 2);
    }

    #[test]
    fn a_damaged_line_is_refused_by_its_place() {
        for (text, line, reason) in [
            (" A:b", 1, "goes on"),
            ("A:b\nno colon", 2, "without `:`"),
            ("A:b\n:b", 2, "without a name"),
            ("A;=c:b", 1, "without a name"),
            ("A;B:c", 1, "without a value"),
            ("A;B=\"c:d", 1, "does not end"),
            ("A;B=c;B=d:e", 1, "twice"),
            ("A:b\rC:d\r", 1, "control"),
            ("A:b\nC:\0", 2, "control"),
            ("A:b\u{85}c", 1, "control"),
        ] {
            let fault = lines(text).unwrap_err();
            assert!(
                fault.message.contains(reason),
                "{text:?}: {}",
                fault.message
            );
            assert_eq!(fault.span.line_column(text).line, line, "{text:?}");
        }
    }

    #[test]
    fn a_line_has_an_end_however_it_is_folded() {
        let most = limits::CALENDAR_LINE.most;
        assert!(lines(&format!("A:{}", "b".repeat(most - 2))).is_ok());
        assert!(lines(&format!("A:{}", "b".repeat(most))).is_err());
        assert!(lines(&format!("A:b{}", "\n bbbbbbbb".repeat(most / 8))).is_err());
    }
}
