//! Files in memory, for tests.
//! Knows no Git.

use std::collections::BTreeMap;

use super::{Files, FilesError, Found};
use crate::git::TreeEntry;
use crate::model::{GitId, RepoPath};

/// Files in memory.
#[derive(Clone, Debug, Default)]
pub(in crate::render) struct FakeFiles {
    files: BTreeMap<RepoPath, (u32, Vec<u8>)>,
}

impl FakeFiles {
    /// Those with these texts.
    pub(in crate::render) fn of(files: &[(&str, &str)]) -> Self {
        let mut fake = Self::default();
        for (path, text) in files {
            fake.insert(path, 0o100_644, text.as_bytes());
        }
        fake
    }

    /// And a link.
    pub(in crate::render) fn link(mut self, path: &str, target: &str) -> Self {
        self.insert(path, 0o120_000, target.as_bytes());
        self
    }

    /// And a submodule.
    pub(in crate::render) fn submodule(mut self, path: &str) -> Self {
        self.insert(path, 0o160_000, b"");
        self
    }

    fn insert(&mut self, path: &str, mode: u32, bytes: &[u8]) {
        self.files.insert(path.into(), (mode, bytes.to_vec()));
    }

    fn entry(path: &RepoPath, mode: u32, bytes: &[u8]) -> TreeEntry {
        let mut id = [0; 20];
        for (at, byte) in bytes.iter().enumerate() {
            id[at % 20] ^= byte.rotate_left(u32::try_from(at % 7).unwrap());
        }
        TreeEntry {
            path: path.clone(),
            mode,
            id: GitId::from_bytes(id),
        }
    }
}

impl Files for FakeFiles {
    fn at(&self, path: &RepoPath) -> Result<Found, FilesError> {
        let found = match self.files.get(path) {
            Some((mode, bytes)) => {
                let entry = Self::entry(path, *mode, bytes);
                match mode {
                    0o120_000 => Found::Link(entry),
                    0o160_000 => Found::Submodule(entry),
                    _ => Found::File(entry),
                }
            }
            None if path.as_bytes().is_empty() || !self.below(path)?.is_empty() => Found::Folder,
            None => Found::Nothing,
        };
        Ok(found)
    }

    fn below(&self, folder: &RepoPath) -> Result<Vec<TreeEntry>, FilesError> {
        let inside = |path: &RepoPath| {
            folder.as_bytes().is_empty()
                || path
                    .as_bytes()
                    .strip_prefix(folder.as_bytes())
                    .is_some_and(|rest| rest.starts_with(b"/"))
        };
        let files = self.files.iter().filter(|(path, _)| inside(path));
        Ok(files
            .map(|(path, (mode, bytes))| Self::entry(path, *mode, bytes))
            .collect())
    }

    fn content(&self, entry: &TreeEntry) -> Result<Vec<u8>, FilesError> {
        Ok(self.files[&entry.path].1.clone())
    }
}
