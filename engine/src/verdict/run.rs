//! What a run found, as data: reports print it, `sign` signs from it.
//! Knows nothing of how it is printed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::Outcome;
use crate::calendar::Class;
use crate::input::Reason;
use crate::model::{
    Digest, Enforcement, Exit, Finding, GitId, Location, ObjectRef, Operation, Piece, RiskTier,
};

/// The answer to one `check`.
#[derive(Clone, Debug)]
pub struct RunReport {
    /// What was compared: `main..feature`, `--staged`.
    pub range: String,
    /// The only clock.
    pub now: Timestamp,
    /// Whose configuration and policies judged; absent where nothing could be looked at.
    pub judge: Option<JudgeNote>,
    /// All of it.
    pub outcome: RunOutcome,
    /// Changed files that were looked at.
    pub files: usize,
    /// Units touched and judged.
    pub units: Vec<UnitReport>,
    /// Units touched that could not be judged.
    pub errors: Vec<UnitError>,
    /// Findings about the range as a whole.
    pub findings: Vec<Finding>,
    /// With the proposed configuration, where the range changes it.
    pub proposed: Option<RunOutcome>,
    /// How the process ends.
    pub exit: Exit,
}

impl RunReport {
    /// The report of a run that ended before anything could be looked at: one error, no pass.
    #[must_use]
    pub fn of_error(
        range: String,
        now: Timestamp,
        error: Arc<dyn miette::Diagnostic + Send + Sync>,
    ) -> Self {
        let exit = Exit::of_error(error.as_ref());
        Self {
            range,
            now,
            judge: None,
            outcome: RunOutcome::Error,
            files: 0,
            units: Vec::new(),
            errors: vec![UnitError {
                environment: String::new(),
                unit: String::new(),
                error,
            }],
            findings: Vec::new(),
            proposed: None,
            exit,
        }
    }
}

/// The outcome of a run over all units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RunOutcome {
    /// Every unit passes.
    Pass,
    /// Some unit fails.
    Fail,
    /// No unit was touched.
    NotApplicable,
    /// Some unit could not be judged.
    Error,
}

/// Whose configuration and policies judged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct JudgeNote {
    /// `the base`, `the head (bootstrap)`, `the index`, `the index (bootstrap)`, the same of `the working tree`, a file or revision that was named.
    pub from: String,
    /// The configuration file.
    pub config: String,
    /// The commit it was read from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<GitId>,
    /// SHA-256 of the resolved configuration.
    pub config_digest: Digest,
    /// SHA-256 of the set of policies.
    pub policy_digest: Digest,
}

/// A unit that was touched and could not be judged.
#[derive(Clone, Debug)]
pub struct UnitError {
    /// The environment.
    pub environment: String,
    /// The unit; empty for the whole environment.
    pub unit: String,
    /// Why.
    pub error: Arc<dyn miette::Diagnostic + Send + Sync>,
}

/// A unit that was judged.
#[derive(Clone, Debug)]
pub struct UnitReport {
    /// The environment; for the unit `gate` the protected branch.
    pub environment: String,
    /// The unit.
    pub unit: String,
    /// What a denial does.
    pub enforcement: Enforcement,
    /// Pass or fail, whatever the enforcement.
    pub outcome: Outcome,
    /// The highest tier of the changes.
    pub tier: RiskTier,
    /// Why it has that tier.
    pub reasons: Vec<Reason>,
    /// Denials first.
    pub findings: Vec<Finding>,
    /// What changes.
    pub changes: Vec<ChangeSummary>,
    /// What changes, as a digest.
    pub change_digest: Digest,
    /// The state before.
    pub base: Side,
    /// The state after.
    pub head: Side,
    /// The earliest instant at which a fact or an exception may turn.
    pub until: Option<Timestamp>,
    /// What the verdict is made from beyond this report.
    pub workings: Workings,
}

/// One side of a unit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Side {
    /// The commit; absent for an index.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<GitId>,
    /// The gated tree; absent where nothing is signed from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gated_tree: Option<GitId>,
}

/// What else a verdict names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Workings {
    /// The names of policies that ran.
    pub policies: BTreeSet<String>,
    /// What a calendar tells apart of the changes.
    pub classes: BTreeSet<Class>,
    /// What rendered the state after, and which version of it.
    pub renderers: BTreeMap<String, String>,
    /// The signed statements that it rests on.
    pub evidence: BTreeSet<Digest>,
    /// The facts; their JSON is canonical.
    pub facts: Piece,
}

/// One change for people.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct ChangeSummary {
    /// What happens.
    pub operation: Operation,
    /// To what.
    pub object: ObjectRef,
    /// What it is to the business.
    pub components: BTreeSet<String>,
    /// Where it stands at head, at base for a deletion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<Location>,
    /// What differs.
    pub fields: Vec<FieldSummary>,
}

/// One field for people.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct FieldSummary {
    /// RFC 6901 pointer.
    pub pointer: String,
    /// `spec.template.spec.containers[odoo].image`.
    pub path: String,
    /// At base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<Value>,
    /// At head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<Value>,
    /// Where it stands at base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_location: Option<Location>,
    /// Where it stands at head.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_location: Option<Location>,
    /// Unified line difference, for multi-line strings.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

impl UnitReport {
    /// What the process returns for this unit alone.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match (self.outcome, self.enforcement) {
            (Outcome::Fail, Enforcement::Enforce) => Exit::Denied,
            _ => Exit::Pass,
        }
    }
}
