//! Forgeries of the Sigstore bundle around a genuine envelope. A store holds no bundles, not even good ones.

use serde_json::{Value, json};
use tidegate::attest;

use super::shop::{Shop, Signed};
use super::{Edit, Forgery};

pub(super) fn all(shop: &Shop) -> Vec<Forgery> {
    let envelope = shop.genuine.signed(&shop.key);
    let genuine = attest::bundle(&envelope).unwrap();
    assert_eq!(shop.verify(&genuine), "link 1");
    assert_eq!(shop.admit(&genuine), "refused missing");
    let forged = |(name, answer, edit): &Edit| {
        let mut bundle: Value = serde_json::from_slice(&genuine).unwrap();
        edit(&mut bundle);
        Forgery::unreadable(format!("bundle-{name}"), bundle.to_string(), answer)
    };
    EDITS.iter().map(forged).collect()
}

const MALFORMED: &str = "refused malformed";
const PREDICATE: &str = "refused predicate";

const EDITS: [Edit; 16] = [
    ("v0.1", PREDICATE, |b| {
        b["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.1".into();
    }),
    ("v0.2", PREDICATE, |b| {
        b["mediaType"] = "application/vnd.dev.sigstore.bundle+json;version=0.2".into();
    }),
    ("v0.4", PREDICATE, |b| {
        b["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.4+json".into();
    }),
    ("without-media-type", PREDICATE, |b| remove(b, "mediaType")),
    ("hint-of-another-key", MALFORMED, |b| {
        b["verificationMaterial"]["publicKey"]["hint"] =
            format!("SHA256:{}", "A".repeat(43)).into();
    }),
    ("hint-missing", MALFORMED, |b| {
        b["verificationMaterial"]["publicKey"] = json!({});
    }),
    ("without-material", MALFORMED, |b| {
        remove(b, "verificationMaterial");
    }),
    ("certificate-for-the-key", MALFORMED, |b| {
        b["verificationMaterial"] = json!({"certificate": {"rawBytes": "MAA="}});
    }),
    ("certificate-beside-the-key", MALFORMED, |b| {
        b["verificationMaterial"]["certificate"] = json!({"rawBytes": "MAA="});
    }),
    ("with-a-log-entry", MALFORMED, |b| {
        b["verificationMaterial"]["tlogEntries"] =
            json!([{"logIndex": "1", "integratedTime": "1795000000"}]);
    }),
    ("with-a-timestamp", MALFORMED, |b| {
        b["verificationMaterial"]["timestampVerificationData"] = json!({"rfc3161Timestamps": []});
    }),
    ("two-signatures", MALFORMED, |b| {
        let first = b["dsseEnvelope"]["signatures"][0].clone();
        b["dsseEnvelope"]["signatures"] = vec![first; 2].into();
    }),
    ("no-signature", MALFORMED, |b| {
        b["dsseEnvelope"]["signatures"] = json!([]);
    }),
    ("message-for-the-envelope", MALFORMED, |b| {
        b["messageSignature"] = b["dsseEnvelope"].take();
        remove(b, "dsseEnvelope");
    }),
    ("message-beside-the-envelope", MALFORMED, |b| {
        b["messageSignature"] = json!({});
    }),
    ("signature-of-another", "refused signature", |b| {
        b["dsseEnvelope"]["signatures"][0]["sig"] = format!("{}==", "A".repeat(86)).into();
    }),
];

fn remove(value: &mut Value, field: &str) {
    value.as_object_mut().unwrap().remove(field).unwrap();
}
