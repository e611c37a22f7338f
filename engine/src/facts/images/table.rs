//! Where operators' kinds name images, beside what has the shape of a pod in any kind. Data only.
//! `*` stands for every item of a list and every key of a mapping.

use crate::model::ObjectRef;

/// Where one kind names images.
#[derive(Clone, Copy, Debug)]
pub(super) struct Kind {
    group: &'static str,
    kinds: &'static [&'static str],
    /// Where an image stands.
    pub(super) images: &'static [&'static str],
    /// Where an image stands that may be named in parts.
    pub(super) parts: &'static [&'static str],
    /// Where `OpenShift` refers to something by `kind` and `name`, which may be an image.
    pub(super) references: &'static [&'static str],
}

/// The rows of an object's kind.
pub(super) fn of(object: &ObjectRef) -> impl Iterator<Item = &'static Kind> {
    let (group, kind) = (object.group().to_owned(), object.kind.clone());
    KINDS
        .iter()
        .filter(move |row| row.group == group && row.kinds.contains(&kind.as_str()))
}

/// Every group and kind that has rows.
pub(super) fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
    let rows = KINDS.iter();
    rows.flat_map(|row| row.kinds.iter().map(|kind| (row.group, *kind)))
}

const fn kind(
    group: &'static str,
    kinds: &'static [&'static str],
    images: &'static [&'static str],
) -> Kind {
    Kind {
        group,
        kinds,
        images,
        parts: &[],
        references: &[],
    }
}

impl Kind {
    const fn or_in_parts(self, parts: &'static [&'static str]) -> Self {
        Self { parts, ..self }
    }

    const fn or_referred_to(self, references: &'static [&'static str]) -> Self {
        Self { references, ..self }
    }
}

static KINDS: &[Kind] = &[
    // CloudNativePG
    kind(
        "postgresql.cnpg.io",
        &["Cluster"],
        &[
            "/spec/imageName",
            "/spec/postgresql/extensions/*/image/reference",
        ],
    ),
    kind(
        "postgresql.cnpg.io",
        &["ImageCatalog", "ClusterImageCatalog"],
        &["/spec/images/*/image"],
    ),
    // The operators of Zalando, Crunchy and Percona
    kind(
        "acid.zalan.do",
        &["postgresql"],
        &[
            "/spec/dockerImage",
            "/spec/sidecars/*/image",
            "/spec/connectionPooler/dockerImage",
        ],
    ),
    kind(
        "acid.zalan.do",
        &["OperatorConfiguration"],
        &[
            "/configuration/docker_image",
            "/configuration/sidecars/*/image",
            "/configuration/connection_pooler/connection_pooler_image",
            "/configuration/logical_backup/logical_backup_docker_image",
        ],
    ),
    kind(
        "postgres-operator.crunchydata.com",
        &["PostgresCluster"],
        &[
            "/spec/image",
            "/spec/backups/pgbackrest/image",
            "/spec/proxy/pgBouncer/image",
            "/spec/monitoring/pgmonitor/exporter/image",
            "/spec/userInterface/pgAdmin/image",
        ],
    ),
    kind(
        "postgres-operator.crunchydata.com",
        &["PGAdmin", "PGUpgrade"],
        &["/spec/image"],
    ),
    kind(
        "pgv2.percona.com",
        &["PerconaPGCluster"],
        &[
            "/spec/image",
            "/spec/initContainer/image",
            "/spec/pmm/image",
            "/spec/backups/pgbackrest/image",
            "/spec/proxy/pgBouncer/image",
            "/spec/proxy/pgBouncer/sidecars/*/image",
            "/spec/instances/*/sidecars/*/image",
        ],
    ),
    kind(
        "pxc.percona.com",
        &["PerconaXtraDBCluster"],
        &[
            "/spec/initContainer/image",
            "/spec/pxc/image",
            "/spec/pxc/sidecars/*/image",
            "/spec/haproxy/image",
            "/spec/proxysql/image",
            "/spec/backup/image",
            "/spec/logcollector/image",
            "/spec/pmm/image",
        ],
    ),
    kind(
        "psmdb.percona.com",
        &["PerconaServerMongoDB"],
        &[
            "/spec/image",
            "/spec/initImage",
            "/spec/backup/image",
            "/spec/pmm/image",
            "/spec/replsets/*/sidecars/*/image",
        ],
    ),
    kind(
        "ps.percona.com",
        &["PerconaServerMySQL"],
        &[
            "/spec/initContainer/image",
            "/spec/mysql/image",
            "/spec/mysql/sidecars/*/image",
            "/spec/proxy/haproxy/image",
            "/spec/proxy/router/image",
            "/spec/orchestrator/image",
            "/spec/backup/image",
            "/spec/toolkit/image",
            "/spec/pmm/image",
        ],
    ),
    kind(
        "k8s.mariadb.com",
        &["MariaDB"],
        &[
            "/spec/image",
            "/spec/metrics/exporter/image",
            "/spec/galera/agent/image",
            "/spec/galera/initContainer/image",
            "/spec/maxScale/image",
        ],
    ),
    kind("k8s.mariadb.com", &["MaxScale"], &["/spec/image"]),
    // Strimzi
    kind(
        "kafka.strimzi.io",
        &["Kafka"],
        &[
            "/spec/kafka/image",
            "/spec/zookeeper/image",
            "/spec/entityOperator/topicOperator/image",
            "/spec/entityOperator/userOperator/image",
            "/spec/cruiseControl/image",
            "/spec/kafkaExporter/image",
        ],
    ),
    kind(
        "kafka.strimzi.io",
        &["KafkaConnect"],
        &["/spec/image", "/spec/build/output/image"],
    ),
    kind(
        "kafka.strimzi.io",
        &["KafkaBridge", "KafkaMirrorMaker", "KafkaMirrorMaker2"],
        &["/spec/image"],
    ),
    // Argo
    kind(
        "argoproj.io",
        &["Workflow", "WorkflowTemplate", "ClusterWorkflowTemplate"],
        &[
            "/spec/templates/*/container/image",
            "/spec/templates/*/script/image",
            "/spec/templates/*/sidecars/*/image",
            "/spec/templates/*/steps/*/*/inline/container/image",
            "/spec/templates/*/steps/*/*/inline/script/image",
            "/spec/templates/*/dag/tasks/*/inline/container/image",
            "/spec/templates/*/dag/tasks/*/inline/script/image",
            "/spec/templateDefaults/container/image",
            "/spec/templateDefaults/script/image",
        ],
    ),
    kind(
        "argoproj.io",
        &["CronWorkflow"],
        &[
            "/spec/workflowSpec/templates/*/container/image",
            "/spec/workflowSpec/templates/*/script/image",
            "/spec/workflowSpec/templates/*/sidecars/*/image",
            "/spec/workflowSpec/templates/*/steps/*/*/inline/container/image",
            "/spec/workflowSpec/templates/*/steps/*/*/inline/script/image",
            "/spec/workflowSpec/templates/*/dag/tasks/*/inline/container/image",
            "/spec/workflowSpec/templates/*/dag/tasks/*/inline/script/image",
            "/spec/workflowSpec/templateDefaults/container/image",
            "/spec/workflowSpec/templateDefaults/script/image",
        ],
    ),
    // The operator of Prometheus
    kind(
        "monitoring.coreos.com",
        &[
            "Prometheus",
            "PrometheusAgent",
            "Alertmanager",
            "ThanosRuler",
        ],
        &["/spec/image", "/spec/thanos/image"],
    )
    .or_in_parts(&["/spec", "/spec/thanos"]),
    // OpenShift
    kind("build.openshift.io", &["BuildConfig", "Build"], &[]).or_referred_to(&[
        "/spec/strategy/dockerStrategy/from",
        "/spec/strategy/sourceStrategy/from",
        "/spec/strategy/customStrategy/from",
        "/spec/source/images/*/from",
        "/spec/triggers/*/imageChange/from",
    ]),
    kind("image.openshift.io", &["ImageStream"], &[]).or_referred_to(&["/spec/tags/*/from"]),
    // KubeVirt and what it imports
    kind(
        "kubevirt.io",
        &["VirtualMachine"],
        &[
            "/spec/template/spec/volumes/*/containerDisk/image",
            "/spec/template/spec/domain/firmware/kernelBoot/container/image",
            "/spec/dataVolumeTemplates/*/spec/source/registry/url",
        ],
    ),
    kind(
        "kubevirt.io",
        &["VirtualMachineInstance"],
        &[
            "/spec/volumes/*/containerDisk/image",
            "/spec/domain/firmware/kernelBoot/container/image",
        ],
    ),
    kind(
        "cdi.kubevirt.io",
        &["DataVolume", "VolumeImportSource"],
        &["/spec/source/registry/url"],
    ),
    kind(
        "cdi.kubevirt.io",
        &["DataImportCron"],
        &["/spec/template/spec/source/registry/url"],
    ),
    // Redis
    kind(
        "databases.spotahome.com",
        &["RedisFailover"],
        &[
            "/spec/redis/image",
            "/spec/redis/exporter/image",
            "/spec/redis/extraContainers/*/image",
            "/spec/sentinel/image",
            "/spec/sentinel/exporter/image",
            "/spec/sentinel/extraContainers/*/image",
        ],
    ),
    kind(
        "redis.redis.opstreelabs.in",
        &["Redis", "RedisCluster", "RedisReplication", "RedisSentinel"],
        &[
            "/spec/kubernetesConfig/image",
            "/spec/redisExporter/image",
            "/spec/initContainer/image",
            "/spec/sidecars/*/image",
        ],
    ),
    // Packages, which are images
    kind(
        "pkg.crossplane.io",
        &["Provider", "Configuration", "Function"],
        &["/spec/package"],
    ),
    kind(
        "pkg.crossplane.io",
        &[
            "ProviderRevision",
            "ConfigurationRevision",
            "FunctionRevision",
        ],
        &["/spec/image"],
    ),
    // Others
    kind(
        "tekton.dev",
        &["Task", "ClusterTask"],
        &[
            "/spec/steps/*/image",
            "/spec/sidecars/*/image",
            "/spec/stepTemplate/image",
        ],
    ),
    kind(
        "tekton.dev",
        &["TaskRun"],
        &[
            "/spec/taskSpec/steps/*/image",
            "/spec/taskSpec/sidecars/*/image",
            "/spec/taskSpec/stepTemplate/image",
        ],
    ),
    kind(
        "tekton.dev",
        &["Pipeline"],
        &[
            "/spec/tasks/*/taskSpec/steps/*/image",
            "/spec/tasks/*/taskSpec/sidecars/*/image",
            "/spec/finally/*/taskSpec/steps/*/image",
            "/spec/finally/*/taskSpec/sidecars/*/image",
        ],
    ),
    kind(
        "tekton.dev",
        &["PipelineRun"],
        &[
            "/spec/pipelineSpec/tasks/*/taskSpec/steps/*/image",
            "/spec/pipelineSpec/tasks/*/taskSpec/sidecars/*/image",
            "/spec/pipelineSpec/finally/*/taskSpec/steps/*/image",
            "/spec/pipelineSpec/finally/*/taskSpec/sidecars/*/image",
        ],
    ),
    kind("tekton.dev", &["StepAction"], &["/spec/image"]),
    kind(
        "elasticsearch.k8s.elastic.co",
        &["Elasticsearch"],
        &["/spec/image"],
    ),
    // k3s and RKE2: what runs Helm.
    kind("helm.cattle.io", &["HelmChart"], &["/spec/jobImage"]),
    kind("rabbitmq.com", &["RabbitmqCluster"], &["/spec/image"]),
    kind(
        "hyperspike.io",
        &["Valkey"],
        &["/spec/image", "/spec/exporterImage"],
    ),
    kind("minio.min.io", &["Tenant"], &["/spec/image"]),
    kind(
        "ceph.rook.io",
        &["CephCluster"],
        &["/spec/cephVersion/image"],
    ),
    // What is put into pods that ask for it
    kind("opentelemetry.io", &["Instrumentation"], &["/spec/*/image"]),
    kind(
        "opentelemetry.io",
        &["OpenTelemetryCollector"],
        &["/spec/image", "/spec/targetAllocator/image"],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_row_is_empty_and_every_place_is_a_pointer() {
        for row in KINDS {
            let places: Vec<&&str> = {
                let known = row.images.iter().chain(row.parts);
                known.chain(row.references).collect()
            };
            assert!(!places.is_empty() && !row.kinds.is_empty(), "{row:?}");
            for place in places {
                assert!(
                    place.starts_with('/') && !place.contains("//"),
                    "{}: {place}",
                    row.group
                );
            }
        }
    }
}
