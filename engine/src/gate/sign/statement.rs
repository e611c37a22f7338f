//! From a report to the statement that is signed and published.
//! Decides nothing: what it says was decided before.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{Published, Signed, Signer};
use crate::attest::{self, Counts, FindingSummary, GatedState, UnitId, Verdict};
use crate::calendar::{self, Class, tzdb_version};
use crate::gate::Error;
use crate::gate::chain::whole_seconds;
use crate::gate::key::seal;
use crate::gate::scene::Scene;
use crate::model::{Digest, Effect, Finding, RiskTier, limits};
use crate::verdict::{Outcome, UnitReport};
use crate::verify::{ChainLink, NextLink};

/// Where a link stands.
pub(super) struct Place<'a> {
    pub(super) next: NextLink<'a>,
    /// The link whose head it begins at.
    pub(super) base: Option<&'a ChainLink>,
    /// The link that one may go back to.
    pub(super) rollback: Option<&'a ChainLink>,
    /// What rendered the unit, and which version of it.
    pub(super) renderers: BTreeMap<String, String>,
}

impl Signer<'_> {
    pub(super) fn verdict(
        &self,
        scene: &Scene,
        Place {
            next,
            base,
            rollback,
            renderers,
        }: Place<'_>,
        head: GatedState,
        report: Option<&UnitReport>,
    ) -> Result<Verdict, Error> {
        let id = self.unit_id(scene)?;
        let now = whole_seconds(self.request.now);
        let valid_for: SignedDuration = self.judge.config.verdict.valid_for;
        let latest = now.checked_add(valid_for).unwrap_or(Timestamp::MAX);
        let until = report.and_then(|report| report.until);
        let findings = report
            .map(|report| report.findings.as_slice())
            .unwrap_or_default();
        Ok(Verdict {
            engine_version: env!("CARGO_PKG_VERSION").to_owned(),
            repository: self.judge.config.verdict.repository.clone(),
            environment: id.environment().to_owned(),
            unit: id.unit().to_owned(),
            enforcement: report.map_or(scene.enforcement, |report| report.enforcement),
            selector: scene.head.patterns().to_vec(),
            base: base.map(|link| link.verdict().head.clone()),
            head,
            previous: next.previous,
            height: next.height,
            baseline: report.is_none(),
            withdrawals: next.withdrawals,
            outcome: match report.map(|report| report.outcome) {
                Some(Outcome::Fail) => attest::Outcome::Fail,
                _ => attest::Outcome::Pass,
            },
            valid_from: now,
            valid_until: until.map_or(latest, |until| whole_seconds(until).min(latest)),
            risk_tier: report.map_or(RiskTier::Low, |report| report.tier),
            change_digest: report.map(|report| report.change_digest),
            classes: report.and_then(|report| listed_classes(&report.workings.classes)),
            gate_state: self.accepted.map(|accepted| accepted.link),
            also_judged_by: None,
            policy_digest: self.judge.note.policy_digest,
            config_digest: self.judge.note.config_digest,
            calendar_digest: calendar::digest(&self.judge.calendars(scene)),
            facts_digest: report
                .map(|report| Digest::of(report.workings.facts.to_json().to_string().as_bytes())),
            renderers,
            rendering_digest: scene.told(),
            tzdb: tzdb_version().to_owned(),
            approvals: Vec::new(),
            input_attestations: report
                .map(|report| report.workings.evidence.iter().copied().collect())
                .unwrap_or_default(),
            rollback_to: rollback.map(|link| link.verified().digest()),
            counts: counts(report, findings),
            findings: listed(findings),
        })
    }

    pub(super) fn publish(
        &self,
        id: &UnitId,
        verdict: Verdict,
        report: Option<UnitReport>,
    ) -> Result<Signed, Error> {
        let payload = verdict.to_statement_bytes()?;
        let trust = self.trust_for(id);
        let envelope = seal(&payload, trust, self.request.key, id, self.request.now)?;
        if envelope.len() > limits::ENVELOPE.most {
            let (found, limit) = (envelope.len(), limits::ENVELOPE.most);
            return Err(attest::Rejection::TooLong { found, limit }.into());
        }
        let store = self.request.store;
        let passed = verdict.outcome == attest::Outcome::Pass;
        if passed {
            store.publish_link(id, verdict.height, &envelope)?;
        } else {
            let tree = verdict.head.gated_tree;
            store.publish_report(id, tree, Digest::of(&payload), &envelope)?;
        }
        let published = Box::new(Published {
            verdict,
            envelope,
            report,
        });
        Ok(if passed {
            Signed::Link(published)
        } else {
            Signed::Failed(published)
        })
    }
}

/// Those that deny first; what is not listed is counted still.
fn listed(findings: &[Finding]) -> Vec<FindingSummary> {
    let (denied, others): (Vec<_>, Vec<_>) = findings.iter().partition(|finding| finding.blocks());
    let all = denied.into_iter().chain(others);
    all.take(limits::LISTED_FINDINGS.most)
        .map(FindingSummary::from)
        .collect()
}

fn counts(report: Option<&UnitReport>, findings: &[Finding]) -> Counts {
    let count = |wanted: &dyn Fn(&&Finding) -> bool| {
        u64::try_from(findings.iter().filter(wanted).count()).unwrap_or(u64::MAX)
    };
    Counts {
        changes: report.map_or(0, |report| {
            u64::try_from(report.changes.len()).unwrap_or(u64::MAX)
        }),
        denied: count(&|finding| finding.blocks()),
        warned: count(&|finding| finding.effect == Effect::Warn && !finding.inherited),
        inherited: count(&|finding| finding.inherited),
        excepted: count(&|finding| finding.excepted_by.is_some()),
    }
}

/// None where there are too many: then the calendar is asked with the worst in mind.
pub(super) fn listed_classes(classes: &BTreeSet<Class>) -> Option<BTreeSet<Class>> {
    (classes.len() <= limits::LISTED_CLASSES.most).then(|| classes.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_listed_to_a_bound_and_none_are_where_there_are_more() {
        let classes = |count: usize| -> BTreeSet<Class> {
            let of = |kind: usize| Class {
                kind: Some(format!("K{kind}")),
                ..Class::unknown(RiskTier::Low, &[])
            };
            (0..count).map(of).collect()
        };
        let most = limits::LISTED_CLASSES.most;
        assert_eq!(listed_classes(&classes(most)), Some(classes(most)));
        for more in [most + 1, 10 * most] {
            assert_eq!(listed_classes(&classes(more)), None);
        }
    }

    #[test]
    fn what_denies_is_listed_before_what_is_too_much() {
        let of = |code: &str, effect| Finding::of_engine(code, effect, String::new());
        let mut findings =
            vec![of("engine.key-converted", Effect::Warn); limits::LISTED_FINDINGS.most];
        findings.push(of("engine.duplicate-object", Effect::Deny));
        let listed = listed(&findings);
        assert_eq!(listed.len(), limits::LISTED_FINDINGS.most);
        assert_eq!(
            listed.first().map(|finding| finding.code.as_str()),
            Some("engine.duplicate-object")
        );
    }
}
