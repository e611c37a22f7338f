//! `verify --all`: whether everything that a store holds verifies, and nothing is missing in between.
//! Asks no repository and no clock.

use std::collections::{BTreeMap, BTreeSet};

use super::Error;
use super::anew::AcceptedAnew;
use crate::attest::{self, Role, TrustFile, UnitId};
use crate::git;
use crate::model::Digest;
use crate::store::{self, Gone, Store};
use crate::verify::{Chain, ChainLink, Reason, Refusal, RejectedFile};

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
/// the keys of `trust`; that no link is missing between the lowest and the newest, nor the link of `gate` that one
/// was judged by; and that nothing is gone which had to stay, where the store has a history. Below the newest
/// baseline a key may be gone.
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
    let states = gate_links(store, &units)?;
    let gone = store.gone()?;
    units.extend(gone.iter().map(|gone| gone.unit.clone()));
    units.sort_by_key(|id| (!id.is_gate(), id.clone()));
    units.dedup();
    let of_unit = |id: &UnitId| {
        let chain = Chain::read_all(store, id, trust)?;
        let accepted = AcceptedAnew::of(&chain, store, trust)?;
        let mut audited = audited(&chain, &accepted);
        audited.refusals.extend(unjudged(&chain, &states));
        let gone = gone.iter().filter(|gone| gone.unit == *id);
        let gone = gone.filter(|gone| counted(gone, trust));
        audited.refusals.extend(gone.map(taken_away));
        Ok(audited)
    };
    units.iter().map(of_unit).collect()
}

/// The digests of what lies among the links of `gate`, whoever signed it: whether it verifies is told of each.
fn gate_links(store: &dyn Store, units: &[UnitId]) -> Result<BTreeSet<Digest>, Error> {
    let mut digests = BTreeSet::new();
    for gate in units.iter().filter(|unit| unit.is_gate()) {
        let mut files = store.older_links(gate)?;
        files.extend(store.links(gate)?);
        let envelopes = files.into_iter().filter_map(|file| file.content.ok());
        let payloads = envelopes.filter_map(|envelope| attest::unverified_payload(&envelope).ok());
        digests.extend(payloads.map(|payload| Digest::of(&payload)));
    }
    Ok(digests)
}

/// The states of `gate` that judged something and are not there.
fn unjudged(chain: &Chain, states: &BTreeSet<Digest>) -> Vec<Refusal> {
    // A baseline that was made together with the first of `gate` names none.
    if states.is_empty() && !chain.unit().is_gate() {
        return vec![Refusal {
            reason: Reason::StoreGap,
            expected: "links of `gate`, which say what judged it".to_owned(),
            found: "none in the store".to_owned(),
        }];
    }
    let mut missing: BTreeMap<Digest, u64> = BTreeMap::new();
    let links = chain.links().iter().map(ChainLink::verdict);
    let links = links.map(|verdict| (verdict.gate_state, verdict.height));
    let renewals = chain.renewals().iter();
    let renewals = renewals.map(|renewal| (renewal.gate_state, renewal.height));
    for (state, height) in links.chain(renewals) {
        if let Some(state) = state.filter(|state| !states.contains(state)) {
            missing.entry(state).or_insert(height);
        }
    }
    let refusals = missing.into_iter().map(|(state, height)| Refusal {
        reason: Reason::StoreGap,
        expected: format!("link `{state}` of `gate`, by which link {height} was judged"),
        found: "nothing in its place".to_owned(),
    });
    refusals.collect()
}

/// Whether what is gone counted: a link that verifies, a withdrawal unless it was forged. The key of a withdrawal
/// may be gone since.
fn counted(gone: &Gone, trust: &TrustFile) -> bool {
    let (envelope, scope) = (&gone.envelope, gone.unit.scope());
    if gone.is_withdrawal {
        let taken = attest::verify_taking_back(envelope, trust, Role::MergeSigner, &scope);
        return taken.is_ok() || !attest::may_name_a_key(envelope, trust);
    }
    attest::verify(envelope, trust, Role::MergeSigner, &scope).is_ok()
}

/// Refuses to go on from a store out of which something was taken that counts, where nobody here could have noticed.
///
/// # Errors
/// There is something; the history cannot be read. One that is longer than anybody's is not asked.
pub(super) fn check_unseen(store: &dyn Store, trust: &TrustFile) -> Result<(), Error> {
    let gone = match store.gone_unseen() {
        Err(store::Error::Git(git::Error::HistoryTooLong(_))) => return Ok(()),
        gone => gone?,
    };
    match gone.into_iter().find(|gone| counted(gone, trust)) {
        None => Ok(()),
        Some(Gone { path, .. }) => Err(store::Error::TakenAwayUnseen { path }.into()),
    }
}

fn taken_away(gone: &Gone) -> Refusal {
    Refusal {
        reason: Reason::StoreGap,
        expected: format!("`{}`, which lay in the store and had to stay", gone.path),
        found: "something else or nothing in its place: somebody took it away".to_owned(),
    }
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
