//! Whether a deployment is told otherwise than before, and what of that counts. Knows nothing of what applies it.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::render::Tool;
use crate::sources::{Deployment, Kind, Local, ResolvedUnit};

/// Whether one that applies others does so otherwise.
pub(super) fn is_told_otherwise(was: &Deployment, now: &Deployment) -> bool {
    let flags = |it: &Deployment| {
        let prune = &it.prune;
        // Of one of Flux, its description says as much.
        let idle = prune.idle.filter(|_| it.kind == Kind::Application);
        (
            prune.leaves,
            prune.orphans,
            prune.empties,
            prune.is_at_rest,
            idle,
        )
    };
    takes_otherwise(was, now) || was.description != now.description || flags(was) != flags(now)
}

/// Whether one that applies no others deploys otherwise, or would delete what it did not before.
pub(super) fn deploys_otherwise(was: &Deployment, now: &Deployment) -> bool {
    let deletes_more = |was: Option<&str>, now: Option<&str>| was.is_some() && now.is_none();
    takes_otherwise(was, now)
        || deployed(&was.description) != deployed(&now.description)
        || deletes_more(was.prune.leaves, now.prune.leaves)
        || deletes_more(was.prune.orphans, now.prune.orphans)
        || (now.prune.empties && !was.prune.empties)
}

/// Whether it takes its sources from other revisions, of which its description says nothing.
fn takes_otherwise(was: &Deployment, now: &Deployment) -> bool {
    was.revisions != now.revisions
}

/// What a description says but for when it is deployed and what is deleted.
fn deployed(description: &Value) -> Value {
    let mut description = description.clone();
    if let Value::Object(fields) = &mut description {
        fields.retain(|key, _| !ASIDE.contains(&key.as_str()));
    }
    description
}

/// Whether a unit is told to read all that it was told to read of this repository.
pub(super) fn is_read_still(was: &ResolvedUnit, now: &ResolvedUnit) -> bool {
    let mut all = was.local();
    let is_there = all.all(|was| now.local().any(|now| holds(now, was)));
    is_there && named(was).is_subset(&named(now))
}

/// Whether one folder is another one, with all files that count of that. What renders it, its files say.
fn holds(now: &Local, was: &Local) -> bool {
    let ignored = |local: &Local| match local.render.as_ref().map(|it| &it.tool) {
        Some(Tool::Kustomize(options)) => options.ignore.clone(),
        Some(Tool::Helm(_)) | None => Vec::new(),
    };
    let is_rendered = was.render.is_some() || now.render.is_some();
    now.folder == was.folder
        && (is_rendered || now.directory == was.directory)
        && (ignored(now).is_empty() || ignored(now) == ignored(was))
}

/// The files and components that a unit is told of.
fn named(unit: &ResolvedUnit) -> BTreeSet<String> {
    let mut named = BTreeSet::new();
    for rendering in unit.renderings() {
        match &rendering.tool {
            Tool::Helm(helm) => {
                let given = helm.file_parameters.iter().map(|(_, file)| file);
                let files = helm.value_files.iter().chain(given);
                named.extend(files.map(ToString::to_string));
            }
            Tool::Kustomize(options) => named.extend(options.components.iter().cloned()),
        }
    }
    let external = unit.external().flat_map(|it| &it.value_files);
    named.extend(external.map(|put| put.file.to_string()));
    named
}

/// What of an object of Flux says nothing of what it deploys.
const ASIDE: [&str; 9] = [
    "interval",
    "retryInterval",
    "timeout",
    "wait",
    "healthChecks",
    "healthCheckExprs",
    "suspend",
    "prune",
    "deletionPolicy",
];
