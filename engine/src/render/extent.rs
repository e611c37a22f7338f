//! What a rendering reads of the tree at most, where something in it is refused so that its closure is not known.
//! Never too little: whoever leads where this does not follow may read anything. Starts no process.

mod named;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use self::named::{Names, Role};
use super::files::{Files, Found, inside};
use super::options::{Kustomize, Rendering, Tool};
use crate::git::TreeEntry;
use crate::model::{RepoPath, limits};

/// Files and folders beyond which a rendering reads nothing of the tree.
#[derive(Debug, Default)]
pub struct Extent {
    files: BTreeSet<RepoPath>,
    /// All that lies there, and what may come to lie there.
    folders: BTreeSet<RepoPath>,
    /// What is named of other repositories, which may be this one.
    addresses: BTreeSet<String>,
    /// A repository of charts is asked, which may be made of files of this one.
    takes_packages: bool,
}

impl Extent {
    /// That of one rendering; `None` where it may read anything.
    #[must_use]
    pub fn of(files: &dyn Files, rendering: &Rendering) -> Option<Self> {
        let mut search = Search {
            files,
            extent: Self::default(),
            next: Vec::new(),
            linked: Vec::new(),
            leading_out: BTreeSet::new(),
            count: 0,
        };
        search.follow(&rendering.folder)?;
        match &rendering.tool {
            Tool::Kustomize(options) => search.options(&rendering.folder, options)?,
            Tool::Helm(options) => {
                let given = options.file_parameters.iter().map(|(_, file)| file);
                for file in options.value_files.iter().chain(given) {
                    search.value_file(file)?;
                }
            }
        }
        while let Some(folder) = search.next.pop() {
            search.folder(folder)?;
        }
        let is_linked = |base: &RepoPath| {
            let mut linked = search.linked.iter();
            linked.any(|folder| base == folder || base.lies_in(folder))
        };
        // Seen from the link, `..` is another folder than seen from what it leads to.
        if search.leading_out.iter().any(is_linked) {
            return None;
        }
        search.extent.folders.insert(rendering.folder.clone());
        Some(search.extent)
    }

    /// Adds a folder, with all that lies there.
    pub fn insert_folder(&mut self, folder: RepoPath) {
        self.folders.insert(folder);
    }

    /// All that either may read.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.files.extend(other.files);
        self.folders.extend(other.folders);
        self.addresses.extend(other.addresses);
        self.takes_packages |= other.takes_packages;
        self
    }

    /// Whether a file may be read.
    #[must_use]
    pub fn holds(&self, path: &RepoPath) -> bool {
        let within = |folder: &RepoPath| path == folder || path.lies_in(folder);
        self.files.contains(path)
            || self.folders.iter().any(within)
            || (self.takes_packages && is_of_packages(path))
    }

    /// What is named of other repositories: one of them may be this one.
    pub fn addresses(&self) -> impl Iterator<Item = &str> {
        self.addresses.iter().map(String::as_str)
    }
}

/// Whether a repository of charts may be made of such a file.
fn is_of_packages(path: &RepoPath) -> bool {
    let name = path.file_name();
    name == b"index.yaml"
        || [&b".tgz"[..], b".tar.gz"]
            .iter()
            .any(|it| name.ends_with(it))
}

/// The way through the files.
struct Search<'f> {
    files: &'f dyn Files,
    extent: Extent,
    /// Folders that are still to be looked into, without links.
    next: Vec<RepoPath>,
    /// Folders to which links lead.
    linked: Vec<RepoPath>,
    /// Folders of files that name something above them.
    leading_out: BTreeSet<RepoPath>,
    /// Files that were seen.
    count: usize,
}

impl Search<'_> {
    /// Adds whatever lies at a path. What does not lie there is added too: it is read once it does.
    fn follow(&mut self, path: &RepoPath) -> Option<()> {
        let resolved = self.files.resolve(path).ok()?;
        let is_linked = !resolved.links.is_empty();
        let links = resolved.links.into_iter().map(|link| link.path);
        self.extent.files.extend(links);
        match resolved.found {
            Found::Folder => {
                if is_linked {
                    self.linked.push(resolved.path.clone());
                }
                self.next.push(resolved.path);
            }
            Found::File(_) => self.extent.files.extend([resolved.path]),
            Found::Nothing => self.extent.folders.extend([path.clone(), resolved.path]),
            Found::Link(_) | Found::Submodule(_) => return None,
        }
        Some(())
    }

    /// Looks into a folder, and into all below it.
    fn folder(&mut self, folder: RepoPath) -> Option<()> {
        let mut known = self.extent.folders.iter();
        if known.any(|known| *known == folder || folder.lies_in(known)) {
            return Some(());
        }
        let entries = self.files.below(&folder).ok()?;
        self.extent.folders.insert(folder);
        self.count += entries.len();
        if self.count > limits::UNIT_FILES.most {
            return None;
        }
        entries.iter().try_for_each(|entry| self.entry(entry))
    }

    fn entry(&mut self, entry: &TreeEntry) -> Option<()> {
        if entry.is_submodule() || entry.path.file_name().starts_with(OPTIONS_OF_ARGO_CD) {
            return None;
        }
        let role = Role::of(&entry.path);
        if entry.is_link() {
            self.follow(&entry.path)?;
            return match (role, self.files.resolve(&entry.path).ok()?.found) {
                // Whose folder the names are seen from, readers tell in two ways.
                (Some(role), Found::File(file)) => {
                    let names = Names::of(role, &self.files.content(&file).ok()?)?;
                    self.keep(&names);
                    names.leading_out.is_empty().then_some(())
                }
                _ => Some(()),
            };
        }
        let Some(role) = role else { return Some(()) };
        let names = Names::of(role, &self.files.content(entry).ok()?)?;
        self.keep(&names);
        self.names(&RepoPath::new(entry.path.parent()), &names)
    }

    /// What the deployer tells kustomize beside its files.
    fn options(&mut self, folder: &RepoPath, options: &Kustomize) -> Option<()> {
        let mut names = Names::default();
        for component in &options.components {
            names.add("components", component)?;
        }
        for patch in &options.patches {
            names.add_all(patch)?;
        }
        self.keep(&names);
        self.names(folder, &names)
    }

    fn value_file(&mut self, file: &RepoPath) -> Option<()> {
        let text = std::str::from_utf8(file.as_bytes()).ok()?;
        // Newer deployers take patterns there.
        if text.contains("://") || text.contains(['*', '?', '[', '{']) {
            return None;
        }
        self.follow(file)
    }

    fn keep(&mut self, names: &Names) {
        self.extent
            .addresses
            .extend(names.addresses.iter().cloned());
        self.extent.takes_packages |= names.takes_packages;
    }

    /// Follows what leads out of a folder; all below it is looked at anyway.
    fn names(&mut self, folder: &RepoPath, names: &Names) -> Option<()> {
        for name in &names.leading_out {
            self.leading_out.insert(folder.clone());
            let path = inside(folder.as_bytes(), name.as_bytes())?;
            self.follow(&RepoPath::new(path))?;
        }
        Some(())
    }
}

/// By such files Argo CD lets a folder change its options.
const OPTIONS_OF_ARGO_CD: &[u8] = b".argocd-source";
