//! `tidegate evidence`: what happened outside of the repository, made into signed statements, and read back.
//! Judges nothing: what counts, and for how long, is the gate's.

mod backup;
pub(super) mod folder;
mod incident;
mod list;
mod restore_test;
mod rollback_test;
mod scripts;

use std::path::{Path, PathBuf};

use clap::Subcommand;
use jiff::Timestamp;

use super::common::{self, Failure, Outcome};
use super::keys::nearest;
use super::signers::Signers;
use super::terminal::{Terminal, whole_seconds};
use super::{output, trusted};
use crate::attest::evidence::Evidence;
use crate::attest::{self, Right, TrustFile};
use crate::facts::evidence::{About, Error, ObjectName, SKEW};
use crate::model::{Digest, Exit};

/// Say of backups, rehearsals and incidents what a trusted key can sign, and see what counts
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Backup(backup::Args),
    RestoreTest(restore_test::Args),
    Incident(incident::Args),
    RollbackTest(rollback_test::Args),
    MigrationReview(scripts::Review),
    MigrationRehearsal(scripts::Rehearsal),
    List(list::Args),
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        match self.command {
            Command::Backup(args) => args.run(terminal),
            Command::RestoreTest(args) => args.run(terminal),
            Command::Incident(args) => args.run(terminal),
            Command::RollbackTest(args) => args.run(terminal),
            Command::MigrationReview(args) => args.run(terminal),
            Command::MigrationRehearsal(args) => args.run(terminal),
            Command::List(args) => args.run(terminal),
        }
    }
}

/// Where something is said, by whom, and where it goes.
#[derive(clap::Args)]
struct Saying {
    /// The environment
    #[arg(long, value_name = "NAME")]
    env: String,
    /// The cluster that the environment runs in: must be given where `tidegate.yaml` names one
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// Counts up with each statement about the same object: the highest is the newest, and a number that was
    /// given before makes both count for nothing. Without it, microseconds since 1970
    #[arg(long, value_name = "NUMBER")]
    sequence: Option<u64>,
    /// The trust file that says what the key may sign; without it, `.tidegate/trust.json` here or in a folder
    /// above
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    #[command(flatten)]
    signers: Signers,
    /// Where the signed statement goes: a file, or a folder (with a `/` at its end, made when missing), in
    /// which it is named by its digest; without it, standard output
    #[arg(short, long, value_name = "FILE|FOLDER/")]
    out: Option<PathBuf>,
}

impl Saying {
    fn about(&self, terminal: &Terminal) -> About {
        // A job may say two things of one object within a second.
        let counted = || u64::try_from(terminal.moment.as_microsecond()).unwrap_or_default();
        About {
            environment: self.env.clone(),
            cluster: self.cluster.clone(),
            reported_at: terminal.now,
            sequence: self.sequence.unwrap_or_else(counted),
        }
    }

    /// Signs it as it will be verified, and writes it.
    fn sign(&self, evidence: &Evidence, terminal: &mut Terminal) -> Result<Digest, Failure> {
        let trust = trust(self.trust.as_deref(), terminal)?;
        let payload = evidence.to_statement_bytes()?;
        let right = Right {
            role: evidence.kind().role(),
            environment: &self.env,
        };
        let may = trust.signing(right, terminal.now);
        let signers = self.signers.open(terminal)?;
        let envelope = attest::sign_by(&payload, &signers, &may)?;
        attest::verify(&envelope, &trust, right.role, right.environment)?;
        let digest = Digest::of(&payload);
        self.write(digest, &envelope, terminal)?;
        Ok(digest)
    }

    fn write(
        &self,
        digest: Digest,
        envelope: &[u8],
        terminal: &mut Terminal,
    ) -> Result<(), common::Error> {
        let Some(out) = &self.out else {
            terminal.line(&String::from_utf8_lossy(envelope));
            return Ok(());
        };
        let path = terminal.directory.join(out);
        let is_folder = path.is_dir() || out.as_os_str().as_encoded_bytes().ends_with(b"/");
        let path = match is_folder {
            true => path.join(format!("{digest}.json")),
            false => path,
        };
        let folder = path.parent().filter(|_| is_folder);
        let made = folder.map_or(Ok(()), std::fs::create_dir_all);
        let line = [envelope, b"\n"].concat();
        made.and_then(|()| output::replace(&path, &line))
            .map_err(|error| common::Error::write(&path, &error))
    }
}

/// Signs what was said, and tells it on standard error.
fn say(saying: &Saying, evidence: &Evidence, told: &str, terminal: &mut Terminal) -> Outcome {
    let digest = saying.sign(evidence, terminal)?;
    terminal.say(told);
    terminal.say(&format!("signed as {digest}"));
    Ok(Exit::Pass)
}

/// The trust file that was named, or the one that the gate looks for.
fn trust(named: Option<&Path>, terminal: &Terminal) -> Result<TrustFile, Failure> {
    let path = match named {
        Some(named) => named.to_owned(),
        None => nearest(&terminal.directory).ok_or(common::Error::NoTrustFile)?,
    };
    trusted::read(&path, None, terminal)
}

fn object(text: &str) -> Result<ObjectName, Error> {
    ObjectName::parse(text)
}

/// The digest of an image, or of a script.
fn image(text: &str) -> Result<Digest, String> {
    Digest::parse_oci(text).ok_or_else(|| {
        "write the digest in full: `sha256:` and 64 digits or letters from `a` to `f`".to_owned()
    })
}

/// Refuses what has not happened yet.
fn check_past(what: &str, at: Timestamp, now: Timestamp) -> Result<(), Error> {
    let what = what.to_owned();
    match at.duration_since(now) > SKEW {
        true => Err(Error::Future { what, at, now }),
        false => Ok(()),
    }
}

/// An instant with an offset.
fn instant(text: &str) -> Result<Timestamp, String> {
    text.parse().map(whole_seconds).map_err(|_| {
        "write it with an offset, as in `2026-11-27T13:05:00Z` or `2026-11-27T14:05:00+01:00`"
            .to_owned()
    })
}
