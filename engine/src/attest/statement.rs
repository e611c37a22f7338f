//! The verdict as a statement: in-toto v1, SLSA VSA v1, our details as an extension.
//! Knows nothing of how a verdict comes about or what it admits.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Rejection, VerifiedStatement, json, time, vsa};
use crate::calendar::Class;
use crate::model::{Digest, Effect, Enforcement, Finding, GitId, RiskTier};

/// What was judged, by what, with which outcome, until when.
///
/// A passing verdict that is published is a *link*; a failed one is a report and never a link.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Verdict {
    /// The version of tidegate that judged.
    pub engine_version: String,
    /// `verdict.repository` of the judge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub repository: Option<String>,
    /// The environment.
    pub environment: String,
    /// The unit.
    pub unit: String,
    /// Whether the environment enforced when this was judged.
    pub enforcement: Enforcement,
    /// The patterns that make the gated tree.
    pub selector: Vec<String>,
    /// Where judging began; absent for a first baseline only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<GatedState>,
    /// What was judged: the subject.
    pub head: GatedState,
    /// SHA-256 of the payload of the link before this one; absent for a first baseline only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub previous: Option<Digest>,
    /// One more than the height of `previous`; 0 for a first baseline.
    pub height: u64,
    /// 'This state is accepted as it stands': nothing was judged.
    pub baseline: bool,
    /// The withdrawals of this unit that the signer knew, by the SHA-256 of their payloads, sorted.
    #[schemars(with = "Vec<String>")]
    pub withdrawals: Vec<Digest>,
    /// Pass or fail.
    pub outcome: Outcome,
    /// When it was judged.
    #[serde(with = "time")]
    #[schemars(with = "String")]
    pub valid_from: Timestamp,
    /// The first instant at which the change may no longer begin its way into the cluster.
    #[serde(with = "time")]
    #[schemars(with = "String")]
    pub valid_until: Timestamp,
    /// The highest tier of the changes.
    pub risk_tier: RiskTier,
    /// The sorted list of object, keyed path, old and new; absent for a baseline only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub change_digest: Option<Digest>,
    /// What a calendar tells apart of the changes; absent where that is too much to list, and for a
    /// baseline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<BTreeSet<Class>>,
    /// The link of unit `gate` whose state judged; absent where there was none before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub gate_state: Option<Digest>,
    /// An older link of unit `gate` whose state judged too, and let it pass: what is judged was begun
    /// under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub also_judged_by: Option<Digest>,
    /// The policies.
    #[schemars(with = "String")]
    pub policy_digest: Digest,
    /// The configuration.
    #[schemars(with = "String")]
    pub config_digest: Digest,
    /// The calendar, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub calendar_digest: Option<Digest>,
    /// The facts; absent for a baseline only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub facts_digest: Option<Digest>,
    /// The renderers and their versions.
    pub renderers: BTreeMap<String, String>,
    /// What the renderers were told: folders, tools and options; absent where nothing is rendered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub rendering_digest: Option<Digest>,
    /// The version of the time zone database.
    pub tzdb: String,
    /// The approvals that were used, sorted.
    pub approvals: Vec<Approval>,
    /// All signed statements from outside that were used, approvals included, sorted.
    #[schemars(with = "Vec<String>")]
    pub input_attestations: Vec<Digest>,
    /// The link that may be gone back to while this one runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub rollback_to: Option<Digest>,
    /// How much there was.
    pub counts: Counts,
    /// What the policies said: those that deny first, at most 1,000; the counts hold all.
    pub findings: Vec<FindingSummary>,
}

/// A unit's files at a commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GatedState {
    /// The id of the tree that holds exactly the selected files.
    #[schemars(with = "String")]
    pub gated_tree: GitId,
    /// SHA-256 of the path manifest.
    #[schemars(with = "String")]
    pub manifest: Digest,
    /// The commit they were taken from.
    #[schemars(with = "String")]
    pub commit: GitId,
}

impl GatedState {
    /// Whether both name the same files, at whatever commit.
    #[must_use]
    pub fn same_files(&self, other: &Self) -> bool {
        (self.gated_tree, self.manifest) == (other.gated_tree, other.manifest)
    }
}

/// Pass or fail; there is no third.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// Judged, and nothing blocks.
    Pass,
    /// Judged and denied.
    Fail,
}

/// An approval that was used.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Approval {
    /// Who approved.
    pub principal: String,
    /// SHA-256 of the approval's payload.
    #[schemars(with = "String")]
    pub digest: Digest,
}

/// How much was judged and said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Counts {
    /// Objects created, updated or deleted.
    pub changes: u64,
    /// Findings that block.
    pub denied: u64,
    /// Warnings.
    pub warned: u64,
    /// Findings that were there before.
    pub inherited: u64,
    /// Findings that an exception permits.
    pub excepted: u64,
}

/// A finding, without its places.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct FindingSummary {
    /// The code.
    pub code: String,
    /// Deny or warn.
    #[schemars(with = "String")]
    pub effect: Effect,
    /// The object, as `namespace/Kind.group/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// The place in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keyed_path: Option<String>,
    /// What was said.
    pub message: String,
    /// Whether it was there before.
    pub inherited: bool,
    /// The exception that permits it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub excepted_by: Option<String>,
}

impl From<&Finding> for FindingSummary {
    fn from(finding: &Finding) -> Self {
        Self {
            code: finding.code.clone(),
            effect: finding.effect,
            object: finding.object.as_ref().map(ToString::to_string),
            keyed_path: finding.keyed_path.clone(),
            message: finding.message.clone(),
            inherited: finding.inherited,
            excepted_by: finding.excepted_by.clone(),
        }
    }
}

impl Verdict {
    /// The bytes to sign. Equal verdicts give equal bytes.
    ///
    /// # Errors
    /// Fields that contradict each other: what cannot be read back is not written.
    pub fn to_statement_bytes(&self) -> Result<Vec<u8>, Rejection> {
        self.check()?;
        Ok(json::canonical(&vsa::of(self)?))
    }

    /// Reads a verified statement.
    ///
    /// # Errors
    /// Another kind or version of statement, fields that contradict each other, or bytes that
    /// [`Verdict::to_statement_bytes`] would not have written.
    pub fn parse(statement: &VerifiedStatement) -> Result<Self, Rejection> {
        Self::parse_unverified(statement.payload())
    }

    /// What the payload says, whoever signed it: for finding keys and for messages only.
    pub(crate) fn parse_unverified(payload: &[u8]) -> Result<Self, Rejection> {
        let value = json::parse(payload).map_err(|what| Rejection::Malformed { what })?;
        let verdict = vsa::read(value)?;
        verdict.check()?;
        if json::canonical(&vsa::of(&verdict)?) == payload {
            return Ok(verdict);
        }
        inconsistent("the statement does not say what its verdict extension says")
    }

    /// `git+<repository>#<environment>/<unit>`, or `tidegate:<environment>/<unit>`.
    #[must_use]
    pub fn resource_uri(&self) -> String {
        let (environment, unit) = (&self.environment, &self.unit);
        match &self.repository {
            Some(repository) => format!("git+{repository}#{environment}/{unit}"),
            None => format!("tidegate:{environment}/{unit}"),
        }
    }

    fn check(&self) -> Result<(), Rejection> {
        self.check_place()?;
        self.check_outcome()?;
        let is_sorted_set = |digests: &[Digest]| digests.is_sorted_by(|a, b| a < b);
        if !is_sorted_set(&self.withdrawals)
            || !is_sorted_set(&self.input_attestations)
            || !self.approvals.is_sorted_by(|a, b| a < b)
        {
            return inconsistent("a list is not sorted, or holds something twice");
        }
        let listed = |approval: &Approval| self.input_attestations.contains(&approval.digest);
        if !self.approvals.iter().all(listed) {
            return inconsistent("an approval is not among the input attestations");
        }
        let life = self.valid_until.duration_since(self.valid_from);
        if life <= SignedDuration::ZERO || life > LONGEST_LIFE {
            return inconsistent(
                "`validUntil` is not after `validFrom`, or more than 7 days later",
            );
        }
        Ok(())
    }

    fn check_place(&self) -> Result<(), Rejection> {
        let first = self.height == 0;
        if first != self.previous.is_none() || first != self.base.is_none() {
            return inconsistent("only a link of height 0 has neither `previous` nor `base`");
        }
        if first && !self.baseline {
            return inconsistent("a link of height 0 must be a baseline");
        }
        if self.selector.is_empty() {
            return inconsistent("the selector is empty");
        }
        super::UnitId::new(&*self.environment, &*self.unit).map_or_else(
            |_| inconsistent("environment or unit is no name"),
            |_| Ok(()),
        )
    }

    fn check_outcome(&self) -> Result<(), Rejection> {
        let blocks = |finding: &FindingSummary| {
            finding.effect == Effect::Deny && !finding.inherited && finding.excepted_by.is_none()
        };
        let denied = self.counts.denied > 0 || self.findings.iter().any(blocks);
        match (self.outcome, denied, self.baseline) {
            (Outcome::Pass, true, _) => inconsistent("the outcome is pass, the findings deny"),
            (Outcome::Fail, false, _) => inconsistent("the outcome is fail, nothing denies"),
            (Outcome::Fail, true, true) => inconsistent("a baseline judges nothing"),
            (Outcome::Pass, false, false) | (Outcome::Fail, true, false)
                if self.change_digest.is_none() || self.facts_digest.is_none() =>
            {
                inconsistent("only a baseline has neither changes nor facts")
            }
            (Outcome::Pass, false, _) | (Outcome::Fail, true, false) => Ok(()),
        }
    }
}

/// The JSON Schema of the whole statement.
#[must_use]
pub fn statement_schema() -> serde_json::Value {
    vsa::schema()
}

fn inconsistent<T>(what: &str) -> Result<T, Rejection> {
    Err(Rejection::Inconsistent {
        what: what.to_owned(),
    })
}

const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);
