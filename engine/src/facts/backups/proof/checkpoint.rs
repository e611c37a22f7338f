//! Whether a backup was made of each database for what cannot be undone otherwise, and whether one was restored in time.
//! Knows nothing of scripts.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{Asked, Data, Gap, Proof, nearness};
use crate::facts::Context;
use crate::facts::backups::states;
use crate::model::{Digest, ObjectRef, RiskTier};

/// A database that is there before the change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Checkpoint {
    /// It.
    pub object: ObjectRef,
    /// What its newest backup, or its last restore, lacks; absent where that is as it must be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacks: Option<String>,
    /// The statement about that; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub evidence: Option<Digest>,
    /// The first instant at which it lacks more.
    #[serde(skip)]
    pub(in crate::facts) until: Option<Timestamp>,
}

/// Each database, with what is known of its newest backup.
pub(in crate::facts) fn checkpoints(context: &Context<'_>) -> Vec<Checkpoint> {
    let made = |object: &ObjectRef, proof: Proof| Checkpoint {
        object: object.clone(),
        lacks: lacks(&proof.gaps, &CHECKED),
        evidence: proof.observed.map(|observed| observed.evidence),
        until: proof.until,
    };
    of_databases(context, &made)
}

/// Each database, with what is known of its last restore: when it was, and whether it took longer than it may.
pub(in crate::facts) fn restores(context: &Context<'_>) -> Vec<Checkpoint> {
    let within = context.backups.evidence.restored_within;
    let within = SignedDuration::from_secs(within.saturating_add(1));
    let made = |object: &ObjectRef, proof: Proof| Checkpoint {
        object: object.clone(),
        lacks: lacks(&proof.gaps, &RESTORED),
        until: proof
            .restore_test
            .as_ref()
            .and_then(|test| test.finished_at.checked_add(within).ok()),
        evidence: proof.restore_test.map(|test| test.evidence),
    };
    of_databases(context, &made)
}

fn of_databases(
    context: &Context<'_>,
    made: &dyn Fn(&ObjectRef, Proof) -> Checkpoint,
) -> Vec<Checkpoint> {
    let now = context.season.now;
    let states = states(context.base, context.backups, now);
    let asked = Asked {
        known: context.reported,
        rules: context.backups,
        now,
        states: &states,
        freeze: &nearness(context.backups, context.season),
    };
    let databases = states.iter().filter(|(_, it)| it.data == Data::Database);
    let checkpoints = databases.filter_map(|(object, _)| {
        let proof = asked.proof(object, RiskTier::Critical)?;
        Some(made(object, proof))
    });
    checkpoints.collect()
}

fn lacks(gaps: &[Gap], kinds: &[&str]) -> Option<String> {
    let gaps = gaps.iter();
    let gaps = gaps.filter(|gap| kinds.contains(&gap.kind) && gap.lifted_by.is_none());
    let gaps: Vec<&str> = gaps.map(|gap| gap.text.as_str()).collect();
    (!gaps.is_empty()).then(|| gaps.join("; "))
}

/// What must not be so of a backup that is gone back to.
const CHECKED: [&str; 3] = ["not-fresh", "last-run-failed", "checkpoint-missing"];
/// What must not be so of a restore that the way back takes.
const RESTORED: [&str; 3] = ["restore-test-missing", "restore-test-stale", "rto-exceeded"];
