//! The Secrets by which a backup reaches its store, as far as manifests name them, and whether they are still made.
//! Knows no method, and reads no Secret.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::change::Change;
use crate::model::{ObjectRef, Operation};

/// The Secrets that a description names, each by one of its keys: `{name: s3, key: password}`.
pub(super) fn named(described: Option<&Value>, namespace: &Option<String>) -> Vec<ObjectRef> {
    let mut names = BTreeSet::new();
    if let Some(described) = described {
        collect(described, &mut names);
    }
    of_names(names, namespace)
}

/// The Secrets of these names.
pub(super) fn of_names<'v>(
    names: impl IntoIterator<Item = &'v str>,
    namespace: &Option<String>,
) -> Vec<ObjectRef> {
    let secret = |name: &str| ObjectRef {
        api_version: "v1".to_owned(),
        kind: "Secret".to_owned(),
        namespace: namespace.clone(),
        name: name.to_owned(),
    };
    names.into_iter().map(secret).collect()
}

/// A certificate of an authority opens nothing, and a `ConfigMap` is no Secret.
fn collect<'v>(value: &'v Value, names: &mut BTreeSet<&'v str>) {
    let text = |value: &'v Value, key: &str| value.get(key).and_then(Value::as_str);
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Object(map) => {
            if let (Some(name), Some(_)) = (text(value, "name"), text(value, "key")) {
                names.insert(name);
            }
            for (key, inner) in map {
                match key.as_str() {
                    "configMapKeyRef" | "configMapRef" | "configMap" | "endpointCA" => {}
                    "secret" | "secretRef" => {
                        let name = text(inner, "name").or_else(|| text(inner, "secretName"));
                        names.extend(name);
                        collect(inner, names);
                    }
                    _ => collect(inner, names),
                }
            }
        }
        _ => {}
    }
}

/// Whether a change takes away an object that is a Secret, or makes one of its name.
pub(super) fn are_deleted_by(change: &Change) -> bool {
    change.operation == Operation::Delete && makes_secrets(&change.object)
}

/// Whether an object is a Secret, or makes one of its own name.
pub(super) fn makes_secrets(object: &ObjectRef) -> bool {
    let kind = object.group_kind().to_string();
    SECRETS.contains(&kind.as_str())
}

/// A Secret, and what makes one under its own name.
const SECRETS: [&str; 3] = [
    "Secret",
    "SealedSecret.bitnami.com",
    "ExternalSecret.external-secrets.io",
];
