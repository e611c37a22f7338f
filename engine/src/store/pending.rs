//! A store in two places: what counts is read from one, what may come to count is put into another.
//! Knows nothing of what the files say.

use jiff::Timestamp;

use super::{Error, Gone, Store, StoredFile};
use crate::{
    attest::UnitId,
    model::{Digest, GitId, Told},
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

    fn check_signing(&self) -> Result<(), Error> {
        self.pending.check_signing()
    }

    fn told(&self) -> Option<Told> {
        self.settled.told().or_else(|| self.pending.told())
    }

    fn gone_unseen(&self) -> Result<Vec<Gone>, Error> {
        self.settled.gone_unseen()
    }

    fn keeps_older(&self) -> bool {
        self.pending.keeps_older()
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
    use std::cell::RefCell;

    use super::*;
    use crate::store::FolderStore;

    /// Remembers what it is asked for, and holds nothing.
    #[derive(Default)]
    struct Asked(RefCell<Vec<&'static str>>);

    impl Asked {
        fn about(&self, what: &'static str) -> Result<(), Error> {
            self.0.borrow_mut().push(what);
            Ok(())
        }

        fn nothing<T>(&self, what: &'static str) -> Result<Vec<T>, Error> {
            self.about(what).map(|()| Vec::new())
        }
    }

    impl Store for Asked {
        fn keeps_older(&self) -> bool {
            false
        }

        fn refresh(&self) -> Result<(), Error> {
            self.about("refresh")
        }

        fn settle(&self) -> Result<(), Error> {
            self.about("settle")
        }

        fn units(&self) -> Result<Vec<UnitId>, Error> {
            self.nothing("units")
        }

        fn links(&self, _: &UnitId) -> Result<Vec<StoredFile>, Error> {
            self.nothing("links")
        }

        fn older_links(&self, _: &UnitId) -> Result<Vec<StoredFile>, Error> {
            self.nothing("older links")
        }

        fn publish_link(&self, _: &UnitId, _: u64, _: &[u8]) -> Result<(), Error> {
            self.about("publish a link")
        }

        fn reports(&self, _: &UnitId) -> Result<Vec<StoredFile>, Error> {
            self.nothing("reports")
        }

        fn publish_report(&self, _: &UnitId, _: GitId, _: Digest, _: &[u8]) -> Result<(), Error> {
            self.about("publish a report")
        }

        fn renewals(&self, _: Digest) -> Result<Vec<StoredFile>, Error> {
            self.nothing("renewals")
        }

        fn publish_renewal(&self, _: Digest, _: Timestamp, _: &[u8]) -> Result<(), Error> {
            self.about("publish a renewal")
        }

        fn withdrawals(&self) -> Result<Vec<StoredFile>, Error> {
            self.nothing("withdrawals")
        }

        fn publish_withdrawal(&self, _: Digest, _: &[u8]) -> Result<(), Error> {
            self.about("publish a withdrawal")
        }
    }

    #[test]
    fn both_places_are_looked_at_anew_and_only_the_pending_one_is_settled() {
        let (settled, pending) = (Asked::default(), Asked::default());
        let both = PendingStore::new(&settled, &pending);
        both.refresh().unwrap();
        both.settle().unwrap();
        let unit = UnitId::new("prod", "odoo").unwrap();
        assert!(both.older_links(&unit).unwrap().is_empty());
        assert_eq!(*settled.0.borrow(), ["refresh", "older links"]);
        assert_eq!(*pending.0.borrow(), ["refresh", "settle"]);
    }

    #[test]
    fn what_is_signed_is_signed_into_the_pending_place() {
        let folder = tempfile::tempdir().unwrap();
        let folder = FolderStore::new(folder.path());
        let stream = crate::store::StreamStore::new("-");
        let into_a_folder = PendingStore::new(&stream, &folder);
        assert!(into_a_folder.keeps_older());
        assert!(into_a_folder.check_signing().is_ok());
        let into_a_stream = PendingStore::new(&folder, &stream);
        assert!(into_a_stream.check_signing().is_err());
        let asked = Asked::default();
        assert!(!PendingStore::new(&folder, &asked).keeps_older());
    }

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
