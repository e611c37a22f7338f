//! `verdict`: what signed verdicts say, and whether they are believed.
//! Decides nothing: what is shown admits nothing.

mod difference;

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Error;
use super::named::{Also, LinkName, NameError, find, is_asked};
use crate::attest::{self, Role, Signer, TrustFile, UnitId, Verdict, Withdrawal};
use crate::model::Digest;
use crate::store::{Store, StoredFile};
use crate::verify::{Chain, Refusal, RejectedFile};

pub use difference::{Difference, difference};

/// A verdict that was found, and what is known about it.
#[derive(Clone, Debug)]
pub struct ShownVerdict {
    /// Its environment and unit, as it says.
    pub unit: UnitId,
    /// SHA-256 of its payload.
    pub digest: Digest,
    /// What it says.
    pub verdict: Verdict,
    /// Whether that is believed.
    pub belief: Belief,
    /// What a store says of it; nothing where none was asked, or has no such link.
    pub standing: Option<Standing>,
    /// The statements that took it back. Unverified, they only claim so.
    pub withdrawals: Vec<Withdrawal>,
    /// Until when a renewal lets it begin its way.
    pub renewed_until: Option<Timestamp>,
}

/// Whether a verdict is believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Belief {
    /// Nobody said whose signature counts.
    Unverified,
    /// These trusted keys signed it.
    Verified(Vec<Signer>),
    /// It does not verify.
    Rejected(Refusal),
}

/// What became of a verdict in its store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A link that admits what it names.
    Stands,
    /// It, or a link that it rests on, was taken back.
    Withdrawn,
    /// A link that nobody verified: whether it stands is not known.
    Claimed,
    /// A failed verdict, which is no link.
    Report,
}

/// The verdicts of a unit, newest first.
#[derive(Clone, Debug)]
pub struct UnitLog {
    /// The unit.
    pub unit: UnitId,
    /// Links and failed verdicts.
    pub verdicts: Vec<ShownVerdict>,
    /// The files that do not count; those that hold no verdict, where nobody said whose signature does.
    pub rejected: Vec<RejectedPlace>,
}

/// A file that shows no verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedPlace {
    /// Where it lies.
    pub place: String,
    /// Why.
    pub why: String,
}

/// Shows one envelope, bare or in a Sigstore bundle.
///
/// # Errors
/// It holds no verdict; the store.
pub fn show_verdict(
    envelope: &[u8],
    store: Option<&dyn Store>,
    trust: Option<&TrustFile>,
) -> Result<ShownVerdict, Error> {
    let inside = attest::unbundle(envelope)?;
    let alone = shown(&inside, trust)?;
    let Some(store) = store else {
        return Ok(alone);
    };
    let log = log_of(store, &alone.unit, trust)?;
    let mut verdicts = log.verdicts.into_iter();
    let known = verdicts.find(|shown| shown.digest == alone.digest);
    Ok(match known {
        // Its signatures may be others than those that lie in the store.
        Some(known) => ShownVerdict {
            belief: alone.belief,
            ..known
        },
        None => alone,
    })
}

/// The envelope of a link or a failed verdict of a store.
///
/// # Errors
/// None has that name, or several have; the store.
pub fn find_verdict(store: &dyn Store, name: &LinkName) -> Result<Vec<u8>, Error> {
    let claimed = find(store, name, (None, None), Also::Reports)?;
    Ok(claimed.file.content.unwrap_or_default())
}

/// The links and failed verdicts of each unit that is asked for.
///
/// # Errors
/// The store, or it has no such unit, or none at all.
pub fn verdict_log(
    store: &dyn Store,
    asked @ (environment, unit): (Option<&str>, Option<&str>),
    trust: Option<&TrustFile>,
) -> Result<Vec<UnitLog>, Error> {
    let all = store.units()?.into_iter();
    let (mut units, others): (Vec<UnitId>, Vec<UnitId>) = all.partition(|id| is_asked(id, asked));
    if units.is_empty() && others.is_empty() {
        return Err(Error::NothingThere { what: "show" });
    }
    if units.is_empty() {
        let known: Vec<String> = others.iter().map(UnitId::to_string).collect();
        return Err(NameError::NoUnit {
            name: format!("{}/{}", environment.unwrap_or("*"), unit.unwrap_or("*")),
            known: known.join(", "),
        }
        .into());
    }
    units.sort_by_key(|id| (!id.is_gate(), id.clone()));
    units.iter().map(|id| log_of(store, id, trust)).collect()
}

fn log_of(store: &dyn Store, unit: &UnitId, trust: Option<&TrustFile>) -> Result<UnitLog, Error> {
    let mut log = match trust {
        Some(trust) => verified(&judged(store, unit, trust)?),
        None => claimed(store, unit)?,
    };
    let order = |shown: &ShownVerdict| (shown.verdict.valid_from, shown.verdict.height);
    log.verdicts.sort_by_key(order);
    log.verdicts.reverse();
    Ok(log)
}

/// A chain, in which a state of `gate` that was withdrawn judged nothing; a link names its state, of whatever branch.
fn judged(store: &dyn Store, unit: &UnitId, trust: &TrustFile) -> Result<Chain, Error> {
    let mut chain = Chain::read_all(store, unit, trust)?;
    if !unit.is_gate() {
        for gate in store.units()?.iter().filter(|unit| unit.is_gate()) {
            chain = chain.judged_by(&Chain::read_all(store, gate, trust)?);
        }
    }
    Ok(chain)
}

/// What a chain says, by whom it trusts.
fn verified(chain: &Chain) -> UnitLog {
    let newest = chain.newest_standing().map(|link| link.verified().digest());
    let links = chain.standing().map(|(link, stands)| {
        let digest = link.verified().digest();
        let renewed = chain.renewals().last();
        ShownVerdict {
            unit: chain.unit().clone(),
            digest,
            verdict: link.verdict().clone(),
            belief: Belief::Verified(link.verified().signers().to_vec()),
            standing: Some(match stands {
                true => Standing::Stands,
                false => Standing::Withdrawn,
            }),
            withdrawals: chain.withdrawals_of(digest).cloned().collect(),
            renewed_until: renewed
                .filter(|_| newest == Some(digest))
                .map(|renewal| renewal.valid_until),
        }
    });
    let reports = chain.reports().iter().map(|report| ShownVerdict {
        unit: chain.unit().clone(),
        digest: report.digest(),
        verdict: report.verdict().clone(),
        belief: Belief::Verified(report.signers().to_vec()),
        standing: Some(Standing::Report),
        withdrawals: Vec::new(),
        renewed_until: None,
    });
    UnitLog {
        unit: chain.unit().clone(),
        verdicts: links.chain(reports).collect(),
        rejected: chain.rejected().iter().map(RejectedPlace::of).collect(),
    }
}

/// What the files of a store claim.
fn claimed(store: &dyn Store, unit: &UnitId) -> Result<UnitLog, Error> {
    let mut withdrawals: BTreeMap<Digest, Vec<Withdrawal>> = BTreeMap::new();
    for file in store.withdrawals()? {
        let withdrawal = payload(&file).and_then(|it| Withdrawal::parse_unverified(&it).ok());
        if let Some(withdrawal) = withdrawal {
            let of_link = withdrawals.entry(withdrawal.link).or_default();
            of_link.push(withdrawal);
        }
    }
    let mut log = UnitLog {
        unit: unit.clone(),
        verdicts: Vec::new(),
        rejected: Vec::new(),
    };
    let mut links = store.older_links(unit)?;
    links.extend(store.links(unit)?);
    let reports = store.reports(unit)?;
    let links = links.iter().map(|file| (file, Standing::Claimed));
    let reports = reports.iter().map(|file| (file, Standing::Report));
    for (file, standing) in links.chain(reports) {
        match of_file(file, unit) {
            Ok(shown) => log.verdicts.push(ShownVerdict {
                standing: Some(standing),
                withdrawals: withdrawals.get(&shown.digest).cloned().unwrap_or_default(),
                ..shown
            }),
            Err(why) => log.rejected.push(RejectedPlace {
                place: file.place.clone(),
                why,
            }),
        }
    }
    Ok(log)
}

fn of_file(file: &StoredFile, unit: &UnitId) -> Result<ShownVerdict, String> {
    let envelope = file.content.as_ref().map_err(ToString::to_string)?;
    let shown = shown(envelope, None).map_err(|error| error.to_string())?;
    match shown.unit == *unit {
        true => Ok(shown),
        false => Err(format!("it names `{}`", shown.unit)),
    }
}

/// What an envelope says, whoever signed it, and whether that is believed.
fn shown(envelope: &[u8], trust: Option<&TrustFile>) -> Result<ShownVerdict, Error> {
    let payload = attest::unverified_payload(envelope)?;
    let verdict = Verdict::parse_unverified(&payload)?;
    let unit = UnitId::new(&*verdict.environment, &*verdict.unit)?;
    let belief = match trust {
        None => Belief::Unverified,
        Some(trust) => match attest::verify(envelope, trust, Role::MergeSigner, &unit.scope()) {
            Ok(statement) => Belief::Verified(statement.signers().to_vec()),
            Err(rejection) => Belief::Rejected(rejection.into()),
        },
    };
    Ok(ShownVerdict {
        unit,
        digest: Digest::of(&payload),
        verdict,
        belief,
        standing: None,
        withdrawals: Vec::new(),
        renewed_until: None,
    })
}

fn payload(file: &StoredFile) -> Option<Vec<u8>> {
    attest::unverified_payload(file.content.as_ref().ok()?).ok()
}

impl RejectedPlace {
    fn of(file: &RejectedFile) -> Self {
        Self {
            place: file.place.clone(),
            why: file.refusal.to_string(),
        }
    }
}
