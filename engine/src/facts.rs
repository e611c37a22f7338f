//! What is true about a change: one collector a file, each known or unknown, never absent.
//! Knows nothing of policies; a collector does not know who reads it.

mod amount;
mod applied;
mod around;
mod availability;
pub mod backups;
pub mod claims;
#[cfg(test)]
mod committed_schema;
pub mod connections;
mod demand;
pub mod evidence;
pub mod freeze;
mod image_ref;
pub mod images;
pub mod index;
pub mod inventory;
mod limit_range;
pub mod migrations;
mod pods;
mod probes;
mod quota_scope;
pub mod quotas;
pub mod range;
mod resources;
pub mod rollback;
mod schedule;
mod selector;
mod share;
pub mod source;
pub mod storage;
mod update;
mod workload;
pub mod workloads;

use std::collections::{BTreeMap, BTreeSet};

use crate::change::Change;
use crate::model::{Digest, Piece, Stage};
use inventory::Neighbours;
use jiff::Timestamp;
use serde_json::Value;

/// What a collector found out.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// It is so.
    Known {
        /// The value, as the collector's schema describes it.
        value: Piece,
        /// The instant at which it may turn; `None` when it never does.
        until: Option<Timestamp>,
    },
    /// It could not be found out. Instead of the answer of a policy that declares it comes the engine's
    /// `engine.fact-unknown`, which denies; where the policy gives reasons for the tier, nothing is
    /// judged (exit 3).
    Unknown {
        /// Why, for people.
        reason: String,
    },
}

impl Fact {
    /// A fact that never turns.
    #[must_use]
    pub fn known(value: impl Into<Piece>) -> Self {
        Self::Known {
            value: value.into(),
            until: None,
        }
    }

    /// As policies see it.
    #[must_use]
    pub fn to_piece(&self) -> Piece {
        match self {
            Self::Known { value, until } => {
                let until = until.map(|until| ("until", Piece::new(until.to_string())));
                let entries = [("status", Piece::new("known")), ("value", value.clone())];
                Piece::object(entries.into_iter().chain(until))
            }
            Self::Unknown { reason } => Piece::object([
                ("status", Piece::new("unknown")),
                ("reason", Piece::new(reason.as_str())),
            ]),
        }
    }
}

/// The facts of one unit, by collector.
pub type Facts = BTreeMap<&'static str, Fact>;

/// What collectors look at. Everything that needs Git or a clock is in here already.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The changes that the facts are about.
    pub changes: &'a [Change],
    /// What stands around them at head.
    pub head: &'a Neighbours,
    /// What stands around them at base.
    pub base: &'a Neighbours,
    /// What else the range touches.
    pub range: &'a range::Range,
    /// Where the range comes from.
    pub source: &'a source::SourceInfo,
    /// What the calendar is asked with.
    pub season: &'a freeze::Season<'a>,
    /// How images are told apart.
    pub images: &'a images::Rules,
    /// What backups must be worth.
    pub backups: &'a backups::Rules,
    /// What is recorded beside images.
    pub evidence: &'a images::Evidence,
    /// Which files are scripts, and where they need evidence.
    pub script_rules: &'a migrations::Rules,
    /// Where going back must have been tried.
    pub ways_back: &'a rollback::Rules,
    /// What signed evidence says.
    pub reported: &'a evidence::Known,
    /// What the stage before has run.
    pub promoted: &'a images::promoted::Promoted,
    /// Since when accepted states of the unit hold what scripts come after.
    pub held: &'a migrations::Held,
    /// The scripts among the files.
    pub scripts: &'a migrations::Files,
    /// What is prepared for the way back.
    pub prepared: &'a rollback::Prepared,
    /// How risky the changes are.
    pub tiers: freeze::Tiers<'a>,
}

impl Context<'_> {
    /// The stage of the environment, where it is known.
    pub(in crate::facts) fn stage(&self) -> Option<Stage> {
        let environments = &self.range.environments;
        environments.get(self.season.place.environment).copied()
    }
}

/// A way to find something out.
pub trait Collector: Sync {
    /// The fact's name: `input.facts.<name>`.
    fn name(&self) -> &'static str;

    /// The path below `schemas/` of the JSON Schema that its value has.
    fn schema(&self) -> &'static str;

    /// Whether it depends on how risky the changes are, and is asked once that is known.
    fn needs_tiers(&self) -> bool {
        false
    }

    /// Finds it out.
    fn collect(&self, context: &Context<'_>) -> Fact;
}

/// Every collector.
pub static COLLECTORS: &[&dyn Collector] = &[
    &backups::Backups,
    &claims::Claims,
    &connections::Connections,
    &freeze::Freeze,
    &images::Images,
    &inventory::Inventory,
    &migrations::Migrations,
    &images::promoted::Promotions,
    &quotas::Quotas,
    &range::RangeCollector,
    &rollback::Rollback,
    &images::skew::Skew,
    &source::SourceCollector,
    &storage::Storage,
    &workloads::Workloads,
];

/// The names of all collectors.
#[must_use]
pub fn names() -> Vec<&'static str> {
    COLLECTORS
        .iter()
        .map(|collector| collector.name())
        .collect()
}

/// The signed statements that facts rest on: whatever stands in one of them as `evidence`.
#[must_use]
pub fn statements(facts: &Facts) -> BTreeSet<Digest> {
    let mut found = BTreeSet::new();
    for name in [backups::NAME, migrations::NAME, rollback::NAME] {
        if let Some(Fact::Known { value, .. }) = facts.get(name) {
            add_statements(&value.to_json(), &mut found);
        }
    }
    found
}

fn add_statements(value: &Value, found: &mut BTreeSet<Digest>) {
    match value {
        Value::Array(items) => items.iter().for_each(|it| add_statements(it, found)),
        Value::Object(entries) => {
            let named = entries.get("evidence").and_then(Value::as_str);
            found.extend(named.and_then(|text| Digest::parse(text).ok()));
            entries.values().for_each(|it| add_statements(it, found));
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Runs those of the collectors that `wanted` names.
#[must_use]
pub fn collect(collectors: &[&dyn Collector], wanted: &[&str], context: &Context<'_>) -> Facts {
    collectors
        .iter()
        .filter(|collector| wanted.contains(&collector.name()))
        .map(|collector| (collector.name(), collector.collect(context)))
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::SignedDuration;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::calendar::{self, Calendar, Place};
    use crate::change::{Objects, Source, compare, unchanged};
    use crate::config::Config;
    use crate::facts::freeze::{Season, Tiers};
    use crate::facts::range::Range;
    use crate::facts::source::{Commit, Point, SourceInfo};
    use crate::manifest::yaml;
    use crate::model::{GitId, GroupKind, RepoPath, RiskTier, Seal};
    use crate::schemas;

    /// A database, a workload with its limits, and what is neither.
    const BASE: &str = "
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: db, namespace: shop}
spec: {instances: 3, imageName: 'ghcr.io/cnpg/postgresql:16.4', resources: {limits: {memory: 8Gi}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      resources: {requests: {cpu: 1}}
      initContainers: [{name: wait, restartPolicy: Always}]
      containers:
        - {name: odoo, image: 'odoo:17.0', env: [{name: A, value: b}], resources: {limits: {memory: 1K}}}
      volumes: [{name: tmp, emptyDir: {}}]
---
apiVersion: v1
kind: LimitRange
metadata: {name: limits, namespace: shop}
spec: {limits: [{type: Container, max: {memory: 1Gi}}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
";

    pub(in crate::facts) fn objects(text: &str) -> Objects {
        let sources = yaml::parse(text).unwrap().into_iter().map(|node| {
            let object = pods::reference(&node.to_json());
            let source = Source {
                object: object.clone(),
                file: RepoPath::from("shop.yaml"),
                text: Arc::from(text),
                lines: Arc::default(),
                node: Arc::new(node),
                secrets: Arc::default(),
                origin: None,
            };
            (object, source)
        });
        sources.collect()
    }

    fn around(objects: &Objects) -> Neighbours {
        let kinds = ["LimitRange", "HorizontalPodAutoscaler.autoscaling"];
        let mut neighbours = Neighbours::of_kinds(kinds.map(GroupKind::parse));
        for source in objects.values() {
            neighbours.insert(source);
        }
        neighbours
    }

    fn somewhere() -> SourceInfo {
        let point = Point {
            commit: GitId::EMPTY_TREE,
            tree: GitId::EMPTY_TREE,
        };
        SourceInfo {
            repository: Some("git.example/shop".to_owned()),
            base: Some(point),
            head: None,
            commits: vec![Commit {
                id: GitId::EMPTY_TREE,
                author_name: "Ada".to_owned(),
                author_email: "ada@example.com".to_owned(),
                trailers: BTreeMap::from([("Change".to_owned(), vec!["17".to_owned()])]),
                signature: Seal::None,
            }],
        }
    }

    fn something() -> Range {
        Range {
            environments: BTreeMap::from([("prod".to_owned(), Stage::Production)]),
            units: BTreeSet::from(["prod/odoo".to_owned()]),
            tenants: BTreeSet::from(["brand-a".to_owned()]),
            components: BTreeSet::from(["database".to_owned()]),
            kinds: BTreeSet::from(["Deployment.apps".to_owned()]),
        }
    }

    /// A freeze that is on, one to come, maintenance and a quiet window.
    const RETAIL: &str = "
environments: [{name: prod, paths: ['**']}]
calendars:
  retail:
    timezone: Europe/Berlin
    windows:
      - {id: now, kind: freeze, from: '2026-11-20T00:00', to: '2026-12-01T06:00', allow: [low, rollback], owner: o}
      - {id: soon, kind: freeze, from: '2026-12-20T00:00', to: '2027-01-01T06:00'}
      - {id: upkeep, kind: maintenance, from: '2026-12-05T22:00', to: '2026-12-06T04:00'}
      - {id: count, kind: quiet, from: '2026-11-20T00:00', to: '2026-12-01T06:00'}
";

    static UTC: TimeZone = TimeZone::UTC;

    pub(in crate::facts) fn season(calendars: Vec<&Calendar>) -> Season<'_> {
        Season {
            now: "2026-11-27T13:05:00Z".parse().unwrap(),
            digest: calendar::digest(&calendars),
            calendars,
            place: Place {
                environment: "prod",
                cluster: None,
                region: None,
            },
            tenants: &[],
            cluster_tenants: BTreeSet::new(),
            zone: &UTC,
            rollback: false,
            valid_for: SignedDuration::from_hours(24),
        }
    }

    #[test]
    fn every_value_has_the_shape_that_its_collector_names() {
        let config = Config::parse(&RepoPath::from("tidegate.yaml"), RETAIL.as_bytes()).unwrap();
        let seasons = [
            season(vec![&config.calendars["retail"]]),
            season(Vec::new()),
        ];
        let (base, head) = (objects(BASE), objects(&BASE.replace("8Gi", "9Gi")));
        let (nothing, cleared) = (Objects::new(), (SourceInfo::default(), Range::default()));
        let full = (somewhere(), something());
        let each = [RiskTier::High, RiskTier::Low, RiskTier::Medium];
        let shared = BTreeSet::new();
        let known = Tiers::Known {
            each: &each,
            shared: &shared,
            beside: Some(RiskTier::Medium),
            scripts: Some(RiskTier::Critical),
            all: RiskTier::High,
        };
        for (base, head, (source, range), season, tiers) in [
            (&base, &head, &full, &seasons[0], known),
            (&nothing, &head, &cleared, &seasons[0], Tiers::Unknown),
            (&base, &nothing, &full, &seasons[1], known),
        ] {
            let changes = compare(base, head);
            let facts = collect(
                COLLECTORS,
                &names(),
                &Context {
                    changes: &changes,
                    head: &around(head),
                    base: &around(base),
                    range,
                    source,
                    season,
                    images: &images::Rules::default(),
                    backups: &backups::Rules::default(),
                    ways_back: &rollback::Rules::default(),
                    script_rules: &migrations::Rules::default(),
                    evidence: &images::Evidence::default(),
                    reported: &evidence::Known::default(),
                    promoted: &images::promoted::Promoted::default(),
                    held: &migrations::Held::default(),
                    scripts: &migrations::Files::default(),
                    prepared: &rollback::Prepared::default(),
                    tiers,
                },
            );
            for collector in COLLECTORS {
                let text = schemas::schema(collector.schema()).unwrap();
                let schema = serde_json::from_str(text).unwrap();
                let Fact::Known { value, .. } = &facts[collector.name()] else {
                    panic!("`{}` is unknown", collector.name());
                };
                let validator = jsonschema::validator_for(&schema).unwrap();
                let problems: Vec<String> = validator
                    .iter_errors(&value.to_json())
                    .map(|problem| format!("{}: {problem}", problem.instance_path()))
                    .collect();
                assert_eq!(problems, [""; 0], "{}", collector.name());
            }
        }
    }

    #[test]
    fn what_does_not_change_is_the_same_between_equal_neighbours_and_between_the_same_ones() {
        let objects = objects(BASE);
        let changes: Vec<_> = objects.values().map(unchanged).collect();
        let (head, base) = (around(&objects), around(&objects));
        let facts = |base: &Neighbours| {
            let context = Context {
                changes: &changes,
                head: &head,
                base,
                range: &something(),
                source: &somewhere(),
                season: &season(Vec::new()),
                images: &images::Rules::default(),
                ways_back: &rollback::Rules::default(),
                script_rules: &migrations::Rules::default(),
                backups: &backups::Rules::default(),
                evidence: &images::Evidence::default(),
                reported: &evidence::Known::default(),
                promoted: &images::promoted::Promoted::default(),
                held: &migrations::Held::default(),
                scripts: &migrations::Files::default(),
                prepared: &rollback::Prepared::default(),
                tiers: Tiers::Unchanged,
            };
            collect(COLLECTORS, &names(), &context)
        };
        assert_eq!(facts(&head), facts(&base));
    }

    #[test]
    fn every_fact_stands_in_the_schema_of_the_input_and_no_other() {
        let text = schemas::schema("input.v1.json").unwrap();
        let input: Value = serde_json::from_str(text).unwrap();
        let mut described = BTreeMap::new();
        let facts = input.pointer("/properties/facts/properties").unwrap();
        for (name, fact) in facts.as_object().unwrap() {
            described.insert(name.as_str(), fact.pointer("/properties/value/$ref"));
        }
        // They stand at the top of the document.
        for name in ["range", "source"] {
            described.insert(name, input.pointer(&format!("/properties/{name}/$ref")));
        }
        let schemas: Vec<Value> = COLLECTORS
            .iter()
            .map(|collector| collector.schema().into())
            .collect();
        let collectors = names().into_iter().zip(schemas.iter().map(Some)).collect();
        assert_eq!(described, collectors);
    }
}
