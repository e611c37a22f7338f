//! Verifies a signature of Notation: its certificate leads to a trust store and is valid now, or was when an authority of
//! time stamps saw it; no list says that it was revoked; and its key signed. Nothing is fetched.

mod chain;
mod jws;
mod name;
mod revocation;
mod stamp;

use jiff::Timestamp;
use sigstore_verify::crypto::{KeyAlgorithm, SigningScheme, VerificationKey};
use sigstore_verify::types::{DerPublicKey, SignatureBytes};

use super::candidate::{Content, No, Object};
use super::keyless::Sealed;
use super::{Doubt, Flaw, Who};
pub(super) use jws::{Envelope, read};
pub use name::{Subject, SubjectError};
pub use revocation::{RevocationList, RevocationListError};

use chain::Trusted;
use jws::Algorithm;
use stamp::Stamp;

/// Certificates that are trusted, and those below them who may sign.
#[derive(Debug)]
pub struct Store {
    certificates: Certificates,
    identities: Vec<Subject>,
    /// Of those who make time stamps; `None` where none are believed.
    stamps: Option<Certificates>,
    /// `None` where nobody asks whether a certificate was revoked.
    lists: Option<Vec<RevocationList>>,
}

/// Certificates as DER, all of which can be read.
#[derive(Debug)]
pub struct Certificates(Vec<Vec<u8>>);

/// Why there is no trust store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "it is not one or more certificates in PEM (`-----BEGIN CERTIFICATE-----`), at most {CERTIFICATES}"
)]
pub struct StoreError;

impl Certificates {
    /// Reads certificates in PEM.
    ///
    /// # Errors
    /// No certificate, or one that cannot be read.
    pub fn parse(pem: &str) -> Result<Self, StoreError> {
        let all = super::legacy::certificates(pem, CERTIFICATES).map_err(|_| StoreError)?;
        let readable = all.iter().all(|der| chain::certificate(der).is_ok());
        match readable && !all.is_empty() && all.len() <= CERTIFICATES {
            true => Ok(Self(all)),
            false => Err(StoreError),
        }
    }
}

impl Store {
    /// These certificates, and the names of those who may sign below them.
    #[must_use]
    pub fn new(certificates: Certificates, identities: Vec<Subject>) -> Self {
        Self {
            certificates,
            identities,
            stamps: None,
            lists: None,
        }
    }

    /// The same, which believes time stamps that lead to these certificates.
    #[must_use]
    pub fn stamped_by(mut self, stamps: Certificates) -> Self {
        self.stamps = Some(stamps);
        self
    }

    /// The same, which takes a certificate only where one of these lists is its authority's, and lacks it.
    #[must_use]
    pub fn without(mut self, lists: Vec<RevocationList>) -> Self {
        self.lists = Some(lists);
        self
    }
}

/// Verifies chain, identity and signature.
pub(super) fn verify(object: &Object, store: &Store, now: Timestamp) -> Result<Sealed, No> {
    let Content::Notation(envelope) = &object.content else {
        return Err(
            Flaw::OtherKind("a key or a certificate of Sigstore, not with Notation").into(),
        );
    };
    let trusted = &store.certificates.0;
    let stamp = stamped(envelope, &object.signature, store)?;
    let window = match &stamp {
        // By its own clock a time stamp may be a little ahead, but never later than now.
        Some(Stamp { window, .. }) => (window.0, window.1.min(now.max(window.0))),
        None => (now, now),
    };
    chain::counts(trusted, window.1).map_err(Doubt::TrustRoot)?;
    let signer = chain::signer(&envelope.chain, trusted, window)?;
    signed(envelope, &object.signature, &signer)?;
    let mut names = store.identities.iter();
    if !names.any(|wanted| signer.subject.has(wanted)) {
        return Err(Flaw::Subject.into());
    }
    if envelope.expiry.is_some_and(|expiry| now >= expiry) {
        return Err(Flaw::Expired.into());
    }
    let known = not_revoked(&signer, stamp.as_ref(), store, now)?;
    let ends = match (&stamp, &store.lists) {
        (Some(_), _) => None,
        (None, None) => Some(chain::until(&envelope.chain, trusted, &signer.path)),
        // Of another path it is not known.
        (None, Some(_)) => Some(chain::end(&signer.path)),
    };
    Ok(Sealed {
        who: Who::Identity {
            issuer: signer.issuer.text(),
            subject: signer.subject.text(),
        },
        times: stamp.map_or(Vec::new(), |_| vec![window.0, window.1]),
        logged: false,
        certificate: None,
        until: [ends, envelope.expiry, known].into_iter().flatten().min(),
    })
}

/// The time stamp of a signature, where those who make some are believed.
fn stamped(envelope: &Envelope, signature: &[u8], store: &Store) -> Result<Option<Stamp>, No> {
    match (&envelope.stamp, &store.stamps) {
        (Some(Some(token)), Some(stamps)) => Ok(Some(stamp::verify(token, signature, &stamps.0)?)),
        (Some(None), Some(_)) => Err(Flaw::Time("its time stamp cannot be read").into()),
        (None, _) | (_, None) => Ok(None),
    }
}

/// That the lists, if any are given, have neither the signer nor who made the time stamp. Until when that is known.
fn not_revoked(
    signer: &Trusted,
    stamp: Option<&Stamp>,
    store: &Store,
    now: Timestamp,
) -> Result<Option<Timestamp>, No> {
    let Some(lists) = &store.lists else {
        return Ok(None);
    };
    let made = stamp.map(|stamp| stamp.window.1);
    let own = revocation::none(&signer.path, lists, (made, now))?;
    let Some(stamp) = stamp else {
        return Ok(own);
    };
    // Whoever has its key makes time stamps of any instant.
    let other = revocation::none(&stamp.path, lists, (None, now)).map_err(|no| match no {
        No::Flaw(_) => Flaw::Time("the authority of its time stamp was revoked").into(),
        doubt => doubt,
    })?;
    Ok([own, other].into_iter().flatten().min())
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
