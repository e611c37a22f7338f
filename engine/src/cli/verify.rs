//! `tidegate verify`: one envelope against the files of a commit.

use std::io::Read;
use std::path::PathBuf;

use super::common::{self, Error, Outcome};
use super::terminal::Terminal;
use crate::attest::{MAX_ENVELOPE, MAX_TRUST_FILE, TrustFile};
use crate::gate::{self, VerifyRequest};
use crate::model::Exit;

/// Check one signed verdict against the files of a commit
#[derive(clap::Args)]
pub(super) struct Args {
    /// The DSSE envelope; `-` for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The trust file, from a place that the change cannot reach
    #[arg(long, value_name = "FILE")]
    trust: PathBuf,
    /// The environment
    #[arg(long, value_name = "NAME")]
    env: String,
    /// The unit; may be left out where the environment is one unit
    #[arg(long, value_name = "NAME")]
    unit: Option<String>,
    /// The commit
    #[arg(long, value_name = "REV")]
    revision: String,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let envelope = self.envelope(terminal)?;
        let trust = trust(&terminal.directory.join(&self.trust))?;
        let repository = common::repository(&terminal.directory)?;
        let request = VerifyRequest {
            envelope: &envelope,
            trust: &trust,
            environment: &self.env,
            unit: self.unit.as_deref(),
            revision: &self.revision,
            now: terminal.now,
        };
        let verified = gate::verify(&repository, &request)?;
        let verdict = verified.verdict();
        let signers: Vec<&str> = verified
            .signers()
            .iter()
            .map(|signer| signer.principal.as_str())
            .collect();
        terminal.line(&format!(
            "verified: {}/{} link {}, tier {}, gated tree {}, signed by {}, first deployment until {}",
            verdict.environment,
            verdict.unit,
            verdict.height,
            verdict.risk_tier,
            verdict.head.gated_tree.short(),
            signers.join(", "),
            verdict.valid_until,
        ));
        Ok(Exit::Pass)
    }

    fn envelope(&self, terminal: &Terminal) -> Result<Vec<u8>, Error> {
        let limit = u64::try_from(MAX_ENVELOPE)
            .unwrap_or(u64::MAX)
            .saturating_add(1);
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

/// Reads a trust file.
pub(super) fn trust(
    path: &std::path::Path,
) -> Result<TrustFile, Box<dyn miette::Diagnostic + Send + Sync>> {
    let limit = u64::try_from(MAX_TRUST_FILE).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    std::fs::File::open(path)
        .and_then(|file| file.take(limit.saturating_add(1)).read_to_end(&mut bytes))
        .map_err(|error| Error::read(path, &error))?;
    Ok(TrustFile::parse(&bytes)?)
}
