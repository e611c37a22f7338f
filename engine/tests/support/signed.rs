//! The signatures of `testdata/images`, as they are recorded in a repository.

use std::fs;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tidegate::model::Digest;

/// The image that is signed, by its digest.
pub(crate) fn image() -> String {
    format!("registry.test/shop/odoo:17.0@sha256:{}", digest())
}

/// Its manifest, as it lies in a registry.
pub(crate) fn manifest() -> Vec<u8> {
    FIXTURES["manifest"].as_str().unwrap().as_bytes().to_vec()
}

/// An index that lists it for one of two platforms, as it lies in a registry; `sig-index` signs it.
pub(crate) fn index() -> Vec<u8> {
    FIXTURES["index"].as_str().unwrap().as_bytes().to_vec()
}

/// A signature of it as a layer of a manifest beside it, and the bytes that the layer names.
pub(crate) fn layer(name: &str) -> (Value, Vec<u8>) {
    let fixture = &FIXTURES["candidates"][name];
    let payload = fixture["text"].as_str().unwrap().as_bytes().to_vec();
    let layer = json!({
        "mediaType": fixture["mediaType"],
        "digest": format!("sha256:{}", Digest::of(&payload)),
        "size": payload.len(),
        "annotations": fixture["annotations"],
    });
    (layer, payload)
}

/// A public key in PEM.
pub(crate) fn key(name: &str) -> &'static str {
    FIXTURES["keys"][name].as_str().unwrap()
}

/// A signature of the image as a file of the repository: its path and its bytes.
pub(crate) fn recorded(name: &str) -> (String, Vec<u8>) {
    let fixture = &FIXTURES["candidates"][name];
    let payload = fixture["text"].as_str().unwrap().as_bytes();
    let file = json!({
        "mediaType": fixture["mediaType"],
        "digest": format!("sha256:{}", Digest::of(payload)),
        "annotations": fixture["annotations"],
        "payload": STANDARD.encode(payload),
    });
    let bytes = file.to_string().into_bytes();
    let name = Digest::of(&bytes);
    (
        format!(".tidegate/images/sha256/{}/{name}", digest()),
        bytes,
    )
}

/// The digest of the image.
pub(crate) fn digest() -> &'static str {
    FIXTURES["image"].as_str().unwrap()
}

static FIXTURES: LazyLock<Value> = LazyLock::new(|| {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/testdata/images/fixtures.json");
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
});
