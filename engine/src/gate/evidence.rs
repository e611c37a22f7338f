//! What is recorded beside images, `.tidegate/images/sha256/<digest of the image>/<digest of the file>`, at head.
//! It proves itself, so that it is no file of the gate, and deploys nothing, so that it is of no unit either.

use std::collections::BTreeSet;

use super::Error;
use super::view::View;
use crate::change::Change;
use crate::facts::images;
use crate::facts::inventory::Neighbours;
use crate::git::{self, TreeEntry};
use crate::model::{Digest, RepoPath, limits};

/// Where signature objects lie.
pub(super) trait Evidence {
    /// The files beside an image, by name.
    fn beside(&self, image: &Digest) -> Result<Vec<(String, Vec<u8>)>, Error>;
}

/// What is recorded beside the images of a unit of which signatures are asked for.
pub(super) fn recorded(
    changes: &[Change],
    (rules, around): (&images::Rules, &Neighbours),
    place: &dyn Evidence,
    unit: &str,
) -> Result<images::Evidence, Error> {
    let mut evidence = images::Evidence::default();
    let mut left = limits::IMAGE_EVIDENCE.most;
    let wanted = images::wanted(changes, rules, around);
    let mut load = |images: &BTreeSet<Digest>, evidence: &mut images::Evidence| {
        for image in images {
            for (name, bytes) in place.beside(image)? {
                left = rest(left, bytes.len(), unit)?;
                evidence.record(*image, &name, &bytes);
            }
        }
        Ok::<(), Error>(())
    };
    load(&wanted, &mut evidence)?;
    let listing = wanted.iter().flat_map(|image| evidence.covering(*image));
    let listing: BTreeSet<Digest> = listing.filter(|index| !wanted.contains(index)).collect();
    load(&listing, &mut evidence)?;
    Ok(evidence)
}

/// How much more may be recorded beside the images of a unit.
fn rest(left: usize, bytes: usize, unit: &str) -> Result<usize, Error> {
    let rest = left.checked_sub(bytes);
    rest.ok_or_else(|| Error::ImageEvidence {
        unit: unit.to_owned(),
    })
}

/// Nothing is recorded.
pub(super) struct NoEvidence;

impl Evidence for NoEvidence {
    fn beside(&self, _: &Digest) -> Result<Vec<(String, Vec<u8>)>, Error> {
        Ok(Vec::new())
    }
}

impl Evidence for View<'_> {
    fn beside(&self, image: &Digest) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let folder = format!("{}/{image}", images::FOLDER);
        let entries = self
            .repository
            .entries_under(&self.head.snapshot, &RepoPath::from(folder.as_str()))?;
        if entries.len() > limits::IMAGE_FILES.most {
            return Err(Error::ImageFiles { folder });
        }
        let files = entries.iter().map(|entry| {
            let path = entry.path.to_string();
            let name = path.strip_prefix(&format!("{folder}/"));
            let bytes = self.recorded(entry)?;
            Ok((name.unwrap_or(&path).to_owned(), bytes))
        });
        files.collect()
    }
}

impl View<'_> {
    /// A file as it lies in the tree. What is no file, or too large, is nothing: bytes that no name fits.
    fn recorded(&self, entry: &TreeEntry) -> Result<Vec<u8>, git::Error> {
        if entry.is_link() || entry.is_submodule() {
            return Ok(Vec::new());
        }
        let most = limits::IMAGE_FILE.wide();
        match self.repository.blob_within(entry.id, most) {
            Err(git::Error::BlobTooLarge { .. }) => Ok(Vec::new()),
            read => read,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;

    #[test]
    fn what_is_recorded_is_counted_for_all_images_together() {
        let most = limits::IMAGE_EVIDENCE.most;
        let left = rest(most, most - 1, "web").unwrap();
        assert_eq!(rest(left, 1, "web").unwrap(), 0);
        let error = rest(left, 2, "web").unwrap_err();
        assert_eq!(code_of(&error), "limit.image-evidence");
        assert!(error.to_string().contains("`web` has more than 256 MiB"));
    }
}
