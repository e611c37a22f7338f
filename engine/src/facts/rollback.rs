//! What stands in the way of going back: what a change does that Git alone does not undo, and the plan for that.
//! Knows nothing of how much of it a policy asks for.

mod config;
mod databases;
mod definitions;
mod emptied;
mod fixed;
mod irreversible;
mod plan;
#[cfg(test)]
mod tests;
mod versions;

use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

pub use config::Shared;
pub use databases::Database;
pub use emptied::Emptied;
pub use irreversible::{Irreversible, Kind};
pub use plan::{Plan, PlanFile, Prepared, Text};

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
}

impl Collector for Rollback {
    fn name(&self) -> &'static str {
        NAME
    }

    fn schema(&self) -> &'static str {
        "facts/rollback.json"
    }

    fn collect(&self, context: &Context<'_>) -> Fact {
        let found = Found {
            irreversible: irreversible::all(context.changes),
            plans: context.prepared.plans.iter().map(Plan::of).collect(),
            config: config::shared(context.changes),
            emptied: emptied::emptied(context.changes),
            databases: databases::databases(context),
        };
        match serde_json::to_value(&found) {
            Ok(value) => Fact::known(Piece::new(value)),
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
