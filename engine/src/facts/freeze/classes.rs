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
    let changes = context.changes.iter().enumerate();
    changes
        .filter_map(|(index, change)| Some((change, context.tiers.of(index)?.0)))
        .flat_map(|(change, tier)| of(change, tier, context))
        .collect()
}

/// The classes of one change: two where a calendar asks for labels, and they differ.
pub(super) fn of(change: &Change, tier: RiskTier, context: &Context<'_>) -> Vec<Class> {
    let season = context.season;
    let tenants = tenants(change, context);
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
    if !asks_for_labels(season) {
        return vec![class];
    }
    let labels: BTreeSet<BTreeMap<String, String>> = sides(change).map(labels).collect();
    let classes = labels.into_iter().map(|labels| Class {
        labels: Some(labels),
        ..class.clone()
    });
    classes.collect()
}

fn asks_for_labels(season: &Season<'_>) -> bool {
    let calendars = season.calendars.iter();
    let mut windows = calendars.flat_map(|calendar| &calendar.windows);
    windows.any(|window| !window.scope.labels.is_empty())
}

/// Those that its own label names, else that of its namespace, else all of the environment. What is
/// there once for a cluster reaches everybody in it.
fn tenants(change: &Change, context: &Context<'_>) -> BTreeSet<String> {
    let season = context.season;
    let own = named(change, TENANT);
    if !own.is_empty() {
        return own;
    }
    if CLUSTER_WIDE.contains(&change.object.group_kind().to_string().as_str()) {
        return season
            .cluster_tenants
            .iter()
            .map(|&name| name.to_owned())
            .collect();
    }
    let namespace = change.object.namespace.as_deref();
    let of_namespace: BTreeSet<String> = [context.head, context.base]
        .into_iter()
        .filter_map(|around| of_namespace(around, namespace?))
        .collect();
    if of_namespace.is_empty() {
        return season.tenants.iter().cloned().collect();
    }
    of_namespace
}

fn of_namespace(around: &Neighbours, name: &str) -> Option<String> {
    let namespaces = around.in_namespace(&GroupKind::parse("Namespace"), &None);
    let mut namespaces = namespaces.into_iter();
    let namespace = namespaces.find(|object| {
        let found = object.pointer("/metadata/name");
        found.and_then(Value::as_str) == Some(name)
    })?;
    labels(namespace).remove(TENANT)
}

/// What a label says, before and after.
fn named(change: &Change, label: &str) -> BTreeSet<String> {
    sides(change)
        .filter_map(|object| labels(object).remove(label))
        .collect()
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
