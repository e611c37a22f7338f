//! Versions of databases that differ in the numbers that decide, by tables.

use crate::facts::rollback::Kind;
use crate::facts::rollback::tests::kinds;

#[test]
fn operators_take_databases_to_other_versions() {
    for (kind, base, head, is_told) in OPERATORS {
        let spec = |text: &str| format!("spec: {{{text}}}");
        let found = kinds(kind, &spec(base), &spec(head));
        assert_eq!(
            found.contains(&Kind::DatabaseVersion),
            is_told,
            "{kind} {base} {head}"
        );
    }
}

#[test]
fn plain_images_take_databases_to_other_versions() {
    let set = |image: &str, mounts: &str| {
        format!(
            "spec:
  volumeClaimTemplates: [{{metadata: {{name: data}}}}]
  template:
    spec:
      containers: [{{name: db, image: '{image}', volumeMounts: [{{name: {mounts}, mountPath: /d}}]}}]
      volumes: [{{name: tmp, emptyDir: {{}}}}, {{name: files, persistentVolumeClaim: {{claimName: f}}}}]"
        )
    };
    let kind = "apps/v1/StatefulSet";
    for (base, head, is_told) in IMAGES {
        for volume in ["data", "files"] {
            let found = kinds(kind, &set(base, volume), &set(head, volume));
            assert_eq!(!found.is_empty(), is_told, "{base} {head}");
        }
        let found = kinds(kind, &set(base, "tmp"), &set(head, "tmp"));
        assert_eq!(found, [], "nothing is kept");
    }
}

/// Kind, before, after, whether that is another version.
const OPERATORS: [(&str, &str, &str, bool); 16] = [
    (
        CNPG,
        "imageName: 'p/postgresql:16.4'",
        "imageName: 'p/postgresql:17.0'",
        true,
    ),
    (
        CNPG,
        "imageName: 'p/postgresql:16.4'",
        "imageName: 'p/postgresql:16.5'",
        false,
    ),
    (
        CNPG,
        "imageName: 'p/postgresql:16.4'",
        "imageName: 'p/postgresql:latest'",
        true,
    ),
    (
        CNPG,
        "imageName: 'p/postgresql:16.4'",
        "imageCatalogRef: {major: 16}",
        false,
    ),
    (
        CNPG,
        "imageName: 'p/postgresql:16.4'",
        "imageCatalogRef: {major: 17}",
        true,
    ),
    (CNPG, "imageName: 'p/postgresql:16.4'", "instances: 1", true),
    (
        "acid.zalan.do/v1/postgresql",
        "postgresql: {version: '16'}",
        "postgresql: {version: '17'}",
        true,
    ),
    (
        "acid.zalan.do/v1/postgresql",
        "postgresql: {version: '9.6'}",
        "postgresql: {version: '9.5'}",
        true,
    ),
    (
        "postgres-operator.crunchydata.com/v1beta1/PostgresCluster",
        "postgresVersion: 16",
        "postgresVersion: 17",
        true,
    ),
    (
        "pgv2.percona.com/v2/PerconaPGCluster",
        "postgresVersion: 16",
        "postgresVersion: '16'",
        false,
    ),
    (
        "mysql.oracle.com/v2/InnoDBCluster",
        "version: 8.0.35",
        "version: 8.0.36",
        true,
    ),
    (
        "k8s.mariadb.com/v1alpha1/MariaDB",
        "image: 'mariadb:10.11.2'",
        "image: 'mariadb:10.11.4'",
        false,
    ),
    (
        "k8s.mariadb.com/v1alpha1/MariaDB",
        "image: 'mariadb:10.11.2'",
        "image: 'mariadb:11.4.2'",
        true,
    ),
    (
        "kafka.strimzi.io/v1beta2/Kafka",
        "kafka: {metadataVersion: 3.7-IV4}",
        "kafka: {metadataVersion: 3.8-IV0}",
        true,
    ),
    (
        "redis.redis.opstreelabs.in/v1beta2/Redis",
        "kubernetesConfig: {image: 'redis:6.2.1'}, storage: {}",
        "kubernetesConfig: {image: 'redis:7.0.1'}, storage: {}",
        true,
    ),
    (
        "redis.redis.opstreelabs.in/v1beta2/Redis",
        "kubernetesConfig: {image: 'redis:6.2.1'}",
        "kubernetesConfig: {image: 'redis:7.0.1'}",
        false,
    ),
];

const CNPG: &str = "postgresql.cnpg.io/v1/Cluster";

/// Before, after, whether that is another version.
const IMAGES: [(&str, &str, bool); 13] = [
    ("postgres:15.2", "postgres:16.1", true),
    ("postgres:16.1", "postgres:16.2-alpine", false),
    (
        "postgres:16.1",
        "registry.example/mirror/postgres:16.3",
        false,
    ),
    (
        "postgres:16.1",
        "postgres@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        true,
    ),
    (
        "timescale/timescaledb:2.14.2-pg16",
        "timescale/timescaledb:2.15.0-pg16",
        false,
    ),
    (
        "timescale/timescaledb:2.14.2-pg15",
        "timescale/timescaledb:2.14.2-pg16",
        true,
    ),
    ("pgvector/pgvector:pg16", "pgvector/pgvector:pg17", true),
    ("mysql:8.0.35", "mysql:8.0.36", true),
    ("mariadb:10.11.1", "mariadb:10.11.2", false),
    ("mysql:8.0.35", "mariadb:10.11.2", true),
    ("redis:7.0.1", "redis:7.0.2", false),
    ("redis:7.0.1", "redis:7.2.0", true),
    ("odoo:17.0", "odoo:18.0", false),
];
