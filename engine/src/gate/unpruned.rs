//! Deployments that go from the tree and stay in the cluster, since what applies them deletes nothing: there they go on
//! deploying their folders, which no unit holds any more.
//! Reads no file.

use std::collections::BTreeSet;
use std::fmt;

use miette::Diagnostic;

use super::deployed::Declared;
use crate::sources::{Deployment, Kind, MakingSet, Place};

/// A deployment that goes from the tree and stays in the cluster.
#[derive(Clone, Debug, thiserror::Error)]
#[error(
    "{place}: the {kind} `{name}` goes from the tree and stays in the cluster, where it goes on deploying what nobody judges any more: {why}"
)]
pub struct Unpruned {
    /// Its unit.
    pub(super) unit: String,
    /// The units that apply it.
    applied_by: BTreeSet<String>,
    place: Box<Place>,
    kind: Kind,
    name: String,
    why: Box<Why>,
}

impl Unpruned {
    /// Whether a unit cannot be judged for it: the unit that goes, or one that should delete it.
    pub(super) fn concerns(&self, unit: &str) -> bool {
        self.unit == unit || self.applied_by.contains(unit)
    }
}

impl Diagnostic for Unpruned {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new("source::unpruned"))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let rest = match self.kind {
            Kind::Application => "remove `syncPolicy.automated` from it",
            Kind::Kustomization | Kind::HelmRelease => "set `suspend: true` in it",
        };
        let name = &self.name;
        Some(Box::new(format!(
            "keep `{name}` for now, and take it away by a later change: {}, or {rest}, and let that be applied first",
            self.why.remedy(self.kind)
        )))
    }
}

/// Why it stays.
#[derive(Clone, Debug)]
enum Why {
    /// Its own object says so.
    Own(&'static str),
    /// So does what applies it, or the set that makes it.
    Other {
        kind: &'static str,
        name: String,
        place: Place,
        why: &'static str,
        /// That goes as well.
        goes: bool,
    },
}

impl Why {
    fn remedy(&self, of: Kind) -> String {
        match self {
            Self::Own(_) => "remove what keeps it".to_owned(),
            Self::Other {
                kind: "ApplicationSet",
                name,
                ..
            } => format!("remove `applicationsSync` from `{name}`"),
            Self::Other { name, goes, .. } => match (of, goes) {
                (Kind::Application, false) => {
                    format!("let `{name}` prune (`syncPolicy: {{automated: {{prune: true}}}}`)")
                }
                (Kind::Application, true) => {
                    format!("give `{name}` the finalizer `resources-finalizer.argocd.argoproj.io`")
                }
                (Kind::Kustomization | Kind::HelmRelease, _) => {
                    format!(
                        "let `{name}` prune (`prune: true`, and neither suspended nor with another `deletionPolicy`)"
                    )
                }
            },
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Own(why) => f.write_str(why),
            Self::Other {
                kind,
                name,
                place,
                why,
                goes,
            } => {
                let goes = if *goes { "goes as well and " } else { "" };
                let does = match *kind {
                    "ApplicationSet" => "makes",
                    _ => "applies",
                };
                write!(
                    f,
                    "the {kind} `{name}` ({place}), which {does} it, {goes}{why}"
                )
            }
        }
    }
}

/// What goes between two states of an environment, and stays in the cluster.
pub(super) fn unpruned(base: &[Declared], head: &[Declared]) -> Vec<Unpruned> {
    let states = States { base, head };
    let gone = base.iter().filter_map(|declared| {
        let deployment = declared.unit.deployment.as_ref()?;
        let is_there = at(head, |it| is_same(it, deployment)).is_some();
        (!is_there).then_some((declared, deployment))
    });
    let unpruned = gone.filter_map(|(declared, deployment)| {
        Some(Unpruned {
            unit: declared.unit.name.clone(),
            applied_by: deployment.prune.applied_by.clone(),
            place: Box::new(deployment.place.clone()),
            kind: deployment.kind,
            name: deployment.name.clone(),
            why: Box::new(states.why(deployment)?),
        })
    });
    unpruned.collect()
}

/// An environment before and after a change.
struct States<'s> {
    base: &'s [Declared],
    head: &'s [Declared],
}

impl States<'_> {
    /// Why one that goes stays in the cluster, and deploys there; nothing where it is deleted, or where nothing of the
    /// tree applies it.
    fn why(&self, gone: &Deployment) -> Option<Why> {
        let prune = &gone.prune;
        if let Some(set) = prune.set.as_ref().filter(|set| self.has_set(set)) {
            let why = set.leaves.filter(|_| !prune.is_at_rest)?;
            return Some(Why::Other {
                kind: "ApplicationSet",
                name: set.name.clone(),
                place: gone.place.clone(),
                why,
                goes: false,
            });
        }
        let appliers = prune.applied_by.iter();
        let mut appliers = appliers.filter_map(|unit| at(self.base, |it| it.unit == *unit));
        appliers.find_map(|by| self.why_by(by, gone))
    }

    /// The same, as far as it is for one that applies it.
    fn why_by(&self, by: &Deployment, gone: &Deployment) -> Option<Why> {
        // What is suspended in the tree alone, and not in the cluster, is not at rest.
        let is_applied = by.kind == Kind::Application || !by.prune.is_at_rest;
        if gone.prune.is_at_rest && is_applied {
            return None;
        }
        let other = |by: &Deployment, why, goes| Why::Other {
            kind: by.kind.as_str(),
            name: by.name.clone(),
            place: by.place.clone(),
            why,
            goes,
        };
        if let Some(now) = at(self.head, |it| is_same(it, by)) {
            let leaves = |it: &Deployment| it.prune.leaves.map(|why| other(it, why, false));
            let own = gone.prune.stays.map(Why::Own);
            return own.or_else(|| leaves(now)).or_else(|| leaves(by));
        }
        // Whoever deletes an Application by hand says what becomes of what it applied.
        let is_by_hand = by.prune.applied_by.is_empty() && by.prune.set.is_none();
        if by.kind == Kind::Application && is_by_hand {
            return None;
        }
        let own = gone.prune.outlives.map(Why::Own);
        own.or_else(|| Some(other(by, by.prune.orphans?, true)))
    }

    /// Whether a set is there still.
    fn has_set(&self, set: &MakingSet) -> bool {
        let known = self.head.iter().find_map(|it| it.unit.told_from.as_ref());
        known.is_some_and(|known| known.has_set(set))
    }
}

fn at(units: &[Declared], is_it: impl Fn(&Deployment) -> bool) -> Option<&Deployment> {
    let mut deployments = units.iter().filter_map(|it| it.unit.deployment.as_ref());
    deployments.find(|it| is_it(it))
}

/// Whether both are one object of a cluster.
fn is_same(one: &Deployment, other: &Deployment) -> bool {
    let key = |it: &Deployment| (it.kind, it.namespace.clone(), it.name.clone());
    key(one) == key(other)
}
