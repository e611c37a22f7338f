//! Where the images of an object stand: its pods, its kind's own fields, what the configuration names, and
//! what only looks like one. Knows nothing of what a reference says.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

pub(super) use super::guess::is_surely_one;
use super::overrides::referred::{self, Beside};
use super::overrides::{self, Deployed};
use super::rules::Rules;
use super::{catalogue, guess, parts, shapes, table};
use crate::facts::inventory::Neighbours;
use crate::model::{ObjectRef, key_of, step_of};

/// A value that names an image.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place<'v> {
    /// Where it stands.
    pub(super) pointer: String,
    /// What else of the object has a say in what it is: all of its parts, and what fills it in. Empty where that is nothing
    /// but the value itself.
    pub(super) fields: Vec<String>,
    /// What it is for.
    pub(super) role: Use,
    /// The container's name, where a container runs it and has one.
    pub(super) container: Option<&'v str>,
    /// When the container's image is fetched, where that is written.
    pub(super) pull_policy: Option<&'v str>,
    /// What stands there; of an argument `--image=…`, of `docker://…` and `oci://…`, what stands behind the sign; of a name in
    /// parts, all of them.
    pub(super) written: Written<'v>,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Written<'v> {
    Text(Cow<'v, str>),
    /// No string.
    Other(&'v Value),
    /// A text in which images may stand, and which cannot be read.
    Unreadable(Cow<'v, str>),
    /// What makes some image another one, of which nobody here can say which: a part of its name, as `image.tag=v2`, and why.
    Untold(Cow<'v, str>, &'static str),
}

impl Place<'_> {
    /// Moves it below another place.
    pub(super) fn put_below(&mut self, at: &str) {
        let fields = self.fields.iter_mut();
        fields
            .chain([&mut self.pointer])
            .for_each(|pointer| pointer.insert_str(0, at));
    }
}

/// What an image is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Use {
    /// A container that runs as long as the pod.
    App,
    /// The same, and before the application: an init container that restarts always.
    Sidecar,
    /// A container that runs to its end before the application.
    Init,
    /// A container that somebody attaches.
    Ephemeral,
    /// A volume.
    Volume,
    /// A resource that an operator or a deployer makes pods of.
    Resource,
    /// The configuration names the place.
    Configured,
    /// It looks like an image, and stands where none is known to stand.
    Guessed,
}

/// Every image that `object` names, each place once.
pub(super) fn of<'v>(
    object: &'v ObjectRef,
    value: &'v Value,
    (rules, around): (&Rules, &'v Neighbours),
) -> Vec<Place<'v>> {
    let deployed = Deployed::of(object, around);
    let beside = Beside::of(around);
    let mut found = shapes::of(object, value, (deployed, beside));
    if deployed == Deployed::ByOthers {
        overrides::images(object, (value, ""), &mut found);
    }
    referred::made_of(object, value, around, &mut found);
    let shapes::Found {
        mut places,
        in_texts,
        settled,
        ..
    } = found;
    let listed = catalogue::image(object, value, around);
    places.extend(listed.map(|image| Place {
        pointer: catalogue::PLACE.to_owned(),
        fields: vec![catalogue::PLACE.to_owned()],
        role: Use::Resource,
        container: None,
        pull_policy: None,
        written: written(image),
    }));
    let configured = rules.locations(object);
    places.extend(configured.flat_map(|at| named(value, at, Use::Configured)));
    // What the configuration names is no guess any more.
    places.sort_by_key(|place| place.role == Use::Guessed);
    let mut known = BTreeSet::new();
    places.retain(|place| known.insert(place.pointer.clone()));
    known.extend(in_texts.iter().map(|place| place.pointer.clone()));
    let mut guessed = guess::images(object, value, (&known, deployed), 0);
    let is_settled = |at: &str| {
        settled
            .iter()
            .any(|settled| at.starts_with(settled.as_str()))
    };
    guessed.retain(|place| !is_settled(&place.pointer));
    places.extend(guessed);
    places.extend(in_texts);
    places.sort_by(|a, b| a.pointer.cmp(&b.pointer));
    places
}

/// What is known of the kind of an object, which may stand at some place in another one.
pub(super) fn of_kind<'v>(
    object: &ObjectRef,
    (value, at): (&'v Value, &str),
    places: &mut Vec<Place<'v>>,
) {
    let first = places.len();
    for row in table::of(object) {
        let images = row.images.iter();
        places.extend(images.flat_map(|at| named(value, at, Use::Resource)));
        for parts in row.parts {
            in_parts(value, parts, places);
        }
        let references = row.references.iter();
        places.extend(references.flat_map(|at| referred_to(value, at)));
    }
    for place in places.iter_mut().skip(first) {
        place.put_below(at);
    }
}

fn named<'v>(value: &'v Value, pattern: &str, role: Use) -> Vec<Place<'v>> {
    let found = expand(value, pattern).into_iter();
    let places = found.map(|(pointer, found)| {
        let place = |pointer, fields, written| Place {
            pointer,
            fields,
            role,
            container: None,
            pull_policy: None,
            written,
        };
        match found {
            Value::String(text) => match beside(value, &pointer) {
                Some((fields, text)) if role == Use::Configured => {
                    place(pointer, fields, text_in(text))
                }
                _ => place(pointer, Vec::new(), text_of(behind_sign(text))),
            },
            Value::Object(entries) => {
                let joined = parts::joined(entries, true).or_else(|| parts::bare(entries));
                match joined {
                    Some(joined) => Place {
                        role,
                        ..in_parts_at(&pointer, joined)
                    },
                    None => place(pointer.clone(), vec![pointer], Written::Other(found)),
                }
            }
            _ => place(pointer, Vec::new(), Written::Other(found)),
        }
    });
    places.collect()
}

/// The reference of which a part stands at a place, with what stands beside it, and where all of it stands.
fn beside(value: &Value, pointer: &str) -> Option<(Vec<String>, String)> {
    let (parent, key) = pointer.rsplit_once('/')?;
    let entries = value.pointer(parent)?.as_object()?;
    let joined = parts::joined(entries, true).filter(|_| parts::is_part(key));
    let joined = joined.filter(|joined| joined.key == key)?;
    let place = in_parts_at(parent, joined.clone());
    Some((place.fields, joined.text))
}

/// An image of which the parts stand in a mapping at a place.
pub(super) fn in_parts_at(at: &str, joined: parts::Joined) -> Place<'static> {
    let keys = joined.keys.iter();
    Place {
        fields: keys.map(|key| format!("{at}/{key}")).collect(),
        ..guess::place(format!("{at}/{}", joined.key), Cow::Owned(joined.text))
    }
}

/// Of `--image=…`, `docker://…` and `oci://…` the image: no reference has such signs.
fn behind_sign(text: &str) -> &str {
    let argument = text.strip_prefix('-').and_then(|it| it.split_once('='));
    let text = argument.map_or(text, |(_, image)| image);
    let mut schemes = ["docker://", "oci://"].into_iter();
    schemes
        .find_map(|scheme| text.strip_prefix(scheme))
        .unwrap_or(text)
}

/// An image of `{kind: DockerImage, name: …}`; other kinds name objects of `OpenShift`, which hold some.
fn referred_to<'v>(value: &'v Value, pattern: &str) -> Vec<Place<'v>> {
    let is_image = |value: &Value| value.get("kind").is_some_and(|kind| kind == "DockerImage");
    let found = expand(value, pattern).into_iter();
    let images = found.filter(|(_, value)| is_image(value));
    let images = images.flat_map(|(at, value)| {
        let mut places = named(value, "/name", Use::Resource);
        for place in &mut places {
            place.put_below(&at);
        }
        places
    });
    images.collect()
}

/// An image that is named in parts, unless it is named as a whole beside them.
fn in_parts<'v>(value: &'v Value, pattern: &str, places: &mut Vec<Place<'v>>) {
    for (at, value) in expand(value, pattern) {
        let whole = value.get("image").and_then(Value::as_str);
        let entries = value
            .as_object()
            .filter(|_| whole.is_none_or(str::is_empty));
        let joined = entries.and_then(|entries| parts::joined(entries, false));
        places.extend(joined.map(|joined| Place {
            role: Use::Resource,
            ..in_parts_at(&at, joined)
        }));
    }
}

/// What fits a pointer in which `*` stands for every item and every key. A step into a list that is no number stands for
/// the argument of that name (`--image=…`, or what follows `--image`), and for the items whose `name` it is.
pub(super) fn expand<'v>(value: &'v Value, pattern: &str) -> Vec<(String, &'v Value)> {
    let mut found = vec![(String::new(), value)];
    for step in pattern.split('/').skip(1) {
        let below = found.into_iter().flat_map(|(at, value)| match value {
            Value::Object(entries) if step == "*" => entries
                .iter()
                .map(|(key, value)| (format!("{at}/{}", step_of(key)), value))
                .collect(),
            Value::Array(items) if step == "*" => items
                .iter()
                .enumerate()
                .map(|(index, value)| (format!("{at}/{index}"), value))
                .collect(),
            Value::Object(entries) => {
                let value = entries.get(&key_of(step));
                let value = value.map(|value| (format!("{at}/{step}"), value));
                value.into_iter().collect()
            }
            Value::Array(items) => match value.pointer(&format!("/{step}")) {
                Some(value) => vec![(format!("{at}/{step}"), value)],
                None => {
                    let name = key_of(step);
                    let found = arguments(items, &name).chain(called(items, &name));
                    let found = found.map(|(index, value)| (format!("{at}/{index}"), value));
                    found.collect()
                }
            },
            _ => Vec::new(),
        });
        found = below.collect();
    }
    found.retain(|(_, value)| !value.is_null());
    found
}

/// The values of an argument in a list, each with its place.
fn arguments<'v>(items: &'v [Value], name: &str) -> impl Iterator<Item = (usize, &'v Value)> {
    items.iter().enumerate().filter_map(move |(index, item)| {
        let rest = item.as_str()?.strip_prefix(name)?;
        match rest.starts_with('=') {
            true => Some((index, item)),
            false if rest.is_empty() => Some((index + 1, items.get(index + 1)?)),
            false => None,
        }
    })
}

/// The items of a list that have a name, each with its place.
fn called<'v>(items: &'v [Value], name: &str) -> impl Iterator<Item = (usize, &'v Value)> {
    let is_called = move |item: &Value| item.get("name").is_some_and(|own| own == name);
    let items = items.iter().enumerate();
    items.filter(move |(_, item)| is_called(item))
}

pub(super) fn written(value: &Value) -> Written<'_> {
    value.as_str().map_or(Written::Other(value), text_of)
}

fn text_in(text: String) -> Written<'static> {
    Written::Text(Cow::Owned(text))
}

pub(super) fn text_of(text: &str) -> Written<'_> {
    Written::Text(Cow::Borrowed(text))
}
