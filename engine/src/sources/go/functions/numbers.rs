//! Arithmetic and conversion of numbers, with Go's types and its truncation.
//! What is written in a way that programs read differently is refused.

use super::super::bounds::Bounds;
use super::super::print::shown;
use super::super::value::{Of, Value, Width};
use super::{Answer, Function, exactly, int, made, text};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("atoi", |given, _| {
        let [written] = exactly(given)?;
        let written = text(written)?;
        let digits = written.trim_start_matches(['+', '-']);
        match written.parse() {
            Ok(number) => Ok(Value::int(number)),
            Err(_) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Err(TOO_LARGE.to_owned())
            }
            Err(_) => Ok(Value::int(0)),
        }
    }),
    ("int", |given, _| {
        let [value] = exactly(given)?;
        whole(value).map(Value::int)
    }),
    ("int64", |given, _| {
        let [value] = exactly(given)?;
        whole(value).map(Value::int64)
    }),
    ("float64", |given, _| {
        let [value] = exactly(given)?;
        float(value).map(Value::Float)
    }),
    ("toDecimal", |given, cx| {
        let [value] = exactly(given)?;
        let octal = shown(value, cx)?;
        let digits = octal.trim_start_matches(['+', '-']);
        let number = i64::from_str_radix(&octal, 8);
        match number {
            Err(_)
                if digits.bytes().all(|byte| (b'0'..b'8').contains(&byte))
                    && !digits.is_empty() =>
            {
                Err(TOO_LARGE.to_owned())
            }
            number => Ok(Value::int64(number.unwrap_or_default())),
        }
    }),
    ("add1", |given, _| {
        let [value] = exactly(given)?;
        sure(whole(value)?.checked_add(1))
    }),
    ("add", |given, _| folded(0, given, i64::checked_add)),
    ("sub", |given, _| {
        let [one, other] = exactly(given)?;
        sure(whole(one)?.checked_sub(whole(other)?))
    }),
    ("mul", |given, _| {
        let (first, rest) = given.split_first().ok_or("it is given nothing")?;
        folded(whole(first)?, rest, i64::checked_mul)
    }),
    ("div", |given, _| {
        let [one, other] = exactly(given)?;
        sure(whole(one)?.checked_div(whole(other)?))
    }),
    ("mod", |given, _| {
        let [one, other] = exactly(given)?;
        sure(whole(one)?.checked_rem(whole(other)?))
    }),
    ("max", |given, _| extreme(given, i64::max)),
    ("biggest", |given, _| extreme(given, i64::max)),
    ("min", |given, _| extreme(given, i64::min)),
    ("maxf", |given, _| extreme_float(given, f64::max)),
    ("minf", |given, _| extreme_float(given, f64::min)),
    ("floor", |given, _| {
        let [value] = exactly(given)?;
        Ok(Value::Float(float(value)?.floor()))
    }),
    ("ceil", |given, _| {
        let [value] = exactly(given)?;
        Ok(Value::Float(float(value)?.ceil()))
    }),
    ("round", |given, _| {
        let [value, places] = exactly(given)?;
        let (value, places) = (float(value)?, int(places)?);
        let places = i32::try_from(places)
            .ok()
            .filter(|places| (0..=9).contains(places));
        let by = 10_f64.powi(places.ok_or("it is given places that are not built here")?);
        let moved = by * value;
        let up = moved - moved.trunc() >= 0.5;
        Ok(Value::Float(
            if up { moved.ceil() } else { moved.floor() } / by,
        ))
    }),
    ("until", |given, cx| {
        let [count] = exactly(given)?;
        let count = int(count)?;
        steps(0, count, if count < 0 { -1 } else { 1 }, cx)
    }),
    ("untilStep", |given, cx| {
        let [start, stop, step] = exactly(given)?;
        steps(int(start)?, int(stop)?, int(step)?, cx)
    }),
    ("seq", |given, cx| {
        let given: Vec<i64> = given.iter().map(int).collect::<Result<_, _>>()?;
        let direction = |start: i64, end: i64| if end < start { -1 } else { 1 };
        let (start, step, end) = match given.as_slice() {
            [end] => (1, direction(1, *end), *end),
            [start, end] => (*start, direction(*start, *end), *end),
            [start, step, end] if end < start && *step > 0 => return Ok(Value::text("")),
            [start, step, end] => (*start, *step, *end),
            _ => return Ok(Value::text("")),
        };
        let behind = end.checked_add(direction(start, end)).ok_or(TOO_LARGE)?;
        let numbers = numbers(start, behind, step, cx)?;
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        made(numbers.join(" "), cx)
    }),
];

/// sprig's conversion to a whole number.
pub(super) fn whole(value: &Value) -> Result<i64, String> {
    match value {
        Value::Int(number, _) => Ok(*number),
        Value::Float(number) if number.abs() < EXACT => {
            #[expect(
                clippy::cast_possible_truncation,
                reason = "Go truncates too, and the bound is above"
            )]
            let number = *number as i64;
            Ok(number)
        }
        Value::Float(_) => Err(TOO_LARGE.to_owned()),
        Value::Bool(value) => Ok(i64::from(*value)),
        Value::Missing | Value::Nil => Ok(0),
        Value::Text(text) => written(text),
        Value::List(_) | Value::Map(_) => Ok(0),
    }
}

/// A whole number in a text; zero where it is none.
fn written(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_plain = digits == "0" || !digits.starts_with('0') && is_number(digits);
    if is_plain {
        return text.parse().map_err(|_| TOO_LARGE.to_owned());
    }
    let is_strange = |c: char| {
        !(c.is_ascii_hexdigit() || matches!(c, 'x' | 'X' | 'o' | 'O' | '_' | '.' | '+' | '-'))
    };
    match text.is_empty() || text.contains(is_strange) {
        true => Ok(0),
        false => Err(STRANGE.to_owned()),
    }
}

fn is_number(digits: &str) -> bool {
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn float(value: &Value) -> Result<f64, String> {
    match value {
        Value::Float(number) => Ok(*number),
        Value::Text(text) => {
            let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
            let (whole, rest) = digits.split_once('.').unwrap_or((digits, "0"));
            match is_number(whole) && is_number(rest) {
                true => text.parse().map_err(|_| STRANGE.to_owned()),
                false => Err(STRANGE.to_owned()),
            }
        }
        other => {
            let number = whole(other)?;
            #[expect(clippy::cast_precision_loss, reason = "Go converts so too")]
            let number = number as f64;
            Ok(number)
        }
    }
}

fn sure(number: Option<i64>) -> Answer {
    number
        .map(Value::int64)
        .ok_or_else(|| "it divides by zero, or gives more than an integer holds".to_owned())
}

fn folded(first: i64, given: &[Value], by: fn(i64, i64) -> Option<i64>) -> Answer {
    let mut result = Some(first);
    for value in given {
        let value = whole(value)?;
        result = result.and_then(|result| by(result, value));
    }
    sure(result)
}

fn extreme(given: &[Value], of: fn(i64, i64) -> i64) -> Answer {
    let numbers: Vec<i64> = given.iter().map(whole).collect::<Result<_, _>>()?;
    let found = numbers.into_iter().reduce(of);
    found
        .map(Value::int64)
        .ok_or_else(|| "it is given nothing".to_owned())
}

fn extreme_float(given: &[Value], of: fn(f64, f64) -> f64) -> Answer {
    let numbers: Vec<f64> = given.iter().map(float).collect::<Result<_, _>>()?;
    let found = numbers.into_iter().reduce(of);
    found
        .map(Value::Float)
        .ok_or_else(|| "it is given nothing".to_owned())
}

fn steps(start: i64, stop: i64, step: i64, cx: &Bounds<'_>) -> Answer {
    let numbers = numbers(start, stop, step, cx)?;
    let numbers = numbers
        .into_iter()
        .map(|number| Value::Int(number, Width::Int));
    Value::list(numbers.collect(), Of::Ints)
}

fn numbers(start: i64, stop: i64, step: i64, cx: &Bounds<'_>) -> Result<Vec<i64>, String> {
    if (stop < start) != (step < 0) || step == 0 {
        return Ok(Vec::new());
    }
    let distance = stop.abs_diff(start).div_ceil(step.unsigned_abs());
    let length = usize::try_from(distance).map_err(|_| TOO_LARGE.to_owned())?;
    cx.made(length.saturating_mul(size_of::<Value>()))?;
    let mut found = Vec::new();
    let mut number = start;
    for _ in 0..length {
        found.push(number);
        number = number.saturating_add(step);
    }
    Ok(found)
}

/// Floats below it are exact as whole numbers.
const EXACT: f64 = 9_007_199_254_740_992.0;
const TOO_LARGE: &str = "it is given a number that is too large";
const STRANGE: &str = "it is given a number that is written in a way that is not read here";
