//! Where the gate's hook lies: folders whose files, or what their kustomization takes in, hold it.

use super::tree::{Document, Seen, list, texts};
use crate::manifest::Node;

/// Whether a Job is the gate's: a `PreSync` hook that asks tidegate.
pub(super) fn is_hook(job: &Document<'_>) -> bool {
    let hook = job.text_at("/metadata/annotations/argocd.argoproj.io~1hook");
    hook.is_some_and(|hook| hook.split(',').any(|one| one.trim() == "PreSync"))
        && (job.name().starts_with("tidegate-admit") || containers(job).iter().any(asks))
}

pub(super) fn containers<'d>(job: &'d Document<'_>) -> &'d [Node] {
    list(&job.node, "/spec/template/spec/containers")
}

/// Whether a folder of some tree brings the gate.
pub(super) fn brought_by(seen: &Seen<'_>, folder: &str) -> bool {
    normal("", folder).is_some_and(|folder| {
        let mut trees = seen.trees.iter();
        trees.any(|tree| brings(seen, &tree.name, &folder, 0))
    })
}

/// Whether some tree has files below a folder.
pub(super) fn is_seen(seen: &Seen<'_>, folder: &str) -> bool {
    let below = match normal("", folder) {
        Some(folder) if !folder.is_empty() => format!("{folder}/"),
        _ => return true,
    };
    let mut files = seen.trees.iter().flat_map(|tree| &tree.files);
    files.any(|file| file.path.as_bytes().starts_with(below.as_bytes()))
}

fn brings(seen: &Seen<'_>, tree: &str, folder: &str, depth: usize) -> bool {
    // What goes round in circles is built by nobody.
    if depth > DEEPEST {
        return false;
    }
    let hook = seen.of_kind("batch", "Job").any(|job| {
        job.tree.name == tree
            && is_hook(job)
            && (job.folder() == folder || job.path.as_bytes() == folder.as_bytes())
    });
    let mut kustomizations = seen.kustomizations.iter();
    hook || kustomizations.any(|kustomization| {
        kustomization.tree.name == tree
            && kustomization.folder() == folder
            && ["/resources", "/bases", "/components"]
                .into_iter()
                .flat_map(|key| texts(&kustomization.node, key))
                .filter_map(|named| normal(folder, named))
                .any(|named| brings(seen, tree, &named, depth + 1))
    })
}

fn asks(container: &Node) -> bool {
    let words: Vec<&str> = [texts(container, "/command"), texts(container, "/args")].concat();
    let tidegate = container
        .get("image")
        .and_then(Node::as_str)
        .is_some_and(|it| it.contains("tidegate"))
        || words
            .iter()
            .any(|word| word.rsplit('/').next() == Some("tidegate"));
    tidegate && words.contains(&"admit")
}

/// `path` from `folder` on, from the root of the tree; `None` where it leaves that.
fn normal(folder: &str, path: &str) -> Option<String> {
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

const DEEPEST: usize = 16;
