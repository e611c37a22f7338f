//! `tidegate render`: what a unit deploys at a commit.

use super::common::{self, Outcome};
use super::renderers::{self, Network};
use super::terminal::Terminal;
use crate::gate::{self, RenderRequest};
use crate::model::Exit;
use crate::report::sanitise;

/// Print what a unit deploys at a commit, as kustomize or Helm make it; secret values are masked
///
/// Nothing is judged. The files come from Git, never from the working tree; kustomize and helm are
/// those of `PATH`, or of `TIDEGATE_KUSTOMIZE` and `TIDEGATE_HELM`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The unit, as `ENVIRONMENT/UNIT`; its name alone where only one environment has it
    #[arg(value_name = "UNIT")]
    unit: String,
    /// The commit
    #[arg(value_name = "REV", default_value = "HEAD")]
    revision: String,
    #[command(flatten)]
    network: Network,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let repository = common::repository(&terminal.directory)?;
        let workshop = renderers::kept(terminal, &repository, self.network);
        let request = RenderRequest {
            unit: &self.unit,
            revision: &self.revision,
            workshop: &workshop,
        };
        let text = gate::render(&repository, &request)?;
        terminal.line(sanitise::manifest(&text).trim_end());
        Ok(Exit::Pass)
    }
}
