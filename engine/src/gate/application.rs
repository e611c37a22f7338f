//! Whether what an Application takes of a commit is what the unit holds: file by file.
//! Knows nothing of how the Application was read, and of no verdict.

use super::Error;
use super::deployed::Deployed;
use crate::config::UnitKind;
use crate::git::{Repository, Selector, TreeEntry};
use crate::manifest::is_manifest_name;
use crate::model::RepoPath;
use crate::verify::{AppliedSource, Reason, Refusal, Sync};

/// Everything about the sync that no verdict of the unit covers.
pub(super) fn uncovered(
    repository: &Repository,
    sync: &Sync,
    kind: UnitKind,
    deployed: &Deployed,
) -> Result<Vec<Refusal>, Error> {
    let mut refusals = sync.refusals.clone();
    let snapshot = repository.snapshot(sync.revision)?;
    let renders = |source: &AppliedSource| {
        let mut inputs = deployed.inputs.iter();
        inputs.any(|input| input.rendering.folder == source.path)
    };
    for source in &sync.sources {
        let is_said = deployed.said.iter().any(|said| source.is_said_by(said));
        if !is_said {
            refusals.extend(source.overrides.iter().cloned());
        }
        if renders(source) || (is_said && source.is_reference) {
            continue;
        }
        let files = repository.entries_under(&snapshot, &source.path)?;
        refusals.extend(outside(&files, source, &deployed.selector));
        refusals.extend(left_out(&files, source));
    }
    // Paths may be applied by several Applications; a unit that is one Application, by this one.
    if kind == UnitKind::Application {
        let not_rendered = deployed
            .inputs
            .iter()
            .map(|input| &input.rendering.folder)
            .find(|folder| !sync.sources.iter().any(|source| source.path == **folder));
        refusals.extend(not_rendered.map(|folder| Refusal {
            reason: Reason::SourceOverride,
            expected: "sources that take all files of the unit".to_owned(),
            found: format!("`{folder}`, which none renders"),
        }));
        for plain in &deployed.plain {
            let held = repository.entries_matching(&snapshot, plain)?;
            refusals.extend(not_applied(&held, sync));
        }
    }
    Ok(refusals)
}

/// The first file of the source that the unit does not hold.
fn outside(files: &[TreeEntry], source: &AppliedSource, selector: &Selector) -> Option<Refusal> {
    let found = if files.is_empty() {
        format!("`{}`, which the commit does not have", source.path)
    } else {
        let foreign = files.iter().find(|file| !selector.matches(&file.path))?;
        format!("`{}`", foreign.path)
    };
    Some(Refusal {
        reason: Reason::SourceOutsideSelector,
        expected: format!("files of `{}`", selector.patterns().join("`, `")),
        found,
    })
}

/// The first manifest in a folder below, where those do not count: it was judged, and would be pruned.
fn left_out(files: &[TreeEntry], source: &AppliedSource) -> Option<Refusal> {
    let file = files
        .iter()
        .find(|file| is_manifest_name(&file.path) && !applies(source, &file.path))?;
    Some(Refusal {
        reason: Reason::SourceOverride,
        expected: format!("`directory.recurse: true` for `{}`", source.path),
        found: format!("`{}`, which is left out", file.path),
    })
}

/// The first manifest of the unit that no source takes.
fn not_applied(held: &[TreeEntry], sync: &Sync) -> Option<Refusal> {
    let taken = |path: &RepoPath| sync.sources.iter().any(|source| path.lies_in(&source.path));
    let file = held
        .iter()
        .find(|file| is_manifest_name(&file.path) && !taken(&file.path))?;
    Some(Refusal {
        reason: Reason::SourceOverride,
        expected: "sources that take all files of the unit".to_owned(),
        found: format!("`{}`, which none takes", file.path),
    })
}

fn applies(source: &AppliedSource, path: &RepoPath) -> bool {
    source.recurse || path.parent() == source.path.as_bytes()
}
