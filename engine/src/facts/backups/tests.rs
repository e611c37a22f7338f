//! Coverage of small environments, and what holds of all of them.

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::facts::pods::reference;
use crate::model::Part;

fn around(objects: &[Value]) -> Neighbours {
    let mut around = Neighbours::of_kinds(kinds());
    for object in objects {
        around.insert_part(reference(object), Arc::new(Part::new(object.clone())));
    }
    around
}

fn rules() -> Rules {
    Rules::of_settings(&json!({
        "targets": {
            "database": {"rpo": "15m", "retention": "35d"},
            "other": {"rpo": "24h", "retention": "35d"},
        },
        "scratch": ["PersistentVolumeClaim/shop/tmp*"],
        "immutable-days": 14,
    }))
}

fn found(objects: &[Value]) -> BTreeMap<ObjectRef, State> {
    let now = "2026-11-20T10:30:00Z".parse().unwrap();
    states(&around(objects), &rules(), now)
}

fn named(kind: &str, namespace: &str, name: &str, more: Value) -> Value {
    let mut object = json!({"metadata": {"namespace": namespace, "name": name}});
    let (kind, version) = kind
        .split_once('.')
        .map_or((kind, "v1".to_owned()), |it| (it.0, format!("{}/v1", it.1)));
    object["kind"] = json!(kind);
    object["apiVersion"] = json!(version);
    object["spec"] = more;
    object
}

fn cluster(name: &str, archives: bool) -> Value {
    let plugin = json!({"name": "barman-cloud.cloudnative-pg.io", "isWALArchiver": archives,
        "parameters": {"barmanObjectName": "store"}});
    named(
        "Cluster.postgresql.cnpg.io",
        "shop",
        name,
        json!({"plugins": [plugin]}),
    )
}

fn claim(name: &str, labels: &Value) -> Value {
    let mut claim = named("PersistentVolumeClaim", "shop", name, json!({}));
    claim["metadata"]["labels"] = labels.clone();
    claim
}

#[test]
fn what_is_rendered_elsewhere_is_unknown_and_neither_covered_nor_not() {
    let objects = [claim("files", &json!({}))];
    let unseen = around(&objects).with_unseen(Some("unit `velero` is rendered".to_owned()));
    let now = "2026-11-20T10:30:00Z".parse().unwrap();
    let kinds = |states: BTreeMap<ObjectRef, State>| {
        let states = states.into_values();
        states
            .flat_map(|it| it.gaps)
            .map(|it| it.kind)
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds(states(&unseen, &rules(), now)), ["coverage-unknown"]);
    assert_eq!(kinds(found(&objects)), ["not-covered"]);
}

#[test]
fn the_best_backup_comes_first_and_what_was_looked_at_is_named() {
    let schedule = |name: &str, method: &str, cluster: &str| {
        named(
            "ScheduledBackup.postgresql.cnpg.io",
            "shop",
            name,
            json!({"schedule": "0 0 2 * * *", "method": method, "cluster": {"name": cluster},
                "pluginConfiguration": {"name": "barman-cloud.cloudnative-pg.io"}}),
        )
    };
    let store = named(
        "ObjectStore.barmancloud.cnpg.io",
        "shop",
        "store",
        json!({"configuration": {"destinationPath": "s3://away/"}}),
    );
    let mut db = cluster("db", true);
    db["spec"]["backup"] = json!({"volumeSnapshot": {"className": "fast"}});
    let velero = named(
        "Schedule.velero.io",
        "velero",
        "all",
        json!({"schedule": "0 3 * * *", "template": {"snapshotVolumes": true}}),
    );
    let location = named(
        "BackupStorageLocation.velero.io",
        "velero",
        "default",
        json!({}),
    );
    let objects = [
        db,
        store,
        velero,
        location,
        schedule("a", "volumeSnapshot", "db"),
        schedule("b", "plugin", "db"),
        schedule("c", "plugin", "other"),
    ];
    let states = found(&objects);
    let state = states.values().next().unwrap();
    let methods: Vec<&str> = state.coverage.iter().map(|it| it.method).collect();
    assert_eq!(methods, ["cnpg-plugin", "cnpg-snapshot", "velero-snapshot"]);
    assert_eq!(state.archive.as_deref(), Some("s3://away/db"));
    let missed: Vec<&str> = state.missed.iter().map(|it| it.why.as_str()).collect();
    assert_eq!(missed, ["is for cluster `other`"]);
}

#[test]
fn only_so_much_is_told_of_what_was_looked_at() {
    let paused = |index: usize| {
        let spec = json!({"schedule": "0 3 * * *", "paused": true, "template": {}});
        named(
            "Schedule.velero.io",
            "velero",
            &format!("s{index:02}"),
            spec,
        )
    };
    let mut objects: Vec<Value> = (0..20).map(paused).collect();
    objects.push(claim("files", &json!({})));
    let state = found(&objects).into_values().next().unwrap();
    assert_eq!((state.missed.len(), state.more_missed), (8, 12));
}

fn of_some(values: Vec<Value>) -> impl Strategy<Value = Value> + Clone {
    proptest::sample::select(values)
}

/// Something that backs up, is meant to, or says where to.
fn backing() -> impl Strategy<Value = Value> {
    let text = |all: &[&str]| of_some(all.iter().map(|it| json!(it)).collect());
    let places = (0..3_usize, text(&["shop", "velero"]));
    let switch = of_some(vec![json!(true), json!(false), Value::Null]);
    let schedules = text(&["0 0 2 * * *", "0 3 * * *", "@hourly", "0 3 * * 0", "never"]);
    let namespaces = of_some(vec![Value::Null, json!(["shop"]), json!(["other"])]);
    let selectors = of_some(vec![Value::Null, json!({"matchLabels": {"app": "a"}})]);
    let ttl = of_some(vec![Value::Null, json!("1000h")]);
    let path = text(&["s3://away", "s3://near"]);
    let switches = (switch.clone(), switch);
    let parts = (
        places, switches, schedules, namespaces, selectors, ttl, path,
    );
    (0..KINDS.len(), parts).prop_map(|(kind, parts)| {
        let (place, switches, schedule, namespaces, selector, ttl, path) = parts;
        let (index, namespace) = place;
        let namespace = namespace.as_str().unwrap_or_default();
        let is_set = switches.0 == json!(true);
        let drawn = Drawn {
            index,
            switches,
            schedule,
            namespaces,
            selector,
            ttl,
            path,
        };
        let kind = KINDS[kind];
        let name = match kind {
            "BackupStorageLocation.velero.io" => "default".to_owned(),
            "ObjectStore.barmancloud.cnpg.io" => "store".to_owned(),
            _ => format!("b{index}"),
        };
        let namespace = match kind {
            "Schedule.k8up.io" if is_set => "shop",
            _ if kind.ends_with("velero.io") || kind.contains("k8up") => namespace,
            "ReplicationSource.volsync.backube" => namespace,
            _ => "shop",
        };
        let spec = spec_of(kind, &drawn);
        named(kind, namespace, &name, spec)
    })
}

/// What a kind is made of.
struct Drawn {
    index: usize,
    switches: (Value, Value),
    schedule: Value,
    namespaces: Value,
    selector: Value,
    ttl: Value,
    path: Value,
}

fn spec_of(kind: &str, drawn: &Drawn) -> Value {
    let Drawn {
        index,
        switches: (one, other),
        schedule,
        namespaces,
        selector,
        ttl,
        path,
    } = drawn;
    let is_set = *one == json!(true);
    match kind {
        "ScheduledBackup.postgresql.cnpg.io" => {
            json!({"suspend": one, "schedule": schedule, "method": "plugin",
                    "cluster": {"name": format!("db{index}")},
                    "pluginConfiguration": {"name": "barman-cloud.cloudnative-pg.io"}})
        }
        "Schedule.velero.io" => json!({"schedule": schedule, "template": {
                "snapshotVolumes": one, "snapshotMoveData": other, "ttl": ttl,
                "includedNamespaces": namespaces, "labelSelector": selector}}),
        "BackupStorageLocation.velero.io" => {
            let is_near = *other == json!(true);
            json!({"accessMode": if is_set { "ReadOnly" } else { "ReadWrite" },
                    "config": {"s3Url": if is_near { "http://minio.velero.svc" } else { "" }}})
        }
        "Schedule.k8up.io" => {
            let selectors = if selector.is_null() {
                Value::Null
            } else {
                json!([selector])
            };
            json!({"backup": {"schedule": schedule, "labelSelectors": selectors}})
        }
        "SnapshotSchedule.snapscheduler.backube" => {
            json!({"disabled": one, "schedule": schedule, "claimSelector": selector})
        }
        "ReplicationSource.volsync.backube" => json!({"paused": one, "sourcePVC": "files",
                "restic": {"repository": "r", "retain": {"daily": 40}},
                "trigger": {"schedule": schedule}}),
        _ => {
            let encryption = if is_set {
                json!({"encryption": "AES256"})
            } else {
                json!({})
            };
            json!({"configuration":
                    {"destinationPath": path, "data": encryption, "wal": encryption}})
        }
    }
}

/// The kinds of which some are drawn.
const KINDS: [&str; 7] = [
    "ScheduledBackup.postgresql.cnpg.io",
    "Schedule.velero.io",
    "BackupStorageLocation.velero.io",
    "Schedule.k8up.io",
    "SnapshotSchedule.snapscheduler.backube",
    "ReplicationSource.volsync.backube",
    "ObjectStore.barmancloud.cnpg.io",
];

/// Whether a policy would deny it where all is asked for.
fn fails(state: &State) -> bool {
    let mut gaps = state.gaps.iter();
    gaps.any(|gap| !["not-immutable", "target-missing"].contains(&gap.kind))
}

proptest! {
    #[test]
    fn without_a_backup_object_nothing_passes_that_failed_with_it(
        backing in proptest::collection::vec(backing(), 1..8),
        archives in any::<bool>(),
        label in proptest::sample::select(vec!["a", "b"]),
    ) {
        let mut objects = backing;
        objects.extend([
            cluster("db0", archives),
            cluster("db1", true),
            claim("files", &json!({"app": label})),
            claim("tmp", &json!({})),
        ]);
        let with = found(&objects);
        for index in 0..objects.len() - 4 {
            let mut fewer = objects.clone();
            let gone = reference(&fewer.remove(index));
            if fewer.iter().any(|it| reference(it) == gone) {
                continue;
            }
            let without = found(&fewer);
            prop_assert_eq!(with.len(), without.len());
            for (object, state) in &with {
                let after = &without[object];
                prop_assert!(fails(after) || !fails(state), "{} without {}", object, gone);
                prop_assert!(after.coverage.len() <= state.coverage.len());
            }
        }
    }
}
