//! `sign --renew`: asks facts and calendar anew about the newest link of each unit.
//! A renewal is a statement about a link, never a link; what is denied now keeps its old validity.

use jiff::Timestamp;

use super::statement::listed_classes;
use super::{
    SignRequest, Signed, SignedUnit, Signer, Signing, accepted, is_conflict, retried, sign_once,
};
use crate::attest::{Renewal, UnitId};
use crate::config::Environment;
use crate::gate::Error;
use crate::gate::chain::{Objects, whole_seconds};
use crate::gate::key::{check_key, seal};
use crate::gate::scene::Scene;
use crate::git::Repository;
use crate::model::{Digest, Enforcement, Exit};
use crate::verdict::{Outcome, UnitReport};
use crate::verify::ChainLink;

/// What became of the newest link of a unit.
#[derive(Debug)]
pub struct RenewedUnit {
    /// The unit.
    pub unit: UnitId,
    /// The link's height.
    pub height: u64,
    /// What became of it.
    pub result: Renewed,
}

/// What became of a link that was asked about again.
#[derive(Debug)]
pub enum Renewed {
    /// It passes: a renewal was published.
    Until(Box<Renewal>),
    /// It would be denied now: nothing was published, and its old end stands.
    Denied(Box<UnitReport>),
}

impl RenewedUnit {
    pub(super) fn exit(&self) -> Exit {
        match &self.result {
            Renewed::Denied(report) if report.enforcement == Enforcement::Enforce => Exit::Denied,
            _ => Exit::Pass,
        }
    }
}

/// Signs what is not signed yet, then renews the newest link of each unit of an environment that was
/// not signed just now. A baseline holds at any hour and needs no renewal.
///
/// # Errors
/// As for [`super::sign`].
pub fn renew(repository: &Repository, request: &SignRequest<'_>) -> Result<Signing, Error> {
    let mut signing = retried(|| sign_once(repository, request))?;
    let fresh: Vec<UnitId> = signing.units.iter().filter_map(fresh).collect();
    let renewed = retried(|| {
        accepted(repository, request, &|signer, environment| {
            signer.renew_each(environment, &fresh)
        })
    })?;
    signing.renewals = renewed.renewals;
    signing.errors.extend(renewed.errors);
    Ok(signing)
}

fn fresh(unit: &SignedUnit) -> Option<UnitId> {
    matches!(unit.result, Signed::Link(_)).then(|| unit.unit.clone())
}

impl Signer<'_> {
    fn renew_each(&self, environment: &Environment, fresh: &[UnitId]) -> Result<Signing, Error> {
        let (scenes, ids) = self.scenes(environment)?;
        let mut signing = Signing::default();
        for (mut scene, id) in scenes.into_iter().zip(ids) {
            if scene.is_gate() || fresh.contains(&id) {
                continue;
            }
            let settled = self.settle(&mut scene);
            match settled.and_then(|()| self.renew_unit(&scene, &id)) {
                Ok(renewed) => signing.renewals.extend(renewed),
                Err(error) if is_conflict(&error) => return Err(error),
                Err(error) => signing.errors.push(scene.error(error)),
            }
        }
        self.request.store.settle()?;
        Ok(signing)
    }

    fn renew_unit(&self, scene: &Scene, id: &UnitId) -> Result<Option<RenewedUnit>, Error> {
        let chain = self.chain(scene, id)?;
        let Some(newest) = chain.newest_standing() else {
            return Ok(None);
        };
        let Some(basis) = chain.basis(newest) else {
            return Ok(None);
        };
        // Under another selector it admits nothing any more.
        if newest.verdict().selector != scene.head.patterns() {
            return Ok(None);
        }
        check_key(self.trust, self.request.key, id, self.request.now)?;
        self.check_store(id, &chain)?;
        self.check_clock(&chain)?;
        self.check_height(id, &chain)?;
        let signer = Self {
            head: newest.recompute(&Objects(self.repository))?,
            newer: Some(self.head),
            ..*self
        };
        let (report, also_judged_by) = signer.judged_from(scene, basis, &chain)?;
        let result = if report.outcome == Outcome::Fail {
            Renewed::Denied(Box::new(report))
        } else {
            let renewal = Renewal {
                also_judged_by,
                ..self.renewal(id, newest, &report)
            };
            let payload = renewal.to_statement_bytes()?;
            let envelope = seal(&payload, self.trust, self.request.key, id, self.request.now)?;
            let store = self.request.store;
            store.publish_renewal(renewal.link, renewal.valid_from, &envelope)?;
            Renewed::Until(Box::new(renewal))
        };
        Ok(Some(RenewedUnit {
            unit: id.clone(),
            height: newest.verdict().height,
            result,
        }))
    }

    fn renewal(&self, id: &UnitId, link: &ChainLink, report: &UnitReport) -> Renewal {
        let now = whole_seconds(self.request.now);
        let valid_for = self.judge.config.verdict.valid_for;
        let latest = now.checked_add(valid_for).unwrap_or(Timestamp::MAX);
        let until = report
            .until
            .map_or(latest, |until| whole_seconds(until).min(latest));
        Renewal {
            engine_version: env!("CARGO_PKG_VERSION").to_owned(),
            environment: id.environment().to_owned(),
            unit: id.unit().to_owned(),
            link: link.verified().digest(),
            height: link.verdict().height,
            valid_from: now,
            valid_until: until,
            risk_tier: report.tier,
            classes: listed_classes(&report.workings.classes),
            gate_state: self.accepted.map(|accepted| accepted.link),
            also_judged_by: None,
            policy_digest: self.judge.note.policy_digest,
            config_digest: self.judge.note.config_digest,
            facts_digest: Digest::of(report.workings.facts.to_json().to_string().as_bytes()),
        }
    }
}
