//! What a plain scalar means: Kubernetes' reading, which is that of go-yaml v2 (YAML 1.1 less the
//! base-60 numbers). Knows text only; held to Go's answers by `testdata/yaml/scalars/table.jsonl`.

use serde_json::Number;

/// A scalar after resolution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scalar {
    /// `null`, `~` or nothing.
    Null,
    /// `yes`, `off`, `true` and their kin.
    Bool(bool),
    /// An integer that fits 64 bits.
    Int(i64),
    /// An integer that fits 64 bits without sign only.
    Uint(u64),
    /// Any other finite number.
    Float(f64),
    /// `.inf`, `-.inf` or `.nan`, which JSON cannot say.
    NonFinite,
    /// Everything else, dates included.
    Text,
}

/// Resolves a plain scalar without a tag.
pub(super) fn resolve(text: &str) -> Scalar {
    match text.as_bytes().first() {
        None => Scalar::Null,
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => {
            word(text)
        }
        Some(b'.') if NON_FINITE.contains(&text) => Scalar::NonFinite,
        Some(b'.') => dotted(text),
        Some(b'+' | b'-') if is_signed_infinity(text) => Scalar::NonFinite,
        Some(b'+' | b'-' | b'0'..=b'9') => number(text),
        Some(_) => Scalar::Text,
    }
}

impl Scalar {
    /// The JSON number, where this is one. A whole float is an integer, as Go prints it.
    pub(super) fn to_number(self) -> Option<Number> {
        match self {
            Self::Int(value) => Some(value.into()),
            Self::Uint(value) => Some(value.into()),
            Self::Float(value) => float_number(value),
            Self::Null | Self::Bool(_) | Self::NonFinite | Self::Text => None,
        }
    }

    /// The string that Kubernetes' loader makes of a key; `None` where it refuses the key.
    pub(super) fn to_key(self, text: &str) -> Option<Box<str>> {
        match self {
            Self::Bool(value) => Some(value.to_string().into()),
            Self::Int(value) => Some(value.to_string().into()),
            Self::Float(value) => float_key(value),
            Self::Text => Some(text.into()),
            Self::Null | Self::Uint(_) | Self::NonFinite => None,
        }
    }
}

/// The number of a finite float: the shortest decimal that means it, read again, since that is
/// what passes from Kubernetes' YAML loader to its JSON reader.
pub(super) fn float_number(value: f64) -> Option<Number> {
    if value == 0.0 {
        return Some(0.into());
    }
    if value.fract() == 0.0 && value.abs() < 1e20 {
        let digits = value.to_string();
        let whole = digits.parse::<i64>().map(Number::from);
        if let Ok(whole) = whole.or_else(|_| digits.parse::<u64>().map(Number::from)) {
            return Some(whole);
        }
    }
    Number::from_f64(value)
}

fn word(text: &str) -> Scalar {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Scalar::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Scalar::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        _ => Scalar::Text,
    }
}

fn is_signed_infinity(text: &str) -> bool {
    text.get(1..)
        .is_some_and(|rest| matches!(rest, ".inf" | ".Inf" | ".INF"))
}

/// A scalar that begins with a dot. Go reads it with its own float syntax: an underscore may stand
/// between two digits.
fn dotted(text: &str) -> Scalar {
    let without;
    let plain = if text.contains('_') {
        let bytes = text.as_bytes();
        let between_digits = bytes.windows(3).filter(|window| {
            matches!(window, [left, b'_', right] if left.is_ascii_digit() && right.is_ascii_digit())
        });
        if between_digits.count() != bytes.iter().filter(|byte| **byte == b'_').count() {
            return Scalar::Text;
        }
        without = text.replace('_', "");
        &without
    } else {
        text
    };
    if is_decimal(plain) {
        float(plain)
    } else {
        Scalar::Text
    }
}

fn number(text: &str) -> Scalar {
    let without;
    let plain = if text.contains('_') {
        without = text.replace('_', "");
        &without
    } else {
        text
    };
    if let Some(integer) = integer(plain) {
        return integer;
    }
    if is_decimal(plain) {
        return float(plain);
    }
    // Go tries once more what stands behind `0b`, and then a sign is let through.
    plain
        .strip_prefix("0b")
        .filter(|rest| rest.starts_with(['+', '-']))
        .and_then(|rest| i64::from_str_radix(rest, 2).ok())
        .map_or(Scalar::Text, Scalar::Int)
}

/// Go's `ParseInt` and then `ParseUint` with base 0: `0x`, `0o`, `0b` and a leading zero.
fn integer(plain: &str) -> Option<Scalar> {
    let (sign, digits) = match plain.as_bytes().first() {
        Some(b'-') => ("-", plain.get(1..)?),
        Some(b'+') => ("+", plain.get(1..)?),
        _ => ("", plain),
    };
    let (base, digits) = base_of(digits);
    if !digits.bytes().all(|digit| char::from(digit).is_digit(base)) {
        return None;
    }
    if digits.is_empty() {
        // Only a lone zero gets here without digits.
        return (base == 8).then_some(Scalar::Int(0));
    }
    let magnitude = u64::from_str_radix(digits, base).ok()?;
    match (sign, i64::try_from(magnitude)) {
        ("-", Ok(value)) => Some(Scalar::Int(-value)),
        ("-", Err(_)) => (magnitude == i64::MIN.unsigned_abs()).then_some(Scalar::Int(i64::MIN)),
        (_, Ok(value)) => Some(Scalar::Int(value)),
        ("", Err(_)) => Some(Scalar::Uint(magnitude)),
        (_, Err(_)) => None,
    }
}

fn base_of(digits: &str) -> (u32, &str) {
    let Some(rest) = digits.strip_prefix('0') else {
        return (10, digits);
    };
    let base = match rest.as_bytes() {
        [b'x' | b'X', _, ..] => 16,
        [b'o' | b'O', _, ..] => 8,
        [b'b' | b'B', _, ..] => 2,
        _ => return (8, rest),
    };
    (base, rest.get(1..).unwrap_or_default())
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, "0"));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && (!whole.is_empty() || mantissa.starts_with('.'))
        && exponent_fits
}

/// What overflows is text, as in Go.
fn float(text: &str) -> Scalar {
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Scalar::Float(value),
        _ => Scalar::Text,
    }
}

/// Go's `FormatFloat(value, 'g', -1, 32)`: yes, in single precision.
fn float_key(value: f64) -> Option<Box<str>> {
    #[expect(clippy::cast_possible_truncation, reason = "the loader rounds keys so")]
    let single = value as f32;
    if !single.is_finite() {
        return None;
    }
    let scientific = format!("{single:e}");
    let (mantissa, exponent) = scientific.split_once('e')?;
    let exponent: i32 = exponent.parse().ok()?;
    if !(-4..6).contains(&exponent) {
        let sign = if exponent < 0 { '-' } else { '+' };
        return Some(format!("{mantissa}e{sign}{:02}", exponent.abs()).into());
    }
    Some(single.to_string().into())
}

const NON_FINITE: [&str; 6] = [".nan", ".NaN", ".NAN", ".inf", ".Inf", ".INF"];
