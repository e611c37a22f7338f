//! The name of an object that evidence is about, as findings write it: `shop/Cluster.postgresql.cnpg.io/odoo-db`.
//! Knows nothing of what the object holds.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::Error;
use crate::model::{GroupKind, ObjectRef};

/// Namespace, kind with its API group, and name; no version, which changes without the object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(with = "String")]
pub struct ObjectName {
    /// Absent for kinds that are of no namespace.
    pub namespace: Option<String>,
    /// Kind and API group.
    pub kind: GroupKind,
    /// The name.
    pub name: String,
}

impl ObjectName {
    /// Reads `NAMESPACE/KIND.GROUP/NAME`, or `KIND.GROUP/NAME`.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut parts = text.split('/');
        let parsed = match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(kind), Some(name), None, None) => Some((None, kind, name)),
            (Some(namespace), Some(kind), Some(name), None) => Some((Some(namespace), kind, name)),
            _ => None,
        };
        let valid = |(namespace, kind, name): &(Option<&str>, &str, &str)| {
            namespace.is_none_or(is_name) && is_kind(kind) && is_name(name)
        };
        match parsed.filter(valid) {
            Some((namespace, kind, name)) => Ok(Self {
                namespace: namespace.map(ToOwned::to_owned),
                kind: GroupKind::parse(kind),
                name: name.to_owned(),
            }),
            None => Err(Error::Object {
                text: text.chars().take(300).collect(),
            }),
        }
    }

    /// Whether this names `object`.
    #[must_use]
    pub fn is(&self, object: &ObjectRef) -> bool {
        (&self.namespace, &self.name) == (&object.namespace, &object.name)
            && self.kind == object.group_kind()
    }
}

/// A name as Kubernetes takes it for all kinds that hold data.
fn is_name(text: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    let outer = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    (1..=253).contains(&text.len())
        && text.chars().all(inner)
        && text.starts_with(outer)
        && text.ends_with(outer)
}

fn is_kind(text: &str) -> bool {
    let kind = text.split('.').next().unwrap_or_default();
    let group = text.split_once('.').map(|(_, group)| group);
    // Zalando's `postgresql` is written in small letters.
    kind.starts_with(|c: char| c.is_ascii_alphabetic())
        && kind.len() <= 63
        && kind.chars().all(|c| c.is_ascii_alphanumeric())
        && group.is_none_or(is_name)
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        write!(f, "{}/{}", self.kind, self.name)
    }
}

impl Serialize for ObjectName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObjectName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .map_err(|_| de::Error::custom("no object as `NAMESPACE/KIND.GROUP/NAME`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_written_as_findings_write_it_and_read_back() {
        for text in [
            "shop/Cluster.postgresql.cnpg.io/odoo-db",
            "shop/PersistentVolumeClaim/filestore",
            "shop/postgresql.acid.zalan.do/odoo-db",
            "Bucket.s3.aws.upbound.io/odoo.files",
        ] {
            assert_eq!(ObjectName::parse(text).unwrap().to_string(), text);
        }
        for wrong in [
            "",
            "odoo-db",
            "/Cluster/odoo-db",
            "shop/Cluster/",
            "shop//odoo-db",
            "shop/1Cluster/odoo-db",
            "shop/Cluster./odoo-db",
            "shop/Cluster.x/odoo db",
            "Shop/Cluster.x/odoo",
            "a/Cluster.x/b/c",
            "shop/Cluster.x/odoo\u{202e}",
            "shop/Cluster.x/-odoo",
        ] {
            assert!(ObjectName::parse(wrong).is_err(), "{wrong}");
        }
        let object = ObjectRef {
            api_version: "postgresql.cnpg.io/v1".into(),
            kind: "Cluster".into(),
            namespace: Some("shop".into()),
            name: "odoo-db".into(),
        };
        let name = |text| ObjectName::parse(text).unwrap();
        assert!(name("shop/Cluster.postgresql.cnpg.io/odoo-db").is(&object));
        for other in [
            "shop/Cluster.example.org/odoo-db",
            "other/Cluster.postgresql.cnpg.io/odoo-db",
            "Cluster.postgresql.cnpg.io/odoo-db",
        ] {
            assert!(!name(other).is(&object), "{other}");
        }
    }
}
