//! `tidegate facts`: exactly what the policies receive.

use super::check::Selection;
use super::common::Outcome;
use super::renderers;
use super::terminal::Terminal;
use crate::gate::{self, Runtime};
use crate::model::Exit;
use crate::report::sanitise;

/// Print the documents that the policies receive for a range, one for each policy and unit
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    selection: Selection,
    /// Only this policy
    #[arg(long, value_name = "FOLDER")]
    policy: Option<String>,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let network = self.selection.network;
        let (repository, request) = self.selection.resolve(terminal)?;
        let runtime = Runtime {
            workshop: Some(&renderers::kept(terminal, &repository, network)),
            ..Runtime::default()
        };
        let documents = gate::facts(&repository, &request, self.policy.as_deref(), runtime)?;
        terminal.line(&sanitise::json(&format!("{documents:#}")));
        Ok(Exit::Pass)
    }
}
