//! Objects that a unit holds twice.
//! Knows nothing of policies.

use std::collections::{BTreeMap, BTreeSet};

use super::super::Error;
use super::super::view::View;
use super::Unit;
use crate::change::{Change, Source};
use crate::facts::index::Wanted;
use crate::git::FileChange;
use crate::model::{Effect, Finding, ObjectRef, Operation, RepoPath};

impl Unit<'_> {
    /// Two objects of one identity, of which one was not there before and the other did not change.
    pub(super) fn duplicates_elsewhere(
        &self,
        view: &View<'_>,
        files: &[FileChange],
        changes: &[Change],
    ) -> Result<Vec<Finding>, Error> {
        let created: Vec<&Source> = changes
            .iter()
            .filter(|change| change.operation == Operation::Create)
            .filter_map(|change| change.new_source.as_ref())
            .collect();
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
        };
        let mut findings = Vec::new();
        let changed: BTreeSet<&RepoPath> = files.iter().map(|file| &file.path).collect();
        let created: BTreeMap<&ObjectRef, &Source> = created
            .into_iter()
            .map(|source| (&source.object, source))
            .collect();
        for located in view.find(std::slice::from_ref(self.head), wanted)? {
            if !changed.contains(&located.entry.path)
                && let Some(twin) = created.get(&located.object)
                && let Some(other) = view.source(&located)?
            {
                findings.push(duplicate(twin, &other));
            }
        }
        Ok(findings)
    }
}

pub(super) fn duplicate(source: &Source, first: &Source) -> Finding {
    Finding {
        object: Some(source.object.clone()),
        location: Some(source.at(source.node.span)),
        because: Some(first.at(first.node.span)),
        remediation: Some(
            "keep one of them; which one is deployed depends on the deployer".to_owned(),
        ),
        ..Finding::of_engine(
            "engine.duplicate-object",
            Effect::Deny,
            format!(
                "the unit holds this object twice; the other is in {}",
                first.file
            ),
        )
    }
}
