//! An artifact that holds statements: a layer each, named by its path in the layout of all stores, so that other
//! programs unpack it as a folder of verdicts. Knows nothing of what the statements say.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::model::{Digest, limits};
use crate::registry::{
    Client, Descriptor, Document, EMPTY, Found, MANIFEST, NOTHING, Reference, RegistryError,
};
use crate::store::{Error, StoredFile, Unread, check_bytes, check_count};

/// The files that an artifact names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Pack {
    pub(super) files: BTreeSet<Packed>,
}

/// A file of a pack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Packed {
    pub(super) path: String,
    digest: Digest,
    size: u64,
}

impl Packed {
    pub(super) fn new(path: &str, bytes: &[u8]) -> Self {
        Self {
            path: path.to_owned(),
            digest: Digest::of(bytes),
            size: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        }
    }

    fn of(layer: &Descriptor) -> Result<Self, String> {
        let path = layer
            .annotations
            .get(TITLE)
            .ok_or("a layer without a name")?;
        if path.len() > limits::PATH_LENGTH.most || path.chars().any(char::is_control) {
            return Err("a layer whose name is none".to_owned());
        }
        Ok(Self {
            path: path.clone(),
            digest: layer.digest().ok_or("a layer without a `sha256:` digest")?,
            size: layer.size,
        })
    }

    /// The last part of the path, if the file lies in `folder`.
    pub(super) fn name_in(&self, folder: &str) -> Option<&str> {
        let name = self.path.strip_prefix(folder)?.strip_prefix('/')?;
        (!name.contains('/')).then_some(name)
    }

    fn layer(&self) -> Descriptor {
        Descriptor {
            media_type: ENVELOPE.to_owned(),
            digest: format!("sha256:{}", self.digest),
            size: self.size,
            artifact_type: None,
            annotations: BTreeMap::from([(TITLE.to_owned(), self.path.clone())]),
        }
    }
}

impl Pack {
    /// What lies at a tag; nothing where there is none.
    pub(super) fn at(client: &Client, tag: &str) -> Result<Self, RegistryError> {
        let Some(found) = client.manifest(Reference::Tag(tag))? else {
            return Ok(Self::default());
        };
        let wrong = |what| RegistryError::Answer {
            place: format!("{}:{tag}", client.place()),
            what,
        };
        match Self::of(&found) {
            Ok(Some(pack)) => Ok(pack),
            Ok(None) => Err(wrong("no verdicts: something else lies there".to_owned())),
            Err(what) => Err(wrong(what)),
        }
    }

    /// What a manifest holds; `None` where it is none of ours.
    pub(super) fn of(found: &Found) -> Result<Option<Self>, String> {
        let document = &found.document;
        if document.artifact_type.as_deref() != Some(VERDICTS) || document.is_index() {
            return Ok(None);
        }
        let layers = document.layers.iter().flatten().map(Packed::of);
        Ok(Some(Self {
            files: layers.collect::<Result<_, _>>()?,
        }))
    }

    /// Whether a file is there, with these bytes; `None` where there is none of this path.
    pub(super) fn holds(&self, path: &str, bytes: &[u8]) -> Option<bool> {
        let wanted = Packed::new(path, bytes);
        let mut there = self.files.iter().filter(|file| file.path == path);
        let first = there.next()?;
        Some(*first == wanted && there.next().is_none())
    }

    /// The manifest of these files.
    pub(super) fn manifest(&self, subject: Option<Descriptor>) -> Result<Vec<u8>, RegistryError> {
        let document = Document {
            schema_version: 2,
            media_type: Some(MANIFEST.to_owned()),
            artifact_type: Some(VERDICTS.to_owned()),
            config: Some(Descriptor::of(EMPTY, NOTHING)),
            layers: Some(self.files.iter().map(Packed::layer).collect()),
            manifests: None,
            subject,
            annotations: BTreeMap::new(),
        };
        document.bytes().map_err(|what| RegistryError::Answer {
            place: "a manifest of verdicts".to_owned(),
            what,
        })
    }

    /// Puts the blobs that a manifest of these files needs.
    pub(super) fn put_blobs<'a>(
        client: &Client,
        files: impl Iterator<Item = &'a [u8]>,
    ) -> Result<(), RegistryError> {
        client.put_blob(NOTHING)?;
        files
            .into_iter()
            .try_for_each(|bytes| client.put_blob(bytes))
    }
}

/// Reads the files of a folder.
pub(super) fn read<'a>(
    client: &Client,
    files: impl Iterator<Item = &'a Packed>,
    folder: &str,
) -> Result<Vec<StoredFile>, Error> {
    let shown = format!("{} {folder}", client.place());
    let (mut read, mut total) = (Vec::new(), 0_usize);
    for file in files {
        let Some(name) = file.name_in(folder) else {
            continue;
        };
        check_count(read.len().saturating_add(1), Path::new(&shown))?;
        let content = if file.size > limits::ENVELOPE.wide() {
            Err(Unread::TooLong)
        } else {
            total = total.saturating_add(usize::try_from(file.size).unwrap_or(usize::MAX));
            check_bytes(total, Path::new(&shown))?;
            Ok(client.blob(file.digest, file.size)?)
        };
        read.push(StoredFile {
            name: name.to_owned(),
            place: format!("{shown}/{name}"),
            content,
        });
    }
    Ok(read)
}

/// What our artifacts are called.
pub(super) const VERDICTS: &str = "application/vnd.tidegate.verdicts.v1";
pub(super) const ENVELOPE: &str = "application/vnd.dsse.envelope.v1+json";
/// The name of a layer, as other programs unpack it.
pub(super) const TITLE: &str = "org.opencontainers.image.title";

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Found {
        Found {
            media_type: MANIFEST.to_owned(),
            document: Document::parse(text.as_bytes(), None).unwrap(),
            digest: Digest::of(text.as_bytes()),
            bytes: Vec::new(),
        }
    }

    #[test]
    fn a_pack_is_read_as_it_was_written() {
        let files = [
            Packed::new("links/a/b/0.json", b"x"),
            Packed::new("withdrawals/c.json", b"y"),
        ];
        let pack = Pack {
            files: files.into_iter().collect(),
        };
        let bytes = pack.manifest(None).unwrap();
        let read = Pack::of(&found(std::str::from_utf8(&bytes).unwrap()));
        assert_eq!(read, Ok(Some(pack.clone())));
        assert_eq!(pack.holds("links/a/b/0.json", b"x"), Some(true));
        assert_eq!(pack.holds("links/a/b/0.json", b"z"), Some(false));
        assert_eq!(pack.holds("links/a/b/1.json", b"x"), None);
    }

    #[test]
    fn what_is_none_of_ours_is_told_from_what_is_broken() {
        let ours = |layers: &str| {
            found(&format!(
                r#"{{"schemaVersion":2,"artifactType":"{VERDICTS}","layers":[{layers}]}}"#
            ))
        };
        assert_eq!(
            Pack::of(&found(r#"{"schemaVersion":2,"layers":[]}"#)),
            Ok(None)
        );
        assert_eq!(Pack::of(&ours("")), Ok(Some(Pack::default())));
        let digest = Digest::of(b"x");
        for layer in [
            format!(r#"{{"mediaType":"a","digest":"sha256:{digest}","size":1}}"#),
            format!(
                r#"{{"mediaType":"a","digest":"md5:1","size":1,"annotations":{{"{TITLE}":"a"}}}}"#
            ),
            format!(
                r#"{{"mediaType":"a","digest":"sha256:{digest}","size":1,"annotations":{{"{TITLE}":"a\u001bb"}}}}"#
            ),
        ] {
            assert!(Pack::of(&ours(&layer)).is_err(), "{layer}");
        }
    }

    #[test]
    fn a_name_is_as_long_as_a_path_and_no_longer() {
        let most = limits::PATH_LENGTH.most;
        for (length, is_read) in [(most, true), (most + 1, false)] {
            let layer = Packed::new(&"a".repeat(length), b"x").layer();
            assert_eq!(Packed::of(&layer).is_ok(), is_read, "{length}");
        }
    }

    #[test]
    fn a_file_lies_in_one_folder() {
        let file = Packed::new("links/prod/odoo/0.json", b"");
        assert_eq!(file.name_in("links/prod/odoo"), Some("0.json"));
        for folder in [
            "links/prod",
            "links/prod/odo",
            "links",
            "links/prod/odoo/0.json",
            "",
        ] {
            assert_eq!(file.name_in(folder), None, "{folder}");
        }
    }
}
