//! A verdict admits what it names and nothing else.
//! Each test is one way to try.

use super::shop::{Shop, id, reasons};
use crate::{
    attest::{Counts, Outcome, Revocation, TrustFile, UnitId, Verdict, sample},
    model::{Digest, Enforcement, RiskTier, code_of},
    verify::{
        Bound, Chain, Expectation, ExpectedRepository, Grounds, Kind, Reason, SourceError, Witness,
        verify,
    },
};

const A: &[(&str, u32)] = &[("apps/web", 1)];
const B: &[(&str, u32)] = &[("apps/web", 2)];
const C: &[(&str, u32)] = &[("apps/web", 3)];

/// Links 0 (A, baseline), 1 (B), 2 (C) at the commits 0, 1, 2.
fn three_links() -> (Shop, [Digest; 3]) {
    let shop = Shop::new();
    let digests = [A, B, C].map(|files| {
        shop.commit(files);
        shop.sign(RiskTier::Low)
    });
    (shop, digests)
}

#[test]
fn what_was_judged_is_admitted_and_documents_beside_it_change_nothing() {
    let (shop, _) = three_links();
    let admission = shop.admit(id(2), Some(id(0))).unwrap();
    assert_eq!(
        (admission.grounds, admission.way),
        (Grounds::Judged, vec![2, 1])
    );
    let documents = shop.commit(&[("apps/web", 3), ("README.md", 1)]);
    assert_eq!(shop.answer(documents, Some(id(0))), "ok");
}

#[test]
fn touched_files_and_new_folders_under_the_glob_are_missing() {
    let (shop, _) = three_links();
    let touched = shop.commit(&[("apps/web", 4)]);
    assert_eq!(shop.answer(touched, Some(id(2))), "missing");
    let added = shop.commit(&[("apps/web", 3), ("apps/new/web", 1)]);
    assert_eq!(shop.answer(added, Some(id(2))), "missing");
    let removed = shop.commit(&[("other", 3)]);
    assert_eq!(shop.answer(removed, None), "missing");
}

#[test]
fn a_link_of_another_unit_or_environment_admits_nothing_here() {
    let (shop, _) = three_links();
    let mut other = Shop::new();
    for (environment, unit) in [("prod", "redis"), ("staging", "odoo")] {
        other.unit = UnitId::new(environment, unit).unwrap();
        other.commit(A);
        for (path, bytes) in shop.store.files.borrow().iter() {
            other
                .store
                .put(&path.replace("prod/odoo", &other.unit.to_string()), bytes);
        }
        assert_eq!(other.answer(id(0), None), "other-unit");
    }
}

#[test]
fn a_link_under_another_selector_is_refused_until_it_is_signed_again() {
    let (mut shop, _) = three_links();
    shop.gate.selector = vec!["apps/**".into(), "jobs/**".into()];
    assert_eq!(shop.answer(id(2), Some(id(1))), "other-selector");
    assert_eq!(
        shop.answer(id(2), Some(id(2))),
        "ok",
        "what runs is left alone"
    );
    // The same by the old selector, and not by the new one.
    let smuggled = shop.commit(&[("apps/web", 3), ("jobs/evil", 1)]);
    assert_eq!(shop.answer(smuggled, Some(id(2))), "other-selector");
    shop.commit(C);
    shop.sign(RiskTier::Low);
    assert_eq!(shop.answer(id(2), Some(id(1))), "ok");
}

#[test]
fn forged_links_are_reported_never_newest_and_block_a_height() {
    let (shop, _) = three_links();
    let head = shop.commit(&[("apps/web", 9)]);
    let forged = crate::attest::sign(&shop.draft().to_statement_bytes().unwrap(), &sample::key(6));
    for bytes in [forged, b"{}".to_vec(), b"".to_vec()] {
        shop.store
            .files
            .borrow_mut()
            .insert("links/prod/odoo/3.json".into(), bytes);
        let chain = shop.chain();
        assert_eq!(chain.newest().unwrap().verdict().height, 2);
        assert_eq!(chain.rejected().len(), 1);
        assert_eq!(code_of(&chain.next().unwrap_err()), "store.blocked");
        assert!(shop.admit(head, Some(id(2))).is_err());
        assert_eq!(shop.answer(id(2), None), "ok");
    }
}

#[test]
fn links_that_contradict_the_chain_do_not_count() {
    type Edit = fn(&mut Verdict);
    let edits: [(&str, Edit); 6] = [
        ("unjudged-base", |v| v.base = Some(sample::state(7))),
        ("store-gap", |v| v.previous = Some(Digest::of(b"nobody"))),
        ("inconsistent", |v| v.height = 5),
        ("failed", |v| {
            v.outcome = Outcome::Fail;
            v.counts = Counts {
                denied: 1,
                ..v.counts
            };
        }),
        ("store-gap", |v| v.withdrawals = vec![Digest::of(b"nobody")]),
        ("other-unit", |v| v.unit = "redis".into()),
    ];
    for (expected, edit) in edits {
        let (shop, _) = three_links();
        let head = shop.commit(&[("apps/web", 4)]);
        let mut verdict = shop.draft();
        edit(&mut verdict);
        shop.publish(&verdict);
        assert_eq!(shop.chain().links().len(), 3, "{expected}");
        assert_eq!(shop.answer(head, Some(id(2))), expected);
    }
}

#[test]
fn two_links_of_one_height_refuse_loudly_until_one_is_withdrawn_or_a_baseline_follows() {
    let with_twins = || {
        let (shop, _) = three_links();
        shop.commit(&[("apps/web", 4)]);
        let mut twin = shop.draft();
        shop.publish(&twin);
        twin.tzdb = "2026b".into();
        shop.store
            .put("links/prod/odoo/3-copy.json", &twin.signed());
        (shop, Digest::of(&twin.to_statement_bytes().unwrap()))
    };
    let (shop, twin) = with_twins();
    assert_eq!(shop.answer(id(3), Some(id(2))), "equivocation");
    shop.withdraw(twin);
    assert_eq!(shop.answer(id(3), Some(id(2))), "ok");
    let (shop, _) = with_twins();
    shop.baseline();
    assert_eq!(shop.answer(id(3), Some(id(2))), "ok");
}

#[test]
fn a_copy_under_another_name_is_no_second_link() {
    let (shop, _) = three_links();
    let copy = shop.store.files.borrow()["links/prod/odoo/2.json"].clone();
    shop.store.put("links/prod/odoo/7.json", &copy);
    assert_eq!(shop.chain().equivocations(), [] as [u64; 0]);
    assert_eq!(shop.answer(id(2), Some(id(1))), "ok");
    shop.store
        .files
        .borrow_mut()
        .remove("links/prod/odoo/2.json");
    assert_eq!(shop.answer(id(2), Some(id(1))), "inconsistent");
}

#[test]
fn a_link_taken_out_or_off_is_missed() {
    let (shop, _) = three_links();
    shop.store
        .files
        .borrow_mut()
        .remove("links/prod/odoo/1.json");
    assert_eq!(shop.answer(id(2), Some(id(0))), "store-gap");
    let (shop, _) = three_links();
    shop.store
        .files
        .borrow_mut()
        .remove("links/prod/odoo/2.json");
    assert_eq!(
        shop.answer(id(1), Some(id(2))),
        "unjudged-base",
        "a later one runs"
    );
    shop.store.files.borrow_mut().clear();
    assert_eq!(shop.answer(id(2), None), "missing");
}

#[test]
fn going_back_is_refused_but_to_the_target_that_what_runs_names() {
    let (mut shop, _) = three_links();
    assert_eq!(shop.answer(id(0), Some(id(2))), "older-than-deployed");
    let admission = shop.admit(id(1), Some(id(2))).unwrap();
    assert_eq!(admission.grounds, Grounds::RollbackTarget);
    shop.now = "2027-11-20T12:00:00Z".parse().unwrap();
    assert_eq!(shop.answer(id(1), Some(id(2))), "ok", "at any hour");
}

#[test]
fn time_bounds_the_first_deployment_only() {
    let (mut shop, _) = three_links();
    for (now, expected) in [
        ("2026-11-20T09:58:59Z", "error clock.behind"),
        ("2026-11-20T09:59:00Z", "ok"),
        ("2026-11-21T09:59:59Z", "ok"),
        ("2026-11-21T10:00:00Z", "expired"),
    ] {
        shop.now = now.parse().unwrap();
        assert_eq!(shop.answer(id(2), Some(id(0))), expected, "{now}");
        assert_eq!(shop.answer(id(2), Some(id(2))), "ok", "{now}: what runs");
    }
    shop.baseline();
    assert_eq!(shop.answer(id(2), None), "ok", "a baseline, at any hour");
    shop.now = "2026-11-20T09:00:00Z".parse().unwrap();
    assert_eq!(shop.answer(id(1), Some(id(0))), "error clock.behind");
    assert_eq!(shop.answer(id(2), None), "ok", "a baseline, even so");
}

#[test]
fn a_clock_with_which_a_witness_disagrees_is_asked_for_nothing() {
    let (mut shop, _) = three_links();
    for (says, bound, expected) in [
        ("2026-11-20T12:05:00Z", Bound::Now, "ok"),
        ("2026-11-20T12:05:01Z", Bound::Now, "error clock.behind"),
        ("2026-11-20T11:55:00Z", Bound::Now, "ok"),
        ("2026-11-20T11:54:59Z", Bound::Now, "error clock.ahead"),
        ("2026-11-20T11:54:59Z", Bound::NotBefore, "ok"),
        (
            "2026-11-20T12:05:01Z",
            Bound::NotBefore,
            "error clock.behind",
        ),
    ] {
        let witness = |says: &str, bound| Witness {
            who: "the API server".to_owned(),
            says: says.parse().unwrap(),
            heard_at: shop.now,
            bound,
        };
        // One that agrees does not outvote it.
        let agrees = witness("2026-11-20T12:00:00Z", Bound::Now);
        shop.witnesses = vec![agrees, witness(says, bound)];
        assert_eq!(shop.answer(id(2), Some(id(0))), expected, "{says}");
        assert_eq!(shop.answer(id(2), Some(id(2))), "ok", "{says}: what runs");
        assert_eq!(
            shop.answer(id(1), Some(id(2))),
            "ok",
            "{says}: the way back"
        );
    }
    shop.witnesses = vec![Witness {
        who: "the API server".to_owned(),
        says: "2030-01-01T00:00:00Z".parse().unwrap(),
        heard_at: shop.now,
        bound: Bound::Now,
    }];
    shop.baseline();
    assert_eq!(shop.answer(id(2), None), "ok", "a baseline, at any hour");
}

#[test]
fn a_step_back_to_what_may_never_have_run_is_bounded_by_clock_and_tier() {
    let mut shop = Shop::new();
    for (files, tier) in [
        (A, RiskTier::Low),
        (B, RiskTier::High),
        (A, RiskTier::Medium),
    ] {
        shop.commit(files);
        shop.sign(tier);
    }
    for running in [id(0), id(2)] {
        shop.now = "2026-11-20T12:00:00Z".parse().unwrap();
        shop.gate.max_tier = RiskTier::High;
        assert_eq!(shop.answer(id(1), Some(running)), "ok");
        shop.gate.max_tier = RiskTier::Medium;
        assert_eq!(shop.answer(id(1), Some(running)), "held");
        shop.now = "2026-11-20T09:58:59Z".parse().unwrap();
        let early = shop.answer(id(1), Some(running));
        assert_eq!(early, "error clock.behind");
    }
}

#[test]
fn where_what_runs_is_unknown_only_the_newest_counts_and_as_critical() {
    let (mut shop, _) = three_links();
    assert_eq!(shop.answer(id(1), None), "superseded");
    assert_eq!(shop.admit(id(2), None).unwrap().tier, RiskTier::Critical);
    shop.gate.max_tier = RiskTier::High;
    assert_eq!(shop.answer(id(2), None), "held");
    assert_eq!(shop.answer(id(2), Some(id(0))), "ok");
    shop.baseline();
    assert_eq!(shop.answer(id(2), None), "ok");
}

#[test]
fn a_held_change_does_not_ride_under_a_harmless_one() {
    let mut shop = Shop::new();
    for (files, tier) in [
        (A, RiskTier::Low),
        (B, RiskTier::Critical),
        (C, RiskTier::Low),
    ] {
        shop.commit(files);
        shop.sign(tier);
    }
    shop.gate.max_tier = RiskTier::High;
    assert_eq!(shop.answer(id(1), Some(id(0))), "held");
    assert_eq!(shop.answer(id(2), Some(id(0))), "held");
    assert_eq!(shop.answer(id(2), Some(id(1))), "ok");
    shop.unit = UnitId::new("prod", "gate").unwrap();
    shop.commit(A);
    shop.sign(RiskTier::Low);
    let head = shop.commit(B);
    shop.sign(RiskTier::Critical);
    assert_eq!(
        shop.answer(head, Some(id(3))),
        "ok",
        "never for the gate itself"
    );
}

#[test]
fn a_tree_that_came_again_is_its_highest_link() {
    let (shop, _) = three_links();
    shop.commit(B);
    let again = shop.sign(RiskTier::Low);
    assert_eq!(shop.admit(id(3), Some(id(2))).unwrap().link.digest(), again);
    assert_eq!(shop.answer(id(2), Some(id(3))), "ok", "the rollback target");
    assert_eq!(shop.answer(id(0), Some(id(1))), "older-than-deployed");
    shop.withdraw(again);
    assert_eq!(
        shop.answer(id(3), Some(id(2))),
        "withdrawn",
        "the lower one does not step in"
    );
}

#[test]
fn a_withdrawn_link_admits_nothing_and_the_next_is_judged_from_below_it() {
    let (mut shop, digests) = three_links();
    shop.withdraw(digests[1]);
    assert_eq!(shop.answer(id(1), Some(id(0))), "withdrawn");
    assert_eq!(
        shop.answer(id(2), Some(id(0))),
        "withdrawn",
        "it rests on the withdrawn one"
    );
    assert_eq!(shop.answer(id(1), Some(id(1))), "withdrawn");
    let head = shop.commit(&[("apps/web", 4)]);
    assert_eq!(shop.draft().base.unwrap().commit, id(0));
    shop.sign(RiskTier::Low);
    for deployed in [0, 1, 2] {
        assert_eq!(
            shop.answer(head, Some(id(deployed))),
            "ok",
            "from {deployed}"
        );
    }
    let path = shop
        .store
        .files
        .borrow()
        .keys()
        .find(|path| path.contains("withdrawals"))
        .cloned();
    let envelope = shop
        .store
        .files
        .borrow_mut()
        .remove(&path.unwrap())
        .unwrap();
    assert_eq!(
        shop.answer(head, Some(id(0))),
        "store-gap",
        "the withdrawal is missed"
    );
    shop.store.put("withdrawals/x.json", &envelope);
    shop.trust = TrustFile::new(vec![sample::trusted(1, &["staging"])]).unwrap();
    assert_eq!(shop.answer(head, Some(id(0))), "signer-not-trusted-for");
}

#[test]
fn a_withdrawal_that_a_link_lists_outlives_the_trust_in_its_key() {
    let (mut shop, digests) = three_links();
    let one = TrustFile::new(vec![sample::trusted(1, &["*"])]).unwrap();
    let both =
        TrustFile::new(vec![sample::trusted(1, &["*"]), sample::trusted(2, &["*"])]).unwrap();
    shop.trust = both.clone();
    shop.withdraw_by(2, digests[2]);
    assert_eq!(shop.answer(id(2), Some(id(0))), "withdrawn");
    // Nothing lists it yet.
    shop.trust = one.clone();
    assert_eq!(shop.answer(id(2), Some(id(0))), "ok");
    for as_baseline in [false, true] {
        shop.trust = both.clone();
        let head = shop.commit(&[("apps/web", if as_baseline { 6 } else { 5 })]);
        match as_baseline {
            true => shop.baseline(),
            false => shop.sign(RiskTier::Low),
        };
        shop.trust = one.clone();
        assert_eq!(shop.answer(id(2), Some(id(0))), "withdrawn");
        assert_eq!(shop.answer(head, Some(id(0))), "ok");
        let chain = shop.chain();
        assert!(chain.is_withdrawn(digests[2]));
        assert!(chain.rejected().is_empty(), "{:?}", chain.rejected());
        assert_eq!(chain.known_withdrawals().len(), 1);
    }
    // The link that it takes back need not count any more, and the file must be there.
    let baseline = shop.chain().newest().unwrap().verdict().head.commit;
    shop.store
        .files
        .borrow_mut()
        .remove("links/prod/odoo/2.json");
    assert_eq!(shop.answer(baseline, None), "ok");
    let mut files = shop.store.files.borrow_mut();
    files.retain(|path, _| !path.starts_with("withdrawals/"));
    drop(files);
    assert_eq!(shop.answer(baseline, None), "store-gap");
}

#[test]
fn of_two_links_of_one_height_one_stays_taken_back_once_a_link_lists_that() {
    let (mut shop, _) = three_links();
    shop.commit(&[("apps/web", 4)]);
    let mut twin = shop.draft();
    shop.publish(&twin);
    twin.tzdb = "2026b".into();
    let path = "links/prod/odoo/3-copy.json";
    shop.store.put(path, &twin.signed());
    assert_eq!(shop.chain().equivocations(), [3]);
    let twin = Digest::of(&twin.to_statement_bytes().unwrap());
    shop.trust =
        TrustFile::new(vec![sample::trusted(1, &["*"]), sample::trusted(2, &["*"])]).unwrap();
    shop.withdraw_by(2, twin);
    shop.commit(&[("apps/web", 5)]);
    shop.sign(RiskTier::Low);
    shop.trust = TrustFile::new(vec![sample::trusted(1, &["*"])]).unwrap();
    assert!(shop.chain().equivocations().is_empty());
    assert!(shop.chain().is_withdrawn(twin));
}

#[test]
fn a_withdrawal_by_a_stranger_or_of_another_unit_has_no_effect() {
    let (shop, digests) = three_links();
    let mut foreign = Shop::new();
    foreign.unit = UnitId::new("prod", "redis").unwrap();
    foreign.withdraw(digests[2]);
    for (path, envelope) in foreign.store.files.borrow().iter() {
        shop.store.put(path, envelope);
        let payload = crate::attest::unverified_payload(envelope).unwrap();
        let text = String::from_utf8(payload).unwrap().replace("redis", "odoo");
        let stranger = crate::attest::sign(text.as_bytes(), &sample::key(6));
        shop.store.put("withdrawals/stranger.json", &stranger);
    }
    assert_eq!(shop.answer(id(2), Some(id(1))), "ok");
}

#[test]
fn by_a_revoked_key_nobody_takes_back_a_link_before_it_was_signed_as_far_as_clocks_agree() {
    for (second, is_revoked, counts) in [
        ("09:58:59", true, false),
        ("09:59:00", true, true),
        ("10:00:00", true, true),
        ("09:58:59", false, true),
    ] {
        let (mut shop, digests) = three_links();
        let revocation = Revocation {
            public: sample::key(1).public(),
            from: "2026-11-20T10:30:00Z".parse().unwrap(),
            reason: "stolen".to_owned(),
            keep: digests.to_vec(),
        };
        if is_revoked {
            shop.trust = shop.trust.with_revoked(vec![revocation]).unwrap();
        }
        shop.now = format!("2026-11-20T{second}Z").parse().unwrap();
        shop.withdraw(digests[2]);
        let chain = shop.chain();
        assert_eq!(chain.is_withdrawn(digests[2]), counts, "{second}");
        assert_eq!(chain.rejected().len(), usize::from(!counts), "{second}");
    }
}

#[test]
fn a_report_that_does_not_count_is_told_with_the_height_that_it_claims() {
    use crate::store::Store as _;
    let (shop, digests) = three_links();
    shop.commit(&[("apps/web", 4)]);
    let mut failed = shop.draft();
    failed.outcome = Outcome::Fail;
    failed.counts.denied = 2;
    let bytes = failed.to_statement_bytes().unwrap();
    let forged = crate::attest::sign(&bytes, &sample::key(6));
    let tree = failed.head.gated_tree;
    shop.store
        .publish_report(&shop.unit, tree, Digest::of(&bytes), &forged)
        .unwrap();
    shop.store
        .publish_renewal(digests[2], shop.now, &forged)
        .unwrap();
    let chain = shop.chain();
    let told = chain.rejected().iter();
    let told: Vec<_> = told.map(|file| (file.kind, file.claimed_height)).collect();
    assert_eq!(told, [(Kind::Report, Some(3)), (Kind::Renewal, None)]);
}

#[test]
fn an_observed_link_on_the_way_admits_no_enforcing_environment() {
    let mut shop = Shop::new();
    shop.commit(A);
    shop.sign(RiskTier::Low);
    shop.gate.enforcement = Enforcement::Observe;
    shop.commit(B);
    shop.sign(RiskTier::Low);
    assert_eq!(shop.answer(id(1), Some(id(0))), "ok");
    shop.gate.enforcement = Enforcement::Enforce;
    assert_eq!(shop.answer(id(1), Some(id(0))), "observed");
    shop.commit(C);
    shop.sign(RiskTier::Low);
    assert_eq!(shop.answer(id(2), Some(id(0))), "observed");
    assert_eq!(shop.answer(id(2), Some(id(1))), "ok");
}

#[test]
fn what_runs_without_a_link_is_unjudged_until_a_baseline() {
    let (shop, _) = three_links();
    let unjudged = shop.commit(&[("apps/web", 66)]);
    assert_eq!(shop.answer(id(2), Some(unjudged)), "unjudged-base");
    assert_eq!(shop.answer(unjudged, Some(unjudged)), "missing");
    shop.baseline();
    assert_eq!(
        shop.admit(unjudged, Some(unjudged)).unwrap().grounds,
        Grounds::Running
    );
    assert_eq!(shop.answer(unjudged, Some(id(0))), "ok");
}

#[test]
fn the_remaining_ties_hold() {
    let (mut shop, _) = three_links();
    shop.gate.repository = Some("https://git.example/shop".into());
    assert_eq!(shop.answer(id(2), Some(id(0))), "other-repository");
    shop.gate.repository = None;
    shop.minimum_height = 3;
    assert_eq!(shop.answer(id(2), Some(id(0))), "superseded");
    shop.minimum_height = 0;
    let head = shop.commit(&[("apps/web", 4)]);
    let draft = shop.draft();
    shop.publish(&Verdict {
        gate_state: Some(Digest::of(b"gate")),
        ..draft
    });
    assert_eq!(shop.answer(head, Some(id(2))), "store-gap");
    shop.gate.links.insert(Digest::of(b"gate"));
    assert_eq!(shop.answer(head, Some(id(2))), "ok");
    // A commit that was never a head, inside of what a later link judged.
    let (shop, _) = three_links();
    let inside = shop.commit(&[("apps/web", 5)]);
    shop.commit(&[("apps/web", 6)]);
    shop.sign(RiskTier::Low);
    assert_eq!(shop.answer(inside, Some(id(2))), "superseded");
}

#[test]
fn a_link_whose_commit_is_gone_or_differs_is_an_error() {
    let (shop, _) = three_links();
    let head = shop.commit(&[("apps/web", 4)]);
    let mut verdict = shop.draft();
    verdict.head.commit = id(999);
    shop.publish(&verdict);
    assert_eq!(shop.answer(head, Some(id(2))), "error git.missing-object");
    let (shop, _) = three_links();
    shop.commit(&[("apps/web", 4)]);
    let mut verdict = shop.draft();
    verdict.head.commit = id(0);
    shop.publish(&verdict);
    assert_eq!(
        shop.answer(id(3), Some(id(2))),
        "error store.link-not-reproducible"
    );
}

#[test]
fn a_failed_verdict_is_a_report_that_refuses_at_once() {
    use crate::store::Store as _;
    let (shop, _) = three_links();
    let head = shop.commit(&[("apps/web", 4)]);
    let mut failed = shop.draft();
    failed.outcome = Outcome::Fail;
    failed.counts.denied = 2;
    let digest = Digest::of(&failed.to_statement_bytes().unwrap());
    let tree = failed.head.gated_tree;
    shop.store
        .publish_report(&shop.unit, tree, digest, &failed.signed())
        .unwrap();
    assert_eq!(shop.answer(head, Some(id(2))), "failed");
    assert_eq!(
        shop.chain().newest().unwrap().verdict().height,
        2,
        "nobody is blocked"
    );
}

#[test]
fn a_single_verdict_is_checked_strictly() {
    let (shop, _) = three_links();
    let envelope = shop.store.files.borrow()["links/prod/odoo/2.json"].clone();
    let expectation = Expectation {
        trust: &shop.trust,
        unit: &shop.unit,
        repository: ExpectedRepository::Exactly(None),
        revision: id(2),
        enforcement: Enforcement::Enforce,
        chain: None,
        timetable: None,
        now: shop.now,
    };
    let verified = verify(&envelope, &expectation, &shop.repository).unwrap();
    assert_eq!(verified.verdict().height, 2);
    assert_eq!(verified.signers().len(), 1);
    assert_eq!(verified.signers()[0].principal, "signer-1");
    let refused = |envelope: &[u8], expectation: &Expectation<'_>| {
        reasons(verify(envelope, expectation, &shop.repository).unwrap_err())
    };
    let everything = Expectation {
        repository: ExpectedRepository::Exactly(Some("https://git.example/shop")),
        revision: id(1),
        now: "2027-01-01T00:00:00Z".parse().unwrap(),
        ..expectation
    };
    assert_eq!(
        refused(&envelope, &everything),
        [Reason::OtherRepository, Reason::OtherTree, Reason::Expired]
    );
    let redis = UnitId::new("prod", "redis").unwrap();
    let other = Expectation {
        unit: &redis,
        ..expectation
    };
    assert_eq!(refused(&envelope, &other), [Reason::OtherUnit]);
    let mut flipped = envelope;
    flipped[100] ^= 1;
    assert_eq!(refused(&flipped, &expectation).len(), 1);
    let long = vec![b' '; crate::model::limits::ENVELOPE.most + 1];
    let error = verify(&long, &expectation, &shop.repository).unwrap_err();
    assert_eq!(code_of(&error), "limit.envelope");
}

#[test]
fn a_gate_link_is_vouched_for_by_the_one_before_it() {
    let mut shop = Shop::new();
    shop.unit = UnitId::new("prod", "gate").unwrap();
    let trusting = |byte| TrustFile::new(vec![sample::trusted(byte, &["*"])]).unwrap();
    for files in [A, B, C] {
        shop.commit(files);
        shop.sign(RiskTier::Critical);
    }
    // Commit 1 hands over from key 1 to key 2; link 2 is still signed by key 1.
    let handed_over = |commit| Ok::<_, SourceError>(trusting(if commit == id(0) { 1 } else { 2 }));
    let chain = Chain::read_gate(&shop.store, &shop.unit, handed_over).unwrap();
    assert_eq!(chain.links().len(), 2);
    assert_eq!(chain.rejected()[0].refusal.reason, Reason::Signature);
    let unchanged = |_| Ok::<_, SourceError>(trusting(1));
    assert_eq!(
        Chain::read_gate(&shop.store, &shop.unit, unchanged)
            .unwrap()
            .links()
            .len(),
        3
    );
    // Without the first, nobody vouches for the others, though they be baselines.
    shop.baseline();
    shop.store
        .files
        .borrow_mut()
        .retain(|path, _| path.contains("/3.json"));
    let chain = Chain::read_gate(&shop.store, &shop.unit, unchanged).unwrap();
    assert!(chain.links().is_empty());
    assert_eq!(chain.rejected()[0].refusal.reason, Reason::StoreGap);
}
