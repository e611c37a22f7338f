//! A repository for a process that has none: a bare one, filled by the user's own `git`.

use std::path::Path;

use super::common::{Error, Failure};
use super::verdicts::branch_place;
use crate::git::Repository;
use crate::store::{BranchPlace, Remote};

/// What such a repository comes from.
pub(super) struct Origin<'a> {
    /// The address.
    pub(super) url: &'a str,
    /// The protected branch.
    pub(super) branch: &'a str,
    /// The store. Where it is a branch of this origin, a new repository gets its newest commit alone: what is at hand
    /// there is all that an admission reads, however long the history is.
    pub(super) verdicts: &'a str,
}

/// Makes `folder/repository.git` where it is missing, and brings the branch's commits up to date.
pub(super) fn fetched(folder: &Path, origin: &Origin<'_>) -> Result<Repository, Failure> {
    let path = folder.join("repository.git");
    let is_new = !path.exists();
    let repository = if is_new {
        Repository::init_bare(&path, NAME, origin.url)?
    } else {
        let repository = Repository::open(&path)?;
        if repository.remote_url(NAME)?.as_deref() != Some(origin.url) {
            return Err(Error::OtherOrigin {
                path: path.display().to_string(),
            }
            .into());
        }
        repository
    };
    let reference = format!("refs/heads/{}", origin.branch);
    let remote = Remote::new(&repository, NAME)?;
    remote.fetch(&reference)?;
    if is_new
        && let Some(place) = branch_place(origin.verdicts)
        && let Ok(place) = BranchPlace::parse(place)
        && place.remote() == NAME
    {
        // Where there is no such branch, or no way to ask for less than all, the store finds out and says so.
        remote.fetch_tip(&place.reference()).ok();
    }
    if let Some(head) = remote.head(&reference)?
        && repository.resolve(&head.to_string()).is_ok()
    {
        repository.note_remote_branch(NAME, origin.branch, head)?;
    }
    Ok(repository)
}

const NAME: &str = "origin";
