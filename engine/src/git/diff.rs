//! Which files two snapshots do not share. Equal subtrees are not read; nothing is taken for renamed.
//! Knows nothing of content.

use std::cmp::Ordering;

use super::beyond::{Beyond, check_path};
use super::snapshot::join;
use super::tree::Child;
use super::{Error, Repository, Snapshot, TreeEntry};
use crate::model::{GitId, RepoPath, limits};

/// One path at which two snapshots differ, in content or in mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// From the root.
    pub path: RepoPath,
    /// Before; none for a new file.
    pub old: Option<TreeEntry>,
    /// After; none for a deleted file.
    pub new: Option<TreeEntry>,
}

impl Repository {
    /// The differences from `old` to `new`, sorted by path.
    ///
    /// # Errors
    /// A tree is missing, corrupt, invalid or too large; more differences than
    /// [`limits::CHANGED_FILES`].
    pub fn diff(&self, old: &Snapshot, new: &Snapshot) -> Result<Vec<FileChange>, Error> {
        let (changes, beyond) = self.diff_in_reach(old, new)?;
        beyond.refuse_any()?;
        Ok(changes)
    }

    /// As [`Repository::diff`], without differences that are out of reach: they are told apart.
    ///
    /// # Errors
    /// As for [`Repository::diff`], but for paths that are too deep or too long.
    pub fn diff_in_reach(
        &self,
        old: &Snapshot,
        new: &Snapshot,
    ) -> Result<(Vec<FileChange>, Beyond), Error> {
        let mut diff = Diff {
            repo: self,
            old,
            new,
            path: Vec::new(),
            changes: Vec::new(),
            beyond: Beyond::default(),
        };
        diff.folders(Some(old.tree()), Some(new.tree()))?;
        diff.changes.sort_by(|one, two| one.path.cmp(&two.path));
        Ok((diff.changes, diff.beyond))
    }
}

struct Diff<'a> {
    repo: &'a Repository,
    old: &'a Snapshot,
    new: &'a Snapshot,
    path: Vec<u8>,
    changes: Vec<FileChange>,
    beyond: Beyond,
}

impl Diff<'_> {
    fn folders(&mut self, old: Option<GitId>, new: Option<GitId>) -> Result<(), Error> {
        if old == new {
            return Ok(());
        }
        let old = self.children(self.old, old)?;
        let new = self.children(self.new, new)?;
        let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
        loop {
            let order = match (old.peek(), new.peek()) {
                (Some(one), Some(two)) => one.name.cmp(&two.name),
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (None, None) => return Ok(()),
            };
            let before = old.next_if(|_| order.is_le());
            let after = new.next_if(|_| order.is_ge());
            self.pair(before, after)?;
        }
    }

    /// The entries of a folder by name; none where there is no folder.
    fn children(&self, snapshot: &Snapshot, id: Option<GitId>) -> Result<Vec<Child>, Error> {
        let Some(id) = id else {
            return Ok(Vec::new());
        };
        let mut children = self.repo.tree(snapshot, id, &self.path)?.children.clone();
        children.sort_by(|one, two| one.name.cmp(&two.name));
        Ok(children)
    }

    fn pair(&mut self, old: Option<&Child>, new: Option<&Child>) -> Result<(), Error> {
        if old == new {
            return Ok(());
        }
        let Some(named) = old.or(new) else {
            return Ok(());
        };
        let length = self.path.len();
        join(&mut self.path, &named.name);
        let folder = |child: Option<&Child>| child.filter(|child| child.is_tree()).map(|c| c.id);
        match (check_path(&self.path), new) {
            (Err(_), Some(_)) => self.beyond.push(&self.path)?,
            (Err(_), None) => self.beyond.push_removed(&self.path)?,
            (Ok(()), _) => {
                self.file(old, new)?;
                self.folders(folder(old), folder(new))?;
            }
        }
        self.path.truncate(length);
        Ok(())
    }

    fn file(&mut self, old: Option<&Child>, new: Option<&Child>) -> Result<(), Error> {
        let path = RepoPath::new(self.path.as_slice());
        let entry = |child: Option<&Child>| {
            child
                .filter(|child| !child.is_tree())
                .map(|child| TreeEntry {
                    path: path.clone(),
                    mode: child.mode,
                    id: child.id,
                })
        };
        let (old, new) = (entry(old), entry(new));
        if old != new {
            self.changes.push(FileChange { path, old, new });
        }
        let most = limits::CHANGED_FILES.most;
        match self.changes.len() > most {
            true => Err(Error::TooManyChanges(most)),
            false => Ok(()),
        }
    }
}
