//! Buckets: the table shows what keeps their older versions, and the gate misses what did, in whatever unit it stood.

use super::*;

const TREE: &str = "
profile: retail-prod
backups:
  buckets: [{match: 's3://shop-*', immutable-days: 30}, {match: 'ObjectBucketClaim/shop/*', versioned: true, replicated: true, encrypted: true}]
environments:
  - name: prod
    stage: production
    sources:
      - {name: buckets, kind: Application, path: buckets}
      - {name: versions, kind: Application, path: versions}
      - {name: backups, kind: Application, path: backups}
";

const BUCKETS: &str = "
apiVersion: s3.aws.upbound.io/v1beta2
kind: Bucket
metadata: {name: shop-files, labels: {holds: files}}
spec: {forProvider: {region: eu-central-1}}
---
apiVersion: s3.aws.upbound.io/v1beta2
kind: Bucket
metadata: {name: shop-backups}
spec: {forProvider: {region: eu-central-1}}
---
apiVersion: s3.aws.upbound.io/v1beta2
kind: Bucket
metadata: {name: shop-images}
spec: {forProvider: {region: eu-central-1, forceDestroy: true}}
---
apiVersion: objectbucket.io/v1alpha1
kind: ObjectBucketClaim
metadata: {name: exports, namespace: shop}
spec: {generateBucketName: exports, storageClassName: rook-ceph-bucket}
";

const VERSIONS: &str = "
apiVersion: s3.aws.upbound.io/v1beta2
kind: BucketVersioning
metadata: {name: files}
spec:
  forProvider:
    region: eu-central-1
    bucketSelector: {matchLabels: {holds: files}}
    versioningConfiguration: {status: Enabled}
";

const REPLICA: &str = "
apiVersion: s3.aws.upbound.io/v1beta2
kind: BucketReplicationConfiguration
metadata: {name: files}
spec:
  forProvider:
    region: eu-central-1
    bucketRef: {name: shop-files}
    rule: [{status: Enabled, destination: {bucketRef: {name: shop-copy}}}]
";

const CLAIM: &str = "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: files, namespace: shop}
spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}
---
apiVersion: k8up.io/v1
kind: Schedule
metadata: {name: nightly, namespace: shop}
spec:
  backend: {s3: {bucket: shop-backups, endpoint: 'https://s3.eu-central-1.amazonaws.com'}}
  backup: {schedule: '0 3 * * *'}
";

fn tree() -> Repo {
    let repo = Repo::new();
    repo.write("tidegate.yaml", TREE)
        .write("buckets/buckets.yaml", BUCKETS)
        .write("versions/versions.yaml", VERSIONS)
        .write("versions/replica.yaml", REPLICA)
        .write("backups/files.yaml", CLAIM)
        .commit("all of it");
    repo
}

fn words(text: &str) -> Vec<String> {
    let lines = text.lines();
    let words = lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    words.collect()
}

#[test]
fn the_table_shows_what_keeps_older_versions_of_a_bucket() {
    let repo = tree();
    let (text, exit) = run(&repo, &["backups"]);
    assert_eq!(exit, 0, "{text}");
    for wanted in [
        "Bucket.s3.aws.upbound.io/shop-files BucketVersioning.s3.aws.upbound.io/files (bucket-versioning) each write \
         unlimited s3://shop-files yes yes 30d - continuous covered",
        "Bucket.s3.aws.upbound.io/shop-backups - - - - - - - - - store",
        "Bucket.s3.aws.upbound.io/shop-images - - - - - - - - - bucket-unversioned",
        "shop/ObjectBucketClaim.objectbucket.io/exports shop/ObjectBucketClaim.objectbucket.io/exports (bucket-vouched) \
         each write unlimited - yes yes unknown - continuous covered",
    ] {
        assert!(
            words(&text).iter().any(|line| line == wanted),
            "{wanted}: {text}"
        );
    }
    let (text, exit) = run(&repo, &["backups", "--output", "json"]);
    assert_eq!(exit, 0, "{text}");
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(problems("backups.v1.json", &json), [""; 0]);
}

#[test]
fn what_another_unit_says_of_a_bucket_is_missed_when_it_goes() {
    for (file, code, told) in [
        (
            "versions/versions.yaml",
            "backup.deleted",
            "Bucket shop-files is backed up no more by BucketVersioning.s3.aws.upbound.io/files: it",
        ),
        (
            "versions/replica.yaml",
            "backup.weakened",
            "Bucket shop-files is backed up by BucketVersioning.s3.aws.upbound.io/files no more outside of the cluster",
        ),
    ] {
        let repo = tree();
        repo.remove(file).commit("less of it");
        let (text, exit) = run(&repo, &["check", "HEAD~1..HEAD"]);
        assert_eq!(exit, 1, "{text}");
        let told = told.trim_end_matches(": it");
        let said = words(&text).join(" ");
        assert!(said.contains(code) && said.contains(told), "{told}: {text}");
    }
}

#[test]
fn a_bucket_that_goes_says_what_goes_with_it_and_that_backups_do() {
    let repo = tree();
    let kept = BUCKETS.split("---").next().unwrap();
    repo.write("buckets/buckets.yaml", kept)
        .commit("one of four");
    let (text, exit) = run(&repo, &["check", "HEAD~1..HEAD"]);
    assert_eq!(exit, 1, "{text}");
    let said = words(&text).join(" ");
    for told in [
        "Bucket shop-images holds data (filestore) and is deleted; nothing backed it up; the bucket `shop-images` is \
         deleted with it, and all that it holds (`forceDestroy`)",
        "Bucket shop-backups holds backups and is deleted",
    ] {
        assert!(said.contains(told), "{told}: {text}");
    }
}
