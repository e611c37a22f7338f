//! Indexes of images: one digest that stands for the images of several platforms. Who signed an index signed the
//! digests in it; who signed one of them did not sign the index. Verifies nothing.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::model::{Digest, json, limits};

/// An index, as its own bytes say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Index {
    children: Vec<Child>,
}

/// An image of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Child {
    digest: Digest,
    /// Such as `linux/arm64/v8`; none of an attestation, which no node runs.
    platform: Option<String>,
}

impl Index {
    /// Whether a media type is that of an index.
    pub(super) fn is_type(media_type: &str) -> bool {
        TYPES.contains(&media_type)
    }

    /// Reads an index of that media type; `None` for what might be two things at once, or too much.
    pub(super) fn read(media_type: &str, bytes: &[u8]) -> Option<Self> {
        if !Self::is_type(media_type) || bytes.len() > limits::IMAGE_INDEX.most {
            return None;
        }
        let value = json::parse(bytes).ok()?;
        let index = value.as_object()?;
        let own = index.get("mediaType");
        if own.is_some_and(|own| own.as_str() != Some(media_type))
            || index.get("schemaVersion") != Some(&Value::from(2))
            || OF_IMAGES.iter().any(|key| index.contains_key(*key))
        {
            return None;
        }
        let listed = index.get("manifests")?.as_array()?;
        if listed.len() > limits::INDEX_IMAGES.most {
            return None;
        }
        let children = listed.iter().map(Child::read);
        Some(Self {
            children: children.collect::<Option<_>>()?,
        })
    }

    /// Whether it lists an image that a node can run, and for which platforms.
    pub(super) fn platforms_of(&self, image: Digest) -> Option<Vec<&str>> {
        let own = self.children.iter().filter(|child| child.digest == image);
        let platforms: Vec<&str> = own.filter_map(|it| it.platform.as_deref()).collect();
        (!platforms.is_empty()).then_some(platforms)
    }

    /// The images that a node can run, each once.
    pub(super) fn images(&self) -> BTreeSet<Digest> {
        let images = self
            .children
            .iter()
            .filter(|child| child.platform.is_some());
        images.map(|child| child.digest).collect()
    }

    /// The platforms of all its images, each once.
    pub(super) fn platforms(&self) -> BTreeSet<&str> {
        self.named().collect()
    }

    /// Platforms that it lists more than once: a node takes whichever it finds first.
    pub(super) fn repeated(&self) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        self.named()
            .filter(|platform| !seen.insert(*platform))
            .collect()
    }

    fn named(&self) -> impl Iterator<Item = &str> {
        self.children.iter().filter_map(|it| it.platform.as_deref())
    }
}

impl Child {
    fn read(value: &Value) -> Option<Self> {
        let child = value.as_object()?;
        let digest = Digest::parse_oci(child.get("digest")?.as_str()?)?;
        let media_type = child.get("mediaType").and_then(Value::as_str);
        // An index within an index is none of its images.
        let runs = media_type.is_none_or(|it| !Index::is_type(it));
        let platform = child.get("platform").and_then(Value::as_object);
        Some(Self {
            digest,
            platform: platform.filter(|_| runs).and_then(platform_of),
        })
    }
}

fn platform_of(platform: &Map<String, Value>) -> Option<String> {
    let text = |key: &str| platform.get(key).and_then(Value::as_str);
    let (os, architecture) = (text("os")?, text("architecture")?);
    let said = [Some(os), Some(architecture), text("variant")];
    let said: Vec<&str> = said
        .into_iter()
        .flatten()
        .filter(|it| !it.is_empty())
        .collect();
    (!said.contains(&"unknown")).then(|| said.join("/"))
}

const TYPES: [&str; 2] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];
/// What only the manifest of one image has.
const OF_IMAGES: [&str; 3] = ["layers", "config", "fsLayers"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const OCI: &str = TYPES[0];

    fn digest(text: &str) -> Digest {
        Digest::of(text.as_bytes())
    }

    fn child(text: &str, platform: &Value) -> Value {
        json!({"digest": format!("sha256:{}", digest(text)), "platform": platform})
    }

    fn index(children: &[Value]) -> Value {
        json!({"schemaVersion": 2, "manifests": children})
    }

    fn read(value: &Value) -> Option<Index> {
        Index::read(OCI, value.to_string().as_bytes())
    }

    #[test]
    fn what_an_index_lists_is_told_by_platform() {
        let arm = json!({"os": "linux", "architecture": "arm64", "variant": "v8"});
        let amd = json!({"os": "linux", "architecture": "amd64"});
        let unknown = json!({"os": "unknown", "architecture": "unknown"});
        let nested = json!({"digest": format!("sha256:{}", digest("nested")), "mediaType": OCI, "platform": amd});
        let read = read(&index(&[
            child("a", &amd),
            child("b", &arm),
            child("c", &amd),
            child("attested", &unknown),
            child("none", &Value::Null),
            nested,
        ]))
        .unwrap();
        assert_eq!(read.platforms_of(digest("a")), Some(vec!["linux/amd64"]));
        assert_eq!(read.platforms_of(digest("b")), Some(vec!["linux/arm64/v8"]));
        for other in ["attested", "none", "nested", "else"] {
            assert_eq!(read.platforms_of(digest(other)), None, "{other}");
        }
        assert_eq!(
            read.platforms(),
            BTreeSet::from(["linux/amd64", "linux/arm64/v8"])
        );
        assert_eq!(read.repeated(), BTreeSet::from(["linux/amd64"]));
        assert_eq!(read.images(), ["a", "b", "c"].map(digest).into());
    }

    #[test]
    fn i8_what_is_an_index_and_something_else_is_neither() {
        let good = index(&[]);
        assert!(read(&good).is_some());
        for (key, value) in [
            ("layers", json!([])),
            ("config", json!({})),
            ("fsLayers", json!([])),
            (
                "mediaType",
                json!("application/vnd.oci.image.manifest.v1+json"),
            ),
            ("mediaType", json!(TYPES[1])),
            ("mediaType", Value::Null),
            ("schemaVersion", json!(1)),
            ("manifests", json!({})),
            ("manifests", json!([{"digest": "sha256:00"}])),
            (
                "manifests",
                json!(vec![
                    child("a", &Value::Null);
                    limits::INDEX_IMAGES.most + 1
                ]),
            ),
        ] {
            let mut other = good.clone();
            other[key] = value.clone();
            assert_eq!(read(&other), None, "{key}");
        }
        let text = good.to_string();
        assert!(Index::read("application/json", text.as_bytes()).is_none());
        let twice = text.replacen('{', "{\"manifests\":[],", 1);
        assert!(Index::read(OCI, twice.as_bytes()).is_none());
        let long = format!("{text}{}", " ".repeat(limits::IMAGE_INDEX.most));
        assert!(Index::read(OCI, long.as_bytes()).is_none());
    }
}
