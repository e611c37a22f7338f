package tidegate.risk_tier.change_set_test

import data.tidegate.risk_tier.change_set

base := {
	"environment": {"name": "prod", "stage": "production", "tenants": ["brand-a"], "maxTier": "critical"},
	"unit": {"name": "odoo", "kind": "Paths"},
	"range": {"environments": [{"name": "prod", "stage": "production"}], "tenants": ["brand-a"]},
	"source": {"commits": []},
	"changes": [],
	"facts": {
		"inventory": {"status": "known", "value": {}},
		"migrations": {"status": "known", "value": {"scripts": [], "odoo": []}},
		"storage": {"status": "known", "value": []},
		"workloads": {"status": "known", "value": {"new": [], "old": []}},
	},
	"settings": {
		"default-tier": "high",
		"inert-metadata": ["acme.example"],
		"raise": [],
		"lower": [],
		"max-components": 3,
		"max-objects": 3,
		"max-tenants": 1,
		"max-production-environments": 1,
	},
}

# `apps/v1 Deployment` as an object of the shop.
ref(kind) := {"apiVersion": parts[0], "kind": parts[1], "namespace": "shop", "name": "odoo"} if {
	parts := split(kind, " ")
}

update(kind, fields) := {
	"operation": "update",
	"object": ref(kind),
	"components": [],
	"old": {"metadata": {"name": "odoo"}},
	"new": {"metadata": {"name": "odoo"}},
	"fields": [object.union(field, {"path": field.pointer}) | some field in fields],
}

create(kind, new) := {
	"operation": "create",
	"object": ref(kind),
	"components": [],
	"new": object.union({"metadata": {"name": "odoo"}}, new),
	"fields": [],
}

delete(kind, old) := {
	"operation": "delete",
	"object": ref(kind),
	"components": [],
	"old": object.union({"metadata": {"name": "odoo"}}, old),
	"fields": [],
}

changed(pointer, old, new) := {"pointer": pointer, "old": old, "new": new}

added(pointer, new) := {"pointer": pointer, "new": new}

removed(pointer, old) := {"pointer": pointer, "old": old}

of(changes) := object.union(base, {"changes": changes})

with_components(change, components) := object.union(change, {"components": components})

with_inventory(given, inventory) := object.union(given, {"facts": {"inventory": {"value": inventory}}})

with_workloads(given, old, new) := object.union(given, {"facts": {"workloads": {"value": {"old": old, "new": new}}}})

w(containers) := {"change": 0, "labels": {"app": "odoo"}, "containers": containers}

image(repository, tag, digest) := object.union(
	{"repository": repository, "tag": tag, "valid": true, "pointer": "/spec/template/spec/containers/0/image"},
	digest,
)

versioned(repository, tag, version) := object.union(image(repository, tag, pinned), {"version": version})

pinned := {"digest": "sha256:1"}

container(given) := {"name": "odoo", "image": given, "args": [], "env": [], "resources": {"requests": {}, "limits": {}}}

# What comes out, as codes with their tiers.
tiers(given) := {reason.code: reason.tier | some reason in found} if {
	found := change_set.reasons with input as given
}

# One changed field for each row of the tables that says more than its class.
workload_rows := [
	["apps/v1 Deployment", changed("/metadata/labels/note", "a", "b"), {"risk.metadata-only": "low"}],
	["apps/v1 Deployment", added("/metadata/annotations", {"note": "b"}), {"risk.metadata-only": "low"}],
	["apps/v1 Deployment", changed("/spec/replicas", 4, 6), {"risk.replicas": "medium"}],
	["apps/v1 Deployment", changed("/spec/replicas", 4, 2), {"risk.replicas": "medium"}],
	["apps/v1 Deployment", changed("/spec/replicas", 5, 2), {"risk.replicas-drop": "high"}],
	["apps/v1 Deployment", changed("/spec/replicas", 2, 1), {"risk.replicas-drop": "high"}],
	["apps/v1 Deployment", changed("/spec/replicas", 1, 0), {"risk.replicas-drop": "high"}],
	["autoscaling/v2 HorizontalPodAutoscaler", changed("/spec/minReplicas", 6, 2), {"risk.replicas-drop": "high"}],
	["autoscaling/v2 HorizontalPodAutoscaler", changed("/spec/metrics/0/x", 90, 20), {"risk.replicas": "medium"}],
	["apps/v1 Deployment", changed("/spec/strategy/type", "a", "Recreate"), {"risk.strategy": "high"}],
	["apps/v1 Deployment", added("/spec/template/spec/schedulingGates", []), {"risk.unclassified": "high"}],
	["apps/v1 Deployment", added("/spec/template/metadata/annotations/x", "y"), {"risk.config": "medium"}],
	["apps/v1 Deployment", changed("/spec/template/spec/containers/0/env/3/value", "a", "b"), {"risk.config": "medium"}],
	["apps/v1 Deployment", changed("/spec/template/spec/containers/~0/env", "a", "b"), {"risk.unclassified": "high"}],
	[
		"apps/v1 Deployment",
		changed("/spec/template/spec/containers/0/readinessProbe/periodSeconds", 5, 9),
		{"risk.probe": "medium"},
	],
	[
		"apps/v1 Deployment",
		removed("/spec/template/spec/containers/0/readinessProbe", {}),
		{"risk.probe": "high"},
	],
	[
		"apps/v1 Deployment",
		removed("/spec/template/spec/containers/0/readinessProbe/periodSeconds", 5),
		{"risk.probe": "medium"},
	],
	["apps/v1 Deployment", changed("/spec/template/spec/nodeSelector/x", "a", "b"), {"risk.scheduling": "medium"}],
	["apps/v1 Deployment", added("/spec/template/spec/volumes/1", {"emptyDir": {}}), {"risk.volumes": "medium"}],
	[
		"apps/v1 Deployment",
		added("/spec/template/spec/volumes/1", {"persistentVolumeClaim": {}}),
		{"risk.volumes": "high"},
	],
	["apps/v1 Deployment", removed("/spec/template/spec/volumes", [{"projected": {}}]), {"risk.volumes": "high"}],
	["apps/v1 Deployment", added("/spec/template/spec/volumes/1", {"ephemeral": {}}), {"risk.volumes": "high"}],
	[
		"apps/v1 Deployment",
		added("/spec/template/spec/volumes", [{"name": "a", "configMap": {"name": "b"}}, {"secret": {}}, {"downwardAPI": {}}]),
		{"risk.volumes": "medium"},
	],
	[
		"apps/v1 Deployment",
		changed("/spec/template/spec/volumes/1/persistentVolumeClaim/claimName", "a", "b"),
		{"risk.volumes": "high"},
	],
	["apps/v1 Deployment", changed("/spec/template/spec/serviceAccountName", "a", "b"), {"risk.pod-security": "high"}],
	["v1 Pod", changed("/metadata/labels/app", "a", "b"), {"risk.config": "medium"}],
	["batch/v1 CronJob", changed("/spec/schedule", "a", "b"), {"risk.job": "medium"}],
	[
		"batch/v1 CronJob",
		changed("/spec/jobTemplate/spec/template/spec/restartPolicy", "Never", "OnFailure"),
		{"risk.job": "medium"},
	],
	["batch/v1 Job", changed("/spec/template/spec/restartPolicy", "Never", "OnFailure"), {"risk.job": "medium"}],
	["v1 Pod", changed("/spec/restartPolicy", "Never", "OnFailure"), {"risk.unclassified": "high"}],
	["batch/v1 Job", added("/spec/template/spec/hostname", "a"), {"risk.unclassified": "high"}],
	[
		"batch/v1 CronJob",
		changed("/spec/jobTemplate/spec/template/spec/containers/0/args/0", "a", "b"),
		{"risk.job": "medium", "risk.config": "medium"},
	],
]

data_rows := [
	["v1 Service", changed("/spec/selector/app", "a", "b"), {"risk.service": "high"}],
	["v1 Service", changed("/spec/ports/0/port", 80, 81), {"risk.service": "medium"}],
	["v1 ConfigMap", changed("/data/odoo.conf", "a", "b"), {"risk.config": "medium"}],
	["v1 Secret", changed("/data/password", "a", "b"), {"risk.secret": "high"}],
	["external-secrets.io/v1 SecretStore", changed("/spec/provider", "a", "b"), {"risk.secret": "critical"}],
	[
		"postgresql.cnpg.io/v1 Cluster",
		changed("/spec/postgresql/parameters/work_mem", "a", "b"),
		{"risk.pg-parameter": "medium"},
	],
	[
		"postgresql.cnpg.io/v1 Cluster",
		changed("/spec/postgresql/parameters/log_statement", "a", "b"),
		{"risk.pg-parameter": "medium"},
	],
	[
		"postgresql.cnpg.io/v1 Cluster",
		changed("/spec/postgresql/parameters/max_connections", "a", "b"),
		{"risk.pg-parameter": "high"},
	],
	[
		"postgresql.cnpg.io/v1 Cluster",
		changed("/spec/postgresql/parameters/fsync", "on", "off"),
		{"risk.pg-parameter": "critical"},
	],
	[
		"postgresql.cnpg.io/v1 Cluster",
		added("/spec/postgresql/parameters", {"work_mem": "a", "fsync": "off"}),
		{"risk.pg-parameter": "critical"},
	],
	["postgresql.cnpg.io/v1 Cluster", added("/spec/postgresql/pg_hba/0", "x"), {"risk.pg-parameter": "high"}],
	[
		"postgresql.cnpg.io/v1 Cluster",
		added("/spec/postgresql/pg_hba/0", "host all all all\tTrust"),
		{"risk.pg-parameter": "critical"},
	],
	[
		"postgresql.cnpg.io/v1 Cluster",
		added("/spec/postgresql/pg_hba/0", "host all all all \"trust\"#for now"),
		{"risk.pg-parameter": "critical"},
	],
	[
		"postgresql.cnpg.io/v1 Cluster",
		changed("/spec/postgresql/synchronous/number", 2, 1),
		{"risk.pg-parameter": "critical"},
	],
	[
		"postgresql.cnpg.io/v1 Cluster",
		removed("/spec/postgresql/synchronous", {"method": "any", "number": 1}),
		{"risk.pg-parameter": "critical"},
	],
	[
		"postgresql.cnpg.io/v1 Cluster",
		added("/spec/postgresql/synchronous", {"method": "any", "number": 1}),
		{"risk.pg-parameter": "critical"},
	],
	[
		"acid.zalan.do/v1 postgresql",
		changed("/spec/patroni/synchronous_mode", true, false),
		{"risk.pg-parameter": "critical"},
	],
	[
		"databases.spotahome.com/v1 RedisFailover",
		changed("/spec/redis/storage/keepAfterDeletion", true, false),
		{"risk.storage-change": "critical"},
	],
	[
		"databases.spotahome.com/v1 RedisFailover",
		added("/spec/redis/storage/keepAfterDeletion", true),
		{"risk.storage-change": "high"},
	],
	[
		"redis.redis.opstreelabs.in/v1beta2 Redis",
		removed("/spec/storage", {"keepAfterDelete": true}),
		{"risk.storage-change": "critical"},
	],
	[
		"snapshot.storage.k8s.io/v1 VolumeSnapshotContent",
		changed("/spec/deletionPolicy", "Retain", "Delete"),
		{"risk.storage-change": "critical"},
	],
	[
		"postgresql.cnpg.io/v1 Cluster",
		added("/spec/postgresql/pg_hba/0", "host trusted all all scram-sha-256"),
		{"risk.pg-parameter": "high"},
	],
	[
		"postgresql.cnpg.io/v1 Cluster",
		added("/spec/postgresql/pg_hba", ["host all all all trust"]),
		{"risk.pg-parameter": "critical"},
	],
	[
		"postgresql.cnpg.io/v1 Cluster",
		added("/spec/postgresql", {"pg_hba": ["host all all all trust"]}),
		{"risk.pg-parameter": "critical"},
	],
	[
		"postgresql.cnpg.io/v1 Cluster",
		added("/spec/postgresql", {"parameters": {"fsync": "off"}}),
		{"risk.pg-parameter": "critical"},
	],
	[
		"postgresql.cnpg.io/v1 Cluster",
		added("/spec/postgresql", {"parameters": {"work_mem": "no trust here"}}),
		{"risk.pg-parameter": "medium"},
	],
	[
		"postgresql.cnpg.io/v1 Cluster",
		removed("/spec/postgresql", {"parameters": {"work_mem": "4MB"}}),
		{"risk.pg-parameter": "medium"},
	],
	[
		"postgresql.cnpg.io/v1 Cluster",
		added("/metadata/annotations/argocd.argoproj.io~1sync-options", "Validate=false, Force=true"),
		{"risk.data-deletion": "critical"},
	],
	[
		"apps/v1 StatefulSet",
		added("/metadata/annotations", {"argocd.argoproj.io/sync-options": "Replace=true"}),
		{"risk.data-deletion": "critical"},
	],
	[
		"v1 PersistentVolumeClaim",
		added("/metadata/annotations/argocd.argoproj.io~1sync-options", "Prune=false"),
		{"risk.unclassified": "high"},
	],
	[
		"postgresql.cnpg.io/v1 ImageCatalog",
		changed("/spec/images/0/image", "reg/pg:16.4-bookworm@sha256:4f", "reg/pg:16.6@sha256:5e"),
		{"risk.pg-minor": "high"},
	],
	[
		"postgresql.cnpg.io/v1 ClusterImageCatalog",
		changed("/spec/images/0/image", "reg:5000/pg:16.4", "reg:5000/pg:17.4"),
		{"risk.pg-major": "critical"},
	],
	[
		"postgresql.cnpg.io/v1 ImageCatalog",
		changed("/spec/images/0/image", "reg/pg@sha256:4f", "reg/pg@sha256:5e"),
		{"risk.pg-major": "critical"},
	],
	[
		"postgresql.cnpg.io/v1 ImageCatalog",
		changed("/spec/images/0/image", "reg/pg:16@sha256:4f", "reg/pg:16@sha256:5e"),
		{"risk.pg-minor": "high"},
	],
	[
		"postgresql.cnpg.io/v1 ImageCatalog",
		changed("/spec/images/0/image", "reg:5000/pg:16.4", "reg:5000/pg:16.6"),
		{"risk.pg-minor": "high"},
	],
	[
		"postgresql.cnpg.io/v1 ImageCatalog",
		changed("/spec/images/0/image", "reg/pg:main-1", "reg/pg:main-2"),
		{"risk.pg-major": "critical"},
	],
	["postgresql.cnpg.io/v1 ImageCatalog", changed("/spec/images/0/major", 16, 17), {"risk.pg-major": "critical"}],
	["postgresql.cnpg.io/v1 Cluster", changed("/spec/instances", 3, 2), {"risk.pg-topology": "high"}],
	["postgresql.cnpg.io/v1 Cluster", changed("/spec/instances", 3, 1), {"risk.pg-topology": "critical"}],
	["postgresql.cnpg.io/v1 Cluster", changed("/spec/instances", 3, 0), {"risk.pg-topology": "critical"}],
	["postgresql.cnpg.io/v1 Cluster", removed("/spec/instances", 3), {"risk.pg-topology": "critical"}],
	["postgresql.cnpg.io/v1 Cluster", removed("/spec/instances", 1), {"risk.pg-topology": "high"}],
	["postgresql.cnpg.io/v1 Cluster", added("/spec/instances", 1), {"risk.pg-topology": "high"}],
	["postgresql.cnpg.io/v1 Cluster", removed("/spec/primaryUpdateMethod", "restart"), {"risk.pg-topology": "high"}],
	[
		"postgres-operator.crunchydata.com/v1beta1 PostgresCluster",
		removed("/spec/instances/1", {"name": "b", "replicas": 2}),
		{"risk.unclassified": "high", "risk.pg-topology": "critical"},
	],
	[
		"postgres-operator.crunchydata.com/v1beta1 PostgresCluster",
		changed("/spec/patroni/dynamicConfiguration/postgresql/parameters/fsync", "on", "off"),
		{"risk.pg-parameter": "critical"},
	],
	[
		"postgres-operator.crunchydata.com/v1beta1 PostgresCluster",
		added("/spec/patroni", {"dynamicConfiguration": {"postgresql": {"pg_hba": ["host all all all trust"]}}}),
		{"risk.unclassified": "high", "risk.pg-parameter": "critical"},
	],
	[
		"acid.zalan.do/v1 postgresql",
		added("/spec/patroni", {"pg_hba": ["host all all all trust"]}),
		{"risk.pg-parameter": "critical"},
	],
	["postgresql.cnpg.io/v1 Cluster", changed("/spec/replica/enabled", true, false), {"risk.pg-topology": "critical"}],
	[
		"postgresql.cnpg.io/v1 Cluster",
		removed("/spec/imageName", "a"),
		{"risk.image-tag": "high", "risk.pg-major": "critical"},
	],
	["postgresql.cnpg.io/v1 Cluster", changed("/spec/storage/size", "20Gi", "10Gi"), {"risk.storage-change": "high"}],
	[
		"postgresql.cnpg.io/v1 Cluster",
		added("/spec/postgresql/parameters", {"Archive_Mode": "off"}),
		{"risk.pg-parameter": "critical"},
	],
	[
		"postgresql.cnpg.io/v1 Cluster",
		changed("/spec/postgresql/parameters/Synchronous_Commit", "on", "off"),
		{"risk.pg-parameter": "critical"},
	],
	[
		"postgresql.cnpg.io/v1 Cluster",
		added("/spec/postgresql/parameters", {"work_mem = 4MB": "x"}),
		{"risk.pg-parameter": "critical"},
	],
	["postgresql.cnpg.io/v1 Cluster", changed("/spec/imageCatalogRef/major", 16, 17), {"risk.pg-major": "critical"}],
	["postgresql.cnpg.io/v1 Database", changed("/spec/ensure", "present", "absent"), {"risk.data-deletion": "critical"}],
	["postgresql.cnpg.io/v1 Cluster", changed("/spec/imageCatalogRef/name", "a", "b"), {"risk.pg-major": "critical"}],
	["postgresql.cnpg.io/v1 Cluster", changed("/spec/backup/target", "a", "b"), {"risk.backup": "high"}],
	["postgresql.cnpg.io/v1 Cluster", removed("/spec/backup", {}), {"risk.backup": "critical"}],
	["postgresql.cnpg.io/v1 Cluster", added("/spec/plugins/0", {"enabled": false}), {"risk.backup": "critical"}],
	[
		"snapshot.storage.k8s.io/v1 VolumeSnapshotClass",
		changed("/deletionPolicy", "Retain", "Delete"),
		{"risk.backup": "critical"},
	],
	["velero.io/v1 Schedule", added("/spec/template", {"includedNamespaces": ["a"]}), {"risk.backup": "high"}],
	["velero.io/v1 Schedule", added("/spec/template", {"excludedResources": ["a"]}), {"risk.backup": "critical"}],
	[
		"apps/v1 StatefulSet",
		added("/spec/persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Delete"}),
		{"risk.storage-change": "critical"},
	],
	[
		"apps/v1 StatefulSet",
		removed("/spec/persistentVolumeClaimRetentionPolicy", {"whenDeleted": "Delete"}),
		{"risk.storage-change": "high"},
	],
	["velero.io/v1 Schedule", changed("/spec/schedule", "a", "b"), {"risk.backup": "critical"}],
	[
		"v1 PersistentVolume",
		changed("/spec/persistentVolumeReclaimPolicy", "Retain", "Recycle"),
		{"risk.storage-change": "critical"},
	],
	[
		"v1 PersistentVolume",
		changed("/spec/persistentVolumeReclaimPolicy", "Delete", "Retain"),
		{"risk.storage-change": "high"},
	],
	[
		"v1 PersistentVolume",
		changed("/spec/persistentVolumeReclaimPolicy", "Retain", "Delete"),
		{"risk.storage-change": "critical"},
	],
]

edge_rows := [
	["networking.k8s.io/v1 Ingress", changed("/spec/rules/0/host", "a", "b"), {"risk.ingress": "high"}],
	[
		"networking.k8s.io/v1 Ingress",
		changed("/spec/ingressClassName", "a", "b"),
		{"risk.ingress": "critical"},
	],
	[
		"networking.k8s.io/v1 Ingress",
		changed("/metadata/annotations/kubernetes.io~1ingress.class", "a", "b"),
		{"risk.ingress": "critical"},
	],
	["networking.k8s.io/v1 Ingress", added("/spec/tls", []), {"risk.ingress": "high", "risk.tls": "high"}],
	["traefik.io/v1alpha1 IngressRoute", changed("/spec/routes/0/match", "a", "b"), {"risk.ingress": "high"}],
	["networking.k8s.io/v1 NetworkPolicy", removed("/spec/ingress/0", {}), {"risk.network-policy": "high"}],
	["networking.k8s.io/v1 NetworkPolicy", added("/spec/ingress/1", {}), {"risk.network-policy": "critical"}],
	["rbac.authorization.k8s.io/v1 Role", added("/rules/0/verbs/1", "get"), {"risk.rbac": "high"}],
	["rbac.authorization.k8s.io/v1 ClusterRole", added("/rules/0/verbs/1", "get"), {"risk.rbac": "critical"}],
	["tidegate.dev/v1 GateFile", changed("/metadata/digest", "a", "b"), {"risk.gate": "critical"}],
	["argoproj.io/v1alpha1 Application", changed("/metadata/labels/note", "a", "b"), {"risk.gate": "critical"}],
	["v1 Namespace", changed("/metadata/labels/note", "a", "b"), {"risk.network-policy": "high"}],
	[
		"v1 Namespace",
		removed("/metadata/labels/pod-security.kubernetes.io~1enforce", "restricted"),
		{"risk.network-policy": "high", "risk.admission": "critical"},
	],
	[
		"apps/v1 Deployment",
		added("/metadata/annotations/argocd.argoproj.io~1sync-options", "Prune=false"),
		{"risk.unclassified": "high"},
	],
	[
		"v1 PersistentVolumeClaim",
		added("/metadata/annotations/config.kubernetes.io~1local-config", "true"),
		{"risk.unclassified": "high"},
	],
	[
		"apps/v1 Deployment",
		changed("/metadata/labels/app.kubernetes.io~1part-of", "a", "b"),
		{"risk.metadata-only": "low"},
	],
	["apps/v1 Deployment", added("/metadata/finalizers/0", "x"), {"risk.unclassified": "high"}],
	["v1 ServiceAccount", added("/metadata/annotations/eks.amazonaws.com~1role-arn", "arn"), {"risk.rbac": "high"}],
	["v1 ServiceAccount", added("/metadata/annotations", {"iam.gke.io/gcp-service-account": "a"}), {"risk.rbac": "high"}],
	["v1 ServiceAccount", removed("/metadata/annotations", {"iam.gke.io/gcp-service-account": "a"}), {"risk.rbac": "high"}],
	["v1 ServiceAccount", added("/metadata/annotations/azure.workload.identity~1client-id", "a"), {"risk.rbac": "high"}],
	["v1 ServiceAccount", added("/metadata/labels/azure.workload.identity~1use", "true"), {"risk.rbac": "high"}],
	["example.org/v1 Thing", changed("/spec/x", 1, 2), {"risk.unclassified": "high"}],
	["example.org/v1 Thing", changed("/spec/labels/note", "a", "b"), {"risk.unclassified": "high"}],
	["example.org/v1 Thing", added("/spec/labels/velero.io~1x", "a"), {"risk.unclassified": "high"}],
	["acid.zalan.do/v1 postgresql", changed("/spec/enableLogicalBackup", true, false), {"risk.backup": "critical"}],
	["acid.zalan.do/v1 postgresql", changed("/spec/dockerImage", "a", "b"), {"risk.pg-minor": "high"}],
	["pgv2.percona.com/v2 PerconaPGCluster", changed("/spec/pause", false, true), {"risk.pg-topology": "critical"}],
	[
		"databases.spotahome.com/v1 RedisFailover",
		changed("/spec/redis/customConfig/0", "appendonly yes", "appendonly no"),
		{"risk.redis": "high"},
	],
	[
		"databases.spotahome.com/v1 RedisFailover",
		added("/spec/redis/customConfig", ["maxmemory-policy allkeys-lru"]),
		{"risk.redis": "high"},
	],
	["databases.spotahome.com/v1 RedisFailover", changed("/spec/redis/image", "a", "b"), {"risk.redis": "medium"}],
	[
		"redis.redis.opstreelabs.in/v1beta2 RedisCluster",
		changed("/spec/persistenceEnabled", true, false),
		{"risk.storage-change": "high"},
	],
	["redis.redis.opstreelabs.in/v1beta2 RedisCluster", changed("/spec/clusterSize", 6, 2), {"risk.replicas-drop": "high"}],
	["karpenter.sh/v1 NodePool", changed("/spec/limits/cpu", 9, 1), {"risk.operator": "critical"}],
	["grafana.integreatly.org/v1beta1 GrafanaDashboard", changed("/spec/json", "a", "b"), {"risk.dashboard": "low"}],
]

definition_tiers(fields) := tiers(of([update("apiextensions.k8s.io/v1 CustomResourceDefinition", fields)]))

# Where the schema of a version is, and that of a string in it.
root := "/spec/versions/0/schema/openAPIV3Schema"

word := concat("", [root, "/properties/spec/properties/word"])

at(top, rest) := concat("/", [top, rest])

test_a_schema_that_takes_less_is_critical if {
	every field in [
		removed(word, {}),
		changed(at(word, "type"), "string", "integer"),
		added(at(word, "pattern"), "a"),
		changed(at(word, "pattern"), "a", "b"),
		added(at(word, "maxLength"), 5),
		changed(at(word, "maxLength"), 5, 4),
		changed(at(word, "minLength"), 4, 5),
		added(at(word, "not"), {"enum": ["a"]}),
		added(at(word, "anyOf"), [{"format": "ipv4"}]),
		removed(at(word, "anyOf/0"), {}),
		added(at(word, "oneOf/1"), {}),
		added(at(word, "allOf/1"), {}),
		removed(at(word, "oneOf/0/pattern"), "a"),
		removed(at(word, "not/required/0"), "a"),
		removed(at(word, "not/pattern"), "a"),
		added(at(word, "enum"), ["a"]),
		removed(at(word, "enum/1"), "b"),
		added(at(word, "x-kubernetes-validations/1"), {}),
		changed(at(word, "x-kubernetes-validations/1/rule"), "a", "b"),
		removed(at(word, "nullable"), true),
		added(at(word, "additionalProperties"), false),
		added(at(root, "required"), ["spec"]),
		added(at(root, "required/0"), "spec"),
		changed(at(root, "required/0"), "a", "spec"),
		removed(at(root, "x-kubernetes-preserve-unknown-fields"), true),
		added("/spec/versions/1/schema", {"openAPIV3Schema": {}}),
		removed("/spec/versions/1", {}),
		added("/spec/versions/1", {"name": "v2", "storage": true}),
		changed("/spec/versions/0/name", "v1", "v2"),
		changed("/spec/versions/0/served", true, false),
		changed("/spec/versions/0/storage", false, true),
		removed("/spec/versions/0/subresources", {"status": {}}),
		changed("/spec/scope", "Namespaced", "Cluster"),
		changed("/spec/group", "a.example", "b.example"),
		changed("/spec/names/kind", "A", "B"),
		changed("/spec/preserveUnknownFields", true, false),
	] {
		definition_tiers([field]) == {"risk.crd": "critical"}
	}
}

test_a_schema_that_takes_more_is_high if {
	every field in [
		added(word, {"type": "string", "required": ["a"]}),
		added(at(root, "properties/required"), {}),
		added(at(root, "properties/spec/properties/properties"), {}),
		changed(at(word, "maxLength"), 5, 6),
		changed(at(word, "minLength"), 5, 4),
		added(at(word, "anyOf/1"), {}),
		removed(at(word, "allOf/1"), {}),
		added(at(word, "enum/1"), "b"),
		removed(at(word, "x-kubernetes-validations/0"), {}),
		changed(at(word, "x-kubernetes-validations/0/message"), "a", "b"),
		changed(at(word, "oneOf/0/description"), "a", "b"),
		removed(at(root, "required/0"), "spec"),
		added("/spec/versions/1", {"name": "v2", "storage": false}),
		changed("/spec/versions/0/served", false, true),
		added("/spec/versions/0/subresources", {"status": {}}),
		added("/spec/versions/0/deprecated", true),
		added("/spec/names/shortNames", ["x"]),
		removed("/spec/names/shortNames", ["x"]),
		removed("/spec/versions/0/additionalPrinterColumns/0", {}),
		added("/spec/conversion", {"strategy": "None"}),
	] {
		definition_tiers([field]) == {"risk.crd": "high"}
	}
}

test_each_bound_of_a_schema_that_goes_makes_it_looser if {
	every keyword in [
		"allOf",
		"anyOf",
		"enum",
		"exclusiveMaximum",
		"exclusiveMinimum",
		"format",
		"maxItems",
		"maxLength",
		"maxProperties",
		"maximum",
		"minItems",
		"minLength",
		"minProperties",
		"minimum",
		"multipleOf",
		"not",
		"oneOf",
		"pattern",
		"required",
		"uniqueItems",
		"x-kubernetes-validations",
	] {
		definition_tiers([removed(at(word, keyword), {})]) == {"risk.crd": "high"}
		definition_tiers([added(at(word, keyword), {})]) == {"risk.crd": "critical"}
	}
	every keyword in ["default", "description", "example", "externalDocs", "message", "messageExpression", "title"] {
		definition_tiers([changed(at(word, keyword), "a", "b")]) == {"risk.crd": "high"}
	}
	every keyword, looser in {
		"additionalProperties": true,
		"exclusiveMaximum": false,
		"exclusiveMinimum": false,
		"nullable": true,
		"uniqueItems": false,
		"x-kubernetes-preserve-unknown-fields": true,
	} {
		definition_tiers([changed(at(word, keyword), "a", looser)]) == {"risk.crd": "high"}
		definition_tiers([changed(at(word, keyword), looser, "a")]) == {"risk.crd": "critical"}
	}
}

# A list of words differs by position: what goes from its head moves all that follow.
test_words_of_a_list_are_compared_as_a_whole if {
	definition_tiers(fewer(at(root, "required"))) == {"risk.crd": "high"}
	definition_tiers(more(at(root, "required"))) == {"risk.crd": "critical"}
	definition_tiers(fewer(at(word, "enum"))) == {"risk.crd": "critical"}
	definition_tiers(more(at(word, "enum"))) == {"risk.crd": "high"}
	elsewhere := added(at(word, "enum/2"), "a")
	definition_tiers(array.concat(more(at(root, "required")), [elsewhere])) == {"risk.crd": "critical"}
}

fewer(list) := [changed(at(list, "0"), "a", "b"), changed(at(list, "1"), "b", "c"), removed(at(list, "2"), "c")]

more(list) := [changed(at(list, "0"), "b", "a"), changed(at(list, "1"), "c", "b"), added(at(list, "2"), "c")]

ingress(namespace, path, tls, metadata) := {
	"metadata": object.union({"name": "web", "namespace": namespace}, metadata),
	"spec": {"tls": tls, "rules": [{"host": "shop.example", "http": {"paths": [{"path": path}]}}]},
}

route(namespace, text) := {
	"metadata": {"name": "web", "namespace": namespace},
	"spec": {"routes": [{"match": text}], "tls": {"secretName": "shop-tls"}},
}

# What the creation of a way in is, beside what is there.
way_in(kind, new, inventory) := tiers(with_inventory(of([create(kind, new)]), inventory))

test_a_host_that_another_namespace_serves_is_critical if {
	mine := ingress("shop", "/", [], {})
	kind := "networking.k8s.io/v1 Ingress"
	every inventory in [
		{"Ingress.networking.k8s.io": [mine, ingress("other", "/", [], {})]},
		{"IngressRoute.traefik.io": [route("other", "PathPrefix(`/a`) && Host(`shop.example`)")]},
	] {
		way_in(kind, mine, inventory) == {"risk.ingress": "critical"}
	}
	every inventory in [
		{},
		{"Ingress.networking.k8s.io": [mine, ingress("shop", "/", [], {})]},
		{"Ingress.networking.k8s.io": [ingress("other", "/stock", [], {})]},
		{"IngressRoute.traefik.io": [route("other", "PathPrefix(`shop.example`)")]},
		{"IngressRoute.traefik.io": [route("other", "Host(`www.shop.example`)")]},
	] {
		way_in(kind, mine, inventory) == {"risk.ingress": "high"}
	}
	way_in("example.org/v1 Thing", mine, {"Ingress.networking.k8s.io": [ingress("other", "/", [], {})]}) == {"risk.unclassified": "high"}
	routed := route("shop", "Host(`shop.example`)")
	held := {
		"Ingress.networking.k8s.io": [ingress("other", "/stock", [], {})],
		"Secret": [{"metadata": {"name": "shop-tls", "namespace": "shop"}}],
	}
	way_in("traefik.io/v1alpha1 IngressRoute", routed, held) == {"risk.ingress": "critical"}
	bare := object.union(mine, {"spec": {"rules": [{"host": "shop.example"}]}})
	way_in(kind, bare, {"Ingress.networking.k8s.io": [ingress("other", "/", [], {})]}) == {"risk.ingress": "critical"}
}

test_a_rule_without_a_path_serves_all_of_its_host if {
	mine := ingress("shop", "/", [], {})
	pathless := {
		"metadata": {"name": "web", "namespace": "other"},
		"spec": {"rules": [{"host": "shop.example", "http": {"paths": [{"backend": {}}]}}]},
	}
	beside := {"Ingress.networking.k8s.io": [pathless]}
	way_in("networking.k8s.io/v1 Ingress", mine, beside) == {"risk.ingress": "critical"}
}

test_a_host_that_is_served_already_is_named_with_who_serves_it if {
	mine := ingress("shop", "/", [], {})
	given := with_inventory(
		of([create("networking.k8s.io/v1 Ingress", mine)]),
		{"Ingress.networking.k8s.io": [ingress("other", "/", [], {})]},
	)
	found := change_set.reasons with input as given
	{[reason.pointer, reason.text] | some reason in found} == {[
		"",
		`Ingress "odoo": shop.example is served by Ingress "web" of the namespace "other" already`,
	]}
}

test_ways_in_without_a_namespace_are_in_one if {
	mine := ingress("shop", "/", [], {})
	bare := object.union(object.remove(mine, ["metadata"]), {"metadata": {"name": "web"}})
	change := object.union(object.remove(create("networking.k8s.io/v1 Ingress", bare), ["object"]), {"object": object.remove(
		ref("networking.k8s.io/v1 Ingress"),
		["namespace"],
	)})
	beside := {"Ingress.networking.k8s.io": [bare]}
	tiers(with_inventory(of([change]), beside)) == {"risk.ingress": "high"}
	apart := {"Ingress.networking.k8s.io": [mine]}
	tiers(with_inventory(of([change]), apart)) == {"risk.ingress": "critical"}
}

test_a_host_that_was_served_before_is_no_news if {
	both := ingress("shop", "/", [], {})
	change := object.union(
		update("networking.k8s.io/v1 Ingress", [changed("/spec/rules/0/http/paths/0/backend", 1, 2)]),
		{"old": both, "new": both},
	)
	given := with_inventory(of([change]), {"Ingress.networking.k8s.io": [ingress("other", "/", [], {})]})
	tiers(given) == {"risk.ingress": "high"}
	gone := with_inventory(of([delete("networking.k8s.io/v1 Ingress", both)]), {})
	tiers(gone) == {"risk.ingress": "critical"}
}

test_a_certificate_that_nobody_makes_is_told if {
	kind := "networking.k8s.io/v1 Ingress"
	named := ingress("shop", "/", [{"secretName": "shop-tls"}], {})
	bare := {"risk.ingress": "high"}
	told := {"risk.ingress": "high", "risk.tls": "high"}
	of_shop := {"name": "shop-tls", "namespace": "shop"}
	of_other := {"name": "shop-tls", "namespace": "other"}
	way_in(kind, named, {}) == told
	way_in(kind, named, {"Secret": [{"metadata": of_other}]}) == told
	way_in("traefik.io/v1alpha1 IngressRoute", route("shop", ""), {}) == told
	nowhere := object.remove(ref(kind), ["namespace"])
	change_nowhere := object.union(object.remove(create(kind, named), ["object"]), {"object": nowhere})
	tiers(with_inventory(of([change_nowhere]), {"Secret": [{"metadata": {"name": "shop-tls"}}]})) == bare
	tiers(with_inventory(of([change_nowhere]), {"Secret": [{"metadata": of_shop}]})) == told
	every inventory in [
		{"Secret": [{"metadata": of_shop}]},
		{"SealedSecret.bitnami.com": [{"metadata": of_shop}]},
		{"ExternalSecret.external-secrets.io": [{
			"metadata": {"name": "a", "namespace": "shop"},
			"spec": {"target": {"name": "shop-tls"}},
		}]},
		{"Certificate.cert-manager.io": [{
			"metadata": {"name": "a", "namespace": "shop"},
			"spec": {"secretName": "shop-tls"},
		}]},
	] {
		way_in(kind, named, inventory) == bare
	}
	every key in ["cert-manager.io/issuer", "cert-manager.io/cluster-issuer", "kubernetes.io/tls-acme"] {
		way_in(kind, ingress("shop", "/", [{"secretName": "shop-tls"}], {"annotations": {key: "x"}}), {}) == bare
	}
	way_in(kind, ingress("shop", "/", [{"secretName": "shop-tls"}], {"annotations": {"acme.example/owner": "x"}}), {}) == told
	change := object.union(
		update(kind, [changed("/spec/rules/0/http/paths/0/backend", 1, 2)]),
		{"old": named, "new": named},
	)
	tiers(of([change])) == bare
}

# What each kind has, by what its change is.
claimed_ways_in := [
	[{"risk.alert-removed": "medium"}, [
		[["monitoring.coreos.com/v1 AlertmanagerConfig", "monitoring.coreos.com/v1 PodMonitor", "monitoring.coreos.com/v1 ServiceMonitor"], ["spec"]],
	]],
	[{"risk.backup": "critical"}, [
		[["acid.zalan.do/v1 postgresql"], ["spec/logicalBackupSchedule"]],
	]],
	[{"risk.backup": "high"}, [
		[["postgresql.cnpg.io/v1 Cluster"], ["spec/backup", "spec/plugins"]],
		[["pgv2.percona.com/v1 PerconaPGCluster", "postgres-operator.crunchydata.com/v1 PostgresCluster"], ["spec/backups"]],
		[["acid.zalan.do/v1 postgresql"], ["spec/enableLogicalBackup"]],
	]],
	[{"risk.config": "medium"}, [
		[["postgresql.cnpg.io/v1 Cluster"], ["spec/env", "spec/inheritedMetadata"]],
		[["v1 ConfigMap"], ["binaryData", "data"]],
	]],
	[{"risk.data-deletion": "critical"}, [
		[["postgresql.cnpg.io/v1 Database"], ["spec/databaseReclaimPolicy", "spec/ensure"]],
	]],
	[{"risk.image-tag": "high", "risk.pg-major": "critical"}, [
		[["postgresql.cnpg.io/v1 Cluster"], ["spec/imageName"]],
	]],
	[{"risk.ingress": "critical"}, [
		[["gateway.networking.k8s.io/v1 Gateway"], ["spec/gatewayClassName"]],
		[["networking.k8s.io/v1 Ingress"], ["spec/ingressClassName"]],
	]],
	[{"risk.ingress": "high", "risk.tls": "high"}, [
		[["gateway.networking.k8s.io/v1 Gateway"], ["spec/listeners/0/tls"]],
		[
			[
				"networking.k8s.io/v1 Ingress",
				"traefik.containo.us/v1 IngressRoute",
				"traefik.io/v1 IngressRoute",
				"traefik.containo.us/v1 IngressRouteTCP",
				"traefik.io/v1 IngressRouteTCP",
			],
			["spec/tls"],
		],
	]],
]

claimed_databases := [
	[{"risk.pg-major": "critical"}, [
		[["postgresql.cnpg.io/v1 Cluster"], ["spec/imageCatalogRef"]],
		[["postgresql.cnpg.io/v1 ClusterImageCatalog", "postgresql.cnpg.io/v1 ImageCatalog"], ["spec/images"]],
		[["pgv2.percona.com/v1 PerconaPGCluster", "postgres-operator.crunchydata.com/v1 PostgresCluster"], ["spec/postgresVersion"]],
		[["acid.zalan.do/v1 postgresql"], ["spec/postgresql/version"]],
	]],
	[{"risk.pg-minor": "high"}, [
		[["pgv2.percona.com/v1 PerconaPGCluster", "postgres-operator.crunchydata.com/v1 PostgresCluster"], ["spec/image"]],
		[["acid.zalan.do/v1 postgresql"], ["spec/dockerImage"]],
	]],
	[{"risk.pg-parameter": "high"}, [
		[["postgresql.cnpg.io/v1 Cluster"], ["spec/postgresql"]],
		[["pgv2.percona.com/v1 PerconaPGCluster", "postgres-operator.crunchydata.com/v1 PostgresCluster"], ["spec/patroni/dynamicConfiguration"]],
		[["acid.zalan.do/v1 postgresql"], ["spec/patroni", "spec/postgresql/parameters"]],
	]],
	[{"risk.pg-topology": "critical"}, [
		[["postgresql.cnpg.io/v1 Cluster"], ["spec/bootstrap", "spec/maxSyncReplicas", "spec/minSyncReplicas", "spec/replica"]],
		[["pgv2.percona.com/v1 PerconaPGCluster"], ["spec/dataSource", "spec/pause", "spec/standby"]],
		[["postgres-operator.crunchydata.com/v1 PostgresCluster"], ["spec/dataSource", "spec/shutdown", "spec/standby"]],
		[["acid.zalan.do/v1 postgresql"], ["spec/clone", "spec/standby"]],
	]],
	[{"risk.pg-topology": "high"}, [
		[["postgresql.cnpg.io/v1 Cluster"], ["spec/instances", "spec/primaryUpdateMethod", "spec/primaryUpdateStrategy"]],
		[["pgv2.percona.com/v1 PerconaPGCluster", "postgres-operator.crunchydata.com/v1 PostgresCluster"], ["spec/instances/0/replicas"]],
		[["acid.zalan.do/v1 postgresql"], ["spec/numberOfInstances"]],
	]],
	[{"risk.rbac": "high"}, [
		[["v1 ServiceAccount"], ["automountServiceAccountToken", "imagePullSecrets", "secrets"]],
	]],
	[{"risk.redis": "medium"}, [
		[
			[
				"redis.redis.opstreelabs.in/v1 Redis",
				"redis.redis.opstreelabs.in/v1 RedisCluster",
				"redis.redis.opstreelabs.in/v1 RedisReplication",
			],
			["spec/kubernetesConfig/image", "spec/redisConfig"],
		],
		[
			["databases.spotahome.com/v1 RedisFailover"],
			["spec/redis/customConfig", "spec/redis/image", "spec/sentinel/customConfig", "spec/sentinel/image"],
		],
	]],
]

claimed_pods := [
	[{"risk.replicas": "medium"}, [
		[
			[
				"apps/v1 Deployment",
				"apps/v1 ReplicaSet",
				"v1 ReplicationController",
				"argoproj.io/v1alpha1 Rollout",
				"apps/v1 StatefulSet",
			],
			["spec/replicas"],
		],
		[["autoscaling/v2 HorizontalPodAutoscaler"], ["spec/behavior", "spec/maxReplicas", "spec/metrics", "spec/minReplicas"]],
		[["redis.redis.opstreelabs.in/v1 RedisCluster", "redis.redis.opstreelabs.in/v1 RedisReplication"], ["spec/clusterSize"]],
		[["databases.spotahome.com/v1 RedisFailover"], ["spec/redis/replicas", "spec/sentinel/replicas"]],
		[
			["keda.sh/v1alpha1 ScaledObject"],
			["spec/cooldownPeriod", "spec/maxReplicaCount", "spec/minReplicaCount", "spec/pollingInterval", "spec/triggers"],
		],
	]],
	[{"risk.resources": "medium"}, [
		[["postgresql.cnpg.io/v1 Cluster", "acid.zalan.do/v1 postgresql"], ["spec/resources"]],
		[["pgv2.percona.com/v1 PerconaPGCluster", "postgres-operator.crunchydata.com/v1 PostgresCluster"], ["spec/instances/0/resources"]],
		[
			[
				"redis.redis.opstreelabs.in/v1 Redis",
				"redis.redis.opstreelabs.in/v1 RedisCluster",
				"redis.redis.opstreelabs.in/v1 RedisReplication",
			],
			["spec/kubernetesConfig/resources"],
		],
		[["databases.spotahome.com/v1 RedisFailover"], ["spec/redis/resources", "spec/sentinel/resources"]],
	]],
	[{"risk.scheduling": "medium"}, [
		[["postgresql.cnpg.io/v1 Cluster"], ["spec/affinity"]],
		[["policy/v1 PodDisruptionBudget"], ["spec"]],
	]],
]

claimed_stores := [
	[{"risk.secret": "critical"}, [
		[["external-secrets.io/v1 ClusterSecretStore", "external-secrets.io/v1 SecretStore"], ["spec"]],
	]],
	[{"risk.secret": "high"}, [
		[["external-secrets.io/v1 ClusterExternalSecret", "external-secrets.io/v1 ClusterPushSecret", "external-secrets.io/v1 PushSecret"], ["spec"]],
		[
			["external-secrets.io/v1 ExternalSecret"],
			[
				"spec/data",
				"spec/dataFrom",
				"spec/refreshInterval",
				"spec/refreshPolicy",
				"spec/secretStoreRef",
				"spec/target",
			],
		],
		[["bitnami.com/v1 SealedSecret"], ["spec/encryptedData", "spec/template"]],
		[["v1 Secret"], ["data", "stringData", "type"]],
	]],
	[{"risk.service": "high"}, [
		[["v1 Service"], ["spec/selector", "spec/type"]],
	]],
	[{"risk.service": "medium"}, [
		[["v1 Service"], ["spec/clusterIP", "spec/externalTrafficPolicy", "spec/ports", "spec/sessionAffinity"]],
	]],
	[{"risk.storage-change": "high"}, [
		[["postgresql.cnpg.io/v1 Cluster"], ["spec/storage", "spec/tablespaces", "spec/walStorage"]],
		[
			["pgv2.percona.com/v1 PerconaPGCluster", "postgres-operator.crunchydata.com/v1 PostgresCluster"],
			[
				"spec/instances/0/dataVolumeClaimSpec",
				"spec/instances/0/tablespaceVolumes",
				"spec/instances/0/walVolumeClaimSpec",
			],
		],
		[["v1 PersistentVolume"], ["spec/accessModes", "spec/capacity", "spec/persistentVolumeReclaimPolicy", "spec/storageClassName"]],
		[["v1 PersistentVolumeClaim"], ["spec/accessModes", "spec/resources", "spec/storageClassName", "spec/volumeName"]],
		[["redis.redis.opstreelabs.in/v1 Redis", "redis.redis.opstreelabs.in/v1 RedisReplication"], ["spec/storage"]],
		[["redis.redis.opstreelabs.in/v1 RedisCluster"], ["spec/persistenceEnabled", "spec/storage"]],
		[["databases.spotahome.com/v1 RedisFailover"], ["spec/redis/storage"]],
		[["apps/v1 StatefulSet"], ["spec/persistentVolumeClaimRetentionPolicy", "spec/volumeClaimTemplates"]],
		[["snapshot.storage.k8s.io/v1 VolumeSnapshotContent"], ["spec/deletionPolicy"]],
		[["acid.zalan.do/v1 postgresql"], ["spec/additionalVolumes", "spec/volume"]],
	]],
	[{"risk.strategy": "high"}, [
		[["apps/v1 DaemonSet", "apps/v1 StatefulSet"], ["spec/updateStrategy"]],
		[["apps/v1 Deployment", "argoproj.io/v1alpha1 Rollout"], ["spec/strategy"]],
	]],
	[{"risk.tls": "high"}, [
		[["acid.zalan.do/v1 postgresql"], ["spec/tls"]],
	]],
]

test_each_part_of_what_lets_in_tells_or_keeps_is_what_its_row_says if all_claimed(claimed_ways_in)

test_each_part_of_databases_and_caches_is_what_its_row_says if all_claimed(claimed_databases)

test_each_part_of_what_runs_pods_is_what_its_row_says if all_claimed(claimed_pods)

test_each_part_of_secrets_services_and_storage_is_what_its_row_says if all_claimed(claimed_stores)

all_claimed(rows) if {
	every row in rows {
		[expected, groups] := row
		every group in groups {
			[some_kinds, names] := group
			every kind in some_kinds {
				every name in names {
					tiers(of([update(kind, [changed(at("", name), 4, 6)])])) == expected
				}
			}
		}
	}
}

# What a pod template has, by what its change is.
templated := [
	[{"risk.config": "medium"}, ["metadata/labels/a", "metadata/annotations/a"]],
	[{"risk.resources": "medium"}, ["spec/resources", "spec/terminationGracePeriodSeconds", "spec/priorityClassName"]],
	[{"risk.scheduling": "medium"}, ["spec/affinity", "spec/nodeSelector", "spec/tolerations", "spec/topologySpreadConstraints"]],
	[{"risk.volumes": "medium"}, ["spec/volumes"]],
	[{"risk.pod-security": "high"}, [
		"spec/securityContext",
		"spec/hostNetwork",
		"spec/hostPID",
		"spec/hostIPC",
		"spec/serviceAccountName",
		"spec/serviceAccount",
		"spec/automountServiceAccountToken",
	]],
]

# What a container has, likewise.
contained := [
	[{"risk.config": "medium"}, ["env", "envFrom", "args", "command"]],
	[{"risk.image-tag": "high"}, ["image"]],
	[{"risk.resources": "medium"}, ["resources"]],
	[{"risk.pod-security": "high"}, ["securityContext"]],
	[{"risk.probe": "medium"}, ["readinessProbe", "livenessProbe", "startupProbe", "lifecycle"]],
	[{"risk.volumes": "medium"}, ["volumeMounts", "volumeDevices"]],
]

test_each_part_of_a_pod_template_is_what_its_row_says if {
	every row in templated {
		[expected, names] := row
		every name in names {
			tiers(of([update("apps/v1 Deployment", [changed(at("/spec/template", name), 4, 6)])])) == expected
		}
	}
	every row in contained {
		[expected, names] := row
		every list in ["containers", "initContainers"] {
			every name in names {
				pointer := concat("/", ["/spec/template/spec", list, "0", name])
				tiers(of([update("apps/v1 Deployment", [changed(pointer, 4, 6)])])) == expected
			}
		}
	}
}

test_each_kind_has_its_pod_template_in_its_place if {
	every kind, template in {
		"apps/v1 Deployment": "/spec/template",
		"apps/v1 ReplicaSet": "/spec/template",
		"apps/v1 StatefulSet": "/spec/template",
		"apps/v1 DaemonSet": "/spec/template",
		"argoproj.io/v1alpha1 Rollout": "/spec/template",
		"batch/v1 Job": "/spec/template",
		"batch/v1 CronJob": "/spec/jobTemplate/spec/template",
		"v1 Pod": "",
		"v1 ReplicationController": "/spec/template",
		"v1 PodTemplate": "/template",
	} {
		change := update(kind, [changed(concat("", [template, "/spec/nodeSelector/a"]), "a", "b")])
		tiers(of([change]))["risk.scheduling"] == "medium"
	}
}

test_what_says_how_a_job_runs_is_a_job_matter if {
	every name in [
		"activeDeadlineSeconds",
		"backoffLimit",
		"backoffLimitPerIndex",
		"completionMode",
		"completions",
		"maxFailedIndexes",
		"parallelism",
		"podFailurePolicy",
		"podReplacementPolicy",
		"successPolicy",
		"ttlSecondsAfterFinished",
	] {
		every kind, above in {"batch/v1 Job": "/spec", "batch/v1 CronJob": "/spec/jobTemplate/spec"} {
			tiers(of([update(kind, [added(at(above, name), 1)])])) == {"risk.job": "medium"}
		}
	}
	every name in [
		"concurrencyPolicy",
		"failedJobsHistoryLimit",
		"jobTemplate/metadata/labels/a",
		"schedule",
		"startingDeadlineSeconds",
		"successfulJobsHistoryLimit",
		"suspend",
		"timeZone",
	] {
		tiers(of([update("batch/v1 CronJob", [added(at("/spec", name), 1)])])) == {"risk.job": "medium"}
	}
	tiers(of([update("batch/v1 Job", [added("/spec/suspend", true)])])) == {"risk.job": "medium"}
	every kind in ["batch/v1 Job", "batch/v1 CronJob"] {
		tiers(of([update(kind, [changed("/metadata/labels/note", "a", "b")])])) == {"risk.metadata-only": "low"}
	}
	template := "/spec/template/spec/containers/0/args/0"
	tiers(of([update("batch/v1 Job", [changed(template, "a", "b")])])) == {"risk.job": "medium", "risk.config": "medium"}
	tiers(of([update("apps/v1 Deployment", [changed(template, "a", "b")])])) == {"risk.config": "medium"}
}

test_where_secrets_come_from_and_go_is_a_secret_matter if {
	every kind, names in {
		"external-secrets.io/v1 ExternalSecret": ["refreshInterval", "refreshPolicy", "target/name"],
		"external-secrets.io/v1 ClusterExternalSecret": ["refreshTime"],
		"external-secrets.io/v1alpha1 PushSecret": ["data/0/match"],
		"external-secrets.io/v1alpha1 ClusterPushSecret": ["refreshTime"],
		"bitnami.com/v1alpha1 SealedSecret": ["template/type"],
	} {
		every name in names {
			tiers(of([update(kind, [changed(at("/spec", name), "a", "b")])])) == {"risk.secret": "high"}
		}
		tiers(of([create(kind, {})])) == {"risk.secret": "high"}
	}
}

test_a_database_that_may_stop_or_follow_is_critical if {
	every kind, names in {
		"postgresql.cnpg.io/v1 Cluster": ["maxSyncReplicas", "minSyncReplicas"],
		"postgres-operator.crunchydata.com/v1beta1 PostgresCluster": ["dataSource", "shutdown", "standby"],
		"pgv2.percona.com/v2 PerconaPGCluster": ["dataSource", "pause", "standby"],
	} {
		every name in names {
			tiers(of([update(kind, [added(at("/spec", name), {})])])) == {"risk.pg-topology": "critical"}
		}
	}
}

test_each_parameter_of_a_database_is_weighed if {
	every tier, names in {
		"critical": ["archive_command", "archive_mode", "fsync", "full_page_writes", "synchronous_commit"],
		"high": [
			"autovacuum_freeze_max_age",
			"autovacuum_max_workers",
			"autovacuum_multixact_freeze_max_age",
			"shared_buffers",
		],
		"medium": [
			"autovacuum_naptime",
			"checkpoint_completion_target",
			"checkpoint_timeout",
			"default_statistics_target",
			"effective_cache_size",
			"effective_io_concurrency",
			"idle_in_transaction_session_timeout",
			"lock_timeout",
			"log_checkpoints",
			"maintenance_work_mem",
			"random_page_cost",
			"seq_page_cost",
			"statement_timeout",
			"temp_buffers",
			"work_mem",
		],
	} {
		every name in names {
			field := changed(at("/spec/postgresql/parameters", name), "a", "b")
			tiers(of([update("postgresql.cnpg.io/v1 Cluster", [field])])) == {"risk.pg-parameter": tier}
		}
	}
}

test_what_the_deployer_may_make_anew_is_deleted_data_where_it_holds_any if {
	replacing := added("/metadata/annotations/argocd.argoproj.io~1sync-options", "Replace=true")
	every kind in [
		"acid.zalan.do/v1 postgresql",
		"apps/v1 StatefulSet",
		"pgv2.percona.com/v2 PerconaPGCluster",
		"postgres-operator.crunchydata.com/v1beta1 PostgresCluster",
		"postgresql.cnpg.io/v1 Cluster",
		"postgresql.cnpg.io/v1 Database",
		"v1 Namespace",
		"v1 PersistentVolume",
		"v1 PersistentVolumeClaim",
	] {
		tiers(of([update(kind, [replacing])])) == {"risk.data-deletion": "critical"}
	}
	tiers(of([update("v1 ConfigMap", [replacing])])) == {"risk.unclassified": "high"}
	forcing := added("/metadata/annotations/helm.sh~1hook", "Force=true")
	tiers(of([update("v1 PersistentVolumeClaim", [forcing])])) == {"risk.unclassified": "high"}
}

test_a_domain_that_the_settings_list_only_describes if {
	owner := added("/metadata/annotations/acme.example~1owner", "web")
	tiers(of([update("apps/v1 Deployment", [owner])])) == {"risk.metadata-only": "low"}
}

test_each_of_the_workload_rows_claims_its_field if {
	every row in workload_rows {
		[kind, field, expected] := row
		tiers(of([update(kind, [field])])) == expected
	}
}

test_each_of_the_data_rows_claims_its_field if {
	every row in data_rows {
		[kind, field, expected] := row
		tiers(of([update(kind, [field])])) == expected
	}
}

test_each_of_the_edge_rows_claims_its_field if {
	every row in edge_rows {
		[kind, field, expected] := row
		tiers(of([update(kind, [field])])) == expected
	}
}

# Words that say something of one thing, in fields of another.
elsewhere_rows := [
	["storage.k8s.io/v1 StorageClass", changed("/parameters/type", "gp2", "gp3"), {"risk.operator": "critical"}],
	[
		"apps/v1 Deployment",
		changed("/spec/template/spec/containers/0/args/0", "Keep", "Delete"),
		{"risk.config": "medium"},
	],
	[
		"apps/v1 Deployment",
		added("/spec/template/metadata/annotations/note", "server_wide_modules = base"),
		{"risk.config": "medium"},
	],
	[
		"postgresql.cnpg.io/v1 Cluster",
		changed("/spec/inheritedMetadata/annotations/pg_hba", "none", "trust"),
		{"risk.config": "medium"},
	],
	[
		"postgresql.cnpg.io/v1 Cluster",
		changed("/spec/inheritedMetadata/annotations/synchronous", "a", "b"),
		{"risk.config": "medium"},
	],
	["traefik.io/v1alpha1 Middleware", changed("/spec/keepAfterDeletion", true, false), {"risk.ingress": "high"}],
	["traefik.io/v1alpha1 Middleware", changed("/spec/scope", "a", "b"), {"risk.ingress": "high"}],
]

test_words_that_weigh_one_thing_weigh_nothing_else if {
	every row in elsewhere_rows {
		[kind, field, expected] := row
		tiers(of([update(kind, [field])])) == expected
	}
}

test_nodes_named_for_their_memory_take_none_from_a_cache if {
	nodes := update("apps/v1 StatefulSet", [changed("/spec/template/spec/nodeSelector/memory", "large", "small")])
	tiers(of([with_components(nodes, ["cache"])])) == {"risk.scheduling": "medium"}
}

test_a_label_of_a_role_that_grants_everything_is_what_acts_on_it if {
	role := {"rules": [{"verbs": ["*"]}]}
	change := update("rbac.authorization.k8s.io/v1 Role", [added("/metadata/labels/velero.io~1note", "a")])
	tiers(of([object.union(change, {"old": role, "new": role})])) == {"risk.backup": "high"}
}

test_a_reason_says_what_is_claimed_and_where if {
	found := change_set.reasons with input as of([update("apps/v1 Deployment", [changed("/spec/replicas", 5, 2)])])
	found == {{
		"code": "risk.replicas-drop",
		"tier": "high",
		"change": 0,
		"pointer": "/spec/replicas",
		"text": "/spec/replicas: it falls from 5 to 2",
	}}
}

test_a_reason_of_what_comes_or_goes_says_which if {
	every operation, change in {
		"creation": create("example.org/v1 Thing", {}),
		"deletion": delete("example.org/v1 Thing", {}),
	} {
		found := change_set.reasons with input as of([change])
		found == {{
			"code": "risk.unclassified",
			"tier": "high",
			"change": 0,
			"pointer": "",
			"text": sprintf("Thing %q: no rule says how risky its %s is", ["odoo", operation]),
		}}
	}
}

test_one_code_speaks_once_for_a_change_with_its_highest_tier if {
	found := change_set.reasons with input as of([update("apps/v1 Deployment", [
		removed("/spec/template/spec/containers/0/livenessProbe/periodSeconds", 5),
		removed("/spec/template/spec/containers/1/readinessProbe", {}),
	])])
	[reason.pointer | some reason in found] == ["/spec/template/spec/containers/1/readinessProbe"]
}

annotated(kind, old, new) := object.union(
	update(kind, [added("/metadata/annotations", new)]),
	{"old": {"metadata": {"annotations": old}}, "new": {"metadata": {"annotations": new}}},
)

test_what_is_applied_no_more_is_as_good_as_deleted if {
	every annotations in [
		{"argocd.argoproj.io/hook": "Skip"},
		{"argocd.argoproj.io/hook": "PostDelete"},
		{"argocd.argoproj.io/hook": "SyncFail , Skip"},
		{"argocd.argoproj.io/hook": ""},
		{"argocd.argoproj.io/hook": "Sync", "argocd.argoproj.io/hook-delete-policy": "HookFailed, HookSucceeded"},
		{"argocd.argoproj.io/hook": "SyncFail", "helm.sh/hook": "pre-install"},
		{"helm.sh/hook": "test"},
		{"helm.sh/hook": "post-delete,pre-rollback"},
		{"helm.sh/hook": "pre-install", "helm.sh/hook-delete-policy": "hook-succeeded"},
		{"config.kubernetes.io/local-config": "false"},
	] {
		found := tiers(of([annotated("networking.k8s.io/v1 NetworkPolicy", {}, annotations)]))
		found["risk.network-policy"] == "critical"
	}
	none := {"argocd.argoproj.io/hook": "Skip"}
	tiers(of([annotated("v1 PersistentVolumeClaim", {}, none)]))["risk.data-deletion"] == "critical"
	text := "NetworkPolicy \"odoo\": its annotations say that it is applied no more: a bound on who may talk to whom is deleted"
	found := change_set.reasons with input as of([annotated("networking.k8s.io/v1 NetworkPolicy", {}, none)])
	text in {reason.text | some reason in found}
}

test_what_is_applied_still_is_not_deleted if {
	skipped := {"argocd.argoproj.io/hook": "Skip"}
	every pair in [
		[{}, {"argocd.argoproj.io/hook": "PreSync"}],
		[{}, {"argocd.argoproj.io/hook": "SyncFail, PostSync", "argocd.argoproj.io/hook-delete-policy": "HookFailed"}],
		[{}, {"argocd.argoproj.io/hook": "Later", "helm.sh/hook": "post-upgrade"}],
		[{}, {"helm.sh/hook": "crd-install"}],
		[{}, {"helm.sh/hook": "pre-upgrade, test"}],
		[{}, {"argocd.argoproj.io/sync-options": "Prune=false"}],
		[skipped, {"helm.sh/hook": "test"}],
		[skipped, {}],
	] {
		change := annotated("networking.k8s.io/v1 NetworkPolicy", pair[0], pair[1])
		not tiers(of([change]))["risk.network-policy"]
	}
}

test_an_update_without_fields_is_unclassified if {
	found := change_set.reasons with input as of([update("apps/v1 Deployment", [])])
	found == {{
		"code": "risk.unclassified",
		"tier": "high",
		"change": 0,
		"pointer": "",
		"text": "odoo: it changes, but no field of it differs",
	}}
	tiers(of([with_components(update("v1 ConfigMap", []), ["payments"])])) == {
		"risk.unclassified": "high",
		"risk.business-component": "high",
	}
}

test_fewer_pods_are_a_drop_where_few_or_less_than_half_are_left if {
	every row in [
		[changed("/spec/replicas", 3, 2), "risk.replicas"],
		[changed("/spec/replicas", 0, 1), "risk.replicas"],
		[changed("/spec/replicas", 0, 4), "risk.replicas"],
		[removed("/spec/replicas", 3), "risk.replicas-drop"],
		[removed("/spec/replicas", 1), "risk.replicas"],
		[removed("/spec/replicas", 0), "risk.replicas"],
		[added("/spec/replicas", 0), "risk.replicas-drop"],
		[added("/spec/replicas", 1), "risk.replicas"],
	] {
		[field, code] := row
		object.keys(tiers(of([update("apps/v1 Deployment", [field])]))) == {code}
	}
	staging := {"environment": {"stage": "staging"}}
	one := of([update("apps/v1 Deployment", [changed("/spec/replicas", 2, 1)])])
	tiers(object.union(one, staging)) == {"risk.replicas": "medium"}
	few := of([update("apps/v1 Deployment", [changed("/spec/replicas", 3, 1)])])
	tiers(object.union(few, staging)) == {"risk.replicas-drop": "high"}
}

test_each_number_of_pods_may_drop if {
	every kind, names in {
		"apps/v1 StatefulSet": ["replicas"],
		"autoscaling/v2 HorizontalPodAutoscaler": ["minReplicas", "maxReplicas"],
		"databases.spotahome.com/v1 RedisFailover": ["redis/replicas", "sentinel/replicas"],
		"keda.sh/v1alpha1 ScaledObject": ["minReplicaCount", "maxReplicaCount"],
		"redis.redis.opstreelabs.in/v1beta2 RedisCluster": ["clusterSize"],
	} {
		every name in names {
			tiers(of([update(kind, [changed(at("/spec", name), 6, 2)])])) == {"risk.replicas-drop": "high"}
		}
	}
	tiers(of([update("keda.sh/v1alpha1 ScaledObject", [changed("/spec/pollingInterval", 60, 10)])])) == {"risk.replicas": "medium"}
}

test_no_change_gives_no_reason if tiers(of([])) == {}

test_metadata_beside_a_field_is_not_metadata_only if {
	tiers(of([update("v1 Service", [
		changed("/metadata/labels/note", "a", "b"),
		changed("/spec/ports/0/port", 80, 81),
	])])) == {"risk.service": "medium"}
}

selected_by(inventory) := tiers(with_inventory(
	of([object.union(
		update("apps/v1 Deployment", [changed("/metadata/labels/app", "odoo", "web")]),
		{"old": {"metadata": {"labels": {"app": "odoo"}}}, "new": {"metadata": {"labels": {"app": "web"}}}},
	)]),
	inventory,
))

test_labels_that_selectors_name_are_not_metadata_only if {
	meta := {"name": "x", "namespace": "shop"}
	peer := {"podSelector": {"matchLabels": {"app": "web"}}}
	expression := {"matchExpressions": [{"key": "app", "operator": "Exists"}]}
	every kind, specs in {
		"Service": [{"selector": {"app": "odoo"}}],
		"PodDisruptionBudget.policy": [{"selector": {"matchLabels": {"app": "web"}}}, {"selector": expression}],
		"NetworkPolicy.networking.k8s.io": [
			{"podSelector": {"matchLabels": {"app": "odoo"}}},
			{"podSelector": {}, "ingress": [{"from": [peer]}]},
			{"podSelector": {}, "egress": [{"to": [peer]}]},
		],
	} {
		every spec in specs {
			selected_by({kind: [{"metadata": meta, "spec": spec}]}) == {"risk.config": "medium"}
		}
	}
	selected_by({"Service": [{"metadata": meta, "spec": {"selector": {"app": "redis"}}}]}) == {"risk.metadata-only": "low"}
	selected_by({"Service": [{
		"metadata": {"name": "x", "namespace": "other"},
		"spec": {"selector": {"app": "odoo"}},
	}]}) == {"risk.metadata-only": "low"}
}

test_an_annotation_named_like_a_selected_label_is_only_an_annotation if {
	service := {"metadata": {"name": "x", "namespace": "shop"}, "spec": {"selector": {"app": "odoo"}}}
	labelled := {"metadata": {"labels": {"app": "odoo"}}}
	annotated := update("apps/v1 Deployment", [changed("/metadata/annotations/app", "a", "b")])
	given := of([object.union(annotated, {"old": labelled, "new": labelled})])
	tiers(with_inventory(given, {"Service": [service]})) == {"risk.metadata-only": "low"}
}

test_a_selector_without_a_namespace_names_labels_of_what_has_none if {
	service := {"metadata": {"name": "x"}, "spec": {"selector": {"app": "odoo"}}}
	change := object.union(
		update("apps/v1 Deployment", [changed("/metadata/labels/app", "odoo", "web")]),
		{"old": {"metadata": {"labels": {"app": "odoo"}}}},
	)
	nowhere := object.union(
		object.remove(change, ["object"]),
		{"object": object.remove(change.object, ["namespace"])},
	)
	tiers(with_inventory(of([nowhere]), {"Service": [service]})) == {"risk.config": "medium"}
	tiers(with_inventory(of([change]), {"Service": [service]})) == {"risk.metadata-only": "low"}
}

image_tiers(old, new) := tiers(with_workloads(
	of([update("apps/v1 Deployment", [changed("/spec/template/spec/containers/0/image", "a", "b")])]),
	[w([container(old)])],
	[w([container(new)])],
))

test_images_by_what_moves if {
	old := versioned("reg/odoo", "v17.0.1-x", [17, 0, 1])
	image_tiers(old, object.union(old, {"digest": "sha256:2"})) == {"risk.image-digest": "medium"}
	image_tiers(old, versioned("reg/odoo", "v17.0.2-x", [17, 0, 2])) == {"risk.image-tag": "medium"}
	image_tiers(old, versioned("reg/odoo", "v17.0.2-y", [17, 0, 2])) == {"risk.image-tag": "high"}
	image_tiers(old, versioned("reg/odoo", "v17.1.1-x", [17, 1, 1])) == {"risk.image-tag": "high"}
	image_tiers(old, versioned("reg/other", "v17.0.1-x", [17, 0, 1])) == {"risk.image-tag": "high"}
	image_tiers(old, image("reg/odoo", "latest", {})) == {"risk.image-tag": "high", "risk.image-unpinned": "high"}
	image_tiers(old, object.union(old, {"valid": false})) == {"risk.image-tag": "high"}
	image_tiers(object.union(old, {"valid": false}), old) == {"risk.image-tag": "high"}
}

test_the_image_of_one_container_says_nothing_of_another if {
	old := versioned("reg/odoo", "17.0.1", [17, 0, 1])
	beside := {"name": "beside", "image": object.union(old, {"pointer": "/spec/template/spec/containers/1/image"})}
	tiers(with_workloads(
		of([update("apps/v1 Deployment", [changed("/spec/template/spec/containers/0/image", "a", "b")])]),
		[w([container(old), beside])],
		[w([container(versioned("reg/odoo", "18.0.1", [18, 0, 1])), beside])],
	)) == {"risk.image-tag": "high"}
}

test_a_patch_is_told_by_three_numbers_and_what_follows_them if {
	every row in [
		[["17.0.1", [17, 0, 1]], ["17.0.2", [17, 0, 2]], "medium"],
		[["v17.0.1", [17, 0, 1]], ["17.0.2", [17, 0, 2]], "medium"],
		[["17.0.1", [17, 0, 1]], ["17.0.10-x", [17, 0, 10]], "high"],
		[["17.0", [17, 0]], ["17.0.2", [17, 0, 2]], "high"],
		[["17.0.2", [17, 0, 2]], ["17.0", [17, 0]], "high"],
		[["17.0.1", [17, 0, 1]], ["18.0.1", [18, 0, 1]], "high"],
	] {
		[[old, old_version], [new, new_version], tier] := row
		image_tiers(versioned("reg/odoo", old, old_version), versioned("reg/odoo", new, new_version)) == {"risk.image-tag": tier}
	}
}

test_database_images_by_their_major_version if {
	old := versioned("reg/postgresql", "16.4", [16, 4])
	image_tiers(old, versioned("reg/postgresql", "16.5", [16, 5])) == {
		"risk.image-tag": "high",
		"risk.pg-minor": "high",
	}
	image_tiers(old, versioned("reg/postgresql", "17.0", [17, 0])) == {
		"risk.image-tag": "high",
		"risk.pg-major": "critical",
	}
	given := with_workloads(
		of([with_components(
			update("apps/v1 StatefulSet", [changed("/spec/template/spec/containers/0/image", "a", "b")]),
			["database"],
		)]),
		[w([container(versioned("reg/db", "16.4", [16, 4]))])],
		[w([container(versioned("reg/db", "main", []))])],
	)
	tiers(given) == {"risk.image-tag": "high", "risk.pg-major": "critical"}
}

test_each_image_of_a_database_is_one if {
	every name in ["postgres", "postgresql", "spilo", "postgis", "timescaledb"] {
		repository := concat("/", ["reg/shop", name])
		image_tiers(versioned(repository, "16.4", [16, 4]), versioned(repository, "16.5", [16, 5])) == {
			"risk.image-tag": "high",
			"risk.pg-minor": "high",
		}
	}
	image_tiers(versioned("postgres/exporter", "16.4", [16, 4]), versioned("postgres/exporter", "16.5", [16, 5])) == {"risk.image-tag": "high"}
}

test_a_database_that_names_its_image_is_compared if {
	old := object.union(versioned("reg/postgresql", "16.4", [16, 4]), {"pointer": "/spec/imageName"})
	new := object.union(old, {"tag": "16.5", "version": [16, 5]})
	tiers(with_workloads(
		of([update("postgresql.cnpg.io/v1 Cluster", [changed("/spec/imageName", "a", "b")])]),
		[w([container(old)])],
		[w([container(new)])],
	)) == {"risk.image-tag": "high", "risk.pg-minor": "high"}
}

memory_tiers(kind, components, field, size) := tiers(object.union(
	of([with_components(update(kind, [field]), components)]),
	{"facts": {"storage": {"value": [object.union(size, {"change": 0, "pointer": field.pointer})]}}},
))

test_memory_that_a_cache_loses_is_high if {
	set := "apps/v1 StatefulSet"
	memory := changed("/spec/template/spec/containers/0/resources/limits/memory", "a", "b")
	memory_tiers(set, [], memory, {"old": 2, "new": 1}) == {"risk.resources": "medium"}
	memory_tiers(set, ["cache"], memory, {"old": 2, "new": 1}) == {"risk.resources": "high"}
	memory_tiers(set, ["database"], memory, {"old": 2, "new": 1}) == {"risk.resources": "high"}
	memory_tiers(set, ["cache"], memory, {"old": 1, "new": 2}) == {"risk.resources": "medium"}
	memory_tiers(set, ["cache"], memory, {"old": 1, "new": 1}) == {"risk.resources": "medium"}
	memory_tiers(set, ["cache"], memory, {"old": 1}) == {"risk.resources": "high"}
}

test_a_bound_on_the_memory_of_a_cache_that_comes_or_goes_is_high if {
	set := "apps/v1 StatefulSet"
	resources := "/spec/template/spec/containers/0/resources"
	limit := concat("/", [resources, "limits/memory"])
	limited := {"limits": {"memory": "1Gi"}}
	every field in [added(limit, "1Gi"), removed(limit, "1Gi"), added(resources, limited), removed(resources, limited)] {
		memory_tiers(set, ["cache"], field, {}) == {"risk.resources": "high"}
		memory_tiers(set, [], field, {}) == {"risk.resources": "medium"}
	}
	memory_tiers(set, ["cache"], added(resources, {"limits": {"cpu": "1"}}), {}) == {"risk.resources": "medium"}
}

test_memory_that_a_database_of_an_operator_loses_is_high if {
	every kind, pointer in {
		"acid.zalan.do/v1 postgresql": "/spec/resources/limits/memory",
		"postgres-operator.crunchydata.com/v1beta1 PostgresCluster": "/spec/instances/0/resources/limits/memory",
		"pgv2.percona.com/v2 PerconaPGCluster": "/spec/instances/0/resources/limits/memory",
		"postgresql.cnpg.io/v1 Cluster": "/spec/resources/limits/memory",
	} {
		memory_tiers(kind, [], changed(pointer, "a", "b"), {"old": 2, "new": 1}) == {"risk.resources": "high"}
		memory_tiers(kind, [], changed(pointer, "a", "b"), {"old": 1, "new": 2}) == {"risk.resources": "medium"}
	}
	every kind, pointer in {
		"databases.spotahome.com/v1 RedisFailover": "/spec/redis/resources/limits/memory",
		"redis.redis.opstreelabs.in/v1beta2 RedisReplication": "/spec/kubernetesConfig/resources/requests/memory",
	} {
		memory_tiers(kind, ["cache"], changed(pointer, "a", "b"), {"old": 2, "new": 1}) == {"risk.resources": "high"}
	}
}

module_tiers(old, new) := tiers(with_workloads(
	of([update("apps/v1 Deployment", [changed("/spec/template/spec/containers/0/args/1", "a", "b")])]),
	[w([object.union(container(image("reg/odoo", "17", pinned)), old)])],
	[w([object.union(container(image("reg/odoo", "17", pinned)), new)])],
))

test_odoo_modules_are_more_than_configuration if {
	module_tiers({"args": ["--workers=2"]}, {"args": ["--workers=4"]}) == {"risk.config": "medium"}
	module_tiers({"args": ["-u", "sale"]}, {"args": ["-u", "stock"]}) == {"risk.odoo-modules": "high"}
	module_tiers({"args": []}, {"args": ["--update=all"]}) == {"risk.odoo-modules": "high"}
	module_tiers({}, {"env": [{"name": "ODOO_MODULES", "value": "sale"}]}) == {"risk.odoo-modules": "high"}
	module_tiers({"args": ["-u", "sale"]}, {"args": []}) == {"risk.odoo-modules": "high"}
	module_tiers({"command": ["odoo", "-u", "sale"]}, {"command": ["odoo", "-u", "stock"]}) == {"risk.odoo-modules": "high"}
	every option in ["-i", "-u", "--init", "--update", "--load"] {
		module_tiers({"args": [option, "sale"]}, {"args": [option, "stock"]}) == {"risk.odoo-modules": "high"}
	}
}

test_what_only_looks_like_a_choice_of_modules_is_configuration if {
	module_tiers({"env": [{"name": "LOG", "value": "a"}]}, {"env": [{"name": "LOG", "value": "b"}]}) == {"risk.config": "medium"}
	psql := container(image("reg/psql", "17", pinned))
	tiers(with_workloads(
		of([update("apps/v1 Deployment", [changed("/spec/template/spec/containers/0/args/1", "a", "b")])]),
		[w([object.union(psql, {"args": ["-u", "a"]})])],
		[w([object.union(psql, {"args": ["-u", "b"]})])],
	)) == {"risk.config": "medium"}
}

test_the_number_of_pods_is_one_where_modules_change_beside_it if {
	odoo := container(image("reg/odoo", "17", pinned))
	tiers(with_workloads(
		of([update("apps/v1 Deployment", [
			changed("/spec/replicas", 4, 6),
			changed("/spec/template/spec/containers/0/args/1", "sale", "stock"),
		])]),
		[w([object.union(odoo, {"args": ["-u", "sale"]})])],
		[w([object.union(odoo, {"args": ["-u", "stock"]})])],
	)) == {"risk.replicas": "medium", "risk.odoo-modules": "high"}
}

test_a_new_container_that_updates_modules_is_more_than_configuration if {
	migration := {"name": "migrate", "args": ["-u", "sale"]}
	serving := container(image("reg/odoo", "17", pinned))
	field := added("/spec/template/spec/initContainers", [migration])
	expected := {"risk.unclassified": "high", "risk.odoo-modules": "high"}
	tiers(with_workloads(
		of([update("apps/v1 Deployment", [field])]),
		[w([serving])],
		[w([serving, object.union(serving, migration)])],
	)) == expected
	quiet := object.union(migration, {"args": ["--help"]})
	tiers(with_workloads(
		of([update("apps/v1 Deployment", [added("/spec/template/spec/initContainers", [quiet])])]),
		[w([serving])],
		[w([serving, object.union(serving, quiet)])],
	)) == {"risk.unclassified": "high", "risk.config": "medium"}
}

server_tiers(components, old, new) := tiers(of([with_components(
	update("v1 ConfigMap", [changed("/data/odoo.conf", old, new)]),
	components,
)]))

test_modules_that_every_process_loads_are_more_than_configuration if {
	server_tiers([], "workers = 2", "workers = 4") == {"risk.config": "medium"}
	server_tiers([], "server_wide_modules = base,web", "server_wide_modules=base,web") == {"risk.config": "medium"}
	server_tiers([], "server_wide_modules = base", "server_wide_modules = base,stock") == {"risk.odoo-modules": "high"}
	server_tiers(["ui"], "workers = 2", "workers = 4") == {"risk.config": "medium"}
	server_tiers(["connectors"], "server_wide_modules = base", "server_wide_modules = base,stock") == {
		"risk.odoo-modules": "high",
		"risk.connector": "high",
	}
	whole := added("/data", {"odoo.conf": "server_wide_modules = base"})
	tiers(of([update("v1 ConfigMap", [whole])])) == {"risk.odoo-modules": "high"}
}

ui_tiers(components, field) := tiers(of([with_components(update("v1 ConfigMap", [field]), components)]))

test_what_the_shop_looks_like_is_low if {
	style := changed("/data/shop.css", "a", "b")
	ui_tiers(["ui"], style) == {"risk.ui": "low"}
	ui_tiers(["pricing", "ui"], style) == {"risk.business-component": "high", "risk.config": "medium"}
	ui_tiers(["ui"], added("/data", {"odoo.conf": "x"})) == {"risk.config": "medium"}
	ui_tiers(["ui"], added("/binaryData", {"odoo.conf": "x"})) == {"risk.config": "medium"}
	ui_tiers(["ui"], changed("/data/odoo.conf", "a", "b")) == {"risk.config": "medium"}
	ui_tiers(["ui"], changed("/binaryData/logo.png", "a", "b")) == {"risk.ui": "low"}
	secret := update("v1 Secret", [changed("/data/shop.css", "a", "b")])
	tiers(of([with_components(secret, ["ui"])])) == {"risk.secret": "high"}
	script := update("apps/v1 Deployment", [changed("/spec/template/spec/containers/0/args/0", "a", "b")])
	tiers(of([with_components(script, ["ui"])])) == {"risk.config": "medium"}
}

storage_tiers(size) := tiers(object.union(
	of([update("v1 PersistentVolumeClaim", [changed("/spec/resources/requests/storage", "a", "b")])]),
	{"facts": {"storage": {"value": [object.union(
		size,
		{"change": 0, "pointer": "/spec/resources/requests/storage"},
	)]}}},
))

test_a_volume_that_shrinks_is_critical if {
	storage_tiers({"old": 536870912000, "new": 10737418240}) == {"risk.storage-shrink": "critical"}
	storage_tiers({"old": 10737418240, "new": 536870912000}) == {"risk.storage-change": "high"}
	storage_tiers({"old": 10737418240}) == {"risk.storage-change": "high"}
}

moved_to(change, namespace) := object.union(change, {"object": {"namespace": namespace}})

moving(more) := tiers(of(array.concat(
	[delete("v1 Service", {}), delete("v1 ConfigMap", {}), moved_to(create("v1 Service", {}), "web")],
	more,
)))

test_a_namespace_under_another_name_is_critical if {
	comes := moved_to(create("v1 ConfigMap", {}), "web")
	moving([comes])["risk.namespace-deletion"] == "critical"
	not moving([])["risk.namespace-deletion"]
	stays := update("v1 Secret", [changed("/data/x", "a", "b")])
	not moving([comes, stays])["risk.namespace-deletion"]
	one := [delete("v1 ConfigMap", {}), comes]
	tiers(of(one)) == {"risk.workload-deletion": "high", "risk.workload-created": "medium"}
}

test_what_leaves_a_namespace_is_told_one_by_one if {
	elsewhere := moved_to(delete("v1 Secret", {}), "other")
	found := change_set.reasons with input as of([
		delete("v1 Service", {}),
		delete("v1 ConfigMap", {}),
		moved_to(create("v1 Service", {}), "web"),
		moved_to(create("v1 ConfigMap", {}), "web"),
		elsewhere,
	])
	{[reason.change, reason.pointer, reason.text] | some reason in found; reason.code == "risk.namespace-deletion"} == {
		[0, "", `Service "odoo": all of the namespace "shop" moves to another`],
		[1, "", `ConfigMap "odoo": all of the namespace "shop" moves to another`],
	}
}

test_labels_by_which_backups_choose_are_not_metadata_only if {
	every kind, specs in {
		"Schedule.velero.io": [
			{"template": {"labelSelector": {"matchLabels": {"app": "odoo"}}}},
			{"template": {"orLabelSelectors": [{"matchLabels": {"app": "odoo"}}]}},
		],
		"Schedule.k8up.io": [{"backup": {"labelSelectors": [{"matchExpressions": [{"key": "app"}]}]}}],
	} {
		every spec in specs {
			selected_by({kind: [{"metadata": {"name": "nightly"}, "spec": spec}]}) == {"risk.backup": "high"}
		}
	}
	selected_by({"Schedule.velero.io": [{"metadata": {"name": "nightly"}, "spec": {}}]}) == {"risk.metadata-only": "low"}
	annotated := update("apps/v1 Deployment", [changed("/metadata/annotations/app", "a", "b")])
	tiers(with_inventory(of([annotated]), {"Schedule.velero.io": [{
		"metadata": {"name": "nightly"},
		"spec": {"template": {"labelSelector": {"matchLabels": {"app": "odoo"}}}},
	}]})) == {"risk.metadata-only": "low"}
}

redis_tiers(old, new) := tiers(of([with_components(
	update("v1 ConfigMap", [changed("/data/redis.conf", old, new)]),
	["cache"],
)]))

test_a_cache_that_forgets_is_high if {
	redis_tiers("port 1", "port 2") == {"risk.config": "medium", "risk.redis": "medium"}
	redis_tiers("appendonly yes", "appendonly no") == {"risk.config": "medium", "risk.redis": "high"}
	redis_tiers("save 60 1", "save \"\"") == {"risk.config": "medium", "risk.redis": "high"}
	redis_tiers("save 60 1", "save 30 1") == {"risk.config": "medium", "risk.redis": "medium"}
	redis_tiers("", "maxmemory-policy allkeys-lru") == {"risk.config": "medium", "risk.redis": "high"}
	redis_tiers("", "maxmemory-policy noeviction") == {"risk.config": "medium", "risk.redis": "medium"}
	by_key := update("v1 ConfigMap", [changed("/data/appendonly", "yes", "no")])
	tiers(of([with_components(by_key, ["cache"])])) == {"risk.config": "medium", "risk.redis": "high"}
	whole := removed("/data", {"redis.conf": "appendonly yes"})
	tiers(of([with_components(update("v1 ConfigMap", [whole]), ["cache"])])) == {"risk.config": "medium", "risk.redis": "high"}
	secret := update("v1 Secret", [changed("/data/password", "a", "b")])
	tiers(of([with_components(secret, ["cache"])])) == {"risk.secret": "high"}
	other := changed("/database", "a", "b")
	tiers(of([with_components(update("v1 ConfigMap", [other]), ["cache"])])) == {"risk.unclassified": "high"}
}

pod(spec) := {"spec": {"template": {"spec": spec}}}

security_tiers(pointer, old, new) := tiers(of([object.union(
	update("apps/v1 Deployment", [added(pointer, "x")]),
	{"old": pod(old), "new": pod(new)},
)]))

test_pods_that_may_do_more_are_critical if {
	context := "/spec/template/spec/containers/0/securityContext/x"
	every new in [
		{"privileged": true},
		{"runAsNonRoot": false},
		{"runAsUser": 0},
		{"allowPrivilegeEscalation": true},
		{"capabilities": {"add": ["SYS_ADMIN"]}},
		{"capabilities": {"drop": []}},
		{"seccompProfile": {"type": "Unconfined"}},
	] {
		old := {
			"runAsNonRoot": true,
			"runAsUser": 1000,
			"allowPrivilegeEscalation": false,
			"capabilities": {"drop": ["NET_RAW"]},
			"seccompProfile": {"type": "RuntimeDefault"},
		}
		security_tiers(
			context,
			{"containers": [{"name": "odoo", "securityContext": old}]},
			{"containers": [{"name": "odoo", "securityContext": object.union(old, new)}]},
		) == {"risk.pod-security": "critical"}
	}
	security_tiers(
		context,
		{"containers": [{"name": "odoo"}]},
		{"containers": [{"name": "odoo", "securityContext": {"runAsNonRoot": true, "capabilities": {"drop": ["ALL"]}}}]},
	) == {"risk.pod-security": "high"}
}

test_what_guards_a_container_may_not_be_left_out if {
	every key, safe in {"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "runAsNonRoot": true} {
		guarded := {"containers": [{"name": "odoo", "securityContext": {key: safe}}]}
		loose := {"containers": [{"name": "odoo", "securityContext": {key: {true: false, false: true}[safe]}}]}
		bare := {"containers": [{"name": "odoo", "securityContext": {}}]}
		context := "/spec/template/spec/containers/0/securityContext/x"
		security_tiers(context, guarded, loose) == {"risk.pod-security": "critical"}
		security_tiers(context, guarded, bare) == {"risk.pod-security": "critical"}
		security_tiers(context, loose, bare) == {"risk.pod-security": "high"}
		security_tiers(context, bare, loose) == {"risk.pod-security": "high"}
		security_tiers(context, bare, guarded) == {"risk.pod-security": "high"}
	}
}

test_pods_that_may_do_no_more_are_high if {
	context := "/spec/template/spec/containers/0/securityContext/x"
	every row in [
		[{"seccompProfile": {"type": "RuntimeDefault"}}, {"seccompProfile": {"type": "Localhost"}}],
		[{"seccompProfile": {"type": "Localhost"}}, {"seccompProfile": {"type": "RuntimeDefault"}}],
		[{}, {"seccompProfile": {"type": "Unconfined"}}],
		[{"capabilities": {"drop": ["NET_RAW"]}}, {"capabilities": {"drop": ["ALL"]}}],
		[{"privileged": true}, {"privileged": false}],
		[{"runAsUser": 0}, {"runAsUser": 1}],
	] {
		[old, new] := row
		security_tiers(
			context,
			{"containers": [{"name": "odoo", "securityContext": old}]},
			{"containers": [{"name": "odoo", "securityContext": new}]},
		) == {"risk.pod-security": "high"}
	}
}

# Containers before and after, where some come.
test_containers_that_come_are_held_against_those_that_go if {
	context := "/spec/template/spec/containers/0/securityContext/x"
	guarded := {"runAsUser": 1000, "runAsNonRoot": true, "capabilities": {"drop": ["ALL"]}}
	odoo := {"name": "odoo", "securityContext": guarded}
	every row in [
		[[odoo], [{"name": "shop", "securityContext": guarded}], "high"],
		[[odoo], [{"name": "shop"}], "critical"],
		[[{"name": "odoo"}], [{"name": "shop"}], "high"],
		[[{"name": "odoo"}], [{"name": "shop", "securityContext": {"runAsUser": 0}}], "critical"],
		[[odoo], [odoo, {"name": "exporter"}], "high"],
		[[odoo], [odoo, {"name": "exporter", "securityContext": {"runAsUser": 0}}], "critical"],
		[
			[{"name": "odoo", "securityContext": {"privileged": true, "runAsUser": 0}}],
			[{"name": "shop", "securityContext": {"privileged": true, "runAsUser": 0}}],
			"high",
		],
		[[odoo, {"name": "a"}], [{"name": "b"}, {"name": "c"}], "critical"],
	] {
		[old, new, expected] := row
		security_tiers(context, {"containers": old}, {"containers": new}) == {"risk.pod-security": expected}
	}
	rooted := {"securityContext": {"runAsUser": 0}}
	security_tiers(
		context,
		object.union(rooted, {"containers": [{"name": "odoo"}]}),
		object.union(rooted, {"containers": [{"name": "shop"}]}),
	) == {"risk.pod-security": "high"}
}

test_a_container_that_comes_under_the_context_of_its_pod_is_weighed if {
	every context, expected in {{"runAsUser": 0}: {"critical"}, {"runAsUser": 1000}: set()} {
		odoo := {"name": "odoo", "securityContext": {"runAsUser": 1000}}
		given := of([object.union(
			update("apps/v1 Deployment", [added("/spec/template/spec/containers/1", {"name": "exporter"})]),
			{
				"old": pod({"securityContext": context, "containers": [odoo]}),
				"new": pod({"securityContext": context, "containers": [odoo, {"name": "exporter"}]}),
			},
		)])
		found := change_set.reasons with input as given
		{reason.tier | some reason in found; reason.code == "risk.pod-security"} == expected
	}
}

test_pods_that_are_made_to_run_as_root_are_critical if {
	every context, expected in {{"runAsUser": 0}: "critical", {"runAsUser": 1000}: "absent"} {
		container := {"name": "odoo", "securityContext": context}
		every spec in [{"containers": [container]}, {"securityContext": context, "initContainers": [{"name": "odoo"}]}] {
			found := tiers(of([create("apps/v1 Deployment", pod(spec))]))
			object.get(found, "risk.pod-security", "absent") == expected
		}
	}
}

test_pods_that_go_may_do_nothing_more if {
	gone := delete("apps/v1 Deployment", pod({"automountServiceAccountToken": false}))
	tiers(of([gone])) == {"risk.workload-deletion": "high"}
}

test_what_pods_may_do_more_is_named if {
	dropping := {"capabilities": {"drop": ["ALL"]}}
	every row in [
		[[{"name": "odoo"}], [{"name": "odoo", "securityContext": {"privileged": true}}], "odoo: privileged"],
		[
			[{"name": "odoo", "securityContext": dropping}, {"name": "b"}],
			[{"name": "odoo"}, {"name": "b", "securityContext": {"capabilities": {"drop": ["CHOWN"]}}}],
			"odoo: keeps capability ALL, odoo: keeps capability CHOWN",
		],
	] {
		[old, new, more] := row
		change := object.union(
			update("apps/v1 Deployment", [changed("/spec/template/spec/containers/0/securityContext/x", 1, 2)]),
			{"old": pod({"containers": old}), "new": pod({"containers": new})},
		)
		found := change_set.reasons with input as of([change])
		concat(": ", ["pods may do more than before", more]) in {reason.text | some reason in found}
	}
}

test_pods_on_the_host_are_critical if {
	every power in ["hostNetwork", "hostPID", "hostIPC"] {
		pointer := at("/spec/template/spec", power)
		security_tiers(pointer, {}, {power: true}) == {"risk.pod-security": "critical"}
		security_tiers(pointer, {power: true}, {power: true}) == {"risk.pod-security": "high"}
		security_tiers(pointer, {}, {power: false}) == {"risk.pod-security": "high"}
	}
	token := "/spec/template/spec/automountServiceAccountToken"
	security_tiers(token, {"automountServiceAccountToken": false}, {}) == {"risk.pod-security": "critical"}
	security_tiers(token, {}, {"automountServiceAccountToken": true}) == {"risk.pod-security": "high"}
	security_tiers(
		"/spec/template/spec/automountServiceAccountToken",
		{"automountServiceAccountToken": false},
		{"automountServiceAccountToken": true},
	) == {"risk.pod-security": "critical"}
	mounted := {"volumes": [{"name": "docker", "hostPath": {"path": "/var/run"}}]}
	security_tiers("/spec/template/spec/volumes/0/hostPath", {}, mounted) == {
		"risk.pod-security": "critical",
		"risk.volumes": "high",
	}
}

# What comes of a part of the pod template of a kind that comes or goes whole.
whole_tiers(kind, field, old, new) := tiers(of([object.union(update(kind, [field]), {"old": old, "new": new})]))

test_a_new_container_is_what_it_holds_and_unclassified if {
	every row in [
		[{}, {}],
		[{"securityContext": {"privileged": true}}, {"risk.pod-security": "critical"}],
		[{"securityContext": {"privileged": false}}, {"risk.pod-security": "high"}],
		[{"resources": {}, "env": []}, {"risk.resources": "medium", "risk.config": "medium"}],
		[{"image": "reg/odoo:17"}, {"risk.image-tag": "high"}],
		[{"volumeMounts": [{"name": "a"}], "livenessProbe": {}}, {"risk.volumes": "medium", "risk.probe": "medium"}],
	] {
		[more, expected] := row
		container := object.union({"name": "sidecar"}, more)
		every list in ["containers", "initContainers"] {
			whole_tiers(
				"apps/v1 Deployment",
				added(concat("/", ["/spec/template/spec", list, "1"]), container),
				pod({}),
				pod({list: [container]}),
			) == object.union(expected, {"risk.unclassified": "high"})
		}
	}
}

test_a_container_that_goes_takes_its_probes_along if {
	container := {"image": "reg/odoo:17", "readinessProbe": {}}
	whole_tiers(
		"apps/v1 Deployment",
		removed("/spec/template/spec/containers/1", container),
		pod({"containers": [container]}),
		pod({}),
	) == {"risk.unclassified": "high", "risk.probe": "high"}
}

test_a_container_that_reaches_a_path_of_the_node_that_it_did_not_is_critical if {
	mount := {"name": "host", "mountPath": "/host"}
	template := pod({
		"volumes": [{"name": "host", "hostPath": {"path": "/"}}, {"name": "tmp", "emptyDir": {}}],
		"containers": [{"name": "web", "volumeMounts": [mount]}],
	})
	mounts := "/spec/template/spec/containers/0/volumeMounts"
	every field in [
		added(sprintf("%s/0", [mounts]), mount),
		added(mounts, [mount]),
		changed(sprintf("%s/0/name", [mounts]), "tmp", "host"),
	] {
		whole_tiers("apps/v1 Deployment", field, template, template) == {"risk.pod-security": "critical"}
	}
	harmless := added(sprintf("%s/1", [mounts]), {"name": "tmp", "mountPath": "/tmp", "subPath": "host"})
	whole_tiers("apps/v1 Deployment", harmless, template, template) == {"risk.volumes": "medium"}
	nightly := {"spec": {"jobTemplate": template}}
	mounted := added("/spec/jobTemplate/spec/template/spec/containers/0/volumeMounts/0", mount)
	whole_tiers("batch/v1 CronJob", mounted, nightly, nightly) == {"risk.pod-security": "critical", "risk.job": "medium"}
}

test_configuration_named_like_a_path_of_the_node_mounts_none if {
	named_alike := changed("/spec/template/spec/volumes/1/configMap/name", "odoo", "host")
	template := pod({"volumes": [{"name": "host", "hostPath": {"path": "/"}}, {"name": "conf", "configMap": {"name": "host"}}]})
	whole_tiers("apps/v1 Deployment", named_alike, template, template) == {"risk.volumes": "medium"}
}

test_a_path_of_the_node_is_critical_however_it_comes_in if {
	volume := {"name": "host", "hostPath": {"path": "/"}}
	host := {"risk.pod-security": "critical", "risk.volumes": "high"}
	template := pod({"volumes": [volume]})
	every kind in ["apps/v1 Deployment", "apps/v1 StatefulSet", "apps/v1 DaemonSet"] {
		every field in [
			added("/spec/template/spec/volumes/0/hostPath", {"path": "/"}),
			added("/spec/template/spec/volumes/1", volume),
			added("/spec/template/spec/volumes", [{"name": "a", "emptyDir": {}}, volume]),
		] {
			whole_tiers(kind, field, {}, template) == host
		}
	}
	whole_tiers("v1 Pod", added("/spec/volumes", [volume]), {}, template.spec.template) == host
	nightly := {"spec": {"jobTemplate": template}}
	whole_tiers("batch/v1 CronJob", added("/spec/jobTemplate/spec/template/spec/volumes", [volume]), {}, nightly) == object.union(
		host,
		{"risk.job": "medium"},
	)
	whole_tiers("batch/v1 CronJob", added("/spec/jobTemplate", template), {}, nightly) == object.union(
		host,
		{"risk.unclassified": "high"},
	)
	whole_tiers("apps/v1 Deployment", removed("/spec/template/spec/volumes/0", volume), template, {}) == {
		"risk.volumes": "high",
		"risk.pod-security": "high",
	}
}

# What kinds are when one comes, when something of it changes that no row claims, and when one goes.
whole := [
	[{"risk.admission": "critical"}, {"risk.admission": "critical"}, {"risk.admission": "critical"}, [
		"admissionregistration.k8s.io/v1 Any",
		"config.gatekeeper.sh/v1 Any",
		"constraints.gatekeeper.sh/v1 Any",
		"kyverno.io/v1 Any",
		"mutations.gatekeeper.sh/v1 Any",
		"policies.kyverno.io/v1 Any",
		"templates.gatekeeper.sh/v1 Any",
	]],
	[{"risk.alert-removed": "medium"}, {"risk.unclassified": "high"}, {"risk.alert-removed": "medium"}, [
		"monitoring.coreos.com/v1 AlertmanagerConfig",
		"monitoring.coreos.com/v1 PodMonitor",
		"monitoring.coreos.com/v1 ServiceMonitor",
	]],
	[{"risk.backup": "high"}, {"risk.backup": "high"}, {"risk.backup": "critical"}, [
		"barmancloud.cnpg.io/v1 ObjectStore",
		"k8up.io/v1 Any",
		"pgv2.percona.com/v1 PerconaPGBackup",
		"postgresql.cnpg.io/v1 Backup",
		"postgresql.cnpg.io/v1 ScheduledBackup",
		"snapshot.storage.k8s.io/v1 VolumeSnapshotClass",
		"velero.io/v1 Any",
	]],
	[{"risk.crd": "high"}, {"risk.crd": "high"}, {"risk.crd": "critical"}, ["apiextensions.k8s.io/v1 CustomResourceDefinition"]],
	[{"risk.gate": "critical"}, {"risk.gate": "critical"}, {"risk.gate": "critical"}, [
		"argoproj.io/v1alpha1 AppProject",
		"argoproj.io/v1alpha1 Application",
		"argoproj.io/v1alpha1 ApplicationSet",
		"fluxcd.controlplane.io/v1 Any",
		"helm.fluxcd.io/v1 Any",
		"helm.toolkit.fluxcd.io/v1 Any",
		"kustomize.toolkit.fluxcd.io/v1 Any",
		"source.toolkit.fluxcd.io/v1 Any",
		"tidegate.dev/v1 GateFile",
	]],
	[{"risk.ingress": "high", "risk.tls": "high"}, {"risk.ingress": "high", "risk.tls": "high"}, {"risk.ingress": "critical", "risk.tls": "high"}, [
		"traefik.containo.us/v1 TLSOption",
		"traefik.containo.us/v1 TLSStore",
		"traefik.io/v1 TLSOption",
		"traefik.io/v1 TLSStore",
	]],
	[{"risk.ingress": "high"}, {"risk.ingress": "critical"}, {"risk.ingress": "critical"}, [
		"gateway.networking.k8s.io/v1 GatewayClass",
		"networking.k8s.io/v1 IngressClass",
	]],
	[{"risk.ingress": "high"}, {"risk.ingress": "high"}, {"risk.ingress": "critical"}, [
		"gateway.networking.k8s.io/v1 Any",
		"networking.k8s.io/v1 Ingress",
		"traefik.containo.us/v1 Any",
		"traefik.io/v1 Any",
	]],
	[{"risk.network-policy": "high"}, {"risk.network-policy": "critical"}, {"risk.network-policy": "critical"}, [
		"cilium.io/v1 Any",
		"crd.projectcalico.org/v1 Any",
		"networking.k8s.io/v1 NetworkPolicy",
		"policy.networking.k8s.io/v1 Any",
		"projectcalico.org/v1 Any",
	]],
	[{"risk.operator": "critical"}, {"risk.operator": "critical"}, {"risk.operator": "critical"}, [
		"cluster.x-k8s.io/v1 Any",
		"karpenter.k8s.aws/v1 Any",
		"karpenter.sh/v1 Any",
		"node.k8s.io/v1 RuntimeClass",
		"storage.k8s.io/v1 StorageClass",
	]],
	[{"risk.pg-topology": "high"}, {"risk.unclassified": "high"}, {"risk.data-deletion": "critical"}, [
		"acid.zalan.do/v1 postgresql",
		"pgv2.percona.com/v1 PerconaPGCluster",
		"postgres-operator.crunchydata.com/v1 PostgresCluster",
		"postgresql.cnpg.io/v1 Cluster",
	]],
	[{"risk.quota": "high"}, {"risk.quota": "high"}, {"risk.quota": "high"}, [
		"scheduling.k8s.io/v1 PriorityClass",
		"v1 LimitRange",
		"v1 ResourceQuota",
	]],
	[{"risk.rbac": "critical"}, {"risk.rbac": "critical"}, {"risk.rbac": "critical"}, [
		"rbac.authorization.k8s.io/v1 ClusterRole",
		"rbac.authorization.k8s.io/v1 ClusterRoleBinding",
	]],
	[{"risk.rbac": "high", "risk.workload-created": "medium"}, {"risk.unclassified": "high"}, {"risk.rbac": "high", "risk.workload-deletion": "high"}, [
		"v1 ServiceAccount",
	]],
	[{"risk.rbac": "high"}, {"risk.rbac": "high"}, {"risk.rbac": "high"}, [
		"rbac.authorization.k8s.io/v1 Role",
		"rbac.authorization.k8s.io/v1 RoleBinding",
	]],
	[{"risk.redis": "medium"}, {"risk.unclassified": "high"}, {"risk.workload-deletion": "high"}, [
		"databases.spotahome.com/v1 RedisFailover",
		"redis.redis.opstreelabs.in/v1 Redis",
		"redis.redis.opstreelabs.in/v1 RedisCluster",
		"redis.redis.opstreelabs.in/v1 RedisReplication",
	]],
	[{"risk.replicas": "medium"}, {"risk.unclassified": "high"}, {"risk.unclassified": "high"}, [
		"autoscaling/v2 HorizontalPodAutoscaler",
		"keda.sh/v1alpha1 ScaledObject",
	]],
	[{"risk.scheduling": "medium"}, {"risk.unclassified": "high"}, {"risk.scheduling": "critical"}, ["policy/v1 PodDisruptionBudget"]],
	[{"risk.secret": "critical"}, {"risk.unclassified": "high"}, {"risk.secret": "critical"}, [
		"external-secrets.io/v1 ClusterSecretStore",
		"external-secrets.io/v1 SecretStore",
	]],
	[{"risk.secret": "high"}, {"risk.unclassified": "high"}, {"risk.secret": "high"}, [
		"bitnami.com/v1 SealedSecret",
		"external-secrets.io/v1 ClusterExternalSecret",
		"external-secrets.io/v1 ClusterPushSecret",
		"external-secrets.io/v1 ExternalSecret",
		"external-secrets.io/v1 PushSecret",
		"v1 Secret",
	]],
	[{"risk.tls": "high"}, {"risk.tls": "high"}, {"risk.tls": "high"}, [
		"cert-manager.io/v1 Certificate",
		"cert-manager.io/v1 ClusterIssuer",
		"cert-manager.io/v1 Issuer",
	]],
	[{"risk.unclassified": "high"}, {"risk.unclassified": "high"}, {"risk.data-deletion": "critical"}, [
		"objectbucket.io/v1 ObjectBucketClaim",
		"objectstorage.k8s.io/v1 BucketClaim",
		"postgresql.cnpg.io/v1 Database",
		"snapshot.storage.k8s.io/v1 VolumeSnapshot",
		"snapshot.storage.k8s.io/v1 VolumeSnapshotContent",
		"v1 PersistentVolume",
	]],
	[{"risk.unclassified": "high"}, {"risk.unclassified": "high"}, {"risk.namespace-deletion": "critical"}, ["v1 Namespace"]],
	[{"risk.unclassified": "high"}, {"risk.unclassified": "high"}, {"risk.unclassified": "high"}, ["example.org/v1 Thing"]],
	[{"risk.workload-created": "high"}, {"risk.unclassified": "high"}, {"risk.workload-deletion": "high"}, ["apps/v1 DaemonSet"]],
	[{"risk.workload-created": "medium"}, {"risk.unclassified": "high"}, {"risk.data-deletion": "critical"}, ["v1 PersistentVolumeClaim"]],
	[{"risk.workload-created": "medium"}, {"risk.unclassified": "high"}, {"risk.workload-deletion": "high"}, [
		"apps/v1 Deployment",
		"apps/v1 ReplicaSet",
		"apps/v1 StatefulSet",
		"argoproj.io/v1alpha1 Rollout",
		"batch/v1 CronJob",
		"batch/v1 Job",
		"v1 ConfigMap",
		"v1 Pod",
		"v1 PodTemplate",
		"v1 ReplicationController",
		"v1 Service",
	]],
]

test_each_kind_comes_as_its_profile_says if {
	every row in whole {
		[created, _, _, some_kinds] := row
		every kind in some_kinds {
			tiers(of([create(kind, {})])) == created
		}
	}
}

test_each_kind_changes_as_its_profile_says if {
	every row in whole {
		[_, updated, _, some_kinds] := row
		every kind in some_kinds {
			tiers(of([update(kind, [changed("/other", 4, 6)])])) == updated
		}
	}
}

test_each_kind_goes_as_its_profile_says if {
	every row in whole {
		[_, _, deleted, some_kinds] := row
		every kind in some_kinds {
			tiers(of([delete(kind, {})])) == deleted
		}
	}
}

test_labels_of_a_kind_that_is_weighed_as_a_whole_are_only_labels if {
	labels := changed("/metadata/labels/note", "a", "b")
	every kind in [
		"apiextensions.k8s.io/v1 CustomResourceDefinition",
		"kyverno.io/v1 ClusterPolicy",
		"networking.k8s.io/v1 Ingress",
		"rbac.authorization.k8s.io/v1 Role",
		"velero.io/v1 Schedule",
	] {
		tiers(of([update(kind, [labels])])) == {"risk.metadata-only": "low"}
	}
	tiers(of([update("argoproj.io/v1alpha1 Application", [labels])])) == {"risk.gate": "critical"}
}

test_a_namespace_whose_pods_may_do_everything_is_critical if {
	bound("privileged") == {"risk.unclassified": "high", "risk.admission": "critical"}
	bound("restricted") == {"risk.unclassified": "high"}
	labelled := {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}}
	tiers(of([create("v1 ConfigMap", labelled)])) == {"risk.workload-created": "medium"}
}

# What a namespace is that is made with a level of pod security.
bound(level) := tiers(of([create("v1 Namespace", {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": level}}})]))

test_roles_that_grant_everything_are_critical if {
	every manifest in [
		{"rules": [{"verbs": ["*"]}]},
		{"rules": [{"resources": ["*"]}]},
		{"rules": [{"apiGroups": ["*"]}]},
		{"roleRef": {"name": "cluster-admin"}},
	] {
		tiers(of([create("rbac.authorization.k8s.io/v1 Role", manifest)])) == {"risk.rbac": "critical"}
	}
	wider := object.union(
		update("rbac.authorization.k8s.io/v1 Role", [added("/rules/0/verbs/1", "*")]),
		{"new": {"rules": [{"verbs": ["get", "*"]}]}},
	)
	tiers(of([wider])) == {"risk.rbac": "critical"}
	every verb in ["get", 1] {
		tiers(of([create("rbac.authorization.k8s.io/v1 Role", {"rules": [{"verbs": [verb]}]})])) == {"risk.rbac": "high"}
	}
	scaling := {"rules": [{"verbs": ["get"], "resources": ["*/scale"]}]}
	tiers(of([create("rbac.authorization.k8s.io/v1 Role", scaling)])) == {"risk.rbac": "critical"}
}

test_roles_that_lead_to_more_are_critical if {
	every verb in ["bind", "escalate", "impersonate"] {
		tiers(of([create("rbac.authorization.k8s.io/v1 Role", {"rules": [{"verbs": ["get", verb]}]})])) == {"risk.rbac": "critical"}
	}
	wider := object.union(
		update("rbac.authorization.k8s.io/v1 Role", [added("/rules/0/verbs/1", "bind")]),
		{"new": {"rules": [{"verbs": ["get", "bind"]}]}},
	)
	tiers(of([wider])) == {"risk.rbac": "critical"}
}

test_what_is_granted_to_whoever_does_not_log_in_is_critical if {
	every who in ["system:anonymous", "system:unauthenticated"] {
		granted(who) == {"risk.rbac": "critical"}
	}
	every who in ["system:authenticated", "odoo", 1] {
		granted(who) == {"risk.rbac": "high"}
	}
}

granted(who) := tiers(of([create(
	"rbac.authorization.k8s.io/v1 RoleBinding",
	{"roleRef": {"name": "view"}, "subjects": [{"name": "ops"}, {"name": who}]},
)]))

test_a_created_workload_with_a_new_image_is_high if {
	known := versioned("reg/odoo", "17.0.1", [17, 0, 1])
	created := create("apps/v1 Deployment", {})
	other := object.union(w([container(known)]), {"change": 1})
	tiers(with_workloads(of([created]), [], [w([container(known)])])) == {"risk.workload-created": "high"}
	tiers(with_workloads(of([created]), [other], [w([container(known)])])) == {"risk.workload-created": "medium"}
	unpinned := w([container(image("reg/odoo", "latest", {}))])
	tiers(with_workloads(of([created]), [other], [unpinned])) == {
		"risk.workload-created": "medium",
		"risk.image-unpinned": "high",
	}
}

test_what_comes_on_every_node_is_that_whatever_its_image if {
	comes := w([container(versioned("reg/agent", "1.0.1", [1, 0, 1]))])
	given := with_workloads(of([create("apps/v1 DaemonSet", {})]), [], [comes])
	found := change_set.reasons with input as given
	{reason.text | some reason in found} == {`DaemonSet "odoo": it is created on every node`}
}

test_a_database_that_is_to_be_absent_is_deleted_data if {
	created := create("postgresql.cnpg.io/v1 Database", {"spec": {"ensure": "absent"}})
	tiers(of([created])) == {"risk.unclassified": "high", "risk.data-deletion": "critical"}
	kept := create("postgresql.cnpg.io/v1 Database", {"spec": {"ensure": "present"}})
	tiers(of([kept])) == {"risk.unclassified": "high"}
	other := create("example.org/v1 Thing", {"spec": {"ensure": "absent"}})
	tiers(of([other])) == {"risk.unclassified": "high"}
}

test_deletion_of_what_is_still_needed_is_critical if {
	meta := {"name": "x", "namespace": "shop"}
	every row in [
		["apps/v1 Deployment", "Service", {"selector": {"app": "odoo"}}],
		[
			"apps/v1 Deployment",
			"HorizontalPodAutoscaler.autoscaling",
			{"scaleTargetRef": {"kind": "Deployment", "name": "odoo"}},
		],
		["v1 Service", "IngressRoute.traefik.io", {"routes": [{"services": [{"name": "odoo"}]}]}],
		["v1 Service", "Ingress.networking.k8s.io", {"defaultBackend": {"service": {"name": "odoo"}}}],
		[
			"v1 Service",
			"Ingress.networking.k8s.io",
			{"rules": [{"http": {"paths": [{"backend": {"service": {"name": "odoo"}}}]}}]},
		],
	] {
		[kind, neighbour, spec] := row
		given := with_workloads(of([delete(kind, {})]), [w([])], [])
		tiers(with_inventory(given, {neighbour: [{"metadata": meta, "spec": spec}]})) == {
			"risk.workload-deletion": "critical",
		}
	}
	gone := delete("apps/v1 Deployment", {})
	nowhere := object.union(object.remove(gone, ["object"]), {"object": object.remove(gone.object, ["namespace"])})
	selecting := [{"metadata": {"name": "x"}, "spec": {"selector": {"app": "odoo"}}}]
	tiers(with_inventory(with_workloads(of([nowhere]), [w([])], []), {"Service": selecting})) == {"risk.workload-deletion": "critical"}
	tiers(with_inventory(with_workloads(of([gone]), [w([])], []), {"Service": selecting})) == {"risk.workload-deletion": "high"}
	elsewhere := {"name": "x", "namespace": "other"}
	every row in [
		["apps/v1 Deployment", "Service", meta, {"selector": {"app": "redis"}}],
		["apps/v1 Deployment", "Service", meta, {"selector": {}}],
		["apps/v1 Deployment", "Service", elsewhere, {"selector": {"app": "odoo"}}],
		[
			"apps/v1 Deployment",
			"HorizontalPodAutoscaler.autoscaling",
			elsewhere,
			{"scaleTargetRef": {"kind": "Deployment", "name": "odoo"}},
		],
		[
			"apps/v1 Deployment",
			"HorizontalPodAutoscaler.autoscaling",
			meta,
			{"scaleTargetRef": {"kind": "StatefulSet", "name": "odoo"}},
		],
		[
			"apps/v1 Deployment",
			"HorizontalPodAutoscaler.autoscaling",
			meta,
			{"scaleTargetRef": {"kind": "Deployment", "name": "redis"}},
		],
		["v1 Service", "IngressRoute.traefik.io", meta, {"routes": [{"services": [{"name": "redis"}]}]}],
		["v1 Service", "IngressRoute.traefik.io", elsewhere, {"routes": [{"services": [{"name": "odoo"}]}]}],
		["v1 ConfigMap", "IngressRoute.traefik.io", meta, {"routes": [{"services": [{"name": "odoo"}]}]}],
		["v1 Service", "Ingress.networking.k8s.io", meta, {"defaultBackend": {"service": {"name": "redis"}}}],
		["v1 Service", "Ingress.networking.k8s.io", elsewhere, {"defaultBackend": {"service": {"name": "odoo"}}}],
		["v1 ConfigMap", "Ingress.networking.k8s.io", meta, {"defaultBackend": {"service": {"name": "odoo"}}}],
	] {
		[kind, neighbour, metadata, spec] := row
		given := with_workloads(of([delete(kind, {})]), [w([])], [])
		tiers(with_inventory(given, {neighbour: [{"metadata": metadata, "spec": spec}]})) == {"risk.workload-deletion": "high"}
	}
}

test_deletion_with_volumes_is_data_deletion if {
	set := {"spec": {
		"volumeClaimTemplates": [{}],
		"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"},
	}}
	tiers(of([delete("apps/v1 StatefulSet", set)])) == {"risk.data-deletion": "critical"}
	every less in [
		{"volumeClaimTemplates": [{}]},
		{"volumeClaimTemplates": [], "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}},
		{"volumeClaimTemplates": [{}], "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain"}},
	] {
		tiers(of([delete("apps/v1 StatefulSet", {"spec": less})])) == {"risk.workload-deletion": "high"}
	}
	snapshot := {"spec": {"deletionPolicy": "Retain"}}
	tiers(of([delete("snapshot.storage.k8s.io/v1 VolumeSnapshotContent", snapshot)])) == {"risk.data-deletion": "high"}
}

# What goes or comes, and the reason with what its content says of another kind.
test_what_a_kind_does_not_have_weighs_nothing_in_it if {
	claims := {"spec": {
		"volumeClaimTemplates": [{}],
		"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"},
	}}
	every row in [
		[delete("rbac.authorization.k8s.io/v1 Role", claims), "risk.rbac", "high", `Role "odoo": who may do what changes`],
		[delete("v1 ConfigMap", {"spec": {"deletionPolicy": "Retain"}}), "risk.workload-deletion", "high", `ConfigMap "odoo": it is deleted`],
		[create("v1 ConfigMap", {"rules": [{"verbs": ["*"]}]}), "risk.workload-created", "medium", `ConfigMap "odoo": it is created`],
	] {
		[change, code, tier, text] := row
		found := change_set.reasons with input as of([change])
		found == {{"code": code, "tier": tier, "change": 0, "pointer": "", "text": text}}
	}
}

test_a_database_that_something_scales_is_data_when_it_goes if {
	scaler := {"metadata": {"name": "x", "namespace": "shop"}, "spec": {"scaleTargetRef": {"kind": "Cluster", "name": "odoo"}}}
	given := with_inventory(of([delete("postgresql.cnpg.io/v1 Cluster", {})]), {"HorizontalPodAutoscaler.autoscaling": [scaler]})
	found := change_set.reasons with input as given
	{[reason.code, reason.text] | some reason in found} == {["risk.data-deletion", `Cluster "odoo": data is deleted`]}
}

test_deletion_that_leaves_the_object_in_the_cluster_is_high if {
	every row in [
		["argocd.argoproj.io/sync-options", "Prune=false,Validate=false", "high"],
		["argocd.argoproj.io/sync-options", "Prune=true", "critical"],
		["helm.sh/resource-policy", "keep", "high"],
		["kustomize.toolkit.fluxcd.io/prune", "disabled", "high"],
		["kustomize.toolkit.fluxcd.io/prune", "enabled", "critical"],
	] {
		[key, value, tier] := row
		kept := {"metadata": {"annotations": {key: value}}}
		tiers(of([delete("v1 PersistentVolumeClaim", kept)])) == {"risk.data-deletion": tier}
	}
}

named(change, name) := object.union(change, {"object": {"name": name}})

# What goes or comes of a network policy, its spec before and after, and the tier.
narrowings := [
	[removed("/spec/egress/0", {}), {"policyTypes": ["Egress"], "egress": [{}]}, {"policyTypes": ["Egress"], "egress": []}, "high"],
	[removed("/spec/egress/1", {}), {"egress": [{}, {}]}, {"egress": [{}]}, "high"],
	[removed("/spec/egress/0", {}), {"egress": [{}]}, {"egress": []}, "critical"],
	[removed("/spec/egress/0", {}), {"policyTypes": ["Ingress"], "egress": [{}]}, {"policyTypes": ["Ingress"], "egress": []}, "critical"],
	[added("/spec/policyTypes/1", "Egress"), {"policyTypes": ["Ingress"]}, {"policyTypes": ["Ingress", "Egress"]}, "high"],
	[added("/spec/policyTypes/0", "Ingress"), {"policyTypes": []}, {"policyTypes": ["Ingress"]}, "high"],
	[added("/spec/policyTypes/0", "Egress"), {"policyTypes": []}, {"policyTypes": ["Egress"]}, "critical"],
	[added("/spec/policyTypes/0", "Egress"), {}, {"policyTypes": ["Egress"]}, "critical"],
	[added("/spec/egress/1", {}), {"egress": [{}]}, {"egress": [{}, {}]}, "critical"],
	[removed("/spec/egress/0/ports/0", {}), {"egress": [{"ports": [{}]}]}, {"egress": [{"ports": []}]}, "critical"],
	[changed("/spec/policyTypes/0", "Egress", "Ingress"), {"policyTypes": ["Egress"]}, {"policyTypes": ["Ingress"]}, "critical"],
]

test_what_counts_where_no_direction_is_named if {
	every row in narrowings {
		[field, old, new, tier] := row
		change := update("networking.k8s.io/v1 NetworkPolicy", [field])
		tiers(of([object.union(change, {"old": {"spec": old}, "new": {"spec": new}})])) == {"risk.network-policy": tier}
	}
}

test_the_deny_of_others_is_no_bound_that_goes if {
	every direction in ["ingress", "egress"] {
		change := update("projectcalico.org/v3 GlobalNetworkPolicy", [removed(concat("/", ["/spec", direction, "0"]), {})])
		specs := {"old": {"spec": {direction: [{}, {}]}}, "new": {"spec": {direction: [{}]}}}
		tiers(of([object.union(change, specs)])) == {"risk.network-policy": "critical"}
	}
}

left := {"components": ["payments"], "componentsLost": ["payments"]}

label_change := update("v1 ConfigMap", [removed("/metadata/labels/app.kubernetes.io~1part-of", "payments")])

test_what_made_it_a_component_does_not_go_quietly if {
	tiers(of([with_components(label_change, ["payments"])])) == {"risk.metadata-only": "low"}
	tiers(of([object.union(label_change, left)])) == {"risk.business-component": "critical", "risk.unclassified": "high"}
}

test_what_the_business_does_not_live_on_does_not_go_quietly_either if {
	other := {"components": ["cache"], "componentsLost": ["cache"]}
	tiers(of([object.union(label_change, other)])) == {"risk.unclassified": "high"}
}

test_whose_path_made_it_a_component_does_not_move_quietly if {
	moved := update("v1 ConfigMap", [])
	tiers(of([object.union(moved, left)])) == {"risk.business-component": "critical", "risk.unclassified": "high"}
}

test_each_class_that_a_table_names_is_one if {
	known := object.keys(change_set.classes) | {"image", "unclaimed"}
	every tables in [change_set.rows, change_set.meanings, {"exact": change_set.exact_meanings}] {
		every table in tables {
			every class in table {
				class in known
			}
		}
	}
	every profile in change_set.profiles_by_name {
		every claiming in profile {
			every class in claiming {
				class in known
			}
		}
	}
}

# What acts on labels and annotations, by what it makes of one.
acting := [
	["labels", {"risk.admission": "critical"}, ["pod-security.kubernetes.io"]],
	["labels", {"risk.backup": "high"}, ["velero.io"]],
	["labels", {"risk.rbac": "critical"}, ["rbac.authorization.k8s.io"]],
	["labels", {"risk.rbac": "high"}, ["azure.workload.identity"]],
	["labels", {"risk.unclassified": "high"}, ["argocd.argoproj.io", "tidegate.dev"]],
	["annotations", {"risk.backup": "high"}, ["backup.velero.io", "k8up.io"]],
	["annotations", {"risk.config": "medium"}, ["reloader.stakater.com", "sidecar.istio.io"]],
	["annotations", {"risk.ingress": "high"}, ["nginx.ingress.kubernetes.io", "traefik.ingress.kubernetes.io"]],
	["annotations", {"risk.operator": "critical"}, ["storageclass.kubernetes.io"]],
	["annotations", {"risk.pg-topology": "critical"}, ["cnpg.io"]],
	["annotations", {"risk.rbac": "high"}, ["azure.workload.identity", "eks.amazonaws.com", "iam.gke.io"]],
	["annotations", {"risk.scheduling": "medium"}, ["cluster-autoscaler.kubernetes.io"]],
	["annotations", {"risk.service": "high"}, ["service.beta.kubernetes.io"]],
	["annotations", {"risk.tls": "high"}, ["cert-manager.io"]],
	["annotations", {"risk.unclassified": "high"}, ["argocd.argoproj.io", "helm.sh", "kustomize.toolkit.fluxcd.io", "tidegate.dev"]],
]

test_labels_and_annotations_are_what_acts_on_them if {
	every row in acting {
		[section, expected, domains] := row
		every domain in domains {
			pointer := sprintf("/metadata/%s/%s~1x", [section, domain])
			tiers(of([update("example.org/v1 Thing", [added(pointer, "a")])])) == expected
		}
	}
}

test_labels_and_annotations_that_only_describe_are_low if {
	every domain in ["a8r.io", "app.kubernetes.io", "helm.sh", "kubernetes.io", "meta.helm.sh", "acme.example"] {
		pointer := sprintf("/metadata/labels/%s~1x", [domain])
		tiers(of([update("example.org/v1 Thing", [added(pointer, "a")])])) == {"risk.metadata-only": "low"}
	}
	every domain in ["a8r.io", "app.kubernetes.io", "meta.helm.sh", "acme.example"] {
		pointer := sprintf("/metadata/annotations/%s~1x", [domain])
		tiers(of([update("example.org/v1 Thing", [added(pointer, "a")])])) == {"risk.metadata-only": "low"}
	}
}

test_labels_and_annotations_of_tools_that_nobody_knows_are_unclassified if {
	every section in ["labels", "annotations"] {
		unknown := sprintf("/metadata/%s/tool.example~1x", [section])
		tiers(of([update("example.org/v1 Thing", [added(unknown, "a")])])) == {"risk.unclassified": "high"}
		bare := sprintf("/metadata/%s/x", [section])
		tiers(of([update("example.org/v1 Thing", [added(bare, "a")])])) == {"risk.metadata-only": "low"}
	}
}

test_what_nobody_knows_is_unclassified_beside_what_somebody_knows if {
	every annotations, expected in {
		{"reloader.stakater.com/x": "a", "tool.example/y": "b"}: {"risk.config": "medium", "risk.unclassified": "high"},
		{"reloader.stakater.com/x": "a", "argocd.argoproj.io/y": "b"}: {"risk.config": "medium", "risk.unclassified": "high"},
		{"reloader.stakater.com/x": "a", "note": "b"}: {"risk.config": "medium"},
		{"reloader.stakater.com/x": "a", "cert-manager.io/y": "b"}: {"risk.config": "medium", "risk.tls": "high"},
	} {
		tiers(of([update("apps/v1 Deployment", [added("/metadata/annotations", annotations)])])) == expected
		tiers(of([update("apps/v1 Deployment", [removed("/metadata/annotations", annotations)])])) == expected
	}
	known := {"reloader.stakater.com/x": "a", "tool.example/y": "b"}
	tiers(of([update("argoproj.io/v1alpha1 Application", [added("/metadata/annotations", known)])])) == {
		"risk.config": "medium",
		"risk.gate": "critical",
	}
}

test_labels_of_a_namespace_choose_annotations_of_one_do_not if {
	tiers(of([update("v1 Namespace", [added("/metadata/labels/x", "a")])])) == {"risk.network-policy": "high"}
	tiers(of([update("v1 Namespace", [added("/metadata/annotations/x", "a")])])) == {"risk.metadata-only": "low"}
}

test_annotations_of_kubernetes_steer if {
	annotated := {key: tier |
		some key in ["change-cause", "description", "ingress.allow-http", "tls-acme", "enforce-mountable-secrets"]
		pointer := concat("", ["/metadata/annotations/kubernetes.io~1", key])
		tier := tiers(of([update("v1 ServiceAccount", [changed(pointer, "a", "b")])]))
	}
	annotated == {
		"change-cause": {"risk.metadata-only": "low"},
		"description": {"risk.metadata-only": "low"},
		"ingress.allow-http": {"risk.unclassified": "high"},
		"tls-acme": {"risk.unclassified": "high"},
		"enforce-mountable-secrets": {"risk.rbac": "high"},
	}
	labelled := update("v1 ServiceAccount", [changed("/metadata/labels/kubernetes.io~1note", "a", "b")])
	tiers(of([labelled])) == {"risk.metadata-only": "low"}
}

test_the_next_edition_is_what_its_edit_would_be if {
	secret := [named(delete("v1 Secret", {}), "web-db1234"), named(create("v1 Secret", {}), "web-evil9")]
	tiers(of(secret)) == {"risk.secret": "high"}
	configuration := [
		with_components(named(delete("v1 ConfigMap", {}), "redis-7h2k"), ["cache"]),
		with_components(named(create("v1 ConfigMap", {}), "redis-9m4t"), ["cache"]),
	]
	tiers(of(configuration)) == {"risk.redis": "high"}
}

test_each_line_of_a_redis_conf_is_read if {
	every row in [
		["port 1\nappendonly yes", "port 1\nappendonly no", "high"],
		["port 1\nsave 60 1", "port 1\nsave", "high"],
		["maxmemory-policy allkeys-lru", "maxmemory-policy allkeys-lru\nport 1", "medium"],
		["port 1", "port 1\nmaxmemory-policy allkeys-lru", "high"],
	] {
		[old, new, tier] := row
		change := with_components(update("v1 ConfigMap", [changed("/data/redis.conf", old, new)]), ["cache"])
		tiers(of([change])) == {"risk.config": "medium", "risk.redis": tier}
	}
}

test_a_label_makes_no_dashboard_unseen if {
	label := added("/metadata/labels/grafana_dashboard", "1")
	tiers(of([update("v1 ConfigMap", [label])])) == {"risk.config": "medium"}
	off := {"metadata": {"labels": {"grafana_dashboard": "0"}}}
	change := update("v1 ConfigMap", [changed("/data/x", "a", "b")])
	tiers(of([object.union(change, {"old": off, "new": off})])) == {"risk.config": "medium"}
}

test_the_controller_of_ingresses_is_an_operator if {
	image_tiers(
		versioned("registry.example/ingress-nginx/controller", "1.1.0", [1, 1, 0]),
		versioned("registry.example/ingress-nginx/controller", "1.2.0", [1, 2, 0]),
	)["risk.operator"] == "critical"
}

test_a_generated_name_with_another_hash_is_configuration if {
	goes := named(delete("v1 ConfigMap", {}), "odoo-conf-7h2k")
	comes := named(create("v1 ConfigMap", {}), "odoo-conf-9m4t")
	tiers(of([goes, comes])) == {"risk.config": "medium"}
	other := named(create("v1 ConfigMap", {}), "redis-conf-9m4t")
	tiers(of([goes, other])) == {"risk.workload-created": "medium", "risk.workload-deletion": "high"}
}

# The name that goes, the one that comes, and whether they are editions of one object.
editions := [
	["odoo-7h2k", "odoo-9m4t", true],
	["odoo-7h2", "odoo-9m4", false],
	["odoo-conf", "odoo-data", false],
	["odoo-conf", "odoo-9m4t", false],
	["odoo-7H2K", "odoo-9M4T", false],
	["odoo-7h_2k", "odoo-9m_4t", false],
	["7h2k", "9m4t", false],
	["odoo-7h2k", "redis-9m4t", false],
]

test_a_hash_has_four_small_letters_and_digits_at_least if {
	every row in editions {
		[old, new, is_edition] := row
		expected := {
			true: {"risk.config": "medium"},
			false: {"risk.workload-created": "medium", "risk.workload-deletion": "high"},
		}[is_edition]
		tiers(of([named(delete("v1 ConfigMap", {}), old), named(create("v1 ConfigMap", {}), new)])) == expected
	}
}

test_editions_are_of_one_kind_in_one_namespace if {
	goes := named(delete("v1 ConfigMap", {}), "odoo-7h2k")
	comes := named(create("v1 ConfigMap", {}), "odoo-9m4t")
	apart := {"risk.workload-created": "medium", "risk.workload-deletion": "high"}
	tiers(of([goes, moved_to(comes, "other")])) == apart
	tiers(of([goes, named(create("v1 Service", {}), "odoo-9m4t")])) == apart
	tiers(of([goes, goes])) == {"risk.workload-deletion": "high"}
	services := [named(delete("v1 Service", {}), "odoo-7h2k"), named(create("v1 Service", {}), "odoo-9m4t")]
	tiers(of(services)) == apart
	nowhere := [object.union(object.remove(change, ["object"]), {"object": object.remove(change.object, ["namespace"])}) |
		some change in [goes, comes]
	]
	tiers(of(nowhere)) == {"risk.config": "medium"}
}

test_dashboards_are_low_on_both_sides if {
	labels := {"metadata": {"labels": {"grafana_dashboard": "1"}}}
	whole := update("v1 ConfigMap", [added("/data", {"board.json": "a"})])
	tiers(of([object.union(whole, {"old": labels, "new": labels})])) == {"risk.dashboard": "low"}
	change := update("v1 ConfigMap", [changed("/data/board.json", "a", "b")])
	tiers(of([object.union(change, {"old": labels, "new": labels})])) == {"risk.dashboard": "low"}
	tiers(of([object.union(change, {"new": labels})])) == {"risk.config": "medium"}
}

test_only_config_maps_are_dashboards_by_a_label if {
	labels := {"metadata": {"labels": {"grafana_dashboard": "1"}}}
	every row in [
		["apps/v1 Deployment", changed("/spec/replicas", 4, 6), {"risk.replicas": "medium"}],
		["v1 Secret", changed("/data/x", "a", "b"), {"risk.secret": "high"}],
	] {
		[kind, field, expected] := row
		tiers(of([object.union(update(kind, [field]), {"old": labels, "new": labels})])) == expected
	}
}

test_recording_rules_are_dashboards_alerts_are_not if {
	rule := update("monitoring.coreos.com/v1 PrometheusRule", [changed("/spec/groups/0/rules/0/expr", "a", "b")])
	recording := {"spec": {"groups": [{"rules": [{"record": "x"}]}]}}
	alerting := {"spec": {"groups": [{"rules": [{"alert": "x"}]}]}}
	tiers(of([object.union(rule, {"old": recording, "new": recording})])) == {"risk.dashboard": "low"}
	tiers(of([object.union(rule, {"old": alerting, "new": recording})])) == {"risk.alert-removed": "medium"}
	tiers(of([create("monitoring.coreos.com/v1 PrometheusRule", alerting)])) == {"risk.alert-removed": "medium"}
	tiers(of([delete("monitoring.coreos.com/v1 PrometheusRule", alerting)])) == {"risk.alert-removed": "medium"}
	tiers(of([delete("monitoring.coreos.com/v1 PrometheusRule", recording)])) == {"risk.dashboard": "low"}
}

test_what_is_monitored_is_an_alert_matter if {
	monitor := update("monitoring.coreos.com/v1 PodMonitor", [changed("/spec/selector/matchLabels/app", "a", "b")])
	tiers(of([monitor])) == {"risk.alert-removed": "medium"}
}

test_business_components_are_never_only_configuration if {
	change := update("v1 ConfigMap", [changed("/data/x", "a", "b")])
	tiers(of([with_components(change, ["pricing"])])) == {"risk.config": "medium", "risk.business-component": "high"}
	tiers(of([with_components(change, ["payments"])])) == {
		"risk.config": "medium",
		"risk.business-component": "critical",
	}
	labels := update("v1 ConfigMap", [changed("/metadata/labels/x", "a", "b")])
	tiers(of([with_components(labels, ["payments"])])) == {"risk.metadata-only": "low"}
	hook := update("v1 ConfigMap", [changed("/metadata/annotations/helm.sh~1hook", "a", "b")])
	tiers(of([with_components(hook, ["payments"])])) == {"risk.unclassified": "high", "risk.business-component": "high"}
	created := with_components(create("v1 ConfigMap", {}), ["tax"])
	tiers(of([created])) == {"risk.workload-created": "medium", "risk.business-component": "critical"}
}

test_each_component_that_the_business_lives_on_has_its_tier if {
	every component, tier in {
		"inventory": "high",
		"loyalty": "high",
		"payments": "critical",
		"pos": "high",
		"pricing": "high",
		"promotions": "high",
		"tax": "critical",
		"warehouse-routing": "high",
	} {
		change := update("v1 ConfigMap", [changed("/data/x", "a", "b")])
		tiers(of([with_components(change, [component])])) == {"risk.config": "medium", "risk.business-component": tier}
	}
}

test_what_a_change_is_to_the_business_stands_at_its_first_field_that_is_not_harmless if {
	every row in [
		[update("v1 ConfigMap", [changed("/data/x", "a", "b"), changed("/data/y", "a", "b")]), "/data/x"],
		[update("v1 ConfigMap", [changed("/metadata/labels/x", "a", "b"), changed("/data/y", "a", "b")]), "/data/y"],
		[create("v1 ConfigMap", {}), ""],
		[delete("v1 ConfigMap", {}), ""],
	] {
		[change, pointer] := row
		found := change_set.reasons with input as of([with_components(change, ["payments"])])
		{reason.pointer | some reason in found; reason.code == "risk.business-component"} == {pointer}
	}
}

test_connectors_are_high if {
	change := with_components(update("v1 ConfigMap", [changed("/data/x", "a", "b")]), ["connectors"])
	tiers(of([change])) == {"risk.config": "medium", "risk.connector": "high"}
	gone := with_components(delete("v1 ConfigMap", {}), ["connectors"])
	tiers(of([gone])) == {"risk.workload-deletion": "high", "risk.connector": "high"}
}

test_what_holds_the_settings_of_a_connector_is_one if {
	every kind in [
		"bitnami.com/v1alpha1 SealedSecret",
		"external-secrets.io/v1 ExternalSecret",
		"v1 ConfigMap",
		"v1 Secret",
	] {
		every change in [create(kind, {}), update(kind, [changed("/other", "a", "b")]), delete(kind, {})] {
			tiers(of([with_components(change, ["connectors"])]))["risk.connector"] == "high"
		}
		labels := update(kind, [changed("/metadata/labels/x", "a", "b")])
		tiers(of([with_components(labels, ["connectors"])])) == {"risk.metadata-only": "low"}
	}
	every change in [create("v1 Service", {}), update("v1 Service", [changed("/other", "a", "b")])] {
		not tiers(of([with_components(change, ["connectors"])]))["risk.connector"]
	}
}

test_operators_are_critical if {
	given := of([update("apps/v1 Deployment", [changed("/spec/replicas", 2, 3)])])
	every repository in [
		"reg/traefik",
		"quay.io/jetstack/cert-manager-webhook",
		"quay.io/jetstack/cert-manager-cainjector",
		"ghcr.io/kyverno/background-controller",
		"ghcr.io/kyverno/cleanup-controller",
		"ghcr.io/kyverno/reports-controller",
		"ghcr.io/cloudnative-pg/plugin-barman-cloud",
		"ghcr.io/zalando/postgres-operator",
		"docker.io/percona/percona-postgresql-operator",
		"quay.io/opstree/redis-operator",
		"ghcr.io/external-secrets/external-secrets",
		"quay.io/jetstack/cert-manager-controller",
		"ghcr.io/cloudnative-pg/cloudnative-pg",
		"openpolicyagent/gatekeeper",
		"registry.k8s.io/ingress-nginx/controller",
		"ghcr.io/k8up-io/k8up",
		"ghcr.io/kyverno/kyverno",
		"docker.io/bitnami/sealed-secrets-controller",
		"velero/velero",
	] {
		operator := w([container(versioned(repository, "3.1.0", [3, 1, 0]))])
		tiers(with_workloads(given, [operator], [operator])) == {"risk.replicas": "medium", "risk.operator": "critical"}
	}
}

test_labels_of_an_operator_are_only_labels if {
	operator := w([container(versioned("reg/traefik", "3.1.0", [3, 1, 0]))])
	labels := of([update("apps/v1 Deployment", [changed("/metadata/labels/x", "a", "b")])])
	tiers(with_workloads(labels, [operator], [operator])) == {"risk.metadata-only": "low"}
	other := w([container(versioned("traefik/whoami", "1.10.0", [1, 10, 0]))])
	replicas := of([update("apps/v1 Deployment", [changed("/spec/replicas", 2, 3)])])
	tiers(with_workloads(replicas, [other], [other])) == {"risk.replicas": "medium"}
}

medium_change := update("v1 Service", [changed("/spec/ports/0/port", 80, 81)])

test_more_environments_or_tenants_than_allowed_raise_by_one if {
	second := {"range": {"environments": [
		{"name": "prod", "stage": "production"},
		{"name": "prod-us", "stage": "production"},
		{"name": "dev", "stage": "development"},
	]}}
	tiers(object.union(of([medium_change]), second)) == {"risk.service": "medium", "risk.many-environments": "high"}
	tenants := {"range": {"tenants": ["brand-a", "brand-b"]}}
	tiers(object.union(of([medium_change]), tenants)) == {"risk.service": "medium", "risk.many-tenants": "high"}
}

named_for(namespace, tenant) := {"metadata": {"name": namespace, "labels": {"tidegate.dev/tenant": tenant}}}

test_tenants_stand_on_namespaces_too if {
	spaces := {"Namespace": [named_for("shop", "brand-b"), named_for("other", "brand-c")]}
	tiers(with_inventory(of([medium_change]), spaces)) == {"risk.service": "medium", "risk.many-tenants": "high"}
	elsewhere := {"Namespace": [named_for("other", "brand-c")]}
	tiers(with_inventory(of([medium_change]), elsewhere)) == {"risk.service": "medium"}
	every_one := create("scheduling.k8s.io/v1 PriorityClass", {})
	tiers(with_inventory(of([every_one]), elsewhere)) == {"risk.quota": "high", "risk.many-tenants": "critical"}
}

declaring(words, more) := object.union_n([
	of([medium_change]),
	{"source": {"commits": [{"trailers": {"tidegate-risk": words}}]}},
	more,
])

test_a_declared_tier_is_taken_where_it_is_higher if {
	tiers(declaring([" High"], {})) == {"risk.service": "medium", "risk.declared": "high"}
	tiers(declaring(["low", "medium"], {})) == {"risk.service": "medium"}
	tiers(declaring(["enormous"], {})) == {"risk.service": "medium"}
}

test_other_trailers_declare_nothing if {
	every key, expected in {
		"tidegate-risk": {"risk.service": "medium", "risk.declared": "high"},
		"Tidegate-Risk": {"risk.service": "medium", "risk.declared": "high"},
		"tidegate-risks": {"risk.service": "medium"},
		"signed-off-by": {"risk.service": "medium"},
	} {
		tiers(object.union(of([medium_change]), {"source": {"commits": [{"trailers": {key: ["high"]}}]}})) == expected
	}
}

test_what_is_declared_is_told_of_the_change_that_was_highest if {
	labels := update("v1 Service", [changed("/metadata/labels/x", "a", "b")])
	given := object.union(of([labels, medium_change]), {"source": {"commits": [{"trailers": {"tidegate-risk": ["high"]}}]}})
	found := change_set.reasons with input as given
	{reason | some reason in found; reason.code == "risk.declared"} == {{
		"code": "risk.declared",
		"tier": "high",
		"change": 1,
		"pointer": "",
		"text": "the commits declare this tier",
	}}
}

declared_findings(words) := declared_against(words, "medium", [{"tier": "medium", "text": "a port"}])

declared_against(words, tier, reasons) := {finding.message | some finding in found} if {
	found := change_set.deny with input as declaring(words, {"risk": {"tier": tier, "reasons": [
	object.union({"code": "risk.service", "change": 0, "pointer": "/spec/ports/0/port"}, reason) |
		some reason in reasons
	]}})
	every finding in found {
		finding.code == "risk.declared-too-low"
	}
}

test_a_declared_tier_below_the_computed_one_is_denied if {
	declared_findings(["low"]) == {"`Tidegate-Risk` says \"low\", but this change is medium: a port"}
	declared_findings(["low", "medium"]) == set()
	declared_findings([" LOW ", "low"]) == {"`Tidegate-Risk` says \"LOW\", but this change is medium: a port"}
	declared_findings(["Enormous"]) == {"`Tidegate-Risk` says \"Enormous\", which is no tier"}
	declared_findings(["enormous"]) == {"`Tidegate-Risk` says \"enormous\", which is no tier"}
	declared_findings([]) == set()
}

test_the_highest_declared_tier_is_held_against_what_makes_the_change_risky if {
	reasons := [{"tier": "medium", "text": "a port"}, {"tier": "high", "text": "b secret"}]
	declared_against(["low", "medium"], "high", reasons) == {"`Tidegate-Risk` says \"medium\", but this change is high: b secret"}
}

test_what_a_cluster_shares_reaches_all_its_tenants if {
	definition := update("apiextensions.k8s.io/v1 CustomResourceDefinition", [added("/spec/names/categories", [])])
	shared := {"environment": {"tenants": ["brand-a", "brand-b"]}}
	tiers(object.union(of([definition]), shared)) == {"risk.crd": "high", "risk.many-tenants": "critical"}
	tiers(object.union(of([medium_change]), shared)) == {"risk.service": "medium"}
	labels := update("rbac.authorization.k8s.io/v1 ClusterRole", [changed("/metadata/labels/note", "a", "b")])
	tiers(object.union(of([labels]), shared)) == {"risk.metadata-only": "low"}
	traefik := w([container(versioned("reg/traefik", "3.1.0", [3, 1, 0]))])
	replicas := of([update("apps/v1 Deployment", [changed("/spec/replicas", 2, 3)])])
	tiers(object.union(with_workloads(replicas, [traefik], [traefik]), shared))["risk.many-tenants"] == "critical"
	one_more := {"environment": {"tenants": ["brand-b"]}}
	tiers(object.union(of([definition]), one_more)) == {"risk.crd": "high", "risk.many-tenants": "critical"}
}

test_each_kind_that_a_cluster_shares_reaches_all_its_tenants if {
	shared := {"environment": {"tenants": ["brand-a", "brand-b"]}}
	every kind in [
		"admissionregistration.k8s.io/v1 MutatingWebhookConfiguration",
		"admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy",
		"admissionregistration.k8s.io/v1 ValidatingAdmissionPolicyBinding",
		"admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration",
		"cert-manager.io/v1 ClusterIssuer",
		"cilium.io/v2 CiliumClusterwideNetworkPolicy",
		"external-secrets.io/v1 ClusterExternalSecret",
		"external-secrets.io/v1 ClusterSecretStore",
		"external-secrets.io/v1alpha1 ClusterPushSecret",
		"gateway.networking.k8s.io/v1 GatewayClass",
		"kyverno.io/v1 ClusterPolicy",
		"networking.k8s.io/v1 IngressClass",
		"postgresql.cnpg.io/v1 ClusterImageCatalog",
		"rbac.authorization.k8s.io/v1 ClusterRole",
		"rbac.authorization.k8s.io/v1 ClusterRoleBinding",
		"scheduling.k8s.io/v1 PriorityClass",
	] {
		tiers(object.union(of([create(kind, {})]), shared))["risk.many-tenants"] == "critical"
	}
}

test_many_components_raise_unless_low if {
	apart := [with_components(medium_change, [name]) | some name in ["ui", "backup", "cache"]]
	tiers(of(apart)) == {"risk.service": "medium", "risk.many-components": "high"}
	labels := update("v1 Service", [changed("/metadata/labels/x", "a", "b")])
	tiers(of([with_components(labels, [name]) | some name in ["ui", "backup", "cache"]])) == {"risk.metadata-only": "low"}
}

test_names_that_the_same_objects_carry_are_one_component if {
	three := ["ui", "backup", "cache"]
	tiers(of([with_components(medium_change, three)])) == {"risk.service": "medium"}
	two := [with_components(medium_change, three), with_components(medium_change, ["ui"])]
	tiers(of(two)) == {"risk.service": "medium"}
}

test_components_that_change_at_once_are_named_each_by_all_its_names if {
	apart := [["ui", "theme"], ["backup"], ["cache"]]
	found := change_set.reasons with input as of([with_components(medium_change, names) | some names in apart])
	{reason.text | some reason in found; reason.code == "risk.many-components"} == {"3 components change at once: backup, cache, theme/ui"}
}

test_application_and_database_in_one_step_raise if {
	old := versioned("reg/odoo", "17.0.1", [17, 0, 1])
	app := update("apps/v1 Deployment", [changed("/spec/template/spec/containers/0/image", "a", "b")])
	database := update("postgresql.cnpg.io/v1 Cluster", [changed("/spec/postgresql/parameters/work_mem", "a", "b")])
	given := with_workloads(
		of([app, database]),
		[w([container(old)])],
		[w([container(versioned("reg/odoo", "17.0.2", [17, 0, 2]))])],
	)
	tiers(given) == {"risk.image-tag": "medium", "risk.pg-parameter": "medium", "risk.app-and-database": "high"}
	labels := update("postgresql.cnpg.io/v1 Cluster", [changed("/metadata/labels/x", "a", "b")])
	tiers(object.union(given, {"changes": [app, labels]})) == {"risk.image-tag": "medium", "risk.metadata-only": "low"}
}

test_too_many_objects_raise_and_never_past_critical if {
	tiers(of([medium_change, medium_change, medium_change, medium_change])) == {
		"risk.service": "medium",
		"risk.unsized": "high",
	}
	gate := update("tidegate.dev/v1 GateFile", [changed("/digest", "a", "b")])
	tiers(of([gate, gate, gate, gate])) == {"risk.gate": "critical", "risk.unsized": "critical"}
}

test_a_raised_reason_names_the_change_that_was_highest if {
	labels := update("v1 Service", [changed("/metadata/labels/x", "a", "b")])
	found := change_set.reasons with input as of([labels, labels, labels, medium_change])
	{reason | some reason in found; reason.code == "risk.unsized"} == {{
		"code": "risk.unsized",
		"tier": "high",
		"change": 3,
		"pointer": "",
		"text": "4 objects change at once, 3 can be overseen",
	}}
}

lower_rule(condition) := {"settings": {"lower": [{"when": condition, "owner": "shop team", "because": "tried often"}]}}

test_a_rule_lowers_by_one_and_is_shown if {
	given := object.union(of([medium_change]), lower_rule({"kinds": ["Service"]}))
	tiers(given) == {"risk.service": "low"}
	shown := change_set.warn with input as given
	shown == {{
		"code": "risk.lowered-by-rule",
		"message": "risk.service counts as low instead of medium; shop team decided: tried often",
		"object": medium_change.object,
		"field": "/spec/ports/0/port",
		"remediation": "remove the rule from `risk.lower` when it is no longer right",
		"setting": "/settings/lower/0",
	}}
}

test_a_rule_lowers_what_it_names_and_nothing_beside_it if {
	styled := with_components(update("v1 ConfigMap", [changed("/data/odoo.conf", "a", "b")]), ["ui"])
	every condition, expected in {
		{"kinds": ["Service"]}: {"risk.service": "low", "risk.config": "medium"},
		{"kinds": ["ConfigMap"]}: {"risk.service": "medium", "risk.config": "low"},
		{"kinds": ["Service", "ConfigMap"]}: {"risk.service": "low", "risk.config": "low"},
		{"components": ["ui"]}: {"risk.service": "medium", "risk.config": "low"},
		{"components": ["*"]}: {"risk.service": "low", "risk.config": "low"},
		{"components": ["payments"]}: {"risk.service": "medium", "risk.config": "medium"},
		{"labels": {"calm": "yes"}}: {"risk.service": "medium", "risk.config": "medium"},
	} {
		tiers(object.union(of([medium_change, styled]), lower_rule(condition))) == expected
	}
}

test_no_rule_lowers_what_deletes_data_or_moves_the_gate if {
	every kind, expected in {
		"tidegate.dev/v1 GateFile": {"risk.gate": "critical"},
		"v1 PersistentVolumeClaim": {"risk.data-deletion": "critical"},
		"v1 Namespace": {"risk.namespace-deletion": "critical"},
		"velero.io/v1 Schedule": {"risk.backup": "critical"},
	} {
		given := object.union(
			of([delete(kind, {})]),
			lower_rule({"kinds": ["PersistentVolumeClaim", "GateFile.tidegate.dev", "Namespace", "Schedule.velero.io"]}),
		)
		tiers(given) == expected
		shown := change_set.warn with input as given
		shown == set()
	}
}

test_a_rule_lowers_by_one_whatever_the_tier if {
	every kind, row in {
		"v1 Service": ["Service", {"risk.workload-created": "low"}],
		"v1 Secret": ["Secret", {"risk.secret": "medium"}],
		"rbac.authorization.k8s.io/v1 ClusterRole": ["ClusterRole.rbac.authorization.k8s.io", {"risk.rbac": "high"}],
		"grafana.integreatly.org/v1beta1 GrafanaDashboard": ["GrafanaDashboard.grafana.integreatly.org", {"risk.dashboard": "low"}],
	} {
		[name, expected] := row
		tiers(object.union(of([create(kind, {})]), lower_rule({"kinds": [name]}))) == expected
	}
}

test_conditions_must_all_hold if {
	payments := with_components(medium_change, ["ui"])
	both := {"kinds": ["Service"], "components": ["ui"]}
	tiers(object.union(of([payments]), lower_rule(both))) == {"risk.service": "low"}
	tiers(object.union(of([medium_change]), lower_rule(both))) == {"risk.service": "medium"}
}

test_a_change_cannot_lower_itself_by_a_label_it_brings if {
	labels := {"metadata": {"labels": {"calm": "yes"}}}
	rule := lower_rule({"labels": {"calm": "yes"}})
	brought := object.union(medium_change, {"new": labels})
	tiers(object.union(of([brought]), rule)) == {"risk.service": "medium"}
	tiers(object.union(of([object.union(brought, {"old": labels})]), rule)) == {"risk.service": "low"}
	tiers(object.union(of([object.union(medium_change, {"old": labels})]), rule)) == {"risk.service": "medium"}
	tiers(object.union(of([create("v1 Service", labels)]), rule)) == {"risk.workload-created": "medium"}
	tiers(object.union(of([delete("v1 Service", labels)]), rule)) == {"risk.workload-deletion": "medium"}
}

test_a_rule_raises_by_a_label_on_either_side if {
	rule := {"settings": {"raise": [{"when": {"labels": {"hot": "yes"}}, "to": "critical", "because": "it is hot"}]}}
	every side in ["old", "new"] {
		hot := object.union(medium_change, {side: {"metadata": {"labels": {"hot": "yes"}}}})
		tiers(object.union(of([hot]), rule)) == {"risk.service": "medium", "risk.raised-by-rule": "critical"}
	}
	tiers(object.union(of([medium_change]), rule)) == {"risk.service": "medium"}
	hot := object.union(medium_change, {"new": {"metadata": {"labels": {"hot": "yes"}}}})
	found := change_set.reasons with input as object.union(of([medium_change, hot]), rule)
	{reason | some reason in found; reason.code == "risk.raised-by-rule"} == {{
		"code": "risk.raised-by-rule",
		"tier": "critical",
		"change": 1,
		"pointer": "",
		"text": "odoo: it is hot",
	}}
}

judged(tier, most, unit) := object.union(of([medium_change]), {
	"environment": {"maxTier": most},
	"unit": {"kind": unit},
	"risk": {"tier": tier, "reasons": [
		{"code": "risk.config", "tier": "medium", "change": 0, "pointer": "/data/y", "text": "a"},
		{"code": "risk.secret", "tier": "high", "change": 0, "pointer": "/data/x", "text": "b"},
	]},
})

scripted(changes, scripts, odoo) := object.union(of(changes), {"facts": {"migrations": {"value": {
	"scripts": scripts,
	"odoo": odoo,
}}}})

file(class) := {"id": "migrations/V2__it.sql", "class": class}

test_a_script_in_a_file_is_as_risky_as_its_class if {
	every class, tier in {
		"additive": "medium",
		"care": "medium",
		"data": "high",
		"unknown": "critical",
		"destructive": "critical",
		"irreversible": "critical",
	} {
		found := change_set.reasons with input as scripted([], [file(class), file("none")], [])
		found == {{
			"code": "risk.migration",
			"tier": tier,
			"text": sprintf("migrations/V2__it.sql %s", [change_set.script_weights[class].text]),
		}}
	}
	tiers(scripted([], [file("none")], [])) == {}
}

test_a_script_in_an_object_is_a_reason_of_its_change if {
	change := update("v1 ConfigMap", [changed("/data/a.sql", "x", "y")])
	script := object.union(file("data"), {"object": change.object, "field": "/data/a.sql"})
	found := change_set.reasons with input as scripted([medium_change, change], [script], [])
	{[reason.tier, reason.change, reason.pointer] |
		some reason in found
		reason.code == "risk.migration"
	} == {["high", 1, "/data/a.sql"]}
}

test_the_riskiest_script_speaks_for_the_others if {
	tiers(scripted([], [file("additive"), file("destructive"), file("data")], [])) == {"risk.migration": "critical"}
}

test_a_module_of_odoo_is_as_risky_as_its_step if {
	every step, expected in {
		"new": {"risk.odoo-modules": "high"},
		"removed": {"risk.odoo-modules": "high"},
		"same": {},
		"up": {"risk.odoo-modules": "high"},
		"down": {"risk.odoo-modules": "high"},
		"series": {"risk.migration": "critical"},
		"unknown": {"risk.migration": "critical"},
	} {
		tiers(scripted([], [], [{"module": "sale", "step": step}])) == expected
	}
	module := {"module": "sale", "step": "up", "from": "17.0.1.0", "to": "17.0.2.0"}
	found := change_set.reasons with input as scripted([], [], [module])
	{reason.text | some reason in found} == {"the module sale gets another version (17.0.1.0 to 17.0.2.0)"}
}

test_no_rule_lowers_a_script if {
	change := update("v1 ConfigMap", [changed("/data/a.sql", "x", "y")])
	script := object.union(file("data"), {"object": change.object, "field": "/data/a.sql"})
	doc := object.union(scripted([change], [script], []), lower_rule({"kinds": ["ConfigMap"]}))
	tiers(doc) == {"risk.config": "low", "risk.migration": "high"}
}

test_what_adds_up_names_no_change_where_a_script_has_the_highest_tier if {
	changes := [object.union(medium_change, {"components": [name]}) | some name in ["a", "b", "c"]]
	found := change_set.reasons with input as scripted(changes, [file("data")], [])
	{reason | some reason in found; reason.tier == "critical"} == {{
		"code": "risk.many-components",
		"tier": "critical",
		"text": "3 components change at once: a, b, c",
	}}
}

test_a_script_above_the_environment_is_denied_without_an_object if {
	doc := object.union(judged("critical", "medium", "Paths"), {"risk": {"reasons": [{
		"code": "risk.migration",
		"tier": "critical",
		"pointer": "",
		"text": "V2 takes away",
	}]}})
	found := change_set.deny with input as doc
	{[finding.message, object.get(finding, "object", null)] | some finding in found} == {["this change is critical, but \"prod\" takes at most medium: V2 takes away (risk.migration)", null]}
}

test_a_tier_above_the_environment_is_denied_with_its_reason if {
	found := change_set.deny with input as judged("high", "medium", "Paths")
	found == {{
		"code": "risk.above-max-tier",
		"message": "this change is high, but \"prod\" takes at most medium: b (risk.secret)",
		"object": medium_change.object,
		"field": "/data/x",
		"remediation": "split off the risky part, or have `max-tier` raised by those who own the environment; a revert of what was signed and may not be deployed any more is accepted with `tidegate baseline`",
		"setting": "/environment/maxTier",
	}}
}

test_a_tier_that_the_environment_takes_passes if {
	found := change_set.deny with input as judged("high", "high", "Paths")
	found == set()
}

test_the_gate_is_never_held_by_a_tier if {
	found := change_set.deny with input as judged("high", "low", "Gate")
	found == set()
}
