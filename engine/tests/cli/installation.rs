//! `doctor --repo`: an installation without a way round the gate, and each way that one change of it opens.

mod arguments;
mod bringing;
mod external;
mod flux;
mod forge;
mod listed;
mod online;
mod promoted;
mod rights;
mod served;
mod sets;
mod workflows;

use std::fs;

use serde_json::Value;
use tidegate::config::Config;
use tidegate::doctor::{self, Branch, CODES, File, Tree};
use tidegate::report::installation::{State, Way};

use super::{root, said, tidegate};
use crate::support::Repo;

/// Two repositories: the judged one, and that of the platform; and what the latter is called.
#[derive(Clone)]
struct Installation(Vec<(&'static str, String, String)>, Vec<String>);

impl Installation {
    /// What `action/` ships, put together as its README says.
    fn shipped() -> Self {
        let mut files = vec![
            (SHOP, "tidegate.yaml".to_owned(), CONFIG.to_owned()),
            (
                SHOP,
                "apps/shop/settings.yaml".to_owned(),
                SETTINGS.to_owned(),
            ),
            (
                PLATFORM,
                "projects/shop.yaml".to_owned(),
                shipped("argocd/example/project.yaml") + WINDOWS,
            ),
            (
                PLATFORM,
                "gate/shop-prod/kustomization.yaml".to_owned(),
                OVERLAY.to_owned(),
            ),
            (PLATFORM, "argocd/rights.yaml".to_owned(), RIGHTS.to_owned()),
        ];
        for (tree, path, from) in [
            (
                SHOP,
                ".github/workflows/tidegate-check.yml",
                "workflows/tidegate-check.yml",
            ),
            (
                SHOP,
                ".github/workflows/tidegate-sign.yml",
                "workflows/tidegate-sign.yml",
            ),
            (
                PLATFORM,
                "apps/shop-prod.yaml",
                "argocd/example/application.yaml",
            ),
            (PLATFORM, "gate/base/job.yaml", "argocd/gate/job.yaml"),
            (
                PLATFORM,
                "gate/base/kustomization.yaml",
                "argocd/gate/kustomization.yaml",
            ),
            (PLATFORM, "trust/access.yaml", "argocd/platform/access.yaml"),
            (PLATFORM, "trust/policy.yaml", "argocd/policy/policy.yaml"),
            (PLATFORM, "trust/binding.yaml", "argocd/policy/binding.yaml"),
        ] {
            files.push((tree, path.to_owned(), shipped(from)));
        }
        Self(files, Vec::new())
    }

    /// The same, with a remote of the platform's repository.
    fn called(&self, url: &str) -> Self {
        let mut named = self.clone();
        named.1.push(url.to_owned());
        named
    }

    /// The same with one text of one file changed.
    fn with(&self, path: &str, from: &str, to: &str) -> Self {
        let mut changed = self.clone();
        let file = changed
            .0
            .iter_mut()
            .find(|(_, own, _)| own == path)
            .unwrap();
        assert!(file.2.contains(from), "`{path}` has no `{from}`");
        file.2 = file.2.replacen(from, to, 1);
        changed
    }

    fn and(&self, tree: &'static str, path: &str, text: &str) -> Self {
        let mut more = self.clone();
        more.0.push((tree, path.to_owned(), text.to_owned()));
        more
    }

    fn without(&self, path: &str) -> Self {
        let mut less = self.clone();
        let all = less.0.len();
        less.0.retain(|(_, own, _)| own != path);
        assert_eq!(less.0.len() + 1, all, "there is no `{path}`");
        less
    }

    /// What is said of the ways with a code.
    fn about(&self, code: &str) -> Vec<String> {
        let ways = self.read().into_iter().filter(|way| way.code == code);
        ways.map(|way| way.about).collect()
    }

    fn read(&self) -> Vec<Way> {
        let tree = |name: &str| Tree {
            name: name.to_owned(),
            branches: self.branches(name),
            is_live: false,
            urls: if name == PLATFORM {
                self.1.clone()
            } else {
                Vec::new()
            },
            files: self
                .0
                .iter()
                .filter(|(own, ..)| *own == name)
                .map(|(_, path, text)| File {
                    path: path.as_str().into(),
                    bytes: text.clone().into_bytes(),
                })
                .collect(),
        };
        let config = &self.0.iter().find(|(_, path, _)| path == "tidegate.yaml");
        let config = config
            .map(|(_, path, text)| Config::parse(&path.as_str().into(), text.as_bytes()).unwrap());
        doctor::ways(&[tree(SHOP), tree(PLATFORM)], config.as_ref())
    }

    /// The other branches: files of `REPOSITORY@BRANCH`.
    fn branches(&self, of: &str) -> Vec<Branch> {
        let others = self.0.iter().filter_map(|(tree, path, text)| {
            let name = tree.strip_prefix(of)?.strip_prefix('@')?;
            let file = File {
                path: path.as_str().into(),
                bytes: text.clone().into_bytes(),
            };
            Some(Branch {
                name: name.to_owned(),
                files: vec![file],
            })
        });
        others.collect()
    }

    /// The ways: code, and the file and line where it has one; what is not seen behind a question mark.
    fn ways(&self) -> Vec<String> {
        let line = |way: &Way| {
            assert!(CODES.contains(&way.code), "`{}` has no rank", way.code);
            let mark = if way.state == State::Open { "" } else { "?" };
            let place = way.place.as_ref();
            let place = place.map(|place| {
                let branch = place.branch.as_ref().map(|it| format!("{it}:"));
                format!(
                    " {}{}:{}",
                    branch.unwrap_or_default(),
                    place.file,
                    place.line
                )
            });
            format!("{}{mark}{}", way.code, place.unwrap_or_default())
        };
        self.read().iter().map(line).collect()
    }

    /// The ways that the shipped installation does not have.
    fn opened(&self) -> Vec<String> {
        let mut ways = self.ways();
        assert_eq!(ways.pop().as_deref(), Some("branch-protection?"));
        ways
    }
}

#[test]
fn what_is_shipped_has_no_way_round_that_can_be_seen() {
    assert_eq!(Installation::shipped().ways(), ["branch-protection?"]);
}

#[test]
fn without_the_admission_policy_six_ways_are_open() {
    let six = [
        "rollback",
        "apply-only",
        "selective-sync",
        "local-sync",
        "forged-operation",
        "forged-status",
    ];
    let shipped = Installation::shipped();
    assert_eq!(shipped.without("trust/policy.yaml").opened(), six);
    for (path, from, to) in [
        ("trust/binding.yaml", "[Deny, Audit]", "[Audit]"),
        (
            "trust/binding.yaml",
            "policyName: tidegate-applications",
            "policyName: another",
        ),
        (
            "trust/policy.yaml",
            "failurePolicy: Fail",
            "failurePolicy: Ignore",
        ),
    ] {
        let opened = shipped.with(path, from, to).opened();
        assert_eq!(opened[..6], six, "{to}");
        assert!(
            opened[6].starts_with("policy-ignored trust/policy.yaml:"),
            "{opened:?}"
        );
    }
    let narrow = shipped.with(
        "trust/policy.yaml",
        "operations: [CREATE, UPDATE]",
        "operations: [CREATE]",
    );
    assert_eq!(narrow.opened(), six);
    let partly = shipped.with(
        "trust/policy.yaml",
        "object.operation.sync.manifests) ||",
        "true || ",
    );
    let partly = partly.with(
        "trust/policy.yaml",
        "size(object.operation.sync.manifests) == 0",
        "true",
    );
    assert_eq!(
        partly.opened(),
        ["local-sync", "policy-altered trust/policy.yaml:8"]
    );
}

#[test]
fn each_change_opens_the_way_that_it_opens() {
    let shipped = Installation::shipped();
    for (path, from, to, expected) in EACH {
        assert_eq!(shipped.with(path, from, to).opened(), [expected], "{to}");
    }
}

#[test]
fn a_job_that_only_looks_like_the_gate_is_none() {
    let shipped = Installation::shipped();
    for (from, to) in [
        ("hook: PreSync", "hook: PostSync"),
        ("sync-wave: \"-100\"", "sync-wave: \"100\""),
        ("sync-wave: \"-100\"", "sync-wave: \" -100\""),
        ("sync-wave: \"-100\"", "sync-wave: \"-100\\n\""),
        ("sync-wave: \"-100\"", "sync-wave: \"-1_000\""),
        ("action: FailJob", "action: Ignore"),
        ("command: [tidegate]", "command: [\"true\"]"),
        (
            "command: [tidegate]",
            "command: [sh, -c, 'tidegate \"$@\" || true', --]",
        ),
        ("- --work=/work", "- --service-account=/work"),
        ("- {name: HOME,", "- {name: PATH,"),
        ("trust=/etc/tidegate/trust", "trust=/work/trust"),
        ("trust=/etc/tidegate/", "trust=/etc/tidegate/../../work/"),
        ("--verdicts=branch", "--verdicts=folder:/work/verdicts"),
        (
            "- --verdicts=branch",
            "- --verdicts\n            - folder:/work/verdicts",
        ),
        (
            "argocd.argoproj.io/hook: PreSync",
            "helm.sh/hook: post-install\n    argocd.argoproj.io/hook: PreSync",
        ),
        ("backoffLimit: 3", "completions: 0"),
        ("backoffLimit: 3", "suspend: true"),
        (
            "      containers:\n",
            "      containers:\n        - {name: other, image: other}\n",
        ),
    ] {
        let opened = shipped.with("gate/base/job.yaml", from, to).opened();
        assert_eq!(opened[0], "not-gated apps/shop-prod.yaml:9", "{to}");
        assert!(
            opened[1].starts_with("gate-altered gate/base/job.yaml:"),
            "{to}: {opened:?}"
        );
    }
    for (from, to, field) in ALTERED {
        let opened = shipped.with("gate/base/job.yaml", from, to);
        let field = format!("/spec/template{field}");
        let named = opened.about("gate-altered");
        assert!(named[0].contains(&format!("`{field}`")), "{to}: {named:?}");
        assert_eq!(
            opened.opened()[0],
            "not-gated apps/shop-prod.yaml:9",
            "{to}"
        );
    }
    for (from, to) in FREE {
        let opened = shipped.with("gate/base/job.yaml", from, to).opened();
        assert_eq!(opened, [""; 0], "{to}");
    }
    let unlisted = shipped.with("gate/base/kustomization.yaml", "- job.yaml", "- other.yaml");
    assert_eq!(unlisted.opened()[0], "not-gated apps/shop-prod.yaml:9");
}

#[test]
fn what_a_kustomization_changes_of_the_gate_is_told() {
    let overlay = "gate/shop-prod/kustomization.yaml";
    let with = |text: &str| {
        Installation::shipped()
            .with(overlay, "images:\n", &format!("{text}images:\n"))
            .opened()
    };
    for text in [
        "patches: [{patch: \"{apiVersion: batch/v1, kind: Job, metadata: {name: tidegate-admit}, $patch: delete}\"}]\n",
        "patches: [{target: {kind: Job}, patch: '[{op: replace, path: /spec/template/spec/containers/0/command, value: [\"true\"]}]'}]\n",
        "patches: [{target: {name: .*}, patch: '[{op: add, path: /spec/template/spec/containers/0/env, value: []}]'}]\n",
        "patches: [{target: {kind: Job}, path: nowhere.yaml}]\n",
        "patches: [{target: {kind: Job}, patch: '[{op: replace, path: /spec/template/spec/containers/0/args/1, value: --unit=other}]'}]\n",
        "patches: [{target: {kind: Job}, patch: '[{op: replace, path: /spec/template/spec/containers/0/args/0, value: version}]'}]\n",
        "commonAnnotations: {argocd.argoproj.io/hook: Skip}\n",
        "transformers: [other.yaml]\n",
        "Transformers: [other.yaml]\n",
        "labels: [{pairs: {argocd.argoproj.io/hook: Skip}, fields: [{path: metadata/annotations, create: true}]}]\n",
        "configurations: [other.yaml]\n",
        "openapi: {path: other.json}\n",
        "crds: [other.yaml]\n",
        "helmCharts: [{name: other}]\n",
        "replicas: [{name: tidegate-admit, count: 0}]\n",
        "configMapGenerator: [{name: tidegate-trust, literals: [a=b]}]\n",
        "somethingNew: 1\n",
        "commonAnnotations: {sidecar.istio.io/inject: 'true'}\n",
        "patches: [{target: {kind: Job}, patch: '[{op: add, path: /spec/template/spec/containers/0/env/-, value: {name: GIT_SSH_COMMAND, value: a}}]'}]\n",
        "patches: [{target: {kind: Job}, patch: '[{op: add, path: /spec/template/spec/containers/0/env/-, value: {name: HTTPS_PROXY, value: a, more: b}}]'}]\n",
        "patches: [{target: {kind: Job}, patch: '[{op: replace, path: /spec/template/spec/containers/0/env/0, value: {name: HTTPS_PROXY, value: a}}]'}]\n",
        "patches: [{target: {kind: Job}, patch: '[{op: replace, path: /spec/template/spec/containers/0/env/0/value, value: /a}]'}]\n",
        "patches: [{target: {kind: Job}, patch: '[{op: add, path: /spec/template/spec/volumes/0/emptyDir/sizeLimit, value: 1Gi}]'}]\n",
        "patches: [{patch: '{kind: Job, metadata: {name: tidegate-admit}, spec: {template: {spec: {containers: [{name: other, image: other}]}}}}'}]\n",
        "patches: [{patch: '{kind: Job, metadata: {name: tidegate-admit}, spec: {template: {spec: {containers: [{name: gate, env: [{name: PATH, value: /work}]}]}}}}'}]\n",
        "patches: [{patch: '{kind: Job, metadata: {name: tidegate-admit}, spec: {template: {spec: {volumes: [{name: trust, emptyDir: {sizeLimit: 1Gi}}]}}}}'}]\n",
        "patches: [{patch: '{kind: Job, metadata: {name: tidegate-admit}, spec: {template: {spec: {volumes: [{name: work, $patch: delete}]}}}}'}]\n",
    ] {
        assert_eq!(with(text), [format!("gate-altered {overlay}:2")], "{text}");
    }
    for text in [
        "nameSuffix: -shop\ncommonAnnotations: {a: b}\n",
        "namespace: shop\nlabels: [{pairs: {team: x}, includeTemplates: true}]\ntransformers: []\n",
        "patches: [{target: {kind: Job}, patch: '[{op: add, path: /spec/template/spec/containers/0/env/-, value: {name: HTTPS_PROXY, value: \"http://proxy.example\"}}]'}]\n",
        "patches: [{target: {kind: Job}, patch: '[{op: replace, path: /spec/template/spec/volumes/2/emptyDir/sizeLimit, value: 2Gi}]'}]\n",
        "patches: [{patch: '{kind: Job, metadata: {name: tidegate-admit}, spec: {template: {spec: {containers: [{name: gate, env: [{name: no_proxy, value: a}]}], volumes: [{name: work, emptyDir: {sizeLimit: 2Gi}}]}}}}'}]\n",
        "patches: [{target: {kind: Job}, patch: '[{op: replace, path: /spec/template/spec/containers/0/args/1, value: --env=prod}]'}]\n",
        "patches: [{patch: '{kind: Job, metadata: {name: tidegate-admit}, spec: {template: {spec: {containers: [{name: gate, args: [admit, --env=prod, --application=argocd/shop-prod]}]}}}}'}]\n",
        "patches: [{target: {kind: Deployment}, patch: '[{op: remove, path: /spec}]'}]\n",
    ] {
        assert_eq!(with(text), [""; 0], "{text}");
    }
}

#[test]
fn another_policy_than_the_shipped_one_is_told() {
    let shipped = Installation::shipped();
    let policy = "trust/policy.yaml";
    for (from, to) in [
        (
            "  variables:\n",
            "  matchConditions: [{name: none, expression: 'false'}]\n  variables:\n",
        ),
        (
            "  matchConstraints:\n",
            "  matchConstraints:\n    namespaceSelector: {matchLabels: {a: b}}\n",
        ),
        (
            "variables.opened || !variables.begins ||",
            "true || variables.opened || !variables.begins ||",
        ),
        (
            "request.userInfo.username == 'system:serviceaccount:argocd:argocd-application-controller'",
            "'true' == 'true'",
        ),
    ] {
        let opened = shipped.with(policy, from, to).opened();
        assert_eq!(opened, ["policy-altered trust/policy.yaml:8"], "{to}");
    }
    let narrow = shipped.with(
        "trust/binding.yaml",
        "  policyName:",
        "  matchResources: {namespaceSelector: {matchLabels: {a: b}}}\n  policyName:",
    );
    assert_eq!(narrow.opened().len(), 7);
    let controller = "[{op: replace, path: /spec/variables/0/expression, value: \"request.userInfo.username == 'system:serviceaccount:argocd:cd-application-controller'\"}]";
    assert_eq!(
        patched(&controller.replace("variables/0", "variables/2")),
        ["policy-altered trust/kustomization.yaml:3"]
    );
    assert_eq!(
        patched("[{op: remove, path: /spec/validations/0}]"),
        ["policy-altered trust/kustomization.yaml:3"]
    );
}

#[test]
fn whom_the_policy_takes_for_argo_cd_is_looked_at() {
    let (shipped, policy) = (Installation::shipped(), "trust/policy.yaml");
    for (account, expected) in [
        ("argocd:acme-argocd-application-controller", None),
        ("cd:controller", Some("policy-altered? trust/policy.yaml:")),
        (
            "argocd:argocd-server",
            Some("policy-altered? trust/policy.yaml:"),
        ),
        ("shop:default", Some("policy-altered trust/policy.yaml:")),
        (
            "shop:argocd-application-controller",
            Some("policy-altered trust/policy.yaml:"),
        ),
    ] {
        let other = shipped.with(policy, "argocd:argocd-application-controller", account);
        let told = other.opened();
        let fits = told
            .iter()
            .map(|it| expected.is_some_and(|way| it.starts_with(way)));
        assert_eq!(
            fits.collect::<Vec<_>>(),
            vec![true; usize::from(expected.is_some())],
            "{account}: {told:?}"
        );
    }
    let controller = "[{op: replace, path: /spec/variables/0/expression, value: \"request.userInfo.username == 'system:serviceaccount:argocd:cd-application-controller'\"}]";
    assert_eq!(patched(controller), [""; 0]);
    let server = controller.replace("variables/0", "variables/1");
    let server = server.replace("application-controller", "server");
    assert_eq!(patched(&server), [""; 0]);
    let own = controller.replace("argocd:cd-application-controller", "shop:default");
    assert_eq!(patched(&own), ["policy-altered trust/kustomization.yaml:3"]);
    assert_eq!(
        patched(&controller.replace("argocd:", "cd:")),
        ["policy-altered? trust/kustomization.yaml:3"]
    );
}

/// What is told of the shipped policy with this patch.
fn patched(patch: &str) -> Vec<String> {
    let text = format!(
        "resources: [policy.yaml, binding.yaml]\npatches:\n  - target: {{kind: ValidatingAdmissionPolicy}}\n    patch: |\n      {patch}\n"
    );
    Installation::shipped()
        .and(PLATFORM, "trust/kustomization.yaml", &text)
        .opened()
}

const APPLICATION: &str = "apps/shop-prod.yaml";
const GATE_SOURCE: &str = "    - repoURL: https://git.example/acme/platform.git\n      # The whole name: by a short one Argo CD would take a tag that is called so as well.\n      targetRevision: refs/heads/main\n      path: gate/shop-prod\n";

#[test]
fn an_application_that_nothing_asks_about_is_told_and_a_promoted_one_is_not() {
    let installation = Installation::shipped();
    let (application, without_gate) = (APPLICATION, GATE_SOURCE);
    let open = installation.with(application, without_gate, "");
    assert_eq!(open.opened(), ["not-gated apps/shop-prod.yaml:9"]);
    let head = open.with(application, "      targetRevision: main\n", "");
    assert_eq!(head.opened(), ["not-gated apps/shop-prod.yaml:9"]);
    let promoted = open.with(
        application,
        "targetRevision: main",
        "targetRevision: refs/heads/gated/prod/shop",
    );
    assert_eq!(promoted.opened(), [""; 0]);
    let plugin = open.with(
        application,
        "directory: {recurse: true}",
        "plugin: {name: tidegate-shop-prod}",
    );
    assert_eq!(plugin.opened(), ["gate-elsewhere? apps/shop-prod.yaml:12"]);
    let seen = plugin.and(
        PLATFORM,
        "plugin.yaml",
        &shipped("argocd/plugin/plugin.yaml"),
    );
    assert_eq!(seen.opened(), [""; 0]);
    let other = seen.with("plugin.yaml", "- admit", "- version");
    assert_eq!(other.opened(), ["not-gated apps/shop-prod.yaml:9"]);
    let named = seen.with(application, "tidegate-shop-prod", "not-tidegate-at-all");
    assert_eq!(named.opened(), ["not-gated apps/shop-prod.yaml:9"]);
    for branch in ["gated/prod/other", "gated/staging/shop", "gated/prod"] {
        let other = open.with(
            application,
            "Revision: main",
            &format!("Revision: {branch}"),
        );
        assert_eq!(
            other.opened(),
            ["not-gated apps/shop-prod.yaml:9"],
            "{branch}"
        );
    }
    let elsewhere = open.with(application, "apps/shop", "apps/other");
    assert_eq!(
        elsewhere.opened(),
        ["external? apps/shop-prod.yaml:12"],
        "no unit holds it, and no repository that is shown"
    );
}

#[test]
fn a_promoted_application_that_is_synced_by_hand_is_told() {
    let promoted = Installation::shipped()
        .with(APPLICATION, GATE_SOURCE, "")
        .with(
            APPLICATION,
            "targetRevision: main",
            "targetRevision: refs/heads/gated/prod/shop",
        );
    let automated = "automated: {prune: true, selfHeal: true}";
    for other in [
        "managedNamespaceMetadata: {}",
        "automated: {enabled: false}",
    ] {
        let by_hand = promoted.with(APPLICATION, automated, other);
        let opened = by_hand.opened();
        assert!(
            opened[0].starts_with("promoted-by-hand apps/shop-prod.yaml:"),
            "{other}: {opened:?}"
        );
    }
}

#[test]
fn a_gate_that_cannot_be_seen_or_comes_first_is_told() {
    let installation = Installation::shipped();
    let (application, without_gate) = (APPLICATION, GATE_SOURCE);
    let (platform, shop) = (
        "https://git.example/acme/platform.git",
        "https://git.example/acme/shop.git",
    );
    let shared = installation.with(application, platform, shop);
    let shared = shared.with("gate/base/job.yaml", platform, shop);
    assert_eq!(shared.opened(), ["gate-unpinned apps/shop-prod.yaml:16"]);
    let hidden = installation
        .without("gate/shop-prod/kustomization.yaml")
        .without("gate/base/kustomization.yaml")
        .without("gate/base/job.yaml");
    assert_eq!(hidden.opened(), ["gate-elsewhere? apps/shop-prod.yaml:16"]);
    let first = installation.with(application, without_gate, "").with(
        application,
        "  sources:\n",
        &format!("  sources:\n{without_gate}"),
    );
    assert_eq!(first.opened(), ["gate-not-last apps/shop-prod.yaml:12"]);
}

#[test]
fn flux_must_follow_a_promoted_branch_and_nothing_else() {
    let installation = Installation::shipped();
    let flux = fs::read_to_string(root().join("action/argocd/example/flux.yaml")).unwrap();
    assert_eq!(
        installation.and(PLATFORM, "flux.yaml", &flux).opened(),
        [""; 0]
    );
    for (from, to) in [
        ("ref: {branch:", "ref: {commit: '0000', branch:"),
        ("ref: {branch:", "ref: {name: refs/heads/main, branch:"),
        ("gated/prod/shop", "gated/prod/other"),
    ] {
        let other = installation.and(PLATFORM, "flux.yaml", &flux.replace(from, to));
        assert_eq!(other.opened(), ["not-gated flux.yaml:9"], "{to}");
    }
    let bucket = flux.replace("{kind: GitRepository,", "{kind: OCIRepository,");
    assert_eq!(
        installation.and(PLATFORM, "flux.yaml", &bucket).opened(),
        ["not-gated flux.yaml:18"]
    );
    let hidden = flux.replace("name: shop-prod}", "name: hidden}");
    assert_eq!(
        installation.and(PLATFORM, "flux.yaml", &hidden).opened(),
        ["gate-elsewhere? flux.yaml:18"]
    );
    let flux = flux.replace("branch: gated/prod/shop", "branch: main");
    assert_eq!(
        installation.and(PLATFORM, "flux.yaml", &flux).opened(),
        ["not-gated flux.yaml:9"]
    );
}

#[test]
fn what_cannot_be_read_is_open_and_what_a_queue_signs_is_said() {
    let broken = Installation::shipped().and(
        PLATFORM,
        "chart/app.yaml",
        "kind: {{ .Values.kind }} # argoproj.io\n",
    );
    assert_eq!(broken.opened(), ["unread chart/app.yaml:1"]);
    let other =
        Installation::shipped().and(PLATFORM, "chart/app.yaml", "kind: {{ .Values.kind }}\n");
    assert_eq!(other.opened(), [""; 0]);
    let queue = shipped("workflows/tidegate-queue.yml");
    let queued = Installation::shipped().and(SHOP, ".github/workflows/tidegate-queue.yml", &queue);
    assert_eq!(
        queued.opened(),
        ["signs-queue? .github/workflows/tidegate-queue.yml:7"]
    );
}

#[test]
fn the_most_dangerous_way_comes_first_and_the_exit_code_says_whether_one_is_open() {
    let (shop, platform) = (Repo::new(), Repo::new());
    let shipped = Installation::shipped();
    for (tree, path, text) in &shipped.0 {
        if *tree == SHOP { &shop } else { &platform }.write(path, text);
    }
    shop.commit("the shop");
    platform.commit("the platform");
    let doctor = |more: &[&str]| {
        let mut command = tidegate(shop.path());
        command.args(["doctor", "--repo"]);
        if !more.is_empty() {
            command
                .args([".", "--repo", platform.path().to_str().unwrap()])
                .args(more);
        }
        command.output().unwrap()
    };
    let (text, exit) = said(&doctor(&["--output", "human"]));
    assert_eq!(exit, 0, "{text}");
    assert!(
        text.ends_with("no way round the gate is seen to be open; not seen: 1\n"),
        "{text}"
    );
    let (text, exit) = said(&doctor(&[]));
    assert_eq!(exit, 1, "the policy lies with the platform: {text}");
    assert!(text.starts_with("open[rollback]: "), "{text}");
    shop.write(
        "tidegate.yaml",
        CONFIG
            .replace("enforce}", "observe}")
            .replace("enforcement: enforce", "enforcement: observe"),
    );
    shop.git(&["add", "--all"]);
    let output = doctor(&["--output", "json"]);
    let document: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(document["exit"], 1);
    let codes = document["ways"]
        .as_array()
        .unwrap()
        .iter()
        .map(|way| way["code"].as_str().unwrap());
    assert_eq!(codes.collect::<Vec<_>>(), ["observe", "branch-protection"]);
    shop.write("tidegate.yaml", "environments: 1\n");
    shop.git(&["add", "--all"]);
    let (text, exit) = said(&doctor(&["--output", "human"]));
    assert_eq!(exit, 3, "what cannot be read is no answer: {text}");
}

fn shipped(path: &str) -> String {
    fs::read_to_string(root().join("action").join(path)).unwrap()
}

const SHOP: &str = "shop";
const PLATFORM: &str = "platform";
const CONFIG: &str = "\
environments:
  - name: prod
    enforcement: enforce
    calendars: [retail]
    sources: [{name: shop, kind: Application, path: apps/shop}]
calendars:
  retail: {timezone: Europe/Berlin, presets: [black-week]}
";
const SETTINGS: &str = "{apiVersion: v1, kind: ConfigMap, metadata: {name: shop}}\n";
const WINDOWS: &str = "  syncWindows:\n    - {kind: deny, schedule: 0 0 24 11 *, duration: 168h, timeZone: UTC, applications: ['*']}\n";
const OVERLAY: &str = "\
resources: [../base]
images:
  - name: registry.example/acme/tidegate
    digest: sha256:0000000000000000000000000000000000000000000000000000000000000000
";
const RIGHTS: &str = "\
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: readers}
rules: [{apiGroups: [argoproj.io], resources: [applications], verbs: [get, list]}]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: readers}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: readers}
subjects: [{kind: User, name: ada}, {kind: ServiceAccount, name: argocd-application-controller, namespace: argocd}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-rbac-cm, namespace: argocd}
data:
  policy.default: role:readonly
  policy.csv: |
    p, role:shop, applications, sync, shop/*, allow
";
/// What of the gate's Job is replaced, by what, and the field that is named for it.
const ALTERED: &[(&str, &str, &str)] = &[
    (
        "      containers:\n",
        "      initContainers: [{name: a, image: a, volumeMounts: [{name: work, mountPath: /work}]}]\n      containers:\n",
        "/spec/initContainers",
    ),
    (
        "          env:\n",
        "          envFrom: [{configMapRef: {name: a}}]\n          env:\n",
        "/spec/containers/0/envFrom",
    ),
    (
        "          env:\n",
        "          env:\n            - {name: GIT_SSH_COMMAND, value: a}\n",
        "/spec/containers/0/env/0",
    ),
    (
        "value: /etc/tidegate-git/gitconfig",
        "value: /work/gitconfig",
        "/spec/containers/0/env/2",
    ),
    (
        "- {name: work, mountPath: /work}",
        "- {name: work, mountPath: /usr/local/bin}",
        "/spec/containers/0/volumeMounts/2",
    ),
    (
        "          terminationMessagePolicy:",
        "          lifecycle: {postStart: {exec: {command: [a]}}}\n          terminationMessagePolicy:",
        "/spec/containers/0/lifecycle",
    ),
    (
        "      restartPolicy: Never",
        "      hostAliases: [{ip: 10.0.0.1, hostnames: [git.example]}]\n      restartPolicy: Never",
        "/spec/hostAliases",
    ),
    (
        "      restartPolicy: Never",
        "      shareProcessNamespace: true\n      restartPolicy: Never",
        "/spec/shareProcessNamespace",
    ),
    (
        "configMap: {name: tidegate-trust}",
        "configMap: {name: app-config}",
        "/spec/volumes/0",
    ),
    (
        "emptyDir: {sizeLimit: 512Mi}",
        "persistentVolumeClaim: {claimName: shared}",
        "/spec/volumes/2",
    ),
    (
        "readOnlyRootFilesystem: true",
        "readOnlyRootFilesystem: false",
        "/spec/containers/0/securityContext/readOnlyRootFilesystem",
    ),
    (
        "        runAsNonRoot: true\n",
        "",
        "/spec/securityContext/runAsNonRoot",
    ),
    (
        "inject: \"false\"",
        "inject: \"true\"",
        "/metadata/annotations/sidecar.istio.io~1inject",
    ),
];
/// What of the gate's Job may be replaced, and by what.
const FREE: &[(&str, &str)] = &[
    (
        "      restartPolicy: Never",
        "      nodeSelector: {a: b}\n      tolerations: [{key: a}]\n      imagePullSecrets: [{name: a}]\n      restartPolicy: Never",
    ),
    (
        "          env:\n",
        "          env:\n            - {name: HTTPS_PROXY, value: 'http://proxy.example'}\n",
    ),
    ("runAsUser: 65532", "runAsUser: 1000"),
    ("memory: 256Mi", "memory: 1Gi"),
    ("sizeLimit: 512Mi", "sizeLimit: 2Gi"),
    ("activeDeadlineSeconds: 1200", "activeDeadlineSeconds: 3900"),
    (
        "            - {name: git, mountPath: /etc/tidegate-git, readOnly: true}\n",
        "",
    ),
    (
        "- --work=/work",
        "- --work=/work\n            - --trust-digest=0000000000000000000000000000000000000000000000000000000000000000",
    ),
    (
        "  annotations:\n    argocd",
        "  labels: {a: b}\n  annotations:\n    other.example/a: b\n    argocd",
    ),
];
/// A file, what is replaced in it, by what, and the way that this opens.
const EACH: [(&str, &str, &str, &str); 19] = [
    (
        "tidegate.yaml",
        "enforcement: enforce",
        "enforcement: observe",
        "observe",
    ),
    (
        "apps/shop-prod.yaml",
        "metadata:",
        "operation: {sync: {}}\nmetadata:",
        "operation-in-git apps/shop-prod.yaml:5",
    ),
    (
        "apps/shop-prod.yaml",
        "  namespace: argocd",
        "  namespace: argocd\n  annotations: {tidegate.dev/break-glass: sha256:00}",
        "break-glass apps/shop-prod.yaml:8",
    ),
    (
        "apps/shop-prod.yaml",
        "      refresh: true\n",
        "",
        "retry apps/shop-prod.yaml:25",
    ),
    (
        "apps/shop-prod.yaml",
        "limit: -1",
        "limit: 5",
        "retry apps/shop-prod.yaml:25",
    ),
    (
        "gate/base/job.yaml",
        "  activeDeadlineSeconds: 1200\n",
        "",
        "hook-deadline gate/base/job.yaml:12",
    ),
    (
        "gate/base/job.yaml",
        "            - --application=argocd/shop-prod\n",
        "",
        "hook-annotation gate/base/job.yaml:39",
    ),
    (
        "gate/shop-prod/kustomization.yaml",
        "digest: ",
        "newTag: ",
        "hook-image gate/base/job.yaml:41",
    ),
    (
        "projects/shop.yaml",
        "- https://git.example/acme/shop.git",
        "- '*'",
        "project-sources projects/shop.yaml:9",
    ),
    (
        "projects/shop.yaml",
        "namespace: shop}",
        "namespace: '*'}",
        "project-destinations projects/shop.yaml:12",
    ),
    (
        "projects/shop.yaml",
        "clusterResourceWhitelist: []",
        "clusterResourceWhitelist: [{group: '*', kind: '*'}]",
        "project-cluster projects/shop.yaml:13",
    ),
    (
        "projects/shop.yaml",
        WINDOWS,
        "",
        "no-windows projects/shop.yaml:8",
    ),
    (
        "projects/shop.yaml",
        "timeZone: UTC",
        "manualSync: true",
        "windows-by-hand projects/shop.yaml:15",
    ),
    (
        "argocd/rights.yaml",
        "verbs: [get, list]",
        "verbs: [get, patch]",
        "rights-on-applications argocd/rights.yaml:10",
    ),
    (
        "argocd/rights.yaml",
        "ClusterRole, name: readers}",
        "ClusterRole, name: cluster-admin}",
        "rights-on-applications argocd/rights.yaml:10",
    ),
    (
        "argocd/rights.yaml",
        "applications, sync",
        "applications, override",
        "rights-in-argocd argocd/rights.yaml:18",
    ),
    (
        "argocd/rights.yaml",
        "applications, sync",
        "*, *",
        "rights-in-argocd argocd/rights.yaml:18",
    ),
    (
        "argocd/rights.yaml",
        "role:readonly",
        "role:admin",
        "rights-in-argocd argocd/rights.yaml:16",
    ),
    (
        ".github/workflows/tidegate-sign.yml",
        "  workflow_dispatch:",
        "  pull_request_target:",
        "signs-proposals .github/workflows/tidegate-sign.yml:9",
    ),
];
