//! Limits of keys, trust files and envelopes.
//! Knows nothing of verdicts.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use tidegate::attest::{self, Role, SigningKey, TrustFile, TrustedKey};
use tidegate::model::{code_of, limits};

use super::{Row, beyond};

pub(super) const ROWS: &[Row] = &[
    (limits::KEY_FILE, |size| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        fs::write(&path, vec![b'x'; size]).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        beyond(attest::read_private(&path), limits::KEY_FILE)
    }),
    (limits::TRUST_FILE, |size| {
        beyond(TrustFile::parse(&vec![b' '; size]), limits::TRUST_FILE)
    }),
    (limits::TRUSTED_KEYS, |count| {
        beyond(
            TrustFile::new((0..count).map(trusted).collect()),
            limits::TRUSTED_KEYS,
        )
    }),
    (limits::ENVELOPE, |size| {
        beyond(
            attest::unverified_payload(&vec![b' '; size]),
            limits::ENVELOPE,
        )
    }),
    (limits::SIGNATURES, signatures),
];

fn trusted(number: usize) -> TrustedKey {
    TrustedKey {
        public: key(number).public(),
        role: Role::MergeSigner,
        principal: format!("p{number}"),
        environments: None,
        validity: attest::Validity::default(),
    }
}

fn key(number: usize) -> SigningKey {
    let seed = |bytes: &mut [u8]| {
        bytes.fill(7);
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        Ok::<(), std::io::Error>(())
    };
    SigningKey::generate(seed).unwrap()
}

/// The same code says other things of an envelope, too.
fn signatures(count: usize) -> String {
    let signature = json!({"keyid": key(1).public().keyid(), "sig": STANDARD.encode([0; 64])});
    let envelope = json!({
        "payload": STANDARD.encode("{}"),
        "payloadType": "application/vnd.in-toto+json",
        "signatures": vec![signature; count],
    });
    match attest::unverified_payload(envelope.to_string().as_bytes()) {
        Err(error)
            if error
                .to_string()
                .contains("`signatures` is empty or too long") =>
        {
            code_of(&error)
        }
        _ => String::new(),
    }
}
