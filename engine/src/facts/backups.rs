//! What is stateful, and what backs it up, as manifests declare it: the fact `backups`, and the same of a whole
//! environment; with what signed evidence proves of it. Knows nothing of signatures, and of what a gap is worth.

mod archiving;
mod assess;
mod buckets;
mod cadence;
mod cnpg;
mod cover;
mod credentials;
mod cronjob;
mod fate;
mod gap;
mod k8up;
mod loss;
mod near;
mod operated;
mod own;
mod pgbackrest;
mod proof;
mod rules;
mod snapshots;
mod stateful;
mod sweep;
#[cfg(test)]
mod tests;
mod velero;
mod versions;
mod volatile;
mod zalando;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

pub use assess::{State, spelt};
pub use buckets::BucketUse;
pub use cover::{Consistency, Cover, Missed, Retention, Told};
pub use gap::Gap;
pub use loss::Loss;
pub use proof::{Checkpoint, FinalBackup, Observed, Proof, Restored, Trouble};
pub(super) use proof::{checkpoints, restores};
pub use rules::{Data, Rules};

use self::near::Near;
use self::own::OwnWays;
use self::sweep::Sweeping;
use self::volatile::Volatile;
use super::evidence::Known;
use super::freeze::{Nearness, Tiers};
use super::inventory::Neighbours;
use super::{Collector, Context, Fact};
use crate::change::Change;
use crate::model::{GroupKind, ObjectRef, Operation, Piece, RiskTier};

/// The kinds that hold data, or claim volumes or buckets for it.
pub const STATEFUL: [&str; 40] = [
    "PersistentVolumeClaim",
    "StatefulSet.apps",
    "BucketClaim.objectstorage.k8s.io",
    "Bucket.s3.aws.m.upbound.io",
    "Bucket.s3.aws.upbound.io",
    "Bucket.s3.services.k8s.aws",
    "Bucket.storage.gcp.m.upbound.io",
    "Bucket.storage.gcp.upbound.io",
    "CassandraDatacenter.cassandra.datastax.com",
    "ClickHouseInstallation.clickhouse.altinity.com",
    "Cluster.postgresql.cnpg.io",
    "CrdbCluster.crdb.cockroachlabs.com",
    "Elasticsearch.elasticsearch.k8s.elastic.co",
    "InnoDBCluster.mysql.oracle.com",
    "K8ssandraCluster.k8ssandra.io",
    "Kafka.kafka.strimzi.io",
    "KafkaNodePool.kafka.strimzi.io",
    "MariaDB.k8s.mariadb.com",
    "MongoDBCommunity.mongodbcommunity.mongodb.com",
    "ObjectBucketClaim.objectbucket.io",
    "OpenSearchCluster.opensearch.opster.io",
    "OpenSearchCluster.opensearch.org",
    "PerconaPGCluster.pgv2.percona.com",
    "PerconaServerMongoDB.psmdb.percona.com",
    "PerconaServerMySQL.ps.percona.com",
    "PerconaXtraDBCluster.pxc.percona.com",
    "PostgresCluster.postgres-operator.crunchydata.com",
    "RabbitmqCluster.rabbitmq.com",
    "Redis.redis.redis.opstreelabs.in",
    "RedisCluster.redis.redis.opstreelabs.in",
    "RedisFailover.databases.spotahome.com",
    "RedisReplication.redis.redis.opstreelabs.in",
    "ScyllaCluster.scylla.scylladb.com",
    "ScyllaDBDatacenter.scylla.scylladb.com",
    "Tenant.minio.min.io",
    "Valkey.cache.cs.sap.com",
    "Valkey.hyperspike.io",
    "ValkeyCluster.valkey.io",
    "VitessCluster.planetscale.com",
    "postgresql.acid.zalan.do",
];

/// The kinds that back up, or say how and where to.
pub const BACKING: [&str; 21] = [
    "Backup.k8s.mariadb.com",
    "Backup.postgresql.cnpg.io",
    "BackupStorageLocation.velero.io",
    "BucketReplicationConfiguration.s3.aws.m.upbound.io",
    "BucketReplicationConfiguration.s3.aws.upbound.io",
    "BucketVersioning.s3.aws.m.upbound.io",
    "BucketVersioning.s3.aws.upbound.io",
    JOB,
    "MedusaBackupSchedule.medusa.k8ssandra.io",
    "MySQLBackup.mysql.oracle.com",
    "ObjectStore.barmancloud.cnpg.io",
    "OperatorConfiguration.acid.zalan.do",
    "PerconaServerMongoDBBackup.psmdb.percona.com",
    "PerconaServerMySQLBackup.ps.percona.com",
    "PerconaXtraDBClusterBackup.pxc.percona.com",
    "PhysicalBackup.k8s.mariadb.com",
    "ReplicationSource.volsync.backube",
    "Schedule.k8up.io",
    "Schedule.velero.io",
    "ScheduledBackup.postgresql.cnpg.io",
    "SnapshotSchedule.snapscheduler.backube",
];

/// The kinds that mount what is backed up, or say what of it is left out.
pub const BESIDE: [&str; 6] = [
    "BucketLifecycleConfiguration.s3.aws.m.upbound.io",
    "BucketLifecycleConfiguration.s3.aws.upbound.io",
    "DaemonSet.apps",
    "Deployment.apps",
    "Rollout.argoproj.io",
    SNAPSHOT_CLASS,
];

const JOB: &str = "CronJob.batch";
const SET: &str = "StatefulSet.apps";
const SNAPSHOT_CLASS: &str = "VolumeSnapshotClass.snapshot.storage.k8s.io";

/// The kinds among these that lie in no namespace.
const CLUSTER_SCOPED: [&str; 5] = [
    "BucketLifecycleConfiguration.s3.aws.upbound.io",
    "BucketReplicationConfiguration.s3.aws.upbound.io",
    "Bucket.s3.aws.upbound.io",
    "BucketVersioning.s3.aws.upbound.io",
    "Bucket.storage.gcp.upbound.io",
];

/// The kinds that say what becomes of a volume whose claim is gone.
const RECLAIMING: [&str; 2] = ["PersistentVolume", "StorageClass.storage.k8s.io"];

/// Whether an object holds data or backs up.
#[must_use]
pub fn concerns(object: &ObjectRef) -> bool {
    let kind = object.group_kind().to_string();
    STATEFUL.iter().chain(&BACKING).any(|it| **it == kind)
}

/// Whether a change is about what other units may back up, or hold: that of what holds data, of what backs up or says to, or
/// of a Secret that it needs.
#[must_use]
pub fn reaches_far(change: &Change) -> bool {
    let kind = change.object.group_kind().to_string();
    let among = |parts: &[&str], pointer: &str| parts.iter().any(|part| pointer.contains(part));
    let mut fields = change.fields.iter();
    if BESIDE.contains(&kind.as_str()) && fields.any(|it| among(&SAYING, &it.pointer)) {
        return true;
    }
    // Most changes of a set are of what runs in it.
    if kind == SET && change.operation == Operation::Update {
        let mut fields = change.fields.iter();
        return fields.any(|it| !among(&RUNNING, &it.pointer));
    }
    // Most jobs back nothing up, and those that do say so.
    if kind == JOB {
        let mut sides = [&change.old, &change.new].into_iter().flatten();
        return sides.any(cronjob::says_what);
    }
    concerns(&change.object)
        || kind == SNAPSHOT_CLASS
        || kind.starts_with("BucketLifecycleConfiguration.")
        || credentials::are_deleted_by(change)
        || sweep::sweeps(change)
}

/// Whether an object is of a kind of these that lies in no namespace.
#[must_use]
pub fn is_cluster_scoped(object: &ObjectRef) -> bool {
    let kind = object.group_kind().to_string();
    CLUSTER_SCOPED.iter().any(|it| **it == kind)
}

/// Whether a change may change what is backed up: also that of pods which mount what is.
#[must_use]
pub fn concerned(change: &Change) -> bool {
    let kind = change.object.group_kind().to_string();
    let may_mount = BESIDE.contains(&kind.as_str());
    let told = |pointer: &str| {
        let mut parts = TELLING.iter();
        pointer.ends_with("/annotations") || parts.any(|part| pointer.contains(part))
    };
    let touches = || {
        let mut fields = change.fields.iter();
        change.operation != Operation::Update || fields.any(|field| told(&field.pointer))
    };
    let keeps = |object: &Value| Volatile::of(object, &Rules::default()).is_some();
    concerns(&change.object)
        || (may_mount && (touches() || change.new.as_ref().is_some_and(keeps)))
        || credentials::are_deleted_by(change)
        || sweep::sweeps(change)
}

/// An object that holds data, on both sides of a range.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// The change of the object itself, where it changes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<usize>,
    /// The object.
    pub object: ObjectRef,
    /// At head; none where it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<State>,
    /// At base; none where it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<State>,
    /// What the changes take from its coverage.
    pub losses: Vec<Loss>,
    /// Whether it is only here for a script that changes, and may run in it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub by_script: bool,
    /// What signed evidence proves of it, where the change is so risky that it must.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<Proof>,
}

impl Row {
    fn is_told(&self) -> bool {
        self.change.is_some() || self.by_script || !self.losses.is_empty()
    }
}

/// Whether changes may touch what is backed up, or scripts of a tier at which that must be proven.
#[must_use]
pub fn are_asked(context: &Context<'_>) -> bool {
    context.changes.iter().any(concerned) || tier_of_scripts(context).is_some()
}

/// How risky the scripts are that change, where one does more than to add, and that is enough for what it touches to be backed up.
fn tier_of_scripts(context: &Context<'_>) -> Option<RiskTier> {
    let least = context.backups.evidence.tier.max(RiskTier::High);
    context
        .tiers
        .of_scripts(context)
        .filter(|tier| *tier >= least)
}

/// The collector of `backups`: what changes and holds data, and whatever else is backed up otherwise than before.
pub struct Backups;

impl Collector for Backups {
    fn name(&self) -> &'static str {
        NAME
    }

    fn schema(&self) -> &'static str {
        "facts/backups.json"
    }

    fn needs_tiers(&self) -> bool {
        true
    }

    fn collect(&self, context: &Context<'_>) -> Fact {
        if !are_asked(context) {
            return Fact::known(Piece::list([]));
        }
        let (rules, now) = (context.backups, context.season.now);
        let head = states(context.head, rules, now);
        let base = match std::ptr::eq(context.head, context.base) {
            true => head.clone(),
            false => states(context.base, rules, now),
        };
        let sweeping = Sweeping::of(context.changes);
        let mut proofs = proofs(context, &base, &sweeping);
        let mut rows = rows((context.changes, &sweeping), head, base);
        for row in &mut rows {
            row.proof = proofs.remove(&row.object);
            let is_swept = || sweeping.by(&row.object).is_some();
            row.by_script = row.change.is_none() && row.proof.is_some() && !is_swept();
        }
        rows.retain(Row::is_told);
        Fact::Known {
            value: Piece::list(rows.iter().map(|row| Piece::new(json!(row)))),
            until: until(context, &rows),
        }
    }
}

/// What is proven of what changes and was there before, and of each database where a script changes: nothing says in which
/// it runs. Nothing where nothing changes.
fn proofs(
    context: &Context<'_>,
    base: &BTreeMap<ObjectRef, State>,
    sweeping: &Sweeping<'_>,
) -> BTreeMap<ObjectRef, Proof> {
    let tier = |index: usize| match context.tiers {
        Tiers::Unknown => Some(RiskTier::Critical),
        Tiers::Known { each, all, .. } => Some(each.get(index).copied().unwrap_or(all)),
        Tiers::Unchanged => None,
    };
    let asked = proof::Asked {
        known: context.reported,
        rules: context.backups,
        now: context.season.now,
        states: base,
        freeze: &proof::nearness(context.backups, context.season),
    };
    let scripts = tier_of_scripts(context);
    let databases = base.iter().filter(|(_, it)| it.data == Data::Database);
    let databases: BTreeMap<&ObjectRef, RiskTier> = databases
        .filter_map(|(object, _)| Some((object, scripts?)))
        .collect();
    let by_script = databases.iter().filter_map(|(object, tier)| {
        let proof = asked.proof(object, *tier)?;
        Some(((*object).clone(), proof))
    });
    let changes = context.changes.iter().enumerate();
    let changed = changes.filter_map(|(index, change)| {
        let tier = tier(index)?;
        let tier = databases
            .get(&change.object)
            .map_or(tier, |it| tier.max(*it));
        let proof = match change.operation {
            Operation::Delete => asked.of_deleted(&change.object, tier),
            _ => asked.proof(&change.object, tier),
        }?;
        Some((change.object.clone(), proof))
    });
    let swept = base.keys().filter_map(|object| {
        let (index, _) = sweeping.by(object)?;
        Some((object.clone(), asked.of_deleted(object, tier(index)?)?))
    });
    by_script.chain(changed).chain(swept).collect()
}

/// The newest backup of each object that signed evidence tells of, whatever changes.
#[must_use]
pub fn observed(
    states: &BTreeMap<ObjectRef, State>,
    known: &Known,
    rules: &Rules,
    now: Timestamp,
) -> BTreeMap<ObjectRef, Observed> {
    let asked = proof::Asked {
        known,
        rules,
        now,
        states,
        freeze: &Nearness::default(),
    };
    let observed = states.keys().filter_map(|object| {
        let proof = asked.proof(object, RiskTier::Critical)?;
        Some((object.clone(), proof.observed?))
    });
    observed.collect()
}

/// When more is lacking, where that is denied.
fn until(context: &Context<'_>, rows: &[Row]) -> Option<Timestamp> {
    let environments = &context.range.environments;
    let stage = environments.get(context.season.place.environment);
    let denies = stage.is_none_or(|stage| context.backups.denies_in(*stage));
    let proofs = rows.iter().filter_map(|row| row.proof.as_ref());
    let ends = proofs.flat_map(|proof| {
        // Without a last backup nothing is deleted in any stage.
        let last = proof.final_backup.as_ref().and_then(|last| last.until);
        [proof.until.filter(|_| denies), last]
    });
    ends.flatten().min()
}

/// All that holds data among objects, and what backs it up.
#[must_use]
pub fn states(around: &Neighbours, rules: &Rules, now: Timestamp) -> BTreeMap<ObjectRef, State> {
    let near = Near::new(around, rules, now);
    let all = stateful::all(&near);
    let mut states: BTreeMap<ObjectRef, State> = all
        .iter()
        .map(|one| (one.reference.clone(), State::of(one, &near)))
        .collect();
    // Where the others send their backups is known from here on.
    let stores = buckets::stores(states.values());
    for bucket in buckets::all(&near) {
        let state = State::of_bucket(&bucket, &stores, &near);
        states.insert(bucket.reference, state);
    }
    assess::share(&mut states);
    states
}

fn rows(
    (changes, sweeping): (&[Change], &Sweeping<'_>),
    mut head: BTreeMap<ObjectRef, State>,
    mut base: BTreeMap<ObjectRef, State>,
) -> Vec<Row> {
    let changed = loss::Changed::of(changes);
    let own_ways = OwnWays::of(changes);
    let all: BTreeSet<ObjectRef> = head.keys().chain(base.keys()).cloned().collect();
    let rows = all.into_iter().map(|object| {
        let (new, old) = (head.remove(&object), base.remove(&object));
        let change = changed.index(&object);
        let losses = match (&old, &new) {
            (Some(old), Some(new)) => {
                let mut losses = loss::losses(old, new, &changed);
                let own = change.and_then(|index| Some((index, changes.get(index)?)));
                losses.extend(sweeping.losses(&object, (old, new), own));
                losses.extend(own_ways.losses(&object, old));
                losses
            }
            _ => Vec::new(),
        };
        Row {
            change,
            new,
            old,
            losses,
            object,
            by_script: false,
            proof: None,
        }
    });
    rows.collect()
}

/// The kinds that the fact looks at.
pub fn kinds() -> impl Iterator<Item = GroupKind> {
    let kinds = STATEFUL.into_iter().chain(BACKING).chain(BESIDE);
    let kinds = kinds.chain(RECLAIMING);
    kinds.map(GroupKind::parse)
}

/// The fact that looks at what is backed up.
pub const NAME: &str = "backups";

/// Of what pods say, what may decide it whatever other units hold; labels too often change for another reason.
const SAYING: [&str; 3] = ["velero.io", "k8up.io", "/volumes"];

/// Of what a set says, what is about neither its data nor its backup.
const RUNNING: [&str; 3] = [
    "/spec/replicas",
    "/spec/template/spec/containers",
    "/spec/template/spec/initContainers",
];

/// Of what pods, classes of snapshots and life cycles say, what decides whether volumes are backed up, and how.
const TELLING: [&str; 7] = [
    "/forProvider",
    "velero.io",
    "k8up.io",
    "/volumes",
    "/labels",
    "/deletionPolicy",
    "is-default-class",
];
