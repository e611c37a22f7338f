//! Chains of certificates that lead to a trust store, at the judging time.
//! Knows neither envelopes nor images.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use sigstore_verify::crypto::WEBPKI_VERIFICATION_ALGS;
use webpki::{EndEntityCert, Error, KeyUsage, anchor_from_trusted_cert};
use x509_cert::Certificate;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::pkix;
use x509_cert::ext::pkix::KeyUsages;

use super::name::Subject;
use crate::facts::images::proof::{Flaw, TrustRootError};

/// A signer whose certificate leads to the trust store.
pub(super) struct Trusted {
    pub(super) subject: Subject,
    pub(super) issuer: Subject,
    /// The key as a `SubjectPublicKeyInfo` in DER.
    pub(super) key: Vec<u8>,
    /// Until when its certificate leads there.
    pub(super) until: Timestamp,
}

/// Verifies that the chain leads to one of the certificates that are trusted, all valid now, and is one for signing.
/// Only those that it leads by count: whoever can push adds any others.
pub(super) fn verify(
    chain: &[Vec<u8>],
    store: &[Vec<u8>],
    now: Timestamp,
) -> Result<Trusted, Flaw> {
    let leaf = certificate(chain.first().ok_or(UNREADABLE)?)?;
    signs(&leaf)?;
    let mut until = end_of_path(chain, store, now)?;
    // Of two ways, the first that is found may be the shorter one: in which order they lie is not signed.
    while let Some(next) = until.checked_add(SECOND).ok() {
        match end_of_path(chain, store, next) {
            Ok(later) if later > until => until = later,
            _ => break,
        }
    }
    let name = |name| Subject::of(name).map_err(|_| UNREADABLE);
    let key = &leaf.tbs_certificate.subject_public_key_info;
    Ok(Trusted {
        subject: name(&leaf.tbs_certificate.subject)?,
        issuer: name(&leaf.tbs_certificate.issuer)?,
        key: key.to_der().map_err(|_| UNREADABLE)?,
        until,
    })
}

/// When the first certificate ends of a path to the trust store on which all are valid at that instant.
fn end_of_path(chain: &[Vec<u8>], store: &[Vec<u8>], at: Timestamp) -> Result<Timestamp, Flaw> {
    let chain: Vec<CertificateDer<'_>> = ders(chain).collect();
    let Some((own, between)) = chain.split_first() else {
        return Err(UNREADABLE);
    };
    let trusted: Vec<CertificateDer<'_>> = ders(store)
        .filter(|der| certificate(der).is_ok_and(|it| is_valid(&it, at)))
        .collect();
    let anchors = trusted.iter().filter_map(|der| {
        let anchor = anchor_from_trusted_cert(der).ok()?;
        Some((anchor, window(&certificate(der).ok()?).1))
    });
    let (anchors, ends): (Vec<TrustAnchor<'_>>, Vec<Timestamp>) = anchors.unzip();
    let seconds = u64::try_from(at.as_second()).unwrap_or_default();
    let own = EndEntityCert::try_from(own).map_err(|error| refused(&error))?;
    let path = own.verify_for_usage(
        WEBPKI_VERIFICATION_ALGS,
        &anchors,
        between,
        UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
        // An authority need not say for what; the signer has said it.
        KeyUsage::required_if_present(CODE_SIGNING),
        None,
        None,
    );
    let path = path.map_err(|error| refused(&error))?;
    let between = path.intermediate_certificates();
    let used = between.map(|it| it.der()).chain([path.end_entity().der()]);
    let ends_of = |der: CertificateDer<'_>| Ok(window(&certificate(&der)?).1);
    let used: Vec<Timestamp> = used.map(ends_of).collect::<Result<_, _>>()?;
    let same = anchors.iter().zip(ends);
    let same = same.filter(|(anchor, _)| *anchor == path.anchor());
    // A root that was renewed with its key is the same anchor twice.
    let root = same.map(|(_, end)| end).max();
    used.into_iter().chain(root).min().ok_or(UNREADABLE)
}

fn ders(all: &[Vec<u8>]) -> impl Iterator<Item = CertificateDer<'_>> {
    all.iter().map(|der| CertificateDer::from(der.as_slice()))
}

/// Reads one certificate.
pub(super) fn certificate(der: &[u8]) -> Result<Certificate, Flaw> {
    Certificate::from_der(der).map_err(|_| UNREADABLE)
}

/// That a certificate may sign, and is for signing code alone.
fn signs(leaf: &Certificate) -> Result<(), Flaw> {
    let tbs = &leaf.tbs_certificate;
    let usage = tbs.get::<pkix::KeyUsage>().map_err(|_| UNREADABLE)?;
    let signs = usage.is_some_and(|(critical, usage)| {
        let signs = usage.0.contains(KeyUsages::DigitalSignature);
        critical && signs && !usage.0.contains(KeyUsages::KeyCertSign)
    });
    let purposes = tbs
        .get::<pkix::ExtendedKeyUsage>()
        .map_err(|_| UNREADABLE)?;
    let only = purposes.is_some_and(|(_, purposes)| {
        purposes
            .0
            .iter()
            .all(|purpose| !OTHER_PURPOSES.contains(purpose))
    });
    match signs && only {
        true => Ok(()),
        false => Err(NOT_FOR_SIGNING),
    }
}

/// That one of the certificates that are trusted is valid.
pub(super) fn counts(store: &[Vec<u8>], now: Timestamp) -> Result<(), TrustRootError> {
    let read = store.iter().filter_map(|der| certificate(der).ok());
    let windows: Vec<(Timestamp, Timestamp)> = read.map(|it| window(&it)).collect();
    match windows
        .iter()
        .any(|(begin, end)| *begin <= now && now <= *end)
    {
        true => Ok(()),
        false if windows.iter().all(|(begin, _)| now < *begin) => Err(TrustRootError::Early),
        false => Err(TrustRootError::Expired),
    }
}

/// Whether it was valid once.
pub(super) fn has_ended(der: &[u8], now: Timestamp) -> bool {
    certificate(der).is_ok_and(|it| window(&it).1 < now)
}

fn is_valid(certificate: &Certificate, now: Timestamp) -> bool {
    let (begin, end) = window(certificate);
    begin <= now && now <= end
}

fn window(certificate: &Certificate) -> (Timestamp, Timestamp) {
    let validity = &certificate.tbs_certificate.validity;
    let instant = |time: &x509_cert::time::Time| {
        let seconds = i64::try_from(time.to_unix_duration().as_secs());
        seconds
            .ok()
            .and_then(|seconds| Timestamp::from_second(seconds).ok())
    };
    // What is no instant of ours is never valid.
    let begin = instant(&validity.not_before).unwrap_or(Timestamp::MAX);
    let end = instant(&validity.not_after).unwrap_or(Timestamp::MIN);
    (begin, end)
}

fn refused(error: &Error) -> Flaw {
    Flaw::Certificate(match error {
        Error::CertExpired { .. } => "it has expired",
        Error::CertNotValidYet { .. } => "it is not valid yet",
        Error::UnknownIssuer => "it leads to no certificate of the trust store that is valid",
        Error::BadDer => return UNREADABLE,
        _ => return NOT_FOR_SIGNING,
    })
}

const SECOND: SignedDuration = SignedDuration::from_secs(1);
const UNREADABLE: Flaw = Flaw::Certificate("it cannot be read");
const NOT_FOR_SIGNING: Flaw =
    Flaw::Certificate("it leads to no certificate of the trust store, or is not one for signing");
/// 1.3.6.1.5.5.7.3.3
const CODE_SIGNING: &[u8] = &[43, 6, 1, 5, 5, 7, 3, 3];
/// Any, servers, mail, time stamps, answers about revocation.
const OTHER_PURPOSES: [ObjectIdentifier; 5] = [
    ObjectIdentifier::new_unwrap("2.5.29.37.0"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9"),
];
