# METADATA
# scope: package
# title: Backup coverage
# description: >-
#   Whatever holds data is backed up, by something that is declared: often enough, long enough, elsewhere,
#   encrypted, and in a way from which a database can be restored.
# custom:
#   prefix: backup
#   scope: object
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
#     - Deployment.apps
#     - Rollout.argoproj.io
#   facts: [backups]
#   codes:
#     backup.bucket-unversioned: deny
#     backup.not-covered: deny
#     backup.coverage-unknown: deny
#     backup.only-crash-consistent: deny
#     backup.no-pitr: deny
#     backup.interval-exceeds-rpo: deny
#     backup.retention-too-short: deny
#     backup.not-encrypted: deny
#     backup.not-offsite: deny
#     backup.not-immutable: warn
#     backup.replication-unverified: deny
#     backup.store-shared: deny
#     backup.target-missing: warn
#     backup.same-credentials: warn
#     backup.unbacked-volume-type: deny
package tidegate.backup_coverage

# METADATA
# title: Coverage lacks something, where that is denied
# description: In the stages that `deny-stages` names.
deny contains finding if {
	input.environment.stage in input.settings["deny-stages"]
	some [held, finding] in lacking
	is_serious(held, finding.code)
}

# METADATA
# title: Two databases archive to one place
# description: Each overwrites what the other needs, in whatever stage.
deny contains finding if {
	some row in judged
	some gap in row.new.gaps
	gap.kind == "store-shared"
	finding := {
		"code": "backup.store-shared",
		"message": told(row, gap),
		"object": row.object,
		"remediation": remedies["backup.store-shared"],
	}
}

# METADATA
# title: Coverage lacks something, elsewhere
# description: In other stages, and what is a warning in any.
warn contains finding if {
	not input.environment.stage in input.settings["deny-stages"]
	some [_, finding] in lacking
}

# METADATA
# title: Coverage lacks what is good to have
# description: What is a warning also where the rest is denied.
warn contains finding if {
	input.environment.stage in input.settings["deny-stages"]
	some [held, finding] in lacking
	not is_serious(held, finding.code)
}

lacking contains [row.new.data, finding] if {
	some row in judged
	some gap in row.new.gaps
	code := codes[gap.kind]
	is_asked(code)
	finding := {
		"code": code,
		"message": told(row, gap),
		"object": row.object,
		"remediation": remedies[code],
	}
}

judged contains row if {
	some row in input.facts.backups.value
	row.new
	row.object == input.changes[_].object
}

is_serious(_, code) if {
	not code in {
		"backup.not-immutable",
		"backup.replication-unverified",
		"backup.same-credentials",
		"backup.target-missing",
		"backup.unbacked-volume-type",
	}
}

is_serious(_, "backup.not-immutable") if input.settings["require-immutable"]

is_serious(held, "backup.unbacked-volume-type") if held == "database"

is_serious(_, "backup.replication-unverified") if not is_tame

# That the tier is not known is no reason to let more pass.
is_tame if input.risk.tier in {"low", "medium"}

is_asked(code) if not code in {"backup.not-encrypted", "backup.not-offsite"}

is_asked("backup.not-encrypted") if input.settings["require-encryption"]

is_asked("backup.not-offsite") if input.settings["require-offsite"]

told(row, gap) := sprintf("%s %s %s", [row.object.kind, shown(row.object), gap.text])

shown(reference) := sprintf("%s/%s", [reference.namespace, reference.name]) if {
	reference.namespace
} else := reference.name

codes := {
	"bucket-unversioned": "backup.bucket-unversioned",
	"replication-unverified": "backup.replication-unverified",
	"not-covered": "backup.not-covered",
	"coverage-unknown": "backup.coverage-unknown",
	"only-crash-consistent": "backup.only-crash-consistent",
	"no-pitr": "backup.no-pitr",
	"interval-exceeds-rpo": "backup.interval-exceeds-rpo",
	"retention-too-short": "backup.retention-too-short",
	"not-encrypted": "backup.not-encrypted",
	"not-offsite": "backup.not-offsite",
	"not-immutable": "backup.not-immutable",
	"target-missing": "backup.target-missing",
	"same-credentials": "backup.same-credentials",
	"unbacked-volume-type": "backup.unbacked-volume-type",
}

remedies := {
	"backup.bucket-unversioned": "enable versions of its objects, or say in `buckets` that they are kept, or in `scratch` that nobody misses them",
	"backup.replication-unverified": "replicate all of it to another bucket, or say so in `buckets`",
	"backup.not-covered": "add a backup that takes it in, or name it in `scratch` where nobody misses what it holds",
	"backup.coverage-unknown": "let this environment's own files declare the backup, or except the object by name with a reason",
	"backup.only-crash-consistent": "let the database make its own backups, or stop its writes by a hook meanwhile",
	"backup.no-pitr": "archive the log without end, beside the backups that it continues",
	"backup.interval-exceeds-rpo": "let the schedule come more often, or say in `targets` how much may be lost",
	"backup.retention-too-short": "keep backups for as long as `targets` asks",
	"backup.not-encrypted": "let the backup encrypt what it writes, or say in `stores` that the store does",
	"backup.not-offsite": "send backups to a store outside of the cluster, or say in `stores` that it is one",
	"backup.not-immutable": "lock the objects of the store, and say so in `stores`",
	"backup.store-shared": "give each database a destination or a server name of its own",
	"backup.target-missing": "say in `targets` how much of such data may be lost",
	"backup.same-credentials": "give the backup a Secret of its own, which no workload reads",
	"backup.unbacked-volume-type": "keep it on a claim of a volume and back that up, or name it in `scratch`",
}
