//! The rules that a role comes to: its own, those of the roles that it takes in, and those that every cluster has.

use crate::doctor::tree::{Document, Seen, list};
use crate::manifest::{Node, NodeValue, yaml};

/// The roles of an installation.
pub(super) struct Roles<'s> {
    seen: &'s Seen<'s>,
    usual: Vec<Node>,
}

impl<'s> Roles<'s> {
    pub(super) fn of(seen: &'s Seen<'_>) -> Self {
        Self {
            seen,
            usual: yaml::parse(USUAL).unwrap_or_default(),
        }
    }

    /// What the role of a binding in that namespace gives.
    pub(super) fn rules(&self, kind: &str, name: &str, namespace: Option<&str>) -> Vec<&Node> {
        let roles = self.seen.of_kind(
            super::GROUP,
            if kind == "Role" {
                "Role"
            } else {
                "ClusterRole"
            },
        );
        let named = roles.filter(|role| {
            let own = role.text_at("/metadata/namespace");
            let apart = own.is_some() && namespace.is_some() && own != namespace;
            role.name() == name && (kind != "Role" || !apart)
        });
        let mut rules: Vec<&Node> = named.flat_map(|role| self.of_role(role, DEEPEST)).collect();
        if kind == "ClusterRole" {
            rules.extend(self.of_usual(name));
        }
        rules
    }

    fn of_role<'d>(&'d self, role: &'d Document<'_>, depth: usize) -> Vec<&'d Node> {
        let mut rules: Vec<&Node> = list(&role.node, "/rules").iter().collect();
        let selectors = list(&role.node, "/aggregationRule/clusterRoleSelectors");
        if let Some(depth) = depth.checked_sub(1)
            && !selectors.is_empty()
        {
            let others = self.seen.of_kind(super::GROUP, "ClusterRole");
            let taken = others.filter(|other| selectors.iter().any(|it| selects(it, other)));
            rules.extend(taken.flat_map(|other| self.of_role(other, depth)));
        }
        rules
    }

    /// What every cluster has, and takes in whatever is labelled so.
    fn of_usual(&self, name: &str) -> Vec<&Node> {
        let steps: &[&str] = match name {
            "cluster-admin" => &["cluster-admin"],
            "admin" => &["admin", "edit", "view"],
            "edit" => &["edit", "view"],
            "view" => &["view"],
            _ => return Vec::new(),
        };
        let usual = self.usual.iter().filter(|role| {
            let name = role.get("name").and_then(Node::as_str);
            name.is_some_and(|name| steps.contains(&name))
        });
        let usual = usual.flat_map(|role| list(role, "/rules"));
        let labelled = self
            .seen
            .of_kind(super::GROUP, "ClusterRole")
            .filter(|role| {
                steps.iter().any(|step| {
                    let label =
                        format!("/metadata/labels/rbac.authorization.k8s.io~1aggregate-to-{step}");
                    role.text_at(&label) == Some("true")
                })
            });
        usual
            .chain(labelled.flat_map(|role| self.of_role(role, DEEPEST)))
            .collect()
    }
}

/// Whether a selector takes a role in; where it is more than labels, it may.
fn selects(selector: &Node, role: &Document<'_>) -> bool {
    let labels = match selector.get("matchLabels").map(|labels| &labels.value) {
        Some(NodeValue::Mapping(labels)) => labels.as_slice(),
        _ => &[],
    };
    let own = |key: &str| role.node.pointer("/metadata/labels")?.get(key)?.as_str();
    let more = selector.get("matchExpressions").is_some();
    (more || !labels.is_empty())
        && labels
            .iter()
            .all(|label| own(&label.key) == label.value.as_str())
}

const DEEPEST: usize = 8;
/// The roles for people that Kubernetes itself brings, as far as they write.
///
/// Source: Kubernetes, "Using RBAC Authorization", "User-facing roles".
const USUAL: &str = "\
{name: cluster-admin, rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]}
---
{name: admin, rules: [{apiGroups: [rbac.authorization.k8s.io], resources: [roles, rolebindings], verbs: [create, update, patch]}]}
---
name: edit
rules:
  - {apiGroups: [''], resources: [serviceaccounts], verbs: [impersonate]}
  - {apiGroups: [''], resources: [secrets], verbs: [get, list, watch]}
  - apiGroups: ['']
    resources: [configmaps, pods, pods/attach, pods/exec, secrets, serviceaccounts, serviceaccounts/token]
    verbs: [create, update, patch]
  - {apiGroups: [apps], resources: [daemonsets, deployments, replicasets, statefulsets], verbs: [create, update, patch]}
  - {apiGroups: [batch], resources: [cronjobs, jobs], verbs: [create, update, patch]}
";
