//! The input document v1: all that a policy sees (`schemas/input.v1.json`).
//! Knows nothing of policies; what one may see is told by [`Wants`].

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use crate::change::Change;
use crate::facts::inventory::Neighbours;
use crate::facts::{Fact, Facts};
use crate::model::{GroupKind, Piece, RiskTier, Stage, map_by_threads};

/// When the judgement is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Before a commit: the index or the working tree.
    Commit,
    /// Before a merge or for a signature: commits.
    Merge,
}

/// The environment as policies see it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Environment {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub stage: Stage,
    /// Whom it serves.
    pub tenants: Vec<String>,
    /// Where it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// Where that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The highest tier that may go there.
    pub max_tier: RiskTier,
    /// The names of the calendars that hold for it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub calendars: Vec<String>,
}

/// One reason why a change has a tier.
#[derive(
    Clone,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// The tier it gives.
    pub tier: RiskTier,
    /// The code, declared in the policy's metadata.
    pub code: String,
    /// The index of the change in the unit; absent for what is in no object, such as a script in a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "usize")]
    pub change: Option<usize>,
    /// RFC 6901 pointer into the object, empty for all of it.
    #[serde(default)]
    pub pointer: String,
    /// One sentence for people.
    #[serde(default)]
    pub text: String,
}

/// What the risk policies said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Risk {
    /// The highest tier of the reasons.
    pub tier: RiskTier,
    /// Sorted.
    pub reasons: Vec<Reason>,
}

/// Everything about a unit that some policy may see.
#[derive(Clone, Copy, Debug)]
pub struct Material<'a> {
    /// Commit or merge.
    pub mode: Mode,
    /// The only clock.
    pub now: Timestamp,
    /// The environment.
    pub environment: &'a Environment,
    /// The unit's name and kind.
    pub unit: (&'a str, &'a str),
    /// The changes.
    pub changes: &'a [Change],
    /// The facts about them.
    pub facts: &'a Facts,
    /// The neighbours, from which the inventory of one object is cut.
    pub neighbours: &'a Neighbours,
}

/// How far a policy sees the neighbours of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// Those in the namespaces of the changed objects, and cluster-scoped ones.
    Namespace,
    /// All of the environment.
    Environment,
}

/// What one policy may see.
#[derive(Clone, Debug, Default)]
pub struct Wants {
    /// The kinds whose changes it concerns; `None` for all.
    pub kinds: Option<BTreeSet<GroupKind>>,
    /// Facts by name; `range` and `source` stand beside `facts` in the document.
    pub facts: BTreeSet<String>,
    /// Neighbour kinds.
    pub neighbours: BTreeMap<GroupKind, Reach>,
    /// Whether it sees `now`.
    pub clock: bool,
}

impl Wants {
    /// Whether a change of this object concerns the policy.
    #[must_use]
    pub fn concerns(&self, change: &Change) -> bool {
        self.kinds
            .as_ref()
            .is_none_or(|kinds| kinds.contains(&change.object.group_kind()))
    }

    /// The first fact it reads that is unknown, and why.
    #[must_use]
    pub fn unknown<'f>(&self, facts: &'f Facts) -> Option<(&'f str, &'f str)> {
        facts.iter().find_map(|(name, fact)| match fact {
            Fact::Unknown { reason } if self.facts.contains(*name) => {
                Some((*name, reason.as_str()))
            }
            _ => None,
        })
    }
}

/// The documents of one unit. What several of them hold is made once.
pub struct Documents<'a> {
    material: Material<'a>,
    /// What stands in every document.
    common: Vec<(&'static str, Piece)>,
    changes: Vec<Piece>,
    /// At head and at base, by change.
    workloads: [ByChange; 2],
    backups: ByChange,
    claims: ByChange,
    images: ByChange,
}

impl<'a> Documents<'a> {
    /// The documents while the risk policies run.
    #[must_use]
    pub fn new(material: Material<'a>) -> Self {
        let unit = json!({"name": material.unit.0, "kind": material.unit.1});
        let common = vec![
            ("version", Piece::new("v1")),
            ("mode", Piece::new(json!(material.mode))),
            ("environment", Piece::new(json!(material.environment))),
            ("unit", Piece::new(unit)),
        ];
        Self {
            common,
            changes: map_by_threads(material.changes, |index, change| {
                Piece::new(change_json(index, change))
            }),
            workloads: SIDES.map(|side| {
                let both = value(material.facts, "workloads");
                by_change(both.and_then(|both| match both {
                    Piece::Object(sides) => sides.get(side),
                    _ => None,
                }))
            }),
            backups: by_change(value(material.facts, "backups")),
            claims: by_change(value(material.facts, "claims")),
            images: by_change(value(material.facts, "images")),
            material,
        }
    }

    /// The documents from when the tier is known, and the facts that depend on it.
    #[must_use]
    pub fn with_risk(mut self, risk: &Risk, facts: &'a Facts) -> Self {
        self.material.facts = facts;
        // What is proven of backups depends on the tier.
        self.backups = by_change(value(facts, "backups"));
        self.common.push(("risk", Piece::new(json!(risk))));
        self
    }

    /// What the documents are made of.
    #[must_use]
    pub fn material(&self) -> &Material<'a> {
        &self.material
    }

    /// The document for a policy that judges the unit as a whole. Changes keep their index in the
    /// unit.
    #[must_use]
    pub fn of_change_set(&self, wants: &Wants, settings: &Piece) -> Piece {
        let changes = self.material.changes.iter().enumerate();
        let indexes: Vec<usize> = changes
            .filter(|(_, change)| wants.concerns(change))
            .map(|(index, _)| index)
            .collect();
        self.document(wants, settings, (&indexes, About::All))
    }

    /// The document for a policy that judges one change.
    #[must_use]
    pub fn of_object(&self, wants: &Wants, settings: &Piece, index: usize) -> Piece {
        self.document(wants, settings, (&[index], About::One))
    }

    fn document(
        &self,
        wants: &Wants,
        settings: &Piece,
        (indexes, about): (&[usize], About),
    ) -> Piece {
        let changes = indexes.iter().filter_map(|index| self.changes.get(*index));
        let mut document: BTreeMap<&str, Piece> = self.common.iter().cloned().collect();
        document.insert("changes", Piece::list(changes.cloned()));
        document.insert("facts", self.facts(wants, indexes, about));
        document.insert("settings", settings.clone());
        if wants.clock {
            document.insert("now", Piece::new(self.material.now.to_string()));
        }
        for name in BESIDE_FACTS {
            if wants.facts.contains(name)
                && let Some(Fact::Known { value, .. }) = self.material.facts.get(name)
            {
                document.insert(name, value.clone());
            }
        }
        Piece::object(document)
    }

    fn facts(&self, wants: &Wants, indexes: &[usize], about: About) -> Piece {
        let facts = self.material.facts.iter();
        let wanted = facts
            .filter(|(name, _)| wants.facts.contains(**name) && !BESIDE_FACTS.contains(name))
            .map(|(name, fact)| match *name {
                "inventory" => (*name, known(self.inventory(wants, indexes))),
                "workloads" if matches!(fact, Fact::Known { .. }) => {
                    (*name, known(self.workloads(indexes)))
                }
                // To one object another one's backups say nothing.
                "backups" if about == About::One && matches!(fact, Fact::Known { .. }) => {
                    (*name, known(cut(&self.backups, indexes)))
                }
                "claims" if matches!(fact, Fact::Known { .. }) => {
                    (*name, known(cut(&self.claims, indexes)))
                }
                "images" if let Fact::Known { until, .. } = fact => {
                    let value = cut(&self.images, indexes);
                    (
                        *name,
                        Fact::Known {
                            value,
                            until: *until,
                        }
                        .to_piece(),
                    )
                }
                _ => (*name, fact.to_piece()),
            });
        Piece::object(wanted)
    }

    fn inventory(&self, wants: &Wants, indexes: &[usize]) -> Piece {
        let changes = indexes
            .iter()
            .filter_map(|index| self.material.changes.get(*index));
        let namespaces: BTreeSet<Option<String>> = changes
            .map(|change| change.object.namespace.clone())
            .collect();
        let of_reach = |reach: Reach| {
            let neighbours = wants.neighbours.iter();
            neighbours
                .filter(move |(_, at)| **at == reach)
                .map(|(kind, _)| kind)
        };
        let neighbours = self.material.neighbours;
        let mut lists = neighbours.lists(of_reach(Reach::Namespace), Some(&namespaces));
        lists.extend(neighbours.lists(of_reach(Reach::Environment), None));
        Piece::object(lists)
    }

    fn workloads(&self, indexes: &[usize]) -> Piece {
        let sides = SIDES.into_iter().zip(&self.workloads);
        let sides = sides.map(|(side, workloads)| (side, cut(workloads, indexes)));
        Piece::object(sides)
    }
}

/// What a document is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum About {
    /// One change.
    One,
    /// All changes that concern a policy.
    All,
}

/// What belongs to each change.
type ByChange = BTreeMap<usize, Vec<Piece>>;

/// What belongs to some of them.
fn cut(items: &ByChange, indexes: &[usize]) -> Piece {
    let cut = indexes.iter().filter_map(|index| items.get(index));
    Piece::list(cut.flatten().cloned())
}

fn value<'f>(facts: &'f Facts, name: &str) -> Option<&'f Piece> {
    match facts.get(name)? {
        Fact::Known { value, .. } => Some(value),
        Fact::Unknown { .. } => None,
    }
}

/// The items of a list by the change that each names.
fn by_change(list: Option<&Piece>) -> ByChange {
    let mut items = ByChange::new();
    let Some(Piece::List(list)) = list else {
        return items;
    };
    for item in list.iter() {
        if let Piece::Json(part) = item
            && let Some(index) = part.value().get("change").and_then(Value::as_u64)
            && let Ok(index) = usize::try_from(index)
        {
            items.entry(index).or_default().push(item.clone());
        }
    }
    items
}

fn known(value: Piece) -> Piece {
    Piece::object([("status", Piece::new("known")), ("value", value)])
}

/// One change as policies see it.
fn change_json(index: usize, change: &Change) -> Value {
    let fields: Vec<Value> = change
        .fields
        .iter()
        .map(|field| {
            let mut entry = json!({
                "pointer": field.pointer, "path": field.path, "keyedPath": field.keyed_path,
            });
            put(&mut entry, "old", field.old.as_ref());
            put(&mut entry, "new", field.new.as_ref());
            entry
        })
        .collect();
    let mut entry = json!({
        "index": index,
        "operation": change.operation,
        "object": change.object,
        "components": change.components,
    });
    if !change.components_lost.is_empty() {
        put(
            &mut entry,
            "componentsLost",
            Some(&json!(change.components_lost)),
        );
    }
    put(&mut entry, "fields", Some(&Value::Array(fields)));
    if let Some(source) = change.source() {
        put(&mut entry, "file", Some(&json!(source.file)));
    }
    put(&mut entry, "old", change.old.as_ref());
    put(&mut entry, "new", change.new.as_ref());
    entry
}

fn put(entry: &mut Value, key: &str, value: Option<&Value>) {
    if let (Value::Object(map), Some(value)) = (entry, value) {
        map.insert(key.to_owned(), value.clone());
    }
}

const SIDES: [&str; 2] = ["new", "old"];

/// Facts that stand at the top of the document, for policies that declare them.
const BESIDE_FACTS: [&str; 2] = ["range", "source"];
