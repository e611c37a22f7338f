//! Moves branches: those that a deployer follows, and those of a remote that was fetched.
//! Decides nothing; a branch moves only from where it was last seen.

use std::path::Path;

use git2::{ErrorCode, RepositoryInitOptions};

use super::object::oid;
use super::record::failed;
use super::{Error, Repository, revision, text};
use crate::model::GitId;

impl Repository {
    /// An empty repository without a working tree, with one remote.
    ///
    /// # Errors
    /// There is something already, or the folder cannot be written; an address that is an option.
    pub fn init_bare(folder: &Path, remote: &str, url: &str) -> Result<Self, Error> {
        let mut options = RepositoryInitOptions::new();
        // No template: hooks of the machine would run in it.
        options
            .bare(true)
            .initial_head("main")
            .external_template(false)
            .no_reinit(true)
            .mkpath(true);
        let made = git2::Repository::init_opts(folder, &options).and_then(|inner| {
            let name = format!("remote.{remote}.url");
            inner.config()?.set_str(&name, url)
        });
        made.map_err(|error| failed(&folder.to_string_lossy(), &error))?;
        Self::open(folder)
    }

    /// The address of a remote, as the configuration spells it.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub fn remote_url(&self, remote: &str) -> Result<Option<String>, Error> {
        let name = format!("remote.{remote}.url");
        let config = self.inner.config().and_then(|mut config| config.snapshot());
        match config.and_then(|config| config.get_string(&name)) {
            Ok(url) => Ok(Some(url)),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(failed("config", &error)),
        }
    }

    /// Notes where a remote's branch stands.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn note_remote_branch(&self, remote: &str, branch: &str, head: GitId) -> Result<(), Error> {
        let name = format!("refs/remotes/{remote}/{branch}");
        self.checked(&name)?;
        let moved = self
            .inner
            .reference(&name, oid(head), true, "tidegate: fetched");
        moved.map(drop).map_err(|error| failed(&name, &error))
    }

    /// Where a branch of this repository stands.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn local_branch(&self, branch: &str) -> Result<Option<GitId>, Error> {
        self.reference(&format!("refs/heads/{branch}"))
    }

    /// The references of this repository in whose names this stands.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn references_with(&self, part: &str) -> Result<Vec<String>, Error> {
        let read = || -> Result<Vec<String>, git2::Error> {
            let mut found = Vec::new();
            for reference in self.inner.references()? {
                let name = String::from_utf8_lossy(reference?.name_bytes()).into_owned();
                found.extend(Some(name).filter(|name| name.contains(part)));
            }
            Ok(found)
        };
        read().map_err(|error| failed("refs", &error))
    }

    /// Moves a branch of this repository from where it was seen; whether it still stood there.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn move_branch(&self, branch: &str, from: Option<GitId>, to: GitId) -> Result<bool, Error> {
        let name = format!("refs/heads/{branch}");
        self.checked(&name)?;
        self.move_reference(&name, from, to, "tidegate: promoted")
    }

    fn checked(&self, name: &str) -> Result<(), Error> {
        if revision::is_valid(name) {
            return Ok(());
        }
        Err(Error::BranchMissing(text::shown(name)))
    }
}
