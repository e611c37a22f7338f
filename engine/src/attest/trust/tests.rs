use super::*;
use crate::attest::SigningKey;
use crate::model::code_of;

fn trusted(byte: u8) -> TrustedKey {
    let key = SigningKey::generate(|seed| {
        seed.fill(byte);
        Ok::<_, ()>(())
    });
    TrustedKey {
        public: key.unwrap().public(),
        role: Role::MergeSigner,
        principal: "ci-prod".into(),
        environments: Some(vec!["*".into()]),
        validity: Validity::default(),
    }
}

fn code(text: &str) -> String {
    TrustFile::parse(text.as_bytes())
        .err()
        .map_or("ok".into(), |error| code_of(&error))
}

#[test]
fn what_is_printed_is_what_is_read() {
    let file = TrustFile::new(vec![trusted(1), trusted(2)]).unwrap();
    assert_eq!(TrustFile::parse(file.print().as_bytes()).unwrap(), file);
    assert!(
        file.print()
            .starts_with("{\n  \"version\": 1,\n  \"keys\": [\n")
    );
}

#[test]
fn a_height_is_pinned_for_a_unit_and_for_the_gate_of_a_branch() {
    let print = TrustFile::new(vec![trusted(1)]).unwrap().print();
    let pinned = |heights: &str| {
        let end = format!("],\n  \"heights\": {heights}\n}}\n");
        print.replacen("]\n}\n", &end, 1)
    };
    let text = pinned(r#"{"prod/web": 3, "release/1/gate": 2}"#);
    let file = TrustFile::parse(text.as_bytes()).unwrap();
    assert_eq!(TrustFile::parse(file.print().as_bytes()).unwrap(), file);
    let height = |unit: UnitId| file.minimum_height(&unit);
    assert_eq!(height(UnitId::new("prod", "web").unwrap()), 3);
    assert_eq!(height(UnitId::gate("release/1").unwrap()), 2);
    assert_eq!(height(UnitId::gate("release.1").unwrap()), 0);
    assert_eq!(file.pinned_units("prod").collect::<Vec<_>>(), ["web"]);
    for wrong in [
        r#"{"prod": 3}"#,
        r#"{"prod/": 3}"#,
        r#"{"/web": 3}"#,
        r#"{"prod/web": -1}"#,
        "[]",
    ] {
        assert_eq!(code(&pinned(wrong)), "trust-root.invalid", "{wrong}");
    }
}

#[test]
fn anything_unclear_is_refused() {
    let good = TrustFile::new(vec![trusted(1)]).unwrap().print();
    assert_eq!(code(&good), "ok");
    let with = |from: &str, to: &str| {
        assert!(good.contains(from));
        code(&good.replacen(from, to, 1))
    };
    assert_eq!(
        with("\"version\": 1", "\"version\": 2"),
        "trust-root.version"
    );
    assert_eq!(
        with("\"version\": 1", "\"version\": 1, \"x\": 1"),
        "trust-root.invalid"
    );
    assert_eq!(
        with("\"version\": 1", "\"version\": 1, \"version\": 1"),
        "trust-root.invalid"
    );
    assert_eq!(
        with("\"role\"", "\"expires\": 1, \"role\""),
        "trust-root.invalid"
    );
    assert_eq!(with("merge-signer", "Merge-Signer"), "trust-root.invalid");
    assert_eq!(with("merge-signer", "approver"), "ok");
    assert_eq!(with("ci-prod", ""), "trust-root.invalid");
    assert_eq!(with("\"*\"", ""), "trust-root.invalid");
    assert_eq!(with("PUBLIC", "PRIVATE"), "trust-root.key");
    assert_eq!(code(r#"{"version":1,"keys":[]}"#), "trust-root.empty");
    assert_eq!(code(""), "trust-root.invalid");
}

#[test]
fn no_name_steers_a_terminal() {
    let good = TrustFile::new(vec![trusted(1)]).unwrap().print();
    for name in [
        "ci\\nverified: x",
        "\\u001b[2J",
        "\u{202e}ic",
        "c\u{200b}i",
        "ci\\u0085",
    ] {
        for place in ["ci-prod", "*"] {
            let text = good.replacen(&format!("\"{place}\""), &format!("\"{name}\""), 1);
            assert_ne!(text, good);
            assert_eq!(code(&text), "trust-root.invalid", "{text}");
        }
        let heights = format!("],\n \"heights\": {{\"prod/{name}\": 1}}\n}}\n");
        let text = good.replacen("]\n}\n", &heights, 1);
        assert_eq!(code(&text), "trust-root.invalid", "{text}");
    }
    let named = good.replacen("ci-prod", "Zoë <zoë@example.com>, 運用", 1);
    assert_eq!(code(&named), "ok");
}

#[test]
fn one_key_has_one_role_and_there_are_at_most_64() {
    let mut other = trusted(1);
    other.role = Role::Approver;
    assert!(TrustFile::new(vec![trusted(1), other]).is_err());
    assert!(TrustFile::new((1..=64).map(trusted).collect()).is_ok());
    assert!(TrustFile::new((1..=65).map(trusted).collect()).is_err());
}

#[test]
fn a_file_as_long_as_it_may_be_is_read_and_no_longer_one() {
    let mut text = TrustFile::new(vec![trusted(1)]).unwrap().print();
    let missing = limits::TRUST_FILE.most - text.len();
    text.push_str(&" ".repeat(missing));
    assert_eq!(code(&text), "ok");
    text.push(' ');
    assert_eq!(code(&text), "trust-root.invalid");
}

#[test]
fn a_key_is_found_by_its_public_half_and_a_bad_one_told_by_its_number() {
    let bad: [fn(&mut TrustedKey); 4] = [
        |key| key.principal.clear(),
        |key| key.principal = "c\u{200b}i".into(),
        |key| key.environments = Some(Vec::new()),
        |key| *key = trusted(1),
    ];
    for (number, spoil) in bad.into_iter().enumerate() {
        let mut second = trusted(2);
        spoil(&mut second);
        let error = TrustFile::new(vec![trusted(1), second]).unwrap_err();
        assert!(error.to_string().contains("key 2 "), "{number}: {error}");
    }
    let file = TrustFile::new(vec![trusted(1), trusted(2)]).unwrap();
    let second = trusted(2);
    assert_eq!(file.find(&second.public), Some(&second));
    assert_eq!(file.find(&trusted(3).public), None);
    let print = file.print();
    let (first, second) = print.split_at(print.rfind("BEGIN PUBLIC").unwrap());
    let text = format!("{first}{}", second.replacen("PUBLIC", "PRIVATE", 1));
    let error = TrustFile::parse(text.as_bytes()).unwrap_err();
    assert!(matches!(error, Error::TrustKey { index: 2, .. }), "{error}");
}

#[test]
fn a_role_is_called_what_the_file_calls_it() {
    for role in [
        Role::MergeSigner,
        Role::Approver,
        Role::BreakGlass,
        Role::BackupReporter,
        Role::TicketReporter,
        Role::InventoryReporter,
        Role::Root,
    ] {
        let written = serde_json::to_value(role).unwrap();
        assert_eq!(written, role.as_str());
        assert_eq!(Role::parse(role.as_str()), Some(role));
    }
    assert_eq!(Role::parse("Approver"), None);
    assert_eq!(Role::parse(""), None);
}

#[test]
fn a_key_signs_only_in_its_role_and_its_environments() {
    let mut key = trusted(1);
    assert!(key.may_sign(Role::MergeSigner, "prod"));
    assert!(!key.may_sign(Role::Approver, "prod"));
    key.environments = Some(vec!["staging".into()]);
    assert!(!key.may_sign(Role::MergeSigner, "prod"));
    key.environments = None;
    assert!(key.may_sign(Role::MergeSigner, "prod"));
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Two keys of two principals, with fields added to the first key and to the file.
fn file(of_key: &str, of_file: &str) -> String {
    let mut second = trusted(2);
    second.principal = "ada".into();
    let print = TrustFile::new(vec![trusted(1), second]).unwrap().print();
    let print = print.replacen("\"role\"", &format!("{of_key}\"role\""), 1);
    print.replacen("]\n}\n", &format!("]{of_file}\n}}\n"), 1)
}

fn revoked(byte: u8, fields: &str) -> String {
    let public = serde_json::to_string(&trusted(byte).public.to_pem()).unwrap();
    format!(r#", "revoked": [{{"public": {public}{fields}}}]"#)
}

const LOST: &str = r#", "from": "2026-11-20T10:00:00Z", "reason": "laptop stolen""#;

#[test]
fn times_thresholds_and_revocations_are_read_and_printed_back() {
    let digest = Digest::of(b"link");
    let text = file(
        r#""notBefore": "2026-01-01T00:00:00Z", "notAfter": "2027-01-01T00:00:00Z", "#,
        &format!(
            r#", "thresholds": {{"merge-signer": 2}}{}"#,
            revoked(2, &format!(r#"{LOST}, "keep": ["{digest}"]"#))
        ),
    );
    let file = TrustFile::parse(text.as_bytes()).unwrap();
    assert_eq!(TrustFile::parse(file.print().as_bytes()).unwrap(), file);
    let validity = file.keys()[0].validity;
    assert_eq!(validity.not_before, Some(at("2026-01-01T00:00:00Z")));
    assert_eq!(validity.not_after, Some(at("2027-01-01T00:00:00Z")));
    assert_eq!(file.keys()[1].validity, Validity::default());
    assert_eq!(file.threshold(Role::MergeSigner), 2);
    assert_eq!(file.threshold(Role::Approver), 1);
    let revocation = file.revocation(&trusted(2).public).unwrap();
    assert_eq!(revocation.from, at("2026-11-20T10:00:00Z"));
    assert_eq!(revocation.reason, "laptop stolen");
    assert_eq!(revocation.keep, [digest]);
    assert_eq!(file.revocation(&trusted(1).public), None);
    let with = file.clone().with(trusted(3)).unwrap();
    assert_eq!(with.revoked(), file.revoked());
    assert_eq!(with.threshold(Role::MergeSigner), 2);
}

#[test]
fn the_time_of_a_key_is_spelled_in_one_way_and_holds_an_instant() {
    let (early, late) = (r#""2026-01-01T00:00:00Z""#, r#""2026-01-01T00:00:01Z""#);
    for (fields, expected) in [
        (
            format!(r#""notBefore": {early}, "notAfter": {late}, "#),
            "ok",
        ),
        (format!(r#""notBefore": {early}, "#), "ok"),
        (format!(r#""notAfter": {late}, "#), "ok"),
        (
            format!(r#""notBefore": {early}, "notAfter": {early}, "#),
            "trust-root.invalid",
        ),
        (
            format!(r#""notBefore": {late}, "notAfter": {early}, "#),
            "trust-root.invalid",
        ),
        (
            r#""notAfter": "2026-01-01T00:00:00+00:00", "#.into(),
            "trust-root.invalid",
        ),
        (
            r#""notAfter": "2026-01-01T00:00:00.5Z", "#.into(),
            "trust-root.invalid",
        ),
        (r#""notAfter": "2026-01-01", "#.into(), "trust-root.invalid"),
        (r#""notAfter": "", "#.into(), "trust-root.invalid"),
        (r#""notAfter": 1767225600, "#.into(), "trust-root.invalid"),
        (
            r#""not_after": "2026-01-01T00:00:00Z", "#.into(),
            "trust-root.invalid",
        ),
    ] {
        assert_eq!(code(&file(&fields, "")), expected, "{fields}");
    }
    let error = TrustFile::parse(file(r#""notAfter": "soon", "#, "").as_bytes()).unwrap_err();
    assert!(
        error.to_string().contains("key 1 has a `notAfter`"),
        "{error}"
    );
}

#[test]
fn a_threshold_is_at_least_one_and_at_most_the_principals_of_the_role() {
    for (wanted, expected) in [
        (r#"{"merge-signer": 1}"#, "ok"),
        (r#"{"merge-signer": 2}"#, "ok"),
        (r#"{"merge-signer": 3}"#, "trust-root.invalid"),
        (r#"{"merge-signer": 0}"#, "trust-root.invalid"),
        (r#"{"merge-signer": -1}"#, "trust-root.invalid"),
        (r#"{"merge-signer": 1.5}"#, "trust-root.invalid"),
        (r#"{"merge-signer": "2"}"#, "trust-root.invalid"),
        (
            r#"{"merge-signer": 99999999999999999999}"#,
            "trust-root.invalid",
        ),
        (r#"{"approver": 1}"#, "trust-root.invalid"),
        (r#"{"Merge-Signer": 1}"#, "trust-root.invalid"),
        (
            r#"{"merge-signer": 1, "merge-signer": 2}"#,
            "trust-root.invalid",
        ),
    ] {
        let text = file("", &format!(r#", "thresholds": {wanted}"#));
        assert_eq!(code(&text), expected, "{wanted}");
    }
    let mut keys: Vec<TrustedKey> = (1..=20).map(trusted).collect();
    let signers = |keys: &[TrustedKey], wanted| {
        let wanted = [(Role::MergeSigner, wanted)].into();
        TrustFile::new(keys.to_vec())
            .unwrap()
            .with_thresholds(wanted)
    };
    assert!(signers(&keys, 2).is_err(), "twenty keys of one principal");
    for (number, key) in keys.iter_mut().enumerate() {
        key.principal = number.to_string();
    }
    assert!(signers(&keys, limits::SIGNATURES.most).is_ok());
    assert!(
        signers(&keys, limits::SIGNATURES.most + 1).is_err(),
        "no envelope holds so many"
    );
}

#[test]
fn a_revocation_says_since_when_why_and_what_stays() {
    let digest = Digest::of(b"link");
    let keep = |digests: &str| format!(r#"{LOST}, "keep": [{digests}]"#);
    let one = revoked(1, LOST);
    let (_, entry) = one.split_once('[').unwrap();
    let twice = one.replacen("}]", &format!("}}, {entry}"), 1);
    let error = TrustFile::parse(file("", &twice).as_bytes()).unwrap_err();
    let told = "entry 2 of `revoked` names a key that an earlier one names";
    assert!(error.to_string().contains(told), "{error}");
    for (fields, expected) in [
        (revoked(1, LOST), "ok"),
        (revoked(3, LOST), "ok"),
        (revoked(1, &keep("")), "ok"),
        (revoked(1, &keep(&format!(r#""{digest}""#))), "ok"),
        (
            revoked(3, &keep(&format!(r#""{digest}""#))),
            "trust-root.invalid",
        ),
        (
            revoked(1, &keep(&format!(r#""{digest}", "{digest}""#))),
            "trust-root.invalid",
        ),
        (revoked(1, &keep(r#""sha256:00""#)), "trust-root.invalid"),
        (
            revoked(1, &keep(&format!(r#""{}""#, "A".repeat(64)))),
            "trust-root.invalid",
        ),
        (
            revoked(1, r#", "from": "2026-11-20T10:00:00Z""#),
            "trust-root.invalid",
        ),
        (revoked(1, r#", "reason": "lost""#), "trust-root.invalid"),
        (
            revoked(1, &LOST.replace("laptop stolen", " ")),
            "trust-root.invalid",
        ),
        (
            revoked(1, &LOST.replace("laptop", "\\u001b[2J")),
            "trust-root.invalid",
        ),
        (
            revoked(1, &LOST.replace("T10", " 10")),
            "trust-root.invalid",
        ),
        (
            revoked(1, &format!(r#"{LOST}, "until": 1"#)),
            "trust-root.invalid",
        ),
        (
            revoked(1, LOST).replace("MCow", "MCox"),
            "trust-root.invalid",
        ),
    ] {
        assert_eq!(code(&file("", &fields)), expected, "{fields}");
    }
}

#[test]
fn as_many_keys_are_revoked_as_may_be_trusted() {
    let many = |count: u8| {
        let revocation = |byte| Revocation {
            public: trusted(byte).public,
            from: at("2026-11-20T10:00:00Z"),
            reason: "lost".into(),
            keep: Vec::new(),
        };
        let trust = TrustFile::new(vec![trusted(1)]).unwrap();
        trust.with_revoked((1..=count).map(revocation).collect())
    };
    assert!(many(64).is_ok());
    assert!(many(65).is_err());
}

/// Of `prod`: Ada has two keys, Bob's ends, Eve's is revoked, Zoe approves.
fn people() -> TrustFile {
    let of = |byte, principal: &str| TrustedKey {
        principal: principal.into(),
        environments: Some(vec!["prod".into()]),
        ..trusted(byte)
    };
    let mut bob = of(3, "bob");
    bob.validity.not_after = Some(at(END));
    let mut zoe = of(5, "zoe");
    zoe.role = Role::Approver;
    let keys = vec![zoe, of(1, "ada"), of(2, "ada"), bob, of(4, "eve")];
    let file = TrustFile::new(keys).unwrap();
    let lost = Revocation {
        public: trusted(4).public,
        from: at(END),
        reason: "lost".into(),
        keep: Vec::new(),
    };
    file.with_revoked(vec![lost]).unwrap()
}

const END: &str = "2026-11-20T10:00:00Z";
const BEFORE: &str = "2026-11-20T09:59:59Z";
const AFTER: &str = "2026-11-20T10:00:01Z";

#[test]
fn who_can_still_sign_is_counted_by_principal() {
    let signs = Right {
        role: Role::MergeSigner,
        environment: "prod",
    };
    let elsewhere = Right {
        environment: "test",
        ..signs
    };
    let one = people();
    let two = people().with_thresholds([(Role::MergeSigner, 2)].into());
    let two = two.unwrap();
    for (instant, both) in [(BEFORE, true), (END, false), (AFTER, false)] {
        let instant = at(instant);
        assert_eq!(one.principals(signs, instant), if both { 2 } else { 1 });
        assert_eq!(one.principals(elsewhere, instant), 0);
        assert!(one.is_signable(signs, instant));
        assert!(!one.is_signable(elsewhere, instant));
        assert_eq!(two.is_signable(signs, instant), both);
        assert_eq!(one.needs_all(Role::MergeSigner, instant), !both);
        assert!(two.needs_all(Role::MergeSigner, instant));
        assert!(one.needs_all(Role::Approver, instant));
        let left = |file: &TrustFile| {
            let lasting = file.lasting(Role::MergeSigner, instant)?;
            Some(lasting.keys().len())
        };
        assert_eq!(left(&one), Some(if both { 4 } else { 3 }));
        assert_eq!(left(&two), both.then_some(4));
    }
}

#[test]
fn of_many_objections_the_most_telling_is_told() {
    let mut keys = people().keys().to_vec();
    keys[1].validity.not_before = Some(at("2027-01-01T00:00:00Z"));
    let revoked = people().revoked().to_vec();
    let file = TrustFile::new(keys).unwrap().with_revoked(revoked).unwrap();
    let right = Right {
        role: Role::MergeSigner,
        environment: "prod",
    };
    let dated = || {
        let (digest, at) = (None, at(END));
        Ok(Dated { digest, at })
    };
    for (bytes, told) in [
        (&[5][..], "not-trusted"),
        (&[5, 1], "key-not-yet-valid"),
        (&[5, 1, 3], "key-expired"),
        (&[5, 1, 3, 4], "key-revoked"),
    ] {
        let by: Vec<PublicKey> = bytes.iter().map(|byte| trusted(*byte).public).collect();
        let rejection = file.weigh(&by, right, &dated).unwrap_err();
        let code = code_of(&rejection);
        assert!(code.contains(told), "{code}: {told}");
    }
}
