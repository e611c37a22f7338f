//! Whether a schema surely allows a value, for the keywords that our own schemas are made of.
//! Says nothing of what is wrong: where it is not sure it says no, and the whole validator is asked.

use serde_json::{Map, Value};

use super::super::{is_label, raw};

/// Whether the schema `root` allows `value`. To make the validator ready takes longer than to read a whole
/// configuration, and most configurations have nothing wrong.
pub(super) fn allows(root: &Value, value: &Value) -> bool {
    let sure = Sure { root };
    sure.allows(root, value, REFERENCES)
}

struct Sure<'a> {
    root: &'a Value,
}

impl Sure<'_> {
    fn allows(&self, schema: &Value, value: &Value, references: usize) -> bool {
        match schema {
            Value::Bool(anything) => *anything,
            Value::Object(keywords) => keywords.iter().all(|(keyword, wanted)| {
                self.keyword(keywords, (keyword, wanted), value, references)
            }),
            _ => false,
        }
    }

    /// What one keyword says of the value. Where the value is of a type that it does not speak of, nothing.
    fn keyword(
        &self,
        keywords: &Map<String, Value>,
        (keyword, wanted): (&str, &Value),
        value: &Value,
        references: usize,
    ) -> bool {
        match keyword {
            "$schema" | "$defs" | "title" | "description" | "default" => true,
            // Nothing is said of formats where this schema is read.
            "format" => true,
            "$ref" => self
                .referred(wanted)
                .is_some_and(|schema| references > 0 && self.allows(schema, value, references - 1)),
            "type" => is_of_type(wanted, value),
            "const" => wanted == value,
            "enum" => wanted.as_array().is_some_and(|all| all.contains(value)),
            "oneOf" => self.one_constant(wanted, value, references),
            "required" => of_object(value, |map| {
                wanted.as_array().is_some_and(|names| {
                    let has =
                        |name: &Value| name.as_str().is_some_and(|name| map.contains_key(name));
                    names.iter().all(has)
                })
            }),
            "properties" => of_object(value, |map| {
                wanted.as_object().is_some_and(|properties| {
                    properties.iter().all(|(name, schema)| {
                        let item = map.get(name);
                        item.is_none_or(|item| self.allows(schema, item, references))
                    })
                })
            }),
            "additionalProperties" => of_object(value, |map| {
                let named = keywords.get("properties").and_then(Value::as_object);
                let is_named = |name: &str| named.is_some_and(|named| named.contains_key(name));
                let mut others = map.iter().filter(|(name, _)| !is_named(name));
                others.all(|(_, item)| self.allows(wanted, item, references))
            }),
            "items" => of_array(value, |items| {
                let mut items = items.iter();
                items.all(|item| self.allows(wanted, item, references))
            }),
            _ => is_within(keyword, wanted, value),
        }
    }

    /// Of constants, of which no two are the same, one.
    fn one_constant(&self, alternatives: &Value, value: &Value, references: usize) -> bool {
        let Some(alternatives) = alternatives.as_array().filter(|_| value.is_string()) else {
            return false;
        };
        let constant = |schema: &Value| schema.get("const").is_some_and(Value::is_string);
        let is_this = |schema: &&Value| schema.get("const") == Some(value);
        let mut these = alternatives.iter().filter(is_this);
        alternatives.iter().all(constant)
            && these
                .next()
                .is_some_and(|schema| self.allows(schema, value, references))
            && these.next().is_none()
    }

    fn referred(&self, reference: &Value) -> Option<&Value> {
        let name = reference.as_str()?.strip_prefix("#/$defs/")?;
        let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric());
        self.root.get("$defs")?.get(name).filter(|_| is_plain)
    }
}

fn is_of_type(wanted: &Value, value: &Value) -> bool {
    match wanted {
        Value::Array(kinds) => kinds.iter().any(|kind| is_of_type(kind, value)),
        Value::String(kind) => match kind.as_str() {
            "array" => value.is_array(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "null" => value.is_null(),
            "number" => value.is_number(),
            "object" => value.is_object(),
            "string" => value.is_string(),
            _ => false,
        },
        _ => false,
    }
}

/// What keywords say that compare sizes and forms.
fn is_within(keyword: &str, wanted: &Value, value: &Value) -> bool {
    match keyword {
        "minLength" => of_text(value, |text| at_least(wanted, text.chars().count())),
        "pattern" => of_text(value, |text| {
            wanted
                .as_str()
                .is_some_and(|pattern| is_of_form(pattern, text))
        }),
        "minItems" => of_array(value, |items| at_least(wanted, items.len())),
        "maxItems" => of_array(value, |items| at_most(wanted, items.len())),
        "uniqueItems" => of_array(value, |items| wanted == false || are_unique_texts(items)),
        "minProperties" => of_object(value, |map| at_least(wanted, map.len())),
        "maxProperties" => of_object(value, |map| at_most(wanted, map.len())),
        "minimum" => {
            !value.is_number() || both(wanted, value).is_some_and(|(least, is)| least <= is)
        }
        "maximum" => !value.is_number() || both(wanted, value).is_some_and(|(most, is)| is <= most),
        _ => false,
    }
}

fn at_least(wanted: &Value, count: usize) -> bool {
    wanted.as_u64().is_some_and(|least| least <= count as u64)
}

fn at_most(wanted: &Value, count: usize) -> bool {
    wanted.as_u64().is_some_and(|most| count as u64 <= most)
}

fn both(wanted: &Value, value: &Value) -> Option<(i64, i64)> {
    Some((wanted.as_i64()?, value.as_i64()?))
}

/// Numbers may be the same in different spellings.
fn are_unique_texts(items: &[Value]) -> bool {
    let mut texts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
    texts.sort_unstable();
    texts.len() == items.len() && texts.is_sorted_by(|one, next| one < next)
}

fn of_text(value: &Value, holds: impl Fn(&str) -> bool) -> bool {
    value.as_str().is_none_or(holds)
}

fn of_array(value: &Value, holds: impl Fn(&[Value]) -> bool) -> bool {
    value.as_array().is_none_or(|items| holds(items))
}

fn of_object(value: &Value, holds: impl Fn(&Map<String, Value>) -> bool) -> bool {
    value.as_object().is_none_or(holds)
}

/// Whether a text is of a form that is told without a regular expression.
fn is_of_form(pattern: &str, text: &str) -> bool {
    match pattern {
        raw::DNS_LABEL => is_label(text),
        raw::EXCEPTION_ID => {
            let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            text.len() <= 63
                && text.bytes().all(inner)
                && text.starts_with(|first: char| first.is_ascii_alphanumeric())
                && text.ends_with(|last: char| last.is_ascii_alphanumeric())
        }
        raw::CODE => text.split_once('.').is_some_and(|(prefix, rest)| {
            [prefix, rest].iter().all(|part| {
                let inner = |byte: u8| is_lower(byte) || byte == b'-';
                part.starts_with(|first: char| first.is_ascii_lowercase())
                    && part.bytes().all(inner)
            })
        }),
        raw::REPOSITORY => {
            let inner = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:/@".contains(&byte);
            text.len() <= 256
                && text.bytes().all(inner)
                && text.starts_with(|first: char| first.is_ascii_alphanumeric())
        }
        raw::ENVIRONMENT_GLOB => {
            let inner = |byte: u8| is_lower(byte) || b"-*".contains(&byte);
            (1..=63).contains(&text.len()) && text.bytes().all(inner)
        }
        raw::ALLOW => match text.strip_prefix("evidence:") {
            Some(kind) => is_label(kind),
            None => ALLOWED.contains(&text),
        },
        raw::WEEKDAY => {
            let parts = text.split_at_checked(text.len().saturating_sub(2));
            parts.is_some_and(|(nth, day)| {
                let digit = nth.strip_prefix('-').unwrap_or(nth).as_bytes();
                DAYS.contains(&day) && (nth.is_empty() || matches!(digit, [b'1'..=b'9']))
            })
        }
        _ => false,
    }
}

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

/// More references in a row, or within each other, are a circle.
const REFERENCES: usize = 16;
const ALLOWED: [&str; 6] = ["low", "medium", "high", "critical", "rollback", "emergency"];
const DAYS: [&str; 7] = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];

#[cfg(test)]
mod tests;
