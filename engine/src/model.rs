//! The words that every layer shares: objects, findings, tiers, digests, places.
//! Knows nothing of Git, YAML, Rego or signatures.

mod abridge;
pub(crate) mod base64;
mod branch;
mod digest;
mod exit;
mod finding;
mod harmful;
pub(crate) mod instant;
pub(crate) mod json;
mod kind_pattern;
pub mod limits;
mod lookalike;
mod mentions;
mod object;
mod pae;
mod path;
mod piece;
mod pointer;
mod replace;
mod seal;
mod span;
mod suggest;
mod threads;
mod told;

pub use abridge::abridged;
pub use branch::{branch_of_segment, branch_segment};
pub use digest::{Digest, GitId, ParseDigestError};
pub use exit::{Exit, code_of};
pub use finding::{Effect, Finding, FindingKey};
pub use harmful::is_harmful;
pub(crate) use kind_pattern::KINDS;
pub use kind_pattern::KindPattern;
pub use lookalike::lookalike;
pub(crate) use mentions::mentions;
pub use object::{GroupKind, ObjectRef, Operation};
pub use pae::pae;
pub use path::RepoPath;
pub use piece::{Part, Piece};
pub(crate) use pointer::{key_of, step_of};
pub(crate) use replace::replace;
pub use seal::Seal;
pub use span::{LineColumn, Lines, Location, Span};
pub(crate) use suggest::did_you_mean;
pub(crate) use threads::{map_by_threads, processors};
pub use told::{Told, http_date};

use std::fmt;

use serde::{Deserialize, Serialize};

/// Risk tier of a change, lowest first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum RiskTier {
    /// Nothing that a customer could notice.
    Low,
    /// Routine.
    Medium,
    /// Needs attention: what breaks here is noticed.
    High,
    /// What breaks here may not come back.
    Critical,
}

impl RiskTier {
    /// The name as it stands in configuration, verdicts and reports.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    /// Reads the name back; `None` for any other spelling.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Low, Self::Medium, Self::High, Self::Critical]
            .into_iter()
            .find(|tier| tier.as_str() == name)
    }
}

impl fmt::Display for RiskTier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What an environment is for; policies ask for it.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Developers' own.
    Development,
    /// Quality assurance.
    Qa,
    /// User acceptance.
    Uat,
    /// Pre-production.
    Staging,
    /// Customers are served from here.
    Production,
    /// A place to restore into; as production for backups, as staging for freezes.
    Recovery,
}

impl Stage {
    /// Its name in the configuration.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Qa => "qa",
            Self::Uat => "uat",
            Self::Staging => "staging",
            Self::Production => "production",
            Self::Recovery => "recovery",
        }
    }
}

/// Whether a denial stops anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Enforcement {
    /// Everything runs; a denial is printed as *would fail* and the exit code is 0.
    Observe,
    /// A denial fails.
    Enforce,
}
