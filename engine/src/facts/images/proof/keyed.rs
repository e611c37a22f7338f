//! Verifies a signature object with a key.
//! Knows nothing of certificates; a log it asks only where an authority wants that.

use jiff::Timestamp;
use sigstore_verify::types::{Artifact, Bundle, Sha256Hash};
use sigstore_verify::{Error, PublicKeyVerificationPolicy};

use super::authority::Log;
use super::candidate::{Content, Material, No, Object};
use super::keyless::{self, Sealed};
use super::{Doubt, Flaw, Key, Who};
use crate::model::Digest;

/// Verifies that the key signed what the object holds, and that the log shows it where it must.
pub(super) fn verify(
    object: &Object,
    image: &Digest,
    (key, log): (&Key, &Log),
    now: Timestamp,
) -> Result<Sealed, No> {
    if object.made_with != Material::Key {
        return Err(Flaw::OtherKind("a certificate, not with a key").into());
    }
    signature(object, image, key)?;
    let times = match log {
        Log::Ignored => Vec::new(),
        Log::Required(root) => logged(object, image, key, root, now)?,
    };
    Ok(Sealed {
        who: Who::Key(key.keyid()),
        times,
        logged: matches!(log, Log::Required(_)),
        certificate: None,
        until: None,
    })
}

fn signature(object: &Object, image: &Digest, key: &Key) -> Result<(), No> {
    let valid = match (object.signed_bytes(), &object.content) {
        (Some(bytes), _) => key.signed(&bytes, &object.signature),
        (None, Content::Manifest(signed)) if signed != image => {
            return Err(Flaw::OtherImage.into());
        }
        (None, _) => key
            .signed_digest(image, &object.signature)
            .ok_or(Doubt::Unsupported(
                "a signature over the manifest's own bytes, other than over its SHA-256,",
            ))?,
    };
    match valid {
        true => Ok(()),
        false => Err(Flaw::Signature.into()),
    }
}

/// The instants at which the log took the entry in.
fn logged(
    object: &Object,
    image: &Digest,
    key: &Key,
    root: &super::authority::Root,
    now: Timestamp,
) -> Result<Vec<Timestamp>, No> {
    let root = root.as_ref().map_err(|error| Doubt::TrustRoot(*error))?;
    let root = root.at(now).map_err(Doubt::TrustRoot)?;
    if object.entries == 0 {
        return Err(Flaw::Log("it brings no entry").into());
    }
    let bundle = Bundle::from_json(&object.bundle);
    let bundle = bundle.map_err(|_| Flaw::Malformed("a bundle that cannot be read"))?;
    let policy = PublicKeyVerificationPolicy::new(key.der().clone());
    let verified = root
        .verifier
        .verify(artifact(object, image), &bundle, &policy);
    let verified = verified.map_err(|error| match error {
        // The signature holds already: the verifier takes another hash or padding for the key's.
        Error::SignatureInvalid(_) | Error::Crypto(_) => No::from(Doubt::Unsupported(
            "a log entry of a key that signs with this hash or padding",
        )),
        error => keyless::no(&error),
    })?;
    if !verified.tlog_verified() || verified.verified_timestamps().is_empty() {
        return Err(Flaw::Log("its entry is not proven").into());
    }
    Ok(verified.verified_timestamps().to_vec())
}

/// What the verifier takes for signed: the payload, or the digest of the image.
pub(super) fn artifact<'a>(object: &'a Object, image: &Digest) -> Artifact<'a> {
    match &object.content {
        Content::Payload(payload) => Artifact::from_blob(payload),
        Content::Envelope { .. } | Content::Manifest(_) | Content::Notation(_) => {
            Artifact::Digest((&Sha256Hash::new(*image.as_bytes())).into())
        }
    }
}
