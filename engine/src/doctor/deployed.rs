//! What Applications deploy: their sources, and whether a unit holds what lies there. Says of none that it is gated.

use super::paths::clean;
use super::tree::{Document, Seen, list};
use crate::config::{Config, Unit};
use crate::manifest::{Node, NodeValue};
use crate::model::{RepoPath, step_of};

/// An Application, or what an `ApplicationSet` makes its Applications of.
pub(super) struct Application<'d, 't> {
    pub(super) document: &'d Document<'t>,
    /// Where in the document it begins.
    pub(super) inner: &'static str,
}

/// All that name a source. A patch of an Application says nothing of what it is a patch of.
pub(super) fn applications<'s, 't>(seen: &'s Seen<'t>) -> Vec<Application<'s, 't>> {
    let kinds = [("Application", ""), ("ApplicationSet", "/spec/template")];
    let all = kinds.into_iter().flat_map(|(kind, inner)| {
        seen.of_kind("argoproj.io", kind)
            .map(move |document| Application { document, inner })
    });
    all.filter(|it| !it.sources().is_empty() || !it.templates().is_empty() || it.patch().is_some())
        .collect()
}

impl Application<'_, '_> {
    /// Whether it deploys files that a unit holds; without a configuration, all of the first tree do.
    pub(super) fn is_judged(&self, seen: &Seen<'_>, config: Option<&Config>) -> bool {
        let of_templates = self.templates().into_iter();
        let of_templates = of_templates.flat_map(|(_, template)| sources_of(template, "/spec"));
        let own = self.sources().into_iter().map(|(_, source)| source);
        // What a patch puts in the place of the sources is not told.
        let patched = self.patch().is_some_and(|patch| patch.contains("source"));
        patched
            || own.chain(of_templates).any(|source| {
                let folder = source.get("path").and_then(Node::as_str);
                folder.is_some_and(|folder| {
                    seen.origins.may_be_judged(url(source))
                        && holds_judged(seen, config, folder, self.document)
                })
            })
    }

    /// The templates of a set's generators: each changes that of the set.
    pub(super) fn templates(&self) -> Vec<(String, &Node)> {
        let mut found = Vec::new();
        if !self.inner.is_empty() {
            templates(&self.document.node, "/spec/generators", DEEPEST, &mut found);
        }
        found
    }

    /// What changes what comes of a set's template.
    pub(super) fn patch(&self) -> Option<&str> {
        let patch = self.document.text_at("/spec/templatePatch");
        patch.filter(|patch| !self.inner.is_empty() && !patch.trim().is_empty())
    }

    /// Whether Argo CD writes what it deploys onto another branch first.
    pub(super) fn is_hydrated(&self) -> bool {
        let hydrator = self.document.node.pointer(&self.at("/spec/sourceHydrator"));
        hydrator.is_some_and(|node| !matches!(node.value, NodeValue::Null))
    }

    pub(super) fn sources(&self) -> Vec<(usize, &Node)> {
        let sources = sources_of(&self.document.node, &self.at("/spec"));
        sources.into_iter().enumerate().collect()
    }

    /// Where the source of that number stands.
    pub(super) fn pointer_of(&self, at: usize) -> String {
        if self.is_hydrated() {
            return self.at(DRY);
        }
        match list(&self.document.node, &self.at("/spec/sources")) {
            [] => self.at("/spec/source"),
            _ => self.at(&format!("/spec/sources/{at}")),
        }
    }

    pub(super) fn at(&self, pointer: &str) -> String {
        format!("{}{pointer}", self.inner)
    }
}

/// As Argo CD looks: what it writes onto another branch first, several sources, or one.
fn sources_of<'d>(node: &'d Node, spec: &str) -> Vec<&'d Node> {
    let at = |key: &str| node.pointer(&format!("{spec}/{key}"));
    if let Some(dry) = at("sourceHydrator/drySource") {
        return vec![dry];
    }
    let several = list(node, &format!("{spec}/sources"));
    match several.is_empty() {
        true => at("source").into_iter().collect(),
        false => several.iter().collect(),
    }
}

fn templates<'d>(node: &'d Node, at: &str, depth: usize, found: &mut Vec<(String, &'d Node)>) {
    let Some(depth) = depth.checked_sub(1) else {
        return;
    };
    for (index, generator) in list(node, at).iter().enumerate() {
        let NodeValue::Mapping(entries) = &generator.value else {
            continue;
        };
        for entry in entries {
            let at = format!("{at}/{index}/{}", step_of(&entry.key));
            let template = entry.value.get("template");
            let says = |node: &&Node| sources_of(node, "/spec").iter().any(|it| !is_empty(it));
            if let Some(template) = template.filter(says) {
                found.push((format!("{at}/template"), template));
            }
            templates(node, &format!("{at}/generators"), depth, found);
        }
    }
}

fn is_empty(node: &Node) -> bool {
    ["null", "{}"].contains(&node.canonical_json().as_str())
}

/// Whether a revision can mean one reference alone: a whole commit, or a full name. What a set fills in is not told.
pub(super) fn is_full(revision: &str) -> bool {
    let is_commit =
        matches!(revision.len(), 40 | 64) && revision.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_commit || revision.starts_with("refs/") || revision.starts_with("{{")
}

/// The unit whose branch this is.
pub(super) fn unit_of<'c>(config: &'c Config, branch: &str) -> Option<&'c Unit> {
    let (environment, unit) = branch.strip_prefix("gated/")?.split_once('/')?;
    let mut environments = config.environments.iter();
    let environment = environments.find(|it| it.name == environment)?;
    environment.units.iter().find(|it| it.name == unit)
}

/// Whether a branch is the one that `promote` moves for a unit, and the unit holds what is below the folder.
pub(super) fn is_promoted(
    seen: &Seen<'_>,
    config: Option<&Config>,
    branch: &str,
    folder: &str,
) -> bool {
    let Some((name, _)) = branch
        .strip_prefix("gated/")
        .and_then(|rest| rest.split_once('/'))
    else {
        return false;
    };
    let Some(config) = config else {
        return true;
    };
    let mut environments = config.environments.iter();
    let Some(environment) = environments.find(|it| it.name == name) else {
        return false;
    };
    if environment.declared.is_some() {
        return true;
    }
    let Some(unit) = unit_of(config, branch) else {
        return false;
    };
    is_templated(folder) || files_below(seen, folder).any(|path| unit.selector.matches(path))
}

/// What an `ApplicationSet` fills in.
pub(super) fn is_templated(path: &str) -> bool {
    path.contains("{{")
}

pub(super) fn files_below<'s>(
    seen: &'s Seen<'_>,
    folder: &str,
) -> impl Iterator<Item = &'s RepoPath> {
    let folder = RepoPath::from(clean(folder).as_str());
    let files = seen.trees.first().map(|tree| tree.files.as_slice());
    let files = files.unwrap_or_default().iter().map(|file| &file.path);
    files.filter(move |path| path.lies_in(&folder))
}

/// Whether a folder of the first tree holds files of some unit.
pub(super) fn holds_judged(
    seen: &Seen<'_>,
    config: Option<&Config>,
    folder: &str,
    declared_by: &Document<'_>,
) -> bool {
    let Some(config) = config else {
        return true;
    };
    let mut below = files_below(seen, folder);
    let declares = config.environments.iter().any(|environment| {
        let declared = environment.declared.as_ref();
        declared.is_some_and(|declared| declared.paths.matches(declared_by.path))
    });
    let units = || config.environments.iter().flat_map(|it| &it.units);
    declares
        || is_templated(folder)
        || below.any(|path| units().any(|unit| unit.selector.matches(path)))
}

pub(super) fn revision(source: &Node) -> &str {
    let revision = source.get("targetRevision").map(|node| &node.value);
    match revision {
        Some(NodeValue::String(text)) => text,
        _ => "HEAD",
    }
}

/// The repository of a source, as it is spelled.
pub(super) fn url(source: &Node) -> &str {
    let url = source.get("repoURL").and_then(Node::as_str);
    url.unwrap_or_default()
}

/// Generators within generators; Argo CD takes two.
const DEEPEST: usize = 8;
/// Of what a hydrated Application comes.
const DRY: &str = "/spec/sourceHydrator/drySource";
