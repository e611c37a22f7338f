//! Jobs of CI services: which of them can reach the signing key, or what verdicts and promoted branches are kept in.

mod github;
mod gitlab;
mod words;

use super::Way;
use super::tree::Seen;

pub(super) fn ways(seen: &Seen<'_>) -> Vec<Way> {
    let mut ways = github::ways(seen);
    ways.extend(gitlab::ways(seen));
    ways
}
