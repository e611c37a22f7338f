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

/// For how long restic keeps what these say, at least: `keepDaily: 7`, or without the prefix `daily: 7`; `None` where
/// nothing is said. What is said and not read keeps nobody knows what.
pub(super) fn kept(retain: Option<&Value>, prefix: &str, cadence: &Cadence) -> Option<Retention> {
    let said = match retain? {
        Value::Null => return None,
        Value::Object(said) => said.iter(),
        _ => return Some(Retention::Unknown),
    };
    let said = said.filter(|(_, value)| !value.is_null());
    let each =
        said.filter_map(|(key, value)| Some(each_kept(key.strip_prefix(prefix)?, value, cadence)));
    let each: Vec<Option<i64>> = each.collect();
    // Whatever one of them keeps stays.
    let longest = each.iter().flatten().max();
    let unread = || (!each.is_empty()).then_some(Retention::Unknown);
    longest.map(|it| Retention::Seconds(*it)).or_else(unread)
}

/// How many seconds one key keeps, where that is read.
fn each_kept(key: &str, value: &Value, cadence: &Cadence) -> Option<i64> {
    let each = match key.to_ascii_lowercase().as_str() {
        "last" | "latest" => cadence.gap_seconds,
        "hourly" => HOUR,
        "daily" => DAY,
        "weekly" => 7 * DAY,
        "monthly" => 30 * DAY,
        "yearly" => 365 * DAY,
        "within" => return within(value.as_str()?),
        _ => return None,
    };
    let count = value.as_i64().or_else(|| value.as_str()?.parse().ok())?;
    count.checked_mul(each)
}

/// The seconds of a period as restic writes it: `1y2m3w4d5h`.
fn within(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut seconds: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit())?;
        let (count, unit) = rest.split_at_checked(digits)?;
        let each = match unit.chars().next()? {
            'h' => HOUR,
            'd' => DAY,
            'w' => 7 * DAY,
            'm' => 30 * DAY,
            'y' => 365 * DAY,
            _ => return None,
        };
        let count: i64 = count.parse().ok()?;
        seconds = seconds.checked_add(count.checked_mul(each)?)?;
        rest = unit.get(1..)?;
    }
    (!text.is_empty()).then_some(seconds)
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

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::facts::backups::cadence::Fields;

    #[test]
    fn what_is_kept_is_what_is_said_and_else_unknown() {
        let daily = Cadence::parse("0 3 * * *", Fields::Five, Timestamp::UNIX_EPOCH).unwrap();
        let days = |count: i64| Some(Retention::Seconds(count * DAY));
        for (said, wanted) in [
            (json!(null), None),
            (json!({}), None),
            (json!({"daily": null}), None),
            (json!({"daily": 40, "hourly": 3}), days(40)),
            (json!({"last": "2"}), days(2)),
            (json!({"latest": 3}), days(3)),
            (json!({"within": "3w2d"}), days(23)),
            (json!({"within": "1y2m24h"}), days(426)),
            (json!({"within": "1d", "weekly": 2}), days(14)),
            (json!({"within": "3"}), Some(Retention::Unknown)),
            (json!({"within": "d"}), Some(Retention::Unknown)),
            (json!({"within": "1d x"}), Some(Retention::Unknown)),
            (json!({"within": ""}), Some(Retention::Unknown)),
            (json!({"daily": "many"}), Some(Retention::Unknown)),
            (json!({"withinDaily": "9d"}), Some(Retention::Unknown)),
            (json!({"withinDaily": "9d", "daily": 2}), days(2)),
            (json!([]), Some(Retention::Unknown)),
        ] {
            assert_eq!(kept(Some(&said), "", &daily), wanted, "{said}");
        }
        let prefixed = json!({"keepWithin": "1d", "tags": ["a"]});
        assert_eq!(kept(Some(&prefixed), "keep", &daily), days(1));
        assert_eq!(kept(Some(&json!({"tags": ["a"]})), "keep", &daily), None);
        assert_eq!(kept(None, "keep", &daily), None);
    }
}
