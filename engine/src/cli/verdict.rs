//! `tidegate verdict`: what signed verdicts say.
//! Decides nothing: what is shown admits nothing, and says whether anybody vouches for it.

mod told;

use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::common::{self, Error, Failure, Outcome};
use super::output::{self, Output};
use super::terminal::Terminal;
use super::trusted;
use super::verdicts::Verdicts;
use super::verify::envelope;
use crate::attest::TrustFile;
use crate::gate::{self, Belief, LinkName, ShownVerdict};
use crate::model::Exit;
use told::Found;

/// Show signed verdicts, compare them, list the chain of a unit
///
/// Without `--trust` nobody vouches for what is shown, and each line says *unverified*.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Show(Show),
    Diff(Diff),
    Log(Log),
}

/// Show what one verdict says; exits with 4 where it does not verify
#[derive(clap::Args)]
struct Show {
    /// The DSSE envelope or the Sigstore bundle around it, `-` for standard input; or, with
    /// `--verdicts`, 8 digits or more of the SHA-256 of its payload
    #[arg(value_name = "FILE|DIGEST")]
    verdict: String,
    #[command(flatten)]
    asked: Asked,
}

/// Show what the second verdict says otherwise than the first, field by field
#[derive(clap::Args)]
struct Diff {
    /// The first: a file or a digest, as for `verdict show`
    #[arg(value_name = "A")]
    first: String,
    /// The second
    #[arg(value_name = "B")]
    second: String,
    #[command(flatten)]
    asked: Asked,
}

/// List the links and failed verdicts of a store, newest first
#[derive(clap::Args)]
struct Log {
    /// Only this environment; of the unit `gate`, the branch
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Only this unit
    #[arg(long, value_name = "NAME")]
    unit: Option<String>,
    #[command(flatten)]
    asked: Asked,
}

#[derive(clap::Args)]
struct Asked {
    /// Whose signature counts: the trust file, from a place that the change cannot reach
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// Where verdicts lie: `folder:DIR` or `branch[:REMOTE[:NAME]]`; says what became of each
    #[arg(long, value_name = "STORE")]
    verdicts: Option<String>,
    /// human | json, to standard output or to a file (`json=verdicts.json`); may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]")]
    output: Vec<String>,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        match self.command {
            Command::Show(show) => show.asked.run(terminal, &|source| {
                let shown = source.shown(&show.verdict)?;
                Ok(Found::One(Box::new(shown)))
            }),
            Command::Diff(diff) => diff.asked.run(terminal, &|source| {
                let (first, second) = (source.shown(&diff.first)?, source.shown(&diff.second)?);
                let differences = gate::difference(&first.verdict, &second.verdict);
                let both = Box::new([first, second]);
                Ok(Found::Two(both, differences))
            }),
            Command::Log(log) => log.asked.run(terminal, &|source| {
                let asked = (log.env.as_deref(), log.unit.as_deref());
                let store = source.verdicts.as_ref().ok_or(Error::NoStore)?.store();
                store.refresh()?;
                let units = gate::verdict_log(store, asked, source.trust.as_ref())?;
                Ok(Found::Log(units))
            }),
        }
    }
}

/// Where verdicts come from, and whose signature counts.
struct Source<'a> {
    directory: &'a Path,
    trust: Option<TrustFile>,
    verdicts: Option<Verdicts>,
    /// What the store was called.
    place: Option<&'a str>,
}

impl Source<'_> {
    fn shown(&self, text: &str) -> Result<ShownVerdict, Failure> {
        let store = self.verdicts.as_ref().map(Verdicts::store);
        if let Some(store) = store {
            store.refresh()?;
        }
        let bytes = match (LinkName::of_digits(text), store) {
            (Some(name), Some(store)) => gate::find_verdict(store, &name)?,
            // A file may be called like a digest.
            (Some(_), None) if !self.directory.join(text).exists() => {
                return Err(Error::NoStore.into());
            }
            _ => envelope(Path::new(text), self.place, self.directory)?,
        };
        Ok(gate::show_verdict(&bytes, store, self.trust.as_ref())?)
    }
}

impl Asked {
    fn run(
        &self,
        terminal: &mut Terminal,
        find: &dyn Fn(&Source<'_>) -> Result<Found, Failure>,
    ) -> Outcome {
        let outputs = output::parse_plain(&self.output, &terminal.directory)?;
        match self.found(terminal, find) {
            Ok(found) => {
                let exit = exit_of(&found);
                told::write(&found, exit, &outputs, terminal)?;
                Ok(exit)
            }
            Err(error) => self.failed(&error, &outputs, terminal),
        }
    }

    fn found(
        &self,
        terminal: &Terminal,
        find: &dyn Fn(&Source<'_>) -> Result<Found, Failure>,
    ) -> Result<Found, Failure> {
        let trust = match &self.trust {
            Some(file) => Some(trusted::read(file, None, terminal)?),
            None => None,
        };
        let verdicts = match &self.verdicts {
            Some(text) => {
                let repository = common::repository(&terminal.directory)?;
                Some(Verdicts::open(text, &repository, terminal)?)
            }
            None => None,
        };
        find(&Source {
            directory: &terminal.directory,
            trust,
            verdicts,
            place: self.verdicts.as_deref(),
        })
    }

    fn failed(&self, error: &Failure, outputs: &[Output], terminal: &mut Terminal) -> Outcome {
        let written = told::write_error(error, outputs, terminal);
        let exit = terminal.print_error(error.as_ref());
        written?;
        Ok(exit)
    }
}

/// One that was asked for by name must verify, where somebody says what that is.
fn exit_of(found: &Found) -> Exit {
    let is_rejected = |shown: &ShownVerdict| matches!(shown.belief, Belief::Rejected(_));
    let rejected = match found {
        Found::One(shown) => is_rejected(shown),
        Found::Two(both, _) => both.iter().any(is_rejected),
        Found::Log(_) => false,
    };
    if rejected { Exit::Refused } else { Exit::Pass }
}
