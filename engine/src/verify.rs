//! Says whether a verdict admits what is about to be deployed.
//! Knows no policy and no clock: everything it weighs is handed in or was signed.

mod admit;
mod application;
mod chain;
mod clock;
mod error;
mod frozen;
mod refusal;
mod verdict;
mod walk;

pub use admit::{Admission, AdmitRequest, GateState, Grounds, admit};
pub use application::{
    ApplicationError, ApplicationQuery, AppliedSource, GateSource, Sync, concrete_revision,
};
pub(crate) use chain::more_must_sign;
pub use chain::{Chain, ChainLink, Kind, NextLink, RejectedFile, rejected_lines};
pub use clock::{Bound, WITNESS_SKEW, Witness};
pub use error::{AdmitError, Error, SourceError};
pub use frozen::Timetable;
pub use refusal::{Reason, Refusal};
pub use verdict::{CLOCK_SKEW, Expectation, ExpectedRepository, VerifiedVerdict, verify};

use crate::model::{Digest, GitId};

/// What admission asks a repository.
pub trait Source {
    /// The id and the path manifest's SHA-256 of the tree that holds exactly the files of `commit`
    /// that `selector` selects.
    ///
    /// # Errors
    /// The commit cannot be found or read.
    fn gated_tree(
        &self,
        commit: GitId,
        selector: &[String],
    ) -> Result<(GitId, Digest), SourceError>;

    /// Whether `descendant` is `ancestor`, or has it in its history.
    ///
    /// # Errors
    /// A commit cannot be found or read.
    fn is_ancestor(&self, ancestor: GitId, descendant: GitId) -> Result<bool, SourceError>;
}

#[cfg(test)]
mod tests;
