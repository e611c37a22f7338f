//! `tidegate backups`, and what `check` says of backups across the units of an environment.

use serde_json::Value;

use super::{said, shop, tidegate};
use crate::contracts::problems;
use crate::support::Repo;

fn run(repo: &Repo, arguments: &[&str]) -> (String, i32) {
    said(&tidegate(repo.path()).args(arguments).output().unwrap())
}

#[test]
fn a_table_shows_what_covers_each_object_and_what_that_lacks() {
    let repo = shop();
    let (text, _) = run(&repo, &["backups", "prod-a"]);
    let words: Vec<String> = text
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    for wanted in [
        "prod-a (production)",
        "OBJECT COVERED BY SCHEDULE RETENTION TARGET ENCRYPTED OFF SITE IMMUTABLE WORST AGE VERDICT",
        "brand-a/Cluster.postgresql.cnpg.io/shop-postgres \
         brand-a/ScheduledBackup.postgresql.cnpg.io/shop-postgres-nightly (cnpg-object-store) 0 30 1 * * * 35d \
         s3://acme-brand-a-pgbackup/shop-postgres unknown yes unknown continuous not-encrypted",
        "brand-a/StatefulSet.apps/shop-redis - - - - - - - - not-covered",
    ] {
        assert!(words.iter().any(|line| line == wanted), "{wanted}: {text}");
    }
    assert!(!text.contains("prod-b"), "{text}");
}

#[test]
fn programs_read_the_table_by_its_schema() {
    let repo = environment(&[("files/claim.yaml", CLAIM)]);
    let (text, exit) = run(&repo, &["backups", "--output", "json"]);
    assert_eq!(exit, 0, "{text}");
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(problems("backups.v1.json", &json), [""; 0]);
    let object = &json["environments"][0]["objects"][0];
    assert_eq!(object["verdict"], "not-covered");
    assert_eq!(object["state"]["data"], "other");
}

#[test]
fn an_environment_that_there_is_not_is_an_error() {
    let (text, exit) = run(&shop(), &["backups", "prod-x"]);
    assert_ne!(exit, 0);
    assert!(text.contains("prod-x"), "{text}");
}

#[test]
fn a_backup_of_another_unit_covers_and_is_missed_when_it_goes() {
    let repo = environment(&[
        ("files/claim.yaml", CLAIM),
        ("velero/schedule.yaml", SCHEDULE),
        ("velero/location.yaml", LOCATION),
    ]);
    let (text, exit) = run(&repo, &["backups"]);
    assert!(exit == 0 && text.contains("covered\n"), "{text}");
    repo.remove("velero/schedule.yaml").commit("no backup");
    let (text, exit) = run(&repo, &["check", "HEAD~1..HEAD"]);
    assert_eq!(exit, 1, "{text}");
    assert!(text.contains("backup.deleted"), "{text}");
    let text: Vec<&str> = text.split_whitespace().collect();
    let told = "PersistentVolumeClaim shop/files is backed up no more by velero/Schedule.velero.io/nightly";
    assert!(text.join(" ").contains(told), "{text:?}");
}

#[test]
fn what_another_unit_renders_is_not_taken_for_absent() {
    let repo = environment(&[
        ("velero/kustomization.yaml", "resources: [schedule.yaml]\n"),
        ("velero/schedule.yaml", SCHEDULE),
    ]);
    repo.write("files/claim.yaml", CLAIM).commit("a claim");
    let (text, exit) = run(&repo, &["check", "HEAD~1..HEAD"]);
    assert_eq!(exit, 1, "{text}");
    assert!(
        text.contains("backup.coverage-unknown") && !text.contains("not-covered"),
        "{text}"
    );
}

/// One environment with a unit of claims and one of Velero.
fn environment(files: &[(&str, &str)]) -> Repo {
    let repo = Repo::new();
    repo.write("tidegate.yaml", CONFIG);
    repo.write("files/note.yaml", NOTE);
    for (path, text) in files {
        repo.write(path, text);
    }
    repo.commit("all of it");
    repo
}

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

const NOTE: &str = "
apiVersion: v1
kind: ConfigMap
metadata: {name: note, namespace: shop}
";

const CLAIM: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files, namespace: shop}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
";

const SCHEDULE: &str = "
apiVersion: velero.io/v1
kind: Schedule
metadata: {name: nightly, namespace: velero}
spec:
  schedule: 0 3 * * *
  template: {includedNamespaces: [shop], snapshotMoveData: true, ttl: 960h}
";

const LOCATION: &str = "
apiVersion: velero.io/v1
kind: BackupStorageLocation
metadata: {name: default, namespace: velero}
spec: {provider: aws, objectStorage: {bucket: away, prefix: shop}}
";
