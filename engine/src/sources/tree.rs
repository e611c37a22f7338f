//! One state of the repository as all its deployers see it: its files, and the kustomizations that list
//! other files. Read once for all environments.

use std::collections::{BTreeMap, BTreeSet};

use super::metadata::Metadata;
use crate::git::TreeEntry;
use crate::manifest::{Role, named_by_kustomization, role_of_name};
use crate::model::RepoPath;
use crate::render::{Files, FilesError, Found};

/// One state of the repository.
pub struct Tree<'a> {
    pub(super) files: &'a dyn Files,
    /// All files, sorted.
    pub(super) entries: Vec<TreeEntry>,
    /// What a kustomization names, and the folders of those kustomizations.
    named_by: BTreeMap<RepoPath, Vec<RepoPath>>,
    /// The kustomizations, by their folder.
    kustomizations: BTreeMap<RepoPath, Kustomization>,
    /// The folders of charts.
    charts: BTreeSet<RepoPath>,
}

struct Kustomization {
    file: RepoPath,
    /// What it adds; `None` where it may change anything.
    adds: Option<Metadata>,
}

impl<'a> Tree<'a> {
    /// Lists the files, and reads the kustomizations among them.
    ///
    /// # Errors
    /// The tree cannot be read.
    pub fn read(files: &'a dyn Files) -> Result<Self, FilesError> {
        let mut tree = Self {
            files,
            entries: files.below(&RepoPath::from(""))?,
            named_by: BTreeMap::new(),
            kustomizations: BTreeMap::new(),
            charts: BTreeSet::new(),
        };
        for entry in &tree.entries {
            if role_of_name(&entry.path) == Some(Role::HelmChart) {
                tree.charts.insert(RepoPath::new(entry.path.parent()));
            }
            if role_of_name(&entry.path) != Some(Role::Kustomization) {
                continue;
            }
            let Some(bytes) = through(files, entry)? else {
                continue;
            };
            let folder = RepoPath::new(entry.path.parent());
            for named in named_by_kustomization(&entry.path, &bytes) {
                let by = tree.named_by.entry(named).or_default();
                by.push(folder.clone());
            }
            let kustomization = Kustomization {
                file: entry.path.clone(),
                adds: Metadata::of_kustomization(&bytes),
            };
            tree.kustomizations.insert(folder, kustomization);
        }
        Ok(tree)
    }

    /// What a file holds, or the file that a link leads to; `None` where there is no file.
    ///
    /// # Errors
    /// The tree cannot be read.
    pub(super) fn content(&self, entry: &TreeEntry) -> Result<Option<Vec<u8>>, FilesError> {
        through(self.files, entry)
    }

    /// Without a list of the files: for those whose units the configuration itself names.
    #[must_use]
    pub fn unlisted(files: &'a dyn Files) -> Self {
        Self {
            files,
            entries: Vec::new(),
            named_by: BTreeMap::new(),
            kustomizations: BTreeMap::new(),
            charts: BTreeSet::new(),
        }
    }

    /// Whether a file lies in a chart, which makes other files of it.
    pub(super) fn is_template(&self, path: &RepoPath) -> bool {
        let path = path.as_bytes();
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        let mut ends = ends.filter_map(|(at, _)| Some((path.get(..at)?, path.get(at..)?)));
        let of_chart = |folder: &[u8], rest: &[u8]| {
            let inner = rest.starts_with(b"/templates/") || rest.starts_with(b"/charts/");
            inner && self.charts.contains(&RepoPath::new(folder))
        };
        let at_top = of_chart(b"", &[b"/", path].concat());
        at_top || ends.any(|(folder, rest)| of_chart(folder, rest))
    }

    /// What kustomizations add to the objects of a file before they are applied.
    ///
    /// # Errors
    /// The kustomization that may change anything in them, or that adds other things than another one
    /// which names the same file.
    pub(super) fn adds(&self, path: &RepoPath) -> Result<Metadata, &RepoPath> {
        self.adds_within(path, 0)
    }

    fn adds_within(&self, path: &RepoPath, depth: usize) -> Result<Metadata, &RepoPath> {
        let mut found: Option<Metadata> = None;
        for folder in self.named_by.get(path).into_iter().flatten() {
            let Some(kustomization) = self.kustomizations.get(folder) else {
                continue;
            };
            let Some(own) = &kustomization.adds else {
                return Err(&kustomization.file);
            };
            if depth > DEPTH {
                return Err(&kustomization.file);
            }
            let adds = own.clone().under(self.adds_within(folder, depth + 1)?);
            if found.as_ref().is_some_and(|other| *other != adds) {
                return Err(&kustomization.file);
            }
            found = Some(adds);
        }
        Ok(found.unwrap_or_default())
    }
}

/// Kustomizations that name each other; more are a circle.
const DEPTH: usize = 16;

fn through(files: &dyn Files, entry: &TreeEntry) -> Result<Option<Vec<u8>>, FilesError> {
    if entry.is_submodule() {
        return Ok(None);
    }
    if !entry.is_link() {
        return files.content(entry).map(Some);
    }
    match files.resolve(&entry.path) {
        Ok(resolved) => match resolved.found {
            Found::File(target) => files.content(&target).map(Some),
            _ => Ok(None),
        },
        Err(FilesError::LinkOutside { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
