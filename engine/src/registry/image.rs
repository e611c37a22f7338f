//! An image in its registry: which digest its name stands for, and what lies beside it that may prove it.
//! Believes nothing: what was asked for by digest has that digest, and no more is known of it.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use super::client::{Client, Found, Reference};
use super::form::Descriptor;
use super::{OciPlace, RegistryError, Transport};
use crate::model::{Digest, limits};

/// A repository that holds images.
pub struct ImageRepository {
    client: Client,
}

/// What an image is asked for by.
#[derive(Clone, Copy, Debug)]
pub enum Named<'a> {
    /// Which can be moved.
    Tag(&'a str),
    /// Which cannot.
    Digest(Digest),
}

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// Of the bytes that were read, whatever the registry says.
    pub digest: Digest,
    /// What it says that it is.
    pub media_type: String,
    /// The manifest, or the index of manifests.
    pub manifest: Vec<u8>,
}

/// A layer of what lies beside an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beside {
    /// What it says that it is; `None` where that is not known, since its manifest is not there.
    pub media_type: Option<String>,
    /// Of the bytes; of the manifest where that is not there.
    pub digest: Digest,
    /// What its manifest says of it.
    pub annotations: BTreeMap<String, String>,
    /// The bytes; `None` where they are named and not there, or longer than any that is read.
    pub bytes: Option<Vec<u8>>,
}

impl ImageRepository {
    /// Takes a repository, registry and path in full; nothing is asked yet.
    ///
    /// # Errors
    /// What is no name of one.
    pub fn new(repository: &str, transport: Rc<dyn Transport>) -> Result<Self, RegistryError> {
        let place = OciPlace::of_images(repository)?;
        transport.begin(limits::REGISTRY_TIME.time());
        Ok(Self {
            client: Client::new(place, transport),
        })
    }

    /// The image of that name, asked for once: what is used is what was read.
    ///
    /// # Errors
    /// There is none, the registry does not say, or what it says is no image.
    pub fn resolve(&self, by: Named<'_>) -> Result<Resolved, RegistryError> {
        let reference = match by {
            Named::Tag(tag) => Reference::Tag(tag),
            Named::Digest(digest) => Reference::Digest(digest),
        };
        let found = self.client.manifest(reference)?;
        let found = found.ok_or_else(|| RegistryError::NoImage {
            place: self.place(by),
        })?;
        let document = &found.document;
        if document.schema_version != 2 || document.layers.is_none() && !document.is_index() {
            return Err(RegistryError::Answer {
                place: self.place(by),
                what: format!("no image that is read: `{}`", found.media_type),
            });
        }
        Ok(Resolved {
            digest: found.digest,
            media_type: found.media_type,
            manifest: found.bytes,
        })
    }

    /// What lies beside an image under cosign's tags and refers to it, as far as `counts` says of its media type that
    /// it may prove something. More than are ever looked at are not fetched.
    ///
    /// # Errors
    /// The registry does not say. Nothing that is not known to be absent is left out.
    pub fn beside(
        &self,
        image: Digest,
        counts: &dyn Fn(&str) -> bool,
    ) -> Result<Vec<Beside>, RegistryError> {
        let mut beside = Vec::new();
        for suffix in ["sig", "att"] {
            let tag = format!("sha256-{image}.{suffix}");
            if let Some(found) = self.client.manifest(Reference::Tag(&tag))? {
                self.layers(&found, counts, &mut beside)?;
            }
        }
        let mut listed = self.listed(image)?;
        // What says of itself that it counts comes first, whatever else was pushed.
        listed.sort_by_key(|one| !one.artifact_type.as_deref().is_some_and(counts));
        let mut known = BTreeSet::new();
        for descriptor in listed {
            let Some(digest) = descriptor.digest() else {
                return Err(self.wrong(image, "it lists what has no `sha256:` digest"));
            };
            if !known.insert(digest) || is_enough(&beside) {
                continue;
            }
            if known.len() > limits::IMAGE_REFERRERS.most {
                return Err(RegistryError::TooMany {
                    place: self.place(Named::Digest(image)),
                    limit: limits::IMAGE_REFERRERS.to_string(),
                });
            }
            match self.client.manifest(Reference::Digest(digest))? {
                Some(found) => self.layers(&found, counts, &mut beside)?,
                None => beside.extend(Beside::missing(&descriptor, digest, counts)),
            }
        }
        Ok(beside)
    }

    /// What refers to the image, by the registry's list and by the tag that stands for one. Both are read: what was
    /// pushed before the registry kept a list stands under the tag alone.
    fn listed(&self, image: Digest) -> Result<Vec<Descriptor>, RegistryError> {
        let mut listed = self.client.referrers(image)?.unwrap_or_default();
        let tag = format!("sha256-{image}");
        if let Some(found) = self.client.manifest(Reference::Tag(&tag))? {
            let index = found.document.manifests;
            let what = "the tag that should list what refers to it is no index";
            listed.extend(index.ok_or_else(|| self.wrong(image, what))?);
        }
        Ok(listed)
    }

    /// The layers of a manifest that count.
    fn layers(
        &self,
        found: &Found,
        counts: &dyn Fn(&str) -> bool,
        beside: &mut Vec<Beside>,
    ) -> Result<(), RegistryError> {
        for layer in found.document.layers.iter().flatten() {
            if is_enough(beside) {
                break;
            }
            if !counts(&layer.media_type) {
                continue;
            }
            let Some(digest) = layer.digest() else {
                return Err(self.wrong(found.digest, "a layer has no `sha256:` digest"));
            };
            let within = usize::try_from(layer.size);
            let within = within.is_ok_and(|size| size <= limits::SIGNATURE_OBJECT.most);
            beside.push(Beside {
                media_type: Some(layer.media_type.clone()),
                digest,
                annotations: layer.annotations.clone(),
                bytes: match within {
                    true => self.client.blob_there(digest, layer.size)?,
                    false => None,
                },
            });
        }
        Ok(())
    }

    fn wrong(&self, of: Digest, what: &str) -> RegistryError {
        RegistryError::Answer {
            place: self.place(Named::Digest(of)),
            what: what.to_owned(),
        }
    }

    fn place(&self, by: Named<'_>) -> String {
        match by {
            Named::Tag(tag) => format!("{}:{tag}", self.client.place()),
            Named::Digest(digest) => format!("{}@sha256:{digest}", self.client.place()),
        }
    }
}

impl Beside {
    /// A manifest that is listed and not there; nothing where it says of itself that it proves nothing.
    fn missing(
        descriptor: &Descriptor,
        digest: Digest,
        counts: &dyn Fn(&str) -> bool,
    ) -> Option<Self> {
        let kind = descriptor.artifact_type.as_deref();
        let said = kind.filter(|kind| !kind.is_empty());
        let may = said.is_none_or(counts);
        may.then(|| Self {
            media_type: said.map(str::to_owned),
            digest,
            annotations: BTreeMap::new(),
            bytes: None,
        })
    }
}

/// One more than is ever looked at, so that it shows that there were more.
fn is_enough(beside: &[Beside]) -> bool {
    beside.len() > limits::SIGNATURE_OBJECTS.most
}
