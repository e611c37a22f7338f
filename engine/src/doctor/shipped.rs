//! The gate's Job as it is shipped, and what of another Job differs from it: a short list of fields may.

use std::sync::LazyLock;

use super::tree::Document;
use crate::manifest::{Node, NodeValue, yaml};
use crate::model::step_of;

/// Where a Job first says another thing than what is shipped.
pub(super) fn difference(job: &Document<'_>) -> Option<String> {
    annotation(&job.node).or_else(|| differs(Some(&job.node), SHIPPED.as_ref(), ""))
}

/// Whether a field may differ between gates: those of where it stands, what it may use, and who may be told.
pub(super) fn is_free(pointer: &str) -> bool {
    FREE.iter().any(|free| {
        let rest = pointer.strip_prefix(free);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// Whether fields below this one may be free.
pub(super) fn leads_to_free(pointer: &str) -> bool {
    FREE.iter().any(|free| {
        let rest = free.strip_prefix(pointer);
        rest.is_some_and(|rest| rest.starts_with('/'))
    })
}

/// What Argo CD or Helm is told of a Job beside what is shipped.
fn annotation(job: &Node) -> Option<String> {
    let annotations = job.pointer("/metadata/annotations")?;
    let mut keys = keys(Some(annotations)).into_iter();
    let other = keys.find(|key| {
        let rules = key.starts_with("argocd.argoproj.io/") || key.starts_with("helm.sh/");
        rules && !ANNOTATIONS.contains(key)
    })?;
    Some(format!("/metadata/annotations/{}", step_of(other)))
}

fn differs(own: Option<&Node>, shipped: Option<&Node>, at: &str) -> Option<String> {
    if is_free(at) || CHECKED.contains(&at) {
        return None;
    }
    let mapping = |node: Option<&Node>| {
        node.is_none_or(|node| matches!(node.value, NodeValue::Mapping(_) | NodeValue::Null))
    };
    let list = |node: Option<&Node>| {
        node.is_none_or(|node| matches!(node.value, NodeValue::Sequence(_) | NodeValue::Null))
    };
    if let Some((_, names)) = LISTS.iter().find(|(list, _)| *list == at)
        && list(own)
    {
        let known = items(shipped);
        let other = items(own).iter().position(|item| {
            let named = |name: &&str| item.get("name").and_then(Node::as_str) == Some(name);
            !names.iter().any(named) && !known.iter().any(|it| is_same(it, item))
        });
        return other.map(|index| format!("{at}/{index}"));
    }
    if mapping(own) && mapping(shipped) && (shipped.is_some() || leads_to_free(at)) {
        let all = [keys(own), keys(shipped)].concat();
        return all.into_iter().find_map(|key| {
            let of = |node: Option<&'_ Node>| node.and_then(|node| node.get(key)).cloned();
            differs(
                of(own).as_ref(),
                of(shipped).as_ref(),
                &format!("{at}/{}", step_of(key)),
            )
        });
    }
    if let (Some(own), Some(shipped)) = (own, shipped)
        && let (Some(own), Some(shipped)) = (own.items(), shipped.items())
        && own.len() == shipped.len()
    {
        let pairs = own.iter().zip(shipped).enumerate();
        return pairs.into_iter().find_map(|(index, (own, shipped))| {
            differs(Some(own), Some(shipped), &format!("{at}/{index}"))
        });
    }
    let same = match (own, shipped) {
        (Some(own), Some(shipped)) => is_same(own, shipped),
        (Some(own), None) => ["{}", "null"].contains(&own.canonical_json().as_str()),
        (None, _) => shipped.is_none(),
    };
    (!same).then(|| at.to_owned())
}

/// A volume for files of its own may be of any size.
fn is_same(one: &Node, other: &Node) -> bool {
    let is_empty = |node: &Node| {
        let only = keys(Some(node)).len() == 2;
        only && node.get("emptyDir").is_some()
    };
    let name = |node: &Node| node.get("name").map(Node::canonical_json);
    one.canonical_json() == other.canonical_json()
        || (is_empty(one) && is_empty(other) && name(one) == name(other))
}

fn items(node: Option<&Node>) -> &[Node] {
    node.and_then(Node::items).unwrap_or_default()
}

fn keys(node: Option<&Node>) -> Vec<&str> {
    match node.map(|node| &node.value) {
        Some(NodeValue::Mapping(entries)) => entries.iter().map(|entry| &*entry.key).collect(),
        _ => Vec::new(),
    }
}

static SHIPPED: LazyLock<Option<Node>> = LazyLock::new(|| {
    let documents = yaml::parse(include_str!("../../../action/argocd/gate/job.yaml"));
    documents.ok()?.into_iter().next()
});
/// What may differ, and be patched.
const FREE: [&str; 29] = [
    "/apiVersion",
    "/kind",
    "/status",
    "/metadata/labels",
    "/metadata/name",
    "/metadata/namespace",
    "/spec/activeDeadlineSeconds",
    "/spec/backoffLimit",
    "/spec/template/metadata/labels",
    "/spec/template/spec/affinity",
    "/spec/template/spec/imagePullSecrets",
    "/spec/template/spec/nodeSelector",
    "/spec/template/spec/priorityClassName",
    "/spec/template/spec/runtimeClassName",
    "/spec/template/spec/securityContext/fsGroup",
    "/spec/template/spec/securityContext/runAsGroup",
    "/spec/template/spec/securityContext/runAsUser",
    "/spec/template/spec/securityContext/supplementalGroups",
    "/spec/template/spec/serviceAccountName",
    "/spec/template/spec/terminationGracePeriodSeconds",
    "/spec/template/spec/tolerations",
    "/spec/template/spec/topologySpreadConstraints",
    "/spec/template/spec/containers/0/image",
    "/spec/template/spec/containers/0/imagePullPolicy",
    "/spec/template/spec/containers/0/name",
    "/spec/template/spec/containers/0/resources",
    "/spec/template/spec/containers/0/securityContext/runAsGroup",
    "/spec/template/spec/containers/0/securityContext/runAsNonRoot",
    "/spec/template/spec/containers/0/terminationMessagePolicy",
];
/// What is looked at by what it means, elsewhere.
const CHECKED: [&str; 7] = [
    "/metadata/annotations",
    "/spec/completions",
    "/spec/parallelism",
    "/spec/podFailurePolicy",
    "/spec/suspend",
    "/spec/template/spec/containers/0/args",
    "/spec/template/spec/containers/0/command",
];
/// By which programs find a proxy.
pub(super) const PROXIES: [&str; 6] = [
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "https_proxy",
    "http_proxy",
    "no_proxy",
];
/// Lists that hold nothing but what is shipped, or things of these names.
const LISTS: [(&str, &[&str]); 3] = [
    ("/spec/template/spec/containers/0/env", &PROXIES),
    ("/spec/template/spec/containers/0/volumeMounts", &[]),
    ("/spec/template/spec/volumes", &[]),
];
/// What Argo CD is told of the Job; the values of the first two are looked at elsewhere.
const ANNOTATIONS: [&str; 4] = [
    "argocd.argoproj.io/hook",
    "argocd.argoproj.io/sync-wave",
    "argocd.argoproj.io/hook-delete-policy",
    "argocd.argoproj.io/tracking-id",
];
