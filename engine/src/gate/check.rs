//! `check`, `diff` and `facts`: a range, its judge, every unit that it touches.
//! Signs nothing.

mod backups;
mod dated;
mod images;
mod lifted;
mod long;
mod over;
mod passed_over;
mod recorded;
mod strays;
mod unsaid;
mod withheld;

use std::sync::Arc;

pub use self::backups::{Backups, backups};
pub use self::images::{Images, Signatures, UnitImages, images};

use jiff::Timestamp;
use miette::Diagnostic;
use serde_json::Value;

use super::chain::as_stored;
use super::evaluate::Bench;
use super::judge::{self, Judge};
use super::probe::judges_gate;
use super::promotions::Chains;
use super::reading::Reading;
use super::reported::Reports;
use super::scene::{self, Scene, Settled, Touched, Trees};
use super::season::season;
use super::view::View;
use super::watch::{Kept, Runtime, Step, Watch};
use super::{Error, Request, What, source, summary};
use crate::config::Config;
use crate::facts::freeze::Season;
use crate::facts::index::Cache;
use crate::facts::range::Range as Reach;
use crate::facts::source::SourceInfo;
use crate::git::{CommitInfo, FileChange, Range, RangeKind, Repository, Snapshot};
use crate::input::Mode;
use crate::model::{Effect, Exit, Finding, RepoPath};
use crate::policy::Answers;
use crate::report::diff::UnitDiff;
use crate::store::Store;
use crate::verdict::{Outcome, RunOutcome, RunReport, UnitError, UnitReport};

/// What a range changes.
#[derive(Clone, Debug)]
pub struct Diff {
    /// The range as it was asked for.
    pub range: String,
    /// By unit.
    pub units: Vec<UnitDiff>,
    /// The units of which a changed file cannot be read.
    pub errors: Vec<UnitError>,
}

/// Judges a range. What cannot be judged stands in the report; an error here means that nothing
/// could be looked at.
///
/// # Errors
/// The range, the configuration or the policies.
pub fn check(repository: &Repository, request: &Request) -> Result<RunReport, Error> {
    check_within(repository, request, Runtime::default())
}

/// As [`check`], with a clock or a cache beside it.
///
/// # Errors
/// As for [`check`].
pub fn check_within(
    repository: &Repository,
    request: &Request,
    runtime: Runtime<'_>,
) -> Result<RunReport, Error> {
    let reading = begin(repository, &runtime);
    let session = Session::open(repository, request, &reading, runtime)?;
    session.make_ready();
    let mut settled = session.settled(&session.judge)?;
    let mut run = session.run(&session.judge, &mut settled)?;
    session.add_strays(&mut run, &session.judge, &settled)?;
    run.findings.extend(session.passed_over(&settled)?);
    // Where a unit reads them, it says so itself.
    if run.errors.is_empty() {
        run.errors = recorded::too_much(&session.view)?;
    }
    let rules = &session.judge.images;
    run.errors
        .extend(withheld::withheld(&session.view, rules, request.now)?);
    run.findings.extend(session.in_future());
    run.findings.extend(session.permitted());
    run.findings
        .extend(over::is_over(&session.view, request.now)?);
    run.proposed = session.proposed()?;
    runtime.watch.begin(Step::Keep);
    session.keep();
    let report = session.report(run);
    reading.leave();
    Ok(report)
}

/// What a range changes, without asking any policy.
///
/// # Errors
/// The range or the configuration.
pub fn diff(
    repository: &Repository,
    request: &Request,
    runtime: Runtime<'_>,
) -> Result<Diff, Error> {
    let reading = begin(repository, &runtime);
    let session = Session::open(repository, request, &reading, runtime)?;
    let (mut units, mut errors) = (Vec::new(), Vec::new());
    let mut settled = session.settled(&session.judge)?;
    let judge = &session.judge;
    for (scene, found) in session.touched(judge, &mut settled)?.units {
        match found {
            Ok(found) => units.push(UnitDiff {
                environment: scene.environment.clone(),
                unit: scene.name.clone(),
                changes: summary::of(&found.changes),
            }),
            Err(error) => errors.push(scene.error(error)),
        }
    }
    session.view.save_index();
    Ok(Diff {
        range: session.name,
        units,
        errors,
    })
}

/// The documents that policies receive for a range; with `policy`, only those of that folder.
///
/// # Errors
/// As for [`check`], and everything that keeps a unit from being judged.
pub fn facts(
    repository: &Repository,
    request: &Request,
    policy: Option<&str>,
    runtime: Runtime<'_>,
) -> Result<Value, Error> {
    let reading = begin(repository, &runtime);
    let session = Session::open(repository, request, &reading, runtime)?;
    session.make_ready();
    let mut settled = session.settled(&session.judge)?;
    let touched = session.touched(&session.judge, &mut settled)?;
    let reports = session.reports(&session.judge);
    let mut documents = Vec::new();
    for (scene, changes) in touched.units {
        let season = session.season(&session.judge, scene);
        let chains = session.chains(&session.judge);
        let around = (&touched.reach, &season, &chains);
        let bench = session.bench(&session.judge, scene, around, &reports);
        documents.extend(scene.unit().documents(&bench, &session.view, &changes?)?);
    }
    session.view.save_index();
    documents.retain(|document| {
        policy.is_none_or(|policy| document.get("policy").and_then(Value::as_str) == Some(policy))
    });
    Ok(Value::Array(documents))
}

fn begin(repository: &Repository, runtime: &Runtime<'_>) -> Reading {
    judge::prepare();
    let index = Cache::of(repository.common_dir());
    let reading = Reading::new(index, runtime.workshop.cloned().unwrap_or_default());
    reading.asking(runtime.registries.cloned())
}

struct Session<'a> {
    view: View<'a>,
    judge: Judge,
    /// The configuration at head, where it is not the judge's.
    proposed: Option<Result<Judge, Error>>,
    name: String,
    mode: Mode,
    source: SourceInfo,
    /// The commits of the range.
    commits: Vec<CommitInfo>,
    request: &'a Request,
    watch: &'a dyn Watch,
    /// Where the links of other environments lie.
    verdicts: Option<&'a dyn Store>,
    /// Evidence of backups that lies outside of the repository.
    evidence: &'a [(String, Vec<u8>)],
    reading: &'a Reading,
}

/// What the units of one run came to.
#[derive(Default)]
struct Run {
    units: Vec<UnitReport>,
    errors: Vec<UnitError>,
    findings: Vec<Finding>,
    proposed: Option<RunOutcome>,
}

impl<'a> Session<'a> {
    fn open(
        repository: &'a Repository,
        request: &'a Request,
        reading: &'a Reading,
        Runtime {
            watch,
            cache,
            verdicts,
            evidence,
            ..
        }: Runtime<'a>,
    ) -> Result<Self, Error> {
        watch.begin(Step::Range);
        let (mut range, name, mode) = match &request.what {
            What::Range(text) => (repository.range(text)?, text.clone(), Mode::Merge),
            What::Merge { head, into } => {
                let name = format!("{head} --merge-into {into}");
                (repository.merge_range(head, into)?, name, Mode::Merge)
            }
            What::Staged => (repository.staged()?, "--staged".to_owned(), Mode::Commit),
            What::Worktree => (
                repository.worktree()?,
                "--worktree".to_owned(),
                Mode::Commit,
            ),
            What::Tracked => (
                repository.tracked()?,
                "what is there".to_owned(),
                Mode::Commit,
            ),
            What::State(revision) => (repository.state(revision)?, revision.clone(), Mode::Merge),
        };
        if let Some(text) = &request.policy_ref {
            range.judge = repository.snapshot(repository.resolve(text)?)?;
        }
        watch.begin(Step::Judge);
        let judge = judge_of(repository, &range, request)?;
        reading.obey(&judge.config);
        if let Some(folder) = cache {
            judge.remember(Answers::open(folder));
        }
        let name_in_verdicts = judge.config.verdict.repository.clone();
        let source = source::of_range(repository, &range, name_in_verdicts)?;
        watch.begin(Step::Difference);
        let view = View::new(repository, range.base, range.head, reading)?;
        let gate = judge.config.gate_selector();
        let proposes = request.config.is_none()
            && mode == Mode::Merge
            && judge.note.commit != view.head.snapshot.commit()
            && view.changed.iter().any(|change| gate.matches(&change.path));
        let proposed = if proposes {
            proposed_judge(repository, &view.head.snapshot, request.now).transpose()
        } else {
            None
        };
        Ok(Self {
            view,
            judge,
            proposed,
            name,
            mode,
            source,
            commits: range.commits,
            request,
            watch,
            verdicts,
            evidence,
            reading,
        })
    }

    /// Lets policies be loaded while the changes are read, unless their answers are likely to be known.
    fn make_ready(&self) {
        let (base, head) = (&self.view.base.snapshot, &self.view.head.snapshot);
        self.judge.expect(base.tree(), head.tree());
        if let Some(Ok(proposed)) = &self.proposed {
            proposed.begin();
        }
    }

    /// What a proposed configuration permits: freezes that are open and would no longer hold what they hold,
    /// and exceptions that hold for long.
    fn permitted(&self) -> Vec<Finding> {
        let Some(proposed) = self.proposed_config() else {
            return Vec::new();
        };
        let (before, now) = (&self.judge.config, self.request.now);
        let mut findings = lifted::lifted(before, proposed, now);
        findings.extend(long::long(before, proposed, now));
        findings
    }

    /// A commit that says it was made later than now.
    fn in_future(&self) -> Option<Finding> {
        let finding = dated::in_future(&self.commits, self.request.now)?;
        let anchor = self.judge.config.location("/environments");
        Some(Finding { anchor, ..finding })
    }

    /// Every unit with its files.
    fn settled(&self, judge: &Judge) -> Result<Vec<Settled>, Error> {
        self.watch.begin(Step::Changes);
        let view = &self.view;
        let (base, head) = (view.files(&view.base), view.files(&view.head));
        let trees = Trees {
            base: Some(&base),
            head: &head,
            before: Some(&self.judge.config),
        };
        let scenes = scene::of_configs(&judge.config, self.proposed_config(), trees)?;
        let scenes = scenes.into_iter();
        Ok(scenes.map(|scene| scene.settled(view)).collect())
    }

    /// Those that are asked for.
    fn wanted<S: AsRef<Scene>>(
        &self,
        scenes: impl IntoIterator<Item = S>,
    ) -> Result<Vec<S>, Error> {
        let request = self.request;
        let (environment, unit) = (request.environment.as_deref(), request.unit.as_deref());
        let configs = self.proposed_config().into_iter();
        let configs = configs.chain([&self.judge.config]);
        let declared = configs.flat_map(|config| &config.environments);
        let declared = declared.map(|environment| environment.name.as_str());
        scene::select(
            scenes.into_iter().collect(),
            (environment, unit),
            &declared.collect(),
        )
    }

    fn proposed_config(&self) -> Option<&Config> {
        match &self.proposed {
            Some(Ok(judge)) => Some(&judge.config),
            _ => None,
        }
    }

    fn touched<'s>(&self, judge: &Judge, settled: &'s mut [Settled]) -> Result<Touched<'s>, Error> {
        let wanted = self.wanted(settled)?;
        Ok(Touched::of(wanted, &self.view, &judge.config))
    }

    /// Whether a state was accepted before, only those know who sign.
    fn season<'b>(&self, judge: &'b Judge, scene: &'b Scene) -> Season<'b> {
        season(judge, scene, self.request.now, false)
    }

    /// What other environments have run, as a judge knows them.
    fn chains<'b>(&'b self, judge: &'b Judge) -> Chains<'b> {
        Chains {
            repository: self.view.repository,
            store: self.verdicts,
            reading: self.reading,
            judge,
            accepted: None,
            now: self.request.now,
        }
    }

    /// What evidence says of backups, as a judge believes it.
    fn reports<'b>(&'b self, judge: &'b Judge) -> Reports<'b> {
        Reports::new(&self.view, self.evidence, judge.trusts(), self.request.now)
    }

    fn bench<'b>(
        &'b self,
        judge: &'b Judge,
        scene: &'b Scene,
        (reach, season, promotions): (&'b Reach, &'b Season<'b>, &'b Chains<'b>),
        reported: &'b Reports<'b>,
    ) -> Bench<'b> {
        Bench {
            judge,
            mode: self.mode,
            now: self.request.now,
            environment: &scene.input,
            environment_pointer: &scene.pointer,
            unit: (&scene.name, scene.kind),
            range: reach,
            source: &self.source,
            season,
            rooted: None,
            evidence: &self.view,
            reported,
            promotions,
            watch: self.watch,
        }
    }

    fn run(&self, judge: &Judge, settled: &mut [Settled]) -> Result<Run, Error> {
        let mut run = Run {
            errors: self.transformed(settled)?,
            ..Run::default()
        };
        let touched = self.touched(judge, settled)?;
        let reports = self.reports(judge);
        for (scene, changes) in touched.units {
            let season = self.season(judge, scene);
            let chains = self.chains(judge);
            let around = (&touched.reach, &season, &chains);
            let bench = self.bench(judge, scene, around, &reports);
            let judged = changes.and_then(|changes| {
                let unit = scene.unit();
                unit.judge(&bench, &self.view, changes, self.request.everything)
            });
            match judged {
                Ok(report) => run.units.push(report),
                Err(error) => run.errors.push(scene.error(error)),
            }
        }
        self.watch.begin(Step::Rest);
        // What a unit holds and does not render, nobody has judged.
        if run.errors.is_empty()
            && let Some(error) = self.unrendered(judge, settled)?
        {
            run.errors.push(UnitError {
                environment: String::new(),
                unit: String::new(),
                error: Arc::new(error),
            });
        }
        Ok(run)
    }

    /// The first changed file that some unit holds as it stands, and that only rendering could judge.
    fn unrendered(&self, judge: &Judge, settled: &[Settled]) -> Result<Option<Error>, Error> {
        let unmanaged = judge.config.unmanaged.as_ref();
        let is_claimed = |path: &RepoPath| {
            let left_out = unmanaged.is_some_and(|unmanaged| unmanaged.matches(path));
            let any =
                |is: fn(&Scene, &RepoPath) -> bool| settled.iter().any(|it| is(&it.scene, path));
            !left_out && any(Scene::holds_plainly) && !any(Scene::renders)
        };
        self.view.not_rendered(is_claimed)
    }

    /// Where attributes change, every manifest of every unit is asked whether a checkout still holds
    /// its bytes: the file that says so may lie outside the unit.
    fn transformed(&self, settled: &[Settled]) -> Result<Vec<UnitError>, Error> {
        let is_attributes = |change: &FileChange| change.path.file_name() == b".gitattributes";
        if !self.view.changed.iter().any(is_attributes) {
            return Ok(Vec::new());
        }
        let (repository, head) = (self.view.repository, &self.view.head.snapshot);
        let scenes = self.wanted(settled)?.into_iter();
        let scenes = scenes.map(|settled| &settled.scene);
        let mut errors = Vec::new();
        for scene in scenes.filter(|scene| !scene.is_gate()) {
            let entries = repository.entries_matching(head, &scene.head)?;
            let refused = entries
                .iter()
                .find_map(|entry| as_stored(repository, head, &entry.path).err());
            errors.extend(refused.map(|error| scene.error(error)));
        }
        Ok(errors)
    }

    fn proposed(&self) -> Result<Option<RunOutcome>, Error> {
        match &self.proposed {
            None => Ok(None),
            Some(Err(_)) => Ok(Some(RunOutcome::Error)),
            Some(Ok(judge)) => {
                let mut settled = self.settled(judge)?;
                let mut run = match self.run(judge, &mut settled) {
                    // What was asked for is gone: the proposed configuration has nothing to say.
                    Err(Error::UnknownName { .. } | Error::NoUnits { .. }) => Run::default(),
                    run => run?,
                };
                self.add_strays(&mut run, judge, &settled)?;
                Ok(Some(run.outcome()))
            }
        }
    }

    /// Keeps what was learnt for the next run.
    fn keep(&self) {
        let (known, asked) = self.view.save_index();
        self.watch.hits(Kept::Files, known, asked);
        let (known, asked) = self.judge.keep_answers();
        self.watch.hits(Kept::Answers, known, asked);
    }

    fn report(self, mut run: Run) -> RunReport {
        // A configuration that cannot be read is a broken file of the gate of every branch.
        if let Some(Err(error)) = self.proposed {
            let error: Arc<dyn Diagnostic + Send + Sync> = Arc::new(error);
            let gates = scene::gates_of(&self.judge.config).into_iter();
            run.errors.extend(gates.map(|gate| UnitError {
                environment: gate.environment,
                unit: gate.name,
                error: Arc::clone(&error),
            }));
        }
        let files = self.view.changed.len();
        RunReport {
            range: self.name,
            now: self.request.now,
            judge: Some(self.judge.leave()),
            outcome: run.outcome(),
            exit: run.exit(),
            files,
            units: run.units,
            errors: run.errors,
            findings: run.findings,
            proposed: run.proposed,
        }
    }
}

impl Run {
    fn outcome(&self) -> RunOutcome {
        let denied = self.findings.iter().any(Finding::blocks);
        if !self.errors.is_empty() {
            RunOutcome::Error
        } else if denied || self.units.iter().any(|unit| unit.outcome == Outcome::Fail) {
            RunOutcome::Fail
        } else if self.units.is_empty() {
            RunOutcome::NotApplicable
        } else {
            RunOutcome::Pass
        }
    }

    fn exit(&self) -> Exit {
        let denied = self
            .findings
            .iter()
            .any(|finding| finding.effect == Effect::Deny);
        let findings = if denied { Exit::Denied } else { Exit::Pass };
        let errors = self
            .errors
            .iter()
            .map(|error| Exit::of_error(error.error.as_ref()));
        self.units
            .iter()
            .map(UnitReport::exit)
            .chain(errors)
            .fold(findings, Exit::max)
    }
}

/// The judge at head, which must be able to judge what comes after it.
fn proposed_judge(
    repository: &Repository,
    head: &Snapshot,
    now: Timestamp,
) -> Result<Option<Judge>, Error> {
    let Some(judge) = Judge::of_snapshot(repository, head, "the head")? else {
        return Ok(None);
    };
    judges_gate(&judge, repository, head, now)?;
    Ok(Some(judge))
}

fn judge_of(repository: &Repository, range: &Range, request: &Request) -> Result<Judge, Error> {
    if let Some((name, bytes)) = &request.config {
        return Judge::of_file(name, bytes, repository, &range.judge);
    }
    let from = match &request.policy_ref {
        Some(text) => text,
        None => {
            let is_first = || judge::config_file(repository, &range.base).map(|it| it.is_none());
            match range.kind {
                RangeKind::Staged if is_first()? => "the index (bootstrap)",
                RangeKind::Staged => "the index",
                RangeKind::Worktree if is_first()? => "the working tree (bootstrap)",
                RangeKind::Worktree => "the working tree",
                RangeKind::TwoDots | RangeKind::ThreeDots | RangeKind::Merge => "the base",
            }
        }
    };
    let judge = Judge::of_snapshot(repository, &range.judge, from).map_err(|error| match error {
        Error::Config(problems) if from == "the base" => {
            Error::Config(problems.with_help(BROKEN_BASE))
        }
        error => error,
    });
    if let Some(judge) = judge? {
        return Ok(judge);
    }
    if let Some(text) = &request.policy_ref {
        return Err(Error::NoConfig {
            place: text.clone(),
        });
    }
    Judge::of_snapshot(repository, &range.head, "the head (bootstrap)")?.ok_or_else(|| {
        Error::NoConfig {
            place: "the base or the head of the range".to_owned(),
        }
    })
}

const BROKEN_BASE: &str = "the base is the judge, and what it says cannot be read, so that nothing is judged, what \
    mends it neither; judge by a state that can be read: `--policy-ref REV`, such as the commit before it broke";
