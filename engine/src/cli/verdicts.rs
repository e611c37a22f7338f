//! Where verdicts lie, as the command line names it.

use std::path::Path;
use std::rc::Rc;

use tempfile::TempDir;

use super::common::Error;
use super::registry::Wire;
use super::terminal::{Terminal, whole_seconds};
use crate::git::Repository;
use crate::model::limits;
use crate::registry::OciPlace;
use crate::store::{
    ArtifactStore, BranchPlace, BranchSettings, BranchStore, FolderStore, RepositoryStore, Store,
    StreamStore,
};

/// A store, and a folder that goes away with it.
pub(super) struct Verdicts {
    store: Box<dyn Store>,
    _scratch: Option<TempDir>,
}

impl Verdicts {
    /// Opens `folder:DIR`, `branch[:REMOTE[:NAME]]`, `oci:REGISTRY/REPOSITORY[@sha256:DIGEST]`, or what can only
    /// be read: `notes:REF` and `-`. Branches and notes are those of `repository`.
    pub(super) fn open(
        text: &str,
        repository: &Repository,
        terminal: &Terminal,
    ) -> Result<Self, Box<dyn miette::Diagnostic + Send + Sync>> {
        if let Some(folder) = text.strip_prefix("folder:").filter(|text| !text.is_empty()) {
            return Ok(Self::folder(&terminal.directory.join(folder)));
        }
        if let Some(place) = text.strip_prefix("oci:") {
            return Self::registry(place, terminal);
        }
        if let Some(notes) = text.strip_prefix("notes:") {
            return Self::notes(notes, repository);
        }
        if text == "-" {
            let mut stream = StreamStore::new(text);
            stream.read(std::io::stdin().lock(), "standard input")?;
            return Ok(Self::read_only(stream));
        }
        match branch_place(text) {
            Some(place) => Self::branch(place, repository, terminal),
            None if terminal.directory.join(text).is_dir() => Err(Error::BareFolder {
                text: text.to_owned(),
            }
            .into()),
            None => Err(Error::Store {
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

    /// The notes of a ref, whatever they are notes on: each holds envelopes, a line each.
    fn notes(
        name: &str,
        repository: &Repository,
    ) -> Result<Self, Box<dyn miette::Diagnostic + Send + Sync>> {
        let mut stream = StreamStore::new(format!("notes:{name}"));
        if !name.starts_with("refs/notes/") {
            return Err(Error::NotesRef {
                text: name.to_owned(),
            }
            .into());
        }
        let snapshot = repository.snapshot(repository.resolve(name)?)?;
        for note in repository.entries(&snapshot)? {
            if note.is_link() || note.is_submodule() {
                continue;
            }
            let bytes = repository.blob_within(note.id, limits::ENVELOPE.wide())?;
            stream.read(bytes.as_slice(), &format!("{name}:{}", note.path))?;
        }
        Ok(Self::read_only(stream))
    }

    fn read_only(stream: StreamStore) -> Self {
        Self {
            store: Box::new(stream),
            _scratch: None,
        }
    }

    fn registry(
        place: &str,
        terminal: &Terminal,
    ) -> Result<Self, Box<dyn miette::Diagnostic + Send + Sync>> {
        let place = OciPlace::parse(place)?;
        let wire = Rc::new(Wire::of(terminal));
        let store: Box<dyn Store> = if place.is_artifact() {
            Box::new(ArtifactStore::new(place, wire)?)
        } else {
            Box::new(RepositoryStore::new(place, wire))
        };
        Ok(Self {
            store,
            _scratch: None,
        })
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
            now: whole_seconds(terminal.clock().now()),
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

/// Whether a store is asked over the network.
pub(super) fn is_far(text: &str) -> bool {
    text.starts_with("oci:") || branch_place(text).is_some()
}

/// What follows `branch` in the name of a store that is one.
pub(super) fn branch_place(text: &str) -> Option<&str> {
    let place = text.strip_prefix("branch")?;
    (place.is_empty() || place.starts_with(':')).then_some(place)
}
