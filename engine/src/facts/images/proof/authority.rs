//! Who may sign an image, and on which conditions. All conditions of one authority hold on one signature object.
//! Knows no signature.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use regex::Regex;

use super::{Key, Required, Store, TrustRoot, TrustRootError};

/// One who may sign.
#[derive(Debug)]
pub struct Authority {
    /// Its name in the configuration.
    pub name: String,
    /// By what it is known.
    pub signer: Signer,
    /// No signature from before counts.
    pub not_before: Option<Timestamp>,
    /// No signature from after counts.
    pub not_after: Option<Timestamp>,
    /// Annotations that must be in what is signed.
    pub annotations: BTreeMap<String, String>,
    /// Whether what is signed must name the image's repository. Only the older of cosign's formats can.
    pub reference: Reference,
    /// What must be attested besides, by the same authority.
    pub required: Vec<Required>,
}

/// Whether the repository that a signature names matters. Mirrors keep the name of the original.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reference {
    /// Any repository, or none.
    Any,
    /// The image's own.
    Required,
}

/// By what a signer is known.
#[derive(Debug)]
pub enum Signer {
    /// A key.
    Key {
        /// The key.
        key: Box<Key>,
        /// What is asked of the transparency log.
        log: Log,
    },
    /// An identity that a certificate authority vouched for at that instant.
    Keyless(Box<Identity>),
    /// A certificate of Notation that leads to a trust store.
    Notation(Store),
}

/// Whether a signature of a key must be in a transparency log.
#[derive(Clone, Debug)]
pub enum Log {
    /// It need not; entries and time stamps that it brings prove nothing.
    Ignored,
    /// It must, in one of this trust root.
    Required(Root),
}

/// A trust root, or why there is none.
pub type Root = Result<Arc<TrustRoot>, TrustRootError>;

/// Whom a certificate names.
#[derive(Debug)]
pub struct Identity {
    /// What its chain, its logs and its time stamps lead to.
    pub root: Root,
    /// Whether the certificate must be in a certificate transparency log.
    pub certificate_log: CertificateLog,
    /// Who vouched for the login.
    pub issuer: Pattern,
    /// Of which kind the name is.
    pub kind: NameKind,
    /// The name.
    pub subject: Pattern,
    /// What the certificate says about the build.
    pub claims: BTreeMap<Claim, Pattern>,
}

/// Whether a certificate must be in a certificate transparency log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CertificateLog {
    /// It must, as with the public instance.
    Required,
    /// It need not: a private authority without such a log.
    Ignored,
}

/// Of which kind the name in a certificate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    /// A workload, such as a workflow.
    Uri,
    /// A person.
    Email,
}

/// What a certificate can say about the build.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Claim {
    /// The repository that was built.
    SourceRepositoryUri,
    /// The commit that was built.
    SourceRepositoryDigest,
    /// The branch or tag that was built.
    SourceRepositoryRef,
    /// The build's definition, with its ref.
    BuildSignerUri,
    /// Whose machine it ran on.
    RunnerEnvironment,
    /// The event that started it.
    BuildTrigger,
}

impl Claim {
    /// Its name in the configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::SourceRepositoryUri => "source-repository-uri",
            Self::SourceRepositoryDigest => "source-repository-digest",
            Self::SourceRepositoryRef => "source-repository-ref",
            Self::BuildSignerUri => "build-signer-uri",
            Self::RunnerEnvironment => "runner-environment",
            Self::BuildTrigger => "build-trigger",
        }
    }
}

/// A text, or a regular expression for the whole of it.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// Exactly this.
    Exact(String),
    /// All of it matches.
    Whole(Regex),
}

/// What is wrong with a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing to match.
    #[error("it is empty; name who may sign")]
    Empty,
    /// No regular expression.
    #[error("it is no regular expression, or too large")]
    Regex,
}

impl Pattern {
    /// Exactly this text.
    ///
    /// # Errors
    /// An empty text.
    pub fn exact(text: &str) -> Result<Self, PatternError> {
        match text {
            "" => Err(PatternError::Empty),
            text => Ok(Self::Exact(text.to_owned())),
        }
    }

    /// A regular expression that the whole text matches, whether it is anchored or not.
    ///
    /// # Errors
    /// An empty expression, one that is none, or one that is too large.
    pub fn regex(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        // Alone first: `a)|(b` is none, but would be one between the brackets that anchor it.
        let whole = Regex::new(text).and_then(|_| Regex::new(&format!(r"\A(?:{text})\z")));
        whole.map(Self::Whole).map_err(|_| PatternError::Regex)
    }

    pub(in crate::facts::images) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(exact) => exact == text,
            Self::Whole(regex) => regex.is_match(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_matches_the_whole_text_however_it_is_written() {
        let matches = |expression, text| Pattern::regex(expression).unwrap().matches(text);
        assert!(matches(
            "https://github.com/acme/.+",
            "https://github.com/acme/odoo"
        ));
        assert!(!matches(
            "github.com/acme/",
            "https://evil.test/github.com/acme/"
        ));
        assert!(!matches("a|b", "ax"));
        assert!(!matches("(?m)^a$", "x\na\nx"));
        assert!(!matches("a", "a\n"));
        for bad in ["a)|(?:b", "(", "(?x) a # ", "\\"] {
            assert_eq!(
                Pattern::regex(bad).unwrap_err(),
                PatternError::Regex,
                "{bad}"
            );
        }
        assert_eq!(Pattern::regex("").unwrap_err(), PatternError::Empty);
        assert_eq!(Pattern::exact("").unwrap_err(), PatternError::Empty);
        let exact = Pattern::exact("a.c").unwrap();
        assert!(exact.matches("a.c") && !exact.matches("abc") && !exact.matches("a.c "));
    }
}
