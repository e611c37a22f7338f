//! The files that `images` writes into the working tree: the lock, what lies beside each image, manifests with digests.
//! Only below real folders: a link in the way would have them written, or taken away, elsewhere.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use crate::cli::common::{self, Failure};
use crate::cli::output;
use crate::facts::images::{FOLDER, LOCK_FILE, Lock, LockError};
use crate::git::{self, Repository};
use crate::model::{Digest, limits, limits::Limit};

/// The working tree of a repository.
pub(super) struct Shelf {
    root: PathBuf,
}

/// Why it is not written.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum Error {
    #[error("`{path}` is no folder of its own")]
    #[diagnostic(
        code(image_lock::not_a_folder),
        help("a link, or a file, stands in the way; take it away: nothing is written through it")
    )]
    NotAFolder { path: String },
    #[error("`{name}` was changed by somebody else just now")]
    #[diagnostic(
        code(image_lock::overtaken),
        help("run it again: what is pinned already stays so")
    )]
    Overtaken { name: String },
}

impl Shelf {
    /// That of a repository which has one.
    pub(super) fn of(repository: &Repository) -> Result<Self, Failure> {
        let root = repository.work_tree().ok_or(git::Error::NeedsWorktree)?;
        Ok(Self {
            root: root.to_owned(),
        })
    }

    /// The lock as it lies there; an empty one where there is none.
    pub(super) fn lock(&self) -> Result<Lock, Failure> {
        let Some(path) = self.path(LOCK_FILE)? else {
            return Ok(Lock::default());
        };
        match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Lock::default());
            }
            Ok(there) if there.is_file() => {}
            _ => return Err(not_a_folder(LOCK_FILE)),
        }
        let bytes = bounded(&path, limits::IMAGE_LOCK);
        let bytes = bytes.map_err(|error| common::Error::read(&path, &error))?;
        Ok(Lock::parse(&bytes.ok_or(LockError::TooLong)?)?)
    }

    /// Writes the lock, unless it lies there as it is; whether it was another.
    pub(super) fn put_lock(&self, lock: &Lock) -> Result<bool, Failure> {
        self.put(LOCK_FILE, &lock.bytes())
    }

    /// Whether a file lies beside an image, as its name says: a real one, no longer than any that is read there.
    pub(super) fn holds(&self, image: &Digest, file: &Digest) -> Result<bool, Failure> {
        let path = self.path(&place(image, file))?;
        let there = path.filter(|path| is_file(path));
        let read = there.and_then(|path| bounded(&path, limits::IMAGE_FILE).ok().flatten());
        Ok(read.is_some_and(|bytes| Digest::of(&bytes) == *file))
    }

    /// Puts a file beside an image; whether another one lay there, or none.
    pub(super) fn put_file(
        &self,
        image: &Digest,
        file: &Digest,
        bytes: &[u8],
    ) -> Result<bool, Failure> {
        self.put(&place(image, file), bytes)
    }

    /// Takes a file away, and the folder of its image where it was the last.
    pub(super) fn remove(&self, image: &Digest, file: &Digest) -> Result<(), Failure> {
        let Some(path) = self.path(&place(image, file))? else {
            return Ok(());
        };
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(common::Error::write(&path, &error).into())
            }
            _ => {
                // A folder that holds more stays.
                let _ = path.parent().map(fs::remove_dir);
                Ok(())
            }
        }
    }

    /// What a manifest says; `None` for what is not there as a file, is no text, or is longer than any that is read.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, Failure> {
        let path = self.path(name)?;
        let there = path.filter(|path| is_file(path));
        let read = there.and_then(|path| bounded(&path, limits::FILE).ok().flatten());
        Ok(read.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    /// Replaces a manifest that still says what was read; it keeps its mode.
    pub(super) fn rewrite(&self, name: &str, before: &[u8], after: &[u8]) -> Result<(), Failure> {
        let path = self.root.join(name);
        let failed = |error: io::Error| common::Error::write(&path, &error);
        if fs::read(&path).map_err(failed)? != before {
            let name = name.to_owned();
            return Err(Error::Overtaken { name }.into());
        }
        let mode = fs::metadata(&path).map_err(failed)?.permissions();
        output::replace(&path, after).map_err(failed)?;
        Ok(fs::set_permissions(&path, mode).map_err(failed)?)
    }

    fn put(&self, name: &str, bytes: &[u8]) -> Result<bool, Failure> {
        let path = match self.path(name)? {
            Some(path) => path,
            None => self.make_folder(name)?,
        };
        let most = limits::IMAGE_FILE;
        if is_file(&path) && bounded(&path, most).is_ok_and(|it| it.as_deref() == Some(bytes)) {
            return Ok(false);
        }
        if fs::symlink_metadata(&path).is_ok_and(|there| !there.is_file()) {
            return Err(not_a_folder(name));
        }
        output::replace(&path, bytes).map_err(|error| common::Error::write(&path, &error))?;
        Ok(true)
    }

    fn make_folder(&self, name: &str) -> Result<PathBuf, Failure> {
        let path = self.root.join(name);
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder).map_err(|error| common::Error::write(folder, &error))?;
        Ok(path)
    }

    /// Where a file lies; `None` where a folder above it is missing.
    fn path(&self, name: &str) -> Result<Option<PathBuf>, Failure> {
        let mut folder = self.root.clone();
        let parts = Path::new(name).parent().unwrap_or(Path::new(""));
        for part in parts.components() {
            folder.push(part);
            match folder.symlink_metadata() {
                Ok(there) if there.is_dir() => {}
                Ok(_) => {
                    let path = folder.strip_prefix(&self.root).unwrap_or(&folder);
                    return Err(not_a_folder(&path.display().to_string()));
                }
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(self.root.join(name)))
    }
}

/// Whether a file lies there, and no link to one.
fn is_file(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|there| there.is_file())
}

/// What a file says; `None` where that is more than `most`.
fn bounded(path: &Path, most: Limit) -> io::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    let file = fs::File::open(path)?;
    let read = file.take(most.wide() + 1).read_to_end(&mut bytes)?;
    Ok((read <= most.most).then_some(bytes))
}

fn not_a_folder(path: &str) -> Failure {
    let path = path.to_owned();
    Error::NotAFolder { path }.into()
}

fn place(image: &Digest, file: &Digest) -> String {
    format!("{FOLDER}/{image}/{file}")
}
