//! What is to be signed, judged: from a link to the head, by every judge that has a say.
//! Signs nothing.

use std::rc::Rc;

use super::Signer;
use crate::facts::range::Range as Reach;
use crate::facts::source::{Point, SourceInfo};
use crate::gate::Error;
use crate::gate::chain::{Objects, check_on_branch, config_at, state_at};
use crate::gate::evaluate::Bench;
use crate::gate::judge::Judge;
use crate::gate::promotions::Chains;
use crate::gate::reported::Reports;
use crate::gate::scene::{self, Scene, Touched, Trees};
use crate::gate::season::season;
use crate::gate::view::View;
use crate::gate::watch::Unwatched;
use crate::git::{Selector, Snapshot};
use crate::input::Mode;
use crate::model::{Digest, Enforcement, GitId};
use crate::verdict::{self, Outcome, UnitReport};
use crate::verify::{Chain, ChainLink};

impl Signer<'_> {
    /// Judges from the head of a link to `self.head`, by every judge that has a say, and says which older
    /// state of the gate had one.
    pub(super) fn judged_from(
        &self,
        scene: &Scene,
        basis: &ChainLink,
        chain: &Chain,
    ) -> Result<(UnitReport, Option<Digest>), Error> {
        let base_commit = basis.recompute(&Objects(self.repository))?;
        let base_selector = Selector::parse(&basis.verdict().selector)?;
        check_on_branch(self.repository, base_commit, self.head)?;
        let view = self.view(Some(base_commit))?;
        let from = From {
            commit: base_commit,
            selector: &base_selector,
            rollback: chain.goes_back(
                basis.verdict().height.saturating_add(1),
                &basis.verdict().head,
                &state_at(self.repository, self.head, &scene.head)?,
            ),
        };
        let judged_by = |judge| self.judged(judge, scene, &view, from);
        let mut report = judged_by(self.judge)?;
        let mut also_judged_by = None;
        if !scene.is_gate()
            && let Some(accepted) = self.accepted
            && let Some((older, before)) =
                accepted.judge_before(self.repository, basis, &scene.head)?
        {
            report = both(report, judged_by(&before)?);
            also_judged_by = Some(older);
        }
        Ok((report, also_judged_by))
    }

    pub(super) fn view(&self, base: Option<GitId>) -> Result<View<'_>, Error> {
        let base = match base {
            Some(commit) => self.repository.snapshot(commit)?,
            None => Snapshot::empty(),
        };
        let head = self.repository.snapshot(self.head)?;
        View::new(self.repository, base, head, self.reading)
    }

    fn judged(
        &self,
        judge: &Judge,
        scene: &Scene,
        view: &View<'_>,
        from: From<'_>,
    ) -> Result<UnitReport, Error> {
        // What runs was made as the configuration beside it said.
        let before = config_at(self.repository, from.commit).ok();
        let (scene, own) = scene.judged_by(judge, from.selector, before.as_ref(), view)?;
        let report = self.judged_as(judge, &scene, view, from)?;
        match own {
            Some(own) => Ok(both(report, self.judged_as(judge, &own, view, from)?)),
            None => Ok(report),
        }
    }

    fn judged_as(
        &self,
        judge: &Judge,
        scene: &Scene,
        view: &View<'_>,
        From {
            commit, rollback, ..
        }: From<'_>,
    ) -> Result<UnitReport, Error> {
        judge.begin();
        let reach = self.reach(judge, view, commit)?;
        let source = SourceInfo {
            repository: judge.config.verdict.repository.clone(),
            base: Some(self.point(commit)?),
            head: Some(self.point(self.head)?),
            commits: Vec::new(),
        };
        let season = season(judge, scene, self.request.now, rollback);
        let chains = Chains {
            repository: self.repository,
            store: Some(self.request.store),
            reading: self.reading,
            judge,
            accepted: self.accepted.map(|accepted| (self.branch, accepted)),
            now: self.request.now,
        };
        let trust = self.trust_for(&self.unit_id(scene)?).clone();
        let mut reports = Reports::new(view, self.request.evidence, Ok(&trust), self.request.now);
        if let Some(newer) = self.newer {
            reports = reports.and_of(self.repository.snapshot(newer)?);
        }
        let bench = Bench {
            judge,
            mode: Mode::Merge,
            now: self.request.now,
            environment: &scene.input,
            environment_pointer: &scene.pointer,
            unit: (&scene.name, scene.kind),
            range: &reach,
            source: &source,
            season: &season,
            rooted: self.accepted.and_then(|accepted| accepted.chain.rooted()),
            evidence: view,
            reported: &reports,
            promotions: &chains,
            watch: &Unwatched,
        };
        let unit = scene.unit();
        let found = unit.changes(view, &judge.config)?.unwrap_or_default();
        let report = unit.judge(&bench, view, found, false)?;
        if let Some(error) = scene.not_rendered(view)? {
            return Err(error);
        }
        Ok(report)
    }

    /// All that is touched from a commit to the head.
    fn reach(&self, judge: &Judge, view: &View<'_>, commit: GitId) -> Result<Rc<Reach>, Error> {
        let range = (commit, self.head, judge.note.config_digest);
        if let Some(reach) = self.reaches.borrow().get(&range) {
            return Ok(Rc::clone(reach));
        }
        let (base, head) = (view.files(&view.base), view.files(&view.head));
        let trees = Trees {
            base: Some(&base),
            head: &head,
            before: None,
        };
        let everywhere = scene::of_config(&judge.config, trees)?.into_iter();
        let mut everywhere: Vec<_> = everywhere.map(|scene| scene.settled(view)).collect();
        let reach = Rc::new(Touched::of(&mut everywhere, view, &judge.config).reach);
        self.reaches.borrow_mut().insert(range, Rc::clone(&reach));
        Ok(reach)
    }

    fn point(&self, commit: GitId) -> Result<Point, Error> {
        Ok(Point {
            commit,
            tree: self.repository.tree_of(commit)?,
        })
    }
}

/// Where what is judged begins.
#[derive(Clone, Copy)]
struct From<'a> {
    commit: GitId,
    selector: &'a Selector,
    /// Whether it leads back to what was accepted before.
    rollback: bool,
}

/// Both judgements must agree: the findings of either, the higher tier, the earlier end.
fn both(mut report: UnitReport, other: UnitReport) -> UnitReport {
    if other.outcome == Outcome::Fail {
        report.outcome = Outcome::Fail;
    }
    // Only what both let pass makes the relaxed enforcement the one that holds.
    if report.outcome == Outcome::Fail && other.enforcement == Enforcement::Enforce {
        report.enforcement = Enforcement::Enforce;
    }
    report.tier = report.tier.max(other.tier);
    report.reasons.extend(other.reasons);
    report
        .reasons
        .sort_by(|a, b| b.tier.cmp(&a.tier).then_with(|| a.cmp(b)));
    report.reasons.dedup();
    report.findings.extend(other.findings);
    verdict::sort(&mut report.findings);
    report.workings.classes.extend(other.workings.classes);
    report.workings.evidence.extend(other.workings.evidence);
    report.until = [report.until, other.until].into_iter().flatten().min();
    report
}
