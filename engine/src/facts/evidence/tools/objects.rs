//! Objects as `kubectl` and clients like it print them: one, or a list.
//! Knows no kind.

use super::At;
use crate::facts::evidence::{Error, ObjectName};
use crate::model::GroupKind;

/// An object and what names it.
#[derive(Debug)]
pub(super) struct Object<'v> {
    pub(super) at: At<'v>,
    pub(super) kind: GroupKind,
    pub(super) namespace: Option<&'v str>,
    pub(super) name: &'v str,
}

/// Those of an output: one object, or the items of a list, which may leave to the list what they are.
pub(super) fn objects<'v>(root: &At<'v>) -> Result<Vec<Object<'v>>, Error> {
    let (kind, version) = (root.need("kind")?.text()?, root.need("apiVersion")?.text()?);
    let Some(of_items) = kind.strip_suffix("List") else {
        return Ok(vec![Object::read(root.clone(), kind, version)?]);
    };
    let read = |at: At<'v>| {
        let own = at.get("kind").map(|at| at.text()).transpose()?;
        let own_version = at.get("apiVersion").map(|at| at.text()).transpose()?;
        Object::read(at, own.unwrap_or(of_items), own_version.unwrap_or(version))
    };
    root.need("items")?.list()?.into_iter().map(read).collect()
}

impl<'v> Object<'v> {
    fn read(at: At<'v>, kind: &str, version: &str) -> Result<Self, Error> {
        let metadata = at.need("metadata")?;
        let group = version.split_once('/').map_or("", |(group, _)| group);
        Ok(Self {
            kind: GroupKind {
                group: group.to_owned(),
                kind: kind.to_owned(),
            },
            namespace: metadata.get("namespace").map(|at| at.text()).transpose()?,
            name: metadata.need("name")?.text()?,
            at,
        })
    }

    /// Whether it is of a kind, written `Backup.velero.io`.
    pub(super) fn is_a(&self, kind: &str) -> bool {
        self.kind == GroupKind::parse(kind)
    }

    /// Whether it is in the namespace of another.
    pub(super) fn is_beside(&self, object: &ObjectName) -> bool {
        self.namespace == object.namespace.as_deref()
    }

    /// Its condition of a type: status and the whole.
    pub(super) fn condition(&self, wanted: &str) -> Result<Option<(&'v str, At<'v>)>, Error> {
        let Some(conditions) = self.at.find(&["status", "conditions"]) else {
            return Ok(None);
        };
        for at in conditions.list()? {
            if at.need("type")?.text()? == wanted {
                return Ok(Some((at.need("status")?.text()?, at)));
            }
        }
        Ok(None)
    }
}
