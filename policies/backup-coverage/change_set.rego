# METADATA
# scope: package
# title: Backups that go
# description: >-
#   No change takes a backup away from what it backs up, stops it, moves it or makes it worth less; nothing that
#   holds data is deleted or made smaller on the way; and before a risky change of what holds data, or by a script,
#   signed evidence says that it was backed up, lately, and that it was restored.
# custom:
#   prefix: backup
#   scope: change-set
#   kinds:
#     - PersistentVolumeClaim
#     - StatefulSet.apps
#     - BucketClaim.objectstorage.k8s.io
#     - Bucket.s3.aws.m.upbound.io
#     - Bucket.s3.aws.upbound.io
#     - Bucket.s3.services.k8s.aws
#     - Bucket.storage.gcp.m.upbound.io
#     - Bucket.storage.gcp.upbound.io
#     - CassandraDatacenter.cassandra.datastax.com
#     - ClickHouseInstallation.clickhouse.altinity.com
#     - Cluster.postgresql.cnpg.io
#     - CrdbCluster.crdb.cockroachlabs.com
#     - Elasticsearch.elasticsearch.k8s.elastic.co
#     - InnoDBCluster.mysql.oracle.com
#     - K8ssandraCluster.k8ssandra.io
#     - Kafka.kafka.strimzi.io
#     - KafkaNodePool.kafka.strimzi.io
#     - MariaDB.k8s.mariadb.com
#     - MongoDBCommunity.mongodbcommunity.mongodb.com
#     - ObjectBucketClaim.objectbucket.io
#     - OpenSearchCluster.opensearch.opster.io
#     - OpenSearchCluster.opensearch.org
#     - PerconaPGCluster.pgv2.percona.com
#     - PerconaServerMongoDB.psmdb.percona.com
#     - PerconaServerMySQL.ps.percona.com
#     - PerconaXtraDBCluster.pxc.percona.com
#     - PostgresCluster.postgres-operator.crunchydata.com
#     - RabbitmqCluster.rabbitmq.com
#     - Redis.redis.redis.opstreelabs.in
#     - RedisCluster.redis.redis.opstreelabs.in
#     - RedisFailover.databases.spotahome.com
#     - RedisReplication.redis.redis.opstreelabs.in
#     - ScyllaCluster.scylla.scylladb.com
#     - ScyllaDBDatacenter.scylla.scylladb.com
#     - Tenant.minio.min.io
#     - Valkey.cache.cs.sap.com
#     - Valkey.hyperspike.io
#     - ValkeyCluster.valkey.io
#     - VitessCluster.planetscale.com
#     - postgresql.acid.zalan.do
#     - Backup.k8s.mariadb.com
#     - Backup.postgresql.cnpg.io
#     - BackupStorageLocation.velero.io
#     - BucketLifecycleConfiguration.s3.aws.m.upbound.io
#     - BucketLifecycleConfiguration.s3.aws.upbound.io
#     - BucketReplicationConfiguration.s3.aws.m.upbound.io
#     - BucketReplicationConfiguration.s3.aws.upbound.io
#     - BucketVersioning.s3.aws.m.upbound.io
#     - BucketVersioning.s3.aws.upbound.io
#     - CronJob.batch
#     - MedusaBackupSchedule.medusa.k8ssandra.io
#     - MySQLBackup.mysql.oracle.com
#     - ObjectStore.barmancloud.cnpg.io
#     - OperatorConfiguration.acid.zalan.do
#     - PerconaServerMongoDBBackup.psmdb.percona.com
#     - PerconaServerMySQLBackup.ps.percona.com
#     - PerconaXtraDBClusterBackup.pxc.percona.com
#     - PhysicalBackup.k8s.mariadb.com
#     - ReplicationSource.volsync.backube
#     - Schedule.k8up.io
#     - Schedule.velero.io
#     - ScheduledBackup.postgresql.cnpg.io
#     - SnapshotSchedule.snapscheduler.backube
#     - DaemonSet.apps
#     - Deployment.apps
#     - Rollout.argoproj.io
#     - Secret
#     - SealedSecret.bitnami.com
#     - ExternalSecret.external-secrets.io
#     - VolumeSnapshotClass.snapshot.storage.k8s.io
#     - Namespace
#     - CustomResourceDefinition.apiextensions.k8s.io
#   facts: [backups, storage]
#   codes:
#     backup.deleted: deny
#     backup.disabled: deny
#     backup.weakened: deny
#     backup.moved: deny
#     backup.source-deleted: deny
#     backup.source-shrunk: deny
#     backup.five-field-schedule: warn
#     backup.configuration-not-covered: warn
#     backup.not-fresh: deny
#     backup.last-run-failed: deny
#     backup.shrunk-suspiciously: warn
#     backup.checkpoint-missing: deny
#     backup.restore-test-missing: deny
#     backup.restore-test-stale: deny
#     backup.restore-test-partial: deny
#     backup.rto-exceeded: deny
#     backup.set-inconsistent: deny
#     backup.evidence-invalid: warn
package tidegate.backup_coverage.change_set

# METADATA
# title: A backup is taken away
# description: It, or what it needs, is deleted, and nothing backs up as well what it did.
deny contains finding if {
	some [_, loss, finding] in lost
	loss.kind == "deleted"
	not loss.replacedBy
}

# METADATA
# title: A backup is replaced
# description: Another one takes in the same, and is worth as much once it has run.
warn contains finding if {
	some [_, loss, finding] in lost
	loss.kind in {"deleted", "disabled"}
	loss.replacedBy
}

# METADATA
# title: A backup is stopped
# description: It is suspended, its log is archived no more, or it selects no more what it did.
deny contains finding if {
	some [_, loss, finding] in lost
	loss.kind == "disabled"
	not loss.replacedBy
}

# METADATA
# title: A backup is worth less
# description: It comes less often, is kept for less long, or loses encryption, distance or a lock.
deny contains finding if {
	some [_, loss, finding] in lost
	loss.kind == "weakened"
}

# METADATA
# title: A backup goes elsewhere
# description: From the new place nothing can be restored until the first backup is there.
deny contains finding if {
	some [_, loss, finding] in lost
	loss.kind == "moved"
}

# METADATA
# title: What holds data is deleted
# description: What is restored into must be there, and nobody signed that the last backup was taken and checked.
deny contains finding if {
	some [row, finding] in deleted
	not is_kept(row)
}

# METADATA
# title: What holds data is deleted, and its last backup is kept
# description: It was taken within a day, said to be the last, and verified or restored.
warn contains finding if {
	some [row, finding] in deleted
	is_kept(row)
}

# METADATA
# title: What holds data goes with something else
# description: Its namespace or the definition of its kind is deleted, and nobody signed that the last backup was taken and checked.
deny contains finding if {
	some [row, loss, finding] in lost
	loss.kind == "source-deleted"
	not is_kept(row)
}

# METADATA
# title: What holds data goes with something else, and its last backup is kept
# description: It was taken within a day, said to be the last, and verified or restored.
warn contains finding if {
	some [row, loss, finding] in lost
	loss.kind == "source-deleted"
	is_kept(row)
}

# METADATA
# title: Claims go with replicas
# description: A set that is scaled down deletes the claims of the replicas that go.
deny contains finding if {
	some [_, loss, finding] in lost
	loss.kind == "source-shrunk"
}

# METADATA
# title: What holds data is made smaller
# description: A claim cannot be, and an operator may make the volume anew.
deny contains finding if {
	some size in input.facts.storage.value
	size.new < size.old
	some row in input.facts.backups.value
	row.change == size.change
	some change in input.changes
	change.index == size.change
	not contains(size.pointer, "/memory")
	finding := {
		"code": "backup.source-shrunk",
		"message": sprintf("%s %s holds data, and its volume shrinks from %d to %d bytes", [
			row.object.kind,
			shown(row.object),
			size.old,
			size.new,
		]),
		"object": row.object,
		"field": size.pointer,
		"remediation": "keep the size, or restore into a new and smaller volume beside the old one",
	}
}

# METADATA
# title: A schedule of five fields stands where six are read
# description: Its first field is the second, so that it comes every hour or never.
warn contains finding if {
	some change in input.changes
	change.object.kind == "ScheduledBackup"
	schedule := change.new.spec.schedule
	not startswith(schedule, "@")
	count(regex.split(`\s+`, trim_space(schedule))) == 5
	finding := {
		"code": "backup.five-field-schedule",
		"message": sprintf("the schedule %q has five fields, and CloudNativePG reads the first as the second", [schedule]),
		"object": change.object,
		"field": "/spec/schedule",
		"remediation": "write six fields: `0 0 2 * * *` is two o'clock every night",
	}
}

# METADATA
# title: Nobody says how configuration is backed up
# description: Of what settings ask for, of which no manifest can tell.
warn contains finding if {
	some part in input.settings["require-configuration"]
	not input.settings["configuration-backups"][part]
	finding := {
		"code": "backup.configuration-not-covered",
		"message": sprintf("nobody says how %s of the environment %s backed up", configuration[part]),
		"remediation": sprintf("back it up, and say how in `configuration-backups` under `%s`", [part]),
	}
}

# METADATA
# title: Evidence lacks something, where that is denied
# description: No incident lifts it, and the tier of the change is one for which it is no warning.
deny contains finding if {
	input.environment.stage in input.settings["deny-stages"]
	some [proof, gap, finding] in unproven
	not gap.liftedBy
	proof.tier in denying[gap.kind]
}

# METADATA
# title: Evidence lacks something, elsewhere
# description: In other stages, of lower tiers, and what an incident lifts.
warn contains finding if {
	some [proof, gap, finding] in unproven
	is_told(proof, gap)
}

is_told(_, _) if not input.environment.stage in input.settings["deny-stages"]

is_told(_, gap) if gap.liftedBy

is_told(proof, gap) if not proof.tier in denying[gap.kind]

unproven contains [row.proof, gap, finding] if {
	some row in input.facts.backups.value
	is_asked(row)
	some gap in row.proof.gaps
	code := sprintf("backup.%s", [gap.kind])
	finding := {
		"code": code,
		"message": sprintf("%s %s %s%s%s", [row.object.kind, shown(row.object), gap.text, lifted(gap), reason(row)]),
		"object": row.object,
		"remediation": evidence_remedies[gap.kind],
	}
}

# What goes with something else is asked for its last backup alone.
is_asked(row) if row.change >= 0

is_asked(row) if row.byScript

# A script may run in any database.
reason(row) := "; a script that changes may run in it" if {
	row.byScript
} else := ""

lifted(gap) := sprintf("; lifted by %s", [gap.liftedBy]) if {
	gap.liftedBy
} else := ""

configuration := {
	"repository": ["the Git repository", "is"],
	"sealing-keys": ["the keys that open the Secrets", "are"],
	"certificates": ["the certificates", "are"],
}

lost contains [row, loss, finding] if {
	some row in input.facts.backups.value
	some loss in row.losses
	some change in input.changes
	change.index in loss.changes
	finding := {
		"code": sprintf("backup.%s", [loss.kind]),
		"message": sprintf("%s %s %s", [row.object.kind, shown(row.object), loss.text]),
		"object": change.object,
		"remediation": remedies[loss.kind],
	}
}

deleted contains [row, finding] if {
	some row in input.facts.backups.value
	row.old
	not row.new
	row.old.data != "cache"
	count(row.old.claims) > 0
	some change in input.changes
	change.index == row.change
	finding := {
		"code": "backup.source-deleted",
		"message": sprintf("%s %s holds %s and is deleted%s%s; %s", [
			row.object.kind,
			shown(row.object),
			held(row.old),
			last_copy(row.old),
			going(row.old),
			kept(row),
		]),
		"object": row.object,
		"remediation": "stop what writes to it, take a last backup, verify or restore that, and report it: `tidegate evidence backup --final`",
	}
}

held(state) := "backups" if {
	state.bucket == "store"
} else := sprintf("data (%s)", [state.data])

# Somebody signed so.
is_kept(row) if {
	row.proof.finalBackup.evidence
	not row.proof.finalBackup.lacks
}

kept(row) := row.proof.finalBackup.lacks

kept(row) := sprintf("its last backup is of %s, signed by %s", [
	row.proof.finalBackup.finishedAt,
	concat(", ", row.proof.finalBackup.signers),
]) if {
	is_kept(row)
}

kept(row) := "nobody signed that its last backup was taken" if not row.proof.finalBackup

# A snapshot that goes with the object which stands for it outlives no namespace.
dying(cover) := sprintf(", in snapshots that %s %s deletes with their objects", [class.kind, class.name]) if {
	class := cover.diesBy
} else := ""

going(state) := sprintf("; %s", [state.fate]) if {
	state.fate
} else := ""

last_copy(state) := sprintf("; %s %s backed it up%s", [by.kind, shown(by), dying(state.coverage[0])]) if {
	by := state.coverage[0].by
} else := "; nothing backed it up"

shown(reference) := sprintf("%s/%s", [reference.namespace, reference.name]) if {
	reference.namespace
} else := reference.name

remedies := {
	"deleted": "keep the backup, or add one that is worth as much first and delete this one once it has run",
	"disabled": "keep the backup running, or add one that is worth as much first",
	"weakened": "leave it as it was, or add a backup that is worth as much first",
	"source-deleted": "keep it, or stop what writes to the data, take a last backup, verify or restore that, and report it: `tidegate evidence backup --final`",
	"source-shrunk": "say `whenScaled: Retain` first, and delete the claims once their data is elsewhere",
	"moved": "add the new place beside the old one, and remove that once a backup in the new one was restored",
}

all_tiers := {"low", "medium", "high", "critical"}

risky := {"high", "critical"}

denying := {
	"not-fresh": all_tiers,
	"last-run-failed": risky,
	"shrunk-suspiciously": set(),
	"checkpoint-missing": all_tiers,
	"restore-test-missing": risky,
	"restore-test-stale": risky,
	"restore-test-partial": {"critical"},
	"rto-exceeded": all_tiers,
	"set-inconsistent": risky,
	"evidence-invalid": set(),
}

evidence_remedies := {
	"not-fresh": "take a backup and report it, `tidegate evidence backup`; in trouble, let whoever may declare an incident",
	"last-run-failed": "mend the backup, take one, and report it, `tidegate evidence backup`",
	"shrunk-suspiciously": "look into the last backup: restore it, and report that, `tidegate evidence restore-test`",
	"checkpoint-missing": "take a backup for this change and report it, `tidegate evidence backup`",
	"restore-test-missing": "restore a backup and report it, `tidegate evidence restore-test`",
	"restore-test-stale": "restore a backup and report it, `tidegate evidence restore-test`",
	"restore-test-partial": "restore all that belongs together, and name it in `--scope`",
	"rto-exceeded": "make the restore faster, or say in `targets` how long it may take",
	"set-inconsistent": "back up the database first and the files right after it, and report both",
	"evidence-invalid": "see `tidegate evidence list`, and report anew",
}
