//! The objects that were found, and what the deployments whose folders hold them make of them: one that comes to be another
//! deployment takes its objects anew. Reads no file.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::{Node, NodeValue, Role, role_of_name};
use crate::model::{RepoPath, Span};
use crate::render::Tool;
use crate::sources::changes::Changer;
use crate::sources::deployment::{Deployment, Source};
use crate::sources::kept::is_kept_back;
use crate::sources::known::{Declared, Known};

/// All objects that were found.
#[derive(Default)]
pub(super) struct Objects {
    found: Vec<Found>,
    /// By where they stand: a file, and the bytes of an object in it.
    places: BTreeMap<(RepoPath, Span), usize>,
    /// What selected kustomizations list: an object of the same name elsewhere may not be what is applied.
    listed: Vec<Declared>,
    known: Known,
    /// Another one takes an object, or none any more, since that was last asked.
    is_taken_anew: bool,
}

/// An object that was found.
#[derive(Default)]
pub(super) struct Found {
    /// As the files that the environment selects say it.
    selected: Option<Declared>,
    /// What deployments make of it, by what tells them apart.
    taken: BTreeMap<String, Taken>,
    /// Why nobody applies it.
    passed_over: Option<String>,
    /// As it was when it was seen to be another one each time.
    unsettled: Option<Declared>,
    /// As it is applied.
    applied: Option<Declared>,
    /// It was applied once.
    is_known: bool,
}

/// What a deployment makes of an object.
struct Taken {
    unit: String,
    at: At,
    one: Declared,
}

/// Which revision of this repository a deployment takes an object from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum At {
    /// The one that is judged.
    TheJudged,
    /// Another one, which may have it otherwise, or not at all.
    Another,
}

/// What became of the objects since it was last asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Since {
    /// They are what they were.
    Same,
    /// Some are others.
    Otherwise,
    /// There are more.
    More,
}

/// Whether an object may still come to be another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Patience {
    Left,
    /// What is still changing never ends to.
    Over,
}

impl Objects {
    /// Of which some are listed by selected kustomizations.
    pub(super) fn new(listed: Vec<Declared>) -> Self {
        Self {
            listed,
            ..Self::default()
        }
    }

    /// What all units are told from.
    pub(super) const fn known(&self) -> &Known {
        &self.known
    }

    /// The same, with what applies each.
    pub(super) fn into_known(mut self) -> Known {
        self.know();
        self.known
    }

    /// As they are applied, each with what applies it.
    pub(super) fn applied(&self) -> impl Iterator<Item = (&Declared, Parents<'_>)> {
        let found = self.found.iter();
        found.filter_map(|found| Some((found.applied.as_ref()?, Parents(found))))
    }

    pub(super) fn select(&mut self, one: Declared) {
        let one = self.heeding(one);
        let found = self.at(&one);
        found.selected = Some(one);
    }

    /// What the deployment `by` makes of an object for its unit.
    pub(super) fn take(&mut self, by: &str, (unit, at): (&str, At), one: Declared) {
        let one = self.heeding(one);
        let found = self.at(&one);
        let before = found.taken.get(by).map(|it| it.at);
        let taken = Taken {
            unit: unit.to_owned(),
            at: before.map_or(at, |before| before.max(at)),
            one,
        };
        found.taken.insert(by.to_owned(), taken);
        self.is_taken_anew = true;
    }

    /// Whether what applies the objects is not what it was when this was last asked.
    pub(super) const fn is_taken_anew(&mut self) -> bool {
        std::mem::replace(&mut self.is_taken_anew, false)
    }

    /// The deployment `by` is gone, or takes its objects anew.
    pub(super) fn leave(&mut self, by: &str) {
        for found in &mut self.found {
            self.is_taken_anew |= found.taken.remove(by).is_some();
        }
    }

    /// Tells anew what is applied.
    pub(super) fn settle(&mut self, patience: Patience) -> Since {
        let all = self.found.iter_mut().map(|found| found.settle(patience));
        let since = all.max().unwrap_or(Since::Same);
        if since != Since::Same {
            self.know();
        }
        since
    }

    fn know(&mut self) {
        self.known = Known::default();
        let applied = self.found.iter().filter_map(|found| {
            Some(Declared {
                applied_by: Parents(found).units(),
                pinned_by: Parents(found).pinned(),
                ..found.applied.clone()?
            })
        });
        self.known.add(applied);
    }

    fn at(&mut self, one: &Declared) -> &mut Found {
        let place = (one.file.path.clone(), one.object.node.span);
        let next = self.found.len();
        let at = *self.places.entry(place).or_insert(next);
        if at >= next {
            self.found.push(Found::default());
        }
        #[expect(
            clippy::indexing_slicing,
            reason = "`places` holds places of `found` alone, which only grows"
        )]
        &mut self.found[at]
    }

    /// The same, changed by what says so of it.
    fn heeding(&self, mut one: Declared) -> Declared {
        let by = self.listed_otherwise(&one);
        let kept_back = is_kept_back(&one.object);
        let by = by.or_else(|| kept_back.then(|| one.file.path.clone()));
        one.changed_by = one.changed_by.or_else(|| by.map(Changer::from));
        one
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

    /// Notes what others are told from and no deployment takes, where one should: it lies in the folder of one, or the
    /// environment deploys itself. Whether there is more of it than before.
    pub(super) fn pass_over(&mut self, deployments: &[Deployment]) -> bool {
        let deployers = || self.found.iter().filter(|found| found.is_deployer());
        let deploys_itself = deployers().any(Found::is_taken);
        // What lies beside a Kustomization that nobody takes is applied with it, by hand.
        let by_hand = deployers().filter(|found| !found.is_taken());
        let by_hand: Vec<RepoPath> = by_hand.filter_map(Found::folder).collect();
        let mut is_more = false;
        for found in &mut self.found {
            let is_taken = found.is_taken();
            let Some(declared) = &mut found.applied else {
                continue;
            };
            if is_taken || declared.passed_over.is_some() || !tells(declared) {
                continue;
            }
            let around = deployments
                .iter()
                .find(|it| builds(it, &declared.file.path));
            found.passed_over = match around {
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
            declared.passed_over.clone_from(&found.passed_over);
            is_more |= found.passed_over.is_some();
        }
        if is_more {
            self.know();
        }
        is_more
    }
}

/// What applies an object.
pub(super) struct Parents<'o>(&'o Found);

impl Parents<'_> {
    /// The unit that alone holds it, if it is not selected.
    pub(super) fn alone(&self) -> Option<&str> {
        match &self.0.selected {
            Some(_) => None,
            None => self.0.takers().next().map(|it| it.unit.as_str()),
        }
    }

    /// All units that apply it.
    pub(super) fn units(&self) -> BTreeSet<String> {
        self.applying().map(|it| it.unit.clone()).collect()
    }

    /// Those of them that apply it as another revision has it.
    pub(super) fn pinned(&self) -> BTreeSet<String> {
        let pinned = self.applying().filter(|it| it.at == At::Another);
        pinned.map(|it| it.unit.clone()).collect()
    }

    fn applying(&self) -> impl Iterator<Item = &Taken> {
        self.0.takers().filter(|it| it.one.passed_over.is_none())
    }
}

impl Found {
    /// All that take it, first those that do so as it is judged.
    fn takers(&self) -> impl Iterator<Item = &Taken> {
        let at = |at: At| self.taken.values().filter(move |it| it.at == at);
        at(At::TheJudged).chain(at(At::Another))
    }

    /// Whether any of them does so as it is judged.
    fn is_taken(&self) -> bool {
        self.takers()
            .next()
            .is_some_and(|it| it.at == At::TheJudged)
    }

    fn folder(&self) -> Option<RepoPath> {
        let applied = self.applied.as_ref()?;
        Some(RepoPath::new(applied.file.path.parent()))
    }

    fn is_deployer(&self) -> bool {
        let reference = self.applied.as_ref().map(|it| &it.object.reference);
        reference.is_some_and(|it| (it.group(), it.kind.as_str()) == KUSTOMIZATION)
    }

    fn settle(&mut self, patience: Patience) -> Since {
        let applied = self.unsettled.clone().or_else(|| self.combined());
        let since = match (&self.applied, &applied) {
            (None, None) => Since::Same,
            (None, Some(_)) if !self.is_known => Since::More,
            (Some(was), Some(is)) if is_same(was, is) => Since::Same,
            _ => Since::Otherwise,
        };
        self.is_known |= applied.is_some();
        let was = self.applied.take();
        self.applied = match (since, patience) {
            (Since::Otherwise, Patience::Over) => {
                self.unsettled = was.or(applied).map(|mut it| {
                    it.changed_by = it.changed_by.or_else(|| Some(self.changing()?.into()));
                    it
                });
                self.unsettled.clone()
            }
            _ => applied,
        };
        since
    }

    /// What all that take it make of it together.
    fn combined(&self) -> Option<Declared> {
        let mut taken = self.takers();
        let Some(Taken {
            unit,
            one: first,
            at,
        }) = taken.next()
        else {
            let mut selected = self.selected.clone()?;
            selected.passed_over.clone_from(&self.passed_over);
            return Some(selected);
        };
        if *at == At::Another && self.selected.is_none() {
            return None;
        }
        let mut one = first.clone();
        if let Some(selected) = &self.selected {
            let own = &selected.object.reference.namespace;
            // The deployer fills in one that is not named.
            if own.is_some() && *own != first.object.reference.namespace {
                one = selected.clone();
                one.changed_by = one.changed_by.or_else(|| Some(named(unit).into()));
            }
            // What those make of it that take it is known; what other kustomizations would, does not count.
            let by = selected
                .changed_by
                .as_ref()
                .filter(|by| !is_passed(&by.by, selected));
            one.changed_by = one.changed_by.or_else(|| by.cloned());
        }
        for Taken {
            unit, one: other, ..
        } in taken
        {
            let by = match is_alike(first, other) {
                true => other.changed_by.clone(),
                false => Some(named(unit).into()),
            };
            one.changed_by = one.changed_by.or(by);
            one.given_by = one.given_by.or_else(|| other.given_by.clone());
            one.patched_in.extend(other.patched_in.iter().cloned());
        }
        if one.changed_by.is_some() {
            // Somebody applies it, as it is or otherwise.
            one.passed_over = None;
        }
        if !self.is_taken() {
            one.passed_over = one.passed_over.or_else(|| self.passed_over.clone());
        }
        Some(one)
    }

    /// One of those that take it, else where it stands itself.
    fn changing(&self) -> Option<RepoPath> {
        let unit = self.takers().next().map(|it| named(&it.unit));
        unit.or_else(|| Some(self.selected.as_ref()?.file.path.clone()))
    }
}

/// Whether what may change an object is a kustomization that lists it.
fn is_passed(by: &RepoPath, one: &Declared) -> bool {
    role_of_name(by) == Some(Role::Kustomization) && *by != one.file.path
}

/// A unit in the place of a file.
fn named(unit: &str) -> RepoPath {
    RepoPath::from(unit)
}

/// Whether nothing about an object is otherwise.
fn is_same(was: &Declared, is: &Declared) -> bool {
    was.object == is.object
        && was.changed_by == is.changed_by
        && was.given_by == is.given_by
        && was.passed_over == is.passed_over
        && was.patched_in == is.patched_in
}

/// Whether two make the same of an object, but for labels and annotations.
fn is_alike(one: &Declared, other: &Declared) -> bool {
    one.object.reference == other.object.reference
        && one.passed_over.is_some() == other.passed_over.is_some()
        && said(&one.object.node) == said(&other.object.node)
}

/// All that an object says beside its metadata.
fn said(node: &Node) -> Vec<(&str, serde_json::Value)> {
    let NodeValue::Mapping(entries) = &node.value else {
        return Vec::new();
    };
    let entries = entries.iter().filter(|entry| &*entry.key != "metadata");
    let mut said: Vec<_> = entries
        .map(|entry| (&*entry.key, entry.value.to_json()))
        .collect();
    said.sort_by_key(|(key, _)| *key);
    said
}

/// Whether others are told from an object what they deploy, and it deploys nothing itself.
fn tells(declared: &Declared) -> bool {
    let reference = &declared.object.reference;
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

/// What deploys folders of Flux.
const KUSTOMIZATION: (&str, &str) = ("kustomize.toolkit.fluxcd.io", "Kustomization");
