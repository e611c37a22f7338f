//! Public keys that sign images, with the hash and the padding that their signatures use.
//! Knows nothing of what is signed. Nothing is tried in turn: one key, one way to sign.

use std::fmt;

use ed25519_dalek::{Sha512, Signature, VerifyingKey};
use sha2::Digest as _;
use sigstore_verify::crypto::{
    KeyAlgorithm, SigningScheme, VerificationKey, validate_raw_public_key,
};
use sigstore_verify::types::{DerPublicKey, SignatureBytes};

use crate::model::Digest;

/// A key and the one way in which it signs.
pub struct Key {
    der: DerPublicKey,
    way: Way,
}

/// How its signatures are verified.
enum Way {
    /// By what sigstore-verify knows.
    Scheme(VerificationKey),
    /// Ed25519ph, over the SHA-512 of the message.
    Prehashed(VerifyingKey),
}

/// The hash that a signature is made over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hash {
    /// SHA-256, what cosign signs with.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512; of an Ed25519 key it means Ed25519ph.
    Sha512,
}

/// How RSA signatures are padded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// PKCS#1 v1.5, what cosign signs with.
    Pkcs1,
    /// PSS.
    Pss,
}

/// What is wrong with a key, or with what is said about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// No public key in PEM.
    #[error("it is not one public key in PEM (`-----BEGIN PUBLIC KEY-----`)")]
    Pem,
    /// A curve or algorithm that is not supported.
    #[error("it is none of ECDSA P-256, ECDSA P-384, Ed25519 and RSA")]
    Algorithm,
    /// RSA below 2048 bits or above 8192.
    #[error("an RSA key has 2048 to 8192 bits")]
    RsaSize,
    /// RSA without padding.
    #[error("an RSA key needs `padding: pkcs1v15` or `padding: pss`")]
    PaddingMissing,
    /// Padding for a key that has none.
    #[error("only an RSA key has a padding")]
    PaddingNeedless,
    /// A hash that is not guessed.
    #[error(
        "a P-384 key needs `hash-algorithm: sha256` or `hash-algorithm: sha384`: signers differ"
    )]
    HashMissing,
    /// A hash that does not go with the key.
    #[error("this key does not sign with this hash")]
    Hash,
}

impl Key {
    /// Reads a public key in PEM. ECDSA P-256 and RSA sign with SHA-256 unless it is said otherwise; a P-384 key
    /// needs a hash said, since signers differ, and an RSA key a padding. An Ed25519 key signs the message itself, or
    /// with SHA-512 said, as cosign does, its hash (Ed25519ph).
    ///
    /// # Errors
    /// No such key, one that is too weak, or a hash or padding that it cannot have.
    pub fn parse(
        pem: &str,
        hash: Option<Hash>,
        padding: Option<Padding>,
    ) -> Result<Self, KeyError> {
        let text = pem.trim();
        let blocks = text.matches("-----BEGIN").count();
        if blocks != 1 || !text.starts_with(BEGIN) || !text.ends_with(END) {
            return Err(KeyError::Pem);
        }
        let der = DerPublicKey::from_pem(text).map_err(|_| KeyError::Pem)?;
        let algorithm = KeyAlgorithm::from_spki(&der).map_err(|_| KeyError::Algorithm)?;
        let scheme = scheme(algorithm, hash, padding)?;
        let key = VerificationKey::from_spki_with_scheme(&der, scheme)
            .map_err(|_| KeyError::Algorithm)?;
        let raw = validate_raw_public_key(scheme, key.as_bytes());
        raw.map_err(|_| match algorithm {
            KeyAlgorithm::Rsa => KeyError::RsaSize,
            _ => KeyError::Algorithm,
        })?;
        let way = match (scheme, hash) {
            (SigningScheme::Ed25519, Some(_)) => Way::Prehashed(ed25519(key.as_bytes())?),
            _ => Way::Scheme(key),
        };
        Ok(Self { der, way })
    }

    /// The SHA-256 of the key as DER, which names it.
    #[must_use]
    pub fn keyid(&self) -> Digest {
        Digest::of(self.der.as_bytes())
    }

    /// Whether `signature` is one of this key over `message`.
    pub(super) fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.way {
            Way::Scheme(key) => {
                let signature = SignatureBytes::new(signature.to_vec());
                key.verify(message, &signature).is_ok()
            }
            Way::Prehashed(key) => Signature::from_slice(signature).is_ok_and(|signature| {
                let hash = Sha512::new().chain_update(message);
                key.verify_prehashed_strict(hash, None, &signature).is_ok()
            }),
        }
    }

    /// Whether `signature` is one of this key over bytes of that SHA-256; `None` where the key signs with another hash
    /// or none, so that the bytes would be needed.
    pub(super) fn signed_digest(&self, digest: &Digest, signature: &[u8]) -> Option<bool> {
        use sigstore_verify::types::HashAlgorithm::Sha2256;
        let Way::Scheme(key) = &self.way else {
            return None;
        };
        if key.scheme().hash_algorithm() != Some(Sha2256) {
            return None;
        }
        let signature = SignatureBytes::new(signature.to_vec());
        let verified = key.verify_prehashed(digest.as_bytes(), &signature);
        Some(verified.is_ok())
    }

    pub(super) fn der(&self) -> &DerPublicKey {
        &self.der
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.keyid())
    }
}

fn ed25519(raw: &[u8]) -> Result<VerifyingKey, KeyError> {
    let raw = raw.try_into().map_err(|_| KeyError::Algorithm)?;
    let key = VerifyingKey::from_bytes(raw).map_err(|_| KeyError::Algorithm)?;
    match key.is_weak() {
        true => Err(KeyError::Algorithm),
        false => Ok(key),
    }
}

fn scheme(
    algorithm: KeyAlgorithm,
    hash: Option<Hash>,
    padding: Option<Padding>,
) -> Result<SigningScheme, KeyError> {
    use SigningScheme as S;
    if algorithm != KeyAlgorithm::Rsa && padding.is_some() {
        return Err(KeyError::PaddingNeedless);
    }
    let sha = hash.unwrap_or(Hash::Sha256);
    Ok(match (algorithm, sha, padding) {
        (KeyAlgorithm::EcdsaP256, Hash::Sha256, _) => S::EcdsaP256Sha256,
        (KeyAlgorithm::EcdsaP256, Hash::Sha384, _) => S::EcdsaP256Sha384,
        (KeyAlgorithm::EcdsaP384, _, _) if hash.is_none() => return Err(KeyError::HashMissing),
        (KeyAlgorithm::EcdsaP384, Hash::Sha256, _) => S::EcdsaP384Sha256,
        (KeyAlgorithm::EcdsaP384, Hash::Sha384, _) => S::EcdsaP384Sha384,
        (KeyAlgorithm::Ed25519, Hash::Sha512, _) => S::Ed25519,
        (KeyAlgorithm::Ed25519, _, _) if hash.is_none() => S::Ed25519,
        (KeyAlgorithm::Rsa, _, None) => return Err(KeyError::PaddingMissing),
        (KeyAlgorithm::Rsa, Hash::Sha256, Some(Padding::Pkcs1)) => S::RsaPkcs1Sha256,
        (KeyAlgorithm::Rsa, Hash::Sha384, Some(Padding::Pkcs1)) => S::RsaPkcs1Sha384,
        (KeyAlgorithm::Rsa, Hash::Sha512, Some(Padding::Pkcs1)) => S::RsaPkcs1Sha512,
        (KeyAlgorithm::Rsa, Hash::Sha256, Some(Padding::Pss)) => S::RsaPssSha256,
        (KeyAlgorithm::Rsa, Hash::Sha384, Some(Padding::Pss)) => S::RsaPssSha384,
        (KeyAlgorithm::Rsa, Hash::Sha512, Some(Padding::Pss)) => S::RsaPssSha512,
        (KeyAlgorithm::EcdsaP256 | KeyAlgorithm::EcdsaP384 | KeyAlgorithm::Ed25519, _, _) => {
            return Err(KeyError::Hash);
        }
        _ => return Err(KeyError::Algorithm),
    })
}

const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";
