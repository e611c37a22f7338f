//! A repository for trying something out: it reads the objects of another one, and has a branch of its own.
//! Writes nothing to the other: neither objects nor references.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use git2::RepositoryInitOptions;

use super::{Error, NewCommit, Repository, text};
use crate::model::{GitId, RepoPath};

/// A repository of its own, which goes with its folder.
pub struct Scratch {
    repository: Repository,
    reference: String,
    head: GitId,
}

impl Scratch {
    /// A repository in `folder`, whose one branch stands at a commit of another repository.
    ///
    /// # Errors
    /// There is something already, or the folder cannot be written.
    pub fn beside(
        other: &Repository,
        folder: &Path,
        branch: &str,
        head: GitId,
    ) -> Result<Self, Error> {
        let mut options = RepositoryInitOptions::new();
        // No template: hooks of the machine would run in it.
        options
            .bare(true)
            .initial_head(branch)
            .external_template(false)
            .no_reinit(true)
            .mkpath(true);
        git2::Repository::init_opts(folder, &options)
            .map_err(|error| failed(folder, error.message()))?;
        let from = other.inner.commondir();
        let objects = from.join("objects");
        let list = folder.join("objects/info/alternates");
        fs::write(&list, format!("{}\n", objects.display()))
            .map_err(|error| failed(&list, &error.to_string()))?;
        let shallow = from.join("shallow");
        if shallow.exists() {
            fs::copy(&shallow, folder.join("shallow"))
                .map_err(|error| failed(&shallow, &error.to_string()))?;
        }
        let scratch = Self {
            repository: Repository::open(folder)?,
            reference: format!("refs/heads/{branch}"),
            head,
        };
        scratch
            .repository
            .move_reference(&scratch.reference, None, head, SAID)?;
        Ok(scratch)
    }

    /// The repository.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Where its branch stands.
    #[must_use]
    pub fn head(&self) -> GitId {
        self.head
    }

    /// Commits one file on the branch, at `seconds` since 1970.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn commit(&mut self, path: &str, content: &[u8], seconds: i64) -> Result<GitId, Error> {
        let blob = self.repository.write_blob(content)?;
        let files = BTreeMap::from([(RepoPath::from(path), Some(blob))]);
        let base = self.repository.snapshot(self.head)?;
        let commit = NewCommit {
            tree: self.repository.write_tree(&base, &files)?,
            parent: Some(self.head),
            by: BY,
            seconds,
            message: SAID,
        };
        let next = self.repository.write_commit(&commit)?;
        self.repository
            .move_reference(&self.reference, Some(self.head), next, SAID)?;
        self.head = next;
        Ok(next)
    }
}

fn failed(path: &Path, reason: &str) -> Error {
    Error::Write {
        path: text::shown(&path.to_string_lossy()),
        reason: text::shown(reason),
    }
}

const BY: &str = "tidegate <tidegate@localhost>";
const SAID: &str = "tidegate: tried\n";
