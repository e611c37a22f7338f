//! What `withdraw` took back, for programs, version v1 (`schemas/withdrawal.v1.json`).
//! Knows nothing of keys and stores.

use schemars::JsonSchema;
use serde::Serialize;

use super::json;
use crate::model::Digest;

/// The JSON Schema of the document.
#[must_use]
pub fn schema() -> serde_json::Value {
    json::schema_of::<Document<'static>>()
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(rename = "Withdrawal")]
pub(crate) struct Document<'a> {
    /// Always `v1`.
    #[schemars(extend("const" = "v1"))]
    pub(crate) version: &'static str,
    /// The exit code of the process.
    pub(crate) exit: u8,
    /// The only clock, RFC 3339.
    pub(crate) now: String,
    /// What was taken back; absent where nothing was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) withdrawn: Option<Withdrawn<'a>>,
    /// Why nothing was taken back.
    pub(crate) errors: Vec<json::Error>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Withdrawn<'a> {
    /// The environment; for the unit `gate` the protected branch.
    pub(crate) environment: &'a str,
    pub(crate) unit: &'a str,
    /// SHA-256 of the payload of the link.
    pub(crate) link: Digest,
    /// Of the link.
    pub(crate) height: u64,
    /// It was withdrawn before, and nothing was published.
    pub(crate) already: bool,
    pub(crate) reason: &'a str,
    /// When it was withdrawn first, RFC 3339.
    pub(crate) withdrawn_at: String,
    /// The heights of the links that rest on it, and admit nothing either.
    pub(crate) resting: &'a [u64],
    /// The height of the newest link that stands; absent where none does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) newest: Option<u64>,
}
