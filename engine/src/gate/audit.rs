//! `verify --all`: whether everything that a store holds verifies, and nothing is missing in between.
//! Asks no repository and no clock.

use super::Error;
use super::anew::AcceptedAnew;
use crate::attest::{TrustFile, UnitId};
use crate::store::Store;
use crate::verify::{Chain, Reason, Refusal, RejectedFile};

/// Whether a store holds what its links say, for one unit.
#[derive(Clone, Debug)]
pub struct Audited {
    /// The unit.
    pub unit: UnitId,
    /// How many links verify.
    pub links: usize,
    /// The height of the newest link that verifies.
    pub newest: Option<u64>,
    /// How many of them were taken back.
    pub withdrawn: usize,
    /// How many failed verdicts verify.
    pub reports: usize,
    /// How many links and failed verdicts below the newest baseline rest on keys that sign no more: it
    /// accepted anew what they said.
    pub superseded: usize,
    /// Everything that does not.
    pub refusals: Vec<Refusal>,
}

/// Verifies every link, failed verdict, withdrawal of a link and renewal of the newest, of every unit, by
/// the keys of `trust`, and that no link is missing between the lowest and the newest. Below the newest baseline
/// a key may be gone.
///
/// # Errors
/// The store is empty, or cannot be read.
pub fn audit(store: &dyn Store, trust: &TrustFile) -> Result<Vec<Audited>, Error> {
    store.refresh()?;
    let mut units = store.units()?;
    if units.is_empty() {
        return Err(Error::GateRefused(Refusal {
            reason: Reason::Missing,
            expected: "links of a unit".to_owned(),
            found: "none: the store is empty, or it is another one".to_owned(),
        }));
    }
    units.sort_by_key(|id| (!id.is_gate(), id.clone()));
    let of_unit = |id: &UnitId| {
        let chain = Chain::read_all(store, id, trust)?;
        let accepted = AcceptedAnew::of(&chain, store, trust)?;
        Ok(audited(&chain, &accepted))
    };
    units.iter().map(of_unit).collect()
}

fn audited(chain: &Chain, accepted: &AcceptedAnew) -> Audited {
    let links = chain.links();
    let files = chain.rejected().iter();
    let (below, wrong): (Vec<_>, Vec<_>) = files.partition(|file| accepted.holds(file));
    let mut refusals: Vec<Refusal> = wrong.into_iter().map(RejectedFile::told).collect();
    let is_there = |height: u64| below.iter().any(|file| file.height == Some(height));
    let mut last: Option<u64> = None;
    for link in links {
        let verdict = link.verdict();
        let mut expected = last.map_or(verdict.height, |last| last.saturating_add(1));
        while expected < verdict.height && is_there(expected) {
            expected = expected.saturating_add(1);
        }
        // Below the lowest, links may have been put aside: a baseline needs none of them.
        if verdict.height != expected {
            refusals.push(Refusal {
                reason: Reason::StoreGap,
                expected: format!("link {expected}"),
                found: format!("link {} in its place", verdict.height),
            });
        }
        last = Some(verdict.height);
    }
    let two = chain.equivocations().iter().map(|height| Refusal {
        reason: Reason::Equivocation,
        expected: format!("one link of height {height}"),
        found: "two, both signed".to_owned(),
    });
    refusals.extend(two);
    let withdrawn = links
        .iter()
        .filter(|link| chain.is_withdrawn(link.verified().digest()));
    Audited {
        unit: chain.unit().clone(),
        links: links.len(),
        newest: last,
        withdrawn: withdrawn.count(),
        reports: chain.reports().len(),
        superseded: below.len(),
        refusals,
    }
}
