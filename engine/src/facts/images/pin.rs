//! Writes digests where references of images stand: as a byte-level edit of a text, in manifests, in the `images` of a
//! kustomization and in the values of a chart. Knows which digest only from what it is told; opens no file.

mod parts;
mod texts;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::facts::image_ref::ImageRef;
use crate::manifest::{Node, NodeValue, Role, yaml};
use crate::model::{Digest, LineColumn, Lines, Span};

/// What is written where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes that it replaces.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
    /// The image, in full, as it was written.
    pub image: String,
    /// The same as it is written afterwards.
    pub pinned: String,
    /// What a reader finds there afterwards.
    value: String,
    /// What of the file it replaces.
    replaces: Replaces,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Replaces {
    /// A value.
    Value,
    /// A value and its key, by `digest`.
    Entry,
    /// A part of a text: where it is in what a reader finds there. All of it has this span.
    Part { part: Span, whole: Span },
}

/// The digest of an image without one, by its reference in full; `None` for one that stays as it is.
pub type Digests<'a> = &'a dyn Fn(&str) -> Option<Digest>;

/// What of a file names images.
#[derive(Clone, Copy)]
pub struct Named<'a> {
    /// Those that stand at a place.
    pub at: &'a dyn Fn(LineColumn) -> Vec<Standing<'a>>,
    /// Whether something renders the file, so that images are also made of what it sets.
    pub is_rendered: bool,
}

/// An image that is known to stand somewhere.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    /// Its name, in full.
    pub image: &'a str,
    /// Where it stands in its object.
    pub pointer: &'a str,
    /// All that has a say in it there.
    pub fields: &'a [String],
}

/// The edits that pin the images of a text, in their order; none where it is no YAML, as templates of charts are.
#[must_use]
pub fn edits(
    text: &str,
    role: Option<Role>,
    (named, digests): (Named<'_>, Digests<'_>),
) -> Vec<Edit> {
    let Ok(documents) = yaml::parse(text) else {
        return Vec::new();
    };
    let lines = Lines::default();
    let mut found = BTreeMap::new();
    for document in &documents {
        let mut search = Search {
            text,
            document,
            lines: &lines,
            named,
            digests,
            sets: named.is_rendered && sets(document),
            only: None,
            found,
        };
        match role {
            Some(Role::Kustomization) if named.is_rendered => search.kustomization(),
            Some(Role::Kustomization) => {}
            _ => search.walk(document, ""),
        }
        found = search.found;
    }
    found.into_values().collect()
}

/// The text with all of them; `None` where a reader would then find anything else in it than before, but for them.
#[must_use]
pub fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let before = yaml::parse(text).ok()?;
    let mut pinned = text.to_owned();
    for edit in edits.iter().rev() {
        pinned.get(edit.span.start..edit.span.end)?;
        pinned.replace_range(edit.span.start..edit.span.end, &edit.text);
    }
    let after = yaml::parse(&pinned).ok()?;
    let wanted = before.iter().map(|node| edited(node, edits));
    let found = after.iter().map(Node::to_json);
    wanted.eq(found).then_some(pinned)
}

struct Search<'a, 'n> {
    text: &'a str,
    document: &'a Node,
    lines: &'a Lines,
    named: Named<'n>,
    digests: Digests<'a>,
    /// Whether images are made of what is looked at.
    sets: bool,
    /// Nothing but these are written.
    only: Option<BTreeSet<String>>,
    found: BTreeMap<Span, Edit>,
}

impl<'n> Search<'_, 'n> {
    fn walk(&mut self, node: &Node, key: &str) {
        match &node.value {
            NodeValue::String(text) => {
                let standing = self.standing(node);
                if standing.is_empty() || !self.known(node, text, &standing) {
                    self.reference(node, text, key);
                }
            }
            NodeValue::Sequence(items) => {
                let standing = self.standing(node);
                if !standing.is_empty() {
                    self.steps(items, &standing);
                }
                items.iter().for_each(|item| self.walk(item, key));
            }
            NodeValue::Mapping(entries) => {
                self.values(node);
                self.variable(node);
                self.step(node);
                self.renamed(node);
                let is_object = self.document.get("kind").is_some();
                for entry in entries {
                    match self.sets && is_object && (key, entry.key.as_ref()) == OF_OVERLAYS {
                        true => self.overlaid(&entry.value),
                        false => self.walk(&entry.value, &entry.key),
                    }
                }
            }
            _ => {}
        }
    }

    /// A reference as a whole: the digest is written behind it, so that the tag stays to be read.
    fn reference(&mut self, node: &Node, text: &str, key: &str) {
        let image = ImageRef::parse(text).filter(|image| image.digest.is_none());
        let Some(image) = image.map(|image| image.canonical()) else {
            return;
        };
        let is_one = self.stands(node, &image) || (self.sets && seems_one(key, text));
        if !is_one {
            return;
        }
        if let Some(digest) = self.digest(&image) {
            let value = format!("{text}@sha256:{digest}");
            let pinned = ImageRef::parse(&value).map(|it| it.canonical());
            let names = (image, pinned.unwrap_or_default());
            self.replace(node, text, value, names);
        }
    }

    /// What stands at a text and is not the text as a whole; whether that is all there is.
    fn known(&mut self, node: &Node, text: &str, standing: &[Standing<'_>]) -> bool {
        if standing.iter().any(|it| parts::is_entry(it.pointer)) {
            self.entry(node, text, Some(standing));
            return true;
        }
        if standing.iter().any(|it| parts::is_renamed(it.pointer)) {
            return true;
        }
        let whole = ImageRef::parse(text).map(|image| image.canonical());
        if standing.iter().any(|it| Some(it.image) == whole.as_deref()) {
            return false;
        }
        for one in standing {
            self.part(node, one);
        }
        self.in_text(node, text, standing);
        true
    }

    /// `name=image` of a kustomization: the digest in the place of the tag, as its tool reads it. Where it is known what
    /// stands there, nothing else is.
    fn entry(&mut self, node: &Node, text: &str, standing: Option<&[Standing<'_>]>) {
        let image = text.split_once('=').map_or(text, |(_, image)| image);
        let Some(read) = ImageRef::parse(image).filter(|it| it.digest.is_none()) else {
            return;
        };
        let canonical = read.canonical();
        let tag = read.tag.map(|tag| format!(":{tag}"));
        let name = tag.and_then(|tag| text.strip_suffix(&tag));
        let is_one = |own: &[Standing<'_>]| own.iter().any(|it| it.image == canonical);
        let digest = self
            .digest(&canonical)
            .filter(|_| standing.is_none_or(is_one));
        if let (Some(name), Some(digest)) = (name, digest) {
            let pinned = format!("{}@sha256:{digest}", read.repository);
            let value = format!("{name}@sha256:{digest}");
            self.replace(node, text, value, (canonical, pinned));
        }
    }

    /// The entries that an Application puts into an overlay, which may be rendered here: then none stands there.
    fn overlaid(&mut self, images: &Node) {
        for node in images.items().into_iter().flatten() {
            if let Some(text) = node.as_str() {
                self.entry(node, text, None);
            }
        }
    }

    /// `{name: RELATED_IMAGE_…, value: …}`, of which an operator starts others.
    fn variable(&mut self, node: &Node) {
        let name = node.get("name").and_then(Node::as_str);
        let value = node.get("value");
        if let (Some(name), Some(value)) = (name, value)
            && let Some(text) = value.as_str()
        {
            self.reference(value, text, name);
        }
    }

    /// Whether an image of this name is known to stand there.
    fn stands(&self, node: &Node, image: &str) -> bool {
        let mut standing = self.standing(node).into_iter();
        standing.any(|it| it.image == image)
    }

    fn standing(&self, node: &Node) -> Vec<Standing<'n>> {
        (self.named.at)(self.lines.line_column(self.text, node.span))
    }

    fn digest(&self, image: &str) -> Option<Digest> {
        let is_asked = self.only.as_ref().is_none_or(|only| only.contains(image));
        (self.digests)(image).filter(|_| is_asked)
    }

    /// `{registry: …, repository: …, tag: …, digest: …}`, as charts take it: the digest where there is a place for one,
    /// else behind the tag.
    fn values(&mut self, node: &Node) {
        let text = |key: &str| {
            node.get(key)
                .and_then(Node::as_str)
                .filter(|it| !it.is_empty())
        };
        let (Some(repository), Some(tag)) = (text("repository"), node.get("tag")) else {
            return;
        };
        let Some(spelled) = spelled(tag) else { return };
        let name = match text("registry") {
            Some(registry) => format!("{registry}/{repository}"),
            None => repository.to_owned(),
        };
        let image = ImageRef::parse(&format!("{name}:{spelled}"));
        let image = image
            .filter(|image| image.digest.is_none())
            .map(|it| it.canonical());
        let digest = image.as_ref().and_then(|image| self.digest(image));
        let (Some(image), Some(digest)) = (image, digest) else {
            return;
        };
        let place = node.get("repository").unwrap_or(tag);
        if !self.sets && !self.stands(place, &image) {
            return;
        }
        let pinned = format!("{image}@sha256:{digest}");
        match node.get("digest") {
            Some(place) if place.as_str() == Some("") => {
                self.replace(place, "", format!("sha256:{digest}"), (image, pinned));
            }
            Some(_) => {}
            None => {
                let value = format!("{spelled}@sha256:{digest}");
                self.replace(tag, spelled, value, (image, pinned));
            }
        }
    }

    /// The entries of `images`.
    fn kustomization(&mut self) {
        let images = self.document.get("images").and_then(Node::items);
        let entries = images.into_iter().flatten();
        entries.for_each(|entry| self.new_tag(entry));
    }

    /// Such an entry in an object of a deployer.
    fn renamed(&mut self, entry: &Node) {
        let mut known = ["newName", "newTag"]
            .into_iter()
            .filter_map(|key| entry.get(key));
        if entry.get("newTag").is_some() && known.any(|it| !self.standing(it).is_empty()) {
            self.new_tag(entry);
        }
    }

    /// `digest` in the place of `newTag`.
    fn new_tag(&mut self, entry: &Node) {
        let text = |key: &str| entry.get(key).and_then(Node::as_str);
        let name = text("newName").or_else(|| text("name"));
        let (Some(name), Some(tag)) = (name, entry.entry("newTag")) else {
            return;
        };
        let Some(spelled) = spelled(&tag.value) else {
            return;
        };
        let image = ImageRef::parse(&format!("{name}:{spelled}"));
        let Some(image) = image.filter(|image| image.digest.is_none()) else {
            return;
        };
        let digest = self.digest(&image.canonical());
        let (Some(digest), None) = (digest, entry.get("digest")) else {
            return;
        };
        let span = Span {
            start: tag.key_span.start,
            end: tag.value.span.end,
        };
        let between = self.text.get(tag.key_span.end..tag.value.span.start);
        let plain = between.is_some_and(|it| it.trim() == ":" && !it.contains('\n'));
        if plain && self.written(tag.value.span, spelled).is_some() {
            let value = format!("sha256:{digest}");
            self.put(Edit {
                span,
                text: format!("digest: {value}"),
                pinned: format!("{}@{value}", image.repository),
                image: image.canonical(),
                value,
                replaces: Replaces::Entry,
            });
        }
    }

    fn replace(
        &mut self,
        node: &Node,
        old: &str,
        value: String,
        (image, pinned): (String, String),
    ) {
        if let Some(quote) = self.written(node.span, old) {
            self.put(Edit {
                span: node.span,
                text: format!("{quote}{value}{quote}"),
                image,
                pinned,
                value,
                replaces: Replaces::Value,
            });
        }
    }

    /// The quotes around a value that is spelled out on one line; `None` where it is written otherwise.
    fn written(&self, span: Span, value: &str) -> Option<&'static str> {
        let written = self.text.get(span.start..span.end)?;
        let quoted = |quote| written == format!("{quote}{value}{quote}");
        ["", "'", "\""]
            .into_iter()
            .find(|quote| quoted(*quote) && !(quote.is_empty() && value.is_empty()))
    }

    fn put(&mut self, edit: Edit) {
        self.found.insert(edit.span, edit);
    }
}

/// A tag, which YAML may take for a number.
fn spelled(node: &Node) -> Option<&str> {
    match &node.value {
        NodeValue::String(text) => Some(text),
        NodeValue::Number { literal, .. } => Some(literal),
        _ => None,
    }
}

/// Whether a document sets what images are made of, and is no object in which they stand themselves.
fn sets(document: &Node) -> bool {
    let text = |key: &str| document.get(key).and_then(Node::as_str);
    match (text("apiVersion"), text("kind")) {
        (Some(_), Some(kind)) => OF_CHARTS.contains(&kind),
        _ => true,
    }
}

/// A reference under a key that names an image: a bare word only under the plainest.
fn seems_one(key: &str, text: &str) -> bool {
    let key = key.to_ascii_lowercase();
    let is_word = !text.contains(['/', ':']);
    key == "image" || !is_word && (key.contains("image") || key == "reference")
}

/// The key of what is put into an overlay, and that of its images.
const OF_OVERLAYS: (&str, &str) = ("kustomize", "images");

/// Kinds with values of a chart.
const OF_CHARTS: [&str; 3] = ["HelmRelease", "Application", "ApplicationSet"];

/// What a reader should find after these edits, wherever an anchor takes them.
fn edited(node: &Node, edits: &[Edit]) -> Value {
    let plain = |edit: &&Edit| edit.replaces == Replaces::Value && edit.span == node.span;
    match &node.value {
        NodeValue::Sequence(items) => items.iter().map(|item| edited(item, edits)).collect(),
        NodeValue::Mapping(entries) => {
            let entries = entries.iter().map(|entry| {
                let (start, end) = (entry.key_span.start, entry.value.span.end);
                let whole = |edit: &&Edit| {
                    edit.replaces == Replaces::Entry && edit.span == Span { start, end }
                };
                match edits.iter().find(whole) {
                    Some(edit) => ("digest".to_owned(), Value::from(edit.value.as_str())),
                    None => (entry.key.to_string(), edited(&entry.value, edits)),
                }
            });
            Value::Object(entries.collect::<Map<_, _>>())
        }
        NodeValue::String(text) => match edits.iter().find(plain) {
            Some(edit) => Value::from(edit.value.as_str()),
            None => Value::from(texts::edited((text, node.span), edits)),
        },
        _ => match edits.iter().find(plain) {
            Some(edit) => Value::from(edit.value.as_str()),
            None => node.to_json(),
        },
    }
}

#[cfg(test)]
mod tests;
