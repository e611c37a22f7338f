//! Simple signing payloads, and what keys sign.

use jiff::SignedDuration;

use super::fixtures::{given, instant, root, state};
use crate::facts::images::proof::{Authority, Log, Reference, Signer};

#[test]
fn payloads_that_must_not_pass() {
    for (id, candidate, asked, expected) in [
        ("S1", "sig-by-another", "p256", "invalid signature"),
        ("S2", "sig-other-image", "p256", "invalid other-image"),
        ("S6", "sig-upper-case", "p256", "invalid malformed"),
        ("S6", "sig-digest-list", "p256", "invalid malformed"),
        ("S6", "sig-digest-missing", "p256", "invalid malformed"),
        ("S7", "sig-other-type", "p256", "invalid content"),
        ("S9", "sig-repeated-key", "p256", "invalid malformed"),
        ("S10", "sig-p384-sha256", "p384-sha384", "invalid signature"),
        ("S10", "sig-p384-sha384", "p384-sha256", "invalid signature"),
        (
            "S10",
            "bundle-p384-sha384",
            "p384-sha256",
            "invalid signature",
        ),
        ("S10", "sig-ed25519", "ed25519ph", "invalid signature"),
        ("S11", "sig-rsa-pss", "rsa-pkcs1", "invalid signature"),
        ("S11", "sig-rsa-pkcs1", "rsa-pss", "invalid signature"),
        ("S11", "bundle-rsa-pss", "rsa-pkcs1", "invalid signature"),
    ] {
        let proof = given(candidate).asked(asked).prove();
        assert_eq!(state(&proof), expected, "{id} {candidate}");
        assert!(proof.met.is_empty(), "{id}");
    }
}

#[test]
fn s2_a_good_signature_replayed_beside_another_image_is_about_another_image() {
    for name in ["sig-p256", "bundle-p256", "bundle-message"] {
        let proof = given(name).of_other_image().asked("p256").prove();
        assert_eq!(state(&proof), "invalid other-image", "{name}");
    }
}

#[test]
fn s3_any_changed_byte_of_a_payload_is_no_signature() {
    let whole = given("sig-p256").asked("p256");
    let length = whole.candidates[0].bytes.as_ref().unwrap().len();
    for at in 0..length {
        let mut changed = given("sig-p256").asked("p256");
        changed.candidates[0].bytes.as_mut().unwrap()[at] ^= 1;
        assert_eq!(state(&changed.prove()), "invalid signature", "byte {at}");
    }
}

#[test]
fn s4_and_s5_a_signature_that_is_empty_cut_off_or_no_base64_is_malformed_or_wrong() {
    let good = given("sig-p256").candidates[0].annotations[SIGNATURE].clone();
    let cut = &good[..good.len() - 4];
    for (text, expected) in [
        ("", "invalid malformed"),
        ("====", "invalid malformed"),
        ("\u{e9}", "invalid malformed"),
        (&format!("{good}\n"), "invalid malformed"),
        (&format!(" {good}"), "invalid malformed"),
        (&good[..good.len() - 3], "invalid malformed"),
        (cut, "invalid signature"),
        ("AAAA", "invalid signature"),
    ] {
        let proof = given("sig-p256").annotated(SIGNATURE, text).asked("p256");
        assert_eq!(state(&proof.prove()), expected, "{text:?}");
    }
    let mut without = given("sig-p256").asked("p256");
    without.candidates[0].annotations.clear();
    assert_eq!(state(&without.prove()), "invalid malformed");
}

#[test]
fn s8_another_repository_in_the_payload_is_told_and_refused_only_where_it_must_match() {
    let mirrored = || given("sig-other-reference").asked("p256");
    let proof = mirrored().prove();
    assert_eq!(state(&proof), "verified");
    assert_eq!(
        proof.met[0].reference.as_deref(),
        Some("mirror.test/shop/odoo")
    );
    let must = |authority: &mut Authority| authority.reference = Reference::Required;
    assert_eq!(state(&mirrored().with(must).prove()), "invalid reference");
    let own = given("sig-p256").asked("p256").with(must);
    assert_eq!(state(&own.prove()), "verified");
    let unnamed = given("bundle-p256").asked("p256").with(must);
    assert_eq!(state(&unnamed.prove()), "invalid reference");
}

#[test]
fn s15_an_annotation_counts_only_on_the_signature_that_holds() {
    let prod = |authority: &mut Authority| {
        let env = ("env".to_owned(), "prod".to_owned());
        authority.annotations.extend([env]);
    };
    let with = given("sig-prod").asked("p256").with(prod);
    assert_eq!(state(&with.prove()), "verified");
    let without = given("sig-p256").asked("p256").with(prod);
    assert_eq!(state(&without.prove()), "invalid annotation");
    let elsewhere = given("sig-p256")
        .and("sig-prod")
        .edited(|payload| payload["optional"]["by"] = "somebody".into())
        .asked("p256")
        .with(prod);
    assert_eq!(state(&elsewhere.prove()), "invalid annotation");
    let unsigned = given("sig-p256").annotated("env", "prod").asked("p256");
    assert_eq!(state(&unsigned.with(prod).prove()), "invalid annotation");
}

#[test]
fn b18_a_key_need_not_be_in_a_log_unless_that_is_required() {
    for name in ["bundle-p256", "sig-p256"] {
        assert_eq!(state(&given(name).asked("p256").prove()), "verified");
        let logged = given(name).asked("p256").with(must_be_logged);
        assert_eq!(state(&logged.prove()), "invalid log", "{name}");
    }
}

#[test]
fn b6_b7_and_b18_a_key_that_must_be_in_the_log_is_there_with_this_signature() {
    for name in ["bundle-logged", "sig-logged"] {
        let proof = given(name).asked("p256").with(must_be_logged).prove();
        assert_eq!(state(&proof), "verified", "{name}");
        let signed_at = Some(instant("2020-11-20T10:01:00Z"));
        assert_eq!(proof.met[0].signed_at, signed_at, "{name}");
        let unasked = given(name).asked("p256").prove();
        assert_eq!(unasked.met[0].signed_at, None, "nobody asked the log");
        let late = given(name)
            .asked("p256")
            .with(must_be_logged)
            .with(|authority| {
                authority.not_after = Some(instant("2020-11-20T10:00:59Z"));
            });
        assert_eq!(state(&late.prove()), "invalid validity", "{name}");
    }
    let entries =
        |bundle: &serde_json::Value| bundle["verificationMaterial"]["tlogEntries"].clone();
    let mut foreign = serde_json::Value::Null;
    let again = given("bundle-logged-again").edited(|bundle| foreign = entries(bundle));
    assert_eq!(
        state(&again.asked("p256").with(must_be_logged).prove()),
        "verified"
    );
    let proof = given("bundle-logged")
        .edited(|bundle| bundle["verificationMaterial"]["tlogEntries"] = foreign)
        .asked("p256")
        .with(must_be_logged);
    assert_eq!(state(&proof.prove()), "invalid log");
    let moved = given("bundle-logged")
        .edited(|bundle| {
            let entry = &mut bundle["verificationMaterial"]["tlogEntries"][0];
            entry["integratedTime"] = "1605866461".into();
        })
        .asked("p256")
        .with(must_be_logged);
    assert_eq!(state(&moved.prove()), "invalid log");
}

#[test]
fn a_key_counts_from_and_until_and_without_a_proven_time_that_is_now() {
    let now = instant("2026-12-01T00:00:00Z");
    let day = SignedDuration::from_hours(24);
    let asked = |before: i32, after: i32| {
        let proof = given("sig-p256").asked("p256").with(|authority| {
            authority.not_before = Some(now + day * before);
            authority.not_after = Some(now + day * after);
        });
        state(&proof.prove())
    };
    assert_eq!(asked(-1, 1), "verified");
    assert_eq!(asked(0, 0), "verified");
    assert_eq!(asked(1, 2), "invalid validity");
    assert_eq!(asked(-2, -1), "invalid validity");
}

#[test]
fn a_certificate_is_no_key_and_a_key_no_certificate() {
    let proof = given("keyless").asked("p256").prove();
    assert_eq!(state(&proof), "invalid other-kind");
    let proof = given("sig-p256").asked("keyless").prove();
    assert_eq!(state(&proof), "invalid other-kind");
}

#[test]
fn bare_manifests_signed_with_another_hash_are_in_doubt_and_not_verified() {
    let proof = given("bundle-message").asked("ed25519").prove();
    assert_eq!(state(&proof), "indeterminate unsupported");
    let proof = given("bundle-message").asked("other").prove();
    assert_eq!(state(&proof), "invalid signature");
}

fn must_be_logged(authority: &mut Authority) {
    if let Signer::Key { log, .. } = &mut authority.signer {
        *log = Log::Required(root("private"));
    }
}

const SIGNATURE: &str = "dev.cosignproject.cosign/signature";
