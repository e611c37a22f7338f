//! What manifests and indexes of a registry look like, as far as anything here needs it.
//! Foreign fields are passed over: others write them too.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use crate::model::Digest;

pub(crate) const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const EMPTY: &str = "application/vnd.oci.empty.v1+json";
/// What an artifact without settings points to.
pub(crate) const NOTHING: &[u8] = b"{}";

/// A manifest, or an index: which of the two, its caller asks.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Document {
    pub(crate) schema_version: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) media_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) config: Option<Descriptor>,
    #[serde(
        default,
        deserialize_with = "null_is_empty",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) layers: Option<Vec<Descriptor>>,
    #[serde(
        default,
        deserialize_with = "null_is_empty",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) manifests: Option<Vec<Descriptor>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<Descriptor>,
    #[serde(
        default,
        deserialize_with = "null_is_none",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub(crate) annotations: BTreeMap<String, String>,
}

/// What one document says of another, or of a blob.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    pub(crate) media_type: String,
    pub(crate) digest: String,
    pub(crate) size: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) artifact_type: Option<String>,
    #[serde(
        default,
        deserialize_with = "null_is_none",
        skip_serializing_if = "BTreeMap::is_empty"
    )]
    pub(crate) annotations: BTreeMap<String, String>,
}

impl Descriptor {
    pub(crate) fn of(media_type: &str, bytes: &[u8]) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest: format!("sha256:{}", Digest::of(bytes)),
            size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            artifact_type: None,
            annotations: BTreeMap::new(),
        }
    }

    /// What it points to; SHA-256 alone is read.
    pub(crate) fn digest(&self) -> Option<Digest> {
        Digest::parse_oci(&self.digest)
    }
}

impl Document {
    /// Reads a document that came as `media_type`.
    pub(crate) fn parse(bytes: &[u8], media_type: Option<&str>) -> Result<Self, String> {
        let document: Self =
            serde_json::from_slice(bytes).map_err(|error| format!("no manifest: {error}"))?;
        if document.schema_version != 2 {
            let version = document.schema_version;
            return Err(format!(
                "of schema version {version}, which is not supported; push the image anew as version 2"
            ));
        }
        if document.layers.is_some() && document.manifests.is_some() {
            return Err("a manifest and an index at once".to_owned());
        }
        let said = media_type.map(bare);
        match (document.media_type.as_deref(), said) {
            (Some(inside), Some(outside)) if inside != outside => Err(format!(
                "`{outside}` by its header and `{inside}` by its text"
            )),
            _ => Ok(document),
        }
    }

    /// The bytes of a document of ours.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, String> {
        serde_json::to_vec(self).map_err(|error| error.to_string())
    }

    pub(crate) fn is_index(&self) -> bool {
        self.manifests.is_some()
    }
}

// Programs in Go write `null` for a list or a map in which nothing is.

fn null_is_empty<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<Descriptor>>, D::Error> {
    let list = Option::<Vec<Descriptor>>::deserialize(from)?;
    Ok(Some(list.unwrap_or_default()))
}

fn null_is_none<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<String, String>, D::Error> {
    let map = Option::<BTreeMap<String, String>>::deserialize(from)?;
    Ok(map.unwrap_or_default())
}

/// A media type without its parameters.
pub(super) fn bare(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_is_one_thing_and_what_its_header_says() {
        let image =
            format!(r#"{{"schemaVersion":2,"mediaType":"{MANIFEST}","layers":[],"new":1}}"#);
        assert!(
            !Document::parse(image.as_bytes(), Some(MANIFEST))
                .unwrap()
                .is_index()
        );
        assert!(Document::parse(image.as_bytes(), None).is_ok());
        let index = format!(r#"{{"schemaVersion":2,"mediaType":"{INDEX}","manifests":[]}}"#);
        let index = Document::parse(index.as_bytes(), Some(INDEX)).unwrap();
        assert!(index.is_index());
        let with_charset = format!("{MANIFEST}; charset=utf-8");
        assert!(Document::parse(image.as_bytes(), Some(&with_charset)).is_ok());
        assert!(Document::parse(image.as_bytes(), Some(INDEX)).is_err());
        for text in [
            "",
            "<html>",
            "{}",
            r#"{"schemaVersion":1,"fsLayers":[],"history":[]}"#,
            r#"{"schemaVersion":1,"layers":[]}"#,
            r#"{"schemaVersion":2,"layers":[],"manifests":[]}"#,
            r#"{"schemaVersion":2,"layers":[],"layers":[]}"#,
            r#"{"schemaVersion":2,"layers":[{"digest":"sha256:x"}]}"#,
        ] {
            assert!(Document::parse(text.as_bytes(), None).is_err(), "{text}");
        }
    }

    #[test]
    fn null_is_a_list_or_map_in_which_nothing_is() {
        let text = r#"{"schemaVersion":2,"manifests":null,"annotations":null}"#;
        let index = Document::parse(text.as_bytes(), Some(INDEX)).unwrap();
        assert!(index.is_index() && index.annotations.is_empty());
        assert_eq!(index.manifests, Some(Vec::new()));
        let text = r#"{"schemaVersion":2,"layers":[{"mediaType":"x","digest":"sha256:x","size":1,"annotations":null}]}"#;
        let image = Document::parse(text.as_bytes(), None).unwrap();
        assert!(!image.is_index());
        assert!(image.layers.unwrap()[0].annotations.is_empty());
        for text in [
            r#"{"schemaVersion":2,"manifests":null,"layers":[]}"#,
            r#"{"schemaVersion":2,"manifests":{}}"#,
            r#"{"schemaVersion":2,"annotations":[]}"#,
            r#"{"schemaVersion":2,"annotations":null,"annotations":null}"#,
        ] {
            assert!(Document::parse(text.as_bytes(), None).is_err(), "{text}");
        }
    }

    #[test]
    fn only_sha256_is_a_digest() {
        let mut descriptor = Descriptor::of(MANIFEST, b"x");
        assert_eq!(descriptor.digest(), Some(Digest::of(b"x")));
        for text in ["", "sha256:", "sha512:00", "md5:00", "sha256:../x"] {
            descriptor.digest = text.to_owned();
            assert_eq!(descriptor.digest(), None, "{text}");
        }
    }
}
