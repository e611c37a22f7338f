//! What tells caches apart, as `ConfigMap`s say it: the prefix or the version of a schema of Redis, under keys that settings name.
//! Knows nothing of what lies in a cache, nor of what scripts do.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::facts::inventory::{CONFIG_MAP, Neighbours};
use crate::facts::{Context, pods};
use crate::model::{GroupKind, ObjectRef};

/// A key that says what it said.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Cache {
    /// The `ConfigMap` at head.
    pub object: ObjectRef,
    /// The key of its data.
    pub key: String,
}

/// The keys with a value that stood under them in their namespace at base: under whatever name the `ConfigMap` had then.
pub(super) fn caches(context: &Context<'_>) -> Vec<Cache> {
    let keys = context.script_rules.cache_keys();
    if keys.is_empty() {
        return Vec::new();
    }
    let said = |side: &Neighbours| -> BTreeSet<(Cache, String)> {
        let maps = side.of_kind(&GroupKind::parse(CONFIG_MAP));
        let all = maps.flat_map(|map| of_map(map, keys));
        all.collect()
    };
    let before: BTreeSet<_> = said(context.base).iter().map(told_apart).collect();
    let now = said(context.head);
    let stay = now.iter().filter(|it| before.contains(&told_apart(it)));
    stay.map(|(cache, _)| cache.clone()).collect()
}

/// What is the same whatever the `ConfigMap` is called.
fn told_apart((cache, value): &(Cache, String)) -> (Option<String>, String, String) {
    let namespace = cache.object.namespace.clone();
    (namespace, cache.key.clone(), value.clone())
}

fn of_map(map: &Value, keys: &BTreeSet<String>) -> Vec<(Cache, String)> {
    let data = map.get("data").and_then(Value::as_object);
    let named = data
        .into_iter()
        .flatten()
        .filter(|(key, _)| keys.contains(*key));
    let said = named.filter_map(|(key, value)| {
        let cache = Cache {
            object: pods::reference(map),
            key: key.clone(),
        };
        Some((cache, value.as_str()?.to_owned()))
    });
    said.collect()
}
