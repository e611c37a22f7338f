//! The databases around scripts, and whether each can be taken back to the minute before: a script that takes away is
//! undone by that alone. Knows nothing of which of them a script is for.

use serde::Serialize;

use crate::facts::backups::{self, Checkpoint, Data, State};
use crate::facts::{Context, migrations};
use crate::model::ObjectRef;

/// A database of the environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Database {
    /// It.
    pub object: ObjectRef,
    /// Why it cannot be taken back to a point in time, as far as is known; absent where it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacks: Option<String>,
}

/// Those at head; none where no script changes.
pub(super) fn databases(context: &Context<'_>) -> Vec<Database> {
    if !migrations::are_touched(context) {
        return Vec::new();
    }
    let states = backups::states(context.head, context.backups, context.season.now);
    let databases = states.into_iter();
    let databases = databases.filter(|(_, state)| state.data == Data::Database);
    let databases = databases.map(|(object, state)| Database {
        object,
        lacks: lacks(&state),
    });
    databases.collect()
}

/// Whether each was restored in time, where that is asked for; none where no script changes.
pub(super) fn restores(context: &Context<'_>) -> Vec<Checkpoint> {
    let is_asked = context.ways_back.restores_in(context.stage());
    match is_asked && migrations::are_touched(context) {
        true => backups::restores(context),
        false => Vec::new(),
    }
}

fn lacks(state: &State) -> Option<String> {
    if state.coverage.iter().any(|cover| cover.pitr) {
        return None;
    }
    let mut unknown = state.unknown.iter();
    Some(match unknown.next() {
        Some(why) => format!("may have no continuous archive of its log: {why}"),
        None => "has no continuous archive of its log that is declared".to_owned(),
    })
}
