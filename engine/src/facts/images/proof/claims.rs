//! What signed bytes say about an image: simple signing payloads and in-toto statements.
//! Takes verified bytes only, and reads them once.

use serde_json::{Map, Value};

use super::Flaw;
use super::bundle::parse;
use super::candidate::Content;
use crate::model::Digest;

/// What was signed about the image.
#[derive(Debug)]
pub(super) struct Claims {
    /// The repository that it names, if the format can name one.
    pub(super) reference: Option<String>,
    /// Names and values that the signer added.
    pub(super) annotations: Map<String, Value>,
    /// The attestation; `None` for a signature of the image.
    pub(super) attested: Option<Attested>,
}

/// A statement that is more than a signature.
#[derive(Debug)]
pub(super) struct Attested {
    pub(super) predicate_type: String,
    pub(super) predicate: Value,
}

/// Reads what is signed, and that it is signed about this image.
pub(super) fn claims(content: &Content, image: &Digest) -> Result<Claims, Flaw> {
    match content {
        Content::Payload(payload) => simple_signing(payload, image),
        Content::Envelope { kind, payload } => statement(kind, payload, image),
        Content::Notation(envelope) => target(&envelope.payload, image),
        Content::Manifest(signed) if signed == image => Ok(Claims {
            reference: None,
            annotations: Map::new(),
            attested: None,
        }),
        Content::Manifest(_) => Err(Flaw::OtherImage),
    }
}

/// What a statement that nobody verified is of: `true` for an attestation. It decides only whether an object
/// without a valid signature counts as a bad signature or as a bad attestation.
pub(super) fn seems_attestation(content: &Content) -> bool {
    let Content::Envelope { payload, .. } = content else {
        return false;
    };
    let kind = parse(payload)
        .ok()
        .and_then(|mut it| it.remove("predicateType"));
    kind.is_some_and(|kind| {
        kind.as_str()
            .is_some_and(|kind| kind != SIGNATURE_PREDICATE)
    })
}

fn simple_signing(payload: &[u8], image: &Digest) -> Result<Claims, Flaw> {
    let payload = parse(payload)?;
    let critical = payload.get("critical").unwrap_or(&Value::Null);
    let text = |pointer: &str| critical.pointer(pointer).and_then(Value::as_str);
    if text("/type") != Some("cosign container image signature") {
        return Err(Flaw::Content("a signature of a container image"));
    }
    let signed = text("/image/docker-manifest-digest");
    match signed.and_then(Digest::parse_oci) {
        Some(signed) if signed == *image => {}
        Some(_) => return Err(Flaw::OtherImage),
        None => return Err(Flaw::Malformed("it names no SHA-256 digest of an image")),
    }
    let annotations = match payload.get("optional") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(optional)) => optional.clone(),
        Some(_) => return Err(Flaw::Malformed("its annotations are no object")),
    };
    Ok(Claims {
        reference: text("/identity/docker-reference").map(str::to_owned),
        annotations,
        attested: None,
    })
}

fn statement(kind: &str, payload: &[u8], image: &Digest) -> Result<Claims, Flaw> {
    if kind != "application/vnd.in-toto+json" {
        return Err(Flaw::Content("an in-toto statement"));
    }
    let mut statement = parse(payload)?;
    let version = statement.get("_type").and_then(Value::as_str);
    // cosign still writes v0.1 into bundles for what it attests, and v1 for what it signs.
    if !version.is_some_and(|version| STATEMENTS.contains(&version)) {
        return Err(Flaw::Content(
            "an in-toto statement of a version that is read",
        ));
    }
    let subjects = statement.get("subject").and_then(Value::as_array);
    let subjects = subjects.ok_or(Flaw::Malformed("a statement about nothing"))?;
    let about = |subject: &&Value| {
        let digest = subject.pointer("/digest/sha256").and_then(Value::as_str);
        let digest = digest.map(str::to_ascii_lowercase);
        digest.and_then(|digest| Digest::parse(&digest).ok()) == Some(*image)
    };
    let subject = subjects.iter().find(about).ok_or(Flaw::OtherImage)?;
    let annotations = match subject.get("annotations") {
        Some(Value::Object(annotations)) => annotations.clone(),
        _ => Map::new(),
    };
    let predicate = statement.remove("predicate");
    let predicate_type = match statement.remove("predicateType") {
        Some(Value::String(text)) if !text.is_empty() => text,
        _ => return Err(Flaw::Malformed("a statement without predicate type")),
    };
    if predicate_type == SIGNATURE_PREDICATE {
        return Ok(Claims {
            reference: None,
            annotations,
            attested: None,
        });
    }
    let Some(predicate @ Value::Object(_)) = predicate else {
        return Err(Flaw::Malformed("a statement whose predicate is no object"));
    };
    Ok(Claims {
        reference: None,
        annotations,
        attested: Some(Attested {
            predicate_type,
            predicate,
        }),
    })
}

/// What Notation signs: the descriptor of the image, and names and values that the signer added.
fn target(payload: &[u8], image: &Digest) -> Result<Claims, Flaw> {
    let mut payload = parse(payload)?;
    let Some(Value::Object(target)) = payload.remove("targetArtifact") else {
        return Err(Flaw::Malformed("a payload about nothing"));
    };
    let text = |key: &str| target.get(key).and_then(Value::as_str);
    match text("digest").and_then(Digest::parse_oci) {
        Some(signed) if signed == *image => {}
        Some(_) => return Err(Flaw::OtherImage),
        None => return Err(Flaw::Malformed("it names no SHA-256 digest of an image")),
    }
    let sized = target.get("size").is_some_and(Value::is_u64);
    if !sized || text("mediaType").is_none_or(str::is_empty) {
        return Err(Flaw::Malformed("a descriptor without type or size"));
    }
    let annotations = match target.get("annotations") {
        None | Some(Value::Null) => Map::new(),
        Some(Value::Object(annotations)) => annotations.clone(),
        Some(_) => return Err(Flaw::Malformed("its annotations are no object")),
    };
    Ok(Claims {
        reference: None,
        annotations,
        attested: None,
    })
}

/// What cosign's signatures of images are as statements.
const SIGNATURE_PREDICATE: &str = "https://sigstore.dev/cosign/sign/v1";
/// The versions of in-toto statements that are read.
const STATEMENTS: [&str; 2] = [
    "https://in-toto.io/Statement/v1",
    "https://in-toto.io/Statement/v0.1",
];
