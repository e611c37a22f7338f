//! What a unit deploys on one side: which files decide it, and what renders them.
//! Starts no process and reads no object.

mod declared;
mod input;
mod made;
mod told;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

pub(super) use self::declared::{Declared, units, units_of};
pub(super) use self::input::Input;
use self::made::Made;
use self::told::Told;
use super::Error;
use crate::change;
use crate::config::{Config, Environment, UnitKind};
use crate::git::{Repository, Selector};
use crate::model::{Digest, GitId, RepoPath};
use crate::render::{self, Files, GitFiles, Online};
use crate::sources::{self, Deployment, Known, Local, ResolvedUnit};

/// The files of a unit, and what renders them.
#[derive(Clone)]
pub(super) struct Deployed {
    /// All of its files.
    pub(super) selector: Selector,
    /// Those that are deployed as they stand.
    pub(super) plain: Vec<Selector>,
    /// What is rendered.
    pub(super) inputs: Vec<Input>,
    /// It is what globs of the configuration say, and nothing else.
    pub(super) is_paths: bool,
    /// The files that declare it, whose objects are judged with it.
    pub(super) declared_in: Vec<RepoPath>,
    /// The namespace of what names none, where that is another one on the other side.
    pub(super) lands_in: Option<String>,
    /// A set made it, whose object may stand where this does not.
    is_of_set: bool,
    /// The sources of the object that declares it, as Git has them.
    pub(super) said: Vec<Value>,
    /// Sources of elsewhere that may be another thing each time.
    pub(super) floating: BTreeSet<String>,
    /// What its deployer is told.
    told: Option<Told>,
    /// The objects that declare it and stand so in no file.
    pub(super) made: Vec<Made>,
    /// What units were told from where it was looked up; nothing where the configuration itself names them.
    told_from: Vec<Arc<Known>>,
}

/// What a unit deploys of a commit.
pub(super) fn deployed_at(
    repository: &Repository,
    commit: GitId,
    (config, environment): (&Config, &Environment),
    unit: &str,
    online: Online<'_>,
) -> Result<Deployed, Error> {
    let snapshot = repository.snapshot(commit)?;
    let files = GitFiles::new(repository, &snapshot).with(online);
    let units = units(environment, config, &files)?;
    let mut found = units.iter().filter(|found| !found.is_foreign());
    let found = found.find(|found| found.unit.name == unit);
    let known: Vec<String> = units.iter().map(|it| it.unit.name.clone()).collect();
    let found = found.ok_or_else(|| Error::unknown_among(unit, &known))?;
    Deployed::of(found, &files)
}

/// The names of the units of an environment at a commit, or the one that is wanted.
pub(super) fn names_at(
    repository: &Repository,
    commit: GitId,
    (config, environment): (&Config, &Environment),
    wanted: Option<&str>,
    online: Online<'_>,
) -> Result<Vec<(String, UnitKind)>, Error> {
    let snapshot = repository.snapshot(commit)?;
    let files = GitFiles::new(repository, &snapshot).with(online);
    let units = units(environment, config, &files)?;
    let units = units.into_iter().filter(|it| !it.is_foreign());
    let known: Vec<String> = units.clone().map(|it| it.unit.name).collect();
    let named = units.map(|it| (it.unit.name, it.unit.kind));
    let named: Vec<_> = named
        .filter(|(name, _)| wanted.is_none_or(|wanted| name == wanted))
        .collect();
    match wanted {
        _ if !named.is_empty() => Ok(named),
        Some(wanted) => Err(Error::unknown_among(wanted, &known)),
        None => Err(Error::NoUnits {
            environment: environment.name.clone(),
        }),
    }
}

impl Deployed {
    /// What a unit deploys of `files`.
    pub(super) fn of(declared: &Declared, files: &dyn Files) -> Result<Self, Error> {
        let unit = &declared.unit;
        if let Some(unknown) = unit.unknown().next() {
            return Err(Error::UnknownSource(unknown.clone()));
        }
        if let (Some(only), Some(deployment)) = (declared.only_object, &unit.deployment) {
            let object = Self::object_of(declared, &deployment.place.path)?;
            return Ok(match only.was_judged {
                true => Self {
                    floating: floating(unit),
                    ..object
                },
                false => object,
            });
        }
        if declared.is_foreign() {
            return Err(Error::Elsewhere {
                unit: unit.name.clone(),
                repository: unit.external().map(|it| it.repository.clone()).collect(),
            });
        }
        if let Some(selector) = declared.gone(files)? {
            return Ok(Self::nothing(selector.clone(), false));
        }
        let inputs = declared.inputs(files)?;
        let is_paths = unit.deployment.is_none() && inputs.is_empty() && is_whole(unit);
        let (globs, plain) = if is_paths {
            let selector: Vec<Selector> = unit.selector.iter().cloned().collect();
            (unit.globs(), selector)
        } else {
            let plain = unit.plain().map(|local| plain(local, files));
            let plain: Vec<Option<Selector>> = plain.collect::<Result<_, _>>()?;
            (globs_of(unit), plain.into_iter().flatten().collect())
        };
        let mut selector = (!globs.is_empty())
            .then(|| Selector::parse(&globs))
            .transpose()?;
        for input in &inputs {
            let read = input.closure.selector().map_err(render::Error::from)?;
            selector = Some(match selector {
                Some(selector) => selector.or(&read)?,
                None => read,
            });
        }
        Ok(Self {
            plain,
            declared_in: match &unit.deployment {
                Some(deployment) if declared.is_alone && !is_rendered(deployment, &inputs) => {
                    vec![deployment.place.path.clone()]
                }
                _ => Vec::new(),
            },
            is_of_set: is_of_set(unit),
            said: said(unit),
            floating: floating(unit),
            told: (!is_paths).then(|| Told::of(unit, &inputs)),
            made: declared.made().into_iter().collect(),
            told_from: unit.told_from.iter().cloned().collect(),
            inputs,
            ..Self::nothing(selector.ok_or(Error::Unrendered)?, is_paths)
        })
    }

    /// The object alone of what is wholly of elsewhere, which stands in `file` or is made there.
    fn object_of(declared: &Declared, file: &RepoPath) -> Result<Self, Error> {
        // No file of the tree lies below another: what a set makes changes by what it is told, and the set is its holder's.
        let selected = match declared.is_alone {
            true => file.clone(),
            false => file.child("made"),
        };
        let selector = Selector::parse(&[sources::glob_of_path(&selected)])?;
        let made = declared.made();
        Ok(Self {
            declared_in: declared
                .is_alone
                .then(|| file.clone())
                .into_iter()
                .collect(),
            is_of_set: is_of_set(&declared.unit),
            told: made.as_ref().map(Told::of_made),
            made: made.into_iter().collect(),
            ..Self::nothing(selector, false)
        })
    }

    /// What is deployed where there is no such unit: nothing. The set that makes it may stand all the same.
    pub(super) fn nothing_of(other: &Self) -> Self {
        let sets = other.declared_in.iter().filter(|_| other.is_of_set);
        Self {
            declared_in: sets.cloned().collect(),
            ..Self::nothing(other.selector.clone(), other.is_paths)
        }
    }

    fn nothing(selector: Selector, is_paths: bool) -> Self {
        Self {
            selector,
            plain: Vec::new(),
            inputs: Vec::new(),
            is_paths,
            declared_in: Vec::new(),
            lands_in: None,
            is_of_set: false,
            said: Vec::new(),
            floating: BTreeSet::new(),
            told: None,
            made: Vec::new(),
            told_from: Vec::new(),
        }
    }

    /// Refuses what deploys in turn and is no unit: nobody would judge what it deploys.
    pub(super) fn check_known(&self, objects: &[change::Source]) -> Result<(), Error> {
        if self.told_from.is_empty() {
            return Ok(());
        }
        let strange = |it: &change::Source| {
            let known = self.told_from.iter().map(Arc::as_ref);
            sources::strange(&it.object, &it.node, &it.file, known)
        };
        match objects.iter().find_map(strange) {
            Some(stranger) => Err(stranger.into()),
            None => Ok(()),
        }
    }

    /// What the deployer is told, whatever the files hold; nothing where it takes files as they stand.
    pub(super) fn told(&self) -> Option<Digest> {
        self.told.as_ref().map(Told::digest)
    }

    /// What its deployer was told otherwise of `before`; none where one of them is told nothing.
    pub(super) fn told_since(&self, before: &Self) -> Vec<String> {
        let both = self.told.as_ref().zip(before.told.as_ref());
        both.map(|(is, was)| is.changes_since(was))
            .unwrap_or_default()
    }

    /// What all of them deploy together; `None` of none.
    pub(super) fn of_all(units: &[Declared], files: &dyn Files) -> Result<Option<Self>, Error> {
        let mut all: Option<Self> = None;
        for unit in units {
            let one = Self::of(unit, files)?;
            all = Some(match all {
                Some(all) => all.and(one)?,
                None => one,
            });
        }
        Ok(all)
    }

    fn and(mut self, other: Self) -> Result<Self, Error> {
        self.selector = self.selector.or(&other.selector)?;
        self.is_paths &= other.is_paths;
        self.is_of_set |= other.is_of_set;
        self.plain.extend(other.plain);
        self.declared_in.extend(other.declared_in);
        self.said.extend(other.said);
        self.floating.extend(other.floating);
        self.made.extend(other.made);
        self.told_from.extend(other.told_from);
        for input in other.inputs {
            let is_known = |known: &Input| known.rendering == input.rendering;
            if !self.inputs.iter().any(is_known) {
                self.inputs.push(input);
            }
        }
        Ok(self)
    }
}

/// Whether every file below its plain folders counts.
pub(super) fn is_whole(unit: &ResolvedUnit) -> bool {
    let mut plain = unit.plain().map(|local| &local.directory);
    plain.all(|directory| directory.recurse && !directory.has_patterns())
}

/// Whether a unit deploys the object that declares it itself.
fn is_rendered(deployment: &Deployment, inputs: &[Input]) -> bool {
    let mut inputs = inputs.iter();
    inputs.any(|input| input.closure.contains(&deployment.place.path))
}

/// The globs of the files that belong to a unit beside those that a renderer reads. What the
/// configuration says of a folder that is rendered counts for nothing: the folder is what it reads.
fn globs_of(unit: &ResolvedUnit) -> Vec<String> {
    let of_config = |glob: &String| {
        let selector = unit.selector.as_ref();
        selector.is_some_and(|selector| selector.patterns().contains(glob))
    };
    let mut globs = unit.globs();
    globs.retain(|glob| !of_config(glob));
    globs
}

/// The files of a plain folder, whatever its patterns say.
fn glob_of(local: &Local) -> String {
    let below = if local.directory.recurse { "**" } else { "*" };
    local.folder.child(below).to_string()
}

/// The files of a plain folder that are objects; `None` of none. Where patterns say which, each by name.
pub(super) fn plain(local: &Local, files: &dyn Files) -> Result<Option<Selector>, Error> {
    let directory = &local.directory;
    let globs = if !directory.has_patterns() {
        vec![glob_of(local)]
    } else {
        let below = files.below(&local.folder).map_err(render::Error::from)?;
        let taken = below
            .iter()
            .filter(|entry| directory.takes(&local.folder, &entry.path));
        taken.map(|entry| entry.path.to_string()).collect()
    };
    Ok((!globs.is_empty())
        .then(|| Selector::parse(&globs))
        .transpose()?)
}

fn is_of_set(unit: &ResolvedUnit) -> bool {
    let deployment = unit.deployment.as_ref();
    deployment.is_some_and(|it| it.set().is_some())
}

fn floating(unit: &ResolvedUnit) -> BTreeSet<String> {
    let floating = unit.external().filter(|external| !external.pinned);
    floating
        .map(|it| match &it.revision {
            Some(revision) => format!("{} at {revision}", it.repository),
            None => it.repository.clone(),
        })
        .collect()
}

fn said(unit: &ResolvedUnit) -> Vec<Value> {
    let sources = unit
        .deployment
        .as_ref()
        .and_then(|it| it.description.get("sources"));
    sources
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default()
}
