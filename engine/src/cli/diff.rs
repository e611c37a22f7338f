//! `tidegate diff`: what a range changes, not judged.

use super::check::Selection;
use super::common::Outcome;
use super::output::{self, Format};
use super::renderers;
use super::terminal::Terminal;
use crate::gate::{self, Runtime};
use crate::model::Exit;
use crate::report::{diff, sanitise};

/// Show what a range changes, object by object and field by field; no policy runs
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    selection: Selection,
    /// human | json, to standard output or to a file (`json=diff.json`); may be repeated
    #[arg(long, value_name = "FORMAT[=PATH]")]
    output: Vec<String>,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let outputs = output::parse_plain(&self.output, &terminal.directory)?;
        let network = self.selection.network;
        let (repository, request) = self.selection.resolve(terminal)?;
        let runtime = Runtime {
            workshop: Some(&renderers::kept(terminal, &repository, network)),
            ..Runtime::default()
        };
        let found = gate::diff(&repository, &request, runtime)?;
        output::write_each(&outputs, terminal, &|format, style, out| match format {
            Format::Human if found.units.is_empty() && !found.errors.is_empty() => Ok(()),
            Format::Human => diff::write_human(&found.units, style, out),
            _ => {
                let json = diff::to_json(&found.range, &found.units);
                writeln!(out, "{}", sanitise::json(&format!("{json:#}")))
            }
        })?;
        let errors = found.errors.iter();
        let exits = errors.map(|error| terminal.print_error(error.error.as_ref()));
        Ok(exits.fold(Exit::Pass, Exit::max))
    }
}
