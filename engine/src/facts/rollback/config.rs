//! Configuration that changes under its old name beside the pods that use it: going back to the pods of before does not
//! bring it back. Knows nothing of what it configures.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use crate::change::Change;
use crate::facts::pods::PodSource;
use crate::model::Operation;

/// A `ConfigMap` or a Secret that changes together with pods that use it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Shared {
    /// Its change.
    pub change: usize,
    /// The change of what runs the pods.
    pub user: usize,
    /// Whether these get another image, too.
    pub image: bool,
}

/// All of them.
pub(super) fn shared(changes: &[Change]) -> Vec<Shared> {
    let mut found = Vec::new();
    for (user, running) in changes.iter().enumerate() {
        let (Some(source), Some(new)) = (PodSource::of(&running.object), &running.new) else {
            continue;
        };
        let Some(spec) = source.pod_spec(new) else {
            continue;
        };
        if running.operation != Operation::Update {
            continue;
        }
        let mut used = Used::default();
        used.look(spec);
        let old = running.old.as_ref().and_then(|old| source.pod_spec(old));
        let image = old.is_none_or(|old| images(old) != images(spec));
        let named = changes.iter().enumerate().filter(|(_, change)| {
            let object = &change.object;
            let names = match (object.group(), object.kind.as_str()) {
                ("", "ConfigMap") => &used.maps,
                ("", "Secret") => &used.secrets,
                _ => return false,
            };
            object.namespace == running.object.namespace && names.contains(object.name.as_str())
        });
        let named = named.filter(|(_, change)| holds_other(change));
        found.extend(named.map(|(change, _)| Shared {
            change,
            user,
            image,
        }));
    }
    found
}

/// Whether what it holds is another under the same name.
fn holds_other(change: &Change) -> bool {
    let held = |pointer: &str| {
        let first = pointer.split('/').nth(1);
        first.is_some_and(|it| ["data", "binaryData", "stringData"].contains(&it))
    };
    let mut fields = change.fields.iter();
    change.operation == Operation::Update && fields.any(|field| held(&field.pointer))
}

fn images(spec: &Value) -> BTreeSet<&str> {
    let lists = ["containers", "initContainers"].into_iter();
    let containers = lists.filter_map(|list| spec.get(list)?.as_array());
    let images = containers.flatten().filter_map(|it| it.get("image"));
    images.filter_map(Value::as_str).collect()
}

/// The names that a pod refers to.
#[derive(Default)]
struct Used<'v> {
    maps: BTreeSet<&'v str>,
    secrets: BTreeSet<&'v str>,
}

impl<'v> Used<'v> {
    /// A reference is a mapping under one of a few keys, as volume, as one of its sources or as variable.
    fn look(&mut self, value: &'v Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.look(item)),
            Value::Object(entries) => {
                for (key, value) in entries {
                    let names = ["name", "secretName"].into_iter();
                    let name = names.filter_map(|it| value.get(it)?.as_str()).next();
                    match (key.as_str(), name) {
                        ("configMap" | "configMapRef" | "configMapKeyRef", Some(name)) => {
                            self.maps.insert(name);
                        }
                        ("secret" | "secretRef" | "secretKeyRef", Some(name)) => {
                            self.secrets.insert(name);
                        }
                        _ => {}
                    }
                    self.look(value);
                }
            }
            _ => {}
        }
    }
}
