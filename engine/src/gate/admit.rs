//! `verify` and `admit`: one envelope, or a whole chain, against a repository.
//! Never asks a policy.

use jiff::Timestamp;

use super::Error;
use super::chain::{
    Objects, accepted_environment, branch_of, config_at, enforcement_of, environment_of, gate_id,
    reproduced,
};
use crate::attest::{TrustFile, UnitId};
use crate::config::{Environment, GATE};
use crate::git::{Repository, Selector};
use crate::model::Enforcement;
use crate::store::Store;
use crate::verify::{
    self, Admission, AdmitError, Chain, ChainLink, Expectation, ExpectedRepository, GateState,
    VerifiedVerdict,
};

/// One envelope, and what it must be about.
#[derive(Clone, Copy)]
pub struct VerifyRequest<'a> {
    /// The DSSE envelope.
    pub envelope: &'a [u8],
    /// Whose signature counts.
    pub trust: &'a TrustFile,
    /// The environment.
    pub environment: &'a str,
    /// The unit; the environment's name where there is none.
    pub unit: Option<&'a str>,
    /// The commit.
    pub revision: &'a str,
    /// The time.
    pub now: Timestamp,
}

/// Checks one envelope against the files of a commit.
///
/// # Errors
/// Every reason why it does not hold, or why that cannot be said.
pub fn verify(
    repository: &Repository,
    request: &VerifyRequest<'_>,
) -> Result<VerifiedVerdict, Error> {
    let revision = repository.resolve(request.revision)?;
    let config = config_at(repository, revision)?;
    let environment = environment_of(&config, request.environment)?;
    let unit = match request.unit {
        Some(GATE) => gate_id(&environment.branch)?,
        Some(unit) => UnitId::new(request.environment, unit)?,
        None => only_unit(environment)?,
    };
    let verified = verify::verify(
        request.envelope,
        &Expectation {
            trust: request.trust,
            unit: &unit,
            repository: ExpectedRepository::Exactly(config.verdict.repository.as_deref()),
            revision,
            enforcement: Enforcement::Enforce,
            now: request.now,
        },
        &Objects(repository),
    );
    Ok(verified?)
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
    let gate_chain = Chain::read(request.store, &gate_id(&branch)?, request.trust)?;
    let Some(link) = gate_chain.newest_standing() else {
        return Err(Error::GateRefused(verify::Refusal {
            reason: verify::Reason::Missing,
            expected: format!("an accepted state of the unit `{branch}/{GATE}`"),
            found: "none that a trusted key signed".to_owned(),
        }));
    };
    check_gate_height(request.trust, link, &gate_id(&branch)?)?;
    let config = config_at(repository, reproduced(repository, link)?)?;
    let environment = accepted_environment(&config, request.environment, &branch)?;
    let known = |name: &&str| environment.units.iter().any(|unit| unit.name == *name);
    let mut pinned = request.trust.pinned_units(request.environment);
    if let Some(name) = pinned.find(|name| *name != GATE && !known(name)) {
        return Err(unknown_unit(environment, name));
    }
    let units = units(environment, request.unit)?;
    units
        .into_iter()
        .map(|(name, selector)| {
            let unit = UnitId::new(request.environment, name)?;
            let chain = Chain::read(request.store, &unit, request.trust)?;
            let gate = GateState {
                enforcement: enforcement_of(repository, &gate_chain, &chain, request.environment),
                max_tier: environment.max_tier,
                selector: selector.patterns().to_vec(),
                repository: config.verdict.repository.clone(),
                links: gate_chain.digests(),
            };
            let ask = |chain: &Chain| {
                verify::admit(&verify::AdmitRequest {
                    chain,
                    gate: &gate,
                    source: &Objects(repository),
                    revision,
                    deployed,
                    minimum_height: request.trust.minimum_height(&unit),
                    now: request.now,
                })
            };
            let mut result = ask(&chain);
            // What runs, or where one may go back to, may be a link that is not at hand any more.
            if matches!(result, Err(AdmitError::Refused { .. }))
                && let Some(whole) = Chain::read_whole(request.store, &unit, request.trust)?
            {
                result = ask(&whole);
            }
            Ok(Answer { unit, result })
        })
        .collect()
}

/// A store from which the newest links of `gate` were taken tells of an older judge, and nothing in it
/// says so: only what is pinned beside the keys does.
fn check_gate_height(trust: &TrustFile, newest: &ChainLink, gate: &UnitId) -> Result<(), Error> {
    let (pinned, found) = (trust.minimum_height(gate), newest.verdict().height);
    if found >= pinned {
        return Ok(());
    }
    Err(Error::GateRefused(verify::Refusal {
        reason: verify::Reason::StoreGap,
        expected: format!("link {pinned} of `{}` or a newer one", gate.scope()),
        found: format!("link {found} as the newest"),
    }))
}

fn units<'e>(
    environment: &'e Environment,
    wanted: Option<&str>,
) -> Result<Vec<(&'e str, &'e Selector)>, Error> {
    let all = environment.units.iter();
    let units: Vec<(&str, &Selector)> = all
        .filter(|unit| wanted.is_none_or(|wanted| unit.name == wanted))
        .map(|unit| (unit.name.as_str(), &unit.selector))
        .collect();
    if units.is_empty() {
        return Err(unknown_unit(environment, wanted.unwrap_or_default()));
    }
    Ok(units)
}

fn only_unit(environment: &Environment) -> Result<UnitId, Error> {
    match environment.units.as_slice() {
        [unit] => Ok(UnitId::new(&*environment.name, &*unit.name)?),
        _ => Err(unknown_unit(environment, "")),
    }
}

fn unknown_unit(environment: &Environment, name: &str) -> Error {
    let known: Vec<&str> = environment
        .units
        .iter()
        .map(|unit| unit.name.as_str())
        .collect();
    Error::UnknownName {
        kind: "unit",
        name: name.to_owned(),
        known: known.join(", "),
    }
}
