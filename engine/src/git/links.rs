//! Symbolic links: where they lead inside the tree, and whether that is judged with them.
//! Knows no file system; a link that leaves the tree is never followed.

use std::borrow::Cow;

use super::tree::Child;
use super::{Error, MODE_LINK, Repository, Selector, Snapshot, TreeEntry};
use crate::model::{RepoPath, limits};

impl Repository {
    /// The path that a link leads to, through at most five links.
    ///
    /// # Errors
    /// `git.symlink-outside`: it leaves the tree, leads to nothing, or in circles.
    pub fn link_target(&self, snapshot: &Snapshot, link: &TreeEntry) -> Result<RepoPath, Error> {
        self.follow(snapshot, link).map(|route| route.target)
    }

    fn follow(&self, snapshot: &Snapshot, link: &TreeEntry) -> Result<Route, Error> {
        let mut links = Vec::new();
        let mut path: Vec<Vec<u8>> = Vec::new();
        let mut open = segments_reversed(link.path.as_bytes());
        while let Some(name) = open.pop() {
            match name.as_slice() {
                b"" | b"." => continue,
                b".." => {
                    path.pop().ok_or_else(|| outside(link, "leaves the tree"))?;
                    continue;
                }
                _ => path.push(name),
            }
            let here = path.join(b"/".as_slice());
            let found = self.lookup(snapshot, &here)?;
            let child = found.ok_or_else(|| outside(link, "leads to nothing"))?;
            if child.mode == MODE_LINK {
                links.push(RepoPath::new(here));
                if links.len() > limits::LINK_HOPS.most {
                    let limit = limits::LINK_HOPS;
                    return Err(outside(
                        link,
                        format!("leads through more than {limit} links"),
                    ));
                }
                path.pop();
                open.extend(self.read_link(&child, link)?);
            } else if !child.is_tree() && !open.is_empty() {
                return Err(outside(link, "leads to nothing"));
            }
        }
        Ok(Route {
            links,
            target: RepoPath::new(path.join(b"/".as_slice())),
        })
    }

    /// A selected link leads to selected files only, by way of selected links only; a link to a folder is selected itself wherever
    /// files below it would be.
    pub(super) fn check_link(
        &self,
        snapshot: &Snapshot,
        selector: &Selector,
        link: &TreeEntry,
    ) -> Result<(), Error> {
        let Route { links, target } = self.follow(snapshot, link)?;
        let selected = selector.matches(&link.path);
        let is_folder = target.as_bytes().is_empty()
            || self
                .lookup(snapshot, target.as_bytes())?
                .is_some_and(|child| child.is_tree());
        if !selected {
            return if is_folder {
                Err(outside(
                    link,
                    "is a folder of judged files, but not judged itself",
                ))
            } else {
                Ok(())
            };
        }
        let mut reached = links;
        if is_folder {
            let below = self.entries_under(snapshot, &target)?;
            reached.extend(below.into_iter().map(|entry| entry.path));
        } else {
            reached.push(target);
        }
        if reached.iter().all(|path| selector.matches(path)) {
            Ok(())
        } else {
            Err(outside(link, "leads out of the judged paths"))
        }
    }

    /// The segments of a link's target, last first.
    fn read_link(&self, child: &Child, link: &TreeEntry) -> Result<Vec<Vec<u8>>, Error> {
        if self.blob_size(child.id)? > limits::LINK_TARGET.wide() {
            let limit = limits::LINK_TARGET;
            return Err(outside(link, format!("has a target of more than {limit}")));
        }
        let target = self.blob_within(child.id, limits::LINK_TARGET.wide())?;
        if target.is_empty() {
            return Err(outside(link, "leads to nothing"));
        }
        if target.starts_with(b"/") || target.contains(&0) {
            return Err(outside(link, "leaves the tree"));
        }
        Ok(segments_reversed(&target))
    }
}

/// Where a link leads, and every link on the way, itself included.
struct Route {
    links: Vec<RepoPath>,
    target: RepoPath,
}

fn segments_reversed(path: &[u8]) -> Vec<Vec<u8>> {
    path.split(|byte| *byte == b'/')
        .rev()
        .map(<[u8]>::to_vec)
        .collect()
}

fn outside(link: &TreeEntry, reason: impl Into<Cow<'static, str>>) -> Error {
    Error::SymlinkOutside {
        path: link.path.clone(),
        reason: reason.into(),
    }
}
