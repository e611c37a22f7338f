//! Jobs of CI services: which of them can reach the signing key, or what verdicts and promoted branches are kept in.

mod github;
mod gitlab;
mod secrets;
mod words;

use super::Way;
use super::tree::Seen;

/// The names of the jobs that run tidegate before a merge, as GitHub calls their checks.
pub(super) fn gate_jobs(seen: &Seen<'_>) -> Vec<String> {
    github::gate_jobs(seen)
}

pub(super) fn ways(seen: &Seen<'_>) -> Vec<Way> {
    let mut ways = github::ways(seen);
    ways.extend(gitlab::ways(seen));
    ways
}
