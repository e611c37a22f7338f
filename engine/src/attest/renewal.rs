//! The signed statement that a link was asked about again, and still passes.
//! Knows nothing of what the link admits.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Rejection, VerifiedStatement, about, time};
use crate::calendar::Class;
use crate::model::{Digest, RiskTier};

/// 'Judged again at `valid_from`, link `link` of this unit may begin its way until `valid_until`.'
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Renewal {
    /// The version of tidegate that judged.
    pub engine_version: String,
    /// The environment.
    pub environment: String,
    /// The unit.
    pub unit: String,
    /// The SHA-256 of the payload of the link.
    pub link: Digest,
    /// The link's height.
    pub height: u64,
    /// When it was judged again.
    #[serde(with = "time")]
    pub valid_from: Timestamp,
    /// The first instant at which the change may no longer begin its way into the cluster.
    #[serde(with = "time")]
    pub valid_until: Timestamp,
    /// The highest tier of the changes, as they are seen now.
    pub risk_tier: RiskTier,
    /// What a calendar tells apart of the changes now; absent where that is too much to list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub classes: Option<BTreeSet<Class>>,
    /// The link of unit `gate` whose state judged; absent where there was none before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gate_state: Option<Digest>,
    /// An older link of unit `gate` whose state judged too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also_judged_by: Option<Digest>,
    /// The policies.
    pub policy_digest: Digest,
    /// The configuration.
    pub config_digest: Digest,
    /// The facts.
    pub facts_digest: Digest,
}

impl Renewal {
    /// The bytes to sign. Equal renewals give equal bytes.
    ///
    /// # Errors
    /// An end that is not after the beginning, or too long after it.
    pub fn to_statement_bytes(&self) -> Result<Vec<u8>, Rejection> {
        let life = self.valid_until.duration_since(self.valid_from);
        if life <= SignedDuration::ZERO || life > LONGEST_LIFE {
            return Err(Rejection::Inconsistent {
                what: "`validUntil` is not after `validFrom`, or more than 7 days later".to_owned(),
            });
        }
        let name = format!("{}/{}", self.environment, self.unit);
        about::write(self, RENEWAL_PREDICATE, [(name, self.link)])
    }

    /// Reads a verified statement.
    ///
    /// # Errors
    /// Another kind of statement, or bytes that [`Renewal::to_statement_bytes`] would not have written.
    pub fn parse(statement: &VerifiedStatement) -> Result<Self, Rejection> {
        Self::parse_unverified(statement.payload())
    }

    pub(crate) fn parse_unverified(payload: &[u8]) -> Result<Self, Rejection> {
        let renewal: Self = about::read(payload, RENEWAL_PREDICATE, "a renewal v1")?;
        if renewal.to_statement_bytes()? == payload {
            return Ok(renewal);
        }
        about::differs()
    }
}

const LONGEST_LIFE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The predicate type of renewals.
pub const RENEWAL_PREDICATE: &str = "https://tidegate.dev/renewal/v1";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attest::{Verdict, Withdrawal};

    #[test]
    fn what_is_written_is_what_is_read_and_is_no_verdict_and_no_withdrawal() {
        let renewal = Renewal {
            engine_version: "0.1.0".into(),
            environment: "prod".into(),
            unit: "odoo".into(),
            link: Digest::of(b"link"),
            height: 3,
            valid_from: "2026-11-20T10:00:00Z".parse().unwrap(),
            valid_until: "2026-11-21T10:00:00Z".parse().unwrap(),
            risk_tier: RiskTier::High,
            classes: None,
            gate_state: None,
            also_judged_by: None,
            policy_digest: Digest::of(b"policies"),
            config_digest: Digest::of(b"config"),
            facts_digest: Digest::of(b"facts"),
        };
        let bytes = renewal.to_statement_bytes().unwrap();
        assert_eq!(Renewal::parse_unverified(&bytes), Ok(renewal.clone()));
        assert!(Verdict::parse_unverified(&bytes).is_err());
        assert!(Withdrawal::parse_unverified(&bytes).is_err());
        let text = String::from_utf8(bytes).unwrap();
        let moved = text.replacen("prod/odoo", "prod/redis", 1);
        assert!(Renewal::parse_unverified(moved.as_bytes()).is_err());
        for (until, is_written) in [
            ("2026-11-20T09:59:59Z", false),
            ("2026-11-20T10:00:00Z", false),
            ("2026-11-20T10:00:01Z", true),
            ("2026-11-27T10:00:00Z", true),
            ("2026-11-27T10:00:01Z", false),
            ("2026-11-28T10:00:00Z", false),
        ] {
            let valid_until = until.parse().unwrap();
            let other = Renewal {
                valid_until,
                ..renewal.clone()
            };
            assert_eq!(other.to_statement_bytes().is_ok(), is_written, "{until}");
        }
    }
}
