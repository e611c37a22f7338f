//! The lock of images, `.tidegate/images.lock`: which digest each reference stood for when a registry was asked, and
//! which files were recorded beside it then. Asks no registry, and proves nothing: what is recorded does that itself.

mod read;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use miette::Diagnostic;
use serde::Serialize;

use crate::facts::image_ref::ImageRef;
use crate::model::{Digest, LineColumn, limits};

/// Where it lies.
pub const LOCK_FILE: &str = ".tidegate/images.lock";

/// What each image stood for, by its reference in full.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lock(BTreeMap<String, Locked>);

/// What one image stood for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Locked {
    /// The digest.
    pub digest: Digest,
    /// What the tag beside the digest stood for, where the registry was asked of it and that was another image.
    pub tag_digest: Option<Digest>,
    /// Whether that is a manifest or an index, as the registry says.
    pub media_type: String,
    /// When the registry said so, or more than so.
    pub at: Timestamp,
    /// The files beside it, by name.
    pub evidence: BTreeSet<Digest>,
    /// The files beside the images that it lists, or beside the index that lists it, by name.
    pub related: BTreeMap<Digest, BTreeSet<Digest>>,
}

/// The lock is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, Diagnostic)]
pub enum LockError {
    /// Something stands there that `images lock` would not have written.
    #[error("`{LOCK_FILE}` is no lock of images, line {} column {}: {why}", at.line, at.column)]
    #[diagnostic(
        code(image_lock::invalid),
        help(
            "`tidegate images lock` writes it; take it away, or what stands there by hand, and lock anew"
        )
    )]
    Invalid {
        /// Where.
        at: LineColumn,
        /// What is wrong there.
        why: String,
    },
    /// A link, a folder or a submodule.
    #[error("`{LOCK_FILE}` is no file")]
    #[diagnostic(
        code(image_lock::not_a_file),
        help("take it away: the lock is a file of its own, which `tidegate images lock` writes")
    )]
    NotAFile,
    /// More than any lock has.
    #[error("`{LOCK_FILE}` is longer than {limit}", limit = limits::IMAGE_LOCK)]
    #[diagnostic(
        code(limit::image_lock),
        help("take it away and lock anew; no repository names so many images")
    )]
    TooLong,
}

impl Lock {
    /// Reads a lock.
    ///
    /// # Errors
    /// Anything that [`Lock::bytes`] would not have written, but for white space.
    pub fn parse(bytes: &[u8]) -> Result<Self, LockError> {
        read::lock(bytes).map(Self)
    }

    /// The lock as it is written: in one way only, sorted, a line for each thing that can change.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let images = self.0.iter();
        let images = images.map(|(image, locked)| (image.clone(), Row::of(locked)));
        let raw = Raw {
            version: VERSION,
            images: images.collect(),
        };
        let mut text = serde_json::to_string_pretty(&raw).unwrap_or_default();
        text.push('\n');
        text.into_bytes()
    }

    /// What an image, in full, stands for.
    #[must_use]
    pub fn of(&self, image: &str) -> Option<&Locked> {
        self.0.get(image)
    }

    /// Takes what an image stands for; one of which nothing else is known keeps its time. Whether it is new.
    pub fn put(&mut self, image: String, locked: Locked) -> bool {
        match self.0.get(&image) {
            Some(old) if old.is_same(&locked) => false,
            _ => {
                self.0.insert(image, locked);
                true
            }
        }
    }

    /// Leaves those only that are named; which went.
    pub fn keep(&mut self, which: &dyn Fn(&str) -> bool) -> Vec<String> {
        let gone = self.0.keys().filter(|image| !which(image));
        let gone: Vec<String> = gone.cloned().collect();
        self.0.retain(|image, _| which(image));
        gone
    }

    /// All that it names, in full, with what each stands for.
    pub fn images(&self) -> impl Iterator<Item = (&str, &Locked)> {
        self.0
            .iter()
            .map(|(image, locked)| (image.as_str(), locked))
    }

    /// Whether it says what lies beside a digest.
    #[must_use]
    pub fn knows(&self, image: &Digest) -> bool {
        let mut all = self.0.values().flat_map(Locked::folders);
        all.any(|(folder, _)| folder == *image)
    }

    /// The files that it names beside an image.
    #[must_use]
    pub fn beside(&self, image: &Digest) -> BTreeSet<Digest> {
        let all = self.0.values().flat_map(Locked::folders);
        let own = all.filter(|(folder, _)| folder == image);
        own.flat_map(|(_, files)| files).copied().collect()
    }

    /// Another digest that the tag of an image was locked to than the image names beside it, or stood for when that was
    /// locked. That of one image of the index that the tag stood for is no other.
    pub(super) fn other_digest(&self, image: &ImageRef) -> Option<Digest> {
        let named = image.digest.as_deref()?;
        let tag = ImageRef {
            digest: None,
            ..image.clone()
        };
        tag.tag.as_ref()?;
        let Some(locked) = self.of(&tag.canonical()) else {
            return self.of(&image.canonical())?.tag_digest;
        };
        let mut known = locked.folders().map(|(folder, _)| as_written(&folder));
        (!known.any(|digest| digest == named)).then_some(locked.digest)
    }

    /// The files that it names: the digest of the image, and the name of the file.
    #[must_use]
    pub fn files(&self) -> BTreeSet<(Digest, Digest)> {
        self.0.values().flat_map(Locked::files).collect()
    }
}

impl Locked {
    /// The files that it names: the digest beside which each lies, and its name.
    pub fn files(&self) -> impl Iterator<Item = (Digest, Digest)> {
        let all = self.folders();
        all.flat_map(|(folder, files)| files.iter().map(move |file| (folder, *file)))
    }

    /// The digests beside which files lie.
    pub fn digests(&self) -> impl Iterator<Item = Digest> {
        self.folders().map(|(folder, _)| folder)
    }

    /// The digests beside which files lie, its own first, with their names.
    fn folders(&self) -> impl Iterator<Item = (Digest, &BTreeSet<Digest>)> {
        let related = self.related.iter().map(|(folder, files)| (*folder, files));
        std::iter::once((self.digest, &self.evidence)).chain(related)
    }

    fn is_same(&self, other: &Self) -> bool {
        let at = other.at;
        Self { at, ..self.clone() } == *other
    }
}

/// The lock as it is written.
#[derive(Serialize)]
struct Raw {
    version: &'static str,
    images: BTreeMap<String, Row>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    digest: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tag_digest: Option<String>,
    media_type: String,
    locked_at: String,
    evidence: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    related: BTreeMap<String, Vec<String>>,
}

impl Row {
    fn of(locked: &Locked) -> Self {
        let list = |files: &BTreeSet<Digest>| files.iter().map(as_written).collect();
        let related = locked.related.iter();
        let related = related.map(|(folder, files)| (as_written(folder), list(files)));
        Self {
            digest: as_written(&locked.digest),
            tag_digest: locked.tag_digest.as_ref().map(as_written),
            media_type: locked.media_type.clone(),
            locked_at: locked.at.to_string(),
            evidence: list(&locked.evidence),
            related: related.collect(),
        }
    }
}

fn as_written(digest: &Digest) -> String {
    format!("sha256:{digest}")
}

const VERSION: &str = "v1";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;

    fn locked(digest: &str, at: &str, files: &[&str]) -> Locked {
        Locked {
            digest: Digest::of(digest.as_bytes()),
            tag_digest: None,
            media_type: "application/vnd.oci.image.index.v1+json".to_owned(),
            at: at.parse().unwrap(),
            evidence: files.iter().map(|it| Digest::of(it.as_bytes())).collect(),
            related: BTreeMap::new(),
        }
    }

    fn lock() -> Lock {
        let mut lock = Lock::default();
        let first = locked("a", "2026-11-20T10:00:00Z", &["x", "y"]);
        assert!(lock.put("registry.test/shop/odoo:17".to_owned(), first));
        let second = locked("b", "2026-11-20T10:00:00Z", &[]);
        assert!(lock.put("docker.io/library/redis:7".to_owned(), second));
        lock
    }

    #[test]
    fn a_lock_is_written_in_one_way_and_read_back() {
        let lock = lock();
        let text = String::from_utf8(lock.bytes()).unwrap();
        assert_eq!(Lock::parse(text.as_bytes()).unwrap(), lock);
        let rows: Vec<&str> = text.lines().map(str::trim).collect();
        assert_eq!(rows[3], "\"docker.io/library/redis:7\": {", "sorted");
        assert_eq!(
            rows[4],
            format!("\"digest\": \"sha256:{}\",", Digest::of(b"b"))
        );
        assert!(text.ends_with("}\n"));
    }

    #[test]
    fn what_is_the_same_keeps_its_bytes_and_what_is_another_does_not() {
        let (mut lock, before) = (lock(), lock().bytes());
        let later = "2026-12-24T10:00:00Z";
        let name = || "registry.test/shop/odoo:17".to_owned();
        assert!(!lock.put(name(), locked("a", later, &["y", "x"])));
        assert_eq!(lock.bytes(), before);
        assert!(lock.put(name(), locked("a", later, &["x"])));
        assert!(lock.put(name(), locked("c", later, &["x"])));
        let shown = lock.of("registry.test/shop/odoo:17").unwrap();
        assert_eq!(
            (shown.digest, shown.at),
            (Digest::of(b"c"), later.parse().unwrap())
        );
        assert_eq!(lock.files(), [(Digest::of(b"c"), Digest::of(b"x"))].into());
        assert_eq!(lock.keep(&|image| image.contains("redis")), [name()]);
        assert!(lock.of(&name()).is_none());
    }

    #[test]
    fn what_lies_beside_others_of_an_index_is_named_too() {
        let mut lock = lock();
        let mut index = locked("i", "2026-11-20T10:00:00Z", &["x"]);
        let (child, file) = (Digest::of(b"child"), Digest::of(b"x"));
        index.related.insert(child, [file].into());
        lock.put("registry.test/shop/odoo:18".to_owned(), index);
        let text = lock.bytes();
        let read = Lock::parse(&text).unwrap();
        assert_eq!(read, lock);
        assert_eq!(read.beside(&child), [file].into());
        assert!(read.files().contains(&(child, file)));
        assert_eq!(read.beside(&Digest::of(b"else")), [].into());
        let other = |image: &str| {
            let image = ImageRef::parse(&format!("registry.test/shop/odoo{image}")).unwrap();
            read.other_digest(&image)
        };
        let (own, none) = (Digest::of(b"i"), Digest::of(b"none"));
        assert_eq!(other(&format!(":18@sha256:{own}")), None);
        assert_eq!(other(&format!(":18@sha256:{child}")), None, "of the index");
        assert_eq!(other(&format!(":18@sha256:{none}")), Some(own));
        assert_eq!(other(&format!(":16@sha256:{none}")), None, "not locked");
        assert_eq!(other(&format!("@sha256:{none}")), None, "without a tag");
        assert_eq!(other(":18"), None, "without a digest");
        let text = String::from_utf8(text).unwrap();
        for (from, to) in [
            (format!("sha256:{child}"), format!("sha256:{own}")),
            (format!("sha256:{child}"), child.to_string()),
            (
                format!("\"sha256:{child}\": ["),
                format!("\"sha256:{child}\": [1, "),
            ),
        ] {
            let other = text.replace(&from, &to);
            assert_ne!(other, text);
            assert!(Lock::parse(other.as_bytes()).is_err(), "{to}");
        }
    }

    #[test]
    fn what_a_tag_stood_for_beside_a_digest_is_kept() {
        let name = format!("registry.test/shop/odoo:17@sha256:{}", Digest::of(b"a"));
        let row = Locked {
            tag_digest: Some(Digest::of(b"b")),
            ..locked("a", "2026-11-20T10:00:00Z", &["x"])
        };
        let mut lock = Lock::default();
        lock.put(name.clone(), row);
        let text = lock.bytes();
        assert_eq!(Lock::parse(&text).unwrap(), lock);
        let image = ImageRef::parse(&name).unwrap();
        assert_eq!(lock.other_digest(&image), Some(Digest::of(b"b")));
        // What the tag itself was locked to counts more.
        let tag = "registry.test/shop/odoo:17".to_owned();
        lock.put(tag, locked("a", "2026-11-20T10:00:00Z", &[]));
        assert_eq!(lock.other_digest(&image), None);
        let text = String::from_utf8(text).unwrap();
        let of = |from: &str, to: &str| Lock::parse(text.replace(from, to).as_bytes());
        let own = Digest::of(b"a").to_string();
        let other = Digest::of(b"b").to_string();
        for (from, to) in [
            (other.as_str(), own.as_str()),
            (&other, "00"),
            ("odoo:17@", "odoo@"),
        ] {
            assert!(of(from, to).is_err(), "{to}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_by_its_place() {
        let text = String::from_utf8(lock().bytes()).unwrap();
        for (from, to, place) in [
            ("\"v1\"", "\"v2\"", "line 2 column 14: its version"),
            (
                "\"mediaType\"",
                "\"kind\"",
                "line 6 column 7: a field that it has not; it has `digest`, `mediaType`, `lockedAt`, `evidence`, `related`, `tagDigest`",
            ),
            (
                ":17\": {\n      \"digest\"",
                ":17\": {\n      \"digest\": \"sha256:0\", \"digest\"",
                "duplicate key",
            ),
            (
                "redis:7",
                "redis",
                "line 4 column 5: `docker.io/library/redis` is",
            ),
            (
                "\"evidence\": []",
                "\"evidence\": {}",
                "line 8 column 19: it is no list",
            ),
            ("2026-11", "2026-", "its time is no instant"),
            ("{\n  \"version\"", "[\n  \"version\"", "line 2"),
        ] {
            let other = text.replacen(from, to, 1);
            assert_ne!(other, text, "{to}");
            let error = Lock::parse(other.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(place), "{to}: {error}");
        }
        let latin = [text.as_bytes(), b"\xff".as_slice()].concat();
        let error = Lock::parse(&latin).unwrap_err().to_string();
        assert!(error.contains("column 1: it is not UTF-8"), "{error}");
    }

    #[test]
    fn e4_what_nobody_wrote_is_no_lock() {
        let text = String::from_utf8(lock().bytes()).unwrap();
        let digest = Digest::of(b"a").to_string();
        let pinned = format!("registry.test/shop/odoo@sha256:{digest}");
        let good = text.replace("registry.test/shop/odoo:17", &pinned);
        assert!(Lock::parse(good.as_bytes()).is_ok());
        let file = Digest::of(b"x").to_string();
        for (what, from, to) in [
            ("version", "\"v1\"", "\"v2\""),
            ("a field", "\"version\"", "\"more\": 1, \"version\""),
            ("in full", "docker.io/library/redis:7", "redis:7"),
            (
                "no image",
                "docker.io/library/redis:7",
                "docker.io/library/Redis:7",
            ),
            ("short", &digest, "00"),
            ("upper case", &digest, &digest.to_uppercase()),
            ("another digest", "odoo:17", &format!("odoo@sha256:{file}")),
            ("twice", &Digest::of(b"y").to_string(), &file),
            ("time", "2026-11-20T10:00:00Z", "yesterday"),
            ("end", "}\n", "} {}\n"),
            ("path", &format!("sha256:{file}"), "sha256:../../x"),
        ] {
            let other = text.replace(from, to);
            assert_ne!(other, text, "{what}");
            let error = Lock::parse(other.as_bytes()).unwrap_err();
            assert_eq!(code_of(&error), "image-lock.invalid", "{what}");
        }
        let twice = text.replace(
            "{\n  \"version\"",
            "{\n  \"version\": \"v1\",\n  \"version\"",
        );
        let error = Lock::parse(twice.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("line 3"), "{error}");
    }
}
