//! Which pods a `ResourceQuota` with scopes holds for, by what their template says.
//! Knows nothing of the priority class that a cluster gives to pods without one.

use serde_json::Value;

use super::amount::Resource;
use super::pods::PodSource;
use super::resources::Side;
use super::workload::Workload;

/// The scopes of one quota; a pod has to be in all of them.
pub(super) struct Scopes<'q>(Vec<Scope<'q>>);

struct Scope<'q> {
    name: &'q str,
    operator: &'q str,
    values: Vec<&'q str>,
}

impl<'q> Scopes<'q> {
    /// Those of `quota`; `None` where it holds for every pod.
    pub(super) fn of(quota: &'q Value) -> Option<Self> {
        let list = |pointer: &str| quota.pointer(pointer).and_then(Value::as_array);
        let plain = list("/spec/scopes").into_iter().flatten();
        let plain = plain.filter_map(Value::as_str).map(|name| Scope {
            name,
            operator: "Exists",
            values: Vec::new(),
        });
        let chosen = list("/spec/scopeSelector/matchExpressions");
        let scopes: Vec<Scope<'_>> = plain
            .chain(chosen.into_iter().flatten().map(Scope::read))
            .collect();
        (!scopes.is_empty()).then_some(Self(scopes))
    }

    /// Whether the pods of `workload`, which `object` describes, are in all of them.
    pub(super) fn take(&self, workload: &Workload, object: &Value) -> bool {
        let spec = PodSource::of(&workload.object)
            .and_then(|pods| pods.pod_spec(object))
            .or_else(|| object.get("spec"));
        self.0.iter().all(|scope| scope.takes(workload, spec))
    }
}

impl<'q> Scope<'q> {
    fn read(expression: &'q Value) -> Self {
        let text = |field: &str| {
            expression
                .get(field)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let values = expression.get("values").and_then(Value::as_array);
        Self {
            name: text("scopeName"),
            operator: text("operator"),
            values: values
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect(),
        }
    }

    fn takes(&self, workload: &Workload, spec: Option<&Value>) -> bool {
        let field = |name: &str| {
            spec.and_then(|spec| spec.get(name))
                .filter(|it| !it.is_null())
        };
        match self.name {
            "Terminating" => field("activeDeadlineSeconds").is_some(),
            "NotTerminating" => field("activeDeadlineSeconds").is_none(),
            "BestEffort" => is_best_effort(workload),
            "NotBestEffort" => !is_best_effort(workload),
            "PriorityClass" => self.chooses(field("priorityClassName").and_then(Value::as_str)),
            "CrossNamespacePodAffinity" => field("affinity").is_some_and(crosses_namespaces),
            // The API server takes no other for pods.
            _ => false,
        }
    }

    /// As a label selector chooses.
    fn chooses(&self, class: Option<&str>) -> bool {
        let class = class.filter(|class| !class.is_empty());
        let is_listed = || class.is_some_and(|class| self.values.contains(&class));
        match self.operator {
            "Exists" => class.is_some(),
            "DoesNotExist" => class.is_none(),
            "In" => is_listed(),
            "NotIn" => !is_listed(),
            _ => false,
        }
    }
}

/// Whether no container and not the pod reserves or bounds processor time or memory.
fn is_best_effort(workload: &Workload) -> bool {
    let silent = |amount: Option<i64>| amount.unwrap_or(0) == 0;
    Side::ALL.into_iter().all(|side| {
        [Resource::Cpu, Resource::Memory]
            .into_iter()
            .all(|resource| {
                let own = workload.pod_resources.as_ref();
                silent(own.and_then(|pod| side.of(&pod.requests, &pod.limits).of(resource)))
                    && workload
                        .containers
                        .iter()
                        .all(|container| silent(container.resources.at_admission(side, resource)))
            })
    })
}

/// Whether a term looks for pods in other namespaces than its own.
fn crosses_namespaces(affinity: &Value) -> bool {
    let terms = ["podAffinity", "podAntiAffinity"]
        .into_iter()
        .filter_map(|kind| affinity.get(kind));
    terms.flat_map(terms_of).any(|term| {
        let named = term.get("namespaces").and_then(Value::as_array);
        named.is_some_and(|named| !named.is_empty())
            || term
                .get("namespaceSelector")
                .is_some_and(|it| !it.is_null())
    })
}

fn terms_of(affinity: &Value) -> impl Iterator<Item = &Value> {
    let list = |field: &str| {
        affinity
            .get(field)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let preferred = list("preferredDuringSchedulingIgnoredDuringExecution");
    list("requiredDuringSchedulingIgnoredDuringExecution")
        .chain(preferred.filter_map(|weighted| weighted.get("podAffinityTerm")))
}

#[cfg(test)]
mod tests {
    use super::super::workloads::{Around, of_object};
    use super::*;
    use serde_json::json;

    fn taken(quota: &Value, spec: &Value) -> bool {
        let pod =
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "odoo"}, "spec": spec});
        let workload = of_object(&pod, &|_| None, &Around::default()).unwrap();
        Scopes::of(&json!({"spec": quota}))
            .unwrap()
            .take(&workload, &pod)
    }

    fn priority(operator: &str, values: &Value) -> Value {
        json!({"scopeSelector": {"matchExpressions":
            [{"scopeName": "PriorityClass", "operator": operator, "values": values}]}})
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a row for each scope")]
    fn each_scope_takes_what_the_api_server_takes() {
        let quiet = json!({"containers": [{"name": "odoo"}]});
        let with = |field: &str, value: Value| {
            let mut spec = quiet.clone();
            spec[field] = value;
            spec
        };
        let zero = json!([{"name": "odoo", "resources": {"requests": {"cpu": "0"}}}]);
        let loud = json!([{"name": "odoo", "resources": {"limits": {"cpu": "1"}}}]);
        let near = json!({"podAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"topologyKey": "zone"}]}});
        let far = json!({"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution":
            [{"weight": 1, "podAffinityTerm": {"namespaces": ["other"]}}]}});
        let plain = |scope: &str| json!({"scopes": [scope]});
        for (quota, spec, wanted) in [
            (plain("Terminating"), &quiet, false),
            (
                plain("Terminating"),
                &with("activeDeadlineSeconds", json!(0)),
                true,
            ),
            (plain("NotTerminating"), &quiet, true),
            (
                plain("NotTerminating"),
                &with("activeDeadlineSeconds", json!(9)),
                false,
            ),
            (plain("BestEffort"), &quiet, true),
            (plain("BestEffort"), &with("containers", zero), true),
            (
                plain("BestEffort"),
                &with("containers", loud.clone()),
                false,
            ),
            (
                plain("BestEffort"),
                &with("resources", json!({"requests": {"memory": "1Gi"}})),
                false,
            ),
            (
                plain("NotBestEffort"),
                &with("containers", loud.clone()),
                true,
            ),
            (
                plain("CrossNamespacePodAffinity"),
                &with("affinity", near),
                false,
            ),
            (
                plain("CrossNamespacePodAffinity"),
                &with("affinity", far),
                true,
            ),
            (plain("PriorityClass"), &quiet, false),
            (
                plain("PriorityClass"),
                &with("priorityClassName", json!("shop")),
                true,
            ),
            (
                priority("In", &json!(["shop"])),
                &with("priorityClassName", json!("shop")),
                true,
            ),
            (
                priority("In", &json!(["shop"])),
                &with("priorityClassName", json!("batch")),
                false,
            ),
            (priority("NotIn", &json!(["shop"])), &quiet, true),
            (
                priority("NotIn", &json!(["shop"])),
                &with("priorityClassName", json!("shop")),
                false,
            ),
            (priority("DoesNotExist", &json!([])), &quiet, true),
            (
                priority("DoesNotExist", &json!([])),
                &with("priorityClassName", json!("shop")),
                false,
            ),
            (
                json!({"scopes": ["BestEffort", "NotTerminating"]}),
                &quiet,
                true,
            ),
            (
                json!({"scopes": ["BestEffort", "Terminating"]}),
                &quiet,
                false,
            ),
            (plain("Sideways"), &quiet, false),
        ] {
            assert_eq!(taken(&quota, spec), wanted, "{quota} {spec}");
        }
    }
}
