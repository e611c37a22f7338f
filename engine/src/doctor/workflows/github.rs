//! Workflows of GitHub: which of their jobs have the key within reach, what starts these, and what else runs in them.
//!
//! Source: GitHub, "Workflow syntax", "Events that trigger workflows", "Security hardening for GitHub Actions".

use std::collections::BTreeSet;

use super::words::{signs, texts as said};
use crate::doctor::tree::{Document, Seen, list, texts};
use crate::doctor::{State, Way};
use crate::manifest::{Entry, Node, NodeValue};
use crate::model::step_of;

pub(super) fn ways(seen: &Seen<'_>) -> Vec<Way> {
    let all: Vec<&Document<'_>> = seen.workflows.iter().filter(|it| is_github(it)).collect();
    let proposed: BTreeSet<&str> = all
        .iter()
        .filter(|workflow| {
            events(workflow)
                .iter()
                .any(|(event, _)| PROPOSED.contains(event))
        })
        .flat_map(|workflow| jobs(workflow).iter().flat_map(|job| runners(&job.value)))
        .collect();
    let mut ways = Vec::new();
    for workflow in &all {
        let (signing, others): (Vec<&Entry>, Vec<&Entry>) = jobs(workflow)
            .iter()
            .partition(|job| reaches(workflow, &job.value, &all, DEEPEST));
        ways.extend(writes(workflow, &others));
        if signing.is_empty() {
            continue;
        }
        ways.extend(started(workflow, &signing, &all));
        for job in signing {
            let job = Job { workflow, job };
            ways.extend(job.unguarded());
            ways.extend(job.injected());
            ways.extend(job.unpinned());
            ways.extend(job.shared(&proposed));
        }
    }
    ways
}

pub(super) fn gate_jobs(seen: &Seen<'_>) -> Vec<String> {
    let shown = seen.workflows.iter();
    let before = |it: &&Document<'_>| events(it).iter().any(|(event, _)| BEFORE.contains(event));
    let shown = shown.filter(|it| is_github(it) && it.branch.is_none() && before(it));
    let all = shown.flat_map(|workflow| jobs(workflow));
    let ours = all.filter(|job| {
        said(&job.value)
            .iter()
            .any(|text| text.contains("tidegate"))
    });
    let named = ours.map(|job| {
        let name = job.value.get("name").and_then(Node::as_str);
        name.unwrap_or(&job.key).to_owned()
    });
    named.collect()
}

fn is_github(workflow: &Document<'_>) -> bool {
    workflow.path.as_bytes().starts_with(b".github/")
}

/// Whether the key is within reach of a job: it signs, or hands its secrets to what does or what nobody sees.
fn reaches(workflow: &Document<'_>, job: &Node, all: &[&Document<'_>], depth: usize) -> bool {
    let environment = workflow.node.get("env").is_some_and(signs);
    if environment || signs(job) {
        return true;
    }
    let (Some(called), Some(secrets)) =
        (job.get("uses").and_then(Node::as_str), job.get("secrets"))
    else {
        return false;
    };
    let Some(called) = called.strip_prefix("./") else {
        return secrets.as_str() == Some("inherit");
    };
    let Some(depth) = depth.checked_sub(1) else {
        return true;
    };
    let mut all_called = all.iter().filter(|it| {
        it.path.as_bytes() == called.as_bytes()
            && it.tree.name == workflow.tree.name
            && it.branch == workflow.branch
    });
    all_called.any(|it| {
        jobs(it)
            .iter()
            .any(|job| reaches(it, &job.value, all, depth))
    })
}

/// What starts a job that signs.
fn started(workflow: &Document<'_>, signing: &[&Entry], all: &[&Document<'_>]) -> Vec<Way> {
    let mut ways = Vec::new();
    for (event, node) in events(workflow) {
        // Of another branch than the default one only these count; and there an environment asks for the branch.
        let guarded = signing
            .iter()
            .all(|job| has_environment(&job.value, workflow, all));
        if workflow.branch.is_some() && (guarded || !OF_BRANCHES.contains(&event)) {
            continue;
        }
        let place = Some(workflow.place_of(node.span));
        if PROPOSED.contains(&event) {
            let about = format!(
                "`{event}` starts a job that has the signing key within reach: who may propose a change may sign one"
            );
            let fix = "sign on `push` to the protected branch alone; what is proposed is checked without a key";
            ways.push(Way {
                place,
                ..workflow.open("signs-proposals", "", about, fix)
            });
        } else if event == "merge_group" {
            ways.push(Way {
                state: State::Unseen,
                place,
                ..workflow.open(
                    "signs-queue",
                    "",
                    "a queued commit brings the job that has the signing key within reach; who must review `.github/workflows` is kept by the forge".to_owned(),
                    "require a review of `.github/workflows` by code owners, and let the key's environment be used by `gh-readonly-queue/` alone",
                )
            });
        }
    }
    ways
}

/// A job that has the key within reach.
struct Job<'d, 't> {
    workflow: &'d Document<'t>,
    job: &'d Entry,
}

impl Job<'_, '_> {
    fn open(&self, code: &'static str, at: &str, about: &str, fix: &str) -> Way {
        let pointer = format!("/jobs/{}{at}", step_of(&self.job.key));
        let about = format!(
            "the job `{}` has the signing key within reach, and {about}",
            self.job.key
        );
        self.workflow.open(code, &pointer, about, fix)
    }

    /// A secret of the repository, and not of an environment, is any branch's.
    fn unguarded(&self) -> Option<Way> {
        let job = &self.job.value;
        // What is called says itself which environment it takes.
        let guarded = job.get("environment").is_some() || job.get("uses").is_some();
        let starts = |(event, node): &(&str, &Node)| {
            OF_BRANCHES.contains(event) && (*event != "push" || !names_branches(node))
        };
        let asleep = self.workflow.branch.is_some() && !events(self.workflow).iter().any(starts);
        (!guarded && !asleep).then(|| {
            self.open(
                "signs-any-branch",
                "",
                "takes it from no environment: whoever may push a branch may push one whose workflow signs",
                "keep the key in an environment that only the protected branch may use, and name that under `environment` of the job",
            )
        })
    }

    /// Text that others write, put into a script before the shell reads it.
    fn injected(&self) -> Vec<Way> {
        let steps = list(&self.job.value, "/steps").iter().enumerate();
        let taken = steps.filter(|(_, step)| {
            let with = step.pointer("/with/script");
            let scripts = step.get("run").into_iter().chain(with);
            scripts.flat_map(said).any(|script| {
                let expressions = script.split("${{").skip(1);
                let mut expressions = expressions.filter_map(|rest| rest.split("}}").next());
                expressions.any(|it| OTHERS.iter().any(|words| it.contains(words)))
            })
        });
        taken
            .map(|(at, _)| {
                self.open(
                    "signs-injected",
                    &format!("/steps/{at}"),
                    "a step of it puts what others write into its script: a title or a name may be a command",
                    "hand it over in a variable under `env`, and write `\"$NAME\"` in the script",
                )
            })
            .collect()
    }

    /// Actions and workflows that somebody else may exchange.
    fn unpinned(&self) -> Vec<Way> {
        let steps = list(&self.job.value, "/steps").iter().enumerate();
        let steps =
            steps.filter_map(|(at, step)| Some((format!("/steps/{at}/uses"), step.get("uses")?)));
        let own = self
            .job
            .value
            .get("uses")
            .map(|uses| ("/uses".to_owned(), uses));
        let all = steps.chain(own);
        let moving = all.filter(|(_, uses)| uses.as_str().is_some_and(|uses| !is_pinned(uses)));
        moving
            .map(|(at, uses)| {
                let uses = uses.as_str().unwrap_or_default();
                self.open(
                    "signs-unpinned",
                    &at,
                    &format!("runs `{uses}`: who may move that tag or branch may sign"),
                    "name the commit, 40 digits, that you read and trust",
                )
            })
            .collect()
    }

    /// A machine of one's own that also runs what is proposed: what that leaves behind, the next job finds.
    fn shared(&self, proposed: &BTreeSet<&str>) -> Option<Way> {
        let own = runners(&self.job.value);
        let shared = own.iter().find(|label| proposed.contains(*label))?;
        Some(self.open(
            "signs-runner",
            "/runs-on",
            &format!("runs on `{shared}`, a machine of yours that what is proposed runs on too"),
            "sign on a machine that runs nothing else, or on one that is new for each job",
        ))
    }
}

/// Any job that may push may push where verdicts and promoted branches are, unless the forge says who may.
fn writes(workflow: &Document<'_>, others: &[&Entry]) -> Option<Way> {
    let of_all = workflow.node.get("permissions");
    let called = |(event, _): &(&str, &Node)| *event == "workflow_call";
    // What is called has no more than what calls it; of another branch somebody may as well bring another workflow.
    let is_told = workflow.branch.is_some() || events(workflow).iter().all(called);
    let mut reach = others.iter().filter_map(|job| {
        let own = job.value.get("permissions").or(of_all);
        match own {
            Some(own) => may_write(own).then_some((own.span, "may push")),
            None => (!is_told).then_some((job.value.span, DEFAULT)),
        }
    });
    let (span, may) = reach.next()?;
    let proposed = events(workflow);
    let proposed = proposed.iter().find(|(event, _)| PROPOSED.contains(event));
    let by = proposed.map_or_else(String::new, |(event, _)| format!(", started by `{event}`"));
    Some(Way {
        state: State::Unseen,
        place: Some(workflow.place_of(span)),
        ..workflow.open(
            "store-reach",
            "",
            format!("a job that does not sign {may}{by}: to `gated/` and `tidegate/verdicts` too, unless the forge lets the signer alone push there"),
            "give it `permissions: {contents: read}`, or let the forge keep these branches for the signer",
        )
    })
}

fn may_write(permissions: &Node) -> bool {
    let contents = permissions.get("contents").and_then(Node::as_str);
    permissions.as_str() == Some("write-all") || contents == Some("write")
}

fn has_environment(job: &Node, workflow: &Document<'_>, all: &[&Document<'_>]) -> bool {
    let called = job.get("uses").and_then(Node::as_str);
    let called = called.and_then(|called| called.strip_prefix("./"));
    job.get("environment").is_some()
        || called.is_some_and(|called| {
            let mut all = all.iter().filter(|it| {
                it.path.as_bytes() == called.as_bytes() && it.branch == workflow.branch
            });
            all.any(|it| {
                jobs(it)
                    .iter()
                    .all(|job| job.value.get("environment").is_some())
            })
        })
}

fn jobs<'d>(workflow: &'d Document<'_>) -> &'d [Entry] {
    match workflow.node.get("jobs").map(|jobs| &jobs.value) {
        Some(NodeValue::Mapping(jobs)) => jobs,
        _ => &[],
    }
}

fn events<'d>(workflow: &'d Document<'_>) -> Vec<(&'d str, &'d Node)> {
    // `on` is the word for yes in YAML 1.1, which Kubernetes reads.
    let node = &workflow.node;
    let Some(triggers) = node.get("on").or_else(|| node.get("true")) else {
        return Vec::new();
    };
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

/// The labels of machines that are not GitHub's own, which are new for each job.
fn runners(job: &Node) -> Vec<&str> {
    let Some(node) = job.get("runs-on") else {
        return Vec::new();
    };
    let labels = match node.get("labels").or(Some(node)) {
        Some(labels) => said(labels),
        None => Vec::new(),
    };
    let hosted = |label: &str| HOSTED.iter().any(|start| label.starts_with(start));
    let foreign = labels.contains(&"self-hosted") || !labels.iter().all(|it| hosted(it));
    let labels = labels.into_iter().filter(|label| !USUAL.contains(label));
    labels.filter(|_| foreign).collect()
}

fn is_pinned(uses: &str) -> bool {
    if uses.starts_with("./") || uses.contains("@sha256:") {
        return true;
    }
    uses.rsplit_once('@').is_some_and(|(_, commit)| {
        commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// What a job may that names no permissions.
const DEFAULT: &str =
    "names no `permissions`, and may push where the token of the repository may by default";
/// Reusable workflows that call each other; more are a circle.
const DEEPEST: usize = 8;
/// What anybody can start by proposing something, or by writing a word.
const PROPOSED: [&str; 9] = [
    "discussion",
    "discussion_comment",
    "issue_comment",
    "issues",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "pull_request_target",
    "workflow_run",
];
/// What starts a workflow before a merge.
const BEFORE: [&str; 3] = ["merge_group", "pull_request", "pull_request_target"];
/// What starts a workflow as another branch than the default one has it.
const OF_BRANCHES: [&str; 4] = ["create", "pull_request", "push", "workflow_dispatch"];
/// What others write.
const OTHERS: [&str; 9] = [
    "github.event.comment",
    "github.event.commits",
    "github.event.head_commit",
    "github.event.inputs",
    "github.event.issue",
    "github.event.pull_request",
    "github.event.workflow_run",
    "github.head_ref",
    "inputs.",
];
const HOSTED: [&str; 4] = ["macos-", "ubuntu-", "windows-", "${{"];
/// Labels that every machine of its kind has.
const USUAL: [&str; 7] = ["ARM64", "Linux", "X64", "Windows", "linux", "macOS", "x64"];
