//! Backups that CloudNativePG makes of its clusters: into an object store of its own, by a plugin, or as snapshots.
//! Knows no other operator.

use serde_json::Value;

use super::cadence::Fields;
use super::cover::{Address, Consistency, Cover, Found, Recipe, Retention, Told, address, offsite};
use super::credentials;
use super::near::{Near, is_on, left_out, said, text};
use super::snapshots::{deleting_class, keeps};
use super::stateful::Stateful;
use crate::facts::pods;
use crate::model::ObjectRef;

/// What backs up `stateful`, where it is a cluster of CloudNativePG.
pub(super) fn find(stateful: &Stateful<'_>, near: &Near<'_>, found: &mut Found) {
    if stateful.reference.group() != GROUP {
        return;
    }
    for schedule in near.all("ScheduledBackup.postgresql.cnpg.io") {
        let by = pods::reference(schedule);
        match take(stateful, (schedule, &by), near) {
            Ok(cover) => found.covers.push(cover),
            Err(why) => found.miss(by, why),
        }
    }
    let own = &stateful.reference;
    let once = near.all("Backup.postgresql.cnpg.io");
    for backup in once.filter(|it| text(it, CLUSTER) == Some(own.name.as_str())) {
        let by = pods::reference(backup);
        if by.namespace == own.namespace {
            found.miss(by, "is taken once and does not come again");
        }
    }
    let scheduled = |it: &Cover| it.method.starts_with("cnpg");
    if archive(stateful.object, near, own).is_some() && !found.covers.iter().any(scheduled) {
        let why =
            "archives its log, but no ScheduledBackup makes the base backups that it continues";
        found.miss(own.clone(), why);
    }
}

/// How a schedule backs the cluster up.
///
/// # Errors
/// Why it does not.
fn take(
    stateful: &Stateful<'_>,
    (schedule, by): (&Value, &ObjectRef),
    near: &Near<'_>,
) -> Result<Cover, String> {
    let (cluster, own) = (stateful.object, &stateful.reference);
    let named = text(schedule, CLUSTER).unwrap_or_default();
    if named != own.name {
        return Err(format!("is for cluster `{named}`"));
    }
    if by.namespace != own.namespace {
        let place = by.namespace.as_deref().unwrap_or("no namespace");
        return Err(format!(
            "is for a cluster of that name in `{place}`, where it lies itself"
        ));
    }
    if is_on(schedule, "/spec/suspend") {
        return Err("is suspended".to_owned());
    }
    if let Some(why) = left_out(schedule) {
        return Err(why);
    }
    if text(cluster, "/metadata/annotations/cnpg.io~1hibernation") == Some("on") {
        return Err("finds no instance, since the cluster hibernates".to_owned());
    }
    let written = text(schedule, "/spec/schedule").unwrap_or_default();
    let cadence = near.cadence(written, Fields::Six);
    let cadence = cadence.map_err(|why| format!("has the schedule `{written}`, which {why}"))?;
    let mut store = match text(schedule, "/spec/method").unwrap_or(OBJECT_STORE) {
        OBJECT_STORE => in_tree(cluster, own)?,
        "plugin" => plugin(cluster, schedule, near, own)?,
        "volumeSnapshot" => snapshots(cluster, (schedule, by), near, own)?,
        other => return Err(format!("has the method `{other}`, which nobody knows")),
    };
    let archived = archived(cluster, near, own);
    let log = archived.as_ref().and_then(|it| it.target.clone());
    if let Some(log) = log.filter(|log| Some(log) != store.target.as_ref()) {
        store.address.insert("log", log);
    }
    Ok(Cover {
        method: store.method,
        part: None,
        by: by.clone(),
        parts: store.parts,
        cadence,
        pitr: archived.is_some(),
        consistency: Consistency::Native,
        retention: store.retention,
        target: store.target,
        encrypted: store.encrypted,
        offsite: store.offsite,
        address: store.address,
        recipe: Recipe::new(),
        immutable_days: None,
        upkeep: Vec::new(),
        dies_by: store.dies_by,
        credentials: store.credentials,
    })
}

/// Where backups are kept, and on what that rests.
struct Store {
    method: &'static str,
    parts: Vec<ObjectRef>,
    retention: Retention,
    target: Option<String>,
    address: Address,
    encrypted: Told,
    offsite: Told,
    credentials: Vec<ObjectRef>,
    dies_by: Option<ObjectRef>,
}

fn in_tree(cluster: &Value, own: &ObjectRef) -> Result<Store, String> {
    let missing = "needs an object store, and the cluster has no `spec.backup.barmanObjectStore`";
    let store = cluster.pointer("/spec/backup/barmanObjectStore");
    let store = store.ok_or(missing)?;
    let path = text(store, "/destinationPath").ok_or(missing)?;
    let server = text(store, "/serverName").unwrap_or(&own.name);
    Ok(Store {
        method: "cnpg-object-store",
        parts: vec![own.clone()],
        retention: retention(text(cluster, "/spec/backup/retentionPolicy")),
        target: Some(target(path, server)),
        address: address(store, &ENDPOINT),
        encrypted: encrypted(store),
        offsite: offsite(text(store, "/endpointURL")),
        credentials: credentials::named(Some(store), &own.namespace),
        dies_by: None,
    })
}

fn plugin(
    cluster: &Value,
    schedule: &Value,
    near: &Near<'_>,
    own: &ObjectRef,
) -> Result<Store, String> {
    let name = text(schedule, "/spec/pluginConfiguration/name");
    let name = name.ok_or("names no plugin in `spec.pluginConfiguration.name`")?;
    let plugin = plugins(cluster).find(|it| text(it, "/name") == Some(name));
    let plugin = plugin
        .ok_or_else(|| format!("needs the plugin `{name}`, which the cluster does not have"))?;
    if said(plugin, "/enabled") == Some(false) {
        return Err(format!("needs the plugin `{name}`, which is not enabled"));
    }
    if name != BARMAN {
        return Ok(Store {
            method: "cnpg-plugin",
            parts: vec![own.clone()],
            retention: Retention::Unknown,
            target: None,
            address: Address::new(),
            encrypted: Told::Unknown,
            offsite: Told::Unknown,
            credentials: Vec::new(),
            dies_by: None,
        });
    }
    let store = object_store(plugin, near, own)?;
    let server = text(plugin, "/parameters/serverName").unwrap_or(&own.name);
    let path = text(store, "/spec/configuration/destinationPath");
    let path = path.ok_or("needs an ObjectStore with a `destinationPath`, and its own has none")?;
    let configuration = store.pointer("/spec/configuration").unwrap_or(&Value::Null);
    Ok(Store {
        method: "cnpg-plugin",
        parts: vec![own.clone(), pods::reference(store)],
        retention: retention(text(store, "/spec/retentionPolicy")),
        target: Some(target(path, server)),
        address: address(configuration, &ENDPOINT),
        encrypted: encrypted(configuration),
        offsite: offsite(text(configuration, "/endpointURL")),
        credentials: credentials::named(Some(configuration), &own.namespace),
        dies_by: None,
    })
}

/// The store that the Barman plugin is told.
fn object_store<'a>(plugin: &Value, near: &Near<'a>, own: &ObjectRef) -> Result<&'a Value, String> {
    let store = text(plugin, "/parameters/barmanObjectName");
    let store = store.ok_or("needs a store, and the plugin has no `barmanObjectName`")?;
    let found = near.named("ObjectStore.barmancloud.cnpg.io", (&own.namespace, store));
    found.filter(|it| left_out(it).is_none()).ok_or_else(|| {
        format!("needs ObjectStore `{store}`, which is not in the cluster's namespace")
    })
}

fn snapshots(
    cluster: &Value,
    (schedule, by): (&Value, &ObjectRef),
    near: &Near<'_>,
    own: &ObjectRef,
) -> Result<Store, String> {
    let class = text(cluster, "/spec/backup/volumeSnapshot/className");
    let class = class
        .ok_or("takes snapshots, and the cluster has no `spec.backup.volumeSnapshot.className`")?;
    let mut parts = vec![own.clone()];
    parts.extend(archive(cluster, near, own).flatten());
    Ok(Store {
        method: "cnpg-snapshot",
        parts,
        retention: Retention::Unlimited,
        target: None,
        address: Address::new(),
        encrypted: Told::Unknown,
        offsite: Told::No,
        credentials: Vec::new(),
        dies_by: owner(cluster, (schedule, by), own)
            .filter(|_| !keeps(near, class))
            .or_else(|| deleting_class(near, Some(class))),
    })
}

/// What owns the objects which stand for snapshots, so that they go with it.
fn owner(
    cluster: &Value,
    (schedule, by): (&Value, &ObjectRef),
    own: &ObjectRef,
) -> Option<ObjectRef> {
    let owns = text(
        cluster,
        "/spec/backup/volumeSnapshot/snapshotOwnerReference",
    );
    match (owns?, text(schedule, "/spec/backupOwnerReference")) {
        ("cluster", _) | ("backup", Some("cluster")) => Some(own.clone()),
        ("backup", Some("self")) => Some(by.clone()),
        _ => None,
    }
}

/// Whether the log is archived without end, and the object that says where, if it is another one.
fn archive(cluster: &Value, near: &Near<'_>, own: &ObjectRef) -> Option<Option<ObjectRef>> {
    let archived = archived(cluster, near, own)?;
    Some(archived.store.map(pods::reference))
}

/// Where the log of a cluster goes.
struct Archived<'a> {
    /// The store, where that is an object of its own.
    store: Option<&'a Value>,
    target: Option<String>,
}

fn archived<'a>(cluster: &Value, near: &Near<'a>, own: &ObjectRef) -> Option<Archived<'a>> {
    let skipped = text(cluster, "/metadata/annotations/cnpg.io~1skipWalArchiving");
    if skipped == Some("enabled") {
        return None;
    }
    if let Ok(store) = in_tree(cluster, own) {
        return Some(Archived {
            store: None,
            target: store.target,
        });
    }
    let archives = |it: &&Value| is_on(it, "/isWALArchiver") && said(it, "/enabled") != Some(false);
    let plugin = plugins(cluster).find(archives)?;
    if text(plugin, "/name") != Some(BARMAN) {
        return Some(Archived {
            store: None,
            target: None,
        });
    }
    let store = object_store(plugin, near, own).ok()?;
    let path = text(store, "/spec/configuration/destinationPath")?;
    let server = text(plugin, "/parameters/serverName").unwrap_or(&own.name);
    Some(Archived {
        store: Some(store),
        target: Some(target(path, server)),
    })
}

/// The place in a store to which the log of a cluster goes.
pub(super) fn archives_to(stateful: &Stateful<'_>, near: &Near<'_>) -> Option<String> {
    let is_cluster = stateful.reference.group() == GROUP;
    let archived = archived(stateful.object, near, &stateful.reference);
    archived.filter(|_| is_cluster)?.target
}

fn plugins(cluster: &Value) -> impl Iterator<Item = &Value> {
    let plugins = cluster.pointer("/spec/plugins").and_then(Value::as_array);
    plugins.into_iter().flatten()
}

/// Both halves of a backup must be, or what is read of one opens the other.
fn encrypted(store: &Value) -> Told {
    let is_set = |part: &str| text(store, &format!("/{part}/encryption")).is_some();
    match is_set("data") && is_set("wal") {
        true => Told::Yes,
        // The bucket itself may encrypt all that it gets.
        false => Told::Unknown,
    }
}

/// `30d`, `4w`, `3m`; without any, all backups are kept.
fn retention(policy: Option<&str>) -> Retention {
    let Some(policy) = policy else {
        return Retention::Unlimited;
    };
    let read = || {
        let (count, unit) = policy.split_at_checked(policy.len().checked_sub(1)?)?;
        let days = match unit {
            "d" => 1,
            "w" => 7,
            "m" => 30,
            _ => return None,
        };
        let count: i64 = count.parse().ok().filter(|count| *count > 0)?;
        count.checked_mul(days * 86_400)
    };
    read().map_or(Retention::Unknown, Retention::Seconds)
}

fn target(path: &str, server: &str) -> String {
    format!("{}/{server}", path.trim_end_matches('/'))
}

const GROUP: &str = "postgresql.cnpg.io";
const CLUSTER: &str = "/spec/cluster/name";
const ENDPOINT: [(&str, &str); 1] = [("endpoint", "/endpointURL")];
const OBJECT_STORE: &str = "barmanObjectStore";
const BARMAN: &str = "barman-cloud.cloudnative-pg.io";
