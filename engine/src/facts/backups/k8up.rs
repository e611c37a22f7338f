//! Schedules of K8up: which claims of their namespace they take in.
//! Knows no operator: what one is started with may leave out more.

use std::collections::BTreeSet;

use serde_json::Value;

use super::cadence::Fields;
use super::cover::{
    Address, Consistency, Cover, Found, No, Recipe, Retention, Told, address, kept, offsite,
};
use super::credentials;
use super::near::{Near, left_out, text};
use super::stateful::{Claim, Stateful};
use crate::facts::pods;
use crate::facts::selector::selects;
use crate::model::ObjectRef;

/// The schedules that take `stateful` in.
pub(super) fn find(stateful: &Stateful<'_>, near: &Near<'_>, found: &mut Found) {
    for schedule in near.all("Schedule.k8up.io") {
        let by = pods::reference(schedule);
        let taken = take(stateful, (schedule, &by), near);
        found.take(by, taken);
    }
}

fn take(
    stateful: &Stateful<'_>,
    (schedule, by): (&Value, &ObjectRef),
    near: &Near<'_>,
) -> Result<Cover, No> {
    if by.namespace != stateful.reference.namespace {
        let place = by.namespace.as_deref().unwrap_or("no namespace");
        return Err(format!("takes claims of `{place}` only, where it lies itself").into());
    }
    if let Some(why) = left_out(schedule) {
        return Err(why.into());
    }
    let written = text(schedule, "/spec/backup/schedule");
    let written = written.ok_or("has no `spec.backup.schedule`")?;
    let selectors = schedule.pointer("/spec/backup/labelSelectors");
    for claim in &stateful.claims {
        takes(selectors, claim)?;
    }
    let cadence = near.cadence(written, Fields::Five);
    let cadence = cadence.map_err(|why| format!("has the schedule `{written}`, which {why}"))?;
    let pods = stateful.claims.iter().flat_map(|claim| &claim.pods);
    let dumps = |it: &super::near::Pod| it.annotations.contains_key("k8up.io/backupcommand");
    let is_dumped = pods.clone().next().is_some() && pods.clone().all(dumps);
    let store = backend(schedule);
    let mut parts = vec![stateful.reference.clone()];
    parts.extend(pods.map(|pod| pod.workload.clone()));
    parts.sort();
    parts.dedup();
    Ok(Cover {
        method: "k8up",
        part: None,
        by: by.clone(),
        parts,
        pitr: false,
        consistency: match is_dumped {
            true => Consistency::Quiesced,
            false => Consistency::Crash,
        },
        retention: match schedule.pointer("/spec/prune/schedule") {
            None => Retention::Unlimited,
            // Told nothing, restic forgets nothing.
            Some(_) => kept(schedule.pointer("/spec/prune/retention"), "keep", &cadence)
                .unwrap_or(Retention::Unlimited),
        },
        cadence,
        target: store.target,
        address: store.address,
        encrypted: Told::Yes,
        offsite: store.offsite,
        recipe: Recipe::new(),
        immutable_days: None,
        upkeep: upkeep(schedule),
        dies_by: None,
        credentials: secrets(schedule, &by.namespace),
    })
}

/// The Secrets that open its store, wherever it names them.
fn secrets(schedule: &Value, namespace: &Option<String>) -> Vec<ObjectRef> {
    let named = BACKENDS.iter().flat_map(|backend| {
        let backend = schedule.pointer(backend);
        credentials::named(backend, namespace)
    });
    let named: BTreeSet<ObjectRef> = named.collect();
    named.into_iter().collect()
}

/// What K8up does by schedule beside the backup.
fn upkeep(schedule: &Value) -> Vec<&'static str> {
    let is_done = |it: &&str| text(schedule, &format!("/spec/{it}/schedule")).is_some();
    ["check", "prune"].into_iter().filter(is_done).collect()
}

fn takes(selectors: Option<&Value>, claim: &Claim) -> Result<(), No> {
    let name = &claim.name;
    let said = claim.annotations.get("k8up.io/backup").map(String::as_str);
    if said == Some("false") {
        return Err(
            format!("leaves out `{name}`, which is annotated `k8up.io/backup: \"false\"`").into(),
        );
    }
    let is_plain = |mode: &String| ["ReadWriteOnce", "ReadWriteMany"].contains(&mode.as_str());
    let is_left_out = claim.is_told && !claim.modes.iter().any(is_plain);
    if is_left_out && said != Some("true") {
        return Err(format!(
            "leaves out `{name}`, whose access modes are neither ReadWriteOnce nor ReadWriteMany"
        )
        .into());
    }
    let Some(selectors) = selectors.and_then(Value::as_array) else {
        return Ok(());
    };
    if !claim.is_told {
        return Err(No::Untold(format!(
            "selects by labels, and those of `{name}` are what an operator gives it"
        )));
    }
    let mut selectors = selectors.iter();
    match selectors.any(|selector| selects(Some(selector), &claim.labels)) {
        true => Ok(()),
        false => Err(format!("does not select the labels of `{name}`").into()),
    }
}

/// Where restic keeps it. Without a backend it is where the operator is told.
struct Backend {
    target: Option<String>,
    address: Address,
    offsite: Told,
}

fn backend(schedule: &Value) -> Backend {
    let (target, offsite) = store(schedule);
    let addresses = ADDRESS.iter().filter_map(|(name, field)| {
        let said = BACKENDS.iter().filter_map(|backend| {
            let found = address(schedule, &[(*name, &format!("{backend}/{field}"))]);
            found.into_iter().next()
        });
        said.into_iter().next()
    });
    Backend {
        target,
        address: addresses.collect(),
        offsite,
    }
}

/// What a job says itself comes before what is said for all of them, store by store.
fn store(schedule: &Value) -> (Option<String>, Told) {
    let told = BACKENDS.iter().filter_map(|backend| {
        let own = schedule.pointer(backend)?;
        let both = |pointer: &str| {
            let mut sides = BACKENDS.iter();
            sides.find_map(|side| text(schedule, &format!("{side}/{pointer}")))
        };
        store_of(own, both)
    });
    told.into_iter().next().unwrap_or((None, Told::Unknown))
}

/// The store that a backend names, with what it leaves to the other.
fn store_of<'v>(
    own: &Value,
    both: impl Fn(&str) -> Option<&'v str>,
) -> Option<(Option<String>, Told)> {
    let has = |kind: &str| own.get(kind).is_some_and(|it| !it.is_null());
    if let Some(bucket) = both("s3/bucket").filter(|_| has("s3")) {
        return Some((Some(format!("s3://{bucket}")), offsite(both("s3/endpoint"))));
    }
    for (kind, field, scheme) in STORES {
        let name = both(&format!("{kind}/{field}"));
        if let Some(name) = name.filter(|_| has(kind)) {
            return Some((Some(format!("{scheme}://{name}")), Told::Yes));
        }
    }
    if let Some(url) = both("rest/url").filter(|_| has("rest")) {
        let shown = url.rsplit('@').next().unwrap_or_default();
        return Some((Some(shown.to_owned()), offsite(Some(url))));
    }
    has("local").then(|| (Some("local".to_owned()), Told::No))
}

/// What is said of backups alone, and what of all that a schedule does.
const BACKENDS: [&str; 2] = ["/spec/backup/backend", "/spec/backend"];

/// What says where a store is beside its name, and by what it is opened.
const ADDRESS: [(&str, &str); 7] = [
    ("accountName", "azure/accountNameSecretRef/name"),
    ("endpoint", "s3/endpoint"),
    ("mountPath", "local/mountPath"),
    ("password", "repoPasswordSecretRef/name"),
    ("passwordKey", "repoPasswordSecretRef/key"),
    ("path", "azure/path"),
    ("prefix", "b2/path"),
];

const STORES: [(&str, &str, &str); 4] = [
    ("gcs", "bucket", "gs"),
    ("azure", "container", "azure"),
    ("b2", "bucket", "b2"),
    ("swift", "container", "swift"),
];
