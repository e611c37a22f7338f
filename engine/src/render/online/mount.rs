//! Where the files of remote bases stand beside those of the tree: each commit in a folder of its own, below one
//! that no tree may hold. Follows no link; a path of one mount never leads into another.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{FetchError, Online, Pinned};
use crate::git::{Repository, Snapshot};
use crate::model::{GitId, RepoPath};
use crate::render::files::{Files, GitFiles};

/// What became of a remote base.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mount {
    /// It is not fetched.
    Refused,
    /// It was judged before, and is not looked at.
    Judged,
    /// Its tree stands in this folder.
    At(RepoPath),
}

/// The mounted trees that one reader of files has opened.
#[derive(Default)]
pub(in crate::render) struct Mounts(RefCell<BTreeMap<GitId, Rc<(Repository, Snapshot)>>>);

/// The folder of the mount that a path lies in, and the path from there.
pub(in crate::render) fn mount_of(path: &RepoPath) -> Option<(RepoPath, RepoPath)> {
    let rest = path.as_bytes().strip_prefix(MOUNTS.as_bytes())?;
    let rest = rest.strip_prefix(b"/")?;
    let length = rest.iter().position(|byte| *byte == b'/');
    let (name, inner) = match length {
        Some(length) => (rest.get(..length)?, rest.get(length + 1..)?),
        None => (rest, [].as_slice()),
    };
    Some((RepoPath::from(MOUNTS).child(name), RepoPath::new(inner)))
}

impl Mounts {
    /// Fetches what is pinned, where that is wanted, and says where it stands.
    pub(in crate::render) fn mount(
        pinned: &Pinned,
        online: Online<'_>,
    ) -> Result<Mount, FetchError> {
        match online {
            Online::Off => Ok(Mount::Refused),
            Online::Judged => Ok(Mount::Judged),
            Online::Fetched { remotes, hosts } => {
                remotes.fetch(pinned, hosts)?;
                let name = format!("{}@{}", pinned.name(), pinned.commit);
                Ok(Mount::At(RepoPath::from(MOUNTS).child(name)))
            }
        }
    }

    /// What `read` finds in the mount of `mount`; none where there is no such mount.
    pub(in crate::render) fn within<T>(
        &self,
        mount: &RepoPath,
        online: Online<'_>,
        read: impl FnOnce(&dyn Files) -> T,
    ) -> Option<T> {
        let opened = self.open(mount, online)?;
        let (repository, snapshot) = &*opened;
        Some(read(&GitFiles::new(repository, snapshot)))
    }

    fn open(&self, mount: &RepoPath, online: Online<'_>) -> Option<Rc<(Repository, Snapshot)>> {
        let name = mount.file_name();
        let at = name.iter().rposition(|byte| *byte == b'@')?;
        let commit = std::str::from_utf8(name.get(at + 1..)?).ok()?;
        let commit = GitId::parse(commit).ok()?;
        if let Some(opened) = self.0.borrow().get(&commit) {
            return Some(Rc::clone(opened));
        }
        let Online::Fetched { remotes, .. } = online else {
            return None;
        };
        let repository = Repository::open_bare(&remotes.folder_of(commit)?).ok()?;
        let snapshot = repository.snapshot(commit).ok()?;
        let opened = Rc::new((repository, snapshot));
        self.0.borrow_mut().insert(commit, Rc::clone(&opened));
        Some(opened)
    }
}

/// The folder of all mounts.
pub(in crate::render) const MOUNTS: &str = ".tidegate-remote";
