//! One state of the repository as all its deployers see it: its files, and which kustomizations change
//! what they list. Read once for all environments.

use std::collections::BTreeMap;

use crate::git::TreeEntry;
use crate::manifest::{Node, NodeValue, Role, named_by_kustomization, role_of_name, yaml};
use crate::model::RepoPath;
use crate::render::{Files, FilesError};

/// One state of the repository.
pub struct Tree<'a> {
    pub(super) files: &'a dyn Files,
    /// All files, sorted.
    pub(super) entries: Vec<TreeEntry>,
    /// What a kustomization names, and the folders of those kustomizations.
    named_by: BTreeMap<RepoPath, Vec<RepoPath>>,
    /// Folders whose kustomization does more than list, and its file.
    changing: BTreeMap<RepoPath, RepoPath>,
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
            changing: BTreeMap::new(),
        };
        for entry in &tree.entries {
            let is_file = !entry.is_link() && !entry.is_submodule();
            if role_of_name(&entry.path) != Some(Role::Kustomization) || !is_file {
                continue;
            }
            let bytes = files.content(entry)?;
            let folder = RepoPath::new(entry.path.parent());
            for named in named_by_kustomization(&entry.path, &bytes) {
                let by = tree.named_by.entry(named).or_default();
                by.push(folder.clone());
            }
            if !only_lists(&bytes) {
                tree.changing.insert(folder, entry.path.clone());
            }
        }
        Ok(tree)
    }

    /// The kustomization that makes other objects of those in a file: one that names it and does more
    /// than list, or that names one which names it, and so on.
    pub(super) fn changed_by(&self, file: &RepoPath) -> Option<&RepoPath> {
        let mut open = vec![file];
        let mut seen: Vec<&RepoPath> = Vec::new();
        while let Some(path) = open.pop() {
            for folder in self.named_by.get(path).into_iter().flatten() {
                if let Some(kustomization) = self.changing.get(folder) {
                    return Some(kustomization);
                }
                if !seen.contains(&folder) {
                    seen.push(folder);
                    open.push(folder);
                }
            }
        }
        None
    }
}

/// Whether a kustomization does nothing but list resources. What it deletes, renames or moves to a
/// namespace, nobody finds by looking at the files.
fn only_lists(bytes: &[u8]) -> bool {
    let documents = std::str::from_utf8(bytes)
        .ok()
        .and_then(|text| yaml::parse(text).ok());
    let Some(
        [
            Node {
                value: NodeValue::Mapping(entries),
                ..
            },
        ],
    ) = documents.as_deref()
    else {
        return false;
    };
    entries.iter().all(|entry| LISTING.contains(&&*entry.key))
}

const LISTING: [&str; 4] = ["apiVersion", "kind", "metadata", "resources"];
