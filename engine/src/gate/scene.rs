//! The units of a configuration as they are judged: one scene a unit, the unit `gate` once a branch.
//! Reads nothing but configurations.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::Error;
use super::judge::Judge;
use super::unit::{Changes, Unit};
use super::view::View;
use crate::config::{self, Config, Environment, GATE, UnitKind};
use crate::facts::range::Range as Reach;
use crate::git::Selector;
use crate::input;
use crate::model::{Enforcement, RiskTier, Stage};
use crate::verdict::UnitError;

/// One unit of one environment.
pub(super) struct Scene {
    /// The environment's name; for the unit `gate` its branch.
    pub(super) environment: String,
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) enforcement: Enforcement,
    pub(super) base: Selector,
    pub(super) head: Selector,
    pub(super) around: Vec<Selector>,
    pub(super) zone: TimeZone,
    /// Where the environment stands in the configuration.
    pub(super) pointer: String,
    pub(super) input: input::Environment,
}

/// The units that a range touches, and all that they touch together.
pub(super) struct Touched {
    pub(super) units: Vec<(Scene, Result<Changes, Error>)>,
    pub(super) reach: Reach,
}

impl Touched {
    /// Finds what changes in each unit.
    pub(super) fn of(scenes: Vec<Scene>, view: &View<'_>, config: &Config) -> Self {
        let mut units = Vec::new();
        let mut reach = Reach::default();
        for scene in scenes {
            match scene.unit().changes(view, config) {
                Ok(None) => {}
                Ok(Some(changes)) => {
                    scene.widen(&mut reach, &changes);
                    units.push((scene, Ok(changes)));
                }
                Err(error) => units.push((scene, Err(error))),
            }
        }
        Self { units, reach }
    }
}

impl Scene {
    pub(super) fn unit(&self) -> Unit<'_> {
        Unit {
            environment: &self.environment,
            name: &self.name,
            enforcement: self.enforcement,
            base: &self.base,
            head: &self.head,
            around: &self.around,
            zone: &self.zone,
        }
    }

    /// This unit as another judge sees it, from what `base` selects: to what this one selects and,
    /// where that is not the same, also to what its own selector does. So a file that a newer selector
    /// drops is judged as an ordinary change, and one that it adds as a new one. What an older
    /// configuration does not know yet is judged as the newer one describes it.
    pub(super) fn judged_by(&self, judge: &Judge, base: &Selector) -> (Self, Option<Self>) {
        let known = judge.config.environment(&self.environment);
        let known = known.filter(|_| !self.is_gate());
        let (pointer, input) = match known {
            Some(environment) => (environment.pointer.clone(), input_of(environment)),
            None => ("/-".to_owned(), self.input.clone()),
        };
        let here = Self {
            environment: self.environment.clone(),
            name: self.name.clone(),
            kind: self.kind,
            enforcement: known.map_or(self.enforcement, |known| known.enforcement),
            base: base.clone(),
            head: self.head.clone(),
            around: self.around.clone(),
            zone: self.zone.clone(),
            pointer,
            input,
        };
        let mut scenes = known
            .into_iter()
            .flat_map(|known| of_environment(known, true));
        let own =
            scenes.find(|own| own.name == self.name && own.head.patterns() != self.head.patterns());
        let base = base.clone();
        (here, own.map(|own| Self { base, ..own }))
    }

    pub(super) fn error(&self, error: Error) -> UnitError {
        UnitError {
            environment: self.environment.clone(),
            unit: self.name.clone(),
            error: Arc::new(error),
        }
    }

    pub(super) fn is_gate(&self) -> bool {
        self.name == GATE
    }

    fn widen(&self, reach: &mut Reach, changes: &Changes) {
        let name = format!("{}/{}", self.environment, self.name);
        reach.units.insert(name);
        if !self.is_gate() {
            let stage = self.input.stage;
            reach.environments.insert(self.environment.clone(), stage);
            reach.tenants.extend(self.input.tenants.iter().cloned());
        }
        for change in &changes.changes {
            reach.components.extend(change.components.iter().cloned());
            reach.kinds.insert(change.object.group_kind().to_string());
        }
    }
}

/// Every unit of a configuration. The units `gate` come first.
pub(super) fn of_config(config: &Config) -> Vec<Scene> {
    let environments = config
        .environments
        .iter()
        .map(|environment| (environment, true));
    let environments: Vec<(&Environment, bool)> = environments.collect();
    let scenes = environments
        .iter()
        .flat_map(|(environment, _)| of_environment(environment, true));
    gates(config, &environments)
        .into_iter()
        .chain(scenes)
        .collect()
}

/// The same, and what `head` adds: environments, units, and paths of units that there are, whose files
/// count as created.
pub(super) fn of_configs(judge: &Config, head: Option<&Config>) -> Result<Vec<Scene>, Error> {
    for config in std::iter::once(judge).chain(head) {
        of_paths(config)?;
    }
    let Some(head) = head else {
        return Ok(of_config(judge));
    };
    let new = head.environments.iter();
    let new = new.filter(|environment| judge.environment(&environment.name).is_none());
    let known = judge
        .environments
        .iter()
        .map(|environment| (environment, true));
    let environments: Vec<(&Environment, bool)> = known
        .chain(new.map(|environment| (environment, false)))
        .collect();
    let mut scenes = gates(judge, &environments);
    for (environment, of_judge) in environments {
        let mut own = of_environment(environment, of_judge);
        if let Some(head) = head.environment(&environment.name).filter(|_| of_judge) {
            add(&mut own, environment, head)?;
        }
        scenes.extend(own);
    }
    Ok(scenes)
}

/// Refuses environments whose units stand in the tree and not in the configuration.
pub(super) fn of_paths(config: &Config) -> Result<(), Error> {
    let declared = |environment: &Environment| environment.declared.clone();
    let Some(declared) = config.environments.iter().find_map(declared) else {
        return Ok(());
    };
    let message =
        "the units of this environment stand in the tree, and are not judged by this version";
    let problem = config.problem(&declared.pointer, "source.not-rendered", message);
    Err(config::Problems::from(problem.help("declare the environment by `paths`")).into())
}

/// Adds what `head` says of an environment that is judged as `known` says.
fn add(scenes: &mut Vec<Scene>, known: &Environment, head: &Environment) -> Result<(), Error> {
    let around: Vec<Selector> = head
        .units
        .iter()
        .map(|unit| unit.selector.clone())
        .collect();
    for scene in scenes.iter_mut() {
        scene.around.extend(around.iter().cloned());
    }
    for added in of_environment(head, false) {
        match scenes.iter_mut().find(|scene| scene.name == added.name) {
            Some(scene) => scene.head = scene.head.or(&added.head)?,
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

/// Those of one environment, of one unit.
pub(super) fn select(
    scenes: Vec<Scene>,
    environment: Option<&str>,
    unit: Option<&str>,
) -> Result<Vec<Scene>, Error> {
    let named =
        |scene: &Scene| environment.is_none_or(|name| scene.is_gate() || scene.environment == name);
    let known: BTreeSet<&str> = scenes
        .iter()
        .filter(|scene| !scene.is_gate())
        .map(|scene| scene.environment.as_str())
        .collect();
    if let Some(name) = environment.filter(|name| !known.contains(name)) {
        return Err(unknown("environment", name, known));
    }
    let units: BTreeSet<&str> = scenes
        .iter()
        .filter(|scene| named(scene))
        .map(|scene| scene.name.as_str())
        .collect();
    if let Some(name) = unit.filter(|name| !units.contains(name)) {
        return Err(unknown("unit", name, units));
    }
    let wanted = |scene: &Scene| named(scene) && unit.is_none_or(|name| scene.name == name);
    Ok(scenes.into_iter().filter(wanted).collect())
}

/// The units of one environment.
pub(super) fn of_environment(environment: &Environment, of_judge: bool) -> Vec<Scene> {
    let around: Vec<Selector> = environment
        .units
        .iter()
        .map(|unit| unit.selector.clone())
        .collect();
    let units = environment.units.iter();
    units
        .map(|unit| Scene {
            environment: environment.name.clone(),
            name: unit.name.clone(),
            kind: unit.kind.as_str(),
            enforcement: environment.enforcement,
            base: unit.selector.clone(),
            head: unit.selector.clone(),
            around: around.clone(),
            zone: environment.timezone.clone(),
            // A location in the judge's file exists only for the judge's own environments.
            pointer: if of_judge {
                environment.pointer.clone()
            } else {
                "/-".to_owned()
            },
            input: input_of(environment),
        })
        .collect()
}

fn input_of(environment: &Environment) -> input::Environment {
    input::Environment {
        name: environment.name.clone(),
        stage: environment.stage,
        tenants: environment.tenants.clone(),
        cluster: environment.cluster.clone(),
        region: environment.region.clone(),
        max_tier: environment.max_tier,
    }
}

/// The units `gate`: one a branch, enforced as soon as any environment on it is.
fn gates(config: &Config, environments: &[(&Environment, bool)]) -> Vec<Scene> {
    let mut branches: BTreeMap<&str, Vec<&Environment>> = BTreeMap::new();
    for (environment, _) in environments {
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
pub(super) fn gate(config: &Config, branch: &str, environments: &[&Environment]) -> Scene {
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
        around: Vec::new(),
        zone: TimeZone::UTC,
        pointer: "/-".to_owned(),
        input: input::Environment {
            name: branch.to_owned(),
            stage: stage.unwrap_or(Stage::Production),
            tenants: tenants.into_iter().collect(),
            cluster: None,
            region: None,
            max_tier: RiskTier::Critical,
        },
    }
}

fn unknown(kind: &'static str, name: &str, known: BTreeSet<&str>) -> Error {
    let known: Vec<&str> = known.into_iter().collect();
    Error::UnknownName {
        kind,
        name: name.to_owned(),
        known: known.join(", "),
    }
}
