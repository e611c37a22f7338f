//! What must hold before a link is signed: the key, the clock, and a gate that can still judge.
//! Judges no change.

use super::Signer;
use crate::attest::{Role, TrustFile, TrustedKey, UnitId, Validity, Verdict};
use crate::gate::Error;
use crate::gate::chain::{Accepted, judge_at, trust_at, whole_seconds};
use crate::gate::key::{can_be_followed, check_key, check_next_trust};
use crate::gate::probe::judges_gate;
use crate::gate::scene::Scene;
use crate::model::{Told, limits};
use crate::store;
use crate::verify::{self, Bound, CLOCK_SKEW, Chain, ChainLink, Witness};

impl Signer<'_> {
    /// A key that may sign none of the units is told at once, one that may sign some where it may not.
    pub(super) fn check_key_for_any(&self, units: &[UnitId]) -> Result<(), Error> {
        let (key, now) = (self.request.key, self.request.now);
        let check = |unit| check_key(self.trust_for(unit), key, unit, now);
        match units.last() {
            Some(last) if !units.iter().any(|unit| check(unit).is_ok()) => check(last),
            _ => Ok(()),
        }
    }

    /// Whose signatures count for the next link of a unit.
    pub(super) fn trust_for(&self, unit: &UnitId) -> &TrustFile {
        let accepted = self.accepted.map(|accepted| accepted.trust_for(unit));
        accepted.unwrap_or(self.trust)
    }

    /// Whether another baseline would say the same: `gate` is accepted by any of its links, another
    /// unit by a baseline that was made under the newest state of `gate`.
    pub(super) fn is_accepted(&self, scene: &Scene, verdict: &Verdict) -> bool {
        let made = |accepted: &Accepted| accepted.made(verdict.gate_state);
        scene.is_gate() || verdict.baseline && self.accepted.is_none_or(made)
    }

    /// Whether a link still counts when the keys are gone that sign no more: what they alone vouch for can
    /// be accepted anew by those at hand. Where these may not, nothing can be done about it here.
    pub(super) fn outlasts_keys(&self, id: &UnitId, newest: &ChainLink) -> Result<bool, Error> {
        let now = self.request.now;
        let Some(lasting) = self.trust.lasting(Role::MergeSigner, now) else {
            return Ok(true);
        };
        let all_last = lasting.keys().len() == self.trust.keys().len();
        if all_last || check_key(&lasting, self.request.key, id, now).is_err() {
            return Ok(true);
        }
        let chain = Chain::read(self.request.store, id, &lasting)?;
        let standing = chain.newest_standing();
        Ok(standing.is_some_and(|link| link.verified().digest() == newest.verified().digest()))
    }

    /// Every key that an accepted state of `gate` ever let sign this unit, at any time, revoked or not.
    pub(super) fn trust_ever(&self, id: &UnitId) -> Result<TrustFile, Error> {
        let links = self.accepted.map(|accepted| accepted.chain.links());
        let mut files = vec![self.trust.clone()];
        for link in links.unwrap_or_default().iter().rev() {
            let commit = link.verdict().head.commit;
            files.push(trust_at(self.repository, commit, self.head)?);
        }
        let mut keys: Vec<TrustedKey> = Vec::new();
        for key in files.iter().flat_map(TrustFile::keys) {
            let known = keys.iter().any(|known| known.public == key.public);
            if !known && key.may_sign(Role::MergeSigner, &id.scope()) {
                keys.push(TrustedKey {
                    validity: Validity::default(),
                    ..key.clone()
                });
            }
        }
        keys.truncate(limits::TRUSTED_KEYS.most);
        Ok(TrustFile::new(keys)?)
    }

    /// The next link of `gate` must follow the state that judges it, and leave a state that can judge.
    pub(super) fn check_next_gate(&self, id: &UnitId, basis: &ChainLink) -> Result<(), Error> {
        let accepted = self.accepted.map(|accepted| accepted.link);
        if accepted.is_some_and(|link| link != basis.verified().digest()) {
            let unit = id.to_string();
            let height = basis.verdict().height;
            return Err(store::Error::Conflict { unit, height }.into());
        }
        self.check_gate_head(id)
    }

    /// What could judge nothing, or could never be followed, is never accepted.
    pub(super) fn check_gate_head(&self, id: &UnitId) -> Result<(), Error> {
        let judge = judge_at(self.repository, self.head)?;
        let head = self.repository.snapshot(self.head)?;
        judges_gate(&judge, self.repository, &head, self.request.now)?;
        let trust = trust_at(self.repository, self.head, self.head)?;
        // Also where the link that brought it was taken back; a root that it replaced is asked no more.
        let rooted = self.accepted.and_then(|accepted| accepted.chain.rooted());
        check_next_trust(&trust, rooted, self.request.now)?;
        if can_be_followed(&trust, id, self.request.now) {
            return Ok(());
        }
        let unit = id.scope();
        Err(Error::NoGateSigner { unit })
    }

    /// A store that lost links is not followed where the trust file says that there were more. The gate
    /// is not asked: what it pinned for itself could only lock it.
    pub(super) fn check_height(&self, id: &UnitId, chain: &Chain) -> Result<(), Error> {
        let pinned = self.trust.minimum_height(id);
        let newest = chain.newest().map(|link| link.verdict().height);
        if id.is_gate() || pinned == 0 || newest.is_some_and(|height| height >= pinned) {
            return Ok(());
        }
        Err(Error::LinksMissing {
            unit: id.to_string(),
            found: newest.map_or_else(|| "none".to_owned(), |height| height.to_string()),
            pinned,
        })
    }

    /// Nothing is signed beside a link that was lost sight of, which would block or refuse it; nor by a
    /// state of `gate` of which that holds.
    pub(super) fn check_store(&self, id: &UnitId, chain: &Chain) -> Result<(), Error> {
        if let Some(accepted) = self.accepted.filter(|_| !id.is_gate()) {
            self.check_single(accepted.chain.unit(), &accepted.chain)?;
        }
        self.check_single(id, chain)
    }

    /// Two links of one height, or a signed link above the newest, are an error.
    pub(super) fn check_single(&self, id: &UnitId, chain: &Chain) -> Result<(), Error> {
        if let Some(height) = chain.equivocations().first() {
            return Err(Error::Equivocation {
                unit: id.to_string(),
                height: *height,
            });
        }
        self.check_nothing_above(id, chain)
    }

    /// As [`Self::check_single`], for a baseline of `gate`: it settles two links of one height, but its
    /// chain is read from the first link on.
    pub(super) fn check_nothing_above(&self, id: &UnitId, chain: &Chain) -> Result<(), Error> {
        let Some((file, height, _)) = chain.stray_above() else {
            return Ok(());
        };
        Err(Error::LinkAbove {
            unit: id.to_string(),
            height,
            place: file.place.clone(),
            why: file.refusal.to_string(),
        })
    }

    /// Links are signed one after the other: a clock behind the newest is no clock to sign by. What was taken back
    /// tells no time, and a baseline asks nobody: that is how a unit goes on above a link of a clock that was ahead.
    /// Nor is one that whoever keeps the store does not share.
    pub(super) fn check_clock(&self, chain: &Chain) -> Result<(), Error> {
        if let Some(told) = self.request.store.told() {
            witness(told).check().map_err(Error::Chain)?;
        }
        if let Some(accepted) = self.accepted {
            self.check_newest(&accepted.chain)?;
        }
        self.check_newest(chain)
    }

    fn check_newest(&self, chain: &Chain) -> Result<(), Error> {
        let mut newest = chain.links().iter().rev();
        let newest = newest.find(|link| !chain.is_withdrawn(link.verified().digest()));
        let newest = newest.map(ChainLink::verdict);
        match newest {
            Some(newest) if newest.valid_from.duration_since(self.request.now) > CLOCK_SKEW => {
                Err(Error::Chain(verify::Error::ClockBehind {
                    now: self.request.now.to_string(),
                    who: format!("link {} of {}, the newest,", newest.height, chain.unit()),
                    says: newest.valid_from.to_string(),
                    until: newest.valid_from.checked_sub(CLOCK_SKEW).ok(),
                }))
            }
            _ => Ok(()),
        }
    }
}

/// What a store was told of the time, as a witness.
fn witness(told: Told) -> Witness {
    let Told {
        who,
        says,
        heard_at,
    } = told;
    Witness {
        who,
        says,
        heard_at: whole_seconds(heard_at),
        bound: Bound::Now,
    }
}
