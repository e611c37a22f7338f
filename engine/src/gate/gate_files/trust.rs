//! What a trust file says, by key and role, so that a change of it shows who gains what and who loses it.
//! Judges nothing: every change of it is of tier critical.

use super::{map, text};
use crate::attest::{Revocation, TrustFile, TrustedKey};
use crate::manifest::Node;

/// A map of keys by their fingerprints, of what is revoked, of the numbers that must sign, and of heights.
pub(super) fn described(trust: &TrustFile) -> Node {
    let keys = trust.keys().iter();
    let revoked = trust.revoked().iter();
    let thresholds = trust.thresholds().iter();
    let heights = trust.heights().iter();
    map(vec![
        (
            "heights".to_owned(),
            map(heights
                .map(|(unit, height)| (unit.clone(), text(&height.to_string())))
                .collect()),
        ),
        (
            "keys".to_owned(),
            map(keys.map(|key| (key.public.keyid(), of_key(key))).collect()),
        ),
        (
            "revoked".to_owned(),
            map(revoked
                .map(|entry| (entry.public.keyid(), of_revocation(entry)))
                .collect()),
        ),
        (
            "thresholds".to_owned(),
            map(thresholds
                .map(|(role, wanted)| (role.as_str().to_owned(), text(&wanted.to_string())))
                .collect()),
        ),
    ])
}

fn of_key(key: &TrustedKey) -> Node {
    let environments = key
        .environments
        .as_ref()
        .map_or_else(|| "*".to_owned(), |names| names.join(", "));
    let mut entries = vec![
        ("environments".to_owned(), text(&environments)),
        ("principal".to_owned(), text(&key.principal)),
        ("role".to_owned(), text(key.role.as_str())),
    ];
    let times = [
        ("notBefore", key.validity.not_before),
        ("notAfter", key.validity.not_after),
    ];
    let times = times.into_iter();
    entries.extend(times.filter_map(|(name, at)| Some((name.to_owned(), text(&at?.to_string())))));
    map(entries)
}

fn of_revocation(revocation: &Revocation) -> Node {
    let kept = revocation.keep.iter();
    map(vec![
        ("from".to_owned(), text(&revocation.from.to_string())),
        (
            "keep".to_owned(),
            map(kept.map(|kept| (kept.to_string(), text("kept"))).collect()),
        ),
        ("reason".to_owned(), text(&revocation.reason)),
    ])
}
