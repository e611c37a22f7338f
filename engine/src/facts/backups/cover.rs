//! What backs an object up, as far as it is declared, and what was looked at and does not.
//! Knows no method; each has a file of its own.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::cadence::Cadence;
use super::rules::Rules;
use crate::model::ObjectRef;

/// A backup that takes an object in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cover {
    /// How: `cnpg-object-store`, `velero`.
    pub method: &'static str,
    /// Which of several places of one object, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
    /// What takes it.
    pub by: ObjectRef,
    /// What it rests on beside that, the object itself included.
    pub parts: Vec<ObjectRef>,
    /// When.
    #[serde(flatten)]
    pub cadence: Cadence,
    /// Whether every moment between two backups can be restored too.
    pub pitr: bool,
    /// What a restored one is worth.
    pub consistency: Consistency,
    /// How long it is kept.
    pub retention: Retention,
    /// Where it is kept; none where that cannot be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// What else says where that is, and what opens it there: `endpoint`, `path`, `password`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub address: Address,
    /// What decides what it does and is not read, by name: of another nobody knows what it is worth.
    #[serde(skip)]
    pub recipe: Recipe,
    /// Whether nobody reads it without a key.
    pub encrypted: Told,
    /// Whether it outlives the cluster.
    pub offsite: Told,
    /// The days for which nobody can delete it, where the judge says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub immutable_days: Option<i64>,
    /// What is done by schedule to keep its store sound: `check`, `prune`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub upkeep: Vec<&'static str>,
    /// What its snapshots go with: the class that deletes each with the object which stands for it, or the object that
    /// owns these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dies_by: Option<ObjectRef>,
    /// The Secrets by which it reaches its store, as far as manifests name them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub credentials: Vec<ObjectRef>,
}

/// What belongs to a place beside its name.
pub(super) type Address = BTreeMap<&'static str, String>;

/// What a backup is made by, as it is written.
pub(super) type Recipe = BTreeMap<&'static str, Value>;

/// What a restored backup is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consistency {
    /// As after a power cut.
    Crash,
    /// A hook stopped the writer meanwhile.
    Quiesced,
    /// The database made it itself.
    Native,
}

/// How long a backup is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retention {
    /// Until somebody deletes it.
    Unlimited,
    /// So many seconds.
    Seconds(i64),
    /// That cannot be told.
    Unknown,
}

/// What can be told of a matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// It is not so.
    No,
    /// Nobody says.
    Unknown,
    /// It is so.
    Yes,
}

/// A backup that was looked at and does not take an object in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missed {
    /// It.
    pub by: ObjectRef,
    /// Why, in words that follow its name.
    pub why: String,
}

/// All that was found of one object.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) covers: Vec<Cover>,
    pub(super) missed: Vec<Missed>,
    /// Why there may be more than is known.
    pub(super) unknown: Vec<String>,
}

impl Cover {
    /// The best first: whoever restores begins there.
    pub(super) fn rank(&self) -> impl Ord + use<> {
        let better = Reverse((self.consistency, self.pitr, self.offsite, self.encrypted));
        let place = (self.by.clone(), self.part.clone());
        (better, self.cadence.gap_seconds, place)
    }

    /// With what the judge says of its store, which counts more than what manifests leave open.
    pub(super) fn told_by(mut self, rules: &Rules) -> Self {
        let store = self
            .target
            .as_deref()
            .and_then(|target| rules.store(target));
        if let Some(store) = store {
            let told = |said: Option<bool>, before| said.map_or(before, Told::of);
            self.encrypted = told(store.encrypted, self.encrypted);
            self.offsite = told(store.offsite, self.offsite);
            self.immutable_days = store.immutable_days;
        }
        self
    }
}

impl Told {
    pub(super) fn of(said: bool) -> Self {
        if said { Self::Yes } else { Self::No }
    }

    /// In a word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::Unknown => "unknown",
        }
    }
}

/// Why something is no backup of an object.
pub(super) enum No {
    /// It leaves it out.
    Misses(String),
    /// That cannot be told.
    Untold(String),
}

impl From<String> for No {
    fn from(why: String) -> Self {
        Self::Misses(why)
    }
}

impl From<&str> for No {
    fn from(why: &str) -> Self {
        Self::Misses(why.to_owned())
    }
}

impl Found {
    pub(super) fn take(&mut self, by: ObjectRef, taken: Result<Cover, No>) {
        match taken {
            Ok(cover) => self.covers.push(cover),
            Err(No::Misses(why)) => self.miss(by, why),
            Err(No::Untold(why)) => self.unknown.push(format!("{by} {why}")),
        }
    }

    pub(super) fn miss(&mut self, by: ObjectRef, why: impl Into<String>) {
        let why = why.into();
        self.missed.push(Missed { by, why });
    }
}

impl Retention {
    /// Whether it is surely shorter than another.
    pub(super) fn is_shorter(self, other: Self) -> bool {
        match (self, other) {
            (Self::Seconds(mine), Self::Seconds(other)) => mine < other,
            (Self::Seconds(_) | Self::Unknown, Self::Unlimited) => true,
            (Self::Unknown, Self::Seconds(_)) => true,
            _ => false,
        }
    }
}

impl Serialize for Retention {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unlimited => serializer.serialize_str("unlimited"),
            Self::Seconds(seconds) => serializer.serialize_i64(*seconds),
            Self::Unknown => serializer.serialize_str("unknown"),
        }
    }
}

/// What an object says at these pointers, under the name of each.
pub(super) fn address(object: &Value, said: &[(&'static str, &str)]) -> Address {
    let said = said.iter().filter_map(|(name, pointer)| {
        let value = match object.pointer(pointer)? {
            Value::String(text) if text.is_empty() => return None,
            Value::String(text) => text.clone(),
            Value::Null => return None,
            other => other.to_string(),
        };
        Some((*name, value))
    });
    said.collect()
}

/// For how long restic keeps what these say: `keepDaily: 7`, or without the prefix `daily: 7`.
pub(super) fn kept(retain: Option<&Value>, prefix: &str, cadence: &Cadence) -> Retention {
    let each = [
        ("last", cadence.gap_seconds),
        ("hourly", 3600),
        ("daily", 86_400),
        ("weekly", 7 * 86_400),
        ("monthly", 30 * 86_400),
        ("yearly", 365 * 86_400),
    ];
    let kept = each.into_iter().filter_map(|(name, seconds)| {
        let mut keys = retain?.as_object()?.iter();
        let (_, count) = keys.find(|(key, _)| {
            let key = key.strip_prefix(prefix).unwrap_or_default();
            key.eq_ignore_ascii_case(name)
        })?;
        let count = count.as_i64().or_else(|| count.as_str()?.parse().ok())?;
        count.checked_mul(seconds)
    });
    kept.max().map_or(Retention::Unlimited, Retention::Seconds)
}

/// Whether a store outlives the cluster, by the address of its endpoint; without one it is the provider's own.
pub(super) fn offsite(endpoint: Option<&str>) -> Told {
    let Some(endpoint) = endpoint.filter(|it| !it.trim().is_empty()) else {
        return Told::Yes;
    };
    let rest = endpoint.split_once("://").map_or(endpoint, |it| it.1);
    let host = rest.split(['/', '?']).next().unwrap_or_default();
    let host = host.rsplit('@').next().unwrap_or_default();
    let host = host.split(':').next().unwrap_or_default();
    let host = host.trim_end_matches('.').to_ascii_lowercase();
    if host
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return Told::Unknown;
    }
    let is_inside = !host.contains('.')
        || host.ends_with(".svc")
        || host.contains(".svc.")
        || host.ends_with(".local");
    Told::of(!is_inside)
}
