//! Commits that say they were made after the instant of the judgement.
//! A commit's time is what its author wrote: it is told, and nothing is judged by it.

use jiff::Timestamp;

use crate::git::CommitInfo;
use crate::model::{Effect, Finding};
use crate::verify::CLOCK_SKEW;

/// A warning about the first of them.
pub(super) fn in_future(commits: &[CommitInfo], now: Timestamp) -> Option<Finding> {
    let last = now.as_second().saturating_add(CLOCK_SKEW.as_secs());
    let made = |commit: &CommitInfo| commit.author.seconds.max(commit.committer.seconds);
    let commit = commits.iter().find(|commit| made(commit) > last)?;
    let when = Timestamp::from_second(made(commit)).map_or_else(
        |_| "an instant beyond all calendars".to_owned(),
        |when| when.to_string(),
    );
    let message = format!(
        "commit {} says that it was made at {when}, after {now}",
        commit.id.short()
    );
    Some(Finding {
        remediation: Some("set the clock of the machine that made it".to_owned()),
        ..Finding::of_engine("engine.commit-in-future", Effect::Warn, message)
    })
}
