//! Who may change an Application, and by that what is asked, what it says of itself, and whether it is asked at all.

use std::collections::BTreeSet;

use super::Way;
use super::tree::{Document, Seen, list, texts};
use crate::manifest::Node;
use crate::model::step_of;

pub(super) fn ways(seen: &Seen<'_>) -> Vec<Way> {
    let mut ways = of_cluster(seen);
    ways.extend(of_argocd(seen));
    ways
}

/// Rights of the cluster, by the bindings that give them.
fn of_cluster(seen: &Seen<'_>) -> Vec<Way> {
    let writing: BTreeSet<(&str, &str)> = ["Role", "ClusterRole"]
        .into_iter()
        .flat_map(|kind| seen.of_kind(GROUP, kind).map(move |role| (kind, role)))
        .filter(|(_, role)| list(&role.node, "/rules").iter().any(writes))
        .map(|(kind, role)| (kind, role.name()))
        .chain([("ClusterRole", "cluster-admin")])
        .collect();
    let bindings = ["RoleBinding", "ClusterRoleBinding"]
        .into_iter()
        .flat_map(|kind| seen.of_kind(GROUP, kind));
    bindings
        .filter(|binding| {
            let role = ["/roleRef/kind", "/roleRef/name"]
                .map(|at| binding.text_at(at).unwrap_or_default());
            writing.contains(&(role[0], role[1]))
        })
        .flat_map(of_binding)
        .collect()
}

fn of_binding(binding: &Document<'_>) -> Vec<Way> {
    let subjects = list(&binding.node, "/subjects").iter().enumerate();
    let others = subjects.filter(|(_, subject)| !is_argocd(subject));
    others
        .map(|(at, subject)| {
            let text = |key: &str| subject.get(key).and_then(Node::as_str).unwrap_or_default();
            binding.open(
                "rights-on-applications",
                &format!("/subjects/{at}"),
                format!(
                    "{} `{}` may change Applications ({}): their sources, and what they say of themselves",
                    text("kind"),
                    text("name"),
                    binding.called(),
                ),
                "leave `create`, `update` and `patch` on `applications` to Argo CD's own service accounts; others change Git",
            )
        })
        .collect()
}

/// Whether a rule lets Applications be written, or the glass be broken.
fn writes(rule: &Node) -> bool {
    let has = |key: &str, wanted: &[&str]| {
        let texts = texts(rule, key);
        texts.contains(&"*") || wanted.iter().any(|one| texts.contains(one))
    };
    has("/apiGroups", &["argoproj.io"])
        && has("/resources", &["applications", "applications/*"])
        && has("/verbs", &["create", "update", "patch", "break-glass"])
}

fn is_argocd(subject: &Node) -> bool {
    let text = |key: &str| subject.get(key).and_then(Node::as_str);
    text("kind") == Some("ServiceAccount") && text("name").is_some_and(|name| OWN.contains(&name))
}

/// Rights that Argo CD's own server gives: it writes for whoever has them.
fn of_argocd(seen: &Seen<'_>) -> Vec<Way> {
    let maps = seen.of_kind("", "ConfigMap");
    maps.filter(|map| map.name() == "argocd-rbac-cm")
        .flat_map(of_map)
        .collect()
}

fn of_map(map: &Document<'_>) -> Vec<Way> {
    let mut ways = Vec::new();
    if map.text_at("/data/policy.default") == Some("role:admin") {
        ways.push(map.open(
            "rights-in-argocd",
            "/data/policy.default",
            "everybody who logs in to Argo CD is an administrator of it".to_owned(),
            "set `policy.default: role:readonly`, or nothing",
        ));
    }
    let Some(data) = map.node.get("data") else {
        return ways;
    };
    for (key, text) in policies(data) {
        let rights = text.lines().filter_map(right).collect::<Vec<_>>();
        ways.extend(rights.into_iter().map(|(who, action)| {
            map.open(
                "rights-in-argocd",
                &format!("/data/{}", step_of(key)),
                format!("`{who}` may `{action}` Applications through Argo CD's server"),
                "leave `get`, `sync` and `action/…`; `override` is `sync --local`, and `update` may take the gate out of an Application",
            )
        }));
    }
    ways
}

/// `policy.csv`, and each `policy.NAME.csv` beside it.
fn policies(data: &Node) -> Vec<(&str, &str)> {
    let crate::manifest::NodeValue::Mapping(entries) = &data.value else {
        return Vec::new();
    };
    let entries = entries
        .iter()
        .filter(|entry| entry.key.starts_with("policy.") && entry.key.ends_with("csv"));
    entries
        .filter_map(|entry| Some((&*entry.key, entry.value.as_str()?)))
        .collect()
}

/// Who may do what to Applications, where a line gives a right that leads round the gate.
fn right(line: &str) -> Option<(&str, &str)> {
    let fields: Vec<&str> = line.split(',').map(str::trim).collect();
    let [kind, who, resource, action, _, effect] = fields[..] else {
        return None;
    };
    let about = ["applications", "*"].contains(&resource);
    let way =
        ["*", "create", "override", "update"].contains(&action) || action.starts_with("update/");
    let own = who == "role:admin";
    (kind == "p" && about && way && !own && effect == "allow").then_some((who, action))
}

const GROUP: &str = "rbac.authorization.k8s.io";
/// Argo CD's own, which it cannot work without.
const OWN: [&str; 5] = [
    "argocd-application-controller",
    "argocd-applicationset-controller",
    "argocd-notifications-controller",
    "argocd-server",
    "openshift-gitops-argocd-application-controller",
];
