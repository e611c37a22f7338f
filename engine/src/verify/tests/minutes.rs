//! The fact and admission ask one calendar: they say the same of every change at every instant.
//! Knows nothing of what a policy makes of the fact.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::shop::Shop;
use crate::attest::Verdict;
use crate::calendar::Place;
use crate::change::{Change, Objects, Source, compare};
use crate::config::Config;
use crate::facts::freeze::{Freeze, Season, Tiers, classes};
use crate::facts::inventory::Neighbours;
use crate::facts::range::Range;
use crate::facts::source::SourceInfo;
use crate::facts::{Collector as _, Context, Fact};
use crate::manifest::yaml;
use crate::model::{GitId, ObjectRef, RepoPath, RiskTier};
use crate::verify::{AdmitError, Reason};

/// Windows that open and close in both nights in which the clocks change, cross midnights and years,
/// and are let through by tier, component, tenant and label.
const CONFIG: &str = "
environments: [{name: prod, paths: ['**'], tenants: [brand-a], calendars: [retail, stores]}]
calendars:
  retail:
    timezone: Europe/Berlin
    windows:
      - {id: spring, kind: freeze, from: '2026-03-29T02:30', to: '2026-03-29T03:30', allow: [low]}
      - {id: autumn, kind: freeze, from: '2026-10-25T02:15', to: '2026-10-25T02:45', allow: [low]}
      - {id: black-week, kind: freeze, from: '2026-11-20T00:00', to: '2026-12-01T06:00', allow: [low], scope: {tenants: [brand-a]}}
      - {id: close, kind: freeze, from: '2026-01-31T18:00', to: '2026-02-01T08:00', repeat: {every: monthly, by-month-day: -1}, scope: {components: [tax]}}
      - {id: new-year, kind: freeze, from: '2026-12-31T22:00', to: '2027-01-02T00:00', scope: {labels: {app: odoo}}}
  stores:
    timezone: Australia/Lord_Howe
    windows:
      - {id: upkeep, kind: maintenance, from: '2026-01-05T22:00', to: '2026-01-06T04:00', repeat: {every: weekly, by-day: [MO, TH]}, scope: {components: [database]}}
";

fn objects(replicas: u8) -> Objects {
    let text = format!(
        "{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: odoo, labels: {{app: odoo}}}}, spec: {{replicas: {replicas}}}}}"
    );
    let node = yaml::parse(&text).unwrap().remove(0);
    let object = ObjectRef {
        api_version: "apps/v1".to_owned(),
        kind: "Deployment".to_owned(),
        namespace: None,
        name: "odoo".to_owned(),
    };
    let source = Source {
        object: object.clone(),
        file: RepoPath::from("odoo.yaml"),
        text: Arc::from(text.as_str()),
        lines: Arc::default(),
        node: Arc::new(node),
        secrets: Arc::default(),
        origin: None,
    };
    Objects::from([(object, source)])
}

/// One change of this tier, component and tenant; and a shop whose newest link brings it.
struct Pair<'a> {
    config: &'a Config,
    changes: Vec<Change>,
    tier: RiskTier,
    tenants: Vec<String>,
    shop: Shop,
    way: (GitId, GitId),
}

impl<'a> Pair<'a> {
    fn new(config: &'a Config, tier: RiskTier, component: &str, tenant: &str) -> Self {
        let mut changes = compare(&objects(2), &objects(3));
        changes[0].components = BTreeSet::from([component.to_owned()]);
        let mut shop = Shop::new();
        shop.calendars = config.calendars.values().cloned().collect();
        let running = shop.commit(&[("apps/odoo", 1)]);
        shop.sign(RiskTier::Low);
        let wanted = shop.commit(&[("apps/odoo", 2)]);
        let pair = Self {
            config,
            changes,
            tier,
            tenants: vec![tenant.to_owned()],
            shop,
            way: (wanted, running),
        };
        let classes = pair.ask("2026-01-01T00:00:00Z".parse().unwrap(), |context| {
            classes(context)
        });
        pair.shop.publish(&Verdict {
            risk_tier: tier,
            classes: Some(classes),
            valid_from: "2025-12-31T00:00:00Z".parse().unwrap(),
            valid_until: "2026-01-01T00:00:00Z".parse().unwrap(),
            ..pair.shop.draft()
        });
        pair
    }

    fn ask<T>(&self, now: Timestamp, ask: impl Fn(&Context<'_>) -> T) -> T {
        let (range, source) = (Range::default(), SourceInfo::default());
        let around = Neighbours::default();
        let season = Season {
            now,
            calendars: self.config.calendars.values().collect(),
            digest: None,
            place: Place {
                environment: "prod",
                cluster: None,
                region: None,
            },
            tenants: &self.tenants,
            cluster_tenants: BTreeSet::new(),
            zone: &TimeZone::UTC,
            rollback: false,
            valid_for: SignedDuration::from_hours(24),
        };
        ask(&Context {
            changes: &self.changes,
            head: &around,
            base: &around,
            range: &range,
            source: &source,
            season: &season,
            images: &crate::facts::images::Rules::default(),
            backups: &crate::facts::backups::Rules::default(),
            ways_back: &crate::facts::rollback::Rules::default(),
            script_rules: &crate::facts::migrations::Rules::default(),
            evidence: &crate::facts::images::Evidence::default(),
            reported: &crate::facts::evidence::Known::default(),
            promoted: &crate::facts::images::promoted::Promoted::default(),
            held: &crate::facts::migrations::Held::default(),
            scripts: &crate::facts::migrations::Files::default(),
            prepared: &crate::facts::rollback::Prepared::default(),
            tiers: Tiers::Known {
                each: &[self.tier],
                shared: &BTreeSet::new(),
                beside: None,
                scripts: None,
                all: self.tier,
            },
        })
    }

    /// Whether the fact says that a window holds the change, and when that may turn.
    fn by_fact(&self, now: Timestamp) -> (bool, Option<Timestamp>) {
        self.ask(now, |context| {
            let Fact::Known { value, until } = Freeze.collect(context) else {
                panic!("it is unknown at {now}");
            };
            let value = value.to_json();
            let held = value.pointer("/changes/0/heldBy").and_then(Value::as_array);
            (!held.unwrap().is_empty(), until)
        })
    }

    /// Compares both at each of these instants; how many were held.
    fn agree(&self, instants: impl Iterator<Item = Timestamp>) -> usize {
        let chain = self.shop.chain();
        let (wanted, running) = self.way;
        let mut held = 0;
        for now in instants {
            let by_admission = match self.shop.admit_at(now, &chain, (wanted, Some(running))) {
                Ok(_) => false,
                Err(AdmitError::Refused { refusals, .. }) => {
                    let mut reasons = refusals.iter().map(|refusal| refusal.reason);
                    reasons.any(|reason| reason == Reason::Frozen)
                }
                // Before the link was signed no clock can be.
                Err(error @ AdmitError::Error(_)) => panic!("{now}: {error}"),
            };
            let (by_fact, _) = self.by_fact(now);
            assert_eq!(by_admission, by_fact, "at {now}");
            held += usize::from(by_fact);
        }
        held
    }

    /// Every instant at which the answer of the fact turns, in a year.
    fn turns(&self) -> Vec<Timestamp> {
        let mut turns = Vec::new();
        let mut now = first();
        while now < last() {
            let (_, until) = self.by_fact(now);
            let next = now + SignedDuration::from_hours(30 * 24);
            turns.extend(until);
            now = until.unwrap_or(next);
        }
        turns
    }
}

fn first() -> Timestamp {
    "2026-01-01T00:00:00Z".parse().unwrap()
}

fn last() -> Timestamp {
    "2027-01-05T00:00:00Z".parse().unwrap()
}

fn pairs(config: &Config) -> Vec<Pair<'_>> {
    [
        (RiskTier::High, "pricing", "brand-a"),
        (RiskTier::Low, "tax", "brand-a"),
        (RiskTier::Medium, "database", "brand-b"),
    ]
    .into_iter()
    .map(|(tier, component, tenant)| Pair::new(config, tier, component, tenant))
    .collect()
}

fn config() -> Config {
    Config::parse(&RepoPath::from("tidegate.yaml"), CONFIG.as_bytes()).unwrap()
}

#[test]
fn the_fact_and_admission_agree_around_every_turn_of_a_year_and_between() {
    let config = config();
    for pair in pairs(&config) {
        let turns = pair.turns();
        assert!(turns.len() > 3, "{turns:?}");
        let around = turns.iter().flat_map(|turn| {
            let minutes = [-60, -1, 0, 1, 60].map(SignedDuration::from_secs);
            minutes.map(|by| *turn + by)
        });
        assert!(pair.agree(around) > 3);
        let days = (0..368).map(|day| first() + SignedDuration::from_hours(day * 24 + 9));
        pair.agree(days);
    }
}

#[test]
#[ignore = "needs a quarter of an hour"]
fn the_fact_and_admission_agree_in_every_minute_of_a_year() {
    let config = config();
    for pair in pairs(&config) {
        let minutes = (0..366 * 24 * 60).map(|minute| first() + SignedDuration::from_mins(minute));
        assert!(pair.agree(minutes) > 60);
    }
}
