//! A unit as it is judged: its files on both sides of a range, and what renders them.
//! Judges nothing.

mod made;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::tz::TimeZone;

use super::Error;
use super::deployed::{Declared, Deployed};
use super::judge::Judge;
use super::landing::{Landing, PlainFiles};
use super::unit::{Changes, Unit};
use super::unpruned::Unpruned;
use super::unreleased;
use super::view::View;
use crate::change::Source;
use crate::config::{Config, GATE, PLACES};
use crate::facts::inventory::Deployers;
use crate::facts::range::Range as Reach;
use crate::git::{FileChange, Selector};
use crate::input;
use crate::model::{Digest, Enforcement, RepoPath};
use crate::render::{Extent, Files};
use crate::sources::Deployment;
use crate::verdict::UnitError;

pub(super) use made::{Trees, gate, gates_of, of_config, of_configs, of_environment};

use made::input_of;

/// One unit of one environment.
#[derive(Clone)]
pub(super) struct Scene {
    /// The environment's name; for the unit `gate` its branch.
    pub(super) environment: String,
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) enforcement: Enforcement,
    pub(super) base: Selector,
    pub(super) head: Selector,
    /// What stands beside it as it is.
    plain_files: Arc<PlainFiles>,
    /// Where its own objects land that name no namespace.
    pub(super) landing: Option<Landing>,
    /// Why there may be neighbours that are not found there, for people.
    unseen: Option<String>,
    /// Why some objects of the environment are seen by nobody, for people.
    elsewhere: Option<String>,
    /// As it is declared for each side.
    declared: Sides<Vec<Declared>>,
    /// Of which objects of its environment all that they deploy is judged by itself.
    pub(super) deployers: Sides<Arc<Deployers>>,
    /// The units of its environment whose objects stand in no file.
    rendered_units: Arc<Sides<Vec<Declared>>>,
    /// The units of its environment that deployed charts of Flux at base.
    before: Arc<[Declared]>,
    /// A unit that goes from the tree and stays in the cluster: this one, or one that it applies.
    unpruned: Option<Unpruned>,
    /// What renders it, once that was looked up; none where nothing does.
    rendered: Option<Sides<Deployed>>,
    pub(super) zone: TimeZone,
    /// Where the environment stands in the configuration.
    pub(super) pointer: String,
    pub(super) input: input::Environment,
}

/// One for each side of a range.
#[derive(Clone, Default)]
pub(super) struct Sides<T> {
    pub(super) base: T,
    pub(super) head: T,
}

impl Sides<Vec<Declared>> {
    /// What deploys the unit on both sides, where something does on both.
    fn deployments(&self) -> Option<(&Deployment, &Deployment)> {
        let (base, head) = (self.base.first()?, self.head.first()?);
        base.unit
            .deployment
            .as_ref()
            .zip(head.unit.deployment.as_ref())
    }

    /// Refuses what goes to another cluster: what it deployed is no longer where it was, or stays there alone.
    fn stay(&self) -> Result<(), Error> {
        let is_here = |side: &[Declared]| side.first().is_some_and(Declared::is_of_here);
        match self.deployments() {
            Some((was, is)) if was.other_cluster() != is.other_cluster() && is_here(&self.base) => {
                let named = |it: &Deployment| match it.other_cluster() {
                    Some(cluster) => format!("`{cluster}`"),
                    None => "the controller's own".to_owned(),
                };
                Err(Error::OtherCluster {
                    what: format!("{}: the {} `{}`", is.place, is.kind, is.name),
                    was: named(was),
                    is: named(is),
                })
            }
            _ => Ok(()),
        }
    }

    /// Where each side puts what names no namespace; nothing where that is the same.
    fn namespaces(&self) -> (Option<String>, Option<String>) {
        match self.deployments() {
            Some((was, is)) if was.target_namespace != is.target_namespace => {
                (was.target_namespace.clone(), is.target_namespace.clone())
            }
            _ => (None, None),
        }
    }
}

/// A unit with the files that its source has on both sides, where something renders it.
pub(super) struct Settled {
    pub(super) scene: Scene,
    /// What keeps them from being known.
    error: Option<Error>,
    /// Where they are not known: whether the range may touch any.
    may_be_touched: bool,
}

impl Settled {
    /// Whether it cannot be judged, and nobody said so.
    pub(super) const fn is_passed_over(&self) -> bool {
        self.error.is_some()
    }
}

impl AsRef<Scene> for Settled {
    fn as_ref(&self) -> &Scene {
        &self.scene
    }
}

impl AsRef<Self> for Scene {
    fn as_ref(&self) -> &Self {
        self
    }
}

/// The units that a range touches, and all that they touch together.
pub(super) struct Touched<'s> {
    pub(super) units: Vec<(&'s Scene, Result<Changes, Error>)>,
    pub(super) reach: Reach,
}

impl<'s> Touched<'s> {
    /// Finds what changes in each unit.
    pub(super) fn of(
        units: impl IntoIterator<Item = &'s mut Settled>,
        view: &View<'_>,
        config: &Config,
    ) -> Self {
        let settled = units.into_iter().map(|settled| {
            let error = match settled.may_be_touched {
                true => settled.error.take(),
                false => None,
            };
            (&settled.scene, error)
        });
        let settled: Vec<_> = settled.collect();
        view.render_ahead(
            settled
                .iter()
                .filter_map(|(scene, _)| scene.rendered.as_ref()),
        );
        let mut units = Vec::new();
        let mut reach = Reach::default();
        for (scene, error) in settled {
            if let Some(error) = error {
                units.push((scene, Err(error)));
                continue;
            }
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
            plain_files: &self.plain_files,
            landing: self.landing.as_ref(),
            unseen: self.unseen.as_deref(),
            elsewhere: self.elsewhere(),
            rendered_units: &self.rendered_units,
            rendered: self.rendered.as_ref(),
            deployers: &self.deployers,
            zone: &self.zone,
        }
    }

    /// Why some objects of its environment are seen by nobody, for people.
    pub(super) fn elsewhere(&self) -> Option<&str> {
        self.elsewhere.as_deref()
    }

    /// Whether something renders it, once that was looked up.
    pub(super) fn is_rendered(&self) -> bool {
        self.rendered.is_some()
    }

    /// With its files. What cannot be found out about a unit that is not touched keeps nothing else
    /// from being judged.
    pub(super) fn settled(mut self, view: &View<'_>) -> Settled {
        let error = self.settle(view).err();
        Settled {
            may_be_touched: error
                .as_ref()
                .is_none_or(|error| self.may_be_touched(error, view)),
            scene: self,
            error,
        }
    }

    /// Whether the range may touch what is not known for this reason: anything that changes, unless there is a bound to what
    /// it reads.
    fn may_be_touched(&self, error: &Error, view: &View<'_>) -> bool {
        if !self.is_alike() {
            return true;
        }
        let extent = match error.cause() {
            Error::Render(_) | Error::UnknownSource(_) => self.extent(view),
            _ => None,
        };
        match extent {
            Some(extent) => self.may_read(&extent, view),
            None => !view.changed.is_empty(),
        }
    }

    /// What it reads at most on both sides; `None` where that may be anything.
    fn extent(&self, view: &View<'_>) -> Option<Extent> {
        let configs = PLACES.map(RepoPath::from);
        let mut changed = view.changed.iter();
        if changed.any(|change| configs.contains(&change.path)) {
            return None;
        }
        let Sides { base, head } = &self.declared;
        let mut all = Extent::default();
        for (side, units) in [(&view.base, base), (&view.head, head)] {
            for unit in units {
                all = all.and(unit.extent(&view.files(side))?);
            }
        }
        Some(all)
    }

    /// Whether both sides declare it alike.
    fn is_alike(&self) -> bool {
        let Sides { base, head } = &self.declared;
        base.len() == head.len() && base.iter().zip(head).all(|(a, b)| a.is_like(b))
    }

    /// Whether anything differs that it reads at most: its own files, what decides about others, or what `extent` holds.
    fn may_read(&self, extent: &Extent, view: &View<'_>) -> bool {
        let Sides { base, head } = &self.declared;
        let known = [(&view.base, base), (&view.head, head)].map(|(side, units)| {
            let deployed = view.deployed(side, units).ok().flatten();
            deployed.map(|it| it.selector)
        });
        let own = [
            Some(&self.base),
            Some(&self.head),
            known[0].as_ref(),
            known[1].as_ref(),
        ];
        let touched = |path: &RepoPath| {
            let mut own = own.into_iter().flatten();
            own.any(|selector| selector.matches(path))
                || STEERING.contains(&path.file_name())
                || extent.holds(path)
        };
        let leads_anywhere = |change: &FileChange| {
            let mut entries = [&change.old, &change.new].into_iter().flatten();
            entries.any(|entry| entry.is_link() || entry.is_submodule())
        };
        let mut changed = view.changed.iter();
        changed.any(|change| leads_anywhere(change) || touched(&change.path))
    }

    /// As [`Scene::settled`], whether it is touched or not.
    pub(super) fn settle(&mut self, view: &View<'_>) -> Result<(), Error> {
        if let Some(unpruned) = &self.unpruned {
            return Err(unpruned.clone().into());
        }
        let Sides { base, head } = &self.declared;
        let at_head = view.deployed(&view.head, head)?;
        let touched = |side: &Deployed| {
            let mut changed = view.changed.iter();
            changed.any(|change| side.selector.matches(&change.path))
        };
        let is_same = self.is_alike() && at_head.as_ref().is_some_and(|it| !touched(it));
        let at_base = match is_same {
            true => at_head.clone(),
            false => view.deployed(&view.base, base).map_err(Error::at_base)?,
        };
        let (mut base, mut head) = match (at_base, at_head) {
            (Some(base), Some(head)) => (base, head),
            (Some(base), None) => (base.clone(), Deployed::nothing_of(&base)),
            (None, Some(head)) => (Deployed::nothing_of(&head), head),
            (None, None) => return Ok(()),
        };
        if let Some(new) = head.floating.difference(&base.floating).next() {
            return Err(Error::Floating {
                unit: self.name.clone(),
                source_: new.clone(),
            });
        }
        unreleased::none(view, &self.name, (&base, &head), &self.before)?;
        self.declared.stay()?;
        (base.lands_in, head.lands_in) = self.declared.namespaces();
        if !(base.is_paths && head.is_paths) {
            (self.base, self.head) = (base.selector.clone(), head.selector.clone());
            self.rendered = Some(Sides { base, head });
        }
        Ok(())
    }

    /// This unit as another judge sees it, from what `base` selects: to what this one selects and,
    /// where that is not the same, also to what its own selector does. So a file that a newer selector
    /// drops is judged as an ordinary change, and one that it adds as a new one. What an older
    /// configuration does not know yet is judged as the newer one describes it.
    pub(super) fn judged_by(
        &self,
        judge: &Judge,
        base: &Selector,
        before: Option<&Config>,
        view: &View<'_>,
    ) -> Result<(Self, Option<Self>), Error> {
        let known = judge.config.environment(&self.environment);
        let known = known.filter(|_| !self.is_gate());
        let (pointer, input) = match known {
            Some(environment) => (environment.pointer.clone(), input_of(environment)),
            None => ("/-".to_owned(), self.input.clone()),
        };
        let scenes = match known {
            Some(known) => {
                let before = before.unwrap_or(&judge.config);
                let (base, head) = (view.files(&view.base), view.files(&view.head));
                let trees = Trees {
                    base: Some(&base),
                    head: &head,
                    before: Some(before),
                };
                of_environment(known, &judge.config, trees, true)?
            }
            None => Vec::new(),
        };
        let own = scenes.into_iter().find(|own| own.name == self.name);
        let mut here = Self {
            enforcement: known.map_or(self.enforcement, |known| known.enforcement),
            base: base.clone(),
            rendered: None,
            pointer,
            input,
            ..self.clone()
        };
        if let Some(own) = &own {
            here.declared.base.clone_from(&own.declared.base);
            here.before = Arc::clone(&own.before);
            here.unpruned.clone_from(&own.unpruned);
        }
        here.render(view)?;
        let Some(mut own) = own else {
            return Ok((here, None));
        };
        own.base = base.clone();
        own.render(view)?;
        let differs = own.head.patterns() != here.head.patterns();
        Ok((here, differs.then_some(own)))
    }

    /// Finds the files that its source has at head, for what needs no other side.
    pub(super) fn settle_head(&mut self, files: &dyn Files) -> Result<(), Error> {
        if let Some(head) = Deployed::of_all(&self.declared.head, files)?
            && !head.is_paths
        {
            self.head = head.selector.clone();
            let base = head.clone();
            self.rendered = Some(Sides { base, head });
        }
        Ok(())
    }

    /// Finds out what renders it on both sides, from the files that it begins with.
    pub(super) fn render(&mut self, view: &View<'_>) -> Result<(), Error> {
        let base = self.base.clone();
        self.settle(view)?;
        self.base = base;
        Ok(())
    }

    /// Reads everything that it deploys at head: all of it must be fit to be judged. Says what rendered it.
    pub(super) fn read_all(&self, view: &View<'_>) -> Result<BTreeMap<String, String>, Error> {
        match &self.rendered {
            None => {
                view.read_all(&self.head)?;
                Ok(BTreeMap::new())
            }
            Some(rendered) => {
                view.deployed_objects(&view.head, &rendered.head)?;
                view.renderers(&view.head, &rendered.head)
            }
        }
    }

    /// Everything that it deploys at head, what renders it having been looked up.
    pub(super) fn objects_at_head(&self, view: &View<'_>) -> Result<Vec<Source>, Error> {
        if let Some(rendered) = &self.rendered {
            return view.deployed_objects(&view.head, &rendered.head);
        }
        let mut objects = Vec::new();
        for entry in view.plain_at_head(std::slice::from_ref(&self.head))?.iter() {
            objects.extend(view.file_at_head(entry)?.sources.iter().cloned());
        }
        Ok(objects)
    }

    /// What its deployer is told at head.
    pub(super) fn told(&self) -> Option<Digest> {
        self.rendered.as_ref()?.head.told()
    }

    /// The first changed file at head that it deploys as it stands, and that only rendering could judge.
    pub(super) fn not_rendered(&self, view: &View<'_>) -> Result<Option<Error>, Error> {
        let plain = match &self.rendered {
            Some(rendered) => rendered.head.plain.as_slice(),
            None => std::slice::from_ref(&self.head),
        };
        let found = plain.iter().map(|plain| view.not_rendered_in(plain));
        Ok(found
            .collect::<Result<Vec<_>, _>>()?
            .into_iter()
            .flatten()
            .next())
    }

    /// Whether it deploys a file as it stands.
    pub(super) fn holds_plainly(&self, path: &RepoPath) -> bool {
        match &self.rendered {
            None => self.head.matches(path),
            Some(sides) => {
                let of = |side: &Deployed| side.plain.iter().any(|plain| plain.matches(path));
                of(&sides.head) || of(&sides.base)
            }
        }
    }

    /// Whether a file is read by what renders the unit, on either side.
    pub(super) fn renders(&self, path: &RepoPath) -> bool {
        self.rendered.as_ref().is_some_and(|sides| {
            let of = |side: &Deployed| side.inputs.iter().any(|input| input.closure.contains(path));
            of(&sides.base) || of(&sides.head)
        })
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

/// Those of one environment, of one unit; `declared` are the environments that a configuration lists, whether
/// they have a unit or not.
pub(super) fn select<S: AsRef<Scene>>(
    scenes: Vec<S>,
    (environment, unit): (Option<&str>, Option<&str>),
    declared: &BTreeSet<&str>,
) -> Result<Vec<S>, Error> {
    let named =
        |scene: &Scene| environment.is_none_or(|name| scene.is_gate() || scene.environment == name);
    let all = || scenes.iter().map(AsRef::as_ref);
    let known: BTreeSet<&str> = all()
        .filter(|scene| !scene.is_gate())
        .map(|scene| scene.environment.as_str())
        .collect();
    if let Some(name) = environment.filter(|name| !known.contains(name)) {
        if !declared.contains(name) {
            return Err(unknown("environment", name, declared | &known));
        }
        if unit != Some(GATE) {
            return Err(Error::NoUnits {
                environment: name.to_owned(),
            });
        }
    }
    let units: BTreeSet<&str> = all()
        .filter(|scene| named(scene))
        .map(|scene| scene.name.as_str())
        .collect();
    if let Some(name) = unit.filter(|name| !units.contains(name)) {
        return Err(unknown("unit", name, units));
    }
    let wanted = |scene: &Scene| named(scene) && unit.is_none_or(|name| scene.name == name);
    Ok(scenes
        .into_iter()
        .filter(|scene| wanted(scene.as_ref()))
        .collect())
}

/// Files that decide what others become, or whether they are there.
const STEERING: [&[u8]; 3] = [b".gitattributes", b".sourceignore", b".helmignore"];

fn unknown(kind: &'static str, name: &str, known: BTreeSet<&str>) -> Error {
    let known: Vec<&str> = known.into_iter().collect();
    Error::UnknownName {
        kind,
        name: name.to_owned(),
        known: known.join(", "),
    }
}
