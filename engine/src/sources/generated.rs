//! `ConfigMaps` and Secrets that kustomizations make: what each may be called, and what it holds where the kustomization
//! itself says that. Reads no other file.
//!
//! Source: kustomize, `configMapGenerator` and `secretGenerator` in its reference, and the hasher in `api/hasher`.

use std::collections::BTreeMap;

use super::changes::mapping;
use crate::manifest::{Node, is_read_as};

/// What a kustomization makes, and how it calls whatever comes out of it.
#[derive(Default)]
pub(super) struct Generators {
    all: Vec<Generated>,
    prefix: String,
    suffix: String,
    namespace: Option<String>,
    /// Whether it makes or renames more than is read here.
    opens: bool,
}

/// One object that a kustomization makes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Generated {
    kind: &'static str,
    name: String,
    namespace: Option<String>,
    /// All that it holds; nothing where that stands in other files.
    pub(super) held: Option<BTreeMap<String, String>>,
}

impl Generators {
    /// Those of a kustomization; nothing stands for one that cannot be read.
    pub(super) fn of_kustomization(root: Option<&Node>) -> Self {
        let Some(root) = root else {
            return Self::unknown();
        };
        let mut keys = mapping(root).into_iter().flatten();
        let opens = keys.any(|entry| is_open(&entry.key));
        let text = |key: &str| root.get(key).and_then(Node::as_str).map(str::to_owned);
        let kinds = KINDS.into_iter().flat_map(|(key, kind)| {
            let items = root.get(key).and_then(Node::items).unwrap_or_default();
            items
                .iter()
                .filter_map(move |item| Generated::read(kind, item))
        });
        Self {
            all: kinds.collect(),
            prefix: text("namePrefix").unwrap_or_default(),
            suffix: text("nameSuffix").unwrap_or_default(),
            namespace: text("namespace"),
            opens,
        }
    }

    /// Those of what nobody can read.
    fn unknown() -> Self {
        Self {
            opens: true,
            ..Self::default()
        }
    }

    /// Whether it may make more, of any name.
    pub(super) fn opens(&self) -> bool {
        self.opens
    }

    /// What it makes itself.
    pub(super) fn all(&self) -> &[Generated] {
        &self.all
    }

    /// What it calls an object that comes out of it.
    pub(super) fn call(&self, object: Generated) -> Generated {
        Generated {
            name: format!("{}{}{}", self.prefix, object.name, self.suffix),
            namespace: self.namespace.clone().or(object.namespace),
            ..object
        }
    }
}

impl Generated {
    fn read(kind: &'static str, item: &Node) -> Option<Self> {
        let text = |key: &str| item.get(key).and_then(Node::as_str).map(str::to_owned);
        let name = text("name")?;
        let is_plain = |key: &str| ["name", "namespace", "literals", "options"].contains(&key);
        let mut keys = mapping(item)?.iter().map(|entry| &*entry.key);
        let literals = item.get("literals").and_then(Node::items);
        let held = literals.map(|all| all.iter().map(literal).collect::<Option<_>>());
        Some(Self {
            kind,
            name,
            namespace: text("namespace"),
            held: held.flatten().filter(|_| keys.all(is_plain)),
        })
    }

    /// Whether it may be applied as that object: under its name, or with the hash of what it holds behind that.
    pub(super) fn may_be(&self, kind: &str, namespace: &str, name: &str) -> bool {
        let rest = name.strip_prefix(&self.name);
        let is_hash = |rest: &str| {
            let hash = rest.strip_prefix('-').unwrap_or_default();
            hash.len() == HASH && hash.bytes().all(|it| it.is_ascii_alphanumeric())
        };
        self.kind == kind
            && self.namespace.as_ref().is_none_or(|own| own == namespace)
            && rest.is_some_and(|rest| rest.is_empty() || is_hash(rest))
    }
}

/// Whether kustomize makes or renames objects by what stands under a key, and it is not read here; it reads keys in
/// whatever case.
fn is_open(key: &str) -> bool {
    let mut unread = READ.into_iter().filter(|known| *known != key).chain(OPEN);
    unread.any(|field| is_read_as(key, field))
}

/// What `key=value` says; nothing where kustomize may read another value, or Flux put something else into it.
fn literal(node: &Node) -> Option<(String, String)> {
    let (key, value) = node.as_str()?.split_once('=')?;
    let is_quoted = value.starts_with(['"', '\'']) || value.ends_with(['"', '\'']);
    (!is_quoted && !value.contains('$')).then(|| (key.to_owned(), value.to_owned()))
}

const KINDS: [(&str, &str); 2] = [
    ("configMapGenerator", "ConfigMap"),
    ("secretGenerator", "Secret"),
];
/// Keys that are read here.
const READ: [&str; 5] = [
    "configMapGenerator",
    "secretGenerator",
    "namePrefix",
    "nameSuffix",
    "namespace",
];
/// Keys by which objects are made or renamed in other ways.
const OPEN: [&str; 4] = [
    "generators",
    "transformers",
    "helmCharts",
    "helmChartInflationGenerator",
];
/// How many letters and digits kustomize puts behind a name.
const HASH: usize = 10;
