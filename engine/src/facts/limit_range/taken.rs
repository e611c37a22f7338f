//! Whether the API server takes a `LimitRange`: one that it refuses gives nothing.
//! Knows nothing of containers.

use serde_json::Value;

use crate::manifest::Quantity;

/// Whether `limit_range`, of whatever version and name, is one that the API server takes.
pub(super) fn is_taken(limit_range: &Value) -> bool {
    let text = |pointer: &str| limit_range.pointer(pointer).and_then(Value::as_str);
    let named = text("/metadata/name").is_some_and(|name| !name.is_empty());
    let items = limit_range
        .pointer("/spec/limits")
        .and_then(Value::as_array);
    text("/apiVersion") == Some("v1")
        && named
        && items.is_some_and(|items| items.iter().all(|item| is_sound(item, items)))
}

/// An item, of those of its `LimitRange`: the only one of its type, with amounts that agree.
fn is_sound(item: &Value, items: &[Value]) -> bool {
    let Some(kind) = kind(item) else {
        return false;
    };
    let only = items
        .iter()
        .filter(|it| self::kind(it) == Some(kind))
        .count()
        == 1;
    let has = |field: &str, name: &str| item.get(field).and_then(|it| it.get(name)).is_some();
    let complete = match kind {
        "Pod" => item.get("default").is_none() && item.get("defaultRequest").is_none(),
        "PersistentVolumeClaim" => has("min", "storage") || has("max", "storage"),
        _ => true,
    };
    only && complete && amounts_agree(item)
}

fn kind(item: &Value) -> Option<&str> {
    item.get("type")?.as_str()
}

fn amounts_agree(item: &Value) -> bool {
    let mut names: Vec<&String> = Vec::new();
    for field in FIELDS {
        match item.get(field) {
            None => {}
            Some(Value::Object(amounts)) => names.extend(amounts.keys()),
            Some(_) => return false,
        }
    }
    names.into_iter().all(|name| agree(item, name).is_some())
}

/// The amounts of one resource, from small to large; nothing where they contradict each other.
fn agree(item: &Value, name: &str) -> Option<()> {
    let amount = |field: &str| match item.get(field).and_then(|it| it.get(name)) {
        None => Some(None),
        Some(written) => quantity(written).map(Some),
    };
    let [min, max, mut default, mut request, ratio] = [
        amount("min")?,
        amount("max")?,
        amount("default")?,
        amount("defaultRequest")?,
        amount("maxLimitRequestRatio")?,
    ];
    // What is absent is filled in before anything is compared.
    if kind(item) == Some("Container") {
        default = default.or(max);
        request = request.or(default).or(min);
    }
    let order: Vec<Quantity> = [min, request, default, max].into_iter().flatten().collect();
    let sound = order.is_sorted() && ratio.is_none_or(|ratio| fits(ratio, min, max));
    sound.then_some(())
}

/// A ratio is at least one, and at most what the bounds leave room for.
fn fits(ratio: Quantity, min: Option<Quantity>, max: Option<Quantity>) -> bool {
    let room = match (min, max) {
        (Some(min), Some(max)) if min.nanos() > 0 => {
            ratio.nanos().saturating_mul(min.nanos()) <= max.nanos().saturating_mul(ONE)
        }
        _ => true,
    };
    ratio.nanos() >= ONE && room
}

fn quantity(written: &Value) -> Option<Quantity> {
    match written {
        Value::String(text) => Quantity::parse(text).ok(),
        Value::Number(number) => Quantity::parse(&number.to_string()).ok(),
        _ => None,
    }
}

const FIELDS: [&str; 5] = [
    "min",
    "max",
    "default",
    "defaultRequest",
    "maxLimitRequestRatio",
];
const ONE: i128 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn with(limits: &Value) -> Value {
        json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "a"}, "spec": {"limits": limits}})
    }

    fn container(mut item: Value) -> Value {
        item["type"] = json!("Container");
        with(&json!([item]))
    }

    #[test]
    fn amounts_from_small_to_large_are_taken() {
        for taken in [
            container(json!({"default": {"memory": "2Gi"}})),
            container(json!({"default": {"memory": 2, "cpu": "0.5"}})),
            container(
                json!({"min": {"memory": "1"}, "defaultRequest": {"memory": "2"}, "default": {"memory": "3"}, "max": {"memory": "4"}}),
            ),
            container(json!({"min": {"memory": "1"}, "max": {"memory": "1"}})),
            container(json!({"maxLimitRequestRatio": {"cpu": "1.5"}})),
            container(
                json!({"min": {"cpu": "1"}, "max": {"cpu": "4"}, "maxLimitRequestRatio": {"cpu": 4}}),
            ),
            with(
                &json!([{"type": "Pod", "max": {"memory": "1"}}, {"type": "Container", "max": {"memory": "1"}}]),
            ),
            with(&json!([{"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}}])),
            with(&json!([])),
        ] {
            assert!(is_taken(&taken), "{taken}");
        }
    }

    #[test]
    fn what_the_api_server_refuses_is_not_taken() {
        for refused in [
            container(json!({"min": {"memory": "2"}, "max": {"memory": "1"}})),
            container(json!({"default": {"memory": "2"}, "max": {"memory": "1"}})),
            container(json!({"default": {"memory": "1"}, "defaultRequest": {"memory": "2"}})),
            container(json!({"defaultRequest": {"memory": "2"}, "max": {"memory": "1"}})),
            container(json!({"min": {"memory": "2"}, "defaultRequest": {"memory": "1"}})),
            container(json!({"min": {"memory": "2"}, "default": {"memory": "1"}})),
            container(json!({"default": {"nvidia.com/gpu": "1"}, "max": {"nvidia.com/gpu": "0"}})),
            container(json!({"default": {"memory": "1K"}})),
            container(json!({"default": {"memory": "-1"}})),
            container(json!({"default": {"memory": true}})),
            container(json!({"default": "1Gi"})),
            container(json!({"maxLimitRequestRatio": {"cpu": "0.5"}})),
            container(
                json!({"min": {"cpu": "1"}, "max": {"cpu": "2"}, "maxLimitRequestRatio": {"cpu": "3"}}),
            ),
            with(
                &json!([{"type": "Container"}, {"type": "Container", "default": {"memory": "1"}}]),
            ),
            with(&json!([{"type": "Pod", "default": {"memory": "1"}}])),
            with(&json!([{"type": "PersistentVolumeClaim"}])),
            with(&json!([{"default": {"memory": "1"}}])),
            with(&json!({"type": "Container"})),
            with(&json!([7])),
        ] {
            assert!(!is_taken(&refused), "{refused}");
        }
    }

    #[test]
    fn a_version_that_is_none_and_a_name_that_is_still_to_come_are_not_taken() {
        let sound = container(json!({"default": {"memory": "2Gi"}}));
        let mut other = sound.clone();
        other["apiVersion"] = json!("v2");
        let mut generated = sound.clone();
        generated["metadata"] = json!({"generateName": "a-"});
        assert!(is_taken(&sound) && !is_taken(&other) && !is_taken(&generated));
    }
}
