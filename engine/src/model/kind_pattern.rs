//! Patterns of kinds, as configuration writes them.
//! Knows nothing of what they are for.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::GroupKind;

/// Which kinds are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KindPattern {
    /// `Ingress`, in whatever API group.
    Kind(String),
    /// `Cluster.postgresql.cnpg.io`.
    Exact(GroupKind),
    /// `traefik.io/*`.
    Group(String),
    /// `*.gatekeeper.sh/*`: any group below this one; with its leading dot.
    Below(String),
}

impl KindPattern {
    /// Reads a pattern; any text is one.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        if let Some(group) = text.strip_suffix("/*") {
            return match group.strip_prefix('*') {
                Some(parent) => Self::Below(parent.to_owned()),
                None => Self::Group(group.to_owned()),
            };
        }
        if text.contains('.') {
            Self::Exact(GroupKind::parse(text))
        } else {
            Self::Kind(text.to_owned())
        }
    }

    /// Whether a kind is meant.
    #[must_use]
    pub fn matches(&self, found: &GroupKind) -> bool {
        match self {
            Self::Kind(kind) => found.kind == *kind,
            Self::Exact(kind) => found == kind,
            Self::Group(group) => found.group == *group,
            Self::Below(parent) => found.group.ends_with(parent.as_str()),
        }
    }
}

/// As it was read.
impl fmt::Display for KindPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind(kind) => f.write_str(kind),
            Self::Exact(kind) => write!(f, "{kind}"),
            Self::Group(group) => write!(f, "{group}/*"),
            Self::Below(parent) => write!(f, "*{parent}/*"),
        }
    }
}

impl Serialize for KindPattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for KindPattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self::parse(&text))
    }
}

/// Kinds that are often meant.
pub(crate) const KINDS: [&str; 26] = [
    "Application",
    "Certificate",
    "Cluster",
    "ConfigMap",
    "CronJob",
    "DaemonSet",
    "Deployment",
    "HelmRelease",
    "HorizontalPodAutoscaler",
    "Ingress",
    "IngressRoute",
    "IngressRouteTCP",
    "IngressRouteUDP",
    "Job",
    "Kustomization",
    "Namespace",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "Pod",
    "PodDisruptionBudget",
    "ResourceQuota",
    "Rollout",
    "Secret",
    "Service",
    "ServiceAccount",
    "StatefulSet",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_without_group_is_of_any_and_a_group_is_whole() {
        let route = GroupKind::parse("IngressRoute.traefik.io");
        for (pattern, expected) in [
            ("IngressRoute", true),
            ("IngressRoute.traefik.io", true),
            ("IngressRoute.traefik.containo.us", false),
            ("traefik.io/*", true),
            ("io/*", false),
            ("*.io/*", true),
            ("*.traefik.io/*", false),
        ] {
            let read = KindPattern::parse(pattern);
            assert_eq!(read.matches(&route), expected, "{pattern}");
            assert_eq!(read.to_string(), pattern);
        }
        let template = GroupKind::parse("X.constraints.gatekeeper.sh");
        assert!(KindPattern::parse("*.gatekeeper.sh/*").matches(&template));
    }
}
