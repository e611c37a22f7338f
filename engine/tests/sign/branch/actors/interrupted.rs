//! A store whose user is stopped once, before a call of his choice, while others work.
//! Knows nothing of what they do.

use std::cell::Cell;

use jiff::Timestamp;
use tidegate::attest::UnitId;
use tidegate::model::{Digest, GitId};
use tidegate::store::{BranchStore, Error, Store, StoredFile};

/// Before which call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moment {
    /// This one, counted from the first.
    Call(usize),
    /// The first that publishes a link.
    Publish,
    /// The first that settles.
    Settle,
}

pub(super) struct Interrupted<'a> {
    store: BranchStore,
    at: Cell<Option<Moment>>,
    other: &'a dyn Fn(),
}

impl<'a> Interrupted<'a> {
    pub(super) fn new(store: BranchStore, at: Option<Moment>, other: &'a dyn Fn()) -> Self {
        let at = Cell::new(at);
        Self { store, at, other }
    }

    fn call(&self) -> &BranchStore {
        if let Some(Moment::Call(left @ 1..)) = self.at.get() {
            self.at.set(Some(Moment::Call(left - 1)));
        } else {
            self.stop(Moment::Call(0));
        }
        &self.store
    }

    fn stop(&self, here: Moment) {
        if self.at.get() == Some(here) {
            self.at.set(None);
            (self.other)();
        }
    }
}

impl Store for Interrupted<'_> {
    fn refresh(&self) -> Result<(), Error> {
        self.call().refresh()
    }

    fn check_signing(&self) -> Result<(), Error> {
        self.call().check_signing()
    }

    fn keeps_older(&self) -> bool {
        self.store.keeps_older()
    }

    fn settle(&self) -> Result<(), Error> {
        self.stop(Moment::Settle);
        self.call().settle()
    }

    fn units(&self) -> Result<Vec<UnitId>, Error> {
        self.call().units()
    }

    fn links(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error> {
        self.call().links(unit)
    }

    fn older_links(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error> {
        self.call().older_links(unit)
    }

    fn retire(&self, unit: &UnitId, links: &[(u64, Digest)]) -> Result<(), Error> {
        self.call().retire(unit, links)
    }

    fn publish_link(&self, unit: &UnitId, height: u64, envelope: &[u8]) -> Result<(), Error> {
        self.stop(Moment::Publish);
        self.call().publish_link(unit, height, envelope)
    }

    fn reports(&self, unit: &UnitId) -> Result<Vec<StoredFile>, Error> {
        self.call().reports(unit)
    }

    fn publish_report(
        &self,
        unit: &UnitId,
        gated_tree: GitId,
        payload: Digest,
        envelope: &[u8],
    ) -> Result<(), Error> {
        self.call()
            .publish_report(unit, gated_tree, payload, envelope)
    }

    fn renewals(&self, link: Digest) -> Result<Vec<StoredFile>, Error> {
        self.call().renewals(link)
    }

    fn publish_renewal(&self, link: Digest, time: Timestamp, envelope: &[u8]) -> Result<(), Error> {
        self.call().publish_renewal(link, time, envelope)
    }

    fn withdrawals(&self) -> Result<Vec<StoredFile>, Error> {
        self.call().withdrawals()
    }

    fn publish_withdrawal(&self, payload: Digest, envelope: &[u8]) -> Result<(), Error> {
        self.call().publish_withdrawal(payload, envelope)
    }
}
