//! Bytes that are not what is named, and formats that are not verified.

use proptest::prelude::*;

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
fn n9_notation_as_cose_is_in_doubt_and_not_unsigned() {
    for authority in ["p256", "acme"] {
        let mut proof = given("notation").asked(authority);
        proof.candidates[0].media_type = "application/cose".to_owned();
        assert_eq!(state(&proof.prove()), "indeterminate unsupported");
        assert_eq!(
            proof.and("notation").asked("acme").prove().state,
            State::Verified
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_is_pushed_proves_nothing_and_breaks_nothing(
        bytes in proptest::collection::vec(any::<u8>(), 0..200),
        text in "[ -~]{0,60}",
        which in 0..6_usize,
    ) {
        let names = ["sig-p256", "bundle-p256", "att-spdx", "keyless", "keyless-sig", "keyless-v2"];
        let mut pushed = given(names[which]).asked("p256").asked("keyless");
        let layer = &mut pushed.candidates[0];
        for value in layer.annotations.values_mut() {
            value.clone_from(&text);
        }
        let good = layer.bytes.take().unwrap();
        let cut = bytes.len() * good.len() / 200;
        layer.bytes = Some([&good[..cut], &bytes, &good[cut..]].concat());
        let proof = pushed.prove();
        prop_assert!(!names[which].contains("sig") || proof.state != State::Verified);
        prop_assert_eq!(proof.candidates.found, 1);
    }
}
