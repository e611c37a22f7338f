//! `tidegate ci github`: which command a step of a job is for.
//! Knows nothing of events and files.

use super::inputs::Command;
use super::step::Step;
use super::{Outcome, Terminal, Variables, signing};

/// Judge what a GitHub event brings, or sign what stands after it
///
/// Run by the action: takes the event from the variables of the job (`GITHUB_*`) and its inputs from
/// `TIDEGATE_INPUT_*`, and writes summary, annotations and outputs. A pull request is judged as the
/// merge of its head into its base; signing takes the key from `TIDEGATE_SIGNING_KEY`.
#[derive(clap::Args)]
pub(super) struct Args {}

impl Args {
    pub(super) fn run(self, variables: &Variables, terminal: &mut Terminal) -> Outcome {
        let step = Step::open(variables, terminal)?;
        match step.inputs.command {
            Command::Check => step.check(terminal),
            Command::Sign => signing::run(step, terminal),
        }
    }
}
