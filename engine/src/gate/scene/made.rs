//! The units of a configuration, as both sides of a range have them: one scene a unit, the unit `gate` once a branch.
//! Reads which units there are, and none of their files.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::super::Error;
use super::super::deployed::{Declared, units};
use super::super::landing::{Landing, plain_files};
use super::super::unpruned::{Unpruned, unpruned};
use super::super::unreleased::has_charts;
use super::{Scene, Sides};
use crate::config::{Config, Environment, GATE, UnitKind};
use crate::facts::inventory::Deployers;
use crate::git::Selector;
use crate::input;
use crate::model::{Enforcement, RiskTier, Stage};
use crate::render::Files;
use crate::sources::ResolvedUnit;

/// Where the units of an environment are looked up, where they stand in the tree.
#[derive(Clone, Copy)]
pub(in crate::gate) struct Trees<'a> {
    /// None where only head counts.
    pub(in crate::gate) base: Option<&'a dyn Files>,
    pub(in crate::gate) head: &'a dyn Files,
    /// What said how the units of base are deployed; none where that is what says so now.
    pub(in crate::gate) before: Option<&'a Config>,
}

/// Every unit of a configuration. The units `gate` come first.
pub(in crate::gate) fn of_config(config: &Config, trees: Trees<'_>) -> Result<Vec<Scene>, Error> {
    of_configs(config, None, trees)
}

/// The units `gate` of a configuration.
pub(in crate::gate) fn gates_of(config: &Config) -> Vec<Scene> {
    let environments: Vec<&Environment> = config.environments.iter().collect();
    gates(config, &environments)
}

/// The same, and what `head` adds: environments, units, and paths of units that there are, whose files
/// count as created.
pub(in crate::gate) fn of_configs(
    judge: &Config,
    head: Option<&Config>,
    trees: Trees<'_>,
) -> Result<Vec<Scene>, Error> {
    let new = head.map_or([].as_slice(), |head| &head.environments).iter();
    let new = new.filter(|environment| judge.environment(&environment.name).is_none());
    let new: Vec<&Environment> = new.collect();
    let all: Vec<&Environment> = judge
        .environments
        .iter()
        .chain(new.iter().copied())
        .collect();
    let mut scenes = gates(judge, &all);
    for environment in &judge.environments {
        let mut own = of_environment(environment, judge, trees, true)?;
        if let Some(config) = head
            && let Some(head) = config.environment(&environment.name)
        {
            add(
                &mut own,
                environment,
                of_environment(head, config, trees, false)?,
            )?;
        }
        scenes.extend(own);
    }
    for environment in new {
        let config = head.unwrap_or(judge);
        scenes.extend(of_environment(environment, config, trees, false)?);
    }
    Ok(scenes)
}

/// Adds what the configuration at head says of an environment that is judged as `known` says.
fn add(scenes: &mut Vec<Scene>, known: &Environment, more: Vec<Scene>) -> Result<(), Error> {
    let files = more.first().map(|scene| Arc::clone(&scene.plain_files));
    for scene in scenes.iter_mut() {
        if let Some(files) = &files {
            Arc::make_mut(&mut scene.plain_files).add(files);
        }
        let is_there = |it: &Scene, gone: &Unpruned| {
            let own = it.unpruned.as_ref();
            let is_applied = own.is_none_or(|own| own.unit() != gone.unit());
            it.name == gone.unit() && !it.declared.head.is_empty() && is_applied
        };
        let unpruned = scene.unpruned.take();
        scene.unpruned = unpruned.filter(|gone| !more.iter().any(|it| is_there(it, gone)));
    }
    for added in more {
        match scenes.iter_mut().find(|scene| scene.name == added.name) {
            Some(scene) => {
                scene.head = scene.head.or(&added.head)?;
                scene.declared.head.extend(added.declared.head);
            }
            None => scenes.push(Scene {
                enforcement: known.enforcement,
                zone: known.timezone.clone(),
                pointer: known.pointer.clone(),
                input: input_of(known),
                ..added
            }),
        }
    }
    Ok(())
}

/// The units of one environment.
pub(in crate::gate) fn of_environment(
    environment: &Environment,
    config: &Config,
    trees: Trees<'_>,
    of_judge: bool,
) -> Result<Vec<Scene>, Error> {
    let mut head = units(environment, config, trees.head)?;
    let mut base = units_before(&head, (environment, config), trees)?;
    let deployers = Sides {
        base: Arc::new(deployers(&base)),
        head: Arc::new(deployers(&head)),
    };
    let unpruned = unpruned((&base, &head), &environment.branch);
    // What is wholly of elsewhere has no files here; its object belongs to the unit that holds it, or is one by itself.
    let hidden = Hidden::of(&head);
    let objects = Sides {
        base: taken(&mut base, Declared::is_foreign),
        // What was judged is not let go.
        head: taken(&mut head, |unit| {
            unit.is_foreign() && !same(&base, unit).is_some_and(Declared::is_of_here)
        }),
    };
    let plain_files = Arc::new(plain_files(&head, trees)?);
    let rendered_units = Arc::new(Sides {
        base: rendered(&base),
        head: rendered(&head),
    });
    let before: Arc<[Declared]> = match trees.base {
        Some(_) => base.iter().filter(|it| has_charts(it)).cloned().collect(),
        None => Arc::default(),
    };
    if trees.base.is_some() {
        add_objects((&mut base, &mut head), objects);
    }
    let scenes = paired(base, head).into_iter().filter_map(|declared| {
        let any = declared.head.first().or(declared.base.first())?;
        let (unit, landing) = (&any.unit, Landing::of(any));
        let (name, kind) = (unit.name.clone(), unit.kind.as_str());
        let selector = Selector::parse(&unit.globs());
        let unseen = hidden.beside(&unit.name);
        let gone = unpruned.iter().find(|it| it.concerns(&name)).cloned();
        Some(selector.map(|selector| Scene {
            environment: environment.name.clone(),
            name,
            kind,
            enforcement: environment.enforcement,
            base: selector.clone(),
            head: selector,
            plain_files: Arc::clone(&plain_files),
            landing: Some(landing),
            deployers: deployers.clone(),
            unseen,
            elsewhere: hidden.elsewhere.clone(),
            rendered: None,
            zone: environment.timezone.clone(),
            // A location in the judge's file exists only for the judge's own environments.
            pointer: if of_judge {
                environment.pointer.clone()
            } else {
                "/-".to_owned()
            },
            input: input_of(environment),
            declared,
            rendered_units: Arc::clone(&rendered_units),
            before: Arc::clone(&before),
            unpruned: gone,
        }))
    });
    Ok(scenes.collect::<Result<_, _>>()?)
}

/// Adds what is of elsewhere by its object alone. No gate stands where that is deployed: it is judged as a change, and nothing
/// of it is signed.
fn add_objects(
    (base, head): (&mut Vec<Declared>, &mut Vec<Declared>),
    objects: Sides<Vec<Declared>>,
) {
    let was_judged = |it: &Declared| same(base, it).is_some();
    let heads = objects.head.into_iter().map(|it| (was_judged(&it), it));
    head.extend(heads.filter_map(|(was_judged, it)| it.into_object(was_judged)));
    let bases = objects.base.into_iter();
    base.extend(bases.filter_map(|it| it.into_object(false)));
}

/// Those whose objects stand in no file.
fn rendered(units: &[Declared]) -> Vec<Declared> {
    let units = units.iter();
    let rendered = units.filter(|it| it.unit.renderings().next().is_some());
    rendered.cloned().collect()
}

/// What has the name of another one.
fn same<'d>(units: &'d [Declared], unit: &Declared) -> Option<&'d Declared> {
    units.iter().find(|it| it.unit.name == unit.unit.name)
}

/// Takes some out.
fn taken(units: &mut Vec<Declared>, is_one: impl Fn(&Declared) -> bool) -> Vec<Declared> {
    let (taken, own) = units.drain(..).partition(is_one);
    *units = own;
    taken
}

/// Those that deploy, and whether all of that is rendered.
fn deployers(units: &[Declared]) -> Deployers {
    let mut deployers = Deployers::default();
    for Declared { unit, .. } in units {
        let Some(deployment) = &unit.deployment else {
            continue;
        };
        let is_rendered =
            !unit.sources.is_empty() && unit.renderings().count() == unit.sources.len();
        let namespace = deployment.namespace.as_deref();
        let own = (deployment.kind.as_str(), deployment.name.as_str());
        deployers.insert(own, namespace, is_rendered);
        if let Some(set) = deployment.set() {
            deployers.insert(("ApplicationSet", set), namespace, is_rendered);
        }
    }
    deployers
}

/// The units of an environment at base.
fn units_before(
    head: &[Declared],
    (environment, config): (&Environment, &Config),
    trees: Trees<'_>,
) -> Result<Vec<Declared>, Error> {
    let Some(files) = trees.base else {
        return Ok(head.to_vec());
    };
    let known = trees
        .before
        .and_then(|before| Some((before.environment(&environment.name)?, before)));
    let (before, saying) = known.unwrap_or((environment, config));
    match units(before, saying, files) {
        // What was ambiguous before is judged as it is now, as far as it was there.
        Err(_) if before.declared.is_some() => there(head, files),
        found => found,
    }
}

/// Each unit with what has its name on the other side.
fn paired(base: Vec<Declared>, mut head: Vec<Declared>) -> Vec<Sides<Vec<Declared>>> {
    let mut sides: Vec<Sides<Vec<Declared>>> = Vec::new();
    for before in base {
        let after = head
            .iter()
            .position(|after| after.unit.name == before.unit.name);
        sides.push(Sides {
            base: vec![before],
            head: after.map(|at| head.remove(at)).into_iter().collect(),
        });
    }
    sides.extend(head.into_iter().map(|after| Sides {
        base: Vec::new(),
        head: vec![after],
    }));
    sides
}

/// The units of which a state has any file: what declares them, or what they deploy.
fn there(units: &[Declared], files: &dyn Files) -> Result<Vec<Declared>, Error> {
    let mut there = Vec::new();
    for unit in units {
        if unit.is_there(files)? {
            there.push(unit.clone().into_unmade());
        }
    }
    Ok(there)
}

/// The units whose objects stand in no file.
struct Hidden {
    rendered: Vec<String>,
    /// Why some of them cannot be seen at all, for people.
    elsewhere: Option<String>,
}

impl Hidden {
    fn of(units: &[Declared]) -> Self {
        let names = |is_it: &dyn Fn(&ResolvedUnit) -> bool| {
            let units = units.iter().map(|declared| &declared.unit);
            let names = units
                .filter(|unit| is_it(unit))
                .map(|unit| unit.name.clone());
            names.collect::<Vec<String>>()
        };
        let rendered = names(&|unit| unit.renderings().next().is_some());
        let elsewhere = names(&|unit| unit.external().next().is_some());
        Self {
            rendered,
            elsewhere: elsewhere.first().map(|name| {
                format!("what unit `{name}` deploys comes from elsewhere, and is not seen")
            }),
        }
    }

    /// Why a unit may have neighbours that nobody sees.
    fn beside(&self, own: &str) -> Option<String> {
        let rendered = self.rendered.iter().find(|name| *name != own).map(|name| {
            format!(
                "what unit `{name}` deploys is rendered, and of other units only plain files are looked at"
            )
        });
        self.elsewhere.clone().or(rendered)
    }
}

pub(super) fn input_of(environment: &Environment) -> input::Environment {
    input::Environment {
        name: environment.name.clone(),
        stage: environment.stage,
        tenants: environment.tenants.clone(),
        cluster: environment.cluster.clone(),
        region: environment.region.clone(),
        max_tier: environment.max_tier,
        calendars: environment.calendars.clone(),
    }
}

/// The units `gate`: one a branch, enforced as soon as any environment on it is.
fn gates(config: &Config, environments: &[&Environment]) -> Vec<Scene> {
    let mut branches: BTreeMap<&str, Vec<&Environment>> = BTreeMap::new();
    for environment in environments {
        branches
            .entry(&environment.branch)
            .or_default()
            .push(environment);
    }
    branches
        .into_iter()
        .map(|(branch, environments)| gate(config, branch, &environments))
        .collect()
}

/// The unit `gate` of one branch.
pub(in crate::gate) fn gate(config: &Config, branch: &str, environments: &[&Environment]) -> Scene {
    let enforced = environments
        .iter()
        .any(|environment| environment.enforcement == Enforcement::Enforce);
    let tenants: BTreeSet<String> = environments
        .iter()
        .flat_map(|environment| environment.tenants.iter().cloned())
        .collect();
    let stage = environments
        .iter()
        .map(|environment| environment.stage)
        .max();
    Scene {
        environment: branch.to_owned(),
        name: GATE.to_owned(),
        kind: UnitKind::Gate.as_str(),
        enforcement: if enforced {
            Enforcement::Enforce
        } else {
            Enforcement::Observe
        },
        base: config.gate_selector().clone(),
        head: config.gate_selector().clone(),
        deployers: Sides::default(),
        plain_files: Arc::default(),
        landing: None,
        unseen: None,
        elsewhere: None,
        declared: Sides::default(),
        rendered_units: Arc::default(),
        before: Arc::default(),
        unpruned: None,
        rendered: None,
        zone: TimeZone::UTC,
        pointer: "/-".to_owned(),
        input: input::Environment {
            name: branch.to_owned(),
            stage: stage.unwrap_or(Stage::Production),
            tenants: tenants.into_iter().collect(),
            cluster: None,
            region: None,
            max_tier: RiskTier::Critical,
            calendars: Vec::new(),
        },
    }
}
