//! Whether an object that comes out of a unit is one that its environment knows: one that deploys in turn, or says where
//! that comes from, and is not, would be judged by nobody. Renders nothing.

use std::collections::BTreeMap;

use miette::Diagnostic;

use super::deployment::Place;
use super::fields;
use super::flux;
use super::known::Known;
use super::part::spec_without_values;
use crate::manifest::{Node, NodeValue};
use crate::model::{ObjectRef, RepoPath};

/// An object of a unit that the environment does not know as it comes out.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{made}, {as_known}")]
#[diagnostic(code(source::stranger), help("{remedy}"))]
pub struct Stranger {
    made: String,
    as_known: String,
    remedy: String,
}

/// What an environment knows of an object.
enum Acquaintance {
    /// Just that, or that it is changed on its way, which is told of what it deploys.
    Known,
    /// Something else, which is declared there.
    Otherwise(Place),
    None,
}

/// Holds an object that comes out of `file` against what the units of an environment were told from; nothing where it
/// neither deploys nor says where that comes from. What any of `known` knows is known.
///
/// # Errors
/// None of them knows it, or not so.
pub fn strange<'k>(
    object: &ObjectRef,
    node: &Node,
    file: &RepoPath,
    known: impl IntoIterator<Item = &'k Known>,
) -> Option<Stranger> {
    if object.group().is_empty() {
        return other_values(object, node, file, known);
    }
    if !KINDS.contains(&(object.group(), object.kind.as_str())) {
        return None;
    }
    let mut otherwise = None;
    for known in known {
        match known.acquainted(object, node) {
            Acquaintance::Known => return None,
            Acquaintance::Otherwise(place) => otherwise = Some(place),
            Acquaintance::None => {}
        }
    }
    Some(Stranger {
        made: format!("`{file}` makes the {} `{}`", object.kind, named(object)),
        as_known: match &otherwise {
            Some(place) => format!("which is another one at {place}: {UNJUDGED}"),
            None => format!("which no file that the environment looks into declares: {UNJUDGED}"),
        },
        remedy: remedy(object, node, otherwise.as_ref()),
    })
}

/// Holds a `ConfigMap` or a Secret that comes out of `file` against what units were told of it.
fn other_values<'k>(
    object: &ObjectRef,
    node: &Node,
    file: &RepoPath,
    known: impl IntoIterator<Item = &'k Known>,
) -> Option<Stranger> {
    // What is encrypted is told by the configuration.
    if !["ConfigMap", "Secret"].contains(&object.kind.as_str()) || node.get("sops").is_some() {
        return None;
    }
    let mut given = known.into_iter().flat_map(|known| known.given(object));
    let held = held(node);
    let (unit, _) = given.find(|(_, values)| held.as_ref() != Some(values))?;
    let key = format!("{}/{}", object.kind, named(object));
    Some(Stranger {
        made: format!("`{file}` makes the {} `{}`", object.kind, named(object)),
        as_known: format!(
            "which is not what `{unit}` was rendered with: what that deploys would be judged by nobody"
        ),
        remedy: format!(
            "declare it once, as a plain object as `tidegate render` prints it; or tell all that it holds in `tidegate.yaml`: `values: {{\"{key}\": …}}`"
        ),
    })
}

/// What units take from a `ConfigMap` or a Secret; `None` where that is no text.
fn held(node: &Node) -> Option<BTreeMap<String, String>> {
    match node.get("kind").and_then(Node::as_str) {
        Some("Secret") => flux::held(node),
        _ => fields::pairs(node, "data").ok(),
    }
}

impl Known {
    fn acquainted(&self, object: &ObjectRef, node: &Node) -> Acquaintance {
        let (group, namespace) = (object.group(), object.namespace.as_deref());
        let mut otherwise = None;
        for known in self.alike(group, &object.kind, namespace, &object.name) {
            let specs = [&known.object.node, node].map(|node| node.get("spec"));
            let are_alike = match (specs, &known.given_by) {
                ([Some(known), Some(own)], Some(_)) => {
                    let specs = [known, own].map(spec_without_values);
                    matches!(&specs, [known, own] if are_alike(Some(known), Some(own)))
                }
                ([known, own], _) => are_alike(known, own),
            };
            if known.changed_by.is_some() || are_alike {
                return Acquaintance::Known;
            }
            otherwise = Some(known.file.at(known.object.node.span));
        }
        otherwise.map_or(Acquaintance::None, Acquaintance::Otherwise)
    }
}

/// Whether both say the same: kustomize writes numbers anew, `1.0` as `1`.
fn are_alike(known: Option<&Node>, own: Option<&Node>) -> bool {
    let (Some(known), Some(own)) = (known, own) else {
        return known.is_none() && own.is_none();
    };
    match (&known.value, &own.value) {
        (NodeValue::Number { value: known, .. }, NodeValue::Number { value: own, .. }) => {
            let is_whole = known.is_i64() || known.is_u64();
            let is_same = known.as_f64().is_some() && known.as_f64() == own.as_f64();
            known == own || (is_same && !(is_whole && (own.is_i64() || own.is_u64())))
        }
        (NodeValue::Sequence(known), NodeValue::Sequence(own)) => {
            let mut both = known.iter().zip(own);
            known.len() == own.len() && both.all(|(known, own)| are_alike(Some(known), Some(own)))
        }
        (NodeValue::Mapping(entries), NodeValue::Mapping(others)) => {
            let mut both = entries.iter();
            entries.len() == others.len()
                && both.all(|entry| are_alike(Some(&entry.value), own.get(&entry.key)))
        }
        (known, own) => known == own,
    }
}

fn remedy(object: &ObjectRef, node: &Node, otherwise: Option<&Place>) -> String {
    let plain = match otherwise {
        Some(place) => format!("write it into `{}` as `tidegate render` prints it", place.path),
        None => "write it as a plain object, as `tidegate render` prints it, into a file that the environment's `paths` select".to_owned(),
    };
    let path = ["/spec/source/path", "/spec/path"].map(|pointer| node.pointer(pointer));
    let path = path.into_iter().flatten().find_map(Node::as_str);
    match path {
        Some(path) if ["Application", "Kustomization"].contains(&object.kind.as_str()) => {
            let path = path.trim_start_matches("./");
            format!(
                "{plain}; or name the units of the environment in `tidegate.yaml` instead of selecting them: `sources: [{{name: {}, kind: {}, path: {path}}}]`",
                object.name, object.kind
            )
        }
        _ => plain,
    }
}

fn named(object: &ObjectRef) -> String {
    match &object.namespace {
        Some(namespace) => format!("{namespace}/{}", object.name),
        None => object.name.clone(),
    }
}

const UNJUDGED: &str = "what it deploys would be judged by nobody";
/// What the map of units is made of.
const KINDS: [(&str, &str); 9] = [
    ("argoproj.io", "Application"),
    ("argoproj.io", "ApplicationSet"),
    ("kustomize.toolkit.fluxcd.io", "Kustomization"),
    ("helm.toolkit.fluxcd.io", "HelmRelease"),
    ("source.toolkit.fluxcd.io", "GitRepository"),
    ("source.toolkit.fluxcd.io", "OCIRepository"),
    ("source.toolkit.fluxcd.io", "HelmRepository"),
    ("source.toolkit.fluxcd.io", "Bucket"),
    ("source.toolkit.fluxcd.io", "HelmChart"),
];
