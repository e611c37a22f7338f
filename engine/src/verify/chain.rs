//! The links of a unit: which files of a store are links, and on what each of them rests.
//! Reads no clock and no repository; what a link admits is asked elsewhere.

mod beside;
mod build;
mod rejected;

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use jiff::Timestamp;

pub(crate) use build::more_must_sign;
pub use rejected::{Kind, RejectedFile, rejected_lines};

use super::{CLOCK_SKEW, Error, SourceError, VerifiedVerdict};
use crate::{
    attest::{GatedState, Renewal, TrustFile, UnitId, Verdict, Withdrawal},
    model::{Digest, GitId},
    store::{self, Store, StoredFile},
};

/// The verified links of a unit, and what else lies where links should.
#[derive(Clone, Debug)]
pub struct Chain {
    unit: UnitId,
    links: Vec<ChainLink>,
    rejected: Vec<RejectedFile>,
    /// By the link, then by the digest of the withdrawal.
    withdrawals: BTreeMap<Digest, BTreeMap<Digest, Withdrawal>>,
    reports: Vec<VerifiedVerdict>,
    equivocations: Vec<u64>,
    /// Of the newest link that stands, oldest first.
    renewals: Vec<Renewal>,
    /// The links that count as withdrawn because what judged them was.
    fallen: BTreeSet<Digest>,
    /// Of the gate, the last trust file that a root signed and a link brought.
    rooted: Option<Rc<TrustFile>>,
}

/// A link whose signature, predecessor and base hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChainLink {
    verified: VerifiedVerdict,
    /// The link whose head this one was judged from, by position; none for a baseline.
    basis: Option<usize>,
}

/// Where the next link goes, and what it must say.
#[derive(Clone, Debug)]
pub struct NextLink<'a> {
    /// Its height.
    pub height: u64,
    /// Its `previous`.
    pub previous: Option<Digest>,
    /// The newest link that stands: judging begins at its head. Without one, only a baseline can
    /// follow.
    pub basis: Option<&'a VerifiedVerdict>,
    /// Its `withdrawals`.
    pub withdrawals: Vec<Digest>,
}

impl ChainLink {
    /// The link.
    #[must_use]
    pub fn verified(&self) -> &VerifiedVerdict {
        &self.verified
    }

    /// What it says.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        self.verified.verdict()
    }
}

impl Chain {
    /// Reads the chain of `unit`; `trust` says whose links count.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn read(store: &dyn Store, unit: &UnitId, trust: &TrustFile) -> Result<Self, Error> {
        Self::read_from(store, store.links(unit)?, unit, trust)
    }

    /// Reads the chain of `unit` with all the links that the store does not keep at hand any more;
    /// nothing where [`Chain::read`] reads them all.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn read_whole(
        store: &dyn Store,
        unit: &UnitId,
        trust: &TrustFile,
    ) -> Result<Option<Self>, Error> {
        let mut files = store.older_links(unit)?;
        if files.is_empty() {
            return Ok(None);
        }
        files.extend(store.links(unit)?);
        Self::read_from(store, files, unit, trust).map(Some)
    }

    /// Reads the chain of `unit` with every link, at hand or not.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn read_all(store: &dyn Store, unit: &UnitId, trust: &TrustFile) -> Result<Self, Error> {
        match Self::read_whole(store, unit, trust)? {
            Some(whole) => Ok(whole),
            None => Self::read(store, unit, trust),
        }
    }

    fn read_from(
        store: &dyn Store,
        files: Vec<StoredFile>,
        unit: &UnitId,
        trust: &TrustFile,
    ) -> Result<Self, Error> {
        let shared = Rc::new(trust.clone());
        let mut trust_for = |_: &Verdict, _: Option<&Verdict>| Ok(Some(Rc::clone(&shared)));
        let mut chain = build::build(store, files, unit, &mut trust_for)?;
        beside::read_reports(&mut chain, store, trust)?;
        beside::read_renewals(&mut chain, store, trust)?;
        Ok(chain)
    }

    /// Reads the chain of the unit `gate`, where each link is verified with the trust file of the
    /// link before it, and the first, the one trust on first use, with its own.
    ///
    /// `trust_of` reads the trust file at a commit. It must refuse a commit that is not on the
    /// protected branch: the first link's commit is named by a file that nobody vouches for yet.
    ///
    /// # Errors
    /// The store cannot be read, or `trust_of` fails.
    pub fn read_gate(
        store: &dyn Store,
        unit: &UnitId,
        mut trust_of: impl FnMut(GitId) -> Result<TrustFile, SourceError>,
    ) -> Result<Self, Error> {
        // What a link brought vouches for the next one.
        let mut last: Option<(GitId, Rc<TrustFile>)> = None;
        build::build(store, store.links(unit)?, unit, &mut |claimed, before| {
            let voucher = match before {
                Some(link) => link.head.commit,
                None if claimed.height == 0 => claimed.head.commit,
                None => return Ok(None),
            };
            if let Some((_, trust)) = last.as_ref().filter(|(commit, _)| *commit == voucher) {
                return Ok(Some(Rc::clone(trust)));
            }
            let trust = Rc::new(trust_of(voucher)?);
            last = Some((voucher, Rc::clone(&trust)));
            Ok(Some(trust))
        })
    }

    /// The same chain, in which what a state of `gate` judged that was withdrawn, or rests on one that was, counts
    /// as withdrawn too. Nobody judged a baseline.
    #[must_use]
    pub fn judged_by(mut self, gate: &Self) -> Self {
        let states = gate.standing().filter(|(_, stands)| !stands);
        let states: BTreeSet<Digest> = states.map(|(link, _)| link.verified.digest()).collect();
        let has_fallen = |state: Option<Digest>| state.is_some_and(|state| states.contains(&state));
        let judged = self.links.iter().filter(|link| {
            let verdict = link.verdict();
            !verdict.baseline && has_fallen(verdict.gate_state)
        });
        let fallen: Vec<Digest> = judged.map(|link| link.verified.digest()).collect();
        self.fallen.extend(fallen);
        self.renewals
            .retain(|renewal| !has_fallen(renewal.gate_state));
        self
    }

    /// The links above the newest that stands which count as withdrawn because what judged them was, and which no
    /// statement takes back yet; not those that rest on one of them.
    #[must_use]
    pub fn fallen(&self) -> Vec<&ChainLink> {
        if self.fallen.is_empty() {
            return Vec::new();
        }
        let stood = standing(&self.links, &|link| self.is_withdrawn(link));
        let stands = standing(&self.links, &|link| self.is_taken_back(link));
        let above = stands.iter().rposition(|stands| *stands);
        let is_root = |(position, link): &(usize, &ChainLink)| {
            let basis = link.basis.and_then(|basis| stands.get(basis));
            Some(*position) > above
                && self.fallen.contains(&link.verified.digest())
                && stood.get(*position) == Some(&true)
                && basis == Some(&true)
        };
        let links = self.links.iter().enumerate().filter(is_root);
        links.map(|(_, link)| link).collect()
    }

    /// Of the gate, the last trust file that a root signed and a link brought, whether or not that link was taken
    /// back: one with a root, or the one by which it was left.
    #[must_use]
    pub fn rooted(&self) -> Option<&TrustFile> {
        self.rooted.as_deref()
    }

    /// The unit.
    #[must_use]
    pub fn unit(&self) -> &UnitId {
        &self.unit
    }

    /// The links, lowest first.
    #[must_use]
    pub fn links(&self) -> &[ChainLink] {
        &self.links
    }

    /// The highest link, withdrawn or not.
    #[must_use]
    pub fn newest(&self) -> Option<&ChainLink> {
        self.links.last()
    }

    /// The highest link that is not withdrawn, was judged by no state of `gate` that was, and rests on no such link.
    #[must_use]
    pub fn newest_standing(&self) -> Option<&ChainLink> {
        self.links.get(self.newest_standing_at()?)
    }

    /// The files of the store that do not count.
    #[must_use]
    pub fn rejected(&self) -> &[RejectedFile] {
        &self.rejected
    }

    /// The heights that two signed links claim, neither of which is withdrawn.
    #[must_use]
    pub fn equivocations(&self) -> &[u64] {
        &self.equivocations
    }

    /// The signed failures of this unit.
    #[must_use]
    pub fn reports(&self) -> &[VerifiedVerdict] {
        &self.reports
    }

    /// The signed renewals of the newest link that stands, oldest first.
    #[must_use]
    pub fn renewals(&self) -> &[Renewal] {
        &self.renewals
    }

    /// The newest renewal of a link at an instant; nothing where another link is the newest that stands.
    #[must_use]
    pub fn renewal(&self, link: Digest, now: Timestamp) -> Option<&Renewal> {
        let mut renewals = self.renewals.iter().rev();
        renewals.find(|renewal| {
            renewal.link == link && renewal.valid_from.duration_since(now) <= CLOCK_SKEW
        })
    }

    /// The link that `link` was judged from; none for a baseline.
    #[must_use]
    pub fn basis(&self, link: &ChainLink) -> Option<&ChainLink> {
        self.links.get(link.basis?)
    }

    /// Whether a link at `height` goes back when it goes from the files of `from` to those of `to`: these
    /// were accepted by a link that stands, before those were for the first time. What was accepted after
    /// them was, for all that the chain tells, never there to go back to.
    #[must_use]
    pub fn goes_back(&self, height: u64, from: &GatedState, to: &GatedState) -> bool {
        let standing = standing(&self.links, &|link| self.is_taken_back(link));
        let links = self.links.iter().zip(standing);
        let below = links.filter(|(link, _)| link.verdict().height < height);
        let first = |files: &GatedState, must_stand: bool| {
            let of_files = below.clone().filter(|(link, stands)| {
                (*stands || !must_stand) && link.verdict().head.same_files(files)
            });
            of_files.map(|(link, _)| link.verdict().height).min()
        };
        match (first(from, false), first(to, true)) {
            (Some(from), Some(to)) => to < from,
            _ => false,
        }
    }

    /// Whether `link` goes back; see [`Chain::goes_back`].
    #[must_use]
    pub fn is_way_back(&self, link: &ChainLink) -> bool {
        let verdict = link.verdict();
        self.basis(link).is_some_and(|basis| {
            self.goes_back(verdict.height, &basis.verdict().head, &verdict.head)
        })
    }

    /// Whether `link` was withdrawn by a signed statement.
    #[must_use]
    pub fn is_withdrawn(&self, link: Digest) -> bool {
        self.withdrawals.contains_key(&link)
    }

    fn is_taken_back(&self, link: Digest) -> bool {
        self.is_withdrawn(link) || self.fallen.contains(&link)
    }

    /// The signed statements that took `link` back.
    pub fn withdrawals_of(&self, link: Digest) -> impl Iterator<Item = &Withdrawal> {
        let by = self.withdrawals.get(&link).into_iter();
        by.flat_map(BTreeMap::values)
    }

    /// The links, lowest first, and whether each stands, see [`Chain::newest_standing`].
    pub fn standing(&self) -> impl DoubleEndedIterator<Item = (&ChainLink, bool)> {
        let standing = standing(&self.links, &|link| self.is_taken_back(link));
        self.links.iter().zip(standing)
    }

    /// The withdrawals of links of this chain, for the next link to list.
    #[must_use]
    pub fn known_withdrawals(&self) -> Vec<Digest> {
        let by = self.withdrawals.values();
        let all: BTreeSet<Digest> = by.flat_map(BTreeMap::keys).copied().collect();
        all.into_iter().collect()
    }

    /// The payload digests of all links; what a verdict's `gateState` must be among.
    #[must_use]
    pub fn digests(&self) -> BTreeSet<Digest> {
        self.links
            .iter()
            .map(|link| link.verified.digest())
            .collect()
    }

    /// Where the next link goes.
    ///
    /// # Errors
    /// A file that is no link of this chain stands there.
    pub fn next(&self) -> Result<NextLink<'_>, store::Error> {
        self.next_after(self.newest_place())
    }

    /// Where the next baseline goes: above whatever a trusted key signed, also where that does not count.
    ///
    /// # Errors
    /// A file that nobody trusted signed stands there.
    pub fn next_baseline(&self) -> Result<NextLink<'_>, store::Error> {
        let newest = self.newest_place();
        let stray = self.stray_above().map(|(_, height, link)| (height, link));
        // The first link follows nothing.
        self.next_after(newest.and(stray).or(newest))
    }

    fn newest_place(&self) -> Option<(u64, Digest)> {
        let newest = self.newest()?;
        Some((newest.verdict().height, newest.verified.digest()))
    }

    fn next_after(&self, newest: Option<(u64, Digest)>) -> Result<NextLink<'_>, store::Error> {
        let height = newest.map_or(0, |(height, _)| height.saturating_add(1));
        if let Some(file) = self
            .rejected
            .iter()
            .find(|file| file.height == Some(height))
        {
            return Err(store::Error::Blocked {
                place: file.place.clone(),
                why: file.refusal.to_string(),
            });
        }
        Ok(NextLink {
            height,
            previous: newest.map(|(_, link)| link),
            basis: self.newest_standing().map(ChainLink::verified),
            withdrawals: self.known_withdrawals(),
        })
    }

    pub(super) fn newest_standing_at(&self) -> Option<usize> {
        newest_standing(&self.links, &|link| self.is_taken_back(link))
    }

    /// Whether the link at `position` is not withdrawn and rests on none that is.
    pub(super) fn stands(&self, position: usize) -> bool {
        let standing = standing(&self.links, &|link| self.is_taken_back(link));
        standing.get(position).copied().unwrap_or(false)
    }

    pub(super) fn basis_of(&self, position: usize) -> Option<usize> {
        self.links.get(position)?.basis
    }
}

fn newest_standing(links: &[ChainLink], withdrawn: &dyn Fn(Digest) -> bool) -> Option<usize> {
    standing(links, withdrawn)
        .iter()
        .rposition(|stands| *stands)
}

/// For each link, whether it is not withdrawn and rests on none that is.
fn standing(links: &[ChainLink], withdrawn: &dyn Fn(Digest) -> bool) -> Vec<bool> {
    let mut standing: Vec<bool> = Vec::with_capacity(links.len());
    for link in links {
        let rests = match link.basis {
            Some(basis) => standing.get(basis).copied().unwrap_or(false),
            None => link.verdict().baseline,
        };
        standing.push(rests && !withdrawn(link.verified.digest()));
    }
    standing
}
