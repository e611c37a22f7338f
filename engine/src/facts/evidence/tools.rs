//! What the tools that make backups print, read as it is printed: each in its file, and folded into one shape here.
//! Runs no tool; signs nothing.

mod at;
mod cnpg;
mod k8up;
mod listed;
mod objects;
mod pgbackrest;
mod restic;
#[cfg(test)]
mod testing;
mod velero;
mod walg;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::{About, Archive, Backup, Error, Failure, Final, ObjectName, Run, SKEW, Source, Tool};
use crate::model::{Digest, abridged, is_harmful, json, limits};
use at::At;

/// Of what a tool is asked, and when.
#[derive(Clone, Debug)]
pub struct Asked {
    /// Where and when this is said.
    pub about: About,
    /// What is backed up.
    pub object: ObjectName,
    /// What of all that the tool says is about the object.
    pub selected: BTreeMap<String, String>,
    /// When the last piece of the log was archived, where somebody knows that.
    pub last_archived: Option<Timestamp>,
    /// What somebody says of the newest, where it is the last one.
    pub last: Option<Final>,
}

/// What a tool says of the backups of an object.
///
/// # Errors
/// It says nothing of it, not in its own words, or something that cannot be.
pub fn read(tool: Tool, output: &[u8], asked: Asked) -> Result<Backup, Error> {
    if output.len() > limits::EVIDENCE_INPUT.most {
        return Err(Error::TooLong { tool: tool.title() });
    }
    let value = json::parse(output).map_err(|what| Error::Json {
        tool: tool.title(),
        what,
        prints: tool.prints(),
    })?;
    check_selected(tool, &asked.selected)?;
    let root = At::root(tool, &value);
    let said = match tool {
        Tool::PgbackrestInfo => pgbackrest::read(&root, &asked)?,
        Tool::Cnpg => cnpg::read(&root, &asked)?,
        Tool::Velero => velero::read(&root, &asked)?,
        Tool::K8up => k8up::read(&root, &asked)?,
        Tool::Restic => restic::read(&root, &asked)?,
        Tool::Zalando => walg::read(&root)?,
        Tool::Json => listed::read(value)?,
    };
    said.fold(tool, output, asked)
}

/// The JSON Schema of the list that [`Tool::Json`] reads.
#[must_use]
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(listed::Listed).to_value()
}

/// What a tool says, in the order in which it says it.
#[derive(Debug, Default)]
struct Said {
    system_id: Option<String>,
    version: Option<String>,
    /// Each backup, and why it cannot be restored from.
    runs: Vec<(Run, Option<String>)>,
    first_recoverable: Option<Timestamp>,
    archive: Option<Archive>,
    encrypted: Option<bool>,
}

impl Said {
    fn fold(self, tool: Tool, output: &[u8], asked: Asked) -> Result<Backup, Error> {
        let now = asked.about.reported_at;
        let instants = self.runs.iter().map(|(run, _)| run);
        let instants = instants.map(|run| (format!("backup `{}`", run.label), run.finished_at));
        let archived = asked
            .last_archived
            .map(|at| ("the last archived log".to_owned(), at));
        let mut instants = instants.chain(archived);
        if let Some((what, at)) = instants.find(|(_, at)| at.duration_since(now) > SKEW) {
            return Err(Error::Future { what, at, now });
        }
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for (run, flaw) in self.runs {
            let empty = (run.bytes == Some(0)).then(|| "it holds 0 bytes".to_owned());
            match flaw.or(empty) {
                Some(reason) => bad.push(Failure {
                    label: run.label,
                    at: run.finished_at,
                    reason: told(&reason),
                }),
                None => good.push(run),
            }
        }
        good.sort_by_key(|run| run.finished_at);
        bad.sort_by_key(|failure| failure.at);
        let usable = good.len() as u64;
        let last_success = good.pop();
        let kind = last_success.as_ref().map(|run| run.kind);
        let previous = good.into_iter().rev().find(|run| Some(run.kind) == kind);
        let archive = match (self.archive, asked.last_archived) {
            (None, None) => None,
            (archive, last_at) => {
                let archive = archive.unwrap_or_default();
                let last_at = last_at.or(archive.last_at);
                Some(Archive { last_at, ..archive })
            }
        };
        let source = Source {
            tool,
            selected: asked.selected,
            output: Digest::of(output),
        };
        let backup = Backup {
            about: asked.about,
            object: asked.object,
            source,
            system_id: self.system_id,
            version: self.version,
            usable,
            first_recoverable: self.first_recoverable.filter(|_| last_success.is_some()),
            last_success,
            previous,
            last_failure: bad.pop(),
            archive,
            encrypted: self.encrypted,
            last: asked.last,
        };
        match backup.check() {
            Ok(()) => Ok(backup),
            Err(what) => Err(Error::Contradiction { what }),
        }
    }
}

/// What a tool says went wrong, short and in one line.
fn told(reason: &str) -> String {
    let line: String = reason
        .chars()
        .map(|c| if is_harmful(c) { ' ' } else { c })
        .collect();
    match line.trim() {
        "" => "the tool does not say why".to_owned(),
        line => abridged(line, 100),
    }
}

fn check_selected(tool: Tool, selected: &BTreeMap<String, String>) -> Result<(), Error> {
    let known = tool.keys();
    match selected.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => Err(Error::Select {
            key: key.chars().take(80).collect(),
            tool: tool.title(),
            help: match known {
                [] => "leave it out: the object says what is meant".to_owned(),
                known => format!("it knows {}", known.join(", ")),
            },
        }),
    }
}

impl Tool {
    /// As people call it.
    fn title(self) -> &'static str {
        match self {
            Self::PgbackrestInfo => "pgBackRest",
            Self::Cnpg => "CloudNativePG",
            Self::Velero => "Velero",
            Self::K8up => "K8up",
            Self::Restic => "restic",
            Self::Zalando => "WAL-G",
            Self::Json => "the list of backups",
        }
    }

    /// How it is made to print what is read.
    #[must_use]
    pub fn prints(self) -> &'static str {
        match self {
            Self::PgbackrestInfo => "`pgbackrest info --output=json`",
            Self::Cnpg => {
                "`kubectl get clusters.postgresql.cnpg.io,backups.postgresql.cnpg.io,objectstores.barmancloud.cnpg.io -n NAMESPACE -o json`"
            }
            Self::Velero => "`velero backup get -o json`",
            Self::K8up => "`kubectl get backups.k8up.io,snapshots.k8up.io -n NAMESPACE -o json`",
            Self::Restic => "`restic snapshots --json`",
            Self::Zalando => "`wal-g backup-list --detail --json`",
            Self::Json => "schemas/evidence/backups.v1.json says how it is written",
        }
    }

    /// What can be selected of it.
    fn keys(self) -> &'static [&'static str] {
        match self {
            Self::PgbackrestInfo => &["stanza"],
            Self::Velero => &["schedule"],
            Self::Restic => &["host", "path", "tag"],
            Self::K8up => &["path"],
            Self::Cnpg | Self::Zalando | Self::Json => &[],
        }
    }
}
