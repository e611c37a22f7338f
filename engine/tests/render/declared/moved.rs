//! Deployments whose objects go to another namespace, or to another cluster: what they deployed is not what they deploy.

use tidegate::gate::{self, Request, What};
use tidegate::model::{Operation, code_of};
use tidegate::verdict::RunReport;

use crate::support::Repo;

const CONFIG: &str = "
profile: retail-prod
environments: [{name: prod, stage: production, applications: {paths: ['argo/**']}}]
repositories: ['https://git.example/acme/shop.git']
";
const APPLICATION: &str = "
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: db, namespace: argocd}
spec:
  project: default
  destination: {server: 'https://kubernetes.default.svc', namespace: shop}
  syncPolicy: {automated: {prune: true}}
  source: {repoURL: 'https://git.example/acme/shop.git', path: db, targetRevision: main}
";
const OBJECTS: &str = "
apiVersion: postgresql.cnpg.io/v1
kind: Cluster
metadata: {name: db}
spec: {instances: 3, storage: {size: 10Gi}}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: note, namespace: other}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: reader}
rules: []
";

/// What is told where the Application says `to` in the place of `from`.
fn changed(from: &str, to: &str) -> RunReport {
    let repo = Repo::new();
    repo.write("tidegate.yaml", CONFIG)
        .write("argo/db.yaml", APPLICATION)
        .write("db/objects.yaml", OBJECTS);
    let base = repo.commit("a database");
    assert!(APPLICATION.contains(from));
    repo.write("argo/db.yaml", APPLICATION.replace(from, to))
        .commit("it moves");
    let what = What::Range(format!("{base}..HEAD"));
    let request = Request::new(what, "2026-11-20T10:00:00Z".parse().unwrap());
    gate::check(&repo.open(), &request).unwrap()
}

#[test]
fn what_names_no_namespace_goes_with_the_one_of_its_application() {
    let report = changed("namespace: shop}", "namespace: shop2}");
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    let changes = report.units.iter().flat_map(|unit| &unit.changes);
    let changes: Vec<(String, _)> = changes
        .map(|change| (change.object.to_string(), change.operation))
        .collect();
    let cluster = |namespace: &str| format!("{namespace}/Cluster.postgresql.cnpg.io/db");
    let application = "argocd/Application.argoproj.io/db".to_owned();
    assert_eq!(
        changes,
        [
            (application, Operation::Update),
            (cluster("shop"), Operation::Delete),
            (cluster("shop2"), Operation::Create),
        ]
    );
    let findings = report.units.iter().flat_map(|unit| &unit.findings);
    let gone = findings.filter(|it| it.code == "backup.source-deleted");
    let gone: Vec<String> = gone.map(|it| format!("{:?}", it.object)).collect();
    assert!(gone.len() == 1 && gone[0].contains("shop"), "{gone:?}");
}

#[test]
fn what_goes_to_another_cluster_is_refused() {
    let own = "server: 'https://kubernetes.default.svc'";
    for (to, refused) in [
        ("server: 'https://other.example'", true),
        ("name: other", true),
        ("name: in-cluster", false),
    ] {
        let report = changed(own, to);
        let errors = report.errors.iter();
        let codes: Vec<String> = errors.map(|it| code_of(it.error.as_ref())).collect();
        match refused {
            true => assert_eq!(codes, ["source.other-cluster"], "{to}"),
            false => assert!(codes.is_empty(), "{to}: {codes:?}"),
        }
    }
}
