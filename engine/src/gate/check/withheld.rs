//! What a range takes away that was recorded beside images: who takes a scan away stops the range if what is left proves
//! more than all of it together. A file beside an image is of no unit, and the next range knows head alone.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::recorded::folder;
use crate::facts::images::{self, LOCK_FILE, Lock, Rules};
use crate::facts::workloads::ImageRef;
use crate::gate::Error;
use crate::gate::evidence::{Evidence, HeadOnly, of_image};
use crate::gate::view::View;
use crate::model::{Digest, RepoPath};
use crate::verdict::UnitError;

/// Each image that is locked at head and proven by what is left beside it alone.
pub(super) fn withheld(
    view: &View<'_>,
    rules: &Rules,
    now: Timestamp,
) -> Result<Vec<UnitError>, Error> {
    let before = view.lock_before()?;
    let head = match view.lock() {
        // Nothing is proven by a lock that cannot be read.
        Err(Error::ImageLock(_)) => return Ok(Vec::new()),
        read => read?,
    };
    let lost = lost(view, (&before, &head));
    if lost.is_empty() {
        return Ok(Vec::new());
    }
    let mut errors = Vec::new();
    for (name, locked) in head.images().chain(before.images()) {
        let Some(image) = ImageRef::parse(name) else {
            continue;
        };
        // An index counts for its images: what is lost beside one may decide for all of them.
        let digests: BTreeSet<Digest> = locked.digests().collect();
        if digests.is_disjoint(&lost) {
            continue;
        }
        for digest in digests {
            let image = ImageRef {
                digest: Some(format!("sha256:{digest}")),
                ..image.clone()
            };
            if is_withheld(view, &image, digest, (rules, now))? {
                errors.push(error(&image));
            }
        }
    }
    errors.sort_by_cached_key(|it| it.error.to_string());
    errors.dedup_by_key(|it| it.error.to_string());
    Ok(errors)
}

/// The images beside which a file, or its name in the lock, is gone or another.
fn lost(view: &View<'_>, (before, head): (&Lock, &Lock)) -> BTreeSet<Digest> {
    let files = view.changed.iter().filter(|change| change.old.is_some());
    let files = files.filter_map(|change| folder(&change.path));
    let files = files.filter_map(|folder| {
        let folder = folder.to_string();
        Digest::parse(folder.rsplit_once('/')?.1).ok()
    });
    let mut lost: BTreeSet<Digest> = files.collect();
    let lock = RepoPath::from(LOCK_FILE);
    if view.changed.iter().any(|change| change.path == lock) {
        let kept = head.files();
        let gone = before.files().into_iter().filter(|it| !kept.contains(it));
        lost.extend(gone.map(|(image, _)| image));
    }
    lost
}

/// Whether an image is proven by what is left, and not by that together with what was there.
fn is_withheld(
    view: &View<'_>,
    image: &ImageRef,
    digest: Digest,
    (rules, now): (&Rules, Timestamp),
) -> Result<bool, Error> {
    let proven = |place: &dyn Evidence| match of_image(digest, place) {
        Ok(evidence) => Ok(Some(images::is_verified(image, (rules, &evidence), now))),
        // More than is read is an error of its own where it is added.
        Err(Error::ImageFiles { .. } | Error::ImageEvidence { .. }) => Ok(None),
        Err(error) => Err(error),
    };
    Ok(proven(&HeadOnly(view))? == Some(true) && proven(view)? == Some(false))
}

fn error(image: &ImageRef) -> UnitError {
    UnitError {
        environment: String::new(),
        unit: String::new(),
        error: Arc::new(Error::ImageWithheld {
            image: image.canonical(),
            folder: format!("{}/{}", images::FOLDER, digest_of(image)),
        }),
    }
}

fn digest_of(image: &ImageRef) -> &str {
    let digest = image.digest.as_deref().unwrap_or_default();
    digest.strip_prefix("sha256:").unwrap_or(digest)
}
