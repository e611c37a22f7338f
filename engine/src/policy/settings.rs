//! A policy's settings: checked by its schema, filled with its defaults, quantities as integers.
//! Knows nothing of the configuration file; problems are pointers into the section it was given.

mod values;
mod view;

use std::fmt;

use jsonschema::error::ValidationErrorKind;
use jsonschema::{PatternOptions, ValidationError};
use serde_json::{Map, Value};

use super::error::Error;
use crate::manifest::Node;

use self::view::{Measure, View, blind_spot};

/// The schema of a policy's settings.
#[derive(Clone, Debug)]
pub struct Settings {
    path: String,
    schema: Value,
    /// Whether the defaults are known to be what the schema allows.
    proven: bool,
}

/// Something in a section of the configuration that the schema does not allow.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SettingProblem {
    /// RFC 6901 pointer into the section.
    pub pointer: String,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for SettingProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.pointer, self.message)
    }
}

impl Settings {
    /// A policy that has no settings.
    pub(super) fn none() -> Self {
        Self {
            path: String::new(),
            schema: serde_json::json!({ "type": "object", "additionalProperties": false }),
            proven: false,
        }
    }

    /// Reads `settings.schema.json`; what it says is checked by `problems`.
    pub(super) fn read(path: &str, text: &str) -> Result<Self, Error> {
        let schema = serde_json::from_str(text).map_err(|problem| Error::SettingsSchema {
            path: path.to_owned(),
            what: format!("no JSON: {problem}"),
        })?;
        Ok(Self {
            path: path.to_owned(),
            schema,
            proven: false,
        })
    }

    /// The same, with the defaults that the schema gives for a profile in `x-defaults`.
    #[must_use]
    pub fn of_profile(&self, profile: &str) -> Self {
        let mut settings = self.clone();
        adopt(&mut settings.schema, profile);
        settings
    }

    /// The same, where a test has seen that the schema allows its defaults, whatever the profile: they are
    /// not checked once more, which takes longer than all else about them.
    pub(super) fn proven(self) -> Self {
        Self {
            proven: true,
            ..self
        }
    }

    /// What is wrong with the schema itself.
    pub(super) fn problems(&self) -> Vec<Error> {
        let mut problems = self.gaps();
        match self.validator() {
            Err(what) => problems.push(what),
            Ok(_) if problems.is_empty() => {
                let defaults = self.resolve(None).err().unwrap_or_default();
                problems.extend(
                    defaults
                        .iter()
                        .map(|problem| format!("the default of {problem}")),
                );
            }
            Ok(_) => {}
        }
        let error = |what| Error::SettingsSchema {
            path: self.path.clone(),
            what,
        };
        problems.into_iter().map(error).collect()
    }

    /// The schema itself, for the schema of the whole configuration and for documentation.
    #[must_use]
    pub fn schema(&self) -> &Value {
        &self.schema
    }

    /// The settings as the configuration spells them, with every default; nothing is checked.
    #[must_use]
    pub fn filled(&self, section: Option<&Node>) -> Value {
        let view = View::of(&self.schema);
        let mut value = section.map_or_else(
            || Value::Object(Map::new()),
            |section| values::spelled(&view, section),
        );
        values::fill(&view, &mut value);
        value
    }

    /// The settings as Rego sees them, from a section of the configuration or from defaults alone.
    ///
    /// # Errors
    /// Every problem, each with a pointer into the section.
    pub fn resolve(&self, section: Option<&Node>) -> Result<Value, Vec<SettingProblem>> {
        let view = View::of(&self.schema);
        let mut value = self.filled(section);
        if self.proven && section.is_none() {
            values::convert(&view, &mut value);
            return Ok(value);
        }
        let validator = self.validator().map_err(|message| {
            vec![SettingProblem {
                pointer: String::new(),
                message,
            }]
        })?;
        let mut problems: Vec<SettingProblem> = validator
            .iter_errors(&value)
            .map(|error| SettingProblem {
                pointer: error.instance_path().to_string(),
                message: message(&error),
            })
            .collect();
        if problems.is_empty() {
            values::convert(&view, &mut value);
            return Ok(value);
        }
        problems.sort();
        Err(problems)
    }

    fn validator(&self) -> Result<jsonschema::Validator, String> {
        // No resolver, hence no file and no network; patterns run in linear time.
        jsonschema::draft202012::options()
            .with_pattern_options(PatternOptions::regex())
            .should_validate_formats(true)
            .with_format("cpu", |text: &str| Measure::Cpu.amount(text).is_ok())
            .with_format("memory", |text: &str| Measure::Memory.amount(text).is_ok())
            .build(&self.schema)
            .map_err(|error| error.to_string())
    }

    /// What every settings schema must have.
    fn gaps(&self) -> Vec<String> {
        let mut gaps = Vec::new();
        if self.schema.get("type") != Some(&Value::from("object")) {
            gaps.push("the type is not `object`".to_owned());
        }
        if self.schema.get("additionalProperties") != Some(&Value::Bool(false)) {
            gaps.push("`additionalProperties` is not false".to_owned());
        }
        let properties = self.schema.get("properties").and_then(Value::as_object);
        for (name, schema) in properties.into_iter().flatten() {
            for key in ["description", "default"] {
                if schema.get(key).is_none() {
                    gaps.push(format!("the property `{name}` has no {key}"));
                }
            }
        }
        if let Some(keyword) = blind_spot(&self.schema) {
            gaps.push(format!(
                "below `{keyword}` no default is filled in and no quantity becomes an integer"
            ));
        }
        gaps
    }
}

/// Lets the defaults of a profile take the place of those for all.
fn adopt(schema: &mut Value, profile: &str) {
    match schema {
        Value::Object(map) => {
            let own = map.get("x-defaults").and_then(|all| all.get(profile));
            if let Some(own) = own.cloned() {
                map.insert("default".to_owned(), own);
            }
            map.values_mut().for_each(|inner| adopt(inner, profile));
        }
        Value::Array(items) => items.iter_mut().for_each(|inner| adopt(inner, profile)),
        _ => {}
    }
}

/// What is wrong in words; of a quantity, why it is none.
fn message(error: &ValidationError<'_>) -> String {
    let quantity = match error.kind() {
        ValidationErrorKind::Format { format } => Measure::of_format(format),
        _ => None,
    };
    let text = error.instance().as_str();
    quantity
        .zip(text)
        .and_then(|(measure, text)| measure.amount(text).err())
        .unwrap_or_else(|| error.to_string())
}

#[cfg(test)]
mod tests;
