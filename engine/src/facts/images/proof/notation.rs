//! Verifies a signature of Notation: its certificate leads to a trust store and is valid now, and its key signed.
//! The time that it names itself proves nothing. Whether a certificate was revoked is not asked: nothing is fetched.

mod chain;
mod jws;
mod name;

use jiff::Timestamp;
use sigstore_verify::crypto::{KeyAlgorithm, SigningScheme, VerificationKey};
use sigstore_verify::types::{DerPublicKey, SignatureBytes};

use super::candidate::{Content, No, Object};
use super::keyless::Sealed;
use super::{Doubt, Flaw, Who};
pub(super) use jws::{Envelope, read};
pub use name::{Subject, SubjectError};

use chain::Trusted;
use jws::Algorithm;

/// Certificates that are trusted, and those below them who may sign.
#[derive(Debug)]
pub struct Store {
    certificates: Vec<Vec<u8>>,
    identities: Vec<Subject>,
}

/// Why there is no trust store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is not one or more certificates in PEM (`-----BEGIN CERTIFICATE-----`), at most {CERTIFICATES}"
)]
pub struct StoreError;

impl Store {
    /// Reads certificates in PEM, and takes the names of those who may sign below them.
    ///
    /// # Errors
    /// No certificate, or one that cannot be read.
    pub fn parse(pem: &str, identities: Vec<Subject>) -> Result<Self, StoreError> {
        let certificates = super::legacy::certificates(pem, CERTIFICATES);
        let certificates = certificates.map_err(|_| StoreError)?;
        let readable = certificates
            .iter()
            .all(|der| chain::certificate(der).is_ok());
        match readable && !certificates.is_empty() && certificates.len() <= CERTIFICATES {
            true => Ok(Self {
                certificates,
                identities,
            }),
            false => Err(StoreError),
        }
    }
}

/// Verifies chain, identity and signature.
pub(super) fn verify(object: &Object, store: &Store, now: Timestamp) -> Result<Sealed, No> {
    let Content::Notation(envelope) = &object.content else {
        return Err(
            Flaw::OtherKind("a key or a certificate of Sigstore, not with Notation").into(),
        );
    };
    chain::counts(&store.certificates, now).map_err(Doubt::TrustRoot)?;
    let signer = match chain::verify(&envelope.chain, &store.certificates, now) {
        Err(Flaw::Certificate(_)) if envelope.stamped && has_ended(envelope, now) => {
            let stamp = "a time stamp of a Notation signature whose certificate has ended since";
            return Err(Doubt::Unsupported(stamp).into());
        }
        verified => verified?,
    };
    signed(envelope, &object.signature, &signer)?;
    if !store
        .identities
        .iter()
        .any(|wanted| signer.subject.has(wanted))
    {
        return Err(Flaw::Subject.into());
    }
    if envelope.expiry.is_some_and(|expiry| now >= expiry) {
        return Err(Flaw::Expired.into());
    }
    let ends = [Some(signer.until), envelope.expiry];
    Ok(Sealed {
        who: Who::Identity {
            issuer: signer.issuer.text(),
            subject: signer.subject.text(),
        },
        times: Vec::new(),
        logged: false,
        certificate: None,
        until: ends.into_iter().flatten().min(),
    })
}

/// Whether the signer's own certificate was valid once and is not any more.
fn has_ended(envelope: &Envelope, now: Timestamp) -> bool {
    let leaf = envelope.chain.first();
    leaf.is_some_and(|leaf| chain::has_ended(leaf, now))
}

/// That the key of the certificate signed, in the one way that a key of its kind signs.
fn signed(envelope: &Envelope, signature: &[u8], signer: &Trusted) -> Result<(), No> {
    let key = DerPublicKey::from_bytes(&signer.key);
    let unsupported = Doubt::Unsupported("a Notation signature by a key of this kind");
    let kind = KeyAlgorithm::from_spki(&key).map_err(|_| unsupported.clone())?;
    // An RSA signature is as long as its key, and of no other length does it verify.
    let (algorithm, scheme) = match (kind, signature.len()) {
        (KeyAlgorithm::EcdsaP256, _) => (Algorithm::Es256, SigningScheme::EcdsaP256Sha256),
        (KeyAlgorithm::EcdsaP384, _) => (Algorithm::Es384, SigningScheme::EcdsaP384Sha384),
        (KeyAlgorithm::Rsa, 256) => (Algorithm::Ps256, SigningScheme::RsaPssSha256),
        (KeyAlgorithm::Rsa, 384) => (Algorithm::Ps384, SigningScheme::RsaPssSha384),
        (KeyAlgorithm::Rsa, 512) => (Algorithm::Ps512, SigningScheme::RsaPssSha512),
        (KeyAlgorithm::Rsa, _) => return Err(Flaw::Signature.into()),
        _ => return Err(unsupported.into()),
    };
    if envelope.algorithm != algorithm {
        return Err(Flaw::Malformed("an algorithm other than that of its key").into());
    }
    let signature = match kind {
        KeyAlgorithm::Rsa => Some(signature.to_vec()),
        _ => asn1(signature, algorithm),
    };
    let signature = SignatureBytes::new(signature.ok_or(Flaw::Signature)?);
    let key = VerificationKey::from_spki_with_scheme(&key, scheme).map_err(|_| unsupported)?;
    let verified = key.verify(&envelope.input, &signature);
    Ok(verified.map_err(|_| Flaw::Signature)?)
}

/// The two numbers of an ECDSA signature, as JWS joins them, in the form of ASN.1.
fn asn1(signature: &[u8], algorithm: Algorithm) -> Option<Vec<u8>> {
    let size = match algorithm {
        Algorithm::Es256 => 32,
        Algorithm::Es384 => 48,
        _ => return None,
    };
    if signature.len() != 2 * size {
        return None;
    }
    let (r, s) = signature.split_at(size);
    let body = [integer(r)?, integer(s)?].concat();
    Some([&[SEQUENCE, u8::try_from(body.len()).ok()?][..], &body].concat())
}

fn integer(number: &[u8]) -> Option<Vec<u8>> {
    let first = number.iter().position(|byte| *byte != 0)?;
    let digits = number.get(first..)?;
    // The first bit would be a sign.
    let sign: &[u8] = match digits.first() {
        Some(byte) if *byte >= 0x80 => &[0],
        _ => &[],
    };
    let length = u8::try_from(sign.len() + digits.len()).ok()?;
    Some([&[INTEGER, length][..], sign, digits].concat())
}

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
/// Certificates of one store.
const CERTIFICATES: usize = 32;
