//! What a Job must be to be the gate, and what a kustomization may patch of it.

use super::Way;
use super::gates::{containers, looks_like_one, reached};
use super::patches::{self, Patch, operations};
use super::promoted::entries;
use super::shipped::{self, PROXIES, is_free, leads_to_free};
use super::tree::{Document, Seen, list, texts};
use crate::manifest::{Node, NodeValue};
use crate::model::step_of;

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
    // Byte for byte, as Go's `strconv.Atoi`: with a space around it Argo CD takes it for 0.
    let number = job.text_at(wave).and_then(|text| text.parse::<i64>().ok());
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
            let makes = entries(&part.node).filter(|(key, node)| !is_harmless(key, node));
            let makes = makes.map(|(key, _)| not_sure(part, &format!("/{}", step_of(key))));
            ways.extend(makes);
            let patches = patches::of(seen, part);
            let touching = patches.iter().filter(|patch| patch.may_touch("Job"));
            let strange = touching.filter(|patch| !gates().all(|job| is_allowed(patch, job)));
            ways.extend(strange.map(|patch| not_sure(patch.kustomization, &patch.pointer)));
        }
    }
    ways
}

/// Whether what a kustomization says by a key changes no more of the gate than where it stands and what it is called.
fn is_harmless(key: &str, node: &Node) -> bool {
    match key {
        // It reaches the Pod too, and a key with a domain is a word for some controller.
        "commonAnnotations" => entries(node).all(|(key, _)| !key.contains('/')),
        // With `fields` they are put anywhere.
        "labels" => node.items().is_some_and(|all| {
            let mut said = all.iter().flat_map(entries);
            said.all(|(key, _)| LABELS.contains(&key))
        }),
        key => HARMLESS.contains(&key),
    }
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
    nodes.iter().all(|node| match operations(node) {
        Some(operations) => operations
            .iter()
            .all(|(op, path, value)| is_allowed_operation(op, path, *value, job)),
        None => is_allowed_merge(node, "", job),
    })
}

fn is_allowed_operation(op: &str, path: &str, value: Option<&Node>, job: &Document<'_>) -> bool {
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
        let old = job.text_at(path);
        return new.is_some() && (at == "-" || (op == "replace" && old.and_then(flag) == new));
    }
    if path == args {
        return asks(&texts(value, ""));
    }
    // One more, wherever it is put; what stands there stays.
    let more = path.strip_prefix(&format!("{ENV}/"));
    if let Some(at) = more {
        return op == "add" && !at.contains('/') && is_proxy(value);
    }
    let volume = path.strip_suffix("/sizeLimit");
    let volume = volume.filter(|at| at.starts_with(VOLUMES) && at.ends_with("/emptyDir"));
    if let Some(volume) = volume {
        return job.node.pointer(volume).is_some();
    }
    is_free(path)
}

/// Whether a merge says nothing but what may differ between gates.
fn is_allowed_merge(node: &Node, at: &str, job: &Document<'_>) -> bool {
    match &node.value {
        _ if at == "/spec/template/spec/containers/0/args" => asks(&texts(node, "")),
        _ if is_free(at) => true,
        NodeValue::Mapping(entries) if leads_to_free(at) => entries
            .iter()
            .all(|entry| is_allowed_merge(&entry.value, &format!("{at}/{}", entry.key), job)),
        NodeValue::Sequence(items) if at == CONTAINERS => {
            // By another name it would be one more.
            let own = containers(job).first().and_then(|own| own.get("name"));
            let own = own.map(Node::canonical_json);
            items.len() == 1
                && items.iter().all(|item| {
                    item.get("name").map(Node::canonical_json) == own
                        && is_allowed_merge(item, &format!("{at}/0"), job)
                })
        }
        NodeValue::Sequence(items) if at == ENV => items.iter().all(is_proxy),
        NodeValue::Sequence(items) if at == VOLUMES => {
            items.iter().all(|item| is_size_of_one(item, job))
        }
        _ => false,
    }
}

/// Whether a variable is one by which programs find a proxy, and says no more than that.
fn is_proxy(variable: &Node) -> bool {
    let name = variable.get("name").and_then(Node::as_str);
    let known = ["name", "value", "valueFrom"];
    name.is_some_and(|name| PROXIES.contains(&name))
        && entries(variable).all(|(key, _)| known.contains(&key))
}

/// Whether a merge of a volume says how large one of the Job's own, for files of its own, may be.
fn is_size_of_one(volume: &Node, job: &Document<'_>) -> bool {
    let name = |node: &Node| node.get("name").map(Node::canonical_json);
    let mut own = list(&job.node, VOLUMES).iter();
    let size = |node: &Node| entries(node).all(|(key, _)| key == "sizeLimit");
    own.any(|own| own.get("emptyDir").is_some() && name(own) == name(volume))
        && entries(volume).all(|(key, node)| key == "name" || (key == "emptyDir" && size(node)))
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
const CONTAINERS: &str = "/spec/template/spec/containers";
const ENV: &str = "/spec/template/spec/containers/0/env";
const VOLUMES: &str = "/spec/template/spec/volumes";
/// Keys of a kustomization that change no more than names, labels, images and what is taken in; patches are looked at one
/// by one.
const HARMLESS: [&str; 17] = [
    "apiVersion",
    "bases",
    "buildMetadata",
    "commonLabels",
    "components",
    "generatorOptions",
    "images",
    "kind",
    "metadata",
    "namePrefix",
    "nameSuffix",
    "namespace",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "resources",
    "sortOptions",
];
const LABELS: [&str; 3] = ["includeSelectors", "includeTemplates", "pairs"];
