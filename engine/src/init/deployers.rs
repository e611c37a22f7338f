//! Argo CD Applications, their generators, and Flux Kustomizations: which folders they deploy.
//! Knows nothing of environments.

use crate::manifest::{self, Node, Object};
use crate::model::{RepoPath, mentions};

/// What deploys folders of this repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Deployer {
    /// Its kind.
    pub(super) kind: Kind,
    /// Its name, where it is not made by a generator.
    pub(super) name: Option<String>,
    /// The folders as it names them; with `*` where they are generated.
    pub(super) folders: Vec<String>,
    /// The environment, where a label names it.
    pub(super) environment: Option<String>,
    /// The cluster that it deploys to, by its name.
    pub(super) cluster: Option<String>,
    /// Names that may say a stage beside what they name, the plainest first.
    pub(super) names: Vec<String>,
    /// The file that declares it.
    pub(super) place: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Application,
    Kustomization,
}

/// What a file declares. A file that cannot be read declares nothing here: the check says so.
pub(super) fn of_file(path: &RepoPath, bytes: &[u8]) -> Vec<Deployer> {
    if !MARKS.iter().any(|mark| mentions(bytes, mark)) {
        return Vec::new();
    }
    let Ok(file) = manifest::read(path, bytes) else {
        return Vec::new();
    };
    let place = path.as_str().unwrap_or_default();
    file.objects
        .iter()
        .filter_map(|object| of_object(object, place))
        .collect()
}

fn of_object(object: &Object, place: &str) -> Option<Deployer> {
    let node = &object.node;
    let group_kind = object.reference.group_kind().to_string();
    let mut found = match group_kind.as_str() {
        "Application.argoproj.io" => application(node.get("spec")?),
        "ApplicationSet.argoproj.io" => generated(node)?,
        "Kustomization.kustomize.toolkit.fluxcd.io" => Deployer {
            kind: Kind::Kustomization,
            name: None,
            environment: None,
            folders: text(node, "/spec/path").into_iter().collect(),
            cluster: None,
            names: Vec::new(),
            place: String::new(),
        },
        _ => return None,
    };
    found.folders = found
        .folders
        .iter()
        .filter_map(|path| folder(path))
        .collect();
    if found.kind == Kind::Application && group_kind.starts_with("Application.") {
        found.name = Some(object.reference.name.clone());
    }
    found.environment = text(node, "/metadata/labels/tidegate.dev~1environment");
    found.names.push(object.reference.name.clone());
    place.clone_into(&mut found.place);
    (!found.folders.is_empty()).then_some(found)
}

fn application(spec: &Node) -> Deployer {
    let sources = spec
        .get("sources")
        .and_then(Node::items)
        .unwrap_or_default();
    let sources = spec.get("source").into_iter().chain(sources);
    Deployer {
        kind: Kind::Application,
        name: None,
        environment: None,
        folders: sources.filter_map(|source| text(source, "/path")).collect(),
        cluster: text(spec, "/destination/name"),
        names: text(spec, "/destination/namespace").into_iter().collect(),
        place: String::new(),
    }
}

/// The folders that the Git generators of an `ApplicationSet` name, or that its template names outright.
fn generated(node: &Node) -> Option<Deployer> {
    let mut found = application(node.pointer("/spec/template/spec")?);
    found.folders.retain(|path| !path.contains("{{"));
    let generators = node.pointer("/spec/generators").and_then(Node::items);
    for generator in generators.unwrap_or_default() {
        let inner = generator
            .pointer("/matrix/generators")
            .and_then(Node::items);
        for generator in inner.unwrap_or_default().iter().chain([generator]) {
            let directories = generator.pointer("/git/directories").and_then(Node::items);
            let named = directories.unwrap_or_default().iter().filter(|entry| {
                entry
                    .get("exclude")
                    .is_none_or(|value| value.to_json() != true)
            });
            found
                .folders
                .extend(named.filter_map(|entry| text(entry, "/path")));
        }
    }
    found.names.retain(|name| !name.contains("{{"));
    found.cluster = found.cluster.filter(|name| !name.contains("{{"));
    Some(found)
}

/// A folder from the root of the tree, without `./`; not the root itself, which says nothing.
fn folder(path: &str) -> Option<String> {
    let path = path.trim_start_matches("./").trim_matches('/');
    let inside = path.split('/').all(|part| !matches!(part, "" | "." | ".."));
    (inside && !path.contains("**")).then(|| path.to_owned())
}

fn text(node: &Node, pointer: &str) -> Option<String> {
    let text = node.pointer(pointer)?.as_str()?;
    (!text.is_empty()).then(|| text.to_owned())
}

const MARKS: [&[u8]; 2] = [b"argoproj.io", b"kustomize.toolkit.fluxcd.io"];
