//! Charts of Flux that a range changes and does not release: Flux packs a chart of a Git repository anew when its version
//! is another one, so that until then the chart before the change is deployed.
//! Renders nothing.

use super::Error;
use super::deployed::{Declared, Deployed, Input};
use super::view::View;
use crate::manifest::{Node, yaml};
use crate::model::RepoPath;
use crate::render::{self, Closure, Deployer, Files, Rendering, Tool};

/// Whether a unit deploys any chart of Flux.
pub(super) fn has_charts(unit: &Declared) -> bool {
    unit.unit.renderings().any(is_of_flux)
}

/// Holds each chart of Flux that head deploys against what it was at base: of the unit itself, the base before the head,
/// or of any unit that was `before` in the environment. A unit of another name may take the chart over.
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
        let Some(was) = closure_of(folder, &base.inputs, before, &files)? else {
            continue;
        };
        if was.files().eq(head.closure.files()) {
            continue;
        }
        let chart = folder.child("Chart.yaml");
        let released = release(&chart, &head.closure, &view.files(&view.head))?;
        if release(&chart, &was, &files)? == released {
            let (_, version) = released;
            return Err(Error::Unreleased {
                unit: unit.to_owned(),
                chart,
                version,
            });
        }
    }
    Ok(())
}

/// What the chart of a folder was made of, for the unit itself, or else for another one.
fn closure_of(
    folder: &RepoPath,
    own: &[Input],
    before: &[Declared],
    files: &dyn Files,
) -> Result<Option<Closure>, Error> {
    let is_it = |rendering: &&Rendering| is_of_flux(rendering) && rendering.folder == *folder;
    if let Some(own) = own.iter().find(|it| is_it(&&it.rendering)) {
        return Ok(Some(own.closure.clone()));
    }
    let mut others = before.iter().flat_map(|it| it.unit.renderings());
    let other = others.find(is_it);
    let closure = other.map(|rendering| render::closure(files, rendering));
    Ok(closure.transpose()?)
}

fn is_of_flux(rendering: &Rendering) -> bool {
    rendering.deployer == Deployer::Flux && matches!(rendering.tool, Tool::Helm(_))
}

/// The name and the version of the chart, whose root is this.
fn release(
    root: &RepoPath,
    closure: &Closure,
    files: &dyn Files,
) -> Result<(String, String), Error> {
    let mut entries = closure.files();
    let Some(entry) = entries.find(|entry| entry.path == *root) else {
        return Ok(Default::default());
    };
    let bytes = files.content(entry).map_err(render::Error::from)?;
    // What is no chart was refused with its inputs.
    let documents = yaml::parse(&String::from_utf8_lossy(&bytes)).unwrap_or_default();
    let said = |key: &str| {
        let value = documents.first().and_then(|root| root.get(key));
        value.and_then(Node::as_str).unwrap_or_default().to_owned()
    };
    Ok((said("name"), said("version")))
}
