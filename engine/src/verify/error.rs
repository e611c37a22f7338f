//! Why nothing could be decided, apart from what was decided against.
//! Knows nothing of how either comes about.

use std::fmt;

use jiff::Timestamp;
use miette::Diagnostic;

use super::Refusal;
use crate::{attest, calendar, model::Enforcement, store};

/// Nothing could be decided.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum Error {
    /// The store.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] store::Error),
    /// The repository.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Source(#[from] SourceError),
    /// The calendar does not say what it holds.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Calendar(#[from] calendar::Error),
    /// The envelope is longer than any verdict.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Envelope(#[from] attest::Rejection),
    /// A file that may take a link back cannot be read.
    #[error("`{place}` may withdraw a link, and does not read: {why}")]
    #[diagnostic(
        code(store::unread_withdrawal),
        help("find out who put it there; remove it only if it is no withdrawal")
    )]
    UnreadWithdrawal {
        /// The file.
        place: String,
        /// Why it does not read.
        why: String,
    },
    /// A link's commit has other files than the link says.
    #[error(
        "link {height} of `{unit}` does not recompute: commit `{commit}` has the gated tree `{found}`, not `{expected}`"
    )]
    #[diagnostic(
        code(store::link_not_reproducible),
        help("check that the repository is the one that was judged, then make a new baseline")
    )]
    NotReproducible {
        /// The unit.
        unit: String,
        /// The link's height.
        height: u64,
        /// The commit that it names.
        commit: String,
        /// The tree that it names.
        expected: String,
        /// The tree that the commit has.
        found: String,
    },
    /// Too many links between what runs and what is wanted.
    #[error("more than {limit} links of `{unit}` lie between what runs and what is wanted")]
    #[diagnostic(code(limit::links), help("shorten the walk with `tidegate baseline`"))]
    WalkTooLong {
        /// The unit.
        unit: String,
        /// The cap.
        limit: usize,
    },
    /// The clock is behind what has happened.
    #[error("the clock says `{now}`, and {who} says `{says}`")]
    #[diagnostic(
        code(clock::behind),
        help(
            "set the clock of this machine; what runs and baselines are admitted meanwhile. Where it is right and a link was dated by one that was ahead, `tidegate withdraw` takes that link back, and `tidegate baseline` goes on above it"
        )
    )]
    ClockBehind {
        /// What the clock says.
        now: String,
        /// Who says otherwise.
        who: String,
        /// What that says.
        says: String,
        /// From when on nobody would say otherwise; `None` where waiting does not help.
        until: Option<Timestamp>,
    },
    /// The clock is ahead of somebody who knows the time.
    #[error("the clock says `{now}`, and {who} says `{says}`")]
    #[diagnostic(
        code(clock::ahead),
        help("set the clock of this machine; what runs and baselines are admitted meanwhile")
    )]
    ClockAhead {
        /// What the clock says.
        now: String,
        /// Who says otherwise.
        who: String,
        /// What that says.
        says: String,
    },
}

impl Error {
    /// The instant from which on the clock is no reason any more, where it only has to go on.
    #[must_use]
    pub fn clock_is_right_at(&self) -> Option<Timestamp> {
        match self {
            Self::ClockBehind { until, .. } => *until,
            _ => None,
        }
    }
}

/// Why something is not admitted.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum AdmitError {
    /// Decided: no.
    #[error("refused")]
    #[diagnostic(code(refused::not_admitted))]
    Refused {
        /// Every reason, the most specific first; never empty.
        #[related]
        refusals: Vec<Refusal>,
        /// What the environment does with it: an observing one says *would refuse*.
        enforcement: Enforcement,
    },
    /// Not decided.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Error(#[from] Error),
}

impl From<SourceError> for AdmitError {
    fn from(error: SourceError) -> Self {
        Self::Error(error.into())
    }
}

/// An error of whatever reads the repository, with its own code and help.
#[derive(Debug)]
pub struct SourceError(Box<dyn Diagnostic + Send + Sync>);

impl SourceError {
    /// Wraps an error.
    pub fn new(error: impl Diagnostic + Send + Sync + 'static) -> Self {
        Self(Box::new(error))
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for SourceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}

impl Diagnostic for SourceError {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.0.code()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.0.help()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        self.0.labels()
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.0.source_code()
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        self.0.related()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error, Diagnostic)]
    #[error("outer")]
    #[diagnostic(code(usage::help), help("look"))]
    struct Outer {
        #[source]
        inner: Inner,
        #[source_code]
        text: String,
        #[label("here")]
        at: miette::SourceSpan,
        #[related]
        related: Vec<Inner>,
    }

    #[derive(Debug, thiserror::Error, Diagnostic)]
    #[error("inner")]
    struct Inner;

    #[test]
    fn all_that_the_reader_of_a_repository_says_is_passed_on() {
        use std::error::Error as _;
        let error = SourceError::new(Outer {
            inner: Inner,
            text: "text".into(),
            at: (0, 4).into(),
            related: vec![Inner, Inner],
        });
        let told = |text: Option<Box<dyn fmt::Display + '_>>| text.map(|text| text.to_string());
        assert_eq!(error.to_string(), "outer");
        assert_eq!(told(error.code()).as_deref(), Some("usage::help"));
        assert_eq!(told(error.help()).as_deref(), Some("look"));
        assert_eq!(error.source().unwrap().to_string(), "inner");
        let labels: Vec<_> = error.labels().unwrap().collect();
        assert_eq!(labels[0].label(), Some("here"));
        assert!(error.source_code().is_some());
        assert_eq!(error.related().unwrap().count(), 2);
    }
}
