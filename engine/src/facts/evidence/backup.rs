//! `backup`: what a tool says of the backups of one object.
//! Knows no tool; judges no age.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{About, ObjectName, text};
use crate::model::{Digest, instant};

/// What a tool says of the backups of one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Backup {
    /// Where and when.
    pub about: About,
    /// What is backed up.
    pub object: ObjectName,
    /// Who says so.
    pub source: Source,
    /// The identity of the database, where the tool says it: another database under the same name has
    /// another one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system_id: Option<String>,
    /// The version of the database.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// How many backups can be restored from.
    pub usable: u64,
    /// The newest of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_success: Option<Run>,
    /// The one of the same kind before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<Run>,
    /// The newest that cannot be restored from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<Failure>,
    /// The earliest instant that can be gone back to.
    #[serde(
        default,
        with = "instant::option",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<String>")]
    pub first_recoverable: Option<Timestamp>,
    /// The log that is archived between backups; absent where the tool says nothing of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub archive: Option<Archive>,
    /// Whether all that is kept is encrypted; absent where the tool does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encrypted: Option<bool>,
    /// That the newest is the last one, and the object may go; absent where more are to come.
    #[serde(default, rename = "final", skip_serializing_if = "Option::is_none")]
    pub last: Option<Final>,
}

/// The last backup of an object: nothing writes to it any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Final {
    /// Whether all of it was read back and checked.
    pub verified: bool,
}

/// What said it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Source {
    /// The tool.
    pub tool: Tool,
    /// What of all that it says is about the object: `stanza`, `schedule`, `host` ...
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub selected: BTreeMap<String, String>,
    /// SHA-256 of all that it said.
    #[schemars(with = "String")]
    pub output: Digest,
}

/// What says something of backups.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Tool {
    /// `pgbackrest info --output=json`
    PgbackrestInfo,
    /// Clusters, Backups and `ObjectStores` of `CloudNativePG`.
    Cnpg,
    /// Backups of Velero.
    Velero,
    /// Backups and Snapshots of K8up.
    K8up,
    /// `restic snapshots --json`
    Restic,
    /// `wal-g backup-list --detail --json`, which Zalando's images bring.
    Zalando,
    /// Anything else, in a shape of our own.
    Json,
}

/// A backup that can be restored from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Run {
    /// What the tool calls it.
    pub label: String,
    /// Full, or what changed since.
    pub kind: RunKind,
    /// When it began.
    #[serde(
        default,
        with = "instant::option",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<String>")]
    pub started_at: Option<Timestamp>,
    /// When it was complete; where the tool does not say, when it began.
    #[serde(with = "instant")]
    #[schemars(with = "String")]
    pub finished_at: Timestamp,
    /// How large what can be restored is; absent where the tool does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
}

/// Full, or what changed since.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum RunKind {
    /// Everything.
    Full,
    /// What changed since the last full one.
    Differential,
    /// What changed since the last one.
    Incremental,
    /// A snapshot of a volume, or of files.
    Snapshot,
    /// A dump.
    Logical,
}

/// A backup that cannot be restored from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Failure {
    /// What the tool calls it.
    pub label: String,
    /// When it ended, or began.
    #[serde(with = "instant")]
    #[schemars(with = "String")]
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}

/// The log that is archived between backups.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Archive {
    /// Whether it goes on; absent where the tool does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<Archiving>,
    /// The first piece that is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// The last piece that was archived.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    /// When that was; absent where nobody says.
    #[serde(
        default,
        with = "instant::option",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(with = "Option<String>")]
    pub last_at: Option<Timestamp>,
}

/// Whether archiving goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Archiving {
    /// It does.
    Running,
    /// It does not.
    Failing,
}

impl Backup {
    /// What is wrong with it.
    ///
    /// # Errors
    /// The first thing that cannot be.
    pub fn check(&self) -> Result<(), String> {
        self.about.check()?;
        for (key, value) in &self.source.selected {
            text::check("a key of what is selected", key)?;
            text::check("what is selected", value)?;
        }
        let names = [("systemId", &self.system_id), ("version", &self.version)];
        for (what, name) in names {
            name.iter().try_for_each(|name| text::check(what, name))?;
        }
        self.check_runs()?;
        self.check_archive()
    }

    fn check_runs(&self) -> Result<(), String> {
        for (what, run) in [
            ("lastSuccess", &self.last_success),
            ("previous", &self.previous),
        ] {
            if let Some(run) = run {
                run.check(what, &self.about)?;
            }
        }
        if let Some(failure) = &self.last_failure {
            text::check("the label of lastFailure", &failure.label)?;
            text::check("the reason of lastFailure", &failure.reason)?;
            self.about.has_been("lastFailure", Some(failure.at))?;
        }
        let newest = self.last_success.as_ref().map(|run| run.finished_at);
        if self.last_success.is_some() != (self.usable > 0) {
            return Err("`usable` and `lastSuccess` differ on whether there is a backup".into());
        }
        let before = |what: &str, instant: Option<Timestamp>| match (instant, newest) {
            (Some(instant), Some(newest)) if instant <= newest => Ok(()),
            (None, _) => Ok(()),
            (Some(_), _) => Err(format!("`{what}` is not before `lastSuccess`")),
        };
        before(
            "previous",
            self.previous.as_ref().map(|run| run.finished_at),
        )?;
        before("firstRecoverable", self.first_recoverable)?;
        match (self.last, newest) {
            (Some(_), None) => Err("`final` without a backup that can be restored from".into()),
            _ => Ok(()),
        }
    }

    fn check_archive(&self) -> Result<(), String> {
        let Some(archive) = &self.archive else {
            return Ok(());
        };
        for piece in [&archive.first, &archive.last].into_iter().flatten() {
            text::check("a piece of the archive", piece)?;
        }
        self.about
            .has_been("lastAt of the archive", archive.last_at)
    }
}

impl Run {
    fn check(&self, what: &str, about: &About) -> Result<(), String> {
        text::check(&format!("the label of {what}"), &self.label)?;
        if self
            .started_at
            .is_some_and(|start| start > self.finished_at)
        {
            return Err(format!("{what} was finished before it began"));
        }
        if self.bytes == Some(0) {
            return Err(format!("{what} holds 0 bytes: that is no backup"));
        }
        about.has_been(what, Some(self.finished_at))
    }
}

impl Tool {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::PgbackrestInfo,
        Self::Cnpg,
        Self::Velero,
        Self::K8up,
        Self::Restic,
        Self::Zalando,
        Self::Json,
    ];

    /// As commands and statements write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PgbackrestInfo => "pgbackrest-info",
            Self::Cnpg => "cnpg",
            Self::Velero => "velero",
            Self::K8up => "k8up",
            Self::Restic => "restic",
            Self::Zalando => "zalando",
            Self::Json => "json",
        }
    }

    /// Reads it back; `None` for any other spelling.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tool| tool.as_str() == text)
    }
}
