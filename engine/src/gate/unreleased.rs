//! Charts of Flux that a range changes and does not release: Flux packs a chart of a Git repository anew when its version
//! is another one, so that until then the chart before the change is deployed.
//! Renders nothing.

use super::Error;
use super::deployed::{Declared, Deployed, Input};
use super::view::View;
use crate::manifest::{Node, yaml};
use crate::model::{GitId, RepoPath};
use crate::render::{self, Closure, Deployer, Files, Rendering, Tool};

/// Whether a unit deploys any chart of Flux.
pub(super) fn has_charts(unit: &Declared) -> bool {
    unit.unit.renderings().any(is_of_flux)
}

/// Holds each chart of Flux that head deploys against what it was at base: of the unit itself, the base before the head,
/// or of any unit that was `before` in the environment. A unit of another name may take the chart over, and the unit
/// itself may take it from another folder.
///
/// # Errors
/// Another chart under the same name and version.
pub(super) fn none(
    view: &View<'_>,
    unit: &str,
    (base, head): (&Deployed, &Deployed),
    before: &[Declared],
) -> Result<(), Error> {
    let files = view.files(&view.base);
    for head in head.inputs.iter().filter(|it| is_of_flux(&it.rendering)) {
        let folder = &head.rendering.folder;
        let mut released = None;
        for (was_in, was) in charts_at_base(folder, &base.inputs, before, &files)? {
            if contents(&was, &was_in).eq(contents(&head.closure, folder)) {
                continue;
            }
            let (name, version) = match &released {
                Some(released) => released,
                None => {
                    let at_head = view.files(&view.head);
                    released.insert(release(folder, &head.closure, &at_head)?)
                }
            };
            let (old_name, old_version) = release(&was_in, &was, &files)?;
            if (&old_name, &old_version) == (name, version) {
                return Err(Error::Unreleased {
                    unit: unit.to_owned(),
                    chart: folder.child("Chart.yaml"),
                    version: old_version,
                });
            }
        }
    }
    Ok(())
}

/// What a chart may be another state of, each with its folder: the chart of that folder, of the unit itself or else of
/// another one; where the unit had none there, each that it had.
fn charts_at_base(
    folder: &RepoPath,
    own: &[Input],
    before: &[Declared],
    files: &dyn Files,
) -> Result<Vec<(RepoPath, Closure)>, Error> {
    let own = own.iter().filter(|it| is_of_flux(&it.rendering));
    let own: Vec<&Input> = own.collect();
    if let Some(own) = own.iter().find(|it| it.rendering.folder == *folder) {
        return Ok(vec![(folder.clone(), own.closure.clone())]);
    }
    let mut others = before.iter().flat_map(|it| it.unit.renderings());
    let other = others.find(|it| is_of_flux(it) && it.folder == *folder);
    let other = other.map(|rendering| render::closure(files, rendering));
    let moved = own.into_iter().map(|it| {
        let folder = it.rendering.folder.clone();
        (folder, it.closure.clone())
    });
    let mut charts: Vec<(RepoPath, Closure)> = moved.collect();
    charts.extend(other.transpose()?.map(|closure| (folder.clone(), closure)));
    Ok(charts)
}

/// The files of a chart, by their paths in its folder.
fn contents<'c>(
    closure: &'c Closure,
    folder: &'c RepoPath,
) -> impl Iterator<Item = (&'c [u8], u32, GitId)> {
    closure.files().map(|entry| {
        let path = entry.path.as_bytes();
        let below = path.strip_prefix(folder.as_bytes()).unwrap_or(path);
        (below, entry.mode, entry.id)
    })
}

fn is_of_flux(rendering: &Rendering) -> bool {
    rendering.deployer == Deployer::Flux && matches!(rendering.tool, Tool::Helm(_))
}

/// The name and the version of the chart in a folder.
fn release(
    folder: &RepoPath,
    closure: &Closure,
    files: &dyn Files,
) -> Result<(String, String), Error> {
    let root = folder.child("Chart.yaml");
    let mut entries = closure.files();
    let Some(entry) = entries.find(|entry| entry.path == root) else {
        return Ok(Default::default());
    };
    let bytes = files.content(entry).map_err(render::Error::from)?;
    // What is no chart was refused with its inputs.
    let documents = yaml::parse(&String::from_utf8_lossy(&bytes)).unwrap_or_default();
    let said = |key: &str| {
        let value = documents.first().and_then(|root| root.get(key));
        // As for Helm, a number is the text that Go prints.
        let text = value.and_then(Node::to_field_text);
        text.map(Into::into).unwrap_or_default()
    };
    Ok((said("name"), said("version")))
}
