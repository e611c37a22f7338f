//! Go's `fmt.Sprintf`, for the verbs and flags that templates use. The others are refused.

use super::bounds::Bounds;
use super::functions::text::quoted;
use super::print::shown;
use super::value::Value;

/// A verb with what stands before it.
#[derive(Default)]
struct Directive {
    minus: bool,
    plus: bool,
    zero: bool,
    width: Option<usize>,
    precision: Option<usize>,
}

pub(super) fn printf(
    format: &str,
    values: &[Value],
    cx: &mut Bounds<'_>,
) -> Result<String, String> {
    let mut values = values.iter();
    let mut text = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('%') {
        text.push_str(before);
        let (directive, verb, behind) = directive(after)?;
        rest = behind;
        if verb == '%' {
            text.push('%');
            continue;
        }
        let value = values.next().ok_or("`printf` is given too few values")?;
        let written = directive.write(verb, value, cx)?;
        let padded = directive.pad(written, value);
        cx.made(padded.len())?;
        text.push_str(&padded);
    }
    text.push_str(rest);
    cx.made(text.len())?;
    match values.next() {
        None => Ok(text),
        Some(_) => Err("`printf` is given too many values".to_owned()),
    }
}

fn directive(after: &str) -> Result<(Directive, char, &str), String> {
    let mut directive = Directive::default();
    let mut rest = after;
    loop {
        let mut letters = rest.chars();
        match letters.next() {
            Some('-') => directive.minus = true,
            Some('+') => directive.plus = true,
            Some('0') => directive.zero = true,
            _ => break,
        }
        rest = letters.as_str();
    }
    (directive.width, rest) = digits(rest)?;
    if let Some(behind) = rest.strip_prefix('.') {
        (directive.precision, rest) = digits(behind)?;
        directive.precision = directive.precision.or(Some(0));
    }
    let mut letters = rest.chars();
    match letters.next() {
        Some(verb) => Ok((directive, verb, letters.as_str())),
        None => Err("`printf` ends within a verb".to_owned()),
    }
}

fn digits(text: &str) -> Result<(Option<usize>, &str), String> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, rest) = text.split_at_checked(end).unwrap_or(("", text));
    match number {
        "" => Ok((None, rest)),
        number => match number.parse() {
            Ok(number) if number <= MOST_WIDTH => Ok((Some(number), rest)),
            _ => Err("`printf` is given a width that is not taken here".to_owned()),
        },
    }
}

impl Directive {
    fn write(&self, verb: char, value: &Value, cx: &mut Bounds<'_>) -> Result<String, String> {
        let is_plain = self.precision.is_none() && !self.plus;
        // Versions of Go pad other things than numbers with zeros, or with spaces.
        if self.zero && !matches!(value, Value::Int(..) | Value::Float(_)) {
            return Err(refused());
        }
        Ok(match (verb, value) {
            ('v', Value::Int(..)) if is_plain => shown(value, cx)?,
            ('d', Value::Int(..)) if self.precision.is_none() => self.signed(shown(value, cx)?),
            ('v' | 's', Value::Text(text)) if !self.plus => self.cut(text),
            ('q', Value::Text(text)) if is_plain => quoted(text)?,
            ('v', value) if is_plain && self.width.is_none() && !self.zero => shown(value, cx)?,
            ('s', Value::List(list)) if is_plain && self.width.is_none() => {
                match list
                    .known()?
                    .iter()
                    .all(|item| matches!(item, Value::Text(_)))
                {
                    true => shown(value, cx)?,
                    false => return Err(refused()),
                }
            }
            ('t' | 'v', Value::Bool(_)) if is_plain => shown(value, cx)?,
            ('f' | 'F', Value::Float(number)) if number.is_finite() => {
                let places = self.precision.unwrap_or(6);
                self.signed(format!("{number:.places$}"))
            }
            ('g', Value::Float(_)) if self.precision.is_none() => self.signed(shown(value, cx)?),
            ('x', Value::Int(number, _)) if is_plain && *number >= 0 => format!("{number:x}"),
            ('X', Value::Int(number, _)) if is_plain && *number >= 0 => format!("{number:X}"),
            ('o', Value::Int(number, _)) if is_plain && *number >= 0 => format!("{number:o}"),
            ('b', Value::Int(number, _)) if is_plain && *number >= 0 => format!("{number:b}"),
            ('c', Value::Int(number, _)) if is_plain => {
                let letter = u32::try_from(*number).ok().and_then(char::from_u32);
                letter.ok_or_else(refused)?.to_string()
            }
            _ => return Err(refused()),
        })
    }

    fn signed(&self, number: String) -> String {
        match self.plus && !number.starts_with('-') {
            true => format!("+{number}"),
            false => number,
        }
    }

    fn cut(&self, text: &str) -> String {
        match self.precision {
            Some(most) => text.chars().take(most).collect(),
            None => text.to_owned(),
        }
    }

    fn pad(&self, written: String, value: &Value) -> String {
        let lacking = self
            .width
            .unwrap_or_default()
            .saturating_sub(written.chars().count());
        if lacking == 0 {
            return written;
        }
        let is_number = matches!(value, Value::Int(..) | Value::Float(_));
        if self.minus {
            return written + &" ".repeat(lacking);
        }
        if self.zero && is_number {
            let digits = written.trim_start_matches(['-', '+']);
            let sign = written.strip_suffix(digits).unwrap_or_default();
            return format!("{sign}{}{digits}", "0".repeat(lacking));
        }
        let with = if self.zero { "0" } else { " " };
        with.repeat(lacking) + &written
    }
}

/// Which verb it is would show a letter of a format that may be a parameter.
fn refused() -> String {
    "`printf` is given a verb with flags or a value that are not built here".to_owned()
}

const MOST_WIDTH: usize = 1_000;
