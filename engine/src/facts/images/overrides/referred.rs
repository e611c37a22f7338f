//! What deployers of Flux take from `ConfigMaps` and Secrets beside them: values of charts, and variables. A Secret is never read.
//! Knows nothing of where these are looked for.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::guess;
use super::super::places::{Place, Use};
use super::super::shapes::{self, Found};
use super::{Deployed, VALUES, VARIABLES, images, kind_of};
use crate::change::{Change, Source};
use crate::facts::images::CATALOGUES;
use crate::facts::inventory::{CONFIG_MAP, Neighbours};
use crate::facts::pods::reference;
use crate::model::{GroupKind, ObjectRef, step_of};

/// The kinds that take values and variables from others.
pub const DEPLOYERS: [&str; 2] = [
    "HelmRelease.helm.toolkit.fluxcd.io",
    "Kustomization.kustomize.toolkit.fluxcd.io",
];

/// Whether deployers beside a change may take from what changes.
#[must_use]
pub fn may_be_named(change: &Change) -> bool {
    is_named_kind(&change.object)
}

/// Whether `ConfigMaps` beside a change have a say in its images: it names some, or is one that a deployer names.
#[must_use]
pub fn asks_for_config_maps(change: &Change, around: &Neighbours) -> bool {
    let sides = [&change.old, &change.new];
    let mut sides = sides.into_iter().flatten();
    is_deployer(&change.object) && sides.any(refers)
        || may_be_named(change) && deployers_of(&change.object, around).next().is_some()
}

/// Of what is looked at, all that has a say in the images of others.
#[must_use]
pub fn beside<'s>(sources: impl Iterator<Item = &'s Source> + Clone) -> Neighbours {
    let kinds = CATALOGUES.into_iter().chain(DEPLOYERS).chain([CONFIG_MAP]);
    let mut all = Neighbours::of_kinds(kinds.map(GroupKind::parse));
    let (named, others): (Vec<&Source>, Vec<&Source>) =
        sources.partition(|source| is_named_kind(&source.object));
    others.into_iter().for_each(|source| all.insert(source));
    let named = named.into_iter();
    for source in named
        .filter(|it| deployers_of(&it.object, &all).next().is_some())
        .collect::<Vec<_>>()
    {
        all.insert(source);
    }
    all
}

/// Where an object looks for what it refers to.
#[derive(Clone, Copy, Debug)]
pub(in crate::facts::images) struct Beside<'v> {
    pub(in crate::facts::images) around: &'v Neighbours,
    /// One that is read as it is here, its secrets too.
    own: Option<(&'v ObjectRef, &'v Value)>,
}

impl<'v> Beside<'v> {
    pub(in crate::facts::images) fn of(around: &'v Neighbours) -> Self {
        Self { around, own: None }
    }

    /// What the `ConfigMap` of that name holds, and whether it is the own one; `None` where it is not here.
    fn data(&self, namespace: &Option<String>, name: &str) -> Option<(bool, Map<String, Value>)> {
        let is_own = |object: &&(&ObjectRef, &Value)| {
            let (object, _) = object;
            object.kind == CONFIG_MAP && object.name == name && object.namespace == *namespace
        };
        let data = |value: &Value| {
            let data = value.get("data").and_then(Value::as_object).cloned();
            data.unwrap_or_default()
        };
        if let Some((_, value)) = self.own.as_ref().filter(is_own) {
            return Some((true, data(value)));
        }
        let all = self
            .around
            .in_namespace(&GroupKind::parse(CONFIG_MAP), namespace);
        let mut all = all.into_iter();
        let named = all.find(|it| it.pointer("/metadata/name").is_some_and(|own| own == name))?;
        Some((false, data(named)))
    }

    fn is_own(&self, namespace: &Option<String>, kind: &str, name: &str) -> bool {
        let own = self.own.map(|(object, _)| object);
        own.is_some_and(|own| {
            (own.kind.as_str(), own.name.as_str()) == (kind, name) && own.namespace == *namespace
        })
    }
}

/// Values that stand elsewhere.
pub(super) struct Referred {
    /// Where they are named; of the own one, where they stand there.
    pub(super) at: String,
    /// Kind and name, for people.
    pub(super) name: String,
    /// Where they are put, where that is one place.
    pub(super) path: Option<String>,
    /// `None` where nobody reads it.
    pub(super) text: Option<String>,
}

/// The values that a release takes from others, in their order.
pub(super) fn values(
    object: &ObjectRef,
    (value, at): (&Value, &str),
    beside: Option<Beside<'_>>,
) -> Vec<Referred> {
    let of_release = kind_of(object).is_some_and(|kind| kind.references == Some(VALUES));
    let all = items(value, VALUES).filter(|_| of_release);
    let all = all.map(|(index, item)| {
        let text = |key: &str| item.get(key).and_then(Value::as_str);
        let (kind, name) = (
            text("kind").unwrap_or_default(),
            text("name").unwrap_or_default(),
        );
        let key = text("valuesKey").unwrap_or("values.yaml");
        let found = beside.filter(|_| kind == CONFIG_MAP);
        let found = found.and_then(|beside| beside.data(&object.namespace, name));
        let is_own = beside.is_some_and(|it| it.is_own(&object.namespace, kind, name));
        let own = match kind {
            CONFIG_MAP => format!("{OWN}/data/{}", step_of(key)),
            _ => format!("{OWN}/data"),
        };
        let held = found.and_then(|(_, data)| Some(data.get(key)?.as_str()?.to_owned()));
        Referred {
            at: match is_own {
                true => own,
                false => format!("{at}{VALUES}/{index}"),
            },
            name: format!("{kind}/{name}"),
            path: text("targetPath").map(str::to_owned),
            text: held,
        }
    });
    all.collect()
}

/// The variables of a kustomization of elsewhere that surely are images, as Flux sets them.
pub(super) fn variables<'v>(
    object: &ObjectRef,
    (value, at): (&Value, &str),
    found: &mut Found<'v>,
) {
    let is_one = kind_of(object).is_some_and(|kind| kind.references == Some(VARIABLES));
    if !is_one {
        return;
    }
    let mut variables: BTreeMap<String, (String, String)> = BTreeMap::new();
    for (index, item) in items(value, VARIABLES) {
        let text = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
        let beside = found.beside.filter(|_| text("kind") == CONFIG_MAP);
        let data = beside.and_then(|beside| beside.data(&object.namespace, text("name")));
        let (is_own, data) = data.unwrap_or_default();
        for (key, value) in data {
            let place = match is_own {
                true => format!("{OWN}/data/{}", step_of(&key)),
                false => format!("{at}{VARIABLES}/{index}"),
            };
            let text = value.as_str().unwrap_or_default().to_owned();
            variables.insert(key, (place, text));
        }
    }
    let own = value.pointer(SUBSTITUTE).and_then(Value::as_object);
    for (key, value) in own.into_iter().flatten() {
        let place = format!("{at}{SUBSTITUTE}/{}", step_of(key));
        let text = value.as_str().unwrap_or_default().to_owned();
        variables.insert(key.clone(), (place, text));
    }
    for (place, text) in variables.into_values() {
        if guess::is_surely_one(text.trim()) {
            let role = Use::Resource;
            let text = Cow::Owned(text.trim().to_owned());
            let own = guess::place(place.clone(), text);
            found.put(&place, [Place { role, ..own }]);
        }
    }
}

/// What deployers that nobody renders make of a `ConfigMap` or a Secret, told where it stands in that. What such a deployer
/// says without it counts where it is new, since that may have stood in it.
pub(in crate::facts::images) fn made_of<'v>(
    object: &'v ObjectRef,
    value: &'v Value,
    around: &'v Neighbours,
    found: &mut Found<'v>,
) {
    if !is_named_kind(object) {
        return;
    }
    for deployer in deployers_of(object, around) {
        let own = reference(deployer);
        if Deployed::of(&own, around) == Deployed::AsUnit {
            continue;
        }
        let mut inner = Found::beside(Beside {
            around,
            own: Some((object, value)),
        });
        images(&own, (deployer, ""), &mut inner);
        let places = inner.places.into_iter().chain(inner.in_texts);
        for place in places {
            let (pointer, fields) = place_in(object, value, &place);
            if let Some(pointer) = pointer {
                let place = Place {
                    fields,
                    ..shapes::owned(place)
                };
                found.put(&pointer, [place]);
            }
        }
    }
}

/// Where a place of a deployer stands in the object that it takes from.
fn place_in(object: &ObjectRef, value: &Value, place: &Place<'_>) -> (Option<String>, Vec<String>) {
    let all = [&place.pointer].into_iter().chain(&place.fields);
    let own = all.filter_map(|at| Some(at.strip_prefix(OWN)?.to_owned()));
    let own: Vec<String> = own.collect();
    match own.first() {
        Some(first) => (Some(first.clone()), own),
        // Of what is not of charts and variables it has no say.
        None if !CHANGED.iter().any(|at| place.pointer.starts_with(at)) => (None, own),
        None => {
            let data = value.get("data").and_then(Value::as_object);
            let mut keys = data.into_iter().flat_map(Map::keys);
            let key = keys.next().filter(|_| object.kind == CONFIG_MAP);
            let key = key
                .map(|key| format!("/{}", step_of(key)))
                .unwrap_or_default();
            (Some(format!("/data{key}")), vec![WHOLE.to_owned()])
        }
    }
}

/// The deployers of its namespace that name an object.
fn deployers_of<'n>(
    object: &ObjectRef,
    around: &'n Neighbours,
) -> impl Iterator<Item = &'n Value> + use<'n> {
    let (namespace, name) = (object.namespace.clone(), object.name.clone());
    let kind = object.kind.clone();
    let all = DEPLOYERS
        .into_iter()
        .flat_map(move |deployer| around.in_namespace(&GroupKind::parse(deployer), &namespace));
    all.filter(move |deployer| {
        let mut all = [VALUES, VARIABLES]
            .into_iter()
            .flat_map(|at| items(deployer, at));
        all.any(|(_, item)| {
            let is = |key: &str, wanted: &str| item.get(key).is_some_and(|own| own == wanted);
            is("kind", &kind) && is("name", &name)
        })
    })
}

fn items<'v>(value: &'v Value, at: &str) -> impl Iterator<Item = (usize, &'v Value)> + use<'v> {
    let list = value.pointer(at).and_then(Value::as_array);
    list.into_iter().flatten().enumerate()
}

fn refers(value: &Value) -> bool {
    [VALUES, VARIABLES]
        .into_iter()
        .any(|at| items(value, at).next().is_some())
}

fn is_deployer(object: &ObjectRef) -> bool {
    let kind = object.group_kind();
    DEPLOYERS.iter().any(|own| GroupKind::parse(own) == kind)
}

fn is_named_kind(object: &ObjectRef) -> bool {
    object.group().is_empty() && [CONFIG_MAP, "Secret"].contains(&object.kind.as_str())
}

/// The whole object has a say in an image that is written in another one.
pub(in crate::facts::images) const WHOLE: &str = "";

/// Before a pointer into the own object; no pointer begins so.
const OWN: &str = "own:";

const SUBSTITUTE: &str = "/spec/postBuild/substitute";

/// What of a deployer may be another image without what it takes from others.
const CHANGED: [&str; 2] = ["/spec/values", "/spec/postBuild"];
