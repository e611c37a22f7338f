//! The index as a snapshot: its trees are computed in memory, as `git write-tree` would write them.
//! Knows nothing of ranges; never writes.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::IndexEntryExtendedFlag;

use super::index_file::{self, Entry};
use super::object::git_id;
use super::tree::{Child, MODE_TREE, Tree, Unwritten, id_of};
use super::{
    Error, MODE_EXECUTABLE, MODE_FILE, MODE_LINK, MODE_SUBMODULE, Repository, Snapshot, text,
};
use crate::model::{GitId, RepoPath};

/// A file that Git tracks.
pub(super) struct Tracked {
    pub(super) mode: u32,
    pub(super) id: GitId,
    /// A sparse checkout leaves it out: it is not deleted where it is missing.
    pub(super) may_be_missing: bool,
}

/// The files that Git tracks, by path.
pub(super) type TrackedFiles = BTreeMap<Vec<u8>, Tracked>;

impl Repository {
    /// What would be committed now. `head` is what was committed last.
    pub(super) fn index_snapshot(&self, head: Option<GitId>) -> Result<Snapshot, Error> {
        let entries = match self.read_index(head)? {
            Found::None => Vec::new(),
            Found::Plain(entries) => entries,
            Found::Other(path) => read_by_libgit2(&path)?,
        };
        let (root, trees) = trees_of(&entries)?;
        Ok(Snapshot::of_index(root, trees))
    }

    /// The files that Git tracks, those that somebody only intends to add among them.
    pub(super) fn tracked_files(&self, head: Option<GitId>) -> Result<TrackedFiles, Error> {
        match self.read_index(head)? {
            Found::None => Ok(TrackedFiles::new()),
            Found::Plain(entries) => Ok(entries.into_iter().map(|it| tracked(it, 0)).collect()),
            Found::Other(path) => {
                let index = open(&path)?;
                let files = index.iter().map(|mut entry| {
                    let flags = std::mem::take(&mut entry.flags_extended);
                    Ok(read_entry(entry)?.map(|entry| tracked(entry, flags)))
                });
                files.filter_map(Result::transpose).collect()
            }
        }
    }

    fn read_index(&self, head: Option<GitId>) -> Result<Found, Error> {
        let path = self.index_path();
        if !path.is_file() {
            // libgit2 takes a missing index for an empty one: everything would be deleted.
            return match (head, &self.index_file) {
                (None, None) => Ok(Found::None),
                _ => Err(index_error(&path, "there is no such file")),
            };
        }
        let plain = fs::read(&path).ok();
        let entries = plain.and_then(|bytes| index_file::read(&bytes));
        Ok(entries.map_or(Found::Other(path), Found::Plain))
    }

    fn index_path(&self) -> PathBuf {
        self.index_file
            .clone()
            .unwrap_or_else(|| self.git_dir().join("index"))
    }
}

/// What stands where the index is.
enum Found {
    None,
    Plain(Vec<Entry>),
    /// A file that only libgit2 can read.
    Other(PathBuf),
}

/// An index whose entries git2 can be asked for.
fn open(path: &Path) -> Result<git2::Index, Error> {
    let index = git2::Index::open(path).map_err(|error| index_error(path, error.message()))?;
    let bytes = fs::read(path).map_err(|error| index_error(path, &error.to_string()))?;
    if index_file::tells_lengths(&bytes) {
        Ok(index)
    } else {
        Err(index_error(
            path,
            "an entry tells another length of its path than it has",
        ))
    }
}

pub(super) fn read_by_libgit2(path: &Path) -> Result<Vec<Entry>, Error> {
    let index = open(path)?;
    let entries = index.iter().map(read_entry);
    entries.filter_map(Result::transpose).collect()
}

/// The root of the trees that hold `entries`, which are sorted by path, and the trees. However deep
/// they are: whoever walks them decides how far to follow.
pub(super) fn trees_of(entries: &[Entry]) -> Result<(GitId, Unwritten), Error> {
    let mut trees = Unwritten::new();
    let mut open = vec![Folder::default()];
    let mut path: &[u8] = b"";
    for entry in entries {
        let (folder, name) = match entry.path.iter().rposition(|byte| *byte == b'/') {
            Some(slash) => entry.path.split_at(slash + 1),
            None => (b"".as_slice(), entry.path.as_slice()),
        };
        while !folder.starts_with(path) {
            path = close(path, &mut open, &mut trees)?;
        }
        let below = folder.get(path.len()..).unwrap_or_default();
        for name in below.split_inclusive(|byte| *byte == b'/') {
            open.push(Folder {
                name: name.strip_suffix(b"/").unwrap_or(name).to_vec(),
                children: Vec::new(),
            });
        }
        path = folder;
        if let Some(last) = open.last_mut() {
            last.children.push(Child {
                name: name.to_vec(),
                mode: entry.mode,
                id: entry.id,
            });
        }
    }
    while !path.is_empty() {
        path = close(path, &mut open, &mut trees)?;
    }
    let root = open.pop().unwrap_or_default();
    Ok((root.finish(path, &mut trees)?, trees))
}

/// A folder of which not all entries are known yet.
#[derive(Default)]
struct Folder {
    name: Vec<u8>,
    children: Vec<Child>,
}

impl Folder {
    fn finish(self, path: &[u8], trees: &mut Unwritten) -> Result<GitId, Error> {
        let id = id_of(&self.children)?;
        let folder = path.strip_suffix(b"/").unwrap_or(path);
        let tree = Tree::of_children(self.children).map_err(|invalid| invalid.at(folder))?;
        trees.insert(id, Arc::new(tree));
        Ok(id)
    }
}

/// Puts the last open folder, which is `path`, into the one above; gives the path of that one.
fn close<'a>(
    path: &'a [u8],
    open: &mut Vec<Folder>,
    trees: &mut Unwritten,
) -> Result<&'a [u8], Error> {
    if let Some(mut folder) = open.pop()
        && let Some(above) = open.last_mut()
    {
        above.children.push(Child {
            name: std::mem::take(&mut folder.name),
            mode: MODE_TREE,
            id: folder.finish(path, trees)?,
        });
    }
    let inner = path.strip_suffix(b"/").unwrap_or(path);
    let end = inner.iter().rposition(|byte| *byte == b'/');
    Ok(path
        .get(..end.map_or(0, |slash| slash + 1))
        .unwrap_or_default())
}

/// `None` for an intent to add, which a commit leaves out.
pub(super) fn read_entry(entry: git2::IndexEntry) -> Result<Option<Entry>, Error> {
    if entry.flags & STAGE_MASK != 0 {
        return Err(Error::IndexConflict(RepoPath::new(entry.path)));
    }
    if entry.flags_extended & IndexEntryExtendedFlag::INTENT_TO_ADD.bits() != 0 {
        return Ok(None);
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

fn tracked(entry: Entry, flags: u16) -> (Vec<u8>, Tracked) {
    let file = Tracked {
        mode: entry.mode,
        id: entry.id,
        may_be_missing: flags & IndexEntryExtendedFlag::SKIP_WORKTREE.bits() != 0,
    };
    (entry.path, file)
}

fn index_error(path: &Path, reason: &str) -> Error {
    Error::Index {
        path: text::shown(&path.to_string_lossy()),
        reason: text::shown(reason),
    }
}

const STAGE_MASK: u16 = 0x3000;
