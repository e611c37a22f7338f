//! The fact `workloads`: what an object runs, with effective resources as integers.
//! Knows nothing of changes, policies or of where an object was read.

use std::sync::Arc;

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};

use crate::change::{self, Change};
use crate::facts::inventory::Neighbours;
use crate::manifest::NodeValue;
use crate::model::{GroupKind, Piece, map_by_threads};

pub use super::around::{Around, picks};
pub use super::availability::{Availability, Budget, Scaler, Spread, Vertical};
pub use super::image_ref::ImageRef;
pub use super::probes::{Probe, ProbeKind, Probes};
pub use super::schedule::ScheduleProblem;
pub use super::update::Update;
pub use super::workload::{
    Amounts, Container, Demand, EnvVar, Image, InvalidQuantity, LimitRanges, Literals, Misshapen,
    ReplicasSource, Resources, Role, Rule, Source, Violation, Workload,
};

use super::around::{availability, sure};
use super::limit_range::Limits;
use super::pods::{self, PodSource};
use super::schedule;
use super::{Collector, Context, Fact};

/// Returns what `object` runs; `None` for a kind that runs nothing.
///
/// `around` may be that of the whole environment: only what lies in the object's namespace counts.
/// Nothing in an object is too broken for an answer; what the API server would refuse stands in an
/// `invalid` list.
///
/// ```
/// use serde_json::json;
/// use tidegate::facts::workloads::{self, Around};
/// let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {
///     "containers": [{"name": "odoo", "resources": {"limits": {"memory": "1Gi"}}}]}});
/// let workload = workloads::of_object(&pod, &|_| None, &Around::default()).unwrap();
/// assert_eq!(workload.containers[0].resources.requests.memory_bytes, Some(1 << 30));
/// assert!(workloads::of_object(&json!({"kind": "Service"}), &|_| None, &Around::default()).is_none());
/// ```
#[must_use]
pub fn of_object(object: &Value, literals: &Literals<'_>, around: &Around<'_>) -> Option<Workload> {
    let reference = pods::reference(object);
    let pods = PodSource::of(&reference)?;
    let limits = Limits::around(object, &around.limit_ranges);
    let mut invalid = Vec::new();
    let (replicas, replicas_source) = pods.replicas(
        object,
        (&reference, &sure(&around.autoscalers)),
        &mut invalid,
    );
    let mut containers = pods.containers(object, literals, &mut invalid);
    for container in &mut containers {
        container.resources.requests_from_limits();
    }
    let pod_resources = pods.resources(object, literals, &containers);
    settle(&mut containers, &limits, pod_resources.as_ref());
    let limit_range = limits.judge(
        &containers,
        (pods.template_pointer(), pod_resources.as_ref()),
    );
    Some(Workload {
        template_pointer: pods.template_pointer().to_owned(),
        replicas,
        replicas_source,
        labels: pods.labels(object),
        service_account: pods.service_account(object),
        priority_class: pods.priority_class(object),
        volumes: pods.volumes(object),
        pod: Demand::of(&containers, pod_resources.as_ref(), pods.pod_spec(object)),
        pod_resources,
        containers,
        limit_range,
        availability: availability(pods, (object, &reference), replicas, around),
        schedule_problem: (reference.kind == "CronJob")
            .then(|| schedule::problem(object))
            .flatten(),
        invalid,
        object: reference,
    })
}

/// As [`of_object`], with what lies around it.
pub(super) fn of_object_in(
    object: &Value,
    literals: &Literals<'_>,
    neighbours: &Neighbours,
) -> Option<Workload> {
    let namespace = pods::reference(object).namespace;
    let near = |kind: &str| neighbours.in_namespace(&GroupKind::parse(kind), &namespace);
    let [
        limit_ranges,
        autoscalers,
        scaled_objects,
        vertical,
        services,
        budgets,
    ] = NEIGHBOURS.map(near);
    let around = Around {
        limit_ranges,
        autoscalers,
        scaled_objects,
        vertical,
        services,
        budgets,
    };
    of_object(object, literals, &around)
}

/// Fills the gaps that all containers still have: the namespace's defaults, then the pod's own resources.
/// What a pod takes from its containers is theirs already.
fn settle(containers: &mut [Container], limits: &Limits, pod: Option<&Resources>) {
    let of_pod = |side, resource| {
        let pod = pod?;
        let own = pod.source(side, resource) != Source::FromContainers;
        pod.at_admission(side, resource)
            .filter(|amount| own && *amount != 0)
    };
    for container in containers {
        if container.role != Role::Ephemeral {
            container
                .resources
                .fill(Source::LimitRange, |side, resource| {
                    limits.default(side, resource)
                });
            container.resources.fill(Source::Pod, of_pod);
        }
    }
}

/// The JSON Schema (draft 2020-12) of the fact's value: workloads of both sides, each with the
/// index of the change that it belongs to.
#[must_use]
pub fn schema() -> Value {
    let mut workload = SchemaSettings::draft2020_12()
        .for_serialize()
        .into_generator()
        .into_root_schema_for::<Workload>()
        .to_value();
    let definitions = workload.as_object_mut().and_then(|map| {
        map.remove("$schema");
        map.remove("$defs")
    });
    if let Some(properties) = workload
        .pointer_mut("/properties")
        .and_then(Value::as_object_mut)
    {
        let change = json!({"description": "Index of the change in `changes`.", "type": "integer", "minimum": 0});
        properties.insert("change".into(), change);
    }
    if let Some(required) = workload
        .pointer_mut("/required")
        .and_then(Value::as_array_mut)
    {
        required.push("change".into());
    }
    let mut definitions = definitions.unwrap_or_else(|| json!({}));
    if let Some(map) = definitions.as_object_mut() {
        map.insert("Workload".into(), workload);
    }
    let side = |description: &str| json!({"description": description, "type": "array", "items": {"$ref": "#/$defs/Workload"}});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "workloads",
        "description": "What the changed objects run, on both sides of the change.",
        "type": "object",
        "properties": {
            "new": side("Of the objects at head."),
            "old": side("Of the objects at base."),
        },
        "required": ["new", "old"],
        "additionalProperties": false,
        "$defs": definitions,
    })
}

/// The collector of `workloads`: both sides of every change that runs something.
pub struct Workloads;

impl Collector for Workloads {
    fn name(&self) -> &'static str {
        "workloads"
    }

    fn schema(&self) -> &'static str {
        "facts/workloads.json"
    }

    fn collect(&self, context: &Context<'_>) -> Fact {
        let of_change = |index: usize, change: &Change| {
            let side = |side: Side| side.workload(index, change, context).map(Piece::new);
            let new = side(Side::New);
            let old = match is_one(change, context) {
                true => new.clone(),
                false => side(Side::Old),
            };
            (new, old)
        };
        let (new, old): (Vec<_>, Vec<_>) = map_by_threads(context.changes, of_change)
            .into_iter()
            .unzip();
        Fact::known(Piece::object([
            ("new", Piece::list(new.into_iter().flatten())),
            ("old", Piece::list(old.into_iter().flatten())),
        ]))
    }
}

/// Whether both sides of a change are one and the same, between the same neighbours.
fn is_one(change: &Change, context: &Context<'_>) -> bool {
    let read = |source: &Option<change::Source>| Some(Arc::as_ptr(&source.as_ref()?.node));
    std::ptr::eq(context.head, context.base)
        && read(&change.old_source) == read(&change.new_source)
        && change.old == change.new
}

#[derive(Clone, Copy)]
enum Side {
    Old,
    New,
}

impl Side {
    fn workload(self, index: usize, change: &Change, context: &Context<'_>) -> Option<Value> {
        let (value, source, around) = match self {
            Self::Old => (&change.old, &change.old_source, context.base),
            Self::New => (&change.new, &change.new_source, context.head),
        };
        let (value, source) = (value.as_ref()?, source.as_ref()?);
        let literal = |pointer: &str| match &source.node.pointer(pointer)?.value {
            NodeValue::Number { literal, .. } => Some(literal.to_string()),
            _ => None,
        };
        let workload = of_object_in(value, &literal, around)?;
        let mut json = serde_json::to_value(&workload).ok()?;
        json.as_object_mut()?
            .insert("change".to_owned(), json!(index));
        Some(json)
    }
}

/// The kinds without which effective resources, numbers of pods and who counts on them are not known.
pub const NEIGHBOURS: [&str; 6] = [
    "LimitRange",
    "HorizontalPodAutoscaler.autoscaling",
    "ScaledObject.keda.sh",
    "VerticalPodAutoscaler.autoscaling.k8s.io",
    "Service",
    "PodDisruptionBudget.policy",
];

#[cfg(test)]
mod tests;
