//! The reasons for which a verdict does not admit.
//! Knows nothing of how they are found.

use std::fmt;

use miette::Diagnostic;
use serde::Serialize;

use crate::attest::Rejection;

/// A verdict does not admit this: what it would take, and what there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{reason}: expected {expected}, found {found}")]
pub struct Refusal {
    /// Why.
    pub reason: Reason,
    /// What it would take.
    pub expected: String,
    /// What there is.
    pub found: String,
}

/// Why a verdict does not admit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// Not an envelope, or no statement in it.
    Malformed,
    /// No trusted key signed it.
    Signature,
    /// The key may not sign for this environment, or not this.
    SignerNotTrustedFor,
    /// The key that signed it is revoked.
    KeyRevoked,
    /// It was signed when the key's time was over.
    KeyExpired,
    /// It was signed before the key's time had come.
    KeyNotYetValid,
    /// Too few signed it.
    Threshold,
    /// A newer tidegate made it.
    Version,
    /// It is a statement of another kind.
    Predicate,
    /// Its fields contradict each other.
    Inconsistent,
    /// It names another environment or unit.
    OtherUnit,
    /// It names another repository.
    OtherRepository,
    /// It names other files.
    OtherTree,
    /// Its files were chosen by another selector.
    OtherSelector,
    /// Two links claim one place.
    Equivocation,
    /// It was judged, and denied.
    Failed,
    /// It was taken back.
    Withdrawn,
    /// It was signed where nothing was enforced.
    Observed,
    /// What runs is newer.
    OlderThanDeployed,
    /// A newer link stands in its place.
    Superseded,
    /// Something on the way was never judged.
    UnjudgedBase,
    /// Something that a link names is not in the store.
    StoreGap,
    /// Its time has not come.
    NotYetValid,
    /// Its time is over.
    Expired,
    /// The highest tier on the way may not go there.
    Held,
    /// The calendar holds something on the way.
    Frozen,
    /// Something is applied that the unit's paths do not hold.
    SourceOutsideSelector,
    /// The deployer makes something else of the files than they are.
    SourceOverride,
    /// The deployer was told something that this version does not understand.
    SourceUnknownField,
    /// There is none.
    Missing,
}

impl Refusal {
    pub(super) fn new(
        reason: Reason,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self {
            reason,
            expected: expected.into(),
            found: found.into(),
        }
    }

    /// The same, with what makes the difference.
    #[must_use]
    pub fn because(mut self, changes: &[String]) -> Self {
        if !changes.is_empty() {
            self.expected = format!("{} ({})", self.expected, changes.join("; "));
        }
        self
    }
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 30] = [
        Self::Malformed,
        Self::Signature,
        Self::SignerNotTrustedFor,
        Self::KeyRevoked,
        Self::KeyExpired,
        Self::KeyNotYetValid,
        Self::Threshold,
        Self::Version,
        Self::Predicate,
        Self::Inconsistent,
        Self::OtherUnit,
        Self::OtherRepository,
        Self::OtherTree,
        Self::OtherSelector,
        Self::Equivocation,
        Self::Failed,
        Self::Withdrawn,
        Self::Observed,
        Self::OlderThanDeployed,
        Self::Superseded,
        Self::UnjudgedBase,
        Self::StoreGap,
        Self::NotYetValid,
        Self::Expired,
        Self::Held,
        Self::Frozen,
        Self::SourceOutsideSelector,
        Self::SourceOverride,
        Self::SourceUnknownField,
        Self::Missing,
    ];

    /// The name inside `refused[…]`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.words().0
    }

    /// What it means, in a sentence.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        self.words().1
    }

    /// What to do.
    #[must_use]
    pub fn help(self) -> &'static str {
        self.words().2
    }

    #[expect(clippy::too_many_lines, reason = "a table of three columns")]
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Malformed => (
                "malformed",
                "It is not an envelope, or there is no statement in it.",
                "fetch the verdict again, or sign again",
            ),
            Self::Signature => (
                "signature",
                "No trusted key signed it.",
                "the bytes were changed, or the signer is not in the trust file",
            ),
            Self::SignerNotTrustedFor => (
                "signer-not-trusted-for",
                "The key that signed it is trusted, but not for this environment, or not for this.",
                "sign with a key that the trust file allows for this environment",
            ),
            Self::KeyRevoked => (
                "key-revoked",
                "The key that signed it is revoked: who has it can write any time under what it signs.",
                "sign again with another key, or accept what is there with `tidegate baseline`; what is known to be good is listed in `keep` of the revocation",
            ),
            Self::KeyExpired => (
                "key-expired",
                "It was signed at or after the `notAfter` of its key.",
                "sign with a key that is valid, or let the trust file say that this one still is",
            ),
            Self::KeyNotYetValid => (
                "key-not-yet-valid",
                "It was signed before the `notBefore` of its key.",
                "sign with a key that is valid, or let the trust file say that this one is",
            ),
            Self::Threshold => (
                "threshold",
                "Fewer principals signed it than the trust file wants.",
                "sign with the keys of as many principals as `thresholds` says; two keys of one principal count once",
            ),
            Self::Version => (
                "version",
                "A newer tidegate made it.",
                "use a newer tidegate",
            ),
            Self::Predicate => (
                "predicate",
                "It is a statement of another kind.",
                "name a verdict that tidegate made",
            ),
            Self::Inconsistent => (
                "inconsistent",
                "Its fields contradict each other.",
                "sign again with an unmodified tidegate",
            ),
            Self::OtherUnit => (
                "other-unit",
                "It names another environment or unit.",
                "name the verdict of this environment and unit",
            ),
            Self::OtherRepository => (
                "other-repository",
                "It names another repository.",
                "name the verdict of this repository, or set `verdict.repository`",
            ),
            Self::OtherTree => (
                "other-tree",
                "It names other files than those that are there.",
                "deploy the files that were judged, or sign these",
            ),
            Self::OtherSelector => (
                "other-selector",
                "Its files were chosen by other paths than the unit has now.",
                "the unit's paths changed since: run `tidegate sign` again",
            ),
            Self::Equivocation => (
                "equivocation",
                "Two links claim one place of the chain.",
                "find out who signed both, withdraw one, or make a baseline",
            ),
            Self::Failed => (
                "failed",
                "The change was judged, and denied.",
                "fix or revert the change, then sign again",
            ),
            Self::Withdrawn => (
                "withdrawn",
                "The verdict was taken back, or one that it rests on.",
                "go back to a link that stands, or sign what follows",
            ),
            Self::Observed => (
                "observed",
                "It was signed where nothing was enforced yet, and what is only observed admits nothing.",
                "accept what was only observed with `tidegate baseline`, once where an environment begins to enforce",
            ),
            Self::OlderThanDeployed => (
                "older-than-deployed",
                "What runs is newer than what is to be deployed, and going back this far was not judged.",
                "deploy something newer, or the rollback target of what runs; to go back farther, revert and sign",
            ),
            Self::Superseded => (
                "superseded",
                "A newer link stands in its place.",
                "deploy the newest link",
            ),
            Self::UnjudgedBase => (
                "unjudged-base",
                "Something between what runs and what is to be deployed was never judged.",
                "accept what is there with `tidegate baseline`",
            ),
            Self::StoreGap => (
                "store-gap",
                "Something that a link names is not in the store.",
                "links were taken away: restore the store from its backup, or make a baseline",
            ),
            Self::NotYetValid => (
                "not-yet-valid",
                "The verdict's time has not come.",
                "compare the clocks of signer and deployer",
            ),
            Self::Expired => (
                "expired",
                "The verdict's time is over: what was judged safe then may not be so now.",
                "renew it, or run `tidegate sign` again",
            ),
            Self::Held => (
                "held",
                "The highest risk tier between what runs and what is to be deployed is above `max-tier` of the environment.",
                "wait until `max-tier` allows it; or revert the change that has this tier and accept the reverted state with `tidegate baseline`: a revert has a tier too. Where nobody says what runs (`--deployed`), it counts as a first deployment, which is critical",
            ),
            Self::Frozen => (
                "frozen",
                "A window of the calendar holds something between what runs and what is to be deployed.",
                "wait until the window lets it go: `tidegate calendar next` says when. What runs now, and the state to go back to, may be applied again at any hour. Where nobody says what runs (`--deployed`), everything counts as on the way, and as critical",
            ),
            Self::SourceOutsideSelector => (
                "source-outside-selector",
                "The Application applies something that the unit's paths do not hold, so that nothing judged it.",
                "let the Application take what the unit's paths hold, and nothing else",
            ),
            Self::SourceOverride => (
                "source-override",
                "The Application makes something else of the files than what was judged.",
                "bring it into Git, where it is judged, and take it out of the Application",
            ),
            Self::SourceUnknownField => (
                "source-unknown-field",
                "The Application was told something that this version does not understand.",
                "take it out of the Application, or use a newer tidegate",
            ),
            Self::Missing => (
                "missing",
                "There is no verdict for the files that are there.",
                "run `tidegate sign`, or wait until it has run",
            ),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Diagnostic for Refusal {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(format!("refused.{}", self.reason)))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.reason.help()))
    }
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Self {
        let (reason, expected) = match &rejection {
            Rejection::TooLong { .. } | Rejection::Malformed { .. } => {
                (Reason::Malformed, "a signed statement")
            }
            Rejection::Signature { .. } => (Reason::Signature, "a signature of a trusted key"),
            Rejection::SignerNotTrustedFor { .. } => {
                (Reason::SignerNotTrustedFor, "a key for this environment")
            }
            Rejection::KeyRevoked { .. } => (Reason::KeyRevoked, "a key that is not revoked"),
            Rejection::KeyExpired { .. } => (Reason::KeyExpired, "a key whose time is not over"),
            Rejection::KeyNotYetValid { .. } => {
                (Reason::KeyNotYetValid, "a key whose time has come")
            }
            Rejection::Threshold { .. } => (Reason::Threshold, "signatures of more principals"),
            Rejection::Version { .. } => (Reason::Version, "version 1"),
            Rejection::Predicate { expected, .. } => (Reason::Predicate, *expected),
            Rejection::Inconsistent { .. } => (Reason::Inconsistent, "fields that agree"),
        };
        let found = match rejection {
            Rejection::Predicate { found, .. } | Rejection::Version { found } => {
                format!("`{found}`")
            }
            Rejection::Malformed { what } | Rejection::Inconsistent { what } => what,
            Rejection::TooLong { .. }
            | Rejection::Signature { .. }
            | Rejection::SignerNotTrustedFor { .. }
            | Rejection::KeyRevoked { .. }
            | Rejection::KeyExpired { .. }
            | Rejection::KeyNotYetValid { .. }
            | Rejection::Threshold { .. } => rejection.to_string(),
        };
        Self::new(reason, expected, found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Exit, code_of};

    #[test]
    fn a_refusal_says_what_it_takes_and_what_there_is_and_exits_with_4() {
        let refusal = Refusal::new(Reason::OtherUnit, "`prod/odoo`", "`staging/odoo`");
        assert_eq!(
            refusal.to_string(),
            "other-unit: expected `prod/odoo`, found `staging/odoo`"
        );
        assert_eq!(code_of(&refusal), "refused.other-unit");
        assert_eq!(Exit::of_error(&refusal), Exit::Refused);
    }

    #[test]
    fn every_reason_has_a_name_and_a_sentence_of_its_own_and_a_way_out() {
        let mut told = std::collections::BTreeSet::new();
        for reason in Reason::ALL {
            assert_eq!(reason.to_string(), reason.as_str());
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.as_str());
            assert!(told.insert(reason.as_str()), "{reason}");
            assert!(told.insert(reason.meaning()), "{reason}");
            assert!(reason.meaning().ends_with('.'), "{reason}");
            assert!(reason.help().contains(' '), "{reason}");
            let help = Refusal::new(reason, "a", "b").help().unwrap().to_string();
            assert_eq!(help, reason.help());
        }
    }

    #[test]
    fn what_makes_the_difference_stands_behind_what_it_takes() {
        let refusal = Refusal::new(Reason::OtherTree, "a", "b");
        assert_eq!(refusal.clone().because(&[]), refusal);
        let changes = ["c".to_owned(), "d".to_owned()];
        assert_eq!(refusal.because(&changes).expected, "a (c; d)");
    }
}
