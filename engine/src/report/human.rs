//! The report for people: each finding with the manifest line that offends and the configuration
//! line that makes it offend. Decides nothing.

use std::io::{self, Write};

use miette::Diagnostic;

use super::diff::write_changes;
use super::drawing;
use super::rows::plural;
use super::sanitise::{inert, line};
use super::{Color, Style};
use crate::model::{Effect, Enforcement, Exit, Finding};
use crate::verdict::{Outcome, RunOutcome, RunReport, UnitReport};

/// Writes the report of a run.
///
/// # Errors
/// The writer's.
pub fn write(report: &RunReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    inertly(out, |out| write_all(report, style, out))
}

/// What is drawn may break anywhere, so a word of a manifest may come to stand where a line begins.
fn inertly(
    out: &mut dyn Write,
    draw: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
) -> io::Result<()> {
    let mut drawn = Vec::new();
    draw(&mut drawn)?;
    out.write_all(inert(&String::from_utf8_lossy(&drawn)).as_bytes())
}

fn write_all(report: &RunReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    header(report, style, out)?;
    for unit in &report.units {
        writeln!(out)?;
        draw_unit(unit, style, out)?;
    }
    for finding in &report.findings {
        writeln!(out)?;
        drawing::finding(finding, style, out)?;
    }
    for error in &report.errors {
        writeln!(out)?;
        // What no unit claims stands for itself.
        if !error.unit.is_empty() {
            let unit = line(&format!("{}/{}", error.environment, error.unit));
            writeln!(out, "{}", style.paint(&unit, Color::Bold))?;
        }
        drawing::error(error.error.as_ref(), style, out)?;
    }
    summary(report, style, out)
}

/// Writes an error with its code, places and help.
///
/// # Errors
/// The writer's.
pub fn write_error(error: &dyn Diagnostic, style: Style, out: &mut dyn Write) -> io::Result<()> {
    inertly(out, |out| drawing::error(error, style, out))
}

fn header(report: &RunReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let mut text = format!("tidegate check {}  judged at {}", report.range, report.now);
    if let Some(judge) = &report.judge {
        let commit = judge
            .commit
            .map_or_else(String::new, |commit| format!(" {}", commit.short()));
        text += &format!(" by {} of {}{commit}", judge.config, judge.from);
    }
    writeln!(out, "{}", style.paint(&line(&text), Color::Dim))
}

/// Writes one unit of a report.
///
/// # Errors
/// The writer's.
pub fn write_unit(unit: &UnitReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    inertly(out, |out| draw_unit(unit, style, out))
}

fn draw_unit(unit: &UnitReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let name = line(&format!("{}/{}", unit.environment, unit.unit));
    writeln!(out, "{}", style.paint(&name, Color::Bold))?;
    write_changes(&unit.changes, style, out)?;
    let (shown, inherited): (Vec<_>, Vec<_>) = unit
        .findings
        .iter()
        .partition(|finding| !finding.inherited && finding.excepted_by.is_none());
    for finding in &shown {
        writeln!(out)?;
        drawing::finding(finding, style, out)?;
    }
    if !shown.is_empty() {
        writeln!(out)?;
    }
    for finding in inherited {
        let why = finding.excepted_by.as_ref().map_or_else(
            || "was there before".to_owned(),
            |id| format!("permitted by exception {id}"),
        );
        let text = format!("  {} ({why}): {}", finding.code, finding.message);
        writeln!(out, "{}", style.paint(&line(&text), Color::Dim))?;
    }
    unit_line(unit, style, out)
}

fn unit_line(unit: &UnitReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (word, color) = match (unit.outcome, unit.enforcement) {
        (Outcome::Pass, _) => ("pass", Color::Green),
        (Outcome::Fail, Enforcement::Enforce) => ("FAIL", Color::Red),
        (Outcome::Fail, Enforcement::Observe) => ("would fail (observed)", Color::Yellow),
    };
    let count = |wanted: fn(&Finding) -> bool| unit.findings.iter().filter(|f| wanted(f)).count();
    let deny = count(Finding::blocks);
    let warn = count(|finding| finding.effect == Effect::Warn && !finding.inherited);
    let inherited = count(|finding| finding.inherited);
    let because = unit
        .reasons
        .iter()
        .find(|reason| reason.tier == unit.tier)
        .map_or_else(String::new, |reason| format!(" ({})", reason.code));
    let tree = unit
        .head
        .gated_tree
        .map_or_else(String::new, |tree| format!(", gated tree {}", tree.short()));
    let text = format!(
        "{deny} deny, {warn} warn, {inherited} inherited; tier {}{because}; {} changed{tree}",
        unit.tier,
        objects(unit.changes.len()),
    );
    writeln!(out, "  {}  {}", style.paint(word, color), line(&text))
}

fn summary(report: &RunReport, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out)?;
    if let Some(proposed) = report.proposed {
        let word = match proposed {
            RunOutcome::Pass => "pass",
            RunOutcome::NotApplicable => "not applicable",
            RunOutcome::Fail => "fail",
            RunOutcome::Error => "cannot be judged",
        };
        writeln!(out, "with the proposed configuration: {word}")?;
    }
    let (word, color) = match (report.outcome, report.exit) {
        (RunOutcome::Pass, _) => ("PASS", Color::Green),
        (RunOutcome::NotApplicable, Exit::Pass) => ("NOT APPLICABLE", Color::Green),
        (RunOutcome::Fail, Exit::Pass) => ("WOULD FAIL", Color::Yellow),
        (RunOutcome::Error, _) => ("COULD NOT JUDGE", Color::Red),
        _ => ("FAIL", Color::Red),
    };
    let touched = report.units.len() + report.errors.len();
    let text = match report.outcome {
        RunOutcome::NotApplicable => {
            format!("{} looked at, no unit touched", files(report.files))
        }
        _ => format!("{}, {} touched", files(report.files), units(touched)),
    };
    writeln!(
        out,
        "{}  {text}; unsigned; exit {}",
        style.paint(word, color),
        report.exit.code()
    )
}

fn objects(count: usize) -> String {
    plural(count, "object", "objects")
}

fn files(count: usize) -> String {
    plural(count, "changed file", "changed files")
}

fn units(count: usize) -> String {
    plural(count, "unit", "units")
}
