//! `migration-review` and `migration-rehearsal`: somebody looked at scripts, or ran them on a likeness of the database; both are
//! about texts, by their digests. Judges nothing.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{About, Outcome};
use crate::model::{Digest, instant, limits};

/// Somebody who may has looked at scripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MigrationReview {
    /// The environment that it counts for, and when.
    pub about: About,
    /// The SHA-256 of each text.
    #[schemars(with = "BTreeSet<String>")]
    pub scripts: BTreeSet<Digest>,
    /// What came of it.
    pub decision: Decision,
}

/// What came of a review.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// They may run.
    Approved,
    /// They may not.
    Rejected,
}

/// Somebody ran scripts, one after the other, on a likeness of the database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MigrationRehearsal {
    /// The environment that it counts for, and when.
    pub about: About,
    /// The SHA-256 of each text.
    #[schemars(with = "BTreeSet<String>")]
    pub scripts: BTreeSet<Digest>,
    /// When the first began.
    #[serde(with = "instant")]
    #[schemars(with = "String")]
    pub started_at: Timestamp,
    /// When the last was done.
    #[serde(with = "instant")]
    #[schemars(with = "String")]
    pub finished_at: Timestamp,
    /// How large the database was, as `pg_database_size` says it.
    pub database_bytes: u64,
    /// Whether all of them ran to their end.
    pub outcome: Outcome,
}

impl MigrationReview {
    /// What is wrong with it.
    ///
    /// # Errors
    /// The first thing that cannot be.
    pub fn check(&self) -> Result<(), String> {
        self.about.check()?;
        check_count(&self.scripts)
    }
}

impl MigrationRehearsal {
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
        check_count(&self.scripts)?;
        if self.started_at > self.finished_at {
            return Err("the rehearsal was finished before it began".to_owned());
        }
        self.about
            .has_been("the end of the rehearsal", Some(self.finished_at))
    }
}

impl Decision {
    /// As statements write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Rejected => "rejected",
        }
    }
}

fn check_count(scripts: &BTreeSet<Digest>) -> Result<(), String> {
    let most = limits::EVIDENCE_SCRIPTS;
    match (1..=most.most).contains(&scripts.len()) {
        true => Ok(()),
        false => Err(format!("it is about 1 to {most} scripts")),
    }
}
