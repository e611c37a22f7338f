//! What kustomizations add to objects of Argo CD and Flux without changing what they deploy: a namespace
//! and labels. Whatever else they do is not followed here.

use std::collections::BTreeMap;

use crate::manifest::{Entry, Node, NodeValue, Object, yaml};

/// A namespace and labels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    namespace: Option<String>,
    labels: BTreeMap<String, String>,
}

impl Metadata {
    /// What a kustomization adds; `None` where it may change anything else.
    pub(super) fn of_kustomization(bytes: &[u8]) -> Option<Self> {
        let documents = yaml::parse(std::str::from_utf8(bytes).ok()?).ok()?;
        let [root] = documents.as_slice() else {
            return None;
        };
        let mut metadata = Self::default();
        for entry in mapping(root)? {
            match &*entry.key {
                "namespace" => metadata.namespace = Some(entry.value.as_str()?.to_owned()),
                "commonLabels" => metadata.add(&entry.value)?,
                "labels" => {
                    for item in entry.value.items()? {
                        metadata.add(item.get("pairs")?)?;
                    }
                }
                key if HARMLESS.contains(&key) => {}
                _ => return None,
            }
        }
        Some(metadata)
    }

    fn add(&mut self, labels: &Node) -> Option<()> {
        for entry in mapping(labels)? {
            let value = entry.value.as_str()?;
            self.labels.insert(entry.key.to_string(), value.to_owned());
        }
        Some(())
    }

    /// The same, with what a kustomization around it adds after it.
    pub(super) fn under(mut self, outer: Self) -> Self {
        self.namespace = outer.namespace.or(self.namespace);
        self.labels.extend(outer.labels);
        self
    }

    /// Adds it to an object.
    pub(super) fn add_to(&self, object: &mut Object) {
        if let Some(namespace) = &self.namespace {
            set(&mut object.node, &["metadata", "namespace"], namespace);
            object.reference.namespace = Some(namespace.clone());
        }
        for (key, value) in &self.labels {
            set(&mut object.node, &["metadata", "labels", key], value);
        }
    }
}

fn mapping(node: &Node) -> Option<&[Entry]> {
    match &node.value {
        NodeValue::Mapping(entries) => Some(entries),
        NodeValue::Null => Some(&[]),
        _ => None,
    }
}

/// Sets the text that the keys lead to, made where there is none.
fn set(node: &mut Node, keys: &[&str], to: &str) {
    let Some((key, rest)) = keys.split_first() else {
        node.value = NodeValue::String(to.into());
        return;
    };
    let span = node.span;
    if !matches!(node.value, NodeValue::Mapping(_)) {
        node.value = NodeValue::Mapping(Vec::new());
    }
    let NodeValue::Mapping(entries) = &mut node.value else {
        return;
    };
    if let Some(entry) = entries.iter_mut().find(|entry| &*entry.key == *key) {
        return set(&mut entry.value, rest, to);
    }
    let mut value = Node {
        value: NodeValue::Null,
        span,
    };
    set(&mut value, rest, to);
    entries.push(Entry {
        key: (*key).into(),
        key_span: span,
        value,
    });
}

/// Keys of a kustomization that list, or add other objects, or that no object of Argo CD and Flux
/// shows in what it deploys.
const HARMLESS: [&str; 11] = [
    "apiVersion",
    "kind",
    "metadata",
    "resources",
    "bases",
    "commonAnnotations",
    "configMapGenerator",
    "secretGenerator",
    "generatorOptions",
    "sortOptions",
    "buildMetadata",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kustomization_adds_metadata_or_may_change_anything() {
        let of = |text: &str| Metadata::of_kustomization(text.as_bytes());
        let listing = of("resources: [a.yaml]\nkind: Kustomization").unwrap();
        assert_eq!(listing, Metadata::default());
        let adding =
            of("namespace: argocd\ncommonLabels: {a: b}\nlabels: [{pairs: {c: d}}]").unwrap();
        assert_eq!(adding.namespace.as_deref(), Some("argocd"));
        assert_eq!(adding.labels.len(), 2);
        let outer = of("namespace: outer\ncommonLabels: {a: x}").unwrap();
        let both = adding.under(outer);
        assert_eq!(both.namespace.as_deref(), Some("outer"));
        assert_eq!(both.labels.get("a").map(String::as_str), Some("x"));
        for changing in [
            "patches: []",
            "components: [c]",
            "namePrefix: x",
            "images: []",
            "[",
            "a: 1\n---\nb: 1",
            "",
        ] {
            let found = of(changing);
            assert!(found.is_none(), "{changing}: {found:?}");
        }
    }
}
