//! How many pods of a workload there are at least and at most, who counts on them, and how they are
//! replaced: what policies see of it. Knows nothing of where it is read.

use serde::Serialize;

use super::update::Update;

/// Who counts on the pods of a workload, and how many of them are there at a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(deny_unknown_fields)]
pub struct Availability {
    /// The Services whose selectors take the pods.
    pub services: Vec<String>,
    /// The `PodDisruptionBudget`s whose selectors take the pods.
    pub budgets: Vec<Budget>,
    /// What chooses the number of pods.
    pub scalers: Vec<Scaler>,
    /// What chooses the size of the pods, and restarts them for it.
    pub vertical: Vec<Vertical>,
    /// The fewest pods that are wanted; absent where something else than these objects decides.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lowest: Option<u32>,
    /// The most pods that are wanted, without those of an update.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub highest: Option<u32>,
    /// How the pods are replaced.
    pub update: Update,
    /// How far they are kept apart over zones.
    pub spread: Spread,
    /// How long a pod is given to stop.
    pub grace_seconds: u32,
}

/// A `PodDisruptionBudget` that takes the pods.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Budget {
    /// Its name.
    pub name: String,
    /// How many of the fewest pods may be evicted at a time; absent where it cannot be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed: Option<u32>,
}

/// An object that chooses the number of pods.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Scaler {
    /// `HorizontalPodAutoscaler` or `ScaledObject`.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// The fewest pods.
    pub min: u32,
    /// The most pods.
    pub max: u32,
    /// The resources by whose utilisation it chooses, `cpu`.
    pub utilisation: Vec<String>,
}

/// A `VerticalPodAutoscaler` that changes running pods.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Vertical {
    /// Its name.
    pub name: String,
    /// The resources that it sets, `cpu`.
    pub resources: Vec<String>,
}

/// How far pods are kept apart over zones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Spread {
    /// Not at all.
    None,
    /// Where it can be had.
    Preferred,
    /// Or they do not start.
    Required,
}
