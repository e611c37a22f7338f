//! Images by the shape of what they stand in, at any depth of an object of any kind: whatever has containers or volumes as
//! a pod has them, an object in another one, and a text that becomes one of both.
//! Knows no kind: what is told of those stands in the table.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::containers;
use super::overrides::referred::Beside;
use super::overrides::{self, Deployed};
use super::places::{Place, Use, Written, of_kind};
use crate::facts::image_ref::ImageRef;
use crate::facts::pods::reference;
use crate::manifest::secrets::SHOWN;
use crate::manifest::{Node, yaml};
use crate::model::{ObjectRef, step_of};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Found<'v> {
    pub(super) places: Vec<Place<'v>>,
    /// Those in texts, of which one may name several images.
    pub(super) in_texts: Vec<Place<'v>>,
    /// Those of `in_texts`.
    seen: BTreeSet<(String, Use, String)>,
    /// Where nothing else is guessed: what stands there is known, or only a name.
    pub(super) settled: Vec<String>,
    /// How many texts this stands in.
    pub(super) depth: usize,
    /// Where the object finds what it refers to.
    pub(super) beside: Option<Beside<'v>>,
}

/// The images of an object. Of one whose deployment is judged by itself, only what its kind is known to run.
pub(super) fn of<'v>(
    object: &ObjectRef,
    value: &'v Value,
    (deployed, beside): (Deployed, Beside<'v>),
) -> Found<'v> {
    let mut found = Found::beside(beside);
    of_kind(object, (value, ""), &mut found.places);
    if deployed == Deployed::ByOthers || !overrides::has_values(object) {
        found.below(value, &mut String::new());
    }
    if is_description(object) {
        let all = [&mut found.places, &mut found.in_texts];
        all.into_iter().for_each(advise);
    }
    found
}

impl<'v> Found<'v> {
    /// Nothing yet, in as many texts.
    pub(super) fn at_depth(depth: usize) -> Self {
        Self {
            depth,
            ..Self::default()
        }
    }

    /// Nothing yet, in an object that finds there what it refers to.
    pub(super) fn beside(beside: Beside<'v>) -> Self {
        Self {
            beside: Some(beside),
            ..Self::default()
        }
    }

    /// The places of images below one place.
    pub(super) fn known_below(&self, at: &str) -> BTreeSet<String> {
        let places = self.places.iter().map(|place| &place.pointer);
        places.filter(|own| own.starts_with(at)).cloned().collect()
    }

    fn below(&mut self, value: &'v Value, at: &mut String) {
        let length = at.len();
        match value {
            Value::Object(entries) => {
                containers::images(entries, at, &mut self.places);
                self.texts(entries, at);
                for (key, value) in entries {
                    at.push('/');
                    at.push_str(&step_of(key));
                    self.object(value, at);
                    at.truncate(length);
                }
            }
            Value::Array(items) => {
                for (index, value) in items.iter().enumerate() {
                    at.push_str(&format!("/{index}"));
                    self.object(value, at);
                    at.truncate(length);
                }
            }
            _ => {}
        }
    }

    /// The same, of what may be an object.
    fn object(&mut self, value: &'v Value, at: &mut String) {
        let is_text = |key| value.get(key).is_some_and(Value::is_string);
        let object = (is_text("apiVersion") && is_text("kind")).then(|| reference(value));
        if let Some(object) = &object {
            of_kind(object, (value, at), &mut self.places);
        }
        self.below(value, at);
        if let Some(object) = &object {
            overrides::images(object, (value, at), self);
        }
    }

    /// A patch of the pods of a workflow, and the manifest that one of its steps applies.
    fn texts(&mut self, entries: &'v Map<String, Value>, at: &str) {
        let manifest = Some("manifest").filter(|_| entries.contains_key("action"));
        for key in manifest.into_iter().chain(["podSpecPatch"]) {
            let text = entries.get(key).and_then(Value::as_str);
            let places = text.map(|text| in_text(text, self.depth));
            self.put(&format!("{at}/{key}"), places.into_iter().flatten());
        }
    }

    /// Forgets what was found at a place and below it, and has nothing guessed there: another way tells what it becomes.
    pub(super) fn settle(&mut self, at: &str) {
        let is_below = |pointer: &str| {
            let rest = pointer.strip_prefix(at);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        for places in [&mut self.places, &mut self.in_texts] {
            places.retain(|place| !is_below(&place.pointer));
        }
        self.seen.retain(|(pointer, ..)| !is_below(pointer));
        self.settled.push(at.to_owned());
    }

    /// What stands in the text at a place, each once.
    pub(super) fn put(&mut self, at: &str, places: impl IntoIterator<Item = Place<'v>>) {
        for place in places {
            let place = Place {
                pointer: at.to_owned(),
                ..place
            };
            let written = format!("{:?}", place.written);
            if self.seen.insert((at.to_owned(), place.role, written)) {
                self.in_texts.push(place);
            }
        }
    }
}

/// The images in a text that is YAML with mappings. A text is one place, however many stand in it.
fn in_text(text: &str, depth: usize) -> Vec<Place<'static>> {
    let documents = documents(text).filter(|all| depth < DEEPEST && all.iter().all(is_mapping));
    let Some(documents) = documents else {
        return vec![unreadable(text)];
    };
    let all = documents.iter();
    all.flat_map(|value| within(value, depth))
        .map(owned)
        .collect()
}

/// What looks like an image in a text that is YAML with a pod, an object or a list of containers in it, whoever reads it.
pub(super) fn guessed_in(text: &str, of_containers: bool, depth: usize) -> Vec<Place<'static>> {
    let is_shaped = of_containers || SHAPED.iter().any(|word| text.contains(word));
    if !text.contains("image") || !is_shaped {
        return Vec::new();
    }
    let mut found = Found::default();
    for value in documents(text).into_iter().flatten() {
        let value = match value.is_array() && of_containers {
            true => json!({"containers": value}),
            false => value,
        };
        let places: Vec<_> = within(&value, depth).into_iter().map(owned).collect();
        found.put("", places);
    }
    advise(&mut found.in_texts);
    found.in_texts
}

/// The documents of a text, as far as it is YAML; `None` where it is none.
pub(super) fn documents(text: &str) -> Option<Vec<Value>> {
    let nodes = yaml::parse(&filled(&text.replace(SHOWN, "x"))).ok()?;
    Some(nodes.iter().map(Node::to_json).collect())
}

fn is_mapping(value: &Value) -> bool {
    value.is_object() || value.is_null()
}

/// The images in what stands in a text at that depth, with the places in it.
pub(super) fn within(value: &Value, depth: usize) -> Vec<Place<'_>> {
    of_values(value, depth + 1)
}

/// The images in values of which some stand in texts and some do not.
pub(super) fn of_values(value: &Value, depth: usize) -> Vec<Place<'_>> {
    let mut found = Found::at_depth(depth);
    found.object(value, &mut String::new());
    found.places.into_iter().chain(found.in_texts).collect()
}

/// The same of what stands in a text.
pub(super) fn owned(place: Place<'_>) -> Place<'static> {
    let written = match place.written {
        Written::Text(text) => Written::Text(Cow::Owned(text.into_owned())),
        Written::Other(value) => Written::Unreadable(Cow::Owned(value.to_string())),
        Written::Unreadable(text) => Written::Unreadable(Cow::Owned(text.into_owned())),
        Written::Untold(text, why) => Written::Untold(Cow::Owned(text.into_owned()), why),
    };
    Place {
        pointer: String::new(),
        fields: Vec::new(),
        role: place.role,
        container: None,
        pull_policy: None,
        written,
    }
}

/// A text that nobody can read.
pub(super) fn unreadable(text: &str) -> Place<'static> {
    Place {
        pointer: String::new(),
        fields: Vec::new(),
        role: Use::Resource,
        container: None,
        pull_policy: None,
        written: Written::Unreadable(Cow::Owned(text.to_owned())),
    }
}

/// With a word of YAML for each `{{…}}` that something fills in, in which it is still seen to be one.
fn filled(text: &str) -> String {
    let mut filled = String::new();
    let mut rest = text;
    while let Some((before, (inner, after))) = rest
        .split_once("{{")
        .and_then(|(before, after)| Some((before, after.split_once("}}")?)))
    {
        let word = |letter: &char| letter.is_ascii_alphanumeric() || "._-".contains(*letter);
        filled.push_str(before);
        filled.push_str("$(");
        filled.extend(inner.chars().filter(word));
        filled.push(')');
        rest = after;
    }
    filled + rest
}

/// Whether a kind describes objects that others write or make: what stands in it may be a pattern or an example.
fn is_description(object: &ObjectRef) -> bool {
    let group = object.group();
    group == "apiextensions.k8s.io"
        || group == "kyverno.io"
        || group.ends_with(".kyverno.io")
        || group.ends_with(".gatekeeper.sh")
}

/// Only warns of what can be read as an image.
fn advise(places: &mut Vec<Place<'_>>) {
    places.retain(
        |place| matches!(&place.written, Written::Text(text) if ImageRef::parse(text).is_some()),
    );
    for place in places {
        place.role = Use::Guessed;
    }
}

/// Words of which a text has one where it has the shape of a pod or of an object, or holds such a text.
const SHAPED: [&str; 4] = ["ontainers", "volumes", "podSpecPatch", "apiVersion"];

/// How many texts in each other are read: the manifest of a workflow, and the patch in it.
pub(super) const DEEPEST: usize = 2;
