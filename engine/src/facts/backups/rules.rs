//! What the section `backups` says that the fact needs: how much may be lost of what, what needs no backup, and
//! what is known of stores and jobs that no manifest tells. Knows nothing of findings.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::parse_duration;
use crate::facts::images::Glob;
use crate::model::ObjectRef;

/// The part of the settings of `backup-coverage` that the fact needs.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    targets: BTreeMap<Data, Target>,
    scratch: Vec<Glob>,
    cache_images: Vec<Glob>,
    stores: Vec<Store>,
    immutable_days: i64,
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
}

/// What the judge says of the stores that a glob fits.
#[derive(Clone, Debug)]
pub(super) struct Store {
    matches: Glob,
    pub(super) encrypted: Option<bool>,
    pub(super) offsite: Option<bool>,
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
        Self {
            targets: targets.collect(),
            scratch: globs(settings, "scratch"),
            cache_images: globs(settings, "cache-images"),
            stores: stores.collect(),
            immutable_days: settings
                .get("immutable-days")
                .and_then(Value::as_i64)
                .unwrap_or(0),
        }
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
}

/// `Kind/namespace/name`; the namespace is empty where the manifest names none.
fn named(object: &ObjectRef) -> String {
    let namespace = object.namespace.as_deref().unwrap_or_default();
    format!("{}/{namespace}/{}", object.kind, object.name)
}

fn globs(settings: &Value, key: &str) -> Vec<Glob> {
    let texts = items(settings, key).filter_map(Value::as_str);
    texts.map(Glob::new).collect()
}

fn items<'a>(settings: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    let items = settings.get(key).and_then(Value::as_array);
    items.into_iter().flatten()
}
