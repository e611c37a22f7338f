//! Whether the folder in which something is about to render holds what the commit holds that is asked about.
//! Knows nothing of what renders.

use std::path::Path;

use super::Error;
use crate::git::{Difference, Repository, Selector};
use crate::model::{GitId, RepoPath};
use crate::verify::{Reason, Refusal};

/// A folder on disk, and which one of the repository it stands for.
#[derive(Clone, Debug)]
pub struct Checkout<'a> {
    /// The folder on disk.
    pub folder: &'a Path,
    /// The folder of the repository; empty for its top.
    pub below: RepoPath,
}

/// The first file that is not the commit's.
pub(super) fn altered(
    repository: &Repository,
    revision: GitId,
    checkout: &Checkout<'_>,
    unit: &Selector,
) -> Result<Option<Refusal>, Error> {
    let snapshot = repository.snapshot(revision)?;
    let folders = (checkout.folder, &checkout.below);
    let difference = repository.compare_folder(&snapshot, folders, unit)?;
    let found = difference.map(|difference| match difference {
        Difference::Unknown(path) => format!("`{path}`, which the commit does not have"),
        Difference::Altered(path) => format!("`{path}`, which holds something else"),
        Difference::Missing(path) => format!("no `{path}`"),
    });
    Ok(found.map(|found| Refusal {
        reason: Reason::SourceOverride,
        expected: format!(
            "a folder with the files of {}, and no others",
            revision.short()
        ),
        found,
    }))
}
