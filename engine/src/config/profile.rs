//! Profiles: which of the shipped policies run.
//! Knows the policies by folder name only.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::Effect;

/// A named set of defaults.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// What needs no evidence: gate integrity, resource limits, risk tiers, pinned images, the freeze windows that are given.
    #[default]
    Recommended,
    /// Everything.
    RetailProd,
}

impl Profile {
    /// The name as it stands in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recommended => "recommended",
            Self::RetailProd => "retail-prod",
        }
    }

    /// Whether the shipped policy in `folder` runs. Policies of the repository itself always do.
    #[must_use]
    pub fn runs(self, folder: &str) -> bool {
        match self {
            Self::Recommended => RECOMMENDED.contains(&folder),
            Self::RetailProd => true,
        }
    }

    /// What a changed manifest does that no environment claims.
    #[must_use]
    pub fn unclaimed_manifest(self) -> Effect {
        match self {
            Self::Recommended => Effect::Warn,
            Self::RetailProd => Effect::Deny,
        }
    }
}

const RECOMMENDED: [&str; 5] = [
    "freeze-windows",
    "gate-integrity",
    "image-signatures",
    "resource-limits",
    "risk-tier",
];
