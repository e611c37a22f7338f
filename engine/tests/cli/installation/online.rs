//! `doctor --repo --online`: what a small API server on this machine holds, beside what the files say.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tidegate::manifest::yaml;

use super::super::{said, tidegate};
use super::served::{Answer, Server, TOKEN, shipped};
use super::{GATE_SOURCE, Installation, PLATFORM};
use crate::support::Repo;

/// Answers by path.
type Answers = BTreeMap<String, Answer>;

/// What a cluster answers in which an installation was applied.
fn applied(installation: &Installation) -> Answers {
    let mut lists: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut answers = Answers::new();
    for (_, path, text) in &installation.0 {
        if !path.ends_with(".yaml") || path.starts_with('.') {
            continue;
        }
        for node in yaml::parse(text).unwrap() {
            let object = node.to_json();
            let kind = object["kind"].as_str().unwrap_or_default().to_owned();
            let version = object["apiVersion"].as_str().unwrap_or_default();
            if object["metadata"]["name"] == "argocd-rbac-cm" {
                let path = "/api/v1/namespaces/argocd/configmaps/argocd-rbac-cm".to_owned();
                answers.insert(path, (200, object.to_string()));
            } else if let Some((_, list)) = LISTS
                .iter()
                .find(|(own, list)| *own == kind && list.contains(version))
            {
                lists.entry((*list).to_owned()).or_default().push(object);
            }
        }
    }
    for (_, list) in LISTS {
        let mut parts = list.split('/').skip(2);
        let (group, version) = (parts.next().unwrap(), parts.next().unwrap());
        let body = json!({"preferredVersion": {"version": version}}).to_string();
        answers.insert(format!("/apis/{group}"), (200, body));
        let items = lists.remove(*list).unwrap_or_default();
        let body = json!({"metadata": {}, "items": items}).to_string();
        answers.insert(format!("{list}?limit=500"), (200, body));
    }
    answers
}

/// What is said of the shipped installation, and how that ends, where a cluster answers so.
fn online(answers: Answers) -> (Vec<String>, i32, Vec<String>) {
    let none = || (404, "{}".to_owned());
    let api = Server::start("{}", move |path| {
        answers.get(path).cloned().unwrap_or_else(none)
    });
    let (shop, platform) = shipped();
    let kubeconfig = shop.beside("kubeconfig");
    std::fs::write(
        &kubeconfig,
        config(&api.address, &format!("token: {TOKEN}")),
    )
    .unwrap();
    let output = tidegate(shop.path())
        .args(["doctor", "--online", "--output", "json", "--kubeconfig"])
        .arg(&kubeconfig)
        .args(["--repo", ".", "--repo"])
        .arg(platform.path())
        .output()
        .unwrap();
    let exit = output.status.code().unwrap();
    let asked = api.asked().clone();
    let Ok(document) = serde_json::from_slice::<Value>(&output.stdout) else {
        return (vec![String::from_utf8(output.stderr).unwrap()], exit, asked);
    };
    let line = |way: &Value| {
        let text = |at: &str| way.pointer(at).and_then(Value::as_str).unwrap_or_default();
        let mark = if text("/state") == "open" { "" } else { "?" };
        format!("{}{mark} {}", text("/code"), text("/place/file"))
    };
    let ways = document["ways"].as_array().unwrap().iter().map(line);
    (ways.collect(), exit, asked)
}

fn config(server: &str, user: &str) -> String {
    format!(
        "current-context: c\ncontexts: [{{name: c, context: {{cluster: k, user: u}}}}]\n\
         clusters: [{{name: k, cluster: {{server: '{server}'}}}}]\nusers: [{{name: u, user: {{{user}}}}}]\n"
    )
}

const PROTECTION: &str = "branch-protection? ";

#[test]
fn a_cluster_that_holds_what_the_files_say_opens_nothing() {
    let (ways, exit, asked) = online(applied(&Installation::shipped()));
    assert_eq!(ways, [PROTECTION]);
    assert_eq!(exit, 0);
    assert!(
        asked.iter().all(|line| line.starts_with("GET /api")),
        "{asked:?}"
    );
    assert_eq!(asked.len(), LISTS.len() + 5 + 2, "{asked:?}");
}

#[test]
fn what_is_open_there_counts_and_what_differs_is_named() {
    let shipped = Installation::shipped();
    let (ways, exit, _) = online(applied(&shipped.without("trust/policy.yaml")));
    let six = [
        "rollback ",
        "apply-only ",
        "selective-sync ",
        "local-sync ",
        "forged-operation ",
        "forged-status ",
    ];
    assert_eq!(ways[..6], six);
    assert_eq!(ways[6..], ["live-differs? trust/policy.yaml", PROTECTION]);
    assert_eq!(exit, 1);

    let moved = shipped.with("apps/shop-prod.yaml", "path: apps/shop\n", "path: apps\n");
    let (ways, _, _) = online(applied(&moved));
    assert_eq!(ways, ["live-differs apps/shop-prod.yaml", PROTECTION]);

    let ungated = shipped.with("apps/shop-prod.yaml", GATE_SOURCE, "");
    let (ways, _, _) = online(applied(&ungated));
    let told = [
        "not-gated Application/argocd/shop-prod.json",
        "live-differs apps/shop-prod.yaml",
        PROTECTION,
    ];
    assert_eq!(ways, told);

    let more = "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRoleBinding, metadata: {name: more}, \
                roleRef: {kind: ClusterRole, name: cluster-admin}, subjects: [{kind: User, name: eve}]}\n";
    let (ways, _, _) = online(applied(&shipped.and(PLATFORM, "more.yaml", more)));
    assert_eq!(
        ways,
        [
            "rights-on-applications ClusterRoleBinding/more.json",
            PROTECTION
        ]
    );
}

#[test]
fn what_a_set_made_is_told_once() {
    let set = "{apiVersion: argoproj.io/v1alpha1, kind: ApplicationSet, metadata: {name: all, namespace: argocd}, spec: {generators: [\
               {list: {elements: [{name: other}]}}], template: {metadata: {name: '{{name}}'}, spec: SPEC}}}\n";
    let one = "{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: other, namespace: argocd}, spec: SPEC}\n";
    let spec = "{project: shop, destination: {namespace: shop}, source: {repoURL: 'https://git.example/acme/shop.git', path: apps/shop}}";
    let with = |text: &str| {
        let text = text.replace("SPEC", spec);
        online(applied(&Installation::shipped().and(
            PLATFORM,
            "more.yaml",
            &text,
        )))
        .0
    };
    let told = ["not-gated Application/argocd/other.json", PROTECTION];
    assert_eq!(with(one), told);
    assert_eq!(with(&format!("{set}---\n{one}")), told);
}

#[test]
fn what_an_api_server_adds_is_no_difference() {
    let list = "/apis/argoproj.io/v1alpha1/applications?limit=500";
    let mut answers = applied(&Installation::shipped());
    let mut page: Value = serde_json::from_str(&answers[list].1).unwrap();
    let own = &mut page["items"][0];
    own["metadata"]["uid"] = json!("0");
    own["spec"]["revisionHistoryLimit"] = json!(10);
    own["operation"] = json!({"sync": {}});
    own["status"] = json!({"history": []});
    let policies = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies?limit=500";
    let mut policy: Value = serde_json::from_str(&answers[policies].1).unwrap();
    let constraints = &mut policy["items"][0]["spec"]["matchConstraints"];
    constraints["matchPolicy"] = json!("Equivalent");
    constraints["namespaceSelector"] = json!({});
    constraints["objectSelector"] = json!({});
    constraints["resourceRules"][0]["scope"] = json!("*");
    answers.insert(policies.to_owned(), (200, policy.to_string()));
    // And where it is told page by page.
    let first = json!({"metadata": {"continue": "next="}, "items": []});
    answers.insert(list.to_owned(), (200, first.to_string()));
    answers.insert(format!("{list}&continue=next%3D"), (200, page.to_string()));
    assert_eq!(online(answers).0, [PROTECTION]);
}

/// The first that is said where the one Application of the shop has this status.
fn first_of_status(status: Value) -> String {
    let list = "/apis/argoproj.io/v1alpha1/applications?limit=500";
    let mut answers = applied(&Installation::shipped());
    let mut page: Value = serde_json::from_str(&answers[list].1).unwrap();
    page["items"][0]["status"] = status;
    answers.insert(list.to_owned(), (200, page.to_string()));
    let (ways, exit, _) = online(answers);
    assert_eq!(exit, i32::from(ways.len() > 1), "{ways:?}");
    ways.first().unwrap().clone()
}

/// As after a sync of one object that Argo CD, or somebody, began.
fn healed(mut status: Value, automated: bool) -> Value {
    status["operationState"]["operation"] = json!({
        "initiatedBy": {"automated": automated},
        "sync": {"resources": [{"kind": "Service", "name": "web"}]},
    });
    status
}

#[test]
fn what_is_in_sync_and_was_not_asked_about_is_a_way_that_was_gone() {
    let hook = |name: &str, kind: &str, phase: &str| json!({"kind": "Job", "name": name, "hookType": kind, "hookPhase": phase});
    let after = |phase: &str, revisions: [&str; 2], hooks: Value| {
        json!({
            "sync": {"status": "Synced", "revisions": [revisions[0], "x"]},
            "operationState": {
                "phase": phase,
                "syncResult": {"revisions": [revisions[1], "x"], "resources": hooks},
            },
        })
    };
    let gate = |phase: &str| json!([{"kind": "Service", "name": "web"}, hook("tidegate-admit", "PreSync", phase)]);
    let open = "gate-not-asked Application/argocd/shop-prod.json";
    let same = ["a", "a"];
    for (status, expected) in [
        (after("Succeeded", same, gate("Succeeded")), PROTECTION),
        (
            after(
                "Succeeded",
                same,
                json!([{"kind": "Service", "name": "web"}]),
            ),
            open,
        ),
        (
            after(
                "Succeeded",
                same,
                json!([hook("other", "PreSync", "Succeeded")]),
            ),
            open,
        ),
        (
            after(
                "Succeeded",
                same,
                json!([hook("tidegate-admit", "PostSync", "Succeeded")]),
            ),
            open,
        ),
        (json!({"sync": {"status": "Synced", "revision": "a"}}), open),
        (
            json!({"sync": {"status": "OutOfSync", "revision": "a"}}),
            PROTECTION,
        ),
        (after("Failed", same, gate("Failed")), open),
        // Refused, and taken back in Git: what runs is what was admitted before.
        (after("Failed", ["a", "b"], gate("Failed")), PROTECTION),
        (after("Failed", same, gate("Succeeded")), PROTECTION),
        (
            healed(after("Succeeded", same, json!([])), true),
            PROTECTION,
        ),
        (healed(after("Succeeded", same, json!([])), false), open),
        (after("Running", same, gate("Running")), PROTECTION),
    ] {
        assert_eq!(first_of_status(status.clone()), expected, "{status}");
    }
}

#[test]
fn an_api_server_that_does_not_answer_is_never_a_pass() {
    let list = "/apis/rbac.authorization.k8s.io/v1/clusterroles?limit=500";
    for (status, body, exit, code) in [
        (403, "{}", 3, "cluster.denied"),
        (401, "{}", 3, "cluster.denied"),
        (503, "{}", 75, "net.unavailable"),
        (200, "<html>", 3, "cluster.answer"),
        (302, "{}", 3, "cluster.denied"),
        (
            200,
            "{\"metadata\": {\"continue\": \"a b\"}}",
            3,
            "cluster.answer",
        ),
    ] {
        let mut answers = applied(&Installation::shipped());
        answers.insert(list.to_owned(), (status, body.to_owned()));
        let (told, found, _) = online(answers);
        assert_eq!(found, exit, "{told:?}");
        assert!(told[0].contains(code), "{told:?}");
    }
    let mut elsewhere = applied(&Installation::shipped());
    elsewhere.retain(|path, _| !path.contains("argoproj.io") && !path.contains("fluxcd.io"));
    let (told, exit, _) = online(elsewhere);
    assert_eq!(exit, 3);
    assert!(told[0].contains("cluster.no-deployer"), "{told:?}");
    let mut denied = applied(&Installation::shipped());
    denied.insert(list.to_owned(), (403, "{}".to_owned()));
    assert!(online(denied).0[0].contains("rbac.authorization.k8s.io/v1/clusterroles"));
}

#[test]
fn a_kubeconfig_that_names_a_program_or_no_safe_address_is_refused() {
    let shop = Repo::new();
    shop.write("a", "a");
    shop.commit("a");
    let here = "http://127.0.0.1:9";
    let skips = config(here, "token: a").replace(
        "cluster: {server",
        "cluster: {insecure-skip-tls-verify: true, server",
    );
    for (text, why) in [
        (config(here, "exec: {command: sh}"), "none is started here"),
        (
            config("http://kube.example", "token: a"),
            "no address with TLS",
        ),
        (skips, "insecure-skip-tls-verify"),
        ("current-context: x\n".to_owned(), "none of its contexts"),
        ("a: [".to_owned(), "no YAML"),
    ] {
        let kubeconfig = shop.beside("kubeconfig");
        std::fs::write(&kubeconfig, &text).unwrap();
        let output = tidegate(shop.path())
            .args(["doctor", "--repo", "--online", "--kubeconfig"])
            .arg(&kubeconfig)
            .output()
            .unwrap();
        let (_, exit) = said(&output);
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(exit, 3, "{errors}");
        assert!(errors.contains("cluster.kubeconfig"), "{errors}");
        assert!(errors.replace("\n", " ").contains(why), "{why}: {errors}");
    }
}

/// What is asked for, and where.
const LISTS: &[(&str, &str)] = &[
    ("AppProject", "/apis/argoproj.io/v1alpha1/appprojects"),
    ("Application", "/apis/argoproj.io/v1alpha1/applications"),
    (
        "ApplicationSet",
        "/apis/argoproj.io/v1alpha1/applicationsets",
    ),
    (
        "ValidatingAdmissionPolicy",
        "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies",
    ),
    (
        "ValidatingAdmissionPolicyBinding",
        "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings",
    ),
    (
        "ClusterRole",
        "/apis/rbac.authorization.k8s.io/v1/clusterroles",
    ),
    (
        "ClusterRoleBinding",
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
    ),
    ("Role", "/apis/rbac.authorization.k8s.io/v1/roles"),
    (
        "RoleBinding",
        "/apis/rbac.authorization.k8s.io/v1/rolebindings",
    ),
    (
        "Kustomization",
        "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations",
    ),
    (
        "GitRepository",
        "/apis/source.toolkit.fluxcd.io/v1/gitrepositories",
    ),
];
