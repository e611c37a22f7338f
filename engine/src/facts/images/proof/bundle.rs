//! Reads Sigstore bundles v0.3 and envelopes strictly: one signature, one meaning for every reader.
//! Verifies nothing.

use serde_json::{Map, Value, json};

use super::Flaw;
use super::candidate::{Content, Format, Material, Object};
use crate::model::{Digest, base64, limits};

/// The two spellings of the one version that is read.
pub(super) const MEDIA_TYPES: [&str; 2] = [
    "application/vnd.dev.sigstore.bundle.v0.3+json",
    "application/vnd.dev.sigstore.bundle+json;version=0.3",
];

/// Reads a bundle. What it says inside counts, not the media type that it is pushed under.
pub(super) fn read(bytes: &[u8]) -> Result<Object, Flaw> {
    let mut bundle = parse(bytes)?;
    let version = bundle.get("mediaType").and_then(Value::as_str);
    if !version.is_some_and(|version| MEDIA_TYPES.contains(&version)) {
        return Err(Flaw::Malformed("a bundle of another version than v0.3"));
    }
    let material = member(&bundle, "verificationMaterial")?;
    let made_with = match (material.get("publicKey"), material.get("certificate")) {
        (Some(_), None) => Material::Key,
        (None, Some(_)) => Material::Certificate,
        _ => return Err(Flaw::Malformed("neither one key nor one certificate")),
    };
    if material.contains_key("x509CertificateChain") {
        return Err(Flaw::Malformed("a chain of certificates"));
    }
    let entries = witnesses(material)?;
    let (content, signature) = match (bundle.get("dsseEnvelope"), bundle.get("messageSignature")) {
        (Some(envelope), None) => envelope_parts(envelope)?,
        (None, Some(message)) => message_parts(message)?,
        _ => return Err(Flaw::Malformed("neither one envelope nor one signature")),
    };
    // One spelling of the signed bytes, so that two readers cannot decode two things.
    if let Content::Envelope { kind, payload } = &content {
        bundle.insert(
            "dsseEnvelope".to_owned(),
            envelope(kind, payload, &signature),
        );
    }
    Ok(Object {
        format: Format::Bundle,
        content,
        signature,
        made_with,
        bundle: Value::Object(bundle).to_string(),
        entries,
    })
}

/// Reads JSON without repeated keys into an object.
pub(super) fn parse(bytes: &[u8]) -> Result<Map<String, Value>, Flaw> {
    match crate::model::json::parse(bytes) {
        Ok(Value::Object(map)) => Ok(map),
        _ => Err(Flaw::Malformed("no JSON object without repeated keys")),
    }
}

/// Takes an envelope apart: content and its one signature.
pub(super) fn envelope_parts(envelope: &Value) -> Result<(Content, Vec<u8>), Flaw> {
    let kind = envelope.get("payloadType").and_then(Value::as_str);
    let payload = envelope.get("payload").and_then(decoded);
    let signatures = envelope.get("signatures").and_then(Value::as_array);
    let (Some(kind), Some(payload), Some(signatures)) = (kind, payload, signatures) else {
        return Err(Flaw::Malformed(
            "an envelope without type, payload or signatures",
        ));
    };
    let [signature] = signatures.as_slice() else {
        return Err(Flaw::Malformed(
            "an envelope of another number of signatures than one",
        ));
    };
    let signature = signature.get("sig").and_then(decoded);
    let signature = signature.ok_or(Flaw::Malformed("a signature that is no base64"))?;
    let kind = kind.to_owned();
    Ok((Content::Envelope { kind, payload }, signature))
}

/// Writes an envelope in the one spelling.
pub(super) fn envelope(kind: &str, payload: &[u8], signature: &[u8]) -> Value {
    json!({
        "payloadType": kind,
        "payload": base64::encode(payload),
        "signatures": [{"sig": base64::encode(signature)}],
    })
}

/// The bytes of a base64 string that is not empty.
pub(super) fn decoded(value: &Value) -> Option<Vec<u8>> {
    let bytes = value.as_str().and_then(base64::decode)?;
    (!bytes.is_empty()).then_some(bytes)
}

fn message_parts(message: &Value) -> Result<(Content, Vec<u8>), Flaw> {
    let digest = message.get("messageDigest");
    let algorithm = digest.and_then(|digest| digest.get("algorithm"));
    if algorithm.and_then(Value::as_str) != Some("SHA2_256") {
        return Err(Flaw::Malformed(
            "a signature that names no SHA-256 of what it signs",
        ));
    }
    let digest = digest.and_then(|digest| digest.get("digest"));
    let signed = digest.and_then(decoded).and_then(|bytes| hex(&bytes));
    let signature = message.get("signature").and_then(decoded);
    match (signed, signature) {
        (Some(signed), Some(signature)) => Ok((Content::Manifest(signed), signature)),
        _ => Err(Flaw::Malformed("a signature or digest that is no base64")),
    }
}

fn hex(bytes: &[u8]) -> Option<Digest> {
    let text: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Digest::parse(&text).ok()
}

/// Counts the entries of logs, and bounds them and the time stamps: each costs a signature or more.
fn witnesses(material: &Map<String, Value>) -> Result<usize, Flaw> {
    let length = |list: Option<&Value>| match list {
        None | Some(Value::Null) => Some(0),
        Some(list) => list.as_array().map(Vec::len),
    };
    let stamps = material.get("timestampVerificationData");
    let stamps = stamps.and_then(|stamps| stamps.get("rfc3161Timestamps"));
    match (length(material.get("tlogEntries")), length(stamps)) {
        (Some(entries), Some(stamps)) if entries + stamps <= limits::SIGNATURE_WITNESSES.most => {
            Ok(entries)
        }
        (Some(_), Some(_)) => Err(Flaw::Malformed(
            "more log entries and time stamps than are read",
        )),
        _ => Err(Flaw::Malformed(
            "log entries or time stamps that are no list",
        )),
    }
}

fn member<'a>(object: &'a Map<String, Value>, key: &str) -> Result<&'a Map<String, Value>, Flaw> {
    let member = object.get(key).and_then(Value::as_object);
    member.ok_or(Flaw::Malformed("a bundle without verification material"))
}
