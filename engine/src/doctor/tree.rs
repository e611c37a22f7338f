//! The files of an installation as objects and workflows, each with its place. Draws no conclusion.

use super::origins::Origins;
use super::{Place, State, Tree, Way, sets};
use crate::config::Config;
use crate::manifest::{Entry, Node, NodeValue, Role, is_manifest_name, json, role_of_name, yaml};
use crate::model::{RepoPath, Span, mentions};

/// What was read.
pub(super) struct Seen<'t> {
    /// The repositories themselves.
    pub(super) trees: &'t [Tree],
    /// Which of them a URL means.
    pub(super) origins: Origins,
    /// Every document that an API server, Argo CD or Flux takes.
    pub(super) objects: Vec<Document<'t>>,
    /// Every kustomization.
    pub(super) kustomizations: Vec<Document<'t>>,
    /// Jobs of CI services.
    pub(super) workflows: Vec<Document<'t>>,
    /// What could not be read, and so may hold anything.
    pub(super) unread: Vec<Way>,
}

/// A document of a file.
pub(super) struct Document<'t> {
    pub(super) tree: &'t Tree,
    /// Of another branch than the one shown.
    pub(super) branch: Option<&'t str>,
    pub(super) path: &'t RepoPath,
    text: &'t str,
    pub(super) node: Node,
}

impl<'t> Seen<'t> {
    pub(super) fn of(trees: &'t [Tree], config: Option<&Config>) -> Self {
        let mut seen = Self {
            trees,
            origins: Origins::default(),
            objects: Vec::new(),
            kustomizations: Vec::new(),
            workflows: Vec::new(),
            unread: Vec::new(),
        };
        for tree in trees {
            for file in &tree.files {
                seen.read(tree, None, &file.path, &file.bytes);
            }
            for branch in &tree.branches {
                for file in &branch.files {
                    seen.read(tree, Some(&branch.name), &file.path, &file.bytes);
                }
            }
        }
        seen.origins = Origins::of(trees, config, &seen.objects);
        let (applications, sets) = sets::made(&seen, config);
        for at in sets.into_iter().rev() {
            seen.objects.swap_remove(at);
        }
        seen.objects.extend(applications);
        seen
    }

    /// The trees that a URL may mean.
    pub(super) fn trees_of(&self, url: &str) -> impl Iterator<Item = &'t Tree> {
        let trees = self.trees.iter().enumerate();
        trees.filter_map(move |(at, tree)| self.origins.may_be(at, url).then_some(tree))
    }

    /// The objects of a kind, in whatever version.
    pub(super) fn of_kind<'s>(
        &'s self,
        group: &'s str,
        kind: &'s str,
    ) -> impl Iterator<Item = &'s Document<'t>> {
        self.objects
            .iter()
            .filter(move |object| object.is(group, kind))
    }

    fn read(
        &mut self,
        tree: &'t Tree,
        branch: Option<&'t str>,
        path: &'t RepoPath,
        bytes: &'t [u8],
    ) {
        let workflow = is_workflow(path);
        let kustomization = role_of_name(path) == Some(Role::Kustomization);
        let marked = MARKS.iter().any(|mark| mentions(bytes, mark.as_bytes()));
        if !workflow && !kustomization && !marked {
            return;
        }
        let Ok(text) = std::str::from_utf8(bytes) else {
            return self.not_read(tree, branch, path, "it is no UTF-8");
        };
        let nodes = if path.file_name().ends_with(b".json") {
            json::parse(text).map(|node| vec![node])
        } else {
            yaml::parse(text)
        };
        let nodes = match nodes {
            Ok(nodes) => nodes,
            Err(error) => return self.not_read(tree, branch, path, &error.to_string()),
        };
        let into = match (workflow, kustomization) {
            (true, _) => &mut self.workflows,
            (_, true) => &mut self.kustomizations,
            _ => &mut self.objects,
        };
        let flat = nodes.into_iter().flat_map(items);
        into.extend(flat.map(|node| Document {
            tree,
            branch,
            path,
            text,
            node,
        }));
    }

    fn not_read(&mut self, tree: &Tree, branch: Option<&str>, path: &RepoPath, why: &str) {
        // What Helm makes something of is no manifest yet; the objects that come of it are not seen.
        self.unread.push(Way {
            code: "unread",
            state: State::Open,
            about: format!("what may speak of the gate cannot be read: {why}"),
            place: Some(Place {
                repository: tree.name.clone(),
                branch: branch.map(str::to_owned),
                file: path.to_string(),
                line: 1,
                column: 1,
            }),
            fix: "make it valid YAML; of a template, commit what it renders, and have that read"
                .to_owned(),
        });
    }
}

impl Document<'_> {
    /// The same place, and what came of it.
    pub(super) fn with(&self, node: Node) -> Self {
        Self { node, ..*self }
    }

    pub(super) fn is(&self, group: &str, kind: &str) -> bool {
        let version = self.text_at("/apiVersion").unwrap_or_default();
        let own = version.split_once('/').map_or("", |(group, _)| group);
        own == group && self.text_at("/kind") == Some(kind)
    }

    pub(super) fn text_at(&self, pointer: &str) -> Option<&str> {
        self.node.pointer(pointer)?.as_str()
    }

    pub(super) fn name(&self) -> &str {
        self.text_at("/metadata/name").unwrap_or_default()
    }

    /// Kind and name, for people.
    pub(super) fn called(&self) -> String {
        let kind = self.text_at("/kind").unwrap_or("document");
        format!("{kind} `{}`", self.name())
    }

    pub(super) fn folder(&self) -> String {
        let path = self.path.to_string();
        path.rsplit_once('/')
            .map_or_else(String::new, |(folder, _)| folder.to_owned())
    }

    /// Where the deepest node on the way to `pointer` stands.
    pub(super) fn place(&self, pointer: &str) -> Place {
        self.place_of(self.node.deepest(pointer).span)
    }

    pub(super) fn place_of(&self, span: Span) -> Place {
        let at = span.line_column(self.text);
        Place {
            repository: self.tree.name.clone(),
            branch: self.branch.map(str::to_owned),
            file: self.path.to_string(),
            line: at.line,
            column: at.column,
        }
    }

    pub(super) fn open(&self, code: &'static str, pointer: &str, about: String, fix: &str) -> Way {
        Way {
            code,
            state: State::Open,
            about,
            place: Some(self.place(pointer)),
            fix: fix.to_owned(),
        }
    }
}

/// The texts of a list.
pub(super) fn texts<'n>(node: &'n Node, pointer: &str) -> Vec<&'n str> {
    let items = node.pointer(pointer).and_then(Node::items);
    let items = items.unwrap_or_default().iter();
    items.filter_map(Node::as_str).collect()
}

/// The items of a list.
pub(super) fn list<'n>(node: &'n Node, pointer: &str) -> &'n [Node] {
    node.pointer(pointer)
        .and_then(Node::items)
        .unwrap_or_default()
}

pub(super) fn concerns(path: &RepoPath) -> bool {
    is_workflow(path) || is_manifest_name(path) || role_of_name(path) == Some(Role::Kustomization)
}

fn is_workflow(path: &RepoPath) -> bool {
    let Some(path) = path.as_str() else {
        return false;
    };
    path == ".gitlab-ci.yml"
        || path
            .strip_prefix(".github/workflows/")
            .is_some_and(|name| !name.contains('/') && is_manifest_name(&RepoPath::from(name)))
}

/// The items of a list of objects, each for itself, as kubectl and kustomize take one apart: `List`, `ApplicationList`.
fn items(node: Node) -> Vec<Node> {
    let kind = node.get("kind").and_then(Node::as_str);
    let kind = kind.and_then(|kind| kind.strip_suffix("List"));
    let (Some(kind), Some(items)) = (kind, node.get("items").and_then(Node::items)) else {
        return vec![node];
    };
    let all = items.iter().cloned();
    all.flat_map(|item| self::items(with_kind(item, kind, &node)))
        .collect()
}

/// An item of a list of one kind may leave out which one that is.
fn with_kind(mut item: Node, kind: &str, list: &Node) -> Node {
    let version = list.get("apiVersion").and_then(Node::as_str);
    let own = [("apiVersion", version), ("kind", Some(kind))];
    for (key, value) in own {
        let value = value.filter(|value| !value.is_empty() && item.get(key).is_none());
        let (Some(value), span) = (value, item.span) else {
            continue;
        };
        if let NodeValue::Mapping(entries) = &mut item.value {
            entries.push(Entry {
                key: key.into(),
                key_span: span,
                value: Node {
                    value: NodeValue::String(value.into()),
                    span,
                },
            });
        }
    }
    item
}

/// What every document that we look at names.
const MARKS: [&str; 7] = [
    "admissionregistration.k8s.io",
    "argocd-cm",
    "argocd-rbac-cm",
    "argoproj.io",
    "rbac.authorization.k8s.io",
    "tidegate",
    "toolkit.fluxcd.io",
];
