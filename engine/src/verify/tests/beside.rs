//! Reports, renewals and withdrawals that do not read, or that a stranger signed.
//! None is passed over in silence.

use super::shop::{Shop, id};
use crate::{
    attest::{self, Renewal, UnitId, sample},
    model::{Digest, Exit, RiskTier, code_of},
    verify::{AdmitError, Chain, Error, Kind},
};

/// Link 0, a baseline, and link 1 above it, whose time is over.
fn expired() -> (Shop, Digest) {
    let mut shop = Shop::new();
    shop.commit(&[("apps/web", 1)]);
    shop.sign(RiskTier::Low);
    shop.commit(&[("apps/web", 2)]);
    let link = shop.sign(RiskTier::Low);
    shop.now = "2030-01-01T00:00:00Z".parse().unwrap();
    (shop, link)
}

fn rejected(shop: &Shop) -> Vec<(Kind, String)> {
    let chain = shop.chain();
    let files = chain.rejected().iter();
    files.map(|file| (file.kind, file.place.clone())).collect()
}

#[test]
fn a_withdrawal_that_does_not_read_keeps_every_link_from_being_admitted() {
    let (shop, _) = expired();
    let link = shop.store.files.borrow()["links/prod/odoo/0.json"].clone();
    let text = br#"{"predicateType":"https://tidegate.dev/withdrawal/v2"}"#;
    let newer = attest::sign(text, &sample::key(1));
    for bytes in [b"".to_vec(), b"{}".to_vec(), b"\xff".to_vec(), link, newer] {
        let path = "withdrawals/x.json".to_owned();
        shop.store.files.borrow_mut().insert(path, bytes);
        let error = Chain::read(&shop.store, &shop.unit, &shop.trust).unwrap_err();
        assert_eq!(code_of(&error), "store.unread-withdrawal");
        assert_eq!(Exit::of_error(&error), Exit::Unjudged);
        assert!(
            matches!(error, Error::UnreadWithdrawal { place, .. } if place == "withdrawals/x.json")
        );
    }
}

#[test]
fn a_withdrawal_of_a_link_by_a_stranger_or_for_another_unit_is_named_and_takes_nothing_back() {
    let (shop, link) = expired();
    let mut other = Shop::new();
    other.unit = UnitId::new("prod", "redis").unwrap();
    other.withdraw(link);
    let envelope = other.store.files.borrow().values().next().cloned().unwrap();
    shop.store.put("withdrawals/other-unit.json", &envelope);
    let payload = attest::unverified_payload(&envelope).unwrap();
    let text = String::from_utf8(payload).unwrap().replace("redis", "odoo");
    let envelope = attest::sign(text.as_bytes(), &sample::key(6));
    shop.store.put("withdrawals/stranger.json", &envelope);
    assert!(!shop.chain().is_withdrawn(link));
    let place = |name: &str| (Kind::Withdrawal, format!("withdrawals/{name}.json"));
    assert_eq!(rejected(&shop), [place("other-unit"), place("stranger")]);
}

#[test]
fn what_was_meant_to_renew_a_link_is_named_where_its_time_is_over() {
    let (shop, link) = expired();
    let put = |name: &str, bytes: &[u8]| {
        shop.store
            .put(&format!("renewals/{link}/{name}.json"), bytes);
    };
    put("broken", b"{");
    let stranger = renewal(link).to_statement_bytes().unwrap();
    put("stranger", &attest::sign(&stranger, &sample::key(6)));
    let other = Renewal {
        height: 7,
        ..renewal(link)
    };
    let other = other.to_statement_bytes().unwrap();
    put("other", &attest::sign(&other, &sample::key(1)));
    let Err(AdmitError::Refused { refusals, .. }) = shop.admit(id(1), Some(id(0))) else {
        panic!("it is admitted");
    };
    let [refusal] = refusals.as_slice() else {
        panic!("{refusals:?}");
    };
    assert_eq!(refusal.reason.as_str(), "expired");
    for (name, why) in [
        ("broken", "malformed: "),
        ("other", "inconsistent: one of another link"),
        ("stranger", "signature: "),
    ] {
        let told = format!("`renewals/{link}/{name}.json` does not count ({why}");
        assert!(refusal.found.contains(&told), "{told}: {}", refusal.found);
    }
    // The next link is not in their way.
    assert!(shop.chain().next().is_ok());
}

#[test]
fn a_report_that_does_not_count_is_named_where_a_verdict_is_missing() {
    let (shop, _) = expired();
    shop.store.put("reports/prod/odoo/broken.json", b"{");
    let passed = shop.store.files.borrow()["links/prod/odoo/1.json"].clone();
    shop.store.put("reports/prod/odoo/passed.json", &passed);
    let place = |name: &str| (Kind::Report, format!("reports/prod/odoo/{name}.json"));
    assert_eq!(rejected(&shop), [place("broken"), place("passed")]);
    assert!(shop.chain().reports().is_empty());
    let head = shop.commit(&[("apps/web", 3)]);
    let Err(AdmitError::Refused { refusals, .. }) = shop.admit(head, Some(id(0))) else {
        panic!("it is admitted");
    };
    let found = &refusals[0].found;
    assert!(found.contains("broken.json` does not count"), "{found}");
}

fn renewal(link: Digest) -> Renewal {
    Renewal {
        engine_version: "0.1.0".into(),
        environment: "prod".into(),
        unit: "odoo".into(),
        link,
        height: 1,
        valid_from: "2029-12-31T00:00:00Z".parse().unwrap(),
        valid_until: "2030-01-02T00:00:00Z".parse().unwrap(),
        risk_tier: RiskTier::Low,
        classes: None,
        gate_state: None,
        also_judged_by: None,
        policy_digest: Digest::of(b""),
        config_digest: Digest::of(b""),
        facts_digest: Digest::of(b""),
    }
}
