//! What one object runs: the types of the fact `workloads`.
//! Knows nothing of how any of it is found out.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value;

use crate::model::ObjectRef;

use super::availability::Availability;
use super::probes::Probes;
use super::schedule::ScheduleProblem;

/// How a file spells the number at an RFC 6901 pointer; `None` where it holds none.
pub type Literals<'a> = dyn Fn(&str) -> Option<String> + 'a;

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
    /// The class by which the pods come before others; absent where the cluster's default holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority_class: Option<String>,
    /// The pods' volumes as written.
    pub volumes: Vec<Value>,
    /// Resources of the pod as a whole; absent where it has none of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pod_resources: Option<Resources>,
    /// What one pod asks of its namespace.
    pub pod: Demand,
    /// Application containers, then init containers in the order of their start, then ephemeral ones.
    pub containers: Vec<Container>,
    /// What the namespace's `LimitRange`s have to say.
    pub limit_range: LimitRanges,
    /// Who counts on the pods, and how many of them are there at a time.
    pub availability: Availability,
    /// What is wrong with the times at which a `CronJob` runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_problem: Option<ScheduleProblem>,
    /// What is not of the shape that the API server asks for, and so is missing above.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub invalid: Vec<Misshapen>,
}

/// What one pod asks of its namespace; what a container leaves open is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Demand {
    /// What is reserved.
    pub requests: Amounts,
    /// What may be used at most.
    pub limits: Amounts,
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
#[serde(rename_all = "camelCase")]
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
    /// The ports that it declares.
    pub ports: Vec<u32>,
    /// How it is asked whether it is well.
    pub probes: Probes,
    /// How long its `preStop` hook sleeps, zero where that cannot be read; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pre_stop_seconds: Option<u32>,
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

/// What a container, or a pod as a whole, reserves and may use, and why.
///
/// The keys of the maps are `requests.cpu`, `limits.ephemeral-storage` and so on.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Resources {
    /// What is reserved.
    pub requests: Amounts,
    /// What may be used at most.
    pub limits: Amounts,
    /// Where each of the six amounts comes from.
    pub source: BTreeMap<String, Source>,
    /// The spelling of the explicit ones.
    pub literal: BTreeMap<String, String>,
    /// Where each of the six stands, or would stand.
    pub pointer: BTreeMap<String, String>,
    /// What is written and cannot be read; the API server would refuse the object.
    pub invalid: Vec<InvalidQuantity>,
}

/// Integers by resource; what is not effective is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Amounts {
    /// Thousandths of a core, rounded up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_milli: Option<i64>,
    /// Bytes, rounded up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_bytes: Option<i64>,
    /// Bytes of local disk, rounded up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ephemeral_bytes: Option<i64>,
}

/// Where an amount comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The container, or the pod.
    Explicit,
    /// Its own limit, which is the request where none is written.
    FromLimit,
    /// The requests of its containers together, which are those of a pod that has limits and no request.
    FromContainers,
    /// A `LimitRange` of the namespace.
    #[serde(rename = "limitrange")]
    LimitRange,
    /// The resources of the pod as a whole.
    Pod,
    /// An explicit zero, which means *no limit* or *nothing reserved*.
    Zero,
    /// Nowhere: there is none.
    Absent,
}

/// A quantity that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct InvalidQuantity {
    /// `limits.memory`; `limits` or `resources` where that is no mapping.
    pub resource: String,
    /// What is written, cut after 64 characters.
    pub literal: String,
    /// Where it stands.
    pub pointer: String,
    /// What is wrong with it.
    pub reason: String,
}

/// What the `LimitRange`s of the namespace have to say about a workload's pods.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct LimitRanges {
    /// Those that speak of containers or pods, sorted.
    pub names: Vec<String>,
    /// Whether two of them give defaults: which one wins is undefined, so a default holds only
    /// where they agree.
    pub ambiguous: bool,
    /// What would keep the pods from starting.
    pub violations: Vec<Violation>,
}

/// A container, or a pod as a whole, outside a bound.
#[derive(Clone, Debug, PartialEq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Violation {
    /// The container's name; absent where the containers together are meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// `limits.memory`.
    pub resource: String,
    /// The bound's kind.
    pub rule: Rule,
    /// Millicores or bytes; limit divided by request in thousandths for a ratio; absent where
    /// there is none to compare.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<i64>,
    /// The bound in the same unit.
    pub bound: i64,
    /// Where the amount stands, or would stand.
    pub pointer: String,
}

/// A bound of a `LimitRange`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Rule {
    /// At least this much.
    Min,
    /// At most this much.
    Max,
    /// The limit at most this many times the request.
    Ratio,
}
