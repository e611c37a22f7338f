//! Whether somebody signed that an object was taken back from the image which the change gives it to the one that it had.
//! Knows no signature; which lack is denied where, policies say.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::pressing::Most;
use crate::change::Change;
use crate::facts::Context;
use crate::facts::backups::spelt;
use crate::facts::evidence::{OfObject, Outcome, RollbackTest, Witnessed};
use crate::facts::freeze::Tiers;
use crate::facts::images::replaced::{Replaced, replaced};
use crate::model::{Digest, ObjectRef, RiskTier, Stage};

/// The part of the settings of `rollback-readiness` that the fact needs.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    stages: BTreeSet<Stage>,
    pub(super) within: i64,
    /// How many seconds before a freeze less is allowed.
    pub(super) near: i64,
    /// How many seconds ago it may have been then.
    pub(super) near_within: i64,
    /// Where what takes away needs a restore test.
    restore_stages: BTreeSet<Stage>,
    /// Where there must be a state to go back to.
    target_stages: BTreeSet<Stage>,
}

/// An image that an object gets instead of another, and whether going back was tried.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Rehearsal {
    /// The change that brings it.
    pub change: usize,
    /// Where it stands.
    pub pointer: String,
    /// What is known of going back.
    pub state: State,
    /// The same for people, behind a name.
    pub text: String,
    /// How long it took; absent where nobody did it in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
    /// The statement that counts; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub evidence: Option<Digest>,
    /// Who signed it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub signers: Vec<String>,
    /// The first instant at which it is too old.
    #[serde(skip)]
    until: Option<Timestamp>,
}

/// What is known of going back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Somebody did, in time.
    Rehearsed,
    /// Nobody did, or it failed.
    Missing,
    /// Somebody did, too long ago.
    Stale,
}

impl Rules {
    /// Takes what it needs of the settings of `rollback-readiness`, as they are with all defaults.
    #[must_use]
    pub fn of_settings(settings: &Value) -> Self {
        let stages = |key: &str| {
            let stages = settings.get(key).and_then(Value::as_array);
            let stages = stages.into_iter().flatten();
            stages
                .filter_map(|stage| serde::Deserialize::deserialize(stage).ok())
                .collect()
        };
        let days = |pointer: &str| {
            let days = settings.pointer(pointer).and_then(Value::as_i64);
            days.unwrap_or(0).saturating_mul(24 * 60 * 60)
        };
        Self {
            stages: stages("rehearsal-stages"),
            within: days("/rehearsal-within-days"),
            near: days("/pre-freeze/days"),
            near_within: days("/pre-freeze/rehearsal-within-days"),
            restore_stages: stages("restore-stages"),
            target_stages: stages("target-stages"),
        }
    }

    /// Whether going back must have been tried in an environment of a stage; where that is not known, if anywhere.
    #[must_use]
    pub fn asks_in(&self, stage: Option<Stage>) -> bool {
        is_among(&self.stages, stage)
    }

    /// Whether there must be a state to go back to in an environment of a stage; where that is not known, if anywhere.
    #[must_use]
    pub fn targets_in(&self, stage: Option<Stage>) -> bool {
        is_among(&self.target_stages, stage)
    }

    /// Whether what takes away needs a restore test of each database in an environment of a stage; where that is not
    /// known, if anywhere.
    #[must_use]
    pub fn restores_in(&self, stage: Option<Stage>) -> bool {
        is_among(&self.restore_stages, stage)
    }
}

fn is_among(stages: &BTreeSet<Stage>, stage: Option<Stage>) -> bool {
    match stage {
        Some(stage) => stages.contains(&stage),
        None => !stages.is_empty(),
    }
}

/// Every image that takes the place of another; none where going back need not have been tried.
pub(super) fn rehearsals(context: &Context<'_>) -> Vec<Rehearsal> {
    if !context.ways_back.asks_in(context.stage()) {
        return Vec::new();
    }
    let most = Most::of(context);
    let changes = context.changes.iter().enumerate();
    let all = changes.flat_map(|(index, change)| of_change(index, change, (context, &most)));
    all.collect()
}

/// When the first of them is too old, where the change is so risky that it matters.
pub(super) fn until(context: &Context<'_>, rehearsals: &[Rehearsal]) -> Option<Timestamp> {
    let asked = match context.tiers {
        Tiers::Unknown => true,
        Tiers::Known { all, .. } => all >= RiskTier::High,
        Tiers::Unchanged => false,
    };
    let untils = rehearsals.iter().filter_map(|one| one.until);
    untils.min().filter(|_| asked)
}

fn of_change(
    index: usize,
    change: &Change,
    (context, most): (&Context<'_>, &Most),
) -> Vec<Rehearsal> {
    let around = (context.head, context.base);
    let replaced = replaced(change, context.images, around).into_iter();
    let rehearsals = replaced.map(|image| {
        let said = Said {
            object: &change.object,
            image: &image,
            context,
            most,
        };
        let mut rehearsal = said.rehearsal();
        rehearsal.change = index;
        rehearsal
    });
    rehearsals.collect()
}

/// What is said of one image.
struct Said<'a> {
    object: &'a ObjectRef,
    image: &'a Replaced,
    context: &'a Context<'a>,
    most: &'a Most,
}

impl Said<'_> {
    fn rehearsal(&self) -> Rehearsal {
        let new = match self.image.new.as_deref() {
            Some(new) if !self.image.old.is_empty() => new,
            new => {
                let which = new.map_or("the new one", |_| "the one before");
                return self.missing(&format!(
                    "{which} is not pinned by its digest, so that nobody can tell what was rehearsed"
                ));
            }
        };
        let objects = &self.context.reported.objects;
        let mut objects = objects.iter();
        let of = objects.find_map(|(name, of)| name.is(self.object).then_some(of));
        let tests = self.image.old.iter().filter_map(|old| {
            let way = (Digest::parse_oci(new)?, Digest::parse_oci(old)?);
            of.and_then(|of: &OfObject| of.rollback_test(way))
        });
        let newest =
            tests.max_by_key(|one| (one.said.finished_at, one.said.outcome == Outcome::Failed));
        match newest {
            None => self.missing(&self.unsaid(new)),
            Some(test) => self.weighed(test),
        }
    }

    fn weighed(&self, test: &Witnessed<RollbackTest>) -> Rehearsal {
        let most = self.most.seconds;
        let age = self
            .context
            .season
            .now
            .duration_since(test.said.finished_at);
        let age = age.as_secs().max(0);
        let by = format!("signed by {}", test.signers.join(", "));
        let seconds = test.said.duration().as_secs();
        let (state, text) = match test.said.outcome {
            Outcome::Failed => (
                State::Missing,
                format!("the last try failed, {} ago ({by})", spelt(age)),
            ),
            Outcome::Passed if age > most => (
                State::Stale,
                format!(
                    "it was rehearsed {} ago, and may have been {} ago{} ({by})",
                    spelt(whole(age)),
                    spelt(most),
                    self.most.because.as_deref().unwrap_or_default()
                ),
            ),
            Outcome::Passed => (
                State::Rehearsed,
                format!("it took {} ({by})", spelt(seconds)),
            ),
        };
        let until = self.most.until(test.said.finished_at);
        Rehearsal {
            state,
            seconds: (state == State::Rehearsed).then_some(seconds),
            evidence: Some(test.digest),
            signers: test.signers.clone(),
            until: until.filter(|_| state == State::Rehearsed),
            ..self.missing(&text)
        }
    }

    /// Why nothing is said.
    fn unsaid(&self, new: &str) -> String {
        let known = self.context.reported;
        let old: Vec<&str> = self.image.old.iter().map(String::as_str).collect();
        let way = format!(
            "nobody signed to have gone back from {new} to {}",
            old.join(" or ")
        );
        let mut void = known.refused.iter();
        let void = void.find(|it| it.objects.iter().any(|name| name.is(self.object)));
        match (&known.untold, void) {
            (Some(why), _) => format!("{way}: {why}"),
            (None, Some(void)) => format!(
                "{way}, and evidence counts for nothing: `{}`: {}",
                void.path, void.text
            ),
            (None, None) => way,
        }
    }

    fn missing(&self, text: &str) -> Rehearsal {
        let image = match &self.image.container {
            Some(container) => format!("of the container `{container}`"),
            None => format!("at `{}`", self.image.pointer),
        };
        Rehearsal {
            change: 0,
            pointer: self.image.pointer.clone(),
            state: State::Missing,
            text: format!("the image {image}: {text}"),
            seconds: None,
            evidence: None,
            signers: Vec::new(),
            until: None,
        }
    }
}

/// Whole hours, where it is more than one.
fn whole(seconds: i64) -> i64 {
    match seconds {
        seconds if seconds < 60 * 60 => seconds,
        seconds => seconds - seconds % (60 * 60),
    }
}
