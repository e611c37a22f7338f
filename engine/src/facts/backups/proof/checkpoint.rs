//! Whether a backup was made of each database for what cannot be undone otherwise.
//! Knows nothing of scripts.

use jiff::Timestamp;
use serde::Serialize;

use super::{Asked, Data};
use crate::facts::Context;
use crate::facts::backups::states;
use crate::model::{Digest, ObjectRef, RiskTier};

/// A database that is there before the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Checkpoint {
    /// It.
    pub object: ObjectRef,
    /// What its newest backup lacks; absent where that is young enough.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacks: Option<String>,
    /// The statement about that backup; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub evidence: Option<Digest>,
    /// The first instant at which it lacks more.
    #[serde(skip)]
    pub(in crate::facts) until: Option<Timestamp>,
}

/// Each database, with what is known of its newest backup.
pub(in crate::facts) fn checkpoints(context: &Context<'_>) -> Vec<Checkpoint> {
    let now = context.season.now;
    let states = states(context.base, context.backups, now);
    let asked = Asked {
        known: context.reported,
        rules: context.backups,
        now,
        states: &states,
    };
    let databases = states.iter().filter(|(_, it)| it.data == Data::Database);
    let checkpoints = databases.filter_map(|(object, _)| {
        let proof = asked.proof(object, RiskTier::Critical)?;
        let gaps = proof
            .gaps
            .into_iter()
            .filter(|gap| CHECKED.contains(&gap.kind) && gap.lifted_by.is_none());
        let gaps: Vec<String> = gaps.map(|gap| gap.text).collect();
        Some(Checkpoint {
            object: object.clone(),
            lacks: (!gaps.is_empty()).then(|| gaps.join("; ")),
            evidence: proof.observed.map(|observed| observed.evidence),
            until: proof.until,
        })
    });
    checkpoints.collect()
}

/// What must not be so of a backup that is gone back to.
const CHECKED: [&str; 3] = ["not-fresh", "last-run-failed", "checkpoint-missing"];
