//! The files of one side, as a renderer would find them: links followed, but never out of the tree.
//! Knows nothing of kustomizations and charts.

#[cfg(test)]
pub(in crate::render) mod fake;

use miette::Diagnostic;

use super::online::{FetchError, MOUNTS, Mount, Mounts, Online, Pinned, mount_of};
use crate::git::{self, Place, Repository, Snapshot, Spot, TreeEntry};
use crate::model::{RepoPath, limits};

/// The files of one state of a repository.
pub trait Files {
    /// What lies at `path`, links in it not followed.
    ///
    /// # Errors
    /// The tree cannot be read.
    fn at(&self, path: &RepoPath) -> Result<Found, FilesError>;

    /// Every file below a folder, sorted by path; links are files.
    ///
    /// # Errors
    /// The tree cannot be read.
    fn below(&self, folder: &RepoPath) -> Result<Vec<TreeEntry>, FilesError>;

    /// The content of a file; of a link, its target.
    ///
    /// # Errors
    /// It cannot be read, is too large, or a checkout would hold other bytes.
    fn content(&self, entry: &TreeEntry) -> Result<Vec<u8>, FilesError>;

    /// Where the tree of a remote base stands from now on, beside the files of this one.
    ///
    /// # Errors
    /// It is to be fetched and cannot be.
    fn mount(&self, _pinned: &Pinned) -> Result<Mount, FetchError> {
        Ok(Mount::Refused)
    }

    /// What `path` leads to: the path without links, what lies there, and the links on the way.
    ///
    /// # Errors
    /// A link leads out of the tree or in circles; the tree cannot be read.
    fn resolve(&self, path: &RepoPath) -> Result<Resolved, FilesError> {
        // The tree of a remote base ends at its own root.
        let (root, below) = mount_of(path).unwrap_or_else(|| (RepoPath::from(""), path.clone()));
        let mut resolved = Resolved {
            path: root.clone(),
            found: Found::Folder,
            links: Vec::new(),
        };
        let mut rest: Vec<Vec<u8>> = segments(below.as_bytes());
        while let Some(name) = rest.pop() {
            let here = resolved.path.child(&name);
            match self.at(&here)? {
                Found::Link(entry) => {
                    if resolved.links.len() >= limits::LINK_HOPS.most {
                        return Err(outside(path, &entry.path));
                    }
                    let target = self.content(&entry)?;
                    let from = below_root(&resolved.path, &root);
                    let onto = inside(from, &target).ok_or_else(|| outside(path, &entry.path))?;
                    resolved.links.push(entry);
                    resolved.path = root.clone();
                    rest.extend(segments(&onto));
                }
                found => (resolved.path, resolved.found) = (here, found),
            }
            if !rest.is_empty() && !matches!(resolved.found, Found::Folder) {
                resolved.found = Found::Nothing;
                return Ok(resolved);
            }
        }
        Ok(resolved)
    }
}

/// What lies at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// A folder.
    Folder,
    /// A file.
    File(TreeEntry),
    /// A symbolic link.
    Link(TreeEntry),
    /// A submodule: its files are in another repository.
    Submodule(TreeEntry),
}

/// Where a path leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resolved {
    /// Without links.
    pub path: RepoPath,
    /// Never a link.
    pub found: Found,
    /// The links on the way.
    pub links: Vec<TreeEntry>,
}

/// The files of one state cannot be read.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum FilesError {
    /// Git's data.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Git(#[from] git::Error),
    /// A link that leads out of the tree, or in circles.
    #[error("`{path}` leads through the link `{link}` out of the repository, or in circles")]
    #[diagnostic(
        code(render::link_outside),
        help("a link is followed inside of the repository only, and five times at most")
    )]
    LinkOutside {
        /// What was asked for.
        path: RepoPath,
        /// The link.
        link: RepoPath,
    },
    /// A remote base that is not at hand.
    #[error("`{mount}` was not fetched")]
    #[diagnostic(code(render::lost), help("please report it"))]
    Unmounted {
        /// Where it would stand.
        mount: RepoPath,
    },
}

/// The files of a snapshot, and those of remote bases that were fetched for it.
pub struct GitFiles<'a> {
    repository: &'a Repository,
    snapshot: &'a Snapshot,
    online: Online<'a>,
    mounts: Mounts,
}

impl<'a> GitFiles<'a> {
    /// Those of `snapshot` alone.
    #[must_use]
    pub fn new(repository: &'a Repository, snapshot: &'a Snapshot) -> Self {
        Self {
            repository,
            snapshot,
            online: Online::Off,
            mounts: Mounts::default(),
        }
    }

    /// The same, with what becomes of remote bases.
    #[must_use]
    pub fn with(self, online: Online<'a>) -> Self {
        Self { online, ..self }
    }
}

impl Files for GitFiles<'_> {
    fn at(&self, path: &RepoPath) -> Result<Found, FilesError> {
        if let Some((mount, inner)) = mount_of(path) {
            let found = self
                .mounts
                .within(&mount, self.online, |files| files.at(&inner));
            return Ok(found
                .transpose()?
                .map_or(Found::Nothing, |it| it.below(&mount)));
        }
        if path.as_bytes().is_empty() {
            return Ok(Found::Folder);
        }
        Ok(match self.repository.spot(self.snapshot, path)? {
            Spot::Entry(entry) if entry.is_link() => Found::Link(entry),
            Spot::Entry(entry) if entry.is_submodule() => Found::Submodule(entry),
            Spot::Entry(entry) => Found::File(entry),
            Spot::Folder => Found::Folder,
            Spot::Nothing => Found::Nothing,
        })
    }

    fn below(&self, folder: &RepoPath) -> Result<Vec<TreeEntry>, FilesError> {
        if let Some((mount, inner)) = mount_of(folder) {
            let found = self
                .mounts
                .within(&mount, self.online, |files| files.below(&inner));
            let entries = found.transpose()?.unwrap_or_default().into_iter();
            return Ok(entries.map(|entry| moved(&entry, &mount)).collect());
        }
        Ok(self.repository.entries_under(self.snapshot, folder)?)
    }

    fn content(&self, entry: &TreeEntry) -> Result<Vec<u8>, FilesError> {
        if let Some((mount, inner)) = mount_of(&entry.path) {
            let entry = TreeEntry {
                path: inner,
                ..entry.clone()
            };
            let content = |files: &dyn Files| files.content(&entry);
            let found = self.mounts.within(&mount, self.online, content);
            return found.unwrap_or(Err(FilesError::Unmounted { mount }));
        }
        let (repository, snapshot) = (self.repository, self.snapshot);
        if entry.is_link() {
            return Ok(repository.file(entry)?);
        }
        repository.transformed_by_attributes(snapshot, &entry.path)?;
        let content = repository.file(entry)?;
        if git::is_pointer(&content) {
            repository.content_transformed(snapshot, &entry.path)?;
        }
        Ok(content)
    }

    fn mount(&self, pinned: &Pinned) -> Result<Mount, FetchError> {
        let mount = Mounts::mount(pinned, self.online)?;
        let is_free = || {
            let taken = self
                .repository
                .place(self.snapshot, &RepoPath::from(MOUNTS));
            taken.is_ok_and(|place| matches!(place, Place::Nothing))
        };
        match mount {
            Mount::At(_) if !is_free() => Err(FetchError::Taken { path: MOUNTS }),
            mount => Ok(mount),
        }
    }
}

impl Found {
    /// The same, seen from where `mount` stands.
    fn below(self, mount: &RepoPath) -> Self {
        match self {
            Self::File(entry) => Self::File(moved(&entry, mount)),
            Self::Link(entry) => Self::Link(moved(&entry, mount)),
            Self::Submodule(entry) => Self::Submodule(moved(&entry, mount)),
            Self::Nothing | Self::Folder => self,
        }
    }
}

fn moved(entry: &TreeEntry, mount: &RepoPath) -> TreeEntry {
    TreeEntry {
        path: mount.child(entry.path.as_bytes()),
        mode: entry.mode,
        id: entry.id,
    }
}

/// `path` as seen from `folder`, inside the tree; `None` where it is absolute or leads above the root.
#[must_use]
pub fn inside(folder: &[u8], path: &[u8]) -> Option<Vec<u8>> {
    if path.starts_with(b"/") || path.contains(&0) {
        return None;
    }
    let mut kept: Vec<&[u8]> = names(folder).collect();
    for name in names(path) {
        match name {
            b"." => {}
            b".." => {
                kept.pop()?;
            }
            name => kept.push(name),
        }
    }
    Some(kept.join(&b'/'))
}

fn names(path: &[u8]) -> impl Iterator<Item = &[u8]> {
    let names = path.split(|byte| *byte == b'/');
    names.filter(|name| !name.is_empty())
}

/// `path`, which lies in `root`, from there.
fn below_root<'p>(path: &'p RepoPath, root: &RepoPath) -> &'p [u8] {
    let rest = path.as_bytes().strip_prefix(root.as_bytes());
    let rest = rest.unwrap_or_default();
    rest.strip_prefix(b"/").unwrap_or(rest)
}

/// The segments of a path, the last one first.
fn segments(path: &[u8]) -> Vec<Vec<u8>> {
    let mut segments: Vec<Vec<u8>> = names(path).map(<[u8]>::to_vec).collect();
    segments.reverse();
    segments
}

fn outside(path: &RepoPath, link: &RepoPath) -> FilesError {
    FilesError::LinkOutside {
        path: path.clone(),
        link: link.clone(),
    }
}
