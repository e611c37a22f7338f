//! `tidegate images lock`: asks registries which digests the images of the units stand for and what lies beside them,
//! and records both. The only command of `images` that opens a socket; it believes no signature, and denies nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::rc::Rc;

use miette::Diagnostic;

use super::shelf::Shelf;
use super::{Asked, exit};
use crate::cli::common::{self, Failure, Outcome};
use crate::cli::registry::{Wire, allowed};
use crate::cli::terminal::Terminal;
use crate::facts::images::{self, Found, Lock, Locked, Reference, Use};
use crate::gate::{Images, Signatures};
use crate::model::{Digest, Exit};
use crate::registry::{ImageRepository, RegistryError, Transport};

/// Ask the registries which digest each image of the units stands for, and record it in `.tidegate/images.lock`, with the
/// signatures and attestations that lie beside it in `.tidegate/images`: from there `check` and `images verify` prove
/// it without asking anybody. What is locked already is left as it is; a file there that is missing, or that another
/// program has changed (a formatter, a hook that ends files with a line break), is asked for and written anew. Nothing is
/// verified here, and no manifest is changed
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    asked: Asked,
    /// Ask for what is locked already too; what is still so keeps its bytes, what no unit names any more goes
    #[arg(long)]
    update: bool,
    /// Ask at this host though it is this machine or in a private network, where nobody is asked else, whatever a
    /// manifest, a redirection or the name service says; may be repeated
    #[arg(long, value_name = "HOST[:PORT]", value_parser = allowed)]
    private_registry: Vec<String>,
}

/// An image that a unit names.
struct Wanted {
    repository: String,
    by: By,
    /// Whether it only looks like an image wherever it stands.
    guessed: bool,
}

/// By what an image is asked for.
enum By {
    /// Its digest, and the tag beside it.
    Digest(Digest, Option<String>),
    Tag(String),
    /// A digest by which nothing is locked, since nothing that is recorded could be held against it.
    OtherDigest,
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let repository = common::repository(&terminal.directory)?;
        let shelf = Shelf::of(&repository)?;
        let lock = shelf.lock()?;
        let update = self.update;
        let whole = self.asked.is_whole();
        let found = self.asked.found(terminal, Signatures::LeftOut)?;
        let wanted = wanted(&found);
        let exit = exit(&found, terminal);
        let whole = whole && found.errors.is_empty();
        let wire = Wire::to_images(terminal, &repository, self.private_registry)?;
        let mut run = Run {
            transport: Rc::new(wire),
            before: lock.clone(),
            lock,
            shelf,
            silent: BTreeMap::new(),
            mended: false,
            terminal,
        };
        let mut exit = exit;
        for (image, wanted) in &wanted {
            exit = exit.max(run.take(image, wanted, update)?);
        }
        if whole {
            run.forget(&wanted, update);
        }
        run.finish(wanted.is_empty() && found.errors.is_empty(), exit)?;
        Ok(exit)
    }
}

/// A lock that is being written.
struct Run<'t> {
    transport: Rc<dyn Transport>,
    before: Lock,
    lock: Lock,
    shelf: Shelf,
    /// Registries that did not answer, and what came instead: nobody waits for them again.
    silent: BTreeMap<String, RegistryError>,
    /// Whether files that the lock names were missing, or damaged, and are there again.
    mended: bool,
    terminal: &'t mut Terminal,
}

impl Run<'_> {
    /// Locks one image; what cannot be found out is told, and leaves what was known of it.
    fn take(&mut self, image: &str, wanted: &Wanted, update: bool) -> Outcome {
        if !update && self.is_locked(image)? {
            return Ok(Exit::Pass);
        }
        let by = match &wanted.by {
            By::Digest(digest, tag) => (Some(*digest), tag.as_deref()),
            By::Tag(tag) => (None, Some(tag.as_str())),
            By::OtherDigest => return Ok(self.terminal.print_error(&OtherDigest::of(image))),
        };
        let registry = wanted.repository.split('/').next().unwrap_or_default();
        let known = self.silent.get(registry).cloned();
        let found = known.map_or_else(|| self.ask(&wanted.repository, by), Err);
        if let Err(cause @ RegistryError::Unavailable { .. }) = &found {
            self.silent.insert(registry.to_owned(), cause.clone());
        }
        let found = match found {
            Ok(found) => found,
            Err(cause) if wanted.guessed => {
                self.say(image, &format!("left out, it may be no image: {cause}"));
                return Ok(Exit::Pass);
            }
            Err(cause) => {
                let image = image.to_owned();
                return Ok(self.terminal.print_error(&NotLocked { image, cause }));
            }
        };
        let mut written = 0_usize;
        for (folder, name, bytes) in &found.files {
            written += usize::from(self.shelf.put_file(folder, name, bytes)?);
        }
        if let Some(other) = found.tag_digest {
            let what =
                format!("its tag stands for another image, sha256:{other}; the digest counts");
            self.say(image, &what);
        }
        let locked = found.locked(self.terminal.now);
        let said = described(&locked);
        if self.lock.put(image.to_owned(), locked) {
            self.say(image, &said);
        } else if written > 0 {
            self.mended = true;
            self.say(image, &format!("{} written anew", files(written)));
        }
        Ok(Exit::Pass)
    }

    /// Tells what no unit names any more, and takes it away where that is asked. Under another name it may still be
    /// named, such as with its digest behind its tag: what is recorded is then of use.
    fn forget(&mut self, wanted: &BTreeMap<String, Wanted>, update: bool) {
        let mut left = self.lock.clone();
        let gone = left.keep(&|image| wanted.contains_key(image));
        if update {
            self.lock = left;
            for image in gone {
                self.say(&image, "no unit names it any more");
            }
            return;
        }
        for image in gone {
            let locked = self.lock.of(&image).map(|locked| locked.digest);
            if locked.is_some_and(|digest| !left.knows(&digest)) {
                self.say(
                    &image,
                    "no unit names it any more; `--update` takes it away",
                );
            }
        }
    }

    /// Whether it is locked, with all that was recorded beside it.
    fn is_locked(&self, image: &str) -> Result<bool, Failure> {
        let Some(locked) = self.lock.of(image) else {
            return Ok(false);
        };
        for (folder, file) in locked.files() {
            if !self.shelf.holds(&folder, &file)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn ask(
        &self,
        repository: &str,
        (digest, tag): (Option<Digest>, Option<&str>),
    ) -> Result<Found, RegistryError> {
        let repository = ImageRepository::new(repository, Rc::clone(&self.transport))?;
        Found::ask(&repository, digest, tag)
    }

    /// Writes the lock, and takes away what the former one named and this one does not.
    fn finish(self, nothing: bool, exit: Exit) -> Result<(), Failure> {
        let left: BTreeSet<_> = self.lock.files();
        for (image, file) in self.before.files().difference(&left) {
            self.shelf.remove(image, file)?;
        }
        if self.lock == self.before {
            match (nothing, exit) {
                (true, _) => self.terminal.line("no images"),
                (false, Exit::Pass) if self.mended => {}
                (false, Exit::Pass) => self.terminal.line("nothing new"),
                // What could not be found out was told, and there may be something new of it.
                (false, _) => {}
            }
            return Ok(());
        }
        self.shelf.put_lock(&self.lock)?;
        self.terminal.line(&format!("wrote {}", images::LOCK_FILE));
        Ok(())
    }

    fn say(&mut self, image: &str, what: &str) {
        self.terminal.line(&format!("{image}: {what}"));
    }
}

/// The images of the units, by their reference in full. What no runtime could read is no image to ask for.
fn wanted(found: &Images) -> BTreeMap<String, Wanted> {
    let mut wanted: BTreeMap<String, Wanted> = BTreeMap::new();
    let images = found.units.iter().flat_map(|unit| &unit.images);
    for image in images {
        let Some(reference) = &image.reference else {
            continue;
        };
        let guessed = image.role == Use::Guessed;
        let one = wanted.entry(reference.canonical.clone());
        let one = one.or_insert_with(|| Wanted {
            repository: reference.repository.clone(),
            by: By::of(reference),
            guessed,
        });
        one.guessed &= guessed;
    }
    wanted
}

impl By {
    fn of(reference: &Reference) -> Self {
        let Some(digest) = &reference.digest else {
            let tag = reference.tag.as_deref();
            return Self::Tag(tag.unwrap_or("latest").to_owned());
        };
        match Digest::parse_oci(digest) {
            Some(digest) => Self::Digest(digest, reference.tag.clone()),
            None => Self::OtherDigest,
        }
    }
}

fn described(locked: &Locked) -> String {
    let files = match locked.evidence.len() {
        0 => "nothing beside it".to_owned(),
        number => files(number),
    };
    let related = match locked.related.values().map(BTreeSet::len).sum() {
        0 => String::new(),
        number => format!(", {number} beside others of its index"),
    };
    format!("sha256:{}, {files}{related}", locked.digest)
}

fn files(number: usize) -> String {
    match number {
        1 => "1 file beside it".to_owned(),
        number => format!("{number} files beside it"),
    }
}

/// An image that is named by what nothing here is held against.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("`{image}` is not locked: its digest is not of SHA-256")]
#[diagnostic(
    code(image_lock::digest),
    help(
        "name it by its `sha256:` digest, by which what is recorded beside it is found and proven"
    )
)]
struct OtherDigest {
    image: String,
}

impl OtherDigest {
    fn of(image: &str) -> Self {
        Self {
            image: image.to_owned(),
        }
    }
}

/// An image that is not locked, and why.
#[derive(Debug)]
struct NotLocked {
    image: String,
    cause: RegistryError,
}

impl fmt::Display for NotLocked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not locked: {}", self.image, self.cause)
    }
}

impl std::error::Error for NotLocked {}

impl Diagnostic for NotLocked {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.cause.code()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.cause.help()
    }
}
