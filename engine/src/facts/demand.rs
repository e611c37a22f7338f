//! What one pod of a workload asks of its namespace: the sum of its containers as the scheduler and
//! a quota count it. Knows nothing of how many pods there are.

use serde_json::Value;

use super::amount::{Resource, amount};
use super::resources::Side;
use super::workload::{Amounts, Container, Demand, Resources, Role};

impl Demand {
    /// Of a pod of these settled containers; `spec` is what the pods are made of.
    pub(super) fn of(
        containers: &[Container],
        pod: Option<&Resources>,
        spec: Option<&Value>,
    ) -> Self {
        let side = |side: Side| {
            let mut amounts = Amounts::default();
            for resource in Resource::ALL {
                let own = pod.and_then(|pod| side.of(&pod.requests, &pod.limits).of(resource));
                // Where the pod speaks for itself, a container may be silent.
                let silent = pod.map(|_| 0);
                let sum = own.or_else(|| sum(containers, (side, resource), silent));
                let overhead = overhead(spec, resource).unwrap_or(0);
                *amounts.of_mut(resource) = sum.map(|sum| sum.saturating_add(overhead));
            }
            amounts
        };
        Self {
            requests: side(Side::Requests),
            limits: side(Side::Limits),
        }
    }
}

/// What runs at once at most: all that stays, or an init container beside the sidecars before it.
/// A container that says nothing counts as `silent`; where that is `None`, no number holds.
pub(super) fn sum(
    containers: &[Container],
    (side, resource): (Side, Resource),
    silent: Option<i64>,
) -> Option<i64> {
    let amount =
        |container: &Container| container.resources.at_admission(side, resource).or(silent);
    let (mut running, mut beside, mut peak) = (0_i64, 0_i64, 0_i64);
    for container in containers {
        match container.role {
            Role::App => running = running.saturating_add(amount(container)?),
            Role::Sidecar => {
                beside = beside.saturating_add(amount(container)?);
                running = running.saturating_add(amount(container)?);
            }
            Role::Init => peak = peak.max(beside.saturating_add(amount(container)?)),
            Role::Ephemeral => {}
        }
    }
    Some(running.max(peak))
}

fn overhead(spec: Option<&Value>, resource: Resource) -> Option<i64> {
    let written = spec?.get("overhead")?.get(resource.name())?;
    let text = match written {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    amount(&text, resource).ok()
}

#[cfg(test)]
mod tests {
    use super::super::workloads::{Around, of_object};
    use super::*;
    use serde_json::json;

    fn memory(spec: &Value) -> Option<i64> {
        let pod =
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "odoo"}, "spec": spec});
        of_object(&pod, &|_| None, &Around::default())
            .unwrap()
            .pod
            .requests
            .memory_bytes
    }

    fn container(name: &str, memory: &str) -> Value {
        json!({"name": name, "resources": {"limits": {"memory": memory}}})
    }

    fn sidecar(name: &str, memory: &str) -> Value {
        let mut sidecar = container(name, memory);
        sidecar["restartPolicy"] = json!("Always");
        sidecar
    }

    #[test]
    fn an_init_container_counts_where_it_is_larger_than_all_that_stays() {
        let apps = json!([container("odoo", "2"), container("nginx", "1")]);
        let with = |inits: Value| memory(&json!({"containers": apps, "initContainers": inits}));
        assert_eq!(with(json!([])), Some(3));
        assert_eq!(with(json!([container("migrate", "2")])), Some(3));
        assert_eq!(with(json!([container("migrate", "9")])), Some(9));
        assert_eq!(
            with(json!([sidecar("proxy", "1"), container("migrate", "9")])),
            Some(10)
        );
        assert_eq!(
            with(json!([container("migrate", "9"), sidecar("proxy", "1")])),
            Some(9)
        );
        assert_eq!(with(json!([sidecar("proxy", "1")])), Some(4));
    }

    #[test]
    fn the_pod_speaks_for_its_containers_and_its_runtime_adds_to_them() {
        let pod =
            json!({"containers": [{"name": "odoo"}], "resources": {"requests": {"memory": "5"}}});
        assert_eq!(memory(&pod), Some(5));
        let heavy = json!({"containers": [container("odoo", "2")], "overhead": {"memory": "3"}});
        assert_eq!(memory(&heavy), Some(5));
    }

    #[test]
    fn a_container_that_says_nothing_leaves_no_sum() {
        assert_eq!(
            memory(&json!({"containers": [container("odoo", "2"), {"name": "nginx"}]})),
            None
        );
    }
}
