//! What stands in the way of going back: what a change does that Git alone does not undo, and the plan for that.
//! Knows nothing of how much of it a policy asks for.

mod config;
mod databases;
mod definitions;
mod emptied;
mod fixed;
mod irreversible;
mod plan;
mod pressing;
mod rehearsals;
mod target;
#[cfg(test)]
mod tests;
mod versions;

use jiff::Timestamp;
use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

pub use config::Shared;
pub use databases::Database;
pub use emptied::Emptied;
pub use irreversible::{Irreversible, Kind};
pub use plan::{Plan, PlanFile, Prepared, Text};
pub use rehearsals::{Rehearsal, Rules, State};
pub use target::{Answer, Earlier, Target};

use super::backups::Checkpoint;
use super::images::{self, Previous};
use super::{Collector, Context, Fact};
use crate::model::Piece;

/// The collector of `rollback`.
pub struct Rollback;

/// What stands in the way of going back, and what is prepared for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields, title = "rollback")]
struct Found {
    /// What a revert of the change does not bring back.
    irreversible: Vec<Irreversible>,
    /// What the plans of the change say; those that its commits name, or else the one of the settings.
    plans: Vec<Plan>,
    /// The configuration that changes under its old name together with pods that use it.
    config: Vec<Shared>,
    /// What is deleted and comes back empty.
    emptied: Vec<Emptied>,
    /// The databases of the environment, where scripts change.
    databases: Vec<Database>,
    /// The same databases, with what their last restore lacks; none where no restore test is asked for.
    restores: Vec<Checkpoint>,
    /// The images that take the place of others, where going back must have been tried.
    rehearsals: Vec<Rehearsal>,
    /// The images that objects name no more, as far as signatures are asked of them.
    previous: Vec<Previous>,
    /// Whether there is a state to go back to; absent where nobody asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<Target>,
}

impl Found {
    /// When any of it may turn.
    fn until(&self, context: &Context<'_>) -> Option<Timestamp> {
        let previous = self.previous.iter().filter_map(|image| image.until);
        let restores = self.restores.iter().filter_map(|it| it.until);
        previous
            .chain(restores)
            .chain(rehearsals::until(context, &self.rehearsals))
            .min()
    }
}

impl Collector for Rollback {
    fn name(&self) -> &'static str {
        NAME
    }

    fn schema(&self) -> &'static str {
        "facts/rollback.json"
    }

    fn needs_tiers(&self) -> bool {
        true
    }

    fn collect(&self, context: &Context<'_>) -> Fact {
        let found = Found {
            irreversible: irreversible::all(context.changes),
            plans: context.prepared.plans.iter().map(Plan::of).collect(),
            config: config::shared(context.changes),
            emptied: emptied::emptied(context.changes),
            databases: databases::databases(context),
            restores: databases::restores(context),
            rehearsals: rehearsals::rehearsals(context),
            previous: images::previous(context),
            target: context.prepared.target.as_ref().map(Target::of),
        };
        match serde_json::to_value(&found) {
            Ok(value) => Fact::Known {
                value: Piece::new(value),
                until: found.until(context),
            },
            Err(error) => Fact::Unknown {
                reason: format!("what was found cannot be written down: {error}"),
            },
        }
    }
}

/// The JSON Schema of the value.
#[must_use]
pub fn schema() -> Value {
    SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Found>()
        .to_value()
}

/// The fact that looks at the way back.
pub const NAME: &str = "rollback";
