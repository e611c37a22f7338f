//! What a registry says of one image: its digest, what lies beside it, and the index that lists it.
//! Writes nothing, and believes none of it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use jiff::Timestamp;

use super::evidence::{File, file, index_file, manifest_file};
use super::layers;
use super::lock::Locked;
use super::proof;
use super::rules::LATEST;
use crate::model::{Digest, limits};
use crate::registry::{ImageRepository, Named, RegistryError};

/// What a registry said of an image.
#[derive(Debug)]
pub struct Found {
    /// Of the bytes that were read.
    pub digest: Digest,
    /// What it says that it is.
    pub media_type: String,
    /// The digest beside which each file lies, its name, its bytes.
    pub files: Vec<(Digest, Digest, Rc<[u8]>)>,
    /// The digests of which it said all that lies beside them: the image, and the index that lists it.
    pub told: BTreeSet<Digest>,
    /// What the tag beside a digest stands for, where that is another image.
    pub tag_digest: Option<Digest>,
}

impl Found {
    /// Asks for an image, by its digest where it names one, and for what lies beside it; for the index that lists it too,
    /// as far as its tag tells.
    ///
    /// # Errors
    /// The registry does not say.
    pub fn ask(
        repository: &ImageRepository,
        digest: Option<Digest>,
        tag: Option<&str>,
    ) -> Result<Self, RegistryError> {
        let by = match (digest, tag) {
            (Some(digest), _) => Named::Digest(digest),
            (None, Some(tag)) => Named::Tag(tag),
            (None, None) => Named::Tag(LATEST),
        };
        let image = repository.resolve(by)?;
        let mut found = Self {
            digest: image.digest,
            media_type: image.media_type.clone(),
            files: Vec::new(),
            told: BTreeSet::new(),
            tag_digest: None,
        };
        found.put_beside(repository, image.digest)?;
        match (index_file(&image.media_type, &image.manifest), tag) {
            (Some((file, listed)), _) => found.put_index(image.digest, file, &listed),
            (None, Some(tag)) if digest.is_some() => found.ask_index(repository, tag)?,
            (None, _) => {}
        }
        found.put_manifest(&image.media_type, &image.manifest);
        Ok(found)
    }

    /// What is locked of it.
    #[must_use]
    pub fn locked(&self, at: Timestamp) -> Locked {
        let mut related: BTreeMap<Digest, BTreeSet<Digest>> = BTreeMap::new();
        for (folder, name, _) in &self.files {
            related.entry(*folder).or_default().insert(*name);
        }
        Locked {
            digest: self.digest,
            media_type: self.media_type.clone(),
            tag_digest: self.tag_digest,
            at,
            evidence: related.remove(&self.digest).unwrap_or_default(),
            related,
        }
    }

    fn put(&mut self, folder: Digest, name: Digest, bytes: &Rc<[u8]>) {
        let mut known = self.files.iter();
        if !known.any(|(beside, file, _)| (*beside, *file) == (folder, name)) {
            self.files.push((folder, name, Rc::clone(bytes)));
        }
    }

    /// What lies beside a digest.
    fn put_beside(
        &mut self,
        repository: &ImageRepository,
        digest: Digest,
    ) -> Result<(), RegistryError> {
        for beside in repository.beside(digest, &proof::counts)? {
            let (name, bytes) = file(&beside);
            self.put(digest, name, &Rc::from(bytes));
        }
        self.told.insert(digest);
        Ok(())
    }

    /// The index beside itself and beside each image that it lists, unless that would be more than a file may have.
    fn put_index(&mut self, index: Digest, (name, bytes): File, listed: &BTreeSet<Digest>) {
        if bytes.len().saturating_mul(listed.len()) > limits::IMAGE_FILE.most {
            return;
        }
        let bytes = Rc::from(bytes);
        for folder in listed.iter().chain([&index]) {
            self.put(*folder, name, &bytes);
        }
    }

    /// The manifest beside its image, where that says what a policy may want to know.
    fn put_manifest(&mut self, media_type: &str, manifest: &[u8]) {
        if layers::foreign(media_type, manifest).is_empty() {
            return;
        }
        let (name, bytes) = manifest_file(media_type, manifest);
        if bytes.len() <= limits::IMAGE_FILE.most {
            self.put(self.digest, name, &Rc::from(bytes));
        }
    }

    /// The index that lists the image, where its tag stands for one: who signed that signed the image. It is asked for
    /// by the tag alone, which may be gone.
    fn ask_index(&mut self, repository: &ImageRepository, tag: &str) -> Result<(), RegistryError> {
        let index = match repository.resolve(Named::Tag(tag)) {
            Err(RegistryError::NoImage { .. }) => return Ok(()),
            found => found?,
        };
        let own = self.digest;
        let file = index_file(&index.media_type, &index.manifest);
        if let Some((file, _)) = file.filter(|(_, listed)| listed.contains(&own)) {
            self.put_beside(repository, index.digest)?;
            self.put_index(index.digest, file, &BTreeSet::from([own]));
        } else if index.digest != own {
            self.tag_digest = Some(index.digest);
        }
        Ok(())
    }
}
