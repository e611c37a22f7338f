//! `check --pre-push`: the ranges that a push brings, as Git or pre-commit tells a hook.
//! Judges nothing.

use std::io::{IsTerminal as _, Read as _};

use super::common::Error;
use crate::git::{self, Repository};
use crate::model::{GitId, code_of};

/// What a hook was told.
pub(super) enum Told {
    /// By pre-commit: from one revision to another, or all of a branch.
    PreCommit { from: Option<String>, to: String },
    /// By Git on standard input: local and remote id of each ref.
    Git(Vec<(GitId, GitId)>),
}

/// What a push brings.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pushed {
    /// As `check` takes it.
    pub(super) range: String,
    /// Whose configuration judges it, where that is not the beginning of the range.
    pub(super) judge: Option<GitId>,
}

impl Pushed {
    /// Whether the remote has nothing to begin from, so that all is judged as new.
    pub(super) fn is_first(&self) -> bool {
        let nothing = format!("{}..", GitId::EMPTY_TREE);
        self.judge.is_none() && self.range.starts_with(&nothing)
    }

    fn all(to: GitId, judge: Option<GitId>) -> Self {
        let range = format!("{}..{to}", GitId::EMPTY_TREE);
        Self { range, judge }
    }
}

/// Asks the environment, then standard input.
///
/// # Errors
/// Neither says anything that a hook is told.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line is where the environment is read"
)]
pub(super) fn told() -> Result<Told, Error> {
    let text = |name: &str| std::env::var(name).ok().filter(|text| !text.is_empty());
    if let Some(to) = text("PRE_COMMIT_TO_REF") {
        let from = text("PRE_COMMIT_FROM_REF");
        return Ok(Told::PreCommit { from, to });
    }
    // All of a branch that begins with a commit which the remote has not: then there are no refs.
    if let Some(to) = text("PRE_COMMIT_LOCAL_BRANCH") {
        return Ok(Told::PreCommit { from: None, to });
    }
    let mut input = std::io::stdin();
    if input.is_terminal() {
        return Err(Error::NoPush);
    }
    let mut text = String::new();
    let read = input.by_ref().take(LONGEST).read_to_string(&mut text);
    if read.is_err() || text.len() as u64 == LONGEST {
        return Err(Error::NoPush);
    }
    let lines = text.lines().map(|line| ids(line).ok_or(Error::NoPush));
    lines.collect::<Result<_, _>>().map(Told::Git)
}

/// The ranges to judge, each once; none where nothing new is pushed. `remote` is what is pushed to.
///
/// # Errors
/// A revision that cannot be read.
pub(super) fn ranges(
    told: Told,
    remote: &str,
    repository: &Repository,
) -> Result<Vec<Pushed>, git::Error> {
    let mut ranges = Vec::new();
    match told {
        Told::PreCommit { from, to } => {
            let to = repository.resolve(&to)?;
            let from = match from {
                Some(from) => Some(repository.resolve(&from)?),
                None => None,
            };
            ranges.extend(range(from, to, repository)?);
        }
        Told::Git(pushed) => {
            let zero = GitId::from_bytes([0; 20]);
            for (local, there) in pushed {
                // A ref that goes away brings nothing.
                if local == zero {
                    continue;
                }
                let local = repository.resolve(&local.to_string())?;
                let from = match repository.resolve(&there.to_string()) {
                    Ok(there) => Some(there),
                    // It is new there, or it stands where this clone has never been.
                    Err(_) => begins(remote, repository),
                };
                ranges.extend(range(from, local, repository)?);
            }
        }
    }
    ranges.sort_unstable();
    ranges.dedup();
    Ok(ranges)
}

/// `A..B`; `A...B` where B was not made from A; all of B, judged by A, where they have nothing in common;
/// nothing where B brings nothing.
fn range(
    from: Option<GitId>,
    to: GitId,
    repository: &Repository,
) -> Result<Option<Pushed>, git::Error> {
    let Some(from) = from else {
        return Ok(Some(Pushed::all(to, None)));
    };
    for dots in ["..", "..."] {
        let range = format!("{from}{dots}{to}");
        match repository.range(&range) {
            Ok(_) => return Ok(Some(Pushed { range, judge: None })),
            Err(error) => match code_of(&error).as_str() {
                "range.empty" => return Ok(None),
                "range.not-ancestor" if dots == ".." => {}
                "range.unrelated" => return Ok(Some(Pushed::all(to, Some(from)))),
                _ => return Err(error),
            },
        }
    }
    Ok(None)
}

/// Where a new branch parted from what the remote has: its own default branch.
fn begins(remote: &str, repository: &Repository) -> Option<GitId> {
    let branch = repository.default_branch().unwrap_or_default();
    [
        format!("refs/remotes/{remote}/HEAD"),
        format!("refs/remotes/{remote}/{branch}"),
        "refs/remotes/origin/HEAD".to_owned(),
        format!("refs/remotes/origin/{branch}"),
    ]
    .iter()
    .find_map(|name| repository.resolve(name).ok())
}

/// `<local ref> <local id> <remote ref> <remote id>`.
fn ids(line: &str) -> Option<(GitId, GitId)> {
    let mut words = line.rsplitn(4, ' ');
    let (there, _, local) = (words.next()?, words.next()?, words.next()?);
    words.next()?;
    Some((GitId::parse(local).ok()?, GitId::parse(there).ok()?))
}

const LONGEST: u64 = 1 << 20;
