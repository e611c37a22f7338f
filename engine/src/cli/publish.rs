//! `tidegate publish`: carries verdicts from one store to another.

use super::common::{self, Error, Outcome};
use super::terminal::Terminal;
use super::verdicts::Verdicts;
use crate::gate::{self, Left, PublishRequest};
use crate::model::Exit;
use crate::report::plural;

/// Copy verified verdicts from one store to another, in the order in which they were made
///
/// Twice is once: where it was cut off, run it again, and it goes on from there. A unit of which the
/// target holds other links is a fork: nothing is copied then. A store without links is an error. What does not verify stays behind and is
/// named, and the exit code is 4 then: all the rest was copied. What lies below a baseline and rests on a key
/// that is gone is named too, and missing nowhere.
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
        let mut missing = 0;
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
            for left in &copied.left {
                terminal.line(&format!("{unit}: {}", told(left)));
            }
            let left = copied.left.iter();
            missing += left.filter(|left| left.is_missing()).count();
        }
        if missing == 0 {
            return Ok(Exit::Pass);
        }
        let files = plural(missing, "file", "files");
        Err(Error::LeftBehind { files }.into())
    }
}

fn told(left: &Left) -> String {
    match left {
        Left::Unverified(place) => format!("`{place}` does not verify and stays behind"),
        Left::AcceptedAnew(place) => format!(
            "`{place}` stays behind: its key signs no more, and the newest baseline accepted anew what it says"
        ),
        Left::Unknown(place) => format!(
            "`{place}` stays behind: no accepted configuration knows the unit, so nobody says whose signature counts"
        ),
    }
}
