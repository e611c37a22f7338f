//! Velero: Backups, of the schedule that is selected or the only one.
//! Evaluates no label selector: that a backup holds the object is the reporter's word, as far as its namespace lets it be.

use std::collections::BTreeSet;

use super::objects::{Object, objects};
use super::{Asked, At, Said};
use crate::facts::evidence::{Error, Run, RunKind};

/// What is said of backups that take the object's namespace in.
pub(super) fn read(root: &At<'_>, asked: &Asked) -> Result<Said, Error> {
    let wanted = asked.selected.get("schedule").map(String::as_str);
    let mut schedules = BTreeSet::new();
    let mut said = Said::default();
    for backup in objects(root)?.iter().filter(|it| it.is_a(BACKUP)) {
        let label = backup
            .at
            .find(&["metadata", "labels", "velero.io/schedule-name"]);
        let schedule = label.map(|at| at.text()).transpose()?;
        if wanted.is_some() && schedule != wanted {
            continue;
        }
        if takes_in(backup, asked.object.namespace.as_deref())? {
            schedules.insert(schedule.unwrap_or("none"));
            said.runs.extend(run(backup, asked)?);
        }
    }
    if schedules.len() > 1 {
        let names: Vec<&str> = schedules.into_iter().take(20).collect();
        return Err(Error::Several {
            tool: TITLE,
            names: names.join(", "),
            help: "`--select schedule=NAME`".to_owned(),
        });
    }
    if schedules.is_empty() {
        return Err(Error::Nothing {
            tool: TITLE,
            of: format!("`{}`", asked.object),
            help: "hand over its backups, and name their schedule with `--select schedule=NAME`"
                .to_owned(),
        });
    }
    Ok(said)
}

/// Whether the lists of namespaces let the object's one in.
fn takes_in(backup: &Object<'_>, namespace: Option<&str>) -> Result<bool, Error> {
    let Some(namespace) = namespace else {
        return Ok(true);
    };
    let listed = |key: &str| -> Result<Option<Vec<&str>>, Error> {
        let Some(list) = backup.at.find(&["spec", key]) else {
            return Ok(None);
        };
        let names: Result<Vec<&str>, Error> = list.list()?.iter().map(At::text).collect();
        names.map(Some)
    };
    let names = |it: &&str| *it == namespace || *it == "*";
    let included = listed("includedNamespaces")?.unwrap_or_default();
    let excluded = listed("excludedNamespaces")?.unwrap_or_default();
    Ok((included.is_empty() || included.iter().any(names)) && !excluded.iter().any(names))
}

/// What a Backup comes to; `None` while it is made, or taken away.
fn run(backup: &Object<'_>, asked: &Asked) -> Result<Option<(Run, Option<String>)>, Error> {
    let Some(status) = backup.at.get("status") else {
        return Ok(None);
    };
    let phase = status.get("phase").map(|at| at.text()).transpose()?;
    let instant = |key: &str| status.get(key).map(|at| at.instant()).transpose();
    let (started_at, completed_at) = (instant("startTimestamp")?, instant("completionTimestamp")?);
    let flaw = match phase {
        None
        | Some(
            "New"
            | "Queued"
            | "ReadyToStart"
            | "InProgress"
            | "WaitingForPluginOperations"
            | "Finalizing"
            | "Deleting",
        ) => return Ok(None),
        Some("Completed") => match instant("expiration")? {
            Some(end) if end <= asked.about.reported_at => Some("it has expired".to_owned()),
            _ => None,
        },
        Some(other) => {
            let reason = status
                .get("failureReason")
                .map(|at| at.long_text())
                .transpose()?;
            let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
            Some(format!("its phase is {other}{reason}"))
        }
    };
    let finished_at = match (completed_at, started_at, &flaw) {
        (Some(at), ..) | (None, Some(at), Some(_)) => at,
        (None, None, Some(_)) => backup
            .at
            .need("metadata")?
            .need("creationTimestamp")?
            .instant()?,
        (None, _, None) => {
            return Err(status.wrong("does not say `completionTimestamp` of what is completed"));
        }
    };
    let run = Run {
        label: backup.name.to_owned(),
        kind: RunKind::Snapshot,
        started_at,
        finished_at,
        bytes: None,
    };
    Ok(Some((run, flaw)))
}

const TITLE: &str = "Velero";
const BACKUP: &str = "Backup.velero.io";

#[cfg(test)]
mod tests;
