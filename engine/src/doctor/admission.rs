//! Operations that start no hook, and states that somebody else may write: which of them an admission policy closes.

use serde_json::Value;

use super::access::Places;
use super::gates::reached;
use super::tree::{Document, Seen, list, texts};
use super::{State, Way, patches};
use crate::config::Config;
use crate::manifest::{Node, yaml};

pub(super) fn ways(seen: &Seen<'_>, config: Option<&Config>) -> Vec<Way> {
    let places = Places::of(seen, config);
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
                    "{} refuses nothing: it is not bound with `Deny` for every Application, or a failure lets everything through",
                    policy.called()
                ),
                "bind it with `validationActions: [Deny]` and nothing that narrows it, and set `failurePolicy: Fail`",
            )
        })
        .collect();
    let complete = strict.iter().any(|policy| is_shipped(policy));
    if !complete {
        ways.extend(strict.iter().map(|policy| altered(policy, "/spec")));
    }
    for policy in strict.iter().filter(|policy| is_shipped(policy)) {
        let told = ACCOUNTS.into_iter().filter_map(|at| {
            let expression = policy.text_at(at)?;
            foreign(policy, at, at, expression, &places)
        });
        ways.extend(told);
    }
    ways.extend(patched(seen, &places));
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
                && ["/spec/matchResources", "/spec/paramRef"]
                    .into_iter()
                    .all(|narrower| binding.node.pointer(narrower).is_none())
                && texts(&binding.node, "/spec/validationActions").contains(&"Deny")
        })
}

/// Whether it is the policy of action/argocd/policy, but for who Argo CD's controller and API server are.
fn is_shipped(policy: &Document<'_>) -> bool {
    let shipped = yaml::parse(SHIPPED).ok();
    let shipped = shipped.as_deref().and_then(|documents| documents.first());
    let own = comparable(&policy.node);
    own.is_some() && own == shipped.and_then(comparable)
}

/// What a policy says; nothing where its `controller` or its `server` is not one account.
fn comparable(policy: &Node) -> Option<Value> {
    let mut spec = policy.get("spec")?.to_json();
    for account in ACCOUNTS {
        let account = spec.pointer_mut(account.strip_prefix("/spec")?)?;
        if !is_account(account.as_str()?) {
            return None;
        }
        *account = Value::Null;
    }
    // What an API server adds.
    let constraints = spec.get_mut("matchConstraints")?.as_object_mut()?;
    constraints.retain(|key, value| {
        let every = key.ends_with("Selector") && *value == serde_json::json!({});
        let usual = key == "matchPolicy" && value == "Equivalent";
        !every && !usual
    });
    let rules = constraints
        .get_mut("resourceRules")
        .and_then(Value::as_array_mut);
    for rule in rules.into_iter().flatten().filter_map(Value::as_object_mut) {
        rule.retain(|key, value| key != "scope" || value != "*");
    }
    Some(spec)
}

fn is_account(expression: &str) -> bool {
    account(expression).is_some()
}

/// The namespace and the name of the one account that an expression is true for.
fn account(expression: &str) -> Option<(&str, &str)> {
    let account = expression
        .trim()
        .strip_prefix("request.userInfo.username == 'system:serviceaccount:")
        .and_then(|rest| rest.strip_suffix('\''))?;
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
    let parts = account.split_once(':')?;
    (parts.0.bytes().all(letters) && parts.1.bytes().all(letters)).then_some(parts)
}

/// Where the policy takes somebody else for Argo CD's controller or its server, or no file says whether it does.
fn foreign(
    document: &Document<'_>,
    pointer: &str,
    variable: &str,
    expression: &str,
    places: &Places,
) -> Option<Way> {
    let (namespace, name) = account(expression)?;
    let is_controller = ACCOUNTS.first() == Some(&variable);
    let called = match is_controller {
        true => "application-controller",
        false => "server",
    };
    if places.is_argocd(namespace) && name.ends_with(called) {
        return None;
    }
    let way = |about: String| {
        document.open(
            "policy-altered",
            pointer,
            about,
            "name the service accounts of Argo CD's own application controller and API server",
        )
    };
    let whom = format!(
        "{} takes the account `{name}` of `{namespace}` for Argo CD's {called}",
        document.called()
    );
    if !places.is_argocd(namespace) && places.is_deployed(namespace) {
        return Some(way(format!(
            "{whom}: that is where something judged is deployed, and who is that account is denied nothing"
        )));
    }
    Some(Way {
        state: State::Unseen,
        ..way(format!("{whom}: whether it is, no file says"))
    })
}

/// Patches of the policy or its binding, other than of who the controller and the API server are.
fn patched(seen: &Seen<'_>, places: &Places) -> Vec<Way> {
    let mut ways = Vec::new();
    for kustomization in &seen.kustomizations {
        let found = reached(seen, &kustomization.tree.name, &kustomization.folder());
        let kinds = [
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
        ];
        let brings = |kind: &str| found.objects.iter().any(|object| object.is(GROUP, kind));
        let brought: Vec<&str> = kinds.into_iter().filter(|kind| brings(kind)).collect();
        for part in &found.kustomizations {
            let patches = patches::of(seen, part);
            let touching = patches
                .iter()
                .filter(|patch| brought.iter().any(|kind| patch.may_touch(kind)));
            for patch in touching {
                if !names_accounts(patch) {
                    ways.push(altered(part, &patch.pointer));
                    continue;
                }
                let operations = patch.nodes.iter().flatten().filter_map(patches::operations);
                ways.extend(operations.flatten().filter_map(|(_, path, value)| {
                    foreign(part, &patch.pointer, path, value?.as_str()?, places)
                }));
            }
        }
    }
    ways
}

fn names_accounts(patch: &patches::Patch<'_, '_>) -> bool {
    let nodes = patch.nodes.as_deref().unwrap_or_default();
    !nodes.is_empty()
        && nodes.iter().all(|node| {
            let operations = patches::operations(node).unwrap_or_default();
            !operations.is_empty()
                && operations.iter().all(|(op, path, value)| {
                    let value = value.and_then(Node::as_str);
                    *op == "test"
                        || (*op == "replace"
                            && ACCOUNTS.contains(path)
                            && value.is_some_and(is_account))
                })
        })
}

fn altered(document: &Document<'_>, pointer: &str) -> Way {
    document.open(
        "policy-altered",
        pointer,
        format!(
            "{} makes another thing of the policy than what is shipped: what it refuses is not sure",
            document.called()
        ),
        "take action/argocd/policy as it is; only the variables `controller` and `server` may name other service accounts",
    )
}

fn speaks_of(policy: &Document<'_>, word: &str) -> bool {
    let validations = list(&policy.node, "/spec/validations");
    let conditions = list(&policy.node, "/spec/variables");
    let expressions = validations.iter().chain(conditions);
    let mut expressions = expressions.filter_map(|one| one.get("expression")?.as_str());
    expressions.any(|expression| expression.contains(word))
}

const SHIPPED: &str = include_str!("../../../action/argocd/policy/policy.yaml");
const GROUP: &str = "admissionregistration.k8s.io";
/// Who Argo CD's controller and its API server are.
const ACCOUNTS: [&str; 2] = [
    "/spec/variables/0/expression",
    "/spec/variables/1/expression",
];
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
