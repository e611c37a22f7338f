//! The objects of the tree that others refer to.
//! Resolves nothing: it only finds.

use std::collections::{BTreeMap, BTreeSet};

use super::changes::Changer;
use super::deployment::Deployment;
use super::fields::{Read, Stop, Text, field};
use super::metadata::Metadata;
use super::part::without_values;
use super::prune::{MakingSet, spec_of};
use super::unlike;
use crate::manifest::{Node, Object};
use crate::model::{ObjectRef, RepoPath, Span};

/// An object and the file that it stands in.
#[derive(Clone, Debug)]
pub struct Declared {
    /// The object.
    pub object: Object,
    /// Its file; where a tool made it, the one that a person edits.
    pub file: Text,
    /// What makes another object of it before it is applied; nothing where a tool made it.
    pub(super) changed_by: Option<Changer>,
    /// What changes the values that it gives to a chart, and nothing else of it: they are left out here.
    pub(super) given_by: Option<Changer>,
    /// Why it is not applied at all, where that is so, in words that follow a colon.
    pub passed_over: Option<String>,
    /// What kustomizations added to it.
    pub(super) added: Metadata,
    /// The files of the deployments whose patches are applied to it.
    pub(super) patched_in: BTreeSet<RepoPath>,
    /// The kustomizations of which a patch looks for it by what it is called.
    pub(super) found_in: BTreeSet<RepoPath>,
    /// The units that apply it, once all of them are known.
    pub(super) applied_by: BTreeSet<String>,
    /// Those of them that take it from another revision.
    pub(super) pinned_by: BTreeSet<String>,
}

/// The name of a unit, and what it takes from an object.
pub(super) type Given = (String, BTreeMap<String, String>);

/// The objects that were read.
#[derive(Debug, Default)]
pub struct Known {
    objects: Vec<Declared>,
    /// What units take from objects of the cluster, by `kind/namespace/name`, and their names.
    given: BTreeMap<String, Vec<Given>>,
}

/// What was found under a name.
pub(super) enum Lookup<'k> {
    None,
    One(&'k Declared),
    Several(Vec<&'k Declared>),
}

impl Declared {
    /// The kustomization of which a patch looks for both by the same kind and name, and so finds neither.
    pub(super) fn is_taken_for(&self, other: &Self) -> Option<&RepoPath> {
        let (own, others) = (&self.object.reference, &other.object.reference);
        let mut by = self.found_in.iter();
        by.find(|by| other.found_in.contains(by))
            .filter(|_| own.group_kind() == others.group_kind() && own.name == others.name)
    }

    /// All files that say what it is, but those of kustomizations.
    pub(super) fn files(&self) -> impl Iterator<Item = RepoPath> {
        let patched_in = self.patched_in.iter().cloned();
        patched_in.chain([self.file.path.clone()])
    }

    /// Whether nothing but its file says what it is.
    pub(super) fn is_of_its_file(&self) -> bool {
        self.changed_by.is_none()
            && self.given_by.is_none()
            && self.passed_over.is_none()
            && self.patched_in.is_empty()
            && self.found_in.is_empty()
    }

    /// The same, without the values that it gives to a chart; nothing where it gives none.
    pub(super) fn without_values(&self) -> Option<Self> {
        let object = without_values(&self.object)?;
        Some(Self {
            object,
            ..self.clone()
        })
    }

    /// What it says is not what is applied, or is not legible: then the configuration may tell it.
    pub(super) fn may_be_told(&self) -> bool {
        self.changed_by.is_some() || self.passed_over.is_some() || self.is_encrypted()
    }

    /// SOPS encrypted what it holds.
    pub(super) fn is_encrypted(&self) -> bool {
        field(&self.object.node, "sops").is_some()
    }

    /// What is only compared.
    pub(super) fn is_secret(&self) -> bool {
        let reference = &self.object.reference;
        reference.kind == "Secret" && reference.group().is_empty()
    }

    /// Refuses what kustomize, through which Flux sends it, makes another value of. `object` is referred to at `at`.
    pub(super) fn is_read_alike(&self, object: &str, at: Span) -> Read<()> {
        match unlike::find(&self.object.node, &self.file.text) {
            Some(stop) => Err(stop.of_object(object, self, at)),
            None => Ok(()),
        }
    }

    /// Why it is not taken for what is applied, where something may change it on its way.
    pub(super) fn changed(&self, object: &str) -> Option<String> {
        let place = self.file.at(self.object.node.span);
        if let Some(why) = &self.passed_over {
            return Some(format!("{object} at {place} is not applied: {why}"));
        }
        let by = self.changed_by.as_ref()?;
        Some(format!(
            "{object} at {place} may be changed by `{}` before it is applied{}",
            by.by,
            by.because()
        ))
    }
}

impl Lookup<'_> {
    /// What `told` of the configuration says is declared nowhere as it is applied: of two, a deployer takes the one
    /// that it finds.
    pub(super) fn not_told(&self, reference: &Node, object: &str, told: &str) -> Read<()> {
        let found = match self {
            Self::None => return Ok(()),
            Self::One(one) if one.may_be_told() => return Ok(()),
            Self::One(one) => *one,
            Self::Several(several) => match several.first() {
                Some(one) => *one,
                None => return Ok(()),
            },
        };
        let place = found.file.at(found.object.node.span);
        Err(Stop::unknown(
            reference.span,
            format!("{object} is declared at {place}, and `tidegate.yaml` tells of it too: {told}"),
            "keep one of them: if the file is what the cluster has, remove it from `tidegate.yaml`",
        ))
    }
}

impl Known {
    pub(super) fn add(&mut self, objects: impl IntoIterator<Item = Declared>) {
        self.objects.extend(objects);
    }

    /// All that were read.
    pub(super) fn all(&self) -> impl Iterator<Item = &Declared> {
        self.objects.iter()
    }

    /// Whether a unit applies anything that was read, as it stands.
    #[must_use]
    pub fn has_any_of(&self, unit: &str) -> bool {
        let mut all = self.objects.iter();
        all.any(|one| {
            one.passed_over.is_none()
                && one.changed_by.as_ref().map(|it| &it.by) != Some(&one.file.path)
                && one.applied_by.contains(unit)
        })
    }

    /// Notes what the units take.
    pub(super) fn give(&mut self, deployments: &[Deployment]) {
        for deployment in deployments {
            for (key, values) in &deployment.given {
                let all = self.given.entry(key.clone()).or_default();
                all.push((deployment.name.clone(), values.clone()));
            }
        }
    }

    /// What units take from an object, and their names; from one that leaves its namespace open, as if it were any.
    pub(super) fn given(&self, object: &ObjectRef) -> impl Iterator<Item = &Given> {
        let is_it = move |key: &str| {
            let mut parts = key.splitn(3, '/');
            let (kind, namespace, name) = (parts.next(), parts.next(), parts.next());
            let is_there = |own: &String| namespace == Some(own);
            object.group().is_empty()
                && (kind, name) == (Some(&object.kind), Some(&object.name))
                && object.namespace.as_ref().is_none_or(is_there)
        };
        let given = self.given.iter().filter(move |(key, _)| is_it(key));
        given.flat_map(|(_, units)| units)
    }

    /// The object of that group, kind and name; one that leaves its namespace open stands for any.
    pub(super) fn find(
        &self,
        group: &str,
        kind: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> Lookup<'_> {
        let found: Vec<&Declared> = self.alike(group, kind, namespace, name).collect();
        match found.as_slice() {
            [] => Lookup::None,
            [one] => Lookup::One(one),
            _ => Lookup::Several(found),
        }
    }

    /// Whether an `ApplicationSet` is applied.
    #[must_use]
    pub fn has_set(&self, set: &MakingSet) -> bool {
        self.sets(set).next().is_some()
    }

    /// Whether an `ApplicationSet` is applied and says what it said.
    #[must_use]
    pub fn has_same_set(&self, set: &MakingSet) -> bool {
        self.sets(set)
            .any(|one| spec_of(&one.object.node) == set.spec)
    }

    fn sets(&self, set: &MakingSet) -> impl Iterator<Item = &Declared> {
        let (group, kind) = ("argoproj.io", "ApplicationSet");
        let found = self.alike(group, kind, set.namespace.as_deref(), &set.name);
        found.filter(|one| one.passed_over.is_none())
    }

    /// All objects that may be the one of that group, kind and name.
    pub(super) fn alike<'k>(
        &'k self,
        group: &str,
        kind: &str,
        namespace: Option<&str>,
        name: &str,
    ) -> impl Iterator<Item = &'k Declared> {
        let fits = move |found: &&Declared| {
            let reference = &found.object.reference;
            let place = (reference.namespace.as_deref(), namespace);
            let coincide = matches!(place, (None, _) | (_, None)) || place.0 == place.1;
            (
                reference.group(),
                reference.kind.as_str(),
                reference.name.as_str(),
            ) == (group, kind, name)
                && coincide
        };
        self.objects.iter().filter(fits)
    }
}
