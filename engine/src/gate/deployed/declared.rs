//! A unit as one state of the repository has it: what it is told of, before any of its files is read.
//! Starts no process and reads no object.

use std::sync::Arc;

use super::super::Error;
use super::input::{Input, obeys};
use super::made::Made;
use crate::config::{Config, Environment, RenderDefaults};
use crate::git::Selector;
use crate::model::{Location, RepoPath};
use crate::render::{self, Extent, Files, Found, Tool};
use crate::sources::{self, Local, ResolvedUnit, Tree};

/// A unit as one state of the repository has it.
#[derive(Clone)]
pub(in crate::gate) struct Declared {
    pub(in crate::gate) unit: ResolvedUnit,
    /// The object that declares it is no other unit's to deploy, so that it is judged with this one.
    pub(super) is_alone: bool,
    /// Nothing of it but that object is to be judged.
    pub(super) only_object: Option<ObjectOnly>,
    /// The versions that its renderers must have.
    versions: RenderDefaults,
    /// The files of values that the configuration itself names, and where.
    values: Vec<(String, Location)>,
    /// What the URLs of this repository end with.
    called: Arc<[String]>,
}

/// Why nothing but an object is judged.
#[derive(Clone, Copy)]
pub(super) struct ObjectOnly {
    /// More of it was judged before, so that nothing that floats may come unseen.
    pub(super) was_judged: bool,
}

impl Declared {
    /// Whether nothing of it is of this repository, so that it has nothing to be judged.
    pub(in crate::gate) fn is_foreign(&self) -> bool {
        self.unit.deployment.is_some() && is_foreign(&self.unit)
    }

    /// Of what is wholly of elsewhere its object, where that is no other unit's to judge: it says what is put into what comes
    /// from there. What a set makes is nobody else's, whoever holds the set, and neither is what was more than its object
    /// before.
    pub(in crate::gate) fn into_object(mut self, was_judged: bool) -> Option<Self> {
        let is_own = self.is_alone || was_judged || Made::of(&self.unit).is_some();
        self.only_object = Some(ObjectOnly { was_judged });
        is_own.then_some(self)
    }

    /// The object of it that is judged beside what it deploys of here, and stands so in no file.
    pub(super) fn made(&self) -> Option<Made> {
        match &self.only_object {
            Some(only) if only.was_judged => Made::whole(&self.unit),
            _ => Made::of(&self.unit),
        }
    }

    /// The same, as if no set had made it: what it was is not known, so that all of it is new.
    pub(in crate::gate) fn into_unmade(mut self) -> Self {
        if let Some(deployment) = &mut self.unit.deployment {
            deployment.made = None;
        }
        self
    }

    /// Whether anything of it is of this repository, and not only what it puts into charts of elsewhere.
    pub(in crate::gate) fn is_of_here(&self) -> bool {
        self.unit.selector.is_some() || self.unit.local().next().is_some()
    }

    /// The same error at the line of the configuration, where this is what names the file.
    fn at_its_line(&self, mut error: render::Error) -> render::Error {
        if let render::Error::Helm(helm) = &mut error
            && let Some((place, what)) = helm.named_input()
            && let Some((_, location)) = self.values.iter().find(|(name, _)| name == what)
        {
            *place = location.to_string();
        }
        error
    }

    /// Whether a state has any file of it: the one that declares it, or one that it deploys.
    pub(in crate::gate) fn is_there(&self, files: &dyn Files) -> Result<bool, Error> {
        if let Some(deployment) = &self.unit.deployment {
            let found = files.at(&deployment.place.path);
            if !matches!(found.map_err(render::Error::from)?, Found::Nothing) {
                return Ok(true);
            }
        }
        for local in self.unit.local() {
            let below = files.below(&local.folder).map_err(render::Error::from)?;
            if !below.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What must be rendered, with every file that this reads.
    pub(super) fn inputs(&self, files: &dyn Files) -> Result<Vec<Input>, Error> {
        let inputs = self.unit.renderings().map(|rendering| {
            obeys(&rendering.folder, files)?;
            Ok(Input {
                closure: render::closure(files, rendering)
                    .map_err(|error| self.at_its_line(error))?,
                rendering: rendering.clone(),
                version: match rendering.tool {
                    Tool::Kustomize(_) => self.versions.kustomize.clone(),
                    Tool::Helm(_) => self.versions.helm.clone(),
                },
            })
        });
        inputs.collect()
    }

    /// Where the files of a folder would be that the configuration wants rendered and a state has not: it deploys
    /// nothing, as a folder of manifests does that is not there.
    pub(super) fn gone(&self, files: &dyn Files) -> Result<Option<&Selector>, Error> {
        if self.unit.deployment.is_some() {
            return Ok(None);
        }
        for rendering in self.unit.renderings() {
            let found = files.at(&rendering.folder).map_err(render::Error::from)?;
            if !matches!(found, Found::Nothing) {
                return Ok(None);
            }
        }
        let selector = self.unit.selector.as_ref();
        Ok(selector.filter(|_| self.unit.renderings().next().is_some()))
    }

    /// Whether both are told the same, whatever the files hold.
    pub(in crate::gate) fn is_like(&self, other: &Self) -> bool {
        let said = |it: &Self| it.unit.deployment.as_ref().map(|it| it.description.clone());
        let text = |it: &Self| Made::of(&it.unit).map(|it| it.digest());
        self.unit.renderings().eq(other.unit.renderings())
            && self.unit.unknown().eq(other.unit.unknown())
            && self.unit.external().eq(other.unit.external())
            && self.versions == other.versions
            && said(self) == said(other)
            && text(self) == text(other)
    }

    /// What it reads at most, where it cannot be told exactly; `None` where that may be anything.
    pub(in crate::gate) fn extent(&self, files: &dyn Files) -> Option<Extent> {
        let mut extent = Extent::default();
        let mut unknown = self.unit.unknown();
        if unknown.any(|unknown| unknown.may_be.is_empty()) {
            return None;
        }
        let may_be = self.unit.unknown().flat_map(|unknown| &unknown.may_be);
        for rendering in self.unit.renderings().chain(may_be) {
            extent = extent.and(Extent::of(files, rendering)?);
        }
        for local in self.unit.plain() {
            extent.insert_folder(local.folder.clone());
        }
        let deployment = self.unit.deployment.iter();
        let saying = deployment.flat_map(|it| it.declared_in.iter().chain([&it.place.path]));
        let external = self.unit.external().flat_map(|it| &it.value_files);
        let external = external.map(|put| &put.file);
        for file in saying.chain(external) {
            extent.insert_folder(file.clone());
        }
        let mut addresses = extent.addresses();
        let is_elsewhere = addresses.all(|address| is_elsewhere(address, &self.called));
        drop(addresses);
        is_elsewhere.then_some(extent)
    }
}

/// The units of an environment, as one state of the repository has them.
pub(in crate::gate) fn units(
    environment: &Environment,
    config: &Config,
    files: &dyn Files,
) -> Result<Vec<Declared>, Error> {
    let tree = match environment.declared {
        Some(_) => Tree::read(files).map_err(render::Error::from)?,
        None => Tree::unlisted(files),
    };
    Ok(units_of(environment, config, &tree)?)
}

/// The same, of a tree that was read before.
pub(in crate::gate) fn units_of(
    environment: &Environment,
    config: &Config,
    tree: &Tree<'_>,
) -> Result<Vec<Declared>, sources::Error> {
    let units = sources::resolve(environment, config, tree)?;
    let plain: Vec<Local> = units
        .iter()
        .flat_map(ResolvedUnit::plain)
        .cloned()
        .collect();
    let is_held = |file: &RepoPath| {
        plain
            .iter()
            .any(|local| local.directory.takes(&local.folder, file))
    };
    let called: Arc<[String]> = called(config).into();
    let declared = units.into_iter().map(|unit| Declared {
        is_alone: unit
            .deployment
            .as_ref()
            .is_some_and(|it| !it.prune.is_applied_as_judged() && !is_held(&it.place.path)),
        only_object: None,
        values: values(&unit, config),
        called: Arc::clone(&called),
        unit,
        versions: environment.render.clone(),
    });
    Ok(declared.collect())
}

/// What the URLs of this repository end with, in lower case.
fn called(config: &Config) -> Vec<String> {
    let urls = config.repositories.iter();
    let names = urls.filter_map(|url| {
        let url = url.trim_end_matches('/').to_ascii_lowercase();
        let name = url.rsplit(['/', ':']).next()?;
        let name = name.strip_suffix(".git").unwrap_or(name);
        (!name.is_empty()).then(|| name.to_owned())
    });
    names.collect()
}

/// Whether an address is surely none of this repository, which is `called` so.
fn is_elsewhere(address: &str, called: &[String]) -> bool {
    let address = address.to_ascii_lowercase();
    let names_it = called.iter().any(|name| address.contains(name));
    !called.is_empty() && !names_it && !address.contains('%')
}

fn values(unit: &ResolvedUnit, config: &Config) -> Vec<(String, Location)> {
    let pointer = format!("{}/render/values", unit.pointer);
    let options = unit
        .renderings()
        .filter_map(|rendering| match &rendering.tool {
            Tool::Helm(helm) if unit.deployment.is_none() => Some(helm),
            Tool::Helm(_) | Tool::Kustomize(_) => None,
        });
    let named = options.flat_map(|helm| helm.value_files.iter().enumerate());
    named
        .filter_map(|(at, path)| {
            let location = config.location(&format!("{pointer}/{at}"))?;
            Some((path.to_string(), location))
        })
        .collect()
}

fn is_foreign(unit: &ResolvedUnit) -> bool {
    let is_external = |source: &sources::Source| match source {
        sources::Source::External(external) => external.value_files.is_empty(),
        sources::Source::Local(_) | sources::Source::Unknown(_) => false,
    };
    unit.sources.iter().all(is_external)
}
