//! From the objects that an environment selects to everything that they deploy, Applications of
//! Applications included. Names no units.

mod selected;
mod taken;
mod through;

use std::collections::{BTreeMap, BTreeSet};

use self::selected::is_selected;
use self::taken::{At, Objects, Patience, Since};
use self::through::pass_through;
use super::changes::Changer;
use super::deployment::{Deployment, Kind, Local, Reach, Source, Unknown};
use super::flux::LeftOut;
use super::gathered::Gatherer;
use super::known::{Declared, Known};
use super::naming::Naming;
use super::objects::{objects, objects_listed};
use super::resolve::Error;
use super::{Context, Here, Tree, read, unmade};
use crate::config::{Config, DeployerKind, Deployers, Environment};
use crate::manifest::is_manifest_name;
use crate::model::{RepoPath, limits};

/// What the selected objects of an environment deploy.
pub(super) struct Deployments {
    pub(super) all: Vec<Deployment>,
    /// Whether there is an `ApplicationSet` that makes no Applications, as its generators give nothing: Argo CD takes
    /// that for what it is told, and not for an error.
    pub(super) has_empty_set: bool,
    /// What all this was told from.
    pub(super) known: Known,
}

/// Everything that the selected objects of an environment deploy.
pub(super) fn deployments(
    environment: &Environment,
    selected: &Deployers,
    config: &Config,
    tree: &Tree<'_>,
) -> Result<Deployments, Error> {
    let here = Here::new(
        config.repositories.iter().map(String::as_str),
        &environment.name,
        &environment.branch,
    );
    let naming = Naming::of(selected);
    let mut unmade = unmade::select(selected, tree)?;
    let mut gatherer = Gatherer::new(selected.kind);
    gatherer.select(&selected.paths, tree);
    let mut map = Map {
        objects: Objects::new(listed(gatherer.kustomized(), tree)),
        seen: BTreeMap::new(),
    };
    map.select(selected, tree)?;
    let mut rounds = Rounds::default();
    loop {
        let cx = Context {
            tree,
            here: &here,
            defaults: &environment.render,
            values: &config.values,
            generators: &config.generators,
            known: map.objects.known(),
            naming: &naming,
            kustomized: gatherer.kustomized(),
        };
        let (mut deployments, has_empty_set) = map.read(selected, &cx)?;
        deployments.extend(unmade.iter().cloned());
        if deployments.len() > limits::DEPLOYMENTS.most {
            return Err(Error::TooMany);
        }
        let kustomized = gatherer.kustomized().len();
        let mut made = map.look_into(&deployments, tree, &mut gatherer)?;
        let since = map.objects.settle(rounds.patience());
        // What is told of an object may be made by one of them.
        let is_as_before = config.values.is_empty() || gatherer.kustomized().len() == kustomized;
        let known: BTreeSet<RepoPath> = unmade.iter().map(|it| it.place.path.clone()).collect();
        made.retain(|it| !known.contains(&it.place.path));
        // What applies them is told with them.
        let is_taken_anew = map.objects.is_taken_anew();
        if since == Since::Same
            && made.is_empty()
            && is_as_before
            && !map.objects.pass_over(&deployments)
        {
            if is_taken_anew {
                continue;
            }
            return Ok(Deployments {
                all: deployments,
                has_empty_set,
                known: map.objects.into_known(),
            });
        }
        unmade.extend(made);
        rounds.count(since)?;
    }
}

/// How often the same objects were read.
#[derive(Default)]
struct Rounds {
    /// Since then there were more of them.
    deeper: usize,
    /// They were others.
    otherwise: usize,
}

impl Rounds {
    const fn patience(&self) -> Patience {
        match self.otherwise < limits::DEPLOYMENT_DEPTH.most {
            true => Patience::Left,
            false => Patience::Over,
        }
    }

    fn count(&mut self, since: Since) -> Result<(), Error> {
        match since {
            Since::More => self.deeper += 1,
            Since::Same | Since::Otherwise => self.otherwise += 1,
        }
        let is_over = self.deeper >= limits::DEPLOYMENT_DEPTH.most
            || self.otherwise > ROUNDS * limits::DEPLOYMENT_DEPTH.most;
        if is_over { Err(Error::TooDeep) } else { Ok(()) }
    }
}

struct Map {
    objects: Objects,
    /// The deployments that were looked into, and what they deployed then.
    seen: BTreeMap<String, String>,
}

impl Map {
    fn select(&mut self, selected: &Deployers, tree: &Tree<'_>) -> Result<(), Error> {
        let is_flux = selected.kind == DeployerKind::Flux;
        let left_out = is_flux.then(|| LeftOut::of(tree)).flatten();
        for entry in &tree.entries {
            let is_selected = selected.paths.matches(&entry.path);
            if is_selected && is_manifest_name(&entry.path) && !tree.is_template(&entry.path) {
                let left_out = left_out.as_ref().filter(|it| it.hides(&entry.path));
                let by = left_out.map(|it| &it.list);
                for mut declared in objects(tree, entry)? {
                    declared.changed_by = declared.changed_by.or_else(|| Some(by?.clone().into()));
                    self.objects.select(declared);
                }
            }
        }
        self.objects.settle(Patience::Left);
        Ok(())
    }

    /// What those that are selected deploy, and whether there is an empty set among them.
    fn read(
        &self,
        selected: &Deployers,
        cx: &Context<'_>,
    ) -> Result<(Vec<Deployment>, bool), Error> {
        let mut all = Vec::new();
        let mut has_empty_set = false;
        let is_argo = selected.kind == DeployerKind::ArgoCd;
        for (declared, parents) in self.objects.applied() {
            if declared.passed_over.is_some() {
                continue;
            }
            let made = read(declared, cx)?;
            has_empty_set |= made.is_empty() && is_set(declared) && is_argo;
            for mut deployment in made {
                if parents.alone().is_none() && !is_selected(&deployment, selected) {
                    continue;
                }
                let generated_by = deployment.generated_by;
                let alone = parents.alone().map(str::to_owned);
                deployment.generated_by = generated_by.or(alone);
                deployment.prune.applied_by = parents.units();
                deployment.prune.pinned_by = parents.pinned();
                let patched_in = declared.patched_in.iter().cloned();
                deployment.declared_in.extend(patched_in);
                let given_by = declared.given_by.as_ref();
                // Its references may be among what is not told.
                deployment.takes_values |= given_by.is_some();
                let given_by = given_by.filter(|_| deployment.local().next().is_some());
                if let Some(by) = declared.changed_by.as_ref().or(given_by) {
                    change(&mut deployment, by);
                }
                all.push(deployment);
                if all.len() > limits::DEPLOYMENTS.most {
                    return Err(Error::TooMany);
                }
            }
        }
        Ok((all, has_empty_set))
    }

    /// Takes the objects of all folders that were not looked into before, and tells what templates there may make.
    fn look_into(
        &mut self,
        deployments: &[Deployment],
        tree: &Tree<'_>,
        gatherer: &mut Gatherer,
    ) -> Result<Vec<Deployment>, Error> {
        let mut unmade = Vec::new();
        let mut gone: BTreeSet<String> = self.seen.keys().cloned().collect();
        for deployment in deployments {
            let by = format!("{} {}", deployment.unit, deployment.place);
            gone.remove(&by);
            let folders: Vec<&Local> = deployment.local().collect();
            let deploys = format!("{folders:?} {:?} {:?}", deployment.reach, deployment.pinned);
            match self.seen.insert(by.clone(), deploys.clone()) {
                Some(before) if before == deploys => continue,
                Some(_) => self.objects.leave(&by),
                None => {}
            }
            let reach = deployment.reach.iter().map(Reach::local);
            for local in folders.into_iter().chain(reach) {
                let objects = held(local, deployment, tree, gatherer, &mut unmade)?;
                for one in objects {
                    self.objects
                        .take(&by, (&deployment.unit, At::TheJudged), one);
                }
            }
            for reach in &deployment.pinned {
                for one in pinned(reach, deployment, tree, gatherer)? {
                    self.objects.take(&by, (&deployment.unit, At::Another), one);
                }
            }
        }
        for by in gone {
            self.seen.remove(&by);
            self.objects.leave(&by);
        }
        Ok(unmade)
    }
}

/// What the kustomizations in some folders list.
fn listed(folders: &BTreeSet<RepoPath>, tree: &Tree<'_>) -> Vec<Declared> {
    let entries = tree.listed(folders).into_iter();
    // A patch need not be an object; what it changes is told of the object.
    let found = entries.map(|entry| objects_listed(tree, entry, None).unwrap_or_default());
    found.flatten().collect()
}

/// The objects of a folder as a deployment makes them.
fn held(
    local: &Local,
    deployment: &Deployment,
    tree: &Tree<'_>,
    gatherer: &mut Gatherer,
    unmade: &mut Vec<Deployment>,
) -> Result<Vec<Declared>, Error> {
    let mut objects = match &local.render {
        Some(rendering) => {
            let mut gathered = gatherer.gather(rendering, tree)?;
            pass_through(rendering, deployment, gathered.objects.iter_mut(), tree);
            unmade.extend(gathered.unmade);
            gathered.objects
        }
        None => plain(local, tree)?,
    };
    if let Some(Reach::Otherwise(_)) = &deployment.reach {
        change_all(&mut objects, deployment);
    }
    Ok(objects)
}

/// The same of a folder that it takes at another revision. What of it cannot be read at this one, it may hold all the same.
fn pinned(
    reach: &Reach,
    deployment: &Deployment,
    tree: &Tree<'_>,
    gatherer: &mut Gatherer,
) -> Result<Vec<Declared>, Error> {
    let local = reach.local();
    if let Ok(mut objects) = held(local, deployment, tree, gatherer, &mut Vec::new()) {
        if let Reach::Otherwise(_) = reach {
            change_all(&mut objects, deployment);
        }
        return Ok(objects);
    }
    let mut all = Vec::new();
    for entry in tree.files.below(&local.folder)? {
        let is_read = is_manifest_name(&entry.path) && !tree.is_template(&entry.path);
        // What the environment selects is read elsewhere, where an error is one.
        all.extend(
            is_read
                .then(|| objects(tree, &entry).unwrap_or_default())
                .into_iter()
                .flatten(),
        );
    }
    change_all(&mut all, deployment);
    Ok(all)
}

/// Anything may be done to them.
fn change_all(objects: &mut [Declared], deployment: &Deployment) {
    let by = RepoPath::from(deployment.unit.as_str());
    for one in objects {
        one.changed_by = one.changed_by.take().or_else(|| Some(by.clone().into()));
    }
}

/// The objects of a plain folder.
fn plain(local: &Local, tree: &Tree<'_>) -> Result<Vec<Declared>, Error> {
    let mut found = Vec::new();
    for entry in tree.files.below(&local.folder)? {
        if local.directory.takes(&local.folder, &entry.path) {
            found.extend(objects(tree, &entry)?);
        }
    }
    Ok(found)
}

fn is_set(declared: &Declared) -> bool {
    declared.object.reference.group_kind().to_string() == "ApplicationSet.argoproj.io"
}

/// What a file says is not what is applied: what is deployed is not known, and its objects are taken as far as the file says.
fn change(deployment: &mut Deployment, by: &Changer) {
    let local = deployment.local().next().cloned();
    deployment.sources = vec![changed(deployment, by, local.as_ref())];
    let reach = deployment.reach.take();
    deployment.reach = reach.or_else(|| local.map(Reach::AsTold));
}

fn changed(deployment: &Deployment, by: &Changer, local: Option<&Local>) -> Source {
    let folder = local.map(|local| &local.folder);
    let kind = match deployment.kind {
        Kind::Application => Some("Application"),
        Kind::Kustomization => Some("Kustomization"),
        Kind::HelmRelease => None,
    };
    let or = match (folder, kind) {
        (Some(folder), Some(kind)) => format!(
            "; or name the units of the environment in `tidegate.yaml` instead of selecting them: `sources: [{{name: {}, kind: {kind}, path: {folder}}}]`",
            deployment.name
        ),
        _ => String::new(),
    };
    let what = match deployment.place.path == by.by {
        true => "an annotation or a label, of its own or added to it, keeps".to_owned(),
        false => format!("`{}` may change", by.by),
    };
    let then = match deployment.place.path == by.by {
        true => "from being applied as it stands",
        false => "before it is applied",
    };
    Source::Unknown(Unknown {
        reason: format!(
            "{what} the {} `{}` {then}{}",
            deployment.kind,
            deployment.name,
            by.because()
        ),
        place: deployment.place.clone(),
        remedy: format!("{}{or}", by.remedy()),
        may_be: Vec::new(),
    })
}

/// Rounds in which objects are only changed, of as many as there may be of depth: what does not settle by itself is settled
/// in the first of them, and what is told from that in the others.
const ROUNDS: usize = 4;
