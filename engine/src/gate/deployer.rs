//! Files that a deployer evaluates, obeys or leaves out.
//! Knows names and marks only.

use super::Error;
use crate::model::RepoPath;

/// Refuses a file of a unit that Argo CD would evaluate (Jsonnet) or that changes what Argo CD
/// (`.argocd-source.yaml`) or Flux (`.sourceignore`) take of the folder: only rendering could say what
/// comes of it.
///
/// Source: Argo CD, "Directory", "Jsonnet" and "Parameter Overrides" in its user guide; Flux, "Excluding
/// files" of `GitRepository`.
pub(super) fn obeys(path: &RepoPath) -> Result<(), Error> {
    let name = path.file_name();
    let evaluated = ENDINGS.iter().any(|ending| name.ends_with(ending));
    if evaluated || name.starts_with(b".argocd-source") || name == b".sourceignore" {
        return Err(Error::rendered_in_place(path));
    }
    Ok(())
}

/// Whether Argo CD leaves out the whole file, because of a mark that may stand anywhere in it.
///
/// Source: Argo CD, "Skipping File Rendering" of directories in its user guide.
pub(super) fn leaves_out(bytes: &[u8]) -> bool {
    bytes.windows(SKIPPED.len()).any(|found| found == SKIPPED)
}

const SKIPPED: &[u8] = b"+argocd:skip-file-rendering";
const ENDINGS: [&[u8]; 2] = [b".jsonnet", b".libsonnet"];
