//! Whether a judge that is about to be accepted can answer for the gate's own files at all: one that
//! stalls on them could never be followed by another. What it answers is not looked at.

use jiff::Timestamp;

use super::Error;
use super::evaluate::{Bench, Matter};
use super::evidence::NoEvidence;
use super::gate_files;
use super::judge::Judge;
use super::promotions::NoPromotions;
use super::reported::NoReports;
use super::scene;
use super::season::season;
use super::source::{allowed_signers, point};
use super::unit::no_neighbours;
use super::watch::Unwatched;
use crate::facts::migrations::Files;
use crate::facts::range::Range as Reach;
use crate::facts::rollback::Prepared;
use crate::facts::source::SourceInfo;
use crate::git::{FileChange, Repository, Snapshot, TreeEntry};
use crate::input::Mode;

/// Asks `judge`, which is that of `head`, about all files of the unit `gate` there, as if they were new.
pub(super) fn judges_gate(
    judge: &Judge,
    repository: &Repository,
    head: &Snapshot,
    now: Timestamp,
) -> Result<(), Error> {
    let config = &judge.config;
    allowed_signers(repository, head)?;
    let files = repository.entries_matching(head, config.gate_selector())?;
    let files: Vec<FileChange> = files.into_iter().map(created).collect();
    let changes = gate_files::compare(repository, &files)?;
    let neighbours = no_neighbours(judge);
    let source = SourceInfo {
        repository: config.verdict.repository.clone(),
        base: point(head),
        head: point(head),
        commits: Vec::new(),
    };
    for scene in scene::gates_of(config) {
        let season = season(judge, &scene, now, false);
        let bench = Bench {
            judge,
            mode: Mode::Merge,
            now,
            environment: &scene.input,
            environment_pointer: &scene.pointer,
            unit: (&scene.name, scene.kind),
            range: &Reach::default(),
            source: &source,
            season: &season,
            rooted: None,
            evidence: &NoEvidence,
            reported: &NoReports,
            promotions: &NoPromotions,
            watch: &Unwatched,
        };
        bench.judge(&Matter {
            changes: &changes,
            reached: &[],
            head: &neighbours,
            base: &neighbours,
            scripts: &Files::default(),
            prepared: &Prepared::default(),
            everything: true,
        })?;
    }
    Ok(())
}

fn created(entry: TreeEntry) -> FileChange {
    FileChange {
        path: entry.path.clone(),
        old: None,
        new: Some(entry),
    }
}
