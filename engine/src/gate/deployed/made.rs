//! Applications whose whole says more than their file: a set makes them, or files of this repository are put into what they
//! deploy of elsewhere. Nobody renders what comes of it, so that each is judged as it is filled in.
//! Fills in nothing itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::Error;
use super::super::file::File;
use super::super::rendered::Layers;
use crate::change::Source;
use crate::manifest::Limits;
use crate::model::{Digest, ObjectRef, RepoPath};
use crate::render::{self, Files, Found};
use crate::sources::{self, Put, ResolvedUnit};

/// An Application that is judged as it is filled in.
#[derive(Clone)]
pub(in crate::gate) struct Made {
    /// The file that it stands in, or the set that makes it.
    file: RepoPath,
    /// All files that say what it is, beside those that are put into it.
    told_in: BTreeSet<RepoPath>,
    /// What makes it; nothing where it stands in its file.
    by: Option<String>,
    /// What it is, in JSON, before anything is put into it.
    text: Arc<str>,
    /// What is put into it.
    put: Vec<Put>,
}

impl Made {
    /// What a unit is. Nothing where its file says all of that, or where it deploys nothing of elsewhere: of what is of here
    /// the result is judged.
    pub(super) fn of(unit: &ResolvedUnit) -> Option<Self> {
        let is_put = || unit.external().any(|it| !it.value_files.is_empty());
        let is_made = unit.deployment.as_ref()?.set().is_some() || is_put();
        is_made.then(|| Self::whole(unit)).flatten()
    }

    /// The same, whether its file says all of that or not.
    pub(super) fn whole(unit: &ResolvedUnit) -> Option<Self> {
        let deployment = unit.deployment.as_ref()?;
        let text = Arc::clone(deployment.made.as_ref()?);
        let put = unit.external().flat_map(|external| &external.value_files);
        Some(Self {
            file: deployment.place.path.clone(),
            told_in: deployment.declared_in.clone(),
            by: deployment.set().map(|set| format!("ApplicationSet {set}")),
            text,
            put: put.cloned().collect(),
        })
    }

    /// What names all that it says itself.
    pub(super) fn digest(&self) -> Digest {
        Digest::of(self.text.as_bytes())
    }

    /// As an object, secrets masked.
    pub(in crate::gate) fn read(&self, files: &dyn Files) -> Result<Vec<Source>, Error> {
        let name = match &self.by {
            Some(by) => format!("{} (as {by} makes it)", self.file),
            None => format!("{} (as it is filled in)", self.file),
        };
        let text = self.filled(files)?;
        let file = File::read_rendered(
            &name.as_str().into(),
            text.as_bytes(),
            &Limits::DEFAULT,
            &[],
        )?;
        let sources = file.sources.into_iter().map(|source| Source {
            file: self.file.clone(),
            ..source
        });
        Ok(sources.collect())
    }

    fn filled(&self, files: &dyn Files) -> Result<Arc<str>, Error> {
        if self.put.is_empty() {
            return Ok(Arc::clone(&self.text));
        }
        let held = |put: &Put| -> Result<_, render::Error> {
            let held = match files.at(&put.file)? {
                Found::File(entry) => Some(files.content(&entry)?),
                _ => None,
            };
            Ok((put.clone(), held))
        };
        let put: Vec<_> = self.put.iter().map(held).collect::<Result<_, _>>()?;
        Ok(sources::filled(&self.text, &put)?.into())
    }

    /// Tells it, where it is one of `wanted`, by the files in which it is edited.
    pub(in crate::gate) fn point_back(
        &self,
        files: &dyn Files,
        wanted: &mut BTreeMap<ObjectRef, &mut Source>,
    ) -> Result<(), Error> {
        for source in self.read(files)? {
            if let Some(wanted) = wanted.remove(&source.object) {
                let mut layers = Layers::new(files);
                // The last one that says a value counts.
                let put = self.put.iter().rev().map(|put| &put.file);
                let read = self.told_in.iter().filter(|path| **path != self.file);
                let origin = match &self.by {
                    Some(_) => layers.of_made(source.object.name.as_str(), put, read, &self.file),
                    None => layers.of_filled(&source, put, &self.file),
                };
                wanted.origin = origin.map(Arc::new);
            }
        }
        Ok(())
    }
}
