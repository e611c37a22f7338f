//! What has run, as far as verified links say so: in a stage, the digests in the trees that they name; in a unit, since when
//! they hold what a script comes after, and to which state one would go back.
//! Decides nothing; what cannot be found out is said to be unknown.

mod held;
mod target;

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::Error;
use super::chain::{Accepted, Objects};
use super::judge::Judge;
use super::reading::Reading;
use super::scene::{self, Trees};
use super::view::View;
use crate::attest::{Outcome, UnitId};
use crate::change::unchanged;
use crate::config::{Environment, GATE};
use crate::facts::images;
use crate::facts::images::promoted::{Promoted, Ran, named};
use crate::facts::migrations::{After, Held};
use crate::facts::rollback::Answer;
use crate::git::Repository;
use crate::model::{Enforcement, Stage};
use crate::render::GitFiles;
use crate::store::Store;
use crate::verify::{Chain, ChainLink};

/// What units have run.
pub(super) trait Promotions {
    /// Which of the digests that are wanted an environment of a stage has run; not the asking one.
    fn ran(&self, environment: &str, from: Stage, wanted: &BTreeSet<String>) -> Promoted;

    /// Since when each accepted state of a unit, by environment and name, holds what is wanted: at least as far back as
    /// `before`, where it does.
    fn held(&self, unit: (&str, &str), wanted: &BTreeSet<After>, before: Timestamp) -> Held;

    /// The newest state of a unit that was accepted, by environment and name.
    fn target(&self, unit: (&str, &str)) -> Answer;
}

/// The chains of a store.
#[derive(Clone, Copy)]
pub(super) struct Chains<'a> {
    pub(super) repository: &'a Repository,
    /// Where links lie; without it nothing is known.
    pub(super) store: Option<&'a dyn Store>,
    pub(super) reading: &'a Reading,
    pub(super) judge: &'a Judge,
    /// The accepted state of the gate that is asked, and the branch that it is of.
    pub(super) accepted: Option<(&'a str, &'a Accepted)>,
    pub(super) now: Timestamp,
}

/// The links of one unit that count, the newest first.
struct Counted<'c> {
    environment: &'c Environment,
    unit: UnitId,
    links: Vec<ChainLink>,
}

impl Promotions for Chains<'_> {
    fn ran(&self, environment: &str, from: Stage, wanted: &BTreeSet<String>) -> Promoted {
        let mut promoted = Promoted {
            from: Some(from),
            ..Promoted::default()
        };
        let Some(store) = self.store else {
            promoted.unknown.push(NO_STORE.to_owned());
            return promoted;
        };
        let environments = self.judge.config.environments.iter();
        let environments: Vec<&Environment> = environments
            .filter(|other| other.stage == from && other.name != environment)
            .collect();
        if environments.is_empty() {
            let what = format!("no other environment has the stage `{}`", from.as_str());
            promoted.unknown.push(what);
        }
        let mut units = Vec::new();
        for environment in environments {
            match self.counted(store, environment, &mut promoted.unknown) {
                Ok(counted) => units.extend(counted),
                Err(error) => {
                    let what = format!("of environment `{}`: {error}", environment.name);
                    promoted.unknown.push(what);
                }
            }
        }
        self.look(&units, wanted, &mut promoted);
        promoted
    }

    fn held(&self, unit: (&str, &str), wanted: &BTreeSet<After>, before: Timestamp) -> Held {
        match self.held_by_chain(unit, wanted, before) {
            Ok(held) => held,
            Err(error) => none_is_known(wanted, &error.to_string()),
        }
    }

    fn target(&self, unit: (&str, &str)) -> Answer {
        self.target_by_chain(unit)
    }
}

impl Chains<'_> {
    /// The accepted state of the gate that judges an environment.
    fn accepted_of<'o>(
        &'o self,
        store: &dyn Store,
        environment: &Environment,
        own: &'o mut Option<Accepted>,
    ) -> Result<&'o Accepted, Error> {
        match self.accepted {
            Some((branch, accepted)) if branch == environment.branch => Ok(accepted),
            _ => {
                let read = Accepted::read(self.repository, store, &environment.branch)?;
                let read = read.ok_or_else(|| Error::NoBaseline {
                    unit: format!("{}/{GATE}", environment.branch),
                })?;
                Ok(own.insert(read))
            }
        }
    }

    /// The links of one unit; or why they tell nothing.
    fn own_chain(
        &self,
        store: &dyn Store,
        environment: &Environment,
        unit: &str,
    ) -> Result<Result<Chain, String>, Error> {
        let mut own = None;
        let accepted = self.accepted_of(store, environment, &mut own)?;
        let unit = UnitId::new(&environment.name, unit)?;
        let chain = Chain::read(store, &unit, &accepted.trust)?.judged_by(&accepted.chain);
        match chain.equivocations().is_empty() {
            true => Ok(Ok(chain)),
            false => Ok(Err(format!("`{unit}` has two links of one height"))),
        }
    }

    /// The links of an environment that count, by unit; why others do not.
    fn counted<'c>(
        &self,
        store: &dyn Store,
        environment: &'c Environment,
        unknown: &mut Vec<String>,
    ) -> Result<Vec<Counted<'c>>, Error> {
        let mut own = None;
        let accepted = self.accepted_of(store, environment, &mut own)?;
        let mut units = store.units()?;
        units.retain(|unit| !unit.is_gate() && unit.environment() == environment.name);
        units.sort();
        units.dedup();
        let mut counted = Vec::new();
        for unit in units {
            let chain = Chain::read(store, &unit, &accepted.trust)?.judged_by(&accepted.chain);
            if !chain.equivocations().is_empty() {
                unknown.push(format!("`{unit}` has two links of one height"));
                continue;
            }
            let links = chain.standing().rev().filter(|(_, stands)| *stands);
            let links = links.map(|(link, _)| link);
            let links = links.filter(|link| link.verdict().valid_from <= self.now);
            let (links, others): (Vec<&ChainLink>, Vec<&ChainLink>) =
                links.partition(|link| passed(link));
            if !others.is_empty() {
                unknown.push(format!(
                    "`{unit}` has links that were signed under `observe`"
                ));
            }
            counted.push(Counted {
                environment,
                unit,
                links: links.into_iter().take(LINKS).cloned().collect(),
            });
        }
        if counted.iter().all(|unit| unit.links.is_empty()) {
            let name = &environment.name;
            unknown.push(format!(
                "no link of environment `{name}` passes in the store"
            ));
        }
        Ok(counted)
    }

    /// Looks through the newest link of each unit, then through the ones before, until all is found.
    fn look(&self, units: &[Counted<'_>], wanted: &BTreeSet<String>, promoted: &mut Promoted) {
        for depth in 0..LINKS {
            for unit in units {
                let Some(link) = unit.links.get(depth) else {
                    continue;
                };
                match self.digests(unit, link) {
                    Ok(digests) => {
                        for digest in digests.into_iter().filter(|it| wanted.contains(it)) {
                            promoted.ran.entry(digest).or_insert_with(|| Ran {
                                environment: unit.unit.environment().to_owned(),
                                unit: unit.unit.unit().to_owned(),
                            });
                        }
                    }
                    Err(what) => {
                        let height = link.verdict().height;
                        let what = format!("link {height} of `{}`: {what}", unit.unit);
                        promoted.unknown.push(what);
                    }
                }
                if promoted.ran.len() == wanted.len() {
                    // Nothing is left that it could be about.
                    promoted.unknown.clear();
                    return;
                }
            }
        }
    }

    /// The digests of what the tree of a link deploys.
    fn digests(&self, unit: &Counted<'_>, link: &ChainLink) -> Result<BTreeSet<String>, String> {
        let read = || -> Result<Option<BTreeSet<String>>, Error> {
            let commit = link.recompute(&Objects(self.repository))?;
            let snapshot = self.repository.snapshot(commit)?;
            let files = GitFiles::new(self.repository, &snapshot).with(self.reading.online());
            let trees = Trees {
                base: None,
                head: &files,
                before: None,
            };
            let scenes = scene::of_environment(unit.environment, &self.judge.config, trees, true)?;
            let mut scenes = scenes.into_iter();
            let Some(mut scene) = scenes.find(|scene| scene.name == unit.unit.unit()) else {
                return Ok(None);
            };
            scene.settle_head(&files)?;
            let verdict = link.verdict();
            if scene.head.patterns() != verdict.selector || scene.told() != verdict.rendering_digest
            {
                return Ok(None);
            }
            let view = View::new(
                self.repository,
                snapshot.clone(),
                snapshot.clone(),
                self.reading,
            )?;
            let sources = scene.objects_at_head(&view)?;
            let around = images::beside(sources.iter());
            let around = around.with_deployers(Arc::clone(&scene.deployers.head));
            let objects: Vec<_> = sources.iter().map(unchanged).collect();
            let values = objects.iter();
            let values = values.filter_map(|it| Some((&it.object, it.new.as_ref()?)));
            Ok(Some(named(values, &self.judge.images, &around)))
        };
        match read() {
            Ok(Some(digests)) => Ok(digests),
            Ok(None) => Err("the unit is declared otherwise than when it was signed".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Whether a link says that its environment may run what it names.
fn passed(link: &ChainLink) -> bool {
    let verdict = link.verdict();
    verdict.enforcement == Enforcement::Enforce && verdict.outcome == Outcome::Pass
}

/// Nobody is asked.
pub(super) struct NoPromotions;

impl Promotions for NoPromotions {
    fn ran(&self, _: &str, from: Stage, _: &BTreeSet<String>) -> Promoted {
        Promoted {
            from: Some(from),
            unknown: vec![NO_STORE.to_owned()],
            ..Promoted::default()
        }
    }

    fn held(&self, _: (&str, &str), wanted: &BTreeSet<After>, _: Timestamp) -> Held {
        none_is_known(wanted, NO_STORE)
    }

    fn target(&self, _: (&str, &str)) -> Answer {
        Err(NO_STORE.to_owned())
    }
}

fn none_is_known(wanted: &BTreeSet<After>, why: &str) -> Held {
    let wanted = wanted.iter().cloned();
    wanted.map(|after| (after, Err(why.to_owned()))).collect()
}

const NO_STORE: &str = "no store of verdicts was given (`--verdicts`)";
/// So many links of each unit are looked through.
const LINKS: usize = 32;
