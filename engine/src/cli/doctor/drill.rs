//! `doctor --drill`: does what must work on the worst day, in folders that go away afterwards, and says what came of
//! each step. Moves no reference, pushes nothing, and signs with keys that it makes and forgets.

mod archive;
mod root;
mod rotation;
mod standing;

use std::path::PathBuf;

use jiff::Timestamp;
use miette::Diagnostic;
use tempfile::TempDir;

use crate::attest::TrustFile;
use crate::cli::common::{self, Error, Failure, Outcome};
use crate::cli::output::{self, Format, Output};
use crate::cli::terminal::Terminal;
use crate::cli::trusted;
use crate::cli::verdicts::Verdicts;
use crate::gate::{Answer, Signed, Signing};
use crate::git::Repository;
use crate::model::code_of;
use crate::report::drill::{self, Step, Tried};
use crate::verify::AdmitError;

/// What is exercised.
pub(super) struct Request {
    /// The environment.
    pub(super) environment: String,
    /// Whose signatures count.
    pub(super) trust: PathBuf,
    /// Where verdicts lie.
    pub(super) verdicts: String,
    /// The copy of them that is kept elsewhere, where there is one.
    pub(super) archive: Option<String>,
}

/// Tries each step and tells it; 1 where one does not work.
pub(super) fn run(request: &Request, outputs: &[Output], terminal: &mut Terminal) -> Outcome {
    let trust = trusted::read(&request.trust, None, terminal)?;
    let repository = common::repository(&terminal.directory)?;
    let folder = terminal.temporary_folder();
    let scratch = TempDir::with_prefix_in("tidegate-drill-", &folder)
        .map_err(|error| Error::write(&folder, &error))?;
    let steps = Drill {
        request,
        trust: &trust,
        repository: &repository,
        terminal,
        scratch,
    }
    .steps();
    output::write_each(outputs, terminal, &|format, _, out| match format {
        Format::Json => drill::write_json(&request.environment, &steps, out),
        _ => drill::write_human(&steps, out),
    })?;
    Ok(drill::exit(&steps))
}

/// What the steps share.
struct Drill<'a> {
    request: &'a Request,
    trust: &'a TrustFile,
    repository: &'a Repository,
    terminal: &'a Terminal,
    /// Goes away with all that was tried.
    scratch: TempDir,
}

/// What a step says of itself, where it did not end in an error.
enum Said {
    Works(String),
    Fails { about: String, help: String },
}

impl Drill<'_> {
    fn steps(&self) -> Vec<Step> {
        let mut steps = vec![self.step("archive", || archive::made(self))];
        let archived = worked(&steps);
        steps.push(self.after(archived, "restore", || archive::restored(self)));
        let restored = archived && worked(&steps);
        steps.push(self.after(restored, "running", || archive::runs(self)));
        steps.push(self.after(archived, "glass", || archive::begins(self)));
        let mut stage = None;
        steps.push(self.step("accept", || {
            let (made, said) = rotation::accepted(self)?;
            stage = made;
            Ok(said)
        }));
        let accepted = worked(&steps);
        steps.push(self.after(accepted, "rotate", || match &mut stage {
            Some(stage) => rotation::rotated(self, stage),
            None => Ok(skipped()),
        }));
        if root::is_there(self) {
            steps.push(self.after(accepted, "root", || root::turned(self)));
            steps.push(self.after(accepted, "lost", || root::lost(self)));
        }
        steps
    }

    fn step(&self, name: &'static str, tried: impl FnOnce() -> Result<Said, Failure>) -> Step {
        let began = self.terminal.elapsed();
        let said = tried();
        let took = self.terminal.elapsed().saturating_sub(began);
        let (result, about, help) = match said {
            Ok(Said::Works(about)) => (Tried::Works, about, None),
            Ok(Said::Fails { about, help }) => (Tried::Fails, about, Some(help)),
            Err(error) => {
                let help = error.help().map(|help| help.to_string());
                (Tried::Fails, told(error.as_ref()), help)
            }
        };
        Step {
            name,
            result,
            about,
            help,
            milliseconds: u64::try_from(took.as_millis()).unwrap_or(0),
        }
    }

    fn after(
        &self,
        reached: bool,
        name: &'static str,
        tried: impl FnOnce() -> Result<Said, Failure>,
    ) -> Step {
        match reached {
            true => self.step(name, tried),
            false => Step {
                name,
                result: Tried::Skipped,
                about: "not tried: it rests on a step that does not work".to_owned(),
                help: None,
                milliseconds: 0,
            },
        }
    }

    fn now(&self) -> Timestamp {
        self.terminal.now
    }

    /// A store in a folder of this exercise.
    fn folder(&self, name: &str) -> Verdicts {
        Verdicts::folder(&self.scratch.path().join(name))
    }
}

fn worked(steps: &[Step]) -> bool {
    steps.last().is_some_and(|step| step.result == Tried::Works)
}

fn skipped() -> Said {
    Said::Fails {
        about: "there is nothing to try it with".to_owned(),
        help: "mend the step before".to_owned(),
    }
}

fn told(error: &dyn Diagnostic) -> String {
    format!("{error} [{}]", code_of(error))
}

/// What is refused, or cannot be decided, of the answers.
fn objections(answers: &[Answer]) -> Vec<String> {
    let objection = |answer: &Answer| match &answer.result {
        Ok(_) => None,
        Err(AdmitError::Refused { refusals, .. }) => {
            let reasons = refusals.iter().map(|it| format!("{} ({it})", it.reason));
            Some(format!(
                "{}: {}",
                answer.unit,
                reasons.collect::<Vec<_>>().join(", ")
            ))
        }
        Err(AdmitError::Error(error)) => Some(format!("{}: {}", answer.unit, told(error))),
    };
    answers.iter().filter_map(objection).collect()
}

/// What was not signed of what should have been.
fn unsigned(signing: &Signing) -> Vec<String> {
    let denied = signing.units.iter().filter_map(|unit| match &unit.result {
        Signed::Failed(_) => Some(format!("{}: judged, and denied", unit.unit)),
        Signed::Link(_) | Signed::NothingNew { .. } => None,
    });
    let errors = signing.errors.iter();
    denied
        .chain(errors.map(|it| format!("{}: {}", it.unit, told(it.error.as_ref()))))
        .collect()
}
