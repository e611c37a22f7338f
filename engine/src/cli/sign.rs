//! `tidegate sign` and `tidegate baseline`: the next links of an environment.

mod told;

use std::path::{Path, PathBuf};

use super::ci;
use super::common::{self, Error, Failure, Outcome};
use super::evidence::folder::files;
use super::output::{self, replace};
use super::renderers::{self, Network};
use super::signers::Signers;
use super::terminal::Terminal;
use super::verdicts::Verdicts;
use crate::attest::{UnitId, bundle};
use crate::gate::{self, Published, SignRequest, Signed, Signing};

pub(super) use told::human;

/// Judge from the newest link of each unit to the head of the protected branch, sign and publish
///
/// Takes no range. A pass is published as the next link, a fail as a report that blocks nobody: the
/// next run judges from the same link.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
    /// Then ask facts and calendar anew about the newest link of each unit, and publish how long it
    /// may still begin its way
    #[arg(long)]
    renew: bool,
}

/// The arguments of `sign` and `baseline`.
#[derive(clap::Args)]
pub(super) struct Common {
    /// The environment
    #[arg(long, value_name = "NAME")]
    env: String,
    /// Only this unit
    #[arg(long, value_name = "NAME")]
    unit: Option<String>,
    #[command(flatten)]
    signers: Signers,
    /// Where verdicts lie: `folder:DIR` (made when missing) or `branch[:REMOTE[:NAME]]` (origin and
    /// tidegate/verdicts when left out), fetched and pushed by your `git`
    #[arg(long, value_name = "STORE")]
    verdicts: String,
    /// Signed evidence of backups and rehearsals beside that in `.tidegate/evidence` of the repository: a folder, as `tidegate evidence`
    /// writes it
    #[arg(long, value_name = "FOLDER")]
    evidence: Option<PathBuf>,
    /// Write the envelope of the newest link to this file too; of several units, that of the last
    #[arg(short = 'o', long, value_name = "FILE")]
    envelope: Option<PathBuf>,
    /// The same envelope in a Sigstore bundle v0.3, for `cosign` and sigstore-js
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// What became of each unit: human | json, to standard output or to a file (`json=run.json`);
    /// may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]")]
    output: Vec<String>,
    #[command(flatten)]
    network: Network,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let how = if self.renew { gate::renew } else { gate::sign };
        self.common.run(terminal, how)
    }
}

impl Common {
    pub(super) fn run(
        self,
        terminal: &mut Terminal,
        how: impl Fn(&crate::git::Repository, &SignRequest<'_>) -> Result<Signing, gate::Error>,
    ) -> Outcome {
        let outputs = output::parse_plain(&self.output, &terminal.directory)?;
        match self.signing(terminal, how) {
            Ok(signing) => {
                told::write(&signing, &self.env, &outputs, terminal)?;
                for unit in &signing.units {
                    terminal.warn_rejected(&unit.unit, &unit.rejected);
                }
                self.write_envelopes(&signing, terminal)?;
                Ok(signing.exit())
            }
            Err(error) => {
                let written = told::write_error(error.as_ref(), &self.env, &outputs, terminal);
                let exit = terminal.print_error(error.as_ref());
                written?;
                Ok(exit)
            }
        }
    }

    fn signing(
        &self,
        terminal: &Terminal,
        how: impl Fn(&crate::git::Repository, &SignRequest<'_>) -> Result<Signing, gate::Error>,
    ) -> Result<Signing, Failure> {
        ci::merged::required(|name| terminal.variable(name))?;
        if self.bundle.is_some() && self.signers.count() > 1 {
            return Err(Error::BundleOfSeveral.into());
        }
        let key = self.signers.open(terminal)?;
        let repository = common::repository(&terminal.directory)?;
        let verdicts = Verdicts::open(&self.verdicts, &repository, terminal)?;
        let evidence = self.evidence.as_ref();
        let evidence = evidence.map(|folder| files(&terminal.directory.join(folder)));
        let evidence = evidence.transpose()?.unwrap_or_default();
        let request = SignRequest {
            environment: &self.env,
            unit: self.unit.as_deref(),
            key: &key,
            store: verdicts.store(),
            evidence: &evidence,
            workshop: Some(&renderers::fresh(terminal, &repository, self.network)),
            now: terminal.now,
        };
        Ok(how(&repository, &request)?)
    }

    fn write_envelopes(&self, signing: &Signing, terminal: &mut Terminal) -> Result<(), Failure> {
        let directory = terminal.directory.clone();
        let newest = published(signing).next_back().map(|(_, newest)| newest);
        if let Some(file) = &self.envelope {
            if let Some(newest) = newest {
                write(&directory.join(file), &newest.envelope)?;
            }
            tell_written(signing, file, terminal);
        }
        if let Some(file) = &self.bundle {
            if let Some(newest) = newest {
                write(&directory.join(file), &bundle(&newest.envelope)?)?;
            }
            tell_written(signing, file, terminal);
        }
        Ok(())
    }
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    replace(path, bytes).map_err(|error| Error::write(path, &error))
}

/// Says what the file holds where that is not plain: one envelope of several, or an older one.
fn tell_written(signing: &Signing, out: &Path, terminal: &mut Terminal) {
    let out = out.display();
    let mut units = published(signing);
    match (units.next_back(), units.next_back()) {
        (None, _) => terminal.say(&format!("nothing was signed: {out} is not written")),
        (Some(_), None) => {}
        (Some((unit, _)), Some(_)) => terminal.say(&format!(
            "{out} holds the envelope of {unit} alone; `--unit` names another"
        )),
    }
}

/// The units that have something new, and what; the unit `gate` comes first.
fn published(signing: &Signing) -> impl DoubleEndedIterator<Item = (&UnitId, &Published)> {
    signing.units.iter().filter_map(|unit| match &unit.result {
        Signed::Link(published) | Signed::Failed(published) => Some((&unit.unit, &**published)),
        Signed::NothingNew { .. } => None,
    })
}
