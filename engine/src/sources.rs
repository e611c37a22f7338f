//! What is deployed, as Argo CD's and Flux's own objects in the tree say it: each source resolved to a folder of
//! this repository and how it is rendered, told to be of elsewhere, or said to be unknown. Never guessed.
//! Starts no process and opens no connection; knows nothing of changes and policies.

mod affixes;
mod argo;
mod changes;
mod deployment;
mod fields;
mod filled;
mod flux;
mod folder;
mod gathered;
mod generated;
mod go;
mod here;
mod idle;
mod kept;
mod known;
mod map;
mod metadata;
mod named;
mod naming;
mod objects;
mod part;
mod pattern;
mod prune;
mod resolve;
mod set;
mod standing;
mod stranger;
mod tree;
mod unlike;
mod unmade;
mod url;
mod written;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

pub use deployment::{Deployment, Directory, External, Kind, Local, Place, Put, Source, Unknown};
pub use fields::Text;
pub use filled::UnreadableValues;
pub(crate) use filled::filled;
pub use here::{Here, normalised};
pub use known::{Declared, Known};
pub use pattern::{Pattern, Slash};
pub use prune::{Idle, MakingSet, Prune};
pub(crate) use resolve::glob_of_path;
pub use resolve::{Error, ResolvedUnit, resolve};
pub use set::made;
pub use standing::Standing;
pub use stranger::{Stranger, strange};
pub use tree::Tree;

use self::naming::Naming;
use crate::config::RenderDefaults;
use crate::manifest::Node;
use crate::model::RepoPath;
use crate::render::FilesError;

/// What the reading of one object needs beside the object.
struct Context<'a> {
    tree: &'a Tree<'a>,
    here: &'a Here,
    defaults: &'a RenderDefaults,
    /// What the configuration says that `ConfigMaps` hold.
    values: &'a BTreeMap<String, BTreeMap<String, String>>,
    /// What the configuration says that generators give.
    generators: &'a BTreeMap<String, Vec<Map<String, Value>>>,
    known: &'a Known,
    naming: &'a Naming,
    /// The folders of the kustomizations that are looked into.
    kustomized: &'a BTreeSet<RepoPath>,
}

/// What an object deploys; nothing where it is none that deploys.
fn read(declared: &Declared, cx: &Context<'_>) -> Result<Vec<Deployment>, FilesError> {
    let (node, file) = (&declared.object.node, &declared.file);
    let group_kind = declared.object.reference.group_kind().to_string();
    let is_listed = || cx.tree.is_listed(&file.path);
    let passes_kustomize = match group_kind.as_str() {
        "Application.argoproj.io" | "ApplicationSet.argoproj.io" => is_listed(),
        // Flux sends every folder through kustomize.
        "Kustomization.kustomize.toolkit.fluxcd.io" | "HelmRelease.helm.toolkit.fluxcd.io" => true,
        _ => return Ok(Vec::new()),
    };
    let unlike = passes_kustomize.then(|| unlike::find(node, &file.text));
    let Some(stop) = unlike.flatten() else {
        return read_as(&group_kind, node, file, cx);
    };
    // Whether it is selected, its labels say as kustomize reads them.
    let node = unlike::with_words_as_texts(node, &file.text);
    let unknown = Source::Unknown(stop.in_file(file)?);
    let mut deployments = match group_kind.as_str() {
        "ApplicationSet.argoproj.io" => vec![set::untold(&node, file, cx)],
        _ => read_as(&group_kind, &node, file, cx)?,
    };
    for deployment in &mut deployments {
        deployment.sources = vec![unknown.clone()];
    }
    Ok(deployments)
}

fn read_as(
    group_kind: &str,
    node: &Node,
    file: &Text,
    cx: &Context<'_>,
) -> Result<Vec<Deployment>, FilesError> {
    Ok(match group_kind {
        "Application.argoproj.io" => vec![argo::read(node, file, cx)?],
        "ApplicationSet.argoproj.io" => set::read(node, file, cx)?,
        "Kustomization.kustomize.toolkit.fluxcd.io" => vec![flux::read(node, file, cx)?],
        "HelmRelease.helm.toolkit.fluxcd.io" => vec![flux::read_release(node, file, cx)?],
        _ => Vec::new(),
    })
}

#[cfg(test)]
mod tests;
