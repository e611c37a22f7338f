//! `verify` and `admit`: one envelope, or a whole chain, against a repository.
//! Never asks a policy.

use jiff::Timestamp;

use super::chain::{Objects, branch_of, config_at, environment_of, gate_id};
use super::deployed::{Deployed, deployed_at, names_at};
use super::door::{AcceptedGate, timetable_of};
use super::{Checkout, Error, application, checkout};
use crate::attest::{TrustFile, UnitId};
use crate::config::{Config, Environment, GATE};
use crate::git::Repository;
use crate::model::{Digest, Enforcement, GitId};
use crate::render::Online;
use crate::store::Store;
use crate::verify::{
    self, Admission, AdmitError, Chain, Expectation, ExpectedRepository, Reason, Refusal,
    RejectedFile, Sync, VerifiedVerdict, Witness,
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
        None => only_unit(repository, revision, (&config, environment))?,
    };
    let chain = match request.store {
        Some(store) => {
            store.refresh()?;
            Some(Chain::read_all(store, &unit, request.trust)?)
        }
        None => None,
    };
    let accepted = match request.store.filter(|_| !unit.is_gate()) {
        Some(store) => {
            let branch = &environment.branch;
            let accepted = AcceptedGate::read(repository, store, request.trust, branch)?;
            Some(accepted)
        }
        None => None,
    };
    let chain = match &accepted {
        Some(accepted) => chain.map(|chain| accepted.judged(chain)),
        None => chain,
    };
    // What is verified does not say when it may go, where anybody else can.
    let timetable = match &accepted {
        Some(accepted) => {
            let of = accepted.environment(request.environment, &environment.branch)?;
            timetable_of(accepted.config(), of)?
        }
        None => timetable_of(&config, environment)?,
    };
    let expectation = Expectation {
        trust: request.trust,
        unit: &unit,
        repository: ExpectedRepository::Exactly(config.verdict.repository.as_deref()),
        revision,
        enforcement: Enforcement::Enforce,
        chain: chain.as_ref(),
        timetable: (!unit.is_gate()).then_some(&timetable),
        now: request.now,
    };
    let verified = verify::verify(request.envelope, &expectation, &Objects(repository))?;
    if !unit.is_gate() {
        rendered_as_signed(
            repository,
            revision,
            (&config, environment),
            (&unit, &verified),
        )?;
    }
    Ok(Verification {
        until: expectation.until(&verified),
        verified,
    })
}

/// Whether the deployer of a unit is told at `revision` what it was told when the verdict was signed.
fn rendered_as_signed(
    repository: &Repository,
    revision: GitId,
    of @ (_, environment): (&Config, &Environment),
    (unit, verified): (&UnitId, &VerifiedVerdict),
) -> Result<(), Error> {
    let unit = unit.unit();
    let deployed = deployed_at(repository, revision, of, unit, Online::Judged)?;
    let Some(refusal) = verified.check_rendering(deployed.told()) else {
        return Ok(());
    };
    let verdict = verified.verdict();
    let signed = verdict.head.commit;
    let told = told_since(repository, signed, (environment, unit), &deployed);
    let of_signed = told.filter(|(digest, _)| *digest == verdict.rendering_digest);
    let refusal = match of_signed {
        Some((_, changes)) => refusal.because(&changes),
        None => refusal,
    };
    Err(Error::Refused(AdmitError::Refused {
        refusals: vec![refusal],
        enforcement: Enforcement::Enforce,
    }))
}

/// What the deployer of a unit was told at the commit that was signed, and what is another thing in
/// `deployed`; `None` where that commit does not say any more.
fn told_since(
    repository: &Repository,
    signed: GitId,
    (environment, unit): (&Environment, &str),
    deployed: &Deployed,
) -> Option<(Option<Digest>, Vec<String>)> {
    let config = config_at(repository, signed).ok()?;
    let environment = config.environment(&environment.name)?;
    let of = (&config, environment);
    let before = deployed_at(repository, signed, of, unit, Online::Judged).ok()?;
    Some((before.told(), deployed.told_since(&before)))
}

/// Where units have links and `gate` has none, it had some: nobody who waits or signs brings them back.
fn taken_away(error: Error, request: &AdmitRequest<'_>) -> Error {
    let Error::GateRefused(refusal) = error else {
        return error;
    };
    let has_links = |unit: &&UnitId| {
        let links = request.store.links(unit);
        unit.environment() == request.environment && links.is_ok_and(|links| !links.is_empty())
    };
    // What cannot be read now was read just before.
    let units = request.store.units().unwrap_or_default();
    match units.iter().find(has_links) {
        Some(unit) if refusal.reason == Reason::Missing => Error::GateRefused(Refusal {
            reason: Reason::StoreGap,
            found: format!(
                "{}, though `{unit}` has links that one judged",
                refusal.found
            ),
            ..refusal
        }),
        _ => Error::GateRefused(refusal),
    }
}

/// What is about to be deployed, and what runs.
#[derive(Clone, Copy)]
pub struct AdmitRequest<'a> {
    /// The environment.
    pub environment: &'a str,
    /// Only this unit.
    pub unit: Option<&'a str>,
    /// The protected branch, whose gate judges; where it is left out, the commit that is asked about says.
    pub branch: Option<&'a str>,
    /// What is about to be deployed.
    pub revision: &'a str,
    /// What runs, where that is known.
    pub deployed: Option<&'a str>,
    /// The sync that asks, where an Application does: it must take what the unit holds, and no more.
    pub sync: Option<&'a Sync>,
    /// The folder in which something is about to render it, where somebody does: it must hold what the commit holds.
    pub checkout: Option<&'a Checkout<'a>>,
    /// Whose signatures count.
    pub trust: &'a TrustFile,
    /// Where links lie.
    pub store: &'a dyn Store,
    /// The time.
    pub now: Timestamp,
    /// What others say about it.
    pub witnesses: &'a [Witness],
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
    let branch = match request.branch {
        Some(branch) => branch.to_owned(),
        None => branch_of(repository, request.revision, request.environment)?,
    };
    let accepted = AcceptedGate::read(repository, request.store, request.trust, &branch)
        .map_err(|error| taken_away(error, request))?;
    let environment = accepted.environment(request.environment, &branch)?;
    let of = (accepted.config(), environment);
    let units = names_at(repository, revision, of, request.unit, Online::Judged)?;
    if request.sync.is_some() && units.len() > 1 {
        return Err(Error::unit_needed(environment, &units));
    }
    units
        .into_iter()
        .map(|(unit, kind)| {
            let door = accepted.door(environment, &unit)?;
            let clock = (request.now, request.witnesses);
            let result = door.ask(revision, deployed, clock)?;
            let mut uncovered = match request.sync {
                Some(sync) => {
                    let deployed = door.deployed(sync.revision)?;
                    application::uncovered(repository, sync, kind, &deployed)?
                }
                None => Vec::new(),
            };
            if let Some(checkout) = request.checkout {
                let selector = door.deployed(revision)?.selector;
                let altered = checkout::altered(repository, revision, checkout, &selector)?;
                uncovered.extend(altered);
            }
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
    uncovered: Vec<Refusal>,
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

fn only_unit(
    repository: &Repository,
    revision: GitId,
    (config, environment): (&Config, &Environment),
) -> Result<UnitId, Error> {
    let of = (config, environment);
    let units = names_at(repository, revision, of, None, Online::Judged)?;
    match units.as_slice() {
        [(unit, _)] => Ok(UnitId::new(&*environment.name, &**unit)?),
        _ => Err(Error::unit_needed(environment, &units)),
    }
}
