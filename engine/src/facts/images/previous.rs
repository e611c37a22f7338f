//! The images that a change takes out of its object, and that going back needs: whether they are there still, and whether
//! what proved them holds. Asks no registry, and decides nothing.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::evidence::{Asked, digest_of};
use super::promoted::{Image, at_base, at_head};
use super::rules::Rules;
use super::signature;
use crate::change::Change;
use crate::facts::Context;
use crate::facts::image_ref::ImageRef;
use crate::facts::inventory::Neighbours;
use crate::model::Digest;
use crate::registry::NO_IMAGE;

/// An image that an object names no more, of which signatures are asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[schemars(deny_unknown_fields)]
pub struct Previous {
    /// The change that takes it out.
    pub change: usize,
    /// The container's name, where a container ran it and has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// It, in full.
    pub image: String,
    /// Whether it is there.
    pub presence: Presence,
    /// Why it is not, or why that is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Why it would be refused, were it brought today; absent where its signatures hold, and where nobody can tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flaw: Option<String>,
    /// When what is said of it may turn.
    #[serde(skip)]
    pub(in crate::facts) until: Option<Timestamp>,
}

/// Whether an image can be fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Presence {
    /// Its registry says so.
    Found,
    /// It was when it was locked, and nobody asked since.
    Locked,
    /// Its registry has it no more.
    Gone,
    /// Nobody can tell.
    Unknown,
}

/// Those that changes take out.
pub(in crate::facts) fn previous(context: &Context<'_>) -> Vec<Previous> {
    let around = (context.head, context.base);
    let changes = context.changes.iter().enumerate();
    let all = changes.flat_map(|(index, change)| {
        let taken = taken_out(change, context.images, around).into_iter();
        taken.map(move |image| of_image(index, image, context))
    });
    all.collect()
}

/// What of them can be asked for.
#[must_use]
pub fn wanted_before(
    changes: &[Change],
    rules: &Rules,
    around: (&Neighbours, &Neighbours),
) -> BTreeMap<Digest, BTreeSet<ImageRef>> {
    let mut wanted: BTreeMap<Digest, BTreeSet<ImageRef>> = BTreeMap::new();
    let all = changes
        .iter()
        .flat_map(|change| taken_out(change, rules, around));
    for image in all.map(|image| image.reference()) {
        if let Some(digest) = digest_of(&image) {
            wanted.entry(digest).or_default().insert(image);
        }
    }
    wanted
}

fn taken_out(
    change: &Change,
    rules: &Rules,
    (head, base): (&Neighbours, &Neighbours),
) -> Vec<Image> {
    if rules.signers.is_empty() {
        return Vec::new();
    }
    let mut old = at_base(change, rules, base);
    old.retain(|image| rules.signers.cover(&image.repository));
    if !old.is_empty() {
        let new = at_head(change, rules, head);
        let new: BTreeSet<[String; 2]> = new.iter().map(Image::version).collect();
        old.retain(|image| !new.contains(&image.version()));
    }
    old
}

fn of_image(change: usize, image: Image, context: &Context<'_>) -> Previous {
    let reference = image.reference();
    let found = Previous {
        change,
        image: reference.canonical(),
        container: image.container,
        presence: Presence::Unknown,
        reason: None,
        flaw: None,
        until: None,
    };
    let Some(digest) = digest_of(&reference) else {
        return Previous {
            reason: Some("no digest says which one it was".to_owned()),
            ..found
        };
    };
    let (presence, reason) = presence(digest, context);
    let asked = (context.images, context.evidence);
    let proven = signature::of(&reference, asked, context.season.now);
    let (signature, until) = proven.unzip();
    let told = matches!(presence, Presence::Found | Presence::Locked);
    let flaw = signature.filter(|it| told && it.state != "verified");
    Previous {
        presence,
        reason,
        flaw: flaw.map(|it| match it.message {
            Some(message) => message,
            None => "nobody signed it".to_owned(),
        }),
        until: until.flatten(),
        ..found
    }
}

/// Whether it is there, and all that it lists where it is an index: a registry may delete them one by one.
fn presence(digest: Digest, context: &Context<'_>) -> (Presence, Option<String>) {
    let own = own_presence(digest, context);
    if !matches!(own.0, Presence::Found | Presence::Locked) {
        return own;
    }
    let children = context.evidence.children(digest).into_iter();
    let lacking = children.filter_map(|(child, platform)| {
        let (presence, said) = match context.evidence.asked(child)? {
            Asked::Answered => return None,
            Asked::Silent(NO_IMAGE, said) => (Presence::Gone, said),
            Asked::Silent(_, said) => (Presence::Unknown, said),
        };
        let said = format!("its image for {platform} (sha256:{child}): {said}");
        Some((presence, Some(said)))
    });
    let mut lacking: Vec<_> = lacking.collect();
    lacking.sort_by_key(|(presence, _)| *presence != Presence::Gone);
    lacking.into_iter().next().unwrap_or(own)
}

fn own_presence(digest: Digest, context: &Context<'_>) -> (Presence, Option<String>) {
    match context.evidence.asked(digest) {
        Some(Asked::Answered) => (Presence::Found, None),
        Some(Asked::Silent(NO_IMAGE, said)) => (Presence::Gone, Some(said.clone())),
        Some(Asked::Silent(_, said)) => (Presence::Unknown, Some(said.clone())),
        None if context.evidence.was_locked(digest) => (Presence::Locked, None),
        None => (
            Presence::Unknown,
            Some("no lock names it, and no registry was asked".to_owned()),
        ),
    }
}
