//! What a range takes from the coverage of an object that stays.
//! Decides nothing: what of it is denied, policies say.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::assess::{State, spelt};
use super::cover::{Cover, Retention};
use super::{buckets, credentials};
use crate::change::Change;
use crate::model::{ObjectRef, Operation};

/// A backup that takes an object in no more, or no more as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Loss {
    /// `deleted`, `disabled`, `weakened`, `moved`; of the data itself `source-deleted`, `source-shrunk`.
    pub kind: &'static str,
    /// The changes that did it.
    pub changes: Vec<usize>,
    /// What is so, in words that follow the object's name.
    pub text: String,
    /// What backs the object up as well as before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<ObjectRef>,
}

/// The changes of a range, by object.
pub(super) struct Changed<'a>(BTreeMap<&'a ObjectRef, (usize, Operation)>);

impl<'a> Changed<'a> {
    pub(super) fn of(changes: &'a [Change]) -> Self {
        let changes = changes.iter().enumerate();
        let changes = changes.map(|(index, it)| (&it.object, (index, it.operation)));
        Self(changes.collect())
    }

    /// The change that deletes a Secret, or what makes it, where nothing else makes it from then on.
    fn deletes(&self, secret: &ObjectRef) -> Option<usize> {
        let is_it = |it: &ObjectRef| {
            credentials::makes_secrets(it)
                && (&it.namespace, &it.name) == (&secret.namespace, &secret.name)
        };
        let mut changes = self.0.iter().filter(|(object, _)| is_it(object));
        let is_gone = |operation| operation == Operation::Delete;
        match changes.clone().all(|(_, it)| is_gone(it.1)) {
            true => changes.next().map(|(_, it)| it.0),
            false => None,
        }
    }

    /// The Secret of a backup that is deleted, and the change that does it.
    fn closed<'c>(&self, cover: &'c Cover) -> Option<(&'c ObjectRef, usize)> {
        let mut secrets = cover.credentials.iter();
        secrets.find_map(|secret| Some((secret, self.deletes(secret)?)))
    }

    pub(super) fn index(&self, object: &ObjectRef) -> Option<usize> {
        self.0.get(object).map(|it| it.0)
    }

    /// The changes of what a cover rests on.
    fn parts(&self, covers: [Option<&Cover>; 2]) -> Vec<(usize, Operation)> {
        let covers = covers.into_iter().flatten();
        let parts = covers.flat_map(|cover| {
            let class = cover.dies_by.iter();
            std::iter::once(&cover.by).chain(&cover.parts).chain(class)
        });
        let mut found: Vec<_> = parts.filter_map(|part| self.0.get(part).copied()).collect();
        found.sort();
        found.dedup();
        found
    }
}

/// What the changes take from the coverage of an object. What other units change is told there.
pub(super) fn losses(old: &State, new: &State, changed: &Changed<'_>) -> Vec<Loss> {
    let before = old.coverage.iter();
    before
        .flat_map(|cover| {
            let after = namesake(cover, old, new);
            let parts = changed.parts([Some(cover), after]);
            let found = match after {
                _ if parts.is_empty() => Vec::new(),
                None => vec![gone(cover, new, (&parts, changed))],
                Some(after) => lessened(cover, after, &parts),
            };
            let changes: Vec<usize> = parts.iter().map(|it| it.0).collect();
            let found = found.into_iter().map(move |loss| Loss {
                changes: changes.clone(),
                ..loss
            });
            let closed = after.and_then(|after| closed(after, new, changed));
            found.chain(closed)
        })
        .collect()
}

/// The same backup afterwards. One that is the only one of its object may go on by another way.
fn namesake<'s>(cover: &Cover, old: &State, new: &'s State) -> Option<&'s Cover> {
    let same = |it: &&Cover| it.by == cover.by;
    let exact = |it: &&Cover| (it.method, &it.part) == (cover.method, &cover.part);
    let mut after = new.coverage.iter().filter(same);
    let is_only = old.coverage.iter().filter(same).count() == 1;
    let found = after.clone().find(exact);
    found.or_else(|| after.next().filter(|_| is_only))
}

fn gone(
    cover: &Cover,
    new: &State,
    (parts, changed): (&[(usize, Operation)], &Changed<'_>),
) -> Loss {
    let is_deleted = parts.iter().any(|it| it.1 == Operation::Delete);
    let mut open = new
        .coverage
        .iter()
        .filter(|it| changed.closed(it).is_none());
    let replaced = open.find(|it| it.is_as_good_as(cover));
    let why = new.missed.iter().find(|missed| missed.by == cover.by);
    let why = why.map_or(String::new(), |missed| format!(": it {}", missed.why));
    let rest = match (replaced, new.best()) {
        (Some(other), _) => format!("; {} takes its place, and has taken nothing yet", other.by),
        (None, Some(other)) => format!("; {} is not worth as much", other.by),
        (None, None) => "; nothing else backs it up".to_owned(),
    };
    Loss {
        kind: if is_deleted { "deleted" } else { "disabled" },
        changes: Vec::new(),
        text: format!("is backed up no more by {}{why}{rest}", cover.by),
        replaced_by: replaced.map(|other| other.by.clone()),
    }
}

/// It is declared as before, and what opens its store is deleted.
fn closed(cover: &Cover, new: &State, changed: &Changed<'_>) -> Option<Loss> {
    let (secret, index) = changed.closed(cover)?;
    let mut others = new
        .coverage
        .iter()
        .filter(|it| changed.closed(it).is_none());
    let replaced = others.find(|it| it.is_as_good_as(cover));
    Some(Loss {
        kind: "disabled",
        changes: vec![index],
        text: format!(
            "is backed up no more by {}: {secret}, by which it reaches its store, is deleted",
            cover.by
        ),
        replaced_by: replaced.map(|other| other.by.clone()),
    })
}

fn lessened(old: &Cover, new: &Cover, parts: &[(usize, Operation)]) -> Vec<Loss> {
    let loss = |kind, what: String| Loss {
        kind,
        changes: Vec::new(),
        text: format!("is backed up by {} {what}", old.by),
        replaced_by: None,
    };
    let mut losses = Vec::new();
    if old.pitr && !new.pitr {
        losses.push(loss(
            "disabled",
            "without its continuous archive".to_owned(),
        ));
    }
    let moved = moved(old, new);
    if !moved.is_empty() {
        let is_deleted = parts.iter().any(|it| it.1 == Operation::Delete);
        let what = format!(
            "{}, where nothing can be restored from until the first backup is there",
            moved.join(" and ")
        );
        let kind = if is_deleted && new.target.is_none() {
            "deleted"
        } else {
            "moved"
        };
        losses.push(loss(kind, what));
    }
    let mut weaker = weaker(old, new);
    // Of another backup nobody expects the same.
    let stopped = old.upkeep.iter().filter(|it| !new.upkeep.contains(it));
    weaker.extend(stopped.map(|it| format!("without its schedule of `{it}`")));
    weaker.extend(changed_recipe(old, new));
    if !weaker.is_empty() {
        losses.push(loss("weakened", weaker.join(" and ")));
    }
    losses
}

/// In which ways the place of a backup is another one, or is opened by something else.
fn moved(old: &Cover, new: &Cover) -> Vec<String> {
    let mut moved = Vec::new();
    if let Some(before) = old.target.as_ref().filter(|_| old.target != new.target) {
        let after = new.target.as_deref().unwrap_or("an unknown place");
        moved.push(format!("to {after} instead of `{before}`"));
    }
    let names: BTreeSet<&str> = [old, new]
        .into_iter()
        .flat_map(Cover::address_names)
        .collect();
    for name in names {
        match (old.address.get(name), new.address.get(name)) {
            (before, after) if before == after => {}
            (Some(before), Some(after)) => {
                moved.push(format!("with the {name} `{after}` instead of `{before}`"));
            }
            (Some(before), None) => moved.push(format!("without the {name} `{before}`")),
            (None, after) => moved.push(format!(
                "with the {name} `{}`, of which there was none",
                after.map(String::as_str).unwrap_or_default()
            )),
        }
    }
    moved
}

/// What a job runs is not read so far that another could be told to be as good.
fn changed_recipe(old: &Cover, new: &Cover) -> Option<String> {
    let names: BTreeSet<&str> = old
        .recipe
        .keys()
        .chain(new.recipe.keys())
        .copied()
        .collect();
    let differs = |name: &&str| old.recipe.get(name) != new.recipe.get(name);
    let changed: Vec<String> = names
        .into_iter()
        .filter(differs)
        .map(|it| format!("`{it}`"))
        .collect();
    (!changed.is_empty()).then(|| {
        format!(
            "with other {} than before, of which nobody knows that they back up as well",
            changed.join(", ")
        )
    })
}

/// In which ways a backup is worth less than it was.
fn weaker(old: &Cover, new: &Cover) -> Vec<String> {
    let mut weaker = Vec::new();
    let (before, after) = (old.cadence.gap_seconds, new.cadence.gap_seconds);
    if after > before {
        weaker.push(format!(
            "every {} at worst instead of {}",
            spelt(after),
            spelt(before)
        ));
    }
    if new.retention.is_shorter(old.retention) {
        let shown = |it: Retention| match it {
            Retention::Seconds(seconds) => spelt(seconds),
            Retention::Unlimited => "without end".to_owned(),
            Retention::Unknown => "for a time nobody says".to_owned(),
        };
        let (before, after) = (shown(old.retention), shown(new.retention));
        weaker.push(format!("kept {after} instead of {before}"));
    }
    if new.encrypted < old.encrypted {
        weaker.push("without encryption".to_owned());
    }
    if new.offsite < old.offsite {
        weaker.push("no more outside of the cluster".to_owned());
    }
    if new.consistency < old.consistency {
        weaker.push("while it writes".to_owned());
    }
    if (old.method, new.method) == (buckets::DECLARED, buckets::VOUCHED) {
        weaker.push("as the configuration says, and no manifest any more".to_owned());
    }
    if let Some(by) = new
        .dies_by
        .as_ref()
        .filter(|_| new.fleeting() > old.fleeting())
    {
        weaker.push(match is_class(by) {
            true => format!("in snapshots that go with the objects which stand for them ({by})"),
            false => format!("in snapshots that go with {by}"),
        });
    }
    if new.immutable_days < old.immutable_days {
        weaker.push("where it can be deleted sooner".to_owned());
    }
    weaker
}

fn is_class(object: &ObjectRef) -> bool {
    object.kind == "VolumeSnapshotClass"
}

impl Cover {
    /// How soon its snapshots go.
    fn fleeting(&self) -> u8 {
        match &self.dies_by {
            None => 0,
            Some(by) if is_class(by) => 1,
            Some(_) => 2,
        }
    }

    fn address_names(&self) -> impl Iterator<Item = &'static str> {
        self.address.keys().copied()
    }

    /// Whether nothing of it is worse than of another.
    fn is_as_good_as(&self, other: &Self) -> bool {
        (self.pitr || !other.pitr) && weaker(other, self).is_empty()
    }
}
