//! Verdicts of what a merge queue is about to merge: signed and verified before, published after.
//! Judges as `sign` does. What did not become the branch, or is no longer the next link, stays behind.

use jiff::Timestamp;

use super::{SignRequest, Signed, SignedUnit, Signer, Signing, accepted, retried};
use crate::attest::UnitId;
use crate::gate::chain::{Accepted, Objects, gate_id, trust_at};
use crate::gate::scene::Scene;
use crate::gate::{Error, PublishRequest};
use crate::git::Repository;
use crate::model::{Digest, GitId};
use crate::store::PendingStore;
use crate::verify::{CLOCK_SKEW, Chain, ChainLink, SourceError};

/// What became of a pending link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Landed {
    /// The unit.
    pub unit: UnitId,
    /// Its height in the chain, or why it stays behind.
    pub result: Result<u64, &'static str>,
}

/// Signs the next link of each unit of an environment for a commit that is about to become the head of
/// the protected branch, and reads it back as verified. It goes into `pending`; the request's store
/// is read alone.
///
/// # Errors
/// As for [`super::sign`]; a commit that does not follow the head of the branch.
pub fn sign_queued(
    repository: &Repository,
    request: &SignRequest<'_>,
    commit: GitId,
    pending: &dyn crate::store::Store,
) -> Result<Signing, Error> {
    let store = PendingStore::new(request.store, pending);
    accepted(repository, request, &|signer, environment| {
        if !repository.is_ancestor(signer.head, commit)? {
            return Err(Error::NotQueued {
                commit: commit.to_string(),
                branch: signer.branch.to_owned(),
            });
        }
        let request = SignRequest {
            store: &store,
            ..*request
        };
        let signer = Signer {
            request: &request,
            head: commit,
            ..*signer
        };
        signer.each(environment, Signer::sign_verified)
    })
}

impl Signer<'_> {
    fn sign_verified(&self, scene: &Scene, id: &UnitId) -> Result<SignedUnit, Error> {
        let signed = self.sign(scene, id)?;
        if let Signed::Link(link) = &signed.result {
            let chain = self.chain(scene, id)?;
            if chain.newest().map(ChainLink::verdict) != Some(&link.verdict) {
                return Err(Error::NotVerified {
                    unit: id.to_string(),
                });
            }
        }
        Ok(signed)
    }
}

/// Publishes the pending links of what has become the branch, where they still are the next ones and
/// the newest state of the gate is the one that judged them. What stays behind, `sign` judges.
///
/// # Errors
/// The stores; the chain of the gate.
pub fn publish_queued(
    repository: &Repository,
    request: &PublishRequest<'_>,
    branch: &str,
    now: Timestamp,
) -> Result<Vec<Landed>, Error> {
    retried(|| publish_once(repository, request, branch, now))
}

fn publish_once(
    repository: &Repository,
    request: &PublishRequest<'_>,
    branch: &str,
    now: Timestamp,
) -> Result<Vec<Landed>, Error> {
    request.to.check_signing()?;
    request.to.refresh()?;
    let mut units = request.from.units()?;
    units.sort_by_key(|unit| (!unit.is_gate(), unit.clone()));
    if units.is_empty() {
        return Ok(Vec::new());
    }
    let Some(accepted) = Accepted::read(repository, request.to, branch)? else {
        return Ok(Vec::new());
    };
    let door = Door {
        repository,
        request,
        accepted: &accepted,
        gate: gate_id(branch)?,
        branch,
        head: repository.branch_head(branch)?,
        now,
    };
    let mut landed = Vec::new();
    for unit in units {
        let result = door.publish(&unit)?;
        landed.push(Landed { unit, result });
    }
    request.to.settle()?;
    Ok(landed)
}

/// What pending links must fit to.
struct Door<'a> {
    repository: &'a Repository,
    request: &'a PublishRequest<'a>,
    accepted: &'a Accepted,
    gate: UnitId,
    branch: &'a str,
    head: GitId,
    now: Timestamp,
}

impl Door<'_> {
    fn publish(&self, unit: &UnitId) -> Result<Result<u64, &'static str>, Error> {
        if !self.is_ours(unit) {
            return Ok(Err("it is no unit of this branch"));
        }
        let both = PendingStore::new(self.request.to, self.request.from);
        let chain = if unit.is_gate() {
            let trust_of = |commit: GitId| {
                trust_at(self.repository, commit, self.head).map_err(SourceError::new)
            };
            Chain::read_gate(&both, unit, trust_of)?
        } else {
            Chain::read(&both, unit, &self.accepted.trust)?
        };
        let Some((newest, envelope)) = self.pending(unit, &chain)? else {
            return Ok(Err("it does not verify as the next link"));
        };
        if let Some(reason) = self.objection(newest, &chain)? {
            return Ok(Err(reason));
        }
        let height = newest.verdict().height;
        self.request.to.publish_link(unit, height, &envelope)?;
        Ok(Ok(height))
    }

    fn is_ours(&self, unit: &UnitId) -> bool {
        let config = &self.accepted.judge.config;
        let environment = config.environment(unit.environment());
        *unit == self.gate
            || !unit.is_gate() && environment.is_some_and(|found| found.branch == self.branch)
    }

    /// The newest link, if it is one of the pending ones and was not published before.
    fn pending<'c>(
        &self,
        unit: &UnitId,
        chain: &'c Chain,
    ) -> Result<Option<(&'c ChainLink, Vec<u8>)>, Error> {
        let Some(newest) = chain.newest() else {
            return Ok(None);
        };
        let height = Some(newest.verdict().height);
        let settled = self.request.to.links(unit)?;
        if settled.iter().any(|file| file.height() == height) {
            return Ok(None);
        }
        let digest = newest.verified().digest();
        let files = self.request.from.links(unit)?.into_iter();
        let mut ours = files.filter_map(|file| {
            let envelope = file.content.ok()?;
            let payload = crate::attest::unverified_payload(&envelope).ok()?;
            (Digest::of(&payload) == digest).then_some(envelope)
        });
        Ok(ours.next().map(|envelope| (newest, envelope)))
    }

    /// Why a link that verifies is not published all the same.
    fn objection(&self, link: &ChainLink, chain: &Chain) -> Result<Option<&'static str>, Error> {
        let verdict = link.verdict();
        let Some(basis) = chain.basis(link) else {
            return Ok(Some("a queue makes no baseline"));
        };
        let reason = if verdict.gate_state != Some(self.accepted.link) {
            Some("the gate has changed since")
        } else if !self.became_head(verdict.head.commit, basis.verdict().head.commit)? {
            Some("its commit did not become the branch")
        } else if verdict.valid_until <= self.now {
            Some("it has ended")
        } else if verdict.valid_from.duration_since(self.now) > CLOCK_SKEW {
            Some("it has not begun")
        } else {
            link.recompute(&Objects(self.repository))?;
            None
        };
        Ok(reason)
    }

    /// Whether the branch was this commit, after it was `basis`: on the line of first parents.
    fn became_head(&self, commit: GitId, basis: GitId) -> Result<bool, Error> {
        let mut at = self.head;
        for _ in 0..MOST_COMMITS {
            if at == commit {
                return Ok(true);
            }
            let parents = self.repository.parents(at)?;
            match parents.first() {
                Some(first) if at != basis => at = *first,
                _ => return Ok(false),
            }
        }
        Ok(false)
    }
}

const MOST_COMMITS: usize = 10_000;
