//! Anything else: a list of backups in a shape of our own, `schemas/evidence/backups.v1.json`.
//! Takes no field that it does not know.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Said;
use crate::facts::evidence::{Archive, Error, Run, RunKind, Tool};
use crate::model::instant;

/// What is said of the object.
pub(super) fn read(value: Value) -> Result<Said, Error> {
    let listed: Listed = serde_json::from_value(value).map_err(|error| {
        let what = error.to_string();
        let what = what.chars().filter(|c| !c.is_control()).take(160);
        Error::Json {
            tool: Tool::Json.title(),
            what: what.collect(),
            prints: Tool::Json.prints(),
        }
    })?;
    Ok(Said {
        system_id: listed.system_id,
        version: listed.version,
        first_recoverable: listed.first_recoverable,
        archive: listed.archive,
        encrypted: listed.encrypted,
        runs: listed
            .backups
            .into_iter()
            .map(|one| {
                let run = Run {
                    label: one.label,
                    kind: one.kind,
                    started_at: one.started_at,
                    finished_at: one.finished_at,
                    bytes: one.bytes,
                };
                (run, one.failed)
            })
            .collect(),
    })
}

/// Backups of one object, as a program of yours lists them.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Listed {
    /// The identity of the database.
    #[serde(default)]
    system_id: Option<String>,
    /// The version of the database.
    #[serde(default)]
    version: Option<String>,
    /// The earliest instant that can be gone back to.
    #[serde(default, with = "instant::option")]
    #[schemars(with = "Option<String>")]
    first_recoverable: Option<Timestamp>,
    /// The log that is archived between backups.
    #[serde(default)]
    archive: Option<Archive>,
    /// Whether all that is kept is encrypted.
    #[serde(default)]
    encrypted: Option<bool>,
    /// In any order.
    backups: Vec<One>,
}

/// A backup.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct One {
    /// What it is called.
    label: String,
    /// Full, or what changed since.
    kind: RunKind,
    /// When it began: `2026-11-27T02:00:00Z`.
    #[serde(default, with = "instant::option")]
    #[schemars(with = "Option<String>")]
    started_at: Option<Timestamp>,
    /// When it was complete.
    #[serde(with = "instant")]
    #[schemars(with = "String")]
    finished_at: Timestamp,
    /// How large what can be restored is.
    #[serde(default)]
    bytes: Option<u64>,
    /// Why it cannot be restored from; absent where it can.
    #[serde(default)]
    failed: Option<String>,
}

#[cfg(test)]
mod tests;
