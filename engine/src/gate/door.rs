//! What `admit` and `promote` ask: may a commit of a unit be deployed, by the newest accepted state of `gate`?
//! Decides nothing itself; it brings together what the decision takes.

use std::cell::OnceCell;

use jiff::Timestamp;

use super::Error;
use super::chain::{Objects, accepted_environment, config_at, enforcement_of, gate_id};
use super::deployed::{Deployed, deployed_at};
use crate::attest::{TrustFile, UnitId};
use crate::calendar::Place;
use crate::config::{Config, Environment, GATE};
use crate::git::Repository;
use crate::model::{Enforcement, GitId};
use crate::render::Online;
use crate::store::Store;
use crate::verify::{
    self, Admission, AdmitError, Chain, ChainLink, GateState, RejectedFile, Timetable, Witness,
};

/// The newest accepted state of the unit `gate`, by the keys of the caller.
pub(super) struct AcceptedGate<'a> {
    repository: &'a Repository,
    store: &'a dyn Store,
    trust: &'a TrustFile,
    chain: Chain,
    config: Config,
}

impl<'a> AcceptedGate<'a> {
    pub(super) fn read(
        repository: &'a Repository,
        store: &'a dyn Store,
        trust: &'a TrustFile,
        branch: &str,
    ) -> Result<Self, Error> {
        let chain = Chain::read(store, &gate_id(branch)?, trust)?;
        let Some(link) = chain.newest_standing() else {
            return Err(Error::GateRefused(verify::Refusal {
                reason: chain
                    .refused_for_its_key()
                    .unwrap_or(verify::Reason::Missing),
                expected: format!("an accepted state of the unit `{branch}/{GATE}`"),
                found: chain.nothing_but_rejected(),
            }));
        };
        check_gate_height(trust, link, &gate_id(branch)?)?;
        let config = config_at(repository, link.recompute(&Objects(repository))?)?;
        Ok(Self {
            repository,
            store,
            trust,
            chain,
            config,
        })
    }

    /// The environment of that name; a height that is pinned for a unit it does not have is a mistake.
    pub(super) fn environment(&self, name: &str, branch: &str) -> Result<&Environment, Error> {
        let environment = accepted_environment(&self.config, name, branch)?;
        // Which units stand in the tree, the commit says that is asked about.
        let known = |name: &&str| {
            environment.declared.is_some()
                || environment.units.iter().any(|unit| unit.name == *name)
        };
        let mut pinned = self.trust.pinned_units(name);
        if let Some(name) = pinned.find(|name| *name != GATE && !known(name)) {
            return Err(Error::unknown_unit(environment, name));
        }
        Ok(environment)
    }

    /// What it says.
    pub(super) fn config(&self) -> &Config {
        &self.config
    }

    /// A unit's chain, in which a state of `gate` that was withdrawn judged nothing.
    pub(super) fn judged(&self, chain: Chain) -> Chain {
        chain.judged_by(&self.chain)
    }

    /// The way in of one unit.
    pub(super) fn door(
        &'a self,
        environment: &'a Environment,
        unit: &str,
    ) -> Result<Door<'a>, Error> {
        let id = UnitId::new(&*environment.name, unit)?;
        let chain = self.judged(Chain::read(self.store, &id, self.trust)?);
        let gate = GateState {
            enforcement: enforcement_of(self.repository, self.trust, &self.chain, &chain),
            max_tier: environment.max_tier,
            selector: Vec::new(),
            rendering: None,
            repository: self.config.verdict.repository.clone(),
            links: self.chain.digests(),
        };
        Ok(Door {
            accepted: self,
            environment,
            unit: id,
            chain,
            whole: OnceCell::new(),
            gate,
        })
    }
}

/// The links of a unit, and what the gate says about it.
pub(super) struct Door<'a> {
    accepted: &'a AcceptedGate<'a>,
    environment: &'a Environment,
    unit: UnitId,
    chain: Chain,
    /// With the links that are not at hand any more; read when it is first needed.
    whole: OnceCell<Option<Chain>>,
    gate: GateState,
}

impl Door<'_> {
    /// Whether this commit may be deployed where that one runs.
    pub(super) fn ask(
        &self,
        revision: GitId,
        deployed: Option<GitId>,
        (now, witnesses): (Timestamp, &[Witness]),
    ) -> Result<Result<Admission, AdmitError>, Error> {
        let deployed_there = self.deployed(revision)?;
        let gate = GateState {
            selector: deployed_there.selector.patterns().to_vec(),
            rendering: deployed_there.told(),
            ..self.gate.clone()
        };
        let timetable = timetable_of(&self.accepted.config, self.environment)?;
        let by = |chain: &Chain| {
            verify::admit(&verify::AdmitRequest {
                chain,
                gate: &gate,
                timetable: &timetable,
                source: &Objects(self.accepted.repository),
                revision,
                deployed,
                minimum_height: self.accepted.trust.minimum_height(&self.unit),
                now,
                witnesses,
            })
        };
        let result = by(&self.chain);
        // What runs, or where one may go back to, may be a link that is not at hand any more.
        if matches!(result, Err(AdmitError::Refused { .. }))
            && let Some(whole) = self.whole()?
        {
            return Ok(by(whole));
        }
        Ok(result)
    }

    /// What the unit deploys of a commit.
    pub(super) fn deployed(&self, commit: GitId) -> Result<Deployed, Error> {
        let repository = self.accepted.repository;
        let (config, environment) = (&self.accepted.config, self.environment);
        let of = (config, environment);
        deployed_at(repository, commit, of, self.unit.unit(), Online::Judged)
    }

    pub(super) fn enforcement(&self) -> Enforcement {
        self.gate.enforcement
    }

    /// The unit, and the files of its store that do not count.
    pub(super) fn into_unit(self) -> (UnitId, Vec<RejectedFile>) {
        (self.unit, self.chain.rejected().to_vec())
    }

    fn whole(&self) -> Result<Option<&Chain>, Error> {
        if self.whole.get().is_none() {
            let accepted = self.accepted;
            let read = Chain::read_whole(accepted.store, &self.unit, accepted.trust)?;
            // It was empty just now.
            let _ = self.whole.set(read.map(|whole| accepted.judged(whole)));
        }
        Ok(self.whole.get().and_then(Option::as_ref))
    }
}

/// When what may not change in an environment.
pub(super) fn timetable_of<'c>(
    config: &'c Config,
    environment: &'c Environment,
) -> Result<Timetable<'c>, Error> {
    let calendars = config.calendars_of(environment);
    Ok(Timetable {
        calendars: calendars.map_err(|error| AdmitError::Error(error.into()))?,
        place: Place {
            environment: &environment.name,
            cluster: environment.cluster.as_deref(),
            region: environment.region.as_deref(),
        },
    })
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
