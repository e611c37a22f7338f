//! Where one answer of admission ends and another begins: selectors that changed, links that were jumped over, windows.
//! Each test stands on both sides of an edge.

use super::shop::{Shop, id};
use crate::{
    attest::{Renewal, Verdict, sample},
    calendar::Calendar,
    config::Config,
    model::{Digest, Enforcement, RepoPath, RiskTier},
    store::Store as _,
    verify::{AdmitError, Chain, Grounds, Reason, Refusal},
};

type Files = &'static [(&'static str, u32)];

const A: Files = &[("apps/web", 1)];
const B: Files = &[("apps/web", 2)];
const C: Files = &[("apps/web", 3)];
/// What `apps/**` does not tell from [`A`].
const A_AND_JOB: Files = &[("apps/web", 1), ("jobs/night", 1)];

/// Links 0 (A, baseline), 1 (B), 2 (C) at the commits 0, 1, 2.
fn three_links() -> (Shop, [Digest; 3]) {
    let shop = Shop::new();
    let digests = [A, B, C].map(|files| {
        shop.commit(files);
        shop.sign(RiskTier::Low)
    });
    (shop, digests)
}

fn wide() -> Vec<String> {
    vec!["apps/**".into(), "jobs/**".into()]
}

fn narrow() -> Vec<String> {
    vec!["apps/**".into()]
}

#[test]
fn files_that_the_newest_selector_let_go_are_nothing_to_go_back_from() {
    let mut shop = Shop::new();
    shop.gate.selector = wide();
    shop.commit(A);
    shop.sign(RiskTier::Low);
    shop.gate.selector = narrow();
    shop.sign(RiskTier::Low);
    let running = shop.commit(A_AND_JOB);
    assert_eq!(shop.answer(running, Some(id(0))), "ok");
    // Both are link 1, and link 1 names link 0 as its target; but a job runs that link 0 never had.
    shop.gate.selector = wide();
    assert_eq!(shop.answer(id(0), Some(running)), "other-selector");
    assert_eq!(shop.answer(id(0), Some(id(0))), "ok");
}

#[test]
fn another_commit_with_the_files_that_run_is_applied_at_any_hour() {
    let (mut shop, _) = three_links();
    let documents = shop.commit(&[("apps/web", 3), ("README.md", 1)]);
    shop.now = "2027-11-20T12:00:00Z".parse().unwrap();
    for (wanted, running) in [(documents, id(2)), (id(2), documents)] {
        let admission = shop.admit(wanted, Some(running)).unwrap();
        assert_eq!(admission.grounds, Grounds::Running);
    }
}

#[test]
fn a_link_is_no_step_back_to_itself() {
    let mut shop = Shop::new();
    shop.commit(A);
    shop.sign(RiskTier::Low);
    shop.gate.selector = wide();
    shop.sign(RiskTier::Low);
    shop.gate.selector = narrow();
    // Link 0 under its own selector, and no link under that of link 1.
    let wanted = shop.commit(A_AND_JOB);
    assert_eq!(shop.answer(wanted, Some(id(0))), "older-than-deployed");
}

#[test]
fn the_way_from_a_tree_of_two_selectors_begins_below_the_change() {
    let mut shop = Shop::new();
    shop.commit(A);
    shop.sign(RiskTier::Low);
    shop.gate.selector = wide();
    shop.sign(RiskTier::Critical);
    let head = shop.commit(B);
    shop.sign(RiskTier::Low);
    let admission = shop.admit(head, Some(id(0))).unwrap();
    assert_eq!(admission.way, [2, 1]);
    assert_eq!(admission.tier, RiskTier::Critical);
}

#[test]
fn a_baseline_that_was_observed_is_left_alone_and_admits_nothing_new() {
    let mut shop = Shop::new();
    shop.gate.enforcement = Enforcement::Observe;
    shop.commit(A);
    shop.sign(RiskTier::Low);
    assert_eq!(shop.answer(id(0), None), "ok");
    shop.gate.enforcement = Enforcement::Enforce;
    assert_eq!(shop.answer(id(0), None), "observed");
    assert_eq!(shop.answer(id(0), Some(id(0))), "ok", "what runs");
}

#[test]
fn only_the_newest_baseline_is_the_way_out_of_what_was_never_judged() {
    let (shop, _) = three_links();
    let unjudged = shop.commit(&[("apps/web", 66)]);
    shop.commit(&[("apps/web", 4)]);
    shop.baseline();
    let admission = shop.admit(id(4), Some(unjudged)).unwrap();
    assert_eq!(admission.grounds, Grounds::Baseline);
    assert_eq!(shop.answer(id(0), Some(unjudged)), "unjudged-base");
    let head = shop.commit(&[("apps/web", 5)]);
    shop.sign(RiskTier::Low);
    assert_eq!(shop.answer(head, Some(unjudged)), "unjudged-base");
    assert_eq!(shop.answer(id(4), Some(unjudged)), "unjudged-base");
}

#[test]
fn where_what_runs_is_unknown_a_withdrawn_link_is_told_from_an_old_one() {
    let (shop, digests) = three_links();
    assert_eq!(shop.answer(id(1), None), "superseded");
    shop.withdraw(digests[1]);
    assert_eq!(shop.answer(id(1), None), "withdrawn");
    assert_eq!(shop.answer(id(2), None), "withdrawn", "it rests on it");
    shop.commit(&[("apps/web", 4)]);
    shop.sign(RiskTier::Low);
    assert_eq!(shop.answer(id(1), None), "withdrawn");
}

#[test]
fn the_way_over_a_withdrawn_link_that_runs_ends_below_it() {
    let mut shop = Shop::new();
    let tiers = [RiskTier::Low, RiskTier::High, RiskTier::Low];
    let digests: Vec<Digest> = [A, B, C]
        .into_iter()
        .zip(tiers)
        .map(|(files, tier)| {
            shop.commit(files);
            shop.sign(tier)
        })
        .collect();
    shop.withdraw(digests[1]);
    let head = shop.commit(&[("apps/web", 4)]);
    shop.sign(RiskTier::Low);
    // The baseline below counts as critical, and is not on the way; what is taken back is.
    shop.gate.max_tier = RiskTier::High;
    for deployed in [0, 1, 2] {
        let admission = shop.admit(head, Some(id(deployed))).unwrap();
        assert_eq!(admission.tier, RiskTier::High, "from {deployed}");
        assert_eq!(admission.way, [3], "from {deployed}");
    }
    let chain = shop.chain();
    let (first, last) = (&chain.links()[0], &chain.links()[3]);
    assert_eq!(chain.basis(last), Some(first));
    assert_eq!(chain.basis(first), None);
    assert!(digests.iter().all(|link| chain.digests().contains(link)));
}

#[test]
fn the_lowest_height_and_other_options_of_renderers() {
    let (mut shop, _) = three_links();
    shop.minimum_height = 2;
    assert_eq!(shop.answer(id(2), Some(id(1))), "ok");
    shop.minimum_height = 3;
    assert_eq!(shop.answer(id(2), Some(id(1))), "superseded");
    shop.minimum_height = 0;
    shop.gate.rendering = Some(Digest::of(b"options"));
    assert_eq!(shop.answer(id(2), Some(id(1))), "source-override");
    assert_eq!(shop.answer(id(2), Some(id(2))), "ok", "what runs");
}

#[test]
fn a_baseline_follows_the_link_below_it_or_what_is_gone() {
    let (shop, digests) = three_links();
    shop.commit(&[("apps/web", 4)]);
    let nobody = Verdict {
        baseline: true,
        previous: Some(Digest::of(b"nobody")),
        change_digest: None,
        facts_digest: None,
        rollback_to: None,
        ..shop.draft()
    };
    shop.publish(&nobody);
    assert_eq!(shop.answer(id(3), None), "store-gap", "link 2 is there");
    let files = &shop.store.files;
    files.borrow_mut().remove("links/prod/odoo/2.json");
    assert_eq!(shop.answer(id(3), None), "ok", "link 2 is gone");
    files.borrow_mut().remove("links/prod/odoo/3.json");
    shop.publish(&Verdict {
        previous: Some(digests[2]),
        ..nobody
    });
    assert_eq!(shop.answer(id(3), None), "ok");
    assert_eq!(shop.chain().links().len(), 3);
}

#[test]
fn two_baselines_of_one_height_settle_nothing() {
    let (shop, _) = three_links();
    let head = shop.commit(&[("apps/web", 4)]);
    shop.baseline();
    let twin = Verdict {
        tzdb: "2019c".into(),
        ..shop.chain().newest().unwrap().verdict().clone()
    };
    shop.store
        .put("links/prod/odoo/3-copy.json", &twin.signed());
    let chain = shop.chain();
    assert_eq!(chain.equivocations(), [3]);
    assert_eq!(shop.answer(head, None), "equivocation");
    // It lies beside the newest link, not above it: the next baseline follows what counts.
    assert!(chain.stray_above().is_none());
    let newest = chain.newest().unwrap().verified().digest();
    assert_eq!(chain.next_baseline().unwrap().previous, Some(newest));
}

#[test]
fn links_that_are_not_at_hand_are_read_with_the_others_and_only_then() {
    let (shop, _) = three_links();
    let whole = Chain::read_whole(&shop.store, &shop.unit, &shop.trust).unwrap();
    assert!(whole.is_none());
    let all = || {
        let chain = Chain::read_all(&shop.store, &shop.unit, &shop.trust);
        chain.unwrap().links().len()
    };
    assert_eq!(all(), 3);
    for height in [0, 1] {
        let path = format!("links/prod/odoo/{height}.json");
        let link = shop.store.files.borrow_mut().remove(&path).unwrap();
        shop.store.older.borrow_mut().insert(path, link);
    }
    assert_eq!(shop.chain().links().len(), 0, "what it follows is gone");
    let whole = Chain::read_whole(&shop.store, &shop.unit, &shop.trust).unwrap();
    assert_eq!(whole.unwrap().links().len(), 3);
    assert_eq!(all(), 3);
}

#[test]
fn a_baseline_goes_above_what_a_trusted_key_signed_though_it_does_not_count() {
    let (shop, digests) = three_links();
    shop.commit(&[("apps/web", 4)]);
    let link = shop.draft();
    shop.store.put("links/prod/odoo/9.json", &link.signed());
    let chain = shop.chain();
    let digest = Digest::of(&link.to_statement_bytes().unwrap());
    let (file, height, stray) = chain.stray_above().unwrap();
    assert_eq!((height, stray), (3, digest));
    assert_eq!(file.place, "links/prod/odoo/9.json");
    let next = chain.next().unwrap();
    assert_eq!((next.height, next.previous), (3, Some(digests[2])));
    let next = chain.next_baseline().unwrap();
    assert_eq!((next.height, next.previous), (4, Some(digest)));
}

#[test]
fn each_window_is_told_once_and_by_what_rules_it_was_judged() {
    let mut shop = Shop::new();
    for (files, tzdb) in [(A, "2019c"), (B, "2019c"), (C, "2019c")] {
        shop.commit(files);
        shop.publish(&Verdict {
            risk_tier: RiskTier::High,
            tzdb: tzdb.into(),
            ..shop.draft()
        });
    }
    shop.calendars = calendars();
    let told = |deployed| match shop.admit(id(2), Some(id(deployed))) {
        Err(AdmitError::Refused { refusals, .. }) => refusals,
        other => panic!("{other:?}"),
    };
    let names = |refusals: &[Refusal]| -> Vec<bool> {
        let windows = ["`black-week`", "`upkeep`"].iter();
        assert!(refusals.iter().all(|one| one.reason == Reason::Frozen));
        let is_told = windows.map(|name| refusals.iter().any(|one| one.expected.contains(name)));
        is_told.collect()
    };
    for deployed in [0, 1] {
        let refusals = told(deployed);
        assert_eq!(refusals.len(), 2, "{refusals:?}");
        assert_eq!(names(&refusals), [true, true]);
        let end = "which ends at 2026-12-01 00:00 UTC (2026-12-01T00:00:00Z)";
        assert!(refusals.iter().any(|one| one.expected.ends_with(end)));
    }
    // What is unknown is asked with the rules of today.
    let by_others = |refusals: &[Refusal]| {
        let mut all = refusals.iter();
        all.any(|one| one.found.contains("judged by tzdb"))
    };
    assert!(!by_others(&told(1)));
    let class = crate::calendar::Class::unknown(RiskTier::High, &[]);
    shop.commit(&[("apps/web", 4)]);
    for (tzdb, expected) in [("2019c", true), (crate::calendar::tzdb_version(), false)] {
        shop.store
            .files
            .borrow_mut()
            .remove("links/prod/odoo/3.json");
        shop.publish(&Verdict {
            risk_tier: RiskTier::High,
            classes: Some([class.clone()].into()),
            tzdb: tzdb.into(),
            ..shop.draft()
        });
        let Err(AdmitError::Refused { refusals, .. }) = shop.admit(id(3), Some(id(2))) else {
            panic!("it is admitted");
        };
        assert_eq!(by_others(&refusals), expected, "{tzdb}");
    }
}

#[test]
fn a_baseline_on_the_way_is_held_as_critical_whatever_it_says() {
    let mut shop = Shop::new();
    shop.commit(A);
    shop.sign(RiskTier::Low);
    shop.commit(B);
    let accepted = Verdict {
        baseline: true,
        risk_tier: RiskTier::Low,
        change_digest: None,
        facts_digest: None,
        rollback_to: None,
        ..shop.draft()
    };
    shop.publish(&accepted);
    shop.commit(C);
    shop.sign(RiskTier::Low);
    shop.calendars = calendars();
    assert_eq!(shop.answer(id(2), Some(id(1))), "ok");
    assert_eq!(shop.answer(id(2), Some(id(0))), "frozen frozen");
}

#[test]
fn what_a_renewal_says_of_the_changes_is_asked_as_well() {
    let (mut shop, digests) = three_links();
    shop.calendars = calendars();
    assert_eq!(shop.answer(id(2), Some(id(1))), "ok");
    let renew = |from: &str, risk_tier| {
        let renewal = Renewal {
            engine_version: "0.1.0".into(),
            environment: "prod".into(),
            unit: "odoo".into(),
            link: digests[2],
            height: 2,
            valid_from: from.parse().unwrap(),
            valid_until: "2026-11-21T11:00:00Z".parse().unwrap(),
            risk_tier,
            classes: None,
            gate_state: None,
            also_judged_by: None,
            policy_digest: Digest::of(b""),
            config_digest: Digest::of(b""),
            facts_digest: Digest::of(b""),
        };
        let bytes = renewal.to_statement_bytes().unwrap();
        let envelope = crate::attest::sign(&bytes, &sample::key(1));
        let time = renewal.valid_from;
        shop.store
            .publish_renewal(digests[2], time, &envelope)
            .unwrap();
    };
    renew("2026-11-20T11:00:00Z", RiskTier::Low);
    assert_eq!(shop.answer(id(2), Some(id(1))), "ok");
    renew("2026-11-20T11:30:00Z", RiskTier::High);
    assert_eq!(shop.answer(id(2), Some(id(1))), "frozen frozen");
}

/// Two freezes that let nothing through but what is low.
fn calendars() -> Vec<Calendar> {
    let text = "
environments: [{name: prod, paths: ['**'], calendars: [retail]}]
calendars:
  retail:
    timezone: UTC
    windows:
      - {id: black-week, kind: freeze, from: '2026-11-20T00:00', to: '2026-12-01T00:00', allow: [low]}
      - {id: upkeep, kind: freeze, from: '2026-11-20T08:00', to: '2026-11-20T18:00', allow: [low]}
";
    let config = Config::parse(&RepoPath::from("tidegate.yaml"), text.as_bytes()).unwrap();
    config.calendars.into_values().collect()
}
