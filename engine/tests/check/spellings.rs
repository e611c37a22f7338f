//! One object in ten spellings: who writes it how makes no difference.

use std::collections::BTreeSet;

use tidegate::model::{Exit, GitId};
use tidegate::verdict::RunReport;

use super::*;

/// Name, file and text of each spelling. `changed`: another image, and no memory limit.
#[expect(clippy::too_many_lines, reason = "a table")]
fn spellings(changed: bool) -> Vec<(&'static str, &'static str, String)> {
    let tag = format!(
        "{}@sha256:835abe89bd745147fd383a711f551f7ae21d27a70fc9740e83ec3750d5e76fd5",
        if changed { "1.1.0" } else { "1.0.0" }
    );
    let tag = tag.as_str();
    let plain = PLAIN.replace("TAG", tag);
    let plain = if changed {
        plain.replace("              memory: 2Gi # limit\n", "")
    } else {
        plain
    };
    let plain = plain.replace(" # limit", "");
    let flow_limits = if changed {
        "cpu: \"2\""
    } else {
        "cpu: \"2\", memory: 2Gi"
    };
    let limit = if changed { "" } else { ", \"memory\": \"2Gi\"" };
    let anchored_limits = if changed {
        "limits: {cpu: 2}"
    } else {
        "limits: {cpu: 2, <<: *memory}"
    };
    let items: String = plain.lines().map(|line| format!("    {line}\n")).collect();
    let list = format!(
        "apiVersion: v1\nkind: List\nitems:\n  - {}",
        items.trim_start()
    );
    let envs = "            - name: LOG\n              value: info\n";
    let reordered = plain.replace(envs, "").replace(
        "            - name: WORKERS\n              value: \"4\"\n",
        &format!("            - name: WORKERS\n              value: \"4\"\n{envs}"),
    );
    assert_ne!(plain, reordered);
    vec![
        ("plain", "prod/a.yaml", plain.clone()),
        (
            "json",
            "prod/a.json",
            JSON.replace("TAG", tag).replace("LIMIT", limit),
        ),
        (
            "flow",
            "prod/a.yaml",
            FLOW.replace("TAG", tag).replace("LIMITS", flow_limits),
        ),
        (
            "anchors and a merge key",
            "prod/a.yaml",
            ANCHORS
                .replace("TAG", tag)
                .replace("LIMITS", anchored_limits),
        ),
        ("octal", "prod/a.yaml", plain.replace("420", "0644")),
        (
            "octal as in YAML 1.2",
            "prod/a.yaml",
            plain.replace("420", "0o644"),
        ),
        ("yes", "prod/a.yaml", plain.replace(": true", ": yes")),
        ("a list", "prod/a.yaml", list),
        ("moved", "prod/deep/er/b.yml", plain.clone()),
        ("reordered", "prod/a.yaml", reordered),
        (
            "quoted",
            "prod/a.yaml",
            plain
                .replace("cpu: 500m", "'cpu': \"0.5\"")
                .replace("namespace: shop", "\"namespace\": 'shop'")
                .replace("value: info", "value: \"inf\\x6f\""),
        ),
        (
            "CRLF",
            "prod/a.yaml",
            format!("\u{feff}{}", plain.replace('\n', "\r\n")),
        ),
    ]
}

/// A commit of that spelling on top of `parent`.
fn commit(repo: &Repo, parent: Option<GitId>, path: &str, text: &str) -> GitId {
    repo.git(&[
        "rm",
        "-r",
        "--quiet",
        "--cached",
        "--ignore-unmatch",
        "prod",
    ]);
    let blob = repo.git_with(&["hash-object", "-w", "--stdin"], text.as_bytes());
    let blob = String::from_utf8(blob).unwrap();
    repo.git(&[
        "update-index",
        "--add",
        "--cacheinfo",
        &format!("100644,{blob},{path}"),
    ]);
    let tree = repo.git(&["write-tree"]);
    let mut arguments = vec![
        "commit-tree".to_owned(),
        tree,
        "-m".to_owned(),
        path.to_owned(),
    ];
    arguments.extend(
        parent
            .into_iter()
            .flat_map(|id| ["-p".to_owned(), id.to_string()]),
    );
    GitId::parse(&repo.git(&arguments)).unwrap()
}

fn repository() -> Repo {
    let repo = Repo::new();
    repo.write("tidegate.yaml", CONFIG);
    repo.git(&["add", "tidegate.yaml"]);
    repo
}

#[test]
fn every_pair_of_spellings_differs_in_nothing() {
    let repo = repository();
    let spellings = spellings(false);
    for (at, (from, from_path, from_text)) in spellings.iter().enumerate() {
        let base = commit(&repo, None, from_path, from_text);
        for (to, to_path, to_text) in &spellings[at + 1..] {
            let head = commit(&repo, Some(base), to_path, to_text);
            let found = gate::diff(
                &repo.open(),
                &request(&format!("{base}..{head}")),
                gate::Runtime::default(),
            )
            .unwrap();
            let changes: Vec<_> = found.units.iter().flat_map(|unit| &unit.changes).collect();
            assert!(changes.is_empty(), "{from} to {to}: {changes:#?}");
        }
    }
}

/// What a report says that does not depend on the spelling: all but places.
fn essence(report: &RunReport) -> String {
    let unit = unit(report, "prod", "prod");
    let findings: BTreeSet<_> = unit
        .findings
        .iter()
        .map(|finding| {
            (
                finding.key(),
                finding.effect,
                &finding.message,
                finding.inherited,
            )
        })
        .collect();
    let reasons: BTreeSet<_> = unit
        .reasons
        .iter()
        .map(|reason| (&reason.code, reason.tier, &reason.text))
        .collect();
    let fields: BTreeSet<_> = unit.changes[0]
        .fields
        .iter()
        .map(|field| &field.path)
        .collect();
    format!(
        "{} {findings:#?} {reasons:#?} {fields:#?}",
        unit.change_digest
    )
}

#[test]
fn one_change_has_one_digest_and_one_set_of_findings_in_every_spelling() {
    let repo = repository();
    let (before, after) = (spellings(false), spellings(true));
    let mut answers = BTreeSet::new();
    for (at, (_, path, text)) in before.iter().enumerate() {
        let base = commit(&repo, None, path, text);
        // The same spelling, and one other: together each is met on both sides.
        for (name, path, text) in [&after[at], &after[(at + 5) % after.len()]] {
            let head = commit(&repo, Some(base), path, text);
            let report = check_with(&repo, &request(&format!("{base}..{head}"))).unwrap();
            assert_eq!(report.exit, Exit::Denied, "{name}");
            assert_eq!(
                blocking(&report),
                ["resources.missing-memory-limit of odoo"],
                "{name}"
            );
            answers.insert(essence(&report));
        }
    }
    assert_eq!(answers.len(), 1, "{answers:#?}");
}

const PLAIN: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: odoo
  namespace: shop
spec:
  replicas: 4
  selector:
    matchLabels:
      app: odoo
  template:
    metadata:
      labels:
        app: odoo
    spec:
      hostNetwork: true
      containers:
        - name: odoo
          image: registry.example/shop/odoo:TAG
          env:
            - name: LOG
              value: info
            - name: WORKERS
              value: \"4\"
          resources:
            requests:
              cpu: 500m
              memory: 2Gi
            limits:
              cpu: \"2\"
              memory: 2Gi # limit
          volumeMounts:
            - name: config
              mountPath: /etc/odoo
              readOnly: true
      volumes:
        - name: config
          configMap:
            name: odoo
            defaultMode: 420
";

const FLOW: &str = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: odoo, namespace: shop},
 spec: {replicas: 4, selector: {matchLabels: {app: odoo}}, template: {metadata: {labels: {app: odoo}},
  spec: {hostNetwork: true, containers: [{name: odoo, image: 'registry.example/shop/odoo:TAG',
    env: [{name: LOG, value: info}, {name: WORKERS, value: '4'}],
    resources: {requests: {cpu: 500m, memory: 2Gi}, limits: {LIMITS}},
    volumeMounts: [{name: config, mountPath: /etc/odoo, readOnly: true}]}],
   volumes: [{name: config, configMap: {name: odoo, defaultMode: 420}}]}}}}
";

const ANCHORS: &str = "apiVersion: apps/v1
kind: Deployment
metadata: {name: &name odoo, namespace: shop}
spec:
  replicas: 4
  selector: {matchLabels: &labels {app: *name}}
  template:
    metadata: {labels: *labels}
    spec:
      hostNetwork: true
      containers:
        - name: *name
          image: registry.example/shop/odoo:TAG
          env: [{name: LOG, value: info}, {name: WORKERS, value: \"4\"}]
          resources:
            requests:
              <<: &memory {memory: 2Gi}
              cpu: 500m
            LIMITS
          volumeMounts:
            - {name: &config config, mountPath: /etc/odoo, readOnly: true}
      volumes:
        - name: *config
          configMap: {name: *name, defaultMode: 420}
";

const JSON: &str = r#"{"apiVersion": "apps/v1", "kind": "Deployment",
 "metadata": {"name": "odoo", "namespace": "shop"},
 "spec": {"replicas": 4, "selector": {"matchLabels": {"app": "odoo"}},
  "template": {"metadata": {"labels": {"app": "odoo"}},
   "spec": {"hostNetwork": true,
    "containers": [{"name": "odoo", "image": "registry.example/shop/odoo:TAG",
     "env": [{"name": "LOG", "value": "info"}, {"name": "WORKERS", "value": "4"}],
     "resources": {"requests": {"cpu": "500m", "memory": "2Gi"}, "limits": {"cpu": "2"LIMIT}},
     "volumeMounts": [{"name": "config", "mountPath": "/etc/odoo", "readOnly": true}]}],
    "volumes": [{"name": "config", "configMap": {"name": "odoo", "defaultMode": 420}}]}}}}
"#;
