use serde_json::json;

use super::super::workloads::{Around, Workload, of_object};
use super::*;

fn limit_range(name: &str, items: &Value) -> Value {
    json!({"apiVersion": "v1", "metadata": {"name": name, "namespace": "shop"}, "spec": {"limits": items}})
}

fn pod(resources: &Value, limit_ranges: &[Value]) -> Workload {
    let object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "odoo", "namespace": "shop"}, "spec": {
        "containers": [{"name": "odoo", "resources": resources}],
        "ephemeralContainers": [{"name": "debug"}]}});
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

fn item(mut amounts: Value) -> Value {
    amounts["type"] = json!("Container");
    json!([amounts])
}

#[test]
fn gaps_are_filled_in_the_order_of_the_api_server() {
    for (amounts, limit, request) in [
        (json!({"default": {"memory": "2"}}), Some(2), Some(2)),
        (json!({"max": {"memory": "3"}}), Some(3), Some(3)),
        (
            json!({"max": {"memory": "3"}, "default": {"memory": "2"}}),
            Some(2),
            Some(2),
        ),
        (
            json!({"default": {"memory": "2"}, "defaultRequest": {"memory": "1"}}),
            Some(2),
            Some(1),
        ),
        (json!({"min": {"memory": "1"}}), None, Some(1)),
        (
            json!({"min": {"memory": "1"}, "max": {"memory": "3"}}),
            Some(3),
            Some(3),
        ),
        (json!({"defaultRequest": {"memory": 1}}), None, Some(1)),
        (json!({"default": {"memory": true}}), None, None),
    ] {
        let workload = pod(&json!({}), &[limit_range("lr", &item(amounts.clone()))]);
        let resources = &workload.containers[0].resources;
        assert_eq!(resources.limits.memory_bytes, limit, "{amounts}");
        assert_eq!(resources.requests.memory_bytes, request, "{amounts}");
        let source = limit.map_or(Source::Absent, |_| Source::LimitRange);
        assert_eq!(resources.source["limits.memory"], source, "{amounts}");
        assert_eq!(
            workload.containers[1].resources.limits.memory_bytes, None,
            "nothing for ephemeral ones"
        );
        assert_eq!(workload.limit_range.violations, [], "{amounts}");
    }
}

#[test]
fn what_a_container_says_itself_comes_first() {
    let limits = [limit_range(
        "lr",
        &item(json!({"default": {"memory": "2Gi"}, "defaultRequest": {"memory": "1"}})),
    )];
    let workload = pod(&json!({"limits": {"memory": "1Gi"}}), &limits);
    let resources = &workload.containers[0].resources;
    assert_eq!(resources.limits.memory_bytes, Some(1 << 30));
    assert_eq!(resources.source["requests.memory"], Source::FromLimit);
}

#[test]
fn only_items_of_containers_and_pods_in_the_own_namespace_count() {
    let mut elsewhere = limit_range("other", &item(json!({"max": {"memory": "1"}})));
    elsewhere["metadata"]["namespace"] = json!("other");
    let claims = limit_range(
        "claims",
        &json!([{"type": "PersistentVolumeClaim", "max": {"memory": "1"}}, {"max": {"memory": "1"}}, 7]),
    );
    let broken = limit_range("broken", &json!("x"));
    let workload = pod(&json!({}), &[elsewhere, claims, broken]);
    assert_eq!(workload.limit_range.names, Vec::<String>::new());
    assert_eq!(workload.containers[0].resources.limits.memory_bytes, None);
}

#[test]
fn two_that_give_defaults_are_ambiguous_and_count_where_they_agree() {
    let first = limit_range(
        "b",
        &item(json!({"default": {"memory": "1Gi", "cpu": "1"}})),
    );
    let second = limit_range(
        "a",
        &item(json!({"default": {"memory": "2Gi", "cpu": "1000m"}})),
    );
    let workload = pod(&json!({}), &[first.clone(), second]);
    assert_eq!(workload.limit_range.names, ["a", "b"]);
    assert!(workload.limit_range.ambiguous);
    let resources = &workload.containers[0].resources;
    assert_eq!(
        (resources.limits.memory_bytes, resources.limits.cpu_milli),
        (None, Some(1000))
    );
    assert!(!pod(&json!({}), &[first]).limit_range.ambiguous);
}

#[test]
fn bounds_are_compared_with_what_a_container_ends_up_with() {
    let resources = json!({"requests": {"memory": "100Mi", "cpu": "50m"}, "limits": {"memory": "400Mi", "cpu": "100m"}});
    for (amounts, resource, rule, actual, bound) in [
        (
            json!({"max": {"memory": "300Mi"}}),
            "limits.memory",
            Rule::Max,
            400 << 20,
            300 << 20,
        ),
        (
            json!({"min": {"memory": "200Mi"}}),
            "requests.memory",
            Rule::Min,
            100 << 20,
            200 << 20,
        ),
        (
            json!({"maxLimitRequestRatio": {"memory": "3"}}),
            "limits.memory",
            Rule::Ratio,
            4000,
            3000,
        ),
        (
            json!({"maxLimitRequestRatio": {"cpu": "1.5"}}),
            "limits.cpu",
            Rule::Ratio,
            2000,
            1500,
        ),
    ] {
        let workload = pod(&resources, &[limit_range("lr", &item(amounts.clone()))]);
        let expected = Violation {
            container: Some("odoo".into()),
            resource: resource.into(),
            rule,
            actual: Some(actual),
            bound,
            pointer: format!(
                "/spec/containers/0/resources/{}",
                resource.replace('.', "/")
            ),
        };
        assert_eq!(workload.limit_range.violations, [expected], "{amounts}");
    }
    let fitting = json!({"max": {"memory": "400Mi"}, "min": {"memory": "100Mi"}, "maxLimitRequestRatio": {"memory": 4}});
    assert_eq!(
        pod(&resources, &[limit_range("lr", &item(fitting))])
            .limit_range
            .violations,
        []
    );
}

#[test]
fn a_ratio_without_a_limit_keeps_a_pod_from_starting_too() {
    let ratio = limit_range(
        "lr",
        &item(json!({"maxLimitRequestRatio": {"memory": "2"}})),
    );
    for (resources, violations) in [
        (json!({"requests": {"memory": "1Gi"}}), 1),
        (json!({"limits": {"memory": "0"}}), 1),
        (json!({"limits": {"memory": "1Gi"}}), 0),
        (json!({"limits": {"memory": "1K"}}), 0),
    ] {
        let found = pod(&resources, std::slice::from_ref(&ratio))
            .limit_range
            .violations;
        assert_eq!(found.len(), violations, "{resources}");
        assert!(found.iter().all(|it| it.actual.is_none()));
    }
    let object = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "odoo", "namespace": "shop"}, "spec": {
        "containers": [{"name": "odoo"}], "resources": {"limits": {"memory": "1Gi"}}}});
    let around = Around {
        limit_ranges: vec![&ratio],
        ..Around::default()
    };
    let of_pod = of_object(&object, &|_| None, &around).unwrap();
    let found = of_pod.limit_range.violations;
    assert_eq!(found.len(), 1, "what the pod has is not the container's");
}

#[test]
fn one_cause_is_one_violation() {
    let max = limit_range("lr", &item(json!({"max": {"memory": "1Gi"}})));
    let found = pod(&json!({"limits": {"memory": "2Gi"}}), &[max])
        .limit_range
        .violations;
    assert_eq!(
        found
            .iter()
            .map(|it| it.resource.as_str())
            .collect::<Vec<_>>(),
        ["limits.memory"]
    );
}

#[test]
fn a_ratio_beyond_all_bounds_is_as_large_as_can_be() {
    assert_eq!(thousandths(i64::MAX, 1), i64::MAX);
    assert_eq!(thousandths(3, 2), 1500);
    assert_eq!(thousandths(1, 3), 334);
}
