//! Turns what a rule gave back into findings and reasons, or says why it is neither.
//! Knows the shape of an answer; not how it came about.

use std::collections::BTreeSet;

use regorus::Value;
use serde::{Deserialize, Serialize};

use super::document::Input;
use super::error::{Error, Place};
use super::foreign::Foreign;
use super::metadata::Metadata;
use crate::model::limits;
use crate::model::{Effect, ObjectRef, RiskTier};

/// A rule that the engine asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Entry {
    /// Findings that fail.
    Deny,
    /// Findings that are shown.
    Warn,
    /// Why a change has its tier.
    Reasons,
}

impl Entry {
    /// The name of the rule.
    #[must_use]
    pub fn rule(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Warn => "warn",
            Self::Reasons => "reasons",
        }
    }
}

/// A finding as the policy gave it; places in files are added where they are known.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawFinding {
    /// Declared in the policy's metadata.
    pub code: String,
    /// By the rule it came from.
    pub effect: Effect,
    /// The object it is about; without one it hits the unit.
    pub object: Option<ObjectRef>,
    /// RFC 6901 pointer into the object.
    pub field: Option<String>,
    /// The same, of all that it is about, where that is more than the one.
    pub fields: Vec<String>,
    /// One sentence with the offending value.
    pub message: String,
    /// What to do.
    pub remediation: Option<String>,
    /// RFC 6901 pointer into the input, naming the configuration value that makes it offend.
    pub setting: Option<String>,
}

/// Why a change has a tier, or a unit, as a risk policy gave it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawReason {
    /// The index of the change; `None` for what is in no object, such as a script in a file.
    pub change: Option<usize>,
    /// Declared in the policy's metadata.
    pub code: String,
    /// At least this.
    pub tier: RiskTier,
    /// RFC 6901 pointer into the object.
    pub pointer: Option<String>,
    /// One sentence.
    pub text: String,
}

/// What is needed to judge an answer.
pub(super) struct Context<'a> {
    path: &'a str,
    metadata: &'a Metadata,
    entry: Entry,
    /// What a finding may be about.
    objects: BTreeSet<&'a Value>,
    /// What a reason may be about: the indexes of the changes.
    changes: BTreeSet<&'a Value>,
    input: &'a Input,
    foreign: Foreign<'a>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        path: &'a str,
        metadata: &'a Metadata,
        input: &'a Input,
        entry: Entry,
    ) -> Self {
        Self {
            path,
            metadata,
            entry,
            objects: items_of(input, "object", &PLACES),
            changes: items_of(input, "index", &[&["changes"]]),
            input,
            foreign: Foreign::new(input.value()),
        }
    }

    pub(super) fn findings(
        &self,
        effect: Effect,
        answer: &Value,
    ) -> Result<Vec<RawFinding>, Error> {
        self.items(answer)?
            .iter()
            .map(|item| self.finding(effect, item))
            .collect()
    }

    pub(super) fn reasons(&self, answer: &Value) -> Result<Vec<RawReason>, Error> {
        self.items(answer)?
            .iter()
            .map(|item| self.reason(item))
            .collect()
    }

    fn items<'v>(&self, answer: &'v Value) -> Result<&'v regorus::value::Set, Error> {
        let rule = self.entry.rule();
        match answer {
            Value::Undefined => Err(Error::Undefined {
                at: self.at(),
                rule: rule.to_owned(),
            }),
            Value::Set(set) if set.len() > self.most() => Err(self.too_many(set.len())),
            Value::Set(set) => Ok(set),
            _ => Err(self.shape(format!("`{rule}` is {}, not a set", kind(answer)))),
        }
    }

    fn most(&self) -> usize {
        match self.entry {
            Entry::Deny | Entry::Warn => limits::FINDINGS.most,
            Entry::Reasons => limits::REASONS.most,
        }
    }

    fn too_many(&self, value: usize) -> Error {
        let at = self.at();
        match self.entry {
            Entry::Deny | Entry::Warn => Error::FindingCount { at, value },
            Entry::Reasons => Error::ReasonCount { at, value },
        }
    }

    fn finding(&self, effect: Effect, item: &Value) -> Result<RawFinding, Error> {
        self.only_keys(
            item,
            &[
                "code",
                "message",
                "object",
                "field",
                "fields",
                "remediation",
                "setting",
            ],
        )?;
        let code = self.text(item, "code")?;
        // A code that may deny may also only warn; never the other way round.
        let declared = self.metadata.codes.get(&code);
        if declared.is_none_or(|declared| *declared > effect) {
            return Err(self.undeclared(&code));
        }
        let finding = RawFinding {
            message: self.message(item, "message")?,
            object: self.object(item)?,
            field: self.pointer(item, "field")?,
            fields: self.pointers(item, "fields")?,
            remediation: match item_of(item, "remediation") {
                None => None,
                Some(_) => Some(self.message(item, "remediation")?),
            },
            setting: self.pointer(item, "setting")?,
            code,
            effect,
        };
        let has_field = finding.field.is_some() || !finding.fields.is_empty();
        if has_field && finding.object.is_none() {
            return Err(self.shape(format!("`{}` has a field but no object", finding.code)));
        }
        Ok(finding)
    }

    fn reason(&self, item: &Value) -> Result<RawReason, Error> {
        self.only_keys(item, &["code", "tier", "change", "pointer", "text"])?;
        let code = self.text(item, "code")?;
        if !self.metadata.reasons.contains(&code) {
            return Err(self.undeclared(&code));
        }
        let tier = self.text(item, "tier")?;
        let Some(tier) = RiskTier::parse(&tier) else {
            return Err(self.shape(format!(
                "`{code}` has the unknown tier `{}`",
                shortened(&tier)
            )));
        };
        Ok(RawReason {
            change: self.change(item, &code)?,
            tier,
            pointer: self.pointer(item, "pointer")?,
            text: self.message(item, "text")?,
            code,
        })
    }

    fn only_keys(&self, item: &Value, known: &[&str]) -> Result<(), Error> {
        let Value::Object(object) = item else {
            return Err(self.shape(format!(
                "an element of `{}` is {}, not an object",
                self.entry.rule(),
                kind(item)
            )));
        };
        for key in object.keys_sorted() {
            let name = key.as_string().map_or("", |name| name);
            if !known.contains(&name) {
                return Err(self.shape(format!(
                    "an element of `{}` has the unknown key `{}`",
                    self.entry.rule(),
                    shortened(&key.to_string())
                )));
            }
        }
        Ok(())
    }

    fn text(&self, item: &Value, key: &str) -> Result<String, Error> {
        match item_of(item, key) {
            Some(Value::String(text)) => Ok(text.to_string()),
            None => Err(self.shape(format!(
                "an element of `{}` has no `{key}`",
                self.entry.rule()
            ))),
            Some(other) => Err(self.shape(format!("`{key}` is {}, not a string", kind(other)))),
        }
    }

    /// A text for people: not empty, not huge, and without the marks of a failed `sprintf`, unless they
    /// stand in the document that the policy was asked about: then they are somebody's name or value.
    fn message(&self, item: &Value, key: &str) -> Result<String, Error> {
        let whole = self.text(item, key)?;
        if let Some(mark) = failed_verbs(&whole).find(|mark| !self.foreign.holds(mark)) {
            return Err(self.shape(format!(
                "a `{key}` holds `{mark}`: `sprintf` could not fill it in"
            )));
        }
        let text = self.foreign.abridged_in(whole);
        if text.len() > limits::MESSAGE_LENGTH.most {
            return Err(Error::MessageLength {
                at: self.at(),
                what: key.to_owned(),
                about: self.about(item),
                value: text.len(),
            });
        }
        if text.trim().is_empty() {
            return Err(self.shape(format!(
                "a `{key}` is empty: an argument of `sprintf` may be of the wrong type"
            )));
        }
        Ok(text)
    }

    /// ` about OBJECT (FILE)` for an error, as far as the change is known.
    fn about(&self, item: &Value) -> String {
        let wanted = |change: &&Value| {
            let same = |key, of| {
                let wanted = item_of(item, key);
                wanted.is_some() && wanted == item_of(change, of)
            };
            same("object", "object") || same("change", "index")
        };
        let changes = item_of(self.input.value(), "changes");
        let changes = changes.and_then(|changes| changes.as_array().ok());
        let Some(change) = changes.and_then(|changes| changes.iter().find(wanted)) else {
            return String::new();
        };
        let text = |value: Option<&Value>| Some(value?.as_string().ok()?.to_string());
        let object = item_of(change, "object");
        let name = |key| text(object.and_then(|object| item_of(object, key))).unwrap_or_default();
        let file =
            text(item_of(change, "file")).map_or_else(String::new, |file| format!(" of `{file}`"));
        format!(" about {} `{}`{file}", name("kind"), name("name"))
    }

    fn pointer(&self, item: &Value, key: &str) -> Result<Option<String>, Error> {
        if item_of(item, key).is_none() {
            return Ok(None);
        }
        self.as_pointer(self.text(item, key)?, key).map(Some)
    }

    fn pointers(&self, item: &Value, key: &str) -> Result<Vec<String>, Error> {
        let listed: Vec<&Value> = match item_of(item, key) {
            None => return Ok(Vec::new()),
            Some(Value::Array(items)) => items.iter().collect(),
            Some(Value::Set(items)) => items.iter().collect(),
            Some(other) => {
                return Err(self.shape(format!("`{key}` is {}, not a list", kind(other))));
            }
        };
        if listed.len() > limits::FINDING_FIELDS.most {
            return Err(Error::FindingFields {
                at: self.at(),
                about: self.about(item),
                value: listed.len(),
            });
        }
        let pointers = listed.into_iter().map(|it| match it {
            Value::String(pointer) => self.as_pointer(pointer.to_string(), key),
            other => Err(self.shape(format!(
                "`{key}` holds {}, and not only strings",
                kind(other)
            ))),
        });
        pointers.collect()
    }

    fn as_pointer(&self, pointer: String, key: &str) -> Result<String, Error> {
        if pointer.is_empty() || pointer.starts_with('/') {
            return Ok(pointer);
        }
        Err(self.shape(format!(
            "`{key}` is no JSON pointer: `{}`",
            shortened(&pointer)
        )))
    }

    /// The object, which must be one that the input speaks of.
    fn object(&self, item: &Value) -> Result<Option<ObjectRef>, Error> {
        let Some(object) = item_of(item, "object") else {
            return Ok(None);
        };
        let known = self.objects.contains(object);
        let reference = object
            .to_json_str()
            .ok()
            .and_then(|json| serde_json::from_str(&json).ok());
        match reference {
            Some(reference) if known => Ok(Some(reference)),
            _ => Err(self.shape(
                "a finding names an object that is neither of a change nor of a fact about backups or workloads".to_owned(),
            )),
        }
    }

    fn change(&self, item: &Value, code: &str) -> Result<Option<usize>, Error> {
        let Some(change) = item_of(item, "change") else {
            return match item_of(item, "pointer") {
                None => Ok(None),
                Some(_) => Err(self.shape(format!("`{code}` has a pointer but no change"))),
            };
        };
        let known = self.changes.contains(change);
        let index = change.as_u64().ok().filter(|_| known);
        let index = index.and_then(|index| usize::try_from(index).ok());
        let index = index
            .ok_or_else(|| self.shape(format!("`{code}` does not name a change by its index")))?;
        Ok(Some(index))
    }

    fn undeclared(&self, code: &str) -> Error {
        Error::UndeclaredCode {
            at: self.at(),
            finding: shortened(code),
            rule: self.entry.rule().to_owned(),
        }
    }

    fn shape(&self, what: String) -> Error {
        Error::ResultShape {
            at: self.at(),
            what,
        }
    }

    fn at(&self) -> Place {
        Place::file(self.path)
    }
}

/// What stands under `key` in the elements of the lists at these places of the input.
fn items_of<'v>(input: &'v Input, key: &str, places: &[&[&str]]) -> BTreeSet<&'v Value> {
    let key = Value::from(key);
    let lists = places.iter().filter_map(|place| {
        let mut steps = place.iter();
        let list = steps.try_fold(input.value(), |value, step| item_of(value, step))?;
        list.as_array().ok()
    });
    lists
        .flat_map(|list| list.iter())
        .filter_map(|item| item.as_object().ok()?.get(&key))
        .collect()
}

fn item_of<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    match value {
        Value::Object(object) => object.get(&Value::from(key)),
        _ => None,
    }
}

/// What Go's `sprintf` begins with where it cannot fill in a verb: `%!d(string=x)`, `%!(EXTRA int=1)`.
/// The one that evaluates here leaves a gap instead, so that a mark is the policy's own words, or foreign.
fn failed_verbs(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices("%!").filter_map(|(at, _)| {
        let mark = text.get(at..)?;
        let end = mark.char_indices().take(4).find(|(_, c)| *c == '(')?.0;
        mark.get(..=end)
    })
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Set(_) => "a set",
        Value::Object(_) => "an object",
        Value::Undefined => "undefined",
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

/// The lists whose elements are about objects.
const PLACES: [&[&str]; 4] = [
    &["changes"],
    &["facts", "backups", "value"],
    &["facts", "workloads", "value", "new"],
    &["facts", "workloads", "value", "old"],
];
