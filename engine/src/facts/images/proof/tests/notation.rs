//! Envelopes of Notation, and the certificates that they bring.

use std::collections::BTreeMap;
use std::fs;

use serde_json::Value;

use super::fixtures::{given, instant, notation, stamped, state};
use crate::facts::images::proof::{Certificates, Format, Signer, StoreError, Who};

#[test]
fn what_notation_signs_is_verified_with_every_kind_of_key_and_says_by_whom() {
    for name in ["notation", "notation-es384", "notation-ps256"] {
        let proof = given(name).asked("acme").prove();
        assert_eq!(state(&proof), "verified", "{name}");
        let met = &proof.met[0];
        assert_eq!(met.format, Format::Notation);
        assert!(!met.logged && met.signed_at.is_none());
        assert_eq!(met.until, Some(instant("2036-01-01T00:00:00Z")));
        let who = Who::Identity {
            issuer: "C=DE, O=acme, CN=root".to_owned(),
            subject: "C=DE, O=acme, CN=release".to_owned(),
        };
        assert_eq!(met.who, who);
    }
}

#[test]
fn envelopes_that_must_not_pass() {
    for (id, candidate, expected) in [
        ("N1", "notation-other-alg", "invalid malformed"),
        ("N1", "notation-pkcs1", "invalid signature"),
        ("N1", "notation-asn1", "invalid signature"),
        ("N1", "notation-other-key", "invalid signature"),
        ("N2", "notation-critical", "invalid malformed"),
        ("N2", "notation-critical-missing", "invalid malformed"),
        ("N3", "notation-expiry-not-critical", "invalid malformed"),
        ("N4", "notation-other-chain", "invalid certificate"),
        ("N4", "notation-foreign-root", "invalid certificate"),
        ("N5", "notation-other-name", "invalid subject"),
        ("N6", "notation-other-image", "invalid other-image"),
        ("N6", "notation-no-type", "invalid malformed"),
        ("N7", "notation-plugin", "invalid malformed"),
        ("N8", "notation-rs256", "invalid malformed"),
        ("N8", "notation-none", "invalid malformed"),
        ("", "notation-authority", "indeterminate unsupported"),
        ("", "notation-other-payload", "invalid content"),
        ("", "notation-ended", "invalid certificate"),
        // Time stamps are believed only where it is said whose.
        ("", "notation-stamp", "invalid certificate"),
        ("", "notation-no-purpose", "invalid certificate"),
        ("", "notation-for-servers", "invalid certificate"),
        ("", "notation-usage-not-critical", "invalid certificate"),
        ("", "notation-for-certificates", "invalid certificate"),
        ("", "notation-two-signatures", "invalid malformed"),
    ] {
        let proof = given(candidate).asked("acme").prove();
        assert_eq!(state(&proof), expected, "{id} {candidate}");
        assert!(proof.met.is_empty(), "{id}");
    }
    // The root is ours already; that the envelope leaves it out is no matter.
    assert_eq!(
        state(&given("notation-alone").asked("acme").prove()),
        "verified"
    );
}

#[test]
fn n3_a_signature_counts_until_it_expires_itself() {
    let at = |now| given("notation-expiring").asked("acme").at(now).prove();
    let before = at("2026-12-01T00:00:00Z");
    assert_eq!(state(&before), "verified");
    assert_eq!(before.met[0].until, Some(instant("2026-12-01T00:00:01Z")));
    assert_eq!(state(&at("2026-12-01T00:00:01Z")), "invalid expired");
}

#[test]
fn n4_certificates_that_lead_nowhere_neither_shorten_nor_break_a_signature() {
    let other = |name: &str, at: usize| {
        let bytes = given(name).candidates[0].bytes.clone().unwrap();
        let whole: Value = serde_json::from_slice(&bytes).unwrap();
        whole["header"]["x5c"][at].clone()
    };
    // One that has ended, one that ends soon, and a root that nobody trusts.
    let more = [
        other("notation-ended", 0),
        other("notation-short", 0),
        other("notation-other-chain", 1),
        Value::from("AAAA"),
    ];
    for added in &more {
        for at in [1, 2] {
            let proof = given("notation").asked("acme").edited(|whole| {
                let chain = whole["header"]["x5c"].as_array_mut().unwrap();
                chain.insert(at, added.clone());
            });
            let proof = proof.prove();
            assert_eq!(state(&proof), "verified");
            assert_eq!(proof.met[0].until, Some(instant("2036-01-01T00:00:00Z")));
        }
    }
    // What is first is the signer's.
    let turned = given("notation").asked("acme").edited(|whole| {
        whole["header"]["x5c"].as_array_mut().unwrap().reverse();
    });
    assert_eq!(state(&turned.prove()), "invalid certificate");
}

#[test]
fn n4_a_signature_holds_as_long_as_one_way_leads_to_the_trust_store() {
    let end = "2035-01-01T00:00:00Z";
    let short = given("notation-short").asked("acme").prove();
    assert_eq!(state(&short), "verified");
    assert_eq!(short.met[0].until, Some(instant(end)));
    let between = given("notation-between").asked("acme");
    assert_eq!(between.prove().met[0].until, Some(instant(end)));
    let after = given("notation-between").asked("acme");
    let after = after.at("2035-01-01T00:00:01Z").prove();
    assert_eq!(state(&after), "invalid certificate");
    // The same authority with a certificate that ends later, in whichever order.
    for turned in [false, true] {
        let both = given("notation-between-twice").asked("acme");
        let both = both.edited(|whole| {
            if turned {
                whole["header"]["x5c"].as_array_mut().unwrap().swap(1, 2);
            }
        });
        let until = Some(instant("2035-06-01T00:00:00Z"));
        assert_eq!(both.prove().met[0].until, until, "{turned}");
    }
}

#[test]
fn a_trust_store_that_says_nothing_is_no_reason_to_call_a_signature_bad() {
    for now in ["2019-12-31T23:59:59Z", "2036-01-01T00:00:01Z"] {
        let proof = given("notation").asked("acme").at(now).prove();
        assert_eq!(state(&proof), "indeterminate trust-root", "{now}");
    }
    let last = given("notation").asked("acme").at("2036-01-01T00:00:00Z");
    assert_eq!(state(&last.prove()), "verified");
}

#[test]
fn n5_a_signer_has_every_part_of_the_name_that_is_asked_for() {
    for (identity, expected) in [
        ("C=DE, O=acme, CN=release", "verified"),
        ("CN=release", "verified"),
        ("O=acm", "invalid subject"),
        ("C=DE, O=acme, L=Berlin", "invalid subject"),
        ("CN=root", "invalid subject"),
    ] {
        let asked = given("notation").asked("acme");
        let asked = asked.with(|authority| authority.signer = notation("acme", identity));
        assert_eq!(state(&asked.prove()), expected, "{identity}");
    }
    let other = given("notation").asked("acme");
    let other = other.with(|authority| authority.signer = notation("evil", "O=acme"));
    assert_eq!(state(&other.prove()), "invalid certificate");
}

#[test]
fn a_signature_of_notation_is_none_of_a_key_and_none_of_sigstore() {
    for (candidate, asked) in [
        ("notation", "p256"),
        ("notation", "keyless"),
        ("sig-p256", "acme"),
        ("keyless", "acme"),
    ] {
        let proof = given(candidate).asked(asked).prove();
        assert_eq!(state(&proof), "invalid other-kind", "{candidate} {asked}");
    }
}

#[test]
fn notation_says_the_same_but_where_it_asks_less_or_knows_more_of_the_image() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/images/notation.json");
    let said: BTreeMap<String, bool> =
        serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(said.len(), 51);
    let ours = said.into_iter().filter_map(|(name, accepts)| {
        let asked = given(&name).asked("acme");
        let signer = Signer::Notation(stamped("acme", "C=DE"));
        let asked = asked.with(|authority| authority.signer = signer);
        let ours = state(&asked.prove());
        ((ours == "verified") != accepts).then(|| format!("{name}: {ours}"))
    });
    assert_eq!(
        ours.collect::<Vec<_>>(),
        [
            // It wants the root beside the signature though it has it already.
            "notation-alone: verified",
            // It wants the chain in order and nothing else; what is not signed decides nothing here.
            "notation-between-twice: verified",
            // It leaves to whoever asks what a critical header means.
            "notation-critical: invalid malformed",
            // It takes a certificate that is for anything.
            "notation-no-purpose: invalid certificate",
            // It asks the registry how long the manifest is, and what; the digest says both.
            "notation-other-size: verified",
            "notation-other-type: verified",
            // It reads over what a time stamp says must be understood.
            "notation-stamp-critical: invalid time",
            // It reads over what is no part of one signature.
            "notation-two-signatures: invalid malformed",
        ]
    );
}

#[test]
fn any_changed_letter_of_an_envelope_is_no_signature() {
    let whole = given("notation").candidates[0].bytes.clone().unwrap();
    let text = String::from_utf8(whole.clone()).unwrap();
    for part in ["\"payload\":\"", "\"protected\":\"", "\"signature\":\""] {
        let from = text.find(part).unwrap() + part.len();
        for at in (from..from + 80).step_by(7) {
            let mut changed = given("notation").asked("acme");
            let byte = &mut changed.candidates[0].bytes.as_mut().unwrap()[at];
            *byte = if *byte == b'A' { b'B' } else { b'A' };
            assert_ne!(state(&changed.prove()), "verified", "{part} {at}");
        }
    }
}

#[test]
fn a_trust_store_is_certificates_in_pem() {
    for bad in [
        "",
        "x",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        assert_eq!(Certificates::parse(bad).unwrap_err(), StoreError, "{bad}");
    }
}
