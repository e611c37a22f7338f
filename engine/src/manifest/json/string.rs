//! JSON strings: escapes and surrogate pairs.
//! Knows nothing of what stands around them.

use super::Problem;

/// Reads the string whose opening quote is at `start`; gives it with the place behind it, or the
/// problem with its place.
pub(super) fn read(text: &str, start: usize) -> Result<(String, usize), (Problem, usize)> {
    let mut value = String::new();
    let mut at = start + 1;
    loop {
        let rest = text.get(at..).unwrap_or_default();
        let Some(length) = rest
            .bytes()
            .position(|byte| matches!(byte, b'"' | b'\\') || byte < b' ')
        else {
            return Err((syntax("the string does not end"), text.len()));
        };
        value.push_str(rest.get(..length).unwrap_or_default());
        at += length;
        match text.as_bytes().get(at) {
            Some(b'"') => return Ok((value, at + 1)),
            Some(b'\\') => {
                let (character, length) =
                    escape(text.get(at..).unwrap_or_default()).map_err(|problem| (problem, at))?;
                value.push(character);
                at += length;
            }
            _ => return Err((syntax("a control character in a string"), at)),
        }
    }
}

/// The character of the escape at the beginning of `rest`, and its length.
fn escape(rest: &str) -> Result<(char, usize), Problem> {
    let character = match rest.as_bytes().get(1) {
        Some(b'"') => '"',
        Some(b'\\') => '\\',
        Some(b'/') => '/',
        Some(b'b') => '\u{8}',
        Some(b'f') => '\u{c}',
        Some(b'n') => '\n',
        Some(b'r') => '\r',
        Some(b't') => '\t',
        Some(b'u') => return unicode(rest),
        _ => return Err(syntax("an unknown escape")),
    };
    Ok((character, 2))
}

fn unicode(rest: &str) -> Result<(char, usize), Problem> {
    let unit = unit(rest).ok_or(syntax("four hexadecimal digits are missing"))?;
    if let Some(character) = char::from_u32(unit) {
        return Ok((character, UNIT));
    }
    // What is left is a surrogate; only high and then low make a character.
    let low = rest
        .get(UNIT..)
        .and_then(self::unit)
        .filter(|low| (0xdc00..0xe000).contains(low));
    match low {
        Some(low) if unit < 0xdc00 => {
            let code = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
            let character = char::from_u32(code).ok_or(Problem::JsonString)?;
            Ok((character, 2 * UNIT))
        }
        _ => Err(Problem::JsonString),
    }
}

/// The code unit of `\uXXXX`.
fn unit(rest: &str) -> Option<u32> {
    let digits = rest.strip_prefix("\\u")?.get(..4)?;
    if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, 16).ok()
}

fn syntax(reason: &'static str) -> Problem {
    Problem::JsonSyntax { reason }
}

const UNIT: usize = "\\uXXXX".len();
