//! Backups as the types of Velero 1.16 document them.

use serde_json::{Value, json};

use crate::facts::evidence::Tool;
use crate::facts::evidence::tools::testing::{asked, in_short, said};

const OBJECT: &str = "shop/PersistentVolumeClaim/filestore";
const NOW: &str = "2026-11-27T12:00:00Z";

fn backup(name: &str) -> Value {
    json!({"metadata": {"name": name, "namespace": "velero", "creationTimestamp": "2026-11-27T02:00:00Z",
            "labels": {"velero.io/schedule-name": "daily"}},
        "spec": {"includedNamespaces": ["shop"]},
        "status": {"phase": "Completed", "startTimestamp": "2026-11-27T02:00:05Z",
            "completionTimestamp": "2026-11-27T02:09:00Z", "expiration": "2026-12-27T02:00:05Z"}})
}

fn list(items: &[Value]) -> Value {
    json!({"apiVersion": "velero.io/v1", "kind": "BackupList", "metadata": {}, "items": items})
}

fn read(items: &[Value], selected: &[(&str, &str)]) -> String {
    in_short(&said(
        Tool::Velero,
        &list(items),
        asked(OBJECT, NOW, selected),
    ))
}

#[test]
fn backups_of_the_documented_types_are_read_as_a_list_or_alone() {
    assert_eq!(read(&[backup("daily-1")], &[]), "daily-1 of 1");
    let mut alone = backup("daily-1");
    alone["apiVersion"] = json!("velero.io/v1");
    alone["kind"] = json!("Backup");
    let said = said(Tool::Velero, &alone, asked(OBJECT, NOW, &[]));
    let run = said.unwrap().last_success.unwrap();
    assert_eq!(
        run.started_at,
        Some("2026-11-27T02:00:05Z".parse().unwrap())
    );
    assert_eq!(run.finished_at, "2026-11-27T02:09:00Z".parse().unwrap());
}

#[test]
fn only_what_is_complete_and_still_there_counts() {
    for (place, value, expected) in [
        (
            "/status/phase",
            json!("PartiallyFailed"),
            "none of 0; daily-1 failed: its phase is PartiallyFailed",
        ),
        (
            "/status/phase",
            json!("FinalizingPartiallyFailed"),
            "none of 0; daily-1 failed: its phase is FinalizingPartiallyFailed",
        ),
        (
            "/status/phase",
            json!("Failed"),
            "none of 0; daily-1 failed: its phase is Failed",
        ),
        (
            "/status/phase",
            json!("Perfect"),
            "none of 0; daily-1 failed: its phase is Perfect",
        ),
        ("/status/phase", json!("InProgress"), "none of 0"),
        ("/status/phase", json!("Finalizing"), "none of 0"),
        ("/status/phase", json!("Deleting"), "none of 0"),
        (
            "/status/expiration",
            json!("2026-11-27T12:00:00Z"),
            "none of 0; daily-1 failed: it has expired",
        ),
        (
            "/status/expiration",
            json!("2026-11-27T12:00:01Z"),
            "daily-1 of 1",
        ),
        (
            "/status/completionTimestamp",
            json!(null),
            "evidence.shape: what Velero says has another shape: `/items/0/status` does not say `completionTimestamp` of what is completed",
        ),
        (
            "/status/completionTimestamp",
            json!("2099-01-01T00:00:00Z"),
            "evidence.future: backup `daily-1` is 2099-01-01T00:00:00Z, and now is 2026-11-27T12:00:00Z",
        ),
    ] {
        let mut one = backup("daily-1");
        *one.pointer_mut(place).unwrap() = value.clone();
        assert_eq!(read(&[one], &[]), expected, "{place} {value}");
    }
}

#[test]
fn only_what_takes_the_namespace_in_counts() {
    let nothing = "evidence.nothing: Velero says nothing of `shop/PersistentVolumeClaim/filestore`";
    for (spec, expected) in [
        (json!({}), "daily-1 of 1"),
        (json!({"includedNamespaces": ["*"]}), "daily-1 of 1"),
        (json!({"includedNamespaces": ["other"]}), nothing),
        (json!({"excludedNamespaces": ["shop"]}), nothing),
        (
            json!({"includedNamespaces": ["shop"], "excludedNamespaces": ["shop"]}),
            nothing,
        ),
    ] {
        let mut one = backup("daily-1");
        one["spec"] = spec.clone();
        assert_eq!(read(&[one], &[]), expected, "{spec}");
    }
}

#[test]
fn of_several_schedules_one_is_chosen() {
    let mut other = backup("weekly-1");
    other["metadata"]["labels"]["velero.io/schedule-name"] = json!("weekly");
    let both = [backup("daily-1"), other];
    assert_eq!(
        read(&both, &[]),
        "evidence.several: Velero speaks of several: daily, weekly"
    );
    assert_eq!(read(&both, &[("schedule", "weekly")]), "weekly-1 of 1");
    let nothing = "evidence.nothing: Velero says nothing of `shop/PersistentVolumeClaim/filestore`";
    assert_eq!(read(&both, &[("schedule", "hourly")]), nothing);
}
