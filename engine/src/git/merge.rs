//! The merge of two commits as a snapshot, computed in memory: nothing is written, no checkout is touched.
//! Knows nothing of branches; which side is merged into which is the caller's to say.

use std::sync::Arc;

use git2::{MergeOptions, ObjectType};

use super::index::{read_entry, trees_of};
use super::object::oid;
use super::range::{Range, RangeKind};
use super::unstored::{Content, Unstored};
use super::{Error, Repository, Snapshot, text};
use crate::model::{GitId, RepoPath, limits};

impl Repository {
    /// What merging `head` into `into` brings: from the tree of `into` to that of the merge. The
    /// judge is taken from `into`.
    ///
    /// # Errors
    /// `merge.conflict`, `range.unrelated`, `range.empty` where `into` holds `head` already, and what
    /// [`Repository::resolve`] says of either.
    pub fn merge_range(&self, head: &str, into: &str) -> Result<Range, Error> {
        let (ours, theirs) = (self.resolve(into)?, self.resolve(head)?);
        let named = || format!("{head} --merge-into {into}");
        let only = self
            .commits_beside(ours, theirs, limits::COMMITS.most)
            .map_err(|error| match error {
                Error::Shallow { .. } => Error::Shallow {
                    text: text::shown(&named()),
                },
                other => other,
            })?;
        if only.is_empty() {
            return Err(Error::EmptyRange {
                text: text::shown(&named()),
            });
        }
        let bases = self.merge_bases(ours, theirs)?;
        let head = match bases.as_slice() {
            [] => {
                return Err(Error::Unrelated {
                    base: text::shown(into),
                    head: text::shown(head),
                });
            }
            [base] if *base == ours => self.snapshot(theirs)?,
            _ => self.merged(ours, theirs, (into, head))?,
        };
        let commits: Result<Vec<_>, _> = only.into_iter().map(|id| self.commit(id)).collect();
        let base = self.snapshot(ours)?;
        Ok(Range {
            judge: base.clone(),
            base,
            head,
            commits: commits?,
            kind: RangeKind::Merge,
        })
    }

    fn merged(&self, ours: GitId, theirs: GitId, names: (&str, &str)) -> Result<Snapshot, Error> {
        let scratch = Scratch::of(self)?;
        let index = scratch.merge(ours, theirs)?;
        let conflicts = conflicts(&index)?;
        if let Some(first) = conflicts.first() {
            return Err(Error::MergeConflict {
                into: text::shown(names.0),
                head: text::shown(names.1),
                paths: match conflicts.len() {
                    1 => format!("`{first}` conflicts"),
                    count => format!("`{first}` and {} more conflict", count - 1),
                },
            });
        }
        let mut entries = Vec::with_capacity(index.len());
        let mut made = Unstored::new();
        for entry in index.iter() {
            if let Some(entry) = read_entry(entry)? {
                if !entry.is_submodule()
                    && matches!(self.header(entry.id), Err(Error::ObjectMissing(_)))
                {
                    made.insert(entry.id, Content::Bytes(scratch.blob(entry.id)?));
                }
                entries.push(entry);
            }
        }
        Arc::make_mut(&mut self.unstored.borrow_mut()).append(&mut made);
        let (root, trees) = trees_of(&entries)?;
        Ok(Snapshot::of_trees(root, trees))
    }
}

/// The objects alone, to which new ones are added in memory. Attributes, configuration and a graph of
/// commits could each say how to merge, and what; of the repository's none is seen here.
struct Scratch {
    inner: git2::Repository,
}

impl Scratch {
    fn of(repository: &Repository) -> Result<Self, Error> {
        let folder = repository.common_dir().join("objects");
        let objects = folder.to_str().ok_or_else(|| Error::Merge {
            reason: "the path of the repository is not UTF-8".to_owned(),
        })?;
        let prepared = || -> Result<git2::Repository, git2::Error> {
            let odb = git2::Odb::new()?;
            odb.add_disk_alternate(NO_GRAPH)?;
            odb.add_disk_alternate(objects)?;
            odb.add_new_mempack_backend(MEMORY_FIRST)?;
            let inner = git2::Repository::from_odb(odb)?;
            inner.set_config(&git2::Config::new()?)?;
            inner.set_index(&mut git2::Index::new()?)?;
            Ok(inner)
        };
        let inner = prepared().map_err(|error| failed(&error))?;
        Ok(Self { inner })
    }

    fn merge(&self, ours: GitId, theirs: GitId) -> Result<git2::Index, Error> {
        let merge = || -> Result<git2::Index, git2::Error> {
            let ours = self.inner.find_commit(oid(ours))?;
            let theirs = self.inner.find_commit(oid(theirs))?;
            let mut options = MergeOptions::new();
            options
                .find_renames(true)
                .skip_reuc(true)
                .recursion_limit(VIRTUAL_BASES);
            self.inner.merge_commits(&ours, &theirs, Some(&options))
        };
        merge().map_err(|error| failed(&error))
    }

    fn blob(&self, id: GitId) -> Result<Vec<u8>, Error> {
        let read = || -> Result<Vec<u8>, git2::Error> {
            let odb = self.inner.odb()?;
            let object = odb.read(oid(id))?;
            Ok(if object.kind() == ObjectType::Blob {
                object.data().to_vec()
            } else {
                Vec::new()
            })
        };
        read().map_err(|error| failed(&error))
    }
}

/// The paths that both sides changed in ways that do not go together.
fn conflicts(index: &git2::Index) -> Result<Vec<RepoPath>, Error> {
    if !index.has_conflicts() {
        return Ok(Vec::new());
    }
    let mut paths = Vec::new();
    for conflict in index.conflicts().map_err(|error| failed(&error))? {
        let conflict = conflict.map_err(|error| failed(&error))?;
        let side = conflict.our.or(conflict.their).or(conflict.ancestor);
        paths.extend(side.map(|entry| RepoPath::new(entry.path)));
    }
    paths.sort();
    paths.dedup();
    Ok(paths)
}

fn failed(error: &git2::Error) -> Error {
    Error::Merge {
        reason: text::shown(error.message()),
    }
}

/// libgit2 looks for a graph of commits in the first folder of objects and nowhere else, and would
/// believe what it says of parents. Here is none.
const NO_GRAPH: &str = "/";
/// Higher than the priorities of loose objects and packs.
const MEMORY_FIRST: i32 = 1000;
/// How many common ancestors of a criss-cross history are merged with each other.
const VIRTUAL_BASES: u32 = 16;
