//! `tidegate evidence incident`: that objects are in trouble, as a signed statement.
//! Lifts nothing itself.

use jiff::{SignedDuration, Timestamp};

use super::{Saying, instant, object, say};
use crate::attest::evidence::Evidence;
use crate::cli::common::Outcome;
use crate::cli::terminal::Terminal;
use crate::config::parse_duration;
use crate::facts::evidence::{Error, Incident, ObjectName};

/// Sign that objects are in trouble, so that bringing them back need not wait for a fresh backup of them
///
/// It lasts three days at most. Whoever signs it again under the same `--id` with another end changes that end.
/// The role of the key is `break-glass`: no backup job declares an emergency.
#[derive(clap::Args)]
pub(super) struct Args {
    /// What people call it: `INC-4711`
    #[arg(long, value_name = "ID")]
    id: String,
    /// An object that is in trouble, as findings write it: `shop/Cluster.postgresql.cnpg.io/odoo-db`; may be
    /// repeated
    #[arg(long, value_name = "NAMESPACE/KIND.GROUP/NAME", required = true, value_parser = object)]
    object: Vec<ObjectName>,
    /// When it began; without it, now
    #[arg(long, value_name = "TIME", value_parser = instant)]
    from: Option<Timestamp>,
    /// When it counts no more
    #[arg(long, value_name = "TIME", value_parser = instant, conflicts_with = "lasts", required_unless_present = "lasts")]
    until: Option<Timestamp>,
    /// The same as a duration from its beginning: `4h`
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    lasts: Option<SignedDuration>,
    /// What happened, in 20 characters or more
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    saying: Saying,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let from = self.from.unwrap_or(terminal.now);
        let end = self.lasts.and_then(|lasts| from.checked_add(lasts).ok());
        let incident = Incident {
            about: self.saying.about(terminal),
            id: self.id,
            objects: self.object.into_iter().collect(),
            from,
            until: self.until.or(end).unwrap_or(Timestamp::MAX),
            reason: self.reason,
        };
        incident
            .check()
            .map_err(|what| Error::Contradiction { what })?;
        let told = format!("{}: until {}", incident.id, incident.until);
        say(&self.saying, &Evidence::Incident(incident), &told, terminal)
    }
}

fn duration(text: &str) -> Result<SignedDuration, String> {
    parse_duration(text).ok_or_else(|| "write it as `90m`, `4h` or `2d`".to_owned())
}
