//! What becomes of the claims of an object, and of their volumes, where it is deleted.
//! Knows no backup.

use serde_json::Value;

use super::near::{Near, is_on, text};
use super::stateful::Stateful;
use crate::facts::pods;

/// What goes with an object, in words; nothing where its claims stay.
pub(super) fn fate(stateful: &Stateful<'_>, near: &Near<'_>) -> Option<String> {
    let verb = match claims(stateful) {
        Claims::Stay => return None,
        Claims::Go => "are deleted with it",
        Claims::Untold => "may be deleted with it, as its operator is set up",
    };
    let names: Vec<String> = stateful
        .claims
        .iter()
        .map(|claim| format!("`{}`", claim.name))
        .collect();
    let volumes = match policy(stateful.object, near) {
        Some("Retain") => ", and their volumes stay (`Retain`)".to_owned(),
        Some(policy) => format!(", and their volumes too (`{policy}`)"),
        None => ", and their volumes too unless their class says `Retain`".to_owned(),
    };
    Some(format!("its claims {} {verb}{volumes}", names.join(", ")))
}

/// What becomes of claims.
enum Claims {
    Stay,
    Go,
    Untold,
}

fn claims(stateful: &Stateful<'_>) -> Claims {
    let object = stateful.object;
    if KEEPING.iter().any(|pointer| is_on(object, pointer)) {
        return Claims::Stay;
    }
    let says_delete = |pointer: &&str| text(object, pointer) == Some("Delete");
    if WHEN_DELETED.iter().any(says_delete) || deletes(object) {
        return Claims::Go;
    }
    let kind = stateful.reference.group_kind().to_string();
    let is_among = |kinds: &[&str]| kinds.iter().any(|it| **it == kind);
    match (is_among(&OWNING), is_among(&LEAVING)) {
        (true, _) => Claims::Go,
        (false, true) => Claims::Stay,
        (false, false) => Claims::Untold,
    }
}

/// Whether Strimzi's storage, or a finalizer of Percona's, says so.
fn deletes(object: &Value) -> bool {
    let listed = |pointer: &str| object.pointer(pointer).and_then(Value::as_array);
    let stores = ["/spec/kafka/storage", "/spec/storage"];
    let mut volumes = stores.into_iter().flat_map(|store| {
        let volumes = listed(&format!("{store}/volumes"));
        object
            .pointer(store)
            .into_iter()
            .chain(volumes.into_iter().flatten())
    });
    let finalizers = listed("/metadata/finalizers").into_iter().flatten();
    volumes.any(|volume| is_on(volume, "/deleteClaim"))
        || finalizers
            .filter_map(Value::as_str)
            .any(|it| it.contains("delete-") && it.ends_with("pvc"))
}

/// What happens to a volume whose claim is gone, where its class or the volume itself is seen.
fn policy<'a>(object: &'a Value, near: &Near<'a>) -> Option<&'a str> {
    let named = |kind: &str, name: &str| near.all(kind).find(|it| pods::name(it) == name);
    if let Some(volume) = text(object, "/spec/volumeName") {
        let volume = named("PersistentVolume", volume)?;
        return text(volume, "/spec/persistentVolumeReclaimPolicy");
    }
    let mut classes = CLASSES.iter().filter_map(|pointer| text(object, pointer));
    let class = named("StorageClass.storage.k8s.io", classes.next()?)?;
    Some(text(class, "/reclaimPolicy").unwrap_or("Delete"))
}

/// Where an object says that its claims stay.
const KEEPING: [&str; 2] = [
    "/spec/storage/keepAfterDelete",
    "/spec/redis/storage/keepAfterDeletion",
];

/// Where it says what becomes of them.
const WHEN_DELETED: [&str; 4] = [
    "/spec/persistence/reclaimPolicy",
    "/spec/persistentVolumeClaimRetentionPolicy/whenDeleted",
    "/spec/storage/pvcRetentionPolicy/whenDeleted",
    "/spec/statefulSet/spec/persistentVolumeClaimRetentionPolicy/whenDeleted",
];

/// Where it names the class of its volumes.
const CLASSES: [&str; 9] = [
    "/spec/storageClassName",
    "/spec/volumeClaimTemplates/0/spec/storageClassName",
    "/spec/mysql/volumeSpec/persistentVolumeClaim/storageClassName",
    "/spec/persistence/storageClass",
    "/spec/persistence/storageClassName",
    "/spec/pools/0/volumeClaimTemplate/spec/storageClassName",
    "/spec/storage/class",
    "/spec/storage/storageClass",
    "/spec/storage/volumeClaimTemplate/spec/storageClassName",
];

/// The kinds that are claims, or own theirs.
const OWNING: [&str; 8] = [
    "PersistentVolumeClaim",
    "Cluster.postgresql.cnpg.io",
    "PostgresCluster.postgres-operator.crunchydata.com",
    "RabbitmqCluster.rabbitmq.com",
    "RedisFailover.databases.spotahome.com",
    "Redis.redis.redis.opstreelabs.in",
    "RedisCluster.redis.redis.opstreelabs.in",
    "RedisReplication.redis.redis.opstreelabs.in",
];

/// The kinds whose claims stay where nothing says otherwise.
const LEAVING: [&str; 13] = [
    "StatefulSet.apps",
    "Kafka.kafka.strimzi.io",
    "KafkaNodePool.kafka.strimzi.io",
    "MariaDB.k8s.mariadb.com",
    "MongoDBCommunity.mongodbcommunity.mongodb.com",
    "PerconaPGCluster.pgv2.percona.com",
    "PerconaServerMongoDB.psmdb.percona.com",
    "PerconaServerMySQL.ps.percona.com",
    "PerconaXtraDBCluster.pxc.percona.com",
    "Tenant.minio.min.io",
    "Valkey.cache.cs.sap.com",
    "Valkey.hyperspike.io",
    "ValkeyCluster.valkey.io",
];
