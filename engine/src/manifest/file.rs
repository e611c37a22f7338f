//! One file of the tree to the Kubernetes objects that it holds.
//! Knows nothing of Git, units, or what the objects mean.

mod error;
mod identity;
mod list;

use std::sync::Arc;

use super::limits::Limits;
use super::parse_error::ParseError;
use super::{Documents, Node, NodeValue, json, secrets, yaml};
use crate::model::{ObjectRef, RepoPath, Span};

pub use error::Error;

/// A file and what it holds.
#[derive(Clone, Debug)]
pub struct ManifestFile {
    /// Where it lies.
    pub path: RepoPath,
    /// What it says; all spans are places in it.
    pub text: Arc<str>,
    /// What it is for.
    pub role: Role,
    /// Its objects in the order of the file, items of lists in their place.
    pub objects: Vec<Object>,
    /// Keys that are not what they look like: `on:` is the key `true`.
    pub converted_keys: Vec<Span>,
}

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It holds objects, or nothing at all.
    Objects,
    /// It tells kustomize what to build.
    Kustomization,
    /// It describes a Helm chart.
    HelmChart,
    /// It holds settings of a Helm chart.
    HelmValues,
    /// It is the text of which Helm makes objects; it need not be YAML.
    HelmTemplate,
    /// YAML or JSON that concerns no cluster.
    NotKubernetes,
}

/// One object.
#[derive(Clone, Debug, PartialEq)]
pub struct Object {
    /// What names it.
    pub reference: ObjectRef,
    /// What it says, and where.
    pub node: Node,
    /// It has a `generateName` and no name: `reference.name` is made up, and it cannot be matched
    /// once its spec changes.
    pub generated: bool,
}

/// Whether an object of a file is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// It is not.
    Not,
    /// It is, and has a name that a cluster takes.
    Named,
    /// Only where it has such a name.
    IfNamed,
}

/// Whether the name of a file says that it holds objects.
#[must_use]
pub fn is_manifest_name(path: &RepoPath) -> bool {
    let name = path.file_name();
    [b".yaml".as_slice(), b".yml", b".json"]
        .iter()
        .any(|suffix| name.ends_with(suffix))
}

/// What kustomize takes for a kustomization, in the order in which it looks.
pub const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// What the name of a file alone says of its role.
#[must_use]
pub fn role_of_name(path: &RepoPath) -> Option<Role> {
    let name = path.file_name();
    if name == b"Chart.yaml" {
        return Some(Role::HelmChart);
    }
    let mut known = KUSTOMIZATIONS.iter();
    known
        .any(|known| known.as_bytes() == name)
        .then_some(Role::Kustomization)
}

/// Reads a file within the default limits.
///
/// A file whose name or content says that it is for kustomize or Helm has no objects. Which files
/// lie below a root that needs rendering, [`super::RenderRoots`] knows.
///
/// # Errors
/// What cannot be read, is half an object, has a name that no cluster takes, or shows a secret value as
/// a key or a name.
pub fn read(path: &RepoPath, bytes: &[u8]) -> Result<ManifestFile, Error> {
    read_within(path, bytes, &Limits::DEFAULT)
}

/// Reads a file.
///
/// # Errors
/// As [`read`].
pub fn read_within(path: &RepoPath, bytes: &[u8], limits: &Limits) -> Result<ManifestFile, Error> {
    read_wanted(path, bytes, limits, &|_, _| Wanted::Named)
}

/// Reads those objects of a file that are wanted, by their API version and kind; what is wrong with what others are called
/// is not told.
///
/// # Errors
/// As [`read`].
pub fn read_only(
    path: &RepoPath,
    bytes: &[u8],
    wanted: &dyn Fn(&str, &str) -> Wanted,
) -> Result<ManifestFile, Error> {
    read_wanted(path, bytes, &Limits::DEFAULT, wanted)
}

/// Reads the documents of a file that holds no objects, within the default limits.
///
/// # Errors
/// What cannot be read.
pub fn read_documents(path: &RepoPath, bytes: &[u8]) -> Result<Vec<Node>, Error> {
    let limits = &Limits::DEFAULT;
    let text = text_of(path, bytes, limits)?;
    Ok(documents_of(path, text, limits)?.nodes)
}

fn read_wanted(
    path: &RepoPath,
    bytes: &[u8],
    limits: &Limits,
    wanted: &dyn Fn(&str, &str) -> Wanted,
) -> Result<ManifestFile, Error> {
    let text = text_of(path, bytes, limits)?;
    let mut file = ManifestFile {
        path: path.clone(),
        text: text.into(),
        role: Role::Objects,
        objects: Vec::new(),
        converted_keys: Vec::new(),
    };
    if let Some(role) = role_of_name(path) {
        file.role = role;
        return Ok(file);
    }
    let documents = documents_of(path, text, limits)?;
    file.converted_keys = documents.converted_keys;
    let cx = Context {
        path,
        text,
        limits,
        wanted,
    };
    let (role, objects) = classify(documents.nodes, cx)?;
    file.role = role;
    file.objects = objects;
    match secrets::shown_by_alias(&file.objects, &documents.aliases) {
        Some(span) => Err(cx.secret_as_name(span)),
        None => Ok(file),
    }
}

/// The file that is being read.
#[derive(Clone, Copy)]
struct Context<'file> {
    path: &'file RepoPath,
    text: &'file str,
    limits: &'file Limits,
    wanted: &'file dyn Fn(&str, &str) -> Wanted,
}

/// What one document is.
enum Document {
    Object { of_kustomize: bool },
    Foreign,
}

fn text_of<'bytes>(
    path: &RepoPath,
    bytes: &'bytes [u8],
    limits: &Limits,
) -> Result<&'bytes str, Error> {
    if bytes.starts_with(GIT_CRYPT) {
        return Err(Error::Encrypted { path: path.clone() });
    }
    if bytes.len() > limits.file_bytes {
        let error = ParseError::too_big(bytes.len(), limits.file_bytes);
        return Err(unreadable(path, error));
    }
    std::str::from_utf8(bytes)
        .map_err(|error| unreadable(path, ParseError::encoding(bytes, error.valid_up_to())))
}

fn documents_of(path: &RepoPath, text: &str, limits: &Limits) -> Result<Documents, Error> {
    let documents = if path.file_name().ends_with(b".json") {
        json::read(text, limits).map(|node| Documents {
            nodes: vec![node],
            ..Documents::default()
        })
    } else {
        yaml::read(text, limits)
    };
    documents.map_err(|error| unreadable(path, error))
}

fn unreadable(path: &RepoPath, error: ParseError) -> Error {
    Error::Parse {
        path: path.clone(),
        error: Box::new(error),
    }
}

fn classify(nodes: Vec<Node>, cx: Context<'_>) -> Result<(Role, Vec<Object>), Error> {
    let nodes: Vec<Node> = nodes
        .into_iter()
        .filter(|node| node.value != NodeValue::Null)
        .collect();
    let mut foreign = None;
    let mut of_kustomize = None;
    let mut others = false;
    for node in &nodes {
        match document(node, cx)? {
            Document::Object { of_kustomize: true } => {
                of_kustomize = of_kustomize.or(Some(node.span));
            }
            Document::Object { .. } => others = true,
            Document::Foreign => foreign = foreign.or(Some(node.span)),
        }
    }
    match (foreign, of_kustomize, others) {
        (None, None, _) => Ok((Role::Objects, list::flatten(nodes, cx)?)),
        (Some(_), None, false) => Ok((foreign_role(cx.path), Vec::new())),
        (None, Some(_), false) => Ok((Role::Kustomization, Vec::new())),
        (Some(span), _, _) => Err(cx.not_an_object(
            span,
            "it has neither `apiVersion` nor `kind`, and other documents of the file have",
        )),
        (None, Some(span), true) => Err(cx.not_an_object(
            span,
            "it is for kustomize, and other documents of the file are not",
        )),
    }
}

fn document(node: &Node, cx: Context<'_>) -> Result<Document, Error> {
    match &node.value {
        NodeValue::Mapping(_) if !says_what_it_is(node) => Ok(Document::Foreign),
        NodeValue::Mapping(_) => {
            let (api_version, _) = identity::type_of(node, cx)?;
            let of_kustomize = api_version.starts_with("kustomize.config.k8s.io/");
            Ok(Document::Object { of_kustomize })
        }
        // A patch of JSON operations and an Ansible playbook are lists too.
        NodeValue::Sequence(items) if !items.iter().any(says_what_it_is) => Ok(Document::Foreign),
        NodeValue::Sequence(_) => Err(cx.not_an_object(node.span, "it is a list of objects")),
        _ => Err(cx.not_an_object(node.span, "it is a single value")),
    }
}

/// Whether there is anything that calls it an object.
fn says_what_it_is(node: &Node) -> bool {
    ["apiVersion", "kind"].into_iter().any(|key| {
        node.get(key)
            .is_some_and(|value| value.value != NodeValue::Null)
    })
}

fn foreign_role(path: &RepoPath) -> Role {
    let name = path.file_name();
    let is_values = name.starts_with(b"values.")
        || name.starts_with(b"values-")
        || name.ends_with(b".values.yaml")
        || name.ends_with(b"-values.yaml");
    if is_values {
        Role::HelmValues
    } else {
        Role::NotKubernetes
    }
}

const GIT_CRYPT: &[u8] = b"\0GITCRYPT\0";

#[cfg(test)]
mod tests;
