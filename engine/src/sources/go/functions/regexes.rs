//! Functions of regular expressions. Go's syntax is rewritten to what means the same here; what may mean
//! something else is refused.

use std::iter::Peekable;
use std::str::Chars;

use regex::{NoExpand, Regex, RegexBuilder};

use super::super::bounds::Bounds;
use super::super::value::Value;
use super::{Function, exactly, int, made, size, text};

pub(super) const FUNCTIONS: &[(&str, Function)] = &[
    ("regexMatch", |given, cx| {
        let [pattern, all] = exactly(given)?;
        let (regex, all) = compiled(pattern, all, cx)?;
        Ok(Value::Bool(regex.is_match(all)))
    }),
    ("regexFind", |given, cx| {
        let [pattern, all] = exactly(given)?;
        let (regex, all) = compiled(pattern, all, cx)?;
        Ok(Value::text(
            regex.find(all).map_or("", |found| found.as_str()),
        ))
    }),
    ("regexFindAll", |given, cx| {
        let [pattern, all, most] = exactly(given)?;
        let (regex, all) = compiled(pattern, all, cx)?;
        let most = match int(most)? {
            ..0 => usize::MAX,
            most => size(most)?,
        };
        let found: Vec<&str> = regex
            .find_iter(all)
            .take(most)
            .map(|found| found.as_str())
            .collect();
        match found.is_empty() {
            true => Err("it finds nothing, which is a list that is none".to_owned()),
            false => Value::texts(found),
        }
    }),
    ("regexReplaceAll", |given, cx| {
        let [pattern, all, by] = exactly(given)?;
        let (regex, all) = compiled(pattern, all, cx)?;
        let by = template(text(by)?, &regex)?;
        room(&regex, all, by, cx)?;
        made(regex.replace_all(all, by).into_owned(), cx)
    }),
    ("regexReplaceAllLiteral", |given, cx| {
        let [pattern, all, by] = exactly(given)?;
        let (regex, all) = compiled(pattern, all, cx)?;
        let by = text(by)?;
        room(&regex, all, by, cx)?;
        made(regex.replace_all(all, NoExpand(by)).into_owned(), cx)
    }),
    ("regexSplit", |given, cx| {
        let [pattern, all, most] = exactly(given)?;
        let (regex, all) = compiled(pattern, all, cx)?;
        let most = int(most)?;
        if most == 0 {
            return Err("it splits into nothing, which is a list that is none".to_owned());
        }
        let splits_at_nothing = regex.find_iter(all).any(|found| found.is_empty());
        if splits_at_nothing || regex.is_match("") || all.is_empty() {
            return Err(
                "it splits an empty text, or at nothing, which is not built here".to_owned(),
            );
        }
        let parts: Vec<&str> = match usize::try_from(most) {
            Ok(most) => regex.splitn(all, most).collect(),
            Err(_) => regex.split(all).collect(),
        };
        Value::texts(parts)
    }),
    ("regexQuoteMeta", |given, cx| {
        let [all] = exactly(given)?;
        let quoted = text(all)?.chars().fold(String::new(), |mut quoted, c| {
            if META.contains(c) {
                quoted.push('\\');
            }
            quoted.push(c);
            quoted
        });
        made(quoted, cx)
    }),
    ("mustRegexFindAll", |given, cx| {
        super::call("regexFindAll", given, cx)
    }),
];

fn compiled<'v>(
    pattern: &Value,
    all: &'v Value,
    cx: &Bounds<'_>,
) -> Result<(Regex, &'v str), String> {
    let (pattern, all) = (text(pattern)?, text(all)?);
    if pattern.len() > LONGEST {
        return Err(format!("it is given a pattern longer than {LONGEST} bytes"));
    }
    cx.made((all.len() + COMPILING).saturating_mul(pattern.len() + 1))?;
    let rewritten = rewritten(pattern)?;
    let regex = RegexBuilder::new(&rewritten).size_limit(LARGEST).build();
    let regex = regex.map_err(|_| "it is given a pattern that cannot be read here")?;
    Ok((regex, all))
}

/// Pays for what a replacement may give.
fn room(regex: &Regex, all: &str, by: &str, cx: &Bounds<'_>) -> Result<(), String> {
    let groups = by.matches('$').count() * all.len();
    let found = regex.find_iter(all).take(all.len() + 1).count();
    cx.made(
        all.len()
            .saturating_add(found.saturating_mul(by.len().saturating_add(groups))),
    )
}

/// The text of a replacement whose groups there are: others are nothing, and often meant otherwise.
fn template<'t>(by: &'t str, regex: &Regex) -> Result<&'t str, String> {
    let mut rest = by;
    while let Some((_, after)) = rest.split_once('$') {
        let name = match after.strip_prefix('{') {
            Some(inner) => inner.split_once('}').map(|(name, _)| name),
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
                after.get(..end.unwrap_or(after.len()))
            }
        };
        let group = name.and_then(|name| name.parse::<usize>().ok());
        if group.is_none_or(|group| group >= regex.captures_len()) {
            return Err(
                "its replacement has a `$` that names no group by its number: write `${1}`"
                    .to_owned(),
            );
        }
        rest = after;
    }
    Ok(by)
}

/// A pattern of Go, as it is written here.
/// What is refused is told without the pattern, which may be a parameter.
fn rewritten(pattern: &str) -> Result<String, String> {
    let refused = |what: &str| Err(format!("its pattern has {what}, which is not built here"));
    let mut found = String::new();
    let mut letters = pattern.chars().peekable();
    let mut class = false;
    let mut repeats = Repeats::default();
    let mut most = MOST_REPEATED;
    while let Some(c) = letters.next() {
        if !class && repeats.again(c) {
            return refused("a repetition of a repetition");
        }
        match c {
            '\\' => {
                let Some(escaped) = letters.next() else {
                    return refused("`\\` at its end");
                };
                if class && "dws".contains(escaped) && is_end(&found, letters.clone()) {
                    return refused("a class that is an end of a range");
                }
                let Some(meaning) = escape(escaped, class) else {
                    return refused("`\\` before a letter");
                };
                found.push_str(&meaning);
                continue;
            }
            '[' if class => return refused("`[` within a class"),
            '[' => {
                class = true;
                found.push('[');
                if letters.next_if_eq(&'^').is_some() {
                    found.push('^');
                }
                if letters.peek() == Some(&']') {
                    return refused("`]` at the beginning of a class");
                }
                continue;
            }
            ']' => class = false,
            '&' | '~' | '-' if class && letters.peek() == Some(&c) => {
                return refused("doubled letters in a class");
            }
            '(' if !class && letters.peek() == Some(&'?') => {
                letters.next();
                match (letters.next(), letters.peek()) {
                    (Some(':'), _) => found.push_str("(?:"),
                    (Some('i'), Some(')')) if pattern.is_ascii() => {
                        letters.next();
                        found.push_str("(?i-u)");
                    }
                    _ => return refused("`(?`"),
                }
                continue;
            }
            '{' if !class && !counts(letters.clone(), &mut most) => {
                return refused("a brace that counts nothing, or too much");
            }
            _ => {}
        }
        found.push(c);
    }
    Ok(found)
}

/// Whether what stands in a class is next to a `-` that makes a range with it.
fn is_end(before: &str, mut after: Peekable<Chars<'_>>) -> bool {
    let begins = after.next_if_eq(&'-').is_some() && after.peek() != Some(&']');
    let ends = before.ends_with('-') && !before.ends_with("[-") && !before.ends_with("[^-");
    begins || ends
}

/// Whether a brace holds `2`, `2,` or `2,3`, in all no more than Go repeats.
fn counts(after: Peekable<Chars<'_>>, most: &mut usize) -> bool {
    let inner: String = after.take_while(|c| *c != '}').take(LONGEST).collect();
    let (least, greatest) = inner.split_once(',').unwrap_or((&inner, ""));
    let is_number = |text: &str| text.chars().all(|c| c.is_ascii_digit());
    if least.is_empty() || !is_number(least) || !is_number(greatest) {
        return false;
    }
    let count = [least, greatest]
        .iter()
        .filter(|text| !text.is_empty())
        .map(|text| text.parse().unwrap_or(usize::MAX))
        .max()
        .unwrap_or(usize::MAX);
    *most /= count.max(1);
    *most > 0
}

/// Tells a repetition of a repetition, which Go does not take, from a lazy one.
#[derive(Default)]
struct Repeats {
    /// How many marks of repetition stand before the letter.
    marks: usize,
}

impl Repeats {
    fn again(&mut self, c: char) -> bool {
        let is_mark = matches!(c, '*' | '+' | '?' | '}');
        // `{` begins one; what stands in it is no mark.
        let follows = match c {
            '{' => self.marks > 0,
            '?' => self.marks > 1,
            _ => is_mark && self.marks > 0,
        };
        self.marks = if is_mark { self.marks + 1 } else { 0 };
        follows
    }
}

/// What an escape means, which Go takes for letters of ASCII alone.
fn escape(escaped: char, class: bool) -> Option<String> {
    Some(match (escaped, class) {
        ('d', true) => "0-9".to_owned(),
        ('d', false) => "[0-9]".to_owned(),
        ('D', false) => "[^0-9]".to_owned(),
        ('w', true) => "0-9A-Za-z_".to_owned(),
        ('w', false) => "[0-9A-Za-z_]".to_owned(),
        ('W', false) => "[^0-9A-Za-z_]".to_owned(),
        ('s', true) => "\\t\\n\\x0c\\r ".to_owned(),
        ('s', false) => "[\\t\\n\\x0c\\r ]".to_owned(),
        ('S', false) => "[^\\t\\n\\x0c\\r ]".to_owned(),
        ('b', false) => "(?-u:\\b)".to_owned(),
        ('t' | 'n' | 'r', _) => format!("\\{escaped}"),
        ('z' | 'A', false) => format!("\\{escaped}"),
        // The begin and the end of a word here, and letters to Go.
        ('<' | '>', _) => return None,
        (c, _) if c.is_ascii_punctuation() => format!("\\{c}"),
        _ => return None,
    })
}

/// What Go escapes in a text that stands for itself.
const META: &str = r"\.+*?()|[]{}^$";
/// How often Go repeats something, within each other together.
const MOST_REPEATED: usize = 1_000;
const LONGEST: usize = 1 << 10;
const LARGEST: usize = 1 << 18;
/// About what the reading of a byte of a pattern costs, in bytes of a text.
const COMPILING: usize = 4 << 10;
