//! Which blob holds which objects: found once per blob, kept beside the repository.
//! Knows identities only; a blob is parsed again when its content is needed.

mod hint;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::{fs, io, thread};

use self::hint::Hint;
use crate::git::{self, Repository, TreeEntry};
use crate::manifest;
use crate::model::{Digest, GitId, ObjectRef};

/// The index of the manifests of one repository.
///
/// A file whose bytes do not name what is looked for is not parsed; the index then knows no more of
/// it than that. Its cache is a text file of sorted lines, checked by a digest in its last line; one that does not
/// hold is ignored and written anew. Nothing that is signed relies on it: see [`Cache::Off`].
pub struct BlobIndex {
    cache: Option<PathBuf>,
    kept: Kept,
    added: BTreeMap<GitId, String>,
}

/// Whether an index is kept between runs.
#[derive(Clone, Debug)]
pub enum Cache {
    /// In this folder.
    In(PathBuf),
    /// Nowhere: everything is read anew.
    Off,
}

/// One object that the index knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// The file that holds it.
    pub entry: TreeEntry,
    /// The object.
    pub object: ObjectRef,
}

/// The index could not be made, or met a file that must be read and cannot be.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum Error {
    /// Git could not give a blob.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Git(#[from] git::Error),
    /// A file does not parse, and all of them must.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Manifest(#[from] manifest::Error),
    /// A file that may hold a neighbour does not parse.
    #[error("{error}; this file may hold a {kind} that must be known")]
    #[diagnostic(forward(error))]
    Unreadable {
        /// Such a kind.
        kind: String,
        /// Why it does not parse.
        error: Box<manifest::Error>,
    },
}

/// What is looked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// Names of kinds without group; `None` for all.
    pub kinds: Option<&'a BTreeSet<&'a str>>,
    /// Only objects of these names matter; `None` for all.
    pub names: Option<&'a BTreeSet<&'a str>>,
}

impl BlobIndex {
    /// Opens the index; a cache that cannot be read is an empty one.
    #[must_use]
    pub fn open(cache: Cache) -> Self {
        let path = match cache {
            Cache::In(folder) => Some(folder.join(FILE_NAME)),
            Cache::Off => None,
        };
        let kept = path.as_deref().and_then(Kept::read).unwrap_or_default();
        Self {
            cache: path,
            kept,
            added: BTreeMap::new(),
        }
    }

    /// The objects that are wanted, in the order of files.
    ///
    /// # Errors
    /// A blob that Git cannot give; a file that may hold what is wanted and does not parse.
    pub fn find(
        &mut self,
        entries: &[TreeEntry],
        wanted: Wanted<'_>,
        repository: &Repository,
    ) -> Result<Vec<Located>, Error> {
        self.complete(entries, wanted.kinds, repository)?;
        let mut found = Vec::new();
        for entry in entries {
            let record = self.record(entry.id).unwrap_or(BROKEN);
            let objects = if hint::is_mark(record) {
                continue;
            } else if record == BROKEN {
                wanted.objects_of_broken(entry, repository)?
            } else if wanted.may_be_in(record) {
                objects(record)
            } else {
                continue;
            };
            let objects = objects.into_iter().filter(|object| wanted.takes(object));
            found.extend(objects.map(|object| Located {
                entry: entry.clone(),
                object,
            }));
        }
        Ok(found)
    }

    /// Whether any of these files holds an object.
    ///
    /// # Errors
    /// A blob that Git cannot give.
    pub fn any_object(
        &mut self,
        entries: &[TreeEntry],
        repository: &Repository,
    ) -> Result<bool, Error> {
        let holds_some = |record: &str| record.starts_with("[[");
        let known = |index: &Self| {
            let mut records = entries.iter().filter_map(|entry| index.record(entry.id));
            records.any(holds_some)
        };
        if known(self) {
            return Ok(true);
        }
        self.complete(entries, None, repository)?;
        Ok(known(self))
    }

    /// Writes what was found to the cache. A cache that cannot be written is no error: the next run
    /// is slower.
    pub fn save(&self) {
        if let Some(path) = &self.cache
            && !self.added.is_empty()
        {
            let _ = self.write(path);
        }
    }

    fn record(&self, id: GitId) -> Option<&str> {
        self.added
            .get(&id)
            .map(String::as_str)
            .or_else(|| self.kept.get(id))
    }

    /// Finds out what is not known about these files, as far as it concerns some kinds (`None` for
    /// all).
    fn complete(
        &mut self,
        entries: &[TreeEntry],
        kinds: Option<&BTreeSet<&str>>,
        repository: &Repository,
    ) -> Result<(), Error> {
        let hint = kinds.and_then(Hint::of);
        let hint = hint.as_ref();
        let enough =
            |record: &str| !hint::is_mark(record) || hint.is_some_and(|hint| hint.mark() == record);
        let missing: BTreeMap<GitId, &TreeEntry> = entries
            .iter()
            .filter(|entry| !self.record(entry.id).is_some_and(enough))
            .map(|entry| (entry.id, entry))
            .collect();
        let missing: Vec<&TreeEntry> = missing.into_values().collect();
        let threads = thread::available_parallelism()
            .map_or(1, usize::from)
            .min(16);
        let share = missing.len().div_ceil(threads).max(SHARE);
        if missing.len() <= share {
            self.added.extend(summarise(&missing, hint, repository)?);
            return Ok(());
        }
        let results = thread::scope(|scope| {
            let workers: Vec<_> = missing
                .chunks(share)
                .map(|chunk| {
                    let handle = repository.reopen();
                    scope.spawn(move || summarise(chunk, hint, &handle?))
                })
                .collect();
            workers
                .into_iter()
                .map(thread::ScopedJoinHandle::join)
                .collect::<Vec<_>>()
        });
        for result in results {
            match result {
                Ok(records) => self.added.extend(records?),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        Ok(())
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let mut records: BTreeMap<GitId, &str> = self.kept.iter().collect();
        records.extend(self.added.iter().map(|(id, record)| (*id, record.as_str())));
        let mut text = String::from(HEADER);
        for (id, record) in records {
            text.push_str(&format!("\n{id} {record}"));
        }
        let digest = Digest::of(text.as_bytes());
        text.push('\n');
        text.push_str(&digest.to_string());
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        // Written beside and renamed, so that two runs at once leave one whole file.
        let temporary = path.with_extension(format!("{}.tmp", std::process::id()));
        fs::write(&temporary, text)?;
        fs::rename(&temporary, path).inspect_err(|_| {
            let _ = fs::remove_file(&temporary);
        })
    }
}

/// What an earlier run left: lines `<blob id> <record>`, sorted.
#[derive(Default)]
struct Kept {
    text: String,
    records: Vec<(GitId, Range<usize>)>,
}

impl Kept {
    fn read(path: &Path) -> Option<Self> {
        let bytes = fs::read(path).ok()?;
        if bytes.len() > MAX_CACHE {
            return None;
        }
        let text = String::from_utf8(bytes).ok()?;
        let (body, digest) = text.rsplit_once('\n')?;
        if Digest::of(body.as_bytes()).to_string() != digest {
            return None;
        }
        let lines = body.strip_prefix(HEADER)?;
        let mut start = HEADER.len();
        let mut records = Vec::new();
        for line in lines.split('\n').skip(1) {
            let (id, record) = line.split_once(' ')?;
            start += 1;
            let end = start + line.len();
            records.push((GitId::parse(id).ok()?, end - record.len()..end));
            start = end;
        }
        records
            .is_sorted_by(|one, two| one.0 < two.0)
            .then_some(Self { text, records })
    }

    fn iter(&self) -> impl Iterator<Item = (GitId, &str)> {
        let record = |place: &Range<usize>| self.text.get(place.clone()).unwrap_or_default();
        self.records
            .iter()
            .map(move |(id, place)| (*id, record(place)))
    }

    fn get(&self, id: GitId) -> Option<&str> {
        let at = self.records.binary_search_by(|(kept, _)| kept.cmp(&id));
        let (_, place) = self.records.get(at.ok()?)?;
        self.text.get(place.clone())
    }
}

fn summarise(
    entries: &[&TreeEntry],
    hint: Option<&Hint>,
    repository: &Repository,
) -> Result<Vec<(GitId, String)>, Error> {
    entries
        .iter()
        .map(|entry| {
            let bytes = repository.blob(entry.id)?;
            let record = match hint.filter(|hint| !hint.may_be_in(&bytes)) {
                Some(hint) => hint.mark().to_owned(),
                None => manifest::read(&entry.path, &bytes)
                    .map_or_else(|_| BROKEN.to_owned(), |file| record_of(&file)),
            };
            Ok((entry.id, record))
        })
        .collect()
}

fn record_of(file: &manifest::ManifestFile) -> String {
    let objects: Vec<[&str; 4]> = file
        .objects
        .iter()
        .map(|object| {
            let name = &object.reference;
            [
                name.api_version.as_str(),
                &name.kind,
                name.namespace.as_deref().unwrap_or_default(),
                &name.name,
            ]
        })
        .collect();
    serde_json::to_string(&objects).unwrap_or_else(|_| BROKEN.to_owned())
}

fn objects(record: &str) -> Vec<ObjectRef> {
    let fields: Vec<[String; 4]> = serde_json::from_str(record).unwrap_or_default();
    fields
        .into_iter()
        .map(|[api_version, kind, namespace, name]| ObjectRef {
            api_version,
            kind,
            namespace: (!namespace.is_empty()).then_some(namespace),
            name,
        })
        .collect()
}

impl Wanted<'_> {
    fn takes(&self, object: &ObjectRef) -> bool {
        self.kinds
            .is_none_or(|kinds| kinds.contains(object.kind.as_str()))
            && self
                .names
                .is_none_or(|names| names.contains(object.name.as_str()))
    }

    fn may_be_in(&self, record: &str) -> bool {
        self.kinds
            .is_none_or(|kinds| kinds.iter().any(|kind| record.contains(kind)))
    }

    /// A file that does not parse is left alone unless it may hold what is wanted. Under another
    /// name the same bytes may parse after all.
    fn objects_of_broken(
        &self,
        entry: &TreeEntry,
        repository: &Repository,
    ) -> Result<Vec<ObjectRef>, Error> {
        let bytes = repository.blob(entry.id)?;
        let Some(kind) = self.told_by(&bytes) else {
            return Ok(Vec::new());
        };
        match manifest::read(&entry.path, &bytes) {
            Ok(file) => Ok(file
                .objects
                .into_iter()
                .map(|object| object.reference)
                .collect()),
            Err(error) if kind.is_empty() => Err(error.into()),
            Err(error) => Err(Error::Unreadable {
                kind: kind.to_owned(),
                error: Box::new(error),
            }),
        }
    }

    /// The first kind that the bytes may tell of: they write it out, with a name that is wanted, or
    /// may spell anything by an escape. Empty where every kind is wanted.
    fn told_by(&self, bytes: &[u8]) -> Option<&str> {
        let Some(kinds) = self.kinds else {
            return Some("");
        };
        let text = String::from_utf8_lossy(bytes);
        if hint::is_utf_16(bytes) || hint::ESCAPES.iter().any(|escape| text.contains(escape)) {
            return kinds.first().copied();
        }
        let named = self
            .names
            .is_none_or(|names| names.iter().any(|name| text.contains(written(name))));
        let mut kinds = kinds.iter().copied();
        kinds.find(|kind| named && writes_kind(&text, kind))
    }
}

/// What of a name a file writes: of a generated one what stands before the made-up part.
fn written(name: &str) -> &str {
    name.split('*').next().unwrap_or(name)
}

/// Whether `kind`, or its list, stands in the text as a word of its own.
fn writes_kind(text: &str, kind: &str) -> bool {
    text.match_indices(kind).any(|(at, _)| {
        let (before, rest) = text.split_at_checked(at).unwrap_or_default();
        let rest = rest.strip_prefix(kind).unwrap_or_default();
        let rest = rest.strip_prefix("List").unwrap_or(rest);
        !before.ends_with(char::is_alphanumeric) && !rest.starts_with(char::is_alphanumeric)
    })
}

const FILE_NAME: &str = "index";
const HEADER: &str = concat!("tidegate blob index 2, ", env!("CARGO_PKG_VERSION"));
const BROKEN: &str = "!";
const SHARE: usize = 256;
const MAX_CACHE: usize = 256 << 20;
