//! Folders whose files Flux deploys as they stand: kustomize, through which it sends them, does nothing to them.
//! Knows no Kustomization.

use std::collections::BTreeSet;

use crate::manifest::{Node, NodeValue, is_manifest_name, yaml};
use crate::model::{RepoPath, mentions};
use crate::render::{Files, FilesError, Kustomize};
use crate::sources::changes::is_for_kustomize;
use crate::sources::deployment::Directory;
use crate::sources::folder::{self, Looks};
use crate::sources::unlike;

/// How the files of a folder count without kustomize, where Flux does nothing but list them: there is
/// no kustomization at or below it, nothing is added, nothing is left out, and kustomize reads them as the API server does.
pub(super) fn plain(
    folder: &RepoPath,
    kustomize: &Kustomize,
    files: &dyn Files,
) -> Result<Option<Directory>, FilesError> {
    if *kustomize != Kustomize::default() {
        return Ok(None);
    }
    let mut folders = BTreeSet::from([folder.clone()]);
    for entry in files.below(folder)? {
        let name = entry.path.file_name();
        let left_out = LEFT_OUT.iter().any(|left_out| left_out.as_bytes() == name);
        let aside = [b".github/".as_slice(), b".circleci/"];
        let path = entry.path.as_bytes();
        let aside = aside.iter().any(|aside| mentions(path, aside));
        if left_out || aside || entry.is_link() || entry.is_submodule() {
            return Ok(None);
        }
        if is_manifest_name(&entry.path) {
            let bytes = files.content(&entry)?;
            if speaks_to_kustomize(&bytes) || unlike::is_in(&bytes) {
                return Ok(None);
            }
        }
        folders.insert(RepoPath::new(entry.path.parent()));
    }
    for folder in &folders {
        if matches!(
            folder::looks(files, folder)?,
            Looks::Kustomization | Looks::Both
        ) {
            return Ok(None);
        }
    }
    Ok(Some(Directory {
        recurse: true,
        include: Some("{*.yaml,*.yml}".to_owned()),
        exclude: None,
    }))
}

/// Whether every manifest of a folder is deployed as it stands, where Flux is told nothing but the folder and what is
/// left out of the repository. Of JSON it takes none.
pub(in crate::sources) fn is_plain(
    folder: &RepoPath,
    ignore: &[String],
    files: &dyn Files,
) -> Result<bool, FilesError> {
    let kustomize = Kustomize {
        ignore: ignore.to_vec(),
        ..Kustomize::default()
    };
    let Some(directory) = plain(folder, &kustomize, files)? else {
        return Ok(false);
    };
    let below = files.below(folder)?;
    let mut manifests = below.iter().filter(|entry| is_manifest_name(&entry.path));
    Ok(manifests.all(|entry| directory.takes(folder, &entry.path)))
}

/// Whether an annotation may tell kustomize, through which Flux sends every folder, to leave out or to rename an object.
/// What cannot be read may do so.
fn speaks_to_kustomize(bytes: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return true;
    };
    // Without an escape and a tag, what a text says stands there letter by letter.
    let may = is_for_kustomize(text) || text.contains(['\\', '!']);
    may && yaml::parse(text).map_or(true, |documents| documents.iter().any(names_kustomize))
}

fn names_kustomize(node: &Node) -> bool {
    match &node.value {
        NodeValue::String(text) => is_for_kustomize(text),
        NodeValue::Sequence(items) => items.iter().any(names_kustomize),
        NodeValue::Mapping(entries) => {
            let mut entries = entries.iter();
            entries.any(|entry| is_for_kustomize(&entry.key) || names_kustomize(&entry.value))
        }
        NodeValue::Null | NodeValue::Bool(_) | NodeValue::Number { .. } => false,
    }
}

/// Manifests by name that Flux leaves out of every source.
const LEFT_OUT: [&str; 10] = [
    ".travis.yml",
    ".gitlab-ci.yml",
    "appveyor.yml",
    ".drone.yml",
    "cloudbuild.yaml",
    "codeship-services.yml",
    "codeship-steps.yml",
    ".goreleaser.yml",
    ".sops.yaml",
    ".flux.yaml",
];
