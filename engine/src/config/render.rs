//! What the configuration says of rendering, and where it says to look for Argo CD's and Flux's objects.
//! Knows no tree.

use std::collections::BTreeMap;

use super::raw::{RawDeployers, RawRender, RawSourceRender, RenderTool};
use crate::git::Selector;

/// Which objects of the tree say what an environment's units are.
#[derive(Clone, Debug)]
pub struct Deployers {
    /// Whose objects.
    pub kind: DeployerKind,
    /// The files that hold them, and what they refer to.
    pub paths: Selector,
    /// The labels that they must have.
    pub match_labels: BTreeMap<String, String>,
    /// The Argo CD project that they must be of.
    pub project: Option<String>,
    /// The namespace that they must stand in.
    pub namespace: Option<String>,
    /// The cluster that they must deploy to.
    pub cluster: Option<String>,
    /// Where it stands in the configuration: `/environments/0/applications`.
    pub pointer: String,
}

/// Whose objects say what the units are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeployerKind {
    /// Argo CD's.
    ArgoCd,
    /// Flux's.
    Flux,
}

impl Deployers {
    pub(super) fn build(
        raw: RawDeployers,
        kind: DeployerKind,
        pointer: String,
    ) -> Result<Self, String> {
        Ok(Self {
            kind,
            paths: Selector::parse(&raw.paths).map_err(|error| error.to_string())?,
            match_labels: raw.match_labels,
            project: raw.project,
            namespace: raw.namespace,
            cluster: raw.cluster,
            pointer,
        })
    }
}

/// What holds for every rendering of an environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RenderDefaults {
    /// The version of Kubernetes that charts see.
    pub kube_version: Option<String>,
    /// The API versions that charts see beside Helm's own.
    pub api_versions: Option<Vec<String>>,
    /// The version that kustomize must say of itself.
    pub kustomize: Option<String>,
    /// The version that Helm must say of itself.
    pub helm: Option<String>,
}

impl RenderDefaults {
    /// What is not said here is as in `defaults`.
    pub(super) fn new(raw: RawRender, defaults: &Self) -> Self {
        let version = |tool: Option<super::raw::RawTool>| tool.map(|tool| tool.version);
        let defaults = defaults.clone();
        Self {
            kube_version: raw.kube_version.or(defaults.kube_version),
            api_versions: raw.api_versions.or(defaults.api_versions),
            kustomize: version(raw.kustomize).or(defaults.kustomize),
            helm: version(raw.helm).or(defaults.helm),
        }
    }
}

/// How the folder of a source becomes objects, as the configuration says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceRender {
    /// What makes them.
    pub tool: RenderTool,
    /// The name of the Helm release.
    pub release: Option<String>,
    /// The namespace.
    pub namespace: Option<String>,
    /// Files of values, from the root of the tree.
    pub values: Vec<String>,
    /// Whether Helm leaves the folder `crds` out.
    pub skip_crds: bool,
    /// Whether folders of a plain folder count.
    pub recurse: Option<bool>,
}

impl SourceRender {
    pub(super) fn new(raw: RawSourceRender) -> Self {
        Self {
            tool: raw.tool,
            release: raw.release,
            namespace: raw.namespace,
            values: raw.values,
            skip_crds: raw.skip_crds,
            recurse: raw.recurse,
        }
    }
}
