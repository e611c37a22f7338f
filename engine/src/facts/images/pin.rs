//! Writes digests where references of images stand: as a byte-level edit of a text, in manifests, in the `images` of a
//! kustomization and in the values of a chart. Knows which digest only from what it is told; opens no file.

use std::collections::BTreeMap;

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
    /// The value that a reader finds there afterwards.
    value: String,
    /// Whether it replaces a key too, by `digest`.
    renames: bool,
}

/// The digest of an image without one, by its reference in full; `None` for one that stays as it is.
pub type Digests<'a> = &'a dyn Fn(&str) -> Option<Digest>;

/// What of a file names images.
#[derive(Clone, Copy)]
pub struct Named<'a> {
    /// Whether one of this name, in full, stands there.
    pub stands: &'a dyn Fn(LineColumn, &str) -> bool,
    /// Whether something renders the file, so that images are also made of what it sets.
    pub is_rendered: bool,
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
    let mut search = Search {
        text,
        lines: Lines::default(),
        named,
        digests,
        sets: false,
        found: BTreeMap::new(),
    };
    for document in &documents {
        search.sets = named.is_rendered && sets(document);
        match role {
            Some(Role::Kustomization) if named.is_rendered => search.kustomization(document),
            Some(Role::Kustomization) => {}
            _ => search.walk(document, ""),
        }
    }
    search.found.into_values().collect()
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

struct Search<'a> {
    text: &'a str,
    lines: Lines,
    named: Named<'a>,
    digests: Digests<'a>,
    /// Whether images are made of what the document sets.
    sets: bool,
    found: BTreeMap<Span, Edit>,
}

impl Search<'_> {
    fn walk(&mut self, node: &Node, key: &str) {
        match &node.value {
            NodeValue::String(text) => self.reference(node, text, key),
            NodeValue::Sequence(items) => items.iter().for_each(|item| self.walk(item, key)),
            NodeValue::Mapping(entries) => {
                self.values(node);
                self.variable(node);
                for entry in entries {
                    self.walk(&entry.value, &entry.key);
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
        if let Some(digest) = (self.digests)(&image) {
            let value = format!("{text}@sha256:{digest}");
            let pinned = ImageRef::parse(&value).map(|it| it.canonical());
            let names = (image, pinned.unwrap_or_default());
            self.replace(node, text, value, names);
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
        let place = self.lines.line_column(self.text, node.span);
        (self.named.stands)(place, image)
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
        let digest = image.as_ref().and_then(|image| (self.digests)(image));
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

    /// The entries of `images`: `digest` in the place of `newTag`.
    fn kustomization(&mut self, node: &Node) {
        let images = node.get("images").and_then(Node::items);
        for entry in images.into_iter().flatten() {
            let text = |key: &str| entry.get(key).and_then(Node::as_str);
            let name = text("newName").or_else(|| text("name"));
            let (Some(name), Some(tag)) = (name, entry.entry("newTag")) else {
                continue;
            };
            let Some(spelled) = spelled(&tag.value) else {
                continue;
            };
            let image = ImageRef::parse(&format!("{name}:{spelled}"));
            let Some(image) = image.filter(|image| image.digest.is_none()) else {
                continue;
            };
            let digest = (self.digests)(&image.canonical());
            let (Some(digest), None) = (digest, entry.get("digest")) else {
                continue;
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
                    renames: true,
                });
            }
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
                renames: false,
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

/// Kinds with values of a chart.
const OF_CHARTS: [&str; 3] = ["HelmRelease", "Application", "ApplicationSet"];

/// What a reader should find after these edits, wherever an anchor takes them.
fn edited(node: &Node, edits: &[Edit]) -> Value {
    let plain = |edit: &&Edit| !edit.renames && edit.span == node.span;
    match &node.value {
        NodeValue::Sequence(items) => items.iter().map(|item| edited(item, edits)).collect(),
        NodeValue::Mapping(entries) => {
            let entries = entries.iter().map(|entry| {
                let (start, end) = (entry.key_span.start, entry.value.span.end);
                let whole = |edit: &&Edit| edit.renames && edit.span == Span { start, end };
                match edits.iter().find(whole) {
                    Some(edit) => ("digest".to_owned(), Value::from(edit.value.as_str())),
                    None => (entry.key.to_string(), edited(&entry.value, edits)),
                }
            });
            Value::Object(entries.collect::<Map<_, _>>())
        }
        _ => match edits.iter().find(plain) {
            Some(edit) => Value::from(edit.value.as_str()),
            None => node.to_json(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest() -> Digest {
        Digest::of(b"x")
    }

    /// Of a file that something renders, and of which no line is known.
    const RENDERED: Named<'static> = Named {
        stands: &|_, _| false,
        is_rendered: true,
    };

    /// The text when all of these are pinned; `D` stands for the digest.
    fn pinned(text: &str, role: Option<Role>, images: &[&str]) -> String {
        let digests = |image: &str| images.contains(&image).then(digest);
        let edits = edits(text, role, (RENDERED, &digests));
        let pinned = apply(text, &edits).unwrap();
        assert_eq!(pinned == text, edits.is_empty());
        pinned.replace(&format!("sha256:{}", digest()), "D")
    }

    const ODOO: &str = "r.example/acme/odoo:17.0";
    const REDIS: &str = "docker.io/library/redis:latest";

    #[test]
    fn a_reference_gets_its_digest_and_nothing_around_it_moves() {
        let text = "# odoo\nspec:\n  containers:\n  - name: web   # r.example/acme/odoo:17.0\n    \
                    image:   'r.example/acme/odoo:17.0' # keep\n  - {name: cache, image: redis}\n  - image: \"other:1\"\n";
        let wanted = "# odoo\nspec:\n  containers:\n  - name: web   # r.example/acme/odoo:17.0\n    \
                      image:   'r.example/acme/odoo:17.0@D' # keep\n  - {name: cache, image: redis@D}\n  - image: \"other:1\"\n";
        assert_eq!(pinned(text, None, &[ODOO, REDIS]), wanted);
        assert_eq!(pinned(wanted, None, &[ODOO]), wanted, "twice is once");
        for other in [
            "note: r.example/acme/odoo:17.0\n",
            "image: r.example/acme/odoo:17.0@sha256:12\n",
            "image: \"r.example/acme/odoo:17\\x2e0\"\n",
            "image: [\n",
        ] {
            let digests = |_: &str| Some(digest());
            let all = Named {
                stands: &|_, _| true,
                is_rendered: true,
            };
            let found = edits(other, None, (all, &digests));
            assert_eq!(
                found.len(),
                usize::from(other.starts_with("note")),
                "{other}"
            );
            assert_eq!(edits(other, None, (RENDERED, &digests)), [], "{other}");
        }
    }

    #[test]
    fn crlf_json_more_documents_anchors_and_variables_are_as_they_were() {
        for (text, wanted) in [
            ("a: 1\r\nimage: redis\r\n", "a: 1\r\nimage: redis@D\r\n"),
            ("{\"image\":\"redis\"}", "{\"image\":\"redis@D\"}"),
            (
                "image: redis\n---\nimage: redis",
                "image: redis@D\n---\nimage: redis@D",
            ),
            (
                "a: {image: &i redis}\nb: {image: *i}\n",
                "a: {image: &i redis@D}\nb: {image: *i}\n",
            ),
            (
                "env: [{name: RELATED_IMAGE_A, value: 'redis:latest'}]\n",
                "env: [{name: RELATED_IMAGE_A, value: 'redis:latest@D'}]\n",
            ),
            (
                "env: [{name: HOST, value: 'redis:latest'}, {name: IMAGE_A, value: redis}]\n",
                "env: [{name: HOST, value: 'redis:latest'}, {name: IMAGE_A, value: redis}]\n",
            ),
            ("é: \"ü\"\nimage: redis\n", "é: \"ü\"\nimage: redis@D\n"),
            ("image: >-\n  redis\n", "image: >-\n  redis@D\n"),
        ] {
            assert_eq!(pinned(text, None, &[REDIS]), wanted, "{text}");
        }
    }

    #[test]
    fn in_an_object_only_what_is_known_to_stand_there_is_an_image() {
        let text = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations: {base-image: redis}\n\
                    data:\n  image-family: redis\n  reference: redis\n  image: redis # it is one\n";
        let digests = |_: &str| Some(digest());
        let all = edits(text, None, (RENDERED, &digests));
        assert_eq!(all, []);
        let named = Named {
            stands: &|place, image| (place.line, place.column) == (8, 10) && image == REDIS,
            is_rendered: false,
        };
        let [one] = edits(text, None, (named, &digests)).try_into().unwrap();
        assert!(text[..one.span.start].ends_with("  image: "), "{one:?}");
        let text = "apiVersion: v1\nkind: Pod\nspec: {containers: [{name: redis, image: redis}]}\n";
        let named = Named {
            stands: &|place, _| {
                text[..].lines().nth(2).unwrap()[place.column - 1..].starts_with("redis}")
            },
            is_rendered: false,
        };
        assert_eq!(
            edits(text, None, (named, &digests)).len(),
            1,
            "not the name"
        );
        // What nothing renders sets nothing.
        let plain = Named {
            stands: &|_, _| false,
            is_rendered: false,
        };
        for (text, role) in [
            ("image: redis\n", None),
            ("i: {repository: redis, tag: latest}\n", None),
            (
                "images: [{name: redis, newTag: latest}]\n",
                Some(Role::Kustomization),
            ),
        ] {
            assert_eq!(edits(text, role, (plain, &digests)), [], "{text}");
            assert_eq!(edits(text, role, (RENDERED, &digests)).len(), 1, "{text}");
        }
    }

    #[test]
    fn a_kustomization_names_the_digest_in_the_place_of_the_tag() {
        let role = Some(Role::Kustomization);
        let text = "images:\n# ours\n- name: odoo\n  newName: r.example/acme/odoo\n  newTag: \"17.0\" # of May\n\
                    - {name: redis, newTag: latest}\n- {name: redis, newTag: latest, digest: x}\n- name: other\n  newTag: 1\n";
        let wanted = "images:\n# ours\n- name: odoo\n  newName: r.example/acme/odoo\n  digest: D # of May\n\
                      - {name: redis, digest: D}\n- {name: redis, newTag: latest, digest: x}\n- name: other\n  newTag: 1\n";
        assert_eq!(pinned(text, role, &[ODOO, REDIS]), wanted);
        let number = "images: [{name: r.example/a, newTag: 17}]\n";
        let wanted = "images: [{name: r.example/a, digest: D}]\n";
        assert_eq!(pinned(number, role, &["r.example/a:17"]), wanted);
    }

    #[test]
    fn values_of_a_chart_get_it_where_there_is_a_place_and_behind_the_tag_else() {
        for (text, wanted) in [
            (
                "image:\n  repository: r.example/acme/odoo\n  tag: 17.0 # x\n",
                "image:\n  repository: r.example/acme/odoo\n  tag: 17.0@D # x\n",
            ),
            (
                "i: {registry: r.example, repository: acme/odoo, tag: '17.0'}\n",
                "i: {registry: r.example, repository: acme/odoo, tag: '17.0@D'}\n",
            ),
            (
                "i: {repository: r.example/acme/odoo, tag: '17.0', digest: \"\"}\n",
                "i: {repository: r.example/acme/odoo, tag: '17.0', digest: \"D\"}\n",
            ),
            (
                "i: {repository: r.example/acme/odoo, tag: '17.0', digest: sha256:1}\n",
                "i: {repository: r.example/acme/odoo, tag: '17.0', digest: sha256:1}\n",
            ),
            (
                "i: {repository: r.example/acme/odoo, tag: ''}\n",
                "i: {repository: r.example/acme/odoo, tag: ''}\n",
            ),
        ] {
            assert_eq!(pinned(text, None, &[ODOO]), wanted, "{text}");
        }
    }

    #[test]
    fn an_edit_that_would_say_more_than_it_should_is_none() {
        let text = "image: redis\n";
        let digests = |_: &str| Some(digest());
        let edits = edits(text, None, (RENDERED, &digests));
        for other in ["redis@x\nmore: 1", "redis: x", "[redis]", "redis@y"] {
            let edit = Edit {
                text: other.to_owned(),
                ..edits[0].clone()
            };
            assert_eq!(apply(text, &[edit]), None, "{other}");
        }
        let outside = Edit {
            span: Span { start: 7, end: 99 },
            ..edits[0].clone()
        };
        assert_eq!(apply(text, &[outside]), None);
    }
}
