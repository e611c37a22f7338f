//! Who may change what the gate stands on: Applications, its policy, its Job, what Argo CD believes, or rights themselves.

mod argocd;
mod powers;
mod roles;
mod rules;

use std::collections::BTreeSet;

use self::powers::{POWERS, Power, Reach};
use self::roles::Roles;
use super::Way;
use super::deployed::applications;
use super::gates::looks_like_one;
use super::tree::{Document, Seen, list};
use crate::config::Config;
use crate::manifest::Node;

pub(super) fn ways(seen: &Seen<'_>, config: Option<&Config>) -> Vec<Way> {
    let places = Places::of(seen, config);
    let roles = Roles::of(seen);
    let bindings = ["RoleBinding", "ClusterRoleBinding"]
        .into_iter()
        .flat_map(|kind| seen.of_kind(GROUP, kind));
    let mut ways: Vec<Way> = bindings
        .flat_map(|binding| of_binding(binding, &roles, &places))
        .collect();
    ways.extend(argocd::ways(seen));
    ways
}

/// Where Argo CD and what the gate asks about run; a namespace that no file says may be any.
pub(super) struct Places {
    argocd: BTreeSet<String>,
    /// Nothing where one of them is not told.
    deployed: Option<BTreeSet<String>>,
    /// The `ConfigMaps` that say whom the gate trusts.
    trust: BTreeSet<String>,
    policies: BTreeSet<String>,
    /// The Secrets that say how the gate's Git is configured.
    git: BTreeSet<String>,
}

impl Places {
    pub(super) fn of(seen: &Seen<'_>, config: Option<&Config>) -> Self {
        let namespaces = |kind: &'static str| {
            let projects = seen.of_kind("argoproj.io", kind);
            projects.filter_map(|it| it.text_at("/metadata/namespace").map(str::to_owned))
        };
        let mut argocd: BTreeSet<String> = namespaces("AppProject").collect();
        if argocd.is_empty() {
            argocd.insert("argocd".to_owned());
        }
        let judged = applications(seen);
        let judged = judged.iter().filter(|it| it.is_judged(seen, config));
        let deployed = judged.map(|application| {
            let at = application.at("/spec/destination/namespace");
            let namespace = application.document.text_at(&at)?;
            (!namespace.contains("{{")).then(|| namespace.to_owned())
        });
        let jobs = seen.of_kind("batch", "Job");
        let jobs = jobs.filter(|job| looks_like_one(seen, job));
        let volumes = jobs.flat_map(|job| list(&job.node, "/spec/template/spec/volumes"));
        let volumes: Vec<&Node> = volumes.collect();
        let named = |pointer: &'static str| {
            let volumes = volumes.iter();
            volumes.filter_map(move |it| it.pointer(pointer)?.as_str())
        };
        let policies = seen
            .of_kind("admissionregistration.k8s.io", "ValidatingAdmissionPolicy")
            .map(|policy| policy.name().to_owned());
        Self {
            argocd,
            deployed: deployed.collect(),
            trust: named("/configMap/name")
                .chain(["tidegate-trust"])
                .map(str::to_owned)
                .collect(),
            git: named("/secret/secretName")
                .chain(["tidegate-git-read"])
                .map(str::to_owned)
                .collect(),
            policies: policies
                .chain(["tidegate-applications".to_owned()])
                .collect(),
        }
    }

    pub(super) fn is_argocd(&self, namespace: &str) -> bool {
        self.argocd.contains(namespace)
    }

    /// Whether something judged is surely deployed there.
    pub(super) fn is_deployed(&self, namespace: &str) -> bool {
        let deployed = self.deployed.as_ref();
        deployed.is_some_and(|deployed| deployed.contains(namespace))
    }

    /// Whether rights that a binding gives hold where a power needs them.
    fn covers(&self, binding: &Document<'_>, reach: Reach) -> bool {
        if binding.text_at("/kind") == Some("ClusterRoleBinding") {
            return true;
        }
        let Some(namespace) = binding.text_at("/metadata/namespace") else {
            return reach != Reach::Cluster;
        };
        match reach {
            Reach::Anywhere => true,
            Reach::ArgoCd => self.argocd.contains(namespace),
            Reach::Deployed => {
                let deployed = self.deployed.as_ref();
                deployed.is_none_or(|deployed| deployed.contains(namespace))
            }
            Reach::Cluster => false,
        }
    }
}

/// A way for each subject that has a power: of several the first is the code, the others are told with it.
fn of_binding(binding: &Document<'_>, roles: &Roles<'_>, places: &Places) -> Vec<Way> {
    let role = ["kind", "name"].map(|key| {
        let text = binding.text_at(&format!("/roleRef/{key}"));
        text.unwrap_or_default()
    });
    let rules = roles.rules(role[0], role[1], binding.text_at("/metadata/namespace"));
    let powers = POWERS.iter().filter(|power| {
        places.covers(binding, power.reach)
            && rules.iter().any(|rule| rules::gives(rule, power, places))
    });
    let powers: Vec<&Power> = powers.collect();
    let Some(first) = powers.first() else {
        return Vec::new();
    };
    let may: Vec<&str> = match powers.len() == POWERS.len() {
        true => vec![EVERYTHING],
        false => powers.iter().map(|power| power.may).collect(),
    };
    let subjects = list(&binding.node, "/subjects").iter().enumerate();
    let others = subjects.filter(|(_, subject)| !is_own(subject, places));
    others
        .map(|(at, subject)| {
            let text = |key: &str| subject.get(key).and_then(Node::as_str).unwrap_or_default();
            binding.open(
                first.code,
                &format!("/subjects/{at}"),
                format!(
                    "{} `{}` ({}) may {}",
                    text("kind"),
                    text("name"),
                    binding.called(),
                    may.join("; and may "),
                ),
                first.fix,
            )
        })
        .collect()
}

/// Argo CD's own accounts, and those that the control plane is made of: neither works without its rights.
fn is_own(subject: &Node, places: &Places) -> bool {
    let text = |key: &str| subject.get(key).and_then(Node::as_str).unwrap_or_default();
    match text("kind") {
        "ServiceAccount" => {
            let namespace = text("namespace");
            let there = namespace.is_empty() || places.argocd.contains(namespace);
            (there && OWN.contains(&text("name"))) || namespace == "kube-system"
        }
        _ => {
            let everybody = [
                "system:anonymous",
                "system:authenticated",
                "system:unauthenticated",
            ];
            let name = text("name");
            name.starts_with("system:")
                && !everybody.contains(&name)
                && !name.starts_with("system:serviceaccount")
        }
    }
}

const EVERYTHING: &str = "do everything that leads round the gate: change Applications, the policy, the gate's Job, what Argo CD believes, and rights themselves";
const GROUP: &str = "rbac.authorization.k8s.io";
const OWN: [&str; 9] = [
    "argocd-application-controller",
    "argocd-applicationset-controller",
    "argocd-dex-server",
    "argocd-notifications-controller",
    "argocd-redis",
    "argocd-redis-secret-init",
    "argocd-repo-server",
    "argocd-server",
    "openshift-gitops-argocd-application-controller",
];
