//! What a kustomization lists and nobody reads here: files that have no name of a manifest, and what lies elsewhere.

use super::paths::normal;
use super::tree::{Document, Seen, concerns, texts};
use super::{State, Way};
use crate::model::RepoPath;

pub(super) fn ways(seen: &Seen<'_>) -> Vec<Way> {
    let all = seen.kustomizations.iter();
    all.flat_map(of_kustomization).collect()
}

fn of_kustomization(kustomization: &Document<'_>) -> Vec<Way> {
    let mut ways = Vec::new();
    for key in ["/resources", "/bases", "/components"] {
        for listed in texts(&kustomization.node, key) {
            ways.extend(unread(kustomization, key, listed));
        }
    }
    ways
}

fn unread(kustomization: &Document<'_>, key: &str, listed: &str) -> Option<Way> {
    let way = |about: &str, fix: &str| {
        let called = listed.escape_debug();
        let about = format!("what this kustomization lists as `{called}` is not read: {about}");
        kustomization.open("unread", key, about, fix)
    };
    let path = normal(&kustomization.folder(), listed);
    let tree = kustomization.tree;
    let is_read = path.as_ref().is_some_and(|path| {
        let path = RepoPath::from(path.as_str());
        let mut files = tree.files.iter();
        tree.is_live || files.any(|file| file.path == path || file.path.lies_in(&path))
    });
    if is_read {
        return None;
    }
    match path.filter(|_| !is_remote(listed)) {
        None => Some(Way {
            state: State::Unseen,
            ..way(
                "it lies in another repository",
                "show that repository too: `--repo` may be repeated; or keep a copy here",
            )
        }),
        // It is not there: nothing comes of this kustomization.
        Some(path) if concerns(&RepoPath::from(path.as_str())) => None,
        Some(_) => Some(way(
            "it has no name of a manifest, and may hold any object",
            "give it a name that ends in `.yaml`",
        )),
    }
}

/// As kustomize takes it for a repository: by a scheme, a user, a host before a path, or a query.
fn is_remote(listed: &str) -> bool {
    let first = listed.split('/').next().unwrap_or_default();
    let is_host = !first.starts_with('.') && first.contains('.') && listed.contains('/');
    listed.contains("://") || listed.contains('@') || listed.contains('?') || is_host
}
