//! The instant at which a statement says that it was signed.
//! Knows nothing else of what it says: whether the rest is right is asked where it is read.

use jiff::Timestamp;
use serde_json::Value;

use super::evidence::Kind;
use super::{RENEWAL_PREDICATE, Rejection, VSA_PREDICATE, WITHDRAWAL_PREDICATE, json, time};

/// Reads it out of the payload of a link, a report, a renewal or a withdrawal, or of evidence.
///
/// # Errors
/// Another kind of statement, or none.
pub(super) fn signed_at(payload: &[u8]) -> Result<Timestamp, Rejection> {
    let value = json::parse(payload).map_err(|what| Rejection::Malformed { what })?;
    let text = |place: &str| value.pointer(place).and_then(Value::as_str);
    let kind = text("/predicateType").unwrap_or_default();
    let place = match kind {
        VSA_PREDICATE => "/predicate/timeVerified",
        RENEWAL_PREDICATE => "/predicate/validFrom",
        WITHDRAWAL_PREDICATE => "/predicate/withdrawnAt",
        kind if Kind::of_predicate(kind).is_some() => "/predicate/about/reportedAt",
        _ => {
            return Err(Rejection::Predicate {
                expected: "a statement of tidegate",
                found: kind.chars().take(80).collect(),
            });
        }
    };
    text(place)
        .and_then(time::parse)
        .ok_or_else(|| Rejection::Malformed {
            what: "it does not say when it was signed".to_owned(),
        })
}
