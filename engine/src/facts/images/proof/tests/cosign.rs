//! What cosign itself signed: it signs, we verify. `testdata/images/cosign.py` records it.

use std::collections::BTreeSet;
use std::fs;
use std::sync::LazyLock;

use serde_json::Value;

use super::fixtures::{Given, Layer, authority, given, root, state, whom};
use crate::facts::images::proof::{
    Format, Hash, Key, KeyError, Log, Padding, Predicate, Signer, State,
};
use crate::model::Digest;

#[test]
fn what_cosign_signs_with_any_of_its_keys_is_verified_in_both_of_its_formats() {
    for name in ["p256", "p384", "rsa", "ed25519"] {
        let layers = layers(name);
        let signatures = layers.iter().filter(|layer| !attests(layer));
        let formats: Vec<Format> = signatures
            .map(|layer| {
                let given = Given {
                    candidates: vec![layer.clone()],
                    ..asked(name, name)
                };
                let proof = given
                    .with(|authority| {
                        let env = ("env".to_owned(), "prod".to_owned());
                        authority.annotations.extend([env]);
                    })
                    .prove();
                assert_eq!(state(&proof), "verified", "{name}");
                proof.met[0].format
            })
            .collect();
        assert_eq!(formats, [Format::Legacy, Format::Bundle], "{name}");
    }
}

#[test]
fn what_cosign_attests_is_read_in_both_of_its_formats() {
    let given = Given {
        candidates: layers("p256"),
        ..asked("p256", "p256")
    };
    let proof = given.prove();
    assert_eq!(proof.state, State::Verified);
    assert_eq!((proof.candidates.found, proof.candidates.valid), (10, 10));
    let read: BTreeSet<(bool, &str)> = proof
        .attestations
        .iter()
        .map(|attestation| {
            let kind = match &attestation.predicate {
                Predicate::Provenance(one) if one.builder_id == "https://builder.test" => "built",
                Predicate::Sbom(one) if one.components == 1 => one.format,
                Predicate::Scan(one) if one.counts().is_some_and(|it| it["high"] == 1) => "scan",
                other => panic!("{other:?}"),
            };
            (attestation.signature.format == Format::Bundle, kind)
        })
        .collect();
    assert_eq!(read.len(), 8, "{read:?}");
}

#[test]
fn no_key_of_cosign_verifies_what_another_signed_or_what_is_about_another_image() {
    for name in ["p256", "p384", "rsa", "ed25519"] {
        for other in ["p256", "p384", "rsa", "ed25519"] {
            if name == other {
                continue;
            }
            let candidates = layers(name);
            let foreign_key = Given {
                candidates: candidates.clone(),
                ..asked(name, other)
            };
            assert_eq!(state(&foreign_key.prove()), "invalid signature");
            let foreign_image = Given {
                candidates,
                ..asked(other, name)
            };
            assert_eq!(state(&foreign_image.prove()), "invalid other-image");
        }
    }
}

#[test]
fn cosign_says_the_same_but_where_it_asks_less_and_of_bare_manifests() {
    let mut apart = Vec::new();
    let agreement = read("agreement.json");
    let cases = agreement.as_object().unwrap();
    assert_eq!(cases.len(), 59);
    for (asked, accepts) in cases {
        let (name, key) = asked.split_once(' ').unwrap();
        // Its verification takes SHA-256 for every curve and PKCS#1 for RSA.
        let authority = match key {
            "release" => "p256",
            "p384" => "p384-sha256",
            "rsa" => "rsa-pkcs1",
            other => other,
        };
        let mut asked = given(name).asked(authority);
        if name.contains("old-intermediate") {
            asked = asked.with(whom(|who| who.root = root("old-intermediate")));
        }
        let ours = state(&asked.prove());
        if (ours == "verified") != accepts.as_bool().unwrap() {
            apart.push(format!("{name}: {ours}"));
        }
    }
    assert_eq!(
        apart,
        [
            // It asks for an envelope around every signature of an image.
            "bundle-message: verified",
            // It takes any statement about the image for a signature.
            "bundle-sbom: unsigned",
            "keyless-provenance: unsigned",
            "keyless-provenance-builder: unsigned",
            "keyless-provenance-source: unsigned",
            // It does not look at the type.
            "sig-other-type: invalid content",
            // It takes the last of two keys.
            "sig-repeated-key: invalid malformed",
        ]
    );
}

/// A question about one image, asked of one key.
fn asked(image: &str, key: &str) -> Given {
    let digest = RECORDED["images"][image].as_str().unwrap();
    let (hash, padding) = match key {
        // As cosign signs since 3.1.3; before, with SHA-256.
        // As cosign signs since 3: over the hash.
        "ed25519" => (Some(Hash::Sha512), None),
        "p384" => (Some(Hash::Sha384), None),
        "rsa" => (None, Some(Padding::Pkcs1)),
        _ => (None, None),
    };
    let pem = RECORDED["keys"][key].as_str().unwrap();
    let parsed: Result<Key, KeyError> = Key::parse(pem, hash, padding);
    let mut by_key = authority("p256");
    by_key.signer = Signer::Key {
        key: Box::new(parsed.unwrap()),
        log: Log::Ignored,
    };
    Given {
        image: Digest::parse(digest.strip_prefix("sha256:").unwrap()).unwrap(),
        authorities: vec![by_key],
        ..Given::default()
    }
}

fn layers(name: &str) -> Vec<Layer> {
    let layers = RECORDED["layers"][name].as_array().unwrap();
    let layer = |layer: &Value| Layer {
        media_type: layer["mediaType"].as_str().unwrap().to_owned(),
        annotations: serde_json::from_value(layer["annotations"].clone()).unwrap(),
        bytes: Some(layer["text"].as_str().unwrap().as_bytes().to_vec()),
        digest: None,
    };
    layers.iter().map(layer).collect()
}

fn attests(layer: &Layer) -> bool {
    let text = String::from_utf8(layer.bytes.clone().unwrap()).unwrap();
    let value: Value = serde_json::from_str(&text).unwrap();
    let envelope = value.get("dsseEnvelope").unwrap_or(&value);
    let payload = envelope.get("payload").and_then(Value::as_str);
    let payload = payload.and_then(crate::model::base64::decode);
    payload.is_some_and(|payload| {
        let statement: Value = serde_json::from_slice(&payload).unwrap();
        statement["predicateType"] != "https://sigstore.dev/cosign/sign/v1"
    })
}

fn read(name: &str) -> Value {
    let file = format!("{}/testdata/images/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

static RECORDED: LazyLock<Value> = LazyLock::new(|| read("cosign.json"));
