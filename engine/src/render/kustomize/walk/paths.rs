//! From a name in a kustomization to what lies there, or to the reason why it is not read.
//! Knows nothing of what kustomizations say.

use super::super::error::Error;
use super::super::place::{At, Folder, shown};
use super::super::remote;
use super::{Reach, Walk};
use crate::git::TreeEntry;
use crate::manifest::KUSTOMIZATIONS;
use crate::model::RepoPath;
use crate::render::files::{FilesError, Found, Resolved, inside};
use crate::render::online::{MOUNTS, Unfit, mount_of};

impl Walk<'_> {
    /// The folder that is rendered, links followed.
    pub(in crate::render::kustomize) fn entrance(
        &mut self,
        folder: &RepoPath,
        at: &At,
    ) -> Result<RepoPath, Error> {
        let name = Folder(folder.clone()).to_string();
        let resolved = self.resolve(folder, &name, at)?;
        match resolved.found {
            Found::Folder => Ok(resolved.path),
            Found::Submodule(_) => Err(Error::Submodule {
                at: at.clone(),
                what: name,
            }),
            _ => Err(Error::Missing {
                at: at.clone(),
                what: name,
                wanted: "folder",
            }),
        }
    }

    /// The kustomization of a folder. Kustomize takes exactly one of three names.
    pub(in crate::render::kustomize) fn kustomization_of(
        &mut self,
        folder: &RepoPath,
    ) -> Result<Option<TreeEntry>, Error> {
        let mut found: Option<(RepoPath, TreeEntry)> = None;
        for name in KUSTOMIZATIONS {
            let path = folder.child(name);
            let at = At::of(path.to_string());
            let resolved = self.resolve(&path, name, &at)?;
            let Found::File(entry) = resolved.found else {
                self.closure.insert_absent(path);
                continue;
            };
            if let Some((first, _)) = found {
                return Err(Error::TwoKustomizations {
                    first,
                    second: path,
                });
            }
            self.check_reach(&entry.path, name, folder, &at)?;
            self.closure.insert(entry.clone())?;
            found = Some((path, entry));
        }
        Ok(found.map(|(_, entry)| entry))
    }

    /// What a name leads to, seen from a folder. The links on the way belong to the closure.
    pub(super) fn find(
        &mut self,
        text: &str,
        folder: &RepoPath,
        at: &At,
    ) -> Result<Resolved, Error> {
        let (at, what) = (at.clone(), shown(text));
        if remote::is_remote(text) {
            let why = Unfit::NoBase;
            return Err(Error::Remote { at, what, why });
        }
        if text.starts_with('/') {
            return Err(Error::Absolute { at, what });
        }
        let path = match mount_of(folder) {
            None => inside(folder.as_bytes(), text.as_bytes()).map(RepoPath::new),
            // A remote base is a repository of its own.
            Some((mount, inner)) => {
                inside(inner.as_bytes(), text.as_bytes()).map(|path| below(&mount, &path))
            }
        };
        let Some(path) = path else {
            return Err(Error::OutsideTree { at, what });
        };
        let is_mount = mount_of(&path).is_some() && mount_of(folder).is_none();
        if is_mount || path == RepoPath::from(MOUNTS) {
            let wanted = "file or folder";
            return Err(Error::Missing { at, what, wanted });
        }
        let resolved = self.resolve(&path, text, &at)?;
        match resolved.found {
            Found::Submodule(_) => Err(Error::Submodule { at, what }),
            _ => Ok(resolved),
        }
    }

    pub(super) fn resolve(
        &mut self,
        path: &RepoPath,
        text: &str,
        at: &At,
    ) -> Result<Resolved, Error> {
        let resolved = self.files.resolve(path).map_err(|error| match error {
            FilesError::LinkOutside { link, .. } => {
                let (at, what) = (at.clone(), shown(text));
                Error::LinkOutside { at, what, link }
            }
            error @ (FilesError::Git(_) | FilesError::Unmounted { .. }) => error.into(),
        })?;
        for link in &resolved.links {
            self.closure.insert(link.clone())?;
        }
        Ok(resolved)
    }

    /// Refuses a file that kustomize does not read for a kustomization in `folder`.
    pub(super) fn check_reach(
        &self,
        path: &RepoPath,
        text: &str,
        folder: &RepoPath,
        at: &At,
    ) -> Result<(), Error> {
        let is_tree = self.reach == Reach::Tree && mount_of(folder).is_none();
        if is_tree || path.lies_in(folder) {
            return Ok(());
        }
        Err(Error::OutsideRoot {
            at: at.clone(),
            what: shown(text),
            root: Folder(folder.clone()),
        })
    }
}

/// A path in a mount, which may be its root.
fn below(mount: &RepoPath, path: &[u8]) -> RepoPath {
    match path {
        b"" => mount.clone(),
        path => mount.child(path),
    }
}
