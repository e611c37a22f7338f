//! What lies in a tree: which files matter to a cluster, which of them name others, which say what deploys them.
//! Draws no conclusion.

use std::collections::BTreeMap;

use super::deployers::{self, Deployer};
use crate::git::Selector;
use crate::manifest::{self, Role};
use crate::model::{RepoPath, mentions};

/// What lies in a tree.
#[derive(Default)]
pub(super) struct Survey {
    /// Every path that can be written into a glob.
    files: Vec<String>,
    /// What matters to a cluster, sorted.
    manifests: Vec<String>,
    /// By the folder of a kustomization: the files and folders that it names.
    pub(super) kustomizations: BTreeMap<String, Vec<String>>,
    /// Folders of Helm charts.
    pub(super) charts: Vec<String>,
    /// What deploys folders of this tree.
    pub(super) deployers: Vec<Deployer>,
}

impl Survey {
    pub(super) fn of(
        paths: &[RepoPath],
        read: &mut dyn FnMut(&RepoPath) -> Option<Vec<u8>>,
    ) -> Self {
        let mut survey = Self::default();
        for path in paths {
            // A name that no glob can spell exactly is left to the user.
            let Some(text) = path.as_str().filter(|text| is_plain(text)) else {
                continue;
            };
            survey.files.push(text.to_owned());
            survey.look(path, text, read);
        }
        survey.files.sort_unstable();
        survey.manifests.sort_unstable();
        survey
    }

    /// The files that matter to a cluster.
    pub(super) fn manifests(&self) -> impl Iterator<Item = &str> {
        self.manifests.iter().map(String::as_str)
    }

    /// The files directly in a folder.
    pub(super) fn files_in<'s>(&'s self, folder: &str) -> impl Iterator<Item = &'s str> {
        let below = below(folder);
        let at = self.files.partition_point(|file| **file < *below);
        let files = self.files.iter().skip(at).map(String::as_str);
        let inside = files.map_while(move |file| Some((file, file.strip_prefix(&*below)?)));
        inside.filter_map(|(file, rest)| (!rest.contains('/')).then_some(file))
    }

    /// Whether something lies below a folder.
    pub(super) fn holds(&self, folder: &str) -> bool {
        let below = below(folder);
        let at = self.files.partition_point(|file| **file < *below);
        self.files
            .get(at)
            .is_some_and(|file| file.starts_with(&below))
    }

    /// Whether there is such a file.
    pub(super) fn has_file(&self, path: &str) -> bool {
        self.files
            .binary_search_by(|file| (**file).cmp(path))
            .is_ok()
    }

    /// The folders that a pattern with `*` names, as Argo CD's generators do.
    pub(super) fn folders_like(&self, pattern: &str) -> Vec<String> {
        if !pattern.contains('*') {
            return Vec::from_iter(self.holds(pattern).then(|| pattern.to_owned()));
        }
        let wanted: Vec<&str> = pattern.split('/').collect();
        let mut found: Vec<String> = Vec::new();
        for file in &self.files {
            let folders: Vec<&str> = parent(file).split('/').take(wanted.len()).collect();
            let fits = folders.len() == wanted.len()
                && folders
                    .iter()
                    .zip(&wanted)
                    .all(|(folder, wanted)| *wanted == "*" || folder == wanted);
            let folder = folders.join("/");
            if fits && found.last() != Some(&folder) {
                found.push(folder);
            }
        }
        found.dedup();
        found
    }

    fn look(
        &mut self,
        path: &RepoPath,
        text: &str,
        read: &mut dyn FnMut(&RepoPath) -> Option<Vec<u8>>,
    ) {
        let role = manifest::role_of_name(path);
        if role == Some(Role::HelmChart) {
            self.charts.push(parent(text).to_owned());
            self.manifests.push(text.to_owned());
            return;
        }
        if role.is_none() && !manifest::is_manifest_name(path) {
            return;
        }
        let Some(bytes) = read(path) else {
            return;
        };
        if role == Some(Role::Kustomization) {
            let named = manifest::named_by_kustomization(path, &bytes).unwrap_or_default();
            let named = named
                .iter()
                .filter_map(|path| path.as_str().map(str::to_owned));
            self.kustomizations
                .insert(parent(text).to_owned(), named.collect());
            self.manifests.push(text.to_owned());
        } else if looks_like_objects(&bytes) {
            self.manifests.push(text.to_owned());
            self.deployers.extend(deployers::of_file(path, &bytes));
        }
    }
}

/// The folder of a path; empty at the root.
pub(super) fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// What the paths below a folder begin with.
fn below(folder: &str) -> String {
    if folder.is_empty() {
        return String::new();
    }
    format!("{folder}/")
}

/// Enough to tell a manifest from settings: that it parses is found out by the check.
fn looks_like_objects(bytes: &[u8]) -> bool {
    let mut lines = bytes.split(|byte| *byte == b'\n');
    lines.any(|line| {
        line.starts_with(b"kind:")
            || line.starts_with(b"- kind:")
            || line.trim_ascii_start().starts_with(b"\"kind\"")
            || (line.starts_with(b"{") && mentions(line, b"kind"))
    })
}

fn is_plain(path: &str) -> bool {
    !path.contains(['*', '?']) && path.trim() == path && Selector::check(path).is_ok()
}
