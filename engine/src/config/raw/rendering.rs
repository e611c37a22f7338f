//! How the file says which objects deploy, and how folders become objects: types that only have the right
//! shape. Knows nothing of what the values mean.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{KUBE_VERSION, ONLINE_HOST, TOOL_VERSION};
use crate::model::limits;

/// Which objects of Argo CD or Flux deploy an environment.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Deployers")]
pub(in crate::config) struct RawDeployers {
    /// Globs of the files that hold them, what they refer to (sources, `ConfigMaps`), and the parents that
    /// change them.
    #[schemars(extend("minItems" = 1, "maxItems" = limits::GLOBS.most))]
    pub(in crate::config) paths: Vec<String>,
    /// Only those with all of these labels.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(in crate::config) match_labels: BTreeMap<String, String>,
    /// Only those of this Argo CD project.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(in crate::config) project: Option<String>,
    /// Only those that stand in this namespace, which the names of their units do not say then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(in crate::config) namespace: Option<String>,
    /// Only those that deploy to this cluster: its name, or its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(in crate::config) cluster: Option<String>,
}

/// How sources are rendered.
#[derive(Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Render")]
pub(in crate::config) struct RawRender {
    /// The version of Kubernetes that charts see, such as `1.33.1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(pattern = KUBE_VERSION))]
    pub(in crate::config) kube_version: Option<String>,
    /// The API versions that charts see beside Helm's own, such as `monitoring.coreos.com/v1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("maxItems" = limits::GLOBS.most))]
    pub(in crate::config) api_versions: Option<Vec<String>>,
    /// Which kustomize renders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) kustomize: Option<RawTool>,
    /// Which Helm renders.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) helm: Option<RawTool>,
}

impl RawRender {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What `--online` may fetch.
#[derive(Debug, Default, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Online")]
pub(in crate::config) struct RawOnline {
    /// The hosts of Git repositories from which kustomize's remote bases come, each pinned by its commit:
    /// `github.com`, `git.example:8443`; with `http://` before it one that has no TLS.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(inner(regex(pattern = ONLINE_HOST)), extend("maxItems" = limits::REPOSITORIES.most))]
    pub(in crate::config) hosts: Vec<String>,
}

impl RawOnline {
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Which version of a program renders.
#[derive(Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "Tool")]
pub(in crate::config) struct RawTool {
    /// The version that the program must say of itself, such as `v5.7.1`; any other is an error.
    #[schemars(regex(pattern = TOOL_VERSION))]
    pub(in crate::config) version: String,
}

/// How a folder becomes objects.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[schemars(rename = "SourceRender")]
pub(in crate::config) struct RawSourceRender {
    /// What makes the objects.
    pub(in crate::config) tool: RenderTool,
    /// The name of the Helm release; the name of the unit where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(in crate::config) release: Option<String>,
    /// The namespace that Helm is told, or that kustomize gives to everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1))]
    pub(in crate::config) namespace: Option<String>,
    /// Files of values for Helm, from the root of the repository; the last one wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("maxItems" = limits::GLOBS.most))]
    pub(in crate::config) values: Vec<String>,
    /// Whether Helm leaves the folder `crds` out.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(in crate::config) skip_crds: bool,
    /// Whether a plain folder of an Application counts with the folders in it: what `directory.recurse` of the Application
    /// says, which is `false` where it says nothing. Needed where those folders hold manifests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(in crate::config) recurse: Option<bool>,
}

/// What makes objects of a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RenderTool {
    /// `kustomize build`.
    Kustomize,
    /// `helm template`.
    Helm,
    /// Nothing: the files are the objects.
    Directory,
}
