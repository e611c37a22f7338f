//! Jobs of GitLab that sign: for which branches, and what else their file takes in.
//!
//! Source: GitLab, "CI/CD YAML syntax reference".

use super::words::{signs, texts as said};
use crate::doctor::paths::normal;
use crate::doctor::tree::{Document, Seen, list, texts};
use crate::doctor::{State, Way};
use crate::manifest::{Node, NodeValue};

pub(super) fn ways(seen: &Seen<'_>) -> Vec<Way> {
    let files = seen.workflows.iter();
    let own = files.filter(|file| file.path.as_bytes() == b".gitlab-ci.yml");
    own.flat_map(|file| {
        let mut ways = of_file(file);
        let included = seen
            .objects
            .iter()
            .filter(|it| it.tree.name == file.tree.name);
        let included = included.filter(|it| takes_in(file, it));
        ways.extend(included.flat_map(of_file));
        ways.extend(elsewhere(file));
        ways
    })
    .collect()
}

/// Whether a file of the repository is a part of another.
fn takes_in(file: &Document<'_>, other: &Document<'_>) -> bool {
    let Some(include) = file.node.get("include") else {
        return false;
    };
    let named = said(include);
    let mut named = named.into_iter().filter_map(|path| normal("", path));
    named.any(|path| path.as_bytes() == other.path.as_bytes())
}

/// What is taken in from elsewhere runs with the variables of this project.
fn elsewhere(file: &Document<'_>) -> Option<Way> {
    let one = file.node.get("include").filter(|it| it.items().is_none());
    let several = list(&file.node, "/include").iter();
    let mut foreign = several.chain(one).filter(|entry| {
        let keyed = ["component", "project", "remote"]
            .iter()
            .any(|key| entry.get(key).is_some());
        keyed || entry.as_str().is_some_and(|text| text.contains("://"))
    });
    let entry = foreign.next()?;
    Some(Way {
        state: State::Unseen,
        place: Some(file.place_of(entry.span)),
        ..file.open(
            "signs-elsewhere",
            "",
            "jobs of another project are taken in, and run with the variables of this one: whether they sign is not seen here".to_owned(),
            "pin what is included to a commit, and give the variable of the key to an environment that only the job that signs has",
        )
    })
}

fn of_file(file: &Document<'_>) -> Vec<Way> {
    let NodeValue::Mapping(entries) = &file.node.value else {
        return Vec::new();
    };
    let jobs = entries.iter().filter(|entry| {
        let scripts = ["before_script", "script", "after_script", "variables"];
        let mut parts = scripts.iter().filter_map(|key| entry.value.get(key));
        parts.any(signs)
    });
    jobs.filter_map(|job| {
        let (code, about) = match started(&job.value) {
            Started::Protected => return None,
            Started::Proposed => ("signs-proposals", "signs merge requests: who may propose a change may sign one"),
            Started::Any => ("signs-any-branch", "signs whatever branch is pushed"),
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

/// For what a job runs.
enum Started {
    Protected,
    Proposed,
    Any,
}

fn started(job: &Node) -> Started {
    let rules = list(job, "/rules");
    let runs = rules
        .iter()
        .filter(|rule| rule.get("when").and_then(Node::as_str) != Some("never"));
    let conditions: Vec<Option<&str>> = runs.map(|rule| rule.get("if")?.as_str()).collect();
    let only = [texts(job, "/only"), texts(job, "/only/refs")].concat();
    let proposed = conditions
        .iter()
        .flatten()
        .any(|text| text.contains("merge_request_event"));
    let protected =
        |text: &str| PROTECTED.iter().any(|word| text.contains(word)) && !text.contains("||");
    if proposed
        || only
            .iter()
            .any(|word| ["external_pull_requests", "merge_requests"].contains(word))
    {
        return Started::Proposed;
    }
    let by_rules =
        !conditions.is_empty() && conditions.iter().all(|text| text.is_some_and(protected));
    let by_only = !only.is_empty()
        && only
            .iter()
            .all(|name| !KEYWORDS.contains(name) && !name.starts_with('/') && !name.contains('*'));
    match by_rules || by_only {
        true => Started::Protected,
        false => Started::Any,
    }
}

const PROTECTED: [&str; 2] = ["$CI_DEFAULT_BRANCH", "$CI_COMMIT_REF_PROTECTED"];
/// What `only` reads as more than the name of a branch.
const KEYWORDS: [&str; 9] = [
    "api",
    "branches",
    "chat",
    "pipelines",
    "pushes",
    "schedules",
    "tags",
    "triggers",
    "web",
];
