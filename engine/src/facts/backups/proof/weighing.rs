//! Holds what signed evidence says of one object against its targets.
//! Knows no change, and nothing of who may sign.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{Asked, Observed, Proof, Restored, Trouble};
use crate::facts::backups::assess::{State, spelt};
use crate::facts::backups::gap::Gap;
use crate::facts::backups::rules::Data;
use crate::facts::evidence::{self, Archiving, Backup, OfObject, Scope};
use crate::model::{ObjectRef, RiskTier};

/// What is known of an object, as it is weighed.
pub(super) struct Weighing<'a> {
    pub(super) asked: Asked<'a>,
    pub(super) object: &'a ObjectRef,
    pub(super) state: &'a State,
    pub(super) tier: RiskTier,
    /// What counts.
    pub(super) of: OfObject,
    pub(super) gaps: Vec<Gap>,
    pub(super) until: Vec<Timestamp>,
}

impl Weighing<'_> {
    /// Weighs it.
    pub(super) fn proof(mut self) -> Proof {
        self.take();
        self.freshness();
        self.set();
        let incident = self.lift();
        self.restorability();
        self.finish(incident)
    }

    /// What is about this very database.
    pub(super) fn taken(mut self) -> OfObject {
        self.take();
        self.of
    }

    fn take(&mut self) {
        let mut invalid: Vec<String> = Vec::new();
        let refused = self.asked.known.refused.iter();
        let refused = refused.filter(|it| it.objects.iter().any(|name| name.is(self.object)));
        invalid.extend(refused.map(|it| format!("`{}`: {}", it.path, it.text)));
        self.of = self.asked.of(self.object).cloned().unwrap_or_default();
        let declared = self.asked.rules.system_id(self.object);
        let ids: BTreeSet<String> = match declared {
            Some(id) => [id.to_owned()].into(),
            None => {
                let said = self.of.backups.iter();
                said.filter_map(|one| one.newest.said.system_id.clone())
                    .collect()
            }
        };
        if ids.len() > 1 {
            let ids: Vec<String> = ids.into_iter().collect();
            let text = format!("backups of several databases: {}", ids.join(", "));
            invalid.push(text);
            self.of.backups.clear();
            self.of.restore_tests.clear();
        } else if let Some(id) = declared {
            let own = |said: &Option<String>| said.as_deref() == Some(id);
            let backups = self.of.backups.len();
            self.of
                .backups
                .retain(|one| own(&one.newest.said.system_id));
            let tests = self.of.restore_tests.len();
            let restored = &mut self.of.restore_tests;
            restored.retain(|one| own(&one.newest.said.system_id));
            if backups > self.of.backups.len() || tests > self.of.restore_tests.len() {
                invalid.push(format!("it is not said to be of database {id}"));
            }
        }
        let more = invalid.len().saturating_sub(TOLD);
        invalid.truncate(TOLD);
        if more > 0 {
            invalid.push(format!("and {more} more"));
        }
        if !invalid.is_empty() {
            let text = format!(
                "has evidence that counts for nothing: {}",
                invalid.join("; ")
            );
            self.lack("evidence-invalid", text);
        }
    }

    fn lack(&mut self, kind: &'static str, text: impl Into<String>) {
        self.gaps.push(Gap::new(kind, text));
    }

    /// Says that something is enough for so long after it happened.
    fn lasts(&mut self, at: Timestamp, most: i64) {
        self.until.extend(Self::end(at, most));
    }

    /// The first instant at which something is too old.
    pub(super) fn end(at: Timestamp, most: i64) -> Option<Timestamp> {
        let most = SignedDuration::from_secs(most.saturating_add(1));
        at.checked_add(most).ok()
    }

    fn is_continuous(&self) -> bool {
        self.state.coverage.iter().any(|cover| cover.pitr)
    }

    /// How old the newest backup may be.
    fn most(&self) -> i64 {
        let rules = &self.asked.rules.evidence;
        match self.state.target.rpo {
            Some(rpo) if !self.is_continuous() => {
                rules.max_age.min(rpo.saturating_mul(rules.factor))
            }
            _ => rules.max_age,
        }
    }

    /// The same before a freeze, where less is allowed then.
    fn most_before_freeze(&self) -> Option<i64> {
        let before = self.asked.rules.evidence.pre_freeze?;
        (before.max_age < self.most()).then_some(before.max_age)
    }

    fn freshness(&mut self) {
        let of = self.of.clone();
        match of.last_success() {
            None => self.lack("not-fresh", self.unreported()),
            Some((_, run)) => {
                self.age(run.finished_at);
                if self.is_continuous() {
                    self.archive(&of, run.finished_at);
                }
            }
        }
        self.failures(&of);
        self.sizes(&of);
    }

    /// How old the newest backup is.
    fn age(&mut self, at: Timestamp) {
        let age = self.asked.age(at);
        let freeze = self.asked.freeze;
        let strict = self.most_before_freeze();
        let (most, near) = match (strict, &freeze.near) {
            (Some(strict), Some(name)) => (strict, format!(" {name}")),
            _ => (self.most(), String::new()),
        };
        if age > most {
            let text = format!(
                "was last backed up {} ago, and a backup may be {} old where a change is of tier {}{near}",
                minutes(age),
                spelt(most),
                self.tier.as_str()
            );
            return self.lack("not-fresh", text);
        }
        self.lasts(at, most);
        if let (Some(strict), Some(from)) = (strict, freeze.from) {
            self.until
                .extend(Self::end(at, strict).map(|end| end.max(from)));
        }
        self.checkpoint(at);
    }

    fn unreported(&self) -> String {
        match &self.asked.known.untold {
            Some(why) => format!("has no backup that anybody signed: {why}"),
            None => "has no backup that anybody signed".to_owned(),
        }
    }

    /// A backup that was made for the change.
    fn checkpoint(&mut self, at: Timestamp) {
        if self.tier < RiskTier::High || self.state.data != Data::Database {
            return;
        }
        let (age, most) = (self.asked.age(at), self.asked.rules.evidence.checkpoint);
        if age <= most {
            return self.lasts(at, most);
        }
        let text = format!(
            "was last backed up {} ago, and a change of tier {} needs a backup of the last {}",
            minutes(age),
            self.tier.as_str(),
            spelt(most)
        );
        self.lack("checkpoint-missing", text);
    }

    /// The log since the last backup.
    fn archive(&mut self, of: &OfObject, backup: Timestamp) {
        let Some(rpo) = self.state.target.rpo else {
            return;
        };
        let archived = archived(of);
        let last = archived.unwrap_or(backup).max(backup);
        if self.asked.age(last) <= rpo {
            return self.lasts(last, rpo);
        }
        let lost = format!("{} of it may be lost", spelt(rpo));
        let text = match archived {
            None => format!(
                "has a continuous archive of which nobody says when it was last written, and {lost}"
            ),
            Some(_) => format!(
                "has archived nothing of its log for {}, and {lost}",
                minutes(self.asked.age(last))
            ),
        };
        self.lack("not-fresh", text);
    }

    fn failures(&mut self, of: &OfObject) {
        for one in &of.backups {
            let said = &one.newest.said;
            let success = said.last_success.as_ref().map(|run| run.finished_at);
            if let Some(failure) = &said.last_failure
                && success.is_none_or(|at| failure.at > at)
            {
                let text = format!(
                    "has a backup that failed {} ago, after the last good one: `{}` of {}: {}",
                    minutes(self.asked.age(failure.at)),
                    failure.label,
                    said.source.tool.as_str(),
                    failure.reason
                );
                self.lack("last-run-failed", text);
            }
            let archive = said.archive.as_ref();
            if archive.and_then(|it| it.state) == Some(Archiving::Failing) {
                self.lack("last-run-failed", "has a log that fails to be archived");
            }
        }
    }

    fn sizes(&mut self, of: &OfObject) {
        let least = self.asked.rules.evidence.least_percent;
        for (last, before) in of.backups.iter().filter_map(evidence::Observed::sizes) {
            if u128::from(last) * 100 < u128::from(before) * u128::from(least) {
                let text = format!(
                    "has a last backup of {last} bytes, and the one before it has {before}: less than {least} %"
                );
                self.lack("shrunk-suspiciously", text);
            }
        }
    }

    /// Lets an incident that lasts say why the backups of this object are not as they must be.
    fn lift(&mut self) -> Option<Trouble> {
        let lasting = self.of.incidents_at(self.asked.now);
        let incident = lasting.max_by_key(|one| (one.said.until, one.digest))?;
        let trouble = Trouble::of(incident);
        let told = format!(
            "incident {}, signed by {}, until {}",
            trouble.id,
            trouble.signers.join(", "),
            trouble.until
        );
        for gap in self
            .gaps
            .iter_mut()
            .filter(|it| FRESHNESS.contains(&it.kind))
        {
            gap.lifted_by = Some(told.clone());
        }
        let any = self.gaps.iter().any(|gap| gap.lifted_by.is_some());
        any.then(|| {
            self.until.push(trouble.until);
            trouble
        })
    }

    fn restorability(&mut self) {
        if !matches!(self.state.data, Data::Database | Data::Filestore) {
            return;
        }
        let within = self.asked.rules.evidence.restored_within;
        let of = self.of.clone();
        let Some(newest) = of.passed_restore_tests().first().copied() else {
            let text = match of.restore_tests.is_empty() {
                true => "has backups that nobody says to have restored",
                false => "has backups, and the last try to restore one failed",
            };
            return self.lack("restore-test-missing", text);
        };
        let age = self.asked.age(newest.said.finished_at);
        if age > within {
            let text = format!(
                "was last restored {} ago, and must be every {}",
                minutes(age),
                spelt(within)
            );
            return self.lack("restore-test-stale", text);
        }
        self.lasts(newest.said.finished_at, within);
        self.scope();
        let seconds = newest.said.duration().as_secs();
        if let Some(rto) = self.state.target.rto.filter(|rto| seconds > *rto) {
            let text = format!(
                "took {} to be restored, and may take {}",
                minutes(seconds),
                spelt(rto)
            );
            self.lack("rto-exceeded", text);
        }
    }

    /// What belongs together must come back together.
    fn scope(&mut self) {
        let mut wanted = self.asked.rules.evidence.restore_scope.clone();
        for (data, scope) in [
            (Data::Database, Scope::Database),
            (Data::Filestore, Scope::Filestore),
        ] {
            if self.asked.beside(self.object, data).next().is_some() {
                wanted.insert(scope);
            }
        }
        let within = self.asked.rules.evidence.restored_within;
        let near = self.asked.states.keys();
        let near = near.filter(|other| other.namespace == self.object.namespace);
        let near = near.filter(|other| *other != self.object);
        let known = near.filter_map(|other| self.asked.of(other));
        let tests = known
            .chain([&self.of])
            .flat_map(OfObject::passed_restore_tests);
        let fresh = tests.filter(|one| self.asked.age(one.said.finished_at) <= within);
        let had: BTreeSet<Scope> = fresh.flat_map(|one| one.said.scope.clone()).collect();
        let missing: Vec<&str> = wanted.difference(&had).map(|it| it.as_str()).collect();
        if !missing.is_empty() {
            let text = format!("was restored without {}", missing.join(", "));
            self.lack("restore-test-partial", text);
        }
    }

    /// A database and the files beside it must be of one time.
    fn set(&mut self) {
        let other = match self.state.data {
            Data::Database => Data::Filestore,
            Data::Filestore => Data::Database,
            _ => return,
        };
        let own = moments(&self.of);
        let (asked, most) = (self.asked, self.asked.rules.evidence.max_skew);
        let first = asked.beside(self.object, other).next();
        let Some(first) = first.filter(|_| !own.is_empty()) else {
            return;
        };
        let beside = asked.beside(self.object, other);
        let nearest = beside.filter_map(|it| Some((apart(&own, &moments(asked.of(it)?))?, it)));
        let nearest = nearest.min();
        let text = match nearest {
            Some((seconds, _)) if seconds <= most => return,
            Some((seconds, object)) => format!(
                "can be restored, and {object} beside it, only as they were {} apart, of {} at most",
                minutes(seconds),
                spelt(most)
            ),
            None => format!(
                "can be restored, and nobody says so of {first} beside it, which must be of the same time"
            ),
        };
        self.lack("set-inconsistent", text);
    }

    fn finish(self, incident: Option<Trouble>) -> Proof {
        let observed = self
            .of
            .last_success()
            .map(|(one, run)| Observed::of(one, run, &self.of));
        let tests = self.of.passed_restore_tests();
        Proof {
            tier: self.tier,
            observed,
            restore_test: tests.first().map(|one| Restored::of(one)),
            incident,
            final_backup: None,
            gaps: self.gaps,
            until: self.until.into_iter().min(),
        }
    }
}

/// When the log was archived last.
pub(super) fn archived(of: &OfObject) -> Option<Timestamp> {
    let all = of.backups.iter();
    all.filter_map(|one| archived_by(&one.newest.said)).max()
}

/// When that was; where a tool only says that it is archived, when it said so.
fn archived_by(backup: &Backup) -> Option<Timestamp> {
    let archive = backup.archive.as_ref()?;
    let runs = archive.state == Some(Archiving::Running);
    archive
        .last_at
        .or_else(|| runs.then_some(backup.about.reported_at))
}

/// The moments that an object can be taken back to, from the first to the last: all between them only where its log
/// is archived.
fn moments(of: &OfObject) -> Vec<(Timestamp, Timestamp)> {
    let said = of.backups.iter().map(|one| &one.newest.said);
    let moments = said.filter_map(|said| {
        let finished = said.last_success.as_ref()?.finished_at;
        Some(match archived_by(said) {
            Some(at) => (said.first_recoverable.unwrap_or(finished), at.max(finished)),
            None => (finished, finished),
        })
    });
    moments.collect()
}

/// The seconds between the moments that are nearest to each other.
fn apart(own: &[(Timestamp, Timestamp)], others: &[(Timestamp, Timestamp)]) -> Option<i64> {
    let after = |late: Timestamp, early: Timestamp| late.duration_since(early).as_secs().max(0);
    let pairs = own.iter().flat_map(|a| others.iter().map(move |b| (a, b)));
    pairs
        .map(|(a, b)| after(a.0, b.1).max(after(b.0, a.1)))
        .min()
}

/// Whole minutes.
pub(super) fn minutes(seconds: i64) -> String {
    match seconds {
        seconds if seconds < 60 => spelt(seconds),
        seconds => spelt(seconds - seconds % 60),
    }
}

/// What an incident lifts.
const FRESHNESS: [&str; 4] = [
    "not-fresh",
    "last-run-failed",
    "checkpoint-missing",
    "set-inconsistent",
];
/// The most that is told of what counts for nothing.
const TOLD: usize = 4;
