//! YAML, as Argo CD's functions read and write it. What is written is what sigs.k8s.io/yaml writes, letter by letter;
//! texts that it would fold or escape are refused.

use std::cmp::Ordering;
use std::rc::Rc;

use super::super::bounds::Bounds;
use super::super::value::{List, Map, Value};
use super::{Function, exactly, made, text};
use crate::sources::written;

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("toYaml", |given, cx| {
        let [value] = exactly(given)?;
        let mut writer = Writer(String::new());
        writer.root(value, cx)?;
        made(writer.0, cx)
    }),
    ("fromYaml", |given, cx| {
        let [written] = exactly(given)?;
        let read = read(text(written)?)?;
        match &read {
            serde_json::Value::Object(_) => Value::of_json(&read, cx),
            _ => Err("it is given no mapping in YAML".to_owned()),
        }
    }),
    ("fromYamlArray", |given, cx| {
        let [written] = exactly(given)?;
        let read = read(text(written)?)?;
        match &read {
            serde_json::Value::Array(_) => Value::of_json(&read, cx),
            _ => Err("it is given no list in YAML".to_owned()),
        }
    }),
];

fn read(written: &str) -> Result<serde_json::Value, String> {
    let read = written::read(written).map_err(|why| format!("what it is given {why}"))?;
    let read = read.ok_or("it is given no YAML")?;
    Ok(read.to_json())
}

struct Writer(String);

impl Writer {
    fn root(&mut self, value: &Value, cx: &mut Bounds<'_>) -> Result<(), String> {
        match value {
            Value::Map(map) if map.len() > 0 => self.map(map, 0, cx),
            Value::List(list) if !list.items.is_empty() => self.list(list, 0, cx),
            plain => self.scalar(plain, 2),
        }
    }

    /// Entries, the first one where the text stands.
    fn map(&mut self, map: &Map, indent: usize, cx: &mut Bounds<'_>) -> Result<(), String> {
        let mut entries = map.entries();
        entries.sort_by(|(one, _), (other, _)| natural(one, other));
        cx.made(entries.len().saturating_mul(entries.len()))?;
        if !is_ordered(&entries) {
            return Err("its keys have no one order in YAML: use `toJson`".to_owned());
        }
        for (at, (key, value)) in entries.iter().enumerate() {
            if at > 0 {
                self.line(indent);
            }
            self.key(key)?;
            cx.deeper(|cx| match value {
                Value::Map(map) if map.len() > 0 => {
                    self.line(indent + 2);
                    self.map(map, indent + 2, cx)
                }
                Value::List(list) if !list.items.is_empty() => {
                    self.line(indent);
                    self.list(list, indent, cx)
                }
                plain => {
                    self.0.push(' ');
                    self.scalar(plain, indent + 2)
                }
            })?;
            cx.made(self.0.len())?;
        }
        Ok(())
    }

    fn list(&mut self, list: &List, indent: usize, cx: &mut Bounds<'_>) -> Result<(), String> {
        for (at, item) in list.known()?.iter().enumerate() {
            if at > 0 {
                self.line(indent);
            }
            self.0.push_str("- ");
            cx.deeper(|cx| match item {
                Value::Map(map) if map.len() > 0 => self.map(map, indent + 2, cx),
                Value::List(list) if !list.items.is_empty() => self.list(list, indent + 2, cx),
                plain => self.scalar(plain, indent + 2),
            })?;
            cx.made(self.0.len())?;
        }
        Ok(())
    }

    fn line(&mut self, indent: usize) {
        self.0.push('\n');
        self.0.push_str(&" ".repeat(indent));
    }

    fn key(&mut self, key: &str) -> Result<(), String> {
        if key.contains('\n') || key.len() > LONGEST_KEY {
            return Err(refused());
        }
        self.string(key, 0)?;
        self.0.push(':');
        Ok(())
    }

    fn scalar(&mut self, value: &Value, indent: usize) -> Result<(), String> {
        match value {
            Value::Missing | Value::Nil => self.0.push_str("null"),
            Value::Bool(value) => self.0.push_str(if *value { "true" } else { "false" }),
            Value::Int(number, _) => self.0.push_str(&number.to_string()),
            Value::Float(number) => {
                let (size, is_whole) = (number.abs(), number.fract() == 0.0);
                let is_plain = match is_whole {
                    true => size < 1e15,
                    false => (1e-4..1e6).contains(&size),
                };
                match is_plain && !(*number == 0.0 && number.is_sign_negative()) {
                    true => self.0.push_str(&number.to_string()),
                    false => return Err(refused()),
                }
            }
            Value::Text(text) => self.string(text, indent)?,
            Value::List(_) => self.0.push_str("[]"),
            Value::Map(_) => self.0.push_str("{}"),
        }
        Ok(())
    }

    fn string(&mut self, text: &str, indent: usize) -> Result<(), String> {
        if text.contains('\n') {
            return self.literal(text, indent);
        }
        let printable =
            |c: char| c == ' ' || c.is_ascii_graphic() || ('\u{c0}'..='\u{24f}').contains(&c);
        let begin = self.0.rfind('\n').map_or(0, |at| at + 1);
        let column = self.0.len() - begin;
        let folds = text.contains(' ') && column + text.len() > WIDTH;
        if !text.chars().all(printable) || folds || is_odd_number(text) {
            return Err(refused());
        }
        match (may_be_something_else(text), needs_quotes(text)) {
            (true, _) if text.contains(['"', '\\']) => return Err(refused()),
            (true, _) => self.0.push_str(&format!("\"{text}\"")),
            (false, true) => self.0.push_str(&format!("'{}'", text.replace('\'', "''"))),
            (false, false) => self.0.push_str(text),
        }
        Ok(())
    }

    fn literal(&mut self, text: &str, indent: usize) -> Result<(), String> {
        let body = text.trim_end_matches('\n');
        let breaks = text.len() - body.len();
        let printable = |c: char| c == ' ' || c == '\n' || c.is_ascii_graphic();
        let is_plain = text.chars().all(printable)
            && !text.contains(" \n")
            && !text.starts_with([' ', '\n'])
            && !text.ends_with(' ');
        if !is_plain || breaks > 1 {
            return Err(refused());
        }
        self.0.push_str(if breaks == 1 { "|" } else { "|-" });
        for line in body.split('\n') {
            self.0.push('\n');
            if !line.is_empty() {
                self.0.push_str(&" ".repeat(indent));
                self.0.push_str(line);
            }
        }
        Ok(())
    }
}

/// Whether a text without quotes would be read as something else than this text.
fn may_be_something_else(text: &str) -> bool {
    let word = text.to_ascii_lowercase();
    if WORDS.contains(&word.as_str()) {
        return is_one_case(text);
    }
    let signed = text.strip_prefix(['+', '-']).unwrap_or(text);
    signed.starts_with(|c: char| c.is_ascii_digit()) && is_number_or_time(text)
        || signed.starts_with('.') && is_float(text)
}

/// `yes`, `Yes` or `YES`.
fn is_one_case(text: &str) -> bool {
    let rest = text.get(1..).unwrap_or_default();
    let lower = |text: &str| !text.contains(|c: char| c.is_ascii_uppercase());
    let upper = |text: &str| !text.contains(|c: char| c.is_ascii_lowercase());
    lower(rest) || upper(text)
}

fn needs_quotes(text: &str) -> bool {
    let first = text.chars().next().unwrap_or_default();
    let rest = text.get(1..).unwrap_or_default();
    let is_indicator = "#,[]{}&*!|>'\"%@`".contains(first);
    let is_alone = "?:-".contains(first) && (rest.is_empty() || rest.starts_with(' '));
    is_indicator
        || is_alone
        || text.starts_with("---")
        || text.starts_with("...")
        || text.starts_with(' ')
        || text.ends_with([' ', ':'])
        || text.contains(": ")
        || text.contains(" #")
}

/// Whether each key stands before all that follow it: the order below is none for some keys, and then by chance.
fn is_ordered(entries: &[(Rc<str>, Value)]) -> bool {
    let mut rest = entries;
    while let Some(((key, _), behind)) = rest.split_first() {
        let before = |(other, _): &(Rc<str>, Value)| natural(key, other) == Ordering::Less;
        if !behind.iter().all(before) {
            return false;
        }
        rest = behind;
    }
    true
}

/// The order in which keys are written: numbers in them by their size.
fn natural(one: &Rc<str>, other: &Rc<str>) -> Ordering {
    let (a, b): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b) else {
        return a.len().cmp(&b.len());
    };
    let (Some(&x), Some(&y)) = (a.get(at), b.get(at)) else {
        return Ordering::Equal;
    };
    match (x.is_alphabetic(), y.is_alphabetic()) {
        (true, true) => return x.cmp(&y),
        (true, false) => return Ordering::Greater,
        (false, true) => return Ordering::Less,
        (false, false) => {}
    }
    let before = a.get(..at).unwrap_or_default().iter().rev();
    let mut before = before.take_while(|c| c.is_ascii_digit());
    let continues = (x == '0' || y == '0') && before.any(|c| *c != '0');
    let number = |letters: &[char]| {
        let digits = letters.iter().skip(at).map_while(|c| c.to_digit(10));
        let mut value = u128::from(continues);
        let mut length = 0;
        for digit in digits.take(DIGITS) {
            value = value * 10 + u128::from(digit);
            length += 1;
        }
        (value, length)
    };
    number(&a).cmp(&number(&b)).then(x.cmp(&y))
}

/// Almost a number, which readers take differently.
fn is_odd_number(text: &str) -> bool {
    let digits = text.trim_start_matches(['+', '-']);
    let begins =
        digits.len() < text.len() || digits.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    let is_binary = digits.starts_with("0b") && !digits.chars().skip(2).all(|c| c.is_digit(2));
    begins && text.contains('_') || is_binary
}

fn is_number_or_time(text: &str) -> bool {
    let plain = text.replace('_', "");
    let digits = plain.strip_prefix(['+', '-']).unwrap_or(&plain);
    let all =
        |digits: &str, radix: u32| !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    let lower = digits.to_ascii_lowercase();
    let is_based = [("0x", 16), ("0o", 8), ("0b", 2)]
        .iter()
        .any(|(start, radix)| {
            lower
                .strip_prefix(start)
                .is_some_and(|digits| all(digits, *radix))
        });
    // A zero in front makes a number of the base eight, else a float.
    is_based || all(digits, 10) || is_float(&plain) || is_time(text) || is_base_60(text)
}

fn is_float(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = digits.split_once(['e', 'E']).unwrap_or((digits, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let (whole, part) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = |digits: &str| digits.chars().all(|c| c.is_ascii_digit());
    all(whole)
        && all(part)
        && !(whole.is_empty() && part.is_empty())
        && all(exponent)
        && !exponent.is_empty()
}

/// `12:30`, which older readers take for a number.
fn is_base_60(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let mut parts = digits.split(':');
    let first = parts.next().unwrap_or_default();
    let is_first = first.starts_with(|c: char| c.is_ascii_digit())
        && first.chars().all(|c| c.is_ascii_digit() || c == '_');
    let mut rest: Vec<&str> = parts.collect();
    if let Some(last) = rest.last_mut() {
        *last = last.split_once('.').map_or(*last, |(whole, _)| whole);
    }
    let is_part = |part: &&str| match part.as_bytes() {
        [digit] => digit.is_ascii_digit(),
        [tens, digit] => (b'0'..=b'5').contains(tens) && digit.is_ascii_digit(),
        _ => false,
    };
    is_first && !rest.is_empty() && rest.iter().all(is_part)
}

/// A date, or a date and a time.
fn is_time(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let digits = |part: &str, lengths: std::ops::RangeInclusive<usize>| {
        lengths.contains(&part.len()) && part.chars().all(|c| c.is_ascii_digit())
    };
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let day = rest.split(['T', 't', ' ']).next().unwrap_or_default();
    digits(year, 4..=4) && digits(month, 1..=2) && digits(day, 1..=2)
}

fn refused() -> String {
    "it is given a text or a number whose spelling in YAML is not built here: use `toJson`"
        .to_owned()
}

/// Words that stand for something else, in one of three spellings.
const WORDS: [&str; 15] = [
    "", "y", "yes", "true", "on", "n", "no", "false", "off", "~", "null", ".nan", ".inf", "+.inf",
    "-.inf",
];
const LONGEST_KEY: usize = 100;
/// Lines longer than this may be folded.
const WIDTH: usize = 76;
/// Digits of a number in a key that count.
const DIGITS: usize = 18;
