//! What tests of tools share: of which object they ask, and when.

use serde_json::Value;

use super::{Asked, read};
use crate::facts::evidence::{About, Backup, Error, ObjectName, Tool};
use crate::model::code_of;

/// Asks about `object` at `now`, with what is selected.
pub(super) fn asked(object: &str, now: &str, selected: &[(&str, &str)]) -> Asked {
    let selected = selected.iter();
    Asked {
        about: About {
            environment: "prod".into(),
            cluster: None,
            reported_at: now.parse().unwrap(),
            sequence: 1,
        },
        object: ObjectName::parse(object).unwrap(),
        selected: selected
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect(),
        last_archived: None,
        last: None,
    }
}

pub(super) fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// What is said of a value, or the code of the error.
pub(super) fn said(tool: Tool, value: &Value, asked: Asked) -> Result<Backup, String> {
    let read = read(tool, value.to_string().as_bytes(), asked);
    read.map_err(|error: Error| format!("{}: {error}", code_of(&error)))
}

/// The labels of the newest good and the newest bad backup, and how many are good.
pub(super) fn in_short(said: &Result<Backup, String>) -> String {
    match said {
        Err(error) => error.clone(),
        Ok(backup) => {
            let good = backup.last_success.as_ref();
            let good = good.map_or("none", |run| run.label.as_str());
            let bad = backup.last_failure.as_ref();
            let bad = bad.map_or_else(String::new, |bad| {
                format!("; {} failed: {}", bad.label, bad.reason)
            });
            format!("{} of {}{bad}", good, backup.usable)
        }
    }
}
