//! What a unit deploys on one side: which files decide it, and what renders them.
//! Starts no process and reads no object.

mod made;
mod told;

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use self::made::Made;
use self::told::Told;
use super::{Error, deployer};
use crate::change;
use crate::config::{Config, Environment, RenderDefaults, UnitKind};
use crate::git::{Repository, Selector};
use crate::manifest::KUSTOMIZATIONS;
use crate::model::{Digest, GitId, Location, RepoPath};
use crate::render::{
    self, Closure, Extent, Files, Found, GitFiles, Online, ProgramError, Rendering, Tool,
};
use crate::sources::{self, Deployment, Known, Local, ResolvedUnit, Tree};

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

/// A folder that is rendered, and all that this reads.
#[derive(Clone)]
pub(super) struct Input {
    pub(super) rendering: Rendering,
    pub(super) closure: Closure,
    /// The version that the renderer must have.
    pub(super) version: Option<String>,
}

/// A unit as one state of the repository has it.
#[derive(Clone)]
pub(super) struct Declared {
    pub(super) unit: ResolvedUnit,
    /// The object that declares it is no other unit's to deploy, so that it is judged with this one.
    is_alone: bool,
    /// Nothing of it but that object is to be judged.
    only_object: bool,
    /// The versions that its renderers must have.
    versions: RenderDefaults,
    /// The files of values that the configuration itself names, and where.
    values: Vec<(String, Location)>,
    /// What the URLs of this repository end with.
    called: Arc<[String]>,
}

impl Declared {
    /// Whether nothing of it is of this repository, so that it has nothing to be judged.
    pub(super) fn is_foreign(&self) -> bool {
        self.unit.deployment.is_some() && is_foreign(&self.unit)
    }

    /// Of what is wholly of elsewhere its object, where that is no other unit's to judge: it says what is put into what comes
    /// from there. What a set makes is nobody else's, whoever holds the set.
    pub(super) fn into_object(self) -> Option<Self> {
        let is_own = self.is_alone || Made::text_of(&self.unit).is_some();
        is_own.then_some(Self {
            only_object: true,
            ..self
        })
    }

    /// The object that a set makes of it, where that puts anything into what comes from elsewhere.
    fn made(&self) -> Option<Made> {
        Made::of(&self.unit)
    }

    /// The same, as if no set had made it: what it was is not known, so that all of it is new.
    pub(super) fn into_unmade(mut self) -> Self {
        if let Some(deployment) = &mut self.unit.deployment {
            deployment.made = None;
        }
        self
    }

    /// Whether anything of it is of this repository, and not only what it puts into charts of elsewhere.
    pub(super) fn is_of_here(&self) -> bool {
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
    pub(super) fn is_there(&self, files: &dyn Files) -> Result<bool, Error> {
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
    fn inputs(&self, files: &dyn Files) -> Result<Vec<Input>, Error> {
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
    fn gone(&self, files: &dyn Files) -> Result<Option<&Selector>, Error> {
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
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let said = |it: &Self| it.unit.deployment.as_ref().map(|it| it.description.clone());
        self.unit.renderings().eq(other.unit.renderings())
            && self.unit.unknown().eq(other.unit.unknown())
            && self.unit.external().eq(other.unit.external())
            && self.versions == other.versions
            && said(self) == said(other)
            && Made::text_of(&self.unit) == Made::text_of(&other.unit)
    }

    /// What it reads at most, where it cannot be told exactly; `None` where that may be anything.
    pub(super) fn extent(&self, files: &dyn Files) -> Option<Extent> {
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
pub(super) fn units(
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
pub(super) fn units_of(
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
        only_object: false,
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

fn is_foreign(unit: &ResolvedUnit) -> bool {
    let is_external = |source: &sources::Source| match source {
        sources::Source::External(external) => external.value_files.is_empty(),
        sources::Source::Local(_) | sources::Source::Unknown(_) => false,
    };
    unit.sources.iter().all(is_external)
}

impl Input {
    /// Refuses what another version than the wanted one rendered.
    pub(super) fn check_version(&self, program: &str, version: &str) -> Result<(), Error> {
        let bare = |version: &str| version.trim_start_matches('v').to_owned();
        match &self.version {
            Some(wanted) if bare(wanted) != bare(version) => {
                let error = ProgramError::OtherVersion {
                    path: program.to_owned(),
                    version: version.to_owned(),
                    wanted: wanted.clone(),
                };
                Err(render::Error::from(error).into())
            }
            _ => Ok(()),
        }
    }

    /// What names the rendering and every byte that it reads.
    pub(super) fn digest(&self) -> Digest {
        let options = json!([self.rendering, self.closure.digest()]);
        Digest::of(options.to_string().as_bytes())
    }

    /// The file that makes the folder what it is.
    pub(super) fn root(&self) -> RepoPath {
        let names: &[&str] = match self.rendering.tool {
            Tool::Kustomize(_) => &KUSTOMIZATIONS,
            Tool::Helm(_) => &["Chart.yaml"],
        };
        let folder = &self.rendering.folder;
        let mut paths = names.iter().map(|name| folder.child(name));
        let found = paths.find(|path| self.closure.contains(path));
        found.unwrap_or_else(|| folder.clone())
    }
}

impl Deployed {
    /// What a unit deploys of `files`.
    pub(super) fn of(declared: &Declared, files: &dyn Files) -> Result<Self, Error> {
        let unit = &declared.unit;
        if let Some(unknown) = unit.unknown().next() {
            return Err(Error::UnknownSource(unknown.clone()));
        }
        if declared.only_object
            && let Some(deployment) = &unit.deployment
        {
            return Self::object_of(declared, &deployment.place.path);
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
            selector: selector.ok_or(Error::Unrendered)?,
            plain,
            declared_in: match &unit.deployment {
                Some(deployment) if declared.is_alone && !is_rendered(deployment, &inputs) => {
                    vec![deployment.place.path.clone()]
                }
                _ => Vec::new(),
            },
            said: said(unit),
            floating: floating(unit),
            told: (!is_paths).then(|| Told::of(unit, &inputs)),
            made: declared.made().into_iter().collect(),
            told_from: unit.told_from.iter().cloned().collect(),
            inputs,
            is_paths,
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
            told: made.as_ref().map(Told::of_made),
            made: made.into_iter().collect(),
            ..Self::nothing(selector, false)
        })
    }

    /// What is deployed where there is no such unit: nothing. The set that makes it may stand all the same.
    pub(super) fn nothing_of(other: &Self) -> Self {
        let is_made = !other.made.is_empty();
        let sets = other.declared_in.iter().filter(|_| is_made);
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

/// Refuses what changes the options of the deployer from within the folder.
fn obeys(folder: &RepoPath, files: &dyn Files) -> Result<(), Error> {
    let path = folder.child(".argocd-source.yaml");
    match files.at(&path).map_err(render::Error::from)? {
        Found::Nothing => Ok(()),
        _ => Ok(deployer::obeys(&path)?),
    }
}
