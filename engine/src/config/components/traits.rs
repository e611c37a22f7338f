//! What an object shows of itself: labels, images, the names of the keys it uses, Odoo modules.
//! Knows no component. Values of Secrets and `ConfigMaps` are never looked at.

use std::collections::BTreeSet;

use serde_json::Value;

use super::pattern::repository;
use crate::model::{ObjectRef, RepoPath};

/// What an object shows of itself.
#[derive(Default)]
pub(super) struct Traits<'a> {
    pub(super) labels: BTreeSet<(&'a str, &'a str)>,
    pub(super) images: Vec<RepoPath>,
    pub(super) modules: BTreeSet<String>,
    pub(super) keys: BTreeSet<String>,
}

impl<'a> Traits<'a> {
    pub(super) fn of(object: &'a Value, reference: &ObjectRef, images: &[&str]) -> Self {
        let mut traits = Self {
            images: images
                .iter()
                .map(|image| repository(image).into())
                .collect(),
            ..Self::default()
        };
        for pointer in LABELS {
            let labels = object.pointer(pointer).and_then(Value::as_object);
            let labels = labels.into_iter().flatten();
            traits
                .labels
                .extend(labels.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?))));
        }
        if reference.group().is_empty() && matches!(reference.kind.as_str(), "ConfigMap" | "Secret")
        {
            traits.keys.insert(as_variable(&reference.name));
            for data in ["data", "stringData", "binaryData"] {
                let keys = object.get(data).and_then(Value::as_object);
                traits
                    .keys
                    .extend(keys.into_iter().flatten().map(|(key, _)| as_variable(key)));
            }
        }
        for pod in POD_SPECS
            .iter()
            .filter_map(|pointer| object.pointer(pointer))
        {
            for list in ["containers", "initContainers", "ephemeralContainers"] {
                list_at(pod, list).for_each(|container| traits.container(container));
            }
        }
        traits
    }

    fn container(&mut self, container: &Value) {
        for variable in list_at(container, "env") {
            let name = variable
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            self.keys.insert(as_variable(name));
            if name == "ODOO_MODULES" {
                let value = variable.get("value").and_then(Value::as_str);
                self.modules
                    .extend(comma_separated(value.unwrap_or_default()));
            }
            for pointer in ["/valueFrom/secretKeyRef", "/valueFrom/configMapKeyRef"] {
                let reference = variable.pointer(pointer);
                self.key_names(reference, &["name", "key"]);
            }
        }
        for source in list_at(container, "envFrom") {
            self.key_names(source.get("secretRef"), &["name"]);
            self.key_names(source.get("configMapRef"), &["name"]);
        }
        let words: Vec<&str> = ["command", "args"]
            .iter()
            .flat_map(|list| list_at(container, list))
            .filter_map(Value::as_str)
            .flat_map(str::split_whitespace)
            .collect();
        self.modules.extend(odoo_modules(&words));
    }

    fn key_names(&mut self, reference: Option<&Value>, keys: &[&str]) {
        let names = keys.iter().filter_map(|key| reference?.get(key)?.as_str());
        self.keys.extend(names.map(as_variable));
    }
}

/// The modules that Odoo is told to install, update or load: `-u a,b`, `-ua`, `--update=a`, `--init a`.
fn odoo_modules(words: &[&str]) -> Vec<String> {
    let mut modules = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let next = words.clone().next().copied().unwrap_or_default();
        let long = LONG_OPTIONS
            .iter()
            .find_map(|option| word.strip_prefix(option));
        let short = SHORT_OPTIONS
            .iter()
            .find_map(|option| word.strip_prefix(option));
        let value = match (long, short) {
            (Some(""), _) | (None, Some("")) => next,
            (Some(value), _) => value.strip_prefix('=').unwrap_or_default(),
            (None, Some(value)) => value,
            (None, None) => continue,
        };
        modules.extend(comma_separated(value));
    }
    modules
}

fn comma_separated(text: &str) -> impl Iterator<Item = String> {
    text.split(',')
        .map(|word| word.trim().to_owned())
        .filter(|word| !word.is_empty())
}

/// `stripe-api.key` as an environment variable would be called: `STRIPE_API_KEY`.
fn as_variable(name: &str) -> String {
    name.replace(['-', '.'], "_").to_ascii_uppercase()
}

fn list_at<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

const LABELS: [&str; 4] = [
    "/metadata/labels",
    "/spec/template/metadata/labels",
    "/spec/jobTemplate/spec/template/metadata/labels",
    "/spec/inheritedMetadata/labels",
];
const POD_SPECS: [&str; 3] = [
    "/spec",
    "/spec/template/spec",
    "/spec/jobTemplate/spec/template/spec",
];
const LONG_OPTIONS: [&str; 3] = ["--init", "--update", "--load"];
const SHORT_OPTIONS: [&str; 2] = ["-i", "-u"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_read_in_every_spelling_of_the_option() {
        for words in [
            ["-u", "tax"],
            ["-utax", ""],
            ["--update=tax", ""],
            ["--update", "tax"],
        ] {
            assert_eq!(odoo_modules(&words), ["tax"], "{words:?}");
        }
        assert_eq!(
            odoo_modules(&["--updates=tax", "--limit-time", "-u"]),
            Vec::<String>::new()
        );
    }
}
