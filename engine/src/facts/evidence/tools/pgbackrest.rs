//! `pgbackrest info --output=json`: stanzas, their databases, repositories and backups.
//! Counts no backup whose pages or log are damaged or gone, nor one of a database before the newest.

use std::collections::BTreeMap;

use super::{Asked, At, Said};
use crate::facts::evidence::{Archive, Error, Run, RunKind};

/// What is said of the stanza that is selected, or of the only one.
pub(super) fn read(root: &At<'_>, asked: &Asked) -> Result<Said, Error> {
    let stanza = stanza(root, asked)?;
    check_status(&stanza)?;
    let databases = newest_databases(&stanza)?;
    let archives = archives(&stanza, &databases)?;
    let mut said = Said::default();
    for (repository, database) in &databases {
        let ids = (&database.system_id, &database.version);
        let known = (&said.system_id, &said.version);
        if known.0.as_ref().is_some_and(|known| known != ids.0) {
            return Err(Error::Tool {
                tool: TITLE,
                what: format!("repository {repository} holds another database than the others"),
            });
        }
        said.system_id = Some(ids.0.clone());
        said.version = Some(ids.1.clone());
    }
    for at in stanza.need("backup")?.list()? {
        let key = repository_key(&at.need("database")?)?;
        let id = at.need("database")?.need("id")?.number()?;
        // After `pg_upgrade`, what lies there of the database before it brings nothing back.
        if databases.get(&key).is_none_or(|newest| newest.id != id) {
            continue;
        }
        let backup = Backup::read(&at)?;
        let flaw = backup.flaw(archives.get(&key));
        if flaw.is_none() {
            let earliest = said.first_recoverable.unwrap_or(backup.run.finished_at);
            said.first_recoverable = Some(earliest.min(backup.run.finished_at));
        }
        said.runs.push((backup.run, flaw));
    }
    let widest = archives.into_values().max_by(|a, b| a.last.cmp(&b.last));
    said.archive = Some(widest.unwrap_or_default());
    said.encrypted = encrypted(&stanza)?;
    Ok(said)
}

fn stanza<'v>(root: &At<'v>, asked: &Asked) -> Result<At<'v>, Error> {
    let mut named = Vec::new();
    for at in root.list()? {
        named.push((at.need("name")?.text()?, at));
    }
    let wanted = asked.selected.get("stanza");
    if let Some(wanted) = wanted {
        named.retain(|(name, _)| name == wanted);
    }
    let names: Vec<&str> = named.iter().map(|(name, _)| *name).collect();
    let names = names.join(", ");
    let mut stanzas = named.into_iter().map(|(_, at)| at);
    match (stanzas.next(), stanzas.next(), wanted) {
        (Some(only), None, _) => Ok(only),
        (Some(_), Some(_), _) => Err(Error::Several {
            tool: TITLE,
            names: names.chars().take(300).collect(),
            help: "`--select stanza=NAME`".to_owned(),
        }),
        (None, _, wanted) => Err(Error::Nothing {
            tool: TITLE,
            of: wanted.map_or_else(
                || "any stanza".to_owned(),
                |name| format!("stanza `{name}`"),
            ),
            help: "run it where the stanza is configured".to_owned(),
        }),
    }
}

/// Refuses what pgBackRest could not look at. No backup at all is something to say.
fn check_status(stanza: &At<'_>) -> Result<(), Error> {
    let status = stanza.need("status")?;
    match status.need("code")?.number()? {
        0 | NO_VALID_BACKUPS | DIFFERENT_ACROSS_REPOSITORIES => Ok(()),
        code => {
            let message = status.need("message")?.text()?;
            Err(Error::Tool {
                tool: TITLE,
                what: format!("{message} (status {code})"),
            })
        }
    }
}

struct Database {
    id: u64,
    system_id: String,
    version: String,
}

/// The newest database of each repository.
fn newest_databases(stanza: &At<'_>) -> Result<BTreeMap<u64, Database>, Error> {
    let mut newest: BTreeMap<u64, Database> = BTreeMap::new();
    for at in stanza.need("db")?.list()? {
        let database = Database {
            id: at.need("id")?.number()?,
            system_id: at.need("system-id")?.number()?.to_string(),
            version: at.need("version")?.text()?.to_owned(),
        };
        let key = repository_key(&at)?;
        let known = newest.get(&key).map(|known| known.id);
        if known.is_none_or(|known| known < database.id) {
            newest.insert(key, database);
        }
    }
    Ok(newest)
}

/// What is archived of the newest database, by repository.
fn archives(
    stanza: &At<'_>,
    databases: &BTreeMap<u64, Database>,
) -> Result<BTreeMap<u64, Archive>, Error> {
    let mut archives = BTreeMap::new();
    for at in stanza.need("archive")?.list()? {
        let database = at.need("database")?;
        let key = repository_key(&database)?;
        let id = database.need("id")?.number()?;
        if databases.get(&key).is_some_and(|newest| newest.id == id) {
            let archive = Archive {
                first: at.get("min").map(|at| segment(&at)).transpose()?,
                last: at.get("max").map(|at| segment(&at)).transpose()?,
                ..Archive::default()
            };
            archives.insert(key, archive);
        }
    }
    Ok(archives)
}

/// Versions before 2.32 know one repository, and do not number it.
fn repository_key(at: &At<'_>) -> Result<u64, Error> {
    at.get("repo-key").map_or(Ok(1), |key| key.number())
}

struct Backup {
    run: Run,
    /// Whether pages were damaged when they were copied; `None` where nobody looked.
    damaged: Option<bool>,
    /// The log without which it is none; `None` for one that was made of a stopped database.
    log: Option<(String, String)>,
}

impl Backup {
    fn read(at: &At<'_>) -> Result<Self, Error> {
        let times = at.need("timestamp")?;
        let archive = at.get("archive");
        let edge = |key| {
            let edge = archive.as_ref().and_then(|archive| archive.get(key));
            edge.map(|edge| segment(&edge)).transpose()
        };
        let run = Run {
            label: at.need("label")?.text()?.to_owned(),
            kind: kind(&at.need("type")?)?,
            started_at: Some(times.need("start")?.epoch()?),
            finished_at: times.need("stop")?.epoch()?,
            bytes: Some(at.need("info")?.need("size")?.number()?),
        };
        Ok(Self {
            run,
            damaged: at.get("error").map(|at| at.flag()).transpose()?,
            log: edge("start")?.zip(edge("stop")?),
        })
    }

    /// Why it cannot be restored from.
    fn flaw(&self, archive: Option<&Archive>) -> Option<String> {
        match self.damaged {
            Some(false) => {}
            Some(true) => return Some("pages were damaged when they were copied".to_owned()),
            None => return Some("pgBackRest does not say whether pages were damaged".to_owned()),
        }
        let (start, stop) = self.log.as_ref()?;
        let kept = archive.and_then(|it| Some((it.first.as_ref()?, it.last.as_ref()?)));
        let Some((first, last)) = kept else {
            return Some("the log that it needs is not archived".to_owned());
        };
        let is_kept = position(first) <= position(start) && position(stop) <= position(last);
        (!is_kept).then(|| format!("of the log {start} to {stop} not all is archived"))
    }
}

fn kind(at: &At<'_>) -> Result<RunKind, Error> {
    match at.text()? {
        "full" => Ok(RunKind::Full),
        "diff" => Ok(RunKind::Differential),
        "incr" => Ok(RunKind::Incremental),
        _ => Err(at.wrong("is none of full, diff and incr")),
    }
}

/// A piece of the log, as PostgreSQL names it: eight digits for the timeline, sixteen for the place.
fn segment(at: &At<'_>) -> Result<String, Error> {
    let text = at.text()?;
    let is_digit = |c: char| c.is_ascii_digit() || ('A'..='F').contains(&c);
    match text.len() == 24 && text.chars().all(is_digit) {
        true => Ok(text.to_owned()),
        false => Err(at.wrong("is no name of a piece of the log")),
    }
}

/// The place in the log, on whatever timeline.
fn position(segment: &str) -> &str {
    segment.get(8..).unwrap_or(segment)
}

/// Whether all repositories are encrypted.
fn encrypted(stanza: &At<'_>) -> Result<Option<bool>, Error> {
    let Some(repositories) = stanza.get("repo") else {
        let cipher = stanza.get("cipher").map(|at| at.text()).transpose()?;
        return Ok(cipher.map(|cipher| cipher != "none"));
    };
    let mut all = None;
    for at in repositories.list()? {
        let encrypted = at.need("cipher")?.text()? != "none";
        all = Some(all.unwrap_or(true) && encrypted);
    }
    Ok(all)
}

const TITLE: &str = "pgBackRest";
const NO_VALID_BACKUPS: u64 = 2;
const DIFFERENT_ACROSS_REPOSITORIES: u64 = 4;

#[cfg(test)]
mod tests;
