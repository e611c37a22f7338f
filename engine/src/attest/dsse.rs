//! DSSE v1 envelopes: what is signed, and what a trusted key did sign.
//! Knows nothing of what the payload says but when it was signed.

use serde_json::{Value, json};

use super::pae;
use super::signed_at::signed_at;
use super::trust::{Dated, Right};
use super::{PublicKey, Rejection, Role, SigningKey, TrustFile, TrustedKey, base64, json};
use crate::model::{Digest, limits};

/// A payload that a trusted key signed. Only [`verify`] makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedStatement {
    payload: Vec<u8>,
    signers: Vec<Signer>,
}

/// Whose signature held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signer {
    /// The name in the trust file.
    pub principal: String,
    /// The fingerprint of the key.
    pub keyid: String,
}

impl VerifiedStatement {
    /// The bytes that were signed.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// The SHA-256 of the payload, by which links name each other.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.payload)
    }

    /// Whose signatures held; distinct keys, never empty.
    #[must_use]
    pub fn signers(&self) -> &[Signer] {
        &self.signers
    }
}

/// Signs a statement; the envelope, without a newline at the end.
#[must_use]
pub fn sign(payload: &[u8], key: &SigningKey) -> Vec<u8> {
    let signature = key.sign(&pae(PAYLOAD_TYPE, payload));
    json::canonical(&json!({
        "payload": base64::encode(payload),
        "payloadType": PAYLOAD_TYPE,
        "signatures": [{"keyid": key.public().keyid(), "sig": base64::encode(&signature)}],
    }))
}

/// Returns the payload of `envelope` if those signed it who may sign as `role` for `environment`: as many as
/// it takes, each while its key is valid, by its own words, and not revoked.
///
/// Every trusted key is tried; a `keyid` lends no trust, and one that names another key than the
/// signature's makes the signature count for nothing.
///
/// # Errors
/// Malformed, not signed by a trusted key, or by one that may not sign this, or not then; by too few.
pub fn verify(
    envelope: &[u8],
    trust: &TrustFile,
    role: Role,
    environment: &str,
) -> Result<VerifiedStatement, Rejection> {
    let envelope = Envelope::parse(envelope)?;
    let right = Right { role, environment };
    let signers = trust.weigh(&envelope.made_by(trust)?, right, &|| envelope.dated())?;
    Ok(envelope.signed_by(signers))
}

/// As [`verify`], for a statement that only takes something back: one signature is enough, also by a key whose
/// time is over, or by one that is revoked if it says that it signed before. A key that is lost must not bring
/// back what it took back while it was in good hands.
///
/// # Errors
/// Malformed, not signed by a trusted key, by one that may not sign this, or by one that was revoked before.
pub fn verify_taking_back(
    envelope: &[u8],
    trust: &TrustFile,
    role: Role,
    environment: &str,
) -> Result<VerifiedStatement, Rejection> {
    let envelope = Envelope::parse(envelope)?;
    let (by, right) = (envelope.made_by(trust)?, Right { role, environment });
    let signers = trust.weigh_taking_back(&by, right, &|| envelope.dated())?;
    Ok(envelope.signed_by(signers))
}

/// The payload of `envelope` as it stands there, signed by nobody knows whom: good for finding out
/// which key to ask for, and for messages.
///
/// # Errors
/// Malformed.
pub fn unverified_payload(envelope: &[u8]) -> Result<Vec<u8>, Rejection> {
    Envelope::parse(envelope).map(|envelope| envelope.payload)
}

/// Whether a signature of `envelope` may claim to be one of a key that `trust` names: where it does not hold, it
/// was damaged or forged. Otherwise its key is unknown there, and nobody can tell.
#[must_use]
pub fn may_name_a_key(envelope: &[u8], trust: &TrustFile) -> bool {
    let Ok(envelope) = Envelope::parse(envelope) else {
        return true;
    };
    let known = trust.keys().iter().map(|key| key.public.keyid());
    let revoked = trust.revoked().iter().map(|entry| entry.public.keyid());
    let known: Vec<String> = known.chain(revoked).collect();
    let mut signatures = envelope.signatures.iter();
    signatures.any(|one| one.keyid.is_empty() || known.contains(&one.keyid))
}

struct Envelope {
    payload: Vec<u8>,
    signatures: Vec<RawSignature>,
}

impl Signer {
    pub(super) fn of(key: &TrustedKey) -> Self {
        Self {
            principal: key.principal.clone(),
            keyid: key.public.keyid(),
        }
    }
}

struct RawSignature {
    keyid: String,
    bytes: Vec<u8>,
}

impl Envelope {
    /// What its payload is known by, and when it says that it was signed.
    fn dated(&self) -> Result<Dated, Rejection> {
        Ok(Dated {
            digest: Some(Digest::of(&self.payload)),
            at: signed_at(&self.payload)?,
        })
    }

    /// The keys that the trust file names, revoked or not, whose signatures hold.
    fn made_by(&self, trust: &TrustFile) -> Result<Vec<PublicKey>, Rejection> {
        let message = pae(PAYLOAD_TYPE, &self.payload);
        let known = trust.keys().iter().map(|key| key.public);
        let revoked = trust.revoked().iter().map(|entry| entry.public);
        let mut by: Vec<PublicKey> = Vec::new();
        for key in known.chain(revoked) {
            let mut signatures = self.signatures.iter();
            if !by.contains(&key) && signatures.any(|one| one.is_by(&key, &message)) {
                by.push(key);
            }
        }
        match by.is_empty() {
            false => Ok(by),
            true => Err(Rejection::Signature {
                signatures: self.signatures.len(),
            }),
        }
    }

    fn signed_by(self, signers: Vec<Signer>) -> VerifiedStatement {
        VerifiedStatement {
            payload: self.payload,
            signers,
        }
    }

    fn parse(bytes: &[u8]) -> Result<Self, Rejection> {
        if bytes.len() > limits::ENVELOPE.most {
            return Err(Rejection::TooLong {
                found: bytes.len(),
                limit: limits::ENVELOPE.most,
            });
        }
        let value = json::parse(bytes).map_err(|what| Rejection::Malformed { what })?;
        let payload_type = text(&value, "payloadType")?;
        if payload_type != PAYLOAD_TYPE {
            return Err(Rejection::Predicate {
                expected: "an in-toto statement",
                found: payload_type.chars().take(80).collect(),
            });
        }
        let payload = text(&value, "payload")?;
        if payload.is_empty() {
            return malformed("`payload` is empty");
        }
        let Some(payload) = base64::decode(payload) else {
            return malformed("`payload` is no canonical base64");
        };
        let Some(signatures) = value.get("signatures").and_then(Value::as_array) else {
            return malformed("`signatures` is no list");
        };
        if !(1..=limits::SIGNATURES.most).contains(&signatures.len()) {
            return malformed("`signatures` is empty or too long");
        }
        Ok(Self {
            payload,
            signatures: signatures
                .iter()
                .map(RawSignature::parse)
                .collect::<Result<_, _>>()?,
        })
    }
}

impl RawSignature {
    fn is_by(&self, key: &PublicKey, message: &[u8]) -> bool {
        let named = self.keyid.is_empty() || self.keyid == key.keyid();
        let bytes = <[u8; 64]>::try_from(self.bytes.as_slice());
        named && bytes.is_ok_and(|bytes| key.has_signed(message, &bytes))
    }

    fn parse(value: &Value) -> Result<Self, Rejection> {
        let Some(bytes) = base64::decode(text(value, "sig")?) else {
            return malformed("`sig` is no canonical base64");
        };
        Ok(Self {
            keyid: text(value, "keyid")?.to_owned(),
            bytes,
        })
    }
}

fn text<'a>(value: &'a Value, field: &str) -> Result<&'a str, Rejection> {
    value.get(field).and_then(Value::as_str).map_or_else(
        || malformed(&format!("`{field}` is missing or no string")),
        Ok,
    )
}

fn malformed<T>(what: &str) -> Result<T, Rejection> {
    Err(Rejection::Malformed {
        what: what.to_owned(),
    })
}

/// The only payload type; slsa-verifier and cosign compare it for equality.
pub const PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
