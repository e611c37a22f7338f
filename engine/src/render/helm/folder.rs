//! Every file of a chart's folder, links followed as Helm follows them, and each of them an input.
//! Knows nothing of what the files say.

use super::Error;
use super::chart::Item;
use crate::model::{RepoPath, limits};
use crate::render::{Closure, Files, FilesError, Found};

/// The files of `folder`, which all become inputs; the names are those that Helm sees.
///
/// # Errors
/// A submodule, a link that leads to nothing, out of the tree or in circles; too many files.
pub(super) fn gather(
    files: &dyn Files,
    folder: &RepoPath,
    closure: &mut Closure,
) -> Result<Vec<Item>, Error> {
    let mut walk = Walk {
        files,
        closure,
        items: Vec::new(),
        inside: Vec::new(),
        links: 0,
    };
    walk.folder(folder, &[])?;
    Ok(walk.items)
}

struct Walk<'a> {
    files: &'a dyn Files,
    closure: &'a mut Closure,
    items: Vec<Item>,
    /// The folders that lead to the one that is being read, each by a link.
    inside: Vec<RepoPath>,
    /// How many were followed.
    links: usize,
}

impl Walk<'_> {
    /// Reads what lies below `folder`, whose name in the chart is `name`.
    fn folder(&mut self, folder: &RepoPath, name: &[u8]) -> Result<(), Error> {
        self.closure.insert_folder(folder.clone());
        self.inside.push(folder.clone());
        for entry in self.files.below(folder)? {
            let rest = within(&entry.path, folder).unwrap_or_default();
            let name = join(name, rest);
            if entry.is_submodule() {
                return Err(Error::Submodule { path: entry.path });
            }
            self.closure.insert(entry.clone())?;
            if entry.is_link() {
                self.link(&entry.path, name)?;
                continue;
            }
            self.items.push(Item::of_entry(name, entry));
        }
        self.inside.pop();
        Ok(())
    }

    fn link(&mut self, link: &RepoPath, name: Vec<u8>) -> Result<(), Error> {
        self.links += 1;
        if self.links > limits::CHART_LINKS.most {
            let path = link.clone();
            return Err(Error::Links { path });
        }
        let resolved = self.files.resolve(link)?;
        for entry in resolved.links {
            self.closure.insert(entry)?;
        }
        match resolved.found {
            Found::File(entry) => {
                self.closure.insert(entry.clone())?;
                self.items.push(Item::of_entry(name, entry));
                Ok(())
            }
            Found::Folder => {
                let circle = |folder: &RepoPath| {
                    within(folder, &resolved.path).is_some() || *folder == resolved.path
                };
                // A folder may be linked several times, but not from below itself; Helm would not end.
                let deep = self.inside.len() > limits::LINK_HOPS.most;
                if deep || self.inside.iter().any(circle) || circle(link) {
                    let (path, link) = (resolved.path, link.clone());
                    return Err(FilesError::LinkOutside { path, link }.into());
                }
                self.folder(&resolved.path, &name)
            }
            Found::Submodule(entry) => Err(Error::Submodule { path: entry.path }),
            Found::Nothing | Found::Link(_) => Err(Error::Missing {
                place: link.to_string(),
                what: resolved.path.to_string(),
                wanted: "file or folder",
            }),
        }
    }
}

/// `path` from `folder`, where it lies below it.
pub(super) fn within<'a>(path: &'a RepoPath, folder: &RepoPath) -> Option<&'a [u8]> {
    let path = path.as_bytes();
    match folder.as_bytes() {
        b"" => (!path.is_empty()).then_some(path),
        folder => path.strip_prefix(folder)?.strip_prefix(b"/"),
    }
}

fn join(folder: &[u8], rest: &[u8]) -> Vec<u8> {
    match folder {
        b"" => rest.to_vec(),
        folder => [folder, rest].join(&b'/'),
    }
}
