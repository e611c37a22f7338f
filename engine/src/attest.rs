//! Signs and verifies statements: keys, trust file, DSSE envelopes, in-toto statements.
//! Knows nothing of Git, configuration, policies or where verdicts lie.

mod about;
mod bundle;
mod dsse;
mod error;
pub mod evidence;
mod keyfile;
mod keys;
mod renewal;
#[cfg(test)]
pub(crate) mod sample;
mod signatory;
mod signed_at;
mod ssh;
mod statement;
mod trust;
mod unit;
mod vsa;
mod withdrawal;

pub use crate::model::pae;
use crate::model::{base64, instant as time, json};
pub use bundle::{BUNDLE_MEDIA_TYPE, bundle, unbundle};
pub use dsse::{
    PAYLOAD_TYPE, Signer, VerifiedStatement, may_name_a_key, sign, unverified_payload, verify,
    verify_taking_back,
};
pub use error::{Error, Rejection};
pub use keyfile::{read_private, write_private};
pub use keys::{PublicKey, SigningKey};
pub use renewal::{RENEWAL_PREDICATE, Renewal};
pub use signatory::{Made, Signatory, Together, sign_by};
pub use ssh::AllowedSigners;
pub use statement::{
    Approval, Counts, FindingSummary, GatedState, Outcome, Verdict, statement_schema,
};
pub use trust::{Dated, Revocation, Right, Role, TrustFile, TrustedKey, Validity};
pub use unit::UnitId;
pub use vsa::{VERDICT_EXTENSION, VERIFIER_ID, VSA_PREDICATE};
pub use withdrawal::{WITHDRAWAL_PREDICATE, Withdrawal};
