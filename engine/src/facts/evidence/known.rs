//! What is known from evidence whose signatures held: of each object the newest word of each signer, and a few before it.
//! Verifies nothing; decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{
    Backup, Decision, Incident, MigrationRehearsal, MigrationReview, ObjectName, Outcome,
    RestoreTest, RollbackTest, Run,
};
use crate::model::Digest;

/// What is known of an environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// By object.
    pub objects: BTreeMap<ObjectName, OfObject>,
    /// What is known of scripts, by the digests of their texts.
    pub scripts: BTreeMap<Digest, OfScript>,
    /// What counts for nothing, and why, by path.
    pub refused: Vec<Refused>,
    /// How many files are about other environments.
    pub elsewhere: usize,
    /// Why nothing can be known, for people.
    pub untold: Option<String>,
}

/// What is known of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfObject {
    /// Its backups, by signer and tool.
    pub backups: Vec<Observed<Backup>>,
    /// Its restore tests, by signer and scope.
    pub restore_tests: Vec<Observed<RestoreTest>>,
    /// The incidents that are about it, over or not, by signer and id.
    pub incidents: Vec<Observed<Incident>>,
    /// Its rollback tests, by signer, image before and image after.
    pub rollback_tests: Vec<Observed<RollbackTest>>,
}

/// What is known of a script.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfScript {
    /// Its reviews, by signer.
    pub reviews: Vec<Observed<MigrationReview>>,
    /// Its rehearsals, by signer.
    pub rehearsals: Vec<Observed<MigrationRehearsal>>,
}

/// The newest that one signer said of one thing, and what it said before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observed<T> {
    /// The highest sequence.
    pub newest: Witnessed<T>,
    /// Those before it, newest first; at most as many as are kept.
    pub earlier: Vec<Witnessed<T>>,
}

/// What a trusted key signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Witnessed<T> {
    /// What is said.
    pub said: T,
    /// The SHA-256 of the payload, by which a verdict names it.
    pub digest: Digest,
    /// Who signed it.
    pub signers: Vec<String>,
    /// Where it lies.
    pub path: String,
}

/// A file that counts for nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refused {
    /// Where it lies.
    pub path: String,
    /// Why, in a word.
    pub why: Why,
    /// Why, in a sentence.
    pub text: String,
    /// What it claims to be about.
    pub objects: BTreeSet<ObjectName>,
    /// Which scripts it claims to be about.
    pub scripts: BTreeSet<Digest>,
}

/// Why evidence counts for nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// No evidence of a kind that is known, or one that contradicts itself.
    Malformed,
    /// Not signed by who may say this.
    Untrusted,
    /// Of another cluster, or of one that is not named.
    Cluster,
    /// One number for two statements.
    Sequence,
    /// The higher number was said earlier.
    Clock,
    /// A restore test of another database.
    OtherDatabase,
}

impl Why {
    /// In a word, for programs.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Untrusted => "untrusted",
            Self::Cluster => "cluster",
            Self::Sequence => "sequence",
            Self::Clock => "clock",
            Self::OtherDatabase => "other-database",
        }
    }
}

impl Known {
    /// A file that claims to be about a script, and counts for nothing.
    #[must_use]
    pub fn refused_of_script(&self, script: Digest) -> Option<&Refused> {
        self.refused.iter().find(|it| it.scripts.contains(&script))
    }
}

impl OfScript {
    /// The review that counts: whoever rejects it is heard before those who approve, and then the newest.
    #[must_use]
    pub fn review(&self) -> Option<&Witnessed<MigrationReview>> {
        let newest = self.reviews.iter().map(|one| &one.newest);
        newest.max_by_key(|one| {
            let rejected = one.said.decision == Decision::Rejected;
            (rejected, one.said.about.reported_at)
        })
    }

    /// The newest rehearsal. Of two at one time, the bad one.
    #[must_use]
    pub fn rehearsal(&self) -> Option<&Witnessed<MigrationRehearsal>> {
        let newest = self.rehearsals.iter().map(|one| &one.newest);
        newest.max_by_key(|one| (one.said.finished_at, one.said.outcome == Outcome::Failed))
    }
}

impl OfObject {
    /// The newest backup that can be restored from, of all tools, and who says so.
    #[must_use]
    pub fn last_success(&self) -> Option<(&Witnessed<Backup>, &Run)> {
        let all = self.backups.iter().map(|one| &one.newest);
        let runs = all.filter_map(|one| Some((one, one.said.last_success.as_ref()?)));
        runs.max_by_key(|(_, run)| run.finished_at)
    }

    /// The newest restore test of each scope and signer that came back whole, newest first. One that failed since
    /// takes its place.
    #[must_use]
    pub fn passed_restore_tests(&self) -> Vec<&Witnessed<RestoreTest>> {
        let newest = self.restore_tests.iter().map(|one| &one.newest);
        let mut passed: Vec<&Witnessed<RestoreTest>> = newest
            .filter(|one| one.said.outcome == Outcome::Passed)
            .collect();
        passed.sort_by_key(|one| std::cmp::Reverse(one.said.finished_at));
        passed
    }

    /// Whether anybody says anything of its backups.
    #[must_use]
    pub fn tells_of_backups(&self) -> bool {
        !(self.backups.is_empty() && self.restore_tests.is_empty() && self.incidents.is_empty())
    }

    /// The newest word of all who took it back from one image to another. Of two at one time, the bad one.
    #[must_use]
    pub fn rollback_test(&self, way: (Digest, Digest)) -> Option<&Witnessed<RollbackTest>> {
        let newest = self.rollback_tests.iter().map(|one| &one.newest);
        let such = newest.filter(|one| one.said.way() == way);
        such.max_by_key(|one| (one.said.finished_at, one.said.outcome == Outcome::Failed))
    }

    /// The incidents that last.
    pub fn incidents_at(&self, now: Timestamp) -> impl Iterator<Item = &Witnessed<Incident>> {
        let newest = self.incidents.iter().map(|one| &one.newest);
        newest.filter(move |one| one.said.lasts_at(now))
    }
}

impl Observed<Backup> {
    /// The size of the last success and of the one of its kind before it, where both are known: told by the tool, or
    /// by what was said earlier.
    #[must_use]
    pub fn sizes(&self) -> Option<(u64, u64)> {
        let last = self.newest.said.last_success.as_ref()?;
        let previous = self.newest.said.previous.as_ref();
        let earlier = self.earlier.iter();
        let earlier = earlier.filter_map(|one| one.said.last_success.as_ref());
        let mut runs = previous.into_iter().chain(earlier);
        let before = runs.find(|run| {
            run.kind == last.kind && run.finished_at < last.finished_at && run.bytes.is_some()
        });
        Some((last.bytes?, before?.bytes?))
    }
}
