//! One state of the files: a commit's tree, the index, the working tree, or nothing.
//! Knows nothing of what changed between two of them.

use std::fmt;
use std::sync::Arc;

use super::beyond::{Beyond, check_count, check_path};
use super::tree::{Child, Tree, Unwritten};
use super::{Error, MODE_LINK, MODE_SUBMODULE, Repository, Selector};
use crate::model::{GitId, RepoPath, limits};

/// A commit's tree, the index or the working tree as they were when they were read, a merge that was not
/// made, or the empty tree.
#[derive(Clone)]
pub struct Snapshot {
    tree: GitId,
    commit: Option<GitId>,
    unwritten: Option<Arc<Unwritten>>,
    is_index: bool,
}

impl Snapshot {
    /// The state without files, the base of a first commit.
    #[must_use]
    pub fn empty() -> Self {
        Self {
            tree: GitId::EMPTY_TREE,
            commit: None,
            unwritten: None,
            is_index: false,
        }
    }

    /// The id of the whole tree; for the index, the one that `git write-tree` would print.
    #[must_use]
    pub fn tree(&self) -> GitId {
        self.tree
    }

    /// The commit; none for the index, the working tree, a merge that was not made, and the empty tree.
    #[must_use]
    pub fn commit(&self) -> Option<GitId> {
        self.commit
    }

    /// Whether this is the index.
    #[must_use]
    pub fn is_index(&self) -> bool {
        self.is_index
    }

    pub(super) fn of_index(tree: GitId, trees: Unwritten) -> Self {
        Self {
            tree,
            commit: None,
            unwritten: Some(Arc::new(trees)),
            is_index: true,
        }
    }

    pub(super) fn of_trees(tree: GitId, trees: Unwritten) -> Self {
        Self {
            is_index: false,
            ..Self::of_index(tree, trees)
        }
    }

    pub(super) fn unwritten(&self, id: GitId) -> Option<Arc<Tree>> {
        self.unwritten.as_ref()?.get(&id).cloned()
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("tree", &self.tree)
            .field("commit", &self.commit)
            .field("index", &self.is_index())
            .finish()
    }
}

/// One file of a tree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TreeEntry {
    /// From the root.
    pub path: RepoPath,
    /// One of the `MODE_` constants.
    pub mode: u32,
    /// The blob; for a submodule, a commit of another repository.
    pub id: GitId,
}

impl TreeEntry {
    /// Whether this is a symbolic link, whose content is its target.
    #[must_use]
    pub fn is_link(&self) -> bool {
        self.mode == MODE_LINK
    }

    /// Whether this is a submodule, which has no content here.
    #[must_use]
    pub fn is_submodule(&self) -> bool {
        self.mode == MODE_SUBMODULE
    }
}

/// What lies at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    /// Nothing.
    Nothing,
    /// A folder.
    Folder,
    /// A file, a link or a submodule.
    Entry(TreeEntry),
}

impl Repository {
    /// The tree of a commit.
    ///
    /// # Errors
    /// The commit cannot be read.
    pub fn snapshot(&self, commit: GitId) -> Result<Snapshot, Error> {
        Ok(Snapshot {
            tree: self.tree_of(commit)?,
            commit: Some(commit),
            unwritten: None,
            is_index: false,
        })
    }

    /// Every file, sorted by path.
    ///
    /// # Errors
    /// A tree is missing, corrupt, invalid or too large.
    pub fn entries(&self, snapshot: &Snapshot) -> Result<Vec<TreeEntry>, Error> {
        self.collect(snapshot, &|_| true, &|_| true)
    }

    /// As [`Repository::entries`], without what is out of reach: that is told apart.
    ///
    /// # Errors
    /// As for [`Repository::entries`], but for paths that are too deep or too long.
    pub fn entries_in_reach(&self, snapshot: &Snapshot) -> Result<(Vec<TreeEntry>, Beyond), Error> {
        let mut walk = Walk::new(self, snapshot, &|_| true, &|_| true);
        walk.folder(snapshot.tree)?;
        Ok((walk.found, walk.beyond))
    }

    /// Every file that `selector` matches, sorted by path; folders that cannot hold one are not read.
    ///
    /// # Errors
    /// As for [`Repository::entries`].
    pub fn entries_matching(
        &self,
        snapshot: &Snapshot,
        selector: &Selector,
    ) -> Result<Vec<TreeEntry>, Error> {
        self.collect(
            snapshot,
            &|folder| selector.may_match_below(folder),
            &|path| selector.matches_bytes(path),
        )
    }

    /// Every file below `folder`, sorted by path; none if there is no such folder.
    ///
    /// # Errors
    /// As for [`Repository::entries`].
    pub fn entries_under(
        &self,
        snapshot: &Snapshot,
        folder: &RepoPath,
    ) -> Result<Vec<TreeEntry>, Error> {
        let root = if folder.as_bytes().is_empty() {
            snapshot.tree
        } else {
            match self.lookup(snapshot, folder.as_bytes())? {
                Some(child) if child.is_tree() => child.id,
                _ => return Ok(Vec::new()),
            }
        };
        let mut walk = Walk::new(self, snapshot, &|_| true, &|_| true);
        walk.path = folder.as_bytes().to_vec();
        walk.folder(root)?;
        walk.complete()
    }

    /// The file at `path`; none if there is nothing, or a folder.
    ///
    /// # Errors
    /// As for [`Repository::entries`].
    pub fn entry(&self, snapshot: &Snapshot, path: &RepoPath) -> Result<Option<TreeEntry>, Error> {
        match self.spot(snapshot, path)? {
            Spot::Entry(entry) => Ok(Some(entry)),
            Spot::Nothing | Spot::Folder => Ok(None),
        }
    }

    /// What lies at `path`.
    ///
    /// # Errors
    /// As for [`Repository::entries`].
    pub fn spot(&self, snapshot: &Snapshot, path: &RepoPath) -> Result<Spot, Error> {
        Ok(match self.lookup(snapshot, path.as_bytes())? {
            None => Spot::Nothing,
            Some(child) if child.is_tree() => Spot::Folder,
            Some(child) => Spot::Entry(TreeEntry {
                path: path.clone(),
                mode: child.mode,
                id: child.id,
            }),
        })
    }

    /// The file or folder at `path`.
    pub(super) fn lookup(&self, snapshot: &Snapshot, path: &[u8]) -> Result<Option<Child>, Error> {
        let mut folder = snapshot.tree;
        let mut walked = Vec::new();
        let mut names = path.split(|byte| *byte == b'/').peekable();
        while let Some(name) = names.next() {
            let tree = self.tree(snapshot, folder, &walked)?;
            let Some(child) = tree.child(name) else {
                return Ok(None);
            };
            if names.peek().is_none() {
                return Ok(Some(child.clone()));
            }
            if !child.is_tree() {
                return Ok(None);
            }
            folder = child.id;
            join(&mut walked, name);
        }
        Ok(None)
    }

    fn collect(
        &self,
        snapshot: &Snapshot,
        enter: &dyn Fn(&[u8]) -> bool,
        take: &dyn Fn(&[u8]) -> bool,
    ) -> Result<Vec<TreeEntry>, Error> {
        let mut walk = Walk::new(self, snapshot, enter, take);
        walk.folder(snapshot.tree)?;
        walk.complete()
    }
}

/// Collects files below a folder. Git's order of trees is the bytewise order of whole paths.
struct Walk<'a> {
    repo: &'a Repository,
    snapshot: &'a Snapshot,
    enter: &'a dyn Fn(&[u8]) -> bool,
    take: &'a dyn Fn(&[u8]) -> bool,
    path: Vec<u8>,
    found: Vec<TreeEntry>,
    beyond: Beyond,
}

impl<'a> Walk<'a> {
    fn new(
        repo: &'a Repository,
        snapshot: &'a Snapshot,
        enter: &'a dyn Fn(&[u8]) -> bool,
        take: &'a dyn Fn(&[u8]) -> bool,
    ) -> Self {
        Self {
            repo,
            snapshot,
            enter,
            take,
            path: Vec::new(),
            found: Vec::new(),
            beyond: Beyond::default(),
        }
    }

    /// What was found, where nothing that was looked for is out of reach.
    fn complete(self) -> Result<Vec<TreeEntry>, Error> {
        self.beyond.refuse_any()?;
        Ok(self.found)
    }

    fn folder(&mut self, id: GitId) -> Result<(), Error> {
        let tree = self.repo.tree(self.snapshot, id, &self.path)?;
        for child in &tree.children {
            let length = self.path.len();
            join(&mut self.path, &child.name);
            let wanted = match child.is_tree() {
                true => (self.enter)(&self.path),
                false => (self.take)(&self.path),
            };
            match check_path(&self.path) {
                _ if !wanted => {}
                Err(_) => self.beyond.push(&self.path)?,
                Ok(()) if child.is_tree() => self.folder(child.id)?,
                Ok(()) => {
                    self.found.push(TreeEntry {
                        path: RepoPath::new(self.path.as_slice()),
                        mode: child.mode,
                        id: child.id,
                    });
                    check_count(self.found.len(), limits::TREE_ENTRIES)?;
                }
            }
            self.path.truncate(length);
        }
        Ok(())
    }
}

/// Appends a segment.
pub(super) fn join(path: &mut Vec<u8>, name: &[u8]) {
    if !path.is_empty() {
        path.push(b'/');
    }
    path.extend_from_slice(name);
}
