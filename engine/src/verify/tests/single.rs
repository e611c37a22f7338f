//! A single verdict, with and without the store that it came from: exactly where it begins and ends to count.
//! Each test moves one thing across one bound.

use super::shop::{Shop, id, reasons};
use crate::{
    attest::{Rejection, Renewal, TrustFile, Verdict, sample},
    calendar::{Calendar, Class, Place},
    config::Config,
    model::{Digest, Enforcement, GitId, RepoPath, RiskTier, limits},
    store::Store as _,
    verify::{
        AdmitError, Chain, Error, Expectation, ExpectedRepository, Reason, Timetable, verify,
    },
};

/// Links 0, 1 and 2 at the commits 0, 1 and 2.
fn three_links() -> (Shop, [Digest; 3]) {
    let shop = Shop::new();
    let digests = [1, 2, 3].map(|content| {
        shop.commit(&[("apps/web", content)]);
        shop.sign(RiskTier::Low)
    });
    (shop, digests)
}

fn expectation(shop: &Shop) -> Expectation<'_> {
    Expectation {
        trust: &shop.trust,
        unit: &shop.unit,
        repository: ExpectedRepository::Any,
        revision: id(2),
        enforcement: Enforcement::Enforce,
        chain: None,
        timetable: None,
        now: shop.now,
    }
}

fn envelope(shop: &Shop, height: u64) -> Vec<u8> {
    shop.store.files.borrow()[&format!("links/prod/odoo/{height}.json")].clone()
}

/// Why the verdict of link 2 does not count; nothing where it does.
fn refused(shop: &Shop, expectation: &Expectation<'_>) -> Vec<Reason> {
    let answer = verify(&envelope(shop, 2), expectation, &shop.repository);
    answer.map_or_else(reasons, |_| Vec::new())
}

#[test]
fn its_time_begins_a_minute_early_and_ends_at_its_last_instant() {
    let (shop, _) = three_links();
    for (now, expected) in [
        ("2026-11-20T09:58:59Z", vec![Reason::NotYetValid]),
        ("2026-11-20T09:59:00Z", vec![]),
        ("2026-11-20T10:00:00Z", vec![]),
        ("2026-11-21T09:59:59Z", vec![]),
        ("2026-11-21T10:00:00Z", vec![Reason::Expired]),
        ("2026-11-21T10:00:01Z", vec![Reason::Expired]),
    ] {
        let now = now.parse().unwrap();
        let at = Expectation {
            now,
            ..expectation(&shop)
        };
        assert_eq!(refused(&shop, &at), expected, "{now}");
    }
}

#[test]
fn an_envelope_as_long_as_any_may_be_is_read_and_no_longer_one() {
    let (shop, _) = three_links();
    let mut long = envelope(&shop, 2);
    long.resize(limits::ENVELOPE.most, b' ');
    let expectation = expectation(&shop);
    assert!(verify(&long, &expectation, &shop.repository).is_ok());
    long.push(b' ');
    let error = verify(&long, &expectation, &shop.repository).unwrap_err();
    let AdmitError::Error(Error::Envelope(Rejection::TooLong { found, limit })) = error else {
        panic!("{error:?}");
    };
    assert_eq!(
        (found, limit),
        (limits::ENVELOPE.most + 1, limits::ENVELOPE.most)
    );
}

#[test]
fn it_is_refused_for_what_it_says_of_itself() {
    let mut shop = Shop::new();
    shop.gate.enforcement = Enforcement::Observe;
    for content in [1, 2] {
        shop.commit(&[("apps/web", content)]);
        shop.sign(RiskTier::Low);
    }
    shop.commit(&[("apps/web", 3)]);
    let mut failed = shop.draft();
    failed.outcome = crate::attest::Outcome::Fail;
    failed.counts.denied = 1;
    shop.publish(&failed);
    let enforcing = expectation(&shop);
    let observing = Expectation {
        enforcement: Enforcement::Observe,
        ..enforcing
    };
    assert_eq!(
        refused(&shop, &enforcing),
        [Reason::Failed, Reason::Observed]
    );
    assert_eq!(refused(&shop, &observing), [Reason::Failed]);
    let named = Expectation {
        repository: ExpectedRepository::Exactly(Some("https://git.example/shop")),
        ..observing
    };
    assert_eq!(
        refused(&shop, &named),
        [Reason::OtherRepository, Reason::Failed]
    );
}

#[test]
fn one_denial_is_told_as_one() {
    let (shop, _) = three_links();
    for (denied, expected) in [
        (1, "a failed one with 1 denial"),
        (2, "a failed one with 2 denials"),
    ] {
        let mut failed = shop.draft();
        failed.outcome = crate::attest::Outcome::Fail;
        failed.counts.denied = denied;
        let error = verify(&failed.signed(), &expectation(&shop), &shop.repository).unwrap_err();
        let AdmitError::Refused {
            refusals,
            enforcement,
        } = error
        else {
            panic!("{error:?}");
        };
        assert_eq!(refusals[0].found, expected);
        assert_eq!(enforcement, Enforcement::Enforce, "it is always strict");
    }
}

#[test]
fn the_height_that_the_trust_file_pins_is_the_lowest_that_counts() {
    let (mut shop, _) = three_links();
    for (height, expected) in [(2, vec![]), (3, vec![Reason::Superseded])] {
        shop.trust = pinning(height);
        assert_eq!(refused(&shop, &expectation(&shop)), expected, "{height}");
    }
}

#[test]
fn the_store_that_was_asked_vouches_for_the_links_that_stand_in_it() {
    let (shop, digests) = three_links();
    let asked = |chain: &Chain| {
        refused(
            &shop,
            &Expectation {
                chain: Some(chain),
                ..expectation(&shop)
            },
        )
    };
    assert_eq!(asked(&shop.chain()), []);
    assert_eq!(asked(&Shop::new().chain()), [Reason::Missing]);
    // A link of the same unit that another store holds says nothing of this one.
    let (other, _) = three_links();
    other
        .store
        .files
        .borrow_mut()
        .remove("links/prod/odoo/2.json");
    assert_eq!(asked(&other.chain()), [Reason::Missing]);
    shop.withdraw(digests[1]);
    assert_eq!(asked(&shop.chain()), [Reason::Withdrawn], "it rests on it");
    shop.commit(&[("apps/web", 4)]);
    shop.sign(RiskTier::Low);
    assert_eq!(asked(&shop.chain()), [Reason::Withdrawn]);
}

#[test]
fn a_link_that_was_taken_back_is_told_as_such_wherever_it_lies() {
    let (shop, digests) = three_links();
    let link = envelope(&shop, 2);
    shop.withdraw(digests[2]);
    let asked = || {
        let expectation = Expectation {
            chain: Some(&shop.chain()),
            ..expectation(&shop)
        };
        let answer = verify(&link, &expectation, &shop.repository);
        answer.map_or_else(reasons, |_| Vec::new())
    };
    assert_eq!(asked(), [Reason::Withdrawn]);
    let misplaced = shop
        .store
        .files
        .borrow_mut()
        .remove("links/prod/odoo/2.json");
    shop.store
        .put("links/prod/odoo/7.json", &misplaced.unwrap());
    assert_eq!(asked(), [Reason::Withdrawn]);
}

#[test]
fn a_renewal_moves_the_end_once_it_has_begun_and_the_newest_counts() {
    let (shop, digests) = three_links();
    for (from, until) in [
        ("2026-11-21T09:00:00Z", "2026-11-22T09:00:00Z"),
        ("2026-11-22T08:00:00Z", "2026-11-22T08:30:00Z"),
    ] {
        renew(&shop, &renewal(digests[2], from, until));
    }
    let chain = shop.chain();
    let begun = chain.renewals().iter().map(|renewal| renewal.valid_from);
    assert!(
        begun.eq(["2026-11-21T09:00:00Z", "2026-11-22T08:00:00Z"].map(|at| at.parse().unwrap()))
    );
    for (now, until, expected) in [
        // The first has not begun, not even for a clock that is a minute behind.
        ("2026-11-21T08:58:59Z", "2026-11-21T10:00:00Z", vec![]),
        ("2026-11-21T08:59:00Z", "2026-11-22T09:00:00Z", vec![]),
        ("2026-11-22T07:58:59Z", "2026-11-22T09:00:00Z", vec![]),
        ("2026-11-22T07:59:00Z", "2026-11-22T08:30:00Z", vec![]),
        (
            "2026-11-22T08:30:00Z",
            "2026-11-22T08:30:00Z",
            vec![Reason::Expired],
        ),
    ] {
        let at = Expectation {
            chain: Some(&chain),
            now: now.parse().unwrap(),
            ..expectation(&shop)
        };
        assert_eq!(refused(&shop, &at), expected, "{now}");
        let link = chain.links()[2].verified();
        assert_eq!(at.until(link), until.parse().unwrap(), "{now}");
        let below = chain.links()[1].verified();
        assert_eq!(at.until(below), below.verdict().valid_until, "{now}");
    }
}

#[test]
fn the_calendar_is_asked_again_where_it_is_not_the_one_it_was_signed_with() {
    let mut shop = Shop::new();
    shop.calendars = frozen();
    let calendars: Vec<_> = shop.calendars.iter().collect();
    let (digest, tzdb) = (
        crate::calendar::digest(&calendars),
        crate::calendar::tzdb_version(),
    );
    shop.commit(&[("apps/web", 1)]);
    shop.sign(RiskTier::Low);
    let head = shop.commit(&[("apps/web", 2)]);
    let draft = Verdict {
        calendar_digest: digest,
        tzdb: tzdb.into(),
        ..shop.draft()
    };
    let timetable = Timetable {
        calendars,
        place: PLACE,
    };
    let asked = |verdict: &Verdict, chain: Option<&Chain>, timetable| {
        let expectation = Expectation {
            revision: head,
            chain,
            timetable,
            ..expectation(&shop)
        };
        let answer = verify(&verdict.signed(), &expectation, &shop.repository);
        answer.map_or_else(reasons, |_| Vec::new())
    };
    assert_eq!(asked(&draft, None, Some(&timetable)), []);
    let others = [
        Verdict {
            calendar_digest: None,
            ..draft.clone()
        },
        Verdict {
            tzdb: "2019c".into(),
            ..draft.clone()
        },
    ];
    for other in &others {
        assert_eq!(asked(other, None, Some(&timetable)), [Reason::Frozen]);
        assert_eq!(asked(other, None, None), [], "nobody to ask");
    }
    let baseline = sample::baseline(draft.head.clone());
    assert_eq!(asked(&baseline, None, Some(&timetable)), []);
    let link = shop.publish(&draft);
    assert_eq!(asked(&draft, Some(&shop.chain()), Some(&timetable)), []);
    let renewal = Renewal {
        height: 1,
        ..renewal(link, "2026-11-20T11:00:00Z", "2026-11-21T11:00:00Z")
    };
    renew(&shop, &renewal);
    assert_eq!(
        asked(&draft, Some(&shop.chain()), Some(&timetable)),
        [Reason::Frozen],
        "its end is no longer the one that the calendar gave it"
    );
}

#[test]
fn a_calendar_lets_through_what_goes_back_to_a_link_that_stands() {
    let mut shop = Shop::new();
    shop.calendars = frozen();
    let (first, second) = (&[("apps/web", 1)], &[("apps/web", 2)]);
    shop.commit(first);
    shop.sign(RiskTier::Low);
    let commit = |files: &[(&'static str, u32)]| {
        let revision = shop.commit(files);
        let verdict = Verdict {
            classes: Some([Class::unknown(RiskTier::Low, &[])].into()),
            ..shop.draft()
        };
        (revision, verdict)
    };
    let (_, newest) = commit(second);
    let link = shop.publish(&newest);
    let asked = |revision: GitId, verdict: &Verdict, chain: Option<&Chain>| {
        let expectation = Expectation {
            revision,
            chain,
            timetable: Some(&Timetable {
                calendars: shop.calendars.iter().collect(),
                place: PLACE,
            }),
            ..expectation(&shop)
        };
        let answer = verify(&verdict.signed(), &expectation, &shop.repository);
        answer.map_or_else(reasons, |_| Vec::new())
    };
    let itself = asked(id(1), &newest, Some(&shop.chain()));
    assert_eq!(itself, [Reason::Frozen], "it is not before itself");
    let (revision, verdict) = commit(first);
    shop.publish(&verdict);
    assert_eq!(asked(revision, &verdict, None), [Reason::Frozen]);
    assert_eq!(asked(revision, &verdict, Some(&shop.chain())), []);
    let (revision, verdict) = commit(second);
    shop.publish(&verdict);
    assert_eq!(
        asked(revision, &verdict, Some(&shop.chain())),
        [Reason::Frozen],
        "forth again is no way back"
    );
    shop.withdraw(link);
    assert_eq!(
        asked(revision, &verdict, Some(&shop.chain())),
        [Reason::Withdrawn, Reason::Frozen],
        "what was taken back is nothing to go back to"
    );
}

#[test]
fn a_way_back_leads_to_what_stands_and_also_from_what_was_taken_back() {
    let shop = Shop::new();
    let (first, second) = (&[("apps/web", 1)], &[("apps/web", 2)]);
    let [good, bad, _] = [first, second, first].map(|files| {
        shop.commit(files);
        shop.sign(RiskTier::Low)
    });
    let state = |commit: usize| shop.repository.state(id(commit), &shop.gate.selector);
    let goes_back = |height: u64, from: usize, to: usize| {
        shop.chain().goes_back(height, &state(from), &state(to))
    };
    assert!(goes_back(2, 1, 0));
    assert!(!goes_back(2, 0, 1), "forth is no way back");
    assert!(!goes_back(2, 1, 1), "nor is where one stands");
    shop.withdraw(bad);
    assert!(goes_back(2, 1, 0), "away from what was taken back");
    shop.withdraw(good);
    assert!(!goes_back(2, 1, 0), "not to what was taken back");
}

#[test]
fn what_a_state_of_the_gate_judged_falls_with_it_but_for_baselines() {
    let (gate, shop) = (Shop::new(), Shop::new());
    let states = [1, 2].map(|content| {
        gate.commit(&[("tidegate.yaml", content)]);
        gate.sign(RiskTier::Low)
    });
    for (content, state) in [(1, 0), (2, 0), (3, 1), (4, 0)] {
        shop.commit(&[("apps/web", content)]);
        shop.publish(&Verdict {
            gate_state: Some(states[state]),
            ..shop.draft()
        });
    }
    let judged = || {
        let chain = shop.chain().judged_by(&gate.chain());
        let fallen = chain.fallen().into_iter();
        let fallen: Vec<u64> = fallen.map(|link| link.verdict().height).collect();
        let standing = chain.standing().filter(|(_, stands)| *stands);
        let standing: Vec<u64> = standing.map(|(link, _)| link.verdict().height).collect();
        (fallen, standing)
    };
    assert_eq!(judged(), (vec![], vec![0, 1, 2, 3]));
    gate.withdraw(states[1]);
    assert_eq!(judged(), (vec![2], vec![0, 1]), "and what rests on it");
    gate.withdraw(states[0]);
    assert_eq!(judged(), (vec![1], vec![0]), "nobody judged a baseline");
}

fn frozen() -> Vec<Calendar> {
    let config = Config::parse(&RepoPath::from("tidegate.yaml"), FROZEN.as_bytes()).unwrap();
    config.calendars.into_values().collect()
}

const PLACE: Place<'_> = Place {
    environment: "prod",
    cluster: None,
    region: None,
};

fn pinning(height: u64) -> TrustFile {
    let heights = format!("],\n  \"heights\": {{\"prod/odoo\": {height}}}\n}}\n");
    let text = sample::trust().print().replacen("]\n}\n", &heights, 1);
    TrustFile::parse(text.as_bytes()).unwrap()
}

fn renew(shop: &Shop, renewal: &Renewal) {
    let bytes = renewal.to_statement_bytes().unwrap();
    let envelope = crate::attest::sign(&bytes, &sample::key(1));
    let (link, time) = (renewal.link, renewal.valid_from);
    shop.store.publish_renewal(link, time, &envelope).unwrap();
}

/// Of link 2.
fn renewal(link: Digest, from: &str, until: &str) -> Renewal {
    Renewal {
        engine_version: "0.1.0".into(),
        environment: "prod".into(),
        unit: "odoo".into(),
        link,
        height: 2,
        valid_from: from.parse().unwrap(),
        valid_until: until.parse().unwrap(),
        risk_tier: RiskTier::Low,
        classes: None,
        gate_state: None,
        also_judged_by: None,
        policy_digest: Digest::of(b""),
        config_digest: Digest::of(b""),
        facts_digest: Digest::of(b""),
    }
}

/// Nothing new may come on the day on which the shop is signed for.
const FROZEN: &str = "
environments: [{name: prod, paths: ['**'], calendars: [retail]}]
calendars:
  retail:
    timezone: UTC
    windows:
      - {id: black-week, kind: freeze, from: '2026-11-20T00:00', to: '2026-12-01T00:00', allow: [rollback]}
";
