//! Backups by pgBackRest in the clusters of Crunchy and Percona: one for each repository.
//! Knows no other operator.

use serde_json::Value;

use super::archiving::unarchived;
use super::cadence::{Cadence, Fields};
use super::cover::{Address, Consistency, Cover, Found, Recipe, Retention, Told, address, offsite};
use super::credentials;
use super::near::{Near, is_on, said, text};
use super::stateful::Stateful;

/// What backs up `stateful`, where it is a cluster of either.
pub(super) fn find(stateful: &Stateful<'_>, near: &Near<'_>, found: &mut Found) {
    if !GROUPS.contains(&stateful.reference.group()) {
        return;
    }
    let (cluster, own) = (stateful.object, &stateful.reference);
    for (pointer, why) in [
        (
            "/spec/shutdown",
            "is shut down, and backs itself up no more",
        ),
        ("/spec/pause", "is paused, and backs itself up no more"),
        (
            "/spec/unmanaged",
            "is not managed, and backs itself up no more",
        ),
    ] {
        if is_on(cluster, pointer) {
            return found.miss(own.clone(), why);
        }
    }
    if said(cluster, "/spec/backups/enabled") == Some(false) {
        return found.miss(own.clone(), "has its own backups switched off");
    }
    let mut places = PARAMETERS.into_iter();
    if let Some(why) = places.find_map(|place| unarchived(cluster, (place, SENDER))) {
        return found.miss(own.clone(), why);
    }
    let repositories = cluster.pointer("/spec/backups/pgbackrest/repos");
    let repositories = repositories.and_then(Value::as_array).into_iter().flatten();
    let before = found.covers.len();
    for repository in repositories {
        let name = text(repository, "/name").unwrap_or_default();
        match take(stateful, (repository, name), near) {
            Ok(cover) => found.covers.push(cover),
            Err(why) => found.miss(own.clone(), format!("has repository `{name}`, which {why}")),
        }
    }
    if found.covers.len() == before && found.missed.is_empty() {
        found.miss(own.clone(), "has no `spec.backups.pgbackrest.repos`");
    }
}

fn take(
    stateful: &Stateful<'_>,
    (repository, name): (&Value, &str),
    near: &Near<'_>,
) -> Result<Cover, String> {
    let cadence = |kind: &str| -> Result<Option<Cadence>, String> {
        let Some(written) = text(repository, &format!("/schedules/{kind}")) else {
            return Ok(None);
        };
        let cadence = near.cadence(written, Fields::Five);
        let cadence = cadence.map_err(|why| format!("has the schedule `{written}`, which {why}"));
        cadence.map(Some)
    };
    let full = cadence("full")?.ok_or("has no schedule of full backups")?;
    let others = [cadence("differential")?, cadence("incremental")?];
    let often = others.into_iter().flatten().chain([full.clone()]);
    let often = often
        .min_by_key(|it| it.gap_seconds)
        .unwrap_or_else(|| full.clone());
    let global = |key: &str| {
        let key = format!("/spec/backups/pgbackrest/global/{name}-{key}");
        text(stateful.object, &key)
    };
    let (target, offsite) = place(repository);
    Ok(Cover {
        method: "pgbackrest",
        part: Some(name.to_owned()),
        by: stateful.reference.clone(),
        parts: Vec::new(),
        cadence: often,
        pitr: true,
        consistency: Consistency::Native,
        retention: retention(
            global("retention-full"),
            global("retention-full-type"),
            &full,
        ),
        target,
        encrypted: match global("cipher-type") {
            Some("none") => Told::No,
            Some(_) => Told::Yes,
            None => Told::Unknown,
        },
        offsite,
        address: address_of(stateful.object, repository, name),
        recipe: Recipe::new(),
        immutable_days: None,
        upkeep: Vec::new(),
        dies_by: None,
        credentials: credentials::named(
            stateful
                .object
                .pointer("/spec/backups/pgbackrest/configuration"),
            &stateful.reference.namespace,
        ),
    })
}

/// What says where a repository is beside its bucket. The operator gives `path` where nobody does.
fn address_of(cluster: &Value, repository: &Value, name: &str) -> Address {
    let said = [("endpoint", "/s3/endpoint"), ("region", "/s3/region")];
    let mut found = address(repository, &said);
    for key in ADDRESS {
        let pointer = format!("/spec/backups/pgbackrest/global/{name}-{key}");
        found.extend(address(cluster, &[(key, &pointer)]));
    }
    found
}

fn place(repository: &Value) -> (Option<String>, Told) {
    if let Some(bucket) = text(repository, "/s3/bucket") {
        let endpoint = text(repository, "/s3/endpoint");
        return (Some(format!("s3://{bucket}")), offsite(endpoint));
    }
    if let Some(bucket) = text(repository, "/gcs/bucket") {
        return (Some(format!("gs://{bucket}")), Told::Yes);
    }
    if let Some(container) = text(repository, "/azure/container") {
        return (Some(format!("azure://{container}")), Told::Yes);
    }
    let is_volume = repository.get("volume").is_some();
    (None, if is_volume { Told::No } else { Told::Unknown })
}

/// So many full backups, or days; without any, all are kept.
fn retention(count: Option<&str>, kind: Option<&str>, full: &Cadence) -> Retention {
    let Some(count) = count else {
        return Retention::Unlimited;
    };
    let each = if kind == Some("time") {
        86_400
    } else {
        full.gap_seconds
    };
    let seconds = count
        .parse::<i64>()
        .ok()
        .and_then(|count| count.checked_mul(each));
    seconds.map_or(Retention::Unknown, Retention::Seconds)
}

/// Where parameters of PostgreSQL are said. Releases of the operators differ in whether they let those of its log stand.
const PARAMETERS: [&str; 2] = [
    "spec.config.parameters",
    "spec.patroni.dynamicConfiguration.postgresql.parameters",
];

const SENDER: &str = "pgbackrest … archive-push";

/// The options of a repository by which it is another one.
const ADDRESS: [&str; 12] = [
    "azure-account",
    "azure-container",
    "azure-endpoint",
    "gcs-bucket",
    "gcs-endpoint",
    "host",
    "path",
    "s3-bucket",
    "s3-endpoint",
    "s3-region",
    "storage-host",
    "type",
];

const GROUPS: [&str; 2] = ["postgres-operator.crunchydata.com", "pgv2.percona.com"];
