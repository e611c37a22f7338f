//! Where the branch stands, what follows what was seen before, and what lies in its history.
//! Pushes nothing.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs::{self, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;

use super::program::Reach;
use super::{BranchStore, Tip};
use crate::{
    attest::UnitId,
    git::{self, FolderEntry, Place, Repository, Snapshot},
    model::{GitId, RepoPath, limits},
    store::{Error, StoredFile, check_count, layout},
};

impl BranchStore {
    /// Asks the remote, fetches what is new, and refuses what does not follow what was seen before.
    pub(super) fn look(&self) -> Result<Tip, Error> {
        for _ in 0..FETCHES {
            let seen = self.repository.recorded(&self.place.record())?;
            self.is_new_here.set(seen.is_none());
            let Some(head) = self.program.head(&self.place.reference())? else {
                return match seen {
                    Some(seen) => Err(self.rewritten(None, seen)),
                    None => Ok(Tip {
                        commit: None,
                        snapshot: Snapshot::empty(),
                    }),
                };
            };
            if seen != Some(head) {
                self.program
                    .fetch(&self.place.reference(), Reach::Missing)?;
                match self.follows(seen, head) {
                    Ok(true) => {
                        if let Some(seen) = seen {
                            self.check_kept(seen, head)?;
                        }
                        if seen.is_some() || !self.signs.get() {
                            self.remember(seen, head)?;
                        }
                    }
                    Ok(false) => {
                        return Err(self.rewritten(Some(head), seen.unwrap_or(head)));
                    }
                    // It was rewritten between the question and the answer.
                    Err(Error::Git(git::Error::ObjectMissing(id))) if id == head => continue,
                    Err(error) => return Err(error),
                }
            }
            return Ok(Tip {
                commit: Some(head),
                snapshot: self.repository.snapshot(head)?,
            });
        }
        Err(Error::RemoteUnreachable {
            action: "fetch from",
            remote: self.place.remote.clone(),
            reason: "the branch is rewritten all the time".to_owned(),
        })
    }

    /// Keeps in mind that `head` was seen, for all processes of this repository.
    pub(super) fn remember(&self, seen: Option<GitId>, head: GitId) -> Result<(), Error> {
        if self.program.objects.is_some() {
            return Ok(());
        }
        let record = self.place.record();
        let mut seen = seen;
        for _ in 0..RECORDS {
            if self.repository.record(&record, seen, head)? {
                return Ok(());
            }
            // Another process was faster; what it saw may be newer.
            seen = self.repository.recorded(&record)?;
            if let Some(other) = seen
                && self.follows(Some(head), other).unwrap_or(false)
            {
                return Ok(());
            }
            if !self.follows(seen, head)? {
                return Err(self.rewritten(Some(head), seen.unwrap_or(head)));
            }
        }
        Ok(())
    }

    /// The tree of a unit's links.
    pub(super) fn links_tree(
        &self,
        snapshot: &Snapshot,
        unit: &UnitId,
    ) -> Result<Option<GitId>, Error> {
        let path = RepoPath::from(layout::links(unit).as_str());
        match self.repository.place(snapshot, &path)? {
            Place::Nothing => Ok(None),
            Place::Folder(folder) => Ok(Some(folder.id)),
            Place::File => Err(Error::NotAFolder {
                path: self.shown(&layout::links(unit)),
            }),
        }
    }

    /// The files of links that lay in the branch once, at heights below the highest where none lies now.
    pub(super) fn links_of_history(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error> {
        let tip = self.tip()?;
        let Some(commit) = tip.commit else {
            return Ok(Vec::new());
        };
        if let Some((known, files)) = self.state.borrow().older.get(unit)
            && *known == commit
        {
            return Ok(files.clone());
        }
        let folder = layout::links(unit);
        let entries = self.entries(&tip.snapshot, &folder)?.unwrap_or_default();
        let heights: BTreeSet<u64> = entries.iter().filter_map(height).collect();
        let is_gone = |height: &u64| heights.last() > Some(height) && !heights.contains(height);
        let mut found: BTreeMap<(u64, GitId), FolderEntry> = BTreeMap::new();
        if heights
            .iter()
            .zip(0..)
            .any(|(height, place)| *height != place)
        {
            self.with_history(|repository| {
                each_of_history(repository, commit, unit, &mut |entry| {
                    if let Some(height) = height(&entry).filter(is_gone) {
                        found.insert((height, entry.id), entry);
                    }
                    check_count(found.len(), &self.shown(&folder))
                })
            })?;
        }
        let entries: Vec<FolderEntry> = found.into_values().collect();
        let files = self.read_all(&entries, &folder)?;
        let mut state = self.state.borrow_mut();
        state.older.insert(unit.clone(), (commit, files.clone()));
        Ok(files)
    }

    /// Asks something of the history; where that was cut off, once more when it is there.
    pub(super) fn with_history<T>(
        &self,
        mut ask: impl FnMut(&Repository) -> Result<T, Error>,
    ) -> Result<T, Error> {
        match ask(&self.repository) {
            Err(Error::Git(git::Error::Shallow { .. })) => {
                // It may be there since this one was opened.
                if self.repository.reopen()?.is_shallow() {
                    let reference = self.place.reference();
                    self.program.fetch(&reference, Reach::CutOff)?;
                }
                ask(&self.repository.reopen()?)
            }
            answered => answered,
        }
    }

    /// Where the repository's own objects cannot be written, fetched ones go to the scratch folder.
    pub(super) fn fetch_elsewhere_if_read_only(&mut self) -> Result<(), Error> {
        let objects = self.program.git_dir.join("objects");
        if is_writable(&objects) {
            return Ok(());
        }
        let scratch = self.settings.scratch.join("objects");
        fs::create_dir_all(scratch.join("pack")).map_err(|source| Error::Unreachable {
            action: "make",
            path: scratch.clone(),
            source,
        })?;
        self.repository.read_objects_also(&scratch)?;
        self.program.objects = Some(scratch);
        Ok(())
    }

    fn follows(&self, before: Option<GitId>, after: GitId) -> Result<bool, Error> {
        match before {
            Some(before) => {
                self.with_history(|repository| Ok(repository.is_ancestor(before, after)?))
            }
            None => {
                self.repository.tree_of(after)?;
                Ok(true)
            }
        }
    }

    fn rewritten(&self, found: Option<GitId>, seen: GitId) -> Error {
        Error::Rewritten {
            remote: self.place.remote.clone(),
            branch: self.place.branch.clone(),
            found: match found {
                Some(found) => format!("was rewritten: `{found}` does not follow `{seen}`"),
                None => format!("is gone: it named `{seen}`"),
            },
            seen: seen.to_string(),
        }
    }
}

/// Each link of `unit` that lay in the branch once, from `tip` on.
fn each_of_history(
    repository: &Repository,
    tip: GitId,
    unit: &UnitId,
    each: &mut dyn FnMut(FolderEntry) -> Result<(), Error>,
) -> Result<(), Error> {
    let path = RepoPath::from(layout::links(unit).as_str());
    let mut trees = BTreeSet::new();
    each_commit(
        repository,
        tip,
        &mut |snapshot, _| match repository.place(snapshot, &path)? {
            Place::Folder(folder) if trees.insert(folder.id) => {
                folder.entries.into_iter().try_for_each(&mut *each)
            }
            Place::Folder(_) | Place::File | Place::Nothing => Ok(()),
        },
    )
}

/// What is done with the files of a commit and the ids of its parents.
type EachCommit<'a> = dyn FnMut(&Snapshot, &[GitId]) -> Result<(), Error> + 'a;

/// Each commit from `tip` back to the beginning, and its parents.
pub(super) fn each_commit(
    repository: &Repository,
    tip: GitId,
    each: &mut EachCommit<'_>,
) -> Result<(), Error> {
    let mut commits = BTreeSet::from([tip]);
    let mut next = VecDeque::from([tip]);
    while let Some(commit) = next.pop_front() {
        let parents = repository.parents(commit)?;
        each(&repository.snapshot(commit)?, &parents)?;
        for parent in parents {
            if commits.insert(parent) {
                next.push_back(parent);
            }
        }
        if commits.len() > limits::STORE_HISTORY.most {
            return Err(git::Error::HistoryTooLong(limits::STORE_HISTORY.most).into());
        }
    }
    Ok(())
}

/// Tried, since rights, mounts and owners all have a say.
fn is_writable(folder: &Path) -> bool {
    let probe = folder.join(format!("tidegate-{}", std::process::id()));
    let made = OpenOptions::new().write(true).create_new(true).open(&probe);
    match made {
        Ok(_) => fs::remove_file(&probe).is_ok(),
        Err(error) => error.kind() == ErrorKind::AlreadyExists,
    }
}

fn height(entry: &FolderEntry) -> Option<u64> {
    let name = std::str::from_utf8(&entry.name).ok()?;
    StoredFile::height_of(name)
}

const FETCHES: u32 = 5;
const RECORDS: u32 = 10;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::Draft;

    #[test]
    fn a_folder_of_links_that_many_commits_hold_is_read_once() {
        let folder = tempfile::tempdir().unwrap();
        let draft = Draft::init(folder.path()).unwrap();
        let unit = UnitId::new("prod", "web").unwrap();
        let links = layout::links(&unit);
        let mut tip = None;
        for (second, path) in [(1, format!("{links}/0.json")), (2, "README".to_owned())] {
            draft.write(&path, b"x").unwrap();
            tip = Some(draft.commit("x", second).unwrap());
        }
        draft.write("README", b"y").unwrap();
        draft.write(&format!("{links}/1.json"), b"x").unwrap();
        let above = draft.commit("x", 3).unwrap();
        let repository = Repository::open(folder.path()).unwrap();
        let read = |tip| {
            let mut heights = Vec::new();
            each_of_history(&repository, tip, &unit, &mut |entry| {
                heights.extend(height(&entry));
                Ok(())
            })
            .unwrap();
            heights
        };
        assert_eq!(read(tip.unwrap()), [0]);
        assert_eq!(read(above), [0, 1, 0]);
    }

    #[test]
    fn a_folder_is_writable_where_a_file_can_be_made_or_another_look_made_it_just_now() {
        let folder = tempfile::tempdir().unwrap();
        assert!(is_writable(folder.path()));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        let probe = format!("tidegate-{}", std::process::id());
        fs::write(folder.path().join(probe), b"").unwrap();
        assert!(is_writable(folder.path()));
        assert!(!is_writable(&folder.path().join("none")));
    }
}
