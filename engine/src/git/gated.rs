//! The gated tree of a unit: exactly the files that a selector matches, as one Git tree.
//! Knows nothing of units; nothing is written to the object database.

use std::collections::BTreeMap;

use super::beyond::{check_count, check_path};
use super::snapshot::join;
use super::spelling::folded;
use super::tree::{Child, id_of};
use super::{
    Error, FileChange, MODE_LINK, MODE_SUBMODULE, Repository, Selector, Snapshot, TreeEntry,
};
use crate::model::{Digest, GitId, RepoPath, limits};

/// The state of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatedTree {
    /// What `git write-tree` prints for an index that holds exactly these files.
    pub id: GitId,
    /// The files, sorted by path.
    pub entries: Vec<TreeEntry>,
}

impl Repository {
    /// The tree of exactly the files that `selector` matches, each at its own path.
    ///
    /// # Errors
    /// A submodule or a symbolic link that leads out of the selected files; names that are one on
    /// some systems; more files than [`limits::UNIT_FILES`]; a tree that cannot be read.
    pub fn gated_tree(&self, snapshot: &Snapshot, selector: &Selector) -> Result<GatedTree, Error> {
        let mut gate = Gate::new(self, snapshot, selector);
        gate.entries = Some(Vec::new());
        let id = gate.id()?;
        let entries = gate.entries.unwrap_or_default();
        Ok(GatedTree { id, entries })
    }

    /// The id of that tree alone. A folder that is selected whole is entered once, however many
    /// snapshots share it.
    ///
    /// # Errors
    /// As for [`Repository::gated_tree`].
    pub fn gated_tree_id(&self, snapshot: &Snapshot, selector: &Selector) -> Result<GitId, Error> {
        Gate::new(self, snapshot, selector).id()
    }

    /// Refuses a changed link or submodule that stands where a folder of selected files would: a
    /// checkout has files there that no path of the tree names.
    ///
    /// # Errors
    /// As for [`Repository::gated_tree`].
    pub fn refuse_stand_ins(
        &self,
        snapshot: &Snapshot,
        selector: &Selector,
        changed: &[FileChange],
    ) -> Result<(), Error> {
        let mut new = changed.iter().filter_map(|change| change.new.as_ref());
        let stands_in = |entry: &TreeEntry| {
            (entry.is_link() || entry.is_submodule())
                && !selector.matches(&entry.path)
                && selector.may_match_below(entry.path.as_bytes())
        };
        if new.any(stands_in) {
            self.gated_tree_id(snapshot, selector)?;
        }
        Ok(())
    }

    /// SHA-256 of the path manifest: a line `<mode> <sha256 of the content>  <path>` for each file,
    /// sorted by path. In a path a backslash is written `\\` and a line break `\n`, so that no two
    /// trees have one manifest. Reads every blob.
    ///
    /// # Errors
    /// A blob cannot be read, or is larger than [`limits::UNIT_FILE`].
    pub fn manifest_digest(&self, tree: &GatedTree) -> Result<Digest, Error> {
        Ok(Digest::of(&self.manifest(tree)?))
    }

    /// The path manifest itself.
    ///
    /// # Errors
    /// As for [`Repository::manifest_digest`].
    pub fn manifest(&self, tree: &GatedTree) -> Result<Vec<u8>, Error> {
        let mut lines = Vec::new();
        for entry in &tree.entries {
            let content = self.with_object(
                entry.id,
                git2::ObjectType::Blob,
                limits::UNIT_FILE.wide(),
                Digest::of,
            )?;
            lines.extend_from_slice(format!("{:06o} {content}  ", entry.mode).as_bytes());
            push_escaped(&mut lines, entry.path.as_bytes());
            lines.push(b'\n');
        }
        Ok(lines)
    }
}

fn push_escaped(line: &mut Vec<u8>, path: &[u8]) {
    for byte in path {
        match byte {
            b'\\' => line.extend_from_slice(b"\\\\"),
            b'\n' => line.extend_from_slice(b"\\n"),
            _ => line.push(*byte),
        }
    }
}

struct Gate<'a> {
    repo: &'a Repository,
    snapshot: &'a Snapshot,
    selector: &'a Selector,
    path: Vec<u8>,
    files: usize,
    /// The files, where they are asked for.
    entries: Option<Vec<TreeEntry>>,
    /// Links that are selected, or below which something would be.
    links: Vec<TreeEntry>,
}

/// Folders that are selected whole, hold nothing that needs a look at other files, and were found in
/// order: how many files each holds, by place and tree.
pub(super) type WholeFolders = BTreeMap<(Vec<u8>, GitId), usize>;

impl<'a> Gate<'a> {
    fn new(repo: &'a Repository, snapshot: &'a Snapshot, selector: &'a Selector) -> Self {
        Self {
            repo,
            snapshot,
            selector,
            path: Vec::new(),
            files: 0,
            entries: None,
            links: Vec::new(),
        }
    }

    fn id(&mut self) -> Result<GitId, Error> {
        let id = self.folder(self.snapshot.tree(), false)?;
        for link in &self.links {
            self.repo.check_link(self.snapshot, self.selector, link)?;
        }
        Ok(id.unwrap_or(GitId::EMPTY_TREE))
    }

    /// The id of what is selected of a folder; none where nothing is. `whole`: all of it is.
    fn folder(&mut self, id: GitId, whole: bool) -> Result<Option<GitId>, Error> {
        let whole = whole || self.selector.matches_all_below(&self.path);
        let known = whole && self.entries.is_none();
        if known {
            let place = (self.path.clone(), id);
            if let Some(files) = self.repo.whole_folders.borrow().get(&place) {
                self.count(*files)?;
                return Ok(Some(id));
            }
        }
        let before = (self.files, self.links.len());
        let found = self.walk(id, whole)?;
        if known && found == Some(id) && self.links.len() == before.1 {
            let mut folders = self.repo.whole_folders.borrow_mut();
            folders.insert((self.path.clone(), id), self.files - before.0);
        }
        Ok(found)
    }

    fn walk(&mut self, id: GitId, whole: bool) -> Result<Option<GitId>, Error> {
        let tree = self.repo.tree(self.snapshot, id, &self.path)?;
        let mut kept = Vec::new();
        for child in &tree.children {
            let length = self.path.len();
            join(&mut self.path, &child.name);
            kept.extend(self.child(child, whole)?);
            self.path.truncate(length);
        }
        if kept.is_empty() {
            return Ok(None);
        }
        self.refuse_twins(&kept)?;
        if tree.canonical && kept == tree.children {
            return Ok(Some(id));
        }
        id_of(&kept).map(Some)
    }

    fn child(&mut self, child: &Child, whole: bool) -> Result<Option<Child>, Error> {
        if child.is_tree() {
            if !whole && !self.selector.may_match_below(&self.path) {
                return Ok(None);
            }
            check_path(&self.path)?;
            let id = self.folder(child.id, whole)?;
            return Ok(id.map(|id| Child {
                id,
                ..child.clone()
            }));
        }
        let selected = whole || self.selector.matches_bytes(&self.path);
        if selected {
            check_path(&self.path)?;
        }
        let special = child.mode == MODE_LINK || child.mode == MODE_SUBMODULE;
        if special && (selected || self.selector.may_match_below(&self.path)) {
            self.special(child)?;
        }
        if !selected {
            return Ok(None);
        }
        let entry = self.entries.is_some().then(|| self.entry(child));
        if let (Some(entries), Some(entry)) = (&mut self.entries, entry) {
            entries.push(entry);
        }
        self.count(1)?;
        Ok(Some(child.clone()))
    }

    fn count(&mut self, files: usize) -> Result<(), Error> {
        self.files += files;
        check_count(self.files, limits::UNIT_FILES)
    }

    /// Links are looked into when all selected files are known.
    fn special(&mut self, child: &Child) -> Result<(), Error> {
        let entry = self.entry(child);
        if child.mode == MODE_SUBMODULE {
            return Err(Error::Submodule(entry.path));
        }
        self.links.push(entry);
        Ok(())
    }

    fn entry(&self, child: &Child) -> TreeEntry {
        TreeEntry {
            path: RepoPath::new(self.path.as_slice()),
            mode: child.mode,
            id: child.id,
        }
    }

    /// Names that differ only in case, or in how their letters are composed, are one file on some systems.
    fn refuse_twins(&self, kept: &[Child]) -> Result<(), Error> {
        let is_small = |byte: &u8| byte.is_ascii() && !byte.is_ascii_uppercase();
        if kept.iter().all(|child| child.name.iter().all(is_small)) {
            // Each is its own folded form, and no name stands twice in a tree.
            return Ok(());
        }
        let mut seen: BTreeMap<String, &[u8]> = BTreeMap::new();
        for child in kept {
            let Ok(name) = std::str::from_utf8(&child.name) else {
                continue;
            };
            if let Some(twin) = seen.insert(folded(name), &child.name) {
                let full = |name: &[u8]| {
                    let mut path = self.path.clone();
                    join(&mut path, name);
                    RepoPath::new(path)
                };
                return Err(Error::PathCollision {
                    first: full(twin),
                    second: full(&child.name),
                });
            }
        }
        Ok(())
    }
}
