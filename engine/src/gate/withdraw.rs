//! `withdraw`: a signed statement that a link admits nothing any more.
//! Judges nothing. No clock keeps anybody from taking a link back: the time is only written down.

use jiff::Timestamp;

use super::Error;
use super::chain::{Accepted, branch_of_unit, gate_id, trust_at, whole_seconds};
use super::key::{check_key_taking_back, seal_taking_back, seal_taking_back_by};
use super::named::{Also, Claimed, LinkName, NameError, find};
use super::sign::retried;
use crate::attest::{Signatory, TrustFile, UnitId, Withdrawal};
use crate::git::Repository;
use crate::model::{Digest, GitId};
use crate::store::Store;
use crate::verify::{Chain, SourceError, more_must_sign};

/// Which link is taken back, and why.
#[derive(Clone, Copy)]
pub struct WithdrawRequest<'a> {
    /// The link.
    pub link: &'a LinkName,
    /// Only a link of this environment.
    pub environment: Option<&'a str>,
    /// Only a link of this unit.
    pub unit: Option<&'a str>,
    /// Why.
    pub reason: &'a str,
    /// Who signs.
    pub key: &'a dyn Signatory,
    /// Where links lie.
    pub store: &'a dyn Store,
    /// The time that is written down.
    pub now: Timestamp,
}

/// A link that admits nothing any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Withdrawn {
    /// What was signed, now or before.
    pub withdrawal: Withdrawal,
    /// The unit.
    pub unit: UnitId,
    /// The link's height.
    pub height: u64,
    /// It was withdrawn before, and nothing was published.
    pub already: bool,
    /// The heights of the links that rest on it, and admit nothing either.
    pub resting: Vec<u64>,
    /// The height of the newest link that stands, from which the next `sign` judges.
    pub newest: Option<u64>,
}

/// Withdraws a link; twice is once.
///
/// # Errors
/// No such link, or several; a key that may not; the store.
pub fn withdraw(
    repository: &Repository,
    request: &WithdrawRequest<'_>,
) -> Result<Withdrawn, Error> {
    if request.reason.trim().is_empty() {
        return Err(NameError::NoReason.into());
    }
    request.store.check_signing()?;
    retried(|| withdraw_once(repository, request))
}

fn withdraw_once(
    repository: &Repository,
    request: &WithdrawRequest<'_>,
) -> Result<Withdrawn, Error> {
    request.store.refresh()?;
    let asked = (request.environment, request.unit);
    let claimed = find(request.store, request.link, asked, Also::Nothing)?;
    let (link, unit) = (claimed.digest, &claimed.unit);
    let (chain, by) = read(repository, request.store, &claimed)?;
    let height = height_of(&chain, &claimed)?;
    if let Some(withdrawal) = chain.withdrawals_of(link).next() {
        return Ok(told(&chain, (link, height), withdrawal.clone(), true));
    }
    check_key_taking_back(&by.trust, request.key, unit, request.now)?;
    let withdrawal = Withdrawal {
        environment: unit.environment().to_owned(),
        unit: unit.unit().to_owned(),
        link,
        reason: request.reason.trim().to_owned(),
        withdrawn_at: whole_seconds(request.now),
    };
    let payload = withdrawal.to_statement_bytes()?;
    let envelope = by.seal(&payload, request, unit)?;
    let store = request.store;
    store.publish_withdrawal(Digest::of(&payload), &envelope)?;
    store.settle()?;
    // What was published is believed only where whoever asks next would believe it.
    let (chain, _) = read(repository, store, &claimed)?;
    if !chain.is_withdrawn(link) {
        let unit = unit.to_string();
        return Err(NameError::NotWithdrawn { unit, height }.into());
    }
    Ok(told(&chain, (link, height), withdrawal, false))
}

fn told(
    chain: &Chain,
    (link, height): (Digest, u64),
    withdrawal: Withdrawal,
    already: bool,
) -> Withdrawn {
    let mut below = vec![link];
    let mut resting = Vec::new();
    for above in chain.links() {
        let basis = chain.basis(above).map(|basis| basis.verified().digest());
        if basis.is_some_and(|basis| below.contains(&basis)) {
            below.push(above.verified().digest());
            resting.push(above.verdict().height);
        }
    }
    Withdrawn {
        withdrawal,
        unit: chain.unit().clone(),
        height,
        already,
        resting,
        newest: chain.newest_standing().map(|link| link.verdict().height),
    }
}

/// Who takes a link back: those that may sign it.
struct By {
    trust: TrustFile,
    /// The trust file that the link brought, where it asks for more signers: then it takes as many, by that one.
    raised: Option<TrustFile>,
}

impl By {
    fn seal(
        &self,
        payload: &[u8],
        request: &WithdrawRequest<'_>,
        unit: &UnitId,
    ) -> Result<Vec<u8>, Error> {
        let (key, now) = (request.key, request.now);
        match &self.raised {
            Some(raised) => seal_taking_back_by(payload, (&self.trust, raised), key, unit, now),
            None => seal_taking_back(payload, &self.trust, key, unit, now),
        }
    }
}

/// The whole chain that a link lies in, and whose keys may take it back.
fn read(
    repository: &Repository,
    store: &dyn Store,
    claimed: &Claimed,
) -> Result<(Chain, By), Error> {
    let unit = &claimed.unit;
    let branch = branch_of_unit(repository, "HEAD", unit)?;
    if unit.is_gate() {
        return read_gate(repository, store, (&branch, claimed.digest));
    }
    let accepted =
        Accepted::read(repository, store, &branch)?.ok_or_else(|| Error::NoBaseline {
            unit: format!("{branch}/{}", crate::config::GATE),
        })?;
    let chain = Chain::read_all(store, unit, &accepted.trust)?;
    let chain = chain.judged_by(&accepted.chain);
    let (trust, raised) = (accepted.trust, None);
    Ok((chain, By { trust, raised }))
}

/// A link of `gate` is vouched for by the trust file of the one before it, the first by its own.
fn read_gate(
    repository: &Repository,
    store: &dyn Store,
    (branch, link): (&str, Digest),
) -> Result<(Chain, By), Error> {
    let head = repository.branch_head(branch)?;
    let trust_of = |commit: GitId| trust_at(repository, commit, head).map_err(SourceError::new);
    let chain = Chain::read_gate(store, &gate_id(branch)?, trust_of)?;
    let links = chain.links();
    let at = links.iter().position(|it| it.verified().digest() == link);
    let voucher = at.map_or(0, |at| at.saturating_sub(1));
    let commit = |at: usize| links.get(at).map(|it| it.verdict().head.commit);
    let trust = trust_at(repository, commit(voucher).unwrap_or(head), head)?;
    let brought = at.and_then(commit);
    let brought = brought.map(|brought| trust_at(repository, brought, head));
    let raised = more_must_sign(&trust, brought.transpose()?.as_ref()).cloned();
    Ok((chain, By { trust, raised }))
}

/// The height of a link that a trusted key signed, in its place or not: what lies where it does not
/// belong may be put where it does.
fn height_of(chain: &Chain, claimed: &Claimed) -> Result<u64, Error> {
    let mut links = chain.links().iter();
    if let Some(link) = links.find(|link| link.verified().digest() == claimed.digest) {
        return Ok(link.verdict().height);
    }
    let mut signed = chain.rejected().iter().filter_map(|file| file.signed);
    if let Some((height, _)) = signed.find(|(_, digest)| *digest == claimed.digest) {
        return Ok(height);
    }
    let mut rejected = chain.rejected().iter();
    let why = rejected.find(|file| file.place == claimed.file.place);
    Err(NameError::NotCounted {
        place: claimed.file.place.clone(),
        why: why.map_or_else(
            || "it belongs to another unit".to_owned(),
            |file| file.refusal.to_string(),
        ),
    }
    .into())
}
