//! What each `ResourceQuota` around a change gives, and what the pods of its namespace ask of it.
//! Knows nothing of what else may be running there, and of nodes.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::amount::{Resource, amount};
use super::inventory::Neighbours;
use super::pods;
use super::quota_scope::Scopes;
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
        let namespaces: BTreeSet<Option<String>> = changes
            .map(|change| change.object.namespace.clone())
            .collect();
        let amounts = namespaces.iter().flat_map(|namespace| {
            of_namespace(context.head, namespace, &|| before(context, namespace))
        });
        Fact::known(Piece::list(amounts.map(Piece::new)))
    }
}

/// A workload beside the object that describes it.
type Described<'a> = (Workload, &'a Value);

/// What the changed objects of the namespace were.
fn before<'a>(context: &'a Context<'_>, namespace: &Option<String>) -> Vec<Described<'a>> {
    let old = context
        .changes
        .iter()
        .filter_map(|change| change.old.as_ref());
    let near = old.filter(|object| pods::reference(object).namespace == *namespace);
    described(near, context.base)
}

fn described<'a>(
    objects: impl Iterator<Item = &'a Value>,
    around: &Neighbours,
) -> Vec<Described<'a>> {
    objects
        .filter_map(|object| Some((of_object_in(object, &|_| None, around)?, object)))
        .collect()
}

fn of_namespace<'a>(
    around: &Neighbours,
    namespace: &Option<String>,
    before: &dyn Fn() -> Vec<Described<'a>>,
) -> Vec<Value> {
    let near = |kind: &str| around.in_namespace(&GroupKind::parse(kind), namespace);
    let quotas = near(QUOTA);
    if quotas.is_empty() {
        return Vec::new();
    }
    let all = described(KINDS.into_iter().flat_map(near), around);
    let mut amounts = Vec::new();
    for quota in quotas {
        let scopes = Scopes::of(quota);
        let workloads = held(&all, scopes.as_ref());
        let holds = scopes.as_ref().map(|scopes| {
            let objects = |held: Vec<&Workload>| held.into_iter().map(|it| json!(it.object)).collect::<Value>();
            json!({"new": objects(workloads.clone()), "old": objects(held(&before(), Some(scopes)))})
        });
        let hard = quota.pointer("/spec/hard").and_then(Value::as_object);
        for (key, written) in hard.into_iter().flatten() {
            if let Some((asked, hard)) =
                Asked::of(key).and_then(|asked| Some((asked, asked.read(written)?)))
            {
                let mut sum = asked.sum(&workloads, (quota, key, hard));
                if let (Some(holds), Value::Object(map)) = (&holds, &mut sum) {
                    map.insert("holds".to_owned(), holds.clone());
                }
                amounts.push(sum);
            }
        }
    }
    amounts
}

/// The workloads that a quota with these scopes counts.
fn held<'w>(all: &'w [Described<'_>], scopes: Option<&Scopes<'_>>) -> Vec<&'w Workload> {
    all.iter()
        .filter(|(workload, object)| scopes.is_none_or(|scopes| scopes.take(workload, object)))
        .map(|(workload, _)| workload)
        .collect()
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

    fn sum(self, workloads: &[&Workload], (quota, key, hard): (&Value, &str, i64)) -> Value {
        let total = |pods: &dyn Fn(&Workload) -> u32| {
            let asked = workloads.iter();
            asked.fold(0_i64, |sum, workload| {
                sum.saturating_add(
                    self.each(workload)
                        .saturating_mul(i64::from(pods(workload))),
                )
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
        let kinds = KINDS
            .into_iter()
            .chain([QUOTA, "HorizontalPodAutoscaler.autoscaling"]);
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
        let objects = [
            quota(&hard),
            deployment("odoo", 4),
            deployment("cron", 1),
            hpa,
        ];
        let sums = of_namespace(&around(&objects), &Some("shop".to_owned()), &Vec::new);
        let row = |key: &str, hard: i64, each: i64| {
            json!({"namespace": "shop", "quota": "shop", "key": key, "hard": hard,
                "min": 3 * each, "peak": 9 * each, "update": 3 * each})
        };
        assert_eq!(
            sums,
            [
                row("limits.cpu", 1000, 0),
                row("memory", 1024, 10),
                row("pods", 20, 1)
            ]
        );
    }

    #[test]
    fn a_quota_with_scopes_says_whom_it_holds() {
        let mut scoped = quota(&json!({"pods": "1"}));
        scoped["spec"]["scopes"] = json!(["NotBestEffort"]);
        let mut quiet = deployment("cron", 1);
        quiet["spec"]["template"]["spec"]["containers"] = json!([{"name": "cron"}]);
        let around = around(&[scoped, deployment("odoo", 4), quiet.clone()]);
        let before = || vec![(of_object_in(&quiet, &|_| None, &around).unwrap(), &quiet)];
        let odoo = reference(&deployment("odoo", 4));
        assert_eq!(
            of_namespace(&around, &Some("shop".to_owned()), &before),
            [
                json!({"namespace": "shop", "quota": "shop", "key": "pods", "hard": 1, "min": 4, "peak": 4, "update": 1,
                "holds": {"new": [odoo], "old": []}})
            ]
        );
    }
}
