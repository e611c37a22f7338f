//! A folder that is rendered, and all that this reads.
//! Renders nothing.

use serde_json::json;

use super::super::{Error, deployer};
use crate::manifest::KUSTOMIZATIONS;
use crate::model::{Digest, RepoPath};
use crate::render::{self, Closure, Files, Found, ProgramError, Rendering, Tool};

/// A folder that is rendered, and all that this reads.
#[derive(Clone)]
pub(in crate::gate) struct Input {
    pub(in crate::gate) rendering: Rendering,
    pub(in crate::gate) closure: Closure,
    /// The version that the renderer must have.
    pub(in crate::gate) version: Option<String>,
}

impl Input {
    /// Refuses what another version than the wanted one rendered.
    pub(in crate::gate) fn check_version(&self, program: &str, version: &str) -> Result<(), Error> {
        let bare = |version: &str| version.trim_start_matches('v').to_owned();
        match &self.version {
            Some(wanted) if bare(wanted) != bare(version) => {
                let error = ProgramError::OtherVersion {
                    path: program.to_owned(),
                    version: version.to_owned(),
                    wanted: wanted.clone(),
                };
                Err(render::Error::from(error).into())
            }
            _ => Ok(()),
        }
    }

    /// What names the rendering and every byte that it reads.
    pub(in crate::gate) fn digest(&self) -> Digest {
        let options = json!([self.rendering, self.closure.digest()]);
        Digest::of(options.to_string().as_bytes())
    }

    /// The file that makes the folder what it is.
    pub(in crate::gate) fn root(&self) -> RepoPath {
        let names: &[&str] = match self.rendering.tool {
            Tool::Kustomize(_) => &KUSTOMIZATIONS,
            Tool::Helm(_) => &["Chart.yaml"],
        };
        let folder = &self.rendering.folder;
        let mut paths = names.iter().map(|name| folder.child(name));
        let found = paths.find(|path| self.closure.contains(path));
        found.unwrap_or_else(|| folder.clone())
    }
}

/// Refuses what changes the options of the deployer from within the folder.
pub(super) fn obeys(folder: &RepoPath, files: &dyn Files) -> Result<(), Error> {
    let path = folder.child(".argocd-source.yaml");
    match files.at(&path).map_err(render::Error::from)? {
        Found::Nothing => Ok(()),
        _ => Ok(deployer::obeys(&path)?),
    }
}
