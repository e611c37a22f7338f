//! What kustomize makes another value of than the API server, in objects that pass through it: a word such as `yes`, a date,
//! and a few spellings of texts. Knows nothing of what a field is for.
//!
//! Source: kustomize 5.7 (`kyaml` 0.20, which reads YAML 1.2 and writes it anew), held against sigs.k8s.io/yaml over
//! `testdata/yaml/scalars` and some 60,000 texts. A kustomization itself is read by both alike.

use jiff::civil::Date;

use super::fields::Stop;
use crate::manifest::{Entry, Node, NodeValue, yaml};
use crate::model::Span;

/// The first value of an object, as it stands in `text`, that kustomize makes another one of. Annotations are texts to
/// both.
pub(super) fn find(object: &Node, text: &str) -> Option<Stop> {
    let (at, unlike) = Reading { text }.of_object(object)?;
    Some(Stop::unknown(at, unlike.reason(), unlike.remedy()))
}

/// The same object, with each word as the text that it is to kustomize.
pub(super) fn with_words_as_texts(node: &Node, text: &str) -> Node {
    let reading = Reading { text };
    let value = match &node.value {
        NodeValue::Bool(_) if is_word(reading.spelling(node.span)) => {
            NodeValue::String(reading.spelling(node.span).into())
        }
        NodeValue::Sequence(items) => {
            let items = items.iter().map(|item| with_words_as_texts(item, text));
            NodeValue::Sequence(items.collect())
        }
        NodeValue::Mapping(entries) => {
            let entries = entries.iter().map(|entry| Entry {
                key: match reading.spelling(entry.key_span) {
                    word if is_word(word) => word.into(),
                    _ => entry.key.clone(),
                },
                value: with_words_as_texts(&entry.value, text),
                ..*entry
            });
            NodeValue::Mapping(entries.collect())
        }
        other => other.clone(),
    };
    Node {
        value,
        span: node.span,
    }
}

/// Whether a manifest holds any such value. What cannot be read may hold one.
pub(super) fn is_in(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return true;
    };
    let reading = Reading { text };
    let holds = |documents: &[Node]| documents.iter().any(|it| reading.of_object(it).is_some());
    may_be_in(text) && yaml::parse(text).map_or(true, |documents| holds(&documents))
}

/// What one reader takes for something else than the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unlike {
    Word,
    Date,
    Nothing,
    Merge,
    Folded,
    NextLine,
    Unended,
}

impl Unlike {
    fn reason(self) -> &'static str {
        match self {
            Self::Word => {
                "a word such as `yes` or `off` stands without quotes: a boolean to the API server, and a text to kustomize, through which it goes"
            }
            Self::Date => {
                "a date stands without quotes: kustomize, through which it goes, writes it anew as `2026-01-31T00:00:00Z`"
            }
            Self::Nothing => {
                "a key in braces has no value: null to the API server, and an empty text to kustomize, through which it goes"
            }
            Self::Merge => {
                "a key `<<` stands in quotes: kustomize, through which it goes, takes it for a merge all the same"
            }
            Self::Folded => {
                "a folded text has empty or indented lines: kustomize, through which it goes, adds line breaks to it"
            }
            Self::NextLine => {
                "a text holds the character U+0085: kustomize, through which it goes, makes another one of it"
            }
            Self::Unended => {
                "the file ends in a block of text without a line break: kustomize, through which it goes, puts none at the end of the text"
            }
        }
    }

    fn remedy(self) -> &'static str {
        match self {
            Self::Word => "write it in quotes if it is a text, and `true` or `false` if it is not",
            Self::Date => "write it in quotes",
            Self::Nothing => "write `null`, or an empty text in quotes",
            Self::Merge => "give the key another name",
            Self::Folded => "write the text with `|` instead of `>`, or in quotes on one line",
            Self::NextLine => "remove the character",
            Self::Unended => "put a line break at the end of the file",
        }
    }
}

/// A text, for how values are spelled in it.
struct Reading<'t> {
    text: &'t str,
}

impl Reading<'_> {
    fn of_object(&self, object: &Node) -> Option<(Span, Unlike)> {
        let NodeValue::Mapping(fields) = &object.value else {
            return self.of_node(object, false);
        };
        let is_flow = self.is_flow(object);
        fields.iter().find_map(|field| {
            let metadata = &field.value;
            let NodeValue::Mapping(entries) = &metadata.value else {
                return self.of_entry(field, is_flow);
            };
            if &*field.key != "metadata" {
                return self.of_entry(field, is_flow);
            }
            let is_flow = is_flow || self.is_flow(metadata);
            let mut entries = entries.iter().filter(|it| &*it.key != "annotations");
            entries.find_map(|entry| self.of_entry(entry, is_flow))
        })
    }

    fn of_node(&self, node: &Node, is_in_flow: bool) -> Option<(Span, Unlike)> {
        let is_flow = is_in_flow || self.is_flow(node);
        let spelling = self.spelling(node.span);
        let own = match &node.value {
            NodeValue::Bool(_) => is_word(spelling).then_some(Unlike::Word),
            NodeValue::String(text) => self.of_text(text, node.span),
            NodeValue::Null => (is_in_flow && spelling.is_empty()).then_some(Unlike::Nothing),
            NodeValue::Number { .. } => None,
            NodeValue::Sequence(items) => {
                return items.iter().find_map(|item| self.of_node(item, is_flow));
            }
            NodeValue::Mapping(entries) => {
                return entries
                    .iter()
                    .find_map(|entry| self.of_entry(entry, is_flow));
            }
        };
        own.map(|unlike| (node.span, unlike))
    }

    fn of_entry(&self, entry: &Entry, is_flow: bool) -> Option<(Span, Unlike)> {
        let own = match &*entry.key {
            "true" | "false" => is_word(self.spelling(entry.key_span)).then_some(Unlike::Word),
            "<<" => Some(Unlike::Merge),
            key => key.contains('\u{85}').then_some(Unlike::NextLine),
        };
        match own {
            Some(unlike) => Some((entry.key_span, unlike)),
            None => self.of_node(&entry.value, is_flow),
        }
    }

    fn is_flow(&self, node: &Node) -> bool {
        let is_collection = matches!(node.value, NodeValue::Mapping(_) | NodeValue::Sequence(_));
        is_collection && self.spelling(node.span).starts_with(['{', '['])
    }

    fn of_text(&self, text: &str, span: Span) -> Option<Unlike> {
        // What is spelled as it reads has no quotes.
        if text == self.spelling(span) && is_written_anew(text) {
            return Some(Unlike::Date);
        }
        if text.contains('\u{85}') {
            return Some(Unlike::NextLine);
        }
        let block = self.block(span)?;
        let rest = self.text.get(span.end..).unwrap_or_default();
        if text.ends_with('\n') && rest.trim().is_empty() && !rest.ends_with('\n') {
            return Some(Unlike::Unended);
        }
        let is_blank = |c: char| matches!(c, ' ' | '\t' | '\n');
        let mut after_breaks = text.match_indices('\n').map(|(at, _)| text.get(at + 1..));
        let is_uneven = text.starts_with(is_blank)
            || after_breaks.any(|rest| rest.is_some_and(|rest| rest.starts_with(is_blank)));
        (block == '>' && is_uneven).then_some(Unlike::Folded)
    }

    /// What begins a block of text, `|` or `>`, whose lines are these.
    fn block(&self, lines: Span) -> Option<char> {
        let before = self.text.get(..lines.start)?.trim_end();
        let line = before.rsplit('\n').next().unwrap_or_default();
        let line = line.split(" #").next().unwrap_or_default();
        let mark = line.split_ascii_whitespace().next_back()?;
        let mut letters = mark.chars();
        let first = letters.next().filter(|first| "|>".contains(*first))?;
        let is_mark = letters.all(|c| c.is_ascii_digit() || "+-".contains(c));
        is_mark.then_some(first)
    }

    fn spelling(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or_default()
    }
}

/// Whether YAML 1.1 has it for a boolean and YAML 1.2 for a text.
fn is_word(spelling: &str) -> bool {
    WORDS.contains(&spelling)
}

/// Whether it is a time as Go reads it from YAML, and not spelled as Go writes it.
fn is_written_anew(text: &str) -> bool {
    let (date, time) = match text.find(['T', 't', ' ']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    is_date(date) && (time.is_empty() || is_time(time)) && !is_as_written(date, time)
}

fn is_date(text: &str) -> bool {
    let mut parts = text.split('-');
    let mut part = |length: std::ops::RangeInclusive<usize>| {
        let part = parts.next().filter(|it| length.contains(&it.len()))?;
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse::<i16>().ok()).flatten()
    };
    let (Some(year), Some(month), Some(day)) = (part(4..=4), part(1..=2), part(1..=2)) else {
        return false;
    };
    let fits = |part: i16| i8::try_from(part).unwrap_or_default();
    parts.next().is_none() && Date::new(year, fits(month), fits(day)).is_ok()
}

/// `T` or `t` before a time with its zone, or a blank before one without.
fn is_time(text: &str) -> bool {
    let (mark, clock) = text.split_at_checked(1).unwrap_or_default();
    let zone = clock.find(['Z', '+', '-']);
    if zone.is_some() == (mark == " ") {
        return false;
    }
    let (clock, _) = clock.split_at(zone.unwrap_or(clock.len()));
    let mut parts = clock.split(':');
    let mut is_below = |most: u8| {
        let part = parts.next().unwrap_or_default();
        let number = part.split(['.', ',']).next().unwrap_or_default();
        number.parse().is_ok_and(|number: u8| number < most)
    };
    is_below(24) && is_below(60) && is_below(60) && parts.next().is_none()
}

/// Whether Go writes a time just so.
fn is_as_written(date: &str, time: &str) -> bool {
    let (clock, zone) = match time.find(['Z', '+', '-']) {
        Some(at) => time.split_at(at),
        None => return false,
    };
    let (seconds, fraction) = clock.split_once('.').unwrap_or((clock, "1"));
    let is_plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    date.len() == 10
        && seconds.starts_with('T')
        && seconds.len() == 9
        && seconds.split(':').all(|part| part.len() >= 2)
        && is_plain(fraction)
        && fraction.len() < 10
        && !fraction.ends_with('0')
        && !["+00:00", "-00:00"].contains(&zone)
}

/// Whether a text may hold any such value, by the words that stand between blanks and brackets.
fn may_be_in(text: &str) -> bool {
    let is_between = |c: char| c.is_ascii_whitespace() || ",[]{}:\"'".contains(c);
    let begins_as_date = |word: &str| {
        let (year, rest) = word.split_at_checked(4).unwrap_or_default();
        rest.starts_with('-') && year.bytes().all(|byte| byte.is_ascii_digit())
    };
    let mut words = text.split(is_between).filter(|word| !word.is_empty());
    let braces = text.match_indices(['{', '[']).map(|(at, _)| at + 1);
    let mut insides = braces.filter_map(|at| text.get(at..));
    text.contains(['\\', '!'])
        || text.contains("<<")
        || !text.ends_with('\n')
        || insides.any(|inside| !inside.starts_with(['}', ']']))
        || words.any(|word| is_word(word) || word.starts_with('>') || begins_as_date(word))
}

const WORDS: [&str; 16] = [
    "y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off",
    "OFF",
];

#[cfg(test)]
mod tests;
