//! What backs up stands in another unit than what it backs up, which is rendered.

use super::{check_in, edit, workshop};
use crate::support::Repo;

const CONFIG: &str = "
profile: retail-prod
backups:
  stores: [{match: 'aws://away/**', encrypted: true, immutable-days: 30}]
environments:
  - name: prod
    stage: production
    sources:
      - {name: files, kind: Application, path: files}
      - {name: velero, kind: Application, path: velero}
";
const CLAIM: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files, namespace: shop}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
";
const POD: &str = "
apiVersion: apps/v1
kind: Deployment
metadata: {name: files, namespace: shop}
spec:
  selector: {matchLabels: {app: files}}
  template:
    metadata: {labels: {app: files}}
    spec:
      containers: [{name: a, image: \"r.example/files:1.0.0\", volumeMounts: [{name: files, mountPath: /files}]}]
      volumes: [{name: files, persistentVolumeClaim: {claimName: files}}]
";
const SCHEDULE: &str = "
apiVersion: velero.io/v1
kind: Schedule
metadata: {name: nightly, namespace: velero}
spec:
  schedule: 0 2 * * *
  template: {includedNamespaces: [shop], defaultVolumesToFsBackup: true, storageLocation: away, ttl: 960h0m0s}
";
const LOCATION: &str = "
apiVersion: velero.io/v1
kind: BackupStorageLocation
metadata: {name: away, namespace: velero}
spec: {provider: aws, objectStorage: {bucket: away}}
";

fn environment() -> Repo {
    let repo = Repo::new();
    repo.write("tidegate.yaml", CONFIG)
        .write("files/kustomization.yaml", "resources: [claim.yaml]\n")
        .write("files/claim.yaml", format!("{CLAIM}---{POD}"))
        .write("velero/schedule.yaml", SCHEDULE)
        .write("velero/location.yaml", LOCATION);
    repo.commit("all of it");
    repo
}

#[test]
#[ignore = "needs kustomize"]
fn a_backup_of_what_another_unit_renders_is_missed_when_it_goes() {
    let gone: fn(&Repo) = |repo| {
        repo.remove("velero/schedule.yaml").commit("no backup");
    };
    let paused: fn(&Repo) = |repo| {
        edit(
            repo,
            "velero/schedule.yaml",
            "spec:\n",
            "spec:\n  paused: true\n",
        );
    };
    let narrowed: fn(&Repo) = |repo| {
        edit(repo, "velero/schedule.yaml", "[shop]", "[other]");
    };
    let later: fn(&Repo) = |repo| {
        edit(repo, "velero/schedule.yaml", "0 2 *", "0 3 *");
    };
    for (change, code) in [
        (gone, Some("backup.deleted")),
        (paused, Some("backup.disabled")),
        (narrowed, Some("backup.disabled")),
        (later, None),
    ] {
        let repo = environment();
        let base = repo.id("HEAD");
        change(&repo);
        let report = check_in(&repo, base, &workshop(true));
        assert!(report.errors.is_empty(), "{:?}", report.errors);
        let findings = report.units.iter().flat_map(|unit| &unit.findings);
        let codes: Vec<&str> = findings
            .filter(|it| it.code.starts_with("backup."))
            .map(|it| it.code.as_str())
            .collect();
        assert_eq!(codes.first().copied(), code, "{codes:?}");
    }
}

#[test]
#[ignore = "needs kustomize"]
fn what_is_no_backup_renders_no_other_unit() {
    let repo = environment();
    let base = repo.id("HEAD");
    repo.write(
        "velero/note.yaml",
        CLAIM.replace("PersistentVolumeClaim", "ConfigMap"),
    )
    .commit("a note");
    let workshop = workshop(true);
    let report = check_in(&repo, base, &workshop);
    assert!(report.errors.is_empty(), "{:?}", report.errors);
    assert_eq!(workshop.programs().started(), 0);
}
