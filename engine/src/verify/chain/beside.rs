//! What lies beside the links: reports, renewals and withdrawals, and whose count.
//! Knows nothing of how links follow each other.

use std::{cmp::Reverse, collections::BTreeMap};

use jiff::Timestamp;

use super::rejected::envelope_of;
use super::{Chain, Kind};
use crate::{
    attest::{self, Outcome, Renewal, Role, Signer, TrustFile, UnitId, Withdrawal},
    model::Digest,
    store::{Store, StoredFile},
    verify::{CLOCK_SKEW, Error, Reason, Refusal, VerifiedVerdict},
};

/// Reads the signed failures of the chain's unit.
pub(super) fn read_reports(
    chain: &mut Chain,
    store: &dyn Store,
    trust: &TrustFile,
) -> Result<(), Error> {
    for file in store.reports(&chain.unit)? {
        match report_of(&file, &chain.unit, trust) {
            Ok(report) => chain.reports.push(report),
            Err(refusal) => chain.reject(Kind::Report, &file, refusal),
        }
    }
    Ok(())
}

fn report_of(
    file: &StoredFile,
    unit: &UnitId,
    trust: &TrustFile,
) -> Result<VerifiedVerdict, Refusal> {
    let report = VerifiedVerdict::open(envelope_of(file)?, unit, trust)?;
    match report.verdict().outcome {
        Outcome::Fail => Ok(report),
        Outcome::Pass => Err(Refusal::new(
            Reason::Inconsistent,
            "a verdict that failed",
            "one that passed",
        )),
    }
}

/// Reads the renewals of the newest link that stands.
pub(super) fn read_renewals(
    chain: &mut Chain,
    store: &dyn Store,
    trust: &TrustFile,
) -> Result<(), Error> {
    let Some(newest) = chain.newest_standing() else {
        return Ok(());
    };
    let (link, height) = (newest.verified().digest(), newest.verdict().height);
    for file in store.renewals(link)? {
        match renewal_of(&file, (link, height), &chain.unit, trust) {
            Ok(renewal) => chain.renewals.push(renewal),
            Err(refusal) => chain.reject(Kind::Renewal, &file, refusal),
        }
    }
    // Of two that were made at once, the stricter counts.
    let order = |renewal: &Renewal| (renewal.valid_from, Reverse(renewal.valid_until));
    chain.renewals.sort_by_key(order);
    Ok(())
}

/// A renewal counts if who may sign the link may have signed it.
fn renewal_of(
    file: &StoredFile,
    link: (Digest, u64),
    unit: &UnitId,
    trust: &TrustFile,
) -> Result<Renewal, Refusal> {
    let scope = unit.scope();
    let statement = attest::verify(envelope_of(file)?, trust, Role::MergeSigner, &scope)?;
    let renewal = Renewal::parse(&statement)?;
    check_unit((&renewal.environment, &renewal.unit), unit)?;
    if (renewal.link, renewal.height) == link {
        return Ok(renewal);
    }
    Err(Refusal::new(
        Reason::Inconsistent,
        format!("a renewal of link {}", link.1),
        "one of another link",
    ))
}

/// The withdrawals by the link that they claim to withdraw; who signed them is asked when that link is
/// known.
///
/// One that cannot be read may take back any link, so nothing is admitted past it.
pub(super) fn claimed_withdrawals(
    store: &dyn Store,
) -> Result<BTreeMap<Digest, Vec<StoredFile>>, Error> {
    let mut claims: BTreeMap<Digest, Vec<StoredFile>> = BTreeMap::new();
    for file in store.withdrawals()? {
        let withdrawal = claimed_withdrawal(&file).map_err(|refusal| Error::UnreadWithdrawal {
            place: file.place.clone(),
            why: refusal.to_string(),
        })?;
        claims.entry(withdrawal.link).or_default().push(file);
    }
    Ok(claims)
}

fn claimed_withdrawal(file: &StoredFile) -> Result<Withdrawal, Refusal> {
    let payload = attest::unverified_payload(envelope_of(file)?)?;
    Ok(Withdrawal::parse_unverified(&payload)?)
}

/// A withdrawal as it stands in a file, whoever signed it: a link that lists its digest vouches for it.
pub(super) struct Listable {
    pub(super) withdrawal: Withdrawal,
    /// Where it lies; the same statement may lie there with several signatures.
    pub(super) places: Vec<String>,
}

/// The withdrawals of links of `unit` that can be read, by the digest that a link lists.
pub(super) fn listable(
    claimed: &BTreeMap<Digest, Vec<StoredFile>>,
    unit: &UnitId,
) -> BTreeMap<Digest, Listable> {
    let mut all: BTreeMap<Digest, Listable> = BTreeMap::new();
    for file in claimed.values().flatten() {
        let Ok((digest, withdrawal)) = listed(file, unit) else {
            continue;
        };
        let places = Vec::new();
        let entry = all.entry(digest).or_insert(Listable { withdrawal, places });
        entry.places.push(file.place.clone());
    }
    all
}

fn listed(file: &StoredFile, unit: &UnitId) -> Result<(Digest, Withdrawal), Refusal> {
    let payload = attest::unverified_payload(envelope_of(file)?)?;
    let withdrawal = Withdrawal::parse_unverified(&payload)?;
    check_unit((&withdrawal.environment, &withdrawal.unit), unit)?;
    Ok((Digest::of(&payload), withdrawal))
}

/// A withdrawal of `link` and its digest, if who may sign the link may have signed it. By a key that is revoked nobody
/// takes back what was not there yet, unless the revocation keeps it: else a stolen one would, by a time from before it was
/// revoked. By any other the
/// link may be dated later, by a clock that was ahead or by a thief.
pub(super) fn withdrawal_of(
    file: &StoredFile,
    (link, since): (Digest, Timestamp),
    unit: &UnitId,
    trust: &TrustFile,
) -> Result<(Digest, Withdrawal), Refusal> {
    let scope = unit.scope();
    let envelope = envelope_of(file)?;
    let statement = attest::verify_taking_back(envelope, trust, Role::MergeSigner, &scope)?;
    let withdrawal = Withdrawal::parse(&statement)?;
    check_unit((&withdrawal.environment, &withdrawal.unit), unit)?;
    if withdrawal.link != link {
        return Err(Refusal::new(
            Reason::Inconsistent,
            format!("a withdrawal of link `{link}`"),
            "one of another link",
        ));
    }
    let revoked = |signer: &Signer| {
        let mut keys = trust.revoked().iter();
        keys.any(|entry| {
            entry.public.keyid() == signer.keyid && !entry.keep.contains(&statement.digest())
        })
    };
    if since.duration_since(withdrawal.withdrawn_at) > CLOCK_SKEW
        && statement.signers().iter().all(revoked)
    {
        return Err(Refusal::new(
            Reason::Inconsistent,
            format!("a withdrawal from {since} on, when the link was signed"),
            format!("one of {}", withdrawal.withdrawn_at),
        ));
    }
    Ok((statement.digest(), withdrawal))
}

/// Whether a withdrawal holds by the trust file that the link brought, with as many principals as that one asks for.
pub(super) fn signed_by_all(
    file: &StoredFile,
    unit: &UnitId,
    brought: &TrustFile,
) -> Result<(), Refusal> {
    let scope = unit.scope();
    attest::verify(envelope_of(file)?, brought, Role::MergeSigner, &scope)?;
    Ok(())
}

fn check_unit((environment, name): (&str, &str), unit: &UnitId) -> Result<(), Refusal> {
    if (environment, name) == (unit.environment(), unit.unit()) {
        return Ok(());
    }
    Err(Refusal::new(
        Reason::OtherUnit,
        format!("`{unit}`"),
        format!("`{environment}/{name}`"),
    ))
}
