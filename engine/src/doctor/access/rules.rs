//! Whether a rule of a role gives a power, as an API server reads rules.

use super::Places;
use super::powers::{Names, Power, Right};
use crate::doctor::tree::texts;
use crate::manifest::Node;

pub(super) fn gives(rule: &Node, power: &Power, places: &Places) -> bool {
    power.rights.iter().any(|right| has(rule, right)) && names(rule, power.names, places)
}

fn has(rule: &Node, right: &Right) -> bool {
    let groups = texts(rule, "/apiGroups");
    let verbs = texts(rule, "/verbs");
    let resources = texts(rule, "/resources");
    let any = |own: &[&str], wanted: &[&str]| {
        own.contains(&"*") || wanted.iter().any(|one| own.contains(one))
    };
    // `*/status` is the status of everything.
    let resource = |wanted: &&str| {
        let below = wanted
            .split_once('/')
            .map(|(_, below)| format!("*/{below}"));
        resources.contains(wanted) || below.is_some_and(|below| resources.contains(&&*below))
    };
    any(&groups, &[right.group])
        && any(&verbs, right.verbs)
        && (resources.contains(&"*") || right.resources.iter().any(resource))
}

/// Whether the objects that a rule names, if it names any, are those that matter.
fn names(rule: &Node, names: Names, places: &Places) -> bool {
    let own = texts(rule, "/resourceNames");
    let fits = |name: &&str| match names {
        // To bind what only reads, or does nothing here, is no power.
        Names::Any => !READING.contains(name),
        Names::ArgoCd => ["argocd-cm", "argocd-rbac-cm", "argocd-cmd-params-cm"].contains(name),
        Names::Trust => places.trust.contains(*name),
        Names::Policies => places.policies.contains(*name),
        Names::Git => places.git.contains(*name),
        Names::Definitions => name.ends_with(".argoproj.io"),
        Names::Signers => SIGNERS.contains(name),
    };
    own.is_empty() || own.iter().any(fits)
}

const SIGNERS: [&str; 2] = ["kubernetes.io/*", "kubernetes.io/kube-apiserver-client"];
const READING: [&str; 1] = ["view"];
