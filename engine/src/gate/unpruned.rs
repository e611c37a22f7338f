//! Deployments, and what they are told from, that the tree has no more, or has otherwise, and that stay in the cluster as they
//! are, since what applies them deletes nothing or is at rest: there folders go on being deployed that no unit holds any more.
//! Reads no file.

mod concerned;
mod otherwise;
mod states;
mod why;

use std::fmt;

use miette::Diagnostic;

use self::states::States;
use self::why::Why;
use super::deployed::Declared;
use crate::sources::{Kind, Place};

/// A deployment that stays in the cluster as it was.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{place}: the {kind} `{name}` {event}: {why}")]
pub struct Unpruned {
    /// Its unit.
    unit: Box<str>,
    /// The units that cannot be judged for it.
    concerned: Box<[String]>,
    place: Box<Place>,
    kind: Box<str>,
    name: Box<str>,
    /// How it is stopped itself, where it can be, in words.
    stop: Option<&'static str>,
    event: Event,
    why: Box<Why>,
}

/// What becomes of it in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Event {
    /// It has no object any more.
    Goes,
    /// What applied it applies it there no more.
    IsLeft,
    /// What applies it does so elsewhere from now on.
    IsMoved,
    /// It is told otherwise.
    Changes,
    /// What applies it takes it from another revision than before.
    IsRepinned,
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::Goes => "goes from the tree and stays in the cluster",
            Self::IsLeft => "is applied no more and stays in the cluster as it was",
            Self::IsMoved => "is applied elsewhere from now on and stays in the cluster as it was",
            Self::Changes => "changes in the tree and stays in the cluster as it was",
            Self::IsRepinned => {
                return f.write_str("comes from another revision from now on, which nobody judges");
            }
        };
        write!(
            f,
            "{what}, where it goes on deploying what nobody judges any more"
        )
    }
}

impl Unpruned {
    pub(super) fn unit(&self) -> &str {
        &self.unit
    }

    /// Whether a unit cannot be judged for it: the unit that goes, or one that should delete it.
    pub(super) fn concerns(&self, unit: &str) -> bool {
        self.concerned.iter().any(|it| it == unit)
    }
}

impl Diagnostic for Unpruned {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new("source::unpruned"))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let name = &self.name;
        let remedy = self.why.remedy(self.event);
        let stop = self.stop.filter(|_| !self.why.is_resting());
        let rest = stop.map_or(String::new(), |stop| format!(", or {stop}"));
        Some(Box::new(match self.event {
            Event::Changes if self.why.is_persisting() => remedy,
            Event::Changes => format!(
                "leave `{name}` as it is for now, and change it by a later change: {remedy}, and let that be applied first"
            ),
            Event::IsRepinned => format!("{remedy}, so that it applies what is judged"),
            Event::IsMoved => format!("{remedy}{rest}, and let that be applied first"),
            Event::Goes | Event::IsLeft => format!(
                "keep `{name}` for now, and take it away by a later change: {remedy}{rest}, and let that be applied first"
            ),
        }))
    }
}

/// What stays in the cluster as it was, of two states of an environment on that branch.
pub(super) fn unpruned((base, head): (&[Declared], &[Declared]), branch: &str) -> Vec<Unpruned> {
    let states = States { base, head, branch };
    let deployments = base.iter().filter_map(|declared| {
        let deployment = declared.unit.deployment.as_ref()?;
        // What is of elsewhere counts for what it applies, and for what it takes from here.
        let is_bare = declared.is_foreign() && !deployment.takes_values;
        if is_bare && !states.applies_judged(&declared.unit.name) {
            return None;
        }
        let (event, why) = states.staying(declared, deployment)?;
        let unit = declared.unit.name.as_str();
        Some(Unpruned {
            unit: unit.into(),
            concerned: states
                .concerned(unit, deployment.into())
                .into_iter()
                .collect(),
            place: Box::new(deployment.place.clone()),
            kind: deployment.kind.to_string().into(),
            name: deployment.name.as_str().into(),
            stop: Some(match deployment.kind {
                Kind::Application => "remove `syncPolicy.automated` from it",
                Kind::Kustomization | Kind::HelmRelease => SUSPEND,
            }),
            event,
            why: Box::new(why),
        })
    });
    let objects = states.standing().into_iter().map(|(one, event, why)| {
        // No unit has a name of two words.
        let unit = format!("{} {}", one.kind, one.name);
        Unpruned {
            concerned: states.concerned(&unit, (&one).into()).into_iter().collect(),
            unit: unit.into(),
            place: Box::new(one.place),
            stop: (one.kind == Kind::HelmRelease.as_str()).then_some(SUSPEND),
            kind: one.kind.into(),
            name: one.name.into(),
            event,
            why: Box::new(why),
        }
    });
    deployments.chain(objects).collect()
}

const SUSPEND: &str = "set `suspend: true` in it";
