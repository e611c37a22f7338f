//! `wal-g backup-list --detail --json`, of the images of Zalando's operator and others: what lies in one prefix.
//! Counts no backup of another database than the newest.

use super::{At, Said};
use crate::facts::evidence::{Error, Run, RunKind};

/// What is said of the prefix that WAL-G is set to.
pub(super) fn read(root: &At<'_>) -> Result<Said, Error> {
    let mut all = Vec::new();
    for at in root.list()? {
        all.push(Backup::read(&at)?);
    }
    let newest = all.iter().max_by_key(|backup| backup.run.finished_at);
    let Some((system_id, major)) = newest.map(|newest| (newest.system_id.clone(), newest.major))
    else {
        return Ok(Said::default());
    };
    let own = |backup: &Backup| backup.system_id == system_id && backup.major == major;
    Ok(Said {
        runs: all
            .into_iter()
            .filter(own)
            .map(|backup| (backup.run, None))
            .collect(),
        version: Some(major.to_string()),
        system_id,
        ..Said::default()
    })
}

struct Backup {
    run: Run,
    system_id: Option<String>,
    major: u64,
}

impl Backup {
    fn read(at: &At<'_>) -> Result<Self, Error> {
        let name = at.need("backup_name")?.text()?;
        let id = at
            .get("system_identifier")
            .map(|at| at.number())
            .transpose()?;
        Ok(Self {
            run: Run {
                label: name.to_owned(),
                kind: match name.contains("_D_") {
                    true => RunKind::Incremental,
                    false => RunKind::Full,
                },
                started_at: Some(at.need("start_time")?.instant()?),
                finished_at: at.need("finish_time")?.instant()?,
                bytes: Some(at.need("uncompressed_size")?.number()?),
            },
            system_id: id.map(|id| id.to_string()),
            major: at.need("pg_version")?.number()? / 10_000,
        })
    }
}

#[cfg(test)]
mod tests;
