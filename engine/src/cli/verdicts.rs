//! Where verdicts lie, as the command line names it.

use std::path::Path;

use tempfile::TempDir;

use super::common::Error;
use super::terminal::Terminal;
use crate::git::Repository;
use crate::store::{BranchPlace, BranchSettings, BranchStore, FolderStore, Store};

/// A store, and a folder that goes away with it.
pub(super) struct Verdicts {
    store: Box<dyn Store>,
    _scratch: Option<TempDir>,
}

impl Verdicts {
    /// Opens `folder:DIR` or `branch[:REMOTE[:NAME]]`; a branch is one of a remote of `repository`.
    pub(super) fn open(
        text: &str,
        repository: &Repository,
        terminal: &Terminal,
    ) -> Result<Self, Box<dyn miette::Diagnostic + Send + Sync>> {
        if let Some(folder) = text.strip_prefix("folder:").filter(|text| !text.is_empty()) {
            return Ok(Self::folder(&terminal.directory.join(folder)));
        }
        match text.strip_prefix("branch") {
            Some(place) if place.is_empty() || place.starts_with(':') => {
                Self::branch(place, repository, terminal)
            }
            _ if terminal.directory.join(text).is_dir() => Err(Error::BareFolder {
                text: text.to_owned(),
            }
            .into()),
            _ => Err(Error::Store {
                text: text.to_owned(),
            }
            .into()),
        }
    }

    pub(super) fn folder(folder: &Path) -> Self {
        Self {
            store: Box::new(FolderStore::new(folder)),
            _scratch: None,
        }
    }

    pub(super) fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    fn branch(
        place: &str,
        repository: &Repository,
        terminal: &Terminal,
    ) -> Result<Self, Box<dyn miette::Diagnostic + Send + Sync>> {
        let place = BranchPlace::parse(place)?;
        let scratch = TempDir::with_prefix("tidegate-")
            .map_err(|error| Error::write(&std::env::temp_dir(), &error))?;
        let mut seed = [0; 8];
        // Only who waits how long depends on it.
        let _ = getrandom::fill(&mut seed);
        let settings = BranchSettings {
            now: terminal.now,
            seed: u64::from_le_bytes(seed),
            scratch: scratch.path().to_owned(),
        };
        let store = BranchStore::new(repository.reopen()?, place, settings)?;
        Ok(Self {
            store: Box::new(store),
            _scratch: Some(scratch),
        })
    }
}
