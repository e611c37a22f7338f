//! A store that is a branch of a remote: a file per statement, a commit per run, a push that others notice.
//! Knows nothing of what the files say. No working tree: it reads the tip's trees and writes objects.

mod answer;
mod kept;
mod place;
mod program;
mod remote;
mod settle;
mod tip;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};

use super::{Error, Gone, Store, StoredFile, Unread, check_bytes, check_count, layout};
use crate::{
    attest::UnitId,
    git::{FolderEntry, Place, Repository, Snapshot},
    model::{Digest, GitId, RepoPath, Told, limits},
};
use program::Program;

pub use answer::Pushed;
pub use place::BranchPlace;
pub use remote::Remote;

/// What a store needs of the process around it.
#[derive(Clone, Debug)]
pub struct BranchSettings {
    /// What the clock says: the time that its commits bear.
    pub now: Timestamp,
    /// A number that other processes do not have: who waits for whom after a lost race.
    pub seed: u64,
    /// An empty folder for fetched objects, for a repository that cannot be written.
    pub scratch: PathBuf,
}

/// The branch as it was when it was last looked at, and what is to be put on it.
#[derive(Debug)]
pub struct BranchStore {
    repository: Repository,
    place: BranchPlace,
    settings: BranchSettings,
    program: Program,
    state: RefCell<State>,
    /// Whether something is to be put there: then what was seen for the first time is noted when it was looked through.
    signs: Cell<bool>,
    /// Whether the branch was never seen in this repository before.
    is_new_here: Cell<bool>,
}

#[derive(Debug, Default)]
struct State {
    /// The tip; unset before it was looked at.
    tip: Option<Tip>,
    pending: Pending,
    /// What was found in the history of a tip.
    older: BTreeMap<UnitId, (GitId, Vec<StoredFile>)>,
}

#[derive(Clone, Debug)]
struct Tip {
    commit: Option<GitId>,
    snapshot: Snapshot,
}

/// What was published and is not settled.
#[derive(Debug, Default)]
struct Pending {
    /// Files to put, and to take out of the tip.
    files: BTreeMap<String, Option<Vec<u8>>>,
    /// The units that get a link, and the tree of their links that was judged from.
    links: BTreeMap<UnitId, (Option<GitId>, u64)>,
}

impl BranchStore {
    /// Takes a branch of a remote of `repository`; nothing is fetched yet.
    ///
    /// # Errors
    /// There is no such remote.
    pub fn new(
        repository: Repository,
        place: BranchPlace,
        settings: BranchSettings,
    ) -> Result<Self, Error> {
        let program = Program::of(&repository, &place.remote)?;
        let mut store = Self {
            repository,
            place,
            settings,
            program,
            state: RefCell::default(),
            signs: Cell::new(false),
            is_new_here: Cell::new(false),
        };
        store.fetch_elsewhere_if_read_only()?;
        Ok(store)
    }

    fn tip(&self) -> Result<Tip, Error> {
        if let Some(tip) = &self.state.borrow().tip {
            return Ok(tip.clone());
        }
        let tip = self.look()?;
        self.state.borrow_mut().tip = Some(tip.clone());
        Ok(tip)
    }

    fn list(&self, folder: &str) -> Result<Vec<StoredFile>, Error> {
        let tip = self.tip()?;
        let Some(entries) = self.entries(&tip.snapshot, folder)? else {
            return Ok(Vec::new());
        };
        self.read_all(&entries, folder)
    }

    /// What lies in a folder; nothing where there is none.
    fn entries(
        &self,
        snapshot: &Snapshot,
        folder: &str,
    ) -> Result<Option<Vec<FolderEntry>>, Error> {
        match self.repository.place(snapshot, &RepoPath::from(folder))? {
            Place::Nothing => Ok(None),
            Place::Folder(folder) => Ok(Some(folder.entries)),
            Place::File => Err(Error::NotAFolder {
                path: self.shown(folder),
            }),
        }
    }

    fn read_all(&self, entries: &[FolderEntry], folder: &str) -> Result<Vec<StoredFile>, Error> {
        let mut files = Vec::new();
        let mut total = 0_usize;
        let seen = entries.iter().filter(|entry| !entry.name.starts_with(b"."));
        for entry in seen {
            check_count(files.len().saturating_add(1), &self.shown(folder))?;
            let file = self.read(entry, folder)?;
            total = total.saturating_add(file.content.as_ref().map_or(0, Vec::len));
            check_bytes(total, &self.shown(folder))?;
            files.push(file);
        }
        files.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(files)
    }

    fn read(&self, entry: &FolderEntry, folder: &str) -> Result<StoredFile, Error> {
        let limit = limits::ENVELOPE.wide();
        let content = if !entry.is_file() {
            Err(Unread::NotAFile)
        } else if self.repository.blob_size(entry.id)? > limit {
            Err(Unread::TooLong)
        } else {
            Ok(self.repository.blob_within(entry.id, limit)?)
        };
        let name = RepoPath::new(entry.name.as_slice()).to_string();
        let place = self.shown(&format!("{folder}/{name}"));
        Ok(StoredFile {
            place: place.display().to_string(),
            name,
            content,
        })
    }

    fn put(&self, path: String, content: &[u8]) {
        let mut state = self.state.borrow_mut();
        state.pending.files.insert(path, Some(content.to_vec()));
    }

    /// Puts a file that is named by its content.
    fn put_once(&self, folder: &str, name: &str, content: &[u8]) -> Result<(), Error> {
        let path = format!("{folder}/{name}");
        match self.content(&self.tip()?.snapshot, &path)? {
            Content::Nothing => self.put(path, content),
            Content::Bytes(there) if there == content => {}
            Content::Bytes(_) | Content::Other => {
                return Err(Error::Blocked {
                    place: self.shown(&path).display().to_string(),
                    why: "it holds other bytes than its name says".to_owned(),
                });
            }
        }
        Ok(())
    }

    /// Takes files out of the tip; they stay in the history.
    fn take_away(&self, folder: &str, which: &dyn Fn(&str) -> bool) -> Result<(), Error> {
        let tip = self.tip()?;
        let entries = self.entries(&tip.snapshot, folder)?.unwrap_or_default();
        let mut state = self.state.borrow_mut();
        for entry in entries.iter().filter(|entry| entry.is_file()) {
            if let Ok(name) = std::str::from_utf8(&entry.name)
                && which(name)
            {
                let path = format!("{folder}/{name}");
                state.pending.files.entry(path).or_insert(None);
            }
        }
        Ok(())
    }

    fn content(&self, snapshot: &Snapshot, path: &str) -> Result<Content, Error> {
        let place = RepoPath::from(path);
        let Some(entry) = self.repository.entry(snapshot, &place)? else {
            let below = self.repository.place(snapshot, &place)?;
            return Ok(match below {
                Place::Nothing => Content::Nothing,
                Place::File | Place::Folder(_) => Content::Other,
            });
        };
        if entry.is_link() || entry.is_submodule() {
            return Ok(Content::Other);
        }
        let limit = limits::ENVELOPE.wide();
        Ok(if self.repository.blob_size(entry.id)? > limit {
            Content::Other
        } else {
            Content::Bytes(self.repository.blob_within(entry.id, limit)?)
        })
    }

    /// As `git show` would be asked for it.
    fn shown(&self, path: &str) -> PathBuf {
        Path::new(&format!("{}:{path}", self.place.branch)).to_owned()
    }
}

enum Content {
    Nothing,
    Bytes(Vec<u8>),
    Other,
}

impl Store for BranchStore {
    fn refresh(&self) -> Result<(), Error> {
        let tip = self.look()?;
        let mut state = self.state.borrow_mut();
        state.tip = Some(tip);
        state.pending = Pending::default();
        Ok(())
    }

    fn check_signing(&self) -> Result<(), Error> {
        self.signs.set(true);
        Ok(())
    }

    fn told(&self) -> Option<Told> {
        let (says, after) = self.program.told()?;
        let gone_by = SignedDuration::try_from(after).ok()?;
        Some(Told {
            who: format!("the server of `{}`", self.place.remote),
            says,
            heard_at: self.settings.now.checked_add(gone_by).ok()?,
        })
    }

    fn settle(&self) -> Result<(), Error> {
        let pending = std::mem::take(&mut self.state.borrow_mut().pending);
        if pending.files.is_empty() {
            return Ok(());
        }
        self.push(&pending)
    }

    fn units(&self) -> Result<Vec<UnitId>, Error> {
        let tip = self.tip()?;
        let names = |folder: &str| -> Result<Vec<String>, Error> {
            let entries = self.entries(&tip.snapshot, folder)?.unwrap_or_default();
            check_count(entries.len(), &self.shown(folder))?;
            let folders = entries.iter().filter(|entry| entry.is_folder());
            let names = folders.map(|entry| String::from_utf8(entry.name.clone()));
            Ok(names.filter_map(Result::ok).collect())
        };
        let mut units = Vec::new();
        for environment in names(layout::LINKS)? {
            for unit in names(&format!("{}/{environment}", layout::LINKS))? {
                units.extend(UnitId::new(&environment, unit));
            }
        }
        Ok(units)
    }

    fn links(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error> {
        self.list(&layout::links(unit))
    }

    fn older_links(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error> {
        self.links_of_history(unit)
    }

    fn gone(&self) -> Result<Vec<Gone>, Error> {
        self.gone_of_history()
    }

    fn gone_unseen(&self) -> Result<Vec<Gone>, Error> {
        self.tip()?;
        match self.is_new_here.get() {
            true => self.gone_of_history(),
            false => Ok(Vec::new()),
        }
    }

    fn retire(&self, unit: &UnitId, links: &[(u64, Digest)]) -> Result<(), Error> {
        for (height, digest) in links {
            let name = layout::link(*height);
            self.take_away(&layout::links(unit), &|other| other == name)?;
            self.take_away(&layout::renewals(*digest), &|_| true)?;
        }
        self.take_away(&layout::reports(unit), &|_| true)
    }

    fn publish_link(&self, unit: &UnitId, height: u64, envelope: &[u8]) -> Result<(), Error> {
        let tip = self.tip()?;
        let folder = layout::links(unit);
        let path = format!("{folder}/{}", layout::link(height));
        let judged_from = self.links_tree(&tip.snapshot, unit)?;
        let mut state = self.state.borrow_mut();
        let there = self.content(&tip.snapshot, &path)?;
        if state.pending.files.contains_key(&path) || !matches!(there, Content::Nothing) {
            return Err(Error::Conflict {
                unit: unit.to_string(),
                height,
            });
        }
        let links = &mut state.pending.links;
        links.insert(unit.clone(), (judged_from, height));
        state.pending.files.insert(path, Some(envelope.to_vec()));
        Ok(())
    }

    fn reports(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error> {
        self.list(&layout::reports(unit))
    }

    fn publish_report(
        &self,
        unit: &UnitId,
        gated_tree: GitId,
        payload: Digest,
        envelope: &[u8],
    ) -> Result<(), Error> {
        let name = layout::report(gated_tree, payload);
        self.put_once(&layout::reports(unit), &name, envelope)
    }

    fn renewals(&self, link: Digest) -> Result<Vec<StoredFile>, Error> {
        self.list(&layout::renewals(link))
    }

    fn publish_renewal(&self, link: Digest, time: Timestamp, envelope: &[u8]) -> Result<(), Error> {
        let (folder, name) = (layout::renewals(link), layout::renewal(time));
        self.put_once(&folder, &name, envelope)?;
        // Only the newest counts.
        self.take_away(&folder, &|other| *other < *name)
    }

    fn withdrawals(&self) -> Result<Vec<StoredFile>, Error> {
        self.list(layout::WITHDRAWALS)
    }

    fn publish_withdrawal(&self, payload: Digest, envelope: &[u8]) -> Result<(), Error> {
        let name = layout::withdrawal(payload);
        self.put_once(layout::WITHDRAWALS, &name, envelope)
    }
}
