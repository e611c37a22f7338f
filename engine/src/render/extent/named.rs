//! What a kustomization or the metadata of a chart names outside of its own folder.
//! Knows no file: whatever may be a path is one.

use serde_json::Value;

use super::super::{helm, kustomize};
use crate::manifest::{KUSTOMIZATIONS, yaml};
use crate::model::RepoPath;

/// A file that names others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Kustomization,
    /// A `Chart.yaml`, or another file that lists charts.
    Chart,
    /// What values of a chart are checked against.
    Schema,
}

impl Role {
    pub(super) fn of(path: &RepoPath) -> Option<Self> {
        let name = path.file_name();
        let is_one_of = |names: &[&str]| names.iter().any(|it| it.as_bytes() == name);
        if is_one_of(&KUSTOMIZATIONS) {
            Some(Self::Kustomization)
        } else if is_one_of(&CHARTS) {
            Some(Self::Chart)
        } else {
            (name == b"values.schema.json").then_some(Self::Schema)
        }
    }
}

/// What such a file names.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// Paths with a step upwards, as written.
    pub(super) leading_out: Vec<String>,
    /// What may be another repository.
    pub(super) addresses: Vec<String>,
    /// A repository of charts is among it.
    pub(super) takes_packages: bool,
}

impl Names {
    /// Those of a file; `None` where it may name anything.
    pub(super) fn of(role: Role, bytes: &[u8]) -> Option<Self> {
        let mut names = Self::default();
        if role == Role::Schema {
            let schema: Value = serde_json::from_slice(bytes).ok()?;
            return helm::reference_outside(&schema).is_none().then_some(names);
        }
        for node in yaml::parse(std::str::from_utf8(bytes).ok()?).ok()? {
            let root = node.to_json();
            match role {
                Role::Chart => names.add_repositories(&root)?,
                _ => {
                    let mut entries = root.as_object().into_iter().flatten();
                    entries.try_for_each(|(key, value)| names.add_field(key, value))?;
                    // A list or a text is none.
                    (root.is_object() || root.is_null()).then_some(())?;
                }
            }
        }
        Some(names)
    }

    /// All that a value names.
    pub(super) fn add_all(&mut self, value: &Value) -> Option<()> {
        self.add_below("", value)
    }

    fn add_field(&mut self, key: &str, value: &Value) -> Option<()> {
        let key = key.to_ascii_lowercase();
        let is_empty = match value {
            Value::Null => true,
            Value::Array(items) => items.is_empty(),
            _ => false,
        };
        // What runs there may be a program, which reads what it likes.
        if PLUGINS.contains(&&*key) && !is_empty {
            return None;
        }
        match &*key {
            // No path, however it looks.
            "images" => Some(()),
            key => self.add_below(key, value),
        }
    }

    fn add_below(&mut self, key: &str, value: &Value) -> Option<()> {
        match value {
            Value::String(text) => self.add(key, text),
            Value::Array(items) => items.iter().try_for_each(|item| self.add_below(key, item)),
            Value::Object(entries) => entries
                .iter()
                .try_for_each(|(key, value)| self.add_below(&key.to_ascii_lowercase(), value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => Some(()),
        }
    }

    /// A text that stands below `key` of a kustomization.
    pub(super) fn add(&mut self, key: &str, text: &str) -> Option<()> {
        let is_program = key == "helmbin" && !text.is_empty();
        if is_program || text.to_ascii_lowercase().contains("file:") {
            return None;
        }
        let known = self.leading_out.len();
        self.add_paths(text);
        // They are steps of a path that begins elsewhere.
        if STEPS.contains(&key) && self.leading_out.len() > known {
            return None;
        }
        if is_package_repository(key, text) {
            self.takes_packages = true;
        } else if text.contains("://") || kustomize::is_remote(text) {
            self.addresses.push(text.to_owned());
        }
        Some(())
    }

    /// The repositories from which charts are taken.
    fn add_repositories(&mut self, value: &Value) -> Option<()> {
        match value {
            Value::Array(items) => items.iter().try_for_each(|it| self.add_repositories(it)),
            Value::Object(entries) => entries.iter().try_for_each(|(key, value)| {
                match (key.eq_ignore_ascii_case("repository"), value) {
                    (true, Value::String(text)) => self.add_repository(text),
                    _ => self.add_repositories(value),
                }
            }),
            _ => Some(()),
        }
    }

    fn add_repository(&mut self, text: &str) -> Option<()> {
        if let Some(path) = text.strip_prefix("file://") {
            self.add_paths(path);
            return Some(());
        }
        if is_package_repository("repository", text) {
            self.takes_packages = true;
            return Some(());
        }
        // A name that the deployer knows, or a scheme of a plugin.
        text.is_empty().then_some(())
    }

    /// The text as a path, and what stands behind a `key=` in it, where that leads upwards. What begins at the root of
    /// the file system is not in the tree.
    fn add_paths(&mut self, text: &str) {
        let behind = text
            .match_indices('=')
            .filter_map(|(at, _)| text.get(at + 1..));
        for path in std::iter::once(text).chain(behind) {
            for path in [path, path.trim()] {
                let leads_up = path.split('/').any(|step| step == "..");
                if leads_up
                    && !path.starts_with('/')
                    && !self.leading_out.iter().any(|it| it == path)
                {
                    self.leading_out.push(path.to_owned());
                }
            }
        }
    }
}

/// Whether a text names where packed charts are downloaded from.
fn is_package_repository(key: &str, text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    let mut schemes = ["http://", "https://", "oci://"].iter();
    ["repository", "repo", "chartrepo", "chartrepourl"].contains(&key)
        && schemes.any(|scheme| text.starts_with(scheme))
}

const CHARTS: [&str; 4] = [
    "Chart.yaml",
    "requirements.yaml",
    "Chart.lock",
    "requirements.lock",
];
const PLUGINS: [&str; 3] = ["generators", "transformers", "validators"];
/// Of charts in a kustomization, from which kustomize makes a path.
const STEPS: [&str; 6] = [
    "name",
    "version",
    "chartname",
    "chartversion",
    "releasename",
    "namespace",
];
