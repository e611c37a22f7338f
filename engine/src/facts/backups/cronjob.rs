//! `CronJobs` that dump or copy, where an annotation says what they back up.
//! Knows programs by name; what a script does beside is not read.

use std::collections::BTreeSet;

use serde_json::Value;

use super::cadence::Fields;
use super::cover::{Address, Consistency, Cover, Found, Recipe, Retention, Told};
use super::credentials;
use super::near::{Near, is_on, left_out, text};
use super::stateful::Stateful;
use super::{JOB, is_cluster_scoped};
use crate::facts::pods;
use crate::model::ObjectRef;

/// The jobs that say that they back `stateful` up, and those that look as if they might.
pub(super) fn find(stateful: &Stateful<'_>, near: &Near<'_>, found: &mut Found) {
    for job in near.all(JOB) {
        let by = pods::reference(job);
        let Some(program) = program(job) else {
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
        match take(stateful, (job, &by, program), near) {
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
    (job, by, program): (&Value, &ObjectRef, &Program),
    near: &Near<'_>,
) -> Result<Cover, String> {
    if is_on(job, "/spec/suspend") {
        return Err("is suspended".to_owned());
    }
    if let Some(why) = left_out(job) {
        return Err(why);
    }
    if !program.sends && !lasts(job) {
        return Err("writes only into volumes that go away with its pod".to_owned());
    }
    let schedule = text(job, "/spec/schedule").unwrap_or_default();
    let written = match text(job, "/spec/timeZone") {
        Some(zone) => format!("CRON_TZ={zone} {schedule}"),
        None => schedule.to_owned(),
    };
    let cadence = near.cadence(&written, Fields::Five);
    let cadence = cadence.map_err(|why| format!("has the schedule `{schedule}`, which {why}"))?;
    let namespace = by.namespace.as_deref().unwrap_or_default();
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
        target: Some(format!("cronjob:{namespace}/{}", by.name)),
        encrypted: Told::Unknown,
        offsite: Told::Unknown,
        address: Address::new(),
        recipe: Recipe::new(),
        immutable_days: None,
        upkeep: Vec::new(),
        dies_by: None,
        credentials: credentials(job, program, &by.namespace),
    })
}

/// The Secrets that open the store of a job. What does not ask a database reads no password of one: all that it is
/// given is for the store. Else it is what variables of their names are filled from, and where there is none of these,
/// what all variables are.
fn credentials(job: &Value, program: &Program, namespace: &Option<String>) -> Vec<ObjectRef> {
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
    match (named.is_empty(), program.sends) {
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

/// A program that backs up.
struct Program {
    name: &'static str,
    /// It asks the database for what it holds, and does not read its files.
    dumps: bool,
    /// It sends what it takes away by itself.
    sends: bool,
}

fn program(job: &Value) -> Option<&'static Program> {
    let said = containers(job).flat_map(|container| {
        let parts = ["command", "args"].into_iter();
        let parts = parts.filter_map(|part| container.get(part)?.as_array());
        parts.flatten().filter_map(Value::as_str)
    });
    let said: Vec<&str> = said.collect();
    let said = said.join(" ");
    let mut words = said.split(|it: char| !(it.is_ascii_alphanumeric() || "_-".contains(it)));
    words.find_map(|word| PROGRAMS.iter().find(|program| program.name == word))
}

fn containers(job: &Value) -> impl Iterator<Item = &Value> {
    let lists = ["containers", "initContainers"].into_iter();
    lists.flat_map(|list| {
        let list = job.pointer(&format!("{POD}/{list}"));
        list.and_then(Value::as_array).into_iter().flatten()
    })
}

/// Whether a volume of the job stays when its pod goes.
fn lasts(job: &Value) -> bool {
    let volumes = job
        .pointer(&format!("{POD}/volumes"))
        .and_then(Value::as_array);
    let mut volumes = volumes.into_iter().flatten();
    volumes.any(|volume| {
        ["persistentVolumeClaim", "nfs", "csi"]
            .iter()
            .any(|it| volume.get(*it).is_some())
    })
}

const POD: &str = "/spec/jobTemplate/spec/template/spec";
const ANNOTATION: &str = "/metadata/annotations/tidegate.dev~1backs-up";

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

const PROGRAMS: [Program; 9] = [
    program_of("pg_dump", true, false),
    program_of("pg_dumpall", true, false),
    program_of("pg_basebackup", true, false),
    program_of("mysqldump", true, false),
    program_of("mongodump", true, false),
    program_of("pgbackrest", true, true),
    program_of("wal-g", true, true),
    program_of("restic", false, true),
    program_of("borg", false, true),
];

const fn program_of(name: &'static str, dumps: bool, sends: bool) -> Program {
    Program { name, dumps, sends }
}
