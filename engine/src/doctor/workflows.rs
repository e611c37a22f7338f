//! Jobs of CI services that sign: what starts them, and for which branches.

use super::tree::{Document, Seen, list, texts};
use super::{State, Way};
use crate::manifest::{Node, NodeValue};

pub(super) fn ways(seen: &Seen<'_>) -> Vec<Way> {
    let signing = seen.workflows.iter().filter(|workflow| signs(workflow));
    signing.flat_map(of_workflow).collect()
}

/// Whether it signs, or has the key within reach. Words are enough: whoever has the key can sign in other ways.
fn signs(workflow: &Document<'_>) -> bool {
    let said = workflow.node.canonical_json();
    SIGNING.iter().any(|words| said.contains(words))
}

fn of_workflow(workflow: &Document<'_>) -> Vec<Way> {
    if workflow.path.as_bytes() == b".gitlab-ci.yml" {
        return of_gitlab(workflow);
    }
    // `on` is the word for yes in YAML 1.1, which Kubernetes reads.
    let triggers = workflow
        .node
        .get("on")
        .or_else(|| workflow.node.get("true"));
    let Some(triggers) = triggers else {
        return Vec::new();
    };
    let mut ways: Vec<Way> = events(triggers)
        .into_iter()
        .filter(|(event, _)| PROPOSED.contains(event))
        .map(|(event, node)| {
            let about = format!("`{event}` starts a job that has the signing key within reach: who may propose a change may sign one");
            Way {
                place: Some(workflow.place_of(node.span)),
                ..workflow.open("signs-proposals", "", about, "sign on `push` to the protected branch alone; what is proposed is checked without a key")
            }
        })
        .collect();
    if let Some((_, node)) = events(triggers)
        .into_iter()
        .find(|(event, _)| *event == "merge_group")
    {
        ways.push(Way {
            state: State::Unseen,
            place: Some(workflow.place_of(node.span)),
            ..workflow.open(
                "signs-queue",
                "",
                "a queued commit brings the job that has the signing key within reach; who must review `.github/workflows` is kept by the forge".to_owned(),
                "require a review of `.github/workflows` by code owners, and let the key's environment be used by `gh-readonly-queue/` alone",
            )
        });
    }
    let push = events(triggers)
        .into_iter()
        .find(|(event, _)| *event == "push");
    if let Some((_, node)) = push
        && !names_branches(node)
        && !has_environments(workflow)
    {
        ways.push(Way {
            place: Some(workflow.place_of(node.span)),
            ..workflow.open(
                "signs-any-branch",
                "",
                "a push to any branch starts a job that has the signing key within reach".to_owned(),
                "name the protected branch under `push.branches`, and keep the key in an environment that only that branch may use",
            )
        });
    }
    ways
}

fn events(triggers: &Node) -> Vec<(&str, &Node)> {
    match &triggers.value {
        NodeValue::String(event) => vec![(event, triggers)],
        NodeValue::Sequence(events) => events
            .iter()
            .filter_map(|event| Some((event.as_str()?, event)))
            .collect(),
        NodeValue::Mapping(entries) => entries
            .iter()
            .map(|entry| (&*entry.key, &entry.value))
            .collect(),
        _ => Vec::new(),
    }
}

/// Whether a push counts for branches that are named, none of them by a glob for all.
fn names_branches(push: &Node) -> bool {
    let branches = texts(push, "/branches");
    !branches.is_empty() && !branches.iter().any(|branch| branch.starts_with('*'))
}

/// Whether every job says which environment's secrets it takes: the forge asks that for the branch.
fn has_environments(workflow: &Document<'_>) -> bool {
    let Some(NodeValue::Mapping(jobs)) = workflow.node.get("jobs").map(|jobs| &jobs.value) else {
        return false;
    };
    !jobs.is_empty()
        && jobs
            .iter()
            .all(|job| job.value.get("environment").is_some())
}

/// Jobs that have no rule about the branch, or one about proposals.
fn of_gitlab(file: &Document<'_>) -> Vec<Way> {
    let NodeValue::Mapping(entries) = &file.node.value else {
        return Vec::new();
    };
    let jobs = entries.iter().filter(|entry| {
        let script = texts(&entry.value, "/script").join("\n");
        SIGNING.iter().any(|words| script.contains(words))
    });
    jobs.filter_map(|job| {
        let rules = list(&job.value, "/rules");
        let conditions: Vec<&str> = rules.iter().filter_map(|rule| rule.get("if")?.as_str()).collect();
        let (code, about) = if conditions.iter().any(|text| text.contains("merge_request_event")) {
            ("signs-proposals", "signs merge requests: who may propose a change may sign one")
        } else if !conditions.is_empty()
            && conditions.len() == rules.len()
            && conditions.iter().all(|text| PROTECTED.iter().any(|word| text.contains(word)))
        {
            return None;
        } else {
            ("signs-any-branch", "signs whatever branch is pushed")
        };
        Some(Way {
            place: Some(file.place_of(job.key_span)),
            ..file.open(
                code,
                "",
                format!("the job `{}` {about}", job.key),
                "give it one rule, `$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH`, and make the variable of the key a protected one",
            )
        })
    })
    .collect()
}

/// What says that a job signs.
const SIGNING: [&str; 4] = [
    "TIDEGATE_SIGNING_KEY",
    "\"command\":\"sign\"",
    "tidegate baseline",
    "tidegate sign",
];
/// What anybody can start by proposing something, or by writing a word.
const PROPOSED: [&str; 7] = [
    "discussion_comment",
    "issue_comment",
    "issues",
    "pull_request",
    "pull_request_review",
    "pull_request_target",
    "workflow_run",
];
const PROTECTED: [&str; 2] = ["$CI_DEFAULT_BRANCH", "$CI_COMMIT_REF_PROTECTED"];
