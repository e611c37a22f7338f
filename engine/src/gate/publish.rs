//! `publish`: carries verified statements from one store to another, in the order in which they were made.
//! Signs nothing; what is there already is left alone, and what contradicts it is refused.

use std::collections::{BTreeMap, BTreeSet};

use super::Error;
use super::anew::AcceptedAnew;
use super::chain::{Accepted, config_at};
use super::sign::retried;
use crate::attest::{self, TrustFile, UnitId};
use crate::git::Repository;
use crate::model::Digest;
use crate::store::{self, Store, StoredFile};
use crate::verify::{Chain, ChainLink};

/// From where to where.
#[derive(Clone, Copy)]
pub struct PublishRequest<'a> {
    /// Where the statements lie.
    pub from: &'a dyn Store,
    /// Where they go.
    pub to: &'a dyn Store,
}

/// What became of one unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// The unit.
    pub unit: UnitId,
    /// How many links were copied.
    pub links: usize,
    /// The height of the newest link; none where no link is verified.
    pub newest: Option<u64>,
    /// What stays behind.
    pub left: Vec<Left>,
}

/// A file that was not copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Left {
    /// It does not verify.
    Unverified(String),
    /// Its key signs no more, and a baseline above it that was copied accepted anew what it said.
    AcceptedAnew(String),
    /// No accepted configuration knows its unit, so that nobody says whose signature counts.
    Unknown(String),
}

impl Left {
    /// Where it lies.
    #[must_use]
    pub fn place(&self) -> &str {
        match self {
            Self::Unverified(place) | Self::AcceptedAnew(place) | Self::Unknown(place) => place,
        }
    }

    /// Whether something is missing in the target for it.
    #[must_use]
    pub fn is_missing(&self) -> bool {
        match self {
            Self::Unverified(_) | Self::Unknown(_) => true,
            Self::AcceptedAnew(_) => false,
        }
    }
}

/// Copies the links, failed verdicts, withdrawals and renewals that verify: the unit `gate` of each branch
/// by its own chain, every other unit by the keys of the newest accepted state of its `gate`.
///
/// # Errors
/// [`store::Error::Fork`] where the target holds other links; nothing to copy; no accepted state of `gate`; either
/// store.
pub fn publish(
    repository: &Repository,
    request: &PublishRequest<'_>,
) -> Result<Vec<Copied>, Error> {
    retried(|| publish_once(repository, request))
}

fn publish_once(
    repository: &Repository,
    request: &PublishRequest<'_>,
) -> Result<Vec<Copied>, Error> {
    request.from.refresh()?;
    request.to.refresh()?;
    let config = config_at(repository, repository.resolve("HEAD")?)?;
    let branches: BTreeSet<&str> = config
        .environments
        .iter()
        .map(|environment| environment.branch.as_str())
        .collect();
    let mut chains: Vec<(Chain, TrustFile)> = Vec::new();
    let units = request.from.units()?;
    if units.is_empty() {
        return Err(Error::NothingThere { what: "publish" });
    }
    for branch in branches {
        let Some(accepted) = Accepted::read(repository, request.from, branch)? else {
            continue;
        };
        let known = &accepted.judge.config;
        for unit in units.iter().filter(|unit| !unit.is_gate()) {
            let environment = known.environment(unit.environment());
            if environment.is_some_and(|environment| environment.branch == branch) {
                let chain = Chain::read_all(request.from, unit, &accepted.trust)?;
                chains.push((chain, accepted.trust.clone()));
            }
        }
        chains.push((accepted.chain, accepted.trust));
    }
    if chains.is_empty() {
        return Err(Error::NoBaseline {
            unit: "gate".to_owned(),
        });
    }
    let known: BTreeSet<&UnitId> = chains.iter().map(|(chain, _)| chain.unit()).collect();
    let unknown = units.iter().filter(|unit| !known.contains(unit));
    let unknown: Vec<Copied> = unknown
        .map(|unit| left_unknown(request.from, unit))
        .collect::<Result<_, _>>()?;
    chains.sort_by_key(|(chain, _)| (!chain.unit().is_gate(), chain.unit().clone()));
    let copies: Vec<Copy> = chains
        .iter()
        .map(|(chain, trust)| Copy::of(chain, trust, request))
        .collect::<Result<_, _>>()?;
    let copied = copies.iter().map(|copy| copy.run(request));
    let mut copied: Vec<Copied> = copied.collect::<Result<_, _>>()?;
    request.to.settle()?;
    copied.extend(unknown);
    Ok(copied)
}

/// A unit of which nobody says whose signature counts.
fn left_unknown(from: &dyn Store, unit: &UnitId) -> Result<Copied, Error> {
    let files = files(from, unit)?.into_iter();
    Ok(Copied {
        unit: unit.clone(),
        links: 0,
        newest: None,
        left: files.map(|file| Left::Unknown(file.place)).collect(),
    })
}

/// One unit, after it was found that nothing contradicts.
struct Copy<'a> {
    chain: &'a Chain,
    /// Whose signatures count in it now.
    trust: &'a TrustFile,
    /// What is to be put there, lowest first.
    links: Vec<(u64, Vec<u8>)>,
    /// What need not be at hand there.
    older: Vec<(u64, Digest)>,
}

impl<'a> Copy<'a> {
    fn of(
        chain: &'a Chain,
        trust: &'a TrustFile,
        request: &PublishRequest<'_>,
    ) -> Result<Self, Error> {
        let unit = chain.unit();
        let here: BTreeMap<Digest, Vec<u8>> = by_payload(files(request.from, unit)?);
        let mut there = BTreeMap::new();
        for file in files_there(request.to, unit)? {
            if let Some(height) = file.height() {
                there.insert(height, payload(&file));
            }
        }
        let top = there
            .last_key_value()
            .map(|(height, link)| (*height, *link));
        let older = older(chain, request.to);
        let mut links = Vec::new();
        for link in chain.links() {
            let (verdict, digest) = (link.verdict(), link.verified().digest());
            let fork = || store::Error::Fork {
                unit: unit.to_string(),
                height: verdict.height,
            };
            match (there.get(&verdict.height), top) {
                (Some(other), _) if *other == Some(digest) => continue,
                (Some(_), _) => return Err(fork().into()),
                (None, _) if older.contains(&(verdict.height, digest)) => continue,
                (None, _) if !request.to.keeps_older() => {}
                (None, Some((top, _))) if top > verdict.height => return Err(fork().into()),
                (None, Some((_, newest))) if links.is_empty() && verdict.previous != newest => {
                    return Err(fork().into());
                }
                (None, _) => {}
            }
            if let Some(envelope) = here.get(&digest) {
                links.push((verdict.height, envelope.clone()));
            }
        }
        Ok(Self {
            chain,
            trust,
            links,
            older,
        })
    }

    fn run(&self, request: &PublishRequest<'_>) -> Result<Copied, Error> {
        let PublishRequest { from, to } = *request;
        let unit = self.chain.unit();
        let withdrawals = by_payload(from.withdrawals()?);
        for digest in self.chain.known_withdrawals() {
            if let Some(envelope) = withdrawals.get(&digest) {
                to.publish_withdrawal(digest, envelope)?;
            }
        }
        for (height, envelope) in &self.links {
            to.publish_link(unit, *height, envelope)?;
        }
        if !self.older.is_empty() {
            to.retire(unit, &self.older)?;
        }
        let reports = by_payload(from.reports(unit)?);
        for report in self.chain.reports() {
            if let Some(envelope) = reports.get(&report.digest()) {
                let tree = report.verdict().head.gated_tree;
                to.publish_report(unit, tree, report.digest(), envelope)?;
            }
        }
        for renewal in self.chain.renewals() {
            let made = Digest::of(&renewal.to_statement_bytes()?);
            if let Some(envelope) = by_payload(from.renewals(renewal.link)?).get(&made) {
                to.publish_renewal(renewal.link, renewal.valid_from, envelope)?;
            }
        }
        let accepted = AcceptedAnew::of(self.chain, from, self.trust)?;
        let left = self.chain.rejected().iter().map(|file| {
            let place = file.place.clone();
            match accepted.holds(file) {
                true => Left::AcceptedAnew(place),
                false => Left::Unverified(place),
            }
        });
        Ok(Copied {
            unit: unit.clone(),
            links: self.links.len(),
            newest: self.chain.newest().map(|link| link.verdict().height),
            left: left.collect(),
        })
    }
}

/// The links that a store which keeps no older ones does without: those below the newest baseline that was not
/// withdrawn. The chain of `gate` is read from its first link on; a withdrawal needs its link at hand.
fn older(chain: &Chain, to: &dyn Store) -> Vec<(u64, Digest)> {
    if to.keeps_older() || chain.unit().is_gate() {
        return Vec::new();
    }
    let stands = |link: &&ChainLink| !chain.is_withdrawn(link.verified().digest());
    let links = chain.links().iter().filter(stands);
    let links = links.map(|link| (link.verdict(), link.verified().digest()));
    let baseline = links.clone().rev().find(|(verdict, _)| verdict.baseline);
    let start = baseline.map_or(0, |(verdict, _)| verdict.height);
    links
        .map(|(verdict, digest)| (verdict.height, digest))
        .filter(|(height, _)| *height < start)
        .collect()
}

/// All links of the target that are compared with what is to come.
fn files_there(store: &dyn Store, unit: &UnitId) -> Result<Vec<StoredFile>, store::Error> {
    match store.keeps_older() {
        true => files(store, unit),
        false => store.links(unit),
    }
}

fn files(store: &dyn Store, unit: &UnitId) -> Result<Vec<StoredFile>, store::Error> {
    let mut files = store.older_links(unit)?;
    files.extend(store.links(unit)?);
    Ok(files)
}

fn by_payload(files: Vec<StoredFile>) -> BTreeMap<Digest, Vec<u8>> {
    let read = files.into_iter();
    read.filter_map(|file| Some((payload(&file)?, file.content.ok()?)))
        .collect()
}

fn payload(file: &StoredFile) -> Option<Digest> {
    let envelope = file.content.as_ref().ok()?;
    let payload = attest::unverified_payload(envelope).ok()?;
    Some(Digest::of(&payload))
}
