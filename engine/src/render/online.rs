//! Remote bases that are fetched for a run which asks for it: each commit once, by `git`, into a private folder
//! that goes away with the run. Decides nothing: what is fetched is known by its commit's id alone.

mod address;
mod error;
mod git;
mod mount;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use super::Exported;
use super::programs::{Bounds, ProgramsConfig};
use crate::config::OnlineHost;
use crate::git::Repository;
use crate::model::{GitId, limits};

pub use address::{Naming, Pinned, Unfit};
pub use error::FetchError;
pub use mount::Mount;
pub(super) use mount::{MOUNTS, Mounts, mount_of};

/// What becomes of remote bases that are pinned by a commit.
#[derive(Clone, Copy, Debug, Default)]
pub enum Online<'a> {
    /// They are refused.
    #[default]
    Off,
    /// They are not looked at: what they hold was judged, and their ids stand in files that are compared.
    Judged,
    /// They are fetched.
    Fetched {
        /// What fetches.
        remotes: &'a Remotes,
        /// From these hosts alone.
        hosts: &'a [OnlineHost],
    },
}

/// The commits of other repositories that were fetched. They go away with it.
#[derive(Debug)]
pub struct Remotes {
    config: ProgramsConfig,
    /// What one fetch may use.
    bounds: Bounds,
    /// By repository and commit.
    fetched: Mutex<BTreeMap<(String, GitId), Fetched>>,
}

/// The private folder that is a repository with the commit.
type Fetched = Result<Arc<Exported>, FetchError>;

impl Remotes {
    /// Nothing yet; `git` is looked up as renderers are.
    #[must_use]
    pub fn new(config: ProgramsConfig) -> Self {
        let bounds = Bounds {
            time: limits::REMOTE_BASE_TIME.time(),
            memory: limits::RENDER_MEMORY.wide(),
            output: limits::REMOTE_BASE.most,
        };
        Self::within(config, bounds)
    }

    /// The same, within other bounds.
    #[must_use]
    pub fn within(config: ProgramsConfig, bounds: Bounds) -> Self {
        Self {
            config,
            bounds,
            fetched: Mutex::default(),
        }
    }

    /// The folder of a Git repository that holds the commit.
    ///
    /// # Errors
    /// It cannot be fetched, or something else came.
    pub(super) fn fetch(
        &self,
        pinned: &Pinned,
        hosts: &[OnlineHost],
    ) -> Result<PathBuf, FetchError> {
        if !hosts.iter().any(|host| host.origin() == pinned.origin) {
            return Err(FetchError::Host {
                origin: pinned.origin.clone(),
                listed: pinned
                    .origin
                    .strip_prefix("https://")
                    .unwrap_or(&pinned.origin)
                    .to_owned(),
            });
        }
        let mut fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (pinned.repository.clone(), pinned.commit);
        let count = fetched.len();
        let known = fetched.entry(key).or_insert_with(|| {
            if count >= limits::REMOTE_BASES.most {
                return Err(FetchError::Count);
            }
            self.fetched_now(pinned).map(Arc::new)
        });
        known
            .as_ref()
            .map(|exported| exported.root().to_owned())
            .map_err(Clone::clone)
    }

    /// Where a commit is that was fetched.
    pub(super) fn folder_of(&self, commit: GitId) -> Option<PathBuf> {
        let fetched = self.fetched.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = fetched.iter().filter(|((_, id), _)| *id == commit);
        let exported = found.find_map(|(_, result)| result.as_ref().ok())?;
        Some(exported.root().to_owned())
    }

    fn fetched_now(&self, pinned: &Pinned) -> Result<Exported, FetchError> {
        let room = Exported::empty(&self.config.temporary);
        let room = room.map_err(|error| FetchError::Room {
            reason: error.to_string(),
        })?;
        git::fetch(pinned, &room, &self.config, self.bounds)?;
        // Read by its id, whatever the server says it is: what hashes to another id is refused.
        let read = Repository::open_bare(room.root()).and_then(|it| it.snapshot(pinned.commit));
        read.map_err(|error| FetchError::Damaged {
            reason: error.to_string(),
        })?;
        Ok(room)
    }
}
