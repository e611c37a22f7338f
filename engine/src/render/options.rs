//! How a folder becomes objects: the tool and what its deployer tells it.
//! Knows no process and no file.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::manifest::secrets::is_secret_name;
use crate::model::RepoPath;

/// One folder of a tree, and how it becomes objects.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Rendering {
    /// From the root of the tree, empty for the root itself; it holds the kustomization or the chart.
    pub folder: RepoPath,
    /// Who asks for it; Argo CD and Flux give the same tool other options.
    pub deployer: Deployer,
    /// What renders it.
    pub tool: Tool,
}

impl Rendering {
    /// What the deployer hands over under a name that sounds like a secret.
    #[must_use]
    pub fn secrets(&self) -> Vec<String> {
        let mut found = Vec::new();
        match &self.tool {
            Tool::Kustomize(kustomize) => {
                let given = kustomize.substitute.iter().flatten();
                let given = given.filter(|(name, _)| is_secret_name(name));
                found.extend(given.map(|(_, value)| value.clone()));
            }
            Tool::Helm(helm) => {
                let given = helm.parameters.iter();
                let given = given.filter(|given| is_secret_name(&given.name));
                found.extend(given.map(|given| given.value.clone()));
                helm.values.iter().for_each(|it| named(it, &mut found));
            }
        }
        found
    }
}

/// The texts below keys that sound like a secret.
fn named(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(entries) => {
            for (key, value) in entries {
                if is_secret_name(key) {
                    texts(value, found);
                } else {
                    named(value, found);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| named(item, found)),
        _ => {}
    }
}

fn texts(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::String(text) => found.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, found)),
        Value::Object(entries) => entries.values().for_each(|value| texts(value, found)),
        _ => {}
    }
}

/// Who renders and applies a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Deployer {
    /// Argo CD.
    #[default]
    ArgoCd,
    /// Flux.
    Flux,
}

/// What renders a folder, and with which options.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Tool {
    /// `kustomize build`.
    Kustomize(Kustomize),
    /// `helm template`.
    Helm(Helm),
}

/// What a deployer adds to a kustomization before it builds it.
///
/// Source: Argo CD, `spec.source.kustomize`; Flux, `spec` of a Kustomization.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Kustomize {
    /// Put before names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_prefix: Option<String>,
    /// Put behind names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name_suffix: Option<String>,
    /// The namespace of everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Other images.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageOverride>,
    /// More labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub labels: Option<LabelOverride>,
    /// More annotations.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// Other numbers of replicas, by name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub replicas: BTreeMap<String, u64>,
    /// Inline patches, each an item of a kustomization's `patches`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patches: Vec<Value>,
    /// Components, as paths from the folder.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub components: Vec<String>,
    /// The values of `${name}` in what was built, where the deployer replaces them (Flux, `postBuild`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub substitute: Option<BTreeMap<String, String>>,
    /// Patterns of files that do not exist for the deployer, in the syntax of `.gitignore`, from the
    /// root of the tree (Flux, `spec.ignore` and `.sourceignore`).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ignore: Vec<String>,
}

/// Another image for one that the kustomization names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageOverride {
    /// The name that is there.
    pub name: String,
    /// The name that replaces it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_name: Option<String>,
    /// Its tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_tag: Option<String>,
    /// Its digest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// Labels that a deployer adds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelOverride {
    /// The labels.
    pub pairs: BTreeMap<String, String>,
    /// Whether selectors get them too.
    pub include_selectors: bool,
    /// Whether templates of pods get them too.
    pub include_templates: bool,
}

/// What a deployer tells Helm.
///
/// Source: Argo CD, `spec.source.helm`; Flux, `spec` of a `HelmRelease`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Helm {
    /// The name of the release.
    pub release: String,
    /// Its namespace.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// Files of values from the root of the tree, in their order; the last one wins.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub value_files: Vec<RepoPath>,
    /// Whether a file of values that is not there is left out instead of an error.
    pub ignore_missing_value_files: bool,
    /// Values in the deployer's own object; they win over those of files.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<Value>,
    /// Single values; they win over all others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Parameter>,
    /// Single values whose text is a file, as name and path from the root of the tree.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub file_parameters: Vec<(String, RepoPath)>,
    /// Whether the folder `crds` is left out.
    pub skip_crds: bool,
    /// Whether manifests of tests are left out.
    pub skip_tests: bool,
    /// Whether values are not checked against the chart's schema.
    pub skip_schema_validation: bool,
    /// The version of Kubernetes that templates see; not known where nobody says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kube_version: Option<String>,
    /// The API versions that templates see, beside Helm's own; not known where nobody says them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_versions: Option<Vec<String>>,
}

/// A single value, as `--set` takes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    /// Where it goes, in the syntax of `--set`.
    pub name: String,
    /// What goes there.
    pub value: String,
    /// Whether it is a string, whatever it looks like.
    pub force_string: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_given_under_the_name_of_a_secret_is_one() {
        let helm = Helm {
            values: Some(json!({"db": {"password": "a-value"}, "apiTokens": ["b"], "x": ["c"]})),
            parameters: vec![
                Parameter {
                    name: "redis.auth.password".to_owned(),
                    value: "d".to_owned(),
                    ..Parameter::default()
                },
                Parameter {
                    name: "replicas".to_owned(),
                    value: "3".to_owned(),
                    ..Parameter::default()
                },
            ],
            ..Helm::default()
        };
        let mut rendering = Rendering {
            folder: "apps/web".into(),
            deployer: Deployer::ArgoCd,
            tool: Tool::Helm(helm),
        };
        assert_eq!(rendering.secrets(), ["d", "b", "a-value"]);
        let given = [("DB_PASSWORD", "e"), ("REGION", "eu")];
        let given = given.map(|(name, value)| (name.to_owned(), value.to_owned()));
        rendering.tool = Tool::Kustomize(Kustomize {
            substitute: Some(given.into()),
            ..Kustomize::default()
        });
        assert_eq!(rendering.secrets(), ["e"]);
    }
}
