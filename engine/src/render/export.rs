//! A private folder that holds exactly the files of a closure, for a program to render.
//! Knows nothing of what they mean.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use miette::Diagnostic;

use super::files::inside;
use super::private::{self, as_path};
use super::{Closure, Files, FilesError};
use crate::model::{RepoPath, limits};

/// The files of a closure on the disk, nobody else's to read. They go away with it.
#[derive(Debug)]
pub struct Exported {
    private: PathBuf,
    tree: PathBuf,
    values: PathBuf,
    home: PathBuf,
}

/// The files of a closure cannot be written down as they are.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ExportError {
    /// They cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Files(#[from] FilesError),
    /// A name that would lead out of the folder.
    #[error("`{path}` is no path that a renderer may be given")]
    #[diagnostic(code(render::unsafe_path), help("rename the file"))]
    Path {
        /// The path.
        path: RepoPath,
    },
    /// A link that leads elsewhere, or might.
    #[error("the link `{path}` leads out of the repository, or through another folder back up")]
    #[diagnostic(
        code(render::link_outside),
        help("a link is followed inside of the repository only; put the file there itself")
    )]
    Link {
        /// The link.
        path: RepoPath,
    },
    /// A submodule, whose files are elsewhere.
    #[error("`{path}` is a submodule: its files are in another repository")]
    #[diagnostic(code(render::submodule), help("put the files into this repository"))]
    Submodule {
        /// Where it stands.
        path: RepoPath,
    },
    /// More than a renderer is given.
    #[error("the rendering reads more than {}", limits::RENDER_INPUT)]
    #[diagnostic(
        code(limit::render_input),
        help("render a smaller part of the repository")
    )]
    TooLarge,
    /// The folder cannot be written.
    #[error("`{path}` cannot be written for a renderer: {reason}")]
    #[diagnostic(
        code(render::export),
        help("the folder for temporary files needs room, and must be writable")
    )]
    Write {
        /// Inside of the private folder.
        path: String,
        /// What the system says.
        reason: String,
    },
}

impl Exported {
    /// Writes the files of `closure` into a new folder in `temporary`.
    ///
    /// # Errors
    /// A file cannot be read or written, there is too much, or a name or a link leads elsewhere.
    pub fn of(files: &dyn Files, closure: &Closure, temporary: &Path) -> Result<Self, ExportError> {
        let exported = Self::empty(temporary)?;
        let mut total = 0;
        // Links come last, so that nothing is ever written through one.
        let mut links = Vec::new();
        for entry in closure.files().chain(closure.remote()) {
            if entry.is_submodule() {
                let path = entry.path.clone();
                return Err(ExportError::Submodule { path });
            }
            let bytes = files.content(entry)?;
            total += bytes.len();
            if total > limits::RENDER_INPUT.most {
                return Err(ExportError::TooLarge);
            }
            if entry.is_link() {
                links.push((&entry.path, bytes));
            } else {
                exported.create(&entry.path, &bytes)?;
            }
        }
        for (path, target) in links {
            exported.link(path, &target)?;
        }
        Ok(exported)
    }

    /// A folder without files.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn empty(temporary: &Path) -> Result<Self, ExportError> {
        let named = |error: &io::Error| failed(&temporary.to_string_lossy(), error);
        // A program that resolves links must not find its files elsewhere than it was told.
        let temporary = fs::canonicalize(temporary).map_err(|error| named(&error))?;
        let name = private::random_name().map_err(|error| named(&error))?;
        let private = temporary.join(format!("tidegate-{name}"));
        private::folder(&private).map_err(|error| named(&error))?;
        let exported = Self {
            tree: private.join("tree"),
            values: private.join("values"),
            home: private.join("home"),
            private,
        };
        let temporary = exported.home.join("tmp");
        for folder in [&exported.tree, &exported.values, &exported.home, &temporary] {
            private::folder(folder).map_err(|error| named(&error))?;
        }
        Ok(exported)
    }

    /// Where the root of the tree is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.tree
    }

    /// Puts a file of ours into the tree, in the place of one that is there.
    ///
    /// # Errors
    /// It cannot be written, or its path leads elsewhere.
    pub fn write(&self, path: &RepoPath, bytes: &[u8]) -> Result<(), ExportError> {
        let place = self.place(path)?;
        match fs::remove_file(&place) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(failed(&path.to_string(), &error))
            }
            _ => self.create(path, bytes),
        }
    }

    /// Puts a file of ours outside of the tree, and says where it is.
    ///
    /// # Errors
    /// It cannot be written, or there is one of that name.
    pub fn beside(&self, name: &str, bytes: &[u8]) -> Result<PathBuf, ExportError> {
        let path = RepoPath::from(name);
        if !is_safe(&path) || name.contains('/') {
            return Err(ExportError::Path { path });
        }
        let place = self.values.join(name);
        private::file(&place, bytes).map_err(|error| failed(name, &error))?;
        Ok(place)
    }

    /// The only folder that a program may write.
    pub(super) fn home(&self) -> &Path {
        &self.home
    }

    /// Where the files outside of the tree are.
    pub(super) fn values(&self) -> &Path {
        &self.values
    }

    fn create(&self, path: &RepoPath, bytes: &[u8]) -> Result<(), ExportError> {
        let place = self.place(path)?;
        let parent = place.parent().unwrap_or(&self.tree);
        private::folders(parent)
            .and_then(|()| private::file(&place, bytes))
            .map_err(|error| failed(&path.to_string(), &error))
    }

    fn link(&self, path: &RepoPath, target: &[u8]) -> Result<(), ExportError> {
        let place = self.place(path)?;
        if inside(path.parent(), target).is_none() || goes_back(target) {
            return Err(ExportError::Link { path: path.clone() });
        }
        let parent = place.parent().unwrap_or(&self.tree);
        private::folders(parent)
            .and_then(|()| private::link(&place, target))
            .map_err(|error| failed(&path.to_string(), &error))
    }

    /// Where a path of the tree is, which no link leads to.
    fn place(&self, path: &RepoPath) -> Result<PathBuf, ExportError> {
        let unsafe_path = || ExportError::Path { path: path.clone() };
        if !is_safe(path) {
            return Err(unsafe_path());
        }
        let place = self.tree.join(as_path(path.as_bytes()));
        let above = place.ancestors().skip(1);
        let mut above = above.take_while(|folder| *folder != self.tree);
        if above.any(Path::is_symlink) {
            return Err(unsafe_path());
        }
        Ok(place)
    }
}

impl Drop for Exported {
    fn drop(&mut self) {
        // What cannot be removed is for nobody else to read, and in a folder that the system empties.
        if fs::remove_dir_all(&self.private).is_err() {
            open_folders(&self.home);
            let _ = fs::remove_dir_all(&self.private);
        }
    }
}

/// Makes the folders writable that a program has closed.
fn open_folders(folder: &Path) {
    let _ = private::open(folder);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_folders(&entry.path());
        }
    }
}

/// Whether a path stays below where it begins, on every file system, and names nothing of Git's own.
fn is_safe(path: &RepoPath) -> bool {
    let bad = |name: &[u8]| {
        name.is_empty() || name == b"." || name == b".." || name.eq_ignore_ascii_case(b".git")
    };
    let bytes = path.as_bytes();
    let separates = |byte: &u8| *byte == 0 || (cfg!(windows) && matches!(*byte, b'\\' | b':'));
    !bytes.split(|byte| *byte == b'/').any(bad) && !bytes.iter().any(separates)
}

/// Whether a target goes up again behind a name: if that is a link, nobody sees where to.
fn goes_back(target: &[u8]) -> bool {
    let names = target.split(|byte| *byte == b'/');
    let mut names = names.skip_while(|name| matches!(*name, b"" | b"." | b".."));
    names.any(|name| name == b"..")
}

fn failed(path: &str, error: &io::Error) -> ExportError {
    ExportError::Write {
        path: path.to_owned(),
        reason: error.to_string(),
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
