//! Asks the policies about the changes of one unit, in the order of the phases: facts, reasons for
//! the tier, then everything else. Knows nothing of Git.

mod findings;
mod gathered;
mod inherited;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::Error;
use super::evidence::Evidence;
use super::judge::{Judge, Wanted};
use super::promotions::Promotions;
use super::reported::Reported;
use super::unit::settle;
use super::watch::{Step, Watch};
use crate::attest::TrustFile;
use crate::calendar::Class;
use crate::change::{Change, Source, unchanged};
use crate::facts::freeze::Season;
use crate::facts::inventory::Neighbours;
use crate::facts::migrations;
use crate::facts::range::Range;
use crate::facts::rollback;
use crate::facts::source::SourceInfo;
use crate::facts::{Fact, Facts};
use crate::input::{Documents, Environment, Material, Mode, Reason, Risk};
use crate::model::{Effect, Finding, GroupKind, ObjectRef, Piece, RiskTier, limits};
use crate::policy::Scope;

/// Everything about a unit but its changes.
#[derive(Clone, Copy)]
pub(super) struct Bench<'a> {
    pub(super) judge: &'a Judge,
    pub(super) mode: Mode,
    pub(super) now: Timestamp,
    pub(super) environment: &'a Environment,
    /// Where the environment stands in the configuration, `/environments/0`.
    pub(super) environment_pointer: &'a str,
    /// Name and kind.
    pub(super) unit: (&'a str, &'a str),
    pub(super) range: &'a Range,
    pub(super) source: &'a SourceInfo,
    /// What the calendar is asked with.
    pub(super) season: &'a Season<'a>,
    /// The last trust file that a root signed, where a store says so.
    pub(super) rooted: Option<&'a TrustFile>,
    /// What is recorded beside images at head.
    pub(super) evidence: &'a dyn Evidence,
    /// What signed evidence says of backups.
    pub(super) reported: &'a dyn Reported,
    /// What other environments have run.
    pub(super) promotions: &'a dyn Promotions,
    pub(super) watch: &'a dyn Watch,
}

/// What changes, and what stands around it.
pub(super) struct Matter<'a> {
    pub(super) changes: &'a [Change],
    /// Unchanged objects that must be judged too, since a neighbour changed or all were asked for.
    pub(super) reached: &'a [Source],
    pub(super) head: &'a Neighbours,
    pub(super) base: &'a Neighbours,
    /// The scripts among its files.
    pub(super) scripts: &'a migrations::Files,
    /// What is prepared for the way back.
    pub(super) prepared: &'a rollback::Prepared,
    /// Old findings count as new ones.
    pub(super) everything: bool,
}

/// The policies' answer.
pub(super) struct Judged {
    pub(super) risk: Risk,
    pub(super) findings: Vec<Finding>,
    pub(super) facts: Facts,
    pub(super) policies: BTreeSet<String>,
    /// What a calendar tells apart of the changes.
    pub(super) classes: BTreeSet<Class>,
}

impl Bench<'_> {
    /// The state of the unit that one would go back to; `None` where nobody asks.
    pub(super) fn target(&self) -> Option<rollback::Answer> {
        let stage = Some(self.environment.stage);
        let is_asked =
            self.judge.asks_for(rollback::NAME) && self.judge.ways_back.targets_in(stage);
        let unit = (self.environment.name.as_str(), self.unit.0);
        is_asked.then(|| self.promotions.target(unit))
    }

    pub(super) fn judge(&self, matter: &Matter<'_>) -> Result<Judged, Error> {
        self.every_change_concerns_someone(matter.changes)?;
        self.watch.begin(Step::Facts);
        let early = self.early_facts(matter)?;
        self.watch.begin(Step::Policies);
        let documents = self.documents_of(matter.changes, &early, matter.head);
        let risk = self.risk(&documents)?;
        let facts = self.all_facts(matter, &early, &risk)?;
        let documents = documents.with_risk(&risk, &facts);
        let mut findings = self.change_set_findings(&documents, risk.tier)?;
        findings.extend(self.object_findings(&documents, risk.tier, None)?);
        if !matter.reached.is_empty() {
            findings.extend(self.reached_findings(matter, &risk)?);
        }
        bounded(self.unit.0, findings.len())?;
        self.watch.begin(Step::Before);
        if !matter.everything {
            self.mark_inherited(&mut findings, matter, risk.tier)?;
        }
        self.place(&mut findings, matter);
        let policies = self.judge.modules().map(|wanted| wanted.folder.clone());
        Ok(Judged {
            policies: policies.collect(),
            classes: self.classes(matter, &risk),
            risk,
            findings,
            facts,
        })
    }

    /// The documents that the policies receive, by policy file and object.
    pub(super) fn documents(&self, matter: &Matter<'_>) -> Result<Vec<serde_json::Value>, Error> {
        let early = self.early_facts(matter)?;
        let documents = self.documents_of(matter.changes, &early, matter.head);
        let risk = self.risk(&documents)?;
        let facts = self.all_facts(matter, &early, &risk)?;
        let documents = documents.with_risk(&risk, &facts);
        let mut all = Vec::new();
        let receives = |wanted: &&Wanted| wanted.gives_reasons || wanted.judges(risk.tier);
        for wanted in self.judge.modules().filter(receives) {
            let settings = self.judge.settings(&wanted.folder);
            let inputs: Vec<Piece> = match wanted.scope {
                Scope::ChangeSet => vec![documents.of_change_set(&wanted.wants, &settings)],
                Scope::Object => wanted
                    .concerned(matter.changes)
                    .map(|index| documents.of_object(&wanted.wants, &settings, index))
                    .collect(),
            };
            all.extend(inputs.into_iter().map(|input| {
                serde_json::json!({
                    "environment": self.environment.name,
                    "unit": self.unit.0,
                    "policy": wanted.folder,
                    "file": wanted.module.path(),
                    "input": input.to_json(),
                })
            }));
        }
        Ok(all)
    }

    /// The documents about some changes; without a tier yet.
    fn documents_of<'m>(
        &'m self,
        changes: &'m [Change],
        facts: &'m Facts,
        neighbours: &'m Neighbours,
    ) -> Documents<'m> {
        Documents::new(Material {
            mode: self.mode,
            now: self.now,
            environment: self.environment,
            unit: self.unit,
            changes,
            facts,
            neighbours,
        })
    }

    fn every_change_concerns_someone(&self, changes: &[Change]) -> Result<(), Error> {
        let orphan = changes.iter().find(|change| {
            !self
                .judge
                .modules()
                .any(|wanted| wanted.wants.concerns(change))
        });
        match orphan {
            None => Ok(()),
            Some(change) => Err(Error::NoPolicyConcerned {
                object: change.object.to_string(),
            }),
        }
    }

    fn risk(&self, documents: &Documents<'_>) -> Result<Risk, Error> {
        let material = documents.material();
        let mut reasons: BTreeSet<Reason> = BTreeSet::new();
        for wanted in self.judge.modules().filter(|wanted| wanted.gives_reasons) {
            if let Some((fact, reason)) = wanted.wants.unknown(material.facts) {
                return Err(Error::RiskUnknown {
                    fact: fact.to_owned(),
                    reason: reason.to_owned(),
                });
            }
            let settings = self.judge.settings(&wanted.folder);
            let document = documents.of_change_set(&wanted.wants, &settings);
            let found = self.judge.reasons(wanted, &document)?;
            reasons.extend(found.into_iter().map(|raw| Reason {
                tier: raw.tier,
                code: raw.code,
                change: raw.change,
                pointer: raw.pointer.unwrap_or_default(),
                text: raw.text,
            }));
        }
        let classified = reasons.iter().filter_map(|reason| reason.change);
        let classified: BTreeSet<usize> = classified.collect();
        let unclassified = (0..material.changes.len()).find(|index| !classified.contains(index));
        if let Some(change) = unclassified.and_then(|index| material.changes.get(index)) {
            return Err(Error::NoReason {
                object: change.object.to_string(),
            });
        }
        let tier = reasons.iter().map(|reason| reason.tier).max();
        let mut reasons: Vec<Reason> = reasons.into_iter().collect();
        reasons.sort_by(|a, b| b.tier.cmp(&a.tier).then_with(|| a.cmp(b)));
        Ok(Risk {
            tier: tier.unwrap_or(RiskTier::Low),
            reasons,
        })
    }

    fn change_set_findings(
        &self,
        documents: &Documents<'_>,
        tier: RiskTier,
    ) -> Result<Vec<Finding>, Error> {
        let material = documents.material();
        let changes = by_object(material.changes);
        let mut findings = Vec::new();
        let modules = self.judge.modules();
        let modules = modules.filter(|wanted| wanted.judges(tier));
        for wanted in modules.filter(|wanted| wanted.scope == Scope::ChangeSet) {
            if let Some(finding) = unknown_fact(wanted, material.facts) {
                findings.push(finding);
                continue;
            }
            let settings = self.judge.settings(&wanted.folder);
            let document = documents.of_change_set(&wanted.wants, &settings);
            let found = self.judge.findings(wanted, &document)?;
            findings.extend(self.named(wanted, found, &changes));
            bounded(self.unit.0, findings.len())?;
        }
        Ok(findings)
    }

    /// Asks the object policies about each change; with `neighbour_kinds`, only those that declare
    /// one of them as a neighbour.
    fn object_findings(
        &self,
        documents: &Documents<'_>,
        tier: RiskTier,
        neighbour_kinds: Option<&BTreeSet<GroupKind>>,
    ) -> Result<Vec<Finding>, Error> {
        let material = documents.material();
        let changes = by_object(material.changes);
        let mut findings = Vec::new();
        let modules = self.judge.modules();
        let modules = modules.filter(|wanted| wanted.judges(tier));
        for wanted in modules.filter(|wanted| wanted.scope == Scope::Object) {
            let reached = neighbour_kinds.is_none_or(|kinds| wanted.looks_at(kinds));
            if !reached || wanted.concerned(material.changes).next().is_none() {
                continue;
            }
            if let Some(finding) = unknown_fact(wanted, material.facts) {
                findings.push(finding);
                continue;
            }
            let settings = self.judge.settings(&wanted.folder);
            let concerned = wanted.concerned(material.changes);
            let inputs = concerned
                .map(|index| documents.of_object(&wanted.wants, &settings, index))
                .collect();
            for found in self.judge.all_findings(wanted, inputs)? {
                findings.extend(self.named(wanted, found, &changes));
                bounded(self.unit.0, findings.len())?;
            }
        }
        Ok(findings)
    }

    fn reached_findings(&self, matter: &Matter<'_>, risk: &Risk) -> Result<Vec<Finding>, Error> {
        let reached = matter.reached.iter();
        let changes: Vec<Change> = reached.map(|source| self.unchanged(source)).collect();
        let kinds = (!matter.everything).then(|| {
            matter
                .changes
                .iter()
                .map(|change| change.object.group_kind())
                .collect::<BTreeSet<_>>()
        });
        self.object_findings_of(&changes, matter.head, risk, kinds.as_ref())
    }

    fn object_findings_of(
        &self,
        changes: &[Change],
        neighbours: &Neighbours,
        risk: &Risk,
        kinds: Option<&BTreeSet<GroupKind>>,
    ) -> Result<Vec<Finding>, Error> {
        let facts = self.facts_of_unchanged(changes, neighbours)?;
        let documents = self
            .documents_of(changes, &facts, neighbours)
            .with_risk(risk, &facts);
        self.object_findings(&documents, risk.tier, kinds)
    }

    /// An object that does not change, of the components that its change would be of.
    fn unchanged(&self, source: &Source) -> Change {
        let mut change = unchanged(source);
        settle(&self.judge.config, &mut change);
        change
    }
}

/// What policies answer is kept, so all of it is bounded.
fn bounded(unit: &str, findings: usize) -> Result<(), Error> {
    if findings > limits::UNIT_FINDINGS.most {
        return Err(Error::UnitFindings {
            unit: unit.to_owned(),
        });
    }
    Ok(())
}

fn by_object(changes: &[Change]) -> BTreeMap<&ObjectRef, &Change> {
    let changes = changes.iter();
    changes.map(|change| (&change.object, change)).collect()
}

fn unknown_fact(wanted: &Wanted, facts: &BTreeMap<&'static str, Fact>) -> Option<Finding> {
    let (fact, reason) = wanted.wants.unknown(facts)?;
    let message = format!("`{}` needs the fact `{fact}`: {reason}", wanted.folder);
    Some(Finding::of_engine(
        "engine.fact-unknown",
        Effect::Deny,
        message,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::code_of;

    #[test]
    fn findings_of_a_unit_are_counted_together() {
        let most = limits::UNIT_FINDINGS.most;
        let codes = [most, most + 1, 10 * most].map(|count| {
            let error = bounded("web", count).err()?;
            assert!(error.to_string().contains("100,000") && error.to_string().contains("web"));
            Some(code_of(&error))
        });
        let refused = Some("limit.unit-findings".to_owned());
        assert_eq!(codes, [None, refused.clone(), refused]);
    }
}
