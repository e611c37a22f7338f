//! Operations that start no hook, and states that somebody else may write: which of them an admission policy closes.

use super::tree::{Document, Seen, list, texts};
use super::{State, Way};

pub(super) fn ways(seen: &Seen<'_>) -> Vec<Way> {
    let policies = seen
        .of_kind(GROUP, "ValidatingAdmissionPolicy")
        .filter(|policy| is_about_applications(policy));
    let (strict, ignored): (Vec<&Document<'_>>, Vec<&Document<'_>>) =
        policies.partition(|policy| is_in_force(policy, seen));
    let mut ways: Vec<Way> = ignored
        .iter()
        .map(|policy| {
            policy.open(
                "policy-ignored",
                "/spec/failurePolicy",
                format!(
                    "{} refuses nothing: it is not bound with `Deny`, or a failure lets everything through",
                    policy.called()
                ),
                "bind it with `validationActions: [Deny]`, and set `failurePolicy: Fail`",
            )
        })
        .collect();
    for (code, word, about) in CLOSED {
        if !strict.iter().any(|policy| speaks_of(policy, word)) {
            ways.push(Way {
                code,
                state: State::Open,
                about: about.to_owned(),
                place: None,
                fix: FIX.to_owned(),
            });
        }
    }
    ways
}

/// Whether it is asked about each making and each change of an Application.
fn is_about_applications(policy: &Document<'_>) -> bool {
    let rules = list(&policy.node, "/spec/matchConstraints/resourceRules");
    rules.iter().any(|rule| {
        let has = |key: &str, wanted: &str| {
            let texts = texts(rule, key);
            texts.contains(&wanted) || texts.contains(&"*")
        };
        has("/apiGroups", "argoproj.io")
            && has("/resources", "applications")
            && has("/operations", "CREATE")
            && has("/operations", "UPDATE")
            && rule.get("resourceNames").is_none()
    })
}

fn is_in_force(policy: &Document<'_>, seen: &Seen<'_>) -> bool {
    let fails = policy.text_at("/spec/failurePolicy").unwrap_or("Fail") == "Fail";
    let mut bindings = seen.of_kind(GROUP, "ValidatingAdmissionPolicyBinding");
    fails
        && bindings.any(|binding| {
            binding.text_at("/spec/policyName") == Some(policy.name())
                && texts(&binding.node, "/spec/validationActions").contains(&"Deny")
        })
}

fn speaks_of(policy: &Document<'_>, word: &str) -> bool {
    let validations = list(&policy.node, "/spec/validations");
    let conditions = list(&policy.node, "/spec/variables");
    let expressions = validations.iter().chain(conditions);
    let mut expressions = expressions.filter_map(|one| one.get("expression")?.as_str());
    expressions.any(|expression| expression.contains(word))
}

const GROUP: &str = "admissionregistration.k8s.io";
const FIX: &str = "install action/argocd/policy with the platform's own Application, in the cluster where Argo CD runs";
/// A way, what a policy that closes it speaks of, and what it is.
const CLOSED: [(&str, &str, &str); 6] = [
    (
        "rollback",
        "syncStrategy.apply",
        "a rollback starts no hook: `argocd app rollback` applies a commit that no link names",
    ),
    (
        "apply-only",
        "syncStrategy.apply",
        "a sync with *apply only* starts no hook",
    ),
    (
        "selective-sync",
        "sync.resources",
        "a selective sync (`--resource`) starts no hook",
    ),
    (
        "local-sync",
        "sync.manifests",
        "`argocd app sync --local` applies the files of somebody's machine",
    ),
    (
        "forged-operation",
        "initiatedBy.automated",
        "an operation written by hand may say that Argo CD began it, and then it may be selective as self-heal is; or name other sources, without the gate",
    ),
    (
        "forged-status",
        "status.?history",
        "who may update an Application may write its status: what is being applied, that a hook passed, what runs",
    ),
];
