//! `CloudNativePG`: a Cluster, its Backups, and the `ObjectStore` that it archives to by the plugin.
//! What is merely scheduled is nothing that happened.

use jiff::SignedDuration;

use super::objects::{Object, objects};
use super::{Asked, At, Said};
use crate::facts::evidence::{Archive, Archiving, Error, Run, RunKind};

/// What is said of the cluster that the object is.
pub(super) fn read(root: &At<'_>, asked: &Asked) -> Result<Said, Error> {
    let all = objects(root)?;
    let own = |it: &&Object<'_>| {
        it.is_a(CLUSTER) && it.is_beside(&asked.object) && it.name == asked.object.name
    };
    let cluster = all.iter().find(own);
    let cluster = cluster.filter(|it| it.kind == asked.object.kind);
    let cluster = cluster.ok_or_else(|| Error::Nothing {
        tool: TITLE,
        of: format!("`{}`", asked.object),
        help: format!("the object is a `{CLUSTER}`, and the list holds it and its backups"),
    })?;
    let status = cluster.at.get("status");
    let text = |keys: &[&str]| {
        let at = status.as_ref().and_then(|status| status.find(keys));
        at.map(|at| at.text().map(ToOwned::to_owned)).transpose()
    };
    let major = status
        .as_ref()
        .and_then(|status| status.find(&["pgDataImageInfo", "majorVersion"]))
        .map(|at| at.number())
        .transpose()?;
    let mut said = Said {
        system_id: text(&["systemID"])?,
        version: major.map(|major| major.to_string()),
        archive: Some(archive(cluster)?),
        encrypted: encrypted(cluster)?,
        ..Said::default()
    };
    for backup in all
        .iter()
        .filter(|it| it.is_a(BACKUP) && it.is_beside(&asked.object))
    {
        let of = backup.at.find(&["spec", "cluster", "name"]);
        let of = of.map(|at| at.text()).transpose()?;
        if of == Some(cluster.name) {
            said.runs.extend(run(backup, major)?);
        }
    }
    let window = window(cluster, &all)?;
    for (at, success, failure, first) in [
        (
            status,
            "lastSuccessfulBackup",
            "lastFailedBackup",
            "firstRecoverabilityPoint",
        ),
        (
            window,
            "lastSuccessfulBackupTime",
            "lastFailedBackupTime",
            "firstRecoverabilityPoint",
        ),
    ] {
        if let Some(at) = at {
            summary(&at, [success, failure, first], &mut said)?;
        }
    }
    Ok(said)
}

/// What a Backup comes to; `None` while it is made.
fn run(backup: &Object<'_>, major: Option<u64>) -> Result<Option<(Run, Option<String>)>, Error> {
    let Some(status) = backup.at.get("status") else {
        return Ok(None);
    };
    let phase = status.get("phase").map(|at| at.text()).transpose()?;
    let flaw = match phase {
        None | Some("pending" | "started" | "running" | "finalizing") => return Ok(None),
        Some("completed") => None,
        Some(other) => {
            let error = status.get("error").map(|at| at.long_text()).transpose()?;
            Some(error.unwrap_or_else(|| format!("its phase is `{other}`")))
        }
    };
    let own_major = status
        .get("majorVersion")
        .map(|at| at.number())
        .transpose()?;
    let flaw = flaw.or(match (own_major, major) {
        (Some(own), Some(now)) if own != now => {
            Some(format!("it is of PostgreSQL {own}, and {now} runs"))
        }
        _ => None,
    });
    let started_at = status.get("startedAt").map(|at| at.instant()).transpose()?;
    let stopped_at = status.get("stoppedAt").map(|at| at.instant()).transpose()?;
    let finished_at = match (stopped_at, started_at, &flaw) {
        (Some(at), ..) => at,
        (None, Some(at), Some(_)) => at,
        (None, None, Some(_)) => backup
            .at
            .need("metadata")?
            .need("creationTimestamp")?
            .instant()?,
        (None, _, None) => {
            return Err(status.wrong("does not say `stoppedAt` of what is completed"));
        }
    };
    let method = status.get("method").map(|at| at.text()).transpose()?;
    Ok(Some((
        Run {
            label: backup.name.to_owned(),
            kind: match method {
                Some("volumeSnapshot") => RunKind::Snapshot,
                _ => RunKind::Full,
            },
            started_at,
            finished_at,
            bytes: None,
        },
        flaw,
    )))
}

/// The instants that the operator sums up. A Backup says more, so that they count where it is gone.
fn summary(
    at: &At<'_>,
    [success, failure, first]: [&str; 3],
    said: &mut Said,
) -> Result<(), Error> {
    let instant = |key: &str| at.get(key).map(|at| at.instant()).transpose();
    for (key, flaw) in [
        (success, None),
        (failure, Some("the operator says that it failed".to_owned())),
    ] {
        let Some(finished_at) = instant(key)? else {
            continue;
        };
        // One that a Backup says cannot be restored from is no success because the operator counts it.
        let known = |(run, other): &(Run, Option<String>)| {
            let same = other.is_some() == flaw.is_some() && run.finished_at >= finished_at;
            let apart = run.finished_at.duration_since(finished_at).abs();
            same || apart <= SignedDuration::from_mins(1)
        };
        if !said.runs.iter().any(known) {
            let run = Run {
                label: key.to_owned(),
                kind: RunKind::Full,
                started_at: None,
                finished_at,
                bytes: None,
            };
            said.runs.push((run, flaw));
        }
    }
    said.first_recoverable = instant(first)?.or(said.first_recoverable);
    Ok(())
}

/// Whether the write-ahead log goes to where it is kept.
fn archive(cluster: &Object<'_>) -> Result<Archive, Error> {
    let skipped = cluster
        .at
        .find(&["metadata", "annotations", "cnpg.io/skipWalArchiving"])
        .map(|at| at.text())
        .transpose()?;
    let condition = cluster.condition("ContinuousArchiving")?;
    let state = match (skipped, condition) {
        (Some("enabled"), _) => Some(Archiving::Failing),
        (_, None) => None,
        (_, Some(("True", _))) => Some(Archiving::Running),
        (_, Some(_)) => Some(Archiving::Failing),
    };
    Ok(Archive {
        state,
        ..Archive::default()
    })
}

/// Where both backups and log are written with encryption; what the bucket does by itself, nobody says.
fn encrypted(cluster: &Object<'_>) -> Result<Option<bool>, Error> {
    let mut both = true;
    for part in ["data", "wal"] {
        let at = cluster
            .at
            .find(&["spec", "backup", "barmanObjectStore", part, "encryption"]);
        both &= at.map(|at| at.text()).transpose()?.is_some();
    }
    Ok(both.then_some(true))
}

/// What the `ObjectStore` of the plugin says of the server that the cluster is there.
fn window<'v>(cluster: &Object<'v>, all: &[Object<'v>]) -> Result<Option<At<'v>>, Error> {
    let Some(plugins) = cluster.at.find(&["spec", "plugins"]) else {
        return Ok(None);
    };
    for plugin in plugins.list()? {
        if plugin.need("name")?.text()? != PLUGIN {
            continue;
        }
        let parameter = |key: &str| {
            let at = plugin.find(&["parameters", key]);
            at.map(|at| at.text()).transpose()
        };
        let (store, server) = (parameter("barmanObjectName")?, parameter("serverName")?);
        let stores = all.iter().filter(|it| it.is_a(OBJECT_STORE));
        let mut own =
            stores.filter(|it| it.namespace == cluster.namespace && Some(it.name) == store);
        let server = server.unwrap_or(cluster.name);
        return Ok(own
            .next()
            .and_then(|it| it.at.find(&["status", "serverRecoveryWindow", server])));
    }
    Ok(None)
}

const TITLE: &str = "CloudNativePG";
const CLUSTER: &str = "Cluster.postgresql.cnpg.io";
const BACKUP: &str = "Backup.postgresql.cnpg.io";
const OBJECT_STORE: &str = "ObjectStore.barmancloud.cnpg.io";
const PLUGIN: &str = "barman-cloud.cloudnative-pg.io";

#[cfg(test)]
mod tests;
