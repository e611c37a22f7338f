//! What a range records beside images: more than is read there stops the change that brings it, not those after it.
//! Reads none of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::facts::images::FOLDER;
use crate::gate::Error;
use crate::gate::view::View;
use crate::model::{RepoPath, limits};
use crate::verdict::UnitError;

/// Each folder to which something is added, and that has more at head than is read.
pub(super) fn too_much(view: &View<'_>) -> Result<Vec<UnitError>, Error> {
    let added = view.changed.iter().filter(|change| change.new.is_some());
    let folders: BTreeSet<RepoPath> = added.filter_map(|change| folder(&change.path)).collect();
    let mut errors = Vec::new();
    for folder in folders {
        if let Some(error) = overfull(&folder, view)? {
            errors.push(UnitError {
                environment: String::new(),
                unit: String::new(),
                error: Arc::new(error),
            });
        }
    }
    Ok(errors)
}

/// The folder of the image beside which a file lies.
pub(super) fn folder(path: &RepoPath) -> Option<RepoPath> {
    let root = RepoPath::from(FOLDER);
    let below = path.as_bytes().strip_prefix(root.as_bytes())?;
    let mut names = below.strip_prefix(b"/")?.splitn(2, |byte| *byte == b'/');
    let image = names.next()?;
    names.next().map(|_| root.child(image))
}

fn overfull(folder: &RepoPath, view: &View<'_>) -> Result<Option<Error>, Error> {
    let entries = view.repository.entries_under(&view.head.snapshot, folder)?;
    let folder = folder.to_string();
    if entries.len() > limits::IMAGE_FILES.most {
        return Ok(Some(Error::ImageFiles { folder }));
    }
    let mut left = limits::IMAGE_EVIDENCE.wide();
    for entry in entries
        .iter()
        .filter(|it| !it.is_link() && !it.is_submodule())
    {
        let size = view.repository.blob_size(entry.id)?;
        // What is larger than any that is read counts for nothing where it is read.
        let size = if size > limits::IMAGE_FILE.wide() {
            0
        } else {
            size
        };
        match left.checked_sub(size) {
            Some(rest) => left = rest,
            None => return Ok(Some(Error::ImageFolder { folder })),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_beside_an_image_is_of_its_folder_and_others_of_none() {
        for (path, wanted) in [
            (
                ".tidegate/images/sha256/ab/cd",
                Some(".tidegate/images/sha256/ab"),
            ),
            (
                ".tidegate/images/sha256/ab/cd/ef",
                Some(".tidegate/images/sha256/ab"),
            ),
            (".tidegate/images/sha256/ab", None),
            (".tidegate/images/sha2567/ab/cd", None),
            (".tidegate/images.lock", None),
            ("a/.tidegate/images/sha256/ab/cd", None),
        ] {
            let found = folder(&RepoPath::from(path)).map(|folder| folder.to_string());
            assert_eq!(found.as_deref(), wanted, "{path}");
        }
    }
}
