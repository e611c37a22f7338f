//! What `verdict show`, `verdict log` and `verdict diff` found, for programs, version v1
//! (`schemas/verdicts.v1.json`). Believes nothing.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::json;
use crate::attest::{Outcome, Withdrawal};
use crate::model::{Digest, Enforcement, GitId, RiskTier};

/// The JSON Schema of the document.
#[must_use]
pub fn schema() -> Value {
    json::schema_of::<Document<'static>>()
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Verdicts")]
pub(crate) struct Document<'a> {
    /// Always `v1`.
    #[schemars(extend("const" = "v1"))]
    pub(crate) version: &'static str,
    /// The exit code of the process.
    pub(crate) exit: u8,
    /// Those of each unit newest first; of `diff`, the two that were compared.
    pub(crate) verdicts: Vec<Verdict<'a>>,
    /// The files of the store that show no verdict, or one that does not count.
    pub(crate) rejected: Vec<Rejected<'a>>,
    /// What the second of two says otherwise; of `diff` only.
    pub(crate) differences: Vec<Difference<'a>>,
    /// Why nothing is shown.
    pub(crate) errors: Vec<json::Error>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Verdict<'a> {
    /// The environment; for the unit `gate` the protected branch.
    pub(crate) environment: &'a str,
    pub(crate) unit: &'a str,
    /// SHA-256 of the signed payload.
    pub(crate) digest: Digest,
    /// Absent of a failed verdict, which is no link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) height: Option<u64>,
    pub(crate) belief: Belief,
    /// Who signed it; empty unless it is verified.
    pub(crate) signers: Vec<&'a str>,
    /// Why it does not verify.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) refusal: Option<String>,
    /// What became of it; absent where no store says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) standing: Option<Standing>,
    #[schemars(with = "String")]
    pub(crate) outcome: Outcome,
    /// Accepted as it stands, not judged.
    pub(crate) baseline: bool,
    pub(crate) tier: RiskTier,
    pub(crate) enforcement: Enforcement,
    /// What it admits.
    pub(crate) commit: GitId,
    pub(crate) gated_tree: GitId,
    /// When it was judged, RFC 3339.
    pub(crate) valid_from: String,
    /// Until when it may first be deployed, RFC 3339.
    pub(crate) valid_until: String,
    /// Until when a renewal says that, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) renewed_until: Option<String>,
    /// What took it back; unverified, it only claims so.
    pub(crate) withdrawals: Vec<TakenBack<'a>>,
    /// Findings that block.
    pub(crate) denied: u64,
    /// All that it says; of `show` only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) says: Option<Value>,
}

/// Whether a verdict is believed.
#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Belief {
    /// Nobody said whose signature counts.
    Unverified,
    /// A trusted key signed it.
    Verified,
    /// No trusted key did.
    Rejected,
}

/// What became of a verdict in its store.
#[derive(Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Standing {
    Stands,
    /// It, or a link that it rests on, was taken back.
    Withdrawn,
    /// A link that nobody verified.
    Claimed,
    /// A failed verdict, which is no link.
    Report,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct TakenBack<'a> {
    pub(crate) reason: &'a str,
    /// RFC 3339.
    pub(crate) withdrawn_at: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Rejected<'a> {
    pub(crate) place: &'a str,
    pub(crate) why: &'a str,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Difference<'a> {
    /// The place in the verdict, RFC 6901; of a list, once for each member that only one of them holds.
    pub(crate) pointer: &'a str,
    /// What the first says; absent where it is silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first: Option<&'a Value>,
    /// What the second says; absent where it is silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) second: Option<&'a Value>,
}

impl<'a> TakenBack<'a> {
    pub(crate) fn of(withdrawal: &'a Withdrawal) -> Self {
        Self {
            reason: &withdrawal.reason,
            withdrawn_at: withdrawal.withdrawn_at.to_string(),
        }
    }
}
