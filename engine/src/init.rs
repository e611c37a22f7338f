//! Recognises how a GitOps repository is laid out and proposes a configuration for it.
//! Knows no Git and no working tree: it sees paths, and what `read` gives it; nothing found is run.

mod claims;
mod deployers;
mod globs;
mod names;
mod survey;
mod words;
mod yaml;

use std::collections::BTreeMap;

use crate::config::Profile;
use crate::model::{RepoPath, Stage};
use claims::Claims;
use survey::Survey;

/// What `tidegate.yaml` could say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Where things are deployed, production first.
    pub environments: Vec<Proposed>,
    /// Globs of manifests that nothing seems to deploy.
    pub unmanaged: Vec<String>,
    /// Business names that are evident from a folder's name, with the folder.
    pub components: BTreeMap<String, Vec<String>>,
    /// Files that hold objects, or that kustomize or Helm makes objects of.
    pub manifests: usize,
}

/// One environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposed {
    /// A DNS label.
    pub name: String,
    /// What its name says it is for.
    pub stage: Stage,
    /// What it was recognised by, for people.
    pub found: String,
    /// Its files.
    pub claim: Claim,
}

/// The files of an environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claim {
    /// Globs, one unit.
    Paths(Vec<String>),
    /// Folders, each a unit of its own.
    Sources(Vec<Source>),
}

/// A folder that is a unit of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// A DNS label.
    pub name: String,
    /// `Application` or `Paths`.
    pub kind: &'static str,
    /// From the root of the repository.
    pub path: String,
}

/// Proposes a configuration for the files at `paths`; `None` where none of them is a manifest.
#[must_use]
pub fn propose(
    paths: &[RepoPath],
    read: &mut dyn FnMut(&RepoPath) -> Option<Vec<u8>>,
) -> Option<Proposal> {
    let survey = Survey::of(paths, read);
    survey.manifests().next()?;
    let mut claims = Claims::default();
    claims.add_deployed(&survey);
    claims.add_folders(&survey);
    claims.add_values(&survey);
    claims.settle();
    claims.add_bases(&survey);
    let unmanaged = claims.add_rest(&survey);
    Some(Proposal {
        components: names::components(survey.manifests()),
        manifests: survey.manifests().count(),
        environments: claims.into_environments(),
        unmanaged,
    })
}

impl Proposal {
    /// The file that says so, with a comment for each thing it says.
    #[must_use]
    pub fn to_yaml(&self, branch: &str, profile: Profile) -> String {
        yaml::write(self, branch, profile)
    }
}

#[cfg(test)]
mod tests;
