//! The files that decide what a rendering gives: all of them, and none beside them.
//! Knows nothing of how they are found.

use std::collections::{BTreeMap, BTreeSet};

use miette::Diagnostic;

use super::online::mount_of;
use crate::git::{self, Selector, TreeEntry};
use crate::model::{Digest, RepoPath, limits};

/// The inputs of one rendering.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closure {
    /// The files and links, by path.
    files: BTreeMap<RepoPath, TreeEntry>,
    /// Those of remote bases, where these stand: no glob of a tree selects them, the commits that pin them do.
    remote: BTreeMap<RepoPath, TreeEntry>,
    /// Names that are not there and would be read if they were: `kustomization.yml` beside
    /// `kustomization.yaml`.
    absent: BTreeSet<RepoPath>,
    /// Folders of which every file is an input, whatever its name.
    folders: BTreeSet<RepoPath>,
    /// Files of which only it counts that they are there.
    listed: BTreeSet<RepoPath>,
}

/// A closure that cannot be told as globs.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum ClosureError {
    /// A name that no glob can spell.
    #[error("the rendering reads `{path}`, whose name {reason}")]
    #[diagnostic(
        code(config::glob),
        help("rename the folder or the file: what a rendering reads is told in path patterns")
    )]
    Name {
        /// What it reads.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Too many names, or too long ones.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Selector(#[from] git::Error),
    /// More files than a unit may have.
    #[error("the rendering reads more than {} files", limits::UNIT_FILES)]
    #[diagnostic(
        code(limit::tree_entries),
        help("render a smaller part of the repository")
    )]
    Files,
}

impl Closure {
    /// Adds a file or a link.
    ///
    /// # Errors
    /// There are too many.
    pub fn insert(&mut self, entry: TreeEntry) -> Result<(), ClosureError> {
        self.listed.remove(&entry.path);
        let files = match mount_of(&entry.path) {
            Some(_) => &mut self.remote,
            None => &mut self.files,
        };
        files.insert(entry.path.clone(), entry);
        if self.files.len() + self.remote.len() > limits::UNIT_FILES.most {
            return Err(ClosureError::Files);
        }
        Ok(())
    }

    /// Adds a file of which only it counts that it is there, unless it is read, too.
    ///
    /// # Errors
    /// There are too many.
    pub fn list(&mut self, entry: TreeEntry) -> Result<(), ClosureError> {
        if self.contains(&entry.path) {
            return Ok(());
        }
        let path = entry.path.clone();
        self.insert(entry)?;
        self.listed.insert(path);
        Ok(())
    }

    /// Adds a name that must stay without a file.
    pub fn insert_absent(&mut self, path: RepoPath) {
        if mount_of(&path).is_none() {
            self.absent.insert(path);
        }
    }

    /// Says that every file below `folder` is an input; the files themselves are inserted one by one.
    pub fn insert_folder(&mut self, folder: RepoPath) {
        self.folders.insert(folder);
    }

    /// The files and links of the tree, sorted by path.
    pub fn files(&self) -> impl Iterator<Item = &TreeEntry> {
        self.files.values()
    }

    /// Those whose content is read, sorted by path.
    pub fn read(&self) -> impl Iterator<Item = &TreeEntry> {
        self.files()
            .filter(|entry| !self.listed.contains(&entry.path))
    }

    /// Those of remote bases, sorted by path.
    pub fn remote(&self) -> impl Iterator<Item = &TreeEntry> {
        self.remote.values()
    }

    /// Whether a path is one of the files.
    #[must_use]
    pub fn contains(&self, path: &RepoPath) -> bool {
        self.files.contains_key(path) || self.remote.contains_key(path)
    }

    /// Whether the content of a path is read.
    fn reads(&self, path: &RepoPath) -> bool {
        self.contains(path) && !self.listed.contains(path)
    }

    /// Everything that either reads.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.listed.retain(|path| !other.reads(path));
        let listed = other.listed.iter().filter(|path| !self.reads(path));
        let listed: Vec<RepoPath> = listed.cloned().collect();
        self.listed.extend(listed);
        self.files.extend(other.files);
        self.remote.extend(other.remote);
        self.absent.extend(other.absent);
        self.folders.extend(other.folders);
        self
    }

    /// What names the inputs and their content: SHA-256 over a line a file of mode, object and path.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut lines = Vec::new();
        for entry in self.files.values().chain(self.remote.values()) {
            lines.extend(format!("{:06o} {} ", entry.mode, entry.id).bytes());
            lines.extend(entry.path.as_bytes());
            lines.push(0);
        }
        Digest::of(&lines)
    }

    /// The globs of a selector: each file by name, whole folders as such. Where there are too many, a
    /// folder stands for the files in it.
    ///
    /// # Errors
    /// A name that no glob can spell.
    pub fn selector(&self) -> Result<Selector, ClosureError> {
        let whole: Vec<String> = self.folders.iter().map(below).collect();
        let of_folder = |path: &RepoPath| {
            let inside = |folder: &RepoPath| path.lies_in(folder);
            self.folders.iter().any(inside)
        };
        let single = self.files.keys().chain(&self.absent);
        let single: Vec<&RepoPath> = single.filter(|path| !of_folder(path)).collect();
        let mut globs: Vec<String> = single.iter().map(ToString::to_string).collect();
        if globs.len() + whole.len() > limits::GLOBS.most {
            let folders: BTreeSet<&[u8]> = single.iter().map(|path| path.parent()).collect();
            let folders = folders.into_iter().map(RepoPath::new);
            globs = folders.map(|folder| directly_in(&folder)).collect();
        }
        globs.extend(whole);
        Selector::parse(&globs).map_err(named)
    }
}

/// Why no glob spells a path.
pub(super) fn unspelt(path: &RepoPath) -> Option<ClosureError> {
    if path.as_bytes().is_empty() || mount_of(path).is_some() {
        return None;
    }
    Selector::parse(&[path.to_string()]).err().map(named)
}

fn named(error: git::Error) -> ClosureError {
    match error {
        git::Error::Glob { glob, reason } => ClosureError::Name {
            path: glob,
            reason: reason.into_owned(),
        },
        error => error.into(),
    }
}

fn below(folder: &RepoPath) -> String {
    match folder.as_bytes() {
        b"" => "**".to_owned(),
        _ => format!("{folder}/**"),
    }
}

fn directly_in(folder: &RepoPath) -> String {
    match folder.as_bytes() {
        b"" => "*".to_owned(),
        _ => format!("{folder}/*"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::GitId;

    fn entry(path: &str) -> TreeEntry {
        TreeEntry {
            path: path.into(),
            mode: 0o100_644,
            id: GitId::from_bytes([7; 20]),
        }
    }

    #[test]
    fn a_selector_names_files_absent_names_and_whole_folders() {
        let mut closure = Closure::default();
        for path in [
            "apps/a/kustomization.yaml",
            "base/x.yaml",
            "chart/values.yaml",
        ] {
            closure.insert(entry(path)).unwrap();
        }
        closure.insert_absent("apps/a/kustomization.yml".into());
        closure.insert_folder("chart".into());
        let selector = closure.selector().unwrap();
        assert_eq!(
            selector.patterns(),
            [
                "apps/a/kustomization.yaml",
                "apps/a/kustomization.yml",
                "base/x.yaml",
                "chart/**"
            ]
        );
    }

    #[test]
    fn too_many_files_are_named_by_their_folders() {
        let mut closure = Closure::default();
        for number in 0..=limits::GLOBS.most {
            closure
                .insert(entry(&format!("many/{number}.yaml")))
                .unwrap();
        }
        assert_eq!(closure.selector().unwrap().patterns(), ["many/*"]);
    }

    #[test]
    fn a_name_that_no_glob_can_spell_is_refused() {
        let mut closure = Closure::default();
        closure.insert(entry("a/[x].yaml")).unwrap();
        assert!(closure.selector().is_err());
    }

    #[test]
    fn the_digest_tells_content_mode_and_path_apart() {
        let of = |entry: TreeEntry| {
            let mut closure = Closure::default();
            closure.insert(entry).unwrap();
            closure.digest()
        };
        let mut digests = vec![of(entry("a")), of(entry("b"))];
        digests.push(of(TreeEntry {
            mode: 0o100_755,
            ..entry("a")
        }));
        digests.push(of(TreeEntry {
            id: GitId::from_bytes([8; 20]),
            ..entry("a")
        }));
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), 4);
    }
}
