//! A remote of a repository: where its branches stand, their objects, and moving them.
//! Knows no verdict; whether a branch may move is decided elsewhere.

use super::answer::Pushed;
use super::program::{Program, Reach};
use crate::git::Repository;
use crate::model::GitId;
use crate::store::Error;

/// A remote, reached by the user's own `git`.
#[derive(Clone, Debug)]
pub struct Remote {
    program: Program,
}

impl Remote {
    /// The remote that the repository's configuration has under this name.
    ///
    /// # Errors
    /// There is none.
    pub fn new(repository: &Repository, name: &str) -> Result<Self, Error> {
        Ok(Self {
            program: Program::of(repository, name)?,
        })
    }

    /// What the remote's reference names now.
    ///
    /// # Errors
    /// The remote cannot be reached or does not answer.
    pub fn head(&self, reference: &str) -> Result<Option<GitId>, Error> {
        self.program.head(reference)
    }

    /// The remote's references in whose names this stands, and what each names now.
    ///
    /// # Errors
    /// The remote cannot be reached or does not answer, or has more of them than are read.
    pub fn heads_with(&self, part: &str) -> Result<Vec<(String, GitId)>, Error> {
        self.program.heads_with(part)
    }

    /// Brings the objects of the remote's reference; no reference is touched here.
    ///
    /// # Errors
    /// The remote cannot be reached, or has no such reference.
    pub fn fetch(&self, reference: &str) -> Result<(), Error> {
        self.program.fetch(reference, Reach::Missing)
    }

    /// As [`Remote::fetch`], the newest commit alone: history is cut off there, and who needs it brings it.
    ///
    /// # Errors
    /// As for [`Remote::fetch`]; a remote that only knows whole histories.
    pub fn fetch_tip(&self, reference: &str) -> Result<(), Error> {
        self.program.fetch(reference, Reach::Tip)
    }

    /// Moves the remote's reference from `expected`, which it must still name.
    ///
    /// # Errors
    /// The remote cannot be reached or does not answer.
    pub fn push(
        &self,
        commit: GitId,
        reference: &str,
        expected: Option<GitId>,
    ) -> Result<Pushed, Error> {
        self.program.push(commit, reference, expected)
    }
}
