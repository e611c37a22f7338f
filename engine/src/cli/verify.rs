//! `tidegate verify`: one envelope against the files of a commit.

use std::io::Read;
use std::path::PathBuf;

use super::common::{self, Error, Failure, Outcome};
use super::terminal::Terminal;
use super::verdicts::Verdicts;
use crate::attest::TrustFile;
use crate::gate::{self, Verification, VerifyRequest};
use crate::model::{Exit, limits};
use crate::report::sanitise;

/// Check one signed verdict against the files of a commit
#[derive(clap::Args)]
pub(super) struct Args {
    /// The DSSE envelope, or the Sigstore bundle around it; `-` for standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// The trust file, from a place that the change cannot reach
    #[arg(long, value_name = "FILE")]
    pub(super) trust: PathBuf,
    /// The environment
    #[arg(long, value_name = "NAME")]
    pub(super) env: String,
    /// The unit; may be left out where the environment is one unit
    #[arg(long, value_name = "NAME")]
    pub(super) unit: Option<String>,
    /// The commit
    #[arg(long, value_name = "REV")]
    pub(super) revision: String,
    /// Also ask this store, `folder:DIR` or `branch[:REMOTE[:NAME]]`: the verdict must be a link in it
    /// that was not withdrawn, a renewal of it counts, and the newest state of the gate that is accepted
    /// there says what the calendar is. Without it, a verdict whose time is over is refused, and the
    /// calendar is the one of REV
    #[arg(long, value_name = "STORE")]
    pub(super) verdicts: Option<String>,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let verified = self.verified(terminal)?;
        terminal.line(&sentence(&verified));
        Ok(Exit::Pass)
    }

    /// The verdict, if it holds.
    pub(super) fn verified(&self, terminal: &Terminal) -> Result<Verification, Failure> {
        let envelope = self.envelope(terminal)?;
        let trust = trust(&terminal.directory.join(&self.trust))?;
        let repository = common::repository(&terminal.directory)?;
        let verdicts = match &self.verdicts {
            Some(text) => Some(Verdicts::open(text, &repository, terminal)?),
            None => None,
        };
        let request = VerifyRequest {
            envelope: &envelope,
            trust: &trust,
            environment: &self.env,
            unit: self.unit.as_deref(),
            revision: &self.revision,
            store: verdicts.as_ref().map(Verdicts::store),
            now: terminal.now,
        };
        Ok(gate::verify(&repository, &request)?)
    }

    fn envelope(&self, terminal: &Terminal) -> Result<Vec<u8>, Error> {
        let limit = limits::ENVELOPE.wide().saturating_add(1);
        let mut bytes = Vec::new();
        if self.file.as_os_str() == "-" {
            std::io::stdin()
                .take(limit)
                .read_to_end(&mut bytes)
                .map_err(|error| Error::read(&self.file, &error))?;
            return Ok(bytes);
        }
        let path = terminal.directory.join(&self.file);
        let file = std::fs::File::open(&path).map_err(|error| Error::read(&path, &error))?;
        file.take(limit)
            .read_to_end(&mut bytes)
            .map_err(|error| Error::read(&path, &error))?;
        Ok(bytes)
    }
}

/// What a verdict says, in a line.
pub(super) fn sentence(Verification { verified, until }: &Verification) -> String {
    let verdict = verified.verdict();
    let signers: Vec<&str> = verified
        .signers()
        .iter()
        .map(|signer| signer.principal.as_str())
        .collect();
    sanitise::line(&format!(
        "verified: {}/{} link {}, tier {}, gated tree {}, signed by {}, first deployment until {}",
        verdict.environment,
        verdict.unit,
        verdict.height,
        verdict.risk_tier,
        verdict.head.gated_tree.short(),
        signers.join(", "),
        until,
    ))
}

/// Reads a trust file.
pub(super) fn trust(
    path: &std::path::Path,
) -> Result<TrustFile, Box<dyn miette::Diagnostic + Send + Sync>> {
    let limit = limits::TRUST_FILE.wide();
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|error| Error::read(path, &error))?;
    Ok(TrustFile::parse(&bytes)?)
}
