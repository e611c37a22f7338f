//! Git as plain data: revisions, ranges, trees, blobs, gated trees. The only module that knows `git2`.
//! Knows no manifest, configuration or policy; runs no process. What is judged is never written to: verdicts
//! get objects of their own, and references below `refs/tidegate/`.

mod attributes;
mod beyond;
mod blobs;
mod branches;
mod checkout;
mod commit;
mod diff;
mod error;
mod gated;
mod history;
mod index;
mod index_file;
mod links;
mod many;
mod merge;
mod object;
mod packs;
mod promote;
mod range;
mod record;
mod revision;
mod scratch;
mod selector;
mod signature;
mod snapshot;
mod spelling;
mod text;
mod tree;
mod unstored;
mod worktree;
mod write;

pub use attributes::is_pointer;
pub use beyond::Beyond;
pub use checkout::Difference;
pub use commit::{CommitInfo, Person, Trailer};
pub use diff::FileChange;
pub use error::Error;
pub use gated::GatedTree;
#[cfg(feature = "cli")]
pub(crate) use object::catches_panics;
pub use range::{Range, RangeKind};
pub use record::{Folder, FolderEntry, NewCommit, Place};
pub use scratch::Scratch;
pub use selector::{Selector, Twins};
pub use signature::CommitSignature;
pub use snapshot::{Snapshot, Spot, TreeEntry};
pub use spelling::{escaped, misleads};
pub use write::Draft;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::{ErrorCode, RepositoryOpenFlags};

use crate::model::GitId;

/// The mode of a plain file.
pub const MODE_FILE: u32 = 0o100_644;
/// The mode of an executable file.
pub const MODE_EXECUTABLE: u32 = 0o100_755;
/// The mode of a symbolic link.
pub const MODE_LINK: u32 = 0o120_000;
/// The mode of a submodule.
pub const MODE_SUBMODULE: u32 = 0o160_000;

/// An open repository. One handle a thread: see [`Repository::reopen`].
pub struct Repository {
    inner: git2::Repository,
    /// The index that a hook was given; otherwise the repository's own.
    index_file: Option<PathBuf>,
    shallow: BTreeSet<GitId>,
    trees: RefCell<tree::Cache>,
    blobs: RefCell<blobs::Blobs>,
    whole_folders: RefCell<gated::WholeFolders>,
    /// What a merge made of files that both sides changed, and what lies in the working tree.
    unstored: RefCell<Arc<unstored::Unstored>>,
}

impl Repository {
    /// Opens the repository that holds `path`, walking up as Git does. `GIT_*` variables count for
    /// nothing here.
    ///
    /// # Errors
    /// There is none, it belongs to somebody else, or it is of a kind that cannot be judged.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let none: [&OsStr; 0] = [];
        let inner = git2::Repository::open_ext(path, RepositoryOpenFlags::empty(), none)
            .map_err(|error| open_error(&error, path))?;
        packs::check(&inner.commondir().join("objects"))?;
        Self::new(inner, None)
    }

    /// Opens the bare repository that this folder is.
    ///
    /// # Errors
    /// As for [`Repository::open`].
    pub fn open_bare(folder: &Path) -> Result<Self, Error> {
        let inner = open_exactly(folder)?;
        packs::check(&inner.commondir().join("objects"))?;
        Self::new(inner, None)
    }

    /// Opens the repository and the index that Git named to the hook which runs now (`GIT_DIR`,
    /// `GIT_WORK_TREE`, `GIT_INDEX_FILE`); without these variables as [`Repository::open`] at the
    /// working directory. For `--staged` alone.
    ///
    /// # Errors
    /// As for [`Repository::open`]; an index that cannot be read.
    pub fn open_from_env() -> Result<Self, Error> {
        let found = git2::Repository::open_from_env()
            .map_err(|error| open_error(&error, Path::new(".")))?;
        let index = if found.is_bare() {
            None
        } else {
            let index = found.index().map_err(|error| Error::Index {
                path: "GIT_INDEX_FILE".to_owned(),
                reason: error.message().to_owned(),
            })?;
            index.path().map(Path::to_path_buf)
        };
        Self::open_for_hook(found.path(), index.as_deref(), found.workdir())
    }

    /// Opens the repository at `git_dir` with the index at `index_file`, which is relative to the
    /// working tree when it is relative, as it is for a hook.
    ///
    /// # Errors
    /// As for [`Repository::open`].
    pub fn open_for_hook(
        git_dir: &Path,
        index_file: Option<&Path>,
        work_tree: Option<&Path>,
    ) -> Result<Self, Error> {
        let inner = open_exactly(git_dir)?;
        packs::check(&inner.commondir().join("objects"))?;
        let folder = work_tree.or_else(|| inner.workdir());
        let index_file = match (index_file, folder) {
            (Some(file), Some(folder)) => Some(folder.join(file)),
            (Some(file), None) => Some(file.to_path_buf()),
            (None, _) => None,
        };
        Self::new(inner, index_file)
    }

    /// Another handle on the same repository and index, for another thread.
    ///
    /// # Errors
    /// As for [`Repository::open`].
    pub fn reopen(&self) -> Result<Self, Error> {
        let opened = Self::new(open_exactly(self.git_dir())?, self.index_file.clone())?;
        opened.unstored.replace(self.unstored.borrow().clone());
        Ok(opened)
    }

    /// The folder of `HEAD` and the index; a linked worktree has its own.
    #[must_use]
    pub fn git_dir(&self) -> &Path {
        self.inner.path()
    }

    /// The folder of objects and branches, which linked worktrees share. A cache has its place here.
    #[must_use]
    pub fn common_dir(&self) -> &Path {
        self.inner.commondir()
    }

    /// The top of the working tree; a bare repository has none.
    #[must_use]
    pub fn work_tree(&self) -> Option<&Path> {
        self.inner.workdir()
    }

    /// Whether history was cut off when this repository was cloned.
    #[must_use]
    pub fn is_shallow(&self) -> bool {
        !self.shallow.is_empty()
    }

    fn new(inner: git2::Repository, index_file: Option<PathBuf>) -> Result<Self, Error> {
        // It is the default; nothing else in the process may have turned it off.
        git2::opts::strict_hash_verification(true);
        refuse_grafts(inner.commondir())?;
        let shallow = read_shallow(inner.commondir())?;
        Ok(Self {
            inner,
            index_file,
            shallow,
            trees: RefCell::default(),
            blobs: RefCell::default(),
            whole_folders: RefCell::default(),
            unstored: RefCell::default(),
        })
    }
}

impl fmt::Debug for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Repository")
            .field("git_dir", &self.git_dir())
            .finish_non_exhaustive()
    }
}

fn open_exactly(git_dir: &Path) -> Result<git2::Repository, Error> {
    let none: [&OsStr; 0] = [];
    let flags = RepositoryOpenFlags::NO_SEARCH | RepositoryOpenFlags::NO_DOTGIT;
    git2::Repository::open_ext(git_dir, flags, none).map_err(|error| open_error(&error, git_dir))
}

fn open_error(error: &git2::Error, path: &Path) -> Error {
    let path = text::shown(&path.to_string_lossy());
    let message = error.message();
    if error.code() == ErrorCode::Owner {
        Error::NotOwner { path }
    } else if message.contains("object format") || message.contains("objectformat") {
        Error::ObjectFormat
    } else if let Some(name) = message.strip_prefix("unsupported extension name ") {
        Error::Extension {
            name: text::shown(name),
        }
    } else if error.code() == ErrorCode::NotFound {
        Error::NotARepository { path }
    } else {
        Error::Open {
            path,
            reason: text::shown(message),
        }
    }
}

/// Grafts give commits other parents, and libgit2 follows them.
fn refuse_grafts(common_dir: &Path) -> Result<(), Error> {
    match std::fs::metadata(common_dir.join("info").join("grafts")) {
        Ok(file) if file.len() == 0 => Ok(()),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        // Also what cannot be looked at.
        _ => Err(Error::Grafts),
    }
}

fn read_shallow(common_dir: &Path) -> Result<BTreeSet<GitId>, Error> {
    let text = match std::fs::read_to_string(common_dir.join("shallow")) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeSet::new()),
        Err(error) => return Err(shallow_file(&error.to_string())),
    };
    text.lines()
        .map(|line| GitId::parse(line.trim()).map_err(|error| shallow_file(&error.to_string())))
        .collect()
}

fn shallow_file(reason: &str) -> Error {
    Error::Ref {
        name: "shallow".to_owned(),
        reason: text::shown(reason),
    }
}
