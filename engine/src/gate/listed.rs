//! The units of an environment, and what keeps each of them from being rendered, as far as its files say it.
//! Starts no process.

use super::Error;
use super::deployed::{Deployed, units_of};
use crate::config::{Config, Environment};
use crate::render::Files;
use crate::sources::{self, ResolvedUnit, Tree};

/// A unit as it is listed.
#[derive(Debug)]
pub struct ListedUnit {
    /// The unit.
    pub unit: ResolvedUnit,
    /// Why it is never rendered, whatever renders it.
    pub refused: Option<Error>,
}

/// The units of an environment.
///
/// # Errors
/// Those of [`sources::resolve`].
pub fn listed(
    environment: &Environment,
    config: &Config,
    tree: &Tree<'_>,
    files: &dyn Files,
) -> Result<Vec<ListedUnit>, sources::Error> {
    let units = units_of(environment, config, tree)?.into_iter();
    let listed = units.map(|declared| {
        // What is not known is told of its source.
        let is_open = declared.unit.unknown().next().is_none() && !declared.is_foreign();
        let deployed = is_open.then(|| Deployed::of(&declared, files));
        ListedUnit {
            refused: deployed.and_then(Result::err),
            unit: declared.unit,
        }
    });
    Ok(listed.collect())
}
