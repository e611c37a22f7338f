//! Sorts the files where links lie into links and what is none.
//! Knows nothing of what a chain is asked afterwards.

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
};

use super::beside::{Listable, claimed_withdrawals, listable, signed_by_all, withdrawal_of};
use super::rejected::envelope_of;
use super::{Chain, ChainLink, Kind, RejectedFile, newest_standing};
use crate::{
    attest::{self, Role, TrustFile, UnitId, Verdict},
    model::Digest,
    store::{Store, StoredFile},
    verify::{Error, Reason, Refusal, SourceError, VerifiedVerdict},
};

/// Whose signature counts for a link, given what it claims to be and the link before it; nobody's
/// where nobody can vouch.
pub(super) type TrustFor<'a> =
    dyn FnMut(&Verdict, Option<&Verdict>) -> Result<Option<Rc<TrustFile>>, SourceError> + 'a;

pub(super) fn build(
    store: &dyn Store,
    files: Vec<StoredFile>,
    unit: &UnitId,
    trust_for: &mut TrustFor<'_>,
) -> Result<Chain, Error> {
    let claimed_withdrawals = claimed_withdrawals(store)?;
    let mut builder = Builder {
        listable: listable(&claimed_withdrawals, unit),
        claimed_withdrawals,
        twins: Vec::new(),
        vouched: BTreeSet::new(),
        chain: Chain {
            unit: unit.clone(),
            links: Vec::new(),
            rejected: Vec::new(),
            withdrawals: BTreeMap::new(),
            reports: Vec::new(),
            equivocations: Vec::new(),
            renewals: Vec::new(),
            fallen: BTreeSet::new(),
            rooted: None,
        },
    };
    for (height, claims) in builder.sort_by_height(files) {
        builder.add_height(height, claims, trust_for)?;
    }
    builder.tell_equivocations();
    builder.forget_vouched();
    Ok(builder.chain)
}

struct Builder {
    chain: Chain,
    /// By the link that they would take back.
    claimed_withdrawals: BTreeMap<Digest, Vec<StoredFile>>,
    /// What a link may list, by the digest that it is listed by.
    listable: BTreeMap<Digest, Listable>,
    /// The heights that several signed links claim, and their digests.
    twins: Vec<(u64, BTreeSet<Digest>)>,
    /// Where the withdrawals lie that a link lists.
    vouched: BTreeSet<String>,
}

/// A file that claims to be a link.
struct Claim {
    file: StoredFile,
    verdict: Verdict,
}

impl Claim {
    fn envelope(&self) -> &[u8] {
        self.file.content.as_deref().unwrap_or_default()
    }
}

impl Builder {
    fn sort_by_height(&mut self, files: Vec<StoredFile>) -> BTreeMap<u64, Vec<Claim>> {
        let mut heights: BTreeMap<u64, Vec<Claim>> = BTreeMap::new();
        for file in files {
            match read_claim(&file) {
                Ok(verdict) => {
                    let claims = heights.entry(verdict.height).or_default();
                    claims.push(Claim { file, verdict });
                }
                Err(refusal) => self.reject(&file, None, None, refusal),
            }
        }
        heights
    }

    fn add_height(
        &mut self,
        height: u64,
        claims: Vec<Claim>,
        trust_for: &mut TrustFor<'_>,
    ) -> Result<(), Error> {
        let before = self.chain.links.last().map(ChainLink::verdict);
        let before = before
            .filter(|link| link.height.checked_add(1) == Some(height))
            .cloned();
        let mut signed = BTreeSet::new();
        for claim in claims {
            let Some(trust) = trust_for(&claim.verdict, before.as_ref())? else {
                self.reject_unvouched(&claim, trust_for)?;
                continue;
            };
            match VerifiedVerdict::open(claim.envelope(), &self.chain.unit, &trust) {
                Ok(verified) => {
                    let brought = trust_for(&claim.verdict, Some(verified.verdict()))?;
                    if let Err(refusal) = self.follow_root(brought.as_ref()) {
                        let signed = Some((height, verified.digest()));
                        self.reject(&claim.file, Some(&claim.verdict), signed, refusal);
                        continue;
                    }
                    self.verify_withdrawals(&verified, &trust, brought.as_deref());
                    signed.insert(verified.digest());
                    self.add_link(&claim, verified);
                }
                Err(refusal) => self.reject(&claim.file, Some(&claim.verdict), None, refusal),
            }
        }
        if signed.len() > 1 {
            self.twins.push((height, signed));
        }
        Ok(())
    }

    /// What a link of the gate brings must follow the last trust file that a root signed, also where the link that
    /// brought that one was taken back: who only signs links leads behind no root. The file by which a root is left
    /// is the last that it signs.
    fn follow_root(&mut self, brought: Option<&Rc<TrustFile>>) -> Result<(), Refusal> {
        let Some(brought) = brought else {
            return Ok(());
        };
        if let Some(rooted) = &self.chain.rooted {
            if Rc::ptr_eq(rooted, brought) {
                return Ok(());
            }
            brought.check_follows(rooted).map_err(|error| {
                Refusal::new(
                    Reason::Threshold,
                    format!(
                        "a trust file that follows file {}, the last that a root signed",
                        rooted.number()
                    ),
                    error.to_string(),
                )
            })?;
        }
        let last = self.chain.rooted.as_deref();
        if brought.has_root() || last.is_some_and(TrustFile::has_root) {
            self.chain.rooted = Some(Rc::clone(brought));
        }
        Ok(())
    }

    /// Nobody can vouch for a link whose predecessor is missing; the newest link still tells a lost
    /// one from a forged one.
    fn reject_unvouched(
        &mut self,
        claim: &Claim,
        trust_for: &mut TrustFor<'_>,
    ) -> Result<(), Error> {
        let newest = self.chain.links.last().map(ChainLink::verdict);
        let trust = trust_for(&claim.verdict, newest)?;
        let signed = trust.and_then(|trust| {
            let verified = VerifiedVerdict::open(claim.envelope(), &self.chain.unit, &trust);
            Some((claim.verdict.height, verified.ok()?.digest()))
        });
        let before = claim.verdict.height.saturating_sub(1);
        let refusal = gap(format!("link {before}"), "nothing there");
        self.reject(&claim.file, Some(&claim.verdict), signed, refusal);
        Ok(())
    }

    fn add_link(&mut self, claim: &Claim, verified: VerifiedVerdict) {
        let signed = Some((verified.verdict().height, verified.digest()));
        let placed = if claim.file.height() == Some(verified.verdict().height) {
            self.basis_of(&verified)
        } else {
            Err(Refusal::new(
                Reason::Inconsistent,
                format!("the file name `{}.json`", verified.verdict().height),
                format!("`{}` (store.misplaced)", claim.file.name),
            ))
        };
        match placed {
            Ok(basis) => {
                self.vouch_for_listed(verified.verdict());
                self.chain.links.push(ChainLink { verified, basis });
            }
            Err(refusal) => self.reject(&claim.file, Some(&claim.verdict), signed, refusal),
        }
    }

    /// A withdrawal that a link lists by its digest counts, whoever signed it: it counted when that link
    /// was signed, and its key may have gone since.
    fn vouch_for_listed(&mut self, verdict: &Verdict) {
        for digest in &verdict.withdrawals {
            if let Some(listed) = self.listable.get(digest) {
                let link = listed.withdrawal.link;
                let by = self.chain.withdrawals.entry(link).or_default();
                by.entry(*digest)
                    .or_insert_with(|| listed.withdrawal.clone());
                self.vouched.extend(listed.places.iter().cloned());
            }
        }
    }

    /// The link that `link` was judged from: the newest that stands, as far as `link` knows the
    /// withdrawals.
    fn basis_of(&self, link: &VerifiedVerdict) -> Result<Option<usize>, Refusal> {
        link.check_outcome()?;
        let verdict = link.verdict();
        let withdrawn = self.withdrawn_for(verdict)?;
        self.check_previous(verdict)?;
        if verdict.baseline {
            return Ok(None);
        }
        let basis = newest_standing(&self.chain.links, &|link| withdrawn.contains(&link));
        let head = basis
            .and_then(|at| self.chain.links.get(at))
            .map(|link| &link.verdict().head);
        match (head, &verdict.base) {
            (Some(head), Some(base)) if head.same_files(base) => Ok(basis),
            (Some(head), Some(base)) => Err(Refusal::new(
                Reason::UnjudgedBase,
                format!("base `{}`, the head of the link before", head.gated_tree),
                format!("base `{}`", base.gated_tree),
            )),
            (None, _) | (_, None) => Err(Refusal::new(
                Reason::UnjudgedBase,
                "a link before it that stands",
                "none",
            )),
        }
    }

    fn check_previous(&self, verdict: &Verdict) -> Result<(), Refusal> {
        let Some(previous) = verdict.previous else {
            return Ok(());
        };
        let named = self
            .chain
            .links
            .iter()
            .find(|link| link.verified.digest() == previous);
        let before = self
            .chain
            .links
            .last()
            .filter(|link| link.verdict().height.checked_add(1) == Some(verdict.height));
        match (named, before) {
            (Some(named), _) if named.verdict().height.checked_add(1) != Some(verdict.height) => {
                Err(Refusal::new(
                    Reason::Inconsistent,
                    format!("height {}", named.verdict().height.saturating_add(1)),
                    format!("height {}", verdict.height),
                ))
            }
            (Some(_), _) => Ok(()),
            // A later baseline shortens the walk: what it follows may be gone.
            (None, None) if verdict.baseline => Ok(()),
            (None, Some(other)) => Err(gap(
                format!("link `{previous}`"),
                format!("`{}` in its place", other.verified.digest()),
            )),
            (None, None) => Err(gap(format!("link `{previous}`"), "nothing in its place")),
        }
    }

    /// The links that `verdict` knows to be withdrawn.
    fn withdrawn_for(&self, verdict: &Verdict) -> Result<BTreeSet<Digest>, Refusal> {
        let link_of = |withdrawal: &Digest| {
            self.listable
                .get(withdrawal)
                .map(|listed| listed.withdrawal.link)
                .ok_or_else(|| gap(format!("withdrawal `{withdrawal}`"), "nothing in its place"))
        };
        verdict.withdrawals.iter().map(link_of).collect()
    }

    /// A withdrawal counts if who may sign the link may have signed it; no key takes back its own revocation, nor one
    /// alone that more must sign.
    fn verify_withdrawals(
        &mut self,
        link: &VerifiedVerdict,
        trust: &TrustFile,
        brought: Option<&TrustFile>,
    ) {
        let with_revoked =
            brought.and_then(|brought| trust.clone().with_more_revoked(brought).ok());
        let trust = with_revoked.as_ref().unwrap_or(trust);
        let chain = &mut self.chain;
        let (link, since) = (link.digest(), link.verdict().valid_from);
        // Two files of one height may hold one link: it is asked about once.
        for file in self.claimed_withdrawals.remove(&link).unwrap_or_default() {
            let counted = withdrawal_of(&file, (link, since), &chain.unit, trust);
            match counted.and_then(|counted| match more_must_sign(trust, brought) {
                Some(brought) => signed_by_all(&file, &chain.unit, brought).map(|()| counted),
                None => Ok(counted),
            }) {
                Ok((digest, withdrawal)) => {
                    let by = chain.withdrawals.entry(link).or_default();
                    by.insert(digest, withdrawal);
                }
                Err(refusal) => chain.reject(Kind::Withdrawal, &file, refusal),
            }
        }
    }

    /// A baseline above two links of one height settles which of them counts; so does the withdrawal of
    /// all but one.
    fn tell_equivocations(&mut self) {
        let mut links = self.chain.links.iter().rev().map(ChainLink::verdict);
        let settled = links
            .find(|link| link.baseline)
            .map_or(0, |link| link.height);
        for (height, mut twins) in std::mem::take(&mut self.twins) {
            twins.retain(|digest| !self.chain.is_withdrawn(*digest));
            if twins.len() > 1 && height >= settled {
                self.chain.equivocations.push(height);
            }
        }
    }

    /// What a link vouches for is not told as a file that does not count.
    fn forget_vouched(&mut self) {
        let vouched = &self.vouched;
        let told =
            |file: &RejectedFile| file.kind != Kind::Withdrawal || !vouched.contains(&file.place);
        self.chain.rejected.retain(told);
    }

    fn reject(
        &mut self,
        file: &StoredFile,
        claimed: Option<&Verdict>,
        signed: Option<(u64, Digest)>,
        refusal: Refusal,
    ) {
        self.chain.rejected.push(RejectedFile {
            kind: Kind::Link,
            place: file.place.clone(),
            height: file.height(),
            signed,
            claimed_height: claimed.map(|verdict| verdict.height),
            claimed_tree: claimed.map(|verdict| verdict.head.gated_tree),
            refusal,
        });
    }
}

/// The trust file that a link brought, where it asks for more signers than the one before: nobody who could not sign by
/// it alone is rid of it alone.
pub(crate) fn more_must_sign<'b>(
    trust: &TrustFile,
    brought: Option<&'b TrustFile>,
) -> Option<&'b TrustFile> {
    let role = Role::MergeSigner;
    brought.filter(|brought| brought.threshold(role) > trust.threshold(role))
}

/// What a file claims to be, whoever signed it.
fn read_claim(file: &StoredFile) -> Result<Verdict, Refusal> {
    let payload = attest::unverified_payload(envelope_of(file)?)?;
    Ok(Verdict::parse_unverified(&payload)?)
}

fn gap(expected: String, found: impl Into<String>) -> Refusal {
    Refusal::new(Reason::StoreGap, expected, found)
}
