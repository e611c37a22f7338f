//! Snapshots and Backups as the types of K8up 2.12 document them.

use serde_json::{Value, json};

use crate::facts::evidence::Tool;
use crate::facts::evidence::tools::testing::{asked, in_short, said};

const OBJECT: &str = "shop/PersistentVolumeClaim/filestore";
const NOW: &str = "2026-11-27T12:00:00Z";

fn snapshot(path: &str, date: &str) -> Value {
    json!({"apiVersion": "k8up.io/v1", "kind": "Snapshot",
        "metadata": {"name": "c3244607", "namespace": "shop"},
        "spec": {"id": "c3244607dcca", "date": date, "paths": [path], "repository": "s3:https://s3.example/k8up"}})
}

fn backup(kind: &str, status: &str, reason: &str) -> Value {
    json!({"apiVersion": "k8up.io/v1", "kind": "Backup", "metadata": {"name": "schedule-x1", "namespace": "shop"},
        "status": {"started": true, "conditions": [{"type": kind, "status": status, "reason": reason,
            "message": "the job failed", "lastTransitionTime": "2026-11-27T03:00:00Z"}]}})
}

fn read(object: &str, items: &[Value], selected: &[(&str, &str)]) -> String {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": items});
    in_short(&said(Tool::K8up, &list, asked(object, NOW, selected)))
}

#[test]
fn snapshots_of_the_documented_types_count_by_the_path_of_the_claim() {
    let own = snapshot("/data/filestore", "2026-11-27T02:00:00Z");
    assert_eq!(
        read(OBJECT, std::slice::from_ref(&own), &[]),
        "c3244607dcca of 1"
    );
    for other in [
        snapshot("/data/filestore-2", "2026-11-27T02:00:00Z"),
        snapshot("/data", "2026-11-27T02:00:00Z"),
        {
            let mut elsewhere = own.clone();
            elsewhere["metadata"]["namespace"] = json!("other");
            elsewhere
        },
    ] {
        assert_eq!(read(OBJECT, &[other], &[]), "none of 0");
    }
    let future = snapshot("/data/filestore", "2099-01-01T00:00:00Z");
    assert!(read(OBJECT, &[future], &[]).starts_with("evidence.future: "));
}

#[test]
fn what_a_command_writes_is_kept_under_a_name_that_is_said() {
    let object = "shop/StatefulSet.apps/odoo-db";
    let dump = [snapshot("/shop-postgres.sql", "2026-11-27T02:00:00Z")];
    assert!(read(object, &dump, &[]).starts_with("evidence.nothing: "));
    let selected = [("path", "/shop-postgres.sql")];
    assert_eq!(read(object, &dump, &selected), "c3244607dcca of 1");
}

#[test]
fn a_backup_that_failed_in_the_namespace_is_told() {
    let failed = "none of 0; schedule-x1 failed: the job failed";
    for (kind, status, reason, expected) in [
        ("Completed", "True", "Failed", failed),
        ("Completed", "True", "Succeeded", "none of 0"),
        ("Completed", "False", "Failed", "none of 0"),
        ("PreBackupPodReady", "False", "Failed", failed),
        ("PreBackupPodReady", "False", "Waiting", "none of 0"),
        ("Progressing", "True", "Started", "none of 0"),
    ] {
        let said = read(OBJECT, &[backup(kind, status, reason)], &[]);
        assert_eq!(said, expected, "{kind} {status} {reason}");
    }
}
