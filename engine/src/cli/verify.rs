//! `tidegate verify`: one envelope against the files of a commit, or all that a store holds.

use std::io::Read;
use std::path::{Path, PathBuf};

use super::common::{self, Error, Failure, Outcome};
use super::terminal::Terminal;
use super::trusted::Trusted;
use super::verdicts::Verdicts;
use crate::gate::{self, Verification, VerifyRequest};
use crate::model::{Enforcement, Exit, limits};
use crate::report::{plural, sanitise};
use crate::verify::AdmitError;

/// Check one signed verdict against the files of a commit, or a whole store
#[derive(clap::Args)]
pub(super) struct Args {
    /// The DSSE envelope, or the Sigstore bundle around it; `-` for standard input
    #[arg(value_name = "FILE", required_unless_present = "all")]
    file: Option<PathBuf>,
    /// Instead of one, all that the store holds: every link of every unit must verify by the trust file,
    /// and none may be missing in between, nor the link of `gate` that one was judged by; of a branch, nothing may
    /// be gone since its beginning that has to stay. Asks no commit, and of the clock only whether the trust file is over
    #[arg(long, requires = "verdicts", conflicts_with_all = ["file", "env", "unit", "revision"])]
    all: bool,
    #[command(flatten)]
    trust: Trusted,
    /// The environment; needed but for `--all`
    #[arg(long, value_name = "NAME", required_unless_present = "all")]
    env: Option<String>,
    /// The unit; may be left out where the environment is one unit
    #[arg(long, value_name = "NAME")]
    unit: Option<String>,
    /// The commit; needed but for `--all`
    #[arg(long, value_name = "REV", required_unless_present = "all")]
    revision: Option<String>,
    /// Also ask this store, as for `admit`: the verdict must be a link in it
    /// that was not withdrawn, a renewal of it counts, and the newest state of the gate that is accepted
    /// there says what the calendar is. Without it, a verdict whose time is over is refused, and the
    /// calendar is the one of REV
    #[arg(long, value_name = "STORE")]
    verdicts: Option<String>,
}

/// One envelope, and what it must be about.
pub(super) struct One {
    pub(super) file: PathBuf,
    pub(super) trust: Trusted,
    pub(super) env: String,
    pub(super) unit: Option<String>,
    pub(super) revision: String,
    pub(super) verdicts: Option<String>,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        match (self.file, self.env, self.revision, &self.verdicts) {
            (Some(file), Some(env), Some(revision), _) => {
                let one = One {
                    file,
                    trust: self.trust,
                    env,
                    unit: self.unit,
                    revision,
                    verdicts: self.verdicts,
                };
                let verified = one.verified(terminal)?;
                terminal.line(&sentence(&verified));
                Ok(Exit::Pass)
            }
            (_, _, _, Some(verdicts)) => whole(&self.trust, verdicts, terminal),
            // The parser asks for one of both.
            (_, _, _, None) => Err(Error::NoStore.into()),
        }
    }
}

/// Verifies all that a store holds: a line a unit, then what does not verify.
fn whole(trusted: &Trusted, verdicts: &str, terminal: &mut Terminal) -> Outcome {
    let trust = trusted.read(terminal)?;
    let repository = common::repository(&terminal.directory)?;
    let verdicts = Verdicts::open(verdicts, &repository, terminal)?;
    let mut exit = Exit::Pass;
    for unit in gate::audit(verdicts.store(), &trust)? {
        let name = &unit.unit;
        let newest = match unit.newest {
            Some(newest) => format!("the newest is link {newest}"),
            None => "it has no verified link".to_owned(),
        };
        terminal.line(&format!(
            "{name}: {} verified, {newest}, {} withdrawn, {}",
            plural(unit.links, "link", "links"),
            unit.withdrawn,
            plural(unit.reports, "failed verdict", "failed verdicts")
        ));
        if unit.superseded > 0 {
            terminal.line(&format!(
                "{name}: {} below the newest baseline, of keys that sign no more: it accepted anew what they said",
                plural(unit.superseded, "verdict", "verdicts")
            ));
        }
        if !unit.refusals.is_empty() {
            let error = AdmitError::Refused {
                refusals: unit.refusals,
                enforcement: Enforcement::Enforce,
            };
            exit = exit.max(terminal.print_error(&error));
        }
    }
    Ok(exit)
}

impl One {
    /// The verdict, if it holds.
    pub(super) fn verified(&self, terminal: &Terminal) -> Result<Verification, Failure> {
        let envelope = envelope(&self.file, self.verdicts.as_deref(), &terminal.directory)?;
        let trust = self.trust.read(terminal)?;
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
}

/// What an envelope's file holds; `-` for standard input, which then cannot be the store too.
pub(super) fn envelope(
    file: &Path,
    verdicts: Option<&str>,
    directory: &Path,
) -> Result<Vec<u8>, Error> {
    let limit = limits::ENVELOPE.wide().saturating_add(1);
    let mut bytes = Vec::new();
    if file.as_os_str() == "-" {
        if verdicts == Some("-") {
            return Err(Error::TwiceStdin);
        }
        std::io::stdin()
            .take(limit)
            .read_to_end(&mut bytes)
            .map_err(|error| Error::read(file, &error))?;
        return Ok(bytes);
    }
    let path = directory.join(file);
    std::fs::File::open(&path)
        .and_then(|file| file.take(limit).read_to_end(&mut bytes))
        .map_err(|error| Error::read(&path, &error))?;
    Ok(bytes)
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
