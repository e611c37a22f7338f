//! One signature object as it lies beside an image, taken apart but not believed.
//! Knows no authority.

use std::collections::BTreeMap;

use super::{Doubt, Flaw, bundle, legacy, notation, predicate};
use crate::model::{Digest, limits, pae};

/// A layer of a manifest that stands beside an image in its registry, and the bytes that it names.
#[derive(Clone, Copy, Debug)]
pub struct Candidate<'a> {
    /// The digest under which the bytes lie.
    pub digest: Digest,
    /// The media type of the layer.
    pub media_type: &'a str,
    /// The annotations of the layer.
    pub annotations: &'a BTreeMap<String, String>,
    /// The bytes; `None` where they are named and not there.
    pub bytes: Option<&'a [u8]>,
}

/// In which format a signature object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// The payload with annotations, or the bare envelope, that cosign writes under the tags `.sig` and `.att`.
    Legacy,
    /// A Sigstore bundle v0.3.
    Bundle,
    /// A JWS envelope of Notation.
    Notation,
}

/// What a signature object says, before anybody has verified it.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) format: Format,
    pub(super) content: Content,
    pub(super) signature: Vec<u8>,
    pub(super) made_with: Material,
    /// The same as a Sigstore bundle of the version that it corresponds to, with what a log and a time stamp
    /// authority say about it.
    pub(super) bundle: String,
    /// Entries of a transparency log.
    pub(super) entries: usize,
}

/// What is signed.
#[derive(Debug)]
pub(super) enum Content {
    /// A simple signing payload, as it is.
    Payload(Vec<u8>),
    /// The payload of an envelope.
    Envelope { kind: String, payload: Vec<u8> },
    /// An envelope of Notation.
    Notation(Box<notation::Envelope>),
    /// The manifest of the image, of which the signature object names the SHA-256.
    Manifest(Digest),
}

/// What a signature is verified with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Material {
    Key,
    Certificate,
    /// A certificate that leads to a trust store, without log and proven time.
    Chain,
}

/// Why a signature object comes to nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum No {
    Flaw(Flaw),
    Doubt(Doubt),
}

impl From<Flaw> for No {
    fn from(flaw: Flaw) -> Self {
        Self::Flaw(flaw)
    }
}

impl From<Doubt> for No {
    fn from(doubt: Doubt) -> Self {
        Self::Doubt(doubt)
    }
}

/// Reads a signature object; `None` for what is none, such as a bill of materials that nobody signed.
pub(super) fn read(candidate: &Candidate<'_>) -> Option<Result<Object, No>> {
    let reader = Reader::of(candidate.media_type)?;
    Some(whole(candidate).and_then(|bytes| match reader {
        Reader::SimpleSigning => Ok(legacy::signature(bytes, candidate.annotations)?),
        Reader::Envelope => Ok(legacy::attestation(bytes, candidate.annotations)?),
        Reader::Bundle => Ok(bundle::read(bytes)?),
        Reader::Notation => notation::read(bytes),
        Reader::OtherBundle => Err(Flaw::Malformed("a bundle of another version than v0.3").into()),
        Reader::Unsupported(format) => Err(Doubt::Unsupported(format).into()),
    }))
}

/// Whether it is a signature object at all, by its media type alone.
pub(super) fn is_one(candidate: &Candidate<'_>) -> bool {
    Reader::of(candidate.media_type).is_some()
}

/// Whether an attestation of which the newest decides may be in an object that cannot be read here. What is read and
/// proves nothing hides nothing.
pub(super) fn may_hide(candidate: &Candidate<'_>, no: &No) -> bool {
    let may_attest = matches!(
        Reader::of(candidate.media_type),
        Some(Reader::Envelope | Reader::Bundle | Reader::OtherBundle)
    );
    let whole = match no {
        No::Doubt(_) => None,
        No::Flaw(_) => candidate.bytes.filter(|bytes| !is_too_long(bytes)),
    };
    may_attest && whole.is_none_or(may_be_newer)
}

/// Whether a statement of which the newest decides may be in an envelope, or in a bundle, of a form that is not read.
fn may_be_newer(bytes: &[u8]) -> bool {
    let Ok(outer) = bundle::parse(bytes) else {
        return true;
    };
    let envelope = outer.get("dsseEnvelope");
    if envelope.is_none() && outer.contains_key("messageSignature") {
        return false;
    }
    let payload = envelope.map_or(outer.get("payload"), |it| it.get("payload"));
    let statement = payload.and_then(bundle::decoded);
    let statement = statement.and_then(|it| bundle::parse(&it).ok());
    let kind = statement.as_ref().and_then(|it| it.get("predicateType"));
    let kind = kind.and_then(serde_json::Value::as_str);
    kind.is_none_or(predicate::newest_decides)
}

enum Reader {
    SimpleSigning,
    Envelope,
    Bundle,
    OtherBundle,
    Notation,
    Unsupported(&'static str),
}

impl Reader {
    fn of(media_type: &str) -> Option<Self> {
        Some(match media_type {
            "application/vnd.dev.cosign.simplesigning.v1+json" => Self::SimpleSigning,
            "application/vnd.dsse.envelope.v1+json" => Self::Envelope,
            bundle if bundle::MEDIA_TYPES.contains(&bundle) => Self::Bundle,
            other if other.starts_with("application/vnd.dev.sigstore.bundle") => Self::OtherBundle,
            "application/jose+json" => Self::Notation,
            "application/cose" => Self::Unsupported("a Notation signature (COSE)"),
            _ => return None,
        })
    }
}

/// The bytes, if they are there, within their bound, and those that the digest names.
fn whole<'a>(candidate: &Candidate<'a>) -> Result<&'a [u8], No> {
    let bytes = candidate.bytes.ok_or(Doubt::EvidenceMissing)?;
    if is_too_long(bytes) {
        return Err(Flaw::Malformed("it is longer than any that is read").into());
    }
    if Digest::of(bytes) != candidate.digest {
        return Err(Doubt::EvidenceDamaged.into());
    }
    Ok(bytes)
}

fn is_too_long(bytes: &[u8]) -> bool {
    bytes.len() > limits::SIGNATURE_OBJECT.most
}

impl Object {
    /// The bytes that a signature covers; `None` where only their digest is known.
    pub(super) fn signed_bytes(&self) -> Option<Vec<u8>> {
        match &self.content {
            Content::Payload(payload) => Some(payload.clone()),
            Content::Envelope { kind, payload } => Some(pae(kind, payload)),
            Content::Notation(_) | Content::Manifest(_) => None,
        }
    }
}
