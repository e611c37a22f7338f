//! The lock of images, `.tidegate/images.lock`: which digest each reference stood for when a registry was asked, and
//! which files were recorded beside it then. Asks no registry, and proves nothing: what is recorded does that itself.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use miette::Diagnostic;
use serde::{Deserialize, Serialize};

use crate::facts::image_ref::ImageRef;
use crate::model::{Digest, json};

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
    /// Whether that is a manifest or an index, as the registry says.
    pub media_type: String,
    /// When the registry said so, or more than so.
    pub at: Timestamp,
    /// The files beside it, by name.
    pub evidence: BTreeSet<Digest>,
}

/// The lock is none.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("`{LOCK_FILE}` is no lock of images: {why}")]
#[diagnostic(
    code(image_lock::invalid),
    help(
        "`tidegate images lock` writes it; take it away, or what stands there by hand, and lock anew"
    )
)]
pub struct LockError {
    why: String,
}

impl Lock {
    /// Reads a lock.
    ///
    /// # Errors
    /// Anything that [`Lock::bytes`] would not have written, but for white space.
    pub fn parse(bytes: &[u8]) -> Result<Self, LockError> {
        let wrong = |why: String| LockError { why };
        let value = json::parse(bytes).map_err(wrong)?;
        let raw: Raw = serde_json::from_value(value).map_err(|error| wrong(error.to_string()))?;
        if raw.version != VERSION {
            return Err(wrong(format!("its version is not `{VERSION}`")));
        }
        let images = raw.images.into_iter().map(|(image, raw)| {
            let parsed = ImageRef::parse(&image).filter(|parsed| parsed.canonical() == image);
            let parsed = parsed.ok_or_else(|| wrong(format!("`{image}` is no image in full")))?;
            let locked = raw
                .read()
                .map_err(|why| wrong(format!("`{image}`: {why}")))?;
            match parsed.digest {
                Some(own) if own != named(&locked.digest) => {
                    Err(wrong(format!("`{image}` is locked to another digest")))
                }
                _ => Ok((image, locked)),
            }
        });
        Ok(Self(images.collect::<Result<_, _>>()?))
    }

    /// The lock as it is written: in one way only, sorted, a line for each thing that can change.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let images = self.0.iter();
        let images = images.map(|(image, locked)| (image.clone(), Row::of(locked)));
        let raw = Raw {
            version: VERSION.to_owned(),
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

    /// The files that it names: the digest of the image, and the name of the file.
    #[must_use]
    pub fn files(&self) -> BTreeSet<(Digest, Digest)> {
        let all = self.0.values();
        let all = all.flat_map(|it| it.evidence.iter().map(|file| (it.digest, *file)));
        all.collect()
    }
}

impl Locked {
    fn is_same(&self, other: &Self) -> bool {
        let at = other.at;
        Self { at, ..self.clone() } == *other
    }
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    version: String,
    images: BTreeMap<String, Row>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Row {
    digest: String,
    media_type: String,
    locked_at: String,
    evidence: Vec<String>,
}

impl Row {
    fn of(locked: &Locked) -> Self {
        Self {
            digest: named(&locked.digest),
            media_type: locked.media_type.clone(),
            locked_at: locked.at.to_string(),
            evidence: locked.evidence.iter().map(named).collect(),
        }
    }

    fn read(self) -> Result<Locked, &'static str> {
        let evidence = self.evidence.iter().map(|text| digest(text));
        let evidence: BTreeSet<Digest> = evidence.collect::<Option<_>>().ok_or(NO_DIGEST)?;
        if evidence.len() != self.evidence.len() {
            return Err("it names a file twice");
        }
        let at = self.locked_at.parse();
        Ok(Locked {
            digest: digest(&self.digest).ok_or(NO_DIGEST)?,
            media_type: self.media_type,
            at: at.map_err(|_| "its time is no instant")?,
            evidence,
        })
    }
}

fn named(digest: &Digest) -> String {
    format!("sha256:{digest}")
}

fn digest(text: &str) -> Option<Digest> {
    Digest::parse(text.strip_prefix("sha256:")?).ok()
}

const VERSION: &str = "v1";
const NO_DIGEST: &str = "a digest is not `sha256:` and 64 digits or letters from `a` to `f`";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;

    fn locked(digest: &str, at: &str, files: &[&str]) -> Locked {
        Locked {
            digest: Digest::of(digest.as_bytes()),
            media_type: "application/vnd.oci.image.index.v1+json".to_owned(),
            at: at.parse().unwrap(),
            evidence: files.iter().map(|it| Digest::of(it.as_bytes())).collect(),
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
