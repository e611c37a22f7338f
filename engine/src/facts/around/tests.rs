use serde_json::json;

use super::super::workloads::of_object;
use super::*;

fn named(name: &str, spec: &Value) -> Value {
    json!({"metadata": {"name": name, "namespace": "shop"}, "spec": spec})
}

fn deployment(replicas: Option<u32>, spec: &Value) -> Value {
    let template = json!({"metadata": {"labels": {"app": "odoo"}}, "spec": spec});
    json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "odoo", "namespace": "shop"},
        "spec": {"replicas": replicas, "template": template}})
}

fn of(object: &Value, around: &Around<'_>) -> Availability {
    of_object(object, &|_| None, around).unwrap().availability
}

fn budget(spec: &Value, replicas: u32, autoscalers: &[&Value]) -> Option<u32> {
    let mut whole = json!({"selector": {"matchLabels": {"app": "odoo"}}});
    whole
        .as_object_mut()
        .unwrap()
        .extend(spec.as_object().unwrap().clone());
    let budget = named("odoo", &whole);
    let around = Around {
        budgets: vec![&budget],
        autoscalers: autoscalers.to_vec(),
        ..Around::default()
    };
    of(&deployment(Some(replicas), &json!({})), &around).budgets[0].allowed
}

#[test]
fn the_percentages_of_a_budget_round_up() {
    assert_eq!(budget(&json!({"minAvailable": "90%"}), 3, &[]), Some(0));
    assert_eq!(budget(&json!({"minAvailable": "50%"}), 4, &[]), Some(2));
    assert_eq!(budget(&json!({"maxUnavailable": "10%"}), 3, &[]), Some(1));
    assert_eq!(budget(&json!({"maxUnavailable": "0%"}), 3, &[]), Some(0));
    assert_eq!(budget(&json!({"maxUnavailable": 9}), 3, &[]), Some(3));
    assert_eq!(budget(&json!({}), 3, &[]), Some(2));
    assert_eq!(budget(&json!({"minAvailable": "some"}), 3, &[]), None);
}

#[test]
fn the_floor_of_an_autoscaler_decides_over_the_manifest() {
    let hpa = named(
        "odoo",
        &json!({"scaleTargetRef": {"kind": "Deployment", "name": "odoo"}, "minReplicas": 1, "maxReplicas": 9,
            "metrics": [{"resource": {"name": "cpu", "target": {"averageUtilization": 80}}}]}),
    );
    assert_eq!(budget(&json!({"minAvailable": 1}), 5, &[&hpa]), Some(0));
    let around = Around {
        autoscalers: vec![&hpa],
        ..Around::default()
    };
    let found = of(&deployment(Some(5), &json!({})), &around);
    assert_eq!((found.lowest, found.highest), (Some(1), Some(9)));
    assert_eq!(found.scalers[0].utilisation, ["cpu"]);
}

#[test]
fn a_scaled_object_scales_a_deployment_unless_it_says_otherwise() {
    let own = named(
        "odoo",
        &json!({"scaleTargetRef": {"name": "odoo"}, "minReplicaCount": 2}),
    );
    let other = named(
        "odoo",
        &json!({"scaleTargetRef": {"name": "odoo", "kind": "StatefulSet"}}),
    );
    let around = Around {
        scaled_objects: vec![&own, &other],
        ..Around::default()
    };
    let found = of(&deployment(None, &json!({})), &around);
    assert_eq!((found.lowest, found.highest), (Some(2), Some(100)));
}

#[test]
fn only_what_selects_the_pods_in_their_namespace_counts_on_them() {
    let own = named("odoo", &json!({"selector": {"app": "odoo"}}));
    let other = named("redis", &json!({"selector": {"app": "redis"}}));
    let mut elsewhere = own.clone();
    elsewhere["metadata"]["namespace"] = json!("other");
    let around = Around {
        services: vec![&other, &own, &elsewhere],
        ..Around::default()
    };
    let found = of(&deployment(Some(1), &json!({})), &around);
    assert_eq!(found.services, ["odoo"]);
    assert_eq!((found.budgets.len(), found.grace_seconds), (0, 30));
}

#[test]
fn a_constraint_that_does_not_take_the_pods_keeps_nothing_apart() {
    let spread = |spec: Value| of(&deployment(Some(3), &spec), &Around::default()).spread;
    let constraint = |app: &str, when: &str| {
        json!({"topologySpreadConstraints": [{"topologyKey": ZONE, "whenUnsatisfiable": when,
            "labelSelector": {"matchLabels": {"app": app}}}]})
    };
    assert_eq!(
        spread(constraint("odoo", "DoNotSchedule")),
        Spread::Required
    );
    assert_eq!(
        spread(constraint("odoo", "ScheduleAnyway")),
        Spread::Preferred
    );
    assert_eq!(spread(constraint("web", "DoNotSchedule")), Spread::None);
    let term = json!({"topologyKey": ZONE, "labelSelector": {"matchLabels": {"app": "odoo"}}});
    let apart = |list: &str, term: &Value| json!({"affinity": {"podAntiAffinity": {list: [term]}}});
    let required = "requiredDuringSchedulingIgnoredDuringExecution";
    let preferred = "preferredDuringSchedulingIgnoredDuringExecution";
    assert_eq!(spread(apart(required, &term)), Spread::Required);
    assert_eq!(
        spread(apart(
            preferred,
            &json!({"weight": 1, "podAffinityTerm": term})
        )),
        Spread::Preferred
    );
}

#[test]
fn a_database_is_kept_apart_by_node_unless_it_says_otherwise() {
    let spread = |affinity: Value| {
        let cluster = json!({"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "db"},
            "spec": {"instances": 3, "affinity": affinity}});
        of(&cluster, &Around::default()).spread
    };
    assert_eq!(spread(Value::Null), Spread::None);
    assert_eq!(spread(json!({"topologyKey": ZONE})), Spread::Preferred);
    assert_eq!(
        spread(json!({"topologyKey": ZONE, "podAntiAffinityType": "required"})),
        Spread::Required
    );
    assert_eq!(
        spread(json!({"topologyKey": ZONE, "enablePodAntiAffinity": false})),
        Spread::None
    );
}

#[test]
fn what_resizes_running_pods_is_told_with_what_it_sets() {
    let vertical = |more: Value| {
        let mut spec =
            json!({"targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "odoo"}});
        spec.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        let vpa = named("odoo", &spec);
        let around = Around {
            vertical: vec![&vpa],
            ..Around::default()
        };
        let found = of(&deployment(Some(1), &json!({})), &around).vertical;
        found
            .into_iter()
            .flat_map(|it| it.resources)
            .collect::<Vec<_>>()
    };
    assert_eq!(vertical(json!({})), ["cpu", "memory"]);
    assert_eq!(
        vertical(json!({"updatePolicy": {"updateMode": "Off"}})),
        [""; 0]
    );
    let memory = json!({"containerPolicies": [{"controlledResources": ["memory"]}]});
    assert_eq!(vertical(json!({"resourcePolicy": memory})), ["memory"]);
}

#[test]
fn a_neighbour_concerns_whose_pods_it_picks_and_a_limit_range_everybody() {
    let object = deployment(None, &json!({}));
    let by = |api_version: &str, kind: &str, spec: Value| {
        picks(
            &json!({"apiVersion": api_version, "kind": kind, "spec": spec}),
            &object,
        )
    };
    for name in ["odoo", "redis"] {
        let own = name == "odoo";
        let label = json!({"app": name});
        let target = json!({"kind": "Deployment", "name": name});
        assert_eq!(by("v1", "Service", json!({"selector": label})), own);
        let labels = json!({"selector": {"matchLabels": label}});
        assert_eq!(by("policy/v1", "PodDisruptionBudget", labels), own);
        let scale = json!({"scaleTargetRef": target});
        assert_eq!(by("autoscaling/v2", "HorizontalPodAutoscaler", scale), own);
        let vertical = json!({"targetRef": target});
        assert_eq!(
            by("autoscaling.k8s.io/v1", "VerticalPodAutoscaler", vertical),
            own
        );
        let keda = json!({"scaleTargetRef": {"name": name}});
        assert_eq!(by("keda.sh/v1alpha1", "ScaledObject", keda), own);
        assert!(by("v1", "LimitRange", json!({"limits": []})));
        let claim = json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}});
        let kinds = [("Service", false), ("LimitRange", true)];
        for (kind, concerns) in kinds {
            let spec = json!({"selector": label});
            let by = json!({"apiVersion": "v1", "kind": kind, "spec": spec});
            assert_eq!(picks(&by, &claim), concerns, "what has no pods");
        }
    }
}
