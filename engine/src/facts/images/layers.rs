//! Layers of an image that a node fetches from elsewhere than its registry: the digest of the manifest vouches for their
//! bytes, and the registry for nothing of them. Verifies nothing.
//! <https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#non-distributable-layers>

use std::collections::BTreeSet;

use serde_json::Value;

use super::index::Index;
use crate::model::json;

/// Where the manifest of an image says that such layers are: their addresses, or the digest of one that names none.
/// Nothing for an index, and for what is no manifest.
pub(super) fn foreign(media_type: &str, manifest: &[u8]) -> BTreeSet<String> {
    if Index::is_type(media_type) {
        return BTreeSet::new();
    }
    let value = json::parse(manifest).ok();
    let layers = value.as_ref().and_then(|it| it.get("layers")?.as_array());
    layers.into_iter().flatten().flat_map(places).collect()
}

fn places(layer: &Value) -> Vec<String> {
    let text = |key: &str| layer.get(key).and_then(Value::as_str).unwrap_or_default();
    let urls = layer.get("urls").and_then(Value::as_array);
    let urls: Vec<String> = urls
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let is_foreign = FOREIGN
        .iter()
        .any(|start| text("mediaType").starts_with(start));
    match urls.is_empty() && is_foreign {
        true => vec![text("digest").to_owned()],
        false => urls,
    }
}

/// Types of layers that a registry need not hold, without what says how they are packed.
const FOREIGN: [&str; 2] = [
    "application/vnd.oci.image.layer.nondistributable.",
    "application/vnd.docker.image.rootfs.foreign.",
];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
    const INDEX: &str = "application/vnd.oci.image.index.v1+json";
    const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";

    #[test]
    fn i9_layers_of_elsewhere_are_told_by_address_or_by_digest() {
        let layers = |layers: Value| json!({"schemaVersion": 2, "layers": layers});
        let layer = |media_type: &str| json!({"mediaType": media_type, "digest": "sha256:1"});
        let with_urls = |urls: Value| {
            let mut layer = layer(LAYER);
            layer["urls"] = urls;
            json!([layer])
        };
        let address = "https://layers.test/1";
        for (told, manifest) in [
            (&[][..], layers(json!([layer(LAYER)]))),
            (&[], layers(with_urls(json!([])))),
            (&[], layers(with_urls(json!([1])))),
            (&[address], layers(with_urls(json!([address, address])))),
            (
                &["sha256:1"],
                layers(json!([layer(&format!("{}tar", FOREIGN[0]))])),
            ),
            (
                &["sha256:1"],
                layers(json!([layer(&format!("{}diff.tar.gzip", FOREIGN[1]))])),
            ),
            (&[], json!({"schemaVersion": 2, "layers": {}})),
            (&[], json!(["layers"])),
        ] {
            let bytes = manifest.to_string().into_bytes();
            let found = foreign(MANIFEST, &bytes);
            assert!(found.iter().eq(told), "{manifest}: {found:?}");
            assert!(foreign(INDEX, &bytes).is_empty());
        }
        assert!(foreign(MANIFEST, b"{").is_empty());
    }
}
