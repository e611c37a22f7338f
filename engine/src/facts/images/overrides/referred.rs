//! What deployers of Flux take from `ConfigMaps` and Secrets beside them: values of charts, and variables. A Secret is never read.
//! Knows nothing of where these are looked for.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::guess;
use super::super::places::{Place, Use};
use super::super::shapes::{self, Found};
use super::named::{self, Named};
use super::untold;
use super::{Deployed, VALUES, VARIABLES, images, kind_of};
use crate::change::{Change, Source};
use crate::facts::images::CATALOGUES;
use crate::facts::inventory::{CONFIG_MAP, Neighbours};
use crate::facts::pods::reference;
use crate::model::{GroupKind, ObjectRef, mentions, step_of};

/// The kinds that take values and variables from others.
pub const DEPLOYERS: [&str; 2] = [
    "HelmRelease.helm.toolkit.fluxcd.io",
    "Kustomization.kustomize.toolkit.fluxcd.io",
];

/// Whether deployers beside a change may take from what changes, or from what is made of it.
#[must_use]
pub fn may_be_named(change: &Change) -> bool {
    named::is_named_kind(&change.object)
}

/// Whether a file of which objects are made may have a deployer in it that takes from others: one that says so, or that has
/// letters escaped.
#[must_use]
pub fn may_refer(text: &[u8]) -> bool {
    let names = [VALUES, VARIABLES].map(|at| at.rsplit('/').next().unwrap_or_default());
    let mut names = names.into_iter().chain(ESCAPES);
    names.any(|name| mentions(text, name.as_bytes()))
}

/// Whether `ConfigMaps` beside a change have a say in its images: it names some, or is one that a deployer names.
#[must_use]
pub fn asks_for_config_maps(change: &Change, around: &Neighbours) -> bool {
    let sides = [&change.old, &change.new];
    let mut sides = sides.into_iter().flatten();
    is_deployer(&change.object) && sides.clone().any(refers)
        || may_be_named(change) && sides.any(|value| is_named(&change.object, value, around))
}

/// Whether a `ConfigMap` is not here that a change has a say in: the deployer that names it changes, or the `ConfigMap` goes.
#[must_use]
pub fn lacks_config_maps(change: &Change, around: &Neighbours) -> bool {
    let beside = Beside::of(around);
    let lacks = |deployer: &Value| {
        let mut all = [VALUES, VARIABLES]
            .into_iter()
            .flat_map(|at| items(deployer, at));
        all.any(|(_, item)| {
            let text = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
            let namespace = &change.object.namespace;
            text("kind") == CONFIG_MAP && beside.data(namespace, text("name")).is_none()
        })
    };
    match (&change.old, &change.new) {
        (_, Some(new)) => is_deployer(&change.object) && lacks(new),
        (Some(old), None) => {
            let named = Named::of(&change.object, old);
            named.is_some_and(|named| deployers_of(&named, around).into_iter().any(lacks))
        }
        (None, None) => false,
    }
}

/// Of what is looked at, all that has a say in the images of others.
#[must_use]
pub fn beside<'s>(sources: impl Iterator<Item = &'s Source> + Clone) -> Neighbours {
    let kinds = CATALOGUES.into_iter().chain(DEPLOYERS).chain([CONFIG_MAP]);
    let mut all = Neighbours::of_kinds(kinds.map(GroupKind::parse));
    let (named, others): (Vec<&Source>, Vec<&Source>) =
        sources.partition(|source| named::is_named_kind(&source.object));
    others.into_iter().for_each(|source| all.insert(source));
    let named = named.into_iter();
    for source in named
        .filter(|it| is_named(&it.object, &it.node.to_json(), &all))
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
    own: Option<&'v Named<'v>>,
}

impl<'v> Beside<'v> {
    pub(in crate::facts::images) fn of(around: &'v Neighbours) -> Self {
        Self { around, own: None }
    }

    /// What the `ConfigMap` of that name holds, and whether it is the own one; `None` where it is not here.
    fn data(&self, namespace: &Option<String>, name: &str) -> Option<(bool, Map<String, Value>)> {
        let data = |value: &Value| {
            let data = value.get("data").and_then(Value::as_object).cloned();
            data.unwrap_or_default()
        };
        if let Some(own) = self.own.filter(|own| own.is(namespace, (CONFIG_MAP, name))) {
            return own.read.map(|value| (true, data(value)));
        }
        let all = self
            .around
            .in_namespace(&GroupKind::parse(CONFIG_MAP), namespace);
        let mut all = all.into_iter();
        let named = all.find(|it| it.pointer("/metadata/name").is_some_and(|own| own == name))?;
        Some((false, data(named)))
    }

    fn is_own(&self, namespace: &Option<String>, kind: &str, name: &str) -> bool {
        let mut own = self.own.into_iter();
        own.any(|own| own.is(namespace, (kind, name)))
    }

    /// Where what the own one holds stands in it.
    fn held_at(&self, key: &str) -> String {
        match self.own {
            Some(own) if own.read.is_none() => format!("{OWN}{}", own.held_at),
            _ => format!("{OWN}/data/{}", step_of(key)),
        }
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
        let own = beside.map(|it| it.held_at(key)).unwrap_or_default();
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
    let Some(named) = Named::of(object, value) else {
        return;
    };
    for deployer in deployers_of(&named, around) {
        let beside = Beside {
            around,
            own: Some(&named),
        };
        for place in places_of(deployer, beside) {
            let (pointer, fields) = place_in(&named, &place);
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

/// What deployers that nobody renders make of what they still name, where a `ConfigMap` or a Secret goes: what stands in
/// another one of its name, and what nobody can tell without it.
pub(in crate::facts::images) fn left_by(
    object: &ObjectRef,
    value: &Value,
    around: &Neighbours,
) -> Vec<Place<'static>> {
    let mut left = Vec::new();
    let Some(named) = Named::of(object, value) else {
        return left;
    };
    for deployer in deployers_of(&named, around) {
        let beside = Beside::of(around);
        for place in places_of(deployer, beside) {
            let fields = vec![WHOLE.to_owned()];
            if is_of_others(&place) {
                left.push(Place {
                    pointer: named.whole_at(),
                    fields,
                    ..shapes::owned(place)
                });
            }
        }
        left.extend(lost_variables(&named, deployer, beside));
    }
    left
}

/// The images that a kustomization had of what goes, and of which nobody says any more what they are.
fn lost_variables(named: &Named<'_>, deployer: &Value, beside: Beside<'_>) -> Vec<Place<'static>> {
    let set = deployer.pointer(SUBSTITUTE).and_then(Value::as_object);
    let is_set = |key: &str| set.is_some_and(|set| set.contains_key(key));
    let takes = items(deployer, VARIABLES).any(|(_, item)| named.is_said_by(item));
    let (namespace, name) = (&named.namespace, &named.name);
    if !takes || beside.data(namespace, name).is_some() || deployer_is_judged(deployer, beside) {
        return Vec::new();
    }
    let data = named.read.and_then(|value| value.get("data")?.as_object());
    let lost = data.into_iter().flatten().filter(|(key, value)| {
        !is_set(key)
            && value
                .as_str()
                .is_some_and(|text| guess::is_surely_one(text.trim()))
    });
    let lost = lost.map(|(key, _)| Place {
        fields: vec![WHOLE.to_owned()],
        ..untold::place(
            named.whole_at(),
            format!("{key}=$({CONFIG_MAP}/{name})"),
            GONE,
        )
    });
    lost.collect()
}

/// What a deployer that nobody renders puts into what it deploys.
fn places_of<'v>(deployer: &'v Value, beside: Beside<'v>) -> Vec<Place<'v>> {
    if deployer_is_judged(deployer, beside) {
        return Vec::new();
    }
    let mut inner = Found::beside(beside);
    images(&reference(deployer), (deployer, ""), &mut inner);
    inner.places.into_iter().chain(inner.in_texts).collect()
}

fn deployer_is_judged(deployer: &Value, beside: Beside<'_>) -> bool {
    Deployed::of(&reference(deployer), beside.around) == Deployed::AsUnit
}

/// Where a place of a deployer stands in the object that it takes from.
fn place_in(named: &Named<'_>, place: &Place<'_>) -> (Option<String>, Vec<String>) {
    let all = [&place.pointer].into_iter().chain(&place.fields);
    let own = all.filter_map(|at| Some(at.strip_prefix(OWN)?.to_owned()));
    let own: Vec<String> = own.collect();
    match own.first() {
        Some(first) => (Some(first.clone()), own),
        // Of what is not of charts and variables it has no say.
        None if !is_of_others(place) => (None, own),
        None => (Some(named.whole_at()), vec![WHOLE.to_owned()]),
    }
}

/// Whether a place of a deployer may be another image without what it takes from others.
fn is_of_others(place: &Place<'_>) -> bool {
    CHANGED.iter().any(|at| place.pointer.starts_with(at))
}

fn is_named(object: &ObjectRef, value: &Value, around: &Neighbours) -> bool {
    let named = Named::of(object, value);
    named.is_some_and(|named| !deployers_of(&named, around).is_empty())
}

/// The deployers of its namespace that name an object.
fn deployers_of<'n>(named: &Named<'_>, around: &'n Neighbours) -> Vec<&'n Value> {
    let of_kind = |kind| around.in_namespace(&GroupKind::parse(kind), &named.namespace);
    let mut all: Vec<&Value> = DEPLOYERS.into_iter().flat_map(of_kind).collect();
    all.retain(|deployer| {
        let mut all = [VALUES, VARIABLES]
            .into_iter()
            .flat_map(|at| items(deployer, at));
        all.any(|(_, item)| named.is_said_by(item))
    });
    all
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

/// The whole object has a say in an image that is written in another one.
pub(in crate::facts::images) const WHOLE: &str = "";

/// Before a pointer into the own object; no pointer begins so.
const OWN: &str = "own:";

const SUBSTITUTE: &str = "/spec/postBuild/substitute";

/// What of a deployer may be another image without what it takes from others.
const CHANGED: [&str; 2] = ["/spec/values", "/spec/postBuild"];

/// Letters that are written otherwise, or may be.
const ESCAPES: [&str; 4] = ["\\x", "\\u", "\\U", "\\\n"];

const GONE: &str = "what held it goes, and nothing of this repository takes its place";
