//! A repository for a process that has none: a bare one, filled by the user's own `git`.

use std::path::Path;

use super::common::{Error, Failure};
use crate::git::Repository;
use crate::store::Remote;

/// What such a repository comes from.
pub(super) struct Origin<'a> {
    /// The address.
    pub(super) url: &'a str,
    /// The protected branch.
    pub(super) branch: &'a str,
}

/// Makes `folder/repository.git` where it is missing, and brings the branch's commits up to date.
pub(super) fn fetched(folder: &Path, origin: &Origin<'_>) -> Result<Repository, Failure> {
    let path = folder.join("repository.git");
    let repository = if path.exists() {
        let repository = Repository::open(&path)?;
        if repository.remote_url(NAME)?.as_deref() != Some(origin.url) {
            return Err(Error::OtherOrigin {
                path: path.display().to_string(),
            }
            .into());
        }
        repository
    } else {
        Repository::init_bare(&path, NAME, origin.url)?
    };
    let reference = format!("refs/heads/{}", origin.branch);
    let remote = Remote::new(&repository, NAME)?;
    remote.fetch(&reference)?;
    if let Some(head) = remote.head(&reference)?
        && repository.resolve(&head.to_string()).is_ok()
    {
        repository.note_remote_branch(NAME, origin.branch, head)?;
    }
    Ok(repository)
}

const NAME: &str = "origin";
