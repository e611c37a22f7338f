//! K8up: the Snapshots in the object's namespace that hold it, and the Backups that failed there.
//! That a Backup ended well says nothing of which volumes it held; a Snapshot does.

use super::objects::{Object, objects};
use super::{Asked, At, Said};
use crate::facts::evidence::{Error, Run, RunKind};

/// What is said of the path under which K8up keeps the object.
pub(super) fn read(root: &At<'_>, asked: &Asked) -> Result<Said, Error> {
    let path = path(asked)?;
    let all = objects(root)?;
    let mut said = Said::default();
    for it in all.iter().filter(|it| it.is_beside(&asked.object)) {
        if it.is_a("Snapshot.k8up.io") {
            said.runs
                .extend(snapshot(it, &path)?.map(|run| (run, None)));
        } else if it.is_a("Backup.k8up.io") {
            said.runs.extend(failure(it)?);
        }
    }
    Ok(said)
}

/// A volume is kept under its claim's name; what a command of a pod writes, under a name that has to be said.
fn path(asked: &Asked) -> Result<String, Error> {
    match asked.selected.get("path") {
        Some(path) => Ok(path.clone()),
        None if asked.object.kind.to_string() == "PersistentVolumeClaim" => {
            Ok(format!("/data/{}", asked.object.name))
        }
        None => Err(Error::Nothing {
            tool: "K8up",
            of: format!("`{}`", asked.object),
            help: "it keeps volumes, and what commands of pods write: `--select path=/NAMESPACE-CONTAINER.sql`"
                .to_owned(),
        }),
    }
}

fn snapshot(it: &Object<'_>, path: &str) -> Result<Option<Run>, Error> {
    let spec = it.at.need("spec")?;
    let mut holds = false;
    for at in spec.need("paths")?.list()? {
        holds |= at.text()? == path;
    }
    if !holds {
        return Ok(None);
    }
    let finished_at = spec.need("date")?.instant()?;
    Ok(Some(Run {
        label: spec.need("id")?.text()?.to_owned(),
        kind: RunKind::Snapshot,
        started_at: None,
        finished_at,
        bytes: None,
    }))
}

/// A Backup that did not end well; `None` for one that did, or has not ended.
fn failure(it: &Object<'_>) -> Result<Option<(Run, Option<String>)>, Error> {
    let ended = match it.condition("Completed")? {
        Some(("True", at)) if at.need("reason")?.text()? != "Succeeded" => Some(at),
        _ => None,
    };
    let prepared = match it.condition("PreBackupPodReady")? {
        Some(("False", at)) if !WELL.contains(&at.need("reason")?.text()?) => Some(at),
        _ => None,
    };
    let Some(at) = ended.or(prepared) else {
        return Ok(None);
    };
    let message = at.get("message").map(|at| at.long_text()).transpose()?;
    let run = Run {
        label: it.name.to_owned(),
        kind: RunKind::Snapshot,
        started_at: None,
        finished_at: at.need("lastTransitionTime")?.instant()?,
        bytes: None,
    };
    Ok(Some((run, Some(message.unwrap_or_default()))))
}

/// Why pods that make a dump ready may be not ready without anything being wrong.
const WELL: [&str; 4] = ["Succeeded", "Waiting", "NoPreBackupPodsFound", "Ready"];

#[cfg(test)]
mod tests;
