//! `verify` and `admit`: one envelope, or a whole chain, against a repository.
//! Never asks a policy.

use jiff::Timestamp;

use super::chain::{Objects, branch_of, config_at, environment_of, gate_id};
use super::door::AcceptedGate;
use super::{Error, application};
use crate::attest::{TrustFile, UnitId};
use crate::config::{Environment, GATE, Unit};
use crate::git::Repository;
use crate::model::Enforcement;
use crate::store::Store;
use crate::verify::{
    self, Admission, AdmitError, Chain, Expectation, ExpectedRepository, RejectedFile, Sync,
    VerifiedVerdict,
};

/// One envelope, and what it must be about.
#[derive(Clone, Copy)]
pub struct VerifyRequest<'a> {
    /// The DSSE envelope, or the Sigstore bundle around it.
    pub envelope: &'a [u8],
    /// Whose signature counts.
    pub trust: &'a TrustFile,
    /// The environment.
    pub environment: &'a str,
    /// The unit; the environment's name where there is none.
    pub unit: Option<&'a str>,
    /// The commit.
    pub revision: &'a str,
    /// Where renewals and withdrawals of it lie; without one only the envelope counts.
    pub store: Option<&'a dyn Store>,
    /// The time.
    pub now: Timestamp,
}

/// A verdict that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verification {
    /// The verdict.
    pub verified: VerifiedVerdict,
    /// The first instant at which the change may no longer begin its way: the verdict's own end, or that
    /// of its renewal.
    pub until: Timestamp,
}

/// Checks one envelope against the files of a commit.
///
/// # Errors
/// Every reason why it does not hold, or why that cannot be said.
pub fn verify(repository: &Repository, request: &VerifyRequest<'_>) -> Result<Verification, Error> {
    let revision = repository.resolve(request.revision)?;
    let config = config_at(repository, revision)?;
    let environment = environment_of(&config, request.environment)?;
    let unit = match request.unit {
        Some(GATE) => gate_id(&environment.branch)?,
        Some(unit) => UnitId::new(request.environment, unit)?,
        None => only_unit(environment)?,
    };
    let chain = match request.store {
        Some(store) => {
            store.refresh()?;
            Some(Chain::read_all(store, &unit, request.trust)?)
        }
        None => None,
    };
    let expectation = Expectation {
        trust: request.trust,
        unit: &unit,
        repository: ExpectedRepository::Exactly(config.verdict.repository.as_deref()),
        revision,
        enforcement: Enforcement::Enforce,
        chain: chain.as_ref(),
        now: request.now,
    };
    let verified = verify::verify(request.envelope, &expectation, &Objects(repository))?;
    Ok(Verification {
        until: expectation.until(&verified),
        verified,
    })
}

/// What is about to be deployed, and what runs.
#[derive(Clone, Copy)]
pub struct AdmitRequest<'a> {
    /// The environment.
    pub environment: &'a str,
    /// Only this unit.
    pub unit: Option<&'a str>,
    /// What is about to be deployed.
    pub revision: &'a str,
    /// What runs, where that is known.
    pub deployed: Option<&'a str>,
    /// The sync that asks, where an Application does: it must take what the unit holds, and no more.
    pub sync: Option<&'a Sync>,
    /// Whose signatures count.
    pub trust: &'a TrustFile,
    /// Where links lie.
    pub store: &'a dyn Store,
    /// The time.
    pub now: Timestamp,
}

/// The answer for one unit.
#[derive(Debug)]
pub struct Answer {
    /// The unit.
    pub unit: UnitId,
    /// Yes, and why; or no.
    pub result: Result<Admission, AdmitError>,
    /// What lies where its links do and does not count.
    pub rejected: Vec<RejectedFile>,
}

/// Asks for each unit whether the commit may be deployed.
///
/// # Errors
/// What keeps every unit from being asked about.
pub fn admit(repository: &Repository, request: &AdmitRequest<'_>) -> Result<Vec<Answer>, Error> {
    request.store.refresh()?;
    let revision = repository.resolve(request.revision)?;
    let deployed = request
        .deployed
        .map(|deployed| repository.resolve(deployed))
        .transpose()?;
    let branch = branch_of(repository, request.revision, request.environment)?;
    let accepted = AcceptedGate::read(repository, request.store, request.trust, &branch)?;
    let environment = accepted.environment(request.environment, &branch)?;
    let units = units(environment, request.unit)?;
    if request.sync.is_some() && units.len() > 1 {
        return Err(Error::unknown_unit(environment, ""));
    }
    units
        .into_iter()
        .map(|found| {
            let door = accepted.door(environment, found)?;
            let result = door.ask(revision, deployed, request.now)?;
            let uncovered = match request.sync {
                Some(sync) => application::uncovered(repository, sync, found)?,
                None => Vec::new(),
            };
            let result = refused_too(result, uncovered, door.enforcement());
            let (unit, rejected) = door.into_unit();
            Ok(Answer {
                unit,
                result,
                rejected,
            })
        })
        .collect()
}

/// Adds what no verdict covers to the answer about the verdicts.
fn refused_too(
    result: Result<Admission, AdmitError>,
    uncovered: Vec<verify::Refusal>,
    enforcement: Enforcement,
) -> Result<Admission, AdmitError> {
    if uncovered.is_empty() {
        return result;
    }
    let more = match result {
        Err(AdmitError::Refused { refusals, .. }) => refusals,
        Err(error @ AdmitError::Error(_)) => return Err(error),
        Ok(_) => Vec::new(),
    };
    Err(AdmitError::Refused {
        refusals: [uncovered, more].concat(),
        enforcement,
    })
}

/// The units of an environment, or the one that is wanted.
pub(super) fn units<'e>(
    environment: &'e Environment,
    wanted: Option<&str>,
) -> Result<Vec<&'e Unit>, Error> {
    let all = environment.units.iter();
    let units: Vec<&Unit> = all
        .filter(|unit| wanted.is_none_or(|wanted| unit.name == wanted))
        .collect();
    if units.is_empty() {
        return Err(Error::unknown_unit(environment, wanted.unwrap_or_default()));
    }
    Ok(units)
}

fn only_unit(environment: &Environment) -> Result<UnitId, Error> {
    match environment.units.as_slice() {
        [unit] => Ok(UnitId::new(&*environment.name, &*unit.name)?),
        _ => Err(Error::unit_needed(environment)),
    }
}
