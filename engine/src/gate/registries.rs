//! What registries say of images of which nobody has recorded what proves them: asked where whoever runs a check wants
//! that, each image once, into memory alone. Believes none of it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::facts::images::Found;
use crate::facts::workloads::ImageRef;
use crate::model::Digest;
use crate::registry::{ImageRepository, RegistryError, Transport};

/// The registries that may be asked, and what they said.
pub struct Registries {
    transport: Rc<dyn Transport>,
    said: RefCell<BTreeMap<ImageRef, Said>>,
    /// Those that did not answer, and what came instead: nobody waits for them again.
    silent: RefCell<BTreeMap<String, RegistryError>>,
}

/// What one said of an image.
pub(super) type Said = Result<Rc<Found>, RegistryError>;

impl Registries {
    /// All that this way leads to.
    #[must_use]
    pub fn new(transport: Rc<dyn Transport>) -> Self {
        Self {
            transport,
            said: RefCell::default(),
            silent: RefCell::default(),
        }
    }

    /// How many images were asked for.
    #[must_use]
    pub fn asked(&self) -> usize {
        self.said.borrow().len()
    }

    /// What lies beside an image of that digest.
    pub(super) fn ask(&self, image: &ImageRef, digest: Digest) -> Said {
        if let Some(said) = self.said.borrow().get(image) {
            return said.clone();
        }
        let known = self.silent.borrow().get(image.registry()).cloned();
        let said = known.map_or_else(|| self.ask_anew(image, digest), Err);
        if let Err(cause @ RegistryError::Unavailable { .. }) = &said {
            let registry = image.registry().to_owned();
            self.silent.borrow_mut().insert(registry, cause.clone());
        }
        let mut all = self.said.borrow_mut();
        all.insert(image.clone(), said.clone());
        said
    }

    fn ask_anew(&self, image: &ImageRef, digest: Digest) -> Said {
        let repository = ImageRepository::new(&image.repository, Rc::clone(&self.transport))?;
        let found = Found::ask(&repository, Some(digest), image.tag.as_deref())?;
        Ok(Rc::new(found))
    }
}
