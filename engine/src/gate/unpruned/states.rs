//! What of an environment stays in the cluster as it was, by the states of the tree before and after a change.
//! Reads no file.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Event, Then, Why};
use crate::gate::deployed::Declared;
use crate::render::Tool;
use crate::sources::{Deployment, Kind, Local, MakingSet, ResolvedUnit};

/// An environment before and after a change.
pub(super) struct States<'s> {
    pub(super) base: &'s [Declared],
    pub(super) head: &'s [Declared],
}

impl States<'_> {
    /// Why one stays in the cluster as it was, though it is not so in the tree any more.
    pub(super) fn staying(&self, declared: &Declared, was: &Deployment) -> Option<(Event, Why)> {
        let Some((after, now)) = same(self.head, was) else {
            return Some((Event::Goes, self.why(was)?));
        };
        if let Some(left) = self.left(was, now) {
            return Some(left);
        }
        let comes_to_rest = now.prune.is_at_rest && !was.prune.is_at_rest;
        let reads_less = !is_read_still(&declared.unit, &after.unit);
        let is_other = reads_less
            || (comes_to_rest && was.kind == Kind::Application)
            || (is_told_otherwise(was, now) && self.applies_any(was));
        if !is_other {
            return None;
        }
        Some((Event::Changes, self.why_resting(was, now)?))
    }

    /// Why one that goes stays in the cluster, and deploys there; nothing where it is deleted, or where nothing of the
    /// tree applies it.
    fn why(&self, gone: &Deployment) -> Option<Why> {
        let prune = &gone.prune;
        if let Some(set) = prune.set.as_ref().filter(|set| self.has_set(set)) {
            let why = set.leaves.filter(|_| !prune.is_at_rest);
            let why = why.map(|why| Why::Other {
                kind: "ApplicationSet",
                name: set.name.clone(),
                place: gone.place.clone(),
                why,
                then: Then::Stays,
            });
            return why.or_else(|| self.why_resting(gone, gone));
        }
        let mut appliers = applying(self.base, gone);
        appliers.find_map(|by| self.why_by(by, gone))
    }

    /// The same, as far as it is for one that applies it.
    fn why_by(&self, by: &Deployment, gone: &Deployment) -> Option<Why> {
        if is_resting(gone, by) {
            return None;
        }
        if let Some((_, now)) = same(self.head, by) {
            let then = match self.resting(by) {
                Some(_) => Then::Rests,
                None => Then::Stays,
            };
            let leaves = |it: &Deployment| Some(other(it, it.prune.leaves?, then));
            let own = gone.prune.stays.map(Why::Own);
            return own.or_else(|| leaves(now)).or_else(|| leaves(by));
        }
        // Whoever deletes an Application by hand says what becomes of what it applied.
        let is_by_hand = by.prune.applied_by.is_empty() && by.prune.set.is_none();
        if by.kind == Kind::Application && is_by_hand {
            return None;
        }
        let own = gone.prune.outlives.map(Why::Own);
        own.or_else(|| Some(other(by, by.prune.orphans?, Then::Goes)))
    }

    /// Why one stays where it was, if nothing applies it there any more.
    fn left(&self, was: &Deployment, now: &Deployment) -> Option<(Event, Why)> {
        let set = was.prune.set.as_ref();
        let is_made = set.is_none_or(|set| self.has_set(set));
        applying(self.base, was).find_map(|by| {
            let place = place_of(by, was);
            let mut appliers = applying(self.head, now);
            let is_there =
                |other: &Deployment| place_of(other, now) == place && self.arrives(other);
            if is_made && appliers.any(is_there) {
                return None;
            }
            let after = same(self.head, by).map(|(_, after)| after);
            match after.filter(|after| now.prune.applied_by.contains(&after.unit)) {
                // Neither Flux nor Argo CD deletes anything where it does not deploy any more.
                Some(after) if place_of(after, now) != place => {
                    let why = || other(after, ELSEWHERE, Then::Stays);
                    (!is_resting(was, by)).then(|| (Event::IsMoved, why()))
                }
                _ => Some((Event::IsLeft, self.why_by(by, was)?)),
            }
        })
    }

    /// Why a change of one does not come to the cluster: all that applies it is at rest.
    fn why_resting(&self, was: &Deployment, now: &Deployment) -> Option<Why> {
        // The controller of a set makes what that says of the files as they are.
        let set = was.prune.set.as_ref();
        if set.is_some_and(|set| self.has_same_set(set)) {
            return None;
        }
        if applying(self.head, now).any(|by| self.resting(by).is_none() && self.arrives(by)) {
            return None;
        }
        let mut all = applying(self.base, was).chain(applying(self.head, now));
        all.find_map(|by| {
            let resting = self.resting(by)?;
            let before = same(self.base, by).map_or(by, |(_, before)| before);
            let why = match resting.kind {
                Kind::Application => "has no `syncPolicy.automated`",
                Kind::Kustomization | Kind::HelmRelease => "is suspended",
            };
            (!is_resting(was, before)).then(|| other(resting, why, Then::Rests))
        })
    }

    /// One that applies others, as it is at rest in either state.
    fn resting<'d>(&'d self, by: &'d Deployment) -> Option<&'d Deployment> {
        let both = [same(self.base, by), same(self.head, by)];
        let mut both = both.into_iter().flatten().map(|(_, it)| it);
        both.find(|it| it.prune.is_at_rest)
    }

    /// Whether one of head comes to the cluster, if it is not there: nobody is told to apply it, or one that does so.
    fn arrives(&self, new: &Deployment) -> bool {
        let (mut next, mut seen) = (vec![new], BTreeSet::new());
        while let Some(one) = next.pop() {
            if same(self.base, one).is_some() || one.prune.applied_by.is_empty() {
                return true;
            }
            if seen.insert(one.unit.as_str()) {
                let by = applying(self.head, one);
                next.extend(by.filter(|by| self.resting(by).is_none()));
            }
        }
        false
    }

    /// Whether one applies others, in either state.
    fn applies_any(&self, by: &Deployment) -> bool {
        let mut all = self.base.iter().chain(self.head);
        all.any(|it| {
            let deployment = it.unit.deployment.as_ref();
            deployment.is_some_and(|it| it.prune.applied_by.contains(&by.unit))
        })
    }

    /// Whether a set is there still.
    fn has_set(&self, set: &MakingSet) -> bool {
        let known = self.head.iter().find_map(|it| it.unit.told_from.as_ref());
        known.is_some_and(|known| known.has_set(set))
    }

    /// Whether it says what it said.
    fn has_same_set(&self, set: &MakingSet) -> bool {
        let known = self.head.iter().find_map(|it| it.unit.told_from.as_ref());
        known.is_some_and(|known| known.has_same_set(set))
    }
}

/// What applies one, of a state.
fn applying<'d>(
    units: &'d [Declared],
    one: &'d Deployment,
) -> impl Iterator<Item = &'d Deployment> {
    let units = match one.prune.applied_by.is_empty() {
        true => &[],
        false => units,
    };
    let all = units.iter().filter_map(|it| it.unit.deployment.as_ref());
    all.filter(|it| one.prune.applied_by.contains(&it.unit))
}

/// The same object in a state.
fn same<'d>(units: &'d [Declared], one: &Deployment) -> Option<(&'d Declared, &'d Deployment)> {
    let mut all = units
        .iter()
        .filter_map(|it| Some((it, it.unit.deployment.as_ref()?)));
    all.find(|(_, it)| it.name == one.name && it.kind == one.kind && it.namespace == one.namespace)
}

/// Whether one is at rest in the cluster, too. What is suspended in the tree alone is not.
fn is_resting(one: &Deployment, by: &Deployment) -> bool {
    one.prune.is_at_rest && (by.kind == Kind::Application || !by.prune.is_at_rest)
}

/// Where one puts the object of another.
fn place_of(by: &Deployment, one: &Deployment) -> Vec<Option<Value>> {
    let at = |pointer: &str| by.description.pointer(pointer).cloned();
    let mut place = vec![
        at("/kubeConfig"),
        at("/destination/server"),
        at("/destination/name"),
    ];
    if one.namespace.is_none() {
        place.extend([at("/destination/namespace"), at("/targetNamespace")]);
    }
    place
}

/// Whether one that applies others does so otherwise.
fn is_told_otherwise(was: &Deployment, now: &Deployment) -> bool {
    let flags = |it: &Deployment| (it.prune.leaves, it.prune.orphans, it.prune.is_at_rest);
    was.description != now.description || flags(was) != flags(now)
}

/// Whether a unit is told to read all that it was told to read of this repository.
fn is_read_still(was: &ResolvedUnit, now: &ResolvedUnit) -> bool {
    let mut all = was.local();
    let is_there = all.all(|was| now.local().any(|now| holds(now, was)));
    is_there && named(was).is_subset(&named(now))
}

/// Whether one folder is another one, with all files that count of that. What renders it, its files say.
fn holds(now: &Local, was: &Local) -> bool {
    let ignored = |local: &Local| match local.render.as_ref().map(|it| &it.tool) {
        Some(Tool::Kustomize(options)) => options.ignore.clone(),
        Some(Tool::Helm(_)) | None => Vec::new(),
    };
    let is_rendered = was.render.is_some() || now.render.is_some();
    now.folder == was.folder
        && (is_rendered || now.directory == was.directory)
        && (ignored(now).is_empty() || ignored(now) == ignored(was))
}

/// The files and components that a unit is told of.
fn named(unit: &ResolvedUnit) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for rendering in unit.renderings() {
        match &rendering.tool {
            Tool::Helm(helm) => {
                let given = helm.file_parameters.iter().map(|(_, file)| file);
                let files = helm.value_files.iter().chain(given);
                named.extend(files.map(ToString::to_string));
            }
            Tool::Kustomize(options) => named.extend(options.components.iter().cloned()),
        }
    }
    let external = unit.external().flat_map(|it| &it.value_files);
    named.extend(external.map(ToString::to_string));
    named
}

/// Puts an applier between an object and a reason.
fn other(by: &Deployment, why: &'static str, then: Then) -> Why {
    Why::Other {
        kind: by.kind.as_str(),
        name: by.name.clone(),
        place: by.place.clone(),
        why,
        then,
    }
}

const ELSEWHERE: &str = "deletes nothing where it applies no more";
