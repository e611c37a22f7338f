//! What signed evidence says of backups, rehearsals and incidents: its words, and what they must not contradict.
//! Knows no signature, no file and no clock.

mod backup;
mod error;
mod incident;
mod known;
mod migration;
mod object;
mod restore_test;
mod rollback_test;
mod text;
pub mod tools;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::instant;
pub use backup::{Archive, Archiving, Backup, Failure, Final, Run, RunKind, Source, Tool};
pub use error::Error;
pub use incident::Incident;
pub use known::{Known, Observed, OfObject, OfScript, Refused, Why, Witnessed};
pub use migration::{Decision, MigrationRehearsal, MigrationReview};
pub use object::ObjectName;
pub use restore_test::{Outcome, RestoreTest, Scope};
pub use rollback_test::RollbackTest;

/// Of which environment somebody says something, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct About {
    /// The environment.
    pub environment: String,
    /// The cluster that it runs in, as the configuration names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// When this was said.
    #[serde(with = "instant")]
    #[schemars(with = "String")]
    pub reported_at: Timestamp,
    /// Counts up: of what one signer says of one object by one tool, the highest is the newest.
    pub sequence: u64,
}

impl About {
    /// What is wrong with it.
    fn check(&self) -> Result<(), String> {
        text::check("environment", &self.environment)?;
        self.cluster
            .iter()
            .try_for_each(|cluster| text::check("cluster", cluster))
    }

    /// Refuses an instant after this was said, as far as no clock explains it.
    fn has_been(&self, what: &str, instant: Option<Timestamp>) -> Result<(), String> {
        match instant {
            Some(instant) if instant.duration_since(self.reported_at) > SKEW => Err(format!(
                "{what} is {instant}, which is after it was reported ({})",
                self.reported_at
            )),
            _ => Ok(()),
        }
    }
}

/// Where evidence lies in a repository.
pub const FOLDER: &str = ".tidegate/evidence";

/// How far the clocks of what makes backups, of what reports them and of what judges may lie apart.
pub const SKEW: SignedDuration = SignedDuration::from_mins(5);
