//! Trust files and keys: what is read prints to what reads the same, no key stands there twice, and no
//! name steers a terminal; what is kept of a revoked key is kept of one that is known, and somebody must sign.
//! A second reader takes each key that we take, for the same.
#![no_main]

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use libfuzzer_sys::fuzz_target;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use tidegate::attest::{PublicKey, SigningKey, TrustFile};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(public) = PublicKey::from_pem(bytes) {
        assert_eq!(
            PublicKey::from_pem(public.to_pem().as_bytes()).ok(),
            Some(public)
        );
        assert_eq!(der(bytes), der(public.to_pem().as_bytes()));
    }
    if let Ok(private) = SigningKey::from_pem(bytes) {
        let again = SigningKey::from_pem(private.to_pem().as_bytes());
        assert_eq!(again.ok().map(|key| key.public()), Some(private.public()));
        assert!(
            PublicKey::from_pem(bytes).is_err(),
            "a private key is no public one"
        );
        let another = Ed25519KeyPair::from_pkcs8_maybe_unchecked(&der(bytes));
        let another = another.expect("a key for `ring` too");
        let spki = der(private.public().to_pem().as_bytes());
        assert!(spki.ends_with(another.public_key().as_ref()));
    }
    let Ok(file) = TrustFile::parse(bytes) else {
        return;
    };
    let printed = file.print();
    let again = TrustFile::parse(printed.as_bytes());
    assert_eq!(again.as_ref().ok(), Some(&file));
    assert!(!printed.chars().any(|c| c != '\n' && c.is_control()));
    let keys: BTreeSet<String> = file.keys().iter().map(|key| key.public.keyid()).collect();
    assert!(!keys.is_empty() && keys.len() == file.keys().len());
    for revocation in file.revoked() {
        assert!(revocation.keep.is_empty() || file.find(&revocation.public).is_some());
    }
    for key in file.keys() {
        assert!((1..=16).contains(&file.threshold(key.role)));
        assert!(!key.principal.is_empty());
        assert_eq!(file.find(&key.public), Some(key));
        let places = key.environments.iter().flatten();
        let everywhere = key.environments.is_none() || places.clone().any(|place| place == "*");
        assert_eq!(key.may_sign(key.role, "\0"), everywhere);
        assert!(places.clone().all(|place| key.may_sign(key.role, place)));
    }
});

/// What stands between the lines of a PEM file.
fn der(pem: &[u8]) -> Vec<u8> {
    let text = std::str::from_utf8(pem).expect("PEM is text");
    let body = text
        .lines()
        .map(str::trim)
        .skip_while(|line| !line.starts_with("-----BEGIN"))
        .skip(1)
        .take_while(|line| !line.starts_with("-----END"));
    STANDARD
        .decode(body.collect::<String>())
        .expect("base64 that a second reader takes")
}
