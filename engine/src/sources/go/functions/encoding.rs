//! Functions of encodings and digests, JSON among them.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::Digest as _;

use super::super::bounds::Bounds;
use super::super::number::float_in_json;
use super::super::value::{List, Map, Value};
use super::{Answer, Function, exactly, made, text};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("b64enc", |given, cx| {
        let [plain] = exactly(given)?;
        made(STANDARD.encode(text(plain)?), cx)
    }),
    ("b64dec", |given, cx| {
        let [encoded] = exactly(given)?;
        // Go passes over line breaks.
        let encoded = text(encoded)?.replace(['\r', '\n'], "");
        let decoded = STANDARD.decode(encoded).ok();
        let decoded = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
        made(decoded.ok_or("it is given no text in base64")?, cx)
    }),
    ("b32enc", |given, cx| {
        let [plain] = exactly(given)?;
        made(base32(text(plain)?.as_bytes()), cx)
    }),
    ("sha1sum", |given, cx| {
        let [plain] = exactly(given)?;
        made(hex(&sha1::Sha1::digest(text(plain)?)), cx)
    }),
    ("sha256sum", |given, cx| {
        let [plain] = exactly(given)?;
        made(hex(&sha2::Sha256::digest(text(plain)?)), cx)
    }),
    ("sha512sum", |given, cx| {
        let [plain] = exactly(given)?;
        made(hex(&sha2::Sha512::digest(text(plain)?)), cx)
    }),
    ("adler32sum", |given, _| {
        let [plain] = exactly(given)?;
        let (mut first, mut second) = (1_u32, 0_u32);
        for byte in text(plain)?.bytes() {
            first = (first + u32::from(byte)) % ADLER;
            second = (second + first) % ADLER;
        }
        Ok(Value::text(&((second << 16) | first).to_string()))
    }),
    ("toJson", |given, cx| json(given, HTML, None, cx)),
    ("mustToJson", |given, cx| json(given, HTML, None, cx)),
    ("toRawJson", |given, cx| json(given, "", None, cx)),
    ("mustToRawJson", |given, cx| json(given, "", None, cx)),
    ("toPrettyJson", |given, cx| json(given, HTML, Some(0), cx)),
    ("mustToPrettyJson", |given, cx| {
        json(given, HTML, Some(0), cx)
    }),
    ("fromJson", from_json),
    ("mustFromJson", from_json),
];

fn from_json(given: &[Value], cx: &mut Bounds<'_>) -> Answer {
    let [written] = exactly(given)?;
    let read = crate::manifest::json::parse(text(written)?).map_err(|_| "it is given no JSON")?;
    Value::of_json(&read.to_json(), cx)
}

fn json(
    given: &[Value],
    escaped: &'static str,
    indent: Option<usize>,
    cx: &mut Bounds<'_>,
) -> Answer {
    let [value] = exactly(given)?;
    let mut writer = Json {
        text: String::new(),
        escaped,
    };
    writer.value(value, indent, cx)?;
    made(writer.text, cx)
}

/// Writes JSON as Go's `encoding/json` does.
struct Json {
    text: String,
    /// Letters that are escaped although JSON need not.
    escaped: &'static str,
}

impl Json {
    /// `indent` is the depth of the value where it is indented.
    fn value(
        &mut self,
        value: &Value,
        indent: Option<usize>,
        cx: &mut Bounds<'_>,
    ) -> Result<(), String> {
        match value {
            Value::Missing | Value::Nil => self.text.push_str("null"),
            Value::Bool(value) => self.text.push_str(if *value { "true" } else { "false" }),
            Value::Int(number, _) => self.text.push_str(&number.to_string()),
            Value::Float(number) => {
                let number =
                    float_in_json(*number).ok_or("it is given a number that JSON has not")?;
                self.text.push_str(&number);
            }
            Value::Text(text) => self.string(text),
            Value::List(list) => self.list(list, indent, cx)?,
            Value::Map(map) => self.map(map, indent, cx)?,
        }
        cx.made(self.text.len())
    }

    fn list(
        &mut self,
        list: &List,
        indent: Option<usize>,
        cx: &mut Bounds<'_>,
    ) -> Result<(), String> {
        let inner = indent.map(|depth| depth + 1);
        self.text.push('[');
        for (at, item) in list.known()?.iter().enumerate() {
            self.begin(at, inner);
            cx.deeper(|cx| self.value(item, inner, cx))?;
        }
        self.end(list.items.len(), indent);
        self.text.push(']');
        Ok(())
    }

    fn map(&mut self, map: &Map, indent: Option<usize>, cx: &mut Bounds<'_>) -> Result<(), String> {
        let inner = indent.map(|depth| depth + 1);
        self.text.push('{');
        let entries = map.entries();
        for (at, (key, value)) in entries.iter().enumerate() {
            self.begin(at, inner);
            self.string(key);
            self.text.push_str(if inner.is_some() { ": " } else { ":" });
            cx.deeper(|cx| self.value(value, inner, cx))?;
        }
        self.end(entries.len(), indent);
        self.text.push('}');
        Ok(())
    }

    fn begin(&mut self, at: usize, inner: Option<usize>) {
        if at > 0 {
            self.text.push(',');
        }
        self.line(inner);
    }

    fn end(&mut self, items: usize, indent: Option<usize>) {
        if items > 0 {
            self.line(indent);
        }
    }

    fn line(&mut self, depth: Option<usize>) {
        if let Some(depth) = depth {
            self.text.push('\n');
            self.text.push_str(&"  ".repeat(depth));
        }
    }

    fn string(&mut self, text: &str) {
        self.text.push('"');
        for c in text.chars() {
            match c {
                '"' | '\\' => self.text.extend(['\\', c]),
                '\n' => self.text.push_str("\\n"),
                '\r' => self.text.push_str("\\r"),
                '\t' => self.text.push_str("\\t"),
                '\u{8}' => self.text.push_str("\\b"),
                '\u{c}' => self.text.push_str("\\f"),
                c if c < ' '
                    || matches!(c, '\u{2028}' | '\u{2029}')
                    || self.escaped.contains(c) =>
                {
                    let _ = write!(self.text, "\\u{:04x}", u32::from(c));
                }
                c => self.text.push(c),
            }
        }
        self.text.push('"');
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    for group in bytes.chunks(5) {
        let mut bits = 0_u64;
        for at in 0..5 {
            bits = bits << 8 | u64::from(group.get(at).copied().unwrap_or_default());
        }
        let letters = (group.len() * 8).div_ceil(5);
        for at in 0..8 {
            let digit = usize::try_from(bits >> (35 - 5 * at) & 31).unwrap_or_default();
            let letter = BASE32.get(digit).copied().unwrap_or_default();
            text.push(if at < letters {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    text
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ADLER: u32 = 65_521;
/// What Go escapes, so that JSON may stand in HTML.
const HTML: &str = "<>&";
