//! What can be said of a Rego source before it is parsed: its strings, its depth, its lines.
//! Knows no grammar beyond strings, comments and brackets.

use super::error::{Error, Place};
use crate::model::Span;
use crate::model::limits;

/// Refuses a source that the parser must not see.
pub(super) fn check_text(path: &str, text: &str) -> Result<(), Error> {
    check_characters(path, text)?;
    check_nesting(path, text)
}

/// The parser takes a NUL for the end of the file; what stands behind it would silently be no rule.
/// Characters that turn the direction of text hide rules from people.
fn check_characters(path: &str, text: &str) -> Result<(), Error> {
    let refused = |c: char| {
        (c.is_control() && !matches!(c, '\t' | '\n' | '\r'))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let Some((start, c)) = text.char_indices().find(|(_, c)| refused(*c)) else {
        return Ok(());
    };
    let at = Span { start, end: start }.line_column(text);
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Err(Error::Syntax {
        at: Place::new(path, number(at.line), number(at.column)),
        what: format!("the character {} is not allowed", c.escape_unicode()),
    })
}

/// Refuses brackets nested so deeply that parsing them could take for ever.
fn check_nesting(path: &str, text: &str) -> Result<(), Error> {
    let mut depth = 0_usize;
    let mut scanner = Scanner::new(text);
    while let Some(token) = scanner.next() {
        match token {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > limits::POLICY_BRACKETS.most {
            return Err(Error::Nesting {
                at: Place::new(path, scanner.line, scanner.column),
                depth,
            });
        }
    }
    Ok(())
}

/// The lines of `text`; one that begins inside a raw string is empty.
pub(super) fn lines_outside_strings(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().collect();
    let mut scanner = Scanner::new(text);
    while scanner.next().is_some() {}
    for line in scanner.raw_lines {
        if let Some(line) = usize::try_from(line - 1)
            .ok()
            .and_then(|line| lines.get_mut(line))
        {
            *line = "";
        }
    }
    lines
}

/// Walks the bytes that stand outside strings and comments.
struct Scanner<'a> {
    bytes: std::slice::Iter<'a, u8>,
    line: u32,
    column: u32,
    /// The lines that begin inside a raw string.
    raw_lines: Vec<u32>,
}

impl<'a> Scanner<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            bytes: text.as_bytes().iter(),
            line: 1,
            column: 0,
            raw_lines: Vec::new(),
        }
    }

    fn next(&mut self) -> Option<u8> {
        loop {
            match self.step()? {
                b'#' => while self.step()? != b'\n' {},
                b'"' => self.skip_string()?,
                b'`' => self.skip_raw_string()?,
                other => return Some(other),
            }
        }
    }

    fn skip_string(&mut self) -> Option<()> {
        loop {
            match self.step()? {
                b'\\' => {
                    self.step()?;
                }
                // A string ends with its line: what follows is an error of the parser's.
                b'"' | b'\n' => return Some(()),
                _ => {}
            }
        }
    }

    fn skip_raw_string(&mut self) -> Option<()> {
        loop {
            match self.step()? {
                b'`' => return Some(()),
                b'\n' => self.raw_lines.push(self.line),
                _ => {}
            }
        }
    }

    fn step(&mut self) -> Option<u8> {
        let byte = *self.bytes.next()?;
        if byte == b'\n' {
            self.line = self.line.saturating_add(1);
            self.column = 0;
        } else {
            self.column = self.column.saturating_add(1);
        }
        Some(byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> String {
        format!(
            "package x\ny := {}1{}",
            "[".repeat(depth),
            "]".repeat(depth)
        )
    }

    #[test]
    fn brackets_are_counted_up_to_the_limit() {
        assert!(check_nesting("p", &nested(12)).is_ok());
        for depth in [13, 120, 100_000] {
            let error = check_nesting("p", &nested(depth)).unwrap_err();
            assert_eq!(
                error.to_string(),
                "p:2:18: brackets stand 13 deep, the limit is 12"
            );
        }
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        let many = "[".repeat(50);
        for text in [
            format!("# {many}\n"),
            format!("x := \"{many}\""),
            format!("x := \"\\\"{many}\""),
            format!("x := `{many}\n{many}`"),
            format!("x := `\\` # {many}"),
        ] {
            assert!(check_nesting("p", &text).is_ok(), "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_a_string_or_comment_hides_nothing() {
        let many = "[".repeat(50);
        for text in [
            format!("x := \"#\" {many}"),
            format!("x := \"\\\\\" {many}"),
            format!("x := \"`\" {many}"),
            format!("x := `\"` {many}"),
            format!("# \"\n{many}"),
            format!("# `\n{many}"),
            format!("x := \"\n{many}"),
        ] {
            assert!(check_nesting("p", &text).is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_stands_behind_what_the_parser_takes_for_the_end() {
        for text in ["a\n \0 b", "a\n \u{1b}[0m", "a\n \u{202e}b"] {
            let error = check_text("p", text).unwrap_err().to_string();
            assert!(error.starts_with("p:2:2: the character \\u{"), "{error}");
        }
        assert!(check_text("p", "a\tü\r\n").is_ok());
    }

    #[test]
    fn a_line_within_a_raw_string_is_none() {
        assert_eq!(
            lines_outside_strings("a `\n# METADATA\n` b\nc"),
            ["a `", "", "", "c"]
        );
    }
}
