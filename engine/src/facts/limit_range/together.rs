//! What `LimitRange`s refuse of a pod as a whole: of its containers together, or of what it says itself.
//! Knows nothing of defaults.

use crate::facts::amount::Resource;
use crate::facts::demand::sum;
use crate::facts::resources::{Side, key};
use crate::facts::workload::{Container, Resources, Role, Rule, Source, Violation};

use super::{Bounds, Limits, thousandths};

impl Limits {
    /// Compares the sums of settled containers with the bounds of an item of type `Pod`. Where an amount
    /// cannot be known, nothing is said of the resource.
    pub(super) fn together(
        &self,
        bounds: &Bounds,
        containers: &[Container],
        (template, own): (&str, Option<&Resources>),
    ) -> Vec<Violation> {
        let started: Vec<&Container> = containers
            .iter()
            .filter(|it| it.role != Role::Ephemeral)
            .collect();
        if started.is_empty() {
            return Vec::new();
        }
        let mut violations = Vec::new();
        for resource in Resource::ALL {
            let amount = |side| self.amount((side, resource), containers, own);
            let (Known::Amount(request), Known::Amount(limit)) =
                (amount(Side::Requests), amount(Side::Limits))
            else {
                continue;
            };
            for (side, rule, actual, bound) in refused(bounds, resource, (request, limit)) {
                let resource = key(side, resource);
                let said = own
                    .filter(|own| own.literal.contains_key(&resource))
                    .or(match started.as_slice() {
                        [only] => Some(&only.resources),
                        _ => None,
                    });
                violations.push(Violation {
                    container: None,
                    rule,
                    actual,
                    bound,
                    pointer: said
                        .and_then(|said| said.pointer.get(&resource).cloned())
                        .unwrap_or_else(|| format!("{template}/spec/containers")),
                    resource,
                });
            }
        }
        violations
    }

    /// What the pod has of a resource at its admission: what it says itself, else what its containers do.
    fn amount(
        &self,
        at: (Side, Resource),
        containers: &[Container],
        own: Option<&Resources>,
    ) -> Known {
        let (side, resource) = at;
        if let Some(own) = own.and_then(|own| own.at_admission(side, resource)) {
            return Known::Amount(Some(own));
        }
        let mut is_said = false;
        for container in containers.iter().filter(|it| it.role != Role::Ephemeral) {
            let resources = &container.resources;
            let is_open = resources.is_open(side, resource);
            is_said |= resources.at_admission(side, resource).is_some();
            if resources.source(side, resource) == Source::Absent
                && (!is_open || self.is_ambiguous())
            {
                return Known::Not;
            }
        }
        Known::Amount(sum(containers, at, Some(0)).filter(|_| is_said))
    }
}

/// Whether an amount is known, and whether there is one.
enum Known {
    Amount(Option<i64>),
    Not,
}

/// An amount that is refused, what it is where there is one, and the bound.
type Refused = (Side, Rule, Option<i64>, i64);

/// A minimum asks for a request, a maximum for a limit, a ratio for both. One cause is told once.
fn refused(
    bounds: &Bounds,
    resource: Resource,
    (request, limit): (Option<i64>, Option<i64>),
) -> Vec<Refused> {
    let mut refused = Vec::new();
    if let Some(min) = bounds.min.of(resource) {
        if request.is_none_or(|request| request < min) {
            refused.push((Side::Requests, Rule::Min, request, min));
        } else if limit.is_some_and(|limit| limit < min) {
            refused.push((Side::Limits, Rule::Min, limit, min));
        }
    }
    if let Some(max) = bounds.max.of(resource) {
        if limit.is_none_or(|limit| limit > max) {
            refused.push((Side::Limits, Rule::Max, limit, max));
        } else if request.is_some_and(|request| request > max) {
            refused.push((Side::Requests, Rule::Max, request, max));
        }
    }
    if let Some(bound) = bounds.ratio.of(resource) {
        let ratio = match (request, limit) {
            (Some(request @ 1..), Some(limit @ 1..)) => Some(thousandths(limit, request)),
            _ => None,
        };
        if ratio.is_none_or(|ratio| ratio > bound) {
            refused.push((Side::Limits, Rule::Ratio, ratio, bound));
        }
    }
    refused
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::facts::workloads::{Around, of_object};

    /// What a `LimitRange` of type `Pod` with these bounds refuses of a pod.
    fn refused(bounds: &Value, spec: &Value) -> Vec<(String, Rule, Option<i64>, String)> {
        let mut item = bounds.clone();
        item["type"] = json!("Pod");
        judged(&[json!([item])], spec)
    }

    fn judged(items: &[Value], spec: &Value) -> Vec<(String, Rule, Option<i64>, String)> {
        let pod =
            json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "odoo"}, "spec": spec});
        let ranges: Vec<Value> = items
            .iter()
            .map(|items| {
                json!({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "bounds"}, "spec": {"limits": items}})
            })
            .collect();
        let around = Around {
            limit_ranges: ranges.iter().collect(),
            ..Around::default()
        };
        let workload = of_object(&pod, &|_| None, &around).unwrap();
        let violations = workload.limit_range.violations.into_iter();
        violations
            .inspect(|it| assert_eq!(it.container, None))
            .map(|it| (it.resource, it.rule, it.actual, it.pointer))
            .collect()
    }

    fn container(name: &str, memory: &str) -> Value {
        json!({"name": name, "resources": {"limits": {"memory": memory}}})
    }

    #[test]
    fn containers_are_bounded_together() {
        let two = json!({"containers": [container("odoo", "2"), container("nginx", "1")]});
        let row = |name: &str, rule, actual| {
            (
                name.to_owned(),
                rule,
                Some(actual),
                "/spec/containers".to_owned(),
            )
        };
        let fits = json!({"max": {"memory": "3"}, "min": {"memory": "3"}});
        assert_eq!(refused(&fits, &two), []);
        for (bounds, name, rule) in [
            (json!({"max": {"memory": "2"}}), "limits.memory", Rule::Max),
            (
                json!({"min": {"memory": "4"}}),
                "requests.memory",
                Rule::Min,
            ),
        ] {
            assert_eq!(refused(&bounds, &two), [row(name, rule, 3)]);
        }
        let mut heavy =
            json!({"containers": [container("odoo", "2")], "overhead": {"memory": "5"}});
        heavy["initContainers"] = json!([container("migrate", "9")]);
        let max = |memory: &str| refused(&json!({"max": {"memory": memory}}), &heavy);
        assert_eq!(max("9"), [], "without what a runtime adds");
        assert_eq!(max("8").len(), 1);
    }

    #[test]
    fn the_other_side_is_told_where_it_alone_is_outside() {
        let resources = json!({"requests": {"memory": "1"}, "limits": {"memory": "5"}});
        let pod = json!({"containers": [{"name": "odoo", "resources": resources}]});
        let found = |bounds: &Value, pod: &Value| {
            let found = refused(bounds, pod).into_iter();
            found
                .map(|(name, rule, actual, _)| (name, rule, actual))
                .collect::<Vec<_>>()
        };
        let row = |name: &str, rule, actual| (name.to_owned(), rule, Some(actual));
        let min = json!({"min": {"memory": "2"}});
        assert_eq!(found(&min, &pod), [row("requests.memory", Rule::Min, 1)]);
        let max = json!({"max": {"memory": "4"}});
        assert_eq!(found(&max, &pod), [row("limits.memory", Rule::Max, 5)]);
        let mut crossed = pod;
        crossed["containers"][0]["resources"] =
            json!({"requests": {"memory": "5"}, "limits": {"memory": "1"}});
        assert_eq!(found(&min, &crossed), [row("limits.memory", Rule::Min, 1)]);
        assert_eq!(
            found(&max, &crossed),
            [row("requests.memory", Rule::Max, 5)]
        );
    }

    #[test]
    fn what_nobody_says_is_refused_and_what_one_says_counts() {
        let silent = json!({"containers": [{"name": "odoo"}]});
        let of_odoo =
            |name: &str| format!("/spec/containers/0/resources/{}", name.replace('.', "/"));
        for (bounds, name, rule) in [
            (json!({"min": {"cpu": "1"}}), "requests.cpu", Rule::Min),
            (json!({"max": {"cpu": "1"}}), "limits.cpu", Rule::Max),
            (
                json!({"maxLimitRequestRatio": {"cpu": "2"}}),
                "limits.cpu",
                Rule::Ratio,
            ),
        ] {
            assert_eq!(
                refused(&bounds, &silent),
                [(name.to_owned(), rule, None, of_odoo(name))]
            );
        }
        let one = json!({"containers": [container("odoo", "2"), {"name": "nginx"}]});
        assert_eq!(
            refused(
                &json!({"max": {"memory": "2"}, "min": {"memory": "2"}}),
                &one
            ),
            []
        );
        assert_eq!(
            refused(&json!({"max": {"memory": "1"}}), &json!({"containers": []})),
            []
        );
    }

    #[test]
    fn the_ratio_is_that_of_the_sums() {
        let of = |request: &str, limit: &str| {
            let resources = json!({"requests": {"cpu": request}, "limits": {"cpu": limit}});
            let twin = |name: &str| json!({"name": name, "resources": resources});
            refused(
                &json!({"maxLimitRequestRatio": {"cpu": "1.5"}}),
                &json!({"containers": [twin("odoo"), twin("nginx")]}),
            )
        };
        assert_eq!(of("2", "3"), []);
        let [(_, Rule::Ratio, Some(1550), _)] = of("2", "3.1").as_slice() else {
            panic!("{:?}", of("2", "3.1"));
        };
        let [(_, Rule::Ratio, None, _)] = of("0", "3").as_slice() else {
            panic!("{:?}", of("0", "3"));
        };
    }

    #[test]
    fn what_the_pod_says_itself_counts_and_is_pointed_at() {
        let mut pod = json!({"containers": [container("odoo", "2"), container("nginx", "1")],
            "resources": {"limits": {"memory": "8"}}});
        let found = refused(
            &json!({"max": {"memory": "7"}, "min": {"memory": "3"}}),
            &pod,
        );
        let at = "/spec/resources/limits/memory".to_owned();
        assert_eq!(
            found,
            [("limits.memory".to_owned(), Rule::Max, Some(8), at)]
        );
        pod["resources"] = json!({});
        assert_eq!(refused(&json!({"max": {"memory": "3"}}), &pod), []);
    }

    #[test]
    fn nothing_is_said_of_what_is_not_known() {
        let max = json!({"type": "Pod", "max": {"memory": "1"}});
        let broken = json!({"containers": [container("odoo", "1K")]});
        assert_eq!(judged(&[json!([max])], &broken), []);
        let silent = json!({"containers": [{"name": "odoo"}]});
        let default = |memory: &str| json!([{"type": "Container", "default": {"memory": memory}}]);
        let ranges = [default("1"), default("2"), json!([max])];
        assert_eq!(judged(&ranges, &silent), [], "either of two defaults");
    }
}
