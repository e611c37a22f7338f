//! A range, and what its files hold on both sides.
//! Knows nothing of policies.

mod rendered;

use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use super::file::File;
use super::reading::Reading;
use super::registries::Registries;
use super::side::{self, Side};
use super::{Error, deployer};
use crate::change::Source;
use crate::facts::images::Lock;
use crate::facts::index::{Located, Wanted};
use crate::git::{Beyond, FileChange, Repository, Selector, Snapshot, TreeEntry};
use crate::manifest::{self, RenderRoots, RootKind};
use crate::model::{ObjectRef, Part, RepoPath};

/// Two snapshots and what differs.
pub(super) struct View<'a> {
    pub(super) repository: &'a Repository,
    pub(super) base: Rc<Side>,
    pub(super) head: Rc<Side>,
    /// Every file that differs.
    pub(super) changed: Vec<FileChange>,
    /// Differences that are out of reach.
    pub(super) beyond: Beyond,
    /// Whether what differs makes or ends something that is rendered.
    makes_roots: bool,
    reading: &'a Reading,
    /// The lock of images at head, once somebody asked for it.
    pub(super) image_lock: OnceCell<Arc<Lock>>,
    /// That at base, likewise.
    pub(super) image_lock_before: OnceCell<Arc<Lock>>,
    /// Units of which it is known that nothing in them takes from others: at head or not, by environment and name.
    pub(super) alone: RefCell<BTreeSet<(bool, String, String)>>,
}

impl<'a> View<'a> {
    pub(super) fn new(
        repository: &'a Repository,
        base: Snapshot,
        head: Snapshot,
        reading: &'a Reading,
    ) -> Result<Self, Error> {
        let (changed, beyond) = repository.diff_in_reach(&base, &head)?;
        let makes_a_root = |change: &FileChange| manifest::role_of_name(&change.path).is_some();
        Ok(Self {
            repository,
            base: reading.side(base),
            head: reading.side(head),
            makes_roots: changed.iter().any(makes_a_root),
            changed,
            beyond,
            reading,
            image_lock: OnceCell::new(),
            image_lock_before: OnceCell::new(),
            alone: RefCell::default(),
        })
    }

    /// Whom to ask for what proves an image and is not recorded.
    pub(super) fn registries(&self) -> Option<&Registries> {
        self.reading.registries()
    }

    /// The files of a unit that differ. Where its selector changes, files that only one side selects
    /// count as created or deleted.
    pub(super) fn changed_under(
        &self,
        base: &Selector,
        head: &Selector,
    ) -> Result<Vec<FileChange>, Error> {
        self.beyond.refuse_selected(head)?;
        let (snapshot, changed) = (&self.head.snapshot, &self.changed);
        self.repository.refuse_stand_ins(snapshot, head, changed)?;
        if base.patterns() == head.patterns() {
            let inside = |change: &&FileChange| head.matches(&change.path);
            return Ok(self.changed.iter().filter(inside).cloned().collect());
        }
        let old = self
            .repository
            .entries_matching(&self.base.snapshot, base)?;
        let new = self
            .repository
            .entries_matching(&self.head.snapshot, head)?;
        let mut paths: BTreeMap<RepoPath, FileChange> = BTreeMap::new();
        let empty = |path: &RepoPath| FileChange {
            path: path.clone(),
            old: None,
            new: None,
        };
        for entry in old {
            let change = paths
                .entry(entry.path.clone())
                .or_insert_with(|| empty(&entry.path));
            change.old = Some(entry);
        }
        for entry in new {
            let change = paths
                .entry(entry.path.clone())
                .or_insert_with(|| empty(&entry.path));
            change.new = Some(entry);
        }
        let differs = |change: &FileChange| match (&change.old, &change.new) {
            (Some(old), Some(new)) => old.id != new.id || old.mode != new.mode,
            _ => true,
        };
        Ok(paths.into_values().filter(differs).collect())
    }

    /// What a file holds at head, where its bytes must be what the deployer takes of it.
    pub(super) fn file_at_head(&self, entry: &TreeEntry) -> Result<Arc<File>, Error> {
        deployer::obeys(&entry.path)?;
        let (repository, head) = (self.repository, &self.head.snapshot);
        repository.transformed_by_attributes(head, &entry.path)?;
        let file = match self.file(&self.head, entry) {
            Ok(file) if file.no_pointer => file,
            read => {
                repository.content_transformed(head, &entry.path)?;
                read?
            }
        };
        if file.left_out && !file.sources.is_empty() {
            return Err(deployer::left_out(&entry.path).into());
        }
        Ok(file)
    }

    /// What a file of one side holds. Files that are no manifests by name hold nothing.
    pub(super) fn file(&self, side: &Side, entry: &TreeEntry) -> Result<Arc<File>, Error> {
        if !manifest::is_manifest_name(&entry.path) {
            return Ok(Arc::new(File::empty()));
        }
        if entry.is_submodule() || entry.is_link() {
            return Err(Error::NotAFile {
                path: entry.path.to_string(),
            });
        }
        if let Some(root) = self.roots(side)?.needs_rendering(&entry.path) {
            return Err(Error::not_rendered(&entry.path, root));
        }
        self.reading.file(entry, self.repository)
    }

    /// What a file of the base holds, for a unit of these selectors. A root that lies outside of them
    /// and does not reach the file any more is no reason not to read it.
    pub(super) fn file_before(
        &self,
        entry: &TreeEntry,
        selectors: &[Selector],
    ) -> Result<Arc<File>, Error> {
        let reached = self.roots(&self.head)?;
        if reached.needs_rendering(&entry.path).is_none()
            && manifest::is_manifest_name(&entry.path)
            && side::is_plain(entry, selectors, self.roots(&self.base)?)
        {
            return self.reading.file(entry, self.repository);
        }
        self.file(&self.base, entry)
    }

    /// The wanted objects at head in files that a selector matches.
    pub(super) fn find(
        &self,
        selectors: &[Selector],
        wanted: Wanted<'_>,
    ) -> Result<Vec<Located>, Error> {
        let entries = self.plain(&self.head, selectors)?;
        let mut index = self.reading.index();
        Ok(index.find(&entries, wanted, self.repository)?)
    }

    /// The wanted objects at head in files that a selector matches, and what they say.
    pub(super) fn contents(
        &self,
        selectors: &[Selector],
        wanted: Wanted<'_>,
    ) -> Result<Vec<(RepoPath, ObjectRef, Arc<Part>)>, Error> {
        let entries = self.plain(&self.head, selectors)?;
        let mut index = self.reading.index();
        Ok(index.read(&entries, wanted, self.repository)?)
    }

    /// Whether a unit holds any object on this side.
    pub(super) fn any_object(&self, side: &Side, selector: &Selector) -> Result<bool, Error> {
        let entries = self.plain(side, std::slice::from_ref(selector))?;
        let mut index = self.reading.index();
        Ok(index.any_object(&entries, self.repository)?)
    }

    /// The objects that the index found, read.
    pub(super) fn sources(&self, found: &[Located]) -> Result<Vec<Source>, Error> {
        self.read_plain_ahead(&self.head, found.iter().map(|located| &located.entry));
        let sources = found.iter().map(|located| self.source(located));
        sources.filter_map(Result::transpose).collect()
    }

    /// The object that the index found, read.
    pub(super) fn source(&self, located: &Located) -> Result<Option<Source>, Error> {
        let file = self.reading.file(&located.entry, self.repository)?;
        Ok(file.source(&located.object).cloned())
    }

    /// The first changed file that only rendering could judge, of those that are `claimed`. What
    /// a folder renders is known from its kustomizations, so base is only looked at when one changed.
    pub(super) fn not_rendered(
        &self,
        claimed: impl Fn(&RepoPath) -> bool,
    ) -> Result<Option<Error>, Error> {
        let changed = |change: &FileChange| manifest::role_of_name(&change.path).is_some();
        let mut sides = vec![&self.head];
        if self.changed.iter().any(changed) {
            sides.push(&self.base);
        }
        for (nth, side) in sides.into_iter().enumerate() {
            let roots = self.roots(side)?;
            for change in &self.changed {
                if !claimed(&change.path) {
                    continue;
                }
                if let Some(root) = roots.needs_rendering(&change.path) {
                    return Ok(Some(match nth {
                        0 => Error::not_rendered(&change.path, root),
                        _ => Error::was_rendered(&change.path, root),
                    }));
                }
            }
        }
        Ok(None)
    }

    /// Whether a file of either side belongs to a chart.
    pub(super) fn is_of_chart(&self, path: &RepoPath) -> Result<bool, Error> {
        let of = |side| -> Result<bool, Error> {
            let root = self.roots(side)?.needs_rendering(path);
            Ok(root.is_some_and(|root| root.kind == RootKind::HelmChart))
        };
        Ok(of(&self.head)? || of(&self.base)?)
    }

    /// As [`View::not_rendered`], for the files of one unit.
    pub(super) fn not_rendered_in(&self, selector: &Selector) -> Result<Option<Error>, Error> {
        let roots = self.roots(&self.head)?;
        let mut changed = self
            .changed
            .iter()
            .filter(|change| selector.matches(&change.path));
        Ok(changed.find_map(|change| {
            let root = roots.needs_rendering(&change.path)?;
            Some(Error::not_rendered(&change.path, root))
        }))
    }

    /// Reads what differs by every processor, before it is asked for file by file.
    pub(super) fn read_ahead(&self, files: &[FileChange]) {
        let olds = files.iter().filter_map(|file| file.old.as_ref());
        let news = files.iter().filter_map(|file| file.new.as_ref());
        self.read_plain_ahead(&self.base, olds);
        self.read_plain_ahead(&self.head, news);
    }

    fn read_plain_ahead<'e>(&self, side: &Side, entries: impl Iterator<Item = &'e TreeEntry>) {
        let mut entries: Vec<&TreeEntry> = entries
            .filter(|entry| manifest::is_manifest_name(&entry.path))
            .filter(|entry| !entry.is_submodule() && !entry.is_link())
            .filter(|entry| !self.reading.has_read(entry))
            .collect();
        // A file of several objects may be asked for once an object.
        entries.dedup();
        if entries.is_empty() {
            return;
        }
        // Whoever asks for a file is told what is wrong with the roots.
        let Ok(roots) = self.roots(side) else { return };
        entries.retain(|entry| roots.needs_rendering(&entry.path).is_none());
        self.reading.read_ahead(&entries, self.repository);
    }

    /// Reads every manifest at head that `selector` matches: all of it must be fit to be judged.
    pub(super) fn read_all(&self, selector: &Selector) -> Result<(), Error> {
        let entries = self
            .repository
            .entries_matching(&self.head.snapshot, selector)?;
        self.read_plain_ahead(&self.head, entries.iter());
        for entry in &entries {
            self.file_at_head(entry)?;
        }
        Ok(())
    }

    /// Whether head has this file.
    pub(super) fn stands_at_head(&self, path: &RepoPath) -> Result<bool, Error> {
        Ok(self.repository.entry(&self.head.snapshot, path)?.is_some())
    }

    /// The text of a plain file at head; what is no text has none.
    pub(super) fn text_at_head(&self, path: &RepoPath) -> Result<Option<String>, Error> {
        match self.repository.entry(&self.head.snapshot, path)? {
            Some(entry) if !entry.is_link() && !entry.is_submodule() => {
                Ok(String::from_utf8(self.repository.file(&entry)?).ok())
            }
            _ => Ok(None),
        }
    }

    /// Whether some selector matches a file that nothing renders with it.
    pub(super) fn is_plain(
        &self,
        side: &Side,
        entry: &TreeEntry,
        selectors: &[Selector],
    ) -> Result<bool, Error> {
        Ok(side::is_plain(entry, selectors, self.roots(side)?))
    }

    /// The roots of one side. What is rendered is known from kustomizations and charts, so that both
    /// sides have the same where none changed, and the base is not walked.
    fn roots<'s>(&'s self, side: &'s Side) -> Result<&'s RenderRoots, Error> {
        let is_base = std::ptr::eq(side, &*self.base);
        if is_base && !self.makes_roots {
            return self.head.roots(self.repository, self.reading.named());
        }
        side.roots(self.repository, self.reading.named())
    }

    /// The manifests at head that some selector matches and that nothing renders with it, sorted by path.
    pub(super) fn plain_at_head(&self, selectors: &[Selector]) -> Result<Arc<[TreeEntry]>, Error> {
        self.plain(&self.head, selectors)
    }

    /// The manifests of one side that some selector matches and that nothing renders with it.
    fn plain(&self, side: &Side, selectors: &[Selector]) -> Result<Arc<[TreeEntry]>, Error> {
        side.plain(selectors, self.roots(side)?, self.repository)
    }

    /// Keeps what the index learnt. How many of the files it was asked about were known, of how many.
    pub(super) fn save_index(&self) -> (usize, usize) {
        let index = self.reading.index();
        index.save();
        index.known()
    }
}
