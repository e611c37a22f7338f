//! The fact `images`: every image that a changed object names, read by the rules of container runtimes, and
//! what the section `images` and the signatures beside it have to say. Knows nothing of findings, and asks no registry.

mod catalogue;
mod containers;
mod evidence;
mod found;
mod glob;
mod guess;
mod index;
mod layers;
mod lock;
mod overrides;
mod parts;
mod pin;
mod places;
mod previous;
pub mod promoted;
pub mod proof;
pub(super) mod replaced;
mod rules;
mod shapes;
mod signature;
mod signers;
pub mod skew;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;
use serde_json::{Value, json};

pub use catalogue::CATALOGUES;
pub use evidence::{Evidence, FOLDER, Wanted, wanted};
pub use found::Found;
pub(super) use glob::Glob;
pub use lock::{LOCK_FILE, Lock, LockError, Locked};
pub use overrides::referred::{
    DEPLOYERS, asks_for_config_maps, beside, lacks_config_maps, may_be_named, may_refer,
};
pub use pin::{Digests, Edit, Named, Standing, apply, edits};
pub use places::Use;
pub(super) use previous::previous;
pub use previous::{Presence, Previous, wanted_before};
pub use rules::{Asked, Rules};
pub use signature::{Attested, Counts, Lacking, Met, Signature, Signer, is_verified};
pub use signers::{Files, SignerProblem, Signers};

use self::overrides::referred::{self, WHOLE};
use self::places::{Place, Written};
use self::rules::LATEST;
use super::image_ref::ImageRef;
use super::inventory::Neighbours;
use super::resources::spelling;
use super::{Collector, Context, Fact};
use crate::change::{Change, Source};
use crate::manifest::NodeValue;
use crate::manifest::secrets::{SHOWN, without_secrets};
use crate::model::{ObjectRef, Operation, Piece, RepoPath, map_by_threads};

/// The collector of `images`.
pub struct Images;

impl Collector for Images {
    fn name(&self) -> &'static str {
        "images"
    }

    fn schema(&self) -> &'static str {
        "facts/images.json"
    }

    fn collect(&self, context: &Context<'_>) -> Fact {
        let (rules, now) = (context.images, context.season.now);
        let around = Around {
            head: context.head,
            base: context.base,
        };
        let of_change = |index: usize, change: &Change| {
            let images = of_change(change, (rules, around), now).into_iter();
            let images = images.map(|image| image.signed((rules, context.evidence), now));
            let pieces = images.map(|image| {
                let mut row = json!(image);
                if let Value::Object(row) = &mut row {
                    row.insert("change".to_owned(), json!(index));
                }
                (Piece::new(row), image.until)
            });
            pieces.collect::<Vec<_>>()
        };
        let rows = map_by_threads(context.changes, of_change);
        let (pieces, untils): (Vec<_>, Vec<_>) = rows.into_iter().flatten().unzip();
        Fact::Known {
            value: Piece::list(pieces),
            until: untils.into_iter().flatten().min(),
        }
    }
}

/// One image in one place of an object at head.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// The object.
    pub object: ObjectRef,
    /// RFC 6901 pointer of the value that names it.
    pub pointer: String,
    /// Pointers of all that has a say in it, where that is more than the value there: the parts of a name, what fills it in.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fields: Vec<String>,
    /// What it is for.
    pub role: Use,
    /// The container's name, where a container runs it and has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// The container's `imagePullPolicy`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pull_policy: Option<String>,
    /// The file in which it is written.
    pub file: RepoPath,
    /// The line there, from 1.
    pub line: usize,
    /// The column there, from 1.
    #[serde(skip)]
    pub column: usize,
    /// As it is written.
    pub written: String,
    /// Whether the object did not name it at base.
    pub changed: bool,
    /// What is written, as a runtime reads it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference: Option<Reference>,
    /// Why a runtime would refuse it; where there is neither `reference` nor `untold`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<&'static str>,
    /// Why nobody can tell which image it makes; where it is only what makes one another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub untold: Option<&'static str>,
    /// What its signatures prove, where somebody is named who signs it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
    /// What was read of all that is written, however much of that is shown.
    #[serde(skip)]
    read: Option<ImageRef>,
    /// When what is said of it may turn.
    #[serde(skip)]
    until: Option<Timestamp>,
}

/// An image reference as a runtime reads it, and what the section `images` says of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Reference {
    /// In full; a tag stays beside a digest.
    pub canonical: String,
    /// The registry, with its port where one is written.
    pub registry: String,
    /// Registry and path in full, without tag and digest.
    pub repository: String,
    /// As written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// What the tag cannot move.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// The glob of `registries` that allows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allowed_by: Option<String>,
    /// Whether the tag that counts is meant to move.
    pub tag_moves: bool,
    /// Another digest that the same tag had at base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub moved_from: Option<String>,
    /// Another digest that the lock has for the same tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locked_to: Option<String>,
    /// What `end-of-life` says of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub end_of_life: Option<EndOfLife>,
}

/// When nobody mends an image any more.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EndOfLife {
    /// The first such day.
    pub date: String,
    /// Whether it has come.
    pub over: bool,
}

/// What stands around the changed objects: catalogues of images among it.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// At head.
    pub head: &'a Neighbours,
    /// At base.
    pub base: &'a Neighbours,
}

/// The images that the object of a change names at head, by place; of one that goes, what those who name it are left with.
#[must_use]
pub fn of_change(
    change: &Change,
    (rules, around): (&Rules, Around<'_>),
    now: Timestamp,
) -> Vec<Image> {
    let is_there = change.new.is_some();
    let Some(source) = (match is_there {
        true => change.new_source.as_ref(),
        false => change.old_source.as_ref(),
    }) else {
        return Vec::new();
    };
    let value = source.with_secrets();
    let places = match is_there {
        true => places::of(&change.object, &value, (rules, around.head)),
        false => referred::left_by(&change.object, &value, around.head),
    };
    if places.is_empty() {
        return Vec::new();
    }
    let before = Before::of(change, (rules, around.base));
    let images = places.into_iter().filter_map(|place| {
        let (written, parsed) = read(&place, (&value, source));
        let is_untold = matches!(place.written, Written::Untold(..));
        let location = source.location(&place.pointer);
        let reference = |image: &ImageRef| reference(image, &before, (rules, now));
        let (reference, until) = parsed.as_ref().map(reference).ok().unzip();
        let changed =
            before.lacks(&written) || (parsed.is_err() && overrides::is_filled_anew(change));
        // What stands in another object is of that one, unless this one brings it.
        if !changed && place.fields == [WHOLE] {
            return None;
        }
        Some(Image {
            object: change.object.clone(),
            role: place.role,
            container: place.container.map(str::to_owned),
            pull_policy: place.pull_policy.map(str::to_owned),
            file: location.path,
            line: location.line,
            column: location.column,
            changed,
            written: cut(match parsed {
                Ok(_) => written,
                Err(_) => shown(written, &place.pointer, source),
            }),
            reference,
            problem: parsed.as_ref().err().copied().filter(|_| !is_untold),
            untold: parsed.as_ref().err().copied().filter(|_| is_untold),
            read: parsed.ok(),
            signature: None,
            until: until.flatten(),
            pointer: place.pointer,
            fields: place.fields,
        })
    });
    images.collect()
}

impl Image {
    /// The same, with what the signatures beside it prove, and what the lock says of its tag.
    #[must_use]
    pub fn signed(mut self, (rules, evidence): (&Rules, &Evidence), now: Timestamp) -> Self {
        if let (Some(reference), Some(image)) = (&mut self.reference, &self.read) {
            let other = evidence.lock().other_digest(image);
            reference.locked_to = other.map(|digest| format!("sha256:{digest}"));
        }
        let image = self.read.as_ref();
        let proven = image.and_then(|image| signature::of(image, (rules, evidence), now));
        let (signature, turns) = proven.unzip();
        Self {
            signature,
            until: self.until.into_iter().chain(turns.flatten()).min(),
            ..self
        }
    }
}

/// What is written in a place, its secrets too, and what a runtime makes of it.
fn read(
    place: &Place<'_>,
    (value, source): (&Value, &Source),
) -> (String, Result<ImageRef, &'static str>) {
    match &place.written {
        Written::Text(text) if is_hidden(text, &place.pointer, (value, source)) => (
            text.to_string(),
            Err("it is hidden as a secret; write it where no name or alias says that it is one"),
        ),
        Written::Text(text) => {
            let parsed = ImageRef::parse(text).ok_or_else(|| problem(text));
            (text.to_string(), parsed)
        }
        Written::Other(value) => {
            let literal = |pointer: &str| match &source.node.pointer(pointer)?.value {
                NodeValue::Number { literal, .. } => Some(literal.to_string()),
                _ => None,
            };
            let text = spelling(value, &place.pointer, &literal);
            (text, Err("it is no string"))
        }
        Written::Unreadable(text) => (
            text.to_string(),
            Err("it must be YAML with a pod or an object in it, whatever is filled in"),
        ),
        Written::Untold(text, why) => (text.to_string(), Err(why)),
    }
}

/// Whether a text is a secret value as a whole, which may be no image at all. An image in a longer text, and what can hardly
/// be anything else, is none.
fn is_hidden(text: &str, pointer: &str, (value, source): (&Value, &Source)) -> bool {
    source.secrets.contains(pointer)
        && value.pointer(pointer).is_some_and(|own| own == text)
        && !places::is_surely_one(text)
}

/// What is no image, without what nobody may see.
fn shown(written: String, pointer: &str, source: &Source) -> String {
    match source.secrets.contains(pointer) {
        true => SHOWN.to_owned(),
        false => without_secrets(&written).unwrap_or(written),
    }
}

fn reference(
    image: &ImageRef,
    before: &Before,
    (rules, now): (&Rules, Timestamp),
) -> (Reference, Option<Timestamp>) {
    let counts = match (&image.tag, &image.digest) {
        (Some(tag), _) => Some(tag.as_str()),
        (None, None) => Some(LATEST),
        (None, Some(_)) => None,
    };
    let end = counts.and_then(|tag| rules.end(&image.repository, tag));
    let ends_at = end.and_then(|date| Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp()));
    let over = ends_at.is_some_and(|instant| instant <= now);
    let reference = Reference {
        canonical: image.canonical(),
        registry: image.registry().to_owned(),
        allowed_by: rules.allows(&image.repository).map(str::to_owned),
        tag_moves: counts.is_some_and(|tag| rules.moves(tag)),
        moved_from: before.other_digest(image),
        locked_to: None,
        end_of_life: end.map(|date| EndOfLife {
            date: date.to_string(),
            over,
        }),
        repository: image.repository.clone(),
        tag: image.tag.clone(),
        digest: image.digest.clone(),
    };
    (reference, ends_at.filter(|_| !over))
}

/// The images that the object names at base; `None` where nothing of it changes.
struct Before(Option<Old>);

/// What is written, and the digests of each tag of a repository.
#[derive(Default)]
struct Old {
    written: BTreeSet<String>,
    digests: BTreeMap<(String, Option<String>), Vec<String>>,
}

impl Old {
    fn put(&mut self, written: String) {
        if let Some(image) = ImageRef::parse(&written)
            && let Some(digest) = image.digest
        {
            let tag = (image.repository, image.tag);
            self.digests.entry(tag).or_default().push(digest);
        }
        self.written.insert(written);
    }
}

impl Before {
    fn of(change: &Change, (rules, around): (&Rules, &Neighbours)) -> Self {
        if change.operation == Operation::Update && change.fields.is_empty() {
            return Self(None);
        }
        let Some(source) = change.old.as_ref().and(change.old_source.as_ref()) else {
            return Self(Some(Old::default()));
        };
        let mut old = Old::default();
        let value = source.with_secrets();
        for place in places::of(&change.object, &value, (rules, around)) {
            old.put(read(&place, (&value, source)).0);
        }
        Self(Some(old))
    }

    fn lacks(&self, written: &str) -> bool {
        let old = self.0.as_ref();
        old.is_some_and(|old| !old.written.contains(written))
    }

    /// Another digest that the same tag of the same repository had.
    fn other_digest(&self, image: &ImageRef) -> Option<String> {
        let digest = image.digest.as_ref()?;
        image.tag.as_ref()?;
        let tag = (image.repository.clone(), image.tag.clone());
        let digests = self.0.as_ref()?.digests.get(&tag)?;
        match digests.contains(digest) {
            true => None,
            false => digests.first().cloned(),
        }
    }
}

/// Why a runtime would refuse a text.
fn problem(text: &str) -> &'static str {
    let name = text.split('@').next().unwrap_or(text);
    if text.is_empty() {
        "it is empty"
    } else if ["${", "$(", "{{", "<"].iter().any(|it| text.contains(it)) {
        "it has a place that nothing filled in"
    } else if text.contains(char::is_whitespace) {
        "it has a space in it"
    } else if text.contains("://") {
        "it is an address; leave the scheme out"
    } else if !text.is_ascii() {
        "it has letters that are not of ASCII"
    } else if text.contains('@') && ImageRef::parse(name).is_some() {
        "its digest is not of the form `sha256:` and 64 digits or letters from `a` to `f`"
    } else if name.contains(|c: char| c.is_ascii_uppercase()) {
        "its repository has upper-case letters"
    } else {
        "no container runtime can read it"
    }
}

/// As much as is shown: hardly a reference is longer, and anything may stand where one should.
fn cut(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text,
    }
}

const LONGEST: usize = 600;

#[cfg(test)]
mod tests;
