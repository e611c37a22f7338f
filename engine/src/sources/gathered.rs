//! What a folder that is rendered deploys in turn, as far as its files say so. Renders nothing.

use std::collections::BTreeSet;

use super::Tree;
use super::changes::Changer;
use super::deployment::Deployment;
use super::known::Declared;
use super::objects::{GROUPS, objects, objects_listed};
use super::resolve::Error;
use super::unmade;
use crate::config::DeployerKind;
use crate::git::{Selector, TreeEntry};
use crate::manifest::{Role, is_manifest_name, role_of_name};
use crate::model::RepoPath;
use crate::render::{self, Closure, Rendering, Tool};

/// Applications and Kustomizations among the inputs of renderings.
pub(super) struct Gatherer {
    deployer: DeployerKind,
    /// Files that were read and say nothing of the kind.
    barren: BTreeSet<RepoPath>,
    /// The folders of the kustomizations that were looked into.
    kustomized: BTreeSet<RepoPath>,
}

/// What was found.
#[derive(Default)]
pub(super) struct Gathered {
    /// Those of resources, with what kustomizations make of them.
    pub(super) objects: Vec<Declared>,
    /// One that stands for all that a template may make, for each such template.
    pub(super) unmade: Vec<Deployment>,
}

impl Gatherer {
    pub(super) fn new(deployer: DeployerKind) -> Self {
        Self {
            deployer,
            barren: BTreeSet::new(),
            kustomized: BTreeSet::new(),
        }
    }

    /// The folders of the kustomizations that are looked into.
    pub(super) fn kustomized(&self) -> &BTreeSet<RepoPath> {
        &self.kustomized
    }

    /// Takes those that `paths` select.
    pub(super) fn select(&mut self, paths: &Selector, tree: &Tree<'_>) {
        let entries = tree.entries.iter();
        let selected = entries.filter(|entry| paths.matches(&entry.path));
        selected.for_each(|entry| self.note(entry));
    }

    fn note(&mut self, entry: &TreeEntry) {
        if role_of_name(&entry.path) == Some(Role::Kustomization) {
            self.kustomized.insert(RepoPath::new(entry.path.parent()));
        }
    }

    pub(super) fn gather(
        &mut self,
        rendering: &Rendering,
        tree: &Tree<'_>,
    ) -> Result<Gathered, Error> {
        // kustomize takes what it is told for a resource, whatever its name.
        let mut any_name = matches!(rendering.tool, Tool::Kustomize(_));
        let mut built = None;
        let entries: Vec<TreeEntry> = match render::closure(tree.files, rendering) {
            Ok(closure) => {
                refuse_remote(&closure, tree)?;
                closure.files().for_each(|entry| self.note(entry));
                // What another one applies of a folder that Flux only lists, is that one's.
                built = Some(kustomized(&closure));
                closure.read().cloned().collect()
            }
            // Its own unit says what is wrong with it. What it deploys is not lost for that.
            Err(_) => {
                any_name = false;
                tree.files.below(&rendering.folder)?
            }
        };
        let mut gathered = Gathered::default();
        for entry in entries {
            self.note(&entry);
            let is_patch = |built| tree.is_patch_in(&entry.path, &rendering.folder, built);
            if built.as_ref().is_some_and(is_patch) {
                continue;
            }
            let is_template = unmade::is_of_templates(&entry, tree);
            let is_read = any_name || is_template || is_manifest_name(&entry.path);
            if is_read && !self.barren.contains(&entry.path) {
                self.look_at((&entry, built.as_ref()), tree, &mut gathered)?;
            }
        }
        gathered.tell_apart();
        Ok(gathered)
    }

    fn look_at(
        &mut self,
        (entry, built): (&TreeEntry, Option<&BTreeSet<RepoPath>>),
        tree: &Tree<'_>,
        gathered: &mut Gathered,
    ) -> Result<(), Error> {
        // Where it cannot be read, the unit that is rendered from it says so.
        if tree.content(entry).is_err() {
            return Ok(());
        }
        let objects = match tree.is_template(&entry.path) {
            true => None,
            false => match objects_listed(tree, entry, built) {
                Err(error @ Error::Linked { .. }) => return Err(error),
                // A patch need not be an object, and a file of values is none.
                read => read.ok(),
            },
        };
        match objects {
            Some(objects) if objects.is_empty() => {
                self.barren.insert(entry.path.clone());
            }
            Some(objects) => objects.into_iter().for_each(|one| gathered.add(one)),
            None if !may_be_template(entry, tree) => {}
            None => gathered
                .unmade
                .extend(unmade::by_template(entry, tree, self.deployer)?),
        }
        Ok(())
    }
}

/// The folders of the kustomizations that are read.
fn kustomized(closure: &Closure) -> BTreeSet<RepoPath> {
    let files = closure.read().map(|entry| &entry.path);
    let files = files.filter(|path| role_of_name(path) == Some(Role::Kustomization));
    files.map(|path| RepoPath::new(path.parent())).collect()
}

/// Whether what is no object may make objects. Helm makes them of templates of any name.
fn may_be_template(entry: &TreeEntry, tree: &Tree<'_>) -> bool {
    let is_manifest = is_manifest_name(&entry.path) && role_of_name(&entry.path).is_none();
    is_manifest || unmade::is_of_templates(entry, tree)
}

/// What is deployed in turn is known without the network, since it says what the units are.
fn refuse_remote(closure: &Closure, tree: &Tree<'_>) -> Result<(), Error> {
    let deploys = |entry: &&TreeEntry| {
        let found = objects(tree, entry).unwrap_or_default();
        let mut groups = found.iter().map(|one| one.object.reference.group());
        is_manifest_name(&entry.path) && groups.any(|group| GROUPS.contains(&group))
    };
    let Some(entry) = closure.remote().find(deploys) else {
        return Ok(());
    };
    Err(Error::Remote {
        file: entry.path.clone(),
    })
}

impl Gathered {
    /// Of two objects that one patch is for by what they are called, kustomize patches none and builds nothing.
    fn tell_apart(&mut self) {
        let found = self.objects.iter().filter(|it| !it.found_in.is_empty());
        let taken_for = |one: &Declared| {
            let mut others = found.clone().filter(|it| !std::ptr::eq(*it, one));
            others.find_map(|other| one.is_taken_for(other)).cloned()
        };
        let by: Vec<Option<RepoPath>> = self.objects.iter().map(taken_for).collect();
        for (one, by) in self.objects.iter_mut().zip(by) {
            one.changed_by = one.changed_by.take().or_else(|| by.map(Changer::from));
        }
    }

    /// Of an object and a patch for it, which looks the same, one is enough: neither is what is applied.
    fn add(&mut self, one: Declared) {
        let same = |other: &&mut Declared| other.object.reference == one.object.reference;
        match self.objects.iter_mut().find(same) {
            Some(other) => {
                let by = other.changed_by.take().or(one.changed_by);
                other.changed_by = by.or_else(|| Some(one.file.path.into()));
            }
            None => self.objects.push(one),
        }
    }
}
