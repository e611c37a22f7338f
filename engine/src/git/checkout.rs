//! A folder that somebody checked out, held against what a commit has there: file by file, by Git's own ids.
//! Follows no link and runs no filter; who may execute a file is not looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::Path;

use super::unstored::blob_id;
use super::worktree::{as_path, failed, hash, list};
use super::{Error, Repository, Selector, Snapshot, TreeEntry};
use crate::model::{GitId, RepoPath};

/// How a folder is not what a commit has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// A file that the commit does not have.
    Unknown(RepoPath),
    /// A file that holds something else, or is something else.
    Altered(RepoPath),
    /// A file that is not there.
    Missing(RepoPath),
}

impl Repository {
    /// The first difference between `folder` on disk and the folder `below` of a snapshot: all that lies there must
    /// be the snapshot's, and what `needed` selects must lie there. What is no folder or file counts as altered,
    /// and `.git` at the top for nothing.
    ///
    /// # Errors
    /// A folder, a file or a tree cannot be read.
    pub fn compare_folder(
        &self,
        snapshot: &Snapshot,
        (folder, below): (&Path, &RepoPath),
        needed: &Selector,
    ) -> Result<Option<Difference>, Error> {
        let entries = self.entries_under(snapshot, below)?.into_iter();
        let entries: BTreeMap<RepoPath, TreeEntry> =
            entries.map(|entry| (entry.path.clone(), entry)).collect();
        let mut found = BTreeSet::new();
        let mut open = vec![Vec::new()];
        while let Some(inside) = open.pop() {
            let place = folder.join(as_path(&inside));
            let listed = list(&place).map_err(|error| failed(&place, &error))?;
            for (name, kind) in listed {
                if inside.is_empty() && name == b".git" {
                    continue;
                }
                let inside = RepoPath::new(inside.clone()).child(&name);
                if kind.is_dir() {
                    open.push(inside.as_bytes().to_vec());
                    continue;
                }
                let path = below.child(inside.as_bytes());
                let Some(entry) = entries.get(&path) else {
                    return Ok(Some(Difference::Unknown(path)));
                };
                let place = folder.join(as_path(inside.as_bytes()));
                let read = id_of(&place).map_err(|error| failed(&place, &error))?;
                if read.transpose()? != Some((entry.is_link(), entry.id)) {
                    return Ok(Some(Difference::Altered(path)));
                }
                found.insert(path);
            }
        }
        let mut missing = entries
            .into_values()
            .filter(|entry| !entry.is_submodule() && !found.contains(&entry.path));
        let missing = missing.find(|entry| needed.matches(&entry.path));
        Ok(missing.map(|entry| Difference::Missing(entry.path)))
    }
}

/// Whether this is a link, and the id of what it holds; nothing where it is neither file nor link.
fn id_of(place: &Path) -> io::Result<Option<Result<(bool, GitId), Error>>> {
    let metadata = fs::symlink_metadata(place)?;
    let (is_link, id) = if metadata.is_symlink() {
        let target = fs::read_link(place)?.into_os_string().into_encoded_bytes();
        (true, blob_id(&target))
    } else if metadata.is_file() {
        (false, hash(place, &metadata)?.0)
    } else {
        return Ok(None);
    };
    Ok(Some(id.map(|id| (is_link, id))))
}
