//! Paths that are too deep or too long to be followed.
//! Knows nothing of what lies there.

use super::{Error, Selector};
use crate::model::RepoPath;
use crate::model::limits::{self, Limit};

/// Files and folders that were not looked at, since they are out of reach.
///
/// Whoever wants one of them must refuse: what is there is not known.
#[derive(Clone, Debug, Default)]
pub struct Beyond {
    paths: Vec<RepoPath>,
    /// Of a difference: what is only on the old side, and keeps nobody from removing it.
    removed: Vec<RepoPath>,
}

impl Beyond {
    pub(super) fn push(&mut self, path: &[u8]) -> Result<(), Error> {
        self.paths.push(RepoPath::new(path));
        check_count(self.paths.len(), limits::BEYOND_REACH)
    }

    pub(super) fn push_removed(&mut self, path: &[u8]) -> Result<(), Error> {
        self.removed.push(RepoPath::new(path));
        check_count(self.removed.len(), limits::BEYOND_REACH)
    }

    /// What is there and none of `selectors` selects.
    pub fn beside<'a>(
        &'a self,
        selectors: &'a [&Selector],
    ) -> impl Iterator<Item = &'a RepoPath> + 'a {
        let selected = |path: &RepoPath| {
            let path = path.as_bytes();
            selectors
                .iter()
                .any(|it| it.matches_bytes(path) || it.may_match_below(path))
        };
        self.paths.iter().filter(move |path| !selected(path))
    }

    /// What is not there any more.
    #[must_use]
    pub fn removed(&self) -> &[RepoPath] {
        &self.removed
    }

    /// Refuses where something that `selector` selects may be out of reach.
    ///
    /// # Errors
    /// The path that is too deep or too long.
    pub fn refuse_selected(&self, selector: &Selector) -> Result<(), Error> {
        self.refuse(|path| selector.matches_bytes(path) || selector.may_match_below(path))
    }

    /// Refuses where anything is out of reach.
    pub(super) fn refuse_any(&self) -> Result<(), Error> {
        self.refuse(|_| true)?;
        let first = self.removed.first();
        first.map_or(Ok(()), |path| check_path(path.as_bytes()))
    }

    fn refuse(&self, wanted: impl Fn(&[u8]) -> bool) -> Result<(), Error> {
        let mut paths = self.paths.iter().map(RepoPath::as_bytes);
        paths.find(|path| wanted(path)).map_or(Ok(()), check_path)
    }
}

/// Bounds length and depth, and with them every recursion over folders.
pub(super) fn check_path(path: &[u8]) -> Result<(), Error> {
    if path.len() > limits::PATH_LENGTH.most {
        return Err(Error::PathTooLong {
            path: RepoPath::new(path.get(..80).unwrap_or_default()),
            limit: limits::PATH_LENGTH.most,
        });
    }
    if path.iter().filter(|byte| **byte == b'/').count() >= limits::PATH_DEPTH.most {
        return Err(Error::PathTooDeep {
            path: RepoPath::new(path),
            limit: limits::PATH_DEPTH.most,
        });
    }
    Ok(())
}

/// Bounds the number of files.
pub(super) fn check_count(count: usize, limit: Limit) -> Result<(), Error> {
    if count > limit.most {
        return Err(Error::TooManyEntries(limit.most));
    }
    Ok(())
}
