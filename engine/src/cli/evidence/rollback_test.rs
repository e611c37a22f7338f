//! `tidegate evidence rollback-test`: that an object was taken back to its image of before, as a signed statement.
//! Takes nothing back itself.

use jiff::Timestamp;

use super::{Saying, check_past, image, instant, object, say};
use crate::attest::evidence::Evidence;
use crate::cli::common::Outcome;
use crate::cli::terminal::Terminal;
use crate::facts::evidence::{self, Error, ObjectName, RollbackTest};
use crate::model::Digest;

/// Sign that going back from one image to another was tried, how long that took, and whether it served again
///
/// The job that rehearses runs it at its end, once for each container that changes, whether all went well or not
/// (`--failed`). The role of the key is `rehearsal-reporter`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// What was taken back, as findings write it: `shop/Deployment.apps/web`
    #[arg(long, value_name = "NAMESPACE/KIND.GROUP/NAME", value_parser = object)]
    object: ObjectName,
    /// The image that ran, the newer one, by its digest
    #[arg(long, value_name = "sha256:DIGEST", value_parser = image)]
    from: Digest,
    /// The image that it was taken back to, by its digest
    #[arg(long, value_name = "sha256:DIGEST", value_parser = image)]
    to: Digest,
    /// When going back began
    #[arg(long, value_name = "TIME", value_parser = instant)]
    started: Timestamp,
    /// When what was gone back to served; without it, now
    #[arg(long, value_name = "TIME", value_parser = instant)]
    finished: Option<Timestamp>,
    /// It did not serve as before
    #[arg(long)]
    failed: bool,
    #[command(flatten)]
    saying: Saying,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let now = terminal.now;
        let test = RollbackTest {
            about: self.saying.about(terminal),
            object: self.object,
            from: self.from,
            to: self.to,
            started_at: self.started,
            finished_at: self.finished.unwrap_or(now),
            outcome: evidence::Outcome::of_failed(self.failed),
        };
        check_past("the end of the rollback", test.finished_at, now)?;
        test.check().map_err(|what| Error::Contradiction { what })?;
        let told = format!(
            "{}: a rollback of {} seconds that {}",
            test.object,
            test.duration().as_secs(),
            match test.outcome {
                evidence::Outcome::Passed => "served again",
                evidence::Outcome::Failed => "failed",
            }
        );
        say(&self.saying, &Evidence::RollbackTest(test), &told, terminal)
    }
}
