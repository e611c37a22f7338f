//! Whose signatures count, held against a count that is made in another way; and that no restriction lets more
//! through.

use proptest::prelude::*;

use super::*;
use crate::attest::sample::key;

/// A key as it is drawn: its principal, its time, and whether it is revoked, in general and for the statement.
#[derive(Clone, Debug)]
struct Drawn {
    principal: u8,
    here: bool,
    from: Option<i64>,
    until: Option<i64>,
    revoked: Option<(i64, bool)>,
    signs: bool,
}

fn drawn() -> impl Strategy<Value = Drawn> {
    let time = || prop::option::of(0..6_i64);
    let revoked = prop::option::weighted(0.3, (0..6_i64, any::<bool>()));
    (
        0..3_u8,
        prop::bool::weighted(0.8),
        time(),
        time(),
        revoked,
        any::<bool>(),
    )
        .prop_map(|(principal, here, from, until, revoked, signs)| Drawn {
            principal,
            here,
            from,
            until: until.filter(|until| from.is_none_or(|from| from < *until)),
            revoked,
            signs,
        })
}

fn instant(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

fn file(all: &[Drawn], wanted: usize) -> Option<TrustFile> {
    let publics = || (1..).map(|byte| key(byte).public());
    let keys = all.iter().zip(publics()).map(|(one, public)| TrustedKey {
        public,
        role: Role::MergeSigner,
        principal: one.principal.to_string(),
        environments: Some(vec![if one.here { "prod" } else { "test" }.into()]),
        validity: Validity {
            not_before: one.from.map(instant),
            not_after: one.until.map(instant),
        },
    });
    let revoked = all.iter().zip(publics()).filter_map(|(one, public)| {
        let (from, kept) = one.revoked?;
        Some(Revocation {
            public,
            from: instant(from),
            reason: "lost".into(),
            keep: kept.then(|| Digest::of(b"it")).into_iter().collect(),
        })
    });
    let trust = TrustFile::new(keys.collect()).unwrap();
    let trust = trust.with_revoked(revoked.collect()).unwrap();
    trust
        .with_thresholds([(Role::MergeSigner, wanted)].into())
        .ok()
}

fn counts(all: &[Drawn], trust: &TrustFile, at: i64) -> bool {
    let signed = all.iter().zip(1..).filter(|(one, _)| one.signs);
    let by: Vec<PublicKey> = signed.map(|(_, byte)| key(byte).public()).collect();
    let right = Right {
        role: Role::MergeSigner,
        environment: "prod",
    };
    let dated = || {
        Ok(Dated {
            digest: Some(Digest::of(b"it")),
            at: instant(at),
        })
    };
    trust.weigh(&by, right, &dated).is_ok()
}

proptest! {
    #[test]
    fn as_many_principals_count_as_are_counted_by_hand(
        all in prop::collection::vec(drawn(), 1..5),
        wanted in 1..4_usize,
        at in 0..6_i64,
    ) {
        let Some(trust) = file(&all, wanted) else {
            return Ok(());
        };
        let mut seen = [false; 3];
        for one in &all {
            let in_time = one.from.is_none_or(|from| from <= at) && one.until.is_none_or(|until| at < until);
            let lost = one.revoked.is_some_and(|(from, kept)| !kept || at >= from);
            if one.signs && one.here && in_time && !lost {
                seen[usize::from(one.principal)] = true;
            }
        }
        let expected = seen.iter().filter(|seen| **seen).count() >= wanted;
        prop_assert_eq!(counts(&all, &trust, at), expected);
    }

    #[test]
    fn no_restriction_lets_more_through_and_no_signature_less(
        all in prop::collection::vec(drawn(), 1..5),
        wanted in 1..4_usize,
        at in 0..6_i64,
        which in any::<prop::sample::Index>(),
        how in 0..5_u8,
    ) {
        let mut stricter = all.clone();
        let one = &mut stricter[which.index(all.len())];
        let mut most = wanted;
        match how {
            0 => one.revoked = Some((at, false)),
            1 => one.until = Some(at).filter(|at| one.from.is_none_or(|from| from < *at)).or(one.until),
            2 => one.here = false,
            3 => one.signs = false,
            _ => most += 1,
        }
        if let (Some(trust), Some(strict)) = (file(&all, wanted), file(&stricter, most)) {
            let before = counts(&all, &trust, at);
            prop_assert!(before || !counts(&stricter, &strict, at));
        }
    }
}
