//! Files that a deployer evaluates, obeys or leaves out.
//! Knows names and marks only.

use miette::Diagnostic;

use crate::model::{RepoPath, mentions};

/// A file that is not what its bytes look like to a deployer.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("`{path}` {what}: what comes of it was not judged")]
#[diagnostic(code(source::not_rendered), help("{remedy}"))]
pub struct Obeyed {
    path: RepoPath,
    what: &'static str,
    remedy: &'static str,
}

/// Refuses a file of a unit that Argo CD would evaluate (Jsonnet) or that changes what Argo CD
/// (`.argocd-source.yaml`) or Flux (`.sourceignore`) take of the folder: only rendering could say what
/// comes of it.
///
/// Source: Argo CD, "Directory", "Jsonnet" and "Parameter Overrides" in its user guide; Flux, "Excluding
/// files" of `GitRepository`.
pub(super) fn obeys(path: &RepoPath) -> Result<(), Obeyed> {
    let name = path.file_name();
    let (what, remedy) = if ENDINGS.iter().any(|ending| name.ends_with(ending)) {
        (
            "is Jsonnet, which Argo CD evaluates",
            "commit the manifests that it makes, and keep the Jsonnet outside of the unit's paths",
        )
    } else if name.starts_with(b".argocd-source") {
        (
            "overrides what Argo CD makes of its folder",
            "write what it changes into the manifests, and remove it",
        )
    } else if name == b".sourceignore" {
        (
            "makes Flux leave files out",
            "keep what is not to be deployed outside of the unit's paths, and remove it",
        )
    } else {
        return Ok(());
    };
    Err(Obeyed {
        path: path.clone(),
        what,
        remedy,
    })
}

/// Whether Argo CD leaves out the whole file, because of a mark that may stand anywhere in it.
///
/// Source: Argo CD, "Skipping File Rendering" of directories in its user guide.
pub(super) fn leaves_out(bytes: &[u8]) -> bool {
    mentions(bytes, SKIPPED)
}

/// A file with that mark.
pub(super) fn left_out(path: &RepoPath) -> Obeyed {
    Obeyed {
        path: path.clone(),
        what: "holds `+argocd:skip-file-rendering`, for which Argo CD leaves the whole file out",
        remedy: "remove the mark, or keep the file outside of the unit's paths",
    }
}

const SKIPPED: &[u8] = b"+argocd:skip-file-rendering";
const ENDINGS: [&[u8]; 2] = [b".jsonnet", b".libsonnet"];
