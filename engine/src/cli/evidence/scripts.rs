//! `tidegate evidence migration-review` and `migration-rehearsal`: what somebody says of scripts, as signed statements.
//! Runs no script, and judges none.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::{Saying, check_past, image, instant, say};
use crate::attest::evidence::Evidence;
use crate::cli::common::{self, Failure, Outcome};
use crate::cli::terminal::Terminal;
use crate::facts::evidence::{self, Decision, Error, MigrationRehearsal, MigrationReview};
use crate::model::{Digest, limits};

/// Which scripts.
#[derive(clap::Args)]
struct Scripts {
    /// A file that holds a script, as it is committed; may be repeated
    #[arg(long, value_name = "FILE", required_unless_present = "digest")]
    script: Vec<PathBuf>,
    /// A script by the SHA-256 of its text, as `tidegate facts` shows it for one that stands in an object; may be
    /// repeated
    #[arg(long, value_name = "sha256:DIGEST", value_parser = image)]
    digest: Vec<Digest>,
}

impl Scripts {
    fn digests(&self, terminal: &Terminal) -> Result<BTreeSet<Digest>, Failure> {
        let mut digests: BTreeSet<Digest> = self.digest.iter().copied().collect();
        for script in &self.script {
            let path = terminal.directory.join(script);
            let text = text(&path).map_err(|error| common::Error::read(&path, &error))?;
            digests.insert(Digest::of(&text));
        }
        Ok(digests)
    }
}

/// What a file says. One that is larger than what the gate reads of a script is none that it would know again.
fn text(path: &Path) -> io::Result<Vec<u8>> {
    let most = limits::SCRIPT.wide();
    let mut text = Vec::new();
    let file = File::open(path)?;
    file.take(most.saturating_add(1)).read_to_end(&mut text)?;
    match u64::try_from(text.len()).is_ok_and(|length| length <= most) {
        true => Ok(text),
        false => {
            let what = format!(
                "it is larger than {}, and no script that is read",
                limits::SCRIPT
            );
            Err(io::Error::new(io::ErrorKind::FileTooLarge, what))
        }
    }
}

/// Sign that somebody who knows the database has looked at scripts and lets them run, or not
///
/// It holds for these texts, whatever their files are called, and for no other text. The role of the key is `approver`.
#[derive(clap::Args)]
pub(super) struct Review {
    #[command(flatten)]
    scripts: Scripts,
    /// They may not run
    #[arg(long)]
    rejected: bool,
    #[command(flatten)]
    saying: Saying,
}

impl Review {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let review = MigrationReview {
            about: self.saying.about(terminal),
            scripts: self.scripts.digests(terminal)?,
            decision: match self.rejected {
                true => Decision::Rejected,
                false => Decision::Approved,
            },
        };
        review
            .check()
            .map_err(|what| Error::Contradiction { what })?;
        let told = format!("{} {}", count(&review.scripts), review.decision.as_str());
        let review = Evidence::MigrationReview(review);
        say(&self.saying, &review, &told, terminal)
    }
}

/// Sign that scripts were run on a likeness of the database, how large it was, and how long that took
///
/// The job that rehearses runs it at its end, whether all went well or not (`--failed`). The role of the key is
/// `rehearsal-reporter`.
#[derive(clap::Args)]
pub(super) struct Rehearsal {
    #[command(flatten)]
    scripts: Scripts,
    /// How large the database was: `select pg_database_size(current_database())`
    #[arg(long, value_name = "BYTES")]
    database_bytes: u64,
    /// When the first script began
    #[arg(long, value_name = "TIME", value_parser = instant)]
    started: Timestamp,
    /// When the last one was done; without it, now
    #[arg(long, value_name = "TIME", value_parser = instant)]
    finished: Option<Timestamp>,
    /// One of them did not run to its end
    #[arg(long)]
    failed: bool,
    #[command(flatten)]
    saying: Saying,
}

impl Rehearsal {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let now = terminal.now;
        let rehearsal = MigrationRehearsal {
            about: self.saying.about(terminal),
            scripts: self.scripts.digests(terminal)?,
            started_at: self.started,
            finished_at: self.finished.unwrap_or(now),
            database_bytes: self.database_bytes,
            outcome: evidence::Outcome::of_failed(self.failed),
        };
        check_past("the end of the rehearsal", rehearsal.finished_at, now)?;
        rehearsal
            .check()
            .map_err(|what| Error::Contradiction { what })?;
        let told = format!(
            "{} within {} seconds, {}",
            count(&rehearsal.scripts),
            rehearsal.duration().as_secs(),
            match rehearsal.outcome {
                evidence::Outcome::Passed => "to the end",
                evidence::Outcome::Failed => "failed",
            }
        );
        let rehearsal = Evidence::MigrationRehearsal(rehearsal);
        say(&self.saying, &rehearsal, &told, terminal)
    }
}

fn count(scripts: &BTreeSet<Digest>) -> String {
    match scripts.len() {
        1 => "1 script".to_owned(),
        count => format!("{count} scripts"),
    }
}
