//! Buckets: what keeps their older versions, by which names, and what becomes of them.

use super::*;

fn versions(name: &str, provided: &Value) -> Value {
    let mut versions = named(
        "BucketVersioning.s3.aws.upbound.io",
        "",
        name,
        json!({"forProvider": provided}),
    );
    versions["metadata"] = json!({"name": name});
    versions
}

/// The method that covers the bucket, and what that lacks beside distance and a lock.
fn covered(objects: &[Value], settings: &Value) -> (Option<&'static str>, Vec<&'static str>) {
    let now = "2026-11-20T10:30:00Z".parse().unwrap();
    let states = states(&around(objects), &Rules::of_settings(settings), now);
    let mut states = states.into_iter();
    let (_, state) = states.find(|(object, _)| object.name == "files").unwrap();
    let lacks = state.gaps.iter().map(|gap| gap.kind);
    let lacks = lacks.filter(|it| !["not-immutable", "not-offsite", "target-missing"].contains(it));
    (state.best().map(|it| it.method), lacks.collect())
}

/// Whether the bucket is covered beside these manifests, where the judge says so of it.
fn is_covered(beside: &[Value], vouched: Option<bool>) -> bool {
    let settings = match vouched {
        Some(said) => json!({"buckets": [{"match": "s3://files", "versioned": said}]}),
        None => json!({}),
    };
    let objects = [beside, &[bucket("files", json!({}))]].concat();
    match covered(&objects, &settings) {
        (Some("bucket-versioning" | "bucket-vouched"), lacks) if lacks.is_empty() => true,
        (None, lacks) if lacks == ["bucket-unversioned"] => false,
        other => panic!("{other:?}"),
    }
}

fn status(name: &str, said: &Value) -> Value {
    let provided = json!({"bucketRef": {"name": "files"}, "versioningConfiguration": said});
    versions(name, &provided)
}

#[test]
fn a_bucket_is_covered_where_every_manifest_for_it_keeps_its_versions() {
    let (on, off) = (json!({"status": "Enabled"}), json!({"status": "Suspended"}));
    let mut paused = status("v", &on);
    paused["metadata"]["annotations"] = json!({"crossplane.io/paused": "true"});
    let mut observed = status("v", &on);
    observed["spec"]["managementPolicies"] = json!(["Observe"]);
    for (beside, vouched, expected) in [
        (vec![], None, false),
        (vec![], Some(true), true),
        (vec![status("v", &on)], None, true),
        (vec![status("v", &json!([on]))], None, true),
        (vec![status("v", &on)], Some(false), false),
        // What a manifest switches off nobody vouches for.
        (vec![status("v", &off)], Some(true), false),
        (vec![status("v", &json!({}))], Some(true), false),
        (vec![status("v", &on), status("w", &off)], None, false),
        (vec![paused.clone()], None, false),
        (vec![paused], Some(true), true),
        (vec![observed], None, false),
    ] {
        assert_eq!(is_covered(&beside, vouched), expected, "{beside:?}");
    }
}

#[test]
fn a_manifest_is_for_the_bucket_that_crossplane_takes() {
    let by = |reference: Value| {
        let mut provided = json!({"versioningConfiguration": {"status": "Enabled"}});
        let fields = reference.as_object().unwrap().clone();
        provided.as_object_mut().unwrap().extend(fields);
        versions("v", &provided)
    };
    let labels = |app: &str| json!({"bucketSelector": {"matchLabels": {"app": app}}});
    for (reference, expected) in [
        (json!({"bucket": "files"}), true),
        // Whichever of them Crossplane asks first.
        (
            json!({"bucket": "x", "bucketRef": {"name": "files"}}),
            false,
        ),
        (json!({"bucketRef": {"name": "x"}}), false),
        (labels("a"), true),
        (labels("b"), false),
        (
            json!({"bucketSelector": {"matchControllerRef": true}}),
            false,
        ),
        (json!({}), false),
    ] {
        assert_eq!(
            is_covered(&[by(reference.clone())], None),
            expected,
            "{reference}"
        );
    }
    let two = [by(labels("a")), bucket("more", json!({}))];
    assert!(!is_covered(&two, None));
}

#[test]
fn a_bucket_is_named_by_its_name_outside_of_the_cluster() {
    let mut renamed = bucket("files", json!({}));
    renamed["metadata"]["annotations"] = json!({"crossplane.io/external-name": "acme-files"});
    let says =
        |name: &str| json!({"buckets": [{"match": format!("s3://{name}"), "versioned": true}]});
    assert_eq!(covered(&[renamed.clone()], &says("files")).0, None);
    assert_eq!(
        covered(&[renamed], &says("acme-files")).0,
        Some("bucket-vouched")
    );
}

#[test]
fn a_bucket_stays_where_its_manifest_leaves_it() {
    let claim = |class: &str| {
        let spec = json!({"storageClassName": class});
        named("ObjectBucketClaim.objectbucket.io", "shop", "files", spec)
    };
    let class = |name: &str, policy: &str| {
        let mut class = named("StorageClass.storage.k8s.io", "", name, json!({}));
        class["reclaimPolicy"] = json!(policy);
        class
    };
    let of_aws = |annotation: &str| {
        let mut it = named(
            "Bucket.s3.services.k8s.aws",
            "shop",
            "files",
            json!({"name": "files"}),
        );
        it["metadata"]["annotations"] = json!({"services.k8s.aws/deletion-policy": annotation});
        it
    };
    let classes = [class("kept", "Retain"), class("gone", "Delete")];
    for (object, fate) in [
        (bucket("files", json!({})), Some("once it is empty")),
        (
            bucket("files", json!({"forProvider": {"forceDestroy": true}})),
            Some("and all that it holds (`forceDestroy`)"),
        ),
        (bucket("files", json!({"deletionPolicy": "Orphan"})), None),
        (
            bucket("files", json!({"managementPolicies": ["Create", "Update"]})),
            None,
        ),
        (of_aws("delete"), Some("once it is empty")),
        (of_aws("retain"), None),
        (claim("kept"), None),
        (claim("gone"), Some("unless its class says `Retain`")),
        (claim("other"), Some("unless its class says `Retain`")),
    ] {
        let found = gone_with(object.clone(), &classes);
        match fate {
            Some(end) => assert!(
                found.as_ref().is_some_and(|it| it.ends_with(end)),
                "{object}: {found:?}"
            ),
            None => assert_eq!(found, None, "{object}"),
        }
    }
}
