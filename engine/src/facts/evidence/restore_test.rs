//! `restore-test`: somebody restored a backup, what of it came back, and how long that took.
//! Judges nothing.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{About, ObjectName, text};
use crate::model::instant;

/// Somebody restored a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RestoreTest {
    /// Where and when.
    pub about: About,
    /// What was restored, elsewhere.
    pub object: ObjectName,
    /// The identity of the database that was restored, as in the evidence of its backups.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_id: Option<String>,
    /// The backup that was restored, as its tool calls it.
    pub backup: String,
    /// When restoring began.
    #[serde(with = "instant")]
    #[schemars(with = "String")]
    pub started_at: Timestamp,
    /// When what was restored could be used.
    #[serde(with = "instant")]
    #[schemars(with = "String")]
    pub finished_at: Timestamp,
    /// The instant that it was taken back to; absent where that is the end of the backup.
    #[serde(
        default,
        with = "instant::option",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<String>")]
    pub recovered_to: Option<Timestamp>,
    /// What was restored and looked at.
    pub scope: BTreeSet<Scope>,
    /// Whether it came back whole.
    pub outcome: Outcome,
}

/// What a restore test may comprise.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// The database.
    Database,
    /// Attachments and other files of the application.
    Filestore,
    /// Configuration.
    Configuration,
    /// Secrets and their keys.
    Secrets,
    /// How requests come in: names, certificates, routes.
    Ingress,
    /// What the application talks to.
    Integrations,
}

/// How a test went: whether what was restored came back whole, or what was gone back to served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// It did.
    Passed,
    /// It did not.
    Failed,
}

impl RestoreTest {
    /// How long it took.
    #[must_use]
    pub fn duration(&self) -> SignedDuration {
        self.finished_at.duration_since(self.started_at)
    }

    /// What is wrong with it.
    ///
    /// # Errors
    /// The first thing that cannot be.
    pub fn check(&self) -> Result<(), String> {
        self.about.check()?;
        text::check("the label of the backup", &self.backup)?;
        self.system_id
            .iter()
            .try_for_each(|id| text::check("systemId", id))?;
        if self.started_at > self.finished_at {
            return Err("the restore was finished before it began".to_owned());
        }
        if self.scope.is_empty() {
            return Err("the scope is empty: nothing was restored".to_owned());
        }
        if self.recovered_to.is_some_and(|to| to > self.finished_at) {
            return Err("what it was taken back to is after the restore".to_owned());
        }
        self.about
            .has_been("the end of the restore", Some(self.finished_at))
    }
}

impl Outcome {
    /// That of a test which failed, or did not.
    #[must_use]
    pub fn of_failed(failed: bool) -> Self {
        match failed {
            true => Self::Failed,
            false => Self::Passed,
        }
    }
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Database,
        Self::Filestore,
        Self::Configuration,
        Self::Secrets,
        Self::Ingress,
        Self::Integrations,
    ];

    /// As commands and statements write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Filestore => "filestore",
            Self::Configuration => "configuration",
            Self::Secrets => "secrets",
            Self::Ingress => "ingress",
            Self::Integrations => "integrations",
        }
    }

    /// Reads it back; `None` for any other spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}
