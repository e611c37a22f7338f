//! What a calendar can tell apart of changes: those of one class are held by the same windows.
//! Knows no time.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Answer, Calendar, Error, Subject, answer};
use crate::model::{GroupKind, RiskTier};

/// All that a calendar can tell of a change, but for the place it goes to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Class {
    /// Its tier.
    pub tier: RiskTier,
    /// `Kind` or `Kind.group`; absent for more than one, which counts as every kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What it is to the business, before or after.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub components: BTreeSet<String>,
    /// Whom it reaches; none counts as everybody.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tenants: BTreeSet<String>,
    /// The brands it reaches; none counts as every brand.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub brands: BTreeSet<String>,
    /// Its labels; absent where no calendar asked for them, which counts as any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
}

/// Where changes go, as a calendar tells places apart.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The name of the environment.
    pub environment: &'a str,
    /// The cluster, where the configuration says.
    pub cluster: Option<&'a str>,
    /// The region, where the configuration says.
    pub region: Option<&'a str>,
}

impl Class {
    /// Changes of which only the tier is known: whatever the calendars tell apart, they may be.
    #[must_use]
    pub fn unknown(tier: RiskTier, calendars: &[&Calendar]) -> Self {
        let windows = calendars.iter().flat_map(|calendar| &calendar.windows);
        let named = windows.flat_map(|window| {
            let (scope, blocks) = (&window.scope.components, &window.blocks.components);
            scope.iter().chain(blocks).flatten().cloned()
        });
        Self {
            tier,
            kind: None,
            components: named.collect(),
            tenants: BTreeSet::new(),
            brands: BTreeSet::new(),
            labels: None,
        }
    }

    /// Which windows hold such a change that goes to `place`; see [`answer`].
    ///
    /// # Errors
    /// As [`answer`].
    pub fn answer<'a>(
        &self,
        calendars: &[&'a Calendar],
        (place, rollback): (Place<'_>, bool),
        now: Timestamp,
        horizon: SignedDuration,
    ) -> Result<Answer<'a>, Error> {
        let kind = self.kind.as_deref().map(GroupKind::parse);
        let subject = Subject {
            environment: place.environment,
            cluster: place.cluster,
            region: place.region,
            tenants: &self.tenants,
            brands: &self.brands,
            components: &self.components,
            kind: kind.as_ref(),
            labels: self.labels.as_ref(),
            tier: self.tier,
            rollback,
        };
        answer(calendars, &subject, now, horizon)
    }
}
