//! `rollback-test`: somebody took an object back from one image to another, and how long that took.
//! Judges nothing.

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{About, ObjectName, Outcome};
use crate::model::{Digest, instant};

/// Somebody took an object back from one image to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RollbackTest {
    /// The environment that it counts for, and when.
    pub about: About,
    /// What was taken back, there or in a likeness of it.
    pub object: ObjectName,
    /// The SHA-256 of the image that ran: the newer one.
    #[schemars(with = "String")]
    pub from: Digest,
    /// The SHA-256 of the image that it was taken back to.
    #[schemars(with = "String")]
    pub to: Digest,
    /// When going back began.
    #[serde(with = "instant")]
    #[schemars(with = "String")]
    pub started_at: Timestamp,
    /// When what was gone back to served.
    #[serde(with = "instant")]
    #[schemars(with = "String")]
    pub finished_at: Timestamp,
    /// Whether it served as before.
    pub outcome: Outcome,
}

impl RollbackTest {
    /// How long it took.
    #[must_use]
    pub fn duration(&self) -> SignedDuration {
        self.finished_at.duration_since(self.started_at)
    }

    /// From which image to which.
    #[must_use]
    pub fn way(&self) -> (Digest, Digest) {
        (self.from, self.to)
    }

    /// What is wrong with it.
    ///
    /// # Errors
    /// The first thing that cannot be.
    pub fn check(&self) -> Result<(), String> {
        self.about.check()?;
        if self.from == self.to {
            return Err("both images are the same: nothing was taken back".to_owned());
        }
        if self.started_at > self.finished_at {
            return Err("the rollback was finished before it began".to_owned());
        }
        self.about
            .has_been("the end of the rollback", Some(self.finished_at))
    }
}
