//! Which objects a patch of a kustomization may change, by its target or by what it says it is for. Applies no patch.
//!
//! Source: kustomize, `PatchTransformer` and `Selector` (a target's fields are regular expressions for the whole of a text).

use std::sync::OnceLock;

use regex::Regex;
use serde_json::{Map, Value};

use super::Load;
use crate::manifest::{Node, NodeValue, Object, yaml};

/// A patch, read as far as it says what it is for.
pub(super) struct Patch {
    target: Option<Target>,
    written: Written,
    /// What its documents are for; `None` where that cannot be told.
    documents: OnceLock<Option<Vec<Identity>>>,
}

enum Written {
    Here(String),
    /// In a file, by its path from the folder of the kustomization.
    File(String),
}

/// What a target asks of an object. Of namespaces, versions and labels it is not asked here: other steps change them.
struct Target {
    group: Wanted,
    kind: Wanted,
    name: Wanted,
}

enum Wanted {
    Any,
    Like(Regex),
}

/// What a strategic merge patch is for.
struct Identity {
    group: String,
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

    fn read_documents(&self, load: Load<'_>) -> Option<Vec<Identity>> {
        let text = match &self.written {
            Written::Here(text) => text.clone(),
            Written::File(path) => String::from_utf8(load(path)?).ok()?,
        };
        let documents = yaml::parse(&text).ok()?;
        let documents = documents.iter().filter(|it| it.value != NodeValue::Null);
        let found: Vec<Identity> = documents.map(Identity::read).collect::<Option<_>>()?;
        (!found.is_empty()).then_some(found)
    }
}

impl Target {
    fn read(fields: &Map<String, Value>) -> Option<Self> {
        if !fields.keys().all(|key| TARGET.contains(&key.as_str())) {
            return None;
        }
        Some(Self {
            group: Wanted::read(text(fields, "group")?),
            kind: Wanted::read(text(fields, "kind")?),
            name: Wanted::read(text(fields, "name")?),
        })
    }

    fn may_select(&self, object: &Object) -> bool {
        let reference = &object.reference;
        self.group.may_be(reference.group())
            && self.kind.may_be(&reference.kind)
            && self.name.may_be(&reference.name)
    }
}

impl Wanted {
    /// What Go and Rust read alike is asked; any other expression may mean anything.
    fn read(pattern: &str) -> Self {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || PLAIN.contains(c);
        if pattern.is_empty() || !pattern.chars().all(is_plain) || pattern.contains("(?") {
            return Self::Any;
        }
        Regex::new(&format!("^(?:{pattern})$")).map_or(Self::Any, Self::Like)
    }

    fn may_be(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Like(pattern) => pattern.is_match(text),
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
            group: version
                .rsplit_once('/')
                .map_or("", |(group, _)| group)
                .to_owned(),
            kind: kind.to_owned(),
            name: text("/metadata/name")?.to_owned(),
        })
    }

    fn may_be(&self, object: &Object) -> bool {
        let reference = &object.reference;
        (self.group.as_str(), &self.kind, &self.name)
            == (reference.group(), &reference.kind, &reference.name)
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
/// What stands in expressions, beside letters and digits, that mean the same to Go and to Rust.
const PLAIN: &str = "-_./|*+?()^$";
const OF_KUSTOMIZE: &str = "internal.config.kubernetes.io/";
