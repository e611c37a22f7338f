//! What of an environment stays in the cluster as it was, by the states of the tree before and after a change.
//! Reads no file.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Event;
use super::otherwise::{deploys_otherwise, is_read_still, is_told_otherwise};
use super::why::{By, Then, Why, idle, other, pinned, pinned_by_itself, told};
use crate::gate::deployed::Declared;
use crate::sources::{Deployment, External, Kind, Known, MakingSet, Place, Prune, Standing};

/// An environment before and after a change.
pub(super) struct States<'s> {
    pub(super) base: &'s [Declared],
    pub(super) head: &'s [Declared],
    /// The branch that is judged.
    pub(super) branch: &'s str,
}

/// What may stay in the cluster.
#[derive(Clone, Copy)]
pub(super) struct Subject<'d> {
    pub(super) prune: &'d Prune,
    namespace: Option<&'d str>,
    pub(super) place: &'d Place,
}

impl<'d> From<&'d Deployment> for Subject<'d> {
    fn from(one: &'d Deployment) -> Self {
        Self {
            prune: &one.prune,
            namespace: one.namespace.as_deref(),
            place: &one.place,
        }
    }
}

impl<'d> From<&'d Standing> for Subject<'d> {
    fn from(one: &'d Standing) -> Self {
        Self {
            prune: &one.prune,
            namespace: one.namespace.as_deref(),
            place: &one.place,
        }
    }
}

impl States<'_> {
    /// Why one stays in the cluster as it was, though it is not so in the tree any more.
    pub(super) fn staying(&self, declared: &Declared, was: &Deployment) -> Option<(Event, Why)> {
        let Some((after, now)) = same(self.head, was) else {
            return Some((Event::Goes, self.why(was.into())?));
        };
        if let Some(left) = self.left(was.into(), now.into()) {
            return Some(left);
        }
        if let Some(why) = self.repinned(was.into(), now.into()) {
            return Some((Event::IsRepinned, why));
        }
        let comes_to_rest = now.prune.is_at_rest && !was.prune.is_at_rest;
        let reads_less = !is_read_still(&declared.unit, &after.unit);
        let is_told_otherwise = match self.applies_any(was) {
            true => is_told_otherwise(was, now),
            false => deploys_otherwise(was, now),
        };
        let is_other =
            reads_less || is_told_otherwise || (comes_to_rest && was.kind == Kind::Application);
        if !is_other {
            return None;
        }
        let why = self.why_resting(was.into(), now.into())?;
        Some((
            Event::Changes,
            match is_pinned_by_itself(was, now) {
                true => pinned_by_itself(was, self.branch),
                false => why,
            },
        ))
    }

    /// The objects that are no units and stay as they were, though they are not so in the tree any more.
    pub(super) fn standing(&self) -> Vec<(Standing, Event, Why)> {
        let all = |known: Option<&Known>| -> Vec<Standing> {
            known.map_or(Vec::new(), |known| known.standing().collect())
        };
        let (base, head) = (all(known(self.base)), all(known(self.head)));
        let staying = base.into_iter().filter_map(|was| {
            if is_unit(self.base, &was) {
                return None;
            }
            let now = head.iter().find(|it| it.is(&was));
            let (event, why) = match was.makes {
                true => self.staying_set(&was, now)?,
                false => self.changing(&was, now)?,
            };
            Some((was, event, why))
        });
        staying.collect()
    }

    fn staying_set(&self, was: &Standing, now: Option<&Standing>) -> Option<(Event, Why)> {
        let Some(now) = now else {
            return Some((Event::Goes, self.why(was.into())?));
        };
        if let Some(left) = self.left(was.into(), now.into()) {
            return Some(left);
        }
        if let Some(why) = self.repinned(was.into(), now.into()) {
            return Some((Event::IsRepinned, why));
        }
        if now.says_as(was) {
            return None;
        }
        Some((Event::Changes, self.why_resting(was.into(), now.into())?))
    }

    /// Why what others are told from does not change in the cluster.
    fn changing(&self, was: &Standing, now: Option<&Standing>) -> Option<(Event, Why)> {
        let is_given_anew = now.is_some_and(|now| now.is_given) && !was.is_given;
        let is_other = now.is_none_or(|now| !now.says_as(was));
        let counts = was.is_source || was.is_given || is_given_anew;
        if !counts {
            return None;
        }
        let (was, now) = (was.into(), now.unwrap_or(was).into());
        if let Some(why) = self.repinned(was, now) {
            return Some((Event::IsRepinned, why));
        }
        match is_other || is_given_anew {
            true => Some((Event::Changes, self.why_resting(was, now)?)),
            false => None,
        }
    }

    /// Why one comes from another revision of this repository than before: what applies it takes it from there.
    fn repinned(&self, was: Subject<'_>, now: Subject<'_>) -> Option<Why> {
        let mut pinning = applying(self.head, now).filter(|by| is_pinned(now, by));
        let by = pinning.find(|by| {
            let (before, after) = (same(self.base, by), same(self.head, by));
            let both = before.zip(after).filter(|((_, it), _)| is_pinned(was, it));
            both.is_none_or(|((before, _), (after, _))| !folders(before).eq(folders(after)))
        })?;
        Some(pinned(by, self.branch))
    }

    /// Why one that goes stays in the cluster, and deploys there; nothing where it is deleted, or where nothing of the
    /// tree applies it.
    fn why(&self, gone: Subject<'_>) -> Option<Why> {
        let prune = &gone.prune;
        if let Some(set) = prune.set.as_ref().filter(|set| self.has_set(set)) {
            let why = set.leaves.filter(|_| !prune.is_at_rest);
            let why = why.map(|why| {
                Why::Set(By {
                    name: set.name.clone(),
                    place: gone.place.clone(),
                    why,
                })
            });
            return why.or_else(|| self.why_resting(gone, gone));
        }
        let mut appliers = applying(self.base, gone);
        appliers.find_map(|by| self.why_by(by, gone))
    }

    /// The same, as far as it is for one that applies it.
    fn why_by(&self, by: &Deployment, gone: Subject<'_>) -> Option<Why> {
        if is_resting(gone, by) {
            return None;
        }
        if let Some((after, now)) = same(self.head, by) {
            if is_pinned(gone, by) {
                return Some(pinned(by, self.branch));
            }
            let then = match self.resting(by) {
                Some(_) => Then::Rests,
                None => Then::Stays,
            };
            let leaves = |it: &Deployment| {
                let unpruned = it.prune.leaves.map(|why| other(it, why, then));
                unpruned.or_else(|| idle(it))
            };
            let own = gone.prune.stays.map(Why::Own);
            let why = own.or_else(|| leaves(now)).or_else(|| leaves(by));
            return why.or_else(|| self.never(by, after, now));
        }
        // Whoever deletes an Application by hand says what becomes of what it applied.
        let is_by_hand = by.prune.applied_by.is_empty() && by.prune.set.is_none();
        if by.kind == Kind::Application && is_by_hand {
            return None;
        }
        let own = gone.prune.outlives.map(Why::Own);
        own.or_else(|| {
            let why = other(by, by.prune.orphans?, Then::Goes);
            Some(match &by.prune.set {
                Some(set) => told(
                    why,
                    format!(
                        "let `{}` make `{}` with the finalizer `resources-finalizer.argocd.argoproj.io`, and without `preserveResourcesOnDeletion`",
                        set.name, by.name
                    ),
                ),
                None => why,
            })
        })
    }

    /// Why one that deletes what goes from its folder does not do so this time.
    fn never(&self, by: &Deployment, after: &Declared, now: &Deployment) -> Option<Why> {
        let is_known = |it: &Declared| it.unit.unknown().next().is_none();
        let was_known = same(self.base, by).is_some_and(|(before, _)| is_known(before));
        if was_known && !is_known(after) {
            let remedy = format!("let `{}` name a folder that is there", now.name);
            return Some(told(other(now, NOT_KNOWN, Then::Stays), remedy));
        }
        let is_empty = || known(self.head).is_none_or(|known| !known.has_any_of(&now.unit));
        let empties = by.prune.empties && now.prune.empties;
        if now.kind != Kind::Application || empties || !is_empty() {
            return None;
        }
        let remedy = format!(
            "give `{0}` `allowEmpty: true` in `syncPolicy.automated`, or keep another Application or ConfigMap in it",
            now.name
        );
        Some(told(other(now, EMPTY, Then::Stays), remedy))
    }

    /// Why one stays where it was, if nothing applies it there any more.
    fn left(&self, was: Subject<'_>, now: Subject<'_>) -> Option<(Event, Why)> {
        let set = was.prune.set.as_ref();
        let is_made = set.is_none_or(|set| self.has_set(set));
        applying(self.base, was).find_map(|by| {
            let place = place_of(by, was);
            let mut appliers = applying(self.head, now);
            let is_there =
                |other: &Deployment| place_of(other, now) == place && self.arrives(other);
            let after = same(self.head, by).map(|(_, after)| after);
            // What is taken from another revision goes on being applied as it is there, whoever else applies it.
            let insists = is_pinned(was, by)
                && after.is_some_and(|after| !now.prune.applied_by.contains(&after.unit));
            if is_made && !insists && appliers.any(is_there) {
                return None;
            }
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

    /// Why a change of one does not come to the cluster: all that applies it is at rest, or any of that takes it from another
    /// revision and goes on applying what it says there.
    fn why_resting(&self, was: Subject<'_>, now: Subject<'_>) -> Option<Why> {
        // The controller of a set makes what that says of the files as they are.
        let set = was.prune.set.as_ref();
        if set.is_some_and(|set| self.has_same_set(set)) {
            return None;
        }
        let all = || applying(self.base, was).chain(applying(self.head, now));
        if let Some(by) = all().find(|by| is_pinned(was, by) || is_pinned(now, by)) {
            return Some(pinned(by, self.branch));
        }
        if applying(self.head, now).any(|by| self.resting(by).is_none() && self.arrives(by)) {
            return None;
        }
        let mut all = all();
        all.find_map(|by| {
            let resting = self.resting(by)?;
            let before = same(self.base, by).map_or(by, |(_, before)| before);
            idle(resting).filter(|_| !is_resting(was, before))
        })
    }

    /// One that applies others, as it is at rest in either state.
    fn resting<'d>(&'d self, by: &'d Deployment) -> Option<&'d Deployment> {
        let both = [same(self.base, by), same(self.head, by)];
        let mut both = both.into_iter().flatten().map(|(_, it)| it);
        both.find(|it| it.prune.idle.is_some())
    }

    /// Whether one of head comes to the cluster, if it is not there: nobody is told to apply it, or one that does so.
    fn arrives(&self, new: &Deployment) -> bool {
        let (mut next, mut seen) = (vec![new], BTreeSet::new());
        while let Some(one) = next.pop() {
            if same(self.base, one).is_some() || one.prune.applied_by.is_empty() {
                return true;
            }
            if seen.insert(one.unit.as_str()) {
                let by = applying(self.head, one.into());
                let brings =
                    |by: &&Deployment| self.resting(by).is_none() && !is_pinned(one.into(), by);
                next.extend(by.filter(brings));
            }
        }
        false
    }

    /// Whether one applies others, in either state.
    fn applies_any(&self, by: &Deployment) -> bool {
        let mut all = self.deployments();
        all.any(|(_, it)| it.prune.applied_by.contains(&by.unit))
    }

    /// Whether a set is there still.
    fn has_set(&self, set: &MakingSet) -> bool {
        known(self.head).is_some_and(|known| known.has_set(set))
    }

    /// Whether it says what it said.
    fn has_same_set(&self, set: &MakingSet) -> bool {
        known(self.head).is_some_and(|known| known.has_same_set(set))
    }
}

/// What a state is told from.
fn known(units: &[Declared]) -> Option<&Known> {
    units.iter().find_map(|it| it.unit.told_from.as_deref())
}

/// Whether an object is a unit of a state.
fn is_unit(units: &[Declared], one: &Standing) -> bool {
    let mut all = units.iter().filter_map(|it| it.unit.deployment.as_ref());
    all.any(|it| {
        (it.kind.as_str(), &it.name, &it.namespace) == (&*one.kind, &one.name, &one.namespace)
    })
}

/// What applies one, of a state.
fn applying<'d>(units: &'d [Declared], one: Subject<'d>) -> impl Iterator<Item = &'d Deployment> {
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
fn is_resting(one: Subject<'_>, by: &Deployment) -> bool {
    one.prune.is_at_rest
        && !is_pinned(one, by)
        && (by.kind == Kind::Application || by.prune.idle.is_none())
}

/// Whether one is taken from another revision by what applies it.
fn is_pinned(one: Subject<'_>, by: &Deployment) -> bool {
    one.prune.pinned_by.contains(&by.unit)
}

/// Whether nothing but itself takes it from another revision.
fn is_pinned_by_itself(was: &Deployment, now: &Deployment) -> bool {
    let mut by = was.prune.pinned_by.iter().chain(&now.prune.pinned_by);
    was.prune.pinned_by.contains(&was.unit) && by.all(|by| *by == was.unit)
}

/// The folders of repositories that a unit takes at a revision of its own.
fn folders(unit: &Declared) -> impl Iterator<Item = &External> {
    unit.unit.external().filter(|it| it.chart.is_none())
}

/// Where one puts the object of another.
fn place_of(by: &Deployment, one: Subject<'_>) -> Vec<Option<Value>> {
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

const NOT_KNOWN: &str =
    "is not known any more, as where its folder is not there, and deletes nothing then";
const EMPTY: &str =
    "has no `allowEmpty: true`, without which Argo CD does not delete all that it applied";
const ELSEWHERE: &str = "deletes nothing where it applies no more";
