//! What each `ResourceQuota` around a change gives, and what the pods of its namespace ask of it.
//! Knows nothing of what else may be running there, and of nodes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::amount::{Resource, amount};
use super::inventory::Neighbours;
use super::pods;
use super::resources::Side;
use super::workloads::{Workload, of_object_in};
use super::{Collector, Context, Fact};
use crate::model::{GroupKind, Piece};

/// The kind that gives.
pub const QUOTA: &str = "ResourceQuota";

/// The kinds that ask, as far as the number of their pods is known.
pub const KINDS: [&str; 9] = [
    "Deployment.apps",
    "ReplicaSet.apps",
    "StatefulSet.apps",
    "Job.batch",
    "CronJob.batch",
    "Pod",
    "ReplicationController",
    "Rollout.argoproj.io",
    "Cluster.postgresql.cnpg.io",
];

/// The collector of `quotas`.
pub struct Quotas;

impl Collector for Quotas {
    fn name(&self) -> &'static str {
        "quotas"
    }

    fn schema(&self) -> &'static str {
        "facts/quotas.json"
    }

    fn collect(&self, context: &Context<'_>) -> Fact {
        let changes = context.changes.iter();
        let namespaces: BTreeSet<Option<String>> =
            changes.map(|change| change.object.namespace.clone()).collect();
        let amounts = namespaces
            .iter()
            .flat_map(|namespace| of_namespace(context.head, namespace));
        Fact::known(Piece::list(amounts.map(Piece::new)))
    }
}

fn of_namespace(around: &Neighbours, namespace: &Option<String>) -> Vec<Value> {
    let near = |kind: &str| around.in_namespace(&GroupKind::parse(kind), namespace);
    // Quotas with scopes hold for some pods only.
    let quotas: Vec<&Value> = near(QUOTA)
        .into_iter()
        .filter(|quota| quota.pointer("/spec/scopes").is_none())
        .filter(|quota| quota.pointer("/spec/scopeSelector").is_none())
        .collect();
    if quotas.is_empty() {
        return Vec::new();
    }
    let workloads: Vec<Workload> = KINDS
        .into_iter()
        .flat_map(near)
        .filter_map(|object| of_object_in(object, &|_| None, around))
        .collect();
    let mut amounts = Vec::new();
    for quota in quotas {
        let hard = quota.pointer("/spec/hard").and_then(Value::as_object);
        for (key, written) in hard.into_iter().flatten() {
            if let Some((asked, hard)) = Asked::of(key).and_then(|asked| Some((asked, asked.read(written)?))) {
                amounts.push(asked.sum(&workloads, (quota, key, hard)));
            }
        }
    }
    amounts
}

/// What a key of a quota counts.
#[derive(Clone, Copy)]
enum Asked {
    Pods,
    Amount(Side, Resource),
}

impl Asked {
    fn of(key: &str) -> Option<Self> {
        if key == "pods" {
            return Some(Self::Pods);
        }
        let (side, resource) = key.split_once('.').unwrap_or(("requests", key));
        let side = Side::ALL.into_iter().find(|it| it.name() == side)?;
        Some(Self::Amount(side, Resource::of(resource)?))
    }

    fn read(self, written: &Value) -> Option<i64> {
        let text = match written {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let resource = match self {
            // A number without unit, as bytes are.
            Self::Pods => Resource::Memory,
            Self::Amount(_, resource) => resource,
        };
        amount(&text, resource).ok()
    }

    /// Of one pod.
    fn each(self, workload: &Workload) -> i64 {
        match self {
            Self::Pods => 1,
            Self::Amount(side, resource) => {
                let pod = side.of(&workload.pod.requests, &workload.pod.limits);
                pod.of(resource).unwrap_or(0)
            }
        }
    }

    fn sum(self, workloads: &[Workload], (quota, key, hard): (&Value, &str, i64)) -> Value {
        let total = |pods: &dyn Fn(&Workload) -> u32| {
            let asked = workloads.iter();
            asked.fold(0_i64, |sum, workload| {
                sum.saturating_add(self.each(workload).saturating_mul(i64::from(pods(workload))))
            })
        };
        let reference = pods::reference(quota);
        let mut sum = json!({
            "quota": reference.name,
            "key": key,
            "hard": hard,
            "min": total(&|it| it.availability.lowest.unwrap_or(0)),
            "peak": total(&|it| it.availability.highest.unwrap_or(0)),
            "update": total(&|it| it.availability.update.surge),
        });
        if let (Some(namespace), Value::Object(map)) = (reference.namespace, &mut sum) {
            map.insert("namespace".to_owned(), json!(namespace));
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::pods::reference;
    use crate::model::Part;
    use std::sync::Arc;

    fn around(objects: &[Value]) -> Neighbours {
        let kinds = KINDS.into_iter().chain([QUOTA, "HorizontalPodAutoscaler.autoscaling"]);
        let mut around = Neighbours::of_kinds(kinds.map(GroupKind::parse));
        for object in objects {
            around.insert_part(reference(object), Arc::new(Part::new(object.clone())));
        }
        around
    }

    fn quota(hard: &Value) -> Value {
        json!({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "shop", "namespace": "shop"},
            "spec": {"hard": hard}})
    }

    fn deployment(name: &str, replicas: u32) -> Value {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "namespace": "shop"},
            "spec": {"replicas": replicas, "template": {"spec": {"containers": [
                {"name": "odoo", "resources": {"limits": {"memory": "10"}}}]}}}})
    }

    #[test]
    fn pods_are_summed_with_those_of_an_update() {
        let hpa = json!({"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "odoo", "namespace": "shop"},
            "spec": {"scaleTargetRef": {"kind": "Deployment", "name": "odoo"}, "minReplicas": 2, "maxReplicas": 8}});
        let hard = json!({"memory": "1Ki", "pods": "20", "count/services": "2", "limits.cpu": "1"});
        let objects = [quota(&hard), deployment("odoo", 4), deployment("cron", 1), hpa];
        let sums = of_namespace(&around(&objects), &Some("shop".to_owned()));
        let row = |key: &str, hard: i64, each: i64| {
            json!({"namespace": "shop", "quota": "shop", "key": key, "hard": hard,
                "min": 3 * each, "peak": 9 * each, "update": 3 * each})
        };
        assert_eq!(sums, [row("limits.cpu", 1000, 0), row("memory", 1024, 10), row("pods", 20, 1)]);
    }

    #[test]
    fn a_quota_with_scopes_is_left_out() {
        let mut scoped = quota(&json!({"pods": "1"}));
        scoped["spec"]["scopes"] = json!(["BestEffort"]);
        assert!(of_namespace(&around(&[scoped]), &Some("shop".to_owned())).is_empty());
    }
}
