//! The scripts of a case: those of its files that are no manifests, on both sides.
//! Knows no Git; a file of a case is text.

use std::collections::{BTreeMap, BTreeSet};

use super::Files as CaseFiles;
use crate::facts::migrations::{Files, MANIFEST, ModuleFiles, Rules, ScriptFile, Text};
use crate::manifest;
use crate::model::RepoPath;

type Side<'a> = BTreeMap<RepoPath, &'a [u8]>;

/// What differs between `base/` and `head/`.
pub(super) fn scripts(files: &CaseFiles<'_>, rules: &Rules) -> Files {
    let (base, head) = (side(files, "base/"), side(files, "head/"));
    let paths: BTreeSet<&RepoPath> = base.keys().chain(head.keys()).collect();
    let differ = paths
        .into_iter()
        .filter(|path| base.get(path) != head.get(path));
    let differ: Vec<&RepoPath> = differ.collect();
    let is_script =
        |path: &&RepoPath| rules.is_script(path) && path.file_name() != MANIFEST.as_bytes();
    let scripts = differ.iter().copied().filter(is_script);
    let names = |side: &Side<'_>| side.keys().filter(is_script).cloned().collect();
    Files {
        changed: scripts
            .map(|path| ScriptFile {
                path: path.clone(),
                base: text(&base, path),
                head: text(&head, path),
            })
            .collect(),
        before: names(&base),
        after: names(&head),
        modules: modules(&base, &head, &differ),
    }
}

fn side<'a>(files: &CaseFiles<'a>, folder: &str) -> Side<'a> {
    let below = files.iter().filter_map(|(path, bytes)| {
        let path = RepoPath::from(path.strip_prefix(folder)?);
        (!manifest::is_manifest_name(&path)).then_some((path, *bytes))
    });
    below.collect()
}

fn text(side: &Side<'_>, path: &RepoPath) -> Option<Text> {
    let bytes = side.get(path)?;
    Some(Text::Known(String::from_utf8_lossy(bytes).into_owned()))
}

fn modules(base: &Side<'_>, head: &Side<'_>, differ: &[&RepoPath]) -> Vec<ModuleFiles> {
    let manifests = base.keys().chain(head.keys());
    let manifests = manifests.filter(|path| path.file_name() == MANIFEST.as_bytes());
    let folders: BTreeSet<RepoPath> = manifests.map(|path| RepoPath::new(path.parent())).collect();
    let modules = folders.into_iter().map(|folder| {
        let own = |path: &&RepoPath| path.lies_in(&folder);
        let is_program = |path: &&RepoPath| path.file_name().ends_with(b".py");
        let scripts = head.keys().filter(own).filter(is_program);
        let scripts =
            scripts.filter(|path| !path.parent().is_empty() && **path != folder.child(MANIFEST));
        let of_versions = |path: &&RepoPath| {
            let path = path.to_string();
            path.contains("/migrations/") || path.contains("/upgrades/")
        };
        ModuleFiles {
            base: text(base, &folder.child(MANIFEST)),
            head: text(head, &folder.child(MANIFEST)),
            changed: differ.iter().copied().filter(own).cloned().collect(),
            scripts: scripts.filter(of_versions).cloned().collect(),
            folder,
        }
    });
    modules
        .filter(|module| !module.changed.is_empty())
        .collect()
}
