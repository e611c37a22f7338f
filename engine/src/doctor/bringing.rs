//! What an Application says of the source that brings its gate: where that lies, and nothing else.
//! Knows not what lies there.

use super::deployed::{Application, is_templated, revision};
use super::promoted::ambiguous;
use super::{State, Way};
use crate::config::Config;
use crate::manifest::{Entry, Node, NodeValue};
use crate::model::step_of;

pub(super) fn ways(
    application: &Application<'_, '_>,
    at: usize,
    source: &Node,
    config: Option<&Config>,
) -> Vec<Way> {
    let pointer = application.pointer_of(at);
    let mut ways = altered(application, source, &pointer);
    ways.extend(ambiguous(application, source, &pointer).or_else(|| {
        let pointer = format!("{pointer}/targetRevision");
        unpinned(application, revision(source), &pointer, config)
    }));
    ways
}

/// Whatever is said there besides may leave the Job out, or make something else of it.
fn altered(application: &Application<'_, '_>, source: &Node, pointer: &str) -> Vec<Way> {
    let entries = match &source.value {
        NodeValue::Mapping(entries) => entries.as_slice(),
        _ => &[],
    };
    let others = entries.iter().filter(|entry| !is_harmless(entry));
    let told = others.map(|entry| {
        let key = step_of(&entry.key);
        application.document.open(
            "gate-altered",
            &format!("{pointer}/{key}"),
            format!(
                "{} says more of its gate than where it lies, by `{key}`: what comes of the Job then is not sure",
                application.document.called()
            ),
            "take it away; what must differ is a patch in the folder of the gate, in the platform's repository",
        )
    });
    told.collect()
}

/// An empty `directory` or `plugin` is said all the same: Argo CD builds no kustomization then.
fn is_harmless(entry: &Entry) -> bool {
    let value = entry.value.canonical_json();
    let key = &*entry.key;
    WHERE.contains(&key) || value == "null" || (key == "kustomize" && value == "{}")
}

/// Who may move what the revision names chooses the gate.
fn unpinned(
    application: &Application<'_, '_>,
    revision: &str,
    pointer: &str,
    config: Option<&Config>,
) -> Option<Way> {
    let called = application.document.called();
    let open = |about: String| {
        application
            .document
            .open("gate-unpinned", pointer, about, FIX)
    };
    let Some(branch) = revision.strip_prefix("refs/heads/") else {
        let is_commit = !revision.starts_with("refs/") && !is_templated(revision);
        return match is_templated(revision) {
            true => Some(Way {
                state: State::Unseen,
                ..open(format!("which revision {called} takes its gate from is not told here: `{revision}`"))
            }),
            false => (!is_commit).then(|| {
                open(format!("{called} takes its gate from `{revision}`, which is no branch: whoever may push or propose that chooses the gate"))
            }),
        };
    };
    let mut environments = config.into_iter().flat_map(|config| &config.environments);
    let usual = USUAL.contains(&branch) || environments.any(|it| it.branch == branch);
    (!usual).then(|| Way {
        state: State::Unseen,
        ..open(format!("{called} takes its gate from the branch `{branch}`: whether that is a protected one is kept by the forge"))
    })
}

const FIX: &str = "let it follow the platform's protected branch by its whole name, `refs/heads/main`, or a whole commit id";
/// What of a source says where something lies.
const WHERE: [&str; 4] = ["name", "path", "repoURL", "targetRevision"];
/// Branches that are protected wherever any is.
const USUAL: [&str; 2] = ["main", "master"];
