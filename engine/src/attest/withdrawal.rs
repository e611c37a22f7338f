//! The signed statement that a link admits nothing any more.
//! Knows nothing of what the link admitted.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Rejection, VerifiedStatement, about, time};
use crate::model::Digest;

/// 'Link `link` of this unit admits nothing any more.'
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Withdrawal {
    /// The environment.
    pub environment: String,
    /// The unit.
    pub unit: String,
    /// The SHA-256 of the payload of the link.
    pub link: Digest,
    /// Why.
    pub reason: String,
    /// When.
    #[serde(with = "time")]
    pub withdrawn_at: Timestamp,
}

impl Withdrawal {
    /// The bytes to sign. Equal withdrawals give equal bytes.
    ///
    /// # Errors
    /// None in practice; JSON that cannot be written.
    pub fn to_statement_bytes(&self) -> Result<Vec<u8>, Rejection> {
        let name = format!("{}/{}", self.environment, self.unit);
        about::write(self, WITHDRAWAL_PREDICATE, [(name, self.link)])
    }

    /// Reads a verified statement.
    ///
    /// # Errors
    /// Another kind of statement, or bytes that [`Withdrawal::to_statement_bytes`] would not have
    /// written.
    pub fn parse(statement: &VerifiedStatement) -> Result<Self, Rejection> {
        Self::parse_unverified(statement.payload())
    }

    /// What the payload says, whoever signed it: for finding the link and its keys only.
    pub(crate) fn parse_unverified(payload: &[u8]) -> Result<Self, Rejection> {
        let withdrawal: Self = about::read(payload, WITHDRAWAL_PREDICATE, "a withdrawal v1")?;
        if withdrawal.to_statement_bytes()? == payload {
            return Ok(withdrawal);
        }
        about::differs()
    }
}

/// The predicate type of withdrawals.
pub const WITHDRAWAL_PREDICATE: &str = "https://tidegate.dev/withdrawal/v1";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attest::{Verdict, sample};

    #[test]
    fn what_is_written_is_what_is_read_and_is_no_verdict() {
        let withdrawal = Withdrawal {
            environment: "prod".into(),
            unit: "odoo".into(),
            link: Digest::of(b"link"),
            reason: "wrong price list".into(),
            withdrawn_at: "2026-11-20T10:00:00Z".parse().unwrap(),
        };
        let bytes = withdrawal.to_statement_bytes().unwrap();
        assert_eq!(Withdrawal::parse_unverified(&bytes), Ok(withdrawal));
        assert!(Verdict::parse_unverified(&bytes).is_err());
        let verdict = sample::baseline(sample::state(1))
            .to_statement_bytes()
            .unwrap();
        assert!(Withdrawal::parse_unverified(&verdict).is_err());
        let text = String::from_utf8(bytes).unwrap();
        let moved = text.replacen("prod/odoo", "prod/redis", 1);
        assert!(Withdrawal::parse_unverified(moved.as_bytes()).is_err());
    }
}
