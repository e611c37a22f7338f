//! The policies there are, apart from any range: for listing, testing and explaining them.
//! Judges nothing.

use super::Error;
use super::judge::Judge;
use crate::config::Config;
use crate::facts;
use crate::model::RepoPath;
use crate::policy::PolicySet;

/// The policies there are, with the files of the repository's own.
pub struct Policies {
    /// All of them.
    pub set: PolicySet,
    pub(super) files: Vec<(RepoPath, Vec<u8>)>,
}

impl Policies {
    /// The policies among `files`, which lie below `policies/`, in the place of those that are part
    /// of tidegate: their cases say what a change of a policy comes to.
    ///
    /// # Errors
    /// Every problem of every folder.
    pub fn from_files(files: &[(RepoPath, Vec<u8>)]) -> Result<Self, Error> {
        Ok(Self {
            set: PolicySet::from_files(files, &facts::names())?,
            files: Vec::new(),
        })
    }
}

/// The policies that are part of tidegate.
///
/// # Errors
/// They cannot be loaded, which a test keeps from happening.
pub fn embedded_policies() -> Result<PolicySet, Error> {
    Ok(PolicySet::embedded(&facts::names())?)
}

/// The policies that are part of tidegate, and those among the files of a repository below
/// `.tidegate/policies/`.
///
/// # Errors
/// Every problem of the repository's own.
pub fn policies(files: Vec<(RepoPath, Vec<u8>)>) -> Result<Policies, Error> {
    let set = embedded_policies()?.with_repository(&files, &facts::names())?;
    Ok(Policies { set, files })
}

/// Checks a configuration with the settings of the policies that are part of tidegate and of those
/// among `files`.
///
/// # Errors
/// Every problem.
pub fn validate(
    path: &RepoPath,
    bytes: &[u8],
    files: &[(RepoPath, Vec<u8>)],
) -> Result<Config, Error> {
    let config = Config::parse(path, bytes)?;
    Ok(Judge::new(config, files, "the working tree", None)?.config)
}
