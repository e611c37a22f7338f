//! What stands around a change: the neighbours of declared kinds in the same environment.
//! Knows nothing of why a policy wants them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::{Collector, Context, Fact};
use crate::change::{Source, as_it_stands};
use crate::model::{GroupKind, ObjectRef, Part, Piece};

/// What holds configuration that others take.
pub const CONFIG_MAP: &str = "ConfigMap";

/// The objects of declared kinds on one side of a range.
#[derive(Clone, Debug, Default)]
pub struct Neighbours {
    /// A clone shares what is not changed in it.
    kinds: BTreeMap<GroupKind, BTreeMap<Option<String>, Arc<Objects>>>,
    /// Why there may be more of them than are here, for people.
    unseen: Option<String>,
    deployers: Arc<Deployers>,
}

/// The objects of Argo CD and Flux of which all that they deploy is rendered, and judged as a unit of its own.
#[derive(Clone, Debug, Default)]
pub struct Deployers {
    /// By kind and name, each with its namespace where it says one.
    rendered: BTreeMap<(String, String), BTreeSet<Option<String>>>,
    others: BTreeSet<(String, String, Option<String>)>,
}

impl Deployers {
    /// Takes one in, rendered as a whole or not.
    pub fn insert(
        &mut self,
        (kind, name): (&str, &str),
        namespace: Option<&str>,
        is_rendered: bool,
    ) {
        let (kind, name) = (kind.to_owned(), name.to_owned());
        let namespace = namespace.map(str::to_owned);
        match is_rendered {
            true => {
                let own = self.rendered.entry((kind, name)).or_default();
                own.insert(namespace);
            }
            false => {
                self.others.insert((kind, name, namespace));
            }
        }
    }

    /// Whether all that an object deploys is judged by itself. One that may be another is not.
    #[must_use]
    pub fn judges(&self, object: &ObjectRef) -> bool {
        let key = (object.kind.clone(), object.name.clone());
        let is_it = |own: &Option<String>| {
            own.is_none() || object.namespace.is_none() || *own == object.namespace
        };
        let mut others = self.others.iter();
        let is_other = others
            .any(|(kind, name, namespace)| (kind, name) == (&key.0, &key.1) && is_it(namespace));
        let own = self.rendered.get(&key);
        !is_other && own.is_some_and(|own| own.iter().any(is_it))
    }
}

/// Those of one kind and one namespace.
type Objects = BTreeMap<ObjectRef, Arc<Part>>;

impl Neighbours {
    /// An empty set that declares these kinds; objects of other kinds are not taken in.
    #[must_use]
    pub fn of_kinds(kinds: impl IntoIterator<Item = GroupKind>) -> Self {
        Self {
            kinds: kinds
                .into_iter()
                .map(|kind| (kind, BTreeMap::new()))
                .collect(),
            ..Self::default()
        }
    }

    /// The same, beside these deployers.
    #[must_use]
    pub fn with_deployers(self, deployers: Arc<Deployers>) -> Self {
        Self { deployers, ..self }
    }

    /// What is known of those that deploy.
    #[must_use]
    pub fn deployers(&self) -> &Deployers {
        &self.deployers
    }

    /// The same, where there may be more of them that nobody looked at.
    #[must_use]
    pub fn with_unseen(self, unseen: Option<String>) -> Self {
        Self { unseen, ..self }
    }

    /// Why there may be more of them, for people; nothing where these are all.
    #[must_use]
    pub fn unseen(&self) -> Option<&str> {
        self.unseen.as_deref()
    }

    /// Takes an object in, secrets replaced, where its kind is declared.
    pub fn insert(&mut self, source: &Source) {
        self.insert_in(source.object.namespace.clone(), source);
    }

    /// The same, where it lies in a namespace that it need not name itself.
    pub fn insert_in(&mut self, namespace: Option<String>, source: &Source) {
        if self.kinds.contains_key(&source.object.group_kind()) {
            let value = as_it_stands(&source.node, &source.secrets);
            self.insert_part_in(namespace, source.object.clone(), Arc::new(Part::new(value)));
        }
    }

    /// The same, for an object whose secrets are replaced already.
    pub fn insert_part_in(
        &mut self,
        namespace: Option<String>,
        object: ObjectRef,
        part: Arc<Part>,
    ) {
        if object.namespace == namespace {
            return self.insert_part(object, part);
        }
        let mut value = part.value().clone();
        if let Some(Value::Object(metadata)) = value.get_mut("metadata") {
            metadata.insert("namespace".to_owned(), namespace.clone().into());
        }
        let object = ObjectRef {
            namespace,
            ..object
        };
        self.insert_part(object, Arc::new(Part::new(value)));
    }

    /// As [`Neighbours::insert`], for an object whose secrets are replaced already.
    pub fn insert_part(&mut self, object: ObjectRef, part: Arc<Part>) {
        if let Some(namespaces) = self.kinds.get_mut(&object.group_kind()) {
            let objects = namespaces.entry(object.namespace.clone()).or_default();
            Arc::make_mut(objects).insert(object, part);
        }
    }

    /// Leaves an object out.
    pub fn remove(&mut self, object: &ObjectRef) {
        if let Some(namespaces) = self.kinds.get_mut(&object.group_kind())
            && let Some(objects) = namespaces.get_mut(&object.namespace)
        {
            Arc::make_mut(objects).remove(object);
        }
    }

    /// The objects of one kind in one namespace.
    #[must_use]
    pub fn in_namespace(&self, kind: &GroupKind, namespace: &Option<String>) -> Vec<&Value> {
        let parts = self.parts(kind, namespace);
        parts.map(|part| part.value()).collect()
    }

    /// The objects of one kind, wherever they are.
    pub fn of_kind<'a>(&'a self, kind: &GroupKind) -> impl Iterator<Item = &'a Value> + use<'a> {
        let namespaces = self.kinds.get(kind).into_iter().flatten();
        let objects = namespaces.flat_map(|(_, objects)| objects.values());
        objects.map(|part| part.value())
    }

    /// As policies see it: one list a kind. With `namespaces`, only what lies in one of them or in
    /// none.
    #[must_use]
    pub fn lists<'a>(
        &self,
        kinds: impl IntoIterator<Item = &'a GroupKind>,
        namespaces: Option<&BTreeSet<Option<String>>>,
    ) -> BTreeMap<String, Piece> {
        let lists = kinds.into_iter().map(|kind| {
            let objects: Vec<&Arc<Part>> = match namespaces {
                None => {
                    let all = self.kinds.get(kind).into_iter().flatten();
                    all.flat_map(|(_, objects)| objects.values()).collect()
                }
                Some(namespaces) => {
                    let named = namespaces.iter().filter(|namespace| namespace.is_some());
                    let near = std::iter::once(&None).chain(named);
                    near.flat_map(|namespace| self.parts(kind, namespace))
                        .collect()
                }
            };
            let list = objects.into_iter().map(Arc::clone).map(Piece::Json);
            (kind.to_string(), Piece::list(list))
        });
        lists.collect()
    }

    fn parts(
        &self,
        kind: &GroupKind,
        namespace: &Option<String>,
    ) -> impl Iterator<Item = &Arc<Part>> {
        let namespaces = self.kinds.get(kind);
        let objects = namespaces.and_then(|namespaces| namespaces.get(namespace));
        objects.into_iter().flat_map(|objects| objects.values())
    }
}

/// The collector of `inventory`.
pub struct Inventory;

impl Collector for Inventory {
    fn name(&self) -> &'static str {
        "inventory"
    }

    fn schema(&self) -> &'static str {
        "facts/inventory.json"
    }

    fn collect(&self, context: &Context<'_>) -> Fact {
        let kinds = context.head.kinds.keys();
        Fact::known(Piece::object(context.head.lists(kinds, None)))
    }
}
