//! Time stamps of Notation, and certificates that were revoked.

use super::fixtures::{Given, given, instant, list, lists, stamped, state, store};
use crate::facts::images::proof::{RevocationList, RevocationListError, Signer};

/// By who believes time stamps.
fn stamps(candidate: &str) -> Given {
    let signer = Signer::Notation(stamped("acme", "O=acme"));
    let asked = given(candidate).asked("acme");
    asked.with(|authority| authority.signer = signer)
}

/// By who asks these lists.
fn asks(candidate: &str, names: &[&str]) -> Given {
    let store = match candidate {
        "notation" => store("acme", "O=acme"),
        _ => stamped("acme", "O=acme"),
    };
    let signer = Signer::Notation(store.without(lists(names)));
    let asked = given(candidate).asked("acme");
    asked.with(|authority| authority.signer = signer)
}

#[test]
fn a_time_stamp_proves_that_a_certificate_was_valid() {
    let signed = instant("2020-11-20T10:00:00Z");
    for candidate in [
        "notation-stamp",
        "notation-stamp-rsa",
        "notation-stamp-optional",
    ] {
        let proof = stamps(candidate).prove();
        assert_eq!(state(&proof), "verified", "{candidate}");
        assert_eq!(proof.met[0].signed_at, Some(signed), "{candidate}");
        assert_eq!(proof.met[0].until, None, "{candidate}");
    }
    let at = |candidate| stamps(candidate).prove().met[0].signed_at.unwrap();
    let fraction = at("notation-stamp-fraction");
    assert_eq!(fraction, instant("2020-11-20T10:00:00.25Z"));
    let inexact = at("notation-stamp-accuracy");
    assert_eq!(inexact, instant("2020-11-20T09:59:58.5Z"));
    // What is not stamped counts while its certificate is valid.
    assert_eq!(state(&stamps("notation").prove()), "verified");
    assert_eq!(
        state(&stamps("notation-ended").prove()),
        "invalid certificate"
    );
}

#[test]
fn a_time_stamp_counts_long_after_all_certificates_have_ended() {
    let proof = stamps("notation-stamp").at("2040-01-01T00:00:00Z").prove();
    assert_eq!(state(&proof), "verified");
}

#[test]
fn time_stamps_that_prove_nothing() {
    for (candidate, expected) in [
        ("notation-stamped", "invalid time"),
        ("notation-stamp-late", "invalid certificate"),
        ("notation-stamp-inexact", "invalid certificate"),
        ("notation-stamp-other", "invalid time"),
        ("notation-stamp-turned", "invalid time"),
        ("notation-stamp-content", "invalid time"),
        ("notation-stamp-unnamed", "invalid time"),
        ("notation-stamp-sha1", "invalid time"),
        ("notation-stamp-alone", "invalid time"),
        ("notation-stamp-critical", "invalid time"),
        ("notation-stamp-foreign", "invalid time"),
        ("notation-stamp-two-purposes", "invalid time"),
        ("notation-stamp-other-purpose", "invalid time"),
        ("notation-stamp-not-critical", "invalid time"),
    ] {
        let proof = stamps(candidate).prove();
        assert_eq!(state(&proof), expected, "{candidate}");
    }
    let early = stamps("notation-stamp").at("2020-11-20T09:59:59Z").prove();
    assert_eq!(state(&early), "indeterminate clock");
}

#[test]
fn the_instant_of_a_time_stamp_is_what_an_authority_counts_by() {
    let until = |end: &'static str| {
        let asked = stamps("notation-stamp");
        let asked = asked.with(|authority| authority.not_after = Some(instant(end)));
        state(&asked.prove())
    };
    assert_eq!(until("2020-11-20T10:00:00Z"), "verified");
    assert_eq!(until("2020-11-20T09:59:59Z"), "invalid validity");
}

#[test]
fn any_changed_byte_of_a_time_stamp_proves_nothing_or_nothing_else() {
    let whole = given("notation-stamp").candidates[0].bytes.clone().unwrap();
    let text = String::from_utf8(whole).unwrap();
    let from = text.find("timestampSignature\":\"").unwrap() + 21;
    let signed = Some(instant("2020-11-20T10:00:00Z"));
    for at in (from..from + 3000).step_by(11) {
        let mut changed = stamps("notation-stamp");
        let byte = &mut changed.candidates[0].bytes.as_mut().unwrap()[at];
        *byte = if *byte == b'A' { b'B' } else { b'A' };
        for met in changed.prove().met {
            assert_eq!(met.signed_at, signed, "{at}");
        }
    }
}

#[test]
fn a_revoked_certificate_signs_nothing() {
    let all = ["time", "time-root"];
    for (candidate, list, expected) in [
        ("notation", "none", "verified"),
        ("notation", "revoked", "invalid certificate"),
        ("notation", "held", "invalid certificate"),
        // From when on it was in other hands says nothing where nobody says when it signed.
        ("notation", "revoked-after", "invalid certificate"),
        ("notation", "old", "indeterminate revocation"),
        ("notation", "old-held", "indeterminate revocation"),
        ("notation", "old-revoked", "invalid certificate"),
        ("notation", "early", "indeterminate revocation"),
        ("notation", "by-another", "indeterminate revocation"),
        ("notation-stamp", "none", "verified"),
        ("notation-stamp", "revoked", "invalid certificate"),
        ("notation-stamp", "revoked-after", "verified"),
        ("notation-stamp", "revoked-before", "invalid certificate"),
    ] {
        let proof = asks(candidate, &[list, all[0], all[1]]).prove();
        assert_eq!(state(&proof), expected, "{candidate} {list}");
    }
    let both = asks("notation", &["old", "none"]).prove();
    assert_eq!(state(&both), "verified");
    assert_eq!(both.met[0].until, Some(instant("2036-01-01T00:00:00Z")));
    let worst = asks("notation", &["none", "revoked"]).prove();
    assert_eq!(state(&worst), "invalid certificate");
}

#[test]
fn who_makes_time_stamps_is_asked_for_as_well() {
    for (names, expected) in [
        (["none", "time-revoked", "time-root"], "invalid time"),
        (["none", "time", "none"], "indeterminate revocation"),
        (["none", "time-root", "none"], "indeterminate revocation"),
    ] {
        let proof = asks("notation-stamp", &names).prove();
        assert_eq!(state(&proof), expected, "{names:?}");
    }
}

#[test]
fn what_is_known_of_revocations_ends_with_the_list() {
    let ends = |names: &[&str], now| asks("notation", names).at(now).prove();
    let known = ends(&["old"], "2026-10-01T00:00:00Z");
    assert_eq!(known.met[0].until, Some(instant("2026-11-01T00:00:00Z")));
    let over = ends(&["old"], "2026-11-01T00:00:00Z");
    assert_eq!(state(&over), "indeterminate revocation");
}

#[test]
fn a_revocation_list_is_whole_and_of_its_authority() {
    let der = list("none").replace('\n', "");
    for bad in ["", "x", &der[..der.len() - 9], list("part")] {
        let read = RevocationList::parse(bad.as_bytes());
        assert_eq!(read.unwrap_err(), RevocationListError, "{bad}");
    }
    let two = [list("none"), list("old")].concat();
    assert!(RevocationList::parse(two.as_bytes()).is_err());
}
