//! What signed evidence proves of an object that a change touches, and what that lacks against its targets.
//! Verifies no signature; which lack is denied where, policies say.

mod checkpoint;
mod last;
#[cfg(test)]
mod tests;
mod weighing;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::assess::State;
use super::gap::Gap;
use super::rules::{Data, Rules};
use crate::facts::evidence::{
    Backup, Incident, Known, OfObject, RestoreTest, Run, Scope, Witnessed,
};
use crate::facts::freeze::{Nearness, Season};
use crate::model::{Digest, ObjectRef, RiskTier};
pub use checkpoint::Checkpoint;
pub(in crate::facts) use checkpoint::{checkpoints, restores};
pub use last::FinalBackup;
use weighing::{Weighing, archived};

/// What is proven of an object.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    /// How risky the change is.
    pub tier: RiskTier,
    /// The newest backup that can be restored from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub observed: Option<Observed>,
    /// The newest restore test that brought all back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restore_test: Option<Restored>,
    /// The incident that lasts longest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<Trouble>,
    /// Its last backup, where the change deletes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub final_backup: Option<FinalBackup>,
    /// What that lacks.
    pub gaps: Vec<Gap>,
    /// The first instant at which it lacks more.
    #[serde(skip)]
    pub(super) until: Option<Timestamp>,
}

/// A backup, as somebody signed it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Observed {
    /// When it was complete.
    pub finished_at: Timestamp,
    /// When the log was archived last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archived_at: Option<Timestamp>,
    /// The statement.
    pub evidence: Digest,
    /// Who signed it.
    pub signers: Vec<String>,
}

/// A restore test, as somebody signed it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Restored {
    /// When it was over.
    pub finished_at: Timestamp,
    /// How long it took.
    pub seconds: i64,
    /// What it comprised.
    pub scope: BTreeSet<Scope>,
    /// The statement.
    pub evidence: Digest,
    /// Who signed it.
    pub signers: Vec<String>,
}

/// An incident, as somebody signed it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Trouble {
    /// What people call it.
    pub id: String,
    /// The first instant at which it counts no more.
    pub until: Timestamp,
    /// The statement.
    pub evidence: Digest,
    /// Who signed it.
    pub signers: Vec<String>,
}

/// What is weighed, and by what.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) known: &'a Known,
    pub(super) rules: &'a Rules,
    pub(super) now: Timestamp,
    /// All that holds data, as it stands before the change.
    pub(super) states: &'a BTreeMap<ObjectRef, State>,
    /// How near a freeze is, where more is asked then.
    pub(super) freeze: &'a Nearness,
}

/// How near a freeze is, where settings ask more before one.
pub(in crate::facts) fn nearness(rules: &Rules, season: &Season<'_>) -> Nearness {
    let before = rules.evidence.pre_freeze.map(|it| it.within);
    before.map_or_else(Nearness::default, |seconds| {
        season.nearness(SignedDuration::from_secs(seconds))
    })
}

impl<'a> Asked<'a> {
    /// What is proven of an object that a change of this tier touches; `None` where nothing must be.
    pub(super) fn proof(self, object: &'a ObjectRef, tier: RiskTier) -> Option<Proof> {
        if tier < self.rules.evidence.tier {
            return None;
        }
        let weighing = self.weighing(object, tier)?;
        // Each write to a bucket is kept by the bucket itself, or that is denied.
        weighing.state.bucket.is_none().then(|| weighing.proof())
    }

    /// Of an object that holds what anybody misses.
    fn weighing(self, object: &'a ObjectRef, tier: RiskTier) -> Option<Weighing<'a>> {
        let state = self.states.get(object).filter(|it| it.has_claims())?;
        (state.data != Data::Cache).then(|| Weighing {
            asked: self,
            object,
            state,
            tier,
            of: OfObject::default(),
            gaps: Vec::new(),
            until: Vec::new(),
        })
    }

    fn of(&self, object: &ObjectRef) -> Option<&OfObject> {
        let mut objects = self.known.objects.iter();
        objects.find_map(|(name, of)| name.is(object).then_some(of))
    }

    /// What holds such data in the namespace of an object.
    fn beside(self, object: &'a ObjectRef, data: Data) -> impl Iterator<Item = &'a ObjectRef> {
        let near = move |other: &ObjectRef| other.namespace == object.namespace;
        let states = self.states.iter();
        states.filter_map(move |(other, state)| {
            let is_reported = state.has_claims() && state.bucket.is_none();
            (near(other) && state.data == data && is_reported).then_some(other)
        })
    }

    fn age(&self, at: Timestamp) -> i64 {
        self.now.duration_since(at).as_secs().max(0)
    }
}

impl Observed {
    fn of(one: &Witnessed<Backup>, run: &Run, of: &OfObject) -> Self {
        Self {
            finished_at: run.finished_at,
            archived_at: archived(of),
            evidence: one.digest,
            signers: one.signers.clone(),
        }
    }
}

impl Restored {
    fn of(one: &Witnessed<RestoreTest>) -> Self {
        Self {
            finished_at: one.said.finished_at,
            seconds: one.said.duration().as_secs(),
            scope: one.said.scope.iter().copied().collect(),
            evidence: one.digest,
            signers: one.signers.clone(),
        }
    }
}

impl Trouble {
    fn of(one: &Witnessed<Incident>) -> Self {
        Self {
            id: one.said.id.clone(),
            until: one.said.until,
            evidence: one.digest,
            signers: one.signers.clone(),
        }
    }
}
