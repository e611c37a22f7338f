//! `tidegate evidence backup`: what a tool prints of its backups, as a signed statement about one object.
//! Runs no tool, and asks no cluster.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::PathBuf;

use jiff::Timestamp;

use super::{Saying, instant, object, say};
use crate::attest::evidence::Evidence;
use crate::cli::common::{Error, Outcome};
use crate::cli::terminal::Terminal;
use crate::facts::evidence::tools::{self, Asked};
use crate::facts::evidence::{Backup, Final, ObjectName, Tool};
use crate::model::limits;
use crate::report::sanitise;

/// Sign what a tool prints of the backups of an object, good or bad: which one is the newest that can be
/// restored from, how large it is, since when the object can be taken back, which database it is
///
/// Run it after each backup, with the same tool: `pgbackrest info --output=json | tidegate evidence backup
/// --from pgbackrest-info ...`. The role of the key is `backup-reporter`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// What the tool printed; `-` is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// Which tool: pgbackrest-info (`pgbackrest info --output=json`) | cnpg (`kubectl get` of its clusters,
    /// backups and object stores, `-o json`) | velero (`velero backup get -o json`) | k8up (`kubectl get` of its
    /// backups and snapshots, `-o json`) | restic (`restic snapshots --json`) | zalando (`wal-g backup-list
    /// --detail --json`) | json (anything else, in the shape of schemas/evidence/backups.v1.json)
    #[arg(long, value_name = "TOOL", value_parser = tool)]
    from: Tool,
    /// What is backed up, as findings write it: `shop/Cluster.postgresql.cnpg.io/odoo-db`
    #[arg(long, value_name = "NAMESPACE/KIND.GROUP/NAME", value_parser = object)]
    object: ObjectName,
    /// What of all that is printed is about the object, where that is more: `stanza=NAME` of pgBackRest,
    /// `schedule=NAME` of Velero, `path=PATH` of K8up, `host=NAME`, `path=PATH` and `tag=NAME` of restic; may be
    /// repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = pair)]
    select: Vec<(String, String)>,
    /// When the last piece of the write-ahead log was archived, as `pg_stat_archiver` says
    #[arg(long, value_name = "TIME", value_parser = instant)]
    last_archived: Option<Timestamp>,
    /// The newest is the last one, and nothing writes to the object any more: it may be deleted for 24 hours, once
    /// that backup was verified, or restored (`tidegate evidence restore-test`)
    #[arg(long = "final")]
    last: bool,
    /// The last one was read back and checked, as `pgbackrest verify` and `restic check --read-data` do
    #[arg(long, requires = "last")]
    verified: bool,
    #[command(flatten)]
    saying: Saying,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let output = self.output(terminal)?;
        let asked = Asked {
            about: self.saying.about(terminal),
            object: self.object,
            selected: self.select.into_iter().collect::<BTreeMap<_, _>>(),
            last_archived: self.last_archived,
            last: self.last.then_some(Final {
                verified: self.verified,
            }),
        };
        let backup = tools::read(self.from, &output, asked)?;
        let told = told(&backup);
        say(
            &self.saying,
            &Evidence::Backup(Box::new(backup)),
            &told,
            terminal,
        )
    }

    /// What the tool printed, and one byte more than is read of it.
    fn output(&self, terminal: &Terminal) -> Result<Vec<u8>, Error> {
        let most = limits::EVIDENCE_INPUT.wide().saturating_add(1);
        let mut bytes = Vec::new();
        if self.file.as_os_str() == "-" {
            let read = io::stdin().lock().take(most).read_to_end(&mut bytes);
            read.map_err(|error| Error::read(&self.file, &error))?;
        } else {
            let path = terminal.directory.join(&self.file);
            let file = std::fs::File::open(&path);
            file.and_then(|file| file.take(most).read_to_end(&mut bytes))
                .map_err(|error| Error::read(&path, &error))?;
        }
        Ok(bytes)
    }
}

fn told(backup: &Backup) -> String {
    let mut text = match &backup.last_success {
        Some(run) => format!(
            "{}: backup `{}` of {} can be restored from",
            backup.object, run.label, run.finished_at
        ),
        None => format!("{}: no backup can be restored from", backup.object),
    };
    if let Some(last) = backup.last {
        text.push_str(match last.verified {
            true => "; it is the last one, and verified",
            false => "; it is the last one",
        });
    }
    if let Some(failure) = &backup.last_failure {
        text.push_str(&format!(
            "; `{}` of {} cannot: {}",
            failure.label, failure.at, failure.reason
        ));
    }
    sanitise::line(&text)
}

fn tool(text: &str) -> Result<Tool, String> {
    Tool::parse(text).ok_or_else(|| {
        let all: Vec<&str> = Tool::ALL.iter().map(|tool| tool.as_str()).collect();
        format!("one of {}", all.join(", "))
    })
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() && !value.is_empty() => {
            Ok((key.to_owned(), value.to_owned()))
        }
        _ => Err("write it as `KEY=VALUE`".to_owned()),
    }
}
