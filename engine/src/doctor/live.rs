//! What a cluster holds beside what the files say: the ways that are open there, and what differs.

use serde_json::Value;

use super::tree::{Document, Seen, list};
use super::{State, Tree, Way, of_seen, patches, sorted};
use crate::config::Config;

/// As [`super::ways`], judged on what a cluster holds; and where the files promise another thing.
///
/// The tree that is live counts for the kinds that the cluster was asked for, the others for all else.
#[must_use]
pub fn ways_online(trees: &[Tree], config: Option<&Config>) -> Vec<Way> {
    let files: Vec<Tree> = trees.iter().filter(|tree| !tree.is_live).cloned().collect();
    let promised = Seen::of(&files, config);
    let mut all = Seen::of(trees, config);
    // What a set made is there by itself.
    all.objects
        .retain(|object| !object.tree.is_live || !is_of_set(object));
    let live = differences(&promised, &all);
    all.objects
        .retain(|object| object.tree.is_live || !is_asked_for(object));
    let mut ways = of_seen(&all, config);
    ways.extend(live);
    // What no file says of a cluster, the cluster says.
    let placed = of_seen(&promised, config)
        .into_iter()
        .filter(|way| way.place.is_some());
    for way in placed {
        let same = |other: &Way| other.code == way.code && other.about == way.about;
        match ways.iter_mut().find(|other| same(other)) {
            Some(known) => known.place = way.place,
            None => ways.push(way),
        }
    }
    sorted(ways)
}

/// Whether it is an `ApplicationSet`, or what was made of one here.
fn is_of_set(object: &Document<'_>) -> bool {
    object.path.as_bytes().starts_with(b"ApplicationSet/")
}

/// Whether objects like this are what the cluster was asked for.
fn is_asked_for(object: &Document<'_>) -> bool {
    let map =
        object.is("", "ConfigMap") && ["argocd-cm", "argocd-rbac-cm"].contains(&object.name());
    map || KINDS.iter().any(|(group, kind)| object.is(group, kind))
}

/// Objects of which the cluster has another state than the files.
fn differences(promised: &Seen<'_>, all: &Seen<'_>) -> Vec<Way> {
    let own = promised.objects.iter().filter(|object| {
        let is_set = object.is("argoproj.io", "ApplicationSet");
        !is_set && is_asked_for(object) && is_plain(object, promised)
    });
    own.filter_map(|object| {
        let mut live = all.objects.iter().filter(|it| it.tree.is_live && is_same(object, it));
        let Some(live) = live.next() else {
            return Some(Way {
                state: State::Unseen,
                ..object.open(
                    CODE,
                    "/metadata/name",
                    format!("{} is in the files and not in the cluster", object.called()),
                    "apply it, or take it out of the files",
                )
            });
        };
        let pointer = PARTS.iter().find_map(|part| {
            let (wanted, found) = (object.node.get(part)?, live.node.get(part));
            let found = found.map(crate::manifest::Node::to_json).unwrap_or_default();
            differs(&wanted.to_json(), &found).map(|at| format!("/{part}{at}"))
        })?;
        Some(object.open(
            CODE,
            &pointer,
            format!("{} is another in the cluster than here, at `{pointer}`", object.called()),
            "apply what the file says, and look in the audit log of the API server for who changed it",
        ))
    })
    .collect()
}

/// Whether an object is applied as it stands in its file, as far as the files say.
fn is_plain(object: &Document<'_>, seen: &Seen<'_>) -> bool {
    let kind = object.text_at("/kind").unwrap_or_default();
    let mut kustomizations = seen.kustomizations.iter();
    kustomizations.all(|it| {
        let renames = [
            "namePrefix",
            "nameSuffix",
            "namespace",
            "replacements",
            "transformers",
        ]
        .iter()
        .any(|key| it.node.get(key).is_some());
        let touches = patches::of(seen, it)
            .iter()
            .any(|patch| patch.may_touch(kind));
        it.tree.name != object.tree.name || (!renames && !touches)
    }) && !patches::is_one(seen, object)
        && !list(&object.node, "/metadata/ownerReferences")
            .iter()
            .any(|_| true)
}

fn is_same(one: &Document<'_>, other: &Document<'_>) -> bool {
    let group = |it: &Document<'_>| {
        let version = it.text_at("/apiVersion").unwrap_or_default().to_owned();
        version
            .split_once('/')
            .map_or(String::new(), |(group, _)| group.to_owned())
    };
    let namespace = one.text_at("/metadata/namespace");
    group(one) == group(other)
        && one.text_at("/kind") == other.text_at("/kind")
        && one.name() == other.name()
        && (namespace.is_none() || namespace == other.text_at("/metadata/namespace"))
}

/// Where what is wanted is not what is found; what the API server adds is no difference.
fn differs(wanted: &Value, found: &Value) -> Option<String> {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => wanted.iter().find_map(|(key, value)| {
            let other = found.get(key).unwrap_or(&Value::Null);
            let empty = other.is_null() && is_empty(value);
            let at = if empty { None } else { differs(value, other) };
            at.map(|at| format!("/{}{at}", crate::model::step_of(key)))
        }),
        (Value::Array(wanted), Value::Array(found)) if wanted.len() == found.len() => {
            let mut pairs = wanted.iter().zip(found).enumerate();
            pairs.find_map(|(at, (wanted, found))| {
                differs(wanted, found).map(|inner| format!("/{at}{inner}"))
            })
        }
        _ => (wanted != found).then(String::new),
    }
}

/// What an API server leaves out.
fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

const CODE: &str = "live-differs";
const PARTS: [&str; 6] = [
    "spec",
    "rules",
    "aggregationRule",
    "roleRef",
    "subjects",
    "data",
];
const KINDS: [(&str, &str); 11] = [
    ("argoproj.io", "AppProject"),
    ("argoproj.io", "Application"),
    ("argoproj.io", "ApplicationSet"),
    ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    (
        "admissionregistration.k8s.io",
        "ValidatingAdmissionPolicyBinding",
    ),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("rbac.authorization.k8s.io", "Role"),
    ("rbac.authorization.k8s.io", "RoleBinding"),
    ("kustomize.toolkit.fluxcd.io", "Kustomization"),
    ("source.toolkit.fluxcd.io", "GitRepository"),
];
