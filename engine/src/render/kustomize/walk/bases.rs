//! From an address in a kustomization to the tree of another repository, where that is pinned and fetched.
//! Fetches nothing itself.

use super::super::error::Error;
use super::super::fields::{Reference, Role};
use super::super::place::{At, Folder, shown};
use super::{Purpose, Source, Walk};
use crate::model::RepoPath;
use crate::render::files::Found;
use crate::render::online::{FetchError, Mount, Naming, Pinned, Unfit, mount_of};

/// A remote base or component, and the kustomization that names it.
#[derive(Clone, Debug)]
pub(in crate::render::kustomize) struct NamedRemote {
    /// The folder of that kustomization, links followed.
    pub(in crate::render::kustomize) folder: RepoPath,
    /// Its file.
    pub(in crate::render::kustomize) file: RepoPath,
    /// Where it says so.
    pub(in crate::render::kustomize) at: At,
    /// The line of the file; none where no file says so.
    pub(in crate::render::kustomize) line: usize,
    /// What it says.
    pub(in crate::render::kustomize) text: String,
    /// The folder where it stands, beside the files of the tree, links followed.
    pub(in crate::render::kustomize) target: RepoPath,
}

impl Walk<'_> {
    /// What a remote base or component reads.
    pub(super) fn follow_remote(
        &mut self,
        reference: &Reference,
        source: &Source<'_>,
        purpose: &Purpose,
        at: At,
    ) -> Result<(), Error> {
        let what = shown(&reference.text);
        let refuse = |why| Error::Remote {
            at: at.clone(),
            what: what.clone(),
            why,
        };
        let failed = |error| Error::Fetch {
            at: at.clone(),
            what: what.clone(),
            error: Box::new(error),
        };
        let (naming, inner) = match (reference.role, purpose) {
            (Role::Resource, Purpose::Objects | Purpose::Component) => {
                (Naming::Resource, Purpose::Objects)
            }
            (Role::Component, _) => (Naming::Component, Purpose::Component),
            _ => return Err(refuse(Unfit::NoBase)),
        };
        let pinned = Pinned::parse(&reference.text, naming).map_err(refuse)?;
        if let Some(path) = self.stand_in(&reference.text, source.folder)? {
            return Err(failed(FetchError::Hidden { path }));
        }
        let mount = match self.files.mount(&pinned).map_err(failed)? {
            Mount::Refused => return Err(refuse(Unfit::Offline)),
            Mount::Judged => return Ok(()),
            Mount::At(mount) => mount,
        };
        let folder = match pinned.folder.as_bytes() {
            b"" => mount,
            folder => mount.child(folder),
        };
        let resolved = self.resolve(&folder, &reference.text, &at)?;
        match resolved.found {
            Found::Folder => {}
            Found::Submodule(_) => return Err(Error::Submodule { at, what }),
            _ => {
                let wanted = "folder";
                return Err(Error::Missing { at, what, wanted });
            }
        }
        self.remotes.push(NamedRemote {
            folder: source.folder.clone(),
            file: source.path.clone(),
            at: at.clone(),
            line: reference.span.line_column(source.text).line,
            text: reference.text.clone(),
            target: resolved.path.clone(),
        });
        self.enter(&resolved.path, &inner, &reference.text, at)
    }

    /// Kustomize takes a file in the place of an address that has no scheme, or one that it does not know.
    /// Such a file must not be there, now and later: what stands in the place where it would.
    fn stand_in(&mut self, text: &str, folder: &RepoPath) -> Result<Option<String>, Error> {
        let first = text.split('/').next().unwrap_or_default();
        let place = folder.child(first);
        if self.files.at(&place)? != Found::Nothing {
            return Ok(Some(Folder(place).to_string()));
        }
        if mount_of(folder).is_none() {
            self.closure.insert_folder(place);
        }
        Ok(None)
    }
}
