//! What holds data in each environment of a state, and what backs it up, without asking any policy.
//! Judges nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::{Session, begin};
use crate::change::as_it_stands;
use crate::facts::backups::{self, State};
use crate::facts::inventory::Neighbours;
use crate::gate::judge::Judge;
use crate::gate::landing::Landing;
use crate::gate::reported::Reported as _;
use crate::gate::{Error, Request, Runtime};
use crate::git::Repository;
use crate::input::Environment;
use crate::model::{GroupKind, ObjectRef, Part};
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
/// there is. What units render is looked at as what stands in files; when it was backed up, signed evidence says.
///
/// # Errors
/// The range or the configuration; evidence of the future.
pub fn backups(
    repository: &Repository,
    request: &Request,
    runtime: Runtime<'_>,
) -> Result<Backups, Error> {
    let reading = begin(repository, &runtime);
    let session = Session::open(repository, request, &reading, runtime)?;
    let judge = &session.judge;
    let reports = session.reports(judge);
    let kinds: BTreeSet<GroupKind> = backups::kinds().collect();
    let mut found: BTreeMap<String, Seen<'_>> = BTreeMap::new();
    let mut errors = Vec::new();
    let mut settled = session.settled(judge)?;
    for (scene, changes) in session.touched(judge, &mut settled)?.units {
        let Some(landing) = &scene.landing else {
            continue;
        };
        let seen = found
            .entry(scene.environment.clone())
            .or_insert_with(|| Seen {
                input: &scene.input,
                unseen: scene.elsewhere().map(str::to_owned),
                units: Vec::new(),
            });
        match changes {
            Ok(changes) => {
                let sources = changes.changes.into_iter();
                let sources = sources.filter_map(|change| change.new_source);
                let wanted = sources.filter(|source| kinds.contains(&source.object.group_kind()));
                let objects = wanted.map(|source| {
                    let value = as_it_stands(&source.node, &source.secrets);
                    (source.object, Arc::new(Part::new(value)))
                });
                seen.units.push((landing.clone(), objects.collect()));
            }
            Err(error) => {
                seen.unseen = Some(format!("unit `{}` cannot be read", scene.name));
                errors.push(scene.error(error));
            }
        }
    }
    session.view.save_index();
    let environments = found.into_iter().map(|(environment, seen)| {
        let now = request.now;
        let objects = seen.states(judge, now);
        let known = reports.known(seen.input)?;
        Ok(EnvironmentBackups {
            environment,
            stage: seen.input.stage,
            now,
            observed: backups::observed(&objects, &known, &judge.backups, now),
            objects,
        })
    });
    Ok(Backups {
        environments: environments.collect::<Result<_, Error>>()?,
        errors,
    })
}

/// An object, and what it says.
type Object = (ObjectRef, Arc<Part>);

/// What there is in an environment.
struct Seen<'s> {
    input: &'s Environment,
    /// Why there may be more, for people.
    unseen: Option<String>,
    /// The objects of each that hold data, back up or decide about that.
    units: Vec<(Landing, Vec<Object>)>,
}

impl Seen<'_> {
    /// What holds data in it: what names no namespace as its own unit sees what lies around it.
    fn states(&self, judge: &Judge, now: Timestamp) -> BTreeMap<ObjectRef, State> {
        let names_none = |object: &ObjectRef| object.namespace.is_none();
        let states = |own: &Landing| {
            let around = Neighbours::of_kinds(backups::kinds());
            let mut around = around.with_unseen(self.unseen.clone());
            for (other, objects) in &self.units {
                for (object, part) in objects {
                    let namespace = own.sees(object, other);
                    around.insert_part_in(namespace, object.clone(), Arc::clone(part));
                }
            }
            backups::states(&around, &judge.backups, now).into_iter()
        };
        let mut all = BTreeMap::new();
        let mut named = BTreeSet::new();
        for (landing, objects) in &self.units {
            let concerned = objects.iter().map(|(object, _)| object);
            let concerned = concerned.filter(|object| backups::concerns(object));
            let (own, others) = concerned.partition::<BTreeSet<_>, _>(|it| names_none(it));
            named.extend(others);
            if !own.is_empty() {
                all.extend(states(landing).filter(|(object, _)| own.contains(object)));
            }
        }
        all.extend(states(&Landing::NOWHERE).filter(|(object, _)| named.contains(object)));
        all
    }
}
