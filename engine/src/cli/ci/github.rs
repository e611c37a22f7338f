//! `tidegate ci github`: which command a step of a job is for.
//! Knows nothing of events and files.

use super::inputs::Command;
use super::step::Step;
use super::{Outcome, Terminal, Variables, proposal, signing, verify};

/// Judge what a GitHub event brings, sign what stands after it, or check what was signed
///
/// Run by the action: takes the event from the variables of the job (`GITHUB_*`) and its inputs from
/// `TIDEGATE_INPUT_*`, and writes summary, annotations and outputs. A pull request is judged as the
/// merge of its head into its base, and commented on where the inputs say so, with the token in
/// `TIDEGATE_TOKEN`; signing takes the key from `TIDEGATE_SIGNING_KEY`.
#[derive(clap::Args)]
pub(super) struct Args {}

impl Args {
    pub(super) fn run(self, variables: &Variables, terminal: &mut Terminal) -> Outcome {
        let step = Step::open(variables, terminal)?;
        match step.inputs.command {
            Command::Check => step.check(terminal),
            Command::Sign => signing::run(step, terminal),
            Command::Verify => verify::run(step, terminal),
            Command::Comment => proposal::run(&step, terminal),
        }
    }
}
