//! `restic snapshots --json`: the snapshots of one host and its paths.
//! A repository holds those of many; which are the object's, is selected.

use std::collections::BTreeSet;

use super::{Asked, At, Said};
use crate::facts::evidence::{Error, Run, RunKind};

/// What is said of the snapshots that are selected.
pub(super) fn read(root: &At<'_>, asked: &Asked) -> Result<Said, Error> {
    let all = root.list()?;
    let mut sets = BTreeSet::new();
    let mut said = Said::default();
    for at in &all {
        let host = at.need("hostname")?.text()?;
        let paths = texts(&at.need("paths")?)?;
        let tags = at
            .get("tags")
            .map(|at| texts(&at))
            .transpose()?
            .unwrap_or_default();
        let is = |key: &str, found: &[&str]| {
            let wanted = asked.selected.get(key);
            wanted.is_none_or(|wanted| found.contains(&wanted.as_str()))
        };
        if is("host", &[host]) && is("path", &paths) && is("tag", &tags) {
            sets.insert(format!("{host}:{}", paths.join(",")));
            said.runs.push((run(at)?, None));
        }
    }
    match (sets.len(), all.is_empty()) {
        (1, _) | (0, true) => Ok(said),
        (0, false) => Err(Error::Nothing {
            tool: TITLE,
            of: "what is selected".to_owned(),
            help: "`restic snapshots` shows hosts, paths and tags".to_owned(),
        }),
        _ => Err(Error::Several {
            tool: TITLE,
            names: sets.into_iter().take(5).collect::<Vec<_>>().join(" "),
            help: "`--select host=NAME`, `--select path=PATH`, `--select tag=NAME`".to_owned(),
        }),
    }
}

fn texts<'v>(at: &At<'v>) -> Result<Vec<&'v str>, Error> {
    at.list()?.iter().map(At::text).collect()
}

/// A snapshot is there when all of it is. Before 0.17 restic says only when it began.
fn run(at: &At<'_>) -> Result<Run, Error> {
    let started_at = at.need("time")?.instant()?;
    let summary = at.get("summary");
    let of_summary = |key: &str| summary.as_ref().and_then(|summary| summary.get(key));
    let end = of_summary("backup_end")
        .map(|at| at.instant())
        .transpose()?;
    let bytes = of_summary("total_bytes_processed");
    Ok(Run {
        label: at.need("id")?.text()?.to_owned(),
        kind: RunKind::Snapshot,
        started_at: Some(started_at),
        finished_at: end.unwrap_or(started_at),
        bytes: bytes.map(|at| at.number()).transpose()?,
    })
}

const TITLE: &str = "restic";

#[cfg(test)]
mod tests;
