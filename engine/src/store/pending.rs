//! A store in two places: what counts is read from one, what may come to count is put into another.
//! Knows nothing of what the files say.

use jiff::Timestamp;

use super::{Error, Store, StoredFile};
use crate::{
    attest::UnitId,
    model::{Digest, GitId},
};

/// Reads what is settled, and above it the next link of each unit that is pending; writes pending ones.
#[derive(Clone, Copy)]
pub struct PendingStore<'a> {
    settled: &'a dyn Store,
    pending: &'a dyn Store,
}

impl<'a> PendingStore<'a> {
    /// Takes both places.
    #[must_use]
    pub fn new(settled: &'a dyn Store, pending: &'a dyn Store) -> Self {
        Self { settled, pending }
    }
}

impl Store for PendingStore<'_> {
    fn refresh(&self) -> Result<(), Error> {
        self.settled.refresh()?;
        self.pending.refresh()
    }

    fn settle(&self) -> Result<(), Error> {
        self.pending.settle()
    }

    fn units(&self) -> Result<Vec<UnitId>, Error> {
        self.settled.units()
    }

    fn links(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error> {
        let mut links = self.settled.links(unit)?;
        let newest = links.iter().filter_map(StoredFile::height).max();
        let next = newest.map(|height| height.saturating_add(1));
        let pending = self.pending.links(unit)?;
        links.extend(pending.into_iter().filter(|file| file.height() == next));
        Ok(links)
    }

    fn older_links(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error> {
        self.settled.older_links(unit)
    }

    fn publish_link(&self, unit: &UnitId, height: u64, envelope: &[u8]) -> Result<(), Error> {
        self.pending.publish_link(unit, height, envelope)
    }

    fn reports(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error> {
        self.settled.reports(unit)
    }

    fn publish_report(
        &self,
        unit: &UnitId,
        gated_tree: GitId,
        payload: Digest,
        envelope: &[u8],
    ) -> Result<(), Error> {
        self.pending
            .publish_report(unit, gated_tree, payload, envelope)
    }

    fn renewals(&self, link: Digest) -> Result<Vec<StoredFile>, Error> {
        self.settled.renewals(link)
    }

    fn publish_renewal(&self, link: Digest, time: Timestamp, envelope: &[u8]) -> Result<(), Error> {
        self.pending.publish_renewal(link, time, envelope)
    }

    fn withdrawals(&self) -> Result<Vec<StoredFile>, Error> {
        self.settled.withdrawals()
    }

    fn publish_withdrawal(&self, payload: Digest, envelope: &[u8]) -> Result<(), Error> {
        self.pending.publish_withdrawal(payload, envelope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::FolderStore;

    fn names(files: Result<Vec<StoredFile>, Error>) -> Vec<String> {
        files.unwrap().into_iter().map(|file| file.name).collect()
    }

    #[test]
    fn what_is_settled_is_read_with_the_next_pending_link_and_nothing_else_that_is_pending() {
        let folder = tempfile::tempdir().unwrap();
        let settled = FolderStore::new(folder.path().join("settled"));
        let pending = FolderStore::new(folder.path().join("pending"));
        let both = PendingStore::new(&settled, &pending);
        let unit = UnitId::new("prod", "odoo").unwrap();
        let (tree, digest) = (GitId::EMPTY_TREE, Digest::of(b"x"));
        let now = "2026-11-20T10:00:00Z".parse().unwrap();
        for height in [0, 1] {
            settled.publish_link(&unit, height, b"link").unwrap();
        }
        for height in [1, 2, 3] {
            both.publish_link(&unit, height, b"link").unwrap();
        }
        assert_eq!(names(settled.links(&unit)), ["0.json", "1.json"]);
        assert_eq!(names(both.links(&unit)), ["0.json", "1.json", "2.json"]);
        assert!(both.older_links(&unit).unwrap().is_empty());
        both.publish_report(&unit, tree, digest, b"x").unwrap();
        both.publish_renewal(digest, now, b"x").unwrap();
        both.publish_withdrawal(digest, b"x").unwrap();
        let all = |store: &dyn Store| {
            [
                store.reports(&unit).unwrap().len(),
                store.renewals(digest).unwrap().len(),
                store.withdrawals().unwrap().len(),
            ]
        };
        assert_eq!(all(&both), [0; 3], "it is not settled");
        assert_eq!(all(&pending), [1; 3]);
        settled.publish_report(&unit, tree, digest, b"x").unwrap();
        settled.publish_renewal(digest, now, b"x").unwrap();
        settled.publish_withdrawal(digest, b"x").unwrap();
        assert_eq!(all(&both), [1; 3]);
        let other = UnitId::new("prod", "web").unwrap();
        pending.publish_link(&other, 0, b"link").unwrap();
        assert_eq!(both.units().unwrap(), [unit]);
    }
}
