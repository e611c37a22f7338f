//! What backs one object up, in order, and what that lacks against its target.
//! Knows the methods only as a list.

use std::collections::BTreeMap;

use serde::Serialize;

use super::buckets::BucketUse;
use super::cover::{Consistency, Cover, Found, Missed, Retention, Told};
use super::fate;
use super::gap::Gap;
use super::near::Near;
use super::rules::{Data, Rules, Target};
use super::stateful::Stateful;
use super::{cnpg, cronjob, k8up, pgbackrest, snapshots, velero, zalando};
use crate::model::ObjectRef;

/// What is known of an object that holds data, on one side.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// What data it is.
    pub data: Data,
    /// What it is for, where it is a bucket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<BucketUse>,
    /// The claims that it is or makes, or its bucket.
    pub claims: Vec<String>,
    /// What backs it up, the best first.
    pub coverage: Vec<Cover>,
    /// What was looked at and does not, the nearest of it.
    pub missed: Vec<Missed>,
    /// How many more were.
    pub more_missed: usize,
    /// Why there may be more than is known.
    pub unknown: Vec<String>,
    /// How much of it may be lost.
    pub target: Target,
    /// Where its log is archived to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub archive: Option<String>,
    /// What of it goes where it is deleted, in words; nothing where all of it stays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fate: Option<String>,
    /// What the coverage lacks.
    pub gaps: Vec<Gap>,
}

impl State {
    pub(super) fn of(stateful: &Stateful<'_>, near: &Near<'_>) -> Self {
        if let Some(told) = &stateful.volatile {
            return Self::of_volatile(stateful, told, near.rules);
        }
        let mut found = Found::default();
        found.unknown.extend(stateful.own_way.map(str::to_owned));
        for method in METHODS {
            method(stateful, near, &mut found);
        }
        let mut state = Self::of_found(stateful, found, near);
        state.gaps = state.gaps_of(near.rules);
        state.gaps.extend(state.shared_credentials(near));
        state
    }

    /// All of it but what lacks.
    pub(super) fn of_found(stateful: &Stateful<'_>, mut found: Found, near: &Near<'_>) -> Self {
        let covers = found.covers.into_iter();
        let mut coverage: Vec<Cover> = covers.map(|cover| cover.told_by(near.rules)).collect();
        coverage.sort_by_cached_key(Cover::rank);
        let namespace = stateful.reference.namespace.as_ref();
        found.missed.sort_by_cached_key(|missed| {
            (missed.by.namespace.as_ref() != namespace, missed.by.clone())
        });
        let more_missed = found.missed.len().saturating_sub(LOOKED);
        found.missed.truncate(LOOKED);
        found.unknown.extend(near.unseen().map(str::to_owned));
        Self {
            data: stateful.data,
            bucket: None,
            claims: stateful.claims.iter().map(|it| it.name.clone()).collect(),
            coverage,
            missed: found.missed,
            more_missed,
            unknown: found.unknown,
            target: near.rules.target(stateful.data),
            archive: cnpg::archives_to(stateful, near),
            fate: fate::fate(stateful, near),
            gaps: Vec::new(),
        }
    }

    /// Nothing takes what lies on no claim.
    fn of_volatile(stateful: &Stateful<'_>, told: &str, rules: &Rules) -> Self {
        Self {
            data: stateful.data,
            bucket: None,
            claims: Vec::new(),
            coverage: Vec::new(),
            missed: Vec::new(),
            more_missed: 0,
            unknown: Vec::new(),
            target: rules.target(stateful.data),
            archive: None,
            fate: None,
            gaps: vec![Gap::new("unbacked-volume-type", told)],
        }
    }

    /// Whether it lies on volumes that a backup can take.
    #[must_use]
    pub fn has_claims(&self) -> bool {
        !self.claims.is_empty()
    }

    /// The best of what backs it up.
    #[must_use]
    pub fn best(&self) -> Option<&Cover> {
        self.coverage.first()
    }

    pub(super) fn gaps_of(&self, rules: &Rules) -> Vec<Gap> {
        if self.data == Data::Cache {
            return Vec::new();
        }
        let Some(best) = self.best() else {
            return vec![self.uncovered()];
        };
        let mut gaps = Vec::new();
        if self.data == Data::Database && best.consistency == Consistency::Crash {
            let text = format!(
                "is a database, and {} copies its volumes while it writes: a restored copy is what a power cut leaves",
                best.by
            );
            gaps.push(Gap::new("only-crash-consistent", text));
        }
        if self.target.rpo.is_none() {
            let text = format!(
                "holds data ({}) of which nobody says how much may be lost",
                self.data.as_str()
            );
            gaps.push(Gap::new("target-missing", text));
        }
        gaps.extend(self.late());
        gaps.extend(self.short());
        gaps.extend(self.of_stores(rules));
        gaps
    }

    /// Whoever takes over a workload that reads what opens the store takes over the backups too.
    pub(super) fn shared_credentials(&self, near: &Near<'_>) -> Option<Gap> {
        if self.data == Data::Cache {
            return None;
        }
        let mut covers = self.coverage.iter();
        let (secret, reader) = covers.find_map(|cover| {
            let mut secrets = cover.credentials.iter();
            secrets.find_map(|secret| Some((secret, near.reader(secret)?)))
        })?;
        let text = format!(
            "is backed up with the credentials in {secret}, which {reader} reads too: whoever takes that over can take the backups as well"
        );
        Some(Gap::new("same-credentials", text))
    }

    fn uncovered(&self) -> Gap {
        if let Some(reason) = self.unknown.first() {
            let text = format!("has no backup that can be seen, and may have one: {reason}");
            return Gap::new("coverage-unknown", text);
        }
        let looked = self.looked();
        Gap::new("not-covered", format!("is backed up by nothing: {looked}"))
    }

    /// What was looked at, and why it does not take the object in.
    pub(super) fn looked(&self) -> String {
        let mut looked: Vec<String> = self.missed.iter().map(Missed::told).collect();
        if self.more_missed > 0 {
            looked.push(format!("and {} more do not either", self.more_missed));
        }
        match looked.is_empty() {
            true => "no backup is declared that may take it".to_owned(),
            false => looked.join("; "),
        }
    }

    /// More is lost than may be.
    fn late(&self) -> Option<Gap> {
        let rpo = self.target.rpo?;
        if self.coverage.iter().any(|cover| cover.pitr) {
            return None;
        }
        let often = self
            .coverage
            .iter()
            .min_by_key(|it| it.cadence.gap_seconds)?;
        let gap = often.cadence.gap_seconds;
        let lost = format!(
            "up to {} of it are lost, of which {} may be: {} comes by `{}`",
            spelt(gap),
            spelt(rpo),
            often.by,
            often.cadence.schedule
        );
        (gap > rpo).then(|| match self.data {
            Data::Database => Gap::new("no-pitr", format!("has no continuous archive, and {lost}")),
            _ => Gap::new(
                "interval-exceeds-rpo",
                format!("is backed up too rarely, and {lost}"),
            ),
        })
    }

    /// What is kept is gone too soon.
    fn short(&self) -> Option<Gap> {
        let target = self.target.retention?;
        let kept = self.coverage.iter().map(|cover| match cover.retention {
            Retention::Seconds(seconds) => seconds,
            Retention::Unlimited => i64::MAX,
            Retention::Unknown => 0,
        });
        let longest = kept.max()?;
        let kept = match longest {
            0 => "has backups of which nobody says how long they are kept".to_owned(),
            longest => format!("can be restored for {}", spelt(longest)),
        };
        (longest < target).then(|| {
            let text = format!("{kept}, and must be restorable for {}", spelt(target));
            Gap::new("retention-too-short", text)
        })
    }

    /// What can be told of where backups lie.
    fn of_stores(&self, rules: &Rules) -> Vec<Gap> {
        let best = |told: fn(&Cover) -> Told| self.coverage.iter().map(told).max();
        let mut gaps = Vec::new();
        match best(|cover| cover.encrypted) {
            Some(Told::No) => gaps.push(Gap::new("not-encrypted", "has no encrypted backup")),
            Some(Told::Unknown) => gaps.push(Gap::new(
                "not-encrypted",
                "has no backup of which it is known that it is encrypted",
            )),
            _ => {}
        }
        match best(|cover| cover.offsite) {
            Some(Told::No) => gaps.push(Gap::new(
                "not-offsite",
                "has backups only where the cluster keeps its own data",
            )),
            Some(Told::Unknown) => gaps.push(Gap::new(
                "not-offsite",
                "has no backup of which it is known that it outlives the cluster",
            )),
            _ => {}
        }
        let days = self
            .coverage
            .iter()
            .filter_map(|it| it.immutable_days)
            .max();
        let asked = rules.immutable_days();
        match days {
            None => gaps.push(Gap::new(
                "not-immutable",
                "has no backup of which it is known that nobody can delete it",
            )),
            Some(days) if days < asked => {
                let text =
                    format!("has backups that nobody can delete for {days} days, of {asked}");
                gaps.push(Gap::new("not-immutable", text));
            }
            Some(_) => {}
        }
        gaps
    }
}

impl Missed {
    fn told(&self) -> String {
        format!("{} {}", self.by, self.why)
    }
}

/// Says of databases that archive to one place that each writes over the other.
pub(super) fn share(states: &mut BTreeMap<ObjectRef, State>) {
    let mut owners: BTreeMap<String, Vec<ObjectRef>> = BTreeMap::new();
    for (object, state) in states.iter() {
        if let Some(place) = &state.archive {
            owners
                .entry(place.clone())
                .or_default()
                .push(object.clone());
        }
    }
    for (place, objects) in owners {
        for object in &objects {
            let other = objects.iter().find(|other| *other != object);
            if let (Some(other), Some(state)) = (other, states.get_mut(object)) {
                let text = format!("archives to `{place}`, and so does {other}");
                state.gaps.push(Gap::new("store-shared", text));
            }
        }
    }
}

/// Seconds as people say them, the largest unit that fits.
#[must_use]
pub fn spelt(seconds: i64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "m")];
    let unit = units
        .into_iter()
        .find(|(size, _)| seconds >= 2 * size && seconds % size == 0);
    match unit {
        Some((size, unit)) => format!("{}{unit}", seconds / size),
        None if seconds >= 3600 => format!("{}h{}m", seconds / 3600, seconds % 3600 / 60),
        None if seconds >= 60 => format!("{}m", seconds / 60),
        None => format!("{seconds}s"),
    }
}

/// How one method looks for backups of an object.
type Method = fn(&Stateful<'_>, &Near<'_>, &mut Found);

const METHODS: [Method; 7] = [
    cnpg::find,
    zalando::find,
    pgbackrest::find,
    velero::find,
    k8up::find,
    snapshots::find,
    cronjob::find,
];

/// The most that is told of what was looked at.
const LOOKED: usize = 8;
