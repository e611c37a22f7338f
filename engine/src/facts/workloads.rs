//! The fact `workloads`: what an object runs, with effective resources as integers.
//! Knows nothing of changes, policies or of where an object was read.

use std::collections::BTreeMap;

use schemars::generate::SchemaSettings;
use serde::Serialize;
use serde_json::{Value, json};

use crate::change::Change;
use crate::manifest::NodeValue;
use crate::model::{GroupKind, ObjectRef, Piece};

pub use super::image_ref::ImageRef;
pub use super::limit_range::{LimitRanges, Rule, Violation};
pub use super::resources::{Amounts, InvalidQuantity, PodResources, Resources, Source};

use super::limit_range::Limits;
use super::{Collector, Context, Fact};
use super::pods::{self, PodSource};
use super::resources;

/// How a file spells the number at an RFC 6901 pointer; `None` where it holds none.
pub type Literals<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// Returns what `object` runs; `None` for a kind that runs nothing.
///
/// `limit_ranges` and `hpas` may be those of the whole environment: only the ones in the object's
/// namespace count. Nothing in an object is too broken for an answer; what the API server would
/// refuse stands in an `invalid` list.
///
/// ```
/// use serde_json::json;
/// use tidegate::facts::workloads;
/// let pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}, "spec": {
///     "containers": [{"name": "odoo", "resources": {"limits": {"memory": "1Gi"}}}]}});
/// let workload = workloads::of_object(&pod, &|_| None, &[], &[]).unwrap();
/// assert_eq!(workload.containers[0].resources.requests.memory_bytes, Some(1 << 30));
/// assert!(workloads::of_object(&json!({"kind": "Service"}), &|_| None, &[], &[]).is_none());
/// ```
#[must_use]
pub fn of_object(
    object: &Value,
    literals: &Literals<'_>,
    limit_ranges: &[&Value],
    hpas: &[&Value],
) -> Option<Workload> {
    let reference = pods::reference(object);
    let pods = PodSource::of(&reference)?;
    let limits = Limits::of_namespace(reference.namespace.as_deref(), limit_ranges);
    let mut invalid = Vec::new();
    let (replicas, replicas_source) = pods.replicas(object, (&reference, hpas), &mut invalid);
    let mut containers = pods.containers(object, literals, &mut invalid);
    let pod_resources = pods.resources(object, literals, &containers);
    resources::settle(&mut containers, &limits, pod_resources.as_ref());
    let limit_range = limits.judge(&containers);
    Some(Workload {
        template_pointer: pods.template_pointer().to_owned(),
        replicas,
        replicas_source,
        labels: pods.labels(object),
        service_account: pods.service_account(object),
        volumes: pods.volumes(object),
        pod_resources,
        containers,
        limit_range,
        invalid,
        object: reference,
    })
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

/// What one object runs.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Workload {
    /// The object.
    pub object: ObjectRef,
    /// Where the pod template stands; empty for a Pod, `/spec` for a database cluster.
    pub template_pointer: String,
    /// How many pods; absent where something else than the object decides, or the manifest's is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replicas: Option<u32>,
    /// Where `replicas` comes from.
    pub replicas_source: ReplicasSource,
    /// Labels of the pods.
    pub labels: BTreeMap<String, String>,
    /// Who the pods are to the API server.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_account: Option<String>,
    /// The pods' volumes as written.
    pub volumes: Vec<Value>,
    /// Resources of the pod as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_resources: Option<PodResources>,
    /// Application containers, then init containers in the order of their start, then ephemeral ones.
    pub containers: Vec<Container>,
    /// What the namespace's `LimitRange`s have to say.
    pub limit_range: LimitRanges,
    /// What is not of the shape that the API server asks for, and so is missing above.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub invalid: Vec<Misshapen>,
}

/// Where a number of replicas comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReplicasSource {
    /// The manifest.
    Explicit,
    /// The API's default.
    Default,
    /// The minimum of the `HorizontalPodAutoscaler` that scales it.
    Hpa,
    /// Nothing says: a `DaemonSet`, a `PodTemplate`, or a number that the API server would refuse.
    None,
}

/// One container.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Container {
    /// Its name; empty where it has none.
    pub name: String,
    /// When it runs.
    pub role: Role,
    /// Where it stands.
    pub pointer: String,
    /// What it runs; absent where no image is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<Image>,
    /// Arguments as written.
    pub args: Vec<String>,
    /// Entry point as written.
    pub command: Vec<String>,
    /// Its environment.
    pub env: Vec<EnvVar>,
    /// What it reserves and may use.
    pub resources: Resources,
}

/// When a container runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// As long as the pod.
    App,
    /// As long as the pod, and before the application: an init container that restarts always.
    Sidecar,
    /// To its end, before the application.
    Init,
    /// When somebody attaches it.
    Ephemeral,
}

/// The image of a container.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Image {
    /// As written.
    pub reference: String,
    /// Registry and path in full: `redis` is `docker.io/library/redis`. Empty where not valid.
    pub repository: String,
    /// As written; an absent one means `latest`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// What the tag cannot move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Where it stands.
    pub pointer: String,
    /// Whether a container runtime could read it.
    pub valid: bool,
    /// The numbers that the tag begins with: `[17, 0, 3]` of `v17.0.3-alpine`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<Vec<u64>>,
}

/// One variable of a container's environment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct EnvVar {
    /// Its name.
    pub name: String,
    /// Its value; absent where it comes from elsewhere or is masked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// A part of the object that the API server would refuse.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Misshapen {
    /// Where it stands.
    pub pointer: String,
    /// What is wrong with it.
    pub reason: String,
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
        let side = |side: Side| -> Piece {
            let changes = context.changes.iter().enumerate();
            let workloads =
                changes.filter_map(|(index, change)| side.workload(index, change, context));
            Piece::list(workloads.map(Piece::new))
        };
        Fact::known(Piece::object([
            ("new", side(Side::New)),
            ("old", side(Side::Old)),
        ]))
    }
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
        let near = |kind: &str| {
            around.in_namespace(&GroupKind::parse(kind), &change.object.namespace)
        };
        let literal = |pointer: &str| match &source.node.pointer(pointer)?.value {
            NodeValue::Number { literal, .. } => Some(literal.to_string()),
            _ => None,
        };
        let [limit_range, hpa] = NEIGHBOURS;
        let workload = of_object(value, &literal, &near(limit_range), &near(hpa))?;
        let mut json = serde_json::to_value(&workload).ok()?;
        json.as_object_mut()?.insert("change".to_owned(), json!(index));
        Some(json)
    }
}

/// The kinds without which effective resources and replicas are not known.
pub const NEIGHBOURS: [&str; 2] = ["LimitRange", "HorizontalPodAutoscaler.autoscaling"];

#[cfg(test)]
mod tests;
