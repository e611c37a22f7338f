//! The index as a snapshot: its trees are computed in memory, as `git write-tree` would write them.
//! Knows nothing of ranges; never writes.

use std::path::PathBuf;
use std::sync::Arc;

use git2::IndexEntryExtendedFlag;

use super::object::git_id;
use super::tree::{Child, MODE_TREE, PATH_DEPTH, PATH_LENGTH, Tree, Unwritten, id_of};
use super::{
    Error, MODE_EXECUTABLE, MODE_FILE, MODE_LINK, MODE_SUBMODULE, Repository, Snapshot, text,
};
use crate::model::{GitId, RepoPath};

impl Repository {
    /// What would be committed now. `head` is what was committed last.
    pub(super) fn index_snapshot(&self, head: Option<GitId>) -> Result<Snapshot, Error> {
        let path = self.index_path();
        if !path.is_file() {
            // libgit2 takes a missing index for an empty one: everything would be deleted.
            return match (head, &self.index_file) {
                (None, None) => Ok(Snapshot::of_index(GitId::EMPTY_TREE, Unwritten::new())),
                _ => Err(index_error(&path, "there is no such file")),
            };
        }
        let index =
            git2::Index::open(&path).map_err(|error| index_error(&path, error.message()))?;
        let mut entries = Vec::with_capacity(index.len());
        for entry in index.iter() {
            if let Some(entry) = read_entry(entry)? {
                entries.push(entry);
            }
        }
        let (root, trees) = trees_of(&entries)?;
        Ok(Snapshot::of_index(root, trees))
    }

    fn index_path(&self) -> PathBuf {
        self.index_file
            .clone()
            .unwrap_or_else(|| self.git_dir().join("index"))
    }
}

/// A file of an index.
pub(super) struct Entry {
    path: Vec<u8>,
    mode: u32,
    pub(super) id: GitId,
}

impl Entry {
    pub(super) fn is_submodule(&self) -> bool {
        self.mode == MODE_SUBMODULE
    }
}

/// The root of the trees that hold `entries`, and the trees.
pub(super) fn trees_of(entries: &[Entry]) -> Result<(GitId, Unwritten), Error> {
    let mut trees = Unwritten::new();
    let root = build(entries, 0, 0, &mut trees)?;
    Ok((root, trees))
}

/// `None` for an intent to add, which a commit leaves out.
pub(super) fn read_entry(entry: git2::IndexEntry) -> Result<Option<Entry>, Error> {
    if entry.flags & STAGE_MASK != 0 {
        return Err(Error::IndexConflict(RepoPath::new(entry.path)));
    }
    if entry.flags_extended & IndexEntryExtendedFlag::INTENT_TO_ADD.bits() != 0 {
        return Ok(None);
    }
    if entry.path.len() > PATH_LENGTH {
        return Err(Error::PathTooLong {
            path: RepoPath::new(entry.path.get(..80).unwrap_or_default()),
            limit: PATH_LENGTH,
        });
    }
    let mode = entry.mode;
    if ![MODE_FILE, MODE_EXECUTABLE, MODE_LINK, MODE_SUBMODULE].contains(&mode) {
        return Err(Error::TreeInvalid {
            path: RepoPath::new(""),
            name: RepoPath::new(entry.path),
            reason: "its mode",
        });
    }
    Ok(Some(Entry {
        id: git_id(entry.id)?,
        path: entry.path,
        mode,
    }))
}

/// The tree of `entries`, which share the first `prefix` bytes of their paths and are sorted by path.
fn build(
    entries: &[Entry],
    prefix: usize,
    depth: usize,
    trees: &mut Unwritten,
) -> Result<GitId, Error> {
    let folder = || {
        let path = entries.first().map(|entry| entry.path.as_slice());
        path.and_then(|path| path.get(..prefix.saturating_sub(1)))
            .unwrap_or_default()
    };
    if depth >= PATH_DEPTH {
        return Err(Error::PathTooDeep {
            path: RepoPath::new(folder()),
            limit: PATH_DEPTH,
        });
    }
    let mut children = Vec::new();
    let mut rest = entries;
    while let Some(first) = rest.first() {
        let tail = first.path.get(prefix..).unwrap_or_default();
        let Some(slash) = tail.iter().position(|byte| *byte == b'/') else {
            children.push(Child {
                name: tail.to_vec(),
                mode: first.mode,
                id: first.id,
            });
            rest = rest.get(1..).unwrap_or_default();
            continue;
        };
        let inner = first.path.get(..=prefix + slash).unwrap_or_default();
        let count = rest.partition_point(|entry| entry.path.starts_with(inner));
        let (below, after) = rest.split_at(count);
        children.push(Child {
            name: tail.get(..slash).unwrap_or_default().to_vec(),
            mode: MODE_TREE,
            id: build(below, inner.len(), depth + 1, trees)?,
        });
        rest = after;
    }
    let id = id_of(&children)?;
    let tree = Tree::of_children(children).map_err(|invalid| invalid.at(folder()))?;
    trees.insert(id, Arc::new(tree));
    Ok(id)
}

fn index_error(path: &std::path::Path, reason: &str) -> Error {
    Error::Index {
        path: text::shown(&path.to_string_lossy()),
        reason: text::shown(reason),
    }
}

const STAGE_MASK: u16 = 0x3000;
