//! What a policy says no to.
//! Knows nothing of how findings are made, excused or printed.

use serde::{Deserialize, Serialize};

use super::{Location, ObjectRef};

/// What a finding does to the verdict.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Fails, unless inherited or excepted.
    Deny,
    /// Is shown and counted.
    Warn,
}

/// One objection of one policy (or of the engine itself, code `engine.*`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Finding {
    /// `prefix.kebab-case`, declared in the policy's metadata.
    pub code: String,
    /// Deny or warn.
    pub effect: Effect,
    /// The folder name of the policy, `engine` for the engine's own.
    pub policy: String,
    /// One sentence with the offending value.
    pub message: String,
    /// The object; a finding without one hits every unit touched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<ObjectRef>,
    /// RFC 6901 pointer into the object, for display.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// The same, of all that it is about, where that is more than the one: what is touched of it is no old debt.
    #[serde(skip)]
    pub fields: Vec<String>,
    /// The same place with list steps named by merge key; part of the finding's identity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keyed_path: Option<String>,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remediation: Option<String>,
    /// Where the manifest offends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// A place at head that stands in for `location` where that is at base, or absent: for reports
    /// that can only point at what is there. No part of what is signed.
    #[serde(skip)]
    pub anchor: Option<Location>,
    /// The configuration line that makes it offend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub because: Option<Location>,
    /// The same finding comes out at base: shown, counted, not blocking.
    pub inherited: bool,
    /// The id of the exception that permits it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excepted_by: Option<String>,
}

/// What makes two findings the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FindingKey {
    /// The code.
    pub code: String,
    /// The object.
    pub object: Option<ObjectRef>,
    /// The keyed path.
    pub keyed_path: Option<String>,
}

impl Finding {
    /// A finding of the engine itself, about nothing in particular yet.
    #[must_use]
    pub fn of_engine(code: &str, effect: Effect, message: String) -> Self {
        Self {
            code: code.to_owned(),
            effect,
            policy: "engine".to_owned(),
            message,
            object: None,
            field: None,
            fields: Vec::new(),
            keyed_path: None,
            remediation: None,
            location: None,
            anchor: None,
            because: None,
            inherited: false,
            excepted_by: None,
        }
    }

    /// The identity by which findings of base and head are compared.
    #[must_use]
    pub fn key(&self) -> FindingKey {
        FindingKey {
            code: self.code.clone(),
            object: self.object.clone(),
            keyed_path: self.keyed_path.clone(),
        }
    }

    /// The place at head to point at.
    #[must_use]
    pub fn place(&self) -> Option<&Location> {
        self.anchor.as_ref().or(self.location.as_ref())
    }

    /// Whether this finding alone makes the outcome a fail.
    #[must_use]
    pub fn blocks(&self) -> bool {
        self.effect == Effect::Deny && !self.inherited && self.excepted_by.is_none()
    }
}
