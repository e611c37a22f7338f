//! Coverage of small environments, and what holds of all of them.

mod buckets;
mod operated;

use std::sync::Arc;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::facts::pods::reference;
use crate::model::Part;

pub(super) fn around(objects: &[Value]) -> Neighbours {
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

pub(super) fn named(kind: &str, namespace: &str, name: &str, more: Value) -> Value {
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
    let spec = json!({"accessModes": ["ReadWriteOnce"]});
    let mut claim = named("PersistentVolumeClaim", "shop", name, spec);
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

/// What goes with the one object among these that holds data.
fn gone_with(object: Value, beside: &[Value]) -> Option<String> {
    let states = found(&[&[object][..], beside].concat());
    states.into_values().next().unwrap().fate
}

#[test]
fn the_claims_that_go_with_an_object_are_named() {
    let class = |policy: &str| {
        let mut class = named("StorageClass.storage.k8s.io", "", "fast", json!({}));
        class["metadata"]
            .as_object_mut()
            .unwrap()
            .remove("namespace");
        class["reclaimPolicy"] = json!(policy);
        class
    };
    let mut claim = claim("files", &json!({}));
    claim["spec"]["storageClassName"] = json!("fast");
    let (stay, go) = (
        "its claims `files` are deleted with it, and their volumes stay (`Retain`)",
        "its claims `files` are deleted with it, and their volumes too (`Delete`)",
    );
    assert_eq!(
        gone_with(claim.clone(), &[class("Retain")]).as_deref(),
        Some(stay)
    );
    assert_eq!(
        gone_with(claim.clone(), &[class("Delete")]).as_deref(),
        Some(go)
    );
    let untold = "its claims `files` are deleted with it, and their volumes too unless their class says `Retain`";
    assert_eq!(gone_with(claim, &[]).as_deref(), Some(untold));
}

#[test]
fn claims_go_by_the_kind_of_their_object_and_by_what_it_says() {
    let set = |said: Value| {
        let mut spec =
            json!({"volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {}}]});
        spec["persistentVolumeClaimRetentionPolicy"] = said;
        named("StatefulSet.apps", "shop", "q", spec)
    };
    assert_eq!(gone_with(set(Value::Null), &[]), None);
    assert_eq!(gone_with(set(json!({"whenScaled": "Delete"})), &[]), None);
    let kept = |kind: &str, spec: Value| gone_with(named(kind, "shop", "q", spec), &[]).is_none();
    let volume = json!({"volumeClaimTemplate": {}, "keepAfterDelete": true});
    for (kind, spec, stays) in [
        (
            "Redis.redis.redis.opstreelabs.in",
            json!({"storage": volume}),
            true,
        ),
        (
            "Redis.redis.redis.opstreelabs.in",
            json!({"storage": {"volumeClaimTemplate": {}}}),
            false,
        ),
        (
            "Kafka.kafka.strimzi.io",
            json!({"kafka": {"storage": {"size": "1Gi"}}}),
            true,
        ),
        (
            "Kafka.kafka.strimzi.io",
            json!({"kafka": {"storage": {"size": "1Gi", "deleteClaim": true}}}),
            false,
        ),
        ("RabbitmqCluster.rabbitmq.com", json!({}), false),
        ("postgresql.acid.zalan.do", json!({}), false),
    ] {
        assert_eq!(kept(kind, spec.clone()), stays, "{kind} {spec}");
    }
    let whole = gone_with(set(json!({"whenDeleted": "Delete"})), &[]);
    assert!(
        whole
            .unwrap()
            .starts_with("its claims `data-q-N` are deleted with it")
    );
}

fn bucket(name: &str, more: Value) -> Value {
    let mut bucket = named("Bucket.s3.aws.upbound.io", "", name, more);
    bucket["metadata"] = json!({"name": name, "labels": {"app": "a"}});
    bucket
}

fn of_some(values: Vec<Value>) -> impl Strategy<Value = Value> + Clone {
    proptest::sample::select(values)
}

/// What some object says, where its kind has such a field.
#[derive(Clone, Debug)]
struct Said {
    index: usize,
    namespace: &'static str,
    one: Value,
    other: Value,
    schedule: &'static str,
    namespaces: Value,
    selector: Value,
    path: &'static str,
}

/// Something that backs up, is meant to, or says where to.
fn backing() -> impl Strategy<Value = Value> {
    let switch = of_some(vec![json!(true), json!(false), Value::Null]);
    let schedules = vec!["0 0 2 * * *", "0 3 * * *", "@hourly", "0 3 * * 0", "never"];
    let words = (
        proptest::sample::select(vec!["shop", "velero"]),
        proptest::sample::select(schedules),
        proptest::sample::select(vec!["s3://away", "s3://near"]),
    );
    let namespaces = of_some(vec![Value::Null, json!(["shop"]), json!(["other"])]);
    let selector = of_some(vec![Value::Null, json!({"matchLabels": {"app": "a"}})]);
    let filters = (namespaces, selector);
    let parts = (0..3_usize, words, switch.clone(), switch, filters);
    (proptest::sample::select(MADE.to_vec()), parts).prop_map(|(made, parts)| {
        let (index, (namespace, schedule, path), one, other, (namespaces, selector)) = parts;
        made(&Said {
            index,
            namespace,
            one,
            other,
            schedule,
            namespaces,
            selector,
            path,
        })
    })
}

type Make = fn(&Said) -> Value;

const MADE: [Make; 9] = [
    versioning,
    bucket_replication,
    scheduled_backup,
    velero,
    location,
    object_store,
    k8up,
    snapshots,
    replication,
];

/// For a bucket beside it, or not; at work or not.
fn versioning(said: &Said) -> Value {
    let mut it = of_bucket("BucketVersioning", said);
    it["spec"]["forProvider"]["versioningConfiguration"] = json!({"status": "Enabled"});
    it
}

fn bucket_replication(said: &Said) -> Value {
    let mut it = of_bucket("BucketReplicationConfiguration", said);
    let rule = json!({"status": "Enabled", "destination": {"bucket": "arn:aws:s3:::copy"}});
    it["spec"]["forProvider"]["rule"] = json!([rule]);
    it
}

fn of_bucket(kind: &str, said: &Said) -> Value {
    let name = if said.one == json!(true) {
        "objects"
    } else {
        "others"
    };
    let policies = if said.other == json!(true) {
        json!(["Observe"])
    } else {
        json!(["*"])
    };
    let spec =
        json!({"managementPolicies": policies, "forProvider": {"bucketRef": {"name": name}}});
    let kind = format!("{kind}.s3.aws.upbound.io");
    named(&kind, "shop", &format!("b{}", said.index), spec)
}

fn scheduled_backup(said: &Said) -> Value {
    let plugin = json!({"name": "barman-cloud.cloudnative-pg.io"});
    let cluster = json!({"name": format!("db{}", said.index)});
    let spec = json!({"suspend": said.one, "schedule": said.schedule, "cluster": cluster,
        "method": "plugin", "pluginConfiguration": plugin});
    let name = format!("b{}", said.index);
    named("ScheduledBackup.postgresql.cnpg.io", "shop", &name, spec)
}

fn velero(said: &Said) -> Value {
    let template = json!({"snapshotVolumes": said.one, "snapshotMoveData": said.other, "ttl": "1000h",
        "includedNamespaces": said.namespaces, "labelSelector": said.selector});
    let spec = json!({"schedule": said.schedule, "template": template});
    named(
        "Schedule.velero.io",
        said.namespace,
        &format!("b{}", said.index),
        spec,
    )
}

fn location(said: &Said) -> Value {
    let mode = if said.one == json!(true) {
        "ReadOnly"
    } else {
        "ReadWrite"
    };
    let endpoint = if said.other == json!(true) {
        "http://minio.velero.svc"
    } else {
        ""
    };
    let spec = json!({"accessMode": mode, "config": {"s3Url": endpoint}});
    named(
        "BackupStorageLocation.velero.io",
        said.namespace,
        "default",
        spec,
    )
}

fn object_store(said: &Said) -> Value {
    let encryption = if said.one == json!(true) {
        json!({"encryption": "AES256"})
    } else {
        json!({})
    };
    let configuration =
        json!({"destinationPath": said.path, "data": encryption, "wal": encryption});
    let spec = json!({"configuration": configuration});
    named("ObjectStore.barmancloud.cnpg.io", "shop", "store", spec)
}

fn k8up(said: &Said) -> Value {
    let selectors = if said.selector.is_null() {
        Value::Null
    } else {
        json!([said.selector])
    };
    let spec = json!({"backup": {"schedule": said.schedule, "labelSelectors": selectors}});
    named(
        "Schedule.k8up.io",
        said.namespace,
        &format!("b{}", said.index),
        spec,
    )
}

fn snapshots(said: &Said) -> Value {
    let spec =
        json!({"disabled": said.one, "schedule": said.schedule, "claimSelector": said.selector});
    let name = format!("b{}", said.index);
    named(
        "SnapshotSchedule.snapscheduler.backube",
        "shop",
        &name,
        spec,
    )
}

fn replication(said: &Said) -> Value {
    let restic = json!({"repository": "r", "retain": {"daily": 40}});
    let spec = json!({"paused": said.one, "sourcePVC": "files", "restic": restic,
        "trigger": {"schedule": said.schedule}});
    let name = format!("b{}", said.index);
    named(
        "ReplicationSource.volsync.backube",
        said.namespace,
        &name,
        spec,
    )
}

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
            bucket("objects", json!({})),
        ]);
        let with = found(&objects);
        for index in 0..objects.len() - 5 {
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
