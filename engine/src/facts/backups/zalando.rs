//! Backups of Zalando's clusters: base backups with their log by WAL-G, and dumps.
//! Knows the operator by its configuration object only; what it is told otherwise is unknown.

use serde_json::Value;

use super::archiving::unarchived;
use super::cadence::Fields;
use super::cover::{Address, Consistency, Cover, Found, Recipe, Retention, Told};
use super::near::{Near, is_on, text};
use super::stateful::Stateful;
use crate::facts::pods;
use crate::model::ObjectRef;

/// What backs up `stateful`, where it is one of Zalando's.
pub(super) fn find(stateful: &Stateful<'_>, near: &Near<'_>, found: &mut Found) {
    if stateful.reference.group() != "acid.zalan.do" {
        return;
    }
    let operator = near.all("OperatorConfiguration.acid.zalan.do").next();
    physical(stateful, operator, near, found);
    if is_on(stateful.object, "/spec/enableLogicalBackup") {
        logical(stateful, operator, near, found);
    }
}

fn physical(stateful: &Stateful<'_>, operator: Option<&Value>, near: &Near<'_>, found: &mut Found) {
    let own = &stateful.reference;
    if let Some(why) = unarchived(stateful.object, ("spec.postgresql.parameters", SENDER)) {
        return found.miss(own.clone(), why);
    }
    let Some((store, bucket, parts)) = store(stateful, operator, found) else {
        return;
    };
    let written = variable(stateful.object, "BACKUP_SCHEDULE").unwrap_or("00 01 * * *");
    let cadence = match near.cadence(written, Fields::Five) {
        Ok(cadence) => cadence,
        Err(why) => {
            return found.miss(
                own.clone(),
                format!("has the schedule `{written}`, which {why}"),
            );
        }
    };
    let count = variable(stateful.object, "BACKUP_NUM_TO_RETAIN").unwrap_or("5");
    let seconds = count.parse::<i64>().ok();
    let seconds = seconds.and_then(|count| count.checked_mul(cadence.gap_seconds));
    found.covers.push(Cover {
        method: "wal-g",
        part: None,
        by: own.clone(),
        parts,
        cadence,
        pitr: true,
        consistency: Consistency::Native,
        retention: seconds.map_or(Retention::Unknown, Retention::Seconds),
        target: Some(format!("{}://{bucket}/{}", store.scheme, own.name)),
        encrypted: Told::Unknown,
        offsite: match variable(stateful.object, "AWS_ENDPOINT") {
            endpoint @ Some(_) => super::cover::offsite(endpoint),
            // An endpoint may be told to all clusters.
            None if store.scheme == "s3" => Told::Unknown,
            None => Told::Yes,
        },
        address: address_of(stateful.object),
        recipe: Recipe::new(),
        immutable_days: None,
        upkeep: Vec::new(),
        dies_by: None,
        credentials: Vec::new(),
    });
}

/// The store of a cluster, what it is called, and what beside the cluster says so; or notes why there is none.
fn store<'a>(
    stateful: &Stateful<'a>,
    operator: Option<&'a Value>,
    found: &mut Found,
) -> Option<(&'static Store, &'a str, Vec<ObjectRef>)> {
    let own = &stateful.reference;
    let told = STORES
        .iter()
        .find_map(|store| Some((store, variable(stateful.object, store.variable)?)));
    match told {
        Some((_, "")) => {
            found.miss(own.clone(), "has its store set to nothing in `spec.env`");
            None
        }
        Some((store, bucket)) => Some((store, bucket, Vec::new())),
        None => {
            let by_operator =
                |store: &'static Store| Some((store, text(operator?, store.pointer)?));
            let Some((store, bucket)) = STORES.iter().find_map(by_operator) else {
                untold(own, operator, found);
                return None;
            };
            let parts = operator.map(pods::reference).into_iter().collect();
            Some((store, bucket, parts))
        }
    }
}

/// What the cluster says itself of where its store is.
fn address_of(cluster: &Value) -> Address {
    let said = ADDRESS.iter();
    let said = said.filter_map(|name| Some((*name, variable(cluster, name)?.to_owned())));
    said.collect()
}

/// The operator may tell its clusters of a store by a `ConfigMap` or a Secret, or is not configured here at all.
fn untold(own: &ObjectRef, operator: Option<&Value>, found: &mut Found) {
    let others = ["configmap", "secret"].map(|kind| {
        let pointer = format!("/configuration/kubernetes/pod_environment_{kind}");
        operator.and_then(|it| text(it, &pointer)).is_some()
    });
    match operator {
        None => found.unknown.push(
            "the operator's configuration, which may name a store for every cluster, is not here"
                .to_owned(),
        ),
        Some(it) if others.contains(&true) => found.unknown.push(format!(
            "{} gives every cluster variables that are not read here",
            pods::reference(it)
        )),
        Some(_) => found.miss(own.clone(), "has no store, and its operator names none"),
    }
}

fn logical(stateful: &Stateful<'_>, operator: Option<&Value>, near: &Near<'_>, found: &mut Found) {
    let own = &stateful.reference;
    let by_operator = |field: &str| {
        text(
            operator?,
            &format!("/configuration/logical_backup/logical_backup_{field}"),
        )
    };
    let written = text(stateful.object, "/spec/logicalBackupSchedule");
    let written = written
        .or_else(|| by_operator("schedule"))
        .unwrap_or("30 00 * * *");
    match near.cadence(written, Fields::Five) {
        Ok(cadence) => found.covers.push(Cover {
            method: "logical-backup",
            part: None,
            by: own.clone(),
            parts: operator.map(pods::reference).into_iter().collect(),
            cadence,
            pitr: false,
            consistency: Consistency::Native,
            retention: Retention::Unknown,
            target: by_operator("s3_bucket").map(|bucket| format!("s3://{bucket}")),
            encrypted: Told::Unknown,
            offsite: Told::Unknown,
            address: Address::new(),
            recipe: Recipe::new(),
            immutable_days: None,
            upkeep: Vec::new(),
            dies_by: None,
            credentials: Vec::new(),
        }),
        Err(why) => found.miss(
            own.clone(),
            format!("has the schedule `{written}`, which {why}"),
        ),
    }
}

/// A variable that the cluster gives its pods; nothing where it is not written as text.
fn variable<'a>(cluster: &'a Value, name: &str) -> Option<&'a str> {
    let env = cluster.pointer("/spec/env").and_then(Value::as_array);
    let mut env = env.into_iter().flatten();
    let variable = env.find(|it| text(it, "/name") == Some(name))?;
    variable.get("value")?.as_str()
}

/// What WAL-G and WAL-E call it.
const SENDER: &str = "wal-g wal-push";

/// A kind of store.
struct Store {
    variable: &'static str,
    pointer: &'static str,
    scheme: &'static str,
}

/// The variables by which a store is another one.
const ADDRESS: [&str; 8] = [
    "AWS_ENDPOINT",
    "AWS_REGION",
    "WALE_S3_PREFIX",
    "WALG_AZ_PREFIX",
    "WALG_GS_PREFIX",
    "WALG_S3_PREFIX",
    "WAL_BUCKET_SCOPE_PREFIX",
    "WAL_BUCKET_SCOPE_SUFFIX",
];

const STORES: [Store; 3] = [
    Store {
        variable: "WAL_S3_BUCKET",
        pointer: "/configuration/aws_or_gcp/wal_s3_bucket",
        scheme: "s3",
    },
    Store {
        variable: "WAL_GS_BUCKET",
        pointer: "/configuration/aws_or_gcp/wal_gs_bucket",
        scheme: "gs",
    },
    Store {
        variable: "AZURE_STORAGE_ACCOUNT",
        pointer: "/configuration/aws_or_gcp/wal_az_storage_account",
        scheme: "azure",
    },
];
