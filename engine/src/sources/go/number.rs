//! Numbers: as templates write them, and as Go prints them.
//! Spellings that programs read in several ways are not read at all.

use super::lex::Kind;

/// A number of a template; nothing where it is octal, has underscores or is no number.
pub(super) fn read(written: &str) -> Option<Kind> {
    let digits = written.strip_prefix(['+', '-']).unwrap_or(written);
    if let Some(hex) = digits.strip_prefix("0x").or(digits.strip_prefix("0X")) {
        let number = i64::from_str_radix(hex, 16).ok()?;
        let is_plain = hex.chars().all(|c| c.is_ascii_hexdigit());
        let number = if written.starts_with('-') {
            -number
        } else {
            number
        };
        return is_plain.then_some(Kind::Int(number));
    }
    let mut rest = digits.chars();
    let octal = rest.next() == Some('0') && rest.next().is_some_and(|c| c.is_ascii_digit());
    let known = |c: char| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-');
    if octal
        || !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        || !digits.chars().all(known)
    {
        return None;
    }
    if digits.contains(['.', 'e', 'E']) {
        let number: f64 = written.parse().ok()?;
        return number.is_finite().then_some(Kind::Float(number));
    }
    written.parse().ok().map(Kind::Int)
}

/// A float as `%v` prints it: the shortest digits that tell it apart.
pub(super) fn float(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let (digits, exponent) = shortest(number);
    if number != 0.0 && !PLAIN.contains(&exponent) {
        return scientific(number, &digits, exponent);
    }
    format!("{number}")
}

/// A float as JSON has it in Go.
pub(super) fn float_in_json(number: f64) -> Option<String> {
    if !number.is_finite() {
        return None;
    }
    let (digits, exponent) = shortest(number);
    if number == 0.0 || (1e-6..1e21).contains(&number.abs()) {
        return Some(format!("{number}"));
    }
    // Go takes the zero out of a negative exponent of one digit, and leaves it in a positive one, which has two.
    let written = scientific(number, &digits, exponent);
    Some(written.replace("e-0", "e-"))
}

fn scientific(number: f64, digits: &str, exponent: i32) -> String {
    let sign = if number.is_sign_negative() { "-" } else { "" };
    let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
    let point = if rest.is_empty() { "" } else { "." };
    let direction = if exponent < 0 { '-' } else { '+' };
    let exponent = exponent.unsigned_abs();
    format!("{sign}{first}{point}{rest}e{direction}{exponent:02}")
}

/// The shortest digits, and the power of ten of the first one.
fn shortest(number: f64) -> (String, i32) {
    let written = format!("{:e}", number.abs());
    let (digits, exponent) = written.split_once('e').unwrap_or((&written, "0"));
    let digits = digits.replace('.', "");
    (digits, exponent.parse().unwrap_or_default())
}

/// Powers of ten that `%v` writes without an exponent.
const PLAIN: std::ops::Range<i32> = -4..6;
