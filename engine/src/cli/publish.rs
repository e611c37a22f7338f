//! `tidegate publish`: carries verdicts from one store to another.

use super::common::{self, Outcome};
use super::terminal::Terminal;
use super::verdicts::Verdicts;
use crate::gate::{self, PublishRequest};
use crate::model::Exit;

/// Copy verified verdicts from one store to another, in the order in which they were made
///
/// Twice is once: where it was cut off, run it again, and it goes on from there. A unit of which the
/// target holds other links is a fork: nothing is copied then. What does not verify stays behind and is
/// named.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Where the verdicts lie: `folder:DIR`, `branch[:REMOTE[:NAME]]`,
    /// `oci:REGISTRY/REPOSITORY[@sha256:DIGEST]`, `notes:refs/notes/NAME`, or `-` for standard input
    #[arg(value_name = "STORE")]
    from: String,
    /// Where they go: `folder:DIR` (made when missing), `branch[:REMOTE[:NAME]]`, or
    /// `oci:REGISTRY/REPOSITORY[@sha256:DIGEST]`, which takes the newest baseline of each unit and what
    /// follows it
    #[arg(long, value_name = "STORE")]
    verdicts: String,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let repository = common::repository(&terminal.directory)?;
        let from = Verdicts::open(&self.from, &repository, terminal)?;
        let to = Verdicts::open(&self.verdicts, &repository, terminal)?;
        let request = PublishRequest {
            from: from.store(),
            to: to.store(),
        };
        for copied in gate::publish(&repository, &request)? {
            let unit = &copied.unit;
            let newest = copied.newest.map_or_else(
                || "it has no verified link".to_owned(),
                |height| format!("the newest is link {height}"),
            );
            terminal.line(&match copied.links {
                0 => format!("{unit}: nothing new, {newest}"),
                1 => format!("{unit}: 1 link copied, {newest}"),
                links => format!("{unit}: {links} links copied, {newest}"),
            });
            for place in &copied.left {
                terminal.line(&format!(
                    "{unit}: `{place}` does not verify and stays behind"
                ));
            }
        }
        Ok(Exit::Pass)
    }
}
