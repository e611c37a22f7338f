//! One state of the repository as all its deployers see it: its files, and the kustomizations that list
//! other files. Read once for all environments.

mod passing;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

pub(super) use self::passing::Passed;
use self::passing::{Adding, Passing};
use super::changes::{self, Changer, Changes};
use super::fields::Text;
use super::generated::{Generated, Generators};
use super::known::Declared;
use super::metadata::Metadata;
use crate::git::TreeEntry;
use crate::manifest::{Object, Role, named_by_kustomization, role_of_name};
use crate::model::RepoPath;
use crate::render::{Files, FilesError, Found, inside};

/// One state of the repository.
pub struct Tree<'a> {
    pub(super) files: &'a dyn Files,
    /// All files, sorted.
    pub(super) entries: Vec<TreeEntry>,
    /// What a kustomization names, and the folders of those kustomizations.
    named_by: BTreeMap<RepoPath, Vec<RepoPath>>,
    /// The kustomizations, by their folder.
    kustomizations: BTreeMap<RepoPath, Kustomization>,
    /// Those that cannot be read, and may name any file all the same.
    unreadable: Vec<Unreadable>,
    /// The folders of charts.
    charts: BTreeSet<RepoPath>,
    /// What files say of the `GitRepository` that `flux bootstrap` makes, once that was asked for.
    pub(super) bootstrapped: OnceCell<Vec<Declared>>,
}

struct Kustomization {
    file: RepoPath,
    /// What it names, without links.
    names: Vec<RepoPath>,
    changes: Changes,
    generators: Generators,
}

impl Kustomization {
    /// Whether it takes a file for a patch wherever it names it.
    fn takes_for_patch(&self, folder: &RepoPath, path: &RepoPath) -> bool {
        let patches = self.changes.patches();
        let patches = patches.filter_map(|patch| below(folder, patch));
        let named = self.names.iter().filter(|name| *name == path);
        patches.filter(|patch| patch == path).count() == named.count()
    }
}

impl<'a> Tree<'a> {
    /// Lists the files, and reads the kustomizations among them.
    ///
    /// # Errors
    /// The tree cannot be read.
    pub fn read(files: &'a dyn Files) -> Result<Self, FilesError> {
        let mut tree = Self {
            files,
            entries: files.below(&RepoPath::from(""))?,
            named_by: BTreeMap::new(),
            kustomizations: BTreeMap::new(),
            unreadable: Vec::new(),
            charts: BTreeSet::new(),
            bootstrapped: OnceCell::new(),
        };
        let links: BTreeSet<RepoPath> = tree
            .entries
            .iter()
            .filter(|entry| entry.is_link())
            .map(|entry| entry.path.clone())
            .collect();
        for entry in &tree.entries {
            if role_of_name(&entry.path) == Some(Role::HelmChart) {
                tree.charts.insert(RepoPath::new(entry.path.parent()));
            }
            if role_of_name(&entry.path) != Some(Role::Kustomization) {
                continue;
            }
            let Some(bytes) = through(files, entry)? else {
                continue;
            };
            let folder = RepoPath::new(entry.path.parent());
            let Some(written) = named_by_kustomization(&entry.path, &bytes) else {
                let file = entry.path.clone();
                tree.unreadable.push(Unreadable { file, bytes });
                continue;
            };
            let mut names = Vec::new();
            for named in written {
                let named = without_links(named, &links, files)?;
                let by = tree.named_by.entry(named.clone()).or_default();
                by.push(folder.clone());
                names.push(named);
            }
            let root = changes::document(&bytes);
            let changes = Changes::of_kustomization(root.as_ref());
            let kustomization = Kustomization {
                file: entry.path.clone(),
                names,
                // What a link leads to may change without any file of this name.
                changes: match entry.is_link() {
                    true => changes.without_patches(),
                    false => changes,
                },
                generators: Generators::of_kustomization(root.as_ref()),
            };
            tree.kustomizations.insert(folder, kustomization);
        }
        Ok(tree)
    }

    /// What a file holds, or the file that a link leads to; `None` where there is no file.
    ///
    /// # Errors
    /// The tree cannot be read.
    pub(super) fn content(&self, entry: &TreeEntry) -> Result<Option<Vec<u8>>, FilesError> {
        through(self.files, entry)
    }

    /// Without a list of the files: for those whose units the configuration itself names.
    #[must_use]
    pub fn unlisted(files: &'a dyn Files) -> Self {
        Self {
            files,
            entries: Vec::new(),
            named_by: BTreeMap::new(),
            kustomizations: BTreeMap::new(),
            unreadable: Vec::new(),
            charts: BTreeSet::new(),
            bootstrapped: OnceCell::new(),
        }
    }

    /// Whether a file lies in a chart, which makes other files of it.
    pub(super) fn is_template(&self, path: &RepoPath) -> bool {
        let path = path.as_bytes();
        let ends = path.iter().enumerate().filter(|(_, byte)| **byte == b'/');
        let mut ends = ends.filter_map(|(at, _)| Some((path.get(..at)?, path.get(at..)?)));
        let of_chart = |folder: &[u8], rest: &[u8]| {
            let inner = rest.starts_with(b"/templates/") || rest.starts_with(b"/charts/");
            inner && self.charts.contains(&RepoPath::new(folder))
        };
        let at_top = of_chart(b"", &[b"/", path].concat());
        at_top || ends.any(|(folder, rest)| of_chart(folder, rest))
    }

    /// Whether a kustomization names a file, whatever its own name.
    pub(super) fn is_listed(&self, path: &RepoPath) -> bool {
        self.named_by.contains_key(path)
    }

    /// Whether kustomizations take a file for a patch of other objects, and for nothing else.
    pub(super) fn is_patch(&self, path: &RepoPath) -> bool {
        let folders = self.named_by.get(path).into_iter().flatten();
        let mut folders =
            folders.filter_map(|folder| Some((folder, self.kustomizations.get(folder)?)));
        self.is_listed(path) && folders.all(|(folder, own)| own.takes_for_patch(folder, path))
    }

    /// Whether kustomizations of some folders that are `built` together, from the first of them on, take a file for a patch,
    /// and nobody takes it for anything else.
    pub(super) fn is_patch_in(
        &self,
        path: &RepoPath,
        first: &RepoPath,
        built: &BTreeSet<RepoPath>,
    ) -> bool {
        // Flux lists what lies in folders without a kustomization.
        let is_kustomized = built.contains(first) || built.iter().any(|it| path.lies_in(it));
        let folders = self.named_by.get(path).into_iter().flatten();
        let mut folders = folders.filter(|folder| built.contains(*folder)).peekable();
        is_kustomized
            && folders.peek().is_some()
            && folders.all(|folder| {
                let own = self.kustomizations.get(folder);
                own.is_some_and(|own| own.takes_for_patch(folder, path))
            })
    }

    /// What kustomizations make of an object of a file before it is applied: all of the tree, which follow no patches, or
    /// those of some folders that are `built` together.
    ///
    /// # Errors
    /// The kustomization that may change more of it, or that makes another thing of it than another one which
    /// names the same file.
    pub(super) fn passed(
        &self,
        file: &Text,
        object: Object,
        built: Option<&BTreeSet<RepoPath>>,
    ) -> Result<Passed, Changer> {
        Passing::of(self, &file.text, built).all(&file.path, object)
    }

    /// What `changes` of the folder, with their components, add to an object to which others added something before.
    ///
    /// # Errors
    /// The component that may change more of it, or `by`, which stands for the changes themselves.
    pub(super) fn adds_by(
        &self,
        (changes, folder): (&Changes, &RepoPath),
        object: (&Object, &Metadata),
        by: &RepoPath,
    ) -> Result<Metadata, Changer> {
        Adding::of(self, object).below((changes, folder), by, 0)
    }

    /// The files that the kustomizations in some folders list, and those that they list in turn.
    pub(super) fn listed(&self, folders: &BTreeSet<RepoPath>) -> Vec<&TreeEntry> {
        let mut listed = Vec::new();
        let mut seen = folders.clone();
        let mut next: Vec<&RepoPath> = folders.iter().collect();
        while let Some(folder) = next.pop() {
            let own = self.kustomizations.get(folder);
            for name in own.into_iter().flat_map(|own| &own.names) {
                if !seen.insert(name.clone()) {
                    continue;
                }
                next.push(name);
                if self.is_patch(name) {
                    continue;
                }
                let at = self.entries.binary_search_by(|entry| entry.path.cmp(name));
                listed.extend(at.ok().and_then(|at| self.entries.get(at)));
            }
        }
        listed
    }

    /// What kustomizations make that may be applied as an object, and their files, of those that are built in one of
    /// the folders. Nothing is told of what is made by one that nobody can read.
    pub(super) fn generated<'t>(
        &'t self,
        (kind, namespace, name): (&str, &str, &str),
        built: &BTreeSet<RepoPath>,
    ) -> Vec<(&'t RepoPath, Option<Generated>)> {
        let unreadable = self.unreadable.iter().map(|one| &one.file);
        let others = self.kustomizations.values();
        let opening = others.filter(|it| it.generators.opens());
        let mut open: Vec<&RepoPath> = unreadable.chain(opening.map(|it| &it.file)).collect();
        open.retain(|file| self.is_built(RepoPath::new(file.parent()), built));
        let mut found: Vec<_> = open.into_iter().map(|file| (file, None)).collect();
        for (folder, own) in &self.kustomizations {
            for object in own.generators.all() {
                let may_be = |called: &Generated| called.may_be(kind, namespace, name);
                match self.called(object, folder, built) {
                    Some(called) => {
                        let one = called.into_iter().find(may_be);
                        found.extend(one.map(|object| (&own.file, Some(object))));
                    }
                    None => found.push((&own.file, None)),
                }
            }
        }
        found
    }

    /// Whether one of the folders is built of what comes out of this one.
    fn is_built(&self, folder: RepoPath, built: &BTreeSet<RepoPath>) -> bool {
        let mut seen = BTreeSet::from([folder.clone()]);
        let mut next = vec![folder];
        while let Some(folder) = next.pop() {
            if built.contains(&folder) {
                return true;
            }
            let outer = self.named_by.get(&folder).into_iter().flatten();
            next.extend(outer.filter(|outer| seen.insert((*outer).clone())).cloned());
        }
        false
    }

    /// What an object is called that comes out of a folder, in each of those that are built; `None` where that is too
    /// much to follow.
    fn called(
        &self,
        object: &Generated,
        folder: &RepoPath,
        built: &BTreeSet<RepoPath>,
    ) -> Option<BTreeSet<Generated>> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut next = vec![(folder, object.clone())];
        while let Some((folder, object)) = next.pop() {
            let Some(kustomization) = self.kustomizations.get(folder) else {
                continue;
            };
            let object = kustomization.generators.call(object);
            if !seen.insert((folder, object.clone())) {
                continue;
            }
            if seen.len() > CALLED {
                return None;
            }
            let outer = self.named_by.get(folder).into_iter().flatten();
            next.extend(outer.map(|outer| (outer, object.clone())));
            if built.contains(folder) {
                found.insert(object);
            }
        }
        Some(found)
    }

    /// What a file of the tree holds, by its own name; `None` where it cannot be told, or a link leads there.
    fn own_content(&self, path: &RepoPath) -> Option<Vec<u8>> {
        let resolved = self.files.resolve(path).ok()?;
        match resolved.found {
            Found::File(entry) if resolved.path == *path => self.files.content(&entry).ok(),
            _ => None,
        }
    }

    /// What a file of the tree holds; `None` where it cannot be told.
    fn content_at(&self, path: &RepoPath) -> Option<Vec<u8>> {
        match self.files.resolve(path).ok()?.found {
            Found::File(entry) => self.files.content(&entry).ok(),
            _ => None,
        }
    }
}

/// A kustomization that our reader refuses; kustomize may not.
struct Unreadable {
    file: RepoPath,
    bytes: Vec<u8>,
}

impl Unreadable {
    /// Whether it may name a file or a folder: its name stands there, or the way to a folder above, or what may be
    /// any name.
    fn may_name(&self, path: &RepoPath) -> bool {
        let mut bytes = self.bytes.clone();
        // In UTF-16 every other byte of a Latin name is zero.
        bytes.retain(|byte| *byte != 0);
        let holds = |text: &[u8]| bytes.windows(text.len()).any(|at| at == text);
        let is_above = self.file.lies_in(path);
        let is_written_otherwise = bytes.contains(&b'!') || bytes.contains(&b'\\');
        is_written_otherwise
            || std::str::from_utf8(&bytes).is_err()
            || if is_above {
                holds(b"..")
            } else {
                holds(path.file_name())
            }
    }
}

/// `path` as a kustomization of the folder names it.
fn below(folder: &RepoPath, path: &str) -> Option<RepoPath> {
    inside(folder.as_bytes(), path.as_bytes()).map(RepoPath::new)
}

/// What a path leads to; the path itself where no link is on the way, or where that leads out of the tree.
fn without_links(
    path: RepoPath,
    links: &BTreeSet<RepoPath>,
    files: &dyn Files,
) -> Result<RepoPath, FilesError> {
    let bytes = path.as_bytes();
    let slashes = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'/');
    let mut ends = slashes.map(|(at, _)| at).chain([bytes.len()]);
    let is_link = |end| {
        bytes
            .get(..end)
            .is_some_and(|part| links.contains(&RepoPath::new(part)))
    };
    if links.is_empty() || !ends.any(is_link) {
        return Ok(path);
    }
    match files.resolve(&path) {
        Ok(resolved) => Ok(resolved.path),
        Err(FilesError::LinkOutside { .. }) => Ok(path),
        Err(error) => Err(error),
    }
}

/// By how many names an object is followed through kustomizations.
const CALLED: usize = 1_000;

fn through(files: &dyn Files, entry: &TreeEntry) -> Result<Option<Vec<u8>>, FilesError> {
    if entry.is_submodule() {
        return Ok(None);
    }
    if !entry.is_link() {
        return files.content(entry).map(Some);
    }
    match files.resolve(&entry.path) {
        Ok(resolved) => match resolved.found {
            Found::File(target) => files.content(&target).map(Some),
            _ => Ok(None),
        },
        Err(FilesError::LinkOutside { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
