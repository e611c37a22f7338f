use serde_json::{Value, json};

use super::super::workloads::{Around, Workload, of_object};
use super::*;

/// A pod of one container with these resources, under these `LimitRange` items, one object each.
fn pod(resources: &Value, pod_resources: &Value, items: &[Value]) -> Workload {
    let spec = json!({"containers": [{"name": "odoo", "resources": resources}], "resources": pod_resources});
    let object =
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "odoo"}, "spec": spec});
    let limit_ranges: Vec<Value> = items
        .iter()
        .map(|item| json!({"metadata": {"name": "lr"}, "spec": {"limits": [item]}}))
        .collect();
    of_object(
        &object,
        &|_| None,
        &Around {
            limit_ranges: limit_ranges.iter().collect(),
            ..Around::default()
        },
    )
    .unwrap()
}

fn alone(resources: &Value) -> Resources {
    pod(resources, &Value::Null, &[])
        .containers
        .remove(0)
        .resources
}

const MI: i64 = 1 << 20;

#[test]
fn a_limit_is_the_request_where_none_is_written() {
    let read =
        alone(&json!({"limits": {"memory": "1Mi", "cpu": "500m"}, "requests": {"cpu": "100m"}}));
    assert_eq!(
        read.requests,
        Amounts {
            cpu_milli: Some(100),
            memory_bytes: Some(MI),
            ephemeral_bytes: None
        }
    );
    assert_eq!(read.source["requests.memory"], Source::FromLimit);
    assert_eq!(read.source["requests.cpu"], Source::Explicit);
    let literals: Vec<_> = read.literal.keys().map(String::as_str).collect();
    assert_eq!(literals, ["limits.cpu", "limits.memory", "requests.cpu"]);
}

#[test]
fn an_explicit_zero_is_missing_and_says_so() {
    let item = json!({"type": "Container", "default": {"memory": "1Gi"}});
    let read = pod(
        &json!({"limits": {"memory": "0"}}),
        &json!({"limits": {"memory": "1Gi"}}),
        &[item],
    )
    .containers
    .remove(0)
    .resources;
    assert_eq!(
        (read.limits.memory_bytes, read.requests.memory_bytes),
        (None, None)
    );
    assert_eq!(
        (read.source["limits.memory"], read.source["requests.memory"]),
        (Source::Zero, Source::Zero)
    );
    assert_eq!(read.literal["limits.memory"], "0");
}

#[test]
fn empty_null_and_no_key_are_all_absent() {
    for resources in [
        json!(null),
        json!({}),
        json!({"limits": null}),
        json!({"limits": {"memory": null}, "requests": {}}),
    ] {
        let read = alone(&resources);
        assert_eq!(
            (read.requests, read.limits),
            (Amounts::default(), Amounts::default()),
            "{resources}"
        );
        assert!(
            read.source.values().all(|it| *it == Source::Absent),
            "{resources}"
        );
        assert_eq!(read.invalid, [], "{resources}");
        assert_eq!(
            read.pointer["limits.memory"],
            "/spec/containers/0/resources/limits/memory"
        );
    }
}

#[test]
fn the_pod_speaks_for_containers_that_do_not() {
    let limits = json!({"limits": {"memory": "2Mi", "cpu": "1"}, "requests": {"cpu": "500m"}});
    let read = pod(&json!({"limits": {"cpu": "250m"}}), &limits, &[])
        .containers
        .remove(0)
        .resources;
    assert_eq!(
        read.limits,
        Amounts {
            cpu_milli: Some(250),
            memory_bytes: Some(2 * MI),
            ephemeral_bytes: None
        }
    );
    assert_eq!(read.source["limits.memory"], Source::Pod);
    assert_eq!(
        (read.requests.memory_bytes, read.source["requests.memory"]),
        (Some(2 * MI), Source::Pod)
    );
    assert_eq!(
        (read.requests.cpu_milli, read.source["requests.cpu"]),
        (Some(250), Source::FromLimit)
    );
}

#[test]
fn a_pod_with_limits_requests_what_its_containers_do_and_gives_them_none_of_it() {
    let spec = json!({"resources": {"limits": {"memory": "4Mi"}}, "containers": [
        {"name": "a", "resources": {"requests": {"memory": "1Mi", "cpu": 1}}}, {"name": "b"}]});
    let object =
        json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "odoo"}, "spec": spec});
    let workload = of_object(&object, &|_| None, &Around::default()).unwrap();
    let own = workload.pod_resources.unwrap();
    assert_eq!(own.requests.memory_bytes, Some(MI));
    assert_eq!(own.source["requests.memory"], Source::FromContainers);
    assert_eq!(own.requests.cpu_milli, Some(1000), "whatever has the limit");
    assert_eq!(workload.pod.requests.memory_bytes, Some(MI));
    assert_eq!(
        workload.pod.limits.cpu_milli,
        Some(0),
        "silent, and not asked"
    );
    assert_eq!(
        workload.containers[1].resources.source["requests.memory"],
        Source::Absent
    );
    assert_eq!(
        workload.containers[1].resources.limits.memory_bytes,
        Some(4 * MI)
    );
}

#[test]
fn a_pod_that_says_nothing_speaks_for_nobody() {
    for nothing in [json!({}), json!({"limits": {}}), json!(null)] {
        let workload = pod(&json!({}), &nothing, &[]);
        assert_eq!(workload.pod_resources, None);
        assert_eq!(workload.pod.limits.memory_bytes, None);
    }
    let requests = json!({"requests": {"memory": "1Mi"}});
    let workload = pod(&json!({"requests": {"cpu": 1}}), &requests, &[]);
    let own = workload.pod_resources.unwrap();
    assert_eq!(
        own.requests.cpu_milli, None,
        "without a limit nothing is filled in"
    );
    assert_eq!(workload.pod.requests.cpu_milli, Some(1000));
}

#[test]
fn a_pod_has_no_local_disk_of_its_own() {
    let workload = pod(
        &json!({}),
        &json!({"limits": {"ephemeral-storage": "1Gi"}}),
        &[],
    );
    let pod_resources = workload.pod_resources.unwrap();
    assert_eq!(pod_resources.limits, Amounts::default());
    assert_eq!(
        pod_resources.invalid[0].resource,
        "limits.ephemeral-storage"
    );
    assert_eq!(
        workload.containers[0].resources.source["limits.ephemeral-storage"],
        Source::Absent
    );
}

#[test]
fn quantities_are_read_as_the_api_server_reads_them() {
    for (memory, bytes) in [
        (json!("1"), 1),
        (json!(1), 1),
        (json!("1.5Gi"), 1_610_612_736),
        (json!("1e3"), 1000),
        (json!("1E"), 1_000_000_000_000_000_000),
        (json!(".5Ki"), 512),
        (json!("1m"), 1),
        (json!("128m"), 1),
        (json!("1G"), 1_000_000_000),
        (json!("1Gi"), 1 << 30),
        (json!("1E3"), 1000),
        (json!("100n"), 1),
        (json!("2500u"), 1),
        (json!("+1k"), 1000),
        (json!("1."), 1),
        (json!(0.5), 1),
    ] {
        assert_eq!(
            alone(&json!({"limits": {"memory": memory}}))
                .limits
                .memory_bytes,
            Some(bytes),
            "{memory}"
        );
    }
    for (cpu, milli) in [
        (json!("0.5"), 500),
        (json!(0.1), 100),
        (json!(2), 2000),
        (json!("1000m"), 1000),
        (json!("1u"), 1),
        (json!("0.0015"), 2),
    ] {
        assert_eq!(
            alone(&json!({"limits": {"cpu": cpu}})).limits.cpu_milli,
            Some(milli),
            "{cpu}"
        );
    }
}

#[test]
fn what_is_no_quantity_is_listed_and_nothing_takes_its_place() {
    let default = json!({"type": "Container", "default": {"memory": "1Gi"}, "defaultRequest": {"memory": "1Gi"}});
    for memory in [
        json!("1K"),
        json!("-1"),
        json!(-1),
        json!("1Gi "),
        json!("1gi"),
        json!("9999999999999999999Ei"),
        json!(""),
        json!("."),
        json!("1.2.3"),
        json!("Gi"),
        json!("1e"),
        json!("1e99999"),
        json!(true),
        json!([]),
        json!({"a": 1}),
        json!("１"),
    ] {
        let limits = json!({"limits": {"memory": "2Gi"}});
        let read = pod(
            &json!({"limits": {"memory": memory}}),
            &limits,
            std::slice::from_ref(&default),
        )
        .containers
        .remove(0)
        .resources;
        assert_eq!(read.invalid.len(), 1, "{memory}");
        assert_eq!(read.invalid[0].resource, "limits.memory");
        assert_eq!(
            read.invalid[0].pointer,
            "/spec/containers/0/resources/limits/memory"
        );
        assert_eq!(
            (read.limits.memory_bytes, read.source["limits.memory"]),
            (None, Source::Absent),
            "{memory}"
        );
    }
    let unknown = alone(&json!({"limits": {"nvidia.com/gpu": "x"}}));
    assert_eq!(
        unknown.invalid[0].pointer,
        "/spec/containers/0/resources/limits/nvidia.com~1gpu"
    );
    assert_eq!(
        alone(&json!({"limits": {"nvidia.com/gpu": "1"}})).invalid,
        []
    );
}

#[test]
fn what_is_no_mapping_is_listed() {
    for (resources, name, pointer) in [
        (json!("1Gi"), "resources", "/spec/containers/0/resources"),
        (json!([1]), "resources", "/spec/containers/0/resources"),
        (
            json!({"limits": "1Gi"}),
            "limits",
            "/spec/containers/0/resources/limits",
        ),
    ] {
        let item = json!({"type": "Container", "max": {"memory": "1Gi"}});
        let read = pod(&resources, &Value::Null, &[item])
            .containers
            .remove(0)
            .resources;
        assert_eq!(
            (
                read.invalid[0].resource.as_str(),
                read.invalid[0].pointer.as_str()
            ),
            (name, pointer)
        );
        assert_eq!(read.limits.memory_bytes, None, "{resources}");
    }
}

#[test]
fn a_fraction_is_read_from_its_spelling_and_an_integer_from_its_value() {
    let object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "odoo"}, "spec": {"containers": [
        {"name": "odoo", "resources": {"limits": {"cpu": 0.1, "memory": 15}}}]}});
    let literals = |pointer: &str| {
        let spelled = if pointer.ends_with("cpu") {
            "0.1000000000000000000001"
        } else {
            "0o17"
        };
        Some(spelled.to_owned())
    };
    let read = of_object(&object, &literals, &Around::default())
        .unwrap()
        .containers
        .remove(0)
        .resources;
    assert_eq!(
        (read.limits.cpu_milli, read.limits.memory_bytes),
        (Some(101), Some(15))
    );
    assert_eq!(read.literal["limits.memory"], "0o17");
}
