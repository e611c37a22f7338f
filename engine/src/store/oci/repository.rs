//! A store that is a repository of a registry: a tag per unit names what is at hand, and a tag per height each link.
//! Knows nothing of what the files say.
//!
//! INVARIANT: the tag of a height is written where none is, and never again. Only the lists can be overwritten by
//! another who publishes at the same time; what is lost so, the next `publish` puts there again.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;

use jiff::Timestamp;

use super::pack::{self, Pack, Packed};
use crate::attest::UnitId;
use crate::model::{Digest, GitId, Told, limits};
use crate::registry::{Client, MANIFEST, OciPlace, Reference, Transport};
use crate::store::{Error, Store, StoredFile, check_count, layout};

/// A repository that holds verdicts and nothing else.
pub struct RepositoryStore {
    client: Client,
    state: RefCell<State>,
}

#[derive(Default)]
struct State {
    /// The lists as they were when they were first looked at.
    seen: BTreeMap<String, Pack>,
    lists: BTreeMap<String, Change>,
    links: Vec<Slot>,
}

/// What becomes of a list.
#[derive(Clone, Default)]
struct Change {
    put: BTreeMap<String, Vec<u8>>,
    away: BTreeSet<String>,
}

/// A link on its way to its height.
struct Slot {
    unit: UnitId,
    height: u64,
    envelope: Vec<u8>,
}

impl RepositoryStore {
    /// Takes a repository; nothing is asked yet.
    #[must_use]
    pub fn new(place: OciPlace, transport: Rc<dyn Transport>) -> Self {
        transport.begin(limits::REGISTRY_TIME.time());
        Self {
            client: Client::new(place, transport),
            state: RefCell::default(),
        }
    }

    fn list(&self, tag: &str) -> Result<Pack, Error> {
        if let Some(pack) = self.state.borrow().seen.get(tag) {
            return Ok(pack.clone());
        }
        let pack = Pack::at(&self.client, tag)?;
        let mut state = self.state.borrow_mut();
        state.seen.insert(tag.to_owned(), pack.clone());
        Ok(pack)
    }

    fn read(&self, tag: &str, folder: &str) -> Result<Vec<StoredFile>, Error> {
        pack::read(&self.client, self.list(tag)?.files.iter(), folder)
    }

    /// Puts a file that is named by its content.
    fn put_once(&self, tag: &str, path: String, bytes: &[u8]) -> Result<(), Error> {
        match self.list(tag)?.holds(&path, bytes) {
            Some(true) => Ok(()),
            Some(false) => Err(blocked(&self.client, &path)),
            None => {
                let mut state = self.state.borrow_mut();
                let change = state.lists.entry(tag.to_owned()).or_default();
                change.put.insert(path, bytes.to_vec());
                Ok(())
            }
        }
    }

    /// Takes files out of a list; whether there were any.
    fn take_away(&self, tag: &str, which: &dyn Fn(&str) -> bool) -> Result<bool, Error> {
        let list = self.list(tag)?;
        let away = list.files.iter().map(|file| file.path.clone());
        let away: Vec<String> = away.filter(|path| which(path)).collect();
        if away.is_empty() {
            return Ok(false);
        }
        let mut state = self.state.borrow_mut();
        let change = state.lists.entry(tag.to_owned()).or_default();
        change.away.extend(away);
        Ok(true)
    }

    /// The links above those of the list, by the tags of their heights: a list may have been overwritten.
    fn links_above(&self, unit: &UnitId, list: &Pack) -> Result<Vec<Packed>, Error> {
        let folder = layout::links(unit);
        let names = list.files.iter().filter_map(|file| file.name_in(&folder));
        let newest = names.filter_map(StoredFile::height_of).max();
        let mut next = newest.map_or(0, |height| height.saturating_add(1));
        let mut above = Vec::new();
        while let Some(link) = self.link_at(unit, next)? {
            above.push(link);
            check_count(above.len(), Path::new(&folder))?;
            next = next.saturating_add(1);
        }
        Ok(above)
    }

    /// Lists what was found above the list, for when something is published: a publication was cut off, or
    /// another overwrote the list.
    fn mend(&self, unit: &UnitId, above: &[StoredFile]) -> Result<(), Error> {
        for file in above {
            if let (Some(height), Ok(envelope)) = (file.height(), &file.content) {
                let path = path_of_link(unit, height);
                self.put_once(&tag_of_unit(unit), path, envelope)?;
                self.put_unit(unit)?;
            }
        }
        Ok(())
    }

    fn put_unit(&self, unit: &UnitId) -> Result<(), Error> {
        let name = unit.to_string();
        self.put_once(UNITS, format!("units/{name}"), name.as_bytes())
    }

    /// The link of a height, by its tag; nothing where it was never put there.
    fn link_at(&self, unit: &UnitId, height: u64) -> Result<Option<Packed>, Error> {
        let link = Pack::at(&self.client, &tag_of_link(unit, height))?;
        let path = path_of_link(unit, height);
        Ok(link.files.into_iter().find(|file| file.path == path))
    }

    fn put_link(&self, slot: &Slot) -> Result<(), Error> {
        let tag = tag_of_link(&slot.unit, slot.height);
        let pack = Pack {
            files: BTreeSet::from([Packed::new(&slot.path(), &slot.envelope)]),
        };
        let taken = |there: &Pack| match *there == pack {
            true => Ok(()),
            false => Err(slot.conflict()),
        };
        let there = Pack::at(&self.client, &tag)?;
        if there != Pack::default() {
            return taken(&there);
        }
        Pack::put_blobs(&self.client, std::iter::once(slot.envelope.as_slice()))?;
        let manifest = pack.manifest(None)?;
        let by = Reference::Tag(&tag);
        self.client.put_manifest(by, MANIFEST, &manifest)?;
        // Two who write it at once are told apart here: what is read is what stayed.
        taken(&Pack::at(&self.client, &tag)?)
    }

    fn put_list(&self, tag: &str, change: &Change) -> Result<(), Error> {
        for _ in 0..ATTEMPTS {
            let there = Pack::at(&self.client, tag)?;
            let mut files = there.files.clone();
            files.retain(|file| !change.away.contains(&file.path));
            for (path, bytes) in &change.put {
                if there.holds(path, bytes) == Some(false) {
                    return Err(blocked(&self.client, path));
                }
                files.insert(Packed::new(path, bytes));
            }
            if files == there.files {
                return Ok(());
            }
            Pack::put_blobs(&self.client, change.put.values().map(Vec::as_slice))?;
            let manifest = Pack { files }.manifest(None)?;
            let by = Reference::Tag(tag);
            self.client.put_manifest(by, MANIFEST, &manifest)?;
        }
        Err(Error::Overwritten {
            place: format!("{}:{tag}", self.client.place()),
            attempts: ATTEMPTS,
        })
    }
}

impl Slot {
    fn path(&self) -> String {
        path_of_link(&self.unit, self.height)
    }

    fn conflict(&self) -> Error {
        Error::Conflict {
            unit: self.unit.to_string(),
            height: self.height,
        }
    }
}

impl Store for RepositoryStore {
    fn told(&self) -> Option<Told> {
        self.client.transport().told()
    }

    fn refresh(&self) -> Result<(), Error> {
        self.client.transport().begin(limits::REGISTRY_TIME.time());
        *self.state.borrow_mut() = State::default();
        Ok(())
    }

    /// Withdrawals first, then links from the lowest on, then the lists that name them: who reads in
    /// between sees less, and never a link whose withdrawal is still to come.
    fn settle(&self) -> Result<(), Error> {
        self.client.transport().begin(limits::REGISTRY_WRITE.time());
        let State {
            mut lists, links, ..
        } = self.state.take();
        if let Some(withdrawals) = lists.remove(layout::WITHDRAWALS) {
            self.put_list(layout::WITHDRAWALS, &withdrawals)?;
        }
        links.iter().try_for_each(|slot| self.put_link(slot))?;
        let mut lists = lists.iter();
        lists.try_for_each(|(tag, change)| self.put_list(tag, change))
    }

    fn check_signing(&self) -> Result<(), Error> {
        Err(Error::CannotDecide {
            place: self.client.place().to_string(),
        })
    }

    fn keeps_older(&self) -> bool {
        false
    }

    fn units(&self) -> Result<Vec<UnitId>, Error> {
        let units = self.list(UNITS)?;
        let names = units.files.iter().filter_map(|file| {
            let (environment, unit) = file.path.strip_prefix("units/")?.split_once('/')?;
            UnitId::new(environment, unit).ok()
        });
        Ok(names.collect())
    }

    fn links(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error> {
        let list = self.list(&tag_of_unit(unit))?;
        let above = self.links_above(unit, &list)?;
        let folder = layout::links(unit);
        let mut links = pack::read(&self.client, list.files.iter(), &folder)?;
        let above = pack::read(&self.client, above.iter(), &folder)?;
        self.mend(unit, &above)?;
        links.extend(above);
        Ok(links)
    }

    fn older_links(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error> {
        let folder = layout::links(unit);
        let list = self.list(&tag_of_unit(unit))?;
        let names = list.files.iter().filter_map(|file| file.name_in(&folder));
        let listed: BTreeSet<u64> = names.filter_map(StoredFile::height_of).collect();
        let newest = listed.last().copied().unwrap_or(0);
        let mut older = Vec::new();
        for height in (0..newest).rev().filter(|height| !listed.contains(height)) {
            let Some(link) = self.link_at(unit, height)? else {
                break;
            };
            older.push(link);
            check_count(older.len(), Path::new(&folder))?;
        }
        pack::read(&self.client, older.iter().rev(), &folder)
    }

    fn retire(&self, unit: &UnitId, links: &[(u64, Digest)]) -> Result<(), Error> {
        let tag = tag_of_unit(unit);
        let old: BTreeSet<String> = links
            .iter()
            .map(|(height, _)| path_of_link(unit, *height))
            .collect();
        if self.take_away(&tag, &|path| old.contains(path))? {
            let reports = format!("{}/", layout::reports(unit));
            self.take_away(&tag, &|path| path.starts_with(&reports))?;
        }
        Ok(())
    }

    fn publish_link(&self, unit: &UnitId, height: u64, envelope: &[u8]) -> Result<(), Error> {
        let slot = Slot {
            unit: unit.clone(),
            height,
            envelope: envelope.to_vec(),
        };
        let (tag, path) = (tag_of_unit(unit), slot.path());
        if self.list(&tag)?.holds(&path, envelope) == Some(false) {
            return Err(slot.conflict());
        }
        self.put_once(&tag, path, envelope)?;
        self.put_unit(unit)?;
        self.state.borrow_mut().links.push(slot);
        Ok(())
    }

    fn reports(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error> {
        self.read(&tag_of_unit(unit), &layout::reports(unit))
    }

    fn publish_report(
        &self,
        unit: &UnitId,
        gated_tree: GitId,
        payload: Digest,
        envelope: &[u8],
    ) -> Result<(), Error> {
        let name = layout::report(gated_tree, payload);
        let path = format!("{}/{name}", layout::reports(unit));
        self.put_once(&tag_of_unit(unit), path, envelope)
    }

    fn renewals(&self, link: Digest) -> Result<Vec<StoredFile>, Error> {
        self.read(&tag_of_renewals(link), &layout::renewals(link))
    }

    fn publish_renewal(&self, link: Digest, time: Timestamp, envelope: &[u8]) -> Result<(), Error> {
        let tag = tag_of_renewals(link);
        let path = format!("{}/{}", layout::renewals(link), layout::renewal(time));
        self.put_once(&tag, path.clone(), envelope)?;
        // Only the newest counts.
        self.take_away(&tag, &|other| *other < *path)?;
        Ok(())
    }

    fn withdrawals(&self) -> Result<Vec<StoredFile>, Error> {
        self.read(layout::WITHDRAWALS, layout::WITHDRAWALS)
    }

    fn publish_withdrawal(&self, payload: Digest, envelope: &[u8]) -> Result<(), Error> {
        let path = format!("{}/{}", layout::WITHDRAWALS, layout::withdrawal(payload));
        self.put_once(layout::WITHDRAWALS, path, envelope)
    }
}

pub(super) fn path_of_link(unit: &UnitId, height: u64) -> String {
    format!("{}/{}", layout::links(unit), layout::link(height))
}

pub(super) fn blocked(client: &Client, path: &str) -> Error {
    Error::Blocked {
        place: format!("{} {path}", client.place()),
        why: "it holds other bytes than its name says".to_owned(),
    }
}

/// Names of units may be longer than a tag, and hold what a tag may not.
fn tag_of_unit(unit: &UnitId) -> String {
    format!("unit-{}", key(unit))
}

fn tag_of_link(unit: &UnitId, height: u64) -> String {
    format!("link-{}-{height}", key(unit))
}

fn tag_of_renewals(link: Digest) -> String {
    format!("renewals-{link}")
}

fn key(unit: &UnitId) -> Digest {
    Digest::of(unit.to_string().as_bytes())
}

/// The list of units.
const UNITS: &str = "units";
/// So often a list is written that others write too.
const ATTEMPTS: u32 = 8;
