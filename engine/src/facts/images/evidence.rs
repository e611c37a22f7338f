//! Signature objects as they are recorded in the repository, beside the images that they are about.
//! None of it is trusted; opens no file itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use super::Rules;
use super::found::Found;
use super::index::Index;
use super::layers;
use super::lock::Lock;
use super::places;
use super::proof::{Authority, Candidate};
use crate::change::Change;
use crate::facts::image_ref::ImageRef;
use crate::facts::inventory::Neighbours;
use crate::model::{Digest, base64, json, limits};
use crate::registry::{Beside, RegistryError};

/// Where the files beside an image lie: in a folder of its digest.
pub const FOLDER: &str = ".tidegate/images/sha256";

/// What is recorded beside each image.
#[derive(Debug, Default)]
pub struct Evidence {
    recorded: BTreeMap<Digest, Vec<Recorded>>,
    /// The names under which it lies.
    names: BTreeSet<(Digest, String)>,
    lock: Arc<Lock>,
    /// What was locked before the change.
    before: Arc<Lock>,
    /// What its registry says of an image just now, beyond what is recorded.
    asked: BTreeMap<Digest, Asked>,
}

/// What became of a question to a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// It said what lies beside the image.
    Answered,
    /// It did not. Why, in one word, and in a sentence.
    Silent(&'static str, String),
}

/// What changes ask of what is recorded.
#[derive(Debug, Default)]
pub struct Wanted {
    /// The images of which signatures are asked for, by their digests.
    pub signed: BTreeMap<Digest, BTreeSet<ImageRef>>,
    /// Those of them of which the newest scan decides.
    pub scanned: BTreeSet<Digest>,
    /// Whether any image is named by a digest at all, so that a lock may say otherwise.
    pub pinned: bool,
}

impl Evidence {
    /// Nothing yet beside the images of a lock, and of the lock that stood before the change.
    #[must_use]
    pub fn of_locks(lock: Arc<Lock>, before: Arc<Lock>) -> Self {
        Self {
            lock,
            before,
            ..Self::default()
        }
    }

    /// What was locked. It proves nothing.
    pub(super) fn lock(&self) -> &Lock {
        &self.lock
    }

    /// Takes a file that is recorded beside an image, by the name under which it lies; each once.
    pub fn record(&mut self, image: Digest, name: &str, bytes: &[u8]) {
        if self.names.insert((image, name.to_owned())) {
            let recorded = Recorded::read(name, bytes).unwrap_or_else(Recorded::damaged);
            self.recorded.entry(image).or_default().push(recorded);
        }
    }

    /// Whether nobody knows what lies beside an image: the lock does not name it, or not all that it names is recorded.
    #[must_use]
    pub fn lacks(&self, image: Digest) -> bool {
        !self.lock.knows(&image) || !self.missing(image).is_empty()
    }

    /// Whether a lock or a registry says what lies beside an image. A registry that was asked and did not say it is none.
    pub(super) fn is_told(&self, image: Digest) -> bool {
        match self.asked(image) {
            Some(asked) => asked == &Asked::Answered,
            None => self.lock.knows(&image),
        }
    }

    /// Whether a lock names an image, or did before the change.
    pub(super) fn was_locked(&self, image: Digest) -> bool {
        self.lock.knows(&image) || self.before.knows(&image)
    }

    /// Whether whoever says what lies beside an image says it of an index that lists it, too. Where a registry is asked
    /// of the image, the lock's word of the index is none: both may be of one hand.
    pub(super) fn tells(&self, image: Digest, index: Digest) -> bool {
        match self.asked(image) {
            Some(_) => self.asked(index) == Some(&Asked::Answered),
            None => self.is_told(index),
        }
    }

    /// What a registry did not say of what lies beside an image, or beside one of these indexes that list it.
    pub(super) fn silent(&self, image: Digest, indexes: &[Digest]) -> Option<&Asked> {
        let asked = indexes.iter().chain([&image]);
        let mut asked = asked.filter_map(|it| self.asked(*it));
        asked.find(|it| matches!(it, Asked::Silent(..)))
    }

    /// Takes what a registry says lies beside an image, as far as it is not recorded.
    pub fn take(&mut self, found: &Found) {
        for (folder, name, bytes) in &found.files {
            self.record(*folder, &name.to_string(), bytes);
        }
        for image in &found.told {
            self.asked.entry(*image).or_insert(Asked::Answered);
        }
    }

    /// Notes that a registry did not say what lies beside an image.
    pub fn unsaid(&mut self, image: Digest, error: &RegistryError) {
        let why = Asked::Silent(error.reason(), error.to_string());
        self.asked.insert(image, why);
    }

    /// What became of the question about an image; `None` where nobody was asked.
    pub(super) fn asked(&self, image: Digest) -> Option<&Asked> {
        self.asked.get(&image)
    }

    /// Notes what the lock names beside an image, or named before the change, and is not there: it may have been a signature.
    pub fn miss(&mut self, image: Digest) {
        let missing = self.missing(image).into_iter();
        let missing: Vec<Recorded> = missing.map(Recorded::missing).collect();
        if !missing.is_empty() {
            self.recorded.entry(image).or_default().extend(missing);
        }
    }

    fn missing(&self, image: Digest) -> Vec<Digest> {
        let named = self.lock.beside(&image).into_iter();
        let named = named.chain(self.before.beside(&image));
        let gone = |file: &Digest| !self.names.contains(&(image, file.to_string()));
        let gone: BTreeSet<Digest> = named.filter(gone).collect();
        gone.into_iter().collect()
    }

    /// The indexes recorded beside an image that list it, of which signatures count for it too.
    #[must_use]
    pub fn covering(&self, image: Digest) -> Vec<Digest> {
        let listing = self.indexes(image);
        let listing =
            listing.filter(|(own, index)| *own != image && index.platforms_of(image).is_some());
        let mut covering: Vec<Digest> = Vec::new();
        for (own, _) in listing {
            if !covering.contains(&own) && covering.len() < limits::COVERING_INDEXES.most {
                covering.push(own);
            }
        }
        covering
    }

    /// The indexes that are recorded beside an image, its own among them, by digest.
    pub(super) fn indexes(&self, image: Digest) -> impl Iterator<Item = (Digest, Index)> {
        let recorded = self.recorded.get(&image).into_iter().flatten();
        recorded.filter_map(|it| Some((it.digest, it.index()?)))
    }

    /// The images that nodes can run of the index that this image is, as far as it is recorded, with their platforms.
    #[must_use]
    pub fn children(&self, image: Digest) -> BTreeMap<Digest, String> {
        let own = self.indexes(image).filter(|(own, _)| *own == image);
        let children = own.flat_map(|(_, index)| {
            let images = index.images().into_iter();
            let named = images.map(|child| {
                let platforms = index.platforms_of(child).unwrap_or_default();
                (child, platforms.join(" and "))
            });
            named.collect::<Vec<_>>()
        });
        children.collect()
    }

    /// Where layers of an image are that its registry need not hold, as far as its manifest is recorded beside it.
    pub(super) fn foreign_layers(&self, image: Digest) -> BTreeSet<String> {
        let recorded = self.recorded.get(&image).into_iter().flatten();
        let own = recorded.filter(|it| it.digest == image);
        own.filter_map(|it| Some(layers::foreign(&it.media_type, it.whole()?)))
            .flatten()
            .collect()
    }

    pub(super) fn beside(&self, image: Digest) -> Vec<Candidate<'_>> {
        let recorded = self.recorded.get(&image).into_iter().flatten();
        recorded.map(Recorded::candidate).collect()
    }
}

/// A file that is recorded: the name under which it lies, and its bytes.
pub(super) type File = (Digest, Vec<u8>);

/// What was found beside an image as a file that is recorded: the name under which it lies, and its bytes.
#[must_use]
pub(super) fn file(found: &Beside) -> File {
    // What is not there has no type of its own: it may have been one that counts.
    let media_type = found.media_type.as_deref().unwrap_or(DAMAGED);
    let mut file = serde_json::json!({
        "mediaType": media_type,
        "digest": format!("sha256:{}", found.digest),
        "annotations": found.annotations,
    });
    if let (Some(bytes), Value::Object(file)) = (&found.bytes, &mut file) {
        file.insert("payload".to_owned(), Value::from(base64::encode(bytes)));
    }
    let bytes = json::canonical(&file);
    (Digest::of(&bytes), bytes)
}

/// An index as a file that is recorded, and the images that it lists and nodes can run; `None` for what is none.
#[must_use]
pub(super) fn index_file(media_type: &str, manifest: &[u8]) -> Option<(File, BTreeSet<Digest>)> {
    let images = Index::read(media_type, manifest)?.images();
    Some((manifest_file(media_type, manifest), images))
}

/// A manifest, or an index, as a file that is recorded.
#[must_use]
pub(super) fn manifest_file(media_type: &str, manifest: &[u8]) -> File {
    file(&Beside {
        media_type: Some(media_type.to_owned()),
        digest: Digest::of(manifest),
        annotations: BTreeMap::new(),
        bytes: Some(manifest.to_vec()),
    })
}

/// What the images in these changes ask of what is recorded.
#[must_use]
pub fn wanted(changes: &[Change], rules: &Rules, around: &Neighbours) -> Wanted {
    let mut wanted = Wanted::default();
    for change in changes {
        let Some(source) = change.new.as_ref().and(change.new_source.as_ref()) else {
            continue;
        };
        let value = source.with_secrets();
        for place in places::of(&change.object, &value, (rules, around)) {
            let places::Written::Text(text) = place.written else {
                continue;
            };
            let Some(image) = ImageRef::parse(&text) else {
                continue;
            };
            wanted.pinned |= image.digest.is_some();
            if !rules.signers.is_empty()
                && rules.signers.cover(&image.repository)
                && let Some(digest) = digest_of(&image)
            {
                let mut authorities = rules.signers.of(&image.repository).into_iter();
                if authorities.any(Authority::newest_decides) {
                    wanted.scanned.insert(digest);
                }
                wanted.signed.entry(digest).or_default().insert(image);
            }
        }
    }
    wanted
}

/// The SHA-256 that the reference names.
pub(super) fn digest_of(image: &ImageRef) -> Option<Digest> {
    Digest::parse_oci(image.digest.as_ref()?)
}

/// One signature object.
#[derive(Debug)]
struct Recorded {
    digest: Digest,
    media_type: String,
    annotations: BTreeMap<String, String>,
    bytes: Option<Vec<u8>>,
}

impl Recorded {
    /// `None` for what is not what its name says, or has another form.
    fn read(name: &str, bytes: &[u8]) -> Option<Self> {
        if Digest::parse(name).ok()? != Digest::of(bytes) {
            return None;
        }
        let value = json::parse(bytes).ok()?;
        let known = |key: &String| KEYS.contains(&key.as_str());
        let keys = value.as_object()?;
        if !keys.keys().all(known) {
            return None;
        }
        let text = |key: &str| keys.get(key).and_then(Value::as_str);
        let bytes = match keys.get("payload") {
            Some(payload) => Some(base64::decode(payload.as_str()?)?),
            None => None,
        };
        let annotations = keys.get("annotations").map(|all| {
            let all = all.as_object()?.iter();
            let texts = all.map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())));
            texts.collect::<Option<BTreeMap<_, _>>>()
        });
        Some(Self {
            digest: Digest::parse_oci(text("digest")?)?,
            media_type: text("mediaType")?.to_owned(),
            annotations: annotations.unwrap_or_else(|| Some(BTreeMap::new()))?,
            bytes,
        })
    }

    /// A signature object may have been there: bytes under a digest that is not theirs.
    fn damaged() -> Self {
        Self {
            digest: Digest::of(b"damaged"),
            media_type: DAMAGED.to_owned(),
            annotations: BTreeMap::new(),
            bytes: Some(Vec::new()),
        }
    }

    /// One that the lock names and that is not there.
    fn missing(name: Digest) -> Self {
        Self {
            digest: name,
            media_type: DAMAGED.to_owned(),
            annotations: BTreeMap::new(),
            bytes: None,
        }
    }

    /// What it is, if it is a whole index.
    fn index(&self) -> Option<Index> {
        if !Index::is_type(&self.media_type) {
            return None;
        }
        Index::read(&self.media_type, self.whole()?)
    }

    /// Its bytes, if its digest is theirs.
    fn whole(&self) -> Option<&[u8]> {
        let bytes = self.bytes.as_deref()?;
        (Digest::of(bytes) == self.digest).then_some(bytes)
    }

    fn candidate(&self) -> Candidate<'_> {
        Candidate {
            digest: self.digest,
            media_type: &self.media_type,
            annotations: &self.annotations,
            bytes: self.bytes.as_deref(),
        }
    }
}

const KEYS: [&str; 4] = ["annotations", "digest", "mediaType", "payload"];
/// One of those that count as signature objects.
const DAMAGED: &str = "application/vnd.dsse.envelope.v1+json";

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(value: &Value) -> Option<Recorded> {
        let bytes = value.to_string().into_bytes();
        Recorded::read(&Digest::of(&bytes).to_string(), &bytes)
    }

    #[test]
    fn a_file_is_read_under_its_own_digest_only() {
        let digest = format!("sha256:{}", Digest::of(b"{}"));
        let whole = json!({"mediaType": "a/b", "digest": digest, "annotations": {"a": "b"}, "payload": "e30="});
        let recorded = read(&whole).unwrap();
        assert_eq!(recorded.bytes.as_deref(), Some(b"{}".as_slice()));
        assert_eq!(recorded.digest, Digest::of(b"{}"));
        assert_eq!(recorded.annotations["a"], "b");
        let bytes = whole.to_string().into_bytes();
        let other = Digest::of(b"other").to_string();
        assert!(Recorded::read(&other, &bytes).is_none());
        assert!(Recorded::read("signature.json", &bytes).is_none());
    }

    #[test]
    fn a_few_indexes_of_an_image_are_looked_at() {
        let kind = "application/vnd.oci.image.index.v1+json";
        let image = Digest::of(b"image");
        let amd = json!({"os": "linux", "architecture": "amd64"});
        let record = |evidence: &mut Evidence, index: &Value, digest: Option<Digest>| {
            let bytes = index.to_string().into_bytes();
            let digest = digest.unwrap_or_else(|| Digest::of(&bytes));
            let file = json!({"mediaType": kind, "digest": format!("sha256:{digest}"), "payload": base64::encode(&bytes)});
            let file = file.to_string().into_bytes();
            evidence.record(image, &Digest::of(&file).to_string(), &file);
            digest
        };
        let listing = |note: usize, of: Digest| json!({"schemaVersion": 2, "annotations": {"note": note.to_string()}, "manifests": [{"digest": format!("sha256:{of}"), "platform": amd}]});
        let mut evidence = Evidence::default();
        // Of another image, and not of these bytes.
        record(&mut evidence, &listing(0, Digest::of(b"other")), None);
        record(&mut evidence, &listing(0, image), Some(Digest::of(b"x")));
        assert_eq!(evidence.covering(image), []);
        let few = limits::COVERING_INDEXES.most;
        let all: Vec<Digest> = (0..=few)
            .map(|note| record(&mut evidence, &listing(note, image), None))
            .collect();
        record(&mut evidence, &listing(0, image), None);
        assert_eq!(evidence.covering(image), all[..few]);
    }

    #[test]
    fn named_bytes_may_be_missing_and_nothing_else() {
        let digest = format!("sha256:{}", Digest::of(b"{}"));
        let least = json!({"mediaType": "a/b", "digest": digest});
        assert!(read(&least).unwrap().bytes.is_none());
        for (key, value) in [
            ("mediaType", json!(1)),
            ("mediaType", Value::Null),
            ("digest", json!("e30=")),
            ("digest", json!(digest.to_uppercase())),
            ("annotations", json!([])),
            ("annotations", json!({"a": 1})),
            ("payload", json!("e30= ")),
            ("payload", json!(7)),
            ("note", json!("more")),
        ] {
            let mut other = least.clone();
            other[key] = value.clone();
            assert!(read(&other).is_none(), "{key} {value}");
        }
        let repeated =
            format!("{{\"mediaType\":\"a/b\",\"mediaType\":\"a/b\",\"digest\":\"{digest}\"}}");
        let name = Digest::of(repeated.as_bytes()).to_string();
        assert!(Recorded::read(&name, repeated.as_bytes()).is_none());
    }
}
