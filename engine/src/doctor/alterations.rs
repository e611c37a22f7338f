//! What a Job must be to be the gate, and what a kustomization may patch of it.

use super::Way;
use super::gates::{containers, looks_like_one, reached};
use super::patches::{self, Patch, operations};
use super::shipped::{self, is_free, leads_to_free};
use super::tree::{Document, Seen, list, texts};
use crate::manifest::{Node, NodeValue};

pub(super) fn ways(seen: &Seen<'_>) -> Vec<Way> {
    let jobs = seen
        .of_kind("batch", "Job")
        .filter(|job| looks_like_one(seen, job));
    let mut ways: Vec<Way> = jobs
        .filter_map(|job| {
            let (pointer, about) = fault(job)?;
            Some(job.open(
                CODE,
                &pointer,
                format!("{} looks like the gate and is not: {about}", job.called()),
                "take the Job of action/argocd/gate as it is",
            ))
        })
        .collect();
    ways.extend(changed(seen));
    ways
}

/// What of a Job makes another thing of it than the gate.
pub(super) fn fault(job: &Document<'_>) -> Option<(String, String)> {
    let hook = "/metadata/annotations/argocd.argoproj.io~1hook";
    let wave = "/metadata/annotations/argocd.argoproj.io~1sync-wave";
    let is = |pointer: &str, about: &str| Some((pointer.to_owned(), about.to_owned()));
    if job.text_at(hook).map(str::trim) != Some("PreSync") {
        return is(hook, "its hook is not `PreSync`");
    }
    let number = job
        .text_at(wave)
        .and_then(|text| text.trim().parse::<i64>().ok());
    if number.is_none_or(|number| number > -100) {
        return is(
            wave,
            "its wave is not -100 or before: other hooks run first",
        );
    }
    for key in ["completions", "parallelism"] {
        let value = job.node.pointer("/spec").and_then(|spec| spec.get(key));
        if value.is_some_and(|value| value.to_json() != 1) {
            return is(&format!("/spec/{key}"), "it does not run just once");
        }
    }
    if job.node.pointer("/spec/successPolicy").is_some() {
        return is("/spec/successPolicy", "it may succeed though its Pod fails");
    }
    let suspended = job.node.pointer("/spec/suspend").map(|node| &node.value);
    if suspended.is_some_and(|it| *it != NodeValue::Bool(false)) {
        return is("/spec/suspend", "it does not run");
    }
    for (at, rule) in list(&job.node, "/spec/podFailurePolicy/rules")
        .iter()
        .enumerate()
    {
        let ignored = rule.get("action").and_then(Node::as_str) == Some("Ignore");
        if ignored && rule.get("onExitCodes").is_some() {
            let pointer = format!("/spec/podFailurePolicy/rules/{at}/action");
            return is(&pointer, "it ignores exit codes");
        }
    }
    of_container(containers(job)).or_else(|| {
        let pointer = shipped::difference(job)?;
        let about = format!("`{pointer}` is not as it is shipped");
        Some((pointer, about))
    })
}

/// What of its containers makes another thing of it: it has one, that runs the gate and nothing else.
fn of_container(all: &[Node]) -> Option<(String, String)> {
    let is = |pointer: &str, about: &str| Some((pointer.to_owned(), about.to_owned()));
    let [container] = all else {
        return is(
            "/spec/template/spec/containers",
            "it has another container than its one",
        );
    };
    let pointer = "/spec/template/spec/containers/0";
    let image = container.get("image").and_then(Node::as_str);
    let (command, args) = (texts(container, "/command"), texts(container, "/args"));
    let program = match command[..] {
        [] => image.is_some_and(|image| image.contains("tidegate")),
        [program, ..] => PROGRAMS.contains(&program),
    };
    let words = [command.get(1..).unwrap_or_default(), &args].concat();
    (!program || !asks(&words)).then(|| {
        let about = "it does not run `tidegate admit` itself, with flags that a gate has";
        (pointer.to_owned(), about.to_owned())
    })
}

/// Whether arguments are those of a gate.
pub(super) fn asks(words: &[&str]) -> bool {
    // The flag whose value comes next.
    let mut open: Option<&str> = None;
    words.first() == Some(&"admit")
        && words.iter().skip(1).all(|word| match (flag(word), open) {
            (Some(name), _) => {
                open = (!word.contains('=')).then_some(name);
                true
            }
            (None, Some(name)) => {
                open = None;
                !word.starts_with('-') && is_right(name, word)
            }
            (None, None) => false,
        })
}

/// The name of a flag that a gate has, unless its value is none that a gate has.
fn flag(word: &str) -> Option<&str> {
    let rest = word.strip_prefix("--")?;
    let (name, value) = match rest.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (rest, None),
    };
    let known = FLAGS.contains(&name) && value.is_none_or(|value| is_right(name, value));
    known.then_some(name)
}

/// Trust comes from the volume that the platform's Application makes; verdicts do not lie where the Job writes.
fn is_right(name: &str, value: &str) -> bool {
    match name {
        "trust" => value.starts_with("/etc/tidegate/") && !value.contains(".."),
        "verdicts" => !value.starts_with("folder:"),
        _ => true,
    }
}

/// Kustomizations that bring the gate, and change more of it than where it stands and for whom it asks.
fn changed(seen: &Seen<'_>) -> Vec<Way> {
    let mut ways = Vec::new();
    for kustomization in &seen.kustomizations {
        let found = reached(seen, &kustomization.tree.name, &kustomization.folder());
        let gates = || found.objects.iter().filter(|job| looks_like_one(seen, job));
        if gates().next().is_none() {
            continue;
        }
        for part in &found.kustomizations {
            let hides = OTHERWISE.into_iter().filter(|key| {
                let entry = part.node.get(key);
                entry.is_some_and(|node| {
                    let empty = node.items().is_some_and(<[Node]>::is_empty);
                    let hook = node.canonical_json().contains("argocd.argoproj.io");
                    !empty && (*key != "commonAnnotations" || hook)
                })
            });
            ways.extend(hides.map(|key| not_sure(part, &format!("/{key}"))));
            let patches = patches::of(seen, part);
            let touching = patches.iter().filter(|patch| patch.may_touch("Job"));
            let strange = touching.filter(|patch| !gates().all(|job| is_allowed(patch, job)));
            ways.extend(strange.map(|patch| not_sure(patch.kustomization, &patch.pointer)));
        }
    }
    ways
}

fn not_sure(kustomization: &Document<'_>, pointer: &str) -> Way {
    kustomization.open(
        CODE,
        pointer,
        "this kustomization brings the gate and changes more of it than its image, its arguments and where it runs: what runs then is not sure".to_owned(),
        "patch the image, the arguments, and where it runs and what it may use, alone, as action/argocd/README.md says",
    )
}

fn is_allowed(patch: &Patch<'_, '_>, job: &Document<'_>) -> bool {
    let Some(nodes) = &patch.nodes else {
        return false;
    };
    let own = containers(job).first();
    nodes.iter().all(|node| match operations(node) {
        Some(operations) => operations
            .iter()
            .all(|(op, path, value)| is_allowed_operation(op, path, *value, own)),
        None => is_allowed_merge(node, ""),
    })
}

fn is_allowed_operation(op: &str, path: &str, value: Option<&Node>, own: Option<&Node>) -> bool {
    let args = "/spec/template/spec/containers/0/args";
    if op == "test" {
        return true;
    }
    let Some(value) = value.filter(|_| op == "add" || op == "replace") else {
        return false;
    };
    if let Some(at) = path
        .strip_prefix(args)
        .and_then(|rest| rest.strip_prefix('/'))
    {
        let new = value.as_str().and_then(flag);
        let old = own.and_then(|own| own.pointer(&format!("/args/{at}"))?.as_str());
        return new.is_some() && (at == "-" || (op == "replace" && old.and_then(flag) == new));
    }
    if path == args {
        return asks(&texts(value, ""));
    }
    is_free(path)
}

/// Whether a merge says nothing but what may differ between gates.
fn is_allowed_merge(node: &Node, at: &str) -> bool {
    match &node.value {
        _ if at == "/spec/template/spec/containers/0/args" => asks(&texts(node, "")),
        _ if is_free(at) => true,
        NodeValue::Mapping(entries) if leads_to_free(at) => entries
            .iter()
            .all(|entry| is_allowed_merge(&entry.value, &format!("{at}/{}", entry.key))),
        NodeValue::Sequence(items) if at == "/spec/template/spec/containers" => {
            items.len() == 1
                && items
                    .iter()
                    .all(|item| is_allowed_merge(item, &format!("{at}/0")))
        }
        _ => false,
    }
}

const CODE: &str = "gate-altered";
pub(super) const PROGRAMS: [&str; 3] = ["tidegate", "/usr/bin/tidegate", "/usr/local/bin/tidegate"];
/// The flags of `admit` that a gate has.
const FLAGS: [&str; 12] = [
    "application",
    "branch",
    "env",
    "gate-source",
    "output",
    "repository",
    "trust",
    "trust-digest",
    "unit",
    "verdicts",
    "wait",
    "work",
];
/// What changes objects otherwise than by a patch.
const OTHERWISE: [&str; 6] = [
    "commonAnnotations",
    "generators",
    "replacements",
    "transformers",
    "validators",
    "vars",
];
