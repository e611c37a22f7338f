//! The lock of images as text: what it says, or the line and column of what it cannot say.
//! Believes none of it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{LockError, Locked, VERSION, as_written};
use crate::facts::image_ref::ImageRef;
use crate::manifest::{Entry, Limits, Node, NodeValue, json};
use crate::model::{Digest, LineColumn, Span};

/// The images of a lock, by their references in full.
pub(super) fn lock(bytes: &[u8]) -> Result<BTreeMap<String, Locked>, LockError> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let valid = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let valid = String::from_utf8_lossy(valid);
        let end = Span {
            start: valid.len(),
            end: valid.len(),
        };
        invalid(end.line_column(&valid), "it is not UTF-8")
    })?;
    let read = json::read(text, &Limits::DEFAULT);
    let root = read.map_err(|error| {
        let problem = error.problem().to_string();
        invalid(error.place().position, problem)
    })?;
    Reader { text }.lock(&root)
}

struct Reader<'text> {
    text: &'text str,
}

impl Reader<'_> {
    fn lock(&self, root: &Node) -> Result<BTreeMap<String, Locked>, LockError> {
        let [version, images] = self.fields(root, ["version", "images"], &[])?;
        if version.as_str() != Some(VERSION) {
            return Err(self.wrong(version.span, format!("its version is not `{VERSION}`")));
        }
        let images = self.entries(images)?.iter();
        let images = images.map(|entry| {
            let locked = self.locked(&entry.value)?;
            self.is_of(entry, &locked)?;
            Ok((entry.key.to_string(), locked))
        });
        images.collect()
    }

    fn locked(&self, row: &Node) -> Result<Locked, LockError> {
        let names = ["digest", "mediaType", "lockedAt", "evidence"];
        let [digest, media_type, at, evidence] =
            self.fields(row, names, &["related", "tagDigest"])?;
        let digest = self.digest(digest)?;
        let tag_digest = row.get("tagDigest");
        let tag_digest = tag_digest.map(|it| self.other(it, digest)).transpose()?;
        Ok(Locked {
            digest,
            tag_digest,
            media_type: self.text(media_type)?.to_owned(),
            at: self.instant(at)?,
            evidence: self.digests(evidence)?,
            related: match row.get("related") {
                Some(related) => self.related(related, digest)?,
                None => BTreeMap::new(),
            },
        })
    }

    /// The files beside other digests than the image's own.
    fn related(
        &self,
        node: &Node,
        own: Digest,
    ) -> Result<BTreeMap<Digest, BTreeSet<Digest>>, LockError> {
        let entries = self.entries(node)?.iter();
        let entries = entries.map(|entry| {
            let folder = Digest::parse_oci(&entry.key).filter(|folder| *folder != own);
            let wrong = || self.wrong(entry.key_span, "it is not the digest of another image");
            Ok((folder.ok_or_else(wrong)?, self.digests(&entry.value)?))
        });
        entries.collect()
    }

    /// That the key is an image in full, which does not name another digest by itself.
    fn is_of(&self, entry: &Entry, locked: &Locked) -> Result<(), LockError> {
        let parsed = ImageRef::parse(&entry.key);
        let parsed = parsed.filter(|parsed| parsed.canonical() == *entry.key);
        let wrong = |what: &str| {
            let why = format!("`{}` is {what}", entry.key);
            Err(self.wrong(entry.key_span, why))
        };
        match parsed {
            None => wrong("no image in full"),
            Some(ImageRef {
                digest: Some(own), ..
            }) if own != as_written(&locked.digest) => wrong("locked to another digest"),
            Some(image) if locked.tag_digest.is_some() && !has_both(&image) => {
                wrong("no tag beside a digest, and what such a tag stood for is said of it")
            }
            Some(_) => Ok(()),
        }
    }

    /// The values of these keys, beside which there are no others than those that may be left out.
    fn fields<'n, const COUNT: usize>(
        &self,
        node: &'n Node,
        names: [&str; COUNT],
        optional: &[&str],
    ) -> Result<[&'n Node; COUNT], LockError> {
        let entries = self.entries(node)?;
        let known: Vec<&str> = names.iter().chain(optional).copied().collect();
        if let Some(other) = entries.iter().find(|it| !known.contains(&&*it.key)) {
            let why = format!("a field that it has not; it has `{}`", known.join("`, `"));
            return Err(self.wrong(other.key_span, why));
        }
        let mut values = [node; COUNT];
        for (value, name) in values.iter_mut().zip(names) {
            let missing = || self.wrong(node.span, format!("the field `{name}` is missing"));
            *value = node.get(name).ok_or_else(missing)?;
        }
        Ok(values)
    }

    fn entries<'n>(&self, node: &'n Node) -> Result<&'n [Entry], LockError> {
        match &node.value {
            NodeValue::Mapping(entries) => Ok(entries),
            _ => Err(self.wrong(node.span, "it is no object of JSON")),
        }
    }

    /// Digests in a list, each of them once.
    fn digests(&self, node: &Node) -> Result<BTreeSet<Digest>, LockError> {
        let items = node.items();
        let items = items.ok_or_else(|| self.wrong(node.span, "it is no list"))?;
        let mut digests = BTreeSet::new();
        for item in items {
            if !digests.insert(self.digest(item)?) {
                return Err(self.wrong(item.span, "it names a file twice"));
            }
        }
        Ok(digests)
    }

    fn digest(&self, node: &Node) -> Result<Digest, LockError> {
        Digest::parse_oci(self.text(node)?).ok_or_else(|| self.wrong(node.span, NO_DIGEST))
    }

    /// A digest that is not the image's own.
    fn other(&self, node: &Node, own: Digest) -> Result<Digest, LockError> {
        match self.digest(node)? {
            digest if digest == own => Err(self.wrong(node.span, "it is the image's own digest")),
            digest => Ok(digest),
        }
    }

    fn instant(&self, node: &Node) -> Result<Timestamp, LockError> {
        let instant = self.text(node)?.parse();
        instant.map_err(|_| self.wrong(node.span, "its time is no instant"))
    }

    fn text<'n>(&self, node: &'n Node) -> Result<&'n str, LockError> {
        let text = node.as_str();
        text.ok_or_else(|| self.wrong(node.span, "it is no string"))
    }

    fn wrong(&self, span: Span, why: impl Into<String>) -> LockError {
        invalid(span.line_column(self.text), why)
    }
}

fn has_both(image: &ImageRef) -> bool {
    image.tag.is_some() && image.digest.is_some()
}

fn invalid(at: LineColumn, why: impl Into<String>) -> LockError {
    LockError::Invalid {
        at,
        why: why.into(),
    }
}

const NO_DIGEST: &str = "a digest is not `sha256:` and 64 digits or letters from `a` to `f`";
