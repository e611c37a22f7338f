//! From the objects that an environment selects to everything that they deploy, Applications of
//! Applications included. Names no units.

use std::collections::BTreeSet;
use std::sync::Arc;

use memchr::memmem;
use serde_json::Value;

use super::changes::Changes;
use super::deployment::{Deployment, Kind, Local, Source, Unknown};
use super::flux::LeftOut;
use super::gathered::Gatherer;
use super::kept::is_kept_back;
use super::known::{Declared, Known};
use super::naming::Naming;
use super::resolve::Error;
use super::{Context, Text, Tree, read, unmade};
use crate::config::{Config, DeployerKind, Deployers, Environment};
use crate::git::TreeEntry;
use crate::manifest::{self, Wanted, is_manifest_name, role_of_name};
use crate::model::{RepoPath, Span, limits, mentions};
use crate::render::{Rendering, Tool};

use super::Here;

/// What a rendered folder holds, for the Applications and Kustomizations in it.
pub trait Children {
    /// The objects that come of a rendering, or `None` where nobody looks into it: then what it deploys
    /// in turn is told as its files say it, and not known where something changes or makes it.
    ///
    /// # Errors
    /// It cannot be rendered.
    fn objects(
        &self,
        rendering: &Rendering,
    ) -> Result<Option<Vec<Declared>>, Box<dyn miette::Diagnostic + Send + Sync>>;
}

/// Looks into nothing that is rendered.
#[derive(Clone, Copy, Debug, Default)]
pub struct NotRendered;

impl Children for NotRendered {
    fn objects(
        &self,
        _: &Rendering,
    ) -> Result<Option<Vec<Declared>>, Box<dyn miette::Diagnostic + Send + Sync>> {
        Ok(None)
    }
}

/// Where an object that may deploy was found.
#[derive(Clone)]
struct Found {
    declared: Declared,
    /// The deployment whose folder holds it.
    parent: Option<String>,
    /// It came out of a tool: nothing changes it any more.
    rendered: bool,
    /// A deployment takes it, as far as its files say.
    taken: bool,
}

/// What deployments hold that was not looked at before.
#[derive(Default)]
struct New {
    found: Vec<Found>,
    unmade: Vec<Deployment>,
}

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
    children: &dyn Children,
) -> Result<Deployments, Error> {
    let here = Here::new(
        config.repositories.iter().map(String::as_str),
        &environment.name,
        &environment.branch,
    );
    let naming = Naming::of(selected);
    let mut map = Map {
        found: Vec::new(),
        known: Known::default(),
        seen: BTreeSet::new(),
        places: BTreeSet::new(),
        listed: Vec::new(),
    };
    let mut unmade = unmade::select(selected, tree)?;
    let mut gatherer = Gatherer::new(selected.kind);
    gatherer.select(&selected.paths, tree);
    map.list(gatherer.kustomized(), tree);
    map.select(selected, tree)?;
    for _ in 0..limits::DEPLOYMENT_DEPTH.most {
        let cx = Context {
            tree,
            here: &here,
            defaults: &environment.render,
            values: &config.values,
            generators: &config.generators,
            known: &map.known,
            naming: &naming,
            kustomized: gatherer.kustomized(),
        };
        let (mut deployments, has_empty_set) = map.read(selected, &cx)?;
        deployments.extend(unmade.iter().cloned());
        if deployments.len() > limits::DEPLOYMENTS.most {
            return Err(Error::TooMany);
        }
        let kustomized = gatherer.kustomized().len();
        let new = map.look_into(&deployments, tree, children, &mut gatherer)?;
        // What is told of an object may be made by one of them.
        let is_as_before = config.values.is_empty() || gatherer.kustomized().len() == kustomized;
        let known: BTreeSet<RepoPath> = unmade.iter().map(|it| it.place.path.clone()).collect();
        let mut made = new.unmade;
        made.retain(|it| !known.contains(&it.place.path));
        if new.found.is_empty() && made.is_empty() && is_as_before {
            if map.pass_over(&deployments) {
                continue;
            }
            return Ok(Deployments {
                all: deployments,
                has_empty_set,
                known: map.known,
            });
        }
        unmade.extend(made);
        map.add(new.found);
    }
    Err(Error::TooDeep)
}

struct Map {
    found: Vec<Found>,
    known: Known,
    /// Sources that were looked into.
    seen: BTreeSet<String>,
    /// Where what was found stands: a file, and the bytes of an object in it.
    places: BTreeSet<(RepoPath, Span)>,
    /// What selected kustomizations list: an object of the same name elsewhere may not be what is applied.
    listed: Vec<Declared>,
}

impl Map {
    fn select(&mut self, selected: &Deployers, tree: &Tree<'_>) -> Result<(), Error> {
        let mut found = Vec::new();
        let is_flux = selected.kind == DeployerKind::Flux;
        let left_out = is_flux.then(|| LeftOut::of(tree)).flatten();
        for entry in &tree.entries {
            let is_selected = selected.paths.matches(&entry.path);
            if is_selected && is_manifest_name(&entry.path) && !tree.is_template(&entry.path) {
                let left_out = left_out.as_ref().filter(|it| it.hides(&entry.path));
                let by = left_out.map(|it| &it.list);
                let plain = |mut declared: Declared| {
                    declared.changed_by = declared.changed_by.or_else(|| by.cloned());
                    Found {
                        declared,
                        parent: None,
                        rendered: false,
                        taken: false,
                    }
                };
                found.extend(objects(tree, entry)?.into_iter().map(plain));
            }
        }
        self.add(found);
        Ok(())
    }

    fn list(&mut self, folders: &BTreeSet<RepoPath>, tree: &Tree<'_>) {
        for entry in tree.listed(folders) {
            // A patch need not be an object; what it changes is told of the object.
            let found = objects_listed(tree, entry, None);
            self.listed.extend(found.unwrap_or_default());
        }
    }

    /// What a tool gives takes the place of what its files say.
    fn add(&mut self, new: Vec<Found>) {
        let mut any_rendered = self.found.iter().any(|found| found.rendered);
        for mut one in new {
            let by = self.listed_otherwise(&one.declared);
            let kept_back = is_kept_back(&one.declared.object);
            let by = by.or_else(|| kept_back.then(|| one.declared.file.path.clone()));
            one.declared.changed_by = one.declared.changed_by.or(by);
            let reference = &one.declared.object.reference;
            let same = |other: &Found| {
                let other = &other.declared.object.reference;
                other == reference || other.may_coincide(reference)
            };
            let place = (
                one.declared.file.path.clone(),
                one.declared.object.node.span,
            );
            if one.rendered {
                self.found.retain(|other| other.rendered || !same(other));
            } else if self.places.contains(&place) {
                self.learn(&place, one);
                continue;
            } else if any_rendered && self.found.iter().any(|other| other.rendered && same(other)) {
                continue;
            }
            any_rendered |= one.rendered;
            self.places.insert(place);
            self.found.push(one);
        }
        self.know();
    }

    /// The file of an object of the same name that a selected kustomization lists, and that is not this one.
    fn listed_otherwise(&self, one: &Declared) -> Option<RepoPath> {
        let reference = &one.object.reference;
        let is_other = |other: &&Declared| {
            let own = &other.object.reference;
            let place = |it: &Declared| (it.file.path.clone(), it.object.node.span);
            // What changes it may put something before its name or behind it.
            let is_named_so = other.changed_by.is_some()
                && own.group_kind() == reference.group_kind()
                && reference.name.contains(&own.name);
            (own == reference || own.may_coincide(reference) || is_named_so)
                && place(other) != place(one)
        };
        let other = self.listed.iter().find(is_other)?;
        Some(other.file.path.clone())
    }

    /// What a deployment around an object does to it, which was found before without that.
    fn learn(&mut self, (path, span): &(RepoPath, Span), again: Found) {
        let mut found = self.found.iter_mut();
        let known = found.find(|it| {
            let it = &it.declared;
            it.file.path == *path && it.object.node.span == *span
        });
        let Some(known) = known else {
            return;
        };
        known.taken |= again.taken;
        let known = &mut known.declared;
        let moved = again.declared.object.reference.namespace != known.object.reference.namespace;
        let by = match (again.declared.changed_by, again.parent) {
            (None, Some(parent)) if moved => Some(RepoPath::from(parent.as_str())),
            (by, _) => by,
        };
        known.changed_by = known.changed_by.take().or(by);
    }

    /// Notes what others are told from and no deployment takes, where one should: it lies in the folder of one, or the
    /// environment deploys itself. Whether there is more of it than before.
    fn pass_over(&mut self, deployments: &[Deployment]) -> bool {
        let is_deployer = |found: &&Found| {
            let reference = &found.declared.object.reference;
            (reference.group(), reference.kind.as_str()) == KUSTOMIZATION
        };
        let deployers = || self.found.iter().filter(is_deployer);
        let deploys_itself = deployers().any(|found| found.taken);
        // What lies beside a Kustomization that nobody takes is applied with it, by hand.
        let by_hand = deployers().filter(|found| !found.taken);
        let by_hand: BTreeSet<RepoPath> = by_hand
            .map(|found| RepoPath::new(found.declared.file.path.parent()))
            .collect();
        let mut is_more = false;
        for found in &mut self.found {
            let declared = &mut found.declared;
            if found.taken || declared.passed_over.is_some() || !tells(&declared.object) {
                continue;
            }
            let around = deployments
                .iter()
                .find(|it| builds(it, &declared.file.path));
            declared.passed_over = match around {
                Some(by) => Some(format!(
                    "it lies in the folder of `{}`, which leaves it out",
                    by.name
                )),
                None => {
                    let folder = RepoPath::new(declared.file.path.parent());
                    let is_left = deploys_itself && !by_hand.contains(&folder);
                    is_left.then(|| "no unit of the environment takes it".to_owned())
                }
            };
            is_more |= declared.passed_over.is_some();
        }
        if is_more {
            self.know();
        }
        is_more
    }

    fn know(&mut self) {
        self.known = Known::default();
        self.known
            .add(self.found.iter().map(|found| found.declared.clone()));
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
        for found in &self.found {
            let is_root = found.parent.is_none();
            let made = read(&found.declared, cx)?;
            has_empty_set |= made.is_empty() && is_set(&found.declared) && is_argo;
            for mut deployment in made {
                if is_root && !is_selected(&deployment, selected) {
                    continue;
                }
                deployment.generated_by = deployment.generated_by.or_else(|| found.parent.clone());
                if let Some(by) = &found.declared.changed_by {
                    deployment.sources = vec![changed(&deployment, by)];
                }
                all.push(deployment);
                if all.len() > limits::DEPLOYMENTS.most {
                    return Err(Error::TooMany);
                }
            }
        }
        Ok((all, has_empty_set))
    }

    /// The objects of all folders that were not looked into before.
    fn look_into(
        &mut self,
        deployments: &[Deployment],
        tree: &Tree<'_>,
        children: &dyn Children,
        gatherer: &mut Gatherer,
    ) -> Result<New, Error> {
        let mut new = New::default();
        for deployment in deployments {
            for source in &deployment.sources {
                let Source::Local(local) = source else {
                    continue;
                };
                if !self.seen.insert(format!("{} {local:?}", deployment.unit)) {
                    continue;
                }
                let rendered = match &local.render {
                    Some(rendering) => children.objects(rendering).map_err(Error::Children)?,
                    None => None,
                };
                let (objects, rendered) = match (rendered, &local.render) {
                    (Some(objects), _) => (objects, true),
                    (None, Some(rendering)) => {
                        let mut gathered = gatherer.gather(rendering, tree)?;
                        let objects = gathered.objects.iter_mut();
                        pass_through(rendering, &deployment.unit, objects, tree);
                        new.unmade.extend(gathered.unmade);
                        (gathered.objects, false)
                    }
                    (None, None) => (plain(local, tree)?, false),
                };
                new.found.extend(objects.into_iter().map(|declared| Found {
                    declared,
                    parent: Some(deployment.unit.clone()),
                    rendered,
                    taken: true,
                }));
            }
        }
        Ok(new)
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

/// The objects of a file that deploy something or that others refer to. Behind a link there must be none of the
/// former: what the link leads to may change without any file of this name.
pub(super) fn objects(tree: &Tree<'_>, entry: &TreeEntry) -> Result<Vec<Declared>, Error> {
    read_as(&entry.path, (entry, None), tree)
}

/// The same of a file that a kustomization lists: it takes what is called a chart or a kustomization for objects, too. What
/// kustomizations make of them is told of those in some folders alone where these are what is `built`.
pub(super) fn objects_listed(
    tree: &Tree<'_>,
    entry: &TreeEntry,
    built: Option<&BTreeSet<RepoPath>>,
) -> Result<Vec<Declared>, Error> {
    match role_of_name(&entry.path) {
        Some(_) => read_as(&entry.path.child("listed.yaml"), (entry, built), tree),
        None => read_as(&entry.path, (entry, built), tree),
    }
}

fn read_as(
    name: &RepoPath,
    (entry, built): (&TreeEntry, Option<&BTreeSet<RepoPath>>),
    tree: &Tree<'_>,
) -> Result<Vec<Declared>, Error> {
    let Some(bytes) = tree.content(entry)? else {
        return Ok(Vec::new());
    };
    let mentioned = |mark: &&[u8]| mentions(&bytes, mark);
    // What is escaped may say the same.
    let is_marked = MARKS.iter().any(mentioned) || bytes.contains(&b'\\');
    if !is_marked && !mentions_secret(&bytes) {
        return Ok(Vec::new());
    }
    let wanted = |api_version: &str, kind: &str| wanted(&entry.path, (api_version, kind), tree);
    let file = match manifest::read_only(name, &bytes, &wanted) {
        Ok(file) => file,
        // A comment of a file of values may say the word. Where it is deployed, its unit says what is wrong with it.
        Err(_) if !is_marked => return Ok(Vec::new()),
        Err(error) => return Err(Error::Manifest(Box::new(error))),
    };
    let text = Text {
        path: entry.path.clone(),
        text: Arc::clone(&file.text),
    };
    let objects = file.objects.into_iter();
    if entry.is_link() {
        let mut deploying = objects.filter(|object| GROUPS.contains(&object.reference.group()));
        return deploying.next().map_or(Ok(Vec::new()), |_| {
            let file = entry.path.clone();
            Err(Error::Linked { file })
        });
    }
    let declared = objects.map(|mut object| {
        let adds = tree.adds(&entry.path, &object, built);
        let changed_by = adds.map(|metadata| metadata.add_to(&mut object)).err();
        let kept_back = is_kept_back(&object).then(|| entry.path.clone());
        Declared {
            object,
            file: text.clone(),
            changed_by: changed_by.or(kept_back),
            passed_over: None,
        }
    });
    Ok(declared.collect())
}

/// What is read of a file: what deploys something, and what others refer to. A kustomization that lists the file may give
/// what has no name one; what deploys must have one that is known, unless the file is a patch and says that of another.
fn wanted(path: &RepoPath, (api_version, kind): (&str, &str), tree: &Tree<'_>) -> Wanted {
    let (group, _) = api_version.split_once('/').unwrap_or_default();
    let is_told = ["ConfigMap", "Secret"].contains(&kind);
    match (GROUPS.contains(&group), group.is_empty() && is_told) {
        (true, _) if tree.is_patch(path) => Wanted::IfNamed,
        (_, true) if tree.is_listed(path) => Wanted::IfNamed,
        (false, false) => Wanted::Not,
        _ => Wanted::Named,
    }
}

/// Whether the word stands there by itself, and not in the name of another kind or field.
fn mentions_secret(bytes: &[u8]) -> bool {
    let is_letter = |at: Option<usize>| {
        let byte = at.and_then(|at| bytes.get(at));
        byte.is_some_and(u8::is_ascii_alphanumeric)
    };
    memmem::find_iter(bytes, SECRET)
        .any(|at| !is_letter(at.checked_sub(1)) && !is_letter(Some(at + SECRET.len())))
}

/// Whether others are told from an object what they deploy, and it deploys nothing itself.
fn tells(object: &manifest::Object) -> bool {
    let reference = &object.reference;
    reference.group().is_empty() || reference.group() == "source.toolkit.fluxcd.io"
}

/// Whether a deployment makes objects of the files of a folder in which one lies.
fn builds(deployment: &Deployment, file: &RepoPath) -> bool {
    deployment.sources.iter().any(|source| match source {
        Source::Local(local) => match local.render.as_ref().map(|render| &render.tool) {
            Some(Tool::Helm(_)) => false,
            None | Some(Tool::Kustomize(_)) => file.lies_in(&local.folder),
        },
        Source::External(_) | Source::Unknown(_) => false,
    })
}

fn is_set(declared: &Declared) -> bool {
    declared.object.reference.group_kind().to_string() == "ApplicationSet.argoproj.io"
}

fn is_selected(deployment: &Deployment, selected: &Deployers) -> bool {
    let kind = match deployment.kind {
        Kind::Application => DeployerKind::ArgoCd,
        Kind::Kustomization | Kind::HelmRelease => DeployerKind::Flux,
    };
    let same =
        |wanted: &Option<String>, found: &Option<String>| wanted.is_none() || wanted == found;
    let label = |(key, value): (&String, &String)| deployment.labels.get(key) == Some(value);
    if deployment.description.get("generators").is_some() {
        return kind == selected.kind
            && same(&selected.namespace, &deployment.namespace)
            && may_be_like(&deployment.description, selected);
    }
    kind == selected.kind
        && selected.match_labels.iter().all(label)
        && same(&selected.project, &deployment.project)
        && same(&selected.namespace, &deployment.namespace)
        && same(&selected.cluster, &deployment.cluster)
}

/// Whether Applications of a set, which cannot be told, may be like those that are selected.
fn may_be_like(set: &Value, selected: &Deployers) -> bool {
    let generators = set.get("generators").map(Value::to_string);
    let has_others = generators.is_some_and(|text| text.contains("\"template\""));
    if has_others || set.get("templatePatch").is_some() {
        return true;
    }
    let at = |pointer: &str| set.pointer(&format!("/template{pointer}"));
    let may = |found: Option<&Value>, wanted: &String| {
        let found = found.and_then(Value::as_str);
        found.is_some_and(|found| found == wanted || found.contains("{{"))
    };
    let labels = at("/metadata/labels").and_then(Value::as_object);
    let label = |(key, value): (&String, &String)| {
        let mut keys = labels.into_iter().flat_map(|labels| labels.keys());
        may(labels.and_then(|labels| labels.get(key)), value) || keys.any(|key| key.contains("{{"))
    };
    let clusters = ["/spec/destination/name", "/spec/destination/server"].map(at);
    let cluster = |wanted: &String| clusters.iter().any(|found| may(*found, wanted));
    selected.match_labels.iter().all(label)
        && selected
            .project
            .iter()
            .all(|wanted| may(at("/spec/project"), wanted))
        && selected.cluster.iter().all(cluster)
}

/// What the options of a rendering do to the objects of its files.
fn pass_through<'d>(
    rendering: &Rendering,
    by: &str,
    objects: impl Iterator<Item = &'d mut Declared>,
    tree: &Tree<'_>,
) {
    let Tool::Kustomize(options) = &rendering.tool else {
        return;
    };
    let changes = Changes::of_options(options);
    for Declared {
        object, changed_by, ..
    } in objects
    {
        match tree.adds_by((&changes, &rendering.folder), object, &RepoPath::from(by)) {
            Ok(metadata) => metadata.add_to(object),
            Err(by) => *changed_by = changed_by.take().or(Some(by)),
        }
    }
}

/// What a file says is not what is applied.
fn changed(deployment: &Deployment, by: &RepoPath) -> Source {
    let folder = deployment.sources.iter().find_map(|source| match source {
        Source::Local(local) => Some(&local.folder),
        Source::External(_) | Source::Unknown(_) => None,
    });
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
    let what = match deployment.place.path == *by {
        true => "an annotation or a label, of its own or added to it, keeps".to_owned(),
        false => format!("`{by}` may change"),
    };
    let then = match deployment.place.path == *by {
        true => "from being applied as it stands",
        false => "before it is applied",
    };
    Source::Unknown(Unknown {
        reason: format!(
            "{what} the {} `{}` {then}",
            deployment.kind, deployment.name
        ),
        place: deployment.place.clone(),
        remedy: format!(
            "write what it changes into the file itself, or give the patch a `target` with the kind and name that it is for{or}"
        ),
    })
}

/// Groups of what deploys or says where that comes from.
pub(super) const GROUPS: [&str; 4] = [
    "argoproj.io",
    "kustomize.toolkit.fluxcd.io",
    "helm.toolkit.fluxcd.io",
    "source.toolkit.fluxcd.io",
];
/// What deploys folders of Flux.
const KUSTOMIZATION: (&str, &str) = ("kustomize.toolkit.fluxcd.io", "Kustomization");
/// What a file says that is worth reading.
const MARKS: [&[u8]; 3] = [b"argoproj.io", b"toolkit.fluxcd.io", b"ConfigMap"];
const SECRET: &[u8] = b"Secret";
