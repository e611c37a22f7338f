//! What kustomizations add to objects of Argo CD and Flux without changing what they deploy: a namespace,
//! labels, and of annotations those that a deployer heeds. Reads no kustomization.

use std::collections::BTreeMap;

use super::changes::mapping;
use super::kept::is_heeded;
use crate::manifest::{Entry, Node, NodeValue, Object};

/// A namespace, labels and annotations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    namespace: Option<String>,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

impl Metadata {
    /// A namespace alone, or nothing.
    pub(super) fn of_namespace(namespace: Option<&str>) -> Self {
        Self {
            namespace: namespace.map(str::to_owned),
            ..Self::default()
        }
    }

    pub(super) fn name_namespace(&mut self, namespace: &str) {
        self.namespace = Some(namespace.to_owned());
    }

    /// Adds labels; `None` where they are no mapping of texts.
    pub(super) fn add(&mut self, labels: &Node) -> Option<()> {
        for entry in mapping(labels)? {
            let value = entry.value.as_str()?;
            self.label(&entry.key, value);
        }
        Some(())
    }

    /// Adds one label.
    pub(super) fn label(&mut self, key: &str, value: &str) {
        self.labels.insert(key.to_owned(), value.to_owned());
    }

    /// Adds one annotation, if a deployer heeds it.
    pub(super) fn annotate(&mut self, key: &str, value: &str) {
        if is_heeded(key) {
            self.annotations.insert(key.to_owned(), value.to_owned());
        }
    }

    /// The same, with what a kustomization around it adds after it.
    pub(super) fn under(mut self, outer: Self) -> Self {
        self.namespace = outer.namespace.or(self.namespace);
        self.labels.extend(outer.labels);
        self.annotations.extend(outer.annotations);
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
        for (key, value) in &self.annotations {
            set(&mut object.node, &["metadata", "annotations", key], value);
        }
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
