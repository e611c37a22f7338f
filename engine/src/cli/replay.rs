//! `tidegate replay`: whether what a verdict names gives the same verdict again.

use std::path::PathBuf;

use super::common::{self, Outcome};
use super::renderers::{self, Network};
use super::terminal::Terminal;
use super::verdicts::Verdicts;
use super::verify;
use crate::gate::{self, Deviation, ReplayRequest};
use crate::model::Exit;
use crate::report::sanitise;

/// Judge again what a verdict says was judged, and compare the bytes
///
/// The commits, the configuration, the policies and what a renderer reads come from this repository; the
/// links that the verdict follows, and the state of the gate that judged it, from the store; the time from
/// the verdict. Exit 0 where the same bytes come out, 4 where they do not, with the first input that
/// differs; what is not to be had is an error. It asks nobody whether the verdict still holds: `verify` does.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The DSSE envelope, or the Sigstore bundle around it; `-` for standard input
    #[arg(value_name = "VERDICT")]
    file: PathBuf,
    /// Where the links lie that it follows: any store, or an archive of one
    #[arg(long, value_name = "STORE")]
    verdicts: String,
    #[command(flatten)]
    network: Network,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let envelope = verify::envelope(&self.file, Some(&self.verdicts), &terminal.directory)?;
        let repository = common::repository(&terminal.directory)?;
        let verdicts = Verdicts::open(&self.verdicts, &repository, terminal)?;
        let request = ReplayRequest {
            envelope: &envelope,
            store: verdicts.store(),
            workshop: Some(&renderers::fresh(terminal, &repository, self.network)),
        };
        let replay = gate::replay(&repository, &request)?;
        let verdict = &replay.verdict;
        let what = format!(
            "{}/{} height {}, {} at {}",
            verdict.environment,
            verdict.unit,
            verdict.height,
            verdict.head.commit.short(),
            verdict.valid_from,
        );
        match &replay.differs {
            None => {
                terminal.line(&sanitise::line(&format!("the same: {what}")));
                Ok(Exit::Pass)
            }
            Some(difference) => {
                terminal.line(&sanitise::line(&told(&what, difference)));
                Ok(Exit::Refused)
            }
        }
    }
}

fn told(what: &str, difference: &Deviation) -> String {
    let Deviation { field, said, found } = difference;
    let kind = match difference.is_input() {
        true => "the first input that differs",
        false => "all inputs are the same, and the first result that differs",
    };
    format!(
        "not the same: {what}; {kind} is `{field}`: the verdict says `{said}`, here it is `{found}`"
    )
}
