//! Objects that a unit holds twice, or may.
//! Knows nothing of policies.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Error;
use super::super::view::View;
use super::Unit;
use crate::change::{self, Change, Objects, Source};
use crate::facts::index::Wanted;
use crate::git::FileChange;
use crate::model::{Effect, Finding, ObjectRef, Operation, RepoPath};

impl Unit<'_> {
    /// Two objects of one identity, or such as may have one, of which one was not there before and the
    /// other did not change.
    pub(super) fn duplicates_elsewhere(
        &self,
        view: &View<'_>,
        files: &[FileChange],
        changes: &[Change],
    ) -> Result<Vec<Finding>, Error> {
        let created: Vec<&Source> = created(changes).collect();
        if created.is_empty() {
            return Ok(Vec::new());
        }
        let kinds: BTreeSet<&str> = created
            .iter()
            .map(|source| source.object.kind.as_str())
            .collect();
        // A file that does not parse matters only where it may hold one of these.
        let names = created.iter().map(|source| source.object.name.as_str());
        let names: BTreeSet<&str> = names.collect();
        let wanted = Wanted {
            kinds: Some(&kinds),
            names: Some(&names),
            ..Wanted::default()
        };
        let mut findings = Vec::new();
        let changed: BTreeSet<&RepoPath> = files.iter().map(|file| &file.path).collect();
        let created = by_name(created.into_iter());
        for located in view.find(std::slice::from_ref(self.head), wanted)? {
            if changed.contains(&located.entry.path) {
                continue;
            }
            let twins = named_alike(&created, &located.object);
            for twin in twins.filter(|twin| is_twin(&twin.object, &located.object)) {
                if let Some(other) = view.source(&located)? {
                    findings.push(duplicate(twin, &other));
                }
            }
        }
        Ok(findings)
    }
}

/// Objects of the changed files that a namespace which only one of them names may make one: two at
/// head, of which one was not there before; or one at base and one at head, where what else differs
/// would be seen by nobody.
pub(super) fn coinciding(changes: &[Change], head: &Objects) -> Vec<Finding> {
    if created(changes).next().is_none() {
        return Vec::new();
    }
    let is_new: BTreeSet<&ObjectRef> = created(changes).map(|source| &source.object).collect();
    let kept = by_name(head.values());
    let deleted = changes
        .iter()
        .filter(|change| change.operation == Operation::Delete)
        .filter_map(|change| change.old_source.as_ref());
    let deleted = by_name(deleted);
    let mut findings = Vec::new();
    for new in created(changes) {
        // Of two new ones the one with a namespace tells it.
        let twin = |other: &&Source| {
            new.object.may_coincide(&other.object)
                && !(new.object.namespace.is_none() && is_new.contains(&other.object))
        };
        let twins = named_alike(&kept, &new.object).filter(twin);
        findings.extend(twins.map(|other| duplicate(new, other)));
        let before = named_alike(&deleted, &new.object);
        findings.extend(
            before
                .filter(|old| new.object.may_coincide(&old.object))
                .filter(|old| change::differ_beyond_namespace(old, new))
                .map(|old| ambiguous_update(new, old)),
        );
    }
    findings
}

pub(super) fn duplicate(source: &Source, first: &Source) -> Finding {
    let (message, remediation) = if source.object == first.object {
        (
            format!(
                "the unit holds this object twice; the other is in {}",
                first.file
            ),
            "keep one of them; which one is deployed depends on the deployer",
        )
    } else {
        (
            format!(
                "the unit may hold this object twice: the other, in {}, is the same but for a namespace that only one of them names",
                first.file
            ),
            "keep one of them, or write `metadata.namespace` in both; a deployer fills in what is absent",
        )
    };
    Finding {
        object: Some(source.object.clone()),
        location: Some(source.at(source.node.span)),
        because: Some(first.at(first.node.span)),
        remediation: Some(remediation.to_owned()),
        ..Finding::of_engine("engine.duplicate-object", Effect::Deny, message)
    }
}

fn ambiguous_update(new: &Source, old: &Source) -> Finding {
    let message = format!(
        "this may be {} as it was, and more than its namespace differs: a deletion and a creation do not show what",
        old.object
    );
    Finding {
        object: Some(new.object.clone()),
        location: Some(new.location("/metadata/namespace")),
        because: Some(old.location("/metadata/namespace")),
        remediation: Some(
            "change the namespace in a step of its own, and sign it before the rest".to_owned(),
        ),
        ..Finding::of_engine("engine.ambiguous-update", Effect::Deny, message)
    }
}

fn is_twin(one: &ObjectRef, other: &ObjectRef) -> bool {
    one == other || one.may_coincide(other)
}

fn created(changes: &[Change]) -> impl Iterator<Item = &Source> {
    changes
        .iter()
        .filter(|change| change.operation == Operation::Create)
        .filter_map(|change| change.new_source.as_ref())
}

/// By kind and name, whatever the group and the namespace.
type ByName<'a> = BTreeMap<(&'a str, &'a str), Vec<&'a Source>>;

fn by_name<'a>(sources: impl Iterator<Item = &'a Source>) -> ByName<'a> {
    let mut found = ByName::new();
    for source in sources {
        let name = (source.object.kind.as_str(), source.object.name.as_str());
        found.entry(name).or_default().push(source);
    }
    found
}

fn named_alike<'a>(
    sources: &ByName<'a>,
    object: &'a ObjectRef,
) -> impl Iterator<Item = &'a Source> + use<'a> {
    let name = (object.kind.as_str(), object.name.as_str());
    sources.get(&name).cloned().unwrap_or_default().into_iter()
}
