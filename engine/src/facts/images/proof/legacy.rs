//! Reads what cosign writes under the tags `.sig` and `.att`: a payload or an envelope, its proof in annotations.
//! Verifies nothing; makes of it the bundle v0.1 that it corresponds to, in memory only.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Flaw;
use super::bundle::{decoded, envelope, envelope_parts, parse};
use super::candidate::{Content, Format, Material, Object};
use crate::model::{Digest, base64};

type Annotations = BTreeMap<String, String>;

/// Reads a simple signing payload and the signature in its annotation.
pub(super) fn signature(payload: &[u8], annotations: &Annotations) -> Result<Object, Flaw> {
    let text = annotations.get(SIGNATURE).filter(|text| !text.is_empty());
    let text = text.ok_or(Flaw::Malformed("its annotation holds no signature"))?;
    let signature = base64::decode(text).filter(|bytes| !bytes.is_empty());
    let signature = signature.ok_or(Flaw::Malformed("its signature is no base64"))?;
    let message = json!({
        "messageDigest": {
            "algorithm": "SHA2_256",
            "digest": base64::encode(Digest::of(payload).as_bytes()),
        },
        "signature": base64::encode(&signature),
    });
    object(
        Content::Payload(payload.to_vec()),
        signature,
        ("messageSignature", message),
        annotations,
    )
}

/// Reads an envelope; the signature is in it, and its annotation is empty.
pub(super) fn attestation(bytes: &[u8], annotations: &Annotations) -> Result<Object, Flaw> {
    let (content, signature) = envelope_parts(&Value::Object(parse(bytes)?))?;
    let inner = match &content {
        Content::Envelope { kind, payload } => envelope(kind, payload, &signature),
        Content::Payload(_) | Content::Notation(_) | Content::Manifest(_) => Value::Null,
    };
    object(content, signature, ("dsseEnvelope", inner), annotations)
}

fn object(
    content: Content,
    signature: Vec<u8>,
    (kind, inner): (&str, Value),
    annotations: &Annotations,
) -> Result<Object, Flaw> {
    let (made_with, mut material) = match annotations.get(CERTIFICATE) {
        Some(leaf) => (Material::Certificate, chain(leaf, annotations.get(CHAIN))?),
        None => (Material::Key, json!({"publicKey": {"hint": ""}})),
    };
    let entry = annotations.get(ENTRY).map(|text| entry(text)).transpose()?;
    let stamp = annotations.get(STAMP).map(|text| stamp(text)).transpose()?;
    let entries = usize::from(entry.is_some());
    if let Some(material) = material.as_object_mut() {
        material.insert("tlogEntries".to_owned(), entry.into_iter().collect());
        if let Some(stamp) = stamp {
            material.insert("timestampVerificationData".to_owned(), stamp);
        }
    }
    let mut bundle = Map::new();
    bundle.insert("mediaType".to_owned(), VERSION.into());
    bundle.insert("verificationMaterial".to_owned(), material);
    bundle.insert(kind.to_owned(), inner);
    Ok(Object {
        format: Format::Legacy,
        content,
        signature,
        made_with,
        bundle: Value::Object(bundle).to_string(),
        entries,
    })
}

/// The certificate and what stands between it and a root. Nothing here is trusted by being here.
fn chain(leaf: &str, chain: Option<&String>) -> Result<Value, Flaw> {
    let mut certificates = certificates(leaf, CERTIFICATES)?;
    if certificates.len() != 1 {
        return Err(Flaw::Malformed("its certificate is not one in PEM"));
    }
    let rest = chain.map_or("", String::as_str);
    certificates.extend(self::certificates(rest, CERTIFICATES)?);
    if certificates.len() > CERTIFICATES {
        return Err(Flaw::Malformed(
            "a longer chain of certificates than is read",
        ));
    }
    let certificates: Vec<Value> = certificates
        .into_iter()
        .map(|der| json!({"rawBytes": base64::encode(&der)}))
        .collect();
    Ok(json!({"x509CertificateChain": {"certificates": certificates}}))
}

/// Reads certificates in PEM as DER, one more than `most` at most.
pub(super) fn certificates(text: &str, most: usize) -> Result<Vec<Vec<u8>>, Flaw> {
    pem(text, "CERTIFICATE", most).ok_or(Flaw::Malformed("its certificates are no PEM"))
}

/// Reads PEM of that label as DER, one more than `most` at most.
pub(super) fn pem(text: &str, label: &str, most: usize) -> Option<Vec<Vec<u8>>> {
    let (begin, end) = (
        format!("-----BEGIN {label}-----"),
        format!("-----END {label}-----"),
    );
    let mut all = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() && all.len() <= most {
        let (body, after) = rest.strip_prefix(&begin)?.split_once(&end)?;
        let body: String = body.split_whitespace().collect();
        all.push(base64::decode(&body)?);
        rest = after.trim_start();
    }
    Some(all)
}

/// The log entry that cosign keeps in an annotation, as bundles have it.
fn entry(text: &str) -> Result<Value, Flaw> {
    let bad = Flaw::Malformed("its log entry cannot be read");
    let entry = parse(text.as_bytes())?;
    let payload = entry.get("Payload").ok_or(bad.clone())?;
    let body = payload.get("body").and_then(decoded).ok_or(bad.clone())?;
    let kind = parse(&body)?;
    let log = payload.get("logID").and_then(Value::as_str);
    let log = log
        .and_then(|log| Digest::parse(log).ok())
        .ok_or(bad.clone())?;
    let number = |key| payload.get(key).and_then(Value::as_u64).ok_or(bad.clone());
    let promise = entry.get("SignedEntryTimestamp").and_then(decoded);
    let promise = promise.ok_or(bad.clone())?;
    Ok(json!({
        "logIndex": number("logIndex")?.to_string(),
        "logId": {"keyId": base64::encode(log.as_bytes())},
        "kindVersion": {"kind": kind.get("kind"), "version": kind.get("apiVersion")},
        "integratedTime": number("integratedTime")?.to_string(),
        "inclusionPromise": {"signedEntryTimestamp": base64::encode(&promise)},
        "canonicalizedBody": base64::encode(&body),
    }))
}

fn stamp(text: &str) -> Result<Value, Flaw> {
    let stamp = parse(text.as_bytes())?;
    let token = stamp.get("SignedRFC3161Timestamp").and_then(decoded);
    let token = token.ok_or(Flaw::Malformed("its time stamp cannot be read"))?;
    let token = json!({"signedTimestamp": base64::encode(&token)});
    Ok(json!({"rfc3161Timestamps": [token]}))
}

const VERSION: &str = "application/vnd.dev.sigstore.bundle+json;version=0.1";
const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
const CERTIFICATE: &str = "dev.sigstore.cosign/certificate";
const CHAIN: &str = "dev.sigstore.cosign/chain";
const ENTRY: &str = "dev.sigstore.cosign/bundle";
const STAMP: &str = "dev.sigstore.cosign/rfc3161timestamp";
/// Certificates of one chain, its leaf among them.
const CERTIFICATES: usize = 8;
