//! The working tree as a snapshot: the files as they lie on disk, of which only ids are kept.
//! Follows no link, runs no filter, writes nothing; what Git ignores, libgit2 says.

use std::collections::BTreeMap;
use std::fs::{self, File, FileType, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use git2::RepositoryOpenFlags;
use sha1::{Digest as _, Sha1};

use super::index::{Tracked, TrackedFiles, trees_of};
use super::index_file::Entry;
use super::snapshot::join;
use super::unstored::{Content, Unstored, blob_id};
use super::{
    Error, MODE_EXECUTABLE, MODE_FILE, MODE_LINK, MODE_SUBMODULE, Repository, Snapshot, text,
};
use crate::model::{GitId, limits};

impl Repository {
    /// The files as they lie in the working tree: those that Git tracks, and those that it neither
    /// tracks nor ignores. `head` is what was committed last.
    pub(super) fn worktree_snapshot(&self, head: Option<GitId>) -> Result<Snapshot, Error> {
        let root = self.own_work_tree()?;
        let tracked = self.tracked_files(head)?;
        let mut walk = Walk {
            repository: self,
            trust: Trust::of(self),
            tracked: &tracked,
            open: vec![Folder::default()],
            found: BTreeMap::new(),
            unstored: Unstored::new(),
        };
        while let Some(folder) = walk.open.pop() {
            walk.folder(&root, &folder)?;
        }
        let Walk {
            mut found,
            mut unstored,
            ..
        } = walk;
        for (path, file) in tracked.iter().filter(|(_, file)| file.may_be_missing) {
            let entry = || Entry::new(path.clone(), file.mode, file.id);
            found.entry(path.clone()).or_insert_with(entry);
        }
        Arc::make_mut(&mut self.unstored.borrow_mut()).append(&mut unstored);
        let found: Vec<Entry> = found.into_values().collect();
        let (root, trees) = trees_of(&found)?;
        Ok(Snapshot::of_trees(root, trees))
    }

    /// The work tree, if it is one by its own account too and not by configuration alone.
    fn own_work_tree(&self) -> Result<PathBuf, Error> {
        let folder = self.work_tree().ok_or(Error::NeedsWorktree)?;
        let none: [&std::ffi::OsStr; 0] = [];
        let found = git2::Repository::open_ext(folder, RepositoryOpenFlags::NO_SEARCH, none);
        match found {
            Ok(found) if found.path() == self.git_dir() => Ok(folder.to_owned()),
            _ => Err(Error::WorktreeElsewhere {
                path: text::shown(&folder.to_string_lossy()),
            }),
        }
    }
}

/// What the file system cannot say where the configuration says so.
struct Trust {
    executable: bool,
    links: bool,
}

impl Trust {
    fn of(repository: &Repository) -> Self {
        let config = repository.inner.config();
        let get = |key| config.as_ref().ok().and_then(|it| it.get_bool(key).ok());
        Self {
            executable: cfg!(unix) && get("core.fileMode").unwrap_or(true),
            links: get("core.symlinks").unwrap_or(true),
        }
    }
}

/// A folder that is still to be read.
#[derive(Default)]
struct Folder {
    path: Vec<u8>,
    /// It is ignored, or a repository of its own: only what Git tracks counts.
    tracked_only: bool,
}

struct Walk<'a> {
    repository: &'a Repository,
    trust: Trust,
    tracked: &'a TrackedFiles,
    open: Vec<Folder>,
    found: BTreeMap<Vec<u8>, Entry>,
    unstored: Unstored,
}

impl Walk<'_> {
    fn folder(&mut self, root: &Path, folder: &Folder) -> Result<(), Error> {
        let place = root.join(as_path(&folder.path));
        let listed = list(&place).map_err(|error| failed(&place, &error))?;
        let mut tracked_only = folder.tracked_only;
        if !folder.path.is_empty() && listed.iter().any(|(name, _)| name == b".git") {
            if !self.tracks_below(&folder.path) {
                let none = GitId::from_bytes([0; 20]);
                self.take(Entry::new(folder.path.clone(), MODE_SUBMODULE, none));
                return Ok(());
            }
            tracked_only = true;
        }
        // Git follows no link here, and a pipe would be waited for.
        if let Some((_, kind)) = listed.iter().find(|(name, _)| name == b".gitignore")
            && !kind.is_file()
        {
            let reason = io::Error::other("it is no plain file");
            return Err(failed(&place.join(".gitignore"), &reason));
        }
        for (name, kind) in listed.iter().filter(|(name, _)| name != b".git") {
            let mut path = folder.path.clone();
            join(&mut path, name);
            self.entry(root, path, *kind, tracked_only)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        root: &Path,
        path: Vec<u8>,
        kind: FileType,
        tracked_only: bool,
    ) -> Result<(), Error> {
        let tracked = self.tracked.get(&path);
        if kind.is_dir() {
            if let Some(module) = tracked.filter(|file| file.mode == MODE_SUBMODULE) {
                self.take(Entry::new(path, module.mode, module.id));
                return Ok(());
            }
            let tracked_only = tracked_only || self.is_ignored(&path, kind)?;
            if !tracked_only || self.tracks_below(&path) {
                self.open.push(Folder { path, tracked_only });
            }
        } else if (kind.is_file() || kind.is_symlink())
            && (tracked.is_some() || !tracked_only && !self.is_ignored(&path, kind)?)
        {
            let place = root.join(as_path(&path));
            let entry = self
                .read(&place, path)
                .map_err(|error| failed(&place, &error))?;
            self.take(entry?);
        }
        Ok(())
    }

    fn take(&mut self, entry: Entry) {
        self.found.insert(entry.path.clone(), entry);
    }

    fn tracks_below(&self, folder: &[u8]) -> bool {
        let prefix = [folder, b"/"].concat();
        let mut below = self.tracked.range(prefix.clone()..);
        below
            .next()
            .is_some_and(|(path, _)| path.starts_with(&prefix))
    }

    fn is_ignored(&self, path: &[u8], kind: FileType) -> Result<bool, Error> {
        let mut place = as_path(path);
        if kind.is_dir() {
            place.push("");
        }
        let ignored = self.repository.inner.is_path_ignored(&place);
        let ignored = ignored.map_err(|error| failed(&place, &io::Error::other(error)))?;
        // libgit2 takes a link to a folder for one, to which more patterns apply: it is not believed.
        let root = self.repository.work_tree();
        let leads_to_folder =
            kind.is_symlink() && root.is_some_and(|root| root.join(&place).is_dir());
        Ok(ignored && !leads_to_folder)
    }

    /// Reads one file or link. The inner error is Git's, the outer one the system's.
    fn read(&mut self, place: &Path, path: Vec<u8>) -> io::Result<Result<Entry, Error>> {
        let metadata = fs::symlink_metadata(place)?;
        let (id, content) = if metadata.is_symlink() {
            let target = fs::read_link(place)?.into_os_string().into_encoded_bytes();
            (blob_id(&target), Content::Bytes(target))
        } else {
            let (id, size) = hash(place, &metadata)?;
            let path = place.to_owned();
            (id, Content::File { path, size })
        };
        let mode = self.mode(&metadata, self.tracked.get(&path));
        Ok(id.map(|id| {
            if matches!(self.repository.header(id), Err(Error::ObjectMissing(_))) {
                self.unstored.insert(id, content);
            }
            Entry::new(path, mode, id)
        }))
    }

    fn mode(&self, metadata: &Metadata, tracked: Option<&Tracked>) -> u32 {
        let before = tracked.map(|file| file.mode);
        if metadata.is_symlink() || before == Some(MODE_LINK) && !self.trust.links {
            MODE_LINK
        } else if self.trust.executable {
            if is_executable(metadata) {
                MODE_EXECUTABLE
            } else {
                MODE_FILE
            }
        } else {
            before
                .filter(|mode| *mode == MODE_EXECUTABLE)
                .unwrap_or(MODE_FILE)
        }
    }
}

/// The names in a folder and what stands there, sorted.
pub(super) fn list(folder: &Path) -> io::Result<Vec<(Vec<u8>, FileType)>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_encoded_bytes();
        names.push((name, entry.file_type()?));
    }
    names.sort_by(|one, two| one.0.cmp(&two.0));
    Ok(names)
}

/// Id and size of a blob that holds this file. What is too large to be judged is not kept in memory.
pub(super) fn hash(place: &Path, metadata: &Metadata) -> io::Result<(Result<GitId, Error>, u64)> {
    let file = File::open(place)?;
    if metadata.len() <= limits::FILE.wide() {
        let mut bytes = Vec::new();
        file.take(limits::FILE.wide()).read_to_end(&mut bytes)?;
        return Ok((blob_id(&bytes), bytes.len() as u64));
    }
    let size = metadata.len();
    let mut hasher = Sha1::new();
    hasher.update(format!("blob {size}\0"));
    let mut file = file.take(size);
    let mut block = vec![0; 1 << 16];
    loop {
        let count = file.read(&mut block)?;
        if count == 0 {
            break;
        }
        hasher.update(block.get(..count).unwrap_or_default());
    }
    let id = GitId::from_bytes(hasher.finalize().into());
    Ok((Ok(id), size))
}

#[cfg(unix)]
pub(super) fn as_path(path: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt as _;
    std::ffi::OsStr::from_bytes(path).into()
}

#[cfg(not(unix))]
pub(super) fn as_path(path: &[u8]) -> PathBuf {
    String::from_utf8_lossy(path).into_owned().into()
}

#[cfg(unix)]
fn is_executable(metadata: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    metadata.permissions().mode() & 0o100 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &Metadata) -> bool {
    false
}

pub(super) fn failed(path: &Path, error: &io::Error) -> Error {
    Error::Worktree {
        path: text::shown(&path.to_string_lossy()),
        reason: text::shown(&error.to_string()),
    }
}
