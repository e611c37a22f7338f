//! `tidegate ci`: what a CI service says of the event, judged and reported in the service's own ways.
//! Reads the environment; decides nothing about changes.

mod api;
mod comment;
mod error;
mod event;
mod files;
mod github;
mod gitlab;
mod inputs;
mod merge_request;
pub(super) mod merged;
mod plan;
mod proposal;
mod signing;
mod step;
mod verify;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Subcommand;
use miette::Diagnostic;

use super::common::{Failure, Outcome};
use super::evidence::folder::files;
use super::renderers::{self, Network};
use super::terminal::Terminal;
use super::verdicts::Verdicts;
use crate::gate::{self, Runtime};
use crate::git::Repository;
use crate::model::{Effect, Enforcement, Exit, Finding};
use crate::report::sanitise;
use crate::verdict::{RunOutcome, RunReport};
use error::Error;
use plan::Plan;
use step::Step;

/// Judge what a CI service's event brings
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    service: Service,
}

#[derive(Subcommand)]
enum Service {
    Github(github::Args),
    Gitlab(gitlab::Args),
}

impl Args {
    pub(super) fn run(self, terminal: &mut Terminal) -> Outcome {
        let variables = Variables::of_process();
        let is = |name: &str| variables.get(name) == Some("true");
        if is("GITHUB_ACTIONS") && is("GITLAB_CI") {
            return Err(Error::Ambiguous.into());
        }
        match self.service {
            Service::Github(args) => args.run(&variables, terminal),
            Service::Gitlab(args) => args.run(&variables, terminal),
        }
    }
}

/// The environment of the process, read once.
#[derive(Clone, Debug, Default)]
struct Variables(BTreeMap<String, String>);

impl Variables {
    #[expect(
        clippy::disallowed_methods,
        reason = "the environment is read here and in the terminal alone"
    )]
    fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self(std::env::vars_os().filter_map(text).collect())
    }

    /// A variable that is set and not empty.
    fn get(&self, name: &str) -> Option<&str> {
        let value = self.0.get(name)?;
        (!value.is_empty()).then_some(value.as_str())
    }

    fn required(&self, name: &'static str) -> Result<&str, Error> {
        self.get(name).ok_or(Error::Variable { name })
    }

    fn path(&self, name: &'static str) -> Result<PathBuf, Error> {
        Ok(PathBuf::from(self.required(name)?))
    }
}

/// What ends the run with an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    Deny,
    Warn,
    Never,
}

impl FailOn {
    /// What was not judged stays an error, whatever was asked for.
    fn exit(self, report: &RunReport) -> Exit {
        match self {
            Self::Never if report.exit == Exit::Denied => Exit::Pass,
            Self::Warn if report.exit == Exit::Pass && warns(report) => Exit::Denied,
            _ => report.exit,
        }
    }
}

fn warns(report: &RunReport) -> bool {
    let warns = |finding: &Finding| {
        finding.effect == Effect::Warn && !finding.inherited && finding.excepted_by.is_none()
    };
    let enforced = report
        .units
        .iter()
        .filter(|unit| unit.enforcement == Enforcement::Enforce);
    let mut units = enforced.flat_map(|unit| &unit.findings);
    report.findings.iter().any(warns) || units.any(warns)
}

/// What to look at beside the event.
struct Scope<'a> {
    environment: Option<&'a str>,
    config: Option<(String, Vec<u8>)>,
    /// The store of what other environments have run.
    verdicts: Option<&'a str>,
    /// A folder of signed evidence of backups.
    evidence: Option<&'a Path>,
}

/// Judges as planned. What keeps everything from being looked at is a report too: services show
/// reports.
fn judged(
    plan: impl FnOnce(&Repository) -> Result<Plan, Box<dyn Diagnostic + Send + Sync>>,
    scope: Scope<'_>,
    terminal: &mut Terminal,
) -> RunReport {
    let mut range = String::new();
    let judge = || -> Result<RunReport, Box<dyn Diagnostic + Send + Sync>> {
        let repository = super::common::repository(&terminal.directory)?;
        let plan = plan(&repository)?;
        range = plan.name();
        for note in &plan.notes {
            terminal.say(&sanitise::inert(&sanitise::line(note)));
        }
        let request = gate::Request {
            what: plan.what,
            environment: scope.environment.map(str::to_owned),
            unit: None,
            everything: false,
            now: terminal.now,
            policy_ref: plan.policy_ref,
            config: scope.config,
        };
        let evidence = read_evidence(scope.evidence, terminal)?;
        let verdicts = scope.verdicts;
        let verdicts = verdicts.map(|text| Verdicts::open(text, &repository, terminal));
        let verdicts = verdicts.transpose()?;
        let runtime = Runtime {
            workshop: Some(&renderers::fresh(terminal, &repository, Network::default())),
            verdicts: verdicts.as_ref().map(Verdicts::store),
            evidence: &evidence,
            ..Runtime::default()
        };
        Ok(gate::check_within(&repository, &request, runtime)?)
    };
    match judge() {
        Ok(report) => report,
        Err(error) => {
            let now = terminal.now;
            RunReport::of_error(range, now, Arc::from(error))
        }
    }
}

/// The files of a folder of evidence; none where none is named.
fn read_evidence(
    folder: Option<&Path>,
    terminal: &Terminal,
) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let files = folder.map(|folder| files(&terminal.directory.join(folder)));
    Ok(files.transpose()?.unwrap_or_default())
}

/// The outcome as `verdict` gives it.
fn word(report: &RunReport) -> &'static str {
    match (report.outcome, report.exit) {
        (RunOutcome::Pass, _) => "pass",
        (RunOutcome::NotApplicable, _) => "not-applicable",
        (RunOutcome::Fail, Exit::Pass) => "would-fail",
        (RunOutcome::Fail, _) => "fail",
        (RunOutcome::Error, _) => "error",
    }
}
