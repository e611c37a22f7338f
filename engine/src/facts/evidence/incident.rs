//! `incident`: objects are in trouble for a stated time, so that bringing them back must not wait for a fresh backup.
//! Lifts nothing itself.

use std::collections::BTreeSet;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{About, ObjectName, text};
use crate::model::{instant, is_harmful, limits};

/// Objects are in trouble.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Incident {
    /// Where and when.
    pub about: About,
    /// What people call it: `INC-4711`.
    pub id: String,
    /// Which objects.
    pub objects: BTreeSet<ObjectName>,
    /// The first instant at which it counts.
    #[serde(with = "instant")]
    #[schemars(with = "String")]
    pub from: Timestamp,
    /// The first instant at which it counts no more.
    #[serde(with = "instant")]
    #[schemars(with = "String")]
    pub until: Timestamp,
    /// What happened.
    pub reason: String,
}

impl Incident {
    /// Whether it counts at an instant.
    #[must_use]
    pub fn lasts_at(&self, now: Timestamp) -> bool {
        (self.from..self.until).contains(&now)
    }

    /// What is wrong with it.
    ///
    /// # Errors
    /// The first thing that cannot be.
    pub fn check(&self) -> Result<(), String> {
        self.about.check()?;
        text::check("the id", &self.id)?;
        if !(1..=limits::INCIDENT_OBJECTS.most).contains(&self.objects.len()) {
            let most = limits::INCIDENT_OBJECTS;
            return Err(format!("an incident is about 1 to {most} objects"));
        }
        let life = self.until.duration_since(self.from);
        let most = limits::INCIDENT_TIME.most;
        let seconds = usize::try_from(life.as_secs()).unwrap_or(0);
        if !(1..=most).contains(&seconds) {
            return Err(
                "an incident lasts three days at most, and ends after it begins".to_owned(),
            );
        }
        let long = (20..=2_000).contains(&self.reason.trim().chars().count());
        if !long || self.reason.contains(is_harmful) {
            return Err(
                "the reason needs 20 characters at least, 2,000 at most, and no control characters"
                    .to_owned(),
            );
        }
        Ok(())
    }
}
