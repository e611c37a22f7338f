//! Jobs that ask the gate: what of them makes the answer weaker, or makes people go round it.

use super::Way;
use super::gates::{containers, looks_like_one};
use super::tree::{Document, Seen, list, texts};
use crate::manifest::Node;

pub(super) fn ways(seen: &Seen<'_>) -> Vec<Way> {
    let hooks = seen
        .of_kind("batch", "Job")
        .filter(|job| looks_like_one(seen, job));
    hooks.flat_map(|job| of_job(job, seen)).collect()
}

fn of_job(job: &Document<'_>, seen: &Seen<'_>) -> Vec<Way> {
    let mut ways = Vec::new();
    if job.node.pointer("/spec/activeDeadlineSeconds").is_none() {
        ways.push(job.open(
            "hook-deadline",
            "/spec",
            format!("{} has no deadline: an image that cannot be pulled holds each sync for ever, and people sync around it", job.called()),
            "set `activeDeadlineSeconds` to `--wait` and five minutes",
        ));
    }
    for (at, container) in containers(job).iter().enumerate() {
        let pointer = format!("/spec/template/spec/containers/{at}");
        let image = container
            .get("image")
            .and_then(Node::as_str)
            .unwrap_or_default();
        if !is_pinned(image) && !is_pinned_elsewhere(image, seen) {
            ways.push(job.open(
                "hook-image",
                &format!("{pointer}/image"),
                format!("{} runs `{image}`: who may push to that registry answers for the gate", job.called()),
                "name the image with its digest, `…@sha256:…`, here or under `images` of the kustomization",
            ));
        }
        let words = [texts(container, "/command"), texts(container, "/args")].concat();
        let reads = words.iter().any(|word| word.starts_with("--application"));
        if words.contains(&"admit") && !reads {
            ways.push(job.open(
                "hook-annotation",
                &pointer,
                format!("{} does not read its Application: it sees neither overrides nor other sources, nor what runs", job.called()),
                "give `--application`, with the Role of action/argocd/platform; or follow a promoted branch",
            ));
        }
    }
    ways
}

fn is_pinned(image: &str) -> bool {
    image.split_once("@sha256:").is_some_and(|(_, digest)| {
        digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

/// By `images` of a kustomization, or by a patch of it.
fn is_pinned_elsewhere(image: &str, seen: &Seen<'_>) -> bool {
    let name = image.split('@').next().unwrap_or_default();
    let at = name.rfind('/').map_or(0, |slash| slash + 1);
    let end = name.get(at..).and_then(|last| last.find(':'));
    let name = end.and_then(|end| name.get(..at + end)).unwrap_or(name);
    seen.kustomizations.iter().any(|kustomization| {
        let by_images = list(&kustomization.node, "/images").iter().any(|entry| {
            entry.get("name").and_then(Node::as_str) == Some(name) && entry.get("digest").is_some()
        });
        let patches = list(&kustomization.node, "/patches").iter();
        let mut patches = patches.filter_map(|patch| patch.get("patch")?.as_str());
        by_images
            || patches.any(|patch| {
                patch.contains("tidegate")
                    && patch
                        .split_whitespace()
                        .any(|word| is_pinned(word.trim_matches(['"', '\'', ','])))
            })
    })
}
