//! What a calendar can tell apart of a change: whom it reaches, by its labels and by where it stands.
//! Knows no time.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Season;
use crate::calendar::Class;
use crate::change::Change;
use crate::facts::Context;
use crate::facts::inventory::Neighbours;
use crate::model::{GroupKind, RiskTier};

/// The classes of all changes; empty where nothing changes.
#[must_use]
pub fn all(context: &Context<'_>) -> BTreeSet<Class> {
    let classifier = Classifier::new(context);
    let changes = context.changes.iter().enumerate();
    changes
        .filter_map(|(index, change)| Some((change, context.tiers.of(index)?.0)))
        .flat_map(|(change, tier)| classifier.of(change, tier))
        .collect()
}

/// What all changes are classified by.
pub(super) struct Classifier<'c> {
    season: &'c Season<'c>,
    /// What the label of each namespace says, before and after.
    tenants: BTreeMap<&'c str, BTreeSet<&'c str>>,
    /// Whether a calendar tells labels apart.
    by_labels: bool,
}

impl<'c> Classifier<'c> {
    pub(super) fn new(context: &Context<'c>) -> Self {
        let season = context.season;
        let calendars = season.calendars.iter();
        let mut windows = calendars.flat_map(|calendar| &calendar.windows);
        let mut tenants: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (namespace, tenant) in [context.head, context.base]
            .into_iter()
            .flat_map(tenants_of_namespaces)
        {
            tenants.entry(namespace).or_default().insert(tenant);
        }
        Self {
            season,
            tenants,
            by_labels: windows.any(|window| !window.scope.labels.is_empty()),
        }
    }

    /// The classes of one change: two where a calendar asks for labels, and they differ.
    pub(super) fn of(&self, change: &Change, tier: RiskTier) -> Vec<Class> {
        let tenants = self.tenants(change);
        let brands = named(change, BRAND);
        let class = Class {
            tier,
            kind: Some(change.object.group_kind().to_string()),
            components: change.components.clone(),
            brands: if brands.is_empty() {
                tenants.clone()
            } else {
                brands
            },
            tenants,
            labels: None,
        };
        if !self.by_labels {
            return vec![class];
        }
        let labels: BTreeSet<BTreeMap<String, String>> = sides(change).map(labels).collect();
        let classes = labels.into_iter().map(|labels| Class {
            labels: Some(labels),
            ..class.clone()
        });
        classes.collect()
    }

    /// Those that its own label names, else that of its namespace, else all of the environment. What is
    /// there once for a cluster reaches everybody in it.
    fn tenants(&self, change: &Change) -> BTreeSet<String> {
        let own = named(change, TENANT);
        if !own.is_empty() {
            return own;
        }
        if CLUSTER_WIDE.contains(&change.object.group_kind().to_string().as_str()) {
            let all = self.season.cluster_tenants.iter();
            return all.map(|&name| name.to_owned()).collect();
        }
        let namespace = change.object.namespace.as_deref();
        match namespace.and_then(|namespace| self.tenants.get(namespace)) {
            Some(tenants) => tenants.iter().map(|&name| name.to_owned()).collect(),
            None => self.season.tenants.iter().cloned().collect(),
        }
    }
}

/// The namespaces that say whose they are.
fn tenants_of_namespaces(around: &Neighbours) -> impl Iterator<Item = (&str, &str)> {
    let namespaces = around.in_namespace(&GroupKind::parse("Namespace"), &None);
    namespaces.into_iter().filter_map(|namespace| {
        let name = namespace.pointer("/metadata/name")?.as_str()?;
        Some((name, label_of(namespace, TENANT)?))
    })
}

/// What a label says, before and after.
fn named(change: &Change, label: &str) -> BTreeSet<String> {
    sides(change)
        .filter_map(|object| label_of(object, label))
        .map(str::to_owned)
        .collect()
}

fn label_of<'o>(object: &'o Value, label: &str) -> Option<&'o str> {
    object.pointer("/metadata/labels")?.get(label)?.as_str()
}

fn sides(change: &Change) -> impl Iterator<Item = &Value> {
    change.old.iter().chain(&change.new)
}

fn labels(object: &Value) -> BTreeMap<String, String> {
    let labels = object
        .pointer("/metadata/labels")
        .and_then(Value::as_object);
    let texts = labels.into_iter().flatten();
    texts
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

const TENANT: &str = "tidegate.dev/tenant";
const BRAND: &str = "tidegate.dev/brand";
/// Kinds of which there is one for all tenants of a cluster.
const CLUSTER_WIDE: [&str; 15] = [
    "APIService.apiregistration.k8s.io",
    "ClusterIssuer.cert-manager.io",
    "ClusterRole.rbac.authorization.k8s.io",
    "ClusterRoleBinding.rbac.authorization.k8s.io",
    "ClusterSecretStore.external-secrets.io",
    "CustomResourceDefinition.apiextensions.k8s.io",
    "GatewayClass.gateway.networking.k8s.io",
    "IngressClass.networking.k8s.io",
    "MutatingWebhookConfiguration.admissionregistration.k8s.io",
    "Node",
    "PriorityClass.scheduling.k8s.io",
    "StorageClass.storage.k8s.io",
    "ValidatingAdmissionPolicy.admissionregistration.k8s.io",
    "ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io",
    "ValidatingWebhookConfiguration.admissionregistration.k8s.io",
];
