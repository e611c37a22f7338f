//! What one run has read of a repository, whichever of its ranges asks: each file, each tree once.
//! Knows by id what was read, so that no range changes what another sees; judges nothing.

use std::cell::{Cell, OnceCell, RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use super::Error;
use super::file::File;
use super::side::Side;
use crate::facts::index::{BlobIndex, Cache};
use crate::git::{Repository, Snapshot, TreeEntry};
use crate::model::{GitId, RepoPath, limits};

/// What one run has read.
pub(super) struct Reading {
    files: RefCell<BTreeMap<(RepoPath, GitId), Arc<File>>>,
    /// Bytes of these files.
    bytes: Cell<usize>,
    /// By commit.
    sides: RefCell<BTreeMap<GitId, Rc<Side>>>,
    index: OnceCell<RefCell<BlobIndex>>,
    /// The index is opened while other things are read.
    opening: RefCell<Option<JoinHandle<BlobIndex>>>,
    cache: Cache,
}

impl Reading {
    /// Nothing yet; the index is kept in `cache`.
    pub(super) fn new(cache: Cache) -> Self {
        let place = cache.clone();
        let opening = thread::Builder::new().spawn(move || BlobIndex::open(place));
        Self {
            files: RefCell::default(),
            bytes: Cell::default(),
            sides: RefCell::default(),
            index: OnceCell::new(),
            opening: RefCell::new(opening.ok()),
            cache,
        }
    }

    /// What a file holds.
    pub(super) fn file(
        &self,
        entry: &TreeEntry,
        repository: &Repository,
    ) -> Result<Arc<File>, Error> {
        let key = (entry.path.clone(), entry.id);
        if let Some(file) = self.files.borrow().get(&key) {
            return Ok(Arc::clone(file));
        }
        let bytes = repository.file(entry)?;
        self.count(&entry.path, bytes.len())?;
        let file = Arc::new(File::read(&entry.path, &bytes)?);
        self.files.borrow_mut().insert(key, Arc::clone(&file));
        Ok(file)
    }

    /// What is read is kept, so all of it is bounded.
    fn count(&self, path: &RepoPath, bytes: usize) -> Result<(), Error> {
        let total = self.bytes.get().saturating_add(bytes);
        if total > limits::TOTAL_BYTES.most {
            return Err(Error::TotalBytes { path: path.clone() });
        }
        self.bytes.set(total);
        Ok(())
    }

    /// The side that shows this snapshot.
    pub(super) fn side(&self, snapshot: Snapshot) -> Rc<Side> {
        let Some(commit) = snapshot.commit() else {
            return Rc::new(Side::new(snapshot));
        };
        let mut sides = self.sides.borrow_mut();
        let side = sides
            .entry(commit)
            .or_insert_with(|| Rc::new(Side::new(snapshot)));
        Rc::clone(side)
    }

    pub(super) fn index(&self) -> RefMut<'_, BlobIndex> {
        let opened = || self.opening.take()?.join().ok();
        let index = || opened().unwrap_or_else(|| BlobIndex::open(self.cache.clone()));
        let index = self.index.get_or_init(|| RefCell::new(index()));
        index.borrow_mut()
    }

    /// Frees what was read, on a thread that nobody waits for.
    pub(super) fn leave(self) {
        let read = (self.files, self.index);
        let _ = thread::Builder::new().spawn(move || drop(read));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;

    #[test]
    fn what_is_read_is_bounded_as_a_whole() {
        let most = limits::TOTAL_BYTES.most;
        let path = RepoPath::from("a.yaml");
        for (sizes, refused) in [
            (vec![most - 1, 1], false),
            (vec![most, 1], true),
            (vec![1, 10 * most], true),
            (vec![1, usize::MAX], true),
        ] {
            let reading = Reading::new(Cache::Off);
            let counted = sizes
                .iter()
                .try_for_each(|size| reading.count(&path, *size));
            let code = counted.err().map(|error| code_of(&error));
            assert_eq!(code.as_deref(), refused.then_some("limit.total-bytes"));
        }
    }
}
