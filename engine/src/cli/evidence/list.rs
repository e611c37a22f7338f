//! `tidegate evidence list`: what of the evidence in a folder counts, and what does not, and why.
//! Decides nothing but whether what it is asked for is there.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};

use super::{folder, trust};
use crate::attest::evidence::{Asked, read};
use crate::cli::common::Outcome;
use crate::cli::terminal::Terminal;
use crate::config::parse_duration;
use crate::facts::evidence::{
    self, Backup, Incident, Known, ObjectName, OfObject, OfScript, RestoreTest, RollbackTest, Run,
    Witnessed,
};
use crate::model::Exit;
use crate::report::sanitise;

/// Show what signed evidence says of the objects of an environment, and which files count for nothing, and why
///
/// Exit code 1 if a file counts for nothing, or `--max-age` is given and an object has no backup that is as young.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The folder
    #[arg(value_name = "FOLDER", default_value = ".tidegate/evidence")]
    folder: PathBuf,
    /// The environment
    #[arg(long, value_name = "NAME")]
    env: String,
    /// The cluster that it runs in: what is of another, or names none, counts for nothing
    #[arg(long, value_name = "NAME")]
    cluster: Option<String>,
    /// The trust file; without it, `.tidegate/trust.json` here or in a folder above
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// How old the newest backup of each object may be: `26h`
    #[arg(long, value_name = "DURATION", value_parser = age)]
    max_age: Option<SignedDuration>,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let trust = trust(self.trust.as_deref(), terminal)?;
        let files = folder::files(&terminal.directory.join(&self.folder))?;
        let asked = Asked {
            trust: &trust,
            environment: &self.env,
            cluster: self.cluster.as_deref(),
            now: terminal.now,
        };
        let known = read(&files, asked)?;
        for line in lines(&known, terminal.now) {
            terminal.line(&sanitise::line(&line));
        }
        let stale = self.max_age.map(|most| stale(&known, terminal.now, most));
        let stale = stale.unwrap_or_default();
        for line in &stale {
            terminal.line(&sanitise::line(line));
        }
        Ok(match known.refused.is_empty() && stale.is_empty() {
            true => Exit::Pass,
            false => Exit::Denied,
        })
    }
}

/// What of it is older than it may be. That there is nothing is no comfort.
fn stale(known: &Known, now: Timestamp, most: SignedDuration) -> Vec<String> {
    let mut stale = Vec::new();
    let told = known.objects.iter();
    let told: Vec<(&ObjectName, &OfObject)> =
        told.filter(|(_, of)| of.tells_of_backups()).collect();
    if told.is_empty() {
        stale.push("too old: there is no evidence at all".to_owned());
    }
    for (object, of) in told {
        let finished = of.last_success().map(|(_, run)| run.finished_at);
        match finished {
            Some(at) if now.duration_since(at) <= most => {}
            Some(at) => stale.push(format!(
                "too old: {object} was backed up {} ago",
                ago(at, now)
            )),
            None => stale.push(format!("too old: {object} has no backup")),
        }
    }
    stale
}

fn lines(known: &Known, now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    for (object, of) in &known.objects {
        lines.push(object.to_string());
        lines.extend(
            of_object(of, now)
                .into_iter()
                .map(|line| format!("  {line}")),
        );
    }
    for (script, of) in &known.scripts {
        lines.push(format!("sha256:{script}"));
        lines.extend(
            of_script(of, now)
                .into_iter()
                .map(|line| format!("  {line}")),
        );
    }
    if lines.is_empty() {
        lines.push("no evidence counts".to_owned());
    }
    if known.elsewhere > 0 {
        lines.push(format!("{} of other environments", known.elsewhere));
    }
    for refused in &known.refused {
        lines.push(format!(
            "counts for nothing: {} ({}): {}",
            refused.path,
            refused.why.as_str(),
            refused.text
        ));
    }
    lines
}

fn of_object(of: &OfObject, now: Timestamp) -> Vec<String> {
    let backups = of.backups.iter();
    let backups = backups.flat_map(|one| of_backup(&one.newest, one.sizes(), now));
    let tests = of.restore_tests.iter().map(|one| of_test(&one.newest, now));
    let incidents = of.incidents.iter().map(|one| of_incident(&one.newest, now));
    let rollbacks = of.rollback_tests.iter();
    let rollbacks = rollbacks.map(|one| of_rollback(&one.newest, now));
    backups
        .chain(tests)
        .chain(incidents)
        .chain(rollbacks)
        .collect()
}

fn of_script(of: &OfScript, now: Timestamp) -> Vec<String> {
    let reviews = of.reviews.iter().map(|one| {
        let review = &one.newest.said;
        format!(
            "{} {} ago (signed by {})",
            review.decision.as_str(),
            ago(review.about.reported_at, now),
            one.newest.signers.join(", ")
        )
    });
    let rehearsals = of.rehearsals.iter().map(|one| {
        let rehearsal = &one.newest.said;
        let outcome = match rehearsal.outcome {
            evidence::Outcome::Passed => "rehearsed",
            evidence::Outcome::Failed => "failed when rehearsed",
        };
        format!(
            "{outcome} {} ago, within {}, on {} bytes (signed by {})",
            ago(rehearsal.finished_at, now),
            span(rehearsal.duration()),
            rehearsal.database_bytes,
            one.newest.signers.join(", ")
        )
    });
    reviews.chain(rehearsals).collect()
}

fn of_backup(one: &Witnessed<Backup>, sizes: Option<(u64, u64)>, now: Timestamp) -> Vec<String> {
    let backup = &one.said;
    let by = format!(
        "{}, signed by {}",
        backup.source.tool.as_str(),
        one.signers.join(", ")
    );
    let mut lines = vec![match &backup.last_success {
        Some(run) => format!("backup {} ({by})", of_run(run, now)),
        None => format!("no backup can be restored from ({by})"),
    }];
    if let Some((last, before)) = sizes {
        lines.push(format!("  {last} bytes, the one before it {before}"));
    }
    if let Some(failure) = &backup.last_failure {
        let ago = ago(failure.at, now);
        lines.push(format!(
            "  `{}` failed {ago} ago: {}",
            failure.label, failure.reason
        ));
    }
    lines.extend(backup.last.map(|last| match last.verified {
        true => "  the last one, and verified".to_owned(),
        false => "  the last one".to_owned(),
    }));
    if let Some(id) = &backup.system_id {
        lines.push(format!("  database {id}"));
    }
    if let Some(at) = backup.first_recoverable {
        lines.push(format!("  can be taken back to {at} and later"));
    }
    lines
}

fn of_run(run: &Run, now: Timestamp) -> String {
    format!(
        "`{}` of {}, {} ago",
        run.label,
        run.finished_at,
        ago(run.finished_at, now)
    )
}

fn of_test(one: &Witnessed<RestoreTest>, now: Timestamp) -> String {
    let test = &one.said;
    let scope: Vec<&str> = test.scope.iter().map(|one| one.as_str()).collect();
    let outcome = match test.outcome {
        evidence::Outcome::Passed => "restored",
        evidence::Outcome::Failed => "not restored",
    };
    format!(
        "{outcome} from `{}` {} ago, within {}: {} (signed by {})",
        test.backup,
        ago(test.finished_at, now),
        span(test.duration()),
        scope.join(", "),
        one.signers.join(", ")
    )
}

fn of_rollback(one: &Witnessed<RollbackTest>, now: Timestamp) -> String {
    let test = &one.said;
    let outcome = match test.outcome {
        evidence::Outcome::Passed => "taken back",
        evidence::Outcome::Failed => "not taken back",
    };
    format!(
        "{outcome} from sha256:{} to sha256:{} {} ago, within {} (signed by {})",
        test.from,
        test.to,
        ago(test.finished_at, now),
        span(test.duration()),
        one.signers.join(", ")
    )
}

fn of_incident(one: &Witnessed<Incident>, now: Timestamp) -> String {
    let incident = &one.said;
    let state = match incident.lasts_at(now) {
        true => "lasts",
        false => "does not last",
    };
    format!(
        "incident {} {state}, from {} until {}: {} (signed by {})",
        incident.id,
        incident.from,
        incident.until,
        incident.reason,
        one.signers.join(", ")
    )
}

fn ago(at: Timestamp, now: Timestamp) -> String {
    span(now.duration_since(at).max(SignedDuration::ZERO))
}

/// A span in its two largest units.
fn span(span: SignedDuration) -> String {
    let seconds = span.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match () {
        () if days > 0 => format!("{days} d {} h", hours % 24),
        () if hours > 0 => format!("{hours} h {} min", minutes % 60),
        () if minutes > 0 => format!("{minutes} min {} s", seconds % 60),
        () => format!("{seconds} s"),
    }
}

fn age(text: &str) -> Result<SignedDuration, String> {
    parse_duration(text).ok_or_else(|| "write it as `90m`, `26h` or `2d`".to_owned())
}
