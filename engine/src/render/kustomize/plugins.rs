//! Configurations of generators, transformers and validators: only what is built into kustomize runs.
//! Knows no file; gives the names of those that a configuration reads.

use super::fields::{
    Fault, FaultKind, REPLACEMENT, Reference, add_generated, add_patches, add_path, add_paths,
    entries,
};
use crate::manifest::{Node, NodeValue};

/// The files that a configuration reads.
pub(super) fn references(plugin: &Node) -> Result<Vec<Reference>, Fault> {
    if plugin.value == NodeValue::Null {
        return Ok(Vec::new());
    }
    let refuse = |what: String, node: &Node| Err(FaultKind::Plugin(what).at(node.span));
    let fields = entries(plugin)?;
    if plugin.get("apiVersion").and_then(Node::as_str) != Some("builtin") {
        let node = plugin.get("apiVersion").unwrap_or(plugin);
        return refuse("this is not built into kustomize".to_owned(), node);
    }
    let kind = plugin
        .get("kind")
        .and_then(Node::as_str)
        .unwrap_or_default();
    if !BUILTIN.contains(&kind) {
        let node = plugin.get("kind").unwrap_or(plugin);
        return refuse(
            "kustomize has no built-in plugin of this kind".to_owned(),
            node,
        );
    }
    let annotations = plugin
        .get("metadata")
        .and_then(|node| node.get("annotations"));
    for entry in annotations.map(entries).transpose()?.unwrap_or_default() {
        if entry.key.starts_with("config.kubernetes.io/") || entry.key.starts_with("config.k8s.io/")
        {
            return Err(FaultKind::Plugin("this declares a function".to_owned()).at(entry.key_span));
        }
    }
    let mut found = Vec::new();
    for field in fields {
        match &*field.key {
            "path" => add_path(plugin, &mut found)?,
            "paths" => add_patches(field, &mut found)?,
            "replacements" => add_paths(field, REPLACEMENT, &mut found)?,
            "files" | "envs" | "env" => {}
            key if READING.contains(&&*key.to_ascii_lowercase()) => {
                return Err(FaultKind::UnknownField(key.to_owned()).at(field.key_span));
            }
            _ => {}
        }
    }
    add_generated(plugin, &mut found)?;
    Ok(found)
}

/// What kustomize 5.7 has built in; Helm and the signing of policies are left out.
const BUILTIN: &[&str] = &[
    "AnnotationsTransformer",
    "ConfigMapGenerator",
    "HashTransformer",
    "ImageTagTransformer",
    "LabelTransformer",
    "NamespaceTransformer",
    "PatchJson6902Transformer",
    "PatchStrategicMergeTransformer",
    "PatchTransformer",
    "PrefixSuffixTransformer",
    "PrefixTransformer",
    "ReplacementTransformer",
    "ReplicaCountTransformer",
    "SecretGenerator",
    "SuffixTransformer",
    "ValueAddTransformer",
];

/// The fields that name files.
const READING: &[&str] = &["path", "paths", "replacements", "files", "envs", "env"];
