//! What kustomizations change of the objects they take in.

use super::paths::normal;
use super::tree::{Document, Seen, list, texts};
use crate::manifest::{Node, NodeValue, yaml};

/// One patch of a kustomization.
pub(super) struct Patch<'d, 't> {
    pub(super) kustomization: &'d Document<'t>,
    /// Where the kustomization names it.
    pub(super) pointer: String,
    target: Option<&'d Node>,
    /// What it says; nothing where its file is not seen or cannot be read.
    pub(super) nodes: Option<Vec<Node>>,
}

impl Patch<'_, '_> {
    /// Whether it may change an object of that kind: it says so, or says too little to tell.
    pub(super) fn may_touch(&self, kind: &str) -> bool {
        if let Some(target) = self.target {
            let named = target.get("kind").and_then(Node::as_str).unwrap_or("");
            let literal =
                !named.is_empty() && named.bytes().all(|byte| byte.is_ascii_alphanumeric());
            return !literal || named == kind;
        }
        let Some(nodes) = &self.nodes else {
            return true;
        };
        let kinds = nodes.iter().map(|node| node.get("kind")?.as_str());
        kinds
            .into_iter()
            .any(|named| named.is_none_or(|named| named == kind))
    }
}

/// The patches of a kustomization, in whichever of the three ways it names them.
pub(super) fn of<'d, 't>(seen: &Seen<'t>, kustomization: &'d Document<'t>) -> Vec<Patch<'d, 't>> {
    let mut patches = Vec::new();
    for key in ["/patches", "/patchesStrategicMerge", "/patchesJson6902"] {
        for (at, patch) in list(&kustomization.node, key).iter().enumerate() {
            let text = patch.get("patch").and_then(Node::as_str);
            let path = patch
                .get("path")
                .and_then(Node::as_str)
                .or_else(|| patch.as_str());
            let read = path.and_then(|path| file(seen, kustomization, path));
            let text = text
                .or(read)
                .or_else(|| path.filter(|it| it.contains('\n')));
            patches.push(Patch {
                kustomization,
                pointer: format!("{key}/{at}"),
                target: patch.get("target"),
                nodes: text.and_then(|text| yaml::parse(text).ok()),
            });
        }
    }
    patches
}

/// Whether a file is a patch, and so no object of its own.
pub(super) fn is_one(seen: &Seen<'_>, document: &Document<'_>) -> bool {
    let mut kustomizations = seen.kustomizations.iter();
    kustomizations.any(|kustomization| {
        let named = ["/patches", "/patchesJson6902"]
            .into_iter()
            .flat_map(|key| list(&kustomization.node, key))
            .filter_map(|patch| patch.get("path")?.as_str());
        let mut named = named.chain(texts(&kustomization.node, "/patchesStrategicMerge"));
        kustomization.tree.name == document.tree.name
            && named.any(|path| {
                normal(&kustomization.folder(), path)
                    .is_some_and(|path| document.path.as_bytes() == path.as_bytes())
            })
    })
}

/// The operations of a JSON patch: what, where, and with which value.
pub(super) fn operations(patch: &Node) -> Option<Vec<(&str, &str, Option<&Node>)>> {
    let NodeValue::Sequence(operations) = &patch.value else {
        return None;
    };
    operations
        .iter()
        .map(|operation| {
            let text = |key: &str| operation.get(key)?.as_str();
            Some((text("op")?, text("path")?, operation.get("value")))
        })
        .collect()
}

fn file<'t>(seen: &Seen<'t>, from: &Document<'_>, path: &str) -> Option<&'t str> {
    let path = normal(&from.folder(), path)?;
    let tree = seen.trees.iter().find(|tree| tree.name == from.tree.name)?;
    let mut files = tree.files.iter();
    let file = files.find(|file| file.path.as_bytes() == path.as_bytes())?;
    std::str::from_utf8(&file.bytes).ok()
}
