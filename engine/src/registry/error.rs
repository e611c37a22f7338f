//! What can go wrong with a registry.

use miette::Diagnostic;

/// The registry does not do what it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub enum RegistryError {
    /// The text names no repository and no artifact.
    #[error("`{text}` is no place in a registry: {why}")]
    #[diagnostic(
        code(usage::store),
        help(
            "use `oci:REGISTRY/REPOSITORY`, or `oci:REGISTRY/REPOSITORY@sha256:DIGEST` for what lies beside an artifact"
        )
    )]
    Place {
        /// What was given, without `oci:`.
        text: String,
        /// What is wrong with it.
        why: &'static str,
    },
    /// It does not answer, or not now.
    #[error("cannot {action} `{place}`: {reason}")]
    #[diagnostic(
        code("store::unreachable"),
        help("try again: nothing was decided, and what was written stays so")
    )]
    Unavailable {
        /// What was tried.
        action: &'static str,
        /// The place.
        place: String,
        /// What came instead of an answer.
        reason: String,
        /// The status with which it asks to be left alone; `None` where it says nothing.
        status: Option<u16>,
    },
    /// It says no.
    #[error("cannot {action} `{place}`: the registry answers {status}{who}")]
    #[diagnostic(
        code("store::denied"),
        help(
            "let this account do that; it is the one that docker's `config.json` names for the host (of `DOCKER_CONFIG`, else `~/.docker`)"
        )
    )]
    Denied {
        /// What was tried.
        action: &'static str,
        /// The place.
        place: String,
        /// The status.
        status: u16,
        /// As whom, in words.
        who: String,
    },
    /// The account is named in a way that is not read.
    #[error("the account at `{host}` cannot be read: {reason}")]
    #[diagnostic(
        code(store::credentials),
        help(
            "write `auths` with `auth` into a `config.json` of its own, and let DOCKER_CONFIG name its folder; a credential helper is run by `images lock` and `check --online` alone"
        )
    )]
    Credentials {
        /// The host.
        host: String,
        /// Why.
        reason: String,
    },
    /// It has no image of that name.
    #[error("`{place}` is not there: the registry answers 404")]
    #[diagnostic(
        code(store::no_image),
        help("check the name; some registries answer so too where the account may not read it")
    )]
    NoImage {
        /// The image.
        place: String,
    },
    /// It is where nobody may be led.
    #[error("`{place}` is not asked: it is this machine, or in a private network")]
    #[diagnostic(
        code(store::inside),
        help(
            "whoever writes a manifest, and whoever a registry leads on to, could ask there in your name; if it is meant, allow it: `--private-registry HOST`"
        )
    )]
    Inside {
        /// What was asked for.
        place: String,
    },
    /// It answers what no registry should.
    #[error("`{place}` is not what a registry should answer: {what}")]
    #[diagnostic(
        code(store::answer),
        help("find out who answers there: nothing of it was believed")
    )]
    Answer {
        /// What was asked for.
        place: String,
        /// What is wrong.
        what: String,
    },
    /// Its certificate does not hold.
    #[error("`{place}` is not the registry that its name says: {reason}")]
    #[diagnostic(
        code(store::tls),
        help("check the name; SSL_CERT_FILE names the authorities that are trusted")
    )]
    Tls {
        /// What was asked for.
        place: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It answers more than is read.
    #[error("`{place}` is longer than {most} bytes")]
    #[diagnostic(
        code(limit::registry_answer),
        help(
            "find out who put it there, and take it away; a repository of verdicts is for them alone"
        )
    )]
    TooLong {
        /// What was asked for.
        place: String,
        /// The cap.
        most: usize,
    },
    /// More lies beside an artifact than anyone would put there.
    #[error("more lies beside `{place}` than is read: {limit}")]
    #[diagnostic(
        code(limit::candidates),
        help("take away what nobody needs there, or push the artifact anew, and beside it once")
    )]
    TooMany {
        /// The artifact.
        place: String,
        /// How much is read.
        limit: String,
    },
}

impl RegistryError {
    /// Why it is not known what a registry holds, in one word that stays.
    #[must_use]
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Denied { status: 401, .. } => "registry-unauthorized",
            Self::Denied { status: 403, .. } => "registry-forbidden",
            Self::Denied { .. } => "registry-refused",
            Self::NoImage { .. } => NO_IMAGE,
            Self::Unavailable {
                status: Some(429), ..
            } => "registry-busy",
            Self::Unavailable {
                status: Some(_), ..
            } => "registry-failing",
            Self::Unavailable { status: None, .. } => "registry-silent",
            Self::Inside { .. } => "registry-inside",
            Self::Tls { .. } => "registry-tls",
            Self::Answer { .. } => "registry-answer",
            Self::TooLong { .. } | Self::TooMany { .. } => "registry-too-much",
            Self::Credentials { .. } => "registry-account",
            Self::Place { .. } => "registry-name",
        }
    }
}

/// The reason where a registry says that it has no such image.
pub(crate) const NO_IMAGE: &str = "registry-no-image";
