//! Signatures of images: whatever is done to a bundle or to a signature of the older kind, nothing proves an image but
//! what one of the keys of `testdata/images` signed about it; and a second implementation verifies it too.
#![no_main]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use serde_json::Value;
use tidegate::facts::images::proof::{
    Authority, Candidate, CertificateLog, Identity, Key, Log, NameKind, Padding, Pattern, Question,
    Reference, Signer, State, TrustRoot, prove,
};
use tidegate::model::Digest;
use tidegate_fuzz::{decoded, der, edited, pre_authentication_encoding};

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    let Some((which, edits)) = bytes.split_first() else {
        return;
    };
    let genuine = &FIXTURES.candidates[usize::from(*which) % FIXTURES.candidates.len()];
    check(&edited(genuine, edits));
});

/// Asks each authority alone about each image.
fn check(file: &[u8]) {
    let Some(layer) = Layer::read(file) else {
        return;
    };
    let candidate = Candidate {
        digest: Digest::of(layer.text.as_bytes()),
        media_type: &layer.media_type,
        annotations: &layer.annotations,
        bytes: Some(layer.text.as_bytes()),
    };
    for signer in &FIXTURES.signers {
        for image in &FIXTURES.images {
            let proof = prove(&Question {
                image: *image,
                repository: "registry.test/shop/odoo",
                candidates: &[candidate],
                authorities: &[&signer.authority],
                quorums: &[],
                now: FIXTURES.now,
            });
            let held = proof.met.len() + proof.attestations.len();
            assert_eq!(proof.state == State::Verified, !proof.met.is_empty());
            assert_eq!(proof.candidates.valid, held);
            assert!(held <= 1 && proof.candidates.found <= 1);
            if held == 1 {
                layer.is_genuine(signer, image);
            }
        }
    }
}

/// A signature object as it lies beside an image.
struct Layer {
    media_type: String,
    annotations: BTreeMap<String, String>,
    text: String,
}

impl Layer {
    fn read(file: &[u8]) -> Option<Self> {
        let value: Value = serde_json::from_slice(file).ok()?;
        let annotations = value["annotations"].as_object()?.iter();
        let annotations =
            annotations.map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
        Some(Self {
            media_type: value["mediaType"].as_str()?.to_owned(),
            annotations: annotations.collect::<Option<_>>()?,
            text: value["text"].as_str()?.to_owned(),
        })
    }

    /// That the signer signed exactly what is here, about this image.
    fn is_genuine(&self, signer: &Known, image: &Digest) {
        let Signed {
            payload,
            bytes,
            signature,
            certificate,
        } = self.signed();
        match payload {
            Some(payload) => {
                assert!(FIXTURES.payloads.contains(&payload), "nobody signed that");
                let text = String::from_utf8(payload).expect("text");
                assert!(text.contains(&image.to_string()), "of another image");
            }
            None => assert_eq!(*image, FIXTURES.images[0], "of another image"),
        }
        let (algorithm, key) = match &signer.key {
            Some((algorithm, key)) => (*algorithm, key.clone()),
            None => {
                let certificate = certificate.expect("a certificate");
                assert!(FIXTURES.certificates.contains(&certificate), "of nobody");
                (P256, point(&certificate))
            }
        };
        let key = UnparsedPublicKey::new(algorithm, key);
        assert!(key.verify(&bytes, &signature).is_ok(), "by nobody");
    }

    /// What is signed here, as another reader sees it.
    fn signed(&self) -> Signed {
        let pem = self.annotations.get("dev.sigstore.cosign/certificate");
        let certificate = pem.map(|pem| der(pem));
        if self.media_type.contains("simplesigning") {
            return Signed {
                payload: Some(self.text.clone().into_bytes()),
                bytes: self.text.clone().into_bytes(),
                signature: decoded(&self.annotations["dev.cosignproject.cosign/signature"]),
                certificate,
            };
        }
        let document: Value = serde_json::from_str(&self.text).expect("JSON");
        if self.media_type.contains("dsse") {
            return Signed::of_envelope(&document, certificate);
        }
        let raw = document["verificationMaterial"]["certificate"]["rawBytes"].as_str();
        let certificate = raw.map(decoded);
        match document["messageSignature"]["signature"].as_str() {
            Some(signature) => Signed {
                payload: None,
                bytes: text("manifest").as_bytes().to_vec(),
                signature: decoded(signature),
                certificate,
            },
            None => Signed::of_envelope(&document["dsseEnvelope"], certificate),
        }
    }
}

struct Signed {
    /// `None` where the manifest itself is signed.
    payload: Option<Vec<u8>>,
    bytes: Vec<u8>,
    signature: Vec<u8>,
    certificate: Option<Vec<u8>>,
}

impl Signed {
    fn of_envelope(envelope: &Value, certificate: Option<Vec<u8>>) -> Self {
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let kind = text(&envelope["payloadType"]);
        let payload = decoded(&text(&envelope["payload"]));
        Self {
            bytes: pre_authentication_encoding(&kind, &payload),
            payload: Some(payload),
            signature: decoded(&text(&envelope["signatures"][0]["sig"])),
            certificate,
        }
    }
}

/// The point of the first P-256 key in a certificate.
fn point(certificate: &[u8]) -> Vec<u8> {
    let mut places = certificate.windows(SPKI.len());
    let at = places.position(|bytes| bytes == SPKI).expect("a P-256 key") + SPKI.len();
    certificate[at..at + 65].to_vec()
}

struct Fixtures {
    now: Timestamp,
    images: Vec<Digest>,
    signers: Vec<Known>,
    /// Each signature object as a file.
    candidates: Vec<Vec<u8>>,
    payloads: BTreeSet<Vec<u8>>,
    /// Those that the certificate authority issued.
    certificates: BTreeSet<Vec<u8>>,
}

struct Known {
    authority: Authority,
    /// `None` for whom a certificate names.
    key: Option<(&'static dyn VerificationAlgorithm, Vec<u8>)>,
}

static ALL: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(TEXT).expect("JSON"));

fn text(key: &str) -> &'static str {
    ALL[key].as_str().expect("a text")
}

static FIXTURES: LazyLock<Fixtures> = LazyLock::new(|| {
    let candidates = ALL["candidates"].as_object().expect("candidates");
    let layer = |value: &Value| Layer::read(value.to_string().as_bytes()).expect("a layer");
    let named = |name: &String| name.starts_with("keyless") && !name.contains("own-ca");
    let issued = candidates.iter().filter(|(name, _)| named(name));
    let pem = |name: &str| ALL["keys"][name].as_str().expect("a key");
    Fixtures {
        now: "2026-12-01T00:00:00Z".parse().expect("an instant"),
        images: ["image", "other"]
            .map(|key| Digest::parse(text(key)).expect("a digest"))
            .to_vec(),
        signers: vec![
            keyed(pem("release"), None, P256, 65),
            keyed(pem("ed25519"), None, &signature::ED25519, 32),
            keyed(pem("rsa"), Some(Padding::Pkcs1), RSA, 270),
            keyless(&ALL["roots"]["private"].to_string()),
        ],
        candidates: candidates
            .values()
            .map(|value| value.to_string().into_bytes())
            .collect(),
        payloads: candidates
            .iter()
            .filter(|(name, _)| !name.starts_with("notation") && !FORGED.contains(&name.as_str()))
            .filter_map(|(_, value)| layer(value).signed().payload)
            .collect(),
        certificates: issued
            .filter_map(|(_, value)| layer(value).signed().certificate)
            .collect(),
    }
});

/// What nobody signed, or nobody could read.
const FORGED: [&str; 7] = [
    "bundle-no-signature",
    "bundle-turned",
    "bundle-two-signatures",
    "sig-blank",
    "sig-changed",
    "sig-cut",
    "sig-empty",
];

/// Signs with a key, of which the last bytes are what `ring` takes for it.
fn keyed(
    pem: &str,
    padding: Option<Padding>,
    algorithm: &'static dyn VerificationAlgorithm,
    length: usize,
) -> Known {
    let der = der(pem);
    let key = Key::parse(pem, None, padding).expect("a key");
    Known {
        authority: authority(Signer::Key {
            key: Box::new(key),
            log: Log::Ignored,
        }),
        key: Some((algorithm, der[der.len() - length..].to_vec())),
    }
}

/// Signs by a workflow, whatever its ref.
fn keyless(root: &str) -> Known {
    let root = TrustRoot::parse(root.as_bytes(), None).expect("a trust root");
    Known {
        authority: authority(Signer::Keyless(Box::new(Identity {
            root: Ok(Arc::new(root)),
            certificate_log: CertificateLog::Required,
            issuer: Pattern::exact("https://issuer.test").expect("a pattern"),
            kind: NameKind::Uri,
            subject: Pattern::regex("https://git.test/acme/odoo/.+").expect("a pattern"),
            claims: BTreeMap::new(),
        }))),
        key: None,
    }
}

fn authority(signer: Signer) -> Authority {
    Authority {
        name: "release".to_owned(),
        signer,
        not_before: None,
        not_after: None,
        annotations: BTreeMap::new(),
        reference: Reference::Any,
        required: Vec::new(),
    }
}

const TEXT: &str = include_str!("../../../testdata/images/fixtures.json");
static P256: &dyn VerificationAlgorithm = &signature::ECDSA_P256_SHA256_ASN1;
static RSA: &dyn VerificationAlgorithm = &signature::RSA_PKCS1_2048_8192_SHA256;
/// What stands before the point of a P-256 key.
const SPKI: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
    0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
