//! What never leaves the branch: withdrawals, the links of `gate`, and of every other unit the newest one.
//! Reads no signature: a file that is gone counts where it says what its name says.

use std::collections::{BTreeMap, BTreeSet};

use super::BranchStore;
use super::tip::each_commit;
use crate::{
    attest::{self, UnitId, Verdict, Withdrawal},
    git::{FolderEntry, Place, Repository, Snapshot},
    model::{Digest, GitId, RepoPath, limits},
    store::{Error, Gone, StoredFile, layout},
};

impl BranchStore {
    /// Refuses a tip that follows what was seen before and yet has less.
    pub(super) fn check_kept(&self, seen: GitId, head: GitId) -> Result<(), Error> {
        let mut left = BTreeSet::new();
        let (before, after) = (
            self.repository.snapshot(seen)?,
            self.repository.snapshot(head)?,
        );
        add_left(&self.repository, (&before, &after), &mut left)?;
        let gone = self.gone_from(&after, left)?;
        match gone.into_iter().next() {
            None => Ok(()),
            Some(gone) => Err(Error::TakenAway {
                branch: format!("{}/{}", self.place.remote, self.place.branch),
                path: gone.path,
                seen: seen.to_string(),
            }),
        }
    }

    /// What lay in the branch at any time since its beginning and is gone, though it had to stay.
    pub(super) fn gone_of_history(&self) -> Result<Vec<Gone>, Error> {
        let tip = self.tip()?;
        let Some(commit) = tip.commit else {
            return Ok(Vec::new());
        };
        let left = self.with_history(|repository| {
            let mut left = BTreeSet::new();
            each_commit(repository, commit, &mut |after, parents| {
                parents.iter().try_for_each(|parent| {
                    let before = repository.snapshot(*parent)?;
                    add_left(repository, (&before, after), &mut left)
                })
            })?;
            Ok(left)
        })?;
        self.gone_from(&tip.snapshot, left)
    }

    /// Of what left the branch at some time, that which is not back and had to stay. What was no statement may be
    /// cleared away.
    fn gone_from(&self, tip: &Snapshot, left: BTreeSet<Left>) -> Result<Vec<Gone>, Error> {
        let mut folders: BTreeMap<String, BTreeMap<String, GitId>> = BTreeMap::new();
        let mut gone = Vec::new();
        for Left { folder, name, id } in left {
            if !folders.contains_key(&folder) {
                folders.insert(folder.clone(), self.files_of(tip, &folder)?);
            }
            let files = folders.entry(folder.clone()).or_default();
            let limit = limits::ENVELOPE.wide();
            if !had_to_stay(files, (&folder, &name), id) || self.repository.blob_size(id)? > limit {
                continue;
            }
            let envelope = self.repository.blob_within(id, limit)?;
            if let Some(unit) = stated(&folder, &name, &envelope) {
                gone.push(Gone {
                    unit,
                    is_withdrawal: folder == layout::WITHDRAWALS,
                    path: format!("{folder}/{name}"),
                    envelope,
                });
            }
        }
        Ok(gone)
    }

    fn files_of(&self, tip: &Snapshot, folder: &str) -> Result<BTreeMap<String, GitId>, Error> {
        let entries = match self.repository.place(tip, &RepoPath::from(folder))? {
            Place::Folder(found) => found.entries,
            Place::File | Place::Nothing => Vec::new(),
        };
        let files = entries.into_iter().filter(FolderEntry::is_file);
        let named = files.filter_map(|entry| Some((String::from_utf8(entry.name).ok()?, entry.id)));
        Ok(named.collect())
    }
}

/// A file that lay in a folder at some time, by what it held too.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Left {
    folder: String,
    name: String,
    id: GitId,
}

/// Adds the links and withdrawals that one state has, and the next one has not, or with other bytes.
fn add_left(
    repository: &Repository,
    (before, after): (&Snapshot, &Snapshot),
    left: &mut BTreeSet<Left>,
) -> Result<(), Error> {
    // What lies too deep is no statement.
    let (changes, _) = repository.diff_in_reach(before, after)?;
    let old = changes.into_iter().filter_map(|change| change.old);
    for old in old.filter(|old| !old.is_link() && !old.is_submodule()) {
        let path = old.path.as_str().and_then(|path| path.rsplit_once('/'));
        if let Some((folder, name)) = path
            && (folder == layout::WITHDRAWALS || layout::is_of_links(folder))
        {
            let (folder, name) = (folder.to_owned(), name.to_owned());
            let id = old.id;
            left.insert(Left { folder, name, id });
        }
    }
    Ok(())
}

/// Whether a file that left the folder is missing among its `files`. The links of `gate` are read from the first one on;
/// of another unit those may be put aside that have a newer one above them. Whether that is a baseline, the chain says.
fn had_to_stay(files: &BTreeMap<String, GitId>, (folder, name): (&str, &str), id: GitId) -> bool {
    let there = files.get(name);
    let newest = files
        .keys()
        .filter_map(|name| StoredFile::height_of(name))
        .max();
    let may_be_aside = folder != layout::WITHDRAWALS && !folder.ends_with("/gate");
    let is_aside = may_be_aside && there.is_none() && StoredFile::height_of(name) < newest;
    there != Some(&id) && !is_aside
}

/// The unit of a link or of a withdrawal that says what its name says; none for anything else.
fn stated(folder: &str, name: &str, envelope: &[u8]) -> Option<UnitId> {
    let payload = attest::unverified_payload(envelope).ok()?;
    if folder == layout::WITHDRAWALS {
        let withdrawal = Withdrawal::parse_unverified(&payload).ok()?;
        let is_named = name == layout::withdrawal(Digest::of(&payload));
        let unit = UnitId::new(&withdrawal.environment, &withdrawal.unit).ok()?;
        return is_named.then_some(unit);
    }
    let verdict = Verdict::parse_unverified(&payload).ok()?;
    let unit = UnitId::new(&verdict.environment, &verdict.unit).ok()?;
    let is_named = folder == layout::links(&unit) && name == layout::link(verdict.height);
    is_named.then_some(unit)
}
