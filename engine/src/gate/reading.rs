//! What one run has read of a repository, whichever of its ranges asks: each file, each tree once.
//! Knows by id what was read, so that no range changes what another sees; judges nothing.

use std::cell::{Cell, OnceCell, RefCell, RefMut};
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::Relaxed;
use std::thread::{self, JoinHandle};

use super::Error;
use super::deployed::Input;
use super::error::Shared;
use super::file::File;
use super::registries::Registries;
use super::rendered::RenderedFile;
use super::side::Side;
use crate::change::Source;
use crate::config::{Config, OnlineHost};
use crate::facts::index::{BlobIndex, Cache};
use crate::git::{Repository, Snapshot, TreeEntry};
use crate::manifest::Named;
use crate::model::{Digest, GitId, RepoPath, limits};
use crate::render::{GitFiles, Online, Workshop};

/// What one run has read.
pub(super) struct Reading {
    files: RefCell<BTreeMap<(RepoPath, GitId), Arc<File>>>,
    /// Bytes of these files.
    bytes: Cell<usize>,
    /// Objects in them.
    objects: Cell<usize>,
    /// Files that nobody has asked for yet, and how large they are.
    ahead: RefCell<BTreeMap<(RepoPath, GitId), Ahead>>,
    /// By commit.
    sides: RefCell<BTreeMap<GitId, Rc<Side>>>,
    index: OnceCell<RefCell<BlobIndex>>,
    /// Files of which the index does not know yet that they were read.
    untold: RefCell<Vec<(TreeEntry, Vec<Source>)>>,
    /// The index is opened while other things are read.
    opening: RefCell<Option<JoinHandle<BlobIndex>>>,
    cache: Cache,
    workshop: Arc<Workshop>,
    /// From which the judge lets remote bases be fetched.
    hosts: OnceCell<Vec<OnlineHost>>,
    /// Whom to ask for what proves images; `None` for nobody.
    registries: Option<Rc<Registries>>,
    /// What kustomizations name.
    named: RefCell<Named>,
    /// By what was asked for, of which files.
    rendered: RefCell<BTreeMap<Digest, Known>>,
}

type Ahead = (usize, Arc<File>);

/// What came out of a rendering, or why nothing did.
type Known = Result<Arc<RenderedFile>, Arc<Error>>;

/// What is to be rendered, by what names it.
type Job<'a> = (Digest, (&'a Input, &'a Snapshot));

impl Reading {
    /// Nothing yet; the index is kept in `cache`, and `workshop` renders.
    pub(super) fn new(cache: Cache, workshop: Arc<Workshop>) -> Self {
        let place = cache.clone();
        let opening = thread::Builder::new().spawn(move || BlobIndex::open(&place));
        Self {
            files: RefCell::default(),
            bytes: Cell::default(),
            objects: Cell::default(),
            ahead: RefCell::default(),
            sides: RefCell::default(),
            index: OnceCell::new(),
            untold: RefCell::default(),
            opening: RefCell::new(opening.ok()),
            cache,
            workshop,
            hosts: OnceCell::new(),
            registries: None,
            named: RefCell::default(),
            rendered: RefCell::default(),
        }
    }

    /// The same, which may ask registries.
    pub(super) fn asking(self, registries: Option<Rc<Registries>>) -> Self {
        Self { registries, ..self }
    }

    /// Whom to ask for what proves images.
    pub(super) fn registries(&self) -> Option<&Registries> {
        self.registries.as_deref()
    }

    /// Lets remote bases be fetched as `judge` says; of several, the first one that is told here.
    pub(super) fn obey(&self, judge: &Config) {
        self.hosts.get_or_init(|| judge.online.clone());
    }

    /// What becomes of remote bases.
    pub(super) fn online(&self) -> Online<'_> {
        match self.workshop.remotes() {
            None => Online::Off,
            Some(remotes) => Online::Fetched {
                remotes,
                hosts: self.hosts.get().map(Vec::as_slice).unwrap_or_default(),
            },
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
        let ahead = self.ahead.borrow_mut().remove(&key);
        let (bytes, file) = match ahead {
            Some((bytes, file)) => (bytes, Ok(file)),
            None => {
                let bytes = repository.file(entry)?;
                (bytes.len(), read(entry, &bytes))
            }
        };
        self.count(&entry.path, bytes)?;
        let file = file?;
        self.count_objects(&entry.path, file.sources.len())?;
        if !file.sources.is_empty() {
            let told = (entry.clone(), file.sources.clone());
            self.untold.borrow_mut().push(told);
        }
        self.files.borrow_mut().insert(key, Arc::clone(&file));
        Ok(file)
    }

    /// Reads files by every processor, for whoever asks for them next. What cannot be read, or not
    /// within the limit, is left to whoever asks, who is told why.
    pub(super) fn read_ahead(&self, entries: &[&TreeEntry], repository: &Repository) {
        let bytes = AtomicUsize::new(self.bytes.get());
        let read = |entry: &&TreeEntry, repository: &Repository| -> Option<Ahead> {
            if bytes.load(Relaxed) > limits::TOTAL_BYTES.most {
                return None;
            }
            let content = repository.file(entry).ok()?;
            bytes.fetch_add(content.len(), Relaxed);
            Some((content.len(), read(entry, &content).ok()?))
        };
        let files = repository.map_by_threads(entries, SHARE, read);
        let files = entries.iter().zip(files.unwrap_or_default());
        let key = |entry: &TreeEntry| (entry.path.clone(), entry.id);
        let files = files.filter_map(|(entry, file)| Some((key(entry), file?)));
        self.ahead.borrow_mut().extend(files);
    }

    /// Whether a file was read.
    pub(super) fn has_read(&self, entry: &TreeEntry) -> bool {
        let key = (entry.path.clone(), entry.id);
        self.files.borrow().contains_key(&key) || self.ahead.borrow().contains_key(&key)
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

    /// A small file may hold many.
    fn count_objects(&self, path: &RepoPath, objects: usize) -> Result<(), Error> {
        let total = self.objects.get().saturating_add(objects);
        if total > limits::OBJECTS.most {
            return Err(Error::Objects { path: path.clone() });
        }
        self.objects.set(total);
        Ok(())
    }

    /// What comes out of these, rendered side by side where it is not known.
    pub(super) fn render_ahead(
        &self,
        inputs: &[(&Input, &Snapshot)],
        repository: &Repository,
    ) -> Result<(), Error> {
        let inputs = inputs.iter().map(|input| (input.0.digest(), *input));
        let mut unknown: BTreeMap<Digest, (&Input, &Snapshot)> = inputs.collect();
        unknown.retain(|key, _| !self.rendered.borrow().contains_key(key));
        let unknown: Vec<Job<'_>> = unknown.into_iter().collect();
        let (workshop, online) = (&*self.workshop, self.online());
        let render = |(_, (input, snapshot)): &Job<'_>, repository: &Repository| {
            let files = GitFiles::new(repository, snapshot).with(online);
            let rendered = workshop.render(&files, &input.rendering, &input.closure)?;
            RenderedFile::read(input, rendered, &files).map(Arc::new)
        };
        let rendered = repository.map_by_threads(&unknown, 1, render)?;
        let keys = unknown.into_iter().map(|(key, _)| key);
        let rendered = rendered.into_iter().map(|result| result.map_err(Arc::new));
        self.rendered.borrow_mut().extend(keys.zip(rendered));
        Ok(())
    }

    /// What comes out of `input`, a folder of `snapshot`.
    pub(super) fn rendered(
        &self,
        input: &Input,
        snapshot: &Snapshot,
        repository: &Repository,
    ) -> Result<Arc<RenderedFile>, Error> {
        self.render_ahead(&[(input, snapshot)], repository)?;
        let rendered = self.rendered.borrow();
        let found = rendered.get(&input.digest()).cloned();
        found
            .unwrap_or(Err(Arc::new(Error::Unrendered)))
            .map_err(|error| Error::Shared(Shared(error)))
    }

    /// What kustomizations name that some side has read.
    pub(super) fn named(&self) -> &RefCell<Named> {
        &self.named
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
        let index = || opened().unwrap_or_else(|| BlobIndex::open(&self.cache));
        let index = self.index.get_or_init(|| RefCell::new(index()));
        let mut index = index.borrow_mut();
        for (entry, objects) in self.untold.take() {
            index.tell(&entry, objects);
        }
        index
    }

    /// Frees what was read, on a thread that nobody waits for.
    pub(super) fn leave(self) {
        let read = (self.files, self.ahead, self.index);
        let _ = thread::Builder::new().spawn(move || drop(read));
    }
}

fn read(entry: &TreeEntry, bytes: &[u8]) -> Result<Arc<File>, Error> {
    Ok(Arc::new(File::read(&entry.path, bytes)?))
}

/// Files that one thread reads at least: fewer are read before its handle is open.
const SHARE: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;

    #[test]
    fn objects_that_are_read_are_counted_together() {
        let most = limits::OBJECTS.most;
        let path = RepoPath::from("a.yaml");
        for (counts, refused) in [
            (vec![most - 1, 1], false),
            (vec![most, 1], true),
            (vec![1, 10 * most], true),
        ] {
            let reading = Reading::new(Cache::Off, Arc::default());
            let counted = counts
                .iter()
                .try_for_each(|count| reading.count_objects(&path, *count));
            let code = counted.err().map(|error| code_of(&error));
            assert_eq!(code.as_deref(), refused.then_some("limit.objects"));
        }
    }

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
            let reading = Reading::new(Cache::Off, Arc::default());
            let counted = sizes
                .iter()
                .try_for_each(|size| reading.count(&path, *size));
            let code = counted.err().map(|error| code_of(&error));
            assert_eq!(code.as_deref(), refused.then_some("limit.total-bytes"));
        }
    }
}
