//! The fact `source` from a range.
//! Decides nothing.

use std::collections::BTreeMap;

use crate::facts::source::{Commit, Point, SourceInfo};
use crate::git::{CommitInfo, Range, Snapshot};

pub(super) fn of_range(range: &Range, repository: Option<String>) -> SourceInfo {
    SourceInfo {
        repository,
        base: point(&range.base),
        head: point(&range.head),
        commits: range.commits.iter().map(commit).collect(),
    }
}

/// A commit and its tree; none of what is no commit.
pub(super) fn point(snapshot: &Snapshot) -> Option<Point> {
    Some(Point {
        commit: snapshot.commit()?,
        tree: snapshot.tree(),
    })
}

fn commit(info: &CommitInfo) -> Commit {
    let mut trailers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for trailer in &info.trailers {
        let values = trailers.entry(trailer.key.clone()).or_default();
        values.push(trailer.value.clone());
    }
    Commit {
        id: info.id,
        author_name: info.author.name.clone(),
        author_email: info.author.email.clone(),
        trailers,
    }
}
