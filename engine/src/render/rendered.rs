//! What a rendering gives: the objects as text, and where each of them comes from.
//! Knows neither kustomize nor Helm.

use crate::model::RepoPath;

/// What was rendered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rendered {
    /// The stream of documents, nothing in it that the deployer would not see.
    pub text: String,
    /// Where each document of the text comes from, in the same order.
    pub origins: Vec<Origin>,
    /// What rendered it: `kustomize`, `helm`.
    pub tool: String,
    /// Its version.
    pub version: String,
}

/// The files that a person edits to change an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Where the object stands: its resource or its template; none where it is generated.
    pub file: Option<RepoPath>,
    /// What changes or generates it, in order: patches, kustomizations, configurations of
    /// transformers, files of values.
    pub changed_by: Vec<RepoPath>,
    /// The remote base that it comes from, where that is so.
    pub base: Option<RemoteBase>,
}

/// Where a kustomization names a base in another repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteBase {
    /// The kustomization.
    pub file: RepoPath,
    /// The line.
    pub line: usize,
    /// What it names there.
    pub address: String,
}
