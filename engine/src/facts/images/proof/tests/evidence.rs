//! Bytes that are not what is named, and formats that are not verified.

use super::fixtures::{given, state};
use crate::facts::images::proof::{Required, State, Wanted};
use crate::model::Digest;

#[test]
fn e1_bytes_under_the_digest_of_others_are_damaged_evidence() {
    let mut proof = given("sig-p256").asked("p256");
    proof.candidates[0].digest = Some(Digest::of(b"other"));
    assert_eq!(state(&proof.prove()), "indeterminate evidence-damaged");
    let another = proof.and("bundle-p256");
    assert_eq!(another.prove().state, State::Verified);
}

#[test]
fn e3_named_bytes_that_are_not_there_leave_it_open() {
    let mut proof = given("sig-p256").asked("p256");
    proof.candidates[0].bytes = None;
    assert_eq!(state(&proof.prove()), "indeterminate evidence-missing");
    assert_eq!(
        state(&proof.and("sig-by-another").prove()),
        "indeterminate evidence-missing"
    );
    let mut lacking = given("sig-p256")
        .and("att-spdx")
        .asked("p256")
        .requires(Required {
            name: "sbom".to_owned(),
            wanted: Wanted::Sbom,
        });
    lacking.candidates[1].bytes = None;
    assert_eq!(state(&lacking.prove()), "indeterminate evidence-missing");
}

#[test]
fn e4_evidence_for_one_digest_proves_no_other() {
    for name in ["sig-p256", "bundle-p256", "keyless", "keyless-sig"] {
        let asked = given(name).of_other_image().asked("p256").asked("keyless");
        assert_eq!(state(&asked.prove()), "invalid other-image", "{name}");
    }
}

#[test]
fn n9_notation_is_in_doubt_and_not_unsigned() {
    for media_type in ["application/cose", "application/jose+json"] {
        let mut proof = given("sig-p256").asked("p256");
        proof.candidates[0].media_type = media_type.to_owned();
        assert_eq!(state(&proof.prove()), "indeterminate unsupported");
    }
}
