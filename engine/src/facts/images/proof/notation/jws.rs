//! Reads the JWS envelopes of Notation strictly: one signature, and no header that is not understood.
//! Verifies nothing.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::super::bundle::parse;
use super::super::candidate::{Content, Format, Material, No, Object};
use super::super::{Doubt, Flaw};
use crate::model::base64;

/// An envelope, taken apart.
#[derive(Debug)]
pub(in crate::facts::images::proof) struct Envelope {
    /// What the signature covers.
    pub(super) input: Vec<u8>,
    /// What is signed about the image.
    pub(in crate::facts::images::proof) payload: Vec<u8>,
    pub(super) algorithm: Algorithm,
    /// Certificates as DER, the signer's first.
    pub(super) chain: Vec<Vec<u8>>,
    /// From when on the signature itself wants not to count.
    pub(super) expiry: Option<Timestamp>,
    /// The time stamp that it brings, if that can be read.
    pub(super) stamp: Option<Option<Vec<u8>>>,
}

/// The algorithms of Notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Es256,
    Es384,
    Es512,
    Ps256,
    Ps384,
    Ps512,
}

/// Reads an envelope.
pub(in crate::facts::images::proof) fn read(bytes: &[u8]) -> Result<Object, No> {
    let envelope = parse(bytes)?;
    if envelope.keys().any(|key| !KEYS.contains(&key.as_str())) {
        return Err(Flaw::Malformed("an envelope with more than one signature has").into());
    }
    let text = |key: &str| envelope.get(key).and_then(Value::as_str);
    let (Some(protected), Some(payload)) = (text("protected"), text("payload")) else {
        return Err(Flaw::Malformed("an envelope without header or payload").into());
    };
    let input = format!("{protected}.{payload}").into_bytes();
    let base64 = Flaw::Malformed("an envelope that is no base64 of the kind that JWS has");
    let header = parse(&decoded(protected).ok_or(base64.clone())?)?;
    let payload = decoded(payload).ok_or(base64.clone())?;
    let signature = text("signature").and_then(decoded).ok_or(base64)?;
    let expiry = understood(&header)?;
    let outside = envelope.get("header").and_then(Value::as_object);
    let outside = outside.ok_or(Flaw::Malformed("an envelope without certificates"))?;
    let notation = Envelope {
        input,
        payload,
        algorithm: algorithm(&header)?,
        chain: chain(outside)?,
        expiry,
        stamp: outside
            .get(STAMP)
            .map(|stamp| stamp.as_str().and_then(base64::decode)),
    };
    Ok(Object {
        format: Format::Notation,
        content: Content::Notation(Box::new(notation)),
        signature,
        made_with: Material::Chain,
        bundle: String::new(),
        entries: 0,
    })
}

/// That every header which must be understood is, and when the signature expires.
fn understood(header: &Map<String, Value>) -> Result<Option<Timestamp>, No> {
    if header.get("cty").and_then(Value::as_str) != Some(PAYLOAD) {
        return Err(Flaw::Content("a payload of Notation").into());
    }
    let crit = header.get("crit").and_then(Value::as_array);
    let crit = crit.and_then(|all| all.iter().map(Value::as_str).collect::<Option<Vec<_>>>());
    let crit = crit.ok_or(Flaw::Malformed("it says not which headers are critical"))?;
    let known = |name: &&str| UNDERSTOOD.contains(name) && header.contains_key(*name);
    let plugin = header.keys().any(|key| key.starts_with(PLUGIN));
    if !crit.iter().all(known) || plugin {
        return Err(Flaw::Malformed("a critical header that is not understood").into());
    }
    let text = |key: &str| header.get(key).and_then(Value::as_str);
    match text(SCHEME).filter(|_| crit.contains(&SCHEME)) {
        Some("notary.x509") => {}
        Some("notary.x509.signingAuthority") => {
            return Err(Doubt::Unsupported("a Notation signature by a signing authority").into());
        }
        _ => return Err(Flaw::Malformed("a signing scheme that is not known").into()),
    }
    let instant = |key: &str| text(key).and_then(|text| text.parse::<Timestamp>().ok());
    // It proves nothing, and has its form all the same.
    if instant(TIME).is_none() {
        return Err(Flaw::Malformed("it says not when it was made").into());
    }
    match (header.contains_key(EXPIRY), instant(EXPIRY)) {
        (false, _) => Ok(None),
        (true, Some(expiry)) if crit.contains(&EXPIRY) => Ok(Some(expiry)),
        (true, _) => Err(Flaw::Malformed("an expiry that is no critical instant").into()),
    }
}

fn algorithm(header: &Map<String, Value>) -> Result<Algorithm, Flaw> {
    Ok(match header.get("alg").and_then(Value::as_str) {
        Some("ES256") => Algorithm::Es256,
        Some("ES384") => Algorithm::Es384,
        Some("ES512") => Algorithm::Es512,
        Some("PS256") => Algorithm::Ps256,
        Some("PS384") => Algorithm::Ps384,
        Some("PS512") => Algorithm::Ps512,
        _ => return Err(Flaw::Malformed("an algorithm that Notation does not have")),
    })
}

fn chain(outside: &Map<String, Value>) -> Result<Vec<Vec<u8>>, Flaw> {
    let bad = Flaw::Malformed("its certificates cannot be read");
    let all = outside.get("x5c").and_then(Value::as_array);
    let all = all.filter(|all| !all.is_empty() && all.len() <= CERTIFICATES);
    let certificates = all.ok_or(bad.clone())?.iter();
    let certificates = certificates.map(|one| one.as_str().and_then(base64::decode));
    certificates.collect::<Option<_>>().ok_or(bad)
}

/// The alphabet for addresses, without padding.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let own = !text.is_empty() && !text.contains(['+', '/', '=']);
    base64::decode(text).filter(|_| own)
}

const KEYS: [&str; 4] = ["header", "payload", "protected", "signature"];
const PAYLOAD: &str = "application/vnd.cncf.notary.payload.v1+json";
const SCHEME: &str = "io.cncf.notary.signingScheme";
const TIME: &str = "io.cncf.notary.signingTime";
const EXPIRY: &str = "io.cncf.notary.expiry";
/// Of whatever a plug-in would have to verify.
const PLUGIN: &str = "io.cncf.notary.verificationPlugin";
const STAMP: &str = "io.cncf.notary.timestampSignature";
const UNDERSTOOD: [&str; 2] = [SCHEME, EXPIRY];
/// Certificates of one chain.
const CERTIFICATES: usize = 8;
