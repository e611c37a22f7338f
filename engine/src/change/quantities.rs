//! Where Kubernetes reads a quantity, `1Gi` and `1024Mi` are the same value.
//! Knows where quantities stand, not what they are for.

use serde_json::Value;

use crate::manifest::Quantity;
use crate::model::ObjectRef;

/// Whether two scalars at `shape` (a path with `*` for list positions) are one amount.
pub(super) fn equal(object: &ObjectRef, shape: &str, old: &Value, new: &Value) -> bool {
    holds_quantity(object, shape)
        && match (quantity(old), quantity(new)) {
            (Some(old), Some(new)) => old == new,
            _ => false,
        }
}

/// Spells every quantity at or below `pointer` in one way.
pub(super) fn canonical(object: &ObjectRef, pointer: &str, value: &mut Value) {
    let shape: Vec<String> = pointer
        .split('/')
        .skip(1)
        .map(|step| {
            let number = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
            if number {
                "*".to_owned()
            } else {
                step.to_owned()
            }
        })
        .collect();
    spell(object, &shape.join("/"), value);
}

fn spell(object: &ObjectRef, shape: &str, value: &mut Value) {
    let below = |step: &str| {
        if shape.is_empty() {
            step.to_owned()
        } else {
            format!("{shape}/{step}")
        }
    };
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                spell(object, &below(key), value);
            }
        }
        Value::Array(items) => {
            for item in items {
                spell(object, &below("*"), item);
            }
        }
        scalar => {
            if holds_quantity(object, shape)
                && let Some(quantity) = quantity(scalar)
            {
                *scalar = Value::String(format!("{}n", quantity.nanos()));
            }
        }
    }
}

fn quantity(value: &Value) -> Option<Quantity> {
    match value {
        Value::String(text) => Quantity::parse(text).ok(),
        Value::Number(number) => Quantity::parse(&number.to_string()).ok(),
        _ => None,
    }
}

fn holds_quantity(object: &ObjectRef, shape: &str) -> bool {
    let steps: Vec<&str> = shape.split('/').collect();
    match steps.as_slice() {
        [.., "requests" | "limits", _]
            if shape.contains("resources/") || shape.contains("Resources/") =>
        {
            true
        }
        [.., "emptyDir", "sizeLimit"]
        | [.., "overhead", _]
        | [.., "resourceFieldRef", "divisor"] => true,
        ["spec", "capacity", _] => object.kind == "PersistentVolume",
        ["spec", "hard", _] => object.kind == "ResourceQuota",
        [
            "spec",
            "limits",
            "*",
            "max" | "min" | "default" | "defaultRequest" | "maxLimitRequestRatio",
            _,
        ] => object.kind == "LimitRange",
        ["spec", "storage" | "walStorage", "size"]
        | ["spec", "tablespaces", "*", "storage", "size"] => object.group() == "postgresql.cnpg.io",
        [
            "spec",
            "resourcePolicy",
            "containerPolicies",
            "*",
            "minAllowed" | "maxAllowed",
            _,
        ] => object.kind == "VerticalPodAutoscaler",
        ["spec", "metrics", "*", .., "averageValue" | "value"] => {
            object.kind == "HorizontalPodAutoscaler"
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bounds_of_an_autoscaler_and_divisors_are_amounts() {
        let object = |api_version: &str, kind: &str| ObjectRef {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: None,
            name: "odoo".to_owned(),
        };
        let autoscaler = object("autoscaling.k8s.io/v1", "VerticalPodAutoscaler");
        let pod = object("v1", "Pod");
        let bound = "spec/resourcePolicy/containerPolicies/*";
        let divisor = "spec/containers/*/env/*/valueFrom/resourceFieldRef/divisor";
        for (object, shape) in [
            (&autoscaler, format!("{bound}/minAllowed/memory")),
            (&autoscaler, format!("{bound}/maxAllowed/memory")),
            (&pod, divisor.to_owned()),
        ] {
            let same = |new: &str| equal(object, &shape, &json!("1Gi"), &json!(new));
            assert!(same("1024Mi") && !same("1025Mi"), "{shape}");
        }
        let elsewhere = format!("{bound}/minAllowed/memory");
        assert!(!equal(&pod, &elsewhere, &json!("1Gi"), &json!("1024Mi")));
    }
}
