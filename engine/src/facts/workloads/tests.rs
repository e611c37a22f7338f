//! What the fact `workloads` claims.
//! Knows nothing of who reads it.

use super::*;
use crate::facts::committed_schema::committed_is;

fn no_literals(_: &str) -> Option<String> {
    None
}

fn workload(object: &Value) -> Workload {
    of_object(object, &no_literals, &Around::default()).unwrap()
}

#[expect(clippy::needless_pass_by_value, reason = "callers build it in place")]
fn object(api_version: &str, kind: &str, spec: Value) -> Value {
    json!({"apiVersion": api_version, "kind": kind,
           "metadata": {"name": "odoo", "namespace": "shop"}, "spec": spec})
}

fn template() -> Value {
    json!({"metadata": {"labels": {"app": "odoo"}}, "spec": {"containers": [{"name": "odoo"}]}})
}

fn hpa(target: &Value) -> Value {
    object(
        "autoscaling/v2",
        "HorizontalPodAutoscaler",
        json!({"minReplicas": 3, "scaleTargetRef": target}),
    )
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn every_kind_that_runs_pods_has_its_template_and_its_number() {
    for (api_version, kind, spec, pointer, replicas) in [
        (
            "apps/v1",
            "Deployment",
            json!({"template": template(), "replicas": 4}),
            "/spec/template",
            Some(4),
        ),
        (
            "apps/v1",
            "ReplicaSet",
            json!({"template": template()}),
            "/spec/template",
            Some(1),
        ),
        (
            "apps/v1",
            "StatefulSet",
            json!({"template": template(), "replicas": 0}),
            "/spec/template",
            Some(0),
        ),
        (
            "apps/v1",
            "DaemonSet",
            json!({"template": template()}),
            "/spec/template",
            None,
        ),
        (
            "batch/v1",
            "Job",
            json!({"template": template(), "parallelism": 2}),
            "/spec/template",
            Some(2),
        ),
        (
            "batch/v1",
            "CronJob",
            json!({"jobTemplate": {"spec": {"template": template(), "parallelism": 3}}}),
            "/spec/jobTemplate/spec/template",
            Some(3),
        ),
        (
            "argoproj.io/v1alpha1",
            "Rollout",
            json!({"template": template()}),
            "/spec/template",
            Some(1),
        ),
    ] {
        let workload = workload(&object(api_version, kind, spec));
        assert_eq!(workload.template_pointer, pointer, "{kind}");
        assert_eq!(workload.replicas, replicas, "{kind}");
        assert_eq!(
            workload.labels.get("app").map(String::as_str),
            Some("odoo"),
            "{kind}"
        );
        assert_eq!(
            workload.containers[0].pointer,
            format!("{pointer}/spec/containers/0"),
            "{kind}"
        );
        assert_eq!(workload.invalid, [], "{kind}");
    }
    let pod = workload(&object(
        "v1",
        "Pod",
        json!({"containers": [{"name": "odoo"}]}),
    ));
    assert_eq!((pod.template_pointer.as_str(), pod.replicas), ("", Some(1)));
    assert_eq!(pod.containers[0].pointer, "/spec/containers/0");
}

#[test]
fn a_database_cluster_runs_one_container_that_its_spec_describes() {
    let cluster = workload(&object(
        "postgresql.cnpg.io/v1",
        "Cluster",
        json!({"instances": 3, "imageName": "registry.example/acme/postgresql:16.6",
               "inheritedMetadata": {"labels": {"tier": "data"}},
               "resources": {"limits": {"memory": "8Gi"}}}),
    ));
    let postgres = &cluster.containers[0];
    assert_eq!(
        (cluster.replicas, cluster.template_pointer.as_str()),
        (Some(3), "/spec")
    );
    assert_eq!(
        (
            postgres.name.as_str(),
            postgres.role,
            postgres.pointer.as_str()
        ),
        ("postgres", Role::App, "/spec")
    );
    let image = postgres.image.as_ref().unwrap();
    assert_eq!(
        (image.pointer.as_str(), image.version.as_deref()),
        ("/spec/imageName", Some(&[16, 6][..]))
    );
    assert_eq!(
        postgres.resources.pointer["limits.memory"],
        "/spec/resources/limits/memory"
    );
    assert_eq!(postgres.resources.requests.memory_bytes, Some(8 << 30));
    assert_eq!(cluster.labels["tier"], "data");
    assert_eq!(cluster.invalid, []);
}

#[test]
fn kinds_of_other_groups_and_kinds_without_pods_run_nothing() {
    for (api_version, kind) in [
        ("v1", "Service"),
        ("v1", "ConfigMap"),
        ("v1", "Deployment"),
        ("apps/v1", "Pod"),
        ("acme.example/v1", "Deployment"),
        ("cluster.x-k8s.io/v1beta1", "Cluster"),
    ] {
        let object = object(api_version, kind, json!({"template": template()}));
        assert_eq!(
            of_object(&object, &no_literals, &Around::default()),
            None,
            "{api_version} {kind}"
        );
    }
}

#[test]
fn an_autoscaler_counts_where_the_manifest_leaves_the_number_open() {
    let open = object(
        "apps/v1",
        "Deployment",
        json!({"template": template(), "replicas": null}),
    );
    let fixed = object(
        "apps/v1",
        "Deployment",
        json!({"template": template(), "replicas": 1}),
    );
    let own = hpa(&json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "odoo"}));
    let other = hpa(&json!({"apiVersion": "apps/v1", "kind": "Deployment", "name": "redis"}));
    let rollout =
        hpa(&json!({"apiVersion": "argoproj.io/v1alpha1", "kind": "Deployment", "name": "odoo"}));
    let mut elsewhere = own.clone();
    elsewhere["metadata"]["namespace"] = json!("other");
    let replicas = |object: &Value, hpas: &[&Value]| {
        let workload = of_object(
            object,
            &no_literals,
            &Around {
                autoscalers: hpas.to_vec(),
                ..Around::default()
            },
        )
        .unwrap();
        (workload.replicas, workload.replicas_source)
    };
    assert_eq!(
        replicas(&open, &[&other, &own]),
        (Some(3), ReplicasSource::Hpa)
    );
    assert_eq!(
        replicas(&open, &[&other, &rollout, &elsewhere]),
        (Some(1), ReplicasSource::Default)
    );
    assert_eq!(
        replicas(&fixed, &[&own]),
        (Some(1), ReplicasSource::Explicit)
    );
}

#[test]
fn a_number_of_pods_that_is_none_is_left_out_and_said() {
    for replicas in [
        json!(-1),
        json!("3"),
        json!(2_147_483_648_i64),
        json!(1.5),
        json!([]),
    ] {
        let workload = workload(&object(
            "apps/v1",
            "Deployment",
            json!({"template": template(), "replicas": replicas}),
        ));
        assert_eq!(
            (workload.replicas, workload.replicas_source),
            (None, ReplicasSource::None),
            "{replicas}"
        );
        assert_eq!(workload.invalid[0].pointer, "/spec/replicas");
    }
}

#[test]
fn roles_tell_sidecars_from_init_containers() {
    let pod = workload(&object(
        "v1",
        "Pod",
        json!({
            "containers": [{"name": "odoo"}],
            "initContainers": [{"name": "wait"}, {"name": "exporter", "restartPolicy": "Always"}],
            "ephemeralContainers": [{"name": "debug"}],
        }),
    ));
    let roles: Vec<_> = pod
        .containers
        .iter()
        .map(|it| (it.name.as_str(), it.role))
        .collect();
    let expected = [
        ("odoo", Role::App),
        ("wait", Role::Init),
        ("exporter", Role::Sidecar),
        ("debug", Role::Ephemeral),
    ];
    assert_eq!(roles, expected);
    assert_eq!(pod.containers[2].pointer, "/spec/initContainers/1");
}

#[test]
fn what_has_the_wrong_shape_is_left_out_and_said() {
    for (spec, pointer) in [
        (json!({"containers": "odoo"}), "/spec/containers"),
        (json!({"containers": {}}), "/spec/containers"),
        (json!({"containers": []}), "/spec/containers"),
        (json!({}), "/spec/containers"),
        (json!("x"), "/spec/containers"),
        (
            json!({"containers": [{"name": "odoo"}, 7]}),
            "/spec/containers/1",
        ),
        (
            json!({"containers": [{"name": "odoo"}], "initContainers": true}),
            "/spec/initContainers",
        ),
    ] {
        let pod = workload(&object("v1", "Pod", spec.clone()));
        assert_eq!(pod.invalid[0].pointer, pointer, "{spec}");
    }
    let rollout = object(
        "argoproj.io/v1alpha1",
        "Rollout",
        json!({"workloadRef": {"kind": "Deployment", "name": "odoo"}}),
    );
    assert_eq!(workload(&rollout).invalid, []);
}

#[test]
fn a_container_says_what_it_runs() {
    let digest = format!("sha256:{}", "0a".repeat(32));
    let reference = format!("registry.example/acme/odoo:v17.0.3@{digest}");
    let pod = workload(&object(
        "v1",
        "Pod",
        json!({
            "serviceAccountName": "odoo",
            "volumes": [{"name": "tmp", "emptyDir": {}}, 3],
            "containers": [{"name": "odoo", "image": reference, "args": ["--workers", 4], "command": ["odoo"],
                            "env": [{"name": "A", "value": "1"}, {"name": "B", "valueFrom": {}}, {"value": "x"}, {"name": "C", "value": 1}]}],
        }),
    ));
    let written = serde_json::to_value(&pod).unwrap();
    assert_eq!(written["serviceAccount"], "odoo");
    assert_eq!(written["volumes"], json!([{"name": "tmp", "emptyDir": {}}]));
    let container = &written["containers"][0];
    assert_eq!(
        container["image"],
        json!({
            "reference": reference, "repository": "registry.example/acme/odoo", "tag": "v17.0.3", "digest": digest,
            "pointer": "/spec/containers/0/image", "valid": true, "version": [17, 0, 3],
        })
    );
    assert_eq!(container["args"], json!(["--workers", "4"]));
    assert_eq!(container["command"], json!(["odoo"]));
    assert_eq!(
        container["env"],
        json!([{"name": "A", "value": "1"}, {"name": "B"}, {"name": "C"}])
    );
}

#[test]
fn pods_and_databases_have_the_priority_that_is_written() {
    let priority = |api_version: &str, kind: &str, spec: Value| {
        workload(&object(api_version, kind, spec)).priority_class
    };
    let of_pod = |class: &str| priority("v1", "Pod", json!({"priorityClassName": class}));
    assert_eq!(of_pod("revenue").as_deref(), Some("revenue"));
    assert_eq!(of_pod(""), None);
    let spec = json!({"priorityClassName": "data"});
    let database = priority("postgresql.cnpg.io/v1", "Cluster", spec.clone());
    assert_eq!(database.as_deref(), Some("data"));
    let nested = json!({"priorityClassName": "a", "template": {"spec": spec}});
    assert_eq!(
        priority("apps/v1", "Deployment", nested).as_deref(),
        Some("data")
    );
}

#[test]
fn an_image_that_no_runtime_reads_is_shown_and_not_valid() {
    for image in [
        json!(""),
        json!(7),
        json!("${IMAGE}"),
        json!("odoo@sha256:short"),
        json!(["odoo"]),
    ] {
        let pod = workload(&object(
            "v1",
            "Pod",
            json!({"containers": [{"name": "odoo", "image": image}]}),
        ));
        let read = pod.containers[0].image.as_ref().unwrap();
        assert!(!read.valid, "{image}");
        assert_eq!(read.repository, "");
    }
    let pod = workload(&object(
        "v1",
        "Pod",
        json!({"containers": [{"name": "odoo", "image": null}]}),
    ));
    assert_eq!(pod.containers[0].image, None);
}

#[test]
fn the_whole_document_has_the_shape_that_policies_read() {
    let pod = workload(&object(
        "v1",
        "Pod",
        json!({
            "resources": {"limits": {"memory": "1Gi"}},
            "containers": [{"name": "odoo", "resources": {"limits": {"cpu": "1K"}}}],
        }),
    ));
    let pointer = |side: &str, name: &str| format!("/spec/containers/0/resources/{side}/{name}");
    let of_pod = |side: &str, name: &str| format!("/spec/resources/{side}/{name}");
    assert_eq!(
        serde_json::to_value(&pod).unwrap(),
        json!({
            "object": {"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "odoo"},
            "templatePointer": "", "replicas": 1, "replicasSource": "default", "labels": {}, "volumes": [],
            "pod": {"requests": {"cpuMilli": 0, "memoryBytes": 1_073_741_824, "ephemeralBytes": 0},
                    "limits": {"cpuMilli": 0, "memoryBytes": 1_073_741_824, "ephemeralBytes": 0}},
            "podResources": {
                "requests": {"memoryBytes": 1_073_741_824}, "limits": {"memoryBytes": 1_073_741_824},
                "source": {"requests.cpu": "absent", "requests.memory": "from-limit", "requests.ephemeral-storage": "absent",
                           "limits.cpu": "absent", "limits.memory": "explicit", "limits.ephemeral-storage": "absent"},
                "literal": {"limits.memory": "1Gi"},
                "pointer": {"requests.cpu": of_pod("requests", "cpu"), "requests.memory": of_pod("requests", "memory"),
                            "requests.ephemeral-storage": of_pod("requests", "ephemeral-storage"),
                            "limits.cpu": of_pod("limits", "cpu"), "limits.memory": of_pod("limits", "memory"),
                            "limits.ephemeral-storage": of_pod("limits", "ephemeral-storage")},
                "invalid": [],
            },
            "containers": [{
                "name": "odoo", "role": "app", "pointer": "/spec/containers/0", "args": [], "command": [], "env": [],
                "ports": [], "probes": {},
                "resources": {
                    "requests": {"memoryBytes": 1_073_741_824}, "limits": {"memoryBytes": 1_073_741_824},
                    "source": {"requests.cpu": "absent", "requests.memory": "pod", "requests.ephemeral-storage": "absent",
                               "limits.cpu": "absent", "limits.memory": "pod", "limits.ephemeral-storage": "absent"},
                    "literal": {},
                    "pointer": {"requests.cpu": pointer("requests", "cpu"), "requests.memory": pointer("requests", "memory"),
                                "requests.ephemeral-storage": pointer("requests", "ephemeral-storage"),
                                "limits.cpu": pointer("limits", "cpu"), "limits.memory": pointer("limits", "memory"),
                                "limits.ephemeral-storage": pointer("limits", "ephemeral-storage")},
                    "invalid": [{"resource": "limits.cpu", "literal": "1K", "pointer": pointer("limits", "cpu"), "reason": "unknown suffix `K`"}],
                },
            }],
            "limitRange": {"names": [], "ambiguous": false, "violations": []},
            "availability": {
                "services": [], "budgets": [], "scalers": [], "vertical": [], "lowest": 1, "highest": 1,
                "update": {"strategy": "OnDelete", "surge": 0, "unavailable": 0, "stuck": false},
                "spread": "none", "graceSeconds": 30,
            },
        })
    );
}

#[test]
fn the_committed_schema_is_the_generated_one() {
    committed_is("workloads.json", &schema());
}

#[test]
fn every_workload_fits_the_schema() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let limit_range = object(
        "v1",
        "LimitRange",
        json!({"limits": [{"type": "Container", "max": {"memory": "1Gi"}}]}),
    );
    for spec in [
        json!({"containers": [{"name": "odoo", "image": "odoo:17", "resources": {"limits": {"memory": "2Gi", "cpu": true}}}]}),
        json!({"containers": "x", "resources": {"limits": {"ephemeral-storage": "1Gi"}}}),
    ] {
        let pod = object("v1", "Pod", spec);
        let workload = of_object(
            &pod,
            &no_literals,
            &Around {
                limit_ranges: vec![&limit_range],
                ..Around::default()
            },
        )
        .unwrap();
        let mut entry = serde_json::to_value(workload).unwrap();
        entry["change"] = json!(0);
        let value = json!({"new": [entry], "old": []});
        let problems: Vec<_> = validator
            .iter_errors(&value)
            .map(|it| it.to_string())
            .collect();
        assert_eq!(problems, Vec::<String>::new());
    }
    assert!(!validator.is_valid(&json!({"new": [{"change": 0}], "old": []})));
}

mod whatever_the_object {
    use proptest::prelude::*;

    use super::*;

    /// Values that like to stand where a workload has something to say.
    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            "[-+.0-9eEkKmMi]{0,12}".prop_map(Value::from),
            "[a-z:@/.]{0,12}".prop_map(Value::from),
            prop::sample::select(vec!["Container", "Always", "sha256:", "1Gi", "0"])
                .prop_map(Value::from),
        ];
        leaf.prop_recursive(8, 64, 6, |inner| {
            let key = prop::sample::select(vec![
                "spec",
                "template",
                "jobTemplate",
                "metadata",
                "labels",
                "containers",
                "initContainers",
                "resources",
                "requests",
                "limits",
                "cpu",
                "memory",
                "ephemeral-storage",
                "a/b~c",
                "image",
                "name",
                "env",
                "args",
                "replicas",
                "imageName",
                "instances",
                "volumes",
                "type",
                "min",
                "max",
                "default",
                "maxLimitRequestRatio",
                "restartPolicy",
            ]);
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(key.prop_map(str::to_owned), inner, 0..6)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    fn kind() -> impl Strategy<Value = (&'static str, &'static str)> {
        prop::sample::select(vec![
            ("apps/v1", "Deployment"),
            ("apps/v1", "DaemonSet"),
            ("batch/v1", "CronJob"),
            ("v1", "Pod"),
            ("argoproj.io/v1alpha1", "Rollout"),
            ("postgresql.cnpg.io/v1", "Cluster"),
        ])
    }

    proptest! {
           #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

           #[test]
           fn there_is_an_answer_that_fits_the_schema((api_version, kind) in kind(), spec in value(), list in value(), limits in value()) {
               let validator = jsonschema::validator_for(&schema()).unwrap();
               let containers = json!([{"name": "c", "resources": limits, "env": list}]);
               let whole = json!({"metadata": {}, "spec": {"containers": containers, "initContainers": list}});
               for spec in [spec, json!({"template": whole, "jobTemplate": {"spec": {"template": whole}}, "containers": containers, "resources": limits})] {
                   let object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "x"}, "spec": spec});
                   let limit_range = json!({"metadata": {"name": "l"}, "spec": {"limits": [limits, {"type": "Container", "max": list, "min": limits, "maxLimitRequestRatio": limits}]}});
                   let workload = of_object(&object, &|_| Some("1e1".into()), &Around { limit_ranges: vec![&limit_range, &limits], autoscalers: vec![&limits, &list], scaled_objects: vec![&limits, &list], vertical: vec![&list, &limits],
    services: vec![&list, &limits], budgets: vec![&list, &limits] });
                   let mut entry = serde_json::to_value(workload.unwrap()).unwrap();
                   entry["change"] = json!(0);
                   let value = json!({"new": [entry], "old": []});
                   let problem = validator.iter_errors(&value).next().map(|error| format!("{error} at {}", error.instance_path()));
                   prop_assert_eq!(problem, None);
               }
           }

           #[test]
           fn an_object_without_any_shape_is_no_panic(object in value()) {
               let around = Around { limit_ranges: vec![&object], autoscalers: vec![&object], ..Around::default() };
               prop_assert!(of_object(&object, &|_| None, &around).is_none());
           }
       }
}
