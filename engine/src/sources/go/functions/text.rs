//! Functions of texts. A cut through a letter, which Go makes and no text here can hold, is refused.

use super::super::bounds::Bounds;
use super::super::print::shown;
use super::super::value::{Entries, Of, Value};
use super::{Answer, Function, exactly, int, made, size, text};

pub(in crate::sources::go) const FUNCTIONS: &[(&str, Function)] = &[
    ("toString", |given, cx| {
        let [value] = exactly(given)?;
        shown(value, cx).map(|text| Value::text(&text))
    }),
    ("lower", |given, cx| {
        of_one(given, cx, |text| mapped(text, |c| one(c.to_lowercase())))
    }),
    ("upper", |given, cx| {
        of_one(given, cx, |text| mapped(text, |c| one(c.to_uppercase())))
    }),
    ("title", |given, cx| of_one(given, cx, title)),
    ("untitle", |given, cx| of_one(given, cx, untitle)),
    ("swapcase", |given, cx| of_one(given, cx, swapped)),
    ("trim", |given, cx| {
        of_one(given, cx, |text| Ok(text.trim().to_owned()))
    }),
    ("nospace", |given, cx| {
        of_one(given, cx, |text| {
            let text = ascii(text)?;
            Ok(text.chars().filter(|c| !is_space(*c)).collect())
        })
    }),
    ("initials", |given, cx| {
        of_one(given, cx, |text| {
            let words = ascii(text)?.split(is_space);
            Ok(words.filter_map(|word| word.chars().next()).collect())
        })
    }),
    ("normalize", |given, cx| {
        of_one(given, cx, |text| {
            let lower = mapped(text, |c| one(c.to_lowercase()))?;
            Ok(normalized(&lower))
        })
    }),
    ("trimAll", |given, cx| {
        of_two(given, cx, |of, text| {
            text.trim_matches(|c| of.contains(c)).to_owned()
        })
    }),
    ("trimall", |given, cx| {
        of_two(given, cx, |of, text| {
            text.trim_matches(|c| of.contains(c)).to_owned()
        })
    }),
    ("trimPrefix", |given, cx| {
        of_two(given, cx, |start, text| {
            text.strip_prefix(start).unwrap_or(text).to_owned()
        })
    }),
    ("trimSuffix", |given, cx| {
        of_two(given, cx, |end, text| {
            text.strip_suffix(end).unwrap_or(text).to_owned()
        })
    }),
    ("contains", |given, _| {
        is(given, |part, text| text.contains(part))
    }),
    ("hasPrefix", |given, _| {
        is(given, |part, text| text.starts_with(part))
    }),
    ("hasSuffix", |given, _| {
        is(given, |part, text| text.ends_with(part))
    }),
    ("replace", |given, cx| {
        let [old, new, all] = exactly(given)?;
        let (old, new, all) = (text(old)?, text(new)?, text(all)?);
        cx.made(all.len().saturating_add(1).saturating_mul(new.len().max(1)) / old.len().max(1))?;
        made(all.replace(old, new), cx)
    }),
    ("repeat", |given, cx| {
        let [count, part] = exactly(given)?;
        let (count, part) = (size(int(count)?)?, text(part)?);
        cx.made(count.saturating_mul(part.len()))?;
        made(part.repeat(count), cx)
    }),
    ("substr", |given, cx| {
        let [start, end, all] = exactly(given)?;
        let (start, end, all) = (int(start)?, int(end)?, text(all)?);
        let length = i64::try_from(all.len()).map_err(|_| "it is too long")?;
        let (start, end) = match (start, end) {
            (..0, end) => (0, end),
            (start, end) if end < 0 || end > length => (start, length),
            pair => pair,
        };
        made(cut(all, size(start)?, size(end)?)?.to_owned(), cx)
    }),
    ("trunc", |given, cx| {
        let [length, all] = exactly(given)?;
        let (length, all) = (int(length)?, text(all)?);
        let kept = usize::try_from(length.unsigned_abs()).unwrap_or(usize::MAX);
        let text = match length < 0 {
            _ if kept >= all.len() => all,
            true => cut(all, all.len() - kept, all.len())?,
            false => cut(all, 0, kept)?,
        };
        made(text.to_owned(), cx)
    }),
    ("abbrev", |given, cx| {
        let [width, all] = exactly(given)?;
        let (width, all) = (int(width)?, text(all)?);
        match usize::try_from(width) {
            Ok(width @ 4..) if all.len() > width => {
                made(cut(all, 0, width - 3)?.to_owned() + "...", cx)
            }
            _ => Ok(Value::text(all)),
        }
    }),
    ("indent", |given, cx| indented("", given, cx)),
    ("nindent", |given, cx| indented("\n", given, cx)),
    ("quote", |given, cx| each(given, cx, quoted)),
    ("squote", |given, cx| {
        each(given, cx, |text| Ok(format!("'{text}'")))
    }),
    ("cat", |given, cx| {
        each(given, cx, |text| Ok(text.to_owned()))
    }),
    ("plural", |given, _| {
        let [single, many, count] = exactly(given)?;
        let chosen = if int(count)? == 1 {
            text(single)?
        } else {
            text(many)?
        };
        text(single).and(text(many))?;
        Ok(Value::text(chosen))
    }),
    ("splitList", |given, cx| {
        let [by, all] = exactly(given)?;
        Value::texts(split(text(by)?, text(all)?, usize::MAX, cx)?)
    }),
    ("split", |given, cx| {
        let [by, all] = exactly(given)?;
        let parts = split(text(by)?, text(all)?, usize::MAX, cx)?;
        Ok(numbered(&parts, cx))
    }),
    ("splitn", |given, cx| {
        let [by, count, all] = exactly(given)?;
        let count = match int(count)? {
            0 => 0,
            ..0 => usize::MAX,
            count => size(count)?,
        };
        let parts = split(text(by)?, text(all)?, count, cx)?;
        Ok(numbered(&parts, cx))
    }),
    ("hello", |given, _| {
        let [] = exactly(given)?;
        Ok(Value::text("Hello!"))
    }),
];

/// A name that Kubernetes takes, as Argo CD makes it.
pub(in crate::sources) fn normalized(name: &str) -> String {
    let kept = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
    let name = name.to_lowercase();
    let name: String = name
        .chars()
        .map(|c| if kept(c) { c } else { '-' })
        .take(LONGEST)
        .collect();
    name.trim_matches(['-', '.']).to_owned()
}

/// A text in Go's quotes.
pub(in crate::sources::go) fn quoted(text: &str) -> Result<String, String> {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\t' => quoted.push_str("\\t"),
            '\n' => quoted.push_str("\\n"),
            '\u{b}' => quoted.push_str("\\v"),
            '\u{c}' => quoted.push_str("\\f"),
            '\r' => quoted.push_str("\\r"),
            c if c.is_ascii_control() => quoted.push_str(&format!("\\x{:02x}", u32::from(c))),
            c if c.is_ascii() || ('\u{c0}'..='\u{24f}').contains(&c) => quoted.push(c),
            _ => return Err("which letters it escapes is not known here".to_owned()),
        }
    }
    quoted.push('"');
    Ok(quoted)
}

fn of_one(
    given: &[Value],
    cx: &Bounds<'_>,
    function: impl Fn(&str) -> Result<String, String>,
) -> Answer {
    let [all] = exactly(given)?;
    made(function(text(all)?)?, cx)
}

fn of_two(given: &[Value], cx: &Bounds<'_>, function: impl Fn(&str, &str) -> String) -> Answer {
    let [first, all] = exactly(given)?;
    made(function(text(first)?, text(all)?), cx)
}

fn is(given: &[Value], holds: impl Fn(&str, &str) -> bool) -> Answer {
    let [part, all] = exactly(given)?;
    Ok(Value::Bool(holds(text(part)?, text(all)?)))
}

/// All values that are there, as texts, with a space between them.
fn each(
    given: &[Value],
    cx: &mut Bounds<'_>,
    function: impl Fn(&str) -> Result<String, String>,
) -> Answer {
    let mut texts = Vec::new();
    for value in given
        .iter()
        .filter(|value| !matches!(value, Value::Missing | Value::Nil))
    {
        let text = shown(value, cx)?;
        texts.push(function(&text)?);
    }
    made(texts.join(" "), cx)
}

fn indented(before: &str, given: &[Value], cx: &Bounds<'_>) -> Answer {
    let [spaces, all] = exactly(given)?;
    let (spaces, all) = (size(int(spaces)?)?, text(all)?);
    let lines = all.split('\n').count();
    cx.made(spaces.saturating_mul(lines).saturating_add(all.len()))?;
    let pad = " ".repeat(spaces);
    made(
        format!("{before}{pad}{}", all.replace('\n', &format!("\n{pad}"))),
        cx,
    )
}

/// The part between two bytes, where both are at the edge of a letter.
fn cut(all: &str, start: usize, end: usize) -> Result<&str, String> {
    let part = all.get(start..end);
    part.ok_or_else(|| "it would cut a letter, or take more than there is".to_owned())
}

/// Go's `strings.SplitN`.
fn split<'t>(by: &str, all: &'t str, most: usize, cx: &Bounds<'_>) -> Result<Vec<&'t str>, String> {
    cx.made(all.len() * 4)?;
    if by.is_empty() {
        return Err("it splits by nothing, which is not built here".to_owned());
    }
    Ok(match most {
        0 => Vec::new(),
        most => all.splitn(most, by).collect(),
    })
}

/// `_0`, `_1`, …
fn numbered(parts: &[&str], cx: &mut Bounds<'_>) -> Value {
    let entries = parts.iter().enumerate();
    let entries = entries.map(|(at, part)| (format!("_{at}").into(), Value::text(part)));
    let entries: Entries = entries.collect();
    Value::map(entries, Of::Texts, cx)
}

fn mapped(text: &str, letter: impl Fn(char) -> Result<char, String>) -> Result<String, String> {
    text.chars().map(letter).collect()
}

/// The one letter that a letter becomes; where it becomes several, Go has another one.
fn one(mut letters: impl Iterator<Item = char>) -> Result<char, String> {
    match (letters.next(), letters.next()) {
        (Some(c), None) => Ok(c),
        _ => Err(NOT_ASCII.to_owned()),
    }
}

fn ascii(text: &str) -> Result<&str, String> {
    match text.is_ascii() {
        true => Ok(text),
        false => Err(NOT_ASCII.to_owned()),
    }
}

/// What Go takes for white space, of ASCII.
fn is_space(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\u{b}' | '\u{c}' | '\r' | ' ')
}

/// The first letter of each word made large.
fn title(text: &str) -> Result<String, String> {
    let mut begins = true;
    let letter = |c: char| {
        let letter = if begins { c.to_ascii_uppercase() } else { c };
        begins = !(c.is_ascii_alphanumeric() || c == '_');
        letter
    };
    Ok(ascii(text)?.chars().map(letter).collect())
}

fn untitle(text: &str) -> Result<String, String> {
    let mut begins = true;
    let letter = |c: char| {
        if is_space(c) {
            begins = true;
            return c;
        }
        let letter = if begins { c.to_ascii_lowercase() } else { c };
        begins = false;
        letter
    };
    Ok(ascii(text)?.chars().map(letter).collect())
}

fn swapped(text: &str) -> Result<String, String> {
    let letter = |c: char| match c.is_ascii_uppercase() {
        true => c.to_ascii_lowercase(),
        false => c.to_ascii_uppercase(),
    };
    Ok(ascii(text)?.chars().map(letter).collect())
}

const LONGEST: usize = 253;
const NOT_ASCII: &str = "it is given letters for which it is not built here";
