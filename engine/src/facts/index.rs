//! Which blob holds which objects: found once per blob, kept beside the repository.
//! Knows identities only; a blob is parsed again when its content is needed.

mod hint;
mod kept;
mod record;
mod wanted;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::hint::Hint;
use self::kept::Kept;
use self::record::{Content, Learnt, Record};
pub use self::wanted::Wanted;
use crate::change::Source;
use crate::git::{self, Repository, TreeEntry};
use crate::manifest;
use crate::model::{GitId, ObjectRef, Part, RepoPath, map_by_threads};

/// The index of the manifests of one repository.
///
/// A file whose bytes do not name what is looked for is not parsed; the index then knows no more of
/// it than that. Its cache is a text file of sorted lines, checked against damage; one that does not
/// hold is ignored and written anew. Nothing that is signed relies on it: see [`Cache::Off`].
pub struct BlobIndex {
    cache: Option<PathBuf>,
    kept: Kept,
    added: BTreeMap<GitId, String>,
    /// What objects say, by blob, where it was asked for.
    content: BTreeMap<GitId, Content>,
    /// What others have read of files in this run.
    read: BTreeMap<GitId, (RepoPath, Vec<Source>)>,
    /// Files that were asked about.
    asked: usize,
}

/// Whether an index is kept between runs.
#[derive(Clone, Debug)]
pub enum Cache {
    /// In this folder.
    In(PathBuf),
    /// Nowhere: everything is read anew.
    Off,
}

impl Cache {
    /// In the folder of objects and branches of a repository.
    #[must_use]
    pub fn of(common_dir: &Path) -> Self {
        Self::In(common_dir.join("tidegate"))
    }

    /// The file that keeps it.
    #[must_use]
    pub fn place(&self) -> Option<PathBuf> {
        match self {
            Self::In(folder) => Some(folder.join(FILE_NAME)),
            Self::Off => None,
        }
    }
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

/// Whether it matters what the wanted objects say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Depth {
    Identity,
    Content,
}

impl BlobIndex {
    /// Opens the index; a cache that cannot be read is an empty one.
    #[must_use]
    pub fn open(cache: &Cache) -> Self {
        let path = cache.place();
        let kept = path.as_deref().and_then(Kept::read).unwrap_or_default();
        Self {
            cache: path,
            kept,
            added: BTreeMap::new(),
            content: BTreeMap::new(),
            read: BTreeMap::new(),
            asked: 0,
        }
    }

    /// Tells what a file holds that somebody has read in this run, so that it is not read again.
    pub fn tell(&mut self, entry: &TreeEntry, objects: Vec<Source>) {
        self.read.insert(entry.id, (entry.path.clone(), objects));
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
        let mut found = Vec::new();
        for entry in self.complete(entries, wanted, Depth::Identity, repository)? {
            let objects = match Record::read(self.record(entry.id).unwrap_or_default()) {
                Record::Absent(_) | Record::Outline(_) => continue,
                Record::Broken => wanted
                    .read_broken(entry, repository)?
                    .map(|file| file.objects.into_iter().map(|object| object.reference))
                    .map_or_else(Vec::new, Iterator::collect),
                Record::Objects(list, _) => {
                    wanted.of_list(list).map(|(_, object)| object).collect()
                }
            };
            let objects = objects.into_iter().filter(|object| wanted.takes(object));
            found.extend(objects.map(|object| Located {
                entry: entry.clone(),
                object,
            }));
        }
        Ok(found)
    }

    /// The objects that are wanted and what they say, secrets replaced, in the order of files; of one
    /// that stands twice in a file the first.
    ///
    /// # Errors
    /// As for [`BlobIndex::find`].
    pub fn read(
        &mut self,
        entries: &[TreeEntry],
        wanted: Wanted<'_>,
        repository: &Repository,
    ) -> Result<Vec<(RepoPath, ObjectRef, Arc<Part>)>, Error> {
        let mut found = Vec::new();
        for entry in self.complete(entries, wanted, Depth::Content, repository)? {
            let record = Record::read(self.record(entry.id).unwrap_or_default());
            let mut objects: BTreeMap<ObjectRef, Arc<Part>> = BTreeMap::new();
            let mut take = |object: ObjectRef, content: &Content, place: usize| {
                if let Some(part) = content.get(place) {
                    objects.entry(object).or_insert_with(|| Arc::clone(part));
                }
            };
            match (record, self.content.get(&entry.id)) {
                (Record::Objects(list, _), Some(content)) => {
                    for (place, object) in wanted.of_list(list) {
                        take(object, content, place);
                    }
                }
                (Record::Broken, _) => {
                    if let Some(file) = wanted.read_broken(entry, repository)? {
                        let content = Learnt::content(&file).content.unwrap_or_default();
                        let objects = file.objects.into_iter().enumerate();
                        for (place, object) in objects {
                            if wanted.takes(&object.reference) {
                                take(object.reference, &content, place);
                            }
                        }
                    }
                }
                _ => {}
            }
            let objects = objects.into_iter();
            found.extend(objects.map(|(object, part)| (entry.path.clone(), object, part)));
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
        self.complete(entries, Wanted::default(), Depth::Identity, repository)?;
        Ok(known(self))
    }

    /// How many of the files that it was asked about it knew, of how many.
    #[must_use]
    pub fn known(&self) -> (usize, usize) {
        (self.asked.saturating_sub(self.added.len()), self.asked)
    }

    /// Writes what was found to the cache. A cache that cannot be written is no error: the next run
    /// is slower.
    pub fn save(&self) {
        if let Some(path) = &self.cache
            && !self.added.is_empty()
        {
            let _ = kept::write(path, &self.records());
        }
    }

    /// Everything that is known. What objects say is kept as long as there is room: of other runs'
    /// files it is left out first.
    fn records(&self) -> BTreeMap<GitId, &str> {
        let mut records: BTreeMap<GitId, &str> = self.kept.iter().collect();
        records.extend(self.added.iter().map(|(id, record)| (*id, record.as_str())));
        if records.values().map(|record| record.len()).sum::<usize>() > ROOM {
            for (id, record) in &mut records {
                if !self.content.contains_key(id) {
                    *record = record::without_content(record);
                }
            }
        }
        records
    }

    fn record(&self, id: GitId) -> Option<&str> {
        let added = self.added.get(&id).map(String::as_str);
        added.or_else(|| self.kept.get(id))
    }

    /// Finds out what is not known about these files, as far as it concerns what is wanted, and gives
    /// those that may concern it.
    fn complete<'e>(
        &mut self,
        entries: &'e [TreeEntry],
        wanted: Wanted<'_>,
        depth: Depth,
        repository: &Repository,
    ) -> Result<Vec<&'e TreeEntry>, Error> {
        let hint = wanted.kinds.and_then(Hint::of);
        let mut search = Search {
            wanted,
            hint: hint.as_ref(),
            depth,
        };
        // What is signed rests on reading, not on a look at bytes and lines.
        if self.cache.is_none() {
            search.hint = None;
            search.wanted.namespaces = None;
        }
        self.asked += entries.len();
        let told = map_by_threads(entries, |_, entry| {
            let record = self.record(entry.id).map(Record::read);
            record.map_or(Told::TooLittle, |record| search.told_by(record))
        });
        let mut concerned = Vec::new();
        let mut missing: BTreeMap<GitId, Missing<'_>> = BTreeMap::new();
        for (entry, told) in entries.iter().zip(told) {
            if told == Told::Beside {
                continue;
            }
            concerned.push(entry);
            if told == Told::All || self.content.contains_key(&entry.id) {
                continue;
            }
            let text = self.record(entry.id);
            match text.map(Record::read).and_then(Record::content) {
                Some(content) => drop(self.content.insert(entry.id, content)),
                None => drop(missing.insert(entry.id, (entry, text.map(str::to_owned)))),
            }
        }
        let missing: Vec<Missing<'_>> = missing.into_values().collect();
        self.learn(&missing, search, repository)?;
        Ok(concerned)
    }

    fn learn(
        &mut self,
        missing: &[Missing<'_>],
        search: Search<'_>,
        repository: &Repository,
    ) -> Result<(), Error> {
        let learnt = repository.map_by_threads(missing, SHARE, |(entry, before), handle| {
            if let Some((path, objects)) = self.read.get(&entry.id)
                && *path == entry.path
            {
                return Ok((entry.id, search.look_at(objects)));
            }
            let bytes = handle.file(entry)?;
            Ok((entry.id, search.look(entry, before.as_deref(), &bytes)))
        })?;
        self.keep(learnt.into_iter().collect::<Result<_, git::Error>>()?);
        Ok(())
    }

    fn keep(&mut self, learnt: Vec<(GitId, Learnt)>) {
        for (id, learnt) in learnt {
            self.added.insert(id, learnt.record);
            self.content
                .extend(learnt.content.map(|content| (id, content)));
        }
    }
}

/// A file to read, and the record that was not enough.
type Missing<'a> = (&'a TreeEntry, Option<String>);

/// What is looked for, and how.
#[derive(Clone, Copy)]
struct Search<'a> {
    wanted: Wanted<'a>,
    hint: Option<&'a Hint>,
    depth: Depth,
}

/// What a record says of what is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// It is not there.
    Beside,
    /// All that matters.
    All,
    /// Not all that matters.
    TooLittle,
}

impl Search<'_> {
    fn told_by(&self, record: Record<'_>) -> Told {
        if self.is_beside(record) {
            Told::Beside
        } else if self.is_answered_by(record) {
            Told::All
        } else {
            Told::TooLittle
        }
    }

    /// Whether a record says that nothing wanted is there.
    fn is_beside(&self, record: Record<'_>) -> bool {
        match record {
            Record::Broken => false,
            Record::Absent(mark) => self.hint.is_some_and(|hint| hint.is_in(mark)),
            Record::Outline(list) => {
                self.wanted.namespaces.is_some() && self.wanted.of_list(list).next().is_none()
            }
            Record::Objects(list, _) => self.wanted.of_list(list).next().is_none(),
        }
    }

    /// Whether a record of what is wanted says all that matters of it; what objects say may lie
    /// beside it.
    fn is_answered_by(&self, record: Record<'_>) -> bool {
        match record {
            Record::Broken => true,
            Record::Absent(_) | Record::Outline(_) => false,
            Record::Objects(..) => self.depth == Depth::Identity,
        }
    }

    fn look(&self, entry: &TreeEntry, before: Option<&str>, bytes: &[u8]) -> Learnt {
        if let Some(hint) = self.hint.filter(|hint| !hint.may_be_in(bytes)) {
            return Learnt::absent(hint.mark(before));
        }
        if let Some(outlines) = self.wanted.outlines(entry, bytes) {
            return Learnt::outline(&outlines);
        }
        let Ok(file) = manifest::read(&entry.path, bytes) else {
            return Learnt::broken();
        };
        let names = file.objects.iter().map(|object| &object.reference);
        if self.asks_what_they_say(names.clone()) {
            return Learnt::content(&file);
        }
        Learnt::objects(names)
    }

    /// What was read whole already.
    fn look_at(&self, objects: &[Source]) -> Learnt {
        let names = objects.iter().map(|source| &source.object);
        if self.asks_what_they_say(names.clone()) {
            let objects = objects.iter();
            return Learnt::content_of(
                objects.map(|source| (&source.object, &*source.node, &*source.secrets)),
            );
        }
        Learnt::objects(names)
    }

    fn asks_what_they_say<'o>(&self, mut objects: impl Iterator<Item = &'o ObjectRef>) -> bool {
        self.depth == Depth::Content && objects.any(|object| self.wanted.takes(object))
    }
}

const FILE_NAME: &str = "index";
/// Files that one thread reads at least.
const SHARE: usize = 64;
const ROOM: usize = 32 << 20;
