//! The wire form of a verdict: what of it stands where in an in-toto statement with a SLSA VSA.
//! Knows nothing of signatures.

use std::collections::BTreeMap;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Outcome, Rejection, Verdict, time};
use crate::model::{Digest, Enforcement, GitId};

/// The statement that says what `verdict` says.
pub(super) fn of(verdict: &Verdict) -> Result<Value, Rejection> {
    serde_json::to_value(Statement::of(verdict)).map_err(|_| Rejection::Malformed {
        what: "the verdict cannot be written as JSON".to_owned(),
    })
}

/// The verdict of a statement, after the names that say what it is.
pub(super) fn read(value: Value) -> Result<Verdict, Rejection> {
    expect_name(&value, "/_type", STATEMENT_TYPE, "an in-toto statement v1")?;
    expect_name(
        &value,
        "/predicateType",
        VSA_PREDICATE,
        "a verification summary v1",
    )?;
    expect_name(
        &value,
        "/predicate/verifier/id",
        VERIFIER_ID,
        "tidegate's verifier id",
    )?;
    expect_version(&value)?;
    // The error may quote values, so only what kind of thing went wrong is told.
    let statement: Statement =
        serde_json::from_value(value).map_err(|error| Rejection::Malformed {
            what: describe(&error),
        })?;
    let verdict = statement.predicate.verdict;
    let passed = statement.predicate.verification_result == VerificationResult::Passed;
    if passed != (verdict.outcome == Outcome::Pass) {
        return Err(Rejection::Inconsistent {
            what: "`verificationResult` and `outcome` differ".to_owned(),
        });
    }
    Ok(verdict)
}

/// The JSON Schema of the statement.
pub(super) fn schema() -> Value {
    schemars::schema_for!(Statement).to_value()
}

/// An in-toto statement v1 that carries a verdict.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[schemars(title = "tidegate verdict v1")]
struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    /// Exactly one: the unit's gated tree.
    subject: [Subject; 1],
    predicate_type: String,
    predicate: Predicate,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Subject {
    /// `<environment>/<unit>`
    name: String,
    digest: SubjectDigest,
}

/// Both must match.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct SubjectDigest {
    #[schemars(with = "String")]
    git_tree: GitId,
    /// Of the path manifest.
    #[schemars(with = "String")]
    sha256: Digest,
}

/// A SLSA verification summary v1.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Predicate {
    verifier: Verifier,
    #[serde(with = "time")]
    #[schemars(with = "String")]
    time_verified: Timestamp,
    resource_uri: String,
    policy: Policy,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    input_attestations: Vec<Attestation>,
    verification_result: VerificationResult,
    verified_levels: Vec<String>,
    #[serde(rename = "https://tidegate.dev/verdict/v1")]
    verdict: Verdict,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Verifier {
    id: String,
    version: BTreeMap<String, String>,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Policy {
    uri: String,
    digest: Sha256,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Attestation {
    digest: Sha256,
}

#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Sha256 {
    #[schemars(with = "String")]
    sha256: Digest,
}

#[derive(PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
enum VerificationResult {
    Passed,
    Failed,
}

impl Statement {
    fn of(verdict: &Verdict) -> Self {
        Self {
            kind: STATEMENT_TYPE.to_owned(),
            subject: [Subject {
                name: format!("{}/{}", verdict.environment, verdict.unit),
                digest: SubjectDigest {
                    git_tree: verdict.head.gated_tree,
                    sha256: verdict.head.manifest,
                },
            }],
            predicate_type: VSA_PREDICATE.to_owned(),
            predicate: Predicate::of(verdict),
        }
    }
}

impl Predicate {
    fn of(verdict: &Verdict) -> Self {
        let attestation = |digest: &Digest| Attestation {
            digest: Sha256 { sha256: *digest },
        };
        Self {
            verifier: Verifier {
                id: VERIFIER_ID.to_owned(),
                version: BTreeMap::from([("tidegate".to_owned(), verdict.engine_version.clone())]),
            },
            time_verified: verdict.valid_from,
            resource_uri: verdict.resource_uri(),
            policy: Policy {
                uri: POLICY_URI.to_owned(),
                digest: Sha256 {
                    sha256: verdict.policy_digest,
                },
            },
            input_attestations: verdict.input_attestations.iter().map(attestation).collect(),
            verification_result: match verdict.outcome {
                Outcome::Pass => VerificationResult::Passed,
                Outcome::Fail => VerificationResult::Failed,
            },
            verified_levels: levels(verdict),
            verdict: verdict.clone(),
        }
    }
}

/// What a verifier of others may ask for: a baseline and an observed verdict never have the level
/// of the gate.
fn levels(verdict: &Verdict) -> Vec<String> {
    let level = match (verdict.outcome, verdict.baseline, verdict.enforcement) {
        (Outcome::Fail, _, _) => return vec!["FAILED".to_owned()],
        (Outcome::Pass, true, _) => return vec!["TIDEGATE_BASELINE".to_owned()],
        (Outcome::Pass, false, Enforcement::Observe) => "TIDEGATE_OBSERVED",
        (Outcome::Pass, false, Enforcement::Enforce) => "TIDEGATE_GATE",
    };
    let tier = verdict.risk_tier.as_str().to_uppercase();
    vec![level.to_owned(), format!("TIDEGATE_TIER_{tier}")]
}

/// Refuses `value` unless the name at `pointer` is exactly `name`.
pub(super) fn expect_name(
    value: &Value,
    pointer: &str,
    name: &str,
    expected: &'static str,
) -> Result<(), Rejection> {
    match value.pointer(pointer).and_then(Value::as_str) {
        Some(found) if found == name => Ok(()),
        found => Err(Rejection::Predicate {
            expected,
            found: found.unwrap_or("nothing").chars().take(80).collect(),
        }),
    }
}

/// A verdict extension of another version is told apart from no extension at all.
fn expect_version(value: &Value) -> Result<(), Rejection> {
    let names = value.pointer("/predicate").and_then(Value::as_object);
    let mut ours = names
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .filter(|name| name.starts_with(VERDICT_FAMILY));
    match (ours.next(), ours.next()) {
        (Some(VERDICT_EXTENSION), None) => Ok(()),
        (Some(VERDICT_EXTENSION), Some(other)) | (Some(other), _) => Err(Rejection::Version {
            found: other.chars().take(80).collect(),
        }),
        (None, _) => Err(Rejection::Predicate {
            expected: "a verdict extension",
            found: "nothing".to_owned(),
        }),
    }
}

/// Names what kind of mistake it is; field names are ours or quoted short.
pub(super) fn describe(error: &serde_json::Error) -> String {
    let text: String = error
        .to_string()
        .chars()
        .filter(|c| !c.is_control())
        .take(160)
        .collect();
    format!("the statement has the wrong shape: {text}")
}

/// The type of the statement.
pub(super) const STATEMENT_TYPE: &str = "https://in-toto.io/Statement/v1";
/// The predicate type of verdicts.
pub const VSA_PREDICATE: &str = "https://slsa.dev/verification_summary/v1";
/// Who says so; consumers pin it together with the key.
pub const VERIFIER_ID: &str = "https://tidegate.dev/gate/v1";
/// The extension of the predicate that holds the verdict.
pub const VERDICT_EXTENSION: &str = "https://tidegate.dev/verdict/v1";
const VERDICT_FAMILY: &str = "https://tidegate.dev/verdict/";
const POLICY_URI: &str = "https://tidegate.dev/policy-set/v1";

#[cfg(test)]
mod tests;
