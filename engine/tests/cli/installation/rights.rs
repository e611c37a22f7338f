//! Who may change what the gate stands on, by rights of the cluster and of Argo CD.

use super::{Installation, PLATFORM};

/// The installation with one more role, given to Ada.
fn granted(rules: &str, binding: &str) -> Vec<String> {
    let text = format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: more}}\nrules: [{rules}]\n---\n\
         apiVersion: rbac.authorization.k8s.io/v1\n{binding}\nroleRef: {{kind: ClusterRole, name: more}}\n\
         subjects: [{{kind: User, name: ada}}]\n"
    );
    codes(&Installation::shipped().and(PLATFORM, "more.yaml", &text))
}

fn codes(installation: &Installation) -> Vec<String> {
    let opened = installation.opened();
    let codes = opened.iter().filter_map(|way| way.split(' ').next());
    codes.map(str::to_owned).collect()
}

const EVERYWHERE: &str = "kind: ClusterRoleBinding\nmetadata: {name: more}";
const IN_SHOP: &str = "kind: RoleBinding\nmetadata: {name: more, namespace: shop}";
const IN_ARGOCD: &str = "kind: RoleBinding\nmetadata: {name: more, namespace: argocd}";
const IN_OTHER: &str = "kind: RoleBinding\nmetadata: {name: more, namespace: other}";

#[test]
fn a_right_is_told_where_it_holds_and_nowhere_else() {
    for (rules, code, bindings) in RIGHTS {
        for binding in [EVERYWHERE, IN_SHOP, IN_ARGOCD, IN_OTHER] {
            let expected: &[&str] = if bindings.contains(&binding) {
                &[code]
            } else {
                &[]
            };
            assert_eq!(granted(rules, binding), expected, "{rules} {binding}");
        }
    }
}

#[test]
fn rights_that_do_nothing_to_the_gate_are_not_told() {
    for rules in [
        "{apiGroups: [batch], resources: [jobs], verbs: ['*']}",
        "{apiGroups: [batch], resources: [jobs/status], verbs: [get]}",
        "{apiGroups: [''], resources: [jobs/status], verbs: [update]}",
        "{apiGroups: [''], resources: [configmaps], resourceNames: [other], verbs: [update]}",
        "{apiGroups: [admissionregistration.k8s.io], resources: ['*'], verbs: [get, list, watch]}",
        "{apiGroups: [admissionregistration.k8s.io], resources: [validatingwebhookconfigurations], verbs: [create]}",
        "{apiGroups: [admissionregistration.k8s.io], resources: [validatingadmissionpolicies], resourceNames: [other], verbs: [update]}",
        "{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], resourceNames: [view], verbs: [bind]}",
        "{apiGroups: [rbac.authorization.k8s.io], resources: ['*'], verbs: [get]}",
        "{apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], resourceNames: [other.example.org], verbs: [update]}",
        "{apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [get, list]}",
        "{apiGroups: [certificates.k8s.io], resources: [signers], resourceNames: [kubernetes.io/kubelet-serving], verbs: [approve]}",
    ] {
        assert_eq!(granted(rules, EVERYWHERE), [""; 0], "{rules}");
    }
}

#[test]
fn who_writes_the_secret_of_the_gates_git_says_what_runs_in_its_pod() {
    let on = |rest: &str| format!("{{apiGroups: [''], resources: [secrets], {rest}}}");
    for (rest, expected) in [
        ("verbs: [create]", 1),
        ("resourceNames: [tidegate-git-read], verbs: [update]", 1),
        ("resourceNames: [other], verbs: [update]", 0),
        ("verbs: [get, list]", 0),
    ] {
        let told = granted(&on(rest), IN_SHOP);
        assert_eq!(told, vec!["rights-on-configuration"; expected], "{rest}");
        assert_eq!(granted(&on(rest), IN_OTHER), [""; 0], "{rest}");
    }
}

/// A binding for all developers.
fn bound(kind: &str, name: &str, namespace: &str) -> String {
    format!(
        "apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}\nmetadata: {{name: b{namespace}}}\n\
         roleRef: {{kind: ClusterRole, name: {name}}}\nsubjects: [{{kind: Group, name: developers}}]\n"
    )
}

#[test]
fn a_role_is_what_it_takes_in_and_what_every_cluster_puts_there() {
    let role = |labels: &str, name: &str, more: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: {name}, labels: {{{labels}}}}}\n{more}\n---\n"
        )
    };
    let writes = "rules: [{apiGroups: [argoproj.io], resources: [applications], verbs: [patch]}]";
    let takes = "aggregationRule: {clusterRoleSelectors: [{matchLabels: {for: all}}]}";
    let edit = "rbac.authorization.k8s.io/aggregate-to-edit: 'true'";
    for (text, expected) in [
        (
            role("for: all", "part", writes)
                + &role("", "whole", takes)
                + &bound("ClusterRoleBinding", "whole", ""),
            true,
        ),
        (
            role("for: none", "part", writes)
                + &role("", "whole", takes)
                + &bound("ClusterRoleBinding", "whole", ""),
            false,
        ),
        (
            role("for: all", "part", takes) + &bound("ClusterRoleBinding", "part", ""),
            false,
        ),
        (
            role(edit, "part", writes) + &bound("RoleBinding", "edit", ", namespace: other"),
            true,
        ),
        (
            role(edit, "part", writes) + &bound("RoleBinding", "admin", ", namespace: other"),
            true,
        ),
        (
            role(edit, "part", writes) + &bound("RoleBinding", "view", ", namespace: other"),
            false,
        ),
        (bound("RoleBinding", "edit", ", namespace: other"), false),
    ] {
        let told = codes(&Installation::shipped().and(PLATFORM, "more.yaml", &text));
        let expected: &[&str] = if expected {
            &["rights-on-applications"]
        } else {
            &[]
        };
        assert_eq!(told, expected, "{text}");
    }
}

#[test]
fn the_roles_that_every_cluster_has_are_rights_too() {
    for (name, namespace, code) in [
        ("edit", "shop", "rights-on-configuration"),
        ("admin", "shop", "rights-on-configuration"),
        ("edit", "argocd", "rights-to-rights"),
    ] {
        let text = bound("RoleBinding", name, &format!(", namespace: {namespace}"));
        let told = codes(&Installation::shipped().and(PLATFORM, "more.yaml", &text));
        assert_eq!(told, [code], "{text}");
    }
}

#[test]
fn the_control_plane_has_its_rights_and_everybody_has_none() {
    let bound = |subject: &str| {
        let text = format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: b}}\n\
             roleRef: {{kind: ClusterRole, name: cluster-admin}}\nsubjects: [{{{subject}}}]\n"
        );
        codes(&Installation::shipped().and(PLATFORM, "more.yaml", &text))
    };
    for subject in [
        "kind: Group, name: 'system:masters'",
        "kind: User, name: 'system:kube-controller-manager'",
        "kind: ServiceAccount, name: job-controller, namespace: kube-system",
        "kind: ServiceAccount, name: argocd-server, namespace: argocd",
    ] {
        assert_eq!(bound(subject), [""; 0], "{subject}");
    }
    for subject in [
        "kind: Group, name: 'system:authenticated'",
        "kind: Group, name: 'system:serviceaccounts:ci'",
        "kind: User, name: 'system:serviceaccount:ci:deployer'",
        "kind: ServiceAccount, name: ci, namespace: shop",
        "kind: ServiceAccount, name: argocd-server, namespace: shop",
    ] {
        assert_eq!(bound(subject), ["rights-on-applications"], "{subject}");
    }
}

#[test]
fn what_argo_cd_is_told_of_rights_is_read_as_argo_cd_reads_it() {
    let line = "p, role:shop, applications, sync, shop/*, allow";
    for (lines, expected) in LINES {
        let lines = lines.replace(';', "\n    ");
        let changed = Installation::shipped().with("argocd/rights.yaml", line, &lines);
        let expected = vec!["rights-in-argocd"; *expected];
        assert_eq!(codes(&changed), expected, "{lines}");
    }
    let mode = |mode: &str, pattern: &str| {
        let line = format!("p, role:shop, {pattern}, shop/*, allow\n  policy.matchMode: {mode}");
        let from = "p, role:shop, applications, sync, shop/*, allow";
        codes(&Installation::shipped().with("argocd/rights.yaml", from, &line)).len()
    };
    for (pattern, by_glob, by_regex) in [
        ("app*, up*", 1, 1),
        ("applications, \"{sync,update}\"", 1, 1),
        ("applications, s*", 0, 1),
        (".*, .*", 0, 1),
        ("^applications$, ^update$", 0, 1),
        ("^applications$, ^sync$", 0, 0),
        ("^applications$, ^(sync|update)$", 0, 1),
        ("cats, dates", 0, 0),
        ("app, date", 0, 1),
    ] {
        assert_eq!(mode("glob", pattern), by_glob, "glob {pattern}");
        assert_eq!(mode("regex", pattern), by_regex, "regex {pattern}");
    }
}

#[test]
fn of_several_powers_each_is_said_and_of_all_a_sentence() {
    let told = |rules: &str| {
        let text = format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: more}}\nrules: [{rules}]\n---\n{}",
            bound("ClusterRoleBinding", "more", "")
        );
        let shipped = Installation::shipped().and(PLATFORM, "more.yaml", &text);
        shipped.about("rights-on-applications").concat()
    };
    let all = told("{apiGroups: ['*'], resources: ['*'], verbs: ['*']}");
    assert!(
        all.contains("may do everything that leads round the gate"),
        "{all}"
    );
    let two = told("{apiGroups: [argoproj.io], resources: ['*'], verbs: [patch]}");
    assert!(two.contains("may change Applications: "), "{two}");
    assert!(
        two.contains("; and may change what makes Applications"),
        "{two}"
    );
}

#[test]
fn who_a_role_is_given_to_is_named() {
    let lines = "p, role:shop, applications, update, shop/*, allow\n    g, role:team, role:shop\n    g, acme:ada, role:team";
    let changed = Installation::shipped().with(
        "argocd/rights.yaml",
        "p, role:shop, applications, sync, shop/*, allow",
        lines,
    );
    let told = changed.about("rights-in-argocd");
    assert_eq!(
        told,
        ["`role:shop` (`acme:ada`) may `update` Applications through Argo CD's server"]
    );
}

#[test]
fn roles_of_a_project_and_the_built_in_account_are_told() {
    let role = "  clusterResourceWhitelist: []\n  roles:\n    - name: ci\n      groups: [acme:ci]\n      policies: ['p, proj:shop:ci, applications, ACTION, shop/*, allow']\n";
    for (action, expected) in [("update", 1), ("*", 1), ("sync", 0)] {
        let role = role.replace("ACTION", action);
        let changed = Installation::shipped().with(
            "projects/shop.yaml",
            "  clusterResourceWhitelist: []\n",
            &role,
        );
        assert_eq!(
            codes(&changed),
            vec!["rights-in-argocd"; expected],
            "{action}"
        );
    }
    for (data, expected) in [
        ("admin.enabled: 'false'", 0),
        ("admin.enabled: 'true'", 1),
        ("url: x", 1),
    ] {
        assert_eq!(
            with_settings(data),
            vec!["rights-in-argocd"; expected],
            "{data}"
        );
    }
}

#[test]
fn settings_by_which_a_job_is_no_gate_any_more_are_told() {
    for (data, expected) in [
        ("resource.customizations.health.batch_Job: 'return {}'", 1),
        ("'resource.customizations.health.*_*': 'return {}'", 1),
        (
            "resource.customizations.health.batch_CronJob: 'return {}'",
            0,
        ),
        ("resource.customizations.actions.batch_Job: 'x'", 0),
        ("resource.customizations: '{batch/Job: {health.lua: x}}'", 1),
        ("resource.customizations: '{batch/Job: {actions: x}}'", 0),
        (
            "resource.customizations: '{apps/Deployment: {health.lua: x}}'",
            0,
        ),
        (
            "resource.exclusions: '[{apiGroups: [batch], kinds: [Job], clusters: [\"*\"]}]'",
            1,
        ),
        ("resource.exclusions: '[{apiGroups: [\"*\"]}]'", 1),
        (
            "resource.exclusions: '[{apiGroups: [cilium.io], kinds: [\"*\"]}]'",
            0,
        ),
        ("resource.exclusions: '[{apiGroups: ['", 0),
        ("resource.inclusions: '[{apiGroups: [apps]}]'", 1),
        ("resource.inclusions: '[{apiGroups: [\"*\"]}]'", 0),
    ] {
        let data = format!("admin.enabled: 'false', {data}");
        assert_eq!(
            with_settings(&data),
            vec!["gate-disarmed"; expected],
            "{data}"
        );
    }
}

fn with_settings(data: &str) -> Vec<String> {
    let text = format!(
        "{{apiVersion: v1, kind: ConfigMap, metadata: {{name: argocd-cm, namespace: argocd}}, data: {{{data}}}}}\n"
    );
    codes(&Installation::shipped().and(PLATFORM, "argocd/settings.yaml", &text))
}

/// A rule, the way that it opens, and the bindings by which it does.
const RIGHTS: &[(&str, &str, &[&str])] = &[
    (
        "{apiGroups: [argoproj.io], resources: [applications], verbs: [update]}",
        "rights-on-applications",
        &[EVERYWHERE, IN_SHOP, IN_ARGOCD, IN_OTHER],
    ),
    (
        "{apiGroups: ['*'], resources: ['*'], verbs: ['*']}",
        "rights-on-applications",
        &[EVERYWHERE, IN_SHOP, IN_ARGOCD, IN_OTHER],
    ),
    (
        "{apiGroups: [argoproj.io], resources: ['*'], verbs: [break-glass]}",
        "rights-on-applications",
        &[EVERYWHERE, IN_SHOP, IN_ARGOCD, IN_OTHER],
    ),
    (
        "{apiGroups: [argoproj.io], resources: [appprojects], verbs: [patch]}",
        "rights-on-applications",
        &[EVERYWHERE, IN_SHOP, IN_ARGOCD, IN_OTHER],
    ),
    (
        "{apiGroups: [''], resources: [groups], verbs: [impersonate]}",
        "rights-to-rights",
        &[EVERYWHERE],
    ),
    (
        "{apiGroups: [''], resources: [serviceaccounts], verbs: [impersonate]}",
        "rights-to-rights",
        &[EVERYWHERE, IN_ARGOCD],
    ),
    (
        "{apiGroups: [''], resources: [serviceaccounts/token], verbs: [create]}",
        "rights-to-rights",
        &[EVERYWHERE, IN_ARGOCD],
    ),
    (
        "{apiGroups: [''], resources: [secrets], verbs: [get]}",
        "rights-to-rights",
        &[EVERYWHERE, IN_ARGOCD],
    ),
    (
        "{apiGroups: [admissionregistration.k8s.io], resources: [validatingadmissionpolicies], verbs: [delete]}",
        "rights-on-policy",
        &[EVERYWHERE],
    ),
    (
        "{apiGroups: [admissionregistration.k8s.io], resources: [validatingadmissionpolicybindings], resourceNames: [tidegate-applications], verbs: [patch]}",
        "rights-on-policy",
        &[EVERYWHERE],
    ),
    (
        "{apiGroups: [admissionregistration.k8s.io], resources: [mutatingwebhookconfigurations], verbs: [create]}",
        "rights-on-policy",
        &[EVERYWHERE],
    ),
    (
        "{apiGroups: [''], resources: [configmaps], resourceNames: [argocd-rbac-cm], verbs: [update]}",
        "rights-on-configuration",
        &[EVERYWHERE, IN_ARGOCD],
    ),
    (
        "{apiGroups: [''], resources: [configmaps], resourceNames: [tidegate-trust], verbs: [update]}",
        "rights-on-configuration",
        &[EVERYWHERE, IN_SHOP],
    ),
    (
        "{apiGroups: [''], resources: [configmaps], verbs: [patch]}",
        "rights-on-configuration",
        &[EVERYWHERE, IN_SHOP, IN_ARGOCD],
    ),
    (
        "{apiGroups: [''], resources: [nodes/proxy], verbs: [get]}",
        "rights-to-rights",
        &[EVERYWHERE],
    ),
    (
        "{apiGroups: [certificates.k8s.io], resources: [signers], resourceNames: ['kubernetes.io/*'], verbs: [approve]}",
        "rights-to-rights",
        &[EVERYWHERE],
    ),
    (
        "{apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], verbs: [update]}",
        "rights-on-policy",
        &[EVERYWHERE],
    ),
    (
        "{apiGroups: [apiextensions.k8s.io], resources: [customresourcedefinitions], resourceNames: [applications.argoproj.io], verbs: [patch]}",
        "rights-on-policy",
        &[EVERYWHERE],
    ),
    (
        "{apiGroups: [apiregistration.k8s.io], resources: [apiservices], verbs: [create]}",
        "rights-on-policy",
        &[EVERYWHERE],
    ),
    (
        "{apiGroups: [batch], resources: [jobs/status], verbs: [patch]}",
        "rights-on-hook",
        &[EVERYWHERE, IN_SHOP],
    ),
    (
        "{apiGroups: [batch], resources: ['*/status'], verbs: ['*']}",
        "rights-on-hook",
        &[EVERYWHERE, IN_SHOP],
    ),
    (
        "{apiGroups: [''], resources: [pods/exec], verbs: [get]}",
        "rights-on-hook",
        &[EVERYWHERE, IN_SHOP],
    ),
];

/// Lines of `policy.csv`, and how many of them lead round the gate.
const LINES: &[(&str, usize)] = &[
    ("p, role:shop, applications, get, */*, allow", 0),
    ("p, role:shop, applications, update, */*, deny", 0),
    ("p, role:shop, applications, update/*, */*, allow", 1),
    ("p, role:shop, applications, action/*, */*, allow", 0),
    ("p, role:shop, applicationsets, create, */*, allow", 1),
    ("p, role:shop, projects, update, *, allow", 1),
    ("p, role:shop, projects, get, *, allow", 0),
    ("p, role:shop, accounts, update, *, allow", 1),
    ("p, role:shop, repositories, *, *, allow", 0),
    (
        "p, role:shop, applications, *, */*, allow;p, role:shop, *, *, *, deny",
        0,
    ),
    (
        "p, role:shop, applications, *, */*, allow;p, role:shop, applications, update, */*, deny",
        1,
    ),
    (
        "p, role:shop, applications, update, */*, allow;p, role:shop, applications, update, shop/*, deny",
        1,
    ),
    (
        "p, role:shop, applications, update, */*, allow;p, role:other, applications, update, */*, deny",
        1,
    ),
    ("g, acme:ada, role:admin", 1),
    ("g, role:shop, role:admin;g, acme:ada, role:shop", 1),
    ("g, acme:ada, role:shop", 0),
    ("g, role:readonly, role:admin", 2),
    ("p, role:admin, applications, *, */*, allow", 0),
    ("\"p\", role:shop , applications, update, */*, allow", 1),
];
