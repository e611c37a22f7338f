//! Remote bases in what is built: kustomizations name the folders where these stand in the place of addresses.
//! Fetches nothing.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Plan;
use super::edit::{Root, json_text, rename};
use super::error::Error;
use super::place::shown;
use crate::model::RepoPath;
use crate::render::export::Exported;
use crate::render::online::Unfit;

/// The remote bases of a rendering.
pub(super) struct Bases<'p> {
    plan: &'p Plan,
}

impl<'p> Bases<'p> {
    pub(super) fn of(plan: &'p Plan) -> Self {
        Self { plan }
    }

    /// Whether the kustomization of a folder names one.
    pub(super) fn has(&self, folder: &RepoPath) -> bool {
        let mut remotes = self.plan.remotes.iter();
        remotes.any(|remote| remote.folder == *folder)
    }

    /// What the kustomization of a folder names, and how it names that from there.
    pub(super) fn names_in(&self, folder: &RepoPath) -> BTreeMap<&'p str, String> {
        let remotes = self.plan.remotes.iter();
        let remotes = remotes.filter(|remote| remote.folder == *folder);
        let name = |target: &RepoPath| format!("{}{target}", up(folder));
        remotes
            .map(|remote| (&*remote.text, name(&remote.target)))
            .collect()
    }

    /// Refuses to build what would not be the same of a folder as of an address.
    pub(super) fn refuse_told(&self, root: &Root) -> Result<(), Error> {
        for remote in &self.plan.remotes {
            let refuse = |why| Error::Remote {
                at: remote.at.clone(),
                what: shown(&remote.text),
                why,
            };
            if root.tells_origins() {
                return Err(refuse(Unfit::Annotated));
            }
            let kustomization = self.plan.kustomizations.get(&remote.folder);
            // Two folders that share one file name the same base by two paths.
            if kustomization.is_some_and(|it| it.file.parent() != remote.folder.as_bytes()) {
                return Err(refuse(Unfit::Linked));
            }
        }
        Ok(())
    }

    /// Writes the kustomizations beside the root's, which name folders in the place of addresses.
    pub(super) fn write(&self, exported: &Exported) -> Result<(), Error> {
        for (folder, kustomization) in &self.plan.kustomizations {
            if !self.has(folder) || *folder == self.plan.root.folder {
                continue;
            }
            let mut fields = kustomization.node.to_json();
            if let Value::Object(fields) = &mut fields {
                rename(fields, &self.names_in(folder));
            }
            let text = format!("{}\n", json_text(&fields));
            exported.write(&kustomization.file, text.as_bytes())?;
        }
        Ok(())
    }
}

/// The way from a folder to the root of the tree.
fn up(folder: &RepoPath) -> String {
    match folder.as_bytes() {
        b"" => "./".to_owned(),
        folder => "../".repeat(folder.split(|byte| *byte == b'/').count()),
    }
}
