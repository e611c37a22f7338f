//! `tidegate check`: what a range changes, judged.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use miette::Diagnostic;

use super::common::{Error, Outcome};
use super::terminal::Terminal;
use super::{common, output};
use crate::gate;
use crate::verdict::RunReport;

/// Judge what a range changes in each environment
///
/// The configuration and the policies are taken from the base, so that a change cannot relax what
/// judges it; with --staged, from the index. Nothing is signed.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    selection: Selection,
    /// Judge every object of the units touched, and let old findings block
    #[arg(long)]
    all: bool,
    /// human | json | sarif | junit | github | gitlab | markdown, to standard output or to a file
    /// (`sarif=report.sarif`); may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]")]
    output: Vec<String>,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let outputs = output::parse(&self.output, &terminal.directory)?;
        let name = self.selection.name();
        let now = self.selection.instant(terminal).unwrap_or(terminal.now);
        match judged(self.selection, self.all, terminal) {
            Ok(report) => {
                output::write(&report, &outputs, terminal)?;
                Ok(report.exit)
            }
            Err(error) => {
                let error: Arc<dyn Diagnostic + Send + Sync> = Arc::from(error);
                let report = RunReport::of_error(name, now, Arc::clone(&error));
                let written = output::write_error(&report, &outputs, terminal);
                let exit = terminal.print_error(error.as_ref());
                written?;
                Ok(exit)
            }
        }
    }
}

fn judged(
    selection: Selection,
    everything: bool,
    terminal: &Terminal,
) -> Result<RunReport, Box<dyn Diagnostic + Send + Sync>> {
    let (repository, mut request) = selection.resolve(terminal)?;
    request.everything = everything;
    Ok(gate::check(&repository, &request)?)
}

/// What `check`, `diff` and `facts` look at.
#[derive(clap::Args)]
pub(super) struct Selection {
    /// `A..B` (A an ancestor of B) or `A...B` (from where the two parted)
    #[arg(value_name = "RANGE")]
    range: Option<String>,
    /// HEAD against the index: what `git commit` would commit
    #[arg(long)]
    staged: bool,
    /// Only this environment
    #[arg(long, value_name = "NAME")]
    env: Option<String>,
    /// Only this unit
    #[arg(long, value_name = "NAME")]
    unit: Option<String>,
    /// As if it were this instant (RFC 3339)
    #[arg(long, value_name = "INSTANT")]
    now: Option<String>,
    /// Use this configuration file instead
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Selection {
    /// The range as reports name it.
    fn name(&self) -> String {
        let staged = if self.staged { "--staged" } else { "" };
        self.range.clone().unwrap_or_else(|| staged.to_owned())
    }

    fn instant(&self, terminal: &Terminal) -> Result<Timestamp, Error> {
        match &self.now {
            None => Ok(terminal.now),
            Some(text) => text.parse().map_err(|_| Error::Now { text: text.clone() }),
        }
    }

    pub(super) fn resolve(
        self,
        terminal: &Terminal,
    ) -> Result<(crate::git::Repository, gate::Request), Box<dyn Diagnostic + Send + Sync>> {
        let now = self.instant(terminal)?;
        let what = match (self.range, self.staged) {
            (Some(_), true) => return Err(Error::TwoRanges.into()),
            (None, false) => return Err(Error::NoRange.into()),
            (Some(range), false) => gate::What::Range(range),
            (None, true) => gate::What::Staged,
        };
        let config = match self.config {
            None => None,
            Some(file) => {
                let path = terminal.directory.join(&file);
                let bytes = std::fs::read(&path).map_err(|error| Error::read(&path, &error))?;
                Some((file.display().to_string(), bytes))
            }
        };
        let repository = if self.staged && terminal.in_hook {
            crate::git::Repository::open_from_env()?
        } else {
            common::repository(&terminal.directory)?
        };
        let request = gate::Request {
            what,
            environment: self.env,
            unit: self.unit,
            everything: false,
            now,
            config,
        };
        Ok((repository, request))
    }
}
