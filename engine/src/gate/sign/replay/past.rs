//! A store as it was before a verdict was signed: nothing above it, and no withdrawal that it does not know. Of other units,
//! which it may have been asked about too, nothing that is dated later. Is only read.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::attest::{self, UnitId, Verdict, Withdrawal};
use crate::gate::Error;
use crate::model::{Digest, GitId};
use crate::store::{self, Store, StoredFile};

/// What lay in a store before a verdict.
pub(super) struct Past<'a> {
    store: &'a dyn Store,
    unit: UnitId,
    /// The height of the verdict.
    height: u64,
    gate: UnitId,
    /// The height of the state of `gate` that judged.
    judged_by: u64,
    withdrawals: BTreeSet<Digest>,
    /// When the verdict was signed.
    at: Timestamp,
}

impl<'a> Past<'a> {
    /// What lay in `store` before `verdict` of `unit`, which a state of `gate` judged.
    pub(super) fn before(
        store: &'a dyn Store,
        verdict: &Verdict,
        (unit, gate): (&UnitId, &UnitId),
    ) -> Result<Self, Error> {
        let mut withdrawals: BTreeSet<Digest> = verdict.withdrawals.iter().copied().collect();
        let missing = || {
            let state = verdict.gate_state.map(|state| state.to_string());
            let state = state.unwrap_or_else(|| "none".to_owned());
            let what = format!("link `{state}` of `{gate}`, whose state judged it, in the store");
            Error::InputMissing { what }
        };
        let of_state = all(store, gate)?.into_iter().find_map(|file| {
            let payload = payload(&file)?;
            let wanted = Some(Digest::of(&payload)) == verdict.gate_state;
            wanted.then(|| Verdict::parse_unverified(&payload).ok())?
        });
        let judged_by = of_state.ok_or_else(missing)?;
        withdrawals.extend(judged_by.withdrawals);
        Ok(Self {
            store,
            unit: unit.clone(),
            height: verdict.height,
            gate: gate.clone(),
            judged_by: judged_by.height,
            withdrawals,
            at: verdict.valid_from,
        })
    }

    fn has(&self, unit: &UnitId, height: u64) -> bool {
        (*unit != self.unit || height < self.height)
            && (*unit != self.gate || height <= self.judged_by)
    }

    fn is_own(&self, unit: &UnitId) -> bool {
        *unit == self.unit || *unit == self.gate
    }

    /// Whether a link of another unit was there.
    fn was_there(&self, link: &StoredFile) -> bool {
        let verdict = payload(link).and_then(|it| Verdict::parse_unverified(&it).ok());
        verdict.is_none_or(|verdict| verdict.valid_from <= self.at)
    }

    /// Whether a withdrawal was known: of what the verdict rests on it says itself which were.
    fn knew(&self, withdrawal: &[u8]) -> bool {
        if self.withdrawals.contains(&Digest::of(withdrawal)) {
            return true;
        }
        Withdrawal::parse_unverified(withdrawal).is_ok_and(|it| {
            let unit = UnitId::new(&it.environment, &it.unit);
            it.withdrawn_at <= self.at && unit.is_ok_and(|unit| !self.is_own(&unit))
        })
    }
}

impl Store for Past<'_> {
    fn check_signing(&self) -> Result<(), store::Error> {
        read_only()
    }

    fn units(&self) -> Result<Vec<UnitId>, store::Error> {
        self.store.units()
    }

    fn links(&self, unit: &UnitId) -> Result<Vec<StoredFile>, store::Error> {
        let mut files = all(self.store, unit)?;
        files.retain(|file| file.height().is_none_or(|height| self.has(unit, height)));
        if !self.is_own(unit) {
            files.retain(|file| self.was_there(file));
        }
        Ok(files)
    }

    fn publish_link(&self, _: &UnitId, _: u64, _: &[u8]) -> Result<(), store::Error> {
        read_only()
    }

    fn reports(&self, _: &UnitId) -> Result<Vec<StoredFile>, store::Error> {
        Ok(Vec::new())
    }

    fn publish_report(
        &self,
        _: &UnitId,
        _: GitId,
        _: Digest,
        _: &[u8],
    ) -> Result<(), store::Error> {
        read_only()
    }

    fn renewals(&self, _: Digest) -> Result<Vec<StoredFile>, store::Error> {
        Ok(Vec::new())
    }

    fn publish_renewal(&self, _: Digest, _: Timestamp, _: &[u8]) -> Result<(), store::Error> {
        read_only()
    }

    fn withdrawals(&self) -> Result<Vec<StoredFile>, store::Error> {
        let mut files = self.store.withdrawals()?;
        files.retain(|file| payload(file).is_some_and(|payload| self.knew(&payload)));
        Ok(files)
    }

    fn publish_withdrawal(&self, _: Digest, _: &[u8]) -> Result<(), store::Error> {
        read_only()
    }
}

fn all(store: &dyn Store, unit: &UnitId) -> Result<Vec<StoredFile>, store::Error> {
    let mut files = store.older_links(unit)?;
    files.extend(store.links(unit)?);
    Ok(files)
}

fn payload(file: &StoredFile) -> Option<Vec<u8>> {
    attest::unverified_payload(file.content.as_ref().ok()?).ok()
}

fn read_only<T>() -> Result<T, store::Error> {
    Err(store::Error::ReadOnly {
        name: "the past".to_owned(),
    })
}
