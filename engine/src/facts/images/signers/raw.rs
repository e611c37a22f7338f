//! An authority as it is written. Knows nothing of what keys and patterns are.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::facts::images::proof::{Hash, Padding};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawAuthority {
    pub(super) name: String,
    pub(super) images: Vec<String>,
    #[serde(default)]
    pub(super) except: Vec<String>,
    pub(super) key: Option<RawKey>,
    pub(super) keyless: Option<RawIdentity>,
    pub(super) notation: Option<RawStore>,
    pub(super) not_before: Option<String>,
    pub(super) not_after: Option<String>,
    pub(super) revoked: Option<String>,
    #[serde(default)]
    pub(super) annotations: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) docker_reference: RawReference,
    #[serde(default)]
    pub(super) require: Vec<RawRequired>,
}

impl RawAuthority {
    pub(super) fn deserialize(value: &Value) -> Result<Self, String> {
        Deserialize::deserialize(value).map_err(|error| error.to_string())
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawQuorum {
    pub(super) name: String,
    pub(super) images: Vec<String>,
    #[serde(default)]
    pub(super) except: Vec<String>,
    pub(super) count: usize,
    pub(super) of: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawKey {
    pub(super) pem: Option<String>,
    pub(super) file: Option<String>,
    pub(super) hash_algorithm: Option<RawHash>,
    pub(super) padding: Option<RawPadding>,
    pub(super) log: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawIdentity {
    pub(super) root: String,
    #[serde(default)]
    pub(super) certificate_log: RawLog,
    pub(super) issuer: RawText,
    #[serde(default)]
    pub(super) kind: RawKind,
    pub(super) subject: RawText,
    #[serde(default)]
    pub(super) claims: BTreeMap<String, RawText>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawStore {
    pub(super) certificates: String,
    pub(super) identities: Vec<String>,
    pub(super) timestamp_certificates: Option<String>,
    pub(super) revocation_lists: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct RawRequired {
    pub(super) name: String,
    pub(super) kind: RawWanted,
    #[serde(default)]
    pub(super) predicate_types: Vec<String>,
    #[serde(default)]
    pub(super) builders: Vec<RawText>,
    #[serde(default)]
    pub(super) sources: Vec<RawText>,
    #[serde(default)]
    pub(super) source_refs: Vec<RawText>,
    #[serde(default)]
    pub(super) bound_to_certificate: bool,
    #[serde(default)]
    pub(super) scanners: Vec<RawText>,
    pub(super) max_age_days: Option<u16>,
    pub(super) database_max_age_days: Option<u16>,
    pub(super) max: Option<BTreeMap<String, u64>>,
    #[serde(default)]
    pub(super) accepted: BTreeMap<String, String>,
    pub(super) unfixed: Option<RawUnfixed>,
    pub(super) fix_grace_days: Option<u16>,
    pub(super) vex: Option<RawVex>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawUnfixed {
    Counted,
    Warned,
    LeftOut,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawVex {
    #[default]
    Ignored,
    Counted,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawWanted {
    Provenance,
    Sbom,
    Scan,
    Other,
}

/// A text, or `{regex: …}` for the whole of it.
#[derive(Deserialize)]
#[serde(from = "Value")]
pub(super) enum RawText {
    Exact(String),
    Regex { regex: String },
}

impl From<Value> for RawText {
    /// What is neither is an empty text, which is refused.
    fn from(value: Value) -> Self {
        match (value.as_str(), value.get("regex").and_then(Value::as_str)) {
            (None, Some(regex)) => Self::Regex {
                regex: regex.to_owned(),
            },
            (text, _) => Self::Exact(text.unwrap_or_default().to_owned()),
        }
    }
}

#[derive(Clone, Copy, Deserialize)]
pub(super) enum RawHash {
    #[serde(rename = "sha256")]
    Sha256,
    #[serde(rename = "sha384")]
    Sha384,
    #[serde(rename = "sha512")]
    Sha512,
}

impl From<RawHash> for Hash {
    fn from(raw: RawHash) -> Self {
        match raw {
            RawHash::Sha256 => Self::Sha256,
            RawHash::Sha384 => Self::Sha384,
            RawHash::Sha512 => Self::Sha512,
        }
    }
}

#[derive(Clone, Copy, Deserialize)]
pub(super) enum RawPadding {
    #[serde(rename = "pkcs1v15")]
    Pkcs1,
    #[serde(rename = "pss")]
    Pss,
}

impl From<RawPadding> for Padding {
    fn from(raw: RawPadding) -> Self {
        match raw {
            RawPadding::Pkcs1 => Self::Pkcs1,
            RawPadding::Pss => Self::Pss,
        }
    }
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawLog {
    #[default]
    Required,
    Ignored,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawKind {
    #[default]
    Uri,
    Email,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum RawReference {
    #[default]
    Any,
    Required,
}
