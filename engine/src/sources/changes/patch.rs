//! Which objects a patch of a kustomization is for, by its target or by what it says itself.
//!
//! Source: kustomize, `PatchTransformer` and `Selector` (a target's fields are regular expressions for the whole of a text).

use std::borrow::Cow;
use std::sync::OnceLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::asked::Asked;
use super::{Cause, Load, merged, operations};
use crate::manifest::{Node, NodeValue, Object, json, yaml};
use crate::sources::fields::shown;
use crate::sources::metadata::{ANNOTATIONS, LABELS, Metadata};
use crate::sources::part::Part;
use crate::sources::written;

/// A patch, read as far as it says what it is for.
pub(super) struct Patch {
    target: Option<Target>,
    written: Written,
    /// What its documents are for; `None` where that cannot be told.
    documents: OnceLock<Option<Vec<Identity>>>,
}

/// What kustomizations add to an object that a patch may be for.
pub(super) enum Seen<'m> {
    /// The patch sees the object with all of it; the object was in these namespaces before, first in the one of its file.
    Before(&'m Metadata, &'m [Option<String>]),
    /// It may see it without some.
    Perhaps(&'m Metadata),
}

impl<'m> Seen<'m> {
    pub(super) const fn added(&self) -> &'m Metadata {
        match self {
            Self::Before(added, _) | Self::Perhaps(added) => added,
        }
    }

    /// The namespaces that an object was in and is in, the first one first; `None` where it may be without the last one.
    fn namespaces(&self, object: &'m Object) -> Option<Vec<&'m str>> {
        let earlier = match self {
            Self::Before(_, earlier) => *earlier,
            Self::Perhaps(added) if added.has_namespace() => return None,
            Self::Perhaps(_) => &[],
        };
        let all = earlier.iter().chain([&object.reference.namespace]);
        Some(all.map(|it| effective(it.as_deref())).collect())
    }
}

enum Written {
    Here(String),
    /// In a file, by its path from the folder of the kustomization.
    File(String),
}

/// What a target asks of an object.
struct Target {
    group: Wanted,
    version: Wanted,
    kind: Wanted,
    name: Wanted,
    namespace: Wanted,
    labels: Asked,
    annotations: Asked,
}

enum Wanted {
    Any,
    Like(Regex),
    /// What Go and Rust may read differently.
    Unclear,
}

/// What a strategic merge patch is for.
struct Identity {
    api_version: String,
    namespace: Option<String>,
    kind: String,
    name: String,
}

impl Patch {
    /// An item of `patches` or `patchesJson6902`; `None` where it may change any object, or make another one of it.
    pub(super) fn read(item: &Value) -> Option<Self> {
        let Value::Object(fields) = item else {
            return None;
        };
        if !fields.keys().all(|key| PATCH.contains(&key.as_str())) {
            return None;
        }
        let is_set =
            |options: &Value| *options != Value::Null && *options != Value::Object(Map::new());
        if fields.get("options").is_some_and(is_set) {
            return None;
        }
        let written = match (text(fields, "patch")?, text(fields, "path")?) {
            ("", "") => return None,
            ("", path) => Written::File(path.to_owned()),
            (patch, "") => Written::Here(patch.to_owned()),
            (_, _) => return None,
        };
        let target = match fields.get("target") {
            None | Some(Value::Null) => None,
            Some(Value::Object(target)) => Some(Target::read(target)?),
            Some(_) => return None,
        };
        Some(Self {
            target,
            written,
            documents: OnceLock::new(),
        })
    }

    /// An item of `patchesStrategicMerge`: a path, or the patch itself.
    pub(super) fn by_name(written: &str) -> Self {
        let written = written.to_owned();
        Self {
            target: None,
            written: match written.contains(['\n', '{']) {
                true => Written::Here(written),
                false => Written::File(written),
            },
            documents: OnceLock::new(),
        }
    }

    /// The file that it stands in, by its path from the folder of the kustomization.
    pub(super) fn file(&self) -> Option<&str> {
        match &self.written {
            Written::File(path) => Some(path),
            Written::Here(_) => None,
        }
    }

    /// Whether it is for all objects that a target selects.
    pub(super) const fn has_target(&self) -> bool {
        self.target.is_some()
    }

    /// Whether it may change an object.
    pub(super) fn may_hit(&self, object: &Object, load: Load<'_>) -> bool {
        if let Some(target) = &self.target {
            return target.may_select(object);
        }
        let documents = self.documents.get_or_init(|| self.read_documents(load));
        let Some(documents) = documents else {
            return true;
        };
        documents.iter().any(|identity| identity.may_be(object))
    }

    /// Whether it is for an object; `None` where that depends on more.
    pub(super) fn selects(&self, object: &Object, seen: &Seen<'_>, load: Load<'_>) -> Option<bool> {
        if let Some(target) = &self.target {
            return target.selects(object, seen);
        }
        let documents = self.documents.get_or_init(|| self.read_documents(load));
        let documents = documents.as_ref()?;
        let mut alike = documents.iter().filter(|it| it.may_be(object));
        match (alike.next(), documents.as_slice()) {
            (None, _) => Some(false),
            (Some(_), [one]) if one.is(object, seen) => Some(true),
            _ => None,
        }
    }

    /// What it makes of a part of an object of a file; within, nothing where it deletes it. `None` where that is not understood.
    pub(super) fn apply(
        &self,
        (object, part): (&Object, Part),
        file: &str,
        load: Load<'_>,
    ) -> Option<Option<Node>> {
        let whole = self.text(load)?;
        let text = &trimmed(&whole);
        if is_for_kustomize(text) || text.starts_with('\u{feff}') {
            return None;
        }
        let all = parsed(text)?;
        let patch = part.of_patch(all.clone());
        let is_alike = written::unlike_to_kustomize(&patch, text).is_none();
        if !is_alike || self.may_end_otherwise((&all, &patch), text, &whole) {
            return None;
        }
        match &patch.value {
            NodeValue::Mapping(_) => {
                Identity::read(&patch)?;
                let is_told_of_lists = tells_of_lists(text) || tells_of_lists(file);
                merged::merged(&object.node, &patch, is_told_of_lists)
            }
            NodeValue::Sequence(steps) if self.target.is_some() => {
                operations::applied(&object.node, steps).map(Some)
            }
            _ => None,
        }
    }

    /// Where readers take that part of it differently; `named` says where its file is.
    pub(super) fn unclear(
        &self,
        part: Part,
        load: Load<'_>,
        named: &dyn Fn(&str) -> String,
    ) -> Option<Cause> {
        let whole = self.text(load)?;
        let text = &trimmed(&whole);
        let all = parsed(text)?;
        let patch = part.of_patch(all.clone());
        let before = whole.len() - whole.trim_start().len();
        let place = |at: usize| {
            let lines = whole.bytes().take(before + at);
            let line = lines.filter(|byte| *byte == b'\n').count() + 1;
            match self.file() {
                Some(file) => format!("line {line} of `{}`", shown(&named(file))),
                None => format!("line {line} of the patch"),
            }
        };
        if let Some(at) = written::unlike_to_kustomize(&patch, text) {
            return Some(Cause::Spelling(place(at)));
        }
        let ends = self.may_end_otherwise((&all, &patch), text, &whole);
        ends.then(|| {
            let last = text.trim_end().rfind('\n').map_or(0, |at| at + 1);
            Cause::End(place(last))
        })
    }

    /// Whether a block of lines at its end may end otherwise: kustomize reads a file as it is, and what stands in a
    /// kustomization without the line breaks at its end. `all` of it ends there, of which `part` counts.
    fn may_end_otherwise(&self, (all, part): (&Node, &Node), text: &str, whole: &str) -> bool {
        let is_as_read = || {
            let read = parsed(whole).map(|it| it.to_json());
            self.file().is_some() && whole.ends_with('\n') && read == Some(all.to_json())
        };
        let ends_in_lines = |node: &Node| written::ends_in_lines(node, text);
        ends_in_lines(all) && ends_in_lines(part) && !is_as_read()
    }

    fn read_documents(&self, load: Load<'_>) -> Option<Vec<Identity>> {
        let documents = yaml::parse(&self.text(load)?).ok()?;
        let documents = documents.iter().filter(|it| it.value != NodeValue::Null);
        let found: Vec<Identity> = documents.map(Identity::read).collect::<Option<_>>()?;
        (!found.is_empty()).then_some(found)
    }

    fn text(&self, load: Load<'_>) -> Option<Cow<'_, str>> {
        match &self.written {
            Written::Here(text) => Some(Cow::Borrowed(text)),
            Written::File(path) => Some(Cow::Owned(String::from_utf8(load(path)?).ok()?)),
        }
    }
}

impl Target {
    fn read(fields: &Map<String, Value>) -> Option<Self> {
        if !fields.keys().all(|key| TARGET.contains(&key.as_str())) {
            return None;
        }
        Some(Self {
            group: Wanted::read(text(fields, "group")?),
            version: Wanted::read(text(fields, "version")?),
            kind: Wanted::read(text(fields, "kind")?),
            name: Wanted::read(text(fields, "name")?),
            namespace: Wanted::read(text(fields, "namespace")?),
            labels: Asked::read(text(fields, "labelSelector")?),
            annotations: Asked::read(text(fields, "annotationSelector")?),
        })
    }

    fn may_select(&self, object: &Object) -> bool {
        let reference = &object.reference;
        self.group.may_be(reference.group())
            && self.kind.may_be(&reference.kind)
            && self.name.may_be(&reference.name)
    }

    /// All that is asked, where each answer is sure, or one is a sure no.
    fn selects(&self, object: &Object, seen: &Seen<'_>) -> Option<bool> {
        let reference = &object.reference;
        let added = seen.added();
        let version = reference.api_version.rsplit('/').next().unwrap_or_default();
        let answers = [
            self.group.is(reference.group()),
            self.version.is(version),
            self.kind.is(&reference.kind),
            self.name.is(&reference.name),
            self.is_there(object, seen),
            self.labels.hold(object, LABELS, added),
            self.annotations.hold(object, ANNOTATIONS, added),
        ];
        if answers.contains(&Some(false)) {
            return Some(false);
        }
        answers.iter().all(Option::is_some).then_some(true)
    }

    /// kustomize asks for the namespace as the file has it and as it is by then, and for none between.
    fn is_there(&self, object: &Object, seen: &Seen<'_>) -> Option<bool> {
        if matches!(self.namespace, Wanted::Any) {
            return Some(true);
        }
        let namespaces = seen.namespaces(object)?;
        let mut ends = [namespaces.first(), namespaces.last()]
            .into_iter()
            .flatten();
        ends.try_fold(false, |found, one| Some(found || self.namespace.is(one)?))
    }
}

/// With its last line break, by which a block of lines at the end is told apart.
fn trimmed(text: &str) -> String {
    format!("{}\n", text.trim())
}

fn parsed(text: &str) -> Option<Node> {
    match text.starts_with('[') {
        true => json::parse(text).ok(),
        false => written::read(text).ok()?,
    }
}

/// The namespace that kustomize takes an object to be in that names this one.
fn effective(own: Option<&str>) -> &str {
    own.filter(|own| !own.is_empty()).unwrap_or(DEFAULT)
}

impl Wanted {
    /// What Go and Rust read alike is asked; any other expression may mean anything.
    fn read(pattern: &str) -> Self {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || PLAIN.contains(c);
        if pattern.is_empty() {
            return Self::Any;
        }
        if !pattern.chars().all(is_plain) || pattern.contains("(?") {
            return Self::Unclear;
        }
        Regex::new(&format!("^(?:{pattern})$")).map_or(Self::Unclear, Self::Like)
    }

    fn may_be(&self, text: &str) -> bool {
        self.is(text) != Some(false)
    }

    fn is(&self, text: &str) -> Option<bool> {
        match self {
            Self::Any => Some(true),
            Self::Like(pattern) => Some(pattern.is_match(text)),
            Self::Unclear => None,
        }
    }
}

impl Identity {
    fn read(document: &Node) -> Option<Self> {
        let text = |pointer| document.pointer(pointer).and_then(Node::as_str);
        let version = text("/apiVersion")?;
        let kind = text("/kind")?;
        // A list stands for what is in it.
        if is_disguised(document) || kind.ends_with("List") {
            return None;
        }
        Some(Self {
            api_version: version.to_owned(),
            namespace: text("/metadata/namespace").map(str::to_owned),
            kind: kind.to_owned(),
            name: text("/metadata/name")?.to_owned(),
        })
    }

    fn may_be(&self, object: &Object) -> bool {
        let reference = &object.reference;
        let group = self.api_version.rsplit_once('/');
        let group = group.map_or("", |(group, _)| group);
        (group, &self.kind, &self.name) == (reference.group(), &reference.kind, &reference.name)
    }

    /// Whether it is all that an object is called by, in one of the namespaces that it was in.
    fn is(&self, object: &Object, seen: &Seen<'_>) -> bool {
        let own = effective(self.namespace.as_deref());
        let namespaces = seen.namespaces(object);
        self.may_be(object)
            && self.api_version == object.reference.api_version
            && namespaces.is_some_and(|all| all.contains(&own))
    }
}

/// Whether an object tells kustomize that it was called otherwise before.
pub(super) fn is_disguised(object: &Node) -> bool {
    let annotations = object.pointer("/metadata/annotations");
    let Some(annotations) = annotations.and_then(super::mapping) else {
        return annotations.is_some();
    };
    annotations
        .iter()
        .any(|entry| entry.key.starts_with(OF_KUSTOMIZE))
}

/// Whether a text may name an annotation that kustomize obeys: it drops an object for one, or takes it for another one.
pub(in crate::sources) fn is_for_kustomize(text: &str) -> bool {
    text.contains("config.kubernetes.io")
}

/// Whether a comment may tell kustomize how lists are merged: what describes a field there is JSON.
fn tells_of_lists(text: &str) -> bool {
    let mut comments = text.lines().filter_map(|line| line.split_once('#'));
    comments.any(|(_, comment)| comment.contains('{'))
}

/// A text, empty where there is none; `None` where it is something else.
fn text<'v>(fields: &'v Map<String, Value>, key: &str) -> Option<&'v str> {
    match fields.get(key) {
        None | Some(Value::Null) => Some(""),
        Some(value) => value.as_str(),
    }
}

const PATCH: [&str; 4] = ["path", "patch", "target", "options"];
const TARGET: [&str; 7] = [
    "group",
    "version",
    "kind",
    "name",
    "namespace",
    "labelSelector",
    "annotationSelector",
];
/// Where kustomize takes objects to be that name no namespace.
const DEFAULT: &str = "default";
/// What stands in expressions, beside letters and digits, that mean the same to Go and to Rust.
const PLAIN: &str = "-_./|*+?()^$";
const OF_KUSTOMIZE: &str = "internal.config.kubernetes.io/";
