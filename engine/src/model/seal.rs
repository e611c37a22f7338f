//! What the signature of a commit is worth, as policies see it.
//! Verifies nothing.

use serde::Serialize;

/// What the signature of a commit is worth. Only the first proves who made it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
pub enum Seal {
    /// Made by the key of somebody who is known.
    Verified {
        /// Who.
        principal: String,
        /// The fingerprint of the key.
        key: String,
    },
    /// Made by a key of nobody who is known.
    Untrusted {
        /// The fingerprint of the key.
        key: String,
    },
    /// Not made by the key that it names, or no signature at all.
    Invalid {
        /// Why.
        reason: &'static str,
    },
    /// Of a kind that is not looked into.
    Unverified {
        /// `openpgp`, `x509` or `ssh`.
        format: &'static str,
    },
    /// There is none.
    #[default]
    None,
}
