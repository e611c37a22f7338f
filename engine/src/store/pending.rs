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
