//! Records something beside what is judged: objects, and references below `refs/tidegate/`.
//! Touches no branch, no index and no working tree, and knows nothing of what it records.

use std::collections::BTreeMap;
use std::path::Path;

use git2::{ErrorCode, ObjectType};

use super::object::{git_id, oid};
use super::tree::{Child, MODE_TREE, Tree, encode, in_order};
use super::{Error, MODE_EXECUTABLE, MODE_FILE, Repository, Snapshot, snapshot::join, text};
use crate::model::{GitId, RepoPath};

/// What lies at a path of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Nothing.
    Nothing,
    /// No folder: a file, a link, a submodule.
    File,
    /// A folder.
    Folder(Folder),
}

/// A folder, without what lies below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its tree.
    pub id: GitId,
    /// What lies directly in it, in Git's order.
    pub entries: Vec<FolderEntry>,
}

/// One name of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderEntry {
    /// The name; foreign text.
    pub name: Vec<u8>,
    /// The object.
    pub id: GitId,
    mode: u32,
}

impl FolderEntry {
    /// Whether it is a plain file.
    #[must_use]
    pub fn is_file(&self) -> bool {
        self.mode == MODE_FILE || self.mode == MODE_EXECUTABLE
    }

    /// Whether it is a folder.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.mode == MODE_TREE
    }
}

/// A commit that is to be made.
#[derive(Clone, Copy, Debug)]
pub struct NewCommit<'a> {
    /// Its tree.
    pub tree: GitId,
    /// Its only parent; none begins a history.
    pub parent: Option<GitId>,
    /// Author and committer, as `Name <address>`.
    pub by: &'a str,
    /// Seconds since 1970.
    pub seconds: i64,
    /// What it says.
    pub message: &'a str,
}

impl Repository {
    /// What lies at `path`.
    ///
    /// # Errors
    /// A tree is missing, corrupt, invalid or too large.
    pub fn place(&self, snapshot: &Snapshot, path: &RepoPath) -> Result<Place, Error> {
        let Some(child) = self.lookup(snapshot, path.as_bytes())? else {
            return Ok(Place::Nothing);
        };
        if !child.is_tree() {
            return Ok(Place::File);
        }
        let tree = self.tree(snapshot, child.id, path.as_bytes())?;
        let entries = tree.children.iter().map(|child| FolderEntry {
            name: child.name.clone(),
            id: child.id,
            mode: child.mode,
        });
        Ok(Place::Folder(Folder {
            id: child.id,
            entries: entries.collect(),
        }))
    }

    /// The parents of a commit.
    ///
    /// # Errors
    /// Missing, corrupt or malformed.
    pub fn parents(&self, commit: GitId) -> Result<Vec<GitId>, Error> {
        if self.shallow.contains(&commit) {
            return Err(Error::Shallow {
                text: commit.to_string(),
            });
        }
        Ok(self.commit_header(commit)?.parents)
    }

    /// Writes a blob.
    ///
    /// # Errors
    /// The repository cannot be written.
    pub fn write_blob(&self, content: &[u8]) -> Result<GitId, Error> {
        self.write_object(ObjectType::Blob, content)
    }

    /// Writes the tree of `base` with some files put (`Some`) or taken away (`None`).
    ///
    /// # Errors
    /// A file stands where a folder must be; a tree cannot be read or written.
    pub fn write_tree(
        &self,
        base: &Snapshot,
        files: &BTreeMap<RepoPath, Option<GitId>>,
    ) -> Result<GitId, Error> {
        let mut edits = Edits::default();
        for (path, blob) in files {
            let segments: Vec<&[u8]> = path.as_bytes().split(|byte| *byte == b'/').collect();
            edits.add(&segments, *blob);
        }
        let root = Some(base.tree());
        let written = self.write_edited(base, root, &mut Vec::new(), &edits)?;
        match written {
            Some(id) => Ok(id),
            None => self.write_object(ObjectType::Tree, b""),
        }
    }

    /// Writes a commit; no reference names it yet.
    ///
    /// # Errors
    /// The repository cannot be written.
    pub fn write_commit(&self, commit: &NewCommit<'_>) -> Result<GitId, Error> {
        let parent = match commit.parent {
            Some(parent) => format!("parent {parent}\n"),
            None => String::new(),
        };
        let (tree, by, seconds) = (commit.tree, commit.by, commit.seconds);
        let text = format!(
            "tree {tree}\n{parent}author {by} {seconds} +0000\ncommitter {by} {seconds} +0000\n\n{}",
            commit.message
        );
        self.write_object(ObjectType::Commit, text.as_bytes())
    }

    /// What a reference below `refs/tidegate/` names.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn recorded(&self, name: &str) -> Result<Option<GitId>, Error> {
        self.reference(&format!("{RECORDS}{name}"))
    }

    /// Moves a reference below `refs/tidegate/` from what it was read as; whether it still was that.
    ///
    /// # Errors
    /// The repository cannot be written.
    pub fn record(&self, name: &str, from: Option<GitId>, to: GitId) -> Result<bool, Error> {
        self.move_reference(&format!("{RECORDS}{name}"), from, to, "tidegate: seen")
    }

    /// Moves a reference from what it was read as; whether it still was that.
    pub(super) fn move_reference(
        &self,
        name: &str,
        from: Option<GitId>,
        to: GitId,
        message: &str,
    ) -> Result<bool, Error> {
        let moved = match from {
            Some(from) => self
                .inner
                .reference_matching(name, oid(to), true, oid(from), message),
            None => self.inner.reference(name, oid(to), false, message),
        };
        match moved {
            Ok(_) => Ok(true),
            Err(error) if is_race(&error) => Ok(false),
            Err(error) => Err(failed(name, &error)),
        }
    }

    /// The names of the remotes that the configuration of this repository and its user gives.
    ///
    /// # Errors
    /// The configuration cannot be read.
    pub fn remotes(&self) -> Result<Vec<String>, Error> {
        let names = self.inner.remotes();
        let names = names.map_err(|error| failed("config", &error))?;
        let mut names: Vec<String> = names
            .iter()
            .filter_map(|name| name.ok().flatten().map(str::to_owned))
            .collect();
        names.sort();
        Ok(names)
    }

    /// Reads objects from this folder too.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn read_objects_also(&self, folder: &Path) -> Result<(), Error> {
        let added = self.inner.odb().and_then(|odb| {
            odb.add_disk_alternate(&folder.to_string_lossy())?;
            Ok(())
        });
        added.map_err(|error| failed(&folder.to_string_lossy(), &error))
    }

    fn write_edited(
        &self,
        base: &Snapshot,
        folder: Option<GitId>,
        path: &mut Vec<u8>,
        edits: &Edits<'_>,
    ) -> Result<Option<GitId>, Error> {
        let mut children: BTreeMap<Vec<u8>, Child> = BTreeMap::new();
        if let Some(folder) = folder {
            let tree = self.tree(base, folder, path)?;
            let all = tree.children.iter().cloned();
            children.extend(all.map(|child| (child.name.clone(), child)));
        }
        for (name, edit) in &edits.0 {
            let length = path.len();
            join(path, name);
            let there = children.get(*name);
            let (mode, id) = match edit {
                Edit::File(id) => (MODE_FILE, *id),
                Edit::Folder(edits) => {
                    if there.is_some_and(|child| !child.is_tree()) {
                        return Err(Error::NoFolder(RepoPath::new(path.as_slice())));
                    }
                    let below = there.map(|child| child.id);
                    (MODE_TREE, self.write_edited(base, below, path, edits)?)
                }
            };
            path.truncate(length);
            match id {
                Some(id) => {
                    let name = name.to_vec();
                    children.insert(name.clone(), Child { name, mode, id });
                }
                None => drop(children.remove(*name)),
            }
        }
        if children.is_empty() {
            return Ok(None);
        }
        let children = in_order(children.into_values().collect());
        let tree = Tree::of_children(children).map_err(|invalid| invalid.at(path))?;
        self.write_object(ObjectType::Tree, &encode(&tree.children))
            .map(Some)
    }

    fn write_object(&self, kind: ObjectType, bytes: &[u8]) -> Result<GitId, Error> {
        let written = self.inner.odb().and_then(|odb| odb.write(kind, bytes));
        git_id(written.map_err(|error| failed("objects", &error))?)
    }
}

/// Files to put and to take away, by the names of their folders.
#[derive(Default)]
struct Edits<'a>(BTreeMap<&'a [u8], Edit<'a>>);

enum Edit<'a> {
    File(Option<GitId>),
    Folder(Edits<'a>),
}

impl<'a> Edits<'a> {
    fn add(&mut self, segments: &[&'a [u8]], blob: Option<GitId>) {
        let mut edits = self;
        let Some((name, folders)) = segments.split_last() else {
            return;
        };
        for folder in folders {
            let folder = edits.0.entry(folder);
            let Edit::Folder(below) = folder.or_insert_with(|| Edit::Folder(Edits::default()))
            else {
                return;
            };
            edits = below;
        }
        edits.0.insert(name, Edit::File(blob));
    }
}

fn is_race(error: &git2::Error) -> bool {
    matches!(
        error.code(),
        ErrorCode::Modified | ErrorCode::Exists | ErrorCode::Locked | ErrorCode::NotFound
    )
}

pub(super) fn failed(what: &str, error: &git2::Error) -> Error {
    Error::Write {
        path: text::shown(what),
        reason: text::shown(error.message()),
    }
}

/// Nothing of this is a branch or a tag of anybody.
const RECORDS: &str = "refs/tidegate/";
