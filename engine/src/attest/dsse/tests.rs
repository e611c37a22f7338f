use super::*;
use crate::attest::{
    UnitId,
    sample::{self, key, trust, trusted},
};
use crate::model::{code_of, limits};

fn envelope() -> Vec<u8> {
    sample::baseline(sample::state(1)).signed()
}

fn check(envelope: &[u8], trust: &TrustFile) -> Result<VerifiedStatement, Rejection> {
    verify(
        envelope,
        trust,
        Role::MergeSigner,
        sample::unit().environment(),
    )
}

fn code(envelope: &[u8]) -> String {
    check(envelope, &trust())
        .err()
        .map_or("ok".into(), |rejection| code_of(&rejection))
}

fn with(change: impl FnOnce(&mut Value)) -> Vec<u8> {
    let mut value = json::parse(&envelope()).unwrap();
    change(&mut value);
    json::canonical(&value)
}

#[test]
fn the_encoding_is_that_of_the_specification() {
    assert_eq!(
        pae("http://example.com/HelloWorld", b"hello world"),
        b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    );
}

#[test]
fn one_flipped_bit_anywhere_is_never_accepted() {
    let good = envelope();
    assert_eq!(code(&good), "ok");
    for offset in 0..good.len() {
        let mut bad = good.clone();
        bad[offset] ^= 1 << (offset % 8);
        assert_ne!(code(&bad), "ok", "offset {offset}");
    }
    for cut in [0, 1, good.len() / 2, good.len() - 1] {
        assert_ne!(code(&good[..cut]), "ok");
    }
}

#[test]
fn every_malformed_envelope_is_told_as_such() {
    let good = String::from_utf8(envelope()).unwrap();
    for (bad, expected) in [
        (String::new(), "refused.malformed"),
        ("[]".into(), "refused.malformed"),
        (format!("{good}}}"), "refused.malformed"),
        (format!("{good}{good}"), "refused.malformed"),
        (format!("\u{feff}{good}"), "refused.malformed"),
        (
            good.replacen('{', r#"{"payload":"e30=","#, 1),
            "refused.malformed",
        ),
        (
            good.replace("vnd.in-toto+json", "json"),
            "refused.predicate",
        ),
        ("x".repeat(limits::ENVELOPE.most + 1), "limit.envelope"),
    ] {
        assert_eq!(code(bad.as_bytes()), expected, "{bad:.40}");
    }
    let edits: [fn(&mut Value); 9] = [
        |v| v["payload"] = 1.into(),
        |v| v["payload"] = "".into(),
        |v| v["payload"] = "e30".to_owned().repeat(7).into(),
        |v| v["signatures"] = json!([]),
        |v| v["signatures"] = json!({}),
        |v| v["signatures"] = vec![v["signatures"][0].clone(); 17].into(),
        |v| v["signatures"][0]["keyid"] = Value::Null,
        |v| v["signatures"][0]["sig"] = "*".into(),
        |v| drop(v.as_object_mut().unwrap().remove("signatures")),
    ];
    for (number, edit) in edits.into_iter().enumerate() {
        assert_eq!(code(&with(edit)), "refused.malformed", "edit {number}");
    }
}

#[test]
fn an_envelope_of_as_many_bytes_or_signatures_as_any_may_have_is_read() {
    let mut long = envelope();
    long.resize(limits::ENVELOPE.most, b' ');
    assert_eq!(code(&long), "ok");
    let many = with(|v| v["signatures"] = vec![v["signatures"][0].clone(); 16].into());
    assert_eq!(code(&many), "ok");
}

#[test]
fn every_wrong_signature_is_told_as_such() {
    let other = sign(
        &sample::baseline(sample::state(2))
            .to_statement_bytes()
            .unwrap(),
        &key(1),
    );
    let other = json::parse(&other).unwrap()["signatures"][0]["sig"].clone();
    let sig =
        |bytes: Vec<u8>| with(move |v| v["signatures"][0]["sig"] = base64::encode(&bytes).into());
    for bad in [
        with(|v| v["signatures"][0]["sig"] = other),
        with(|v| v["signatures"][0]["sig"] = "".into()),
        sig(vec![0; 63]),
        sig(vec![0; 64]),
        sig(vec![0; 65]),
        sig(vec![0xff; 64]),
        sign(&unverified_payload(&envelope()).unwrap(), &key(9)),
        // Pretty-printed again, with the old signature.
        with(|v| {
            let payload = base64::decode(v["payload"].as_str().unwrap()).unwrap();
            let value = json::parse(&payload).unwrap();
            v["payload"] = base64::encode(&serde_json::to_vec_pretty(&value).unwrap()).into();
        }),
    ] {
        assert_eq!(code(&bad), "refused.signature");
    }
}

#[test]
fn a_keyid_lends_no_trust_and_may_not_lie() {
    assert_eq!(
        code(&with(|v| v["signatures"][0]["keyid"] = "".into())),
        "ok"
    );
    let lie = with(|v| v["signatures"][0]["keyid"] = key(2).public().keyid().into());
    assert_eq!(code(&lie), "refused.signature");
    let both = TrustFile::new(vec![trusted(1, &["*"]), trusted(2, &["*"])]).unwrap();
    assert!(
        check(&lie, &both).is_err(),
        "never as the key that it names"
    );
}

#[test]
fn a_signature_may_be_of_a_known_key_by_its_name_or_without_one() {
    let named = |keyid: String| with(|v| v["signatures"][0]["keyid"] = keyid.into());
    let stranger = named(key(2).public().keyid());
    assert!(may_name_a_key(&envelope(), &trust()));
    assert!(may_name_a_key(&named(String::new()), &trust()));
    assert!(!may_name_a_key(&stranger, &trust()));
    let beside_one_without_a_name = json::parse(&stranger).map(|mut value| {
        let signatures = value["signatures"].as_array_mut().unwrap();
        signatures.push(json!({"keyid": "", "sig": base64::encode(&[7; 64])}));
        json::canonical(&value)
    });
    assert!(may_name_a_key(
        &beside_one_without_a_name.unwrap(),
        &trust()
    ));
    assert!(may_name_a_key(b"no envelope", &trust()));
    let revoked = trusting(|text| revoking(&text, "2026-11-20T00:00:00Z", ""));
    assert!(may_name_a_key(&envelope(), &revoked));
}

#[test]
fn one_key_counts_once_however_often_it_signed() {
    let twice = with(|v| {
        let first = v["signatures"][0].clone();
        v["signatures"].as_array_mut().unwrap().push(first);
    });
    assert_eq!(check(&twice, &trust()).unwrap().signers().len(), 1);
    let junk_beside = with(|v| {
        let list = v["signatures"].as_array_mut().unwrap();
        list.insert(0, json!({"keyid": "", "sig": base64::encode(&[7; 64])}));
    });
    assert_eq!(
        check(&junk_beside, &trust()).unwrap().signers()[0].principal,
        "signer-1"
    );
}

#[test]
fn both_alphabets_are_read_and_fields_of_others_ignored() {
    let url_safe = with(|v| {
        for text in ["/payload", "/signatures/0/sig"] {
            let field = v.pointer_mut(text).unwrap();
            let text = field.as_str().unwrap().replace('+', "-").replace('/', "_");
            *field = text.trim_end_matches('=').into();
        }
        v["more"] = json!({"a": 1.5});
    });
    assert_eq!(check(&url_safe, &trust()), check(&envelope(), &trust()));
}

#[test]
fn a_key_for_another_environment_or_role_is_named_in_the_refusal() {
    let elsewhere = TrustFile::new(vec![trusted(1, &["staging"])]).unwrap();
    let rejection = check(&envelope(), &elsewhere).unwrap_err();
    assert_eq!(code_of(&rejection), "refused.signer-not-trusted-for");
    assert!(rejection.to_string().contains("signer-1"));
    let mut approver = trusted(1, &["*"]);
    approver.role = Role::Approver;
    let approver = TrustFile::new(vec![approver]).unwrap();
    assert_eq!(
        code_of(&check(&envelope(), &approver).unwrap_err()),
        "refused.signer-not-trusted-for"
    );
    assert!(UnitId::new("staging", "odoo").is_ok());
}

#[test]
fn the_envelope_is_the_same_every_time_and_names_the_key_as_openssh_does() {
    assert_eq!(envelope(), envelope());
    let value = json::parse(&envelope()).unwrap();
    assert_eq!(value["signatures"][0]["keyid"], key(1).public().keyid());
    assert!(!envelope().ends_with(b"\n"));
}

/// A trust file with two principals, changed as text.
fn trusting(change: impl FnOnce(String) -> String) -> TrustFile {
    let print = TrustFile::new(vec![trusted(1, &["*"]), trusted(2, &["*"])])
        .unwrap()
        .print();
    TrustFile::parse(change(print).as_bytes()).unwrap()
}

/// The end of a trust file that revokes key 1.
fn revoking(text: &str, from: &str, keep: &str) -> String {
    let public = serde_json::to_string(&key(1).public().to_pem()).unwrap();
    let entry = format!(
        r#"], "revoked": [{{"public": {public}, "from": "{from}", "reason": "stolen", "keep": [{keep}]}}]"#
    );
    text.replacen("]\n}\n", &format!("{entry}}}"), 1)
}

fn answer(envelope: &[u8], trust: &TrustFile) -> String {
    let by = |verified: VerifiedStatement| {
        let names = verified.signers().iter();
        let names: Vec<&str> = names.map(|signer| signer.principal.as_str()).collect();
        names.join(" ")
    };
    check(envelope, trust).map_or_else(|rejection| code_of(&rejection), by)
}

#[test]
fn a_key_signs_from_its_first_instant_to_the_one_before_its_last() {
    // The sample is signed at 2026-11-20T10:00:00Z.
    for (field, instant, expected) in [
        ("notBefore", "2026-11-20T10:00:00Z", "signer-1"),
        (
            "notBefore",
            "2026-11-20T10:00:01Z",
            "refused.key-not-yet-valid",
        ),
        ("notAfter", "2026-11-20T10:00:01Z", "signer-1"),
        ("notAfter", "2026-11-20T10:00:00Z", "refused.key-expired"),
        ("notAfter", "2026-11-20T09:59:59Z", "refused.key-expired"),
    ] {
        let trust = trusting(|text| {
            text.replacen("\"role\"", &format!(r#""{field}": "{instant}", "role""#), 1)
        });
        assert_eq!(answer(&envelope(), &trust), expected, "{field} {instant}");
    }
}

#[test]
fn the_time_of_every_kind_of_statement_is_its_own() {
    use crate::attest::{Renewal, Withdrawal};
    let renewal = Renewal {
        engine_version: "0.1.0".into(),
        environment: "prod".into(),
        unit: "odoo".into(),
        link: Digest::of(b"link"),
        height: 3,
        valid_from: "2026-11-20T11:00:00Z".parse().unwrap(),
        valid_until: "2026-11-21T10:00:00Z".parse().unwrap(),
        risk_tier: crate::model::RiskTier::High,
        classes: None,
        gate_state: None,
        also_judged_by: None,
        policy_digest: Digest::of(b"policies"),
        config_digest: Digest::of(b"config"),
        facts_digest: Digest::of(b"facts"),
    };
    let withdrawal = Withdrawal {
        environment: "prod".into(),
        unit: "odoo".into(),
        link: Digest::of(b"link"),
        reason: "wrong".into(),
        withdrawn_at: "2026-11-20T12:00:00Z".parse().unwrap(),
    };
    let verdict = sample::baseline(sample::state(1)).to_statement_bytes();
    for (payload, hour) in [
        (verdict.unwrap(), "10"),
        (renewal.to_statement_bytes().unwrap(), "11"),
        (withdrawal.to_statement_bytes().unwrap(), "12"),
    ] {
        assert_eq!(
            signed_at(&payload).unwrap().to_string(),
            format!("2026-11-20T{hour}:00:00Z")
        );
    }
    for none in [
        "{}",
        "[]",
        r#"{"predicateType": "https://example.com/v1", "predicate": {"timeVerified": "2026-11-20T10:00:00Z"}}"#,
        r#"{"predicateType": "https://slsa.dev/verification_summary/v1", "predicate": {}}"#,
        r#"{"predicateType": "https://slsa.dev/verification_summary/v1", "predicate": {"timeVerified": "2026-11-20"}}"#,
    ] {
        assert!(signed_at(none.as_bytes()).is_err(), "{none}");
        let timeless = sign(none.as_bytes(), &key(1));
        assert_eq!(answer(&timeless, &trusting(|text| text)), "signer-1");
        let timed = trusting(|text| {
            text.replacen(
                "\"role\"",
                r#""notAfter": "2030-01-01T00:00:00Z", "role""#,
                1,
            )
        });
        assert!(check(&timeless, &timed).is_err(), "{none}");
    }
}

#[test]
fn all_that_a_revoked_key_signed_is_refused_but_what_is_kept_and_older() {
    let digest = Digest::of(
        &sample::baseline(sample::state(1))
            .to_statement_bytes()
            .unwrap(),
    );
    let other = Digest::of(b"another");
    let before = "2026-11-20T10:00:00Z";
    let after = "2026-11-20T10:00:01Z";
    for (from, keep, expected) in [
        (after, String::new(), "refused.key-revoked"),
        ("2030-01-01T00:00:00Z", String::new(), "refused.key-revoked"),
        (after, format!(r#""{other}""#), "refused.key-revoked"),
        (after, format!(r#""{digest}""#), "signer-1"),
        (after, format!(r#""{other}", "{digest}""#), "signer-1"),
        (before, format!(r#""{digest}""#), "refused.key-revoked"),
    ] {
        let trust = trusting(|text| revoking(&text, from, &keep));
        assert_eq!(answer(&envelope(), &trust), expected, "{from} {keep}");
    }
    // Also where the key stands among the keys no more.
    let public = key(2).public();
    let only_second = TrustFile::new(vec![trusted(2, &["*"])]).unwrap().print();
    let dropped = TrustFile::parse(revoking(&only_second, after, "").as_bytes()).unwrap();
    assert_eq!(answer(&envelope(), &dropped), "refused.key-revoked");
    let second = sign(&unverified_payload(&envelope()).unwrap(), &key(2));
    assert_eq!(answer(&second, &dropped), "signer-2");
    assert!(dropped.find(&public).is_some());
}

#[test]
fn what_takes_back_outlives_the_key_that_signed_it_and_needs_one() {
    let back = |trust: &TrustFile, environment: &str| {
        verify_taking_back(&envelope(), trust, Role::MergeSigner, environment)
            .map_or_else(|rejection| code_of(&rejection), |_| "ok".into())
    };
    // From its revocation on, by its own words, it takes nothing back but what is kept.
    let payload = unverified_payload(&envelope()).unwrap();
    let (digest, at) = (Digest::of(&payload), signed_at(&payload).unwrap());
    let later = at + jiff::SignedDuration::from_secs(1);
    for (from, keep, expected) in [
        (later, String::new(), "ok"),
        (at, String::new(), "refused.key-revoked"),
        (at, format!("\"{digest}\""), "ok"),
    ] {
        let revoked = trusting(|text| revoking(&text, &from.to_string(), &keep));
        assert_eq!(back(&revoked, "prod"), expected, "{from} {keep}");
    }
    let over = trusting(|text| {
        text.replacen(
            "\"role\"",
            r#""notAfter": "2020-01-01T00:00:00Z", "role""#,
            1,
        )
    });
    assert_eq!(back(&over, "prod"), "ok");
    assert_eq!(back(&needing(2), "prod"), "ok");
    let elsewhere = TrustFile::new(vec![trusted(1, &["staging"])]).unwrap();
    assert_eq!(back(&elsewhere, "prod"), "refused.signer-not-trusted-for");
    let stranger = TrustFile::new(vec![trusted(2, &["*"])]).unwrap();
    assert_eq!(back(&stranger, "prod"), "refused.signature");
}

fn needing(wanted: u8) -> TrustFile {
    trusting(|text| {
        let end = format!(r#"], "thresholds": {{"merge-signer": {wanted}}}}}"#);
        text.replacen("]\n}\n", &end, 1)
    })
}

/// One envelope with the signatures of these keys.
fn signed_by(keys: &[u8]) -> Vec<u8> {
    let payload = unverified_payload(&envelope()).unwrap();
    let of =
        |byte: &u8| json::parse(&sign(&payload, &key(*byte))).unwrap()["signatures"][0].clone();
    with(|value| value["signatures"] = keys.iter().map(of).collect())
}

#[test]
fn a_threshold_counts_principals_and_not_signatures() {
    let two = needing(2);
    for (keys, expected) in [
        (&[1, 2][..], "signer-1 signer-2"),
        (&[2, 1], "signer-1 signer-2"),
        (&[1], "refused.threshold"),
        (&[1, 1], "refused.threshold"),
        (&[1, 9], "refused.threshold"),
        (&[9, 8], "refused.signature"),
    ] {
        assert_eq!(answer(&signed_by(keys), &two), expected, "{keys:?}");
    }
    assert_eq!(answer(&signed_by(&[1]), &needing(1)), "signer-1");
    // Two keys of one principal are one.
    let mut own = trusted(3, &["*"]);
    own.principal = "signer-1".into();
    let three = needing(2).with(own).unwrap();
    assert_eq!(answer(&signed_by(&[1, 3]), &three), "refused.threshold");
    assert_eq!(answer(&signed_by(&[2, 3]), &three), "signer-2 signer-1");
    let told = check(&signed_by(&[1, 1]), &two).unwrap_err().to_string();
    assert_eq!(told, "1 of 2 principals signed as merge-signer");
    // Who does not count is told.
    let revocation = crate::attest::Revocation {
        public: key(1).public(),
        from: "2026-11-20T10:00:00Z".parse().unwrap(),
        reason: "stolen".into(),
        keep: Vec::new(),
    };
    let revoked = two.with_revoked(vec![revocation]).unwrap();
    let told = check(&signed_by(&[1, 2]), &revoked)
        .unwrap_err()
        .to_string();
    assert!(
        told.starts_with(
            "1 of 2 principals signed as merge-signer; the key of `signer-1` is revoked"
        ),
        "{told}"
    );
}
