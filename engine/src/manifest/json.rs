//! JSON text to span trees: RFC 8259 and not a byte more.
//! Knows nothing of YAML, objects or files.

use super::limits::Limits;
use super::parse_error::{ParseError, Problem};
use super::scalar;
use super::{Entry, Node, NodeValue};
use crate::model::Span;

mod string;

/// Reads one JSON value within the default limits.
///
/// ```
/// let node = tidegate::manifest::json::parse(r#"{"a": [1, "\ud83d\ude00"]}"#)?;
/// assert_eq!(node.to_json(), serde_json::json!({"a": [1, "😀"]}));
/// # Ok::<(), tidegate::manifest::ParseError>(())
/// ```
///
/// # Errors
/// What is not JSON, a key that stands twice, a lone surrogate, and what is out of bounds.
pub fn parse(text: &str) -> Result<Node, ParseError> {
    read(text, &Limits::DEFAULT)
}

/// Reads one JSON value.
///
/// # Errors
/// As [`parse`].
pub fn read(text: &str, limits: &Limits) -> Result<Node, ParseError> {
    let mut reader = Reader {
        text,
        at: 0,
        depth: 0,
        limits,
    };
    reader.skip_space();
    let node = reader.value()?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(reader.error(Problem::JsonTrailing));
    }
    Ok(node)
}

struct Reader<'text> {
    text: &'text str,
    at: usize,
    depth: usize,
    limits: &'text Limits,
}

impl Reader<'_> {
    fn value(&mut self) -> Result<Node, ParseError> {
        let start = self.at;
        let value = match self.peek() {
            Some(b'{') => self.nested(Self::object)?,
            Some(b'[') => self.nested(Self::array)?,
            Some(b'"') => NodeValue::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => self.word()?,
        };
        let span = Span {
            start,
            end: self.at,
        };
        Ok(Node { value, span })
    }

    fn nested(
        &mut self,
        read: fn(&mut Self) -> Result<NodeValue, ParseError>,
    ) -> Result<NodeValue, ParseError> {
        if self.depth >= self.limits.depth {
            let limit = self.limits.depth;
            return Err(self.error(Problem::Depth { limit }));
        }
        self.depth += 1;
        self.at += 1;
        self.skip_space();
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn array(&mut self) -> Result<NodeValue, ParseError> {
        let mut items = Vec::new();
        if self.eat(b']') {
            return Ok(NodeValue::Sequence(items));
        }
        loop {
            items.push(self.value()?);
            self.skip_space();
            if self.eat(b']') {
                return Ok(NodeValue::Sequence(items));
            }
            self.expect(b',', "`,` or `]` is missing")?;
            self.skip_space();
        }
    }

    fn object(&mut self) -> Result<NodeValue, ParseError> {
        let mut entries: Vec<Entry> = Vec::new();
        if self.eat(b'}') {
            return Ok(NodeValue::Mapping(entries));
        }
        loop {
            let start = self.at;
            if self.peek() != Some(b'"') {
                return Err(self.syntax("a key in double quotes is missing"));
            }
            let key = self.string()?;
            let key_span = Span {
                start,
                end: self.at,
            };
            self.skip_space();
            self.expect(b':', "`:` is missing")?;
            self.skip_space();
            let value = self.value()?;
            entries.push(Entry {
                key,
                key_span,
                value,
            });
            self.skip_space();
            if self.eat(b'}') {
                break;
            }
            self.expect(b',', "`,` or `}` is missing")?;
            self.skip_space();
        }
        match super::node::repeated_key(&entries) {
            None => Ok(NodeValue::Mapping(entries)),
            Some((second, first)) => {
                Err(
                    ParseError::new(Problem::JsonDuplicateKey, second.key_span, self.text)
                        .and(first.key_span, self.text),
                )
            }
        }
    }

    fn string(&mut self) -> Result<Box<str>, ParseError> {
        let (value, end) = string::read(self.text, self.at).map_err(|(problem, start)| {
            ParseError::new(problem, Span { start, end: start }, self.text)
        })?;
        if value.len() > self.limits.scalar_bytes {
            let limit = self.limits.scalar_bytes;
            return Err(self.error(Problem::Scalar { limit }));
        }
        self.at = end;
        Ok(value.into())
    }

    fn number(&mut self) -> Result<NodeValue, ParseError> {
        let start = self.at;
        self.eat(b'-');
        if !self.eat(b'0') {
            self.digits()?;
        }
        let mut whole = true;
        if self.eat(b'.') {
            whole = false;
            self.digits()?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            whole = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        let literal = self.text.get(start..self.at).unwrap_or_default();
        let integer = || {
            let signed = literal.parse::<i64>().map(Into::into);
            signed
                .or_else(|_| literal.parse::<u64>().map(Into::into))
                .ok()
        };
        let float = || {
            let value = literal.parse::<f64>().ok()?;
            value.is_finite().then(|| scalar::float_number(value))?
        };
        let value = whole.then(integer).flatten().or_else(float);
        let value = value.ok_or_else(|| self.error(Problem::JsonNumber))?;
        Ok(NodeValue::Number {
            value,
            literal: literal.into(),
        })
    }

    fn digits(&mut self) -> Result<(), ParseError> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.syntax("a digit is missing"));
        }
        Ok(())
    }

    fn word(&mut self) -> Result<NodeValue, ParseError> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        for (word, value) in [
            ("null", NodeValue::Null),
            ("true", NodeValue::Bool(true)),
            ("false", NodeValue::Bool(false)),
        ] {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(value);
            }
        }
        Err(self.syntax("a value is missing"))
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8, reason: &'static str) -> Result<(), ParseError> {
        if self.eat(byte) {
            return Ok(());
        }
        Err(self.syntax(reason))
    }

    fn syntax(&self, reason: &'static str) -> ParseError {
        self.error(Problem::JsonSyntax { reason })
    }

    fn error(&self, problem: Problem) -> ParseError {
        let span = Span {
            start: self.at,
            end: self.at,
        };
        ParseError::new(problem, span, self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;

    #[test]
    fn what_is_not_json_is_refused_with_its_code_and_place() {
        for (text, code, start) in [
            ("{\"a\": 1, \"a\": 2}", "json.duplicate-key", 9),
            ("{\"a\": 1} x", "json.trailing", 9),
            ("{\"a\": 1,}", "json.syntax", 8),
            ("{\"a\": 1 // x\n}", "json.syntax", 8),
            ("{'a': 1}", "json.syntax", 1),
            ("[NaN]", "json.syntax", 1),
            ("\u{feff}{}", "json.syntax", 0),
            ("", "json.syntax", 0),
            ("[01]", "json.syntax", 2),
            ("[1.]", "json.syntax", 3),
            ("[.5]", "json.syntax", 1),
            ("[+1]", "json.syntax", 1),
            ("[1e400]", "json.number", 6),
            ("\"\\ud800\"", "json.string", 1),
            ("\"\\ude00\\ud83d\"", "json.string", 1),
            ("\"a\nb\"", "json.syntax", 2),
            ("\"a", "json.syntax", 2),
            ("\"\\x\"", "json.syntax", 1),
            ("\"\\u12g4\"", "json.syntax", 1),
        ] {
            let error = parse(text).expect_err(text);
            assert_eq!(code_of(&error), code, "{text}");
            assert_eq!(error.place().span.start, start, "{text}");
        }
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(code_of(&parse(&deep).unwrap_err()), "limit.yaml-depth");
    }

    #[test]
    fn numbers_are_exact_and_whole_floats_are_integers() {
        let text = "[9007199254740993, 18446744073709551615, 1e3, 1.0, -0, 1.5]";
        assert_eq!(
            parse(text).unwrap().to_json().to_string(),
            "[9007199254740993,18446744073709551615,1000,1,0,1.5]"
        );
    }
}
