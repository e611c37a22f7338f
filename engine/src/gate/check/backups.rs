//! What holds data in each environment of a state, and what backs it up, without asking any policy.
//! Judges nothing.

use std::collections::BTreeMap;

use super::{Session, begin};
use crate::facts::backups;
use crate::facts::inventory::Neighbours;
use crate::gate::{Error, Request, Runtime};
use crate::git::Repository;
use crate::model::Stage;
use crate::report::backups::EnvironmentBackups;
use crate::verdict::UnitError;

/// What holds data, and what backs it up.
#[derive(Clone, Debug)]
pub struct Backups {
    /// By name.
    pub environments: Vec<EnvironmentBackups>,
    /// The units of which a file cannot be read.
    pub errors: Vec<UnitError>,
}

/// What holds data at the head of a range among all that the range touches: from an empty tree that is all
/// there is. What units render is looked at as what stands in files.
///
/// # Errors
/// The range or the configuration.
pub fn backups(
    repository: &Repository,
    request: &Request,
    runtime: Runtime<'_>,
) -> Result<Backups, Error> {
    let reading = begin(repository, &runtime);
    let session = Session::open(repository, request, &reading, runtime)?;
    let judge = &session.judge;
    let mut found: BTreeMap<String, (Stage, Neighbours)> = BTreeMap::new();
    let mut errors = Vec::new();
    let mut settled = session.settled(judge)?;
    for (scene, changes) in session.touched(judge, &mut settled)?.units {
        if scene.is_gate() {
            continue;
        }
        let (_, around) = found.entry(scene.environment.clone()).or_insert_with(|| {
            let around = Neighbours::of_kinds(backups::kinds());
            let elsewhere = scene.elsewhere().map(str::to_owned);
            (scene.input.stage, around.with_unseen(elsewhere))
        });
        match changes {
            Ok(changes) => {
                let sources = changes.changes.iter();
                let sources = sources.filter_map(|change| change.new_source.as_ref());
                sources.for_each(|source| around.insert(source));
            }
            Err(error) => {
                let unseen = format!("unit `{}` cannot be read", scene.name);
                *around = std::mem::take(around).with_unseen(Some(unseen));
                errors.push(scene.error(error));
            }
        }
    }
    session.view.save_index();
    let environments = found.into_iter().map(|(environment, (stage, around))| {
        let objects = backups::states(&around, &judge.backups, request.now);
        EnvironmentBackups {
            environment,
            stage,
            objects,
        }
    });
    Ok(Backups {
        environments: environments.collect(),
        errors,
    })
}
