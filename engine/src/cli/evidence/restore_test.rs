//! `tidegate evidence restore-test`: that a backup was restored, as a signed statement.
//! Restores nothing itself.

use jiff::Timestamp;

use super::{Saying, check_past, instant, object, say};
use crate::attest::evidence::Evidence;
use crate::cli::common::Outcome;
use crate::cli::terminal::Terminal;
use crate::facts::evidence::{self, Error, ObjectName, RestoreTest, Scope};

/// Sign that a backup was restored elsewhere, how long that took, and what of it came back
///
/// The job that restores runs it at its end, whether all came back or not (`--failed`). The role of the key is
/// `backup-reporter`.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Whose backup it was, as findings write it: `shop/Cluster.postgresql.cnpg.io/odoo-db`
    #[arg(long, value_name = "NAMESPACE/KIND.GROUP/NAME", value_parser = object)]
    object: ObjectName,
    /// The backup that was restored, as its tool calls it
    #[arg(long, value_name = "LABEL")]
    backup: String,
    /// The identity of the database that came back: `select system_identifier from pg_control_system()`
    #[arg(long, value_name = "ID")]
    system_id: Option<String>,
    /// When restoring began
    #[arg(long, value_name = "TIME", value_parser = instant)]
    started: Timestamp,
    /// When what was restored could be used; without it, now
    #[arg(long, value_name = "TIME", value_parser = instant)]
    finished: Option<Timestamp>,
    /// The instant that it was taken back to, where that is not the end of the backup
    #[arg(long, value_name = "TIME", value_parser = instant)]
    recovered_to: Option<Timestamp>,
    /// What was restored and looked at: database, filestore, configuration, secrets, ingress, integrations;
    /// several with commas between them
    #[arg(long, value_name = "SCOPE", value_delimiter = ',', required = true, value_parser = scope)]
    scope: Vec<Scope>,
    /// It did not come back whole
    #[arg(long)]
    failed: bool,
    #[command(flatten)]
    saying: Saying,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let now = terminal.now;
        let test = RestoreTest {
            about: self.saying.about(terminal),
            object: self.object,
            system_id: self.system_id,
            backup: self.backup,
            started_at: self.started,
            finished_at: self.finished.unwrap_or(now),
            recovered_to: self.recovered_to,
            scope: self.scope.into_iter().collect(),
            outcome: evidence::Outcome::of_failed(self.failed),
        };
        check_past("the end of the restore", test.finished_at, now)?;
        test.check().map_err(|what| Error::Contradiction { what })?;
        let told = format!(
            "{}: a restore of {} seconds that {}",
            test.object,
            test.duration().as_secs(),
            match test.outcome {
                evidence::Outcome::Passed => "brought all back",
                evidence::Outcome::Failed => "failed",
            }
        );
        say(&self.saying, &Evidence::RestoreTest(test), &told, terminal)
    }
}

fn scope(text: &str) -> Result<Scope, String> {
    Scope::parse(text).ok_or_else(|| {
        let all: Vec<&str> = Scope::ALL.iter().map(|scope| scope.as_str()).collect();
        format!("one of {}", all.join(", "))
    })
}
