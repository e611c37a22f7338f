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
