//! `CronJobs` that dump or copy, where an annotation says what they back up.
//! Knows programs by name, and what a shell is told to run only as it is written.

mod programs;
mod shell;
mod uploads;

use std::collections::BTreeSet;

use serde_json::Value;

use self::programs::{Program, Run};
use super::cadence::Fields;
use super::cover::{Address, Consistency, Cover, Found, Recipe, Retention, Told};
use super::credentials;
use super::near::{Near, is_on, left_out, text};
use super::stateful::Stateful;
use super::{JOB, is_cluster_scoped};
use crate::facts::pods;
use crate::model::ObjectRef;

/// The words of each simple command of a text that a shell is given, the program first.
pub(super) fn commands_of(text: &str) -> Vec<Vec<String>> {
    let commands = shell::of_line(text).into_iter();
    commands.map(|simple| simple.words).collect()
}

/// The jobs that say that they back `stateful` up, and those that look as if they might.
pub(super) fn find(stateful: &Stateful<'_>, near: &Near<'_>, found: &mut Found) {
    for job in near.all(JOB) {
        let by = pods::reference(job);
        let Some(program) = programs::named(containers(job)) else {
            continue;
        };
        if !names(job, &by, &stateful.reference) {
            let is_near = by.namespace == stateful.reference.namespace;
            if is_near && text(job, ANNOTATION).is_none() {
                let why = format!(
                    "runs `{}` and does not say of what: annotate it `tidegate.dev/backs-up: {}/{}` if it is this",
                    program.name, stateful.reference.kind, stateful.reference.name
                );
                found.miss(by, why);
            }
            continue;
        }
        match take(stateful, (job, &by), near) {
            Ok(cover) => found.covers.push(cover),
            Err(why) => found.miss(by, why),
        }
    }
}

/// Whether a job says what it backs up.
pub(super) fn says_what(job: &Value) -> bool {
    text(job, ANNOTATION).is_some()
}

fn take(
    stateful: &Stateful<'_>,
    (job, by): (&Value, &ObjectRef),
    near: &Near<'_>,
) -> Result<Cover, String> {
    if let Some(why) = idle(job) {
        return Err(why.to_owned());
    }
    if let Some(why) = left_out(job) {
        return Err(why);
    }
    let run = programs::run(containers(job))?;
    let program = run.program;
    if !run.is_sent && !lasts(job, &run) {
        return Err("writes only into volumes that go away with its pod".to_owned());
    }
    let schedule = text(job, "/spec/schedule").unwrap_or_default();
    let written = match text(job, "/spec/timeZone") {
        Some(zone) => format!("CRON_TZ={zone} {schedule}"),
        None => schedule.to_owned(),
    };
    let cadence = near.cadence(&written, Fields::Five);
    let cadence = cadence.map_err(|why| format!("has the schedule `{schedule}`, which {why}"))?;
    Ok(Cover {
        method: "cronjob",
        part: None,
        by: by.clone(),
        parts: vec![stateful.reference.clone()],
        cadence,
        pitr: false,
        consistency: match program.dumps {
            true => Consistency::Native,
            false => Consistency::Crash,
        },
        retention: Retention::Unknown,
        target: Some(target(&run, by, near)),
        encrypted: Told::Unknown,
        offsite: Told::Unknown,
        address: address_of(run.container),
        recipe: recipe(job),
        immutable_days: None,
        upkeep: Vec::new(),
        dies_by: None,
        credentials: credentials(job, program, run.is_sent, &by.namespace),
    })
}

/// The Secrets that open the store of a job. What does not ask a database reads no password of one: all that it is
/// given is for the store. Else it is what variables of their names are filled from, and where there is none of these,
/// what all variables are.
fn credentials(
    job: &Value,
    program: &Program,
    is_sent: bool,
    namespace: &Option<String>,
) -> Vec<ObjectRef> {
    if !program.dumps {
        return credentials::named(job.pointer(POD), namespace);
    }
    let containers: Vec<&Value> = containers(job).collect();
    let listed = |key: &str| {
        let lists = containers.iter().filter_map(|it| it.get(key)?.as_array());
        lists.flatten().collect::<Vec<&Value>>()
    };
    let is_of_store = |one: &&Value| {
        let name = text(one, "/name").unwrap_or_default();
        STORES.iter().any(|prefix| name.starts_with(prefix))
    };
    let variables = listed("env").into_iter().filter(is_of_store);
    let named: BTreeSet<&str> = variables
        .filter_map(|one| text(one, "/valueFrom/secretKeyRef/name"))
        .collect();
    let whole = || {
        let sources = listed("envFrom").into_iter();
        let names = sources.filter_map(|one| text(one, "/secretRef/name"));
        names.collect::<BTreeSet<&str>>()
    };
    match (named.is_empty(), is_sent) {
        (true, true) => credentials::of_names(whole(), namespace),
        (true, false) => Vec::new(),
        (false, _) => credentials::of_names(named, namespace),
    }
}

/// Whether the annotation names an object: `Kind/name`, `Kind/namespace/name`, or `Kind//name` where it lies in none.
fn names(job: &Value, by: &ObjectRef, object: &ObjectRef) -> bool {
    let listed = text(job, ANNOTATION).unwrap_or_default();
    listed.split(',').any(|named| {
        let parts: Vec<&str> = named.trim().split('/').collect();
        match parts.as_slice() {
            [kind, name] => {
                by.namespace == object.namespace && (*kind, *name) == (&object.kind, &object.name)
            }
            [kind, namespace, name] => {
                let lies = match is_cluster_scoped(object) {
                    true => namespace.is_empty(),
                    false => object.namespace.as_deref() == Some(*namespace),
                };
                lies && (*kind, *name) == (&object.kind, &object.name)
            }
            _ => false,
        }
    })
}

fn containers(job: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["containers", "initContainers"].into_iter();
    lists.flat_map(|list| {
        let list = job.pointer(&format!("{POD}/{list}"));
        list.and_then(Value::as_array).into_iter().flatten()
    })
}

/// Whether what a command writes stays when its pod goes: its own container mounts, to write to it, what does.
fn lasts(job: &Value, run: &Run<'_>) -> bool {
    let volumes = job
        .pointer(&format!("{POD}/volumes"))
        .and_then(Value::as_array);
    let stays = |name: &str| {
        let mut volumes = volumes.into_iter().flatten();
        let volume = volumes.find(|it| text(it, "/name") == Some(name));
        volume.is_some_and(|volume| {
            let mut kinds = LASTING.iter().filter_map(|kind| volume.get(*kind));
            kinds.any(|it| !is_on(it, "/readOnly"))
        })
    };
    let mounts = run.container.get("volumeMounts").and_then(Value::as_array);
    let mut mounts = mounts.into_iter().flatten();
    let file = run.file.as_deref().filter(|it| it.starts_with('/'));
    mounts.any(|mount| {
        let path = text(mount, "/mountPath")
            .unwrap_or_default()
            .trim_end_matches('/');
        let holds = |file: &str| {
            let rest = file.strip_prefix(path);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        !is_on(mount, "/readOnly")
            && stays(text(mount, "/name").unwrap_or_default())
            && file.is_none_or(holds)
    })
}

/// Why a job runs no pod.
fn idle(job: &Value) -> Option<&'static str> {
    let none = |field: &str| {
        job.pointer(&format!("{TEMPLATE}/{field}"))
            .is_some_and(|it| *it == 0)
    };
    if is_on(job, "/spec/suspend") || is_on(job, &format!("{TEMPLATE}/suspend")) {
        return Some("is suspended");
    }
    (none("parallelism") || none("completions"))
        .then_some("runs no pod: its `parallelism` or `completions` is 0")
}

/// What decides what a job does, as it is written.
fn recipe(job: &Value) -> Recipe {
    let each = [
        "command",
        "args",
        "env",
        "envFrom",
        "image",
        "volumeMounts",
        "workingDir",
    ];
    let mut recipe: Recipe = each
        .into_iter()
        .map(|field| {
            let said = containers(job).map(|it| it.get(field).cloned().unwrap_or_default());
            (field, Value::Array(said.collect()))
        })
        .collect();
    let volumes = job.pointer(&format!("{POD}/volumes"));
    recipe.insert("volumes", volumes.cloned().unwrap_or_default());
    recipe
}

/// By what its store is opened, and where that is beside its name.
fn address_of(container: &Value) -> Address {
    let env = container.get("env").and_then(Value::as_array);
    let said = env.into_iter().flatten().filter_map(|one| {
        let name = text(one, "/name")?;
        let (shown, _) = ADDRESS.iter().find(|it| it.1.contains(&name))?;
        let secret = || {
            let of = one.pointer("/valueFrom/secretKeyRef")?;
            Some(format!("{}/{}", text(of, "/name")?, text(of, "/key")?))
        };
        // A password that is written is not to be shown.
        let told = match *shown {
            "password" => secret(),
            _ => text(one, "/value").map(str::to_owned).or_else(secret),
        };
        Some((*shown, told?))
    });
    said.collect()
}

/// A folder of the pod is none, and the judge may speak of the job instead.
fn target(run: &Run<'_>, by: &ObjectRef, near: &Near<'_>) -> String {
    let namespace = by.namespace.as_deref().unwrap_or_default();
    let named = format!("cronjob:{namespace}/{}", by.name);
    let told = run.target.clone();
    let told =
        told.filter(|it| near.rules.store(it).is_some() || near.rules.store(&named).is_none());
    told.unwrap_or(named)
}

const TEMPLATE: &str = "/spec/jobTemplate/spec";
const POD: &str = "/spec/jobTemplate/spec/template/spec";
const ANNOTATION: &str = "/metadata/annotations/tidegate.dev~1backs-up";

/// The types of volumes that stay. One of a driver that is written in the pod itself goes with it.
const LASTING: [&str; 2] = ["persistentVolumeClaim", "nfs"];

/// The variables that belong to the place of a store.
const ADDRESS: [(&str, &[&str]); 2] = [
    (
        "endpoint",
        &[
            "AWS_ENDPOINT",
            "AWS_ENDPOINT_URL",
            "AWS_ENDPOINT_URL_S3",
            "AWS_S3_ENDPOINT",
            "PGBACKREST_REPO1_S3_ENDPOINT",
        ],
    ),
    ("password", &["BORG_PASSPHRASE", "RESTIC_PASSWORD"]),
];

/// How the variables begin by which programs reach their stores.
const STORES: [&str; 12] = [
    "AWS_",
    "AZURE_",
    "B2_",
    "BORG_",
    "GCS_",
    "GOOGLE_",
    "MINIO_",
    "PGBACKREST_REPO",
    "RCLONE_",
    "RESTIC_",
    "S3_",
    "WALG_",
];
