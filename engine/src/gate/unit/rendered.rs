//! All objects of a unit that something renders, on both sides.
//! Compares nothing.

use super::super::Error;
use super::super::deployed::Deployed;
use super::super::scene::Sides;
use super::super::side::Side;
use super::super::view::View;
use super::duplicates::duplicate;
use crate::change::{Change, Objects, Source};
use crate::model::Finding;

pub(super) fn rendered_sides(
    view: &View<'_>,
    rendered: &Sides<Deployed>,
    findings: &mut Vec<Finding>,
) -> Result<(Objects, Objects), Error> {
    let head = objects(view, &view.head, &rendered.head, |second, first| {
        findings.push(duplicate(second, first));
    })?;
    let base = objects(view, &view.base, &rendered.base, |_, _| {}).map_err(Error::at_base)?;
    Ok((base, head))
}

/// Everything that a unit deploys on one side; the first of an identity counts.
pub(super) fn objects(
    view: &View<'_>,
    side: &Side,
    deployed: &Deployed,
    mut twice: impl FnMut(&Source, &Source),
) -> Result<Objects, Error> {
    let mut objects = Objects::new();
    for source in view.deployed_objects(side, deployed)? {
        match objects.get(&source.object) {
            Some(first) => twice(&source, first),
            None => {
                objects.insert(source.object.clone(), source);
            }
        }
    }
    Ok(objects)
}

/// Tells changed objects by the files in which they are edited.
pub(super) fn point_back(
    view: &View<'_>,
    rendered: &Sides<Deployed>,
    changes: &mut [Change],
) -> Result<(), Error> {
    let olds = changes
        .iter_mut()
        .filter_map(|change| change.old_source.as_mut());
    view.point_back(&view.base, &rendered.base, olds)?;
    let news = changes
        .iter_mut()
        .filter_map(|change| change.new_source.as_mut());
    view.point_back(&view.head, &rendered.head, news)
}
