//! Where the gate's hook lies: folders whose files, or what their kustomization takes in, hold it.

use super::paths::normal;
use super::tree::{Document, Seen, list, texts};
use super::{alterations, patches};
use crate::manifest::Node;

/// Whether a Job is the gate: it runs `tidegate admit` itself, before everything else.
pub(super) fn is_gate(seen: &Seen<'_>, job: &Document<'_>) -> bool {
    looks_like_one(seen, job) && alterations::fault(job).is_none()
}

/// Whether it is called so, or has the words of one.
pub(super) fn looks_like_one(seen: &Seen<'_>, job: &Document<'_>) -> bool {
    job.is("batch", "Job")
        && (job.name().starts_with("tidegate-admit") || containers(job).iter().any(asks))
        && !patches::is_one(seen, job)
}

pub(super) fn containers<'d>(job: &'d Document<'_>) -> &'d [Node] {
    list(&job.node, "/spec/template/spec/containers")
}

/// Whether a folder of a tree that the URL may mean brings the gate.
pub(super) fn brought_by(seen: &Seen<'_>, url: &str, folder: &str) -> bool {
    normal("", folder).is_some_and(|folder| {
        let mut trees = seen.trees_of(url);
        trees.any(|tree| {
            let found = reached(seen, &tree.name, &folder);
            found.objects.iter().any(|job| is_gate(seen, job))
        })
    })
}

/// Whether a tree that the URL may mean has files below a folder.
pub(super) fn is_seen(seen: &Seen<'_>, url: &str, folder: &str) -> bool {
    let below = match normal("", folder) {
        Some(folder) if !folder.is_empty() => format!("{folder}/"),
        _ => return seen.trees_of(url).next().is_some(),
    };
    let mut files = seen.trees_of(url).flat_map(|tree| &tree.files);
    files.any(|file| file.path.as_bytes().starts_with(below.as_bytes()))
}

/// What Argo CD makes of a folder: the objects in it, or those that its kustomizations name.
pub(super) struct Reached<'s, 't> {
    pub(super) objects: Vec<&'s Document<'t>>,
    pub(super) kustomizations: Vec<&'s Document<'t>>,
}

pub(super) fn reached<'s, 't>(seen: &'s Seen<'t>, tree: &str, folder: &str) -> Reached<'s, 't> {
    let mut found = Reached {
        objects: Vec::new(),
        kustomizations: Vec::new(),
    };
    reach(seen, tree, folder, DEEPEST, &mut found);
    found
}

fn reach<'s, 't>(
    seen: &'s Seen<'t>,
    tree: &str,
    folder: &str,
    depth: usize,
    found: &mut Reached<'s, 't>,
) {
    // What goes round in circles is built by nobody.
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    let mut kustomizations = seen.kustomizations.iter();
    let own = kustomizations
        .find(|kustomization| kustomization.tree.name == tree && kustomization.folder() == folder);
    let Some(own) = own else {
        let objects = seen.objects.iter().filter(|object| {
            object.tree.name == tree
                && (object.folder() == folder || object.path.as_bytes() == folder.as_bytes())
        });
        found.objects.extend(objects);
        return;
    };
    // What two of them take in is there once.
    if found
        .kustomizations
        .iter()
        .any(|one| std::ptr::eq(*one, own))
    {
        return;
    }
    found.kustomizations.push(own);
    for key in ["/resources", "/bases", "/components"] {
        let named = texts(&own.node, key).into_iter();
        for named in named.filter_map(|named| normal(folder, named)) {
            reach(seen, tree, &named, depth, found);
        }
    }
}

fn asks(container: &Node) -> bool {
    let words: Vec<&str> = [texts(container, "/command"), texts(container, "/args")].concat();
    let image = container.get("image").and_then(Node::as_str);
    let tidegate = image.is_some_and(|image| image.contains("tidegate"))
        || words.iter().any(|word| word.contains("tidegate"));
    tidegate && (words.contains(&"admit") || words.iter().any(|word| word.contains("tidegate ")))
}

const DEEPEST: usize = 16;
