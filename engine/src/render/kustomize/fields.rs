//! What a kustomization names: every file, folder and inline text, with its place.
//! Knows no file; an unknown field is a fault, since it could read anything.

use crate::manifest::{Entry, Node, NodeValue, yaml};
use crate::model::Span;

/// One thing that a kustomization names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reference {
    /// What it is there for.
    pub(super) role: Role,
    /// What is named, as written.
    pub(super) text: String,
    /// Where.
    pub(super) span: Span,
}

/// What a named thing is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Objects, or a folder with another kustomization.
    Resource,
    /// A folder with a component.
    Component,
    /// A file: a patch, a generator's, a configuration.
    File,
    /// Generators, transformers and validators: a file, a folder, or the text itself.
    Plugin,
}

/// What is wrong with a kustomization, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) span: Span,
    pub(super) kind: FaultKind,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FaultKind {
    UnknownField(String),
    Shape(String),
    Helm(String),
    Plugin(String),
}

impl FaultKind {
    pub(super) const fn at(self, span: Span) -> Fault {
        Fault { span, kind: self }
    }
}

/// Everything that a kustomization names, in the order of its fields.
pub(super) fn references(kustomization: &Node) -> Result<Vec<Reference>, Fault> {
    let mut references = Vec::new();
    for entry in entries(kustomization)? {
        match &*entry.key {
            "resources" | "bases" => add_list(entry, Role::Resource, &mut references)?,
            "components" => add_list(entry, Role::Component, &mut references)?,
            "crds" | "configurations" => add_list(entry, Role::File, &mut references)?,
            "generators" | "transformers" | "validators" => {
                add_list(entry, Role::Plugin, &mut references)?;
            }
            "patchesStrategicMerge" => add_patches(entry, &mut references)?,
            "patches" | "patchesJson6902" => add_paths(entry, PATCH, &mut references)?,
            "replacements" => add_paths(entry, REPLACEMENT, &mut references)?,
            "configMapGenerator" | "secretGenerator" => {
                for item in items(entry)? {
                    known_fields(item, GENERATOR)?;
                    add_generated(item, &mut references)?;
                }
            }
            "openapi" => {
                known_fields(&entry.value, &["path", "version"])?;
                add_path(&entry.value, &mut references)?;
            }
            "helmCharts" | "helmChartInflationGenerator" | "helmGlobals" => {
                if !is_empty(&entry.value) {
                    return Err(FaultKind::Helm(entry.key.to_string()).at(entry.key_span));
                }
            }
            key if FIELDS_WITHOUT_FILES.contains(&key) => {}
            key => return Err(FaultKind::UnknownField(key.to_owned()).at(entry.key_span)),
        }
    }
    Ok(references)
}

/// The files of a generator of config maps or secrets.
pub(super) fn add_generated(
    generator: &Node,
    references: &mut Vec<Reference>,
) -> Result<(), Fault> {
    for entry in entries(generator)? {
        match &*entry.key {
            "files" => {
                for item in items(entry)? {
                    let mut reference = reference(item, Role::File)?;
                    // `key=path`, or the path alone.
                    if let Some((_, path)) = reference.text.split_once('=') {
                        reference.text = path.to_owned();
                    }
                    references.push(reference);
                }
            }
            "envs" => add_list(entry, Role::File, references)?,
            "env" if !is_empty(&entry.value) => {
                references.push(reference(&entry.value, Role::File)?);
            }
            _ => {}
        }
    }
    Ok(())
}

/// The items of a list of patches, of which some are the patch itself.
pub(super) fn add_patches(list: &Entry, references: &mut Vec<Reference>) -> Result<(), Fault> {
    for item in items(list)? {
        let reference = reference(item, Role::File)?;
        if inline(&reference.text).is_none() {
            references.push(reference);
        }
    }
    Ok(())
}

/// The `path` of each item of a list.
pub(super) fn add_paths(
    list: &Entry,
    fields: &[&str],
    references: &mut Vec<Reference>,
) -> Result<(), Fault> {
    for item in items(list)? {
        known_fields(item, fields)?;
        add_path(item, references)?;
    }
    Ok(())
}

/// The `path` of a mapping.
pub(super) fn add_path(node: &Node, references: &mut Vec<Reference>) -> Result<(), Fault> {
    if let Some(path) = node.get("path").filter(|path| !is_empty(path)) {
        references.push(reference(path, Role::File)?);
    }
    Ok(())
}

/// Each item of a list of names.
pub(super) fn add_list(
    list: &Entry,
    role: Role,
    references: &mut Vec<Reference>,
) -> Result<(), Fault> {
    for item in items(list)? {
        references.push(reference(item, role)?);
    }
    Ok(())
}

/// The objects that a text is, where it is no path.
pub(super) fn inline(text: &str) -> Option<Vec<Node>> {
    let nodes = yaml::parse(text).ok()?;
    let objects: Vec<Node> = nodes
        .into_iter()
        .filter(|node| node.value != NodeValue::Null)
        .collect();
    let all = objects
        .iter()
        .all(|node| matches!(node.value, NodeValue::Mapping(_)));
    (all && !objects.is_empty()).then_some(objects)
}

/// The entries of a mapping; none of nothing.
pub(super) fn entries(node: &Node) -> Result<&[Entry], Fault> {
    match &node.value {
        NodeValue::Mapping(entries) => Ok(entries),
        NodeValue::Null => Ok(&[]),
        _ => Err(FaultKind::Shape("a mapping is expected here".to_owned()).at(node.span)),
    }
}

/// The fields that patches have.
pub(super) const PATCH: &[&str] = &["path", "patch", "target", "options"];

/// The fields that replacements have.
pub(super) const REPLACEMENT: &[&str] = &["path", "source", "targets"];

/// Refuses what is not one of `fields`. Kustomize takes fields in any case, so that `Files` is read
/// where `files` is known.
fn known_fields(node: &Node, fields: &[&str]) -> Result<(), Fault> {
    let unknown = entries(node)?
        .iter()
        .find(|entry| !fields.contains(&&*entry.key));
    match unknown {
        Some(entry) => Err(FaultKind::UnknownField(entry.key.to_string()).at(entry.key_span)),
        None => Ok(()),
    }
}

fn reference(node: &Node, role: Role) -> Result<Reference, Fault> {
    let expected = || FaultKind::Shape("a text is expected here".to_owned()).at(node.span);
    let text = node.as_str().ok_or_else(expected)?;
    Ok(Reference {
        role,
        text: text.to_owned(),
        span: node.span,
    })
}

fn items(list: &Entry) -> Result<&[Node], Fault> {
    match &list.value.value {
        NodeValue::Sequence(items) => Ok(items),
        NodeValue::Null => Ok(&[]),
        _ => {
            let what = format!("`{}` is a list", list.key);
            Err(FaultKind::Shape(what).at(list.value.span))
        }
    }
}

fn is_empty(node: &Node) -> bool {
    match &node.value {
        NodeValue::Null => true,
        NodeValue::String(text) => text.is_empty(),
        NodeValue::Sequence(items) => items.is_empty(),
        NodeValue::Mapping(entries) => entries.is_empty(),
        NodeValue::Bool(_) | NodeValue::Number { .. } => false,
    }
}

/// The fields of kustomize 5.7 that name no file.
const FIELDS_WITHOUT_FILES: &[&str] = &[
    "apiVersion",
    "kind",
    "metadata",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "commonLabels",
    "labels",
    "commonAnnotations",
    "images",
    "imageTags",
    "replicas",
    "vars",
    "sortOptions",
    "generatorOptions",
    "buildMetadata",
];

const GENERATOR: &[&str] = &[
    "name",
    "namespace",
    "behavior",
    "files",
    "literals",
    "envs",
    "env",
    "options",
    "type",
];
