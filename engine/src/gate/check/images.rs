//! The images of a range, unit by unit, without asking any policy.
//! Judges nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Session, begin};
use crate::change::Change;
use crate::facts::images::{self, Around, Asked, Image};
use crate::facts::inventory::Neighbours;
use crate::gate::evidence::{Evidence, Sides, recorded};
use crate::gate::judge::Judge;
use crate::gate::scene::Scene;
use crate::gate::{Error, Request, Runtime};
use crate::git::{Repository, Selector};
use crate::model::ObjectRef;
use crate::verdict::{JudgeNote, UnitError};

/// Whether what is recorded beside images is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signatures {
    /// It is verified, by the keys of the judge.
    Verified,
    /// Nobody looks at it.
    LeftOut,
}

/// What the units of a range run.
#[derive(Clone, Debug)]
pub struct Images {
    /// By unit; without those that name no image.
    pub units: Vec<UnitImages>,
    /// The units of which a file cannot be read.
    pub errors: Vec<UnitError>,
    /// Of which images the judge asks for a signature.
    pub asked: Asked,
    /// Whose configuration says so, and who may sign.
    pub judge: JudgeNote,
}

/// What one unit runs.
#[derive(Clone, Debug)]
pub struct UnitImages {
    /// The environment's name.
    pub environment: String,
    /// The unit's name.
    pub unit: String,
    /// By object and place.
    pub images: Vec<Image>,
    /// The files that it is made of.
    pub files: Selector,
    /// Whether something renders them, so that what they say is not all that runs.
    pub is_rendered: bool,
}

/// The images that the changed objects of a range name at its head.
///
/// # Errors
/// The range or the configuration.
pub fn images(
    repository: &Repository,
    request: &Request,
    signatures: Signatures,
    runtime: Runtime<'_>,
) -> Result<Images, Error> {
    let reading = begin(repository, &runtime);
    let session = Session::open(repository, request, &reading, runtime)?;
    let judge = &session.judge;
    let (mut units, mut errors) = (Vec::new(), Vec::new());
    let mut settled = session.settled(judge)?;
    for (scene, found) in session.touched(judge, &mut settled)?.units {
        let images =
            found.and_then(|found| session.images(judge, (scene, &found.changes), signatures));
        match images {
            Ok(images) if images.is_empty() => {}
            Ok(images) => units.push(UnitImages {
                environment: scene.environment.clone(),
                unit: scene.name.clone(),
                images,
                files: scene.head.clone(),
                is_rendered: scene.is_rendered(),
            }),
            Err(error) => errors.push(scene.error(error)),
        }
    }
    session.view.save_index();
    Ok(Images {
        units,
        errors,
        asked: judge.images.asked(),
        judge: judge.note.clone(),
    })
}

impl Session<'_> {
    fn images(
        &self,
        judge: &Judge,
        (scene, changes): (&Scene, &[Change]),
        signatures: Signatures,
    ) -> Result<Vec<Image>, Error> {
        let (rules, now) = (&judge.images, self.request.now);
        let (head, base) = self.beside(scene, changes)?;
        let head = head.with_deployers(Arc::clone(&scene.deployers.head));
        let base = base.with_deployers(Arc::clone(&scene.deployers.base));
        let around = Around {
            head: &head,
            base: &base,
        };
        let found = changes.iter();
        let found = found.flat_map(|change| images::of_change(change, (rules, around), now));
        if signatures == Signatures::LeftOut {
            return Ok(found.collect());
        }
        let sides = Sides {
            head: true,
            before: false,
        };
        let place = (&self.view as &dyn Evidence, sides);
        let evidence = recorded(changes, (rules, (&head, &base)), place, &scene.name)?;
        Ok(found
            .map(|image| image.signed((rules, &evidence), now))
            .collect())
    }

    /// What has a say in the images of the changed objects, on both sides: of what is looked at, and where one of them may
    /// refer to another one, of all of the unit.
    fn beside(&self, scene: &Scene, changes: &[Change]) -> Result<(Neighbours, Neighbours), Error> {
        let none = Neighbours::default();
        let refers = |change: &Change| {
            images::may_be_named(change) || images::asks_for_config_maps(change, &none)
        };
        let others = match changes.iter().any(refers) {
            true => scene.objects_at_head(&self.view)?,
            false => Vec::new(),
        };
        let changed: BTreeSet<&ObjectRef> = changes.iter().map(|it| &it.object).collect();
        let others = others.iter().filter(|it| !changed.contains(&it.object));
        let new = changes.iter().filter_map(|it| it.new_source.as_ref());
        let old = changes.iter().filter_map(|it| it.old_source.as_ref());
        let head = images::beside(new.chain(others.clone()));
        Ok((head, images::beside(old.chain(others))))
    }
}
