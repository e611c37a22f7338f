//! Units that the configuration itself names by their folders: what deploys those, as it says or as their files do.
//! Looks for no object that deploys.

use super::Tree;
use super::deployment::{Directory, Local, Place, Source, Unknown};
use super::fields::Stop;
use super::flux;
use super::folder::{self, Looks};
use super::resolve::{Error, ResolvedUnit};
use crate::config::{Environment, RenderTool, SourceRender, Unit, UnitKind};
use crate::manifest::is_manifest_name;
use crate::model::RepoPath;
use crate::render::{Deployer, FilesError, Helm, Kustomize, Rendering, Tool};

/// A unit, and what its folder is.
pub(super) fn unit(
    unit: &Unit,
    environment: &Environment,
    tree: &Tree<'_>,
) -> Result<ResolvedUnit, Error> {
    let sources = match &unit.source {
        Some((folder, render)) => {
            vec![source_of(unit, folder, render.as_ref(), environment, tree)?]
        }
        None => Vec::new(),
    };
    Ok(ResolvedUnit {
        name: unit.name.clone(),
        kind: unit.kind,
        pointer: unit.pointer.clone(),
        selector: Some(unit.selector.clone()),
        deployment: None,
        sources,
        told_from: None,
    })
}

/// A folder that the configuration names: what it says of it, else what its files say.
fn source_of(
    unit: &Unit,
    folder: &RepoPath,
    said: Option<&SourceRender>,
    environment: &Environment,
    tree: &Tree<'_>,
) -> Result<Source, Error> {
    // Of two tools it is one of them.
    let mut may_be = Vec::new();
    let tool = match said {
        Some(said) => Ok(said.tool),
        None => tool_of(unit, folder, tree)?,
    };
    if tool.is_err() && folder::looks(tree.files, folder)? == Looks::Both {
        let tools = [RenderTool::Kustomize, RenderTool::Helm].into_iter();
        let locals = tools.map(|tool| local(unit, folder, (tool, said), environment));
        may_be.extend(locals.filter_map(|local| local.render));
    }
    let of_tool = |tool| match unit.kind {
        UnitKind::Kustomization => of_flux(unit, folder, (tool, said), environment, tree),
        UnitKind::Application if tool == RenderTool::Directory => of_argo(unit, folder, said, tree),
        _ => Ok(Ok(local(unit, folder, (tool, said), environment))),
    };
    let found = match tool {
        Ok(tool) => of_tool(tool)?,
        Err(why) => Err(why),
    };
    Ok(match found {
        Ok(local) => Source::Local(local),
        Err((reason, remedy)) => Source::Unknown(Unknown {
            reason,
            place: Place {
                path: folder.clone(),
                line: 1,
                column: 1,
            },
            remedy,
            may_be,
        }),
    })
}

/// What there is, or why that is not known, and what to do.
type Told<T> = Result<T, (String, String)>;

fn tool_of(unit: &Unit, folder: &RepoPath, tree: &Tree<'_>) -> Result<Told<RenderTool>, Error> {
    let looks = folder::looks(tree.files, folder)?;
    Ok(match (looks, misleads(unit, folder, tree)?) {
        (Looks::Plain, None) => Ok(RenderTool::Directory),
        (Looks::Kustomization, None) => Ok(RenderTool::Kustomize),
        (Looks::Chart, None) => Ok(RenderTool::Helm),
        (_, misleads) => {
            let both = || format!("`{folder}` holds both a chart and a kustomization");
            Err((
                misleads.unwrap_or_else(both),
                format!(
                    "say in `tidegate.yaml` which counts, in the source `{}`: `render: {{tool: kustomize}}` or `render: {{tool: helm}}`",
                    unit.name
                ),
            ))
        }
    })
}

/// What would have Argo CD, where it deploys the unit, detect another tool.
fn misleads(unit: &Unit, folder: &RepoPath, tree: &Tree<'_>) -> Result<Option<String>, FilesError> {
    match unit.kind {
        UnitKind::Application => match tree.files.below(folder) {
            Ok(below) => Ok(folder::misleads(folder, &below)),
            // What keeps its files from being listed is told of this unit alone, where they are read.
            Err(FilesError::Git(_)) => Ok(None),
            Err(error) => Err(error),
        },
        _ => Ok(None),
    }
}

/// A plain folder of an Application. Whether Argo CD looks into the folders in it, only the Application says.
fn of_argo(
    unit: &Unit,
    folder: &RepoPath,
    said: Option<&SourceRender>,
    tree: &Tree<'_>,
) -> Result<Told<Local>, Error> {
    let said = said.and_then(|said| said.recurse);
    let deeper = match said {
        Some(_) => None,
        None => deeper(folder, tree)?,
    };
    if let Some(deeper) = deeper {
        return Ok(Err((
            format!(
                "`{deeper}` lies deeper than its source, where Argo CD looks only if the Application says `directory: {{recurse: true}}`"
            ),
            format!(
                "say in `tidegate.yaml` what it says, in the source `{}`: `render: {{tool: directory, recurse: true}}` or `render: {{tool: directory, recurse: false}}`",
                unit.name
            ),
        )));
    }
    Ok(Ok(Local {
        folder: folder.clone(),
        render: None,
        directory: Directory {
            recurse: said.unwrap_or(true),
            ..Directory::default()
        },
    }))
}

/// The first manifest in a folder of the folder.
fn deeper(folder: &RepoPath, tree: &Tree<'_>) -> Result<Option<RepoPath>, FilesError> {
    let below = match tree.files.below(folder) {
        Ok(below) => below,
        // What keeps its files from being listed is told of this unit alone, where they are read.
        Err(FilesError::Git(_)) => return Ok(None),
        Err(error) => return Err(error),
    };
    let is_deeper = |path: &RepoPath| path.parent() != folder.as_bytes() && is_manifest_name(path);
    let mut paths = below.into_iter().map(|entry| entry.path);
    Ok(paths.find(is_deeper))
}

/// A folder of Flux, which leaves out what the lists of the repository say.
fn of_flux(
    unit: &Unit,
    folder: &RepoPath,
    (tool, said): (RenderTool, Option<&SourceRender>),
    environment: &Environment,
    tree: &Tree<'_>,
) -> Result<Told<Local>, Error> {
    let ignore = match flux::ignored_everywhere(tree.files) {
        Ok(ignore) => ignore,
        Err(Stop::Unknown { reason, remedy, .. }) => return Ok(Err((reason, remedy))),
        Err(Stop::Files(error)) => return Err(error.into()),
    };
    if tool == RenderTool::Helm && !ignore.is_empty() {
        return Ok(Err((
            "`.sourceignore` leaves files of the repository out, maybe some of the chart"
                .to_owned(),
            "keep charts and ignored files in repositories of their own".to_owned(),
        )));
    }
    let is_plain = tool == RenderTool::Directory && flux::is_plain(folder, &ignore, tree.files)?;
    let tool = match tool {
        RenderTool::Directory if !is_plain => RenderTool::Kustomize,
        tool => tool,
    };
    let mut local = local(unit, folder, (tool, said), environment);
    if let Some(Tool::Kustomize(options)) = local.render.as_mut().map(|render| &mut render.tool) {
        options.ignore = ignore;
    }
    Ok(Ok(local))
}

fn local(
    unit: &Unit,
    folder: &RepoPath,
    (tool, said): (RenderTool, Option<&SourceRender>),
    environment: &Environment,
) -> Local {
    let tool = match tool {
        RenderTool::Directory => None,
        RenderTool::Kustomize => Some(Tool::Kustomize(Kustomize {
            namespace: said.and_then(|said| said.namespace.clone()),
            ..Kustomize::default()
        })),
        RenderTool::Helm => Some(Tool::Helm(helm(unit, said, environment))),
    };
    let deployer = match unit.kind {
        UnitKind::Kustomization | UnitKind::HelmRelease => Deployer::Flux,
        UnitKind::Application | UnitKind::Paths | UnitKind::Gate => Deployer::ArgoCd,
    };
    Local {
        folder: folder.clone(),
        render: tool.map(|tool| Rendering {
            folder: folder.clone(),
            deployer,
            tool,
        }),
        directory: Directory {
            recurse: true,
            ..Directory::default()
        },
    }
}

fn helm(unit: &Unit, said: Option<&SourceRender>, environment: &Environment) -> Helm {
    let values = said.map(|said| said.values.as_slice()).unwrap_or_default();
    Helm {
        release: said
            .and_then(|said| said.release.clone())
            .unwrap_or_else(|| unit.name.clone()),
        namespace: said.and_then(|said| said.namespace.clone()),
        value_files: values
            .iter()
            .map(|path| RepoPath::from(path.as_str()))
            .collect(),
        skip_crds: said.is_some_and(|said| said.skip_crds),
        kube_version: environment.render.kube_version.clone(),
        api_versions: environment.render.api_versions.clone(),
        ..Helm::default()
    }
}
