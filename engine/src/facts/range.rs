//! All that a range touches beyond the unit that is judged: the blast radius.
//! Knows nothing of the changes themselves.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Collector, Context, Fact};
use crate::model::Stage;

/// What the whole range touches.
#[derive(Clone, Debug, Default)]
pub struct Range {
    /// Environments and their stages.
    pub environments: BTreeMap<String, Stage>,
    /// Units, as `environment/unit`.
    pub units: BTreeSet<String>,
    /// Tenants of those environments.
    pub tenants: BTreeSet<String>,
    /// Components of the changed objects.
    pub components: BTreeSet<String>,
    /// Kinds of the changed objects, `Deployment.apps`.
    pub kinds: BTreeSet<String>,
}

impl Range {
    /// As policies see it.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let environments: Vec<Value> = self
            .environments
            .iter()
            .map(|(name, stage)| json!({"name": name, "stage": stage}))
            .collect();
        json!({
            "environments": environments,
            "units": self.units,
            "tenants": self.tenants,
            "components": self.components,
            "kinds": self.kinds,
        })
    }
}

/// The collector of `range`.
pub struct RangeCollector;

impl Collector for RangeCollector {
    fn name(&self) -> &'static str {
        "range"
    }

    fn schema(&self) -> &'static str {
        "facts/range.json"
    }

    fn collect(&self, context: &Context<'_>) -> Fact {
        Fact::known(context.range.to_json())
    }
}
