//! What units deploy on both sides of a range: what renders them, and the objects that come out.
//! Compares nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::Error;
use super::super::deployed::{Declared, Deployed, Input};
use super::super::rendered::RenderedFile;
use super::super::scene::Sides;
use super::super::side::Side;
use super::View;
use crate::change::Source;
use crate::gate::landing::placed;
use crate::model::ObjectRef;
use crate::render::GitFiles;

impl View<'_> {
    /// What some units deploy on one side; nothing for none.
    pub(in crate::gate) fn deployed(
        &self,
        side: &Side,
        units: &[Declared],
    ) -> Result<Option<Deployed>, Error> {
        Deployed::of_all(units, &self.files(side))
    }

    /// Renders what units need, side by side. Whoever asks for it is told what is wrong with it.
    pub(in crate::gate) fn render_ahead<'s>(
        &self,
        units: impl Iterator<Item = &'s Sides<Deployed>>,
    ) {
        let touched = |sides: &&Sides<Deployed>| {
            let files = self.changed_under(&sides.base.selector, &sides.head.selector);
            files.is_ok_and(|files| !files.is_empty())
        };
        let mut inputs = Vec::new();
        for Sides { base, head } in units.filter(touched) {
            inputs.extend(base.inputs.iter().map(|input| (input, &self.base.snapshot)));
            inputs.extend(head.inputs.iter().map(|input| (input, &self.head.snapshot)));
        }
        let _ = self.reading.render_ahead(&inputs, self.repository);
    }

    /// Every object that a unit deploys on one side; at head, none of those may deploy in turn unknown to the
    /// environment.
    pub(in crate::gate) fn deployed_objects(
        &self,
        side: &Side,
        deployed: &Deployed,
    ) -> Result<Vec<Source>, Error> {
        let mut objects = Vec::new();
        for input in &deployed.inputs {
            let rendered = self.rendered(side, input)?;
            objects.extend(rendered.sources.iter().cloned());
        }
        if !deployed.plain.is_empty() {
            for entry in self.plain(side, &deployed.plain)?.iter() {
                let file = if std::ptr::eq(side, &*self.head) {
                    self.file_at_head(entry)?
                } else {
                    self.reading.file(entry, self.repository)?
                };
                objects.extend(file.sources.iter().cloned());
            }
        }
        if std::ptr::eq(side, &*self.head) {
            deployed.check_known(&objects)?;
        }
        for path in &deployed.declared_in {
            if let Some(entry) = self.repository.entry(&side.snapshot, path)? {
                let file = self.reading.file(&entry, self.repository)?;
                objects.extend(file.sources.iter().cloned());
            }
        }
        for made in &deployed.made {
            let filled = made.read(&self.files(side))?;
            // Its file has it as well, with names of files in the place of what they hold.
            objects.retain(|it| filled.iter().all(|own| own.object != it.object));
            objects.extend(filled);
        }
        if let Some(namespace) = &deployed.lands_in {
            let objects = objects.into_iter();
            return Ok(objects.map(|it| placed(it, namespace)).collect());
        }
        Ok(objects)
    }

    /// Tells rendered objects by the files in which they are edited.
    pub(in crate::gate) fn point_back<'s>(
        &self,
        side: &Side,
        deployed: &Deployed,
        sources: impl Iterator<Item = &'s mut Source>,
    ) -> Result<(), Error> {
        let mut sources: BTreeMap<ObjectRef, &mut Source> = sources
            .map(|source| (source.object.clone(), source))
            .collect();
        for input in &deployed.inputs {
            let rendered = self.rendered(side, input)?;
            rendered.point_back(&self.files(side), &mut sources);
        }
        for made in &deployed.made {
            made.point_back(&self.files(side), &mut sources)?;
        }
        Ok(())
    }

    /// What renders a unit on one side, and which version of it.
    pub(in crate::gate) fn renderers(
        &self,
        side: &Side,
        deployed: &Deployed,
    ) -> Result<BTreeMap<String, String>, Error> {
        let tools = deployed.inputs.iter();
        tools
            .map(|input| Ok(self.rendered(side, input)?.tool.clone()))
            .collect()
    }

    fn rendered(&self, side: &Side, input: &Input) -> Result<Arc<RenderedFile>, Error> {
        self.reading
            .rendered(input, &side.snapshot, self.repository)
    }

    /// The files of one side, as renderers and deployers find them.
    pub(in crate::gate) fn files<'s>(&'s self, side: &'s Side) -> GitFiles<'s> {
        GitFiles::new(self.repository, &side.snapshot).with(self.reading.online())
    }
}
