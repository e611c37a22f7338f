//! What scripts do to databases: the files, `ConfigMap`s and arguments that change and hold SQL, and the modules of Odoo.
//! Runs nothing of them and knows no database; what it does not understand it says.

mod alter;
mod caches;
mod classify;
mod contracts;
mod files;
mod liquibase;
mod literal;
mod naming;
mod objects;
mod odoo;
mod replicas;
mod said;
mod script;
mod scripts;
mod sections;
mod split;
mod statement;
mod syntax;

use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::Value;

pub use caches::Cache;
pub use contracts::{After, Contract, Held, awaited};
pub use files::{Files, ModuleFiles, Rules, ScriptFile, Text};
pub use objects::{RUNNING, may_run, stand_in};
pub use odoo::{MANIFEST, Module};
pub use replicas::Replicated;
pub use said::Word;
pub use scripts::Script;
pub use statement::Class;

use super::backups::Checkpoint;
use super::{Collector, Context, Fact};
use crate::model::Piece;

/// The collector of `migrations`.
pub struct Migrations;

/// What scripts do to databases.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields, title = "migrations")]
struct Found {
    /// The worst of all scripts.
    class: Class,
    /// The scripts that change.
    scripts: Vec<Script>,
    /// The modules of Odoo that change.
    odoo: Vec<Module>,
    /// The database clusters that hand on each row that a script writes; only looked for where a script changes.
    replicated: Vec<Replicated>,
    /// The databases that are there, where a script takes away what no script brings back and evidence is asked for.
    checkpoints: Vec<Checkpoint>,
    /// The keys that say what a cache holds, and stay as they were, where a script or a module changes; those that settings name.
    caches: Vec<Cache>,
}

impl Collector for Migrations {
    fn name(&self) -> &'static str {
        NAME
    }

    fn schema(&self) -> &'static str {
        "facts/migrations.json"
    }

    fn collect(&self, context: &Context<'_>) -> Fact {
        let found = found(context);
        match serde_json::to_value(&found) {
            Ok(value) => Fact::Known {
                value: Piece::new(value),
                until: said::until(&found.checkpoints),
            },
            Err(error) => Fact::Unknown {
                reason: format!("what was found cannot be written down: {error}"),
            },
        }
    }
}

fn found(context: &Context<'_>) -> Found {
    let mut scripts = scripts::scripts(context);
    said::add(&mut scripts, context);
    contracts::add(&mut scripts, context);
    let class = scripts.iter().map(|script| script.class).max();
    Found {
        class: class.unwrap_or_default(),
        checkpoints: said::checkpoints(&scripts, context),
        odoo: context.scripts.modules.iter().map(odoo::module).collect(),
        caches: match scripts.is_empty() && context.scripts.modules.is_empty() {
            true => Vec::new(),
            false => caches::caches(context),
        },
        replicated: match scripts.is_empty() {
            true => Vec::new(),
            false => replicas::replicated(context),
        },
        scripts,
    }
}

/// Whether any script changes, in a file or in an object, or a module of Odoo.
pub(super) fn are_touched(context: &Context<'_>) -> bool {
    context.scripts.is_touched() || scripts::are_in_objects(context)
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

/// The fact that looks at scripts.
pub const NAME: &str = "migrations";

#[cfg(test)]
mod tests;
