//! The programs that render, as this process finds them: by `TIDEGATE_KUSTOMIZE` and `TIDEGATE_HELM`, else in `PATH`.

use std::ffi::OsString;
use std::sync::Arc;

use super::terminal::Terminal;
use crate::git::Repository;
use crate::render::{Cache, Programs, ProgramsConfig, Remotes, Workshop};

/// Whether remote bases are fetched.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(super) struct Network {
    /// Fetch kustomize's remote bases and components that are pinned by a whole commit id, by your
    /// `git`, from the hosts that `online.hosts` of the configuration lists; all others stay refused.
    /// `check` then also asks the registries for what signs an image and is not recorded
    #[arg(long)]
    online: bool,
}

/// What renders for a check: what came out is kept for the next one.
pub(super) fn kept(
    terminal: &Terminal,
    repository: &Repository,
    network: Network,
) -> Arc<Workshop> {
    let versions = terminal.cache_folder();
    let cache = versions.as_deref().map_or_else(Cache::off, Cache::open);
    let config = ProgramsConfig {
        versions,
        ..config(terminal, Some(repository))
    };
    let workshop = Workshop::new(Programs::new(config), cache);
    Arc::new(network.of(workshop, terminal, repository))
}

/// What renders for a signature, which rests on nothing that an earlier run left.
pub(super) fn fresh(
    terminal: &Terminal,
    repository: &Repository,
    network: Network,
) -> Arc<Workshop> {
    let programs = Programs::new(config(terminal, Some(repository)));
    let workshop = Workshop::new(programs, Cache::off());
    Arc::new(network.of(workshop, terminal, repository))
}

impl Network {
    /// Whether the network may be asked.
    pub(super) fn is_online(self) -> bool {
        self.online
    }

    /// What fetches remote bases, where that is asked for.
    pub(super) fn remotes(self, terminal: &Terminal, repository: &Repository) -> Option<Remotes> {
        let remotes = || Remotes::new(config(terminal, Some(repository)));
        self.online.then(remotes)
    }

    fn of(self, workshop: Workshop, terminal: &Terminal, repository: &Repository) -> Workshop {
        match self.remotes(terminal, repository) {
            Some(remotes) => workshop.online(remotes),
            None => workshop,
        }
    }
}

/// Where this process finds the programs; never in the repository that is judged.
pub(super) fn config(terminal: &Terminal, repository: Option<&Repository>) -> ProgramsConfig {
    let named = |name: &str| {
        let path = terminal.variable(name).filter(|path| !path.is_empty())?;
        Some(terminal.directory.join(path))
    };
    let own = |repository: &Repository| {
        let folders = repository.work_tree().into_iter();
        folders
            .chain([repository.common_dir()])
            .map(Into::into)
            .collect()
    };
    ProgramsConfig {
        kustomize: named("TIDEGATE_KUSTOMIZE"),
        helm: named("TIDEGATE_HELM"),
        search: terminal.variable("PATH").map(OsString::from),
        foreign: repository.map(own).unwrap_or_default(),
        temporary: terminal.temporary_folder(),
        ..ProgramsConfig::default()
    }
}
