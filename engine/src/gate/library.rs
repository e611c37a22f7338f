//! The policies there are, apart from any range: for listing, testing and explaining them.
//! Judges nothing.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Error;
use super::judge::{self, Judge};
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
    Ok(judge(path, bytes, files)?.config)
}

/// As [`validate`], with the files that [`Config::signer_files`] names, as far as they are there.
///
/// # Errors
/// Every problem.
pub fn validate_signed(
    path: &RepoPath,
    bytes: &[u8],
    files: &[(RepoPath, Vec<u8>)],
    signers: BTreeMap<RepoPath, Vec<u8>>,
) -> Result<Config, Error> {
    let mut config = judge::parse(path, bytes, files)?;
    config.read_signers(signers);
    Ok(Judge::new(config, files, "the working tree", None)?.config)
}

/// As [`validate`], with the settings of each policy that runs, every default filled in.
///
/// # Errors
/// Every problem.
pub fn resolve(
    path: &RepoPath,
    bytes: &[u8],
    files: &[(RepoPath, Vec<u8>)],
) -> Result<(Config, BTreeMap<String, Value>), Error> {
    let Judge {
        config, policies, ..
    } = judge(path, bytes, files)?;
    let settings = policies.iter().map(|policy| {
        let folder = policy.folder();
        let section = config.settings.get(folder);
        let own = policy.settings().of_profile(config.profile.as_str());
        (folder.to_owned(), own.filled(section))
    });
    let some =
        settings.filter(|(_, settings)| settings.as_object().is_some_and(|all| !all.is_empty()));
    let settings = some.collect();
    Ok((config, settings))
}

fn judge(path: &RepoPath, bytes: &[u8], files: &[(RepoPath, Vec<u8>)]) -> Result<Judge, Error> {
    let config = judge::parse(path, bytes, files)?;
    Judge::new(config, files, "the working tree", None)
}
