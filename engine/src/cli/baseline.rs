//! `tidegate baseline`: accept a state as it stands.

use super::common::Outcome;
use super::sign::Common;
use super::terminal::Terminal;
use crate::gate;

/// Accept the head of the protected branch as it stands: the first link of each unit
///
/// Nothing is judged: this is the one step of trust on first use. Covers the unit `gate` too.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    common: Common,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        self.common.run(terminal, gate::baseline)
    }
}
