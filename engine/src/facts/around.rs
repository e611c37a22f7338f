//! Works out what is to be said of the pods of a workload from the objects that stand around it.
//! Knows nothing of how many pods would be enough.

use serde_json::Value;

use super::applied::is_sure;
use super::availability::{Availability, Budget, Scaler, Spread, Vertical};
use super::pods::{self, PodSource, targets};
use super::selector::{Labels, selects, sends_to};
use super::share::{share, up};
use super::update::Update;
use crate::model::ObjectRef;

/// What stands around a workload: objects of its own and of other namespaces alike.
#[derive(Clone, Debug, Default)]
pub struct Around<'a> {
    /// `LimitRange`
    pub limit_ranges: Vec<&'a Value>,
    /// `HorizontalPodAutoscaler`
    pub autoscalers: Vec<&'a Value>,
    /// KEDA's `ScaledObject`
    pub scaled_objects: Vec<&'a Value>,
    /// `VerticalPodAutoscaler`
    pub vertical: Vec<&'a Value>,
    /// `Service`
    pub services: Vec<&'a Value>,
    /// `PodDisruptionBudget`
    pub budgets: Vec<&'a Value>,
}

/// What is to be said of the pods that `source` describes in `object`.
pub(super) fn availability(
    source: PodSource,
    (object, reference): (&Value, &ObjectRef),
    replicas: Option<u32>,
    around: &Around<'_>,
) -> Availability {
    let labels = source.labels(object);
    let near = |objects| near(objects, reference.namespace.as_deref());
    let scalers_among = |autoscalers: &[&Value], scaled_objects: &[&Value]| {
        let namespace = reference.namespace.as_deref();
        let counted = self::near(autoscalers, namespace);
        let counted = counted.filter_map(|(name, spec)| autoscaler(name, spec, reference));
        let scaled = self::near(scaled_objects, namespace);
        let scaled = scaled.filter_map(|(name, spec)| scaled_object(name, spec, reference));
        let mut scalers: Vec<Scaler> = counted.chain(scaled).collect();
        scalers.sort();
        scalers
    };
    let scalers = scalers_among(&around.autoscalers, &around.scaled_objects);
    // One that may not be there adds to the most that is wanted, and nothing to the fewest.
    let there = scalers_among(&sure(&around.autoscalers), &sure(&around.scaled_objects));
    let lowest = there.iter().map(|scaler| scaler.min).min().or(replicas);
    let highest = scalers.iter().map(|scaler| scaler.max).max().or(replicas);
    let mut services: Vec<String> = near(&around.services)
        .filter(|(_, spec)| sends_to(spec.get("selector"), &labels))
        .map(|(name, _)| name.to_owned())
        .collect();
    let surely = sure(&around.budgets);
    let mut budgets: Vec<Budget> = near(&surely)
        .filter(|(_, spec)| selects(spec.get("selector"), &labels))
        .map(|(name, spec)| Budget {
            name: name.to_owned(),
            allowed: lowest.and_then(|lowest| allowed(spec, lowest)),
        })
        .collect();
    let mut vertical: Vec<Vertical> = near(&around.vertical)
        .filter_map(|(name, spec)| resizer(name, spec, reference))
        .collect();
    vertical.sort();
    services.sort();
    budgets.sort();
    Availability {
        services,
        budgets,
        scalers,
        vertical,
        update: Update::of(
            object,
            reference,
            (lowest.unwrap_or(1), highest.unwrap_or(1)),
        ),
        spread: spread(source, object, &labels),
        grace_seconds: source
            .pod_spec(object)
            .and_then(|spec| {
                u32::try_from(spec.get("terminationGracePeriodSeconds")?.as_u64()?).ok()
            })
            .unwrap_or(30),
        lowest,
        highest,
    }
}

/// Whether `neighbour` picks the pods of `object`. What picks no pods at all, such as a `LimitRange`,
/// concerns everything near it.
#[must_use]
pub fn picks(neighbour: &Value, object: &Value) -> bool {
    let (by, target) = (pods::reference(neighbour), pods::reference(object));
    let labels = PodSource::of(&target).map(|source| source.labels(object));
    let labels = labels.as_ref();
    let spec = |field: &str| neighbour.get("spec").and_then(|spec| spec.get(field));
    let named = |field: &str| spec(field).is_some_and(|reference| targets(reference, &target));
    match (by.group(), by.kind.as_str()) {
        ("", "Service") => labels.is_some_and(|labels| sends_to(spec("selector"), labels)),
        ("policy", "PodDisruptionBudget") => {
            labels.is_some_and(|labels| selects(spec("selector"), labels))
        }
        ("autoscaling", "HorizontalPodAutoscaler") => named("scaleTargetRef"),
        ("autoscaling.k8s.io", "VerticalPodAutoscaler") => named("targetRef"),
        ("keda.sh", "ScaledObject") => {
            spec("scaleTargetRef").is_some_and(|reference| is_scaled(reference, &target))
        }
        _ => true,
    }
}

/// Those that are surely applied.
pub(super) fn sure<'a>(objects: &[&'a Value]) -> Vec<&'a Value> {
    let objects = objects.iter().copied();
    objects.filter(|object| is_sure(object)).collect()
}

/// The names and specifications of what lies in `namespace`.
fn near<'a>(
    objects: &[&'a Value],
    namespace: Option<&str>,
) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let own = objects
        .iter()
        .filter(move |object| pods::namespace(object) == namespace);
    own.filter_map(|object| Some((pods::name(object), object.get("spec")?)))
}

/// Percentages of a budget round up, in both of its fields.
fn allowed(spec: &Value, lowest: u32) -> Option<u32> {
    if let Some(most) = spec.get("maxUnavailable") {
        return Some(share(most, lowest, up)?.min(lowest));
    }
    match spec.get("minAvailable") {
        Some(least) => Some(lowest.saturating_sub(share(least, lowest, up)?)),
        // The API server fills in `minAvailable: 1`.
        None => Some(lowest.saturating_sub(1)),
    }
}

fn autoscaler(name: &str, spec: &Value, target: &ObjectRef) -> Option<Scaler> {
    let reference = spec.get("scaleTargetRef")?;
    targets(reference, target).then(|| Scaler {
        kind: "HorizontalPodAutoscaler".to_owned(),
        name: name.to_owned(),
        min: number(spec, "minReplicas").unwrap_or(1),
        max: number(spec, "maxReplicas").unwrap_or(1),
        utilisation: utilisation(spec),
    })
}

/// The resources by whose use, as a share of what is requested, an autoscaler counts pods.
fn utilisation(spec: &Value) -> Vec<String> {
    let metrics = spec.get("metrics").and_then(Value::as_array);
    let own = metrics.into_iter().flatten().filter_map(|metric| {
        let resource = metric.get("resource")?;
        resource.pointer("/target/averageUtilization")?;
        resource.get("name")?.as_str().map(str::to_owned)
    });
    let old = spec
        .get("targetCPUUtilizationPercentage")
        .map(|_| "cpu".to_owned());
    let mut resources: Vec<String> = own.chain(old).collect();
    resources.sort();
    resources.dedup();
    resources
}

/// KEDA asks for none of the pods at least and a hundred at most.
fn scaled_object(name: &str, spec: &Value, target: &ObjectRef) -> Option<Scaler> {
    is_scaled(spec.get("scaleTargetRef")?, target).then(|| Scaler {
        kind: "ScaledObject".to_owned(),
        name: name.to_owned(),
        min: number(spec, "minReplicaCount").unwrap_or(0),
        max: number(spec, "maxReplicaCount").unwrap_or(100),
        utilisation: Vec::new(),
    })
}

/// Whether KEDA scales `target`: it assumes a Deployment.
fn is_scaled(reference: &Value, target: &ObjectRef) -> bool {
    let mut whole = serde_json::json!({"apiVersion": "apps/v1", "kind": "Deployment"});
    if let (Some(whole), Some(reference)) = (whole.as_object_mut(), reference.as_object()) {
        whole.extend(reference.clone());
    }
    targets(&whole, target)
}

/// Without a mode it changes running pods, and without a list both resources.
fn resizer(name: &str, spec: &Value, target: &ObjectRef) -> Option<Vertical> {
    let mode = spec
        .pointer("/updatePolicy/updateMode")
        .and_then(Value::as_str);
    if !targets(spec.get("targetRef")?, target) || matches!(mode, Some("Off" | "Initial")) {
        return None;
    }
    let policies = spec.pointer("/resourcePolicy/containerPolicies");
    let lists = policies.and_then(Value::as_array).into_iter().flatten();
    let lists: Vec<&Value> = lists
        .filter_map(|policy| policy.get("controlledResources"))
        .collect();
    let named = lists.iter().filter_map(|list| list.as_array()).flatten();
    let mut resources: Vec<String> = named.filter_map(Value::as_str).map(str::to_owned).collect();
    if lists.is_empty() {
        resources = vec!["cpu".to_owned(), "memory".to_owned()];
    }
    resources.sort();
    resources.dedup();
    Some(Vertical {
        name: name.to_owned(),
        resources,
    })
}

fn number(spec: &Value, field: &str) -> Option<u32> {
    u32::try_from(spec.get(field)?.as_i64()?).ok()
}

/// A constraint whose selector does not take the pods themselves keeps nothing apart.
fn spread(source: PodSource, object: &Value, labels: &Labels) -> Spread {
    let Some(spec) = source.pod_spec(object) else {
        return database_spread(object);
    };
    let list = |pointer: &str| {
        spec.pointer(pointer)
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
    };
    let own = |term: &&Value| {
        term.get("topologyKey").and_then(Value::as_str) == Some(ZONE)
            && selects(term.get("labelSelector"), labels)
    };
    let constraints = list("/topologySpreadConstraints")
        .filter(own)
        .map(
            |constraint| match constraint.get("whenUnsatisfiable").and_then(Value::as_str) {
                Some("ScheduleAnyway") => Spread::Preferred,
                _ => Spread::Required,
            },
        );
    let required = list(&format!(
        "{APART}/requiredDuringSchedulingIgnoredDuringExecution"
    ));
    let preferred = list(&format!(
        "{APART}/preferredDuringSchedulingIgnoredDuringExecution"
    ));
    let preferred = preferred.filter_map(|term| term.get("podAffinityTerm"));
    let all = constraints
        .chain(required.filter(own).map(|_| Spread::Required))
        .chain(preferred.filter(own).map(|_| Spread::Preferred));
    all.max().unwrap_or(Spread::None)
}

/// The operator keeps the instances of a database apart by node where nothing else is said.
fn database_spread(object: &Value) -> Spread {
    let text = |field: &str| object.pointer(&format!("/spec/affinity/{field}"))?.as_str();
    let off = object.pointer("/spec/affinity/enablePodAntiAffinity") == Some(&Value::Bool(false));
    match (off, text("topologyKey"), text("podAntiAffinityType")) {
        (false, Some(ZONE), Some("required")) => Spread::Required,
        (false, Some(ZONE), _) => Spread::Preferred,
        _ => Spread::None,
    }
}

const ZONE: &str = "topology.kubernetes.io/zone";
const APART: &str = "/affinity/podAntiAffinity";

#[cfg(test)]
mod tests;
