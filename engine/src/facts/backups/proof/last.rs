//! What is proven of the last backup of an object that a change deletes.
//! Knows no claim, and no other kind of change.

use jiff::Timestamp;
use serde::Serialize;

use super::weighing::{Weighing, minutes};
use super::{Asked, Observed, Proof, Restored};
use crate::facts::backups::assess::spelt;
use crate::facts::evidence::{Backup, OfObject, Outcome, RestoreTest, Run, Witnessed};
use crate::model::{Digest, ObjectRef, RiskTier};

/// The backup that was said to be the last one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FinalBackup {
    /// Why it does not let the object go, in words; absent where it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacks: Option<String>,
    /// When it was complete; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// The statement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Digest>,
    /// Who signed it.
    pub signers: Vec<String>,
    /// The first instant at which it is too old.
    #[serde(skip)]
    pub(in crate::facts::backups) until: Option<Timestamp>,
}

impl<'a> Asked<'a> {
    /// What is proven of an object that a change of this tier deletes. That something is gone for good is asked of
    /// every tier.
    pub(in crate::facts::backups) fn of_deleted(
        self,
        object: &'a ObjectRef,
        tier: RiskTier,
    ) -> Option<Proof> {
        let weighing = self.weighing(object, tier)?;
        let mut proof = self.proof(object, tier).unwrap_or(Proof {
            tier,
            observed: None,
            restore_test: None,
            incident: None,
            gaps: Vec::new(),
            final_backup: None,
            until: None,
        });
        let of = weighing.taken();
        let lasts = lasts(&of).map(|last| (self.weighed(&of, last), last));
        // One that lets the object go is enough.
        let best = lasts.max_by_key(|(said, _)| (said.lacks.is_none(), said.finished_at));
        let Some((said, (one, run))) = best else {
            proof.final_backup = Some(self.unsaid());
            return Some(proof);
        };
        if said.lacks.is_none() {
            proof.observed = Some(Observed::of(one, run, &of));
            let restored = passed(&of, (one, run)).map(Restored::of);
            proof.restore_test = restored.or(proof.restore_test);
        }
        proof.final_backup = Some(said);
        Some(proof)
    }

    fn unsaid(self) -> FinalBackup {
        let untold = self.known.untold.as_ref();
        let why = untold.map_or(String::new(), |why| format!(": {why}"));
        FinalBackup {
            lacks: Some(format!("nobody signed that its last backup was taken{why}")),
            finished_at: None,
            evidence: None,
            signers: Vec::new(),
            until: None,
        }
    }

    fn weighed(self, of: &OfObject, (one, run): (&Witnessed<Backup>, &Run)) -> FinalBackup {
        let age = self.age(run.finished_at);
        let verified = one.said.last.is_some_and(|last| last.verified);
        let is_newer = |at: Timestamp| at > run.finished_at;
        let failure = one.said.last_failure.as_ref();
        let lacks = if age > MOST {
            let age = minutes(age);
            Some(format!(
                "its last backup is {age} old, of {} at most",
                spelt(MOST)
            ))
        } else if failure.is_some_and(|failure| is_newer(failure.at)) {
            Some("a backup failed after its last one".to_owned())
        } else if failed(of, run) {
            Some(format!(
                "its last backup, `{}`, failed to be restored",
                run.label
            ))
        } else if !verified && passed(of, (one, run)).is_none() {
            Some("its last backup was neither verified nor restored".to_owned())
        } else {
            None
        };
        FinalBackup {
            until: lacks
                .is_none()
                .then(|| Weighing::end(run.finished_at, MOST))
                .flatten(),
            lacks,
            finished_at: Some(run.finished_at),
            evidence: Some(one.digest),
            signers: one.signers.clone(),
        }
    }
}

/// Those of which somebody says that they are the last, and has not said otherwise since.
fn lasts(of: &OfObject) -> impl Iterator<Item = (&Witnessed<Backup>, &Run)> {
    let newest = of.backups.iter().map(|one| &one.newest);
    let lasts = newest.filter(|one| one.said.last.is_some());
    lasts.filter_map(|one| Some((one, one.said.last_success.as_ref()?)))
}

/// The newest restore of that very backup, of that very database.
fn passed<'o>(
    of: &'o OfObject,
    (one, run): (&Witnessed<Backup>, &Run),
) -> Option<&'o Witnessed<RestoreTest>> {
    let tests = of.passed_restore_tests().into_iter();
    let mut own = tests.filter(|test| {
        let (its, ours) = (&test.said.system_id, &one.said.system_id);
        is_of(&test.said, run) && (its.is_none() || ours.is_none() || its == ours)
    });
    own.next()
}

fn failed(of: &OfObject, run: &Run) -> bool {
    let newest = of.restore_tests.iter().map(|one| &one.newest.said);
    let mut failed = newest.filter(|test| test.outcome == Outcome::Failed);
    failed.any(|test| is_of(test, run))
}

fn is_of(test: &RestoreTest, run: &Run) -> bool {
    test.backup == run.label && test.finished_at >= run.finished_at
}

/// How old the last backup may be, in seconds.
const MOST: i64 = 24 * 60 * 60;
