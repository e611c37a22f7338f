//! `tidegate images pin`: writes the digests of the lock where the images of the units are named by tags. Asks no registry.

use std::collections::{BTreeMap, BTreeSet};

use super::shelf::Shelf;
use super::{Asked, exit};
use crate::cli::common::{self, Outcome};
use crate::cli::terminal::Terminal;
use crate::facts::images::{Edit, Image, Lock, Named, Reference, Standing, apply, edits};
use crate::gate::{Images, Signatures, UnitImages};
use crate::git::Repository;
use crate::manifest::{is_manifest_name, role_of_name};
use crate::model::{Digest, Exit, LineColumn, RepoPath};
use crate::report::{Color, sanitise};

/// Write digests in the place of tags, as `.tidegate/images.lock` has them: behind the tag in manifests and in the values
/// of charts, or into their `digest`, and in the place of `newTag` in kustomizations, also where an Application or an
/// object of Flux says them: in the files of the units that are asked for, where their images come from. Comments and
/// layout stay; no registry is asked. Without --write, shows the difference. Exit code 1 if an image stays without a
/// digest: each is named
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    asked: Asked,
    /// Change the files of the working tree
    #[arg(long)]
    write: bool,
}

/// A file and what it becomes.
struct Pinned {
    path: String,
    before: String,
    after: String,
    edits: Vec<Edit>,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let repository = common::repository(&terminal.directory)?;
        let shelf = Shelf::of(&repository)?;
        let lock = shelf.lock()?;
        let paths = paths(&repository, self.asked.head())?;
        let again = self.asked.clone();
        let found = self.asked.found(terminal, Signatures::LeftOut)?;
        let tagged = tagged(&found);
        let mut exit = exit(&found, terminal);
        let digests: BTreeMap<&str, Digest> = tagged
            .keys()
            .filter_map(|image| Some((image.as_str(), lock.of(image)?.digest)))
            .collect();
        let places = Places::of(&found, paths);
        let files = pin(&places, &shelf, &digests)?;
        for file in &files {
            match self.write {
                true => shelf.rewrite(&file.path, file.before.as_bytes(), file.after.as_bytes())?,
                false => show(file, terminal),
            }
            if self.write {
                terminal.line(&format!(
                    "pinned {} in {}",
                    count(file.edits.len()),
                    file.path
                ));
            }
        }
        let pinned: BTreeSet<&str> = files
            .iter()
            .flat_map(|file| file.edits.iter().map(|edit| edit.image.as_str()))
            .collect();
        if self.write && !files.is_empty() {
            shelf.put_lock(&with_pinned(lock.clone(), &files))?;
        }
        // What is deployed then, another rendering says, and not that a file was changed.
        let now = match self.write && !tagged.is_empty() {
            true => Some(again.in_worktree(terminal)?),
            false => None,
        };
        // Where nothing was written, what cannot be read there was so before.
        exit = exit.max(
            now.as_ref()
                .filter(|_| !files.is_empty())
                .map_or(Exit::Pass, |now| super::exit(now, terminal)),
        );
        let stays = |image: &str, place: &Place<'_>| match &now {
            Some(now) => !is_pinned(now, place),
            None => !pinned.contains(image),
        };
        let left = leave(&tagged, &lock, (&pinned, &stays), terminal);
        if files.is_empty() && tagged.is_empty() && found.errors.is_empty() {
            terminal.line("no image is named by a tag alone");
        }
        let left = if left { Exit::Denied } else { Exit::Pass };
        Ok(left.max(exit))
    }
}

/// Where the images of the units that are asked for come from.
struct Places<'f> {
    /// The files of these units, each with whether something renders it.
    files: BTreeMap<RepoPath, bool>,
    /// Those that stand at a place as it is written: file, line and column.
    images: BTreeMap<(&'f RepoPath, LineColumn), Vec<Standing<'f>>>,
}

impl<'f> Places<'f> {
    fn of(found: &'f Images, paths: Vec<RepoPath>) -> Self {
        let units = &found.units;
        let own = paths.into_iter().filter_map(|path| {
            let mut own = units
                .iter()
                .filter(|unit| unit.files.matches(&path))
                .peekable();
            own.peek()?;
            let is_rendered = own.any(|unit| unit.is_rendered);
            Some((path, is_rendered))
        });
        let mut images: BTreeMap<_, Vec<Standing<'_>>> = BTreeMap::new();
        for image in units.iter().flat_map(|unit| &unit.images) {
            let Some(reference) = &image.reference else {
                continue;
            };
            let (line, column) = (image.line, image.column);
            let place = (&image.file, LineColumn { line, column });
            images.entry(place).or_default().push(Standing {
                image: &reference.canonical,
                pointer: &image.pointer,
                fields: &image.fields,
            });
        }
        Self {
            files: own.collect(),
            images,
        }
    }
}

/// The files in which images may be named.
fn paths(repository: &Repository, head: &str) -> Result<Vec<RepoPath>, common::Failure> {
    let snapshot = repository.snapshot(repository.resolve(head)?)?;
    let entries = repository.entries_in_reach(&snapshot)?.0.into_iter();
    let files = entries.filter(|entry| !entry.is_link() && !entry.is_submodule());
    let paths = files.map(|entry| entry.path);
    Ok(paths
        .filter(|path| is_manifest_name(path) || role_of_name(path).is_some())
        .collect())
}

/// Where an image is named.
struct Place<'f> {
    unit: &'f UnitImages,
    image: &'f Image,
}

/// The images that are named without a digest, by their reference in full, with where they stand.
fn tagged(found: &Images) -> BTreeMap<String, Vec<Place<'_>>> {
    let mut tagged: BTreeMap<String, Vec<Place<'_>>> = BTreeMap::new();
    for unit in &found.units {
        for image in &unit.images {
            let reference = image.reference.as_ref();
            let reference = reference.filter(|it| it.digest.is_none());
            if let Some(reference) = reference.filter(|it| !is_told_there(unit, image, it)) {
                let places = tagged.entry(reference.canonical.clone()).or_default();
                places.push(Place { unit, image });
            }
        }
    }
    tagged
}

/// Whether an image stands in a `ConfigMap` that is named at its place, and is told there too.
fn is_told_there(unit: &UnitImages, image: &Image, reference: &Reference) -> bool {
    let told = |other: &&Image| {
        let same = other.reference.as_ref().map(|it| &it.canonical) == Some(&reference.canonical);
        same && other.object.kind == "ConfigMap" && other.object.namespace == image.object.namespace
    };
    let names_others = NAMING.iter().any(|at| image.pointer.starts_with(at));
    names_others && unit.images.iter().any(|it| told(&it))
}

/// Whether what names an image at a place names it by a digest now. What is not among what changed is as it was.
fn is_pinned(now: &Images, place: &Place<'_>) -> bool {
    let Some(old) = &place.image.reference else {
        return false;
    };
    let named = |unit: &&UnitImages| {
        (&unit.environment, &unit.unit) == (&place.unit.environment, &place.unit.unit)
    };
    let images = now.units.iter().filter(named).flat_map(|it| &it.images);
    let images: Vec<&Image> = images
        .filter(|it| it.object == place.image.object)
        .collect();
    // A digest in the place of a tag is another field.
    let beside = |it: &&&Image| above(&it.pointer) == above(&place.image.pointer);
    let mut beside = images.iter().filter(beside);
    let has_digest = |it: &Reference| it.repository == old.repository && it.digest.is_some();
    let is_tagged = |it: &&Image| {
        let name = it.reference.as_ref().map(|it| &it.canonical);
        it.pointer == place.image.pointer && name == Some(&old.canonical)
    };
    beside.any(|it| it.reference.as_ref().is_some_and(has_digest)) && !images.iter().any(is_tagged)
}

fn above(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(above, _)| above)
}

fn pin(
    places: &Places<'_>,
    shelf: &Shelf,
    digests: &BTreeMap<&str, Digest>,
) -> Result<Vec<Pinned>, common::Failure> {
    let mut pinned = Vec::new();
    if digests.is_empty() {
        return Ok(pinned);
    }
    for (path, is_rendered) in &places.files {
        let named = Named {
            at: &|at| {
                let standing = places.images.get(&(path, at));
                standing.cloned().unwrap_or_default()
            },
            is_rendered: *is_rendered,
        };
        let name = path.to_string();
        let Some(before) = shelf.text(&name)? else {
            continue;
        };
        let digests = |image: &str| digests.get(image).copied();
        let edits = edits(&before, role_of_name(path), (named, &digests));
        if let Some(after) = apply(&before, &edits).filter(|after| *after != before) {
            pinned.push(Pinned {
                path: name,
                before,
                after,
                edits,
            });
        }
    }
    Ok(pinned)
}

/// Each line that would be another, as a unified diff.
fn show(file: &Pinned, terminal: &mut Terminal) {
    let style = terminal.style();
    let path = sanitise::line(&file.path);
    terminal.line(&format!("--- a/{path}\n+++ b/{path}"));
    let lines = file.before.lines().zip(file.after.lines()).enumerate();
    for (number, (old, new)) in lines.filter(|(_, (old, new))| old != new) {
        let number = number + 1;
        terminal.line(&format!("@@ -{number} +{number} @@"));
        terminal.line(&style.paint(&format!("-{}", sanitise::line(old)), Color::Red));
        terminal.line(&style.paint(&format!("+{}", sanitise::line(new)), Color::Green));
    }
}

/// Whether an image stays by its tag at a place.
type Stays<'s> = &'s dyn Fn(&str, &Place<'_>) -> bool;

/// Names what stays as it is, and why; whether there is any.
fn leave(
    tagged: &BTreeMap<String, Vec<Place<'_>>>,
    lock: &Lock,
    (pinned, stays): (&BTreeSet<&str>, Stays<'_>),
    terminal: &mut Terminal,
) -> bool {
    let mut left = false;
    for (image, places) in tagged {
        let mut places = places.iter().filter(|place| stays(image, place)).peekable();
        if places.peek().is_none() {
            continue;
        }
        let why = match (lock.of(image), pinned.contains(image.as_str())) {
            (None, _) => "it is not locked: `tidegate images lock`",
            (Some(_), false) => "nothing that can be told says so: write the digest by hand",
            (Some(_), true) => "it stays by its tag here: write the digest by hand",
        };
        left = true;
        terminal.line(&format!("{image}: {why}"));
        for Place { image, .. } in places {
            terminal.line(&format!(
                "  {}:{}  {}",
                image.file, image.line, image.object
            ));
        }
    }
    left
}

/// The same lock, which knows the images as they are named now.
fn with_pinned(mut lock: Lock, files: &[Pinned]) -> Lock {
    for edit in files.iter().flat_map(|file| &file.edits) {
        if let Some(locked) = lock.of(&edit.image).cloned() {
            lock.put(edit.pinned.clone(), locked);
        }
    }
    lock
}

fn count(number: usize) -> String {
    match number {
        1 => "1 image".to_owned(),
        number => format!("{number} images"),
    }
}

/// Where deployers of Flux name what they take from.
const NAMING: [&str; 2] = ["/spec/valuesFrom/", "/spec/postBuild/substituteFrom/"];
