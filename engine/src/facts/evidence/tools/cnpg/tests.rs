//! A Cluster with its Backups, as the types of `CloudNativePG` 1.26 and of its Barman plugin document them.

use serde_json::{Value, json};

use crate::facts::evidence::tools::testing::{asked, in_short, said};
use crate::facts::evidence::{Archiving, Backup, RunKind, Tool};

const OBJECT: &str = "shop/Cluster.postgresql.cnpg.io/odoo-db";
const NOW: &str = "2026-11-27T12:00:00Z";

fn read(value: &Value) -> Result<Backup, String> {
    said(Tool::Cnpg, value, asked(OBJECT, NOW, &[]))
}

fn backup(name: &str, of: &str, status: &Value) -> Value {
    json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Backup",
        "metadata": {"name": name, "namespace": "shop", "creationTimestamp": "2026-11-27T01:59:00Z"},
        "spec": {"cluster": {"name": of}}, "status": status})
}

fn cluster() -> Value {
    json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster",
        "metadata": {"name": "odoo-db", "namespace": "shop"},
        "spec": {"backup": {"barmanObjectStore": {"data": {"encryption": "AES256"}, "wal": {"encryption": "AES256"}}}},
        "status": {"systemID": "7422093476284612627", "pgDataImageInfo": {"majorVersion": 17},
            "conditions": [{"type": "ContinuousArchiving", "status": "True", "reason": "ContinuousArchivingSuccess"}]}})
}

fn list(items: &[Value]) -> Value {
    json!({"apiVersion": "v1", "kind": "List", "items": items, "metadata": {"resourceVersion": ""}})
}

fn completed(stopped: &str) -> Value {
    json!({"phase": "completed", "method": "barmanObjectStore", "majorVersion": 17,
        "startedAt": "2026-11-27T02:00:00Z", "stoppedAt": stopped})
}

#[test]
fn a_cluster_of_the_documented_types_and_its_backups_are_read() {
    let items = [
        cluster(),
        backup(
            "daily-1",
            "odoo-db",
            &completed("2026-11-27T02:03:00+00:00"),
        ),
        backup(
            "daily-2",
            "odoo-db",
            &json!({"phase": "running", "startedAt": "2026-11-27T11:59:00Z"}),
        ),
        backup("of-another", "other", &completed("2026-11-27T11:00:00Z")),
    ];
    let backup = read(&list(&items)).unwrap();
    assert_eq!(in_short(&Ok(backup.clone())), "daily-1 of 1");
    let run = backup.last_success.unwrap();
    assert_eq!(run.finished_at, "2026-11-27T02:03:00Z".parse().unwrap());
    assert_eq!((run.kind, run.bytes), (RunKind::Full, None));
    assert_eq!(backup.system_id.as_deref(), Some("7422093476284612627"));
    assert_eq!(backup.version.as_deref(), Some("17"));
    assert_eq!(backup.encrypted, Some(true));
    assert_eq!(backup.archive.unwrap().state, Some(Archiving::Running));
}

#[test]
fn what_did_not_complete_is_told_with_its_error() {
    let failed = |phase: &str| {
        let status = json!({"phase": phase, "error": "no space\u{1b} left", "startedAt": "2026-11-27T03:00:00Z"});
        let items = [
            cluster(),
            backup("good", "odoo-db", &completed("2026-11-27T02:03:00Z")),
            backup("bad", "odoo-db", &status),
        ];
        in_short(&read(&list(&items)))
    };
    for phase in [
        "failed",
        "walArchivingFailing",
        "invalid backup definition",
        "new word",
    ] {
        assert_eq!(
            failed(phase),
            "good of 1; bad failed: no space  left",
            "{phase}"
        );
    }
    for phase in ["pending", "started", "running", "finalizing"] {
        assert_eq!(failed(phase), "good of 1", "{phase}");
    }
    let mut old = completed("2026-11-27T02:03:00Z");
    old["majorVersion"] = json!(16);
    let mut upgraded = cluster();
    upgraded["status"]["lastSuccessfulBackup"] = json!("2026-11-27T02:03:01Z");
    let items = [upgraded, backup("old", "odoo-db", &old)];
    let expected = "none of 0; old failed: it is of PostgreSQL 16, and 17 runs";
    assert_eq!(in_short(&read(&list(&items))), expected);
    let mut open = completed("2026-11-27T02:03:00Z");
    open.as_object_mut().unwrap().remove("stoppedAt");
    let items = [cluster(), backup("open", "odoo-db", &open)];
    let error = in_short(&read(&list(&items)));
    assert!(
        error.starts_with("evidence.shape: ") && error.contains("`/items/1/status`"),
        "{error}"
    );
}

#[test]
fn what_the_operator_sums_up_counts_where_the_backup_is_gone() {
    let mut one = cluster();
    one["status"]["lastSuccessfulBackup"] = json!("2026-11-27T02:03:00Z");
    one["status"]["lastFailedBackup"] = json!("2026-11-26T02:00:00Z");
    one["status"]["firstRecoverabilityPoint"] = json!("2026-11-01T02:03:00Z");
    let said = read(&one);
    assert_eq!(
        in_short(&said),
        "lastSuccessfulBackup of 1; lastFailedBackup failed: the operator says that it failed"
    );
    let first = "2026-11-01T02:03:00Z".parse().unwrap();
    assert_eq!(said.unwrap().first_recoverable, Some(first));
}

#[test]
fn the_plugin_keeps_its_times_with_the_object_store() {
    let store = |server: &str| {
        json!({"apiVersion": "barmancloud.cnpg.io/v1", "kind": "ObjectStore",
            "metadata": {"name": "minio", "namespace": "shop"},
            "status": {"serverRecoveryWindow": {server: {
                "firstRecoverabilityPoint": "2026-11-01T02:03:00Z",
                "lastSuccessfulBackupTime": "2026-11-27T02:03:00Z"}}}})
    };
    let with = |parameters: Value, store: Value| {
        let mut one = cluster();
        one["spec"]["plugins"] =
            json!([{"name": "barman-cloud.cloudnative-pg.io", "parameters": parameters}]);
        in_short(&read(&list(&[one, store])))
    };
    let found = "lastSuccessfulBackupTime of 1";
    assert_eq!(
        with(json!({"barmanObjectName": "minio"}), store("odoo-db")),
        found
    );
    assert_eq!(
        with(
            json!({"barmanObjectName": "minio", "serverName": "v2"}),
            store("v2")
        ),
        found
    );
    for (parameters, server) in [
        (
            json!({"barmanObjectName": "minio", "serverName": "v2"}),
            "odoo-db",
        ),
        (json!({"barmanObjectName": "other"}), "odoo-db"),
        (json!({}), "odoo-db"),
    ] {
        assert_eq!(with(parameters, store(server)), "none of 0");
    }
}

#[test]
fn archiving_that_does_not_go_on_is_told() {
    for (place, value, expected) in [
        (
            "/status/conditions/0/status",
            json!("False"),
            Some(Archiving::Failing),
        ),
        (
            "/status/conditions/0/status",
            json!("Unknown"),
            Some(Archiving::Failing),
        ),
        ("/status/conditions/0/type", json!("Ready"), None),
        (
            "/metadata",
            json!({"name": "odoo-db", "namespace": "shop", "annotations": {"cnpg.io/skipWalArchiving": "enabled"}}),
            Some(Archiving::Failing),
        ),
    ] {
        let mut one = cluster();
        *one.pointer_mut(place).unwrap() = value;
        assert_eq!(
            read(&one).unwrap().archive.unwrap().state,
            expected,
            "{place}"
        );
    }
}

#[test]
fn another_cluster_says_nothing_of_this_one() {
    for (place, value) in [
        ("/metadata/name", json!("other")),
        ("/metadata/namespace", json!("other")),
        ("/apiVersion", json!("example.org/v1")),
        ("/kind", json!("Backup")),
    ] {
        let mut one = cluster();
        *one.pointer_mut(place).unwrap() = value;
        let error = in_short(&read(&one));
        assert!(error.starts_with("evidence.nothing: "), "{place}: {error}");
    }
}
