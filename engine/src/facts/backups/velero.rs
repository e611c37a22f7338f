//! Schedules of Velero: which claims they take in, and how the data of these moves.
//! Knows no server: what one is started with may change all of it.

use serde_json::Value;

use super::SNAPSHOT_CLASS;
use super::cadence::{Cadence, Fields};
use super::cover::{
    Address, Consistency, Cover, Found, No, Recipe, Retention, Told, address, offsite,
};
use super::credentials;
use super::near::{Near, Pod, is_on, left_out, said, text};
use super::stateful::{Claim, Stateful};
use crate::calendar::cron::parse_length;
use crate::facts::images::Glob;
use crate::facts::pods;
use crate::facts::selector::{Labels, selects};
use crate::model::ObjectRef;

/// The schedules that take `stateful` in.
pub(super) fn find(stateful: &Stateful<'_>, near: &Near<'_>, found: &mut Found) {
    for schedule in near.all("Schedule.velero.io") {
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
    if is_on(schedule, "/spec/paused") {
        return Err("is paused".into());
    }
    if let Some(why) = left_out(schedule) {
        return Err(why.into());
    }
    let template = schedule.pointer("/spec/template").unwrap_or(&Value::Null);
    takes_namespace(template, stateful.reference.namespace.as_deref())?;
    takes_resources(template)?;
    let moves: Vec<Moves> = (stateful.claims.iter())
        .map(|claim| moved(template, claim, near))
        .collect::<Result<_, _>>()?;
    skips(template)?;
    let cadence = cadence(schedule, near)?;
    let leaves = moves.iter().all(|it| *it != Moves::Snapshot);
    let mut parts = vec![stateful.reference.clone()];
    let store = store(template, by, near, &mut parts)?;
    let pods = stateful.claims.iter().flat_map(|claim| &claim.pods);
    let pods: Vec<&Pod> = pods.collect();
    parts.extend(pods.iter().map(|pod| pod.workload.clone()));
    parts.sort();
    parts.dedup();
    let quiesced = !pods.is_empty() && pods.iter().all(|pod| is_quiesced(template, pod));
    let ttl = text(template, "/ttl").and_then(parse_length);
    Ok(Cover {
        method: match leaves {
            true => "velero",
            false => "velero-snapshot",
        },
        part: None,
        by: by.clone(),
        parts,
        cadence,
        pitr: false,
        consistency: match quiesced {
            true => Consistency::Quiesced,
            false => Consistency::Crash,
        },
        retention: Retention::Seconds(ttl.map_or(TTL, |ttl| ttl.as_secs())),
        // A snapshot lies beside its volume, whatever store its description goes to.
        target: leaves.then_some(store.target),
        encrypted: Told::Unknown,
        offsite: if leaves { store.offsite } else { Told::No },
        address: if leaves {
            store.address
        } else {
            Address::new()
        },
        recipe: Recipe::new(),
        immutable_days: None,
        upkeep: Vec::new(),
        dies_by: None,
        credentials: store.credentials,
    })
}

fn cadence(schedule: &Value, near: &Near<'_>) -> Result<Cadence, No> {
    let written = text(schedule, "/spec/schedule").unwrap_or_default();
    let cadence = near.cadence(written, Fields::Five);
    cadence.map_err(|why| format!("has the schedule `{written}`, which {why}").into())
}

fn takes_namespace(template: &Value, namespace: Option<&str>) -> Result<(), No> {
    let included = list(template, "/includedNamespaces");
    let excluded = list(template, "/excludedNamespaces");
    let Some(namespace) = namespace else {
        let takes_all = included.is_empty() || included.contains(&"*");
        return match takes_all && excluded.is_empty() {
            true => Ok(()),
            false => Err(No::Untold(
                "takes some namespaces only, and the manifest names none".to_owned(),
            )),
        };
    };
    let names = |list: &[&str]| list.iter().any(|glob| Glob::new(glob).fits(namespace));
    if names(&excluded) {
        return Err(format!("leaves out namespace `{namespace}`").into());
    }
    match included.is_empty() || names(&included) {
        true => Ok(()),
        false => Err(format!(
            "takes only {}, and not namespace `{namespace}`",
            quoted(&included)
        )
        .into()),
    }
}

/// Claims and volumes must both get through, by the old filters and by the new ones.
fn takes_resources(template: &Value) -> Result<(), No> {
    for (field, names, what) in [
        ("/includedResources", CLAIMS, "claims"),
        ("/includedResources", VOLUMES, "volumes"),
        ("/includedNamespaceScopedResources", CLAIMS, "claims"),
    ] {
        let included = list(template, field);
        if !included.is_empty() && !included.iter().any(|it| is_of(it, names)) {
            let field = field.trim_start_matches('/');
            return Err(format!("takes no {what}: `{field}` does not name them").into());
        }
    }
    for (field, names, what) in [
        ("/excludedResources", CLAIMS, "claims"),
        ("/excludedResources", VOLUMES, "volumes"),
        ("/excludedNamespaceScopedResources", CLAIMS, "claims"),
        ("/excludedClusterScopedResources", VOLUMES, "volumes"),
    ] {
        if list(template, field).iter().any(|it| is_of(it, names)) {
            let field = field.trim_start_matches('/');
            return Err(format!("leaves {what} out in `{field}`").into());
        }
    }
    match said(template, "/includeClusterResources") {
        Some(false) => Err("takes no volumes: `includeClusterResources` is false".into()),
        _ => Ok(()),
    }
}

/// How the data of a claim gets into a backup.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Moves {
    /// Files are read and sent to the store.
    Files,
    /// A snapshot is taken and sent to the store.
    Moved,
    /// A snapshot is taken and stays where it is.
    Snapshot,
}

fn moved(template: &Value, claim: &Claim, near: &Near<'_>) -> Result<Moves, No> {
    let name = &claim.name;
    if excluded(&claim.labels) {
        return Err(format!("leaves out `{name}`, which is labelled `{EXCLUDE}`").into());
    }
    if !claim.is_told && selects_some(template) {
        return Err(No::Untold(format!(
            "selects by labels, and those of `{name}` are what an operator gives it"
        )));
    }
    if !selected(template, &claim.labels)? {
        return Err(format!("does not select the labels of `{name}`").into());
    }
    if reads_files(template, claim) {
        return Ok(Moves::Files);
    }
    if said(template, "/snapshotVolumes") == Some(false) {
        return Err(format!(
            "takes the manifest of `{name}` and no data: snapshots are off, and no pod that it takes mounts it to have its files read"
        )
        .into());
    }
    if is_on(template, "/snapshotMoveData") {
        return Ok(Moves::Moved);
    }
    let is_for_velero =
        |it: &Value| is_on(it, "/metadata/labels/velero.io~1csi-volumesnapshot-class");
    let mut classes = near.all(SNAPSHOT_CLASS);
    let is_told = said(template, "/snapshotVolumes") == Some(true)
        || !list(template, "/volumeSnapshotLocations").is_empty()
        || classes.any(is_for_velero);
    match is_told {
        true => Ok(Moves::Snapshot),
        false => Err(No::Untold(
            "does not say that it takes data: set `snapshotVolumes` or `defaultVolumesToFsBackup`"
                .to_owned(),
        )),
    }
}

/// Whether the pods that mount a claim have its files read.
fn reads_files(template: &Value, claim: &Claim) -> bool {
    let by_default = is_on(template, "/defaultVolumesToFsBackup");
    let names = |pod: &Pod, key: &str| {
        let listed = pod.annotations.get(key).map(String::as_str);
        let mut listed = listed.unwrap_or_default().split(',');
        listed.any(|volume| volume.trim() == pod.volume)
    };
    claim.pods.iter().any(|pod| {
        let takes_pod = !excluded(&pod.labels)
            && selected(template, &pod.labels).unwrap_or(false)
            && takes_pods(template);
        let is_named = names(pod, "backup.velero.io/backup-volumes");
        let is_left_out = names(pod, "backup.velero.io/backup-volumes-excludes");
        takes_pod && (is_named || (by_default && !is_left_out))
    })
}

fn takes_pods(template: &Value) -> bool {
    let included = ["/includedResources", "/includedNamespaceScopedResources"];
    let excluded = ["/excludedResources", "/excludedNamespaceScopedResources"];
    let names = |field: &str| list(template, field).iter().any(|it| is_of(it, PODS));
    included
        .iter()
        .all(|field| list(template, field).is_empty() || names(field))
        && !excluded.iter().any(|field| names(field))
}

fn excluded(labels: &Labels) -> bool {
    labels.get(EXCLUDE).map(String::as_str) == Some("true")
}

fn selects_some(template: &Value) -> bool {
    let selectors = ["/labelSelector", "/orLabelSelectors"].into_iter();
    let mut selectors = selectors.filter_map(|pointer| template.pointer(pointer));
    selectors.any(|it| !it.is_null())
}

fn selected(template: &Value, labels: &Labels) -> Result<bool, No> {
    let one = template
        .pointer("/labelSelector")
        .filter(|it| !it.is_null());
    let any = template
        .pointer("/orLabelSelectors")
        .and_then(Value::as_array);
    let any = any.filter(|any| !any.is_empty());
    match (one, any) {
        (Some(_), Some(_)) => Err("has two kinds of selectors, and Velero refuses both".into()),
        (Some(one), None) => Ok(selects(Some(one), labels)),
        (None, Some(any)) => Ok(any.iter().any(|one| selects(Some(one), labels))),
        (None, None) => Ok(true),
    }
}

/// A policy of resources may leave any volume out, by what no manifest tells.
fn skips(template: &Value) -> Result<(), No> {
    match text(template, "/resourcePolicy/name") {
        None => Ok(()),
        Some(name) => Err(No::Untold(format!(
            "asks the policy `{name}` which volumes it leaves out, and that is not read here"
        ))),
    }
}

/// Where a schedule sends what it takes.
struct Store {
    target: String,
    address: Address,
    offsite: Told,
    credentials: Vec<ObjectRef>,
}

fn store(
    template: &Value,
    by: &ObjectRef,
    near: &Near<'_>,
    parts: &mut Vec<ObjectRef>,
) -> Result<Store, No> {
    let name = text(template, "/storageLocation").unwrap_or("default");
    let location = near.named("BackupStorageLocation.velero.io", (&by.namespace, name));
    let Some(location) = location else {
        let namespace = by.namespace.as_deref().unwrap_or_default();
        let target = format!("velero:{namespace}/{name}");
        return match near.rules.store(&target) {
            Some(_) => Ok(Store {
                target,
                address: Address::new(),
                offsite: Told::Unknown,
                credentials: Vec::new(),
            }),
            None => Err(No::Untold(format!(
                "sends to BackupStorageLocation `{name}`, which is not here; say of `{target}` in `stores` what it is"
            ))),
        };
    };
    if text(location, "/spec/accessMode") == Some("ReadOnly") {
        return Err(format!("sends to BackupStorageLocation `{name}`, which is read-only").into());
    }
    parts.push(pods::reference(location));
    let provider = text(location, "/spec/provider").unwrap_or_default();
    let bucket = text(location, "/spec/objectStorage/bucket").unwrap_or_default();
    let prefix = text(location, "/spec/objectStorage/prefix").unwrap_or_default();
    let target = format!("{provider}://{bucket}/{prefix}");
    Ok(Store {
        target: target.trim_end_matches('/').to_owned(),
        address: address(location, &ADDRESS),
        offsite: offsite(text(location, "/spec/config/s3Url")),
        credentials: credentials::named(location.pointer("/spec/credential"), &by.namespace),
    })
}

/// Whether a hook stops the writer, in the schedule or on the pod.
fn is_quiesced(template: &Value, pod: &Pod) -> bool {
    let annotated = pod
        .annotations
        .contains_key("pre.hook.backup.velero.io/command");
    let hooks = template
        .pointer("/hooks/resources")
        .and_then(Value::as_array);
    annotated
        || hooks.into_iter().flatten().any(|hook| {
            let pre = hook.pointer("/pre").and_then(Value::as_array);
            let selector = hook.pointer("/labelSelector").filter(|it| !it.is_null());
            pre.is_some_and(|pre| !pre.is_empty())
                && takes_namespace(hook, pod.workload.namespace.as_deref()).is_ok()
                && selector.is_none_or(|selector| selects(Some(selector), &pod.labels))
        })
}

/// Whether a name of a filter stands for a resource.
fn is_of(written: &str, names: &[&str]) -> bool {
    let name = written.split('.').next().unwrap_or_default();
    written == "*" || names.iter().any(|it| it.eq_ignore_ascii_case(name))
}

fn list<'a>(template: &'a Value, pointer: &str) -> Vec<&'a str> {
    let list = template.pointer(pointer).and_then(Value::as_array);
    list.into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn quoted(names: &[&str]) -> String {
    let names: Vec<String> = names.iter().take(5).map(|it| format!("`{it}`")).collect();
    names.join(", ")
}

/// Of what a plugin of a provider is told, what says where its bucket is.
const ADDRESS: [(&str, &str); 7] = [
    ("credentials", "/spec/credential/name"),
    ("key of the credentials", "/spec/credential/key"),
    ("endpoint", "/spec/config/s3Url"),
    ("publicUrl", "/spec/config/publicUrl"),
    ("region", "/spec/config/region"),
    ("resourceGroup", "/spec/config/resourceGroup"),
    ("storageAccount", "/spec/config/storageAccount"),
];

const CLAIMS: &[&str] = &["persistentvolumeclaims", "persistentvolumeclaim", "pvc"];
const VOLUMES: &[&str] = &["persistentvolumes", "persistentvolume", "pv"];
const PODS: &[&str] = &["pods", "pod", "po"];
const EXCLUDE: &str = "velero.io/exclude-from-backup";
/// What Velero keeps backups for where nobody says.
const TTL: i64 = 720 * 3600;
