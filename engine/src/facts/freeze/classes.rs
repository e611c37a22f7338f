//! What a calendar can tell apart of a change: whom it reaches, by its labels and by where it stands.
//! Knows no time.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Season, Tiers};
use crate::calendar::Class;
use crate::change::Change;
use crate::facts::Context;
use crate::facts::inventory::Neighbours;
use crate::model::{GroupKind, ObjectRef, RiskTier};

/// The classes of all changes, and of what changes beside them; empty where nothing changes.
#[must_use]
pub fn all(context: &Context<'_>) -> BTreeSet<Class> {
    let classifier = Classifier::new(context);
    let beside = context.tiers.beside(context);
    let changes = context.changes.iter().enumerate();
    changes
        .filter_map(|(index, change)| Some((index, change, context.tiers.of(index)?.0)))
        .flat_map(|(index, change, tier)| classifier.of((index, change), tier))
        .chain(beside.map(|tier| classifier.beside(tier)))
        .collect()
}

/// What all changes are classified by.
pub(super) struct Classifier<'c> {
    season: &'c Season<'c>,
    tiers: Tiers<'c>,
    /// What the label of each namespace says, before and after; `None` where one of both says nothing.
    namespaces: BTreeMap<&'c str, Option<BTreeSet<&'c str>>>,
    /// Whether a calendar tells labels apart.
    by_labels: bool,
    /// The brands that a calendar names.
    brands: BTreeSet<&'c str>,
}

impl<'c> Classifier<'c> {
    pub(super) fn new(context: &Context<'c>) -> Self {
        let season = context.season;
        let calendars = season.calendars.iter();
        let windows = calendars.flat_map(|calendar| &calendar.windows);
        let mut namespaces: BTreeMap<&str, Option<BTreeSet<&str>>> = BTreeMap::new();
        for (namespace, tenant) in [context.head, context.base]
            .into_iter()
            .flat_map(tenants_of_namespaces)
        {
            let known = namespaces.entry(namespace);
            let known = known.or_insert_with(|| Some(BTreeSet::new()));
            *known = known.take().zip(tenant).map(|(mut known, tenant)| {
                known.insert(tenant);
                known
            });
        }
        let brands = windows.clone().flat_map(|window| &window.scope.brands);
        Self {
            season,
            tiers: context.tiers,
            namespaces,
            by_labels: windows
                .clone()
                .any(|window| !window.scope.labels.is_empty()),
            brands: brands.flatten().map(String::as_str).collect(),
        }
    }

    /// The classes of one change: two where a calendar asks for labels, and they differ.
    pub(super) fn of(&self, (index, change): (usize, &Change), tier: RiskTier) -> Vec<Class> {
        let is_shared = self.tiers.is_shared(index) || is_cluster_wide(&change.object);
        let reached = |of: &dyn Fn(&Value) -> BTreeSet<String>| {
            let mut all = BTreeSet::new();
            for side in sides(change) {
                let found = of(side);
                // Nobody named is everybody.
                if found.is_empty() {
                    return found;
                }
                all.extend(found);
            }
            all
        };
        let namespace = change.object.namespace.as_deref();
        let tenants = |side: &Value| match is_shared {
            true => self.everybody_in_the_cluster(),
            false => self.tenants(side, namespace),
        };
        let brands = |side: &Value| self.brands(side, tenants(side));
        let class = Class {
            tier,
            kind: Some(change.object.group_kind().to_string()),
            components: change.components.clone(),
            tenants: reached(&tenants),
            brands: reached(&brands),
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

    /// The class of what is in no object: whatever a calendar tells apart of it, it may be, for all whom the environment
    /// serves.
    pub(super) fn beside(&self, tier: RiskTier) -> Class {
        let tenants: BTreeSet<String> = self.season.tenants.iter().cloned().collect();
        Class {
            brands: tenants.clone(),
            tenants,
            ..Class::unknown(tier, &self.season.calendars)
        }
    }

    /// Whom an object reaches as it stands on one side: the tenant of its own label and those of its
    /// namespace, else all of the environment. A name that the environment does not serve frees nobody.
    fn tenants(&self, object: &Value, namespace: Option<&str>) -> BTreeSet<String> {
        let own = label_of(object, TENANT);
        let of_namespace = namespace.and_then(|name| self.namespaces.get(name));
        let mut named: BTreeSet<&str> = own.into_iter().collect();
        let mut is_known = own.is_some();
        // Where its own label says it, a namespace need not.
        if let Some(Some(tenants)) = of_namespace {
            named.extend(tenants);
            is_known = true;
        }
        let serves = |name: &&str| self.season.tenants.iter().any(|served| served == name);
        let all_served = self.season.tenants.is_empty() || named.iter().all(serves);
        let mut all: BTreeSet<String> = named.into_iter().map(str::to_owned).collect();
        if !is_known || !all_served {
            if self.season.tenants.is_empty() {
                return BTreeSet::new();
            }
            all.extend(self.season.tenants.iter().cloned());
        }
        all
    }

    /// The brand of its own label, else those whom it reaches. A brand of which no calendar speaks frees
    /// nobody.
    fn brands(&self, object: &Value, tenants: BTreeSet<String>) -> BTreeSet<String> {
        match label_of(object, BRAND) {
            Some(brand) if self.brands.contains(brand) => [brand.to_owned()].into(),
            // Nobody named is everybody.
            Some(_) if tenants.is_empty() => tenants,
            Some(brand) => tenants.into_iter().chain([brand.to_owned()]).collect(),
            None => tenants,
        }
    }

    fn everybody_in_the_cluster(&self) -> BTreeSet<String> {
        let all = self.season.cluster_tenants.iter();
        all.map(|&name| name.to_owned()).collect()
    }
}

/// All namespaces, and what they say whose they are.
fn tenants_of_namespaces(around: &Neighbours) -> impl Iterator<Item = (&str, Option<&str>)> {
    let namespaces = around.in_namespace(&GroupKind::parse("Namespace"), &None);
    namespaces.into_iter().filter_map(|namespace| {
        let name = namespace.pointer("/metadata/name")?.as_str()?;
        Some((name, label_of(namespace, TENANT)))
    })
}

fn label_of<'o>(object: &'o Value, label: &str) -> Option<&'o str> {
    object.pointer("/metadata/labels")?.get(label)?.as_str()
}

/// Whether there is one of it for all tenants of a cluster: it is of a kind of which that is known, or it
/// names no namespace and is called as such kinds are.
fn is_cluster_wide(object: &ObjectRef) -> bool {
    let kind = object.group_kind().to_string();
    let group = kind.split_once('.').map_or("", |(_, group)| group);
    CLUSTER_WIDE.contains(&kind.as_str())
        || CLUSTER_WIDE_GROUPS.contains(&group)
        || (object.namespace.is_none()
            && object.kind.len() > "Cluster".len()
            && object.kind.starts_with("Cluster"))
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
/// Groups all of whose kinds are there once for a cluster.
const CLUSTER_WIDE_GROUPS: [&str; 4] = [
    "admissionregistration.k8s.io",
    "constraints.gatekeeper.sh",
    "storage.k8s.io",
    "templates.gatekeeper.sh",
];
/// Kinds of which there is one for all tenants of a cluster; beside them those called `Cluster…`.
const CLUSTER_WIDE: [&str; 39] = [
    "APIService.apiregistration.k8s.io",
    "AdminNetworkPolicy.policy.networking.k8s.io",
    "BaselineAdminNetworkPolicy.policy.networking.k8s.io",
    "Bundle.trust.cert-manager.io",
    "CertificateSigningRequest.certificates.k8s.io",
    "CiliumClusterwideEnvoyConfig.cilium.io",
    "CiliumClusterwideNetworkPolicy.cilium.io",
    "ClusterIssuer.cert-manager.io",
    "ClusterPolicy.kyverno.io",
    "ClusterRole.rbac.authorization.k8s.io",
    "ClusterRoleBinding.rbac.authorization.k8s.io",
    "ClusterSecretStore.external-secrets.io",
    "CustomResourceDefinition.apiextensions.k8s.io",
    "DeletingPolicy.policies.kyverno.io",
    "DeviceClass.resource.k8s.io",
    "EC2NodeClass.karpenter.k8s.aws",
    "FlowSchema.flowcontrol.apiserver.k8s.io",
    "GatewayClass.gateway.networking.k8s.io",
    "GeneratingPolicy.policies.kyverno.io",
    "GlobalNetworkPolicy.crd.projectcalico.org",
    "GlobalNetworkPolicy.projectcalico.org",
    "IPAddress.networking.k8s.io",
    "ImageValidatingPolicy.policies.kyverno.io",
    "IngressClass.networking.k8s.io",
    "MutatingPolicy.policies.kyverno.io",
    "Node",
    "NodeClaim.karpenter.sh",
    "NodePool.karpenter.sh",
    "PersistentVolume",
    "PriorityClass.scheduling.k8s.io",
    "PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io",
    "ResourceSlice.resource.k8s.io",
    "RuntimeClass.node.k8s.io",
    "ServiceCIDR.networking.k8s.io",
    "ValidatingPolicy.policies.kyverno.io",
    "VolumeGroupSnapshotClass.groupsnapshot.storage.k8s.io",
    "VolumeGroupSnapshotContent.groupsnapshot.storage.k8s.io",
    "VolumeSnapshotClass.snapshot.storage.k8s.io",
    "VolumeSnapshotContent.snapshot.storage.k8s.io",
];
