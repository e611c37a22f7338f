//! A step of a GitHub job, from its event to summary, annotations and outputs.
//! Decides nothing; what is judged is `plan`'s, how it is written is `report`'s.

use std::fs;
use std::path::{Path, PathBuf};

use super::event::{self, Event, Occasion};
use super::files::{RunnerFile, outputs, unforeseen};
use super::inputs::Inputs;
use super::plan::{Branches, Plan, Wishes};
use super::{Error, Outcome, Scope, Terminal, Variables, comment, judged, word};
use crate::cli::common;
use crate::cli::output::replace;
use crate::git::Repository;
use crate::model::{Exit, RiskTier, limits};
use crate::report::{Style, github, human, json, markdown, sarif};
use crate::verdict::RunReport;

/// A step of a job: what it was given, and where it hands things on.
pub(super) struct Step<'v> {
    pub(super) variables: &'v Variables,
    pub(super) inputs: Inputs,
    /// Where reports and verdicts are put.
    pub(super) folder: PathBuf,
    outputs: RunnerFile,
    summary: Option<RunnerFile>,
    /// What ends a value or a quotation.
    token: String,
}

/// Where a run put what it signed, a path a unit.
#[derive(Default)]
pub(super) struct Envelopes {
    pub(super) verdicts: Vec<String>,
    /// The same as Sigstore bundles.
    pub(super) bundles: Vec<String>,
}

impl<'v> Step<'v> {
    /// Opens everything that will be written, before anything is judged.
    pub(super) fn open(variables: &'v Variables, terminal: &Terminal) -> Result<Self, Error> {
        let inputs = Inputs::read(variables)?;
        let outputs = RunnerFile::open(variables, "GITHUB_OUTPUT")?;
        let summary = if inputs.summary {
            Some(RunnerFile::open(variables, "GITHUB_STEP_SUMMARY")?)
        } else {
            None
        };
        let token = unforeseen()?;
        let folder = match &inputs.report_dir {
            Some(folder) => terminal.directory.join(folder),
            None => variables.path("RUNNER_TEMP")?.join(&token),
        };
        fs::create_dir_all(&folder).map_err(|error| Error::File {
            name: "report-dir",
            reason: error.to_string(),
        })?;
        if inputs
            .report_dir
            .as_deref()
            .is_some_and(|folder| Path::new(folder).is_relative())
        {
            stays_in(&terminal.directory, &folder, "report-dir")?;
        }
        Ok(Self {
            variables,
            inputs,
            folder,
            outputs,
            summary,
            token,
        })
    }

    pub(super) fn check(mut self, terminal: &mut Terminal) -> Outcome {
        let scope = self.scope(terminal)?;
        let plan = |repository: &Repository| {
            let occasion = self.occasion()?;
            self.plan(
                repository,
                &occasion.event,
                occasion.default_branch.as_deref(),
            )
        };
        let report = judged(plan, scope, terminal);
        let sarif_path = match &self.inputs.sarif_file {
            None => String::new(),
            Some(file) => {
                let document = sarif::render(&report);
                let path = terminal.directory.join(file);
                if Path::new(file).is_relative() {
                    let folder = path.parent().unwrap_or(&terminal.directory);
                    stays_in(&terminal.directory, folder, "sarif-file")?;
                }
                write(&path, document.as_bytes())?;
                file.clone()
            }
        };
        self.hand_on(&[("sarif-file", sarif_path)])?;
        let kept = self.keep(&report, None, terminal);
        let mut text = Vec::new();
        terminal.note(&human::write(&report, Style::PLAIN, &mut text));
        self.log(terminal, |terminal| {
            terminal.line(String::from_utf8_lossy(&text).trim_end());
        });
        let exit = self.inputs.fail_on.exit(&report);
        if exit == Exit::Pass && report.exit != Exit::Pass {
            terminal.line("::notice title=tidegate::denied; `fail-on: never` lets the step pass");
        }
        self.annotate(&report, terminal);
        kept?;
        comment::on_event(&self, &report, exit, terminal);
        Ok(exit)
    }

    /// What the inputs want looked at.
    pub(super) fn scope(&self, terminal: &Terminal) -> Result<Scope<'_>, common::Error> {
        let config = match &self.inputs.config {
            None => None,
            Some(file) => {
                let path = terminal.directory.join(file);
                let bytes = fs::read(&path).map_err(|error| common::Error::read(&path, &error))?;
                Some((file.clone(), bytes))
            }
        };
        Ok(Scope {
            environment: self.inputs.environment.as_deref(),
            config,
            verdicts: self.inputs.verdicts.as_deref(),
            evidence: self.inputs.evidence.as_deref().map(Path::new),
        })
    }

    /// What an event means to judge, with what the inputs say.
    pub(super) fn plan(
        &self,
        repository: &Repository,
        event: &Event,
        default: Option<&str>,
    ) -> Result<Plan, common::Failure> {
        let reference = self.variables.get("GITHUB_REF").unwrap_or_default();
        let target = match event {
            Event::PullRequest { base_branch, .. } | Event::MergeGroup { base_branch, .. } => {
                base_branch
            }
            // A tag belongs to no branch, so that it is not its own judge either.
            Event::Push { .. } | Event::Other => event::branch(reference).unwrap_or(reference),
        };
        let wishes = Wishes {
            base: self.inputs.base.as_deref(),
            policy_ref: self.inputs.policy_ref.as_deref(),
        };
        let branches = Branches {
            target: Some(target),
            default,
        };
        match Plan::of(repository, event, wishes, branches)? {
            Some(plan) => Ok(plan),
            None => {
                let name = self.variables.required("GITHUB_EVENT_NAME")?.to_owned();
                Err(Error::NoBase { name }.into())
            }
        }
    }

    /// The event of the job.
    pub(super) fn occasion(&self) -> Result<Occasion, Error> {
        let name = self.variables.required("GITHUB_EVENT_NAME")?;
        let path = self.variables.path("GITHUB_EVENT_PATH")?;
        let failed = |reason: String| Error::Event {
            path: path.display().to_string(),
            reason,
        };
        let size = fs::metadata(&path).map_err(|error| failed(unread(&error)))?;
        if !size.is_file() || size.len() > limits::EVENT.wide() {
            return Err(failed(format!("is no file of at most {}", limits::EVENT)));
        }
        let document = fs::read(&path).map_err(|error| failed(unread(&error)))?;
        Occasion::parse(name, &document).map_err(failed)
    }

    /// Writes the summary of the job and the report, and hands on what came out: before anything is drawn,
    /// which may end early.
    pub(super) fn keep(
        &mut self,
        report: &RunReport,
        signed: Option<&Envelopes>,
        terminal: &mut Terminal,
    ) -> Result<(), common::Failure> {
        let files = self.files(report);
        let layout = markdown::Layout {
            files: files.as_deref(),
            signed: match signed {
                Some(_) => "unsigned itself; the verdicts in the table above are signed",
                None => markdown::Layout::SUMMARY.signed,
            },
            ..markdown::Layout::SUMMARY
        };
        self.summarise(&markdown::render(report, &layout).text)?;
        let path = self.folder.join("report.json");
        let mut document = Vec::new();
        terminal.note(&json::write(report, &mut document));
        write(&path, &document)?;
        let mut values = result(report);
        let lines = |paths: fn(&Envelopes) -> &[String]| {
            signed.map_or_else(String::new, |envelopes| paths(envelopes).join("\n"))
        };
        values.push(("verdict-paths", lines(|envelopes| &envelopes.verdicts)));
        values.push(("bundle-paths", lines(|envelopes| &envelopes.bundles)));
        values.push(("report-path", path.display().to_string()));
        self.hand_on(&values)?;
        Ok(())
    }

    /// Shows a report beside the files.
    pub(super) fn annotate(&self, report: &RunReport, terminal: &mut Terminal) {
        let annotations = github::render(report, self.inputs.annotations);
        terminal.line(annotations.trim_end());
    }

    /// Prints to the log where no line is taken for a workflow command.
    pub(super) fn log(&self, terminal: &mut Terminal, print: impl FnOnce(&mut Terminal)) {
        terminal.line(&format!("::stop-commands::{}", self.token));
        print(terminal);
        terminal.line(&format!("::{}::", self.token));
    }

    pub(super) fn summarise(&mut self, text: &str) -> Result<(), Error> {
        match &mut self.summary {
            Some(summary) => summary.append(text),
            None => Ok(()),
        }
    }

    pub(super) fn hand_on(&mut self, values: &[(&str, String)]) -> Result<(), Error> {
        self.outputs.append(&outputs(values, &self.token))
    }

    /// Where the files of the commit that was judged are shown.
    pub(super) fn files(&self, report: &RunReport) -> Option<String> {
        let commit = report.units.iter().find_map(|unit| unit.head.commit)?;
        let server = self.variables.get("GITHUB_SERVER_URL")?;
        let repository = self.variables.get("GITHUB_REPOSITORY")?;
        Some(format!("{server}/{repository}/blob/{commit}/"))
    }
}

/// The outputs that say what came out.
fn result(report: &RunReport) -> Vec<(&'static str, String)> {
    let of_units = |text: &dyn Fn(&crate::verdict::UnitReport) -> String| {
        let lines: Vec<String> = report.units.iter().map(text).collect();
        lines.join("\n")
    };
    let tier: Option<RiskTier> = report.units.iter().map(|unit| unit.tier).max();
    let denials = report.units.iter().flat_map(|unit| &unit.findings);
    let denials = denials.chain(&report.findings);
    vec![
        ("verdict", word(report).to_owned()),
        (
            "risk-tier",
            tier.map_or_else(String::new, |tier| tier.to_string()),
        ),
        (
            "deny-count",
            denials
                .filter(|finding| finding.blocks())
                .count()
                .to_string(),
        ),
        (
            "units",
            of_units(&|unit| format!("{}/{}", unit.environment, unit.unit)),
        ),
        (
            "gated-trees",
            of_units(&|unit| {
                unit.head
                    .gated_tree
                    .map_or_else(String::new, |id| id.to_string())
            }),
        ),
    ]
}

pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), common::Error> {
    replace(path, bytes).map_err(|error| common::Error::write(path, &error))
}

/// Refuses a folder that a link of the change takes out of the checkout.
fn stays_in(checkout: &Path, folder: &Path, name: &'static str) -> Result<(), Error> {
    let real = |path: &Path| {
        path.canonicalize().map_err(|error| Error::File {
            name,
            reason: error.to_string(),
        })
    };
    if real(folder)?.starts_with(real(checkout)?) {
        return Ok(());
    }
    Err(Error::File {
        name,
        reason: "a link leads out of the checkout".to_owned(),
    })
}

fn unread(error: &std::io::Error) -> String {
    format!("cannot be read: {error}")
}
