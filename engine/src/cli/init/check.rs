//! What is there already, judged by the configuration that `init` found or wrote.
//! Blocks nothing: it is the debt that a repository begins with.

use std::collections::BTreeMap;

use crate::cli::common::Outcome;
use crate::cli::renderers::{self, Network};
use crate::cli::terminal::Terminal;
use crate::gate::{self, Request, Runtime, What};
use crate::git::Repository;
use crate::model::{Effect, Exit, Finding, code_of};
use crate::report::Color;
use crate::report::sanitise::line;
use crate::verdict::{RunReport, UnitError};

/// Judges all that Git tracks, as if all of it were new, and sums it up.
pub(super) fn judge(
    repository: &Repository,
    (path, bytes): (&str, Vec<u8>),
    terminal: &mut Terminal,
) -> Outcome {
    let request = Request {
        everything: true,
        config: Some((path.to_owned(), bytes)),
        ..Request::new(What::Tracked, terminal.now)
    };
    let runtime = Runtime {
        workshop: Some(&renderers::kept(terminal, repository, Network::default())),
        ..Runtime::default()
    };
    let report = gate::check_within(repository, &request, runtime)?;
    terminal.line("");
    for (environment, summary) in environments(&report) {
        summary.tell(environment, terminal);
    }
    let findings: Vec<&Finding> = report.findings.iter().collect();
    tell_findings(&findings, terminal);
    tell_errors(&report.errors, terminal);
    let exit = if report.errors.is_empty() {
        Exit::Pass
    } else {
        report.exit
    };
    let said = if exit == Exit::Pass {
        terminal.style().paint("nothing is blocked", Color::Green)
    } else {
        let text = "the rest is not judged, and neither passes nor fails";
        terminal.style().paint(text, Color::Red)
    };
    terminal.line(&format!(
        "{said}; what a commit changes from here on, `tidegate check --staged` judges; exit {}",
        exit.code()
    ));
    Ok(exit)
}

#[derive(Default)]
struct Summary<'r> {
    units: usize,
    objects: usize,
    findings: Vec<&'r Finding>,
}

impl Summary<'_> {
    fn tell(&self, environment: &str, terminal: &mut Terminal) {
        let of = |effect| self.findings.iter().filter(|f| f.effect == effect).count();
        let text = format!(
            "{environment}: {}, {}; {} denied and {} warned of in what is already there (shown, not blocking)",
            counted(self.units, "unit"),
            counted(self.objects, "object"),
            of(Effect::Deny),
            of(Effect::Warn),
        );
        let text = terminal.style().paint(&line(&text), Color::Bold);
        terminal.line(&text);
        tell_findings(&self.findings, terminal);
    }
}

fn environments(report: &RunReport) -> BTreeMap<&str, Summary<'_>> {
    let mut all: BTreeMap<&str, Summary<'_>> = BTreeMap::new();
    // The unit of the gate's own files has nothing of the shop's in it.
    let own = |unit: &&crate::verdict::UnitReport| unit.unit != crate::config::GATE;
    for unit in report.units.iter().filter(own) {
        let summary = all.entry(&unit.environment).or_default();
        summary.units += 1;
        summary.objects += unit.changes.len();
        summary.findings.extend(&unit.findings);
    }
    all
}

/// Each code with its number and the first place where it stands.
fn tell_findings(findings: &[&Finding], terminal: &mut Terminal) {
    let mut codes: BTreeMap<&str, (usize, &Finding)> = BTreeMap::new();
    for finding in findings {
        codes.entry(&finding.code).or_insert((0, finding)).0 += 1;
    }
    for (code, (count, first)) in codes {
        let place = match &first.location {
            Some(place) => format!("first at {}:{}", place.path, place.line),
            None => first.message.clone(),
        };
        terminal.line(&line(&format!("  {count:>6}  {code}  {place}")));
    }
}

/// One line for each reason.
fn tell_errors(errors: &[UnitError], terminal: &mut Terminal) {
    let mut codes: BTreeMap<String, Vec<&UnitError>> = BTreeMap::new();
    for error in errors {
        codes
            .entry(code_of(error.error.as_ref()))
            .or_default()
            .push(error);
    }
    for (code, errors) in codes {
        let Some(first) = errors.first() else {
            continue;
        };
        let units = counted(errors.len(), "unit");
        let unit = format!("{}/{}", first.environment, first.unit);
        let unit = unit.trim_matches('/');
        let unit = if unit.is_empty() { "some files" } else { unit };
        let text = format!(
            "could not judge {units} [{code}], such as {unit}: {}",
            first.error
        );
        let text = terminal.style().paint(&line(&text), Color::Red);
        terminal.line(&text);
    }
}

pub(super) fn counted(count: usize, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}
