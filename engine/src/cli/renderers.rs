//! The programs that render, as this process finds them: by `TIDEGATE_KUSTOMIZE` and `TIDEGATE_HELM`, else in `PATH`.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use super::terminal::Terminal;
use crate::git::Repository;
use crate::render::{Cache, Programs, ProgramsConfig, Workshop};

/// What renders for a check: what came out is kept for the next one.
pub(super) fn kept(terminal: &Terminal, repository: &Repository) -> Arc<Workshop> {
    let cache = match terminal.cache_folder() {
        Some(folder) => Cache::open(&folder),
        None => Cache::off(),
    };
    Arc::new(Workshop::new(programs(terminal, repository), cache))
}

/// What renders for a signature, which rests on nothing that an earlier run left.
pub(super) fn fresh(terminal: &Terminal, repository: &Repository) -> Arc<Workshop> {
    Arc::new(Workshop::new(programs(terminal, repository), Cache::off()))
}

fn programs(terminal: &Terminal, repository: &Repository) -> Programs {
    let named = |name: &str| {
        let path = terminal.variable(name).filter(|path| !path.is_empty())?;
        Some(terminal.directory.join(path))
    };
    let mut foreign: Vec<PathBuf> = repository.work_tree().map(Into::into).into_iter().collect();
    foreign.push(repository.common_dir().to_owned());
    Programs::new(ProgramsConfig {
        kustomize: named("TIDEGATE_KUSTOMIZE"),
        helm: named("TIDEGATE_HELM"),
        search: terminal.variable("PATH").map(OsString::from),
        foreign,
        temporary: terminal.temporary_folder(),
        ..ProgramsConfig::default()
    })
}
