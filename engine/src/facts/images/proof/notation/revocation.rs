//! Lists of certificates that their authorities revoked, as files: nothing is fetched.
//! Knows no signature but those of the lists.

use std::collections::BTreeMap;

use jiff::Timestamp;
use sigstore_verify::crypto::{KeyAlgorithm, VerificationKey};
use sigstore_verify::types::{DerPublicKey, HashAlgorithm, SignatureBytes};
use x509_cert::Certificate;
use x509_cert::crl::{CertificateList, RevokedCert};
use x509_cert::der::asn1::{GeneralizedTime, ObjectIdentifier};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::crl::CrlReason;
use x509_cert::ext::pkix::{KeyUsage, KeyUsages};
use x509_cert::name::Name;

use super::chain::instant;
use crate::facts::images::proof::candidate::No;
use crate::facts::images::proof::legacy::pem;
use crate::facts::images::proof::{Doubt, Flaw};

/// What an authority revoked, until it says so anew.
#[derive(Debug)]
pub struct RevocationList {
    issuer: Name,
    since: Timestamp,
    until: Timestamp,
    /// By serial number.
    revoked: BTreeMap<Vec<u8>, Revoked>,
    signed: Vec<u8>,
    algorithm: ObjectIdentifier,
    signature: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Revoked {
    /// May be taken back.
    held: bool,
    /// From when on it was in other hands, where that is said.
    since: Option<Timestamp>,
}

/// Why there is no revocation list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is not one whole revocation list in PEM (`-----BEGIN X509 CRL-----`) or DER that says when the next one comes; \
     those for a part of the certificates or of another authority (critical extensions) are not read"
)]
pub struct RevocationListError;

impl RevocationList {
    /// Reads one, as PEM or DER.
    ///
    /// # Errors
    /// Anything else, and one with a critical extension.
    pub fn parse(bytes: &[u8]) -> Result<Self, RevocationListError> {
        let text = std::str::from_utf8(bytes).ok();
        let der = match text.filter(|text| text.trim_start().starts_with('-')) {
            None => Some(bytes.to_vec()),
            Some(text) => {
                let all = pem(text, "X509 CRL", 1).unwrap_or_default();
                <[Vec<u8>; 1]>::try_from(all).ok().map(|[one]| one)
            }
        };
        der.and_then(|der| Self::read(&der))
            .ok_or(RevocationListError)
    }

    fn read(der: &[u8]) -> Option<Self> {
        let list = CertificateList::from_der(der).ok()?;
        let said = &list.tbs_cert_list;
        let partial = |it: &Extension| it.critical || PARTIAL.contains(&it.extn_id);
        if said.crl_extensions.iter().flatten().any(partial) {
            return None;
        }
        let revoked = said.revoked_certificates.iter().flatten();
        let revoked = revoked.map(|one| Some((one.serial_number.as_bytes().to_vec(), entry(one)?)));
        Some(Self {
            since: instant(&said.this_update)?,
            until: instant(said.next_update.as_ref()?)?,
            revoked: revoked.collect::<Option<_>>()?,
            signed: said.to_der().ok()?,
            issuer: list.tbs_cert_list.issuer,
            algorithm: list.signature_algorithm.oid,
            signature: list.signature.as_bytes()?.to_vec(),
        })
    }

    /// Whether that authority signed it, and may.
    fn is_of(&self, authority: &Certificate) -> bool {
        let tbs = &authority.tbs_certificate;
        let may = match tbs.get::<KeyUsage>() {
            Ok(Some((_, usage))) => usage.0.contains(KeyUsages::CRLSign),
            Ok(None) => true,
            Err(_) => false,
        };
        may && tbs.subject == self.issuer && self.is_signed_by(authority).is_some()
    }

    fn is_signed_by(&self, authority: &Certificate) -> Option<()> {
        let key = &authority.tbs_certificate.subject_public_key_info;
        let key = DerPublicKey::new(key.to_der().ok()?);
        let kind = KeyAlgorithm::from_spki(&key).ok()?;
        let mut hashes = ALGORITHMS.iter().filter(|it| it.0 == self.algorithm);
        let (_, rsa, hash) = *hashes.next()?;
        if rsa != (kind == KeyAlgorithm::Rsa) {
            return None;
        }
        let scheme = kind.resolve_signing_scheme(hash).ok()?;
        let key = VerificationKey::from_spki_with_scheme(&key, scheme).ok()?;
        let signature = SignatureBytes::new(self.signature.clone());
        key.verify(&self.signed, &signature).ok()
    }
}

/// That no certificate of the path was revoked before that instant, at any where none is proven. Until when that is known.
pub(super) fn none(
    path: &[Certificate],
    lists: &[RevocationList],
    (made, now): (Option<Timestamp>, Timestamp),
) -> Result<Option<Timestamp>, No> {
    let mut until = None;
    // The last one is trusted itself.
    for (own, authority) in path.iter().zip(path.iter().skip(1)) {
        let lists = lists.iter().filter(|list| list.is_of(authority));
        let known = not_revoked(own, lists, (made, now))?;
        until = Some(until.map_or(known, |until: Timestamp| until.min(known)));
    }
    Ok(until)
}

fn not_revoked<'l>(
    own: &Certificate,
    lists: impl Iterator<Item = &'l RevocationList>,
    (made, now): (Option<Timestamp>, Timestamp),
) -> Result<Timestamp, No> {
    let serial = own.tbs_certificate.serial_number.as_bytes();
    let mut until = None;
    let mut doubt = "no list of an authority on its way is given; add it to `revocation-lists`";
    for list in lists {
        let fresh = now < list.until;
        if now < list.since {
            doubt = "the list is from after the judging time";
            continue;
        }
        let revoked = list.revoked.get(serial).filter(|entry| {
            let stands = fresh || !entry.held;
            let before = made
                .zip(entry.since)
                .is_some_and(|(made, since)| made < since);
            stands && !before
        });
        if revoked.is_some() {
            return Err(Flaw::Certificate("it was revoked").into());
        }
        match fresh {
            true => until = until.max(Some(list.until)),
            false => doubt = "the list of an authority on its way is over; bring its newest",
        }
    }
    Ok(until.ok_or(Doubt::Revocation(doubt))?)
}

fn entry(one: &RevokedCert) -> Option<Revoked> {
    let mut revoked = Revoked {
        held: false,
        since: None,
    };
    for extension in one.crl_entry_extensions.iter().flatten() {
        let value = extension.extn_value.as_bytes();
        match extension.extn_id {
            REASON => {
                revoked.held = CrlReason::from_der(value).ok()? == CrlReason::CertificateHold;
            }
            INVALID_SINCE => {
                let since = GeneralizedTime::from_der(value).ok()?;
                revoked.since = instant(&since.into());
            }
            _ if extension.critical => return None,
            _ => {}
        }
    }
    Some(revoked)
}

const REASON: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.21");
const INVALID_SINCE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.24");
/// What makes a list one of a part: what changed since another, and which kind of certificates.
const PARTIAL: [ObjectIdentifier; 2] = [
    ObjectIdentifier::new_unwrap("2.5.29.27"),
    ObjectIdentifier::new_unwrap("2.5.29.28"),
];
/// How lists are signed: whether with RSA, and over which hash.
const ALGORITHMS: [(ObjectIdentifier, bool, HashAlgorithm); 6] = [
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11"),
        true,
        HashAlgorithm::Sha2256,
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12"),
        true,
        HashAlgorithm::Sha2384,
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13"),
        true,
        HashAlgorithm::Sha2512,
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2"),
        false,
        HashAlgorithm::Sha2256,
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3"),
        false,
        HashAlgorithm::Sha2384,
    ),
    (
        ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.4"),
        false,
        HashAlgorithm::Sha2512,
    ),
];
