//! Kinds of operators that hold data: what they claim, and whether they back it up by themselves.
//! Knows no backup; what of their own ways is read has a file of its own.

use serde_json::Value;

use super::rules::Data;
use crate::model::ObjectRef;

/// A kind of an operator.
pub(super) struct Operated {
    kind: &'static str,
    pub(super) data: Data,
    /// Where it says that it keeps anything, `*` for any of a list; nothing where it always does.
    persists: &'static [&'static str],
    /// Where it says that it backs itself up, in a way that is not read here.
    own_way: &'static [&'static str],
    /// The labels of its claims beside its own name, where they are known.
    pub(super) label: Option<&'static str>,
}

impl Operated {
    /// The description of the kind of `object`, where it keeps anything.
    pub(super) fn of(object: &Value, reference: &ObjectRef) -> Option<&'static Self> {
        let kind = reference.group_kind().to_string();
        let known = KINDS.iter().find(|known| known.kind == kind)?;
        let keeps = |place: &&str| says(object, place.split('/').skip(1));
        let persists = known.persists.is_empty() || known.persists.iter().any(keeps);
        persists.then_some(known)
    }

    /// The places where kinds of this name say how they are backed up, each of them below the whole.
    pub(super) fn sections(kind: &str) -> impl Iterator<Item = &'static str> {
        let known = KINDS.iter().filter(move |known| known.kind == kind);
        let sections = known.flat_map(|known| known.own_way.iter().copied());
        sections.filter(|section| *section != WHOLE)
    }

    /// Why it may be backed up without anybody seeing it here, for people.
    pub(super) fn own_way(&self, object: &Value) -> Option<&'static str> {
        let is_there = |pointer: &&str| object.pointer(pointer).is_some_and(|it| !it.is_null());
        let may = self.own_way.iter().any(is_there);
        may.then_some("its operator backs it up by itself in a way that is not read here")
    }
}

/// Whether anything but no stands at a place, where `*` is any of a list.
fn says<'p>(value: &Value, mut place: impl Iterator<Item = &'p str> + Clone) -> bool {
    match (place.next(), value) {
        (None, _) => !matches!(value, Value::Null | Value::Bool(false)),
        (Some("*"), Value::Array(items)) => items.iter().any(|it| says(it, place.clone())),
        (Some(step), _) => value.get(step).is_some_and(|it| says(it, place)),
    }
}

const fn database(kind: &'static str, own_way: &'static [&'static str]) -> Operated {
    Operated {
        kind,
        data: Data::Database,
        persists: &[],
        own_way,
        label: None,
    }
}

const fn labelled(kind: &'static str, label: &'static str) -> Operated {
    Operated {
        label: Some(label),
        ..database(kind, &[])
    }
}

const fn queue(kind: &'static str, persists: &'static [&'static str]) -> Operated {
    Operated {
        data: Data::QueueCache,
        persists,
        ..database(kind, &[])
    }
}

const fn search(
    kind: &'static str,
    label: Option<&'static str>,
    own_way: &'static [&'static str],
) -> Operated {
    Operated {
        data: Data::Other,
        label,
        ..database(kind, own_way)
    }
}

/// What stands for a backup that is no part of the object.
const WHOLE: &str = "/spec";

const KINDS: [Operated; 31] = [
    labelled("Cluster.postgresql.cnpg.io", "cnpg.io/cluster"),
    labelled("postgresql.acid.zalan.do", "cluster-name"),
    labelled(
        "PostgresCluster.postgres-operator.crunchydata.com",
        "postgres-operator.crunchydata.com/cluster",
    ),
    database("PerconaPGCluster.pgv2.percona.com", &[]),
    database("PerconaXtraDBCluster.pxc.percona.com", &["/spec/backup"]),
    database("PerconaServerMySQL.ps.percona.com", &["/spec/backup"]),
    database("PerconaServerMongoDB.psmdb.percona.com", &["/spec/backup"]),
    database("InnoDBCluster.mysql.oracle.com", &["/spec/backupSchedules"]),
    // Its backups are objects of a kind of their own.
    database("MariaDB.k8s.mariadb.com", &[WHOLE]),
    database("MongoDBCommunity.mongodbcommunity.mongodb.com", &[]),
    queue("RabbitmqCluster.rabbitmq.com", &[]),
    queue(
        "Kafka.kafka.strimzi.io",
        &[
            "/spec/kafka/storage/size",
            "/spec/kafka/storage/volumes/*/size",
        ],
    ),
    queue(
        "KafkaNodePool.kafka.strimzi.io",
        &["/spec/storage/size", "/spec/storage/volumes/*/size"],
    ),
    queue(
        "RedisFailover.databases.spotahome.com",
        &["/spec/redis/storage/persistentVolumeClaim"],
    ),
    queue(
        "Redis.redis.redis.opstreelabs.in",
        &["/spec/storage/volumeClaimTemplate"],
    ),
    queue(
        "RedisCluster.redis.redis.opstreelabs.in",
        &["/spec/storage/volumeClaimTemplate"],
    ),
    queue(
        "RedisReplication.redis.redis.opstreelabs.in",
        &["/spec/storage/volumeClaimTemplate"],
    ),
    queue("Valkey.cache.cs.sap.com", &["/spec/persistence/enabled"]),
    // Its set claims a volume also where `storage` is not said.
    queue("Valkey.hyperspike.io", &[]),
    queue("ValkeyCluster.valkey.io", &["/spec/persistence"]),
    Operated {
        data: Data::Filestore,
        persists: &["/spec/pools/*/volumeClaimTemplate"],
        ..database("Tenant.minio.min.io", &[])
    },
    database("K8ssandraCluster.k8ssandra.io", &["/spec/medusa"]),
    // What backs it up belongs to the cluster that made it, or is an object of a kind of its own.
    database("CassandraDatacenter.cassandra.datastax.com", &[WHOLE]),
    database("ClickHouseInstallation.clickhouse.altinity.com", &[]),
    database("CrdbCluster.crdb.cockroachlabs.com", &[]),
    database("ScyllaCluster.scylla.scylladb.com", &["/spec/backups"]),
    database("ScyllaDBDatacenter.scylla.scylladb.com", &[]),
    database("VitessCluster.planetscale.com", &["/spec/backup"]),
    search(
        "Elasticsearch.elasticsearch.k8s.elastic.co",
        Some("elasticsearch.k8s.elastic.co/cluster-name"),
        &[],
    ),
    search(
        "OpenSearchCluster.opensearch.opster.io",
        None,
        &["/spec/general/snapshotRepositories"],
    ),
    search(
        "OpenSearchCluster.opensearch.org",
        None,
        &["/spec/general/snapshotRepositories"],
    ),
];
