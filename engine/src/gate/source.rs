//! The fact `source` from a range.
//! Decides nothing.

use std::collections::BTreeMap;

use super::Error;
use crate::attest::AllowedSigners;
use crate::facts::source::{Commit, Point, SourceInfo};
use crate::git::{CommitInfo, Range, Repository, Snapshot};
use crate::manifest::secrets::without_secrets;
use crate::model::{RepoPath, Seal};

/// `name` is the repository's. Whose signatures count, the judge of the range says.
pub(super) fn of_range(
    repository: &Repository,
    range: &Range,
    name: Option<String>,
) -> Result<SourceInfo, Error> {
    let signers = allowed_signers(repository, &range.judge)?;
    let sealed = |info: &CommitInfo| -> Result<Commit, Error> {
        let signature = repository.commit_signature(info.id)?;
        let seal = signature.map(|it| signers.check(&it.text, &it.signed));
        Ok(commit(info, seal.unwrap_or_default()))
    };
    Ok(SourceInfo {
        repository: name,
        base: point(&range.base),
        head: point(&range.head),
        commits: range.commits.iter().map(sealed).collect::<Result<_, _>>()?,
    })
}

/// Whose signatures under commits count in `snapshot`: nobody's, where it does not say.
pub(super) fn allowed_signers(
    repository: &Repository,
    snapshot: &Snapshot,
) -> Result<AllowedSigners, Error> {
    match repository.entry(snapshot, &RepoPath::from(ALLOWED_SIGNERS))? {
        Some(entry) => Ok(AllowedSigners::parse(&repository.file(&entry)?)?),
        None => Ok(AllowedSigners::default()),
    }
}

/// A commit and its tree; none of what is no commit.
pub(super) fn point(snapshot: &Snapshot) -> Option<Point> {
    Some(Point {
        commit: snapshot.commit()?,
        tree: snapshot.tree(),
    })
}

fn commit(info: &CommitInfo, signature: Seal) -> Commit {
    let mut trailers: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for trailer in &info.trailers {
        let values = trailers.entry(trailer.key.clone()).or_default();
        let value = &trailer.value;
        values.push(without_secrets(value).unwrap_or_else(|| value.clone()));
    }
    Commit {
        id: info.id,
        author_name: info.author.name.clone(),
        author_email: info.author.email.clone(),
        trailers,
        signature,
    }
}

const ALLOWED_SIGNERS: &str = ".tidegate/allowed_signers";
