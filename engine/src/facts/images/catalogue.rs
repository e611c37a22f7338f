//! The image that a database takes from a catalogue of its operator: another object, by kind, name and major version.
//! Knows nothing of where the objects come from.

use serde_json::Value;

use crate::facts::inventory::Neighbours;
use crate::model::{GroupKind, ObjectRef};

/// The kinds of catalogues. The second one is of no namespace.
pub const CATALOGUES: [&str; 2] = [
    "ImageCatalog.postgresql.cnpg.io",
    "ClusterImageCatalog.postgresql.cnpg.io",
];

/// Where a cluster of CloudNativePG names its catalogue.
pub(super) const PLACE: &str = "/spec/imageCatalogRef";

/// What the catalogue that an object names has for its version; `None` where it names none, or the catalogue is not there.
pub(super) fn image<'v>(
    object: &ObjectRef,
    value: &Value,
    around: &'v Neighbours,
) -> Option<&'v Value> {
    if object.group_kind() != GroupKind::parse("Cluster.postgresql.cnpg.io") {
        return None;
    }
    let named = value.pointer(PLACE)?;
    let (kind, name) = (named.get("kind")?.as_str()?, named.get("name")?);
    let kind = format!("{kind}.postgresql.cnpg.io");
    let of_namespace = CATALOGUES.iter().position(|known| *known == kind)? == 0;
    let namespace = object.namespace.clone().filter(|_| of_namespace);
    let catalogues = around.in_namespace(&GroupKind::parse(&kind), &namespace);
    let mut own = catalogues.into_iter();
    let own = own.find(|catalogue| catalogue.pointer("/metadata/name") == Some(name))?;
    let images = own.pointer("/spec/images")?.as_array()?;
    let major = named.get("major")?;
    let image = images
        .iter()
        .find(|image| image.get("major") == Some(major));
    image?.get("image").filter(|image| !image.is_null())
}
