//! Applications that a set makes and whose sources are of elsewhere: what each says stands in no file, so that it is judged
//! as it is filled in.
//! Fills in nothing itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::Error;
use super::super::file::File;
use super::super::rendered::Layers;
use crate::change::Source;
use crate::manifest::Limits;
use crate::model::{Digest, ObjectRef, RepoPath};
use crate::render::Files;
use crate::sources::ResolvedUnit;

/// An Application that a set makes.
#[derive(Clone)]
pub(in crate::gate) struct Made {
    /// The file of the set.
    file: RepoPath,
    /// All files that say what it is: that one, and those that generators read.
    told_in: BTreeSet<RepoPath>,
    /// What makes it.
    by: String,
    /// What it is, in JSON.
    text: Arc<str>,
}

impl Made {
    /// What a unit is in JSON. Nothing where no set makes it, or where it deploys nothing of elsewhere: of what is of here
    /// the result is judged.
    pub(super) fn text_of(unit: &ResolvedUnit) -> Option<&Arc<str>> {
        unit.external().next()?;
        unit.deployment.as_ref()?.made.as_ref()
    }

    /// The same with the files that say it.
    pub(super) fn of(unit: &ResolvedUnit) -> Option<Self> {
        let text = Arc::clone(Self::text_of(unit)?);
        let deployment = unit.deployment.as_ref()?;
        Some(Self {
            file: deployment.place.path.clone(),
            told_in: deployment.declared_in.clone(),
            by: deployment.generated_by.clone()?,
            text,
        })
    }

    /// What names all that it says.
    pub(super) fn digest(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }

    /// As an object, secrets masked.
    pub(in crate::gate) fn read(&self) -> Result<Vec<Source>, Error> {
        let name = format!("{} (as {} makes it)", self.file, self.by);
        let (name, text) = (name.as_str().into(), self.text.as_bytes());
        let file = File::read_rendered(&name, text, &Limits::DEFAULT, &[])?;
        let sources = file.sources.into_iter().map(|source| Source {
            file: self.file.clone(),
            ..source
        });
        Ok(sources.collect())
    }

    /// Tells it, where it is one of `wanted`, by the files in which it is edited.
    pub(in crate::gate) fn point_back(
        &self,
        files: &dyn Files,
        wanted: &mut BTreeMap<ObjectRef, &mut Source>,
    ) -> Result<(), Error> {
        for source in self.read()? {
            if let Some(wanted) = wanted.remove(&source.object) {
                let read = self.told_in.iter().filter(|path| **path != self.file);
                let origin =
                    Layers::new(files).of_made(source.object.name.as_str(), read, &self.file);
                wanted.origin = origin.map(Arc::new);
            }
        }
        Ok(())
    }
}
