//! Which of the trees a URL means. Knows nothing of what lies in them.

use std::collections::BTreeSet;

use super::Tree;
use super::tree::{Document, list};
use crate::config::Config;
use crate::manifest::Node;
use crate::sources::normalised;

/// What each tree is called, in the order of the trees.
#[derive(Default)]
pub(super) struct Origins {
    trees: Vec<Called>,
}

struct Called {
    names: BTreeSet<String>,
    /// Whether a source that has another name is of another repository.
    ///
    /// The configuration says so where it lists `repositories`. Remotes of a clone are no such list: they tell only
    /// where some source has the name of one of them. Else a clone of a clone would be another repository for all.
    complete: bool,
}

impl Origins {
    pub(super) fn of(trees: &[Tree], config: Option<&Config>, objects: &[Document<'_>]) -> Self {
        let spelled: BTreeSet<String> = objects.iter().flat_map(urls).map(normalised).collect();
        let called = |(at, tree): (usize, &Tree)| {
            let listed = config.filter(|_| at == 0);
            let listed = listed.map_or(&[][..], |config| config.repositories.as_slice());
            let all = listed.iter().chain(&tree.urls);
            let names: BTreeSet<String> = all.map(|url| normalised(url)).collect();
            let complete = tree.is_live || !listed.is_empty() || !names.is_disjoint(&spelled);
            Called { names, complete }
        };
        Self {
            trees: trees.iter().enumerate().map(called).collect(),
        }
    }

    /// Whether a URL may mean the tree of that number.
    pub(super) fn may_be(&self, at: usize, url: &str) -> bool {
        if url.is_empty() || url.contains("{{") {
            return true;
        }
        let name = normalised(url);
        let Some(called) = self.trees.get(at) else {
            return false;
        };
        let other = || self.trees.iter().any(|other| other.names.contains(&name));
        called.names.contains(&name) || (!called.complete && !other())
    }

    pub(super) fn may_be_judged(&self, url: &str) -> bool {
        self.may_be(0, url)
    }

    /// Whether a tree has just that name.
    pub(super) fn is_named(&self, url: &str) -> bool {
        let name = normalised(url);
        self.trees.iter().any(|tree| tree.names.contains(&name))
    }
}

/// The repositories that an object names as sources.
fn urls<'d>(object: &'d Document<'_>) -> Vec<&'d str> {
    let own = object.text_at("/spec/url");
    let mut urls: Vec<&str> = own.into_iter().collect();
    for inner in ["", "/spec/template"] {
        let at = |key: &str| format!("{inner}/spec/{key}");
        urls.extend(object.text_at(&at("source/repoURL")));
        urls.extend(object.text_at(&at("sourceHydrator/drySource/repoURL")));
        let several = list(&object.node, &at("sources")).iter();
        urls.extend(several.filter_map(|source| source.get("repoURL").and_then(Node::as_str)));
    }
    urls
}
