//! What the section `backups` says that the fact needs: how much may be lost of what, what needs no backup, and
//! what is known of stores and jobs that no manifest tells. Knows nothing of findings.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::parse_duration;
use crate::facts::evidence::Scope;
use crate::facts::images::Glob;
use crate::model::{ObjectRef, RiskTier, Stage};

/// The part of the settings of `backup-coverage` that the fact needs.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    targets: BTreeMap<Data, Target>,
    scratch: Vec<Glob>,
    cache_images: Vec<Glob>,
    stores: Vec<Store>,
    buckets: Vec<Vouched>,
    immutable_days: i64,
    pub(super) requires_replication: bool,
    identities: Vec<(Glob, String)>,
    deny_stages: BTreeSet<Stage>,
    pub(super) evidence: Proven,
}

/// What signed evidence must prove, in seconds.
#[derive(Clone, Debug)]
pub(super) struct Proven {
    /// The lowest tier of a change that needs any.
    pub(super) tier: RiskTier,
    /// How old a backup may be.
    pub(super) max_age: i64,
    /// How long before a freeze how old, where that is stricter.
    pub(super) pre_freeze: Option<PreFreeze>,
    /// How many times what may be lost it may be old where no log is archived.
    pub(super) factor: i64,
    /// How old one may be that is made for a change.
    pub(super) checkpoint: i64,
    /// How long ago one may have been restored.
    pub(super) restored_within: i64,
    /// What a restore test comprises beside what holds data.
    pub(super) restore_scope: BTreeSet<Scope>,
    /// How far database and files may lie apart.
    pub(super) max_skew: i64,
    /// How much of the one before it a backup must have at least.
    pub(super) least_percent: u32,
}

/// What is asked before a freeze and while it lasts, in seconds.
#[derive(Clone, Copy, Debug)]
pub(super) struct PreFreeze {
    /// How long before it begins.
    pub(super) within: i64,
    /// How old a backup may be then.
    pub(super) max_age: i64,
}

/// What data it is: how much of it may be lost depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Data {
    /// Rows that depend on each other.
    Database,
    /// Files that stand beside a database, as the attachments of Odoo do.
    Filestore,
    /// Messages, sessions and jobs that are worked on.
    QueueCache,
    /// What can be made anew, and needs no backup.
    Cache,
    /// Whatever else lies on volumes.
    Other,
}

/// How much may be lost, and how long backups must be kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Target {
    /// The seconds before a failure that may be lost.
    #[serde(rename = "rpoSeconds", skip_serializing_if = "Option::is_none")]
    pub rpo: Option<i64>,
    /// The seconds that a backup must be kept.
    #[serde(rename = "retentionSeconds", skip_serializing_if = "Option::is_none")]
    pub retention: Option<i64>,
    /// The seconds that a restore may take.
    #[serde(rename = "rtoSeconds", skip_serializing_if = "Option::is_none")]
    pub rto: Option<i64>,
}

/// What the judge says of the stores that a glob fits.
#[derive(Clone, Debug)]
pub(super) struct Store {
    matches: Glob,
    pub(super) encrypted: Option<bool>,
    pub(super) offsite: Option<bool>,
    pub(super) immutable_days: Option<i64>,
}

/// What the judge says of the buckets that a glob fits.
#[derive(Clone, Debug)]
pub(super) struct Vouched {
    matches: Glob,
    pub(super) versioned: Option<bool>,
    pub(super) replicated: Option<bool>,
    pub(super) encrypted: Option<bool>,
    pub(super) immutable_days: Option<i64>,
}

impl Data {
    /// Its name in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Filestore => "filestore",
            Self::QueueCache => "queue-cache",
            Self::Cache => "cache",
            Self::Other => "other",
        }
    }
}

impl Rules {
    /// Takes what it needs of the settings of `backup-coverage`, as they are with all defaults.
    #[must_use]
    pub fn of_settings(settings: &Value) -> Self {
        let targets = settings.get("targets").and_then(Value::as_object);
        let targets = targets.into_iter().flatten().filter_map(|(name, target)| {
            let seconds = |key: &str| {
                let length = parse_duration(target.get(key)?.as_str()?);
                length.map(|it: SignedDuration| it.as_secs())
            };
            let data = Data::deserialize(Value::from(name.as_str())).ok()?;
            let target = Target {
                rpo: seconds("rpo"),
                retention: seconds("retention"),
                rto: seconds("rto"),
            };
            Some((data, target))
        });
        let stores = items(settings, "stores").filter_map(|store| {
            let said = |key: &str| store.get(key).and_then(Value::as_bool);
            Some(Store {
                matches: Glob::new(store.get("match")?.as_str()?),
                encrypted: said("encrypted"),
                offsite: said("offsite"),
                immutable_days: store.get("immutable-days").and_then(Value::as_i64),
            })
        });
        let buckets = items(settings, "buckets").filter_map(|bucket| {
            let said = |key: &str| bucket.get(key).and_then(Value::as_bool);
            Some(Vouched {
                matches: Glob::new(bucket.get("match")?.as_str()?),
                versioned: said("versioned"),
                replicated: said("replicated"),
                encrypted: said("encrypted"),
                immutable_days: bucket.get("immutable-days").and_then(Value::as_i64),
            })
        });
        let identities = items(settings, "databases").filter_map(|database| {
            let said = |key: &str| database.get(key).and_then(Value::as_str);
            Some((Glob::new(said("match")?), said("system-id")?.to_owned()))
        });
        Self {
            targets: targets.collect(),
            scratch: globs(settings, "scratch"),
            cache_images: globs(settings, "cache-images"),
            stores: stores.collect(),
            buckets: buckets.collect(),
            immutable_days: settings
                .get("immutable-days")
                .and_then(Value::as_i64)
                .unwrap_or(0),
            requires_replication: settings
                .get("require-replication")
                .and_then(Value::as_bool)
                .unwrap_or(false),
            identities: identities.collect(),
            deny_stages: read(settings, "deny-stages"),
            evidence: Proven::of_settings(settings),
        }
    }

    /// The identity that the judge says a database has.
    pub(super) fn system_id(&self, object: &ObjectRef) -> Option<&str> {
        let named = named(object);
        let mut identities = self.identities.iter();
        identities.find_map(|(glob, id)| glob.fits(&named).then_some(id.as_str()))
    }

    /// Whether what lacks is denied in a stage.
    pub(super) fn denies_in(&self, stage: Stage) -> bool {
        self.deny_stages.contains(&stage)
    }

    /// How much of such data may be lost.
    pub(super) fn target(&self, data: Data) -> Target {
        self.targets.get(&data).copied().unwrap_or_default()
    }

    /// Whether an object is declared to hold nothing that anybody misses.
    pub(super) fn is_scratch(&self, object: &ObjectRef) -> bool {
        let named = named(object);
        self.scratch.iter().any(|glob| glob.fits(&named))
    }

    /// Whether what an image stores can be made anew.
    pub(super) fn is_cache(&self, repository: &str) -> bool {
        self.cache_images.iter().any(|glob| glob.fits(repository))
    }

    /// The days for which nobody may be able to delete a backup.
    pub(super) fn immutable_days(&self) -> i64 {
        self.immutable_days
    }

    /// What is said of the store at a destination: the first that fits.
    pub(super) fn store(&self, destination: &str) -> Option<&Store> {
        self.stores
            .iter()
            .find(|store| store.matches.fits(destination))
    }

    /// Whether what is said of stores is said of one of these places, and not of any.
    pub(super) fn names_store(&self, places: &[String], any: &[String]) -> bool {
        let fits = |store: &Store, places: &[String]| {
            let mut places = places.iter();
            places.any(|it| store.matches.fits(it) || store.matches.fits(&format!("{it}/")))
        };
        let mut stores = self.stores.iter();
        stores.any(|store| fits(store, places) && !fits(store, any))
    }

    /// What is said of a bucket of these names: the first that fits.
    pub(super) fn bucket(&self, names: &[String]) -> Option<&Vouched> {
        let mut buckets = self.buckets.iter();
        buckets.find(|it| names.iter().any(|name| it.matches.fits(name)))
    }
}

impl Proven {
    fn of_settings(settings: &Value) -> Self {
        let seconds = |key: &str, default: SignedDuration| {
            let text = settings.get(key).and_then(Value::as_str);
            let length = text.and_then(parse_duration);
            length.unwrap_or(default).as_secs()
        };
        let number = |key: &str| settings.get(key).and_then(Value::as_i64);
        let hours = SignedDuration::from_hours;
        let least = number("min-size-ratio-percent").and_then(|it| u32::try_from(it).ok());
        Self {
            tier: read_one(settings, "freshness-tier").unwrap_or(RiskTier::Medium),
            max_age: seconds("max-age", hours(26)),
            pre_freeze: PreFreeze::of_settings(settings.get("pre-freeze")),
            factor: number("freshness-factor").unwrap_or(1),
            checkpoint: seconds("pre-change-max-age", hours(2)),
            restored_within: seconds("restore-tested-within", hours(30 * 24)),
            restore_scope: read(settings, "restore-scope"),
            max_skew: seconds("max-skew", hours(1)),
            least_percent: least.unwrap_or(50),
        }
    }
}

impl PreFreeze {
    fn of_settings(said: Option<&Value>) -> Option<Self> {
        let days = said?.get("days")?.as_i64()?;
        let max_age = parse_duration(said?.get("max-age")?.as_str()?)?;
        (days > 0).then(|| Self {
            within: days.saturating_mul(24 * 60 * 60),
            max_age: max_age.as_secs(),
        })
    }
}

impl Default for Proven {
    fn default() -> Self {
        Self::of_settings(&Value::Null)
    }
}

/// `Kind/namespace/name`; the namespace is empty where the manifest names none.
pub(super) fn named(object: &ObjectRef) -> String {
    let namespace = object.namespace.as_deref().unwrap_or_default();
    format!("{}/{namespace}/{}", object.kind, object.name)
}

fn globs(settings: &Value, key: &str) -> Vec<Glob> {
    let texts = items(settings, key).filter_map(Value::as_str);
    texts.map(Glob::new).collect()
}

fn read<T: for<'de> Deserialize<'de> + Ord>(settings: &Value, key: &str) -> BTreeSet<T> {
    let items = items(settings, key);
    items.filter_map(|it| T::deserialize(it).ok()).collect()
}

fn read_one<T: for<'de> Deserialize<'de>>(settings: &Value, key: &str) -> Option<T> {
    T::deserialize(settings.get(key)?).ok()
}

fn items<'a>(settings: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    let items = settings.get(key).and_then(Value::as_array);
    items.into_iter().flatten()
}
