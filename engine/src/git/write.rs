//! Makes a repository: files in, commits out. For the demo; what is judged is never written to.
//! Knows nothing of Git's programs, and asks no configuration of the user for a name or a filter.

use std::fs;
use std::path::{Path, PathBuf};

use git2::{IndexEntry, IndexTime, Oid, RepositoryInitOptions, Signature, Time};

use super::object::git_id;
use super::{Error, MODE_FILE, text};
use crate::model::GitId;

/// A repository that is being made, on its branch `main`.
pub struct Draft {
    inner: git2::Repository,
    folder: PathBuf,
}

impl Draft {
    /// An empty repository in `folder`, which is made where it is missing.
    ///
    /// # Errors
    /// There is a repository already, or the folder cannot be written.
    pub fn init(folder: &Path) -> Result<Self, Error> {
        let mut options = RepositoryInitOptions::new();
        // No template: hooks of the machine would run in it.
        options
            .initial_head("main")
            .external_template(false)
            .no_reinit(true)
            .mkpath(true);
        let inner = git2::Repository::init_opts(folder, &options)
            .and_then(|inner| {
                // What is committed is what was given, on a machine that converts line ends too.
                inner.config()?.set_bool("core.autocrlf", false)?;
                Ok(inner)
            })
            .map_err(|error| failed(folder, error.message()))?;
        Ok(Self {
            inner,
            folder: folder.to_owned(),
        })
    }

    /// Writes a file of the working tree, and the folders above it, for the next commit.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, path: &str, content: &[u8]) -> Result<(), Error> {
        let file = self.folder.join(path);
        let written = match file.parent() {
            Some(folder) => fs::create_dir_all(folder).and_then(|()| fs::write(&file, content)),
            None => fs::write(&file, content),
        };
        written.map_err(|error| failed(&file, &error.to_string()))?;
        self.stage(path, content)
            .map_err(|error| failed(&file, error.message()))
    }

    /// Commits what was written, at `seconds` since 1970.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn commit(&self, message: &str, seconds: i64) -> Result<GitId, Error> {
        let id = self
            .commit_index(message, seconds)
            .map_err(|error| failed(&self.folder, error.message()))?;
        git_id(id)
    }

    fn stage(&self, path: &str, content: &[u8]) -> Result<(), git2::Error> {
        let mut index = self.inner.index()?;
        // From the bytes given: no filter of the machine gets between.
        index.add_frombuffer(&entry(path), content)?;
        index.write()
    }

    fn commit_index(&self, message: &str, seconds: i64) -> Result<Oid, git2::Error> {
        let author = Signature::new(NAME, EMAIL, &Time::new(seconds, 0))?;
        let tree = self.inner.find_tree(self.inner.index()?.write_tree()?)?;
        let parent = match self.inner.head() {
            Ok(head) => Some(head.peel_to_commit()?),
            Err(error) if error.code() == git2::ErrorCode::UnbornBranch => None,
            Err(error) => return Err(error),
        };
        let parents: Vec<&git2::Commit<'_>> = parent.iter().collect();
        self.inner
            .commit(Some("HEAD"), &author, &author, message, &tree, &parents)
    }
}

/// No file times: Git looks at the content when it is next asked.
fn entry(path: &str) -> IndexEntry {
    IndexEntry {
        ctime: IndexTime::new(0, 0),
        mtime: IndexTime::new(0, 0),
        dev: 0,
        ino: 0,
        mode: MODE_FILE,
        uid: 0,
        gid: 0,
        file_size: 0,
        id: Oid::ZERO_SHA1,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    }
}

fn failed(path: &Path, reason: &str) -> Error {
    Error::Write {
        path: text::shown(&path.to_string_lossy()),
        reason: text::shown(reason),
    }
}

const NAME: &str = "Ada";
const EMAIL: &str = "ada@shop.example";
