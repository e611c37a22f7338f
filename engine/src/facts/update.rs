//! How the pods of a workload are replaced: how many more there are meanwhile, and how many fewer.
//! Knows nothing of what a node or a quota has room for.

use serde::Serialize;
use serde_json::{Value, json};

use crate::model::ObjectRef;

use super::share::{down, share, up};

/// How pods are replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Update {
    /// `RollingUpdate`, `Recreate`, `OnDelete`, `BlueGreen`, `Canary` or what else is written.
    pub strategy: String,
    /// How many pods there are beyond the most that are wanted.
    pub surge: u32,
    /// How many of the fewest that are wanted may be missing.
    pub unavailable: u32,
    /// Whether it could never begin: no pod more and none fewer.
    pub stuck: bool,
}

impl Update {
    /// That of `object`, of which `lowest` to `highest` pods are wanted.
    pub(super) fn of(object: &Value, reference: &ObjectRef, range: (u32, u32)) -> Self {
        let spec = |pointer: &str| object.pointer(&format!("/spec{pointer}"));
        let text = |pointer: &str| spec(pointer).and_then(Value::as_str);
        match (reference.group(), reference.kind.as_str()) {
            ("apps" | "extensions", "Deployment") => {
                match text("/strategy/type").unwrap_or("RollingUpdate") {
                    "RollingUpdate" => Self::rolling(spec("/strategy/rollingUpdate"), range),
                    other => Self::stopping(other, range),
                }
            }
            ("apps", "StatefulSet") => {
                let most = spec("/updateStrategy/rollingUpdate/maxUnavailable");
                let most = most
                    .and_then(|most| share(most, range.0, up))
                    .unwrap_or(1)
                    .max(1);
                Self::in_turn(text("/updateStrategy/type"), most.min(range.0))
            }
            ("argoproj.io", "Rollout") => Self::rollout(object, range),
            ("postgresql.cnpg.io", "Cluster") => Self::in_turn(None, range.0.min(1)),
            _ => Self::in_turn(Some("OnDelete"), 0),
        }
    }

    /// Shares of the surge round up, those of the pods that may be missing down. Where both come to
    /// nothing though not both are written so, one pod may be missing.
    fn rolling(written: Option<&Value>, (lowest, highest): (u32, u32)) -> Self {
        let of = |field: &str| written.and_then(|it| it.get(field)).cloned();
        let surge = of("maxSurge").unwrap_or_else(|| json!("25%"));
        let missing = of("maxUnavailable").unwrap_or_else(|| json!("25%"));
        let is_none = |it: &Value| *it == json!(0) || *it == json!("0%");
        let surging = share(&surge, highest, up).unwrap_or(0);
        let unavailable = share(&missing, lowest, down).unwrap_or(0).min(lowest);
        let stuck = is_none(&surge) && is_none(&missing);
        Self {
            strategy: "RollingUpdate".to_owned(),
            surge: surging,
            unavailable: match (surging, stuck) {
                (0, false) => unavailable.max(1),
                _ => unavailable,
            },
            stuck,
        }
    }

    /// All pods stop before the first new one starts.
    fn stopping(strategy: &str, (lowest, _): (u32, u32)) -> Self {
        Self {
            strategy: strategy.to_owned(),
            surge: 0,
            unavailable: lowest,
            stuck: false,
        }
    }

    fn in_turn(strategy: Option<&str>, unavailable: u32) -> Self {
        Self {
            strategy: strategy.unwrap_or("RollingUpdate").to_owned(),
            surge: 0,
            unavailable,
            stuck: false,
        }
    }

    /// Blue and green stand side by side; a canary with traffic routing too, unless the stable
    /// side shrinks while the other grows.
    fn rollout(object: &Value, (lowest, highest): (u32, u32)) -> Self {
        let strategy = |pointer: &str| object.pointer(&format!("/spec/strategy{pointer}"));
        let whole = |strategy: &str, surge: u32| Self {
            strategy: strategy.to_owned(),
            surge,
            unavailable: 0,
            stuck: false,
        };
        if strategy("/blueGreen").is_some() {
            let preview = strategy("/blueGreen/previewReplicaCount").and_then(Value::as_u64);
            let preview = preview.and_then(|it| u32::try_from(it).ok());
            // It grows to full size before the switch.
            return whole("BlueGreen", preview.unwrap_or(highest).max(highest));
        }
        let shrinks = strategy("/canary/dynamicStableScale") == Some(&Value::Bool(true));
        if strategy("/canary/trafficRouting").is_some() && !shrinks {
            return whole("Canary", highest);
        }
        Self {
            strategy: "Canary".to_owned(),
            ..Self::rolling(strategy("/canary"), (lowest, highest))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(api_version: &str, kind: &str, spec: &Value, range: (u32, u32)) -> (u32, u32) {
        let object = json!({"spec": spec});
        let reference = ObjectRef {
            api_version: api_version.to_owned(),
            kind: kind.to_owned(),
            namespace: None,
            name: "odoo".to_owned(),
        };
        let update = Update::of(&object, &reference, range);
        (update.surge, update.unavailable)
    }

    fn deployment(strategy: &Value, pods: u32) -> (u32, u32) {
        of(
            "apps/v1",
            "Deployment",
            &json!({"strategy": strategy}),
            (pods, pods),
        )
    }

    #[test]
    fn the_surge_rounds_up_and_what_may_be_missing_down() {
        assert_eq!(deployment(&Value::Null, 3), (1, 0));
        assert_eq!(deployment(&Value::Null, 8), (2, 2));
        let shares = json!({"rollingUpdate": {"maxSurge": "10%", "maxUnavailable": "50%"}});
        assert_eq!(deployment(&shares, 5), (1, 2));
        let pods = json!({"rollingUpdate": {"maxSurge": 2, "maxUnavailable": 9}});
        assert_eq!(deployment(&pods, 5), (2, 5));
    }

    #[test]
    fn an_update_of_no_pod_more_and_none_fewer_never_begins() {
        let none = json!({"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "0%"}});
        assert_eq!(deployment(&none, 5), (0, 0));
        let little = json!({"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "10%"}});
        assert_eq!(deployment(&little, 5), (0, 1));
    }

    #[test]
    fn what_recreates_stops_everything() {
        assert_eq!(deployment(&json!({"type": "Recreate"}), 4), (0, 4));
    }

    #[test]
    fn blue_and_green_need_room_for_both() {
        let rollout = |strategy: Value| {
            of(
                "argoproj.io/v1alpha1",
                "Rollout",
                &json!({"strategy": strategy}),
                (4, 6),
            )
        };
        assert_eq!(
            rollout(json!({"blueGreen": {"previewReplicaCount": 1}})),
            (6, 0)
        );
        assert_eq!(rollout(json!({"canary": {"trafficRouting": {}}})), (6, 0));
        assert_eq!(
            rollout(json!({"canary": {"maxSurge": 1, "maxUnavailable": 0}})),
            (1, 0)
        );
    }

    #[test]
    fn ordered_pods_are_replaced_in_turn() {
        assert_eq!(of("apps/v1", "StatefulSet", &json!({}), (3, 3)), (0, 1));
        assert_eq!(
            of("postgresql.cnpg.io/v1", "Cluster", &json!({}), (3, 3)),
            (0, 1)
        );
        assert_eq!(of("batch/v1", "Job", &json!({}), (3, 3)), (0, 0));
    }
}
