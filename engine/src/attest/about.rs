//! A statement about something: in-toto v1, whose subject is a link's payload, or the objects that evidence is about.
//! Knows nothing of what is said about it.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Rejection, json, vsa};
use crate::model::Digest;

/// The bytes to sign: `predicate` about what has these names and digests.
pub(super) fn write(
    predicate: &impl Serialize,
    kind: &str,
    about: impl IntoIterator<Item = (String, Digest)>,
) -> Result<Vec<u8>, Rejection> {
    let subject = about.into_iter().map(|(name, sha256)| Subject {
        name,
        digest: Sha256 { sha256 },
    });
    let value = serde_json::to_value(predicate).and_then(|predicate| {
        serde_json::to_value(Statement {
            kind: vsa::STATEMENT_TYPE.to_owned(),
            subject: subject.collect(),
            predicate_type: kind.to_owned(),
            predicate,
        })
    });
    value
        .map(|value| json::canonical(&value))
        .map_err(|_| Rejection::Malformed {
            what: "the statement cannot be written as JSON".to_owned(),
        })
}

/// What `payload` says, if it is of this `kind`; the caller compares it with what it would write.
pub(super) fn read<T: DeserializeOwned>(
    payload: &[u8],
    kind: &str,
    expected: &'static str,
) -> Result<T, Rejection> {
    let value = json::parse(payload).map_err(|what| Rejection::Malformed { what })?;
    let statement_type = vsa::STATEMENT_TYPE;
    vsa::expect_name(&value, "/_type", statement_type, "an in-toto statement v1")?;
    vsa::expect_name(&value, "/predicateType", kind, expected)?;
    let read = serde_json::from_value(value)
        .and_then(|statement: Statement| serde_json::from_value(statement.predicate));
    read.map_err(|error| Rejection::Malformed {
        what: vsa::describe(&error),
    })
}

pub(super) fn differs<T>() -> Result<T, Rejection> {
    Err(Rejection::Inconsistent {
        what: "the statement does not say what its predicate says".to_owned(),
    })
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Statement {
    #[serde(rename = "_type")]
    kind: String,
    subject: Vec<Subject>,
    predicate_type: String,
    predicate: Value,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Subject {
    name: String,
    digest: Sha256,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sha256 {
    sha256: Digest,
}
