//! `tidegate diff`: what a range changes, not judged.

use super::check::Selection;
use super::common::{Error, Outcome};
use super::output::Format;
use super::terminal::Terminal;
use crate::gate;
use crate::model::Exit;
use crate::report::{diff, sanitise};

/// Show what a range changes, object by object and field by field; no policy runs
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    selection: Selection,
    /// human | json
    #[arg(long, value_name = "FORMAT", default_value = "human")]
    output: Format,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        if !matches!(self.output, Format::Human | Format::Json) {
            return Err(Error::NoSuchOutputHere.into());
        }
        let (repository, request) = self.selection.resolve(terminal)?;
        let found = gate::diff(&repository, &request)?;
        match self.output {
            Format::Human if found.units.is_empty() && !found.errors.is_empty() => {}
            Format::Human => {
                let style = terminal.style();
                let written = diff::write_human(&found.units, style, &mut terminal.out);
                terminal.note(&written);
            }
            _ => {
                let json = diff::to_json(&found.range, &found.units);
                terminal.line(&sanitise::json(&format!("{json:#}")));
            }
        }
        let errors = found.errors.iter();
        let exits = errors.map(|error| terminal.print_error(error.error.as_ref()));
        Ok(exits.fold(Exit::Pass, Exit::max))
    }
}
