//! Chains of certificates that lead to a trust store, at a given instant.
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
use x509_cert::time::Time;

use super::name::Subject;
use crate::facts::images::proof::{Flaw, TrustRootError};

/// A signer whose certificate leads to the trust store.
pub(super) struct Trusted {
    pub(super) subject: Subject,
    pub(super) issuer: Subject,
    /// The key as a `SubjectPublicKeyInfo` in DER.
    pub(super) key: Vec<u8>,
    /// The certificates by which its own leads there, its own first.
    pub(super) path: Vec<Certificate>,
}

/// Verifies that the chain leads to one of the certificates that are trusted, all valid from the first instant to the
/// second, and is one for signing. Only those that it leads by count: whoever can push adds any others.
pub(super) fn signer(
    chain: &[Vec<u8>],
    store: &[Vec<u8>],
    window: (Timestamp, Timestamp),
) -> Result<Trusted, Flaw> {
    let leaf = certificate(chain.first().ok_or(UNREADABLE)?)?;
    signs(&leaf)?;
    let path = path(chain, store, window, CODE_SIGNING)?;
    let name = |name| Subject::of(name).map_err(|_| UNREADABLE);
    let key = &leaf.tbs_certificate.subject_public_key_info;
    Ok(Trusted {
        subject: name(&leaf.tbs_certificate.subject)?,
        issuer: name(&leaf.tbs_certificate.issuer)?,
        key: key.to_der().map_err(|_| UNREADABLE)?,
        path,
    })
}

/// Until when the chain leads to the trust store, where it does now by this path.
pub(super) fn until(chain: &[Vec<u8>], store: &[Vec<u8>], path: &[Certificate]) -> Timestamp {
    let mut until = end(path);
    // Of two ways, the first that is found may be the shorter one: in which order they lie is not signed.
    while let Ok(next) = until.checked_add(SECOND) {
        let later = self::path(chain, store, (next, next), CODE_SIGNING);
        match later.map(|path| end(&path)) {
            Ok(later) if later > until => until = later,
            _ => break,
        }
    }
    until
}

/// Verifies that the chain leads to an authority of time stamps that was valid then. Its certificates, the signer's first.
pub(super) fn stamps(
    chain: &[Vec<u8>],
    store: &[Vec<u8>],
    at: Timestamp,
) -> Result<Vec<Certificate>, Flaw> {
    let leaf = certificate(chain.first().ok_or(UNREADABLE)?)?;
    let purposes = leaf.tbs_certificate.get::<pkix::ExtendedKeyUsage>();
    let purposes = purposes.map_err(|_| UNREADABLE)?;
    let only = purposes.is_some_and(|(critical, purposes)| critical && purposes.0 == [STAMPS]);
    match only && is_for_signatures(&leaf)? {
        true => path(chain, store, (at, at), TIME_STAMPING),
        false => Err(NOT_FOR_SIGNING),
    }
}

/// When the first of them ends.
pub(super) fn end(path: &[Certificate]) -> Timestamp {
    let ends = path.iter().map(|it| window(it).1);
    ends.min().unwrap_or(Timestamp::MIN)
}

/// A path to the trust store on which all are valid from the first instant to the second.
fn path(
    chain: &[Vec<u8>],
    store: &[Vec<u8>],
    (from, to): (Timestamp, Timestamp),
    purpose: &'static [u8],
) -> Result<Vec<Certificate>, Flaw> {
    let chain: Vec<CertificateDer<'_>> = ders(chain).collect();
    let Some((own, between)) = chain.split_first() else {
        return Err(UNREADABLE);
    };
    let valid = |it: &Certificate| is_valid(it, from) && is_valid(it, to);
    let trusted: Vec<CertificateDer<'_>> = ders(store)
        .filter(|der| certificate(der).is_ok_and(|it| valid(&it)))
        .collect();
    let anchors = trusted.iter().filter_map(|der| {
        let anchor = anchor_from_trusted_cert(der).ok()?;
        Some((anchor, certificate(der).ok()?))
    });
    let (anchors, roots): (Vec<TrustAnchor<'_>>, Vec<Certificate>) = anchors.unzip();
    let seconds = u64::try_from(from.as_second()).unwrap_or_default();
    let own = EndEntityCert::try_from(own).map_err(|error| refused(&error))?;
    let path = own.verify_for_usage(
        WEBPKI_VERIFICATION_ALGS,
        &anchors,
        between,
        UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
        // An authority need not say for what; the signer has said it.
        KeyUsage::required_if_present(purpose),
        None,
        None,
    );
    let path = path.map_err(|error| refused(&error))?;
    let own = [path.end_entity().der()].into_iter();
    let used = own.chain(path.intermediate_certificates().map(webpki::Cert::der));
    let used = used.map(|der| certificate(&der));
    let mut used: Vec<Certificate> = used.collect::<Result<_, _>>()?;
    // A root that was renewed with its key is the same anchor twice.
    let same = anchors.iter().zip(roots);
    let same = same.filter(|(anchor, _)| *anchor == path.anchor());
    used.extend(same.map(|(_, root)| root).max_by_key(|it| window(it).1));
    match used.iter().all(valid) {
        true => Ok(used),
        false => Err(Flaw::Certificate("it has expired")),
    }
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
    let purposes = tbs
        .get::<pkix::ExtendedKeyUsage>()
        .map_err(|_| UNREADABLE)?;
    let only = purposes.is_some_and(|(_, purposes)| {
        purposes
            .0
            .iter()
            .all(|purpose| !OTHER_PURPOSES.contains(purpose))
    });
    match only && is_for_signatures(leaf)? {
        true => Ok(()),
        false => Err(NOT_FOR_SIGNING),
    }
}

/// Whether its key is for signatures, and not for those of certificates.
fn is_for_signatures(leaf: &Certificate) -> Result<bool, Flaw> {
    let usage = leaf.tbs_certificate.get::<pkix::KeyUsage>();
    Ok(usage
        .map_err(|_| UNREADABLE)?
        .is_some_and(|(critical, usage)| {
            let signs = usage.0.contains(KeyUsages::DigitalSignature);
            critical && signs && !usage.0.contains(KeyUsages::KeyCertSign)
        }))
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

fn is_valid(certificate: &Certificate, now: Timestamp) -> bool {
    let (begin, end) = window(certificate);
    begin <= now && now <= end
}

fn window(certificate: &Certificate) -> (Timestamp, Timestamp) {
    let validity = &certificate.tbs_certificate.validity;
    // What is no instant of ours is never valid.
    let begin = instant(&validity.not_before).unwrap_or(Timestamp::MAX);
    let end = instant(&validity.not_after).unwrap_or(Timestamp::MIN);
    (begin, end)
}

/// An instant of a certificate or of a list.
pub(super) fn instant(time: &Time) -> Option<Timestamp> {
    let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
    Timestamp::from_second(seconds).ok()
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
/// 1.3.6.1.5.5.7.3.8
const TIME_STAMPING: &[u8] = &[43, 6, 1, 5, 5, 7, 3, 8];
const STAMPS: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
/// Any, servers, mail, time stamps, answers about revocation.
const OTHER_PURPOSES: [ObjectIdentifier; 5] = [
    ObjectIdentifier::new_unwrap("2.5.29.37.0"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.1"),
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.4"),
    STAMPS,
    ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.9"),
];
