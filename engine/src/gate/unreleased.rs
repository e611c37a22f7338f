//! Charts of Flux that a range changes and does not release: Flux packs a chart of a Git repository anew when its version
//! is another one, so that until then the chart before the change is deployed.
//! Renders nothing.

use super::Error;
use super::deployed::{Deployed, Input};
use super::view::View;
use crate::manifest::{Node, yaml};
use crate::model::RepoPath;
use crate::render::{Deployer, Files, Tool};

/// Holds each chart of Flux that both sides, the base before the head, deploy against what it was.
///
/// # Errors
/// Another chart under the same name and version.
pub(super) fn none(
    view: &View<'_>,
    unit: &str,
    sides: (&Deployed, &Deployed),
) -> Result<(), Error> {
    let (base, head) = sides;
    let before = &base.inputs;
    for head in head.inputs.iter().filter(|input| is_of_flux(input)) {
        let is_same_folder =
            |base: &&Input| is_of_flux(base) && base.rendering.folder == head.rendering.folder;
        let Some(base) = before.iter().find(is_same_folder) else {
            continue;
        };
        if base.closure.files().eq(head.closure.files()) {
            continue;
        }
        let released = release(head, &view.files(&view.head))?;
        if release(base, &view.files(&view.base))? == released {
            let (_, version) = released;
            return Err(Error::Unreleased {
                unit: unit.to_owned(),
                chart: root_of(head),
                version,
            });
        }
    }
    Ok(())
}

fn is_of_flux(input: &Input) -> bool {
    input.rendering.deployer == Deployer::Flux && matches!(input.rendering.tool, Tool::Helm(_))
}

fn root_of(input: &Input) -> RepoPath {
    input.rendering.folder.child("Chart.yaml")
}

/// The name and the version of the chart.
fn release(input: &Input, files: &dyn Files) -> Result<(String, String), Error> {
    let root = root_of(input);
    let mut entries = input.closure.files();
    let Some(entry) = entries.find(|entry| entry.path == root) else {
        return Ok(Default::default());
    };
    let bytes = files.content(entry).map_err(crate::render::Error::from)?;
    // What is no chart was refused with its inputs.
    let documents = yaml::parse(&String::from_utf8_lossy(&bytes)).unwrap_or_default();
    let said = |key: &str| {
        let value = documents.first().and_then(|root| root.get(key));
        value.and_then(Node::as_str).unwrap_or_default().to_owned()
    };
    Ok((said("name"), said("version")))
}
