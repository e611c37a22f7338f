//! The files that a deployer sees: Flux leaves some out, and lists those of a folder without a kustomization.
//! Knows nothing of what kustomizations say.

use super::error::Error;
use super::ignore::Ignore;
use super::place::Folder;
use crate::git::TreeEntry;
use crate::manifest::KUSTOMIZATIONS;
use crate::model::RepoPath;
use crate::render::closure::Closure;
use crate::render::files::{Files, FilesError, Found};
use crate::render::online::{FetchError, Mount, Pinned, mount_of};
use crate::render::options::{Deployer, Kustomize};

/// The files of a tree as a deployer sees them.
pub(in crate::render) struct Deployed<'a> {
    files: &'a dyn Files,
    /// What Flux leaves out of the archive that it builds from.
    ignore: Option<Ignore>,
}

impl<'a> Deployed<'a> {
    pub(super) fn new(
        files: &'a dyn Files,
        folder: &RepoPath,
        options: &Kustomize,
        deployer: Deployer,
    ) -> Result<Self, Error> {
        let ignore = match deployer {
            Deployer::ArgoCd if options.ignore.is_empty() => None,
            Deployer::ArgoCd => {
                let what = "Argo CD leaves no files out".to_owned();
                return Err(Error::Options {
                    folder: Folder(folder.clone()),
                    what,
                });
            }
            Deployer::Flux => {
                Some(
                    Ignore::new(&options.ignore).map_err(|number| Error::Ignore {
                        folder: Folder(folder.clone()),
                        number,
                    })?,
                )
            }
        };
        Ok(Self { files, ignore })
    }

    /// Those of a source of which nobody says what is left out.
    pub(in crate::render) fn usual(files: &'a dyn Files, deployer: Deployer) -> Self {
        let ignore = match deployer {
            Deployer::ArgoCd => None,
            Deployer::Flux => Some(Ignore::usual()),
        };
        Self { files, ignore }
    }

    /// Adds the files that tell a deployer more than its own object does.
    pub(super) fn watch(&self, folder: &RepoPath, closure: &mut Closure) -> Result<(), Error> {
        if self.ignore.is_none() {
            return self.refuse_source_files(folder, closure);
        }
        let mut above = folder.clone();
        loop {
            let path = above.child(".sourceignore");
            match self.files.at(&path)? {
                Found::File(entry) => closure.insert(entry)?,
                _ => closure.insert_absent(path),
            }
            if above.as_bytes().is_empty() {
                return Ok(());
            }
            above = RepoPath::new(above.parent());
        }
    }

    /// `.argocd-source.yaml` and `.argocd-source-<application>.yaml` change what an Application says.
    fn refuse_source_files(&self, folder: &RepoPath, closure: &mut Closure) -> Result<(), Error> {
        let below = self.files.below(folder)?;
        let of_argo = |entry: &&TreeEntry| {
            entry.path.parent() == folder.as_bytes()
                && entry.path.file_name().starts_with(b".argocd-source")
        };
        if let Some(entry) = below.iter().find(of_argo) {
            return Err(Error::SourceFile {
                path: entry.path.clone(),
            });
        }
        closure.insert_absent(folder.child(".argocd-source.yaml"));
        Ok(())
    }

    /// What Flux lists for a folder without a kustomization, from that folder: every YAML file, and a
    /// folder with a kustomization in place of its files.
    pub(super) fn manifests(
        &self,
        folder: &RepoPath,
        closure: &mut Closure,
    ) -> Result<Vec<String>, Error> {
        let mut entries = self.below(folder)?;
        entries.sort_by(|a, b| steps(&a.path).cmp(steps(&b.path)));
        let is_kustomization = |entry: &&TreeEntry| {
            KUSTOMIZATIONS
                .iter()
                .any(|name| name.as_bytes() == entry.path.file_name())
        };
        let mut kustomized: Vec<RepoPath> = Vec::new();
        for entry in entries.iter().filter(is_kustomization) {
            let folder = RepoPath::new(entry.path.parent());
            if !kustomized
                .iter()
                .any(|outer| *outer == folder || folder.lies_in(outer))
            {
                kustomized.retain(|inner| !inner.lies_in(&folder));
                kustomized.push(folder);
            }
        }
        let mut names = Vec::new();
        for entry in &entries {
            closure.list(entry.clone())?;
            let path = match kustomized.iter().find(|outer| entry.path.lies_in(outer)) {
                Some(outer) => outer,
                None if is_yaml(&entry.path) => &entry.path,
                None => continue,
            };
            let Some(name) = relative(path, folder) else {
                let what = format!("`{path}` is no text that a kustomization could name");
                return Err(Error::Options {
                    folder: Folder(folder.clone()),
                    what,
                });
            };
            if names.last() != Some(&name) {
                names.push(name);
            }
        }
        closure.insert_folder(folder.clone());
        Ok(names)
    }
}

/// As the deployer sees them: Flux builds from an archive, which holds no links and no submodules.
impl Files for Deployed<'_> {
    fn at(&self, path: &RepoPath) -> Result<Found, FilesError> {
        let found = self.files.at(path)?;
        let Some(ignore) = self.ignore.as_ref().filter(|_| mount_of(path).is_none()) else {
            return Ok(found);
        };
        Ok(match found {
            Found::Link(_) => Found::Nothing,
            Found::File(_) if ignore.hides(path) => Found::Nothing,
            found => found,
        })
    }

    fn below(&self, folder: &RepoPath) -> Result<Vec<TreeEntry>, FilesError> {
        let mut entries = self.files.below(folder)?;
        if let Some(ignore) = &self.ignore {
            entries.retain(|entry| {
                !entry.is_link() && !entry.is_submodule() && !ignore.hides(&entry.path)
            });
        }
        Ok(entries)
    }

    fn content(&self, entry: &TreeEntry) -> Result<Vec<u8>, FilesError> {
        self.files.content(entry)
    }

    fn mount(&self, pinned: &Pinned) -> Result<Mount, FetchError> {
        self.files.mount(pinned)
    }
}

fn is_yaml(path: &RepoPath) -> bool {
    [b".yaml".as_slice(), b".yml"]
        .iter()
        .any(|suffix| path.file_name().ends_with(suffix))
}

fn relative(path: &RepoPath, folder: &RepoPath) -> Option<String> {
    let rest = match folder.as_bytes() {
        b"" => path.as_bytes(),
        folder => path.as_bytes().strip_prefix(folder)?.strip_prefix(b"/")?,
    };
    // A name that looks like an address is none with a folder before it.
    Some(format!("./{}", std::str::from_utf8(rest).ok()?))
}

fn steps(path: &RepoPath) -> impl Iterator<Item = &[u8]> {
    path.as_bytes().split(|byte| *byte == b'/')
}
