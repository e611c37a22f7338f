//! Bundles, and what certificates, logs and time stamps make of them.

use std::sync::Arc;

use serde_json::{Value, json};

use super::fixtures::{Given, given, identity, instant, root, root_text, state, whom};
use crate::facts::images::proof::{
    CertificateLog, Claim, NameKind, Pattern, Signer, TrustRoot, TrustRootError, Who,
};
use crate::model::base64;

#[test]
fn certificates_that_must_not_pass() {
    for (id, candidate, expected) in [
        ("B11", "keyless-late", "invalid certificate"),
        ("B12", "keyless-old-intermediate", "invalid certificate"),
        ("B13", "keyless-no-sct", "invalid certificate-log"),
        ("B14", "keyless-own-ca", "invalid certificate"),
        ("B15", "keyless-email", "invalid subject"),
        ("B16", "keyless-lookalike", "invalid subject"),
        ("S2", "keyless-other-image", "invalid other-image"),
    ] {
        let proof = given(candidate).asked("keyless").prove();
        assert_eq!(state(&proof), expected, "{id} {candidate}");
    }
}

#[test]
fn b1_a_bundle_of_another_version_is_refused_by_its_media_type_and_by_its_own_word() {
    for version in ["+json;version=0.1", "+json;version=0.2", ".v0.4+json", ""] {
        let media_type = format!("application/vnd.dev.sigstore.bundle{version}");
        let mut pushed = given("bundle-p256").asked("p256");
        pushed.candidates[0].media_type.clone_from(&media_type);
        assert_eq!(state(&pushed.prove()), "invalid malformed", "{version}");
        let said = given("bundle-p256")
            .edited(|bundle| bundle["mediaType"] = media_type.into())
            .asked("p256");
        assert_eq!(state(&said.prove()), "invalid malformed", "{version}");
    }
    let spelled = "application/vnd.dev.sigstore.bundle+json;version=0.3";
    let mut other = given("bundle-p256").edited(|bundle| bundle["mediaType"] = spelled.into());
    other.candidates[0].media_type = spelled.to_owned();
    assert_eq!(state(&other.asked("p256").prove()), "verified");
}

#[test]
fn b2_a_bundle_without_proof_of_inclusion_does_not_pass_under_any_label() {
    let without = || {
        given("keyless").edited(|bundle| {
            drop(
                entry(bundle)
                    .as_object_mut()
                    .unwrap()
                    .remove("inclusionProof"),
            );
        })
    };
    assert_eq!(
        state(&without().asked("keyless").prove()),
        "invalid malformed"
    );
    let old = "application/vnd.dev.sigstore.bundle+json;version=0.1";
    let relabelled = without().edited(|bundle| bundle["mediaType"] = old.into());
    assert_eq!(
        state(&relabelled.asked("keyless").prove()),
        "invalid malformed"
    );
}

#[test]
fn b3_and_b4_an_envelope_has_one_signature_over_a_statement() {
    for signatures in [0, 2] {
        let proof = given("bundle-p256").asked("p256").edited(|bundle| {
            let list = bundle["dsseEnvelope"]["signatures"].as_array_mut().unwrap();
            let one = list[0].clone();
            list.resize(signatures, one);
        });
        assert_eq!(state(&proof.prove()), "invalid malformed", "{signatures}");
    }
    let proof = given("bundle-other-kind").asked("p256").prove();
    assert_eq!(state(&proof), "invalid content");
}

#[test]
fn b6_an_entry_of_the_log_about_another_signature_is_foreign() {
    for (own, foreign) in [
        ("keyless", "keyless-again"),
        ("keyless-v2", "keyless-v2-again"),
    ] {
        let entries = part(foreign, "tlogEntries");
        let proof = given(own)
            .edited(|bundle| bundle["verificationMaterial"]["tlogEntries"] = entries)
            .asked("keyless");
        assert_ne!(state(&proof.prove()), "verified", "{own}");
        assert!(proof.prove().met.is_empty());
    }
    let theirs = &given("keyless-sig").candidates[0].annotations[BUNDLE].clone();
    let mut other = given("keyless-sig")
        .annotated(BUNDLE, theirs)
        .asked("keyless");
    assert_eq!(state(&other.prove()), "verified");
    other.candidates[0].bytes = given("sig-prod").candidates[0].bytes.clone();
    assert_eq!(state(&other.prove()), "invalid signature");
}

#[test]
fn b7_and_b8_promise_time_proof_and_checkpoint_are_the_logs_own() {
    let changes: [Change; 7] = [
        (
            "time",
            |e| e["integratedTime"] = "1605866461".into(),
            "invalid log",
        ),
        (
            "promise",
            |e| e["inclusionPromise"]["signedEntryTimestamp"] = "MAYCAQECAQE=".into(),
            "invalid log",
        ),
        ("index", |e| e["logIndex"] = "1".into(), "invalid log"),
        (
            "root",
            |e| e["inclusionProof"]["rootHash"] = base64::encode(&[7; 32]).into(),
            "invalid malformed",
        ),
        (
            "size",
            |e| e["inclusionProof"]["treeSize"] = "2".into(),
            "invalid log",
        ),
        (
            "no checkpoint",
            |e| {
                drop(
                    e["inclusionProof"]
                        .as_object_mut()
                        .unwrap()
                        .remove("checkpoint"),
                );
            },
            "invalid malformed",
        ),
        (
            "checkpoint",
            |e| {
                let note = &mut e["inclusionProof"]["checkpoint"]["envelope"];
                let (text, _) = note.as_str().unwrap().rsplit_once(' ').unwrap();
                let key = base64::decode(e_log(&note.clone())).unwrap();
                let forged = [&key[..4], &[0x30, 6, 2, 1, 1, 2, 1, 1]].concat();
                *note = format!("{text} {}\n", base64::encode(&forged)).into();
            },
            "invalid log",
        ),
    ];
    for (what, change, expected) in changes {
        let proof = given("keyless")
            .edited(|bundle| change(entry(bundle)))
            .asked("keyless");
        assert_eq!(state(&proof.prove()), expected, "{what}");
    }
}

#[test]
fn b9_and_b10_a_log_that_gives_no_time_needs_a_time_stamp_over_this_signature() {
    let without = given("keyless-v2").edited(|bundle| {
        bundle["verificationMaterial"]["timestampVerificationData"] = json!({});
    });
    assert_eq!(state(&without.asked("keyless").prove()), "invalid time");
    let stamps = part("keyless-v2-again", "timestampVerificationData");
    let other = given("keyless-v2").edited(|bundle| {
        bundle["verificationMaterial"]["timestampVerificationData"] = stamps;
    });
    assert_eq!(state(&other.asked("keyless").prove()), "invalid time");
}

#[test]
fn b11_a_certificate_that_has_expired_since_is_as_good_as_on_its_day() {
    let proof = given("keyless").at("2030-01-01T00:00:00Z").asked("keyless");
    assert_eq!(state(&proof.prove()), "verified");
}

#[test]
fn b12_an_intermediate_that_had_expired_vouches_for_nothing_though_the_root_still_lists_it() {
    let old = root("old-intermediate").unwrap();
    let proof = given("keyless-old-intermediate")
        .at("2020-06-01T00:00:00Z")
        .asked("keyless")
        .with(whom(|identity| identity.root = Ok(Arc::clone(&old))));
    assert_eq!(state(&proof.prove()), "invalid certificate");
    let today = Given {
        now: instant("2026-12-01T00:00:00Z"),
        ..proof
    };
    assert_eq!(state(&today.prove()), "indeterminate trust-root");
}

#[test]
fn b13_a_private_authority_may_do_without_a_certificate_log_where_that_is_said() {
    let proof = given("keyless-no-sct")
        .asked("keyless")
        .with(whom(|identity| {
            identity.certificate_log = CertificateLog::Ignored;
        }));
    assert_eq!(state(&proof.prove()), "verified");
}

#[test]
fn b15_and_b16_a_name_is_of_its_kind_and_matched_whole() {
    let email = Pattern::exact("release@acme.test").unwrap();
    let person = |kind| {
        let email = email.clone();
        let proof = given("keyless-email")
            .asked("keyless")
            .with(whom(move |identity| {
                identity.kind = kind;
                identity.subject = email;
            }));
        state(&proof.prove())
    };
    assert_eq!(person(NameKind::Email), "verified");
    assert_eq!(person(NameKind::Uri), "invalid subject");
    let issuer = given("keyless").asked("keyless").with(whom(|identity| {
        identity.issuer = Pattern::regex("https://issuer").unwrap();
    }));
    assert_eq!(state(&issuer.prove()), "invalid issuer");
    let claim = |claim, text: &str| {
        let proof = given("keyless").asked("keyless").with(whom(|identity| {
            identity.claims.insert(claim, Pattern::exact(text).unwrap());
        }));
        state(&proof.prove())
    };
    assert_eq!(claim(Claim::RunnerEnvironment, "hosted"), "verified");
    assert_eq!(
        claim(Claim::RunnerEnvironment, "self-hosted"),
        "invalid claim"
    );
    assert_eq!(
        claim(Claim::SourceRepositoryUri, "https://git.test/acme"),
        "invalid claim"
    );
    assert_eq!(
        claim(Claim::SourceRepositoryRef, "refs/tags/v17.0"),
        "verified"
    );
    assert_eq!(
        claim(Claim::SourceRepositoryDigest, &"c".repeat(40)),
        "verified"
    );
    assert_eq!(claim(Claim::BuildTrigger, "pull_request"), "invalid claim");
}

#[test]
fn b17_what_is_cut_off_too_long_or_too_deep_is_malformed() {
    let as_bytes = |bytes: Vec<u8>| {
        let mut proof = given("bundle-p256").asked("p256");
        proof.candidates[0].bytes = Some(bytes);
        state(&proof.prove())
    };
    let good = given("bundle-p256").candidates[0].bytes.clone().unwrap();
    for length in (0..good.len()).step_by(7) {
        assert_eq!(
            as_bytes(good[..length].to_vec()),
            "invalid malformed",
            "{length}"
        );
    }
    let mut long = good.clone();
    long.resize(50 << 20, b' ');
    assert_eq!(as_bytes(long), "invalid malformed");
    assert_eq!(as_bytes(b"[".repeat(1 << 20)), "invalid malformed");
    let deep = format!("{{\"a\":{}", "{\"a\":".repeat(100_000));
    assert_eq!(as_bytes(deep.into_bytes()), "invalid malformed");
    let many = given("keyless").asked("keyless").edited(|bundle| {
        let one = entry(bundle).clone();
        bundle["verificationMaterial"]["tlogEntries"] = vec![one; 9].into();
    });
    assert_eq!(state(&many.prove()), "invalid malformed");
}

#[test]
fn b19_a_trust_root_that_says_nothing_is_no_reason_to_call_an_image_unsigned() {
    let parse = |text: &str| TrustRoot::parse(text.as_bytes(), None).map(|_| ());
    assert_eq!(parse(""), Err(TrustRootError::Malformed));
    assert_eq!(parse("{}"), Err(TrustRootError::Malformed));
    let text = root_text("private");
    let mut empty: Value = serde_json::from_str(&text).unwrap();
    empty["certificateAuthorities"] = json!([]);
    assert_eq!(parse(&empty.to_string()), Err(TrustRootError::Empty));
    let garbled = text.replace("\"rawBytes\":\"MII", "\"rawBytes\":\"MIA");
    assert_ne!(garbled, text);
    assert_eq!(parse(&garbled), Err(TrustRootError::Malformed));
    for error in [TrustRootError::Malformed, TrustRootError::Empty] {
        let proof = given("keyless")
            .asked("keyless")
            .with(whom(|identity| identity.root = Err(error)));
        assert_eq!(state(&proof.prove()), "indeterminate trust-root");
    }
    let until = Some(instant("2026-11-30T00:00:00Z"));
    let stale = Arc::new(TrustRoot::parse(text.as_bytes(), until).unwrap());
    let asked = |now: &str| {
        let stale = Arc::clone(&stale);
        let proof = given("keyless").at(now).asked("keyless");
        state(
            &proof
                .with(whom(|identity| identity.root = Ok(stale)))
                .prove(),
        )
    };
    assert_eq!(asked("2026-11-29T00:00:00Z"), "verified");
    assert_eq!(asked("2026-11-30T00:00:00Z"), "indeterminate trust-root");
}

#[test]
fn b20_a_clock_that_is_wrong_is_told_and_passes_nothing() {
    for (now, expected) in [
        ("1970-01-01T00:00:00Z", "indeterminate trust-root"),
        ("2020-11-20T10:00:59Z", "indeterminate clock"),
        ("2020-11-20T10:01:00Z", "verified"),
        ("2099-01-01T00:00:00Z", "indeterminate trust-root"),
    ] {
        let proof = given("keyless").at(now).asked("keyless").prove();
        assert_eq!(state(&proof), expected, "{now}");
    }
}

#[test]
fn the_public_trust_root_can_be_read() {
    use sigstore_verify::trust_root::SIGSTORE_PRODUCTION_TRUSTED_ROOT;
    let root = TrustRoot::parse(SIGSTORE_PRODUCTION_TRUSTED_ROOT.as_bytes(), None);
    assert!(root.is_ok(), "{:?}", root.err());
    let root = root.map(Arc::new);
    let proof = given("keyless").asked("keyless").with(|authority| {
        authority.signer = Signer::Keyless(Box::new(identity(root)));
    });
    assert_ne!(state(&proof.prove()), "verified");
}

#[test]
fn what_is_verified_says_who_signed_and_when() {
    let proof = given("keyless").asked("keyless").prove();
    let met = &proof.met[0];
    assert_eq!(met.signed_at, Some(instant("2020-11-20T10:01:00Z")));
    assert_eq!(
        met.who,
        Who::Identity {
            issuer: "https://issuer.test".to_owned(),
            subject: "https://git.test/acme/odoo/.github/workflows/release.yml@refs/tags/v17.0"
                .to_owned(),
        }
    );
}

fn entry(bundle: &mut Value) -> &mut Value {
    &mut bundle["verificationMaterial"]["tlogEntries"][0]
}

fn part(candidate: &str, key: &str) -> Value {
    let bytes = given(candidate).candidates[0].bytes.clone().unwrap();
    let bundle: Value = serde_json::from_slice(&bytes).unwrap();
    bundle["verificationMaterial"][key].clone()
}

/// The signature at the end of a checkpoint.
fn e_log(note: &Value) -> &str {
    note.as_str()
        .unwrap()
        .trim_end()
        .rsplit_once(' ')
        .unwrap()
        .1
}

const BUNDLE: &str = "dev.sigstore.cosign/bundle";

/// What is changed, how, and what that comes to.
type Change = (&'static str, fn(&mut Value), &'static str);
