//! What a definition of custom resources stores, serves and converts.
//! Knows nothing of the objects that are there.

use std::collections::BTreeSet;

use serde_json::Value;

use super::irreversible::{Kind, Told};

/// What a revert of a definition does not undo.
pub(super) fn definition((old, new): (&Value, &Value), kind: &str) -> Vec<Told> {
    if kind != "CustomResourceDefinition.apiextensions.k8s.io" {
        return Vec::new();
    }
    let mut found = Vec::new();
    let mut tell = |pointer: &str, text: String| {
        found.push((Kind::Definition, Some(pointer.to_owned()), text));
    };
    let (before, after) = (stored(old), stored(new));
    if before != after {
        let name = |it: &Option<&str>| it.map_or("none".to_owned(), |it| format!("`{it}`"));
        let text = format!(
            "stores objects in version {} instead of {}, and those that are written meanwhile are not read by the definition before",
            name(&after),
            name(&before)
        );
        tell("/spec/versions", text);
    }
    let lost: Vec<&str> = served(old).difference(&served(new)).copied().collect();
    if !lost.is_empty() {
        let text = format!(
            "serves version `{}` no more; whoever uses it fails, and the API server refuses to drop it while objects are stored in it",
            lost.join("`, `")
        );
        tell("/spec/versions", text);
    }
    for pointer in [
        "/spec/conversion",
        "/spec/scope",
        "/spec/names",
        "/spec/group",
    ] {
        if old.pointer(pointer) != new.pointer(pointer) {
            let text = match pointer {
                "/spec/conversion" => "changes how objects are converted between versions",
                _ => "changes what objects of the kind are called or where they lie",
            };
            tell(pointer, text.to_owned());
        }
    }
    found
}

fn versions(definition: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let versions = definition
        .pointer("/spec/versions")
        .and_then(Value::as_array);
    let versions = versions.into_iter().flatten();
    versions.filter_map(|version| Some((version.get("name")?.as_str()?, version)))
}

fn stored(definition: &Value) -> Option<&str> {
    let is_stored = |version: &Value| version.get("storage") == Some(&Value::Bool(true));
    let mut versions = versions(definition);
    versions
        .find(|(_, version)| is_stored(version))
        .map(|(name, _)| name)
}

fn served(definition: &Value) -> BTreeSet<&str> {
    let is_served = |version: &Value| version.get("served") == Some(&Value::Bool(true));
    let versions = versions(definition);
    versions
        .filter(|(_, version)| is_served(version))
        .map(|(name, _)| name)
        .collect()
}
