//! Kubernetes objects by name.
//! Knows nothing of their content.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Serialize};

/// What names a Kubernetes object.
///
/// Two references are equal, and sort together, when API group, kind, namespace and name are the
/// same: an object whose API version was raised is the same object.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ObjectRef {
    /// As written in the manifest: `v1`, `apps/v1`.
    pub api_version: String,
    /// As written in the manifest.
    pub kind: String,
    /// Absent for cluster-scoped kinds, and where the manifest leaves it to the deployer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// `metadata.name`.
    pub name: String,
}

impl ObjectRef {
    /// The API group: `apps` of `apps/v1`, empty for the core group.
    #[must_use]
    pub fn group(&self) -> &str {
        self.api_version
            .rsplit_once('/')
            .map_or("", |(group, _)| group)
    }

    /// Group and kind.
    #[must_use]
    pub fn group_kind(&self) -> GroupKind {
        GroupKind {
            group: self.group().to_owned(),
            kind: self.kind.clone(),
        }
    }

    /// Whether only the namespace tells the two apart, and one of them leaves it to the deployer: the
    /// two are one object wherever the deployer fills in what the other one says.
    #[must_use]
    pub fn may_coincide(&self, other: &Self) -> bool {
        self.namespace.is_none() != other.namespace.is_none()
            && (self.group(), &self.kind, &self.name) == (other.group(), &other.kind, &other.name)
    }

    fn identity(&self) -> (&str, &str, Option<&str>, &str) {
        (
            self.group(),
            &self.kind,
            self.namespace.as_deref(),
            &self.name,
        )
    }
}

impl PartialEq for ObjectRef {
    fn eq(&self, other: &Self) -> bool {
        self.identity() == other.identity()
    }
}

impl Eq for ObjectRef {}

impl PartialOrd for ObjectRef {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ObjectRef {
    fn cmp(&self, other: &Self) -> Ordering {
        self.identity().cmp(&other.identity())
    }
}

/// `shop/Deployment.apps/odoo`; without the namespace where there is none.
impl fmt::Display for ObjectRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        write!(f, "{}/{}", self.group_kind(), self.name)
    }
}

/// A kind within its API group, written `Deployment.apps`, `Service` for the core group.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupKind {
    /// Empty for the core group.
    pub group: String,
    /// The kind.
    pub kind: String,
}

impl GroupKind {
    /// Reads `Kind` or `Kind.group`.
    ///
    /// ```
    /// use tidegate::model::GroupKind;
    /// assert_eq!(GroupKind::parse("Deployment.apps").group, "apps");
    /// assert_eq!(GroupKind::parse("Service").group, "");
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let (kind, group) = text.split_once('.').unwrap_or((text, ""));
        Self {
            group: group.to_owned(),
            kind: kind.to_owned(),
        }
    }
}

impl fmt::Display for GroupKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if self.group.is_empty() {
            return Ok(());
        }
        write!(f, ".{}", self.group)
    }
}

/// What happens to an object between base and head.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Operation {
    /// Only at head.
    Create,
    /// At both, and different.
    Update,
    /// Only at base.
    Delete,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(api_version: &str) -> ObjectRef {
        ObjectRef {
            api_version: api_version.into(),
            kind: "Ingress".into(),
            namespace: Some("shop".into()),
            name: "web".into(),
        }
    }

    #[test]
    fn the_version_is_no_part_of_the_identity_but_the_group_is() {
        assert_eq!(
            object("networking.k8s.io/v1beta1"),
            object("networking.k8s.io/v1")
        );
        assert_ne!(object("extensions/v1beta1"), object("networking.k8s.io/v1"));
    }

    #[test]
    fn an_absent_namespace_may_be_any_and_a_written_one_is_no_other() {
        let written = object("networking.k8s.io/v1");
        let other = ObjectRef {
            namespace: Some("other".into()),
            ..written.clone()
        };
        let absent = ObjectRef {
            namespace: None,
            ..object("networking.k8s.io/v1beta1")
        };
        assert!(absent.may_coincide(&written) && other.may_coincide(&absent));
        assert!(!written.may_coincide(&other) && !absent.may_coincide(&absent));
        assert!(!absent.may_coincide(&object("extensions/v1beta1")));
    }

    #[test]
    fn display_names_the_group() {
        assert_eq!(
            object("networking.k8s.io/v1").to_string(),
            "shop/Ingress.networking.k8s.io/web"
        );
        assert_eq!(object("v1").to_string(), "shop/Ingress/web");
    }
}
