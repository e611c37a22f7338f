//! The images of a range, unit by unit, without asking any policy.
//! Judges nothing.

use super::{Session, begin};
use crate::facts::images::{self, Image};
use crate::gate::{Error, Request, Runtime};
use crate::git::Repository;
use crate::verdict::UnitError;

/// What the units of a range run.
#[derive(Clone, Debug)]
pub struct Images {
    /// By unit; without those that name no image.
    pub units: Vec<UnitImages>,
    /// The units of which a file cannot be read.
    pub errors: Vec<UnitError>,
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
}

/// The images that the changed objects of a range name at its head.
///
/// # Errors
/// The range or the configuration.
pub fn images(
    repository: &Repository,
    request: &Request,
    runtime: Runtime<'_>,
) -> Result<Images, Error> {
    let reading = begin(repository, &runtime);
    let session = Session::open(repository, request, &reading, runtime)?;
    let judge = &session.judge;
    let (mut units, mut errors) = (Vec::new(), Vec::new());
    let mut settled = session.settled(judge)?;
    for (scene, found) in session.touched(judge, &mut settled)?.units {
        let found = match found {
            Ok(found) => found,
            Err(error) => {
                errors.push(scene.error(error));
                continue;
            }
        };
        let changes = found.changes.iter();
        let images: Vec<Image> = changes
            .flat_map(|change| images::of_change(change, &judge.images, request.now))
            .collect();
        if !images.is_empty() {
            units.push(UnitImages {
                environment: scene.environment.clone(),
                unit: scene.name.clone(),
                images,
            });
        }
    }
    session.view.save_index();
    Ok(Images { units, errors })
}
