//! Which windows of the calendar hold each change now, and which will.
//! Asks the calendar and does no arithmetic of its own; it does not know what a policy makes of it.

mod ask;
mod classes;
mod effect;
mod near;
mod rollout;

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

pub use classes::all as classes;
pub use near::Nearness;

use super::{Collector, Context, Fact, migrations};
use crate::calendar::{Calendar, Error, Place, tzdb_version};
use crate::model::{Digest, Piece, RiskTier};
use ask::Ask;
use classes::Classifier;

/// What the calendar is asked with, beside the changes.
#[derive(Clone, Debug)]
pub struct Season<'a> {
    /// The only clock.
    pub now: Timestamp,
    /// The calendars that hold for the environment.
    pub calendars: Vec<&'a Calendar>,
    /// The digest of all that they say; `None` where there are none.
    pub digest: Option<Digest>,
    /// Where the changes go.
    pub place: Place<'a>,
    /// Whom the environment serves.
    pub tenants: &'a [String],
    /// Whom everything serves that runs in the same cluster.
    pub cluster_tenants: BTreeSet<&'a str>,
    /// The zone in which the environment tells the time.
    pub zone: &'a TimeZone,
    /// Whether what is judged was accepted before, as a whole.
    pub rollback: bool,
    /// How long a verdict about it may hold.
    pub valid_for: SignedDuration,
}

/// How risky the changes are, as far as that is known.
#[derive(Clone, Copy, Debug)]
pub enum Tiers<'a> {
    /// Nobody was asked yet: each may be the worst.
    Unknown,
    /// Each, and all together.
    Known {
        /// By change.
        each: &'a [RiskTier],
        /// The changes of what all tenants of a cluster share.
        shared: &'a BTreeSet<usize>,
        /// What changes and is in no object; `None` where nothing is.
        beside: Option<RiskTier>,
        /// The scripts and modules of Odoo that change, wherever they are; `None` where none does.
        scripts: Option<RiskTier>,
        /// The highest, raised for what they do together.
        all: RiskTier,
    },
    /// Nothing changes: objects as they stand, which nothing holds.
    Unchanged,
}

impl Tiers<'_> {
    /// That of a change, and that of all together; `None` where nothing changes.
    fn of(self, index: usize) -> Option<(RiskTier, RiskTier)> {
        match self {
            Self::Unknown => Some((RiskTier::Critical, RiskTier::Critical)),
            Self::Known { each, all, .. } => Some((each.get(index).copied().unwrap_or(all), all)),
            Self::Unchanged => None,
        }
    }

    /// That of all together; `None` where nothing changes.
    fn together(self) -> Option<RiskTier> {
        match self {
            Self::Unknown => Some(RiskTier::Critical),
            Self::Known { all, .. } => Some(all),
            Self::Unchanged => None,
        }
    }

    /// That of what changes and is in no object; `None` where nothing is.
    fn beside(self, context: &Context<'_>) -> Option<RiskTier> {
        match self {
            Self::Unknown => context.scripts.is_touched().then_some(RiskTier::Critical),
            Self::Known { beside, .. } => beside,
            Self::Unchanged => None,
        }
    }

    /// That of the scripts and modules of Odoo that change, wherever they are; `None` where none does.
    pub(super) fn of_scripts(self, context: &Context<'_>) -> Option<RiskTier> {
        match self {
            Self::Unknown => migrations::are_touched(context).then_some(RiskTier::Critical),
            Self::Known { scripts, .. } => scripts,
            Self::Unchanged => None,
        }
    }

    /// Whether a change reaches whoever is in the cluster.
    fn is_shared(self, index: usize) -> bool {
        match self {
            Self::Unknown => true,
            Self::Known { shared, .. } => shared.contains(&index),
            Self::Unchanged => false,
        }
    }
}

/// The collector of `freeze`.
pub struct Freeze;

impl Collector for Freeze {
    fn name(&self) -> &'static str {
        "freeze"
    }

    fn schema(&self) -> &'static str {
        "facts/freeze.json"
    }

    fn needs_tiers(&self) -> bool {
        true
    }

    fn collect(&self, context: &Context<'_>) -> Fact {
        found(context).unwrap_or_else(|error| Fact::Unknown {
            reason: error.to_string(),
        })
    }
}

fn found(context: &Context<'_>) -> Result<Fact, Error> {
    let season = context.season;
    let mut ask = Ask::new(season);
    let classifier = Classifier::new(context);
    let mut changes = Vec::new();
    for (index, change) in context.changes.iter().enumerate() {
        let Some((tier, together)) = context.tiers.of(index) else {
            break;
        };
        let classes = classifier.of((index, change), tier);
        let mut entry = ask.change((tier, together), &classes)?;
        if let Value::Object(entry) = &mut entry {
            entry.insert("change".to_owned(), json!(index));
        }
        if let (Some(takes), Value::Object(entry)) = (rollout::takes(change), &mut entry) {
            entry.insert("takes".to_owned(), takes);
        }
        if let (Some(at), Value::Object(entry)) = (effect::acts(change, season.now), &mut entry) {
            entry.insert("acts".to_owned(), ask.acts(at, &classes)?);
        }
        changes.push(entry);
    }
    if let Some(tier) = context.tiers.beside(context) {
        let together = context.tiers.together().unwrap_or(tier);
        changes.push(ask.change((tier, together), &[classifier.beside(tier)])?);
    }
    let until = ask.until();
    let mut value = json!({
        "evaluatedAt": season.now.to_string(),
        "tzdb": tzdb_version(),
        "rollback": season.rollback,
        "validForSeconds": season.valid_for.as_secs(),
        "calendars": ask.calendars()?,
        "changes": changes,
    });
    let boundary = until.map(|until| ask.boundary(until)).transpose()?;
    let digest = season.digest.map(|digest| json!(digest));
    let windows = Some(ask.windows());
    if let Value::Object(value) = &mut value {
        for (key, given) in [
            ("boundary", boundary),
            ("calendarDigest", digest),
            ("windows", windows),
        ] {
            value.extend(given.map(|given| (key.to_owned(), given)));
        }
    }
    Ok(Fact::Known {
        value: Piece::new(value),
        until,
    })
}
