//! Why the keys of a signer do not count for a unit, though the trust file knows them.
//! Knows nothing of how that is found out.

use miette::Diagnostic;

/// Keys with which a unit cannot be signed.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum KeyError {
    /// It was revoked.
    #[error("`{unit}` cannot be signed: {why}")]
    #[diagnostic(
        code(key::revoked),
        help(
            "sign with another key; `tidegate keys new` makes one, and the accepted trust file must name it"
        )
    )]
    Revoked {
        /// The unit.
        unit: String,
        /// Which key, and why.
        why: String,
    },
    /// Its time is over.
    #[error("`{unit}` cannot be signed: {why}")]
    #[diagnostic(
        code(key::expired),
        help(
            "sign with the key that follows it; `tidegate keys rotate --plan` shows how one does. Where every key is over, docs/disaster.md has the way back"
        )
    )]
    Expired {
        /// The unit.
        unit: String,
        /// Which key, and when.
        why: String,
    },
    /// Its time has not come.
    #[error("`{unit}` cannot be signed: {why}")]
    #[diagnostic(
        code(key::not_yet_valid),
        help("sign with the key before it until then, or set the clock of this machine")
    )]
    NotYetValid {
        /// The unit.
        unit: String,
        /// Which key, and when.
        why: String,
    },
    /// It takes others besides.
    #[error("`{unit}` cannot be signed: {why}")]
    #[diagnostic(
        code(key::threshold),
        help(
            "name a key of each principal that signs: `--key-file` and `--signer` may be repeated; where a key is lost for good, docs/disaster.md says what to do"
        )
    )]
    Threshold {
        /// The unit.
        unit: String,
        /// How many it takes.
        why: String,
    },
}
