//! What `sign` or `baseline` published, for programs, version v1 (`schemas/signing.v1.json`).
//! Knows nothing of keys and stores.

use schemars::JsonSchema;
use serde::Serialize;

use super::json;
use crate::model::{Digest, GitId, RiskTier};
use crate::verdict::RunOutcome;

/// The JSON Schema of the document.
#[must_use]
pub fn schema() -> serde_json::Value {
    json::schema_of::<Document<'static>>()
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Signing")]
pub(crate) struct Document<'a> {
    /// Always `v1`.
    #[schemars(extend("const" = "v1"))]
    pub(crate) version: &'static str,
    /// Over all units; `not-applicable` where nothing new was signed.
    pub(crate) outcome: RunOutcome,
    /// The exit code of the process.
    pub(crate) exit: u8,
    /// The environment.
    pub(crate) environment: &'a str,
    /// The only clock, RFC 3339.
    pub(crate) now: String,
    /// Each unit, the unit `gate` first.
    pub(crate) units: Vec<Unit<'a>>,
    /// The newest links that were asked about again.
    pub(crate) renewals: Vec<Renewal<'a>>,
    /// What could not be judged; without a unit, why nothing was.
    pub(crate) errors: Vec<json::Error>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Unit<'a> {
    /// The environment; for the unit `gate` the protected branch.
    pub(crate) environment: &'a str,
    pub(crate) unit: &'a str,
    pub(crate) result: Published,
    /// Of the newest link; absent where there is a report and no link.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) height: Option<u64>,
    /// What was signed; absent where nothing new is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) verdict: Option<Verdict>,
    /// What was judged; absent for a baseline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) judged: Option<json::Unit<'a>>,
}

/// What was published.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Published {
    /// The newest link names this state already.
    NothingNew,
    /// The next link.
    Link,
    /// It was denied: a report, no link.
    Report,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Verdict {
    /// SHA-256 of the signed payload: what the next link, a renewal and a withdrawal call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) digest: Option<Digest>,
    /// Accepted as it stands, not judged.
    pub(crate) baseline: bool,
    pub(crate) tier: RiskTier,
    pub(crate) commit: GitId,
    pub(crate) gated_tree: GitId,
    /// Until when it may first be deployed, RFC 3339.
    pub(crate) valid_until: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Renewal<'a> {
    pub(crate) environment: &'a str,
    pub(crate) unit: &'a str,
    /// Of the link.
    pub(crate) height: u64,
    /// Until when the link may first be deployed; absent where it would be denied now and keeps its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) valid_until: Option<String>,
    /// Why it would be denied now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) judged: Option<json::Unit<'a>>,
}
