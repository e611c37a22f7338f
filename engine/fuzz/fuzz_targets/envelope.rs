//! Envelopes: whatever is done to the bytes of a signed statement, and to those of a bundle around
//! it, nothing is verified but the statement that the key did sign, for nobody but its role and place; and a second
//! implementation of Ed25519 verifies it too.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use ring::signature::{ED25519, UnparsedPublicKey};
use tidegate::attest::{
    self, Role, SigningKey, TrustFile, TrustedKey, Validity, VerifiedStatement,
};
use tidegate_fuzz::{decoded, der, edited, pre_authentication_encoding};

fuzz_target!(|bytes: &[u8]| {
    check(bytes);
    let (edits, kind) = bytes.split_at(bytes.len().saturating_sub(1));
    let genuine = if kind == b"b" {
        &GENUINE.bundle
    } else {
        &GENUINE.envelope
    };
    check(&edited(genuine, edits));
});

fn check(file: &[u8]) {
    let Ok(envelope) = attest::unbundle(file) else {
        return;
    };
    for role in [Role::MergeSigner, Role::Approver] {
        for environment in ["prod", "test"] {
            if let Ok(statement) = attest::verify(&envelope, &GENUINE.trust, role, environment) {
                assert!(role == Role::MergeSigner && environment == "prod");
                is_genuine(&statement);
                assert!(verified_by_another(&envelope));
            }
        }
    }
    if let Ok(payload) = attest::unverified_payload(&envelope) {
        assert!(payload.len() < file.len());
    }
    if let Ok(bundle) = attest::bundle(&envelope) {
        let again = attest::unbundle(&bundle).expect("a bundle that we wrote is one");
        let (before, after) = (verified(&envelope), verified(&again));
        assert_eq!(before, after, "a wrapper lends no trust and takes none");
    }
}

fn is_genuine(statement: &VerifiedStatement) {
    assert_eq!(statement.payload(), PAYLOAD);
    assert_eq!(statement.signers().len(), 1);
    assert_eq!(
        statement.signers()[0].keyid,
        GENUINE.trust.keys()[0].public.keyid()
    );
}

/// Whether `ring` takes a signature in the envelope for one over its payload, in DSSE's encoding.
fn verified_by_another(envelope: &[u8]) -> bool {
    let document: serde_json::Value = serde_json::from_slice(envelope).expect("JSON");
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    let payload = decoded(&text(&document["payload"]));
    let signed = pre_authentication_encoding(&text(&document["payloadType"]), &payload);
    let key = der(&GENUINE.trust.keys()[0].public.to_pem());
    let key = UnparsedPublicKey::new(&ED25519, &key[key.len() - 32..]);
    let signatures = document["signatures"].as_array().expect("a list");
    let mut signatures = signatures
        .iter()
        .map(|signature| decoded(&text(&signature["sig"])));
    signatures.any(|signature| key.verify(&signed, &signature).is_ok())
}

fn verified(envelope: &[u8]) -> Option<VerifiedStatement> {
    attest::verify(envelope, &GENUINE.trust, Role::MergeSigner, "prod").ok()
}

struct Genuine {
    trust: TrustFile,
    envelope: Vec<u8>,
    bundle: Vec<u8>,
}

static GENUINE: LazyLock<Genuine> = LazyLock::new(|| {
    let key = SigningKey::generate(|seed| {
        seed.fill(7);
        Ok::<_, ()>(())
    });
    let key = key.expect("a key");
    let trusted = TrustedKey {
        public: key.public(),
        role: Role::MergeSigner,
        principal: "ci".to_owned(),
        environments: Some(vec!["prod".to_owned()]),
        validity: Validity::default(),
    };
    let envelope = attest::sign(PAYLOAD, &key);
    Genuine {
        trust: TrustFile::new(vec![trusted]).expect("a trust file"),
        bundle: attest::bundle(&envelope).expect("a bundle"),
        envelope,
    }
});

const PAYLOAD: &[u8] = br#"{"_type":"https://in-toto.io/Statement/v1","subject":[]}"#;
