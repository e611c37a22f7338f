//! The list of what must not pass, with what it comes to. `testdata/images/make.py` makes the signatures.
//! Ids are those of the list by which the formats were gone through: S payloads, B bundles, A attestations, E evidence, N Notation.

mod by_certificate;
mod by_key;
mod cosign;
mod evidence;
mod fixtures;
mod keys;
mod notation;
mod scans;
mod stamped;
mod statements;
mod vex;

use super::{Counts, Flaw, Lack, Proof, Required, State, Wanted};
use fixtures::{Given, given, state};

#[test]
fn what_signs_well_is_verified_in_every_format_and_with_every_kind_of_key() {
    for key in [
        "p256",
        "p384-sha256",
        "p384-sha384",
        "ed25519",
        "rsa-pkcs1",
        "rsa-pss",
    ] {
        for format in ["sig", "bundle"] {
            let proof = given(&format!("{format}-{key}")).asked(key).prove();
            assert_eq!(state(&proof), "verified", "{format} {key}");
            assert_eq!(proof.met.len(), 1);
            assert_eq!(proof.met[0].authority, key);
            assert_eq!(proof.met[0].signed_at, None, "no key tells the time");
        }
    }
    for name in ["keyless", "keyless-sig", "keyless-v2"] {
        let proof = given(name).asked("keyless").prove();
        assert_eq!(state(&proof), "verified", "{name}");
        assert!(proof.met[0].signed_at.is_some() && proof.met[0].logged);
        assert_eq!(
            proof.met[0].source_repository.as_deref(),
            Some("https://git.test/acme/odoo")
        );
    }
    let message = given("bundle-message").asked("p256").prove();
    assert_eq!(state(&message), "verified");
}

#[test]
fn nothing_is_unsigned_and_what_is_no_signature_counts_for_nothing() {
    let nothing = Given::default().asked("p256").prove();
    assert_eq!(nothing.state, State::Unsigned);
    let mut other = given("sig-p256");
    other.candidates[0].media_type = "application/vnd.in-toto+json".to_owned();
    let proof = other.asked("p256").prove();
    assert_eq!(proof.state, State::Unsigned);
    assert_eq!(proof.candidates, counts(0, 0, 0, 1));
}

#[test]
fn an_image_that_no_authority_is_asked_about_is_not_verified() {
    assert_eq!(state(&given("sig-p256").prove()), "invalid signature");
}

#[test]
fn s13_one_good_signature_is_enough_and_the_bad_one_is_counted() {
    let proof = given("sig-by-another")
        .and("sig-p256")
        .asked("p256")
        .prove();
    assert_eq!(proof.state, State::Verified);
    assert_eq!(proof.candidates, counts(2, 1, 1, 0));
}

#[test]
fn s14_a_thousand_junk_layers_end_in_doubt_unless_a_good_one_comes_within_the_bound() {
    let junk = || {
        let mut given = Given::default();
        for _ in 0..1000 {
            given = given.and("sig-by-another");
        }
        given
    };
    let proof = junk().and("sig-p256").asked("p256").prove();
    assert_eq!(state(&proof), "indeterminate too-many-candidates");
    assert_eq!(proof.candidates, counts(1001, 0, 64, 0));
    let mut early = junk();
    early.candidates.truncate(999);
    early
        .candidates
        .insert(63, given("sig-p256").candidates[0].clone());
    let proof = early.asked("p256").prove();
    assert_eq!(proof.state, State::Verified);
    assert_eq!(proof.candidates, counts(1000, 1, 63, 0));
}

#[test]
fn every_authority_whose_conditions_hold_is_named_and_no_other() {
    let proof = given("sig-p256")
        .and("bundle-ed25519")
        .asked("ed25519")
        .asked("rsa-pss")
        .asked("p256")
        .prove();
    let met = |proof: &Proof| -> Vec<String> {
        let met = proof.met.iter();
        met.map(|signature| signature.authority.clone()).collect()
    };
    assert_eq!(met(&proof), ["ed25519", "p256"]);
    assert_eq!(proof.candidates, counts(2, 2, 0, 0));
}

#[test]
fn a_quorum_counts_signers_and_neither_signatures_nor_authorities() {
    let signed = |names: &[&str]| {
        names
            .iter()
            .fold(Given::default(), |all, name| all.and(name))
    };
    let both = |names: &[&str], count| {
        let asked = signed(names).asked("p256").asked("ed25519").asked("other");
        asked.quorum(count, &["p256", "ed25519", "other"]).prove()
    };
    assert_eq!(state(&both(&["sig-p256", "bundle-ed25519"], 2)), "verified");
    for short in [&["sig-p256"][..], &["sig-p256", "bundle-p256"]] {
        let proof = both(short, 2);
        assert_eq!(state(&proof), "invalid quorum", "{short:?}");
        assert_eq!(proof.met.len(), 1, "who signed is told all the same");
    }
    let third = both(&["sig-p256", "bundle-ed25519", "sig-by-another"], 3);
    assert_eq!(state(&third), "verified");
    let none = both(&[], 1);
    assert_eq!(none.state, State::Unsigned);
    // Another name for the same key makes no second signer.
    let twice = signed(&["sig-p256", "bundle-p256"])
        .asked("p256")
        .asked("p256")
        .with(|authority| authority.name = "again".to_owned())
        .quorum(2, &["p256", "again"]);
    assert_eq!(state(&twice.prove()), "invalid quorum");
    // One quorum that is reached excuses no other.
    let other = signed(&["sig-p256", "bundle-ed25519"])
        .asked("p256")
        .asked("ed25519")
        .quorum(2, &["p256", "ed25519"])
        .quorum(1, &["other"]);
    assert_eq!(state(&other.prove()), "invalid quorum");
}

#[test]
fn an_authority_without_what_it_must_attest_is_none_of_a_quorum() {
    let asked = given("sig-p256").and("bundle-ed25519").asked("p256");
    let asked = asked.asked("ed25519").requires(Required {
        name: "listed".to_owned(),
        wanted: Wanted::Sbom,
    });
    let proof = asked.quorum(2, &["p256", "ed25519"]).prove();
    assert_eq!(state(&proof), "invalid attestation missing");
}

#[test]
fn what_is_lacking_is_told_by_its_own_kind_whatever_others_call_theirs() {
    let wanted = |wanted| Required {
        name: "wanted".to_owned(),
        wanted,
    };
    let types = vec!["https://acme.test/tested/v1".to_owned()];
    let asked = given("sig-p256")
        .and("bundle-ed25519")
        .and("att-spdx-empty");
    let asked = asked
        .asked("ed25519")
        .requires(wanted(Wanted::Types(types)));
    let asked = asked.asked("p256").requires(wanted(Wanted::Sbom));
    let State::Invalid(Flaw::Attestation { kind, lack, .. }) = asked.prove().state else {
        panic!("{:?}", asked.prove());
    };
    assert_eq!((kind, lack), ("sbom", Lack::Empty));
}

fn counts(found: usize, valid: usize, invalid: usize, other: usize) -> Counts {
    Counts {
        found,
        valid,
        invalid,
        other,
    }
}
