//! What is recorded beside images, `.tidegate/images/sha256/<digest of the image>/<digest of the file>`, at head or at
//! base: who takes a scan away has not undone it. It proves itself, so that it is no file of the gate, and deploys nothing, so that it is of no unit either. The lock
//! beside it proves nothing; it tells what should lie there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::Error;
use super::registries::Said;
use super::side::Side;
use super::view::View;
use crate::change::Change;
use crate::facts::images::promoted::brought;
use crate::facts::images::{self, LOCK_FILE, Lock, LockError, wanted_before};
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

    /// What was locked before the change.
    fn lock_before(&self) -> Result<Arc<Lock>, Error> {
        Ok(Arc::default())
    }
}

/// Of which images somebody asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sides {
    /// Of those that changed objects name at head.
    pub(super) head: bool,
    /// Of those that they name no more.
    pub(super) before: bool,
}

/// What is recorded beside the images of a unit of which signatures are asked for. Registries are asked for those that the
/// changes bring, and for those that they take out.
pub(super) fn recorded(
    changes: &[Change],
    (rules, (head, base)): (&images::Rules, (&Neighbours, &Neighbours)),
    (place, sides): (&dyn Evidence, Sides),
    unit: &str,
) -> Result<images::Evidence, Error> {
    let mut wanted = match sides.head {
        true => images::wanted(changes, rules, head),
        false => images::Wanted::default(),
    };
    let before = match sides.before {
        true => wanted_before(changes, rules, (head, base)),
        false => BTreeMap::new(),
    };
    if !wanted.pinned && before.is_empty() {
        return Ok(images::Evidence::default());
    }
    let taken = before.keys().copied().collect();
    for (image, names) in before {
        wanted.signed.entry(image).or_default().extend(names);
    }
    let mut shelf = Shelf {
        place,
        unit,
        left: limits::IMAGE_EVIDENCE.most,
        brought: match place.asks() {
            true => brought(changes, rules, (head, base)),
            false => BTreeSet::new(),
        },
        taken,
        scanned: &wanted.scanned,
        told: BTreeSet::new(),
        evidence: images::Evidence::of_locks(place.lock()?, place.lock_before()?),
    };
    shelf.load_all(&wanted.signed)?;
    Ok(shelf.evidence)
}

/// What is recorded beside one image, and beside the indexes that list it. Asks nobody.
pub(super) fn of_image(image: Digest, place: &dyn Evidence) -> Result<images::Evidence, Error> {
    let mut shelf = Shelf {
        place,
        unit: "",
        left: limits::IMAGE_EVIDENCE.most,
        brought: BTreeSet::new(),
        taken: BTreeSet::new(),
        scanned: &BTreeSet::new(),
        told: BTreeSet::new(),
        evidence: images::Evidence::of_locks(place.lock()?, place.lock_before()?),
    };
    shelf.load_all(&[(image, BTreeSet::new())].into())?;
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
    /// Those that objects name no more: a lock does not know whether they are still there.
    taken: BTreeSet<Digest>,
    /// The images of which the newest scan decides.
    scanned: &'a BTreeSet<Digest>,
    /// What was told in which repository.
    told: BTreeSet<(Digest, String)>,
    evidence: images::Evidence,
}

impl Shelf<'_> {
    /// What lies beside images, and beside the indexes that list them; of those that the change brings, what is not
    /// recorded too, or whatever is recorded where the newest scan decides: nobody's word is that there is no newer one.
    fn load_all(&mut self, images: &BTreeMap<Digest, BTreeSet<ImageRef>>) -> Result<(), Error> {
        for (image, names) in images {
            self.load(*image)?;
            if self.is_open(*image, *image) {
                self.ask(*image, names)?;
            }
            if self.place.asks() && self.taken.contains(image) {
                self.ask_children(*image, names)?;
            }
        }
        let mut seen: BTreeSet<Digest> = images.keys().copied().collect();
        for (image, names) in images {
            for index in self.evidence.covering(*image) {
                if seen.insert(index) {
                    self.load(index)?;
                }
                if self.is_open(*image, index) {
                    let mut names = of_digest(names, index);
                    names.retain(|it| !self.told.contains(&(index, it.repository.clone())));
                    self.ask(index, &names)?;
                }
            }
        }
        seen.iter().for_each(|image| self.evidence.miss(*image));
        Ok(())
    }

    /// Asks for each image that an index lists and nodes can run: its registry may have the index and not them.
    fn ask_children(&mut self, index: Digest, names: &BTreeSet<ImageRef>) -> Result<(), Error> {
        for child in self.evidence.children(index).into_keys() {
            self.ask(child, &of_digest(names, child))?;
        }
        Ok(())
    }

    /// What is recorded beside an image.
    fn load(&mut self, image: Digest) -> Result<(), Error> {
        for (name, bytes) in self.place.beside(&image)? {
            self.left = rest(self.left, bytes.len(), self.unit)?;
            self.evidence.record(image, &name, &bytes);
        }
        Ok(())
    }

    /// Whether registries are asked of an image that the change brings, or of an index that lists it.
    fn is_open(&self, image: Digest, own: Digest) -> bool {
        let brought = self.brought.contains(&format!("sha256:{image}"));
        (image == own && self.taken.contains(&image))
            || (brought && (self.scanned.contains(&image) || self.evidence.lacks(own)))
    }

    /// What the registry of each of these names says lies beside an image.
    fn ask(&mut self, image: Digest, names: &BTreeSet<ImageRef>) -> Result<(), Error> {
        for name in names {
            match self.place.ask(name, image) {
                Some(Ok(found)) => {
                    let bytes = found.files.iter().map(|(_, _, bytes)| bytes.len());
                    self.left = rest(self.left, bytes.sum(), self.unit)?;
                    self.evidence.take(&found);
                    let told = found.told.iter();
                    let told = told.map(|it| (*it, name.repository.clone()));
                    self.told.extend(told);
                }
                Some(Err(error)) => self.evidence.unsaid(image, &error),
                None => {}
            }
        }
        Ok(())
    }
}

/// What has another digest in the repositories of an image: an index that lists it, or what it lists.
fn of_digest(names: &BTreeSet<ImageRef>, digest: Digest) -> BTreeSet<ImageRef> {
    let names = names.iter().map(|image| ImageRef {
        repository: image.repository.clone(),
        tag: None,
        digest: Some(format!("sha256:{digest}")),
    });
    names.collect()
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
        let mut files = self.beside_at(&self.head, image)?;
        for (name, bytes) in self.beside_at(&self.base, image)? {
            if is_named(&name, &bytes) && !files.iter().any(|(other, _)| *other == name) {
                files.push((name, bytes));
            }
        }
        Ok(files)
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
        let lock = Arc::new(self.read_lock(&self.head)?);
        Ok(Arc::clone(self.image_lock.get_or_init(|| lock)))
    }

    /// One that cannot be read says nothing: the change may mend it.
    fn lock_before(&self) -> Result<Arc<Lock>, Error> {
        if let Some(lock) = self.image_lock_before.get() {
            return Ok(Arc::clone(lock));
        }
        let lock = match self.read_lock(&self.base) {
            Err(Error::ImageLock(_)) => Arc::default(),
            read => Arc::new(read?),
        };
        Ok(Arc::clone(self.image_lock_before.get_or_init(|| lock)))
    }
}

/// What lies beside images at head alone, as the next change will find it.
pub(super) struct HeadOnly<'v, 'a>(pub(super) &'v View<'a>);

impl Evidence for HeadOnly<'_, '_> {
    fn beside(&self, image: &Digest) -> Result<Vec<(String, Vec<u8>)>, Error> {
        self.0.beside_at(&self.0.head, image)
    }

    fn lock(&self) -> Result<Arc<Lock>, Error> {
        self.0.lock()
    }
}

/// Whether bytes are what their name says. At base, others were none of the image already.
fn is_named(name: &str, bytes: &[u8]) -> bool {
    Digest::parse(name).is_ok_and(|name| name == Digest::of(bytes))
}

impl View<'_> {
    /// What lies beside an image on one side.
    fn beside_at(&self, side: &Side, image: &Digest) -> Result<Vec<(String, Vec<u8>)>, Error> {
        let folder = format!("{}/{image}", images::FOLDER);
        let below = RepoPath::from(folder.as_str());
        let entries = self.repository.entries_under(&side.snapshot, &below)?;
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

    /// The lock as it lies in the tree. One that cannot be read is none that is not there.
    fn read_lock(&self, side: &Side) -> Result<Lock, Error> {
        let (repository, snapshot) = (self.repository, &side.snapshot);
        let entry = match repository.spot(snapshot, &RepoPath::from(LOCK_FILE))? {
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
