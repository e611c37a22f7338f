//! What kustomizations add to objects of Argo CD and Flux without changing what they deploy: a namespace, something before
//! the name or behind it, labels, and of annotations those that a deployer heeds. Reads no kustomization.

use std::collections::BTreeMap;

use super::affixes::Affixes;
use super::changes::mapping;
use super::kept::is_heeded;
use crate::manifest::{Entry, Node, NodeValue, Object};

/// A namespace, parts of a name, labels and annotations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Metadata {
    /// One after the other: the last one is left, and kustomize finds an object by each of them.
    namespaces: Vec<String>,
    affixes: Affixes,
    labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, String>,
}

impl Metadata {
    /// A namespace alone, or nothing.
    pub(super) fn of_namespace(namespace: Option<&str>) -> Self {
        Self {
            namespaces: namespace.map(str::to_owned).into_iter().collect(),
            ..Self::default()
        }
    }

    /// Puts what has it into a namespace; an empty one is none.
    pub(super) fn name_namespace(&mut self, namespace: &str) {
        if !namespace.is_empty() {
            self.namespaces.push(namespace.to_owned());
        }
    }

    /// What is put before the name and behind it.
    pub(super) const fn affixes(&mut self) -> &mut Affixes {
        &mut self.affixes
    }

    /// Whether it makes another name of the one that an object has.
    pub(super) const fn renames(&self) -> bool {
        !self.affixes.is_empty()
    }

    /// An object to which all this was added under each name that it had before, by which kustomize still finds it.
    pub(super) fn before(&self, object: &Object) -> Vec<Object> {
        let names = self.affixes.earlier(&object.reference.name).into_iter();
        names.map(|name| called(object, name)).collect()
    }

    /// An object under the name that this gives it; nothing where that is its own.
    pub(super) fn behind(&self, object: &Object) -> Option<Object> {
        let name = self.affixes.on(&object.reference.name);
        self.renames().then(|| called(object, name))
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

    /// Adds one annotation.
    pub(super) fn annotate(&mut self, key: &str, value: &str) {
        self.annotations.insert(key.to_owned(), value.to_owned());
    }

    /// Whether a deployer makes the same of objects to which either is added.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let heeded = |it: &Self| {
            let all = it.annotations.iter();
            all.filter(|(key, _)| is_heeded(key))
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect::<BTreeMap<_, _>>()
        };
        (self.namespaces.last(), &self.affixes, &self.labels)
            == (other.namespaces.last(), &other.affixes, &other.labels)
            && heeded(self) == heeded(other)
    }

    /// Whether it names a namespace.
    pub(super) const fn has_namespace(&self) -> bool {
        !self.namespaces.is_empty()
    }

    /// The namespaces that an object was in before it was in the one that this puts it into, the first one first.
    pub(super) fn left_by(&self, object: &Object) -> Vec<Option<String>> {
        let Some((_, between)) = self.namespaces.split_last() else {
            return Vec::new();
        };
        let between = between.iter().cloned().map(Some);
        [object.reference.namespace.clone()]
            .into_iter()
            .chain(between)
            .collect()
    }

    /// Whether it adds a label or an annotation of this name.
    pub(super) fn has(&self, list: &str, key: &str) -> bool {
        self.list(list).contains_key(key)
    }

    /// Whether two objects say the same of all labels and annotations that are added.
    pub(super) fn is_alike_in(&self, one: &Node, other: &Node) -> bool {
        [LABELS, ANNOTATIONS].iter().all(|list| {
            let said = |node: &Node, key: &str| {
                let value = node.get("metadata")?.get(list)?.get(key)?;
                Some(value.to_json())
            };
            let mut keys = self.list(list).keys();
            keys.all(|key| said(one, key) == said(other, key))
        })
    }

    fn list(&self, list: &str) -> &BTreeMap<String, String> {
        match list == LABELS {
            true => &self.labels,
            false => &self.annotations,
        }
    }

    /// The same, but for the name.
    pub(super) fn unnamed(self) -> Self {
        Self {
            affixes: Affixes::default(),
            ..self
        }
    }

    /// The same, with what a kustomization around it adds after it.
    pub(super) fn under(mut self, outer: Self) -> Self {
        self.affixes = self.affixes.under(outer.affixes);
        self.namespaces.extend(outer.namespaces);
        self.labels.extend(outer.labels);
        self.annotations.extend(outer.annotations);
        self
    }

    /// Adds it to an object.
    pub(super) fn add_to(&self, object: &mut Object) {
        if self.renames() && !object.generated {
            let name = self.affixes.on(&object.reference.name);
            set(&mut object.node, &["metadata", "name"], &name);
            object.reference.name = name;
        }
        if let Some(namespace) = self.namespaces.last() {
            set(&mut object.node, &["metadata", "namespace"], namespace);
            object.reference.namespace = Some(namespace.clone());
        }
        for (key, value) in &self.labels {
            set(&mut object.node, &["metadata", LABELS, key], value);
        }
        for (key, value) in &self.annotations {
            set(&mut object.node, &["metadata", ANNOTATIONS, key], value);
        }
    }
}

fn called(object: &Object, name: String) -> Object {
    let mut object = object.clone();
    object.reference.name = name;
    object
}

/// Where an object has its labels.
pub(super) const LABELS: &str = "labels";
/// Where an object has its annotations.
pub(super) const ANNOTATIONS: &str = "annotations";

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
