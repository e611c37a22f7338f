//! Verifies a signature object with its certificate, by sigstore-verify: chain, logs, time stamps, signature.
//! Whom the certificate names is compared here; the verifier is asked for nobody in particular. It refuses entries that
//! are in the future by the machine's clock, which can only make less pass; the judging time is compared besides.

use jiff::Timestamp;
use sigstore_verify::crypto::{CertificateInfo, FulcioCiClaims};
use sigstore_verify::types::Bundle;
use sigstore_verify::{
    CertificateError, Error, SubjectAltName, TransparencyLogError, VerificationPolicy,
    VerificationResult,
};

use super::authority::{CertificateLog, Claim, Identity, NameKind};
use super::candidate::{Material, No, Object};
use super::keyed::artifact;
use super::{Doubt, Flaw, Who};
use crate::model::Digest;

/// A signature that holds: by whom, and since when at the latest.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) who: Who,
    /// Every authenticated instant of signing.
    pub(super) times: Vec<Timestamp>,
    /// Whether a transparency log was asked, and shows it.
    pub(super) logged: bool,
    /// The certificate that was verified.
    pub(super) certificate: Option<CertificateInfo>,
    /// When it ends to hold, where that does not depend on when it was made.
    pub(super) until: Option<Timestamp>,
}

/// Verifies certificate, log, time and signature, then that the certificate names this identity.
pub(super) fn verify(
    object: &Object,
    image: &Digest,
    identity: &Identity,
    now: Timestamp,
) -> Result<Sealed, No> {
    match object.made_with {
        Material::Certificate => {}
        Material::Key => return Err(Flaw::OtherKind("a key, not with a certificate").into()),
        Material::Chain => return Err(Flaw::OtherKind("Notation, not with Sigstore").into()),
    }
    let root = identity.root.as_ref();
    let root = root.map_err(|error| Doubt::TrustRoot(*error))?;
    let root = root.at(now).map_err(Doubt::TrustRoot)?;
    if object.entries == 0 {
        return Err(Flaw::Log("it brings no entry").into());
    }
    let bundle = Bundle::from_json(&object.bundle);
    let bundle = bundle.map_err(|_| Flaw::Malformed("a bundle that cannot be read"))?;
    let anybody = VerificationPolicy::any_identity();
    let policy = match identity.certificate_log {
        CertificateLog::Required => anybody,
        CertificateLog::Ignored => anybody.skip_sct(),
    };
    let verified = root
        .verifier
        .verify(artifact(object, image), &bundle, &policy);
    let verified = verified.map_err(|error| no(&error))?;
    proven(&verified, identity.certificate_log)?;
    let certificate = verified.certificate();
    let certificate = certificate
        .ok_or(Flaw::Certificate("there is none"))?
        .clone();
    let who = named(&verified, &certificate.ci_claims, identity)?;
    Ok(Sealed {
        who,
        times: verified.verified_timestamps().to_vec(),
        logged: true,
        certificate: Some(certificate),
        until: None,
    })
}

/// That nothing was left out which the policy might have let the verifier leave out.
fn proven(verified: &VerificationResult, log: CertificateLog) -> Result<(), Flaw> {
    if !verified.certificate_verified() {
        return Err(Flaw::Certificate("its chain was not verified"));
    }
    if log == CertificateLog::Required && !verified.sct_verified() {
        return Err(Flaw::CertificateLog);
    }
    if !verified.tlog_verified() {
        return Err(Flaw::Log("its entry is not proven"));
    }
    match verified.verified_timestamps() {
        [] => Err(Flaw::Time("nobody vouches for one")),
        _ => Ok(()),
    }
}

fn named(
    verified: &VerificationResult,
    claims: &FulcioCiClaims,
    identity: &Identity,
) -> Result<Who, Flaw> {
    let issuer = verified.issuer().ok_or(Flaw::Issuer)?;
    if !identity.issuer.matches(issuer) {
        return Err(Flaw::Issuer);
    }
    let subject = match (verified.identity(), identity.kind) {
        (Some(SubjectAltName::Uri(uri)), NameKind::Uri) => uri,
        (Some(SubjectAltName::Email(email)), NameKind::Email) => email,
        _ => return Err(Flaw::Subject),
    };
    if !identity.subject.matches(subject) {
        return Err(Flaw::Subject);
    }
    for (name, pattern) in &identity.claims {
        let said = claim(claims, *name);
        if !said.is_some_and(|said| pattern.matches(said)) {
            return Err(Flaw::Claim(name.name()));
        }
    }
    Ok(Who::Identity {
        issuer: issuer.to_owned(),
        subject: subject.clone(),
    })
}

/// What a certificate says about the build.
pub(super) fn claim(claims: &FulcioCiClaims, name: Claim) -> Option<&str> {
    let said = match name {
        Claim::SourceRepositoryUri => &claims.source_repository_uri,
        Claim::SourceRepositoryDigest => &claims.source_repository_digest,
        Claim::SourceRepositoryRef => &claims.source_repository_ref,
        Claim::BuildSignerUri => &claims.build_signer_uri,
        Claim::RunnerEnvironment => &claims.runner_environment,
        Claim::BuildTrigger => &claims.build_trigger,
    };
    said.as_deref()
}

/// What the verifier's refusal is in our words. Its own repeat what the bundle says.
pub(super) fn no(error: &Error) -> No {
    let flaw = match error {
        Error::SignatureInvalid(_) => Flaw::Signature,
        Error::ArtifactMismatch(_) => Flaw::OtherImage,
        Error::Certificate(error) => certificate(error),
        Error::TransparencyLog(error) => log(error),
        Error::Timestamp(_) => Flaw::Time("nobody whom the trust root names vouches for one"),
        Error::UnsupportedBundle(_) => Flaw::Malformed("a kind of bundle that is not read"),
        Error::UnsupportedArtifact(_) => {
            return Doubt::Unsupported("a signature over the manifest's own bytes").into();
        }
        Error::IdentityMismatch { .. } => Flaw::Subject,
        Error::IssuerMismatch { .. } => Flaw::Issuer,
        Error::InvalidTrustRoot(_) | Error::TrustRoot(_) | Error::TrustedCertificate(_) => {
            return Doubt::TrustRoot(super::TrustRootError::Malformed).into();
        }
        Error::Crypto(_) => Flaw::Malformed("a key or certificate that cannot be read"),
        _ => Flaw::Malformed("a bundle that cannot be read"),
    };
    flaw.into()
}

fn certificate(error: &CertificateError) -> Flaw {
    Flaw::Certificate(match error {
        CertificateError::Malformed(_) => "it cannot be read",
        CertificateError::NoValidAuthority { .. } => {
            "no authority of the trust root was valid at the time of signing"
        }
        CertificateError::NotYetValid { .. } => "it was not yet valid at the time of signing",
        CertificateError::Expired { .. } => "it had expired at the time of signing",
        CertificateError::Sct(_) => return Flaw::CertificateLog,
        _ => "it leads to no authority of the trust root, or is not one for signing",
    })
}

fn log(error: &TransparencyLogError) -> Flaw {
    Flaw::Log(match error {
        TransparencyLogError::UnknownLog { .. } => "its log is not in the trust root",
        TransparencyLogError::InclusionProof(_) => "the proof of inclusion is wrong",
        TransparencyLogError::Checkpoint(_) => "the checkpoint is not the log's",
        TransparencyLogError::InclusionPromise(_) => "the promise of inclusion is not the log's",
        TransparencyLogError::EntryMismatch(_) => "its entry is about another signature",
        TransparencyLogError::IntegratedTime(_) => {
            "the time of its entry is in the future, or the certificate was not valid then"
        }
        _ => "its entry cannot be read",
    })
}
