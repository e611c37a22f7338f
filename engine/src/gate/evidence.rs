//! What is recorded beside images, `.tidegate/images/sha256/<digest of the image>/<digest of the file>`, at head.
//! It proves itself, so that it is no file of the gate, and deploys nothing, so that it is of no unit either. The lock
//! beside it proves nothing; it tells what should lie there.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Error;
use super::registries::Said;
use super::view::View;
use crate::change::Change;
use crate::facts::images::promoted::brought;
use crate::facts::images::{self, LOCK_FILE, Lock, LockError};
use crate::facts::inventory::Neighbours;
use crate::facts::workloads::ImageRef;
use crate::git::{self, Spot, TreeEntry};
use crate::model::{Digest, RepoPath, limits};

/// Where signature objects lie.
pub(super) trait Evidence {
    /// The files beside an image, by name.
    fn beside(&self, image: &Digest) -> Result<Vec<(String, Vec<u8>)>, Error>;

    /// Whether registries may be asked.
    fn asks(&self) -> bool {
        false
    }

    /// What its registry says of an image; `None` where none may be asked.
    fn ask(&self, _: &ImageRef, _: Digest) -> Option<Said> {
        None
    }

    /// What was locked; nothing where there is no lock.
    fn lock(&self) -> Result<Arc<Lock>, Error> {
        Ok(Arc::default())
    }
}

/// What is recorded beside the images of a unit of which signatures are asked for. Registries are asked for those that the
/// changes bring alone.
pub(super) fn recorded(
    changes: &[Change],
    (rules, (head, base)): (&images::Rules, (&Neighbours, &Neighbours)),
    place: &dyn Evidence,
    unit: &str,
) -> Result<images::Evidence, Error> {
    let wanted = images::wanted(changes, rules, head);
    if !wanted.pinned {
        return Ok(images::Evidence::default());
    }
    let mut shelf = Shelf {
        place,
        unit,
        left: limits::IMAGE_EVIDENCE.most,
        brought: match place.asks() {
            true => brought(changes, rules, (head, base)),
            false => BTreeSet::new(),
        },
        evidence: images::Evidence::of_lock(place.lock()?),
    };
    let none = BTreeSet::new();
    for (image, names) in &wanted.signed {
        shelf.load(*image, names)?;
    }
    let (signed, evidence) = (wanted.signed.keys(), &shelf.evidence);
    let listing = signed.flat_map(|image| evidence.covering(*image));
    let listing = listing.filter(|index| !wanted.signed.contains_key(index));
    for index in listing.collect::<BTreeSet<Digest>>() {
        shelf.load(index, &none)?;
    }
    Ok(shelf.evidence)
}

/// What is read for a unit.
struct Shelf<'a> {
    place: &'a dyn Evidence,
    unit: &'a str,
    /// How many bytes more may be read.
    left: usize,
    /// The digests of which a registry may be asked, as manifests write them.
    brought: BTreeSet<String>,
    evidence: images::Evidence,
}

impl Shelf<'_> {
    /// What lies beside an image; where that is not recorded, what the registry of each of these names says.
    fn load(&mut self, image: Digest, names: &BTreeSet<ImageRef>) -> Result<(), Error> {
        for (name, bytes) in self.place.beside(&image)? {
            self.left = rest(self.left, bytes.len(), self.unit)?;
            self.evidence.record(image, &name, &bytes);
        }
        let brought = self.brought.contains(&format!("sha256:{image}"));
        let unknown = brought && self.evidence.lacks(image);
        for name in names.iter().filter(|_| unknown) {
            match self.place.ask(name, image) {
                Some(Ok(found)) => {
                    let bytes = found.files.iter().map(|(_, _, bytes)| bytes.len());
                    self.left = rest(self.left, bytes.sum(), self.unit)?;
                    self.evidence.take(&found);
                }
                Some(Err(error)) => self.evidence.unsaid(image, &error),
                None => {}
            }
        }
        self.evidence.miss(image);
        Ok(())
    }
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

    fn asks(&self) -> bool {
        self.registries().is_some()
    }

    fn ask(&self, image: &ImageRef, digest: Digest) -> Option<Said> {
        Some(self.registries()?.ask(image, digest))
    }

    fn lock(&self) -> Result<Arc<Lock>, Error> {
        if let Some(lock) = self.image_lock.get() {
            return Ok(Arc::clone(lock));
        }
        let lock = Arc::new(self.read_lock()?);
        Ok(Arc::clone(self.image_lock.get_or_init(|| lock)))
    }
}

impl View<'_> {
    /// The lock as it lies in the tree. One that cannot be read is none that is not there.
    fn read_lock(&self) -> Result<Lock, Error> {
        let (repository, head) = (self.repository, &self.head.snapshot);
        let entry = match repository.spot(head, &RepoPath::from(LOCK_FILE))? {
            Spot::Nothing => return Ok(Lock::default()),
            Spot::Entry(entry) if !entry.is_link() && !entry.is_submodule() => entry,
            Spot::Entry(_) | Spot::Folder => return Err(LockError::NotAFile.into()),
        };
        let most = limits::IMAGE_LOCK.wide();
        match repository.blob_within(entry.id, most) {
            Err(git::Error::BlobTooLarge { .. }) => Err(LockError::TooLong.into()),
            read => Ok(Lock::parse(&read?)?),
        }
    }

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
