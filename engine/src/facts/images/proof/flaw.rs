//! Why a signature does not prove an image, and why that could not be found out.
//! Repeats nothing of what was signed: it comes from whoever can push.

/// Why one signature does not count for one authority. Ordered by how far it came: of several, the last one tells most.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Flaw {
    /// It cannot be read.
    #[error("the signature object is malformed: {0}")]
    Malformed(&'static str),
    /// A key where a certificate is asked for, or the other way round.
    #[error("it is made with {0}")]
    OtherKind(&'static str),
    /// Nobody known made it.
    #[error("no signature of this authority over these bytes")]
    Signature,
    /// The certificate leads to no authority of the trust root, or was not valid.
    #[error("the certificate is not trusted: {0}")]
    Certificate(&'static str),
    /// The certificate is in no log of the trust root.
    #[error("the certificate has no valid signed certificate timestamp")]
    CertificateLog,
    /// The entry of the log is missing, or not about this signature.
    #[error("the transparency log does not show it: {0}")]
    Log(&'static str),
    /// No instant at which it was made is proven.
    #[error("the time of signing is not proven: {0}")]
    Time(&'static str),
    /// The authority did not count at that instant.
    #[error("it was made when the authority did not count")]
    Validity,
    /// It says itself that it does not count any more.
    #[error("it says itself that it has expired")]
    Expired,
    /// What was signed is of another kind.
    #[error("what is signed is not {0}")]
    Content(&'static str),
    /// It is about another image.
    #[error("it signs another image")]
    OtherImage,
    /// It names another repository.
    #[error("it names another repository than the image's")]
    Reference,
    /// An annotation that the authority asks for is not in what was signed.
    #[error("the annotation `{0}` that the authority asks for is missing or another")]
    Annotation(String),
    /// Issued for somebody else's login.
    #[error("the issuer of the identity is another")]
    Issuer,
    /// Signed by somebody else.
    #[error("the identity is another")]
    Subject,
    /// The certificate says otherwise about the build.
    #[error("the certificate's claim `{0}` is missing or another")]
    Claim(&'static str),
    /// Signatures hold, and not of enough authorities.
    #[error("`{name}` asks for {count} different signers, and there are {signed}")]
    Quorum {
        /// Its name in the configuration.
        name: String,
        /// How many signed.
        signed: usize,
        /// How many must.
        count: usize,
    },
    /// The signature holds, and an attestation that the authority asks for does not.
    #[error("required attestation `{name}`: {lack}")]
    Attestation {
        /// What is wrong with the best one. First: of two, the one that came further tells more, whatever its name.
        lack: Lack,
        /// What is asked for: `provenance`, `sbom`, `scan` or `other`.
        kind: &'static str,
        /// The name that the authority gives it.
        name: String,
    },
}

/// Why no attestation answers what an authority asks for. Ordered like [`Flaw`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Lack {
    /// None of that kind is signed by the authority.
    #[error("none of this kind is signed by the authority")]
    Missing,
    /// Its content is not what its type says.
    #[error("its content is malformed")]
    Malformed,
    /// It lists nothing.
    #[error("it lists no component")]
    Empty,
    /// It says nothing of what was looked at, or that this was another image.
    #[error(
        "its result names nothing that was looked at, or another image by its digest; let the scanner list all packages, take one that knows what is in the image, and scan it by the digest that is attested"
    )]
    Unscanned,
    /// No instant tells how old it is.
    #[error("no instant tells how old it is")]
    Undated,
    /// Made after the judging time.
    #[error("it is dated in the future")]
    Future,
    /// Older than allowed.
    #[error("it is too old")]
    Stale,
    /// The scanner knew too little.
    #[error("the database of the scanner was too old")]
    Database,
    /// Of another scanner.
    #[error("the scanner is another, or is not named")]
    Scanner,
    /// Of another builder than allowed.
    #[error("the builder is another")]
    Builder,
    /// Of a branch or tag that is not allowed, or that is not said.
    #[error("the branch or tag that was built is another, or is not said")]
    Reference,
    /// Of another source than allowed.
    #[error("the source is another")]
    Source,
    /// The builder that it names is not the one that the certificate was issued to.
    #[error("the builder is not the one that the certificate names")]
    BuilderUnbound,
    /// The source that it names is not the one that the certificate was issued for.
    #[error("the source is not the one that the certificate names")]
    SourceUnbound,
    /// More findings than allowed.
    #[error("it found {found} that count as {}, and {most} are allowed", severity.name())]
    Findings {
        /// Of which severity.
        severity: super::Severity,
        /// How many that count.
        found: u64,
        /// How many may be there.
        most: u64,
    },
}

/// Why it could not be found out. Never a pass, and never "unsigned".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Doubt {
    /// Bytes of a signature object are not there.
    #[error("evidence is missing; record it anew")]
    EvidenceMissing,
    /// Bytes are not those that their digest names.
    #[error("evidence is damaged: bytes and digest differ; `tidegate images lock` records it anew")]
    EvidenceDamaged,
    /// There are more than are looked at, and none of those that were counts.
    #[error("more signature objects than are looked at, and none of the first proves it")]
    TooMany,
    /// What cannot all be read may hold a newer scan.
    #[error("not all that lies beside it can be read, and a newer scan may be among it")]
    Hidden,
    /// A format that is not verified here.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
    /// Signed after the judging time.
    #[error("the signature is from after the judging time; one of the clocks is wrong")]
    Clock,
    /// The trust root says nothing.
    #[error("the trust root cannot be used: {0}")]
    TrustRoot(#[from] super::TrustRootError),
    /// Whether a certificate was revoked is not known.
    #[error("whether a certificate was revoked is not known: {0}")]
    Revocation(&'static str),
}

impl Flaw {
    /// Its stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Malformed(_) => "malformed",
            Self::OtherKind(_) => "other-kind",
            Self::Signature => "signature",
            Self::Certificate(_) => "certificate",
            Self::CertificateLog => "certificate-log",
            Self::Log(_) => "log",
            Self::Time(_) => "time",
            Self::Validity => "validity",
            Self::Expired => "expired",
            Self::Content(_) => "content",
            Self::OtherImage => "other-image",
            Self::Reference => "reference",
            Self::Annotation(_) => "annotation",
            Self::Issuer => "issuer",
            Self::Subject => "subject",
            Self::Claim(_) => "claim",
            Self::Quorum { .. } => "quorum",
            Self::Attestation { .. } => "attestation",
        }
    }
}

impl Lack {
    /// Its stable name.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Empty => "empty",
            Self::Unscanned => "unscanned",
            Self::Undated => "undated",
            Self::Future => "future",
            Self::Stale => "stale",
            Self::Database => "database",
            Self::Scanner => "scanner",
            Self::Builder => "builder",
            Self::Reference => "reference",
            Self::Source => "source",
            Self::BuilderUnbound => "builder-unbound",
            Self::SourceUnbound => "source-unbound",
            Self::Findings { .. } => "findings",
        }
    }
}

impl Doubt {
    /// Its stable name.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::EvidenceMissing => "evidence-missing",
            Self::EvidenceDamaged => "evidence-damaged",
            Self::TooMany => "too-many-candidates",
            Self::Hidden => "hidden",
            Self::Unsupported(_) => "unsupported",
            Self::Clock => "clock",
            Self::TrustRoot(_) => "trust-root",
            Self::Revocation(_) => "revocation",
        }
    }
}
