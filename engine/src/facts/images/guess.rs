//! What only looks like an image: in a kind that nobody described, in annotations of what runs pods, and in what a container
//! is told to start.
//! Knows no kind of an operator; what it finds is warned of, not proven.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::overrides::Deployed;
use super::parts::{self, Joined};
use super::places::{Place, Use, Written, in_parts_at};
use super::shapes;
use crate::facts::image_ref::ImageRef;
use crate::facts::pods::PodSource;
use crate::model::{ObjectRef, base64, step_of};

/// Whether a kind of this group is of an operator, so that what it says may be an image.
fn is_open(group: &str) -> bool {
    // The group of a custom resource has a dot; others name theirs below `k8s.io` too.
    group.contains('.') && !OF_KUBERNETES.contains(&group)
}

/// Every image that seems to be named in an object that stands in as many texts, except in the known places.
pub(super) fn images<'v>(
    object: &ObjectRef,
    value: &'v Value,
    (known, deployed): (&BTreeSet<String>, Deployed),
    depth: usize,
) -> Vec<Place<'v>> {
    let mut search = Search {
        known,
        deployed,
        depth,
        at: String::new(),
        found: Vec::new(),
    };
    match is_open(object.group()) {
        true => search.below(value, ""),
        false if object.group().is_empty() && object.kind == "ConfigMap" => search.data(value),
        // Of what runs nothing, annotations are told to nobody who starts something.
        false if PodSource::of(object).is_none() => {}
        false => NOTES.iter().for_each(|place| search.notes(value, place)),
    }
    search.found
}

/// The same in any value, which stands at a place.
pub(super) fn below<'v>(
    (value, at): (&'v Value, &str),
    known: &BTreeSet<String>,
    depth: usize,
) -> Vec<Place<'v>> {
    let mut search = Search {
        known,
        deployed: Deployed::ByOthers,
        depth,
        at: at.to_owned(),
        found: Vec::new(),
    };
    search.below(value, "");
    search.found
}

/// Whether a text under this name is most probably an image that something else is to start.
pub(super) fn is_one_to_start(name: &str, text: &str) -> bool {
    names_an_image(name) && is_surely_one(text) || is_unmistakable(text)
}

/// One such place.
pub(super) fn place(pointer: String, text: Cow<'_, str>) -> Place<'_> {
    Place {
        pointer,
        fields: Vec::new(),
        role: Use::Guessed,
        container: None,
        pull_policy: None,
        written: Written::Text(text),
    }
}

struct Search<'v, 'k> {
    known: &'k BTreeSet<String>,
    /// Whether parts in it go into what is judged by itself.
    deployed: Deployed,
    /// How many texts it stands in.
    depth: usize,
    at: String,
    found: Vec<Place<'v>>,
}

impl<'v> Search<'v, '_> {
    /// What stands at a place, under this key or in a list under it.
    fn below(&mut self, value: &'v Value, key: &str) {
        let length = self.at.len();
        match value {
            Value::String(text) if seems_one(key, text) => self.put(Cow::Borrowed(text)),
            Value::String(text) => self.in_text(text, key),
            Value::Object(entries) => {
                let joined = self.joined(entries, key);
                // Each by a name of its own.
                let is_named = names_an_image(key);
                let whole = joined.as_ref().map(|joined| joined.key);
                for (key, value) in entries
                    .iter()
                    .filter(|(key, _)| Some(key.as_str()) != whole)
                {
                    self.at.push('/');
                    self.at.push_str(&step_of(key));
                    match value.as_str().filter(|it| is_named && is_surely_one(it)) {
                        Some(text) => self.put(Cow::Borrowed(text)),
                        None => self.below(value, key),
                    }
                    self.at.truncate(length);
                }
                if let Some(joined) = joined {
                    let place = in_parts_at(&self.at, joined);
                    if !self.known.contains(&place.pointer) {
                        self.found.push(place);
                    }
                }
            }
            Value::Array(items) => {
                let mut before = None;
                for (index, value) in items.iter().enumerate() {
                    self.at.push_str(&format!("/{index}"));
                    match value.as_str().and_then(|text| argument(text, before)) {
                        Some(image) => self.put(Cow::Borrowed(image)),
                        None => self.below(value, key),
                    }
                    before = value.as_str();
                    self.at.truncate(length);
                }
            }
            _ => {}
        }
    }

    /// Texts that programs read as they like.
    fn data(&mut self, value: &'v Value) {
        for (place, is_binary) in [("/data", false), ("/binaryData", true)] {
            let data = value.pointer(place).and_then(Value::as_object);
            for (key, text) in data.into_iter().flatten() {
                let text = text.as_str().unwrap_or_default();
                let text = match is_binary {
                    true => decoded(text).map(Cow::Owned),
                    false => Some(Cow::Borrowed(text)),
                };
                self.at = format!("{place}/{}", step_of(key));
                match text {
                    Some(text) if is_unmistakable(&text) => self.put(text),
                    Some(text) => self.in_text(&text, ""),
                    None => {}
                }
            }
        }
    }

    /// Texts under keys that somebody chose.
    fn notes(&mut self, value: &'v Value, place: &str) {
        let notes = value.pointer(place).and_then(Value::as_object);
        for (key, text) in notes.into_iter().flatten() {
            if let Some(text) = text.as_str().filter(|text| is_one_to_start(key, text)) {
                self.at = format!("{place}/{}", step_of(key));
                self.put(Cow::Borrowed(text));
            }
        }
    }

    /// What stands in a text that may become a pod, an object, or the containers that its key says.
    fn in_text(&mut self, text: &str, key: &str) {
        let is_open = self.deployed == Deployed::ByOthers && self.depth < shapes::DEEPEST;
        if is_open && !self.known.contains(&self.at) {
            let found = shapes::guessed_in(text, key.ends_with("ontainers"), self.depth);
            self.found.extend(found.into_iter().map(|place| Place {
                pointer: self.at.clone(),
                ..place
            }));
        }
    }

    fn joined(&self, entries: &Map<String, Value>, key: &str) -> Option<Joined> {
        if self.deployed == Deployed::AsUnit {
            return None;
        }
        let is_image = names_an_image(key);
        // A repository beside nothing may be one of Git.
        let bare = || {
            let bare = parts::bare(entries).filter(|_| is_image);
            bare.filter(|it| REPOSITORIES.contains(&it.key) && it.text.contains('/'))
        };
        let joined = parts::joined(entries, is_image).or_else(bare);
        joined.filter(|joined| ImageRef::parse(&joined.text).is_some())
    }

    fn put(&mut self, text: Cow<'v, str>) {
        if !self.known.contains(&self.at) {
            self.found.push(place(self.at.clone(), text));
        }
    }
}

/// Under a key that usually names an image, more than a word; under one that may, what can hardly be anything else.
pub(super) fn seems_one(key: &str, text: &str) -> bool {
    match KEYS.contains(&key) {
        true => {
            (text.contains(['/', ':', '@']) || is_filled(text)) && ImageRef::parse(text).is_some()
        }
        false => is_one_to_start(key, text),
    }
}

/// What is a text in base64.
fn decoded(text: &str) -> Option<String> {
    String::from_utf8(base64::decode(text)?).ok()
}

/// A reference with its registry and its digest: nothing else looks so.
fn is_unmistakable(text: &str) -> bool {
    text.contains('@') && is_surely_one(text)
}

fn names_an_image(name: &str) -> bool {
    name.to_ascii_lowercase().contains("image")
}

/// The image of an argument, `--some-image=…`, or `--some-image` with the image behind it.
pub(super) fn argument<'t>(text: &'t str, before: Option<&str>) -> Option<&'t str> {
    let (name, image) = match text.split_once('=') {
        Some(named) => named,
        None if is_unmistakable(text) => return Some(text),
        None => (before.filter(|it| it.starts_with('-'))?, text),
    };
    Some(image).filter(|image| is_one_to_start(name, image))
}

/// A reference that can hardly be anything else: with its registry, and a tag or a digest.
pub(super) fn is_surely_one(text: &str) -> bool {
    let with_registry = text.split_once('/').is_some_and(|(first, _)| {
        let first = first.to_ascii_lowercase();
        first.contains(['.', ':']) || first == "localhost"
    });
    let parsed = ImageRef::parse(text).filter(|_| with_registry);
    parsed.is_some_and(|image| image.tag.is_some() || image.digest.is_some())
}

/// The word for a place that a template fills in. It may be a tag, and a part of a name.
pub(super) fn filled(index: usize) -> String {
    format!("{FILLED}{index}z")
}

/// Whether a text is such a word and nothing else.
pub(super) fn is_filled(text: &str) -> bool {
    let index = text
        .strip_prefix(FILLED)
        .and_then(|it| it.strip_suffix('z'));
    index.is_some_and(|it| it.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether a text has such a word in it.
pub(super) fn has_filled(text: &str) -> bool {
    text.contains(FILLED)
}

/// How such a word begins.
pub(super) const FILLED: &str = "tidegate0fills0";

/// Annotations, of an object and of its pods.
const NOTES: [&str; 4] = [
    "/metadata/annotations",
    "/spec/template/metadata/annotations",
    "/spec/jobTemplate/spec/template/metadata/annotations",
    "/template/metadata/annotations",
];

/// Parts that name a repository, below a key that names an image.
const REPOSITORIES: [&str; 2] = ["repository", "repo"];

const KEYS: [&str; 4] = ["image", "imageName", "dockerImage", "baseImage"];

/// The groups below `k8s.io` that Kubernetes itself serves: in its kinds nothing has to be guessed.
const OF_KUBERNETES: [&str; 21] = [
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "custom.metrics.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "external.metrics.k8s.io",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "metrics.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];
