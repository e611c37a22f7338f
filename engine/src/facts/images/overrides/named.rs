//! The `ConfigMaps` and Secrets that deployers may name, and what such are made of in the cluster. Reads no Secret; knows nothing of
//! who names them.

use serde_json::{Map, Value};

use crate::facts::inventory::CONFIG_MAP;
use crate::model::{ObjectRef, step_of};

/// What deployers may name: an object, or what is made of it.
#[derive(Debug)]
pub(super) struct Named<'v> {
    pub(super) kind: &'v str,
    pub(super) namespace: Option<String>,
    pub(super) name: String,
    /// What it may be called too.
    alias: Option<String>,
    /// The object, where what it holds can be read in it.
    pub(super) read: Option<&'v Value>,
    /// Where what it holds stands in the object.
    pub(super) held_at: &'static str,
}

impl<'v> Named<'v> {
    pub(super) fn of(object: &'v ObjectRef, value: &'v Value) -> Option<Self> {
        let text = |at: &str| value.pointer(at).and_then(Value::as_str);
        let own = Self {
            kind: SECRET,
            namespace: object.namespace.clone(),
            name: object.name.clone(),
            alias: None,
            read: None,
            held_at: "/spec",
        };
        Some(match (object.group(), object.kind.as_str()) {
            ("", CONFIG_MAP) => Self {
                kind: CONFIG_MAP,
                read: Some(value),
                held_at: "/data",
                ..own
            },
            ("", SECRET) => Self {
                held_at: "/data",
                ..own
            },
            SEALED => Self {
                alias: text("/spec/template/metadata/name").map(str::to_owned),
                ..own
            },
            EXTERNAL => Self {
                kind: text("/spec/target/manifest/kind").unwrap_or(SECRET),
                name: match text("/spec/target/name") {
                    Some(name) if !name.is_empty() => name.to_owned(),
                    _ => own.name,
                },
                ..own
            },
            _ => return None,
        })
    }

    /// Whether it is the one of this kind and name.
    pub(super) fn is(&self, namespace: &Option<String>, (kind, name): (&str, &str)) -> bool {
        self.kind == kind
            && self.namespace == *namespace
            && (self.name == name || self.alias.as_deref() == Some(name))
    }

    /// Whether an item of a list of references names it.
    pub(super) fn is_said_by(&self, item: &Value) -> bool {
        let text = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
        self.is(&self.namespace, (text("kind"), text("name")))
    }

    /// Where it is told what the whole of it has a say in.
    pub(super) fn whole_at(&self) -> String {
        let data = self.read.and_then(|value| value.get("data")?.as_object());
        let first = data.into_iter().flat_map(Map::keys).next();
        let first = first.map(|key| format!("/{}", step_of(key)));
        format!("{}{}", self.held_at, first.unwrap_or_default())
    }
}

/// Whether deployers may name an object of this kind, or what is made of it.
pub(super) fn is_named_kind(object: &ObjectRef) -> bool {
    let own = (object.group(), object.kind.as_str());
    [("", CONFIG_MAP), ("", SECRET), SEALED, EXTERNAL].contains(&own)
}

/// Whether nobody reads what it holds.
pub(super) fn is_unread_kind(object: &ObjectRef) -> bool {
    is_named_kind(object) && object.kind != CONFIG_MAP
}

const SECRET: &str = "Secret";

/// What a controller decrypts into a Secret.
const SEALED: (&str, &str) = ("bitnami.com", "SealedSecret");

/// What a controller fetches into a Secret, or into what else it says.
const EXTERNAL: (&str, &str) = ("external-secrets.io", "ExternalSecret");
